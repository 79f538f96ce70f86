"""What the server announces. Source: UDA 1.0 section 1.2.2; reference ssdp.md."""

import re
import time
from urllib.parse import urlsplit

from conformance.checks import Failed, Group, NotOffered, When, equal, none, true
from conformance.device import CDS, CMS
from conformance.groups.ssdp_search import TARGETS, expected_targets, usn
from conformance.subject import Subject
from conformance.wire import Datagram

check = Group("SSDP notify")
UDA = "UDA 1.0 section 1.2.2"
BYE = "UDA 1.0 section 1.2.4"
ANNOUNCED = ("upnp:rootdevice", "uuid", "MediaServer", CDS, CMS, "Registrar")
PATIENCE_S = 6


def alive(server: Subject, name: str, family: int = 4) -> Datagram:
    """Return the first ssdp:alive for one of TARGETS, waiting for it a little."""
    target = TARGETS[name](server)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for message in server.heard.messages("ssdp:alive", family):
            if message.header("NT") == target:
                return message
        time.sleep(0.1)
    raise Failed(f"no ssdp:alive for {target}")


@check(UDA, ANNOUNCED)
def is_announced(server, name):
    """At start the server announces itself under every name."""
    alive(server, name)


@check(UDA, ANNOUNCED)
def alive_line(server, name):
    """The announcement starts with NOTIFY * HTTP/1.1."""
    equal(alive(server, name).first_line, "NOTIFY * HTTP/1.1")


@check(UDA, ANNOUNCED)
def alive_host(server, name):
    """HOST is the group and port."""
    equal(alive(server, name).header("HOST"), "239.255.255.250:1900")


@check(UDA, ANNOUNCED)
def alive_max_age(server, name):
    """CACHE-CONTROL has max-age, at least half an hour."""
    header = alive(server, name).header("CACHE-CONTROL")
    found = re.fullmatch(r"max-age\s*=\s*([0-9]+)", header)
    true(found and int(found[1]) >= 1800, f"CACHE-CONTROL: {header!r}")


@check(UDA, ANNOUNCED)
def alive_location(server, name):
    """LOCATION is the description on the announcing interface's address."""
    equal(alive(server, name).header("LOCATION"), server.location)


@check(UDA, ANNOUNCED)
def alive_usn(server, name):
    """USN is the UDN, then :: and NT unless that is the UDN itself."""
    equal(alive(server, name).header("USN"), usn(server, TARGETS[name](server)))


@check(UDA, ANNOUNCED)
def alive_server(server, name):
    """SERVER has the UPnP version."""
    header = alive(server, name).header("SERVER")
    true(re.search(r"\bUPnP/(1\.[01]|2\.0)\b", header), f"SERVER: {header!r}")


@check(UDA)
def alive_set_is_complete(server):
    """The set has 3 + k messages: every name, and nothing else."""
    alive(server, "upnp:rootdevice")
    found = {m.header("NT") for m in server.heard.messages("ssdp:alive")}
    equal(sorted(found), sorted(expected_targets(server)))


@check("UDA 1.0 section 1.2.2 (UDP is unreliable); UDA 1.1 section 1.2.2")
def alive_set_is_repeated(server):
    """Each announcement is sent more than once, since UDP loses packets."""
    time.sleep(1)
    counts: dict[str, int] = {}
    for message in server.heard.messages("ssdp:alive"):
        counts[message.header("NT")] = counts.get(message.header("NT"), 0) + 1
    none([name for name, count in counts.items() if count < 2], "sent once")


@check("UDA 1.0 section 1.1.2 (TTL 4); UDA 1.1 (TTL 2)")
def alive_ttl(server):
    """Announcements live for at most four hops."""
    alive(server, "upnp:rootdevice")
    ttls = {m.ttl for m in server.heard.messages("ssdp:alive")}
    none([ttl for ttl in ttls if not 1 <= ttl <= 4], "TTL")


@check("reference ssdp.md section 1")
def alive_fits_one_packet(server):
    """No announcement is larger than one Ethernet frame carries."""
    messages = server.heard.messages("ssdp:alive")
    true(messages, "no announcement")
    none([len(m.data) for m in messages if len(m.data) > 1400], "bytes")


@check(UDA)
def alive_ends_with_a_blank_line(server):
    """Announcements are CRLF lines, end with a blank one, and have no body."""
    messages = server.heard.messages("ssdp:alive")
    true(messages, "no announcement")
    none([m.data[-20:] for m in messages if not m.data.endswith(b"\r\n\r\n")], "end")
    none([m.data for m in messages if m.data.index(b"\r\n\r\n") + 4 != len(m.data)], "")


@check("reference ssdp.md section 1")
def alive_comes_from_the_interface(server):
    """Announcements come from the address of the interface."""
    addresses = {m.address for m in server.heard.messages("ssdp:alive")}
    equal(addresses, {server.network.server.ipv4})


# IPv6 ------------------------------------------------------------

ANNEX = "UDA 1.0 annex A (IPv6); reference ssdp.md section 1"


def alive6(server: Subject) -> list[Datagram]:
    """Return the announcements over IPv6; they are an option."""
    found = server.heard.messages("ssdp:alive", 6)
    if not found:
        raise NotOffered("nothing announced over IPv6")
    return found


@check(ANNEX)
def ipv6_alive_set_is_complete(server):
    """The set over IPv6 has every name."""
    found = {m.header("NT") for m in alive6(server)}
    equal(sorted(found), sorted(expected_targets(server)))


@check(ANNEX)
def ipv6_alive_host(server):
    """HOST over IPv6 is the link-local group in brackets, and the port."""
    hosts = {m.header("HOST").upper() for m in alive6(server)}
    equal(hosts, {"[FF02::C]:1900"})


@check(ANNEX)
def ipv6_alive_location(server):
    """LOCATION over IPv6 is a literal of the sending interface."""
    mine = server.network.server
    hosts = {urlsplit(m.header("LOCATION")).hostname or "" for m in alive6(server)}
    hosts = {host.partition("%")[0] for host in hosts}
    true(hosts <= {mine.link_local, mine.ipv6}, f"LOCATION on {hosts}")


# The end ------------------------------------------------------------


def byebye(server: Subject, name: str) -> Datagram:
    """Return the ssdp:byebye for one of TARGETS, sent at the end."""
    target = TARGETS[name](server)
    found = [
        message
        for message in server.heard.messages("ssdp:byebye")
        if message.header("NT") == target and message.at_s > server.ended_at_s
    ]
    if not found:
        raise Failed(f"no ssdp:byebye for {target}")
    return found[0]


@check(BYE, ANNOUNCED, When.ENDED)
def says_goodbye(server, name):
    """At SIGTERM the server takes leave under every name it announced."""
    byebye(server, name)


@check(BYE, ANNOUNCED, When.ENDED)
def goodbye_headers(server, name):
    """A byebye has HOST, NT, NTS and the USN of its NT."""
    message = byebye(server, name)
    equal(message.first_line, "NOTIFY * HTTP/1.1")
    equal(message.header("HOST"), "239.255.255.250:1900")
    equal(message.header("USN"), usn(server, message.header("NT")))


@check("UDA 1.0 section 1.2.4", when=When.ENDED)
def nothing_is_alive_after_goodbye(server):
    """No ssdp:alive follows the last byebye."""
    last = max((m.at_s for m in server.heard.messages("ssdp:byebye")), default=0)
    true(last > server.ended_at_s, "no byebye at the end")
    late = [m for m in server.heard.messages("ssdp:alive") if m.at_s > last]
    none(late, "ssdp:alive")


@check("reference security.md requirement 34", when=When.ENDED)
def ends_when_asked(server):
    """SIGTERM ends the server within 5 seconds."""
    true(server.ended_in_s is not None, "still runs")
    true(server.ended_in_s < 5, f"after {server.ended_in_s:.1f} s")


@check(ANNEX, when=When.ENDED)
def ipv6_says_goodbye(server):
    """At SIGTERM the server takes leave over IPv6 too."""
    alive6(server)
    found = {
        message.header("NT")
        for message in server.heard.messages("ssdp:byebye", 6)
        if message.at_s > server.ended_at_s
    }
    equal(sorted(found), sorted(expected_targets(server)))
