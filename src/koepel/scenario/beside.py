"""The tables beside a scenario file: long lists as CSV or GeoJSON instead of YAML."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from koepel.errors import ScenarioError
from koepel.nouns import nearest_word
from koepel.scenario.fields import TABLES
from koepel.scenario.source import Source, path_text, read_text, show
from koepel.tables import read_table
from koepel.units import to_base

MOST_BYTES = 50_000_000
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
MAGAZINE = re.compile(r"(ready|reserve):(.+)")
_INTERVAL = re.compile(r"\s*([-+0-9.eE]+?)\s*(?:-|to)\s*([+0-9.][-+0-9.eE]*)\s*")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of table. A table of places has ``lat`` and ``lon``, which become ``at``."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    words: tuple[str, ...] = ("name", "type", "kind", "settlement", "region")
    magazines: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a table may have."""
        return self.required + self.optional

    @property
    def of_places(self) -> bool:
        """Whether each row has its own place."""
        return "lat" in self.required


LAYOUTS = {
    "settlements": Layout(("name", "lat", "lon", "people"), ("region",)),
    "assets": Layout(("name", "kind", "settlement", "value_usd")),
    "sensors": Layout(("name", "type", "lat", "lon")),
    "fire_units": Layout(("name", "type", "lat", "lon"), magazines=True),
    "threats": Layout(("name", "type", "route"), ("start_s",)),
}


def bring_in_tables(source: Source, folder: Path | None) -> None:
    """Put the rows of every table in the place that refers to it."""
    for path in TABLES:
        parent = source.data
        for step in path[:-1]:
            parent = parent.get(step) if isinstance(parent, dict) else None
        asked = parent.get(path[-1]) if isinstance(parent, dict) else None
        if isinstance(asked, dict):
            parent[path[-1]] = _rows(source, path, asked, folder)


def _rows(source: Source, path: tuple, asked: dict, folder: Path | None) -> list:
    """The rows that ``{file: NAME}`` or ``{builtin: NAME}`` asks for."""
    settlements = path[-1] == "settlements"
    known = ["file", *(["builtin", "least_people"] if settlements else [])]
    for key in asked:
        if key not in known:
            source.fault((*path, key), "unknown field", nearest_word(key, known))
    if ("file" in asked) == ("builtin" in asked and settlements):
        source.unread.append(path)
        source.fault(path, f"found {show(asked)}", "give a list, or a table as {file: NAME.csv}")
        return []
    builtin = settlements and "builtin" in asked
    table = _builtin(source, path, asked) if builtin else _file(source, path, asked, folder)
    if table is None:
        source.unread.append(path)
        return []
    rows = list(_read(source, path, table))
    return _populous(source, path, rows, asked.get("least_people", 0))


def _populous(source: Source, path: tuple, rows: list, least_people: Any) -> list:
    """The settlements of at least so many people; their lines move up with them."""
    if isinstance(least_people, bool) or not isinstance(least_people, int | float):
        source.fault((*path, "least_people"), f"found {show(least_people)}", "give a number of people")
        return rows
    if not least_people:
        return rows
    kept = [
        i
        for i, row in enumerate(rows)
        if not isinstance(row.get("people"), int | float) or row["people"] >= least_people
    ]
    places = [source.where((*path, i)) for i in kept]
    source.lines.update({(*path, j): place for j, place in enumerate(places)})
    return [rows[i] for i in kept]


def _builtin(source: Source, path: tuple, asked: dict) -> Any:
    folder = resources.files("koepel") / "data" / "settlements"
    known = sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv"))
    if asked["builtin"] not in known:
        source.fault((*path, "builtin"), f"found {show(asked['builtin'])}", nearest_word(asked["builtin"], known))
        return None
    return folder / f"{asked['builtin']}.csv"


def _file(source: Source, path: tuple, asked: dict, folder: Path | None) -> Path | None:
    """The table's path, if it is a table inside the scenario's own folder."""
    here, name = (*path, "file"), asked["file"]
    endings = (".csv", ".geojson") if LAYOUTS[path[-1]].of_places else (".csv",)
    if not isinstance(name, str) or not name.endswith(endings):
        source.fault(here, f"found {show(name)}", f"give the name of a file that ends in {' or '.join(endings)}")
        return None
    if folder is None:
        source.fault(here, f"found {show(name)}", "a scenario without a file has its lists inline")
        return None
    try:
        table = (folder / name).resolve()
        inside = (
            not Path(name).is_absolute() and ".." not in Path(name).parts and table.is_relative_to(folder.resolve())
        )
        there = inside and table.is_file()
    except (OSError, ValueError):
        inside, there = True, False
    if not inside:
        source.fault(here, f"{show(name)} is outside the scenario's folder", "put the table beside the scenario file")
    elif not there:
        names = [item.name for item in folder.iterdir() if item.name.endswith(endings)]
        hint = nearest_word(name, names) if names else "put the table beside the scenario file"
        source.fault(here, f"there is no file {show(name)}", hint)
    return folder / name if there else None


def _read(source: Source, path: tuple, table: Any) -> Iterator[dict[str, Any]]:
    """The rows of one table as the mappings that YAML would have held."""
    layout = LAYOUTS[path[-1]]
    rows = _geojson_rows if table.name.endswith(".geojson") else _csv_rows
    for i, (where, cells) in enumerate(rows(source, path, table, layout)):
        source.lines[(*path, i)] = where
        yield row_of(cells, layout, lambda field, *words, i=i: source.fault((*path, i, field), *words))


def _csv_rows(source: Source, path: tuple, table: Any, layout: Layout) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each row stands, and its cells by column; empty cells left out.

    Cells stay texts under the names that the file gives, so that each fault tells what the file says.
    """
    given = {to_base(column)[0]: column for column in table_header(table)}
    required = {given.get(name, name): str for name in layout.required}
    optional = {given.get(name, name): str for name in layout.optional}
    if layout.magazines:
        optional |= {column: str for column in given.values() if MAGAZINE.fullmatch(column)}
    source.lines[path] = f"{table.name}:1"
    try:
        for row in read_table(table, required=required, optional=optional):
            yield row.where, {column: cell for column, cell in row.values.items() if cell is not None}
    except ScenarioError as error:
        source.unread.append(path)
        source.faults += [replace(fault, field=_field(path, fault.field)) for fault in error.faults]


def table_header(table: Any) -> list[str]:
    """The columns of a CSV table; none where it has no first line that can be read."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            return [cell.strip() for cell in next(csv.reader([file.readline(100_000)]), [])]
    except (OSError, ValueError, csv.Error):
        return []


def _field(path: tuple, column: str) -> str:
    return f"{path_text(path)}: {column}" if column else path_text(path)


def _geojson_rows(source: Source, path: tuple, table: Any, layout: Layout) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same of a GeoJSON file of points; its features are counted from 1."""
    file = source.lines[path] = table.name
    text, faults = read_text(table, MOST_BYTES)
    if faults:
        source.unread.append(path)
        source.faults += faults
        return
    try:
        features = json.loads(text)["features"]
        if not isinstance(features, list):
            raise TypeError("its features are no list")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        where = f"{file}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else file
        source.lines[path] = where
        source.unread.append(path)
        source.fault(path, "not a GeoJSON feature collection", "give {type: FeatureCollection, features: [...]}")
        return
    for i, feature in enumerate(features):
        where = f"{file}: feature {i + 1}"
        source.lines[(*path, i)] = where
        feature = feature if isinstance(feature, dict) else {}
        geometry, found = feature.get("geometry"), feature.get("properties")
        spot = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
        if not isinstance(spot, list) or len(spot) < 2 or not all(isinstance(x, int | float) for x in spot):
            source.fault((*path, i), "the feature is no point", "give points, with coordinates [lon, lat]")
            spot = [0, 0]
        cells = dict(found) if isinstance(found, dict) else {}
        for column in sorted(set(cells) - set(layout.columns)):
            if not (layout.magazines and MAGAZINE.fullmatch(column)):
                source.fault((*path, i), f"unknown property {show(column)}", nearest_word(column, layout.columns))
                del cells[column]
        yield where, cells | {"lat": spot[1], "lon": spot[0]}


def row_of(cells: dict[str, Any], layout: Layout, fault: Callable[..., None]) -> dict[str, Any]:
    """One row as a mapping of the scenario."""
    row: dict[str, Any] = {}
    for column, cell in cells.items():
        magazine = MAGAZINE.fullmatch(column)
        if column in ("lat", "lon"):
            continue
        if magazine and layout.magazines:
            rounds, effector = magazine.groups()
            row.setdefault("magazines", {}).setdefault(effector, {})[rounds] = number_of(cell)
        elif column == "route":
            row["route"] = _route(cell, fault)
        else:
            row[column] = cell if column in layout.words else number_of(cell)
    if layout.of_places:
        row["at"] = [number_of(cells[axis]) for axis in ("lat", "lon") if axis in cells]
    return row


def number_of(cell: Any) -> Any:
    """A cell as the number or interval that it writes; any other text is left for the field's own check.

    Examples
    --------
    >>> number_of("12"), number_of("0.5"), number_of("100-300"), number_of("many")
    (12, 0.5, [100.0, 300.0], 'many')
    """
    if not isinstance(cell, str) or len(cell) > 1000:
        return cell
    try:
        if cell[:1] in ("[", "{"):
            return json.loads(cell)
        return int(cell) if _WHOLE.fullmatch(cell) else float(cell)
    except (ValueError, RecursionError):
        pass
    ends = _INTERVAL.fullmatch(cell)
    try:
        return [float(end) for end in ends.groups()] if ends else cell
    except ValueError:
        return cell


def _route(cell: Any, fault: Callable[..., None]) -> list[list[float]]:
    """A route as points, from ``lat lon; lat lon``."""
    route = []
    for point in str(cell).split(";"):
        try:
            lat, lon = (float(part) for part in point.split())
            route.append([lat, lon])
        except ValueError:
            fault("route", f"found {show(point.strip())}", "write a route as 'lat lon; lat lon'")
    return route
