"""The runner's words: a table by group and server, and what failed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from conformance.checks import Check

WIDTH = 22


class Outcome(Protocol):
    """What the report needs of a result."""

    check: Check
    outcome: str
    reason: str


def table(results: Mapping[str, Sequence[Outcome]]) -> str:
    """Return passed / run by group and server."""
    every = (o.check.group for outcomes in results.values() for o in outcomes)
    groups = list(dict.fromkeys(every))
    lines = [f"{'':{WIDTH}}" + "".join(f"{name:>14}" for name in results)]
    for group in groups:
        cells = (_cell(outcomes, group) for outcomes in results.values())
        lines.append(f"{group:{WIDTH}}" + "".join(f"{cell:>14}" for cell in cells))
    cells = (_cell(outcomes, "") for outcomes in results.values())
    lines.append(f"{'all':{WIDTH}}" + "".join(f"{cell:>14}" for cell in cells))
    left = (sum(o.outcome == "not offered" for o in part) for part in results.values())
    lines.append(f"{'not offered':{WIDTH}}" + "".join(f"{n:>14}" for n in left))
    return "\n".join(lines)


def _cell(outcomes: Sequence[Outcome], group: str) -> str:
    mine = [o for o in outcomes if not group or o.check.group == group]
    passed = sum(o.outcome == "passed" for o in mine)
    return f"{passed}/{passed + sum(o.outcome == 'failed' for o in mine)}"


def failures(results: Mapping[str, Sequence[Outcome]]) -> str:
    """Return one paragraph for each failed check of each server."""
    lines = []
    for name, outcomes in results.items():
        failed = [o for o in outcomes if o.outcome == "failed"]
        lines.append(f"\n{name}: {len(failed)} failed")
        for outcome in failed:
            lines.append(f"  {outcome.check.identity}  ({outcome.check.source})")
            lines.append(f"      {outcome.check.statement}")
            lines.append(f"      {outcome.reason[:400]}")
    return "\n".join(lines)


def told(name: str) -> Callable[[Outcome], None]:
    """Return a function that prints each result as it comes."""

    def tell(outcome: Outcome) -> None:
        words = f"{outcome.outcome:11} {outcome.check.identity}"
        print(f"{name}: {words}  {outcome.reason[:160]}", flush=True)

    return tell
