"""What is worth asking for: marginal values with their doubt, the first month in which money can matter, what binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from koepel.outcome import Figure, figure
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.ordering import Orders
from koepel.plan.procurement.stages import policy_graph, stage_rows
from koepel.sddp import Policy, perfect_information, policy_of_averages, train

SOON = 0.1  # an offer has begun to come when this share of it has
ROUNDS = 100
FULL, SPENT = 0.999, 0.95
ITERATIONS = 25  # of each reading of the doubtful figures


@dataclass(frozen=True)
class Marginal:
    """What one more of something would be worth, in people not exposed over the horizon and its tail.

    Attributes
    ----------
    value
        With every figure at its middle.
    low, high
        The least and the most over readings of the doubtful figures; the same as the value where there is one only.
    """

    what: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:,.4g} ({self.low:,.4g} to {self.high:,.4g})"


def marginals(markets: Sequence[Market], policies: Sequence[Policy]) -> tuple[Marginal, ...]:
    """Worth of one more fire unit, of a hundred rounds, of a million by each funder, and of having each offer sooner.

    Parameters
    ----------
    markets, policies
        The first with figures at their middles, the others each with a reading of them.
    """
    every = [_worth(k, policy) for k, policy in zip(markets, policies, strict=True)]
    return tuple(
        Marginal(what, middle, min(one[what] for one in every), max(one[what] for one in every))
        for what, middle in every[0].items()
    )


def _worth(k: Market, policy: Policy) -> dict[str, float]:
    """People not exposed, by what there would be more of at the start."""
    p = stage_rows(k, 0, k.start)
    duals = dict(zip((p.names[column] for column in p.state_in), -1e3 * policy.first().state_duals, strict=True))
    of = lambda block, i: duals[p.names[p[f"{block}_in"][i]]]  # noqa: E731
    told = {f"a fire unit in service now: {name}": of("units", n) for n, name in enumerate(k.kinds)}
    told |= {f"{ROUNDS} rounds now: {name}": ROUNDS * of("stock", a) for a, name in enumerate(k.arms) if k.followed[a]}
    told |= {f"a million dollars now: {name}": of("free", f) for f, name in enumerate(k.funders)}
    at = {(d, j): i for i, (d, j) in enumerate(k.under_way.tolist())}
    for o, name in enumerate(k.offers):
        d, number = int(k.to[o]), 1 if k.whole_offer[o] else ROUNDS
        deepest = int(k.depth[d]) - 1  # what comes later than that is not under way at the start: as the month before
        later = [(min(j, deepest), share) for j, share in enumerate(k.arrives[o]) if share and min(j, deepest) >= 1]
        sooner = sum(share * (of("way", at[d, j - 1]) - of("way", at[d, j])) for j, share in later)
        told[f"a month sooner: {number} of {name}"] = number * sooner
    return told


def trained(markets: Sequence[Market], seconds: float, seed: int) -> list[Policy]:
    """A policy for each market, of as many iterations as the time allows."""
    return [train(policy_graph(k), iterations=ITERATIONS, seconds=seconds / len(markets), seed=seed) for k in markets]


def earliest(k: Market) -> dict[str, str]:
    """The first month in which money spent now can matter, by offer and expansion."""
    told, T = {}, len(k.months) - 1
    for o, name in enumerate(k.offers):
        begins = np.flatnonzero(k.may_order[:, o])
        share = np.cumsum(k.arrives[o])
        first = int(np.searchsorted(share, SOON * share[-1])) + int(begins[0]) if len(begins) and share[-1] > 0 else T
        if k.price_musd[:, o].max() == 0:
            continue  # a gift: money does not matter
        if k.to[o] < len(k.sources):
            first = max(first, _spare_from(k, int(k.to[o])))
        told[name] = k.months[first] if first < T else "after the horizon"
    for x, name in enumerate(k.expansions):
        begins, ramp = np.flatnonzero(k.may_agree[:, x]), np.flatnonzero(k.ramp[x] > 0)
        first = int(begins[0] + ramp[0]) if len(begins) and len(ramp) else T
        told[name] = k.months[first] if first < T else "after the horizon"
    return told


def _spare_from(k: Market, source: int) -> int:
    """The first month in which a source could give more than what was ordered before."""
    give = np.minimum(np.cumsum(k.capacity[:-1, k.start, source]), k.left[source])
    owed = np.cumsum((k.due + k.doubt[:, None] * k.doubtful)[:-1, source])
    return int(np.flatnonzero(np.append(give > owed + 1e-9, True))[0])


def binding(k: Market, policy: Policy, orders: Orders, paths: int, seed: int) -> tuple[str, ...]:
    """What holds the plan back, in words: purses and offers by its orders, lines and crews by drawn paths."""
    p = stage_rows(k, 0, k.start)
    blocks, T = ("made", "field"), len(k.months) - 1
    drawn = policy.simulate(paths, seed, columns=np.concatenate([p[name] for name in blocks]))
    cut = np.split(drawn.columns[:, :T], [len(p["made"])], axis=2)
    part, words = dict(zip(blocks, cut, strict=True)), []
    had, spent = k.free_musd + k.income_musd[:T].sum(axis=0), orders.spent_musd(k).sum(axis=0)
    words += [f"money: {100 * spent[f] / had[f]:.0f} % of {k.funders[f]} is spent"
              for f in np.argsort(-spent) if had[f] > 1e-6 and spent[f] >= SPENT * had[f]]  # fmt: skip
    room = k.capacity[:T][np.arange(T)[None, :], drawn.nodes[:, :T]]
    for s in np.flatnonzero(np.isinf(k.left)):
        share = (part["made"][:, :, s] >= FULL * room[:, :, s]).mean()
        if share > 0.5 and room[:, :, s].max() > 0:
            words.append(f"capacity: {k.sources[s]} is used whole in {100 * share:.0f} % of the months")
    ordered = orders.ordered.sum(axis=0)
    most = np.minimum(k.most, k.most_month * k.may_order[:T].sum(axis=0))
    whole = np.flatnonzero((ordered >= 0.95 * most) & (ordered > 0))
    words += [f"offer: all there is of {k.offers[o]} is ordered" for o in whole]
    for n in np.flatnonzero(k.crews < 1e5):
        if (part["field"][:, :, n] >= FULL * k.crews[n]).mean() > 0.3:
            words.append(f"crews: every crew for {k.kinds[n]} that is trained has a fire unit waiting")
    return tuple(words)


@dataclass(frozen=True)
class Doubt:
    """What it is worth to plan under doubt, and what it would be worth to have none; people, the tail included.

    Attributes
    ----------
    stochastic
        People more exposed by who plans each month as if all later ones were average (value of the stochastic
        solution).
    perfect
        People fewer exposed by who knows all from the start (expected value of perfect information).
    """

    stochastic: Figure
    perfect: Figure


def doubt(k: Market, policy: Policy, paths: int, iterations: int, seed: int) -> Doubt:
    """Both, on the same paths."""
    graph = policy.graph
    own = policy.simulate(paths, seed)
    careless = policy_of_averages(graph, iterations=iterations, seed=seed).simulate(paths, seed)
    known = perfect_information(graph, paths, seed)
    return Doubt(
        figure(1e3 * (careless.costs - own.costs), paired=False), figure(1e3 * (own.costs - known.costs), paired=False)
    )
