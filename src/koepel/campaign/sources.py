"""Where rounds come from, and who else wants them: production lines that share bottlenecks, and donors' stocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel.campaign.luck import MONTH_D, Calendar, Luck
from koepel.campaign.money import Purses
from koepel.campaign.orders import slip_days
from koepel.supply import Bottleneck, Donor, Joint, ProductionLine, Rate, Recipient


def shared_out(output: np.ndarray, wants: np.ndarray, priority: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Divide an output: lower priorities first, and within one in proportion to shares, up to what each wants.

    Parameters
    ----------
    output
        Shape (runs,).
    wants
        Shape (runs, recipients).
    priority, share
        Shape (recipients,).

    Returns
    -------
    array
        Shape (runs, recipients).

    Examples
    --------
    >>> shared_out(np.array([10.0]), np.array([[2.0, 9.0, 9.0]]), np.array([1, 1, 1]), np.ones(3))
    array([[2., 4., 4.]])
    """
    given, left = np.zeros_like(wants), output.astype(float).copy()
    for level in np.unique(priority):
        members = np.flatnonzero(priority == level)
        for _ in members:  # each pass fills at least one, or leaves nothing
            open_ = wants[:, members] - given[:, members] > 1e-12
            if not open_.any() or not left.any():
                break
            weight = np.where(open_, share[members], 0.0)
            total = weight.sum(axis=1)
            part = np.divide(weight, total[:, None], out=np.zeros_like(weight), where=total[:, None] > 0)
            more = np.minimum(wants[:, members] - given[:, members], left[:, None] * part)
            given[:, members] += more
            left = np.maximum(left - more.sum(axis=1), 0.0)
    return given


def rates_by_day(rates: Sequence[Rate], name: str, calendar: Calendar, luck: Luck) -> np.ndarray:
    """Rounds a day, in a straight line between the given days, at the middle of each day. Shape (days, runs).

    One draw places a run in the intervals of all its rates.
    """
    at = np.array([calendar.day_of(rate.day) for rate in rates], float)
    values = np.array([luck.figure(name, rate.per_month) for rate in rates]) / MONTH_D
    if len(at) == 1:
        return np.broadcast_to(values[0], (calendar.days, luck.runs))
    days = np.arange(calendar.days) + 0.5
    after = np.clip(np.searchsorted(at, days, side="right"), 1, len(at) - 1)
    part = np.clip((days - at[after - 1]) / np.maximum(at[after] - at[after - 1], 1e-9), 0.0, 1.0)[:, None]
    return (1.0 - part) * values[after - 1] + part * values[after]


class Others:
    """Those who want rounds of the same source."""

    def __init__(self, source: str, own_priority: int, own_share: float, others: Sequence[Recipient], luck: Luck):
        name = f"recipients.{source}"
        self.wants = [luck.figure(f"{name}.{one.name}.per_month", one.per_month) / MONTH_D for one in others]
        self.in_crisis = [luck.figure(f"{name}.{one.name}.in_crisis", one.in_crisis) for one in others]
        self.priority = np.array([own_priority, *(one.priority for one in others)])
        self.share = np.array([own_share, *(one.share for one in others)])

    def divide(self, output: np.ndarray, own: np.ndarray, crisis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the nation gets of an output, and what all others get together. Shape (runs,) each."""
        wants = [w * np.where(crisis, more, 1.0) for w, more in zip(self.wants, self.in_crisis, strict=True)]
        given = shared_out(output, np.column_stack([own, *wants]), self.priority, self.share)
        return given[:, 0], given[:, 1:].sum(axis=1)


class Partner:
    """What a joint production adds to a line."""

    def __init__(self, line: str, joint: Joint, calendar: Calendar, luck: Luck):
        name = f"joint.{line}.{joint.partner}"
        chance, slip = joint.coming_true
        self.joint, self.signed = joint, calendar.day_of(joint.day)
        self.true = luck.uniform(name) < luck.figure(f"{name}.chance", chance)
        late = slip_days(luck, name, line, slip, 0.5)
        self.starts = self.signed + luck.figure(f"{name}.after_days", joint.after_days) + late
        self.ramp_d = luck.figure(f"{name}.ramp_days", joint.ramp_days)
        self.per_day = luck.figure(f"{name}.per_month", joint.per_month) / MONTH_D
        self.split = luck.figure(f"{name}.split", joint.split)
        self.cost = luck.figure(f"{name}.cost_usd", joint.cost_usd).astype(np.int64)
        self.paid_usd = np.zeros(luck.runs, np.int64)

    def pay(self, day: int, purses: Purses) -> None:
        """On the day it is agreed the nation's side pays, or it does not come about."""
        if day != max(self.signed, 0) or not self.joint.funder:
            return
        kept = purses.promise(self.joint.funder, self.true.astype(np.int64), self.cost)
        purses.pay(self.joint.funder, kept * self.cost, day)
        self.paid_usd = kept * self.cost
        self.true &= kept > 0

    def adds(self, day: int) -> np.ndarray:
        """Rounds added today. Shape (runs,)."""
        since = day + 0.5 - self.starts
        grown = np.clip(since / np.maximum(self.ramp_d, 1e-9), 0.0, 1.0)
        return np.where(self.true, self.per_day * grown, 0.0)


class Lines:
    """All production lines.

    Attributes
    ----------
    made
        Rounds made since the beginning, for everybody. Shape (runs, lines).
    """

    def __init__(self, lines: Sequence[ProductionLine], bottlenecks: Sequence[Bottleneck], calendar: Calendar,
                 luck: Luck):  # fmt: skip
        self.lines, self.row = lines, {one.name: k for k, one in enumerate(lines)}
        self.capacity = [rates_by_day(one.rates, f"lines.{one.name}.per_month", calendar, luck) for one in lines]
        self.through = {
            one.name: rates_by_day(one.rates, f"bottlenecks.{one.name}.per_month", calendar, luck)
            for one in bottlenecks
        }
        self.others = [Others(one.name, one.priority, one.share, one.recipients, luck) for one in lines]
        self.partners = [[Partner(one.name, joint, calendar, luck) for joint in one.joint] for one in lines]
        self.made = np.zeros((luck.runs, len(lines)))
        self.carried = np.zeros((luck.runs, len(lines)))
        self.output, self.kept = self.made.copy(), self.made.copy()  # of today; the part kept for the nation

    def step(self, day: int, purses: Purses) -> None:
        """What each line can make today."""
        for k, partners in enumerate(self.partners):
            self.output[:, k], self.kept[:, k] = self.capacity[k][day], 0.0
            for partner in partners:
                partner.pay(day, purses)
                more = partner.adds(day)
                self.output[:, k] += more
                self.kept[:, k] += partner.split * more
        factor = np.ones_like(self.output)
        for name, through in self.through.items():
            users = [k for k, line in enumerate(self.lines) if name in line.uses]
            asked = self.output[:, users].sum(axis=1)
            enough = np.divide(through[day], asked, out=np.ones_like(asked), where=asked > 0)
            factor[:, users] = np.minimum(factor[:, users], np.minimum(enough, 1.0)[:, None])
        self.output *= factor
        self.kept *= factor

    def give(self, name: str, wanted: np.ndarray, crises: dict[str, np.ndarray]) -> np.ndarray:
        """Rounds that the nation gets of a line today, whole ones. Shape (runs,)."""
        k = self.row[name]
        line = self.lines[k]
        room = np.maximum(wanted - self.carried[:, k], 0.0)  # a part of a round is being made already
        kept = np.minimum(self.kept[:, k], room)
        more, others = self.others[k].divide(self.output[:, k] - kept, room - kept, crises[line.crisis])
        self.made[:, k] += kept + more + others
        self.carried[:, k] += kept + more
        given = np.minimum(np.floor(self.carried[:, k] + 1e-9).astype(np.int64), wanted)
        self.carried[:, k] -= given
        return given

    def paid_usd(self, row: dict[str, int]) -> np.ndarray:
        """What joint productions cost each funder. Shape (runs, funders)."""
        paid = np.zeros((len(self.made), len(row)), np.int64)
        for partner in (one for partners in self.partners for one in partners):
            if partner.joint.funder:
                paid[:, row[partner.joint.funder]] += partner.paid_usd
        return paid

    def cheaper(self) -> dict[str, np.ndarray]:
        """What learning multiplies the price of each line by. Shape (runs,) each."""
        return {
            line.name: (1.0 + self.made[:, k] / line.made_before) ** np.log2(line.learning)
            for k, line in enumerate(self.lines)
        }


class Donors:
    """Stocks of donors, by donor and effector.

    Attributes
    ----------
    stock
        Shape (runs,) each.
    """

    def __init__(self, donors: Sequence[Donor], luck: Luck):
        self.donors = {one.name: one for one in donors}
        self.others = {one.name: Others(one.name, one.priority, one.share, one.recipients, luck) for one in donors}
        self.stock, self.had, self.floor, self.usable, self.useless = {}, {}, {}, {}, {}
        for one in donors:
            name = f"donors.{one.name}"
            quiet, tense = luck.figure(f"{name}.floor", one.floor), luck.figure(f"{name}.floor", one.crisis_floor)
            self.floor[one.name] = quiet, np.maximum(quiet, tense)
            self.usable[one.name] = luck.figure(f"{name}.usable", one.usable)
            for effector, interval in one.stock.items():
                had = luck.whole(f"{name}.stock.{effector}", interval).astype(float)
                self.stock[one.name, effector], self.had[one.name, effector] = had.copy(), had

    def give(self, name: str, effector: str, wanted: np.ndarray, crises: dict[str, np.ndarray]) -> np.ndarray:
        """Rounds that the nation gets of a donor today, whole ones. Shape (runs,)."""
        crisis = crises[self.donors[name].crisis]
        quiet, tense = self.floor[name]
        stock = self.stock[name, effector]
        above = np.maximum(stock - np.where(crisis, tense, quiet) * self.had[name, effector], 0.0)
        own, others = self.others[name].divide(above, wanted.astype(float), crisis)
        given = np.floor(own + 1e-9).astype(np.int64)
        self.stock[name, effector] = stock - given - others
        return given
