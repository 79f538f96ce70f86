import base64
import os
import shutil
import struct

import pytest
from mutagen.aiff import AIFF
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.asf import ASF
from mutagen.flac import Picture
from mutagen.id3 import COMM, ID3, TALB, TCON, TIT2, TPE1, TRCK
from mutagen.mp4 import MP4
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from support.make_media import FIXTURES

from upnpserver.media.probe import probe
from upnpserver.model import Kind

FORMATS = FIXTURES / "formats"
MUSIC = FIXTURES / "household" / "Music"


def facts_of(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return probe(fd, path.name)
    finally:
        os.close(fd)


def told(facts, *names):
    return tuple(getattr(facts, name) for name in names)


SOUND = (
    *("mime", "container", "audio_codec", "audio_profile", "duration_ms"),
    *("bitrate_bps", "sample_rate_hz", "channels", "bits_per_sample"),
)
ADTS, DD, MLP = "audio/vnd.dlna.adts", "audio/vnd.dolby.dd-raw", "audio/vnd.dolby.mlp"
FILES = {
    "aac.aac": (ADTS, "adts", "aac", "lc", 534, 45373, 44100, 2, None),
    "ac3.ac3": (DD, "ac3", "ac3", "", 521, 64000, 44100, 2, None),
    "aiff.aiff": ("audio/aiff", "aiff", "pcm", "", 500, 352800, 11025, 2, 16),
    "alac.m4a": ("audio/mp4", "mp4", "alac", "", 500, 705600, 22050, 2, 16),
    "au.au": ("audio/basic", "au", "ulaw", "", 500, 128000, 8000, 2, None),
    "audio_only.mp4": ("audio/mp4", "mp4", "aac", "lc", 523, 31115, 44100, 2, None),
    "audiobook.m4b": ("audio/mp4", "mp4", "aac", "lc", 523, 31115, 44100, 2, None),
    "dts.dts": ("audio/vnd.dts", "dts", "dts", "", 501, 321213, 48000, 2, None),
    "eac3.eac3": ("audio/eac3", "eac3", "eac3", "", 523, 63853, 44100, 2, None),
    "flac.oga": ("audio/ogg", "ogg", "flac", "", 500, 136560, 22050, 2, 16),
    "matroska.mka": (
        *("audio/x-matroska", "matroska", "opus", ""),
        *(508, 51291, 48000, 2, None),
    ),
    "mp2.mp2": ("audio/mpeg", "mp3", "mp2", "layer2", 522, 64000, 44100, 2, None),
    "mpeg2_layer3.mp3": (
        *("audio/mpeg", "mp3", "mp3", "layer3"),
        *(500, 32003, 22050, 2, None),
    ),
    "speex.spx": ("audio/ogg", "ogg", "speex", "", 491, 12800, 16000, 2, None),
    "truehd.thd": (MLP, "truehd", "truehd", "", None, None, 48000, 2, None),
    "tta.tta": ("audio/x-tta", "tta", "tta", "", 500, 96320, 11025, 2, 16),
    "vbr.mp3": ("audio/mpeg", "mp3", "mp3", "layer3", 500, 43254, 44100, 2, None),
    "wav24.wav": ("audio/x-wav", "wav", "pcm", "", 500, 529200, 11025, 2, 24),
    "wavpack.wv": (
        *("audio/x-wavpack", "wavpack", "wavpack", ""),
        *(500, 181504, 22050, 2, 16),
    ),
    "wma2.wma": ("audio/x-ms-wma", "asf", "wma", "", 510, 107356, 44100, 2, None),
}


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_sound(name, expected):
    facts = facts_of(FORMATS / name)
    assert facts.kind is Kind.AUDIO
    assert told(facts, *SOUND) == expected


TAGS = (
    *("title", "artists", "album_artists", "album", "genres", "composers"),
    *("track", "disc", "date", "comment", "art_mime"),
)
SONGS = {
    "The Foundry/First Light/02 - Ember.mp3": (
        *("Ember", ("The Foundry",), ("The Foundry",), "First Light"),
        *(("Rock",), ("Ada Kern",), 2, 1, "2004", "Played on two pans."),
        "image/jpeg",
    ),
    "The Foundry/Second Wind/01 - Bellows.flac": (
        *("Bellows", ("The Foundry", "Ada Kern"), ("The Foundry",), "Second Wind"),
        *(("Folk", "Ambient"), ("Ada Kern",), 1, 2, "2011-05", "", "image/jpeg"),
    ),
    "The Foundry/Second Wind/02 - Anvil.m4a": (
        *("Anvil", ("The Foundry",), ("The Foundry",), "Second Wind", ("Folk",), ()),
        *(2, 2, "2011-05-20", "", "image/jpeg"),
    ),
    "Various Artists/Evening Walk/01 - Tide.ogg": (
        *("Tide", ("Mira Sol",), ("Various Artists",), "Evening Walk", ("Jazz",)),
        *((), 1, None, "1999", "", ""),
    ),
    "Various Artists/Evening Walk/02 - Łódź, Straße, 東京.opus": (
        *("Łódź, Straße, 東京", ("Kjell & Søn",), ("Various Artists",)),
        *("Evening Walk", ("Jazz",), (), 2, None, "1999", "", ""),
    ),
    "Various Artists/Evening Walk/untagged.wav": (
        *("", (), (), "", (), (), None, None, "", "", ""),
    ),
}


@pytest.mark.parametrize(("name", "expected"), SONGS.items())
def test_tags(name, expected):
    assert told(facts_of(MUSIC / name), *TAGS) == expected


@pytest.fixture
def song(tmp_path):
    """Return a function that copies a fixture to a place to edit it."""

    def copy(name):
        return shutil.copy(FORMATS / name, tmp_path / name)

    return copy


def id3(*frames):
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    return tags


@pytest.mark.parametrize(
    ("texts", "genres"),
    [
        (["(17)"], ("Rock",)),
        (["17"], ("Rock",)),
        (["(17)(8)"], ("Rock", "Jazz")),
        (["(17)Hard Rock"], ("Rock", "Hard Rock")),
        (["Folk", "Rock"], ("Folk", "Rock")),
        (["Folk; Rock"], ("Folk", "Rock")),
        (["80s Pop"], ("80s Pop",)),
        (["(255)"], ()),
    ],
)
def test_genres(song, texts, genres):
    path = song("vbr.mp3")
    id3(TCON(encoding=3, text=texts)).save(path)
    assert facts_of(path).genres == genres


def test_several_artists_and_a_private_comment(song):
    path = song("vbr.mp3")
    id3(
        TPE1(encoding=3, text=["AC/DC", "Guest"]),
        COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0000 0001"]),
    ).save(path)
    facts = facts_of(path)
    assert facts.artists == ("AC/DC", "Guest")
    assert facts.comment == ""


def frame_2_3(name, text):
    data = b"\0" + text.encode("latin-1")
    return name + struct.pack(">IH", len(data), 0) + data


def test_id3_2_3_tells_day_and_year_apart(song):
    path = song("vbr.mp3")
    frames = frame_2_3(b"TYER", "1998") + frame_2_3(b"TDAT", "3112")
    header = b"ID3\x03\0\0" + bytes([0, 0, 0, len(frames)])
    path.write_bytes(header + frames + path.read_bytes())
    assert facts_of(path).date == "1998-12-31"


def test_id3_2_2(song):
    path = song("vbr.mp3")
    frames = b"".join(
        name + (len(text) + 1).to_bytes(3, "big") + b"\0" + text
        for name, text in ((b"TT2", b"Old"), (b"TP1", b"Someone"), (b"TRK", b"4/9"))
    )
    art = b"\0JPG\x03\0\xff\xd8\xff\xe0"
    frames += b"PIC" + len(art).to_bytes(3, "big") + art
    header = b"ID3\x02\0\0" + bytes([0, 0, 0, len(frames)])
    path.write_bytes(header + frames + path.read_bytes())
    expected = ("Old", ("Someone",), 4, "image/jpeg")
    assert told(facts_of(path), "title", "artists", "track", "art_mime") == expected


def id3_1(title, artist, track, genre):
    texts = (title, 30), (artist, 30), (b"Album", 30), (b"1991", 4), (b"Hm", 28)
    fields = b"".join(text.ljust(size, b"\0") for text, size in texts)
    return b"TAG" + fields + bytes([0, track, genre])


@pytest.mark.parametrize("with_empty_id3_2", [False, True])
def test_id3_1_where_id3_2_says_nothing(song, with_empty_id3_2):
    path = song("vbr.mp3")
    if with_empty_id3_2:
        id3(TALB(encoding=3, text=["Album"])).save(path, v1=0)
    with path.open("ab") as file:
        file.write(id3_1(b"Old Title", b"Singer", 5, 17))
    expected = ("Old Title", ("Singer",), 5, ("Rock",), "1991")
    assert told(facts_of(path), "title", "artists", "track", "genres", "date") == (
        expected
    )


def test_mp3_after_rubbish(song):
    path = song("vbr.mp3")
    path.write_bytes(bytes(3000) + path.read_bytes())
    assert told(facts_of(path), "audio_codec", "sample_rate_hz") == ("mp3", 44100)


def test_tags_of_windows_media(song):
    path = song("wma2.wma")
    asf = ASF(path)
    asf["Title"], asf["Author"] = ["Tin"], ["One", "Two"]
    asf["WM/TrackNumber"], asf["WM/Year"], asf["WM/Genre"] = [7], ["1995"], ["(8)"]
    asf.save()
    expected = ("Tin", ("One", "Two"), 7, "1995", ("Jazz",), "wma")
    names = ("title", "artists", "track", "date", "genres", "audio_codec")
    assert told(facts_of(path), *names) == expected


def test_tags_of_ape(song):
    path = song("wavpack.wv")
    tags = APEv2()
    tags["Title"], tags["Artist"], tags["Track"] = "Slab", ["A", "B"], "2/8"
    cover = b"cover.png\0\x89PNG\r\n\x1a\n" + bytes(20)
    tags["Cover Art (Front)"] = APEBinaryValue(cover)
    tags.save(path)
    expected = ("Slab", ("A", "B"), 2, "image/png")
    assert told(facts_of(path), "title", "artists", "track", "art_mime") == expected


def test_tags_of_riff_info(song):
    path = song("wav24.wav")
    entries = b"".join(
        name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
        for name, text in (
            (b"INAM", "Grün".encode("cp1252") + b"\0"),
            (b"IART", "Grün".encode() + b"\0"),
            (b"ITRK", b"3\0"),
        )
    )
    data = path.read_bytes() + b"LIST" + struct.pack("<I", 4 + len(entries)) + b"INFO"
    path.write_bytes(data + entries)
    assert told(facts_of(path), "title", "artists", "track") == ("Grün", ("Grün",), 3)


@pytest.mark.parametrize("name", ["aiff.aiff", "wav24.wav", "tta.tta"])
def test_id3_inside_other_formats(song, name):
    path = song(name)
    tags = id3(TIT2(encoding=3, text=["Inside"]), TRCK(encoding=3, text=["9"]))
    if name == "tta.tta":
        tags.save(path)
    else:
        file = (AIFF if name == "aiff.aiff" else WAVE)(path)
        file.add_tags()
        file.tags.update(tags)
        file.save()
    assert told(facts_of(path), "title", "track") == ("Inside", 9)


def test_picture_in_vorbis_comments(song, tmp_path):
    source = MUSIC / "Various Artists" / "Evening Walk" / "01 - Tide.ogg"
    path = shutil.copy(source, tmp_path / source.name)
    picture = Picture()
    picture.data, picture.mime, picture.desc = b"GIF89a" + bytes(99), "image/x", "new"
    vorbis = OggVorbis(path)
    vorbis["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]
    vorbis.save()
    assert facts_of(path).art_mime == "image/gif"


def test_mp4_numbers_that_mean_nothing(song):
    path = song("alac.m4a")
    mp4 = MP4(path)
    mp4["trkn"], mp4["\xa9day"] = [(0, 0)], [""]
    mp4.save()
    assert told(facts_of(path), "track", "date") == (None, "")


def dsf():
    block = bytes(4096 * 2)
    chunks = b"fmt " + struct.pack(
        "<QIIIIIIQII", 52, 1, 0, 2, 2, 2822400, 1, 4096 * 8, 4096, 0
    )
    chunks += b"data" + struct.pack("<Q", 12 + len(block)) + block
    return b"DSD " + struct.pack("<QQQ", 28, 28 + len(chunks), 0) + chunks


def dff():
    def chunk(name, data):
        return name + struct.pack(">Q", len(data)) + data

    properties = b"SND " + chunk(b"FS  ", struct.pack(">I", 2822400))
    properties += chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
    properties += chunk(b"CMPR", b"DSD \x0enot compressed\0")
    body = b"DSD " + chunk(b"FVER", b"\1\5\0\0") + chunk(b"PROP", properties)
    return chunk(b"FRM8", body + chunk(b"DSD ", bytes(2822400 // 8)))


def ape():
    header = struct.pack("<4sHHII", b"MAC ", 3990, 0, 52, 24).ljust(52, b"\0")
    header += struct.pack("<HHIIIHHI", 2000, 0, 73728, 44100, 1, 16, 2, 44100)
    return header.ljust(120, b"\0")


def midi():
    track = b"\0\x90\x40\x40\x87\x40\x80\x40\x40\0\xff\x2f\0"
    return (
        b"MThd\0\0\0\6\0\0\0\1\1\xe0" + b"MTrk" + struct.pack(">I", len(track)) + track
    )


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.dsf", dsf(), ("audio/x-dsf", "dsd", 12, 2822400, 2, 1)),
        ("a.dff", dff(), ("audio/x-dff", "dsd", 500, 2822400, 2, 1)),
        ("a.ape", ape(), ("audio/x-ape", "ape", 1000, 44100, 2, 16)),
        ("a.mid", midi(), ("audio/midi", "midi", 1000, None, None, None)),
    ],
)
def test_formats_without_an_encoder(tmp_path, name, data, expected):
    path = tmp_path / name
    path.write_bytes(data)
    names = ("mime", "audio_codec", "duration_ms", *SOUND[6:])
    assert told(facts_of(path), *names) == expected
