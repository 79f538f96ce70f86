"""The owner's password: how it is kept, and whether one is right.

Kept is a line "scrypt$LOG2_N$R$P$SALT$HASH" in base64url, so that it can be made
costlier later. Source: RFC 7914; its cost here: 32 MiB and some 0.1 s of a Pi 4.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Final
from unicodedata import normalize

from upnpserver.errors import ConfigError

LEAST_LETTERS: Final = 8
MOST_BYTES: Final = 512
_LOG2_N, _R, _P = 15, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
# What a kept line may ask for: more would be somebody's attempt to stop us.
_MOST_MEMORY: Final = 128 << 20
_KEPT = re.compile(
    r"scrypt\$(1[0-7])\$([1-9]\d?)\$([1-4])\$([\w-]{22}==)\$([\w-]{43}=)", re.ASCII
)


def check_new(password: str) -> None:
    """Raise ConfigError if a password is too easy to guess, or too long."""
    if len(password) < LEAST_LETTERS:
        raise ConfigError(
            f"the password has {len(password)} letters: take at least {LEAST_LETTERS},"
            " such as three words"
        )
    if len(_bytes(password)) > MOST_BYTES:
        raise ConfigError(f"the password is longer than {MOST_BYTES} bytes")


def hashed(password: str) -> str:
    """Return the line to keep. It takes long: not in a reactor's thread."""
    salt = secrets.token_bytes(_SALT_BYTES)
    made = _scrypt(password, salt, _LOG2_N, _R, _P)
    parts = (_LOG2_N, _R, _P, _text(salt), _text(made))
    return "$".join(("scrypt", *map(str, parts)))


def is_kept_form(kept: str) -> bool:
    """Tell whether a line is one that hashed() makes."""
    return _KEPT.fullmatch(kept) is not None


def is_right(password: str, kept: str) -> bool:
    """Tell whether a password is the one of a kept line; False if that is damaged.

    It takes long: not in a reactor's thread.
    """
    match = _KEPT.fullmatch(kept)
    if match is None or len(password) > MOST_BYTES:
        return False
    log2_n, r, p = map(int, match.groups()[:3])
    if 128 * r << log2_n > _MOST_MEMORY:
        return False
    salt, wanted = (urlsafe_b64decode(text) for text in match.groups()[3:])
    return compare_digest(_scrypt(password, salt, log2_n, r, p), wanted)


def _scrypt(password: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        _bytes(password),
        salt=salt,
        n=1 << log2_n,
        r=r,
        p=p,
        maxmem=2 * _MOST_MEMORY,
        dklen=_HASH_BYTES,
    )


def _bytes(password: str) -> bytes:
    """Return the bytes of a password, the same from every keyboard."""
    return normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode()
