"""The compiled kernel against the slow twin: every fate, time, round, track and alarm, draw for draw."""

import builtins
import os

import pytest
from builders import CENTRES, KernelNight, fight_once, one_site, random_scenario, scenarios
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel._kernel import columns as c
from koepel.arrays import scenario_arrays
from koepel.errors import UsageError
from koepel.scenario import Scenario
from koepel.twin import fight_slowly

FAR = 1e17
# the same examples every time, unless other ones are asked for
same = "KOEPEL_RANDOM" not in os.environ
slow = settings(deadline=None, derandomize=same, suppress_health_check=list(HealthCheck))


def assert_agree(arrays, seed: int, run: int) -> None:
    """The same night, fought by both."""
    fast, slow = KernelNight(arrays, seed, run), fight_slowly(arrays, seed, run)
    assert [c.FATES[row["fate"]] for row in fast.threats] == [threat.fate for threat in slow.threats]
    assert [int(row["by"]) for row in fast.threats] == [-1 if t.by is None else t.by for t in slow.threats]
    assert fast.threats["end_s"].tolist() == pytest.approx([t.end_s for t in slow.threats], abs=1e-6)
    fast_tracked = [s if s < FAR else None for s in fast.threats["tracked_s"].tolist()]
    slow_tracked = [t.tracked_s if t.tracked_s < FAR else None for t in slow.threats]
    assert fast_tracked == pytest.approx(slow_tracked, abs=1e-6)
    assert fast.fired.tolist() == list(slow.fired)
    assert fast.n_encounters == slow.n_encounters
    hours = [sum(end - start for start, end in spans) / 3600 for spans in slow.alarms]
    assert fast.alarm_hours.tolist() == pytest.approx(hours, abs=1e-9)
    assert fast.scalar("attacker_usd") == pytest.approx(slow.attacker_usd, rel=1e-12)
    assert fast.scalar("defender_usd") == pytest.approx(slow.defender_usd, rel=1e-12)


@settings(slow, max_examples=120)
@given(scenarios(), st.integers(0, 2**31), st.integers(0, 1000))
def test_random_nights_agree(scenario, seed, run):
    assert_agree(scenario_arrays(scenario), seed, run)


@settings(slow, max_examples=40)
@given(scenarios(), st.integers(0, 2**31))
def test_random_nights_agree_under_plain_rules(scenario, seed):
    assert_agree(scenario_arrays(scenario, plain=True), seed, 0)


@settings(slow, max_examples=20)
@given(scenarios())
def test_random_nights_agree_without_doubt(scenario):
    assert_agree(scenario_arrays(scenario, doubt=False), 1, 1)


@pytest.mark.parametrize(
    ("seed", "rule", "where", "fixed"),
    [
        pytest.param(225, "first-able", "date line", False, id="a decoy told apart has a look left"),
        pytest.param(626, "marginal-value", "equator", True, id="a patrol comes nearer"),
        pytest.param(10, "cheapest", "date line", True, id="the surest of several"),
        pytest.param(85, "cheapest", "date line", False, id="the surest of two"),
    ],
)
def test_nights_that_once_differed_agree(seed, rule, where, fixed):
    assert_agree(scenario_arrays(random_scenario(seed, rule, where, fixed, depth=False)), 1, seed)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", ["small-country", "night-540"])
def test_built_in_scenarios_agree(name, plain):
    arrays = scenario_arrays(Scenario.read(name), plain=plain)
    for run in range(6 if name == "small-country" else 1):
        assert_agree(arrays, 11, run)


@pytest.mark.parametrize("rule", c.RULES)
def test_small_country_agrees_under_each_rule(rule):
    arrays = scenario_arrays(Scenario.read("small-country").replace({"defence.rule": rule}))
    for run in range(4):
        assert_agree(arrays, 3, run)


def test_random_nights_hold_everything_that_can_happen():
    """Else the agreement above would say little."""
    told, fates, moved, events = 0, set(), 0, {}
    for seed in range(40):
        scenario = random_scenario(seed, c.RULES[seed % 3], sorted(CENTRES)[seed % 5], seed % 2 == 0)
        arrays = scenario_arrays(scenario)
        night = KernelNight(arrays, 1, seed)
        fates |= set(night.threats["fate"].tolist())
        told += ((night.threats["kind"] == c.DECOY) & (night.threats["told_s"] < night.threats["end_s"])).sum()
        for what in night.log["what"].tolist():
            events[what] = events.get(what, 0) + 1
        unit = arrays.setup.defence.magazine_unit
        moved += sum(arrays.setup.defence.unit_moves[unit[m]] for m in night.log["magazine"][night.log["what"] == 1])
    assert fates == set(range(4))
    assert min(told, moved) > 5
    assert min(events[what] for what in range(5)) > 10


def test_the_surest_fires_where_no_salvo_suffices():
    unit = {"rounds:e": 1, "rounds:f": 1, "channels": 2}
    both = one_site(effector={"pk_drone": 0.01, "looks": 1}, unit=unit, rule="cheapest")
    effectors = {"e": both.types.effectors["e"], "f": both.types.effectors["e"] | {"pk_drone": 0.05}}
    units = [
        {"name": name, "type": "u", "at": both.defence.fire_units[0].at, "magazines": {effector: {"ready": 9}}}
        for name, effector in (("first", "e"), ("surer", "f"))
    ]
    scenario = both.replace({"types.effectors": effectors, "defence.fire_units": units, "defence.sufficient": 1.0})
    night = fight_once(scenario)
    shots = night.log[night.log["what"] == 0]["magazine"].tolist()
    assert shots == [0, 1, 1, 0]  # who opens first fires at once; then the surest, as long as it has a look left


def test_own_rule_decides():
    arrays = scenario_arrays(Scenario.read("small-country"))
    held = fight_slowly(arrays, 1, 0, rule=lambda offers, time_s: None)
    assert sum(held.fired) == 0
    assert "killed" not in {threat.fate for threat in held.threats}
    asked = []

    def sure_enough(offers, time_s):
        asked.append((time_s, offers))
        return next((offer for offer in offers if offer.kill_probability > 0.5), None)

    night = fight_slowly(arrays, 1, 0, rule=sure_enough)
    assert asked == sorted(asked, key=lambda call: call[0])
    assert 0 < sum(night.fired) <= len(asked) * max(offer.rounds for _, offers in asked for offer in offers)
    assert all(offer.fire_unit and offer.effector and offer.rounds > 0 for _, offers in asked for offer in offers)


def test_own_rule_that_takes_the_first_is_first_able():
    scenario = Scenario.read("small-country").replace({"defence.rule": "first-able"})
    arrays = scenario_arrays(scenario)
    for run in range(3):
        assert fight_slowly(arrays, 2, run, rule=lambda offers, time_s: offers[0]) == fight_slowly(arrays, 2, run)


def test_without_simpy_the_error_names_the_extra(monkeypatch):
    arrays = scenario_arrays(one_site())
    real = builtins.__import__

    def no_simpy(name, *rest, **more):
        if name == "simpy":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", no_simpy)
    with pytest.raises(UsageError, match=r"koepel\[twin\]"):
        fight_slowly(arrays, 1, 0)
