import pytest

from upnpserver.paths import joined


@pytest.mark.parametrize(
    ("directory", "path", "expected"),
    [
        (b"", b"", b""),
        (b"", b"a", b"a"),
        (b"/srv", b"", b"/srv"),
        (b"/srv", b"a/b", b"/srv/a/b"),
        (b"a", b"\xff", b"a/\xff"),
    ],
)
def test_joins(directory, path, expected):
    assert joined(directory, path) == expected
