"""The program over patterns: linear for prices, in whole numbers for an assignment. Solved by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.solver import quiet_solver

INFINITY = 1e30
LARGE = 20_000  # patterns


@dataclass(eq=False)
class Whole:
    """What the whole-number program found; ``proven`` where nothing better can be made of its patterns."""

    assigned: np.ndarray | None
    proven: bool
    bound: float


class Master:
    """Patterns of every threat; exactly one of each is chosen, and rounds are not used twice.

    The empty pattern of every threat is always there.
    """

    def __init__(self, values: np.ndarray, rounds: np.ndarray, kill: np.ndarray):
        self.values, self.rounds, self.kill = values, rounds, kill
        self.threat: list[int] = []
        self.fire: list[tuple[tuple[int, int], ...]] = []
        self.cost: list[float] = []
        self.known: set[tuple[int, tuple[tuple[int, int], ...]]] = set()
        self.solver, self.in_solver = None, 0
        for j in range(len(values)):
            self.add(j, np.empty(0, np.int64))

    @property
    def number(self) -> int:
        """How many patterns there are."""
        return len(self.threat)

    def add(self, j: int, rows: np.ndarray) -> bool:
        """Add the pattern that fires these rounds at a threat; whether it is new."""
        kinds, counts = np.unique(rows, return_counts=True)
        fire = tuple(zip(kinds.tolist(), counts.tolist(), strict=True))
        if (j, fire) in self.known:
            return False
        self.known.add((j, fire))
        self.threat.append(j)
        self.fire.append(fire)
        self.cost.append(float(self.values[j] * np.prod((1.0 - self.kill[j, kinds]) ** counts)))
        return True

    def add_assignment(self, assigned: np.ndarray) -> None:
        """Add the patterns that an assignment is made of."""
        for j in range(len(self.values)):
            kinds = np.flatnonzero(assigned[:, j])
            self.add(j, np.repeat(kinds, assigned[kinds, j]))

    def solve(self) -> tuple[float, np.ndarray]:
        """The linear program: its value, and the price of one round of each kind."""
        if self.solver is None:
            self.solver = _empty_program(len(self.values), self.rounds)
        cold = self.in_solver == 0 and self.number > LARGE  # from nothing, an interior point is there sooner
        self.solver.setOptionValue("solver", "ipm" if cold else "simplex")
        _add_columns(self.solver, self, range(self.in_solver, self.number))
        self.in_solver = self.number
        self.solver.run()
        dual = np.array(self.solver.getSolution().row_dual)
        return self.solver.getInfo().objective_function_value, np.maximum(-dual[len(self.values) :], 0.0)

    def reduced(self, prices: np.ndarray, costs: np.ndarray) -> np.ndarray:
        """How much dearer each pattern is than the cheapest one of its threat. Shape (number,)."""
        dear = [cost + sum(prices[i] * k for i, k in fire) for cost, fire in zip(self.cost, self.fire, strict=True)]
        return np.array(dear) - costs[self.threat]


def _empty_program(threats: int, rounds: np.ndarray):
    """Rows alone: one pattern for each threat, so many rounds of each kind."""
    solver = quiet_solver()
    for _ in range(threats):
        solver.addRow(1.0, 1.0, 0, np.empty(0, np.int32), np.empty(0))
    for number in rounds:
        solver.addRow(-INFINITY, float(number), 0, np.empty(0, np.int32), np.empty(0))
    solver.setOptionValue("solver", "simplex")
    return solver


def _add_columns(solver, master: Master, which) -> None:
    """Patterns as columns."""
    which, n = list(which), len(master.values)
    if not which:
        return
    starts = np.cumsum([0, *(1 + len(master.fire[k]) for k in which)])
    rows = [row for k in which for row in (master.threat[k], *(n + i for i, _ in master.fire[k]))]
    entries = [entry for k in which for entry in (1.0, *(float(count) for _, count in master.fire[k]))]
    costs = np.array([master.cost[k] for k in which])
    solver.addCols(
        len(which), costs, np.zeros(len(which)), np.full(len(which), INFINITY), len(rows),
        starts[:-1].astype(np.int32), np.array(rows, np.int32), np.array(entries),
    )  # fmt: skip


def best_of(master: Master, which: np.ndarray, ceiling: float, *, seconds: float) -> Whole | None:
    """Choose one of some patterns for each threat so that least survives; none where nothing is below the ceiling."""
    import highspy

    solver = _empty_program(len(master.values), master.rounds)
    _add_columns(solver, master, which)
    whole = np.full(len(which), highspy.HighsVarType.kInteger)
    solver.changeColsIntegrality(len(which), np.arange(len(which), dtype=np.int32), whole)
    solver.setOptionValue("solver", "choose")
    solver.setOptionValue("mip_rel_gap", 0.0)  # it would be of a shifted objective
    solver.setOptionValue("mip_abs_gap", 1e-10 * max(ceiling, 1e-300))
    solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    solver.setOptionValue("objective_bound", ceiling * (1 + 1e-9))
    solver.setOptionValue("time_limit", seconds)
    solver.run()
    status = solver.getModelStatus()
    info = solver.getInfo()
    if info.primal_solution_status != 2:
        proven = status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kObjectiveBound)
        return Whole(None, proven, ceiling if proven else -np.inf)
    assigned = np.zeros((len(master.rounds), len(master.values)), np.int32)
    for k in which[np.array(solver.getSolution().col_value) > 0.5]:
        for i, count in master.fire[k]:
            assigned[i, master.threat[k]] = count
    return Whole(assigned, status == highspy.HighsModelStatus.kOptimal, info.mip_dual_bound)
