"""Where in an MPEG transport stream a time is.

A unit with the random access indicator is one that a player can begin at.

Source: ISO/IEC 13818-1 sections 2.4.3.4 (adaptation field), 2.4.3.7 (PES).
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media import transport
from upnpserver.media.places_stamped import Stamped, Unit
from upnpserver.media.signatures import transport_packets
from upnpserver.media.transport import PACKET_BYTES, Packets

_HEAD_BYTES: Final = (32 << 10, 192 << 10, 1 << 20, 4 << 20)
_FIRST_UNITS: Final = 32
_BLU_RAY_PACKET_BYTES: Final = 192  # four before the packet itself


class TransportPlaces(Stamped):
    """The places of one file."""

    _pid = 0

    def first_time(self) -> int:
        """Choose the first stream of pictures, else of sound."""
        for count in _HEAD_BYTES:
            data = self.read_at(0, count)
            form = transport_packets(data)
            if form is None:
                break
            packets = Packets(data, *form)
            found = transport.streams(packets)
            for kind in ("video", "audio"):
                pids = [one.pid for one in found if one.kind == kind]
                times = transport.times(packets, pids[0], _FIRST_UNITS) if pids else []
                if times:
                    self._pid = pids[0]
                    return min(times)
            if count >= self.size_bytes:
                break
        raise ProbeError("no time is told in it")

    def units(self, data: bytes) -> Iterator[Unit]:
        """Yield the units of that stream."""
        form = transport_packets(data)
        if form is None:
            return
        is_blu_ray = form[1] == _BLU_RAY_PACKET_BYTES
        before = form[1] - PACKET_BYTES if is_blu_ray else 0
        for at, time, can_begin in Packets(data, *form).units(self._pid):
            if at >= before:
                yield Unit(at - before, time, can_begin)
