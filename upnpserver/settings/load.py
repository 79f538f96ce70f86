"""One Config from the file, the command line and the defaults.

What the command line says replaces the same key of the file. Each mistake is
a ConfigError of one line: where it is, what is wrong, what is allowed, and the
nearest right name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upnpserver.config import ALL_KINDS, Config, Library
from upnpserver.model import Kind
from upnpserver.settings.families import (
    OWN_FOLDER,
    families_with,
    shipped_families,
)
from upnpserver.settings.folders import (
    absolute,
    check_folder,
    check_overlaps,
    libraries_of,
)
from upnpserver.settings.keys import (
    PLAIN_KEYS,
    check_keys,
    read_kind,
    read_list,
    read_name,
    read_switch,
    read_text,
)
from upnpserver.settings.named import read_devices
from upnpserver.settings.rules import (
    RULE_KEYS,
    Known,
    check_profiles_named,
    read_rules,
)
from upnpserver.settings.toml import read_toml
from upnpserver.settings.wording import nearest, quoted, wrong

_FILE_KEYS = {*PLAIN_KEYS, "state_dir", "library", "device", *RULE_KEYS}
_LIBRARY_KEYS = {"name", "folders", "kinds", "follow_links_out"}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None or empty where it says nothing.

    folders: each becomes a library of its own, in place of the file's.
    """

    folders: tuple[str, ...] = ()
    state_dir: str | None = None
    port: int | None = None
    interfaces: tuple[str, ...] = ()
    friendly_name: str | None = None
    log_level: str | None = None


def load(file: Path | None, options: Options, *, needs_folders: bool = True) -> Config:
    """Return the configuration; every folder in it is there and readable.

    needs_folders: whether there must be one. Raises ConfigError.
    """
    here = absolute(".", Path())
    settings = {} if file is None else _read_file(here / file)
    settings |= _read_options(options, here)
    where = "" if file is None or options.folders else f"{file}: "
    if needs_folders and not settings.get("libraries"):
        raise wrong(
            f"{where}no folder to share: nothing is shared until one is named, as in "
            '"upnpserver serve DIR", or by [[library]] and folders = ["DIR"] in a file'
        )
    check_overlaps(where, settings.get("libraries", ()))
    return Config(**settings)


def check_interfaces(wanted: Iterable[str], present: Iterable[str]) -> None:
    """Raise ConfigError for the first wanted interface that is not present.

    For names just typed; a service waits for an interface that comes later.
    """
    there = sorted(present)
    for name in wanted:
        if name not in there:
            raise wrong(
                f"no network interface {quoted(name)}{nearest(name, there)}; "
                f"there are: {', '.join(there)}"
            )


def _read_file(file: Path) -> dict[str, Any]:
    """Return Config's fields as far as the file sets them."""
    table = read_toml(file)
    check_keys(str(file), table, _FILE_KEYS)
    settings = {
        key: reader(f"{file}: {key}", table[key])
        for key, reader in PLAIN_KEYS.items()
        if key in table
    }
    if "state_dir" in table:
        text = read_text(f"{file}: state_dir", table["state_dir"])
        settings["state_dir"] = absolute(text, file.parent)
    if "library" in table:
        settings["libraries"] = _libraries(file, table["library"])
    families = families_with(file.parent / OWN_FOLDER)
    if families is not shipped_families():
        settings["families"] = families
    if "device" in table:
        settings["devices"] = read_devices(str(file), table["device"], families)
    known = Known(
        settings.get("libraries", ()),
        settings.get("devices", ()),
        [family.id for family in families],
        file.parent,
    )
    settings["rules"] = read_rules(str(file), table, known)
    check_profiles_named(str(file), known.devices, settings["rules"])
    return settings


def _read_options(options: Options, here: Path) -> dict[str, Any]:
    """Return Config's fields as far as the command line sets them."""
    settings: dict[str, Any] = {
        key: PLAIN_KEYS[key](flag, value)
        for key, flag, value in (
            ("friendly_name", "--name", options.friendly_name),
            ("port", "--port", options.port),
            ("interfaces", "--interface", options.interfaces or None),
            ("log_level", "--log-level", options.log_level),
        )
        if value is not None
    }
    if options.state_dir is not None:
        text = read_text("--state-dir", options.state_dir)
        settings["state_dir"] = absolute(text, here)
    if options.folders:
        folders = [absolute(read_text("DIR", each), here) for each in options.folders]
        for folder in folders:
            check_folder("", folder)
        settings["libraries"] = libraries_of(folders)
    return settings


def _libraries(file: Path, value: object) -> tuple[Library, ...]:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise wrong(f"{file}: library: each one starts with a line [[library]]")
    libraries: dict[str, Library] = {}
    for number, table in enumerate(value, 1):
        where = f"{file}: library {number}"
        library = _library(where, table, file.parent)
        if library.name.casefold() in libraries:
            raise wrong(f"{where}: name: {library.name!r} is taken by another library")
        libraries[library.name.casefold()] = library
    return tuple(libraries.values())


def _library(where: str, table: Mapping[str, object], base: Path) -> Library:
    check_keys(where, table, _LIBRARY_KEYS)
    texts = read_list(f"{where}: folders", table.get("folders", ()), read_text)
    if not texts:
        raise wrong(f'{where}: folders: name at least one, as in folders = ["DIR"]')
    folders = tuple(absolute(text, base) for text in texts)
    for folder in folders:
        check_folder(f"{where}: folders: ", folder)
    name = libraries_of(folders[:1])[0].name
    if "name" in table:
        name = read_name(f"{where}: name", table["name"])
    kinds = ALL_KINDS
    if "kinds" in table:
        kinds = frozenset(read_list(f"{where}: kinds", table["kinds"], read_kind))
    if not kinds:
        raise wrong(f"{where}: kinds: name at least one of {', '.join(Kind)}")
    follows_out = read_switch(
        f"{where}: follow_links_out", table.get("follow_links_out", False)
    )
    return Library(name, folders, kinds, follows_out)
