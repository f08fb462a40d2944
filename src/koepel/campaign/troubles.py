"""What nobody here decides: crises elsewhere, consents, and whether the war goes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel.campaign.luck import MONTH_D, NEVER, YEAR_D, Calendar, Luck, daily
from koepel.supply import Crisis, Gate, War


class Crises:
    """Which crises last today.

    Attributes
    ----------
    on
        By name. Shape (runs,), bool, each.
    """

    def __init__(self, crises: Sequence[Crisis], luck: Luck):
        self.luck = luck
        self.starts, self.ends, self.on = {}, {}, {"": np.zeros(luck.runs, bool)}
        for one in crises:
            rate = luck.figure(f"crises.{one.name}.per_year", one.per_year)
            length_d = MONTH_D * luck.figure(f"crises.{one.name}.months", one.months)
            self.starts[one.name] = 1.0 - np.exp(-rate / YEAR_D)
            self.ends[one.name] = 1.0 / np.maximum(length_d, 1.0)
            self.on[one.name] = np.zeros(luck.runs, bool)

    def step(self, day: int) -> None:
        """Let each begin or end."""
        for name, starts in self.starts.items():
            u = self.luck.uniform(f"crises.{name}", day)
            self.on[name] = np.where(self.on[name], u >= self.ends[name], u < starts)


class Gates:
    """Which consents have been given.

    Attributes
    ----------
    open
        By name. Shape (runs,), bool, each.
    """

    def __init__(self, gates: Sequence[Gate], calendar: Calendar, luck: Luck):
        self.gates = gates
        self.open = {one.name: np.zeros(luck.runs, bool) for one in gates}
        self.given, self.days, self.opens = {}, {}, {}
        for one in gates:
            chance = luck.figure(f"gates.{one.name}.chance", one.chance)
            self.given[one.name] = luck.uniform(f"gates.{one.name}") < chance
            self.days[one.name] = luck.whole(f"gates.{one.name}.days", one.days)
            self.opens[one.name] = calendar.day_of(one.opens)

    def step(self, day: int, done_day: dict[str, np.ndarray]) -> None:
        """Open what opens today.

        Parameters
        ----------
        done_day
            Order -> day on which it was delivered whole, ``NEVER`` before that. Shape (runs,) each.
        """
        for one in self.gates:
            since = np.maximum(self.opens[one.name], done_day[one.after] if one.after else 0)
            self.open[one.name] = self.given[one.name] & (day >= since + self.days[one.name])


class Raids:
    """Whether raids come.

    Attributes
    ----------
    on
        Shape (runs,), bool.
    """

    def __init__(self, war: War, calendar: Calendar, luck: Luck):
        self.luck, self.last = luck, calendar.day_of(war.until, NEVER)
        self.stops = daily(luck.figure("war.ceasefire_per_month", war.ceasefire_per_month), MONTH_D)
        self.resumes = daily(luck.figure("war.resume_per_month", war.resume_per_month), MONTH_D)
        self.fighting = np.ones(luck.runs, bool)
        self.on = self.fighting

    def step(self, day: int) -> None:
        """Let them stop, or begin again."""
        u = self.luck.uniform("war", day)
        self.fighting = np.where(self.fighting, u >= self.stops, u < self.resumes)
        self.on = self.fighting & (day <= self.last)
