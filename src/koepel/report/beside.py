"""Several kept runs side by side on one page: what each changes against the first, on the same luck where it is one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from koepel.comparison import Comparison, compared_mean, comparison_of
from koepel.outcome import Figure, Outcomes
from koepel.report import check_fought, command_of, rendered, texts, version
from koepel.report.assumptions import assumptions
from koepel.report.changes import changes
from koepel.report.charts import class_breaks
from koepel.report.country import country_picture, is_invented
from koepel.report.digits import mean_number, number_beside, shown, whole
from koepel.report.findings import MILLION, cell, difference_label
from koepel.report.regions import zone_means
from koepel.scenario import Scenario

__all__ = ["beside_page"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CARDS = {"leaked": 1.0, "exposed": 1.0, "defender_usd": MILLION}


def beside_page(kept: Sequence[tuple[str, Outcomes, Scenario]]) -> str:
    """The page of several runs as text.

    Parameters
    ----------
    kept
        Name, outcomes and scenario of each; the others are compared with the first.

    Raises
    ------
    UsageError
        If outcomes are not those of their scenario, or two cannot be compared.
    """
    for _, outcomes, scenario in kept:
        check_fought("outcomes are", outcomes, scenario)
    t, first = texts(), kept[0]
    words = t["beside"]
    letters = [LETTERS[k] if k < len(LETTERS) else f"{k + 1}" for k in range(len(kept))]
    pairs = [comparison_of(first[1], other) for _, other, _ in kept[1:]]
    return rendered(
        "beside.html",
        "charts.css",
        "beside.css",
        t=t,
        kind=words["kind"],
        name=words["name"].format(names=", ".join(name for name, *_ in kept)),
        lead="",
        who=[_who(letter, *one, words) for letter, one in zip(letters, kept)],
        luck=[_luck(pair, letter, words) for pair, letter in zip(pairs, letters[1:])],
        answers=[_answer(pair, letter, one[0], words) for pair, letter, one in zip(pairs, letters[1:], kept[1:])],
        table=_table(kept, letters, pairs, t),
        differ=[_differ(first, one, letter, words) for letter, one in zip(letters[1:], kept[1:])],
        maps=_maps(kept, letters, t),
        regions=_regions(kept, letters, t),
        caveats=_caveats([scenario for *_, scenario in kept], t["about"]),
        assumed=assumptions(first[2], t),
        also=_also(kept, letters, t),
        reproduce=_reproduce(kept, t["reproduce"]),
        footer=words["footer"].format(version=version()),
    )


def _who(letter: str, name: str, outcomes: Outcomes, scenario: Scenario, words: Mapping[str, str]) -> dict[str, str]:
    facts = {"scenario": scenario.name, "runs": whole(outcomes.runs), "digest": outcomes.digest[:12]}
    text = words["who"].format(seed=outcomes.seed, rules=outcomes.rules, **facts)
    return {"letter": letter, "name": name, "text": text, "about": scenario.about}


def _luck(pair: Comparison, letter: str, words: Mapping[str, str]) -> str:
    nights = whole(min(pair.a.runs, pair.b.runs))
    return words["same_luck" if pair.same_luck else "other_luck"].format(letter=letter, nights=nights, seed=pair.a.seed)


def _answer(pair: Comparison, letter: str, name: str, words: Mapping[str, str]) -> dict[str, Any]:
    """Cards and three sentences: what gets through, who is exposed, what it costs."""
    cards = []
    for measure, scale in CARDS.items():
        one = shown(pair.differences[measure], scale, signed=True)
        interval = words["interval"].format(interval=one.interval) if one.interval else ""
        label, unit = words[f"card_{measure}"], words[f"unit_{measure}"]
        cards.append({"label": label, "mean": plus(one.mean), "unit": unit, "interval": interval, "nights": ""})
    lines = [_sentence(pair, measure, scale, letter, words) for measure, scale in CARDS.items()]
    return {"head": words["answer_head"].format(letter=letter, name=name), "cards": cards, "lines": lines}


def _sentence(pair: Comparison, measure: str, scale: float, letter: str, words: Mapping[str, str]) -> str:
    means = [compared_mean(one, measure) * scale for one in (pair.a, pair.b)]
    both = [number_beside(mean, means[1] - means[0]) for mean in means]
    one = shown(pair.differences[measure], scale, signed=True)
    said = words[f"says_{clear(pair.differences[measure])}"]
    told = {"difference": plus(one.mean), "interval": one.interval or words["none"], "said": said}
    return words[f"sentence_{measure}"].format(letter=letter, a=both[0], b=both[1], **told)


def clear(one: Figure) -> str:
    """``more`` or ``less`` where the 95 % interval does not hold 0, ``same`` where it is 0, else ``unclear``.

    Examples
    --------
    >>> clear(Figure(-2.0, -3.0, -1.0, None, None)), clear(Figure(0.5, -0.1, 1.1, None, None))
    ('less', 'unclear')
    """
    if one.mean is None or one.mean_low is None:
        return "unclear"
    if one.mean_low == one.mean_high == 0:
        return "same"
    return "more" if one.mean_low > 0 else "less" if one.mean_high < 0 else "unclear"


def plus(text: str) -> str:
    """A number as text with its sign, where it is above 0."""
    return text if text[:1] in "−–" or not text.strip("0.,") else f"+{text}"


def _table(kept: Sequence, letters: list[str], pairs: list[Comparison], t: Mapping[str, Any]) -> dict[str, Any]:
    """Means of all and differences to the first, measure by measure."""
    words = t["beside"]
    labels = t["classes"] | {
        name: one.label for *_, scenario in kept for name, one in scenario.catalogue().effectors.items()
    }
    rows = []
    for name in dict.fromkeys(name for pair in pairs for name in pair.differences):
        scale = MILLION if name.endswith("_usd") else 1.0
        means = [compared_mean(outcomes, name) * scale for _, outcomes, _ in kept]
        if not any(means) or not all(np.isfinite(means)):
            continue
        apart = max((mean - means[0] for mean in means[1:]), key=abs)
        cells = [{"main": number_beside(means[0], apart), "sub": ""}]
        for mean, pair in zip(means[1:], pairs):
            difference = pair.differences.get(name, Figure(0.0, 0.0, 0.0, 0.0, 0.0))
            cells += [{"main": number_beside(mean, apart), "sub": ""}, cell(difference, scale, signed=True)]
        rows.append({"head": difference_label(name, t["measures"], labels), "cells": cells})
    heads = [part for letter in letters[1:] for part in (letter, words["less"].format(letter=letter))]
    return {"caption": words["caption"], "columns": [t["comparison"]["col_measure"], letters[0], *heads], "rows": rows}


def _differ(first: Sequence, one: Sequence, letter: str, words: Mapping[str, str]) -> dict[str, Any]:
    found = changes(first[2], one[2], words)
    caption = words["differ_caption"].format(letter=letter)
    return {**found, "caption": caption, "columns": [words["col_field"], "A", letter]}


def _maps(kept: Sequence, letters: list[str], t: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A picture of each, all in the same classes of colour."""
    pictures = [country_picture(outcomes, scenario, t["map"]) for _, outcomes, scenario in kept]
    breaks = class_breaks([area["impacts"] for one in pictures for area in one["areas"]])
    pictures = [country_picture(outcomes, scenario, t["map"], breaks) for _, outcomes, scenario in kept]
    heads = [f"{letter}: {name}" for letter, (name, *_) in zip(letters, kept)]
    return [picture | {"id": f"map-{k}", "head": head} for k, (picture, head) in enumerate(zip(pictures, heads))]


def _regions(kept: Sequence, letters: list[str], t: Mapping[str, Any]) -> dict[str, Any] | None:
    """Impacts by region in each, by the alphabet; None where their regions are not the same."""
    means = [zone_means(outcomes, scenario, t["map"]) for _, outcomes, scenario in kept]
    if any(list(one) != list(means[0]) for one in means):
        return None
    rows = [
        {"head": name, "cells": [{"main": mean_number(one[name]), "sub": ""} for one in means]} for name in means[0]
    ]
    return {"caption": t["beside"]["regions"], "columns": [t["map"]["col_region"], *letters], "rows": rows}


def _caveats(scenarios: Sequence[Scenario], words: Mapping[str, str]) -> list[str]:
    invented = all(is_invented(one) for one in scenarios)
    said = dict.fromkeys(one.notional for one in scenarios if one.notional)
    told = [words["notional"].format(notional=text) for text in said]
    told += [words["invented" if invented else "placements"], words["rounded"]]
    return [*told, *([] if invented else [words["belligerent"]]), words["coarse"], words["not_forecast"]]


def _also(kept: Sequence, letters: list[str], t: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of the others that the first does not have, or has otherwise."""
    seen = [part for group in assumptions(kept[0][2], t)["groups"] for part in group["parts"]]
    also = []
    for letter, (_, _, scenario) in zip(letters[1:], kept[1:]):
        parts = [part for group in assumptions(scenario, t)["groups"] for part in group["parts"] if part not in seen]
        seen += parts
        also += [{"head": t["beside"]["also"].format(letter=letter), "parts": parts}] if parts else []
    return also


def _reproduce(kept: Sequence, words: Mapping[str, str]) -> dict[str, Any]:
    """A command for each run, and the one that makes the page of them."""
    commands = [f"{command_of(outcomes, scenario)} --out {shlex.quote(name)}" for name, outcomes, scenario in kept]
    commands.append(f"koepel report {' '.join(shlex.quote(name) for name, *_ in kept)} --to page.html")
    files = any(words["file"] in command for command in commands)
    facts = [(f"{words['digest']}: {name}", outcomes.digest) for name, outcomes, _ in kept]
    return {
        "commands": commands,
        "notes": [words["file_note"]] if files else [],
        "facts": [*facts, (words["version"], version())],
    }
