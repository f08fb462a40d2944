"""The built-in scenario of Ukraine in June 2025: sound, notional, and raided as the records say."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from koepel.records import read_records
from koepel.scenario import Scenario
from koepel.simulate import simulate

ROOT = Path(__file__).parents[1]
RECORDS = Path(os.environ.get("KOEPEL_DATA", ROOT / "../shared")) / "data/attacks/missile_attacks_daily.csv"
needs_records = pytest.mark.skipif(not RECORDS.exists(), reason=f"the published records are not at {RECORDS}")


@pytest.fixture(scope="module")
def scenario():
    return Scenario.read("ukraine-2025-06")


@pytest.fixture(scope="module")
def outcomes(scenario):
    return simulate(scenario, runs=1500, seed=11)


def test_every_placement_is_on_the_half_degree(scenario):
    """Placements are notional: nothing finer than half a degree is written down."""
    for thing in (*scenario.defence.fire_units, *scenario.defence.sensors):
        assert all(float(2 * x).is_integer() for x in thing.at), thing.name


def test_every_count_has_a_source():
    """Each line of counts in the file's head names a source or says assumed."""
    text = (ROOT / "src/koepel/data/scenarios/ukraine-2025-06/scenario.yaml").read_text()
    counts = [line for line in text.splitlines() if line.startswith("#   ")]
    assert len(counts) == 17
    assert all("assumed" in line or "(" in line for line in counts)


def test_large_drone_raids_bring_missiles(outcomes):
    """At 300 drones or more most nights have missiles; below 165 few do (records: 88 and 91, 2 and 35 %)."""
    drones = outcomes.of_class("drone")[:, :4].sum(axis=1)
    cruise = outcomes.of_class("cruise")[:, :4].sum(axis=1) > 0
    ballistic = outcomes.of_class("ballistic")[:, :4].sum(axis=1) > 0
    large, small = drones >= 300, drones < 165
    assert large.sum() > 100
    assert cruise[large].mean() > 0.8
    assert ballistic[large].mean() > 0.8
    assert cruise[small].mean() < 0.25
    assert ballistic[small].mean() < 0.45


def test_leakers_are_concave_in_raid_size(outcomes):
    """The share a record would call neutralised rises with the size of the raid; no sign is wired in."""
    counts = outcomes.of_class("drone")
    launched, seen = counts[:, :4].sum(axis=1), counts[:, 4]
    quarters = np.quantile(launched, [0, 0.25, 0.5, 0.75, 1])
    shares = []
    for low, high in itertools.pairwise(quarters):
        inside = (launched >= low) & (launched <= high)
        shares.append(seen[inside].sum() / launched[inside].sum())
    assert shares == sorted(shares)
    assert 0.6 < shares[0] < shares[-1] < 0.95


@needs_records
def test_raids_have_the_recorded_mean(outcomes):
    """Mean drones a night within four standard errors of both the draw and June's record."""
    launched = outcomes.of_class("drone")[:, :4].sum(axis=1)
    june = read_records(RECORDS).daily("drone")["2025-06-01":"2025-06-30"].launched
    error = np.hypot(launched.std() / np.sqrt(len(launched)), june.std() / np.sqrt(len(june)))
    assert abs(launched.mean() - june.sum() / 30) < 4 * error


@needs_records
def test_the_script_writes_the_same_bytes(tmp_path):
    """Anyone with the records can rebuild the scenario."""
    folder = ROOT / "src/koepel/data/scenarios/ukraine-2025-06"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    script = ROOT / "scripts/build_ukraine.py"
    subprocess.run([sys.executable, script, "--records", RECORDS, "--to", tmp_path], check=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
