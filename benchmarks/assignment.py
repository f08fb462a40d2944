"""How long the assignment takes to prove: published instances, Ahuja's generator, a raid moment, harder families.

    python benchmarks/assignment.py [--huge]

CPU seconds. ``--huge`` adds 10,000 x 10,000, which needs minutes and several gigabytes.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from koepel.wta import Problem, read_problem, solve

WTA = Path(os.environ.get("KOEPEL_DATA", Path(__file__).parents[2] / "shared")) / "wta"


def ahuja(kinds: int, threats: int, seed: int, rounds: int = 1) -> Problem:
    """Ahuja, Kumar, Jha and Orlin, Operations Research 55 (2007)."""
    rng = np.random.default_rng(seed)
    return Problem(rng.uniform(25, 100, threats), rng.uniform(0.6, 0.9, (threats, kinds)), np.full(kinds, rounds))


def family(name: str, seed: int) -> Problem:
    """100 kinds of two rounds against 200 threats; ``many``: 10 kinds of 30 rounds against 30."""
    rng = np.random.default_rng(seed)
    m, n = (10, 30) if name == "many rounds" else (100, 200)
    values = rng.uniform(25, 100, n)
    if name == "clustered":
        weapon, threat, base = rng.integers(8, size=m), rng.integers(8, size=n), rng.uniform(0.2, 0.9, (8, 8))
        kill = np.clip(base[threat][:, weapon] + rng.normal(0, 0.03, (n, m)), 0.05, 0.95)
    elif name == "correlated":
        kill = rng.uniform(0.3, 0.9, m) * rng.uniform(0.5, 1, n)[:, None] + rng.normal(0, 0.02, (n, m))
        kill = np.clip(kill, 0.05, 0.95)
    elif name == "sparse":
        kill = rng.uniform(0.3, 0.9, (n, m)) * (rng.random((n, m)) < 0.25)
    else:
        kill = rng.uniform(0.1, 0.5, (n, m))
    return Problem(values, kill, np.full(m, 30 if name == "many rounds" else 2))


def tell(what: str, problem: Problem, bar: str = "", *, gap: float = 1e-9, seconds: float | None = 60.0):
    """One line: time, and what is proven."""
    found = solve(problem, gap, seconds=seconds)
    proof = "proven" if found.optimal else f"gap {found.gap:.1e}"
    print(f"{what:44s} {found.seconds:8.2f} s  {proof:12s} value {found.value:.9g}  {bar}", flush=True)
    return found


def main() -> None:
    """Measure everything, and print it as it comes."""
    solve(ahuja(5, 5, 0))  # load or compile the kernels
    for path in sorted(WTA.glob("*.txt")):
        tell(path.name, read_problem(path), "at most 5 s")
    if not WTA.is_dir():
        print(f"no published instances: {WTA} is not there", file=sys.stderr)
    for size in ((20, 20), (40, 80), (80, 80), (100, 200), (200, 200), (200, 400)):
        for seed in range(5):
            tell(f"Ahuja {size[0]} x {size[1]}, seed {seed}", ahuja(*size, seed), "0.5 s in the mean; 80 x 80 0.4 s")
    tell("Ahuja 1000 x 1000", ahuja(1000, 1000, 1), "at most 10 s", seconds=None)
    moment = ahuja(80, 600, 1, rounds=10)
    found = tell("a moment: 80 x 10 rounds, 600 threats", moment)
    started = time.process_time()
    warm = solve(moment, prices=found.prices)
    print(f"{'... warm':44s} {time.process_time() - started:8.2f} s  {warm.passes} passes", flush=True)
    for name in ("clustered", "correlated", "sparse", "many rounds"):
        for seed in (1, 2):
            tell(f"{name}, seed {seed}", family(name, seed))
    if "--huge" in sys.argv:
        tell("Ahuja 10,000 x 10,000 to 1e-7", ahuja(10_000, 10_000, 1), "5 minutes", gap=1e-7, seconds=None)
        print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
