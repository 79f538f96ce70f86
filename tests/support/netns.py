"""A small home network made of network namespaces: nothing of it is real.

    server --+
    client --+-- switch (a bridge; client and router do not see each other)
    router --+   default gateway of the server; counts what would leave home

Every host has one interface, eth0, with an address of each family and a
link-local one. The router answers for everything beyond the prefixes of the
home network, so that a packet which should not leave really arrives there and
is counted by destination. The router also owns addresses outside of home, to
knock on the server's door from the wrong side.

Needs root and iproute2 and nftables; without them the test skips, which CI
counts as a failure (tests/conftest.py).
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

INTERFACE = "eth0"
IPV4_PREFIX = "10.77.0.0/24"
IPV6_PREFIX = "fd77:77::/64"
SERVER_IPV4, SERVER_IPV6 = "10.77.0.10", "fd77:77::10"
CLIENT_IPV4, CLIENT_IPV6 = "10.77.0.20", "fd77:77::20"
ROUTER_IPV4, ROUTER_IPV6 = "10.77.0.1", "fd77:77::1"
# Addresses that exist only in documents (RFC 5737, RFC 3849).
FOREIGN_IPV4, FOREIGN_IPV6 = "203.0.113.9", "2001:db8::9"

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)

# What may reach the router without being a packet that leaves: the home
# prefixes, the link, and the groups of SSDP and of multicast membership.
_COUNT_WHAT_LEAVES = f"""
table inet way_out {{
  set seen4 {{ type ipv4_addr; size 4096; flags dynamic; counter; }}
  set seen6 {{ type ipv6_addr; size 4096; flags dynamic; counter; }}
  chain arriving {{
    type filter hook prerouting priority -300; policy accept;
    iifname != "{INTERFACE}" return
    ip daddr {{ {IPV4_PREFIX}, 239.255.255.250, 224.0.0.22, 224.0.0.1 }} return
    ip6 daddr {{ {IPV6_PREFIX}, fe80::/10, ff02::/16 }} return
    ip version 4 update @seen4 {{ ip daddr }}
    ip6 version 6 update @seen6 {{ ip6 daddr }}
  }}
}}
"""
_LIST_SET = ("nft", "-j", "list", "set", "inet", "way_out")


@dataclass(frozen=True, slots=True)
class Host:
    """One machine at home: a network namespace with one interface."""

    namespace: str
    ipv4: str
    ipv6: str
    link_local: str = ""

    def command(self, *argv: str) -> list[str]:
        """Return argv as a command that runs on this host."""
        return ["ip", "netns", "exec", self.namespace, *argv]

    def run(
        self, *argv: str, timeout_s: float = 20, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this host to its end."""
        return _run(*self.command(*argv), timeout_s=timeout_s, check=check)

    def ip(self, words: str) -> None:
        """Change this host's network, as in host.ip("link set eth0 down")."""
        _run("ip", "-netns", self.namespace, *words.split())

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread's new sockets and child processes live on this host."""
        with (
            Path("/proc/thread-self/ns/net").open("rb") as outside,
            Path("/run/netns", self.namespace).open("rb") as inside,
        ):
            _setns(inside.fileno())
            try:
                yield
            finally:
                _setns(outside.fileno())


@dataclass(frozen=True, slots=True)
class HomeNetwork:
    """The hosts, and what the router saw leaving."""

    server: Host
    client: Host
    router: Host

    def left_home(self) -> dict[str, int]:
        """Return packets that reached the way out, counted by destination."""
        seen: dict[str, int] = {}
        for name in ("seen4", "seen6"):
            listing = self.router.run(*_LIST_SET, name)
            for part in json.loads(listing.stdout)["nftables"]:
                for element in part.get("set", {}).get("elem", []):
                    value = element["elem"]
                    seen[value["val"]] = value["counter"]["packets"]
        return seen


def require_namespaces() -> None:
    """Skip the test where namespaces cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            pytest.skip(f"network namespaces need the program {program}")


@contextlib.contextmanager
def home_network() -> Iterator[HomeNetwork]:
    """Build the network, take it down whatever happened in between."""
    require_namespaces()
    mark = f"upnp-{os.getpid()}-{time.monotonic_ns() % 10**9}"
    switch = f"{mark}-switch"
    network = HomeNetwork(
        server=Host(f"{mark}-server", SERVER_IPV4, SERVER_IPV6),
        client=Host(f"{mark}-client", CLIENT_IPV4, CLIENT_IPV6),
        router=Host(f"{mark}-router", ROUTER_IPV4, ROUTER_IPV6),
    )
    hosts = (network.server, network.client, network.router)
    with contextlib.ExitStack() as cleaning:
        for namespace in (switch, *(host.namespace for host in hosts)):
            _run("ip", "netns", "add", namespace)
            cleaning.callback(_remove, namespace)
        _make_switch(switch)
        server, client, router = (_plug_in(host, switch) for host in hosts)
        for host in (server, client):
            host.ip(f"route add default via {ROUTER_IPV4}")
            host.ip(f"-6 route add default via {ROUTER_IPV6}")
        _make_way_out(router)
        yield HomeNetwork(server, client, router)


def _make_switch(namespace: str) -> None:
    # Without snooping and spanning tree it forwards all, from the first packet.
    _run(
        *("ip", "-netns", namespace, "link", "add", "br0", "type", "bridge"),
        *("mcast_snooping", "0", "stp_state", "0", "forward_delay", "0"),
    )
    _run("ip", "-netns", namespace, "link", "set", "br0", "up")


def _plug_in(host: Host, switch: str) -> Host:
    """Cable the host to the switch and return it with its link-local address."""
    for setting in ("all", "default"):
        # No duplicate address detection: an address is usable at once.
        host.run("sysctl", "-qw", f"net.ipv6.conf.{setting}.accept_dad=0")
        host.run("sysctl", "-qw", f"net.ipv6.conf.{setting}.router_solicitations=0")
    port = f"p{host.ipv4.rpartition('.')[2]}"
    host.ip("link set lo up")
    host.ip(f"link add {INTERFACE} type veth peer name {port} netns {switch}")
    _run("ip", "-netns", switch, "link", "set", port, "master", "br0", "up")
    if host.ipv4 != SERVER_IPV4:  # so what reaches the router is the server's
        _run("bridge", "-netns", switch, "link", "set", "dev", port, "isolated", "on")
    host.ip(f"link set {INTERFACE} up multicast on")
    host.ip(f"address add {host.ipv4}/24 brd + dev {INTERFACE}")
    host.ip(f"address add {host.ipv6}/64 dev {INTERFACE} nodad")
    link_local = wait_for_link_local(host)
    return Host(host.namespace, host.ipv4, host.ipv6, link_local)


def _make_way_out(router: Host) -> None:
    """Own the rest of the world, swallow what is sent there, and count it."""
    router.ip(f"link set {INTERFACE} allmulticast on")
    router.ip(f"address add {FOREIGN_IPV4}/32 dev lo")
    router.ip(f"address add {FOREIGN_IPV6}/128 dev lo nodad")
    subprocess.run(
        router.command("nft", "-f", "-"),
        input=_COUNT_WHAT_LEAVES,
        text=True,
        check=True,
        timeout=20,
    )


def wait_for_link_local(host: Host, deadline_s: float = 5) -> str:
    """Return the host's usable link-local address."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        shown = _run(
            *("ip", "-netns", host.namespace, "-json", "-6", "address", "show"),
            *("dev", INTERFACE, "scope", "link", "-tentative"),
        )
        for link in json.loads(shown.stdout):
            for address in link.get("addr_info", []):
                if "local" in address:  # else it is filtered: an empty object
                    return str(address["local"])
        time.sleep(0.02)
    raise TimeoutError(f"{host.namespace} got no link-local address")


def _remove(namespace: str) -> None:
    """End what still runs on the host, then delete it."""
    for pid in _run("ip", "netns", "pids", namespace, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    _run("ip", "netns", "delete", namespace, check=False)


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _run(
    *argv: str, timeout_s: float = 20, check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.returncode}: {done.stderr}")
    return done
