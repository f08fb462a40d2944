"""Stochastic dual dynamic programming: a policy is trained along drawn paths, and its bound rises.

Pereira and Pinto, Mathematical Programming 52, 1991. Forward, the programs are solved along a path with the cuts there
are; backward, the duals at the states met make a cut on the cost still to come. Markov nodes: Philpott and de Matos,
European Journal of Operational Research 218, 2012. Selection of cuts: de Matos, Philpott and Finardi, Journal of
Computational and Applied Mathematics 290, 2015.
"""

from __future__ import annotations

import time

import numpy as np

from koepel.errors import Fault, UsageError
from koepel.sddp.chance import drawn_paths
from koepel.sddp.graph import Graph
from koepel.sddp.passes import Working
from koepel.sddp.policy import Policy

SELECT_EVERY = 10  # iterations
CHECK_EVERY, CHECK_PATHS = 20, 100  # iterations between two looks at the gap; paths of a look


def train(
    graph: Graph, *, iterations: int = 100, seconds: float = np.inf, seed: int = 0, paths: int = 1,
    gap: float | None = None,
) -> Policy:  # fmt: skip
    """A policy with a proven bound, by stochastic dual dynamic programming.

    The same graph, seed, paths and number of iterations give the same policy to the bit; a limit of seconds may stop at
    another iteration next time.

    Parameters
    ----------
    graph
        With relatively complete recourse. Whole columns are solved in parts.
    iterations, seconds
        At most, whichever comes first; at least one iteration is made.
    seed
        0 or more.
    paths
        Walked forward in each iteration.
    gap
        Stop when simulated cost, at the upper end of its 95 % interval, is within this part of the bound; looked at
        every 20 iterations on 100 fresh paths. Never where left out.

    Raises
    ------
    UsageError
        For numbers out of range.
    PlanError
        Where a program has no decision from a state that was reached, or no cheapest one.

    Examples
    --------
    See `Graph`.
    """
    _checked(iterations, seconds, seed, paths)
    began = time.perf_counter()
    working, bounds, stopped = Working(graph), [], "iterations"
    for iteration in range(1, iterations + 1):
        nodes, outcomes = drawn_paths(graph, seed, iteration, paths)
        costs, after, _ = working.forward(nodes, outcomes)
        if graph.certain and gap is not None and bounds and costs[0].sum() - bounds[-1] <= gap * _size(bounds[-1]):
            stopped = "gap"
            break
        working.backward(after)
        if iteration % SELECT_EVERY == 0:
            working.select()
        bounds.append(max(working.first_bound(), *bounds[-1:]) if bounds else working.first_bound())
        if time.perf_counter() - began > seconds:
            stopped = "seconds"
            break
        if gap is not None and not graph.certain and iteration % CHECK_EVERY == 0:
            if _close(working, bounds, gap, seed, iteration):
                stopped = "gap"
                break
    return Policy(graph, working.cuts(), np.array(bounds), stopped, working.bases_now())


def _close(working: Working, bounds: list[float], gap: float, seed: int, iteration: int) -> bool:
    """Whether the simulated cost, with its doubt, is within the gap of the bound."""
    nodes, outcomes = drawn_paths(working.graph, seed, (1 << 32) + iteration, CHECK_PATHS)
    costs = working.forward(nodes, outcomes)[0].sum(axis=1)
    upper = costs.mean() + 1.96 * costs.std(ddof=1) / np.sqrt(len(costs))
    return bool(upper - bounds[-1] <= gap * _size(bounds[-1]))


def _size(value: float) -> float:
    """What a gap is a part of."""
    return max(abs(value), 1e-9)


def _checked(iterations: int, seconds: float, seed: int, paths: int) -> None:
    """Every number that is out of range."""
    faults = [
        Fault("", name, f"found {value!r}", f"give {least} or more")
        for name, value, least in (("iterations", iterations, 1), ("seconds", seconds, 0), ("seed", seed, 0),
                                   ("paths", paths, 1))
        if not value >= least
    ]  # fmt: skip
    if faults:
        raise UsageError("the training", faults)
