"""A scenario on which any recorded night can be fought: all types that the records name, each in groups of its own.

Of a night only the numbers launched are used. They fill in how many each group holds; launch places, hours and waves
stay those of the scenario. So one set of arrays serves all nights, and a prediction knows no more than the counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.setup import Figures, Setup
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.catalogue import Catalogue
from koepel.raid import Count, Group, RaidPattern
from koepel.records import Night
from koepel.replay import Part, class_of, distinct_names, models_of, parts_of, renamed, shared_out, types_in_bundles
from koepel.scenario import Scenario

Key = tuple[tuple[str, ...], str]  # types of a part, and the class under which it counts


@dataclass(frozen=True, eq=False)
class Stage:
    """One scenario with a group for each part that a recorded night may have, and its arrays.

    Attributes
    ----------
    scenario
        The scenario that was given.
    groups
        All groups, each of a fixed number, 0 here.
    rows
        Rows of the groups that fly a part, in the order of their models.
    models, shares
        Groups of the scenario that they are drawn like, and what share of each counts.
    """

    scenario: Scenario
    catalogue: Catalogue
    groups: tuple[Group, ...]
    arrays: ScenarioArrays
    rows: dict[Key, tuple[int, ...]]
    models: dict[Key, tuple[list[Group], list[float]]]

    def numbers(self, night: Night) -> np.ndarray:
        """How many each group holds on a night. Shape (groups,), int."""
        numbers = np.zeros(len(self.groups), np.int64)
        for part in counted_parts(self.scenario, night):
            key = key_of(part, self.catalogue)
            dealt = shared_out(part.launched, *self.models[key]) if key in self.rows else []
            for row, number in zip(self.rows.get(key, ()), dealt, strict=True):
                numbers[row] += number
        return numbers

    def setup(self, numbers: np.ndarray, figures: Figures | None = None) -> Setup:
        """What the kernels read for a night of these numbers, with some figures in place of the scenario's."""
        setup = self.arrays.setup
        count = setup.pattern.count.copy()
        count[:, 0] = numbers
        return setup._replace(figures=figures or setup.figures, pattern=setup.pattern._replace(count=count))

    @property
    def class_of_group(self) -> tuple[str, ...]:
        """Reporting class of each group."""
        return tuple(c.CLASSES[k] for k in self.arrays.setup.pattern.group_class)

    @property
    def class_of_type(self) -> np.ndarray:
        """Reporting class of each threat type, as an index. Shape (types,)."""
        return self.arrays.setup.types.group


def counted_parts(scenario: Scenario, night: Night) -> list[Part]:
    """Parts of a night by the numbers alone: how many of a drone wave were decoys is not used."""
    return parts_of(scenario, replace(night, strike=None))[0]


def key_of(part: Part, catalogue: Catalogue) -> Key:
    """What tells one part from another, apart from its number."""
    return tuple(part.types), part.counts_as or class_of(part, catalogue)


def set_stage(scenario: Scenario, nights: Iterable[Night], *, fielded: bool = False) -> Stage:
    """The stage on which all these nights can be fought.

    A part that no group of the scenario can be a model of, and that has no launch area in reach, is left out.
    """
    catalogue = scenario.catalogue()
    parts: dict[Key, Part] = {}
    for night in nights:
        for part in counted_parts(scenario, night):
            parts.setdefault(key_of(part, catalogue), part)
    groups: list[Group] = []
    rows: dict[Key, tuple[int, ...]] = {}
    models: dict[Key, tuple[list[Group], list[float]]] = {}
    for key, part in parts.items():
        own, flown = models_of(scenario, part, catalogue)
        if any("" in group.launch for group in own):
            continue
        shares = [sum(types.values()) / sum(group.types.values()) for group, types in zip(own, flown, strict=True)]
        rows[key] = tuple(range(len(groups), len(groups) + len(own)))
        models[key] = own, shares
        groups += [_empty(group, types, part, catalogue) for group, types in zip(own, flown, strict=True)]
    named = tuple(group.model_copy(update={"name": name}) for name, group in zip(distinct_names(groups), groups))
    areas = scenario.pattern.launch_areas if scenario.pattern else ()
    changes = {"raid": None, "pattern": RaidPattern(launch_areas=areas, groups=named)}
    staged = scenario.replace(changes | types_in_bundles(scenario, list(parts.values()), catalogue))
    return Stage(scenario, catalogue, named, scenario_arrays(staged, fielded=fielded), rows, models)


def _empty(model: Group, types: dict[str, float], part: Part, catalogue: Catalogue) -> Group:
    """A group like its model, of the part's types, that holds nobody yet."""
    named = {renamed(kind, part, catalogue): weight for kind, weight in types.items()}
    name = f"{model.name}: {', '.join(named)}"
    return model.model_copy(update={"name": name, "types": named, "count": Count(fixed=0)})
