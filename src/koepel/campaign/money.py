"""Whose money pays: budgets that open and close, promises kept for orders, and what was spent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel.campaign.luck import MONTH_D, NEVER, Calendar, Luck
from koepel.supply import Funder
from koepel.units import Interval

USD = Interval(1.0, 1.0)


class Purses:
    """Money of every funder, in whole US dollars. All arrays have the shape (runs, funders).

    At any time ``received = free + promised + spent + lapsed``; what is promised to an order cannot go to another.

    Attributes
    ----------
    by_month
        Spent in each month. Shape (runs, months, funders).
    """

    def __init__(self, funders: Sequence[Funder], currencies: dict[str, Interval], calendar: Calendar, luck: Luck):
        shape = (luck.runs, len(funders))
        self.row = {one.name: f for f, one in enumerate(funders)}
        self.rates = {name: luck.figure(f"currencies.{name}", one) for name, one in {**currencies, "USD": USD}.items()}
        self.received, self.free, self.promised, self.spent, self.lapsed = (np.zeros(shape, np.int64) for _ in range(5))
        self.by_month = np.zeros((luck.runs, len(calendar.months), len(funders)), np.int64)
        self.budget, self.income = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for f, one in enumerate(funders):
            rate = self.rates[one.currency]
            self.budget[:, f] = np.floor(rate * luck.figure(f"funders.{one.name}.budget", one.budget))
            self.income[:, f] = np.floor(rate * luck.figure(f"funders.{one.name}.per_month", one.per_month))
        self.opens = np.array([max(calendar.day_of(one.opens), 0) for one in funders], np.int64)
        self.closes = np.array([calendar.day_of(one.closes, NEVER) for one in funders], np.int64)
        self.calendar = calendar

    def step(self, day: int) -> None:
        """Money that comes in today, and money that lapses."""
        for f in range(len(self.row)):
            since = day - self.opens[f]
            if since < 0 or day > self.closes[f]:
                self.lapsed[:, f] += self.free[:, f]
                self.free[:, f] = 0
                continue
            came = self.budget[:, f] if since == 0 else 0
            if since > 0 and int(since / MONTH_D) > int((since - 1) / MONTH_D):
                came = self.income[:, f]
            self.free[:, f] += came
            self.received[:, f] += came

    def promise(self, funder: str, wanted: np.ndarray, price_usd: np.ndarray) -> np.ndarray:
        """Keep money for as many of a price as it is enough for; how many. Shape (runs,)."""
        f = self.row[funder]
        enough = np.where(price_usd > 0, self.free[:, f] // np.maximum(price_usd, 1), wanted)
        number = np.minimum(wanted, enough)
        self.free[:, f] -= number * price_usd
        self.promised[:, f] += number * price_usd
        return number

    def pay(self, funder: str, amount_usd: np.ndarray, day: int) -> None:
        """Pay out of what was promised."""
        f = self.row[funder]
        self.promised[:, f] -= amount_usd
        self.spent[:, f] += amount_usd
        self.by_month[:, self.calendar.month_of(day), f] += amount_usd

    def imbalance_usd(self) -> np.ndarray:
        """What cannot be accounted for. Shape (runs, funders)."""
        return self.received - self.free - self.promised - self.spent - self.lapsed
