"""What lies on the disk, compared with what the catalog knows, folder by folder.

Nothing is opened and nothing is remembered beyond one folder, so memory does
not grow with the library. Directory times alone would miss files rewritten in
place, so every file is asked for its size and time.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from upnpserver.catalog.file_rows import KnownFile
from upnpserver.paths import is_below, joined
from upnpserver.scan.names import is_shown

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that is new, or whose size or time is not as the catalog knows."""

    directory: bytes
    name: bytes
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that the catalog knows and the disk no longer holds."""

    directory: bytes
    name: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that can't be listed: what the catalog knows of it stays."""

    directory: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class PassedBy:
    """Things in a folder that are neither a file nor a folder of the library."""

    directory: bytes
    reason: str


Change = Changed | Gone | Unreadable | PassedBy
KnownFiles = Callable[[bytes], Mapping[bytes, KnownFile]]


@dataclass(frozen=True, slots=True)
class Tree:
    """One root, and how it is walked.

    known_files: directory -> the catalog's files. is_known: whether the
    catalog knows files of this name. enter is called with each directory
    before it is listed. follows_out: links may lead out of the root.
    """

    root: bytes
    known_files: KnownFiles
    is_known: Callable[[bytes], bool]
    enter: Callable[[bytes], None] = lambda directory: None
    follows_out: bool = False


def compare(
    tree: Tree,
    known_directories: set[bytes],
    start: bytes = b"",
    *,
    below: bool = True,
) -> Iterator[Change]:
    """Yield what changed in a folder, or below it, since the catalog was written.

    known_directories: of the whole root; emptied as they are met. start: where
    to look, relative to the root; one that is no longer there is gone with all
    below it.

    The caller made sure that the root is there, and does it again before it
    believes that anything is gone.
    """
    root, known_files = tree.root, tree.known_files
    _keep(known_directories, start, below=below)
    real_root = os.path.realpath(root)
    waiting = [start]
    while waiting:
        directory = waiting.pop()
        tree.enter(directory)
        known = known_files(directory)
        try:
            listing = _listed(tree, real_root, directory, known)
        except (FileNotFoundError, NotADirectoryError):  # it left: so did its files
            continue
        except OSError as error:
            _spare(known_directories, directory)
            yield Unreadable(directory, _reason(error))
            continue
        known_directories.discard(directory)
        yield from _differences(directory, listing, known)
        if listing.odd:
            yield PassedBy(directory, listing.odd)
        if below and directory.count(b"/") + 1 < MAX_DEPTH:
            waiting += sorted(listing.folders, reverse=True)
    for directory in sorted(known_directories):
        for name in sorted(known_files(directory)):
            yield Gone(directory, name)


def _keep(known_directories: set[bytes], start: bytes, *, below: bool) -> None:
    """Leave of all directories only those that are compared."""
    if not below:
        known_directories.intersection_update({start})
    elif start:
        known_directories.intersection_update(
            [known for known in known_directories if is_below(known, start)]
        )


def count_files(root: bytes, is_counted: Callable[[bytes], bool]) -> int:
    """Return about how many files of some names lie below root, for a progress bar."""
    return sum(
        is_counted(name)
        for _, folders, names in os.walk(root)
        if _keep_media_folders(folders)
        for name in names
    )


def _keep_media_folders(folders: list[bytes]) -> bool:
    folders[:] = [name for name in folders if is_shown(name)]
    return True


@dataclass(slots=True)
class _Listing:
    """What lies right inside a directory.

    same: names of files that are as the catalog knows them. others: files that
    are not. odd: why something doesn't count.
    """

    same: set[bytes] = field(default_factory=set)
    others: dict[bytes, KnownFile] = field(default_factory=dict)
    folders: list[bytes] = field(default_factory=list)
    odd: str = ""


def _listed(
    tree: Tree, real_root: bytes, directory: bytes, known: Mapping[bytes, KnownFile]
) -> _Listing:
    """Return what counts in a directory.

    Of a file that is as it was nothing else is asked: a rescan has to get through
    a hundred thousand of them.
    """
    found = _Listing()
    same = found.same
    path = os.path.join(tree.root, directory)  # noqa: PTH118  bytes
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name in known and entry.is_file(follow_symlinks=False):
                status = _status(entry)
                if status and (status.st_size, status.st_mtime_ns) == known[name]:
                    same.add(name)
                    continue
            _look_at(tree, real_root, directory, entry, found)
    return found


def _look_at(
    tree: Tree,
    real_root: bytes,
    directory: bytes,
    entry: os.DirEntry[bytes],
    found: _Listing,
) -> None:
    """Take note of something in a directory that is new, or no plain file."""
    if not is_shown(entry.name):
        return
    if entry.is_dir(follow_symlinks=False):
        found.folders.append(joined(directory, entry.name))
        return
    is_link = entry.is_symlink()
    is_folder = is_link and _is_folder(entry)
    if not is_folder and not tree.is_known(entry.name):
        return
    odd = is_link and (
        _oddity(entry, real_root, follows_out=tree.follows_out)
        or (is_folder and _folder_oddity(entry, real_root, directory))
    )
    if odd:
        found.odd = odd
    elif is_folder:
        found.folders.append(joined(directory, entry.name))
    elif status := _status(entry):
        if stat.S_ISREG(status.st_mode):
            found.others[entry.name] = KnownFile(status.st_size, status.st_mtime_ns)
        else:
            found.odd = "a pipe, socket or device"


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _status(entry: os.DirEntry[bytes]) -> os.stat_result | None:
    """Return the status of what is there, None if it vanished since it was listed."""
    try:
        return entry.stat()
    except OSError:
        return None


def _oddity(link: os.DirEntry[bytes], real_root: bytes, *, follows_out: bool) -> str:
    """Return why a link is not followed, "" if it is.

    Only a relative link that stays inside the root can be opened safely, unless
    all may be followed: see beneath.py.
    """
    try:
        link.stat()
        is_absolute = os.readlink(link.path).startswith(b"/")  # noqa: PTH115  bytes
    except OSError:
        return "a link to nothing"
    if follows_out:
        return ""
    target = os.path.realpath(link.path)
    if is_absolute or not target.startswith(real_root.rstrip(b"/") + b"/"):
        return "a link that is absolute, or leads out of the library's folder"
    return ""


def _folder_oddity(link: os.DirEntry[bytes], real_root: bytes, directory: bytes) -> str:
    """Return why a link to a folder is not followed, "" if it is."""
    holder = os.path.realpath(os.path.dirname(link.path))  # noqa: PTH120  bytes
    is_own = is_below(holder, real_root)
    if not is_own or holder[len(real_root) :].strip(b"/") != directory:
        # Links would multiply.
        return "a link to a folder, in a folder that is linked itself"
    if (holder + b"/").startswith(os.path.realpath(link.path) + b"/"):
        return "a link to a folder that holds it"
    return ""


def _differences(
    directory: bytes, listing: _Listing, known: Mapping[bytes, KnownFile]
) -> Iterator[Change]:
    others = listing.others
    for name in sorted(others):
        file = others[name]
        if known.get(name) != file:
            yield Changed(directory, name, file.size_bytes, file.mtime_ns)
    for name in sorted(known.keys() - listing.same - others.keys()):
        yield Gone(directory, name)


def _spare(known_directories: set[bytes], directory: bytes) -> None:
    known_directories.difference_update(
        [known for known in known_directories if is_below(known, directory)]
    )


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "cannot be read"
