import os
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media import transport
from upnpserver.media.probe import probe
from upnpserver.media.transport import Elementary, Packets, streams, times


def packet(pid, content, *, begins=False, scrambled=False, stuffing=True):
    """Return a packet; short content is moved to its end, as muxers do."""
    head = bytes((0x47, begins << 6 | pid >> 8, pid & 255))
    flags = 0x80 if scrambled else 0
    if len(content) == 184:
        return head + bytes((flags | 0x10,)) + content
    assert stuffing
    field = 183 - len(content)
    adaptation = bytes((field,)) + (b"\0" + b"\xff" * (field - 1) if field else b"")
    return head + bytes((flags | 0x30,)) + adaptation + content


def table(pid, section):
    """Return a section in as many packets as it needs."""
    data = b"\0" + section
    parts = [data[at : at + 184] for at in range(0, len(data), 184)]
    parts[-1] = parts[-1].ljust(184, b"\xff")
    return b"".join(
        packet(pid, part, begins=index == 0) for index, part in enumerate(parts)
    )


def section(table_id, body):
    return struct.pack(">BH", table_id, 0xB000 | len(body) + 4) + body + bytes(4)


def association(*programs):
    entries = b"".join(struct.pack(">HH", n, 0xE000 | pid) for n, pid in programs)
    return table(0, section(0, bytes(5) + entries))


def descriptor(tag, data):
    return bytes((tag, len(data))) + data


def program_map(pid, *entries, about=b""):
    body = bytes(5) + struct.pack(">HH", 0xE100, 0xF000 | len(about)) + about
    for stream_type, stream_pid, told in entries:
        body += struct.pack(
            ">BHH", stream_type, 0xE000 | stream_pid, 0xF000 | len(told)
        )
        body += told
    return table(pid, section(2, body))


def language(code):
    return descriptor(0x0A, code + b"\0")


def pes(time, content=b""):
    stamp = bytes(
        (
            0x21 | time >> 29 & 0x0E,
            time >> 22 & 0xFF,
            time >> 14 & 0xFE | 1,
            time >> 7 & 0xFF,
            time << 1 & 0xFE | 1,
        )
    )
    return b"\0\0\1\xe0\0\0\x80\x80\x05" + stamp + content


def parted(data, size=188, offset=0):
    return Packets(data, offset, size)


def test_streams_with_their_languages():
    data = association((0, 16), (1, 0x100)) + program_map(
        0x100,
        (0x1B, 0x101, b""),
        (0x0F, 0x102, language(b"deu")),
        (0x06, 0x103, descriptor(0x6A, b"\0") + language(b"fre")),
        (0x06, 0x104, descriptor(0x59, b"ger\x10\0\1\0\1eng\x20\0\2\0\2")),
        (0x06, 0x105, descriptor(0x56, b"ger\x08\0fin\x10\0swe\x28\0")),
        (0x05, 0x106, b""),  # no media: a signalling table
        (0x06, 0x107, b""),
    )
    assert streams(parted(data)) == (
        Elementary(0x101, "video", "h264", "Avc", ("",)),
        Elementary(0x102, "audio", "aac", "Adts", ("de",)),
        Elementary(0x103, "audio", "ac3", "Ac3", ("fr",)),
        Elementary(0x104, "subtitle", "dvbsub", "", ("de", "en")),
        Elementary(0x105, "subtitle", "teletext", "", ("fi", "sv")),
    )


def test_a_teletext_without_subtitles_is_no_track():
    data = association((1, 0x100)) + program_map(
        0x100, (0x06, 0x105, descriptor(0x56, b"ger\x08\0"))
    )
    assert streams(parted(data)) == ()


@pytest.mark.parametrize(
    ("about", "entry", "codec"),
    [
        (descriptor(5, b"HDMV"), (0x80, b""), "pcm"),
        (b"", (0x80, b""), None),
        (b"", (0x83, b""), "truehd"),
        (b"", (0x06, descriptor(5, b"HEVC")), "hevc"),
        (b"", (0x06, descriptor(5, b"Opus")), "opus"),
        (b"", (0x06, descriptor(0x7A, b"")), "eac3"),
        (b"", (0x90, b""), "pgs"),
    ],
)
def test_what_a_stream_is(about, entry, codec):
    stream_type, told = entry
    data = association((1, 32)) + program_map(
        32, (stream_type, 0x1011, told), about=about
    )
    assert [stream.codec for stream in streams(parted(data))] == [codec] * bool(codec)


def test_the_program_with_a_picture_goes_before_the_radio():
    data = (
        association((1, 32), (2, 48))
        + program_map(32, (0x03, 0x21, b""))
        + program_map(48, (0x02, 0x31, b""), (0x03, 0x32, b""))
    )
    assert [stream.pid for stream in streams(parted(data))] == [0x31, 0x32]
    radio = association((1, 32)) + program_map(32, (0x03, 0x21, b""))
    assert [stream.pid for stream in streams(parted(radio))] == [0x21]


def test_a_map_that_fills_several_packets():
    many = [(0x06, 0x200 + n, descriptor(0x6A, b"\0" * 20)) for n in range(20)]
    data = association((1, 32)) + program_map(32, *many)
    assert len(data) > 4 * 188
    assert len(streams(parted(data))) == 20


def test_the_bytes_of_a_stream():
    units = [pes(0, b"a" * 170), b"b" * 184, pes(3600, b"c" * 170)]
    data = b"".join(
        (
            packet(7, b"x" * 184),  # what began before
            packet(7, units[0], begins=True),
            packet(8, b"y" * 184),
            packet(7, units[1]),
            packet(7, b"z" * 184, scrambled=True),
            packet(7, units[2], begins=True),
        )
    )
    whole = b"a" * 170 + b"b" * 184 + b"c" * 170
    assert transport.payload(parted(data), 7, 1000) == whole
    assert transport.payload(parted(data), 7, 200) == whole[:200]
    start = re.compile(b"bc")
    assert transport.payload(parted(data), 7, 100, start) == b"b" + b"c" * 99
    assert times(parted(data), 7) == [0, 3600]


@pytest.mark.parametrize("time", [0, 1, 90_000, (1 << 33) - 1, 0x1_2345_6789])
def test_time_stamp(time):
    assert times(parted(packet(7, pes(time), begins=True)), 7) == [time]


def test_the_clock_starts_again():
    assert transport.span((1 << 33) - 90_000, 90_000) == 180_000


@given(st.binary(max_size=1500), st.sampled_from([188, 192, 204]))
def test_any_bytes_are_parted_without_an_error(data, size):
    packets = Packets(b"G\x40\0\x10\0" + data, 0, size)
    assert isinstance(streams(packets), tuple)
    for pid in (0, 32):
        assert all(0 <= time < 1 << 33 for time in times(packets, pid))
        assert len(transport.payload(packets, pid, 100)) <= 100


@given(st.binary(max_size=180), st.binary(max_size=180))
def test_any_tables_give_streams_or_none(programs, entries):
    data = table(0, section(0, bytes(5) + struct.pack(">HH", 1, 32) + programs[:100]))
    data += table(32, section(2, bytes(9) + entries))
    for stream in streams(parted(data)):
        assert 0 <= stream.pid < 0x2000
        assert stream.languages


@pytest.mark.parametrize("scrambled", [True, False])
def test_a_scrambled_recording_is_told_as_such(tmp_path, scrambled):
    path = tmp_path / "pay.ts"
    path.write_bytes(
        association((1, 32))
        + program_map(32, (0x1B, 0x21, b""))
        + b"".join(packet(0x21, b"q" * 184, scrambled=scrambled) for _ in range(300))
    )
    reason = "encrypted" if scrambled else "neither picture nor sound"
    fd = os.open(path, os.O_RDONLY)
    try:
        with pytest.raises(ProbeError, match=reason):
            probe(fd, path.name)
    finally:
        os.close(fd)
