"""From the configured libraries to the folders that are scanned and shown."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from upnpserver.config import Config, Library
from upnpserver.model import Kind
from upnpserver.rules.profiles import HouseRules, visibilities
from upnpserver.rules.visibility import Visibility
from upnpserver.scan.messages import Partial, Scan, ScanRoot

CATALOG_FILE = "catalog.sqlite"


def scan_order(config: Config, *, count_first: bool) -> Scan:
    """Return the message that makes a scanner scan everything configured."""
    catalog = os.fsencode(config.state_dir / CATALOG_FILE)
    roots = scan_roots(config.libraries)
    return Scan(
        catalog,
        roots,
        count_first,
        language=config.language,
        partials=partials(config, config.rules),
    )


def partials(config: Config, rules: HouseRules) -> tuple[Partial, ...]:
    """Return the catalogs of those who may not see everything."""
    return tuple(
        Partial(
            os.fsencode(config.state_dir / catalog_file(visibility)),
            scan_roots(_seen(config.libraries, visibility)),
            visibility,
        )
        for visibility in visibilities(rules)
    )


def catalog_file(visibility: Visibility) -> str:
    """Return the name of the file from which somebody is answered."""
    name = visibility.name
    return f"catalog-{name}.sqlite" if name else CATALOG_FILE


def _seen(libraries: Iterable[Library], visibility: Visibility) -> Iterator[Library]:
    """Yield the libraries that somebody sees, with the folders and kinds they see."""
    for library in libraries:
        kinds = library.kinds.intersection(map(Kind, visibility.kinds))
        folders = tuple(
            folder
            for folder in library.folders
            if visibility.sees_some_of(library.name, os.fsencode(folder))
        )
        if kinds and folders:
            yield replace(library, folders=folders, kinds=kinds)


def scan_roots(libraries: Iterable[Library]) -> tuple[ScanRoot, ...]:
    """Return one root for each folder.

    "Folders" shows libraries by name, and their folders by name, but never a
    level with only one thing in it: a person would open it for nothing.
    """
    known = tuple(libraries)
    return tuple(
        ScanRoot(
            library.name,
            _shown(library, folder, only_library=len(known) == 1),
            os.fsencode(folder),
            tuple(sorted(library.kinds)),
            library.follows_out,
        )
        for library in known
        for folder in library.folders
    )


def _shown(library: Library, folder: Path, *, only_library: bool) -> tuple[str, ...]:
    above = () if only_library else (library.name,)
    return above if len(library.folders) == 1 else (*above, _title(library, folder))


def _title(library: Library, folder: Path) -> str:
    """Return the folder's name, or its path where another has the same name."""
    names = [other.name for other in library.folders]
    return folder.name if names.count(folder.name) == 1 else str(folder)
