"""Tables that say how a device wants to be answered: fields of policy.Needs.

What a field may hold is read from its type, so that a need more is a field more.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from upnpserver.policy import INSTEAD, Needs
from upnpserver.settings.keys import (
    check_keys,
    one_of,
    read_list,
    read_switch,
    read_text,
)
from upnpserver.settings.wording import quoted, wrong

_MAX_ENTRIES = 100
_MAX_TEXT = 200
_MAX_NUMBER = 100_000
_MIME = re.compile(r"[a-z]+/[\w.+-]+", re.ASCII)
_SORT = re.compile(r"[+-][\w:@]+(?:,[+-][\w:@]+)*", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})?", re.ASCII)
_MIMES = ("mimes", "get_mimes")
_PLAYED = re.compile(rf"({'|'.join(INSTEAD)})(?: [a-z0-9.]{{1,24}}){{0,4}}", re.ASCII)


def read_use(where: str, value: object) -> dict[str, Any]:
    """Return changes for policy.needs_with(). Raises ConfigError."""
    if not isinstance(value, dict):
        raise wrong(f"{where}: must be a table, such as {{ dlna = false }}")
    check_keys(where, value, set(_types()))
    return {
        key: _read(f"{where}.{key}", key, each, _types()[key])
        for key, each in value.items()
    }


@cache
def _types() -> Mapping[str, Any]:
    types = get_type_hints(Needs)
    return {field.name: types[field.name] for field in fields(Needs)}


def _read(where: str, key: str, value: object, wanted: Any) -> object:
    """Return a value of the type wanted."""
    origin, members = get_origin(wanted), get_args(wanted)
    result: object
    if wanted is bool:
        result = read_switch(where, value)
    elif wanted is int:
        result = _number(where, value)
    elif wanted is str:
        result = _text(where, key, value)
    elif origin is Literal:
        result = _choice(where, value, members)
    elif members[:2] == (int, int):
        result = _pair(where, value)
    elif origin in (frozenset, tuple):
        result = origin(_several(where, value, members[0]))
    else:
        result = _table(where, key, value)
    return result


def _number(where: str, value: object) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _MAX_NUMBER:  # type: ignore[operator]
        raise wrong(
            f"{where}: must be a whole number from 0 to {_MAX_NUMBER}, "
            f"not {quoted(value)}"
        )
    return value  # type: ignore[return-value]


def _text(where: str, key: str, value: object) -> str:
    if value == "":
        return ""
    text = read_text(where, value)
    if len(text) > _MAX_TEXT or not text.isprintable():
        raise wrong(f"{where}: must be at most {_MAX_TEXT} printable characters")
    if key == "burn" and _LANGUAGE.fullmatch(text) is None:
        raise wrong(f'{where}: must be a language, such as "de", not {quoted(text)}')
    if key == "sort" and _SORT.fullmatch(text) is None:
        raise wrong(
            f'{where}: must be SortCriteria, such as "+upnp:class,+dc:title", '
            f"not {quoted(text)}"
        )
    return text


def _choice(where: str, value: object, allowed: Iterable[str]) -> str:
    if value == "" and "" in allowed:
        return ""
    return one_of(where, value, [each for each in allowed if each])


def _several(where: str, value: object, member: Any) -> Iterable[object]:
    """Return the members of a list: texts, or choices of a Literal or an enum."""
    values = read_list(where, value, read_text)
    if len(values) > _MAX_ENTRIES:
        raise wrong(f"{where}: must have at most {_MAX_ENTRIES} entries")
    if get_origin(member) is Literal:
        return [one_of(where, each, get_args(member)) for each in values]
    if member is str:
        return [_text(where, "", each) for each in values]
    return [member(one_of(where, each, [*member])) for each in values]


def _pair(where: str, value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise wrong(f"{where}: must be [width, height], not {quoted(value)}")
    return _number(where, value[0]), _number(where, value[1])


def _table(where: str, key: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _MAX_ENTRIES:
        raise wrong(
            f"{where}: must be a table of at most {_MAX_ENTRIES} entries, "
            f'such as {{ "as it is" = "as it is told" }}, not {quoted(value)}'
        )
    for name, told in value.items():
        for text in (name, told):
            _text(where, "", text)
            if key in _MIMES and _MIME.fullmatch(text) is None:
                raise wrong(
                    f'{where}: must be MIME names, such as "video/mp4", '
                    f"not {quoted(text)}"
                )
        if key == "instead":
            _check_instead(where, name, told)
    return dict(value)


def _check_instead(where: str, played: str, given: str) -> None:
    """Raise ConfigError unless this says what a device gets instead of what."""
    found = _PLAYED.fullmatch(played)
    if found is None:
        raise wrong(
            f'{where}: must be such as {{ "music flac" = "lpcm" }}; a name begins'
            f" with one of {', '.join(INSTEAD)}, not {quoted(played)}"
        )
    _choice(f"{where}: {quoted(played)}", given, ["", *INSTEAD[found[1]]])
