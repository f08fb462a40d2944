"""Most weight covered by a given number of sites.

Church and ReVelle, "The maximal covering location problem", Papers of the Regional Science Association 32 (1974):
maximise sum_j w_j z_j with z_j <= sum of x_s over the sites that cover j, sum_s x_s = number. Points of the same sites
are merged; swaps give an answer, prices of points a bound and the sites that cannot matter; HiGHS closes the rest.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from koepel._kernel.circles import chosen_by_swaps, priced
from koepel.covering.layers import near_thousand
from koepel.covering.points import Merged, checked_points, merged
from koepel.covering.program import Program, add_rows, new_solver, run

KICKS = 40
PRICE_ROUNDS = 600
MOST_ENTRIES = 1_500_000  # of a whole-number program that may be worth its time
STEADY = 1e-9  # of the value: what a rounding may take


@dataclass(frozen=True, eq=False)
class Covered:
    """Sites that cover most, and what is proven of them.

    Attributes
    ----------
    chosen
        Whether each site is chosen. Shape (sites,), bool.
    value
        The weight they cover.
    bound
        No choice covers more.
    gap
        How much the bound is above the value, as a share of the value.
    optimal
        Whether the gap is as small as was asked for.
    groups
        Kinds of point that are left when points of the same sites are merged.
    """

    chosen: np.ndarray
    value: float
    bound: float
    gap: float
    optimal: bool
    seconds: float
    groups: int


def maximal(
    covers, weights, number: int, *, gap: float = 1e-6, seconds: float | None = None, fixed: Iterable[int] = ()
) -> Covered:
    """Choose sites that cover most weight.

    Parameters
    ----------
    covers
        Which points each site covers: a sparse matrix of shape (sites, points), or for each site an array of points.
    weights
        Of the points, 0 or more. Shape (points,).
    number
        How many sites to choose.
    gap
        Stop when the bound is nearer than this share of the value.
    seconds
        Stop by then, proven or not (the merging itself is not stopped).
    fixed
        Sites that are chosen whatever they cover.

    Raises
    ------
    UsageError
        For arrays that do not fit together.
    PlanError
        Where more sites are asked for than there are, or more are fixed than chosen.

    Examples
    --------
    >>> found = maximal([[0, 1], [1, 2, 3], [3, 4]], [5.0, 1.0, 1.0, 1.0, 3.0], 2)
    >>> found.chosen.tolist(), found.value, found.optimal
    ([True, False, True], 10.0, True)
    """
    start = time.monotonic()
    weights, kept = checked_points(covers, weights, number, fixed)
    points, scale = _scaled(merged(covers, weights))
    end = np.inf if seconds is None else start + seconds
    chosen, value = _by_swaps(points, kept, number, KICKS if points.by_site.nnz < MOST_ENTRIES else 2)
    bound, worth = _by_prices(points, kept, number, value, gap)
    if bound - value > gap * value and time.monotonic() < end:
        look = _worth_a_look(worth, kept, number, bound, value)
        chosen, value, bound = _close(points, (chosen, value, bound), look, number, gap, end)
    bound = max(bound, value)
    if bound - value <= STEADY * value:
        bound = value
    share = (bound - value) / value if value > 0 else 0.0
    took = time.monotonic() - start
    return Covered(
        chosen, float(value) * scale, float(bound) * scale, float(share), bool(share <= gap), took, len(points.weights)
    )


def _scaled(points: Merged) -> tuple[Merged, float]:
    """The same points with weights near 1000 in all, by a power of two; and by how much they were divided."""
    scale = near_thousand(points.weights.sum())
    return replace(points, weights=points.weights / scale), scale


def _by_swaps(points: Merged, kept: np.ndarray, number: int, kicks: int) -> tuple[np.ndarray, float]:
    site, group = points.by_site, points.by_group
    rows = (site.indptr.astype(np.int64), site.indices.astype(np.int64))
    columns = (group.indptr.astype(np.int64), group.indices.astype(np.int64))
    if not kept.sum() < number < len(kept):
        kicks = 0
    chosen, _ = chosen_by_swaps(*rows, *columns, points.weights, kept.copy(), kept, int(number), kicks)
    return chosen, value_of(points, chosen)


def value_of(points: Merged, chosen: np.ndarray) -> float:
    """The weight that sites cover."""
    return float(points.weights[points.by_group @ chosen.astype(float) > 0.5].sum())


def _by_prices(points: Merged, kept: np.ndarray, number: int, value: float, gap: float) -> tuple[float, np.ndarray]:
    site = points.by_site
    if not len(points.weights) or number == 0:
        return value, np.zeros(len(kept))
    rows = (site.indptr.astype(np.int64), site.indices.astype(np.int64))
    return priced(*rows, points.weights, kept, int(number), max(value, 1e-300), PRICE_ROUNDS, 0.5 * gap)


def _worth_a_look(worth: np.ndarray, kept: np.ndarray, number: int, bound: float, value: float) -> np.ndarray:
    """Sites that a better choice may have, by 1, and that it must have, by 2; others by 0. Shape (sites,).

    A site outside the dearest brings the bound down by how far it is below the last of them; one inside, by how far
    it is above the first outside.
    """
    dear = np.where(kept, np.inf, worth)
    order = np.argsort(-dear)
    look = np.ones(len(worth), np.int8)
    if number < len(worth):
        inside, outside = dear[order[number - 1]], dear[order[number]]
        slack = bound - value * (1 - STEADY)
        look[order[number:]] = inside - dear[order[number:]] <= slack
        look[order[:number]] = np.where(dear[order[:number]] - outside > slack, 2, 1)
    look[kept] = 2
    return look


def _close(points: Merged, best: tuple, look: np.ndarray, number: int, gap: float, end: float) -> tuple:
    """A whole-number program over the sites that may matter; the best choice, its value, and the bound."""
    chosen, value, bound = best
    open_sites = np.flatnonzero(look > 0)
    part = points.by_group[:, open_sites]
    degree = np.diff(part.indptr)
    if part.nnz > MOST_ENTRIES:
        return best
    alone = degree == 1  # a group of one site is that site's own weight
    own = np.asarray(part[alone].T @ points.weights[alone]).ravel()
    shared = np.flatnonzero(degree > 1)
    program = _formulate(part[shared], points.weights[shared], own, number, look[open_sites] == 2)
    start = np.concatenate([chosen[open_sites], points.by_group[shared] @ chosen.astype(float) > 0.5]).astype(float)
    allowed = chosen[look == 0].sum() == 0 and chosen[look == 2].all()
    found = run(program, start if allowed else None, gap * value, end - time.monotonic())
    if found.columns is not None:
        again = np.zeros(len(chosen), bool)
        again[open_sites[found.columns[: len(open_sites)] > 0.5]] = True
        better = value_of(points, again)
        if again.sum() == number and better > value:
            chosen, value = again, better
    return chosen, value, min(bound, max(found.bound, value))


def _formulate(part, weights: np.ndarray, own: np.ndarray, number: int, must: np.ndarray) -> Program:
    """Columns: the sites, whole, then the groups, which are whole of themselves."""
    n, m = len(own), len(weights)
    solver = new_solver()
    cost, low = np.concatenate([own, weights]), np.concatenate([must.astype(float), np.zeros(m)])
    none = (0, np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    solver.addCols(n + m, cost, low, np.ones(n + m), *none)
    rows = sparse.hstack([-part, sparse.identity(m)]).tocsr()  # z <= sum of x
    add_rows(solver, rows, np.full(m, -np.inf), np.zeros(m))
    add_rows(solver, sparse.csr_matrix((np.ones(n), (np.zeros(n, int), np.arange(n))), (1, n + m)), [number], [number])
    return Program(solver, np.arange(n))
