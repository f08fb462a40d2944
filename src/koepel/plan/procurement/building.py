"""The market of a reading: every array of it, in the order of `Market`."""

from __future__ import annotations

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign.luck import MONTH_D
from koepel.errors import Fault, UsageError
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.reading import ENDLESS, MUSD, PEOPLE, SURE, THRIFT, Reading, order_months
from koepel.plan.procurement.sites import MOST
from koepel.supply import Funder, Offer

TAIL = "after"
LATE = 0.02  # of what is ordered, a last part that is taken to come with the part before it
FINE = 24  # points of a month at which an order may be made


def market_of(reading: Reading, *, window: int, extra: Funder | None = None) -> Market:
    """All arrays.

    Parameters
    ----------
    window
        Months in which expansions can be agreed on.
    extra
        One more funder, whose money is there at once and pays for everything.
    """
    check_offers(reading)
    due, doubtful, doubt = _ordered_before(reading)
    return Market(
        months=(*_month_names(reading), TAIL), length=reading.length, window=min(window, reading.months),
        thrift=_thrift(reading),
        due=due, doubtful=doubtful, doubt=doubt, **_raids(reading), **_arms(reading), **_kinds(reading),
        **_sources(reading), **_offers(reading, extra), **_expansions(reading, extra), **_money(reading, extra),
    )  # fmt: skip


def check_offers(reading: Reading) -> None:
    """Refuse what cannot be planned for, all of it at once."""
    supply, arms, faults = reading.supply, reading.arms, []
    types = {kind for kinds in arms.values() for kind in kinds}
    if not (supply.offers or supply.expansions):
        faults.append(
            Fault("", "supply.offers", "there are none", "add what could be asked for; see docs/how-to/plan-buy.md")
        )
    for i, one in enumerate(supply.offers):
        if one.effector and one.effector not in arms:
            mend = "give a fire unit that has it, and a stock of it (0 rounds will do)"
            faults.append(
                Fault(
                    "",
                    f"supply.offers[{i}].effector",
                    f"nobody fires {one.effector!r}, or its rounds are not followed",
                    mend,
                )
            )
        if one.type and one.type not in types:
            faults.append(
                Fault("", f"supply.offers[{i}].type", f"no fire unit is of type {one.type!r}", "give the scenario one")
            )
        if one.per_month is not None and one.lot > one.per_month.high:
            found = f"{one.lot} at once, and at most {one.per_month.high:g} in a month"
            faults.append(Fault("", f"supply.offers[{i}].lot", found, "give a smaller lot, or more a month"))
    if faults:
        raise UsageError("the procurement", faults)


def _month_names(reading: Reading) -> list[str]:
    begins = reading.supply.begins
    count = [begins.year * 12 + begins.month - 1 + t for t in range(reading.months)]
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in count]


def _raids(reading: Reading) -> dict:
    """Harm without arms, by month and regime, and how it swings within a regime."""
    futures, response = reading.futures, reading.response
    nightly = _nightly(reading)
    leaking = np.array([[response.leaking(night) for night in row] for row in nightly])
    bare = leaking * response.people * reading.correction * reading.scale * MONTH_D / PEOPLE
    debris = (nightly * response.debris).sum(axis=2) * reading.scale * MONTH_D / PEOPLE
    return {
        "regimes": futures.regimes, "start": futures.start, "moves": futures.moves, "classes": c.CLASSES, "bare": bare,
        "debris": debris, "swing": futures.swing, "swing_chance": futures.swing_chance,
    }  # fmt: skip


def _nightly(reading: Reading) -> np.ndarray:
    """Threats of a night. Shape (T, R, C)."""
    return np.concatenate([reading.futures.threats, reading.futures.after[None]]) / MONTH_D


def _thrift(reading: Reading) -> float:
    nightly = reading.futures.threats[0, 0] / MONTH_D
    return THRIFT * float((reading.response.leaking(nightly) * reading.response.people).sum()) * MONTH_D / PEOPLE


def _arms(reading: Reading) -> dict:
    """Arms: their rounds, and what a supplied fire unit of theirs does and fires."""
    supply, arms = reading.supply, list(reading.arms)
    stocks = {one.effector: one for one in supply.stocks}
    followed = np.array([arm not in {kind for kinds in reading.arms.values() for kind in kinds} for arm in arms])
    stock, lost = np.zeros(len(arms)), np.zeros(len(arms))
    for a, arm in enumerate(arms):
        if arm in stocks:
            name, one = f"stocks.{arm}", stocks[arm]
            stock[a] = reading.figure(f"{name}.rounds", one.rounds) * reading.figure(f"{name}.usable", one.usable)
            lost[a] = reading.figure(f"{name}.lost_per_year", one.lost_per_year) / 12.0
    use = np.einsum("ac,trc->tra", reading.response.use, _nightly(reading)) * MONTH_D
    use *= np.array([reading.use_correction.get(arm, 1.0) for arm in arms])
    return {
        "arms": tuple(arms), "followed": followed, "stock": stock, "lost": lost, "use": use * followed,
        "effect": reading.response.effect[None] * reading.effect_scale * _faded(reading)[:, None, :],
    }  # fmt: skip


def _faded(reading: Reading) -> np.ndarray:
    """What adaptation leaves of an arm. Shape (T, A)."""
    left, catalogue = np.ones((reading.months + 1, len(reading.arms))), reading.scenario.catalogue()
    years = reading.middles() / 12.0
    for one in reading.supply.fading:
        a_year = 1.0 - reading.figure(f"fading.{one.effector}.per_year", one.per_year)
        for a, (arm, kinds) in enumerate(reading.arms.items()):
            if arm == one.effector or (arm in kinds and one.effector in catalogue.fire_units[arm].effectors):
                left[:, a] *= a_year**years
    return left


def _kinds(reading: Reading) -> dict:
    """Types of fire unit: how many there are, how they wear, and what they carry."""
    kinds = kinds_of(reading)
    supply, catalogue = reading.supply, reading.scenario.catalogue()
    upkeep = {one.type: one for one in supply.upkeep}
    training = {one.type: one for one in supply.training}
    wear, crews = np.zeros(len(kinds)), np.full(len(kinds), ENDLESS)
    for n, kind in enumerate(kinds):
        if kind in upkeep:
            gone = reading.figure(f"upkeep.{kind}.lost_per_year", upkeep[kind].lost_per_year)
            wear[n] = 1.0 - (1.0 - gone) ** (1.0 / 12.0)
        if kind in training:
            crews[n] = reading.figure(f"training.{kind}.crews_per_month", training[kind].crews_per_month)
    carries = np.array([[float(kind in types) for kind in kinds] for types in reading.arms.values()])
    return {
        "kinds": tuple(kinds), "units": np.array([reading.units.get(kind, 0.0) for kind in kinds]), "wear": wear,
        "up": np.array([catalogue.fire_units[kind].figure("availability").middle for kind in kinds]), "crews": crews,
        "carries": carries.reshape(len(reading.arms), len(kinds)),
    }  # fmt: skip


def kinds_of(reading: Reading) -> list[str]:
    """Types of fire unit that have an arm."""
    return list(dict.fromkeys(kind for types in reading.arms.values() for kind in types))


def _sources(reading: Reading) -> dict:
    """Lines and donors: whose rounds they give, how many in a month, and in all."""
    sources, arms = reading.sources(), list(reading.arms)
    donors = {one.name: one for one in reading.supply.donors}
    usable = [
        reading.figure(f"donors.{name}.usable", donors[name].usable) if name in donors else 1.0 for name, _ in sources
    ]
    return {
        "sources": tuple(name if name not in donors else f"{name}: {effector}" for name, effector in sources),
        "feeds": np.array([arms.index(effector) if effector in arms else -1 for _, effector in sources], int),
        "usable": np.array(usable), "capacity": reading.capacity(), "left": reading.left(),
    }  # fmt: skip


def _ordered_before(reading: Reading) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What orders made before the plan bring: surely, and if their pledges hold; and the chance that those do."""
    supply, kinds = reading.supply, kinds_of(reading)
    first_kind = len(reading.sources()) + len(reading.arms)
    T, D = reading.months + 1, first_kind + len(kinds)
    sure, open_, chances = np.zeros((T, D)), np.zeros((T, D)), [[] for _ in range(T)]

    def add(destination: int, due: np.ndarray, chance: float, certain: bool) -> None:
        (sure if certain else open_)[:, destination] += due * chance
        for t in np.flatnonzero(due) if not certain else ():
            chances[t].append(chance)

    for one in supply.orders:
        if one.effector in reading.arms:
            due, chance = order_months(reading, one)
            add(reading.destination(one), due, chance, one.status in SURE)
    orders = {one.name: one for one in supply.orders}
    types = {unit.name: unit.type for unit in reading.scenario.defence.fire_units}
    for one in supply.to_field:
        needs = [orders[name] for name in one.needs]
        whole = [
            max(reading.month(need.day), reading.consent_month(need)) + reading.lead_months("orders", need)
            for need in needs
        ]
        trained = (
            reading.month(one.crew_from)
            + reading.figure(f"fielding.{one.fire_units[0]}.crew_days", one.crew_days) / MONTH_D
        )
        t = int(max([trained, *whole, 0.0]))
        t = min(t, reading.months) if t < reading.months + reading.tail_months else T
        chance = float(np.prod([reading.chance("orders", need) for need in needs]))
        for name in one.fire_units:
            if t < T and types[name] in kinds:
                add(
                    first_kind + kinds.index(types[name]),
                    np.eye(T)[t],
                    chance,
                    all(need.status in SURE for need in needs),
                )
    doubt = np.array([np.mean(some) if some else 1.0 for some in chances])
    return sure, open_ / np.maximum(doubt, 1e-9)[:, None], doubt


def _offers(reading: Reading, extra: Funder | None) -> dict:
    """What can be ordered: when, for how much, who may pay, and when it comes."""
    offers, T = reading.supply.offers, reading.months + 1
    kinds, first_kind = kinds_of(reading), len(reading.sources()) + len(reading.arms)
    lags = [lag_months(reading, one) for one in offers]
    arrives = np.zeros((len(offers), max((len(lag) for lag in lags), default=1)))
    for o, lag in enumerate(lags):
        arrives[o, : len(lag)] = lag
    may = np.zeros((T, len(offers)), bool)
    for o, one in enumerate(offers):
        may[:-1, o] = np.arange(T - 1) >= np.ceil(max(reading.month(one.opens), reading.consent_month(one), 0.0))
    funders = (*reading.supply.funders, *([extra] if extra else []))
    to = [reading.destination(one) if one.effector else first_kind + kinds.index(one.type) for one in offers]
    prices = [reading.price_usd(one) * cheaper(reading, one.of) / MUSD for one in offers]
    may_pay = [[pays_for(funder, one.effector or one.type) for funder in funders] for one in offers]
    most = np.array([_limit(reading, one, "most", np.inf) for one in offers])
    for kind in {one.type for one in offers if one.type}:  # together no more than there are places for
        left = float(MOST)
        for o in [o for o, one in enumerate(offers) if one.type == kind]:
            most[o] = min(most[o], left)
            left -= most[o]
    for o, one in enumerate(offers):  # of what costs nothing, no more than there is
        if one.of and one.price.high == 0:
            source = reading.destination(one)
            whole = (reading.capacity()[:, :, source].max(axis=1) * reading.length).sum()
            added = sum(way.most * way.per_month.high for way in reading.supply.expansions if way.line == one.of)
            there = min(reading.left()[source], whole + added * reading.length.sum())
            most[o] = min(most[o], there / max(arrives[o].sum(), 0.05))
    return {
        "offers": tuple(one.name for one in offers), "to": np.array(to, int), "arrives": arrives, "may_order": may,
        "price_musd": np.array(prices).reshape(-1, T).T,
        "may_pay": np.array(may_pay, bool).reshape(len(offers), len(funders)),
        "most_month": np.array([_limit(reading, one, "per_month", ENDLESS) for one in offers]),
        "most": most,
        "lot": np.array([float(one.lot) for one in offers]),
        "whole_offer": np.array([bool(one.type) for one in offers], bool),
    }  # fmt: skip


def _limit(reading: Reading, one: Offer, what: str, none: float) -> float:
    """A limit of an offer, or ``none`` where it has none."""
    interval = getattr(one, what)
    return reading.figure(f"offers.{one.name}.{what}", interval) if interval else none


def lag_months(reading: Reading, one: Offer) -> np.ndarray:
    """Share of an order that has come so many months later, by lead time, crew and an exponential slip."""
    lead = reading.lead_months("offers", one) * MONTH_D
    slip = reading.figure(f"offers.{one.name}.slip_days", one.coming_true[1])
    ready = max(lead - slip, reading.figure(f"offers.{one.name}.crew_days", one.crew_days)) / MONTH_D
    within = (np.arange(FINE) + 0.5) / FINE
    months = np.arange(int(ready + 6 * slip / MONTH_D) + 3)[:, None]
    there = lambda until: -np.expm1(-np.maximum(until - ready, 0.0) / max(slip / MONTH_D, 1e-6))  # noqa: E731
    lag = (there(months + 1 - within) - there(months - within)).mean(axis=1)
    last = int(np.searchsorted(np.cumsum(lag), 1.0 - LATE))
    lag = np.append(lag[:last], 1.0 - lag[:last].sum())
    return lag * reading.chance("offers", one)


def cheaper(reading: Reading, line: str) -> np.ndarray:
    """What learning multiplies the price of a line by, month by month. Shape (T,)."""
    of = [one for one in reading.supply.lines if one.name == line]
    if not of or of[0].learning == 1.0:
        return np.ones(reading.months + 1)
    one, months = of[0], reading.middles()
    output = reading._rates(one.rates, f"lines.{one.name}", months)
    output = output + reading.made.get(line, 0.0)
    made = np.cumsum(output * reading.length) - output * reading.length / 2
    return (1.0 + made / one.made_before) ** np.log2(one.learning)


def pays_for(funder: Funder, thing: str) -> bool:
    """Whether a funder pays for an effector or a fire-unit type."""
    return not funder.pays_for or thing in funder.pays_for


def _expansions(reading: Reading, extra: Funder | None) -> dict:
    """Capacity that could be agreed on with partners."""
    ways, T = reading.supply.expansions, reading.months + 1
    lines = [one.name for one in reading.supply.lines]
    funders = (*reading.supply.funders, *([extra] if extra else []))
    figure = reading.figure
    step, cost, ramp = np.zeros(len(ways)), np.zeros(len(ways)), np.zeros((len(ways), T))
    may = np.zeros((T, len(ways)), bool)
    for x, one in enumerate(ways):
        name, (chance, slip) = f"expansions.{one.name}", one.coming_true
        whole = min(figure(f"{name}.per_month", one.per_month), reading.room(one.line) / one.most)
        step[x] = whole * figure(f"{name}.split", one.split) * figure(f"{name}.chance", chance)
        cost[x] = figure(f"{name}.cost_usd", one.cost_usd) / MUSD
        after = (figure(f"{name}.after_days", one.after_days) + figure(f"{name}.slip_days", slip)) / MONTH_D
        full = max(figure(f"{name}.ramp_days", one.ramp_days) / MONTH_D, 1e-6)
        ramp[x] = np.clip((np.arange(T) - after) / full, 0.0, 1.0)
        may[:-1, x] = np.arange(T - 1) >= np.ceil(max(reading.month(one.opens), 0.0))
    effector = {one.name: one.effector for one in reading.supply.lines}
    pays = [[pays_for(funder, effector[one.line]) for funder in funders] for one in ways]
    return {
        "expansions": tuple(one.name for one in ways), "line": np.array([lines.index(one.line) for one in ways], int),
        "step": step, "ramp": ramp, "cost_musd": cost, "steps": np.array([float(one.most) for one in ways]),
        "may_agree": may, "may_share": np.array(pays, bool).reshape(len(ways), len(funders)),
    }  # fmt: skip


def _money(reading: Reading, extra: Funder | None) -> dict:
    """What each funder has, and what comes in."""
    free, income, keeps = reading.purses()
    names = tuple(one.name for one in reading.supply.funders)
    if extra is not None:
        names = (*names, extra.name)
        free = np.append(free, extra.budget.middle / MUSD)
        income = np.column_stack([income, np.zeros(len(income))])
        keeps = np.column_stack([keeps, np.ones(len(keeps), bool)])
    return {"funders": names, "free_musd": free, "income_musd": income, "keeps": keeps}
