"""The answer in words, and the tables: counts before rates, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.catalogue import Catalogue
from koepel.comparison import Comparison, compared_mean
from koepel.outcome import NOTHING, Figure, Outcomes, figure, ratio
from koepel.report.digits import NONE, Shown, number, shown, whole

Words = Mapping[str, Any]
MILLION = 1e-6
MONEY = {
    "attacker_usd": "attacker_usd",
    "defender_usd": "defender_usd",
    "averted_usd": "averted_usd",
    "leaked_usd": "damage_usd",
}


def figures_of(outcomes: Outcomes) -> dict[str, Shown]:
    """Every measure as text; money in million USD."""
    names = ("threats", *c.FATES, "impacts", "debris", "exposed", "warning_minutes", "alarm_hours")
    texts = {name: shown(outcomes.figure(name)) for name in names}
    return texts | {label: shown(outcomes.figure(name), MILLION) for name, label in MONEY.items()}


def answer(outcomes: Outcomes, words: Words) -> list[str]:
    """Three sentences: what gets through, who is exposed and warned, what it costs."""
    of = figures_of(outcomes)

    def interval(name: str) -> str:
        one = of[name]
        return words["same"] if one.same else one.interval or words["no_interval"]

    leaked = words["leaked"].format(
        launched=of["threats"].mean,
        leaked=of["leaked"].mean,
        leaked_ci=interval("leaked"),
        leaked_low=of["leaked"].low,
        leaked_high=of["leaked"].high,
        impacts=of["impacts"].mean,
        impacts_ci=interval("impacts"),
    )
    silent = outcomes.rules == "plain" or of["warning_minutes"].mean == NONE
    people = words["people_silent" if silent else "people"].format(
        exposed=of["exposed"].mean,
        exposed_ci=interval("exposed"),
        warning=of["warning_minutes"].mean,
        warning_ci=interval("warning_minutes"),
    )
    money = words["money"].format(
        defender=of["defender_usd"].mean,
        defender_ci=interval("defender_usd"),
        attacker=of["attacker_usd"].mean,
        attacker_ci=interval("attacker_usd"),
        averted=of["averted_usd"].mean,
        averted_ci=interval("averted_usd"),
    )
    return [leaked, people, money]


def cards(outcomes: Outcomes, words: Words) -> list[dict[str, str]]:
    """The four key figures."""
    of = figures_of(outcomes)
    names = {"leaked": "leaked", "exposed": "exposed", "warning": "warning_minutes", "defender": "defender_usd"}
    if outcomes.rules == "plain":
        del names["warning"]
    return [
        {
            "label": words[card],
            "unit": words[f"{card}_unit"],
            "mean": of[name].mean,
            "interval": words["interval"].format(interval=of[name].interval) if of[name].interval else "",
            "nights": words["nights"].format(low=of[name].low, high=of[name].high) if of[name].low else "",
        }
        for card, name in names.items()
    ]


def fates_by_class(outcomes: Outcomes, words: Words, classes: Mapping[str, str]) -> dict[str, Any]:
    """Fates of each class that came, and of all."""
    every = {classes[name]: outcomes.of_class(name) for name in c.CLASSES}
    return _fates(every, outcomes, words, "class")


def fates_by_type(outcomes: Outcomes, words: Words, catalogue: Catalogue) -> dict[str, Any]:
    """Fates of each type that came, and of all."""
    every = {label(catalogue.threats, name): outcomes.by_type[:, t] for t, name in enumerate(outcomes.types)}
    return _fates(every, outcomes, words, "type")


def label(types: Mapping[str, Any], name: str) -> str:
    """The label of a type; its name where the catalogue does not have it."""
    return types[name].label if name in types else name


def _fates(every: Mapping[str, np.ndarray], outcomes: Outcomes, words: Words, what: str) -> dict[str, Any]:
    rows = [_fate_row(name, counts, outcomes.paired) for name, counts in every.items() if counts[:, :4].sum()]
    total = _fate_row(words["all"], outcomes.by_type.sum(axis=1), outcomes.paired)
    heads = (f"col_{what}", "launched", *c.FATES, "observed_neutralised", "neutralised_rate")
    return {
        "caption": words[f"caption_{what}"],
        "columns": [words[name] for name in heads],
        "rows": [*rows, {**total, "total": True}],
    }


def _fate_row(name: str, counts: np.ndarray, paired: bool) -> dict[str, Any]:
    """Launched, each fate, what a record would say, and the rate last."""
    launched = counts[:, : len(c.FATES)].sum(axis=1)
    figures = [figure(values, paired=paired) for values in (launched, *counts.T)]
    rate = ratio(counts[:, c.KILLED] + counts[:, c.LOST], launched, paired=paired)
    return {"head": name, "cells": [*(cell(one) for one in figures), cell(rate, 100.0)]}


def cell(one: Figure, scale: float = 1.0, *, signed: bool = False) -> dict[str, str]:
    """A mean, and its interval under it unless all nights are alike."""
    text = shown(one, scale, signed=signed)
    return {"main": text.mean, "sub": "" if text.same else text.interval}


def rounds_table(outcomes: Outcomes, words: Words, catalogue: Catalogue) -> dict[str, Any]:
    """Rounds and kills of each effector."""
    rows = []
    for name in outcomes.effectors:
        fired = figure(outcomes.rounds(name), paired=outcomes.paired)
        kills = figure(outcomes.kills(name), paired=outcomes.paired)
        nights = {"main": shown(fired).nights, "sub": ""}
        rows.append({"head": label(catalogue.effectors, name), "cells": [cell(fired), nights, cell(kills)]})
    heads = ("col_effector", "col_rounds", "col_rounds_nights", "col_kills")
    return {"caption": words["caption"], "columns": [words[head] for head in heads], "rows": rows}


def measures_table(
    outcomes: Outcomes, words: Words, measures: Words, names: Mapping[str, str], scale: float = 1.0
) -> dict[str, Any]:
    """Mean, interval of the mean and range of nights of some measures."""
    texts = {text: shown(outcomes.figure(name), scale) for name, text in names.items()}
    rows = [
        {"head": measures[text], "cells": [{"main": part, "sub": ""} for part in (one.mean, one.interval, one.nights)]}
        for text, one in texts.items()
    ]
    heads = ("col_measure", "col_mean", "col_interval", "col_nights")
    return {"caption": words["caption"], "columns": [words[head] for head in heads], "rows": rows}


def people_table(outcomes: Outcomes, words: Words, measures: Words) -> dict[str, Any]:
    """Impacts, debris, people, warning and alarm."""
    names = ("impacts", "debris", "exposed", "warning_minutes", "alarm_hours")
    return measures_table(outcomes, words, measures, {name: name for name in names})


def money_table(outcomes: Outcomes, texts: Mapping[str, Words], year: int) -> dict[str, Any]:
    """Both costs, value at risk and damage, and last the cost-exchange ratio with a sentence about it."""
    money = texts["money"]
    words = {**texts["people"], "caption": money["caption"].format(year=year)}
    table = measures_table(outcomes, words, texts["measures"], MONEY, MILLION)
    exchange = cost_exchange(outcomes)
    if exchange.mean is None:
        return {**table, "text": money["ratio_none"]}
    one, of = shown(exchange), figures_of(outcomes)
    parts = (one.mean, one.interval, "")  # by night it is wild: some nights fire hardly a round
    row = {"head": money["ratio"], "cells": [{"main": part, "sub": ""} for part in parts], "total": True}
    means = {name.removesuffix("_usd"): of[name].mean for name in MONEY.values()}
    return {**table, "rows": [*table["rows"], row], "text": money["ratio_text"].format(**means)}


def cost_exchange(outcomes: Outcomes) -> Figure:
    """Attacker's cost / cost of rounds fired; nothing where no round was fired."""
    fired = outcomes.nights("defender_usd")
    if not fired.sum():
        return NOTHING
    return ratio(outcomes.nights("attacker_usd"), fired, paired=outcomes.paired)


def recorded_table(outcomes: Outcomes, words: Words, classes: Mapping[str, str]) -> dict[str, Any] | None:
    """What was recorded of a replayed night beside what a record of the simulated nights would say."""
    if not outcomes.recorded:
        return None
    rows = []
    for name, row in outcomes.recorded.get("by_class", {}).items():
        if not row.get("launched"):
            continue
        seen = figure(outcomes.of_class(name)[:, -1], paired=outcomes.paired)
        said = [number(row.get(key), 1.0) for key in ("launched", "neutralised", "replayed")]
        cells = [{"main": text, "sub": ""} for text in said]
        cells += [cell(seen), {"main": shown(seen).nights, "sub": ""}]
        rows.append({"head": classes.get(name, name), "cells": cells})
    heads = ("col_class", "col_launched", "col_neutralised", "col_replayed", "col_observed", "col_nights")
    date = outcomes.recorded.get("night")
    lines = [words["night"].format(date=date)] if date else []
    lines += [words["left_out"].format(**row) for row in outcomes.recorded.get("left_out", ())]
    return {
        "caption": words["caption"],
        "columns": [words[head] for head in heads],
        "rows": rows,
        "lines": lines,
    }


def comparison_table(comparison: Comparison, words: Words, measures: Words, labels: Words) -> dict[str, Any]:
    """Means of both and their paired difference, measure by measure.

    Parameters
    ----------
    labels
        Of classes and effectors by name.
    """
    a, b = comparison.a, comparison.b
    rows = []
    for name, difference in comparison.differences.items():
        scale = MILLION if name.endswith("_usd") else 1.0
        both = [compared_mean(one, name) * scale for one in (a, b)]
        if difference.mean is None or not any(both):
            continue
        means = [number(mean) for mean in both]
        cells = [*({"main": mean, "sub": ""} for mean in means), cell(difference, scale, signed=True)]
        rows.append({"head": difference_label(name, measures, labels), "cells": cells})
    return {
        "caption": words["caption"].format(a=a.scenario, b=b.scenario, runs=whole(a.runs)),
        "columns": [words["col_measure"], f"A: {a.scenario}", f"B: {b.scenario}", words["col_difference"]],
        "rows": rows,
    }


def difference_label(name: str, measures: Words, labels: Words) -> str:
    """What a measure of a comparison is called."""
    kind, _, of = name.partition(": ")
    if of:
        return measures[f"{kind}_of"].format(name=labels.get(of, of))
    return measures.get(name, name)
