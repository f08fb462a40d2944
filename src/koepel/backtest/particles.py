"""What the nights so far say of the unknowns: a cloud of particles, weighed night by night.

Each particle is a place of every unknown. Between nights the places drift as stationary Gauss-Markov processes behind
the normal distribution function, so that without a night the cloud is the prior for ever. A night weighs each
particle by the likelihood of what was recorded: a beta-binomial with the mean and the variance that the fitted
response gives (a synthetic likelihood: Price, Drovandi, Lee and Nott, Journal of Computational and Graphical
Statistics 27, 2018). Weighed clouds are resampled systematically: Gordon, Salmond and Smith, IEE Proceedings F 140
(1993); Kitagawa, Journal of Computational and Graphical Statistics 5 (1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, ndtr

from koepel._kernel import columns as c
from koepel.backtest.response import Cell, first_alike
from koepel.backtest.stage import Stage
from koepel.backtest.unknowns import Unknown

PARTICLES = 6000
# nodes and weights of Gauss and Hermite for a standard normal: how near a class strikes differs by night
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
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
    n, leaked = seen.launched, seen.launched - seen.neutralised
    mean, variance = answer.moments(place, seen)
    a, b = beta_of_moments(n, mean, variance)
    return (
        gammaln(n + 1)
        - gammaln(leaked + 1)
        - gammaln(n - leaked + 1)
        + betaln(leaked + a, n - leaked + b)
        - betaln(a, b)
    )


def beta_of_moments(n: int, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The beta distribution whose beta-binomial of n trials has this mean and variance; a binomial at the least."""
    p = np.clip(mean / n, 1e-4, 1 - 1e-4)
    rho = (variance / (n * p * (1 - p)) - 1) / max(n - 1, 1)
    strength = 1 / np.clip(rho, 1e-4, 0.9) - 1
    return p * strength, (1 - p) * strength


class Cloud:
    """Particles that follow the nights.

    Attributes
    ----------
    place
        Of each unknown in its intervals. Shape (particles, unknowns).
    """

    def __init__(self, unknowns: Sequence[Unknown], *, particles: int = PARTICLES, seed: int = 0):
        self.days = np.array([one.days for one in unknowns])
        self.luck = np.random.Generator(np.random.Philox(key=[seed, 0xC10D]))
        self.normal = self.luck.standard_normal((particles, len(unknowns)))
        self.night: pd.Timestamp | None = None

    @property
    def place(self) -> np.ndarray:
        return ndtr(self.normal)

    def drift_to(self, night: pd.Timestamp) -> None:
        """Let the places drift until a night."""
        if self.night is not None and night > self.night:
            passed = min(float((night - self.night).days), LONGEST_GAP_D)
            stays = np.exp(-passed / self.days)
            self.normal = stays * self.normal + np.sqrt(1 - stays**2) * self.luck.standard_normal(self.normal.shape)
        self.night = night

    def weigh(self, answer: Answer, records: Sequence[Seen]) -> None:
        """Take in what was recorded of a night."""
        place = self.place
        log_weight = sum(log_likelihood(answer, place, seen) for seen in records)
        weight = np.exp(log_weight - log_weight.max())
        at = (self.luck.random() + np.arange(len(weight))) / len(weight)
        chosen = np.searchsorted(np.cumsum(weight) / weight.sum(), at).clip(0, len(weight) - 1)
        self.normal = self.normal[chosen]
