"""Night after night against stocks that run down: a war as many simulated winters.

Read `season` for the story of one chunk of runs. `luck` draws by name; `troubles`, `money`, `orders`, `sources`,
`depots` and `units` are what a season is made of; `result` says what came of it; `keeping` keeps it.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.arrays import scenario_arrays
from koepel.campaign.keeping import Kept, read_chunk, told_in
from koepel.campaign.result import Campaign
from koepel.campaign.season import Plan, Season
from koepel.errors import Fault, UsageError
from koepel.raid import Rhythm
from koepel.records import Records
from koepel.scenario import Scenario, digest
from koepel.scenario.write import yaml_text
from koepel.simulate import announce
from koepel.stage import set_stage

__all__ = ["campaign", "read_campaign", "without_order", "Campaign", "Plan", "Season"]

CHUNK = 32
MOST_DAYS, MOST_RUNS = 3660, 1_000_000
DEFAULT_DAYS, DEFAULT_RUNS = 180, 500


def campaign(
    scenario: Scenario,
    days: int = DEFAULT_DAYS,
    runs: int = DEFAULT_RUNS,
    *,
    seed: int = 1,
    replay: Records | None = None,
    keep: str | Path | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Fight a campaign many times: every night with what is left of the nights before.

    The answer depends on the scenario, the days, the runs and the seed, and on nothing else.

    Parameters
    ----------
    scenario
        With a supply side, which says on what day it begins.
    days, runs
        How long, and how often.
    replay
        Recorded raids, each on its own date, in place of drawn ones; a date without a record is a quiet night.
    keep
        Folder for finished chunks. One that was stopped goes on from there, and gives the same answer.
    workers
        Threads; all cores where none is given.
    progress
        Called with runs done and runs asked for.

    Raises
    ------
    UsageError
        For days, runs or a folder that make no sense.
    ScenarioError
        With every fault of the scenario.

    Examples
    --------
    >>> import koepel
    >>> small = koepel.Scenario.read("small-country", set=["supply.begins=2025-06-01"])
    >>> koepel.campaign(small, days=3, runs=2, seed=1).balance
    {'rounds': 0, 'usd': 0}
    """
    check_usage(scenario, days, runs, seed)
    scenario.check()
    announce()
    started = time.perf_counter()
    plan = plan_of(scenario, days, seed, replay)
    told = _told(scenario, plan, runs, replay)
    kept = Kept(Path(keep), told, yaml_text(scenario.plain())) if keep is not None else None
    chunks: list[dict[str, np.ndarray]] = []
    for chunk in _chunks(plan, runs, kept, workers):
        chunks.append(chunk)
        if progress:
            progress(min(len(chunks) * CHUNK, runs), runs)
    return _gathered(told, chunks, time.perf_counter() - started)


def check_usage(scenario: Scenario, days: int, runs: int, seed: int) -> None:
    """Refuse what makes no sense, all of it at once."""
    faults = []
    if not 1 <= days <= MOST_DAYS:
        faults.append(Fault("", "days", f"found {days}", f"give a whole number from 1 to {MOST_DAYS:,}"))
    if not 1 <= runs <= MOST_RUNS:
        faults.append(Fault("", "runs", f"found {runs}", f"give a whole number from 1 to {MOST_RUNS:,}"))
    if not -(2**63) <= seed < 2**63:
        faults.append(Fault("", "seed", f"found {seed}", "give a whole number of at most 18 digits"))
    if scenario.supply is None:
        mend = "add a supply side; at least 'supply: {begins: YYYY-MM-DD}', or --set supply.begins=YYYY-MM-DD"
        faults.append(Fault("", "supply", f"{scenario.name} has none", mend))
    if faults:
        raise UsageError("the campaign", faults)


def plan_of(scenario: Scenario, days: int, seed: int, replay: Records | None = None) -> Plan:
    """What is the same in every run of a campaign."""
    rhythm = scenario.pattern.rhythm if scenario.pattern else Rhythm()
    types = tuple(unit.type for unit in scenario.defence.fire_units)
    if replay is None:
        return Plan(scenario_arrays(scenario, fielded=True), scenario.supply, rhythm, types, days, seed)
    nights = {night: replay.night(night) for night in replay.nights()}
    stage = set_stage(scenario, nights.values(), fielded=True)
    plan = Plan(stage.arrays, scenario.supply, rhythm, types, days, seed)
    dates = [plan.calendar.date_of(day) for day in range(days)]
    if not any(night in nights for night in dates):
        found = f"no recorded night from {dates[0]} to {dates[-1]}"
        mend = "change supply.begins, or give other records"
        raise UsageError("the campaign", [Fault("", "replay", found, mend)])
    quiet = np.zeros(len(stage.groups), np.int64)
    numbers = np.array([stage.numbers(nights[night]) if night in nights else quiet for night in dates])
    return Plan(stage.arrays, scenario.supply, rhythm, types, days, seed, numbers)


def _chunks(plan: Plan, runs: int, kept: Kept | None, workers: int | None) -> Iterator[dict[str, np.ndarray]]:
    """Finished chunks in order; a few are always under way in other threads (the kernels hold no lock)."""
    workers = workers or os.cpu_count() or 1

    def one(first: int) -> dict[str, np.ndarray]:
        chunk = read_chunk(kept.folder, first) if kept else None
        if chunk is None:
            clock = time.thread_time()
            chunk = Season(plan, first, min(CHUNK, runs - first)).run()
            chunk["cpu_seconds"] = np.array([time.thread_time() - clock])
            if kept:
                kept.write(first, chunk)
        return chunk

    with ThreadPoolExecutor(workers) as pool:
        under_way: deque = deque()
        try:
            for first in range(0, runs, CHUNK):
                under_way.append(pool.submit(one, first))
                if len(under_way) > workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _told(scenario: Scenario, plan: Plan, runs: int, replay: Records | None) -> dict[str, Any]:
    """What a campaign is, as JSON can hold it."""
    return {
        "scenario": scenario.name,
        "digest": digest(scenario),
        "begins": str(plan.supply.begins),
        "days": plan.days,
        "runs": runs,
        "seed": plan.seed,
        "replay": replay.file if replay is not None else None,
        "types": list(plan.arrays.types),
        "classes": [c.CLASSES[k] for k in plan.arrays.setup.types.group],
        "effectors": list(plan.arrays.effectors),
        "followed": list(plan.effectors),
        "layers": [scenario.catalogue().effectors[name].word("layer") for name in plan.effectors],
        "funders": [one.name for one in plan.supply.funders],
        "orders": [one.name for one in plan.supply.orders],
    }


def _gathered(told: dict[str, Any], chunks: list[dict[str, np.ndarray]], wall_seconds: float) -> Campaign:
    """All chunks as one."""
    arrays = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0] if name != "cpu_seconds"}
    lists = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    lists["begins"] = date.fromisoformat(told["begins"])
    cpu_seconds = float(sum(chunk["cpu_seconds"].sum() for chunk in chunks))
    return Campaign(**lists, **arrays, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds)


def read_campaign(folder: str | Path) -> Campaign:
    """A campaign that was kept and finished.

    Raises
    ------
    UsageError
        If the folder holds none, or some of its runs are missing.
    """
    folder = Path(folder)
    told = {key: value for key, value in told_in(folder).items() if key != "format"}
    chunks = [read_chunk(folder, first) for first in range(0, told["runs"], CHUNK)]
    missing = sum(chunk is None for chunk in chunks)
    if missing:
        mend = "run 'koepel campaign' with the same --keep again; it goes on where it stood"
        raise UsageError(str(folder), [Fault(str(folder), "", f"{missing} of {len(chunks)} parts are missing", mend)])
    return _gathered(told, chunks, 0.0)


def without_order(scenario: Scenario, order: str) -> Scenario:
    """The same scenario in which one order never comes true; all else keeps its luck."""
    names = [one.name for one in scenario.supply.orders] if scenario.supply else []
    if order not in names:
        from koepel.nouns import nearest_word

        raise UsageError("the campaign", [Fault("", "without", f"no order {order!r}", nearest_word(order, names))])
    return scenario.replace({f"supply.orders[{order}].chance": 0.0})
