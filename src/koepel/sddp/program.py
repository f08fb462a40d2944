"""One node's program, held in HiGHS and solved again and again: states and outcomes come and go, cuts are added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.errors import Fault, PlanError
from koepel.sddp.graph import Node
from koepel.solver import quiet_solver

TINY = 1e-9  # entries below this are none to HiGHS; reduced costs below it are rounding


@dataclass(frozen=True, eq=False)
class Cuts:
    """The cost still to come is at least slopes @ state + heights, cut by cut.

    Parameters
    ----------
    slopes
        Shape (cuts, states).
    heights
        Where the state is nothing. Shape (cuts,).
    """

    slopes: np.ndarray
    heights: np.ndarray

    def values(self, states: np.ndarray) -> np.ndarray:
        """What each cut says at each state. Shape (states given, cuts)."""
        return states @ self.slopes.T + self.heights


@dataclass(frozen=True, eq=False)
class Answer:
    """What a program came to: columns, cost without what is still to come, and a bound for any state.

    For every incoming state x the program's value is at least height + slope.x, whatever the solver's rounding.
    """

    columns: np.ndarray
    cost: float
    to_go: float
    height: float
    slope: np.ndarray
    row_duals: np.ndarray


@dataclass(frozen=True, eq=False)
class Basis:
    """Which columns and rows are basic or at which bound, by HiGHS's numbers. Shapes (columns,) and (rows,), int8."""

    columns: np.ndarray
    rows: np.ndarray


class HeldProgram:
    """A node's program with one more column, the cost still to come, and a row for each cut on it."""

    def __init__(self, node: Node, where: str, floor: float | None):
        self.node, self.where, self.floor = node, where, floor
        program = node.program
        self.columns, self.rows = len(program.cost), len(program.row_low)
        self.turned = program.rows.T.tocsr()
        self.free_to = np.setdiff1d(np.arange(self.columns), program.state_in)
        self.cases = [_Case(program, outcome) for outcome in node.outcomes]
        self.touched = [
            np.unique(np.concatenate([getattr(outcome, name) for outcome in node.outcomes])).astype(np.int32)
            for name in ("rows", "columns", "priced")
        ]
        self.slopes = np.empty((0, len(program.state_in)))
        self.heights = np.empty(0)
        self.at: int | None = None  # the outcome that HiGHS holds
        self.solver = _loaded(program, floor)

    def add(self, slopes: np.ndarray, heights: np.ndarray) -> None:
        """Add cuts as rows."""
        if not len(heights):
            return
        small = np.abs(slopes) < TINY
        out = self.node.program.state_out
        entries = np.column_stack([np.where(small, 0.0, -slopes), np.ones(len(heights))])
        columns = np.append(out, self.columns).astype(np.int32)
        kept = entries != 0
        starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))[:-1]]).astype(np.int32)
        where = np.broadcast_to(columns, kept.shape)[kept]
        self.solver.addRows(
            len(heights), heights, np.full(len(heights), np.inf), len(where), starts, where, entries[kept]
        )
        self.slopes = np.vstack([self.slopes, np.where(small, 0.0, slopes)])
        self.heights = np.append(self.heights, heights)

    def drop(self, unwanted: np.ndarray) -> np.ndarray:
        """Take out cuts that do not bind now, so that the basis stays one; the mask of those that went."""
        import highspy

        basis = self.solver.getBasis()
        status = basis.row_status
        slack = np.array([state == highspy.HighsBasisStatus.kBasic for state in status[self.rows :]], bool)
        gone = unwanted & slack
        if basis.valid and gone.any():
            which = (self.rows + np.flatnonzero(gone)).astype(np.int32)
            self.solver.deleteRows(len(which), which)
            basis.row_status = status[: self.rows] + [
                state for state, left in zip(status[self.rows :], gone, strict=True) if not left
            ]
            self.solver.setBasis(basis)
            self.slopes, self.heights = self.slopes[~gone], self.heights[~gone]
            return gone
        return np.zeros_like(gone)

    def solve(self, state: np.ndarray, outcome: int) -> Answer:
        """The program from a state under an outcome.

        Raises
        ------
        PlanError
            Where there is no decision, or no cheapest one.
        """
        program, solver = self.node.program, self.solver
        if self.at != outcome:
            self._turn_to(outcome)
        solver.changeColsBounds(len(state), program.state_in, state, state)
        self._run(outcome)
        solution = solver.getSolution()
        values, duals = np.array(solution.col_value), np.array(solution.row_dual)
        columns = values[: self.columns]
        case = self.cases[outcome]
        to_go = values[self.columns] if self.floor is not None else 0.0
        columns[program.state_in] = state
        height, slope, row_duals = self._bound(case, columns, to_go, duals)
        cost = float(case.cost @ columns) + program.constant
        return Answer(columns, cost, float(to_go), height, slope, row_duals)

    def basis(self) -> Basis | None:
        """Where the last solve ended; none where there was none."""
        basis = self.solver.getBasis()
        if not basis.valid:
            return None
        return Basis(*(np.array([int(s) for s in part], np.int8) for part in (basis.col_status, basis.row_status)))

    def begin_at(self, kept: Basis) -> None:
        """Start the next solve from a basis."""
        import highspy

        basis = highspy.HighsBasis()
        basis.col_status = [highspy.HighsBasisStatus(int(s)) for s in kept.columns]
        basis.row_status = [highspy.HighsBasisStatus(int(s)) for s in kept.rows]
        self.solver.setBasis(basis)

    def state_after(self, answer: Answer, outcome: int) -> np.ndarray:
        """The state that goes out, without the solver's rounding past the bounds."""
        case, out = self.cases[outcome], self.node.program.state_out
        kept = np.clip(answer.columns[out], case.low[out], case.high[out])
        fixed = np.isin(out, self.node.program.state_in)
        return np.where(fixed, answer.columns[out], kept)

    def _bound(self, case: _Case, columns: np.ndarray, to_go: float, duals: np.ndarray):
        """A bound on the value at every incoming state, from any duals: those of the wrong sign are left out.

        Reduced costs are worked out anew, and each column is priced at the bound where it costs least, so that the
        bound is true whatever the solver's tolerances. A column without that bound, and one whose reduced cost is a
        rounding, counts at its value.
        """
        program = self.node.program
        cuts = np.maximum(duals[self.rows :], 0.0)
        rows, height = priced_rows(duals[: self.rows], case.row_low, case.row_high)
        reduced = case.cost - self.turned @ rows
        height += program.constant
        if len(cuts):
            reduced[program.state_out] += cuts @ self.slopes
            height += cuts @ self.heights
        if self.floor is not None:
            left = 1.0 - cuts.sum()
            height += left * (self.floor if left > TINY else to_go)
        slope = reduced[program.state_in]
        to = self.free_to
        height += priced_columns(reduced[to], case.low[to], case.high[to], columns[to], case.scale)
        return float(height), slope, rows

    def _turn_to(self, outcome: int) -> None:
        """Give HiGHS the bounds and costs of an outcome."""
        case, solver = self.cases[outcome], self.solver
        rows, columns, priced = self.touched
        if len(rows):
            solver.changeRowsBounds(len(rows), rows, case.row_low[rows], case.row_high[rows])
        if len(columns):
            solver.changeColsBounds(len(columns), columns, case.low[columns], case.high[columns])
        if len(priced):
            solver.changeColsCost(len(priced), priced, case.cost[priced])
        self.at = outcome

    def _run(self, outcome: int) -> None:
        """Solve, once more from nothing where the first try fails."""
        import highspy

        solver = self.solver
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return
        solver.clearSolver()
        solver.run()
        status = solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise no_answer(f"{self.where}, outcome {outcome}", solver.modelStatusToString(status))


class _Case:
    """Bounds and costs of a program under one outcome, whole."""

    def __init__(self, program, outcome):
        self.row_low, self.row_high = program.row_low.copy(), program.row_high.copy()
        self.low, self.high, self.cost = program.low.copy(), program.high.copy(), program.cost.copy()
        self.row_low[outcome.rows], self.row_high[outcome.rows] = outcome.row_low, outcome.row_high
        self.low[outcome.columns], self.high[outcome.columns] = outcome.low, outcome.high
        self.cost[outcome.priced] = outcome.cost
        self.scale = 1.0 + np.abs(self.cost).max(initial=0.0)


def priced_rows(duals: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, float]:
    """Duals without those of the wrong sign, and what the rows' bounds come to at them."""
    wrong = ((duals > 0) & (low == -np.inf)) | ((duals < 0) & (high == np.inf))
    duals = np.where(wrong, 0.0, duals)
    on = np.flatnonzero(duals)
    return duals, float(duals[on] @ np.where(duals[on] > 0, low[on], high[on]))


def priced_columns(reduced: np.ndarray, low: np.ndarray, high: np.ndarray, values: np.ndarray, scale: float) -> float:
    """The least that columns come to at their reduced costs."""
    least = np.where(reduced > 0, low, high)
    small = np.abs(reduced) <= TINY * scale
    return float(reduced @ np.where(small | np.isinf(least), values, least))


def cases(node: Node) -> list[_Case]:
    """Bounds and costs of a node's program under each of its outcomes."""
    return [_Case(node.program, outcome) for outcome in node.outcomes]


def no_answer(where: str, status: str) -> PlanError:
    """What to do where a program has no decision, or no cheapest one."""
    mend = "give each requirement a column that pays for what is unmet, and each gain a limit"
    return PlanError("the stochastic program", [Fault("", where, f"the solver found it {status.lower()}", mend)])


def _loaded(program, floor: float | None):
    """HiGHS with a program in it, and the cost still to come as its last column."""
    import highspy

    solver, n = quiet_solver(), len(program.cost)
    cost, low, high = program.cost, program.low, program.high
    if floor is not None:
        cost, low, high = np.append(cost, 1.0), np.append(low, floor), np.append(high, np.inf)
        n += 1
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, len(program.row_low)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = program.rows.indptr, program.rows.indices
    lp.a_matrix_.value_ = program.rows.data
    solver.passModel(lp)
    return solver
