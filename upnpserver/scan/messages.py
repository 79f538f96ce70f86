"""The lines of JSON between the server and its scanner.

One message a line: {"type": ..., and its fields}. Bytes (paths) travel as text
with surrogateescape, so that a name that is not UTF-8 survives.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from upnpserver.errors import MalformedRequest
from upnpserver.model import Kind

MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ScanRoot:
    """One folder to scan; shown: its titles below "Folders"."""

    library: str
    shown: tuple[str, ...]
    path: bytes
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """To the scanner: compare these roots with the catalog.

    count_first: tell a total with Progress, at the price of one more walk.
    check: look for damage in the whole catalog first; the server met some.
    """

    catalog: bytes
    roots: tuple[ScanRoot, ...]
    count_first: bool = False
    check: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """From the scanner: the catalog file is there and can be read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """From the scanner: how many new files were read; total 0 if not counted."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Committed:
    """From the scanner: a transaction changed these containers."""

    system_update_id: int
    containers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """From the scanner: one line for the log that a person may act on."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """From the scanner: the scan is complete; it ends now."""

    read: int  # files opened
    gone: int
    problems: int  # files that could not be read in this scan
    seconds: float


Message = Scan | Ready | Progress | Committed | Trouble | Finished
_TYPES: dict[str, type[Any]] = {
    cls.__name__: cls for cls in (Scan, Ready, Progress, Committed, Trouble, Finished)
}


def to_line(message: Message) -> bytes:
    """Return the message as one line, with its end."""
    fields = {"type": type(message).__name__, **dataclasses.asdict(message)}
    return json.dumps(fields, default=_text).encode("ascii") + b"\n"


def from_line(line: bytes) -> Message:
    """Return the message of one line. Raises MalformedRequest for anything else."""
    try:
        fields = json.loads(line)
        message: Message = _revived(_TYPES[fields.pop("type")], fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MalformedRequest(f"not a scanner message: {line[:80]!r}") from error
    return message


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    raise TypeError(type(value).__name__)


def _revived(cls: type[Any], fields: dict[str, Any]) -> Any:
    if cls is Scan:
        roots = tuple(_revived(ScanRoot, root) for root in fields["roots"])
        catalog = _bytes(fields["catalog"])
        return Scan(catalog, roots, fields["count_first"], fields["check"])
    if cls is ScanRoot:
        kinds = tuple(Kind(kind).value for kind in fields["kinds"])
        shown = tuple(fields["shown"])
        return ScanRoot(fields["library"], shown, _bytes(fields["path"]), kinds)
    if cls is Committed:
        fields["containers"] = tuple(fields["containers"])
    return cls(**fields)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
