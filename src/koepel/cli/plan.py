"""``koepel plan``: commands that decide. Each plan tells its bound and what the simulator says of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from koepel.cli.answering import Answer
from koepel.cli.options import Json, ScenarioName, Seed, Set
from koepel.errors import Fault, UsageError

plan_app = typer.Typer(
    help="Decide: who shoots at what, where fire units stand, what to acquire; each with a proven bound."
)


@plan_app.callback(invoke_without_command=True)
def _plan(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        raise UsageError("there is no command after 'plan'; 'koepel plan --help' lists them")


@plan_app.command()
def place(
    scenario: ScenarioName,
    units: Annotated[
        str | None, typer.Option(metavar="N1,N2", help="Fire units that may move; all where none is given.")
    ] = None,
    worst_case: Annotated[
        bool, typer.Option("--worst-case", help="Plan for the worst of some raid patterns fixed in advance.")
    ] = False,
    grid_deg: Annotated[float, typer.Option(help="Step of the grid of sites, degrees.")] = 0.4,
    sites: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Candidate sites, GeoJSON or CSV, in place of the grid.")
    ] = None,
    spacing_km: Annotated[float, typer.Option(help="Sites that are used are at least so far apart.")] = 0.0,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="UNIT", help="A unit that stays where it is; may be repeated.")
    ] = None,
    forbidden: Annotated[
        list[str] | None, typer.Option(metavar="REGION", help="A region without sites; may be repeated.")
    ] = None,
    moves: Annotated[int | None, typer.Option(help="The most units that may move.", min=0)] = None,
    gap: Annotated[float, typer.Option(help="Stop when the bound is within this share of the value.")] = 0.01,
    seconds: Annotated[float, typer.Option(help="Stop by then, whatever the gap.")] = 90.0,
    runs: Annotated[int, typer.Option(help="Nights of fresh seeds to fight the plan on; 0 for none.", min=0)] = 1000,
    improve_runs: Annotated[
        int, typer.Option(help="Nights of each single move that is tried against the simulator; 0 for none.", min=0)
    ] = 0,
    improve_tries: Annotated[int, typer.Option(help="How many such moves are tried.", min=1)] = 30,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scenario with the plan in it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Put fire units where most harm is averted, and fight the result on fresh seeds."""
    import koepel as kp
    from koepel.exchange import read_points
    from koepel.study import check_file

    if out is not None:
        check_file(out, overwrite=force)
    studied = kp.Scenario.read(scenario, set=set_ or ())
    named = None if units is None else [name.strip() for name in units.split(",") if name.strip()]
    found = kp.place(
        studied, units=named, worst_case=worst_case, seed=seed, grid_deg=grid_deg, spacing_m=1e3 * spacing_km,
        keep=keep or (), forbidden=forbidden or (), most_moves=moves, gap=gap, seconds=seconds, runs=runs,
        improve_runs=improve_runs, improve_tries=improve_tries,
        sites=None if sites is None else [at for _, at in read_points(sites)],
    )  # fmt: skip
    if out is None:
        return found
    found.apply(studied).write(out, tables=True, overwrite=force)
    text = f"{found.summary()}\n\nwrote {out}\nnext: koepel compare {scenario} {out}"
    return Answer({**found.as_dict(), "file": str(out)}, text)


@plan_app.command()
def buy(
    scenario: ScenarioName,
    budget_usd: Annotated[float, typer.Option(help="New money, there at once, that pays for everything.")] = 0.0,
    horizon_months: Annotated[int, typer.Option(help="How long the plan is.")] = 36,
    until_end_of_war: Annotated[
        bool, typer.Option("--until-end-of-war", help="A ceasefire is the end; plan until raids most likely are over.")
    ] = False,
    harm_at_most: Annotated[
        float | None, typer.Option(metavar="PEOPLE", help="Least cost with no more people exposed than this.")
    ] = None,
    careful: Annotated[float, typer.Option(help="Weight of the worst tenth of the futures, 0 to 1.")] = 0.0,
    tail_months: Annotated[float, typer.Option(help="How long what is left over goes on to serve.")] = 6.0,
    gap: Annotated[float, typer.Option(help="Stop when the plan is within this share of the bound.")] = 0.01,
    seconds: Annotated[float, typer.Option(help="Stop planning by then, whatever the gap.")] = 120.0,
    runs: Annotated[int, typer.Option(help="Campaigns to learn from and to prove the plan by; 0 for none.")] = 64,
    draws: Annotated[int, typer.Option(help="Readings that marginal values are told by; 0 for none.")] = 0,
    frontier: Annotated[bool, typer.Option("--frontier", help="Tell the harm at other budgets.")] = False,
    doubt_paths: Annotated[int, typer.Option(help="Paths to say what planning under doubt is worth by; 0: none.")] = 0,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scenario with the plan in it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Decide what to acquire, from whom and with whose money, and fight the result on fresh seeds."""
    import koepel as kp
    from koepel.study import check_file

    if out is not None:
        check_file(out, overwrite=force)
    studied = kp.Scenario.read(scenario, set=set_ or ())
    found = kp.buy(
        studied, budget_usd=budget_usd, months=horizon_months, until_end_of_war=until_end_of_war,
        harm_at_most=harm_at_most, careful=careful, tail_months=tail_months, seed=seed, gap=gap, seconds=seconds,
        runs=runs, draws=draws, frontier=frontier, doubt_paths=doubt_paths, progress=None if json_ else _told,
    )  # fmt: skip
    if out is None:
        return found
    found.apply(studied).write(out, tables=True, overwrite=force)
    days = round(30.4375 * len(found.months))
    text = f"{found.summary()}\n\nwrote {out}\nnext: koepel compare {scenario} {out} --days {days}"
    return Answer({**found.as_dict(), "file": str(out)}, text)


@plan_app.command()
def assign(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="An assignment file, or a scenario with --at.")],
    gap: Annotated[float, typer.Option(help="Stop when the bound is proven to be this near, as a share.")] = 1e-9,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="A moment of the scenario, as 02:30 or seconds.")
    ] = None,
    run: Annotated[int, typer.Option(help="Which night, from 0.")] = 0,
    seed: Annotated[int, typer.Option(help="Where the luck starts.")] = 1,
    seconds: Annotated[float | None, typer.Option(help="Stop after about so long, with what is then proven.")] = None,
    regret: Annotated[
        int | None, typer.Option(metavar="RUNS", help="Judge the rules of fire of a scenario by it.")
    ] = None,
    json_: Json = False,
) -> Any:
    """Assign rounds to threats so that least survives, and prove it."""
    from koepel.plan.assignment import assign as assigned
    from koepel.plan.assignment import regret_of
    from koepel.scenario import Scenario, builtin_names
    from koepel.wta import read_problem

    if not 0 <= gap < 1:
        raise UsageError("the plan", [Fault("", "gap", f"found {gap}", "give a share from 0 to 1")])
    scenario = (
        instance in builtin_names() or Path(instance).suffix.lower() in (".yaml", ".yml") or Path(instance).is_dir()
    )
    if regret is not None:
        return regret_of(Scenario.read(instance), regret, seed=seed)
    if scenario:
        return assigned(Scenario.read(instance), at_s=clock_s(at), gap=gap, seed=seed, run=run, seconds=seconds)
    if at is not None:
        raise UsageError("the plan", [Fault("", "at", f"{instance} is no scenario", "leave --at out")])
    return assigned(read_problem(instance), gap=gap, name=Path(instance).name, seconds=seconds)


def _told(step: str) -> None:
    """What is being done, to whoever waits for it."""
    print(f"koepel: {step} ...", file=sys.stderr, flush=True)


def clock_s(text: str | None) -> float | None:
    """Seconds of a moment given as seconds or as hours and minutes.

    Examples
    --------
    >>> clock_s("02:30"), clock_s("90")
    (9000.0, 90.0)
    """
    if text is None:
        return None
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3:
        raise UsageError("the plan", [Fault("", "at", f"found {text!r}", "give seconds, or a time as 02:30")])
    return (
        parts[0]
        if len(parts) == 1
        else sum(part * unit for part, unit in zip(parts, (3600.0, 60.0, 1.0), strict=False))
    )
