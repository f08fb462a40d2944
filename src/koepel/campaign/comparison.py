"""Two campaigns on the same luck, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign.result import SHOWN, Campaign
from koepel.errors import Fault, UsageError
from koepel.outcome import Figure, figure

ALIKE = ("begins", "days", "runs", "seed")


@dataclass(frozen=True)
class CampaignComparison:
    """Two campaigns fought on the same luck.

    Attributes
    ----------
    differences
        b less a over the whole campaign, run by run, for each measure.
    """

    a: Campaign
    b: Campaign
    differences: dict[str, Figure]

    def as_dict(self) -> dict[str, Any]:
        """Both campaigns and the paired differences, as plain numbers."""
        return {
            "a": self.a.as_dict(),
            "b": self.b.as_dict(),
            "differences": {name: one.as_dict() for name, one in self.differences.items()},
        }

    def summary(self) -> str:
        """Differences for a human."""
        lines = [
            f"{self.b.scenario} less {self.a.scenario}",
            f"{self.a.days} days from {self.a.begins}, {self.a.runs:,} runs on the same luck, seed {self.a.seed}",
            *(f"{name:34s} {one}" for name, one in self.differences.items()),
        ]
        return "\n".join(lines)

    def table(self):
        """One row a measure, as a pandas table: totals of both, and the difference with its interval."""
        import pandas as pd

        rows = [
            (total(self.a, name).mean(), total(self.b, name).mean(), one.mean, one.mean_low, one.mean_high)
            for name, one in self.differences.items()
        ]
        columns = ["a", "b", "difference", "difference_low", "difference_high"]
        return pd.DataFrame(rows, index=pd.Index(list(self.differences), name="measure"), columns=columns, dtype=float)

    def _repr_html_(self) -> str:
        """What a notebook shows: totals of both, and the difference with its interval."""
        from koepel import sketch

        told = [
            (name.replace("_", " "), a, b, change, sketch.span(low, high))
            for name, (a, b, change, low, high) in zip(self.differences, self.table().to_numpy().tolist(), strict=True)
            if a or b
        ]
        return sketch.card(
            f"{self.b.scenario} less {self.a.scenario}",
            sketch.table(["whole campaign", "a", "b", "b less a", "95 % interval"], told),
            lead=f"{self.a.days} days from {self.a.begins}, {self.a.runs:,} runs on the same luck, seed {self.a.seed}",
        )


def compare_campaigns(a: Campaign, b: Campaign) -> CampaignComparison:
    """Paired differences of two campaigns on the same luck, b less a.

    Threats, fire units and orders that have the same name in both draw the same numbers.

    Raises
    ------
    UsageError
        If they differ in beginning, days, runs or seed.
    """
    faults = [
        Fault("", name, f"found {getattr(a, name)} and {getattr(b, name)}", "give two campaigns alike in this")
        for name in ALIKE
        if getattr(a, name) != getattr(b, name)
    ]
    if faults:
        raise UsageError("the comparison", faults)
    every = [*SHOWN, *(f"leaked: {name}" for name in c.CLASSES)]
    for what, which in (("fired", "followed"), ("dry nights", "followed"), ("spent, USD", "funders")):
        every += [f"{what}: {name}" for name in dict.fromkeys((*getattr(a, which), *getattr(b, which)))]
    return CampaignComparison(a, b, {name: figure(total(b, name) - total(a, name)) for name in every})


def total(one: Campaign, name: str) -> np.ndarray:
    """One measure over the whole campaign; 0 of what it does not have. Shape (runs,)."""
    what, _, which = name.partition(": ")
    if not which:
        return one.by_month(what).sum(axis=1)
    if what == "leaked":
        return one.leaked_of_class(which).sum(axis=1)
    if which not in (one.funders if what == "spent, USD" else one.followed):
        return np.zeros(one.runs)
    if what == "fired":
        return one.fired_by_month(which).sum(axis=1)
    if what == "dry nights":
        return one.dry[:, :, one.followed.index(which)].sum(axis=1)
    return one.spent[:, :, one.funders.index(which)].sum(axis=1)
