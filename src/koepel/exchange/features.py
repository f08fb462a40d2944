"""What goes out, in no format yet: places of a scenario, harm of an outcome, tracks of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from koepel.countries import outline_of
from koepel.outcome import Outcomes
from koepel.projection import Sheet, unproject_km
from koepel.report.country import cell_side_km, cell_sums, is_invented, sheet_of
from koepel.report.tracks import Track, tracks_of
from koepel.scenario import Scenario
from koepel.simulate import Trace

STEP_S = 60.0  # between points of an exact track
CRUDE_STEP_S = 300.0  # between looks at which cell a threat is in
EDGE = 8  # points on each side of a cell, whose sides are no great circles


@dataclass(frozen=True, eq=False)
class Feature:
    """One thing with a place.

    Attributes
    ----------
    what
        ``settlement``, ``asset``, ``launch area``, ``sensor``, ``fire unit``, ``region``, ``cell`` or ``track``.
    shape
        ``point``, ``line`` or ``area``.
    parts
        Latitude and longitude in degrees. Of a point or line one array (n, 2); of an area for each piece its outer
        ring and then its holes, each closed.
    facts
        What is said of it, by names that carry their units.
    times_s
        Of a line: seconds of the raid clock at each point.
    height_m
        Of a line: a nominal height of the type, the middle of its interval.
    """

    what: str
    name: str
    shape: str
    parts: tuple
    facts: dict[str, Any] = field(default_factory=dict)
    times_s: np.ndarray | None = None
    height_m: float = 0.0


def places_of(scenario: Scenario) -> list[Feature]:
    """Settlements, assets and launch areas; sensors and fire units of invented countries only."""
    at = {one.name: one.at for one in scenario.settlements}
    places = [
        _point("settlement", one.name, one.at, people=_plain(one.people), region=one.region)
        for one in scenario.settlements
    ]
    for one in scenario.assets:
        value = one.value_usd
        facts = {"kind": one.kind, "settlement": one.settlement}
        facts |= {"value_usd": _plain(value.low) if value.low == value.high else f"{value.low:.15g}-{value.high:.15g}"}
        places.append(_point("asset", one.name, at[one.settlement], **facts))
    for area in scenario.pattern.launch_areas if scenario.pattern else ():
        places.append(_point("launch area", area.name, area.at, radius_m=area.radius_m))
    if is_invented(scenario):
        places += [_point("sensor", one.name, one.at, type=one.type) for one in scenario.defence.sensors]
        for one in scenario.defence.fire_units:
            held = {f"{what}:{name}": getattr(magazine, what) for name, magazine in one.magazines.items()
                    for what in ("ready", "reserve")}  # fmt: skip
            places.append(_point("fire unit", one.name, one.at, type=one.type, **held))
    return places


def _plain(number: float) -> float:
    """A whole number without its point."""
    return int(number) if float(number).is_integer() else float(number)


def _point(what: str, name: str, at: Any, **facts: Any) -> Feature:
    told = {key: value for key, value in facts.items() if value not in ("", None)}
    return Feature(what, name, "point", (np.array([at], float),), told)


def harm_of(outcomes: Outcomes, scenario: Scenario) -> list[Feature]:
    """Mean harm of a night by region of a known outline, else by cells of at least 25 km."""
    outline = outline_of(scenario)
    if not outline:
        return list(_cells(outcomes, scenario))
    sums = dict(zip(outcomes.zone_names, (outcomes.zones / outcomes.runs).tolist()))
    harm = []
    for region in outline:
        alarm_h, impacts, debris = sums.get(region.name, (0.0, 0.0, 0.0))
        facts = {"impacts_a_night": impacts, "debris_places_a_night": debris, "alarm_hours_a_night": alarm_h}
        harm.append(Feature("region", region.name, "area", region.parts, facts))
    return harm


def _cells(outcomes: Outcomes, scenario: Scenario) -> Iterator[Feature]:
    sheet = sheet_of(scenario)
    side_km = cell_side_km(sheet)
    for (east, north), impacts in sorted(cell_sums(outcomes, scenario, sheet).items()):
        ring = _square(east, north, side_km, sheet)
        facts = {"impacts_a_night": impacts, "side_km": side_km}
        yield Feature("cell", f"cell {east} east, {north} north", "area", ((ring,),), facts)


def _square(east: int, north: int, side_km: float, sheet: Sheet) -> np.ndarray:
    """The outline of a cell, anticlockwise, closed; several points a side."""
    along = np.linspace(0.0, 1.0, EDGE, endpoint=False)
    zero, one = np.zeros(EDGE), np.ones(EDGE)
    sides = [(along, zero), (one, along), (1 - along, one), (zero, 1 - along)]
    corners = np.vstack([np.column_stack(side) for side in sides])
    ring = unproject_km((corners + (east, north)) * side_km, sheet.middle)
    return np.vstack([ring, ring[:1]])


def tracks_out(trace: Trace, scenario: Scenario) -> list[Feature]:
    """Where each threat of a run was, and when.

    Exact for invented countries. For any other scenario only the middles of cells of at least 25 km, at the
    times at which the threat was first seen to be in them.
    """
    sheet, exact, catalogue = sheet_of(scenario), is_invented(scenario), scenario.catalogue()
    found = []
    for one in tracks_of(trace):
        kind = catalogue.threats[one.type]
        times, points = _exact(one) if exact else _crude(one, sheet)
        facts = {"type": one.type, "label": kind.label, "fate": one.fate, "start_s": one.start_s, "end_s": one.end_s}
        facts |= {"tracked_s": one.tracked_s} if one.tracked_s is not None else {}
        facts["places"] = "as simulated" if exact else f"middles of cells of {cell_side_km(sheet):g} km"
        low = kind.figure("height_low_m")
        found.append(Feature("track", one.name, "line", (points,), facts, times, round(0.5 * (low.low + low.high), 1)))
    return found


def _exact(one: Track) -> tuple[np.ndarray, np.ndarray]:
    times = one.times(STEP_S)
    return times, one.at(times)


def _crude(one: Track, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    side_km = cell_side_km(sheet)
    times = one.times(CRUDE_STEP_S)
    cells = np.floor(sheet.km(one.at(times)) / side_km).astype(int)
    kept = [next(group)[0] for _, group in groupby(enumerate(map(tuple, cells.tolist())), key=lambda pair: pair[1])]
    kept += [] if kept[-1] == len(times) - 1 else [len(times) - 1]
    return times[kept], unproject_km((cells[kept] + 0.5) * side_km, sheet.middle)


