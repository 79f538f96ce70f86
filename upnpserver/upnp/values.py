"""Text and number forms that UPnP messages share: escaping, durations, dates.

Source: XML 1.0 section 2.2 (Char); ContentDirectory:1 section 2.7 (durations,
dates); dlna-media facts on the three digits after the second.
"""

import re

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"
_MAX_UTF8_BYTES = 4  # of one character


def clean_text(text: str) -> str:
    """Return text with each character that XML 1.0 forbids as U+FFFD.

    One control character in one tag would make a whole folder unreadable.
    """
    # Most text is printable, and what is printable is allowed: ten times as quick.
    return text if text.isprintable() else _NOT_XML.sub(_REPLACEMENT, text)


def escape_text(text: str) -> str:
    """Return text for use between tags; the caller has cleaned it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape_text(escaped: str) -> str:
    """Return what escape_text() was given."""
    plain = escaped.replace("&lt;", "<").replace("&gt;", ">")
    return plain.replace("&amp;", "&")


def escape_attribute(text: str) -> str:
    """Return text for use between double quotes; the caller has cleaned it."""
    return escape_text(text).replace('"', "&quot;")


def cut_utf8(text: str, max_bytes: int) -> str:
    """Return text cut to max_bytes of UTF-8 without splitting a character."""
    if len(text) * _MAX_UTF8_BYTES <= max_bytes:
        return text
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= max_bytes:
        return text
    return encoded[:max_bytes].decode("utf-8", "ignore")


def format_duration(duration_ms: int) -> str:
    """Return "H:MM:SS.mmm"; the Xbox 360 plays nothing without the fraction."""
    seconds, milliseconds = divmod(duration_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}.{milliseconds:03}"


_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


def format_date(date: str) -> str:
    """Return dc:date from a MediaFacts.date: a missing month or day is 01.

    A time of day and its zone are left out: radios by Frontier Silicon fail on
    a zone, and a plain date is valid everywhere.
    """
    if _YEAR.fullmatch(date):
        return f"{date}-01-01"
    if _MONTH.fullmatch(date):
        return f"{date}-01"
    return date[:10]


_DIGITS = re.compile(r"\d+")


def natural_key(folded: str) -> str:
    """Return folded text so that plain comparison puts "2" before "10"."""
    return _DIGITS.sub(_padded, folded) if _DIGITS.search(folded) else folded


def _padded(digits: re.Match[str]) -> str:
    return f"{int(digits[0]):010}"
