import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.answers import facts_answer, parse_answer
from upnpserver.media.cue import (
    CueSheet,
    CueTrack,
    facts_of,
    names,
    read_cue,
    with_sheet,
)
from upnpserver.model import Chapter, Kind, MediaFacts

ONE_FILE = """\
REM GENRE "Folk; Jazz"
REM DATE 1999
REM DISCNUMBER 2
REM COMMENT "made by hand"
CATALOG 0123456789012
PERFORMER "The Foundry"
SONGWRITER "Ada Kern"
TITLE "First \u201eLight\u201c"
FILE "First Light.flac" WAVE
  TRACK 01 AUDIO
    TITLE "Kindling"
    FLAGS DCP
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Ember"
    PERFORMER "Mira Sol"
    ISRC ABCDE1234567
    PREGAP 00:02:00
    INDEX 00 03:10:00
    INDEX 01 03:12:37
    INDEX 02 04:00:00
  TRACK 03 AUDIO
    POSTGAP 00:01:00
    INDEX 01 100:59:74
"""
FILE = "First Light.flac"
EXPECTED = CueSheet(
    (
        CueTrack(1, FILE, 0, 192_493, "Kindling"),
        CueTrack(2, FILE, 192_493, 6_059_986, "Ember", "Mira Sol"),
        CueTrack(3, FILE, 6_059_986),
    ),
    "First \u201eLight\u201c",
    "The Foundry",
    "Ada Kern",
    ("Folk", "Jazz"),
    "1999",
    2,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_one_file(encoding):
    assert read_cue(ONE_FILE.encode(encoding)) == EXPECTED


def test_line_ends_and_case_do_not_matter():
    lower = ONE_FILE.replace("TRACK", "track").replace("INDEX", "Index")
    assert read_cue(lower.replace("\n", "\r\n").encode()) == EXPECTED
    assert read_cue(lower.replace("\n", "\r").encode()) == EXPECTED


def test_an_old_charset():
    content = 'PERFORMER "Кино"\nTITLE "Группа крови"\nFILE "Кино.ape" WAVE\n'
    content += 'TRACK 01 AUDIO\nTITLE "Закрой за мной дверь, я ухожу"\nINDEX 01 0:0:0\n'
    sheet = read_cue(content.encode("cp1251"))
    assert (sheet.performer, sheet.title) == ("Кино", "Группа крови")
    assert {track.file for track in sheet.tracks} == {"Кино.ape"}
    assert sheet.tracks[0].title == "Закрой за мной дверь, я ухожу"


def test_several_files():
    sheet = read_cue(
        b"FILE Disc\\one.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
        b"TRACK 02 AUDIO\nINDEX 00 02:00:00\n"  # its pause ends the first file
        b'FILE "a file.mp3" MP3\nINDEX 01 00:00:00\n'
        b"TRACK 03 AUDIO\nINDEX 01 00:01:00\n"
    )
    assert sheet.tracks == (
        CueTrack(1, "Disc/one.wav", 0),
        CueTrack(2, "a file.mp3", 0, 1000),
        CueTrack(3, "a file.mp3", 1000),
    )


def test_names_behind_the_position_and_a_file_without_quotes():
    sheet = read_cue(
        b"FILE the whole album.ape WAVE\nTRACK 1 AUDIO\nINDEX 1 0:1:2\nTITLE One\n"
        b"PERFORMER Some one\n"
    )
    assert sheet.tracks == (
        CueTrack(1, "the whole album.ape", 1026, None, "One", "Some one"),
    )


@pytest.mark.parametrize(
    "track",
    [
        "TRACK 01 MODE1/2352\nINDEX 01 00:00:00",  # data
        "TRACK 01 AUDIO\nINDEX 01 00:61:00",
        "TRACK 01 AUDIO\nINDEX 01 00:00:80",
        "TRACK 01 AUDIO\nINDEX 01 later",
        "TRACK 01 AUDIO\nINDEX 00 00:00:00",
        "TRACK 00 AUDIO\nINDEX 01 00:00:00",
        "TRACK x AUDIO\nINDEX 01 00:00:00",
        "TRACK\nINDEX 01 00:00:00",
        "INDEX 01 00:00:00",
        "",
    ],
)
def test_no_track(track):
    with pytest.raises(ProbeError, match="no tracks"):
        read_cue(f"FILE a.wav WAVE\n{track}\n".encode())


def test_a_track_without_length_is_left_out():
    tracks = "".join(f"TRACK 0{n} AUDIO\nINDEX 01 00:00:00\n" for n in (1, 2))
    sheet = read_cue(b"FILE a.wav WAVE\n" + tracks.encode())
    assert [track.number for track in sheet.tracks] == [2]


def test_too_large():
    with pytest.raises(ProbeError, match="too large"):
        read_cue(b" " * (256 * 1024 + 1))


def test_tracks_are_bounded():
    line = "TRACK 1 AUDIO\nINDEX 1 {}:0:0\n"
    many = "".join(line.format(minute) for minute in range(2000))
    assert len(read_cue(b"FILE a WAVE\n" + many.encode()).tracks) == 999


LINES = st.sampled_from(
    [*ONE_FILE.splitlines(), "FILE", "TRACK", "TITLE", 'TITLE "', "REM DATE", "\0"]
)


@given(st.lists(LINES).map("\n".join).map(str.encode) | st.binary(max_size=300))
def test_any_bytes_are_a_sheet_or_a_probe_error(content):
    try:
        sheet = read_cue(content)
    except ProbeError:
        return
    for track in sheet.tracks:
        assert track.start_ms >= 0
        assert track.end_ms is None or track.end_ms > track.start_ms
    told = facts_of(sheet)
    assert parse_answer(facts_answer(told), beside=True) == told
    assert all(names(told, file.rpartition("/")[2]) for file in told.entries)


def bare(**tags):
    return MediaFacts(Kind.AUDIO, "audio/flac", "a" * 16, **tags)


def test_a_file_of_one_track_is_told_what_its_tags_leave_open():
    sheet = facts_of(
        read_cue(
            b'PERFORMER "Various"\nTITLE "Night"\nREM DATE 2001\n'
            b'FILE "01 a.wav" WAVE\nTRACK 01 AUDIO\nTITLE "A"\nINDEX 01 00:00:00\n'
            b'FILE "02 b.wav" WAVE\nTRACK 02 AUDIO\nTITLE "B"\nPERFORMER "Bob"\n'
            b"INDEX 01 00:00:00\n"
        )
    )
    assert not names(sheet, "03 c.flac")
    assert with_sheet(bare(), "02 B.flac", sheet) == bare(
        title="B",
        artists=("Bob",),
        album="Night",
        album_artists=("Various",),
        date="2001",
        track=2,
    )
    assert with_sheet(bare(title="Mine", track=7), "01 a.mp3", sheet) == bare(
        title="Mine",
        artists=("Various",),
        album="Night",
        album_artists=("Various",),
        date="2001",
        track=7,
    )


def test_a_file_of_several_tracks_is_the_album_with_chapters():
    sheet = facts_of(read_cue(ONE_FILE.encode()))
    assert with_sheet(bare(date="1998"), "first light.APE", sheet) == bare(
        title="First \u201eLight\u201c",
        artists=("The Foundry",),
        album="First \u201eLight\u201c",
        album_artists=("The Foundry",),
        composers=("Ada Kern",),
        genres=("Folk", "Jazz"),
        date="1998",
        disc=2,
        chapters=(
            Chapter(0, "Kindling"),
            Chapter(192_493, "Ember", "Mira Sol"),
            Chapter(6_059_986),
        ),
    )
