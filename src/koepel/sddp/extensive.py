"""The extensive form: every way that chance may go as one program; for small trees and for whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from koepel.errors import Fault, UsageError
from koepel.sddp.graph import NOTHING, Graph
from koepel.sddp.program import cases, no_answer, priced_columns, priced_rows
from koepel.solver import quiet_solver

MOST_COLUMNS = 3_000_000
LARGE = 50_000  # columns; from here on an interior point is there sooner


@dataclass(frozen=True, eq=False)
class Level:
    """The tree's nodes of one stage: Markov node, outcome, parent in the level before, chance. Shape (nodes,) each."""

    node: np.ndarray
    outcome: np.ndarray
    parent: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True, eq=False)
class Limit:
    """The expected total of weighted columns over all stages is at most so much.

    Parameters
    ----------
    weights
        One array a stage, of shape (columns,).
    most
        The limit.
    """

    weights: Sequence[np.ndarray]
    most: float


@dataclass(frozen=True, eq=False)
class Extensive:
    """The tree's answer.

    Parameters
    ----------
    value
        The objective: expected cost, or its mix with CVaR.
    bound
        What no decisions stay under; the value up to rounding where nothing must be whole.
    columns
        Of each tree node of each stage, each of shape (columns,).
    levels
        The tree.
    path_costs, path_chances
        Of each leaf. Shape (leaves,).
    limit_duals
        Change of the value with one more of each limit, 0 or less; nothing where columns must be whole.
    """

    value: float
    bound: float
    columns: list[list[np.ndarray]]
    levels: list[Level]
    path_costs: np.ndarray
    path_chances: np.ndarray
    limit_duals: np.ndarray

    @property
    def gap(self) -> float:
        """Value less bound, as a part of the value."""
        return max(self.value - self.bound, 0.0) / max(abs(self.value), 1e-9)

    @property
    def expected(self) -> float:
        """Expected cost of a path."""
        return float(self.path_chances @ self.path_costs)

    def cvar(self, alpha: float) -> float:
        """Mean cost of the worst 1 - alpha of paths."""
        order = np.argsort(-self.path_costs)
        part = np.diff(np.minimum(np.cumsum(self.path_chances[order]), 1.0 - alpha), prepend=0.0)
        return float(part @ self.path_costs[order] / (1.0 - alpha))


def extensive(
    graph: Graph, *, gap: float = 1e-6, seconds: float = np.inf, cvar: tuple[float, float] | None = None,
    limits: Sequence[Limit] = NOTHING,
) -> Extensive:  # fmt: skip
    """Solve the whole tree as one program, whole columns in whole numbers.

    Parameters
    ----------
    graph
        Whose tree has at most 3,000,000 columns.
    gap
        Between value and bound, as a part of the value; for whole columns.
    seconds
        At most, for whole columns.
    cvar
        ``(alpha, weight)``: least (1 - weight) expected cost + weight CVaR, the mean cost of the worst 1 - alpha of
        paths (Rockafellar and Uryasev, Journal of Risk 2, 2000). All decisions are planned at the start for that.
    limits
        On expected totals, such as least cost at a harm not to exceed.

    Raises
    ------
    UsageError
        For numbers out of range and trees too large.
    PlanError
        Where there is no decision, or no cheapest one.

    Examples
    --------
    >>> from koepel.sddp import Node, StageProgram
    >>> buy = StageProgram(cost=[0, 1], rows=[[0, 1]], row_low=[0], row_high=[9], low=[0, 0], high=[9, 9],
    ...                    state_in=[0], state_out=[1])
    >>> graph = Graph(stages=[[Node(buy)]], transition=[], start_state=[0.0], floor=0.0)
    >>> extensive(graph).value
    0.0
    """
    levels = _tree(graph)
    _checked(graph, levels, cvar, limits)
    assembly = Assembly(graph, levels)
    if cvar is not None:
        assembly.weigh_worst(*cvar)
    for limit in limits:
        assembly.add_limit(limit)
    return solved(assembly, gap=gap, seconds=seconds, limits=len(limits))


def path_levels(nodes: np.ndarray, outcomes: np.ndarray) -> list[Level]:
    """The tree that is one path. Arguments of shape (stages,)."""
    once = np.ones(1)
    return [Level(np.array([m]), np.array([k]), np.zeros(1, int), once) for m, k in zip(nodes, outcomes, strict=True)]


def _tree(graph: Graph) -> list[Level]:
    """Every way that chance may go, with its chance."""
    levels: list[Level] = []
    before = [(-1, graph.start, 1.0)]
    for t, stage in enumerate(graph.stages):
        found = [
            (m, k, parent, chance * onward[m] * own)
            for parent, onward, chance in before
            for m in np.flatnonzero(onward)
            for k, own in enumerate(stage[m].chances)
            if own > 0
        ]
        if sum(len(level.node) for level in levels) + len(found) > MOST_COLUMNS / _columns(graph):
            text = f"a tree of more than {MOST_COLUMNS} columns at stage {t}"
            raise UsageError("the extensive form", [Fault("", "graph", text, "train a policy in its place")])
        levels.append(Level(*(np.array(part) for part in zip(*found, strict=True))))
        if t + 1 < len(graph.stages):
            onward = graph.transition[t]
            before = [(i, onward[m], chance) for i, (m, _, _, chance) in enumerate(found)]
    return levels


def _columns(graph: Graph) -> int:
    """Columns of the smallest program, at least one."""
    return max(1, min(len(node.program.cost) for stage in graph.stages for node in stage))


class Assembly:
    """The tree's program, put together block by block.

    Every tree node has the columns and rows of its program, and rows that tie the state that comes in to what its
    parent hands on. Its objective is cost times chance.
    """

    def __init__(self, graph: Graph, levels: list[Level]):
        self.graph, self.levels = graph, levels
        self.cost: list[np.ndarray] = []
        self.low, self.high, self.whole = [], [], []
        self.row_low, self.row_high = [], []
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.n_columns = self.n_rows = 0
        self.constant = 0.0
        held = [[cases(node) for node in stage] for stage in graph.stages]
        self.first: list[list[int]] = []  # of each tree node, its first column
        for t, level in enumerate(levels):
            self.first.append([])
            for i in range(len(level.node)):
                self._add_block(t, i, held[t][level.node[i]][level.outcome[i]])
        self.held = held

    def _program(self, t: int, i: int):
        """The program of a tree node."""
        return self.graph.stages[t][self.levels[t].node[i]].program

    def _add_block(self, t: int, i: int, case) -> None:
        """Columns and rows of one tree node, and its tie to the parent."""
        program, level = self._program(t, i), self.levels[t]
        low, high = case.low.copy(), case.high.copy()
        come = program.state_in
        start = self.graph.start_state if t == 0 else np.inf
        low[come], high[come] = (start, start) if t == 0 else (-np.inf, np.inf)
        first = self.add_columns(level.chance[i] * case.cost, low, high, program.whole)
        self.first[t].append(first)
        self.constant += level.chance[i] * program.constant
        own = program.rows.tocoo()
        self.add_rows(own.row, own.col + first, own.data, case.row_low, case.row_high)
        if t > 0 and len(come):
            parent = level.parent[i]
            out = self._program(t - 1, parent).state_out + self.first[t - 1][parent]
            each, zero = np.arange(len(come)), np.zeros(len(come))
            self.add_rows(
                np.concatenate([each, each]), np.concatenate([come + first, out]),
                np.repeat([1.0, -1.0], len(come)), zero, zero,
            )  # fmt: skip

    def add_columns(self, cost, low, high, whole) -> int:
        """Add columns; the number of the first."""
        for kept, values in ((self.cost, cost), (self.low, low), (self.high, high), (self.whole, whole)):
            kept.append(values)
        self.n_columns += len(cost)
        return self.n_columns - len(cost)

    def add_rows(self, rows, columns, entries, low, high) -> None:
        """Add rows, whose numbers are counted from the first new one."""
        self.entries.append((rows + self.n_rows, columns, entries))
        self.row_low.append(low)
        self.row_high.append(high)
        self.n_rows += len(low)

    def weigh_worst(self, alpha: float, weight: float) -> None:
        """Mix the objective with CVaR, the least of eta + E[excess over eta] / (1 - alpha), by paths' total costs."""
        for t in range(len(self.cost)):
            self.cost[t] = (1.0 - weight) * self.cost[t]
        self.constant *= 1.0 - weight
        free, no = np.array([np.inf]), np.zeros(1, bool)
        eta = self.add_columns(np.array([weight]), -free, free, no)
        before = [-1]
        for t, level in enumerate(self.levels):
            total = []
            for i in range(len(level.node)):
                program = self._program(t, i)
                own = self.held[t][level.node[i]][level.outcome[i]].cost
                at, z = np.flatnonzero(own), self.add_columns(np.zeros(1), -free, free, no)
                columns, entries = np.append(at + self.first[t][i], z), np.append(-own[at], 1.0)
                if t > 0:
                    columns, entries = np.append(columns, before[level.parent[i]]), np.append(entries, -1.0)
                side = np.array([program.constant])
                self.add_rows(np.zeros(len(columns), int), columns, entries, side, side)
                total.append(z)
            before = total
        for z, chance in zip(before, self.levels[-1].chance, strict=True):
            over = self.add_columns(np.array([weight * chance / (1.0 - alpha)]), np.zeros(1), free, no)
            columns, entries = np.array([over, eta, z]), np.array([1.0, 1.0, -1.0])
            self.add_rows(np.zeros(3, int), columns, entries, np.zeros(1), free)

    def add_limit(self, limit: Limit) -> None:
        """One row over expected columns."""
        columns, entries = [np.empty(0, int)], [np.empty(0)]
        for t, level in enumerate(self.levels):
            weights = np.asarray(limit.weights[t], float)
            at = np.flatnonzero(weights)
            for i in range(len(level.node)):
                columns.append(at + self.first[t][i])
                entries.append(level.chance[i] * weights[at])
        column, entry = np.concatenate(columns), np.concatenate(entries)
        self.add_rows(np.zeros(len(column), int), column, entry, np.array([-np.inf]), np.array([float(limit.most)]))

    def matrix(self) -> sparse.csr_matrix:
        """All rows."""
        rows, columns, entries = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        return sparse.csr_matrix((entries, (rows, columns)), shape=(self.n_rows, self.n_columns))

    def bound(self, values: np.ndarray, duals: np.ndarray) -> float:
        """What no decisions in parts stay under, by any duals."""
        cost, low, high = (np.concatenate(part) for part in (self.cost, self.low, self.high))
        duals, sides = priced_rows(duals, np.concatenate(self.row_low), np.concatenate(self.row_high))
        reduced = cost - self.matrix().T @ duals
        return self.constant + sides + priced_columns(reduced, low, high, values, 1.0 + np.abs(cost).max())

    def costs_of(self, values: np.ndarray) -> list[np.ndarray]:
        """Cost of each tree node by itself, stage by stage."""
        found = []
        for t, level in enumerate(self.levels):
            own = []
            for i, first in enumerate(self.first[t]):
                cost = self.held[t][level.node[i]][level.outcome[i]].cost
                own.append(cost @ values[first : first + len(cost)] + self._program(t, i).constant)
            found.append(np.array(own))
        return found


def solved(assembly: Assembly, *, gap: float, seconds: float, limits: int) -> Extensive:
    """Solve a tree's program: in parts, then in whole numbers where columns ask for it."""
    import highspy

    solver, whole = loaded(assembly), np.concatenate(assembly.whole)
    run_in_parts(solver, assembly.n_columns)
    value = solver.getInfo().objective_function_value
    solution = solver.getSolution()
    duals = np.array(solution.row_dual)
    bound = min(value, assembly.bound(np.array(solution.col_value), duals))
    duals = duals[assembly.n_rows - limits :]
    if whole.any():
        which = np.flatnonzero(whole).astype(np.int32)
        solver.changeColsIntegrality(len(which), which, np.full(len(which), highspy.HighsVarType.kInteger))
        solver.setOptionValue("solver", "choose")
        solver.setOptionValue("mip_rel_gap", 0.0)  # it would be of a shifted objective
        solver.setOptionValue("mip_abs_gap", max(gap * abs(value), 1e-12))
        if np.isfinite(seconds):
            solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
        solver.run()
        if solver.getInfo().primal_solution_status != 2:
            raise no_answer("the tree in whole numbers", solver.modelStatusToString(solver.getModelStatus()))
        value, bound = solver.getInfo().objective_function_value, solver.getInfo().mip_dual_bound
        duals = np.empty(0)
    values = np.array(solver.getSolution().col_value)
    return _answer(assembly, values, value, bound, duals)


def _answer(assembly: Assembly, values: np.ndarray, value: float, bound: float, duals: np.ndarray) -> Extensive:
    """The tree's columns and costs, node by node."""
    costs, total = assembly.costs_of(values), None
    columns = []
    for t, level in enumerate(assembly.levels):
        total = costs[t] if total is None else costs[t] + total[level.parent]
        sizes = [len(assembly._program(t, i).cost) for i in range(len(level.node))]
        columns.append([values[first : first + n] for first, n in zip(assembly.first[t], sizes, strict=True)])
    chances = assembly.levels[-1].chance
    return Extensive(float(value), float(bound), columns, assembly.levels, total, chances, duals)


def loaded(assembly: Assembly):
    """HiGHS with a tree's program in it, all in parts."""
    import highspy

    solver, matrix = quiet_solver(), assembly.matrix()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_, lp.offset_ = assembly.n_columns, assembly.n_rows, assembly.constant
    lp.col_cost_ = np.concatenate(assembly.cost)
    lp.col_lower_, lp.col_upper_ = np.concatenate(assembly.low), np.concatenate(assembly.high)
    lp.row_lower_, lp.row_upper_ = np.concatenate(assembly.row_low), np.concatenate(assembly.row_high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver.passModel(lp)
    return solver


def run_in_parts(solver, columns: int) -> None:
    """Solve without whole numbers; the words of the answer where there is none."""
    import highspy

    solver.setOptionValue("solver", "ipm" if columns > LARGE and not solver.getBasis().valid else "choose")
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise no_answer("the tree", solver.modelStatusToString(solver.getModelStatus()))


def _checked(graph: Graph, levels: list[Level], cvar, limits: Sequence[Limit]) -> None:
    """Every number that is out of range, every limit that does not fit."""
    faults = []
    if cvar is not None and not (0 <= cvar[0] < 1 and 0 <= cvar[1] <= 1):
        faults.append(Fault("", "cvar", f"found {cvar}", "give alpha from 0 to below 1 and a weight from 0 to 1"))
    for number, limit in enumerate(limits):
        sizes = [{len(node.program.cost) for node in stage} for stage in graph.stages]
        given = [{len(np.atleast_1d(weights))} for weights in limit.weights]
        if given != sizes:
            found = f"weights for {[*map(sorted, given)]} columns, where stages have {[*map(sorted, sizes)]}"
            faults.append(Fault("", f"limits[{number}]", found, "give one weight for each column of each stage"))
    if faults:
        raise UsageError("the extensive form", faults)
