"""Speeds of covering and layered placement, with what is proven in them; spopt beside them where it is installed.

One thread; wall seconds, and for the layered placements CPU seconds too. Sites, points and cells are drawn at random in
a box of side 1.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from koepel.covering import layered, maximal, stopped

COVERINGS = [  # sites, points, radius, number
    (100, 1_000_000, 0.05, 20),
    (100, 1_000_000, 0.1, 10),
    (100, 1_000_000, 0.2, 10),
    (1000, 100_000, 0.02, 100),
    (1000, 100_000, 0.02, 300),
    (1000, 100_000, 0.05, 50),
]
PLACEMENTS = [  # types, sites, cells, patterns, units of each type, worst case, seconds
    (3, 100, 500, 1, 2, False, 60),
    (3, 100, 500, 1, 6, False, 60),
    (3, 100, 500, 5, 6, True, 60),
    (8, 500, 3000, 1, 6, False, 120),
    (8, 500, 3000, 5, 6, True, 120),
]
PEER = (100, 10_000, 0.1, 10)


def circles(sites: int, points: int, radius: float, seed: int = 1) -> tuple[sparse.csr_matrix, np.ndarray]:
    """What each site covers, and the weights of the points."""
    rng = np.random.default_rng(seed)
    at, of = rng.random((sites, 2)), rng.random((points, 2))
    rows = cKDTree(of).query_ball_point(at, radius)
    starts = np.cumsum([0, *map(len, rows)])
    covers = sparse.csr_matrix((np.ones(starts[-1], bool), np.concatenate(rows), starts), shape=(sites, points))
    return covers, rng.integers(1, 100, points).astype(float)


def layers(types: int, sites: int, cells: int, patterns: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Strengths that fall with the distance, strong and short of reach to weak and long; weights of cells."""
    rng = np.random.default_rng(seed)
    distance = cdist(rng.random((sites, 2)), rng.random((cells, 2)))
    part = np.arange(types)[:, None, None] / types
    reach, most = 0.15 + 0.2 * part, 1.5 - part
    return np.where(distance < reach, most * (1 - (distance / reach) ** 2), 0.0), rng.uniform(0.1, 1, (patterns, cells))


def told(found) -> str:
    """Value, bound, gap and seconds of an answer."""
    return f"value {found.value:14.6f}  bound {found.bound:14.6f}  gap {found.gap:8.1e}  {found.seconds:6.2f} s"


def cover() -> None:
    """The maximal coverings."""
    maximal([[0], [1]], [1.0, 1.0], 1)  # compiled
    for sites, points, radius, number in COVERINGS:
        covers, weights = circles(sites, points, radius)
        found = maximal(covers, weights, number, seconds=60)
        print(f"{number:4d} of {sites:4d} sites, {points:8d} points, radius {radius:4.2f}: {told(found)}", flush=True)


def place() -> None:
    """The layered placements; the worst case with the price of planning for the expected case."""
    layered(*layers(2, 8, 20, 1), [2, 2], gap=1e-6)  # compiled
    for types, sites, cells, patterns, units, worst_case, seconds in PLACEMENTS:
        strength, weights = layers(types, sites, cells, patterns)
        before = time.process_time()
        found = layered(strength, weights, [units] * types, worst_case=worst_case, seconds=seconds)
        cpu_s = time.process_time() - before
        kind = "worst" if worst_case else "expected"
        print(f"{types} types x {units} units, {sites} sites, {cells} cells, {kind}: {told(found)}", end=", ")
        print(f"CPU {cpu_s:.1f} s", flush=True)
        if worst_case:
            expected = layered(strength, weights, [units] * types, seconds=20)
            least = stopped(strength, weights, expected.placed).min()
            print(f"    planned for the expected case: {least:.6f}, {1 - least / found.value:.2%} less", flush=True)


def peer() -> None:
    """Spopt's maximal covering on a smaller case, solved by CBC in 300 seconds at most."""
    try:
        import pulp
        from spopt.locate import MCLP
    except ImportError:
        print("spopt is not installed; its row is left out")
        return
    sites, points, radius, number = PEER
    covers, weights = circles(sites, points, radius)
    distance = np.where(covers.toarray().T, 0.0, 1.0)
    start = time.perf_counter()
    model = MCLP.from_cost_matrix(distance, weights, 0.5, p_facilities=number)
    built = time.perf_counter() - start
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=300))
    took = time.perf_counter() - start
    print(f"spopt, {points} points: built in {built:.2f} s, {took:.2f} s in all, {pulp.LpStatus[model.problem.status]}")
    print(f"koepel, {points} points: {told(maximal(covers, weights, number))}")


if __name__ == "__main__":
    cover()
    place()
    peer()
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
