"""Which sizes of a photo are offered, and how large they come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.scaled import FORMS, fitted, offered, picture_path
from upnpserver.model import Kind, MediaFacts


def photo(width, height, mime="image/jpeg", orientation=1):
    return MediaFacts(
        Kind.IMAGE, mime, "", width=width, height=height, orientation=orientation
    )


OFFERED = [
    # A plain JPEG has smaller forms only.
    (photo(4000, 3000), "JPEG_LRG", {"med": (1024, 768), "sm": (640, 480)}),
    (photo(6000, 4000), "", {"lrg": (4096, 2731), "med": (1024, 683)}),
    (photo(800, 600), "JPEG_MED", {"sm": (640, 480), "tn": (160, 120)}),
    (photo(160, 100), "JPEG_TN", {}),
    # One that lies on its side, or that few screens know, in its own size too.
    (photo(4000, 3000, orientation=6), "JPEG_LRG", {"lrg": (3000, 4000)}),
    (photo(800, 600, "image/webp"), "", {"med": (800, 600), "sm": (640, 480)}),
    (photo(100, 60, "image/png"), "PNG_TN", {"tn": (100, 60)}),
    (photo(100, 60), "", {"tn": (100, 60)}),  # progressive
    (photo(640, 480, "image/gif"), "GIF_LRG", {"sm": (640, 480)}),
    # What can't be drawn is not offered.
    (photo(800, 600, "image/jxl"), "", {}),
    (photo(20_000, 20_000, "image/png"), "", {}),
    (photo(None, None), "", {}),
]


@pytest.mark.parametrize(("facts", "profile", "some"), OFFERED)
def test_what_is_offered(facts, profile, some):
    found = dict(offered(facts, profile))
    assert found | some == found
    assert bool(found) == bool(some)
    assert list(found) == [name for name in ("lrg", "med", "sm", "tn") if name in found]


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from(sorted(FORMS)))
def test_a_form_is_never_larger_than_its_limits_or_the_picture(width, height, name):
    form = FORMS[name]
    shown = fitted(width, height, form)
    assert 1 <= shown[0] <= min(width, form.width)
    assert 1 <= shown[1] <= min(height, form.height)
    touches = shown[0] == form.width or shown[1] == form.height
    assert touches or shown == (width, height)


def test_the_path_tells_form_and_kind():
    assert picture_path("a" * 16, "tn") == f"/picture/{'a' * 16}/tn.jpg"
    assert picture_path("a" * 16, "png") == f"/picture/{'a' * 16}/png.png"
