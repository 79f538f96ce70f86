"""Specials, OVAs, openings and endings in names, mostly of anime. Pure.

All take text as naming_text.spaced() made it.
"""

import re
from typing import Final

from upnpserver.media.naming_marks import Mark

_I: Final = re.IGNORECASE
_SPECIAL: Final = re.compile(
    r"(?<![^\W_])(?:ova|oad|ona|sp|specials?)[ .-]*(?P<e>\d{1,3})?(?:v\d)?(?![^\W_])",
    _I,
)
_OVA: Final = re.compile(
    r"(?<=\S) (?:- )?(?:ova|oad|ona)[ .-]{0,3}(?P<e>\d{1,2})(?:v\d)?(?![^\W_])", _I
)
_OF_A_YEAR: Final = re.compile(
    r"(?<=\w \d{4}) (?=(?:christmas|xmas|holiday|new year'?s?|easter|halloween)"
    r" special(?![^\W_]))",
    _I,
)
_CREDITLESS: Final = re.compile(
    r"(?<=\S) (?:- )?(?:nc(?:op|ed)|creditless (?:opening|ending|op|ed))"
    r" ?\d{0,2}(?![^\W_])",
    _I,
)
_CREDITS: Final = re.compile(
    r"(?<![^\W_])(?:nc(?:op|ed) ?\d{0,2}[a-z]?|(?:op|ed)\d{1,2}[a-z]?(?:v\d)?|"
    r"(?:creditless|clean) (?:opening|ending|op|ed) ?\d{0,2})(?![^\W_])",
    _I,
)


def special(text: str) -> Mark | None:
    """Return the mark of an OVA or special; its episode is None if not told."""
    found = _SPECIAL.search(text)
    if found is None:
        return None
    episode = int(found["e"]) if found["e"] else None
    return Mark(*found.span(), 0, episode, sure=False)


def of_a_year(text: str) -> Mark | None:
    """Return the mark of "Show 2013 Christmas Special", which is no film of 2013."""
    found = _OF_A_YEAR.search(text)
    return Mark(*found.span(), 0, sure=False) if found else None


def ova(text: str) -> Mark | None:
    """Return the mark of a numbered OVA: no film is called so."""
    found = _OVA.search(text)
    return Mark(*found.span(), 0, int(found["e"]), sure=False) if found else None


def is_credits(text: str, *, fans: bool) -> bool:
    """Return whether it is an opening, an ending or a menu of a disc of anime.

    fans: the name begins with a group's; others must say that it has no credits.
    """
    return (_CREDITS if fans else _CREDITLESS).search(text) is not None
