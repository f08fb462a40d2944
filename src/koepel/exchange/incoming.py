"""Places of other tools into a scenario: settlements, assets, sensors and fire units, from GeoJSON and CSV.

Unlike the tables beside a scenario file, a file of another tool may hold columns that a scenario has no use for; they
are left out, and named. Everything else is checked as a scenario is: all faults at once, each with its line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace as replace_field
from pathlib import Path
from typing import Any

from koepel.errors import Fault, ScenarioError, UsageError
from koepel.nouns import nearest_word
from koepel.scenario import Scenario
from koepel.scenario.beside import LAYOUTS, MAGAZINE, MOST_BYTES, Layout, row_of, table_header
from koepel.scenario.read import believe
from koepel.scenario.source import Source, read_text, show
from koepel.tables import read_table
from koepel.units import to_base

KINDS = {
    "settlements": ("settlements",),
    "assets": ("assets",),
    "sensors": ("defence", "sensors"),
    "fire_units": ("defence", "fire_units"),
}
# what a place is called under ``feature`` in a file that koepel wrote
FEATURE = {"settlements": "settlement", "assets": "asset", "sensors": "sensor", "fire_units": "fire unit"}
# other names that a column goes by, in small letters
ALIASES = {
    "latitude": "lat", "y": "lat", "longitude": "lon", "lng": "lon", "long": "lon", "x": "lon",
    "population": "people", "pop": "people", "inhabitants": "people",
}  # fmt: skip
KOEPELS_OWN = ("feature", "radius_m", "times_s", "nominal_height_m")  # of its exports; no scenario reads them back
WGS84 = ("CRS84", "4326", "4979")
ENDINGS = (".csv", ".geojson", ".json")
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")
Rows = list[tuple[str, dict[str, Any]]]  # where each stands, and its cells by column


def bring_in(
    scenario: Scenario, path: str | Path, kind: str = "settlements", *, replace: bool = False
) -> tuple[Scenario, list[str]]:
    """The scenario with places of a file in it, and the columns of the file that were left out.

    Parameters
    ----------
    path
        A GeoJSON file of points, or a CSV table with a header: ``name``, ``lat``, ``lon`` and ``people`` for
        settlements; ``name``, ``kind``, ``settlement`` and ``value_usd`` for assets; ``name``, ``type``, ``lat`` and
        ``lon`` for sensors and fire units. A column may be in its customary unit, as ``value_musd``.
    kind
        ``settlements``, ``assets``, ``sensors`` or ``fire_units``.
    replace
        Whether they take the place of those of the scenario, or are added to them.

    Raises
    ------
    ScenarioError
        With every fault of the file, by line or feature, and of the scenario that would come of it.
    UsageError
        For a kind that is none of these, or a file that is neither GeoJSON nor CSV.
    """
    if kind not in KINDS:
        raise UsageError("the import", [Fault("", "kind", f"found {show(kind)}", nearest_word(kind, KINDS))])
    path, steps, layout = Path(path), KINDS[kind], LAYOUTS[kind]
    rows, left_out, faults = _rows(path, layout, FEATURE[kind])
    source = Source(scenario.plain(), faults=list(faults))
    parent = source.data
    for step in steps[:-1]:
        parent = parent.setdefault(step, {})
    things = [] if replace else list(parent.get(steps[-1], []))
    for where, cells in rows:
        here = (*steps, len(things))
        source.lines[here] = where
        things.append(row_of(cells, layout, lambda field, *words, here=here: source.fault((*here, field), *words)))
    parent[steps[-1]] = things
    if faults and not rows:  # what leads to them is not looked at
        source.unread.append(steps)
    return believe(type(scenario), source, path.name, None, ()), left_out


def read_points(path: str | Path) -> list[tuple[str, tuple[float, float]]]:
    """Name and place of each point of a GeoJSON or CSV file, as candidate sites have them.

    Raises
    ------
    ScenarioError
        With every fault of the file: places beyond the globe, names that are there twice, cells that are no numbers.
    """
    path = Path(path)
    rows, _, faults = _rows(path, Layout(("name", "lat", "lon")), None)
    points: list[tuple[str, tuple[float, float]]] = []
    seen: dict[str, str] = {}
    for where, cells in rows:
        name = str(cells.get("name", ""))
        at = tuple(_degrees(cells.get(axis)) for axis in ("lat", "lon"))
        for axis, value, most in zip(("lat", "lon"), at, (90, 180), strict=True):
            if value is None or not abs(value) <= most:
                mend = f"give -{most} to {most} degrees"
                faults.append(Fault(where, axis, f"found {show(cells.get(axis))}", mend))
        if name in seen:
            found = f"{show(name)} is there twice, first at {seen[name]}"
            faults.append(Fault(where, "name", found, "give each its own name"))
        seen.setdefault(name, where)
        points.append((name, at))
    if faults:
        raise ScenarioError(path.name, faults)
    return points


def _degrees(cell: Any) -> float | None:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _rows(path: Path, layout: Layout, feature: str | None) -> tuple[Rows, list[str], list[Fault]]:
    """The rows of a file, the columns that a scenario has no use for, and what is wrong with the file itself."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        mend = f"give a file that ends in {', '.join(ENDINGS)}"
        raise UsageError("the import", [Fault(str(path), "", f"found the ending {path.suffix!r}", mend)])
    if not path.is_file():
        raise UsageError("the import", [Fault(str(path), "", "there is no such file", "check its name and folder")])
    rows, faults = _csv(path, layout) if ending == ".csv" else _geojson(path, layout)
    if feature and any(cells.get("feature") in FEATURE.values() for _, cells in rows):  # koepel wrote it
        rows = [(where, cells) for where, cells in rows if cells.get("feature") == feature]
    if not rows and not faults:
        found = f"it holds no {feature}" if feature else "it holds no place"
        faults = [Fault(path.name, "", found, "give a file with a row or feature for each place")]
    kept: Rows = []
    left_out: dict[str, None] = {}
    for where, cells in rows:
        own = {key: cell for key, cell in cells.items() if _of(key, layout)}
        left_out |= dict.fromkeys(key for key in cells if key not in own and key not in ("feature", "lat", "lon"))
        for column in _decimal_commas(own, layout):
            faults.append(Fault(where, column, f"found {show(own[column])}, a decimal comma", "write a decimal point"))
            own[column] = own[column].replace(",", ".")  # told once is enough
        kept.append((where, own))
    return kept, [name for name in left_out if name not in KOEPELS_OWN], faults


def _of(column: str, layout: Layout) -> bool:
    """Whether a scenario has a use for a column."""
    return to_base(column)[0] in layout.columns or bool(layout.magazines and MAGAZINE.fullmatch(column))


def _decimal_commas(cells: dict[str, Any], layout: Layout) -> list[str]:
    """Columns of numbers whose cell has a decimal comma."""
    texts = [column for column, cell in cells.items() if column not in layout.words and isinstance(cell, str)]
    return [column for column in texts if _DECIMAL_COMMA.fullmatch(cells[column])]


def _renamed(given: list[str], layout: Layout) -> dict[str, str]:
    """Column of the file -> its name here: as it is, in small letters, or by an alias."""
    names: dict[str, str] = {}
    for column in given:
        small = column.strip().lower()
        name = small if to_base(small)[0] in (*layout.columns, "lat", "lon", "feature") else ALIASES.get(small, column)
        names[column] = name if name not in names.values() else column
    return names


def _csv(path: Path, layout: Layout) -> tuple[Rows, list[Fault]]:
    """Rows of a CSV table; the header may hold any further columns."""
    header = [column for column in table_header(path) if column]
    names = _renamed(header, layout)
    try:
        table = read_table(path, required={}, optional=dict.fromkeys(header, str))
    except ScenarioError as error:
        return [], [_with_comma_hint(fault) for fault in error.faults]
    there = {to_base(name)[0] for name in names.values()}
    lacking = [name for name in layout.required if name not in there]
    if lacking:
        where, found = f"{path.name}:1", f"the column is missing; there are {show(', '.join(header))}"
        return [], [Fault(where, name, found, f"add a column {name!r}, or call one so") for name in lacking]
    rows = []
    for row in table:
        cells = {names.get(column, column): cell for column, cell in row.values.items() if cell is not None}
        rows.append((row.where, cells))
    return rows, []


def _with_comma_hint(fault: Fault) -> Fault:
    """Too many cells in a row are often decimal commas."""
    many = re.fullmatch(r"(\d+) cells under (\d+) columns", fault.found)
    if not many or int(many[1]) <= int(many[2]):
        return fault
    return replace_field(fault, mend=f"{fault.mend}; write decimals with a point, not with a comma")


def _geojson(path: Path, layout: Layout) -> tuple[Rows, list[Fault]]:
    """Features of a GeoJSON file, counted from 1; only points are places."""
    text, faults = read_text(path, MOST_BYTES)
    if faults:
        return [], faults
    try:
        data = json.loads(text)
        features = data["features"] if data.get("type") == "FeatureCollection" else [data]
        if not isinstance(features, list):
            raise TypeError("its features are no list")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        where = f"{path.name}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else path.name
        mend = "give {type: FeatureCollection, features: [...]}"
        return [], [Fault(where, "", "not a GeoJSON feature collection", mend)]
    rows, faults = [], list(_other_system(data, path.name))
    for number, feature in enumerate(features, 1):
        where = f"{path.name}: feature {number}"
        feature = feature if isinstance(feature, dict) else {}
        cells, fault = _cells(feature, where, layout)
        faults += fault
        if cells is not None:
            rows.append((where, cells))
    return rows, faults


def _other_system(data: dict[str, Any], file: str) -> Iterator[Fault]:
    """A file in another system of coordinates than GeoJSON's own."""
    crs = data.get("crs")
    name = crs.get("properties", {}).get("name", "") if isinstance(crs, dict) else ""
    if name and not any(str(name).endswith(one) for one in WGS84):
        yield Fault(file, "crs", f"found {show(str(name))}", "save it in WGS 84 (EPSG:4326), longitude first")


def _cells(feature: dict[str, Any], where: str, layout: Layout) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The cells of one feature; None for one that koepel wrote and that is no place."""
    geometry, found = feature.get("geometry"), feature.get("properties")
    found = found if isinstance(found, dict) else {}
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind != "Point" and found.get("feature") in ("region", "cell", "track"):
        return None, []
    names = _renamed([str(key) for key in found], layout)
    cells = {names[str(key)]: value for key, value in found.items() if value is not None}
    spot = geometry.get("coordinates") if kind == "Point" else None
    numbers = isinstance(spot, list) and len(spot) >= 2 and all(_is_number(x) for x in spot)
    if not numbers:
        told = f"a {kind}" if kind and kind != "Point" else "no point"
        return None, [Fault(where, "geometry", f"the feature is {told}", "give points, with coordinates [lon, lat]")]
    return cells | {"lat": spot[1], "lon": spot[0]}, []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
