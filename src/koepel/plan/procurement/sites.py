"""Where fire units that could be acquired would stand: each at the site where it averts most, one after another.

By the same coverage of drawn routes that places fire units (`koepel.plan.placement`), with all others where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.arrays import scenario_arrays
from koepel.defence import FireUnit
from koepel.plan.placement.cells import draw_cells
from koepel.plan.placement.sites import candidate_sites
from koepel.plan.placement.strength import Strengths
from koepel.scenario import Scenario

GRID_DEG = 0.5
MOST = 10  # of one type, where an offer has no limit, or a higher one


@dataclass(frozen=True)
class Additions:
    """A scenario with all fire units that could be acquired, and their names by type."""

    scenario: Scenario
    names: dict[str, tuple[str, ...]]


def with_offered(scenario: Scenario, seed: int) -> Additions:
    """Add the fire units that the offers could bring."""
    numbers = offered_numbers(scenario)
    if not numbers:
        return Additions(scenario, {})
    names = {kind: tuple(_names(scenario, kind, number)) for kind, number in numbers.items()}
    start = scenario.settlements[0].at if scenario.settlements else scenario.defence.fire_units[0].at
    waiting = [(kind, name) for kind, all_ in names.items() for name in all_]
    waiting.sort(key=lambda pair: names[pair[0]].index(pair[1]))  # the first of each type, then the second
    units = tuple(FireUnit(name=name, type=kind, at=start) for kind, name in waiting)
    placed = _placed(_joined(scenario, units), units, seed)
    return Additions(_joined(scenario, placed), names)


def offered_numbers(scenario: Scenario) -> dict[str, int]:
    """How many fire units of each type could be acquired."""
    numbers: dict[str, int] = {}
    for one in scenario.supply.offers:
        if one.type:
            most = MOST if one.most is None else int(round(one.most.middle))
            numbers[one.type] = min(numbers.get(one.type, 0) + max(most, 1), MOST)
    return numbers


def _names(scenario: Scenario, kind: str, number: int) -> list[str]:
    """Names that no fire unit has."""
    taken, found, n = {unit.name for unit in scenario.defence.fire_units}, [], 0
    while len(found) < number:
        n += 1
        if f"{kind} new {n}" not in taken:
            found.append(f"{kind} new {n}")
    return found


def _joined(scenario: Scenario, units: tuple[FireUnit, ...]) -> Scenario:
    defence = scenario.defence.model_copy(update={"fire_units": (*scenario.defence.fire_units, *units)})
    return scenario.model_copy(update={"defence": defence})


def _placed(scenario: Scenario, units: tuple[FireUnit, ...], seed: int) -> tuple[FireUnit, ...]:
    """Each of the units at its best site, in turn."""
    arrays = scenario_arrays(scenario, fielded=True)
    cells = draw_cells(scenario, seed=seed, worst_case=False)
    sites = candidate_sites(scenario, (), grid_deg=GRID_DEG, radius_m=float(arrays.setup.ground.earth_radius_m))
    strengths, through = Strengths(arrays, cells), cells.weights[0].copy()
    new = {unit.name for unit in units}
    there = [unit for unit in scenario.defence.fire_units if unit.name not in new]
    for kind in dict.fromkeys(unit.type for unit in there):
        of = [unit for unit in there if unit.type == kind]
        through *= np.exp(-_at(strengths, of[0].name, [unit.at for unit in of]).sum(axis=0))
    table = {}
    for kind in {unit.type for unit in units}:
        table[kind] = strengths.at(next(unit.name for unit in units if unit.type == kind), sites.xyz)
    placed = []
    for unit in units:
        best = int(((1.0 - np.exp(-table[unit.type])) @ through).argmax())
        through *= np.exp(-table[unit.type][best])
        placed.append(unit.model_copy(update={"at": tuple(sites.at[best].tolist())}))
    return tuple(placed)


def _at(strengths: Strengths, name: str, places: list) -> np.ndarray:
    from koepel.arrays.book import vectors

    return strengths.at(name, vectors(places))
