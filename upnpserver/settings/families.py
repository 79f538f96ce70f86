"""Families of devices, read from TOML: those that come with the server, and one's own.

Written as upnpserver/devices/__init__.py says. A family of one's own replaces the
one with the same id. Each mistake is a ConfigError of one line: file, table, key.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from upnpserver import devices
from upnpserver.devices.family import (
    SIGNALS,
    DeviceKind,
    Family,
    Match,
    Sure,
    in_order,
)
from upnpserver.policy import NO_NEEDS, Needs, needs_with
from upnpserver.settings.keys import check_keys, one_of, read_switch, read_text
from upnpserver.settings.patterns import check_speed, read_pattern
from upnpserver.settings.toml import read_toml
from upnpserver.settings.use import read_use
from upnpserver.settings.wording import nearest, quoted, wrong

OWN_FOLDER = "devices.d"
_KEYS = {
    *("name", "kind", "priority", "match", "shared", "like"),
    *("reason", "sure", "evidence", "use"),
}
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_MAX_FILES, _MAX_FAMILIES, _MAX_MATCHES = 100, 500, 20
_MAX_LINE = 500
_OWN_PRIORITY = 1000  # of a family that doesn't say: before all that come along


@dataclass(frozen=True, slots=True)
class _Table:
    """A family as it is written, and where; is_own: by a person, who may err."""

    where: str
    content: dict[str, Any]
    is_own: bool


_Tables = dict[str, _Table]  # by the families' ids


@cache
def shipped_families() -> tuple[Family, ...]:
    """Return the families that come with the server, in order."""
    return in_order(_made(_shipped_tables()))


def families_with(folder: Path) -> tuple[Family, ...]:
    """Return all families, those of the *.toml files in folder included, in order.

    Raises ConfigError.
    """
    files = _files(folder)
    if not files:
        return shipped_families()
    own = _tables(files, is_own=True)
    if len(own) > _MAX_FAMILIES:
        raise wrong(f"{folder}: more than {_MAX_FAMILIES} devices")
    return in_order(_made(_shipped_tables() | own))


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise wrong(
            f"cannot read {folder}: {error.strerror}: let the user that runs this"
            " server read it"
        ) from error
    if len(found) > _MAX_FILES:
        raise wrong(f"{folder}: more than {_MAX_FILES} files")
    return found


def _shipped_tables() -> _Tables:
    files = sorted(Path(devices.__path__[0]).glob("*.toml"))
    return _tables(files, is_own=False)


def _tables(files: Iterable[Path], *, is_own: bool) -> _Tables:
    tables: _Tables = {}
    for file in files:
        for name, table in read_toml(file).items():
            where = f"{file}: [{name}]"
            if _ID.fullmatch(name) is None or not isinstance(table, dict):
                raise wrong(
                    f"{file}: {quoted(name)}: each device is a table whose name has"
                    " small letters, digits and hyphens, such as [living-room-tv]"
                )
            if name in tables:
                raise wrong(f"{where}: stands in {tables[name].where} too")
            check_keys(where, table, _KEYS)
            tables[name] = _Table(where, table, is_own)
    return tables


def _made(tables: _Tables) -> Iterable[Family]:
    """Return a Family for each table."""
    made: dict[str, Family] = {}
    for name in tables:
        _make(name, tables, made, ())
    return made.values()


def _make(
    name: str, tables: _Tables, made: dict[str, Family], within: tuple[str, ...]
) -> Family:
    """Make a family after the one that it is like; within: those that wait for it."""
    if name in made:
        return made[name]
    table, base = tables[name], NO_NEEDS
    if "like" in table.content:
        where = f"{table.where}: like"
        other = one_known(where, table.content["like"], tables)
        if other in (*within, name):
            raise wrong(f"{where}: {quoted(other)} is like this one itself")
        base = _make(other, tables, made, (*within, name)).needs
    family = made[name] = _family(name, table, base)
    return family


def one_known(where: str, value: object, known: Iterable[str]) -> str:
    """Return the id of a family that there is."""
    text = read_text(where, value)
    if text not in known:
        raise wrong(
            f"{where}: no device {quoted(text)} is known{nearest(text, known)}"
            ' ("upnpserver devices --rules" lists all)'
        )
    return text


def _family(name: str, written: _Table, base: Needs) -> Family:
    where, table = written.where, written.content

    def line(key: str, default: str = "") -> str:
        return _line(f"{where}: {key}", table[key]) if key in table else default

    kind: Any = one_of(f"{where}: kind", table.get("kind", "tv"), get_args(DeviceKind))
    sure: Any = one_of(f"{where}: sure", table.get("sure", "low"), get_args(Sure))
    shared = read_switch(f"{where}: shared", table.get("shared", False))
    changes = read_use(f"{where}: use", table.get("use", {}))
    return Family(
        name,
        line("name", name),
        kind,
        _priority(f"{where}: priority", table.get("priority", _OWN_PRIORITY)),
        _matches(f"{where}: match", table.get("match", []), written.is_own),
        needs_with(base, changes),
        shared,
        line("reason"),
        sure,
        line("evidence"),
    )


def _line(where: str, value: object) -> str:
    text = read_text(where, value).strip()
    if len(text) > _MAX_LINE or not text.isprintable():
        raise wrong(f"{where}: must be one line of at most {_MAX_LINE} characters")
    return text


def _priority(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**6:
        raise wrong(f"{where}: must be a whole number, not {quoted(value)}")
    return value


def _matches(where: str, value: object, is_own: bool) -> tuple[Match, ...]:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise wrong(f"{where}: must be a list of tables, such as [{{ ua = 'Name' }}]")
    if len(value) > _MAX_MATCHES:
        raise wrong(f"{where}: must have at most {_MAX_MATCHES} entries")
    return tuple(_match(where, each, is_own) for each in value)


def _match(where: str, table: dict[str, object], is_own: bool) -> Match:
    check_keys(where, table, set(SIGNALS))
    if not table:
        raise wrong(f"{where}: an empty one would match every device: name a header")
    patterns = []
    for signal in SIGNALS:
        if signal in table:
            text = read_text(f"{where}: {signal}", table[signal])
            patterns.append((signal, read_pattern(f"{where}: {signal}", text)))
            if is_own:
                check_speed(f"{where}: {signal}", text)
    return Match(tuple(patterns))
