"""Points that are covered by exactly the same sites are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from koepel._kernel.circles import signatures
from koepel.errors import Fault, PlanError, UsageError


@dataclass(frozen=True, eq=False)
class Merged:
    """Groups of points, by site and by group.

    Attributes
    ----------
    by_site
        The groups that each site covers. Shape (sites, groups), CSR.
    by_group
        The same the other way round. Shape (groups, sites), CSR.
    weights
        Of the groups. Shape (groups,).
    """

    by_site: sparse.csr_matrix
    by_group: sparse.csr_matrix
    weights: np.ndarray


def site_rows(covers, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and point indices of each site, no point twice: from a sparse matrix or from arrays of indices."""
    if sparse.issparse(covers):
        matrix = sparse.csr_matrix(covers)
        if matrix.data.size and not matrix.data.all():
            matrix = matrix.copy()
            matrix.eliminate_zeros()
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        width, starts, points = matrix.shape[1], matrix.indptr, matrix.indices
    else:
        rows = [np.unique(np.asarray(row, np.int64)) for row in covers]
        starts = np.cumsum([0, *(len(row) for row in rows)])
        points = np.concatenate([*rows, np.empty(0, np.int64)])
        width = n_points
    if width != n_points or (points.size and (points.min() < 0 or points.max() >= n_points)):
        found = f"points up to {points.max() if points.size else width - 1}, with {n_points} weights"
        raise UsageError("the covering", [Fault("", "covers", found, "give a weight for every point")])
    return starts.astype(np.int64), points.astype(np.int64)


def merged(covers, weights: np.ndarray) -> Merged:
    """Merge points of the same sites; points that nobody covers, or that weigh nothing, are dropped."""
    starts, points = site_rows(covers, len(weights))
    first, second, degree = signatures(starts, points, len(weights))
    kept = np.flatnonzero((degree > 0) & (weights > 0))
    order = kept[np.argsort(first[kept], kind="stable")]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(first[order]) != 0) | (np.diff(second[order]) != 0) | (np.diff(degree[order]) != 0)
    group = np.cumsum(new) - 1
    n_groups, n_sites = int(new.sum()), len(starts) - 1
    number_of = np.full(len(weights), -1, np.int64)
    number_of[order[new]] = np.arange(n_groups)  # one point speaks for its group
    groups = number_of[points]
    sites = np.repeat(np.arange(n_sites), np.diff(starts))[groups >= 0]
    groups = groups[groups >= 0]
    by_site = sparse.csr_matrix((np.ones(len(groups)), (sites, groups)), shape=(n_sites, n_groups))
    total = np.bincount(group, weights[order], minlength=n_groups) if n_groups else np.empty(0)
    return Merged(by_site, by_site.T.tocsr(), total)


def checked_points(covers, weights, number: int, fixed: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Weights as an array, and which sites are fixed.

    Raises
    ------
    UsageError
        For weights that are no finite numbers of 0 or more, and fixed sites that are not there.
    PlanError
        Where more sites are asked for than there are, or more are fixed than are chosen.
    """
    weights = np.asarray(weights, float)
    n_sites = covers.shape[0] if sparse.issparse(covers) else len(covers)
    given = np.unique(np.asarray(list(fixed), np.int64))
    wrong, faults = [], []
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        wrong.append(Fault("", "weights", "not a row of finite numbers of 0 or more", "give one for every point"))
    if given.size and (given[0] < 0 or given[-1] >= n_sites):
        wrong.append(Fault("", "fixed", f"found {given.tolist()[:5]}", f"give sites from 0 to {n_sites - 1}"))
    if number < 0 or number != int(number):
        wrong.append(Fault("", "number", f"found {number}", "give a whole number of 0 or more"))
    if wrong:
        raise UsageError("the covering", wrong)
    if number > n_sites:
        faults.append(Fault("", "number", f"{number} of {n_sites} sites", f"choose at most {n_sites}, or add sites"))
    if len(given) > number:
        faults.append(Fault("", "fixed", f"{len(given)} sites, with {number} to choose", "fix fewer, or choose more"))
    if faults:
        raise PlanError("the covering", faults)
    kept = np.zeros(n_sites, bool)
    kept[given] = True
    return weights, kept
