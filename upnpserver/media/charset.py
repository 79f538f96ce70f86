# ruff: noqa: RUF001 - letters that look alike are what this is about
"""Texts of old tags that were written in another charset than they claim.

ID3 knew Latin-1 and UTF-16 only, so programs wrote what the machine used:
Cyrillic, Greek, Hebrew, Turkish, Central European, Japanese, Chinese and Korean
charsets, or UTF-8. Read as Latin-1 that is "Êèíî" where it should be "Кино".

What is right must never be damaged. So texts are touched only if some word in
them can be of no Western language (an alphabet for each is below), and then
only by a charset that makes good sense of all texts of the tag together: its
usual letters, in words of one script. Frequencies of bytes alone, as general
detectors have them, need more text than a title is: see the tests.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from upnpserver.media.charset_letters import (
    CENTRAL_EUROPEAN,
    CYRILLIC,
    GREEK,
    HANGUL,
    HEBREW,
    JAPANESE,
    SIMPLIFIED,
    TRADITIONAL,
    WESTERN,
)

# Of 0x80 to 0x9F Windows' Latin leaves five undefined; these stay as they are.
_WINDOWS: Final = {
    byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)
}
_BYTES: Final = {
    **{ord(char): byte for byte, char in _WINDOWS.items()},
    **{byte: byte for byte in range(256)},
}
_WORD: Final = re.compile(r"[^\W\d_]+")
# Signs that stand within or before words in none but the charsets at fault.
_ODD_SIGNS: Final = re.compile(
    "[\x81\x8d\x8f\x90\x9d\u0192\u2030\u02dc\u02c6\u2039\u203a\xa4\xa8\xac\xaf\xb6\xb8]"
    "|[\xa2\xa3\xa5\xa6\xa7\xb1\xd7\xf7\x86\x87\u201a\u201e](?=[^\\W\\d_])"
    "|(?<!\\w)[\xaa\xba](?=[^\\W\\d_])|(?<!\\d)[\xb3\xb9](?=[a-z]{2})"
    "|[\xc0-\xde][\xb2\xb3\xb9\xbc-\xbe]"
    "|(?<=[a-z\xdf-\xff])[\xa3\xa5\xa6\xb2\xb3\xb9\xbf\xaa\xba\xbc\xbe\xa1](?=[a-z])"
    "|(?<=[^\\W\\d_])\xbf|^[^?]*\xbf(?=[a-z])[^?]*$|(?<=[a-z][b-df-hj-np-tv-z])\xb9(?!\\w)"
)
# Neighbours that a letter has in no Western language: counted in word lists of
# fourteen of them, beside those of Czech, Polish, Hungarian and Croatian.
_ODD_NEIGHBOURS: Final = re.compile(
    r"\bè(?=[ai])|è(?=[auk])|(?<=[aio])è(?=[aeiou])|(?<=[aiou])æ(?=[aeiou])|viæ\b"
    r"|ì(?=[jkvz])|(?<=[aeijouyw])œ|œ(?=[kmpwæ]|\b)|\bð(?=\w)"
    r"|ñ(?=[cdkt])|ê(?=[gw])|(?<=[kw])ê|(?:sz|cz|chc)\w*[êñæ]|[êñæ]\w*(?:sz|cz|chc)"
    r"|õ(?!e)\w*[áéíóú]|[áéíóú]\w*õ(?!e)|û\w*[áíóöü]|[áíóöü]\w*û"
    r"|\b(?=\w*ø)(?=\w*[áíúý])\w*[zc]"
)
_SIGNS: Final = frozenset("\xa0«»“”„‘’‚–—…·№©®™°")
_MAX_LOOKED_AT: Final = 4096  # characters of one tag


def repaired(texts: Sequence[str]) -> list[str]:
    """Return the texts of one tag as they were meant, in their order.

    texts: as decoded by Latin-1 or Windows-1252, or already right.
    """
    sure = {one: right for one in texts if (right := _western_utf_8(one)) != one}
    bytes_of = {one: _bytes_of(one) for one in texts if one not in sure}
    doubtful = [raw for raw in bytes_of.values() if raw and not raw.isascii()]
    if not doubtful:
        return [sure.get(one, one) for one in texts]
    decode = _decoder(doubtful, only_utf_8=None in bytes_of.values())
    return [sure.get(one) or _decoded(one, decode) for one in texts]


# Letters of UTF-8 within a word of plain ones: no other charset has that.
_WESTERN_UTF_8: Final = re.compile(
    rb"[A-Za-z][\xc3-\xc5][\x80-\xbf](?=[a-z])|\b[\xc3-\xc5][\x80-\xbf][a-z]"
)


def _western_utf_8(text: str) -> str:
    """Return one text decoded, whatever the tag's others are, if that is sure."""
    if text.isascii():
        return text
    raw = _bytes_of(text)
    if raw is None or not _WESTERN_UTF_8.search(raw):
        return text
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return text


def _bytes_of(text: str) -> bytes | None:
    """Return the bytes that were taken for Western letters, None if they weren't."""
    try:
        return bytes(_BYTES[ord(char)] for char in text)
    except KeyError:
        return None


def _decoded(text: str, decode: Callable[[bytes], str]) -> str:
    raw = _bytes_of(text)
    if raw is None or raw.isascii():
        return text
    try:
        return decode(raw)
    except UnicodeDecodeError:  # text that was not looked at
        return text


def _windows(raw: bytes) -> str:
    return "".join(_WINDOWS[byte] for byte in raw)


def _decoder(texts: list[bytes], *, only_utf_8: bool) -> Callable[[bytes], str]:
    """Return what decodes all the texts."""
    left = _MAX_LOOKED_AT
    looked_at = []
    for raw in texts:
        if left > 0:
            looked_at.append(raw)
            left -= len(raw)
    if _is_utf_8(looked_at):
        return partial(str, encoding="utf-8")
    western = [_windows(raw) for raw in looked_at]
    if only_utf_8 or not (_is_turkish(western) or any(map(_is_odd, western))):
        return _windows
    best = max(_GUESSES, key=lambda guess: guess(looked_at))  # the first of equals
    if best(looked_at) < _GOOD_ENOUGH:
        return _windows
    return partial(str, encoding=best.charset)


# "OPCIÓ…" or "IRMÃ…": read as UTF-8 that would be one letter.
_CAPITAL_BEFORE_SIGN: Final = re.compile(rb"[A-Z][\xc3-\xdf][\x80-\xbf](?![A-Za-z])")
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")


def _is_utf_8(texts: list[bytes]) -> bool:
    if _all_decode(texts, "utf-8") is None:
        return False
    joined = b" ".join(texts)
    capitals = len(_CAPITAL_BEFORE_SIGN.findall(joined))
    return len(_NOT_ASCII.findall(joined)) > 2 * capitals


def _all_decode(texts: Iterable[bytes], charset: str) -> list[str] | None:
    try:
        return [str(raw, charset) for raw in texts]
    except UnicodeDecodeError:
        return None


def _is_odd(text: str) -> bool:
    """Return whether a text can be of no Western language."""
    if _ODD_SIGNS.search(text) or _ODD_NEIGHBOURS.search(text.lower()):
        return True
    return not all(map(_is_western, _WORD.findall(text)))


def _is_western(word: str) -> bool:
    letters = {char for char in word.lower() if char > "\x7f" and not char.isnumeric()}
    return not letters or any(letters <= alphabet for alphabet in WESTERN)


# How good a guess is: about 3 for each usual letter, less for odd ones.
_GOOD_ENOUGH: Final = 1.0
_NO: Final = -100.0
_NOTHING: Final = re.compile("(?!)")
# Letters that stand at the end of words only, and the one that never does.
_ODD_HEBREW: Final = re.compile("[ךםןףץ](?=[א-ת])")
_ODD_GREEK: Final = re.compile(r"ς(?=\w)|σ\b")


@dataclass(frozen=True, slots=True)
class _Alphabetic:
    """A charset with one byte for each letter, in words of one script."""

    charset: str
    usual: frozenset[str]  # its more frequent letters, small
    letters: frozenset[str]  # all of them
    bonus: float = 0.0  # for charsets that are more frequent than others
    odd: re.Pattern[str] = _NOTHING  # places where no word has such letters
    has_capitals: bool = False  # hardly any text is without one
    least: int = 3  # letters that all texts together must have

    def __call__(self, texts: Iterable[bytes]) -> float:
        decoded = _all_decode(texts, self.charset)
        if decoded is None:
            return _NO
        text = " ".join(decoded)
        letters = [char for char in text if char > "\x7f" and char not in _SIGNS]
        if len(letters) < self.least:
            return _NO
        points = float(sum(map(self._points, letters)))
        for word in _WORD.findall(text):
            foreign = sum(char > "\x7f" for char in word)
            if foreign and (foreign < len(word) or not _is_one_case(word)):
                points -= 6 * foreign
        points -= 6 * len(self.odd.findall(text))
        if self.has_capitals and text == text.lower():
            points -= len(letters)
        return points / len(letters) + self.bonus

    def _points(self, char: str) -> float:
        small = char.lower()
        return 3 if small in self.usual else 1 if small in self.letters else -6


def _is_one_case(word: str) -> bool:
    """Return whether a word is written as words are: WORD, word or Word."""
    return word.isupper() or word[1:] == word[1:].lower()


# Icelandic and Faroese, whose letters these are, have vowels that Turkish has not.
_NOT_TURKISH: Final = re.compile("[áéíóúæøåàèìòùêëïãõñœ]")
_TURKISH_SIGN: Final = re.compile(
    r"(?<=\w)þ\b|þ(?=[bdfghklmnpst])"
    r"|[aý][b-df-hj-np-tvxzðþ]{1,2}ý(?:[klmnpzþ]\b|[b-df-hj-np-tvz]ý)"
)


def _is_turkish(western: Iterable[str]) -> bool:
    """Return whether all texts of a tag, taken for Western, are Turkish ones."""
    text = " ".join(western).lower()
    if _NOT_TURKISH.search(text) or not re.search("[ýþð]", text):
        return False
    return bool(_TURKISH_SIGN.search(text) or re.search("[çü]", text))


@dataclass(frozen=True, slots=True)
class _Turkish:
    """Its six letters stand where Latin has those of Icelandic."""

    charset: str

    def __call__(self, texts: Iterable[bytes]) -> float:
        decoded = _all_decode(texts, self.charset)
        return 4.0 if decoded and _is_turkish(map(_windows, texts)) else _NO


@dataclass(frozen=True, slots=True)
class _Latin:
    """Another Latin charset: its letters stand among those of ASCII."""

    charset: str

    def __call__(self, texts: Iterable[bytes]) -> float:
        decoded = _all_decode(texts, self.charset)
        if decoded is None or any(map(_ODD_IN_LATIN.search, decoded)):
            return _NO
        words = [word.lower() for one in decoded for word in _WORD.findall(one)]
        letters = [frozenset(c for c in word if c > "\x7f") for word in words]
        foreign = frozenset[str]().union(*letters)
        if not any(foreign <= alphabet for alphabet in CENTRAL_EUROPEAN):
            return _NO
        # Words of nothing but such letters are of another script.
        if any(len(word) > 2 and not re.search("[a-z]", word) for word in words):
            return _NO
        return 2.0


_ODD_IN_LATIN: Final = re.compile(
    "[\xa4\xa8\xac\xb8\u02c7\u02d8\u02db\u02dd\u02d9]|[\u201a\u2020\u2021\u2022\xd7\xa7](?=[^\\W\\d_])"
)


_PUNCTUATION: Final = re.compile("[\u2010-\u203b\u3000-\u301f\uff01-\uff5e\xb7]")
_HALF_WIDTH_OR_PRIVATE: Final = re.compile("[\uff61-\uffdc\ue000-\uf8ff]")
_KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")


@dataclass(frozen=True, slots=True)
class _Ideographic:
    """A charset with two bytes for most characters."""

    charset: str
    usual: frozenset[str]
    lead: range  # first bytes of the more frequent characters
    least_second: int = 0  # of their second bytes
    own: re.Pattern[str] = _NOTHING  # characters that no other language has

    def __call__(self, texts: Iterable[bytes]) -> float:
        decoded = _all_decode(texts, self.charset)
        if decoded is None:
            return _NO
        points, count = 0.0, 0
        for text in decoded:
            for at, char in enumerate(text):
                if char <= "\x7f":
                    continue
                count += 1
                points += self._points(char)
                if _is_small(text[at - 1 : at]) or _is_small(text[at + 1 : at + 2]):
                    points -= 1.5
        return points / count if count >= 2 else _NO

    def _points(self, char: str) -> float:
        if char in self.usual:
            return 3.5
        if self.own.match(char):
            return 3.0
        if _PUNCTUATION.match(char):
            return 0.5
        if _HALF_WIDTH_OR_PRIVATE.match(char):
            return -3.0
        first, *second = char.encode(self.charset)
        plain = first in self.lead and second[:1] >= [self.least_second]
        return 1.0 if plain else -2.5


def _is_small(char: str) -> bool:
    return "a" <= char <= "z"


_GUESSES: Final[tuple[_Alphabetic | _Turkish | _Latin | _Ideographic, ...]] = (
    _Turkish("cp1254"),
    _Latin("cp1250"),
    _Alphabetic("cp1251", *CYRILLIC, bonus=0.3, has_capitals=True),
    _Alphabetic("koi8-r", *CYRILLIC, has_capitals=True),
    _Alphabetic("cp1253", *GREEK, odd=_ODD_GREEK),
    _Alphabetic("cp1255", *HEBREW, bonus=0.8, odd=_ODD_HEBREW),
    _Ideographic("cp932", JAPANESE, range(0x88, 0x98), own=_KANA),
    _Ideographic("gbk", SIMPLIFIED, range(0xB0, 0xD8), 0xA1),
    _Ideographic("big5", TRADITIONAL, range(0xA4, 0xC7)),
    _Ideographic("cp949", HANGUL, range(0xB0, 0xC9), 0xA1),
)

# What a text may be taken to be in, beside Unicode and Latin.
CHARSETS: Final = tuple(guess.charset for guess in _GUESSES)

_USUAL: Final = ("latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def load_charsets() -> None:
    """Load what reads the charsets; a sandbox would not let it be loaded later.

    Python imports the codec of a charset when it is first needed; those of East
    Asia are code in C.
    """
    for charset in (*_USUAL, *CHARSETS):
        "".encode(charset)


def decoded(content: bytes) -> str:
    """Return the text of a small file that does not tell its charset.

    By its byte order mark, or UTF-8, or else as the lines of an old tag are.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(repaired(content.decode("latin-1").split("\n")))
