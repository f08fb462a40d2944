"""Tables beside a scenario file: CSV and GeoJSON, their faults with file and line."""

import json
from pathlib import Path

import pytest

from koepel.errors import ScenarioError
from koepel.scenario import Scenario

TEXT = """\
format: koepel-scenario/1
name: tables
settlements: {file: places.csv}
assets: {file: assets.csv}
defence:
  sensors: {file: sensors.geojson}
  fire_units: {file: units.csv}
raid:
  threats: {file: threats.csv}
"""
TABLES = {
    "places.csv": 'name,lat,lon,people,region\nA,50,30,1000,North\n\n"B, the second",51.5,31,20,\n',
    "assets.csv": 'name,kind,settlement,value_musd\np,power,A,3\nq,heat,A,1-2\nr,rail,A,"[4, 5]"\n',
    "units.csv": "name,type,lat,lon,ready:pac3-mse,reserve:gem-t\nu,patriot,50,30,4,8\nv,gepard,50,30,,\n",
    "threats.csv": "name,type,start_min,route\nt,shahed-136,2,50 35; 50 33; 50 30\n",
}


def write_all(folder: Path, text: str = TEXT, **changed: str) -> Path:
    for name, table in (TABLES | {f"{key}.csv": value for key, value in changed.items()}).items():
        (folder / name).write_text(table, encoding="utf-8")
    points = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [30.5, 50.5]},
            "properties": {"name": "s", "type": "acoustic-net"},
        }
    ]
    collection = {"type": "FeatureCollection", "features": points}
    (folder / "sensors.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return folder / "a.yaml"


def faults(file: Path) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        Scenario.read(file)
    return [str(fault) for fault in error.value.faults]


def test_every_list_may_stand_in_a_table(tmp_path):
    scenario = Scenario.read(write_all(tmp_path))
    assert [place.name for place in scenario.settlements] == ["A", "B, the second"]
    assert scenario.settlements[1].region == ""
    assert [str(asset.value_usd) for asset in scenario.assets] == ["3e+06", "1e+06-2e+06", "4e+06-5e+06"]
    assert scenario.defence.sensors[0].at == (50.5, 30.5)
    patriot, gepard = scenario.defence.fire_units
    assert (patriot.magazines["pac3-mse"].ready, patriot.magazines["gem-t"].reserve) == (4, 8)
    assert gepard.magazines == {}
    assert scenario.raid.threats[0].start_s == 120
    assert scenario.raid.threats[0].route == ((50, 35), (50, 33), (50, 30))


def test_faults_of_rows_carry_the_line_of_the_table(tmp_path):
    """Fields and links between tables, all at once."""
    file = write_all(
        tmp_path,
        places="name,lat,lon,people\nA,50,30,many\nB,500,30,5\n",
        assets="name,kind,settlement,value_musd\np,power,C,3\n",
        units="name,type,lat,lon,ready:pac3-mse\nu,patroit,50,30,4\nv,gepard,50,30,-1\n",
        threats="name,type,route\nt,shahed-136,50 35; here\n",
    )
    text = "\n".join(faults(file))
    for start in (
        "places.csv:2: settlements[0].people: found 'many'; give a number",
        "places.csv:3: settlements[1].at[0]: found 500; give 90 or less",
        "assets.csv:2: assets[0].settlement: no settlement 'C'; known: A, B",
        "units.csv:2: defence.fire_units[0].type: no fire-unit type 'patroit'; did you mean 'patriot'?",
        "units.csv:3: defence.fire_units[1].magazines.pac3-mse.ready: found -1; give 0 or more",
        "units.csv:3: defence.fire_units[1].magazines.pac3-mse: gepard does not fire 'pac3-mse'",
        "threats.csv:2: raid.threats[0].route: found 'here'; write a route as 'lat lon; lat lon'",
    ):
        assert start in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,lat,lon,peple\nA,50,30,1\n", "places.csv:1: settlements: peple: there is no column 'peple'"),
        ("name,lat,lon\nA,50,30\n", "places.csv:1: settlements: people: the column is missing"),
        ("name,lat,lon,people\nA,50,30\n", "places.csv:2: settlements: 3 cells under 4 columns"),
        ("name,lat,lon,people\nA,,30,4\n", "places.csv:2: settlements: lat: the cell is empty"),
        ("", "places.csv: settlements: it is empty"),
        ("name,lat,lon,people\n\"A,50,30,1\n", "places.csv:2: settlements: not CSV"),
        ("name,lat,lat,lon,people\nA,5,5,5,5\n", "stands there twice"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_stands_alone(tmp_path, table, words):
    """No faults follow from what was not read: the assets' settlement is not called unknown."""
    found = faults(write_all(tmp_path, places=table))
    assert words in "\n".join(found)
    assert not any("assets" in fault for fault in found)


@pytest.mark.parametrize("name", ["../places.csv", "/etc/passwd.csv", "sub/../../places.csv", "link.csv"])
def test_tables_stay_inside_the_folder(tmp_path, name):
    (tmp_path / "places.csv").write_text("name,lat,lon,people\nA,50,30,1\n")
    folder = tmp_path / "inside"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.csv").symlink_to(tmp_path / "places.csv")
    file = write_all(folder, TEXT.replace("places.csv", name))
    assert any("outside the scenario's folder" in fault for fault in faults(file))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{file: place.csv}", "there is no file 'place.csv'; did you mean 'places.csv'?"),
        ("{file: places.xlsx}", "give the name of a file that ends in .csv or .geojson"),
        ("{file: 3}", "give the name of a file"),
        ("{fil: places.csv}", "unknown field; did you mean 'file'?"),
        ("{builtin: ukrain}", "did you mean 'ukraine'?"),
        ("{file: places.csv, builtin: ukraine}", "give a list, or a table"),
        ("{}", "give a list, or a table"),
        ("{builtin: ukraine, least_people: many}", "give a number of people"),
    ],
)
def test_wrong_references(tmp_path, reference, words):
    file = write_all(tmp_path, TEXT.replace("{file: places.csv}", reference))
    found = [fault for fault in faults(file) if words in fault]
    assert found and found[0].startswith("a.yaml:3: settlements")


def test_a_table_wrong_in_every_row_tells_the_first_and_how_many_more(tmp_path):
    rows = "".join(f"t{i},shahed-137,50 35; 50 30\n" for i in range(1000))
    found = faults(write_all(tmp_path, threats=f"name,type,route\n{rows}"))
    assert len(found) == 201
    assert found[-1] == "800 more faults; mend these first"


def test_assets_have_no_geojson_and_no_builtin(tmp_path):
    file = write_all(tmp_path, TEXT.replace("{file: assets.csv}", "{builtin: ukraine}"))
    assert any("a.yaml:4: assets" in fault for fault in faults(file))
    file = write_all(tmp_path, TEXT.replace("assets.csv", "assets.geojson"))
    assert any("ends in .csv;" in fault or fault.endswith("ends in .csv") for fault in faults(file))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "sensors.geojson:1: defence.sensors: not a GeoJSON"),
        ("[]", "sensors.geojson: defence.sensors: not a GeoJSON"),
        ('{"features": 3}', "not a GeoJSON"),
        ('{"features": [3]}', "sensors.geojson: feature 1: defence.sensors[0]: the feature is no point"),
        (
            '{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"nam": 1}}]}',
            "unknown property 'nam'; did you mean 'name'?",
        ),
        ("[" * 100_000, "not a GeoJSON"),
    ],
)
def test_wrong_geojson(tmp_path, text, words):
    file = write_all(tmp_path)
    (tmp_path / "sensors.geojson").write_text(text)
    assert any(words in fault for fault in faults(file))


def test_the_settlements_of_ukraine_are_built_in(tmp_path):
    text = "format: koepel-scenario/1\nname: x\nraid: {}\nsettlements: {builtin: ukraine, least_people: 1000000}\n"
    (tmp_path / "a.yaml").write_text(text)
    names = [place.name for place in Scenario.read(tmp_path / "a.yaml").settlements]
    assert names[:2] == ["Kyiv", "Kharkiv"] and len(names) < 10


def test_faults_after_small_settlements_are_left_out(tmp_path):
    """Rows move up, their lines stay."""
    file = write_all(
        tmp_path,
        TEXT.replace("places.csv", "places.csv, least_people: 100"),
        places="name,lat,lon,people\nA,50,30,1000\nB,50,30,1\nC,99,30,200\n",
    )
    assert any(fault.startswith("places.csv:4: settlements[1].at[0]") for fault in faults(file))
