"""Text subtitles in whatever charset -> text in UTF-8. Pure.

Subtitles carry no charset. Most are UTF-8 today; older ones are in what Windows
used for their language, which their name mostly tells.
"""

import codecs
from typing import Final

from upnpserver.media.charset import repaired

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The charsets of a language, the usual one first.
_BY_LANGUAGE: Final = {
    **dict.fromkeys(
        ("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"), ("cp1250",)
    ),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "mn"), ("cp1251",)),
    "sr": ("cp1250", "cp1251"),
    "el": ("cp1253",),
    **dict.fromkeys(("tr", "az"), ("cp1254",)),
    "he": ("cp1255",),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)),
    **dict.fromkeys(("et", "lv", "lt"), ("cp1257",)),
    "vi": ("cp1258",),
    "th": ("cp874",),
    "ja": ("euc_jp", "cp932"),  # the other way round nearly all would do
    "ko": ("cp949",),
    "zh": ("gb18030", "big5hkscs"),
    "zh-hant": ("big5hkscs", "gb18030"),
    "zh-tw": ("big5hkscs", "gb18030"),
    "zh-hk": ("big5hkscs", "gb18030"),
}
_SAMPLE: Final = 4096


def to_utf8(content: bytes, language: str = "") -> str:
    """Return the text of a subtitle file.

    language: BCP 47 in lower case where the file's name tells one. What a
    charset has no letter for becomes U+FFFD.
    """
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    if charset := _wide(content[:_SAMPLE]):
        return content.decode(charset, "replace")
    short = language.partition("-")[0]
    for charset in ("utf-8", *_BY_LANGUAGE.get(language, _BY_LANGUAGE.get(short, ()))):
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    if not language or language == "und":
        return _guessed(content)
    return content.decode("cp1252", "replace")


def _wide(sample: bytes) -> str:
    """Return the charset of UTF-16 without a mark, "" if it is none.

    Each of its signs of time has a zero beside it.
    """
    zeros_after, zeros_before = sample[1::2].count(0), sample[::2].count(0)
    half = len(sample) // 4
    if max(zeros_after, zeros_before) <= half:
        return ""
    return "utf-16-le" if zeros_after > zeros_before else "utf-16-be"


def _guessed(content: bytes) -> str:
    lines = content.decode("latin-1").split("\n")
    odd = [at for at, line in enumerate(lines) if not line.isascii()]
    for at, line in zip(odd, repaired([lines[at] for at in odd]), strict=True):
        lines[at] = line
    return "\n".join(lines)
