"""Layered placement in whole numbers, by outer approximation.

By cell, 1 - exp(-u) lies under each of its tangents (Duran and Grossmann, Mathematical Programming 36, 1986); a
program with some tangents bounds every placement, its answer shows where tangents are missing, and so on by rounds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from koepel.covering.layers import Layers
from koepel.covering.places import Places, empty_program
from koepel.covering.program import Program, add_rows, run, run_relaxed

MOST_ROUNDS = 20
FIRST_ERROR = 3e-2  # of a cell's part stopped, between two of the first tangents
DEEP = 7.0  # one in a thousand passes
MISSED = 1e-7
CLEARLY = 1e-5
DEPTHS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0)  # of tangents for whole units
MOST_PARTS = 40
SMALL_STEP = 5e-6
_NO_ENTRIES = (0, *(np.empty(0, np.int32),) * 2, np.empty(0))


@dataclass(eq=False)
class Outer:
    """The program: columns of places, then the depth of each cell, then its part stopped, then the least pattern."""

    layers: Layers
    program: Program
    free: sparse.csr_matrix  # depth by the units that are not settled
    base: np.ndarray  # depth of the cells by those that are
    most: np.ndarray
    first: int  # column of the first cell's depth

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.program.solver.getNumCol()

    def add_lines(self, which: np.ndarray, slope: np.ndarray, constant: np.ndarray) -> None:
        """The part stopped of some cells is at most constant + slope * depth."""
        m, cells = len(which), len(self.base)
        place = (np.tile(np.arange(m), 2), np.concatenate([self.first + cells + which, self.first + which]))
        rows = sparse.csr_matrix((np.concatenate([np.ones(m), -slope]), place), shape=(m, self.width))
        add_rows(self.program.solver, rows, np.full(m, -np.inf), constant)

    def add_tangents(self, which: np.ndarray, depth: np.ndarray) -> None:
        """Tangents of some cells, at these depths of theirs."""
        survive = np.exp(-depth)
        self.add_lines(which, survive, 1.0 - survive - survive * depth)

    def add_grid(self, error: float) -> None:
        """Tangents at depths so near each other that between two of them the error is small."""
        depth = self.base.copy()
        which = np.arange(len(depth))
        while len(which):
            self.add_tangents(which, depth[which])
            depth += np.sqrt(8.0 * error * np.exp(np.minimum(depth, DEEP)))
            which = which[(depth[which] < self.most[which]) & (depth[which] < DEEP)]

    def add_strong(self, which: np.ndarray, at: float) -> None:
        """Tangents of some cells for whole units: one that alone goes deeper than ``at`` counts for less.

        At depth b over the base, a unit of strength a > b counts for b + 1 - exp(b - a) instead of a. With such a
        unit the tangent is exact, and what a further unit adds to it is at most what that unit counts for: let a
        be of a further unit, then 1 - exp(-a) <= b + 1 - exp(b - a).
        """
        m, cells = len(which), len(self.base)
        part = self.free[which].tocoo()
        less = part.data - counted(part.data, at)
        use = less > 1e-6
        slope = np.exp(-self.base[which] - at)
        rows = np.concatenate([np.tile(np.arange(m), 2), part.row[use]])
        columns = np.concatenate([self.first + cells + which, self.first + which, part.col[use]])
        entries = np.concatenate([np.ones(m), -slope, (slope[part.row] * less)[use]])
        matrix = sparse.csr_matrix((entries, (rows, columns)), shape=(m, self.width))
        constant = 1.0 - slope - slope * (self.base[which] + at)
        add_rows(self.program.solver, matrix, np.full(m, -np.inf), constant)

    def strong_values(self, parts: np.ndarray, at: float) -> np.ndarray:
        """What the tangents of `add_strong` allow each cell to stop."""
        weaker = self.free.copy()
        weaker.data = counted(weaker.data, at)
        slope = np.exp(-self.base - at)
        return 1.0 - slope + slope * (weaker @ parts - at)

    def start(self, columns: int, placed: np.ndarray) -> np.ndarray:
        """Values of the program's columns for a placement."""
        depth = self.layers.depth @ placed
        stopped = -np.expm1(-depth)
        least = [float((self.layers.weights @ stopped).min())] if len(self.layers.weights) > 1 else []
        return np.concatenate([placed, np.zeros(columns - len(placed)), depth, stopped, least])


def counted(strength: np.ndarray, at: float) -> np.ndarray:
    """What units count for in a tangent at this depth, see `Outer.add_strong`."""
    return np.where(strength > at, np.minimum(strength, at + 1.0 - np.exp(np.minimum(at - strength, 0.0))), strength)


def tighten(outer: Outer, n: int, *, target: float, end: float) -> float:
    """Tangents where the program in parts misses them, by rounds; the bound of the last one."""
    cells, bound = len(outer.base), np.inf
    for _ in range(MOST_PARTS):
        found = run_relaxed(outer.program, end - time.monotonic())
        if found is None:
            return bound
        columns, new = found
        if new <= target or new > bound * (1 - SMALL_STEP):
            return min(bound, new)
        bound = new
        depth = columns[outer.first : outer.first + cells]
        claimed = columns[outer.first + cells : outer.first + 2 * cells]
        allowed = np.array([outer.strong_values(columns[:n], at) for at in DEPTHS])
        best = allowed.argmin(axis=0)
        strong = (allowed.min(axis=0) < -np.expm1(-depth)) & (claimed > allowed.min(axis=0) + CLEARLY)
        for k in np.unique(best[strong]):
            outer.add_strong(np.flatnonzero(strong & (best == k)), DEPTHS[k])
        missing = np.flatnonzero((claimed > -np.expm1(-depth) + CLEARLY) & ~strong)
        outer.add_tangents(missing, depth[missing])
    return bound


def formulate(layers: Layers, places: Places, low: np.ndarray, high: np.ndarray) -> Outer:
    """The program without tangents, for placements between two."""
    program = empty_program(places)
    solver, n, cells = program.solver, low.size, layers.depth.shape[0]
    solver.changeColsBounds(n, np.arange(n, dtype=np.int32), low.astype(float), high.astype(float))
    free = sparse.csr_matrix(layers.depth @ sparse.diags((high > low).astype(float)))
    free.eliminate_zeros()
    settled = layers.depth @ np.where(high > low, 0.0, low)
    outer = Outer(layers, program, free, settled, layers.depth @ high, solver.getNumCol())
    solver.addCols(cells, np.zeros(cells), outer.base, outer.most, *_NO_ENTRIES)
    solver.addCols(cells, np.zeros(cells), np.zeros(cells), np.ones(cells), *_NO_ENTRIES)
    between = sparse.csr_matrix((cells, outer.first - n))
    add_rows(solver, sparse.hstack([free, between, -sparse.identity(cells)]), -settled, -settled)
    _add_objective(outer, layers.weights)
    outer.add_grid(FIRST_ERROR)
    return outer


def _add_objective(outer: Outer, weights: np.ndarray) -> None:
    """What is stopped; with several patterns the least of it."""
    solver, (patterns, cells) = outer.program.solver, weights.shape
    stopped = outer.first + cells
    if patterns == 1:
        solver.changeColsCost(cells, np.arange(stopped, stopped + cells, dtype=np.int32), weights[0])
        return
    solver.addCols(1, np.ones(1), np.zeros(1), np.full(1, weights.sum(axis=1).max()), *_NO_ENTRIES)
    before = sparse.csr_matrix((patterns, stopped))
    rows = sparse.hstack([before, -sparse.csr_matrix(weights), np.ones((patterns, 1))])
    add_rows(solver, rows, np.full(patterns, -np.inf), np.zeros(patterns))


def close(outer: Outer, placed: np.ndarray, *, gap: float, end: float) -> tuple[np.ndarray, float]:
    """Programs and tangents by turns, until bound and value are near, or until the time is over.

    Returns the best placement found (the one given, where none is better), and a bound of every placement that the
    program allows.
    """
    layers, n = outer.layers, placed.size
    value, bound = layers.value(placed), np.inf
    for _ in range(MOST_ROUNDS):
        known = placed if len(outer.program.whole) == n == outer.first else None
        start = None if known is None else outer.start(outer.first, known)
        found = run(outer.program, start, 0.5 * gap * value, end - time.monotonic())
        bound = min(bound, value if found.infeasible else found.bound)
        if found.columns is None:
            break
        answer = np.rint(found.columns[:n])
        if layers.value(answer) > value:
            placed, value = answer, layers.value(answer)
        depth = layers.depth @ answer
        cells = len(depth)
        stopped = found.columns[outer.first + cells : outer.first + 2 * cells]
        missing = np.flatnonzero(stopped > -np.expm1(-depth) + MISSED)
        if bound - value <= gap * value or time.monotonic() > end or not len(missing):
            break
        outer.add_tangents(missing, depth[missing])
    return placed, max(bound, value)
