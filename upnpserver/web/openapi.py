"""The OpenAPI document of the JSON API, made from its table. Pure.

Source: OpenAPI 3.1; RFC 9457 (problems).
"""

from typing import Final

from upnpserver.web.api import ROUTES, Parameter, Route
from upnpserver.web.json_values import SCHEMAS, Json, Schema, reference

OPENAPI_PATH: Final = "/api/openapi.json"
PROBLEM: Final = "application/problem+json"
_ABOUT: Final = (
    "Read only. It answers the same to a device as the pages and UPnP do, after the"
    " same rules of the household: what is hidden from it isn't there. There is no"
    " key and no CORS. Each parameter may be there once, and no others. Answers carry"
    " an ETag."
)
_EVENTS: Final = (
    "What moves, as server-sent events: `now` (a Now), `scan` (a Scan, for those from"
    " whom nothing is hidden) and `catalog` (a Catalog). Each comes when it has"
    " changed, at most every two seconds, and once at the beginning."
)
_TOO_LONG: Final = "Path and query together are too long"
_PROBLEMS: Final = {
    "400": "A parameter is not as it must be",
    "404": "There is nothing, or nothing for who asks",
    "503": "There is no catalog yet, or it is busy: try again after a while",
}


def document(name: str, version: str) -> Json:
    """Return the document. name: of the server."""
    paths = {route.path: {"get": _operation(route)} for route in ROUTES}
    paths["/events"] = {
        "get": {
            "operationId": "events",
            "summary": "What moves",
            "description": _EVENTS,
            "responses": {
                "200": {
                    "description": "a stream without end",
                    "content": {"text/event-stream": {"schema": {"type": "string"}}},
                },
                "503": {"description": "Too many listen already"},
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {
                status: _answer(about, PROBLEM, reference("Problem"))
                for status, about in _PROBLEMS.items()
            }
            | {"414": _answer(_TOO_LONG, "text/plain", {"type": "string"})},
        },
    }


def _operation(route: Route) -> Json:
    problems = ["503"] if route.needs_catalog else []
    problems += ["400", "414"]
    problems += ["404"] if any(one.place == "path" for one in route.parameters) else []
    content = _answer(route.about, "application/json", reference(route.answer))
    return {
        "operationId": route.name,
        "summary": route.about,
        "parameters": list(map(_parameter, route.parameters)),
        "responses": {
            "200": content,
            **{
                status: {"$ref": f"#/components/responses/{status}"}
                for status in sorted(problems)
            },
        },
    }


def _answer(about: str, mime: str, schema: Schema) -> Json:
    return {"description": about, "content": {mime: {"schema": schema}}}


def _parameter(parameter: Parameter) -> Json:
    examples = {f"{n}": {"value": one} for n, one in enumerate(parameter.examples)}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": "default" not in parameter.schema,
        "description": parameter.about,
        "schema": parameter.schema,
        **({"examples": examples} if examples else {}),
    }
