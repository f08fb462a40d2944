"""Raids strike near and deep: how many, by the size of the raid, and at how many points."""

import numpy as np
import pytest
from builders import KernelNight

from koepel.arrays import scenario_arrays
from koepel.errors import ScenarioError
from koepel.scenario import Scenario

NIGHTS = 60
FAR, CLOSE = "deep town", "border town"


def country(count: dict, near: dict, **group) -> Scenario:
    """Drones against two towns: what is aimed near strikes the one, all else the other."""
    towns = [
        {"name": FAR, "at": [50.0, 20.0], "people": 1e6, "region": "deep"},
        {"name": CLOSE, "at": [50.0, 29.0], "people": 1e6, "region": "border"},
    ]
    return Scenario.model_validate(
        {
            "name": "two towns",
            "settlements": towns,
            "pattern": {
                "launch_areas": [{"name": "east", "at": [50.0, 31.0]}],
                "groups": [
                    {"name": "drones", "types": {"shahed-136": 1}, "count": count, "launch": {"east": 1},
                     "aim": {"regions": {"border": 0}, "scatter_m": 0},
                     "near": {"aim": {"regions": {"deep": 0}, "scatter_m": 0}} | near}
                    | group
                ],
            },
        }
    )  # fmt: skip


def near_numbers(scenario: Scenario) -> np.ndarray:
    """How many struck near, night by night."""
    arrays = scenario_arrays(scenario)
    close = arrays.places.index(CLOSE)
    return np.array([(KernelNight(arrays, 3, run).threats["aim"] == close).sum() for run in range(NIGHTS)])


@pytest.mark.parametrize(("power", "expected"), [(0.0, 60.0), (-1.0, 30.0), (-0.5, 30 * 2**0.5), (0.5, 60 * 2**0.5)])
def test_the_near_part_follows_a_power_of_the_size(power, expected):
    """Of 200 threats, 0.3 (200 / 100)^power: the mean within four standard errors of a binomial."""
    near = near_numbers(country({"fixed": 200}, {"share": 0.3, "size": 100, "size_power": power}))
    p = expected / 200
    assert abs(near.mean() - expected) < 4 * np.sqrt(200 * p * (1 - p) / NIGHTS)


def test_at_most_all_strike_near():
    near = near_numbers(country({"fixed": 20}, {"share": 0.9, "size": 100, "size_power": -1}))
    assert (near == 20).all()


def test_nights_differ_by_what_is_given():
    """With sd 0.5 the share is lognormal: its logarithm spreads by 0.5, four standard errors either way."""
    near = near_numbers(country({"fixed": 2000}, {"share": 0.1, "size": 2000, "night_sd": 0.5}))
    spread = np.log(near / 2000).std(ddof=1)
    assert abs(spread - 0.5) < 4 * 0.5 / np.sqrt(2 * NIGHTS) + 0.02


def test_others_count_in_the_size():
    """10 missiles that count 9 each make a raid of 190 of 100 drones: at power -1 the share is 0.19 / 0.19."""
    alone = country({"fixed": 100}, {"share": 0.5, "size": 100, "size_power": -1, "others_count_as": 9})
    missiles = {"name": "m", "types": {"kh-101": 1}, "count": {"fixed": 10}, "launch": {"east": 1}}
    groups = [group.model_dump(mode="json", exclude_defaults=True) for group in alone.pattern.groups]
    both = alone.replace({"pattern.groups": [*groups, missiles]})
    arrays = scenario_arrays(both)
    close, drone = arrays.places.index(CLOSE), arrays.types.index("shahed-136")
    near = []
    for run in range(NIGHTS):
        threats = KernelNight(arrays, 3, run).threats
        near.append(((threats["aim"] == close) & (threats["type"] == drone)).sum())
    p = 0.5 * 100 / 190
    assert abs(np.mean(near) - 100 * p) < 4 * np.sqrt(100 * p * (1 - p) / NIGHTS)


def test_few_aim_points():
    """Thirty towns to choose from, and no night strikes more than three of them; without points it strikes many."""
    towns = [{"name": f"t{k}", "at": [49 + k / 15, 20.0], "people": 1e5} for k in range(30)]
    group = {"name": "m", "types": {"iskander-m": 1}, "count": {"fixed": 40}, "launch": {"east": 1}}
    data = {"name": "points", "settlements": towns}
    area = {"launch_areas": [{"name": "east", "at": [50.0, 31.0]}]}
    few = Scenario.model_validate(data | {"pattern": area | {"groups": [group | {"aim_points": 3}]}})
    many = Scenario.model_validate(data | {"pattern": area | {"groups": [group]}})
    struck = [len(set(KernelNight(scenario_arrays(one), 1, 5).threats["aim"])) for one in (few, many)]
    assert struck[0] <= 3 < 10 < struck[1]


def test_a_near_share_beyond_one_is_refused():
    with pytest.raises(ScenarioError, match="share"):
        Scenario.of_text(
            "format: koepel-scenario/1\nname: x\npattern:\n  launch_areas: [{name: a, at: [50, 30]}]\n  groups:\n"
            "    - {name: g, types: {kh-101: 1}, count: {fixed: 1}, launch: {a: 1}, near: {aim: {}, share: 1.5}}\n"
        )
