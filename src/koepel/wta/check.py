"""An assignment checked another way than it was found: plain numpy, no pattern kernel, no solver."""

from __future__ import annotations

import numpy as np

from koepel.wta.problem import CERTAIN, Problem


def faults(problem: Problem, assigned: np.ndarray, value: float, *, tolerance: float = 1e-9) -> list[str]:
    """What is wrong with an assignment: more rounds than there are, parts of rounds, another value."""
    found = []
    if assigned.shape != problem.kill.T.shape:
        return [f"shape {assigned.shape}, not {problem.kill.T.shape}"]
    if (assigned < 0).any() or (assigned != np.floor(assigned)).any():
        found.append("rounds that are not whole, or fewer than none")
    over = np.flatnonzero(assigned.sum(axis=1) > problem.rounds)
    if len(over):
        found.append(f"more rounds than there are of kinds {over[:5].tolist()}")
    survives = np.ones(len(problem.values))
    for i in range(len(problem.rounds)):
        survives *= (1.0 - problem.kill[:, i]) ** assigned[i]
    again = float((problem.values * survives).sum())
    if abs(again - value) > tolerance * max(abs(value), 1e-300):
        found.append(f"value {again!r}, not {value!r}")
    return found


def relaxed_bound(problem: Problem, prices: np.ndarray) -> float:
    """A bound from below by the same prices, with rounds taken in parts: weaker, and worked out without any search.

    At each threat the rounds are taken in order of price for log-kill until a part would cost more than it saves.
    """
    with np.errstate(divide="ignore"):
        log_kill = -np.log1p(-np.minimum(problem.kill, CERTAIN))
    total = 0.0
    for value, own in zip(problem.values, log_kill, strict=True):
        use = np.flatnonzero((own > 0) & (problem.rounds > 0))
        ratio = prices[use] / own[use]
        order = np.argsort(ratio)
        use, ratio = use[order], ratio[order]
        spent, left = 0.0, float(value)
        for i, price in zip(use, ratio, strict=True):
            if left <= price:
                break
            part = (
                min(float(problem.rounds[i]), np.log(left / price) / own[i]) if price > 0 else float(problem.rounds[i])
            )
            spent += part * prices[i]
            left *= np.exp(-part * own[i])
        total += spent + left
    return total - float(prices @ problem.rounds)


def whole_bound(problem: Problem, prices: np.ndarray) -> float:
    """The bound of whole rounds by the same prices, by a plain search of all patterns; for small cases."""
    total = 0.0
    for value, own in zip(problem.values, problem.kill, strict=True):
        total += _least(float(value), 0.0, 0, own, prices, problem.rounds)
    return total - float(prices @ problem.rounds)


def _least(left: float, spent: float, i: int, kill: np.ndarray, prices: np.ndarray, rounds: np.ndarray) -> float:
    """The cheapest pattern of kinds from the i-th on, after so much was spent."""
    if i == len(kill):
        return spent + left
    best = np.inf
    for number in range(int(rounds[i]) + 1):
        cost = spent + number * prices[i]
        if cost >= best:
            break
        best = min(best, _least(left * (1.0 - kill[i]) ** number, cost, i + 1, kill, prices, rounds))
    return best
