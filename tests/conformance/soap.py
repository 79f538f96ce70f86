"""SOAP as UPnP uses it: envelopes out, answers and faults in.

Source: UDA 1.0 section 3.2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from conformance.checks import Failed
from conformance.wire import Response

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
CONTROL = "urn:schemas-upnp-org:control-1-0"
CONTENT_TYPE = 'text/xml; charset="utf-8"'
Arguments = Mapping[str, object]


class Fault(Failed):
    """The server answered an action with a UPnP error."""

    def __init__(self, code: int, description: str, response: Response) -> None:
        super().__init__(f"fault {code} {description}")
        self.code, self.description, self.response = code, description, response


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer."""

    response: Response
    envelope: etree._Element
    element: etree._Element  # the <ActionResponse>
    arguments: tuple[tuple[str, str], ...]

    def __getitem__(self, name: str) -> str:
        for given, value in self.arguments:
            if given == name:
                return value
        raise Failed(f"no out argument {name} in {[n for n, _ in self.arguments]}")


def parse(xml: bytes | str) -> etree._Element:
    """Parse strictly; anything ill-formed fails the check."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(
            xml.encode() if isinstance(xml, str) else xml, parser=parser
        )
    except etree.XMLSyntaxError as error:
        raise Failed(f"ill-formed XML: {error}: {xml[:200]!r}") from error


def action_xml(service_type: str, action: str, arguments: Arguments) -> str:
    """Return the action's element."""
    inside = "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in arguments.items())
    return f'<u:{action} xmlns:u="{service_type}">{inside}</u:{action}>'


def envelope_xml(inside: str, declaration: str = '<?xml version="1.0"?>') -> bytes:
    """Return a whole request body around the action's element."""
    return (
        f'{declaration}<s:Envelope xmlns:s="{ENVELOPE}" s:encodingStyle="{ENCODING}">'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def read(response: Response, service_type: str, action: str) -> Reply:
    """Return the out arguments, or raise the Fault that came."""
    if response.status == 500:
        raise read_fault(response)
    if response.status != 200:
        raise Failed(f"{action}: status {response.status}")
    envelope = parse(response.body)
    element = envelope.find(f"{{{ENVELOPE}}}Body/{{{service_type}}}{action}Response")
    if element is None:
        raise Failed(f"no {action}Response of {service_type}: {response.body[:300]!r}")
    arguments = tuple((str(child.tag), child.text or "") for child in element)
    return Reply(response, envelope, element, arguments)


def read_fault(response: Response) -> Fault:
    """Return the UPnP error in an answer of status 500."""
    envelope = parse(response.body)
    error = envelope.find(f".//{{{CONTROL}}}UPnPError")
    if error is None:
        raise Failed(f"status 500 without UPnPError: {response.body[:300]!r}")
    code = error.findtext(f"{{{CONTROL}}}errorCode", "")
    if not code.strip().isdigit():
        raise Failed(f"errorCode: {code!r}")
    return Fault(
        int(code), error.findtext(f"{{{CONTROL}}}errorDescription", ""), response
    )


def names(arguments: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of out arguments in their order."""
    return [name for name, _ in arguments]
