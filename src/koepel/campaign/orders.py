"""Orders: whether they come true, when they are due, what they may cost, and what has been delivered of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from koepel.campaign.luck import MONTH_D, NEVER, Calendar, Luck
from koepel.campaign.money import Purses
from koepel.supply import Order
from koepel.units import Interval


def slip_days(luck: Luck, name: str, of: str, mean: Interval, together: float) -> np.ndarray:
    """An exponential slip, tied to the other slips at its source by a one-factor Gaussian copula. Shape (runs,).

    References
    ----------
    Li, "On default correlation: a copula function approach", Journal of Fixed Income 9 (2000).
    """
    shared = luck.normal(f"slip|{of or name}")
    own = luck.normal(f"slip of {name}")
    u = ndtr(np.sqrt(together) * shared + np.sqrt(1.0 - together) * own)
    return -np.log(np.maximum(1.0 - u, 1e-12)) * luck.figure(f"orders.{name}.slip_days", mean)


class Orders:
    """All orders. Arrays have the shape (runs, orders) and count rounds, or 1 for what is not rounds.

    Attributes
    ----------
    true
        Whether it comes true at all.
    left_d
        Days until it is due, as its clock counts them.
    agreed
        How many are on order: contracted, promised as a gift, or 0.
    done_day
        When it had been delivered whole.
    """

    def __init__(self, orders: Sequence[Order], calendar: Calendar, luck: Luck, together: float):
        self.orders, self.row = orders, {one.name: o for o, one in enumerate(orders)}
        shape = (luck.runs, len(orders))
        self.true, self.left_d = np.zeros(shape, bool), np.zeros(shape)
        self.wanted, self.agreed, self.arrived = (np.zeros(shape, np.int64) for _ in range(3))
        self.price_usd, self.paid_usd = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.allowed, self.done_day = np.zeros(shape), np.full(shape, NEVER, np.int64)
        self.price, self.per_day = np.zeros(shape), np.full(shape, np.inf)
        self.settled, self.due = np.zeros(shape, bool), np.zeros(shape, bool)
        self.first_day = np.array([calendar.day_of(one.day) for one in orders], np.int64)
        for o, one in enumerate(orders):
            name = f"orders.{one.name}"
            chance, slip = one.coming_true
            self.true[:, o] = luck.uniform(name) < luck.figure(f"{name}.chance", chance)
            self.wanted[:, o] = luck.whole(f"{name}.rounds", one.rounds) if one.effector else 1
            self.price[:, o] = luck.figure(f"{name}.price", one.price)
            lead = luck.figure(f"{name}.lead_days", one.lead_days)
            late = slip_days(luck, one.name, one.of, slip, together)
            self.left_d[:, o] = lead + late + min(self.first_day[o], 0)
            if one.per_month is not None:
                self.per_day[:, o] = luck.figure(f"{name}.per_month", one.per_month) / MONTH_D

    def step(self, day: int, gates: dict[str, np.ndarray], crises: dict[str, np.ndarray], purses: Purses,
             cheaper: dict[str, np.ndarray]) -> None:  # fmt: skip
        """Agree on what may be agreed on today, and let the clocks run.

        Parameters
        ----------
        gates, crises
            Whether a gate is open, whether a crisis lasts. Shape (runs,) each.
        cheaper
            Production line -> what its price is multiplied by today. Shape (runs,) each.
        """
        for o, one in enumerate(self.orders):
            if day < self.first_day[o]:
                continue
            ready = self.true[:, o].copy()
            for name in one.gates:
                ready &= gates[name]
            self._agree(o, one, day, ready & ~self.settled[:, o], purses, cheaper.get(one.of, 1.0))
            running = self.settled[:, o] & ready
            self.left_d[:, o] -= np.where(running, np.where(crises[one.crisis], one.pace_in_crisis, 1.0), 0.0)
            self.due[:, o] = running & (self.left_d[:, o] < 0.0)
            self.allowed[:, o] += np.where(self.due[:, o], self.per_day[:, o], 0.0)

    def _agree(self, o: int, one: Order, day: int, now: np.ndarray, purses: Purses, cheaper) -> None:
        """Settle how many are ordered, and pay the first part; where there is no money, ask again tomorrow."""
        if not now.any():
            return
        wanted = np.where(now, self.wanted[:, o], 0)
        number = wanted
        if one.funder and one.status != "delivered":
            price = np.floor(self.price[:, o] * purses.rates[one.currency] * cheaper + 0.5).astype(np.int64)
            number = purses.promise(one.funder, wanted, price)
            self.price_usd[:, o] = np.where(number > 0, price, self.price_usd[:, o])
        settled = now & ((number > 0) | (wanted == 0))
        self.agreed[:, o] += number
        self.settled[:, o] |= settled
        if one.funder and one.status != "delivered":
            self._pay(o, one, day, purses)

    def outstanding(self, o: int) -> np.ndarray:
        """How many could be taken today. Shape (runs,)."""
        left = self.agreed[:, o] - self.arrived[:, o]
        if np.isfinite(self.per_day[0, o]):
            left = np.minimum(left, np.floor(self.allowed[:, o] + 1e-9).astype(np.int64) - self.arrived[:, o])
        return np.where(self.due[:, o], np.maximum(left, 0), 0)

    def take(self, o: int, number: np.ndarray, day: int, purses: Purses) -> None:
        """Count a delivery, and pay for it."""
        one = self.orders[o]
        self.arrived[:, o] += number
        whole = self.settled[:, o] & self.due[:, o] & (self.arrived[:, o] >= self.agreed[:, o])
        self.done_day[:, o] = np.where(whole, np.minimum(self.done_day[:, o], day), self.done_day[:, o])
        if one.funder and one.status != "delivered":
            self._pay(o, one, day, purses)

    def _pay(self, o: int, one: Order, day: int, purses: Purses) -> None:
        """Pay up to what is owed: a share when ordered, the rest in proportion to what has arrived."""
        total = self.agreed[:, o] * self.price_usd[:, o]
        first = np.floor(one.paid_when_ordered * total).astype(np.int64)
        rest = (total - first) * self.arrived[:, o] // np.maximum(self.agreed[:, o], 1)
        owed = np.where(self.settled[:, o], first + rest, 0)
        purses.pay(one.funder, owed - self.paid_usd[:, o], day)
        self.paid_usd[:, o] = owed

    def done(self) -> dict[str, np.ndarray]:
        """Order -> day on which it had been delivered whole. Shape (runs,) each."""
        return {name: self.done_day[:, o] for name, o in self.row.items()}
