"""The same nights fought again after a change: the bits of a fresh simulation, and differences that mean something."""

import numpy as np
import pytest

import koepel
from koepel.arrays import scenario_arrays
from koepel.errors import UsageError
from koepel.outcome import figure
from koepel.rehearsal import Rehearsal, mean_and_half_width, moved_sites

RUNS = 70  # more than two chunks, the last one short


def with_units(scenario, units):
    """The scenario with these fire units."""
    return scenario.model_copy(update={"defence": scenario.defence.model_copy(update={"fire_units": tuple(units)})})


@pytest.fixture(scope="module")
def small():
    return koepel.Scenario.read("small-country")


@pytest.fixture(scope="module")
def rehearsal(small):
    return Rehearsal(small, RUNS, seed=7)


def changes(small):
    """A unit moved, one moved so far that the sphere is another one, one taken away, one added, another rule."""
    units = small.defence.fire_units
    first = units[0]
    lat, lon = first.at
    yield with_units(small, [first.model_copy(update={"at": (lat + 0.3, lon - 0.2)}), *units[1:]])
    yield with_units(small, [first.model_copy(update={"at": (lat + 9.0, lon)}), *units[1:]])
    yield with_units(small, units[1:])
    yield with_units(small, [*units, first.model_copy(update={"name": "one more"})])
    yield small.model_copy(update={"defence": small.defence.model_copy(update={"rule": "cheapest"})})


def test_a_change_has_the_bits_of_a_fresh_simulation(small, rehearsal):
    """Taking over raids and people from the start changes no bit of any night or sum."""
    for changed in changes(small):
        fresh = koepel.simulate(changed, RUNS, seed=7)
        again = rehearsal.fight(changed).outcomes
        for name in ("rows", "places", "zones"):
            assert np.array_equal(getattr(again, name), getattr(fresh, name), equal_nan=True), name


def test_moves_one_after_another_have_the_bits_of_a_fresh_simulation(small, rehearsal):
    """Each is fought from the nights before it: guns, batteries with their radars, a jammer, sensors."""
    rng = np.random.default_rng(3)
    near, scenario = rehearsal.start, small
    for _ in range(12):
        units, sensors = list(scenario.defence.fire_units), list(scenario.defence.sensors)
        for things in (units, sensors) if rng.random() < 0.5 else (units,):
            k = int(rng.integers(len(things)))
            lat, lon = things[k].at
            # not beyond all else to the south, or else the sphere would be another one
            at = (max(50.8, lat + float(rng.uniform(-0.3, 0.3))), lon + float(rng.uniform(-0.5, 0.5)))
            things[k] = things[k].model_copy(update={"at": at})
        changes = {"fire_units": tuple(units), "sensors": tuple(sensors)}
        scenario = scenario.model_copy(update={"defence": scenario.defence.model_copy(update=changes)})
        after = rehearsal.fight(scenario, near=near)
        moves = moved_sites(near.arrays.setup, after.arrays.setup)
        assert moves is not None and 1 <= len(moves[0]) <= 5  # nothing is met anew but for these
        fresh = koepel.simulate(scenario, RUNS, seed=7)
        for name in ("rows", "places", "zones"):
            assert np.array_equal(getattr(after.outcomes, name), getattr(fresh, name), equal_nan=True), name
        near = after


def test_moves_in_a_real_country_have_the_bits_of_a_fresh_simulation():
    """With hundreds of threats of every class, sectors of many sizes, and the sphere as it was."""
    ukraine = koepel.Scenario.read("ukraine-2025-06")
    rehearsal, rng = Rehearsal(ukraine, 34, seed=3), np.random.default_rng(5)
    kinds = {unit.type: k for k, unit in enumerate(ukraine.defence.fire_units)}
    units = list(ukraine.defence.fire_units)
    for k in kinds.values():
        lat, lon = units[k].at
        units[k] = units[k].model_copy(update={"at": (min(lat + 0.5, 51.5), lon + 0.5 * int(rng.integers(-2, 3)))})
    scenario = with_units(ukraine, units)
    after, fresh = rehearsal.fight(scenario), koepel.simulate(scenario, 34, seed=3)
    assert moved_sites(rehearsal.start.arrays.setup, after.arrays.setup) is not None
    for name in ("rows", "places", "zones"):
        assert np.array_equal(getattr(after.outcomes, name), getattr(fresh, name), equal_nan=True), name


def test_only_places_may_differ_for_nights_to_be_taken_on(small, rehearsal):
    """Another number of rounds or of units is met from the beginning; another rule or doctrine is not."""
    setup = rehearsal.start.arrays.setup
    found = {}
    for k, changed in enumerate(changes(small)):
        found[k] = moved_sites(setup, rehearsal.fight(changed).arrays.setup)
    assert [found[k] is None for k in range(5)] == [False, True, True, True, False]
    assert len(found[4][0]) == 0


def test_differences_are_those_of_compare(small, rehearsal):
    """Each difference is the paired one that `koepel.compare` gives."""
    changed = with_units(small, small.defence.fire_units[1:])
    ours = rehearsal.differences(rehearsal.fight(changed))
    theirs = koepel.compare(small, changed, RUNS, seed=7).differences
    for name in ("leaked", "exposed", "impacts", "defender_usd", "leaked: drone"):
        assert ours[name] == theirs[name]
    assert ours["leaked"].mean > 0  # a unit less


def test_places_and_aims_add_up(rehearsal):
    """Impacts by night and place sum to those of the study; who is aimed at a place arrives or is stopped."""
    start = rehearsal.start
    assert np.array_equal(start.hits.sum(axis=0), start.outcomes.places[:, 0])
    assert np.array_equal(start.hits.sum(axis=1), start.outcomes.nights("impacts"))
    assert (start.stopped <= start.aimed).all()
    arrived = (start.aimed - start.stopped).sum()
    assert arrived == start.outcomes.nights("leaked").sum()


def test_many_intervals_at_once_are_those_of_figure(rehearsal):
    """The quick form gives the mean and the interval of `koepel.outcome.figure`, column by column."""
    hits = rehearsal.start.hits.astype(float)
    mean, half = mean_and_half_width(hits)
    for place in range(hits.shape[1]):
        one = figure(hits[:, place])
        assert mean[place] == pytest.approx(one.mean, rel=1e-12)
        assert mean[place] + half[place] == pytest.approx(one.mean_high, rel=1e-12)


def test_arrays_are_taken_over_only_where_raids_and_people_are_the_same(small, rehearsal):
    """Another raid pattern gets arrays of its own."""
    other = small.replace({"pattern.groups[0].count.median": 1.0})
    like = (rehearsal.start.scenario, rehearsal.start.arrays)
    mine, fresh = scenario_arrays(other, like=like), scenario_arrays(other)
    assert np.array_equal(mine.setup.pattern.count, fresh.setup.pattern.count)
    assert not np.array_equal(mine.setup.pattern.count, rehearsal.start.arrays.setup.pattern.count)


def test_many_nights_are_not_kept(small, monkeypatch):
    """Nor are they needed: the answer is the same."""
    monkeypatch.setattr("koepel.rehearsal.MOST_KEPT", 3)
    rehearsal, changed = Rehearsal(small, 4, seed=7), next(changes(small))
    assert rehearsal.start.kept == ()
    again, fresh = rehearsal.fight(changed).outcomes, koepel.simulate(changed, 4, seed=7)
    assert np.array_equal(again.rows, fresh.rows, equal_nan=True)


def test_a_foolish_number_of_runs_is_refused(small):
    """With what was found and the mend."""
    with pytest.raises(UsageError, match="runs: found 0"):
        Rehearsal(small, 0)
