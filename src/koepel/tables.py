"""Small CSV tables at the border: read with every fault at once, written so that they can be read again."""

from __future__ import annotations

import csv
import difflib
import io
import math
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koepel.errors import Fault, ScenarioError
from koepel.units import to_base

MOST_FAULTS = 50
MOST_BYTES = 100_000_000
FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
COLUMN_KINDS = {str: "text", float: "number", int: "whole number", bool: "flag"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Parameters
    ----------
    where
        File and line, as ``settlements.csv:12``.
    values
        Column -> value, by the names used inside (``range_m``). None where an optional cell is empty.
    """

    where: str
    values: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


def nearest_name(word: str, known: Iterable[str]) -> str:
    """A hint at the name that was probably meant.

    Examples
    --------
    >>> nearest_name("patroit", ["patriot", "hawk"])
    "did you mean 'patriot'?"
    """
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(word), names, n=1)
    return f"did you mean '{close[0]}'?" if close else "known are " + ", ".join(sorted(set(names))[:12])


def parse_number(text: str) -> float:
    """The finite number that a cell holds.

    Raises
    ------
    ValueError
        With what was found and the mend, apart by ``; ``.

    Examples
    --------
    >>> parse_number(" 1.5e3 ")
    1500.0
    """
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        mend = "write the decimal as a point" if "," in text else "give a number"
        raise ValueError(f"found {text!r}; {mend}") from None
    if not math.isfinite(number):
        raise ValueError(f"found {text!r}; give a finite number")
    return number


def read_table(
    path, *, required: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> list[Row]:
    """Rows of a CSV table, in the units used inside.

    A column may be given in the customary unit: ``range_km`` is read as ``range_m``, by the suffix. Empty
    lines are skipped.

    Parameters
    ----------
    path
        A path, or a file of the package as `importlib.resources` gives it.
    required, optional
        Column, by its name inside -> ``str``, ``float``, ``int`` or ``bool``. A cell of a required column
        must not be empty; an optional column or cell may be missing.

    Raises
    ------
    ScenarioError
        With every fault, each with file and line.
    """
    file = getattr(path, "name", None) or Path(path).name
    lines = _lines(_text(path, file), file)
    kinds = {**(optional or {}), **required}
    columns, faults = _columns(lines[0][1], f"{file}:{lines[0][0]}", kinds, required)
    rows = []
    for line, cells in lines[1:]:
        row, found = _row(cells, f"{file}:{line}", columns, kinds, required)
        rows.append(row)
        faults += found
    if faults:
        raise ScenarioError(file, _shortened(faults, file))
    return rows


def write_table(path, rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str] | None = None) -> None:
    """Write rows as CSV; the file is replaced in one step.

    Parameters
    ----------
    columns
        Order of the columns; that of the first row where none is given.
    """
    rows = list(rows)
    columns = list(columns or (rows[0] if rows else ()))
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    draft.replace(path)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _text(path, file: str) -> str:
    """The text of a file; a fault that says what else it is."""

    def refused(found: str, mend: str, where: str = file) -> ScenarioError:
        return ScenarioError(file, [Fault(where, "", found, mend)])

    try:
        data = (path if hasattr(path, "read_bytes") else Path(path)).read_bytes()
    except FileNotFoundError:
        raise refused("there is no such file", f"give the path of a CSV table; looked for {path}") from None
    except OSError as error:
        reason = error.strerror or error
        raise refused(f"it cannot be read ({reason})", "give a CSV file that can be read") from None
    if len(data) > MOST_BYTES:
        most = f"{MOST_BYTES / 1e6:.0f} MB"
        raise refused(f"it has {len(data) / 1e6:.0f} MB", f"give a table of at most {most}")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refused("it is encoded as UTF-16", "save it as CSV in UTF-8")
    if b"\x00" in data or data[:2] == b"PK":
        raise refused("it is a binary file", "save the table as CSV in UTF-8; a spreadsheet file is not CSV")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise refused(found, "save the table as CSV in UTF-8", f"{file}:{line}") from None


def _lines(text: str, file: str) -> list[tuple[int, list[str]]]:
    """Number of the first line, and the cells, of every row that is not empty; the header first."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines, start = [], 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                lines.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        mend = "close each quote in its own row, double it inside a cell"
        raise ScenarioError(file, [Fault(f"{file}:{start}", "", f"not CSV ({error})", mend)]) from None
    if not lines:
        fault = Fault(file, "", "it is empty", "give a header line and a row for each thing")
        raise ScenarioError(file, [fault])
    return lines


def _columns(
    header: list[str], where: str, kinds: Collection[str], required: Collection[str]
) -> tuple[list[tuple[str, float] | None], list[Fault]]:
    """For each cell of a row the column it belongs to and the factor into its unit; None for unknown ones."""
    columns: list[tuple[str, float] | None] = []
    faults = []
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        fault = Fault(where, "", "the columns are apart by semicolons or tabs", "put commas between columns")
        raise ScenarioError(where.rsplit(":", 1)[0], [fault])
    for cell in header:
        name, factor = (cell, 1.0) if cell in kinds else to_base(cell)
        if name not in kinds:
            faults.append(Fault(where, cell, f"there is no column {cell!r}", nearest_name(cell, kinds)))
        elif name in [column[0] for column in columns if column]:
            faults.append(Fault(where, cell, f"column {name!r} stands there twice", "leave one of them out"))
        columns.append((name, factor) if name in kinds else None)
    present = [column[0] for column in columns if column]
    missing = [name for name in required if name not in present]
    faults += [Fault(where, name, "the column is missing", f"add a column {name!r}") for name in missing]
    return columns, faults


def _row(
    cells: list[str],
    where: str,
    columns: Sequence[tuple[str, float] | None],
    kinds: Mapping[str, type],
    required: Collection[str],
) -> tuple[Row, list[Fault]]:
    faults = []
    if len(cells) != len(columns):
        found = f"{len(cells)} cells under {len(columns)} columns"
        return Row(where, {}), [Fault(where, "", found, "give one for each, and quote text with a comma")]
    values: dict[str, Any] = dict.fromkeys(kinds)
    for cell, column in zip(cells, columns, strict=True):
        if column is None:
            continue
        name, factor = column
        if not cell:
            if name in required:
                faults.append(Fault(where, name, "the cell is empty", f"give a {COLUMN_KINDS[kinds[name]]}"))
            continue
        try:
            values[name] = _value(cell, kinds[name], factor)
        except ValueError as error:
            found, mend = str(error).rsplit("; ", 1)
            faults.append(Fault(where, name, found, mend))
    return Row(where, values), faults


def _value(cell: str, kind: type, factor: float) -> Any:
    """The value of a cell; a ValueError says what was found and the mend."""
    if kind is str:
        return cell
    if kind is bool:
        if cell.lower() not in FLAGS:
            raise ValueError(f"found {cell!r}; give 1 or 0")
        return FLAGS[cell.lower()]
    number = parse_number(cell) * factor
    if not math.isfinite(number):
        raise ValueError(f"found {cell!r}; give a smaller number")
    if kind is int:
        if not number.is_integer():
            raise ValueError(f"found {cell!r}; give a whole number")
        return int(number)
    return number


def _shortened(faults: list[Fault], file: str) -> list[Fault]:
    """At most `MOST_FAULTS` faults, and how many more there are."""
    rest = len(faults) - MOST_FAULTS
    if rest <= 0:
        return faults
    return [*faults[:MOST_FAULTS], Fault(file, "", f"{rest} more faults like these", "mend these first")]
