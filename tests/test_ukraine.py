"""The built-in scenario of Ukraine in June 2025: sound, notional, and raided as the records say."""

import os
import re
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from koepel.nouns import Noun
from koepel.records import read_records
from koepel.scenario import Scenario
from koepel.simulate import simulate
from koepel.supply import STATUS
from koepel.units import Interval

ROOT = Path(__file__).parents[1]
FOLDER = resources.files("koepel") / "data" / "scenarios" / "ukraine-2025-06"
RECORDS = ROOT / os.environ.get("KOEPEL_DATA", "../shared") / "data" / "attacks" / "missile_attacks_daily.csv"
needs_records = pytest.mark.skipif(not RECORDS.exists(), reason="the published records are not here (KOEPEL_DATA)")


@pytest.fixture(scope="module")
def scenario():
    return Scenario.read("ukraine-2025-06")


@pytest.fixture(scope="module")
def nights(scenario):
    return simulate(scenario, runs=1500, seed=11)


@pytest.fixture(scope="module")
def raids(scenario):
    """Many raids on nobody: what was launched, class by class."""
    bare = scenario.defence.model_copy(update={"fire_units": (), "sensors": ()})
    outcomes = simulate(scenario.model_copy(update={"defence": bare, "supply": None}), runs=4000, seed=12)
    return {name: outcomes.of_class(name)[:, :4].sum(axis=1) for name in ("drone", "cruise", "ballistic")}


def test_it_has_no_fault(scenario):
    scenario.check()


def test_every_place_is_on_the_half_degree(scenario):
    """Nothing finer is written down: of systems, and of launch areas too."""
    for one in (*scenario.defence.fire_units, *scenario.defence.sensors, *scenario.pattern.launch_areas):
        assert all(float(2 * degrees).is_integer() for degrees in one.at), one.name


def test_nothing_stands_where_nothing_is_held(scenario):
    """The settlement nearest to each system is in an oblast that the rule allows (within the snap of 40 km)."""
    towns = np.array([place.at for place in scenario.settlements])
    for one in (*scenario.defence.fire_units, *scenario.defence.sensors):
        north, east = (towns - one.at).T * 111.2
        away = np.hypot(north, east * np.cos(np.radians(one.at[0])))
        near = {scenario.settlements[k].region for k in np.flatnonzero(away < away.min() + 40)}
        assert near - {"Crimea", "Sevastopol", "Luhansk", "Donetsk"}, one.name


def test_every_count_has_a_source(scenario):
    """The table of the page has every type, its number, and a source or the word assumed; those to come apart."""
    text = (ROOT / "docs" / "scenarios" / "ukraine-2025-06.md").read_text(encoding="utf-8")
    counts = text.partition("## Counts")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (\d+) \| (.+) \|$", counts, re.MULTILINE)
    here = Counter(one.type for one in (*scenario.defence.fire_units, *scenario.defence.sensors))
    counted = Counter()
    for name, number, _ in rows:
        counted[name] += int(number)
    assert counted == here
    assert all("assumed" in source or re.search(r"\b[PNSRGD] \S+\.\w", source) for _, _, source in rows)
    head = (FOLDER / "scenario.yaml").read_text(encoding="utf-8")
    for name, number, _ in rows:
        assert re.search(rf"^# +{number}  {name} +\S", head, re.MULTILINE), name


def figures(thing):
    """Every figure that is written below a thing."""
    if isinstance(thing, Interval):
        yield thing
    elif isinstance(thing, Noun):
        for field in thing.model_fields_set:
            yield from figures(getattr(thing, field))
    elif isinstance(thing, dict | tuple):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from figures(part)


def test_every_figure_of_supply_has_a_source(scenario):
    """An address with its quality, or the word assumed; and what nobody publishes is wide."""
    sources = [figure.source for figure in figures(scenario.supply)]
    assert len(sources) > 200
    assert all(source == "assumed" or re.match(r"[PNSRGD] \S+", source) for source in sources)
    assert sum(source != "assumed" for source in sources) > 50
    for stock in scenario.supply.stocks:
        assert stock.rounds.source == "assumed" and stock.rounds.high >= 4 * stock.rounds.low, stock.effector


def test_those_to_come_are_fielded_by_an_order(scenario):
    """Two of Patriot and two of IRIS-T SLM wait for what brings them."""
    brings = {order.name: set(order.fire_units) for order in scenario.supply.orders}
    waits = ((name, one.needs) for one in scenario.supply.fielding for name in one.fire_units)
    coming = {name: set().union(*(brings[need] for need in needs)) for name, needs in waits}
    assert coming == {name: {name} for name in ("patriot 9", "patriot 10", "iris-t-slm 8", "iris-t-slm 9")}
    assert set(coming) <= {unit.name for unit in scenario.defence.fire_units}


def test_every_missile_is_followed(scenario):
    """All that fire units fire has a stock, but for guns, teams, jammers and fighters."""
    catalogue, supply = scenario.catalogue(), scenario.supply
    fired = {effector for unit in scenario.defence.fire_units for effector in catalogue.fire_units[unit.type].effectors}
    apart = {"skynex-35mm", "gepard-area-35mm", "mobile-area-fire", "wide-jammer", "fighter-missile"}
    stocks = {stock.effector for stock in supply.stocks}
    assert stocks == fired - apart
    made = {one.effector for one in (*supply.lines, *supply.orders)}
    made |= {effector for donor in supply.donors for effector in donor.stock}
    assert stocks - made == {"s-300p-missile", "buk-missile"}


def test_every_word_of_supply_leads_somewhere(scenario):
    """Nothing is listed that no order draws on, and every funder pays for what is ordered of it."""
    supply = scenario.supply
    given = {one.name: {one.effector} for one in supply.lines} | {one.name: set(one.stock) for one in supply.donors}
    pays = {one.name: set(one.pays_for) for one in supply.funders}
    kinds = {unit.name: unit.type for unit in scenario.defence.fire_units}
    for order in supply.orders:
        wanted = {order.effector} - {""} | {kinds[name] for name in order.fire_units} | set(order.spares)
        assert wanted <= given.get(order.of, wanted), order.name
        assert wanted <= pays.get(order.funder, wanted), order.name
        assert bool(order.funder) == (order.price.high > 0), order.name
    assert {order.of for order in supply.orders} - {""} == set(given)
    assert {order.funder for order in supply.orders} - {""} == set(pays)
    assert {gate for order in supply.orders for gate in order.gates} == {gate.name for gate in supply.gates}
    assert {order.status for order in supply.orders} == set(STATUS)


def test_dear_rounds_are_kept_from_drones(nights, scenario):
    """The policy forbids it; and PAC-3 MSE is spent on what only it can stop."""
    for effector in ("pac3-mse", "gem-t", "aster-30"):
        assert scenario.defence.policy[effector]["drone"] == 1
        assert scenario.defence.policy[effector]["decoy"] == 1
    assert 0 < nights.rounds("pac3-mse").mean() < 5


def test_large_raids_bring_missiles(raids):
    """Recorded at 300 drones or more: cruise 85 to 100 %, ballistic 85 to 100 %; below 165: 2 to 21, 32 to 35 %."""
    drones, large, small = raids["drone"], raids["drone"] >= 300, raids["drone"] < 165
    assert large.sum() > 500
    for name, least, most in (("cruise", 0.8, 0.35), ("ballistic", 0.8, 0.4)):
        comes = raids[name] > 0
        assert comes[large].mean() > least
        assert 0 < comes[small].mean() < most
        assert 0.5 < np.corrcoef(raids[name], drones)[0, 1] < 0.9
    assert drones.var() / drones.mean() > 50


@pytest.mark.parametrize(("power", "rises"), [(-1.0, True), (0.6, False)])
def test_how_the_rate_goes_with_size_is_not_built_in(scenario, power, rises):
    """The share that a record calls neutralised rises with the size of the raid or falls: by a figure to be fitted."""
    names = ("first-drones", "more-drones")
    shaped = scenario.replace(
        {f"pattern.groups[{name}].near.{key}": value for name in names
         for key, value in (("share", 0.5), ("size_power", power), ("night_sd", 0.1))}
    )  # fmt: skip
    counts = simulate(shaped, runs=1000, seed=11).of_class("drone")
    launched, seen = counts[:, :4].sum(axis=1), counts[:, 4]
    small, large = launched < 119, launched >= 300
    rates = [seen[inside].sum() / launched[inside].sum() for inside in (small, large)]
    assert (rates[1] > rates[0] + 0.03) if rises else (rates[1] < rates[0] - 0.03)


def test_drones_are_neutralised_as_plausibly_as_they_are_lost(nights):
    """Of all drones of the scenario as shipped."""
    counts = nights.of_class("drone")
    launched, seen = counts[:, :4].sum(axis=1), counts[:, 4]
    assert 0.6 < seen.sum() / launched.sum() < 0.95
    assert 0.25 < counts[:, 1].sum() / launched.sum() < 0.45


def test_people_exposed_are_sane(nights):
    """An impact exposes hundreds, not a city: at most the densest exposure of the widest radius."""
    each = nights.nights("exposed").sum() / (nights.nights("impacts") + nights.nights("debris")).sum()
    assert 10 < each < 4500 * np.pi * 0.45**2


@needs_records
def test_raids_have_the_recorded_mean(raids):
    """The mean of each class within four standard errors of the draw, and 5 % for rounding the fit."""
    records = read_records(RECORDS)
    wanted = {"drone": records.daily("drone")["2025-06-01":"2025-06-30"].launched.sum() / 30}
    wanted["cruise"] = records.daily("cruise")["2025-06-01":"2025-06-30"].launched.sum() / 30
    wanted["ballistic"] = records.daily("ballistic")["2025-06-01":"2025-06-30"].launched.sum() / 30
    for name, mean in wanted.items():
        error = raids[name].std() / np.sqrt(len(raids[name]))
        assert abs(raids[name].mean() - mean) < 4 * error + 0.05 * mean, name


@needs_records
def test_the_script_writes_the_same_bytes(tmp_path):
    """Anybody with the records can rebuild the scenario."""
    script = ROOT / "scripts" / "build_ukraine.py"
    command = [sys.executable, script, "--records", RECORDS, "--out", tmp_path]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("scenario.yaml", "fire_units.csv", "sensors.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
