"""How well counts were predicted: CRPS, coverage, PIT, bias, and differences between predictors.

A forecast is the probability mass of a count on 0..n; what came is one of these numbers. Nothing here
knows what is predicted or by what.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PIT_BINS = 10


@dataclass(frozen=True, slots=True)
class Quarter:
    """The days of one quarter of raid size.

    Parameters
    ----------
    n
        Days.
    least, most
        Smallest and largest number launched on these days.
    predicted_rate, observed_rate
        Share of all launched on these days that was neutralised, 0 to 1.
    bias
        Predicted mean less what came, per day.
    bias_se
        Standard error of ``bias``; None for fewer than two days.
    """

    n: int
    least: int
    most: int
    predicted_rate: float
    observed_rate: float
    bias: float
    bias_se: float | None

    def as_dict(self) -> dict[str, Any]:
        """The numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one predictor on one class over many days; None where there are too few days for a number.

    Parameters
    ----------
    n
        Days scored.
    crps, crps_se
        Mean continuous ranked probability score, in threats, and the standard error of that mean.
    coverage_50, coverage_90
        Share of days inside the central interval, by the randomised PIT.
    coverage_50_se, coverage_90_se
        Standard error of that share where the true coverage is the nominal one and days are independent.
    coverage_50_mean, coverage_90_mean
        The same shares averaged over the randomisation: no luck of the draw in them.
    pit
        Days in each of ten equal bins of the randomised PIT.
    bias, bias_se
        Predicted mean less what came, per day.
    quarters
        From the smallest raids to the largest.
    """

    n: int
    crps: float | None
    crps_se: float | None
    coverage_50: float | None
    coverage_90: float | None
    coverage_50_se: float | None
    coverage_90_se: float | None
    coverage_50_mean: float | None
    coverage_90_mean: float | None
    pit: tuple[int, ...]
    bias: float | None
    bias_se: float | None
    quarters: tuple[Quarter, ...]

    def as_dict(self) -> dict[str, Any]:
        """The numbers by name, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"pit": list(self.pit), "quarters": [quarter.as_dict() for quarter in self.quarters]}


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean CRPS of one predictor less that of another on the same days; negative where the first is better.

    Parameters
    ----------
    se
        Standard error where the days are independent; None for fewer than two days.
    se_serial
        The same for days that may depend on those before, see `newey_west_se`.
    lags
        How many days before.
    """

    n: int
    mean: float | None
    se: float | None
    se_serial: float | None
    lags: int

    def as_dict(self) -> dict[str, Any]:
        """The numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def crps_pmf(pmf: np.ndarray, observed: int) -> float:
    r"""Continuous ranked probability score of a discrete forecast, exact; 0 is perfect.

    .. math:: \mathrm{CRPS} = \sum_{k=0}^{n} (F(k) - 1\{k \ge y\})^2

    Parameters
    ----------
    pmf
        Probability of 0..n. Shape (n + 1,).
    observed
        What came, 0 to n.

    References
    ----------
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", Journal of the
    American Statistical Association 102 (2007), section 4.2.

    Examples
    --------
    >>> crps_pmf(np.array([0.0, 0.0, 1.0]), 0)
    2.0
    """
    step = np.arange(len(pmf)) >= observed
    return float(((np.cumsum(pmf) - step) ** 2).sum())


def crps_samples(samples: np.ndarray, observed: float, *, fair: bool = True) -> float:
    r"""Continuous ranked probability score of a forecast known by m samples.

    .. math:: \frac1m\sum_i |x_i - y| - \frac{1}{2 m (m - 1)} \sum_{i \ne j} |x_i - x_j|

    is the fair score: its expectation is that of the distribution the samples come from. The plug-in
    score divides by :math:`2 m^2` instead; it is `crps_pmf` of the samples' own histogram, and too large by
    the mean distance of two samples over 2 m.

    Parameters
    ----------
    samples
        At least two for the fair score. Shape (m,).
    observed
        What came.
    fair
        The fair score, or else the plug-in.

    References
    ----------
    Ferro, "Fair scores for ensemble forecasts", Quarterly Journal of the Royal Meteorological Society 140
    (2014). The double sum by order statistics: Jordan, Krueger and Lerch, "Evaluating probabilistic forecasts
    with scoringRules", Journal of Statistical Software 90(12) (2019).

    Examples
    --------
    >>> crps_samples(np.array([1.0, 3.0]), 2.0, fair=False), crps_samples(np.array([1.0, 3.0]), 2.0)
    (0.5, 0.0)
    """
    x = np.sort(np.asarray(samples, dtype=float))
    m = len(x)
    pairs = 2.0 * ((2.0 * np.arange(1, m + 1) - m - 1.0) * x).sum()  # sum of |xi - xj| over ordered pairs
    return float(np.abs(x - observed).mean() - pairs / (2.0 * m * (m - 1 if fair else m)))


def pmf_of_samples(samples: np.ndarray, n: int) -> np.ndarray:
    """Share of the samples at each of 0..n. Shape (n + 1,).

    Examples
    --------
    >>> pmf_of_samples(np.array([0, 2, 2, 2]), 3).tolist()
    [0.25, 0.0, 0.75, 0.0]
    """
    return np.bincount(np.asarray(samples, dtype=np.int64), minlength=n + 1) / len(samples)


def draw(name: str, count: int = 0, *, seed: int = 0) -> float:
    """A number on [0, 1) that depends on the seed, the name and the count alone.

    The first 53 bits of BLAKE2b (RFC 7693) of the three.

    Examples
    --------
    >>> draw("drone 2025-08-01") == draw("drone 2025-08-01") != draw("drone 2025-08-02")
    True
    """
    digest = hashlib.blake2b(f"{seed}/{count}/{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def pit_bounds(pmf: np.ndarray, observed: int) -> tuple[float, float]:
    """Probability of less than what came, and of that or less: the ends of the PIT of a discrete forecast."""
    cdf = np.minimum(np.cumsum(pmf), 1.0)
    below = float(cdf[observed - 1]) if observed > 0 else 0.0
    return below, 1.0 if observed == len(pmf) - 1 else float(cdf[observed])


def randomised_pit(bounds: np.ndarray, u: np.ndarray) -> np.ndarray:
    r"""Numbers that are uniform where the forecasts are true, for uniform ``u``.

    .. math:: F(y - 1) + u\,(F(y) - F(y - 1))

    Parameters
    ----------
    bounds
        Ends of the PIT, see `pit_bounds`. Shape (n_days, 2).
    u
        On [0, 1). Shape (n_days,).

    References
    ----------
    Czado, Gneiting and Held, "Predictive model assessment for count data", Biometrics 65 (2009), section 2.
    """
    return bounds[:, 0] + u * (bounds[:, 1] - bounds[:, 0])


def interval_share(bounds: np.ndarray, level: float) -> np.ndarray:
    """Probability that each randomised PIT lies inside the central interval.

    Parameters
    ----------
    bounds
        Ends of the PIT, see `pit_bounds`. Shape (n_days, 2).
    level
        Probability of the interval, as 0.9.

    Returns
    -------
    share
        0 to 1; either 0 or 1 where the forecast puts no mass on what came. Shape (n_days,).
    """
    low, high = (1 - level) / 2, (1 + level) / 2
    below, upto = bounds[:, 0], bounds[:, 1]
    overlap = np.clip(np.minimum(upto, high) - np.maximum(below, low), 0.0, None)
    inside = (below >= low) & (below <= high)
    width = upto - below
    return np.where(width > 0, overlap / np.where(width > 0, width, 1.0), inside)


def newey_west_se(values: np.ndarray, lags: int | None = None) -> float | None:
    r"""Standard error of a mean of numbers that may depend on those before them.

    .. math:: n \widehat{\mathrm{var}}(\bar d) = \gamma_0 + 2 \sum_{l=1}^{L} (1 - l / (L + 1)) \gamma_l

    with the autocovariances :math:`\gamma_l`. It takes the numbers in their order and sees no gaps. With
    L = 0 it divides by n, not n - 1.

    Parameters
    ----------
    values
        In the order of time. Shape (n,).
    lags
        L; `default_lags` where none is given.

    References
    ----------
    Newey and West, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
    covariance matrix", Econometrica 55 (1987); for differences of scores, Diebold and Mariano,
    "Comparing predictive accuracy", Journal of Business and Economic Statistics 13 (1995).
    """
    n = len(values)
    if n < 2:
        return None
    lags = default_lags(n) if lags is None else min(lags, n - 1)
    centred = values - np.mean(values)
    total = centred @ centred
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * (centred[lag:] @ centred[:-lag])
    return math.sqrt(max(float(total), 0.0)) / n


def default_lags(n: int) -> int:
    """4 (n / 100)^(2/9), rounded down: Newey and West, Review of Economic Studies 61 (1994).

    Examples
    --------
    >>> default_lags(240), default_lags(36)
    (4, 3)
    """
    return min(int(4 * (n / 100) ** (2 / 9)), max(n - 1, 0))


def difference(first: np.ndarray, second: np.ndarray, *, lags: int | None = None) -> Difference:
    """Mean of ``first`` less ``second``, scores of the same days in the order of time, with its errors."""
    gap = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    used = default_lags(len(gap)) if lags is None else lags
    return Difference(len(gap), _mean(gap), _se(gap), newey_west_se(gap, lags), used)


def coverage_se(level: float, n: int) -> float | None:
    """Standard error of the coverage of n independent days whose true coverage is ``level``."""
    return math.sqrt(level * (1 - level) / n) if n else None


def quarters(launched: np.ndarray, mean: np.ndarray, observed: np.ndarray) -> tuple[Quarter, ...]:
    """Predicted against observed by quarter of raid size; days of one size stay together.

    Parameters
    ----------
    launched, mean, observed
        Number launched, predicted mean and what came. Shape (n_days,).
    """
    if not len(launched):
        return ()
    group = np.searchsorted(np.quantile(launched, [0.25, 0.5, 0.75]), launched, side="left")
    return tuple(_quarter(launched[group == g], mean[group == g], observed[group == g]) for g in np.unique(group))


def _quarter(launched: np.ndarray, mean: np.ndarray, observed: np.ndarray) -> Quarter:
    total = launched.sum()
    return Quarter(
        n=len(launched),
        least=int(launched.min()),
        most=int(launched.max()),
        predicted_rate=float(mean.sum() / total),
        observed_rate=float(observed.sum() / total),
        bias=float((mean - observed).mean()),
        bias_se=_se(mean - observed),
    )


def score(pmfs: Sequence[np.ndarray], observed: np.ndarray, names: Sequence[str], *, seed: int = 0) -> Scores:
    """Scores of the forecasts of many days.

    Parameters
    ----------
    pmfs
        One forecast a day, each of shape (launched + 1,).
    observed
        What came. Shape (n_days,).
    names
        A name for each day; the randomisation of its PIT depends on it and the seed alone.
    seed
        Of the randomisation.
    """
    observed = np.asarray(observed, dtype=np.int64)
    launched = np.array([len(pmf) - 1 for pmf in pmfs], dtype=float)
    mean = np.array([np.arange(len(pmf)) @ pmf for pmf in pmfs], dtype=float)
    crps = np.array([crps_pmf(pmf, y) for pmf, y in zip(pmfs, observed)], dtype=float)
    bounds = np.array([pit_bounds(pmf, y) for pmf, y in zip(pmfs, observed)], dtype=float).reshape(-1, 2)
    u = np.array([draw(name, seed=seed) for name in names], dtype=float)
    pit = randomised_pit(bounds, u)
    return Scores(
        n=len(pmfs),
        crps=_mean(crps),
        crps_se=_se(crps),
        coverage_50=_mean(np.abs(pit - 0.5) <= 0.25),
        coverage_90=_mean(np.abs(pit - 0.5) <= 0.45),
        coverage_50_se=coverage_se(0.5, len(pmfs)),
        coverage_90_se=coverage_se(0.9, len(pmfs)),
        coverage_50_mean=_mean(interval_share(bounds, 0.5)),
        coverage_90_mean=_mean(interval_share(bounds, 0.9)),
        pit=tuple(int(n) for n in np.histogram(pit, PIT_BINS, (0.0, 1.0))[0]),
        bias=_mean(mean - observed),
        bias_se=_se(mean - observed),
        quarters=quarters(launched, mean, observed.astype(float)),
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _se(values: np.ndarray) -> float | None:
    """Standard error of the mean of independent values; None for fewer than two."""
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
