"""SOAP control messages: a call out of a request, and the answers to it.

Tolerant where control points are careless (quotes, order, CDATA, prefixes),
strict where a message could do harm: no document type, bounded size, depth and
number of elements. Source: UDA 1.0 section 3.2; reference description.md 6.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from upnpserver.errors import InvalidAction, MalformedRequest
from upnpserver.upnp.values import clean_text, escape_text

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 1000

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
)
_TAIL = "</s:Body></s:Envelope>"


@dataclass(frozen=True, slots=True)
class Call:
    """One action with its arguments, as the client named them.

    service_type is empty if the client did not say it.
    """

    service_type: str
    action: str
    arguments: dict[str, str]


def parse_call(soap_action: str, body: bytes) -> Call:
    """Return the call that a SOAPACTION header and a body make.

    The body's element names the action; the header, where there is one, must
    agree. Raises MalformedRequest for what is no SOAP message, InvalidAction if
    header and body disagree.
    """
    element = _action_element(_parsed(body))
    namespace, action = _split(element.tag)
    service_type, _, named = soap_action.strip().strip("\"'").rpartition("#")
    if named and named != action:
        raise InvalidAction(f"the header says {named!r}, the body {action!r}")
    arguments: dict[str, str] = {}
    for argument in element.iterchildren(tag=etree.Element):
        _, name = _split(argument.tag)
        arguments.setdefault(name, "".join(map(str, argument.itertext())))
    return Call(service_type or namespace, action, arguments)


def build_response(
    service_type: str, action: str, arguments: Iterable[tuple[str, str]]
) -> bytes:
    """Return the answer to a call; arguments in the order of the SCPD.

    The values hold no character that XML forbids: whoever made them saw to it.
    """
    parts = [_HEAD, f'<u:{action}Response xmlns:u="{service_type}">']
    for name, value in arguments:
        parts += (f"<{name}>", escape_text(value), f"</{name}>")
    parts += (f"</u:{action}Response>", _TAIL)
    return "".join(parts).encode()


def build_fault(code: int, description: str) -> bytes:
    """Return the answer to a call that failed, for an HTTP status of 500."""
    text = escape_text(clean_text(description))
    return (
        f"{_HEAD}<s:Fault><faultcode>s:Client</faultcode>"
        "<faultstring>UPnPError</faultstring><detail>"
        '<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        f"<errorCode>{code}</errorCode>"
        f"<errorDescription>{text}</errorDescription>"
        f"</UPnPError></detail></s:Fault>{_TAIL}"
    ).encode()


def _parsed(body: bytes) -> etree._Element:
    if len(body) > MAX_BODY_BYTES:
        raise MalformedRequest("the message is too long")
    # In each encoding that the parser reads, a document type starts like this
    # once the zero bytes are gone: it is refused before it costs anything.
    if b"<!DOCTYPE" in body.replace(b"\0", b"").upper():
        raise MalformedRequest("document types are not accepted")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    if not body.startswith((b"\xff\xfe", b"\xfe\xff")):  # zeros mean text there
        body = body.strip(b"\0 \r\n\t")
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedRequest("not well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:  # in UTF-7, say
        raise MalformedRequest("document types are not accepted")
    if body.count(b"<") > 2 * MAX_DEPTH:  # fewer can't be too many or too deep
        _check_size(root)
    return root


def _check_size(root: etree._Element) -> None:
    depth = 0
    for count, (event, _) in enumerate(etree.iterwalk(root, ("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH or count > 2 * MAX_ELEMENTS:
            raise MalformedRequest("too many elements, or nested too deeply")


def _action_element(root: etree._Element) -> etree._Element:
    # Some clients name no namespace at all; another is another protocol.
    namespace, name = _split(root.tag)
    if name != "Envelope" or namespace not in ("", _ENVELOPE):
        raise MalformedRequest("not a SOAP 1.1 envelope")
    bodies = (child for child in root if _split(child.tag)[1] == "Body")
    body = next(bodies, None)
    element = None if body is None else next(iter(body), None)
    if element is None:
        raise MalformedRequest("the SOAP body holds no action")
    return element


def _split(tag: str | bytes | bytearray | etree.QName) -> tuple[str, str]:
    namespace, _, name = str(tag).rpartition("}")
    return namespace.removeprefix("{"), name
