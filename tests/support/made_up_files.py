"""Made-up media files for tests of the catalog: facts without any file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from upnpserver.catalog.file_rows import ReadFile
from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.model import Kind, MediaFacts, Role

MUSIC = Root("Home", (), b"/srv/media")


def track(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    """Return an audio file as the scanner would have read it."""
    return file_of(path, root, Kind.AUDIO, "audio/mpeg", **facts)


def photo(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    return file_of(path, root, Kind.IMAGE, "image/jpeg", **facts)


def cover(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    read = file_of(path, root, Kind.IMAGE, "image/jpeg", **facts)
    return replace(read, role=Role.ART)


def nfo(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    read = file_of(path, root, Kind.VIDEO, "", content_id="", **facts)
    return replace(read, role=Role.NFO)


def cue(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    read = file_of(path, root, Kind.AUDIO, "", content_id="", **facts)
    return replace(read, role=Role.CUE)


def playlist(path: str, *entries: str, root: Root = MUSIC, **facts) -> ReadFile:
    read = file_of(path, root, Kind.AUDIO, "", content_id="", entries=entries, **facts)
    return replace(read, role=Role.PLAYLIST)


def subtitle(path: str, root: Root = MUSIC) -> ReadFile:
    return replace(film(path, root), role=Role.SUBTITLE, facts=None)


def lyrics(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    return replace(track(path, root, **facts), role=Role.LYRICS, facts=None)


def film(path: str, root: Root = MUSIC, **facts) -> ReadFile:
    return file_of(path, root, Kind.VIDEO, "video/mp4", **facts)


def file_of(path: str, root: Root, kind: Kind, mime: str, **facts) -> ReadFile:
    directory, _, name = path.encode().rpartition(b"/")
    content_id = facts.pop("content_id", short_hash(path))
    return ReadFile(
        root,
        directory,
        name,
        size_bytes=facts.pop("size_bytes", 1000),
        mtime_ns=facts.pop("mtime_ns", 1),
        facts=MediaFacts(kind=kind, mime=mime, content_id=content_id, **facts),
    )


def broken(path: str, root: Root = MUSIC) -> ReadFile:
    directory, _, name = path.encode().rpartition(b"/")
    return ReadFile(root, directory, name, 10, 1, None, "not readable")


HOUSEHOLD = (
    track(
        "A/01.mp3", title="One", artists=("Ann",), album="First", track=1, date="2001"
    ),
    track("A/02.mp3", title="Two", artists=("Ann", "Bob"), album="First", track=2),
    track("A/10.mp3", title="Ten", artists=("Ann",), album="First", track=10),
    track("B/x.flac", title="Élan", album_artists=("Zoë",), genres=("Jazz", "Soul")),
    track("loose 10.mp3"),
    track("loose 9.mp3"),
    film("Films/Café.mp4", duration_ms=60_000, width=1280, height=720),
    photo("Pics/p1.jpg", date="2020-05-06T10:11:12", width=640, height=480),
    photo("Pics/p2.jpg"),
    broken("A/broken.mp3"),
)


@contextmanager
def household_catalog(folder: Path) -> Iterator[Reader]:
    """Yield a reader of a new catalog in folder, with the household's files."""
    path = folder / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(HOUSEHOLD, [])
    writer.close()
    reader = Reader(path)
    try:
        yield reader
    finally:
        reader.close()
