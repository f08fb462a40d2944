"""What a study assumed: every figure in use with its interval and source, the raid, policy and doctrine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from koepel.catalogue import Catalogue
from koepel.nouns import Noun
from koepel.report.digits import number, whole
from koepel.report.findings import label
from koepel.scenario import Scenario
from koepel.units import Interval

Words = Mapping[str, Any]
TABLES = ("threats", "effectors", "fire_units", "sensors")


def assumptions(scenario: Scenario, texts: Mapping[str, Words]) -> dict[str, Any]:
    """All that the section says."""
    words, catalogue = texts["assumed"], scenario.catalogue()
    used = types_in_use(scenario, catalogue)
    defence = [_defence(scenario, kind, catalogue, words) for kind in ("fire_units", "sensors")]
    groups = [_figures(table, used[table], catalogue, words) for table in TABLES if used[table]]
    groups.append(_general(scenario, texts))
    rows = [row for group in groups for part in group["parts"] for row in part["rows"]]
    assumed = sum(row["source"].startswith("assumed") for row in rows)
    counts = {"figures": whole(len(rows)), "types": sum(map(len, used.values())), "assumed": whole(assumed)}
    return {
        "intro": words["intro"].format(**counts),
        "groups": groups,
        "defence": [table for table in defence if table],
        "raid": _raid(scenario, catalogue, words),
        "people": _people(scenario, words),
        "rule": words["rule"].format(rule=texts["rules"][scenario.defence.rule]),
        "policy": words["policy" if scenario.defence.policy else "policy_none"],
        "doctrine": _doctrine(scenario, used["effectors"], catalogue, words),
    }


def types_in_use(scenario: Scenario, catalogue: Catalogue) -> dict[str, list[str]]:
    """Names of the types that the scenario uses, by table of the catalogue."""
    if scenario.raid is not None:
        threats = [threat.type for threat in scenario.raid.threats]
    else:
        threats = [name for group in (scenario.pattern.groups if scenario.pattern else ()) for name in group.types]
    units = scenario.defence.fire_units
    kinds = list(dict.fromkeys(unit.type for unit in units))
    effectors = [e for unit in units for e in (unit.magazines or catalogue.fire_units[unit.type].effectors)]
    own = [catalogue.fire_units[kind].word("sensor") for kind in kinds]
    sensors = [sensor.type for sensor in scenario.defence.sensors] + [name for name in own if name not in ("", "none")]
    every = {"threats": threats, "effectors": effectors, "fire_units": kinds, "sensors": sensors}
    return {table: list(dict.fromkeys(names)) for table, names in every.items()}


def _figures(table: str, names: list[str], catalogue: Catalogue, words: Words) -> dict[str, Any]:
    """Figures of the types of one table; words and definitions are left out."""
    parts: dict[str, list] = {name: [] for name in names}
    for row in catalogue.table(table):
        if row["type"] in parts and row["high"] is not None and row["source"] != "definition":
            effector = row["attribute"].partition(":")[2]
            text = f"{row['description']} ({effector})" if effector else row["description"]
            value = Interval(row["low"], row["high"])
            parts[row["type"]].append(figure_line(text, value, row["unit"], row["source"]))
    types = getattr(catalogue, table)
    return {
        "name": words[table],
        "parts": [
            {"name": label(types, name), "summary": figures_summary(label(types, name), rows, words), "rows": rows}
            for name, rows in parts.items()
        ],
    }


def figures_summary(name: str, rows: list, words: Words) -> str:
    """The line that opens the figures of one part."""
    return words["details" if len(rows) != 1 else "details_one"].format(name=name, n=len(rows))


def figure_line(text: str, value: Interval, unit: str, source: str) -> dict[str, str]:
    """One row of a table of figures."""
    return {"text": text, "value": value_text(value), "unit": "" if unit in ("1", "count") else unit, "source": source}


def value_text(value: Interval) -> str:
    """An interval as a file has it, with every digit that matters.

    Examples
    --------
    >>> value_text(Interval(0.25, 4.2e6)), value_text(Interval(-1, -1))
    ('0.25 to 4,200,000', '−1')
    """
    ends = (f"{end:,.6g}" if abs(end) < 1e6 else f"{end:,.0f}" for end in (value.low, value.high))
    low, high = (end.replace("-", "−") for end in ends)
    return low if low == high else f"{low} to {high}"


def _general(scenario: Scenario, texts: Mapping[str, Words]) -> dict[str, Any]:
    """Figures of the situation: weather, doubt, report, people, tracks, and what assets are worth."""
    sections = (scenario.weather, scenario.doubt, scenario.observation, scenario.people, scenario.defence)
    rows = [
        figure_line(texts["general"][name], value, "", value.source if isinstance(value, Interval) else "scenario")
        for section in sections
        for name, value in _plain_figures(section)
        if name in texts["general"]
    ]
    words = texts["assumed"]
    name = words["general"]
    return {"name": name, "parts": [{"name": name, "summary": figures_summary(name, rows, words), "rows": rows}]}


def _plain_figures(section: Noun) -> Iterator[tuple[str, Any]]:
    """Names and values of the fields that hold one number or one interval."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Interval):
            yield name, value
        elif isinstance(value, int | float):
            yield name, Interval(float(value), float(value), "scenario")


def _defence(scenario: Scenario, kind: str, catalogue: Catalogue, words: Words) -> dict[str, Any] | None:
    """How many of each type, never where."""
    things = getattr(scenario.defence, kind)
    types = getattr(catalogue, kind)
    rows = []
    for name, n in Counter(thing.type for thing in things).items():
        cells = [{"main": whole(n), "sub": ""}]
        if kind == "fire_units":
            units = [unit for unit in things if unit.type == name]
            cells.append({"main": _magazines(units, types[name], catalogue), "sub": ""})
        rows.append({"head": label(types, name), "cells": cells})
    heads = [words[kind], words["col_number"], *([words["col_rounds"]] if kind == "fire_units" else [])]
    return {"caption": words[kind], "columns": heads, "rows": rows} if rows else None


def _magazines(units: list, kind, catalogue: Catalogue) -> str:
    """Rounds ready and in reserve of each effector, over the units of one type."""
    held: dict[str, list[list[Interval]]] = {}
    for unit in units:
        given = unit.magazines or dict.fromkeys(kind.effectors)
        for effector, magazine in given.items():
            ready = magazine and magazine.ready
            reserve = magazine and magazine.reserve
            pair = [_held(kind, "rounds", effector, ready), _held(kind, "reserve", effector, reserve)]
            held.setdefault(effector, []).append(pair)
    texts = []
    for effector, pairs in held.items():
        spans = [Interval(min(i.low for i in ends), max(i.high for i in ends)) for ends in zip(*pairs)]
        texts.append(f"{label(catalogue.effectors, effector)} {value_text(spans[0])} + {value_text(spans[1])}")
    return "; ".join(texts)


def _held(kind, what: str, effector: str, given: int | None) -> Interval:
    if given is not None:
        return Interval(given, given)
    return kind.figures.get(f"{what}:{effector}", Interval(0, 0))


def _raid(scenario: Scenario, catalogue: Catalogue, words: Words) -> list[str]:
    """A sentence for each group of the pattern, or one for a fixed raid; never where it strikes."""
    if scenario.raid is not None:
        counts = Counter(threat.type for threat in scenario.raid.threats)
        types = ", ".join(f"{label(catalogue.threats, name)} {whole(n)}" for name, n in counts.items())
        return [words["raid_fixed"].format(n=whole(len(scenario.raid.threats)), types=types)]
    sentences = []
    for group in scenario.pattern.groups if scenario.pattern else ():
        total = sum(group.types.values()) or 1.0
        shares = [f"{label(catalogue.threats, name)} {number(100 * w / total)} %" for name, w in group.types.items()]
        n = group.waves.count
        waves = words["waves_one"] if n == 1 else words["waves"].format(n=n)
        count, types = _count(group.count, words), ", ".join(shares)
        sentences.append(words["raid_group"].format(name=group.name, count=count, types=types, waves=waves))
    return sentences


def _count(count, words: Words) -> str:
    if count.fixed is not None:
        text = words["raid_fixed_count"].format(n=whole(count.fixed))
    else:
        text = words["raid_count"].format(median=number(count.median), spread=number(count.spread))
    if count.fixed is not None or count.chance == 1:
        return text
    return words["raid_chance"].format(chance=number(100 * count.chance), count=text)


def _people(scenario: Scenario, words: Words) -> list[str]:
    people = whole(sum(s.people for s in scenario.settlements))
    lines = [
        words["people"].format(settlements=whole(len(scenario.settlements)), people=people, assets=len(scenario.assets))
    ]
    for kind, n in Counter(asset.kind for asset in scenario.assets).items():
        values = [asset.value_usd for asset in scenario.assets if asset.kind == kind]
        total = Interval(sum(v.low for v in values) * 1e-6, sum(v.high for v in values) * 1e-6)
        lines.append(words["assets"].format(kind=kind, n=whole(n), value=value_text(total)))
    return lines


def _doctrine(scenario: Scenario, effectors: list[str], catalogue: Catalogue, words: Words) -> dict[str, Any]:
    """Salvo, looks, what is kept back, and what the scenario sets itself, for each effector."""
    rows = []
    for name in effectors:
        kind = catalogue.effectors[name]
        shots = [value_text(kind.figure(figure)) for figure in ("salvo", "salvo_terminal", "looks")]
        policy = scenario.defence.policy.get(name, {})
        kept = ", ".join(f"{threat} {share:g}" for threat, share in policy.items())
        own = ", ".join(
            words["own_shot"].format(kind=threat, salvo=shot.salvo, looks=shot.looks)
            for threat, shot in scenario.defence.doctrine.get(name, {}).items()
        )
        rows.append({"head": kind.label, "cells": [{"main": text, "sub": ""} for text in (*shots, kept, own)]})
    heads = ("col_effector", "col_salvo", "col_salvo_terminal", "col_looks", "col_policy", "col_own")
    return {"caption": words["shots"], "columns": [words[head] for head in heads], "rows": rows}
