"""Profiles and locks as the tables of a configuration that would make them. Pure.

The other way round than rules.py, for a page on which they are changed.
"""

import os
from collections.abc import Sequence
from typing import Any

from upnpserver.rules.hours import DAYS, Hours
from upnpserver.rules.profiles import Lock, Profile
from upnpserver.rules.visibility import ALL_KINDS

Table = dict[str, Any]


def profile_table(profile: Profile) -> Table:
    """Return the table [[profile]] of a profile."""
    who, seen = profile.who, profile.visibility
    networks = [
        str(one.network_address if one.num_addresses == 1 else one)
        for one in who.networks
    ]
    table: Table = {
        "name": profile.name,
        "devices": [*networks, *sorted(who.macs), *sorted(who.families)],
        "headers": {name.decode(): pattern for name, pattern in who.headers},
        "only": _paths(seen.only),
        "hidden": _paths(seen.hidden),
        "hours": list(map(hours_told, profile.hours)),
        "may_unlock": profile.may_unlock,
        "secret_addresses": profile.secret_addresses,
    }
    if seen.libraries is not None:
        table["libraries"] = list(seen.libraries)
    if seen.kinds != ALL_KINDS:
        table["kinds"] = list(seen.kinds)
    if seen.age is not None:
        table |= {"age": seen.age, "unrated": seen.unrated}
    return {key: value for key, value in table.items() if value not in ([], {})}


def lock_table(lock: Lock) -> Table:
    """Return the table [[lock]] of a lock."""
    table: Table = {"name": lock.name, "pin": lock.pin, "minutes": lock.minutes}
    if lock.folders:
        table["folders"] = _paths(lock.folders)
    if lock.age is not None:
        table["age"] = lock.age
    return table


def hours_told(hours: Hours) -> str:
    """Return "mon,tue 15:00-19:30"."""
    days = ",".join(day for number, day in enumerate(DAYS) if number in hours.days)
    return f"{days} {_time(hours.start)}-{_time(hours.until)}"


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _paths(paths: Sequence[bytes]) -> list[str]:
    return list(map(os.fsdecode, paths))
