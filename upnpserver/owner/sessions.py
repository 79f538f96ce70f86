"""Who has proven to be the owner, and for how long. Values with a clock that comes in.

A session is known by a random token in a cookie; each form of its pages carries
another one, which no page of others can read. Nothing of it is written anywhere.
"""

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

IDLE_S: Final = 30 * 60.0
LONGEST_S: Final = 12 * 3600.0
MOST_SESSIONS: Final = 16
MAX_TOKEN: Final = 64
_TOKEN_BYTES = 32


@dataclass(slots=True)
class Session:
    """One browser.

    form_token: what its forms carry. has_entered: by the password, not by being on
    this machine. message: told on the next page.
    """

    form_token: str
    has_entered: bool
    begun_s: float
    seen_s: float
    message: str = ""

    def is_own_form(self, token: str) -> bool:
        """Tell whether a form comes from a page of this session."""
        return compare_digest(self.form_token.encode(), token[:MAX_TOKEN].encode())


class Sessions:
    """All that are open."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}

    def begin(self, now_s: float, *, has_entered: bool) -> str:
        """Open a session and return its token; the one unused longest gives way."""
        self.close_old(now_s)
        if len(self._open) >= MOST_SESSIONS:
            oldest = min(self._open, key=lambda token: self._open[token].seen_s)
            del self._open[oldest]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        form_token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[token] = Session(form_token, has_entered, now_s, now_s)
        return token

    def find(self, token: str, now_s: float) -> Session | None:
        """Return the session of a token, None if there is none; it is used now."""
        self.close_old(now_s)
        session = self._open.get(token)
        if session is not None:
            session.seen_s = now_s
        return session

    @property
    def are_open(self) -> bool:
        """Whether anybody has entered."""
        return bool(self._open)

    def end(self, token: str) -> None:
        """Close a session, if it is open."""
        self._open.pop(token, None)

    def close_old(self, now_s: float) -> None:
        """Close those whose time is over."""
        for token, one in list(self._open.items()):
            if now_s - one.seen_s >= IDLE_S or now_s - one.begun_s >= LONGEST_S:
                del self._open[token]
