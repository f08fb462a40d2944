"""The errors a user can meet.

    KoepelError
    |-- ScenarioError    a scenario file or table has faults; all of them, each with its mend
    |-- RecordsError     a file of recorded raids cannot be read
    |-- UsageError       a call or a command asks for something that does not exist
    `-- PlanError        no plan is feasible; says what to relax

Each is also a ``ValueError``, so that callers who know only Python are served.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input: where it is, what was found, and the mend.

    Parameters
    ----------
    where
        File and line, as ``capital.yaml:12``; empty where there is no file.
    field
        The path of the field, as ``defence.fire_units[3].type``.
    found
        What stands there.
    mend
        What to write instead.
    """

    where: str
    field: str
    found: str
    mend: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.field) if part)
        return f"{place}: {self.found}; {self.mend}" if place else f"{self.found}; {self.mend}"


class KoepelError(ValueError):
    """Anything wrong with what the user gave. Carries every fault found.

    Examples
    --------
    >>> print(ScenarioError("a.yaml", [Fault("a.yaml:3", "rounds", "found -1", "give 0 or more")]))
    1 problem in a.yaml:
      - a.yaml:3: rounds: found -1; give 0 or more
    """

    def __init__(self, subject: str, faults: list[Fault] | tuple[Fault, ...] = ()):
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(subject, self.faults)

    def __str__(self) -> str:
        if not self.faults:
            return self.subject
        count = f"{len(self.faults)} problem{'s' if len(self.faults) > 1 else ''}"
        return "\n".join([f"{count} in {self.subject}:", *(f"  - {fault}" for fault in self.faults)])


class ScenarioError(KoepelError):
    """A scenario file or one of its tables has faults."""


class RecordsError(KoepelError):
    """A file of recorded raids cannot be read, or does not hold what was asked for."""


class UsageError(KoepelError):
    """A call or command asks for something that does not exist."""


class PlanError(KoepelError):
    """No plan is feasible."""
