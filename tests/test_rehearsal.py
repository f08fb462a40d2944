"""The same nights fought again after a change: the bits of a fresh simulation, and differences that mean something."""

import numpy as np
import pytest

import koepel
from koepel.arrays import scenario_arrays
from koepel.errors import UsageError
from koepel.outcome import figure
from koepel.rehearsal import Rehearsal, mean_and_half_width

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


def test_a_foolish_number_of_runs_is_refused(small):
    """With what was found and the mend."""
    with pytest.raises(UsageError, match="runs: found 0"):
        Rehearsal(small, 0)
