"""The whole backtest: the simulator beside the baselines on the same days, and what it must reproduce.

`validate` fits the response, predicts every day with a rolling origin, scores, and gathers what a reader needs to
judge: what was fitted and how it drifted, recorded facts beside predicted ones, and the weak spatial check.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from koepel.backtest import Backtest, backtest, baselines
from koepel.backtest.calibrate import Family, check_fittable, day_of, families_after
from koepel.backtest.facts import OURS, Fact, facts_of
from koepel.backtest.scores import Scores
from koepel.backtest.simulated import HISTORY_D, Fitted, Simulated, fit_response
from koepel.backtest.spatial import SpatialCheck
from koepel.backtest.unknowns import KINDS
from koepel.errors import Fault, UsageError
from koepel.records import Records
from koepel.scenario import Scenario, digest

BASELINE_KEYS = {"rate_90d": "90d", "regression": "regression", "two_streams": "two_streams"}


@dataclass(frozen=True, eq=False)
class Validation:
    """What was predicted, what came, and what to make of it.

    Attributes
    ----------
    found
        Predictions of the simulator (``koepel``) and of the baselines.
    without_s300
        The same of ballistic missiles alone, without the bundles that hold S-300 or S-400; None where none was
        launched.
    families
        What was fitted, after the last day.
    drift
        Mean place of each family on the morning of each predicted day: index ``day``, a column a family.
    """

    scenario: str
    digest: str
    records: str
    first: pd.Timestamp
    last: pd.Timestamp
    seed: int
    found: Backtest
    without_s300: Backtest | None
    families: tuple[Family, ...]
    drift: pd.DataFrame
    facts: tuple[Fact, ...]
    spatial: SpatialCheck | None
    cpu_seconds: float
    wall_seconds: float

    @property
    def days(self) -> int:
        """Days on which anything was predicted."""
        ours = [one.days for (name, _), one in self.found.predictions.items() if name == OURS]
        return len(ours[0].append(ours[1:]).unique()) if ours else 0

    def as_dict(self) -> dict[str, Any]:
        """Everything but the forecasts, ready for JSON."""
        return {
            "scenario": self.scenario,
            "digest": self.digest,
            "records": self.records,
            "from": str(self.first.date()),
            "to": str(self.last.date()),
            "seed": self.seed,
            "days": self.days,
            "by_class": {name: class_scores(self.found, name) for name in KINDS},
            "ballistic_without_s300": class_scores(self.without_s300, "ballistic") if self.without_s300 else None,
            "facts": [fact.as_dict() for fact in self.facts],
            "families": [one.as_dict() for one in self.families],
            "spatial": self.spatial.as_dict() if self.spatial else None,
            "cpu_seconds": self.cpu_seconds,
            "wall_seconds": self.wall_seconds,
        }

    def summary(self) -> str:
        """The scores for a human."""
        lines = [
            f"{self.scenario} on {self.days} days from {self.first.date()} to {self.last.date()}, seed {self.seed}",
            "mean CRPS, in threats; coverage of the central intervals in per cent, averaged over the randomised PIT",
            "",
            _row("class", "days", OURS, *BASELINE_KEYS, "50 %", "90 %", "bias"),
        ]
        tables = [(name, self.found) for name in KINDS] + [("ballistic", self.without_s300)] * bool(self.without_s300)
        for place, (name, found) in enumerate(tables):
            one = class_scores(found, name)
            crps = [one["crps"], *(one[f"crps_baseline_{key}"] for key in BASELINE_KEYS.values())]
            cover = [None if one[key] is None else 100 * one[key] for key in ("coverage_50_mean", "coverage_90_mean")]
            label = name if place < len(KINDS) else f"{name}*"
            lines.append(_row(label, one["n"], *map(_digits, crps), *map(_digits, cover), _digits(one["bias"])))
        if self.without_s300:
            lines.append("* without bundles that hold S-300 or S-400")
        lines += ["", *(str(fact) for fact in self.facts)]
        vague = [one.name for one in self.families if not one.identified]
        lines += ["", f"not identified by these nights: {', '.join(vague) or 'none'}"]
        return "\n".join(lines + (["", self.spatial.summary()] if self.spatial else []))


def _row(*cells: Any) -> str:
    return f"{cells[0]!s:12s}" + "".join(f"{cell!s:>13s}" for cell in cells[1:])


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def class_scores(found: Backtest, threat_class: str) -> dict[str, Any]:
    """Scores of the simulator on a class, with the CRPS of each baseline and the paired differences."""
    ours = found.predictions.get((OURS, threat_class))
    plain = ours.scores().as_dict() if ours else dict.fromkeys(Scores.__slots__) | {"n": 0, "pit": [], "quarters": []}
    for name, key in BASELINE_KEYS.items():
        theirs = found.predictions.get((name, threat_class))
        same = theirs.days.isin(ours.days) if theirs and ours else np.zeros(0, bool)
        plain[f"crps_baseline_{key}"] = float(theirs.crps()[same].mean()) if same.any() else None
        pair = found.difference(OURS, name, threat_class).as_dict() if theirs and ours else None
        plain[f"difference_{key}"] = pair
    return plain


def validate(
    scenario: Scenario,
    records: Records,
    first: str,
    last: str,
    *,
    seed: int = 0,
    workers: int | None = None,
    spatial: SpatialCheck | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Validation:
    """Predict each raid day from what was known before it, and score the predictions beside the baselines.

    Parameters
    ----------
    scenario
        Its intervals are the prior.
    first, last
        First and last day to predict, both included.
    spatial
        A spatial check to keep with it.
    progress
        Called with days predicted and days to predict.

    Raises
    ------
    UsageError
        Where no day can be predicted, or none lies before it to learn from.
    """
    started, cpu = time.perf_counter(), time.process_time()
    begin, end = check_period(scenario, records, first, last, seed)
    fitted = fit_response(scenario, _upto(records, end), seed=seed, workers=workers)
    days = _scored(records, begin, end).night.nunique()
    ours = Simulated(fitted, progress=(lambda done: progress(done, days)) if progress else None)
    found = backtest(records, {OURS: ours, **baselines()}, str(begin.date()), str(end.date()))
    return Validation(
        scenario=scenario.name,
        digest=digest(scenario),
        records=records.file,
        first=begin,
        last=end,
        seed=seed,
        found=found,
        without_s300=_without_s300(fitted, begin, end),
        families=families_after(fitted, end),
        drift=pd.DataFrame(
            np.array([place for _, place in ours.drift]),
            index=pd.DatetimeIndex([day for day, _ in ours.drift], name="day"),
            columns=[one.name for one in fitted.unknowns],
        ),
        facts=facts_of(found, records, ours.by_type, begin, end),
        spatial=spatial,
        cpu_seconds=time.process_time() - cpu,
        wall_seconds=time.perf_counter() - started,
    )


def check_period(
    scenario: Scenario, records: Records, first: str, last: str, seed: int
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and last day; or every reason why these days cannot be predicted."""
    begin, end = (day_of(text, name) for text, name in ((first, "from"), (last, "to")))
    rows = records.rows
    if _scored(records, begin, end).empty:
        mend = "'koepel records FILE' prints the nights that there are"
        found = f"no recorded night from {begin.date()} to {end.date()} on which a scored class flew"
        raise UsageError("the backtest", [Fault("", "from, to", found, mend)])
    before = rows[(rows.night >= begin - pd.Timedelta(days=HISTORY_D)) & (rows.night < begin)]
    check_fittable(scenario, before, str(begin.date()), seed)
    return begin, end


def _scored(records: Records, begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Rows of the days that can be predicted."""
    rows = records.rows
    return rows[(rows.night >= begin) & (rows.night <= end) & rows.threat_class.isin(KINDS) & (rows.launched > 0)]


def _upto(records: Records, last: pd.Timestamp) -> Records:
    """The records of the nights up to the last predicted one; later ones are not even looked at."""
    return replace(records, rows=records.rows[records.rows.night <= last])


def _without_s300(fitted: Fitted, begin: pd.Timestamp, end: pd.Timestamp) -> Backtest | None:
    """Ballistic missiles alone, fitted and predicted without the bundles; the response is the same."""
    rows = fitted.records.rows
    if not rows.s300_bundle[(rows.night >= begin) & (rows.night <= end)].any():
        return None
    pure = replace(fitted, records=replace(fitted.records, rows=rows[~rows.s300_bundle]))
    ballistic = replace(pure.records, rows=pure.records.rows[pure.records.rows.threat_class == "ballistic"])
    predictors = {OURS: Simulated(pure, classes=("ballistic",)), **baselines()}
    return backtest(ballistic, predictors, str(begin.date()), str(end.date()))
