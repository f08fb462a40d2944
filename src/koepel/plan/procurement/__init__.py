"""What to acquire, from whom, with whose money, in which month; proven by a bound, and by campaigns that are fought.

Read `buy` for the story: `sites` puts the fire units that could come where they would serve best, `response` learns
from the simulator what each thing does, `futures` draws what may come, `reading` and `building` turn the supply side
into a `market`, `equations` say what is possible, `solving` decides, `trial` lets the simulator judge, and `worth` says
what else to ask for.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign import Campaign, plan_of
from koepel.campaign.luck import MONTH_D
from koepel.errors import Fault, PlanError, UsageError
from koepel.plan.procurement.building import market_of
from koepel.plan.procurement.futures import draw_futures
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.ordering import Orders, nothing
from koepel.plan.procurement.reading import Reading
from koepel.plan.procurement.response import Nights, arms_of, fight_nights, fit_response, resampled
from koepel.plan.procurement.result import Point, ProcurementPlan
from koepel.plan.procurement.sites import Additions, with_offered
from koepel.plan.procurement.solving import Branched, Solved, promise, solve, solve_tree
from koepel.plan.procurement.trial import (
    Proof,
    applied,
    fought,
    humbled,
    lines_of,
    people_of,
    proof,
    refitted,
    scaled,
)
from koepel.plan.procurement.worth import binding, doubt, earliest, marginals, trained
from koepel.scenario import Scenario, digest
from koepel.supply import Funder
from koepel.units import Interval

__all__ = ["ProcurementPlan", "buy"]

FRESH, LEARNING = 4_000_037, 5_000_011  # added to the seed: campaigns that prove, and campaigns that teach
NEW_MONEY = "new money"
WINDOW = 6
REFITS = 3
PATHS = 200
BUDGETS = (0.0, 0.25, 0.5, 1.0, 2.0)
MOST_MONTHS, ENDLESS_MONTHS, OVER = 60, 60, 0.05
ITERATIONS = 300


def buy(
    scenario: Scenario,
    *,
    budget_usd: float = 0.0,
    months: int = 36,
    until_end_of_war: bool = False,
    harm_at_most: float | None = None,
    careful: float = 0.0,
    tail_months: float = 6.0,
    seed: int = 1,
    gap: float = 0.01,
    seconds: float = 120.0,
    runs: int = 64,
    draws: int = 0,
    frontier: bool = False,
    doubt_paths: int = 0,
    progress: Callable[[str], None] | None = None,
) -> ProcurementPlan:
    """Decide what to acquire.

    Parameters
    ----------
    scenario
        With a supply side that has offers.
    budget_usd
        New money, there at once, that pays for everything; besides what the scenario's funders have.
    months
        How long the plan is.
    until_end_of_war
        Take a ceasefire for the end, and plan until raids most likely are over; at most 60 months.
    harm_at_most
        People exposed over the horizon and its tail, in the mean, that may not be exceeded: least cost, not least harm.
    careful
        Weight of the worst tenth of the futures, 0 to 1.
    tail_months
        How long what is left over at the end goes on to serve: what it is worth.
    gap, seconds
        Stop when the policy is within this share of the bound, or after so long; each of the steps besides takes its
        own time.
    runs
        Campaigns to learn from and to prove the plan by, with and without it; none where 0.
    draws
        Readings of the doubtful figures that marginal values are given the range of; no marginal values where 0.
    frontier
        Tell the harm at other budgets.
    doubt_paths
        Paths on which to say what planning under doubt is worth; none where 0.
    progress
        Called with what is being done.

    Raises
    ------
    UsageError
        For numbers that make no sense, or offers that nobody could use.
    PlanError
        Where the harm allowed cannot be kept to; it names what to relax.
    ScenarioError
        With every fault of the scenario.

    Examples
    --------
    >>> plan = buy(Scenario.read("small-country"), months=6, seconds=20, runs=0)
    >>> plan.bound <= plan.value * 1.001, plan.gap < 0.01, len(plan.lines) > 0
    (True, True, True)
    """
    started = time.perf_counter()
    scenario.check()
    counts = (runs, draws, doubt_paths)
    check_usage(scenario, budget_usd, months, harm_at_most, careful, tail_months, gap, seconds, counts)
    tell = progress or (lambda _: None)
    if until_end_of_war:
        months = months_of_war(scenario)
        scenario = scenario.replace({"supply.war.resume_per_month": 0.0})  # the ceasefire is the end in every fight too
    extra = Funder(name=free_name(scenario), budget=Interval(budget_usd, budget_usd)) if budget_usd else None
    tell("fighting nights with and without everything")
    additions, nights, reading = read_country(scenario, months, tail_months, seed, until_end=until_end_of_war)
    base = None
    if runs:
        tell("fighting campaigns without a plan")
        base = fought(scenario, months, runs, seed + LEARNING)
        reading = _taught(reading, base, extra, seed)

    def decide(reading: Reading) -> tuple[Market, Solved | Branched]:
        k = market_of(reading, window=WINDOW, extra=extra)
        return k, _solved(k, harm_at_most, careful, gap=gap, seconds=seconds, seed=seed)

    def fight(orders: Orders, k: Market) -> Campaign:
        planned = applied(scenario, lines_of(k, orders), additions, extra)
        return fought(planned, months, runs, seed + LEARNING)

    reading, k, found, refits = _decided(reading, decide, fight, base, extra, seed, tell)
    plan = _plan(scenario, k, found, seed=seed, additions=additions, extra=extra, reading=reading)
    if runs:
        tell("proving the plan on fresh seeds")
        told = _proof(scenario, plan, k, found.orders, reading, runs, seed, refits)
        plan = replace(plan, proof=told)
    tell("saying what is worth asking for")
    plan = _with_worth(plan, k, found, reading, nights, extra, draws=draws, frontier=frontier, paths=doubt_paths,
                       seconds=seconds, seed=seed)  # fmt: skip
    return replace(plan, seconds=time.perf_counter() - started)


def check_usage(scenario, budget_usd, months, harm_at_most, careful, tail_months, gap, seconds, counts) -> None:
    """Refuse what makes no sense, all of it at once."""
    faults = []

    def least(name: str, value: float, low: float, high: float, mend: str) -> None:
        if not low <= value <= high:
            faults.append(Fault("", name, f"found {value:g}", mend))

    if scenario.supply is None:
        mend = "add a supply side with offers; see docs/how-to/plan-buy.md"
        faults.append(Fault("", "supply", f"{scenario.name} has none", mend))
    least("budget_usd", budget_usd, 0, 1e13, "give 0 or more dollars")
    least("months", months, 1, MOST_MONTHS, f"give 1 to {MOST_MONTHS}")
    least("careful", careful, 0, 1, "give a share from 0 to 1")
    least("tail_months", tail_months, 0.1, 60, "give 0.1 to 60 months")
    least("gap", gap, 0, 1, "give a share from 0 to 1")
    least("seconds", seconds, 1, 1e7, "give 1 or more")
    least("runs, draws and doubt_paths", min(counts), 0, 1e6, "give 0 or more")
    if counts[0] == 1:
        faults.append(Fault("", "runs", "found 1", "give 0, or 2 or more: one campaign has no interval"))
    if harm_at_most is not None and harm_at_most <= 0:
        faults.append(Fault("", "harm_at_most", f"found {harm_at_most:g}", "give more than 0 people"))
    if harm_at_most is not None and careful:
        faults.append(Fault("", "careful", "the least cost is asked for as well", "give one of the two"))
    if faults:
        raise UsageError("the procurement", faults)


def months_of_war(scenario: Scenario) -> int:
    """Months until raids are over with a chance of 95 %, where a ceasefire is the end; at most 60."""
    war, months = scenario.supply.war, float(ENDLESS_MONTHS)
    stops = min(war.ceasefire_per_month.middle, 1 - 1e-9)
    if stops > 0:
        months = min(months, np.log(OVER) / np.log1p(-stops))
    if war.until is not None:
        months = min(months, ((war.until - scenario.supply.begins).days + 1) / MONTH_D)
    return max(int(np.ceil(months)), 1)


def free_name(scenario: Scenario) -> str:
    """What the new money is called: a name that no funder has."""
    taken, name, n = {one.name for one in scenario.supply.funders}, NEW_MONEY, 1
    while name in taken:
        n += 1
        name = f"{NEW_MONEY} {n}"
    return name


def read_country(
    scenario: Scenario, months: int, tail_months: float, seed: int, until_end: bool
) -> tuple[Additions, Nights, Reading]:
    """What could come, what each thing does, and what may happen."""
    followed = plan_of(scenario, 1, seed).effectors
    additions = with_offered(scenario, seed)
    arms = arms_of(additions.scenario, followed)
    nights = fight_nights(additions.scenario, arms, followed, seed)
    coming = {name for one in scenario.supply.to_field for name in one.fire_units}
    units = Counter(unit.type for unit in scenario.defence.fire_units if unit.name not in coming)
    futures = draw_futures(scenario, months, seed, tail_months=tail_months, until_end=until_end)
    reading = Reading(scenario, months, tail_months, arms, futures, fit_response(nights), dict(units), seed)
    return additions, nights, reading


def _taught(reading: Reading, seen: Campaign, extra, seed: int) -> Reading:
    """The reading fitted again to what a campaign without a plan came to."""
    for _ in range(2):
        k = market_of(reading, window=WINDOW, extra=extra)
        reading = refitted(reading, k, nothing(k), seen, seed)
        k = market_of(reading, window=WINDOW, extra=extra)
        reading = scaled(reading, seen, promise(k, nothing(k), PATHS, seed, people_of(reading)))
    return reading


def _decided(reading: Reading, decide, fight, base: Campaign | None, extra, seed: int, tell):
    """The plan, decided again at the prices that come of it, and until its promise lies within what is simulated."""
    tell("planning")
    k, found = decide(reading)
    made = added_output(k, found.orders, reading)
    if any(more.any() for more in made.values()):
        tell("planning again, at the prices that come of what is added")
        reading = replace(reading, made=made)
        k, found = decide(reading)
    for refits in range(REFITS + 1) if base is not None else ():
        tell("fighting campaigns with the plan")
        seen = fight(found.orders, k)
        told = proof(k, found.orders, base, seen, seed, people_of(reading), refits)
        if told.difference_inside or refits == REFITS:
            return reading, k, found, refits
        reading = _taught(humbled(reading, told), base, extra, seed)
        k, found = decide(reading)
    return reading, k, found, 0


def added_output(k: Market, orders: Orders, reading: Reading) -> dict[str, np.ndarray]:
    """What expansions add to lines that learn: line -> rounds a month. Shape (T,) each."""
    learning = {one.name for one in reading.supply.lines if one.learning < 1}
    added: dict[str, np.ndarray] = {name: np.zeros(len(k.months)) for name in learning}
    for t, x in np.argwhere(orders.agreed > 0):
        line = k.sources[k.line[x]]
        if line in learning:
            ages = np.clip(np.arange(len(k.months)) - t, 0, k.ramp.shape[1] - 1)
            added[line] += orders.agreed[t, x] * k.step[x] * k.ramp[x, ages] * (np.arange(len(k.months)) >= t)
    return added


def _solved(k: Market, harm_at_most, careful: float, *, gap: float, seconds: float, seed: int) -> Solved | Branched:
    """The plan by its objective."""
    if harm_at_most is not None:
        least = solve_tree(k, seconds=seconds)
        if harm_at_most / 1e3 < least.expected * (1 + 1e-6):
            fewest = f"{1e3 * least.expected:,.0f}"
            found = f"found {harm_at_most:,.0f}; with all the money there is, {fewest} people are exposed"
            mend = f"allow {1001 * least.expected:,.0f} or more, or give more money, offers or months"
            raise PlanError("the procurement", [Fault("", "harm_at_most", found, mend)])
        return solve_tree(k, seconds=seconds, most_harm=harm_at_most / 1e3)
    if careful:
        return solve_tree(k, seconds=seconds, careful=careful)
    return solve(k, iterations=ITERATIONS, seconds=seconds, gap=gap, seed=seed)


def _proof(
    scenario: Scenario, plan: ProcurementPlan, k: Market, orders: Orders, reading, runs: int, seed: int, refits: int
) -> Proof:
    """Both campaigns on fresh seeds."""
    base, planned = (fought(one, len(k.months) - 1, runs, seed + FRESH) for one in (scenario, plan.apply(scenario)))
    return proof(k, orders, base, planned, seed, people_of(reading), refits)


def _plan(
    scenario: Scenario, k: Market, found: Solved | Branched, *, seed: int, additions, extra, reading
) -> ProcurementPlan:
    """The answer in the nouns of a scenario."""
    orders, lines = found.orders, lines_of(k, found.orders)
    branched = isinstance(found, Branched)
    money = branched and np.isnan(found.worst)
    unit = 1e6 if money else 1e3
    low, high = (None, None) if branched else (found.value_low * unit, found.value_high * unit)
    spent = orders.spent_musd(k).sum(axis=0) * 1e6
    return ProcurementPlan(
        scenario=scenario.name, digest=digest(scenario), seed=seed,
        objective="least cost" if money else "careful" if branched else "least harm",
        begins=str(scenario.supply.begins), months=k.months[:-1], tail_months=float(k.length[-1]), lines=lines,
        value=found.value * unit, bound=found.bound * unit, gap=found.gap, value_low=low, value_high=high,
        deliveries=_deliveries(k, orders),
        spent_usd={name: float(usd) for name, usd in zip(k.funders, spent, strict=True) if usd},
        paid_usd=_payments(scenario, k, orders), earliest=earliest(k), seconds=0.0,
        skill={name: float(s) for name, s in zip(c.CLASSES, reading.response.skill, strict=True) if np.isfinite(s)},
        binds=() if branched else binding(k, found.policy, orders, PATHS, seed), _additions=additions, _extra=extra,
    )  # fmt: skip


def _deliveries(k: Market, orders: Orders) -> dict[str, list[float]]:
    """Expected pieces by month, of what is newly ordered, where no queue holds them up."""
    T, told = len(k.months) - 1, {}
    names = [*(k.arms[a] for a in k.feeds), *k.arms, *k.kinds]
    for o, to in enumerate(k.to):
        came = np.convolve(orders.ordered[:T, o], k.arrives[o])[:T]
        if came.any():
            told[names[to]] = told.get(names[to], np.zeros(T)) + came
    return {name: [float(x) for x in came] for name, came in told.items()}


def _payments(scenario: Scenario, k: Market, orders: Orders) -> list[float]:
    """What is paid in each month: a share with the order, the rest with the deliveries, joint production at once."""
    T, paid = len(k.months) - 1, orders.agreed[: len(k.months) - 1] @ k.cost_musd
    for o, one in enumerate(scenario.supply.offers):
        cost = orders.number[:T, o, :-1].sum(axis=1) * k.price_musd[:T, o]
        comes = k.arrives[o] / max(k.arrives[o].sum(), 1e-12)
        paid = paid + one.paid_when_ordered * cost + (1 - one.paid_when_ordered) * np.convolve(cost, comes)[:T]
    return [float(1e6 * x) for x in paid]


def _with_worth(plan: ProcurementPlan, k: Market, found, reading: Reading, nights: Nights, extra, *, draws: int,
                frontier: bool, paths: int, seconds: float, seed: int) -> ProcurementPlan:  # fmt: skip
    """The plan with what else is asked of it."""
    if draws:
        drawn = [replace(reading, draw=d, response=resampled(nights, d, seed)) for d in range(1, draws + 1)]
        markets = [k, *(market_of(one, window=WINDOW, extra=extra) for one in drawn)]
        plan = replace(plan, marginals=marginals(markets, trained(markets, seconds * len(markets), seed)))
        lengths = (1.0, 2 * plan.tail_months) if isinstance(found, Solved) else ()
        plan = replace(plan, tails={length: _spent(reading, length, extra, seconds, seed) for length in lengths})
    if frontier:
        plan = replace(plan, frontier=tuple(_point(k, factor, seconds) for factor in BUDGETS))
    if paths and isinstance(found, Solved):
        plan = replace(plan, doubt=doubt(k, found.policy, paths, 60, seed))
    return plan


def _spent(reading: Reading, tail_months: float, extra, seconds: float, seed: int) -> float:
    """Dollars set aside by the plan with another worth of what is left over."""
    k = market_of(replace(reading, tail_months=tail_months), window=WINDOW, extra=extra)
    return float(1e6 * solve(k, iterations=60, seconds=seconds, gap=0.01, seed=seed).orders.spent_musd(k).sum())


def _point(k: Market, factor: float, seconds: float) -> Point:
    """The least harm with all budgets times a factor, on the tree."""
    richer = k.changed(free_musd=k.free_musd * factor, income_musd=k.income_musd * factor)
    found = solve_tree(richer, seconds=seconds, whole=False)
    return Point(factor, 1e6 * found.cost_musd, 1e3 * found.expected, 1e3 * found.worst)
