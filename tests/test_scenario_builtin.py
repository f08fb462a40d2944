"""The built-in scenarios, the starter, and the JSON Schema."""

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ruamel.yaml import YAML

from koepel.errors import UsageError
from koepel.geo import EARTH_MEAN_RADIUS_M, distance_m
from koepel.scenario import Scenario, builtin_names, schema, starter
from koepel.scenario.source import parse_yaml

DATA = resources.files("koepel") / "data"


def test_night_540_is_the_reference_raid():
    """Counts and figures as the benchmark states them."""
    scenario = Scenario.read("night-540")
    scenario.check()
    kinds = [threat.type for threat in scenario.raid.threats]
    assert kinds == ["drone-540"] * 500 + ["cruise-540"] * 30 + ["ballistic-540"] * 10
    assert {kind: len(one.route) for kind, one in zip(kinds, scenario.raid.threats, strict=True)} == {
        "drone-540": 3,
        "cruise-540": 3,
        "ballistic-540": 2,
    }
    catalogue = scenario.catalogue()
    rounds = 0
    for name, count, ready, channels, cycle_s, range_m, pk in (
        ("long-540", 6, 32, 6, 20, 100e3, 0.8),
        ("medium-540", 14, 24, 2, 25, 40e3, 0.75),
        ("short-540", 40, 60, 1, 15, 6e3, 0.5),
    ):
        assert sum(unit.type == name for unit in scenario.defence.fire_units) == count
        unit, effector = catalogue.fire_units[name], catalogue.effectors[name]
        rounds += count * ready
        for found, expected in (
            (unit.figure(f"rounds:{name}"), ready),
            (unit.figure("channels"), channels),
            (unit.figure("cycle_s"), cycle_s),
            (effector.figure("range_max_m"), range_m),
            (effector.figure("pk_drone"), pk),
            (effector.figure("pk_cruise"), pk),
            (effector.figure("pk_ballistic"), 0.8 if name == "long-540" else 0),
        ):
            assert (found.low, found.high) == (expected, expected)
            assert found.source == "NIGHT-540 reference raid, synthetic"
    assert rounds == 2928
    assert len(scenario.defence.sensors) == 12 and len(scenario.settlements) == 24
    for name, speed_km_h in (("drone", 185), ("cruise", 800), ("ballistic", 5400)):
        assert catalogue.threats[f"{name}-540"].figure("speed_m_s").low == pytest.approx(speed_km_h / 3.6)


def test_night_540_first_and_last_threat():
    """As night540.build(seed=1) draws them, to 1e-6 degrees."""
    threats = Scenario.read("night-540").raid.threats
    assert threats[0].start_s == pytest.approx(20.71549809080495, abs=1e-9)
    expected = [(46.31791, 33.00219), (47.03771, 33.47751), (46.76607, 32.27557)]
    assert np.allclose(threats[0].route, expected, atol=1e-5)
    assert threats[-1].name == "ballistic-540"
    assert all(4.5 * 3600 <= threat.start_s <= 4.5 * 3600 + 600 for threat in threats[-10:])


def test_every_threat_of_night_540_ends_at_a_city():
    """Aim points are drawn within 3 km of a city in each direction, so at most 4.3 km away."""
    scenario = Scenario.read("night-540")
    cities = np.array([place.at for place in scenario.settlements])
    ends = np.array([threat.route[-1] for threat in scenario.raid.threats])
    away_m = distance_m(ends[:, None, :], cities[None, :, :], EARTH_MEAN_RADIUS_M).min(axis=1)
    assert away_m.max() < 4_300


def test_small_country_fits_on_a_page():
    text = (DATA / "scenarios" / "small-country" / "scenario.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 110 and text.count("#") >= 10
    scenario = Scenario.read("small-country")
    assert 6 <= len(scenario.settlements) <= 8
    assert len({place.region for place in scenario.settlements}) == 3
    types = [unit.type for unit in scenario.defence.fire_units]
    assert types.count("gepard") == 2 and {"patriot", "nasams", "jammer-area"} <= set(types)
    assert scenario.defence.policy["pac3-mse"] == {"drone": 1, "jet-drone": 1, "decoy": 1, "cruise": 0.5}


def test_the_starter_reads_without_fault():
    scenario = Scenario.of_text(starter())
    assert scenario.pattern and scenario.defence.fire_units
    assert starter().count("#") >= 10


@pytest.mark.parametrize("country", ["NL", "nz", "LU", "FJ", "US"])
def test_the_starter_of_a_country_reads_without_fault(country):
    """Among them one over the date line, and one with more settlements than a file should list."""
    scenario = Scenario.of_text(starter(country))
    assert 4 <= len(scenario.settlements) <= 400
    assert "notional" in scenario.notional.lower()
    homes = {place.at for place in scenario.settlements}
    assert all(unit.at in homes for unit in scenario.defence.fire_units)
    areas = np.array([area.at for area in scenario.pattern.launch_areas])
    places = np.array([place.at for place in scenario.settlements])
    assert distance_m(areas[:, None], places[None], EARTH_MEAN_RADIUS_M).min() > 100e3 or country == "US"


def test_no_such_country():
    with pytest.raises(UsageError):
        starter("XX")


def test_the_published_schema_is_up_to_date():
    """If it is not: python scripts/write_schema.py."""
    published = json.loads((DATA / "scenario.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(schema()))


VALIDATOR = jsonschema.Draft202012Validator(schema())


def errors_of(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(parse_yaml(text, "x").data)]


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert all("title" in definition for definition in schema()["$defs"].values())


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_file_keeps_to_the_schema(name):
    assert errors_of((DATA / "scenarios" / name / "scenario.yaml").read_text(encoding="utf-8")) == []


def test_the_starter_keeps_to_the_schema():
    assert errors_of(starter()) == [] and errors_of(starter("NL")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "name: x",
        "{format: koepel-scenario/1, name: x, colour: red}",
        "{format: koepel-scenario/1, name: x, settlements: {fil: a.csv}}",
        "{format: koepel-scenario/1, name: x, settlements: [{name: a, at: [50], people: 3}]}",
        "{format: koepel-scenario/1, name: x, assets: [{name: a, kind: power, settlement: b}]}",
        "{format: koepel-scenario/1, name: x, defence: {rule: cheap}}",
        "{format: koepel-scenario/1, name: x, pattern: {launch_areas: [{name: a, at: [5, 3], radius_km: 501}]}}",
    ],
)
def test_the_schema_refuses(wrong):
    assert errors_of(wrong)


def test_the_schema_knows_customary_units():
    head = "format: koepel-scenario/1\nname: x\n"
    assert errors_of(head + "assets: [{name: a, kind: power, settlement: b, value_musd: [1, 2]}]") == []
    assert errors_of(head + "pattern: {launch_areas: [{name: a, at: [5, 3], radius_km: 500}]}") == []


def test_the_examples_of_the_page_on_scenario_files_are_a_scenario():
    """One after the other, as the page says; and its example of a raid."""
    page = (Path(__file__).parents[1] / "docs/how-to/scenario-files.md").read_text(encoding="utf-8")
    text = "\n".join(re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL))
    scenario = Scenario.of_text(text)
    assert errors_of(text) == []
    raid = re.search(r"```\n(raid:.*?)```", page, flags=re.DOTALL)[1]
    Scenario.of_text(f"format: {scenario.format}\nname: x\n{raid}")
    given = YAML(typ="safe", pure=True).load(text)
    assert set(Scenario.model_fields) - set(given) == {"raid"}
