import base64
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.apev2 import APEBinaryValue, APETextValue
from mutagen.asf import ASFBoolAttribute, ASFUnicodeAttribute
from mutagen.flac import Picture
from mutagen.id3 import (
    COMM,
    ID3,
    MVNM,
    POPM,
    TALB,
    TCMP,
    TCOM,
    TCON,
    TDOR,
    TDRC,
    TIT1,
    TIT2,
    TPE1,
    TPE2,
    TPE3,
    TPOS,
    TRCK,
    TSO2,
    TSOA,
    TSOP,
    TSOT,
    TXXX,
    USLT,
)

from upnpserver.media import embedded
from upnpserver.media.audio_mp4 import Mp4
from upnpserver.media.audio_tag_formats import (
    from_ape,
    from_asf,
    from_id3,
    from_mp4,
    from_riff_info,
    from_vorbis,
)
from upnpserver.media.audio_tags import Tags, Told, genre_names, tags_of
from upnpserver.media.id3 import read_id3v2
from upnpserver.model import Chapter

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)


def id3(*frames, version=4):
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    file = io.BytesIO()
    if version == 3:
        tags.update_to_v23()
    tags.save(file, v2_version=version)
    data = file.getvalue()
    return from_id3(read_id3v2(lambda at, count: data[at : at + count]))


def text_of(name):
    return lambda *texts: name(encoding=3, text=list(texts))


def described(description, *texts):
    return TXXX(encoding=3, desc=description, text=list(texts))


EVERYTHING = Tags(
    title="Aria",
    title_sort="Aria, the",
    artists=("Nina Simone", "Guest"),
    artist_sort="Simone, Nina",
    album_artists=("Various Artists",),
    album_artist_sort="Various",
    album="Evening",
    album_sort="Evening, The",
    genres=("Jazz", "Soul"),
    composers=("Ada Kern", "Kjell & Søn"),
    conductors=("A Conductor",),
    work="Suite in D",
    track=3,
    disc=2,
    date="2011-05-20",
    original_date="1961",
    comment="A remark",
    rating_percent=80,
    compilation=True,
    lyrics=True,
)


def test_id3():
    assert (
        id3(
            text_of(TIT2)("Aria"),
            text_of(TSOT)("Aria, the"),
            text_of(TPE1)("Nina Simone", "Guest"),
            text_of(TSOP)("Simone, Nina"),
            text_of(TPE2)("Various Artists"),
            text_of(TSO2)("Various"),
            text_of(TALB)("Evening"),
            text_of(TSOA)("Evening, The"),
            text_of(TCON)("Jazz", "Soul"),
            text_of(TCOM)("Ada Kern", "Kjell & Søn"),
            text_of(TPE3)("A Conductor"),
            text_of(TIT1)("Suite in D"),
            text_of(MVNM)("I. Aria"),
            text_of(TRCK)("03/11"),
            text_of(TPOS)("2/2"),
            text_of(TDRC)("2011-05-20"),
            text_of(TDOR)("1961"),
            text_of(TCMP)("1"),
            COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0000 0001"]),
            COMM(encoding=3, lang="eng", desc="", text=["A remark"]),
            USLT(encoding=3, lang="eng", desc="", text="la la"),
            POPM(email="Windows Media Player 9 Series", rating=196, count=0),
        )
        == EVERYTHING
    )


VORBIS = [
    ("title", "Aria"),
    ("TITLESORT", "Aria, the"),
    ("artist", "Nina Simone"),
    ("artist", "Guest"),
    ("artistsort", "Simone, Nina"),
    ("ALBUM ARTIST", "Various Artists"),
    ("albumartistsort", "Various"),
    ("album", "Evening"),
    ("albumsort", "Evening, The"),
    ("genre", "Jazz"),
    ("genre", "Soul"),
    ("composer", "Ada Kern"),
    ("composer", "Kjell & Søn"),
    ("conductor", "A Conductor"),
    ("work", "Suite in D"),
    ("tracknumber", "03"),
    ("discnumber", "2"),
    ("date", "2011-05-20"),
    ("originalyear", "1961"),
    ("compilation", "1"),
    ("comment", "A remark"),
    ("unsyncedlyrics", "la la"),
    ("fmps_rating", "0.8"),
]


def test_vorbis():
    assert from_vorbis(VORBIS) == EVERYTHING


ATOMS = {
    "\xa9nam": ["Aria"],
    "sonm": ["Aria, the"],
    "\xa9ART": ["Nina Simone; Guest"],
    "soar": ["Simone, Nina"],
    "aART": ["Various Artists"],
    "soaa": ["Various"],
    "\xa9alb": ["Evening"],
    "soal": ["Evening, The"],
    "\xa9gen": ["Jazz; Soul"],
    "\xa9wrt": ["Ada Kern;Kjell & Søn"],
    "CONDUCTOR": ["A Conductor"],
    "\xa9wrk": ["Suite in D"],
    "trkn": ["3"],
    "disk": ["2"],
    "\xa9day": ["2011-05-20T07:00:00Z"],
    "ORIGINAL YEAR": ["1961"],
    "cpil": ["1"],
    "\xa9cmt": ["A remark"],
    "\xa9lyr": ["la la"],
    "rate": ["80"],
    "rtng": ["4"],  # "explicit", and no rating
}


def test_mp4():
    found = from_mp4(Mp4(tags=ATOMS))
    assert found.date == "2011-05-20T07:00:00+00:00"
    assert Tags(**{**found.fields(), "date": "2011-05-20"}) == EVERYTHING


def test_asf():
    texts = {
        "Title": "Aria",
        "WM/TitleSortOrder": "Aria, the",
        "Author": "Nina Simone;Guest",
        "WM/ArtistSortOrder": "Simone, Nina",
        "WM/AlbumArtist": "Various Artists",
        "WM/AlbumArtistSortOrder": "Various",
        "WM/AlbumTitle": "Evening",
        "WM/AlbumSortOrder": "Evening, The",
        "WM/Genre": "Jazz; Soul",
        "WM/Composer": "Ada Kern; Kjell & Søn",
        "WM/Conductor": "A Conductor",
        "WM/Work": "Suite in D",
        "WM/TrackNumber": "3",
        "WM/Track": "2",
        "WM/PartOfSet": "2/2",
        "WM/Year": "2011-05-20",
        "WM/OriginalReleaseYear": "1961",
        "Description": "A remark",
        "WM/Lyrics": "la la",
        "WM/SharedUserRating": "75",
    }
    attributes = [(name, ASFUnicodeAttribute(told)) for name, told in texts.items()]
    attributes.append(("WM/IsCompilation", ASFBoolAttribute(True)))
    assert from_asf(attributes) == EVERYTHING


def test_ape():
    items = {
        name: APETextValue(told, 0)
        for name, told in {
            "Title": "Aria",
            "TitleSort": "Aria, the",
            "Artist": "Nina Simone\0Guest",
            "ArtistSort": "Simone, Nina",
            "Album Artist": "Various Artists",
            "AlbumArtistSort": "Various",
            "Album": "Evening",
            "AlbumSort": "Evening, The",
            "Genre": "Jazz\0Soul",
            "Composer": "Ada Kern\0Kjell & Søn",
            "Conductor": "A Conductor",
            "Work": "Suite in D",
            "Track": "3/11",
            "Disc": "2/2",
            "Year": "2011-05-20",
            "OriginalYear": "1961",
            "Compilation": "1",
            "Comment": "A remark",
            "Lyrics": "la la",
            "Rating": "4",
        }.items()
    }
    items["Cover Art (Front)"] = APEBinaryValue(b"cover.png\0" + PNG)
    found = from_ape(items)
    assert found.art_mime == "image/png"
    assert Tags(**{**found.fields(), "art_mime": ""}) == EVERYTHING


def test_riff_info():
    found = from_riff_info(
        {
            b"INAM": b"Aria\0",
            b"IART": b"Nina Simone; Guest\0",
            b"ITRK": b"3\0",
            b"IPRD": b"Evening",
            b"IGNR": b"Jazz; Soul",
            b"ICRD": b"2011-05-20",
            b"ICMT": b"A remark\0junk",
            b"ISFT": b"a program",
        }
    )
    names = ("title", "artists", "track", "album", "genres", "date", "comment")
    assert all(getattr(found, name) == getattr(EVERYTHING, name) for name in names)


# Names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "text", "artists"),
    [
        (3, "Nina Simone/Guest Singer", ("Nina Simone", "Guest Singer")),
        (3, "AC/DC", ("AC/DC",)),
        (3, "AC/DC / Guest", ("AC/DC", "Guest")),
        (3, "M/A/R/R/S", ("M/A/R/R/S",)),
        (3, "One;Two", ("One", "Two")),
        (4, "Nina Simone/Guest Singer", ("Nina Simone/Guest Singer",)),
        (4, "One; Two", ("One", "Two")),
        (4, "Steins;Gate", ("Steins;Gate",)),
    ],
)
def test_several_artists_in_one_text(version, text, artists):
    assert id3(text_of(TPE1)(text), version=version).artists == artists


def test_texts_that_the_tag_tells_apart_are_not_parted_again():
    comments = [("artist", "One; Two"), ("artist", "Three")]
    assert from_vorbis(comments).artists == ("One; Two", "Three")


def test_the_list_of_artists_goes_before_how_they_are_credited():
    credited = text_of(TPE1)("One feat. Two")
    assert id3(credited, described("ARTISTS", "One", "Two")).artists == ("One", "Two")
    comments = [("artist", "One & Two"), ("ARTISTS", "One"), ("artists", "Two")]
    assert from_vorbis(comments).artists == ("One", "Two")


def test_a_frame_goes_before_a_free_text_of_the_same_name():
    found = id3(text_of(TPE2)("Frame"), described("Album Artist", "Free"))
    assert found.album_artists == ("Frame",)
    assert id3(described("ALBUM ARTIST", "Free")).album_artists == ("Free",)


@pytest.mark.parametrize(
    "comments",
    [
        [("albumartist", "Various Artists")],
        [("albumartist", "various")],
        [("albumartist", "Verschiedene Interpreten")],
        [("compilation", "true")],
        [("musicbrainz_albumartistid", "89ad4ac3-39f7-470e-963a-56509c546377")],
    ],
)
def test_compilation(comments):
    assert from_vorbis(comments).compilation


@pytest.mark.parametrize(
    "comments",
    [[], [("compilation", "0")], [("artist", "Various Artists")], [("album", "VA")]],
)
def test_no_compilation(comments):
    assert not from_vorbis(comments).compilation


@pytest.mark.parametrize(
    ("texts", "genres"),
    [
        (["Rock"], ["Rock"]),
        (["17"], ["Rock"]),
        (["(17)"], ["Rock"]),
        (["(31)(39)"], ["Trance", "Noise"]),
        (["(4)Eurodisco"], ["Disco", "Eurodisco"]),
        (["(4) Eurodisco"], ["Disco", "Eurodisco"]),
        (["RX", "(CR)"], ["Remix", "Cover"]),
        (["((odd) one"], ["(odd) one"]),
        (["(199)"], [""]),
        (["80s"], ["80s"]),
        (["Folk; Rock;Pop"], ["Folk", "Rock", "Pop"]),
        (["Folk|Rock\\\\Pop"], ["Folk", "Rock", "", "Pop"]),
        (["Folk / Rock"], ["Folk", "Rock"]),
        (["Hip-Hop/Rap"], ["Hip-Hop/Rap"]),
        (["Folk, Rock"], ["Folk", "Rock"]),
        (["Folk, World, & Country"], ["Folk, World, & Country"]),
        (["Rock, Folk, and Country"], ["Rock, Folk, and Country"]),
    ],
)
def test_genres(texts, genres):
    assert [name for name in genre_names(texts) if name] == [g for g in genres if g]


def test_the_genre_of_itunes_own_list():
    assert from_mp4(Mp4(tags={"gnre": ["18"]})).genres == ("Rock",)
    both = {"gnre": ["18"], "\xa9gen": ["Folk"]}
    assert "Folk" in from_mp4(Mp4(tags=both)).genres


# Dates, ratings, kinds ---------------------------------------------------------


def test_dates_of_id3_2_3():
    found = id3(text_of(TDRC)("2001-02-03"), text_of(TDOR)("1999-05"), version=3)
    assert (found.date, found.original_date) == ("2001-02-03", "1999")


@pytest.mark.parametrize(
    ("who", "value", "percent"),
    [
        ("Windows Media Player 9 Series", 1, 20),
        ("Windows Media Player 9 Series", 64, 40),
        ("Windows Media Player 9 Series", 128, 60),
        ("Windows Media Player 9 Series", 196, 80),
        ("Windows Media Player 9 Series", 255, 100),
        ("no@email", 13, 10),
        ("no@email", 54, 30),
        ("no@email", 118, 50),
        ("no@email", 186, 70),
        ("no@email", 242, 90),
        ("no@email", 31, 20),
        ("no@email", 32, 40),
        ("", 0, None),
        ("quodlibet@lists.sacredchao.net", 51, 20),
        ("traktor@native-instruments.de", 153, 60),
        ("Banshee", 204, 80),
    ],
)
def test_rating_of_id3(who, value, percent):
    assert id3(POPM(email=who, rating=value, count=0)).rating_percent == percent


@pytest.mark.parametrize(
    ("name", "text", "percent"),
    [
        ("rating", "1", 20),
        ("rating", "5", 100),
        ("rating", "4.5", 90),
        ("rating", "60", 60),
        ("rating", "0.6", 60),
        ("rating", "1.0", 100),
        ("rating:me@example.org", "0.75", 75),
        ("rating", "0", None),
        ("rating", "101", None),
        ("rating", "-1", None),
        ("rating", "nan", None),
        ("rating", "good", None),
        ("fmps_rating", "0.2", 20),
        ("fmps_rating", "3", None),
        ("SharedUserRating", "1", 20),
        ("SharedUserRating", "25", 40),
        ("SharedUserRating", "50", 60),
        ("SharedUserRating", "99", 100),
        ("SharedUserRating", "100", 100),
        ("SharedUserRating", "0", None),
    ],
)
def test_rating_as_text(name, text, percent):
    assert from_vorbis([(name, text)]).rating_percent == percent


@pytest.mark.parametrize("genre", ["Audiobook", "Hörbuch", "audio book", "(183)"])
def test_audiobook_by_its_genre(genre):
    assert from_vorbis([("genre", genre)]).audiobook


def test_audiobook_by_its_kind():
    assert from_mp4(Mp4(tags={"stik": ["2"]})).audiobook
    assert not from_mp4(Mp4(tags={"stik": ["1"]})).audiobook


def test_chapters_of_vorbis_comments():
    comments = [
        ("CHAPTER001", "00:00:00.000"),
        ("CHAPTER001NAME", "Begin"),
        ("chapter002", "01:02:03.5"),
        ("chapter003", "soon"),
        ("chapter", "00:00:01"),
    ]
    assert from_vorbis(comments).chapters == (
        *(Chapter(0, "Begin"), Chapter(3_723_500)),
    )


def test_lyrics_that_are_empty_are_none():
    assert not from_vorbis([("lyrics", " ")]).lyrics
    assert not id3(USLT(encoding=3, lang="eng", desc="", text="")).lyrics


def test_work_only_beside_a_movement():
    """TIT1 is a mood or a playlist in most files."""
    assert id3(text_of(TIT1)("For running")).work == ""
    assert id3(described("WORK", "Suite"), text_of(TIT1)("Group")).work == "Suite"


# Charsets, art ------------------------------------------------------------------


def test_an_old_charset_is_repaired_by_all_texts_together():
    wrong = "Кино", "Группа крови"
    first, second = (text.encode("cp1251").decode("latin-1") for text in wrong)
    found = id3(
        TPE1(encoding=0, text=[first]),
        TIT2(encoding=0, text=[second]),
        TALB(encoding=0, text=["Best of"]),
    )
    assert (found.artists, found.title, found.album) == (
        *(("Кино",), "Группа крови", "Best of"),
    )
    assert id3(TIT2(encoding=0, text=["Déjà Vu"])).title == "Déjà Vu"


def test_picture_in_a_vorbis_comment():
    picture = Picture()
    picture.data, picture.mime = PNG, "image/whatever"
    encoded = base64.b64encode(picture.write()).decode()
    assert from_vorbis([("METADATA_BLOCK_PICTURE", encoded)]).art_mime == "image/png"
    assert from_vorbis([("metadata_block_picture", "!!")]).art_mime == ""
    assert from_vorbis([], [embedded.Picture(b"GIF89a")]).art_mime == "image/gif"


def test_picture_of_windows_media():
    texts = "image/png\0".encode("utf-16-le") + "cover\0".encode("utf-16-le")
    value = b"\x03" + struct.pack("<I", len(PNG)) + texts + PNG
    attribute = type("Attribute", (), {"value": value})
    assert from_asf([("WM/Picture", attribute)]).art_mime == "image/png"


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40))))
def test_any_comments_are_tags(comments):
    assert isinstance(from_vorbis(comments), Tags)


@given(
    st.dictionaries(
        st.sampled_from(
            [*("genre", "rating", "shareduserrating", "fmpsrating", "date", "track")]
        ),
        st.lists(st.text(max_size=30), max_size=3),
    )
)
def test_any_texts_are_tags(texts):
    found = tags_of(Told(texts))
    assert found.rating_percent is None or 0 < found.rating_percent <= 100
