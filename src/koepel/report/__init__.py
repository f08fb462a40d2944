"""One page that anyone can open: the question, the answer, the picture, the tables, what was assumed.

The page is one file, without scripts unless runs are to be played. It asks nothing of any network, and its
Content-Security-Policy forbids it to. The same input makes the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from koepel.errors import UsageError
from koepel.outcome import Outcomes
from koepel.report import charts, findings, playback
from koepel.report.assumptions import assumptions
from koepel.report.country import country_picture, is_invented
from koepel.report.digits import whole
from koepel.report.regions import region_rows
from koepel.scenario import Scenario, builtin_names, digest
from koepel.simulate import Comparison, Trace

__all__ = ["page", "write_page"]


def write_page(
    outcomes: Outcomes,
    scenario: Scenario,
    path: str | Path,
    *,
    trace: Trace | None = None,
    comparison: Comparison | None = None,
    played: Sequence[Trace] = (),
) -> Path:
    """Write the page to a file, and return its path.

    Parameters
    ----------
    outcomes
        What came of the scenario.
    scenario
        The scenario that was fought.
    trace
        One run of it, to show a night by the clock.
    comparison
        Paired differences to another scenario, to show beside it.
    played
        Runs to play on the map: a typical one and a bad one, see `koepel.report.tracks.typical_and_bad`. Only with
        them does the page hold a script, its own, and its policy names it by its hash.

    Raises
    ------
    UsageError
        If the outcomes are not those of this scenario, or the file cannot be written.
    """
    return save(page(outcomes, scenario, trace=trace, comparison=comparison, played=played), path)


def save(text: str, path: str | Path) -> Path:
    """Write a page to a file, and return its path.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); give a file in a folder that exists") from None
    return path


def page(
    outcomes: Outcomes,
    scenario: Scenario,
    *,
    trace: Trace | None = None,
    comparison: Comparison | None = None,
    played: Sequence[Trace] = (),
) -> str:
    """The page as text; see `write_page`."""
    check_fought("outcomes are", outcomes, scenario)
    told = _sections(outcomes, scenario, trace, comparison)
    told["reproduce"] = _reproduce(outcomes, scenario, trace, comparison, bool(played))
    told["playback"] = _playback(outcomes, scenario, played) if any(one.threats for one in played) else None
    return rendered(
        "page.html",
        *(("charts.css", "playback.css") if told["playback"] else ()),
        script="playback.js" if told["playback"] else "",
        t=texts(),
        kind=texts()["page"]["kind"],
        name=scenario.name,
        lead=scenario.about,
        **told,
    )


def _playback(outcomes: Outcomes, scenario: Scenario, played: Sequence[Trace]) -> dict[str, Any]:
    return playback.played(played, scenario, texts(), plain=outcomes.rules == "plain")


def check_fought(what: str, found: Any, scenario: Scenario) -> None:
    """Refuse a result that is not of the scenario given.

    Raises
    ------
    UsageError
        With both digests.
    """
    if found.digest != digest(scenario):
        raise UsageError(
            f"the {what} of scenario {found.scenario!r}, digest {found.digest[:12]}, and the scenario "
            f"given is {scenario.name!r}, digest {digest(scenario)[:12]}; give the scenario that was fought"
        )


def rendered(template: str, *styles: str, script: str = "", **shown: Any) -> str:
    """A page by its template, which goes on from ``base.html``.

    Parameters
    ----------
    styles
        Style sheets after the one that all pages have.
    script
        The one script of the page; none where it is empty.
    shown
        What the template shows; at least ``kind``, ``name``, ``lead`` and ``footer``.
    """
    style = "".join(_text(f"templates/{name}") for name in ("page.css", *styles))
    code = _text(f"templates/{script}") if script else ""
    shown |= {"style": style, "style_hash": _hash(style), "script": code, "script_hash": _hash(code)}
    return _environment().get_template(template).render(page=texts()["page"], **shown)


def _hash(text: str) -> str:
    """As a Content-Security-Policy names a style or a script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _sections(
    outcomes: Outcomes, scenario: Scenario, trace: Trace | None, comparison: Comparison | None
) -> dict[str, Any]:
    """What each section of the page shows."""
    t, catalogue = texts(), scenario.catalogue()
    labels = {name: one.label for name, one in catalogue.effectors.items()} | t["classes"]
    picture = country_picture(outcomes, scenario, t["map"])
    areas = t["map"]["by_cell"].format(cell=picture["cell_km"]) if picture["cell_km"] else t["map"]["by_region"]
    heads = ("col_region", "col_people", "col_impacts", "col_debris", "col_alarm")
    return {
        "question": _question(outcomes, t["question"]),
        "answer": findings.answer(outcomes, t["answer"]),
        "cards": findings.cards(outcomes, t["cards"]),
        "read": t["answer"]["read"].format(example=findings.figures_of(outcomes)["leaked"].interval or "3.1 to 3.5"),
        "caveats": _caveats(outcomes, scenario, t["about"]),
        "map": picture,
        "map_title": t["map"]["title"].format(areas=areas),
        "regions": {
            "caption": t["map"]["caption"],
            "columns": [t["map"][head] for head in heads],
            "rows": region_rows(outcomes, scenario, t["map"]),
        },
        "by_class": findings.fates_by_class(outcomes, t["fates"], t["classes"]),
        "by_type": findings.fates_by_type(outcomes, t["fates"], catalogue),
        "histogram": charts.leaker_histogram(outcomes, t["nights"]),
        "doubt": charts.doubt_bars(outcomes, t["nights"]),
        "rounds": findings.rounds_table(outcomes, t["rounds"], catalogue),
        "people": findings.people_table(outcomes, t["people"], t["measures"]),
        "money": findings.money_table(outcomes, t, scenario.price_year),
        "recorded": findings.recorded_table(outcomes, t["recorded"], t["classes"]),
        "clock": charts.night_by_the_clock(trace, t["trace"]) if trace else None,
        "comparison": comparison and findings.comparison_table(comparison, t["comparison"], t["measures"], labels),
        "assumed": assumptions(scenario, t),
        "footer": t["page"]["footer"].format(version=version(), digest=outcomes.digest[:12]),
    }


def _question(outcomes: Outcomes, words: dict[str, str]) -> list[str]:
    rules = words[f"rules_{outcomes.rules}"]
    how = words["how"].format(runs=whole(outcomes.runs), seed=outcomes.seed, rules=rules)
    return [words["ask"], how, *([words["plain"]] if outcomes.rules == "plain" else [])]


def _caveats(outcomes: Outcomes, scenario: Scenario, words: dict[str, str]) -> list[str]:
    """What the page is and is not, as this scenario needs it."""
    invented = is_invented(scenario)
    told = [words["notional"].format(notional=scenario.notional)] if scenario.notional else []
    told += [words["invented" if invented else "placements"], words["rounded"]]
    if not invented or outcomes.recorded:
        told.append(words["belligerent"])
    return [*told, words["coarse"], words["not_forecast"]]


def command_of(outcomes: Outcomes, scenario: Scenario) -> str:
    """The command that fights the same nights again."""
    what, replayed = _source(outcomes, scenario)
    rules = " --rules plain" if outcomes.rules == "plain" else ""
    return f"koepel simulate {shlex.quote(what)} {replayed}--runs {outcomes.runs} --seed {outcomes.seed}{rules}"


def _reproduce(
    outcomes: Outcomes, scenario: Scenario, trace: Trace | None, comparison: Comparison | None, kept: bool
) -> dict[str, Any]:
    """Commands and what they need."""
    words = texts()["reproduce"]
    what, replayed = _source(outcomes, scenario)
    again = command_of(outcomes, scenario)
    commands = [f"{again} --out run", "koepel report run --to page.html"] if kept else [f"{again} --html page.html"]
    if trace and not replayed:
        rules = " --rules plain" if outcomes.rules == "plain" else ""
        commands.append(f"koepel trace {shlex.quote(what)} --run {trace.run} --seed {trace.seed}{rules}")
    if comparison:
        pair = " ".join(shlex.quote(one.scenario) for one in (comparison.a, comparison.b))
        commands.append(f"koepel compare {pair} --runs {comparison.a.runs} --seed {comparison.a.seed}")
    facts = {
        "scenario": scenario.name,
        "digest": outcomes.digest,
        "seed": outcomes.seed,
        "runs": whole(outcomes.runs),
        "rules": outcomes.rules,
        "version": version(),
    }
    notes = [words["file_note"]] if what == words["file"] else []
    return {
        "commands": commands,
        "notes": [*notes, *([words["replay_note"]] if outcomes.recorded else [])],
        "facts": [(words[name], fact) for name, fact in facts.items()],
    }


def _source(outcomes: Outcomes, scenario: Scenario) -> tuple[str, str]:
    """What to simulate, a built-in scenario or a file, and the options of a replay."""
    words, night = texts()["reproduce"], (outcomes.recorded or {}).get("night")
    name = scenario.name.removesuffix(f", night of {night}") if night else scenario.name
    replayed = f"--night {shlex.quote(str(night))} --records {words['records']} " if night else ""
    if name in builtin_names() and (night or digest(Scenario.read(name)) == outcomes.digest):
        return name, replayed
    return words["file"], replayed


def version() -> str:
    """The version of koepel; ``unknown`` where it runs without being installed."""
    import koepel

    own = getattr(koepel, "__version__", None)
    if own:
        return str(own)
    try:
        return metadata.version("koepel")
    except metadata.PackageNotFoundError:
        return "unknown"


@lru_cache(maxsize=1)
def texts() -> dict[str, dict[str, str]]:
    """Every text of the page, by section and name."""
    return tomllib.loads(_text("texts/en.toml"))


def _text(name: str) -> str:
    return (resources.files("koepel.report") / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment():
    """Templates that escape whatever they print, and fail on a name that is missing."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: _text(f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
