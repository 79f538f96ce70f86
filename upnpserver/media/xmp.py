"""XMP data of a picture: RDF in XML, of which a few properties are read.

The XML is hostile: no document type (so no entities), and bounds on its size,
depth and number of elements.

Source: ISO 16684-1 (XMP) sections 7 and 8; Adobe's and Microsoft's schemas.
"""

import contextlib
from typing import Final
from xml.parsers import expat

_MAX_BYTES: Final = 256 * 1024
_MAX_ELEMENTS: Final = 8192
_MAX_DEPTH: Final = 64
_MAX_TEXT: Final = 4096
_MAX_VALUES: Final = 256

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_ITEM: Final = _RDF + "li"
_DESCRIPTION: Final = _RDF + "Description"
_LANGUAGE: Final = "http://www.w3.org/XML/1998/namespace lang"
_NAMESPACES: Final = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
}
WANTED: Final = frozenset(
    (
        *("dc:title", "dc:description", "dc:subject", "xmp:Rating", "xmp:CreateDate"),
        *("photoshop:DateCreated", "exif:DateTimeOriginal", "exifEX:LensModel"),
        *("aux:Lens", "tiff:Make", "tiff:Model", "tiff:Orientation"),
        "MicrosoftPhoto:Rating",
    )
)

Properties = dict[str, list[str]]


def read_xmp(data: bytes) -> Properties:
    """Return the wanted properties ("dc:title") with their values, in order.

    Of a title in several languages the one for all ("x-default") goes first.
    What comes before a fault counts.
    """
    if not data:
        return {}
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    # ValueError: an odd encoding.
    with contextlib.suppress(expat.ExpatError, _TooMuch, ValueError):
        parser.Parse(data[:_MAX_BYTES].rstrip(b"\0"), True)
    return reader.found


class _TooMuch(Exception):
    """The data exceeds a bound."""


def _refuse(*_: object) -> None:
    raise _TooMuch


class _Reader:
    """Collects values while the parser meets elements."""

    def __init__(self) -> None:
        self.found: Properties = {}
        self._names: list[str] = []  # of the open elements
        self._elements = 0
        self._text = ""
        self._is_default = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._names.append(name)
        if self._elements > _MAX_ELEMENTS or len(self._names) > _MAX_DEPTH:
            raise _TooMuch
        self._text = ""
        self._is_default = attributes.get(_LANGUAGE) == "x-default"
        if name == _DESCRIPTION:
            for key, value in attributes.items():
                self._keep(key, value)

    def text(self, text: str) -> None:
        if len(self._text) < _MAX_TEXT:
            self._text += text

    def end(self, name: str) -> None:
        self._names.pop()
        if name == _ITEM and len(self._names) > 1:
            self._keep(self._names[-2], self._text)  # in a list, in a property
        elif self._text.strip():
            self._keep(name, self._text)
        self._text = ""

    def _keep(self, name: str, value: str) -> None:
        namespace, _, local = name.partition(" ")
        key = f"{_NAMESPACES.get(namespace, '')}:{local}"
        if key in WANTED and value.strip():
            values = self.found.setdefault(key, [])
            if len(values) < _MAX_VALUES:
                values.insert(0 if self._is_default else len(values), value[:_MAX_TEXT])
