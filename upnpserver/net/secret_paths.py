"""Addresses with a part that nobody can guess: only who was told one has one.

    /s/<secret>/media/<id>.mp3

The secret is that of the profile whose device was told the address (policy). With
another, or without, the answer is the same as for what never was. Source: security.md
requirement 13.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Collection
from hmac import compare_digest, digest
from typing import Final

from upnpserver.net.request import ServerRequest
from upnpserver.policy import TOLD_ROOM

_SECRET_BYTES: Final = 15  # 120 bits, as 20 letters


def secret_of(key: bytes, profile: str) -> str:
    """Return the secret of a profile, the same at every start. Pure."""
    made = digest(key, profile.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return urlsafe_b64encode(made[:_SECRET_BYTES]).decode()


def take_secret(request: ServerRequest, guarded: Collection[bytes]) -> bool:
    """Take the secret out of a request's path, for the handlers behind it.

    guarded: first segments that need it, as b"/media/". False if it is missing,
    wrong, or where none belongs.
    """
    secret = request.policy.secret
    is_behind = request.path.startswith(TOLD_ROOM.encode())
    if not is_behind:
        return not secret or _room(request.path) not in guarded
    told, slash, rest = request.path[len(TOLD_ROOM) :].partition(b"/")
    path = slash + rest
    is_right = bool(secret) and compare_digest(told, secret.encode())
    if not is_right or _room(path) not in guarded:
        return False
    request.path = path
    request.base_url += request.policy.secret_path
    return True


def _room(path: bytes) -> bytes:
    return path[: path.find(b"/", 1) + 1]
