"""What "upnpserver status" prints, from what net/status_told.py answers. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def report(status: Mapping[str, Any]) -> str:
    """Return how the server is, as a person reads it."""
    lines = [f"{status['name']} (upnpserver {status['version']})"]
    lines += [f"  found at   {url}" for url in status["addresses"]]
    if not status["addresses"]:
        lines.append("  found at   no network yet")
    memory = status["memory_bytes"] / (1 << 20)
    lines += [
        f"  running    for {span_told(status['uptime_s'])}, with {memory:.0f} MiB",
        f"  scanner    {_scan(status['scan'])}",
        *_playing(status["playing"]),
        *map(_library, status["libraries"]),
    ]
    lines += [
        f"  AWAY       {folder}: its disk is unplugged, not mounted, or another's;"
        " what was there comes back with it"
        for folder in status["away"]
    ]
    problems = sum(one["problems"] for one in status["libraries"])
    if problems:
        lines.append(
            f"  PROBLEMS   {problems} {'file' if problems == 1 else 'files'} can't be"
            ' read: "upnpserver scan --problems" names them'
        )
    lines += [f"  LIMIT      {line}" for line in status["limits"]]
    return "\n".join(lines)


def is_well(status: Mapping[str, Any]) -> bool:
    """Tell whether nothing asks for the owner: no disk is away, no limit is reached."""
    return not status["away"] and not status["limits"]


def span_told(seconds: int) -> str:
    """Return "2 days", "1 hour" or "a moment"."""
    for unit_s, unit in _UNITS:
        if seconds >= unit_s:
            count = seconds // unit_s
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a moment"


def _scan(scan: Mapping[str, Any]) -> str:
    if not scan["is_running"]:
        return "up to date"
    done, total = scan["done"], scan["total"]
    if total:
        return f"reading files: {done} of {total} ({100 * done // total} %)"
    return f"reading files: {done}" if done else "looking through the folders"


def _playing(playing: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in playing:
        who = one["name"] or one["address"]
        where = "" if one["percent"] is None else f", at {one['percent']} %"
        rate = one["bytes_per_s"] / 1e6
        yield (
            f"  playing    {one['kind']} on {who} for {span_told(one['since_s'])}"
            f"{where}, {rate:.1f} MB/s"
        )


def _library(one: Mapping[str, Any]) -> str:
    counts = [
        f"{one[key]} {name if one[key] != 1 else single}"
        for key, name, single in (
            ("audio", "tracks", "track"),
            ("video", "videos", "video"),
            ("image", "pictures", "picture"),
        )
        if one[key]
    ]
    return f"  library    {one['name']}: {', '.join(counts) or 'nothing yet'}"
