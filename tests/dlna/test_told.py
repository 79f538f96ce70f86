"""MIME names and 4th fields as single families of devices want them."""

import pytest

from upnpserver.dlna.protocolinfo import profile_in
from upnpserver.dlna.told import sent_mime, told_features, told_mime
from upnpserver.policy import NO_NEEDS, Needs

REST = "DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"


def with_profile(name):
    return f"DLNA.ORG_PN={name};{REST}"


TOLD = [
    (NO_NEEDS, with_profile("MP3"), [with_profile("MP3")]),
    (NO_NEEDS, REST, [REST]),
    (Needs(dlna=False), with_profile("MP3"), ["*"]),
    (Needs(profiles="no"), with_profile("MP3"), [REST]),
    (Needs(profiles="exact"), with_profile("MP3"), [with_profile("MP3")]),
    (Needs(profiles_left_out=frozenset({"MP3"})), with_profile("MP3"), [REST]),
    (Needs(profiles_left_out=frozenset({"MP3X"})), REST, [REST]),
    (Needs(profiles_as={"MP3X": "MP3"}), with_profile("MP3X"), [with_profile("MP3")]),
    (
        Needs(profiles="multi"),
        with_profile("MPEG_PS_PAL"),
        [with_profile("MPEG_PS_PAL"), with_profile("MPEG_PS_NTSC")],
    ),
    (
        Needs(profiles="multi"),
        with_profile("AVC_TS_HD_50_AC3_T"),
        [
            with_profile(f"AVC_TS_HD_{name}_T")
            for name in ("50_AC3", "24_AC3", "60_AC3", "EU")
        ],
    ),
    (Needs(profiles="multi"), with_profile("MP3"), [with_profile("MP3")]),
]


@pytest.mark.parametrize(("needs", "features", "told"), TOLD)
def test_fourth_field(needs, features, told):
    assert list(told_features(features, needs)) == told


def test_the_profile_of_a_fourth_field():
    assert profile_in(with_profile("MP3")) == "MP3"
    assert profile_in("DLNA.ORG_PN=JPEG_TN") == "JPEG_TN"
    assert profile_in(REST) == profile_in("*") == ""


def test_mime_names():
    needs = Needs(mimes={"a/b": "a/c", "x/y": "x/z"}, get_mimes={"a/b": "a/d"})
    assert [told_mime(mime, needs) for mime in ("a/b", "x/y", "o/o")] == [
        *("a/c", "x/z", "o/o"),
    ]
    assert [sent_mime(mime, needs) for mime in ("a/b", "x/y", "o/o")] == [
        *("a/d", "x/z", "o/o"),
    ]
