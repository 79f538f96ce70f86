"""What a check is: an id, where the rule stands, and one assertion.

A check is a function of the server under test. It returns when the rule is
kept, raises Failed when not, and NotOffered when the rule is about something
optional that this server does not have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Body = Callable[..., None]


class Failed(AssertionError):
    """The server does not keep the rule."""


class NotOffered(Exception):
    """The rule is about an option that the server does not announce."""


class When(StrEnum):
    """Which part of the server's life a check looks at."""

    RUNNING = "running"
    ENDED = "ended"  # after SIGTERM
    AGAIN = "again"  # after the next start


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, applied to one case."""

    identity: str
    group: str
    source: str
    statement: str
    body: Body
    arguments: tuple[Any, ...]
    when: When

    def run(self, server: Any) -> None:
        """Raise Failed or NotOffered, or anything at all if the server is odd."""
        self.body(server, *self.arguments)


ALL: list[Check] = []


class Group:
    """The checks of one chapter; its calls are decorators that add to ALL."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self,
        source: str,
        cases: Mapping[str, Any] | Sequence[str] = (),
        when: When = When.RUNNING,
    ) -> Callable[[Body], Body]:
        """Register a function as checks, one for each case.

        cases: names with the arguments of each (a tuple, or one value), or
        names that are the argument themselves.
        """

        def register(body: Body) -> Body:
            for name, arguments in _cases(cases).items():
                label = body.__name__ + (f"[{name}]" if name else "")
                statement = " ".join((body.__doc__ or "").split())
                identity = f"{self.name}/{label}"
                ALL.append(
                    Check(identity, self.name, source, statement, body, arguments, when)
                )
            return body

        return register


def _cases(cases: Mapping[str, Any] | Sequence[str]) -> dict[str, tuple[Any, ...]]:
    if not cases:
        return {"": ()}
    if not isinstance(cases, Mapping):
        return {name: (name,) for name in cases}
    return {
        name: value if isinstance(value, tuple) else (value,)
        for name, value in cases.items()
    }


def equal(actual: object, expected: object, what: str = "value") -> None:
    """Fail unless the two are equal."""
    if actual != expected:
        raise Failed(f"{what}: {_short(actual)}, expected {_short(expected)}")


def among(actual: object, allowed: Sequence[object], what: str = "value") -> None:
    """Fail unless the value is one of those allowed."""
    if actual not in allowed:
        raise Failed(f"{what}: {_short(actual)}, expected one of {_short(allowed)}")


def true(value: object, what: str) -> None:
    """Fail, saying what should have been so, unless the value is true."""
    if not value:
        raise Failed(what)


def none(faulty: Sequence[object], what: str) -> None:
    """Fail if anything is in the list of what is wrong."""
    if faulty:
        raise Failed(f"{what}: {len(faulty)} times, first {_short(faulty[0])}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:297] + "..."
