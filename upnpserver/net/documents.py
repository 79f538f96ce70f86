"""The documents that never change while we run: description, SCPDs, icons.

They are made and read once, at start: no request for one touches a disk.

Source: UDA 1.0 section 2; reference description.md sections 1, 4 and 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.upnp.description import DESCRIPTION_PATH, ICONS, SERVICES, scpd

XML = 'text/xml; charset="utf-8"'


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it is sent."""

    content_type: str
    body: bytes


def server_documents(description: bytes) -> dict[str, Document]:
    """Return the device's documents by path, given its description."""
    documents = {DESCRIPTION_PATH: Document(XML, description)}
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


def send_document(document: Document, request: ServerRequest) -> None:
    """Answer with a document."""
    headers = [("Content-Type", document.content_type)]
    if document.content_type == XML:
        if request.header(b"accept-language"):
            headers.append(("Content-Language", "en"))  # required by UDA 1.0, 2.9
    elif request.header(b"transfermode.dlna.org"):
        headers.append(("transferMode.dlna.org", "Interactive"))
    request.respond(200, headers, document.body)
