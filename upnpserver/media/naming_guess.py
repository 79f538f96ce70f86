"""What guessit makes of a name that no rule of ours is sure of.

It is asked late and seldom: its import costs 20 MiB and half a second of
processor time, each name 20 ms, names made to hurt 500 ms; and where a name
holds a number and nothing else it guesses an episode ("Apollo 13"). So only
naming.py, where the folders say that it is one, asks it.
"""

import re
from functools import cache
from typing import Any, Final

from upnpserver.media.naming_name import Name

# Measured: time grows with the square of what looks like a number in a name.
_MAX_CHARS: Final = 100
_MAX_NUMBERS: Final = 8
_NUMBER: Final = re.compile(r"\d+")


def guessed(stem: str) -> Name | None:
    """Return the episode that guessit finds in a name, None if it finds none."""
    if len(stem) > _MAX_CHARS or len(_NUMBER.findall(stem)) > _MAX_NUMBERS:
        return None
    try:
        told = _guessit()(stem, {"type": "episode", "no_user_config": True})
    # Its rules are a thousand patterns of others: one that fails tells nothing.
    except Exception:
        return None
    date = told.get("date")
    episodes = _numbers(told.get("episode"))
    if not (episodes or date):
        return None
    seasons = _numbers(told.get("season"))
    return Name(
        _text(told.get("title")),
        _text(told.get("episode_title")),
        date=date.isoformat() if date else "",
        season=seasons[0] if seasons else None,
        episode=episodes[0] if episodes else None,
        last_episode=episodes[-1] if episodes[1:] else None,
        episodic=True,
    )


@cache
def _guessit() -> Any:
    # Here, so that a child that sees no such name never loads it.
    from guessit import guessit  # noqa: PLC0415

    return guessit


def _numbers(told: Any) -> list[int]:
    values = told if isinstance(told, list) else [told]
    return sorted(value for value in values if type(value) is int and value >= 0)


def _text(told: Any) -> str:
    first = told[0] if isinstance(told, list) and told else told
    return first if isinstance(first, str) else ""
