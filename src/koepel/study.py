"""Runs that are kept: a folder holds the scenario, the outcome, and every night."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from koepel.errors import Fault, ScenarioError, UsageError
from koepel.outcome import Outcomes
from koepel.scenario import Scenario, digest

FORMAT = "koepel-run/1"
MARK = "outcome.json"
ARRAYS = ("rows", "places", "zones")
SCALAR_FIELDS = ("scenario", "digest", "seed", "runs", "rules", "cpu_seconds", "wall_seconds", "recorded")
LIST_FIELDS = ("types", "classes", "effectors", "place_names", "zone_names")


def described(scenario: Scenario) -> dict[str, Any]:
    """A scenario in a few facts, for a human who wants to know whether it is the right one."""
    pattern, raid = scenario.pattern, scenario.raid
    return {
        "scenario": scenario.name,
        "about": scenario.about,
        "notional": scenario.notional,
        "digest": digest(scenario),
        "settlements": len(scenario.settlements),
        "people": sum(place.people for place in scenario.settlements),
        "assets": len(scenario.assets),
        "sensors": len(scenario.defence.sensors),
        "fire_units": len(scenario.defence.fire_units),
        "launch_areas": len(pattern.launch_areas) if pattern else 0,
        "groups": len(pattern.groups) if pattern else 0,
        "threats": len(raid.threats) if raid else None,
    }


def _refuse(path: Path, found: str, mend: str) -> None:
    raise UsageError(str(path), [Fault(str(path), "", found, mend)]) from None


def check_page(path: Path | None) -> None:
    """Refuse a page that could not be written after all, before the long work begins."""
    if path is None:
        return
    if path.is_dir():
        _refuse(path, "this is a folder", "give the name of a file")
    if path.exists() and path.suffix.lower() not in (".html", ".htm"):
        _refuse(path, "the file exists and is no page", "give a name that ends in .html")
    _check_place(path)


def check_file(path: Path, *, overwrite: bool = False) -> None:
    """Refuse a file that could not be written after all, before the long work begins."""
    if path.is_dir():
        _refuse(path, "this is a folder", "give the name of a file")
    if path.exists() and not overwrite:
        _refuse(path, "the file exists", "give another name, or --force (overwrite=True) to replace it")
    _check_place(path)


def check_folder(folder: Path | None, *, overwrite: bool = False) -> None:
    """Refuse a folder that `write_run` would refuse, before the long work begins."""
    if folder is None:
        return
    _check_place(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MARK).is_file():
        _refuse(folder, "it exists and holds no kept run", "give another folder")
    if not overwrite:
        _refuse(folder, "a run is kept there", "give another folder, or --force (overwrite=True) to replace it")


def _check_place(path: Path) -> None:
    """Refuse a path in a folder that is not there or cannot be written to."""
    parent = path.absolute().parent
    if not parent.is_dir():
        _refuse(path, f"there is no folder {parent}", "make it first")
    if not os.access(parent, os.W_OK):
        _refuse(path, f"you may not write to {parent}", "choose a folder you may write to")


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a text to a new file, in one step.

    Raises
    ------
    UsageError
        If the file exists, or cannot be written.
    """
    check_file(path, overwrite=overwrite)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        _refuse(path, f"it cannot be written ({error.strerror})", "choose a folder you may write to")


def write_run(outcomes: Outcomes, scenario: Scenario, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Keep a run in a folder: all of it, or nothing.

    The folder holds ``scenario.yaml`` (with its tables), ``outcome.json`` (what ``--json`` prints, and the
    names), ``nights.npz`` (``rows``, a row a night, and the names of its ``columns``; the sums of ``places``
    and ``zones``), and for a spreadsheet the means a night in ``places.csv`` and ``zones.csv``.

    Parameters
    ----------
    overwrite
        Replace a run that is kept there; any other folder that is not empty is refused.

    Raises
    ------
    UsageError
        If the folder is not empty, or cannot be written, or the outcomes are not those of this scenario.
    """
    folder = Path(folder)
    if outcomes.digest != digest(scenario):
        raise UsageError("the outcomes are not those of this scenario; give the scenario that was fought")
    check_folder(folder, overwrite=overwrite)
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.absolute().parent))
        try:
            _fill(draft, outcomes, scenario)
            draft.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        _refuse(folder, f"it cannot be written ({error.strerror})", "choose a folder you may write to")
    return folder


def _fill(folder: Path, outcomes: Outcomes, scenario: Scenario) -> None:
    scenario.write(folder / "scenario.yaml", tables=True)
    names = {field: list(getattr(outcomes, field)) for field in LIST_FIELDS}
    told = {"format": FORMAT, **names, **outcomes.as_dict(), "recorded": outcomes.recorded}
    (folder / MARK).write_text(json.dumps(told, indent=1, ensure_ascii=False, default=float), encoding="utf-8")
    arrays = {name: getattr(outcomes, name) for name in ARRAYS}
    with (folder / "nights.npz").open("wb") as file:
        np.savez_compressed(file, columns=np.array(outcomes.columns), **arrays)
    for what in ("place", "zone"):
        outcomes.table(what).to_csv(folder / f"{what}s.csv", lineterminator="\n", encoding="utf-8")


def read_run(folder: str | Path) -> Outcomes:
    """The outcomes of a run that was kept, equal to what they were.

    Raises
    ------
    UsageError
        If the folder holds no kept run.
    ScenarioError
        If its files are damaged.
    """
    folder = Path(folder)
    try:
        told = json.loads((folder / MARK).read_text(encoding="utf-8"))
        if told.get("format") != FORMAT:
            _refuse(folder, f"its format is {told.get('format')!r}", f"give a run of {FORMAT}")
        with np.load(folder / "nights.npz", allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in ARRAYS}
        lists = {field: tuple(told[field]) for field in LIST_FIELDS}
        return Outcomes(**{field: told[field] for field in SCALAR_FIELDS}, **lists, **arrays)
    except FileNotFoundError as error:
        _refuse(folder, f"no kept run: there is no {Path(error.filename).name}", "give a folder that --out wrote")
    except UsageError:
        raise
    except (ValueError, KeyError, AttributeError, OSError) as error:
        fault = Fault(str(folder), "", f"the run is damaged ({error})", "make it again")
        raise ScenarioError(str(folder), [fault]) from None
