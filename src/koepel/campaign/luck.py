"""Chance and days of a campaign: draws by name for a chunk of runs, and what a date is in days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.special import ndtri

from koepel._kernel.season import supply_draws
from koepel.arrays.book import name_keys
from koepel.units import Interval

MONTH_D, YEAR_D = 30.4375, 365.25
NEVER = 1 << 30  # a day that does not come


@dataclass(frozen=True)
class Luck:
    """Draws of the runs ``first_run`` to ``first_run + runs - 1``.

    A draw depends on the seed, the run, the name and the count, so another order or another fire unit leaves it as it
    was, and so does another number of workers.
    """

    seed: int
    first_run: int
    runs: int

    def uniform(self, name: str, count: int = 0) -> np.ndarray:
        """One draw on [0, 1) for each run. Shape (runs,)."""
        return self.uniforms(name_keys([name]), count)[:, 0]

    def uniforms(self, keys: np.ndarray, count: int = 0) -> np.ndarray:
        """Draws of several names. Shape (runs, names)."""
        out = np.empty((self.runs, len(keys)))
        supply_draws(self.seed, self.first_run, keys, count, False, out)
        return out

    def normal(self, name: str, count: int = 0) -> np.ndarray:
        """A standard normal draw for each run. Shape (runs,)."""
        return ndtri(np.maximum(self.uniform(name, count), 1e-300))

    def figure(self, name: str, interval: Interval) -> np.ndarray:
        """An uncertain figure, uniform on its interval, the same for runs 2k and 2k + 1. Shape (runs,)."""
        out = np.empty((self.runs, 1))
        supply_draws(self.seed, self.first_run, name_keys([name]), 0, True, out)
        return interval.low + (interval.high - interval.low) * out[:, 0]

    def whole(self, name: str, interval: Interval) -> np.ndarray:
        """An uncertain figure as a whole number. Shape (runs,)."""
        return np.floor(self.figure(name, interval) + 0.5).astype(np.int64)


@dataclass(frozen=True)
class Calendar:
    """Days of a campaign, counted from 0."""

    begins: date
    days: int

    def day_of(self, when: date | None, default: int = 0) -> int:
        """How many days after the beginning; below 0 before it."""
        return default if when is None else (when - self.begins).days

    def date_of(self, day: int) -> date:
        """The date of a day."""
        return self.begins + timedelta(days=int(day))

    def month_of(self, day: int) -> int:
        """Which month of the campaign a day is in, the first being 0."""
        now = self.date_of(day)
        return 12 * (now.year - self.begins.year) + now.month - self.begins.month

    @property
    def months(self) -> tuple[str, ...]:
        """All months, as 2025-06."""
        named = (self.date_of(day).strftime("%Y-%m") for day in range(self.days))
        return tuple(dict.fromkeys(named))


def daily(chance: np.ndarray, days: float) -> np.ndarray:
    """The chance in a day of what has a given chance in so many days."""
    return 1.0 - (1.0 - np.minimum(chance, 1.0)) ** (1.0 / days)
