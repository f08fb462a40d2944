"""The simulator as a predictor: unknowns weighed by the nights before, then the night itself fought.

The prediction of a day is what many simulated nights would have been recorded as: the day's launched numbers by type,
fought with the unknowns where the particles place them, through the observation model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from koepel._kernel import columns as c
from koepel.backtest.particles import Answer, Cloud, Seen, answer_of
from koepel.backtest.response import fit_cells, night_counts
from koepel.backtest.scores import pmf_of_samples
from koepel.backtest.unknowns import KINDS, Unknown, figures_at, unknowns_of
from koepel.records import Records
from koepel.scenario import Scenario
from koepel.stage import Stage, set_stage

HISTORY_D = 540  # nights before the first predicted day that are looked back at
RARE = 0.01  # groups that fly less than this share of their class are not fitted
FOUGHT, NIGHTS_EACH = 400, 2  # particles that fight a predicted night, and nights that each fights


@dataclass(frozen=True, eq=False)
class Fitted:
    """A scenario made ready for fitting: its stage, its unknowns, and the fitted response.

    Attributes
    ----------
    records
        Every night that may be weighed or predicted.
    """

    records: Records
    stage: Stage
    unknowns: tuple[Unknown, ...]
    answer: Answer
    seed: int
    workers: int

    @cached_property
    def seen(self) -> dict[pd.Timestamp, tuple[Seen, ...]]:
        """What each night tells, in order; read once, however many clouds follow."""
        return {night: tuple(seen_of(self, rows)) for night, rows in self.records.rows.groupby("night")}


def fit_response(scenario: Scenario, records: Records, *, seed: int = 0, workers: int | None = None) -> Fitted:
    """Fight the scenario on the design, and fit what it answers. No outcome of a recorded night is used."""
    workers = workers or os.cpu_count() or 1
    stage = set_stage(scenario, (records.night(night) for night in records.nights()))
    unknowns = unknowns_of(stage)
    cells = fit_cells(stage, unknowns, _often_flown(stage, records), seed=seed, workers=workers)
    return Fitted(records, stage, unknowns, answer_of(stage, unknowns, cells), seed, workers)


def _often_flown(stage: Stage, records: Records) -> list[int]:
    """Groups of the scored classes that flew at least a hundredth of what their class launched."""
    flown = sum(stage.numbers(records.night(night)) for night in records.nights())
    of_class = np.array(stage.class_of_group)
    return [
        row for row, own in enumerate(of_class) if own in KINDS and flown[row] > RARE * flown[of_class == own].sum()
    ]


def seen_of(fitted: Fitted, rows: pd.DataFrame) -> Iterator[Seen]:
    """What the rows of one night tell: drones as one number, missiles row by row.

    A row is left out where the stage cannot fly all that it launched, or where part of it flew too seldom to be fitted.
    """
    launched = rows.groupby("threat_class").launched.sum()
    for name in KINDS:
        own = rows[rows.threat_class == name]
        for part in [own] if name == "drone" else [own.loc[[row]] for row in own.index]:
            number = int(part.launched.sum())
            if number == 0:
                continue
            night = Records(part, part, fitted.records.file).night(part.night.iloc[0])
            numbers = fitted.stage.numbers(night)
            if numbers.sum() == number and fitted.answer.fitted[numbers > 0].all():
                size = int(launched[name])
                others = int(launched.sum()) - size
                yield Seen(name, numbers, number, int(part.neutralised.sum()), size, others)


def follow(fitted: Fitted, cloud: Cloud, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Let a cloud take in all nights from the first to the last."""
    for night, records in fitted.seen.items():
        if first <= night <= last:
            cloud.drift_to(night)
            if records:
                cloud.weigh(fitted.answer, records)


@dataclass(eq=False)
class Simulated:
    """Predicts a day by simulating it; see `koepel.backtest.Predictor`.

    It reads types and numbers launched from its own records, and outcomes only of nights before the day. Days must
    come in order; a day that is not after the last one starts afresh.

    Parameters
    ----------
    classes
        What flies on a predicted night; all where none is given.
    progress
        Called with the number of days predicted.
    """

    fitted: Fitted
    classes: tuple[str, ...] | None = None
    progress: Callable[[int], None] | None = None
    cloud: Cloud | None = None
    upto: pd.Timestamp | None = None  # the first night that is not taken in yet
    drift: list[tuple[pd.Timestamp, np.ndarray]] = field(default_factory=list)
    fought: list[tuple[pd.Timestamp, str, int, float]] = field(default_factory=list)

    def predict(self, past: pd.DataFrame, day: pd.Timestamp, launched: dict[str, int]) -> dict[str, np.ndarray]:
        """Probability of 0..launched neutralised, by class, of the classes that the stage flies whole."""
        stage = self.fitted.stage
        numbers = stage.numbers(self.fitted.records.night(day.date()))
        if self.classes is not None:
            numbers = numbers * np.array([name in self.classes for name in stage.class_of_group])
        counts = self._fight(self._place(day), numbers, day)
        flown, recorded = counts[:, :, : len(c.FATES)].sum(axis=2), counts[:, :, -1]
        means = zip(stage.arrays.types, flown.mean(axis=0), recorded.mean(axis=0), strict=True)
        self.fought += [(day, name, n, mean) for name, n, mean in means if n]
        pmfs = {}
        for name, number in launched.items():
            own = stage.class_of_type == c.CLASSES.index(name)
            if number == flown[0, own].sum():
                pmfs[name] = pmf_of_samples(recorded[:, own].sum(axis=1), number)
        if self.progress:
            self.progress(len(self.drift))
        return pmfs

    @property
    def by_type(self) -> pd.DataFrame:
        """Mean number recorded as neutralised of each type on each predicted day."""
        return pd.DataFrame(self.fought, columns=["day", "threat_type", "launched", "predicted"])

    def _place(self, day: pd.Timestamp) -> np.ndarray:
        """Places of the particles on the morning of a day, when only the nights before are known."""
        if self.cloud is None or self.upto is None or day <= self.upto:
            self.cloud = Cloud(self.fitted.unknowns, seed=self.fitted.seed)
            self.upto, self.drift, self.fought = day - pd.Timedelta(days=HISTORY_D), [], []
        follow(self.fitted, self.cloud, self.upto, day - pd.Timedelta(days=1))
        self.upto = day
        self.cloud.drift_to(day)
        place = self.cloud.places(FOUGHT)
        self.drift.append((day, place.mean(axis=0)))
        return place

    def _fight(self, place: np.ndarray, numbers: np.ndarray, day: pd.Timestamp) -> np.ndarray:
        """Nights fought by each particle. Shape (nights, types, fates + 1)."""
        fitted = self.fitted

        def one(turn: int) -> np.ndarray:
            figures = figures_at(fitted.stage.arrays.setup.figures, fitted.unknowns, place[turn])
            seed = fitted.seed * 1_000_003 + day.toordinal()
            first = NIGHTS_EACH * turn
            return night_counts(fitted.stage, numbers, figures, seed=seed, first_run=first, runs=NIGHTS_EACH)

        with ThreadPoolExecutor(fitted.workers) as pool:
            return np.concatenate(list(pool.map(one, range(len(place)))))
