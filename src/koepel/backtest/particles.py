"""What the nights so far say of the unknowns: a cloud of particles, weighed night by night.

Each particle is a place of every unknown. Between nights the places drift as stationary Gauss-Markov processes behind
the normal distribution function, so that without a night the cloud is the prior for ever. A night weighs each
particle by the likelihood of what was recorded: a beta-binomial with the mean and the variance that the fitted
response gives (a synthetic likelihood: Price, Drovandi, Lee and Nott, Journal of Computational and Graphical
Statistics 27, 2018). Weighed clouds are resampled systematically (Gordon, Salmond and Smith, IEE Proceedings F 140,
1993; Kitagawa, Journal of Computational and Graphical Statistics 5, 1996) and shaken (Liu and West, in Sequential Monte
Carlo Methods in Practice, 2001, ch. 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator, Philox
from scipy.special import ndtr

from koepel._kernel import columns as c
from koepel.backtest.baselines import log_beta_binomial
from koepel.backtest.response import Cell, first_alike
from koepel.backtest.unknowns import Unknown
from koepel.stage import Stage

PARTICLES = 4000
FEW, SHAKE = 0.5, 0.1  # share of effective particles below which they are chosen anew, and how far they are shaken
LEAST_STEP = 0.02  # power of a night's likelihood that is taken in at least
# nodes and weights of Gauss and Hermite for a standard normal: how near a class strikes differs by night
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LONGEST_GAP_D = 400.0


@dataclass(frozen=True)
class Seen:
    """What a record tells of one class, or of one type, on one night.

    Parameters
    ----------
    numbers
        Launched of each group. Shape (groups,).
    size, others
        Launched that night of the class, and of all other classes.
    """

    threat_class: str
    numbers: np.ndarray
    launched: int
    neutralised: int
    size: int
    others: int


@dataclass(frozen=True, eq=False)
class Answer:
    """The fitted response of a whole night: cells put together.

    Attributes
    ----------
    cells
        By group and depth.
    of_figure
        Which unknown a figure belongs to, -1 for none. Shape (figures,).
    alike
        For each group the first that is like it, whose cells are its own. Shape (groups,).
    """

    stage: Stage
    cells: dict[tuple[int, bool], Cell]
    of_figure: np.ndarray
    alike: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        """Whether a group has cells. Shape (groups,)."""
        return np.isin(self.alike, [group for group, _ in self.cells])

    def moments(self, place: np.ndarray, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of the number recorded as leaked.

        Cells of one depth lean the same way on a night (shared shocks and places), so their excess spreads are added
        up; those of near and deep are taken to be independent. How near the class strikes is averaged over its nights
        by quadrature.

        Parameters
        ----------
        place
            Shape (n, unknowns).

        Returns
        -------
        mean, variance
            Each of shape (n,).
        """
        means, variances = [], []
        numbers = np.bincount(self.alike, seen.numbers, len(self.alike))
        for node in NODES:
            mean = binomial = np.zeros(len(place))
            excess = {False: 0.0, True: 0.0}
            for group in np.flatnonzero(numbers):
                for near, number in self._depths(place, group, numbers[group], seen, node):
                    p, rho = self.cells[int(group), near].leak(place, number)
                    mean = mean + number * p
                    binomial = binomial + number * p * (1 - p)
                    excess[near] = excess[near] + np.sqrt(np.maximum(number * (number - 1), 0) * p * (1 - p) * rho)
            means.append(mean)
            variances.append(binomial + excess[False] ** 2 + excess[True] ** 2)
        mean = np.tensordot(WEIGHTS, means, 1)
        return mean, np.tensordot(WEIGHTS, variances, 1) + np.tensordot(WEIGHTS, (np.array(means) - mean) ** 2, 1)

    def _depths(
        self, place: np.ndarray, group: int, number: float, seen: Seen, node: float
    ) -> list[tuple[bool, np.ndarray]]:
        """Whether near, and how many, of each cell of a group."""
        pattern = self.stage.arrays.setup.pattern
        row = pattern.near_row[group]
        if row < 0:
            return [(False, np.full(len(place), number))]
        share, power, sd = (self._value(place, row, column) for column in (c.N_SHARE, c.N_POWER, c.N_NIGHT_SD))
        size = max(seen.size + pattern.near_others[group] * seen.others, 1.0)
        shift = power * np.log(size / pattern.near_size[group]) + sd * node
        near = np.minimum(1.0, share * np.exp(shift))
        return [(True, number * near), (False, number * (1 - near))]

    def _value(self, place: np.ndarray, row: int, column: int) -> np.ndarray:
        """A figure of a near part at each place."""
        figures = self.stage.arrays.setup.figures
        at = figures.at[7] + row * len(c.NEAR) + column
        unknown = self.of_figure[at]
        share = place[:, unknown] if unknown >= 0 else 0.5
        return figures.low[at] + share * (figures.high[at] - figures.low[at])


def answer_of(stage: Stage, unknowns: Sequence[Unknown], cells: Sequence[Cell]) -> Answer:
    """The response of whole nights, from fitted cells."""
    of_figure = np.full(len(stage.arrays.figures), -1, np.int64)
    for k, unknown in enumerate(unknowns):
        of_figure[unknown.rows] = k
    return Answer(stage, {(cell.group, cell.near): cell for cell in cells}, of_figure, first_alike(stage))


def log_likelihood(answer: Answer, place: np.ndarray, seen: Seen) -> np.ndarray:
    """Of one record, for each place: a beta-binomial with the response's mean and variance. Shape (n,)."""
    a, b = beta_of_moments(seen.launched, *answer.moments(place, seen))
    return log_beta_binomial(seen.launched - seen.neutralised, seen.launched, a, b)


def beta_of_moments(n: int, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The beta distribution whose beta-binomial of n trials has this mean and variance; a binomial at the least."""
    p = np.clip(mean / n, 1e-4, 1 - 1e-4)
    rho = (variance / (n * p * (1 - p)) - 1) / max(n - 1, 1)
    strength = 1 / np.clip(rho, 1e-4, 0.9) - 1
    return p * strength, (1 - p) * strength


class Cloud:
    """Weighed particles that follow the nights.

    Attributes
    ----------
    normal
        Places behind the normal distribution function. Shape (particles, unknowns).
    weight
        Sums to 1. Shape (particles,).
    night
        The night that they have drifted to.
    """

    def __init__(self, unknowns: Sequence[Unknown], *, particles: int = PARTICLES, seed: int = 0):
        self.days = np.array([one.days for one in unknowns])
        self.luck = Generator(Philox(key=[seed, 0xC10D]))
        self.normal = self.luck.standard_normal((particles, len(self.days)))
        self.weight = np.full(particles, 1.0 / particles)
        self.night: pd.Timestamp | None = None

    def drift_to(self, night: pd.Timestamp) -> None:
        """Let the places drift until a night."""
        if self.night is not None and night > self.night:
            passed = min(float((night - self.night).days), LONGEST_GAP_D)
            stays = np.exp(-passed / self.days)
            self.normal = stays * self.normal + np.sqrt(1 - stays**2) * self.luck.standard_normal(self.normal.shape)
        self.night = night

    def weigh(self, answer: Answer, records: Sequence[Seen]) -> None:
        """Take in what was recorded of a night, in as many steps as leave enough particles that count.

        A night that few particles foresaw is taken in by a power of its likelihood at a time, and particles are chosen
        anew in between. References: Del Moral, Doucet and Jasra, Journal of the Royal Statistical Society B 68 (2006),
        section 2.3.1.
        """
        left = 1.0
        while left > 0.0:
            log_likelihoods = sum(log_likelihood(answer, ndtr(self.normal), seen) for seen in records)
            step = self._step(log_likelihoods, left)
            self.weight, left = self._weighed(step * log_likelihoods), left - step
            if left > 0.0 or self._counting(self.weight) < FEW * len(self.weight):
                self._choose_anew()

    def _step(self, log_likelihoods: np.ndarray, most: float) -> float:
        """The largest power, at most ``most``, after which enough particles count."""
        enough = FEW * len(self.weight)
        if self._counting(self._weighed(most * log_likelihoods)) >= enough:
            return most
        low, high = LEAST_STEP, most
        for _ in range(20):
            middle = 0.5 * (low + high)
            few = self._counting(self._weighed(middle * log_likelihoods)) < enough
            low, high = (low, middle) if few else (middle, high)
        return min(low, most)

    def _weighed(self, log_factor: np.ndarray) -> np.ndarray:
        log_weight = np.log(self.weight) + log_factor
        weight = np.exp(log_weight - log_weight.max())
        return np.maximum(weight / weight.sum(), 1e-300)

    @staticmethod
    def _counting(weight: np.ndarray) -> float:
        """Effective number of particles: Kong, Liu, Wong, Journal of the American Statistical Association 89, 1994."""
        return float(1.0 / (weight @ weight))

    def _choose_anew(self) -> None:
        """Resample, and shake what was chosen so that mean and covariance stay what they were.

        Without shaking, particles come to share ancestors, and a family on which no record bears would seem narrow.
        """
        chosen = self.drawn(len(self.weight), self.luck.uniform())
        self.normal = self._shaken(chosen)
        self.weight = np.full(len(self.weight), 1.0 / len(self.weight))

    def _shaken(self, chosen: np.ndarray) -> np.ndarray:
        """The chosen particles, shaken. Shape (particles, unknowns)."""
        mean = self.weight @ self.normal
        away = self.normal - mean
        unbiased = 1.0 / (1.0 - self.weight @ self.weight)  # of a weighed covariance: else it shrinks by each choice
        spread = np.linalg.cholesky(unbiased * away.T @ (away * self.weight[:, None]))
        shaken = self.luck.standard_normal(away.shape) @ spread.T
        return mean + np.sqrt(unbiased * (1 - SHAKE**2)) * away[chosen] + SHAKE * shaken

    def drawn(self, number: int, offset: float = 0.5) -> np.ndarray:
        """Indices of particles, evenly spaced along their weights. Shape (number,)."""
        along = np.cumsum(self.weight) / self.weight.sum()
        return np.searchsorted(along, (offset + np.arange(number)) / number).clip(0, len(along) - 1)

    def places(self, number: int) -> np.ndarray:
        """Places in the intervals, 0 to 1, of that many equally likely particles. Shape (number, unknowns)."""
        return ndtr(self.normal[self.drawn(number)])
