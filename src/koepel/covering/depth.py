"""Units of several types on sites, in layers: most is stopped, in the expected case or in the worst.

Maximise sum_j w_j (1 - exp(-(A x)_j)): a unit of type t at site s lets a threat of cell j pass with chance
exp(-strength), independently of the others. The search (`koepel._kernel.layers`) gives placements, units in parts
(`relaxed`) give a bound and the places that cannot matter, an outer approximation (`outer`) closes the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from koepel._kernel.layers import placed_by_swaps
from koepel.covering.branch import Tree
from koepel.covering.layers import Layers, read_layers, strength_matrix, weight_rows
from koepel.covering.outer import close, formulate, tighten
from koepel.covering.places import Places, read_places, some_placement
from koepel.covering.relaxed import Relaxed, relax

BLEND = 1e-3  # of the mean over patterns, in the search for the worst case
SEARCH_SHARE, RELAX_SHARE = 0.15, 0.3  # of the time
UNLIMITED = 60.0  # seconds of which these are shares, where no time is given
MOST_BATCHES = 12
MOST_ENTRIES = 400_000  # of a program that may be worth its time
STEADY = 1e-10


@dataclass(frozen=True, eq=False)
class Layered:
    """A placement in layers, and what is proven of it.

    Attributes
    ----------
    placed
        Units of each type at each site. Shape (types, sites), int.
    value
        Expected case: weight that is stopped, in the mean over patterns. Worst case: the least share of a pattern's
        weight that is stopped.
    bound
        No placement that is allowed has a greater value.
    gap
        How much the bound is above the value, as a share of the value.
    optimal
        Whether the gap is as small as was asked for.
    by_pattern
        Share of each pattern's weight that is stopped. Shape (patterns,).
    """

    placed: np.ndarray
    value: float
    bound: float
    gap: float
    optimal: bool
    by_pattern: np.ndarray
    seconds: float


@dataclass(eq=False)
class _Best:
    """The best placement so far, by column."""

    placed: np.ndarray
    value: float

    def offer(self, placed: np.ndarray, layers: Layers, places: Places) -> None:
        value = layers.value(placed)
        if value > self.value and places.allows(placed.reshape(places.kept.shape)):
            self.placed, self.value = placed.astype(np.int64), value


def layered(
    strength, weights, counts, *, chances=None, per_site=1, conflicts=(), kept=None,
    most_moves: int | None = None, gap: float = 1e-3, seconds: float | None = None, worst_case: bool = False,
) -> Layered:  # fmt: skip
    """Place units of several types so that most is stopped.

    Parameters
    ----------
    strength
        Minus the log of the chance to pass one unit, 0 or more. Shape (types, sites, cells), dense, or a sparse matrix
        of shape (sites, cells) for each type.
    weights
        Of the cells under each pattern of raids. Shape (patterns, cells), or (cells,) for one.
    counts
        Units of each type, all of which are placed. Shape (types,).
    chances
        Of the patterns in the expected case; all the same where not given. Shape (patterns,).
    per_site
        Most units of a site; one number, or one for each.
    conflicts
        Pairs of sites of which only one is used.
    kept
        Units that stand now, and stay. Shape (types, sites).
    most_moves
        So many of those need not stay; none where not given.
    gap
        Stop when the bound is nearer than this share of the value.
    seconds
        Stop by about then, proven or not.
    worst_case
        Maximise the least share stopped over patterns, instead of the mean weight.

    Raises
    ------
    UsageError
        For arrays that do not fit together.
    PlanError
        Where no placement is allowed, with what to relax.

    Examples
    --------
    >>> strength = np.log(2) * np.array([[[1, 1, 0], [0, 1, 1]], [[3, 0, 0], [0, 0, 3]]])
    >>> found = layered(strength, [4.0, 1.0, 2.0], [1, 1])
    >>> found.placed.tolist(), round(found.value, 6), found.optimal
    ([[0, 1], [1, 0]], 5.0, True)
    """
    start = time.monotonic()
    layers = read_layers(strength, weights, chances, worst_case)
    places = read_places(layers.types, layers.sites, counts, per_site, conflicts, kept, most_moves)
    limit = UNLIMITED if seconds is None else seconds
    end = np.inf if seconds is None else start + seconds
    best = _first(layers, places, limit)
    _search(layers, places, best, 0, np.inf)
    relaxed = relax(layers, places, best.placed, gap=0.3 * gap, end=start + RELAX_SHARE * limit, value=best.value)
    bound = relaxed.bound
    if bound - best.value > gap * best.value:
        slope = layers.depth.T @ (np.exp(-(layers.depth @ relaxed.parts)) * layers.weights.mean(axis=0))
        best.offer(some_placement(places, slope * (0.1 + relaxed.parts), limit), layers, places)
        until = min(end, time.monotonic() + SEARCH_SHARE * limit)
        if len(layers.weights) > 1:
            _search_mean(layers, places, best, until)
        _search(layers, places, best, 25, until)
    if bound - best.value > gap * best.value and time.monotonic() < end:
        by = _close_by_programs if places.moves or len(places.conflicts) else _close_by_branching
        bound = by(layers, places, best, relaxed, gap, end)
    by_pattern = stopped(strength, weights, best.placed)
    return _told(best, bound, gap, by_pattern, time.monotonic() - start, layers)


def _first(layers: Layers, places: Places, seconds: float) -> _Best:
    """Some placement that is allowed: greedy, or by a program where conflicts or units that stay are in the way."""
    best = _Best(np.zeros(places.kept.size, np.int64), -np.inf)
    given = places.kept.ravel() if places.moves == 0 else np.zeros(places.kept.size, np.int64)
    found, placed = _swapped(layers, places, given, 0, 0)
    if found:
        best.offer(placed, layers, places)
    if best.value == -np.inf:
        worth = layers.depth.T @ layers.weights.mean(axis=0)
        best.offer(some_placement(places, worth, seconds), layers, places)
    return best


def _swapped(layers: Layers, places: Places, given: np.ndarray, kicks: int, luck: int) -> tuple[bool, np.ndarray]:
    """The compiled search from a placement, or from part of one."""
    by_column = layers.depth.tocsc()
    columns = (by_column.indptr.astype(np.int64), by_column.indices.astype(np.int64), by_column.data)
    left = places.counts - given.reshape(places.kept.shape).sum(axis=1)
    least = int(places.kept.sum() - places.moves)
    room = (places.room, *places.neighbours(), places.kept.ravel(), least)
    weights = np.ascontiguousarray(layers.weights.T)
    return placed_by_swaps(columns, weights, room, given, left, layers.sites, kicks, np.uint64(luck), BLEND)


def _search(layers: Layers, places: Places, best: _Best, kicks: int, end: float) -> None:
    """Batches of kicks until two in a row find nothing."""
    stale = 0
    for batch in range(MOST_BATCHES if kicks else 1):
        before = best.value
        best.offer(_swapped(layers, places, best.placed, kicks, 1000 * batch + 1)[1], layers, places)
        stale = 0 if best.value > before else stale + 1
        if stale > 3 or time.monotonic() > end:
            break


def _search_mean(layers: Layers, places: Places, best: _Best, end: float) -> None:
    """The search for the mean over patterns, which has fewer dead ends: where it leads may be good in the worst too."""
    mean = replace(layers, weights=layers.weights.mean(axis=0, keepdims=True))
    other = _Best(best.placed, mean.value(best.placed))
    _search(mean, places, other, 25, end)
    best.offer(other.placed, layers, places)


def _close_by_branching(
    layers: Layers, places: Places, best: _Best, relaxed: Relaxed, gap: float, end: float
) -> float:
    """A bound from branch and bound, and perhaps a better placement: what is settled is filled up and swapped."""

    def offer(parts: np.ndarray) -> None:
        given = np.floor(parts + 1e-6).astype(np.int64).reshape(places.kept.shape)
        given = np.where(given.sum(axis=0) > places.room, places.kept, given).ravel()
        found, placed = _swapped(layers, places, given, 0, 0)
        if found:
            best.offer(placed, layers, places)

    return Tree(layers, places, relaxed).close(lambda: best.value, offer, gap, end)


def _close_by_programs(
    layers: Layers, places: Places, best: _Best, relaxed: Relaxed, gap: float, end: float
) -> float:
    """The same from the outer approximation over the places that may matter, where conflicts or moves tie them."""
    low, high = settled(places, relaxed, best.value)
    open_columns = np.flatnonzero(high > low)
    entries = layers.depth.tocsc()[:, open_columns].nnz
    if entries > MOST_ENTRIES:
        return relaxed.bound
    outer = formulate(layers, places, low, high)
    which = np.arange(len(outer.base))
    for placed in (relaxed.parts, best.placed):
        outer.add_tangents(which, layers.depth @ placed)
    bound = tighten(outer, best.placed.size, target=best.value * (1 + gap), end=end)
    if bound > best.value * (1 + gap):
        placed, closed = close(outer, best.placed, gap=gap, end=end)
        best.offer(np.rint(placed).astype(np.int64), layers, places)
        bound = min(bound, closed)
    return max(min(bound, relaxed.bound), best.value)


def settled(places: Places, relaxed: Relaxed, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Least and most units of each column in any placement that is better than the value.

    A unit where the reduced cost is negative brings the bound down by it; where it is positive, one unit fewer than
    the most does.
    """
    kept = places.kept.ravel()
    high = np.minimum(places.room[None, :], places.counts[:, None]).ravel().astype(float)
    low = np.where(kept > 0, kept, 0).astype(float) if places.moves == 0 else np.zeros(kept.size)
    low0, high0 = low.copy(), high.copy()
    for bound, reduced in relaxed.tangents:
        slack = bound - value * (1 - STEADY)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.floor(np.where(reduced != 0, slack / np.abs(reduced), np.inf))
        high = np.where(reduced < 0, np.minimum(high, low0 + np.maximum(steps, 0)), high)
        low = np.where(reduced > 0, np.maximum(low, high0 - np.maximum(steps, 0)), low)
    return np.minimum(low, high), high


def stopped(strength, weights, placed) -> np.ndarray:
    """Share of each pattern's weight that a placement stops.

    Parameters
    ----------
    strength, weights
        As for `layered`.
    placed
        Units of each type at each site. Shape (types, sites).

    Examples
    --------
    >>> stopped(np.log(2) * np.ones((1, 2, 1)), [[3.0]], [[1, 1]]).tolist()
    [0.75]
    """
    matrix, _, _ = strength_matrix(strength)
    rows = weight_rows(weights, matrix.shape[1])
    return rows @ -np.expm1(-(matrix.T @ np.asarray(placed, float).ravel())) / rows.sum(axis=1)


def _told(best: _Best, bound: float, gap: float, by_pattern: np.ndarray, seconds: float, layers: Layers) -> Layered:
    value = best.value
    bound = value if bound - value <= STEADY * value else bound
    share = (bound - value) / value if value > 0 else 0.0
    placed, scale = best.placed.reshape(layers.types, layers.sites), layers.scale
    return Layered(placed, value * scale, float(bound) * scale, float(share), bool(share <= gap), by_pattern, seconds)
