"""The folders that a person shares: found, readable, none inside another."""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, islice
from pathlib import Path

from upnpserver.config import Library
from upnpserver.settings.wording import nearest, wrong

_HIDDEN_FROM_SERVICES = tuple(map(Path, ("/home", "/root", "/run/user")))
_MAX_NEIGHBOURS = 1000  # names looked through for the nearest one


def absolute(text: str, base: Path) -> Path:
    """Return the path that a person wrote; "~" is their home, base is "here".

    Links stay as they are, so that one may be turned to another disk; only
    ".." is resolved, as the kernel would.
    """
    # os.path: pathlib raises for an unknown "~name" and for a loop of links.
    path = base / os.path.expanduser(text)  # noqa: PTH111
    if ".." in path.parts:
        path = Path(os.path.realpath(path))
    return path.absolute()


def check_folder(
    where: str, folder: Path, environment: Mapping[str, str] = os.environ
) -> None:
    """Raise ConfigError, beginning with where, unless the folder can be listed."""
    try:
        with os.scandir(folder):
            pass
        if not os.access(folder, os.X_OK):
            raise PermissionError
    except FileNotFoundError:
        advice = _service_advice(folder, environment) or _neighbour(folder)
        raise wrong(f"{where}no such folder: {folder}{advice}") from None
    except NotADirectoryError:
        raise wrong(f"{where}not a folder: {folder}: name the one it is in") from None
    except PermissionError:
        advice = _service_advice(folder, environment) or (
            ": let the user that runs this server read it (chmod o+rx, or a group)"
        )
        raise wrong(f"{where}cannot read {folder}{advice}") from None
    except (OSError, ValueError) as error:  # ValueError: not in the file system's code
        reason = getattr(error, "strerror", None) or "no such name can be"
        raise wrong(f"{where}cannot read {folder}: {reason}") from None


def check_overlaps(where: str, libraries: Iterable[Library]) -> None:
    """Raise ConfigError if a folder is named twice, or lies inside another.

    where: how the message begins.

    A file would be in two libraries then, shown and counted twice, and a rule
    for one library would not hold in the other.
    """
    named = [
        (library.name, folder, Path(os.path.realpath(folder)))
        for library in libraries
        for folder in library.folders
    ]
    for one, other in combinations(named, 2):
        outer, inner = sorted((one, other), key=lambda each: len(each[2].parts))
        if outer[2] == inner[2]:
            raise wrong(
                f"{where}{_of(inner)} is the same as {_of(outer)}: name it once"
            )
        if inner[2].is_relative_to(outer[2]):
            raise wrong(
                f"{where}{_of(inner)} lies inside {_of(outer)}: a file belongs to one "
                "library, so leave one of the two out, or share the folders beside it"
            )


def libraries_of(folders: Sequence[Path]) -> tuple[Library, ...]:
    """Return a library for each folder, named as it is; twins by their parents.

    /a/Music and /b/Music are "Music (a)" and "Music (b)".
    """
    names = [_shown(folder.name) or "Files" for folder in folders]
    twins = {name for name in names if _count(names, name) > 1}
    for index, folder in enumerate(folders):
        if names[index] in twins:
            names[index] += f" ({_shown(str(folder.parent.name)) or '/'})"
    for index, name in enumerate(names):
        earlier = _count(names[:index], name)
        if earlier:
            names[index] = _numbered(name, names, earlier + 1)
    return tuple(
        Library(name, (folder,)) for name, folder in zip(names, folders, strict=True)
    )


def _numbered(name: str, names: Sequence[str], number: int) -> str:
    while _count(names, f"{name} {number}"):
        number += 1
    return f"{name} {number}"


def _count(names: Sequence[str], name: str) -> int:
    return sum(each.casefold() == name.casefold() for each in names)


def _shown(name: str) -> str:
    """Return a file name as text: what is not UTF-8 or printable is U+FFFD."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in text).strip()


def _of(named: tuple[str, Path, Path]) -> str:
    name, folder, _ = named
    return f"{folder} of library {name!r}"


def _neighbour(folder: Path) -> str:
    """Return ": did you mean X?" for a folder beside the missing one."""
    try:
        with os.scandir(folder.parent) as entries:
            names = [e.name for e in islice(entries, _MAX_NEIGHBOURS) if e.is_dir()]
    except OSError:
        return ""
    return nearest(folder.name, names, f"{folder.parent}/")


def _service_advice(folder: Path, environment: Mapping[str, str]) -> str:
    """Return what hides a folder from a systemd service, where that is the case."""
    if "INVOCATION_ID" not in environment or "STATE_DIRECTORY" not in environment:
        return ""
    if any(folder.is_relative_to(home) for home in _HIDDEN_FROM_SERVICES):
        return (
            ": hidden by the service's sandbox: set ProtectHome=read-only with "
            '"systemctl edit upnpserver", or keep the media outside the home folders'
        )
    return (
        ": the service has a user of its own: let others read the folder, or name "
        'its group in SupplementaryGroups= with "systemctl edit upnpserver"'
    )
