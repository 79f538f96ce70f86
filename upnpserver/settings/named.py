"""What the owner says of single devices: the tables [[device]] of the configuration."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from upnpserver.devices.family import Family
from upnpserver.devices.named import NamedDevice
from upnpserver.settings.families import one_known
from upnpserver.settings.keys import (
    check_keys,
    read_list,
    read_mac,
    read_name,
    read_text,
)
from upnpserver.settings.use import read_use
from upnpserver.settings.wording import quoted, wrong

MAX_DEVICES = 200
_KEYS = {"name", "address", "mac", "rule", "use", "profile"}


def read_devices(
    where: str, value: object, families: Sequence[Family]
) -> tuple[NamedDevice, ...]:
    """Return the devices of [[device]] tables. Raises ConfigError."""
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise wrong(f"{where}: device: each one starts with a line [[device]]")
    if len(value) > MAX_DEVICES:
        raise wrong(f"{where}: device: more than {MAX_DEVICES} of them")
    known = [family.id for family in families]
    devices = tuple(
        _device(f"{where}: device {number}", table, known)
        for number, table in enumerate(value, 1)
    )
    _check_apart(where, devices)
    return devices


def _device(
    where: str, table: Mapping[str, object], known: Sequence[str]
) -> NamedDevice:
    check_keys(where, table, _KEYS)
    addresses = _one_or_more(f"{where}: address", table.get("address", ()))
    macs = _one_or_more(f"{where}: mac", table.get("mac", ()))
    if not addresses and not macs:
        raise wrong(
            f'{where}: name it by address = "192.168.1.20" or by'
            ' mac = "00:11:22:33:44:55"'
        )
    return NamedDevice(
        read_name(f"{where}: name", table["name"]) if "name" in table else "",
        frozenset(_address(f"{where}: address", text) for text in addresses),
        frozenset(read_mac(f"{where}: mac", text) for text in macs),
        one_known(f"{where}: rule", table["rule"], known) if "rule" in table else "",
        read_use(f"{where}: use", table.get("use", {})),
        read_name(f"{where}: profile", table["profile"]) if "profile" in table else "",
    )


def _one_or_more(where: str, value: object) -> tuple[str, ...]:
    return read_list(where, [value] if isinstance(value, str) else value, read_text)


def _address(where: str, text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise wrong(
            f'{where}: must be an address, such as "192.168.1.20", not {quoted(text)}'
        ) from None


def _check_apart(where: str, devices: Sequence[NamedDevice]) -> None:
    """Refuse an address that two tables name: only one of them would hold."""
    seen: dict[object, int] = {}
    for number, device in enumerate(devices, 1):
        for place in (*device.addresses, *device.macs):
            if place in seen:
                raise wrong(
                    f"{where}: device {number}: {place} is named by device"
                    f" {seen[place]} too: leave it out in one of them"
                )
            seen[place] = number
