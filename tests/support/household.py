"""A household's media in a folder, and what a person would expect to find."""

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.daemon import wait_for
from support.upnp_client import DidlObject, MediaServer

FIXTURES = Path(__file__).parents[2] / "fixtures"

# Words of the file name endings, by the kind of item that a person expects.
KINDS = {
    "audio": {".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"},
    "image": {".gif", ".jpg", ".png"},
    "video": {".avi", ".mkv", ".mp4", ".mpg", ".ts", ".webm"},
}
# Pictures that belong to something else, and are no photos of their own.
_ART_NAMES = {"cover", "folder"}


@dataclass(frozen=True, slots=True)
class Household:
    """A folder with media; files are what is to be found, by sha256."""

    folder: Path
    files: dict[str, Path]

    def of_kind(self, kind: str) -> list[Path]:
        """Return the files of one kind."""
        return [path for path in self.files.values() if path.suffix in KINDS[kind]]


def make_household(folder: Path) -> Household:
    """Copy the fixtures' household into a new folder, with odd names besides."""
    shutil.copytree(FIXTURES / "media" / "household", folder)
    _rename_oddly(folder)
    return Household(folder, {sha256(path): path for path in _expected(folder)})


def _rename_oddly(folder: Path) -> None:
    """Give some files names that markup, shells and SQL would stumble over."""
    odd = folder / "Odd 'names' & <more>"
    odd.mkdir()
    sources = sorted((folder / "Music").rglob("*.mp3"))
    names = (b"a&b <c> \"d\" 'e'.mp3", b"100% %41 #1; DROP TABLE?.mp3", b"\xff\xfe.mp3")
    for number, (source, name) in enumerate(zip(sources * 2, names, strict=False)):
        # A byte after the end makes it a file of its own, and is not played.
        target = bytes(odd) + b"/" + name
        with open(target, "wb") as copy:  # noqa: PTH123  a name of bytes
            copy.write(source.read_bytes() + bytes([number]))


def _expected(folder: Path) -> list[Path]:
    endings = set().union(*KINDS.values())
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in endings and path.stem not in _ART_NAMES
    ]


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def all_found(
    server: MediaServer, household: Household, deadline_s: float = 60
) -> dict[str, DidlObject]:
    """Wait until every file has its item; return the items by URL."""
    wanted = Counter(path.stat().st_size for path in household.files.values())

    def complete() -> dict[str, DidlObject] | None:
        items = server.items()
        sizes = Counter(item.resources[0].size_bytes for item in items.values())
        return items if all(sizes[size] >= n for size, n in wanted.items()) else None

    return wait_for("all items", complete, deadline_s, every_s=0.3)
