"""The scenario on the bench: where one started, what was changed since, and what each step gave."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from koepel.app.answer import answer, plain
from koepel.app.areas import Areas, areas_of
from koepel.app.edits import edited
from koepel.app.scene import defence, scene
from koepel.errors import Fault, UsageError
from koepel.rehearsal import Nights, Rehearsal
from koepel.scenario import Scenario

MOST_STEPS = 100
MOST_EDITS = 50


@dataclass(frozen=True)
class Step:
    """A state of the scenario, and what its nights gave."""

    scenario: Scenario
    answer: dict[str, Any]


class Bench:
    """One scenario and its changes; all answers are paired with where one started.

    Parameters
    ----------
    runs, seed
        The nights that every change is fought on.
    """

    def __init__(self, runs: int, seed: int, workers: int | None = None) -> None:
        self.runs, self.seed, self._workers = runs, seed, workers
        self._lock = threading.RLock()
        self._rehearsal: Rehearsal | None = None
        self._near: Nights | None = None  # nights of the step that one stands on, where they are still at hand
        self._areas: Areas | None = None
        self._steps: list[Step] = []
        self._at = 0
        self.source = ""

    @property
    def ready(self) -> bool:
        """Whether a scenario is there, fought and ready for changes."""
        return self._rehearsal is not None

    @property
    def scenario(self) -> Scenario:
        """As it is now."""
        self._check_ready()
        return self._steps[self._at].scenario

    @property
    def start(self) -> Scenario:
        """As it was at the start."""
        self._check_ready()
        return self._rehearsal.start.scenario

    def open(self, scenario: Scenario, source: str, progress=None) -> None:
        """Fight a scenario as it is, and start from it."""
        rehearsal = Rehearsal(scenario, self.runs, seed=self.seed, workers=self._workers, progress=progress)
        areas = areas_of(scenario)
        first = Step(scenario, plain(answer(rehearsal, rehearsal.start, areas)))
        with self._lock:
            if self._rehearsal is not None:
                self._rehearsal.close()
            self._rehearsal, self._areas = rehearsal, areas
            self._steps, self._at, self._near, self.source = [first], 0, None, source

    def scene(self) -> dict[str, Any]:
        """What the page draws, and how things stand."""
        with self._lock:
            self._check_ready()
            return plain(scene(self.scenario, self._areas)) | {"source": self.source} | self.state()

    def state(self) -> dict[str, Any]:
        """The defence as it is now, the answer, and whether one can go back or forth."""
        with self._lock:
            self._check_ready()
            step = self._steps[self._at]
            return self._told(step)

    def change(self, edits: list[dict[str, Any]], *, settled: bool) -> dict[str, Any]:
        """Make changes and fight; unsettled ones are only looked at, as while something is dragged.

        Raises
        ------
        ScenarioError
            With every fault of a change; nothing is changed then.
        """
        if not isinstance(edits, list) or not 1 <= len(edits) <= MOST_EDITS:
            raise UsageError("the change", [Fault("", "edits", "found no list of changes", f"give 1 to {MOST_EDITS}")])
        with self._lock:
            self._check_ready()
            scenario = self.scenario
            for edit in edits:
                scenario = edited(scenario, edit)
            nights = self._rehearsal.fight(scenario, near=self._near)
            step = Step(scenario, plain(answer(self._rehearsal, nights, self._areas)))
            if settled:
                self._near = nights
                self._steps = [*self._steps[: self._at + 1], step][-MOST_STEPS:]
                self._at = len(self._steps) - 1
            return self._told(step)

    def undo(self) -> dict[str, Any]:
        """One step back, if there is one."""
        return self._go(-1)

    def redo(self) -> dict[str, Any]:
        """One step forth, if there is one."""
        return self._go(1)

    def _go(self, by: int) -> dict[str, Any]:
        with self._lock:
            self._check_ready()
            self._at, self._near = min(max(self._at + by, 0), len(self._steps) - 1), None
            return self.state()

    def _told(self, step: Step) -> dict[str, Any]:
        return {
            "defence": plain(defence(step.scenario)),
            "answer": step.answer,
            "undo": self._at,
            "redo": len(self._steps) - 1 - self._at,
        }

    def _check_ready(self) -> None:
        if self._rehearsal is None:
            raise UsageError("the map", [Fault("", "", "the scenario is still being fought", "wait for it")])
