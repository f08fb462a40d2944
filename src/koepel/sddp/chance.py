"""Which way chance goes: the nodes and outcomes of a path, by seed, iteration and number of the path."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, Philox

from koepel.sddp.graph import Graph

SIMULATED = 0  # the iteration that stands for simulations


def drawn_path(graph: Graph, seed: int, iteration: int, path: int) -> tuple[np.ndarray, np.ndarray]:
    """Node and outcome at each stage of one path, the same whatever else is drawn.

    Two numbers are drawn at each stage and turned round by the cumulated chances, so that two graphs with the same seed
    meet the same luck.

    Returns
    -------
    nodes, outcomes
        Shape (stages,), int.
    """
    luck = Generator(Philox(key=[seed, iteration], counter=[0, 0, 0, path]))
    uniform = luck.uniform(size=(len(graph.stages), 2))
    nodes, outcomes = np.zeros((2, len(graph.stages)), np.int64)
    chances = graph.start
    for t, stage in enumerate(graph.stages):
        nodes[t] = _picked(chances, uniform[t, 0])
        outcomes[t] = _picked(stage[nodes[t]].chances, uniform[t, 1])
        if t + 1 < len(graph.stages):
            chances = graph.transition[t][nodes[t]]
    return nodes, outcomes


def drawn_paths(graph: Graph, seed: int, iteration: int, paths: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and outcomes of several paths. Shape (paths, stages) each."""
    drawn = np.array([drawn_path(graph, seed, iteration, path) for path in range(paths)])
    return drawn[:, 0], drawn[:, 1]


def _picked(chances: np.ndarray, uniform: float) -> int:
    """The first whose cumulated chance is above the number; never one of chance 0."""
    at = int(np.searchsorted(np.cumsum(chances), uniform, side="right"))
    return min(at, int(np.flatnonzero(chances)[-1]))
