"""MediaFacts as JSON, without the fields that hold their default.

Used between the probe children and the scanner, and in the catalog, so that
views can be made anew without reading a media file again.
"""

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

from upnpserver.errors import ProbeError
from upnpserver.model import Chapter, Kind, MediaFacts, Track

_FIELDS = [(field.name, field.default) for field in dataclasses.fields(MediaFacts)]
_values_of = attrgetter(*(name for name, _ in _FIELDS))


def facts_to_json(facts: MediaFacts) -> str:
    """Return a JSON object of the fields that differ from their defaults."""
    told = {
        name: value
        for (name, default), value in zip(_FIELDS, _values_of(facts), strict=True)
        if value != default
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=_nested)


def facts_from_json(text: str) -> MediaFacts:
    """Return the MediaFacts that facts_to_json wrote.

    Raises ProbeError for anything else: a probe child may be under the control
    of the file that it read.
    """
    try:
        facts: MediaFacts = _revived(MediaFacts, json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProbeError(f"unreadable facts: {type(error).__name__}") from error
    return facts


def _nested(value: Track | Chapter) -> dict[str, Any]:
    """Return a track or chapter as JSON has it, without what is not told."""
    return {
        field.name: told
        for field in dataclasses.fields(value)
        if (told := getattr(value, field.name)) != field.default
    }


def _revived(cls: type[Any], told: Any) -> Any:
    checks = _CHECKS[cls]
    return cls(**{name: checks[name](value) for name, value in told.items()})


def _check_of(wanted: Any) -> Callable[[Any], Any]:
    """Return what checks a value of one type: int | None is told as int."""
    if get_origin(wanted) is tuple:
        return partial(_all_checked, _check_of(get_args(wanted)[0]))
    if wanted is Kind:
        return Kind
    if wanted in (Track, Chapter):
        return partial(_revived, wanted)
    return partial(_of_type, next(iter(get_args(wanted)), wanted))


def _all_checked(check: Callable[[Any], Any], values: Any) -> Any:
    return tuple(map(check, _of_type(list, values)))


def _of_type(wanted: type, value: Any) -> Any:
    if type(value) is not wanted:
        raise TypeError(f"expected {wanted.__name__}")
    return value


_CHECKS = {
    cls: {name: _check_of(wanted) for name, wanted in get_type_hints(cls).items()}
    for cls in (MediaFacts, Track, Chapter)
}
