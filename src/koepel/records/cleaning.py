"""The traps of the published records, one function each: from rows as published to rows that count."""

from __future__ import annotations

import ast
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd

from koepel.records.models import kill_total, threat_class, threat_types

EMBARGO_D = 30
# From this night a drone row that names a region repeats part of the national wave: 188 of 188 killed.
REGIONAL_SINCE = pd.Timestamp("2025-08-01")

COLUMNS = [
    "night",
    "time_start",
    "time_end",
    "model",
    "threat_type",
    "threat_class",
    "bundle",
    "s300_bundle",
    "launched",
    "destroyed",
    "not_reach_goal",
    "neutralised",
    "still_attacking",
    "strike",
    "jets",
    "split",
    "launch_places",
    "split_places",
    "target",
]


def clean(table: pd.DataFrame, today: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that count, and how many were left out for each reason.

    Parameters
    ----------
    table
        As `koepel.records.reading.read_table` gives it.
    today
        Nights less than 30 days before it are left out.
    """
    table = table.assign(night=table.time_end.dt.normalize())
    reason = left_out_reason(table, today)
    kept = table[reason == ""]
    return _described(kept).sort_values(["night", "time_end"], kind="stable", ignore_index=True), _counted(
        table.assign(reason=reason)[reason != ""]
    )


def left_out_reason(table: pd.DataFrame, today: date) -> pd.Series:
    """For each row why it does not count, the first reason that holds; empty where it counts."""
    model = table.model
    kills = model.map(kill_total).astype(object)
    unknown = ~model.map(lambda name: bool(threat_types(name)))
    undisclosed = table.launched.isna() | table.destroyed.isna()
    youngest = pd.Timestamp(today - timedelta(days=EMBARGO_D))
    regional = (
        (model.map(threat_class) == "drone")
        & (table.night >= REGIONAL_SINCE)
        & (table.target != "")
        & (table.target != "Ukraine")
    )
    reasons = np.select(
        [table.night > youngest, kills != "", model == "", unknown, undisclosed, regional],
        [
            f"younger than {EMBARGO_D} days",
            kills,
            "no model given",
            "model not known to koepel: " + model,
            "figures not disclosed",
            "regional sub-reports of a drone wave since August 2025",
        ],
        "",
    )
    return pd.Series(reasons, index=table.index, dtype=object)


def _counted(dropped: pd.DataFrame) -> pd.DataFrame:
    """Rows, launched and destroyed by reason; an undisclosed figure adds nothing."""
    groups = dropped.groupby("reason")
    counts = groups[["launched", "destroyed"]].sum().astype(int)
    counts.insert(0, "rows", groups.size())
    return counts.sort_values("rows", ascending=False, kind="stable").reset_index()


def _described(table: pd.DataFrame) -> pd.DataFrame:
    """Rows as published with the type, the class and what was neutralised."""
    rows = table.copy()
    types = [threat_types(model) for model in rows.model]
    rows["threat_type"] = ["+".join(kinds) for kinds in types]
    rows["threat_class"] = rows.model.map(threat_class)
    rows["bundle"] = [len(kinds) > 1 for kinds in types]
    s300 = pd.Series(["s-300-ground" in kinds for kinds in types], index=rows.index, dtype=bool)
    rows["s300_bundle"] = s300 & rows.bundle & (rows.threat_class == "ballistic")
    # a blank beside given figures is no loss reported; before August 2025 the sum of both columns
    # is what later rows call destroyed
    counts = ["launched", "destroyed", "not_reach_goal", "still_attacking"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    rows["neutralised"] = np.minimum(rows.launched, rows.destroyed + rows.not_reach_goal)
    rows["still_attacking"] = np.minimum(rows.still_attacking, rows.launched - rows.neutralised)
    drone = rows.threat_class == "drone"
    rows["strike"] = np.minimum(rows.is_shahed, rows.launched).where(drone)
    rows["jets"] = np.minimum(rows.turbojet, rows.launched).where(drone)
    rows["split"] = [split_counts(*row) for row in zip(rows.launched_details, rows.launched, types, strict=True)]
    rows["split_places"] = [split_places(text) for text in rows.launch_place_details]
    rows["launch_places"] = [
        launch_places(text) or tuple(dict.fromkeys(place for group in split.values() for place in group))
        for text, split in zip(rows.launch_place, rows.split_places, strict=True)
    ]
    return rows[COLUMNS]


def launch_places(text: str) -> tuple[str, ...]:
    """The places of a published list; their shares are not published.

    Examples
    --------
    >>> launch_places("Chauda, Crimea and Kursk oblast")
    ('Chauda, Crimea', 'Kursk oblast')
    """
    names = (name.strip().removeprefix("and ") for name in text.split(" and "))
    return tuple(dict.fromkeys(name for name in names if name))


def details(text: str) -> dict:
    """A published detail: a Python dict as text, in which a bare NaN may stand. Empty where none can be read.

    Examples
    --------
    >>> details("{'south': 10, 'east': NaN}")
    {'south': 10, 'east': None}
    """
    if not text or len(text) > 10_000:  # no published detail comes near; a longer one is not worth its parsing
        return {}
    try:
        found = ast.literal_eval(re.sub(r"\bnan\b", "None", text, flags=re.IGNORECASE))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def split_counts(text: str, launched: int, types: tuple[str, ...]) -> dict[str, int]:
    """How a bundle divides among its types; empty unless the detail adds up to the row.

    Examples
    --------
    >>> split_counts("{'X-101/X-555': 50, 'Kalibr': 12}", 62, ("kh-101", "kalibr"))
    {'kh-101': 50, 'kalibr': 12}
    """
    out: dict[str, int] = {}
    for model, count in details(text).items():
        kinds = threat_types(str(model))
        whole = isinstance(count, int | float) and count >= 0 and count % 1 == 0
        if len(kinds) != 1 or kinds[0] not in types or not whole:
            return {}
        out[kinds[0]] = out.get(kinds[0], 0) + int(count)
    return out if sum(out.values()) == launched else {}


def split_places(text: str) -> dict[str, tuple[str, ...]]:
    """The launch places of each type of a bundle, where they are published."""
    out: dict[str, tuple[str, ...]] = {}
    for model, places in details(text).items():
        kinds = threat_types(str(model))
        if len(kinds) == 1 and isinstance(places, str):
            out[kinds[0]] = launch_places(places)
    return out
