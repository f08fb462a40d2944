"""To other tools and back: every format by its own rules, and nothing finer than policy allows."""

import csv
import io
import json
import math
from datetime import datetime
from importlib import import_module
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import koepel as kp
from koepel.cli import app
from koepel.errors import ScenarioError, UsageError
from koepel.exchange import bring_in, export, read_points
from koepel.exchange.features import harm_of, places_of, tracks_out
from koepel.exchange.geojson import PLACES, cut, geojson_text
from koepel.geo import distance_m
from koepel.projection import project_km, unproject_km
from koepel.report.country import cell_side_km, sheet_of

K = "{http://www.opengis.net/kml/2.2}"
GX = "{http://www.google.com/kml/ext/2.2}"
SMALL = kp.Scenario.read("small-country")
NASTY = '<script>alert(1)</script>&"\x0b'
UKRAINE = """
format: koepel-scenario/1
name: export-test
settlements: {builtin: ukraine, least_people: 20000}
defence:
  sensors:
    - {name: secret-radar, type: surveillance-radar, at: [49.8181, 31.4142]}
  fire_units:
    - {name: secret-unit, type: gepard, at: [50.1717, 30.2323]}
pattern:
  launch_areas: [{name: east, at: [52.0, 36.5], radius_km: 50}]
  groups:
    - {name: drones, types: {shahed-136: 1}, count: {fixed: 20}, launch: {east: 1}}
"""


@pytest.fixture(scope="module")
def small():
    scenario = SMALL
    return scenario, kp.simulate(scenario, 20, seed=3), kp.trace(scenario, 2, seed=3)


@pytest.fixture(scope="module")
def ukraine():
    scenario = kp.Scenario.of_text(UKRAINE)
    return scenario, kp.simulate(scenario, 20), kp.trace(scenario, 1)


def written(case, tmp_path, ending, **options):
    scenario, outcomes, trace = case
    path = export(scenario, tmp_path / f"x{ending}", outcomes=outcomes, trace=trace, **options)
    return path.read_text(encoding="utf-8")


def positions(geometry):
    """Every position of a geometry."""

    def flat(part):
        if isinstance(part[0], int | float):
            yield part
        else:
            for inner in part:
                yield from flat(inner)

    return list(flat(geometry["coordinates"]))


@pytest.mark.parametrize("case", ["small", "ukraine"])
def test_geojson_obeys_its_standard(case, request, tmp_path):
    """RFC 7946: longitude first, closed rings by the right-hand rule, lines of two points, no member misused."""
    data = json.loads(written(request.getfixturevalue(case), tmp_path, ".geojson"))
    assert data["type"] == "FeatureCollection" and "crs" not in data
    assert not {"geometry", "properties", "coordinates"} & set(data)
    kinds = set()
    for one in data["features"]:
        assert one["type"] == "Feature" and set(one) == {"type", "geometry", "properties"}
        geometry = one["geometry"]
        kinds.add((one["properties"]["feature"], geometry["type"]))
        for lon, lat in positions(geometry):
            assert -180 <= lon <= 180 and -90 <= lat <= 90
        if geometry["type"] == "LineString":
            assert len(geometry["coordinates"]) >= 2
            assert len(one["properties"]["times_s"]) in (1, len(geometry["coordinates"]))
        polygons = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
        for rings in polygons.get(geometry["type"], []):
            for k, ring in enumerate(rings):
                assert len(ring) >= 4 and ring[0] == ring[-1]
                area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
                assert (area > 0) == (k == 0), one["properties"]["name"]
    assert {("settlement", "Point"), ("track", "LineString")} <= kinds
    place = next(one for one in data["features"] if one["properties"]["name"] in ("Alder City", "Kyiv"))
    lat, lon = {"Alder City": (51.02, -30.41), "Kyiv": (50.45, 30.52)}[place["properties"]["name"]]
    assert place["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=0.01)


def test_geojson_opens_elsewhere(small, ukraine, tmp_path):
    """Shapely takes every geometry, finds it valid, and gives it the area of the ground."""
    shapely = pytest.importorskip("shapely", reason="shapely is not installed: no other program read the file")
    for case in (small, ukraine):
        data = json.loads(written(case, tmp_path, ".geojson", overwrite=True))
        shapes = [shapely.geometry.shape(one["geometry"]) for one in data["features"]]
        assert all(one.is_valid for one in shapes)
        for one, shape in zip(data["features"], shapes, strict=True):
            if one["properties"]["feature"] == "cell":
                km2 = shape.area * 111.195**2 * math.cos(math.radians(shape.centroid.y))
                assert km2 == pytest.approx(one["properties"]["side_km"] ** 2, rel=5e-3)


def test_lines_are_cut_at_the_antimeridian():
    """No piece crosses it, and the pieces meet there, both ways round."""
    for line in ([[10.0, 170.0], [12.0, -170.0]], [[10.0, -170.0], [12.0, 170.0]]):
        east, west = cut(np.array(line))
        assert abs(east[-1][1]) == abs(west[0][1]) == 180 and east[-1][1] == -west[0][1]
        assert east[-1][0] == west[0][0] == 11.0
        assert all(np.ptp(part[:, 1]) <= 10 for part in (east, west))


@given(
    lat=st.floats(-60, 60), lon=st.floats(-180, 179.999), dlat=st.floats(-15, 15), dlon=st.floats(-15, 15)
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_projection_turns_back(lat, lon, dlat, dlon):
    """To paper and back is the same place, to a millimetre."""
    middle, point = (lat, lon), (lat + dlat, (lon + dlon + 180) % 360 - 180)
    back = unproject_km(project_km([point], middle), middle)[0]
    assert distance_m(point, back, 6.371e6) < 1e-3


@pytest.mark.parametrize("case", ["small", "ukraine"])
def test_kml_is_sound(case, request, tmp_path):
    """Well-formed, in its namespace; coordinates longitude first; every track has a moment for each place, in order."""
    scenario, _, trace = request.getfixturevalue(case)
    root = ElementTree.fromstring(written(request.getfixturevalue(case), tmp_path, ".kml"))
    assert root.tag == f"{K}kml" and root[0].tag == f"{K}Document"
    styles = {f"#{one.get('id')}" for one in root.iter(f"{K}Style")}
    assert {one.text for one in root.iter(f"{K}styleUrl")} <= styles
    marks = {one.find(f"{K}name").text: one for one in root.iter(f"{K}Placemark")}
    first = scenario.settlements[0]
    spot = marks[first.name].find(f"{K}Point/{K}coordinates").text
    assert [float(part) for part in spot.split(",")] == pytest.approx([first.at[1], first.at[0]], abs=1e-6)
    tracks = list(root.iter(f"{GX}Track"))
    assert len(tracks) == len(trace.threats)
    for track in tracks:
        tags = [one.tag for one in track]
        whens = [one.text for one in track if one.tag == f"{K}when"]
        coords = [one.text for one in track if one.tag == f"{GX}coord"]
        assert len(whens) == len(coords) >= 1
        assert tags == [f"{K}altitudeMode", *[f"{K}when"] * len(whens), *[f"{GX}coord"] * len(coords)]
        moments = [datetime.fromisoformat(one) for one in whens]
        assert moments == sorted(moments) and all(one.tzinfo is not None for one in moments)
        assert all(len(one.split()) == 3 for one in coords)
    for ring in root.iter(f"{K}LinearRing"):
        places = ring.find(f"{K}coordinates").text.split()
        assert places[0] == places[-1] and len(places) >= 4


@pytest.mark.parametrize("case", ["small", "ukraine"])
def test_czml_is_sound(case, request, tmp_path):
    """The document packet first, ids once, ISO 8601 times, longitude, latitude, height; samples in order of time."""
    scenario, _, trace = request.getfixturevalue(case)
    packets = json.loads(written(request.getfixturevalue(case), tmp_path, ".czml"))
    head, *rest = packets
    assert head["id"] == "document" and head["version"] == "1.0" and head["name"] == scenario.name
    start, end = map(datetime.fromisoformat, head["clock"]["interval"].split("/"))
    assert start < end and datetime.fromisoformat(head["clock"]["currentTime"]) == start
    ids = [one["id"] for one in rest]
    assert len(ids) == len(set(ids)) and "document" not in ids
    moving = 0
    for one in rest:
        values = one.get("position", one.get("polygon", {}).get("positions", {}))["cartographicDegrees"]
        assert all(math.isfinite(value) for value in values)
        if "path" in one:
            moving += 1
            rows = np.array(values).reshape(-1, 4)
            assert (np.diff(rows[:, 0]) >= 0).all()
            begin, stop = map(datetime.fromisoformat, one["availability"].split("/"))
            epoch = datetime.fromisoformat(one["position"]["epoch"])
            assert start <= begin <= stop <= end
            assert (begin - epoch).total_seconds() == pytest.approx(rows[0, 0], abs=0.11)
            lon, lat = rows[:, 1], rows[:, 2]
        else:
            lon, lat, _ = np.array(values).reshape(-1, 3).T
        assert (abs(lon) <= 180).all() and (abs(lat) <= 90).all()
    assert moving == len(trace.threats)
    first = scenario.settlements[0]
    assert rest[0]["position"]["cartographicDegrees"] == pytest.approx([first.at[1], first.at[0], 0], abs=1e-6)


def test_tracks_are_the_run_itself(small):
    """From the first place of the route to where the threat ended, at the times of the trace."""
    scenario, _, trace = small
    for one, threat in zip(tracks_out(trace, scenario), trace.threats, strict=True):
        assert one.times_s[0] == threat["start_s"] and one.times_s[-1] == threat["end_s"]
        assert one.parts[0][0] == pytest.approx(threat["route"][0], abs=1e-5)
        if threat["fate"] == "leaked":
            assert one.parts[0][-1] == pytest.approx(threat["route"][-1], abs=1e-5)


def test_no_unit_and_no_path_of_a_real_country(ukraine, tmp_path):
    """No format holds a sensor or fire unit; tracks run from middle to middle of cells of 25 km or more."""
    scenario, outcomes, trace = ukraine
    for ending in (".geojson", ".kml", ".czml"):
        text = written(ukraine, tmp_path, ending, overwrite=True)
        for word in ("secret", "50.1717", "30.2323", "49.8181", "31.4142"):
            assert word not in text, (ending, word)
    assert "secret" not in export(scenario, tmp_path / "x.csv").read_text(encoding="utf-8")
    sheet = sheet_of(scenario)
    side = cell_side_km(sheet)
    assert side >= 25
    for one in tracks_out(trace, scenario):
        assert np.allclose((project_km(one.parts[0], sheet.middle) / side) % 1, 0.5, atol=1e-6)
    assert {one.what for one in harm_of(outcomes, scenario)} == {"region"}
    assert len(harm_of(outcomes, scenario)) == 27


def test_what_is_left_out_is_told(tmp_path, ukraine, small):
    """In the file and by the command; of an invented country nothing is left out."""
    scenario = ukraine[0]
    scenario.write(tmp_path / "u.yaml")
    told = run("export", tmp_path / "u.yaml", "--to", tmp_path / "u.geojson")
    assert "left out: places of fire units and sensors" in told.stdout
    assert json.loads((tmp_path / "u.geojson").read_text())["koepel"]["left_out"]
    assert "left_out" not in json.loads(export(small[0], tmp_path / "s.geojson").read_text())["koepel"]


def test_harm_adds_up(small):
    """The cells of a country without an outline hold every impact at a place."""
    scenario, outcomes, _ = small
    harm = harm_of(outcomes, scenario)
    assert all(one.facts["side_km"] >= 25 for one in harm)
    assert sum(one.facts["impacts_a_night"] for one in harm) == pytest.approx(outcomes.places[:, 0].sum() / 20)


def test_names_are_never_markup(small, tmp_path):
    """KML stays well-formed, and what Cesium shows as markup is escaped."""
    scenario, _, _ = small
    settlements = tuple(s.model_copy(update={"name": NASTY + s.name, "region": NASTY}) for s in scenario.settlements)
    nasty = scenario.model_copy(update={"settlements": settlements, "assets": ()})
    root = ElementTree.fromstring(export(nasty, tmp_path / "x.kml").read_text(encoding="utf-8"))
    assert any("<script>alert(1)</script>" in (one.text or "") for one in root.iter(f"{K}name"))
    for packet in json.loads(export(nasty, tmp_path / "x.czml").read_text(encoding="utf-8")):
        assert "<script" not in packet["description"]
    json.loads(export(nasty, tmp_path / "x.geojson").read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", ["measure", "class", "type", "effector", "zone", "night"])
def test_tables_go_out_as_csv_and_parquet(small, tmp_path, table):
    """Both hold the same numbers as the table in Python."""
    scenario, outcomes, _ = small
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: no Parquet was written")
    flat = pd.read_csv(export(scenario, tmp_path / "x.csv", outcomes=outcomes, table=table))
    kept = pd.read_parquet(export(scenario, tmp_path / "x.parquet", outcomes=outcomes, table=table))
    pd.testing.assert_frame_equal(flat, kept, check_dtype=False, rtol=1e-12)
    if table != "zone":
        own = outcomes.table(table).reset_index()
        pd.testing.assert_frame_equal(kept, own, check_dtype=False)
    else:
        assert kept["impacts"].sum() == pytest.approx(outcomes.zones[:, 1].sum() / outcomes.runs)


def test_places_go_out_as_parquet(small, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: no Parquet was written")
    table = pd.read_parquet(export(small[0], tmp_path / "x.parquet"))
    assert (table["feature"] == "settlement").sum() == len(small[0].settlements)


def test_campaigns_go_out_as_tables(tmp_path):
    scenario = SMALL
    found = kp.campaign(scenario, 10, 4)
    stock = pd.read_csv(export(scenario, tmp_path / "stock.csv", outcomes=found, table="stock"))
    own = stock[stock["effector"] == found.followed[0]]
    assert len(own) == 10
    assert own["q50"].tolist() == pytest.approx(np.quantile(found.held(found.followed[0]), 0.5, axis=0).tolist())
    assert found.table("effector").loc[found.followed[0], "fired"] == found.rounds[:, 0].mean(axis=0)[
        list(found.table("effector").columns).index("fired")
    ]
    assert found.table("order").shape[0] == len(found.orders) and found.table("funder").shape[0] == len(found.funders)
    with pytest.raises(UsageError, match="goes out as a table"):
        export(scenario, tmp_path / "x.kml", outcomes=found)
    with pytest.raises(UsageError, match="give month, stock"):
        found.table("week")


def test_what_does_not_fit_is_refused(small, ukraine, tmp_path):
    scenario, outcomes, _ = small
    for path, found, options in (
        ("x.shp", "ends in .geojson", {}),
        ("x.kml", "a table was asked for", {"table": "night"}),
        ("x.csv", "did you mean 'night'", {"table": "nights", "outcomes": outcomes}),
        ("x.csv", "a scenario has its places", {"table": "night"}),
        ("x.csv", "the scenario that was fought", {"outcomes": ukraine[1]}),
        ("absent/x.csv", "no folder", {}),
    ):
        with pytest.raises(UsageError, match=found):
            export(scenario, tmp_path / path, **options)
    export(scenario, tmp_path / "x.csv")
    with pytest.raises(UsageError, match="the file exists"):
        export(scenario, tmp_path / "x.csv")


# in again

name = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=12)
place = st.tuples(
    st.floats(-89.9, 89.9, allow_subnormal=False).map(lambda x: round(x, 5)),
    st.floats(-179.9, 179.9, allow_subnormal=False).map(lambda x: round(x, 5)),
)
people = st.one_of(st.integers(0, 10**8), st.floats(0, 1e8, allow_subnormal=False).map(lambda x: round(x, 3)))
towns = st.lists(
    st.tuples(name, place, people, st.sampled_from(["", "North", "Žítná & Co"])),
    min_size=1,
    max_size=8,
    unique_by=lambda town: town[0],
)


@given(towns=towns)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("ending", [".geojson", ".csv"])
def test_out_and_in_again_is_the_same(ending, tmp_path, towns):
    """Names, people and regions exactly; places to the decimals that the format holds."""
    rows = [{"name": n, "at": at, "people": p, "region": r} for n, at, p, r in towns]
    bare = kp.Scenario.of_text("{format: koepel-scenario/1, name: bare, raid: {threats: []}}")
    scenario = bare.replace({"settlements": rows})
    path = export(scenario, tmp_path / f"round{ending}", overwrite=True)
    back, left_out = bring_in(bare, path)
    assert left_out == []
    for one, other in zip(scenario.settlements, back.settlements, strict=True):
        assert (one.name, one.people, one.region) == (other.name, other.people, other.region)
        assert other.at == pytest.approx(one.at, abs=0.5 * 10**-PLACES)


@pytest.mark.parametrize("ending", [".geojson", ".csv"])
@pytest.mark.parametrize("kind", ["settlements", "assets", "sensors", "fire_units"])
def test_every_kind_comes_back(ending, kind, tmp_path):
    """What goes out of small-country comes in again, assets and magazines with their figures."""
    scenario = SMALL
    path = export(scenario, tmp_path / f"x{ending}")
    back, _ = bring_in(scenario, path, kind, replace=True)
    part, other = ((one.defence if kind in ("sensors", "fire_units") else one) for one in (scenario, back))
    assert getattr(part, kind) == getattr(other, kind)


def foreign(tmp_path, text, name="places.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path, kind="settlements"):
    with pytest.raises(ScenarioError) as caught:
        bring_in(SMALL, path, kind)
    return [str(fault) for fault in caught.value.faults]


def test_a_file_of_another_tool_comes_in(tmp_path):
    """A byte-order mark, other names of columns, and columns that a scenario has no use for, which are named."""
    path = foreign(tmp_path, b"\xef\xbb\xbfName,Latitude,LNG,Population,osm_id\nNew Town,51.2,-30.1,1200,7\n")
    scenario, left_out = bring_in(SMALL, path)
    assert left_out == ["osm_id"]
    new = scenario.settlements[-1]
    assert (new.name, new.at, new.people) == ("New Town", (51.2, -30.1), 1200)
    assert len(scenario.settlements) == 8


def test_every_fault_of_a_table_is_told_at_once(tmp_path):
    """Decimal commas, a place beyond the globe, a doubled name, less than no people, a cell that is empty: by line."""
    path = foreign(
        tmp_path,
        'name,lat,lon,people\nA,"51,2",4.1,12\nAlder City,51,4,1\nB,51,4,-5\n'
        "C,510,4,9\nD,51,4,many\nE,51,4,\nA,1,2,3\n",
    )
    told = refused(path)
    for line, words in (
        (2, "lat: found '51,2', a decimal comma; write a decimal point"),
        (3, "'Alder City' is there twice"),
        (4, "found -5; give 0 or more"),
        (5, "found 510; give 90 or less"),
        (6, "found 'many'; give a number"),
        (7, "people: missing"),
        (8, "'A' is there twice"),
    ):
        assert any(one.startswith(f"places.csv:{line}: ") and words in one for one in told), (words, told)
    assert len(told) == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name;lat;lon;people\nA;51;4;100\n", "apart by semicolons"),
        ("name,lat,lon,people\nA,51,2,4,3,100\n", "write decimals with a point"),
        ("nom,lat,lon\nA,51,2\n", "the column is missing; there are 'nom, lat, lon'"),
        ("", "it is empty"),
        ("name,lat,lon,people\n", "it holds no settlement"),
        ("name,lat,lon,people\nA,51,4,1\n".encode("utf-16"), "UTF-16"),
        (b"name,lat,lon,people\nK\xf6ln,51,7,1\n", "not UTF-8"),
    ],
)
def test_a_table_that_is_none_is_told_plainly(tmp_path, text, words):
    assert any(words in one for one in refused(foreign(tmp_path, text)))


def test_faults_of_geojson_are_told_by_feature(tmp_path):
    """An area, a place without geometry, swapped axes out of range, another system of coordinates."""
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    features = [
        {"geometry": area, "properties": {"name": "A"}},
        {"geometry": None, "properties": {"name": "B", "people": 1}},
        {"geometry": {"type": "Point", "coordinates": [51.0, 104.0]}, "properties": {"name": "C", "people": 1}},
        {"geometry": {"type": "Point", "coordinates": [4.0, 51.0]}, "properties": {"people": 1}},
        "none",
    ]
    data = {"type": "FeatureCollection", "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}
    told = refused(foreign(tmp_path, json.dumps(data | {"features": features}), "x.geojson"))
    for words in (
        "x.geojson: crs: found 'urn:ogc:def:crs:EPSG::3857'; save it in WGS 84",
        "feature 1: geometry: the feature is a Polygon; give points",
        "feature 2: geometry: the feature is no point",
        "feature 3: settlements[7].at[0]: found 104.0; give 90 or less",
        "feature 4: settlements[8].name: missing",
        "feature 5: geometry: the feature is no point",
    ):
        assert any(words in one for one in told), (words, told)
    for broken in ("{", "[]", '{"type": "FeatureCollection"}', '{"type": "FeatureCollection", "features": 3}'):
        assert refused(foreign(tmp_path, broken, "x.geojson"))


@given(data=st.binary(max_size=300))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ["x.csv", "x.geojson"])
def test_no_file_shows_a_traceback(tmp_path, name, data):
    """Whatever the bytes: places come in, or the faults are told."""
    try:
        bring_in(SMALL, foreign(tmp_path, data, name))
    except (ScenarioError, UsageError) as error:
        assert error.faults


scrap = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)
wrong = st.fixed_dictionaries(
    {},
    optional={
        "geometry": st.one_of(
            scrap, st.fixed_dictionaries({"type": st.sampled_from(["Point", "Line", 3]), "coordinates": scrap})
        ),
        "properties": st.one_of(
            scrap,
            st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "people", "region", "feature", "Lat"), scrap)),
        ),
    },
)


@given(features=st.lists(st.one_of(scrap, wrong), max_size=4), crs=scrap)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["settlements", "fire_units"])
def test_no_feature_shows_a_traceback(tmp_path, kind, features, crs):
    """Any JSON in the place of anything."""
    data = {"type": "FeatureCollection", "features": features, "crs": crs}
    path = foreign(tmp_path, json.dumps(data), "x.geojson")
    for read in (lambda: bring_in(SMALL, path, kind), lambda: read_points(path)):
        try:
            read()
        except (ScenarioError, UsageError) as error:
            assert error.faults


def test_candidate_sites_come_in(tmp_path):
    """Named points; faults of all of them at once."""
    assert read_points(foreign(tmp_path, "name,lat,lon\nhill,51.0,-30.2\n")) == [("hill", (51.0, -30.2))]
    with pytest.raises(ScenarioError) as caught:
        read_points(foreign(tmp_path, "name,lat,lon\na,91,0\nb,x,0\na,1,200\n"))
    assert len(caught.value.faults) == 4


def test_a_placement_on_named_sites(tmp_path):
    """Units go to the sites of the file, or stay; none goes anywhere else."""
    path = foreign(tmp_path, "name,lat,lon\nhill,50.9,-29.5\nridge,51.1,-30.2\nsame,51.1,-30.2\n")
    sites = [at for _, at in read_points(path)]
    scenario = SMALL
    plan = kp.place(scenario, sites=sites, gap=0.02, seconds=10)
    present = {unit.name: unit.at for unit in scenario.defence.fire_units}
    assert plan.moves
    for name, at in plan.positions.items():
        assert tuple(at) in {*sites, *present.values()}
        assert name in plan.moves or tuple(at) == present[name]
    with pytest.raises(UsageError, match="-90 to 90"):
        kp.place(scenario, sites=[(95.0, 0.0)])
    told = run("plan", "place", "small-country", "--sites", path, "--runs", 0, "--seconds", 5)
    assert "units move" in told.stdout


def run(*args, status=0):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == status, result.output
    return result


def test_the_commands(tmp_path, small):
    """Out of a scenario and of a kept run, and in again."""
    scenario, outcomes, _ = small
    kp.write_run(outcomes, scenario, tmp_path / "run1")
    run("export", tmp_path / "run1", "--to", tmp_path / "x.kml")
    assert (tmp_path / "x.kml").read_text().count("<gx:Track>") > 10
    run("export", "small-country", "--to", tmp_path / "x.geojson", "--run", 3)
    run("export", tmp_path / "run1", "--to", tmp_path / "nights.csv", "--table", "night")
    assert len(list(csv.DictReader(io.StringIO((tmp_path / "nights.csv").read_text())))) == 20
    told = run("import", tmp_path / "x.geojson", "--into", "small-country", "--replace", "--to", tmp_path / "in.yaml")
    assert "7 settlements" in told.stdout
    assert kp.Scenario.read(tmp_path / "in.yaml").settlements == scenario.settlements
    told = run("import", tmp_path / "x.geojson", "--into", "small-country", "--to", tmp_path / "y.yaml", status=1)
    assert "is there twice" in told.stderr and not (tmp_path / "y.yaml").exists()
    told = run("import", tmp_path / "no.csv", "--into", "small-country", "--to", tmp_path / "y.yaml", status=2)
    assert "no such file" in told.stderr
    into = ("--into", "small-country", "--to", tmp_path / "y.yaml")
    told = run("import", tmp_path / "x.geojson", *into, "--as", "radars", status=2)
    assert "'radars'" in told.stderr
    told = run("export", tmp_path / "run1", "--to", tmp_path / "z.kml", "--set", "name=x", status=2)
    assert "a kept run is what it is" in told.stderr


def test_the_same_export_makes_the_same_bytes(small, tmp_path):
    scenario, outcomes, trace = small
    for ending in (".geojson", ".kml", ".czml"):
        one, other = (
            export(scenario, tmp_path / f"{k}{ending}", outcomes=outcomes, trace=trace).read_bytes() for k in "ab"
        )
        assert one == other


def test_a_replayed_night_has_its_date(small):
    """Second 0 of a recorded night is put on that date; of any other on a date that nobody takes for one."""
    clock = import_module("koepel.exchange.clock")
    assert clock.epoch_of("2025-06-10")[0].date().isoformat() == "2025-06-10"
    assert clock.epoch_of(None)[0].year == 2000 and "notional" in clock.epoch_of("x")[1]
    assert geojson_text([], {"scenario": "x"}).count("features") == 1 and len(places_of(small[0])) > 7
