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
# DEVTYPE in uevent; wwan is a mobile modem, which can look like a cable.
_NOT_A_HOME = {"bridge", "vxlan", "geneve", "wireguard", "wwan"}
# Ends of container and virtual machine networks that the facts don't tell from
# a cable.
_NOT_A_HOME_NAMES = (
    *("veth", "docker", "br-", "virbr", "vnet", "vmnet", "vboxnet"),
    *("lxc", "lxd", "cni", "cali", "flannel", "podman", "tap", "tun", "wg", "zt"),
)

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


def usable_interfaces(
    wanted: Collection[str] = (),
    *,
    sys_class_net: Path = SYS_CLASS_NET,
    addresses: Addresses = netifaces.ifaddresses,
) -> tuple[Interface, ...]:
    """Return the interfaces that are up and have an address, by name.

    wanted: only these, whatever they are; empty means every one that looks
    like the house's own network: no loopback, tunnel, bridge or container
    network, and no address but a private one. Raises OSError if it is not
    possible to look.
    """
    found = []
    for folder in sorted(sys_class_net.iterdir()):
        name = folder.name
        if wanted and name not in wanted:
            continue
        try:
            if _is_up(folder) and (wanted or _looks_like_home(folder)):
                found.append(_described(folder, addresses(name), is_named=bool(wanted)))
        except ValueError:  # netifaces: it went away while we looked
            continue
        except OSError as error:  # it went away, or is a file: bonding_masters
            if error.errno in _EXHAUSTED:
                raise
    return tuple(interface for interface in found if interface.ipv4 or interface.ipv6)


def _is_up(folder: Path) -> bool:
    flags = _flags(folder)
    if flags & _LOOPBACK:  # has no carrier
        return bool(flags & _UP)
    # Reading carrier of an interface that is down is an error of its own.
    return bool(flags & _UP) and _text(folder / "carrier") == "1"


def _looks_like_home(folder: Path) -> bool:
    flags = _flags(folder)
    return (
        bool(flags & _MULTICAST)
        and not flags & (_LOOPBACK | _POINT_TO_POINT)
        and _text(folder / "type") == str(_ETHERNET)
        and not (folder / "bridge").exists()
        and not (folder / "brport").exists()  # its bridge has the addresses
        and not (folder / "tun_flags").exists()
        and _device_type(folder) not in _NOT_A_HOME
        and not folder.name.startswith(_NOT_A_HOME_NAMES)
    )


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
