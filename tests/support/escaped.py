"""Text that was escaped for a SOAP argument, as the client gets it."""

from xml.sax.saxutils import unescape


def plain(escaped: bytes) -> str:
    """Return the text inside."""
    return unescape(escaped.decode())
