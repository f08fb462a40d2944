"""A scenario's supply side, its futures and its response, as a `Market`.

An uncertain figure is the middle of its interval, or, in one reading among several, a draw from it: so the doubt of
prices, capacities and lead times reaches what is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.random import Generator, Philox

from koepel._kernel import columns as c
from koepel.campaign.luck import MONTH_D
from koepel.campaign.sources import shared_out
from koepel.plan.procurement.futures import Futures
from koepel.plan.procurement.market import uncommitted
from koepel.plan.procurement.response import Response
from koepel.scenario import Scenario
from koepel.supply import Gate, Joint, Order, Rate, Recipient, Supply
from koepel.units import Interval

ENDLESS = 1e6  # rounds a month of whoever makes what is not followed
SURE = ("contracted", "delivered")
PEOPLE, MUSD = 1e3, 1e6  # thousands of people, millions of dollars
THRIFT = 1e-7  # of the people exposed in a month without arms, for a million dollars


@dataclass(frozen=True, eq=False)
class Reading:
    """A scenario as a planner reads it.

    Parameters
    ----------
    months
        How long the plan is.
    tail_months
        How long what is left over goes on to serve, after that.
    arms
        Arm -> types of fire unit that have it.
    units
        Fire units in the field at first, by type; offered ones are not among them.
    draw
        Which draw of the figures; 0 for their middles.
    scale, effect_scale, correction, use_correction
        What refits multiply people exposed, what arms do, leakers by class, and rounds fired by arm with.
    made
        Production line -> rounds that the plan adds to those ever made, by month; they make it cheaper.
    """

    scenario: Scenario
    months: int
    tail_months: float
    arms: dict[str, tuple[str, ...]]
    futures: Futures
    response: Response
    units: dict[str, float]
    seed: int = 1
    draw: int = 0
    scale: float = 1.0
    effect_scale: float = 1.0
    correction: np.ndarray = field(default_factory=lambda: np.ones(len(c.CLASSES)))
    use_correction: dict[str, float] = field(default_factory=dict)
    made: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def supply(self) -> Supply:
        """The supply side."""
        return self.scenario.supply

    @property
    def length(self) -> np.ndarray:
        """Months of each stage. Shape (T,)."""
        return np.append(np.ones(self.months), self.tail_months)

    def figure(self, name: str, interval: Interval) -> float:
        """A figure, by its name; the same in every reading with the same draw."""
        if self.draw == 0 or interval.low == interval.high:
            return interval.middle
        return interval.low + (interval.high - interval.low) * _uniform(self.seed, self.draw, name)

    def month(self, day: date | None, default: float = 0.0) -> float:
        """Months from the beginning to a day."""
        return default if day is None else (day - self.supply.begins).days / MONTH_D

    # money

    def usd(self, currency: str) -> float:
        """US dollars for one of a currency."""
        return 1.0 if currency == "USD" else self.figure(f"currencies.{currency}", self.supply.currencies[currency])

    def price_usd(self, one) -> float:
        """Of one piece of an offer, or of an order."""
        kind = "offers" if hasattr(one, "most") else "orders"
        return self.figure(f"{kind}.{one.name}.price", one.price) * self.usd(one.currency)

    def purses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Free money at first, what comes in a month, and whether it can be kept, after what was ordered before."""
        T, funders = self.months + 1, self.supply.funders
        income, keeps = np.zeros((T, len(funders))), np.ones((T, len(funders)), bool)
        for f, one in enumerate(funders):
            opens = max(self.month(one.opens), 0.0)
            closes = self.month(one.closes, np.inf)
            rate = self.usd(one.currency)
            for t in range(self.months):
                if t == int(np.ceil(opens)) and opens <= closes:
                    income[t, f] += rate * self.figure(f"funders.{one.name}.budget", one.budget)
                elif opens + 1 <= t <= closes:
                    income[t, f] += rate * self.figure(f"funders.{one.name}.per_month", one.per_month)
                keeps[t, f] = t + 1 <= closes
        free = np.array([uncommitted(income[:, f] - self._committed(one.name)) for f, one in enumerate(funders)])
        free = free.reshape(len(funders), T).T / MUSD
        return np.zeros(len(funders)), free, keeps

    def _committed(self, funder: str) -> np.ndarray:
        """What a funder pays for orders made before the plan, by month, as far as they come true. Shape (T,)."""
        paid = np.zeros(self.months + 1)
        for one in self.supply.orders:
            if one.funder == funder and one.status != "delivered":
                number = self.figure(f"orders.{one.name}.rounds", one.rounds) if one.effector else 1.0
                t = int(np.clip(self.month(one.day), 0, self.months))
                paid[t] += self.price_usd(one) * number * self.chance("orders", one)
        for line in self.supply.lines:
            for one in line.joint:
                if one.funder == funder:
                    t = int(np.clip(self.month(one.day), 0, self.months))
                    paid[t] += self.figure(f"joint.{line.name}.{one.partner}.cost_usd", one.cost_usd)
        return paid

    # what comes true, and when

    def chance(self, kind: str, one) -> float:
        """That an order or an offer comes true, with its consents."""
        whole = self.figure(f"{kind}.{one.name}.chance", one.coming_true[0])
        for name in getattr(one, "gates", ()):
            gate = self._gate(name)
            whole *= self.figure(f"gates.{name}.chance", gate.chance)
        return whole

    def lead_months(self, kind: str, one) -> float:
        """From the order to the first delivery: lead time, mean slip, and the wait for consents."""
        slower = 1.0
        if one.crisis and one.crisis == self.futures.crisis_name:
            share = _stationary(self.futures.moves) @ self.futures.crisis
            slower = 1.0 / (1.0 - share + share * one.pace_in_crisis)
        days = self.figure(f"{kind}.{one.name}.lead_days", one.lead_days) * slower
        days += self.figure(f"{kind}.{one.name}.slip_days", one.coming_true[1])
        return days / MONTH_D

    def consent_month(self, one) -> float:
        """When the last of its consents is given."""
        opens = [
            max(self.month(gate.opens), self._done_month(gate.after))
            + self.figure(f"gates.{gate.name}.days", gate.days) / MONTH_D
            for gate in map(self._gate, one.gates)
        ]
        return max(opens, default=0.0)

    def _gate(self, name: str) -> Gate:
        return next(gate for gate in self.supply.gates if gate.name == name)

    def _done_month(self, order: str) -> float:
        if not order:
            return 0.0
        one = next(one for one in self.supply.orders if one.name == order)
        return max(self.month(one.day), self.consent_month(one)) + self.lead_months("orders", one)

    # sources

    def sources(self) -> list[tuple[str, str]]:
        """Lines, then what each donor holds of each effector: name and effector."""
        lines = [(one.name, one.effector) for one in self.supply.lines]
        return lines + [(one.name, effector) for one in self.supply.donors for effector in one.stock]

    def capacity(self) -> np.ndarray:
        """Rounds that the nation can get of each source in a month. Shape (T, R, S)."""
        months = self.middles()
        lines = [self._rates(one.rates, f"lines.{one.name}", months) for one in self.supply.lines]
        for k, one in enumerate(self.supply.lines):
            lines[k] = (
                lines[k],
                sum((self._joint(one.name, joint, months) for joint in one.joint), np.zeros(len(months))),
            )
        through = self._through([base + joint for base, joint in lines], months)
        every = [
            self._part(one, lines[k][0] * through[k], lines[k][1] * through[k])
            for k, one in enumerate(self.supply.lines)
        ]
        for one in self.supply.donors:
            held = one.crisis == self.futures.crisis_name and one.crisis and one.crisis_floor.middle >= one.floor.middle
            open_ = np.where(self.futures.crisis & bool(held), 0.0, ENDLESS)
            every += [np.tile(open_, (len(months), 1))] * len(one.stock)
        return np.stack(every, axis=2) if every else np.zeros((len(months), len(self.futures.regimes), 0))

    def middles(self) -> np.ndarray:
        """The middle of each stage, in months. Shape (T,)."""
        return np.cumsum(self.length) - self.length / 2

    def _rates(self, rates: Sequence[Rate], name: str, months: np.ndarray) -> np.ndarray:
        at = np.array([self.month(rate.day) for rate in rates])
        return np.interp(months, at, [self.figure(f"{name}.per_month", rate.per_month) for rate in rates])

    def _joint(self, line: str, one: Joint, months: np.ndarray) -> np.ndarray:
        """The nation's part of what a joint production adds, in the mean."""
        name, (chance, slip) = f"joint.{line}.{one.partner}", one.coming_true
        figure = self.figure
        starts = self.month(one.day) + (figure(f"{name}.after_days", one.after_days)
                                        + figure(f"{name}.slip_days", slip)) / MONTH_D  # fmt: skip
        ramp = figure(f"{name}.ramp_days", one.ramp_days) / MONTH_D
        true = figure(f"{name}.chance", chance)
        share = np.clip((months - starts) / max(ramp, 1e-9), 0.0, 1.0)
        return figure(f"{name}.per_month", one.per_month) * figure(f"{name}.split", one.split) * true * share

    def _through(self, output: list[np.ndarray], months: np.ndarray) -> np.ndarray:
        """Share of each line's output that gets through its bottlenecks. Shape (lines, T)."""
        factor = np.ones((len(output), len(months)))
        for one in self.supply.bottlenecks:
            users = [k for k, line in enumerate(self.supply.lines) if one.name in line.uses]
            asked = np.sum([output[k] for k in users], axis=0) if users else np.zeros(len(months))
            most = self._rates(one.rates, f"bottlenecks.{one.name}", months)
            for k in users:
                factor[k] = np.minimum(factor[k], most / np.maximum(asked, most))
        return factor

    def _part(self, line, output: np.ndarray, own: np.ndarray) -> np.ndarray:
        """The nation's part of a line, were its wish endless. Shape (T, R)."""
        troubled = bool(line.crisis) and line.crisis == self.futures.crisis_name
        parts = []
        for crisis in self.futures.crisis:
            wants = [self._wish(line.name, one, crisis and troubled) for one in line.recipients]
            wants = np.tile([ENDLESS, *wants], (len(output), 1))
            priority = np.array([line.priority, *(one.priority for one in line.recipients)])
            share = np.array([line.share, *(one.share for one in line.recipients)])
            parts.append(shared_out(output, wants, priority, share)[:, 0] + own)
        return np.stack(parts, axis=1)

    def _wish(self, line: str, one: Recipient, crisis: bool) -> float:
        name = f"recipients.{line}.{one.name}"
        more = self.figure(f"{name}.in_crisis", one.in_crisis) if crisis else 1.0
        return self.figure(f"{name}.per_month", one.per_month) * more

    def room(self, line: str) -> float:
        """Rounds a month that the bottlenecks of a line would let through besides, in the mean over the plan."""
        months, room = self.middles(), ENDLESS
        for one in self.supply.bottlenecks:
            users = [maker for maker in self.supply.lines if one.name in maker.uses]
            if line in (maker.name for maker in users):
                most = self._rates(one.rates, f"bottlenecks.{one.name}", months)
                asked = sum(self._rates(maker.rates, f"lines.{maker.name}", months) for maker in users)
                room = min(room, float(np.maximum(most - asked, 0.0).mean()))
        return room

    def left(self) -> np.ndarray:
        """What each source has to give in all. Shape (S,)."""
        given = [
            self.figure(f"donors.{one.name}.stock.{effector}", stock)
            * (1.0 - self.figure(f"donors.{one.name}.floor", one.floor))
            for one in self.supply.donors
            for effector, stock in one.stock.items()
        ]
        return np.array([np.inf] * len(self.supply.lines) + given)

    def destination(self, one) -> int:
        """Where an offer or an order of rounds goes: the queue at its source, or the arm."""
        sources = self.sources()
        if one.of:
            return sources.index((one.of, one.effector))
        return len(sources) + list(self.arms).index(one.effector)


def _uniform(seed: int, draw: int, name: str) -> float:
    from koepel.arrays.book import name_keys

    key = [(seed ^ (draw << 32)) & 0xFFFFFFFFFFFFFFFF, int(name_keys([name])[0])]
    return float(Generator(Philox(key=key)).uniform())


def _stationary(moves: np.ndarray) -> np.ndarray:
    """Share of time in each regime over the first three years. Shape (R,)."""
    now, total = np.eye(len(moves))[0], np.zeros(len(moves))
    for _ in range(36):
        total, now = total + now / 36, now @ moves
    return total


def order_months(reading: Reading, one: Order) -> tuple[np.ndarray, float]:
    """How much of an order comes in each stage if it comes true, and the chance that it does. Shape (T,)."""
    due = np.zeros(reading.months + 1)
    number = reading.figure(f"orders.{one.name}.rounds", one.rounds) if one.effector else 1.0
    start = max(reading.month(one.day), reading.consent_month(one)) + reading.lead_months("orders", one)
    if one.status == "delivered":
        start = reading.month(one.day)
    pace = np.inf if one.per_month is None else reading.figure(f"orders.{one.name}.per_month", one.per_month)
    left, t = number, int(max(start, 0.0))
    if reading.months < t < reading.months + reading.tail_months:
        t = reading.months
    while left > 1e-9 and t < len(due):
        now = min(left, pace * reading.length[t])
        due[t] += now
        left, t = left - now, t + 1
    return due, reading.chance("orders", one)
