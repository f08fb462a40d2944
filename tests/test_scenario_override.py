"""Fields set from outside, by path: override, Scenario.read(set=) and Scenario.replace."""

import pytest

from koepel.defence import Magazine
from koepel.errors import ScenarioError
from koepel.scenario import Scenario, override
from koepel.units import Interval


def test_set_on_reading():
    scenario = Scenario.read(
        "small-country",
        set=[
            "defence.rule=first-able",
            "defence.fire_units[0].magazines.pac3-mse.ready=4",
            "defence.fire_units[gepard-2].type=skynex",
            "types.threats.shahed-136.speed_km_h=[150, 200]",
            "pattern.groups[drones].count.median=300",
            "pattern.launch_areas[0].radius_m=5",
            "weather.bad_share=0.5",
        ],
    )
    assert scenario.defence.rule == "first-able"
    assert scenario.defence.fire_units[0].magazines["pac3-mse"] == Magazine(ready=4, reserve=8)
    assert scenario.defence.fire_units[3].type == "skynex"
    assert scenario.types.threats["shahed-136"] == {"speed_km_h": [150, 200]}
    assert scenario.pattern.groups[0].count.median == 300
    assert scenario.pattern.launch_areas[0].radius_m == 5  # and not the file's radius_km beside it
    assert scenario.weather.bad_share == Interval(0.5, 0.5)


def test_a_built_in_scenario_is_not_changed_by_it():
    Scenario.read("small-country", set=["defence.rule=first-able"])
    assert Scenario.read("small-country").defence.rule == "cheapest"


def test_set_inside_a_table():
    scenario = Scenario.read("night-540", set=["defence.fire_units[long-01].magazines.long-540.ready=1"])
    assert scenario.defence.fire_units[0].magazines["long-540"].ready == 1


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("defence.rul=cheapest", "--set: defence.rul: unknown field; did you mean 'rule'?"),
        ("defense.rule=cheapest", "--set: defense: unknown field; did you mean 'defence'?"),
        ("defence.rule=cheap", "--set: defence.rule: found 'cheap'; did you mean 'cheapest'?"),
        ("defence.rule.x=1", "end the path one step earlier"),
        ("defence.fire_units[99].type=gepard", "no entry '99' among 7"),
        ("defence.fire_units[gepard-3].type=gepard", "no entry 'gepard-3' among 7; did you mean 'gepard-2'?"),
        ("raid.threats[0].type=x", "no such field"),
        ("defence.policy.pac3-mse.dron=1", "did you mean 'drone'?"),
        ("defence.fire_units[0].type=patroit", "--set: defence.fire_units[0].type: no fire-unit type 'patroit'"),
        ("defence.rule", "write path=value"),
        ("=3", "write path=value"),
        ("a..b=3", "found no path"),
        ("[=3", "found no path"),
        ("defence.rule=[1", "broken YAML"),
        ("people.density_per_km2=-4", "--set: people.density_per_km2: found -4; give figures of 0 or more"),
        ("format=koepel-scenario/2", "--set: format"),
        ("name.x=1", "end the path one step earlier"),
        ("types.threats.shahed-136.sped_km_h=1", "speed_km_h"),
        ("pattern.groups=3", "--set: pattern.groups: found 3; give a list"),
        ("settlements[0].at[2]=1", "no entry '2' among 2"),
    ],
)
def test_wrong_settings(setting, words):
    with pytest.raises(ScenarioError) as error:
        Scenario.read("small-country", set=[setting])
    assert words in str(error.value)


def test_every_wrong_setting_at_once():
    with pytest.raises(ScenarioError) as error:
        override({"name": "x"}, ["a=1", "b=2", "name=y"])
    assert len(error.value.faults) == 2


def test_override_leaves_its_input_alone():
    data = {"name": "x", "weather": {"bad_share": 0.2}}
    assert override(data, ["weather.bad_share=0.4"])["weather"] == {"bad_share": 0.4}
    assert data["weather"] == {"bad_share": 0.2}


def test_an_empty_value_takes_a_field_away():
    scenario = Scenario.read("small-country", set=["pattern=", "raid={threats: []}"])
    assert scenario.pattern is None and scenario.raid.threats == ()


def test_replace_makes_a_new_scenario():
    scenario = Scenario.read("small-country")
    other = scenario.replace(
        {
            "defence.fire_units[patriot-1].magazines": {"pac3-mse": Magazine(ready=1)},
            "defence.rule": "first-able",
            "weather.bad_share": Interval(0.1, 0.2),
            "settlements": [*scenario.settlements],
        }
    )
    assert other.defence.fire_units[0].magazines == {"pac3-mse": Magazine(ready=1)}
    assert (other.defence.rule, scenario.defence.rule) == ("first-able", "cheapest")
    assert other.weather.bad_share == Interval(0.1, 0.2)
    assert other.settlements == scenario.settlements
    with pytest.raises(ScenarioError, match="did you mean 'rule'"):
        scenario.replace({"defence.rulle": "cheapest"})
    with pytest.raises(ScenarioError, match="give 0 or more"):
        scenario.replace({"settlements[0].people": -1})
