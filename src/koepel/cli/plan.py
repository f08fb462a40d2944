"""The commands that plan: who shoots at what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from koepel.errors import Fault, UsageError

plans = typer.Typer(help="Decide: who shoots at what, with what is proven of it.", no_args_is_help=False)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@plans.command()
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
