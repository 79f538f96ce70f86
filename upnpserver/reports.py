"""What the command line prints about devices: those seen, and the rules for them.

Pure: values in, text out; the same as JSON.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, cast

from upnpserver.devices.family import SIGNALS, Family, Signal
from upnpserver.devices.named import NamedDevice, named_at, rule_of
from upnpserver.model import SeenDevice
from upnpserver.policy import NO_NEEDS, Needs

NONE_YET = "No device was seen yet: start the server, and look for it on one."
_LAST_SECOND = 253402300799  # of the year 9999


def devices_text(
    seen: Iterable[SeenDevice],
    families: Sequence[Family],
    named: Sequence[NamedDevice],
) -> str:
    """Return a few lines for each device, as a person reads them."""
    blocks = [_block(each) for each in _devices(seen, families, named)]
    return "\n\n".join(blocks) or NONE_YET


def devices_json(
    seen: Iterable[SeenDevice],
    families: Sequence[Family],
    named: Sequence[NamedDevice],
) -> str:
    """Return the same for programs: a list of objects."""
    return _json(list(_devices(seen, families, named)))


def families_text(families: Iterable[Family]) -> str:
    """Return a line for each family: its id, what it is, its name."""
    rows = sorted((family.id, family.kind, family.name) for family in families)
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{name:<{width}}  {kind:<8}  {text}" for name, kind, text in rows)


def families_json(families: Iterable[Family]) -> str:
    """Return the same for programs, with everything that is known."""
    ordered = sorted(families, key=lambda family: family.id)
    return _json([_rule(family, family.needs) for family in ordered])


def uses(needs: Needs) -> dict[str, Any]:
    """Return the fields that differ from what everybody gets, as TOML has them."""
    return {
        field.name: _plain(getattr(needs, field.name))
        for field in fields(needs)
        if getattr(needs, field.name) != getattr(NO_NEEDS, field.name)
    }


def _devices(
    seen: Iterable[SeenDevice],
    families: Sequence[Family],
    named: Sequence[NamedDevice],
) -> Iterator[dict[str, Any]]:
    by_id = {family.id: family for family in families}
    for device in seen:
        own = named_at(named, ip_address(device.address), device.mac)
        family, needs = rule_of(by_id, device.family, own)
        yield {
            "address": device.address,
            "mac": device.mac,
            "name": own.name if own else "",
            "told_by": SIGNALS.get(cast("Signal", device.signal), device.signal),
            "value": device.value,
            "recognised_as": device.family,
            "by_configuration": bool(own),
            "first_seen": _day(device.first_s),
            "last_seen": _day(device.last_s),
            "rule": _rule(family, needs),
        }


def _rule(family: Family | None, needs: Needs) -> dict[str, Any]:
    family = family or Family("", "not known")
    return {
        "id": family.id,
        "name": family.name,
        "kind": family.kind,
        "sure": family.sure,
        "reason": family.reason,
        "evidence": family.evidence,
        "use": uses(needs),
    }


def _block(device: Mapping[str, Any]) -> str:
    rule = device["rule"]
    head = [device["name"], device["address"], device["mac"]]
    name = f"{rule['name']} [{rule['id']}]" if rule["id"] else "not known"
    if device["by_configuration"]:
        name += ", by the configuration"
    lines = [
        "  ".join(part for part in head if part),
        f"  rule     {name}",
        f"  told by  {device['told_by']}: {_printable(device['value']) or '(nothing)'}",
        f"  seen     first {device['first_seen']}, last {device['last_seen']}",
    ]
    if rule["reason"]:
        lines.append(f"  because  {rule['reason']} (sure: {rule['sure']})")
    lines += [f"  use      {key} = {_toml(each)}" for key, each in rule["use"].items()]
    return "\n".join(lines)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(
            f"{_toml(key)} = {_toml(each)}" for key, each in value.items()
        )
        return f"{{ {inner} }}"
    return json.dumps(value, ensure_ascii=False)


def _day(seconds: int) -> str:
    """Return a time as the day that it was, in UTC."""
    bounded = min(max(seconds, 0), _LAST_SECOND)
    return datetime.fromtimestamp(bounded, UTC).date().isoformat()


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
