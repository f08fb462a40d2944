"""Published records of real raids, cleaned: nights to replay, rates to score against.

The records are the claim of one belligerent, the Ukrainian Air Force, and verified by nobody. What
was done to them is told in docs/how-to/records.md; what does not count stays visible in
`Records.left_out`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from koepel.errors import Fault, RecordsError, UsageError
from koepel.records.cleaning import clean
from koepel.records.models import CLASSES, OUTSIDE_CATALOGUE
from koepel.records.reading import read_table

__all__ = ["CLASSES", "OUTSIDE_CATALOGUE", "Night", "Records", "read_records"]

CAVEAT = "Claims of one belligerent (the Ukrainian Air Force), not verified by anyone."
WITHOUT_S300 = "ballistic, without S-300/S-400 bundles"


def read_records(path: str | Path, *, today: date | None = None) -> Records:
    """Published records of real raids, cleaned.

    Parameters
    ----------
    path
        A CSV file in the form of the public collection "Massive Missile Attacks on Ukraine".
    today
        Nights less than 30 days before it are left out. The machine's date where none is given.

    Raises
    ------
    RecordsError
        With every fault of the file: where, what was found, and the mend.
    """
    path = Path(path)
    rows, left_out = clean(read_table(path), today or date.today())
    return Records(rows=rows, left_out=left_out, file=path.name)


@dataclass(frozen=True, eq=False)
class Records:
    """The rows of a file that count, and an account of those that do not.

    Neutralised is destroyed plus lost (jammed or fallen), at most launched. What was still in the air
    when the report was written is undecided: neither neutralised nor leaked, so that
    ``rate = neutralised / (launched - undecided)``.

    Attributes
    ----------
    rows
        One row for each published row that counts, in the order of the nights. ``night`` is the date
        of ``time_end``; a time that was published as a bare date is midnight. ``threat_type`` joins
        the types of a bundle with ``+``; ``s300_bundle`` marks ballistic bundles with S-300 or S-400.
        ``still_attacking`` is undecided, at most what was not neutralised. ``strike`` and ``jets``
        are counts within a drone wave, NaN where not published. ``split`` and ``split_places`` hold
        the count and the launch places by type of a bundle where they are published, else ``{}``.
    left_out
        ``reason``, ``rows``, ``launched``, ``destroyed`` of what was left out.
    file
        Name of the file.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    file: str = ""

    def nights(self) -> list[date]:
        """Every night with a row that counts, in order."""
        return [stamp.date() for stamp in pd.DatetimeIndex(self.rows.night.unique()).sort_values()]

    def night(self, night: date | str) -> Night:
        """One night to replay.

        Raises
        ------
        RecordsError
            If nothing usable is recorded of it; names the nearest nights.
        """
        wanted = _date(night)
        rows = self.rows[self.rows.night == pd.Timestamp(wanted)]
        if rows.empty:
            raise RecordsError(
                self.file, [Fault(self.file, "night", f"nothing usable of {wanted}", self._mend(wanted))]
            )
        return _night(wanted, rows)

    def _mend(self, wanted: date) -> str:
        nights = self.nights()
        if not nights:
            return "no night of this file counts; see left_out"
        nearest = [
            max((n for n in nights if n < wanted), default=None),
            min((n for n in nights if n > wanted), default=None),
        ]
        named = " and ".join(str(n) for n in nearest if n)
        return f"the nearest nights are {named}; gaps are expected, not every night is published"

    def daily(self, threat_class: str, *, with_s300_bundles: bool = True) -> pd.DataFrame:
        """Launched, neutralised, undecided and strike drones of a class by night.

        Parameters
        ----------
        threat_class
            drone, cruise, ballistic, supersonic or other.
        with_s300_bundles
            Whether ballistic rows count that bundle S-300/S-400 in.

        Returns
        -------
        DataFrame
            Index ``night``. ``strike`` is NaN on a night of which any wave does not give it.
        """
        if threat_class not in CLASSES:
            mend = f"give one of {', '.join(CLASSES)}"
            raise UsageError("records", [Fault("", "threat_class", f"found {threat_class!r}", mend)])
        rows = self.rows[self.rows.threat_class == threat_class]
        if not with_s300_bundles:
            rows = rows[~rows.s300_bundle]
        groups = rows.rename(columns={"still_attacking": "undecided"}).groupby("night")
        out = groups[["launched", "neutralised", "undecided"]].sum()
        # half a sum would be read as a whole one: one blank wave blanks the night
        out["strike"] = groups.strike.sum().where(groups.strike.count() == groups.size())
        return out

    def by_month(self) -> pd.DataFrame:
        """Totals by month and class: nights, launched, neutralised, undecided, leaked, rate."""
        month = self.rows.night.dt.strftime("%Y-%m").rename("month")
        return _totals(self.rows, [month, "threat_class"])

    def by_type(self, first: date | str | None = None, last: date | str | None = None) -> pd.DataFrame:
        """Totals by threat type over the nights from ``first`` to ``last``; bundles are left aside."""
        rows = self.rows[~self.rows.bundle]
        if first is not None:
            rows = rows[rows.night >= pd.Timestamp(_date(first))]
        if last is not None:
            rows = rows[rows.night <= pd.Timestamp(_date(last))]
        return _totals(rows, ["threat_type"])

    def table(self) -> pd.DataFrame:
        """Totals by class over the whole file; ballistic both with and without S-300/S-400 bundles."""
        classes = _totals(self.rows, ["threat_class"])
        classes = classes.set_index("threat_class").reindex([c for c in CLASSES if c in set(classes.threat_class)])
        ballistic = self.rows[(self.rows.threat_class == "ballistic") & ~self.rows.s300_bundle]
        if not self.rows.s300_bundle.any():
            return classes.reset_index()
        pure = _totals(ballistic.assign(threat_class=WITHOUT_S300), ["threat_class"]).set_index("threat_class")
        return pd.concat([classes, pure]).reset_index()

    def as_dict(self) -> dict[str, Any]:
        """Everything but the rows, ready for JSON."""
        nights = self.nights()
        return {
            "file": self.file,
            "caveat": CAVEAT,
            "n_nights": len(nights),
            "first_night": str(nights[0]) if nights else None,
            "last_night": str(nights[-1]) if nights else None,
            "n_rows": len(self.rows),
            "by_class": _plain(self.table()),
            "by_month": _plain(self.by_month()),
            "left_out": _plain(self.left_out),
        }


@dataclass(frozen=True)
class Night:
    """One recorded night, for a replay.

    Parameters
    ----------
    date
        The date on which the raid ended.
    counts
        Launched by threat type. ``shahed-136`` is the whole drone wave, decoys included, less the jets
        (``geran-3``) where these are published. Types in `OUTSIDE_CATALOGUE` may appear.
    bundles
        Launched by types that were published as one figure and cannot be told apart. Not in ``counts``.
    launch_places
        Places by threat type, or by ``a+b`` for a bundle; without shares.
    recorded
        By threat class: launched, neutralised, destroyed, not_reach_goal, undecided.
    waves
        ``(type, start, end, launched)`` for each published row.
    strike
        Strike drones of the night; None where not every wave gives them.
    """

    date: date
    counts: dict[str, int]
    bundles: dict[tuple[str, ...], int]
    launch_places: dict[str, tuple[str, ...]]
    recorded: dict[str, dict[str, int]]
    waves: tuple[tuple[str, datetime, datetime, int], ...]
    strike: int | None = None

    @property
    def launched(self) -> int:
        """All that was launched, bundles included."""
        return sum(self.counts.values()) + sum(self.bundles.values())

    def as_dict(self) -> dict[str, Any]:
        """The night, ready for JSON."""
        return {
            "date": str(self.date),
            "caveat": CAVEAT,
            "counts": dict(self.counts),
            "bundles": [{"types": list(types), "launched": n} for types, n in self.bundles.items()],
            "launch_places": {kind: list(places) for kind, places in self.launch_places.items()},
            "recorded": {name: dict(figures) for name, figures in self.recorded.items()},
            "waves": [
                {
                    "type": kind,
                    "start": start.isoformat(" ", "minutes"),
                    "end": end.isoformat(" ", "minutes"),
                    "launched": n,
                }
                for kind, start, end, n in self.waves
            ],
            "strike": self.strike,
        }


def _date(night: date | str) -> date:
    """The date of what a user gave; a timestamp loses its time."""
    try:
        stamp = pd.Timestamp(night)
    except (ValueError, TypeError):
        stamp = pd.NaT
    if isinstance(night, bool | int | float) or stamp is pd.NaT:
        raise RecordsError("records", [Fault("", "night", f"found {night!r}", "write it as YYYY-MM-DD")])
    return stamp.date()


def _night(night: date, rows: pd.DataFrame) -> Night:
    counts: dict[str, int] = {}
    bundles: dict[tuple[str, ...], int] = {}
    places: dict[str, tuple[str, ...]] = {}
    for row in rows.itertuples():
        known = _known_counts(row)
        for kind, launched in known.items():
            counts[kind] = counts.get(kind, 0) + launched
        if not known:
            types = tuple(row.threat_type.split("+"))
            bundles[types] = bundles.get(types, 0) + row.launched
        for kind, where in _known_places(row, known).items():
            places[kind] = tuple(dict.fromkeys((*places.get(kind, ()), *where)))
    strike = rows.strike[rows.threat_class == "drone"]
    return Night(
        date=night,
        counts=counts,
        bundles=bundles,
        launch_places=places,
        recorded=_recorded(rows),
        waves=tuple(
            (row.threat_type, row.time_start.to_pydatetime(), row.time_end.to_pydatetime(), row.launched)
            for row in rows.itertuples()
        ),
        strike=int(strike.sum()) if len(strike) and strike.notna().all() else None,
    )


def _known_counts(row: Any) -> dict[str, int]:
    """What a row says of each type; empty for a bundle that cannot be split."""
    if row.bundle:
        return row.split
    if row.threat_type == "shahed-136" and row.jets > 0:  # the published jets are part of the wave
        jets = int(row.jets)
        slow = {"shahed-136": row.launched - jets} if row.launched > jets else {}
        return {**slow, "geran-3": jets}
    return {row.threat_type: row.launched}


def _known_places(row: Any, known: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """Launch places by type; by the bundle's name where only that is published."""
    if row.split_places:
        return row.split_places
    kinds = known if known and not row.bundle else [row.threat_type]
    return {kind: row.launch_places for kind in kinds if row.launch_places}


def _recorded(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    figures = ["launched", "neutralised", "destroyed", "not_reach_goal", "undecided"]
    sums = rows.rename(columns={"still_attacking": "undecided"}).groupby("threat_class")[figures].sum()
    return {name: {key: int(n) for key, n in sums.loc[name].items()} for name in CLASSES if name in sums.index}


def _totals(rows: pd.DataFrame, by: list) -> pd.DataFrame:
    """Nights, launched, neutralised, undecided, leaked and rate of each group; rate is NaN where nothing is decided."""
    groups = rows.rename(columns={"still_attacking": "undecided"}).groupby(by)
    out = groups[["launched", "neutralised", "undecided"]].sum()
    out.insert(0, "nights", groups.night.nunique())
    out["leaked"] = out.launched - out.neutralised - out.undecided
    decided = out.launched - out.undecided
    out["rate"] = out.neutralised / decided.where(decided > 0, np.nan)
    return out.reset_index()


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as plain Python values, NaN as None."""
    return json.loads(table.to_json(orient="records", double_precision=15, force_ascii=False))
