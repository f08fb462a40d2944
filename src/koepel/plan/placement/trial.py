"""The simulator's word on a placement: what it gains on the same luck, and moves of single units that prove better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import chance
from koepel.outcome import Figure, figure
from koepel.plan.placement.problem import Problem
from koepel.scenario import Scenario
from koepel.simulate import Comparison, simulate

NEAR_BEST = 6  # sites that a unit may be tried at
_TRIAL = np.uint64(0x747269616C000001)


@dataclass(frozen=True)
class Improvement:
    """What moving single units against the simulator came to, on the nights it learned from.

    Attributes
    ----------
    tries, accepted
        Moves that were fought, and those that proved better.
    people
        Change of people exposed in a night over all of them; flattering, since they were chosen by it.
    """

    tries: int
    accepted: int
    runs: int
    people: float

    def as_dict(self) -> dict[str, float]:
        """The figures by name."""
        return {"tries": self.tries, "accepted": self.accepted, "runs": self.runs, "people": self.people}


def moved(scenario: Scenario, positions: dict[str, tuple[float, float]]) -> Scenario:
    """The scenario with some fire units elsewhere, and nothing else changed."""
    units = tuple(
        unit.model_copy(update={"at": positions[unit.name]}) if unit.name in positions else unit
        for unit in scenario.defence.fire_units
    )
    return scenario.model_copy(update={"defence": scenario.defence.model_copy(update={"fire_units": units})})


def positions_of(problem: Problem, at: np.ndarray) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of each unit that may move."""
    names = [name for names in problem.units for name in names]
    return {name: tuple(problem.sites.at[site].tolist()) for name, site in zip(names, at, strict=True)}


def improve(
    problem: Problem, at: np.ndarray, *, runs: int, tries: int, seed: int, most_moves: int | None
) -> tuple[np.ndarray, Improvement]:
    """Move single units where the simulator says that fewer people are exposed.

    A move is one unit, drawn by the seed, to one of the sites that would serve it best by coverage. It is accepted
    where the 95 % interval of the paired difference lies below zero.

    Parameters
    ----------
    at
        Site of each unit, where it begins.
    runs
        Nights of each trial; all trials share their luck.
    """
    best = _exposed(problem, at, runs, seed)
    first, done, accepted = best, 0, 0
    for count in range(10 * tries):
        move = _move(problem, at, chance.two_uniforms(np.uint64(seed), _TRIAL, chance.ROUTE, count), most_moves)
        if move is None:
            continue
        nights = _exposed(problem, move, runs, seed)
        change = figure(nights - best)
        if change.mean_high is not None and change.mean_high < 0:
            at, best, accepted = move, nights, accepted + 1
        done += 1
        if done == tries:
            break
    return at, Improvement(done, accepted, runs, float((best - first).mean()))


def _exposed(problem: Problem, at: np.ndarray, runs: int, seed: int) -> np.ndarray:
    """People exposed in each night."""
    return simulate(moved(problem.scenario, positions_of(problem, at)), runs, seed=seed).nights("exposed")


def _move(problem: Problem, at: np.ndarray, luck: tuple[float, float], most_moves: int | None) -> np.ndarray | None:
    """One unit elsewhere within the rules, by two uniform draws; None where they offer nothing."""
    unit = int(luck[0] * len(at))
    others = np.delete(np.arange(len(at)), unit)
    kind = problem.kind_of
    through = np.exp(-problem.fixed - problem.strength[kind[others], at[others]].sum(axis=0))
    gain = -np.expm1(-problem.strength[kind[unit]]) @ (problem.cells.weights[0] * through)
    gain[~problem.sites.allowed] = -1
    pairs = problem.sites.conflicts
    used = np.isin(pairs, at[others])
    gain[pairs[used[:, 0], 1]] = -1
    gain[pairs[used[:, 1], 0]] = -1
    gain[at[unit]] = -1
    site = int(np.argsort(-gain, kind="stable")[int(luck[1] * min(NEAR_BEST, len(gain)))])
    tried = at.copy()
    tried[unit] = site
    moves = int((tried != problem.present).sum())
    return None if gain[site] <= 0 or (most_moves is not None and moves > most_moves) else tried


def gains(told: Comparison) -> dict[str, Figure]:
    """What a placement changes in a night: leakers, people exposed, and what they cost."""
    return {name: told.differences[name] for name in ("leaked", "exposed", "impacts", "defender_usd")}
