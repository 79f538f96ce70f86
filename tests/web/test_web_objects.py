"""What a page shows of an object, whatever stands in its tags."""

from hypothesis import given
from hypothesis import strategies as st

from upnpserver.catalog.items import SentFile, describe_item
from upnpserver.model import Entry, Kind, MediaFacts
from upnpserver.upnp import didl
from upnpserver.upnp.values import clean_text
from upnpserver.web.objects import shown

texts = st.text(max_size=40).map(clean_text).filter(str.strip)
ID = "a" * 16


def entry_of(facts, title="T", art=b""):
    described, _ = describe_item(facts, title, SentFile(ID, b"x.mp3", 1234))
    return Entry(
        False, f"i${ID}", "music$all", described.segments, "", 0, art or described.art
    )


def test_a_piece_of_music():
    one = shown(
        entry_of(
            MediaFacts(
                Kind.AUDIO,
                "audio/mpeg",
                ID,
                artists=("Ann", "Bob"),
                album="First",
                date="2001-02-03",
                genres=("Jazz",),
                track=7,
                duration_ms=200_500,
            ),
            "One",
            didl.pack_art(f"/media/{'b' * 16}/cover.jpg", "JPEG_SM"),
        )
    )
    assert (one.title, one.kind, one.artists) == ("One", "audio", ("Ann", "Bob"))
    assert (one.album, one.year, one.number) == ("First", "2001", "7")
    assert (one.duration_s, one.genres) == (200, ("Jazz",))
    (form,) = one.forms
    assert (form.mime, form.size_bytes) == ("audio/mpeg", 1234)
    assert form.path == f"/media/{ID}/audio.mp3"
    assert one.picture("tn") == f"/picture/{'b' * 16}/tn.jpg"


def test_a_container_and_one_without_anything():
    segments = didl.pack("Albums", "object.container", [("upnp:artist", "Ann")])
    one = shown(Entry(True, "music$albums", "music$", segments, "", 12))
    assert (one.is_container, one.child_count, one.picture("tn")) == (True, 12, "")
    assert one.artists == ("Ann",)
    bare = shown(Entry(True, "x", "0", didl.pack("", "object.container"), "", 0))
    assert (bare.title, bare.forms, bare.subtitle) == ("", (), "")


def test_where_a_film_was_left_and_its_subtitles():
    facts = MediaFacts(Kind.VIDEO, "video/mp4", ID, width=320, height=180)
    entry = entry_of(facts)
    told = [("upnp:lastPlaybackPosition", "0:41:10.000")]
    segments = didl.with_properties(entry.segments, told)
    one = shown(entry._replace(segments=segments))
    assert (one.begun_s, one.forms[0].resolution) == (2470, "320x180")
    captions = [didl.Caption("/media/x/a.srt", "srt", "http-get:*:text/srt:*")]
    packed = didl.pack("T", "object.item.videoItem", captions=captions)
    assert shown(entry._replace(segments=packed)).subtitle == "/media/x/a.srt"


@given(texts, st.lists(texts, max_size=3), texts, texts)
def test_what_is_told_comes_back_as_it_was(title, artists, album, description):
    facts = MediaFacts(
        Kind.AUDIO,
        "audio/mpeg",
        ID,
        artists=tuple(artists),
        album=album,
        description=description,
    )
    one = shown(entry_of(facts, title))
    assert one.title == title
    assert one.artists == tuple(dict.fromkeys(artists))
    assert (one.album, one.description) == (album, description)
