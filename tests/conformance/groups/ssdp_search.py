"""M-SEARCH and its answers. Source: UDA 1.0 section 1.2; reference ssdp.md."""

import re
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from conformance.checks import Failed, Group, NotOffered, among, equal, none, true
from conformance.device import CDS, CMS, REGISTRAR
from conformance.searching import PROBES, Probe, search
from conformance.subject import Subject
from conformance.wire import Datagram

check = Group("SSDP search")
UDA = "UDA 1.0 section 1.2.3"


def device_type(server: Subject) -> str:
    return server.device.type


def service_type(name: str):
    return lambda server: server.service(name).type


TARGETS = {
    "upnp:rootdevice": lambda _server: "upnp:rootdevice",
    "uuid": lambda server: server.device.udn,
    "MediaServer": device_type,
    "ContentDirectory": service_type(CDS),
    "ConnectionManager": service_type(CMS),
    "Registrar": service_type(REGISTRAR),
}


def usn(server: Subject, target: str) -> str:
    """Return the USN that belongs to a search target."""
    udn = server.device.udn
    return udn if target == udn else f"{udn}::{target}"


def _register_targets() -> None:
    for name, target in TARGETS.items():

        def make(server: Subject, target=target) -> bytes:
            try:
                return search(target(server))
            except NotOffered:
                return search("urn:none")

        PROBES[name] = Probe(make)


_register_targets()


def answer(server: Subject, name: str) -> Datagram:
    """Return the answer to a search for one of TARGETS."""
    TARGETS[name](server)
    return server.searches[name].one()


@check(UDA, list(TARGETS))
def is_answered(server, name):
    """A search for something that the device has is answered."""
    answer(server, name)


@check(UDA, list(TARGETS))
def status_line(server, name):
    """The answer starts with HTTP/1.1 200 OK."""
    equal(answer(server, name).first_line, "HTTP/1.1 200 OK")


@check(UDA, list(TARGETS))
def one_answer(server, name):
    """One search for one target gets exactly one answer."""
    answer(server, name)
    equal(len(server.searches[name].answers), 1, "answers")


@check(UDA, list(TARGETS))
def st_is_what_was_asked(server, name):
    """ST repeats the search target."""
    equal(answer(server, name).header("ST"), TARGETS[name](server))


@check(UDA, list(TARGETS))
def usn_is_udn_and_target(server, name):
    """USN is the UDN, then :: and the target unless that is the UDN itself."""
    equal(answer(server, name).header("USN"), usn(server, TARGETS[name](server)))


@check(UDA, list(TARGETS))
def ext_is_there_and_empty(server, name):
    """EXT stands in the answer without a value."""
    headers = answer(server, name).headers
    true("EXT" in headers, "no EXT")
    equal(headers["EXT"], "")


@check(UDA, list(TARGETS))
def max_age(server, name):
    """CACHE-CONTROL has max-age, at least half an hour."""
    header = answer(server, name).header("CACHE-CONTROL")
    found = re.fullmatch(r"max-age\s*=\s*([0-9]+)", header)
    true(found, f"CACHE-CONTROL: {header!r}")
    true(int(found[1]) >= 1800, f"max-age {found[1]}")


@check(UDA, list(TARGETS))
def location_is_the_description(server, name):
    """LOCATION is the description's URL on the address that was asked."""
    location = answer(server, name).header("LOCATION")
    equal(urlsplit(location).hostname, server.network.server.ipv4)
    equal(location, server.location)


@check(UDA, list(TARGETS))
def server_header(server, name):
    """SERVER names an operating system, UPnP/1.x and a product."""
    header = answer(server, name).header("SERVER")
    tokens = re.findall(r"[^\s,]+/[^\s,]+", header)
    true(re.search(r"\bUPnP/(1\.[01]|2\.0)\b", header), f"SERVER: {header!r}")
    true(len(tokens) >= 2, f"SERVER: {header!r}")


@check(UDA, list(TARGETS))
def date_is_valid(server, name):
    """DATE, where it is sent, is an RFC 1123 date in GMT."""
    header = answer(server, name).header("DATE")
    if not header:
        raise NotOffered("DATE is only recommended")
    true(header.endswith(" GMT"), f"DATE: {header!r}")
    parsedate_to_datetime(header)


@check(UDA, list(TARGETS))
def ends_with_a_blank_line(server, name):
    """The answer is CRLF lines, ends with a blank one, and has no body."""
    data = answer(server, name).data
    true(data.endswith(b"\r\n\r\n"), "no blank line at the end")
    equal(data.count(b"\n"), data.count(b"\r\n"), "bare line feeds")
    equal(data.index(b"\r\n\r\n"), len(data) - 4, "a body follows")


@check("UDA 1.0 section 1.2.3; reference ssdp.md section 3", list(TARGETS))
def comes_from_the_server(server, name):
    """The answer comes from the address that LOCATION names."""
    equal(answer(server, name).address, server.network.server.ipv4)


# ssdp:all ------------------------------------------------------------

PROBES["ssdp:all"] = Probe(lambda _server: search("ssdp:all", mx="2"))


def expected_targets(server: Subject) -> list[str]:
    """Return each ST that ssdp:all must bring, once."""
    device = server.device
    services = sorted({service.type for service in device.services.values()})
    return ["upnp:rootdevice", device.udn, device.type, *services]


ALL_TARGETS = ("upnp:rootdevice", "uuid", "MediaServer", CDS, CMS)


@check(UDA, ALL_TARGETS)
def all_brings(server, name):
    """ssdp:all is answered for every target that the device has."""
    wanted = TARGETS[name](server)
    found = {d.header("ST") for d in server.searches["ssdp:all"].answers}
    true(wanted in found, f"no {wanted} in {sorted(found)}")


@check(UDA)
def all_is_complete_without_repeats(server):
    """ssdp:all brings 3 + k answers: each target once."""
    found = sorted(d.header("ST") for d in server.searches["ssdp:all"].answers)
    equal(found, sorted(expected_targets(server)))


@check(UDA)
def all_has_right_usns(server):
    """Each answer to ssdp:all has the USN of its ST."""
    answers = server.searches["ssdp:all"].answers
    true(answers, "no answer")
    wrong = [
        (d.header("ST"), d.header("USN"))
        for d in answers
        if d.header("USN") != usn(server, d.header("ST"))
    ]
    none(wrong, "USN does not fit ST")


# Waiting ------------------------------------------------------------

WAITS = {"MX 1": ("1", 1.0), "MX 2": ("2", 2.0), "MX 3": ("3", 3.0), "MX 5": ("5", 5.0)}
for _name, (_mx, _wait) in WAITS.items():
    PROBES[_name] = Probe(lambda s, mx=_mx: search(s.device.type, mx=mx))
PROBES["MX 120"] = Probe(lambda s: search(s.device.udn, mx="120"))
TOLERANCE_S = 0.3


@check(UDA, {name: (name, wait) for name, (_, wait) in WAITS.items()})
def answers_within_mx(server, name, wait_s):
    """The answer comes within the MX seconds that the search allows."""
    asked = server.searches[name]
    late = asked.one().at_s - asked.at_s
    true(late <= wait_s + TOLERANCE_S, f"after {late:.2f} s")


@check("UDA 1.1 section 1.3.3", ["MX 120"])
def long_waits_are_cut(server, name):
    """An MX above 5 is treated as 5."""
    asked = server.searches[name]
    true(asked.one().at_s - asked.at_s <= 5 + TOLERANCE_S, "later than 5 s")


# Read leniently ------------------------------------------------------------


def written(template: str):
    """Return a search made of a template with CRLF and the target filled in."""

    def make(server: Subject) -> bytes:
        text = template.format(
            group="239.255.255.250:1900",
            type=server.device.type,
            udn=server.device.udn,
            cds=server.service(CDS).type,
            cms=server.service(CMS).type,
        )
        return text.replace("\n", "\r\n").encode()

    return make


LENIENT = {
    "lower-case names": (
        'M-SEARCH * HTTP/1.1\nhost: {group}\nman: "ssdp:discover"\nmx: 1\n'
        "st: upnp:rootdevice\n\n"
    ),
    "mixed-case names": (
        'M-SEARCH * HTTP/1.1\nHost: {group}\nMan: "ssdp:discover"\nMx: 1\nSt: {udn}\n\n'
    ),
    "another order": (
        'M-SEARCH * HTTP/1.1\nST: {type}\nMX: 1\nMAN: "ssdp:discover"\n'
        "HOST: {group}\n\n"
    ),
    "blanks after values": (
        'M-SEARCH * HTTP/1.1\nHOST: {group} \nMAN: "ssdp:discover" \nMX: 1 \n'
        "ST: {cds}  \n\n"
    ),
    "no blank after colons": (
        'M-SEARCH * HTTP/1.1\nHOST:{group}\nMAN:"ssdp:discover"\nMX:1\nST:{cms}\n\n'
    ),
    "several blanks after colons": (
        'M-SEARCH * HTTP/1.1\nHOST:  {group}\nMAN:   "ssdp:discover"\nMX:\t1\n'
        "ST:   upnp:rootdevice\n\n"
    ),
    "unknown headers": (
        'M-SEARCH * HTTP/1.1\nHOST: {group}\nMAN: "ssdp:discover"\nMX: 1\nST: {udn}\n'
        "USER-AGENT: OS/1 UPnP/1.1 p/1\nCPFN.UPNP.ORG: tv\nX-Odd: =?;\n\n"
    ),
    "HOST in lower case": (
        'M-SEARCH * HTTP/1.1\nHOST: {group}\nMAN: "ssdp:discover"\nMX: 1\nST: {type}\n'
        "Content-Length: 0\n\n"
    ),
}
for _name, _template in LENIENT.items():
    PROBES[_name] = Probe(written(_template))


@check("RFC 2616 section 4.2 (headers)", list(LENIENT))
def understands(server, name):
    """Header names in any case and order, and blanks around values, are read."""
    equal(server.searches[name].one().first_line, "HTTP/1.1 200 OK")


@check("UDA 1.0 section 1.2.2; reference ssdp.md section 2")
def older_versions_are_answered(server):
    """Every version from 1 to that of the device is answered as it was asked."""
    kind, _, version = server.device.type.rpartition(":")
    for older in range(1, int(version) + 1):
        name = "version 1" if older == 1 else "MediaServer"
        if older not in (1, int(version)):
            continue
        equal(server.searches[name].one().header("ST"), f"{kind}:{older}")


PROBES["version 1"] = Probe(
    lambda s: search(s.device.type.rpartition(":")[0] + ":1", mx="1")
)
PROBES["two control points"] = Probe(lambda s: search(s.device.udn), "twice")


@check(UDA)
def two_control_points_on_one_host(server):
    """The same search from two ports at once is answered to both."""
    answers = server.searches["two control points"].answers
    equal(len(answers), 2, "answers")


PROBES["unicast"] = Probe(
    lambda s: search(s.device.type, mx="", host=f"{s.address}:1900"), "unicast"
)
PROBES["unicast with MX"] = Probe(
    lambda s: search("upnp:rootdevice", host=f"{s.address}:1900"), "unicast"
)


@check("UDA 1.1 section 1.3.2", ["unicast", "unicast with MX"])
def unicast_search(server, name):
    """A search sent to the device's own address is answered within a second."""
    asked = server.searches[name]
    true(asked.one().at_s - asked.at_s <= 1 + TOLERANCE_S, "later than 1 s")


# Not answered ------------------------------------------------------------


def _wrong(**replaced: str):
    return lambda server: search(
        replaced.get("st", server.device.type),
        **{name: value for name, value in replaced.items() if name != "st"},
    )


def _next_version(name: str = ""):
    def make(server: Subject) -> bytes:
        full = server.service(name).type if name else server.device.type
        kind, _, version = full.rpartition(":")
        return search(f"{kind}:{int(version) + 1}")

    return make


def _line(line: str):
    return lambda server: search(server.device.type).replace(
        b"M-SEARCH * HTTP/1.1", line.encode(), 1
    )


def _edited(old: str, new: str):
    return lambda server: search(server.device.udn).replace(old.encode(), new.encode())


SILENT = {
    "no MAN": _wrong(man=""),
    "MAN without quotes": _wrong(man="ssdp:discover"),
    "MAN of another kind": _wrong(man='"ssdp:other"'),
    "MX not a number": _wrong(mx="soon"),
    "MX negative": _wrong(mx="-1"),
    "no ST": lambda _server: search(""),
    "empty ST": lambda _server: search("\t").replace(b"ST: \t", b"ST:"),
    "unknown ST": _wrong(st="urn:schemas-upnp-org:service:Toaster:1"),
    "nonsense ST": _wrong(st="everything"),
    "ssdp:ALL": _wrong(st="ssdp:ALL"),
    "another UUID": _wrong(st="uuid:00000000-0000-0000-0000-00000000dead"),
    "UUID without uuid:": lambda s: search(s.device.udn.removeprefix("uuid:")),
    "UUID cut short": lambda s: search(s.device.udn[:-1]),
    "MediaRenderer": _wrong(st="urn:schemas-upnp-org:device:MediaRenderer:1"),
    "InternetGatewayDevice": _wrong(
        st="urn:schemas-upnp-org:device:InternetGatewayDevice:1"
    ),
    "DIAL": _wrong(st="urn:dial-multiscreen-org:service:dial:1"),
    "AVTransport": _wrong(st="urn:schemas-upnp-org:service:AVTransport:1"),
    "other domain": _wrong(st="urn:example-org:device:MediaServer:1"),
    "device as service": _wrong(st="urn:schemas-upnp-org:service:MediaServer:1"),
    "no version": _wrong(st="urn:schemas-upnp-org:device:MediaServer"),
    "version 0": _wrong(st="urn:schemas-upnp-org:device:MediaServer:0"),
    "version with a letter": _wrong(st="urn:schemas-upnp-org:device:MediaServer:1x"),
    "negative version": _wrong(st="urn:schemas-upnp-org:device:MediaServer:-1"),
    "device version above": _next_version(),
    "service version above": _next_version(CDS),
    "GET line": _line("GET * HTTP/1.1"),
    "lower-case method": _line("m-search * HTTP/1.1"),
    "other target": _line("M-SEARCH /all HTTP/1.1"),
    "no protocol": _line("M-SEARCH *"),
    "NOTIFY line": _line("NOTIFY * HTTP/1.1"),
    "an answer": _line("HTTP/1.1 200 OK"),
    "ST in the body": _edited("ST: ", "\r\nST: "),
    "garbage": lambda _server: bytes(range(256)),
    "empty datagram": lambda _server: b"",
    "YOUKU-NOTIFY": lambda _server: b"YOUKU-NOTIFY device=1\r\n\r\n",
}
for _name, _make in SILENT.items():
    PROBES[_name] = Probe(_make)
PROBES["from another network"] = Probe(lambda s: search(s.device.type), "routed")


@check("UDA 1.0 section 1.2.3; reference ssdp.md section 3", list(SILENT))
def stays_silent(server, name):
    """What is no search, or not for us, gets no answer at all."""
    none(server.searches[name].answers, "answers")


@check("reference ssdp.md section 5, security.md requirement 4")
def silent_to_other_networks(server):
    """A search from an address beyond the link gets no answer."""
    none(server.searches["from another network"].answers, "answers")


PROBES["still there"] = Probe(lambda _server: search("upnp:rootdevice"))


@check("reference security.md requirement 26")
def still_answers_after_all_that(server):
    """After garbage the device still answers a plain search."""
    server.searches["still there"].one()


# IPv6 ------------------------------------------------------------

PROBES["IPv6"] = Probe(lambda s: search(s.device.type, host="[FF02::C]:1900"), "ipv6")
PROBES["IPv6 all"] = Probe(
    lambda _server: search("ssdp:all", host="[FF02::C]:1900", mx="2"), "ipv6"
)
ANNEX = "UDA 1.0 annex A (IPv6); reference ssdp.md section 1"


def ipv6_answer(server: Subject) -> Datagram:
    """Return the answer over IPv6; it is an option."""
    found = server.searches["IPv6"].answers
    if not found:
        raise NotOffered("no answer over IPv6")
    return found[0]


@check(ANNEX)
def ipv6_location_is_link_local(server):
    """LOCATION over IPv6 is the interface's own literal in brackets."""
    location = ipv6_answer(server).header("LOCATION")
    host = (urlsplit(location).hostname or "").partition("%")[0]
    among(host, (server.network.server.link_local, server.network.server.ipv6))


@check(ANNEX)
def ipv6_usn(server):
    """USN over IPv6 is the same as over IPv4."""
    equal(ipv6_answer(server).header("USN"), usn(server, server.device.type))


@check(ANNEX)
def ipv6_all_is_complete(server):
    """ssdp:all over IPv6 brings every target once."""
    ipv6_answer(server)
    found = sorted(d.header("ST") for d in server.searches["IPv6 all"].answers)
    equal(found, sorted(expected_targets(server)))


@check(ANNEX)
def ipv6_location_answers(server):
    """The description can be fetched from the IPv6 LOCATION."""
    location = urlsplit(ipv6_answer(server).header("LOCATION"))
    address = (location.hostname or "").partition("%")[0]
    host = f"[{address}]:{location.port}"
    request = server.request_bytes("GET", location.path, {"Host": host})
    with server.connect(address, port=location.port) as connection:
        connection.send(request)
        response = connection.response()
    if response.status != 200:
        raise Failed(f"status {response.status}")
    true(server.device.udn.encode() in response.body, "another description")
