"""The JSON API: what can be asked, and what answers it. Pure.

One table says which paths there are, what they take and what they answer; requests
are read by it, and the OpenAPI document is made from it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from upnpserver.errors import NoSuchContainer, NoSuchObject, RefusedRequest
from upnpserver.model import Window
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import Asker
from upnpserver.upnp.props import SORTABLE, parse_sort
from upnpserver.web.json_values import (
    Json,
    Schema,
    library_json,
    now_json,
    object_json,
    scan_json,
)
from upnpserver.web.objects import shown_to
from upnpserver.web.searching import GROUPS, found
from upnpserver.web.watched import Moment, scan_seen, watched

MOST_OBJECTS: Final = 200
MOST_START: Final = 2**31 - 1
_MOST_FIELDS: Final = 16
_NUMBER: Final = re.compile(r"\d{1,10}", re.ASCII)

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a path or a query says. place: "path", or "query" where it may lack.

    schema: integers have "minimum" and "maximum", texts "maxLength"; "default" is
    what counts where it is left out, which it may not be without.
    """

    name: str
    about: str
    schema: Schema
    place: str = "query"
    examples: tuple[str, ...] = ()


Work = Callable[[Values, Asker, Catalog | None, Moment], Json]


@dataclass(frozen=True, slots=True)
class Route:
    """What can be asked.

    path: with {…} for a parameter. answer: the name of its schema. work: makes the
    answer; raises ActionError. needs_catalog: there is no answer without.
    """

    name: str
    path: str
    about: str
    answer: str
    work: Work
    parameters: tuple[Parameter, ...] = ()
    needs_catalog: bool = True


def _object(values: Values, asker: Asker, catalog: Catalog | None, _: Moment) -> Json:
    assert catalog is not None
    page = catalog.metadata(values["id"], asker.policy)
    (one,) = shown_to(asker, page.entries)
    return object_json(one)


def _children(values: Values, asker: Asker, catalog: Catalog | None, _: Moment) -> Json:
    assert catalog is not None
    sort = parse_sort(values["sort"])
    page = catalog.children(values["id"], _window(values), sort, asker.policy)
    objects = map(object_json, shown_to(asker, page.entries))
    return {"total": page.total, "start": values["start"], "objects": list(objects)}


def _search(values: Values, asker: Asker, catalog: Catalog | None, _: Moment) -> Json:
    assert catalog is not None
    kinds = [values["kind"]] if values["kind"] else list(GROUPS)
    groups = []
    for kind in kinds if values["q"].strip() else ():
        try:
            page = found(GROUPS[kind], values["q"], _window(values), asker, catalog)
        except (NoSuchContainer, NoSuchObject):
            continue
        objects = list(map(object_json, shown_to(asker, page.entries)))
        told = {"kind": kind, "total": page.total, "start": values["start"]}
        groups.append({**told, "objects": objects})
    return {"groups": groups}


def _status(_: Values, asker: Asker, catalog: Catalog | None, moment: Moment) -> Json:
    scan = scan_seen(moment, asker)
    return {
        "name": moment.name,
        "version": moment.version,
        "uptime_s": moment.uptime_s,
        "is_ready": catalog is not None,
        "update_id": catalog.system_update_id() if catalog else 0,
        "libraries": [
            library_json(one) for one in (catalog.library_counts() if catalog else ())
        ],
        "scan": scan_json(scan) if scan else None,
    }


def _now(_: Values, asker: Asker, catalog: Catalog | None, moment: Moment) -> Json:
    return now_json(watched(moment, asker, catalog))


def _window(values: Values) -> Window:
    return Window(values["start"], values["count"])


_KEY: Final = f"[+-]({'|'.join(SORTABLE)})"
_ID: Final = Parameter(
    "id",
    'of an object; "0" is the top',
    {"type": "string", "minLength": 1, "maxLength": 1000},
    "path",
    ("0", "music$all", "music$albums", "video$all", "picture$all"),
)
_START: Final = Parameter(
    "start",
    "how many to leave out",
    {"type": "integer", "minimum": 0, "maximum": MOST_START, "default": 0},
)
_COUNT: Final = Parameter(
    "count",
    "how many at most",
    {"type": "integer", "minimum": 1, "maximum": MOST_OBJECTS, "default": 50},
)
ROUTES: Final = (
    Route("status", "/api/status", "The server and its libraries", "Status", _status,
          needs_catalog=False),
    Route("now", "/api/now", "What is being sent to whom", "Now", _now,
          needs_catalog=False),
    Route("object", "/api/objects/{id}", "One object", "Object", _object, (_ID,)),
    Route(
        "children",
        "/api/objects/{id}/children",
        "What is in a container, page by page",
        "Objects",
        _children,
        (
            _ID,
            _START,
            _COUNT,
            Parameter(
                "sort",
                "SortCriteria, such as -dc:date (a + is sent as %2B)",
                {
                    "type": "string",
                    "maxLength": 200,
                    "pattern": f"^({_KEY}(,{_KEY})*)?$",
                    "default": "",
                },
            ),
        ),
    ),
    Route(
        "search",
        "/api/search",
        "What is found for words, in any order, whatever their case and accents",
        "Found",
        _search,
        (
            Parameter("q", "the words", {"type": "string", "maxLength": 200}),
            Parameter(
                "kind",
                "of what; without it, of everything",
                {"type": "string", "enum": ["", *GROUPS], "default": ""},
            ),
            _START,
            _COUNT,
        ),
    ),
)  # fmt: skip
_BY_SHAPE: Final = {
    tuple("" if part.startswith("{") else part for part in route.path.split("/")): route
    for route in ROUTES
}


def asked(path: str, query: str) -> tuple[Route, Values]:
    """Return what a request asks, and with which values. Raises RefusedRequest.

    path, query: as they were sent.
    """
    parts = path.split("/")
    shape = tuple("" if n == 3 else part for n, part in enumerate(parts))
    route = _BY_SHAPE.get(shape) or _BY_SHAPE.get(tuple(parts))
    if route is None:
        raise RefusedRequest(404, "There is nothing here.")
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RefusedRequest(400, "There are too many parameters.") from None
    if "" in shape[3:]:
        fields.append(("id", unquote(parts[3])))
    return route, _read(route, fields)


def _read(route: Route, fields: list[tuple[str, str]]) -> Values:
    texts = dict(fields)
    if len(texts) < len(fields):
        raise RefusedRequest(400, "A parameter is there twice.")
    known = {one.name for one in route.parameters}
    if strange := texts.keys() - known:
        there = ", ".join(sorted(known)) or "none"
        raise RefusedRequest(
            400, f"There is no parameter {min(strange)[:40]!r}; there are: {there}."
        )
    return {one.name: _value(one, texts.get(one.name)) for one in route.parameters}


def _value(parameter: Parameter, text: str | None) -> object:
    name, schema = parameter.name, parameter.schema
    if text is None:
        if "default" not in schema:
            raise RefusedRequest(400, f"The parameter {name!r} is missing.")
        return schema["default"]
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise RefusedRequest(
                400, f"{name!r} must be a whole number from {low} to {high}."
            )
        return int(text)
    if "enum" in schema and text not in schema["enum"]:
        allowed = ", ".join(filter(None, schema["enum"]))
        raise RefusedRequest(400, f"{name!r} must be one of {allowed}.")
    length = schema.get("maxLength", len(text))
    if not schema.get("minLength", 0) <= len(text) <= length:
        raise RefusedRequest(400, f"{name!r} must have at most {length} characters.")
    if not re.fullmatch(schema.get("pattern", "(?s).*"), text):
        raise RefusedRequest(400, f"{name!r} must be {parameter.about}.")
    return text


def answered(
    route: Route, values: Values, asker: Asker, catalog: Catalog | None, moment: Moment
) -> bytes:
    """Return an answer as JSON. Raises RefusedRequest, CannotProcess."""
    try:
        told = route.work(values, asker, catalog, moment)
    except (NoSuchObject, NoSuchContainer):
        # Unknown, or hidden: it must not tell which.
        raise RefusedRequest(404, "There is nothing here.") from None
    return written(told)


def events(
    asker: Asker, catalog: Catalog | None, moment: Moment
) -> Mapping[str, bytes]:
    """Return what moves, as events by their names, each as JSON in one line."""
    scan = scan_seen(moment, asker)
    update_id = catalog.system_update_id() if catalog else 0
    told = {
        "now": now_json(watched(moment, asker, catalog)),
        "catalog": {"update_id": update_id},
        **({"scan": scan_json(scan)} if scan else {}),
    }
    return {name: written(one) for name, one in told.items()}


def written(told: object) -> bytes:
    """Return JSON."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )
