"""What is known of an address: who asks there, when a request doesn't tell.

Many devices browse under their own name and fetch files under that of some
library, so a request that tells nothing is the device's that was seen there. Programs
of one computer are told apart by what each says itself. Pure; the clock comes in.

Source: reference devices.md section 1.
"""

from collections.abc import Collection
from dataclasses import dataclass

from upnpserver.devices.recognise import Recognised

MAX_PLACES = 64
KEPT_S = 6 * 3600.0


@dataclass(slots=True)
class _Held:
    recognised: Recognised
    until_s: float


class Memory:
    """Who was seen where; a place is an address or, better, a MAC address.

    A new one beyond MAX_PLACES replaces the one that was seen longest ago.
    """

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def settled(
        self, place: str, own: Recognised | None, now_s: float
    ) -> Recognised | None:
        """Return who asks from place, in a request that tells own; None: nobody knows.

        What tells more than is known is remembered.
        """
        known = self.known(place, now_s)
        tells_nothing = own is None or own.family.is_generic
        if known is not None and (tells_nothing or _goes_before(known, own)):
            own = known
        if own is not None and not own.family.is_generic:
            self._keep(place, own, now_s)
        return own

    def announced(self, place: str, own: Recognised, now_s: float) -> bool:
        """Take note of what a device says to all; tell whether that was news.

        What it says in a request goes before.
        """
        known = self.known(place, now_s)
        if own.family.is_generic or (known and known.signal != "server"):
            return False
        self._keep(place, own, now_s)
        return known is None or known.family is not own.family

    def forget(self, places: Collection[str] | None) -> None:
        """Forget who was seen at some places, None: at all."""
        for place in [one for one in self._held if places is None or one in places]:
            del self._held[place]

    def known(self, place: str, now_s: float) -> Recognised | None:
        """Return who was seen at place, None: nobody for long."""
        held = self._held.get(place)
        return held.recognised if held and now_s < held.until_s else None

    def _keep(self, place: str, recognised: Recognised, now_s: float) -> None:
        self._held.pop(place, None)  # the latest is last
        if len(self._held) >= MAX_PLACES:
            del self._held[next(iter(self._held))]
        self._held[place] = _Held(recognised, now_s + KEPT_S)


def _goes_before(known: Recognised, own: Recognised | None) -> bool:
    """Tell whether own may be what the known device sends too."""
    return own is not None and own.family.shared and not known.family.is_program
