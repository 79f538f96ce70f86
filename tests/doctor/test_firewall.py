"""Rules as nft and iptables list them: whether the packets of a TV come in."""

import json
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.doctor.firewall import Packet, read_iptables, read_nftables

SEARCH = Packet("udp", 1900, "eth0", ip_address("192.168.1.20"))
BROWSE = Packet("tcp", 8200, "eth0", ip_address("192.168.1.20"))

IPTABLES = [
    ("", False),
    ("-P INPUT ACCEPT", False),
    ("-P INPUT DROP", True),
    ("-P INPUT DROP\n-A INPUT -p udp -m udp --dport 1900 -j ACCEPT", False),
    ("-P INPUT DROP\n-A INPUT -p udp --dport 1901:1902 -j ACCEPT", True),
    ("-P INPUT DROP\n-A INPUT -p udp -m multiport --dports 53,1900 -j ACCEPT", False),
    ("-P INPUT DROP\n-A INPUT -i eth0 -j ACCEPT", False),
    ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT", True),
    ("-P INPUT DROP\n-A INPUT ! -i wlan0 -j ACCEPT", True),
    ("-P INPUT DROP\n-A INPUT -s 192.168.0.0/16 -j ACCEPT", False),
    ("-P INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT", True),
    (
        "-P INPUT DROP\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        True,
    ),
    ("-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable", True),
    ("-P INPUT ACCEPT\n-A INPUT -m strange --thing 1 -j DROP", False),
    ("-P INPUT DROP\n-N house\n-A INPUT -j house\n-A house -p udp -j ACCEPT", False),
    ("-P INPUT DROP\n-N house\n-A INPUT -j house\n-A house -j RETURN", True),
    ("-P INPUT DROP\n-N a\n-A INPUT -j a\n-A a -j a", True),
    ("-P FORWARD DROP\n-P OUTPUT DROP", False),
    ('-P INPUT DROP\n-A INPUT -m comment --comment "let TVs in" -j ACCEPT', False),
    ("-A INPUT -p 'unfinished\n-P INPUT ACCEPT", False),
]


@pytest.mark.parametrize(("rules", "is_stopped"), IPTABLES)
def test_iptables(rules, is_stopped):
    assert read_iptables(rules).stops(SEARCH) is is_stopped


def nft(policy, *rules, hook="input", chains=(), family="inet"):
    """Return a ruleset as nft lists it: one base chain, and others it jumps to."""
    of = {"family": family, "table": "filter"}
    listed = [{"metainfo": {}}, {"table": {"family": "inet", "name": "filter"}}]
    base = {"name": "in", "hook": hook, "policy": policy, "type": "filter", "prio": 0}
    listed.append({"chain": {**of, **base}})
    listed += [{"chain": {**of, "name": name}} for name, _ in chains]
    for name, own in (("in", rules), *chains):
        listed += [{"rule": {**of, "chain": name, "expr": list(one)}} for one in own]
    return json.dumps({"nftables": listed})


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


def dport(protocol, right, op="=="):
    return match({"payload": {"protocol": protocol, "field": "dport"}}, right, op)


ACCEPT, DROP = {"accept": None}, {"drop": None}
NEW = match({"ct": {"key": "state"}}, ["established", "related"], "in")
NFTABLES = [
    (nft("accept"), False),
    (nft("drop"), True),
    (nft("drop", hook="forward"), False),
    (nft("drop", family="ip6"), False),
    (nft("drop", [dport("udp", 1900), ACCEPT]), False),
    (nft("drop", [dport("udp", {"set": [53, 1900]}), ACCEPT]), False),
    (nft("drop", [dport("udp", {"range": [1000, 2000]}), ACCEPT]), False),
    (nft("drop", [dport("tcp", 1900), ACCEPT]), True),
    (nft("drop", [dport("th", 1900), ACCEPT]), False),
    (nft("drop", [match({"meta": {"key": "iifname"}}, "eth0"), ACCEPT]), False),
    (nft("drop", [match({"meta": {"key": "iifname"}}, "eth*"), ACCEPT]), False),
    (nft("drop", [match({"meta": {"key": "iifname"}}, "lo"), ACCEPT]), True),
    (nft("drop", [match({"meta": {"key": "l4proto"}}, "udp"), ACCEPT]), False),
    (nft("drop", [NEW, ACCEPT]), True),
    (nft("accept", [{"counter": {}}, DROP]), True),
    (nft("accept", [{"strange": 1}, DROP]), False),
    (nft("accept", [{"reject": {"type": "icmpx"}}]), True),
    (
        nft(
            "drop",
            [
                match(
                    {"payload": {"protocol": "ip", "field": "saddr"}},
                    {"prefix": {"addr": "192.168.1.0", "len": 24}},
                ),
                ACCEPT,
            ],
        ),
        False,
    ),
    (
        nft(
            "drop",
            [{"jump": {"target": "house"}}],
            chains=[("house", [[dport("udp", 1900), ACCEPT]])],
        ),
        False,
    ),
    ("not json", False),
    ('{"nftables": [{"rule": 5}]}', False),
]


@pytest.mark.parametrize(("rules", "is_stopped"), NFTABLES)
def test_nftables(rules, is_stopped):
    assert read_nftables(rules).stops(SEARCH) is is_stopped


def test_one_port_may_be_open_and_the_other_not():
    rules = "-P INPUT DROP\n-A INPUT -p udp --dport 1900 -j ACCEPT"
    assert not read_iptables(rules).stops(SEARCH)
    assert read_iptables(rules).stops(BROWSE)


@given(st.text("-APNINPUT jDROP udpsm!/0129.\n'\"", max_size=200))
def test_whatever_iptables_says_is_read(text):
    read_iptables(text).stops(SEARCH)


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["chain", "rule", "expr", "match", "left", "right", "hook"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
def test_whatever_nft_says_is_read(objects):
    read_nftables(json.dumps({"nftables": objects})).stops(SEARCH)
