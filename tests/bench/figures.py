"""What was measured, side by side, with its ratio and its target."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.servers import OURS


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the rounds of each server by name.

    most, least: our median must not be above, or below it. least_ratio,
    most_ratio: bounds of ours / MiniDLNA's. Figures
    without a bound are told for orientation.
    """

    name: str
    unit: str
    values: dict[str, list[float]]
    most: float | None = None
    most_ratio: float | None = None
    least_ratio: float | None = None
    least: float | None = None

    def medians(self) -> dict[str, float]:
        """Return the median of each server."""
        return {name: statistics.median(v) for name, v in self.values.items() if v}

    def ratio(self) -> float | None:
        """Return the median of the rounds' ratios, ours / the other's."""
        ours = self.values.get(OURS.name, [])
        for name, theirs in self.values.items():
            if name != OURS.name and theirs:
                pairs = zip(ours, theirs, strict=False)
                return statistics.median(a / b for a, b in pairs if b)
        return None

    def kept(self) -> bool | None:
        """Tell whether the bounds are kept, None without bounds."""
        ours, ratio = self.medians()[OURS.name], self.ratio()
        verdicts = []
        if self.most is not None:
            verdicts.append(ours <= self.most)
        if self.least is not None:
            verdicts.append(ours >= self.least)
        if ratio is not None and self.most_ratio is not None:
            verdicts.append(ratio <= self.most_ratio)
        if ratio is not None and self.least_ratio is not None:
            verdicts.append(ratio >= self.least_ratio)
        return all(verdicts) if verdicts else None


def table(figures: Sequence[Figure], names: Sequence[str]) -> str:
    """Return the figures as lines."""
    head = f"{'':34}" + "".join(f"{name:>14}" for name in names)
    lines = [f"{head}{'ratio':>9}  target"]
    for figure in figures:
        medians = figure.medians()
        cells = (f"{medians[n]:.2f}" if n in medians else "-" for n in names)
        ratio = figure.ratio()
        lines.append(
            f"{figure.name + ', ' + figure.unit:34}"
            + "".join(f"{cell:>14}" for cell in cells)
            + (f"{ratio:9.2f}" if ratio is not None else f"{'-':>9}")
            + f"  {_target(figure)}"
        )
    return "\n".join(lines)


def _target(figure: Figure) -> str:
    words = []
    if figure.most is not None:
        words.append(f"<= {figure.most:g} {figure.unit}".rstrip())
    if figure.least is not None:
        words.append(f">= {figure.least:g} {figure.unit}".rstrip())
    if figure.most_ratio is not None:
        words.append(f"ratio <= {figure.most_ratio:g}")
    if figure.least_ratio is not None:
        words.append(f"ratio >= {figure.least_ratio:g}")
    kept = figure.kept()
    verdict = "" if kept is None else ": kept" if kept else ": MISSED"
    return ", ".join(words) + verdict
