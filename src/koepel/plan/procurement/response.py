r"""What fire units and their rounds do in a night, as a formula that a linear program can use: the surrogate.

Nights are fought by the simulator with fire units and rounds taken away at random. Of the threats of a class, the share
that leaks is then fitted as

.. math:: \frac{\text{leakers}_c}{n_c} = \exp\Big(b_c + \gamma_c \ln\frac{n_c}{\bar n_c}
   - \sum_a \theta_{ca} y_a\Big), \qquad \theta \ge 0,

with :math:`y_a` fire units in service that are supplied for arm a, by quasi-Poisson likelihood. People exposed are
fitted as a sum over leakers and threats, and rounds fired as a sum over supplied units times threats, both with factors
of 0 or more. Assumed: that units of a kind count alike wherever they stand, that arms multiply, and that what others
fire does not change with one's own supply. The fit is judged on nights it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, Philox
from scipy.optimize import minimize, nnls

from koepel._kernel import columns as c
from koepel._kernel.setup import ABSENT, EVENT, UP, Standing
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.scenario import Scenario
from koepel.simulate import n_columns

NIGHTS = 4096
SPREAD = 0.4  # of the log of the strength of a night's raids
SUPPLIED = 0.75  # of nights in which an arm has rounds
HELD_OUT = 0.25
RIDGE = 1e-3  # keeps a class that hardly leaks from an endless effect


@dataclass(frozen=True, eq=False)
class Nights:
    """Nights that were fought, each with some of the fire units and some of the rounds.

    Attributes
    ----------
    threats, leaked
        By class. Shape (nights, C).
    exposed
        People. Shape (nights,).
    supplied
        Fire units in service with rounds, by arm. Shape (nights, A).
    fired
        Rounds by arm. Shape (nights, A).
    """

    threats: np.ndarray
    leaked: np.ndarray
    exposed: np.ndarray
    supplied: np.ndarray
    fired: np.ndarray


@dataclass(frozen=True, eq=False)
class Response:
    """The fitted formula.

    Attributes
    ----------
    base, size_power, mean_threats
        b, gamma and the mean number of threats in a night, by class. Shape (C,).
    effect
        theta. Shape (C, A).
    people, debris
        People exposed by one leaker, and by one threat in any case, by class. Shape (C,).
    use
        Rounds that a supplied unit fires for each threat of a class. Shape (A, C).
    skill
        Part of the deviance between nights, not seen in the fit, that it explains, by class; NaN where too few leak.
    """

    base: np.ndarray
    size_power: np.ndarray
    mean_threats: np.ndarray
    effect: np.ndarray
    people: np.ndarray
    debris: np.ndarray
    use: np.ndarray
    skill: np.ndarray

    def leaking(self, threats: np.ndarray) -> np.ndarray:
        """Leakers of each class where no arm is, for so many threats in a night."""
        size = np.divide(threats, self.mean_threats, out=np.ones_like(threats, float), where=self.mean_threats > 0)
        return threats * np.exp(self.base + self.size_power * np.log(np.maximum(size, 1e-3)))


def arms_of(scenario: Scenario, followed: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Arm -> types of fire unit that have it: effectors whose rounds are followed, and types that fire others.

    A type counts as an arm of its own where it has a magazine that never runs out.
    """
    catalogue, arms = scenario.catalogue(), {name: [] for name in followed}
    for unit in scenario.defence.fire_units:
        held = list(unit.magazines or catalogue.fire_units[unit.type].effectors)
        for name in held:
            if name in arms and unit.type not in arms[name]:
                arms[name].append(unit.type)
        if any(name not in arms for name in held):
            arms.setdefault(unit.type, [])
            if unit.type not in arms[unit.type]:
                arms[unit.type].append(unit.type)
    return {name: tuple(types) for name, types in arms.items() if types}


def fight_nights(scenario: Scenario, arms: dict[str, tuple[str, ...]], followed: tuple[str, ...], seed: int,
                 nights: int = NIGHTS) -> Nights:  # fmt: skip
    """Nights with fire units and rounds taken away at random, and raids stronger or weaker.

    Parameters
    ----------
    scenario
        With all fire units that could be there.
    """
    from koepel._kernel.night import nights as fight
    from koepel._kernel.season import raid_counts

    arrays = scenario_arrays(scenario, fielded=True)
    draw = Generator(Philox(key=[seed & 0xFFFFFFFFFFFFFFFF, 0x72657370]))
    types = np.array([unit.type for unit in scenario.defence.fire_units], object)
    present = np.empty((nights, len(types)), bool)
    for kind in dict.fromkeys(types.tolist()):
        of = np.flatnonzero(types == kind)
        present[:, of] = draw.uniform(size=(nights, len(of))) < draw.uniform(0.1, 1.0, (nights, 1))
    has = {name: draw.uniform(size=nights) < SUPPLIED for name in arms if name in followed}
    unit_row = {name: u for u, name in enumerate(arrays.units)}
    rounds = np.full((nights, len(arrays.magazines)), -1, np.int64)
    for m, (_, effector) in enumerate(arrays.magazines):
        if effector in has:
            rounds[~has[effector], m] = 0
    pattern = arrays.setup.pattern
    counts = np.zeros((nights, len(pattern.group_key)), np.int64)
    raid_counts(
        pattern, seed, 0, 0, draw.standard_normal(nights), np.exp(SPREAD * draw.standard_normal(nights)), counts
    )
    fired = np.zeros((nights, len(arrays.magazines)), np.int64)
    floor = np.repeat(arrays.setup.defence.floor[None], nights, axis=0)
    status = np.where(present, UP, ABSENT).astype(np.int64)
    standing = Standing(0, 0, np.ones(nights, bool), counts, rounds, status, floor,
                        np.ones((nights, len(arrays.effectors))), fired)  # fmt: skip
    rows = np.empty((nights, n_columns(arrays)))
    places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
    fight(arrays.setup, seed, 0, nights, standing, rows, places, zones, np.empty(0, EVENT))
    return _counted(arrays, types, arms, has, present[:, [unit_row[n] for n in arrays.units]], rows, fired)


def _counted(arrays: ScenarioArrays, types, arms, has, present, rows, fired) -> Nights:
    """What a night came to, by class and by arm."""
    wide = len(arrays.types) * len(c.PER_TYPE)
    by_type = rows[:, :wide].reshape(len(rows), len(arrays.types), len(c.PER_TYPE))
    of = np.zeros((len(arrays.types), len(c.CLASSES)))
    of[np.arange(len(of)), arrays.setup.types.group] = 1.0
    exposed = rows[:, rows.shape[1] - len(c.SCALARS) + c.O_EXPOSED]
    supplied, shots = np.zeros((len(rows), len(arms))), np.zeros((len(rows), len(arms)))
    for a, (name, kinds) in enumerate(arms.items()):
        supplied[:, a] = present[:, np.isin(types, kinds)].sum(axis=1) * has.get(name, 1.0)
        shots[:, a] = fired[:, [m for m, (_, effector) in enumerate(arrays.magazines) if effector == name]].sum(axis=1)
    threats = by_type[:, :, : len(c.FATES)].sum(axis=2) @ of
    return Nights(threats, by_type[:, :, c.LEAKED] @ of, np.nan_to_num(exposed), supplied, shots)


def fit_response(nights: Nights, weights: np.ndarray | None = None) -> Response:
    """The formula that the nights are most likely under.

    Parameters
    ----------
    weights
        Of the nights, for a resampled fit. Shape (nights,).
    """
    n = len(nights.exposed)
    weights = np.ones(n) if weights is None else weights
    seen = np.arange(n) < n * (1 - HELD_OUT)
    C, A = nights.threats.shape[1], nights.supplied.shape[1]
    mean = nights.threats.mean(axis=0)
    base, power, effect, skill = np.zeros(C), np.zeros(C), np.zeros((C, A)), np.full(C, np.nan)
    for k in range(C):
        if nights.leaked[:, k].sum() < 1:
            base[k] = -20.0
            continue
        params = _fit_class(nights, k, weights * seen, mean[k])
        skill[k] = _explained(nights, k, params, weights * ~seen, mean[k])
        base[k], power[k], effect[k] = params[0], params[1], params[2:]
    sides = np.hstack([nights.leaked, nights.threats])
    root = np.sqrt(weights)
    shares, _ = nnls(sides * root[:, None], nights.exposed * root)
    use = np.array([nnls(nights.supplied[:, [a]] * nights.threats * root[:, None], nights.fired[:, a] * root)[0]
                    for a in range(A)]).reshape(A, C)  # fmt: skip
    return Response(base, power, mean, effect, shares[:C], shares[C:], use, skill)


def _fit_class(nights: Nights, k: int, weights: np.ndarray, mean: float) -> np.ndarray:
    """b, gamma and theta of one class: weighted Poisson likelihood, theta of 0 or more."""
    sides, number, leaked = _sides(nights, k, mean)

    def loss(params: np.ndarray) -> tuple[float, np.ndarray]:
        expected = number * np.exp(np.minimum(sides @ params, 3.0))
        slack = weights * (expected - leaked)
        value = float(weights @ (expected - leaked * (sides @ params)))
        penalty = RIDGE * weights.sum()
        return value + penalty * params[2:] @ params[2:], sides.T @ slack + np.r_[0, 0, 2 * penalty * params[2:]]

    start = np.zeros(sides.shape[1])
    share = weights @ leaked / max(weights @ number, 1e-12)
    start[0] = np.log(max(share, 1e-9)) / 2
    start[2:] = -start[0] / max(nights.supplied.mean(axis=0).sum(), 1.0)
    bounds = [(None, 0.0), (-0.8, 1.0), *[(0.0, None)] * (len(start) - 2)]
    return minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 400}).x


def _sides(nights: Nights, k: int, mean: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the log of the share is linear in; threats and leakers of the class."""
    number = nights.threats[:, k]
    size = np.log(np.maximum(number, 1e-3 * mean) / mean)
    return np.column_stack([np.ones(len(number)), size, -nights.supplied]), number, nights.leaked[:, k]


def _explained(nights: Nights, k: int, params: np.ndarray, weights: np.ndarray, mean: float) -> float:
    """Share of the Poisson deviance of unseen nights that the fit explains."""
    sides, number, leaked = _sides(nights, k, mean)
    share = weights @ leaked / max(weights @ number, 1e-12)

    def deviance(expected: np.ndarray) -> float:
        ratio = np.log(np.maximum(leaked, 1e-12) / np.maximum(expected, 1e-12))
        return float(2 * weights @ (np.where(leaked > 0, leaked * ratio, 0.0) - leaked + expected))

    null = deviance(number * share)
    return 1.0 - deviance(number * np.exp(sides @ params)) / null if null > 0 else float("nan")


def resampled(nights: Nights, draw: int, seed: int) -> Response:
    """The formula fitted again, on nights drawn from those fought: how sure it is."""
    source = Generator(Philox(key=[seed & 0xFFFFFFFFFFFFFFFF, 0x626F6F74 + draw]))
    pairs = source.poisson(1.0, (len(nights.exposed) + 1) // 2).astype(float)  # runs 2k and 2k + 1 share their figures
    return fit_response(nights, np.repeat(pairs, 2)[: len(nights.exposed)])
