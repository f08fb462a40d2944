"""Baselines and the rolling origin: nothing of the day to come is shown, and the known figures come out."""

from __future__ import annotations

import importlib.util
import json
import os
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from koepel.backtest import Backtest, backtest, baselines, daily_as_published, daily_counts, score_baselines
from koepel.backtest.baselines import RollingRate, SizeRegression, TwoStreams, beta_binomial
from koepel.errors import UsageError
from koepel.records import read_records

SHARED = Path(__file__).parents[1] / os.environ.get("KOEPEL_DATA", "../shared")
ATTACKS = SHARED / "data" / "attacks" / "missile_attacks_daily.csv"
SCRIPT = SHARED / "benchmarks" / "backtest_baseline.py"
real = pytest.mark.skipif(not ATTACKS.exists(), reason=f"no recorded attacks at {ATTACKS}; set KOEPEL_DATA")

WINTER = ("2025-08-01", "2026-04-30")
AUTUMN = ("2023-07-01", "2023-12-31")


def made_up(n_days=120, *, seed=4, knot=60, sigma=0.3, most=300):
    """Drones in two streams with a night shock, and some ballistic missiles."""
    rng = np.random.default_rng(seed)
    nights = pd.date_range("2025-01-01", periods=n_days, name="night")
    n = rng.integers(20, most, n_days)
    shock = rng.gamma(1 / sigma**2, sigma**2, n_days)
    share = (np.minimum(n, knot) * 0.25 + np.maximum(n - knot, 0) * 0.03) / n
    drones = pd.DataFrame({"threat_class": "drone", "launched": n, "neutralised": n - rng.binomial(n, share * shock)})
    few = rng.integers(1, 6, n_days)
    missiles = pd.DataFrame({"threat_class": "ballistic", "launched": few, "neutralised": rng.binomial(few, 0.4)})
    return pd.concat([drones.set_index(nights), missiles.set_index(nights)]).sort_index(kind="stable")


class Spy:
    """Tries to learn of the day to come, and to spoil the table for others."""

    def __init__(self):
        self.seen = []

    def predict(self, past, day, launched):
        self.seen.append((day, past.copy(), dict(launched)))
        for column in ("launched", "neutralised"):
            held = past[column].to_numpy()
            while held is not None:  # up to the array that a view looks into
                assert held.size <= past.shape[0] * past.shape[1], "a view of a larger table"
                held = held.base if isinstance(held.base, np.ndarray) else None
        flat = {name: np.full(n + 1, 1 / (n + 1)) for name, n in launched.items()}
        if len(past):
            past.iloc[:, 1:] = -99
        past.loc[day, "launched"] = 1.0
        launched.clear()
        return flat


def test_a_predictor_never_sees_the_day_or_later():
    counts = made_up(30)
    before = counts.copy()
    spy, second = Spy(), Spy()
    backtest(counts, {"spy": spy, "second": second}, "2025-01-05", "2025-01-20")
    pd.testing.assert_frame_equal(counts, before)
    assert len(spy.seen) == 16
    for seen in (spy, second):
        for day, past, launched in seen.seen:
            expected = before[before.index < day]
            assert (past.index < day).all()
            np.testing.assert_array_equal(past.neutralised, expected.neutralised)
            assert launched == dict(zip(before.loc[[day]].threat_class, before.loc[[day]].launched))


def test_predictions_do_not_change_with_what_comes_later():
    """Outcomes from a day on are swapped for others: every prediction up to and of that day stays, to the bit."""
    counts = made_up(60)
    other = counts.copy()
    late = other.index >= "2025-02-15"
    other.loc[late, "neutralised"] = other.launched[late] - other.neutralised[late]
    some = {**baselines(), "fitted": TwoStreams(knot=None)}
    one = backtest(counts, some, "2025-02-01", "2025-02-25")
    two = backtest(other, {**baselines(), "fitted": TwoStreams(knot=None)}, "2025-02-01", "2025-02-25")
    for key, prediction in one.predictions.items():
        for day, a, b in zip(prediction.days, prediction.pmfs, two.predictions[key].pmfs):
            if day <= pd.Timestamp("2025-02-15"):
                np.testing.assert_array_equal(a, b)
        assert any((a != b).any() for a, b in zip(prediction.pmfs, two.predictions[key].pmfs)), key


def test_one_predictor_serves_many_backtests():
    """What a predictor keeps from one run does not reach the next."""
    counts, kept = made_up(80), baselines()
    runs = [backtest(counts, kept, "2025-02-01", "2025-03-10").table() for _ in range(2)]
    pd.testing.assert_frame_equal(*runs)


def test_rows_in_another_order_give_the_same():
    counts = made_up(50)
    shuffled = counts.sample(frac=1.0, random_state=1)
    first, second = (score_baselines(table, "2025-02-01", "2025-02-15") for table in (counts, shuffled))
    assert first.crps.to_numpy() == pytest.approx(second.crps.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("shape", [(0, 3.0, 2.0), (1, 0.1, 0.2), (40, 12.0, 3.0), (900, 4.0, 60.0)])
def test_beta_binomial_equals_scipy(shape):
    n, a, b = shape
    pmf = beta_binomial(n, a, b)
    np.testing.assert_allclose(pmf, betabinom.pmf(np.arange(n + 1), n, a, b), rtol=1e-7, atol=1e-15)
    assert pmf.sum() == pytest.approx(1.0, abs=1e-12)


def test_rolling_rate_is_written_out_by_hand():
    """Two days in reach, 12 of 20 neutralised: p = 13/22, a + b = 1/0.2 - 1 = 4; the third is 91 days old."""
    nights = pd.DatetimeIndex(["2025-01-01", "2025-02-01", "2025-03-01"], name="night")
    past = pd.DataFrame({"threat_class": "ballistic", "launched": [9, 10, 10], "neutralised": [9, 5, 7]}, index=nights)
    said = RollingRate().predict(past, pd.Timestamp("2025-04-02"), {"ballistic": 3, "other": 1})
    assert list(said) == ["ballistic"]
    np.testing.assert_allclose(said["ballistic"], betabinom.pmf(np.arange(4), 3, 4 * 13 / 22, 4 * 9 / 22))
    today = past.iloc[-1:].set_index(pd.DatetimeIndex(["2025-04-02"], name="night"))  # does not count
    again = RollingRate().predict(pd.concat([past, today]), pd.Timestamp("2025-04-02"), {"ballistic": 3})
    np.testing.assert_array_equal(again["ballistic"], said["ballistic"])


def test_no_past_at_all_still_gives_distributions():
    counts = made_up(3)
    found = backtest(counts, baselines(), "2025-01-01", "2025-01-01")
    assert {name for name, _ in found.predictions} == {"rate_90d", "regression", "two_streams"}
    for prediction in found.predictions.values():
        assert prediction.pmfs[0].sum() == pytest.approx(1.0)


def test_two_streams_find_the_rates_and_shock_that_made_the_nights():
    """400 nights, no forgetting. Error of a rate: about 25 % x 0.3 / sqrt(400) = 0.004, of the shock 0.3 / sqrt(800)
    = 0.011; the second rate is known less well, as half of the leakers of a large night are of the first stream.
    The shock made here is gamma, the fitted one beta; 4 errors and some for that."""
    counts = made_up(400)
    streams = TwoStreams(knot=60, half_life_d=1e6, days=9999)
    streams.predict(counts, pd.Timestamp("2026-03-01"), {"drone": 100})
    p1, p2, sigma = (*(1 / (1 + np.exp(-streams._fits["drone"].theta[:2]))), np.exp(streams._fits["drone"].theta[2]))
    assert p1 == pytest.approx(0.25, abs=0.02)
    assert p2 == pytest.approx(0.03, abs=0.01)
    assert sigma == pytest.approx(0.3, abs=0.05)


def test_a_knot_is_found_on_the_past():
    counts = made_up(300, knot=100, sigma=0.1)
    streams = TwoStreams(knot=None)
    streams.predict(counts, pd.Timestamp("2025-10-28"), {"drone": 100})
    assert streams._fits["drone"].knot in (80, 100, 120)


def test_two_streams_score_best_where_they_are_true():
    """The made-up nights do not drift, so a long memory is right. The regression comes near: only the sign is asked."""
    true = TwoStreams(knot=60, half_life_d=90.0)
    found = backtest(made_up(300, sigma=0.1, most=900), {"true": true, **baselines()}, "2025-04-01", "2025-10-27")
    gap = found.difference("true", "rate_90d", "drone")
    assert gap.mean < -2 * gap.se_serial
    assert found.difference("true", "regression", "drone").mean < 0
    scores = found.predictions["true", "drone"].scores()
    assert abs(scores.coverage_90 - 0.9) < 3.3 * scores.coverage_90_se + 0.02  # the fit is a few nights' worth


def test_differences_are_taken_on_common_days():
    class Sundays:
        def predict(self, past, day, launched):
            return RollingRate().predict(past, day, launched) if day.weekday() == 6 else {}

    found = backtest(made_up(60), {"sundays": Sundays(), **baselines()}, "2025-01-20", "2025-02-16")
    gap = found.difference("sundays", "rate_90d", "drone")
    assert (gap.n, gap.mean) == (4, 0.0)


@pytest.mark.parametrize(
    ("pmf", "found"),
    [(np.ones(3) / 3, "shape"), (np.full(11, 0.2), "sum 2.2"), (np.r_[-0.5, np.zeros(9), 1.5], "least -0.5")],
)
def test_what_is_no_distribution_is_refused(pmf, found):
    class Wrong:
        def predict(self, past, day, launched):
            return {"drone": pmf}

    counts = pd.DataFrame(
        {"threat_class": ["drone"], "launched": [10], "neutralised": [4]}, index=pd.DatetimeIndex(["2025-01-01"])
    )
    with pytest.raises(UsageError, match=found) as error:
        backtest(counts, {"wrong": Wrong()}, "2025-01-01", "2025-01-01")
    assert "wrong: drone of 2025-01-01" in str(error.value)


def test_a_class_that_did_not_fly_is_refused():
    class Wrong:
        def predict(self, past, day, launched):
            return {"cruise": np.ones(1)}

    with pytest.raises(UsageError, match="nothing of the class was launched"):
        backtest(made_up(3), {"wrong": Wrong()}, "2025-01-02", "2025-01-02")


def test_a_faulty_table_is_refused_with_every_fault():
    counts = made_up(4)
    with pytest.raises(UsageError, match="2 problems"):
        backtest(counts.drop(columns="neutralised").reset_index(drop=True), {}, "2025-01-01", "2025-01-02")
    with pytest.raises(UsageError, match="stand twice"):
        backtest(pd.concat([counts, counts]), {}, "2025-01-01", "2025-01-02")
    with pytest.raises(UsageError, match="give 0 to launched"):
        backtest(counts.assign(neutralised=9999), {}, "2025-01-01", "2025-01-02")


def test_no_days_give_an_empty_table():
    found = backtest(made_up(5), baselines(), "2030-01-01", "2030-02-01")
    assert found.table().empty
    assert found.as_dict() == {}


def test_results_are_plain_json():
    found = backtest(made_up(40), baselines(), "2025-02-01", "2025-02-05")
    again = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert again["drone"]["two_streams"]["n"] == 5
    assert set(again) == {"drone", "ballistic"}


# --- the known figures -----------------------------------------------------------------------------


@cache
def run(rule: str, first: str, last: str) -> Backtest:
    """The baselines on the real nights, by one of three rules of what counts."""
    if rule == "as published":
        counts = daily_as_published(ATTACKS)
    else:
        counts = daily_counts(
            read_records(ATTACKS, today=date(2026, 7, 1)), with_s300_bundles=rule != "without S-300 bundles"
        )
    some = baselines()
    if rule == "as published":
        some["fitted_knot"] = TwoStreams(knot=None)
    else:
        del some["two_streams"]  # it has its own test, and takes longest
    return backtest(counts, some, first, last)


def figures(rule, first, last):
    table = run(rule, first, last).table()
    return {(row.threat_class, row.predictor): (row.n, row.crps) for row in table.itertuples()}


@real
@pytest.mark.parametrize(
    ("threat_class", "predictor", "n", "crps"),
    [
        ("drone", "rate_90d", 240, 8.754),
        ("drone", "regression", 240, 5.957),
        ("cruise", "rate_90d", 36, 1.972),
        ("cruise", "regression", 36, 1.918),
        ("ballistic", "rate_90d", 108, 0.808),
        ("ballistic", "regression", 108, 0.874),
    ],
)
def test_known_figures_by_their_own_rule(threat_class, predictor, n, crps):
    """Of the reference script, run on the same file."""
    found = figures("as published", *WINTER)[threat_class, predictor]
    assert found[0] == n
    assert found[1] == pytest.approx(crps, abs=0.002)


@real
def test_two_streams_reach_their_known_figure():
    """About 5.6; with the knot from the past alone not more than the regression's 5.96."""
    found = figures("as published", *WINTER)
    assert found["drone", "two_streams"][1] == pytest.approx(5.54, abs=0.02)
    assert found["drone", "fitted_knot"][1] == pytest.approx(5.68, abs=0.02)


@real
def test_without_the_regional_rows_drones_move_by_a_hundredth_and_missiles_not_at_all():
    """Thirteen nights differ; the S-300 bundles are in."""
    mine, theirs = figures("records", *WINTER), figures("as published", *WINTER)
    assert mine["drone", "rate_90d"][1] == pytest.approx(8.812, abs=0.002)
    assert mine["drone", "regression"][1] == pytest.approx(5.985, abs=0.002)
    for key in mine:
        if key[0] != "drone":
            assert mine[key] == theirs[key]


@real
def test_figures_of_2023_and_without_s300_bundles():
    autumn = figures("records", *AUTUMN)
    assert autumn["drone", "rate_90d"] == (114, pytest.approx(1.661, abs=0.002))
    assert autumn["drone", "regression"] == (114, pytest.approx(1.645, abs=0.002))
    assert autumn["ballistic", "regression"] == (17, pytest.approx(0.589, abs=0.002))
    pure = figures("without S-300 bundles", *WINTER)
    assert pure["ballistic", "rate_90d"] == (94, pytest.approx(0.524, abs=0.002))
    assert pure["ballistic", "regression"] == (94, pytest.approx(0.661, abs=0.002))


@real
@pytest.mark.skipif(not SCRIPT.exists(), reason=f"no reference script at {SCRIPT}")
def test_the_table_as_published_is_that_of_the_reference_script():
    spec = importlib.util.spec_from_file_location("backtest_baseline", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    theirs = script.daily(ATTACKS).set_index(["day", "threat_class"]).sort_index()
    mine = daily_as_published(ATTACKS).set_index("threat_class", append=True).sort_index()
    assert list(mine.index) == list(theirs.index)
    np.testing.assert_array_equal(mine.to_numpy(), theirs.to_numpy())


def test_the_regression_does_not_run_away_on_nights_that_spread_no_more_than_a_binomial():
    """Without a bound a + b grew past 1e16, and the fit then stood still whatever came."""
    nights = pd.date_range("2025-01-01", "2025-03-01", name="night")
    counts = pd.DataFrame({"threat_class": "cruise", "launched": 4, "neutralised": 3}, index=nights)
    flipped = counts.assign(neutralised=1)
    regression, means = SizeRegression(), []
    for day in nights[31:]:
        table = counts if day < pd.Timestamp("2025-02-15") else flipped
        pmf = regression.predict(table[table.index < day], day, {"cruise": 4})["cruise"]
        means.append(np.arange(5) @ pmf)
    assert means[0] == pytest.approx(3.0, abs=0.05)
    assert means[-1] == pytest.approx(1.0, abs=0.05)


def test_the_regression_remembers_each_class_apart():
    counts, both, alone = made_up(60), SizeRegression(), SizeRegression()
    together = backtest(counts, {"r": both}, "2025-02-01", "2025-02-20")
    apart = backtest(counts[counts.threat_class == "drone"], {"r": alone}, "2025-02-01", "2025-02-20")
    for a, b in zip(together.predictions["r", "drone"].pmfs, apart.predictions["r", "drone"].pmfs):
        np.testing.assert_array_equal(a, b)
