"""Who asks: a request's policy, from what it tells and what is known of its address.

Looked up once for each address and agent; then it is one entry of a table, for an
hour. What a device announces (SSDP) is taken note of, and never fetched.

Source: reference devices.md section 1.
"""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from upnpserver.config import NamedDevice
from upnpserver.devices.arp import MAX_BYTES, mac_in_table, mac_inside
from upnpserver.devices.family import SIGNALS, Family, Signal
from upnpserver.devices.memory import Memory
from upnpserver.devices.recognise import MAX_VALUE, Recognised, recognise
from upnpserver.net.request import ServerRequest
from upnpserver.policy import NO_NEEDS, ClientPolicy, needs_with

MAX_VISITORS = 512  # addresses and agents; a house has some dozens
LOOKED_UP_S = 3600.0
MAX_NEWS_A_SECOND = 20  # announcements that are looked at: one costs 0.2 ms
_ARP = Path("/proc/net/arp")

Address = IPv4Address | IPv6Address
_HEADERS: Mapping[Signal, bytes] = {
    signal: name.lower().encode() for signal, name in SIGNALS.items()
}
_UA, _CLIENT, _UNIT = _HEADERS["ua"], _HEADERS["client"], _HEADERS["unit"]
_FNAME, _PANREG = _HEADERS["fname"], _HEADERS["panreg"]


class _Known:
    """A policy that was found; place: it changes with what is known there."""

    __slots__ = ("place", "policy", "until_s")

    def __init__(self, policy: ClientPolicy, until_s: float, place: str) -> None:
        self.policy, self.until_s, self.place = policy, until_s, place


def arp_table() -> str:
    """Return the kernel's table of neighbours: no disk is behind it."""
    try:
        with _ARP.open("rb") as opened:
            return opened.read(MAX_BYTES).decode("ascii", "replace")
    except OSError:
        return ""


class Visitors:
    """Decides who asks.

    families: in the order in which they are tried. named: what the owner says of
    single devices. letters_from: see ClientPolicy. now_s: seconds that never go
    back. neighbours: the kernel's table.
    """

    def __init__(
        self,
        families: Sequence[Family],
        named: Sequence[NamedDevice],
        letters_from: int,
        now_s: Callable[[], float],
        neighbours: Callable[[], str] = arp_table,
    ) -> None:
        self._families, self._named = families, named
        self._by_id = {family.id: family for family in families}
        self._letters_from = letters_from
        self._now_s, self._neighbours = now_s, neighbours
        self._memory = Memory()
        self._known: dict[tuple[Address | bytes | None, ...], _Known] = {}
        self._policies: dict[
            tuple[Family | None, NamedDevice | None], ClientPolicy
        ] = {}
        self._heard: dict[tuple[Address, str], float] = {}
        self._news, self._news_second = 0, 0

    def policy_for(self, request: ServerRequest) -> ClientPolicy:
        """Return what holds for the device that sent a request."""
        get = request.head.headers.get
        key = (
            *(request.peer, get(_UA), get(_CLIENT)),
            *(get(_UNIT), get(_FNAME), get(_PANREG)),
        )
        known, now_s = self._known.get(key), self._now_s()
        if known is None or now_s >= known.until_s:
            known = self._look_up(request, now_s)
            if len(self._known) >= MAX_VISITORS:
                del self._known[next(iter(self._known))]
            self._known[key] = known
        return known.policy

    def heard(self, source: Address, signal: Signal, value: str) -> None:
        """Take note of what a device announces, or says when it searches."""
        now_s, key = self._now_s(), (source, value)
        if now_s < self._heard.get(key, 0.0):
            return
        if int(now_s) != self._news_second:
            self._news_second, self._news = int(now_s), 0
        self._news += 1
        if self._news > MAX_NEWS_A_SECOND:
            return
        if len(self._heard) >= MAX_VISITORS:
            self._heard.clear()
        self._heard[key] = now_s + LOOKED_UP_S
        recognised = recognise(self._families, {signal: value})
        if recognised is not None:
            place = _place(source, self._mac(source))
            if self._memory.announced(place, recognised, now_s):
                self._forget(place)

    def _look_up(self, request: ServerRequest, now_s: float) -> _Known:
        mac = self._mac(request.peer)
        place = _place(request.peer, mac)
        own = recognise(self._families, _signals(request.head.headers))
        recognised = self._memory.settled(place, own, now_s)
        tells = own is not None and own is recognised and not own.family.is_generic
        if tells:  # and others from there, that tell nothing, are this one now
            self._forget(place)
        named = self._name_of(request.peer, mac)
        policy = self._policy(recognised, named)
        return _Known(policy, now_s + LOOKED_UP_S, "" if tells else place)

    def _forget(self, place: str) -> None:
        """Look those up again whose answer depends on what is known of place."""
        depend = [key for key, known in self._known.items() if known.place == place]
        for key in depend:
            del self._known[key]

    def _policy(
        self, recognised: Recognised | None, named: NamedDevice | None
    ) -> ClientPolicy:
        family = recognised.family if recognised else None
        if named is not None and named.family:
            family = self._by_id[named.family]
        policy = self._policies.get((family, named))
        if policy is None:
            needs = family.needs if family else NO_NEEDS
            if named is not None:
                needs = needs_with(needs, named.changes)
            name = family.id if family else ClientPolicy().device
            policy = ClientPolicy(name, needs, self._letters_from)
            self._policies[family, named] = policy
        return policy

    def _name_of(self, address: Address, mac: str) -> NamedDevice | None:
        for named in self._named:
            if address in named.addresses or (mac and mac in named.macs):
                return named
        return None

    def _mac(self, address: Address) -> str:
        if isinstance(address, IPv6Address):
            return mac_inside(address)
        return mac_in_table(self._neighbours(), str(address))


def _place(address: Address, mac: str) -> str:
    """Return what a device keeps longest: its MAC address, where that is known."""
    return mac or str(address)


def _signals(headers: Mapping[bytes, bytes]) -> dict[Signal, str]:
    return {
        signal: headers[name][:MAX_VALUE].decode("latin-1")
        for signal, name in _HEADERS.items()
        if name in headers and signal != "server"
    }
