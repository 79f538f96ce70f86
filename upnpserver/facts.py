"""MediaFacts as JSON, without the fields that hold their default.

Used between the probe children and the scanner, and in the catalog, so that
views can be made anew without reading a media file again.
"""

import dataclasses
import json
from typing import Any

from upnpserver.errors import ProbeError
from upnpserver.model import Kind, MediaFacts

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(MediaFacts)}
_TUPLES = {"artists", "album_artists", "genres", "composers"}


def facts_to_json(facts: MediaFacts) -> str:
    """Return a JSON object of the fields that differ from their defaults."""
    values = ((name, getattr(facts, name)) for name in _DEFAULTS)
    told = {name: value for name, value in values if value != _DEFAULTS[name]}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def facts_from_json(text: str) -> MediaFacts:
    """Return the MediaFacts that facts_to_json wrote.

    Raises ProbeError for anything else: a probe child may be under the control
    of the file that it read.
    """
    try:
        told: Any = json.loads(text)
        values = {name: _checked(name, value) for name, value in told.items()}
        return MediaFacts(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProbeError(f"unreadable facts: {type(error).__name__}") from error


def _checked(name: str, value: Any) -> Any:
    if name == "kind":
        return Kind(value)
    if name in _TUPLES:
        return tuple(_of_type(str, one) for one in value)
    default = _DEFAULTS[name]
    if isinstance(default, bool):
        return _of_type(bool, value)
    if default is None or isinstance(default, int):
        return _of_type(int, value)
    return _of_type(str, value)


def _of_type(wanted: type, value: Any) -> Any:
    if type(value) is not wanted:
        raise TypeError(f"expected {wanted.__name__}")
    return value
