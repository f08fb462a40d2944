"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a built-in scenario.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Set a field, as defence.rule=cheapest; may be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Runs = Annotated[int, typer.Option(help="Nights to fight.")]
Seed = Annotated[int, typer.Option(help="Where the luck starts.")]
Rules = Annotated[str, typer.Option(help="full, or plain: no sensors, soft kill, reload or input doubt.")]
Workers = Annotated[int | None, typer.Option(help="Threads; all cores where none is given.", min=1)]
