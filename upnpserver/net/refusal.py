"""How a request is refused: one line of text; to programs that use the API, as JSON.

Source: RFC 9457 (problem details).
"""

import json
from http import HTTPStatus

from upnpserver.errors import RefusedRequest
from upnpserver.net.answer import Headers

TEXT = ("Content-Type", 'text/plain; charset="utf-8"')
API = b"/api/"
_PROBLEM = ("Content-Type", "application/problem+json")


def refusal_answer(refusal: RefusedRequest, path: bytes) -> tuple[Headers, bytes]:
    """Return the headers and the body that say why. path: what was asked for."""
    if not path.startswith(API):
        return [TEXT], f"{refusal}\n".encode()
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": str(refusal),
    }
    return [_PROBLEM, ("Cache-Control", "no-store")], json.dumps(problem).encode()
