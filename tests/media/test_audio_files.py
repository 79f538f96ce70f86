import base64
import io
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
from upnpserver.model import Chapter, Kind

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
    "alaw.aifc": ("audio/aiff", "aiff", "alaw", "", 500, 128000, 8000, 2, None),
    "audio_only.mp4": ("audio/mp4", "mp4", "aac", "lc", 523, 31115, 44100, 2, None),
    "audiobook.m4b": ("audio/mp4", "mp4", "aac", "lc", 523, 31115, 44100, 2, None),
    "caf.caf": ("audio/x-caf", "caf", "pcm", "", 500, 352800, 11025, 2, 16),
    "chapters.m4b": ("audio/mp4", "mp4", "aac", "lc", 3023, 32198, 44100, 1, None),
    "dts.dts": ("audio/vnd.dts", "dts", "dts", "", 501, 321213, 48000, 2, None),
    "eac3.eac3": ("audio/eac3", "eac3", "eac3", "", 523, 63853, 44100, 2, None),
    "flac.oga": ("audio/ogg", "ogg", "flac", "", 500, 136560, 22050, 2, 16),
    "matroska.mka": (
        *("audio/x-matroska", "matroska", "opus", ""),
        *(508, 51291, 48000, 2, None),
    ),
    "mlp.mlp": (MLP, "truehd", "mlp", "", None, None, 48000, 2, 16),
    "mp2.mp2": ("audio/mpeg", "mp3", "mp2", "layer2", 522, 64000, 44100, 2, None),
    "mpeg2_layer3.mp3": (
        *("audio/mpeg", "mp3", "mp3", "layer3"),
        *(500, 32003, 22050, 2, None),
    ),
    "opus.weba": ("audio/webm", "webm", "opus", "", 508, 50755, 48000, 2, None),
    "rf64.wav": ("audio/x-wav", "wav", "pcm", "", 500, 256000, 8000, 2, 16),
    "speex.spx": ("audio/ogg", "ogg", "speex", "", 491, 12800, 16000, 2, None),
    "truehd.thd": (MLP, "truehd", "truehd", "", None, None, 48000, 2, None),
    "tta.tta": ("audio/x-tta", "tta", "tta", "", 500, 96320, 11025, 2, 16),
    "vbr.mp3": ("audio/mpeg", "mp3", "mp3", "layer3", 500, 43254, 44100, 2, None),
    "wav24.wav": ("audio/x-wav", "wav", "pcm", "", 500, 529200, 11025, 2, 24),
    "wave64.w64": ("audio/x-w64", "wave64", "pcm", "", 500, 256000, 8000, 2, 16),
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


@pytest.mark.parametrize(("genre", "genres"), [(17, ("Rock",)), (0, ())])
def test_id3_1_tells_what_id3_2_leaves_open(song, genre, genres):
    path = song("vbr.mp3")
    id3(TIT2(encoding=3, text=["A long title"]), TRCK(encoding=3, text=["7"])).save(
        path, v1=0
    )
    with path.open("ab") as file:
        file.write(id3_1(b"A long", b"Singer", 5, genre))
    expected = ("A long title", ("Singer",), "Album", 7, genres, "1991")
    fields = ("title", "artists", "album", "track", "genres", "date")
    assert told(facts_of(path), *fields) == expected


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


def dff(sound=None, tag=b""):
    def chunk(name, data):
        return name + struct.pack(">Q", len(data)) + data

    properties = b"SND " + chunk(b"FS  ", struct.pack(">I", 2822400))
    properties += chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
    packed = b"DST \x0bDST Encoded" if sound else b"DSD \x0enot compressed\0"
    properties += chunk(b"CMPR", packed)
    body = b"DSD " + chunk(b"FVER", b"\1\5\0\0") + chunk(b"PROP", properties)
    if sound:
        body += chunk(b"DST ", chunk(b"FRTE", sound))
    else:
        body += chunk(b"DSD ", bytes(2822400 // 8))
    return chunk(b"FRM8", body + (chunk(b"ID3 ", tag) if tag else b""))


def bits(*fields):
    """Return fields of (value, bits), the lowest bit first."""
    packed = at = 0
    for value, count in fields:
        packed |= value << at
        at += count
    return packed.to_bytes((at + 7) // 8, "little")


def tak():
    info = bits(
        *((2, 6), (0, 4), (4, 4), (44100, 35)),
        *((0, 3), (44100 - 6000, 18), (16 - 8, 5), (2 - 1, 4), (0, 1)),
    )
    info += bytes(3)  # CRC
    return b"tBaK\x01" + len(info).to_bytes(3, "little") + info + bytes(4)


def musepack_7():
    return b"MP+\x07" + struct.pack("<II", 40, 0) + bytes(200)


def musepack_8():
    samples = b"\x81\x80\x00"  # 16384: seven bits a byte
    header = bytes(4) + b"\x08" + samples + b"\0" + b"\x0f\x18"
    gain = b"\x01" + bytes(8)
    packets = b"SH" + bytes([3 + len(header)]) + header
    packets += b"RG" + bytes([3 + len(gain)]) + gain
    return b"MPCK" + packets + b"AP" + bytes(20)


def optimfrog():
    # Samples in all channels (48 bits), sample type 2 (16 bits), channels - 1.
    header = struct.pack("<IHBBI", 88200, 0, 2, 1, 44100)
    return b"OFR " + struct.pack("<I", len(header)) + header + bytes(100)


def amr():
    frame = b"\x3c" + bytes(31)  # 12.2 kb/s, 20 ms
    return b"#!AMR\n" + frame * 50


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
        (
            *("a.dff", dff(struct.pack(">IH", 150, 75))),
            ("audio/x-dff", "dst", 2000, 2822400, 2, 1),
        ),
        ("a.tak", tak(), ("audio/x-tak", "tak", 1000, 44100, 2, 16)),
        ("a.mpc", musepack_7(), ("audio/x-musepack", "musepack", 1032, 44100, 2, None)),
        ("a.mpc", musepack_8(), ("audio/x-musepack", "musepack", 372, 44100, 2, None)),
        ("a.ofr", optimfrog(), ("audio/x-ofr", "ofr", 1000, 44100, 2, 16)),
        ("a.amr", amr(), ("audio/amr", "amr", 1000, 8000, 1, None)),
        ("a.ape", ape(), ("audio/x-ape", "ape", 1000, 44100, 2, 16)),
        ("a.mid", midi(), ("audio/midi", "midi", 1000, None, None, None)),
    ],
)
def test_formats_without_an_encoder(tmp_path, name, data, expected):
    path = tmp_path / name
    path.write_bytes(data)
    names = ("mime", "audio_codec", "duration_ms", *SOUND[6:])
    assert told(facts_of(path), *names) == expected


def test_chapters():
    facts = facts_of(FORMATS / "chapters.m4b")
    assert facts.audiobook
    assert facts.chapters == (
        *(Chapter(0, "Setting out"), Chapter(1000, "Łódź"), Chapter(2000, "Home")),
    )


@pytest.mark.parametrize(
    ("name", "brand", "is_one"),
    [
        ("a.m4b", b"M4A ", True),
        ("a.m4a", b"M4B ", True),
        ("a.m4a", b"M4A ", False),
        ("a.mp4", b"isom", False),
    ],
)
def test_audiobook_by_name_or_brand(tmp_path, name, brand, is_one):
    data = (FORMATS / "audiobook.m4b").read_bytes()
    path = tmp_path / name
    path.write_bytes(data[:8] + brand + data[12:])
    assert facts_of(path).audiobook is is_one


def test_tags_at_the_end_of_dff_and_dsf(tmp_path):
    file = io.BytesIO()
    id3(TIT2(encoding=3, text=["Inside"])).save(file)
    path = tmp_path / "a.dff"
    path.write_bytes(dff(tag=file.getvalue()))
    assert facts_of(path).title == "Inside"
    data = dsf()
    path = tmp_path / "a.dsf"
    path.write_bytes(
        data[:20] + struct.pack("<Q", len(data)) + data[28:] + file.getvalue()
    )
    assert facts_of(path).title == "Inside"


def test_ape_tags_behind_an_mp3(song):
    path = song("vbr.mp3")
    tags = APEv2()
    tags["Title"], tags["Artist"] = "Long title that ID3v1 would cut off", "Someone"
    tags.save(path)
    with path.open("ab") as file:
        file.write(id3_1(b"Long title that ID3v1 would cu", b"Someone", 5, 17))
    facts = facts_of(path)
    assert facts.title == "Long title that ID3v1 would cut off"
    assert facts.duration_ms == 500


def test_stacked_tags_of_id3(song):
    """Windows Media Player put a second tag before the first."""
    path = song("vbr.mp3")
    path.write_bytes(b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + path.read_bytes())
    assert told(facts_of(path), "duration_ms", "audio_codec") == (500, "mp3")


def test_id3_before_flac_and_aac(song):
    for name in ("aac.aac", "flac.flac"):
        source = FORMATS / name
        if name == "flac.flac":
            source = MUSIC / "The Foundry/Second Wind/01 - Bellows.flac"
        path = song("aac.aac").with_name(name)
        shutil.copy(source, path)
        before = told(facts_of(path), "container", "duration_ms", "content_id")
        id3(TIT2(encoding=3, text=["Before"])).save(path)
        facts = facts_of(path)
        assert told(facts, "container", "duration_ms", "content_id") == before
        assert facts.title == ("Before" if name == "aac.aac" else "Bellows")


def test_mp4_without_sound_is_left_to_the_other_parser(tmp_path):
    path = shutil.copy(FORMATS / "silent.mp4", tmp_path / "a.m4a")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"ftypisom", b"ftypM4A ", 1))
    assert facts_of(path).kind is Kind.VIDEO
