"""Where a threat could be engaged: by cells of at least 25 km, for one type of threat at one height.

Middles of all intervals, level ground, good weather. A cell counts a fire unit if its middle lies within the unit's
range at that height and above the unit's horizon, and if some sensor would see the threat there. A threat that comes
down steeply counts a unit where its aim point would lie within the footprint for every direction: the circle that the
ellipse holds, which is the least that can be said without the direction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from koepel.app.areas import CellGrid
from koepel.catalogue import CatalogueType
from koepel.defence import FireUnit
from koepel.errors import Fault, UsageError
from koepel.geo import distance_m, sphere_radius_m
from koepel.scenario import Scenario

MARGIN_KM = 50.0
MOST_HEIGHT_M = 40_000.0


def coverage(scenario: Scenario, units: list[str], threat: str, height_m: float) -> dict[str, Any]:
    """Cells with how many fire units could engage a threat there, and whether it would be seen.

    Parameters
    ----------
    units
        Names of the fire units in service.
    threat
        A type that the scenario flies.
    height_m
        Above ground, 0 to 40 km.

    Raises
    ------
    UsageError
        For a type that there is none of, or a height that makes no sense.
    """
    catalogue = scenario.catalogue()
    if threat not in catalogue.threats:
        raise _refused("threat", f"no type {threat!r:.60}", "choose one of the list")
    if not 0 <= height_m <= MOST_HEIGHT_M:
        raise _refused("height_m", f"found {height_m:g}", f"give a height from 0 to {MOST_HEIGHT_M:,.0f} m")
    kind = catalogue.threats[threat]
    places = np.array([s.at for s in scenario.settlements], float).reshape(-1, 2)
    if not len(places):
        return {"cells": [], "most": 0}
    earth_m = sphere_radius_m(float(places[:, 0].min() + places[:, 0].max()) / 2)
    grid = CellGrid.round(places, MARGIN_KM)
    index, middles = grid.middles(places.max(axis=0) + MARGIN_KM / 111)
    seen = _seen(scenario, catalogue, kind, height_m, middles, earth_m)
    reached = np.zeros(len(middles), int)
    of = [unit for unit in scenario.defence.fire_units if unit.name in set(units)]
    for unit in of:
        reach_m = _reach_m(unit, catalogue, kind, height_m, earth_m)
        if reach_m > 0:
            reached += distance_m(middles, np.array(unit.at), earth_m) <= reach_m
    engaged = np.where(seen, reached, 0)
    shown = np.flatnonzero(reached | seen)
    cells = [
        {"ring": np.round(grid.ring(*index[i]), 3).tolist(), "units": int(engaged[i]), "seen": bool(seen[i])}
        for i in shown
    ]
    return {"cells": cells, "most": int(engaged.max(initial=0))}


def _refused(field: str, found: str, mend: str) -> UsageError:
    return UsageError("the coverage", [Fault("", field, found, mend)])


def horizon_m(antenna_m: float, height_m: float, earth_m: float) -> float:
    """Radar horizon over a smooth earth of 4/3 its radius (Skolnik, Radar Handbook, ch. 2), metres."""
    effective = 8.0 / 3.0 * earth_m
    return math.sqrt(effective * max(antenna_m, 0.0)) + math.sqrt(effective * max(height_m, 0.0))


def _ground_m(slant_m: float, height_m: float, horizon: float) -> float:
    return min(math.sqrt(slant_m**2 - height_m**2), horizon) if slant_m > height_m else 0.0


def _reach_m(unit: FireUnit, catalogue, threat: CatalogueType, height_m: float, earth_m: float) -> float:
    """Ground distance within which the best magazine of a unit can engage; 0 for none."""
    kind, best = catalogue.fire_units[unit.type], 0.0
    steep = threat.figure("terminal_only").middle > 0.5
    horizon = horizon_m(kind.figure("los_height_m").middle, height_m, earth_m)
    for name in unit.magazines or kind.effectors:
        figure = catalogue.effectors[name].figure
        jams = figure("soft_kill_per_s").high > 0
        works = threat.figure("soft_kill").middle if jams else figure(_pk(threat)).middle
        speed = figure("min_speed_ratio").middle * threat.figure("speed_m_s").middle
        if works <= 0 or (not jams and figure("speed_m_s").middle < speed):
            continue
        if steep:
            narrow = min(figure("footprint_along_m").middle, figure("footprint_across_m").middle)
            best = max(best, narrow - abs(figure("footprint_offset_m").middle))
        elif figure("height_min_m").middle <= height_m <= figure("height_max_m").middle:
            best = max(best, _ground_m(figure("range_max_m").middle, height_m, horizon))
    return best


def _pk(threat: CatalogueType) -> str:
    return "pk_" + threat.word("kind").replace("-", "_")


def _seen(scenario: Scenario, catalogue, threat: CatalogueType, height_m: float, middles, earth_m: float) -> np.ndarray:
    """Whether some sensor sees the threat there, of its own or of a fire unit's. Shape (cells,)."""
    sensors = [(sensor.type, sensor.at) for sensor in scenario.defence.sensors]
    for unit in scenario.defence.fire_units:
        own = catalogue.fire_units[unit.type].word("sensor")
        if own not in ("", "none"):
            sensors.append((own, unit.at))
    steep = threat.figure("terminal_only").middle > 0.5
    seen = np.zeros(len(middles), bool)
    for type_, at in sensors:
        figure = catalogue.sensors[type_].figure
        deaf = figure("acoustic").middle > 0.5 and threat.figure("loudness").middle <= 0
        if deaf or (height_m > figure("height_max_m").middle and not steep):
            continue
        slant = figure(f"range_{threat.word('size')}_m").middle
        reach = _ground_m(slant, height_m, horizon_m(figure("antenna_height_m").middle, height_m, earth_m))
        seen |= distance_m(middles, np.array(at), earth_m) <= reach
    return seen
