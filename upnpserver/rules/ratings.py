"""Age ratings of films in years, whoever gave them. Pure.

As they stand in NFO files: with or without the name or the country of those who
rate ("FSK 12", "DE:12", "Rated PG-13", "UK:15"). The same letter may mean several
things: the name decides, and without one the higher age.

The ages are those that the boards themselves print beside their marks; for marks
that only advise (PG, TV-PG), the age below which they advise to be careful.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_MPAA = {"g": 0, "pg": 8, "pg-13": 13, "r": 17, "nc-17": 18, "x": 18, "m": 17}
_TV = {
    "tv-y": 0,
    "tv-g": 0,
    "tv-y7": 7,
    "tv-y7-fv": 7,
    "tv-pg": 10,
    "tv-14": 14,
    "tv-ma": 17,
}
_AMERICA = {**_MPAA, **_TV}
_BBFC = {"u": 0, "uc": 0, "pg": 8, "12": 12, "12a": 12, "15": 15, "18": 18, "r18": 18}
_CSA = {"u": 0, "tp": 0, "tous publics": 0, "-10": 10, "-12": 12, "-16": 16, "-18": 18}
_AUSTRALIA = {"g": 0, "pg": 8, "m": 15, "ma15+": 15, "ma": 15, "r18+": 18, "x18+": 18}
_SPAIN = {"a": 0, "apta": 0, "tp": 0, "ai": 0, "x": 18}
_ITALY = {"t": 0, "vm6": 6, "vm10": 10, "vm14": 14, "vm18": 18}
_NETHERLANDS = {"al": 0, "mg6": 6}
_BOARDS: Mapping[str, Mapping[str, int]] = {
    **dict.fromkeys(("us", "usa", "mpaa", "rated", "mpa"), _AMERICA),
    **dict.fromkeys(("gb", "uk", "bbfc"), _BBFC),
    **dict.fromkeys(("fr", "fra", "csa", "cnc", "france"), _CSA),
    **dict.fromkeys(("au", "aus", "acb", "australia"), _AUSTRALIA),
    **dict.fromkeys(("es", "esp", "icaa", "spain"), _SPAIN),
    **dict.fromkeys(("it", "ita", "italy"), _ITALY),
    **dict.fromkeys(("nl", "nld", "kijkwijzer"), _NETHERLANDS),
    **{name: {} for name in ("de", "deu", "fsk", "germany", "pegi", "at", "ch", "pl")},
}
# Without a board: all that are known; of one mark, the highest age.
_ANY = {
    mark: max(board[mark] for board in _BOARDS.values() if mark in board)
    for board in _BOARDS.values()
    for mark in board
}
_MOST_YEARS = 21
_NAMED = re.compile(r"([a-z]+)[\s:/_-]+(.+)|(fsk|pegi|csa|bbfc)(\d.*)", re.ASCII)
_NUMBER = re.compile(
    r"(?:ab|from|over|older than|ages?|-|\+|vm)?\s*(\d{1,2})"
    r"\s*(?:\+|a|ans|years?|jahren?)?",
    re.ASCII,
)
_ALL_AGES = ("all", "all ages", "ohne", "o.a.", "o.al.", "general", "tous publics", "e")
_NOT_RATED = ("", "nr", "ur", "not rated", "unrated", "none", "n/a", "approved")


@lru_cache(maxsize=512)
def age_of(rating: str) -> int | None:
    """Return the age from which a film is meant to be seen; None: it has no rating.

    rating: as MediaFacts has it. What nobody can read counts as no rating.
    """
    mark = " ".join(rating.casefold().split())
    board: Mapping[str, int] = _ANY
    # Some marks look like "NAME-MARK"; some have two names, the country's first.
    while mark not in board and (named := _NAMED.fullmatch(mark)):
        name, rest = named[1] or named[3], named[2] or named[4]
        if name not in _BOARDS:
            break
        board, mark = _BOARDS[name], rest.strip()
    return _age_by(board, mark)


def _age_by(board: Mapping[str, int], mark: str) -> int | None:
    if mark in _NOT_RATED:
        return None
    if mark in board:
        return board[mark]
    if mark in _ALL_AGES:
        return 0
    number = _NUMBER.fullmatch(mark)
    if number is not None:
        return min(int(number[1]), _MOST_YEARS)
    return _ANY.get(mark)
