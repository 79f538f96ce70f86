"""Each parser as a function of bytes, with the errors that it may raise and seeds.

A parser of files reads them from memory. What needs a native library for its work
(films that libmediainfo reads) is left out: that runs in a sandboxed child, and its
bugs are not ours to find.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from upnpserver.control_point.calls import results
from upnpserver.control_point.described import devices_in
from upnpserver.control_point.objects import objects_in
from upnpserver.control_point.place import place_of
from upnpserver.control_point.reply import Reply
from upnpserver.devices.arp import mac_in_table
from upnpserver.devices.recognise import recognise as device_of
from upnpserver.dlna.npt import parse_time_seek
from upnpserver.dlna.ranges import byte_span, parse_http_date
from upnpserver.errors import (
    ActionError,
    ConfigError,
    DeviceError,
    MalformedRequest,
    ProbeError,
    RangeNotSatisfiable,
    SubscriptionError,
)
from upnpserver.facts import facts_from_json
from upnpserver.media import charset
from upnpserver.media.answers import parse_answer
from upnpserver.media.cue import read_cue
from upnpserver.media.exif import read_tags
from upnpserver.media.iptc import read_iptc
from upnpserver.media.naming import named
from upnpserver.media.nfo import read_nfo
from upnpserver.media.playlist import read_playlist
from upnpserver.media.probe import probe
from upnpserver.media.seeking import table_of
from upnpserver.media.sidecars import role_of
from upnpserver.media.signatures import HEAD_BYTES, recognise
from upnpserver.media.source import open_source
from upnpserver.media.subtitle_names import form_of
from upnpserver.media.subtitle_text import as_srt
from upnpserver.media.video import PARSERS
from upnpserver.media.xmp import read_xmp
from upnpserver.model import Kind, MediaFacts
from upnpserver.net.chunks import ChunkedBody
from upnpserver.net.head import parse_head
from upnpserver.net.hosts import HostRule
from upnpserver.net.limits import Limits
from upnpserver.owner.forms import device_question, rule_question
from upnpserver.owner.password import is_kept_form
from upnpserver.rules.ratings import age_of
from upnpserver.scan.messages import from_line
from upnpserver.scan.mountinfo import parse_mounts
from upnpserver.settings.families import shipped_families
from upnpserver.settings.patterns import read_pattern
from upnpserver.settings.rules import read_hours
from upnpserver.upnp.criteria import matches, parse_criteria
from upnpserver.upnp.gena import parse_status, parse_subscribe
from upnpserver.upnp.props import parse_filter, parse_sort
from upnpserver.upnp.soap import parse_call
from upnpserver.upnp.ssdp import parse_answer as parse_ssdp_answer
from upnpserver.upnp.ssdp import parse_search, product_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
SOAP_ACTION = '"urn:schemas-upnp-org:service:ContentDirectory:1#Browse"'
MAX_SEED_BYTES = 16 * 1024
PEER = ip_address("192.0.2.7")
LIMITS = Limits()
_TAGS = (0x010E, 0x010F, 0x0110, 0x0112, 0x8769, 0x9003, 0xA434)


# Of formats that no fixture is of.
_MARKS = {
    "ape": b"MAC \x96\x0f\0\0",
    "dsf": b"DSD \x1c\0\0\0\0\0\0\0",
    "dff": b"FRM8\0\0\0\0\0\0\0\x10DSD FVER",
    "gif": b"GIF89a\1\0\1\0",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One parser. allowed: what it may raise. seeds: what it is fed with at first."""

    run: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()
    seeds: Sequence[bytes] = (b"",)
    max_bytes: int = 4096


def text(parse: Callable[[str], object], data: bytes) -> None:
    """Hand over bytes as a header has them."""
    parse(data.decode("latin-1"))


def unicode_text(parse: Callable[[str], object], data: bytes) -> None:
    """Hand over bytes as a document has them."""
    parse(data.decode("utf-8", "replace"))


def probed(name: str, data: bytes) -> None:
    """Read a file of a name that exists in memory only, unless it is a film's."""
    if recognise(data[:HEAD_BYTES], name.rpartition(".")[2]) in PARSERS:
        return
    fd = os.memfd_create("fuzzed")
    try:
        os.write(fd, data)
        probe(fd, name)
    finally:
        os.close(fd)


def sought(name: str, container: str, data: bytes) -> None:
    """Read the places of times in a file."""
    fd = os.memfd_create("fuzzed")
    try:
        os.write(fd, data)
        table_of(open_source(fd, name), container)
    finally:
        os.close(fd)


def files(*extensions: str) -> list[bytes]:
    """Return the beginnings of fixtures with one of these extensions."""
    found = sorted(
        path for path in FIXTURES.rglob("*") if path.suffix[1:] in extensions
    )
    marks = [_MARKS[name] for name in extensions if name in _MARKS]
    return [*(path.read_bytes()[:MAX_SEED_BYTES] for path in found), *marks]


def bodies(pattern: str) -> list[bytes]:
    """Return the bodies of recorded requests."""
    found = sorted((FIXTURES / "soap").glob(pattern))
    recorded = [
        path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n") for path in found
    ]
    return [body for _, _, body in recorded][:40] or [b""]


def head(data: bytes) -> None:
    parse_head(data, LIMITS)


def chunked(data: bytes) -> None:
    ChunkedBody(LIMITS.body_bytes).feed(bytearray(data))


def searched(text: str) -> None:
    matches(parse_criteria(text), {"dc:title": ("A title",), "res@size": ("7",)})


def subscribed(data: bytes) -> None:
    lines = data.decode("latin-1").split("\n", 3)
    names = ("callback", "nt", "sid", "timeout")
    parse_subscribe(
        dict(zip(names, lines, strict=False)), PEER, "http://192.0.2.1:8200"
    )


def file_named(data: bytes) -> None:
    named(MediaFacts(Kind.VIDEO, "matroska", "video/x-matroska"), data)
    role_of(data.rpartition(b"/")[2])
    form_of(data.rpartition(b"/")[2])


def from_device(data: bytes) -> None:
    agent, _, server = data.decode("latin-1").partition("\n")
    device_of(shipped_families(), {"ua": agent, "server": server})


def filled_in(data: bytes) -> None:
    lines = data.decode("utf-8", "replace").split("\n")
    fields = {
        name: [value] for name, _, value in (line.partition("=") for line in lines)
    }
    rule_question(fields)
    device_question(fields)


def exif(data: bytes) -> None:
    read_tags(lambda at, count: data[at : at + count] if at >= 0 else b"", _TAGS)


HOME = place_of("http://192.0.2.7/description.xml")
RULE = HostRule(lambda: {ip_address("192.0.2.1")}, ["media.home"], lambda: "tower")
_NOT_XML = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
_SRT = b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"
# Not mpc: mutagen reads a broken one for ever, until the child's time is over.
# Which fixtures a container's own readers are fed with, and under which name.
_FILES = (
    *(("mp3", "mp2"), ("flac",), ("ogg", "oga", "opus", "spx"), ("m4a", "m4b")),
    *(("wav", "w64"), ("aiff", "aifc"), ("au",), ("caf",), ("wv",), ("tta",)),
    *(("ape",), ("dsf",), ("dff",), ("aac",), ("ac3", "eac3"), ("dts",)),
    *(("jpg",), ("png",), ("webp",), ("tiff",), ("heic", "avif"), ("gif",), ("bmp",)),
    ("ts", "m2ts"),
)

TARGETS: dict[str, Target] = {
    "ssdp": Target(
        lambda data: (parse_search(data), product_of(data)),
        (MalformedRequest,),
        [
            b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"'
            b"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n"
        ],
    ),
    "ssdp-answer": Target(
        parse_ssdp_answer,
        (MalformedRequest,),
        [b"HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: http://192.0.2.7/\r\n\r\n"],
    ),
    "device-reply": Target(
        lambda data: Reply().feed(data),
        (MalformedRequest,),
        [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"],
    ),
    "device-description": Target(
        lambda data: devices_in(data, HOME),
        (MalformedRequest,),
        [
            b"<root><device><deviceType>urn:schemas-upnp-org:device:MediaServer:1"
            b"</deviceType><friendlyName>A</friendlyName></device></root>",
            _NOT_XML,
        ],
    ),
    "device-objects": Target(
        partial(unicode_text, objects_in),
        (MalformedRequest,),
        [b'<DIDL-Lite><item id="1"><res duration="0:01">http://b/</res></item></DIDL>'],
    ),
    "device-action": Target(
        lambda data: results(200, data),
        (MalformedRequest, DeviceError),
        bodies("*/browse*.http"),
    ),
    "http-head": Target(
        head,
        (MalformedRequest,),
        [b"GET /media/7.mp3?a HTTP/1.1\r\nHost: 192.0.2.1:8200\r\nRange: bytes=0-"],
    ),
    "http-chunked": Target(
        chunked, (MalformedRequest,), [b"3;a=b\r\nabc\r\n0\r\n\r\n"]
    ),
    "http-host": Target(
        partial(text, lambda value: RULE.allows(value, 8200)),
        (),
        [b"192.0.2.1:8200", b"[fe80::1%eth0]:8200", b"tower.local"],
    ),
    "http-range": Target(
        partial(text, lambda value: byte_span(value, 1000)),
        (RangeNotSatisfiable,),
        [b"bytes=0-499", b"bytes=-5", b"bytes=900-"],
    ),
    "http-date": Target(
        partial(text, parse_http_date), (), [b"Sun, 06 Nov 1994 08:49:37 GMT"]
    ),
    "time-seek": Target(
        partial(text, parse_time_seek), (MalformedRequest,), [b"npt=0:01:30.5-120"]
    ),
    "soap": Target(
        lambda data: parse_call(SOAP_ACTION, data),
        (MalformedRequest,),
        [*bodies("*/browse*.http"), _NOT_XML],
    ),
    "search-criteria": Target(
        partial(unicode_text, searched),
        (ActionError,),
        [b'dc:title contains "a\\"b" and (res@size > "5" or @refID exists false)'],
    ),
    "sort-criteria": Target(
        partial(unicode_text, parse_sort), (ActionError,), [b"+dc:title,-dc:date"]
    ),
    "filter": Target(
        partial(unicode_text, parse_filter), (ActionError,), [b"*,res@size,upnp:artist"]
    ),
    "subscribe": Target(
        subscribed,
        (SubscriptionError,),
        [b"<http://192.0.2.7:80/a>\nupnp:event\n\nSecond-300", b"\n\nuuid:1\n"],
    ),
    "event-status": Target(parse_status, (MalformedRequest,), [b"HTTP/1.1 200 OK\r\n"]),
    "device": Target(from_device, (), [b"SEC_HHP_[TV]UE55/1.0\nLinux UPnP/1.0"]),
    "neighbours": Target(
        partial(text, lambda value: mac_in_table(value, "192.0.2.7")),
        (),
        [b"IP\n192.0.2.7 0x1 0x2 00:11:22:33:44:55 * eth0\n"],
    ),
    "nfo": Target(
        read_nfo,
        (ProbeError,),
        [b"<movie><title>A</title><mpaa>PG</mpaa></movie>", _NOT_XML],
    ),
    "xmp": Target(
        read_xmp,
        (),
        [
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org'
            b'/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF></x:xmpmeta>'
        ],
    ),
    "cue": Target(
        read_cue,
        (ProbeError,),
        [b'FILE "a.flac" WAVE\nTRACK 01 AUDIO\nTITLE "x"\nINDEX 01 00:02:33\n'],
    ),
    **{
        f"playlist-{extension}": Target(
            lambda data, extension=extension: read_playlist(data, extension),
            (ProbeError,),
            [seed],
        )
        for extension, seed in (
            ("m3u", b"#EXTM3U\n#EXTINF:3,A\n../a.mp3\nhttp://b/c.mp3\n"),
            ("pls", b"[playlist]\nFile1=a.mp3\nTitle1=A\n"),
            ("xspf", b"<playlist><trackList><track><location>a.mp3</location></track>"),
            ("wpl", b'<smil><body><seq><media src="a.mp3"/></seq></body></smil>'),
            ("asx", b'<asx><entry><ref href="a.mp3"/></entry></asx>'),
        )
    },
    **{
        f"subtitles-{form}": Target(
            lambda data, form=form: as_srt(data, form), (ProbeError,), [seed]
        )
        for form, seed in (
            ("srt", _SRT),
            ("vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
            ("ass", b"[Script Info]\n[Events]\nFormat: Start, End, Text\n"),
            ("smi", b"<SAMI><BODY><SYNC Start=1000><P>Hello</BODY></SAMI>"),
        )
    },
    "exif": Target(exif, (), [b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\4\0\0\0abc\0"]),
    "iptc": Target(read_iptc, (), [b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x05\0\x03abc"]),
    "charset": Target(charset.decoded, (), ["Füße".encode("latin-1"), b"\xff\xfea\0"]),
    "names": Target(
        file_named, (), [b"Show/Season 1/Show.S01E02-E03.720p.mkv", b"Film (2010).mkv"]
    ),
    "answers": Target(
        parse_answer, (ProbeError,), [b'{"facts": {}}', b'{"problem": ""}']
    ),
    "facts": Target(partial(unicode_text, facts_from_json), (ProbeError,), [b"{}"]),
    "scanner-messages": Target(
        from_line, (MalformedRequest,), [b'{"type": "Ready", "partial": ""}']
    ),
    "mounts": Target(
        parse_mounts, (), [b"36 35 98:0 / /mnt rw,noatime - ext4 /dev/root rw\n"]
    ),
    "patterns": Target(
        partial(unicode_text, partial(read_pattern, "x")),
        (ConfigError,),
        [b"^a(b|c).*$"],
    ),
    "hours": Target(
        partial(unicode_text, partial(read_hours, "x")),
        (ConfigError,),
        [b"mon-fri,sun 15:00-19:30"],
    ),
    "age-ratings": Target(
        partial(unicode_text, age_of), (), [b"Rated PG-13", b"FSK 12"]
    ),
    "owner-forms": Target(filled_in, (), [b"kind=profile\nage=6\nkinds=audio"]),
    "kept-password": Target(partial(text, is_kept_form), (), [b"scrypt$15$8$1$a$b"]),
    **{
        f"file-{names[0]}": Target(
            partial(probed, f"fuzzed.{names[0]}"),
            (ProbeError,),
            files(*names),
            MAX_SEED_BYTES,
        )
        for names in _FILES
    },
    **{
        f"places-{container}": Target(
            partial(sought, f"fuzzed.{names[0]}", container),
            (ProbeError,),
            files(*names),
            MAX_SEED_BYTES,
        )
        for container, names in (
            ("mp3", ("mp3",)),
            ("mp4", ("mp4", "m4a", "mov")),
            ("matroska", ("mkv", "mka", "webm")),
        )
    },
}
