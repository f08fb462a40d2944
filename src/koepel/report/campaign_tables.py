"""The tables of a campaign: months, when what runs dry, orders, money, and where every round went."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from koepel._kernel import columns as c
from koepel.campaign.season import LEDGER, MONEY
from koepel.outcome import Figure
from koepel.report.assumptions import value_text
from koepel.report.campaign_answer import Fought, percent
from koepel.report.digits import NONE, number, whole
from koepel.report.findings import MILLION, cell
from koepel.report.supply_figures import unit_types
from koepel.supply import Order
from koepel.units import Interval

Words = Mapping[str, Any]
MOST_ACROSS = 8  # columns of a table by month, beside the first
MONTHLY = ("raids", "threats", "leaked", "impacts", "exposed", "damage_usd", "spent_usd")


def _text(main: str, sub: str = "") -> dict[str, str]:
    return {"main": main, "sub": sub}


def crossed(caption: str, corner: tuple[str, str], rows: Sequence[str], columns: Sequence[str],
            cell_of: Callable[[int, int], dict[str, str]]) -> dict[str, Any]:  # fmt: skip
    """A table of two sorts of things; the longer of the two runs down where it would be too wide.

    Parameters
    ----------
    corner
        What the rows are called, and what the columns.
    cell_of
        The cell of a row and a column, by number.
    """
    turned = len(columns) > max(MOST_ACROSS, len(rows))
    down, across = (columns, rows) if turned else (rows, columns)
    return {
        "caption": caption,
        "columns": [corner[turned], *across],
        "rows": [
            {"head": name, "cells": [cell_of(k, i) if turned else cell_of(i, k) for k in range(len(across))]}
            for i, name in enumerate(down)
        ],
        **({"class": "dated"} if turned else {}),
    }


def months_table(fought: Fought) -> dict[str, Any]:
    """What came of each month, and of all."""
    words, shown = fought.words["months"], MONTHLY if fought.found.funders else MONTHLY[:-1]
    figures = {row["month"]: {name: Figure(**row[name]) for name in shown} for row in fought.told["months"]}
    days = [row["days"] for row in fought.told["months"]]
    rows = [_month_row(month, n, of) for (month, of), n in zip(figures.items(), days)]
    if len(rows) > 1:
        every = {name: fought.spent if name == "spent_usd" else fought.total(name) for name in shown}
        rows.append({**_month_row(words["total"], fought.found.days, every), "total": True})
    heads = ("month", "days", *(name.removesuffix("_usd") for name in shown))
    return {
        "caption": words["caption"],
        "columns": [words[f"col_{head}"] for head in heads],
        "rows": rows,
        "class": "dated",
    }


def _month_row(head: str, days: int, of: Mapping[str, Figure]) -> dict[str, Any]:
    cells = [cell(one, MILLION if name.endswith("_usd") else 1.0) for name, one in of.items()]
    return {"head": head, "cells": [_text(whole(days)), *cells]}


def classes_table(fought: Fought) -> dict[str, Any]:
    """Leakers of each class that leaks at all, by month."""
    words, months = fought.words["months"], fought.told["months"]
    shown = [name for name in c.CLASSES if any(row["leaked_by_class"][name]["mean"] for row in months)]
    return crossed(
        words["caption_classes"],
        (words["col_class"], words["col_month"]),
        [fought.t["classes"][name] for name in shown],
        [row["month"] for row in months],
        lambda k, m: cell(Figure(**months[m]["leaked_by_class"][shown[k]])),
    )


def fired_table(fought: Fought) -> dict[str, Any]:
    """Rounds of each followed effector fired, by month."""
    words, months, followed = fought.words["months"], fought.told["months"], fought.found.followed
    return crossed(
        words["caption_fired"],
        (fought.words["dry"]["col_effector"], words["col_month"]),
        [fought.labels[name] for name in followed],
        [row["month"] for row in months],
        lambda k, m: cell(Figure(**months[m]["fired"][followed[k]])),
    )


def dry_tables(fought: Fought) -> list[dict[str, Any]]:
    """Chance and first day, and the chance by the end of each month."""
    words, told, followed = fought.words["dry"], fought.told["first_dry"], fought.found.followed
    rows = []
    for name in followed:
        one, low, high = told[name], *(percent(end) for end in told[name]["chance_interval"])
        days = {key: fought.date(day) for key, day in (one["day"] or {}).items()}
        spans = [_span(days, *ends, words) for ends in (("q10", "q90"), ("low", "high"))]
        cells = [_text(percent(one["chance"]), f"{low} to {high}"), _text(days.get("median", NONE)), *spans]
        rows.append({"head": fought.labels[name], "cells": cells})
    heads = ("col_effector", "col_chance", "col_median", "col_most", "col_all")
    months = fought.found.calendar.months
    by_month = crossed(
        words["caption_months"],
        (words["col_effector"], fought.words["months"]["col_month"]),
        [fought.labels[name] for name in followed],
        months,
        lambda k, m: _text(percent(told[followed[k]]["chance_by_month"][months[m]])),
    )
    columns = [words[head] for head in heads]
    return [{"caption": words["caption"], "columns": columns, "rows": rows, "class": "days"}, by_month]


def _span(days: Mapping[str, str], low: str, high: str, words: Words) -> dict[str, str]:
    return _text(words["days"].format(low=days[low], high=days[high]) if days else NONE)


def lasts_table(fought: Fought) -> dict[str, Any]:
    """Days of supply of what there is at the beginning."""
    words, found = fought.words["lasts"], fought.found
    beyond = words["beyond"].format(days=whole(found.days))
    rows = []
    for name in found.followed:
        stock, days = fought.told["rounds"][name]["initial"], fought.told["days_of_supply"][name]
        told = [beyond if day is None else whole(day) for day in days.values()] if stock else [words["none"]] * 5
        rows.append({"head": fought.labels[name], "cells": [_text(text) for text in (number(stock), *told)]})
    heads = ("effector", "stock", "low", "q10", "median", "q90", "high")
    return {"caption": words["caption"], "columns": [words[f"col_{head}"] for head in heads], "rows": rows}


def orders_table(fought: Fought) -> dict[str, Any]:
    """What was asked for, and what came of it."""
    words = fought.words["orders"]
    rows = [{"head": one.name, "cells": _order_cells(fought, one)} for one in fought.scenario.supply.orders]
    heads = ("order", "what", "status", "agreed", "arrived", "whole", "day", "price")
    columns = [words[f"col_{head}"] for head in heads]
    return {"caption": words["caption"], "columns": columns, "rows": rows, "class": "orders"}


def _order_cells(fought: Fought, one: Order) -> list[dict[str, str]]:
    words, told = fought.words["orders"], fought.told["orders"][one.name]
    source = words["of"].format(name=one.of) if one.of else words["of_nobody"]
    chance = value_text(one.coming_true[0].scaled(100.0))
    day = {key: fought.date(value) for key, value in (told["day_whole"] or {}).items()}
    return [
        _text(_asked(fought, one), source),
        _text(words["status"][one.status], words["chance"].format(chance=chance)),
        cell(Figure(**told["agreed"])),
        cell(Figure(**told["arrived"])),
        _text(percent(told["chance_whole"])),
        _text(day["median"], words["days"].format(**day)) if day else _text(NONE),
        _text(*_price(one, words)),
    ]


def _asked(fought: Fought, one: Order) -> str:
    """Rounds, fire units and spares of an order."""
    words, types = fought.words["orders"], fought.scenario.catalogue().fire_units
    told = (
        [words["rounds"].format(rounds=value_text(one.rounds), effector=fought.labels[one.effector])]
        if one.effector
        else []
    )
    told += [words["units"].format(units=unit_types(fought.scenario, one.fire_units))] if one.fire_units else []
    told += [words["spares"].format(n=whole(n), type=types[kind].label if kind in types else kind)
             for kind, n in one.spares.items()]  # fmt: skip
    return "; ".join(told) or words["thing"]


def _price(one: Order, words: Words) -> tuple[str, str]:
    """The price, and who pays."""
    if one.price == Interval(0, 0, one.price.source):
        return words["free"], ""
    form = words["price_round" if one.effector else "price_whole"]
    payer = words["paid_before"] if one.status == "delivered" else words["paid_by"].format(funder=one.funder or NONE)
    large = one.price.high >= 1e6
    ends = dict.fromkeys(_amount(end * (MILLION if large else 1.0)) for end in (one.price.low, one.price.high))
    price = words["million" if large else "plain"].format(price=" to ".join(ends))
    return form.format(price=price, currency=one.currency), payer


def _amount(value: float) -> str:
    """Three digits of an amount of money.

    Examples
    --------
    >>> _amount(4.2), _amount(138.0), _amount(400000.0)
    ('4.2', '138', '400,000')
    """
    return f"{value:.3g}" if value < 1000 else number(value)


def money_table(fought: Fought) -> dict[str, Any]:
    """What each funder received, and what became of it; every row to one number of digits, so that it adds up."""
    words, found = fought.words["money"], fought.found
    rows = []
    for f, name in enumerate(found.funders):
        told = {key: value * MILLION for key, value in fought.told["money_usd"][name].items()}
        step = 10.0 ** min(max(math.floor(math.log10(max(told["received"], 1e-3))) - 3, -3), 0)
        spent = cell(Figure(**fought.told["spent_usd"][name]), MILLION)
        cells = [_text(number(told[key], step), spent["sub"] if key == "spent" else "") for key in MONEY]
        cells.append(_text(whole(abs(found.money_off[:, f]).max())))
        rows.append({"head": name, "cells": cells})
    columns = [words[f"col_{head}"] for head in ("funder", *MONEY, "off")]
    caption = words["caption"].format(year=fought.scenario.price_year)
    return {"caption": caption, "columns": columns, "rows": rows}


def spent_table(fought: Fought) -> dict[str, Any]:
    """What each funder spent in each month."""
    words, months, funders = fought.words["money"], fought.told["months"], fought.found.funders
    return crossed(
        words["caption_months"],
        (words["col_funder"], fought.words["months"]["col_month"]),
        funders,
        [row["month"] for row in months],
        lambda k, m: cell(Figure(**months[m]["spent_usd_by_funder"][funders[k]]), MILLION),
    )


def rounds_table(fought: Fought) -> dict[str, Any]:
    """The ledger: where the rounds came from, and where they are."""
    words, found = fought.words["rounds"], fought.found
    rows = []
    for e, name in enumerate(found.followed):
        told = fought.told["rounds"][name]
        cells = [_text(number(told[key], 0.1)) for key in LEDGER]
        cells.append(_text(whole(abs(found.rounds_off[:, e]).max())))
        rows.append({"head": fought.labels[name], "cells": cells})
    columns = [words[f"col_{head}"] for head in ("effector", *LEDGER, "off")]
    return {"caption": words["caption"], "columns": columns, "rows": rows}
