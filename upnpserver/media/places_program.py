"""Where in an MPEG program stream a time is.

A pack with a sequence header is one that a player can begin at.

Source: ISO/IEC 11172-1 section 2.4 and 13818-1 section 2.5 (packs, PES); ISO/IEC
13818-2 section 6.2.2.1 (sequence header).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media import transport
from upnpserver.media.places_stamped import Stamped, Unit

_PACK: Final = b"\0\0\1\xba"
_SEQUENCE: Final = b"\0\0\1\xb3"
_PICTURES: Final = re.compile(rb"\x00\x00\x01[\xe0-\xef]", re.DOTALL)
_SOUNDS: Final = re.compile(rb"\x00\x00\x01[\xbd\xc0-\xdf]", re.DOTALL)
_HEAD_BYTES: Final = (64 << 10, 1 << 20)
_FIRST_UNITS: Final = 32
_MAX_STUFFING: Final = 16
_LONGEST_HEADER: Final = 40


class ProgramPlaces(Stamped):
    """The places of one file."""

    _wanted = _PICTURES

    def first_time(self) -> int:
        """Choose pictures, else sound."""
        for count in _HEAD_BYTES:
            head = self.read_at(0, count)
            for wanted in (_PICTURES, _SOUNDS):
                self._wanted = wanted
                times = [unit.time for unit in islice(self.units(head), _FIRST_UNITS)]
                if times:
                    return min(times)
        raise ProbeError("no time is told in it")

    def units(self, data: bytes) -> Iterator[Unit]:
        """Yield the packs that begin something with a time stamp."""
        first = data.find(_PACK)
        if first < 0:
            return
        for found in self._wanted.finditer(data, first):
            at = found.start()
            time = _time_in(data[at : at + _LONGEST_HEADER])
            if time is not None:
                behind = data.find(_PACK, at)
                content = data[at : behind if behind >= 0 else len(data)]
                can_begin = self._wanted is _SOUNDS or _SEQUENCE in content
                yield Unit(data.rfind(_PACK, first, at), time, can_begin)


def _time_in(packet: bytes) -> int | None:
    """Return the presentation time of a packet of MPEG-2 or MPEG-1, None if none."""
    if len(packet) < _LONGEST_HEADER:
        return None
    if packet[6] & 0xC0 == 0x80:
        return transport.pes_time(packet)
    at = 6
    while at < 6 + _MAX_STUFFING and packet[at] == 0xFF:
        at += 1
    if packet[at] & 0xC0 == 0x40:  # the size of a buffer
        at += 2
    if packet[at] >> 4 not in {2, 3}:
        return None
    return transport.time_stamp(packet[at : at + 5])
