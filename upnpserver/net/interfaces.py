"""Which network interfaces belong to the house, and when that changes.

Facts come from /sys/class/net, addresses from netifaces. Source: Linux
ABI/testing/sysfs-class-net, if_arp.h (ARPHRD), if.h (IFF); reference ssdp.md 4.
"""

import errno
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path

import netifaces

from upnpserver.offline.addresses import PRIVATE

SYS_CLASS_NET = Path("/sys/class/net")

_UP, _LOOPBACK, _POINT_TO_POINT, _MULTICAST = 0x1, 0x8, 0x10, 0x1000
_ETHERNET = 1  # ARPHRD_ETHER: cables and Wi-Fi; tunnels have other types
_BRIDGE, _TUNNEL, _MODEM = "a bridge", "a tunnel", "a mobile modem"
_CONTAINERS = "a network of containers or virtual machines"
_NO_CABLE, _NOT_PRIVATE = "neither cable nor Wi-Fi", "no private address"
# DEVTYPE in uevent; a mobile modem can look like a cable.
_NOT_A_HOME = {
    "bridge": _BRIDGE,
    "vxlan": _TUNNEL,
    "geneve": _TUNNEL,
    "wireguard": _TUNNEL,
    "wwan": _MODEM,
}
# What the facts don't tell from a cable, or from a bridge of the house.
_CONTAINER_NAMES = (
    *("docker", "br-", "virbr", "vmnet", "vboxnet"),
    *("lxc", "lxd", "cni", "flannel", "podman"),
)
_TUNNEL_NAMES = ("tap", "tun", "wg", "zt")
_END_NAMES = ("veth", "cali", "vnet")  # one for each container or machine

# What this process or machine has run out of says nothing about an interface.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}

Address = Mapping[str, str]
Addresses = Callable[[str], Mapping[int, Sequence[Address]]]


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface with its addresses; link-local IPv6 comes first."""

    name: str
    index: int
    ipv4: tuple[IPv4Interface, ...] = ()
    ipv6: tuple[IPv6Interface, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An interface with an IPv4 address that is served only if it is named."""

    name: str
    why: str  # what it is instead of the house's network: "a bridge"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is at one moment, each by name."""

    usable: tuple[Interface, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def usable_interfaces(
    wanted: Collection[str] = (),
    *,
    sys_class_net: Path = SYS_CLASS_NET,
    addresses: Addresses = netifaces.ifaddresses,
) -> Found:
    """Return the interfaces that are up and have an address.

    wanted: only these, whatever they are; empty means every one that looks
    like the house's own network: no loopback, tunnel, bridge or container
    network, and no address but a private one. What has an address and is none
    of these is told as left out. Raises OSError if it is not possible to look.
    """
    usable, left_out = [], []
    for folder in sorted(sys_class_net.iterdir()):
        name = folder.name
        if wanted and name not in wanted:
            continue
        try:
            seen = _seen(folder, addresses, is_named=bool(wanted))
        except ValueError:  # netifaces: it went away while we looked
            continue
        except OSError as error:  # it went away, or is a file: bonding_masters
            if error.errno in _EXHAUSTED:
                raise
            continue
        if isinstance(seen, Interface):
            usable.append(seen)
        elif seen is not None:
            left_out.append(seen)
    return Found(tuple(usable), tuple(left_out))


def left_out_line(found: Found) -> str:
    """Return what was left out, why, and what to do; "" if nothing was.

    A bridge may well be the house's network; nothing else is recommended.
    """
    if not found.left_out:
        return ""
    listed = ", ".join(f"{one.name} ({one.why})" for one in found.left_out)
    bridges = [one.name for one in found.left_out if one.why == _BRIDGE]
    names = [*(one.name for one in found.usable), *bridges] if bridges else ["NAME"]
    options = " ".join(f"--interface {name}" for name in names)
    return f"left out: {listed}; if the house uses it, name what to serve on: {options}"


def _seen(
    folder: Path, addresses: Addresses, *, is_named: bool
) -> Interface | LeftOut | None:
    """Return where to serve, or what is left out; None: nothing to tell of."""
    if not _is_up(folder) or (not is_named and _is_inner(folder)):
        return None
    given = addresses(folder.name)
    why_not = "" if is_named else _why_not_home(folder)
    if not why_not:
        interface = _described(folder, given, is_named=is_named)
        if interface.ipv4 or interface.ipv6:
            return interface
    if is_named or socket.AF_INET not in given:
        return None
    return LeftOut(folder.name, why_not or _NOT_PRIVATE)


def _is_up(folder: Path) -> bool:
    flags = _flags(folder)
    if flags & _LOOPBACK:  # has no carrier
        return bool(flags & _UP)
    # Reading carrier of an interface that is down is an error of its own.
    return bool(flags & _UP) and _text(folder / "carrier") == "1"


def _is_inner(folder: Path) -> bool:
    """Tell whether it leads nowhere of its own."""
    return (
        bool(_flags(folder) & _LOOPBACK)
        or (folder / "brport").exists()  # its bridge has the addresses
        or folder.name.startswith(_END_NAMES)
    )


def _why_not_home(folder: Path) -> str:
    """Return what it is instead of the house's network, "" if it looks like that."""
    flags = _flags(folder)
    if folder.name.startswith(_CONTAINER_NAMES):
        return _CONTAINERS
    if (
        flags & _POINT_TO_POINT
        or (folder / "tun_flags").exists()
        or folder.name.startswith(_TUNNEL_NAMES)
    ):
        return _TUNNEL
    if (folder / "bridge").exists():
        return _BRIDGE
    is_cable = flags & _MULTICAST and _text(folder / "type") == str(_ETHERNET)
    return _NOT_A_HOME.get(_device_type(folder), "" if is_cable else _NO_CABLE)


def _flags(folder: Path) -> int:
    return int(_text(folder / "flags"), 16)


def _text(file: Path) -> str:
    return file.read_text("ascii").strip()


def _device_type(folder: Path) -> str:
    for line in _text(folder / "uevent").splitlines():
        if line.startswith("DEVTYPE="):
            return line.removeprefix("DEVTYPE=")
    return ""


def _described(
    folder: Path, addresses: Mapping[int, Sequence[Address]], *, is_named: bool
) -> Interface:
    ipv4 = [
        IPv4Interface(f"{one['addr']}/{one['netmask']}")
        for one in addresses.get(socket.AF_INET, ())
        if "netmask" in one
    ]
    ipv6 = [
        IPv6Interface(f"{one['addr'].partition('%')[0]}/{_prefix_length(one)}")
        for one in addresses.get(socket.AF_INET6, ())
    ]
    index = int(_text(folder / "ifindex"))
    at_home = ipv4 if is_named else [one for one in ipv4 if _is_at_home(one)]
    if ipv4 and not at_home:  # the cable leads out of the house
        return Interface(folder.name, index)
    # 169.254/16 is what a machine gives itself when nobody else does.
    given = [one for one in at_home if not one.is_link_local]
    ipv6.sort(key=lambda one: not one.is_link_local)
    return Interface(folder.name, index, tuple(given or at_home), tuple(ipv6))


def _is_at_home(address: IPv4Interface) -> bool:
    return address.is_link_local or any(address.ip in network for network in PRIVATE)


def _prefix_length(address: Address) -> int:
    """Return the prefix length of "ffff:ffff:ffff:ffff::/64", or of a bare mask."""
    mask, slash, length = address.get("netmask", "/128").partition("/")
    if slash:
        return int(length)
    return int.from_bytes(socket.inet_pton(socket.AF_INET6, mask), "big").bit_count()
