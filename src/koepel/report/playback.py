"""One run as it went, to play on the map: what a script moves, and a still picture for paper.

For the invented countries that come with koepel every threat is shown where it was. For any other scenario
only how many there were in each cell of at least 25 km, so that no path can be read off.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.countries import outline_of
from koepel.projection import Sheet, path
from koepel.report.charts import night_by_the_clock
from koepel.report.country import cell_side_km, is_invented, sheet_of
from koepel.report.digits import whole
from koepel.report.tracks import Track, span_s, tracks_of
from koepel.scenario import Scenario
from koepel.simulate import Trace

FRAMES = 240  # moments that counts and cells are given for
STEP_S = 120.0  # between points of a path
MARK = {"killed": "M-4-4L4 4M4-4L-4 4", "lost": "M0-5L5 0L0 5L-5 0Z", "fell": "M-5-3H5L0 5Z", "leaked": ""}


def played(
    traces: Sequence[Trace], scenario: Scenario, t: Mapping[str, Any], *, plain: bool = False
) -> dict[str, Any]:
    """The runs, each with its counts by the clock, a still picture, and the data for the script.

    Parameters
    ----------
    traces
        The typical one first.
    t
        All texts of the page.
    plain
        Whether they were fought by plain rules, under which every threat is known of.
    """
    sheet, invented = sheet_of(scenario), is_invented(scenario)
    rings = [ring for region in outline_of(scenario) for ring in region.rings]
    ground = "".join(path(sheet.on(ring), closed=True) for ring in rings)
    words = t["playback"]
    seen = [_all_tracked(tracks_of(trace)) if plain else tracks_of(trace) for trace in traces]
    told = [(trace, tracks, f"run-{k}") for k, (trace, tracks) in enumerate(zip(traces, seen, strict=True)) if tracks]
    runs = [_one(*one, scenario, sheet, invented, t) for one in told]
    for one, name in zip(runs, ("typical", "bad")):
        one["head"] = words[name]
        one["why"] = words[f"{name}_why"]
    note = words["note_tracks" if invented else "note_cells"].format(cell=f"{cell_side_km(sheet):g}")
    return {"runs": runs, "ground": ground, "note": note}


def _one(
    trace: Trace,
    tracks: Sequence[Track],
    name: str,
    scenario: Scenario,
    sheet: Sheet,
    invented: bool,
    t: Mapping[str, Any],
) -> dict[str, Any]:
    clock = night_by_the_clock(trace, t["trace"])
    times = np.linspace(*_axis_s(tracks), FRAMES + 1)
    shots = [event for event in trace.events if event["event"] == "fires"]
    told = {
        "left": clock["left"],
        "right": clock["right"],
        "first": round(float(times[0]), 1),
        "last": round(float(times[-1]), 1),
        "counts": _counts(tracks, shots, times),
    }
    told |= _by_track(tracks, shots, trace, scenario, sheet, t) if invented else _by_cell(tracks, sheet, times)
    fates = Counter(one.fate for one in tracks)
    return {
        "id": name,
        "clock": clock,
        "marks": _still(tracks, sheet, invented),
        "data": json.dumps(told, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c"),
        "caption": t["playback"]["caption"].format(
            run=trace.run, seed=trace.seed, threats=whole(len(tracks)), **{f: whole(fates[f]) for f in c.FATES}
        ),
    }


def _all_tracked(tracks: Sequence[Track]) -> tuple[Track, ...]:
    return tuple(replace(one, tracked_s=one.start_s) for one in tracks)


def _axis_s(tracks: Sequence[Track]) -> tuple[float, float]:
    """The span of the clock chart: from 0, or the first start if that is before, to the last end."""
    first_s, last_s = span_s(tracks)
    return min(first_s, 0.0), max(last_s, 360.0)


def _counts(tracks: Sequence[Track], shots: Sequence[Mapping], times: np.ndarray) -> list[list[int]]:
    """In the air, engaged (fired at and still in the air), and ended by each fate, at each moment."""
    starts, ends = (np.array([getattr(one, name) for one in tracks]) for name in ("start_s", "end_s"))
    first: dict[str, float] = {}
    for shot in shots:
        first.setdefault(shot["threat"], shot["time_s"])
    fired = np.array([first.get(one.name, np.inf) for one in tracks])
    now = times[:, None]
    aloft = (starts <= now) & (now < ends)
    rows = [aloft.sum(axis=1), (aloft & (fired <= now)).sum(axis=1)]
    for fate in c.FATES:
        own = np.array([one.fate == fate for one in tracks])
        rows.append(((ends <= now) & own).sum(axis=1))
    return [row.tolist() for row in rows]


def _by_track(
    tracks: Sequence[Track], shots: Sequence[Mapping], trace: Trace, scenario: Scenario, sheet: Sheet, t: Mapping
) -> dict[str, Any]:
    """Every threat's path on the sheet, every shot, and the log."""
    units = {unit.name: k for k, unit in enumerate(scenario.defence.fire_units)}
    at = sheet.on([unit.at for unit in scenario.defence.fire_units]) if units else np.zeros((0, 2))
    threats = {one.name: k for k, one in enumerate(tracks)}
    paths = []
    for one in tracks:
        times = one.times(STEP_S)
        line = np.column_stack([times, sheet.on(one.at(times))]).round(1)
        paths.append({"fate": c.FATES.index(one.fate), "seen": one.tracked_s, "line": line.ravel().tolist()})
    fired = [[round(shot["time_s"], 1), units[shot["fire_unit"]], threats[shot["threat"]]] for shot in shots]
    log = [[round(event["time_s"]), _log_line(event, t["playback"])] for event in trace.events]
    return {"threats": paths, "units": at.round(1).tolist(), "shots": fired, "log": [line for line in log if line[1]]}


def _log_line(event: Mapping[str, Any], words: Mapping[str, str]) -> str:
    form = words.get("log_" + event["event"].replace(" ", "_"), "")
    told = {name: event[name] for name in ("threat", "effector", "rounds")}
    return form.format(unit=event["fire_unit"], **told)


def _by_cell(tracks: Sequence[Track], sheet: Sheet, times: np.ndarray) -> dict[str, Any]:
    """How many are in each cell at each moment, tracked and not; and where and how they ended, by cell."""
    side_km = cell_side_km(sheet)
    frames: list[Counter] = [Counter() for _ in times]
    for one in tracks:
        inside = np.flatnonzero((one.start_s <= times) & (times < one.end_s))
        for k, cell in zip(inside.tolist(), _cells(one.at(times[inside]), sheet, side_km), strict=True):
            seen = one.tracked_s is not None and one.tracked_s <= times[k]
            frames[k][(cell, seen)] += 1
    spots = [_cells(one.at([one.end_s]), sheet, side_km)[0] for one in tracks]
    ends = [(round(one.end_s, 1), c.FATES.index(one.fate), cell) for one, cell in zip(tracks, spots, strict=True)]
    cells = sorted({cell for frame in frames for cell, _ in frame} | {cell for *_, cell in ends})
    number = {cell: k for k, cell in enumerate(cells)}
    flat = [[[number[cell], int(seen), n] for (cell, seen), n in sorted(frame.items())] for frame in frames]
    return {
        "cells": [_middle(cell, sheet, side_km) for cell in cells],
        "frames": [[part for triple in frame for part in triple] for frame in flat],
        "ends": [[end_s, fate, number[cell]] for end_s, fate, cell in sorted(ends)],
        "aside": [_aside(fate, sheet, side_km) for fate in c.FATES],
    }


def _cells(points: np.ndarray, sheet: Sheet, side_km: float) -> list[tuple[int, int]]:
    return [tuple(cell) for cell in np.floor(sheet.km(points) / side_km).astype(int).tolist()]


def _middle(cell: tuple[int, int], sheet: Sheet, side_km: float) -> list[float]:
    return sheet.of_km([(cell[0] + 0.5) * side_km, (cell[1] + 0.5) * side_km])[0].round(1).tolist()


def _aside(fate: str, sheet: Sheet, side_km: float) -> tuple[float, float]:
    """How far from the middle of its cell a mark stands, so that fates do not hide each other."""
    right, down = {"killed": (-1, -1), "lost": (1, -1), "fell": (-1, 1), "leaked": (1, 1)}[fate]
    step = round(0.22 * side_km * sheet.scale, 1)
    return right * step, down * step


def _still(tracks: Sequence[Track], sheet: Sheet, invented: bool) -> list[dict[str, Any]]:
    """Where threats ended: a mark for each, or one for each cell and fate, the larger the more of them."""
    ends: Counter = Counter()
    side_km = cell_side_km(sheet)
    for one in tracks:
        spot = one.at([one.end_s])
        if invented:
            ends[(one.fate, *sheet.on(spot)[0].round(1).tolist())] += 1
        else:
            x, y = _middle(_cells(spot, sheet, side_km)[0], sheet, side_km)
            right, down = _aside(one.fate, sheet, side_km)
            ends[(one.fate, round(x + right, 1), round(y + down, 1))] += 1
    order = ("fell", "lost", "killed", "leaked")
    return [
        {"fate": fate, "x": x, "y": y, "n": n, "d": MARK[fate], "scale": round(float(np.sqrt(n)) ** 0.8, 2)}
        for (fate, x, y), n in sorted(ends.items(), key=lambda item: (order.index(item[0][0]), item[0][1:]))
    ]
