"""The backtest as one page: the question and the answer, scores, pictures, what was fitted, and what to doubt.

The page is one file without scripts, as that of `koepel.report`. The same backtest makes the same bytes: the time that
it took is not on the page.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from koepel.backtest.calibrate import Family
from koepel.backtest.spatial import LABELS, WEAKNESS, SpatialCheck
from koepel.backtest.validation import Validation
from koepel.report import rendered, save, texts, validation_charts, version
from koepel.report.digits import NONE, number, whole
from koepel.report.verdict import (
    Judged,
    answer,
    cards,
    crps_text,
    gap,
    judge_all,
    margin,
    score_tables,
    signed,
    size_of,
)

__all__ = ["validation_page", "write_validation"]

Words = Mapping[str, Any]


def write_validation(validation: Validation, path: str | Path) -> Path:
    """Write the page of a backtest to a file, and return its path.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    return save(validation_page(validation), path)


def validation_page(validation: Validation) -> str:
    """The page as text; see `write_validation`."""
    words = texts()["validation"]
    told = _sections(validation, texts())
    styles = ("charts.css", "validation.css")
    return rendered("validation.html", *styles, t=words, kind=words["page"]["kind"], name=validation.scenario, **told)


def _sections(validation: Validation, t: Words) -> dict[str, Any]:
    """What each section of the page shows."""
    words = t["validation"]
    judged, missing = judge_all(validation, t["classes"])
    return {
        "lead": words["page"]["lead"].format(**_period(validation)),
        "question": [words["question"]["ask"], words["question"]["how"].format(**_period(validation))],
        "cards": cards(judged, words["answer"], words["predictors"]),
        "answer": answer(judged, words["answer"], words["predictors"]),
        "missing": words["answer"]["missing"].format(labels=", ".join(missing)) if missing else "",
        "scores": score_tables(validation, judged, t),
        "fans": [validation_charts.fan(one, validation.first, validation.last, words["fan"]) for one in judged],
        "pits": [validation_charts.pit(one, words["pit"]) for one in judged],
        "rates": [validation_charts.reliability(one, words["rates"]) for one in judged],
        "quarters": _quarters(judged, words["rates"]),
        **_months(judged, words),
        "facts": _facts(validation, words["facts"]),
        "families": [_family(one, validation, words["families"]) for one in validation.families],
        "fitted": _fitted(validation, words["families"]),
        "spatial": validation.spatial and _spatial(validation.spatial, words["spatial"]),
        "reproduce": _reproduce(validation, words["reproduce"]),
        "footer": words["page"]["footer"].format(version=version(), digest=validation.digest[:12]),
    }


def _period(validation: Validation) -> dict[str, str]:
    first, last = (day.date().isoformat() for day in (validation.first, validation.last))
    return {"first": first, "last": last, "days": whole(validation.days), "records": validation.records or NONE}


def _quarters(judged: list[Judged], words: Words) -> dict[str, Any]:
    """Predicted against recorded by quarter of raid size."""
    rows = []
    for one in judged:
        for place, quarter in enumerate(one.scores.quarters, 1):
            bias = gap(quarter.bias, margin(quarter.n, quarter.bias_se))
            rates = [number(100 * rate, 0.1) for rate in (quarter.predicted_rate, quarter.observed_rate)]
            apart = signed(100 * (quarter.predicted_rate - quarter.observed_rate), 0.1)
            plain = [size_of(quarter), whole(quarter.n), *rates, apart]
            cells = [*({"main": text, "sub": ""} for text in plain), {"main": bias[0], "sub": bias[1]}]
            rows.append({"head": words["row"].format(label=one.label, place=place), "cells": cells})
    heads = ("col_quarter", "col_size", "col_days", "col_predicted", "col_recorded", "col_apart", "col_bias")
    return {"caption": words["caption"], "columns": [words[head] for head in heads], "rows": rows}


def _months(judged: list[Judged], words: Words) -> dict[str, Any]:
    """CRPS by month: pictures, and tables with every baseline."""
    names = words["predictors"]
    pictures, tables = [], []
    for one in judged:
        table = validation_charts.by_month(one)
        pictures.append(validation_charts.months(one, table, words["months"], names))
        rows = [
            {"head": month, "cells": [{"main": whole(values["days"]), "sub": ""}, *_crps_cells(values.iloc[1:])]}
            for month, values in table.iterrows()
        ]
        columns = [words["months"]["col_month"], words["months"]["col_days"]]
        columns += [names.get(name, name) for name in one.beside]
        tables.append({"caption": words["months"]["caption"].format(label=one.label), "columns": columns, "rows": rows})
    return {"months": pictures, "month_tables": tables}


def _crps_cells(values: Any) -> list[dict[str, str]]:
    return [{"main": crps_text(value), "sub": ""} for value in values]


def _facts(validation: Validation, words: Words) -> dict[str, Any]:
    """Recorded facts beside predicted ones."""
    rows = [
        {
            "head": fact.what,
            "cells": [
                {"main": whole(fact.n), "sub": ""},
                *({"main": _value(value, fact.unit), "sub": ""} for value in (fact.recorded, fact.predicted)),
            ],
        }
        for fact in validation.facts
    ]
    heads = ("col_fact", "col_n", "col_recorded", "col_predicted")
    return {"caption": words["caption"], "columns": [words[head] for head in heads], "rows": rows}


def _value(value: float | None, unit: str) -> str:
    return NONE if value is None else f"{number(value, 0.1)} {unit}".strip()


def _family(one: Family, validation: Validation, words: Words) -> dict[str, Any]:
    """A family's row: its place, and how it drifted."""
    places = validation.drift[one.name] if one.name in validation.drift else None
    path = validation_charts.sparkline(places) if places is not None else ""
    low, mean, high = (number(value, 0.01) for value in (one.low, one.mean, one.high))
    title = words["place"].format(mean=mean, low=low, high=high)
    first, last = (number(places.iloc[k], 0.01) if path else "" for k in (0, -1))
    return {
        "name": one.name,
        "figures": whole(one.figures),
        "mean": mean,
        "interval": words["interval"].format(low=low, high=high),
        "identified": one.identified,
        "state": words["identified" if one.identified else "not_identified"],
        "title": title,
        "bar": {name: round(120 * value, 1) for name, value in (("x", one.low), ("mean", one.mean))}
        | {"w": round(max(120 * (one.high - one.low), 1.0), 1)},
        "path": path,
        "path_title": words["drift"].format(first=first, last=last) if path else "",
    }


def _fitted(validation: Validation, words: Words) -> str:
    """How many families the nights say anything of."""
    known = sum(one.identified for one in validation.families)
    return words["intro"].format(all=whole(len(validation.families)), known=whole(known))


def _spatial(check: SpatialCheck, words: Words) -> dict[str, Any]:
    """The weak check of the map: why it is weak first, then ranks."""
    rows = [
        {
            "head": LABELS.get(name, name).replace("  ", "– "),
            "cells": [{"main": text, "sub": ""} for text in _rank(one, words)],
        }
        for name, one in check.correlations.items()
    ]
    heads = ("col_what", "col_rho", "col_interval", "col_n")
    nights = {"first": str(check.nights[0]), "last": str(check.nights[-1])} if check.nights else {}
    how = {"nights": whole(len(check.nights)), "runs": whole(check.runs), "seed": check.seed}
    standing = ", ".join(check.oblasts.index[check.oblasts.standing.astype(bool)]) or words["none"]
    return {
        "how": words["how"].format(**{"first": NONE, "last": NONE, **nights, **how}),
        "weakness": WEAKNESS,
        "table": {"caption": words["caption"], "columns": [words[head] for head in heads], "rows": rows},
        "oblasts": _oblasts(check, words),
        "notes": [
            words["standing"].format(names=standing),
            *(words["left_out"].format(name=name, why=why) for name, why in check.left_out.items()),
            words["late"].format(share=number(100 * check.late_share, 0.1)),
        ],
    }


def _rank(one: Any, words: Words) -> Iterator[str]:
    """Correlation, interval and number of pairs as text."""
    yield NONE if one.rho is None else signed(one.rho, 0.01)
    ends = (None, None) if one.low is None else (signed(one.low, 0.01), signed(one.high, 0.01))
    yield NONE if None in ends else words["ends"].format(low=ends[0], high=ends[1])
    yield whole(one.n)


def _oblasts(check: SpatialCheck, words: Words) -> dict[str, Any]:
    """Hours of alarm by oblast, by the alphabet."""
    rows = [
        {
            "head": words["row_standing"].format(name=name) if row.standing else name,
            "cells": [{"main": number(hours, 0.1), "sub": ""} for hours in (row.predicted_h, row.recorded_h)],
        }
        for name, row in check.oblasts.sort_index().iterrows()
    ]
    heads = ("col_oblast", "col_predicted", "col_recorded")
    return {"caption": words["caption_oblasts"], "columns": [words[head] for head in heads], "rows": rows}


def _reproduce(validation: Validation, words: Words) -> dict[str, Any]:
    """The command, and what it needs."""
    period = _period(validation)
    given = {"scenario": validation.scenario, "records": validation.records or "RECORDS.csv"}
    quoted = {name: shlex.quote(text) for name, text in given.items()}
    spatial = words["spatial"] if validation.spatial else ""
    command = words["command"].format(**{**period, **quoted}, seed=validation.seed, spatial=spatial)
    facts = {
        "scenario": validation.scenario,
        "digest": validation.digest,
        "records": period["records"],
        "period": words["from_to"].format(**period),
        "seed": validation.seed,
        "version": version(),
    }
    return {
        "commands": [command],
        "notes": [words["note"]],
        "facts": [(words[name], fact) for name, fact in facts.items()],
    }
