"""Coverings checked another way than they were found: plain loops over dense arrays, no kernel, no solver."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from scipy import sparse

from koepel.covering.depth import Layered
from koepel.covering.sites import Covered

TOLERANCE = 1e-9


def covered_faults(covers, weights, number: int, found: Covered, *, fixed=()) -> list[str]:
    """What is wrong with a covering: other sites than asked for, another value, a bound below the value."""
    wrong, chosen = [], np.flatnonzero(found.chosen)
    if len(chosen) != number:
        wrong.append(f"{len(chosen)} sites, not {number}")
    if missing := sorted(set(fixed) - set(chosen.tolist())):
        wrong.append(f"sites {missing} are not there")
    again = covered_weight(covers, weights, chosen)
    if abs(again - found.value) > TOLERANCE * max(again, 1.0):
        wrong.append(f"value {again!r}, not {found.value!r}")
    if found.bound < found.value:
        wrong.append(f"bound {found.bound!r} below the value {found.value!r}")
    return wrong


def covered_weight(covers, weights, sites) -> float:
    """The weight that sites cover, point by point."""
    seen = np.zeros(len(weights), bool)
    for s in sites:
        row = covers[s]
        seen[row.nonzero()[1] if sparse.issparse(row) else np.asarray(row, int)] = True
    return float(np.asarray(weights, float)[seen].sum())


def best_covering(covers, weights, number: int, *, fixed=()) -> float:
    """The most that can be covered, by trying every choice. Small cases only."""
    n_sites = covers.shape[0] if sparse.issparse(covers) else len(covers)
    choices = (set(c) for c in itertools.combinations(range(n_sites), number))
    return max(covered_weight(covers, weights, c) for c in choices if set(fixed) <= c)


def stopped_shares(strength: np.ndarray, weights, placed: np.ndarray) -> np.ndarray:
    """Share of each pattern's weight that is stopped, as a product over units. Dense strengths. Shape (patterns,)."""
    passing = np.ones(strength.shape[2])
    for t, s in zip(*np.nonzero(placed), strict=True):
        passing = passing * np.exp(-strength[t, s]) ** placed[t, s]
    rows = np.atleast_2d(np.asarray(weights, float))
    return np.array([(row * (1.0 - passing)).sum() / row.sum() for row in rows])


def objective(strength: np.ndarray, weights, placed: np.ndarray, *, chances=None, worst_case: bool = False) -> float:
    """What `layered` maximises."""
    rows, shares = np.atleast_2d(np.asarray(weights, float)), stopped_shares(strength, weights, placed)
    if worst_case:
        return float(shares.min())
    chances = np.full(len(rows), 1.0 / len(rows)) if chances is None else np.asarray(chances, float)
    return float(chances @ (shares * rows.sum(axis=1)))


def placement_faults(
    placed: np.ndarray, counts, *, per_site=1, conflicts=(), kept=None, most_moves: int | None = None
) -> list[str]:
    """What a placement does not keep to."""
    wrong, used = [], placed.sum(axis=0)
    if (placed < 0).any() or (placed != np.floor(placed)).any():
        wrong.append("units that are not whole, or fewer than none")
    if placed.sum(axis=1).tolist() != list(counts):
        wrong.append(f"{placed.sum(axis=1).tolist()} units, not {list(counts)}")
    if (used > per_site).any():
        wrong.append(f"too many units at sites {np.flatnonzero(used > per_site).tolist()}")
    for a, b in conflicts:
        if used[a] > 0 and used[b] > 0:
            wrong.append(f"units at sites {a} and {b}, which are in conflict")
    if kept is not None:
        gone = int(np.maximum(np.asarray(kept) - placed, 0).sum())
        if gone > (most_moves or 0):
            wrong.append(f"{gone} units moved, of at most {most_moves or 0}")
    return wrong


def layered_faults(strength: np.ndarray, weights, counts, found: Layered, **asked) -> list[str]:
    """What is wrong with an answer of `layered` to the same arguments."""
    asked = {name: value for name, value in asked.items() if name not in ("gap", "seconds")}
    aim = {name: asked.pop(name) for name in ("chances", "worst_case") if name in asked}
    wrong = placement_faults(found.placed, counts, **asked)
    again = objective(strength, weights, found.placed, **aim)
    if abs(again - found.value) > TOLERANCE * max(again, 1.0):
        wrong.append(f"value {again!r}, not {found.value!r}")
    if found.bound < found.value:
        wrong.append(f"bound {found.bound!r} below the value {found.value!r}")
    return wrong


def placements(types: int, sites: int, counts, *, per_site=1) -> Iterator[np.ndarray]:
    """Every placement of units, whether allowed or not in other ways. Small cases only. Shape (types, sites)."""
    rows = [
        [np.bincount(c, minlength=sites) for c in itertools.combinations_with_replacement(range(sites), int(k))]
        if k
        else [np.zeros(sites, int)]
        for k in counts
    ]
    for choice in itertools.product(*rows):
        placed = np.array(choice).reshape(types, sites)
        if (placed.sum(axis=0) <= per_site).all():
            yield placed


def best_layered(strength: np.ndarray, weights, counts, **asked) -> float | None:
    """The most that can be stopped, by trying every placement; none where none is allowed. Small cases only."""
    aim = {name: asked.pop(name) for name in ("chances", "worst_case") if name in asked}
    every = placements(*strength.shape[:2], counts, per_site=asked.get("per_site", 1))
    values = [objective(strength, weights, p, **aim) for p in every if not placement_faults(p, counts, **asked)]
    return max(values, default=None)
