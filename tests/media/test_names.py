import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media import names


@pytest.mark.parametrize(
    ("named", "codec"),
    [
        (("AVC",), "h264"),
        (("HEVC",), "hevc"),
        (("MPEG Video", "Version 1"), "mpeg1"),
        (("MPEG Video", "Version 2"), "mpeg2"),
        (("MPEG-4 Visual", "", "XVID"), "mpeg4"),
        (("VC-1", "", "WVC1"), "vc1"),
        (("VC-1", "", "WMV3"), "wmv3"),
        (("WMV2", "", "WMV2"), "wmv2"),
        (("Sorenson Spark",), "flv1"),
        (("RealVideo 4",), "realvideo4"),
        (("",), ""),
    ],
)
def test_video_codec(named, codec):
    assert names.video_codec(*named) == codec


@pytest.mark.parametrize(
    ("named", "codec"),
    [
        (("AAC", "", "mp4a-40-2"), "aac"),
        (("AC-3",), "ac3"),
        (("E-AC-3",), "eac3"),
        (("MPEG Audio", "Layer 2"), "mp2"),
        (("MPEG Audio", "Layer 3"), "mp3"),
        (("MPEG Audio", ""), "mp3"),
        (("WMA", "", "160"), "wma"),
        (("WMA", "", "161"), "wma"),
        (("WMA Pro", "", "162"), "wmapro"),
        (("WMA", "", "163"), "wmalossless"),
        (("MLP FBA",), "truehd"),
        (("PCM",), "pcm"),
    ],
)
def test_audio_codec(named, codec):
    assert names.audio_codec(*named) == codec


@pytest.mark.parametrize(
    ("arguments", "profile"),
    [
        (("aac", "", "LC"), "lc"),
        (("aac", "", "LC SBR"), "he"),
        (("aac", "", "LC SBR PS"), "hev2"),
        (("aac", "", ""), ""),
        (("mp2", "Layer 2", ""), "layer2"),
        (("dts", "MA / Core", "XLL"), "ma"),
        (("dts", "", "XBR"), "hd"),
        (("dts", "Express", ""), "express"),
        (("dts", "", ""), ""),
        (("flac", "", "LC"), ""),
    ],
)
def test_audio_profile(arguments, profile):
    assert names.audio_profile(*arguments) == profile


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        ("mp4a.40.2", ("aac", "lc")),
        ("mp4a.40.5", ("aac", "he")),
        ("mp4a.40.29", ("aac", "hev2")),
        ("mp4a.6B", ("mp3", "")),
        ("alac", ("alac", "")),
        ("ec-3", ("eac3", "")),
        ("", ("", "")),
    ],
)
def test_mp4_codec(codec, expected):
    assert names.mp4_codec(codec) == expected


@pytest.mark.parametrize(
    ("codec", "text", "expected"),
    [
        ("h264", "High@L4.1", ("high", 41)),
        ("h264", "Constrained Baseline@L3", ("constrained baseline", 30)),
        ("hevc", "Main 10@L5.1@High", ("main 10", 51)),
        ("mpeg4", "Advanced Simple@L5", ("advanced simple", 50)),
        ("mpeg2", "Main@High 1440", ("main", None)),
        ("vc1", "Advanced@L3", ("advanced", 30)),
        ("vp9", "0", ("0", None)),
        ("h264", "High", ("high", None)),
        ("h264", "", ("", None)),
    ],
)
def test_video_profile(codec, text, expected):
    assert names.video_profile(codec, text) == expected


@given(st.text(), st.text(), st.text())
def test_any_words_become_short_words_of_ascii(one, two, three):
    found = [
        names.video_codec(one, two, three),
        names.audio_codec(one, two, three),
        names.audio_profile("aac", one, two),
        names.audio_profile("dts", one, two),
        *names.mp4_codec(one),
        names.video_profile(one, two)[0],
    ]
    assert all(len(word) <= 32 and word.isascii() for word in found)
