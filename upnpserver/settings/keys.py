"""The keys of the file: what each may hold. Pure.

Each reader takes where the value stands, as a message says it, and the value
as TOML gives it; it returns the checked value or raises ConfigError.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, TypeVar

from upnpserver.config import LANGUAGES, LOG_LEVELS, MAX_NAME, MOST_CONVERSIONS
from upnpserver.model import Kind
from upnpserver.offline.addresses import Network, is_too_wide
from upnpserver.settings.wording import nearest, quoted, wrong

T = TypeVar("T")
Reader = Callable[[str, object], T]

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_MAX_HOST_NAME = 253  # RFC 1035 section 2.3.4, without the final dot
_DIGITS_AND_DOTS = re.compile(r"[\d.]+", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}", re.ASCII)
_INTERFACE = re.compile(r"[^\s/:]{1,15}")  # Linux: dev_valid_name(), IFNAMSIZ


def check_keys(where: str, table: Mapping[str, object], allowed: set[str]) -> None:
    """Refuse the first key that is not allowed."""
    for key in table:
        if key not in allowed:
            raise wrong(
                f"{where}: unknown key {quoted(key)}{nearest(key, allowed)}; "
                f"allowed: {', '.join(sorted(allowed))}"
            )


def read_text(where: str, value: object) -> str:
    """Return text that is not empty and has no NUL (no path can)."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong(f"{where}: must be text, not {quoted(value)}")
    return value


def read_name(where: str, value: object) -> str:
    """Return a name as screens show it: printable, at most MAX_NAME characters."""
    text = read_text(where, value).strip()
    if not text or not text.isprintable() or len(text) > MAX_NAME:
        raise wrong(
            f"{where}: must be 1 to {MAX_NAME} printable characters, "
            f"not {quoted(value)}"
        )
    return text


def read_port(where: str, value: object) -> int:
    """Return a TCP port."""
    # bool is an int to Python, and no port to anyone.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise wrong(
            f"{where}: must be a whole number from 1 to 65535 (leave it out to let "
            f"the server choose), not {quoted(value)}"
        )
    return value


def read_owner_port(where: str, value: object) -> int:
    """Return a TCP port, 0 for no page."""
    is_none = value == 0 and not isinstance(value, bool)
    return 0 if is_none else read_port(where, value)


def read_interface(where: str, value: object) -> str:
    """Return what can be the name of a network interface."""
    text = read_text(where, value)
    if _INTERFACE.fullmatch(text) is None or text in (".", ".."):
        raise wrong(
            f'{where}: must be the name of a network interface, such as "eth0", '
            f"not {quoted(text)}"
        )
    return text


def read_network(where: str, value: object) -> Network:
    """Return a network; of an address in it, the network is taken."""
    text = read_text(where, value)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise wrong(
            f'{where}: must be a network, such as "192.168.7.0/24", not {quoted(text)}'
        ) from None
    if is_too_wide(network):
        raise wrong(
            f"{where}: {network} is a part of the internet, not a home: "
            "at most a /8 of IPv4 or a /32 of IPv6"
        )
    return network


def read_host_name(where: str, value: object) -> str:
    """Return a host name in lower case, without a final dot."""
    text = read_text(where, value).lower().removesuffix(".")
    named = len(text) <= _MAX_HOST_NAME and _HOST_NAME.fullmatch(text)
    if not named or _DIGITS_AND_DOTS.fullmatch(text):
        raise wrong(
            f'{where}: must be a host name without a port, such as "media.home", '
            f"not {quoted(value)} (own addresses are known anyway)"
        )
    return text


def read_language(where: str, value: object) -> str:
    """Return one of LANGUAGES."""
    return one_of(where, value, LANGUAGES)


def read_letters_from(where: str, value: object) -> int:
    """Return how long a list may be, 0 for any length."""
    return _read_count(where, value, "such as 200 (0: lists of any length)")


def read_picture_cache(where: str, value: object) -> int:
    """Return so many megabytes, 0 for none."""
    return _read_count(where, value, "of megabytes, such as 100 (0: keep none)")


def read_conversions(where: str, value: object) -> int:
    """Return how many may run at once, 0 for none."""
    count = _read_count(where, value, "such as 2 (0: convert nothing)")
    if count > MOST_CONVERSIONS:
        raise wrong(f"{where}: must be at most {MOST_CONVERSIONS}, not {count}")
    return count


def _read_count(where: str, value: object, example: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**6:
        raise wrong(f"{where}: must be a whole number, {example}, not {quoted(value)}")
    return value


def read_log_level(where: str, value: object) -> str:
    """Return one of LOG_LEVELS."""
    return one_of(where, value, LOG_LEVELS)


def read_switch(where: str, value: object) -> bool:
    """Return whether something is to be done."""
    if not isinstance(value, bool):
        raise wrong(f"{where}: must be true or false, not {quoted(value)}")
    return value


def read_kind(where: str, value: object) -> Kind:
    """Return a kind of media."""
    return Kind(one_of(where, value, [kind.value for kind in Kind]))


def read_mac(where: str, value: object) -> str:
    """Return a MAC address in lower case with colons."""
    lower = read_text(where, value).lower()
    if _MAC.fullmatch(lower) is None:
        raise wrong(
            f'{where}: must be a MAC address, such as "00:11:22:33:44:55", '
            f"not {quoted(value)}"
        )
    return lower.replace("-", ":")


def read_list(where: str, value: object, reader: Reader[T]) -> tuple[T, ...]:
    """Return each value once, in the order of the file."""
    if not isinstance(value, list | tuple):
        raise wrong(f'{where}: must be a list, such as ["..."], not {quoted(value)}')
    return tuple(dict.fromkeys(reader(where, each) for each in value))


def one_of(where: str, value: object, allowed: Sequence[str]) -> str:
    """Return one of the allowed texts."""
    text = read_text(where, value)
    if text not in allowed:
        raise wrong(
            f"{where}: must be one of {', '.join(allowed)}, "
            f"not {quoted(text)}{nearest(text, allowed)}"
        )
    return text


def _list_of(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    return lambda where, value: read_list(where, value, reader)


# The keys whose value needs nothing but itself; each is a field of Config.
PLAIN_KEYS: dict[str, Reader[Any]] = {
    "friendly_name": read_name,
    "port": read_port,
    "owner_port": read_owner_port,
    "interfaces": _list_of(read_interface),
    "networks": _list_of(read_network),
    "names": _list_of(read_host_name),
    "language": read_language,
    "keep_plays": read_switch,
    "keep_devices": read_switch,
    "letters_from": read_letters_from,
    "picture_cache_mb": read_picture_cache,
    "conversions": read_conversions,
    "metrics": read_switch,
    "status_folder": read_switch,
    "log_level": read_log_level,
}
