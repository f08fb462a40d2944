"""Three statistical baselines that a prediction of real nights must beat.

Each knows only the days before, and how many are launched today. They are predictors in the sense of
`koepel.backtest.Predictor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betaln, expit, gammaln, logit

CLASSES = ("drone", "cruise", "ballistic")
CORRELATION = {"drone": 0.05, "cruise": 0.1, "ballistic": 0.2}
HALF_LIFE_D = {"drone": 30.0, "cruise": 120.0, "ballistic": 120.0}
REFIT_EVERY = 7  # predicted days
# a + b of 22,000 is a binomial; where the nights spread no more than one, the likelihood has no maximum, and far
# out it is all rounding error
MOST_LOG_STRENGTH = 10.0

KNOT = 119
KNOTS = tuple(range(40, 201, 20))  # where the knot may lie when it is fitted on the past
KNOT_HALF_LIFE_D = 60.0
KNOT_REFIT_EVERY = 28  # predicted days

Forecasts = dict[str, np.ndarray]
Launched = dict[str, int]


def beta_binomial(n: int, a: float, b: float) -> np.ndarray:
    r"""Probability of 0..n successes when their chance is drawn from a beta distribution.

    .. math:: P(k) = \binom{n}{k} \frac{B(k + a, n - k + b)}{B(a, b)}

    Returns
    -------
    pmf
        Sums to 1. Shape (n + 1,).

    Examples
    --------
    >>> beta_binomial(3, 1.0, 1.0).round(6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    pmf = np.exp(log_beta_binomial(np.arange(n + 1), n, a, b))
    return pmf / pmf.sum()


def log_beta_binomial(k: np.ndarray | int, n: int, a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Logarithm of the probability of k successes of n; see `beta_binomial`. ``k``, ``a`` and ``b`` broadcast."""
    log_choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return log_choose + betaln(k + a, n - k + b) - betaln(a, b)


def recent(past: pd.DataFrame, threat_class: str, day: pd.Timestamp, days: int) -> pd.DataFrame:
    """Rows of a class over the last ``days`` days before ``day``, of days with anything launched."""
    rows = past[past.threat_class == threat_class]
    return rows[(rows.index >= day - pd.Timedelta(days=days)) & (rows.index < day) & (rows.launched > 0)]


def _weights(rows: pd.DataFrame, day: pd.Timestamp, half_life_d: float) -> np.ndarray:
    """1 for a row of the day itself, half of it each half-life before. Shape (n_rows,)."""
    return 0.5 ** ((day - rows.index).days.to_numpy() / half_life_d)


@dataclass(frozen=True, eq=False)
class RollingRate:
    r"""Baseline 1: beta-binomial around the rate of the last 90 days.

    The rate is (neutralised + 1) / (launched + 2); a + b = 1 / correlation - 1.

    Parameters
    ----------
    days
        How far back the rate reaches.
    correlation
        Between two threats of one day, by class.
    """

    days: int = 90
    correlation: dict[str, float] = field(default_factory=lambda: dict(CORRELATION))

    def predict(self, past: pd.DataFrame, day: pd.Timestamp, launched: Launched) -> Forecasts:
        """Probability of 0..launched neutralised, for each class with a correlation."""
        return {name: self._one(past, day, name, n) for name, n in launched.items() if name in self.correlation}

    def _one(self, past: pd.DataFrame, day: pd.Timestamp, name: str, n: int) -> np.ndarray:
        rows = recent(past, name, day, self.days)
        p = (rows.neutralised.sum() + 1) / (rows.launched.sum() + 2)
        strength = 1 / self.correlation[name] - 1
        return beta_binomial(n, p * strength, (1 - p) * strength)


@dataclass(frozen=True, eq=False)
class SizeRegression:
    r"""Baseline 2: beta-binomial regression on the logarithm of the number launched.

    .. math:: \mathrm{logit}\, p = \theta_0 + \theta_1 \log n, \qquad a + b = e^{\theta_2}

    by weighted likelihood on the last 365 days, weights halving every ``half_life_d``, with a penalty of
    0.01 of the squares of the first two, and the third at most 10; refitted on every seventh predicted day of a
    class. It keeps the last fit of each class; a day that is not after the last one starts afresh, so one object
    may serve many backtests.

    Parameters
    ----------
    half_life_d
        By class.
    days
        How far back the fit reaches.
    """

    half_life_d: dict[str, float] = field(default_factory=lambda: dict(HALF_LIFE_D))
    days: int = 365
    _fits: dict[str, _Fit] = field(default_factory=dict, repr=False)

    def predict(self, past: pd.DataFrame, day: pd.Timestamp, launched: Launched) -> Forecasts:
        """Probability of 0..launched neutralised, for each class with a half-life."""
        return {name: self._one(past, day, name, n) for name, n in launched.items() if name in self.half_life_d}

    def _one(self, past: pd.DataFrame, day: pd.Timestamp, name: str, n: int) -> np.ndarray:
        fit = _turn(self._fits, name, day, np.array([1.0, 0.2, 2.0]))
        if fit.turn % REFIT_EVERY == 0:
            fit.theta = self._fitted(recent(past, name, day, self.days), day, self.half_life_d[name], fit.theta)
        p, strength = expit(fit.theta[0] + fit.theta[1] * np.log(n)), np.exp(min(fit.theta[2], MOST_LOG_STRENGTH))
        return beta_binomial(n, p * strength, (1 - p) * strength)

    @staticmethod
    def _fitted(rows: pd.DataFrame, day: pd.Timestamp, half_life_d: float, start: np.ndarray) -> np.ndarray:
        if rows.empty:
            return start
        weight, size = _weights(rows, day, half_life_d), np.log(rows.launched.to_numpy())
        n, k = rows.launched.to_numpy(), rows.neutralised.to_numpy()

        def loss(theta: np.ndarray) -> float:
            p, strength = expit(theta[0] + theta[1] * size), np.exp(min(theta[2], MOST_LOG_STRENGTH))
            a, b = p * strength, (1 - p) * strength
            return -(weight * (betaln(k + a, n - k + b) - betaln(a, b))).sum() + 0.01 * (theta[:2] ** 2).sum()

        inside = np.append(start[:2], min(start[2], MOST_LOG_STRENGTH - 1))  # beyond the bound the loss is flat
        return minimize(loss, inside, method="Nelder-Mead", options={"maxiter": 400}).x


@dataclass(frozen=True, eq=False)
class TwoStreams:
    r"""Baseline 3, drones only: two streams with a shock that all of a night share.

    The first ``knot`` drones leak at one rate, each further one at another, usually lower. The expected
    share that leaks,

    .. math:: \bar p(n) = \frac{p_1 \min(n, K) + p_2 \max(n - K, 0)}{n},

    is multiplied by a night's shock of mean 1 and coefficient of variation :math:`\sigma` (about the standard
    deviation of its logarithm). The product is taken to be beta distributed, so that leakers are
    beta-binomial with :math:`a + b = (1 - \bar p) / (\bar p \sigma^2) - 1`: a closed form, never above n.
    The rates and the shock are refitted each day by a weighted likelihood with wide normal priors on
    logit p1, logit p2 (about 20 and 5 %, sd 1.8) and log sigma (about 0.3, sd 0.9).

    Parameters
    ----------
    knot
        In drones a day; None fits it, among `KNOTS`, on the last 365 days with a half-life of 60 days, every
        28th predicted day. The default of 119 was read off the nights since June 2025 themselves: a score on
        those nights with it is not free of hindsight, that with None is.
    half_life_d
        Of the weights. 10 days had the least mean CRPS of (10, 15, 20, 30, 45, 60) on 2024-10-01 to 2025-07-31.
    days
        How far back the fit reaches.
    """

    knot: int | None = KNOT
    half_life_d: float = 10.0
    days: int = 365
    _fits: dict[str, _Fit] = field(default_factory=dict, repr=False)

    def predict(self, past: pd.DataFrame, day: pd.Timestamp, launched: Launched) -> Forecasts:
        """Probability of 0..launched drones neutralised; nothing for other classes."""
        if "drone" not in launched:
            return {}
        fit = _turn(self._fits, "drone", day, PRIOR_MEAN)
        rows = recent(past, "drone", day, self.days)
        if fit.turn % KNOT_REFIT_EVERY == 0:
            fit.knot = self.knot or _fitted_knot(rows, day)
        fit.theta = _least(_stream_loss(rows, day, self.half_life_d, fit.knot), fit.theta).x
        a, b = _leak_shape(launched["drone"], fit.theta, fit.knot)
        return {"drone": beta_binomial(launched["drone"], float(b), float(a))}


# logit of both rates, logarithm of the shock
PRIOR_MEAN = np.array([logit(0.20), logit(0.05), np.log(0.3)])
PRIOR_SD = np.array([1.8, 1.8, 0.9])


def _leak_shape(n: np.ndarray | int, theta: np.ndarray, knot: int) -> tuple[np.ndarray, np.ndarray]:
    """The a and b of the share that leaks of n drones. Same shape as ``n``."""
    p1, p2, sigma = expit(theta[0]), expit(theta[1]), np.exp(theta[2])
    p = (np.minimum(n, knot) * p1 + np.maximum(n - knot, 0) * p2) / n
    # a beta distribution spreads less than sqrt((1 - p) / p); past that the shock is cut
    strength = np.maximum((1 - p) / (p * sigma**2) - 1, 0.05)
    return p * strength, (1 - p) * strength


def _stream_loss(rows: pd.DataFrame, day: pd.Timestamp, half_life_d: float, knot: int) -> Callable:
    """Minus the weighted log likelihood of the leakers, less the log prior."""
    weight, n = _weights(rows, day, half_life_d), rows.launched.to_numpy()
    leaked = n - rows.neutralised.to_numpy()

    def loss(theta: np.ndarray) -> float:
        a, b = _leak_shape(n, theta, knot)
        prior = 0.5 * (((theta - PRIOR_MEAN) / PRIOR_SD) ** 2).sum()
        return prior - (weight * (betaln(leaked + a, n - leaked + b) - betaln(a, b))).sum()

    return loss


def _least(loss: Callable, start: np.ndarray) -> OptimizeResult:
    return minimize(loss, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 1e-3, "fatol": 1e-3})


def _fitted_knot(rows: pd.DataFrame, day: pd.Timestamp) -> int:
    losses = [_least(_stream_loss(rows, day, KNOT_HALF_LIFE_D, knot), PRIOR_MEAN).fun for knot in KNOTS]
    return KNOTS[int(np.argmin(losses))]


@dataclass(slots=True)
class _Fit:
    """The last fit of a class, and how many days were predicted since the start."""

    day: pd.Timestamp
    theta: np.ndarray
    turn: int = 0
    knot: int = KNOT


def _turn(fits: dict[str, _Fit], name: str, day: pd.Timestamp, start: np.ndarray) -> _Fit:
    """The fit of a class for its next day; a new one where the day is not after the last."""
    fit = fits.get(name)
    if fit is None or day <= fit.day:
        fit = fits[name] = _Fit(day, start)
    else:
        fit.day, fit.turn = day, fit.turn + 1
    return fit
