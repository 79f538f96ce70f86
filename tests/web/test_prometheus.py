"""Numbers in the text format of Prometheus, read by another reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.prometheus import parse

from upnpserver.web.prometheus import Histogram, Metric, by_label, single, written

FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 2**60)


def told(*metrics):
    return parse(written(metrics).decode())


def test_numbers_with_and_without_labels():
    assert told(
        single("a_total", "counter", "Of a.", 3),
        by_label("b", "gauge", "Of b.", "kind", {"x": 1, "y": 0.5}),
        Metric("none", "gauge", "Of none.", []),
    ) == {
        ("a_total", ()): 3,
        ("b", (("kind", "x"),)): 1,
        ("b", (("kind", "y"),)): 0.5,
    }


@given(st.dictionaries(st.text(max_size=10), FINITE, max_size=4))
def test_any_label_and_number_comes_back(values):
    values = {name.replace("\r", ""): value for name, value in values.items()}
    expected = {("m", (("l", name),)): float(v) for name, v in values.items()}
    lines = written([by_label("m", "gauge", "M.", "l", values)]).decode()
    if len(lines.splitlines()) == len(values) + 2:  # no other separators of lines
        assert parse(lines) == expected


@given(st.lists(st.floats(0, 10), max_size=20))
def test_a_histogram_counts_each_once(times):
    histogram = Histogram((0.01, 1))
    for time in times:
        histogram.add(time)
    samples = list(histogram.samples({"action": "Browse"}))
    found = told(Metric("t", "histogram", "T.", samples))
    label = (("action", "Browse"),)
    assert found["t_count", label] == len(times)
    assert found["t_sum", label] == pytest.approx(sum(times))
    for bound in (0.01, 1):
        expected = sum(time <= bound for time in times)
        assert found["t_bucket", (*label, ("le", f"{bound:g}"))] == expected
