"""Whatever a path says, only regular files below the root are opened."""

import contextlib
import errno
import os
import socket
from pathlib import Path

import pytest

from upnpserver import beneath
from upnpserver.beneath import open_beneath, open_if_known
from upnpserver.errors import UnsafePath


@pytest.fixture(params=["openat2", "steps"])
def way(request, monkeypatch):
    """Run a test with the kernel's call, and as if it did not exist."""
    if request.param == "steps":

        def missing(_root_fd, _relative_path, _how):
            raise OSError(errno.ENOSYS, "no openat2")

        monkeypatch.setattr(beneath, "_openat2", missing)
    return request.param


@pytest.fixture
def root(tmp_path):
    """Make a library with a file, beside a file that it must not give away."""
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "library"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "song.mp3").write_bytes(b"song")
    return folder


def read(root, path):
    fd = open_beneath(os.fsencode(root), path)
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_opens_a_file_in_a_folder(root, way):
    assert read(root, b"a/b/song.mp3") == b"song"


def test_opens_a_name_that_is_not_text(root, way):
    (root / os.fsdecode(b"\xff\n.mp3")).write_bytes(b"odd")
    assert read(root, b"\xff\n.mp3") == b"odd"


def test_the_root_may_be_a_link(root, tmp_path, way):
    (tmp_path / "alias").symlink_to(root)
    assert read(tmp_path / "alias", b"a/b/song.mp3") == b"song"


def test_the_descriptor_is_not_inherited(root, way):
    fd = open_beneath(os.fsencode(root), b"a/b/song.mp3")
    assert not os.get_inheritable(fd)
    os.close(fd)


NOT_BELOW = [b"", b"/", b".", b"..", b"../secret", b"a/../../secret", b"a//b/song.mp3"]
NOT_BELOW += [b"/etc/passwd", b"a/b/song.mp3/", b"./a/b/song.mp3", b"a/b/song.mp3\0"]


@pytest.mark.parametrize("path", NOT_BELOW)
def test_refuses_what_is_not_a_path_below(root, way, path):
    with pytest.raises(UnsafePath):
        open_beneath(os.fsencode(root), path)


def make_fifo(path, _secret):
    os.mkfifo(path)


def make_socket(path, _secret):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.close()


def make_relative_link(path, _secret):
    path.symlink_to("../secret")


def make_absolute_link(path, secret):
    path.symlink_to(secret)


def make_magic_link(path, _secret):
    path.symlink_to("/proc/self/fd/0")


def make_loop(path, _secret):
    path.symlink_to(path.name)


def make_folder(path, _secret):
    path.mkdir()


LINKS_OUT = [make_relative_link, make_absolute_link, make_magic_link, make_loop]


@pytest.mark.parametrize("make", [*LINKS_OUT, make_fifo, make_folder])
def test_refuses_links_out_and_special_files(root, tmp_path, way, make):
    make(root / "odd", tmp_path / "secret")
    before = open_files()
    with pytest.raises(UnsafePath):
        open_beneath(os.fsencode(root), b"odd")
    assert open_files() == before


def test_a_socket_is_not_opened(root, way):
    make_socket(root / "odd", None)
    with pytest.raises(OSError, match="No such device"):
        open_beneath(os.fsencode(root), b"odd")


def test_refuses_a_folder_that_is_a_link_out(root, tmp_path, way):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "song.mp3").write_bytes(b"foreign")
    (root / "c").symlink_to("../elsewhere")
    with pytest.raises(OSError, match=r"out of its folder|Not a directory"):
        open_beneath(os.fsencode(root), b"c/song.mp3")


def test_a_link_that_stays_inside_works_with_the_kernels_help(root):
    (root / "again.mp3").symlink_to("a/b/song.mp3")
    assert read(root, b"again.mp3") == b"song"


@pytest.mark.parametrize("path", [b"none.mp3", b"a/none/song.mp3"])
def test_a_missing_file_is_told_as_such(root, way, path):
    before = open_files()
    with pytest.raises(FileNotFoundError):
        open_beneath(os.fsencode(root), path)
    assert open_files() == before


def test_a_missing_root_is_told_as_such(root, way):
    with pytest.raises(FileNotFoundError):
        open_beneath(os.fsencode(root / "away"), b"song.mp3")


def test_a_walk_that_meets_a_rename_is_tried_again(root, monkeypatch):
    answers = [errno.EAGAIN, errno.EINTR]
    real = beneath._syscall

    def sometimes(*arguments):
        if answers:
            beneath.ctypes.set_errno(answers.pop())
            return -1
        return real(*arguments)

    monkeypatch.setattr(beneath, "_syscall", sometimes)
    assert read(root, b"a/b/song.mp3") == b"song"


def test_a_walk_that_never_settles_ends(root, monkeypatch):
    def never(*_arguments):
        beneath.ctypes.set_errno(errno.EAGAIN)
        return -1

    monkeypatch.setattr(beneath, "_syscall", never)
    with pytest.raises(BlockingIOError):
        open_beneath(os.fsencode(root), b"a/b/song.mp3")


def names_are_kept():
    """Tell whether this kernel can open what it knows, and nothing else."""
    fd = open_if_known(b"/", b"proc/version")  # on another file system
    here = open_if_known(os.fsencode(Path(__file__).parent), b"test_beneath.py")
    for each in (fd, here):
        if each is not None:
            os.close(each)
    assert fd is None
    return here is not None


needs_names_kept = pytest.mark.skipif(
    not names_are_kept(), reason="the kernel is older than Linux 5.12"
)


def known(root, path):
    """Return what is read of a file that is opened at once, None if it is not."""
    before = open_files()
    fd = open_if_known(os.fsencode(root), path)
    if fd is None:
        assert open_files() == before
        return None
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)


@needs_names_kept
def test_a_file_whose_name_is_known_is_opened_at_once(root):
    read(root, b"a/b/song.mp3")
    assert known(root, b"a/b/song.mp3") == b"song"


@pytest.mark.parametrize("path", [*NOT_BELOW, b"a", b"a/b", b"missing", b"away"])
def test_what_must_not_be_opened_is_not_opened_at_once(root, tmp_path, path):
    (root / "away").symlink_to("../secret")
    with contextlib.suppress(OSError):
        read(root, path)
    assert known(root, path) is None


def test_a_root_that_is_gone_is_not_known(tmp_path):
    assert known(tmp_path / "gone", b"song.mp3") is None
