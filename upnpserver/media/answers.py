"""What the pool and its probe children say to each other.

Each message is one packet of a SOCK_SEQPACKET socket pair: see packets.py.

To a child: the last parts of the file's path below its library in bytes, with
its open descriptor.

From a child: first of all "S" and the layers of its sandbox as JSON; then one
for each file: "F" and MediaFacts as JSON, or "P" and the reason in UTF-8 why
there are none. "L" after an answer: the child leaves, and has not looked at what was
sent to it since.
"""

import re
from operator import attrgetter
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.model import MediaFacts
from upnpserver.upnp.values import clean_text

_MAX_REASON_CHARS: Final = 200
_NOT_SENSIBLE: Final = "the probe gave no sensible answer"
_NUMBER_LIMIT: Final = 1 << 53

_PLAIN_JSON: Final = re.compile(r'(?:[^\\]|\\["\\])*')
_CONTENT_ID: Final = re.compile("[a-z2-7]{16}")
_words_of: Final = attrgetter(
    *("mime", "container", "art_mime"),
    *("audio_codec", "audio_profile", "video_codec", "video_profile", "extra"),
)
_WORDS: Final = re.compile(r"(?:[a-z0-9 ./+-]{0,64}\n){8}")  # all of them
_numbers_of: Final = attrgetter(
    *("track", "disc", "duration_ms", "bitrate_bps", "sample_rate_hz", "channels"),
    *("bits_per_sample", "width", "height", "color_depth", "orientation"),
    *("frame_rate_mhz", "video_level", "packet_size", "rating_percent", "part"),
    *("season", "episode", "last_episode", "skipped_remote"),
    *("art_offset", "art_length", "art_width", "art_height", "art_depth"),
)


def facts_answer(facts: MediaFacts) -> bytes:
    """Return the answer of a file that was read."""
    return b"F" + facts_to_json(facts).encode("utf-8", "replace")


def problem_answer(reason: str) -> bytes:
    """Return the answer of a file that could not be read."""
    return b"P" + reason[:_MAX_REASON_CHARS].encode("utf-8", "replace")


def parse_answer(answer: bytes, *, beside: bool = False) -> MediaFacts:
    """Return the facts in an answer; beside: of a file that is no media itself.

    Raises ProbeError with the child's reason if it tells a problem, or with
    one of its own if it is no answer that an honest child gives: the file may
    control the child.
    """
    text = answer.decode("utf-8", "replace")
    if clean_text(text) != text:
        raise ProbeError(_NOT_SENSIBLE)
    if text[:1] == "P" and len(text) <= 1 + _MAX_REASON_CHARS:
        raise ProbeError("".join(c for c in text[1:] if c.isprintable()))
    # An honest child has nothing to escape but quotes and backslashes.
    if text[:1] != "F" or not _is_plain(text):
        raise ProbeError(_NOT_SENSIBLE)
    try:
        facts = facts_from_json(text[1:])
    except RecursionError:
        raise ProbeError(_NOT_SENSIBLE) from None
    if not _is_sane(facts, beside=beside):
        raise ProbeError(_NOT_SENSIBLE)
    return facts


def _is_plain(text: str) -> bool:
    return "\\" not in text or _PLAIN_JSON.fullmatch(text) is not None


def _is_sane(facts: MediaFacts, *, beside: bool) -> bool:
    """Return whether the fields can be what media/ makes of some file.

    The content id becomes part of URLs, the words part of HTTP headers. What
    lies beside media has neither that nor a MIME name.
    """
    numbers = [number for number in _numbers_of(facts) if number is not None]
    if beside:
        is_itself = not (facts.content_id or facts.mime or facts.container)
    else:
        is_itself = _CONTENT_ID.fullmatch(facts.content_id) is not None
    return (
        is_itself
        and _WORDS.fullmatch("%s\n" * 8 % _words_of(facts)) is not None
        and (not numbers or (min(numbers) >= 0 and max(numbers) < _NUMBER_LIMIT))
    )
