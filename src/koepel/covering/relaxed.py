"""A bound for layered placement: units in parts, by simplicial decomposition.

What is stopped is a concave function f of the placement; at any x, f(x) + f'(x)(y - x) bounds f(y), and its greatest
value over all placements in parts is a linear program (von Hohenbalken, Mathematical Programming 13, 1977). The
answers y are kept as corners; between two programs the best mixture of corners is found by pairwise steps. For the
worst case f is the soft minimum over patterns; any mixture of patterns gives a bound for the least.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from koepel.covering.layers import Layers
from koepel.covering.places import Places, empty_program

MOST_CORNERS = 150
PAIR_STEPS = 200
SHARPEST = 2e-5  # of the value: how far the soft minimum may be below the least


@dataclass(eq=False)
class Relaxed:
    """What parts of units could do.

    Attributes
    ----------
    bound
        No placement stops more.
    parts
        Units in parts, where they do best. Shape (types * sites,).
    mix
        Share of each pattern in that bound. Shape (patterns,).
    tangents
        Bounds f(x) + f'(x)(y - x) by their constant, slopes, and reduced costs of the program at its best y.
    """

    bound: float
    parts: np.ndarray
    mix: np.ndarray
    tangents: list[tuple[float, np.ndarray]]


def relax(layers: Layers, places: Places, start: np.ndarray, *, gap: float, end: float, value: float) -> Relaxed:
    """Bound what any placement stops.

    Parameters
    ----------
    start
        A placement that is allowed. Shape (types * sites,).
    gap
        Stop when the bound is nearer to what the parts stop than this share.
    end
        Stop by then, by the monotonic clock.
    value
        What a placement stops: a bound at or below it needs no better one.
    """
    n = start.size
    solver = empty_program(places).solver
    columns = np.arange(n, dtype=np.int32)
    corners, depths, mix = [start.astype(float)], [layers.depth @ start.astype(float)], np.ones(1)
    best, tangents, rounds = np.inf, [], 0
    soft = 0.02 if len(layers.weights) > 1 else 0.0
    parts, best_mix = corners[0], np.full(len(layers.weights), 1.0 / len(layers.weights))
    while True:
        depth = np.array(depths).T @ mix
        stopped, shares = _least(layers, depth, soft)
        slope = layers.depth.T @ (np.exp(-depth) * (shares @ layers.weights))
        at = np.array(corners).T @ mix
        solver.changeColsCost(n, columns, slope)
        solver.run()
        solution = solver.getSolution()
        corner = np.array(solution.col_value)[:n]
        mixed = float(shares @ (layers.weights @ -np.expm1(-depth)))
        bound = mixed + _greatest(solver) - slope @ at
        tangents.append((bound, np.array(solution.col_dual)[:n]))
        if bound < best:
            best, parts, best_mix = bound, at, shares
        rounds += 1
        low = float((layers.weights @ -np.expm1(-depth)).min())
        if best - low <= gap * best or best <= value * (1 + 1e-12) or time.monotonic() > end or rounds > 400:
            break
        if soft and bound - stopped < 0.3 * soft * best:
            soft = max(0.5 * soft, SHARPEST)
        corners, depths, mix = _add(corners, depths, mix, corner, layers.depth @ corner)
        mix = _mixture(layers, np.array(depths).T, mix, soft * best)
    return Relaxed(float(best), parts, best_mix, sorted(tangents, key=lambda pair: pair[0])[:20])


def _greatest(solver) -> float:
    """The value of the program, a rounding above it; without end where it was not solved."""
    import highspy

    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.inf
    return solver.getInfo().objective_function_value * (1 + 1e-9)


def _least(layers: Layers, depth: np.ndarray, soft: float) -> tuple[float, np.ndarray]:
    """The soft minimum of what is stopped, and the share of each pattern in it."""
    stopped = layers.weights @ -np.expm1(-depth)
    if len(stopped) == 1:
        return float(stopped[0]), np.ones(1)
    width = max(soft * stopped.max(), 1e-300)
    share = np.exp(-(stopped - stopped.min()) / width)
    return float(stopped.min() - width * np.log(share.sum())), share / share.sum()


def _add(corners: list, depths: list, mix: np.ndarray, corner: np.ndarray, depth: np.ndarray):
    """One corner more; those without a part are dropped when there are many."""
    if len(corners) >= MOST_CORNERS:
        keep = np.flatnonzero(mix > 1e-9)[-(MOST_CORNERS - 1) :]
        corners, depths = [corners[i] for i in keep], [depths[i] for i in keep]
        mix = mix[keep] / mix[keep].sum()
    return [*corners, corner], [*depths, depth], np.append(mix, 0.0)


def _mixture(layers: Layers, depths: np.ndarray, mix: np.ndarray, width: float) -> np.ndarray:
    """The best mixture of corners, by steps from the worst corner in it to the best."""
    mix, weights = mix.copy(), layers.weights
    depth = depths @ mix
    for _ in range(PAIR_STEPS):
        survive = np.exp(-depth)
        stopped = weights @ (1.0 - survive)
        share = np.exp(-(stopped - stopped.min()) / max(width, 1e-300))
        slope = (share / share.sum() @ weights * survive) @ depths
        to, off = int(slope.argmax()), int(np.where(mix > 0, slope, np.inf).argmin())
        if slope[to] - slope[off] <= 1e-6 * stopped.max():
            break
        way = depths[:, to] - depths[:, off]
        step = _step(weights, depth, way, mix[off], width)
        mix[to] += step
        mix[off] -= step
        if mix[off] < 1e-14:
            mix[off] = 0.0
        depth = depth + step * way
    return mix / mix.sum()


def _step(weights: np.ndarray, depth: np.ndarray, way: np.ndarray, most: float, width: float) -> float:
    """How far to go, by halving where the slope changes its sign."""
    low, high = 0.0, most
    for k in range(24):
        middle = high if k == 0 else 0.5 * (low + high)
        survive = np.exp(-(depth + middle * way))
        stopped = weights @ (1.0 - survive)
        share = np.exp(-(stopped - stopped.min()) / max(width, 1e-300))
        if (share / share.sum() @ weights * survive) @ way > 0:
            if k == 0:
                return most
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
