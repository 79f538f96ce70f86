from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from upnpserver.errors import MalformedRequest, SubscriptionError
from upnpserver.upnp import gena
from upnpserver.upnp.gena import Callback, Renew, Subscribe

TV = ip_address("192.0.2.9")
TV6 = ip_address("fe80::9%eth0")
OWN_URL = "http://192.0.2.1:8200"


LONGEST = "http://192.0.2.9:1/".ljust(1022, "x")


def parse_subscribe(headers, peer, own_url=OWN_URL):
    return gena.parse_subscribe(headers, peer, own_url)


def new(callback, nt="upnp:event", timeout="Second-600", **more):
    return {"callback": callback, "nt": nt, "timeout": timeout, **more}


@pytest.mark.parametrize(
    ("text", "peer", "callbacks"),
    [
        ("<http://192.0.2.9:4711/e?x=1>", TV, [Callback(TV, 4711, "/e?x=1")]),
        ("<http://192.0.2.9>", TV, [Callback(TV, 80, "/")]),
        ("<HTTP://192.0.2.9:1/>", TV, [Callback(TV, 1, "/")]),
        ("<http://192.0.2.9:65535/>", TV, [Callback(TV, 65535, "/")]),
        ("<http://192.0.2.9:1/>" * 4, TV, [Callback(TV, 1, "/")] * 4),
        (f"<{LONGEST}>", TV, [Callback(TV, 1, LONGEST[18:])]),
        (
            " <http://192.0.2.9:1/a> <http://192.0.2.9:2/b>",
            TV,
            [Callback(TV, 1, "/a"), Callback(TV, 2, "/b")],
        ),
        ("<http://[fe80::9]:5/>", TV6, [Callback(TV6, 5, "/")]),
        ("<http://[fe80::9%25eth0]:5/>", TV6, [Callback(TV6, 5, "/")]),
        ("<http://[FE80:0::9%3]:5/>", TV6, [Callback(TV6, 5, "/")]),
    ],
)
def test_callbacks(text, peer, callbacks):
    assert parse_subscribe(new(text), peer) == Subscribe(tuple(callbacks), 600)


@pytest.mark.parametrize(
    "callback",
    [
        "", "http://192.0.2.9/", "<>", "<http://192.0.2.9:1/",
        "<http://192.0.2.9:1/> x",
        "<http://192.0.2.10:1/>", "<http://203.0.113.5/>", "<http://tv.local/>",
        "<http://localhost/>", "<https://192.0.2.9/>", "<ftp://192.0.2.9/>",
        "<http://u:p@192.0.2.9/>", "<http://192.0.2.9:0/>", "<http://192.0.2.9:65536/>",
        "<http://192.0.2.9:x/>", "<http://192.0.2.9:1/a b>", "<http://192.0.2.9:1/\xe9>",
        "<http://[::ffff:192.0.2.9]:1/>", "<http://3221225993/>", "<http://0300.0.2.9/>",
        "<http://0xc0.0.2.9/>", "<http://192.0.521/>", "<http://192.0.2.9@evil/>",
        "<http://192.0.2.9:1/\r\nX: y>", "<http://192.0.2.9#@203.0.113.5/>",
        "<http://192.0.2.9:1/><http://203.0.113.5:1/>",
        "<http://192.0.2.9:1/>" * 5, f"<{LONGEST}x>",
    ],
)  # fmt: skip
def test_any_other_callback_refuses_the_subscription(callback):
    with pytest.raises(SubscriptionError) as refused:
        parse_subscribe(new(callback), TV)
    assert refused.value.status == 412


def test_two_spellings_of_one_ipv4_address_are_refused():
    mapped = ip_address("::ffff:192.0.2.9")
    for host in ("[::ffff:c000:209]", "[::ffff:192.0.2.9]", "192.0.2.9"):
        with pytest.raises(SubscriptionError):
            parse_subscribe(new(f"<http://{host}:1/>"), mapped)


@pytest.mark.parametrize(
    ("own_url", "callbacks"),
    [
        ("http://192.0.2.9:8200", "<http://192.0.2.9:8200/event/ContentDirectory>"),
        ("http://192.0.2.9:8200", "<http://192.0.2.9:1/><http://192.0.2.9:08200/>"),
        ("http://192.0.2.9:80", "<http://192.0.2.9/>"),
        ("http://[fe80::9]:5", "<http://[fe80:0::9%25eth0]:5/>"),
    ],
)
def test_this_server_is_not_told_its_own_events(own_url, callbacks):
    peer = TV6 if "[" in own_url else TV
    with pytest.raises(SubscriptionError) as refused:
        parse_subscribe(new(callbacks), peer, own_url)
    assert refused.value.status == 412
    parse_subscribe(new(callbacks), peer, own_url + "1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 412),
        (new("<http://192.0.2.9/>", nt=""), 412),
        (new("<http://192.0.2.9/>", nt="upnp:other"), 412),
        ({"sid": "uuid:1", "nt": "upnp:event"}, 400),
        ({"sid": "uuid:1", "callback": "<http://192.0.2.9/>"}, 400),
    ],
)
def test_refusals(headers, status):
    with pytest.raises(SubscriptionError) as refused:
        parse_subscribe(headers, TV)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("timeout", "lease_s"),
    [
        ("", 1800), ("Second-300", 300), ("second-1", 300), ("Second-99999999", 7200),
        ("Second-infinite", 7200), ("infinite", 1800), ("Second--5", 1800), ("7", 1800),
        (" Second-1234 ", 1234),
    ],
)  # fmt: skip
def test_leases(timeout, lease_s):
    assert parse_subscribe({"sid": "uuid:1", "timeout": timeout}, TV) == Renew(
        "uuid:1", lease_s
    )


def test_unsubscribe():
    assert gena.parse_unsubscribe({"sid": " uuid:1 "}) == "uuid:1"
    for headers, status in (
        ({}, 412),
        ({"sid": "x", "nt": "upnp:event"}, 400),
        ({"sid": "x", "callback": "<http://192.0.2.9/>"}, 400),
    ):
        with pytest.raises(SubscriptionError) as refused:
            gena.parse_unsubscribe(headers)
        assert refused.value.status == status


@given(st.text() | st.from_regex(r"<http://[\[\]0-9a-f.:]+/.*>"))
def test_a_callback_is_the_peer_or_refused(text):
    try:
        subscribe = parse_subscribe(new(text), TV)
    except SubscriptionError:
        return
    assert all(callback.address == TV for callback in subscribe.callbacks)


def test_event_message_to_the_letter():
    body = gena.property_set({"SystemUpdateID": "7", "X": "a < b\0"})
    assert body == (
        b'<?xml version="1.0"?>\n'
        b'<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">'
        b"<e:property><SystemUpdateID>7</SystemUpdateID></e:property>"
        b"<e:property><X>a &lt; b\xef\xbf\xbd</X></e:property></e:propertyset>"
    )
    assert len(etree.fromstring(body)) == 2
    assert gena.notify(Callback(TV6, 5, "/e"), "uuid:1", 3, b"body") == (
        b"NOTIFY /e HTTP/1.1\r\nHOST: [fe80::9]:5\r\n"
        b'CONTENT-TYPE: text/xml; charset="utf-8"\r\nCONTENT-LENGTH: 4\r\n'
        b"NT: upnp:event\r\nNTS: upnp:propchange\r\nSID: uuid:1\r\nSEQ: 3\r\n"
        b"CONNECTION: close\r\n\r\nbody"
    )


@pytest.mark.parametrize(
    ("before", "after"), [(0, 1), (1, 2), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)]
)
def test_seq_is_never_zero_again(before, after):
    assert gena.next_seq(before) == after


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.0 412 Precondition Failed", 412),
        (b"HTTP/1.1 200\r", 200),
        (b"HTTP/1.1 200\n", 200),
        (b"HTTP/1.1 2", None),
        (b"HTTP/1.1" + b" " * 56, None),
        (b"", None),
    ],
)
def test_status(start, status):
    assert gena.parse_status(start) == status


@pytest.mark.parametrize(
    "start", [b"x\r\n", b"HTTP/2 200\r\n", b"y" * 65, b"HTTP/1.1 2000 \r\n"]
)
def test_no_status(start):
    with pytest.raises(MalformedRequest):
        gena.parse_status(start)


def test_merged_messages():
    before = {"SystemUpdateID": "4", "ContainerUpdateIDs": "a,3,b,4"}
    after = {"SystemUpdateID": "5", "ContainerUpdateIDs": "b,5,c,5"}
    assert gena.merged(before, after) == {
        "SystemUpdateID": "5",
        "ContainerUpdateIDs": "a,3,b,5,c,5",
    }
    assert gena.merged({"ContainerUpdateIDs": ""}, after) == after
    assert gena.merged({"A": "1", "B": "1"}, {"A": "2"}) == {"A": "2", "B": "1"}
    assert gena.merged(before, {"TransferIDs": ""}) == {**before, "TransferIDs": ""}


def test_a_message_stays_small():
    many = ",".join(f"c{n},1" for n in range(1000))
    for before, after, last in (
        ({"ContainerUpdateIDs": many}, {"ContainerUpdateIDs": "z,2"}, ["z", "2"]),
        ({}, {"ContainerUpdateIDs": many}, ["c999", "1"]),
    ):
        pairs = gena.merged(before, after)["ContainerUpdateIDs"].split(",")
        assert len(pairs) == 2 * 500
        assert pairs[-2:] == last
