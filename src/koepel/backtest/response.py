"""What the simulator answers when its unknowns are moved: simulated on a design, and fitted by a small formula.

A cell is what one group sends deep, or near: all of it is aimed alike. Each cell is fought alone, at points of a Sobol
sequence over the unknowns and at a few sizes. The share that a record would not call neutralised is fitted by a
logistic quadratic in the unknowns and the logarithm of the number; how much more nights spread than a binomial by a
log-linear correlation. The fit only weighs the unknowns (`koepel.backtest.particles`); predictions are simulated.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import default_rng
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import qmc

from koepel._kernel import columns as c
from koepel._kernel.setup import Figures
from koepel.backtest.unknowns import Unknown, figures_at
from koepel.simulate import fight_chunk
from koepel.stage import Stage

SIZES = {"drone": (5, 15, 40, 100, 250), "cruise": (2, 8, 30), "ballistic": (1, 4, 12)}
DEEP_DRONES = (5, 20, 60, 180, 600)
POINTS, NIGHTS = 256, 16
RIDGE = 0.3  # prior precision of the coefficients: a dozen nights weigh more


@dataclass(frozen=True, eq=False)
class Cell:
    """What one group sends near, or deep.

    Attributes
    ----------
    group
        Row of the group on the stage.
    unknowns
        Which unknowns move it. Shape (k,).
    mean, spread
        Coefficients of the log odds of a leak and of the log odds of the correlation between two threats.
    """

    name: str
    threat_class: str
    group: int
    near: bool
    unknowns: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def leak(self, place: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Share recorded as leaked, and the correlation between two threats.

        Parameters
        ----------
        place
            Of all unknowns, 0 to 1. Shape (n, unknowns).
        number
            Threats of the cell. Shape (n,).
        """
        terms = _terms(place[:, self.unknowns], number)
        return expit(terms @ self.mean), expit(terms[:, : len(self.spread)] @ self.spread)


def _terms(place: np.ndarray, number: np.ndarray) -> np.ndarray:
    """1, the logarithm of the number, the unknowns; then squares and products of all. Shape (n, terms)."""
    x = np.column_stack([(np.log(np.maximum(number, 1.0)) - 3.0) / 2.0, 2.0 * place - 1.0])
    a, b = np.triu_indices(x.shape[1])
    return np.column_stack([np.ones(len(x)), x, x[:, a] * x[:, b]])


def design(n_unknowns: int, points: int = POINTS, *, seed: int = 0) -> np.ndarray:
    """Points of a scrambled Sobol sequence. Shape (points, unknowns).

    Parameters
    ----------
    points
        A power of two.

    References
    ----------
    Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14 (1998).
    """
    return qmc.Sobol(n_unknowns, rng=default_rng([seed, 0x5E1])).random_base2(int(np.log2(points)))


def fit_cells(
    stage: Stage, unknowns: Sequence[Unknown], groups: Sequence[int], *, seed: int = 0, workers: int | None = None
) -> tuple[Cell, ...]:
    """Every cell of some groups, fought on the design and fitted.

    Parameters
    ----------
    groups
        Rows of the groups.
    """
    places = design(len(unknowns), POINTS, seed=seed)
    figures = [figures_at(stage.arrays.setup.figures, unknowns, place) for place in places]
    jobs = [(group, near) for group in np.unique(first_alike(stage)[list(groups)]) for near in _depths(stage, group)]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        return tuple(pool.map(lambda job: _cell(stage, unknowns, places, figures, *job, seed), jobs))


def first_alike(stage: Stage) -> np.ndarray:
    """For each group the first that differs from it in its name alone: they have the same cells. Shape (groups,)."""
    first: dict[str, int] = {}
    nameless = [group.model_copy(update={"name": ""}).model_dump_json() for group in stage.groups]
    return np.array([first.setdefault(text, row) for row, text in enumerate(nameless)], np.int64)


def _depths(stage: Stage, group: int) -> tuple[bool, ...]:
    return (False, True) if stage.groups[group].near is not None else (False,)


def sizes_of(threat_class: str, near: bool) -> tuple[int, ...]:
    """Numbers of a cell that are fought."""
    return DEEP_DRONES if threat_class == "drone" and not near else SIZES[threat_class]


def _cell(stage, unknowns, places, figures, group: int, near: bool, seed: int) -> Cell:
    threat_class = stage.class_of_group[group]
    # how many are aimed near is not the cell's affair
    first_near = stage.arrays.setup.figures.at[7]
    moved = [
        k
        for k, one in enumerate(unknowns)
        if threat_class in one.classes and one.rows[0] < first_near and _bears_on(stage, one, group)
    ]
    moved = np.array(moved, np.int64)
    rows = []
    for k, here in enumerate(figures):
        aimed = aimed_at(stage, here, group, near)
        for turn, size in enumerate(sizes_of(threat_class, near)):
            first = NIGHTS * (k + POINTS * turn)  # each size has luck of its own
            launched, observed = fought(stage, group, size, aimed, seed=seed, first_run=first, runs=NIGHTS)
            rows += [(k, size, lost) for lost in launched - observed]
    table = np.array(rows, np.int64)
    terms = _terms(places[table[:, 0]][:, moved], table[:, 1])
    mean = _fit_mean(terms, table[:, 1], table[:, 2])
    spread = _fit_spread(terms[:, : len(moved) + 2], table[:, 1], table[:, 2], expit(terms @ mean))
    name = stage.groups[group].name + (", near" if near else ", deep" if len(_depths(stage, group)) > 1 else "")
    return Cell(name, threat_class, group, near, moved, mean, spread)


def _bears_on(stage: Stage, unknown: Unknown, group: int) -> bool:
    """Not where all its figures are those of threat types that the group does not fly."""
    names = [stage.arrays.figures[row] for row in unknown.rows]
    flown = tuple(f"threats.{kind}." for kind in stage.groups[group].types)
    return any(not name.startswith("threats.") or name.startswith(flown) for name in names)


def aimed_at(stage: Stage, figures: Figures, group: int, near: bool) -> Figures:
    """The figures with all of a group aimed near, or none of it, whatever the size and the night."""
    row = stage.arrays.setup.pattern.near_row[group]
    if row < 0:
        return figures
    low, high = figures.low.copy(), figures.high.copy()
    at = figures.at[7] + row * len(c.NEAR)
    low[at : at + len(c.NEAR)] = high[at : at + len(c.NEAR)] = (float(near), 0.0, 0.0)
    return figures._replace(low=low, high=high)


def fought(stage: Stage, group: int, size: int, figures: Figures, *, seed: int, first_run: int, runs: int):
    """Launched and recorded as neutralised of one group alone, night by night. Each of shape (runs,)."""
    numbers = np.zeros(len(stage.groups), np.int64)
    numbers[group] = size
    counts = night_counts(stage, numbers, figures, seed=seed, first_run=first_run, runs=runs)
    return counts[:, :, : len(c.FATES)].sum(axis=(1, 2)).astype(np.int64), counts[:, :, -1].sum(axis=1).astype(np.int64)


def night_counts(
    stage: Stage, numbers: np.ndarray, figures: Figures, *, seed: int, first_run: int, runs: int
) -> np.ndarray:
    """Fates, and how many would be recorded as neutralised, by type. Shape (runs, types, fates + 1)."""
    arrays = replace(stage.arrays, setup=stage.setup(numbers, figures))
    rows = fight_chunk(arrays, seed, first_run, runs)[0]
    return rows[:, : len(arrays.types) * len(c.PER_TYPE)].reshape(runs, -1, len(c.PER_TYPE))


def _fit_mean(terms: np.ndarray, n: np.ndarray, leaked: np.ndarray) -> np.ndarray:
    """Coefficients of a logistic regression, by Newton steps from the overall share, with a ridge.

    Nights spread more than a binomial, so each counts as the few independent threats that it is worth.
    """
    weight = 1.0 / (1.0 + 0.05 * (n - 1.0))
    beta = np.zeros(terms.shape[1])
    share = np.clip(leaked.sum() / n.sum(), 1e-3, 1 - 1e-3)
    beta[0] = np.log(share / (1 - share))
    ridge = np.full(len(beta), RIDGE)
    ridge[0] = 0.0
    for _ in range(12):
        p = expit(terms @ beta)
        gradient = terms.T @ (weight * (leaked - n * p)) - ridge * beta
        curvature = (terms * (weight * n * p * (1 - p))[:, None]).T @ terms + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        beta += step * min(1.0, 2.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-6:
            break
    return beta


def _fit_spread(terms: np.ndarray, n: np.ndarray, leaked: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Coefficients of the log odds of the correlation, by the gamma deviance of squared deviations.

    Deviations are from the mean of the nights of one point and size, so that what the formula of the mean misses does
    not pass for spread.
    """
    several = n > 1
    terms, n, p = terms[several], n[several], p[several]
    nights = leaked[several].reshape(-1, NIGHTS)
    squared = ((nights - nights.mean(axis=1, keepdims=True)) ** 2).ravel() * NIGHTS / (NIGHTS - 1)
    binomial = n * p * (1 - p)

    def deviance(gamma: np.ndarray) -> tuple[float, np.ndarray]:
        rho = expit(terms @ gamma)
        variance = binomial * (1 + (n - 1) * rho)
        slope = (1 / variance - squared / variance**2) * binomial * (n - 1) * rho * (1 - rho)
        return float((np.log(variance) + squared / variance).mean() + 1e-3 * gamma @ gamma), (
            terms * slope[:, None]
        ).mean(axis=0) + 2e-3 * gamma

    start = np.zeros(terms.shape[1])
    start[0] = -3.0
    return minimize(deviance, start, jac=True, method="L-BFGS-B").x
