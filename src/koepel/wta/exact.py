"""The least surviving value, with proof, by pattern generation.

A pattern is what is fired at one threat. A linear program over patterns gives prices of the rounds; at these prices the
cheapest pattern of every threat is found exactly (`koepel._kernel.patterns`), which gives a bound from below and new
patterns. When bound and program meet, a small integer program over the patterns found gives an answer, and every
pattern whose reduced cost is below what is left of the gap is listed: a better answer can only be made of these.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from koepel._kernel.patterns import best_singles, greedy, improved, marginal, near_cheapest, price_all
from koepel.wta.master import Master, best_of
from koepel.wta.problem import CERTAIN, Problem

LOOKS = 2_000_000  # at partial patterns of one threat
MOST_ROUNDS = 64  # at one threat, in a pattern that is kept
MOST_LISTED = 400_000
LARGE = 250_000  # pairs of kind and threat
NEARLY = 3e-4  # of the value: when bound and program are this near, the program's own prices are good
SINGLES = 12  # patterns of one round that the program begins with, at each threat
MOST_WHOLE = 60_000  # patterns in a whole-number program that is only to give an answer
DEFAULT_GAP = 1e-9


@dataclass(frozen=True, eq=False)
class Solution:
    """An assignment, and what is proven of it.

    Attributes
    ----------
    assigned
        Rounds of each kind at each threat. Shape (kinds, threats).
    value
        What survives.
    bound
        No assignment leaves less.
    prices
        Of one round of each kind: what one more would save, about. Shape (kinds,).
    price_bound
        The bound that follows from the prices alone, see `koepel.wta.check`.
    """

    assigned: np.ndarray
    value: float
    bound: float
    optimal: bool
    prices: np.ndarray
    price_bound: float
    seconds: float
    passes: int
    patterns: int

    @property
    def gap(self) -> float:
        """How much the bound is below the value, as a share of it."""
        return max(self.value - self.bound, 0.0) / self.value if self.value > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The numbers, and the pairs that shoot."""
        shots = [[int(i), int(j), int(self.assigned[i, j])] for i, j in zip(*np.nonzero(self.assigned), strict=True)]
        names = ("value", "bound", "gap", "optimal", "seconds", "passes", "patterns")
        told = {name: getattr(self, name) for name in names}
        return {**told, "rounds": int(self.assigned.sum()), "shots": shots}


@dataclass(eq=False)
class _Best:
    """The best assignment so far."""

    assigned: np.ndarray
    value: float

    def offer(self, assigned: np.ndarray, value: float) -> None:
        if value < self.value:
            self.assigned, self.value = assigned, value


def solve(
    problem: Problem, gap: float = DEFAULT_GAP, *, prices: np.ndarray | None = None, seconds: float | None = None
) -> Solution:
    """Assign rounds to threats so that least survives.

    Parameters
    ----------
    gap
        Stop when the bound is proven to be this near, as a share of the value.
    prices
        Prices of an assignment that was much alike, to begin with. Shape (kinds,).
    seconds
        Stop after about so long, with the gap that is then proven.

    Examples
    --------
    >>> two = solve(Problem(np.array([10.0, 4.0]), np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([1, 1])))
    >>> two.value, two.optimal
    (6.5, True)
    """
    started = time.process_time()
    kill = np.ascontiguousarray(problem.kill, float)
    if kill.size and kill.max() > CERTAIN:
        kill = np.minimum(kill, CERTAIN)
    values, rounds = np.ascontiguousarray(problem.values, float), np.ascontiguousarray(problem.rounds, np.int64)
    by_kind = np.ascontiguousarray(kill.T)
    assigned, left = greedy(by_kind, rounds, values)
    if kill.size <= LARGE:
        improved(by_kind, assigned, left, 2)
    del by_kind
    best = _Best(assigned, problem.value(assigned))
    if prices is None:
        prices = marginal(kill, left)
    log_kill = np.log1p(-kill)
    np.negative(log_kill, out=log_kill)
    search = _Search(problem, kill, log_kill, values, rounds, best, gap, started, seconds)
    return search.run(np.ascontiguousarray(prices, float))


@dataclass(eq=False)
class _Search:
    """Pattern generation under way."""

    problem: Problem
    kill: np.ndarray
    log_kill: np.ndarray
    values: np.ndarray
    rounds: np.ndarray
    best: _Best
    gap: float
    started: float
    seconds: float | None
    bound: float = -np.inf
    passes: int = 0
    patterns: int = 0

    def run(self, prices: np.ndarray) -> Solution:
        """Patterns, then integers, then proof."""
        self.prices, self.costs, self.at_prices = prices, np.zeros(len(self.values)), -np.inf
        master = Master(self.values, self.rounds, self.kill)
        master.add_assignment(self.best.assigned)
        if self.kill.size > LARGE:
            self._begin(master, prices)
        self._generate(master, prices)
        proven = self._near()
        if not proven:
            self._round_up(master)
            proven = self._near() or self._close()
        bound = min(self.bound, self.best.value)
        return Solution(
            assigned=self.best.assigned,
            value=self.best.value,
            bound=bound,
            optimal=bool(self.best.value - bound <= self.gap * max(self.best.value, 1e-300)),
            prices=self.prices,
            price_bound=self.at_prices,
            seconds=time.process_time() - self.started,
            passes=self.passes,
            patterns=master.number,
        )

    def _begin(self, master: Master, prices: np.ndarray) -> None:
        """The best single rounds at each threat: with few patterns the program's prices are wild."""
        found = np.empty((len(self.values), SINGLES), np.int64)
        best_singles(self.log_kill, prices, self.rounds, self.values, SINGLES, found)
        for j, kinds in enumerate(found):
            for kind in kinds[kinds >= 0]:
                master.add(j, kinds[kinds == kind][:1])

    def _near(self) -> bool:
        return self.best.value - self.bound <= self.gap * self.best.value

    def _late(self) -> bool:
        return self.seconds is not None and time.process_time() - self.started > self.seconds

    def _generate(self, master: Master, prices: np.ndarray) -> None:
        """Price, bound, add, solve; between the prices of the program and the best ones so far (Wentges 1997)."""
        inside = 0.8
        program = np.inf
        while True:
            self.passes += 1
            new, bound = self._price(master, prices)
            tolerance = 0.5 * self.gap * self.best.value
            if not self._late() and program - self.bound > tolerance and new == 0 and inside > 0:
                inside = 0.0  # the patterns at these prices were all there: look at those of the program itself
            elif new == 0 or program - self.bound <= tolerance or self._late():
                return
            program, dual = master.solve()
            if bound >= self.bound:
                inside = 0.0 if program - self.bound < NEARLY * self.best.value else 0.9 * inside
            prices = inside * self.prices + (1.0 - inside) * dual

    def _price(self, master: Master, prices: np.ndarray) -> tuple[int, float]:
        """The cheapest pattern of every threat at some prices; how many are new, and the bound that follows."""
        n = len(self.values)
        cost, deep, proven = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.bool_)
        rows = np.zeros((n, MOST_ROUNDS), np.int64)
        with ThreadPoolExecutor() as pool:
            parts = np.array_split(np.arange(n), 1 if self.kill.size < 100_000 else 2 * (os.cpu_count() or 1))
            given = (self.log_kill, prices, self.rounds, self.values)
            list(pool.map(lambda part: price_all(*given, part, LOOKS, cost, deep, rows, proven), parts))
        bound = cost.sum() - prices @ self.rounds if proven.all() else -np.inf
        if bound > self.bound:
            self.bound, self.prices, self.costs, self.at_prices = bound, prices, cost, bound
        new = sum(master.add(j, rows[j, : min(deep[j], MOST_ROUNDS)]) for j in range(n))
        return new, bound

    def _round_up(self, master: Master) -> None:
        """The best whole answers among the patterns found: first of the cheapest ones, then of all that may serve."""
        reduced = master.reduced(self.prices, self.costs)
        few = np.argsort(reduced, kind="stable")[: 4 * len(self.values)]
        if len(few) < len(reduced):
            self._offer(best_of(master, np.sort(few), self.best.value, seconds=30.0))
        keep = np.flatnonzero(reduced <= (self.best.value - self.bound) * (1 + 1e-9) + 1e-12)
        if len(keep) <= MOST_WHOLE and not self._near():
            self._offer(best_of(master, keep, self.best.value, seconds=30.0))

    def _close(self) -> bool:
        """List every pattern that a better answer could be made of, and choose among them."""
        slack = self.best.value - self.bound
        listed = Master(self.values, self.rounds, self.kill)
        room = MOST_LISTED
        for j in range(len(self.values)):
            ceiling = self.costs[j] + slack * (1 + 1e-9) + 1e-13 * self.values[j]
            found, number = near_cheapest(self.log_kill, self.prices, self.rounds, self.values, j, ceiling, room, 16)
            if number > room or self._late():
                return False
            room -= number
            for row in found[:number]:
                listed.add(j, row[row >= 0])
        answer = best_of(listed, np.arange(listed.number), self.best.value, seconds=self.seconds or 600.0)
        self._offer(answer)
        if answer is not None and answer.proven:
            self.bound = max(self.bound, min(self.best.value, answer.bound))
        return self._near()

    def _offer(self, answer: Any) -> None:
        if answer is not None and answer.assigned is not None:
            self.best.offer(answer.assigned, self.problem.value(answer.assigned))
