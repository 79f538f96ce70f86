"""Which bytes of a converted item are sent, and how they come about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.converted import Coded, Form, pcm_shape, pcm_size, wav_head
from upnpserver.dlna.converted_part import part_of
from upnpserver.dlna.time_part import but_time
from upnpserver.errors import RefusedRequest
from upnpserver.model import Kind

SONG = Coded(
    Kind.AUDIO, "flac", sound="flac", channels=2, rate_hz=48_000, duration_ms=60_000
)
FILM = Coded(Kind.VIDEO, "matroska", "h264", sound="dts", duration_ms=60_000)
LPCM, WAV, MP3, TS = (
    Form("lpcm"),
    Form("wav"),
    Form("mp3"),
    Form("mpegts", "copy", "ac3"),
)
SIZE = 60 * 48_000 * 4


def asked(coded, form, **headers):
    given = {name.encode(): value for name, value in headers.items()}
    return part_of(lambda name: given.get(name.split(b".")[0], ""), coded, form, "x")


def test_all_of_it():
    part = asked(SONG, LPCM)
    assert part == (
        200,
        (("Accept-Ranges", "bytes"), ("ETag", '"x-lpcm.l16"')),
        0,
        0,
        b"",
        SIZE,
    )
    assert asked(SONG, WAV)[4:] == (wav_head(SONG), SIZE + 44)


def test_what_has_no_size_comes_whole_whatever_bytes_are_asked_for():
    part = asked(FILM, TS, range="bytes=0-")
    headers = (("Accept-Ranges", "none"), ("ETag", '"x-mpegts-copy-ac3.ts"'))
    assert part == (200, headers, 0, 0, b"", None)


@pytest.mark.parametrize(
    ("coded", "form", "seek", "start_us", "told"),
    [
        (FILM, TS, "npt=30-", 30_000_000, "npt=30.000-60.000/60.000"),
        (FILM, TS, "npt=0:00:59.999-", 59_999_000, "npt=59.999-60.000/60.000"),
        (FILM, TS, "npt=30-40", 30_000_000, "npt=30.000-60.000/60.000"),
        (
            *(SONG, LPCM, "npt=30-", 30_000_000),
            f"npt=30.000-60.000/60.000 bytes={SIZE // 2}-{SIZE - 1}/{SIZE}",
        ),
        (
            *(SONG, LPCM, "npt=15-30", 15_000_000),
            f"npt=15.000-30.000/60.000 bytes={SIZE // 4}-{SIZE // 2 - 1}/{SIZE}",
        ),
        (
            *(SONG, WAV, "npt=30-", 30_000_000),
            f"npt=30.000-60.000/60.000 bytes={SIZE // 2 + 44}-{SIZE + 43}/{SIZE + 44}",
        ),
    ],
)
def test_a_time(coded, form, seek, start_us, told):
    part = asked(coded, form, timeseekrange=seek)
    assert (part.status, part.start_us) == (200, start_us)
    assert ("TimeSeekRange.dlna.org", told) in part.headers


@pytest.mark.parametrize(
    ("coded", "form", "seek", "status"),
    [
        (FILM, TS, "npt=60-", 416),
        (FILM, TS, "npt=5", 400),
        (FILM._replace(duration_ms=0), TS, "npt=5-", 406),
        (SONG, LPCM, "npt=60-", 416),
    ],
)
def test_times_that_are_refused(coded, form, seek, status):
    with pytest.raises(RefusedRequest) as caught:
        asked(coded, form, timeseekrange=seek)
    assert caught.value.status == status


def test_bytes_go_before_a_time():
    part = asked(SONG, LPCM, timeseekrange="npt=30-", range="bytes=4-")
    assert (part.status, part.length) == (206, SIZE - 4)
    assert asked(FILM, TS, timeseekrange="npt=30-", range="bytes=0-").start_us == 0


def test_bytes_beyond_the_end():
    part = asked(SONG, LPCM, range=f"bytes={SIZE}-")
    assert part.status == 416
    assert ("Content-Range", f"bytes */{SIZE}") in part.headers


def test_what_the_asker_has():
    given = {b"if-none-match": '"x-lpcm.l16"'}
    assert part_of(lambda name: given.get(name, ""), SONG, LPCM, "x").status == 304


@given(
    st.sampled_from([LPCM, WAV]),
    st.integers(0, 100),
    st.integers(1, 400_000),
    st.data(),
)
def test_the_parts_of_a_whole(form, channels, rate_hz, data):
    """The head, and what is converted from a sample on without the first bytes."""
    coded = SONG._replace(channels=channels, rate_hz=rate_hz, duration_ms=700)
    size = pcm_size(coded, form)
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    part = asked(coded, form, range=f"bytes={start}-{end - 1}")
    head = wav_head(coded) if form == WAV else b""
    whole = head + bytes(n % 251 for n in range(size - len(head)))
    shape = 2 if channels == 1 else 4
    frame = round(part.start_us * pcm_shape(coded)[1] / 10**6)
    made = whole[len(head) + frame * shape :]
    sent = (part.head + made[part.skipped :])[: part.length]
    assert sent == whole[start:end]
    assert part.skipped < shape


def test_the_other_headers_are_asked_without_the_time():
    asked_for = but_time(lambda name: name.decode())
    assert asked_for(b"timeseekrange.dlna.org") == ""
    assert asked_for(b"range") == "range"
