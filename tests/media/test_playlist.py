import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.answers import facts_answer, parse_answer
from upnpserver.media.playlist import read_playlist
from upnpserver.model import Kind, MediaFacts

M3U = """\
#EXTM3U
#PLAYLIST:Evening
#EXTINF:213,Mira Sol - Tide
Various/01 Tide.ogg

# a remark
#EXTINF:-1 tvg-id="x",Łódź
..\\Łódź.mp3
http://radio.example.org/live
plain.mp3
"""
XSPF = """\
<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/">
 <title>Evening &amp; night</title>
 <!-- <track><location>no.mp3</location></track> -->
 <trackList>
  <track><title>Tide</title><duration>213500</duration>
   <location>Various/01%20Tide%20%26%20Ebb.ogg</location>
   <location>other.mp3</location></track>
  <track><location>file:///home/me/Music/a.mp3</location></track>
  <track><location><![CDATA[x.mp3]]></location><title>X</title></track>
  <track><location>https://example.org/a.mp3</location></track>
  <track><title>nowhere</title></track>
 </trackList>
</playlist>
"""
WPL = """\
<?wpl version="1.0"?>
<smil><head><title>Driving</title></head><body><seq>
 <media src="..\\Music\\A &amp; B\\1.mp3" cid="{0}"/>
 <media src="mms://example.org/x"/>
 <media src='C:\\Users\\me\\Music\\C\\2.wma' tid="{1}"></media>
</seq></body></smil>
"""
ASX = """\
<ASX version="3.0">
<TITLE>Old list</title>
<Entry><Ref href = "one.wma"/><Title>One & only</Title><Ref href="two.wma"></ENTRY>
<entry><ref HREF='http://example.org/three.wma'/></entry>
<entry><title>Four</title><ref href=four.mp3></entry>
<entry><title>broken<ref href="five.mp3"/>
"""
PLS = """\
[playlist]
File2=second.mp3
Title2=The second
Length2=61
File1=/mnt/music/first.mp3
Length1=-1
File3=http://example.org:8000/stream
NumberOfEntries=3
Version=2
"""


def listed(*entries, title="", skipped=None):
    kind = (Kind.AUDIO, "", "")
    return MediaFacts(*kind, title=title, entries=entries, skipped_remote=skipped)


@pytest.mark.parametrize(
    ("extension", "content", "expected"),
    [
        (
            "m3u8",
            M3U,
            listed(
                *("Various/01 Tide.ogg", "../Łódź.mp3", "plain.mp3"),
                title="Evening",
                skipped=1,
            ),
        ),
        (
            "xspf",
            XSPF,
            listed(
                *("Various/01 Tide & Ebb.ogg", "/home/me/Music/a.mp3", "x.mp3"),
                title="Evening & night",
                skipped=1,
            ),
        ),
        (
            "wpl",
            WPL,
            listed(
                *("../Music/A & B/1.mp3", "/Users/me/Music/C/2.wma"),
                title="Driving",
                skipped=1,
            ),
        ),
        (
            "asx",
            ASX,
            listed("one.wma", "four.mp3", "five.mp3", title="Old list", skipped=1),
        ),
        ("pls", PLS, listed("/mnt/music/first.mp3", "second.mp3", skipped=1)),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_reads(extension, content, expected, encoding, line_end):
    raw = content.replace("\n", line_end).encode(encoding)
    assert read_playlist(raw, extension) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("a/./b//c.mp3", "a/b/c.mp3"),
        ("100%25.mp3", "100%25.mp3"),
        ("Part 1: the sea.mp3", "Part 1: the sea.mp3"),
        ("Re:Zero.mp3", "Re:Zero.mp3"),
        ("d:\\a.mp3", "/a.mp3"),
        ("\\Music\\a.mp3", "/Music/a.mp3"),
        ("\\\\nas\\share\\a.mp3", "/share/a.mp3"),
        ("file:///C:/My%20Music/a.mp3", "/My Music/a.mp3"),
        ("file://localhost/m/a.mp3", "/m/a.mp3"),
        ("FILE://nas/share/a.mp3", "/share/a.mp3"),
        ("file:a%2520.mp3", "a%20.mp3"),
        ("file:///m/%FF.mp3", "/m/�.mp3"),
    ],
)
def test_local_paths(location, expected):
    assert read_playlist(location.encode(), "m3u") == listed(expected)


@pytest.mark.parametrize(
    "location",
    [
        *("http://a/b.mp3", "HTTPS://a/b", "mms:stream", "rtsp://a", "smb://nas/a.mp3"),
        *("data:audio/mpeg;base64,AAAA", "spotify:track:1", "x-unheard-of://a/b"),
    ],
)
def test_remote_places_are_counted_and_left_out(location):
    given = f"{location}\na.mp3".encode()
    assert read_playlist(given, "m3u") == listed("a.mp3", skipped=1)
    with pytest.raises(ProbeError, match="Internet addresses only"):
        read_playlist(location.encode(), "m3u")


@pytest.mark.parametrize(
    "location", ["/", ".", "file://", "C:\\", "a\0b", "a\tb", "x" * 5000]
)
def test_what_is_no_path_is_passed_by(location):
    with pytest.raises(ProbeError, match="names no file"):
        read_playlist(location.encode(), "m3u")


def test_an_old_charset():
    assert read_playlist("Größe.mp3".encode("cp1252"), "m3u") == listed("Größe.mp3")


@pytest.mark.parametrize(
    ("content", "extension", "reason"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\na.ts\n", "m3u8", "manifest"),
        (b" " * ((1 << 20) + 1), "m3u", "too large"),
        (b"a.mp3\n" * 5001, "m3u", "too long"),
        ((b"a" * 4000 + b"\n") * 140, "m3u", "too long"),
        (b"a.mp3", "txt", "no known kind"),
        (b"", "pls", "names no file"),
    ],
)
def test_refuses(content, extension, reason):
    with pytest.raises(ProbeError, match=reason):
        read_playlist(content, extension)


def test_a_long_one():
    assert len(read_playlist(b"a.mp3\n" * 5000, "m3u").entries) == 5000


@pytest.mark.parametrize(
    "content",
    [b"<!--" * 250_000, b"<a" * 500_000, b"<ref href=" * 100_000, b"<a>" * 300_000],
)
def test_hostile_markup_costs_little(content):
    started = time.process_time()
    with pytest.raises(ProbeError):
        read_playlist(content, "asx")
    assert time.process_time() - started < 5


def test_entities_and_document_types_are_only_text():
    content = (
        b'<!DOCTYPE asx [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b'<asx><entry><ref href="&e;.mp3"/></entry></asx>'
    )
    assert read_playlist(content, "asx") == listed("&e;.mp3")


PIECES = st.sampled_from(
    [
        *M3U.split(","),
        *XSPF.split(">"),
        *ASX.split('"'),
        *("file://", "\\\\", "//", "c:", "%", "&#", "\0", "<![CDATA[", "..\\..\\"),
    ]
)


@given(
    st.lists(PIECES).map("".join).map(str.encode) | st.binary(max_size=300),
    st.sampled_from(["m3u", "m3u8", "pls", "xspf", "wpl", "asx"]),
)
def test_any_bytes_are_a_playlist_or_a_probe_error(content, extension):
    try:
        found = read_playlist(content, extension)
    except ProbeError:
        return
    assert parse_answer(facts_answer(found), beside=True) == found
