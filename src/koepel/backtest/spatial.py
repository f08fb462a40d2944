"""Where it strikes, checked weakly: alarm hours by oblast against recorded sirens, impacts against explosion reports.

A pattern says where threats fly and fall; no record does, for raids on all of Ukraine. Two tallies come near: how
long sirens sounded in each oblast each night, and how many explosions were reported of each oblast in the whole war.
Neither counts threats, so only ranks are compared, and `WEAKNESS` stands beside every answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import default_rng
from scipy.stats import rankdata

from koepel.backtest.calibrate import day_of
from koepel.backtest.scores import draw
from koepel.errors import Fault, RecordsError, UsageError
from koepel.records import Records
from koepel.replay import replay
from koepel.scenario import Scenario, digest
from koepel.simulate import DEFAULT_SEED, simulate

LOCAL = "Europe/Kyiv"
# Name in the scenario (GeoNames, English), in the file of sirens, and in the file of explosion reports. The reports
# have one entry for Kyiv: its 4,914 alarms are those of the city and of the oblast together (2,077 + 2,794 sirens).
NAMES = (
    ("Cherkasy", "Cherkaska oblast", "cherkasy"), ("Chernihiv", "Chernihivska oblast", "chernihiv"),
    ("Chernivtsi", "Chernivetska oblast", "chernivtsi"), ("Crimea", "Avtonomna Respublika Krym", "crimea"),
    ("Dnipropetrovsk", "Dnipropetrovska oblast", "dnipro"), ("Donetsk", "Donetska oblast", "donetsk"),
    ("Ivano-Frankivsk", "Ivano-Frankivska oblast", "ivano_frankivsk"), ("Kharkiv", "Kharkivska oblast", "kharkiv"),
    ("Kherson", "Khersonska oblast", "kherson"), ("Khmelnytskyi", "Khmelnytska oblast", "khmelnytskyi"),
    ("Kirovohrad", "Kirovohradska oblast", "kropyvnytskyi"), ("Kyiv City", "Kyiv City", "kyiv"),
    ("Kyiv Oblast", "Kyivska oblast", "kyiv"), ("Luhansk", "Luhanska oblast", "luhansk"),
    ("Lviv", "Lvivska oblast", "lviv"), ("Mykolaiv", "Mykolaivska oblast", "mykolaiv"),
    ("Odesa", "Odeska oblast", "odesa"), ("Poltava", "Poltavska oblast", "poltava"),
    ("Rivne", "Rivnenska oblast", "rivne"), ("Sevastopol", "Sevastopol", "crimea"),
    ("Sumy", "Sumska oblast", "sumy"), ("Ternopil", "Ternopilska oblast", "ternopil"),
    ("Vinnytsia", "Vinnytska oblast", "vinnytsia"), ("Volyn", "Volynska oblast", "volyn"),
    ("Zakarpattia", "Zakarpatska oblast", "zakarpatiia"), ("Zaporizhzhia", "Zaporizka oblast", "zaporizhzhia"),
    ("Zhytomyr", "Zhytomyrska oblast", "zhytomyr"),
)  # fmt: skip
LEFT_OUT = {
    "Luhansk": "a permanent alarm, not listed; no explosion reports",
    "Crimea": "a permanent alarm, not listed; its explosions are of Ukrainian strikes",
    "Sevastopol": "not listed; its explosions are of Ukrainian strikes",
}
OBLAST_OF_SIREN = {siren: name for name, siren, _ in NAMES}
REPORT_OF_OBLAST = {name: report for name, _, report in NAMES}

# An oblast under alarm for more of the period tells nothing of a night. Set with the file in view: June to November
# 2025 Kharkiv (one alert of 604 days), Dnipropetrovsk and Donetsk are above (100, 100, 87 %), Sumy is next (70 %).
STANDING_SHARE = 0.8
BEFORE_NIGHTS, LEAST_BEFORE, RESAMPLES = 90, 30, 1000
WEAKNESS = (
    "Sirens are decisions, not drones: they sound for take-offs, reconnaissance and glide bombs, and end late.",
    "An oblast is large: hours in it do not say where, and the model's round alarm zones reach over its borders.",
    "Oblasts under a permanent alarm, or one that alerts by raion join to, are not compared; from December 2025 alarms "
    "are by raion, and the hours of all oblasts too long.",
    "The nearer the front, the more of everything: to know how far east an oblast is does nearly as well.",
    "Explosion reports are those of the whole war, not of these nights; shelling, glide bombs, interceptions and "
    "Ukrainian fire are among them, and a place with more reporters has more.",
    "The geography of the pattern is assumed, and the numbers launched are the claim of one belligerent.",
    "A good rank proves neither the map nor a route nor an hour; a bad one is a reason to look.",
)
LABELS = {
    "night_totals": "oblast-hours of a night, predicted against recorded",
    "night_totals_drones": "  beside it: number of drones launched against recorded",
    "night_totals_gain": "  the first less the second",
    "oblast_means": "mean hours of each oblast",
    "oblast_means_before": "  beside it: recorded means of the 90 nights before",
    "oblast_means_east": "  beside it: how far east each oblast is, and nothing else",
    "within_nights": "hours by oblast within each night",
    "within_nights_before": "  beside it: recorded means of the 90 nights before",
    "within_nights_east": "  beside it: how far east each oblast is, and nothing else",
    "impacts": "impacts by oblast against explosion reports",
    "impacts_away": "  of these, oblasts without artillery threats alone",
    "impacts_east": "  beside it: how far east each oblast is, and nothing else",
}


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's rank correlation; None where it does not exist, as of a side without two different values.

    Parameters
    ----------
    rho
        -1 to 1; of a gain, the difference of two.
    low, high
        95 % of resamples of the nights, taken to be independent; oblasts are not resampled. None where all are one.
    n
        Pairs that are ranked.
    """

    rho: float | None
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        ends = "" if self.low is None else f" ({self.low:+.2f} to {self.high:+.2f})"
        return "-" if self.rho is None else f"{self.rho:+.2f}{ends}  n = {self.n}"


@dataclass(frozen=True, eq=False)
class SpatialCheck:
    """How well the geography of a scenario agrees with sirens and explosion reports: weak evidence, see `WEAKNESS`.

    Attributes
    ----------
    nights
        The recorded nights that were fought, evenly spaced among all from ``first`` to ``last``.
    correlations
        By the names in `LABELS`. Of alarm hours the oblasts of standing alarm are left out.
    oblasts
        ``predicted_h``, ``recorded_h``: mean hours of alarm a night; ``standing``, whether under alarm for more than
        `STANDING_SHARE` of the period. Index ``oblast``.
    reports
        As `impact_shares` gives it.
    left_out
        Why, by oblast of the scenario.
    late_share
        Share of what was launched in waves that ended after noon: their alarms count with the night after.
    """

    scenario: str
    digest: str
    nights: tuple[date, ...]
    runs: int
    seed: int
    correlations: dict[str, RankCorrelation]
    oblasts: pd.DataFrame
    reports: pd.DataFrame
    left_out: dict[str, str]
    late_share: float

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        plain = {name: getattr(self, name) for name in ("scenario", "digest", "runs", "seed", "left_out", "late_share")}
        tables = {"oblasts": self.oblasts, "reports": self.reports}
        plain |= {name: json.loads(table.reset_index().to_json(orient="records")) for name, table in tables.items()}
        plain |= {"nights": [str(night) for night in self.nights], "weakness": list(WEAKNESS)}
        return plain | {"correlations": {name: asdict(one) for name, one in self.correlations.items()}}

    def summary(self) -> str:
        """A page for a human, which says how weak this evidence is."""
        standing = self.oblasts.standing
        mean_h = self.oblasts[~standing][["predicted_h", "recorded_h"]].sum()
        lines = [
            f"{self.scenario}: {len(self.nights)} nights {self.nights[0]} to {self.nights[-1]}, {self.runs} runs each",
            f"WEAK EVIDENCE. Spearman's rank correlation (95 % of resamples of the nights), seed {self.seed}",
            "",
            *(f"{LABELS[name]:62s} {one}" for name, one in self.correlations.items()),
            "",
            f"oblast-hours a night: {mean_h.predicted_h:.0f} predicted, {mean_h.recorded_h:.0f} recorded",
            f"standing alarm, left out: {', '.join(self.oblasts.index[standing]) or 'none'}",
            *(f"left out: {name} ({why})" for name, why in self.left_out.items()),
            f"launched in waves that ended after noon, when the next night begins: {self.late_share:.1%}",
            "",
            "Why it is weak:",
            *(f"- {line}" for line in WEAKNESS),
        ]
        return "\n".join(lines)


def spatial_check(
    scenario: Scenario, records: Records, sirens_path: str | Path, explosions_path: str | Path, first: date | str,
    last: date | str, *, nights: int = 30, runs: int = 32, seed: int = DEFAULT_SEED,
) -> SpatialCheck:  # fmt: skip
    """The scenario's geography beside recorded sirens and explosion reports, over a sample of recorded nights.

    Parameters
    ----------
    scenario
        Its settlements name their oblast as `NAMES` does.
    sirens_path, explosions_path
        As for `alarm_hours` and `impact_shares`.
    first, last
        First and last night, both included.
    nights
        The most recorded nights to fight, evenly spaced, ``runs`` times each.

    Raises
    ------
    UsageError, RecordsError
        For a scenario of another country, a period without two nights both recorded and heard, or a wrong file.
    """
    regions = _regions_of(scenario)
    first, last = day_of(first, "from"), day_of(last, "to")
    heard = alarm_hours(sirens_path)
    oblasts = [name for name in regions if name in heard]
    launched = records.daily("drone").launched
    sample = _sample(launched[launched > 0].index.intersection(heard.index), first, last, nights)
    fought = predicted_alarms(scenario, records, sample, runs=runs, seed=seed)
    predicted, impacts = (fought[name].unstack("oblast") for name in ("alarm_h", "impacts"))
    predicted, recorded = predicted[oblasts], heard.loc[predicted.index, oblasts]
    standing = heard.loc[first:last, oblasts].mean() > STANDING_SHARE * 24.0
    before = heard.loc[heard.index < first, oblasts].tail(BEFORE_NIGHTS)
    reports = impact_shares(impacts.mean(), explosions_path)
    rows = records.rows[records.rows.night.isin(predicted.index)]
    late = rows[rows.time_end > rows.night + pd.Timedelta(hours=12)]
    east = pd.DataFrame([(s.region, s.at[1]) for s in scenario.settlements]).groupby(0)[1].mean()  # degrees
    kept = standing.index[~standing]
    pairs = _alarm_pairs(predicted[kept], recorded[kept], launched[predicted.index], before, east)
    return SpatialCheck(
        scenario=scenario.name,
        digest=digest(scenario),
        nights=tuple(sample),
        runs=runs,
        seed=seed,
        correlations=_correlations(pairs | _impact_pairs(impacts, reports, east), seed),
        oblasts=pd.DataFrame({"predicted_h": predicted.mean(), "recorded_h": recorded.mean(), "standing": standing}),
        reports=reports,
        left_out={name: LEFT_OUT.get(name, "not in the file of sirens") for name in regions if name not in heard},
        late_share=float(late.launched.sum() / rows.launched.sum()),
    )


def alarm_hours(path: str | Path) -> pd.DataFrame:
    """Recorded hours of alarm by night and oblast.

    A night is from noon to noon in Kyiv and has the date on which it ends; where the clocks change it has 23 or 25
    hours. Alerts of one oblast that overlap or touch are one.

    Parameters
    ----------
    path
        A table with the columns ``region`` (as `NAMES` spells it), ``started_at`` and ``finished_at`` in UTC: CSV
        where its name ends so, else Parquet, for which pyarrow must be installed.

    Returns
    -------
    DataFrame
        One row for each ``night`` from the first alert to the last, one column for each oblast of the file.
    """
    spans, half_day, hour = _joined(_alerts(Path(path))), pd.Timedelta(hours=12), pd.Timedelta(hours=1)
    outmost = spans.started.min(), spans.finished.max()
    first, last = ((t.tz_convert(LOCAL).tz_localize(None) - half_day).normalize() for t in outmost)
    days = pd.date_range(first, last + 2 * half_day, name="night")
    noons = (days + half_day).tz_localize(LOCAL).tz_convert("UTC")
    hours = {}
    for oblast, own in spans.groupby("oblast"):
        ends_h = np.column_stack([(own[name] - noons[0]) / hour for name in ("started", "finished")])
        total_h = np.cumsum(ends_h[:, 1] - ends_h[:, 0])
        sounded_h = np.column_stack([np.append(0.0, total_h[:-1]), total_h])  # up to both ends of each alert
        hours[oblast] = np.diff(np.interp((noons - noons[0]) / hour, ends_h.ravel(), sounded_h.ravel()))
    return pd.DataFrame(hours, index=days[1:])


def predicted_alarms(
    scenario: Scenario, records: Records, nights: Iterable[date], *, runs: int = 32, seed: int = DEFAULT_SEED
) -> pd.DataFrame:
    """Hours of alarm (``alarm_h``), impacts and debris by night and oblast: means of replays of recorded nights.

    The luck of a night depends on its date and the seed.
    """
    tables = {}
    for night in nights:
        luck = int(2**53 * draw(f"spatial {night}", seed=seed))
        tables[pd.Timestamp(night)] = simulate(replay(scenario, records.night(night)), runs, seed=luck).table("zone")
    return pd.concat(tables, names=["night", "oblast"])


def impact_shares(impacts: pd.Series, path: str | Path) -> pd.DataFrame:
    """Predicted share of impacts beside the share of explosion reports, which are those of the whole war.

    Parameters
    ----------
    impacts
        Predicted, by oblast in the scenario's spelling; those in `LEFT_OUT` are left out.
    path
        JSON with ``regions``, each with ``slug`` (as `NAMES` spells it) and, where there are any,
        ``explosionReports`` and ``artilleryThreats``.

    Returns
    -------
    DataFrame
        ``predicted_share`` and ``reported_share``, each of sum 1 over the rows; ``artillery``, whether artillery
        threats are reported. Index ``report``, the slug: Kyiv City and Kyiv Oblast are one.
    """
    predicted = impacts.drop(LEFT_OUT, errors="ignore").groupby(REPORT_OF_OBLAST).sum().rename_axis("report")
    reports = _reports(Path(path)).reindex(predicted.index)
    lacking = reports.index[reports.explosions.isna()]
    if len(lacking):
        raise _unreadable(Path(path), "regions", f"no explosion reports of {', '.join(lacking)}", "give the whole file")
    counts = pd.DataFrame({"predicted_share": predicted, "reported_share": reports.explosions})
    return (counts / counts.sum()).assign(artillery=reports.artillery.astype(bool))


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's, equals at their mean rank; NaN where either side has no two different values."""
    return rank_correlation_within(np.reshape(x, (1, -1)), np.reshape(y, (1, -1)))


def rank_correlation_within(x: np.ndarray, y: np.ndarray) -> float:
    """The same, ranked within each row and pooled: what rows differ in as a whole does not count.

    Parameters
    ----------
    x, y
        Shape (n_nights, n_oblasts).
    """
    a, b = (rankdata(values, axis=1) - (np.shape(values)[1] + 1) / 2 for values in (x, y))
    spread = np.sqrt((a * a).sum() * (b * b).sum())
    return float(np.clip((a * b).sum() / spread, -1.0, 1.0)) if spread > 0 else np.nan


# How two tables of nights by oblasts are compared, each with the number of pairs that are ranked.
VIEWS: dict[str, tuple[Callable, Callable]] = {
    "totals": (lambda x, y: rank_correlation(x.sum(axis=1), y.sum(axis=1)), len),
    "means": (lambda x, y: rank_correlation(x.mean(axis=0), y.mean(axis=0)), lambda y: y.shape[1]),
    "within": (rank_correlation_within, np.size),
}
Pair = tuple[str, np.ndarray, np.ndarray]  # a view and the two tables


def _alarm_pairs(
    predicted: pd.DataFrame, recorded: pd.DataFrame, launched: pd.Series, before: pd.DataFrame, east: pd.Series
) -> dict[str, Pair]:
    x, y = predicted.to_numpy(), recorded.to_numpy()
    pairs = {
        "night_totals": ("totals", x, y),
        "night_totals_drones": ("totals", launched.to_numpy(float)[:, None], y),
        "oblast_means": ("means", x, y),
        "within_nights": ("within", x, y),
    }
    known = {"before": before.mean(), "east": east} if len(before) >= LEAST_BEFORE else {"east": east}
    for name, of_oblast in known.items():
        map_alone = np.tile(of_oblast[recorded.columns], (len(y), 1))
        pairs |= {f"oblast_means_{name}": ("means", map_alone, y), f"within_nights_{name}": ("within", map_alone, y)}
    return pairs


def _impact_pairs(impacts: pd.DataFrame, reports: pd.DataFrame, east: pd.Series) -> dict[str, Pair]:
    predicted = impacts.T.groupby(REPORT_OF_OBLAST).sum().T[reports.index].to_numpy()
    reported, away = np.tile(reports.reported_share, (len(impacts), 1)), ~reports.artillery.to_numpy()
    map_alone = np.tile(east.groupby(REPORT_OF_OBLAST).mean()[reports.index], (len(impacts), 1))
    return {
        "impacts": ("means", predicted, reported),
        "impacts_away": ("means", predicted[:, away], reported[:, away]),
        "impacts_east": ("means", map_alone, reported),
    }


def _correlations(pairs: dict[str, Pair], seed: int) -> dict[str, RankCorrelation]:
    """All correlations in the order of `LABELS`, with the ends of a percentile bootstrap over the nights."""
    n_nights = len(pairs["night_totals"][1])
    luck = default_rng(int(2**53 * draw("spatial resamples", seed=seed)))
    samples = np.vstack([np.arange(n_nights), luck.integers(n_nights, size=(RESAMPLES, n_nights))])
    values = {name: np.array([VIEWS[view][0](x[k], y[k]) for k in samples]) for name, (view, x, y) in pairs.items()}
    values["night_totals_gain"] = values["night_totals"] - values["night_totals_drones"]  # on the same resamples
    n = {name: int(VIEWS[view][1](y)) for name, (view, _, y) in pairs.items()} | {"night_totals_gain": n_nights}
    return {name: _with_ends(values[name], n[name]) for name in LABELS if name in values}


def _with_ends(values: np.ndarray, n: int) -> RankCorrelation:
    """The first value with the ends of 95 % of the others; no ends where most do not exist, or all are one."""
    known = values[1:][np.isfinite(values[1:])]
    rho = float(values[0]) if np.isfinite(values[0]) else None
    if len(known) < RESAMPLES / 2 or np.ptp(known) < 1e-12:
        return RankCorrelation(rho, None, None, n)
    return RankCorrelation(rho, *np.quantile(known, [0.025, 0.975]).tolist(), n)


def _regions_of(scenario: Scenario) -> list[str]:
    """The oblasts that a scenario's settlements name, in the order of `NAMES`."""
    regions = {settlement.region or "" for settlement in scenario.settlements}
    unknown = sorted(regions - set(REPORT_OF_OBLAST))
    if unknown or not regions:
        found = f"found {', '.join(repr(name) for name in unknown[:5]) or 'no settlement'}"
        mend = f"name each settlement's oblast as one of {', '.join(REPORT_OF_OBLAST)}"
        raise UsageError(scenario.name, [Fault("", "settlements.region", found, mend)])
    return [name for name in REPORT_OF_OBLAST if name in regions]


def _sample(nights: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp, most: int) -> list[date]:
    """At most so many of the nights, evenly spaced from the first to the last."""
    inside = nights[(nights >= first) & (nights <= last)].sort_values()
    if len(inside) < 2 or most < 2:
        found = f"{len(inside)} nights with drones and sirens from {first.date()} to {last.date()}, {most} wanted"
        raise UsageError("spatial check", [Fault("", "nights", found, "give a longer period and two nights or more")])
    rows = np.unique(np.linspace(0, len(inside) - 1, min(most, len(inside))).round().astype(int))
    return [stamp.date() for stamp in inside[rows]]


def _alerts(path: Path) -> pd.DataFrame:
    """``oblast``, ``started``, ``finished`` of each alert, in UTC, or what is wrong with the file."""
    table, columns = _read(path), ["region", "started_at", "finished_at"]
    missing = [name for name in columns if name not in table]
    if missing:
        raise _unreadable(path, "", f"no column {', '.join(missing)}", f"give {', '.join(columns)}, one alert a row")
    unknown = [repr(name) for name in table.region.unique() if name not in OBLAST_OF_SIREN]
    if unknown:
        found, mend = f"found {', '.join(unknown[:5])}", f"name it as one of {', '.join(OBLAST_OF_SIREN)}"
        raise _unreadable(path, "region", found, mend)
    how = {"utc": True, "format": "ISO8601", "errors": "coerce"}
    started, finished = (pd.to_datetime(table[name], **how) for name in columns[1:])
    alerts = pd.DataFrame({"oblast": table.region.map(OBLAST_OF_SIREN), "started": started, "finished": finished})
    wrong, alerts = alerts.index[~(started <= finished)], alerts[~alerts.oblast.isin(LEFT_OUT)]
    if len(wrong) or alerts.empty:
        found = f"of {len(table)} alerts {len(wrong)} have no start and end after it, as in rows {wrong[:5].tolist()}"
        raise _unreadable(path, "finished_at", found, "give alerts with both times in UTC as YYYY-MM-DD HH:MM:SS")
    return alerts


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except ImportError:
        mend = "pip install pyarrow, or give the table as CSV"
        raise UsageError("sirens", [Fault(str(path), "", "a Parquet file, and no pyarrow", mend)]) from None
    except (OSError, ValueError) as error:  # pandas' and pyarrow's own errors are among them
        raise _unreadable(path, "", " ".join(str(error).split())[:200], "give a CSV or Parquet table") from None


def _joined(alerts: pd.DataFrame) -> pd.DataFrame:
    """The alerts with those of one oblast that overlap or touch made one."""
    alerts = alerts.sort_values(["oblast", "started"], kind="stable", ignore_index=True)
    latest = alerts.groupby("oblast").finished.cummax()
    apart = ~(alerts.started <= latest.groupby(alerts.oblast).shift())  # NaT for the first of an oblast: apart
    spans = alerts.groupby(apart.cumsum())
    return spans.agg(oblast=("oblast", "first"), started=("started", "first"), finished=("finished", "max"))


def _reports(path: Path) -> pd.DataFrame:
    """``explosions`` and ``artillery`` by slug, NaN where none is given."""
    try:
        regions = json.loads(path.read_text(encoding="utf-8"))["regions"]
        rows = {one["slug"]: (one.get("explosionReports"), "artilleryThreats" in one) for one in regions.values()}
        table = pd.DataFrame.from_dict(rows, "index", columns=["explosions", "artillery"])
        table["explosions"] = table.explosions.astype(float)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise _unreadable(path, "regions", found[:200], "give JSON as impact_shares describes it") from None
    unknown = sorted(set(table.index) - set(REPORT_OF_OBLAST.values()))
    if unknown:
        known = ", ".join(dict.fromkeys(REPORT_OF_OBLAST.values()))
        raise _unreadable(path, "regions.slug", f"found {', '.join(unknown)}", f"name it as one of {known}")
    return table


def _unreadable(path: Path, field: str, found: str, mend: str) -> RecordsError:
    return RecordsError(path.name, [Fault(str(path), field, found, mend)])
