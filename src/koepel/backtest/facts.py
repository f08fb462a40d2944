"""What the recorded nights show that a calibrated model must show too: recorded beside predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from koepel.backtest import Backtest, Prediction
from koepel.records import Records

OURS = "koepel"
CRUISE_TYPES = ("kh-101", "kalibr", "iskander-k", "kh-59")
FEW = 5  # ballistic missiles a night below which a raid is small


@dataclass(frozen=True)
class Fact:
    """One number of the recorded days, and what was predicted for the same days.

    Parameters
    ----------
    n
        Days, or missiles where ``what`` says so.
    """

    what: str
    n: int
    recorded: float | None
    predicted: float | None
    unit: str = "%"

    def as_dict(self) -> dict[str, Any]:
        """The numbers by name."""
        return dict(self.__dict__)

    def __str__(self) -> str:
        values = ["-" if value is None else f"{value:.1f}" for value in (self.recorded, self.predicted)]
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.what} (n = {self.n}): recorded {values[0]}{unit}, predicted {values[1]}{unit}"


def facts_of(
    found: Backtest, records: Records, by_type: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[Fact, ...]:
    """Every fact that the predicted days bear on.

    Parameters
    ----------
    by_type
        Columns ``day``, ``threat_type``, ``launched``, ``predicted``.
    """
    drones = found.predictions.get((OURS, "drone"))
    ballistic = found.predictions.get((OURS, "ballistic"))
    facts = [*_rates_by_size(drones), *_shared_shock(drones)] if drones else []
    facts += [*_few_and_many(ballistic), *_all_or_nothing(ballistic)] if ballistic else []
    return (*facts, *_cruise_by_type(records, by_type, first, last))


def _rates_by_size(drones: Prediction) -> Iterator[Fact]:
    """Share neutralised, from the smallest raids to the largest."""
    for one in drones.scores().quarters:
        what = f"drones neutralised, raids of {one.least} to {one.most}"
        yield Fact(what, one.n, 100 * one.observed_rate, 100 * one.predicted_rate)


def _shared_shock(drones: Prediction) -> Iterator[Fact]:
    """Variance of the number neutralised over that of a binomial with the month's own rate."""
    table = pd.DataFrame({"n": drones.launched, "y": drones.neutralised, "month": drones.days.strftime("%Y-%m")})
    monthly = table.groupby("month")[["n", "y"]].transform("sum")
    p = (monthly.y / monthly.n).clip(1e-6, 1 - 1e-6).to_numpy()
    binomial = table.n.to_numpy() * p * (1 - p)
    centre = table.n.to_numpy() * p
    came = (table.y.to_numpy() - centre) ** 2 / binomial
    expected = [pmf @ (np.arange(len(pmf)) - c) ** 2 for pmf, c in zip(drones.pmfs, centre)]
    yield Fact(
        "drones: variance over binomial, monthly rates", len(table), came.mean(), np.mean(expected / binomial), ""
    )


def _few_and_many(ballistic: Prediction) -> Iterator[Fact]:
    few = ballistic.launched < FEW
    for what, days in ((f"fewer than {FEW}", few), (f"{FEW} or more", ~few)):
        yield _rate(f"ballistic missiles neutralised, nights of {what}", ballistic, days)


def _rate(what: str, one: Prediction, days: np.ndarray) -> Fact:
    total = one.launched[days].sum()
    if total == 0:
        return Fact(what, 0, None, None)
    mean = sum(np.arange(len(pmf)) @ pmf for pmf, inside in zip(one.pmfs, days) if inside)
    return Fact(what, int(days.sum()), float(100 * one.neutralised[days].sum() / total), float(100 * mean / total))


def _all_or_nothing(ballistic: Prediction) -> Iterator[Fact]:
    """Share of the larger nights on which all or none were stopped, give or take a tenth."""
    days = np.flatnonzero(ballistic.launched >= FEW)
    if not len(days):
        return
    came, expected = [], []
    for day in days:
        n = ballistic.launched[day]
        extreme = np.minimum(np.arange(n + 1), n - np.arange(n + 1)) <= 0.1 * n
        came.append(extreme[ballistic.neutralised[day]])
        expected.append(ballistic.pmfs[day][extreme].sum())
    what = f"ballistic nights of {FEW} or more with nearly all or none stopped"
    yield Fact(what, len(days), float(100 * np.mean(came)), float(100 * np.mean(expected)))


def _cruise_by_type(records: Records, by_type: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> Iterator[Fact]:
    """Share neutralised of each cruise type, of rows that name one type alone; n counts missiles."""
    rows = records.rows
    rows = rows[(rows.night >= first) & (rows.night <= last) & ~rows.bundle]
    for name in CRUISE_TYPES:
        own = rows[rows.threat_type == name]
        ours = by_type[by_type.threat_type == name]
        launched, fought = int(own.launched.sum()), ours.launched.sum()
        if launched and fought:
            rates = 100 * own.neutralised.sum() / launched, 100 * ours.predicted.sum() / fought
            yield Fact(f"{name} neutralised, missiles", launched, float(rates[0]), float(rates[1]))
