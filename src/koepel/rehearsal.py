"""The same nights fought again after a change of the defence: what a map answers while a fire unit is dragged.

A rehearsal keeps the nights of the scenario that one started from. Every change is fought on the same luck, so each
difference is paired night by night. Where nothing but places differ, only the threats that pass what was moved are met
anew (`koepel._kernel.again`). The bits are those of `koepel.simulate.simulate`: nights are fought one by one here, and
their sums over places and zones are carried on in the same chunks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.setup import Setup
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.errors import UsageError
from koepel.outcome import Figure, Outcomes, figure
from koepel.scenario import Scenario, digest
from koepel.simulate import CHUNK, DEFAULT_SEED, announce, n_columns

MOST_RUNS = 20_000
MOST_KEPT = 400  # nights; what one of a large country met takes 0.2 MB


@dataclass(frozen=True, eq=False)
class Nights:
    """Nights of one scenario, with more of each than `Outcomes` keeps.

    Attributes
    ----------
    scenario, arrays
        What was fought.
    outcomes
        As `koepel.simulate.simulate` gives them, bit for bit; the digest of a change is not reckoned.
    hits
        Impacts that do harm, in each night and at each place. Shape (runs, places).
    kept
        What each night met before it was fought, for the next that differs from it in places alone; see
        `koepel._kernel.again`. Empty where there are more than `MOST_KEPT` nights.
    aimed, stopped
        Threats aimed at each place, and those of them that did not arrive, by reporting class, over all nights.
        Shapes (places, classes).
    """

    scenario: Scenario
    arrays: ScenarioArrays
    outcomes: Outcomes
    hits: np.ndarray
    aimed: np.ndarray
    stopped: np.ndarray
    kept: tuple[tuple, ...] = field(repr=False, default=())


class Rehearsal:
    """The nights from which changes are reckoned.

    Parameters
    ----------
    runs
        Nights; each change is fought on the same.
    workers
        Threads; all cores where none is given.

    Raises
    ------
    UsageError
        For a number of runs that makes no sense.
    ScenarioError
        With every fault of the scenario.

    Examples
    --------
    >>> import koepel
    >>> small = koepel.Scenario.read("small-country")
    >>> rehearsal = Rehearsal(small, runs=4, seed=7)
    >>> rehearsal.differences(rehearsal.fight(small))["leaked"].mean
    0.0
    """

    def __init__(
        self, scenario: Scenario, runs: int = 200, *, seed: int = DEFAULT_SEED, workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ):  # fmt: skip
        if not 1 <= runs <= MOST_RUNS:
            raise UsageError(f"runs: found {runs}; give a whole number from 1 to {MOST_RUNS:,}")
        scenario.check()
        announce("again.night_again")
        self.runs, self.seed = runs, seed
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers)
        self.start = self._nights(scenario, scenario_arrays(scenario), progress)

    def fight(
        self, scenario: Scenario, progress: Callable[[int, int], None] | None = None, *, near: Nights | None = None
    ) -> Nights:
        """The same nights under a scenario; quick where its defence alone differs from that of the start.

        The scenario is not checked: whoever changes it looks at what he changes.

        Parameters
        ----------
        near
            Nights of this rehearsal from which the scenario differs least, those of the start where none are given.
            Where nothing but places differ, only the threats that pass them are met anew. The answer is the same.
        """
        near = near or self.start
        arrays = scenario_arrays(scenario, like=(self.start.scenario, self.start.arrays))
        return self._nights(scenario, arrays, progress, near=near)

    def differences(self, after: Nights) -> dict[str, Figure]:
        """Each measure after the change less the same at the start, paired night by night."""
        a, b = self.start.outcomes, after.outcomes
        shown = {name: b.nights(name) - a.nights(name) for name in ("leaked", "impacts", "exposed", "debris")}
        shown["defender_usd"] = b.nights("defender_usd") - a.nights("defender_usd")
        shown["alarm_hours"] = b.nights("alarm_hours") - a.nights("alarm_hours")
        for name in c.CLASSES:
            shown[f"leaked: {name}"] = b.of_class(name)[:, c.LEAKED] - a.of_class(name)[:, c.LEAKED]
        return {name: figure(values) for name, values in shown.items()}

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(cancel_futures=True)

    def _nights(self, scenario: Scenario, arrays: ScenarioArrays, progress, *, near: Nights | None = None) -> Nights:
        started = time.perf_counter()
        firsts, keeps = range(0, self.runs, CHUNK), self.runs <= MOST_KEPT
        moves = moved_sites(near.arrays.setup, arrays.setup) if near and near.kept else None
        kept = near.kept if moves is not None else (nothing_kept(),) * self.runs
        under_way = [
            self._pool.submit(_chunk, arrays, self.seed, f, kept[f : min(f + CHUNK, self.runs)], moves, keeps)
            for f in firsts
        ]
        chunks = []
        try:
            for future in under_way:
                chunks.append(future.result())
                if progress:
                    progress(min(len(chunks) * CHUNK, self.runs), self.runs)
        finally:
            for future in under_way:
                future.cancel()
        rows, places, zones, hits, aimed, stopped, kept, cpu_seconds = zip(*chunks)
        outcomes = Outcomes(
            scenario=scenario.name,
            digest="" if near else digest(scenario),
            seed=self.seed,
            runs=self.runs,
            rules="full",
            types=arrays.types,
            classes=tuple(c.CLASSES[k] for k in arrays.setup.types.group),
            effectors=arrays.effectors,
            place_names=arrays.places,
            zone_names=arrays.zones,
            rows=np.concatenate(rows),
            places=sum(places[1:], places[0]),
            zones=sum(zones[1:], zones[0]),
            cpu_seconds=sum(cpu_seconds),
            wall_seconds=time.perf_counter() - started,
        )
        return Nights(scenario, arrays, outcomes, np.concatenate(hits), sum(aimed), sum(stopped), sum(kept, ()))


def mean_and_half_width(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over the nights, and half their 95 % intervals, of many measures at once; see `koepel.outcome.figure`.

    Parameters
    ----------
    values
        Shape (runs, measures); of two runs or more an interval is known, else it is NaN.
    """
    from scipy.special import stdtrit

    mean = values.mean(axis=0)
    if len(values) >= 4:
        values = values[: len(values) // 2 * 2].reshape(-1, 2, values.shape[1]).mean(axis=1)
    if len(values) < 2:
        return mean, np.full(len(mean), np.nan)
    return mean, stdtrit(len(values) - 1, 0.975) * values.std(axis=0, ddof=1) / np.sqrt(len(values))


def nothing_kept() -> tuple:
    """What a night that was not fought before has kept."""
    from koepel._kernel.setup import ALARM_NOW, ENCOUNTER, THREAT_NOW

    return np.zeros(0, THREAT_NOW), np.empty((0, 8)), np.zeros(0, ENCOUNTER), np.zeros(0, ALARM_NOW)


def moved_sites(before: Setup, after: Setup) -> tuple[np.ndarray, np.ndarray] | None:
    """Sites that stand elsewhere, and where they stood; None where more than places differ.

    Rule, salvo, looks and policy may differ: they are of the fight, not of what is met.
    """
    ground, was = after.ground, before.ground
    same_raid = before.pattern is after.pattern and ground.earth_radius_m == was.earth_radius_m
    same_rules = (before.rules.plain, before.rules.doubt) == (after.rules.plain, after.rules.doubt)
    if not same_raid or not same_rules or len(ground.site_xyz) != len(was.site_xyz):
        return None
    of_fight = {"unit_xyz", "salvo", "looks", "floor", "value_usd", "linger_s"}
    of_ground = ("site_kind", "site_owner", "site_circle", "circle_kind", "circle_of", "zone_radius_m")
    pairs = [(getattr(before.figures, name), getattr(after.figures, name)) for name in after.figures._fields]
    pairs += [(getattr(before.types, name), getattr(after.types, name)) for name in after.types._fields]
    pairs += [
        (getattr(before.defence, name), getattr(after.defence, name))
        for name in after.defence._fields
        if name not in of_fight
    ]
    pairs += [(getattr(was, name), getattr(ground, name)) for name in of_ground]
    if not all(np.array_equal(a, b) for a, b in pairs):
        return None
    moved = np.flatnonzero((ground.site_xyz != was.site_xyz).any(axis=1))
    return moved, was.site_xyz[moved]


def _chunk(arrays: ScenarioArrays, seed: int, first_run: int, kept: tuple[tuple, ...], moves, keeps: bool):
    """One chunk of nights: rows, sums over places and zones, hits by night, aims, what is kept, CPU seconds."""
    from koepel._kernel.again import night_again
    from koepel._kernel.setup import ALONE

    started = time.thread_time()
    n_runs, n_places, n_zones = len(kept), len(arrays.places), len(arrays.zones)
    moved, before = moves if moves is not None else (np.zeros(0, np.int64), np.zeros((0, 3)))
    rows, hits, keep = np.empty((n_runs, n_columns(arrays))), np.empty((n_runs, n_places), np.int32), []
    places, zones = np.zeros((n_places, 4)), np.zeros((n_zones, 3))
    aims, arrived = [], []
    for r in range(n_runs):
        so_far = places[:, 0].copy()
        threats, *mustered = night_again(
            arrays.setup, seed, first_run + r, ALONE, kept[r], moved, before, rows[r], places, zones
        )
        if keeps:
            keep.append(tuple(mustered))
        hits[r] = places[:, 0] - so_far
        threats = threats[threats["aim"] >= 0]
        aims.append(threats["aim"] * len(c.CLASSES) + arrays.setup.types.group[threats["type"]])
        arrived.append(threats["fate"] == c.LEAKED)
    at, through = np.concatenate(aims), np.concatenate(arrived)
    counts = [np.bincount(one, minlength=n_places * len(c.CLASSES)) for one in (at, at[~through])]
    aimed, stopped = (one.reshape(n_places, len(c.CLASSES)) for one in counts)
    return rows, places, zones, hits, aimed, stopped, tuple(keep), time.thread_time() - started
