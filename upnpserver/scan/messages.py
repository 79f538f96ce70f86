"""The lines of JSON between the server and its scanner.

One message a line: {"type": ..., and its fields}. Bytes (paths) travel as text
with surrogateescape, so that a name that is not UTF-8 survives.
"""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from upnpserver.config import DEFAULT_LANGUAGE
from upnpserver.errors import MalformedRequest
from upnpserver.model import Kind
from upnpserver.rules.visibility import Visibility

MAX_LINE_BYTES = 1 << 20
Stamp = tuple[int, int, int]  # device, inode, time of the last change in a folder


@dataclass(frozen=True, slots=True)
class ScanRoot:
    """One folder to scan; shown: its titles below "Folders".

    follows_out: links in it may lead out of it.
    """

    library: str
    shown: tuple[str, ...]
    path: bytes
    kinds: tuple[str, ...]
    follows_out: bool = False


@dataclass(frozen=True, slots=True)
class InRoot:
    """A file or folder: the root's place in the order, and the path below it."""

    root: int
    path: bytes


@dataclass(frozen=True, slots=True)
class Partial:
    """A catalog for those who may not see everything: its file, and what it holds.

    roots: those in which they see anything, as they are shown to them.
    """

    catalog: bytes
    roots: tuple[ScanRoot, ...]
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Scan:
    """To the scanner: compare these roots with the catalog.

    count_first: tell a total with Progress, at the price of one more walk.
    check: look for damage in the whole catalog first; the server met some.
    busy: files that are being written, to be passed by for now.
    language: of what containers are called, one of config.LANGUAGES.
    partials: catalogs that are kept in step; others of that kind are removed.
    """

    catalog: bytes
    roots: tuple[ScanRoot, ...]
    count_first: bool = False
    check: bool = False
    busy: tuple[InRoot, ...] = ()
    language: str = DEFAULT_LANGUAGE
    partials: tuple[Partial, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """To the scanner: compare only these folders with the catalog.

    folders: only what lies right inside; trees: all that lies below (or lay,
    where there is no such folder any more). closed: files that are known to be
    complete. busy: files that are being written, to be passed by for now.
    """

    catalog: bytes
    roots: tuple[ScanRoot, ...]
    folders: tuple[InRoot, ...] = ()
    trees: tuple[InRoot, ...] = ()
    closed: tuple[InRoot, ...] = ()
    busy: tuple[InRoot, ...] = ()
    language: str = DEFAULT_LANGUAGE  # as in Scan
    partials: tuple[Partial, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """From the scanner: the catalog file is there and can be read.

    partial: the name of the visibility whose catalog it is; "": the whole one.
    """

    partial: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """From the scanner: how many new files were read; total 0 if not counted."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Committed:
    """From the scanner: a transaction changed these containers.

    partial: as in Ready.
    """

    system_update_id: int
    containers: tuple[str, ...]
    partial: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """From the scanner: one line for the log that a person may act on."""

    text: str


@dataclass(frozen=True, slots=True)
class Away:
    """From the scanner: these roots are not there, or are empty mount points."""

    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """From the scanner: these folders of a root have these watch descriptors."""

    root: int
    folders: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Unwatched:
    """From the scanner: nobody will tell of all that happens in these folders.

    folders: with what their stamp_of() was before they were listed. reason:
    the kind of file system; empty: there were no watches left.
    """

    root: int
    folders: tuple[tuple[Stamp, bytes], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """From the scanner: in these folders are files that may be incomplete."""

    folders: tuple[InRoot, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """From the scanner: the order is done; it waits for another one."""

    read: int  # files opened
    gone: int
    problems: int  # files that could not be read in this scan
    seconds: float
    whole: bool = True  # everything was compared, not only some folders


Order = Scan | Look
Message = (
    Order
    | Ready
    | Progress
    | Committed
    | Trouble
    | Away
    | Watched
    | Unwatched
    | Unsettled
    | Finished
)
_TYPES: dict[str, type[Any]] = {cls.__name__: cls for cls in get_args(Message)}


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
    for name, revive in _REVIVED.get(cls, {}).items():
        fields[name] = revive(fields[name])
    return cls(**fields)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _root(fields: dict[str, Any]) -> ScanRoot:
    root: ScanRoot = _revived(ScanRoot, fields)
    return root


def _visibility(fields: dict[str, Any]) -> Visibility:
    names = fields["libraries"]
    fields["libraries"] = None if names is None else tuple(names)
    fields["kinds"] = tuple(fields["kinds"])
    for paths in ("only", "hidden"):
        fields[paths] = tuple(map(_bytes, fields[paths]))
    return Visibility(**fields)


def _partial(fields: dict[str, Any]) -> Partial:
    partial: Partial = _revived(Partial, fields)
    return partial


def _in_root(fields: dict[str, Any]) -> InRoot:
    return InRoot(fields["root"], _bytes(fields["path"]))


def _watch(pair: tuple[int, str]) -> tuple[int, bytes]:
    number, path = pair
    return number, _bytes(path)


def _stamped(pair: tuple[list[int], str]) -> tuple[Stamp, bytes]:
    (device, inode, mtime_ns), path = pair
    return (device, inode, mtime_ns), _bytes(path)


def _each(revive: Callable[[Any], Any]) -> Callable[[list[Any]], tuple[Any, ...]]:
    return lambda values: tuple(revive(value) for value in values)


_PLACES = _each(_in_root)
# How the fields come back that JSON has no type of its own for.
_REVIVED: dict[type[Any], dict[str, Callable[[Any], Any]]] = {
    ScanRoot: {
        "shown": tuple,
        "path": _bytes,
        "kinds": _each(lambda kind: Kind(kind).value),
    },
    Partial: {"catalog": _bytes, "roots": _each(_root), "visibility": _visibility},
    Scan: {
        "catalog": _bytes,
        "roots": _each(_root),
        "busy": _PLACES,
        "partials": _each(_partial),
    },
    Look: {
        "catalog": _bytes,
        "roots": _each(_root),
        "folders": _PLACES,
        "trees": _PLACES,
        "closed": _PLACES,
        "busy": _PLACES,
        "partials": _each(_partial),
    },
    Committed: {"containers": tuple},
    Away: {"roots": tuple},
    Watched: {"folders": _each(_watch)},
    Unwatched: {"folders": _each(_stamped)},
    Unsettled: {"folders": _PLACES},
}
