"""The tables of catalog.sqlite, and how the file is opened.

The catalog can be built again from the disks at any time: an older or newer
layout, or a corrupt file, is set aside by the scanner and built anew.
sqlite-utils makes the tables; it takes 150 ms to import, so only _create()
touches it.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from upnpserver.catalog.marked import FOUND
from upnpserver.catalog.open_views import OPEN_VIEWS
from upnpserver.errors import CatalogUnusable

VERSION = 14
_APPLICATION_ID = 0x55504E50  # "UPNP" in the file's header: ours, not another's

# A root is one disk at a path: several may have been there, one is_here at most.
# path and name are bytes as the file system has them; odd_path and odd_name tell
# in text what is not UTF-8. facts is the JSON of MediaFacts without defaults, so
# that the tree is made anew without re-reading.
# An item has facts of its own where files beside it tell more than file.facts.
# spelled_variously: see catalog/spellings.py.
# role: see model.Role; what lies beside media has rows here, and no item. art:
# the packed albumArtURI of an object, see didl.pack_art(); group_art: the one by
# which it stands for the containers that it is in, where that is another; above_art:
# the one by which an item stands for those above them, where that is yet another.
# attached: what else than items is sent, by ids of their own: files beside media,
# or pictures inside it (first_byte, length). caption_path: where in URLs the best
# subtitle of a film is.
# found: what each object tells of each property, to sort by; title_key: how titles
# are sorted. searched: the same, packed to be searched: see catalog/search_rows.py.
_TABLES: dict[str, dict[str, type]] = {
    "meta": {"name": str, "value": str},
    "root": {
        "id": int,
        "library": str,
        "shown": str,
        "path": bytes,
        "odd_path": str,
        "identity": str,
        "is_here": int,
    },
    "directory": {"id": int, "root": int, "path": bytes, "odd_path": str},
    "file": {
        "id": int,
        "directory": int,
        "name": bytes,
        "odd_name": str,
        "role": str,
        "size_bytes": int,
        "mtime_ns": int,
        "content_id": str,
        "facts": str,
        "problem": str,
    },
    "object": {
        "id": int,
        "object_id": str,
        "parent": int,
        "is_container": int,
        "class": str,
        "title": str,
        "segments": bytes,
        "art": bytes,
        "group_art": bytes,
        "above_art": bytes,
        "child_count": int,
        "update_id": int,
    },
    "item": {
        "object": int,
        "file": int,
        "kind": str,
        "mime": str,
        "features": str,
        "duration_ms": int,
        "facts": str,
        "caption_path": str,
    },
    "attached": {
        "file": int,
        "attached_id": str,
        "mime": str,
        "features": str,
        "first_byte": int,
        "length": int,
    },
    "spelled_variously": {"object": int},
    "found": {"object": int, "title_key": str, **FOUND},
    "searched": {"id": int, "packed": bytes},
}
_PRIMARY_KEYS = {
    "meta": "name",
    "spelled_variously": "object",
    "item": "object",
    "attached": "file",
    "found": "object",
}
_NOT_NULL = {
    "root": {"library", "shown", "path", "identity", "is_here"},
    "directory": {"root", "path"},
    "file": {"directory", "name", "role", "size_bytes", "mtime_ns"},
    "object": {"object_id", "is_container", "class", "title", "segments"},
    "item": {"file", "kind", "mime", "features"},
    "attached": {"attached_id", "mime", "features"},
    "searched": {"packed"},
}
_INDEXES: dict[str, tuple[tuple[tuple[str, ...], bool], ...]] = {
    "directory": ((("root", "path"), True),),
    "file": ((("directory", "name"), True), (("content_id",), False)),
    "object": ((("object_id",), True),),
    "item": ((("file",), True),),
    "attached": ((("attached_id",), False),),
}
# The children of a container in the order in which they are shown. Landmarks:
# see catalog/landmarks.py.
_ORDERED_TABLES = """
create table child (
    parent integer not null, sort_key text not null, object integer not null,
    primary key (parent, sort_key, object)
) without rowid;
create table landmark (
    parent integer not null, position integer not null,
    sort_key text not null, object integer not null,
    primary key (parent, position)
) without rowid;
create index child_by_object on child (object);
create index containers_only on object (parent) where is_container;
create index playlists_only on file (role) where role = 'playlist';
"""
LANDMARK_EVERY = 256
ROOT_ROW = 1  # the row of object "0"


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF  # of an extended one: sqlite.org/rescode.html


def connect_for_writing(path: Path, *, check: bool = False) -> sqlite3.Connection:
    """Return a connection to the catalog, made if it is missing.

    check: look at every page, which takes seconds on a slow card. Raises
    CatalogUnusable if the file is damaged or of another version, and
    sqlite3.OperationalError if the folder is full or read-only.
    """
    return _open_existing(path, check=check) if path.exists() else _create(path)


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Return a read-only connection.

    Raises CatalogUnusable if the file is missing, corrupt or of another version.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise CatalogUnusable(str(error)) from error
    try:
        connection.execute("pragma query_only = on")
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma cache_size = -2000")  # KiB: memory is scarce
        _check(connection)
    except (sqlite3.Error, CatalogUnusable) as error:
        connection.close()
        raise CatalogUnusable(str(error)) from error
    return connection


@contextlib.contextmanager
def damage_told() -> Iterator[None]:
    """Turn what SQLite says of a damaged file into CatalogUnusable."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        if code not in _DAMAGED:
            raise
        raise CatalogUnusable(str(error)) from error


def set_aside(path: Path) -> Path:
    """Move an unusable catalog out of the way and return its new path."""
    kept = path.with_name(f"{path.name}.unusable-{int(time.time())}")
    path.replace(kept)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
    return kept


def _check(connection: sqlite3.Connection) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    application = connection.execute("pragma application_id").fetchone()[0]
    if application != _APPLICATION_ID:
        raise CatalogUnusable("it is another program's")
    if version != VERSION:
        age = "a newer" if version > VERSION else "an older"
        raise CatalogUnusable(
            f"made by {age} version of upnpserver ({version}, this one has {VERSION})"
        )


def _open_existing(path: Path, *, check: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        with damage_told():
            _check(connection)
            _set_pragmas(connection)
            if check:
                _check_every_page(connection)
    except (sqlite3.Error, CatalogUnusable):
        connection.close()
        raise
    return connection


def _check_every_page(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("pragma quick_check(1)").fetchone()
    if found != "ok":
        raise CatalogUnusable(found.splitlines()[0])


def _set_pragmas(connection: sqlite3.Connection) -> None:
    # NORMAL keeps the file whole over a power cut and may lose the last
    # commits: right for what can be read again, and kind to SD cards.
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma temp_store = memory")
    connection.execute("pragma cache_size = -8000")


def _create(path: Path) -> sqlite3.Connection:
    """Make the catalog under another name first: nobody sees half a schema."""
    import sqlite_utils  # noqa: PLC0415  slow to import, needed once in a life

    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    with contextlib.closing(connection):
        database = sqlite_utils.Database(connection)
        for name, columns in _TABLES.items():
            key = _PRIMARY_KEYS.get(name, "id")
            table = database.create_table(
                name, columns, pk=key, not_null=_NOT_NULL.get(name, set())
            )
            for indexed, unique in _INDEXES.get(name, ()):
                table.create_index(indexed, unique=unique)
        connection.executescript(_ORDERED_TABLES)
        for name, select in OPEN_VIEWS.items():
            connection.execute(f"create view {name} as {select}")
        connection.execute(f"pragma application_id = {_APPLICATION_ID}")
        connection.execute(f"pragma user_version = {VERSION}")
    unfinished.replace(path)
    return _open_existing(path, check=False)
