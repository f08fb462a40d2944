"""``koepel report``, ``export`` and ``import``: to other readers, to other tools, and from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from koepel.cli.answering import Answer
from koepel.cli.options import Json

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
