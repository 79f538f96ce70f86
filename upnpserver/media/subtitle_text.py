"""Subtitles in any usual text form and charset -> SRT in UTF-8.

What every screen can show, without what only some forms can say: places,
colours, typefaces. Runs in a child process (forms_child.py) only.
"""

from typing import Final

import pysubs2

from upnpserver.errors import ProbeError
from upnpserver.media.charset import decoded
from upnpserver.media.subtitle_names import SRT

MAX_BYTES: Final = 8 << 20
_MAX_EVENTS: Final = 50_000
# Our names of forms (subtitle_names.py) -> pysubs2's; "" is told by the content.
_FORMATS: Final = {
    SRT: SRT,
    "smi": "sami",
    "sub": "",
    "ass": "ass",
    "ssa": "ass",
    "vtt": "vtt",
    "ttml": "ttml",
    "mpl": "mpl2",
}
# MicroDVD counts pictures of the film; most that tell no rate are for films.
_USUAL_RATE: Final = 23.976
# What the library's parsers raise on broken files; an XML error is a SyntaxError.
_BROKEN: Final = (
    *(pysubs2.Pysubs2Error, SyntaxError, ValueError, LookupError, ArithmeticError),
    *(TypeError, AttributeError),
)


def as_srt(content: bytes, form: str) -> bytes:
    """Return the subtitles as SRT in UTF-8, its lines ended as Windows does.

    form: one of subtitle_names.form_of(). Raises ProbeError if there are none.
    """
    if len(content) > MAX_BYTES:
        raise ProbeError("is too large for subtitles")
    text = decoded(content).replace("\0", "")
    try:
        subtitles = _read(text, _FORMATS[form])
    except _BROKEN as error:
        raise ProbeError(f"can't be read: {type(error).__name__}") from error
    subtitles.events = [
        one for one in subtitles if one.is_text and one.plaintext.strip()
    ][:_MAX_EVENTS]
    if not subtitles.events:
        raise ProbeError("holds no subtitles")
    return subtitles.to_string(SRT).replace("\n", "\r\n").encode("utf-8", "replace")


def _read(text: str, name: str) -> pysubs2.SSAFile:
    try:
        return pysubs2.SSAFile.from_string(text, format_=name or None)
    except pysubs2.UnknownFPSError:
        return pysubs2.SSAFile.from_string(text, format_=name or None, fps=_USUAL_RATE)
