"""The same bits again: whatever the number of threads, processes and runs, and whatever else takes part."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from builders import KernelNight, random_scenario
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel._kernel import columns as c
from koepel.arrays import scenario_arrays
from koepel.scenario import Scenario
from koepel.simulate import CHUNK, compare, simulate, trace

RUNS = 3 * CHUNK + 5
few = settings(deadline=None, derandomize=True, max_examples=10, suppress_health_check=list(HealthCheck))
PROBE = """
import sys
from koepel.scenario import Scenario
from koepel.simulate import simulate
import hashlib
one = simulate(Scenario.read("small-country"), {runs}, seed=5, workers={workers})
print(hashlib.sha256(one.rows.tobytes() + one.places.tobytes() + one.zones.tobytes()).hexdigest())
"""


def small_country() -> Scenario:
    return Scenario.read("small-country")


def bits(outcomes) -> tuple[bytes, bytes, bytes]:
    return outcomes.rows.tobytes(), outcomes.places.tobytes(), outcomes.zones.tobytes()


@pytest.mark.parametrize("rules", ["full", "plain"])
def test_the_same_bits_on_1_2_and_8_threads(rules):
    first = bits(simulate(small_country(), RUNS, seed=5, rules=rules, workers=1))
    for workers in (2, 8):
        assert bits(simulate(small_country(), RUNS, seed=5, rules=rules, workers=workers)) == first


def test_the_same_bits_in_other_processes():
    here = simulate(small_country(), RUNS, seed=5, workers=2)
    expected = hashlib.sha256(b"".join(bits(here))).hexdigest()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    for workers in (1, 3):
        code = PROBE.format(runs=RUNS, workers=workers)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


@pytest.mark.parametrize("rules", ["full", "plain"])
def test_more_runs_leave_the_earlier_ones_unchanged(rules):
    few, many = (simulate(small_country(), runs, seed=5, rules=rules) for runs in (CHUNK + 3, RUNS))
    assert np.array_equal(few.rows, many.rows[: CHUNK + 3], equal_nan=True)


@few
@given(st.integers(0, 2**32), st.sampled_from(c.RULES), st.booleans(), st.booleans())
def test_a_night_is_the_same_alone_and_among_others(seed, rule, fixed, plain):
    scenario = random_scenario(seed, rule, fixed=fixed)
    rules = "plain" if plain else "full"
    together = simulate(scenario, 5, seed=seed, rules=rules, workers=1)
    arrays = scenario_arrays(scenario, plain=plain)
    for run in range(5):
        assert np.array_equal(KernelNight(arrays, seed, run).row, together.rows[run], equal_nan=True)


@pytest.mark.parametrize("name", ["small-country", "night-540"])
@pytest.mark.parametrize("rules", ["full", "plain"])
def test_a_trace_tells_the_night_that_was_counted(name, rules):
    scenario = Scenario.read(name)
    counted = simulate(scenario, 4, seed=9, rules=rules)
    for run in (0, 3):
        told = trace(scenario, run, seed=9, rules=rules)
        for fate in c.FATES:
            assert sum(threat["fate"] == fate for threat in told.threats) == counted.nights(fate)[run]
        for effector in counted.effectors:
            fired = sum(e["rounds"] for e in told.events if e["event"] == "fires" and e["effector"] == effector)
            assert fired == counted.rounds(effector)[run]


def test_precision_does_not_depend_on_threads():
    stopped = [simulate(small_country(), 4000, seed=5, precision=0.02, workers=workers) for workers in (1, 2, 8)]
    assert len({bits(one) for one in stopped}) == 1
    assert 0 < stopped[0].runs < 4000
    longer = simulate(small_country(), stopped[0].runs + 7, seed=5)
    assert np.array_equal(longer.rows[: stopped[0].runs], stopped[0].rows, equal_nan=True)


# What something draws depends on its own name only


def routes(night: KernelNight, arrays, kinds) -> list[tuple]:
    """Name, start, end of flight and legs of the threats of some types."""
    own = [t for t in night.threats if arrays.types[t["type"]] in kinds]
    figures = [(int(t["name"]), float(t["start_s"]), float(t["impact_s"])) for t in own]
    return [(*row, night.legs[t["first"] : t["last"]].tobytes()) for row, t in zip(figures, own, strict=True)]


def far_unit(name: str, kind: str = "gepard") -> dict:
    """A fire unit that the raid passes early, and that fires at nothing because it holds no rounds."""
    return {"name": name, "type": kind, "at": [51.0, -28.5], "magazines": {"gepard-35mm": {"ready": 0, "reserve": 0}}}


@pytest.mark.parametrize("rules", ["full", "plain"])
def test_a_unit_that_cannot_fire_changes_nobodys_luck(rules):
    """Its circles are met first: draws must not be numbered by what else the threat meets."""
    before = small_country().replace({"doubt.month_sd": 0})
    units = [far_unit("empty"), *before.defence.fire_units]
    after = before.replace({"defence.fire_units": units})
    one, other = (simulate(scenario, 40, seed=5, rules=rules) for scenario in (before, after))
    for measure in ("threats", *c.FATES, "defender_usd"):
        assert np.array_equal(one.nights(measure), other.nights(measure)), measure


def test_the_order_of_the_file_changes_nobodys_luck():
    """Under plain rules sites do not meet, so not even a tie is settled by the order."""
    before = small_country()
    turned = before.replace({"defence.fire_units": list(reversed(before.defence.fire_units))})
    one, other = (simulate(scenario, 40, seed=5, rules="plain") for scenario in (before, turned))
    for measure in ("threats", *c.FATES):
        assert np.array_equal(one.nights(measure), other.nights(measure)), measure


def test_two_defences_share_luck_by_name():
    """The raid is the same night by night, and the difference is told far better than by separate luck."""
    before = small_country()
    after = before.replace({"defence.fire_units": [*before.defence.fire_units, far_unit("more") | {"magazines": {}}]})
    both = compare(before, after, 300, seed=5)
    assert np.array_equal(both.a.nights("threats"), both.b.nights("threats"))
    assert np.array_equal(both.a.nights("attacker_usd"), both.b.nights("attacker_usd"))
    apart = simulate(after, 300, seed=6).nights("leaked") - both.a.nights("leaked")
    assert (both.b.nights("leaked") - both.a.nights("leaked")).std() < 0.5 * apart.std()


def far_copies(scenario, steps=(0.0, 9.0, 18.0)):
    """Copies of a raid and its defence side by side, out of step and far enough apart that none meets another's."""

    def moved(at, step):
        return at[0] - 40.0, at[1] + step

    units, sensors = (
        tuple(
            one.model_copy(update={"name": f"{one.name} {step}", "at": moved(one.at, step)})
            for one in those for step in steps
        )
        for those in (scenario.defence.fire_units, scenario.defence.sensors)
    )  # fmt: skip
    threats = [
        threat.model_copy(update={
            "name": f"{threat.name} {step}", "start_s": threat.start_s + step,
            "route": tuple(moved(point, step) for point in threat.route),
        })
        for threat in scenario.raid.threats for step in steps
    ]  # fmt: skip
    return scenario.model_copy(update={
        "defence": scenario.defence.model_copy(update={"fire_units": units, "sensors": sensors}),
        "raid": scenario.raid.model_copy(update={"threats": tuple(threats)}),
    })  # fmt: skip


@pytest.mark.parametrize("rule", c.RULES)
@pytest.mark.parametrize("plain", [False, True])
def test_sector_by_sector_is_the_night_by_one_clock(rule, plain):
    """A night with a log is fought by one clock, one without by sectors: the same row, bit by bit."""
    scenario = far_copies(Scenario.read("night-540"))
    scenario = scenario.model_copy(update={"defence": scenario.defence.model_copy(update={"rule": rule})})
    arrays = scenario_arrays(scenario, plain=plain)
    told, counted = KernelNight(arrays), KernelNight(arrays, room=0)
    assert len(told.log) > 1000 and len(counted.log) == 0
    assert len(np.unique(counted.threats["unit"])) > 3
    assert told.row.tobytes() == counted.row.tobytes()
    assert told.alarm_hours.tobytes() == counted.alarm_hours.tobytes()
    assert all(np.array_equal(told.threats[name], counted.threats[name]) for name in ("fate", "end_s", "by"))
