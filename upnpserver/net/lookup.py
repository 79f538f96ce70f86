"""What the id in a URL leads to, or the refusal that says why to nothing."""

from collections.abc import Callable

from upnpserver.errors import CannotProcess, NoSuchObject, RefusedRequest
from upnpserver.model import Resource
from upnpserver.policy import ClientPolicy

Find = Callable[[str, ClientPolicy], Resource]


def looked_up(find: Find, item_id: bytes, policy: ClientPolicy) -> Resource:
    """Return what find finds. Raises RefusedRequest (404, 503)."""
    try:
        return find(item_id.decode("ascii"), policy)
    except NoSuchObject:
        raise not_found() from None
    except CannotProcess:
        raise RefusedRequest(503, "The library is being read again.") from None


def not_found() -> RefusedRequest:
    """Return one answer for unknown, hidden and vanished: it must not tell which."""
    return RefusedRequest(404, "There is nothing here.")
