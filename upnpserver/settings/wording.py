"""How a mistake is told: one line, with the nearest right name."""

from collections.abc import Iterable
from difflib import get_close_matches

from upnpserver.errors import ConfigError

_MAX_QUOTED = 60


def wrong(message: str) -> ConfigError:
    """Return the error; whatever the message quotes, it stays one line."""
    return ConfigError("".join(c if c.isprintable() else "\ufffd" for c in message))


def quoted(value: object) -> str:
    """Return a value as a message may quote it."""
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 3] + "..."


def nearest(name: str, names: Iterable[str], before: str = "") -> str:
    """Return ": did you mean X?" for the name most like this one, or nothing.

    before: what to write before X.
    """
    found = get_close_matches(name, list(names), n=1)
    return f": did you mean {before}{found[0]}?" if found else ""
