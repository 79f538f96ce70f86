"""Packets between the pool and its probe children: their marks and bounds.

What is in them: answers.py. Apart from it, so that a scanner can start a child
before it has loaded all that understands the answers. An answer that is too long
for one packet begins in others: "M" and a part of what follows its letter.
"""

from typing import Final

MAX_PACKET_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 1 << 20  # in several packets
MAX_PATH_BYTES: Final = 4096

SHUT_IN: Final = b"S"
LEAVING: Final = b"L"
MORE: Final = b"M"
# The exit code of a child that ran out of memory.
OUT_OF_MEMORY: Final = 12


def packets_of(answer: bytes) -> list[bytes]:
    """Return the packets that an answer is sent in: one, but for long playlists."""
    most = MAX_PACKET_BYTES - 1
    chunks = [answer[at : at + most] for at in range(1, len(answer), most)]
    return [MORE + chunk for chunk in chunks[:-1]] + [answer[:1] + chunks[-1]]
