"""What the pool and its probe children say to each other.

Each message is one packet of a SOCK_SEQPACKET socket pair.

To a child: the file's own name in bytes, with its open descriptor. From a
child, first of all "S" and the layers of its sandbox as JSON; then one for each
file: "F" and MediaFacts as JSON, or "P" and the reason in UTF-8 why there are
none. "L" after an answer: the child leaves, and has not looked at what was sent
to it since.
"""

from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.model import MediaFacts

MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_NAME_BYTES: Final = 4096
_MAX_REASON_CHARS: Final = 200

SHUT_IN: Final = b"S"
LEAVING: Final = b"L"
# The exit code of a child that ran out of memory.
OUT_OF_MEMORY: Final = 12


def facts_answer(facts: MediaFacts) -> bytes:
    """Return the answer of a file that was read."""
    return b"F" + facts_to_json(facts).encode("utf-8", "replace")


def problem_answer(reason: str) -> bytes:
    """Return the answer of a file that could not be read."""
    return b"P" + reason[:_MAX_REASON_CHARS].encode("utf-8", "replace")


def parse_answer(answer: bytes) -> MediaFacts:
    """Return the facts in an answer.

    Raises ProbeError with the child's reason if it tells a problem, or with
    one of its own if it is no answer: the file may control the child.
    """
    try:
        text = answer.decode("utf-8")
    except UnicodeDecodeError:
        raise ProbeError("the probe gave no sensible answer") from None
    if text[:1] == "F":
        return facts_from_json(text[1:])
    if text[:1] == "P":
        reason = "".join(c for c in text[1:] if c.isprintable())
        raise ProbeError(reason[:_MAX_REASON_CHARS])
    raise ProbeError("the probe gave no sensible answer")
