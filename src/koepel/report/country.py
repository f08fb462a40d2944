"""The picture of the country: outline, settlements, and where harm falls, no finer than policy allows.

Risk is shown by region of a known outline, or by cells of at least 25 km. Fire units and sensors are drawn
for the invented countries that come with koepel (`INVENTED`) and for no other scenario.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from koepel.countries import Region, outline_of
from koepel.outcome import Outcomes
from koepel.projection import WIDTH, Sheet, graticule, path, sheet_round
from koepel.report.charts import class_breaks, class_legend, colour_class
from koepel.report.digits import mean_number, nice, whole
from koepel.scenario import Scenario

INVENTED = ("small-country", "night-540")
LEAST_CELL_KM = 25.0
MOST_CELLS_ACROSS = 48
MOST_SETTLEMENTS = 400
MOST_NAMES = 16
LARGEST_DOT = 13.0  # radius of the largest settlement on the picture


def is_invented(scenario: Scenario) -> bool:
    """Whether fire units may be drawn: the places are those of an invented country that comes with koepel."""
    if scenario.name not in INVENTED or not scenario.notional.startswith("Every place"):
        return False
    return scenario.settlements == _settlements_of_builtin(scenario.name)


@lru_cache(maxsize=4)
def _settlements_of_builtin(name: str) -> tuple:
    return Scenario.read(name).settlements


def country_picture(
    outcomes: Outcomes, scenario: Scenario, words: Mapping[str, str], breaks: list[float] | None = None
) -> dict[str, Any]:
    """All that the template draws, in units of the picture.

    Parameters
    ----------
    words
        The texts of the section ``map``.
    breaks
        Upper ends of the classes of colour, to draw several pictures alike; their own where none are given.
    """
    outline, invented, sheet = outline_of(scenario), is_invented(scenario), sheet_of(scenario)
    units = _units(scenario, sheet, words) if invented else []
    dots = _dots(scenario, sheet, words)
    areas = _region_areas(outcomes, outline, sheet, dots) if outline else _cell_areas(outcomes, scenario, sheet)
    breaks = class_breaks([area["impacts"] for area in areas["areas"]]) if breaks is None else breaks
    for area in areas["areas"]:
        area["class"] = colour_class(area["impacts"], breaks)
        area["number"] = mean_number(area["impacts"]) if area["impacts"] else ""
        area["title"] = _area_title(area, areas["cell_km"], words)
    _name_some(dots, areas["areas"], units, sheet)
    return {
        "width": WIDTH,
        "height": sheet.height,
        "graticule": graticule(sheet),
        **areas,
        "legend": class_legend(breaks, any(not area["impacts"] for area in areas["areas"]), words),
        "dots": dots,
        "dot_legend": _dot_legend(scenario),
        "units": units,
        "bar": _scale_bar(sheet, words),
        "notes": _notes(outcomes, scenario, areas, bool(outline), words),
    }


def sheet_of(scenario: Scenario) -> Sheet:
    """The sheet that a scenario is drawn on."""
    outline = outline_of(scenario)
    return sheet_round(_extent(outline, scenario, is_invented(scenario)), 0.0 if outline else 18.0)


def cell_side_km(sheet: Sheet) -> float:
    """The side of a cell: 25 km, doubled until at most `MOST_CELLS_ACROSS` lie across the sheet."""
    side_km = LEAST_CELL_KM
    while max(WIDTH, sheet.height) / sheet.scale / side_km > MOST_CELLS_ACROSS:
        side_km *= 2
    return side_km


def _extent(outline: tuple[Region, ...], scenario: Scenario, invented: bool) -> np.ndarray:
    if outline:
        return np.vstack([ring for region in outline for ring in region.rings])
    places = [s.at for s in scenario.settlements]
    if invented:
        places += [thing.at for thing in (*scenario.defence.fire_units, *scenario.defence.sensors)]
    return np.array(places, float).reshape(-1, 2)


def _region_areas(outcomes: Outcomes, outline: tuple[Region, ...], sheet: Sheet, dots: list[dict]) -> dict[str, Any]:
    large = np.array([(dot["x"], dot["y"]) for dot in dots if dot["r"] > 3]).reshape(-1, 2)
    sums = dict(zip(outcomes.zone_names, outcomes.zones / outcomes.runs))
    areas = []
    for region in outline:
        rings = [sheet.on(ring) for ring in region.rings]
        alarm_h, impacts, debris = (float(value) for value in sums.get(region.name, np.zeros(3)))
        x, y = _label_point(rings, large)
        areas.append(
            {
                "name": region.name,
                "d": "".join(path(ring, closed=True) for ring in rings),
                "impacts": impacts,
                "debris": debris,
                "alarm_h": alarm_h,
                "x": x,
                "y": y,
                "size": round(max(ring.max(axis=0)[0] - ring.min(axis=0)[0] for ring in rings), 1),
            }
        )
    return {"areas": areas, "cell_km": ""}


def _cell_areas(outcomes: Outcomes, scenario: Scenario, sheet: Sheet) -> dict[str, Any]:
    """Impacts by square cells; each falls at its settlement, so the cell is that of the settlement."""
    cell_km = cell_side_km(sheet)
    points = _place_points(scenario)
    rows, at_sheet = _cells_of(points, sheet), sheet.on(points)
    side = cell_km * sheet.scale
    areas = []
    for (east, north), impacts in sorted(cell_sums(outcomes, scenario, sheet).items()):
        x, y = sheet.of_km([east * cell_km, (north + 1) * cell_km])[0].round(1).tolist()
        square = f"M{x} {y}h{side:.1f}v{side:.1f}h{-side:.1f}Z"
        own = [place[1] for place, row in zip(at_sheet, rows) if row == (east, north)]
        low = sum(down > y + side / 2 for down in own) <= len(own) / 2  # the half with fewer settlements
        label = {"x": round(x + 0.5 * side, 1), "y": round(y + (side - 7 if low else 16), 1), "size": round(side, 1)}
        areas.append({"name": "", "d": square, "impacts": impacts, "debris": None, **label})
    return {"areas": areas, "cell_km": f"{cell_km:g}"}


def cell_sums(outcomes: Outcomes, scenario: Scenario, sheet: Sheet) -> dict[tuple[int, int], float]:
    """Impacts of a mean night in each cell that holds a settlement, by its place east and north of the middle."""
    cells: dict[tuple[int, int], float] = {}
    rows = _cells_of(_place_points(scenario), sheet)
    for row, impacts in zip(rows, outcomes.places[:, 0] / outcomes.runs, strict=True):
        cells[row] = cells.get(row, 0.0) + float(impacts)
    return cells


def _place_points(scenario: Scenario) -> list[tuple[float, float]]:
    """Where each row of `Outcomes.places` is: settlements, then assets at theirs."""
    at = {one.name: one.at for one in scenario.settlements}
    return [one.at for one in scenario.settlements] + [at[asset.settlement] for asset in scenario.assets]


def _cells_of(points: list, sheet: Sheet) -> list[tuple[int, int]]:
    cells = np.floor(sheet.km(points) / cell_side_km(sheet)).astype(int)
    return [tuple(cell) for cell in cells.tolist()]


def _area_title(area: dict, cell_km: str, words: Mapping[str, str]) -> str:
    if cell_km:
        return words["cell"].format(impacts=mean_number(area["impacts"]), cell=cell_km)
    figures = {"impacts": area["impacts"], "debris": area["debris"], "alarm": area["alarm_h"]}
    return words["region"].format(name=area["name"], **{key: mean_number(value) for key, value in figures.items()})


def _label_point(rings: list[np.ndarray], dots: np.ndarray) -> tuple[float, float]:
    """Of a grid of places inside a region, the one farthest from its border and from large settlements."""
    largest = max(rings, key=lambda ring: np.prod(np.ptp(ring, axis=0)))
    low, high = largest.min(axis=0), largest.max(axis=0)
    shares = (np.arange(24) + 0.5) / 24
    grid = np.array([(x, y) for x in low[0] + shares * (high - low)[0] for y in low[1] + shares * (high - low)[1]])
    inside = grid[sum(_crossings(ring, grid) for ring in rings) % 2 == 1]
    border = np.vstack([*rings, dots])
    wide = np.array([1.0, 1.6])  # a label is wider than high
    away = (((inside[:, None] - border[None]) * wide) ** 2).sum(axis=2).min(axis=1)
    x, y = inside[int(away.argmax())] if len(inside) else (low + high) / 2
    return round(float(x), 1), round(float(y), 1)


def _crossings(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How many edges of a ring lie to the right of each point. Shape (n,)."""
    a, b = ring, np.roll(ring, -1, axis=0)
    spans = (a[:, 1] > points[:, 1:]) != (b[:, 1] > points[:, 1:])
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    right = a[:, 0] + (points[:, 1:] - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise
    return (spans & (points[:, :1] < right)).sum(axis=1)


def _dots(scenario: Scenario, sheet: Sheet, words: Mapping[str, str]) -> list[dict]:
    """The most populous settlements, the largest first so that small ones lie above."""
    chosen = sorted(scenario.settlements, key=lambda s: (-s.people, s.name))[:MOST_SETTLEMENTS]
    if not chosen:
        return []
    at, most = sheet.on([s.at for s in chosen]), max(chosen[0].people, 1.0)
    return [
        {
            "x": round(float(x), 1),
            "y": round(float(y), 1),
            "r": round(_dot_radius(s.people, most), 1),
            "name": s.name,
            "title": words["settlement"].format(name=s.name, people=whole(s.people)),
            "label": None,
        }
        for s, (x, y) in zip(chosen, at, strict=True)
    ]


def _dot_radius(people: float, most: float) -> float:
    """Area grows with people; the smallest can still be seen."""
    return max(1.2, LARGEST_DOT * math.sqrt(people / most))


def _dot_legend(scenario: Scenario) -> list[dict]:
    most = max((s.people for s in scenario.settlements), default=0.0)
    if most <= 0:
        return []
    sizes = [nice(most), nice(most / 4), nice(most / 20)]
    return [{"r": round(_dot_radius(size, most), 1), "text": whole(size)} for size in dict.fromkeys(sizes)]


def _name_some(dots: list[dict], areas: list[dict], units: list[dict], sheet: Sheet) -> None:
    """Names for the largest settlements, where they hide neither a figure nor another name."""
    taken = [(a["x"] - 16, a["y"] - 12, a["x"] + 16, a["y"] + 5) for a in areas if a["number"]]
    taken += [(unit["x"] - 7, unit["y"] - 7, unit["x"] + 7, unit["y"] + 7) for unit in units]
    taken += [(dot["x"] - 3, dot["y"] - 3, dot["x"] + 3, dot["y"] + 3) for dot in dots if dot["r"] > 3]
    named = 0
    for dot in dots:
        wide, gap = 6.7 * len(dot["name"]), dot["r"] + 4
        places = (
            (dot["x"] + gap, dot["y"] + 4, "start"),
            (dot["x"] - gap, dot["y"] + 4, "end"),
            (dot["x"], dot["y"] - gap - 1, "middle"),
            (dot["x"], dot["y"] + gap + 10, "middle"),
        )
        for x, y, anchor in places:
            left = x - {"start": 0.0, "end": wide, "middle": wide / 2}[anchor]
            box = (left, y - 11, left + wide, y + 3)
            on = box[0] > 4 and box[2] < WIDTH - 4 and box[1] > 4 and box[3] < sheet.height - 4
            if on and not any(_overlap(box, other) for other in taken):
                dot["label"] = {"x": round(x, 1), "y": round(y, 1), "anchor": anchor}
                taken.append(box)
                named += 1
                break
        if named == MOST_NAMES:
            return


def _overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _units(scenario: Scenario, sheet: Sheet, words: Mapping[str, str]) -> list[dict]:
    """Symbols of sensors and fire units; for invented countries only."""
    kinds = [("sensor", thing) for thing in scenario.defence.sensors]
    kinds += [("unit", thing) for thing in scenario.defence.fire_units]
    if not kinds:
        return []
    at = sheet.on([thing.at for _, thing in kinds])
    return [
        {
            "kind": kind,
            "x": round(float(x), 1),
            "y": round(float(y), 1),
            "title": words["unit_title"].format(name=thing.name, type=thing.type),
        }
        for (kind, thing), (x, y) in zip(kinds, at, strict=True)
    ]


def _scale_bar(sheet: Sheet, words: Mapping[str, str]) -> dict[str, Any]:
    length_km = nice(0.2 * WIDTH / sheet.scale)
    return {"width": round(length_km * sheet.scale, 1), "text": words["km"].format(km=f"{length_km:,g}")}


def _notes(outcomes: Outcomes, scenario: Scenario, areas: dict, outline: bool, words: Mapping[str, str]) -> list[str]:
    notes = [words["outline" if outline else "no_outline"]]
    if len(scenario.settlements) > MOST_SETTLEMENTS:
        notes.append(words["most_settlements"].format(shown=MOST_SETTLEMENTS, all=whole(len(scenario.settlements))))
    every = float(outcomes.nights("impacts").mean())
    missing = every - sum(area["impacts"] for area in areas["areas"])
    if missing > 0.005 * max(every, 1.0):
        notes.append(words["unplaced"].format(impacts=mean_number(missing), all=mean_number(every)))
    return notes
