"""What a campaign says in a few sentences: what leaks, what first runs dry, who spent what, and whether it balances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from koepel.campaign import Campaign
from koepel.campaign.luck import NEVER
from koepel.campaign.season import MONEY
from koepel.outcome import Figure, figure
from koepel.report.digits import Shown, number, shown, whole
from koepel.report.findings import MILLION, label
from koepel.scenario import Scenario

Words = Mapping[str, Any]
MOST_NAMED = 4  # funders in the answer


@dataclass(frozen=True, eq=False)
class Fought:
    """A campaign and its scenario, as the page tells them.

    Attributes
    ----------
    t
        Every text of the pages.
    """

    found: Campaign
    scenario: Scenario
    t: Mapping[str, Words]

    @property
    def words(self) -> Words:
        """Texts of this page."""
        return self.t["campaign"]

    @cached_property
    def told(self) -> dict[str, Any]:
        """The campaign as plain numbers, which the page shows."""
        return self.found.as_dict()

    @cached_property
    def labels(self) -> dict[str, str]:
        """Effector -> its label."""
        types = self.scenario.catalogue().effectors
        delivered = (one.effector for one in self.scenario.supply.orders)
        return {name: label(types, name) for name in (*self.found.effectors, *self.found.followed, *delivered)}

    def total(self, measure: str) -> Figure:
        """A measure of `koepel.campaign.result.SHOWN` over the whole campaign."""
        return figure(self.found.by_month(measure).sum(axis=1))

    @cached_property
    def spent(self) -> Figure:
        """US dollars that all funders spent."""
        return figure(self.found.spent.sum(axis=(1, 2)))

    def counted(self, what: str, n: int) -> str:
        """A number of ``days`` or ``times`` in words."""
        words = self.words["counts"]
        return words[f"{what}_1"] if n == 1 else words[what].format(n=whole(n))

    def date(self, day: float | None) -> str:
        """The date of a day that is counted from 1; an empty text for none."""
        return "" if day is None else self.found.calendar.date_of(int(day) - 1).isoformat()


def percent(share: float) -> str:
    """A share of the runs in per cent; whole ones, but for the last before 0 and 100.

    Examples
    --------
    >>> percent(0.304), percent(1e-9), percent(0.0021), percent(0.998), percent(1 - 1e-9)
    ('30', '0', '0.2', '99.8', '100')
    """
    near = 0.0005 <= share < 0.01 or 0.99 < share < 0.9995
    return number(100 * share, 0.1 if near else 1.0)


def first_to_run_dry(found: Campaign) -> tuple[str | None, float, list[str]]:
    """Which effector most often is the first to run dry, in what share of the runs, and which are dry from the start.

    Those that are dry after the first night in most runs, because nothing of them has come yet, run no race.
    """
    days = {name: found.first_dry(name) for name in found.followed}
    empty = [name for name, day in days.items() if (day == 1).mean() > 0.5]
    racing = {name: day for name, day in days.items() if name not in empty}
    if not racing:
        return None, 0.0, empty
    earliest = np.min(list(racing.values()), axis=0)
    shares = {name: float(((day == earliest) & (day < NEVER)).mean()) for name, day in racing.items()}
    first = max(shares, key=lambda name: shares[name])
    return (first, shares[first], empty) if shares[first] else (None, 0.0, empty)


def answer(fought: Fought) -> list[str]:
    """The sentences of the answer."""
    return [_threats(fought), *_dry(fought), _spent(fought), *_balance(fought)]


def interval_text(one: Shown, words: Words) -> str:
    """The interval of a mean, or why there is none."""
    return words["same"] if one.same else one.interval or words["one_run"]


def _threats(fought: Fought) -> str:
    words = fought.words["answer"]
    of = {name: shown(fought.total(name)) for name in ("raids", "threats", "leaked", "exposed")}
    intervals = {f"{name}_ci": interval_text(one, words) for name, one in of.items()}
    means = {name: one.mean for name, one in of.items()}
    return words["threats"].format(days=fought.counted("days", fought.found.days), **means, **intervals)


def _dry(fought: Fought) -> list[str]:
    """What first runs dry and its chance; what never had anything."""
    words, found = fought.words["answer"], fought.found
    if not found.followed:
        return [words["unfollowed"]]
    first, share, empty = first_to_run_dry(found)
    lines = [words["empty"].format(names=", ".join(fought.labels[name] for name in empty))] if empty else []
    if first is None:
        if len(empty) == len(found.followed):
            return lines
        most = max(fought.told["first_dry"][name]["chance_interval"][1] for name in found.followed if name not in empty)
        return [words["never"].format(runs=whole(found.runs), most=percent(most)), *lines]
    told = fought.told["first_dry"][first]
    low, high = (percent(end) for end in told["chance_interval"])
    sentence = words["dry"].format(
        effector=fought.labels[first],
        first=percent(share),
        chance=percent(told["chance"]),
        interval=f"{low} to {high}",
        day=fought.date(told["day"]["median"]),
    )
    return [sentence, *lines]


def _spent(fought: Fought) -> str:
    """Who spent how much: each funder, or the largest and all others together."""
    words, found = fought.words["answer"], fought.found
    if not found.funders:
        return words["unfunded"]
    named = list(range(len(found.funders)))
    if len(named) > MOST_NAMED:
        named = sorted(named, key=lambda f: (-found.spent[:, :, f].mean(), f))[: MOST_NAMED - 1]
    others = [f for f in range(len(found.funders)) if f not in named]
    groups = [(found.funders[f], [f]) for f in named]
    groups += [(words["others"].format(n=whole(len(others))), others)] if others else []
    clauses = []
    for name, which in groups:
        one = shown(figure(found.spent[:, :, which].sum(axis=(1, 2))), MILLION)
        came = number(float(found.money[:, which, MONEY.index("received")].sum(axis=1).mean()) * MILLION)
        interval = interval_text(one, words)
        clauses.append(words["spent_clause"].format(funder=name, spent=one.mean, interval=interval, received=came))
    total = shown(fought.spent, MILLION)
    if len(groups) > 1:
        clauses.append(words["spent_all"].format(spent=total.mean, interval=interval_text(total, words)))
    return words["spent"].format(clauses="; ".join(clauses))


def _balance(fought: Fought) -> list[str]:
    """That every round and every dollar balances, as far as there are any."""
    words, found = fought.words["answer"], fought.found
    if any(found.balance.values()):
        return [words["off"].format(**{name: whole(value) for name, value in found.balance.items()})]
    if not found.followed and not found.funders:
        return []
    what = "both" if found.followed and found.funders else "rounds" if found.followed else "money"
    return [words["balance"].format(what=words[f"balance_{what}"])]


def cards(fought: Fought) -> list[dict[str, str]]:
    """The key figures: four of threats, leakers, people, what runs dry and money."""
    words, days = fought.words["cards"], fought.counted("days", fought.found.days)
    every = {name: _card(words, name, shown(fought.total(name)), days) for name in ("threats", "leaked", "exposed")}
    dry = _dry_card(fought)
    every |= {"dry": dry} if dry else {}
    every |= {"spent": _card(words, "spent", shown(fought.spent, MILLION), days)} if fought.found.funders else {}
    if len(every) > 4:
        del every["threats"]
    return list(every.values())


def _card(words: Words, name: str, one: Shown, days: str) -> dict[str, str]:
    return {
        "label": words[name],
        "unit": words[f"{name}_unit"].format(days=days),
        "mean": one.mean,
        "interval": words["interval"].format(interval=one.interval) if one.interval and not one.same else "",
        "nights": words["nights"].format(low=one.low, high=one.high) if one.interval and not one.same else "",
    }


def _dry_card(fought: Fought) -> dict[str, str] | None:
    first, _, _ = first_to_run_dry(fought.found)
    if first is None:
        return None
    words, told = fought.words["cards"], fought.told["first_dry"][first]
    low, high = (percent(end) for end in told["chance_interval"])
    return {
        "label": words["dry"].format(effector=fought.labels[first]),
        "unit": words["dry_unit"],
        "mean": percent(told["chance"]),
        "interval": words["dry_interval"].format(low=low, high=high),
        "nights": words["dry_day"].format(day=fought.date(told["day"]["median"])),
    }
