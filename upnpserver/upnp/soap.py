"""SOAP control messages: a call out of a request, and the answers to it.

Tolerant where control points are careless (quotes, order, CDATA, prefixes),
strict where a message could do harm: no document type, bounded size, depth and
number of elements. Source: UDA 1.0 section 3.2; reference description.md 6.

Read with expat, not with lxml: lxml keeps every element name it ever met until
the process ends (77 KiB for one hostile message), and is three times slower on
messages of this size.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.parsers import expat

from upnpserver.errors import InvalidAction, MalformedRequest
from upnpserver.upnp.values import clean_text, escape_text

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 1000
_REMEMBERED, _REMEMBERED_BYTES = 64, 2048  # calls, and how long they may be

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\r\n'
_UNDECLARED = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
)
_HEAD = _DECLARATION + _UNDECLARED
_TAIL = "</s:Body></s:Envelope>"

_UTF_16 = {
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le", b"\0<": "utf-16-be",
}  # fmt: skip
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*encoding\s*=\s*[\"']([\w.-]{1,20})[\"']")
_ENCODINGS = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1"), "latin-1"),
    # Text that only says it is UTF-16 would show it by its first bytes.
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii", "utf-16"), "utf-8"),
}
_ENVELOPE, _BODY, _ACTION, _ARGUMENT = 1, 2, 3, 4  # depths of a SOAP message


@dataclass(frozen=True, slots=True)
class Call:
    """One action with its arguments, as the client named them.

    service_type is empty if the client did not say it.
    """

    service_type: str
    action: str
    arguments: Mapping[str, str]


def parse_call(soap_action: str, body: bytes) -> Call:
    """Return the call that a SOAPACTION header and a body make.

    The body's element names the action; the header, where there is one, must
    agree. Raises MalformedRequest for what is no SOAP message, InvalidAction if
    header and body disagree.
    """
    if len(body) > _REMEMBERED_BYTES:
        return _call_in(soap_action, body)
    return _remembered(soap_action, body)


def _call_in(soap_action: str, body: bytes) -> Call:
    message = _read(_text(body))
    service_type, hash_sign, named = soap_action.strip(" \t\"'").rpartition("#")
    if hash_sign and named != message.action:
        raise InvalidAction(f"the header says {named!r}, the body {message.action!r}")
    return Call(
        service_type or message.namespace, message.action, dict(message.arguments)
    )


# Devices ask for the same again and again: the root, the first page of a list.
_remembered = lru_cache(maxsize=_REMEMBERED)(_call_in)


def build_response(
    service_type: str,
    action: str,
    arguments: Iterable[tuple[str, str | bytes]],
    *,
    declared: bool = True,
) -> bytes:
    """Return the answer to a call; arguments in the order of the SCPD.

    declared: with an XML declaration, which a few radios can't read.

    A value in bytes is UTF-8 and escaped already: it goes out as it is. What
    XML forbids in other values becomes U+FFFD.
    """
    head = _HEAD if declared else _UNDECLARED
    parts = [f'{head}<u:{action}Response xmlns:u="{service_type}">'.encode()]
    for name, value in arguments:
        parts.append(f"<{name}>".encode())
        parts.append(value if isinstance(value, bytes) else _encoded(value))
        parts.append(f"</{name}>".encode())
    parts.append(f"</u:{action}Response>{_TAIL}".encode())
    return b"".join(parts)


def build_fault(code: int, description: str) -> bytes:
    """Return the answer to a call that failed, for an HTTP status of 500."""
    head = (
        f"{_HEAD}<s:Fault><faultcode>s:Client</faultcode>"
        "<faultstring>UPnPError</faultstring><detail>"
        '<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        f"<errorCode>{code}</errorCode><errorDescription>"
    )
    tail = f"</errorDescription></UPnPError></detail></s:Fault>{_TAIL}"
    return head.encode() + _encoded(description) + tail.encode()


def _encoded(value: str) -> bytes:
    return escape_text(clean_text(value)).encode()


def _text(body: bytes) -> str:
    """Return the message as text; some clients end it with a zero byte.

    Its first bytes tell UTF-16, else its declaration. Raises MalformedRequest.
    """
    if len(body) > MAX_BODY_BYTES:
        raise MalformedRequest("the message is too long")
    encoding = _UTF_16.get(body[:2]) or _declared(body)
    try:
        return body.decode(encoding).strip("\ufeff\0 \t\r\n")
    except UnicodeDecodeError as error:
        raise MalformedRequest("not in the encoding that it has") from error


def _declared(body: bytes) -> str:
    match = _DECLARED.match(body)
    name = match[1].decode("ascii", "replace").lower() if match else "utf-8"
    if name not in _ENCODINGS:
        raise MalformedRequest("an encoding that is not known here")
    return _ENCODINGS[name]


class _Message:
    """What is kept of a message while expat reads it.

    namespace: of the action's element, empty if it is in none.
    """

    def __init__(self) -> None:
        self.action = self.namespace = ""
        self.arguments: dict[str, str] = {}
        self.pieces: list[str] = []  # of the text since an argument began
        self._depth = self._elements = 0
        self._is_in_body = self._is_in_action = False
        self._attributes: list[Mapping[str, str]] = []  # of envelope, body, action

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Enter an element."""
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise MalformedRequest("too many elements, or nested too deeply")
        if self._depth == _ARGUMENT:
            self.pieces.clear()
        elif self._depth < _ARGUMENT:
            self._attributes[self._depth - 1 :] = [attributes]
            self._enter(tag)

    def _enter(self, tag: str) -> None:
        name = _local(tag)
        if self._depth == _ENVELOPE and name != "Envelope":
            raise MalformedRequest("not a SOAP envelope")
        if self._depth == _BODY:
            self._is_in_body = name == "Body"
        elif self._depth == _ACTION and self._is_in_body and not self.action:
            self.action, self.namespace = name, self._namespace(tag)
            self._is_in_action = True

    def end(self, tag: str) -> None:
        """Leave an element; of arguments with one name the first counts."""
        if self._depth == _ARGUMENT and self._is_in_action:
            self.arguments.setdefault(_local(tag), "".join(self.pieces))
        elif self._depth == _ACTION:
            self._is_in_action = False
        self._depth -= 1

    def _namespace(self, tag: str) -> str:
        prefix, colon, _ = tag.rpartition(":")
        declaration = f"xmlns{colon}{prefix}"
        inner_first = reversed(self._attributes)
        return next((a[declaration] for a in inner_first if declaration in a), "")


def _read(text: str) -> _Message:
    # Refused before it is read: entities cost nothing that are never declared.
    if "<!DOCTYPE" in text:
        raise MalformedRequest("document types are not accepted")
    message = _Message()
    parser = expat.ParserCreate()  # without namespaces: clients forget to declare them
    parser.buffer_text = True
    parser.StartElementHandler = message.start
    parser.EndElementHandler = message.end
    parser.CharacterDataHandler = message.pieces.append
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise MalformedRequest("not well-formed XML") from error
    if not message.action:
        raise MalformedRequest("the SOAP body holds no action")
    return message


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
