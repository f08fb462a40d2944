"""What a placement has to cover: routes drawn from the scenario's own raid pattern, each weighted by its harm.

A cell is one drawn route. Its weight is the share of the harm that its threat would do if nothing stopped it. The
patterns are fixed before anything is placed: the scenario's own, and variations of how often its groups come. Routes,
times and aim points stay as they are drawn; nothing looks for those that a defence covers badly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import chance
from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.errors import PlanError
from koepel.scenario import Scenario

NIGHTS = 400
RAID_NIGHTS = 8  # of a given raid: only heights and speeds differ
MOST_CELLS = 2000
SCALED = 3.0  # how much more often a group comes in the pattern named after it; assumed
AS_GIVEN, DRONES, MISSILES = "as given", "drones only", "missiles only"
HARMS = ("exposed", "damage")
BLOCKS = (c.THREAT, c.EFFECTOR, c.UNIT, c.MAGAZINE, c.SENSOR, c.GENERAL, ("high_share",), c.NEAR)


@dataclass(frozen=True, eq=False)
class Cells:
    """Drawn routes with their weights.

    Attributes
    ----------
    type
        Row of the threat type. Shape (n,).
    height_m, speed_rad
        As drawn: metres, radians of arc a second. Shape (n,).
    legs
        Start, tangent, arc and arc flown before, as the kernels have them; cell by cell. Shape (legs, 8).
    first
        First leg of each cell. Shape (n,).
    weights
        Share of the harm, by pattern; each row sums to 1. Shape (patterns, n).
    numbers
        Threats that each cell stands for, up to a factor. Shape (n,).
    company
        Threats of its class in its night, decoys and itself included. Shape (n,).
    patterns
        Names of the patterns; the first is the scenario's own.
    harm
        Harm of a night if nothing is stopped: people exposed, or US dollars.
    """

    type: np.ndarray
    height_m: np.ndarray
    speed_rad: np.ndarray
    legs: np.ndarray
    first: np.ndarray
    weights: np.ndarray
    numbers: np.ndarray
    company: np.ndarray
    patterns: tuple[str, ...]
    harm: float

    def __len__(self) -> int:
        return len(self.type)

    @property
    def last(self) -> np.ndarray:
        """Last leg of each cell. Shape (n,)."""
        return np.append(self.first[1:], len(self.legs)) - 1


def middles(arrays: ScenarioArrays) -> tuple[np.ndarray, ...]:
    """The middle of every uncertain figure, as tables in the order of `BLOCKS`."""
    figures = arrays.setup.figures
    values = 0.5 * (figures.low + figures.high)
    return tuple(
        values[figures.at[k] : figures.at[k + 1]].reshape(-1, len(columns)) for k, columns in enumerate(BLOCKS)
    )


def draw_cells(
    scenario: Scenario,
    *,
    seed: int,
    worst_case: bool = False,
    harm: str = "exposed",
    nights: int = NIGHTS,
    most: int = MOST_CELLS,
) -> Cells:
    """Routes of many nights, thinned to the most that are asked for.

    Thinning is systematic, with a chance that goes with the mean weight over the patterns; what is kept stands for
    what is left out, so that each pattern's sums stay as they are on average.

    Parameters
    ----------
    worst_case
        With the variations of the pattern; else the scenario's own alone.
    harm
        ``exposed``, people near the impact; or ``damage``, US dollars.

    Raises
    ------
    PlanError
        If nothing that comes does harm.

    Examples
    --------
    >>> cells = draw_cells(Scenario.read("small-country"), seed=1, nights=10, most=50)
    >>> len(cells) <= 50, cells.patterns, round(float(cells.weights.sum()), 9)
    (True, ('as given',), 1.0)
    """
    arrays = scenario_arrays(unarmed(scenario))
    nights = nights if scenario.raid is None else RAID_NIGHTS
    threats, legs, night = _nights(arrays, seed, nights)
    worth = _harm(arrays, threats, harm)
    if not worth.sum() > 0:
        raise PlanError(f"harm: nothing that comes does harm of the kind {harm!r}; give another kind, or settlements")
    patterns = _variations(scenario, arrays, threats) if worst_case else {AS_GIVEN: np.ones(len(worth))}
    weights = np.array([factor * worth for factor in patterns.values()])
    kept = weights.sum(axis=1) > 0
    names = tuple(name for name, there in zip(patterns, kept, strict=True) if there)
    weights = weights[kept] / weights[kept].sum(axis=1, keepdims=True)
    chosen, weights, numbers = _thinned(weights, most)
    counts = (threats["last"] - threats["first"])[chosen]
    rows = np.concatenate([np.arange(t["first"], t["last"]) for t in threats[chosen]])
    return Cells(
        type=threats["type"][chosen].astype(np.int64),
        height_m=threats["height_m"][chosen],
        speed_rad=threats["speed_rad"][chosen],
        legs=legs[rows],
        first=np.append(0, np.cumsum(counts)[:-1]).astype(np.int64),
        weights=weights,
        numbers=numbers,
        company=_company(arrays, threats["type"], night)[chosen],
        patterns=names,
        harm=float(worth.sum()) / nights,
    )


def unarmed(scenario: Scenario) -> Scenario:
    """The scenario without sensors and fire units: the same raids on the same seeds."""
    defence = scenario.defence.model_copy(update={"fire_units": (), "sensors": ()})
    return scenario.model_copy(update={"defence": defence, "supply": None})


def _nights(arrays: ScenarioArrays, seed: int, nights: int):
    """Threats and legs of many nights, and the night of each threat."""
    from koepel._kernel.night import nights as fight
    from koepel._kernel.setup import ALONE, EVENT

    wide = len(arrays.types) * len(c.PER_TYPE) + 2 * len(arrays.effectors) + len(c.SCALARS)
    row, no_log = np.empty((1, wide)), np.empty(0, EVENT)
    places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
    threats, legs, n_legs = [], [], 0
    for run in range(nights):
        some, their_legs, _, _ = fight(arrays.setup, seed, run, 1, ALONE, row, places, zones, no_log)
        used = int(some["last"].max(initial=0))
        some["first"] += n_legs
        some["last"] += n_legs
        threats.append(some)
        legs.append(their_legs[:used])
        n_legs += used
    return np.concatenate(threats), np.concatenate(legs), np.repeat(np.arange(nights), [len(some) for some in threats])


def _company(arrays: ScenarioArrays, of_type: np.ndarray, night: np.ndarray) -> np.ndarray:
    """Threats of the same class in the same night, for each threat."""
    one = night * len(c.CLASSES) + arrays.setup.types.group[of_type]
    return np.bincount(one)[one]


def _group_of(arrays: ScenarioArrays, names: np.ndarray) -> np.ndarray:
    """Group of each threat: they come group by group, and the first of a group is known by its name."""
    keys = arrays.setup.pattern.group_key
    first = np.array([chance.mixed(key, np.uint64(0)) for key in keys], np.uint64)
    group = np.full(len(names), -1, np.int64)
    for g, name in enumerate(first):
        group[names == name] = g
    begins = np.flatnonzero(group >= 0)
    if not len(begins):
        return group
    return group[begins[np.maximum(np.searchsorted(begins, np.arange(len(names)), side="right") - 1, 0)]]


def _harm(arrays: ScenarioArrays, threats: np.ndarray, harm: str) -> np.ndarray:
    """Harm of each threat that nothing stops, with middle figures; as `koepel._kernel.tally.impact` counts it."""
    figures, general = middles(arrays)[0][threats["type"]], middles(arrays)[5][0]
    pattern, aim = arrays.setup.pattern, threats["aim"]
    if harm == "exposed":
        area_km2 = np.pi * (figures[:, c.T_EXPOSURE] / 1e3) ** 2
        people = pattern.aim_people[aim] if len(pattern.aim_people) else np.zeros(len(aim))
        worth = np.where(aim >= 0, np.minimum(people, general[c.G_DENSITY] * area_km2), 0.0)
    else:
        value = pattern.aim_value_usd[aim] if len(pattern.aim_value_usd) else np.full(len(aim), -1.0)
        value = np.where((aim >= 0) & (value >= 0), value, np.inf)
        worth = np.minimum(value, figures[:, c.T_DAMAGE])
    return worth * (1.0 - figures[:, c.T_FAIL]) * (threats["kind"] != c.DECOY)


def _variations(scenario: Scenario, arrays: ScenarioArrays, threats: np.ndarray) -> dict[str, np.ndarray]:
    """Factors on the weights by pattern: as given, one class of threats alone, each group more often."""
    group = _group_of(arrays, threats["name"])
    missile = np.array(c.MISSILES)[arrays.setup.types.group][threats["type"]]
    patterns = {AS_GIVEN: np.ones(len(group)), DRONES: 1.0 - missile, MISSILES: 1.0 * missile}
    for g, one in enumerate(scenario.pattern.groups if scenario.pattern else ()):
        patterns[f"more of {one.name}"] = np.where(group == g, SCALED, 1.0)
    return patterns


def _thinned(weights: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which threats are kept, their weights, and for how many each stands; equal steps along the mean weight."""
    mean = weights.mean(axis=0)
    if (mean > 0).sum() <= most:
        chosen = np.flatnonzero(mean > 0)
        return chosen, weights[:, chosen], np.ones(len(chosen))
    steps = (np.arange(most) + 0.5) / most
    picked = np.minimum(np.searchsorted(np.cumsum(mean) / mean.sum(), steps), len(mean) - 1)
    chosen, times = np.unique(picked, return_counts=True)
    numbers = times / mean[chosen]
    kept = weights[:, chosen] * numbers
    return chosen, kept / kept.sum(axis=1, keepdims=True), numbers
