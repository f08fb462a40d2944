"""Pictures of a campaign: stocks over time, a calendar of nights, money by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from koepel.campaign.luck import NEVER
from koepel.campaign.result import QUANTILES
from koepel.campaign.season import LEDGER
from koepel.report.campaign_answer import Fought, percent
from koepel.report.charts import class_breaks, class_legend, colour_class, month_ticks, scale, ticks
from koepel.report.digits import number, whole
from koepel.report.findings import MILLION

Words = Mapping[str, Any]
FAN = {"width": 480.0, "height": 268.0, "left": 50.0, "right": 468.0, "top": 26.0, "base": 240.0}
FAN_BASE, CAME_TOP = 170.0, 204.0  # the foot of the fan, and the top of the bars below it
FAN_MONTHS = 7  # named under a fan
MOST_POINTS = 240
BARS = {"width": 880.0, "height": 204.0, "left": 56.0, "right": 868.0, "top": 24.0, "base": 180.0}
CELL = 32  # of the calendar
MOST_FUNDERS = 6
LEAST_GAP = 7  # nights without a record that are worth a warning
# days taken together in a bar of what came, and the longest campaign for it
TOGETHER = ((1, 100), (7, 700), (30, 1 << 30))


def came(fought: Fought, name: str) -> np.ndarray:
    """Rounds that came in on each day, less those lost on it, and not below 0. Shape (runs, days)."""
    found, e = fought.found, fought.found.followed.index(name)
    there = found.stock[:, :, e].sum(axis=2).astype(np.int64)
    before = np.column_stack([found.rounds[:, e, LEDGER.index("initial")], there[:, :-1]])
    return np.maximum(there - before + found.fired[:, :, e], 0)


def fan(fought: Fought, name: str) -> dict[str, Any]:
    """Rounds of an effector over time, and what came in below."""
    found, words, told = fought.found, fought.words["stocks"], fought.told["first_dry"][name]
    levels = np.quantile(found.held(name), QUANTILES, axis=0)
    days = np.unique(np.linspace(0, found.days - 1, min(found.days, MOST_POINTS)).round().astype(int))
    across = scale(0, found.days, FAN["left"], FAN["right"])
    most = max(float(levels.max()), 1.0)
    up = scale(0, most, FAN_BASE, FAN["top"])
    x = [across(day + 0.5) for day in days]
    y = [[up(value) for value in level[days]] for level in levels]
    last = {key: number(value, 1.0) for key, value in zip(("low", "median", "high"), levels[[0, 2, 4], -1])}
    dry = {"chance": percent(told["chance"]), "day": fought.date(told["day"]["median"]) if told["day"] else ""}
    ending = words["caption_dry" if told["day"] else "caption_never"].format(**dry)
    return {
        "bands": [{"class": "fan90", "d": _band(x, y[0], y[4])}, {"class": "fan50", "d": _band(x, y[1], y[3])}],
        "median": "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y[2])),
        "foot": FAN_BASE,
        "dry": _dry_mark(told, across, words, dry),
        "orders": list(_order_marks(fought, name, across)),
        "title": fought.labels[name],
        "caption": words["caption"].format(**last, dry=ending),
        "axis_x": "",
        "axis_y": words["axis_y"],
        "x_ticks": month_ticks(found.begins, found.calendar.date_of(found.days - 1), across, FAN_MONTHS),
        "y_ticks": ticks(0, most, up, whole_only=True),
        **_came_bars(fought, name, across),
        **FAN,
    }


def _band(x: list[float], low: list[float], high: list[float]) -> str:
    """A closed path between two lines; for a single day a band of some width."""
    if len(x) == 1:
        x, low, high = [x[0] - 2, x[0] + 2], low * 2, high * 2
    there = [f"{a:.1f} {b:.1f}" for a, b in zip(x, high)]
    back = [f"{a:.1f} {b:.1f}" for a, b in zip(reversed(x), reversed(low))]
    return "M" + "L".join(there + back) + "Z"


def _dry_mark(told: Mapping[str, Any], across, words: Words, dry: Mapping[str, str]) -> dict[str, Any] | None:
    """Where the median of the first dry days is."""
    if not told["day"]:
        return None
    x = across(told["day"]["median"] - 0.5)
    return {
        "x": round(x, 1),
        "text_x": round(min(max(x, FAN["left"] + 120.0), FAN["right"] - 108.0), 1),
        "text": words["dry"].format(**dry),
        "title": words["dry_title"].format(**dry),
    }


def _order_marks(fought: Fought, name: str, across) -> Iterator[dict[str, Any]]:
    """When half of the runs have all of an order of this effector."""
    found, words = fought.found, fought.words["stocks"]
    for o, one in enumerate(fought.scenario.supply.orders):
        median = int(np.quantile(found.done_day[:, o], 0.5, method="inverted_cdf"))
        if (
            one.effector == name
            and median < min(found.days, NEVER)
            and fought.told["orders"][one.name]["agreed"]["mean"]
        ):
            title = words["order"].format(name=one.name, day=fought.date(median + 1))
            yield {"x": round(across(median + 0.5), 1), "y": CAME_TOP - 3, "title": title}


def _came_bars(fought: Fought, name: str, across) -> dict[str, Any]:
    """Bars of what came in, by day, week or 30 days."""
    found, words = fought.found, fought.words["stocks"]
    together = next(days for days, most in TOGETHER if found.days <= most)
    daily = came(fought, name).mean(axis=0)
    sums = np.add.reduceat(daily, np.arange(0, found.days, together))
    most = float(sums.max())
    up = scale(0, most, FAN["base"], CAME_TOP)
    bars = []
    for k, rounds in enumerate(sums.tolist()):
        if rounds <= 0:
            continue
        first, end = k * together, min((k + 1) * together, found.days)
        days = {"first": fought.date(first + 1), "last": fought.date(end), "rounds": number(rounds)}
        sizes = {"x": across(first), "y": up(rounds), "w": max(across(end) - across(first) - 0.5, 0.8)}
        sizes["h"] = FAN["base"] - sizes["y"]
        title = words["bar_one" if end - first == 1 else "bar"].format(**days)
        bars.append({key: round(size, 1) for key, size in sizes.items()} | {"title": title})
    text = words[f"came_{together}" if bars else "nothing_came"]
    return {
        "came": bars,
        "came_tick": {"at": CAME_TOP, "text": number(most)},
        "came_text": text,
        "came_y": CAME_TOP - 16,
    }


def calendar(fought: Fought) -> dict[str, Any]:
    """A sheet for each month with a cell for each date: shade by threats, number by leakers."""
    found, words = fought.found, fought.words["nights"]
    threats, leaked = found.daily.mean(axis=0).T
    if found.replay:
        threats = found.daily[:, :, 0].max(axis=0).astype(float)
    breaks = class_breaks(threats.tolist())
    form = words["cell_replay" if found.replay else "cell"]
    sheets: dict[str, list] = {}
    for day in range(found.days):
        when = found.calendar.date_of(day)
        came = {"threats": _few(threats[day]), "leaked": _few(leaked[day])}
        sheets.setdefault(f"{when:%Y-%m}", []).append({
            **_place(when),
            "class": colour_class(float(threats[day]), breaks),
            "day": when.day,
            "text": came["leaked"] if threats[day] else "",
            "title": form.format(day=when.isoformat(), **came),
        })  # fmt: skip
    worst = int(leaked.argmax())
    said = {"threats": _few(threats[worst]), "leaked": _few(leaked[worst])}
    return {
        "sheets": [
            {
                "name": name,
                "title": words["title"].format(month=name),
                "cells": cells,
                "top": cells[0]["y"],
                "height": cells[-1]["y"] - cells[0]["y"] + CELL,
            }
            for name, cells in sheets.items()
        ],
        "cell": CELL,
        "weekdays": list(words["weekdays"]),
        "legend": class_legend(breaks, bool((threats == 0).any()), words),
        "intro": words["intro_replay" if found.replay else "intro"],
        "gaps": _gaps(fought, threats) if found.replay else "",
        "worst": words["worst"].format(day=fought.date(worst + 1), **said) if leaked[worst] else "",
    }


def _gaps(fought: Fought, threats: np.ndarray) -> str:
    """A warning of times without a record, a week or longer each; an empty text for none."""
    words, raids = fought.words["nights"], np.flatnonzero(np.concatenate([[1.0], threats, [1.0]]))
    gaps = [(int(first) + 1, int(end) - 1) for first, end in pairwise(raids) if end - first - 1 >= LEAST_GAP]
    said = [
        words["gap"].format(first=fought.date(first), last=fought.date(last), days=whole(last - first + 1))
        for first, last in gaps
    ]
    return words["gaps"].format(gaps="; ".join(said)) if said else ""


def _place(when: date) -> dict[str, int]:
    """Column by the day of the week, row by the week of the month."""
    start = when.replace(day=1) - timedelta(days=when.replace(day=1).weekday())
    return {"x": CELL * when.weekday(), "y": CELL * ((when - start).days // 7)}


def _few(value: float) -> str:
    """A mean number of a night, short enough for a cell."""
    return "0" if value == 0 else number(value, 0.1) if value < 9.95 else whole(value)


def spent_bars(fought: Fought) -> dict[str, Any] | None:
    """Money spent in each month, funders on top of each other; None where nobody spends any."""
    found, words = fought.found, fought.words["money"]
    spent = found.spent.mean(axis=0) * MILLION
    order = sorted(range(len(found.funders)), key=lambda f: (-spent[:, f].sum(), f))
    shown = {found.funders[f]: spent[:, f] for f in order[:MOST_FUNDERS]}
    if len(order) > MOST_FUNDERS:
        shown[words["others"]] = spent[:, order[MOST_FUNDERS:]].sum(axis=1)
    months, most = found.calendar.months, float(spent.sum(axis=1).max(initial=0.0))
    if most <= 0:
        return None
    across, up = scale(0, len(months), BARS["left"], BARS["right"]), scale(0, most, BARS["base"], BARS["top"])
    wide = min(0.7 * (across(1) - across(0)), 48.0)
    bars = []
    for m, month in enumerate(months):
        below = 0.0
        for k, (name, values) in enumerate(shown.items()):
            if values[m] > 0:
                sizes = {"x": across(m + 0.5) - wide / 2, "y": up(below + values[m]), "w": wide}
                sizes["h"] = up(below) - sizes["y"]
                title = words["bar"].format(month=month, name=name, usd=number(values[m]))
                bars.append({key: round(size, 1) for key, size in sizes.items()} | {"class": f"f{k}", "title": title})
                below += values[m]
    step = -(-len(months) // 12)
    return {
        "bars": bars,
        "legend": [{"class": f"f{k}", "text": name} for k, name in enumerate(shown)],
        "title": words["title"],
        "caption": "; ".join(bar["title"] for bar in bars),
        "axis_x": "",
        "axis_y": words["axis_y"],
        "x_ticks": [{"at": round(across(m + 0.5), 1), "text": months[m]} for m in range(0, len(months), step)],
        "y_ticks": ticks(0, most, up),
        **BARS,
    }
