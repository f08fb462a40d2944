"""Where to put fire units so that most harm is averted.

Routes are drawn from the scenario's own raid pattern; the units are placed by layered coverage of them, with a proven
bound; what coverage leaves out (magazines, channels, who fires at what) the simulator then judges on fresh seeds. No
route, time, mix or aim point is ever searched for.

The covering problem is the layered probabilistic one of Wang, Chen and Ljubic (2025).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from koepel.errors import UsageError
from koepel.plan.placement.cells import draw_cells
from koepel.plan.placement.problem import Answer, Problem, build_problem, kinds_of, solve
from koepel.plan.placement.result import INVENTED, PlacementPlan, Position
from koepel.plan.placement.strength import Strengths
from koepel.plan.placement.trial import improve, positions_of
from koepel.scenario import Scenario, digest

__all__ = ["PlacementPlan", "place"]

FRESH, TRAINING, OTHER_ROUTES = 1_000_003, 2_000_003, 3_000_017  # added to the seed: no night is used twice


def place(
    scenario: Scenario,
    *,
    units: Iterable[str] | None = None,
    worst_case: bool = False,
    seed: int = 1,
    grid_deg: float = 0.4,
    spacing_m: float = 0.0,
    keep: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    sites: Iterable[Position] | None = None,
    most_moves: int | None = None,
    gap: float = 0.01,
    seconds: float = 90.0,
    runs: int = 0,
    improve_runs: int = 0,
    improve_tries: int = 30,
) -> PlacementPlan:
    """Put a scenario's fire units where most harm is averted.

    Parameters
    ----------
    units
        Names of the fire units that may move; all in service where none is given.
    worst_case
        Make the share averted largest in the worst of some patterns fixed in advance: as given, drones only, missiles
        only, and each group of the scenario three times as often.
    grid_deg, spacing_m, forbidden, sites
        Rules of the sites, or the sites themselves; see `koepel.plan.placement.sites.candidate_sites`.
    keep
        Names of units that stay where they are.
    most_moves
        The most units that may move.
    gap, seconds
        Stop when the bound is within this share of the value, or after so long; with the worst case, half of the time
        goes to the plan that ignores it.
    runs
        Nights to fight the plan and today's placement on, with fresh seeds; none where 0.
    improve_runs, improve_tries
        Nights of each trial move against the simulator, and how many are tried; none where 0.

    Raises
    ------
    UsageError
        For names, regions or numbers that make no sense.
    PlanError
        Where no placement obeys the rules; it names what to relax.
    ScenarioError
        With every fault of the scenario.

    Examples
    --------
    >>> plan = place(Scenario.read("small-country"), grid_deg=0.25, most_moves=2, gap=0.02)
    >>> len(plan.moves) <= 2, plan.today <= plan.value <= plan.bound
    (True, True)
    """
    scenario.check()
    _check_usage(most_moves, gap, seconds, (runs, improve_runs, improve_tries))
    keep, forbidden = tuple(keep), tuple(forbidden)
    problem = build_problem(
        scenario, units, keep, forbidden, seed=seed, worst_case=worst_case, grid_deg=grid_deg, spacing_m=spacing_m,
        given=sites,
    )  # fmt: skip
    share = seconds / 2 if worst_case else seconds
    limits = {"most_moves": most_moves, "gap": gap, "seconds": share}
    answer, price = solve(problem, worst_case=worst_case, **limits), None
    if worst_case:
        careless = problem.covered(solve(problem, worst_case=False, **limits).at)
        if careless.min() > answer.value:  # the solver ran out of time; nothing forbids the better one
            raise_to = float(careless.min())
            answer = replace(answer, value=raise_to, bound=max(answer.bound, raise_to))
        price = answer.value - float(careless.min())
    at, learnt = answer.at, None
    if improve_runs:
        at, learnt = improve(
            problem, at, runs=improve_runs, tries=improve_tries, seed=seed + TRAINING, most_moves=most_moves
        )
    plan = _plan(problem, answer, at, seed=seed, worst_case=worst_case, gap=gap)
    plan = replace(plan, price=price, improvement=learnt, binds=_binding(problem, plan, most_moves))
    return replace(plan, simulated=plan.fight(scenario, runs, seed=seed + FRESH)) if runs else plan


def _check_usage(most_moves: int | None, gap: float, seconds: float, runs: tuple[int, ...]) -> None:
    if most_moves is not None and most_moves < 0:
        raise UsageError(f"most_moves: found {most_moves}; give 0 or more")
    if not 0 <= gap < 1:
        raise UsageError(f"gap: found {gap}; give a share from 0 to 1")
    if not 0 < seconds < 1e7:
        raise UsageError(f"seconds: found {seconds}; give more than 0")
    if min(runs) < 0:
        raise UsageError(f"runs: found {min(runs)}; give 0 or more")


def _plan(problem: Problem, answer: Answer, at: np.ndarray, *, seed: int, worst_case: bool, gap: float):
    """The answer in the nouns of a scenario."""
    positions = positions_of(problem, at)
    planned, today = problem.covered(at), problem.covered(problem.present)
    share = (answer.bound - answer.value) / answer.value if answer.value > 0 else 0.0
    names = list(positions)
    moves = tuple(name for name, site, was in zip(names, at, problem.present, strict=True) if site != was)
    return PlacementPlan(
        scenario=problem.scenario.name,
        digest=digest(problem.scenario),
        seed=seed,
        worst_case=worst_case,
        positions=positions,
        moves=moves,
        value=answer.value,
        bound=answer.bound,
        gap=share,
        optimal=share <= gap,
        today=float(today[0]),
        fresh=_on_other_routes(problem, at, seed + OTHER_ROUTES),
        by_pattern={
            name: {"plan": float(planned[k]), "today": float(today[k])} for k, name in enumerate(problem.cells.patterns)
        },
        one_more=_one_more(problem, at, worst_case),
        harm=problem.cells.harm,
        n_units=len(names),
        n_sites=int(problem.sites.allowed.sum()),
        n_cells=len(problem.cells),
        seconds=answer.seconds,
        places_invented=INVENTED in problem.scenario.notional,
    )


def _on_other_routes(problem: Problem, at: np.ndarray, seed: int) -> float:
    """Share averted of the expected raid on routes that the plan has not seen."""
    cells = draw_cells(problem.scenario, seed=seed)
    strengths = Strengths(problem.arrays, cells)
    total = np.zeros(len(cells))
    place_of = {unit: int(site) for unit, site in problem.sites.present.items()}
    place_of |= dict(zip((name for names in problem.units for name in names), map(int, at), strict=True))
    for names in kinds_of(problem.scenario, list(place_of)).values():
        sites, times = np.unique([place_of[name] for name in names], return_counts=True)
        total += times @ strengths.at(names[0], problem.sites.xyz[sites])
    return float(cells.weights[0] @ -np.expm1(-total))


def _one_more(problem: Problem, at: np.ndarray, worst_case: bool) -> dict[str, float]:
    """Share that one more unit of each kind would add at its best site; of the worst pattern, where that counts."""
    through = np.exp(-problem.fixed - problem.strength[problem.kind_of, at].sum(axis=0))
    rows = problem.cells.weights if worst_case else problem.cells.weights[:1]
    before = (rows @ through).max()
    rest = np.exp(-problem.strength[:, problem.sites.allowed]) @ (rows * through).T  # (kinds, sites, patterns)
    return {kind: float(before - best) for kind, best in zip(problem.kinds, rest.max(axis=2).min(axis=1), strict=True)}


def _binding(problem: Problem, plan: PlacementPlan, most_moves: int | None) -> tuple[str, ...]:
    """What holds the value down, in words."""
    kind = max(plan.one_more, key=plan.one_more.get)
    words = [f"numbers: one more {kind} would avert {100 * plan.one_more[kind]:.2f} % more"]
    if most_moves is not None and len(plan.moves) >= most_moves:
        words.append(f"moves: all {most_moves} are used")
    lacking = int((~problem.sites.allowed).sum())
    if lacking:
        words.append(f"forbidden regions: {lacking} of {len(problem.sites)} sites")
    if len(problem.sites.conflicts):
        words.append(f"spacing: {len(problem.sites.conflicts):,} pairs of sites are too near each other")
    return tuple(words)
