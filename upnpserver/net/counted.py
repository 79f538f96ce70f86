"""What parts of the server count by themselves, as one value for who measures."""

from collections.abc import Mapping, Sized
from typing import NamedTuple

from upnpserver.net.discovery import Discovery
from upnpserver.net.site import Site
from upnpserver.offline import guard


class Counted(NamedTuple):
    """Numbers at one moment.

    refused: by layer, since the start. listeners: to server-sent events.
    """

    connections: int
    subscriptions: int
    conversions: int
    refused: Mapping[str, int]
    listeners: int = 0


def counted(
    site: Site, discovery: Discovery, subscriptions: Sized, conversions: Sized
) -> Counted:
    """Return what these and the guard have counted."""
    refused = {f"guard-{what}": count for what, count in guard.refused().items()}
    refused |= {f"http-{what}": count for what, count in site.refused.items()}
    return Counted(
        len(site.connections),
        len(subscriptions),
        len(conversions),
        {**refused, "search": discovery.refused},
    )
