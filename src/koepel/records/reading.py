"""The border: a file of published records becomes a table of dates and numbers, or all its faults."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from koepel.errors import Fault, RecordsError

TIMES = ("time_start", "time_end")
TEXTS = ("model", "launch_place", "target")
COUNTS = ("launched", "destroyed", "not_reach_goal", "still_attacking", "is_shahed")
OPTIONAL_COUNTS = ("turbojet",)
OPTIONAL_TEXTS = ("launched_details", "launch_place_details")

MOST = 100_000  # a larger count is a slip of the pen
MOST_FAULTS = 20
HEAD_BYTES = 1 << 16
SAVE_AS_CSV = "save it as comma-separated text in UTF-8, one attack a line under a line of column names"


def read_table(path: Path) -> pd.DataFrame:
    """The columns koepel uses, with times and numbers in them.

    Raises
    ------
    RecordsError
        With every fault of the file, or the first 20 and how many more.
    """
    _check_text(path)
    table = _parsed(path)
    _check_columns(path, table)
    return _typed(path, table)


def _fail(path: Path, found: str, mend: str = SAVE_AS_CSV, field: str = "") -> None:
    raise RecordsError(path.name, [Fault(str(path), field, found, mend)]) from None


def _check_text(path: Path) -> None:
    """Refuse what is no text at all before any parser meets it."""
    try:
        if path.is_dir():
            _fail(path, "found a folder", "give the CSV file inside it")
        if not path.exists():
            _fail(path, "no such file", "give the path of a CSV file of recorded attacks")
        if not path.is_file():
            _fail(path, "not a regular file", "give the path of a CSV file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        _fail(path, f"cannot be read ({error.strerror})", "check the path and its permissions")
    if not head.strip():
        _fail(path, "the file is empty")
    if b"\0" in head:
        _fail(path, "a binary file")
    if len(head) == HEAD_BYTES and b"\n" not in head and b"\r" not in head:
        _fail(path, "no end of line in the first 64 kB")


def _parsed(path: Path) -> pd.DataFrame:
    """Every column as text; rows that are wholly blank are dropped, the others keep their number."""
    try:
        # an open file, so that pandas neither unpacks archives nor looks at the name; blank lines
        # stay until the end, so that position and line number agree
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = pd.read_csv(file, dtype=str, skip_blank_lines=False)
    except UnicodeDecodeError:
        _fail(path, "not UTF-8 text")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        _fail(path, f"not a CSV file ({' '.join(str(error).split())[:200]})")
    except OSError as error:
        _fail(path, f"cannot be read ({error.strerror})", "check the path and its permissions")
    if not isinstance(table.index, pd.RangeIndex):
        _fail(path, "lines with more fields than the line of column names", "quote values that hold a comma")
    table.columns = [str(name).strip() for name in table.columns]
    return table.loc[:, ~table.columns.duplicated()].dropna(how="all")


def _check_columns(path: Path, table: pd.DataFrame) -> None:
    missing = [name for name in (*TIMES, *TEXTS, *COUNTS) if name not in table.columns]
    found = ", ".join(name[:40] for name in table.columns[:25])
    if missing:
        _fail(path, f"no column {', '.join(missing)}; the file has: {found}", "add or rename the columns")
    if table.empty:
        _fail(path, "column names and no row", "give at least one row")


def _typed(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table with parsed columns; raises with all faults found on the way."""
    out, faulty = pd.DataFrame(index=table.index), []
    for name in TIMES:
        text = _text(table[name])
        out[name] = times(text)
        faulty += _faulty(name, text, out[name].isna(), "write YYYY-MM-DD or YYYY-MM-DD HH:MM")
    for name in (*COUNTS, *(c for c in OPTIONAL_COUNTS if c in table)):
        text = _text(table[name])
        out[name] = pd.to_numeric(text, errors="coerce").astype(float)
        wrong = (text != "") & ~(out[name].between(0, MOST) & (out[name] % 1 == 0))
        faulty += _faulty(name, text, wrong, f"write a whole number from 0 to {MOST}, or nothing")
    if faulty:
        _raise_rows(path, sorted(faulty))
    for name in (*TEXTS, *(c for c in OPTIONAL_TEXTS if c in table)):
        out[name] = _text(table[name])
    for name in OPTIONAL_COUNTS:
        out[name] = out.get(name, np.nan)
    for name in OPTIONAL_TEXTS:
        out[name] = out.get(name, "")
    return out


def _text(column: pd.Series) -> pd.Series:
    """Text without spaces at its ends; a missing value is empty."""
    return column.fillna("").astype(str).str.strip().astype(object)


def times(text: pd.Series) -> pd.Series:
    """Timestamps of ``YYYY-MM-DD``, with or without ``HH:MM`` or ``HH:MM:SS``; NaT where none can be read.

    Examples
    --------
    >>> times(pd.Series(["2023-05-16 3:30", "2023-05-16", "soon"])).tolist()
    [Timestamp('2023-05-16 03:30:00'), Timestamp('2023-05-16 00:00:00'), NaT]
    """
    plain = text.astype(str).str.replace("T", " ", regex=False)
    colons = plain.str.count(":")
    tail = np.select([~plain.str.contains(" ", regex=False), colons == 1], [" 00:00:00", ":00"], "")
    return pd.to_datetime(plain + tail, format="%Y-%m-%d %H:%M:%S", errors="coerce").astype("datetime64[ns]")


def _faulty(name: str, text: pd.Series, wrong: pd.Series, mend: str) -> list[tuple[int, str, str, str]]:
    found = text[wrong]
    return [(row, name, value, mend) for row, value in found.items()]


def _raise_rows(path: Path, faulty: list[tuple[int, str, str, str]]) -> None:
    """Raise with the first faults in the order of the file."""
    shown = faulty[:MOST_FAULTS]
    lines = _lines(path, shown[-1][0])
    faults = [
        Fault(f"{path.name}:{lines[row]}", name, f"found {value[:60]!r}" if value else "found nothing", mend)
        for row, name, value, mend in shown
    ]
    if len(faulty) > MOST_FAULTS:
        more = len(faulty) - MOST_FAULTS
        faults.append(Fault(path.name, "", f"{more} more like these", "mend the ones above and read it again"))
    raise RecordsError(path.name, faults)


def _lines(path: Path, last_row: int) -> list[int]:
    """The line on which each row begins: a quoted value may hold line breaks."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader, starts = csv.reader(file), []
        try:
            for _ in islice(reader, last_row + 2):
                starts.append(reader.line_num + 1)  # where the next row begins
        except csv.Error:  # a field too long for this reader; then a row is taken as a line
            return list(range(2, last_row + 3))
    return starts
