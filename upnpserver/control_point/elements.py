"""XML that another device wrote, as a small tree: bounded, without document types.

Names are local ones: devices forget to declare their prefixes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from upnpserver.errors import MalformedRequest

MAX_DEPTH = 40
MAX_ELEMENTS = 50_000


@dataclass(slots=True)
class Element:
    """One element; text: its own, without that of its children."""

    name: str
    attributes: Mapping[str, str]
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the text in it."""
        return "".join(self.pieces).strip()

    def named(self, name: str) -> Iterator["Element"]:
        """Yield its children of a name."""
        return (one for one in self.children if one.name == name)

    def text_of(self, name: str) -> str:
        """Return the text of its first child of a name, "" without one."""
        return next((one.text for one in self.named(name)), "")

    def inside(self) -> Iterator["Element"]:
        """Yield itself and all that is in it, in order."""
        yield self
        for child in self.children:
            yield from child.inside()


def parse(document: bytes | str) -> Element:
    """Return the outermost element. Raises MalformedRequest."""
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last: encodings
        raise MalformedRequest("not well-formed XML") from error
    return reading.outermost.children[0]


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def _refuse(*_: object) -> None:
    raise MalformedRequest("document types are not accepted")


class _Reading:
    def __init__(self) -> None:
        self.outermost = Element("", {})
        self._open = [self.outermost]
        self._left = MAX_ELEMENTS

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1
        if len(self._open) > MAX_DEPTH or self._left < 0:
            raise MalformedRequest("too many elements, or nested too deeply")
        element = Element(local(tag), attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, piece: str) -> None:
        self._open[-1].pieces.append(piece)
