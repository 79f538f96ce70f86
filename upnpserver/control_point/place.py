"""Where a device says it is: http, an address, a port, a path.

No names: this program looks none up. Source: UDA 1.0 section 1.2.2 (LOCATION).
"""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urljoin

from upnpserver.errors import MalformedRequest

_MAX_URL = 2048
_MAX_PORT = 0xFFFF
_URL = re.compile(
    r"http://(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<four>[0-9.]{7,15}))"
    r"(?::(?P<port>\d{1,5}))?(?P<path>/[!-~]*)?",
    re.ASCII | re.IGNORECASE,
)


class Place(NamedTuple):
    """host: an IPv4 or IPv6 address; path: printable ASCII that begins with "/"."""

    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return it as a HOST header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return it as a URL."""
        return f"http://{self.authority}{self.path}"


def place_of(url: str) -> Place:
    """Return where a URL leads. Raises MalformedRequest."""
    match = _URL.fullmatch(url.strip()) if len(url) <= _MAX_URL else None
    if match is None:
        raise MalformedRequest("not an http URL with an address")
    host = match["six"] or match["four"]
    try:
        ip_address(host)
    except ValueError as error:
        raise MalformedRequest("not an address") from error
    port = int(match["port"] or 80)
    if not 0 < port <= _MAX_PORT:
        raise MalformedRequest("not a port")
    path = (match["path"] or "/").partition("#")[0]
    return Place(host, port, path)


def beside(place: Place, url: str) -> Place:
    """Return where a URL of a document at a place leads: on the same address only.

    A device speaks for itself; a description that sends its readers to another one
    is not followed. Raises MalformedRequest.
    """
    if len(url) > _MAX_URL:
        raise MalformedRequest("too long")
    try:
        joined = urljoin(place.url, url.strip())
    except ValueError as error:
        raise MalformedRequest("not a URL") from error
    found = place_of(joined)
    if found.host != place.host:
        raise MalformedRequest("another device's address")
    return found
