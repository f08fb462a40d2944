"""How nights hang together, measured on nights that hang together as planted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def rhythm(monkeypatch):
    """The module of the script."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from ukraine import rhythm

    return rhythm


def alike(rho: float, number: int, seed: int) -> np.ndarray:
    """Standard normals, each with correlation rho to the one before."""
    rng = np.random.default_rng(seed)
    series = rng.standard_normal(number)
    for k in range(1, number):
        series[k] = rho * series[k - 1] + np.sqrt(1 - rho**2) * series[k]
    return series


@pytest.mark.parametrize("rho", [0.0, 0.4])
def test_the_planted_correlation_comes_back(rhythm, rho):
    """With every fourth night missing, growth of 3 in a year, and 2,000 nights: standard error 1/sqrt(1000) = 0.03."""
    nights = pd.date_range("2019-01-01", periods=2000)
    grown = 100 * 3 ** (np.arange(2000) / 365) * np.exp(0.5 * alike(rho, 2000, 1))
    counts = pd.Series(grown, index=nights)[np.arange(2000) % 4 != 3]
    assert rhythm.from_night_to_night(rhythm.scores(counts)) == pytest.approx(rho, abs=0.12)


def test_the_planted_persistence_comes_back(rhythm):
    """Of nights drawn from two streams tied by an intensity of persistence 0.3."""
    from ukraine.nights import Fitted

    fitted = {"first-drones": Fitted(1.0, 80.0, 0.5, 0.9, 300), "more-drones": Fitted(0.4, 80.0, 0.8, 0.95, 500)}
    intensity = alike(0.3, 900, 2)
    rng = np.random.default_rng(3)
    drones = sum(one.drawn(intensity, rng.standard_normal(900)) for one in fitted.values())
    found = rhythm.persistence(pd.Series(drones, index=pd.date_range("2023-01-01", periods=900)), fitted)
    assert found == pytest.approx(0.3, abs=0.1)  # standard error 1/sqrt(900) = 0.03, on a scale of about 0.8


def test_the_planted_growth_comes_back(rhythm):
    """Twice as many every year, month by month."""
    nights = pd.date_range("2024-07-01", "2025-06-30")
    months = (nights.year - 2024) * 12 + nights.month
    assert rhythm.yearly(pd.Series(10.0 * 2 ** (months / 12), index=nights)) == pytest.approx(2.0)


def test_the_planted_winter_comes_back(rhythm):
    """Three in winter for two at other times, and growth of 2 a year, which the mean of twelve months takes out."""
    nights = pd.date_range("2023-05-01", "2026-04-30")
    months = (nights.year - 2023) * 12 + nights.month
    cold = np.where(nights.month.isin(rhythm.WINTER), 1.5, 1.0)
    beside = rhythm.beside_its_year(pd.Series(10.0 * 2 ** (months / 12) * cold, index=nights))
    assert len(beside) == 24
    assert rhythm.winter(beside) == pytest.approx(1.5)
    assert rhythm.year_to_year(beside) == pytest.approx(1.0)


def test_no_weekday_is_seen_where_there_is_none(rhythm):
    """A measure of seven days that are alike has mean 6 (chi-square); one that is not goes far beyond."""
    nights = pd.date_range("2024-10-01", periods=280)
    noise = pd.Series(np.random.default_rng(4).standard_normal(280), index=nights)
    assert rhythm.by_weekday(noise) < 16.8  # 1 % beyond
    assert rhythm.by_weekday(noise + 2.0 * (nights.day_of_week == 6)) > 30
