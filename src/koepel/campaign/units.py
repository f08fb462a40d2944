"""Fire units from day to day: not yet there, up, down, or lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel._kernel.setup import ABSENT, DOWN, DRAWN, UP
from koepel.arrays.book import name_keys
from koepel.campaign.luck import MONTH_D, NEVER, YEAR_D, Calendar, Luck, daily
from koepel.supply import Fielding, Upkeep


class Units:
    """State of every fire unit. Arrays have the shape (runs, units).

    A unit whose type has no upkeep is up or down by the catalogue's availability, drawn every night.

    Attributes
    ----------
    fielded
        Whether it is there.
    lost
        Whether it is gone for good.
    up
        Of those whose type has an upkeep.
    """

    def __init__(self, names: Sequence[str], types: Sequence[str], fielding: Sequence[Fielding],
                 upkeep: Sequence[Upkeep], available: np.ndarray, calendar: Calendar, luck: Luck):  # fmt: skip
        self.luck, self.fielding, self.row = luck, fielding, {name: u for u, name in enumerate(names)}
        self.of_type = {one.type: np.flatnonzero(np.array(types, object) == one.type) for one in upkeep}
        self.upkeep, self.keys = upkeep, name_keys(f"upkeep of {name}" for name in names)
        self.loss_keys = name_keys(f"loss of {name}" for name in names)
        shape = (luck.runs, len(names))
        self.fielded, self.lost, self.up = np.ones(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
        self.crew_day = []
        for one in fielding:
            trained = luck.whole(f"fielding.{one.fire_units[0]}.crew_days", one.crew_days)
            self.crew_day.append(calendar.day_of(one.crew_from) + trained)
            self.fielded[:, [self.row[name] for name in one.fire_units]] = False
        self.available = np.clip(available, 1e-6, 1.0)
        self.up = luck.uniforms(self.keys, NEVER) < self.available
        self.repair, self.slow, self.spares, self.fresh, self.wear, self.loss = {}, {}, {}, {}, {}, {}
        for one in upkeep:
            self._draw(one, f"upkeep.{one.type}")

    def _draw(self, one: Upkeep, name: str) -> None:
        luck = self.luck
        days = np.maximum(luck.figure(f"{name}.repair_days", one.repair_days), 1.0)
        self.repair[one.type] = 1.0 / days
        self.slow[one.type] = luck.figure(f"{name}.without_spares", one.without_spares)
        self.spares[one.type] = (
            np.full(luck.runs, np.inf)
            if one.spares is None
            else (luck.whole(f"{name}.spares", one.spares).astype(float))
        )
        self.fresh[one.type] = luck.figure(f"{name}.spares_per_month", one.spares_per_month) / MONTH_D
        wear = one.wear_rounds
        self.wear[one.type] = (
            np.full(luck.runs, np.inf) if wear is None else (np.maximum(luck.figure(f"{name}.wear_rounds", wear), 1.0))
        )
        self.loss[one.type] = daily(luck.figure(f"{name}.lost_per_year", one.lost_per_year), YEAR_D)

    def step(self, day: int, done_day: dict[str, np.ndarray], fired: np.ndarray) -> np.ndarray:
        """Field what is ready, break, repair and lose; which units were lost today.

        Parameters
        ----------
        done_day
            Order -> day on which it had been delivered whole. Shape (runs,) each.
        fired
            Rounds fired last night, by unit.
        """
        for one, crew_day in zip(self.fielding, self.crew_day, strict=True):
            ready = crew_day <= day
            for name in one.needs:
                ready = ready & (done_day[name] <= day)
            self.fielded[:, [self.row[name] for name in one.fire_units]] |= ready[:, None]
        before = self.lost.copy()
        if self.upkeep:
            turns, fates = self.luck.uniforms(self.keys, day), self.luck.uniforms(self.loss_keys, day)
            for one in self.upkeep:
                self._turn(one.type, turns, fates, fired)
        return self.lost & ~before

    def _turn(self, kind: str, turns: np.ndarray, fates: np.ndarray, fired: np.ndarray) -> None:
        """One day of all units of a type: a two-state chain whose share of up days is the availability."""
        of = self.of_type[kind]
        there = self.fielded[:, of] & ~self.lost[:, of]
        share, up, u = self.available[:, of], self.up[:, of], turns[:, of]
        repair = self.repair[kind][:, None] * np.ones_like(share)
        failure = repair * (1.0 - share) / share
        over = np.maximum(failure, 1.0)  # a unit cannot fail more than once a day: both then go slower
        repair, failure = repair / over, failure / over
        worn = 1.0 - np.exp(-fired[:, of] / self.wear[kind][:, None])
        failure = 1.0 - (1.0 - failure) * (1.0 - worn)
        short = self.spares[kind] < 1.0
        repair = np.where(short[:, None], repair * self.slow[kind][:, None], repair)
        mended = there & ~up & (u < repair)
        self.up[:, of] = np.where(up, u >= failure, u < repair)
        self.spares[kind] = np.maximum(self.spares[kind] - mended.sum(axis=1), 0.0) + self.fresh[kind]
        self.lost[:, of] |= there & (fates[:, of] < self.loss[kind][:, None])

    def add_spares(self, kind: str, sets: np.ndarray) -> None:
        """Spares that were delivered. Shape (runs,)."""
        if kind in self.spares:
            self.spares[kind] = self.spares[kind] + sets

    @property
    def there(self) -> np.ndarray:
        """Units that stand in the field, up or down."""
        return self.fielded & ~self.lost

    def tonight(self) -> np.ndarray:
        """State of each unit, as the kernel reads it."""
        state = np.full(self.fielded.shape, DRAWN, np.int64)
        for of in self.of_type.values():
            state[:, of] = np.where(self.up[:, of], UP, DOWN)
        state[~self.there] = ABSENT
        return state
