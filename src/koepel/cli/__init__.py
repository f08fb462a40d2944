"""The commands. Each is a call that a user could write in Python; nothing is decided here.

A command returns its answer, which is printed once: as text for a human, or under ``--json`` as one
document. Modules are imported inside the commands, so that ``koepel --help`` is quick.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from koepel.cli.answering import Answer, Commands, visible
from koepel.cli.options import Json, Rules, Runs, ScenarioName, Seed, Set, Workers
from koepel.cli.plan import plan_app
from koepel.cli.sharing import bring_in, export, report
from koepel.cli.tables import number, table, types_text
from koepel.errors import UsageError

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Plans national air defence: simulates raids on a defence and says what got through, with intervals.",
    epilog="Status on leaving: 0 done, 1 a fault in the input, 2 wrong usage, 3 no feasible plan.",
)


app.add_typer(plan_app, name="plan")
app.command()(report)
app.command()(export)
app.command("import")(bring_in)


def main() -> None:
    """The entry of the command line."""
    app(prog_name="koepel")


@app.callback(invoke_without_command=True)
def _koepel(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    json_: Json = False,
) -> Any:
    if context.invoked_subcommand is not None:
        return None
    if not version:
        raise UsageError("there is no command; 'koepel --help' lists them")
    import koepel

    return Answer({"version": koepel.__version__}, f"koepel {koepel.__version__}")


@app.command()
def simulate(
    scenario: ScenarioName,
    runs: Runs = 1000,
    precision: Annotated[
        float | None,
        typer.Option(help="Stop when the 95 % interval of the mean leaker share is this wide; --runs is the most."),
    ] = None,
    seed: Seed = 1,
    rules: Rules = "full",
    night: Annotated[str | None, typer.Option(metavar="DATE", help="Replay a recorded night, YYYY-MM-DD.")] = None,
    records: Annotated[Path | None, typer.Option(metavar="FILE", help="Where that night is recorded.")] = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="Keep the run in this folder.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is kept there.")] = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Throw a night's raid at a defence, many times."""
    import koepel as kp
    from koepel.study import check_folder, check_page

    if (night is None) != (records is None):
        raise UsageError("--night and --records belong together; give both, or none")
    check_folder(out, overwrite=force)
    check_page(html)
    studied = kp.Scenario.read(scenario, set=set_ or ())
    recorded = None
    if night is not None:
        recorded_night = kp.read_records(records).night(night)
        recorded = kp.recorded_figures(studied, recorded_night)
        studied = kp.replay(studied, recorded_night)
    with _progress() as progress:
        outcomes = kp.simulate(
            studied, runs, seed=seed, rules=rules, precision=precision, workers=workers, progress=progress
        )
    outcomes = kp.with_recorded(outcomes, recorded)
    if out is not None:
        _note(f"kept in {kp.write_run(outcomes, studied, out, overwrite=force)}")
    if html is not None:
        _note(f"page in {kp.write_page(outcomes, studied, html)}")
    return outcomes


@app.command()
def trace(
    scenario: ScenarioName,
    run: Annotated[int, typer.Option(help="Which run, from 0.")] = 0,
    seed: Seed = 1,
    rules: Rules = "full",
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Tell one run, event by event."""
    import koepel as kp

    return kp.trace(kp.Scenario.read(scenario, set=set_ or ()), run, seed=seed, rules=rules)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A scenario, or a folder that 'campaign --keep' wrote.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The one that is compared with it.")],
    runs: Runs = 1000,
    days: Annotated[int | None, typer.Option(help="Compare campaigns of so many days, in place of nights.")] = None,
    seed: Seed = 1,
    rules: Rules = "full",
    workers: Workers = None,
    set_: Set = None,
    set_b: Annotated[
        list[str] | None, typer.Option("--set-b", metavar="PATH=VALUE", help="Set a field of B only; may be repeated.")
    ] = None,
    json_: Json = False,
) -> Any:
    """Fight two scenarios on the same luck, and tell the differences."""
    import koepel as kp

    if Path(a, "campaign.json").is_file() and Path(b, "campaign.json").is_file():
        return kp.compare_campaigns(kp.read_campaign(a), kp.read_campaign(b))
    first = kp.Scenario.read(a, set=set_ or ())
    second = kp.Scenario.read(b, set=(*(set_ or ()), *(set_b or ())))
    if days is not None:
        fought = [kp.campaign(one, days, runs, seed=seed, workers=workers) for one in (first, second)]
        return kp.compare_campaigns(*fought)
    return kp.compare(first, second, runs, seed=seed, rules=rules, workers=workers)


Days = Annotated[int, typer.Option(help="How long the campaign is.")]


@app.command()
def campaign(
    scenario: ScenarioName,
    days: Days = 180,
    runs: Annotated[int, typer.Option(help="How often it is fought.")] = 500,
    seed: Seed = 1,
    without: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Also fight it without this order, and tell the differences.")
    ] = None,
    records: Annotated[Path | None, typer.Option(metavar="FILE", help="Replay these recorded raids.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep what is done here; once stopped, go on from it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page.")] = None,
    workers: Workers = None,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Fight night after night against stocks that run down, many times."""
    import koepel as kp
    from koepel.study import check_page

    check_page(html)
    studied = kp.Scenario.read(scenario, set=set_ or ())
    lacking = kp.without_order(studied, without) if without else None
    replay = kp.read_records(records) if records else None
    options: dict[str, Any] = {"seed": seed, "replay": replay, "workers": workers}
    with _progress() as progress:
        found = kp.campaign(studied, days, runs, keep=keep, progress=progress, **options)
        if lacking is not None:
            beside = keep.with_name(f"{keep.name}-without") if keep else None
            less = kp.campaign(lacking, days, runs, keep=beside, progress=progress, **options)
    if html is not None:
        _note(f"page in {kp.write_campaign(found, studied, html)}")
    if lacking is None:
        return found
    told = kp.compare_campaigns(less, found)
    document = {**found.as_dict(), "without": {"order": without, **told.as_dict()}}
    text = f"{found.summary()}\n\nwith {without!r} less without it, on the same luck\n"
    return Answer(document, text + "\n".join(told.summary().splitlines()[2:]))


@app.command()
def check(scenario: ScenarioName, set_: Set = None, json_: Json = False) -> Any:
    """Tell every fault of a scenario at once."""
    import koepel as kp
    from koepel.study import described

    facts = described(kp.Scenario.read(scenario, set=set_ or ()))
    lines = [f"  {name.replace('_', ' '):14s} {number(value)}" for name, value in facts.items() if value]
    return Answer({**facts, "faults": []}, "\n".join([f"{scenario}: no fault", *lines]))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    country: Annotated[str | None, typer.Option(metavar="XX", help="Two letters, as NL: its settlements.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json_: Json = False,
) -> Any:
    """Write a commented scenario to start from."""
    from koepel.scenario import starter
    from koepel.study import write_text

    write_text(file, starter(country), overwrite=force)
    return Answer({"file": str(file), "country": country}, f"wrote {file}\nnext: koepel check {file}")


@app.command()
def records(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The published attack file, CSV.")], json_: Json = False
) -> Any:
    """Print what published records say, by class and month, and what was left out."""
    import koepel as kp

    read = kp.read_records(file)
    facts = read.as_dict()
    lines = [
        f"{facts['file']}: {facts['n_nights']:,} nights from {facts['first_night']} to {facts['last_night']}, "
        f"{facts['n_rows']:,} rows that count",
        facts["caveat"],
        "rate = neutralised / (launched - undecided)",
        *("", "By class", table(facts["by_class"])),
        *("", "By month and class", table(facts["by_month"])),
        *("", "Left out", table(facts["left_out"])),
    ]
    return Answer(facts, "\n".join(lines))


@app.command()
def catalogue(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A type or a table; a list where none.")] = None,
    json_: Json = False,
) -> Any:
    """Print types of threats, effectors, fire units and sensors: figures, units and sources."""
    import koepel as kp
    from koepel.catalogue import TABLES

    whole = kp.read_catalogue()
    rows = whole.table(type_)
    if type_ is not None:
        return Answer({"rows": rows}, types_text(rows))
    every = [kind for table in TABLES for kind in getattr(whole, table).values()]
    types = [{"table": kind.table, "type": kind.name, "label": kind.label} for kind in every]
    hint = "'koepel catalogue TYPE' prints every figure of a type with its unit, source and meaning."
    return Answer({"types": types, "rows": rows}, f"{table(types)}\n\n{hint}")


RecordsFile = Annotated[Path, typer.Argument(metavar="RECORDS", help="The published attack file, CSV.")]
Prior = Annotated[str, typer.Option(metavar="SCENARIO", help="Whose intervals are the prior; a file or a built-in.")]


@app.command()
def calibrate(
    records: RecordsFile,
    until: Annotated[str, typer.Option(metavar="DATE", help="The last night that may be used, YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the fitted scenario.")],
    scenario: Prior = "ukraine-2025-06",
    seed: Seed = 1,
    workers: Workers = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Narrow a scenario's intervals to what the recorded nights up to a date allow."""
    import koepel as kp
    from koepel.study import check_file

    check_file(out, overwrite=force)
    found = kp.calibrate(
        kp.Scenario.read(scenario, set=set_ or ()), kp.read_records(records), until, seed=seed, workers=workers
    )
    found.scenario.write(out, tables=True, overwrite=force)
    text = f"{found.summary()}\n\nwrote {out}\nnext: koepel simulate {out}"
    return Answer({**found.as_dict(), "file": str(out)}, text)


@app.command()
def backtest(
    records: RecordsFile,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day to predict, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day to predict, YYYY-MM-DD.")],
    scenario: Prior = "ukraine-2025-06",
    seed: Seed = 1,
    workers: Workers = None,
    sirens: Annotated[Path | None, typer.Option(metavar="FILE", help="Recorded alarms by oblast.")] = None,
    explosions: Annotated[Path | None, typer.Option(metavar="FILE", help="Explosion reports by oblast, JSON.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the validation page.")] = None,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Predict each recorded day from the days before it, and score it beside baselines."""
    import koepel as kp
    from koepel.study import check_page

    if (sirens is None) != (explosions is None):
        raise UsageError("--sirens and --explosions belong together; give both, or none")
    check_page(report)
    studied, read = kp.Scenario.read(scenario, set=set_ or ()), kp.read_records(records)
    spatial = None
    if sirens is not None:
        spatial = kp.spatial_check(studied, read, sirens, explosions, first, last, seed=seed)
    with _progress() as progress:
        found = kp.validate(studied, read, first, last, seed=seed, workers=workers, spatial=spatial, progress=progress)
    if report is not None:
        _note(f"page in {kp.write_validation(found, report)}")
    return found


@app.command()
def demo(runs: Runs = 1000, seed: Seed = 1, set_: Set = None, json_: Json = False) -> Any:
    """Simulate Ukraine in June 2025, and write a page about it."""
    import koepel as kp
    from koepel.report.tracks import typical_and_bad
    from koepel.study import check_page

    page = Path("koepel-demo.html")
    check_page(page)
    studied = kp.Scenario.read("ukraine-2025-06", set=set_ or ())
    with _progress() as progress:
        outcomes = kp.simulate(studied, runs, seed=seed, progress=progress)
    shown = [kp.trace(studied, run, seed=seed) for run in typical_and_bad(outcomes)]
    kp.write_page(outcomes, studied, page, played=shown)
    return Answer({**outcomes.as_dict(), "page": str(page)}, f"{outcomes.summary()}\n\nthe page: {page.resolve()}")


@app.command(name="map")
def map_(
    scenario: ScenarioName,
    workspace: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder whose scenario files may be opened and written.")
    ] = Path("."),
    runs: Annotated[int, typer.Option(help="Nights that every change is fought on.")] = 200,
    seed: Seed = 1,
    port: Annotated[int, typer.Option(help="Port of this machine's loopback; any free one where it is 0.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    workers: Workers = None,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Show the map in a browser: replay nights, move the defence, compare, fight campaigns."""
    import koepel as kp
    from koepel.app import serve

    def told(address: str) -> None:
        if json_:  # at once: the command ends only when it is interrupted
            print(json.dumps({"address": address}), flush=True)
            return
        _note(f"the map is at {address}")
        _note("nobody but this machine can see it; Ctrl-C ends it")

    studied = kp.Scenario.read(scenario, set=set_ or ())
    serve(
        studied, workspace=workspace, runs=runs, seed=seed, port=port, workers=workers, open_browser=browser, told=told
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal; nothing in a pipe. It appears with the first nights, after any other message."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("nights"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("nights", total=None)

    def show(done: int, asked: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=asked)

    try:
        yield show
    finally:
        bar.stop()


def _note(text: str) -> None:
    """A line beside the answer."""
    print(f"koepel: {visible(text)}", file=sys.stderr)
