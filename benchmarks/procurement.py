"""A procurement of a country's size: how near the policy comes to its bound, and in how much time.

    python benchmarks/procurement.py [--iterations 60] [--made-up]

``ukraine-2025-06`` for 36 months with new money, so eight funders: its own arms, fire units, lines and donors. The
made-up market has 30 items, 8 funders and 12 suppliers at random, and less to begin with: there, planning decides
nearly all, and the policy is much harder to find.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from koepel.plan.procurement.stages import policy_graph
from koepel.sddp import train


def country():
    """The market of the shipped scenario, before anything is learnt from campaigns."""
    import koepel as kp
    from koepel.plan.procurement import market_of, read_country
    from koepel.supply import Funder
    from koepel.units import Interval

    scenario = kp.Scenario.read("ukraine-2025-06")
    _, _, reading = read_country(scenario, 36, 6.0, 1, until_end=False)
    return market_of(reading, window=6, extra=Funder(name="new money", budget=Interval(1e9, 1e9)))


def made_up():
    """Thirty items, of random figures."""
    from markets import made_up as market

    return market(months=36, arms=20, kinds=10, offers=45, funders=8, sources=12, expansions=4, regimes=4, classes=4,
                  depth=18, window=6, tail=6)  # fmt: skip


def main() -> None:
    """Train, simulate, and tell."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--iterations", type=int, default=60)
    asked.add_argument("--made-up", action="store_true")
    given = asked.parse_args()
    k = made_up() if given.made_up else country()
    print(f"{len(k.months) - 1} months, {len(k.arms)} arms, {len(k.kinds)} kinds of unit, {len(k.offers)} offers, "
          f"{len(k.funders)} funders, {len(k.sources)} suppliers, {len(k.regimes)} regimes")  # fmt: skip
    cpu, wall = time.process_time(), time.perf_counter()
    graph = policy_graph(k)
    policy = train(graph, iterations=given.iterations, seed=1)
    trained = time.process_time() - cpu, time.perf_counter() - wall
    found = policy.simulate(40, 7, steady=True)
    low, high = found.interval
    off = [100 * (x / policy.bound - 1) for x in (found.mean, low, high)]
    rows = graph.stages[1][0].program.rows.shape[0]
    print(f"{len(graph.start_state)} states, {rows} rows; {given.iterations} iterations in {trained[0]:.0f} s CPU "
          f"({trained[1]:.0f} s wall)")  # fmt: skip
    print(f"bound {policy.bound:,.1f}, policy {found.mean:,.1f}: {off[0]:.2f} % above "
          f"(95 %: {off[1]:.2f} to {off[2]:.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
