import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import MalformedRequest
from upnpserver.upnp import ssdp
from upnpserver.upnp.ssdp import Search, parse_search

UDN = "uuid:0f9b5f8e-6f5c-4f9e-9a6b-1f2e3d4c5b6a"
SERVER_TYPE = "urn:schemas-upnp-org:device:MediaServer:2"
DIRECTORY = "urn:schemas-upnp-org:service:ContentDirectory:1"
MAN = 'MAN: "ssdp:discover"'
ROWS = ssdp.advertisements(UDN, SERVER_TYPE, [DIRECTORY])


def search(*lines, start="M-SEARCH * HTTP/1.1", st="ssdp:all"):
    given_lines = lines or (
        "HOST: 239.255.255.250:1900",
        'MAN: "ssdp:discover"',
        "MX: 3",
    )
    return "\r\n".join((start, *given_lines, f"ST: {st}", "", "")).encode()


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        (search(), Search("ssdp:all", 3)),
        (search(st="  upnp:rootdevice "), Search("upnp:rootdevice", 3)),
        (search('man:"ssdp:discover"', "mx:2"), Search("ssdp:all", 2)),
        (search(MAN, "MX: 0"), Search("ssdp:all", 0)),
        (search(MAN, "MX: 120"), Search("ssdp:all", 5)),
        (search(MAN), Search("ssdp:all", 1)),  # Windows Explorer
        (search(MAN, "MX: 1", "HOST: 192.0.2.1:1900"), Search("ssdp:all", 1)),
        (search(MAN, "MX: 1", "no colon here"), Search("ssdp:all", 1)),
    ],
)
def test_reads(datagram, expected):
    assert parse_search(datagram) == expected


@pytest.mark.parametrize(
    "datagram",
    [
        b"", b"\xff", b"YOUKU-NOTIFY\r\n\r\n", search(start="NOTIFY * HTTP/1.1"),
        search(start="M-SEARCH /x HTTP/1.1"), search(start="M-SEARCH * HTTP/1.0"),
        search("MX: 3"), search("MAN: ssdp:discover", "MX: 3"),
        search('MAN: "ssdp:other"', "MX: 3"), search(MAN, "MX: -1"),
        search(MAN, "MX: soon"), search(MAN, "MX:"), search(MAN, "MX: \u0663"),
        search(st=""), search(MAN, *["X: y"] * 60), search(MAN, "X: " + "y" * 3000),
        search().replace(b"\r\n", b"\n"),
    ],
)  # fmt: skip
def test_silence_for_everything_else(datagram):
    with pytest.raises(MalformedRequest):
        parse_search(datagram)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_search_or_refused(datagram):
    for prefix in (b"", b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nST:'):
        try:
            found = parse_search(prefix + datagram)
        except MalformedRequest:
            continue
        assert found.target
        assert 0 <= found.max_wait_s <= ssdp.MAX_WAIT_S


TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


@given(TEXT, st.integers(0, 10**9 - 1), st.permutations(["MAN", "MX", "ST", "HOST"]))
def test_a_search_is_read_as_it_was_written(target, wait_s, order):
    values = {"MAN": '"ssdp:discover"', "MX": wait_s, "ST": target, "HOST": "any"}
    lines = [f"{name}: {values[name]}" for name in order]
    datagram = "\r\n".join(("M-SEARCH * HTTP/1.1", *lines, "", "")).encode()
    assert parse_search(datagram) == Search(target, min(wait_s, ssdp.MAX_WAIT_S))


def headers(datagram):
    head, end = datagram.decode("ascii").split("\r\n\r\n")
    assert end == ""
    first, *lines = head.split("\r\n")
    return first, dict(line.split(": " if ": " in line else ":", 1) for line in lines)


@given(st.builds(ssdp.Advertisement, TEXT, TEXT), TEXT, TEXT, TEXT)
def test_what_is_written_is_read_back(row, host, location, server):
    first, alive = headers(ssdp.alive(row, host, location, server))
    assert first == "NOTIFY * HTTP/1.1"
    assert (alive["NT"], alive["USN"]) == (row.target, row.usn)
    assert (alive["LOCATION"], alive["SERVER"]) == (location, server)
    assert alive["NTS"] == "ssdp:alive"
    first, byebye = headers(ssdp.byebye(row, host))
    assert {**alive, **byebye} == {**alive, "NTS": "ssdp:byebye"}
    first, answer = headers(ssdp.answer(row, location, server, "now"))
    assert first == "HTTP/1.1 200 OK"
    assert (answer["ST"], answer["USN"]) == (row.target, row.usn)
    assert (answer["LOCATION"], answer["EXT"]) == (location, "")


def targets(target):
    return [(row.target, row.usn) for row in ssdp.found(Search(target, 1), ROWS)]


def test_everything_is_three_rows_and_one_a_service():
    assert targets("ssdp:all") == [
        ("upnp:rootdevice", f"{UDN}::upnp:rootdevice"),
        (UDN, UDN),
        (SERVER_TYPE, f"{UDN}::{SERVER_TYPE}"),
        (DIRECTORY, f"{UDN}::{DIRECTORY}"),
    ]


@pytest.mark.parametrize("target", ["upnp:rootdevice", UDN, SERVER_TYPE, DIRECTORY])
def test_each_row_is_found_by_its_own_target(target):
    assert [row for row, _ in targets(target)] == [target]


def test_an_older_version_is_answered_as_it_was_asked():
    older = SERVER_TYPE[:-1] + "1"
    assert targets(older) == [(older, f"{UDN}::{older}")]


@pytest.mark.parametrize(
    "target",
    [
        SERVER_TYPE[:-1] + "3", DIRECTORY[:-1] + "2", DIRECTORY[:-1] + "0",
        DIRECTORY[:-2], DIRECTORY + "x", "urn:dial-multiscreen-org:service:dial:1",
        SERVER_TYPE[:-1] + "01", SERVER_TYPE[:-1] + "\u0661",
        "uuid:other", "upnp:", "SSDP:ALL", DIRECTORY.upper(), UDN[5:],
    ],
)  # fmt: skip
def test_what_we_are_not_is_not_found(target):
    assert targets(target) == []


def test_alive_to_the_letter():
    row = ROWS[0]
    datagram = ssdp.alive(row, "239.255.255.250", "http://192.0.2.1:1/d.xml", "S/1")
    assert datagram == (
        b"NOTIFY * HTTP/1.1\r\n"
        b"HOST: 239.255.255.250:1900\r\n"
        b"CACHE-CONTROL: max-age=1800\r\n"
        b"LOCATION: http://192.0.2.1:1/d.xml\r\n"
        b"NT: upnp:rootdevice\r\n"
        b"NTS: ssdp:alive\r\n"
        b"SERVER: S/1\r\n"
        b"USN: " + f"{UDN}::upnp:rootdevice".encode() + b"\r\n\r\n"
    )


def test_byebye_to_the_letter():
    assert ssdp.byebye(ROWS[1], "[FF02::C]") == (
        b"NOTIFY * HTTP/1.1\r\nHOST: [FF02::C]:1900\r\n"
        b"NT: " + UDN.encode() + b"\r\nNTS: ssdp:byebye\r\n"
        b"USN: " + UDN.encode() + b"\r\n\r\n"
    )


def test_answer_to_the_letter():
    date = "Tue, 06 Jan 2026 10:00:00 GMT"
    datagram = ssdp.answer(ROWS[1], "http://192.0.2.1:1/d.xml", "S/1", date)
    assert datagram == (
        b"HTTP/1.1 200 OK\r\n"
        b"CACHE-CONTROL: max-age=1800\r\n"
        b"DATE: Tue, 06 Jan 2026 10:00:00 GMT\r\n"
        b"EXT:\r\n"
        b"LOCATION: http://192.0.2.1:1/d.xml\r\n"
        b"SERVER: S/1\r\n"
        b"ST: " + UDN.encode() + b"\r\n"
        b"USN: " + UDN.encode() + b"\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


SAYS = [
    (b"M-SEARCH * HTTP/1.1\r\nuser-agent: Foo/1 \r\n\r\n", ("ua", "Foo/1")),
    (b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nServer:Bar\r\n", ("server", "Bar")),
]
SAYS_NOTHING = [
    *(b"", b"\xff", b"M-SEARCH * HTTP/1.1\r\nSERVER: Foo\r\n\r\n"),
    b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\nSERVER: Bar\r\n\r\n",
    b"NOTIFY * HTTP/1.1\r\nSERVER: Bar\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nNTS: ssdp:alive\r\nSERVER: Bar\r\n\r\n",
    b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nSERVER: " + b"x" * 2048,
]


@pytest.mark.parametrize(("datagram", "says"), SAYS)
def test_what_a_sender_says_of_itself(datagram, says):
    assert ssdp.product_of(datagram) == says


@pytest.mark.parametrize("datagram", SAYS_NOTHING)
def test_who_says_nothing_is_malformed(datagram):
    with pytest.raises(MalformedRequest):
        ssdp.product_of(datagram)


@given(st.binary(), st.sampled_from([row for row, _ in SAYS]))
def test_any_sender_says_something_or_is_malformed(tail, prefix):
    for datagram in (tail, prefix + tail):
        try:
            signal, value = ssdp.product_of(datagram)
        except MalformedRequest:
            continue
        assert signal in ("ua", "server")
        assert value
