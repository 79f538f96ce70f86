"""What a check tells: one line each, and what to do where that helps."""

import json
from collections.abc import Iterable
from typing import Literal, NamedTuple

State = Literal["ok", "note", "bad"]
_MARKS = {"ok": "ok", "note": "note", "bad": "WRONG"}


class Finding(NamedTuple):
    """One thing that was looked at. remedy: what to do, "" for nothing."""

    what: str
    state: State
    detail: str
    remedy: str = ""


def ok(what: str, detail: str) -> Finding:
    """Return that all is well."""
    return Finding(what, "ok", detail)


def note(what: str, detail: str, remedy: str = "") -> Finding:
    """Return what is worth to know, and may be meant."""
    return Finding(what, "note", detail, remedy)


def bad(what: str, detail: str, remedy: str) -> Finding:
    """Return what keeps devices from finding, browsing or playing."""
    return Finding(what, "bad", detail, remedy)


def report(found: Iterable[Finding]) -> str:
    """Return findings as text: what is wrong comes last, where it is seen."""
    order = ("ok", "note", "bad")
    lines = []
    for one in sorted(found, key=lambda one: order.index(one.state)):
        lines.append(f"{_MARKS[one.state]:6} {one.what}: {one.detail}")
        if one.remedy:
            lines.append(f"       -> {one.remedy}")
    return "\n".join(lines)


def report_json(found: Iterable[Finding]) -> str:
    """Return findings for programs."""
    return json.dumps([one._asdict() for one in found], indent=2)
