"""Which devices were seen, for the list that a person asks for.

A device that is known writes nothing but once a day; new ones are written together,
some seconds later, and ever more rarely while there are many.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from upnpserver.devices.recognise import MAX_VALUE
from upnpserver.model import MOST_DEVICES, SeenDevice
from upnpserver.net.kept import Kept

GATHERED_S = 2.0
LONGEST_PAUSE_S = 3600.0
DAY_S = 86400

_Key = tuple[str, str]


class Keeper(Protocol):
    """catalog.household.Household, or a stand-in in a test."""

    def devices(self) -> list[SeenDevice]:
        """Return the devices seen. Raises HouseholdUnusable."""

    def write_devices(self, devices: Mapping[_Key, SeenDevice]) -> None:
        """Keep what was seen, by place and family. Raises HouseholdUnusable."""


class SeenLog:
    """Notes which devices ask.

    keeper: where it is kept. in_thread: runs work that waits for a disk.
    now_s: seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        keeper: Keeper,
        in_thread: Callable[[Callable[[], None]], Deferred[None]],
        now_s: Callable[[], float],
    ) -> None:
        self._clock, self._now_s = clock, now_s
        self._seen: dict[_Key, SeenDevice] = {}
        self._kept = Kept("which devices are seen", keeper.write_devices, in_thread)
        self._pause_s = GATHERED_S
        self._last_write_s = clock.seconds() - DAY_S
        self._write_call: IDelayedCall | None = None
        devices = self._kept.opened(keeper.devices)
        self._is_usable = devices is not None
        for device in sorted(devices or (), key=lambda device: device.last_s):
            self._remember((device.mac or device.address, device.family), device)

    def note(self, place: str, told: SeenDevice) -> None:
        """Take note of a device that asked; its times are set here.

        place: its MAC address, else its address.
        """
        if not self._is_usable:
            return
        now_s, key = int(self._now_s()), (place, told.family)
        before = self._seen.get(key)
        is_known = before is not None and before.address == told.address
        if is_known and before and 0 <= now_s - before.last_s < DAY_S:
            return
        first_s = before.first_s if before else now_s
        value = told.value[:MAX_VALUE]
        device = told._replace(value=value, first_s=first_s, last_s=now_s)
        self._remember(key, device)
        self._kept.add(key, device)
        self._write_soon()

    def devices(self) -> list[SeenDevice]:
        """Return the devices seen, the latest first, written or not."""
        return list(reversed(self._seen.values()))

    def forget(self, places: Collection[str] | None) -> None:
        """Forget devices by their places, None: all; the file is changed elsewhere."""

        def is_gone(key: _Key) -> bool:
            return places is None or key[0] in places

        self._seen = {
            key: device for key, device in self._seen.items() if not is_gone(key)
        }
        self._kept.drop(is_gone)

    def stop(self) -> None:
        """Write what may not be written yet, waiting for the disk."""
        if self._write_call is not None:
            self._write_call.cancel()
            self._write_call = None
        self._kept.finish()

    def _remember(self, key: _Key, device: SeenDevice) -> None:
        self._seen.pop(key, None)  # the latest is last
        if len(self._seen) >= MOST_DEVICES:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = device

    def _write_soon(self) -> None:
        """Write once the pause is over: it doubles, until a day without a write."""
        if self._write_call is not None:
            return
        since_s = self._clock.seconds() - self._last_write_s
        if since_s >= DAY_S:
            self._pause_s = GATHERED_S
        delay_s = max(GATHERED_S, self._pause_s - since_s)
        self._write_call = self._clock.callLater(delay_s, self._write)

    def _write(self) -> None:
        self._write_call = None
        self._last_write_s = self._clock.seconds()
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._kept.write()
