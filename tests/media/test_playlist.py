import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.playlist import (
    Playlist,
    PlaylistEntry,
    read_playlist,
    resolve,
    suffixes,
)

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


def entry(*path, **told):
    return PlaylistEntry(path, **told)


@pytest.mark.parametrize(
    ("extension", "content", "expected"),
    [
        (
            "m3u8",
            M3U,
            Playlist(
                "Evening",
                (
                    entry(
                        *("Various", "01 Tide.ogg"),
                        title="Mira Sol - Tide",
                        duration_ms=213_000,
                    ),
                    entry("..", "Łódź.mp3", title="Łódź"),
                    entry("plain.mp3"),
                ),
                1,
            ),
        ),
        (
            "xspf",
            XSPF,
            Playlist(
                "Evening & night",
                (
                    entry(
                        *("Various", "01 Tide & Ebb.ogg"),
                        title="Tide",
                        duration_ms=213_500,
                    ),
                    entry("home", "me", "Music", "a.mp3", from_root=True),
                    entry("x.mp3", title="X"),
                ),
                1,
            ),
        ),
        (
            "wpl",
            WPL,
            Playlist(
                "Driving",
                (
                    entry("..", "Music", "A & B", "1.mp3"),
                    entry("Users", "me", "Music", "C", "2.wma", from_root=True),
                ),
                1,
            ),
        ),
        (
            "asx",
            ASX,
            Playlist(
                "Old list",
                (
                    entry("one.wma", title="One & only"),
                    entry("four.mp3", title="Four"),
                    entry("five.mp3", title="broken"),
                ),
                1,
            ),
        ),
        (
            "pls",
            PLS,
            Playlist(
                "",
                (
                    entry("mnt", "music", "first.mp3", from_root=True),
                    entry("second.mp3", title="The second", duration_ms=61_000),
                ),
                1,
            ),
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_reads(extension, content, expected, encoding, line_end):
    raw = content.replace("\n", line_end).encode(encoding)
    assert read_playlist(raw, extension) == expected


def one(location, extension="m3u"):
    playlist = read_playlist(location.encode(), extension)
    assert len(playlist.entries) + playlist.skipped_remote <= 1
    return playlist.entries[0] if playlist.entries else None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("a/./b//c.mp3", entry("a", "b", "c.mp3")),
        ("100%25.mp3", entry("100%25.mp3")),
        ("Part 1: the sea.mp3", entry("Part 1: the sea.mp3")),
        ("Re:Zero.mp3", entry("Re:Zero.mp3")),
        ("d:\\a.mp3", entry("a.mp3", from_root=True)),
        ("\\Music\\a.mp3", entry("Music", "a.mp3", from_root=True)),
        ("\\\\nas\\share\\a.mp3", entry("share", "a.mp3", from_root=True)),
        ("file:///C:/My%20Music/a.mp3", entry("My Music", "a.mp3", from_root=True)),
        ("file://localhost/m/a.mp3", entry("m", "a.mp3", from_root=True)),
        ("FILE://nas/share/a.mp3", entry("share", "a.mp3", from_root=True)),
        ("file:a%2520.mp3", entry("a%20.mp3")),
        ("file:///m/%FF.mp3", entry("m", "\udcff.mp3", from_root=True)),
    ],
)
def test_local_paths(location, expected):
    assert one(location) == expected


@pytest.mark.parametrize(
    "location",
    [
        *("http://a/b.mp3", "HTTPS://a/b", "mms:stream", "rtsp://a", "smb://nas/a.mp3"),
        *("data:audio/mpeg;base64,AAAA", "spotify:track:1", "x-unheard-of://a/b"),
    ],
)
def test_remote_places_are_counted_and_left_out(location):
    assert read_playlist(location.encode(), "m3u") == Playlist("", (), 1)


@pytest.mark.parametrize("location", ["/", ".", "file://", "C:\\", "a\0b", "x" * 5000])
def test_what_is_no_path_is_passed_by(location):
    assert read_playlist(location.encode(), "m3u") == Playlist("", ())


def test_an_old_charset():
    assert read_playlist("Größe.mp3".encode("cp1252"), "m3u").entries == (
        entry("Größe.mp3"),
    )


@pytest.mark.parametrize(
    ("content", "extension", "reason"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\na.ts\n", "m3u8", "manifest"),
        (b" " * ((1 << 20) + 1), "m3u", "too large"),
        (b"a.mp3", "txt", "no known kind"),
    ],
)
def test_refuses(content, extension, reason):
    with pytest.raises(ProbeError, match=reason):
        read_playlist(content, extension)


def test_entries_are_bounded():
    playlist = read_playlist(b"a.mp3\n" * 6000 + b"http://a\n" * 9, "m3u")
    assert (len(playlist.entries), playlist.skipped_remote) == (5000, 9)


@pytest.mark.parametrize(
    "content",
    [b"<!--" * 250_000, b"<a" * 500_000, b"<ref href=" * 100_000, b"<a>" * 300_000],
)
def test_hostile_markup_costs_little(content):
    started = time.process_time()
    read_playlist(content, "asx")
    assert time.process_time() - started < 5


def test_entities_and_document_types_are_only_text():
    content = (
        b'<!DOCTYPE asx [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b'<asx><entry><ref href="&e;.mp3"/></entry></asx>'
    )
    assert read_playlist(content, "asx").entries == (entry("&e;.mp3"),)


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        (("a.mp3",), b"", b"a.mp3"),
        (("a.mp3",), b"Lists", b"Lists/a.mp3"),
        (("..", "Music", "a.mp3"), b"Lists", b"Music/a.mp3"),
        (("..", "a.mp3"), b"", None),
        (("..", "..", "a.mp3"), b"Lists", None),
        (("x", "..", "..", "..", "a.mp3"), b"Lists", None),
        (("a", "..", "b.mp3"), b"A/B", b"A/B/b.mp3"),
        (("..",), b"A", None),
        (("\udcff.mp3",), b"A", b"A/\xff.mp3"),
        (("Łódź.mp3",), b"", "Łódź.mp3".encode()),
    ],
)
def test_resolve(path, directory, expected):
    assert resolve(PlaylistEntry(path), directory) == expected


def test_a_path_from_some_root_is_found_by_its_end():
    found = entry("Users", "Music", "a.mp3", from_root=True)
    assert resolve(found, b"Lists") is None
    assert list(suffixes(found)) == [b"Users/Music/a.mp3", b"Music/a.mp3", b"a.mp3"]
    assert list(suffixes(entry("..", "a.mp3", from_root=True))) == []


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
    st.sampled_from([b"", b"Lists", b"a/b"]),
)
def test_any_bytes_are_a_playlist_within_its_root_or_a_probe_error(
    content, extension, directory
):
    try:
        playlist = read_playlist(content, extension)
    except ProbeError:
        return
    for found in playlist.entries:
        path = resolve(found, directory)
        assert path is None or b".." not in path.split(b"/")
        assert path is None or not path.startswith(b"/")
        list(suffixes(found))
