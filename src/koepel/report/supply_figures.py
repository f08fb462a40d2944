"""What a campaign assumed of the supply side and of the rhythm of raids: every figure, its interval, its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from koepel.nouns import Noun
from koepel.report.assumptions import figure_line, figures_summary
from koepel.report.digits import whole
from koepel.report.findings import label
from koepel.scenario import Scenario
from koepel.supply import STATUS, Fading, Fielding, Joint, Rate, Ration, Recipient, Stock, Upkeep
from koepel.units import Interval

Words = Mapping[str, Any]
UNDECIDED = ("offers", "expansions", "training")  # for a plan to choose from; a campaign knows nothing of them
# a figure of a noun, and the field without which nothing comes of it
IDLE_WITHOUT = {
    ("Donor", "crisis_floor"): "crisis",
    ("Donor", "priority"): "recipients",
    ("Donor", "share"): "recipients",
    ("Joint", "cost_usd"): "funder",
    ("Order", "pace_in_crisis"): "crisis",
    ("Order", "paid_when_ordered"): "funder",
    ("Order", "price"): "funder",
    ("Order", "rounds"): "effector",
    ("ProductionLine", "priority"): "recipients",
    ("ProductionLine", "share"): "recipients",
}


def supply_figures(scenario: Scenario, t: Mapping[str, Words], *, drawn: bool) -> dict[str, Any]:
    """All figures, a part for each kind of thing on the supply side.

    Parameters
    ----------
    drawn
        Whether raids were drawn, so that their rhythm matters.
    """
    words, supply = t["campaign"]["assumed"], scenario.supply
    sections = {name: getattr(supply, name) for name in type(supply).model_fields if name not in UNDECIDED}
    general = {name: value for name, value in sections.items() if isinstance(value, int | float)}
    told = _Told(scenario, t["campaign"]["figures"])
    rows = {name: list(told.rows(value, name)) for name, value in sections.items() if name not in general}
    rows["general"] = [told.row((), told.words["Supply"][name], supply, name, value) for name, value in general.items()]
    if drawn and scenario.pattern:
        rows["rhythm"] = list(told.rows(scenario.pattern.rhythm, "rhythm"))
    every = [row for part in rows.values() for row in part]
    assumed = sum(row["source"].startswith("assumed") for row in every)
    parts = [
        {"name": words[name], "summary": figures_summary(words[name], part, t["assumed"]), "rows": part}
        for name, part in rows.items()
        if part
    ]
    return {"intro": words["intro"].format(figures=whole(len(every)), assumed=whole(assumed)), "parts": parts}


def unit_types(scenario: Scenario, names: tuple[str, ...]) -> str:
    """How many fire units of each type; never which ones, for a name may tell a place."""
    kinds, types = {unit.name: unit.type for unit in scenario.defence.fire_units}, scenario.catalogue().fire_units
    counts = Counter(kinds.get(name, "") for name in names)
    return ", ".join(f"{whole(n)} × {label(types, kind)}" for kind, n in counts.items())


class _Told:
    """Rows of figures, with the words for them."""

    def __init__(self, scenario: Scenario, words: Words):
        self.scenario, self.words = scenario, words
        self.catalogue = scenario.catalogue()
        self.labels = {**self.catalogue.fire_units, **self.catalogue.effectors}

    def rows(self, value: Any, name: str, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
        """Figures of a thing, of a list of things, or of a table of figures."""
        if isinstance(value, Noun):
            yield from self._noun_rows(value, path)
        elif isinstance(value, tuple):
            for one in value:
                if isinstance(one, Noun):
                    yield from self._noun_rows(one, (*path, self._title(one)))
        elif isinstance(value, dict):
            for key, one in value.items():
                yield self.row((*path, label(self.labels, str(key))), self.words["tables"][name], None, name, one)

    def _noun_rows(self, noun: Noun, path: tuple[str, ...]) -> Iterator[dict[str, str]]:
        kind = type(noun).__name__
        for field in type(noun).model_fields:
            value, text = getattr(noun, field), self.words.get(kind, {}).get(field, "")
            needed = IDLE_WITHOUT.get((kind, field))
            if needed and not getattr(noun, needed):
                continue
            if value is None and field in ("chance", "slip_days") and hasattr(noun, "status"):
                value = STATUS[noun.status][("chance", "slip_days").index(field)]
                text = self.words["by_status"].format(text=text, status=self.words["status"][noun.status])
            if isinstance(value, Interval | int | float):
                yield self.row(path, text, noun, field, value)
            else:
                yield from self.rows(value, field, path)

    def row(self, path: tuple[str, ...], text: str, noun: Noun | None, field: str, value: Any) -> dict[str, str]:
        """One figure. A plain number that is not koepel's own default is the scenario's."""
        if not isinstance(value, Interval):
            default = type(noun).model_fields[field].default if noun is not None else None
            value = Interval(float(value), float(value), "assumed" if value == default else "scenario")
        return figure_line(": ".join([*path, text]), value, "", value.source)

    def _title(self, noun: Noun) -> str:
        """What a thing is called."""
        match noun:
            case Stock() | Ration() | Fading():
                return label(self.catalogue.effectors, noun.effector)
            case Upkeep():
                return label(self.catalogue.fire_units, noun.type)
            case Fielding():
                return unit_types(self.scenario, noun.fire_units)
            case Joint():
                return self.words["partner"].format(name=noun.partner)
            case Rate():
                return self.words["from_day"].format(day=noun.day)
            case Recipient():
                return self.words["recipient"].format(name=noun.name)
        return noun.name
