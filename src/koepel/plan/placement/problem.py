"""A scenario's placement as arrays with names, and the answer of `koepel.covering` as places."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.defence import FireUnit
from koepel.errors import Fault, PlanError, UsageError
from koepel.plan.placement.cells import Cells, draw_cells
from koepel.plan.placement.sites import Sites, candidate_sites
from koepel.plan.placement.strength import Strengths
from koepel.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Problem:
    """Which units may move, where to, and what each kind of them does there.

    Attributes
    ----------
    units
        Names of the units that may move, by kind.
    strength
        Of one unit of each kind at each site against each cell. Shape (kinds, sites, cells).
    fixed
        Strength of all units that stay. Shape (cells,).
    """

    scenario: Scenario
    arrays: ScenarioArrays
    cells: Cells
    sites: Sites
    kinds: tuple[str, ...]
    units: tuple[tuple[str, ...], ...]
    strength: np.ndarray
    fixed: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How many units of each kind there are to place. Shape (kinds,)."""
        return np.array([len(names) for names in self.units], np.int64)

    @property
    def present(self) -> np.ndarray:
        """Site of each unit that may move, today, kind by kind. Shape (units,)."""
        return np.array([self.sites.present[name] for names in self.units for name in names], np.int64)

    @property
    def kind_of(self) -> np.ndarray:
        """Kind of each unit that may move. Shape (units,)."""
        return np.repeat(np.arange(len(self.units)), self.counts)

    def covered(self, at: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Share of the harm that is averted, by pattern, with each unit at a site.

        Parameters
        ----------
        at
            Site of each unit, in the order of `present`.
        """
        total = self.fixed + self.strength[self.kind_of, at].sum(axis=0)
        return (self.cells.weights if weights is None else weights) @ -np.expm1(-total)


def build_problem(
    scenario: Scenario, units, keep, forbidden, *, seed: int, worst_case: bool, grid_deg: float, spacing_m: float,
    given=None,
) -> Problem:
    """Draw the cells, list the sites, and find the strengths."""
    arrays = scenario_arrays(scenario)
    there = {unit.name: unit for unit in scenario.defence.fire_units if unit.name in arrays.units}
    movable = _movable(there, units, keep)
    cells = draw_cells(scenario, seed=seed, worst_case=worst_case)
    sites = candidate_sites(
        scenario, there.values(), grid_deg=grid_deg, spacing_m=spacing_m, forbidden=forbidden,
        given=given, radius_m=float(arrays.setup.ground.earth_radius_m),
    )  # fmt: skip
    _check_kept(sites, keep)
    kinds = kinds_of(scenario, movable)
    strengths = Strengths(arrays, cells)
    strength = np.zeros((len(kinds), len(sites), len(cells)))
    for k, names in enumerate(kinds.values()):
        strength[k] = strengths.at(names[0], sites.xyz)
    staying = [name for name in there if name not in movable]
    fixed = np.zeros(len(cells))
    for names in kinds_of(scenario, staying).values():
        fixed += strengths.at(names[0], sites.xyz[[sites.present[name] for name in names]]).sum(axis=0)
    return Problem(scenario, arrays, cells, sites, tuple(kinds), tuple(map(tuple, kinds.values())), strength, fixed)


def _movable(there: dict[str, FireUnit], units, keep) -> list[str]:
    """Names of the units that may move."""
    asked = list(there) if units is None else list(dict.fromkeys(units))
    faults = [
        Fault("", what, f"no fire unit {name!r} in service", "give the name of one")
        for what, names in (("units", asked), ("keep", keep))
        for name in names
        if name not in there
    ]
    if faults:
        raise UsageError("the placement", faults)
    movable = [name for name in asked if name not in keep]
    if not movable:
        raise PlanError("units: none may move; keep fewer, or name some")
    return movable


def kinds_of(scenario: Scenario, names: Iterable[str]) -> dict[str, list[str]]:
    """Names of fire units by kind: the same type with the same magazines."""
    there = {unit.name: unit for unit in scenario.defence.fire_units}
    kinds: dict[Any, list[str]] = {}
    for name in names:
        kinds.setdefault((there[name].type, repr(there[name].magazines)), []).append(name)
    often = [kind for kind, _ in kinds]
    return {
        kind if often.count(kind) == 1 else f"{kind} ({own[0]} and its like)": own for (kind, _), own in kinds.items()
    }


def _check_kept(sites: Sites, keep) -> None:
    """Refuse units that stay where none may stand."""
    faults = [
        Fault("", "keep", f"{name!r} stands in a forbidden region", "let it move, or allow the region")
        for name in keep
        if not sites.allowed[sites.present[name]]
    ]
    if faults:
        raise PlanError("the placement", faults)


@dataclass(frozen=True, eq=False)
class Answer:
    """Site of each unit in the order of `Problem.present`, with the value in shares of the harm, and its bound."""

    at: np.ndarray
    value: float
    bound: float
    seconds: float


def solve(problem: Problem, *, worst_case: bool, most_moves: int | None, gap: float, seconds: float) -> Answer:
    """Place the units, by `koepel.covering.layered`.

    What stays is given to it as one more kind, whose only site is one of its own.
    """
    from koepel.covering import layered

    started = time.perf_counter()
    rows = np.flatnonzero(problem.sites.allowed)
    strength, counts, standing = problem.strength[:, rows], problem.counts, _standing(problem, rows)
    n_kinds, n_sites, n_cells = strength.shape
    room = np.full(n_sites, counts.sum())
    moves = _moves_left(problem, most_moves)
    if problem.fixed.any():
        wider = np.zeros((n_kinds + 1, n_sites + 1, n_cells))
        wider[:-1, :-1], wider[-1, -1] = strength, problem.fixed
        strength, counts, room = wider, np.append(counts, 1), np.append(room, 1)
        standing = np.pad(standing, ((0, 1), (0, 1)))
        standing[-1, -1] = 1
    weights = problem.cells.weights if worst_case else problem.cells.weights[:1]
    conflicts = _renumbered(problem.sites.conflicts, rows, len(problem.sites))
    limits = {} if moves is None else {"kept": standing, "most_moves": moves}
    try:
        found = layered(
            strength, weights, counts, per_site=room, conflicts=conflicts, gap=gap, seconds=seconds,
            worst_case=worst_case, **limits,
        )  # fmt: skip
    except PlanError as error:
        raise PlanError(error.subject, [_in_our_words(fault) for fault in error.faults]) from None
    at = _dealt(problem, np.asarray(found.placed, np.int64)[:n_kinds, :n_sites], rows)
    shares = problem.covered(at)
    value = float(shares.min() if worst_case else shares[0])
    return Answer(at, value, max(float(found.bound), value), time.perf_counter() - started)


def _in_our_words(fault: Fault) -> Fault:
    """A fault of the covering, with the rules by the names that they have here."""
    return replace(fault, mend=fault.mend.replace("drop conflicts", "give a smaller spacing_m"))


def _moves_left(problem: Problem, most_moves: int | None) -> int | None:
    """Moves that are left once what stands in a forbidden region has gone."""
    if most_moves is None:
        return None
    forced = int((~problem.sites.allowed[problem.present]).sum())
    if forced > most_moves:
        found = f"{forced} units stand in forbidden regions, and {most_moves} may move"
        raise PlanError("the placement", [Fault("", "most_moves", found, "allow more moves, or allow the regions")])
    return most_moves - forced


def _renumbered(pairs: np.ndarray, rows: np.ndarray, n: int) -> list[tuple[int, int]]:
    """Pairs of sites among those that are allowed."""
    new = np.full(n, -1)
    new[rows] = np.arange(len(rows))
    among = new[pairs.reshape(-1, 2)]
    return [tuple(pair) for pair in among[(among >= 0).all(axis=1)].tolist()]


def _standing(problem: Problem, rows: np.ndarray) -> np.ndarray:
    """How many of each kind stand at each allowed site today. Shape (kinds, allowed sites)."""
    stands = np.zeros((len(problem.kinds), len(problem.sites)), np.int64)
    np.add.at(stands, (problem.kind_of, problem.present), 1)
    return stands[:, rows]


def _dealt(problem: Problem, chosen: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Site of each unit: it stays where its site is chosen, else goes to the nearest of those that are left."""
    from scipy.optimize import linear_sum_assignment

    at, xyz = problem.present.copy(), problem.sites.xyz
    for kind in range(len(problem.kinds)):
        units = np.flatnonzero(problem.kind_of == kind)
        free = np.repeat(rows, chosen[kind]).tolist()
        moving = []
        for unit in units:
            if at[unit] in free:
                free.remove(at[unit])
            else:
                moving.append(unit)
        if moving and free:
            away = np.arccos(np.clip(xyz[at[moving]] @ xyz[free].T, -1, 1))
            for unit, site in zip(*linear_sum_assignment(away), strict=True):
                at[moving[unit]] = free[site]
    return at
