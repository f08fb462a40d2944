"""Whole-number programs in HiGHS: how they are built up and asked, always by one thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from koepel.solver import quiet_solver

LEAST_SECONDS = 0.05
HEURISTICS = 0.01


@dataclass(eq=False)
class Program:
    """A maximisation in HiGHS, with the columns that must be whole."""

    solver: Any
    whole: np.ndarray


@dataclass(eq=False)
class Found:
    """What a program came to: the columns, none where it found none; and what no solution exceeds."""

    columns: np.ndarray | None
    bound: float
    infeasible: bool


def new_solver():
    """An empty maximisation, silent."""
    import highspy

    solver = quiet_solver()
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver


def add_rows(solver, rows: sparse.csr_matrix, low, high) -> None:
    """Add rows low <= A x <= high."""
    rows = sparse.csr_matrix(rows)
    solver.addRows(
        rows.shape[0], np.asarray(low, float), np.asarray(high, float), rows.nnz,
        rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
    )  # fmt: skip


def run(program: Program, start: np.ndarray | None, gap: float, seconds: float) -> Found:
    """Solve in whole numbers to an absolute gap, from a start where there is one."""
    import highspy

    solver = program.solver
    n = len(program.whole)
    if n:
        kinds = np.full(n, highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(n, program.whole.astype(np.int32), kinds)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", max(0.5 * gap, 1e-12))
    solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    if start is not None:
        solver.setOptionValue("mip_heuristic_effort", HEURISTICS)  # the start is good: the bound is what is missing
    solver.setOptionValue("time_limit", solver.getRunTime() + max(min(seconds, 1e9), LEAST_SECONDS))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = [float(x) for x in start]
        solver.setSolution(solution)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Found(None, -np.inf, True)
    columns = np.array(solver.getSolution().col_value) if info.primal_solution_status == 2 else None
    bound = info.mip_dual_bound if n else (info.objective_function_value if columns is not None else np.inf)
    return Found(columns, float(bound) if np.isfinite(bound) else np.inf, False)


def run_relaxed(program: Program, seconds: float) -> tuple[np.ndarray, float] | None:
    """Solve in parts, from where it was left: the columns and the bound; none where that is not done in time."""
    import highspy

    solver = program.solver
    solver.setOptionValue("time_limit", solver.getRunTime() + max(min(seconds, 1e9), LEAST_SECONDS))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().col_value), solver.getInfo().objective_function_value * (1 + 1e-9)
