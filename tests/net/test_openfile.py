"""What a stream asks of its file: what is cached, what changed, what is missing."""

import errno
import os
import random
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import FileChanged, UnsafePath
from upnpserver.net.openfile import STRIDE_BYTES, OpenFile, Way, _way

SIZE = 3 * STRIDE_BYTES + 1000
CONTENT = random.Random(5).randbytes(SIZE)
preadv = os.preadv


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def file(path):
    """Open a file that is in the page cache, promised whole."""
    file = opened(path)
    yield file
    file.close()


def opened(path):
    file = OpenFile.open(os.fsencode(path.parent), os.fsencode(path.name))
    file.promised_bytes = file.size_bytes
    return file


def forget(path):
    """Write a file to the disk and drop it from the page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def touch(path, seconds):
    os.utime(path, (seconds, seconds))


def test_knows_size_and_time(path, file):
    assert file.size_bytes == SIZE
    assert file.mtime_ns == path.stat().st_mtime_ns


def test_opens_nothing_outside_the_folder(path):
    with pytest.raises(UnsafePath):
        OpenFile.open(os.fsencode(path.parent), b"../film.mp4")


def test_a_file_that_can_not_be_asked_for_its_size_is_closed(path, monkeypatch):
    closed = []
    monkeypatch.setattr("upnpserver.net.openfile.os.close", closed.append)
    monkeypatch.setattr(
        "upnpserver.net.openfile.open_beneath", lambda *_, **__: 1 << 20
    )
    with pytest.raises(OSError, match="Bad file descriptor"):
        opened(path)
    assert closed == [1 << 20]


SPANS = [(0, 1), (0, SIZE), (1, STRIDE_BYTES), (STRIDE_BYTES - 1, STRIDE_BYTES + 1)]


@pytest.mark.parametrize(("start", "end"), [*SPANS, (SIZE - 1, SIZE), (5, SIZE - 5)])
def test_what_is_cached_can_be_sent(file, start, end):
    assert file.cached_until(start, end) == end
    assert file.cached(start, end) == CONTENT[start:end]


def test_what_is_on_the_disk_only_can_not(path):
    forget(path)
    file = opened(path)
    assert file.cached(0, SIZE) is None
    file.close()


def test_what_a_thread_read_ahead_can_be_sent(path):
    forget(path)
    file = opened(path)
    file.read_ahead(0, SIZE, lambda: True)
    assert file.cached_until(0, SIZE) == SIZE
    file.close()


def answers_nowait(monkeypatch, cached):
    """Let the page cache hold only the first bytes of every file."""

    def answer(fd, buffers, at, flags=0):
        if flags and at + 1 > cached:
            raise BlockingIOError
        return preadv(fd, buffers, at, flags)

    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", answer)


@pytest.mark.parametrize(
    ("cached", "start", "expected"),
    [
        (0, 0, 0),
        (1, 0, 0),
        (STRIDE_BYTES, 0, 0),
        (STRIDE_BYTES + 1, 0, STRIDE_BYTES),
        (SIZE - 1, 0, 3 * STRIDE_BYTES),
        (SIZE, 0, SIZE),
        (STRIDE_BYTES + 1, 2 * STRIDE_BYTES, 2 * STRIDE_BYTES),
        (2 * STRIDE_BYTES, 100, STRIDE_BYTES + 100),
    ],
)
def test_the_cached_part_can_be_sent(file, monkeypatch, cached, start, expected):
    answers_nowait(monkeypatch, cached)
    assert file.cached_until(start, SIZE) == expected


def test_what_is_all_cached_is_looked_at_less_and_less(file, monkeypatch):
    looks = []

    def answer(fd, buffers, at, flags=0):
        looks.append(at)
        return preadv(fd, buffers, at, flags)

    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", answer)
    counts = []
    for _ in range(6):
        assert file.cached_until(0, SIZE) == SIZE
        counts.append(len(looks))
        looks.clear()
    assert counts == [5, 3, 2, 2, 2, 2]
    answers_nowait(monkeypatch, 0)
    assert file.cached_until(0, SIZE) == 0
    answers_nowait(monkeypatch, STRIDE_BYTES + 1)
    assert file.cached_until(0, SIZE) == STRIDE_BYTES


def test_read_ahead_ends_when_nobody_wants_it(file, monkeypatch):
    reads = []

    def preadv(_fd, buffers, at):
        reads.append(at)
        return len(buffers[0])

    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", preadv)
    file.read_ahead(0, SIZE, lambda: len(reads) < 2)
    assert reads == [0, STRIDE_BYTES]


def test_a_thread_reads_exactly_what_is_asked(file):
    assert file.read(7, SIZE) == CONTENT[7:]
    assert file.read(0, 1) == CONTENT[:1]


def test_short_reads_are_read_on(file, monkeypatch):
    real = os.pread
    monkeypatch.setattr(
        "upnpserver.net.openfile.os.pread",
        lambda fd, count, at: real(fd, min(count, 999), at),
    )
    assert file.read(0, 5000) == CONTENT[:5000]


def test_a_file_where_nothing_is_sure_is_not_touched_in_the_reactor(path, monkeypatch):
    monkeypatch.setattr("upnpserver.net.openfile._way", lambda fd: Way.COPY)
    file = opened(path)
    with monkeypatch.context() as patch:
        patch.setattr("upnpserver.net.openfile.os.fstat", None)
        patch.setattr("upnpserver.net.openfile.os.preadv", None)
        assert file.cached_until(0, SIZE) == 0
        assert file.cached(0, 1) is None
    assert file.read(0, SIZE) == CONTENT
    file.close()


def test_what_was_just_read_is_trusted(path, monkeypatch):
    monkeypatch.setattr("upnpserver.net.openfile._way", lambda fd: Way.TRUST)
    file = opened(path)
    assert file.cached(0, 1) is None
    assert file.cached_until(0, SIZE) == 0
    file.read_ahead(100, 1000, lambda: True)
    assert file.cached_until(99, SIZE) == 99
    assert file.cached_until(100, SIZE) == 1000
    assert file.cached_until(500, 600) == 600
    assert file.cached_until(1000, SIZE) == 1000
    path.write_bytes(CONTENT[::-1])
    touch(path, 1)
    assert file.cached_until(100, SIZE) == 100
    with pytest.raises(FileChanged):
        file.read_ahead(1000, SIZE, lambda: True)
    file.close()


def refuses_nowait(fd, buffers, at, flags=0):
    if flags:
        raise OSError(errno.EOPNOTSUPP, "no")
    return preadv(fd, buffers, at)


NFS, EXFAT, FUSE = 0x6969, 0x2011BAB0, 0x65735546


@pytest.mark.parametrize(
    ("kind", "device", "expected"),
    [
        (EXFAT, os.makedev(8, 1), Way.TRUST),
        (FUSE, os.makedev(8, 1), Way.COPY),
        (FUSE, os.makedev(0, 40), Way.COPY),
        (NFS, os.makedev(0, 40), Way.COPY),
        (None, os.makedev(8, 1), Way.COPY),
    ],
)
def test_the_way_depends_on_the_file_system(path, monkeypatch, kind, device, expected):
    def fstatfs(_fd, status):
        status[0] = kind or 0
        return 0 if kind else -1

    file = opened(path)
    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", refuses_nowait)
    monkeypatch.setattr("upnpserver.net.openfile._fstatfs", fstatfs)
    monkeypatch.setattr(
        "upnpserver.net.openfile.os.fstat", lambda fd: SimpleNamespace(st_dev=device)
    )
    assert _way(file.fd) is expected
    monkeypatch.undo()
    file.close()


def test_a_file_in_memory_needs_no_thread(monkeypatch):
    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", refuses_nowait)
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as temporary:
        temporary.write(CONTENT)
        temporary.flush()
        file = opened(Path(temporary.name))
        assert file.way is Way.MEMORY
        assert file.cached_until(0, SIZE) == SIZE
        assert file.cached(5, 10) == CONTENT[5:10]
        file.close()


def test_a_file_that_became_shorter_is_refused(path, file):
    with path.open("r+b") as other:
        other.truncate(SIZE - 1)
    assert file.cached_until(0, SIZE) == 0
    with pytest.raises(FileChanged):
        file.read_ahead(0, 100, lambda: True)
    with pytest.raises(FileChanged):
        file.read(0, 100)
    with pytest.raises(FileChanged):
        file.read(0, SIZE)
    with pytest.raises(FileChanged):
        file.read_ahead(0, SIZE, lambda: True)


def test_a_file_that_became_shorter_beyond_the_promise_is_not(path, file):
    file.promised_bytes = 1000
    with path.open("r+b") as other:
        other.truncate(1000)
    file.read_ahead(0, 1000, lambda: True)
    assert file.cached_until(0, 1000) == 1000


def test_a_file_that_grows_is_sent_on(path, file):
    assert file.cached_until(0, SIZE) == SIZE
    with path.open("ab") as recording:
        recording.write(b"more")
    assert file.cached_until(100, SIZE) == 100
    file.read_ahead(100, SIZE, lambda: True)
    assert file.cached_until(100, SIZE) == SIZE


def test_a_file_that_was_only_touched_is_sent_on(path, file):
    assert file.cached_until(0, SIZE) == SIZE
    touch(path, 1)
    assert file.cached(100, 200) is None
    assert file.read(100, 200) == CONTENT[100:200]
    assert file.cached_until(200, SIZE) == SIZE


@pytest.mark.parametrize("more", [b"", b"and more"])
def test_another_file_written_over_it_is_not_sent(path, file, more):
    assert file.cached_until(0, SIZE) == SIZE
    with path.open("r+b") as other:
        other.write(CONTENT[::-1] + more)
    touch(path, 1)
    assert file.cached_until(0, SIZE) == 0
    with pytest.raises(FileChanged):
        file.read_ahead(0, SIZE, lambda: True)
    with pytest.raises(FileChanged):
        file.read(0, SIZE)


def test_another_file_written_over_it_before_the_first_look_is_not_sent(path, file):
    with path.open("r+b") as other:
        other.write(CONTENT[::-1])
    touch(path, 1)
    assert file.cached_until(0, SIZE) == 0
    with pytest.raises(FileChanged):
        file.read_ahead(0, SIZE, lambda: True)
    with pytest.raises(FileChanged):
        file.read(0, SIZE)


def test_a_recording_that_grew_before_the_first_look_is_sent(path, file):
    with path.open("ab") as recording:
        recording.write(b"more")
    file.read_ahead(0, SIZE, lambda: True)
    assert file.cached_until(0, SIZE) == SIZE


def test_another_file_is_not_sent_after_a_threads_read(path, file):
    assert file.read(0, 1000) == CONTENT[:1000]
    with path.open("r+b") as other:
        other.write(CONTENT[::-1])
    touch(path, 1)
    with pytest.raises(FileChanged):
        file.read(1000, 2000)


@pytest.mark.parametrize("at", [100, 163, 936, 999])
def test_the_edges_of_a_threads_read_tell_another_file(path, file, at):
    assert file.read(100, 1000) == CONTENT[100:1000]
    with path.open("r+b") as other:
        other.seek(at)
        other.write(bytes([CONTENT[at] ^ 1]))
    touch(path, 1)
    with pytest.raises(FileChanged):
        file.read(1000, 2000)


def test_a_replaced_file_is_sent_as_it_was(path, file):
    fresh = path.with_name("fresh")
    fresh.write_bytes(b"another")
    fresh.replace(path)
    assert file.read(0, SIZE) == CONTENT
    assert file.cached_until(0, SIZE) == SIZE


def test_a_disk_that_fails_is_told_by_the_thread(file, monkeypatch):
    def preadv(*_arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("upnpserver.net.openfile.os.preadv", preadv)
    assert file.cached_until(0, SIZE) == 0
    assert file.cached(0, 100) is None
    with pytest.raises(OSError, match="Input/output"):
        file.read_ahead(0, SIZE, lambda: True)


@given(st.data())
def test_any_window_is_cached_up_to_a_place_in_it(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film")
        path.write_bytes(CONTENT)
        file = opened(path)
        start = data.draw(st.integers(0, SIZE - 1))
        end = data.draw(st.integers(start + 1, SIZE))
        cached = data.draw(st.integers(0, SIZE))
        with pytest.MonkeyPatch.context() as patch:
            answers_nowait(patch, cached)
            until = file.cached_until(start, end)
        file.close()
        assert start <= until <= end
        assert until in {start, end} or until < cached


def test_a_file_of_the_same_disk_is_local(path, file):
    folder = os.fsencode(path.parent)
    assert file.is_local_in(folder) is (file.way in {Way.ASK, Way.MEMORY})
    assert not file.is_local_in(b"/proc")
    assert not file.is_local_in(folder + b"/missing")
    file.way = Way.COPY
    assert not file.is_local_in(folder)


def test_what_is_opened_at_once_is_as_what_a_thread_opens(path, file):
    known = OpenFile.open_if_known(os.fsencode(path.parent), os.fsencode(path.name))
    if known is None:
        pytest.skip("this kernel keeps no names")
    assert (known.size_bytes, known.mtime_ns) == (file.size_bytes, file.mtime_ns)
    known.close()
    assert OpenFile.open_if_known(os.fsencode(path.parent), b"../film.mp4") is None
