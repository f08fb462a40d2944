"""The plan's mathematics from end to end: what must be whole on a small tree, the rest by a policy with a bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.plan.procurement.market import Market
from koepel.plan.procurement.ordering import Orders, afforded, reserved, whole_orders
from koepel.plan.procurement.stages import fixed, policy_graph, stage_rows, tree
from koepel.sddp import Graph, Limit, Policy, extensive, train
from koepel.sddp.program import Cuts

PATHS = 40  # of the steadied value
MEAN_PATHS = 200  # that the orders are the mean of
TREE_GAP = 0.005
WORST = 0.9  # beyond this quantile of the futures
TREE_SHARE = 0.3  # of the time, at most, for what must be whole


@dataclass(frozen=True, eq=False)
class Solved:
    """A policy, how good it is, and the orders that follow from it.

    Attributes
    ----------
    bound
        No plan, adaptive or not, exposes fewer in the mean, whole or in parts; thousands of people, the tail included.
    value, value_low, value_high
        What the policy comes to with what must be whole as it is decided, and the 95 % interval of it.
    """

    relaxed: Policy
    policy: Policy
    agreed: np.ndarray
    bound: float
    value: float
    value_low: float
    value_high: float
    orders: Orders

    @property
    def gap(self) -> float:
        """How far the value is above the bound, as a share of it."""
        return (self.value - self.bound) / max(abs(self.bound), 1e-9)


def solve(k: Market, *, iterations: int, seconds: float, gap: float, seed: int) -> Solved:
    """Plan: the bound in parts, then whole steps and fire units, then the policy around them."""
    graph = policy_graph(k)
    relaxed = train(graph, iterations=iterations, seconds=seconds, seed=seed, gap=gap)
    agreed, payer = afforded(k, whole_steps(k, seconds * TREE_SHARE))
    decided = with_steps(policy_graph(reserved(k, agreed, payer)) if agreed.any() else graph, k, agreed)
    policy = Policy(decided, relaxed.cuts, relaxed.bounds, relaxed.stopped)
    value = policy.simulate(PATHS, seed, steady=True)
    low, high = value.interval
    return Solved(relaxed, policy, agreed, relaxed.bound, value.mean, low, high, mean_orders(k, policy, agreed, seed))


def whole_steps(k: Market, seconds: float) -> np.ndarray:
    """Steps of expansions, whole, by a tree that branches once the window is over. Shape (T, X)."""
    agreed = np.zeros((len(k.months), len(k.expansions)))
    if not len(k.expansions):
        return agreed
    columns = stage_rows(k, 0, k.start)["agree"]
    found = extensive(tree(k, (k.window,), whole=True), gap=TREE_GAP, seconds=max(seconds, 5.0))
    for t in range(k.window):
        agreed[t] = np.round(found.columns[t][0][columns])
    return agreed


def with_steps(graph: Graph, k: Market, agreed: np.ndarray) -> Graph:
    """The graph with the steps of expansions given."""
    return fixed(graph, stage_rows(k, 0, k.start)["agree"], agreed)


def mean_orders(k: Market, policy: Policy, agreed: np.ndarray, seed: int) -> Orders:
    """Whole orders after the mean of what the policy orders."""
    p = stage_rows(k, 0, k.start)
    asked = np.concatenate([p["order"], p["pay"]])
    drawn = policy.simulate(MEAN_PATHS, seed, columns=asked).columns.mean(axis=0)
    return whole_orders(k, drawn[:, : len(p["order"])], drawn[:, len(p["order"]) :], agreed)


@dataclass(frozen=True, eq=False)
class Promise:
    """What given orders are promised to come to, if rounds are fired as they come.

    Attributes
    ----------
    exposed
        Thousands of people exposed within the horizon, on each path. Shape (paths,).
    leakers, fired
        In the mean, within the horizon, by class and by arm. Shapes (C,), (A,).
    """

    exposed: np.ndarray
    leakers: np.ndarray
    fired: np.ndarray


def promise(k: Market, orders: Orders, paths: int, seed: int, people: np.ndarray) -> Promise:
    """Follow the model with orders given and without foresight: in each month what there is is used.

    Parameters
    ----------
    people
        People exposed by one leaker, by class, corrections included. Shape (C,).
    """
    p = stage_rows(k, 0, k.start)
    graph = fixed(policy_graph(k), np.concatenate([p["order"], p["agree"]]), np.hstack([orders.ordered, orders.agreed]))
    simulated = _without_foresight(graph).simulate(paths, seed, columns=np.concatenate([p["leaks"], p["fires"]]))
    months = len(k.months) - 1
    bare = k.bare[np.arange(months)[None, :], simulated.nodes[:, :months]]  # (paths, months, C)
    harm = (simulated.columns[:, :months, : len(k.classes)] * bare).sum(axis=1).mean(axis=0)
    leakers = np.divide(1e3 * harm, people, out=np.zeros_like(harm), where=people > 0)
    fired = simulated.columns[:, :months, len(k.classes) :].sum(axis=1).mean(axis=0)
    return Promise(simulated.stage_costs[:, :months].sum(axis=1), leakers, fired)


def _without_foresight(graph: Graph) -> Policy:
    """A policy that sees no further than the month it is in."""
    states = len(graph.start_state)
    none = [[Cuts(np.empty((0, states)), np.empty(0)) for _ in nodes] for nodes in graph.stages]
    return Policy(graph, none, np.array([graph.floor.min(initial=0.0)]), "iterations")



@dataclass(frozen=True, eq=False)
class Branched:
    """A plan on a small tree of futures: for what the policy cannot weigh, the worst of them and the least money.

    Attributes
    ----------
    value, bound
        Of what was asked for: thousands of people exposed, mixed with the worst, or millions of dollars.
    expected, worst
        Thousands of people exposed in the mean, and in the mean of the worst tenth of the futures; the tail included.
    cost_musd
        Money set aside in the mean.
    """

    orders: Orders
    value: float
    bound: float
    expected: float
    worst: float
    cost_musd: float

    @property
    def gap(self) -> float:
        """How far the value is above the bound, as a share of it."""
        return (self.value - self.bound) / max(abs(self.bound), 1e-9)


def solve_tree(k: Market, *, seconds: float, careful: float = 0.0, most_harm: float | None = None,
               whole: bool = True) -> Branched:  # fmt: skip
    """Plan on a tree that branches at the end of the window and half-way on.

    Parameters
    ----------
    careful
        Weight of the worst tenth of the futures, 0 to 1; the mean has the rest.
    most_harm
        Thousands of people exposed in the mean, the tail included, that may not be exceeded; the least money is then
        looked for.

    Raises
    ------
    PlanError
        Where that cannot be kept to.
    """
    months = len(k.months) - 1
    branch = tuple(sorted({min(k.window, months), min(k.window + max((months - k.window) // 2, 1), months)}))
    graph = tree(k, branch, whole=whole, least_cost=most_harm is not None)
    p = stage_rows(k, 0, k.start, least_cost=most_harm is not None)
    limits, cvar = [], (WORST, careful) if careful else None
    if most_harm is not None:
        weights = np.zeros(len(p.names))
        weights[p["harm"]] = 1.0
        limits = [Limit([weights] * len(k.months), most_harm)]
    found = extensive(graph, gap=TREE_GAP, seconds=max(seconds, 5.0), cvar=cvar, limits=limits)
    mean = [level.chance @ np.stack(columns) for level, columns in zip(found.levels, found.columns, strict=True)]
    agreed = np.array([columns[p["agree"]] for columns in mean])
    orders = whole_orders(
        k, np.array([one[p["order"]] for one in mean]), np.array([one[p["pay"]] for one in mean]),
        np.round(agreed) if whole else agreed, up=most_harm is not None,
    )  # fmt: skip
    cost = float(sum(one[np.concatenate([p["pay"], p["share"]])].sum() for one in mean))
    if most_harm is not None:
        harm = float(sum(one[p["harm"]].sum() for one in mean))
        return Branched(orders, found.value, found.bound, harm, np.nan, cost)
    return Branched(orders, found.value, found.bound, found.expected, found.cvar(WORST), cost)
