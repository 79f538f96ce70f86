"""Whether a firewall lets a TV's packets in, read from its rules. Pure.

Follows the rules as the kernel does, for one imagined packet: new, from the house,
to a port of ours. A rule of which something isn't understood is passed over: a
firewall may be blamed for less than it does, never for what it doesn't.

Source: nft(8), libnftables-json(5); iptables(8), iptables-extensions(8).
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_network
from typing import Any

_MOST_JUMPS = 32
_ACCEPT, _DROP, _RETURN = "accept", "drop", "return"
_VERDICTS = {
    "accept": _ACCEPT,
    "ACCEPT": _ACCEPT,
    "drop": _DROP,
    "DROP": _DROP,
    "reject": _DROP,
    "REJECT": _DROP,
    "return": _RETURN,
    "RETURN": _RETURN,
}


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of something that comes in."""

    protocol: str  # "udp" or "tcp"
    port: int
    interface: str
    source: IPv4Address


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. tests: each holds, or doesn't, or (None) nobody knows."""

    verdict: str  # accept, drop, return, or the name of another chain
    protocol: str = ""
    ports: tuple[tuple[int, int], ...] = ()
    interface: str = ""
    sources: tuple[str, ...] = ()
    is_for_new: bool = True
    is_understood: bool = True

    def fits(self, packet: Packet) -> bool:
        """Tell whether it surely is about a packet."""
        return (
            self.is_understood
            and self.is_for_new
            and self.protocol in ("", packet.protocol)
            and (not self.ports or any(a <= packet.port <= b for a, b in self.ports))
            and self._is_by(packet.interface)
            and (not self.sources or any(map(packet_in(packet), self.sources)))
        )

    def _is_by(self, interface: str) -> bool:
        if self.interface.endswith(("*", "+")):
            return interface.startswith(self.interface[:-1])
        return self.interface in ("", interface)


def packet_in(packet: Packet) -> Any:
    """Return what tells whether a packet comes from a network."""

    def comes_from(network: str) -> bool:
        try:
            return packet.source in ip_network(network, strict=False)
        except (ValueError, TypeError):
            return False

    return comes_from


@dataclass(frozen=True, slots=True)
class Chain:
    """Rules in order, and what happens at their end. is_input: it is met first."""

    rules: Sequence[Rule]
    policy: str = _RETURN
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class Firewall:
    """All chains of one family of rules, by their names."""

    chains: Mapping[str, Chain] = field(default_factory=dict)

    def stops(self, packet: Packet) -> bool:
        """Tell whether a packet is surely dropped."""
        return any(
            self._verdict(name, packet, 0) == _DROP
            for name, chain in self.chains.items()
            if chain.is_input
        )

    def _verdict(self, name: str, packet: Packet, depth: int) -> str:
        chain = self.chains.get(name)
        if chain is None or depth > _MOST_JUMPS:
            return _RETURN
        for rule in chain.rules:
            if not rule.fits(packet):
                continue
            verdict = rule.verdict
            if verdict not in (_ACCEPT, _DROP, _RETURN):
                verdict = self._verdict(verdict, packet, depth + 1)
                if verdict == _RETURN:
                    continue
            return verdict
        return chain.policy


def read_nftables(text: str) -> Firewall:
    """Return the rules of "nft -j list ruleset"; none, if that can't be read."""
    try:
        objects = json.loads(text)["nftables"]
        rules: dict[str, list[Rule]] = {}
        heads: dict[str, Mapping[str, Any]] = {}
        for one in objects:
            if chain := one.get("chain"):
                heads[_name(chain, chain["name"])] = chain
            elif rule := one.get("rule"):
                name = _name(rule, rule["chain"])
                rules.setdefault(name, []).append(_nft_rule(rule))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Firewall()
    return Firewall(
        {
            name: Chain(
                rules.get(name, ()),
                _VERDICTS.get(chain.get("policy", "return"), _RETURN),
                chain.get("hook") == "input" and chain.get("family") != "ip6",
            )
            for name, chain in heads.items()
        }
    )


def _name(of: Mapping[str, Any], chain: str) -> str:
    return f"{of['family']} {of['table']} {chain}"


def _nft_rule(rule: Mapping[str, Any]) -> Rule:
    told: dict[str, Any] = {"verdict": "", "is_understood": True}
    for part in rule.get("expr", ()):
        ((kind, what),) = part.items()
        if kind == "match":
            _nft_match(what, told)
        elif kind in _VERDICTS:
            told["verdict"] = _VERDICTS[kind]
        elif kind in {"jump", "goto"}:
            told["verdict"] = _name(rule, what["target"])
        elif kind not in {"counter", "log", "limit"}:
            told["is_understood"] = False
    told["is_understood"] = told["is_understood"] and bool(told["verdict"])
    return Rule(**told)


def _nft_match(what: Mapping[str, Any], told: dict[str, Any]) -> None:
    left, right = what.get("left", {}), what.get("right")
    payload, meta, ct = (
        left.get(name, {}) if isinstance(left, dict) else {}
        for name in ("payload", "meta", "ct")
    )
    is_equal = what.get("op") in {"==", "in"}
    if payload.get("field") == "dport" and is_equal:
        if payload.get("protocol") in {"tcp", "udp"}:
            told["protocol"] = payload["protocol"]
        told["ports"] = _ports(right)
    elif (
        payload.get("protocol") == "ip" and payload.get("field") == "saddr" and is_equal
    ):
        told["sources"] = _networks(right)
    elif meta.get("key") == "iifname" and is_equal and isinstance(right, str):
        told["interface"] = right
    elif meta.get("key") == "l4proto" and is_equal and isinstance(right, str):
        told["protocol"] = right
    elif ct.get("key") == "state":
        states = right if isinstance(right, list) else _members(right)
        told["is_for_new"] = ("new" in states) == is_equal
    else:
        told["is_understood"] = False


def _members(right: Any) -> list[Any]:
    if isinstance(right, dict):
        return list(right.get("set", [right]))
    return [right]


def _ports(right: Any) -> tuple[tuple[int, int], ...]:
    found = []
    for one in _members(right):
        if isinstance(one, dict) and "range" in one:
            found.append((int(one["range"][0]), int(one["range"][1])))
        elif isinstance(one, int):
            found.append((one, one))
    return tuple(found) or ((-1, -1),)


def _networks(right: Any) -> tuple[str, ...]:
    found = []
    for one in _members(right):
        if isinstance(one, dict) and "prefix" in one:
            found.append(f"{one['prefix']['addr']}/{one['prefix']['len']}")
        elif isinstance(one, str):
            found.append(one)
    return tuple(found) or ("",)


def read_iptables(text: str) -> Firewall:
    """Return the rules of "iptables -S"."""
    policies: dict[str, str] = {}
    rules: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        words = _words(line)
        match words[:1]:
            case ["-P"] if len(words) > 2:
                policies[words[1]] = _VERDICTS.get(words[2], _RETURN)
            case ["-N"] if len(words) > 1:
                policies.setdefault(words[1], _RETURN)
            case ["-A"] if len(words) > 1:
                rules.setdefault(words[1], []).append(_iptables_rule(words[2:]))
    return Firewall(
        {
            name: Chain(rules.get(name, ()), policy, name == "INPUT")
            for name, policy in policies.items()
        }
    )


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _iptables_rule(words: Iterable[str]) -> Rule:
    told: dict[str, Any] = {"verdict": "", "is_understood": True}
    waiting = iter(words)
    for word in waiting:
        value = next(waiting, "")
        match word:
            case "-j" | "-g":
                told["verdict"] = _VERDICTS.get(value, value)
                break  # what follows are options of the verdict
            case "-p":
                told["protocol"] = value
            case "--dport" | "--dports":
                told["ports"] = _ranges(value)
            case "-i":
                told["interface"] = value
            case "-s":
                told["sources"] = (value,)
            case "--state" | "--ctstate":
                told["is_for_new"] = "NEW" in value.split(",")
            case "-m" if value in {
                "tcp",
                "udp",
                "state",
                "conntrack",
                "multiport",
                "comment",
            }:
                pass
            case "--comment":
                pass
            case _:
                told["is_understood"] = False
    told["is_understood"] = told["is_understood"] and bool(told["verdict"])
    return Rule(**told)


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        if first.isdigit() and (last or first).isdigit():
            found.append((int(first), int(last or first)))
    return tuple(found) or ((-1, -1),)
