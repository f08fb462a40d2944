"""Speed of stochastic dual programming at the size of a procurement plan, and how near its policy is to its bound.

Items are ordered from suppliers of limited capacity with money of several funders that carries over in part; orders
arrive after delays, stocks serve random demand of several kinds, unmet demand is the harm. Numbers are drawn at random.
CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time

import numpy as np
from scipy import sparse

from koepel.sddp import (
    Graph,
    Node,
    Outcome,
    StageProgram,
    paired,
    perfect_information,
    policy_of_averages,
    train,
)

INF = np.inf
STAGES, MARKOV, OUTCOMES = 36, 4, 3
ITEMS, FUNDERS, SUPPLIERS, KINDS, AREAS = 30, 8, 12, 6, 8


class Table:
    """Columns and rows of a stage's program as they are named and added."""

    def __init__(self):
        self.low, self.high, self.cost, self.entries, self.row_low, self.row_high = [], [], [], [], [], []

    def columns(self, shape, high=INF, cost=0.0):
        """New columns, 0 or more; their numbers in the shape asked for."""
        first, n = len(self.cost), int(np.prod(shape))
        self.low += [0.0] * n
        self.high += np.broadcast_to(high, shape).ravel().tolist()
        self.cost += np.broadcast_to(cost, shape).ravel().tolist()
        return np.arange(first, first + n).reshape(shape)

    def row(self, terms, low, high):
        """A new row of columns and their entries; its number."""
        i = len(self.row_low)
        for columns, entry in terms:
            columns = np.ravel(columns)
            self.entries += zip([i] * len(columns), columns, np.broadcast_to(entry, columns.shape), strict=True)
        self.row_low.append(low)
        self.row_high.append(high)
        return i

    def program(self, state_in, state_out):
        """The program."""
        rows, columns, entries = zip(*self.entries, strict=True)
        matrix = sparse.csr_matrix((entries, (rows, columns)), shape=(len(self.row_low), len(self.cost)))
        return StageProgram(
            cost=self.cost, rows=matrix, row_low=self.row_low, row_high=self.row_high, low=self.low, high=self.high,
            state_in=state_in, state_out=state_out,
        )  # fmt: skip


def ordering(seed: int = 1, stages: int = STAGES, items: int = ITEMS, areas: int = AREAS) -> Graph:
    """The synthetic graph. Money and rounds in millions and hundreds; the Markov node is how fierce the raids are."""
    luck = np.random.default_rng(seed)
    delay = luck.integers(2, 12, items)
    price = luck.uniform(0.05, 4.0, items)
    worth = luck.uniform(0.1, 0.9, (items, KINDS)) * (luck.uniform(size=(items, KINDS)) < 0.5)
    makes = luck.integers(0, SUPPLIERS, items)
    pays = luck.uniform(size=(FUNDERS, items)) < 0.6
    income, capacity = luck.uniform(1.0, 6.0, FUNDERS), luck.uniform(2.0, 8.0, SUPPLIERS)
    share = luck.dirichlet(np.ones(areas), KINDS)
    harm = luck.uniform(1.0, 12.0, (KINDS, areas))
    table = Table()
    stock_in, stock_out = table.columns(items), table.columns(items, cost=0.002 * price)
    pipe_in, pipe_out = [table.columns(d) for d in delay], [table.columns(d) for d in delay]
    money_in, money_out = table.columns(FUNDERS), table.columns(FUNDERS, high=20.0)
    buys = table.columns((FUNDERS, items), high=np.where(pays, INF, 0.0), cost=0.0005)
    lost = table.columns(FUNDERS)
    used, unmet = table.columns((items, KINDS, areas)), table.columns((KINDS, areas), cost=harm)
    for i in range(items):
        table.row([(stock_out[i], 1), (stock_in[i], -1), (pipe_in[i][0], -1), (used[i], 1)], 0, 0)
        table.row([(pipe_out[i][-1], 1), (buys[:, i], -1)], 0, 0)
        for age in range(delay[i] - 1):
            table.row([(pipe_out[i][age], 1), (pipe_in[i][age + 1], -1)], 0, 0)
        for k in range(KINDS):
            table.row([(used[i, k], 1), (stock_in[i], -0.7)], -INF, 0)
            for a in range(areas) if worth[i, k] else ():
                table.row([(used[i, k, a], 1), (stock_in[i], -0.4)], -INF, 0)
        for a in range(areas):
            table.row([(used[i, :, a], 1), (stock_in[i], -0.5)], -INF, 0)
    for s in range(SUPPLIERS):
        table.row([(buys[:, makes == s], 1)], -INF, capacity[s]) if (makes == s).any() else None
    flows = [
        table.row([(money_out[f], 1), (money_in[f], -1), (buys[f], price), (lost[f], 1)], income[f], income[f])
        for f in range(FUNDERS)
    ]
    demand = [
        [table.row([(unmet[k, a], 1), (used[:, k, a], worth[:, k])], 0, INF) for a in range(areas)]
        for k in range(KINDS)
    ]
    own = table.program(
        np.concatenate([stock_in, *pipe_in, money_in]), np.concatenate([stock_out, *pipe_out, money_out])
    )
    mean = luck.uniform(2.0, 9.0, KINDS)
    nodes = []
    for fierce in np.linspace(0.5, 1.6, MARKOV):
        outcomes = []
        for draw in (0.6, 1.0, 1.5):
            raid = fierce * draw * mean * luck.uniform(0.8, 1.2, KINDS)
            rows = np.concatenate([np.ravel(demand), flows]).astype(int)
            paid = income * luck.choice([0.8, 1.0, 1.1], FUNDERS)
            low = np.concatenate([(raid[:, None] * share).ravel(), paid])
            high = np.concatenate([np.full(KINDS * areas, INF), paid])
            outcomes.append(Outcome(chance=1 / OUTCOMES, rows=rows, row_low=low, row_high=high))
        nodes.append(Node(own, outcomes))
    stay = np.full((MARKOV, MARKOV), 0.1) + 0.6 * np.eye(MARKOV)
    start = np.concatenate([np.full(items, 5.0), np.full(delay.sum(), 0.3), np.full(FUNDERS, 2.0)])
    return Graph(
        stages=[[nodes[1]], *[nodes] * (stages - 1)], transition=[stay[1:2], *[stay] * (stages - 2)],
        start_state=start, floor=0.0,
    )  # fmt: skip


def main() -> None:
    """Train, simulate, weigh."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--iterations", type=int, default=100)
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--paths", type=int, default=1)
    asked.add_argument("--simulate", type=int, default=100)
    asked.add_argument("--steady", type=int, default=20)
    asked.add_argument("--worth", action="store_true")
    asked.add_argument("--profile", action="store_true")
    asked = asked.parse_args()
    graph = ordering()
    own = graph.stages[1][0].program
    print(f"{len(graph.stages)} stages x {MARKOV} nodes x {OUTCOMES} outcomes: {len(own.cost)} columns, "
          f"{len(own.row_low)} rows, {len(own.state_in)} states, {own.rows.nnz} entries", flush=True)  # fmt: skip
    profile = cProfile.Profile()
    began = time.process_time()
    if asked.profile:
        profile.enable()
    policy = train(graph, iterations=asked.iterations, seconds=asked.seconds, paths=asked.paths, seed=1)
    profile.disable()
    took = time.process_time() - began
    print(f"{len(policy.bounds)} iterations of {asked.paths} paths: {took:.1f} s of CPU, bound {policy.bound:.6f}")
    print("bounds", " ".join(f"{bound:.4f}" for bound in policy.bounds[9::10]), flush=True)
    if asked.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)
    began = time.process_time()
    mine = policy.simulate(asked.simulate, 5)
    half = mine.mean - mine.interval[0]
    print(f"simulated {asked.simulate} paths in {time.process_time() - began:.1f} s: {mine.mean:.4f} +- {half:.4f}, "
          f"{mine.mean / policy.bound - 1:.2%} over the bound", flush=True)  # fmt: skip
    began = time.process_time()
    calm = policy.simulate(asked.steady, 6, steady=True)
    print(f"without luck, {asked.steady} paths in {time.process_time() - began:.1f} s: {calm.mean:.4f} "
          f"+- {calm.mean - calm.interval[0]:.4f}, {calm.mean / policy.bound - 1:.2%} over the bound "
          f"({calm.interval[0] / policy.bound - 1:.2%} to {calm.interval[1] / policy.bound - 1:.2%}); spread of costs "
          f"{calm.costs.std():.1f}, without luck {calm.steadied.std():.1f}", flush=True)  # fmt: skip
    if asked.worth:
        began = time.process_time()
        known = perfect_information(graph, 20, 5)
        print(f"known {known.mean:.4f} on 20 paths, {time.process_time() - began:.1f} s", flush=True)
        blind = policy_of_averages(graph, iterations=asked.iterations // 2, seed=1).simulate(asked.simulate, 5)
        print(f"averages less policy: {paired(blind, mine)}")


if __name__ == "__main__":
    main()
