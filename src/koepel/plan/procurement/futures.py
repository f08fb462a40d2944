"""What may come: how many threats of each class in each month, and regimes of raids and of trouble elsewhere.

Raids are drawn as a campaign draws them, night by night, by many runs; months are then told apart by how strong their
raids are, and by whether a crisis lasts that keeps others' rounds at home.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign import Season, plan_of
from koepel.campaign.luck import MONTH_D
from koepel.scenario import Scenario
from koepel.supply import Supply

RUNS = 256
STRONG = 2 / 3  # months above this quantile of the strength of raids count as strong
WEIGHT = {"drone": 1.0, "cruise": 10.0, "ballistic": 10.0, "supersonic": 10.0, "other": 1.0}  # assumed


@dataclass(frozen=True, eq=False)
class Futures:
    """Regimes of months.

    Attributes
    ----------
    regimes, start, moves
        Names, which it is at first, chances from month to month.
    crisis
        Whether the crisis lasts in a regime. Shape (R,), bool.
    fights
        Whether raids come. Shape (R,), bool.
    threats
        A month, by class. Shape (T, R, C).
    after
        A month after the horizon, by class. Shape (R, C).
    swing, swing_chance
        Factors on the classes within a regime: more missiles, or fewer. Shapes (N, C), (N,).
    crisis_name
        Which crisis it is; the others are left out.
    """

    regimes: tuple[str, ...]
    start: int
    moves: np.ndarray
    crisis: np.ndarray
    fights: np.ndarray
    threats: np.ndarray
    after: np.ndarray
    swing: np.ndarray
    swing_chance: np.ndarray
    crisis_name: str


def draw_futures(
    scenario: Scenario, months: int, seed: int, *, tail_months: float = 6.0, until_end: bool = False
) -> Futures:
    """Regimes of the next months, and how strong raids are in each.

    Parameters
    ----------
    until_end
        A ceasefire is the end: raids do not begin again.
    """
    drawn = monthly_threats(scenario, months, seed)
    strength = drawn @ np.array([WEIGHT[name] for name in c.CLASSES])
    strong = strength > np.quantile(strength, STRONG, axis=0, keepdims=True)
    if np.ptp(strength) <= 1e-9 * strength.max(initial=1.0) or not strong.any():
        strong[:] = False
    raids = [("usual", False), ("strong", True)] if strong.any() else [("usual", False)]
    levels = np.stack([_mean_where(drawn, strong == one) for _, one in raids], axis=1)  # (T, levels, C)
    chain = _raid_chain(scenario.supply, strong, len(raids), until_end)
    names = [f"{name} raids" for name, _ in raids] + ["no raids"] * (len(chain) > len(raids))
    quiet = np.zeros((months, len(chain) - len(raids), drawn.shape[2]))
    levels = np.concatenate([levels, quiet], axis=1)
    crisis_name, troubles = _crisis_chain(scenario.supply)
    R, Q = len(chain), len(troubles)
    last = _last_month(scenario.supply, np.arange(months), np.ones(months))
    threats = np.repeat(levels, Q, axis=1) * last[:, None, None]
    after = np.repeat(levels[-1], Q, axis=0) * _last_month(scenario.supply, np.array([months]), tail_months)
    swing, chance = _swing(drawn)
    return Futures(
        regimes=tuple(f"{name}{', crisis elsewhere' if q else ''}" for name in names for q in range(Q)),
        start=0, moves=np.kron(chain, troubles),
        crisis=np.tile(np.arange(Q) > 0, R), fights=np.repeat(np.arange(R) < len(raids), Q),
        threats=threats, after=after, swing=swing, swing_chance=chance, crisis_name=crisis_name,
    )  # fmt: skip


def monthly_threats(scenario: Scenario, months: int, seed: int) -> np.ndarray:
    """Threats of each class in months of war, as a campaign draws them. Shape (runs, months, classes)."""
    days = int(np.ceil(months * MONTH_D))
    plan = plan_of(scenario, days, seed)
    season = Season(plan, 0, RUNS)
    pattern = plan.arrays.setup.pattern
    of = np.zeros((len(pattern.group_class), len(c.CLASSES)))
    of[np.arange(len(of)), pattern.group_class] = 1.0
    counts = np.zeros((RUNS, months, len(c.CLASSES)))
    for day in range(days):
        counts[:, min(int(day / MONTH_D), months - 1)] += season.numbers(day) @ of
    fixed = plan.arrays.setup.types.group[pattern.fixed_type]
    return counts + np.bincount(fixed, minlength=len(c.CLASSES)) * MONTH_D


def _mean_where(drawn: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the runs chosen in each month. Shape (months, classes)."""
    weight = chosen / np.maximum(chosen.sum(axis=0), 1)
    return np.einsum("rtc,rt->tc", drawn, weight)


def _raid_chain(supply: Supply, strong: np.ndarray, levels: int, until_end: bool) -> np.ndarray:
    """Chances from month to month between levels of strength, and no raids where that may be."""
    stops, resumes = supply.war.ceasefire_per_month.middle, supply.war.resume_per_month.middle
    if levels == 1:
        stay = np.ones((1, 1))
    else:
        now, then = strong[:, :-1].ravel(), strong[:, 1:].ravel()
        up = float(then[~now].mean()) if (~now).any() and len(then) else 1.0 - STRONG
        down = float((~then[now]).mean()) if now.any() else STRONG
        stay = np.array([[1.0 - up, up], [down, 1.0 - down]])
    if stops == 0.0:
        return stay
    back = 0.0 if until_end else resumes
    share = np.array([1.0]) if levels == 1 else np.array([STRONG, 1.0 - STRONG])
    return np.block(
        [[(1.0 - stops) * stay, np.full((levels, 1), stops)], [back * share[None, :], np.array([[1.0 - back]])]]
    )


def _crisis_chain(supply: Supply) -> tuple[str, np.ndarray]:
    """The crisis that most sources and orders hang on, and its chances from month to month."""
    named = Counter(one.crisis for one in (*supply.lines, *supply.donors, *supply.orders, *supply.offers) if one.crisis)
    crises = {one.name: one for one in supply.crises}
    if not named:
        return "", np.ones((1, 1))
    name = min(named, key=lambda word: (-named[word], word))
    begins = 1.0 - np.exp(-crises[name].per_year.middle / 12.0)
    ends = 1.0 / max(crises[name].months.middle, 1.0)
    if begins == 0.0:
        return "", np.ones((1, 1))
    return name, np.array([[1.0 - begins, begins], [ends, 1.0 - ends]])


def _last_month(supply: Supply, start: np.ndarray, length) -> np.ndarray:
    """Share of stages, by their first month and length, before the last day of raids."""
    if supply.war.until is None:
        return np.ones(len(start))
    days = (supply.war.until - supply.begins).days + 1
    return np.clip((days / MONTH_D - start) / length, 0.0, 1.0)


def _swing(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Months with more missiles than drones, and the other way round: factors by class, and chances."""
    mean = drawn.mean(axis=0, keepdims=True)
    relative = np.divide(drawn, mean, out=np.ones_like(drawn), where=mean > 0)
    missiles = np.array(c.MISSILES)
    if not drawn[:, :, missiles].any() or not drawn[:, :, ~missiles].any():
        return np.ones((1, drawn.shape[2])), np.ones(1)
    tilt = relative[:, :, missiles].mean(axis=2) - relative[:, :, ~missiles].mean(axis=2)
    many = tilt > np.median(tilt, axis=0, keepdims=True)
    if not many.any():
        return np.ones((1, drawn.shape[2])), np.ones(1)
    factors = np.stack([relative[many].mean(axis=0), relative[~many].mean(axis=0)])
    chance = np.array([many.mean(), 1.0 - many.mean()])
    return factors / (chance @ factors), chance
