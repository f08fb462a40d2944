"""How the simulator did beside the baselines, class by class: in numbers, and in words that follow from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from koepel.backtest import Backtest, Prediction
from koepel.backtest.scores import Difference, Quarter, Scores
from koepel.backtest.validation import OURS, Validation
from koepel.report.digits import NONE, number, whole

Words = Mapping[str, str]
SURE = 0.95
LEVELS = (50, 90)
LEAST_DAYS = 10  # of fewer nothing is said in a word


@dataclass(frozen=True, eq=False)
class Judged:
    """The simulator on one class, beside the baselines.

    Attributes
    ----------
    ours
        Every day that the simulator predicted.
    scores
        Of ``ours``.
    same
        The simulator and each baseline on the days that all of them predicted.
    beside
        Scores of ``same``, the simulator first.
    best
        The baseline with the least mean CRPS; None where there is none.
    """

    threat_class: str
    label: str
    ours: Prediction
    scores: Scores
    same: Backtest
    beside: dict[str, Scores]
    best: str | None

    def difference(self, baseline: str) -> Difference:
        """Mean CRPS of the simulator less that of a baseline."""
        return self.same.difference(OURS, baseline, self.threat_class)


def judge(found: Backtest, threat_class: str, label: str) -> Judged | None:
    """The simulator on one class; None where it predicted no day of it."""
    told = {name: one for (name, kind), one in found.predictions.items() if kind == threat_class}
    ours = told.pop(OURS, None)
    if ours is None or not len(ours.days):
        return None
    told = {name: one for name, one in told.items() if len(ours.days.intersection(one.days))}
    days = ours.days
    for one in told.values():
        days = days.intersection(one.days)
    same = {name: _on(one, days) for name, one in {OURS: ours, **told}.items()}
    beside = {name: one.scores() for name, one in same.items()}
    best = min(told, key=lambda name: (beside[name].crps, name)) if told and len(days) else None
    kept = Backtest({(name, threat_class): one for name, one in same.items()})
    return Judged(threat_class, label, ours, ours.scores(), kept, beside, best)


def judge_all(validation: Validation, classes: Words) -> tuple[list[Judged], list[str]]:
    """What was predicted of drones, cruise and ballistic missiles, and the labels of classes that were not."""
    judged = {name: judge(validation.found, name, classes[name]) for name in ("drone", "cruise", "ballistic")}
    return [one for one in judged.values() if one], [classes[name] for name, one in judged.items() if not one]


def _on(one: Prediction, days: pd.DatetimeIndex) -> Prediction:
    """A prediction on some of its days."""
    rows = np.flatnonzero(one.days.isin(days))
    pmfs = tuple(one.pmfs[row] for row in rows)
    return Prediction(one.threat_class, one.days[rows], one.launched[rows], one.neutralised[rows], pmfs)


def margin(n: int, *errors: float | None) -> float | None:
    """Half of the 95 % interval of a mean of n days, by Student's t and the largest of its standard errors.

    Examples
    --------
    >>> round(margin(30, 1.0, 0.9), 3), margin(1, None)
    (2.045, None)
    """
    known = [error for error in errors if error is not None]
    return float(student.ppf(0.5 + SURE / 2, n - 1) * max(known)) if known and n > 1 else None


def verdict(one: Difference) -> str:
    """``better``, ``worse`` or ``same`` by whether the 95 % interval of the difference holds 0; ``few`` below 10 days.

    Examples
    --------
    >>> verdict(Difference(n=100, mean=-2.0, se=0.5, se_serial=0.6, lags=4))
    'better'
    """
    half = margin(one.n, one.se, one.se_serial)
    if one.mean is None or half is None or one.n < LEAST_DAYS:
        return "few"
    return "better" if one.mean + half < 0 else "worse" if one.mean - half > 0 else "same"


def leaning(bias: float, error: float | None, n: int) -> str:
    """``high`` or ``low`` where the 95 % interval of a bias does not hold 0; ``none`` where it does; else ``few``."""
    half = margin(n, error)
    if half is None:
        return "few"
    return "high" if bias - half > 0 else "low" if bias + half < 0 else "none"


def width(scores: Scores) -> str:
    """Whether the intervals are ``narrow``, ``wide``, ``uneven`` (one of each) or ``right``; ``few`` below 10 days."""
    if scores.n < LEAST_DAYS:
        return "few"
    sides = set()
    for level in LEVELS:
        low, high = expected(level, scores.n)
        came = getattr(scores, f"coverage_{level}_mean")
        sides |= {"narrow"} if came < low else {"wide"} if came > high else set()
    return "uneven" if len(sides) > 1 else sides.pop() if sides else "right"


def expected(level: int, n: int) -> tuple[float, float]:
    """Where the coverage of n independent days lies in 95 % of cases if the intervals are true, 0 to 1.

    Examples
    --------
    >>> [round(end, 2) for end in expected(50, 100)]
    [0.4, 0.6]
    """
    half = 1.96 * math.sqrt(level / 100 * (1 - level / 100) / n)
    return max(level / 100 - half, 0.0), min(level / 100 + half, 1.0)


def cards(judged: list[Judged], words: Words, predictors: Words) -> list[dict[str, str]]:
    """One card for each class: the verdict, and the numbers behind it."""
    return [_card(one, words, predictors) for one in judged]


def _card(one: Judged, words: Words, predictors: Words) -> dict[str, str]:
    if one.best is None:
        alone = words["card_alone"].format(crps=crps_text(one.scores.crps), days=whole(one.scores.n))
        return {"label": one.label, "verdict": "few", "word": words["alone"], "than": alone, "crps": "", "pair": ""}
    pair = one.difference(one.best)
    crps = {"ours": crps_text(one.beside[OURS].crps), "best": crps_text(one.beside[one.best].crps)}
    said = verdict(pair)
    return {
        "label": one.label,
        "verdict": said,
        "word": words[said],
        "than": words[f"card_{said}"].format(best=predictors.get(one.best, one.best)),
        "crps": words["card_crps"].format(**crps, days=whole(pair.n)),
        "pair": words["card_pair"].format(interval=_interval(pair)) if said != "few" else "",
    }


def _interval(pair: Difference) -> str:
    """The 95 % interval of a difference as text."""
    return gap(pair.mean, margin(pair.n, pair.se, pair.se_serial))[1]


def gap(mean: float | None, half: float | None) -> tuple[str, str]:
    """A mean that may be below 0, and its 95 % interval, both to the digits that the interval bears.

    Examples
    --------
    >>> gap(0.0871, 1.004), gap(-2.0, None), gap(None, None)
    (('+0.1', '−0.9 to +1.1'), ('−2.0', ''), ('–', ''))
    """
    if mean is None or half is None:
        return signed(mean, None if mean is None else 0.1), ""
    step = step_of(half)
    return signed(mean, step), f"{signed(mean - half, step)} to {signed(mean + half, step)}"


def step_of(error: float) -> float:
    """The power of ten that leaves two digits of an error, from a thousandth to 1.

    Examples
    --------
    >>> step_of(0.078), step_of(6.8), step_of(310.0), step_of(0.0)
    (0.001, 0.1, 1.0, 0.001)
    """
    return 10.0 ** min(max(math.floor(math.log10(error)) - 1, -3), 0) if error > 0 else 1e-3


def crps_text(value: float | None) -> str:
    """A mean CRPS: three digits, at most two behind the point.

    Examples
    --------
    >>> crps_text(7.031), crps_text(0.7712), crps_text(23.46)
    ('7.03', '0.77', '23.5')
    """
    return NONE if value is None else number(value, 0.01 if value < 10 else 0.1)


def signed(value: float | None, step: float | None = None) -> str:
    """A number with its sign, rounded to a power of ten if one is given.

    Examples
    --------
    >>> signed(2.4), signed(-2.4), signed(0.0), signed(-1e-15, 0.1)
    ('+2.4', '−2.4', '0', '0.0')
    """
    text = number(value, step) if value != 0 or step is None else f"{0:.{max(0, -round(math.log10(step)))}f}"
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def answer(judged: list[Judged], words: Words, predictors: Words) -> list[str]:
    """The answer in three sentences: CRPS beside the best baseline, coverage, and bias by size."""
    if not judged:
        return [words["nothing"]]
    told = (
        ("crps", [_crps_clause(one, words, predictors) for one in judged]),
        ("coverage", [_coverage_clause(one, words) for one in judged]),
        ("bias", [_bias_clause(one, words) for one in judged]),
    )
    return [words[name].format(clauses="; ".join(clauses)) for name, clauses in told]


def _crps_clause(one: Judged, words: Words, predictors: Words) -> str:
    if one.best is None:
        return words["crps_alone"].format(label=one.label, ours=crps_text(one.scores.crps))
    pair = one.difference(one.best)
    error, said = max((e for e in (pair.se, pair.se_serial) if e is not None), default=None), verdict(pair)
    return words["crps_few" if said == "few" else "crps_clause"].format(
        label=one.label,
        verdict=words[said],
        ours=crps_text(one.beside[OURS].crps),
        best=crps_text(one.beside[one.best].crps),
        baseline=predictors.get(one.best, one.best),
        difference=signed(pair.mean, step_of(error or 0.0)),
        se=number(error, step_of(error or 0.0)),
    )


def _coverage_clause(one: Judged, words: Words) -> str:
    shares = {f"c{level}": number(100 * getattr(one.scores, f"coverage_{level}_mean"), 1.0) for level in LEVELS}
    return words["coverage_clause"].format(label=one.label, verdict=words[width(one.scores)], **shares)


def _bias_clause(one: Judged, words: Words) -> str:
    ends = (one.scores.quarters[0], one.scores.quarters[-1])[: len(one.scores.quarters)]
    told = ", ".join(_quarter_clause(quarter, words) for quarter in ends)
    return words["bias_clause"].format(label=one.label, quarters=told)


def _quarter_clause(one: Quarter, words: Words) -> str:
    lean = words[f"bias_{leaning(one.bias, one.bias_se, one.n)}"]
    return words["bias_quarter"].format(
        bias=signed(one.bias, step_of(one.bias_se or 1.0)), size=size_of(one), verdict=lean
    )


def size_of(one: Quarter) -> str:
    """The sizes of raid that a quarter holds."""
    return whole(one.least) if one.least == one.most else f"{whole(one.least)} to {whole(one.most)}"


def score_tables(validation: Validation, judged: list[Judged], t: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Scores of the simulator and of each baseline, a table for each class; ballistic once more without S-300."""
    words = t["validation"]["scores"]
    pure = validation.without_s300 and judge(validation.without_s300, "ballistic", words["without_s300"])
    return [_score_table(one, words, t["validation"]["predictors"]) for one in [*judged, *([pure] if pure else [])]]


def _score_table(one: Judged, words: Words, predictors: Words) -> dict[str, Any]:
    launched = whole(one.same.predictions[OURS, one.threat_class].launched.sum())
    days = whole(one.beside[OURS].n)
    heads = ("col_predictor", "col_crps", "col_difference", "col_verdict", "col_50", "col_90", "col_bias")
    return {
        "caption": words["caption"].format(label=one.label, days=days, launched=launched),
        "columns": [words[head] for head in heads],
        "rows": list(_score_rows(one, words, predictors)),
    }


def _score_rows(one: Judged, words: Words, predictors: Words) -> Iterator[dict[str, Any]]:
    for name, scores in one.beside.items():
        pair = None if name == OURS else one.difference(name)
        between = gap(pair.mean, margin(pair.n, pair.se, pair.se_serial)) if pair else (NONE, "")
        bias = gap(scores.bias, margin(scores.n, scores.bias_se))
        error = words["se"].format(se=number(scores.crps_se)) if scores.crps_se is not None else ""
        cells = [
            {"main": crps_text(scores.crps), "sub": error},
            {"main": between[0], "sub": between[1]},
            {"main": words[verdict(pair)] if pair else NONE, "sub": ""},
            *(_coverage_cell(scores, level, words) for level in LEVELS),
            {"main": bias[0], "sub": bias[1]},
        ]
        row = {"head": predictors.get(name, name), "cells": cells}
        yield row | {"total": True} if name == OURS else row


def _coverage_cell(scores: Scores, level: int, words: Words) -> dict[str, str]:
    came = getattr(scores, f"coverage_{level}_mean")
    if came is None:
        return {"main": NONE, "sub": ""}
    low, high = (number(100 * end, 1.0) for end in expected(level, scores.n))
    return {"main": number(100 * came, 1.0), "sub": words["expected"].format(low=low, high=high)}
