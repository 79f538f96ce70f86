"""What the household's rules say of a device, for upnpserver explain. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address

from upnpserver.devices.named import NamedDevice
from upnpserver.model import Decision, SeenDevice
from upnpserver.rules.profiles import (
    HouseRules,
    Visitor,
    locks_for,
    seen_with,
    standing_of,
)
from upnpserver.rules.visibility import EVERYTHING, NOTHING, Visibility

_NOWHERE = "0.0.0.0"  # noqa: S104  of a kind of device that is nowhere yet


def who_sees(
    device: str,
    rules: HouseRules,
    named: Sequence[NamedDevice],
    seen: Sequence[SeenDevice],
    decisions: Mapping[str, Decision],
) -> tuple[Visibility, str]:
    """Return what a device sees while no lock is open, and by which rule.

    device: as explain.rule_for() takes it. The line is empty if it sees everything.
    """
    if rules.is_open_house and not decisions:
        return EVERYTHING, ""
    visitor, profile = _visitor(device.lower(), named, seen)
    decision = decisions.get(visitor.place)
    standing = standing_of(
        rules, visitor, decision.decided if decision else "", profile
    )
    if standing == "blocked":
        return NOTHING, "it is blocked, and gets no answer at all"
    if standing == "ask":
        return NOTHING, 'it has to ask first: "upnpserver allow CODE"'
    visibility = seen_with(rules, standing)
    told = [f"by profile {standing.name!r}"] if standing.name else []
    told += [f"at {len(standing.hours)} times of the week"] if standing.hours else []
    locks = [lock.name for lock in locks_for(rules, standing)]
    told += [f"while {', '.join(locks)} is locked"] if locks else []
    if visibility.is_everything and not told:
        return EVERYTHING, ""
    whole = "everything" if visibility.is_everything else "a part of the library"
    return visibility, f"it sees {whole} {', '.join(told)}".strip()


def _visitor(
    device: str, named: Sequence[NamedDevice], seen: Sequence[SeenDevice]
) -> tuple[Visitor, str]:
    """Return who is meant, and the profile that the configuration names with it."""
    own = next((one for one in named if device in _called(one)), None)
    was = next((one for one in seen if device in {one.address, one.mac}), None)
    address, mac, family = _NOWHERE, "", device
    if was is not None:
        address, mac, family = was.address, was.mac, was.family
    elif own is not None:
        address = next(iter(map(str, own.addresses)), _NOWHERE)
        mac = next(iter(own.macs), "")
    with suppress(ValueError):
        address = str(ip_address(device))
    family = (own.family if own else "") or family
    return Visitor(ip_address(address), mac, family), own.profile if own else ""


def _called(one: NamedDevice) -> set[str]:
    return {one.name.lower(), *map(str, one.addresses), *one.macs} - {""}
