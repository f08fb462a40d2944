"""Scores of count forecasts: against brute force, by enumeration, and on forecasts known to be true."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koepel.backtest.scores import (
    coverage_se,
    crps_pmf,
    crps_samples,
    default_lags,
    difference,
    draw,
    interval_share,
    newey_west_se,
    pit_bounds,
    pmf_of_samples,
    quarters,
    randomised_pit,
    score,
)


@st.composite
def forecasts(draw_):
    """A forecast of a count on 0..n, some of it zero, and what came."""
    weights = draw_(st.lists(st.integers(0, 20), min_size=1, max_size=12).filter(lambda w: sum(w) > 0))
    return np.array(weights) / sum(weights), draw_(st.integers(0, len(weights) - 1))


# --- CRPS ------------------------------------------------------------------------------------------


@given(forecasts())
def test_crps_equals_its_energy_form_by_double_sum(case):
    """E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007, equation 21), summed over every pair."""
    pmf, y = case
    n = len(pmf)
    away = sum(pmf[i] * abs(i - y) for i in range(n))
    apart = sum(pmf[i] * pmf[j] * abs(i - j) for i in range(n) for j in range(n))
    assert crps_pmf(pmf, y) == pytest.approx(away - apart / 2, abs=1e-12)


@pytest.mark.parametrize(("said", "came"), [(0, 0), (0, 7), (7, 0), (3, 5), (7, 7)])
def test_a_sure_forecast_scores_its_distance(said, came):
    pmf = np.zeros(8)
    pmf[said] = 1.0
    assert crps_pmf(pmf, came) == abs(said - came)
    assert crps_samples(np.full(5, said), came) == abs(said - came)


@given(forecasts())
def test_a_true_forecast_scores_best_in_expectation(case):
    """Strictly proper: under the pmf itself no other forecast expects less; the uniform one stands for them."""
    pmf, _ = case
    other = np.full(len(pmf), 1 / len(pmf))
    own = sum(p * crps_pmf(pmf, y) for y, p in enumerate(pmf))
    assert own <= sum(p * crps_pmf(other, y) for y, p in enumerate(pmf)) + 1e-12


def test_the_plug_in_score_is_that_of_the_samples_histogram():
    samples = np.array([0, 3, 3, 1, 4, 9])
    for y in range(10):
        plug_in = crps_samples(samples, y, fair=False)
        assert plug_in == pytest.approx(crps_pmf(pmf_of_samples(samples, 9), y))


@pytest.mark.parametrize("m", [2, 3])
def test_the_fair_score_is_unbiased_by_enumeration(m):
    """Over every sample of m, weighted by its probability, the mean is the exact score; not so the plug-in's."""
    pmf = np.array([0.1, 0.2, 0.0, 0.4, 0.3])
    every = [(np.array(s), math.prod(pmf[i] for i in s)) for s in product(range(5), repeat=m)]
    fair = sum(p * crps_samples(s, 1) for s, p in every)
    plug_in = sum(p * crps_samples(s, 1, fair=False) for s, p in every)
    apart = sum(pmf[i] * pmf[j] * abs(i - j) for i in range(5) for j in range(5))
    assert fair == pytest.approx(crps_pmf(pmf, 1))
    assert plug_in - fair == pytest.approx(apart / (2 * m))


# --- PIT and coverage ------------------------------------------------------------------------------


@given(forecasts(), st.sampled_from([0.5, 0.9]))
def test_coverage_of_a_true_forecast_is_exact(case, level):
    """The share of the PIT inside, weighted by the probability of each outcome, is the level itself."""
    pmf, _ = case
    bounds = np.array([pit_bounds(pmf, y) for y in range(len(pmf))])
    assert pmf @ interval_share(bounds, level) == pytest.approx(level)


def test_the_share_inside_is_the_mean_over_the_draw():
    """0.3 to 0.6 of a PIT in [0.2, 0.6] lie in [0.25, 0.75]: 0.35 of 0.4; by a fine grid of draws as well."""
    bounds = np.array([[0.2, 0.6], [0.0, 0.01], [0.97, 1.0], [0.5, 0.5]])
    u = (np.arange(10_000) + 0.5) / 10_000
    grid = [np.mean(np.abs(randomised_pit(np.tile(b, (10_000, 1)), u) - 0.5) <= 0.25) for b in bounds]
    assert interval_share(bounds, 0.5) == pytest.approx([0.875, 0.0, 0.0, 1.0])
    assert interval_share(bounds, 0.5) == pytest.approx(grid, abs=1e-3)


def true_days(n_days=3000):
    """Forecasts of different sizes and shapes, and outcomes drawn from them (a fixed seed)."""
    rng = np.random.default_rng(5)
    pmfs = [rng.dirichlet(np.full(int(n) + 1, 0.7)) for n in rng.integers(1, 12, n_days)]
    return pmfs, np.array([rng.choice(len(pmf), p=pmf) for pmf in pmfs]), [f"day {i}" for i in range(n_days)]


def test_pit_is_uniform_when_the_forecast_is_true():
    """Kolmogorov-Smirnov at 0.1 %: sqrt(n) D below 1.95 (asymptotic quantile of the Kolmogorov distribution)."""
    pmfs, came, names = true_days()
    bounds = np.array([pit_bounds(pmf, y) for pmf, y in zip(pmfs, came)])
    pit = np.sort(randomised_pit(bounds, np.array([draw(name) for name in names])))
    n = len(pit)
    gap = max((np.arange(1, n + 1) / n - pit).max(), (pit - np.arange(n) / n).max())
    assert math.sqrt(n) * gap < 1.95


def test_scores_of_a_true_forecast_are_calibrated():
    """Coverage within 3.3 and bins within 3.9 standard errors (0.1 % each, ten bins shared), bias within 3.3."""
    pmfs, came, names = true_days()
    scores = score(pmfs, came, names)
    assert abs(scores.coverage_50 - 0.5) < 3.3 * scores.coverage_50_se
    assert abs(scores.coverage_90 - 0.9) < 3.3 * scores.coverage_90_se
    assert abs(scores.coverage_90_mean - 0.9) < 3.3 * scores.coverage_90_se
    assert abs(scores.bias) < 3.3 * scores.bias_se
    assert max(abs(np.array(scores.pit) - 300)) < 3.9 * math.sqrt(3000 * 0.1 * 0.9)
    assert sum(scores.pit) == scores.n == 3000


def test_too_narrow_a_forecast_is_seen():
    """One that is sure of the mean covers its interval only when it hits."""
    rng = np.random.default_rng(1)
    came = rng.binomial(20, 0.5, 400)
    sure = np.zeros(21)
    sure[10] = 1.0
    scores = score([sure] * 400, came, [str(i) for i in range(400)])
    assert scores.coverage_90_mean == pytest.approx(0.9 * np.mean(came == 10))
    assert scores.pit[0] + scores.pit[-1] > 300


def test_ends_of_the_pit_are_zero_and_one_in_spite_of_rounding():
    pmf = np.full(11, 1 / 11)
    assert pit_bounds(pmf, 0)[0] == 0.0
    assert pit_bounds(pmf, 10)[1] == 1.0


# --- the draw --------------------------------------------------------------------------------------


def test_a_draw_depends_on_its_name_count_and_seed_alone():
    assert draw("a") == draw("a")
    assert len({draw("a"), draw("b"), draw("a", 1), draw("a", seed=1), draw("1/a"), draw("a", 11, seed=1)}) == 6


def test_a_day_keeps_its_luck_when_more_days_are_scored():
    """Two halves scored alone add up to the whole."""
    pmfs, came, names = true_days(200)
    whole = score(pmfs, came, names).pit
    halves = [score(pmfs[s], came[s], names[s]).pit for s in (slice(0, 90), slice(90, 200))]
    assert tuple(np.add(*halves)) == whole


def test_draws_are_uniform():
    """The mean of 4,000 has standard error sqrt(1/12/4000) = 0.0046; 3.3 of them."""
    draws = np.array([draw(f"drone {i}") for i in range(4000)])
    assert abs(draws.mean() - 0.5) < 0.0151
    assert 0.0 <= draws.min() < 0.01 < 0.99 < draws.max() < 1.0


# --- standard errors -------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=15), st.integers(0, 4))
def test_newey_west_equals_its_double_sum(values, lags):
    """sum over i, j of w(|i - j|) d_i d_j / n^2 with Bartlett weights."""
    x = np.array(values)
    d, n = x - x.mean(), len(values)
    lags = min(lags, n - 1)
    total = sum(max(0.0, 1 - abs(i - j) / (lags + 1)) * d[i] * d[j] for i in range(n) for j in range(n))
    assert newey_west_se(x, lags) == pytest.approx(math.sqrt(max(total, 0.0)) / n, abs=1e-7)


def test_serial_correlation_widens_the_error_of_a_difference():
    """Of a moving sum of four the long-run variance is 4 times that of independent days (lags 3, without weights)."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(4003)
    moving = np.convolve(noise, np.ones(4), "valid")
    found = difference(moving, np.zeros(4000), lags=30)
    assert found.n == 4000
    # true ratio 2, less 1 - (1 + 2 + 3) / 31 / 8 of it by the weights; its own error at 30 lags is about 7 %
    assert found.se_serial / found.se == pytest.approx(2.0, rel=0.2)


def test_the_difference_is_paired():
    """A shock shared by both leaves no error."""
    shock = np.random.default_rng(3).normal(0, 50, 100)
    found = difference(1.0 + shock, 3.0 + shock)
    assert found.mean == pytest.approx(-2.0)
    assert found.se == pytest.approx(0.0, abs=1e-9)
    assert found.lags == default_lags(100) == 4
    assert set(found.as_dict()) == {"n", "mean", "se", "se_serial", "lags"}


def test_standard_error_of_coverage():
    assert coverage_se(0.9, 225) == pytest.approx(0.02)
    assert coverage_se(0.9, 0) is None


# --- quarters, and few days ------------------------------------------------------------------------


def test_quarters_hold_rates_of_totals_and_keep_equal_sizes_together():
    launched = np.array([10.0, 10, 10, 20, 20, 30, 40, 100])
    found = quarters(launched, launched * 0.5, np.array([5.0, 4, 6, 20, 10, 30, 20, 90]))
    assert [q.n for q in found] == [3, 2, 1, 2]
    assert [(q.least, q.most) for q in found] == [(10, 10), (20, 20), (30, 30), (40, 100)]
    assert [q.observed_rate for q in found] == pytest.approx([0.5, 0.75, 1.0, 110 / 140])
    assert [q.predicted_rate for q in found] == pytest.approx([0.5] * 4)
    assert found[1].bias == pytest.approx(-5.0)  # 10 and 10 predicted, 20 and 10 came
    assert found[1].bias_se == pytest.approx(5.0)
    assert found[2].bias_se is None


@pytest.mark.parametrize("n_days", [0, 1])
def test_few_days_give_none_and_plain_json(n_days):
    pmfs = [np.array([0.5, 0.5])] * n_days
    scores = score(pmfs, np.ones(n_days, dtype=int), ["a"] * n_days)
    assert scores.crps_se is None
    assert scores.n == n_days
    assert json.loads(json.dumps(scores.as_dict(), allow_nan=False))["n"] == n_days
    assert difference(np.ones(n_days), np.ones(n_days)).se_serial is None
