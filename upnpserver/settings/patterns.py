"""Regular expressions of people: short, and quick on whatever a device sends.

How long one may take is reckoned from its parts: each optional or repeated part
multiplies the ways in which a text can fail to match.
"""

import re
import warnings
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from upnpserver.devices.recognise import MAX_VALUE
from upnpserver.settings.wording import quoted, wrong

MAX_PATTERN = 500  # characters
# Ways times places to begin at: some ten milliseconds at the worst.
_MOST_WAYS = 5000
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT)


def read_pattern(where: str, text: str) -> re.Pattern[str]:
    """Return a pattern that finds its text in any case. Raises ConfigError."""
    try:
        if not 0 < len(text) <= MAX_PATTERN:
            raise wrong(f"{where}: must have 1 to {MAX_PATTERN} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what will mean something else
            pattern = re.compile(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise wrong(
            f"{where}: {quoted(text)} is no regular expression: {error}"
            " (put a backslash before [ ] ( ) . * + ? that mean themselves)"
        ) from error
    return pattern


def check_speed(where: str, text: str) -> None:
    """Refuse a pattern that could keep the server busy. Raises ConfigError."""
    if _ways(_parser.parse(text, re.IGNORECASE)) > _MOST_WAYS:
        raise wrong(
            f"{where}: {quoted(text)} could take too long: at most one .* or .+ in each"
            " alternative, and no * + or {{}} after a bracket"
        )


def _ways(parts: Iterable[tuple[Any, Any]]) -> int:
    """Return in how many ways the parts, one after the other, can be tried."""
    ways = 1
    for kind, what in parts:
        ways = min(ways * _ways_of(kind, what), 2 * _MOST_WAYS)
    return ways


def _ways_of(kind: Any, what: Any) -> int:
    if kind in _SINGLE:
        return 1
    if kind is op.SUBPATTERN:
        return _ways(what[-1])
    if kind is op.BRANCH:
        return sum(_ways(parts) for parts in what[1])
    if kind in _REPEATS:
        least, most, parts = what
        inner = list(parts)
        if (least, most) == (0, 1):
            return 1 + _ways(inner)
        if len(inner) == 1 and inner[0][0] in _SINGLE:
            return int(min(most, MAX_VALUE)) - int(min(least, MAX_VALUE)) + 1
    return 2 * _MOST_WAYS  # looks around, refers back, repeats what varies
