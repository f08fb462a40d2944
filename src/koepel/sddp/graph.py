"""A multistage stochastic linear program: stages of Markov nodes, each with a program and what chance does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from koepel.errors import UsageError

NOTHING: tuple = ()


def _kept(values: Any, kind: type = float) -> np.ndarray:
    """A copy that nobody changes."""
    array = np.array(values, kind)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False, kw_only=True)
class StageProgram:
    """One stage's linear program: min cost.x + constant, row_low <= rows x <= row_high, low <= x <= high.

    Parameters
    ----------
    cost, low, high
        Of the columns. Shape (columns,). Bounds may be infinite. Those of ``state_in`` columns are not used.
    rows
        The matrix, sparse or dense. Shape (rows, columns).
    row_low, row_high
        Of the rows, infinite where there is none. Shape (rows,).
    state_in
        Columns that are fixed to the state that comes in. Shape (states,).
    state_out
        Columns that make the state that goes out, in the same order. Shape (states,).
    whole
        Columns that must be whole; none where left out. Shape (columns,), bool. Only ``extensive`` keeps to it.
    constant
        Added to the cost.
    """

    cost: np.ndarray
    rows: sparse.csr_matrix
    row_low: np.ndarray
    row_high: np.ndarray
    low: np.ndarray
    high: np.ndarray
    state_in: np.ndarray
    state_out: np.ndarray
    whole: np.ndarray = NOTHING  # type: ignore[assignment]
    constant: float = 0.0

    def __post_init__(self) -> None:
        for name in ("cost", "row_low", "row_high", "low", "high"):
            object.__setattr__(self, name, _kept(getattr(self, name)))
        for name in ("state_in", "state_out"):
            object.__setattr__(self, name, _kept(getattr(self, name), np.int32))
        whole = self.whole if len(self.whole) else np.zeros(len(self.cost), bool)
        object.__setattr__(self, "whole", _kept(whole, bool))
        object.__setattr__(self, "rows", sparse.csr_matrix(self.rows, dtype=float))


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What chance may do to a program: new bounds of rows and columns, new costs; the rest stays as it is.

    Parameters
    ----------
    chance
        0 to 1; those of a node add up to 1.
    rows, row_low, row_high
        Rows with new bounds, and the bounds. Shape (changed rows,).
    columns, low, high
        Columns with new bounds, and the bounds. Shape (changed columns,). Never of ``state_in``.
    priced, cost
        Columns with a new cost, and the cost. Shape (priced columns,).
    """

    chance: float
    rows: np.ndarray = NOTHING  # type: ignore[assignment]
    row_low: np.ndarray = NOTHING  # type: ignore[assignment]
    row_high: np.ndarray = NOTHING  # type: ignore[assignment]
    columns: np.ndarray = NOTHING  # type: ignore[assignment]
    low: np.ndarray = NOTHING  # type: ignore[assignment]
    high: np.ndarray = NOTHING  # type: ignore[assignment]
    priced: np.ndarray = NOTHING  # type: ignore[assignment]
    cost: np.ndarray = NOTHING  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for name in ("row_low", "row_high", "low", "high", "cost"):
            object.__setattr__(self, name, _kept(getattr(self, name)))
        for name in ("rows", "columns", "priced"):
            object.__setattr__(self, name, _kept(getattr(self, name), np.int32))


@dataclass(frozen=True, eq=False)
class Node:
    """A Markov node of a stage: its program, and what may come of it, drawn anew each time it is visited."""

    program: StageProgram
    outcomes: Sequence[Outcome] = field(default_factory=lambda: [Outcome(chance=1.0)])

    @property
    def chances(self) -> np.ndarray:
        """Of the outcomes. Shape (outcomes,)."""
        return np.array([outcome.chance for outcome in self.outcomes])


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph:
    """Stages in time, their Markov nodes, and the chances to go from node to node.

    Parameters
    ----------
    stages
        The nodes of each stage.
    transition
        One matrix between each two stages: chances of the nodes of the later stage (columns) given the node of the
        stage before (row).
    start_state
        The state that comes into the first stage. Shape (states,).
    floor
        What the cost still to come after a stage never falls below, at any decision; one number for all stages, or one
        for each but the last.
    start
        Chances of the nodes of the first stage; where it has one node, that one.

    Raises
    ------
    UsageError
        With every fault of programs, outcomes, chances and shapes at once.

    Examples
    --------
    A shop buys at 1 and sells at 2 as many as are wanted, two or three:

    >>> buy = StageProgram(cost=[0, 1], rows=[[0, 1]], row_low=[0], row_high=[9], low=[0, 0], high=[9, 9],
    ...                    state_in=[0], state_out=[1])
    >>> sell = StageProgram(cost=[0, -2], rows=[[-1, 1], [0, 1]], row_low=[-np.inf] * 2, row_high=[0, 3], low=[0, 0],
    ...                     high=[9, 9], state_in=[0], state_out=[0])
    >>> wanted = [Outcome(chance=0.5, rows=[1], row_low=[-np.inf], row_high=[d]) for d in (2.0, 3.0)]
    >>> graph = Graph(stages=[[Node(buy)], [Node(sell, wanted)]], transition=[[[1.0]]], start_state=[0.0], floor=-10)
    >>> from koepel.sddp import train
    >>> round(train(graph, iterations=10).bound, 9)
    -2.0
    """

    stages: Sequence[Sequence[Node]]
    transition: Sequence[np.ndarray]
    start_state: np.ndarray
    floor: float | np.ndarray
    start: np.ndarray = NOTHING  # type: ignore[assignment]

    def __post_init__(self) -> None:
        from koepel.sddp.check import graph_faults

        object.__setattr__(self, "transition", [np.atleast_2d(_kept(chances)) for chances in self.transition])
        object.__setattr__(self, "start_state", _kept(self.start_state))
        if not len(self.start) and len(self.stages) and len(self.stages[0]) == 1:
            object.__setattr__(self, "start", [1.0])
        object.__setattr__(self, "start", _kept(self.start))
        object.__setattr__(self, "floor", _kept(self.floor))
        faults = graph_faults(self)
        if faults:
            raise UsageError("the stochastic program", faults)
        object.__setattr__(self, "floor", _kept(np.broadcast_to(self.floor, len(self.stages) - 1)))

    @property
    def certain(self) -> bool:
        """Whether there is one path only."""
        return all(len(nodes) == 1 and len(nodes[0].outcomes) == 1 for nodes in self.stages)

    def node_chances(self) -> list[np.ndarray]:
        """Chance to be in each node, stage by stage, seen from the start."""
        chances = [self.start]
        for matrix in self.transition:
            chances.append(chances[-1] @ matrix)
        return chances
