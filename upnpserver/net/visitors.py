"""Who asks: a request's policy, from what it tells and what is known of its address.

Looked up once for each address and agent; then it is one entry of a table, for an
hour. What a device announces (SSDP) is taken note of, and never fetched.

Source: reference devices.md section 1.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from upnpserver.config import Config
from upnpserver.devices.arp import MAX_BYTES, mac_in_table, mac_inside
from upnpserver.devices.family import SIGNALS, Family, Signal
from upnpserver.devices.memory import Memory
from upnpserver.devices.named import NamedDevice, named_at, rule_of
from upnpserver.devices.recognise import MAX_VALUE, Recognised, recognise
from upnpserver.dlna.converted import able, can_take_out
from upnpserver.model import SeenDevice
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.request import ServerRequest
from upnpserver.policy import ClientPolicy
from upnpserver.rules.profiles import Visitor
from upnpserver.settings.families import shipped_families

MAX_VISITORS = 512  # addresses and agents; a house has some dozens
LOOKED_UP_S = 3600.0
MAX_NEWS_A_SECOND = 20  # announcements that are looked at: one costs 0.2 ms
_ARP = Path("/proc/net/arp")

Address = IPv4Address | IPv6Address
_HEADERS: Mapping[Signal, bytes] = {
    signal: name.lower().encode() for signal, name in SIGNALS.items()
}
_TOLD_BY = tuple(name for signal, name in _HEADERS.items() if signal != "server")


@dataclass(frozen=True, slots=True)
class _Known:
    """A policy that was found, without the household's rules.

    visitor, profile: for these. place: it changes with what is known there.
    """

    policy: ClientPolicy
    until_s: float
    place: str
    visitor: Visitor
    profile: str


def arp_table() -> str:
    """Return the kernel's table of neighbours: no disk is behind it."""
    try:
        with _ARP.open("rb") as opened:
            return opened.read(MAX_BYTES).decode("ascii", "replace")
    except OSError:
        return ""


Seen = Callable[[str, SeenDevice], None]


def not_noted(place: str, device: SeenDevice) -> None:
    """Take no note of who asks: a Seen."""


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """What is known of devices, and what holds for all of them.

    families: in the order in which they are tried. named: what the owner says of
    single devices. letters_from: see ClientPolicy.
    """

    families: Sequence[Family]
    named: Sequence[NamedDevice] = ()
    letters_from: int = 0


def device_rules(config: Config) -> DeviceRules:
    """Return what a configuration says of devices."""
    families = config.families or shipped_families()
    return DeviceRules(families, config.devices, config.letters_from)


class Visitors:
    """Decides who asks.

    now_s: seconds that never go back. neighbours: the kernel's table. seen: told who
    asks, see net.seen. doorkeeper: applies the household's rules, if there are any.
    """

    def __init__(
        self,
        rules: DeviceRules,
        now_s: Callable[[], float],
        neighbours: Callable[[], str] = arp_table,
        seen: Seen = not_noted,
        doorkeeper: Doorkeeper | None = None,
    ) -> None:
        self._rules = rules
        self._by_id: Mapping[str, Family] = {}
        self._now_s, self._neighbours, self._seen = now_s, neighbours, seen
        self._doorkeeper = doorkeeper
        self._headers: tuple[bytes, ...] = ()
        self._memory = Memory()
        self._known: dict[tuple[Address, tuple[bytes | None, ...]], _Known] = {}
        self._policies: dict[tuple[str, NamedDevice | None], ClientPolicy] = {}
        self._encoders: Collection[str] = ()
        self._heard: dict[tuple[Address, str], float] = {}
        self._news, self._news_second = 0, 0
        self.use(rules)

    def use(self, rules: DeviceRules) -> None:
        """Let other rules hold from now on, the doorkeeper's included."""
        self._rules = rules
        self._by_id = {family.id: family for family in rules.families}
        own = self._doorkeeper.headers if self._doorkeeper else ()
        self._headers = (*_TOLD_BY, *own)
        self._policies.clear()
        self._known.clear()

    def use_encoders(self, encoders: Collection[str]) -> None:
        """Let devices have what can be converted with these encoders of ffmpeg."""
        self._encoders = encoders
        self._policies.clear()
        self._known.clear()

    def policy_for(self, request: ServerRequest) -> ClientPolicy:
        """Return what holds for the device that sent a request."""
        return self._policy_of(request.peer, request.head.headers)

    def policy_later(self, request: ServerRequest) -> Callable[[], ClientPolicy]:
        """Return what tells, at any time, what holds then for the device that asked."""
        headers = request.head.headers
        told = {name: headers[name] for name in self._headers if name in headers}
        return partial(self._policy_of, request.peer, told)

    def place_of(self, address: Address) -> str:
        """Return by what the device at an address is known, best its MAC address."""
        return _place(address, self._mac(address))

    def name_of(self, address: Address) -> str:
        """Return what the owner calls the device at an address, "" for nothing."""
        named = named_at(self._rules.named, address, self._mac(address))
        return named.name if named else ""

    def forget(self, places: Collection[str] | None) -> None:
        """Forget who was seen at some places, None: at all."""
        self._memory.forget(places)
        self._known.clear()
        self._heard.clear()

    def is_welcome(self, address: Address) -> bool:
        """Tell whether those at an address get answers, as far as that is known."""
        doorkeeper = self._doorkeeper
        if doorkeeper is None or doorkeeper.has_nothing_to_say:
            return True
        mac = self._mac(address) if doorkeeper.knows_macs else ""
        recognised = self._memory.known(_place(address, mac), self._now_s())
        family = recognised.family.id if recognised else ""
        return not doorkeeper.is_blocked(Visitor(address, mac, family))

    def _policy_of(self, peer: Address, headers: Mapping[bytes, bytes]) -> ClientPolicy:
        key = peer, tuple(map(headers.get, self._headers))
        known, now_s = self._known.get(key), self._now_s()
        if known is None or now_s >= known.until_s:
            known = self._look_up(peer, headers, now_s)
            if len(self._known) >= MAX_VISITORS:
                del self._known[next(iter(self._known))]
            self._known[key] = known
        doorkeeper = self._doorkeeper
        if doorkeeper is None or doorkeeper.has_nothing_to_say:
            return known.policy
        return doorkeeper.policy(known.policy, known.visitor, known.profile)

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
        recognised = recognise(self._rules.families, {signal: value})
        if recognised is not None:
            place = _place(source, self._mac(source))
            if self._memory.announced(place, recognised, now_s):
                self._forget(place)

    def _look_up(
        self, peer: Address, headers: Mapping[bytes, bytes], now_s: float
    ) -> _Known:
        mac = self._mac(peer)
        place = _place(peer, mac)
        signals = _signals(headers)
        own = recognise(self._rules.families, signals)
        recognised = self._memory.settled(place, own, now_s)
        tells = own is not None and own is recognised and not own.family.is_generic
        if tells:  # and others from there, that tell nothing, are this one now
            self._forget(place)
        self._seen(place, _told(peer, mac, recognised, signals))
        named = named_at(self._rules.named, peer, mac)
        policy = self._policy(recognised, named)
        family = policy.device if policy.device in self._by_id else ""
        told = {name: headers[name] for name in self._headers if name in headers}
        return _Known(
            policy,
            now_s + LOOKED_UP_S,
            "" if tells else place,
            Visitor(peer, mac, family, told),
            named.profile if named else "",
        )

    def _forget(self, place: str) -> None:
        """Look those up again whose answer depends on what is known of place."""
        depend = [key for key, known in self._known.items() if known.place == place]
        for key in depend:
            del self._known[key]

    def _policy(
        self, recognised: Recognised | None, named: NamedDevice | None
    ) -> ClientPolicy:
        known_as = recognised.family.id if recognised else ""
        policy = self._policies.get((known_as, named))
        if policy is None:
            family, needs = rule_of(self._by_id, known_as, named)
            needs = able(needs, self._encoders)
            name = family.id if family else ClientPolicy().device
            takes_out = can_take_out(self._encoders)
            policy = ClientPolicy(name, needs, self._rules.letters_from, takes_out)
            self._policies[known_as, named] = policy
        return policy

    def _mac(self, address: Address) -> str:
        if isinstance(address, IPv6Address):
            return mac_inside(address)
        return mac_in_table(self._neighbours(), str(address))


def _place(address: Address, mac: str) -> str:
    """Return what a device keeps longest: its MAC address, where that is known."""
    return mac or str(address)


def _told(
    peer: Address,
    mac: str,
    recognised: Recognised | None,
    signals: Mapping[Signal, str],
) -> SeenDevice:
    address = str(peer)
    if recognised is None:
        return SeenDevice(address, mac, "", "ua", signals.get("ua", ""))
    family = recognised.family.id
    return SeenDevice(address, mac, family, recognised.signal, recognised.value)


def _signals(headers: Mapping[bytes, bytes]) -> dict[Signal, str]:
    return {
        signal: headers[name][:MAX_VALUE].decode("latin-1")
        for signal, name in _HEADERS.items()
        if name in headers and signal != "server"
    }
