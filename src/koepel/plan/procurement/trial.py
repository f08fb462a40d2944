"""The plan in the scenario, and the simulator's word on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign import Campaign, campaign
from koepel.campaign.luck import MONTH_D
from koepel.outcome import Figure, figure
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.ordering import Orders, nothing
from koepel.plan.procurement.reading import Reading
from koepel.plan.procurement.sites import Additions
from koepel.plan.procurement.solving import Promise, promise
from koepel.scenario import Scenario
from koepel.supply import Expansion, Fielding, Funder, Joint, Offer, Order

LEAST, MOST = 0.1, 10.0  # how far one refit may move a factor
PATHS = 200


@dataclass(frozen=True)
class Line:
    """One thing that is asked for: an offer or an expansion, in a month, with a funder's money."""

    month: int
    name: str
    number: int
    funder: str
    cost_usd: float
    expansion: bool = False


def lines_of(k: Market, orders: Orders) -> tuple[Line, ...]:
    """Everything that is asked for, in the order of its months."""
    found = []
    for t in range(len(k.months)):
        for x in np.flatnonzero(orders.agreed[t]):
            payer = k.funders[orders.shared_by[x]] if orders.shared_by[x] >= 0 else ""
            steps = int(orders.agreed[t, x])
            found.append(Line(t, k.expansions[x], steps, payer, float(steps * k.cost_musd[x] * 1e6), True))
        for o, f in np.argwhere(orders.number[t] > 0):
            number = int(round(orders.number[t, o, f]))
            payer = k.funders[f] if f < len(k.funders) else ""
            found.append(Line(t, k.offers[o], number, payer, float(number * k.price_musd[t, o] * 1e6)))
    return tuple(found)


def applied(scenario: Scenario, lines: tuple[Line, ...], additions: Additions, extra: Funder | None) -> Scenario:
    """The scenario with all that is asked for: orders, joint production, fire units and their crews."""
    supply = scenario.supply
    offers = {one.name: one for one in supply.offers}
    ways = {one.name: one for one in supply.expansions}
    orders, fielding, joint, units = [], [], {}, []
    waiting = {kind: list(names) for kind, names in additions.names.items()}
    there = {unit.name: unit for unit in additions.scenario.defence.fire_units}
    taken = {one.name for one in supply.orders}
    for line in lines:
        day = supply.begins + timedelta(days=ceil(line.month * MONTH_D))
        if line.expansion:
            joint.setdefault(ways[line.name].line, []).append(_joint(ways[line.name], line, day))
        elif offers[line.name].effector:
            orders.append(_order(offers[line.name], line, day, taken, rounds=line.number))
        else:
            one = offers[line.name]
            for _ in range(min(line.number, len(waiting[one.type]))):
                name = waiting[one.type].pop(0)
                orders.append(_order(one, line, day, taken, fire_units=(name,)))
                needs = (orders[-1].name,)
                fielding.append(Fielding(fire_units=(name,), needs=needs, crew_from=day, crew_days=one.crew_days))
                units.append(there[name])
    made = tuple(one.model_copy(update={"joint": (*one.joint, *joint.get(one.name, ()))}) for one in supply.lines)
    supply = supply.model_copy(update={
        "orders": (*supply.orders, *orders), "fielding": (*supply.fielding, *fielding), "lines": made,
        "funders": (*supply.funders, *([extra] if extra else ())),
    })  # fmt: skip
    defence = scenario.defence.model_copy(update={"fire_units": (*scenario.defence.fire_units, *units)})
    return scenario.model_copy(update={"supply": supply, "defence": defence})


def _order(one: Offer, line: Line, day, taken: set[str], *, rounds: int = 0, fire_units: tuple[str, ...] = ()) -> Order:
    name, n = f"{one.name}, {day:%Y-%m}", 1
    while name in taken:
        n += 1
        name = f"{one.name}, {day:%Y-%m} ({n})"
    taken.add(name)
    return Order(
        name=name, day=day, of=one.of, effector=one.effector, rounds=rounds, fire_units=fire_units,
        lead_days=one.lead_days, price=one.price if line.funder else 0, currency=one.currency, funder=line.funder,
        paid_when_ordered=one.paid_when_ordered, status=one.status, chance=one.chance, slip_days=one.slip_days,
        crisis=one.crisis, pace_in_crisis=one.pace_in_crisis, gates=one.gates,
    )  # fmt: skip


def _joint(one: Expansion, line: Line, day) -> Joint:
    return Joint(
        partner=f"{one.partner} ({one.name}, {day:%Y-%m})", day=day, per_month=one.per_month.scaled(line.number),
        after_days=one.after_days, ramp_days=one.ramp_days, split=one.split,
        cost_usd=one.cost_usd.scaled(line.number) if line.funder else 0, funder=line.funder, status=one.status,
        chance=one.chance, slip_days=one.slip_days,
    )  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """Two campaigns on the same luck, without the plan and with it, and what the model promised of each.

    Attributes
    ----------
    without, with_plan
        People exposed over the horizon, as simulated.
    difference
        With the plan less without, run by run.
    promised_without, promised_with
        The same by the model.
    refits
        How often the model was fitted again to what the simulator said.
    """

    runs: int
    seed: int
    days: int
    without: Figure
    with_plan: Figure
    difference: Figure
    promised_without: float
    promised_with: float
    refits: int

    @property
    def inside(self) -> bool:
        """Whether the promise with the plan lies in the simulated interval."""
        return self.with_plan.mean_low <= self.promised_with <= self.with_plan.mean_high

    @property
    def promised(self) -> float:
        """Promised difference."""
        return self.promised_with - self.promised_without

    @property
    def difference_inside(self) -> bool:
        """Whether the promised difference lies in the simulated interval."""
        return self.difference.mean_low <= self.promised <= self.difference.mean_high

    def as_dict(self) -> dict:
        """Plain numbers."""
        names = ("runs", "seed", "days", "promised_without", "promised_with", "promised", "inside", "difference_inside",
                 "refits")  # fmt: skip
        plain = {name: getattr(self, name) for name in names}
        return plain | {name: getattr(self, name).as_dict() for name in ("without", "with_plan", "difference")}


def fought(scenario: Scenario, months: int, runs: int, seed: int, workers: int | None = None) -> Campaign:
    """A campaign over the horizon."""
    return campaign(scenario, days=days_of(months), runs=runs, seed=seed, workers=workers)


def days_of(months: int) -> int:
    """Days of a horizon."""
    return int(round(months * MONTH_D))


def exposed(one: Campaign) -> np.ndarray:
    """People exposed over the horizon. Shape (runs,)."""
    return one.by_month("exposed").sum(axis=1)


def refitted(reading: Reading, k: Market, orders: Orders, seen: Campaign, seed: int) -> Reading:
    """The reading with leakers, people and rounds fired scaled to what a campaign with these orders came to."""
    told = promise(k, orders, PATHS, seed, people_of(reading))
    leaked = np.array([seen.leaked_of_class(name).sum(axis=1).mean() for name in c.CLASSES])
    by_class = _ratio(leaked, told.leakers)
    use = dict(reading.use_correction)
    for arm in seen.followed:
        if arm in reading.arms:
            a = list(reading.arms).index(arm)
            fired = np.array(seen.fired_by_month(arm).sum(axis=1).mean())
            use[arm] = use.get(arm, 1.0) * float(_ratio(fired, told.fired[a]))
    return replace(reading, correction=reading.correction * by_class, use_correction=use)


def humbled(reading: Reading, told: Proof) -> Reading:
    """The reading with what arms do scaled so that the plan would have promised the difference that was simulated."""
    ratio = told.difference.mean / told.promised if told.promised else 1.0
    return replace(reading, effect_scale=reading.effect_scale * float(np.clip(ratio, 0.5, 2.0)))


def scaled(reading: Reading, seen: Campaign, told: Promise) -> Reading:
    """The reading with people exposed scaled as a whole."""
    return replace(reading, scale=reading.scale * float(_ratio(exposed(seen).mean(), 1e3 * told.exposed.mean())))


def people_of(reading: Reading) -> np.ndarray:
    """People exposed by one leaker, by class, as the market counts them. Shape (C,)."""
    return reading.response.people * reading.scale


def _ratio(seen, told) -> np.ndarray:
    """How much more was seen than told; 1 where nothing was told."""
    ones = np.ones_like(np.asarray(told, float))
    return np.clip(np.divide(seen, told, out=ones, where=np.asarray(told) > 1e-9), LEAST, MOST)


def proof(
    k: Market, orders: Orders, base: Campaign, planned: Campaign, seed: int, people: np.ndarray, refits: int
) -> Proof:
    """Promised and simulated, side by side."""
    before, after = promise(k, nothing(k), PATHS, seed, people), promise(k, orders, PATHS, seed, people)
    return Proof(
        runs=base.runs, seed=base.seed, days=base.days, without=figure(exposed(base)),
        with_plan=figure(exposed(planned)), difference=figure(exposed(planned) - exposed(base)),
        promised_without=float(1e3 * before.exposed.mean()),
        promised_with=float(1e3 * after.exposed.mean()), refits=refits,
    )  # fmt: skip
