"""The audit hook, in processes of their own: it can't be taken out again."""

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import errno
from upnpserver.offline import guard
guard.install()
import socket
from upnpserver.errors import BeyondLocalNetwork

def is_stopped(call, *arguments):
    try:
        call(*arguments)
    except BeyondLocalNetwork as error:
        assert error.errno == errno.EPERM, error
        return True
    except OSError:
        return False
    return False

def udp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_DGRAM)
"""


def run(code: str) -> None:
    """Run code behind the guard; it fails the test by an assertion of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code) + "\nprint('through')"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.endswith("through\n"), done.stderr


CONNECTS = [
    ("socket.socket().connect", '("192.0.2.1", 80)'),
    ("socket.socket().connect_ex", '("192.0.2.1", 80)'),
    ("socket.socket().connect", '(b"192.0.2.1", 80)'),
    ("socket.socket().connect", '("", 80)'),
    ("socket.socket().connect", '("0.0.0.0", 80)'),
    ("socket.socket(socket.AF_INET6).connect", '("2001:db8::1", 80)'),
    ("socket.socket(socket.AF_INET6).connect", '("::ffff:192.0.2.1", 80)'),
    ("socket.create_connection", '("192.0.2.1", 80)'),
    ("udp().connect", '("192.0.2.1", 53)'),
    ("udp().connect_ex", '("192.0.2.1", 53)'),
]
DATAGRAMS = [
    ("udp().sendto", 'b"x", ("192.0.2.1", 1900)'),
    ("udp().sendto", 'b"x", 0, ("192.0.2.1", 1900)'),
    ("udp().sendto", 'b"x", ("239.255.255.251", 1900)'),
    ("udp(socket.AF_INET6).sendto", 'b"x", ("ff05::c", 1900, 0, 0)'),
    ("udp().sendmsg", '[b"x"], [], 0, ("192.0.2.1", 1900)'),
]
NAMES = [
    ("socket.getaddrinfo", '"name.example", 80'),
    ("socket.getaddrinfo", 'b"name.example", 80'),
    ("socket.getaddrinfo", '"localhost", 80'),
    ("socket.getaddrinfo", '"127.1", 80'),
    ("socket.gethostbyname", '"name.example"'),
    ("socket.gethostbyname_ex", '"name.example"'),
    ("socket.gethostbyaddr", '"192.168.0.1"'),
    ("socket.getnameinfo", '("192.168.0.1", 80), 0'),
    ("socket.getnameinfo", '("192.168.0.1", 80), socket.NI_NAMEREQD'),
    ("socket.getfqdn", '"name.example"'),
    ("socket.socket().connect", '("name.example", 80)'),
    ("socket.socket().connect_ex", '("name.example", 80)'),
    ("socket.socket().bind", '("name.example", 0)'),
    ("udp().sendto", 'b"x", ("name.example", 53)'),
    ("udp().sendto", 'b"x", ("<broadcast>", 53)'),
    ("udp().sendmsg", '[b"x"], [], 0, ("name.example", 53)'),
    ("socket.create_connection", '("name.example", 80)'),
]


@pytest.mark.parametrize(
    ("kind", "attempts"),
    [("connect", CONNECTS), ("datagram", DATAGRAMS), ("name", NAMES)],
)
def test_what_leads_out_of_the_house_is_stopped_and_counted(kind, attempts):
    # getfqdn() swallows the error: its count is the proof.
    calls = "\n".join(
        f"""
before = guard.refused()[{kind!r}]
stopped = is_stopped({call}, {arguments})
assert stopped or {call!r} == "socket.getfqdn", {call!r}
assert guard.refused()[{kind!r}] == before + 1, ({call!r}, {arguments!r})
"""
        for call, arguments in attempts
    )
    run(calls + f"assert sum(guard.refused().values()) == {len(attempts)}\n")


def test_what_stays_in_the_house_goes_through():
    run("""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.sendall(b"hello")
    assert accepted.recv(5) == b"hello"
    receiver = udp()
    receiver.bind(("127.0.0.1", 0))
    udp().sendto(b"one", receiver.getsockname())
    udp().sendmsg([b"two"], [], 0, receiver.getsockname())
    assert receiver.recv(9) + receiver.recv(9) == b"onetwo"
    connected = udp()
    connected.connect(receiver.getsockname())
    connected.sendmsg([b"three"])
    assert receiver.recv(9) == b"three"
    for address in ("10.9.9.9", "192.168.9.9", "239.255.255.250"):
        assert not is_stopped(udp().sendto, b"", (address, 9)), address
    six = udp(socket.AF_INET6)
    assert not is_stopped(six.sendto, b"", ("fe80::1", 9, 0, 1))
    assert not is_stopped(six.sendto, b"", ("ff02::c", 1900, 0, 1))
    assert sum(guard.refused().values()) == 0
    """)


def test_this_machine_and_the_kernel_are_not_the_network():
    run("""
    left, right = socket.socketpair()
    left.sendmsg([b"x"])
    assert right.recv(1) == b"x"
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    assert not is_stopped(unix.sendto, b"READY=1", "/nowhere/at/all")
    assert not is_stopped(unix.connect, "\\0nowhere-at-all")
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    assert not is_stopped(netlink.connect, (0, 0))
    assert sum(guard.refused().values()) == 0
    """)


def test_addresses_are_formatted_and_parsed_without_the_resolver():
    run("""
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert socket.getnameinfo(("192.0.2.1", 80), numeric) == ("192.0.2.1", "80")
    flags = socket.AI_NUMERICHOST
    found = socket.getaddrinfo("::1", 80, 0, 0, 0, flags)
    assert found[0][4][0] == "::1"
    assert socket.getaddrinfo("fe80::1%lo", 80)[0][4][3] == socket.if_nametoindex("lo")
    assert socket.gethostbyname("192.0.2.1") == "192.0.2.1"
    # A numeric call opens no door for a later one.
    assert is_stopped(socket.getnameinfo, ("192.168.0.1", 80), 0)
    import _socket
    assert is_stopped(_socket.getnameinfo, ("192.168.0.1", 80), 0)
    """)


def test_own_prefixes_come_and_go():
    run("""
    from ipaddress import ip_network
    there = ("192.0.2.1", 9)
    guard.update([ip_network("192.0.2.0/24")])
    assert not is_stopped(udp().sendto, b"", there)
    guard.update([], [ip_network("192.0.2.0/25")])
    assert not is_stopped(udp().sendto, b"", there)
    guard.update([])
    assert is_stopped(udp().sendto, b"", there)
    """)


def test_other_families_are_stopped():
    # Raw Ethernet frames need root; the virtual machine's socket needs a module.
    run("""
    tries = [
        (socket.AF_PACKET, socket.SOCK_RAW, "sendto", (b"x" * 60, ("lo", 0x0800))),
        (socket.AF_VSOCK, socket.SOCK_STREAM, "connect", ((2, 80),)),
    ]
    for family, kind, method, arguments in tries:
        try:
            sock = socket.socket(family, kind)
        except OSError:
            continue
        assert is_stopped(getattr(sock, method), *arguments), family
    """)


def test_installing_twice_is_installing_once():
    run("""
    before = socket.socket.connect
    guard.install()
    assert socket.socket.connect is before
    assert is_stopped(socket.socket().connect, ("192.0.2.1", 80))
    assert guard.refused() == {"connect": 1, "datagram": 0, "name": 0}
    """)


def test_threads_and_libraries_are_held_too():
    run("""
    import threading, urllib.request
    caught = []
    def attempt():
        try:
            urllib.request.urlopen("http://192.0.2.1/", timeout=5)
        except OSError as error:
            caught.append(error)
    thread = threading.Thread(target=attempt)
    thread.start(); thread.join()
    assert "offline guard" in str(caught[0]), caught
    """)


def test_the_guard_needs_nothing_of_twisted():
    run("""
    import sys
    heavy = [name for name in sys.modules if name.split(".")[0] in
             ("twisted", "zope", "click", "lxml", "sqlite3", "ctypes")]
    assert heavy == [], heavy
    """)
