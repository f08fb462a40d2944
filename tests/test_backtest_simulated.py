"""The simulator as a predictor: stage, unknowns, response, particles, prediction and calibration."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit, ndtri
from scipy.stats import betabinom, kstest

from koepel._kernel import columns as c
from koepel.backtest import Backtest, Prediction, backtest, particles, response, simulated, validation
from koepel.backtest import calibrate as calibration
from koepel.backtest.calibrate import Family, calibrate, path_of
from koepel.backtest.facts import facts_of
from koepel.backtest.particles import Cloud, Seen, answer_of, beta_of_moments, log_likelihood
from koepel.backtest.simulated import HISTORY_D, Fitted, Simulated, fit_response, seen_of
from koepel.backtest.unknowns import Unknown, figures_at, unknowns_of
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
    """A response from few sizes, and predictions from few particles: rough, and quick."""
    patch = pytest.MonkeyPatch()
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


def test_decoys_of_a_wave_are_not_told_beforehand(fitted):
    """A record that gives the strike drones is flown like one that does not."""
    night = fitted.records.night("2024-01-05")
    assert fitted.stage.numbers(night).any()
    assert np.array_equal(fitted.stage.numbers(replace(night, strike=1)), fitted.stage.numbers(night))


# Response


def test_a_group_is_aimed_all_near_or_all_deep(fitted):
    group = fitted.stage.class_of_group.index("drone")
    at = fitted.stage.arrays.setup.figures.at[7]
    for near in (True, False):
        aimed = response.aimed_at(fitted.stage, fitted.stage.arrays.setup.figures, group, near)
        assert aimed.low[at : at + 3].tolist() == aimed.high[at : at + 3].tolist() == [float(near), 0.0, 0.0]


def test_a_family_of_several_types_moves_each_of_them(fitted):
    """Cruise and ballistic missiles both fall by themselves; a cruise type's hardness is its own affair."""
    names = np.array([one.name for one in fitted.unknowns])
    moves = {cell.threat_class: set(names[cell.unknowns]) for cell in fitted.answer.cells.values()}
    fall, hard = "missiles that fall by themselves", "hardness of kh-101"
    assert {fall, hard} <= moves["cruise"]
    assert fall in moves["ballistic"] and hard not in moves["ballistic"]
    assert not {fall, hard} & moves["drone"]


def test_the_correlation_is_that_of_the_nights():
    """Beta-binomial nights of 20 with 0.2: squared deviations of 32,000 nights tell it to 0.003."""
    luck, n, p, rho = np.random.default_rng(1), 20, 0.3, 0.2
    nights = 2000 * response.NIGHTS
    leaked = luck.binomial(n, luck.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1), nights))
    gamma = response._fit_spread(np.ones((nights, 1)), np.full(nights, n), leaked, np.full(nights, p))
    assert expit(gamma[0]) == pytest.approx(rho, abs=0.009)


@pytest.fixture(scope="module")
def by_hand(scenario):
    """Cells that answer the same whatever the unknowns: leaks of 0.6 near and 0.1 deep, correlation 0.2.

    A threat of another class counts thrice in the size. Near share 0.05 to 0.95 at 40, power -1 to 0.5, sd 0 to 0.5.
    """
    near = NEAR | {"others_count_as": 3}
    stage = set_stage(scenario.replace({"pattern.groups[drones].near": near}), [made_up(1).night("2024-01-01")])
    flat = np.array([logit(0.2), 0.0])
    cells = [
        response.Cell("", own, group, near, np.array([], np.int64), np.array([logit(0.6 if near else 0.1), 0, 0]), flat)
        for group, own in enumerate(stage.class_of_group)
        for near in ((True, False) if own == "drone" else (False,))
    ]
    return answer_of(stage, unknowns_of(stage), cells)


def moments_of(answer, numbers: dict[str, int], size: int, others: int, **places: float):
    """Mean and variance at places of the near share, the power and the night's spread, by their names' endings."""
    unknowns = unknowns_of(answer.stage)
    endings = {"share": "drone aimed near", "power": "drone aimed near, by size", "sd": "drone aimed near, by night"}
    place = np.full((1, len(unknowns)), 0.5)
    for name, value in places.items():
        place[0, [one.name for one in unknowns].index(endings[name])] = value
    launched = np.array([numbers.get(own, 0) for own in answer.stage.class_of_group])
    mean, variance = answer.moments(place, Seen("drone", launched, sum(numbers.values()), 0, size, others))
    return mean[0], variance[0]


def test_the_near_share_of_a_night_is_written_out_by_hand(by_hand):
    """0.23 at a size of 40. At 60 drones and 20 missiles, a size of 120, with the power of -1: a third of it."""
    near = 60 * 0.23 / 3
    mean, variance = moments_of(by_hand, {"drone": 60}, 60, 20, share=0.2, power=0, sd=0)
    assert mean == pytest.approx(0.6 * near + 0.1 * (60 - near))
    deep = 60 - near
    spread = [n * p * (1 - p) * (1 + 0.2 * (n - 1)) for n, p in ((near, 0.6), (deep, 0.1))]
    assert variance == pytest.approx(sum(spread))


def test_the_nights_spread_of_the_near_share_is_that_of_a_lognormal(by_hand):
    """Mean exp(sd^2 / 2), variance over mean squared exp(sd^2) - 1; each drone leaks by 0.5 more near than deep.

    A power of 0, two thirds of the way, and no correlation beside it. The share of 0.05 is never cut at 1.
    """
    apart = {key: replace(cell, spread=np.array([-40.0, 0.0])) for key, cell in by_hand.cells.items()}
    by_hand = replace(by_hand, cells=apart)
    mean, variance = moments_of(by_hand, {"drone": 60}, 60, 0, share=0, power=2 / 3, sd=1)
    near = 60 * 0.05 * np.exp(0.125)
    assert mean == pytest.approx(0.6 * near + 0.1 * (60 - near), rel=1e-4)
    binomial = near * 0.6 * 0.4 + (60 - near) * 0.1 * 0.9
    assert variance == pytest.approx(binomial + (0.5 * near) ** 2 * np.expm1(0.25), rel=1e-3)


def test_groups_of_one_depth_lean_the_same_way(by_hand):
    """Their spreads beyond a binomial are added up, not their squares: 6 cruise and 3 ballistic missiles."""
    _, variance = moments_of(by_hand, {"cruise": 6, "ballistic": 3}, 6, 3)
    excess = sum(np.sqrt(n * (n - 1) * 0.1 * 0.9 * 0.2) for n in (6, 3))
    assert variance == pytest.approx(9 * 0.1 * 0.9 + excess**2)


def test_the_formula_is_what_the_simulator_answers(fitted):
    """On luck and points that it never saw: bias of each cell within 0.04, and differences between points follow.

    Both are rough here: few sizes in the design, and 20 nights a point to compare with.
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


def test_places_drift_as_slowly_as_their_family():
    """After as many days as it stays, a place is correlated with itself by 1 / e: 4 errors of 20,000 particles."""
    cloud = Cloud([Unknown("a", ("drone",), np.array([0]), 30.0)], particles=20_000, seed=2)
    cloud.drift_to(pd.Timestamp("2024-01-01"))
    before = cloud.normal[:, 0].copy()
    cloud.drift_to(pd.Timestamp("2024-01-31"))
    assert np.corrcoef(before, cloud.normal[:, 0])[0, 1] == pytest.approx(np.exp(-1), abs=0.025)


def test_a_night_that_nobody_foresaw_is_taken_in_whole(monkeypatch):
    """A normal likelihood of 1.5 with an error of 0.3: the posterior is closed. 4 errors of repeated clouds."""
    monkeypatch.setattr(particles, "log_likelihood", lambda _, place, seen: -((ndtri(place[:, 0]) - 1.5) ** 2) / 0.18)
    cloud = Cloud([Unknown("a", ("drone",), np.array([0]), 30.0)], particles=4000, seed=2)
    cloud.weigh(None, [None])
    mean = cloud.weight @ cloud.normal[:, 0]
    assert mean == pytest.approx(1.5 / 1.09, abs=0.04)
    assert cloud.weight @ (cloud.normal[:, 0] - mean) ** 2 == pytest.approx(0.09 / 1.09, rel=0.08)


@pytest.mark.parametrize("shake", [0.0, 0.6])
def test_choosing_anew_keeps_mean_and_variance(shake, monkeypatch):
    """Sorted particles are chosen almost without luck; a shaking of 0.6 makes up for what it takes."""
    monkeypatch.setattr(particles, "SHAKE", shake)
    cloud = Cloud([Unknown("a", ("drone",), np.array([0]), 30.0)], particles=20_000, seed=2)
    cloud.normal.sort(axis=0)
    cloud.weight = np.exp(cloud.normal[:, 0]) / np.exp(cloud.normal[:, 0]).sum()
    mean = cloud.weight @ cloud.normal[:, 0]
    variance = cloud.weight @ (cloud.normal[:, 0] - mean) ** 2
    cloud._choose_anew()
    assert cloud.normal.mean() == pytest.approx(mean, abs=0.02)
    assert cloud.normal.var() == pytest.approx(variance, rel=0.04)


def test_a_small_cloud_does_not_shrink_by_being_chosen(monkeypatch):
    """The variance of 20 particles is taken as that of a sample: 20 / 19 of the mean square."""
    monkeypatch.setattr(particles, "SHAKE", 0.0)
    cloud = Cloud([Unknown("a", ("drone",), np.array([0]), 30.0)], particles=20, seed=2)
    assert cloud._shaken(np.arange(20)).var() == pytest.approx(cloud.normal.var(ddof=1))


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


def test_each_row_of_missiles_is_told(fitted):
    """Two rows of cruise missiles: each by itself, both of the night's size."""
    rows = fitted.records.rows
    night = rows[rows.night == rows.night.iloc[0]]
    night = pd.concat([night, night[night.threat_class == "cruise"]], ignore_index=True)
    seen = [one for one in seen_of(fitted, night) if one.threat_class == "cruise"]
    launched = night[night.threat_class == "cruise"].launched
    assert [one.launched for one in seen] == launched.tolist() and len(seen) == 2
    assert [one.size for one in seen] == [launched.sum()] * 2


# Prediction


def test_a_forecast_is_what_would_be_recorded_of_whole_classes(fitted, monkeypatch):
    """Four nights fought: three drones leak, and some are recorded as stopped. A cruise missile cannot be flown."""
    types = fitted.stage.arrays.types
    counts = np.zeros((4, len(types), len(c.FATES) + 1))
    counts[:, types.index("shahed-136"), c.LEAKED] = 3
    counts[:, types.index("shahed-136"), -1] = 0, 1, 1, 2
    counts[:, types.index("kh-101"), [c.KILLED, -1]] = 1
    monkeypatch.setattr(Simulated, "_fight", lambda *_: counts)
    said = Simulated(fitted).predict(pd.DataFrame(), pd.Timestamp("2024-01-02"), {"drone": 3, "cruise": 2})
    assert said.keys() == {"drone"}
    assert said["drone"].tolist() == [0.25, 0.5, 0.25, 0.0]


def test_each_night_is_taken_in_once_and_before_its_morrow(fitted, monkeypatch):
    """540 days back at the start, then from the day last predicted; the same day again starts afresh."""
    asked = []
    monkeypatch.setattr(simulated, "follow", lambda _, cloud, first, last: asked.append((first, last)))
    monkeypatch.setattr(Simulated, "_fight", lambda *_: np.zeros((1, len(fitted.stage.arrays.types), len(c.FATES) + 1)))
    ours, days = Simulated(fitted), [pd.Timestamp(day) for day in ("2024-01-20", "2024-01-25", "2024-01-25")]
    for day in days:
        ours.predict(pd.DataFrame(), day, {})
    one_d, back = pd.Timedelta(days=1), pd.Timedelta(days=HISTORY_D)
    assert asked[:2] == [(days[0] - back, days[0] - one_d), (days[0], days[1] - one_d)]
    assert asked[2] == (days[1] - back, days[1] - one_d)
    assert len(ours.drift) == 1


def test_nothing_of_the_day_or_later_is_read(scenario, fitted):
    """Other outcomes on the day and after it: the same forecast, to the bit. Other outcomes before: another one."""
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


def test_a_validation_stops_at_its_last_day(scenario, fitted, monkeypatch):
    """The response sees no later night, and the families are those after the last day, not the first."""
    asked = []
    monkeypatch.setattr(validation, "fit_response", lambda _, seen, **more: asked.append(seen.nights()[-1]) or fitted)
    monkeypatch.setattr(validation, "families_after", lambda _, last: asked.append(last.date()) or ())
    done = []
    validate(scenario, made_up(), "2024-01-03", "2024-01-04", progress=lambda *both: done.append(both))
    assert asked == [date(2024, 1, 4)] * 2
    assert done == [(1, 2), (2, 2)]


def test_without_s300_bundles_they_are_neither_predicted_nor_scored(fitted):
    rows = fitted.records.rows.copy()
    bundle = (rows.night == pd.Timestamp("2024-01-03")) & (rows.threat_class == "ballistic")
    rows.loc[bundle, "s300_bundle"] = True
    mixed = replace(fitted, records=replace(fitted.records, rows=rows))
    days = [pd.Timestamp(day) for day in ("2024-01-03", "2024-01-04")]
    found = validation._without_s300(mixed, *days)
    assert {kind for _, kind in found.predictions} == {"ballistic"}
    assert all(one.days.tolist() == days[1:] for one in found.predictions.values())
    assert validation._without_s300(mixed, days[1], days[1]) is None


def said(days: list[str], n: list[int], came: list[int], sure: list[int]) -> Prediction:
    """Sure forecasts of drones, or of what flies like them."""
    pmfs = tuple(np.eye(size + 1)[k] for size, k in zip(n, sure, strict=True))
    return Prediction("drone", pd.DatetimeIndex(days), np.array(n), np.array(came), pmfs)


def test_a_baseline_is_scored_on_our_days():
    """It predicts a day more, and badly: 6 off. That day does not count."""
    ours = said(["2024-01-01"], [10], [5], [5])
    theirs = said(["2024-01-01", "2024-01-02"], [10, 10], [5, 8], [4, 2])
    scores = validation.class_scores(Backtest({("koepel", "drone"): ours, ("rate_90d", "drone"): theirs}), "drone")
    assert (scores["crps_baseline_90d"], scores["difference_90d"]["mean"]) == (1.0, -1.0)
    assert scores["crps_baseline_regression"] is None


def test_what_cannot_be_predicted_is_told_at_once(scenario):
    others = made_up()
    others.rows.loc[others.rows.night == pd.Timestamp("2024-01-20"), "threat_class"] = "other"
    with pytest.raises(UsageError, match="from 2024-01-20 to 2024-01-20 on which a scored class flew"):
        validate(scenario, others, "2024-01-20", "2024-01-20")
    late = made_up()
    late.rows.loc[late.rows.night == pd.Timestamp("2024-02-09"), "night"] = pd.Timestamp("2026-01-01")
    with pytest.raises(UsageError, match="no recorded night in the 540 days before 2026-01-01"):
        validate(scenario, late, "2026-01-01", "2026-01-01")
    for text in ("2024-02", "10/02/2024", "2024-02-01T00:00Z"):
        with pytest.raises(UsageError, match="write it as YYYY-MM-DD"):
            validate(scenario, made_up(), "2024-01-20", text)
    for seed in (-1, 10**12):
        with pytest.raises(UsageError, match="seed: found"):
            validate(scenario, made_up(), "2024-01-20", "2024-01-20", seed=seed)
        with pytest.raises(UsageError, match="seed: found"):
            calibrate(scenario, made_up(), "2024-01-20", seed=seed)
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


def test_facts_are_written_out_by_hand():
    """Drones at a month's rate of 0.6; ballistic nights of 4, 5 and 10; cruise missiles of rows that name one type."""
    drones = said(["2024-01-01", "2024-01-02"], [10, 10], [4, 8], [8, 8])
    ballistic = said(["2024-01-01", "2024-01-02", "2024-01-03"], [4, 5, 10], [2, 3, 1], [2, 5, 2])
    found = Backtest({("koepel", "drone"): drones, ("koepel", "ballistic"): ballistic})
    records = made_up(3)
    cruise = records.rows.threat_class == "cruise"
    records.rows.loc[cruise, ["launched", "neutralised"]] = [[4, 1], [4, 3], [8, 8]]
    records.rows.loc[cruise & (records.rows.night == pd.Timestamp("2024-01-03")), "bundle"] = True
    fought = pd.DataFrame({"threat_type": ["kh-101"], "launched": [8], "predicted": [6.0]})
    told = facts_of(found, records, fought, pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-03"))
    facts = {fact.what: (fact.n, fact.recorded, fact.predicted) for fact in told}
    assert facts["drones: variance over binomial, monthly rates"] == (2, pytest.approx(4 / 2.4), pytest.approx(4 / 2.4))
    few, many = (facts[f"ballistic missiles neutralised, nights of {what}"] for what in ("fewer than 5", "5 or more"))
    assert few == (1, 50.0, 50.0)
    assert many == (2, pytest.approx(100 * 4 / 15), pytest.approx(100 * 7 / 15))
    assert facts["ballistic nights of 5 or more with nearly all or none stopped"] == (2, 50.0, 50.0)
    assert facts["kh-101 neutralised, missiles"] == (8, 50.0, 75.0)


# Calibration


def test_a_fit_reads_no_night_after_its_date(scenario, monkeypatch):
    given = []

    def stopped(_, records, **more):
        given.extend(records.nights())
        raise InterruptedError

    monkeypatch.setattr(calibration, "fit_response", stopped)
    with pytest.raises(InterruptedError):
        calibrate(scenario, made_up(), "2024-01-20")
    assert (given[0], given[-1]) == (date(2024, 1, 1), date(2024, 1, 20))


def test_without_nights_each_family_keeps_its_interval(fitted, monkeypatch):
    """Clouds on luck of their own, and the central nine tenths of a uniform place: 4 errors of 12,000 particles."""
    first, asked = [], set()

    def nothing(_, cloud, since, last):
        first.append(cloud.normal[0, 0])
        asked.add((since, last))

    monkeypatch.setattr(calibration, "follow", nothing)
    last = pd.Timestamp("2024-02-01")
    families = calibration.families_after(fitted, last)
    assert asked == {(last - pd.Timedelta(days=HISTORY_D), last)}
    assert len(set(first)) == calibration.CLOUDS == 8
    for one in families:
        assert (one.low, one.mean, one.high) == pytest.approx((0.05, 0.5, 0.95), abs=0.012)
        assert one.spread == pytest.approx(1.0, abs=0.03) and not one.identified


def test_what_only_flies_like_a_group_does_not_tell_of_it(scenario):
    """Kalibrs fly like the Kh-101 of the group: the near share that is written is that of the Kh-101."""
    scenario = scenario.replace({"pattern.groups[cruise].near": NEAR})
    records = made_up(2)
    records.rows.loc[records.rows.night == pd.Timestamp("2024-01-02"), "threat_type"] = "kalibr"
    records.rows.loc[records.rows.night == pd.Timestamp("2024-01-02"), "threat_class"] = "cruise"
    stage = set_stage(scenario, (records.night(night) for night in records.nights()))
    fitted = Fitted(records, stage, unknowns_of(stage), None, 1, 1)
    assert "kalibr aimed near" in [one.name for one in fitted.unknowns]
    families = tuple(
        Family(one.name, one.classes, 1, 0.6, 0.7, 0.8, 0.1 if "aimed near" in one.name else 1.0)
        if "kalibr" in one.name
        else Family(one.name, one.classes, 1, 0.2, 0.3, 0.4, 0.1 if "kh-101 aimed near" in one.name else 1.0)
        for one in fitted.unknowns
    )
    written = dict(calibration._changes(fitted, scenario, families, date(2024, 1, 2)))
    share = written.pop("pattern.groups[cruise].near.share")
    assert (share["low"], share["high"]) == pytest.approx((0.05 + 0.9 * 0.2, 0.05 + 0.9 * 0.4))
    assert "kalibr" not in str(written)


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
                    told = next(one for one in found.families if f"part of '{one.name}';" in now.source)
                    place = [(end - figure.low) / (figure.high - figure.low) for end in (now.low, now.high)]
                    assert place == pytest.approx([told.low, told.high])
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
    assert path_of("near.drones: north.2: shahed-136.share")[1] == "groups[drones: north.2]"


def test_the_class_of_a_group_is_the_class_of_its_types(fitted):
    stage = fitted.stage
    for group, own in zip(stage.groups, stage.class_of_group, strict=True):
        for kind in group.types:
            assert c.CLASSES[stage.class_of_type[stage.arrays.types.index(kind)]] == own
