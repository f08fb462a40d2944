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
from koepel.sddp.policy import Policy, interval_95

SELECT_EVERY = 10  # iterations
INWARD, STRAIGHT_EVERY = 0.1, 10  # how far towards the mean state cuts are made; every so many iterations, not at all
MEMORY = 0.1  # weight of the newest states in the mean
CHECK_EVERY, CHECK_PATHS = 20, 10  # iterations between two looks at the gap; paths of a look, without luck


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
        every 20 iterations on ten fresh paths without luck. Never where left out.

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
    working, bounds, centre, stopped = Working(graph), [], None, "iterations"
    for iteration in range(1, iterations + 1):
        nodes, outcomes = drawn_paths(graph, seed, iteration, paths)
        costs, after, _ = working.forward(nodes, outcomes)
        if graph.certain and gap is not None and bounds and costs[0].sum() - bounds[-1] <= gap * _size(bounds[-1]):
            stopped = "gap"
            break
        centre = _centre(centre, after)
        inward = INWARD if iteration % STRAIGHT_EVERY else 0.0
        working.backward([(1 - inward) * met + inward * mean for met, mean in zip(after, centre, strict=True)])
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


def _centre(before: list[np.ndarray] | None, after: list[np.ndarray]) -> list[np.ndarray]:
    """The running mean of states that go out of each stage, old ones slowly forgotten. Shape (states,) each.

    States met lie at corners, where duals are many and those found are often steep; a little towards the mean they are
    fewer, and the cut holds further. Where every state met has a decision, so has what lies between.
    """
    met = [states.mean(axis=0) for states in after]
    if before is None:
        return met
    return [(1 - MEMORY) * old + MEMORY * new for old, new in zip(before, met, strict=True)]


def _close(working: Working, bounds: list[float], gap: float, seed: int, iteration: int) -> bool:
    """Whether the simulated cost, with its doubt, is within the gap of the bound."""
    nodes, outcomes = drawn_paths(working.graph, seed, (1 << 32) + iteration, CHECK_PATHS)
    costs, after, _ = working.forward(nodes, outcomes)
    upper = interval_95(costs.sum(axis=1) - working.luck(nodes, outcomes, after))[1]
    return upper - bounds[-1] <= gap * _size(bounds[-1])


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
