"""A weapon-target assignment as arrays, and as the files that are exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from koepel.errors import Fault, ScenarioError, UsageError

CERTAIN = 1.0 - 1e-15  # a round that kills for sure has no logarithm; the value is wrong by less than a rounding


@dataclass(frozen=True, eq=False)
class Problem:
    """Who may shoot at what.

    Parameters
    ----------
    values
        Of the threats, 0 or more. Shape (threats,).
    kill
        Kill probability of one round, 0 to 1. Shape (threats, kinds).
    rounds
        Of each kind. Shape (kinds,), int.

    Raises
    ------
    UsageError
        For shapes that do not fit together, and numbers out of range.
    """

    values: np.ndarray
    kill: np.ndarray
    rounds: np.ndarray

    def __post_init__(self) -> None:
        faults = []
        if self.kill.shape != (len(self.values), len(self.rounds)):
            found = f"found {self.kill.shape}, with {len(self.values)} values and {len(self.rounds)} kinds of round"
            faults.append(Fault("", "kill", found, "give the shape (threats, kinds)"))
        for name, array, low, high in (("values", self.values, 0, np.inf), ("kill", self.kill, 0, 1),
                                       ("rounds", self.rounds, 0, np.inf)):  # fmt: skip
            if array.size and not (np.isfinite(array).all() and array.min() >= low and array.max() <= high):
                found = f"from {array.min():g} to {array.max():g}"
                faults.append(Fault("", name, found, f"give finite numbers from {low:g} to {high:g}"))
        if faults:
            raise UsageError("the assignment", faults)

    def value(self, assigned: np.ndarray) -> float:
        """What survives of an assignment of shape (kinds, threats)."""
        left = self.values.astype(float)
        kinds, threats = np.nonzero(assigned)
        np.multiply.at(left, threats, (1.0 - self.kill[threats, kinds]) ** assigned[kinds, threats])
        return float(left.sum())


def read_problem(path: str | Path) -> Problem:
    """Read a file of Andersen, Pavlikov and Toffolo's form.

    The first line holds kinds, threats and rounds of each kind; then one value a line; then lines of kind, threat and
    kill probability, counted from 0. A pair that is not named cannot shoot.

    Raises
    ------
    ScenarioError
        With the line of the first thing that is not so.

    References
    ----------
    Andersen, Pavlikov and Toffolo, "Weapon-target assignment problem: exact and approximate solution algorithms",
    Annals of Operations Research 312 (2022).
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        fault = Fault(str(path), "", error.strerror or str(error), "give a file that is there")
        raise UsageError(str(path), [fault]) from None
    except UnicodeDecodeError:
        raise ScenarioError(str(path), [Fault(str(path), "", "it is no text", "give a text file")]) from None
    kinds, threats, rounds = (int(x) for x in _numbers(path, lines, 0, 3))
    if min(kinds, threats) < 1 or rounds < 0 or kinds * threats > 200_000_000:
        _refuse(path, 0, lines[0], "give kinds and threats of 1 or more, at most 200 million pairs")
    values = np.array([_numbers(path, lines, 1 + j, 1)[0] for j in range(threats)], float)
    kill = np.zeros((threats, kinds))
    for k in range(1 + threats, len(lines)):
        if lines[k].strip():
            i, j, p = _numbers(path, lines, k, 3)
            if not (0 <= i < kinds and 0 <= j < threats and i == int(i) and j == int(j) and 0 <= p <= 1):
                _refuse(path, k, lines[k], "give a kind, a threat, and a probability from 0 to 1")
            kill[int(j), int(i)] = p
    return Problem(values, kill, np.full(kinds, rounds, np.int64))


def _numbers(path: Path, lines: list[str], k: int, n: int) -> list[float]:
    """The numbers of one line."""
    words = lines[k].split() if k < len(lines) else []
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != n or not np.isfinite(numbers).all():
        _refuse(path, k, lines[k] if k < len(lines) else "the end", f"give {n} number{'s' * (n > 1)}")
    return numbers


def _refuse(path: Path, k: int, found: str, mend: str) -> None:
    raise ScenarioError(str(path), [Fault(f"{path}:{k + 1}", "", f"found {found[:60]!r}", mend)])
