"""A campaign as one page: the verdict, months, stocks over time, nights, orders, money, the ledger, what was assumed.

The page is one file without scripts, as that of `koepel.report`. The same campaign makes the same bytes: the time that
it took is not on the page.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from koepel.campaign import Campaign
from koepel.raid import Rhythm
from koepel.report import campaign_charts, campaign_tables, check_fought, rendered, save, texts, version
from koepel.report.campaign_answer import Fought, answer, cards
from koepel.report.digits import number, shown, whole
from koepel.report.supply_figures import supply_figures
from koepel.scenario import Scenario, builtin_names, digest

__all__ = ["campaign_page", "write_campaign"]


def write_campaign(found: Campaign, scenario: Scenario, path: str | Path) -> Path:
    """Write the page of a campaign to a file, and return its path.

    Parameters
    ----------
    found
        What came of the campaign.
    scenario
        The scenario that was fought.

    Raises
    ------
    UsageError
        If the campaign is not that of this scenario, or the file cannot be written.
    """
    return save(campaign_page(found, scenario), path)


def campaign_page(found: Campaign, scenario: Scenario) -> str:
    """The page as text; see `write_campaign`."""
    check_fought("campaign is", found, scenario)
    fought = Fought(found, scenario, texts())
    words = fought.words
    return rendered(
        "campaign.html",
        "charts.css",
        "campaign.css",
        t=words,
        kind=words["page"]["kind"],
        name=scenario.name,
        lead=_lead(fought),
        col=fought.t["assumed"],
        footer=words["page"]["footer"].format(version=version(), digest=found.digest[:12]),
        sections=_sections(fought),
    )


def _lead(fought: Fought) -> str:
    found, words = fought.found, fought.words["page"]
    replay = words["replay"].format(records=found.replay) if found.replay else ""
    runs = fought.counted("times", found.runs)
    return words["lead"].format(**_period(fought), runs=runs, seed=found.seed, replay=replay)


def _period(fought: Fought) -> dict[str, str]:
    days = fought.found.days
    return {"days": fought.counted("days", days), "begins": fought.date(1), "ends": fought.date(days)}


def _sections(fought: Fought) -> dict[str, Any]:
    """What each section shows, in the order of the page; one that has nothing to show is not there."""
    found, drawn = fought.found, fought.found.replay is None
    sections = {"answer": _answer(fought), "months": _months(fought)}
    if found.followed:
        sections["stocks"] = {"fans": [campaign_charts.fan(fought, name) for name in found.followed]}
    sections["nights"] = campaign_charts.calendar(fought)
    if found.followed:
        share = fought.scenario.supply.dry_share
        intro = fought.words["dry"]["intro" if share else "intro_empty"].format(share=number(100 * share))
        sections["dry"] = {"intro": intro, "tables": campaign_tables.dry_tables(fought)}
        sections["lasts"] = {"table": campaign_tables.lasts_table(fought)}
    if found.orders:
        sections["orders"] = {"table": campaign_tables.orders_table(fought)}
    if found.funders:
        bars, by_month = campaign_charts.spent_bars(fought), campaign_tables.spent_table(fought)
        sections["money"] = {"table": campaign_tables.money_table(fought), "bars": bars, "by_month": by_month}
    if found.followed:
        sections["rounds"] = {"table": campaign_tables.rounds_table(fought)}
    sections["assumed"] = supply_figures(fought.scenario, fought.t, drawn=drawn)
    sections["limits"] = {"lines": [*_caveats(fought), *fought.words["limits"]["always"]]}
    sections["reproduce"] = _reproduce(fought)
    return sections


def _answer(fought: Fought) -> dict[str, Any]:
    example = shown(fought.total("leaked")).interval or "3.1 to 3.5"
    read = fought.words["answer"]["read"].format(example=example)
    return {"cards": cards(fought), "lines": answer(fought), "read": read}


def _months(fought: Fought) -> dict[str, Any]:
    """The table of months, and beside it what is told of each class and each effector."""
    more = [campaign_tables.classes_table(fought)]
    more += [campaign_tables.fired_table(fought)] if fought.found.followed else []
    return {"table": campaign_tables.months_table(fought), "more": [one for one in more if one["rows"]]}


def _caveats(fought: Fought) -> Iterator[str]:
    """What this scenario in particular leaves out."""
    words, found, supply = fought.words["limits"], fought.found, fought.scenario.supply
    if fought.scenario.notional:
        yield fought.t["about"]["notional"].format(notional=fought.scenario.notional)
    if found.replay:
        yield words["replay"]
    else:
        rhythm = fought.scenario.pattern.rhythm if fought.scenario.pattern else Rhythm()
        absent = {
            "season": not rhythm.by_month,
            "growth": rhythm.growth_per_year.low == rhythm.growth_per_year.high == 1,
            "persistence": rhythm.persistence == 0,
        }
        yield from (words[f"no_{name}"] for name, lacking in absent.items() if lacking)
    if not supply.stocks:
        yield words["no_stocks"]
    if not supply.orders:
        yield words["no_orders"]
    if not supply.upkeep:
        yield words["no_upkeep"]
    others = [fought.labels[name] for name in found.effectors if name not in found.followed]
    if others:
        yield words["not_followed"].format(names=", ".join(others))


def command_of_campaign(found: Campaign, scenario: Scenario) -> str:
    """The command that fights the same campaign again, and writes its page."""
    t = texts()
    words = t["campaign"]["reproduce"]
    name, setting = _source(scenario)
    return words["command"].format(
        scenario=shlex.quote(name or t["reproduce"]["file"]),
        set=words["set_option"].format(setting=shlex.quote(setting)) if setting else "",
        days=found.days,
        runs=found.runs,
        seed=found.seed,
        records=words["records_option"].format(records=shlex.quote(found.replay)) if found.replay else "",
    )


def _reproduce(fought: Fought) -> dict[str, Any]:
    """The command, and what it needs."""
    found, scenario, words = fought.found, fought.scenario, fought.words["reproduce"]
    name, _ = _source(scenario)
    command = command_of_campaign(found, scenario)
    facts = {
        "scenario": scenario.name,
        "digest": found.digest,
        "days": words["from_to"].format(**_period(fought)),
        "runs": whole(found.runs),
        "seed": found.seed,
        **({"records": found.replay} if found.replay else {}),
        "version": version(),
    }
    notes = [] if name else [fought.t["reproduce"]["file_note"]]
    return {
        "commands": [command],
        "notes": [*notes, *([words["records_note"]] if found.replay else [])],
        "facts": [(words[key], fact) for key, fact in facts.items()],
    }


def _source(scenario: Scenario) -> tuple[str, str]:
    """The built-in scenario and the setting that make this one; two empty texts where a file does."""
    if scenario.name not in builtin_names():
        return "", ""
    for setting in ("", f"supply.begins={scenario.supply.begins}"):
        if digest(Scenario.read(scenario.name, set=[setting] if setting else [])) == digest(scenario):
            return scenario.name, setting
    return "", ""
