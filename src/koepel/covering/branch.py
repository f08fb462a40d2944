"""Branch and bound over places of units in layers, best bound first.

A node is the least and the most units of each column. Its bound is the concave relaxation of what is stopped, solved
anew at every node (`koepel._kernel.envelope`), where a programme with tangents has to collect them one by one. With
several patterns the bound is that of a mixture of them, which each node hands on to its sides.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

import numpy as np

from koepel._kernel.branching import branched
from koepel.covering.layers import Layers
from koepel.covering.places import Places
from koepel.covering.relaxed import Relaxed

SURE = 1e-12  # of a bound: the roundings of its sum
PRUNED = 0.99  # of the gap asked for
NEAR = 0.1  # of it: how near bounds are solved
BYTES, MOST_BYTES = 12, 6e8  # of a column in an open node; of all
ROUNDED_EVERY = 50  # nodes


class Tree:
    """The nodes that are open, each with a bound of what its placements stop.

    Only places with room and with units that stay: conflicts and moves would be ignored by the bounds.
    """

    def __init__(self, layers: Layers, places: Places, first: Relaxed):
        by_column, by_cell = layers.depth.tocsc(), layers.depth.tocsr()
        self.case = (
            *(_compressed(matrix) for matrix in (by_column, by_cell)),
            np.ascontiguousarray(layers.weights.T), layers.sites, places.counts, places.room.astype(np.int64),
        )  # fmt: skip
        low = places.kept.ravel().astype(np.int32)
        high = np.minimum(places.room[None, :], places.counts[:, None]).ravel().astype(np.int32)
        mix = np.ascontiguousarray(first.mix)
        self._open = [(-first.bound, 0, low, high, (first.parts - low).astype(np.float32), mix)]
        self._made = 1
        self.nodes = 0
        self.bound = first.bound
        self._columns = first.parts.size

    def close(self, best: Callable[[], float], offer: Callable[[np.ndarray], None], gap: float, end: float) -> float:
        """Divide nodes until no placement can be better than the best by more than the gap, or until the time is over.

        Parameters
        ----------
        best
            What the best placement known stops.
        offer
            Is given parts that a placement may come of, now and then.

        Returns
        -------
        bound
            No placement stops more.
        """
        while self._open and self.bound > self._target(best(), gap) and time.monotonic() < end:
            self._step(best, offer, gap)
            if len(self._open) * self._columns * BYTES > MOST_BYTES:
                break
        return max(self.bound, best())

    def _target(self, value: float, gap: float) -> float:
        return value * (1 + PRUNED * gap)

    def _step(self, best: Callable[[], float], offer: Callable[[np.ndarray], None], gap: float) -> None:
        """Divide the node with the greatest bound."""
        before, _, low, high, parts, mix = heapq.heappop(self._open)
        target = self._target(best(), gap)
        near = max(NEAR * gap, SURE) * best()
        bound, settled, parts, sides = branched(*self.case, low, high, parts, mix, target, near)
        bound = min(bound * (1 + SURE), -before)
        if bound > target and (self.nodes % ROUNDED_EVERY == 0 or (np.abs(parts - np.rint(parts)) < 1e-6).all()):
            offer(settled + parts)
        self.nodes += 1
        for side_low, side_high, side_parts, side_bound, side_mix in zip(*sides, strict=True):
            side_bound = min(side_bound * (1 + SURE), bound)
            if bound > target and side_bound > target:
                key = (-side_bound, self._made)
                node = (side_low.astype(np.int32), side_high.astype(np.int32), side_parts.astype(np.float32), side_mix)
                heapq.heappush(self._open, (*key, *node))
                self._made += 1
        worst = -self._open[0][0] if self._open else -np.inf
        self.bound = max(worst, self._target(best(), gap))


def _compressed(matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A compressed matrix as starts, places and entries."""
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data.astype(float)
