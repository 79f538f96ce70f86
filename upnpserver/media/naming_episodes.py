"""Where in a name its season and episode stand. Pure.

All take text as naming_text.spaced() made it.
"""

import re
from collections.abc import Iterator
from typing import Final

from upnpserver.media.naming_marks import Mark, is_year, noise
from upnpserver.media.naming_text import same
from upnpserver.media.naming_words import EPISODE, NUMBER_WORDS, SEASON, STRONG

_I: Final = re.IGNORECASE
_DAYS: Final = 370
_MAX_RANGE: Final = 60  # episodes in one file

_MORE: Final = (
    r"(?P<more>(?:"
    r"(?: ?[-+&~,] ?| ?| (?:and|et|und|y|e|i) )"  # E03, -E03, - S01E03
    r"(?:s\d{1,4} ?)?(?:ep?|x) ?\d{1,4}"
    r"|(?: ?[-+&~] ?| | and )\d{1,2}x\d{2,3}(?!\d)"  # - 1x03
    r"|[-+&~]\d{1,4}(?![\dpix])(?! ?-? ?(?:st|nd|rd|th)\b)"  # -03
    r")*)"
)
_ORDINAL: Final = (
    r"(?:[ªº°]|[-.]?[а-яї]{1,3}|[-.]?(?:a|e| ?nd| ?rd| ?th|st|ème|eme)?\.?)"
)
_SXE: Final = re.compile(
    r"(?<![^\W_])(?:s(?:eason ?)?(?P<s>\d{1,4})|t(?P<s2>\d{2})(?=x?e))[ .,-]{0,3}[\[(]?"
    rf"(?:x ?e?p?|(?:e(?:p(?:isode|s)?)?|odc|folge)\.?) ?-?(?P<e>\d{{1,5}}){_MORE}",
    _I,
)
_SXE_GLUED: Final = re.compile(rf"s(?P<s>\d{{2}})e(?P<e>\d{{2,3}})(?!\d){_MORE}", _I)
_NXN: Final = re.compile(
    r"(?<![^\W_])(?:ep(?:isode)? )?(?<!(?<!\d)\d\.)(?P<s>\d{1,2}|(?:19|20)\d\d)"
    r"(?:x(?:e?p?)|(?<=[^\d]\d) x (?=\d\d))"
    rf"(?P<e>\d{{1,3}})(?![\dp]){_MORE}",
    _I,
)
_WORDS: Final = re.compile(
    rf"(?<![^\W_])(?:{SEASON}[ .:№-]*(?P<s>\d{{1,4}})|"
    rf"(?P<s2>\d{{1,2}}){_ORDINAL} ?{SEASON}(?! ?\d{{1,2}}[ .,;:)-]+{EPISODE}))"
    r"[ .,;:)\]-]{0,4}[\[(]?"
    rf"(?:(?:{EPISODE}|ep?|cap)[ .:№(-]*(?P<e>\d{{1,4}}){_MORE}|"
    rf"(?P<e2>\d{{1,4}}){_ORDINAL} ?{EPISODE}(?![^\W_]))",
    _I,
)
# "2. Staffel 7. Folge", "2 Sezon 7 Bölüm", but not "24 Season 5 Episode 3"
_WORDS_LAST: Final = re.compile(
    rf"(?<![^\W_])(?P<s>\d{{1,2}}){_ORDINAL} ?{SEASON}[ .,-]{{1,3}}"
    rf"(?P<e>\d{{1,4}}){_ORDINAL} ?{EPISODE}(?![^\W_])(?! ?\d{{1,3}}(?!\d))",
    _I,
)
_SEASON_DASH: Final = re.compile(
    r"(?<![^\W_])(?:s(?P<s>\d{1,2})|\(?season (?P<s2>\d{1,2})\)?)"
    r"(?: ?- ?| (?=\d\d(?:$|[ .][^\d])))"
    r"(?P<e>\d{1,4})(?:v\d)?(?P<more>(?:[-~]\d{1,4}(?![\dpix]))?)(?![^\W_])",
    _I,
)
_HAN: Final = r"(?:\d{1,4}|[一二三四五六七八九十]{1,3})"
_EASTERN: Final = re.compile(
    rf"(?:(?:第? ?(?P<s>{_HAN}) ?[季期部]|(?:シーズン|시즌) ?(?P<s2>\d{{1,2}}))\s*)?"
    rf"(?:第 ?(?P<e>{_HAN}) ?[集話话回夜]|(?P<e2>\d{{1,4}}) ?[화회話话集])"
)
_CYRILLIC: Final = re.compile(
    rf"(?<![^\W_])(?:(?P<s>\d{{1,2}}){_ORDINAL} ?сезон|сезон (?P<s2>\d{{1,2}}))"
    rf"[ .,-]{{0,3}}(?:(?P<e>\d{{1,4}})(?P<more>-\d{{1,4}})?{_ORDINAL} ?сери[яийю]|"
    r"сери[яийю] (?P<e2>\d{1,4}))",
    _I,
)
_BARE_E: Final = re.compile(
    rf"(?<![^\W_])(?P<s>\d{{2}})e(?P<e>\d{{2,3}})(?!\d){_MORE}", _I
)
# "[5.01]", "- 6.01 -", "Episode 1.22": season and episode with a dot
_DOTTED: Final = re.compile(
    r"(?:\[|- |episode )(?P<s>\d{1,2})\.(?P<e>\d{2,3})(?:\]|(?= -|$))", _I
)
_SURE: Final = (_SXE, _NXN, _WORDS_LAST, _WORDS, _CYRILLIC, _EASTERN, _BARE_E, _DOTTED)

_EPISODE_WORD: Final = re.compile(
    rf"(?<![^\W_])(?:{EPISODE}[ .:#№-]*|cap[ .-]+|eps?[ .(-]{{0,3}}|e)"
    r"(?P<e>\d{1,4})(?:v\d)?"
    r"(?P<more>(?: ?[-~&+] ?(?:ep?)?\d{1,4}(?:v\d)?(?![\dpix]))*)(?![^\W_])",
    _I,
)
_TWO_LAST: Final = re.compile(r"(?<=\w )(?P<s>0\d)[ -](?P<e>\d\d)$")  # "office 03 19"
_WORD_LAST: Final = re.compile(
    r"(?<![^\W_])(?P<e>\d{1,4})(?:-?[а-яї]{1,2} | )сери[яи](?![^\W_])|"
    r"(?<![^\W_])(?P<e2>\d{1,4})\. ?(?:folge|b[öo]l[üu]m|odcinek|r[ée]sz|d[ií]l)"
    r"(?![^\W_])",
    _I,
)
_COMPACT: Final = re.compile(r"ep?\d{2,4}", _I)  # "E02": no film's title has it
_HASH: Final = re.compile(
    r"(?<!\S)[#＃](?P<e>\d{1,4})(?:v\d)?(?P<more>(?:-\d{1,4})?)(?![^\W_])", _I
)
_OF: Final = re.compile(
    r"(?<![^\W_])\(?(?:part )?(?P<e>\d{1,2}) ?(?:of|von|de|sur) ?(?P<of>\d{1,2})\)?"
    r"(?![^\W_])",
    _I,
)
_SEASON_BEFORE: Final = re.compile(
    r"(?<![^\W_])(?:seasons?|saisons?|temporada|stagione|staffel) ?$", _I
)
_CAP: Final = re.compile(
    r"[\[(](?:cap|ep)\.? ?(?P<n>\d{3,4})(?:[ -](?P<m>\d{3,4}))?(?: final)?[\])]", _I
)
# "Show - 073 - Title", "Show - 12v2 [1080p]", "Show - 01-02 (BD)"
# "Show - Part 03 - Title" of a miniseries: no film's part is counted with a zero
_PART: Final = re.compile(r"(?<=\s)[-–] part (?P<e>0[1-9]|1\d)(?= [-–] [^\W\d])", _I)
# "003. Show - Title", "003-005. Show - Title"
_COUNTED: Final = re.compile(
    r"(?P<e>0\d\d)(?P<more>(?:-\d{3})?)\. (?=[^-]*[^\W\d][^-]* - [^\W_])"
)
_DASHED: Final = re.compile(
    r"(?<=\s)[-–] \(?(?P<e>\d{1,4})(?:\.\d|[a-d])?(?: ?v\d)?"
    r"(?P<more>(?: ?[-~+&] ?\d{1,4}(?:v\d)?(?![\dpix.]))*)\)?"
    rf"(?= ?[-–~] | ?[\[({{]| ?$| end\b| {STRONG.pattern})",
    _I,
)


def sure_episode(text: str) -> Mark | None:
    """Return the first mark of an episode that can mean nothing else."""
    found = [mark for pattern in _SURE if (mark := _episode(pattern, text)) is not None]
    if not found:
        glued = _SXE_GLUED.search(text)
        return _mark(glued) if glued else None
    return min(found, key=lambda mark: (mark.season is None, mark.start))


def _episode(pattern: re.Pattern[str], text: str) -> Mark | None:
    for found in pattern.finditer(text):
        if pattern is _NXN and not _is_episode(found, text):
            continue
        return _mark(found)
    return None


def _is_episode(found: re.Match[str], text: str) -> bool:
    """Return whether 4x05 is no aspect ratio, and no title as in "5x2 (2004)"."""
    if found[0] in {"16x9", "4x3"}:
        return False
    if (len(found["s"]) == 4 and int(found["e"]) > _DAYS) or found["s"] == "1920":
        return False  # the size of a picture
    rest = text[found.end() :]
    if not text[: found.start()].strip(" [(-") and re.match(
        r" \(?(?:19|20)\d\d\b", rest
    ):
        return False
    return found["s"] != "0" or len(found["e"]) > 1


def _mark(found: re.Match[str], *, sure: bool = True) -> Mark:
    groups = found.groupdict()
    season = groups.get("s") or groups.get("s2")
    episode = _whole(groups.get("e") or groups.get("e2") or "0")
    last = _last(groups.get("more") or "", episode)
    start, end = found.span()
    return Mark(start, end, _whole(season) if season else None, episode, last, sure)


_HAN_DIGITS: Final = "〇一二三四五六七八九"


def _whole(digits: str) -> int:
    """Return the number in digits, be they Arabic or Chinese up to 99."""
    if digits.isdecimal():
        return int(digits)
    tens, ten, ones = digits.rpartition("十")
    return (_HAN_DIGITS.find(tens or "一") * 10 if ten else 0) + max(
        0, _HAN_DIGITS.find(ones[:1] or "〇")
    )


def _last(more: str, first: int) -> int | None:
    """Return the last episode of "-E03", "x04x15" or "-1x03", None if it is none."""
    numbers = [
        int(number)
        for number in re.findall(r"(?:\d+x|s\d+ ?)?(?:ep?|x)? ?(\d+)", more.lower())
    ]
    later = [number for number in numbers if first < number <= first + _MAX_RANGE]
    return max(later, default=None)


def likely_episode(text: str, *, fans: bool) -> Mark | None:
    """Return a mark that in most names is an episode, without a season or with.

    fans: the name begins with a group's, as anime's do.
    """
    dash = _SEASON_DASH.search(text)
    if dash and text[: dash.start()].strip(" -"):
        return _mark(dash, sure=False)
    if cap := _CAP.search(text):
        season, episode = divmod(int(cap["n"]), 100)
        until, last = divmod(int(cap["m"] or 0), 100)
        later = last if until == season and last > episode else None
        return Mark(cap.start(), cap.end(), season, episode, later)
    for pattern in (_WORD_LAST, _EPISODE_WORD, _HASH, _PART, _TWO_LAST):
        if found := pattern.search(text):
            return _mark(found, sure=_COMPACT.match(found[0]) is not None)
    if mark := _one_of(text):
        return mark
    return (
        _dashed(text, fans=fans) or _padded(text) or (trailing(text) if fans else None)
    )


def _one_of(text: str) -> Mark | None:
    """Return the mark in "3of9", but not of "Season 2of5": seasons are no episodes."""
    for found in _OF.finditer(text):
        number, count = int(found["e"]), int(found["of"])
        if _SEASON_BEFORE.search(text[: found.start()]):
            continue
        if number <= count and count > 2:
            return Mark(*found.span(), episode=number, sure=False)
    return None


def _dashed(text: str, *, fans: bool) -> Mark | None:
    for found in _DASHED.finditer(text):
        digits = found["e"]
        if len(digits) == 1 and not fans:
            continue
        if not fans and len(digits) == 4 and is_year(int(digits)):
            continue
        return _mark(found, sure=False)
    return None


_PADDED: Final = re.compile(
    r"(?<=\S) (?P<e>0[1-9]|0\d\d|\d{1,2}(?= [hps]d?tv))(?:v\d)?(?= )", _I
)


def _padded(text: str) -> Mark | None:
    """Return the number of "Show 02 1080p": no film's title ends in a zero and it."""
    for found in _PADDED.finditer(text):
        rest = text[found.end() + 1 :]
        if noise(rest, 0) == 0 or rest[:1].isalpha():
            return _mark(found, sure=False)
    return None


_TRAILING: Final = re.compile(
    r"(?<=\S) (?P<e>\d{1,4}(?=-)|\d{2,4})(?:[a-d])?(?:v\d)?"
    r"(?P<more>(?:[-~]\d{2,4}(?![\dpix]))?)(?= ?[\[(]| ?$| [^\W\d]| - )",
    _I,
)
_BRACKET_NUMBER: Final = re.compile(r"[\[(](?P<e>\d{1,4})(?:v\d)?(?: ?end)?[\])]", _I)


def trailing(text: str) -> Mark | None:
    """Return the number of "[Group] Show 12 [1080p]": not a year in brackets."""
    for pattern in (_TRAILING, _BRACKET_NUMBER):
        for found in pattern.finditer(text):
            if not is_year(int(found["e"])) and found.start():
                return _mark(found, sure=False)
    return None


_COMBINED: Final = re.compile(r"(?<![^\W_])(?P<n>\d{3,4})(?![^\W_])")
_BROADCAST: Final = re.compile(
    r"\s*(?:ws |proper |repack |real )?(?:[1-9]\d{2,3}p )?"
    r"(?:hdtv|pdtv|dsr|sdtv|tvrip|satrip)",
    _I,
)


def combined_episode(text: str, season: int | None, *, series: bool) -> Mark | None:
    """Return the mark in "Show 102": of a recording, or in a folder of series."""
    for found in _COMBINED.finditer(text):
        told, episode = divmod(int(found["n"]), 100)
        if not found.start() or not episode or told > 40 or is_year(int(found["n"])):
            continue
        if (
            told == season
            or _BROADCAST.match(text[found.end() :])
            or (series and season is None and told)
        ):
            return Mark(*found.span(), told, episode, sure=False)
    return None


_LEADING: Final = re.compile(
    rf"[\[(]?(?:(?:{EPISODE}|eps?|e|#|nr\.?) ?[-.:]? ?)?(?P<e>\d{{1,4}})(?:v\d|[a-d])?"
    r"(?P<more>(?:[-+&~](?:ep?)?\d{1,3})?)[\])]?(?=$|[ .,:_–-])[ .,:_–-]*",
    _I,
)
_NUMBERED: Final = re.compile(
    r"(?P<e>\d{2,3})(?P<more>(?:-\d{2,3})?)(?: [-–] |\. )(?=\S)"
)


def counted(text: str) -> Mark | None:
    """Return the number of "003. Show - Title": it stands before the series' name."""
    found = _COUNTED.match(text)
    return _mark(found, sure=False) if found else None


def numbered(text: str) -> Mark | None:
    """Return the number in "01 - Title", as series without seasons have it."""
    found = _NUMBERED.match(text)
    return _mark(found, sure=False) if found else None


_SEASON_NUMBER: Final = re.compile(r"(?P<s>\d{1,2})[-.](?P<e>\d{2})(?=$|[ ._-])[ ._-]*")


def leading_episode(text: str, season: int | None) -> Mark | None:
    """Return the number before a title, as in a folder of one season."""
    found = _SEASON_NUMBER.match(text)
    if found and season == int(found["s"]) and int(found["e"]) <= season:
        return Mark(*found.span(), season, int(found["e"]), sure=False)
    if found and season == int(found["s"]) and found["s"][0] != "0" and season < 10:
        return Mark(*found.span(), season, int(found["e"]), sure=False)
    found = _LEADING.match(text)
    if found is None:
        return None
    mark = _mark(found, sure=False)
    number = mark.episode or 0
    if season and number > 100 and number // 100 == season and number % 100:
        return Mark(mark.start, mark.end, season, number % 100, sure=False)
    return mark


_WORDED: Final = "|".join(NUMBER_WORDS)
_SEASON_FOLDER: Final = re.compile(
    r"(?:^|(?<=[ (\[-]))(?:(?:the )?(?:complete |int[eé]grale )?"
    rf"(?:{SEASON} ?[-#.:]? ?(?P<s>\d{{1,4}}|{_WORDED})"
    r"(?: ?(?:of|von|de|sur) ?\d{1,2})?(?![^\W_])|"
    rf"(?P<s2>\d{{1,2}}|{_WORDED}){_ORDINAL} ?{SEASON}(?! ?\d{{1,2}}(?!\d))|"
    r"s(?P<s3>\d{1,4})(?:d\d{1,2})?))(?![^\W_])",
    _I,
)
_RANGE: Final = re.compile(r"s?\d{1,2} ?(?:-|&|to|à|bis|,|and|\+) ?s?\d{1,2}\b", _I)


def season_pack(text: str) -> Mark | None:
    """Return the mark of a season in the name of a file or folder that is all of it.

    Its season is None where there are several.
    """
    for mark in seasons(text):
        head = text[: mark.start].strip(" -([{")
        if not head or not mark.sure or same(head) == "open":  # the film Open Season
            continue
        if noise(text) < mark.start or (mark.season or 0) >= 1900:
            continue  # "...-S56" is the group that made it
        if _RANGE.search(text, mark.start, mark.end + 8):
            return Mark(mark.start, mark.end)
        return mark
    found = _WHOLE.search(text)
    if found and text[: found.start()].strip(" -([{"):
        return Mark(*found.span())
    return None


_WHOLE: Final = re.compile(
    r"(?<![^\W_])(?:the )?(?:complete|int[eé]grale) (?:tv )?(?:mini)?-?"
    r"(?:series?|collection|saisons?|seasons?)(?![^\W_])",
    _I,
)
_EASTERN_SEASON: Final = re.compile(
    rf"第 ?({_HAN}) ?[季期部]|(\d{{1,2}}) ?[季期]|(?:シーズン|시즌) ?(\d{{1,2}})"
)
_SPECIALS_FOLDER: Final = re.compile(
    r"(?:^|(?<=[ -]))(?:specials?|ovas?|oads?|season 0+|s00|staffel 0+|speciale?s|"
    r"especiales|hors[ -]s[ée]rie)(?![^\W_])",
    _I,
)


def seasons(text: str) -> Iterator[Mark]:
    """Yield the places where a folder's name tells a season."""
    for found in _SEASON_FOLDER.finditer(text):
        told = found["s"] or found["s2"] or found["s3"]
        number = int(told) if told.isdecimal() else NUMBER_WORDS.get(told.casefold())
        if number is not None:
            yield Mark(*found.span(), number)
    if eastern := _EASTERN_SEASON.search(text):
        yield Mark(*eastern.span(), _whole(eastern[1] or eastern[2] or eastern[3]))
    if specials := _SPECIALS_FOLDER.search(text):
        yield Mark(*specials.span(), 0, sure=False)
