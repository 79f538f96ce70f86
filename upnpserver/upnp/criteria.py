"""The SearchCriteria language: text in, a small tree out.

Tolerant where control points are careless: blanks may be missing, keywords
come in any case, and a criteria that was XML-escaped once too often is read.
Source: ContentDirectory:1 section 2.5.5.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from upnpserver.errors import BadSearchCriteria
from upnpserver.upnp.props import (
    MAX_CRITERIA_CHARACTERS,
    SEARCHABLE,
    Values,
    fold,
)

MAX_TERMS = 64
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Everything:
    """The criteria "*"."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One comparison; operator is one of OPERATORS."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether an object has the property at all."""

    name: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """Terms joined by "and"."""

    terms: tuple["Criteria", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Terms joined by "or"."""

    terms: tuple["Criteria", ...]


Criteria = Everything | Relation | Exists | AllOf | AnyOf

OPERATORS = {
    name.lower(): name
    for name in (
        *("=", "!=", "<", "<=", ">", ">="),
        *("contains", "doesNotContain", "startsWith", "derivedfrom"),
    )
}
_TOKEN = re.compile(
    r"""[\t-\r ]*(?:
        (?P<bracket>[()])
      | (?P<operator>!=|<=|>=|=|<|>)
      | "(?P<text>(?:[^"\\]|\\.)*)"
      | (?P<word>[^\s()"=<>!]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\(["\\])')
_Token = tuple[str, str]  # (kind, text)
_END: _Token = ("end", "")


def parse_criteria(text: str) -> Criteria:
    """Return the tree of a SearchCriteria; empty means everything.

    Raises BadSearchCriteria for text outside the grammar or over the limits.
    """
    if len(text) > MAX_CRITERIA_CHARACTERS:
        raise BadSearchCriteria("too long")
    if text.strip() in ("", "*"):
        return Everything()
    try:
        return _Parser(text).whole()
    except BadSearchCriteria:
        unescaped = text.replace("&quot;", '"').replace("&amp;", "&")
        if unescaped == text:
            raise
        return _Parser(unescaped).whole()


class _Parser:
    """Recursive descent over the tokens of one criteria."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._terms = 0

    def whole(self) -> Criteria:
        tree = self._any_of(0)
        if self._take() != _END:
            raise BadSearchCriteria("text after the end of the criteria")
        return tree

    def _any_of(self, depth: int) -> Criteria:
        terms = [self._all_of(depth)]
        while self._accept_word("or"):
            terms.append(self._all_of(depth))
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all_of(self, depth: int) -> Criteria:
        terms = [self._primary(depth)]
        while self._accept_word("and"):
            terms.append(self._primary(depth))
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _primary(self, depth: int) -> Criteria:
        kind, text = self._take()
        if (kind, text) == ("bracket", "("):
            if depth == MAX_DEPTH:
                raise BadSearchCriteria("nested too deeply")
            tree = self._any_of(depth + 1)
            if self._take() != ("bracket", ")"):
                raise BadSearchCriteria("a bracket is not closed")
            return tree
        if kind != "word":
            raise BadSearchCriteria(f"expected a property, not {text!r}")
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise BadSearchCriteria("too many conditions")
        return self._condition(text)

    def _condition(self, name: str) -> Criteria:
        _, comparison = self._take()
        kind, value = self._take()
        if comparison.lower() == "exists" and value.lower() in ("true", "false"):
            return Exists(name, value.lower() == "true")
        if comparison.lower() not in OPERATORS or kind != "text":
            raise BadSearchCriteria(f"not a condition on {name!r}")
        return Relation(name, OPERATORS[comparison.lower()], value)

    def _accept_word(self, word: str) -> bool:
        kind, text = self._tokens[self._next]
        if kind != "word" or text.lower() != word:
            return False
        self._next += 1
        return True

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadSearchCriteria(f"unreadable from character {at + 1} on")
        kind = match.lastgroup or ""
        value = match[kind]
        if kind == "text":
            value = _ESCAPE.sub(r"\1", value)
        tokens.append((kind, value))
        at = match.end()
    return [*tokens, _END]


def class_name(value: str) -> str:
    """Return the class that a derivedfrom names: "object.item.*" is allowed."""
    return value.removesuffix("*").rstrip(".")


ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DURATION = re.compile(r"(\d{1,6}):([0-5]?\d):([0-5]?\d)(?:\.(\d{1,3})\d*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)


def parse_number(values: Values, text: str) -> float | None:
    """Return text as a number (a duration in milliseconds), None if it is none."""
    if values is Values.DURATION:
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            return None
        hours, minutes, seconds, fraction = match.groups(default="0")
        whole_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return whole_s * 1000 + int(fraction.ljust(3, "0"))
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def matches(tree: Criteria, properties: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether an object with these property values is found.

    This is the meaning of the language; catalog/compile.py must agree with it
    on every object. A property that an object does not have fails every
    comparison; "!=" and "doesNotContain" hold if no value equals or contains.
    """
    match tree:
        case Everything():
            return True
        case AllOf(terms):
            return all(matches(term, properties) for term in terms)
        case AnyOf(terms):
            return any(matches(term, properties) for term in terms)
        case Exists(name, wanted):
            return bool(properties.get(name)) == wanted
        case Relation(name, comparison, value):
            return _holds(name, comparison, value, properties.get(name, ()))


def _holds(name: str, comparison: str, value: str, having: tuple[str, ...]) -> bool:
    values = SEARCHABLE.get(name)
    if values is None or not having:
        return False
    if comparison == "!=":
        return not _holds(name, "=", value, having)
    if comparison == "doesNotContain":
        return not _holds(name, "contains", value, having)
    return any(_compares(values, comparison, has, value) for has in having)


def _compares(values: Values, comparison: str, has: str, value: str) -> bool:
    if comparison == "derivedfrom":
        wanted = class_name(value)
        return values is Values.CLASS and f"{has}.".startswith(f"{wanted}.")
    if values in (Values.NUMBER, Values.DURATION):
        number, other = parse_number(values, has), parse_number(values, value)
        if number is None or other is None or comparison not in ORDER:
            return False
        return ORDER[comparison](number, other)
    if values is Values.TEXT:
        has, value = fold(has), fold(value)
    if comparison == "contains":
        return value in has
    if comparison == "startsWith":
        return has.startswith(value)
    return ORDER[comparison](has, value)
