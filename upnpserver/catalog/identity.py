"""Object ids: made from content and names, never from rows or scan order.

Every id of ours holds a letter and a "$" (but for the root's "0"), so that it
never collides with the short fixed ids that some consoles ask for, and only
[0-9a-z$], so that it needs no escaping anywhere.
"""

import hashlib
from base64 import b32encode
from functools import lru_cache

ROOT = "0"
ABOVE_ROOT = "-1"
_ORIGINAL = "i$"
_REFERENCE = "r$"
_ITEM_ID_LENGTH = 16


@lru_cache(maxsize=4096)  # neighbours share their artist, album and folder
def short_hash(*parts: str | bytes) -> str:
    """Return 16 base32 characters that tell parts from all other parts."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        encoded = part if isinstance(part, bytes) else part.encode("utf-8", "replace")
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return b32encode(digest.digest()).decode("ascii").lower()


def original(item_id: str) -> str:
    """Return the object id of an item where it lies in its folder."""
    return _ORIGINAL + item_id


def reference(item_id: str, container_id: str) -> str:
    """Return the object id of an item as another container's child."""
    return f"{_REFERENCE}{item_id}${container_id}"


def split_reference(object_id: str) -> tuple[str, str] | None:
    """Return (original's object id, container id), None if it is no reference."""
    if not object_id.startswith(_REFERENCE):
        return None
    item_id, _, container_id = object_id[len(_REFERENCE) :].partition("$")
    if len(item_id) != _ITEM_ID_LENGTH or not container_id:
        return None
    return original(item_id), container_id


def any_item_id_of(object_id: str) -> str:
    """Return the item id inside an original's or a reference's object id."""
    found = split_reference(object_id)
    return item_id_of(found[0] if found else object_id)


def item_id_of(object_id: str) -> str:
    """Return the item id inside an original's object id."""
    return object_id[len(_ORIGINAL) :]
