"""The same nights fought again after a change of the defence: what a map answers while a fire unit is dragged.

A rehearsal keeps the nights of the scenario that one started from. Every change is fought on the same luck, so each
difference is paired night by night. The bits are those of `koepel.simulate.simulate`: nights are fought one by one
here, and their sums over places and zones are carried on in the same chunks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.errors import UsageError
from koepel.outcome import Figure, Outcomes, figure
from koepel.scenario import Scenario, digest
from koepel.simulate import CHUNK, DEFAULT_SEED, announce, n_columns

MOST_RUNS = 20_000


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
        announce()
        self.runs, self.seed = runs, seed
        self._workers = workers or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers)
        self.start = self._nights(scenario, scenario_arrays(scenario), progress, start=True)

    def fight(self, scenario: Scenario, progress: Callable[[int, int], None] | None = None) -> Nights:
        """The same nights under a scenario; quick where its defence alone differs from that of the start.

        The scenario is not checked: whoever changes it looks at what he changes.
        """
        like = (self.start.scenario, self.start.arrays)
        return self._nights(scenario, scenario_arrays(scenario, like=like), progress)

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

    def _nights(self, scenario: Scenario, arrays: ScenarioArrays, progress, *, start: bool = False) -> Nights:
        started = time.perf_counter()
        firsts = range(0, self.runs, CHUNK)
        under_way = [self._pool.submit(_chunk, arrays, self.seed, f, min(CHUNK, self.runs - f)) for f in firsts]
        chunks = []
        try:
            for future in under_way:
                chunks.append(future.result())
                if progress:
                    progress(min(len(chunks) * CHUNK, self.runs), self.runs)
        finally:
            for future in under_way:
                future.cancel()
        rows, places, zones, hits, aimed, stopped, cpu_seconds = zip(*chunks)
        outcomes = Outcomes(
            scenario=scenario.name,
            digest=digest(scenario) if start else "",
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
        return Nights(scenario, arrays, outcomes, np.concatenate(hits), sum(aimed), sum(stopped))


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


def _chunk(arrays: ScenarioArrays, seed: int, first_run: int, n_runs: int):
    """One chunk of nights: rows, sums over places and zones, hits by night and place, aims, CPU seconds."""
    from koepel._kernel.night import nights
    from koepel._kernel.setup import ALONE, EVENT

    started = time.thread_time()
    rows = np.empty((n_runs, n_columns(arrays)))
    n_places, n_zones, no_log = len(arrays.places), len(arrays.zones), np.empty(0, EVENT)
    places, zones = np.zeros((n_places, 4)), np.zeros((n_zones, 3))
    hits = np.empty((n_runs, n_places), np.int32)
    aimed, stopped = np.zeros(n_places * len(c.CLASSES), np.int64), np.zeros(n_places * len(c.CLASSES), np.int64)
    for r in range(n_runs):
        before = places[:, 0].copy()
        threats, *_ = nights(arrays.setup, seed, first_run + r, 1, ALONE, rows[r : r + 1], places, zones, no_log)
        hits[r] = places[:, 0] - before
        threats = threats[threats["aim"] >= 0]
        at = threats["aim"] * len(c.CLASSES) + arrays.setup.types.group[threats["type"]]
        aimed += np.bincount(at, minlength=len(aimed))
        stopped += np.bincount(at[threats["fate"] != c.LEAKED], minlength=len(aimed))
    shape = (n_places, len(c.CLASSES))
    return rows, places, zones, hits, aimed.reshape(shape), stopped.reshape(shape), time.thread_time() - started
