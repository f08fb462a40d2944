"""A placement as the page shows it: what it is worth; in an invented country also which units move, and where to.

Of a real country the map tells the gain alone: what computes placements shall not draw one over a map of it.
"""

from __future__ import annotations

from typing import Any

from koepel.plan.placement import PlacementPlan, place
from koepel.report.country import is_invented
from koepel.scenario import Scenario

FINE_DEG, COARSE_DEG = 0.25, 0.5
RUNS = 200


def proposed(scenario: Scenario, *, most_moves: int, seconds: float, seed: int) -> PlacementPlan:
    """A placement of a few moves, fought on fresh seeds; in a real country on the grid of half degrees."""
    grid_deg = FINE_DEG if is_invented(scenario) else COARSE_DEG
    return place(scenario, grid_deg=grid_deg, most_moves=most_moves, seconds=seconds, seed=seed, runs=RUNS)


def proposal(plan: PlacementPlan, scenario: Scenario) -> dict[str, Any]:
    """A placement as plain data, without places; ``moves`` names the units that move in an invented country alone."""
    told = plan.as_dict()
    kept = ("value", "bound", "gap", "optimal", "today", "fresh", "n_units", "n_sites", "seconds", "simulated")
    moves = told["moves"] if is_invented(scenario) else []
    return {name: told[name] for name in kept} | {"moves": moves, "n_moves": len(plan.moves)}


def moves_of(plan: PlacementPlan) -> list[dict[str, Any]]:
    """The changes that put a placement on the bench; see `koepel.app.edits.edited`."""
    return [
        {"op": "move", "kind": "fire_unit", "name": name, "at": list(plan.positions[name])} for name in plan.moves
    ]
