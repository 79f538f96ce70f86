"""The household's rules: blocked, only, new_devices, [[profile]] and [[lock]].

Each mistake is a ConfigError of one line. A path that lies in no library is one
too: a folder that was meant to be hidden would be seen.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from upnpserver.config import ALL_KINDS, Config, Library
from upnpserver.devices.named import NamedDevice
from upnpserver.model import MadeRule
from upnpserver.rules.hours import DAY_MINUTES, DAYS, Hours
from upnpserver.rules.profiles import (
    HouseRules,
    Lock,
    Profile,
    Who,
    visibilities,
)
from upnpserver.rules.visibility import UNRATED, Visibility
from upnpserver.settings.families import shipped_families
from upnpserver.settings.folders import absolute
from upnpserver.settings.keys import (
    check_keys,
    read_kind,
    read_list,
    read_mac,
    read_name,
    read_switch,
    read_text,
)
from upnpserver.settings.wording import nearest, quoted, wrong

RULE_KEYS = ("blocked", "only", "new_devices", "profile", "lock")
MOST_CATALOGS = 16  # beside the whole one: each takes its room on the disk
_PROFILE_KEYS = {
    *("name", "devices", "headers", "libraries", "only", "hidden"),
    *("kinds", "age", "unrated", "hours", "may_unlock", "secret_addresses"),
}
_LOCK_KEYS = {"name", "pin", "folders", "age", "minutes"}
_MOST = 100
_MOST_AGE, _MOST_MINUTES = 21, DAY_MINUTES
_PIN = re.compile(r"\d{4,8}", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}", re.ASCII)
_DAY = "|".join(DAYS)
_HOURS = re.compile(
    rf"(?:((?:{_DAY})(?:[,-](?:{_DAY}))*) )?(\d\d?):(\d\d) ?- ?(\d\d?):(\d\d)", re.ASCII
)
_POLICIES = ("all", "ask")


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name. base: the folder from which relative paths go."""

    libraries: Sequence[Library]
    devices: Sequence[NamedDevice]
    families: Sequence[str]
    base: Path


def known_of(config: Config) -> Known:
    """Return what rules may name that are made while a server runs."""
    families = config.families or shipped_families()
    ids = [family.id for family in families]
    return Known(config.libraries, config.devices, ids, config.state_dir)


def read_rules(where: str, table: Mapping[str, object], known: Known) -> HouseRules:
    """Return the rules of a configuration. Raises ConfigError."""
    rules = HouseRules(
        _tables(where, "profile", table, known, _profile),
        _who(f"{where}: blocked", table.get("blocked", ()), known),
        _who(f"{where}: only", table["only"], known) if "only" in table else None,
        _tables(where, "lock", table, known, _lock),
        read_text(f"{where}: new_devices", table.get("new_devices", _POLICIES[0])),
    )
    return _checked(where, rules)


def with_made(rules: HouseRules, made: Iterable[MadeRule], known: Known) -> HouseRules:
    """Return the rules of a configuration with those made while the server ran.

    One of the same name is replaced. Raises ConfigError, which names the rule.
    """
    profiles = {one.name: one for one in rules.profiles}
    locks = {one.name: one for one in rules.locks}
    policy = rules.new_devices
    for kind, name, told, _ in made:
        where = f"{kind} {name!r}"
        match kind:
            case "profile":
                profiles[name] = _profile(where, _told(where, name, told), known)
            case "lock":
                locks[name] = _lock(where, _told(where, name, told), known)
            case _:
                policy = told
    changed = replace(
        rules,
        profiles=tuple(profiles.values()),
        locks=tuple(locks.values()),
        new_devices=policy,
    )
    return _checked("the rules", changed)


def _told(where: str, name: str, told: str) -> Mapping[str, object]:
    try:
        table = json.loads(told)
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise wrong(f"{where}: can't be read")
    return table | {"name": name}


def _checked(where: str, rules: HouseRules) -> HouseRules:
    """Return rules that can hold together. Raises ConfigError."""
    _check_pins(where, rules.locks)
    names = [profile.name for profile in rules.profiles]
    _check_policy(f"{where}: new_devices", rules.new_devices, [*_POLICIES, *names])
    count = len(visibilities(rules))
    if count > MOST_CATALOGS:
        raise wrong(
            f"{where}: profiles and locks show {count} different choices of files, and"
            f" each is kept in a catalog of its own: at most {MOST_CATALOGS}"
        )
    return rules


def check_profiles_named(
    where: str, devices: Sequence[NamedDevice], rules: HouseRules
) -> None:
    """Refuse a device whose profile there is not. Raises ConfigError."""
    names = [profile.name for profile in rules.profiles]
    for number, device in enumerate(devices, 1):
        if device.profile and device.profile not in names:
            raise wrong(
                f"{where}: device {number}: profile: there is no profile"
                f" {quoted(device.profile)}{nearest(device.profile, names)}"
            )


Reader = Callable[[str, Mapping[str, object], Known], Any]


def _tables(
    where: str, key: str, table: Mapping[str, object], known: Known, read: Reader
) -> tuple[Any, ...]:
    value = table.get(key, ())
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, dict) for one in value
    ):
        raise wrong(f"{where}: {key}: each one starts with a line [[{key}]]")
    if len(value) > _MOST:
        raise wrong(f"{where}: {key}: more than {_MOST} of them")
    found = [read(f"{where}: {key} {n}", one, known) for n, one in enumerate(value, 1)]
    names = [one.name for one in found]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise wrong(f"{where}: {key} {number}: name: {name!r} is taken by another")
    return tuple(found)


def _profile(where: str, table: Mapping[str, object], known: Known) -> Profile:
    check_keys(where, table, _PROFILE_KEYS)
    if "name" not in table:
        raise wrong(f'{where}: name: give it one, as in name = "Children"')
    name = read_name(f"{where}: name", table["name"])
    if name in _POLICIES:
        raise wrong(f"{where}: name: {name!r} means something else: choose another")
    devices = _who(f"{where}: devices", table.get("devices", ()), known)
    who = Who(
        devices.networks,
        devices.macs,
        devices.families,
        _headers(f"{where}: headers", table.get("headers", {})),
    )
    hours = read_list(f"{where}: hours", table.get("hours", ()), read_hours)
    may_unlock = read_switch(f"{where}: may_unlock", table.get("may_unlock", True))
    is_secret = read_switch(
        f"{where}: secret_addresses", table.get("secret_addresses", False)
    )
    seen = _visibility(where, table, known)
    return Profile(name, who, seen, hours, may_unlock, is_secret)


def _visibility(where: str, table: Mapping[str, object], known: Known) -> Visibility:
    libraries = None
    if "libraries" in table:
        libraries = tuple(
            sorted(
                read_list(
                    f"{where}: libraries",
                    table["libraries"],
                    lambda place, one: _library(place, one, known),
                )
            )
        )
    kinds = ALL_KINDS
    if "kinds" in table:
        kinds = frozenset(read_list(f"{where}: kinds", table["kinds"], read_kind))
    age = _number(f"{where}: age", table, "age", _MOST_AGE)
    unrated = _number(f"{where}: unrated", table, "unrated", _MOST_AGE)
    if unrated is not None and age is None:
        raise wrong(f"{where}: unrated: means nothing without age")
    return Visibility(
        libraries,
        _paths(f"{where}: only", table.get("only", ()), known),
        _paths(f"{where}: hidden", table.get("hidden", ()), known),
        tuple(sorted(kind.value for kind in kinds)),
        age,
        UNRATED if unrated is None else unrated,
    )


def _lock(where: str, table: Mapping[str, object], known: Known) -> Lock:
    check_keys(where, table, _LOCK_KEYS)
    name = read_name(f"{where}: name", table.get("name", "Locked"))
    pin = table.get("pin", "")
    if not isinstance(pin, str) or _PIN.fullmatch(pin) is None:
        raise wrong(
            f'{where}: pin: must be 4 to 8 digits in quotes, as in pin = "4721"'
        )
    folders = _paths(f"{where}: folders", table.get("folders", ()), known)
    age = _number(f"{where}: age", table, "age", _MOST_AGE)
    if not folders and not age:
        raise wrong(f"{where}: name folders or an age (from 1) that it locks")
    minutes = _number(f"{where}: minutes", table, "minutes", _MOST_MINUTES)
    if minutes == 0:
        raise wrong(f"{where}: minutes: must be at least 1")
    return Lock(name, pin, folders, age, minutes or Lock("", "").minutes)


def _check_pins(where: str, locks: Sequence[Lock]) -> None:
    """Refuse PINs that can't be told apart while they are entered."""
    if len({len(lock.pin) for lock in locks}) > 1:
        raise wrong(f"{where}: lock: all PINs must have the same number of digits")
    if len({lock.pin for lock in locks}) < len(locks):
        raise wrong(f"{where}: lock: two locks have the same PIN")


def _who(where: str, value: object, known: Known) -> Who:
    """Return devices from a list of addresses, networks, MACs, names and rules."""
    entries = read_list(where, value, read_text)
    if len(entries) > _MOST:
        raise wrong(f"{where}: more than {_MOST} entries")
    found = [_one(where, entry, known) for entry in entries]
    return Who(
        tuple(network for one in found for network in one.networks),
        frozenset(mac for one in found for mac in one.macs),
        frozenset(family for one in found for family in one.families),
    )


def _one(where: str, text: str, known: Known) -> Who:
    """Return the device or devices that one entry names."""
    for device in known.devices:
        if device.name and device.name.casefold() == text.casefold():
            return Who(tuple(map(ip_network, device.addresses)), device.macs)
    if text in known.families:
        return Who(families=frozenset((text,)))
    try:
        return Who(networks=(ip_network(text, strict=False),))
    except ValueError:
        pass
    if re.fullmatch(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}", text):
        return Who(macs=frozenset((read_mac(where, text),)))
    names = [*filter(None, (device.name for device in known.devices)), *known.families]
    raise wrong(
        f"{where}: {quoted(text)} is no address, network, MAC address, name of a"
        f" [[device]] or rule{nearest(text, names)}"
    )


def _headers(where: str, value: object) -> tuple[tuple[bytes, str], ...]:
    if not isinstance(value, dict) or len(value) > _MOST:
        raise wrong(f'{where}: must be a table, such as {{ "User-Agent" = "*Kodi*" }}')
    headers = []
    for name, pattern in value.items():
        if _HEADER.fullmatch(name) is None:
            raise wrong(f"{where}: {quoted(name)} is no name of a header")
        headers.append((name.lower().encode(), read_text(where, pattern).lower()))
    return tuple(headers)


def _library(where: str, value: object, known: Known) -> str:
    text = read_text(where, value)
    names = [library.name for library in known.libraries]
    if text not in names:
        raise wrong(f"{where}: no library {quoted(text)}{nearest(text, names)}")
    return text


def _paths(where: str, value: object, known: Known) -> tuple[bytes, ...]:
    """Return folders or files that lie in the libraries."""
    paths = []
    for text in read_list(where, value, read_text):
        path = absolute(text, known.base)
        shared = [folder for library in known.libraries for folder in library.folders]
        if not any(path.is_relative_to(folder) for folder in shared):
            raise wrong(f"{where}: {path} lies in no folder of a library")
        paths.append(os.fsencode(path))
    return tuple(sorted(paths))


def _number(where: str, table: Mapping[str, object], key: str, most: int) -> int | None:
    if key not in table:
        return None
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise wrong(
            f"{where}: must be a whole number from 0 to {most}, not {quoted(value)}"
        )
    return value


def _check_policy(where: str, text: str, allowed: Sequence[str]) -> None:
    if text not in allowed:
        raise wrong(
            f"{where}: must be one of {', '.join(allowed)}, not {quoted(text)}"
            f"{nearest(text, allowed)}"
        )


def read_hours(where: str, value: object) -> Hours:
    """Return hours as "15:00-19:00" or "mon-fri,sun 15:00-19:00" says them."""
    text = read_text(where, value)
    found = _HOURS.fullmatch(text.strip().lower())
    if found is not None:
        days, *times = found.groups()
        start_h, start_m, until_h, until_m = map(int, times)
        start, until = start_h * 60 + start_m, until_h * 60 + until_m
        if start < DAY_MINUTES and until <= DAY_MINUTES and start_m < 60 > until_m:
            return Hours(_days(days or "mon-sun"), start, until)
    raise wrong(
        f'{where}: must be hours, such as "15:00-19:30" or "mon-fri 15:00-19:30",'
        f" not {quoted(text)}"
    )


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last[-3:] or first)
        days |= {day % 7 for day in range(start, end + (7 if end < start else 0) + 1)}
    return frozenset(days)
