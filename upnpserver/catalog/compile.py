"""SortCriteria as SQL over the table found."""

from upnpserver.model import SortKey

_TITLE = "dc:title"


def order_by(keys: tuple[SortKey, ...]) -> str:
    """Return the terms of an ORDER BY with a comma after each, maybe none."""
    return "".join(
        f'found."{"title_key" if key.name == _TITLE else key.name}"'
        f"{' desc' if key.descending else ''}, "
        for key in keys
    )
