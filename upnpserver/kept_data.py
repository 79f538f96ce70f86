"""What the server keeps of devices and people: a plain answer, and its end.

Each table of household.sqlite is described here and in README; a test compares both
with the schema.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

Rows = Sequence[Mapping[str, Any]]


class Kind(NamedTuple):
    """One kind of what is kept. off: how it is switched off."""

    what: str
    why: str
    off: str


# By the tables of household.sqlite.
TABLES: Final = {
    "play": Kind(
        "what was played, how often, when last, and where it was left",
        "for Most played, Continue watching and the like",
        "keep_plays = false",
    ),
    "device": Kind(
        "which devices asked: addresses, one header, first and last day",
        'for "upnpserver devices", and to answer each as it needs it',
        "keep_devices = false",
    ),
    "decision": Kind(
        "which devices were let in or blocked, since when",
        'because the owner said so ("upnpserver allow", "block")',
        '"upnpserver forget DEVICE"',
    ),
    "device_name": Kind(
        "what devices are called",
        "because the owner named them on his page",
        "an empty name there",
    ),
    "rule": Kind(
        "which profiles and locks were made on the owner's page, with their PINs",
        "because the owner made them",
        '"upnpserver rules --remove NAME"',
    ),
}
_TIMES: Final = ("_s",)  # columns with seconds since 1970 end so


def told(kept: Mapping[str, Rows], folder: str) -> str:
    """Return the answer as text. kept: by table. folder: the state folder."""
    lines = [f"In {folder}/household.sqlite, and nowhere else:"]
    for name, rows in kept.items():
        kind = TABLES.get(name, Kind(name, "", ""))
        lines += ["", f"- {kind.what}: {_count(rows)}"]
        lines += [f"    why: {kind.why}", f"    off: {kind.off}"]
        lines += [f"    {_row(row)}" for row in rows]
    if not kept:
        lines += ["", "nothing: the file isn't there"]
    lines += [
        "",
        "The catalog beside it tells what is in the shared folders; pictures/ holds"
        " small forms of them. Both can be deleted at any time. The log tells no titles"
        ' and no paths above "debug". Nothing of all this leaves the house.',
    ]
    return "\n".join(lines)


def exported(kept: Mapping[str, Rows]) -> str:
    """Return all that is kept as JSON."""
    return json.dumps(
        {name: list(map(dict, rows)) for name, rows in kept.items()}, indent=2
    )


def _count(rows: Rows) -> str:
    times = [
        value
        for row in rows
        for name, value in row.items()
        if name.endswith(_TIMES) and isinstance(value, int) and value
    ]
    since = f", since {_day(min(times))}" if times else ""
    return f"{len(rows)} {'entry' if len(rows) == 1 else 'entries'}{since}"


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.removesuffix('_s')} {_day(value)}"
        if name.endswith(_TIMES) and isinstance(value, int)
        else f"{name} {value}"
        for name, value in row.items()
        if value not in ("", None)
    )


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "?"
