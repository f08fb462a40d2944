"""What the numbers beside the map say: now, at the start, and the paired difference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.app.areas import Areas
from koepel.outcome import Figure, figure
from koepel.rehearsal import Nights, Rehearsal, mean_and_half_width

MEASURES = ("leaked", "exposed", "impacts", "debris", "defender_usd", "alarm_hours")


def answer(rehearsal: Rehearsal, now: Nights, areas: Areas) -> dict[str, Any]:
    """Leakers, people, money and the risk by area, as plain numbers with 95 % intervals.

    An area's ``stopped`` is the share, by class, of the threats aimed at its settlements that did not arrive.
    """
    start = rehearsal.start
    differences = rehearsal.differences(now)
    measures = {name: _three(start, now, differences, name) for name in MEASURES}
    for name in c.CLASSES:
        if now.outcomes.of_class(name).any() or start.outcomes.of_class(name).any():
            measures[f"leaked: {name}"] = _three(start, now, differences, f"leaked: {name}")
    return {
        "runs": rehearsal.runs,
        "seed": rehearsal.seed,
        "changed": now is not start,
        "threats": now.outcomes.figure("threats").as_dict(),
        "measures": measures,
        "areas": _areas(start, now, areas),
        "nights": _telling_nights(now),
        "rounds": {name: float(now.outcomes.rounds(name).mean()) for name in now.outcomes.effectors},
    }


def _telling_nights(nights: Nights) -> dict[str, int]:
    """Runs whose number of leakers is nearest to the median, and to the 95 % quantile."""
    leaked = nights.outcomes.nights("leaked")
    wanted = {"typical": np.quantile(leaked, 0.5), "bad": np.quantile(leaked, 0.95)}
    return {name: int(np.abs(leaked - value).argmin()) for name, value in wanted.items()}


def _three(start: Nights, now: Nights, differences: dict[str, Figure], name: str) -> dict[str, Any]:
    return {
        "start": _figure(start, name).as_dict(),
        "now": _figure(now, name).as_dict(),
        "difference": differences[name].as_dict(),
    }


def _figure(nights: Nights, name: str) -> Figure:
    if name.startswith("leaked: "):
        return figure(nights.outcomes.of_class(name.removeprefix("leaked: "))[:, c.LEAKED])
    return nights.outcomes.figure(name)


def _areas(start: Nights, now: Nights, areas: Areas) -> list[dict[str, Any]]:
    """Impacts a night in each area with their interval, the difference, and the share stopped by class."""
    hits, before = areas.sums(now.hits), areas.sums(start.hits)
    mean, half = mean_and_half_width(hits)
    change, change_half = mean_and_half_width(hits - before)
    aimed, stopped = areas.sums(now.aimed.T).T, areas.sums(now.stopped.T).T
    return [
        {
            "impacts": float(mean[i]),
            "half": known(half[i]),
            "change": float(change[i]),
            "change_half": known(change_half[i]),
            "stopped": {
                name: float(stopped[i, k] / aimed[i, k]) for k, name in enumerate(c.CLASSES) if aimed[i, k] > 0
            },
            "aimed": float(aimed[i].sum() / len(hits)),
        }
        for i in range(len(areas.names))
    ]


def known(value: float) -> float | None:
    """A number that JSON can hold, or None."""
    return float(value) if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """A value as JSON can hold it: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
