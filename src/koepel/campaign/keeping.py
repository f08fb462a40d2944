"""Campaigns kept in a folder, chunk by chunk, so that one that was stopped goes on where it stood."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from koepel.errors import Fault, UsageError

FORMAT = "koepel-campaign/1"
MARK = "campaign.json"


def _refuse(folder: Path, found: str, mend: str) -> None:
    raise UsageError(str(folder), [Fault(str(folder), "", found, mend)]) from None


def written_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: after a crash it is there whole, or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


class Kept:
    """A folder that holds the finished chunks of one campaign.

    Parameters
    ----------
    told
        What the campaign is: the folder holds this one, or is refused.
    """

    def __init__(self, folder: Path, told: dict[str, Any], scenario_text: str):
        self.folder = folder
        if folder.is_file():
            _refuse(folder, "this is a file", "give the name of a folder")
        mark = folder / MARK
        if mark.is_file():
            self._check(mark, told)
            return
        if folder.exists() and any(path for path in folder.iterdir() if not path.name.endswith(".part")):
            _refuse(folder, "it exists and holds no kept campaign", "give another folder")
        try:
            folder.mkdir(exist_ok=True)
            (folder / "scenario.yaml").write_text(scenario_text, encoding="utf-8")
            written_whole(mark, json.dumps({"format": FORMAT, **told}, indent=1).encode())
        except OSError as error:
            _refuse(folder, f"it cannot be written ({error.strerror})", "choose a folder you may write to")

    def _check(self, mark: Path, told: dict[str, Any]) -> None:
        """Refuse a folder that holds another campaign."""
        kept = told_in(self.folder)
        other = [name for name, value in told.items() if kept.get(name) != value]
        if other:
            name = other[0]
            found = f"it holds a campaign of another {name.replace('_', ' ')} ({kept.get(name)}, not {told[name]})"
            _refuse(self.folder, found, "give another folder, or the same scenario, days, runs and seed")

    def write(self, first_run: int, chunk: dict[str, np.ndarray]) -> None:
        """Keep a finished chunk."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **chunk)
        try:
            written_whole(chunk_path(self.folder, first_run), buffer.getvalue())
        except OSError as error:
            _refuse(self.folder, f"it cannot be written ({error.strerror})", "make room, and start again")


def chunk_path(folder: Path, first_run: int) -> Path:
    """The file of a chunk."""
    return folder / f"runs-{first_run:07d}.npz"


def read_chunk(folder: Path, first_run: int) -> dict[str, np.ndarray] | None:
    """A finished chunk; None where it is not there, or not whole."""
    try:
        with np.load(chunk_path(folder, first_run), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def told_in(folder: Path) -> dict[str, Any]:
    """What the mark of a kept campaign says."""
    try:
        told = json.loads((folder / MARK).read_text(encoding="utf-8"))
        if told.get("format") == FORMAT:
            return told
        found = f"its format is {told.get('format')!r}"
    except FileNotFoundError:
        found = f"no kept campaign: there is no {MARK}"
    except (OSError, ValueError, AttributeError) as error:
        found = f"{MARK} cannot be read ({error})"
    _refuse(folder, found, "give a folder that --keep wrote")
    return {}
