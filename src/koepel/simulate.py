"""One raid by the clock; many by the seed.

A night is fought by `koepel._kernel.night.nights`: draw the raid, find what it meets, build the picture,
fight, count. Here the nights are dealt out to threads in chunks whose size does not depend on the number
of threads, so neither do the answers.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from koepel._kernel import CACHE_FOLDER
from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.comparison import Comparison, comparison_of
from koepel.errors import UsageError
from koepel.outcome import Outcomes, ratio
from koepel.scenario import Scenario, digest

log = logging.getLogger("koepel")
CHUNK = 32
MOST_RUNS = 10_000_000
DEFAULT_SEED = 1
RULES = ("full", "plain")


def simulate(
    scenario: Scenario,
    runs: int = 1000,
    *,
    seed: int = DEFAULT_SEED,
    rules: str = "full",
    precision: float | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcomes:
    """Fight many nights of a scenario.

    The answer depends on the scenario, the seed, the number of runs and the rules, and on nothing else:
    run k is the same night however many runs and workers there are.

    Parameters
    ----------
    runs
        Nights to fight; with ``precision``, the most.
    rules
        ``full``, or ``plain``: no sensors, sharing, soft kill, reload, horizon, terminal footprint or
        input doubt; a fixed fire cycle, first in first out at each site, sites uncoordinated.
    precision
        Stop when the 95 % interval of the mean leaker share is at most this wide; looked at after every
        eight chunks of nights.
    workers
        Threads; all cores where none is given.
    progress
        Called with nights done and nights asked for.

    Raises
    ------
    UsageError
        For a number of runs, a precision or rules that make no sense.
    ScenarioError
        With every fault of the scenario.

    Examples
    --------
    >>> import koepel
    >>> night = koepel.simulate(koepel.Scenario.read("small-country"), runs=4, seed=7)
    >>> int(night.nights("threats")[0]) == int(night.nights("killed")[0] + night.nights("lost")[0]
    ...     + night.nights("fell")[0] + night.nights("leaked")[0])
    True
    """
    _check_usage(runs, rules, precision, seed)
    scenario.check()
    announce()
    arrays = scenario_arrays(scenario, plain=rules == "plain")
    fight_chunk(arrays, 0, 0, 0)  # load or compile the kernels before the clock starts
    started = time.perf_counter()
    rows = np.empty((runs, n_columns(arrays)))
    places = np.zeros((len(arrays.places), 4))
    zones = np.zeros((len(arrays.zones), 3))
    done, cpu_seconds = 0, 0.0
    for chunk_rows, chunk_places, chunk_zones, chunk_cpu in _chunks(arrays, seed, runs, workers):
        rows[done : done + len(chunk_rows)] = chunk_rows
        places += chunk_places
        zones += chunk_zones
        cpu_seconds += chunk_cpu
        done += len(chunk_rows)
        if progress:
            progress(done, runs)
        if precision and done % (8 * CHUNK) == 0 and _precise(rows[:done], arrays, precision, rules):
            break
    else:
        if precision and not _precise(rows[:done], arrays, precision, rules):
            log.warning("the precision of %g is not reached in %d runs; give more", precision, runs)
    return Outcomes(
        scenario=scenario.name,
        digest=digest(scenario),
        seed=seed,
        runs=done,
        rules=rules,
        types=arrays.types,
        classes=tuple(c.CLASSES[k] for k in arrays.setup.types.group),
        effectors=arrays.effectors,
        place_names=arrays.places,
        zone_names=arrays.zones,
        rows=rows[:done],
        places=places,
        zones=zones,
        cpu_seconds=cpu_seconds,
        wall_seconds=time.perf_counter() - started,
    )


def _check_usage(runs: int, rules: str, precision: float | None, seed: int) -> None:
    if not -(2**63) <= seed < 2**63:
        raise UsageError(f"seed: found {seed}; give a whole number of at most 18 digits")
    if not 1 <= runs <= MOST_RUNS:
        raise UsageError(f"runs: found {runs}; give a whole number from 1 to {MOST_RUNS:,}")
    if rules not in RULES:
        raise UsageError(f"rules: found {rules!r}; give {' or '.join(RULES)}")
    if precision is not None and not 0 < precision < 1:
        raise UsageError(f"precision: found {precision}; give a width of the leaker share between 0 and 1")


def n_columns(arrays: ScenarioArrays) -> int:
    """How many numbers a night's row has."""
    return len(arrays.types) * len(c.PER_TYPE) + 2 * len(arrays.effectors) + len(c.SCALARS)


def announce(kernel: str = "night.nights") -> None:
    """Say so when the kernels will have to be compiled, before anything is."""
    if not any(Path(CACHE_FOLDER).glob(f"**/{kernel}*.nbi")):
        log.warning("koepel compiles its kernels, once on this machine; this takes about a minute")


def fight_chunk(arrays: ScenarioArrays, seed: int, first_run: int, n_runs: int):
    """One chunk of nights: rows, sums over places and zones, CPU seconds."""
    from koepel._kernel.night import nights
    from koepel._kernel.setup import ALONE, EVENT

    started = time.thread_time()
    rows = np.empty((n_runs, n_columns(arrays)))
    places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
    nights(arrays.setup, seed, first_run, n_runs, ALONE, rows, places, zones, np.empty(0, EVENT))
    return rows, places, zones, time.thread_time() - started


def _chunks(arrays: ScenarioArrays, seed: int, runs: int, workers: int | None) -> Iterator[tuple]:
    """Chunks of nights in order; a few are always under way in other threads (the kernels hold no lock)."""
    workers = workers or os.cpu_count() or 1
    tasks = ((first, min(CHUNK, runs - first)) for first in range(0, runs, CHUNK))
    if workers == 1:
        for first, n in tasks:
            yield fight_chunk(arrays, seed, first, n)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        under_way = deque()
        for first, n in tasks:
            under_way.append(pool.submit(fight_chunk, arrays, seed, first, n))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _precise(rows: np.ndarray, arrays: ScenarioArrays, precision: float, rules: str) -> bool:
    counts = rows[:, : len(arrays.types) * len(c.PER_TYPE)].reshape(len(rows), -1, len(c.PER_TYPE))
    launched = counts[:, :, : len(c.FATES)].sum(axis=(1, 2))
    share = ratio(counts[:, :, c.LEAKED].sum(axis=1), launched, paired=rules != "plain")
    return share.mean_low is not None and share.mean_high - share.mean_low <= precision


def compare(a: Scenario, b: Scenario, runs: int = 1000, *, seed: int = DEFAULT_SEED, **options) -> Comparison:
    """Fight two scenarios on the same luck and take paired differences.

    Threats and fire units that have the same name in both draw the same numbers, so the difference holds
    less chance than two separate answers would.

    Parameters
    ----------
    options
        As for `simulate`.
    """
    return comparison_of(*(simulate(scenario, runs, seed=seed, **options) for scenario in (a, b)))


EVENTS = {0: "fires", 1: "kills", 2: "misses", 3: "wastes", 4: "reloads"}


@dataclass(frozen=True)
class Trace:
    """One night, event by event.

    Attributes
    ----------
    events
        In order of time: ``time_s``, ``event``, ``threat``, ``fire_unit``, ``effector``, ``rounds``.
    threats
        Name, type, route, start, first track, end and fate of each threat; when a decoy was told apart, and until
        when its track lived on.
    """

    scenario: str
    seed: int
    run: int
    events: tuple[dict[str, Any], ...]
    threats: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The trace as plain data."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "run": self.run,
            "events": list(self.events),
            "threats": list(self.threats),
        }

    def summary(self) -> str:
        """One line an event."""
        lines = [f"{self.scenario}: run {self.run}, seed {self.seed}, {len(self.threats)} threats"]
        for event in self.events:
            clock = _clock(event["time_s"])
            by = f"{event['fire_unit']} ({event['effector']})" if event["fire_unit"] else ""
            rounds = f"{event['rounds']} rounds" if event["rounds"] else ""
            lines.append("  ".join(part for part in (clock, by, event["event"], event["threat"], rounds) if part))
        return "\n".join(lines)


def _clock(time_s: float) -> str:
    sign, whole = ("-" if time_s < 0 else " "), int(abs(time_s))
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def trace(scenario: Scenario, run: int = 0, *, seed: int = DEFAULT_SEED, rules: str = "full") -> Trace:
    """Fight one run and tell it event by event; the same night that `simulate` counts as run ``run``."""
    _check_usage(1, rules, None, seed)
    if not 0 <= run < MOST_RUNS:
        raise UsageError(f"run: found {run}; give a whole number from 0 to {MOST_RUNS - 1:,}")
    from koepel._kernel.night import nights
    from koepel._kernel.setup import ALONE, EVENT

    scenario.check()
    announce()
    arrays = scenario_arrays(scenario, plain=rules == "plain")
    rows, room = np.empty((1, n_columns(arrays))), 4096
    while True:
        lines = np.zeros(room, EVENT)
        places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
        threats, legs, n_lines, _ = nights(arrays.setup, seed, run, 1, ALONE, rows, places, zones, lines)
        if n_lines < room:
            break
        room *= 4
    names = _threat_names(arrays, scenario, threats)
    told = tuple(_threat(arrays, names[i], threats[i], legs) for i in range(len(threats)))
    events = [_event(arrays, names, line) for line in lines[:n_lines]]
    for name, threat in zip(names, threats, strict=True):
        events.append(_passive(float(threat["start_s"]), "starts", name))
        if threat["tracked_s"] < threat["end_s"]:
            events.append(_passive(float(threat["tracked_s"]), "is tracked", name))
    return Trace(scenario.name, seed, run, tuple(sorted(events, key=lambda event: event["time_s"])), told)


def _threat_names(arrays: ScenarioArrays, scenario: Scenario, threats) -> list[str]:
    if scenario.raid is not None:
        return list(arrays.threats)
    count: dict[str, int] = {}
    names = []
    for threat in threats:
        kind = arrays.types[threat["type"]]
        count[kind] = count.get(kind, 0) + 1
        names.append(f"{kind} {count[kind]}")
    return names


def _event(arrays: ScenarioArrays, names: list[str], line) -> dict[str, Any]:
    what, magazine = int(line["what"]), int(line["magazine"])
    unit, effector = arrays.magazines[magazine] if magazine >= 0 else ("", "")
    word = EVENTS.get(what) or f"is {c.FATES[what - 5]}" if what - 5 != c.FELL else "fell"
    word = "leaked" if what - 5 == c.LEAKED else word
    return {
        "time_s": float(line["time_s"]),
        "event": word,
        "threat": names[line["threat"]] if line["threat"] >= 0 else "",
        "fire_unit": unit,
        "effector": effector,
        "rounds": int(line["number"]),
    }


def _passive(time_s: float, event: str, threat: str) -> dict[str, Any]:
    return {"time_s": time_s, "event": event, "threat": threat, "fire_unit": "", "effector": "", "rounds": 0}


def _threat(arrays: ScenarioArrays, name: str, threat, legs) -> dict[str, Any]:
    from koepel.geo import lat_lon

    own = legs[threat["first"] : threat["last"]]
    ends = own[-1:, :3] * np.cos(own[-1:, 6:7]) + own[-1:, 3:6] * np.sin(own[-1:, 6:7])
    route = np.asarray(lat_lon(np.vstack([own[:, :3], ends]))).reshape(-1, 2)
    aim = int(threat["aim"])
    return {
        "name": name,
        "type": arrays.types[threat["type"]],
        "route": [[round(float(a), 5), round(float(b), 5)] for a, b in route],
        "start_s": float(threat["start_s"]),
        "impact_s": float(threat["impact_s"]),
        "end_s": float(threat["end_s"]),
        "tracked_s": float(threat["tracked_s"]) if threat["tracked_s"] < threat["end_s"] else None,
        "told_apart_s": float(threat["told_s"]) if threat["told_s"] < threat["end_s"] else None,
        "track_ends_s": float(threat["dead_s"]),
        "aim": arrays.places[aim] if aim >= 0 else None,
        "fate": c.FATES[threat["fate"]],
        "by": " ".join(arrays.magazines[threat["by"]]) if threat["by"] >= 0 else None,
    }


def with_recorded(outcomes: Outcomes, recorded: dict[str, Any]) -> Outcomes:
    """The same outcomes with what the record says beside them."""
    return replace(outcomes, recorded=recorded)
