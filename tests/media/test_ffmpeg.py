"""ffmpeg's command lines, and the process that becomes ffmpeg."""

import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.converted import Coded, Form
from upnpserver.media import landlock
from upnpserver.media.ffmpeg import (
    LIST_ENCODERS,
    arguments,
    encoders_in,
    is_readable,
    progress_us,
)
from upnpserver.model import Kind

SONG = Coded(
    Kind.AUDIO, "flac", sound="flac", channels=2, rate_hz=44_100, duration_ms=1_000
)
FILM = Coded(Kind.VIDEO, "matroska", "h264", sound="dts", channels=6, duration_ms=9_000)
ALL = frozenset({"libx264", "ac3", "aac", "libmp3lame", "pcm_s16be", "pcm_s16le"})
LISTED = """Encoders:
 V..... = Video
 A..... = Audio
 ------
 V....D libx264              libx264 H.264 (codec h264)
 A....D ac3                  ATSC A/52A (AC-3)
"""


def joined(*asked):
    return " ".join(arguments(*asked))


def test_the_encoders_that_are_listed():
    assert encoders_in(LISTED) == {"libx264", "ac3"}
    assert encoders_in("") == encoders_in("no such thing\n") == frozenset()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            (SONG, Form("lpcm"), ALL),
            "-hide_banner -nostdin -loglevel error -protocol_whitelist file -threads 1"
            " -f flac -i file:/dev/fd/0 -map_metadata -1 -map_chapters -1 -sn -dn"
            " -map 0:a:0 -vn -c:a pcm_s16be -ac 2 -ar 44100"
            " -af aresample=44100,apad,atrim=end_sample=44100 -f s16be"
            " -protocol_whitelist pipe pipe:1",
        ),
        (
            (FILM, Form("mpegts", "copy", "ac3"), ALL, 1_500_000),
            "-hide_banner -nostdin -loglevel error -protocol_whitelist file -threads 1"
            " -noaccurate_seek -ss 1.500000 -f matroska -i file:/dev/fd/0"
            " -map_metadata -1 -map_chapters -1 -sn -dn -map 0:V:0 -c:v copy"
            " -map 0:a:0 -c:a ac3 -ac 6 -b:a 448k -ar 48000 -f mpegts"
            " -protocol_whitelist pipe pipe:1 -progress pipe:2",
        ),
    ],
)
def test_command_lines(asked, expected):
    assert joined(*asked) == expected


def test_what_is_left_after_a_start():
    assert "-ss 0.250000" in joined(SONG, Form("wav"), ALL, 250_000)
    assert "end_sample=33075 " in joined(SONG, Form("wav"), ALL, 250_000)
    assert "atrim" not in joined(SONG._replace(duration_ms=0), Form("wav"), ALL)


def test_sounds_and_pictures():
    stereo = FILM._replace(channels=2)
    assert "-c:a ac3 -ac 2 -b:a 192k" in joined(stereo, Form("mp4", "copy", "ac3"), ALL)
    silent = joined(FILM, Form("mp4", "copy", "none"), ALL)
    assert " -an -f mp4 -movflags frag_keyframe" in silent
    coded = joined(FILM, Form("mpegts", "h264", "copy"), ALL, 1)
    assert "-map 0:V:0 -vf scale=" in coded
    assert "format=yuv420p -c:v libx264 -preset" in coded
    assert "-noaccurate_seek" not in coded
    hardware = joined(FILM, Form("mpegts", "h264", "copy"), {*ALL, "h264_v4l2m2m"})
    assert "format=yuv420p -c:v h264_v4l2m2m -b:v" in hardware
    burnt = joined(FILM, Form("mpegts", "h264", "copy", "s3"), ALL)
    assert "-filter_complex [0:V:0][0:s:3]overlay=" in burnt
    assert "format=yuv420p[v] -map [v] -c:v libx264" in burnt


def test_lists_and_addresses_are_never_read():
    """Demuxers that lead to other files are none of those that are named."""
    for container in ("hls", "concat", "dash", "image2", "sdp", ""):
        assert not is_readable(SONG._replace(container=container))
    assert is_readable(SONG)
    assert is_readable(FILM)


@given(st.integers(0, 2**50))
def test_only_numbers_come_from_outside(start_us):
    more = arguments(FILM, Form("mpegts", "copy", "ac3"), ALL, start_us)
    assert more.count("-i") == 1
    assert more[-3:] == ["pipe:1", "-progress", "pipe:2"]


@pytest.mark.parametrize(
    ("line", "made_us"),
    [
        (b"out_time_us=1234567", 1_234_567),
        (b"out_time_us=N/A", None),
        (b"out_time_us=-5", None),
        (b"out_time_us=" + b"9" * 5000, None),
        (b"out_time=00:00:01.0", None),
        (b"", None),
    ],
)
def test_how_much_was_made(line, made_us):
    assert progress_us(line) == made_us


# The process


def run(program, *arguments, file, memory_mib=512, **more):
    child = ("-P", "-m", "upnpserver.media.ffmpeg_child", str(memory_mib), "20")
    return subprocess.run(
        [sys.executable, *child, shutil.which(program), *arguments],
        stdin=file,
        capture_output=True,
        timeout=30,
        check=False,
        **more,
    )


@pytest.fixture
def opened(tmp_path):
    path = tmp_path / "One file.txt"
    path.write_text("what is in it")
    with path.open("rb") as file:
        yield file


needs_landlock = pytest.mark.skipif(
    landlock.version() == 0, reason="this kernel has no Landlock"
)


def test_it_reads_its_file_and_answers(opened):
    done = run("cat", "/dev/fd/0", file=opened)
    assert (done.returncode, done.stdout) == (0, b"what is in it")


@needs_landlock
def test_it_reads_nothing_else(opened, tmp_path):
    other = tmp_path / "Another.txt"
    other.write_text("private")
    for path in (other, "/etc/passwd", "/proc/self/environ"):
        done = run("cat", str(path), file=opened)
        assert (done.returncode, done.stdout) == (1, b""), path


@needs_landlock
def test_it_runs_no_other_program_and_makes_no_process(opened):
    done = run("sh", "-c", "/bin/true || exec /bin/true", file=opened)
    assert done.returncode != 0
    done = run("sh", "-c", "(exit 0) && echo made", file=opened)
    assert b"made" not in done.stdout


def test_it_writes_nothing(opened, tmp_path):
    done = run("sh", "-c", f"echo x > {tmp_path}/New.txt", file=opened)
    assert done.returncode != 0
    assert not (tmp_path / "New.txt").exists()


def test_its_memory_and_time_are_bounded(opened):
    done = run("sh", "-c", "ulimit -v; ulimit -t; ulimit -n", file=opened)
    assert done.stdout.split() == [b"524288", b"20", b"64"]


def test_it_has_no_descriptor_but_three(opened):
    read, write = os.pipe()
    try:
        done = run("sh", "-c", f"echo x >&{write}", file=opened, pass_fds=(write,))
    finally:
        os.close(read)
        os.close(write)
    assert done.returncode != 0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
class TestFfmpeg:
    def test_it_lists_encoders_that_we_name(self):
        done = subprocess.run(
            [shutil.which("ffmpeg"), *LIST_ENCODERS], capture_output=True, check=True
        )
        assert {"ac3", "aac", "pcm_s16be"} <= encoders_in(done.stdout.decode())

    def test_it_finds_no_network(self, opened):
        done = run("ffmpeg", "-i", "http://127.0.0.1:9/", file=opened)
        assert done.returncode != 0
        assert b"refused" not in done.stderr  # as it would be told by a network

    def test_it_follows_no_list(self, opened, tmp_path):
        hidden = tmp_path / "Hidden.wav"
        shutil.copyfile("/bin/true", hidden)
        playlist = tmp_path / "Play.m3u8"
        playlist.write_text(f"#EXTM3U\n#EXTINF:1,\nfile:{hidden}\n")
        with playlist.open("rb") as file:
            done = run("ffmpeg", "-f", "hls", "-i", "file:/dev/fd/0", file=file)
        assert done.returncode != 0
