"""What lies between this machine and the TVs: switches, containers, VLANs.

Source: Linux, Documentation/networking/bridge.rst (multicast_snooping), ABI
testing/sysfs-class-net; RFC 4541 (IGMP snooping).
"""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from upnpserver.control_point.searching import search
from upnpserver.devices.arp import MAX_BYTES, neighbours
from upnpserver.doctor.findings import Finding, bad, note
from upnpserver.net.interfaces import SYS_CLASS_NET, Interface
from upnpserver.offline.addresses import LocalNetworks

ARP_TABLE = Path("/proc/net/arp")
MOST_ASKED = 64
# Written by Docker and by Podman into each container.
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
# What Docker and Podman give containers that have no network of the house.
_CONTAINER_NETWORKS = LocalNetworks(
    (IPv4Network("172.16.0.0/12"), IPv4Network("10.88.0.0/16"))
)
_CONTAINER_NAMES = ("docker", "br-", "virbr", "lxc", "lxd", "cni", "podman")


def findings(
    interface: Interface,
    *,
    someone_answers: bool,
    sys_class_net: Path = SYS_CLASS_NET,
    marks: tuple[Path, ...] = CONTAINER_MARKS,
) -> Iterator[Finding]:
    """Look at what an interface leads to. someone_answers: a search of the group."""
    if not someone_answers:
        yield from _kept_back(interface)
    folder = sys_class_net / interface.name
    yield from _container(interface, folder, marks)
    yield from _bridge(interface, folder)
    yield from _vlan(interface, folder)


def _kept_back(interface: Interface) -> Iterator[Finding]:
    """Ask each neighbour by itself, as nobody answers who is asked as the group."""
    with suppress(OSError), ARP_TABLE.open("rb") as file:
        table = file.read(MAX_BYTES).decode("ascii", "replace")
        asked = neighbours(table, interface.name)[:MOST_ASKED]
        answered = {address for address, _ in search(interface, asked=asked)}
        if answered:
            yield bad(
                f"multicast beyond {interface.name}",
                f"{', '.join(sorted(answered))} answers when asked alone, nobody when"
                " all are asked: a switch or access point keeps multicast back",
                "in the switch, router or access point switch IGMP snooping off, or"
                " its querier on; look there for client isolation, too",
            )


def _container(
    interface: Interface, folder: Path, marks: tuple[Path, ...]
) -> Iterator[Finding]:
    is_inside = any(mark.exists() for mark in marks)
    has_own_network = _text(folder / "iflink") != _text(folder / "ifindex")
    address = interface.ipv4[0].ip
    if is_inside and has_own_network and _CONTAINER_NETWORKS.contains(address):
        yield bad(
            f"container on {interface.name}",
            f"{address} is in a network of containers: TVs aren't in it",
            "start the container with the network of the machine: --network host",
        )
    elif interface.name.startswith(_CONTAINER_NAMES):
        yield bad(
            f"containers on {interface.name}",
            "this is a network of containers or virtual machines: TVs aren't in it",
            "name the interface of the house's network instead: --interface NAME",
        )


def _bridge(interface: Interface, folder: Path) -> Iterator[Finding]:
    bridge = folder / "bridge"
    is_snooping = _text(bridge / "multicast_snooping") == "1"
    if is_snooping and _text(bridge / "multicast_querier") == "0":
        yield note(
            f"bridge {interface.name}",
            "it looks where multicast goes, and asks nobody for it: where the house"
            " has no other querier, devices vanish after some minutes",
            f"echo 0 > /sys/class/net/{interface.name}/bridge/multicast_snooping",
        )


def _vlan(interface: Interface, folder: Path) -> Iterator[Finding]:
    if "DEVTYPE=vlan" in _text(folder / "uevent").split():
        yield note(
            f"VLAN {interface.name}",
            f"only devices of this VLAN ({interface.ipv4[0].network}) find the server",
            "name the interface that TVs are on: --interface NAME",
        )


def _text(file: Path) -> str:
    """Return what a file says, "" without it."""
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""
