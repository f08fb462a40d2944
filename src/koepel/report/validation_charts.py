"""Pictures of a backtest: forecasts beside what came, PIT, rates by raid size, CRPS by month, what was fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from koepel.backtest import Prediction
from koepel.backtest.scores import PIT_BINS, Quarter
from koepel.backtest.validation import OURS
from koepel.report.charts import MOST_MONTHS, month_ticks, scale, ticks
from koepel.report.digits import number, whole
from koepel.report.verdict import Judged, crps_text, margin, size_of

Words = Mapping[str, str]
FAN = {"width": 880.0, "height": 240.0, "left": 56.0, "right": 868.0, "top": 24.0, "base": 216.0}
SMALL = {"width": 320.0, "height": 240.0, "left": 46.0, "right": 310.0, "top": 26.0, "base": 192.0}
BROAD = {"width": 880.0, "height": 184.0, "left": 56.0, "right": 868.0, "top": 24.0, "base": 160.0}
# a number leaked is drawn on a square-root scale, with these ticks
COUNTS = (0, 1, 5, 10, 25, 50, 100, 200, 400, 800, 1600)
LEAST_BETWEEN = 15.0  # units between two ticks
MOST_POINTS = 120  # of a sparkline


def central(pmf: np.ndarray, level: float) -> tuple[int, int]:
    """Ends of the central interval of a count: the least interval between quantiles that holds the level or more.

    Examples
    --------
    >>> central(np.array([0.04, 0.16, 0.6, 0.16, 0.04]), 0.9), central(np.array([0.04, 0.16, 0.6, 0.16, 0.04]), 0.5)
    ((1, 3), (2, 2))
    """
    cdf = np.cumsum(pmf)
    low, high = (int(np.searchsorted(cdf, end - 1e-12)) for end in ((1 - level) / 2, (1 + level) / 2))
    return low, min(high, len(pmf) - 1)


def fan(one: Judged, first: pd.Timestamp, last: pd.Timestamp, words: Words) -> dict[str, Any]:
    """What came of each day over the intervals that were predicted: leakers of drones, the share of missiles."""
    by_number = one.threat_class == "drone"
    days = [_fan_day(one.ours, row, by_number) for row in range(len(one.ours.days))]
    most = max(max(day["came"], *day[90]) for day in days) if by_number else 100.0
    across = scale(0, (last - first).days + 1, FAN["left"], FAN["right"])
    up = _root_scale(most) if by_number else scale(0, 100, FAN["base"], FAN["top"])
    wide = min(max(0.84 * (across(1) - across(0)), 1.2), 7.0)
    outside = 0
    for day in days:
        middle = across((day["day"] - first).days + 0.5)
        low, high = day[90]
        out = not low <= day["came"] <= high
        outside += out
        day["bars"] = [{"class": f"fan{level}", **_bar(middle, wide, up, *day[level])} for level in (90, 50)]
        day["mark"] = {"x": round(middle, 1), "y": round(up(day["came"]), 1)}
        day["mark"]["kind"] = "in" if not out else "above" if day["came"] > high else "below"
        day["title"] = _fan_title(day, words["day_leaked" if by_number else "day_share"])
    kind = "leaked" if by_number else "share"
    caption = words[f"caption_{kind}"].format(days=whole(len(days)), outside=whole(outside), label=one.label)
    return {
        "days": days,
        "title": words["title"].format(label=one.label),
        "caption": caption,
        "axis_x": "",
        "axis_y": words[f"axis_{kind}"],
        "x_ticks": month_ticks(first.date(), last.date(), across),
        "y_ticks": _count_ticks(most, up) if by_number else ticks(0, 100, up),
        **FAN,
    }


def _fan_day(ours: Prediction, row: int, by_number: bool) -> dict[str, Any]:
    """A day's record and intervals: numbers leaked, or shares neutralised in per cent."""
    n, pmf = int(ours.launched[row]), ours.pmfs[row]

    def drawn(k: int) -> float:
        return float(n - k if by_number else 100 * k / n)

    day = {"day": ours.days[row], "launched": n, "came": drawn(int(ours.neutralised[row]))}
    return day | {level: tuple(sorted(drawn(k) for k in central(pmf, level / 100))) for level in (50, 90)}


def _fan_title(day: dict[str, Any], text: str) -> str:
    ends = {f"{end}{level}": number(day[level][k], 1.0) for level in (50, 90) for k, end in enumerate(("low", "high"))}
    came, launched = number(day["came"], 1.0), whole(day["launched"])
    return text.format(day=day["day"].date().isoformat(), launched=launched, came=came, **ends)


def _bar(middle: float, wide: float, up, low: float, high: float) -> dict[str, float]:
    """A bar from low to high, thick enough to be seen where both are one."""
    y, base = up(high), up(low)
    if base - y < 2.0:
        y, base = 0.5 * (y + base) - 1.0, 0.5 * (y + base) + 1.0
    return {"x": round(middle - wide / 2, 1), "y": round(y, 1), "w": round(wide, 1), "h": round(base - y, 1)}


def _root_scale(most: float):
    """Places of counts by their square root."""
    inner = scale(0, math.sqrt(max(most, 1.0)), FAN["base"], FAN["top"])
    return lambda value: inner(math.sqrt(max(value, 0.0)))


def _count_ticks(most: float, up) -> list[dict]:
    placed: list[dict] = []
    for count in COUNTS:
        at = round(up(count), 1)
        if count <= max(most, 1) and (not placed or placed[-1]["at"] - at >= LEAST_BETWEEN):
            placed.append({"at": at, "text": whole(count)})
    return placed


def pit(one: Judged, words: Words) -> dict[str, Any]:
    """Days in each tenth of the randomised PIT, the flat line, and where 95 % of counts fall if it is flat."""
    counts, n = one.scores.pit, one.scores.n
    low, high = (float(end) for end in binom.ppf([0.025, 0.975], n, 1 / PIT_BINS))
    most = max(*counts, high, 1)
    across, up = scale(0, 1, SMALL["left"], SMALL["right"]), scale(0, most, SMALL["base"], SMALL["top"])
    bars = []
    for k, count in enumerate(counts):
        x, wide = across(k / PIT_BINS) + 1, across(1 / PIT_BINS) - across(0) - 2
        text = words["bar"].format(low=f"{k / PIT_BINS:.1f}", high=f"{(k + 1) / PIT_BINS:.1f}", n=whole(count))
        sizes = {"x": x, "y": up(count), "w": wide, "h": SMALL["base"] - up(count)}
        bars.append({name: round(size, 1) for name, size in sizes.items()} | {"title": text})
    outside = sum(not low <= count <= high for count in counts)
    ends = {"low": number(low, 1.0), "high": number(high, 1.0)}
    return {
        "bars": bars,
        "band": {"y": round(up(high), 1), "h": round(up(low) - up(high), 1)},
        "flat": round(up(n / PIT_BINS), 1),
        "title": words["title"].format(label=one.label),
        "caption": words["caption"].format(days=whole(n), flat=number(n / PIT_BINS), outside=outside, **ends),
        "axis_x": words["axis_x"],
        "axis_y": words["axis_y"],
        "x_ticks": ticks(0, 1, across),
        "y_ticks": ticks(0, most, up, whole_only=True),
        **SMALL,
    }


def reliability(one: Judged, words: Words) -> dict[str, Any]:
    """Predicted rate across, recorded rate up, a point for each quarter of raid size with its 95 % interval."""
    points = []
    for place, quarter in enumerate(one.scores.quarters, 1):
        x, y = 100 * quarter.predicted_rate, 100 * quarter.observed_rate
        half = _rate_margin(one.ours, quarter)
        low, high = (y, y) if half is None else (max(y - half, 0.0), min(y + half, 100.0))
        points.append({"x": x, "y": y, "low": low, "high": high, "text": place, "size": size_of(quarter)})
    ends = [value for point in points for value in (point["x"], point["low"], point["high"])]
    low, high = max(min(ends) - 3, 0.0), min(max(ends) + 3, 100.0)
    across, up = scale(low, high, SMALL["left"], SMALL["right"]), scale(low, high, SMALL["base"], SMALL["top"])
    for point in points:
        point["title"] = words["point"].format(
            size=point["size"], predicted=number(point["x"], 0.1), recorded=number(point["y"], 0.1)
        )
        at = {"x": across(point["x"]), **{name: up(point[name]) for name in ("y", "low", "high")}}
        point |= {name: round(value, 1) for name, value in at.items()}
    return {
        "points": points,
        "title": words["title"].format(label=one.label),
        "caption": "; ".join(point["title"] for point in points),
        "axis_x": words["axis_x"],
        "axis_y": words["axis_y"],
        "x_ticks": ticks(low, high, across),
        "y_ticks": ticks(low, high, up),
        **SMALL,
    }


def _rate_margin(ours: Prediction, quarter: Quarter) -> float | None:
    """Half of the 95 % interval of recorded less predicted rate of a quarter, in per cent."""
    half = margin(quarter.n, quarter.bias_se)
    inside = (ours.launched >= quarter.least) & (ours.launched <= quarter.most)
    return None if half is None else float(100 * half / ours.launched[inside].mean())


def by_month(one: Judged) -> pd.DataFrame:
    """Days, and mean CRPS of each predictor, by month. Index ``YYYY-MM``; columns ``days`` and the predictors."""
    series = {name: pd.Series(one.same.predictions[name, one.threat_class].crps()) for name in one.beside}
    days = one.same.predictions[OURS, one.threat_class].days
    months = pd.Index([f"{day.year}-{day.month:02d}" for day in days], name="month")
    grouped = pd.DataFrame({name: values.to_numpy() for name, values in series.items()}, index=months).groupby("month")
    table = grouped.mean()
    table.insert(0, "days", grouped.size())
    return table


def months(one: Judged, table: pd.DataFrame, words: Words, predictors: Words) -> dict[str, Any]:
    """Mean CRPS by month: the simulator's bar beside that of the best baseline."""
    shown = [OURS, *([one.best] if one.best else [])]
    most = float(table[shown].to_numpy().max(initial=0.0)) or 1.0
    across, up = scale(0, len(table), BROAD["left"], BROAD["right"]), scale(0, most, BROAD["base"], BROAD["top"])
    slot = across(1) - across(0)
    wide, bars = min(0.38 * slot, 24.0), []
    for row, (month, values) in enumerate(table.iterrows()):
        for k, name in enumerate(shown):
            x, y = across(row + 0.5) + (k - len(shown) / 2) * wide, up(values[name])
            said = {"name": predictors.get(name, name), "crps": crps_text(values[name]), "days": whole(values["days"])}
            sizes = {"x": x + 0.5, "y": y, "w": wide - 1, "h": BROAD["base"] - y}
            bars.append({key: round(size, 1) for key, size in sizes.items()})
            bars[-1] |= {"class": "ours" if k == 0 else "best", "title": words["bar"].format(month=month, **said)}
    step = math.ceil(len(table) / MOST_MONTHS)
    named = [{"at": round(across(k + 0.5), 1), "text": table.index[k]} for k in range(0, len(table), step or 1)]
    return {
        "bars": bars,
        "legend": [{"class": kind, "text": predictors.get(name, name)} for kind, name in zip(("ours", "best"), shown)],
        "title": words["title"].format(label=one.label),
        "caption": "; ".join(bar["title"] for bar in bars),
        "axis_x": "",
        "axis_y": words["axis_y"],
        "x_ticks": named,
        "y_ticks": ticks(0, most, up),
        **BROAD,
    }


def sparkline(places: pd.Series) -> str:
    """The path of a place, 0 to 1, over the days, in a box of 120 by 24; empty for fewer than two days."""
    if len(places) < 2:
        return ""
    rows = np.unique(np.linspace(0, len(places) - 1, min(len(places), MOST_POINTS)).round().astype(int))
    across = scale(0, len(places) - 1, 1, 119)
    return "M" + "L".join(f"{across(row):.1f} {23 - 22 * float(places.iloc[row]):.1f}" for row in rows)
