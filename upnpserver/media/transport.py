"""MPEG transport streams: programs, streams, time stamps, the bytes of a stream.

libmediainfo takes each of its 8,192 packet numbers for a possible stream: 2 ms
before the first byte and again at the end, for what is told in a few packets.
So packets are parted here, and it sees bare streams.

Source: ISO/IEC 13818-1 sections 2.4.3 (packets, PES) and 2.4.4 (PAT, PMT);
ETSI EN 300 468 section 6.2 (DVB descriptors); Blu-ray's stream types as in
ffmpeg's and VLC's tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from upnpserver.media.languages import language_tag

PACKET_BYTES: Final = 188
TIME_WRAP: Final = 1 << 33  # of 90 kHz
_MAX_PROGRAMS: Final = 16
_MAX_STREAMS: Final = 64
_MAX_TIMES: Final = 10_000
_PAT, _PMT = 0, 2  # table ids

# stream_type -> kind, codec's word, libmediainfo's parser.
_TYPES: Final = {
    0x01: ("video", "mpeg1", "Mpegv"),
    0x02: ("video", "mpeg2", "Mpegv"),
    0x10: ("video", "mpeg4", "Mpeg4v"),
    0x1B: ("video", "h264", "Avc"),
    0x24: ("video", "hevc", "Hevc"),
    0xEA: ("video", "vc1", "Vc1"),
    0x03: ("audio", "mp2", "Mpega"),
    0x04: ("audio", "mp2", "Mpega"),
    0x0F: ("audio", "aac", "Adts"),
    0x11: ("audio", "aac", ""),  # LATM: no parser of that name takes it
    0x81: ("audio", "ac3", "Ac3"),
    0x82: ("audio", "dts", "Dts"),
    0x83: ("audio", "truehd", "Ac3"),
    0x84: ("audio", "eac3", "Ac3"),
    0x85: ("audio", "dts", "Dts"),
    0x86: ("audio", "dts", "Dts"),
    0x87: ("audio", "eac3", "Ac3"),
    0x90: ("subtitle", "pgs", ""),
    0x92: ("subtitle", "textst", ""),
}
_PRIVATE: Final = 0x06
_BLU_RAY_PCM: Final = 0x80
# What a private stream is, by its descriptors.
_DESCRIPTORS: Final = {
    0x6A: ("audio", "ac3", "Ac3"),
    0x7A: ("audio", "eac3", "Ac3"),
    0x7B: ("audio", "dts", "Dts"),
    0x7C: ("audio", "aac", "Adts"),
    0x56: ("subtitle", "teletext", ""),
    0x59: ("subtitle", "dvbsub", ""),
}
_REGISTRATION: Final = 0x05
_REGISTERED: Final = {
    b"AC-3": ("audio", "ac3", "Ac3"),
    b"EAC3": ("audio", "eac3", "Ac3"),
    b"DTS1": ("audio", "dts", "Dts"),
    b"DTS2": ("audio", "dts", "Dts"),
    b"DTS3": ("audio", "dts", "Dts"),
    b"Opus": ("audio", "opus", ""),
    b"HEVC": ("video", "hevc", "Hevc"),
    b"VC-1": ("video", "vc1", "Vc1"),
}
_LANGUAGE: Final = 0x0A
_TELETEXT: Final = 0x56
_TELETEXT_SUBTITLES: Final = (2, 5)  # 5: for the hard of hearing
_DVB_SUBTITLES: Final = 0x59


@dataclass(frozen=True, slots=True)
class Elementary:
    """One stream of a program. parser: libmediainfo's, empty: it has none."""

    pid: int
    kind: str  # "video", "audio" or "subtitle"
    codec: str
    parser: str
    languages: tuple[str, ...]  # one for each track in it; "" if not told


class Packets:
    """The whole packets in some bytes of a transport stream."""

    def __init__(self, data: bytes, sync_offset: int, packet_size: int) -> None:
        self._data, self._offset, self._size = data, sync_offset, packet_size
        self._count = max(
            0, (len(data) - sync_offset - PACKET_BYTES) // packet_size + 1
        )
        self._high = data[sync_offset + 1 :: packet_size]
        self._low = data[sync_offset + 2 :: packet_size]

    def of(self, pid: int) -> Iterator[tuple[bool, bytes]]:
        """Yield (begins a unit, payload) of each packet of one stream.

        Those that are scrambled, or not where the others tell, are left out.
        """
        low, high = pid & 0xFF, pid >> 8
        at = self._low.find(low)
        while 0 <= at < self._count:
            if self._high[at] & 0x1F == high and (part := self._payload(at)):
                yield bool(self._high[at] & 0x40), part
            at = self._low.find(low, at + 1)

    def beginnings(self, pid: int) -> Iterator[bytes]:
        """Yield the payloads of those that begin a unit: few of many."""
        for at in self._begin(pid):
            if part := self._payload(at):
                yield part

    def units(self, pid: int) -> Iterator[tuple[int, int, bool]]:
        """Yield (offset, presentation time, can be begun at) of one stream's units.

        Those that tell no time are left out. The offset is that of the sync byte, in
        the bytes given.
        """
        for at in self._begin(pid):
            time = pes_time(self._payload(at))
            if time is not None:
                start = self._offset + at * self._size
                packet = self._data[start : start + 6]
                is_random_access = bool(packet[3] & 0x20 and packet[4]) and bool(
                    packet[5] & 0x40
                )
                yield start, time, is_random_access

    def _begin(self, pid: int) -> Iterator[int]:
        """Yield the numbers of the packets that begin a unit."""
        low, high = pid & 0xFF, pid >> 8
        # With and without the bit of priority.
        starts = re.escape(bytes((0x40 | high, 0x60 | high)))
        for found in re.finditer(b"[%b]" % starts, self._high):
            at = found.start()
            if at < self._count and self._low[at] == low:
                yield at

    def is_scrambled(self, pid: int) -> bool:
        """Return whether the first packet of a stream is scrambled."""
        at = self._low.find(pid & 0xFF)
        while 0 <= at < self._count:
            if self._high[at] & 0x1F == pid >> 8:
                return bool(self._data[self._offset + at * self._size + 3] & 0xC0)
            at = self._low.find(pid & 0xFF, at + 1)
        return False

    def _payload(self, at: int) -> bytes:
        start = self._offset + at * self._size
        packet = self._data[start : start + PACKET_BYTES]
        if packet[0] != 0x47 or packet[3] & 0xD0 != 0x10:
            return b""
        return packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]


def streams(packets: Packets) -> tuple[Elementary, ...]:
    """Return the streams of the first program with a picture, else of the first."""
    first: tuple[Elementary, ...] = ()
    for pid in _programs(_section(packets, 0, _PAT)):
        found = _streams(_section(packets, pid, _PMT))
        if any(stream.kind == "video" for stream in found):
            return found
        first = first or found
    return first


def _programs(section: bytes) -> list[int]:
    """Return the packet numbers of the programs' maps; 0 is the network's."""
    entries = range(8, len(section) - 7, 4)
    return [_pid(section, at + 2) for at in entries if section[at : at + 2] != b"\0\0"][
        :_MAX_PROGRAMS
    ]


def _streams(section: bytes) -> tuple[Elementary, ...]:
    if len(section) < 12:
        return ()
    about = section[12 : 12 + _length(section, 10)]
    is_blu_ray = _descriptors(about).get(_REGISTRATION, b"")[:4] == b"HDMV"
    found: list[Elementary] = []
    at, end = 12 + len(about), len(section) - 4  # a check sum
    while at + 5 <= end and len(found) < _MAX_STREAMS:
        length = _length(section, at + 3)
        told = _descriptors(section[at + 5 : at + 5 + length])
        what = _what(section[at], told, is_blu_ray=is_blu_ray)
        if what is not None:
            pid = _pid(section, at + 1)
            found.append(Elementary(pid, *what, _languages(told, what[1])))
        at += 5 + length
    return tuple(stream for stream in found if stream.languages)


def _what(
    stream_type: int, told: dict[int, bytes], *, is_blu_ray: bool
) -> tuple[str, str, str] | None:
    if stream_type == _BLU_RAY_PCM and is_blu_ray:
        return "audio", "pcm", ""
    if stream_type != _PRIVATE:
        return _TYPES.get(stream_type)
    for tag, what in _DESCRIPTORS.items():
        if tag in told:
            return what
    return _REGISTERED.get(told.get(_REGISTRATION, b"")[:4])


def _languages(told: dict[int, bytes], codec: str) -> tuple[str, ...]:
    """Return the languages of a stream's tracks; a stream without tracks has none."""
    if codec == "teletext":
        data = told[_TELETEXT]
        found = [
            data[at : at + 3]
            for at in range(0, len(data) - 4, 5)
            if data[at + 3] >> 3 in _TELETEXT_SUBTITLES
        ]
    elif codec == "dvbsub":
        data = told[_DVB_SUBTITLES]
        found = [data[at : at + 3] for at in range(0, len(data) - 7, 8)] or [b""]
    else:
        found = [told.get(_LANGUAGE, b"")[:3]]
    return tuple(language_tag(code.decode("latin-1")) for code in found)


def _descriptors(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + data[at + 1]
        found.setdefault(data[at], data[at + 2 : end])
        at = end
    return found


def _section(packets: Packets, pid: int, table_id: int) -> bytes:
    """Return the first whole section of a table, b"" if there is none."""
    section = b""
    for begins, payload in packets.of(pid):
        if begins:
            section = payload[1 + payload[0] :] if payload else b""
        elif section:
            section += payload
        if len(section) >= 3 and section[0] != table_id:
            section = b""  # another table of the same packet number
        if len(section) >= 3 and len(section) >= 3 + _length(section, 1):
            return section[: 3 + _length(section, 1)]
    return b""


def _length(section: bytes, at: int) -> int:
    return int.from_bytes(section[at : at + 2], "big") & 0xFFF


def _pid(section: bytes, at: int) -> int:
    return int.from_bytes(section[at : at + 2], "big") & 0x1FFF


# The packets of one stream ------------------------------------------------------


def payload(
    packets: Packets, pid: int, most_bytes: int, start: re.Pattern[bytes] | None = None
) -> bytes:
    """Return a stream's own bytes from the beginning of its first unit on.

    start: what to begin with instead; b"" if it is not among the packets.
    """
    data = bytearray()
    begin = None if start else 0
    for begins, part in packets.of(pid):
        if not begins and not data:
            continue
        searched = max(0, len(data) - 4)
        data += part[_pes_header_bytes(part) :] if begins else part
        if begin is None and start:
            found = start.search(data, searched)
            begin = found.start() if found else None
        if begin is not None and len(data) >= begin + most_bytes:
            break
    return b"" if begin is None else bytes(data[begin : begin + most_bytes])


def times(packets: Packets, pid: int, most: int = _MAX_TIMES) -> list[int]:
    """Return the presentation times of a stream's units, in 90 kHz, as they lie."""
    found = map(pes_time, islice(packets.beginnings(pid), most))
    return [time for time in found if time is not None]


def span(first: int, last: int) -> int:
    """Return the time from first to last; the clock starts again each 26.5 hours."""
    return (last - first) % TIME_WRAP


def _pes_header_bytes(part: bytes) -> int:
    if part[:3] != b"\0\0\1" or len(part) < 9:
        return 0
    return 9 + part[8]


def pes_time(part: bytes) -> int | None:
    """Return the presentation time, in 90 kHz, of a unit's first bytes; None: none."""
    if part[:3] != b"\0\0\1" or len(part) < 14 or not part[7] & 0x80:
        return None
    return time_stamp(part[9:14])


def time_stamp(data: bytes) -> int:
    """Return the 33 bits of a time stamp, written in five bytes."""
    high, middle, low = data[0] >> 1 & 7, data[1:3], data[3:5]
    return (
        high << 30
        | int.from_bytes(middle, "big") >> 1 << 15
        | int.from_bytes(low, "big") >> 1
    )
