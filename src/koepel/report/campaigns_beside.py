"""Several kept campaigns side by side on one page: what each changes against the first, on the same luck."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from koepel.campaign import Campaign
from koepel.campaign.comparison import CampaignComparison, compare_campaigns, total
from koepel.campaign.luck import NEVER
from koepel.outcome import figure
from koepel.report import check_fought, rendered, texts, version
from koepel.report.beside import LETTERS, clear, plus
from koepel.report.campaign import command_of_campaign
from koepel.report.changes import changes
from koepel.report.charts import scale, ticks
from koepel.report.digits import number, number_beside, shown, whole
from koepel.report.findings import MILLION, cell, label
from koepel.scenario import Scenario

__all__ = ["campaigns_beside_page"]

CARDS = {"leaked": 1.0, "exposed": 1.0, "damage_usd": MILLION}
BARS = {"width": 880.0, "height": 230.0, "left": 56.0, "right": 868.0, "top": 24.0, "base": 190.0}
MOST_BARS = 6  # campaigns that a chart tells apart


def campaigns_beside_page(kept: Sequence[tuple[str, Campaign, Scenario]]) -> str:
    """The page of several campaigns as text.

    Parameters
    ----------
    kept
        Name, campaign and scenario of each; the others are compared with the first.

    Raises
    ------
    UsageError
        If a campaign is not that of its scenario, or they differ in beginning, days, runs or seed.
    """
    for _, found, scenario in kept:
        check_fought("campaign is", found, scenario)
    t, first = texts(), kept[0]
    words = {**t["beside"], **t["beside"]["campaigns"]}
    letters = [LETTERS[k] if k < len(LETTERS) else f"{k + 1}" for k in range(len(kept))]
    pairs = [compare_campaigns(first[1], other) for _, other, _ in kept[1:]]
    others = list(zip(pairs, letters[1:], kept[1:]))
    return rendered(
        "campaigns_beside.html",
        "charts.css",
        "beside.css",
        t={**t, "beside": words},
        kind=words["kind"],
        name=words["name"].format(names=", ".join(name for name, *_ in kept)),
        lead="",
        who=[_who(letter, *one, words) for letter, one in zip(letters, kept)],
        answers=[_answer(pair, letter, one[0], words) for pair, letter, one in others],
        table=_table(kept, letters, pairs, t, words),
        chart=_chart(kept, letters, words),
        months=_months(kept, letters, words),
        dry=_dry(kept, letters, words),
        differ=[
            {
                **changes(first[2], one[2], words),
                "caption": words["differ_caption"].format(letter=letter),
                "columns": [words["col_field"], "A", letter],
            }
            for _, letter, one in others
        ],
        limits=[words["limits"], *t["campaign"]["limits"]["always"]],
        reproduce=_reproduce(kept, t["reproduce"]),
        footer=words["footer"].format(version=version()),
    )


def _who(letter: str, name: str, found: Campaign, scenario: Scenario, words: Mapping[str, str]) -> dict[str, str]:
    facts = {"scenario": scenario.name, "days": whole(found.days), "begins": found.begins.isoformat()}
    facts |= {"runs": whole(found.runs), "seed": str(found.seed), "digest": found.digest[:12]}
    return {"letter": letter, "name": name, "text": words["who"].format(**facts), "about": scenario.about}


def _answer(pair: CampaignComparison, letter: str, name: str, words: Mapping[str, str]) -> dict[str, Any]:
    cards, lines = [], []
    for measure, factor in CARDS.items():
        difference = pair.differences[measure]
        one = shown(difference, factor, signed=True)
        interval = words["interval"].format(interval=one.interval) if one.interval else ""
        card = {"label": words[f"card_{measure}"], "mean": plus(one.mean), "unit": words[f"unit_{measure}"]}
        cards.append({**card, "interval": interval, "nights": ""})
        means = [float(total(found, measure).mean()) * factor for found in (pair.a, pair.b)]
        both = [number_beside(mean, means[1] - means[0]) for mean in means]
        told = {"difference": plus(one.mean), "interval": one.interval or words["none"], "days": whole(pair.a.days)}
        said = words[f"says_{clear(difference)}"]
        lines.append(words[f"sentence_{measure}"].format(letter=letter, a=both[0], b=both[1], said=said, **told))
    return {"head": words["answer_head"].format(letter=letter, name=name), "cards": cards, "lines": lines}


def _table(
    kept: Sequence, letters: list[str], pairs: list[CampaignComparison], t: Mapping[str, Any], words: Mapping[str, str]
) -> dict[str, Any]:
    labels = dict(t["classes"])
    for _, found, scenario in kept:
        labels |= {name: label(scenario.catalogue().effectors, name) for name in found.effectors}
    rows = []
    for name in dict.fromkeys(name for pair in pairs for name in pair.differences):
        factor = MILLION if "usd" in name.lower() else 1.0
        means = [float(total(found, name).mean()) * factor for _, found, _ in kept]
        if not any(means):
            continue
        apart = max((mean - means[0] for mean in means[1:]), key=abs)
        cells = [{"main": number_beside(means[0], apart), "sub": ""}]
        for (_, found, _), mean in zip(kept[1:], means[1:]):
            difference = figure(total(found, name) - total(kept[0][1], name))
            cells += [{"main": number_beside(mean, apart), "sub": ""}, cell(difference, factor, signed=True)]
        rows.append({"head": _label(name, t["measures"], words, labels), "cells": cells})
    heads = [part for letter in letters[1:] for part in (letter, words["less"].format(letter=letter))]
    return {"caption": words["caption"], "columns": [t["comparison"]["col_measure"], letters[0], *heads], "rows": rows}


def _label(name: str, measures: Mapping[str, str], words: Mapping[str, str], labels: Mapping[str, str]) -> str:
    what, _, of = name.partition(": ")
    if of and what == "leaked":
        return measures["leaked_of"].format(name=labels.get(of, of))
    if of:
        key = {"fired": "fired_of", "dry nights": "dry_nights_of", "spent, USD": "spent_of"}[what]
        return words[key].format(name=labels.get(of, of))
    return measures.get(name) or words.get(name) or measures["damage_usd"]


def _months(kept: Sequence, letters: list[str], words: Mapping[str, str]) -> dict[str, Any]:
    """Threats that leak in each month: every campaign, and its difference to the first."""
    leaked = [found.by_month("leaked") for _, found, _ in kept]
    rows = []
    for m, month in enumerate(kept[0][1].calendar.months):
        cells = [cell(figure(leaked[0][:, m]))]
        for one in leaked[1:]:
            cells += [cell(figure(one[:, m])), cell(figure(one[:, m] - leaked[0][:, m]), signed=True)]
        rows.append({"head": month, "cells": cells})
    heads = [part for letter in letters[1:] for part in (letter, words["less"].format(letter=letter))]
    return {"caption": words["months"], "columns": [words["col_month"], letters[0], *heads], "rows": rows}


def _chart(kept: Sequence, letters: list[str], words: Mapping[str, str]) -> dict[str, Any]:
    """Bars of each month, one for each campaign."""
    kept = kept[:MOST_BARS]
    means = np.array([found.by_month("leaked").mean(axis=0) for _, found, _ in kept])
    months = kept[0][1].calendar.months
    across = scale(0, len(months), BARS["left"], BARS["right"])
    most = max(float(means.max()), 1.0)
    up = scale(0, most, BARS["base"], BARS["top"])
    wide = 0.8 * (across(1) - across(0)) / len(kept)
    bars = []
    for k, (letter, row) in enumerate(zip(letters, means)):
        for m, value in enumerate(row.tolist()):
            x, y = across(m + 0.1) + k * wide, up(value)
            title = f"{letter}, {months[m]}: {number(value)}"
            size = {"w": round(max(wide - 1, 0.5), 1), "h": round(BARS["base"] - y, 1)}
            bars.append({"class": f"letter{k}", "x": round(x, 1), "y": round(y, 1), "title": title, **size})
    told = [f"{letter}: {name}" for letter, (name, *_) in zip(letters, kept)]
    legend = [{"class": f"letter{k}", "text": text} for k, text in enumerate(told)]
    step = -(-len(months) // 12)
    named = [{"at": round(across(m + 0.5), 1), "text": months[m]} for m in range(0, len(months), step)]
    axes = {"x_ticks": named, "y_ticks": ticks(0, most, up), "axis_x": "", "axis_y": words["axis_y"]}
    return {"bars": bars, "legend": legend, "title": words["chart"], "caption": words["chart_text"], **axes, **BARS}


def _dry(kept: Sequence, letters: list[str], words: Mapping[str, str]) -> dict[str, Any]:
    """Share of runs in which each effector runs dry."""
    names = list(dict.fromkeys(name for _, found, _ in kept for name in found.followed))
    rows = []
    for name in names:
        shares = [
            100 * float((found.first_dry(name) < NEVER).mean()) if name in found.followed else None
            for _, found, _ in kept
        ]
        types = next(scenario.catalogue().effectors for _, found, scenario in kept if name in found.followed)
        cells = [{"main": number(share, 1.0), "sub": ""} for share in shares]
        rows.append({"head": label(types, name), "cells": cells})
    return {"caption": words["dry"], "columns": [words["col_effector"], *letters], "rows": rows}


def _reproduce(kept: Sequence, words: Mapping[str, str]) -> dict[str, Any]:
    commands = []
    for name, found, scenario in kept:
        command = command_of_campaign(found, scenario)
        commands.append(f"{command.rpartition(' --html ')[0] or command} --keep {shlex.quote(name)}")
    commands.append(f"koepel report {' '.join(shlex.quote(name) for name, *_ in kept)} --to page.html")
    files = any(words["file"] in command for command in commands)
    facts = [(f"{words['digest']}: {name}", found.digest) for name, found, _ in kept]
    notes = [words["file_note"]] if files else []
    return {"commands": commands, "notes": notes, "facts": [*facts, (words["version"], version())]}
