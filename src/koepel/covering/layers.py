"""Strengths of units over cells, as one sparse matrix; cells that no unit tells apart are one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from koepel.errors import Fault, UsageError

MOST_STRENGTH = 1e4


@dataclass(frozen=True, eq=False)
class Layers:
    """Depth of defence by unit.

    Attributes
    ----------
    depth
        What one unit adds to minus the log of the chance to pass a cell. Shape (cells, types * sites), CSR; column
        ``t * sites + s`` is type ``t`` at site ``s``.
    weights
        Of the cells, under each pattern, as the objective counts them. Shape (patterns, cells).
    scale
        A power of two by which these weights were divided, so that the greatest sum is near 1000: the tolerances of a
        solver are absolute.
    types, sites
        How many there are.
    """

    depth: sparse.csr_matrix
    weights: np.ndarray
    scale: float
    types: int
    sites: int

    def passing(self, placed: np.ndarray) -> np.ndarray:
        """Weight that passes, by pattern, where it can be reached at all; units by column, parts allowed."""
        return self.weights @ np.exp(-(self.depth @ placed))

    def value(self, placed: np.ndarray) -> float:
        """What is stopped under the pattern with the least."""
        stopped = self.weights @ -np.expm1(-(self.depth @ placed))
        return float(stopped.min())


def strength_matrix(strength) -> tuple[sparse.csr_matrix, int, int]:
    """Strengths of shape (types, sites, cells), dense or a sparse matrix for each type, as (types * sites, cells)."""
    if isinstance(strength, np.ndarray):
        if strength.ndim != 3:
            _refuse("strength", f"shape {strength.shape}", "give the shape (types, sites, cells)")
        types, sites, cells = strength.shape
        matrix = sparse.csr_matrix(strength.reshape(types * sites, cells).astype(float))
    else:
        parts = [sparse.csr_matrix(part, dtype=float) for part in strength]
        if not parts or len({part.shape for part in parts}) > 1:
            _refuse("strength", f"shapes {[part.shape for part in parts]}", "give every type the shape (sites, cells)")
        types, sites = len(parts), parts[0].shape[0]
        matrix = sparse.vstack(parts).tocsr()
    data = matrix.data
    if data.size and not (np.isfinite(data).all() and data.min() >= 0 and data.max() <= MOST_STRENGTH):
        _refuse("strength", f"from {data.min():g} to {data.max():g}", f"give numbers from 0 to {MOST_STRENGTH:g}")
    matrix.eliminate_zeros()
    return matrix, types, sites


def weight_rows(weights, cells: int) -> np.ndarray:
    """Weights of shape (patterns, cells); one row may be given alone."""
    rows = np.atleast_2d(np.asarray(weights, float))
    if rows.ndim != 2 or rows.shape[1] != cells or not len(rows):
        _refuse("weights", f"shape {np.shape(weights)}, with {cells} cells", "give the shape (patterns, cells)")
    if not np.isfinite(rows).all() or (rows < 0).any():
        _refuse("weights", "numbers below 0, or not finite", "give 0 or more")
    if (rows.sum(axis=1) <= 0).any():
        _refuse("weights", "a pattern without any weight", "leave it out")
    return rows


def read_layers(strength, weights, chances, worst_case: bool) -> Layers:
    """Check, weigh and merge.

    The expected case has one row of weights, the mean over patterns; the worst case one for each, as shares of its sum.
    """
    matrix, types, sites = strength_matrix(strength)
    rows = weight_rows(weights, matrix.shape[1])
    if worst_case:
        rows = rows / rows.sum(axis=1, keepdims=True)
    else:
        rows = mean_row(rows, chances)[None, :]
    by_cell = matrix.T.tocsr()
    by_cell.sort_indices()
    group = _groups(by_cell)
    reach = group >= 0
    first = np.unique(group[reach], return_index=True)[1]
    merged = np.stack([np.bincount(group[reach], row[reach], minlength=len(first)) for row in rows])
    cells = np.flatnonzero(reach)[first]
    use = merged.max(axis=0, initial=0) > 0
    scale = near_thousand(merged.sum(axis=1).max(initial=0.0))
    return Layers(by_cell[cells[use]], merged[:, use] / scale, scale, types, sites)


def near_thousand(total: float) -> float:
    """The power of two that brings a sum near 1000."""
    return float(2.0 ** np.round(np.log2(total / 1000.0))) if total > 0 else 1.0


def mean_row(rows: np.ndarray, chances) -> np.ndarray:
    """Weights of the expected case. Shape (cells,)."""
    if chances is None:
        return rows.mean(axis=0)
    chances = np.asarray(chances, float)
    if chances.shape != (len(rows),) or not (chances >= 0).all() or not np.isclose(chances.sum(), 1.0):
        _refuse("chances", f"{np.round(chances, 6).tolist()}", f"give {len(rows)} numbers that sum to 1")
    return chances @ rows


def _groups(by_cell: sparse.csr_matrix) -> np.ndarray:
    """The group of each cell, counted from 0; -1 where no unit reaches."""
    known: dict[bytes, int] = {}
    group = np.full(by_cell.shape[0], -1, np.int64)
    starts = by_cell.indptr
    for j in np.flatnonzero(np.diff(starts)):
        span = slice(starts[j], starts[j + 1])
        key = by_cell.indices[span].tobytes() + by_cell.data[span].tobytes()
        group[j] = known.setdefault(key, len(known))
    return group


def _refuse(field: str, found: str, mend: str) -> None:
    raise UsageError("the placement", [Fault("", field, found, mend)])
