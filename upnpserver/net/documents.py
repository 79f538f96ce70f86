"""The documents that never change while we run: description, SCPDs, icons.

They are made once: no request for one touches a disk. The description has a few
forms, by what a family of devices wants to read.

Source: UDA 1.0 section 2; reference description.md sections 1, 4 and 5.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.policy import Needs
from upnpserver.upnp.description import DESCRIPTION_PATH, ICONS, SERVICES, scpd

XML = 'text/xml; charset="utf-8"'


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it is sent."""

    content_type: str
    body: bytes


def server_documents() -> dict[str, Document]:
    """Return the device's documents by path, without its description."""
    documents = {}
    for service in SERVICES:
        documents[service.scpd_path] = Document(XML, scpd(service))
    for icon in ICONS:
        documents[icon.path] = Document(icon.mime, icon.content())
    return documents


def document_routes(
    documents: Mapping[str, Document],
) -> dict[bytes, dict[bytes, Handler]]:
    """Return the handlers of documents by path and method."""
    routes: dict[bytes, dict[bytes, Handler]] = {}
    for path, document in documents.items():
        handler = partial(send_document, document)
        routes[path.encode()] = {b"GET": handler, b"HEAD": handler}
    return routes


def description_routes(
    build: Callable[[Needs], bytes],
) -> dict[bytes, dict[bytes, Handler]]:
    """Return the handlers of the description; build: see build_description()."""
    made: dict[tuple[str, bool], Document] = {}

    def handler(request: ServerRequest) -> None:
        needs = request.policy.needs
        form = needs.description, needs.dcm10
        if form not in made:
            made[form] = Document(XML, build(needs))
        send_document(made[form], request)

    return {DESCRIPTION_PATH.encode(): {b"GET": handler, b"HEAD": handler}}


def send_document(document: Document, request: ServerRequest) -> None:
    """Answer with a document."""
    headers = [("Content-Type", document.content_type)]
    if document.content_type == XML:
        if request.header(b"accept-language"):
            headers.append(("Content-Language", "en"))  # required by UDA 1.0, 2.9
    elif request.header(b"transfermode.dlna.org"):
        headers.append(("transferMode.dlna.org", "Interactive"))
    request.respond(200, headers, document.body)
