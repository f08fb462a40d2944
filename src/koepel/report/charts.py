"""Small pictures of numbers: how nights differ, and one night by the clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from koepel.outcome import Outcomes, doubt_share, figure
from koepel.report.digits import nice, number, whole
from koepel.simulate import Trace

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 22.0, 44.0
MOST_BARS = 40
MOST_STEPS = 600
MOST_MONTHS = 12  # named on an axis
CLASSES = 5  # of colour


def leaker_histogram(outcomes: Outcomes, words: Mapping[str, str]) -> dict[str, Any]:
    """Nights by threats that leak: bars, axes, the mean and the span that holds 95 % of nights."""
    leaked = outcomes.nights("leaked")
    first, last = int(leaked.min()), int(leaked.max())
    wide = _bar_width(last - first + 1)
    first = first // wide * wide
    counts = np.bincount(((leaked - first) // wide).astype(int))
    right, most = first + wide * len(counts), int(counts.max())
    across, up = scale(first - 0.5, right - 0.5, LEFT, WIDTH - RIGHT), scale(0, most, HEIGHT - BOTTOM, TOP)
    bars = []
    for k, n in enumerate(counts.tolist()):
        low = first + k * wide
        text = words["bar" if wide > 1 else "bar_one"].format(low=low, high=low + wide - 1, n=whole(n))
        x, y = across(low - 0.5), up(n)
        width = round(max(across(low + wide - 0.5) - x - 1, 0.5), 1)
        bars.append({"x": round(x, 1), "y": round(y, 1), "w": width, "h": round(HEIGHT - BOTTOM - y, 1), "title": text})
    one = figure(leaked)
    span = {"x": round(across(one.low), 1), "w": round(max(across(one.high) - across(one.low), 2.0), 1)}
    shown_mean = number(one.mean)
    return {
        "bars": bars,
        "span": span,
        "mean": {"x": round(across(one.mean), 1), "text": words["mean"].format(mean=shown_mean)},
        "x_ticks": ticks(first, right - 1, across, whole_only=True),
        "y_ticks": ticks(0, most, up, whole_only=True),
        "caption": words["caption"].format(mean=shown_mean, low=number(one.low), high=number(one.high)),
        **_frame(),
    }


def doubt_bars(outcomes: Outcomes, words: Mapping[str, str]) -> dict[str, Any]:
    """For leakers and people exposed: how much of the spread is doubt about the inputs; else why that is not said."""
    if not outcomes.paired:
        return {"bars": [], "text": words["doubt_none"]}
    bars = []
    for name in ("leaked", "exposed"):
        share = doubt_share(outcomes.nights(name))
        if share is None:
            continue
        label = words[f"doubt_{name}"]
        doubt = math.floor(100 * share + 0.5)
        title = words["doubt_bar"].format(measure=label, doubt=doubt, chance=100 - doubt)
        bars.append({"label": label, "doubt": doubt, "chance": 100 - doubt, "title": title})
    return {"bars": bars, "text": words["doubt"] if bars else words["doubt_few"]}


def night_by_the_clock(trace: Trace, words: Mapping[str, str]) -> dict[str, Any] | None:
    """Threats in the air, stopped and leaked through one night; None for an empty raid."""
    if not trace.threats:
        return None
    starts = np.sort([threat["start_s"] for threat in trace.threats])
    ends = {fate: np.sort([t["end_s"] for t in trace.threats if t["fate"] == fate]) for fate in _FATES}
    stopped = np.sort(np.concatenate([ends[fate] for fate in ("killed", "lost", "fell")]))
    every_end = np.sort(np.concatenate([stopped, ends["leaked"]]))
    moments = np.unique(np.concatenate([starts, every_end]))
    if len(moments) > MOST_STEPS:
        moments = np.linspace(moments[0], moments[-1], MOST_STEPS)

    def by(times: np.ndarray) -> np.ndarray:
        return np.searchsorted(times, moments, side="right")

    lines = {"airborne": by(starts) - by(every_end), "stopped": by(stopped), "leaked": by(ends["leaked"])}
    most = max(int(values.max()) for values in lines.values())
    hours = moments / 3600
    right = WIDTH - 160.0  # room for the words at the ends of the lines
    across = scale(min(0.0, hours[0]), max(hours[-1], 0.1), LEFT, right)
    up = scale(0, max(most, 1), HEIGHT - BOTTOM, TOP)
    drawn = [
        {"class": name, "d": _steps(hours, values, across, up), "y": round(up(values[-1]), 1), "text": words[name]}
        for name, values in lines.items()
    ]
    _spread(drawn)
    counts = {fate: whole(len(times)) for fate, times in ends.items()}
    return {
        "lines": drawn,
        "text_x": right + 6,
        "x_ticks": ticks(min(0.0, hours[0]), hours[-1], across),
        "y_ticks": ticks(0, max(most, 1), up, whole_only=True),
        "title": words["title"].format(run=trace.run),
        "caption": words["caption"].format(run=trace.run, seed=trace.seed, threats=whole(len(trace.threats)), **counts),
        **_frame(),
        "right": right,
    }


_FATES = ("killed", "lost", "fell", "leaked")


def _frame() -> dict[str, float]:
    return {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "base": HEIGHT - BOTTOM}


def _bar_width(values: int) -> int:
    """A round number of leakers for each bar, so that there are at most `MOST_BARS`."""
    power = 1
    while True:
        for m in (1, 2, 5):
            if values <= MOST_BARS * m * power:
                return m * power
        power *= 10


def scale(low: float, high: float, start: float, end: float):
    """The place of a value on an axis that goes from ``start`` to ``end``."""
    wide = max(high - low, 1e-9)
    return lambda value: start + (float(value) - low) / wide * (end - start)


def ticks(low: float, high: float, at, *, whole_only: bool = False) -> list[dict]:
    """Round values, about six, with their places."""
    power = 10.0 ** math.floor(math.log10(max(high - low, 1e-9) / 6))
    step = next(m * power for m in (1, 2, 5, 10) if (high - low) / (m * power) <= 6.001)
    step = max(step, 1.0) if whole_only else step
    ticks = np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1) * step
    return [{"at": round(at(tick), 1), "text": f"{round(float(tick), 9):,g}"} for tick in ticks]


def month_ticks(first: date, last: date, across, most: int = MOST_MONTHS) -> list[dict]:
    """The first of each month, or of every so many months; of a period without one, its first day.

    Examples
    --------
    >>> month_ticks(date(2025, 6, 15), date(2025, 8, 14), lambda day: 10.0 * day)
    [{'at': 160.0, 'text': '2025-07'}, {'at': 470.0, 'text': '2025-08'}]
    """
    months = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    starts = [day for day in (date(month // 12, month % 12 + 1, 1) for month in months) if first <= day <= last]
    if not starts:
        return [{"at": round(across(0.5), 1), "text": first.isoformat()}]
    step = math.ceil(len(starts) / most)
    return [{"at": round(across((day - first).days), 1), "text": f"{day:%Y-%m}"} for day in starts[::step]]


def class_breaks(values: list[float]) -> list[float]:
    """Upper ends of the classes but the last: 1, 2 and 5 times powers of ten up to the largest value.

    Examples
    --------
    >>> class_breaks([0.0, 0.3, 7.9])
    [0.5, 1.0, 2.0, 5.0]
    """
    most = max(values, default=0.0)
    breaks: list[float] = []
    while most > 0 and len(breaks) < CLASSES - 1:
        breaks.insert(0, nice(most if not breaks else breaks[0] * 0.999))
        if breaks[0] * 0.5 <= 1e-6:
            break
    return breaks


def colour_class(value: float, breaks: list[float]) -> int:
    """0 for nothing, else 1 for the lowest class and so on."""
    return 0 if value <= 0 else 1 + sum(value >= end for end in breaks)


def class_legend(breaks: list[float], some_none: bool, words: Mapping[str, str]) -> list[dict]:
    """What each class holds, the class of nothing only where there is some."""
    entries = [{"class": 0, "text": words["none"]}] if some_none else []
    texts = [f"{end:g}" for end in breaks]
    for k in range(len(breaks) + 1 if breaks else 0):
        if k == 0:
            text = words["below"].format(high=texts[0])
        elif k == len(breaks):
            text = words["above"].format(low=texts[-1])
        else:
            text = words["range"].format(low=texts[k - 1], high=texts[k])
        entries.append({"class": k + 1, "text": text})
    return entries


def _steps(hours: np.ndarray, values: np.ndarray, across, up) -> str:
    """A path that goes right and then up or down."""
    path = f"M{across(hours[0]):.1f} {up(values[0]):.1f}"
    for hour, value in zip(hours[1:], values[1:], strict=True):
        path += f"H{across(hour):.1f}V{up(value):.1f}"
    return path


def _spread(lines: list[dict]) -> None:
    """Push the words at the ends of lines apart."""
    lines.sort(key=lambda line: -line["y"])
    for below, above in pairwise(lines):
        above["y"] = round(min(above["y"], below["y"] - 16), 1)
