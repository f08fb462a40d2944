"""Equations, stage by stage, as a stochastic program: a policy graph, or a small tree for what must be whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel.plan.procurement.equations import EQUATIONS, declare_columns, expected_due
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.rows import Rows
from koepel.sddp import Graph, Node, Outcome


def stage_rows(k: Market, t: int, r: int, *, whole: bool = False) -> Rows:
    """All equations of one stage in one regime.

    Parameters
    ----------
    whole
        Mark what is decided whole: steps of expansions, and fire units within the window.
    """
    p = Rows()
    declare_columns(p, k, t, r)
    for equation in EQUATIONS:
        equation(p, k, t, r)
    if whole and t < k.window:
        p.whole += p["agree"].tolist() + p["order"][k.whole_offer].tolist()
    return p


def node(k: Market, t: int, r: int, *, chance: bool = True, whole: bool = False) -> Node:
    """One stage in one regime, and what may come of it: how many of each class, and whether pledges hold.

    Parameters
    ----------
    chance
        Whether these are drawn; else they are as expected.
    """
    p = stage_rows(k, t, r, whole=whole)
    program = p.program(constant=float(k.debris[t, r] * k.length[t]))
    if not chance:
        return Node(program)
    outcomes = []
    for swing, swing_chance in zip(k.swing, k.swing_chance, strict=True):
        for factor, holds in pledges(k, t):
            due = k.due[t] + factor * k.doubtful[t]
            costs = k.bare[t, r] * k.length[t] * swing
            outcomes.append(
                Outcome(chance=swing_chance * holds, rows=p.rows["arrival"], row_low=due, row_high=due,
                        priced=p["leaks"], cost=costs)  # fmt: skip
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


def tree(k: Market, branch: Sequence[int], *, whole: bool = False) -> Graph:
    """A tree that branches by regime in a few stages only; between them the regime stays, and the rest is as expected."""
    T, R = len(k.months), len(k.regimes)
    first = min([*branch, T])
    stages = [[node(k, t, k.start, chance=False, whole=whole)] for t in range(first)]
    stages += [[node(k, t, r, chance=False, whole=whole) for r in range(R)] for t in range(first, T)]
    transition = []
    last = 0
    for t in range(1, T):
        if t in branch:
            moves = np.linalg.matrix_power(k.moves, t - last)
            transition.append(moves[[k.start]] if t == first else moves)
            last = t
        else:
            transition.append(np.eye(1 if t < first else R))
    return Graph(stages=stages, transition=transition, start_state=stage_rows(k, 0, k.start).start, floor=0.0)


def fixed(graph: Graph, k: Market, orders: np.ndarray) -> Graph:
    """The same graph with what is ordered in each stage given. ``orders`` has the shape (T, O)."""
    p = stage_rows(k, 0, k.start)
    columns = p["order"]
    stages = []
    for t, nodes in enumerate(graph.stages):
        stages.append([])
        for one in nodes:
            outcomes = [
                Outcome(chance=o.chance, rows=o.rows, row_low=o.row_low, row_high=o.row_high, priced=o.priced,
                        cost=o.cost, columns=columns, low=orders[t], high=orders[t])  # fmt: skip
                for o in one.outcomes
            ]
            stages[-1].append(Node(one.program, outcomes))
    return Graph(stages=stages, transition=graph.transition, start_state=graph.start_state, floor=graph.floor)


__all__ = ["expected_due", "fixed", "node", "pledges", "policy_graph", "stage_rows", "tree"]
