"""Writing a scenario: what is written reads back equal, and nothing is lost."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel.defence import Defence, DefendedAsset, FireUnit, Magazine, People, Sensor, Settlement, ShotDoctrine
from koepel.errors import ScenarioError, UsageError
from koepel.raid import Aim, Count, Group, LaunchArea, Raid, RaidPattern, Routes, Threat, Waves
from koepel.scenario import Scenario, Types, builtin_names, digest
from koepel.scenario.source import parse_yaml
from koepel.scenario.write import word, yaml_text
from koepel.units import Interval


@pytest.mark.parametrize("name", builtin_names())
@pytest.mark.parametrize("tables", [False, True])
def test_round_trip_of_the_built_in_scenarios(tmp_path, name, tables):
    scenario = Scenario.read(name)
    scenario.write(tmp_path / "a.yaml", tables=tables)
    again = Scenario.read(tmp_path / "a.yaml")
    assert again == scenario
    assert digest(again) == digest(scenario)
    again.write(tmp_path / "b.yaml", tables=tables)
    first, second = ((tmp_path / f"{stem}.yaml").read_text() for stem in "ab")
    assert first.replace("file: a-", "file: b-") == second
    assert (len(list(tmp_path.glob("*.csv"))) > 0) == tables


LETTERS = st.characters(max_codepoint=127) | st.characters(exclude_categories=("Cs",))
NAMES = st.text(LETTERS, max_size=8).map(lambda name: name if name.strip() else f"a{name}")
PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
NEAR = st.tuples(st.floats(40, 60), st.floats(20, 60))
SHARES = st.floats(0, 1)
FIGURES = st.builds(
    lambda a, b, source: Interval(min(a, b), max(a, b), source),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.just("assumed") | NAMES,
)
KINDS = st.sampled_from(["drone", "decoy", "cruise", "ballistic"])


def named(build, *parts, **fields):
    """A list of things with names of their own."""
    made = st.builds(build, *parts, name=NAMES, **fields)
    return st.lists(made, max_size=3, unique_by=lambda thing: thing.name).map(tuple)


MAGAZINES = st.dictionaries(
    st.sampled_from(["pac3-mse", "gem-t"]),
    st.builds(Magazine, ready=st.none() | st.integers(0, 9), reserve=st.none() | st.integers(0, 9)),
)
DEFENCES = st.builds(
    Defence,
    rule=st.sampled_from(["first-able", "cheapest", "marginal-value"]),
    sufficient=SHARES,
    policy=st.dictionaries(st.sampled_from(["pac3-mse", "amraam"]), st.dictionaries(KINDS, SHARES)),
    doctrine=st.dictionaries(
        st.sampled_from(["gem-t"]), st.dictionaries(KINDS, st.builds(ShotDoctrine, salvo=st.integers(1, 9)))
    ),
    track_memory_s=FIGURES,
    sensors=named(Sensor, type=st.sampled_from(["acoustic-net", "surveillance-radar"]), at=PLACES),
    fire_units=named(FireUnit, type=st.just("patriot"), at=PLACES, magazines=MAGAZINES),
)
THREATS = named(
    Threat,
    type=st.sampled_from(["shahed-136", "kh-101"]),
    start_s=st.floats(0, 80_000),
    route=st.lists(NEAR, min_size=2, max_size=12).map(tuple),
)
WEIGHTS = st.floats(0.01, 100)


@st.composite
def patterns(draw, regions):
    areas = draw(named(LaunchArea, at=PLACES, radius_m=st.floats(0, 500e3)))
    if not areas:
        return RaidPattern()
    group = st.builds(
        Group,
        name=NAMES,
        types=st.dictionaries(st.sampled_from(["shahed-136", "gerbera"]), WEIGHTS, min_size=1),
        count=st.builds(Count, fixed=st.none() | st.integers(0, 99), chance=SHARES, median=WEIGHTS),
        launch=st.dictionaries(st.sampled_from([area.name for area in areas]), WEIGHTS, min_size=1),
        aim=st.builds(Aim, reach_m=st.none() | WEIGHTS, regions=st.dictionaries(st.sampled_from(regions), WEIGHTS)),
        waves=st.builds(Waves, count=st.integers(1, 5), every_s=st.floats(0, 9000), together=st.booleans()),
        routes=st.builds(Routes, direct=WEIGHTS, detour=SHARES),
        high_share=st.none() | st.builds(lambda a, b: Interval(min(a, b), max(a, b)), SHARES, SHARES),
    )
    groups = draw(st.lists(group, max_size=3, unique_by=lambda one: one.name))
    return RaidPattern(launch_areas=areas, groups=tuple(groups))


@st.composite
def scenarios(draw):
    """Scenarios of every shape that have no fault."""
    settlements = draw(named(Settlement, at=PLACES, people=st.floats(1, 1e9), region=st.just("") | NAMES))
    settlements += (Settlement(name="the last one", at=(50, 30), people=7, region="Norð"),)
    regions = sorted({place.region for place in settlements} - {""})
    homes = st.sampled_from([place.name for place in settlements])
    raid = draw(st.none() | st.builds(Raid, threats=THREATS))
    return Scenario(
        name=draw(NAMES),
        about=draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=20)),
        types=Types(threats={"shahed-136": {"speed_km_h": draw(st.sampled_from([150, 150.5, [100, 200]]))}}),
        settlements=settlements,
        assets=draw(named(DefendedAsset, kind=st.sampled_from(["power", "port"]), settlement=homes, value_usd=FIGURES)),
        defence=draw(DEFENCES),
        raid=raid,
        pattern=None if raid else draw(patterns(regions)),
        people=draw(st.builds(People, density_per_km2=FIGURES, zone_radius_m=st.none() | WEIGHTS)),
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(scenarios(), st.booleans())
def test_round_trip_of_any_scenario(tmp_path_factory, scenario, tables):
    file = tmp_path_factory.mktemp("trip") / "a.yaml"
    scenario.write(file, tables=tables)
    again = Scenario.read(file)
    assert again == scenario
    assert digest(again) == digest(scenario)


@settings(max_examples=400, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
def test_any_word_reads_back(text):
    source = parse_yaml(f"the whole list: [{word(text)}]\n{word(text)}: 1\n", "x")
    assert source.faults == []
    assert source.data["the whole list"] == [text] and text in source.data


def test_the_file_is_for_people(tmp_path):
    """Headings, and a line for each small thing."""
    Scenario.read("small-country").write(tmp_path / "a.yaml")
    text = (tmp_path / "a.yaml").read_text()
    assert "# every night's raid is drawn from this\npattern:\n" in text
    assert "  - {name: Alder City, at: [51.02, -30.41], people: 900000, region: Middle}\n" in text
    assert max(map(len, text.splitlines())) <= 110


def test_nothing_is_overwritten_unless_asked(tmp_path):
    scenario = Scenario.read("small-country")
    file = tmp_path / "a.yaml"
    file.write_text("precious")
    with pytest.raises(UsageError, match="exists"):
        scenario.write(file)
    assert file.read_text() == "precious"
    scenario.write(file, overwrite=True)
    assert Scenario.read(file) == scenario
    (tmp_path / "b-settlements.csv").write_text("precious")
    with pytest.raises(UsageError, match=r"b-settlements.csv.*exists"):
        scenario.write(tmp_path / "b.yaml", tables=True)
    assert not (tmp_path / "b.yaml").exists()
    assert (tmp_path / "b-settlements.csv").read_text() == "precious"


def test_a_scenario_with_faults_is_not_written(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("precious")
    with pytest.raises(ScenarioError):
        Scenario.read("small-country").model_copy(update={"settlements": ()}).write(file, overwrite=True)
    assert file.read_text() == "precious"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        Scenario.read("small-country").write(tmp_path / "no" / "a.yaml")
    assert list(tmp_path.iterdir()) == []


def test_no_draft_is_left_behind(tmp_path: Path):
    Scenario.read("small-country").write(tmp_path / "a.yaml", tables=True)
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_the_digest_does_not_see_comments_units_or_tables(tmp_path):
    head = "format: koepel-scenario/1\nname: x\n"
    one = Scenario.of_text(head + "raid: {}\npeople: {zone_radius_m: 1000}\n")
    two = Scenario.of_text("# a comment\n" + head + "people:\n  zone_radius_km: 1.0\nraid:\n  threats: []\n")
    other = Scenario.of_text(head + "raid: {}\npeople: {zone_radius_m: 1001}\n")
    assert digest(one) == digest(two) != digest(other)
    assert len(digest(one)) == 64


def test_numbers_are_short_and_exact():
    text = yaml_text({"name": "x", "a": [1.0, 0.1, 1e-7, 1e300, -0.0, 12]})
    assert text.splitlines()[1:] == ["a:", "  - 1", "  - 0.1", "  - 1e-07", "  - 1e+300", "  - 0", "  - 12"]
