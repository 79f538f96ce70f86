"""The paths of pages."""

from urllib.parse import quote

from upnpserver.web.objects import Shown


def path_of(one: Shown) -> str:
    """Return the path of an object's page."""
    room = "browse" if one.is_container else "item"
    return f"/{room}/{quote(one.object_id, safe='')}"
