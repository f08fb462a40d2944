"""Equations, stage by stage, as a stochastic program: a policy graph, or a small tree for what must be whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from koepel.plan.procurement.equations import EQUATIONS, declare_columns, harm
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.rows import Rows
from koepel.sddp import Graph, Node, Outcome


def stage_rows(k: Market, t: int, r: int, *, whole: bool = False, least_cost: bool = False) -> Rows:
    """All equations of one stage in one regime.

    Parameters
    ----------
    whole
        Mark what is decided whole: steps of expansions, and fire units within the window.
    least_cost
        Money is what costs, and people exposed are a column of their own.
    """
    p = Rows()
    declare_columns(p, k, t, r)
    for equation in EQUATIONS:
        equation(p, k, t, r)
    if least_cost:
        harm(p, k, t, r)
        cost = np.zeros(len(p.names))
        cost[np.concatenate([p["pay"], p["share"]])] = 1.0
        p.cost = cost.tolist()
    if whole and t < k.window:
        p.whole += p["agree"].tolist() + p["order"][k.whole_offer].tolist()
    return p


def node(k: Market, t: int, r: int, *, chance: bool = True) -> Node:
    """One stage in one regime, and what may come of it: how many of each class, and whether pledges hold.

    Parameters
    ----------
    chance
        Whether these are drawn; else they are as expected.
    """
    p = stage_rows(k, t, r)
    program = p.program(constant=float(k.debris[t, r] * k.length[t]))
    if not chance:
        return Node(program)
    outcomes = []
    for swing, swing_chance in zip(k.swing, k.swing_chance, strict=True):
        for factor, holds in pledges(k, t):
            due = k.due[t] + factor * k.doubtful[t]
            costs = k.bare[t, r] * k.length[t] * swing
            outcomes.append(
                Outcome(
                    chance=swing_chance * holds,
                    rows=p.rows["arrival"],
                    row_low=due,
                    row_high=due,
                    priced=p["leaks"],
                    cost=costs,
                )
            )
    return Node(program, outcomes)


def pledges(k: Market, t: int) -> list[tuple[float, float]]:
    """Share of what is doubtful that comes, and how likely that is."""
    if not k.doubtful[t].any() or not 0.0 < k.doubt[t] < 1.0:
        return [(float(k.doubt[t]), 1.0)]
    return [(1.0, float(k.doubt[t])), (0.0, float(1.0 - k.doubt[t]))]


def policy_graph(k: Market) -> Graph:
    """All regimes in every stage, each with its chance."""
    T, R = len(k.months), len(k.regimes)
    stages = [[node(k, 0, k.start, chance=False)]]
    stages += [[node(k, t, r) for r in range(R)] for t in range(1, T)]
    transition = [k.moves[[k.start]] if t == 0 else k.moves for t in range(T - 1)]
    return Graph(stages=stages, transition=transition, start_state=stage_rows(k, 0, k.start).start, floor=0.0)


def tree(k: Market, branch: Sequence[int], *, whole: bool = False, least_cost: bool = False) -> Graph:
    """A tree that branches by regime in a few stages; between them the regime stays, and all else is as expected."""

    def made(t: int, r: int) -> Node:
        p = stage_rows(k, t, r, whole=whole, least_cost=least_cost)
        return Node(p.program(constant=0.0 if least_cost else float(k.debris[t, r] * k.length[t])))

    T, R = len(k.months), len(k.regimes)
    first = min([*branch, T])
    stages = [[made(t, k.start)] for t in range(first)] + [[made(t, r) for r in range(R)] for t in range(first, T)]
    transition, last = [], 0
    for t in range(1, T):
        if t in branch:
            moves = np.linalg.matrix_power(k.moves, t - last)
            transition.append(moves[[k.start]] if t == first else moves)
            last = t
        else:
            transition.append(np.eye(1 if t < first else R))
    return Graph(stages=stages, transition=transition, start_state=stage_rows(k, 0, k.start).start, floor=0.0)


def fixed(graph: Graph, columns: np.ndarray, values: np.ndarray) -> Graph:
    """The same graph with some columns given in every stage. ``values`` has the shape (T, columns)."""
    stages = [
        [Node(one.program, [_with_columns(o, columns, values[t]) for o in one.outcomes]) for one in nodes]
        for t, nodes in enumerate(graph.stages)
    ]
    return Graph(stages=stages, transition=graph.transition, start_state=graph.start_state, floor=graph.floor)


def _with_columns(outcome: Outcome, columns: np.ndarray, values: np.ndarray) -> Outcome:
    columns = np.concatenate([outcome.columns, columns])
    low, high = np.concatenate([outcome.low, values]), np.concatenate([outcome.high, values])
    return replace(outcome, columns=columns, low=low, high=high)
