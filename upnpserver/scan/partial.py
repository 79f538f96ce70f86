"""The catalogs of those who may not see everything, kept in step with the whole one.

Each holds only the files that its visibility sees, written by the same writer: so
it is what the catalog would be if there were nothing else on the disks, and no
request can tell what is hidden from what is missing.

It is told once an order is carried out; a process that was killed in between finds
that a catalog is not in step, and compares all of it.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from upnpserver.catalog.file_rows import ReadFile
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.partial import Folder, StoredFile, seen_beside, seen_media
from upnpserver.catalog.writer import FOLLOWED, Commit, Writer
from upnpserver.errors import CatalogUnusable
from upnpserver.facts import facts_from_json
from upnpserver.media.subtitle_names import film_folder
from upnpserver.model import Role
from upnpserver.paths import joined
from upnpserver.rules.visibility import Visibility

BATCH_FILES = 1000

Place = tuple[Root, bytes]  # a root of the whole catalog, and a folder in it
_Gone = tuple[Root, bytes, bytes]


@dataclass(slots=True)
class _Batch:
    read: list[ReadFile] = field(default_factory=list)
    gone: list[_Gone] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.read) + len(self.gone)


class PartialCatalog:
    """One of these catalogs. path: of its file, made if it is missing."""

    def __init__(self, path: Path, visibility: Visibility, language: str) -> None:
        self._path, self._visibility, self._language = path, visibility, language
        self._writer: Writer | None = None

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def open(self, *, check: bool) -> None:
        """Open the file; one that can't be used is made anew. check: as Writer has it.

        Raises StateFolderError if it can't be written.
        """
        if check:
            self.close()
        if self._writer is not None:
            return
        try:
            self._writer = Writer(self._path, check=check, language=self._language)
        except CatalogUnusable:
            remove_catalog(self._path)
            self._writer = Writer(self._path, language=self._language)

    def is_in_step(self, whole: Writer) -> bool:
        """Tell whether it holds what the whole catalog has, as far as that is seen."""
        assert self._writer is not None
        return self._writer.state(FOLLOWED) == whole.state()

    def sync_roots(self, roots: Mapping[Root, Root], away: Iterable[Root]) -> Commit:
        """Hold these roots only, as Writer.sync_roots(); roots: see follow()."""
        assert self._writer is not None
        return self._writer.sync_roots(roots.values(), away)

    def follow(
        self,
        whole: Writer,
        roots: Mapping[Root, Root],
        places: Iterable[Place] | None,
        stopping: Callable[[], bool],
    ) -> Iterator[Commit]:
        """Bring it up to date; yield what each transaction changed.

        roots: of the whole catalog that are here, and what each is called in this
        one. places: folders in which something changed; None: compare all.
        """
        writer = self._writer
        assert writer is not None
        state = whole.state()
        step = _Step(self._visibility, whole)
        batch = _Batch()
        wanted = _all_places(whole, roots) if places is None else _around(whole, places)
        if places is None:
            wanted |= {
                (root, folder)
                for root, own in roots.items()
                for folder in writer.known_directories(own)
            }
        for root, folder in sorted(wanted, key=lambda place: (place[0].path, place[1])):
            if root not in roots:
                continue
            step.compare(writer, root, roots[root], folder, batch)
            if len(batch) >= BATCH_FILES:
                yield writer.apply(batch.read, batch.gone)
                batch = _Batch()
            if stopping():
                return
        if len(batch):
            yield writer.apply(batch.read, batch.gone)
        yield writer.settle_lists()
        writer.follow(state)


class _Step:
    """One comparison of the whole catalog with a partial one."""

    def __init__(self, visibility: Visibility, whole: Writer) -> None:
        self._visibility, self._whole = visibility, whole
        self._has_media: dict[Place, bool] = {}
        self._inside: dict[Root, dict[bytes, list[bytes]]] = {}

    def compare(
        self, writer: Writer, root: Root, own: Root, folder: bytes, batch: _Batch
    ) -> None:
        """Add to batch what has to change in one folder."""
        listed = self._listed(root, folder)
        seen = self._seen(root, folder, listed)
        before = writer.stored_files(own, folder)
        batch.gone += [(own, folder, name) for name in before if name not in seen]
        batch.read += [
            _read_file(own, folder, name, listed.files[name])
            for name in sorted(seen)
            if name not in before or before[name].content != listed.files[name].content
        ]

    def _listed(self, root: Root, folder: bytes) -> Folder:
        files = self._whole.stored_files(root, folder)
        return Folder(root.library, joined(root.path, folder), files)

    def _seen(self, root: Root, folder: bytes, listed: Folder) -> set[bytes]:
        media = seen_media(self._visibility, listed)
        self._has_media[root, folder] = bool(media)
        if all(file.kind for file in listed.files.values()):
            return media
        above = film_folder(folder)
        films = listed if above == folder else self._listed(root, above)
        inside = any(
            self._holds_media(root, below) for below in self._folders_in(root, folder)
        )
        return media | seen_beside(
            self._visibility, listed, films, is_seen_inside=inside
        )

    def _holds_media(self, root: Root, folder: bytes) -> bool:
        place = root, folder
        if place not in self._has_media:
            listed = self._listed(root, folder)
            self._has_media[place] = bool(seen_media(self._visibility, listed))
        return self._has_media[place]

    def _folders_in(self, root: Root, folder: bytes) -> list[bytes]:
        if root not in self._inside:
            inside: dict[bytes, list[bytes]] = {}
            for one in self._whole.known_directories(root):
                if one:
                    inside.setdefault(one.rpartition(b"/")[0], []).append(one)
            self._inside[root] = inside
        return self._inside[root].get(folder, [])


def _read_file(own: Root, folder: bytes, name: bytes, file: StoredFile) -> ReadFile:
    return ReadFile(
        own,
        folder,
        name,
        file.size_bytes,
        file.mtime_ns,
        facts_from_json(file.facts) if file.facts else None,
        file.problem or "",
        Role(file.role),
        file.facts or "",
    )


def _all_places(whole: Writer, roots: Iterable[Root]) -> set[Place]:
    return {
        (root, folder) for root in roots for folder in whole.known_directories(root)
    }


def _around(whole: Writer, places: Iterable[Place]) -> set[Place]:
    """Return folders in which something changed, and those that it may tell of."""
    changed = set(places)
    above = {(root, folder.rpartition(b"/")[0]) for root, folder in changed if folder}
    below = {
        (root, folder)
        for root in {root for root, _ in changed}
        for folder in whole.known_directories(root)
        if folder and (root, folder.rpartition(b"/")[0]) in changed
    }
    return changed | above | below


def remove_catalog(path: Path) -> None:
    """Remove a catalog and what belongs to it: it can be made anew."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
