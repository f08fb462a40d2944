"""A recorded night as a scenario: exact counts, places and windows where known, the rest drawn."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import pytest

import koepel as kp
from koepel.catalogue import DATA
from koepel.records import Night
from koepel.replay import launch_place
from koepel.tables import read_table

SHARED = Path(os.environ.get("KOEPEL_DATA", Path(__file__).parents[2] / "shared"))
ATTACKS = SHARED / "data" / "attacks" / "missile_attacks_daily.csv"
needs_records = pytest.mark.skipif(not ATTACKS.is_file(), reason=f"no published records at {ATTACKS}; set KOEPEL_DATA")


def night(counts=None, *, bundles=None, places=None, recorded=None, waves=(), strike=None):
    """A night of 2024-05-02."""
    return Night(date(2024, 5, 2), counts or {}, bundles or {}, places or {}, recorded or {}, waves, strike)


def at(hour, day=2):
    """A time of that night."""
    return datetime(2024, 5, day, hour)


@pytest.fixture(scope="module")
def small():
    """An invented country, far from any recorded launch place."""
    return kp.Scenario.read("small-country")


@pytest.fixture(scope="module")
def near():
    """A city near the recorded places, with two streams of drones and one group of cruise missiles."""
    return kp.Scenario.of_text(
        """
format: koepel-scenario/1
name: near
settlements: [{name: City, at: [49, 32], people: 1000000}]
pattern:
  launch_areas: [{name: Kursk oblast, at: [51.7, 36.2], radius_km: 20}, {name: west, at: [49, 24]}]
  groups:
    - name: border
      types: {shahed-136: 1}
      count: {median: 40, spread: 0.2}
      launch: {Kursk oblast: 1}
    - name: deep
      types: {shahed-136: 3, gerbera: 2, geran-3: 1}
      count: {median: 60, spread: 1, chance: 0.5}
      launch: {Kursk oblast: 1, west: 1}
      waves: {count: 2, every_h: 2, spread_h: 1}
    - name: cruise
      types: {kh-101: 3, kalibr: 1}
      count: {median: 8}
      launch: {west: 1}
      waves: {start_h: 3, spread_min: 10, together: true}
"""
    )


def launched(scenario):
    """Number of each type of a replay; a group of several types under all of their names."""
    numbers = {}
    for group in scenario.pattern.groups:
        key = "+".join(sorted(group.types))
        numbers[key] = numbers.get(key, 0) + group.count.fixed
    return numbers


def total(scenario):
    """All threats of a replay."""
    return sum(group.count.fixed for group in scenario.pattern.groups)


def test_counts_are_exact_and_simulated_so(small):
    """Every simulated night launches exactly what was recorded."""
    raid = kp.replay(small, night({"shahed-136": 33, "iskander-m": 2, "kh-22": 3}))
    outcomes = kp.simulate(raid, 20)
    assert (outcomes.of_class("drone")[:, :4].sum(axis=1) == 33).all()
    assert (outcomes.of_class("ballistic")[:, :4].sum(axis=1) == 2).all()
    assert (outcomes.of_class("supersonic")[:, :4].sum(axis=1) == 3).all()
    assert raid.name == "small-country, night of 2024-05-02"
    assert raid.defence == small.defence and raid.settlements == small.settlements


def test_strike_count_splits_the_wave(small, near):
    """Strike drones and decoys as recorded; the scenario's own shares among each."""
    assert launched(kp.replay(small, night({"shahed-136": 100}, strike=62))) == {"shahed-136": 62, "gerbera": 38}
    assert launched(kp.replay(small, night({"shahed-136": 100}))) == {"gerbera+shahed-136": 100}
    numbers = launched(kp.replay(near, night({"shahed-136": 95, "geran-3": 5}, strike=65)))
    assert numbers == {"shahed-136": 60, "gerbera": 35, "geran-3": 5}  # the jets are among the 65


def test_groups_share_a_number_at_the_same_quantile(near):
    """Forty drones and fewer come from the border; a large night is the deep stream's."""

    def streams(number):
        groups = kp.replay(near, night({"shahed-136": number})).pattern.groups
        return {group.name.split(":")[0]: group.count.fixed for group in groups}

    # below its chance of a half the deep stream is not there: border alone, 40 exp(0.2 z) at z <= 0
    assert streams(30) == {"border": 30}
    # at quantile 0.975 border holds 40 exp(0.2 * 1.960) = 59.2; deep stands at its 0.95: 60 exp(1.645) = 310.8
    assert streams(370) == {"border": 59, "deep": 311}


def test_bundles_are_split_by_the_scenario(near):
    """Three to one, as the scenario flies them; equal parts where it does not say."""
    raid = kp.replay(near, night(bundles={("kh-101", "kalibr"): 40}))
    assert launched(raid) == {"kh-101": 30, "kalibr": 10}
    raid = kp.replay(near, night(bundles={("kh-101", "iskander-k"): 41}))
    assert launched(raid) == {"kh-101": 21, "iskander-k": 20}


def test_a_bundle_counts_in_one_class(small):
    """S-300 in a bundle with Iskander-M are ballistic in the records, and so in the replay."""
    bundle = night(
        bundles={("s-300-ground", "iskander-m"): 10},
        recorded={"ballistic": {"launched": 10, "neutralised": 4, "undecided": 0}},
    )
    outcomes = kp.simulate(kp.replay(small, bundle), 6)
    assert (outcomes.of_class("ballistic")[:, :4].sum(axis=1) == 10).all()
    assert "s-300-ground-in-ballistic-bundle" in outcomes.types
    row = kp.recorded_figures(small, bundle)["by_class"]["ballistic"]
    assert row == {"launched": 10, "neutralised": 4, "undecided": 0, "replayed": 10}


def test_a_bundle_that_was_told_apart_keeps_its_class(small):
    """The parts of a bundle are counted where the bundle was."""
    waves = (("iskander-m+iskander-k", at(20, 1), at(6), 9), ("iskander-k", at(20, 1), at(6), 2))
    figures = kp.recorded_figures(small, night({"iskander-m": 5, "iskander-k": 6}, waves=waves))
    assert figures["by_class"]["ballistic"]["replayed"] == 9
    assert figures["by_class"]["cruise"]["replayed"] == 2


def test_types_without_figures_are_left_out_and_said_so(small):
    """A Lancet is no type of the catalogue; nothing at all to replay is an error."""
    mixed = night({"shahed-136": 5, "lancet": 3}, bundles={("shahed-136", "lancet"): 4})
    assert total(kp.replay(small, mixed)) == 9
    left_out = kp.recorded_figures(small, mixed)["left_out"]
    assert [(row["type"], row["launched"]) for row in left_out] == [("lancet", 3), ("lancet", None)]
    with pytest.raises(kp.UsageError, match="nothing that was launched"):
        kp.replay(small, night({"lancet": 3}))


def test_recorded_places_are_used_where_they_are_in_reach(small, near):
    """Kursk for a city in its reach; the scenario's own areas for an island in the Atlantic."""
    wave = night({"shahed-136": 30}, places={"shahed-136": ("Kursk oblast", "Chauda, Crimea", "south-east")})
    raid = kp.replay(near, wave)
    assert all(set(group.launch) == {"Kursk oblast", "Chauda"} for group in raid.pattern.groups)
    own = next(area for area in raid.pattern.launch_areas if area.name == "Kursk oblast")
    assert own.at == (51.7, 36.2)  # an area of the scenario's own goes first
    assert kp.recorded_figures(near, wave)["launch_places_unknown"] == ["south-east"]
    assert all(set(group.launch) == {"mainland"} for group in kp.replay(small, wave).pattern.groups)


def test_drones_fill_the_published_window(near):
    """Two waves two hours apart over 3 h become the same shape over 9 h."""
    waves = (("kh-101", at(1), at(4), 4), ("shahed-136", at(19, 1), at(4), 300))
    raid = kp.replay(near, night({"shahed-136": 300, "kh-101": 4}, waves=waves))
    deep = next(group.waves for group in raid.pattern.groups if group.name.startswith("deep"))
    assert (deep.start_s, deep.every_s, deep.spread_s, deep.count) == (0.0, 6 * 3600, 3 * 3600, 2)
    # cruise missiles came 6 h after the first drones, and keep their ten minutes within three hours
    cruise = next(group.waves for group in raid.pattern.groups if group.name.startswith("cruise"))
    assert cruise.start_s == 6 * 3600 + 3 * 3600 - 600
    assert (cruise.spread_s, cruise.together) == (600.0, True)


def test_day_waves_keep_apart(near):
    """Two published waves of a type are two groups, each in its window."""
    waves = (("shahed-136", at(0), at(6), 20), ("shahed-136", at(12), at(15), 10))
    groups = kp.replay(near, night({"shahed-136": 30}, waves=waves)).pattern.groups
    assert [(group.count.fixed, group.waves.start_s) for group in groups] == [(20, 0.0), (10, 12 * 3600.0)]
    assert len({group.name for group in groups}) == 2


def test_a_bare_date_says_nothing_of_the_hour(near):
    """A window without length leaves the scenario's own times."""
    waves = (("shahed-136", at(0), at(0), 30),)
    groups = kp.replay(near, night({"shahed-136": 30}, waves=waves)).pattern.groups
    assert groups[0].waves == near.pattern.groups[0].waves


def test_a_class_that_the_scenario_does_not_fly(small):
    """It comes from an area in its reach, or the nearest one."""
    raid = kp.replay(small, night({"s-300-ground": 6}))
    (group,) = raid.pattern.groups
    assert group.count.fixed == 6 and set(group.launch) <= {"mainland", "far-sea"}


def test_a_scenario_without_pattern_needs_a_place():
    """A fixed raid has no launch areas; the error says so."""
    fixed = kp.Scenario.read("night-540")
    with pytest.raises(kp.UsageError, match="no launch place is known"):
        kp.replay(fixed, night({"shahed-136": 5}))


def test_every_launch_place_is_coarse_and_sourced():
    """Half a degree, 50 to 150 km, and each says what was assumed."""
    columns = {"name": str, "lat": float, "lon": float, "radius_m": float, "source": str}
    rows = read_table(DATA / "launch_places.csv", required=columns, optional={"aliases": str})
    for row in rows:
        assert row["lat"] % 0.5 == row["lon"] % 0.5 == 0, row.where
        assert 50e3 <= row["radius_m"] <= 150e3, row.where
        assert "assumed" in row["source"], row.where
    names = [name.lower() for row in rows for name in (row["name"], *(row["aliases"] or "").split("|")) if name]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    [
        "Primorsko-Akhtarsk",
        "Kursk oblast",
        "Black Sea",
        "Saratov oblast",
        "Chauda, Crimea",
        "Tambov oblast",
        "Tambov Oblast",
    ],
)
def test_known_places(name):
    """The names that records use."""
    assert launch_place(name) is not None


@needs_records
def test_the_night_of_2025_06_10(small):
    """315 drones, 2 Iskander-M, 5 Iskander-K, exactly, with the recorded figures beside the outcome."""
    recorded_night = kp.read_records(ATTACKS).night("2025-06-10")
    outcomes = kp.simulate(kp.replay(small, recorded_night), 8)
    outcomes = kp.with_recorded(outcomes, kp.recorded_figures(small, recorded_night))
    answer = outcomes.as_dict()
    for name, number in (("drone", 315), ("ballistic", 2), ("cruise", 5)):
        one = answer["by_class"][name]["launched"]
        assert one["low"] == one["high"] == number
        assert answer["recorded"]["by_class"][name]["launched"] == number
    assert answer["by_type"]["iskander-m"]["launched"]["mean"] == 2
    assert answer["by_type"]["iskander-k"]["launched"]["mean"] == 5
    assert answer["recorded"]["by_class"]["drone"]["neutralised"] == 277
    assert answer["recorded"]["night"] == "2025-06-10"
    assert "unverified" in answer["recorded"]["source"]
    assert "recorded 277 of 315" in outcomes.summary()


@needs_records
def test_every_recorded_night_can_be_replayed(small):
    """Launched = replayed + left out, on every night that holds anything of the catalogue."""
    records = kp.read_records(ATTACKS)
    for day in records.nights()[::7]:
        recorded_night = records.night(day)
        figures = kp.recorded_figures(small, recorded_night)
        replayed = sum(row["replayed"] for row in figures["by_class"].values())
        left_out = sum(row["launched"] or 0 for row in figures["left_out"])
        assert replayed + left_out == recorded_night.launched
        if replayed:
            assert total(kp.replay(small, recorded_night)) == replayed
