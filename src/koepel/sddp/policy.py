"""A trained policy: its bound, its first decision, and what comes of it on drawn paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from koepel.errors import Fault, UsageError
from koepel.sddp.chance import SIMULATED, drawn_paths
from koepel.sddp.graph import Graph
from koepel.sddp.passes import Working
from koepel.sddp.program import Basis, Cuts


@dataclass(frozen=True, eq=False)
class First:
    """The decision of the first stage.

    Parameters
    ----------
    columns
        Shape (columns,).
    cost
        Of the first stage alone.
    state_duals
        By how much all expected cost falls or rises with one more of each state at the start: one of the subgradients
        where there are several. Shape (states,).
    row_duals
        The same for one more of each row's binding bound. Shape (rows,).
    """

    columns: np.ndarray
    cost: float
    state_duals: np.ndarray
    row_duals: np.ndarray


@dataclass(frozen=True, eq=False)
class Simulated:
    """What came of a policy on drawn paths.

    Parameters
    ----------
    costs
        Of each path. Shape (paths,).
    stage_costs
        Shape (paths, stages).
    columns
        Those asked for. Shape (paths, stages, asked).
    nodes, outcomes
        Where chance went. Shape (paths, stages), int.
    luck
        What luck added to each path's cost, nothing in the mean; none where it was not asked for. Shape (paths,).
    """

    costs: np.ndarray
    stage_costs: np.ndarray
    columns: np.ndarray
    nodes: np.ndarray
    outcomes: np.ndarray
    luck: np.ndarray | None = None

    @property
    def steadied(self) -> np.ndarray:
        """Costs without luck, where that is known: of the same mean and nearer to it. Shape (paths,)."""
        return self.costs if self.luck is None else self.costs - self.luck

    @property
    def mean(self) -> float:
        """Mean cost of a path."""
        return float(self.steadied.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean, by its standard error and Student's t."""
        return interval_95(self.steadied)


@dataclass(frozen=True, eq=False)
class Policy:
    """Cuts that turn each stage's program into a decision.

    Parameters
    ----------
    graph
        In which it decides.
    cuts
        By stage and node, on the state that goes out; none at the last stage.
    bounds
        After each iteration, never falling: no policy costs less in the mean. Shape (iterations,).
    stopped
        What ended the training: ``iterations``, ``seconds`` or ``gap``.
    """

    graph: Graph
    cuts: list[list[Cuts]]
    bounds: np.ndarray
    stopped: str
    _bases: list[list[Basis | None]] | None = field(default=None, repr=False)

    @property
    def bound(self) -> float:
        """What no policy stays under in the mean, by the last iteration."""
        return float(self.bounds[-1])

    def first(self, node: int = 0, outcome: int = 0) -> First:
        """The decision of the first stage, in the node and outcome given where there are several."""
        program = Working(self.graph, self.cuts, self._bases).program(0, node)
        answer = program.solve(self.graph.start_state, outcome)
        return First(answer.columns, answer.cost, answer.slope, answer.row_duals)

    def simulate(self, paths: int, seed: int = 0, columns: Sequence = (), *, steady: bool = False) -> Simulated:
        """Follow the policy along fresh paths, drawn by seed and number of the path.

        The first paths are the same however many are asked for. Two policies with one seed meet the same luck.

        Parameters
        ----------
        paths
            1 or more.
        seed
            Apart from that of the training even where it is the same number.
        columns
            Which columns to keep: indices for all stages, or one such list a stage, all of one length.
        steady
            Take luck out of the mean (a martingale control): at each state all nodes and outcomes are solved, not only
            the ones met. A path then takes so many times longer; the better the policy, the less spread is left.

        Raises
        ------
        PlanError
            Where a program has no decision from a state that was reached.
        """
        asked = _asked(columns, self.graph)
        nodes, outcomes = drawn_paths(self.graph, seed, SIMULATED, paths)
        working = Working(self.graph, self.cuts, self._bases)
        costs, after, kept = working.forward(nodes, outcomes, asked)
        luck = working.luck(nodes, outcomes, after) if steady else None
        return Simulated(costs.sum(axis=1), costs, kept, nodes, outcomes, luck)


def paired(one: Simulated, other: Simulated) -> tuple[float, tuple[float, float]]:
    """Mean cost of one less that of the other, path by path, with its 95 % interval; without luck if both are steadied.

    Raises
    ------
    UsageError
        Where they do not have the same number of paths.
    """
    if len(one.costs) != len(other.costs):
        fault = Fault("", "paths", f"{len(one.costs)} and {len(other.costs)}", "simulate as many of both, by one seed")
        raise UsageError("the comparison", [fault])
    steadied = one.luck is not None and other.luck is not None
    difference = one.steadied - other.steadied if steadied else one.costs - other.costs
    return float(difference.mean()), interval_95(difference)


def interval_95(values: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a mean, by Student's t; endless for one value."""
    number = len(values)
    half = stdtrit(number - 1, 0.975) * values.std(ddof=1) / np.sqrt(number) if number > 1 else np.inf
    return float(values.mean() - half), float(values.mean() + half)


def _asked(columns: Sequence, graph: Graph) -> np.ndarray:
    """Columns to keep, stage by stage. Shape (stages, asked)."""
    stages = len(graph.stages)
    asked = np.array(columns, np.int64)
    asked = np.broadcast_to(asked, (stages, asked.shape[-1])) if asked.ndim < 2 else asked
    fewest = [min(len(node.program.cost) for node in nodes) for nodes in graph.stages]
    right = asked.shape[0] == stages and all(
        ((row >= 0) & (row < most)).all() for row, most in zip(asked, fewest, strict=False)
    )
    if not right:
        fault = Fault("", "columns", f"{columns!r}", f"give columns that all {stages} stages have, or a list for each")
        raise UsageError("the simulation", [fault])
    return asked
