"""How much one HTTP peer may ask for, hold and delay.

Source: security.md requirements 14, 17 and 21; description.md section 7 (TVs
that hold ten idle connections).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the HTTP door; times in seconds, sizes in bytes."""

    head_bytes: int = 16 * 1024
    target_bytes: int = 4 * 1024
    headers: int = 100
    body_bytes: int = 64 * 1024
    head_s: float = 10  # from the first byte of a head to its last
    body_s: float = 10  # from the last byte of a head to the last of its body
    idle_s: float = 30  # between an answer and the next request
    write_s: float = 30  # without one byte taken from an answer
    linger_s: float = 2  # a refused sender's time to read why
    linger_bytes: int = 1024 * 1024  # what it may still send meanwhile
    connections: int = 512
    connections_per_peer: int = 64
