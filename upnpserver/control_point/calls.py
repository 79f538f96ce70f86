"""SOAP from the asker's side: an action as a request, and what came back.

Source: UDA 1.0 section 3.2.
"""

from collections.abc import Mapping

from upnpserver.control_point.described import Service
from upnpserver.control_point.elements import Element, parse
from upnpserver.control_point.place import Place
from upnpserver.errors import DeviceError, MalformedRequest
from upnpserver.upnp.values import clean_text, escape_text

_OK = 200
_FAULT = 500
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
)


def get_request(place: Place) -> bytes:
    """Return the request for a document."""
    return _request("GET", place, "").encode()


def call_request(
    service: Service, action: str, arguments: Mapping[str, object]
) -> bytes:
    """Return the request that calls an action; its arguments go in their order."""
    given = "".join(
        f"<{name}>{escape_text(clean_text(str(value)))}</{name}>"
        for name, value in arguments.items()
    )
    body = (
        f'{_HEAD}<u:{action} xmlns:u="{escape_text(service.type)}">{given}</u:{action}>'
        "</s:Body></s:Envelope>"
    ).encode()
    headers = (
        'Content-Type: text/xml; charset="utf-8"\r\n'
        f'SOAPACTION: "{service.type}#{action}"\r\nContent-Length: {len(body)}\r\n'
    )
    return _request("POST", service.control, headers).encode("latin-1") + body


def _request(method: str, place: Place, headers: str) -> str:
    return (
        f"{method} {place.path} HTTP/1.1\r\nHOST: {place.authority}\r\n"
        f"Connection: close\r\n{headers}\r\n"
    )


def results(status: int, body: bytes) -> dict[str, str]:
    """Return what an action gave back, by name.

    Raises DeviceError for a fault, MalformedRequest for what is no answer.
    """
    if status not in (_OK, _FAULT):
        raise DeviceError(f"it answers HTTP {status}")
    envelope = parse(body)
    answers = [one for part in envelope.named("Body") for one in part.children]
    if envelope.name != "Envelope" or not answers:
        raise MalformedRequest("not a SOAP answer")
    if answers[0].name == "Fault":
        raise DeviceError(_fault(answers[0]))
    return {one.name: one.text for one in answers[0].children}


def _fault(fault: Element) -> str:
    for one in fault.inside():
        if one.name == "UPnPError":
            code, told = one.text_of("errorCode"), one.text_of("errorDescription")
            return f"it says {code[:9]} {told[:200]}".rstrip()
    return f"it says {fault.text_of('faultstring')[:200]}"


def title_criteria(text: str) -> str:
    """Return criteria that find items by a text in titles; criteria stay as they are.

    Source: ContentDirectory:1 section 2.5.5.1.
    """
    if text.count('"') > 1:
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'upnp:class derivedfrom "object.item" and dc:title contains "{escaped}"'
