"""One file or folder name -> text with blanks between its words. Pure.

What programs add around a name (ids of databases, websites, release groups in
brackets, checksums) is taken off here; what is left is read by naming_marks.py.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from upnpserver.media.naming_words import ARTICLES, STRONG, WEAK

MAX_CHARS: Final = 255

_IDS: Final = re.compile(
    r"[\[({]\s*(?:(?:tmdb|imdb|tvdb|tvmaze|anidb|anilist|trakt|mal|kp)(?:id)?\s*[-=: ]"
    r"\s*\w{1,20}|tt\d{5,10})\s*[\])}]|(?<![^\W_])tt\d{7,9}(?![^\W_])",
    re.IGNORECASE,
)
_NAMED_EDITION: Final = re.compile(r"\{edition-([^{}]{1,80})\}", re.IGNORECASE)
_DOMAIN: Final = (
    r"(?:www\d?[. ])[\w-]{1,40}(?:[. ][\w-]{1,20})?[. ][a-z]{2,8}"
    r"|[\w-]{2,40}\.(?:com|org|net|info|ws|tv|to|cc|ru|fr|es|biz|xyz|site|live|tf)"
)
_SITE_FIRST: Final = re.compile(
    rf"^\s*[\[({{]?\s*(?:{_DOMAIN})\s*(?:[\])}}]\s*[-–_. ]*|\s*[-–_]+\s+|\s+-\s*|"
    rf"(?<=\.(?:com|org|net))_+)(?=\S)",
    re.IGNORECASE,
)
_SITE_LAST: Final = re.compile(
    rf"(?:\s+-\s*|\s*[\[({{]\s*)(?:{_DOMAIN})\s*[\])}}]?\s*$", re.IGNORECASE
)
_COUNTED_GROUP: Final = re.compile(r"^\s*\d{1,4}\s+(?=\[[^\[\]]+\])")  # "37 [Group]"
_AFTER_GROUP: Final = re.compile(r"[\s_]-[\s_]\d{1,4}(?:v\d)?(?![^\W_])")
_FULL_WIDTH: Final = str.maketrans("【】", "[]")
_GROUP_FIRST: Final = re.compile(r"^\s*(?:\[([^\[\]]*)\]|【([^【】]*)】)[\s._-]*")
_BRACKETED: Final = re.compile(r"\[[^\[\]]*\]|【[^【】]*】|\{[^{}]*\}")
_ROUND: Final = re.compile(r"\([^()]*\)")
# Films whose title is in brackets.
_OWN_BRACKETS: Final = {"rec", "•rec", "●rec"}
_ACRONYM: Final = re.compile(
    r"(?<![^\W_])((?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?|[^\W\d_]\.[^\W\d_](?=[.\s]|$))"
    r"(?=([^\s.)\]]|\.|$)?)"
)
_ACRONYM_LAST: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}[ -]*$")
_MARK: Final = re.compile(
    r"\s*(?:s?\d{1,2}[xe]\d{1,3}.*|\d{1,2}\.\d{2,3}|\d{1,3})\s*", re.IGNORECASE
)
_YEAR_ONLY: Final = re.compile(r"\s*(?:19|20)\d\d\s*")
_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_CHECKSUM: Final = re.compile(r"[\[(][0-9a-f]{8}[\])]", re.IGNORECASE)
_ALL_BRACKETS: Final = re.compile(
    r"\s*(?:\[[^\[\]]+\][\s._-]*){3,}$|\s*(?:\[[^\[\]]+\][\s._-]*){2,}\d{1,3} "
)
_NUMBER_ALONE: Final = re.compile(
    r"\s*(?:EP?)?(\d{1,4})(?:v\d)?(?:[ -]?end|（END）)?\s*", re.IGNORECASE
)
_CYRILLIC_X: Final = re.compile(r"(?<=\d)[хХ](?=\d)")
_DOT: Final = "\ue000"  # stands for a dot that belongs to a word
_EDGES: Final = " \t._-–—,;:~+|*/\\"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Spaced:
    """A name made ready: its text, and what was taken off that tells something.

    group: it began with a name in square brackets, as fans of anime write.
    """

    text: str
    edition: str = ""
    group: bool = False


def spaced(name: str) -> Spaced:
    """Return a name (without its extension) as text with blanks between words."""
    text = unicodedata.normalize("NFC", name[:MAX_CHARS])
    text = (
        _CYRILLIC_X.sub("x", text.replace("×", "x"))
        .replace("%20", " ")
        .replace("\u3000", " ")
        .replace("\ufffd", " ")
    )
    named = _NAMED_EDITION.search(text)
    edition = _BLANKS.sub(" ", named[1]).strip() if named else ""
    text = _IDS.sub(" ", _NAMED_EDITION.sub(" ", text))
    text = _CHECKSUM.sub("", text)
    text = _SITE_LAST.sub("", _SITE_FIRST.sub("", text))
    if text.lstrip().startswith("【"):
        text = text.translate(_FULL_WIDTH)
    text, group = _without_groups(_uncounted(text))
    text = _BLANKS.sub(" ", _with_blanks(text)).strip()
    while (found := STRONG.match(text)) and _tells(rest := text[found.end() :]):
        text = rest.lstrip(_EDGES)
    return Spaced(text, edition, group)


def _uncounted(text: str) -> str:
    """Return "[Group] Show - 37" for "37 [Group] Show - 37": its place in a list."""
    found = _COUNTED_GROUP.match(text)
    if found is None or not _AFTER_GROUP.search(text, found.end()):
        return text
    return text[found.end() :]


def _without_groups(text: str) -> tuple[str, bool]:
    """Return text without the bracketed groups before it, and if there were any."""
    group = False
    if found := _ALL_BRACKETS.match(text):
        # [Group][Show][01][1080p]; of several titles the last is the Latin one.
        told = [one for one in re.split(r"[\[\]]+", text)[2:] if one.strip()]
        numbers = [
            at
            for at, one in enumerate(told)
            if at and _NUMBER_ALONE.fullmatch(one) and not _YEAR_ONLY.fullmatch(one)
        ]
        if numbers:
            at = numbers[0]
            number = _NUMBER_ALONE.fullmatch(told[at])
            rest = " ".join(f"[{one}]" for one in told[at + 1 :])
            named = at - 2 if at > 1 and _YEAR_ONLY.fullmatch(told[at - 1]) else at - 1
            return f"{told[named]} - {number[1] if number else ''} {rest}", True
        if len(told) > 1:
            return f"{told[0]} {' '.join(f'[{one}]' for one in told[1:])}", True
    while found := _GROUP_FIRST.match(text):
        inner = found[1] or found[2] or ""
        rest = text[found.end() :]
        if (
            inner.casefold() in _OWN_BRACKETS
            or _MARK.fullmatch(inner)
            or not _tells(rest)
        ):
            break
        if _YEAR_ONLY.fullmatch(inner):
            return f"({inner.strip()}) {rest}", group
        text, group = rest, True
    return text, group


def _tells(text: str) -> bool:
    """Return whether something is left beside brackets, sizes and the like."""
    bare = _ROUND.sub("", _BRACKETED.sub("", text))
    bare = STRONG.sub("", bare.replace("_", " "))
    return any(char.isalnum() for char in bare)


def _with_blanks(text: str) -> str:
    text = _ACRONYM.sub(_kept, text.strip())
    if "_" in text and " " not in text:
        text = re.sub(r"(?<!\d)\.|\.(?!\d)", " ", text.replace("_", " "))
    text = text.replace("_", " ").strip()
    parts = re.split(r"(\s+[-–—]\s+)", text)
    text = "".join(_undotted(part) for part in parts)
    if " " not in text.strip() and text.count("-") >= 2:
        text = text.replace("-", " ")
    elif " " not in text.strip() and text.count("+") >= 2:
        text = text.replace("+", " ")
    return text.replace(_DOT, ".")


def _kept(acronym: re.Match[str]) -> str:
    """Return "U.N.C.L.E." with dots that stay, apart from what follows."""
    letters = acronym[1].replace(".", _DOT)
    if not letters.endswith(_DOT):
        letters += _DOT
        return letters
    return letters + (" " if acronym[2] not in {None, "."} else "")


def _undotted(part: str) -> str:
    """Return part with blanks for dots, where dots stand for blanks."""
    inner = part.strip()
    joining = len(re.findall(r"(?<=\S)\.(?=\S)", inner))
    if joining and joining >= inner.count(" ") and not _is_decimal(inner):
        return part.replace(".", " ")
    return part


def _is_decimal(text: str) -> bool:
    """Return whether its only dot is one in a number: "Enthiran 2.0", "10.5"."""
    return text.count(".") == 1 and re.search(r"\d\.\d", text) is not None


def clean(text: str) -> str:
    """Return a title without brackets that hold noise, and tidy at its ends."""
    text = _BRACKETED.sub(_unless_word, text)
    text = _ROUND.sub(_unless_noise, text)
    text = re.sub(r"\s+,", ",", _BLANKS.sub(" ", text))
    ends = _balanced(text.strip(_EDGES))
    return f"{ends}." if _ACRONYM_LAST.search(text) else ends


_OPEN: Final = re.compile(r"(?<=\w) ?[\[(][^\[\](){}]*$")


def without_open(text: str) -> str:
    """Return "Film" for "Film (Group ", cut where the noise in the bracket began."""
    found = _OPEN.search(text)
    return text[: found.start()] if found else text


def _unless_word(found: re.Match[str]) -> str:
    """Return "[Not]" in "You Are [Not] Alone", nothing for what stands aside."""
    if found[0][1:-1].casefold() in _OWN_BRACKETS:
        return found[0]
    inside = found[0][1:-1].isalpha() and found[0][0] == "["
    before, after = found.string[: found.start()], found.string[found.end() :]
    if inside and before.strip() and after.strip(_EDGES)[:1].isalpha():
        return found[0]
    return ""


def _unless_noise(found: re.Match[str]) -> str:
    inner = found[0][1:-1]
    left = WEAK.sub("", STRONG.sub("", inner))
    return found[0] if any(char.isalnum() for char in left) else " "


def _balanced(text: str) -> str:
    """Return text without brackets that open or close nothing at its ends."""
    for closing, opening in _PAIRS.items():
        while text.endswith(opening) or text.count(opening) > text.count(closing):
            at = text.rfind(opening)
            text = (text[:at] + text[at + 1 :]).strip(_EDGES)
        while text.count(closing) > text.count(opening):
            at = text.rfind(closing)
            text = (text[:at] + text[at + 1 :]).strip(_EDGES)
    return text


def same(text: str) -> str:
    """Return text for comparing: letters and digits only, "and" for "&"."""
    text = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    return "".join(char for char in text if char.isalnum())


_SHELVED: Final = re.compile(r"^([^,]+), ([^\W\d_]{1,4}'?)$")


def unshelved(title: str) -> str:
    """Return "The Matrix" for "Matrix, The"."""
    found = _SHELVED.match(title)
    if found is None or found[2].casefold() not in ARTICLES:
        return title
    return f"{found[2]}{'' if found[2].endswith(chr(39)) else ' '}{found[1]}"
