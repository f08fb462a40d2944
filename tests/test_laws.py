"""What must hold on every night, whatever the luck: nothing is lost, nothing comes from nothing.

More rounds need not stop more. It is a law here where one magazine meets threats of one class one after the
other; `test_more_rounds_may_leak_more` is a night where it fails.
"""

import math

import numpy as np
from builders import (
    EFFECTOR,
    FIRE_UNIT,
    KernelNight,
    against_all,
    fight_once,
    one_site,
    scenarios,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel._kernel import columns as c
from koepel.arrays import scenario_arrays
from koepel.simulate import simulate
from koepel.twin import fight_slowly

laws = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
KILLED, LEAKED = c.FATES.index("killed"), c.FATES.index("leaked")
FIRES, KILLS, MISSES, WASTES, RELOADS = range(5)
MISS = 1e-12  # a pk of 0 says that it cannot engage at all
seeds = st.integers(0, 2**32)


def fates(night: KernelNight) -> list[int]:
    return [int((night.threats["fate"] == k).sum()) for k in range(len(c.FATES))]


def leaked(scenario, seed=1, run=0) -> set[int]:
    threats = fight_once(scenario, seed, run).threats
    return set(np.flatnonzero(threats["fate"] == LEAKED).tolist())


# Nothing is lost


@laws
@given(scenarios(), seeds, st.booleans())
def test_threats_in_are_fates_out(scenario, seed, plain):
    arrays = scenario_arrays(scenario, plain=plain)
    night = KernelNight(arrays, seed)
    counts = night.row[: len(arrays.types) * len(c.PER_TYPE)].reshape(-1, len(c.PER_TYPE))
    assert fates(night) == counts[:, : len(c.FATES)].sum(axis=0).tolist()
    assert sum(fates(night)) == len(night.threats)
    if scenario.raid is not None:
        assert len(night.threats) == len(scenario.raid.threats)
    assert ((night.threats["by"] >= 0) == (night.threats["fate"] == KILLED)).all()
    assert (night.threats["end_s"] <= night.threats["impact_s"] + 1e-6).all()
    assert (counts[:, -1] <= counts[:, : len(c.FATES)].sum(axis=1)).all()


@laws
@given(scenarios(), seeds, st.booleans())
def test_rounds_fired_and_left_are_the_stock(scenario, seed, plain):
    arrays = scenario_arrays(scenario, plain=plain)
    night, slow = KernelNight(arrays, seed), fight_slowly(arrays, seed, 0)
    assert [fired + left for fired, left in zip(slow.fired, slow.left, strict=True)] == list(slow.stock)
    assert min((*slow.left, *slow.fired), default=0) >= 0
    for magazine in range(len(arrays.magazines)):
        own = night.log[night.log["magazine"] == magazine]
        rounds = {what: int(own["number"][own["what"] == what].sum()) for what in range(5)}
        assert rounds[FIRES] == rounds[KILLS] + rounds[MISSES] + rounds[WASTES]
        assert rounds[FIRES] <= slow.stock[magazine]
        assert int((own["what"] == KILLS).sum()) == (night.threats["by"] == magazine).sum()


@laws
@given(scenarios(), seeds)
def test_rounds_are_ready_when_they_are_fired(scenario, seed):
    """Shot by shot: never more than were ready, and a reload fills the magazine or empties the reserve."""
    arrays = scenario_arrays(scenario)
    night, slow = KernelNight(arrays, seed), fight_slowly(arrays, seed, 0)
    for magazine, (ready, stock) in enumerate(zip(slow.ready, slow.stock, strict=True)):
        full, reserve = ready, stock - ready
        for event in night.log[night.log["magazine"] == magazine]:
            if event["what"] == FIRES:
                ready -= int(event["number"])
            elif event["what"] == RELOADS:
                assert ready == 0
                assert event["number"] == min(full, reserve)
                ready, reserve = int(event["number"]), reserve - int(event["number"])
            assert 0 <= ready <= full
        assert ready + reserve == stock - night.fired[magazine]


@laws
@given(scenarios(), seeds)
def test_channels_are_never_overdrawn(scenario, seed):
    arrays = scenario_arrays(scenario, doubt=False)
    night = KernelNight(arrays, seed)
    setup = arrays.setup
    middles = 0.5 * (setup.figures.low + setup.figures.high)
    units = middles[setup.figures.at[2] : setup.figures.at[3]].reshape(-1, len(c.UNIT))
    busy = [0] * len(arrays.units)
    for event in night.log:  # a channel is busy from the launch to the intercept at least
        if event["what"] in (FIRES, KILLS, MISSES, WASTES):
            unit = int(setup.defence.magazine_unit[event["magazine"]])
            busy[unit] += 1 if event["what"] == FIRES else -1
            assert 0 <= busy[unit] <= math.floor(units[setup.defence.unit_row[unit], 0] + 0.5)


@laws
@given(scenarios(), seeds, st.booleans())
def test_money_balances(scenario, seed, plain):
    arrays = scenario_arrays(scenario, plain=plain, doubt=False)
    night, setup = KernelNight(arrays, seed), arrays.setup
    middles = 0.5 * (setup.figures.low + setup.figures.high)
    effectors = middles[setup.figures.at[1] : setup.figures.at[2]].reshape(-1, len(c.EFFECTOR))
    threats = middles[: setup.figures.at[1]].reshape(-1, len(c.THREAT))
    prices = effectors[setup.defence.magazine_effector, c.EFFECTOR.index("price_usd")]
    assert night.scalar("defender_usd") == np.float64(np.dot(night.fired, prices)).round(6) or math.isclose(
        night.scalar("defender_usd"), float(np.dot(night.fired, prices)), rel_tol=1e-12
    )
    launched = threats[night.threats["type"], c.THREAT.index("price_usd")].sum()
    assert math.isclose(night.scalar("attacker_usd"), float(launched), rel_tol=1e-12)
    by_effector = np.bincount(setup.defence.magazine_effector, night.fired, len(arrays.effectors))
    start = len(arrays.types) * len(c.PER_TYPE)
    assert night.row[start : start + len(arrays.effectors)].tolist() == by_effector.tolist()


# No defence, a sure defence, a useless one


@laws
@given(scenarios(), seeds)
def test_without_a_defence_all_that_does_not_fall_leaks(scenario, seed):
    bare = scenario.replace({"defence.fire_units": []})
    killed, lost, _, _ = fates(fight_once(bare, seed))
    assert killed == lost == 0


@laws
@given(scenarios(), seeds)
def test_without_a_track_nothing_is_engaged(scenario, seed):
    """A unit without a sensor of its own sees by those of others, and there are none."""
    units = [
        unit.model_dump(mode="json", exclude_defaults=True) | {"type": "both"} for unit in scenario.defence.fire_units
    ]
    blind = scenario.replace({"defence.sensors": [], "defence.fire_units": [u | {"magazines": {}} for u in units]})
    night = fight_once(blind, seed)
    assert night.fired.sum() == 0
    assert night.alarm_hours.sum() == 0


@laws
@given(scenarios(), seeds, st.booleans())
def test_with_pk_0_nothing_is_killed(scenario, seed, plain):
    catalogue = scenario.catalogue()
    own = {name: dict(row) | against_all(0) for name, row in scenario.types.effectors.items()}
    others = {name: against_all(0) for name in catalogue.effectors if name not in own}
    harmless = scenario.replace({"types.effectors": own | others})
    assert fates(fight_once(harmless, seed, plain=plain))[KILLED] == 0


@laws
@given(seeds, st.booleans(), st.floats(-60, 80), st.integers(1, 4))
def test_with_pk_1_one_threat_in_range_is_killed(seed, plain, latitude, salvo):
    scenario = one_site(centre=(latitude, 30.0), effector=against_all(1) | {"salvo": salvo})
    night = fight_once(scenario, seed, plain=plain)
    assert fates(night)[KILLED] == 1
    assert night.fired.sum() == (1 if plain else salvo)


# Order: more of the same luck


@laws
@given(seeds, st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True), st.booleans(), st.integers(0, 3))
def test_a_surer_round_never_leaks_more_at_one_site_with_enough_of_all(seed, pks, plain, looks):
    """With a channel and rounds for all, each threat has the same shots in both, and the same luck."""
    low, high = sorted(pks)
    both = [
        one_site(30, ready=5000, effector=against_all(pk) | {"looks": looks}, unit={"channels": 100})
        for pk in (low, high)
    ]
    first, second = ({i for i, t in enumerate(fight_once(s, seed, plain=plain).threats) if t["fate"] == LEAKED}
                     for s in both)  # fmt: skip
    assert second <= first


@laws
@given(seeds, st.floats(0.05, 0.95), st.integers(0, 20), st.integers(0, 20), st.integers(0, 3), st.booleans())
def test_more_rounds_never_leak_more_at_one_site(seed, pk, ready, more, looks, plain):
    """Threats of one class come one after the other, each gone before the next comes.

    While rounds last, both defences fire the same shots with the same luck; from the first shot that only
    the one with more rounds can fire, the other fires none. So it holds path by path.
    """
    scenario = [
        one_site(ready=n, start_s=[1000.0 * k for k in range(15)], effector=against_all(pk) | {"looks": looks})
        for n in (ready, ready + more)
    ]
    fewer, richer = (fight_once(s, seed, plain=plain) for s in scenario)
    alive = [set(np.flatnonzero(night.threats["fate"] == LEAKED).tolist()) for night in (fewer, richer)]
    assert alive[1] <= alive[0]
    assert fewer.fired.sum() <= richer.fired.sum() <= ready + more


def test_more_rounds_may_leak_more():
    """Two classes, one channel: the unit with more rounds is busy with a decoy when the drone comes.

    The rule looks at one threat at a time; with fewer rounds its policy keeps the last ones for the drone.
    """
    sure = against_all(1)
    more = {
        "types.threats": {"t": one_site().types.threats["t"], "d": one_site().types.threats["t"] | {"kind": "decoy"}},
        "defence.policy": {"e": {"decoy": 0.5, "drone": 0.0}},
    }
    site = one_site(2, start_s=[0.0, 100.0], ready=9, effector=sure, unit={"assess_s": 1000}, sensor={"classifies": 1})
    route = site.raid.threats[0].model_dump(mode="json")["route"]
    threats = [
        {"name": "decoy", "type": "d", "start_s": 0.0, "route": route},
        {"name": "drone", "type": "t", "start_s": 100.0, "route": route},
    ]
    leaks = {}
    for ready in (1, 9):
        unit = site.defence.fire_units[0].model_dump(mode="json") | {"magazines": {"e": {"ready": ready, "reserve": 0}}}
        leaks[ready] = leaked(site.replace(more | {"raid.threats": threats, "defence.fire_units": [unit]}))
    assert leaks == {1: {0}, 9: {1}}  # the decoy leaks in the one, the drone in the other


@laws
@given(seeds, st.integers(1, 4))
def test_a_second_site_that_sees_the_same_never_leaks_more(seed, n):
    """Without coordination (plain rules), one more site takes shots but never takes one away."""
    one = one_site(20, effector=against_all(0.4))
    unit = one.defence.fire_units[0].model_dump(mode="json")
    more = one.replace({"defence.fire_units": [unit, *(unit | {"name": f"u{k}"} for k in range(n))]})
    alone, helped = (fight_once(s, seed, plain=True).threats["fate"] == LEAKED for s in (one, more))
    assert helped.sum() <= alone.sum()


# Rules of the weapons policy and the doctrine


def test_a_policy_of_1_never_fires_and_of_0_always_may():
    for share, fired in ((1.0, 0), (0.0, 8), (0.5, 4)):
        scenario = one_site(20, ready=8, effector=against_all(MISS))
        scenario = scenario.replace({"defence.policy": {"e": {"drone": share}}})
        assert fight_once(scenario).fired.sum() == fired


def test_looks_and_salvo_say_how_many_rounds():
    for looks, salvo in ((0, 1), (0, 3), (1, 1), (2, 2), (3, 1)):
        scenario = one_site(effector=against_all(MISS) | {"looks": looks, "salvo": salvo}, length_m=200e3)
        assert fight_once(scenario).fired.sum() == (looks + 1) * salvo


def test_a_reload_fills_the_magazine_and_no_more():
    scenario = one_site(40, ready=3, reserve=7, effector=against_all(MISS), unit={"reload_s": 50})
    night = fight_once(scenario)
    assert night.fired.sum() == 10
    assert night.log["number"][night.log["what"] == RELOADS].tolist() == [3, 3, 1]


def test_others_that_share_the_track_hold_their_fire():
    """Two sites at one place: one shot at a time where the track is shared, two where it is not."""
    one = one_site(effector=against_all(MISS) | {"looks": 0})
    unit = one.defence.fire_units[0].model_dump(mode="json")
    for shared, expected in ((1, False), (0, True)):
        scenario = one.replace({"defence.fire_units": [unit, unit | {"name": "v"}], "types.sensors.s.shared": shared})
        night = fight_once(scenario)
        fires, arrives = (night.log["time_s"][night.log["what"] == what] for what in (FIRES, MISSES))
        assert len(fires) == 2
        assert (fires[1] < arrives[0]) == expected


def test_a_dead_track_that_lingers_draws_fire():
    """The second site does not know of the kill; it fires at the track while that lives on."""
    one = one_site(effector=against_all(1.0), unit={"channels": 4})
    unit = one.defence.fire_units[0].model_dump(mode="json")
    far = unit | {"name": "v", "at": [50.0, 30.05]}  # the threat comes to it later
    wasted = {}
    for linger_s in (0, 900):
        night = fight_once(one.replace({"defence.fire_units": [unit, far], "defence.track_linger_s": [linger_s] * 2}))
        wasted[linger_s] = int((night.log["what"] == WASTES).sum())
    assert wasted == {0: 0, 900: 1}


def test_bad_weather_takes_its_share_of_every_pk():
    effector = against_all(1.0) | {"bad_weather_factor": 0.0}
    assert leaked(one_site(5, effector=effector, weather={"bad_share": 1})) == set(range(5))
    assert leaked(one_site(5, effector=effector, weather={"bad_share": 0})) == set()


def test_a_horizon_hides_what_flies_low():
    """Antenna at 10 m, threat at 20 m: seen at 31 km of the 300, and so engaged far later than without."""
    low = {"height_low_m": 20, "height_high_m": 20}
    near = fight_once(one_site(threat=low, sensor={"antenna_height_m": 10}, effector={"range_max_m": 45e3}))
    clear = fight_once(one_site(threat=low, sensor={"antenna_height_m": 20e3}, effector={"range_max_m": 45e3}))
    assert near.log["time_s"][0] > clear.log["time_s"][0] + 100


def test_a_unit_out_of_service_does_nothing():
    assert leaked(one_site(5, effector=against_all(1), unit={"availability": 0})) == set(range(5))
    outcomes = simulate(one_site(effector=against_all(1), unit={"availability": 0.3}), 4000, workers=1)
    assert abs(outcomes.nights("killed").mean() - 0.3) < 5 * math.sqrt(0.21 / 4000)


def test_catalogues_of_the_builders_are_complete():
    one_site().check()
    assert set(EFFECTOR) & set(c.EFFECTOR)
    assert set(FIRE_UNIT) & set(c.UNIT)
