"""One chunk of runs, day by day: read top to bottom, it is the story of a campaign.

At dawn the crises, consents and money of the day are settled, orders run on, lines and donors give, rounds travel; at
dusk fire units stand to with what has reached them; in the night they fight, and what they fire is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays
from koepel.campaign.depots import Depot
from koepel.campaign.luck import YEAR_D, Calendar, Luck
from koepel.campaign.money import Purses
from koepel.campaign.orders import Orders
from koepel.campaign.sources import Donors, Lines
from koepel.campaign.troubles import Crises, Gates, Raids
from koepel.campaign.units import Units
from koepel.raid import Rhythm
from koepel.simulate import n_columns
from koepel.supply import Supply

DAILY = ("threats", "leaked")
LEDGER = ("initial", "produced", "given", "fired", "lost", "depot", "site", "on_way")
MONEY = ("received", "spent", "promised", "lapsed", "free")


@dataclass(frozen=True, eq=False)
class Plan:
    """All that is the same in every run.

    Parameters
    ----------
    unit_types
        Type of every fire unit.
    numbers
        How many of each group come on each day of a replay; None where they are drawn. Shape (days, groups).
    """

    arrays: ScenarioArrays
    supply: Supply
    rhythm: Rhythm
    unit_types: tuple[str, ...]
    days: int
    seed: int
    numbers: np.ndarray | None = None

    @property
    def calendar(self) -> Calendar:
        """Its days."""
        return Calendar(self.supply.begins, self.days)

    @property
    def effectors(self) -> tuple[str, ...]:
        """Effectors whose rounds are followed: those of a stock, and those that somebody delivers."""
        delivered = (one.effector for one in self.supply.orders if one.effector)
        return tuple(dict.fromkeys((*(one.effector for one in self.supply.stocks), *delivered)))


class Season:
    """A chunk of runs under way."""

    def __init__(self, plan: Plan, first_run: int, runs: int):
        self.plan, self.luck, self.calendar = plan, Luck(plan.seed, first_run, runs), plan.calendar
        supply, luck, calendar = plan.supply, self.luck, self.calendar
        self.ready, most, available = self._stands_by()
        self.crises, self.gates = Crises(supply.crises, luck), Gates(supply.gates, calendar, luck)
        self.raids = Raids(supply.war, calendar, luck)
        self.purses = Purses(supply.funders, supply.currencies, calendar, luck)
        self.orders = Orders(supply.orders, calendar, luck, supply.slip_together)
        self.lines = Lines(supply.lines, supply.bottlenecks, calendar, luck)
        self.donors = Donors(supply.donors, luck)
        self.depot = Depot(plan.effectors, plan.arrays.magazines, supply.stocks, supply.transport, most, luck)
        self.units = Units(
            plan.arrays.units, plan.unit_types, supply.to_field, supply.upkeep, available, calendar, luck
        )
        self.unit_of = plan.arrays.setup.defence.magazine_unit
        self.fired_by_unit = np.zeros((runs, len(plan.arrays.units)), np.int64)
        self.fading = {
            one.effector: 1.0 - luck.figure(f"fading.{one.effector}.per_year", one.per_year) for one in supply.fading
        }
        self.intensity = luck.normal("intensity", 0)
        self.growth = luck.figure("rhythm.growth_per_year", plan.rhythm.growth_per_year)

    def _stands_by(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rounds ready and room for rounds at each magazine, and availability of each unit."""
        from koepel._kernel.season import stands_by

        arrays, luck = self.plan.arrays, self.luck
        ready = np.empty((luck.runs, len(arrays.magazines)), np.int64)
        most, up = ready.copy(), np.empty((luck.runs, len(arrays.units)))
        stands_by(arrays.setup, luck.seed, luck.first_run, ready, most, up)
        return ready, most, up

    def run(self) -> dict[str, np.ndarray]:
        """Every day; what came of it, as arrays whose first axis is the runs."""
        runs, days, n = self.luck.runs, self.plan.days, len(self.plan.effectors)
        months = np.zeros((runs, len(self.calendar.months), n_columns(self.plan.arrays)))
        daily = np.zeros((runs, days, len(DAILY)), np.int32)
        stock, dry = np.zeros((runs, days, n, 3), np.int32), np.zeros((runs, days, n), bool)
        spent = np.zeros((runs, days, n), np.int32)
        up, raids = np.zeros((runs, days), np.int16), np.zeros((runs, days), bool)
        self.depot.fill(self._present())
        for day in range(days):
            self.dawn(day)
            rows, fired = self.night(day)
            before = self.depot.ledger["fired"].copy()
            self.dusk(fired)
            spent[:, day] = self.depot.ledger["fired"] - before
            months[:, self.calendar.month_of(day)] += np.nan_to_num(rows)
            daily[:, day] = self._counts(rows)
            stock[:, day], dry[:, day] = self.depot.holdings(), self._dry()
            up[:, day], raids[:, day] = self.units.there.sum(axis=1), self.raids.on
        told = {"months": months, "daily": daily, "stock": stock, "fired": spent, "dry": dry, "up": up, "raids": raids}
        return {**told, **self._books()}

    def dawn(self, day: int) -> None:
        """What happens before the night: trouble, money, orders, deliveries, transport, fire units."""
        self.crises.step(day)
        self.raids.step(day)
        self.purses.step(day)
        done = self.orders.done()
        self.gates.step(day, done)
        self.lines.step(day, self.purses)
        self.orders.step(day, self.gates.open, self.crises.on, self.purses, self.lines.cheaper())
        self._deliver(day)
        lost = self.units.step(day, self.orders.done(), self.fired_by_unit)
        self.depot.lose(lost[:, self.unit_of])
        self.depot.step(day, self._present())

    def _deliver(self, day: int) -> None:
        """Let every source give what is due today, and hand it to its orders, in the order of the file."""
        supply = self.plan.supply
        for line in supply.lines:
            due = [o for o, one in enumerate(supply.orders) if one.of == line.name]
            given = self.lines.give(line.name, self._wanted(due), self.crises.on)
            self._hand_over(day, due, line.effector, given, "produced")
        for name, effector in self.donors.stock:
            due = [o for o, one in enumerate(supply.orders) if one.of == name and one.effector == effector]
            given = self.donors.give(name, effector, self._wanted(due), self.crises.on)
            came = self._hand_over(day, due, effector, given, "given")
            useless = np.floor(came * (1.0 - self.donors.usable[name]) + 1e-9).astype(np.int64)
            written = self.donors.useless.setdefault((name, effector), np.zeros_like(useless))
            if due:
                self.depot.write_off(effector, useless - written)
            self.donors.useless[name, effector] = useless
        for o, one in enumerate(supply.orders):
            if not one.of:
                number = self.orders.outstanding(o)
                if one.effector:
                    self.depot.arrive(one.effector, number, "produced")
                self.orders.take(o, number, day, self.purses)
            for kind, sets in one.spares.items():
                self.units.add_spares(kind, np.where(self.orders.done_day[:, o] == day, sets, 0))

    def _wanted(self, due: list[int]) -> np.ndarray:
        return sum((self.orders.outstanding(o) for o in due), np.zeros(self.luck.runs, np.int64))

    def _hand_over(self, day: int, due: list[int], effector: str, given: np.ndarray, came: str) -> np.ndarray:
        """Rounds of one source to its orders; all that it ever gave. Shape (runs,)."""
        left, ever = given, np.zeros(self.luck.runs, np.int64)
        for o in due:
            number = np.minimum(left, self.orders.outstanding(o))
            left = left - number
            self.orders.take(o, number, day, self.purses)
            ever = ever + self.orders.arrived[:, o]
        if due:
            self.depot.arrive(effector, given, came)
        return ever

    def _present(self) -> np.ndarray:
        """Magazines whose fire unit is there. Shape (runs, magazines)."""
        return self.units.there[:, self.unit_of]

    def night(self, day: int) -> tuple[np.ndarray, np.ndarray]:
        """Fight the night in every run; its rows of numbers, and the rounds fired by magazine."""
        from koepel._kernel.night import nights
        from koepel._kernel.setup import EVENT, Standing

        arrays, luck = self.plan.arrays, self.luck
        fired = np.zeros((luck.runs, len(arrays.magazines)), np.int64)
        rows = np.empty((luck.runs, n_columns(self.plan.arrays)))
        places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
        standing = Standing(
            day, self.calendar.month_of(day), self.raids.on, self.numbers(day), self.depot.tonight(),
            self.units.tonight(), self._floor(), self._pk_left(day), fired,
        )  # fmt: skip
        nights(arrays.setup, luck.seed, luck.first_run, luck.runs, standing, rows, places, zones, np.empty(0, EVENT))
        return rows, fired

    def numbers(self, day: int) -> np.ndarray:
        """How many of each group come. Shape (runs, groups)."""
        from koepel._kernel.season import raid_counts

        pattern, rhythm = self.plan.arrays.setup.pattern, self.plan.rhythm
        if self.plan.numbers is not None:
            return np.repeat(self.plan.numbers[day][None, :], self.luck.runs, axis=0)
        if day > 0:
            own = self.luck.normal("intensity", day)
            self.intensity = rhythm.persistence * self.intensity + np.sqrt(1.0 - rhythm.persistence**2) * own
        counts = np.zeros((self.luck.runs, len(pattern.group_key)), np.int64)
        grown = min(day, self.calendar.day_of(rhythm.grows_until, day))
        scale = self.growth ** (grown / YEAR_D) * rhythm.by_month.get(self.calendar.date_of(day).month, 1.0)
        raid_counts(pattern, self.luck.seed, self.luck.first_run, day, self.intensity, scale, counts)
        return counts

    def _floor(self) -> np.ndarray:
        """Share of its rounds that a magazine keeps, by effector and kind of threat. Shape (runs, E, kinds)."""
        arrays = self.plan.arrays
        floor = np.repeat(arrays.setup.defence.floor[None], self.luck.runs, axis=0)
        held = self.depot.held()
        for one in self.plan.supply.rations:
            if one.effector in self.depot.row and one.effector in arrays.effectors:
                low = held[:, self.depot.row[one.effector]] < one.below
                e = arrays.effectors.index(one.effector)
                for kind, share in one.policy.items():
                    k = c.KINDS.index(kind)
                    floor[:, e, k] = np.where(low, np.maximum(floor[:, e, k], share), floor[:, e, k])
        return floor

    def _pk_left(self, day: int) -> np.ndarray:
        """What adaptation has left of each effector's kill probabilities. Shape (runs, E)."""
        effectors = self.plan.arrays.effectors
        left = np.ones((self.luck.runs, len(effectors)))
        for name, a_year in self.fading.items():
            if name in effectors:
                left[:, effectors.index(name)] = a_year ** (day / YEAR_D)
        return left

    def dusk(self, fired: np.ndarray) -> None:
        """Count what was fired."""
        self.depot.fire(fired)
        self.fired_by_unit[:] = 0
        np.add.at(self.fired_by_unit, (slice(None), self.unit_of), fired)

    def _counts(self, rows: np.ndarray) -> np.ndarray:
        """Threats and leakers of a night. Shape (runs, 2)."""
        wide = len(self.plan.arrays.types) * len(c.PER_TYPE)
        by_type = rows[:, :wide].reshape(len(rows), -1, len(c.PER_TYPE))
        return np.column_stack([by_type[:, :, : len(c.FATES)].sum(axis=(1, 2)), by_type[:, :, c.LEAKED].sum(axis=1)])

    def _dry(self) -> np.ndarray:
        """Effectors that have run dry: next to nothing left for fire units that are there. Shape (runs, effectors)."""
        held = self.depot.held()
        full = np.where(self._present(), self.ready, 0)
        ready = np.array([full[:, of].sum(axis=1) for of in self.depot.of]).T.reshape(held.shape)
        return (ready > 0) & (held <= self.plan.supply.dry_share * ready)

    def _books(self) -> dict[str, np.ndarray]:
        """Where every round and every dollar went, and when orders were delivered."""
        holdings = self.depot.holdings()
        rounds = [*(self.depot.ledger[key] for key in LEDGER[:5]), *holdings.transpose(2, 0, 1)]
        return {
            "rounds": np.stack(rounds, axis=2),
            "usable": self.depot.usable,
            "rounds_off": self.depot.imbalance_rounds(),
            "money": np.stack([getattr(self.purses, key) for key in MONEY], axis=2),
            "money_off": self.purses.imbalance_usd() + self._unpaid(),
            "spent": self.purses.by_month,
            "arrived": self.orders.arrived,
            "agreed": self.orders.agreed,
            "done_day": self.orders.done_day,
        }

    def _unpaid(self) -> np.ndarray:
        """What a funder spent beyond what its orders and joint productions were paid. Shape (runs, funders)."""
        paid = self.lines.paid_usd(self.purses.row)
        for o, one in enumerate(self.plan.supply.orders):
            if one.funder:
                paid[:, self.purses.row[one.funder]] += self.orders.paid_usd[:, o]
        return self.purses.spent - paid
