"""The simulator as a predictor: stage, unknowns, response, particles, prediction and calibration."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom, kstest

from koepel._kernel import columns as c
from koepel.backtest import backtest, response, simulated
from koepel.backtest.calibrate import calibrate, path_of
from koepel.backtest.facts import facts_of
from koepel.backtest.particles import Cloud, Seen, beta_of_moments, log_likelihood
from koepel.backtest.simulated import Simulated, fit_response, seen_of
from koepel.backtest.unknowns import Unknown, figures_at
from koepel.backtest.validation import validate
from koepel.errors import UsageError
from koepel.records import Records, read_records
from koepel.scenario import Scenario
from koepel.stage import set_stage

ROOT = Path(__file__).parents[1]
FILE = ROOT / os.environ.get("KOEPEL_DATA", "../shared") / "data" / "attacks" / "missile_attacks_daily.csv"
needs_records = pytest.mark.skipif(not FILE.exists(), reason="the published records are not here (KOEPEL_DATA)")

NEAR = {
    "share": [0.05, 0.95], "size": 40, "size_power": [-1, 0.5], "night_sd": [0, 0.5],
    "aim": {"regions": {"Coast": 3}, "scatter_km": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario():
    return Scenario.read("small-country").replace({"pattern.groups[drones].near": NEAR})


def made_up(nights: int = 40, seed: int = 1) -> Records:
    """Records of nights that never were, in the form that `read_records` gives."""
    luck = np.random.default_rng(seed)
    rows = []
    for k in range(nights):
        night = pd.Timestamp("2024-01-01") + pd.Timedelta(days=k)
        for kind, name, most in (("shahed-136", "drone", 80), ("kh-101", "cruise", 8), ("iskander-m", "ballistic", 4)):
            launched = int(luck.integers(1, most))
            rows.append({"night": night, "time_start": night, "time_end": night, "threat_type": kind,
                         "threat_class": name, "bundle": False, "s300_bundle": False, "launched": launched,
                         "neutralised": int(luck.binomial(launched, 0.7)), "still_attacking": 0, "strike": np.nan,
                         "jets": 0, "split": {}, "launch_places": (), "split_places": {}, "destroyed": 0,
                         "not_reach_goal": 0})  # fmt: skip
    return Records(pd.DataFrame(rows), pd.DataFrame(), "made-up.csv")


@pytest.fixture(scope="module")
def small():
    """A response from few points and nights: rough, and quick."""
    patch = pytest.MonkeyPatch()
    patch.setattr(response, "POINTS", 64)
    patch.setattr(response, "SIZES", {"drone": (10, 40, 80), "cruise": (2, 8), "ballistic": (1, 4)})
    patch.setattr(response, "DEEP_DRONES", (10, 40, 80))
    patch.setattr(simulated, "FOUGHT", 60)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def fitted(scenario, small):
    return fit_response(scenario, made_up(), seed=3, workers=2)


# Stage and unknowns


def test_a_stage_flies_what_was_launched(scenario):
    records = made_up()
    stage = set_stage(scenario, (records.night(night) for night in records.nights()))
    for night in records.nights()[:10]:
        numbers, recorded = stage.numbers(records.night(night)), records.night(night).recorded
        for name in ("drone", "cruise", "ballistic"):
            mine = sum(n for n, own in zip(numbers, stage.class_of_group, strict=True) if own == name)
            assert mine == recorded[name]["launched"]


@needs_records
def test_every_recorded_night_can_be_flown():
    """All that the scored classes launched, bundles included; but a few rows that records class in another way."""
    records, ukraine = read_records(FILE), Scenario.read("ukraine-2025-06")
    nights = [records.night(night) for night in records.nights()]
    stage = set_stage(ukraine, nights)
    own = np.array(stage.class_of_group)
    otherwise = []
    for night in nights:
        numbers = stage.numbers(night)
        for name in ("drone", "cruise", "ballistic"):
            if numbers[own == name].sum() != night.recorded.get(name, {"launched": 0})["launched"]:
                otherwise.append(night)
    assert len(otherwise) <= 4 < 0.01 * len(nights)
    assert all("other" in night.recorded for night in otherwise)


def test_families_share_no_figure_and_stay_in_their_intervals(fitted):
    rows = np.concatenate([one.rows for one in fitted.unknowns])
    assert len(set(rows)) == len(rows)
    figures = fitted.stage.arrays.setup.figures
    for place in (0.0, 0.3, 1.0):
        moved = figures_at(figures, fitted.unknowns, np.full(len(fitted.unknowns), place))
        assert (moved.low == moved.high).all()
        assert np.allclose(moved.low[rows], figures.low[rows] + place * (figures.high - figures.low)[rows])
    others = np.setdiff1d(np.arange(len(figures.low)), rows)
    assert np.array_equal(moved.low[others], (0.5 * (figures.low + figures.high))[others])


# Response


def test_the_formula_is_what_the_simulator_answers(fitted):
    """On luck and points that it never saw: bias of each cell within 0.04, and differences between points follow.

    Both are rough here: 64 points in the design, and 20 nights a point to compare with.
    """
    places = response.design(len(fitted.unknowns), 32, seed=99)
    figures = fitted.stage.arrays.setup.figures
    for cell in {id(one): one for one in fitted.answer.cells.values()}.values():
        size = 40 if cell.threat_class == "drone" else 4
        formula, _ = cell.leak(places, np.full(len(places), float(size)))
        seen = []
        for k, place in enumerate(places):
            aimed = response.aimed_at(fitted.stage, figures_at(figures, fitted.unknowns, place), cell.group, cell.near)
            launched, kept = response.fought(
                fitted.stage, cell.group, size, aimed, seed=77, first_run=1000 + 20 * k, runs=20
            )
            seen.append(1 - kept.sum() / launched.sum())
        assert abs(np.mean(seen) - formula.mean()) < 0.04, cell.name
        if cell.threat_class == "drone":
            assert np.corrcoef(seen, formula)[0, 1] > 0.5, cell.name


def test_a_night_is_the_sum_of_its_cells(fitted):
    """Mean and spread of simulated nights against the formula of a whole night, where drones strike near and deep."""
    stage, place = fitted.stage, np.full((1, len(fitted.unknowns)), 0.5)
    numbers = np.zeros(len(stage.groups), np.int64)
    numbers[stage.class_of_group.index("drone")] = 60
    mean, variance = fitted.answer.moments(place, Seen("drone", numbers, 60, 0, 60, 0))
    figures = figures_at(stage.arrays.setup.figures, fitted.unknowns, place[0])
    counts = response.night_counts(stage, numbers, figures, seed=5, first_run=0, runs=600)
    leaked = 60 - counts[:, :, -1].sum(axis=1)
    assert abs(leaked.mean() - mean[0]) < 4 * leaked.std() / np.sqrt(600) + 0.06 * mean[0]
    assert 0.7 < np.sqrt(variance[0]) / leaked.std() < 1.4


# Particles


def test_without_nights_the_cloud_stays_the_prior():
    """Uniform places however long it drifts: Kolmogorov-Smirnov at one in a thousand."""
    cloud = Cloud([Unknown("a", ("drone",), np.array([0]), 30.0)], particles=4000, seed=2)
    cloud.drift_to(pd.Timestamp("2024-01-01"))
    cloud.drift_to(pd.Timestamp("2024-03-01"))
    assert kstest(cloud.places(4000)[:, 0], "uniform").pvalue > 1e-3


def test_beta_of_moments_gives_these_moments():
    a, b = beta_of_moments(50, np.array([12.0]), np.array([40.0]))
    assert betabinom.mean(50, a, b)[0] == pytest.approx(12.0)
    assert betabinom.var(50, a, b)[0] == pytest.approx(40.0, rel=1e-6)


def test_the_likelihood_is_a_distribution(fitted):
    """Over all that could have been recorded of a night it adds up to 1."""
    numbers = np.zeros(len(fitted.stage.groups), np.int64)
    numbers[fitted.stage.class_of_group.index("drone")] = 12
    place = np.full((1, len(fitted.unknowns)), 0.5)
    total = sum(np.exp(log_likelihood(fitted.answer, place, Seen("drone", numbers, 12, k, 12, 0))) for k in range(13))
    assert total == pytest.approx(1.0)


def test_the_cloud_finds_the_place_that_nights_came_from(fitted):
    """Nights simulated with decoys and fallen at one end: the cloud's place moves to that end."""
    name = "decoys and fallen counted as neutralised"
    at = [one.name for one in fitted.unknowns].index(name)
    means = []
    for end in (0.05, 0.95):
        place = np.full(len(fitted.unknowns), 0.5)
        place[at] = end
        numbers = np.zeros(len(fitted.stage.groups), np.int64)
        numbers[fitted.stage.class_of_group.index("drone")] = 60
        figures = figures_at(fitted.stage.arrays.setup.figures, fitted.unknowns, place)
        counts = response.night_counts(fitted.stage, numbers, figures, seed=8, first_run=0, runs=60)
        cloud = Cloud(fitted.unknowns, particles=2000, seed=1)
        for day, kept in enumerate(counts[:, :, -1].sum(axis=1)):
            cloud.drift_to(pd.Timestamp("2024-01-01") + pd.Timedelta(days=day))
            cloud.weigh(fitted.answer, [Seen("drone", numbers, 60, int(kept), 60, 0)])
        means.append(cloud.places(1000)[:, at].mean())
    assert means[0] < 0.45 < 0.55 < means[1]


def test_a_night_tells_drones_as_one_and_missiles_by_row(fitted):
    rows = fitted.records.rows
    night = rows[rows.night == rows.night.iloc[0]]
    seen = list(seen_of(fitted, night))
    assert [one.threat_class for one in seen] == ["drone", "cruise", "ballistic"]
    assert [one.launched for one in seen] == night.launched.tolist()
    assert all(one.others == night.launched.sum() - one.size for one in seen)


# Prediction


def test_nothing_of_the_day_or_later_is_read(scenario, fitted):
    """Other outcomes on the day and after it: the same forecast, to the bit. Other outcomes before: another one."""
    from dataclasses import replace

    day = pd.Timestamp("2024-01-20")

    def forecast(change) -> np.ndarray:
        rows = fitted.records.rows.copy()
        rows.loc[change(rows), "neutralised"] = 0
        ours = Simulated(replace(fitted, records=replace(fitted.records, rows=rows)))
        launched = rows[rows.night == day].set_index("threat_class").launched.to_dict()
        return np.concatenate(list(ours.predict(pd.DataFrame(), day, launched).values()))

    plain = forecast(lambda rows: rows.night > pd.Timestamp("2025-01-01"))
    assert np.array_equal(plain, forecast(lambda rows: rows.night >= day))
    assert not np.array_equal(plain, forecast(lambda rows: rows.night < day))


def test_workers_change_nothing(scenario, small, fitted):
    one = fit_response(scenario, made_up(), seed=3, workers=1)
    for key, cell in fitted.answer.cells.items():
        assert np.array_equal(cell.mean, one.answer.cells[key].mean)
    days = ("2024-01-30", "2024-02-01")
    pmfs = [
        np.concatenate([p for key in found.predictions for p in found.predictions[key].pmfs])
        for found in (backtest(made_up(), {"koepel": Simulated(each)}, *days) for each in (fitted, one))
    ]
    assert np.array_equal(*pmfs)


def test_validation_has_what_is_asked_of_it(scenario, small):
    """The keys of the JSON, the same again for the same seed; and the table for a human."""
    found = validate(scenario, made_up(), "2024-01-30", "2024-02-05", seed=3, workers=2)
    plain = found.as_dict()
    assert plain["days"] == 7
    for name in ("drone", "cruise", "ballistic"):
        wanted = {"n", "crps", "crps_baseline_90d", "crps_baseline_regression", "coverage_50", "coverage_90", "bias"}
        assert wanted <= set(plain["by_class"][name])
        assert plain["by_class"][name]["n"] == 7
    again = validate(scenario, made_up(), "2024-01-30", "2024-02-05", seed=3, workers=1).as_dict()
    timed = ("cpu_seconds", "wall_seconds")
    assert {k: v for k, v in plain.items() if k not in timed} == {k: v for k, v in again.items() if k not in timed}
    assert "drone" in found.summary() and "not identified" in found.summary()
    assert len(found.drift) == 7


def test_what_cannot_be_predicted_is_told_at_once(scenario):
    with pytest.raises(UsageError, match="no recorded night from 2030"):
        validate(scenario, made_up(), "2030-01-01", "2030-02-01")
    with pytest.raises(UsageError, match="no recorded night in the 540 days before"):
        validate(scenario, made_up(), "2024-01-01", "2024-01-05")
    with pytest.raises(UsageError, match="write it as YYYY-MM-DD"):
        validate(scenario, made_up(), "soon", "2024-01-05")
    with pytest.raises(UsageError, match="no raid pattern"):
        calibrate(Scenario.read("night-540"), made_up(), "2024-02-01")


def test_facts_of_made_up_days(scenario, fitted):
    """Recorded numbers as the records have them."""
    records = made_up()
    found = backtest(records, {"koepel": Simulated(fitted)}, "2024-01-30", "2024-02-09")
    nothing = pd.DataFrame(columns=["threat_type", "launched", "predicted"])
    days = pd.Timestamp("2024-01-30"), pd.Timestamp("2024-02-09")
    facts = {fact.what: fact for fact in facts_of(found, records, nothing, *days)}
    few = facts["ballistic missiles neutralised, nights of fewer than 5"]
    rows = records.daily("ballistic")["2024-01-30":"2024-02-09"]
    assert few.recorded == pytest.approx(100 * rows.neutralised.sum() / rows.launched.sum())
    assert 0 <= few.predicted <= 100


# Calibration


def test_a_fitted_scenario_holds_narrower_intervals_with_their_provenance(scenario, small, tmp_path, monkeypatch):
    """Forty small nights narrow little: what counts as identified is set low, so that there is something to write."""
    monkeypatch.setattr("koepel.backtest.calibrate.IDENTIFIED", 0.95)
    monkeypatch.setattr("koepel.backtest.calibrate.CLOUDS", 3)
    found = calibrate(scenario, made_up(), "2024-02-05", seed=3)
    found.scenario.check()
    before, after = scenario.catalogue(), found.scenario.catalogue()
    known = {one.name for one in found.families if one.identified}
    vague = {one.name for one in found.families if not one.identified}
    assert known and vague
    changed = 0
    for table in ("threats", "effectors", "fire_units", "sensors"):
        for name, kind in getattr(before, table).items():
            for attribute, figure in kind.figures.items():
                now = getattr(after, table)[name].figures[attribute]
                assert figure.low - 1e-9 <= now.low <= now.high <= figure.high + 1e-9
                if now != figure:
                    changed += 1
                    assert now.source.startswith("fitted to made-up.csv until 2024-02-05")
    observation, own = found.scenario.observation, scenario.observation
    changed += observation != own
    assert changed
    file = tmp_path / "fitted.yaml"
    found.scenario.write(file, tables=True)
    assert Scenario.read(file) == found.scenario
    assert set(found.as_dict()["not_identified"]) == vague


def test_every_fitted_figure_has_a_path(fitted):
    for one in fitted.unknowns:
        for row in one.rows:
            assert path_of(fitted.stage.arrays.figures[row])[0] in ("types", "pattern", "observation", "doubt")


def test_the_class_of_a_group_is_the_class_of_its_types(fitted):
    stage = fitted.stage
    for group, own in zip(stage.groups, stage.class_of_group, strict=True):
        for kind in group.types:
            assert c.CLASSES[stage.class_of_type[stage.arrays.types.index(kind)]] == own
