"""Does it predict real nights? Each day from the days before it, scored beside statistical baselines.

`backtest` moves the origin forward day by day and shows a predictor nothing of the day but what was
launched. `scores` holds the statistics, `baselines` what must be beaten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from koepel.backtest.baselines import CLASSES, RollingRate, SizeRegression, TwoStreams
from koepel.backtest.scores import Difference, Scores, crps_pmf, difference, score
from koepel.errors import Fault, UsageError
from koepel.records import Records
from koepel.records.models import threat_class
from koepel.records.reading import read_table

__all__ = [
    "Predictor",
    "Prediction",
    "Backtest",
    "backtest",
    "baselines",
    "score_baselines",
    "daily_counts",
    "daily_as_published",
]

COLUMNS = ["threat_class", "launched", "neutralised"]


class Predictor(Protocol):
    """Whatever predicts the number neutralised of one day."""

    def predict(self, past: pd.DataFrame, day: pd.Timestamp, launched: dict[str, int]) -> dict[str, np.ndarray]:
        """Probability of 0..launched neutralised, by class.

        Parameters
        ----------
        past
            Index ``night``, all before ``day``, in order; columns `COLUMNS`. A copy: do as you like.
        day
            The day to predict.
        launched
            Number launched today of each class that flies, at least 1.

        Returns
        -------
        pmfs
            Each of shape (launched + 1,), sum 1. A class may be missing: it is then not predicted.
        """


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one predictor said of one class, beside what came.

    Attributes
    ----------
    days
        In order. Shape (n_days,).
    launched, neutralised
        Recorded counts. Shape (n_days,).
    pmfs
        Forecast of each day, of shape (launched + 1,).
    """

    threat_class: str
    days: pd.DatetimeIndex
    launched: np.ndarray
    neutralised: np.ndarray
    pmfs: tuple[np.ndarray, ...]

    def crps(self) -> np.ndarray:
        """Score of each day. Shape (n_days,)."""
        return np.array([crps_pmf(pmf, y) for pmf, y in zip(self.pmfs, self.neutralised)], dtype=float)

    def scores(self, *, seed: int = 0) -> Scores:
        """All scores; the randomised PIT of a day is the same luck for every predictor."""
        names = [f"{self.threat_class} {day.date()}" for day in self.days]
        return score(self.pmfs, self.neutralised, names, seed=seed)


@dataclass(frozen=True, eq=False)
class Backtest:
    """The predictions of several predictors on the same days, by (predictor, class)."""

    predictions: dict[tuple[str, str], Prediction]

    def difference(self, first: str, second: str, threat_class: str) -> Difference:
        """CRPS of one predictor less that of another, on the days that both predicted."""
        a, b = self.predictions[first, threat_class], self.predictions[second, threat_class]
        x, y = pd.Series(a.crps(), a.days), pd.Series(b.crps(), b.days)
        both = a.days.intersection(b.days).sort_values()
        return difference(x[both].to_numpy(), y[both].to_numpy())

    def table(self) -> pd.DataFrame:
        """One row for each class and predictor: the scores that are one number."""
        rows = []
        for (predictor, name), prediction in self.predictions.items():
            plain = prediction.scores().as_dict()
            single = {key: value for key, value in plain.items() if key not in ("pit", "quarters")}
            rows.append({"threat_class": name, "predictor": predictor, **single})
        table = pd.DataFrame(rows, columns=None if rows else ["threat_class", "predictor", "n", "crps"])
        order = {name: place for place, name in enumerate(CLASSES)}
        place = table.threat_class.map(lambda name: order.get(name, len(order)))
        return table.loc[place.sort_values(kind="stable").index].reset_index(drop=True)

    def as_dict(self) -> dict[str, Any]:
        """Scores by class and predictor, ready for JSON."""
        out: dict[str, Any] = {}
        for (predictor, name), prediction in self.predictions.items():
            out.setdefault(name, {})[predictor] = prediction.scores().as_dict()
        return out


def daily_counts(records: Records, *, with_s300_bundles: bool = True) -> pd.DataFrame:
    """Launched and neutralised by night and class: the table a backtest runs on.

    Returns
    -------
    DataFrame
        Index ``night`` in order; columns `COLUMNS`. Drones, cruise and ballistic.
    """
    tables = [
        records.daily(name, with_s300_bundles=with_s300_bundles).assign(threat_class=name)[COLUMNS] for name in CLASSES
    ]
    return pd.concat(tables).sort_index(kind="stable")


def daily_as_published(path: str | Path) -> pd.DataFrame:
    """The same table of every published row with figures, with the regional sub-reports that `Records` drops.

    Since August 2025 these rows repeat part of the national wave. The figures by which the baselines are
    known count them, so this table serves to check those figures and nothing else.
    """
    rows = read_table(Path(path))
    rows = rows[rows.launched.notna() & rows.destroyed.notna()]
    rows = rows.assign(
        night=rows.time_end.dt.normalize(),
        threat_class=rows.model.map(threat_class),
        neutralised=np.minimum(rows.destroyed + rows.not_reach_goal.fillna(0), rows.launched),
    )
    rows = rows[rows.threat_class.isin(CLASSES)]
    counts = rows.groupby(["night", "threat_class"])[["launched", "neutralised"]].sum().astype("int64")
    return counts.reset_index("threat_class").sort_index(kind="stable")[COLUMNS]


def backtest(records: Records | pd.DataFrame, predictors: Mapping[str, Predictor], first: str, last: str) -> Backtest:
    """Predict each day from the days before it, with a rolling origin.

    A predictor is shown a fresh copy of the days before and today's launched counts. It never holds what
    came of the day, nor a later day, nor a view of a table with these in it. (One that reads the file itself,
    or the caller's frames, cannot be kept from it.)

    Parameters
    ----------
    records
        Records, or a table as `daily_counts` makes it.
    predictors
        By name.
    first, last
        First and last day to predict, both included.

    Raises
    ------
    UsageError
        For a table that lacks a column, or a prediction that is no distribution on 0..launched.
    """
    counts = _checked(daily_counts(records) if isinstance(records, Records) else records)
    counts = counts[counts.launched > 0]
    predicted: dict[tuple[str, str], list] = {}
    for day in counts[first:last].index.unique():
        today = counts.loc[[day]]
        launched = {str(name): int(n) for name, n in zip(today.threat_class, today.launched)}
        came = {str(name): int(n) for name, n in zip(today.threat_class, today.neutralised)}
        for name, predictor in predictors.items():
            # a copy of the values: views would lead back to the days to come
            pmfs = predictor.predict(_before(counts, day), day, dict(launched))
            for kind, pmf in pmfs.items():
                checked = _distribution(pmf, launched.get(kind), f"{name}: {kind} of {day.date()}")
                predicted.setdefault((name, kind), []).append((day, launched[kind], came[kind], checked))
    return Backtest({key: _prediction(key[1], rows) for key, rows in predicted.items()})


def baselines(*, fitted_knot: bool = False) -> dict[str, Predictor]:
    """The three baselines by name, fresh."""
    knot = {"knot": None} if fitted_knot else {}
    return {"rate_90d": RollingRate(), "regression": SizeRegression(), "two_streams": TwoStreams(**knot)}


def score_baselines(daily: Records | pd.DataFrame, first: str, last: str, *, fitted_knot: bool = False) -> pd.DataFrame:
    """Scores of the three baselines, one row for each class and baseline.

    Parameters
    ----------
    daily
        Records, or a table as `daily_counts` makes it.
    first, last
        First and last day, both included.
    fitted_knot
        Whether two streams part where the past says, and not at 119 drones.
    """
    return backtest(daily, baselines(fitted_knot=fitted_knot), first, last).table()


def _checked(counts: pd.DataFrame) -> pd.DataFrame:
    """The table in order, or what is wrong with it."""
    mend = "give a table as daily_counts makes it"
    missing = [name for name in COLUMNS if name not in counts]
    faults = [Fault("", name, "not in the table", mend) for name in missing]
    if not isinstance(counts.index, pd.DatetimeIndex):
        faults.append(Fault("", "index", f"found {type(counts.index).__name__}, not dates", mend))
    if not missing:
        wrong = counts[~((counts.neutralised >= 0) & (counts.neutralised <= counts.launched))]
        faults += [
            Fault(str(night), "neutralised", f"{row.neutralised} of {row.launched}", "give 0 to launched")
            for night, row in wrong.head(20).iterrows()
        ]
        twice = counts.set_index("threat_class", append=True).index.duplicated()
        if twice.any():
            faults.append(Fault("", "index", f"{twice.sum()} nights stand twice in a class", "add them up"))
    if faults:
        raise UsageError("daily counts", faults)
    return counts[COLUMNS].sort_index(kind="stable")


def _before(counts: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The days before, built anew."""
    rows = counts[counts.index < day]
    index = pd.DatetimeIndex(rows.index.to_numpy(copy=True), name="night")
    return pd.DataFrame({name: rows[name].to_numpy(copy=True) for name in COLUMNS}, index=index)


def _distribution(pmf: np.ndarray, n: int | None, where: str) -> np.ndarray:
    """The forecast as an array, or what is wrong with it."""
    pmf = np.asarray(pmf, dtype=float)
    if n is None:
        found, mend = "nothing of the class was launched", "leave the class out"
    elif pmf.shape != (n + 1,):
        found, mend = f"shape {pmf.shape}", f"give the probabilities of 0..{n}, shape ({n + 1},)"
    elif not (np.isfinite(pmf).all() and (pmf >= 0).all() and abs(pmf.sum() - 1) < 1e-6):
        found, mend = f"sum {pmf.sum():g}, least {pmf.min():g}", "give probabilities of 0 or more that add up to 1"
    else:
        return pmf
    raise UsageError("prediction", [Fault("", where, found, mend)])


def _prediction(name: str, rows: list) -> Prediction:
    days, launched, came, pmfs = zip(*rows)
    return Prediction(name, pd.DatetimeIndex(days), np.array(launched), np.array(came), tuple(pmfs))
