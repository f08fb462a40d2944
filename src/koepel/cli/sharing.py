"""``koepel report``, ``export`` and ``import``: to other readers, to other tools, and from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from koepel.cli.answering import Answer
from koepel.cli.options import Json, Seed, Set
from koepel.errors import Fault, UsageError

Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of kept runs, or of kept campaigns.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The page, .html or .pdf.")],
    force: Force = False,
    json_: Json = False,
) -> Any:
    """Tell kept runs on one page that opens from disk; several of them side by side."""
    from koepel.report.kept import check_ending, write_report
    from koepel.study import check_file

    check_ending(to)
    check_file(to, overwrite=force)
    path = write_report(runs, to)
    size = path.stat().st_size
    return Answer({"file": str(path), "bytes": size}, f"wrote {path} ({size / 1e3:,.0f} kB)")


def export(
    source: Annotated[str, typer.Argument(metavar="SCENARIO|RUN", help="A scenario, or the folder of a kept run.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .geojson, .kml, .czml, .csv or .parquet.")],
    run: Annotated[
        int | None, typer.Option(help="Also the tracks of this night, from 0; of a kept run the typical one.", min=0)
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(metavar="TABLE", help="Of a kept run: measure, class, type, effector, zone or night."),
    ] = None,
    seed: Seed = 1,
    force: Force = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Write places, harm and the tracks of one night for other tools."""
    import koepel as kp
    from koepel.exchange import export as exported
    from koepel.exchange.outgoing import check_format, left_out, run_to_show
    from koepel.report.kept import is_kept, read_kept

    check_format(to, table)
    if is_kept(source):
        if set_ or (run is not None and to.suffix.lower() in (".csv", ".parquet")):
            raise _out_of_place("--set" if set_ else "--run", "a kept run is what it is, and tables have no tracks")
        _, outcomes, scenario = read_kept([source])[0]
        shown = run_to_show(outcomes, run, to.suffix.lower())
        seed, rules = outcomes.seed, getattr(outcomes, "rules", "full")
    else:
        outcomes, scenario, shown, rules = None, kp.Scenario.read(source, set=set_ or ()), run, "full"
    trace = kp.trace(scenario, shown, seed=seed, rules=rules) if shown is not None else None
    path = exported(scenario, to, outcomes=outcomes, trace=trace, table=table, overwrite=force)
    size, hidden = path.stat().st_size, left_out(scenario)
    document = {"file": str(path), "bytes": size, "run": shown, "left_out": hidden}
    text = f"wrote {path} ({size / 1e3:,.0f} kB)"
    return Answer(document, f"{text}\nleft out: {hidden}" if hidden and table is None else text)


def _out_of_place(option: str, why: str) -> UsageError:
    return UsageError("the export", [Fault("", option, "it does not belong here", why)])


def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Places: GeoJSON points, or CSV with a header.")],
    into: Annotated[str, typer.Option(metavar="SCENARIO", help="The scenario that they come into.")],
    to: Annotated[Path, typer.Option(metavar="OUT", help="Where to write the scenario with them in it.")],
    as_: Annotated[
        str, typer.Option("--as", metavar="KIND", help="settlements, assets, sensors or fire_units.")
    ] = "settlements",
    replace: Annotated[bool, typer.Option("--replace", help="In place of those that it has.")] = False,
    force: Force = False,
    set_: Set = None,
    json_: Json = False,
) -> Any:
    """Bring places of a GeoJSON or CSV file into a scenario."""
    import koepel as kp
    from koepel.exchange import bring_in as brought_in
    from koepel.study import check_file

    check_file(to, overwrite=force)
    scenario, left_out = brought_in(kp.Scenario.read(into, set=set_ or ()), file, as_, replace=replace)
    scenario.write(to, tables=True, overwrite=force)
    part = scenario.defence if as_ in ("sensors", "fire_units") else scenario
    there = len(getattr(part, as_))
    lines = [f"wrote {to}: {there:,} {as_.replace('_', ' ')}"]
    lines += [f"columns left out: {', '.join(left_out)}"] if left_out else []
    text = "\n".join([*lines, f"next: koepel check {to}"])
    return Answer({"file": str(to), "kind": as_, "n": there, "left_out": left_out}, text)
