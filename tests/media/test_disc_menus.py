import pytest

from upnpserver.media.disc_menus import is_disc_menu


@pytest.mark.parametrize(
    ("name", "is_menu"),
    [
        (b"VIDEO_TS.VOB", True),
        (b"VTS_01_0.VOB", True),
        (b"vts_12_0.vob", True),
        (b"VTS_01_1.VOB", False),
        (b"VTS_01_10.VOB", False),
        (b"VTS_01_0.mpg", False),
        (b"My VTS_01_0.VOB", False),
        (b"film.vob", False),
        (b"00001.m2ts", False),
        (b"\xff.vob", False),
    ],
)
def test_which_files_of_a_disc_are_menus(name, is_menu):
    assert is_disc_menu(name) == is_menu
