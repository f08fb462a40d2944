"""Scenario files: every fault at once, each with its line, what was found and the mend."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koepel.errors import ScenarioError, UsageError
from koepel.scenario import Scenario, builtin_names

HEAD = "format: koepel-scenario/1\nname: x\n"
QUIET = HEAD + "raid: {threats: []}\n"


def faults(text: str) -> dict[str, tuple[str, str]]:
    """Field -> (line, found and mend) of every fault of a text."""
    with pytest.raises(ScenarioError) as error:
        Scenario.of_text(text)
    return {
        fault.field: (fault.where.rpartition(":")[2], f"{fault.found}; {fault.mend}") for fault in error.value.faults
    }


def test_an_empty_raid_and_no_defence_are_right():
    scenario = Scenario.of_text(QUIET)
    assert scenario.raid.threats == () and scenario.defence.fire_units == ()


def test_every_fault_at_once_with_its_line():
    """Faults of the fields and faults between them come together, in the order of the file."""
    text = """\
format: koepel-scenario/1
name: 12
colour: red
settlements:
  - {name: A, at: [50, 30], people: 1000, region: R}
  - {name: A, at: [95, 30], people: -5}
  - name: C
    at:
      - 50
      - .nan
    people: many
assets:
  - {name: p, kind: power, settlement: Z, value_musd: 3}
  - {name: q, kind: powr, settlement: A}
defence:
  rule: cheap
  policy: {pac3-msee: {drone: 2, dron: 1}}
  sensors: [{name: s, type: surveillance-radr, at: [50, 30]},
            {name: t, type: acoustic-net, at: [50]}]
  fire_units:
    - {name: u, type: patroit, at: [50, 30]}
    - name: v
      type: patriot
      at: [50, 30]
      magazines: {amraam: {ready: 3}, pac3-mse: {ready: 1.5}}
pattern:
  launch_areas: [{name: here, at: [50, 35], radius_km: 900}]
  groups:
    - name: g
      types: {shahed-137: 1}
      count: {fixed: true}
      launch: {ther: 1, here: 0}
      aim: {regions: {Q: 1}}
"""
    found = faults(text)
    expected = {
        "name": ("2", "found 12; give a word; put a number in quotes"),
        "colour": ("3", "unknown field; "),
        "settlements[1].name": ("6", "'A' is there twice; give each its own name"),
        "settlements[1].at[0]": ("6", "found 95; give 90 or less"),
        "settlements[1].people": ("6", "found -5; give 0 or more"),
        "settlements[2].at[1]": ("10", "found nan; give a finite number"),
        "settlements[2].people": ("11", "found 'many'; give a number"),
        "assets[0].settlement": ("13", "no settlement 'Z'; known: "),
        "assets[1].kind": ("14", "found 'powr'; did you mean 'power'?"),
        "assets[1].value_usd": ("14", "missing; add 'value_usd' (or value_musd, value_kusd)"),
        "defence.rule": ("16", "found 'cheap'; did you mean 'cheapest'?"),
        "defence.policy.pac3-msee": ("17", "no effector type 'pac3-msee'; did you mean 'pac3-mse'?"),
        "defence.policy.pac3-msee.drone": ("17", "found 2; give 1 or less"),
        "defence.policy.pac3-msee.dron": ("17", "found 'dron'; did you mean 'drone'?"),
        "defence.sensors[0].type": ("18", "no sensor type 'surveillance-radr'; did you mean"),
        "defence.sensors[1].at": ("19", "found [50]; give [latitude, longitude]"),
        "defence.fire_units[0].type": ("21", "no fire-unit type 'patroit'; did you mean 'patriot'?"),
        "defence.fire_units[1].magazines.amraam": ("25", "patriot does not fire 'amraam'; it fires pac3-mse"),
        "defence.fire_units[1].magazines.pac3-mse.ready": ("25", "found 1.5; give a whole number"),
        "pattern.launch_areas[0].radius_km": ("27", "found 900; give 500 or less"),
        "pattern.groups[0].types.shahed-137": (
            "30",
            "no threat type 'shahed-137'; did you mean 'shahed-136'?",
        ),
        "pattern.groups[0].count.fixed": ("31", "found true; give a whole number"),
        "pattern.groups[0].launch.ther": ("32", "no launch area 'ther'; did you mean 'here'?"),
        "pattern.groups[0].aim.regions.Q": ("33", "no settlement is in region 'Q'; known: R"),
    }
    assert set(found) == set(expected)
    for field, (line, words) in expected.items():
        assert found[field][0] == line, field
        assert found[field][1].startswith(words), (field, found[field][1])
    assert [int(line) for line, _ in found.values()] == sorted(int(line) for line, _ in found.values())


@pytest.mark.parametrize(
    ("text", "field", "line", "words"),
    [
        ("", "", "the text", "the file is empty"),
        ("# only a comment\n", "", "the text", "the file is empty"),
        ("- a\n- b\n", "", "1", "give a mapping"),
        ("just words", "", "1", "give a mapping"),
        ("name: x\n", "format", "1", "missing; write 'format: koepel-scenario/1'"),
        ("name: x\nformat: koepel-scenario/2\n", "format", "2", "newer koepel; update"),
        ("format: cookbook\n", "format", "1", "found 'cookbook'"),
        (HEAD + "a: [1,\nb: 2\n", "", "5", "that begins in line 3"),
        (HEAD + "name: y\n", "name", "3", "given twice, first at the text:2"),
        (HEAD + "defence:\n  rule: cheapest\n  rule: cheapest\n", "defence.rule", "5", "given twice"),
        (HEAD + "about: !!python/object/apply:os.system [ls]\n", "about", "3", "found the tag !!python"),
        (HEAD + "about: !secret x\n", "about", "3", "found the tag !secret"),
        (HEAD + "about: &a [*a]\n", "", "3", "holds itself"),
        (HEAD + "? [a]\n: 1\n", "", "3", "a key is itself a list"),
        (HEAD, "", "1", "neither 'raid' nor 'pattern'"),
        (QUIET + "pattern: {groups: []}\n", "pattern", "4", "both 'raid' and 'pattern'"),
        (QUIET + "defence: 3\n", "defence", "4", "found 3; give a mapping"),
        (QUIET + "settlements: 3\n", "settlements", "4", "found 3; give a list"),
        (QUIET + "settlements: [3]\n", "settlements[0]", "4", "found 3; give a mapping"),
        (QUIET + "price_year: '2025'\n", "price_year", "4", "found '2025'; give a whole number"),
        (QUIET + "price_year: 1e400\n", "price_year", "4", "found inf"),
        (QUIET + f"price_year: {'9' * 5000}\n", "price_year", "4", "found"),
        (QUIET + "weather: {bad_share: [0.5, 0.2]}\n", "weather.bad_share", "4", "give the low end first"),
        (QUIET + "weather: {bad_share: 1.5}\n", "weather.bad_share", "4", "give figures from 0 to 1"),
        (QUIET + "doubt: {night_sd: -1}\n", "doubt.night_sd", "4", "give figures of 0 or more"),
        (
            QUIET + "people: {zone_radius_m: 1, zone_radius_km: 1}\n",
            "people.zone_radius_km",
            "4",
            "the same as",
        ),
        (
            QUIET + "people: {alarm_hold_min: .inf}\n",
            "people.alarm_hold_min",
            "4",
            "found inf; give a finite",
        ),
        (
            QUIET + "types: {threats: {shahed-136: {sped_km_h: 3}}}\n",
            "types.threats.shahed-136.sped_km_h",
            "4",
            "",
        ),
        (QUIET + "types: {threats: {mine: {label: m}}}\n", "types.threats.mine.speed_km_h", "4", "missing"),
        (
            QUIET + "types: {fire_units: {gepard: {rounds:lasr: 2}}}\n",
            "types.fire_units.gepard.rounds:lasr",
            "4",
            "no effector",
        ),
    ],
)
def test_one_fault(text, field, line, words):
    found = faults(text)
    assert field in found
    assert found[field][0] == line
    assert words in found[field][1]


PATTERN = """\
format: koepel-scenario/1
name: x
settlements: [{name: A, at: [50, 30], people: 10, region: R}]
pattern:
  launch_areas: [{name: e, at: [50, 35]}]
  groups:
    - name: g
      types: {shahed-136: 1}
      count: {fixed: 3}
      launch: {e: 1}
"""


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        (
            "settlements: [{name: A, at: [50, 30], people: 10, region: R}]",
            "about: y",
            "aim",
            "no settlements",
        ),
        ("shahed-136: 1}", "shahed-136: 0}", "types", "all weights are 0"),
        ("{e: 1}", "{e: 0}", "launch", "all weights are 0"),
        ("{e: 1}", "{e: 1}\n      routes: {direct: 0}", "routes", "all weights are 0"),
        (
            "{e: 1}",
            "{e: 1}\n      aim: {least_people: 11}",
            "aim.least_people",
            "no settlement has 11 people",
        ),
        ("{e: 1}", "{e: 1}\n      aim: {regions: {R: 0}}", "aim", "every settlement has weight 0"),
        ("{e: 1}", "{e: 1}\n      aim: {assets_share: 0.5}", "aim.assets_share", "there are no assets"),
        ("{e: 1}", "{}", "launch", "give 1 or more"),
    ],
)
def test_a_group_needs_something_to_draw_from(old, new, field, words):
    Scenario.of_text(PATTERN)
    found = faults(PATTERN.replace(old, new))
    assert words in found[f"pattern.groups[0].{field}"][1]


def test_names_are_told_apart_in_every_list():
    twice = "[{name: a, at: [50, 30]}, {name: a, at: [50, 30]}]"
    found = faults(
        PATTERN.replace("[{name: e, at: [50, 35]}]", twice.replace("a,", "e,"))
        + "defence:\n  sensors: " + twice.replace("at", "type: acoustic-net, at")
        + "\n  fire_units: " + twice.replace("at", "type: gepard, at") + "\n"
    )  # fmt: skip
    for field in ("defence.sensors[1]", "defence.fire_units[1]", "pattern.launch_areas[1]"):
        assert "there twice" in found[f"{field}.name"][1]


def route(points: str) -> str:
    return QUIET.replace("[]", f"[{{name: t, type: shahed-136, route: {points}}}]")


def test_strange_routes_that_are_right():
    """Over the date line, over the pole, and with a point given twice."""
    Scenario.of_text(route("[[10, 179], [10, -179]]"))
    Scenario.of_text(route("[[80, 0], [90, 0], [80, 180]]"))
    Scenario.of_text(route("[[50, 30], [50, 30], [51, 30]]"))
    Scenario.of_text(QUIET + "defence: {fire_units: [{name: u, type: patriot, at: [90, 0]}]}\n")


def test_long_legs_and_short_routes():
    found = faults(route("[[0, 0], [0, 90]]"))
    assert "10008 km" in found["raid.threats[0].route[1]"][1]  # a quarter of 40,030 km
    assert "give 2 or more" in faults(route("[[0, 0]]"))["raid.threats[0].route"][1]
    assert "found 3 entries" in faults(route("[[0, 0, 0], [1, 1]]"))["raid.threats[0].route[0]"][1]


def test_aliases_that_blow_up_are_refused():
    """Nine levels of ten aliases would be a thousand million parts."""
    text = HEAD + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    assert "parts" in faults(text)[""][1]


def test_merged_mappings_and_empty_keys_are_plain_yaml():
    text = QUIET + "defence:\n  sensors:\n    - &a {name: a, type: acoustic-net, at: [50, 30]}\n"
    scenario = Scenario.of_text(text + "    - {<<: *a, name: b}\nassets:\nabout: null\n")
    assert [sensor.name for sensor in scenario.defence.sensors] == ["a", "b"]
    assert scenario.defence.sensors[1].at == (50, 30)


def test_deep_nesting_is_refused():
    assert "nested too deep" in faults(HEAD + "a: " + "[" * 5000)[""][1]


def test_files_that_are_no_scenarios(tmp_path: Path):
    def fault_of(file: Path) -> str:
        with pytest.raises(ScenarioError) as error:
            Scenario.read(file)
        return str(error.value)

    big = tmp_path / "big.yaml"
    with big.open("wb") as file:
        file.truncate(200_000_000)
    assert "200 MB" in fault_of(big) and "CSV tables beside" in fault_of(big)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\x89PNG\0\0")
    assert "binary" in fault_of(binary)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: x\nabout: Málaga\n".encode("latin-1"))
    assert "latin.yaml:2" in fault_of(latin) and "UTF-8" in fault_of(latin)


def test_no_such_file_names_the_built_in_scenarios(tmp_path: Path):
    with pytest.raises(UsageError, match="small-country"):
        Scenario.read("smal-country")
    with pytest.raises(UsageError, match="folder"):
        Scenario.read(tmp_path)
    assert {"small-country", "night-540"} <= set(builtin_names())


def test_own_types_change_the_catalogue():
    text = QUIET + "types:\n  threats:\n    shahed-136: {speed_km_h: [180, 360], source: a test}\n"
    speed = Scenario.of_text(text).catalogue().threats["shahed-136"].figure("speed_m_s")
    assert (speed.low, speed.high, speed.source) == (50, 100, "a test")


def test_check_of_a_scenario_built_in_python():
    scenario = Scenario.of_text(QUIET)
    scenario.check()
    broken = scenario.model_copy(update={"raid": None})
    with pytest.raises(ScenarioError, match="neither 'raid' nor 'pattern'"):
        broken.check()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_scenario_error(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("fuzz", numbered=True) / "a.yaml"
    file.write_bytes(data)
    with pytest.raises(ScenarioError):
        Scenario.read(file)


FIELDS = [
    "settlements",
    "assets",
    "defence",
    "raid",
    "pattern",
    "types",
    "threats",
    "sensors",
    "fire_units",
    "groups",
]
FIELDS += [
    "name",
    "at",
    "type",
    "route",
    "magazines",
    "aim",
    "launch",
    "count",
    "regions",
    "file",
    "people",
    "weather",
]
FIELDS += [
    "effectors",
    "policy",
    "launch_areas",
    "radius_km",
    "value_musd",
    "least_people",
    "shahed-136",
    "patriot",
]
WORDS = st.sampled_from(FIELDS) | st.text(max_size=4) | st.floats() | st.integers() | st.booleans() | st.none()
TREES = st.recursive(
    WORDS,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), parts, max_size=6),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), TREES, max_size=8))
def test_any_tree_gives_a_scenario_or_a_scenario_error(tree):
    """Known field names with anything at all behind them."""
    from koepel.scenario.write import yaml_text

    try:
        text = yaml_text({"format": "koepel-scenario/1"} | tree)
        Scenario.of_text(text.replace("NaN", ".nan").replace("Infinity", ".inf"))
    except ScenarioError:
        pass


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abc:-[]{}&*!|>'\"%@`#,? \n\t0.1~", max_size=80))
def test_any_text_like_yaml_gives_a_scenario_error(text):
    with pytest.raises(ScenarioError):
        Scenario.of_text("format: koepel-scenario/1\n" + text)
