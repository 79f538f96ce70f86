"""Measurements in the text form that Prometheus reads. Pure.

Source: Prometheus, "Exposition formats", text format version 0.0.4.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

MIME: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]  # what follows the metric's name; value


class Metric(NamedTuple):
    """One metric.

    about: one line. samples: with nothing after the name, but of histograms.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    samples: Sequence[Sample]


def single(
    name: str, kind: Literal["counter", "gauge"], about: str, value: float
) -> Metric:
    """Return a metric of one value."""
    return Metric(name, kind, about, [("", {}, value)])


def by_label(
    name: str,
    kind: Literal["counter", "gauge"],
    about: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    """Return a metric of one value for each of a label's."""
    samples = [("", {label: one}, value) for one, value in values.items()]
    return Metric(name, kind, about, samples)


class Histogram:
    """How often something took how long. bounds: of its buckets, in seconds."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count once."""
        place = sum(seconds > bound for bound in self._bounds)
        self._counts[place] += 1
        self._sum += seconds

    def samples(self, labels: Labels) -> Iterable[Sample]:
        """Yield what is told of it."""
        count = 0
        for bound, more in zip([*self._bounds, None], self._counts, strict=True):
            count += more
            upper = "+Inf" if bound is None else f"{bound:g}"
            yield "_bucket", {**labels, "le": upper}, count
        yield "_sum", labels, self._sum
        yield "_count", labels, count


def written(metrics: Iterable[Metric]) -> bytes:
    """Return the text."""
    lines = []
    for metric in metrics:
        lines += [
            f"# HELP {metric.name} {metric.about}",
            f"# TYPE {metric.name} {metric.kind}",
        ]
        lines += [
            f"{metric.name}{after}{_written(labels)} {value!r}"
            for after, labels, value in metric.samples
        ]
    return "".join(f"{line}\n" for line in lines).encode()


def _written(labels: Labels) -> str:
    pairs = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""
