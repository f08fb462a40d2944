"""Scenario files of one folder: what is in it may be read and written, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from koepel.errors import Fault, UsageError
from koepel.scenario import Scenario, builtin_names

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,80}\.ya?ml")
MOST_FILES = 200
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Workspace:
    """A folder of scenario files.

    Parameters
    ----------
    folder
        Links inside it are followed only as far as they stay inside.
    """

    folder: Path

    def names(self) -> dict[str, list[str]]:
        """Scenario files of the folder, and the built-in scenarios."""
        files = sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))
        inside = [name for name in files if self._path(name, must_exist=True) is not None]
        return {"files": inside[:MOST_FILES], "builtin": builtin_names()}

    def read(self, name: str) -> Scenario:
        """A built-in scenario, or one of the folder.

        Raises
        ------
        UsageError
            For a name that is neither.
        ScenarioError
            With every fault of the file.
        """
        if name in builtin_names():
            return Scenario.read(name)
        path = self._path(name, must_exist=True)
        if path is None:
            raise self._refused(name, "no scenario file of that name in the workspace", "choose one of the list")
        return Scenario.read(path)

    def write(self, scenario: Scenario, name: str, *, overwrite: bool = False) -> str:
        """Write a scenario as one file of the folder; its name.

        Raises
        ------
        UsageError
            For a name that is no plain file name, or a file that exists.
        ScenarioError
            With every fault of the scenario; nothing is written then.
        """
        path = self._path(name, must_exist=False)
        if path is None:
            mend = "give a plain name that ends in .yaml: letters, digits, spaces, dots, dashes"
            raise self._refused(name, "no name for a scenario file", mend)
        if path.exists() and not overwrite:
            raise self._refused(name, "the file exists", "choose another name, or allow that it is replaced")
        scenario.write(path, overwrite=overwrite)
        return path.name

    def _path(self, name: str, *, must_exist: bool) -> Path | None:
        """The file of that name, if it lies in the folder with its links followed; else None."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return None
        root = self.folder.resolve()
        path = (root / name).resolve()
        if path.parent != root or (path.exists() and (not path.is_file() or path.stat().st_size > MOST_BYTES)):
            return None
        return path if path.exists() or not must_exist else None

    def _refused(self, name: str, found: str, mend: str) -> UsageError:
        return UsageError("the workspace", [Fault(str(name)[:100], "name", found, mend)])
