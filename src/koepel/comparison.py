"""Two answers side by side: differences of each measure, night by night where the luck is the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.errors import UsageError
from koepel.outcome import NOTHING, Figure, Outcomes, figure

COMPARED = (
    "threats", *c.FATES, "impacts", "debris", "exposed", "warning_minutes", "alarm_hours",
    "attacker_usd", "defender_usd", "averted_usd",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Two scenarios fought on the same luck.

    Attributes
    ----------
    a, b
        Outcomes of the two.
    differences
        b less a for each measure, night by night where both have the same luck.
    """

    a: Outcomes
    b: Outcomes
    differences: dict[str, Figure]

    @property
    def same_luck(self) -> bool:
        """Whether both were fought on the same seed, so that differences are paired."""
        return self.a.seed == self.b.seed

    def as_dict(self) -> dict[str, Any]:
        """Both outcomes and the paired differences, as plain numbers."""
        return {
            "seed": self.a.seed,
            "runs": self.a.runs,
            "a": self.a.as_dict(),
            "b": self.b.as_dict(),
            "differences": {name: one.as_dict() for name, one in self.differences.items()},
        }

    def summary(self) -> str:
        """Differences for a human."""
        lines = [
            f"{self.b.scenario} less {self.a.scenario}",
            f"{min(self.a.runs, self.b.runs):,} nights on the same luck, seed {self.a.seed}"
            if self.same_luck
            else f"not on the same luck: seeds {self.a.seed} and {self.b.seed}",
            *(f"{name:34s} {one}" for name, one in self.differences.items()),
        ]
        return "\n".join(lines)

    def table(self):
        """One row a measure, as a pandas table: means of both, and the difference with its interval."""
        import pandas as pd

        rows = [
            (compared_mean(self.a, name), compared_mean(self.b, name), one.mean, one.mean_low, one.mean_high)
            for name, one in self.differences.items()
        ]
        columns = ["a", "b", "difference", "difference_low", "difference_high"]
        return pd.DataFrame(rows, index=pd.Index(list(self.differences), name="measure"), columns=columns, dtype=float)

    def _repr_html_(self) -> str:
        """What a notebook shows: both means of a night, and the difference with its interval."""
        from koepel import sketch

        luck = f"seed {self.a.seed}, on the same luck" if self.same_luck else "not on the same luck"
        told = [
            (name.replace("_", " "), a, b, change, sketch.span(low, high))
            for name, (a, b, change, low, high) in zip(self.differences, self.table().to_numpy().tolist(), strict=True)
            if a or b
        ]
        return sketch.card(
            f"{self.b.scenario} less {self.a.scenario}",
            sketch.table(["mean of a night", "a", "b", "b less a", "95 % interval"], told),
            lead=f"{min(self.a.runs, self.b.runs):,} nights, {luck}",
        )


def comparison_of(first: Outcomes, second: Outcomes) -> Comparison:
    """Differences of two answers that are there already, second less first.

    Of the same seed and rules they are paired, night by night, over the nights that both have. Of another seed
    the luck is not the same: the interval is then that of two separate means, and nights have no differences.

    Raises
    ------
    UsageError
        If they were fought by different rules.
    """
    if first.rules != second.rules:
        raise UsageError(
            f"the comparison: {first.scenario!r} was fought by {first.rules} rules and {second.scenario!r} by "
            f"{second.rules}; fight both by the same"
        )
    same_luck = first.seed == second.seed

    def change(of_one) -> Figure:
        if not same_luck:
            return _apart(figure(of_one(first), paired=first.paired), figure(of_one(second), paired=second.paired))
        nights = min(first.runs, second.runs)  # with a precision, one may have stopped earlier
        return figure(of_one(second)[:nights] - of_one(first)[:nights], paired=first.paired)

    differences = {name: change(lambda one, name=name: one.nights(name)) for name in COMPARED}
    for name in c.CLASSES:
        differences[f"leaked: {name}"] = change(lambda one, name=name: one.of_class(name)[:, c.LEAKED])
    for name in dict.fromkeys((*first.effectors, *second.effectors)):
        differences[f"rounds: {name}"] = change(
            lambda one, name=name: one.rounds(name) if name in one.effectors else np.zeros(one.runs)
        )
    return Comparison(first, second, differences)


def _apart(first: Figure, second: Figure) -> Figure:
    """The difference of two means on separate luck; its interval adds their half widths in quadrature."""
    if first.mean is None or second.mean is None:
        return NOTHING
    mean = second.mean - first.mean
    if first.mean_low is None or second.mean_low is None:
        return Figure(mean, None, None, None, None)
    half = math.hypot(first.mean_high - first.mean, second.mean_high - second.mean)
    return Figure(mean, mean - half, mean + half, None, None)


def compared_mean(outcomes: Outcomes, name: str) -> float:
    """The mean of a measure of a comparison, by its name there; NaN where no night has it."""
    kind, _, of = name.partition(": ")
    if kind == "leaked" and of:
        return float(outcomes.of_class(of)[:, c.LEAKED].mean())
    if kind == "rounds":
        return float(outcomes.rounds(of).mean()) if of in outcomes.effectors else 0.0
    values = outcomes.nights(name)
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
