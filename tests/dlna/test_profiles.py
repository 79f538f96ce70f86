"""The rules of profiles.toml, tried at and beyond each kind of limit."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.mimes import mime_for
from upnpserver.dlna.profile_names import PROFILE_NAMES
from upnpserver.dlna.profiles import profile_of, rules
from upnpserver.model import Kind, MediaFacts


def facts(kind, mime, container, **more):
    return MediaFacts(kind, mime, "a" * 16, container, **more)


JPEG = facts(Kind.IMAGE, "image/jpeg", "jpeg", width=640, height=480, color_depth=24)
MP3 = facts(
    Kind.AUDIO,
    "audio/mpeg",
    "mp3",
    audio_codec="mp3",
    sample_rate_hz=44_100,
    channels=2,
    bitrate_bps=320_000,
)
ADTS = replace(
    MP3, container="adts", audio_codec="aac", audio_profile="lc", bitrate_bps=128_000
)
AC3 = replace(MP3, container="ac3", audio_codec="ac3", channels=6, bitrate_bps=640_000)
WMA = replace(MP3, container="asf", audio_codec="wma2", bitrate_bps=192_000)
CAMERA_MP4 = facts(
    Kind.VIDEO,
    "video/mp4",
    "mp4",
    width=1920,
    height=1080,
    frame_rate_mhz=29_970,
    bitrate_bps=17_000_000,
    video_codec="h264",
    video_profile="high",
    video_level=40,
    audio_codec="aac",
    audio_profile="lc",
    sample_rate_hz=48_000,
    channels=2,
)
AVCHD = replace(
    CAMERA_MP4,
    container="mpegts",
    packet_size=192,
    timestamped=True,
    interlaced=True,
    frame_rate_mhz=25_000,
    audio_codec="ac3",
    channels=6,
)
DVD = facts(
    Kind.VIDEO,
    "video/mpeg",
    "mpegps",
    width=720,
    height=576,
    frame_rate_mhz=25_000,
    interlaced=True,
    bitrate_bps=6_000_000,
    video_codec="mpeg2",
    video_profile="main",
    audio_codec="ac3",
    sample_rate_hz=48_000,
    channels=6,
)
PHONE = replace(
    CAMERA_MP4,
    width=320,
    height=240,
    frame_rate_mhz=15_000,
    bitrate_bps=520_000,
    video_profile="baseline",
    video_level=12,
)
SIMPLE = replace(
    CAMERA_MP4,
    width=720,
    height=576,
    frame_rate_mhz=25_000,
    bitrate_bps=6_000_000,
    video_codec="mpeg4",
    video_profile="simple",
    video_level=50,
)


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        (JPEG, {"width": 160, "height": 160}, "JPEG_TN"),
        (JPEG, {"width": 160, "height": 161}, "JPEG_SM"),
        (JPEG, {}, "JPEG_SM"),
        (JPEG, {"width": 641}, "JPEG_MED"),
        (JPEG, {"width": 480, "height": 640}, "JPEG_MED"),
        (JPEG, {"width": 4096, "height": 4096}, "JPEG_LRG"),
        (JPEG, {"width": 4097}, ""),
        (JPEG, {"width": None}, ""),
        (JPEG, {"progressive": True}, ""),
        (JPEG, {"color_depth": 32}, ""),
        (JPEG, {"color_depth": 8}, "JPEG_SM"),
        (JPEG, {"color_depth": None}, ""),
        (JPEG, {"container": "png", "color_depth": 32}, "PNG_LRG"),
        (JPEG, {"container": "gif"}, "GIF_LRG"),
        (JPEG, {"container": "gif", "height": 1201}, ""),
        (JPEG, {"container": "webp"}, ""),
        (MP3, {}, "MP3"),
        (MP3, {"channels": 1, "bitrate_bps": 32_000}, "MP3"),
        (MP3, {"bitrate_bps": 31_999}, "MP3X"),
        (MP3, {"sample_rate_hz": 22_050, "bitrate_bps": 64_000}, "MP3X"),
        (MP3, {"sample_rate_hz": 11_025, "bitrate_bps": 64_000}, ""),
        (MP3, {"audio_codec": "mp2"}, ""),
        (MP3, {"channels": None}, ""),
        (ADTS, {}, "AAC_ADTS_320"),
        (ADTS, {"bitrate_bps": 320_001}, "AAC_ADTS"),
        (ADTS, {"bitrate_bps": 576_001}, "AAC_MULT5_ADTS"),
        (ADTS, {"channels": 6}, "AAC_MULT5_ADTS"),
        (ADTS, {"channels": 7}, ""),
        (ADTS, {"audio_profile": "he"}, "HEAAC_L2_ADTS_320"),
        (ADTS, {"audio_profile": "main"}, ""),
        (ADTS, {"container": "mp4"}, "AAC_ISO_320"),
        (ADTS, {"container": "mp4", "audio_codec": "alac"}, ""),
        (ADTS, {"container": "3gpp"}, "AAC_ISO_320"),
        (AC3, {}, "AC3"),
        (AC3, {"bitrate_bps": 640_001}, ""),
        (AC3, {"container": "eac3", "audio_codec": "eac3"}, "EAC3"),
        (WMA, {}, "WMABASE"),
        (WMA, {"bitrate_bps": 192_001}, "WMAFULL"),
        (WMA, {"audio_codec": "wma1"}, "WMABASE"),
        (WMA, {"audio_codec": "wmalossless"}, ""),
        (WMA, {"bitrate_bps": 384_001}, ""),
        (WMA, {"audio_codec": "wmapro", "channels": 6}, "WMAPRO"),
        (MP3, {"container": "flac", "audio_codec": "flac"}, ""),
        (CAMERA_MP4, {}, "AVC_MP4_HP_HD_AAC"),
        (CAMERA_MP4, {"audio_codec": "eac3"}, "AVC_MP4_HP_HD_EAC3"),
        (CAMERA_MP4, {"video_profile": "main"}, "AVC_MP4_MP_HD_1080i_AAC"),
        (CAMERA_MP4, {"video_level": 41}, ""),
        (CAMERA_MP4, {"video_level": None}, ""),
        (CAMERA_MP4, {"bitrate_bps": 25_000_001}, ""),
        (CAMERA_MP4, {"frame_rate_mhz": 60_000}, ""),
        (CAMERA_MP4, {"audio_codec": "dts"}, ""),
        (CAMERA_MP4, {"audio_codec": ""}, ""),
        (CAMERA_MP4, {"video_codec": "hevc"}, ""),
        (CAMERA_MP4, {"container": "quicktime"}, ""),
        (PHONE, {}, "AVC_MP4_BL_CIF15_AAC_520"),
        (PHONE, {"bitrate_bps": 520_001}, "AVC_MP4_BL_CIF15_AAC"),
        (PHONE, {"frame_rate_mhz": 20_001}, "AVC_MP4_BL_CIF30_AAC_940"),
        (PHONE, {"width": 640, "height": 480}, "AVC_MP4_BL_L3_SD_AAC"),
        (
            PHONE,
            {"width": 640, "height": 480, "video_profile": "constrained baseline"},
            "AVC_MP4_BL_L3L_SD_AAC",
        ),
        (
            PHONE,
            {"width": 720, "height": 480, "frame_rate_mhz": 30_000},
            "AVC_MP4_BL_L31_HD_AAC",
        ),
        (
            PHONE,
            {"width": 720, "height": 480, "frame_rate_mhz": 30_000}
            | {"video_profile": "constrained baseline"},
            "AVC_MP4_MP_SD_AAC_MULT5",
        ),
        (PHONE, {"audio_codec": "eac3", "video_profile": "main"}, "AVC_MP4_MP_SD_EAC3"),
        (
            PHONE,
            {"audio_codec": "eac3", "video_profile": "main", "frame_rate_mhz": 30_000}
            | {"width": 720, "height": 480},
            "AVC_MP4_HP_HD_EAC3",
        ),
        (SIMPLE, {}, "MPEG4_P2_MP4_SP_L5_AAC"),
        (SIMPLE, {"video_level": 49}, ""),
        (SIMPLE, {"video_level": 60}, "MPEG4_P2_MP4_SP_L6_AAC"),
        (SIMPLE, {"video_level": 61}, ""),
        (CAMERA_MP4, {"container": "matroska"}, "AVC_MKV_HP_HD_AAC_MULT5"),
        (
            CAMERA_MP4,
            {"container": "matroska", "video_profile": "main", "audio_codec": "mp3"},
            "AVC_MKV_MP_HD_MPEG1_L3",
        ),
        (AVCHD, {}, "AVC_TS_HD_50_AC3_T"),
        (AVCHD, {"timestamped": False}, "AVC_TS_HD_50_AC3"),
        (AVCHD, {"packet_size": 188}, "AVC_TS_HD_50_AC3_ISO"),
        (AVCHD, {"frame_rate_mhz": 29_970}, "AVC_TS_HD_60_AC3_T"),
        (AVCHD, {"interlaced": False}, "AVC_TS_HP_HD_AC3_T"),
        (AVCHD, {"audio_codec": "mp2", "channels": 2}, "AVC_TS_HP_HD_MPEG1_L2_T"),
        (AVCHD, {"audio_codec": "aac"}, ""),
        (
            CAMERA_MP4,
            {"container": "asf", "video_codec": "vc1", "video_profile": "main"}
            | {"audio_codec": "wma2", "audio_profile": ""},
            "WMVHIGH_FULL",
        ),
        (DVD, {}, "MPEG_PS_PAL"),
        (DVD, {"height": 480, "frame_rate_mhz": 29_970}, "MPEG_PS_NTSC"),
        (DVD, {"height": 480}, ""),
        (DVD, {"width": 640, "height": 480, "frame_rate_mhz": 29_970}, ""),
        (DVD, {"audio_codec": "mp2", "channels": 2}, "MPEG_PS_PAL"),
        (DVD, {"sample_rate_hz": 44_100}, ""),
        (DVD, {"video_profile": "high"}, ""),
        (DVD, {"container": "mpegts", "packet_size": 188}, "MPEG_TS_SD_EU_ISO"),
        (
            DVD,
            {
                "container": "mpegts",
                "packet_size": 188,
                "width": 1280,
                "height": 720,
                "frame_rate_mhz": 59_940,
                "interlaced": False,
            },
            "MPEG_TS_HD_NA_ISO",
        ),
    ],
)
def test_profile(base, changes, expected):
    assert profile_of(replace(base, **changes)) == expected


def packed(name):
    """Return a transport stream's profile without what its packets add."""
    return re.sub("_(ISO|T)$", "", name) if "_TS_" in name else name


def test_the_server_knows_the_names_of_the_table():
    expected = {}
    for (kind, container), found in rules().items():
        for rule in found:
            for packet_size in (188, 192):
                mime = mime_for(container, kind, packet_size)
                expected.setdefault(mime, set()).add(rule.name)
    told = {
        mime: {packed(name) for name in names.split()}
        for mime, names in PROFILE_NAMES.items()
    }
    assert told == expected


def test_transport_streams_are_told_in_each_packing():
    plain = PROFILE_NAMES["video/mpeg"].split()
    iso = {packed(name) for name in plain if "_TS_" in name}
    assert all(name.endswith("_ISO") for name in plain if "_TS_" in name)
    stamped = PROFILE_NAMES["video/vnd.dlna.mpeg-tts"].split()
    assert sorted(stamped) == sorted([*iso, *(f"{name}_T" for name in iso)])


def test_no_rule_stands_twice():
    for found in rules().values():
        assert len(set(found)) == len(found)


NAMES = {name for names in PROFILE_NAMES.values() for name in names.split()}
WORDS = {
    "container": ["mp4", "mpegts", "mpegps", "matroska", "asf", "avi", ""],
    "video_codec": ["h264", "mpeg2", "mpeg1", "mpeg4", "vc1", ""],
    "video_profile": ["main", "high", "baseline", "simple", ""],
    "audio_codec": ["aac", "ac3", "mp2", "mp3", "wma2", ""],
    "audio_profile": ["lc", "he", ""],
}
NUMBERS = {
    "width": [0, 320, 352, 720, 1280, 1920, 7680, None],
    "height": [0, 240, 288, 480, 576, 720, 1080, None],
    "frame_rate_mhz": [0, 15_000, 25_000, 29_970, 50_000, None],
    "bitrate_bps": [0, 500_000, 5_000_000, 50_000_000, None],
    "video_level": [10, 30, 40, 52, None],
    "channels": [0, 2, 6, None],
    "sample_rate_hz": [0, 44_100, 48_000, None],
    "packet_size": [188, 192, None],
}


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from(some) for name, some in (WORDS | NUMBERS).items()}
    )
)
def test_a_profile_is_one_of_those_told_with_the_files_mime_name(fields):
    name = profile_of(MediaFacts(Kind.VIDEO, "video/x", "a" * 16, **fields))
    if name:
        mime = mime_for(fields["container"], Kind.VIDEO, fields["packet_size"])
        assert name in PROFILE_NAMES[mime].split()
        assert all(fields[key] for key in ("width", "height", "bitrate_bps"))
