"""Small CSV tables: units by suffix, every fault at once with its line, and written tables read again."""

from __future__ import annotations

import pytest

from koepel.errors import ScenarioError
from koepel.tables import MOST_FAULTS, nearest_name, parse_number, read_table, write_table

REQUIRED = {"name": str, "lat": float, "range_m": float}
OPTIONAL = {"rounds": int, "high": bool, "note": str}


def written(tmp_path, text, name="sensors.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(tmp_path, text):
    return read_table(written(tmp_path, text), required=REQUIRED, optional=OPTIONAL)


def faults(tmp_path, text):
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    return [str(fault) for fault in caught.value.faults]


def test_customary_units_are_read_by_the_suffix(tmp_path):
    """A column range_km is the column range_m, times a thousand."""
    (row,) = read(tmp_path, "name,lat,range_km,rounds,high\nnorth,50.5,40,8,yes\n")
    assert row.values == {
        "name": "north",
        "lat": 50.5,
        "range_m": 40e3,
        "rounds": 8,
        "high": True,
        "note": None,
    }
    assert row["range_m"] == 40e3


@pytest.mark.parametrize(
    ("column", "inside", "value"),
    [("speed_km_h", "speed_m_s", 10.0), ("delay_min", "delay_s", 2160.0), ("price_musd", "price_usd", 36e6)],
)
def test_each_customary_unit(tmp_path, column, inside, value):
    """36 km/h are 10 m/s, 36 minutes 2160 s, 36 million dollars 36e6 dollars."""
    path = written(tmp_path, f"{column}\n36\n")
    assert read_table(path, required={inside: float})[0][inside] == pytest.approx(value)


def test_rows_know_their_line(tmp_path):
    """Lines are those of the file, also after an empty line and a cell of two lines."""
    rows = read(tmp_path, '\ufeffname,lat,range_m\n\nnorth,50,1\n"east\nside",50,1\nwest,50,1\n')
    assert [row.where for row in rows] == ["sensors.csv:3", "sensors.csv:4", "sensors.csv:6"]
    assert rows[1]["name"] == "east\nside"


def test_every_fault_at_once(tmp_path):
    """Faults of several rows and columns come in one error, each with file and line."""
    text = "name,lat,range_km,rounds,high\nn,x,nan,1.5,maybe\n,1,inf,2,1\nw,1\nz,1,1e307,2,0\n"
    assert faults(tmp_path, text) == [
        "sensors.csv:2: lat: found 'x'; give a number",
        "sensors.csv:2: range_m: found 'nan'; give a finite number",
        "sensors.csv:2: rounds: found '1.5'; give a whole number",
        "sensors.csv:2: high: found 'maybe'; give 1 or 0",
        "sensors.csv:3: name: the cell is empty; give a text",
        "sensors.csv:3: range_m: found 'inf'; give a finite number",
        "sensors.csv:4: 2 cells under 5 columns; give one for each, and quote text with a comma",
        "sensors.csv:5: range_m: found '1e307'; give a smaller number",
    ]


def test_faults_of_the_header(tmp_path):
    """An unknown column names the nearest; a missing one and one given twice are faults too."""
    assert faults(tmp_path, "nam,range_km,range_m\nn,1,2\n") == [
        "sensors.csv:1: nam: there is no column 'nam'; did you mean 'name'?",
        "sensors.csv:1: range_m: column 'range_m' stands there twice; leave one of them out",
        "sensors.csv:1: name: the column is missing; add a column 'name'",
        "sensors.csv:1: lat: the column is missing; add a column 'lat'",
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"PK\x03\x04zip", "binary"),
        (b"name\x00", "binary"),
        ("name,lat".encode("utf-16"), "UTF-16"),
        ("name,lat,range_m\nÜ,1,1\n".encode("latin-1"), "sensors.csv:2: byte 0xdc is not UTF-8"),
        (b"name;lat;range_m\n", "semicolons"),
        (b'name,lat,range_m\n"n,1,1\n', "sensors.csv:2: not CSV"),
        (b"name,lat,range_m\n" + b"x" * 200_000, "not CSV"),
    ],
)
def test_files_that_are_no_table(tmp_path, content, found):
    """Each says what the file is instead, and never raises anything but a ScenarioError."""
    (fault,) = faults(tmp_path, content)
    assert found in fault


def test_no_such_file(tmp_path):
    """The whole path is told; a folder is refused as well."""
    with pytest.raises(ScenarioError, match=r"there is no such file.*absent.csv"):
        read_table(tmp_path / "absent.csv", required=REQUIRED)
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_table(str(tmp_path), required=REQUIRED)


def test_many_faults_are_cut(tmp_path):
    """A file that is wrong throughout gives a readable number of faults, and says how many more."""
    found = faults(tmp_path, "name,lat,range_m\n" + "n,x,1\n" * 1000)
    assert len(found) == MOST_FAULTS + 1
    assert f"{1000 - MOST_FAULTS} more" in found[-1]


@pytest.mark.parametrize("text", ["1,5", "1_000", "", "0x10", "NaN", "-inf", "1e999"])
def test_what_is_no_number(text):
    """Decimal commas, underscores and what is not finite are refused with the mend."""
    with pytest.raises(ValueError, match=r"found .*; "):
        parse_number(text)


def test_nearest_name_without_a_near_one():
    """Where nothing is near, the known names are listed, at most a dozen."""
    assert nearest_name("zzz", ["b", "a"]) == "known are a, b"
    assert nearest_name("zzz", map(str, range(99))).count(",") == 11


def test_written_tables_are_read_again(tmp_path):
    """What is written is read back to the bit, and the same rows give the same bytes."""
    rows = [
        {
            "name": 'a "b", c\nd',
            "lat": 0.1 + 0.2,
            "range_m": 1e-300,
            "rounds": 3,
            "high": False,
            "note": None,
        },
        {"name": "Їжак", "lat": -1.0, "range_m": 5e20, "rounds": None, "high": True, "note": "x"},
    ]
    path = tmp_path / "out.csv"
    write_table(path, rows)
    first = path.read_bytes()
    back = read_table(path, required=REQUIRED, optional=OPTIONAL)
    assert [dict(row.values) for row in back] == rows
    write_table(path, [row.values for row in back], columns=list(rows[0]))
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_no_rows(tmp_path):
    """A table without rows keeps its header."""
    write_table(tmp_path / "out.csv", [], columns=["name"])
    assert read_table(tmp_path / "out.csv", required={"name": str}) == []
