"""Checks of the network: whether searches reach us, and answers the TV."""

import contextlib
import errno
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import which
from typing import Final, NamedTuple

from upnpserver.config import Config
from upnpserver.control_point.searching import search, sender
from upnpserver.doctor import lan
from upnpserver.doctor.findings import Finding, bad, note, ok
from upnpserver.doctor.firewall import Firewall, Packet, read_iptables, read_nftables
from upnpserver.net.interfaces import Interface, left_out_line, usable_interfaces

GROUP, SSDP_PORT = "239.255.255.250", 1900
PORTS: Final = range(8200, 8220)
LISTENED_S = 3.0
_PROBE: Final = b"upnpserver doctor"
_MULTICAST_FLAG: Final = 0x1000  # IFF_MULTICAST
_RULES_S = 10.0


class Server(NamedTuple):
    """The server that is asked about. uuid: "" if it has none yet."""

    uuid: str
    port: int
    is_running: bool


def network_findings(config: Config, server: Server) -> list[Finding]:
    """Look at the network."""
    found = usable_interfaces(config.interfaces)
    findings = [_interfaces(config, found.usable)]
    left_out = left_out_line(found)
    if left_out:
        findings.append(note("interfaces left out", left_out))
    firewalls = _firewalls()
    for interface in found.usable:
        if interface.ipv4:
            findings += _interface_findings(interface, server, firewalls)
    if firewalls is None:
        findings.append(
            note("firewall", "its rules can't be read by this user", "run this as root")
        )
    findings.append(_ports(server.port, is_running=server.is_running))
    return findings


def _interfaces(config: Config, usable: Iterable[Interface]) -> Finding:
    names = [one.name for one in usable if one.ipv4]
    if names:
        return ok("network", f"served on {', '.join(names)}")
    wanted = ", ".join(config.interfaces)
    return bad(
        "network",
        f"no interface {wanted} with an address"
        if wanted
        else "no home network is there",
        "plug in the cable or join the Wi-Fi; name an unusual one with --interface",
    )


def _interface_findings(
    interface: Interface,
    server: Server,
    firewalls: list[Firewall] | None,
) -> Iterator[Finding]:
    yield _multicast(interface)
    answers = _answers(interface)
    own = str(interface.ipv4[0].ip)
    others = {address for address, _ in answers} - {own}
    yield _others(interface, others)
    yield from lan.findings(interface, someone_answers=bool(others))
    if server.uuid:
        twins = {address for address, text in answers if server.uuid in text} - {own}
        yield from _twins(twins)
    if server.is_running:
        yield _own_answer(interface, server.uuid, answers, own)
    if firewalls is not None:
        yield _firewall(interface, server.port, firewalls)


def _multicast(interface: Interface) -> Finding:
    """Send to the group what this machine must hear itself."""
    what = f"multicast on {interface.name}"
    flags = Path("/sys/class/net", interface.name, "flags")
    with contextlib.suppress(OSError, ValueError):
        if not int(flags.read_text(), 16) & _MULTICAST_FLAG:
            return bad(
                what,
                "it is switched off: no device can find this server",
                f"ip link set {interface.name} multicast on",
            )
    try:
        with _listener(interface) as listening, sender(interface) as sending:
            sending.sendto(_PROBE, (GROUP, SSDP_PORT))
            end = time.monotonic() + LISTENED_S
            while (left := end - time.monotonic()) > 0:
                listening.settimeout(left)
                if listening.recv(2000) == _PROBE:
                    return ok(what, "what is sent to the group comes back")
    except TimeoutError:
        pass
    except OSError as error:
        return bad(
            what,
            f"nothing can be sent to {GROUP}: {error.strerror}",
            f"ip route add 224.0.0.0/4 dev {interface.name}, and look at the firewall's"
            " rules for what goes out",
        )
    return bad(
        what,
        "what is sent to the group doesn't come back: searches of TVs won't either",
        f"let UDP {SSDP_PORT} in (see the firewall below)",
    )


@contextlib.contextmanager
def _listener(interface: Interface) -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("", SSDP_PORT))
        member = struct.pack(
            "@4s4si", socket.inet_aton(GROUP), bytes(4), interface.index
        )
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        yield listening


def _answers(interface: Interface) -> list[tuple[str, str]]:
    """Return (address, answer) of everybody who answers a search."""
    return [(address, data.decode("latin-1")) for address, data in search(interface)]


def _others(interface: Interface, addresses: set[str]) -> Finding:
    what = f"other devices on {interface.name}"
    if addresses:
        return ok(what, f"{len(addresses)} answer searches")
    return note(
        what,
        "none answers a search",
        "if TVs are on: look in the router and switches for IGMP snooping, client"
        " isolation or a guest network, which keep devices apart",
    )


def _twins(addresses: Iterable[str]) -> Iterator[Finding]:
    for address in sorted(addresses):
        yield bad(
            "twin",
            f"the server at {address} has the same UUID: devices take both for one",
            "delete the file uuid in the state folder of the one that was copied",
        )


def _own_answer(
    interface: Interface, uuid: str, answers: Iterable[tuple[str, str]], own: str
) -> Finding:
    what = f"this server on {interface.name}"
    if any(address == own and uuid in text for address, text in answers):
        return ok(what, "it answers searches")
    return bad(
        what,
        "it runs, and doesn't answer a search from this machine",
        "look at its log; was it told to serve on another interface?",
    )


def _firewall(
    interface: Interface, port: int, firewalls: Iterable[Firewall]
) -> Finding:
    what = f"firewall on {interface.name}"
    network = interface.ipv4[0].network
    source = next(
        (host for host in network.hosts() if host != interface.ipv4[0].ip), None
    )
    asked = [("udp", SSDP_PORT), ("tcp", port)]
    stopped = [
        f"{protocol.upper()} {number}"
        for protocol, number in asked
        if source is not None
        and any(
            one.stops(Packet(protocol, number, interface.name, source))
            for one in firewalls
        )
    ]
    if not stopped:
        return ok(what, "no rule stops TVs")
    return bad(
        what,
        f"it drops {' and '.join(stopped)}: TVs don't get through",
        f"ufw allow from {network} to any port {SSDP_PORT} proto udp; ufw allow from"
        f" {network} to any port {port} proto tcp (or so with firewall-cmd or nft)",
    )


def _firewalls() -> list[Firewall] | None:
    """Return the rules of this machine, None if this user may not read them."""
    found = []
    for argv, read in (
        (["nft", "-j", "list", "ruleset"], read_nftables),
        (["iptables", "-S"], read_iptables),
    ):
        program = which(argv[0])
        if program is None:
            continue
        try:
            listed = subprocess.run(  # noqa: S603  the system's own
                [program, *argv[1:]],
                capture_output=True,
                text=True,
                timeout=_RULES_S,
                check=True,
            )
        except subprocess.CalledProcessError:
            return None
        except (OSError, subprocess.TimeoutExpired):
            continue
        found.append(read(listed.stdout))
    return found


def _ports(port: int, *, is_running: bool) -> Finding:
    what = f"TCP port {port}"
    if is_running:
        return ok(what, "this server has it")
    try:
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind(("", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return bad(what, error.strerror or str(error), "choose another with --port")
        return bad(
            what,
            "another program has it",
            f'see which: ss -ltnp "sport = :{port}"; end it, or choose another: --port',
        )
    return ok(what, "free")
