"""What came of many nights: fates, leakers, rounds, people and money, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from koepel._kernel import columns as c

LEVEL = 0.95
MEASURES = ("threats", *c.FATES, "observed_neutralised", *c.SCALARS)


@dataclass(frozen=True, slots=True)
class Figure:
    """One answer with its intervals.

    Parameters
    ----------
    mean
        Mean over the nights.
    mean_low, mean_high
        The 95 % interval of that mean: how sure the answer is. ``None`` for a single night.
    low, high
        The 2.5 and 97.5 % quantiles of single nights: how much one night may differ.
    """

    mean: float | None
    mean_low: float | None
    mean_high: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The five numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        if self.mean is None:
            return "-"
        if self.mean_low is None:
            return f"{self.mean:,.4g}"
        return f"{self.mean:,.4g} ({self.mean_low:,.4g} to {self.mean_high:,.4g})"


NOTHING = Figure(None, None, None, None, None)


def figure(values: np.ndarray, *, paired: bool = True) -> Figure:
    """Mean, interval of the mean, and quantiles of single nights.

    Runs 2k and 2k + 1 share their uncertain inputs and so are not independent; the interval of the mean
    is that of the means of pairs, by Student's t.

    Parameters
    ----------
    values
        One number a night, NaN where a night has none. Shape (n_runs,).
    paired
        Whether runs come in pairs that share inputs.

    Examples
    --------
    >>> figure(np.array([1.0, 1.0, 3.0, 3.0])).mean
    2.0
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return NOTHING
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    mean = float(known.mean())
    half = _half_width(values, paired)
    ends = (None, None) if half is None else (mean - half, mean + half)
    return Figure(mean, *ends, float(low), float(high))


def ratio(above: np.ndarray, below: np.ndarray, *, paired: bool = True) -> Figure:
    """Ratio of two totals, with the interval of that ratio and the quantiles of single nights.

    The interval is that of the linearised ratio (Cochran, Sampling Techniques, 1977, section 6.4), cut at
    zero.
    """
    total = below.sum()
    if total <= 0:
        return NOTHING
    mean = float(above.sum() / total)
    half = _half_width((above - mean * below) / below.mean(), paired)
    nights = above[below > 0] / below[below > 0]
    low, high = np.quantile(nights, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    ends = (None, None) if half is None else (max(mean - half, 0.0), mean + half)
    return Figure(mean, *ends, float(low), float(high))


def _half_width(values: np.ndarray, paired: bool) -> float | None:
    """Half the 95 % interval of the mean; None for fewer than two independent values."""
    from scipy.special import stdtrit

    if paired and len(values) >= 4:
        with np.errstate(invalid="ignore"):
            whole = values[: len(values) // 2 * 2].reshape(-1, 2)
            counts = np.isfinite(whole).sum(axis=1)
            values = np.nansum(whole, axis=1)[counts > 0] / counts[counts > 0]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return None
    spread = float(values.std(ddof=1))
    return float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * spread / math.sqrt(len(values))


def doubt_share(values: np.ndarray) -> float | None:
    """Share of the variance between nights that comes from doubt about the inputs, 0 to 1.

    Two runs that share inputs have a covariance equal to the variance of the inputs' effect; the rest is
    chance.
    """
    pairs = values[: len(values) // 2 * 2].reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if len(pairs) < 10 or pairs.var() == 0:
        return None
    centred = pairs - pairs.mean()
    return float(np.clip((centred[:, 0] * centred[:, 1]).mean() / pairs.var(), 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of a study of one scenario.

    Attributes
    ----------
    rows
        One row a night; columns: for each type `columns.PER_TYPE`, for each effector the rounds and then
        for each the kills, then `columns.SCALARS`. Shape (n_runs, n_columns).
    places
        Sums over all nights for each place: impacts, people exposed, minutes of warning. Shape (A, 4).
    zones
        Sums over all nights for each alarm zone: hours of alarm, impacts, debris. Shape (Z, 3).
    recorded
        What the published record says of the same night, where one was replayed.
    """

    scenario: str
    digest: str
    seed: int
    runs: int
    rules: str
    types: tuple[str, ...]
    classes: tuple[str, ...]
    effectors: tuple[str, ...]
    place_names: tuple[str, ...]
    zone_names: tuple[str, ...]
    rows: np.ndarray
    places: np.ndarray
    zones: np.ndarray
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    recorded: dict[str, Any] | None = field(default=None)

    @property
    def paired(self) -> bool:
        """Whether runs 2k and 2k + 1 share uncertain inputs."""
        return self.rules != "plain"

    @cached_property
    def by_type(self) -> np.ndarray:
        """Counts of each fate, and of those that a record would call neutralised. Shape (n_runs, T, 5)."""
        wide = len(self.types) * len(c.PER_TYPE)
        return self.rows[:, :wide].reshape(self.runs, len(self.types), len(c.PER_TYPE))

    def rounds(self, effector: str) -> np.ndarray:
        """Rounds of one effector fired in each night. Shape (n_runs,)."""
        return self.rows[:, len(self.types) * len(c.PER_TYPE) + self.effectors.index(effector)]

    def kills(self, effector: str) -> np.ndarray:
        """Threats killed by one effector in each night. Shape (n_runs,)."""
        start = len(self.types) * len(c.PER_TYPE) + len(self.effectors)
        return self.rows[:, start + self.effectors.index(effector)]

    def nights(self, measure: str) -> np.ndarray:
        """One measure in each night, by its name in `MEASURES`. Shape (n_runs,)."""
        if measure == "threats":
            return self.by_type[:, :, : len(c.FATES)].sum(axis=(1, 2))
        if measure in c.FATES:
            return self.by_type[:, :, c.FATES.index(measure)].sum(axis=1)
        if measure == "observed_neutralised":
            return self.by_type[:, :, -1].sum(axis=1)
        return self.rows[:, self.rows.shape[1] - len(c.SCALARS) + c.SCALARS.index(measure)]

    def of_class(self, name: str) -> np.ndarray:
        """Counts of fates and of observed neutralised of one reporting class. Shape (n_runs, 5)."""
        return self.by_type[:, [k == name for k in self.classes], :].sum(axis=1)

    def figure(self, measure: str) -> Figure:
        """One measure with its intervals."""
        return figure(self.nights(measure), paired=self.paired)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers; what ``--json`` prints."""

        def plain(values: np.ndarray) -> dict:
            return figure(values, paired=self.paired).as_dict()

        answer: dict[str, Any] = {
            "scenario": self.scenario,
            "digest": self.digest,
            "seed": self.seed,
            "runs": self.runs,
            "rules": self.rules,
            "threats": plain(self.nights("threats")),
            "fates": {fate: plain(self.nights(fate)) for fate in c.FATES},
            "by_class": {name: self._fates(self.of_class(name)) for name in c.CLASSES},
            "by_type": {name: self._fates(self.by_type[:, t, :]) for t, name in enumerate(self.types)},
            "rounds": {name: plain(self.rounds(name)) for name in self.effectors},
            "kills": {name: plain(self.kills(name)) for name in self.effectors},
            "harm": {name: plain(self.nights(name)) for name in ("impacts", "debris")},
            "cost_usd": {
                "attacker": plain(self.nights("attacker_usd")),
                "defender": plain(self.nights("defender_usd")),
                "value_at_risk_averted": plain(self.nights("averted_usd")),
                "damage": plain(self.nights("leaked_usd")),
            },
            "people": {name: plain(self.nights(name)) for name in ("exposed", "warning_minutes", "alarm_hours")},
            "doubt_share": {name: doubt_share(self.nights(name)) for name in ("leaked", "exposed")}
            if self.paired
            else {},
            "cpu_seconds": self.cpu_seconds,
            "wall_seconds": self.wall_seconds,
        }
        if self.recorded is not None:
            answer["recorded"] = self.recorded
        return answer

    def _fates(self, counts: np.ndarray) -> dict[str, Any]:
        launched = counts[:, : len(c.FATES)].sum(axis=1)
        neutralised = counts[:, c.KILLED] + counts[:, c.LOST]
        answer = {"launched": figure(launched, paired=self.paired).as_dict()}
        for at, fate in enumerate(c.FATES):
            answer[fate] = figure(counts[:, at], paired=self.paired).as_dict()
        answer["neutralised_rate"] = ratio(neutralised, launched, paired=self.paired).as_dict()
        answer["observed_neutralised"] = figure(counts[:, -1], paired=self.paired).as_dict()
        return answer

    def table(self, what: str = "class"):
        """The answer as a pandas table; means of a night, but for ``night``.

        Parameters
        ----------
        what
            ``class``, ``type``, ``effector``, ``place`` or ``zone``: one row for each. ``measure``: one row for each
            of `MEASURES`, with its intervals. ``night``: one row for each night, with every column of `rows`.

        Raises
        ------
        UsageError
            When ``what`` is none of these.

        Examples
        --------
        >>> import koepel
        >>> outcomes = koepel.simulate(koepel.Scenario.read("small-country"), runs=4, seed=7)
        >>> list(outcomes.table("measure").columns)
        ['mean', 'mean_low', 'mean_high', 'low', 'high']
        >>> outcomes.table("night").shape[0]
        4
        """
        from koepel.errors import Fault, UsageError

        tables = {
            "class": lambda: self._fate_table(what, c.CLASSES, [self.of_class(name) for name in c.CLASSES]),
            "type": lambda: self._fate_table(what, self.types, [self.by_type[:, t] for t in range(len(self.types))]),
            "effector": self._effector_table,
            "place": self._place_table,
            "zone": lambda: _framed(self.zones / self.runs, self.zone_names, what, ["alarm_h", "impacts", "debris"]),
            "measure": self._measure_table,
            "night": lambda: _framed(self.rows, range(self.runs), what, self.columns),
        }
        if what not in tables:
            mend = f"give {', '.join(list(tables)[:-1])} or {list(tables)[-1]}"
            raise UsageError(f"table {what!r}: {mend}", [Fault("", "table", f"found {what!r}", mend)])
        return tables[what]()

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `rows`, as ``kh-101: killed``, ``rounds of gem-t``, ``impacts``."""
        by_type = [f"{name}: {what}" for name in self.types for what in c.PER_TYPE]
        fired = [f"rounds of {name}" for name in self.effectors]
        kills = [f"kills of {name}" for name in self.effectors]
        return [*by_type, *fired, *kills, *c.SCALARS]

    def _fate_table(self, what: str, names: Sequence[str], every: Sequence[np.ndarray]):
        means = np.array([counts.mean(axis=0) for counts in every]).reshape(len(names), len(c.PER_TYPE))
        table = _framed(means, names, what, [*c.FATES, "observed_neutralised"])
        table.insert(0, "launched", means[:, : len(c.FATES)].sum(axis=1))
        return table

    def _effector_table(self):
        rows = [(self.rounds(name).mean(), self.kills(name).mean()) for name in self.effectors]
        return _framed(np.array(rows).reshape(-1, 2), self.effectors, "effector", ["rounds", "kills"])

    def _place_table(self):
        table = _framed(self.places[:, :2] / self.runs, self.place_names, "place", ["impacts", "people_exposed"])
        table["warning_min"] = self.places[:, 2] / np.where(self.places[:, 0] > 0, self.places[:, 0], np.nan)
        return table

    def _measure_table(self):
        rows = [tuple(self.figure(name).as_dict().values()) for name in MEASURES]
        return _framed(np.array(rows, float), MEASURES, "measure", list(Figure.__slots__))

    def summary(self) -> str:
        """A page for a human: counts before rates, each with the 95 % interval of its mean."""
        lines = [
            f"{self.scenario}: {self.runs:,} nights, seed {self.seed}, rules {self.rules}",
            "mean a night (95 % interval of the mean) [95 % of nights]",
            "",
            _line("threats", self.figure("threats")),
            *(_line(f"  {fate}", self.figure(fate)) for fate in c.FATES),
        ]
        for name in c.CLASSES:
            counts = self.of_class(name)
            launched = counts[:, : len(c.FATES)].sum(axis=1)
            if launched.sum():
                lines.append(_line(f"{name}: leaked", figure(counts[:, c.LEAKED], paired=self.paired)))
                share = ratio(counts[:, c.KILLED] + counts[:, c.LOST], launched, paired=self.paired)
                lines.append(_line(f"{name}: share neutralised", share))
        fired = {name: figure(self.rounds(name), paired=self.paired) for name in self.effectors}
        lines += ["", *(_line(f"rounds of {name}", one) for name, one in fired.items() if one.mean)]
        labels = {
            "impacts": "impacts that do harm",
            "debris": "places harmed by debris",
            "exposed": "people exposed",
            "warning_minutes": "minutes of warning",
            "alarm_hours": "hours of alarm",
            "attacker_usd": "cost to the attacker, USD",
            "defender_usd": "cost of rounds fired, USD",
            "averted_usd": "value at risk averted, USD",
        }
        lines += ["", *(_line(label, self.figure(name)) for name, label in labels.items())]
        return "\n".join(lines + self._recorded_lines())

    def _recorded_lines(self) -> list[str]:
        if not self.recorded:
            return []
        night, source = self.recorded.get("night", "a night"), self.recorded.get("source", "")
        lines = ["", f"neutralised, as a record would show it, beside the record of {night} ({source})"]
        for name, row in self.recorded["by_class"].items():
            if row["launched"]:
                seen = figure(self.of_class(name)[:, -1], paired=self.paired)
                lines.append(_line(f"  {name}", seen) + f"   recorded {row['neutralised']:g} of {row['launched']:g}")
        for row in self.recorded.get("left_out", ()):
            lines.append(f"  left out: {row['type']}, {row['launched'] or 'some'} launched ({row['why']})")
        return lines

    def _repr_html_(self) -> str:
        """What a notebook shows: measures with their intervals, fates by class, harm by region where one is known."""
        from koepel import sketch

        told = [(name.replace("_", " "), self.figure(name)) for name in MEASURES]
        spans = [(sketch.span(one.mean_low, one.mean_high), sketch.span(one.low, one.high)) for _, one in told]
        measures = [(name, one.mean, *span) for (name, one), span in zip(told, spans, strict=True)]
        fates = [(name, *row) for name, row in self.table("class").iterrows() if row["launched"]]
        regions = sketch.regions_named(self.zone_names)
        impacts = dict(zip(self.zone_names, (self.zones[:, 1] / self.runs).tolist(), strict=True))
        return sketch.card(
            self.scenario,
            sketch.table(["measure of a night", "mean", "95 % interval of the mean", "95 % of nights"], measures),
            sketch.table(["class", *self.table("class").columns], [(name, *map(float, row)) for name, *row in fates]),
            sketch.country([], regions, impacts, "impacts that do harm, mean of a night, by region") if regions else "",
            lead=f"{self.runs:,} nights, seed {self.seed}, {self.rules} rules",
            note="The darker a region, the more impacts that do harm." if regions else "",
        )


def _framed(values: np.ndarray, names: Sequence, what: str, columns: Sequence[str]):
    """Values as a pandas table, a row for each name."""
    import pandas as pd

    return pd.DataFrame(values, index=pd.Index(list(names), name=what), columns=list(columns))


def _line(label: str, one: Figure) -> str:
    nights = "" if one.low is None else f"  [{one.low:,.4g} to {one.high:,.4g}]"
    return f"{label:34s} {one}{nights}"
