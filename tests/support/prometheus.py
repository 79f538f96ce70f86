"""Reads the text format of Prometheus, strictly: version 0.0.4."""

import re

_HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
_TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)")
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
_SAMPLE = re.compile(
    rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)"
)
_UNESCAPED = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def parse(text):
    """Return {(name, ((label, value), ...)): number}; fails if it isn't well formed."""
    assert text.endswith("\n")
    found, kinds, current = {}, {}, ""
    for line in text.splitlines():
        if match := _HELP.fullmatch(line):
            current = match[1]
            assert current not in kinds, "told in pieces"
        elif match := _TYPE.fullmatch(line):
            assert match[1] == current
            kinds[current] = match[2]
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, line
            name = match[1]
            base = re.sub("_(bucket|sum|count)$", "", name)
            assert current == (base if kinds[current] == "histogram" else name)
            labels = tuple(
                (key, re.sub(r"\\.", lambda one: _UNESCAPED[one[0]], value))
                for key, value in re.findall(_LABEL, match[2] or "")
            )
            assert (name, labels) not in found
            found[name, labels] = float(match[match.lastindex])
    _check_histograms(found, kinds)
    return found


def _check_histograms(found, kinds):
    """Buckets grow, and the last one holds all."""
    for name in (name for name, kind in kinds.items() if kind == "histogram"):
        series = {}
        for (one, labels), value in found.items():
            if one == f"{name}_bucket":
                *others, (key, bound) = labels
                assert key == "le"
                series.setdefault(tuple(others), []).append((float(bound), value))
        for labels, buckets in series.items():
            assert buckets == sorted(buckets)
            counts = [count for _, count in buckets]
            assert counts == sorted(counts)
            assert buckets[-1] == (float("inf"), found[f"{name}_count", labels])
