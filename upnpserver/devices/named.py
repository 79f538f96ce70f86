"""What the owner says of single devices, and what holds for a device by it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from upnpserver.devices.family import Family
from upnpserver.policy import NO_NEEDS, Needs, needs_with


@dataclass(frozen=True, slots=True, eq=False)
class NamedDevice:
    """What the owner says of one device, told by its address or its MAC address.

    Compared by identity. family: the id of one; empty: the one that it is
    recognised as. changes: of that family's needs, see policy.needs_with().
    profile: the name of the rules/profiles.py Profile that holds for it.
    """

    name: str = ""
    addresses: frozenset[IPv4Address | IPv6Address] = frozenset()
    macs: frozenset[str] = frozenset()
    family: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    profile: str = ""


def named_at(
    named: Iterable[NamedDevice], address: IPv4Address | IPv6Address, mac: str
) -> NamedDevice | None:
    """Return what the owner says of the device at an address; mac: "" if unknown."""
    for own in named:
        if address in own.addresses or (mac and mac in own.macs):
            return own
    return None


def rule_of(
    families: Mapping[str, Family], recognised: str, own: NamedDevice | None
) -> tuple[Family | None, Needs]:
    """Return a device's family and what it needs.

    families: by their ids. recognised: the id of what it is recognised as, or "".
    own: what the owner says, which goes before.
    """
    family = families.get((own.family if own else "") or recognised)
    needs = family.needs if family else NO_NEEDS
    return family, needs_with(needs, own.changes) if own else needs
