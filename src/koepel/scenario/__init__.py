"""A scenario: a raid pattern (or one raid), a defence, the people, and the types they use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from koepel.catalogue import Catalogue
from koepel.errors import Fault, ScenarioError
from koepel.scenario.fields import FORMAT, ScenarioFields, Types
from koepel.scenario.override import override, set_at
from koepel.scenario.own_types import with_own_types
from koepel.scenario.read import believed, builtin_names, read_scenario, scenario_of_data, scenario_of_text
from koepel.scenario.source import path_text

__all__ = [
    "FORMAT",
    "Scenario",
    "Types",
    "builtin_names",
    "override",
]


class Scenario(ScenarioFields):
    __doc__ = ScenarioFields.__doc__

    @classmethod
    def read(cls, path_or_name: str | Path, set: Iterable[str] = ()) -> Self:
        """The scenario of a YAML file, or a built-in one by its name.

        Parameters
        ----------
        set
            Fields to set, each as ``path=value``; see `override`.

        Raises
        ------
        ScenarioError
            With every fault of the file, of its tables and of the settings.
        UsageError
            If there is no such file.
        """
        return read_scenario(cls, path_or_name, set)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The scenario that a YAML text holds."""
        return scenario_of_text(cls, text)

    def plain(self) -> dict[str, Any]:
        """The scenario as mappings, lists, words and numbers, without what is left at its default."""
        return {"format": self.format} | self.model_dump(mode="json", exclude_defaults=True)

    def catalogue(self) -> Catalogue:
        """The catalogue with this scenario's own types in it."""
        return with_own_types(self.types.model_dump())[0]

    def check(self) -> None:
        """Raise every fault of a scenario that was built in Python.

        Raises
        ------
        ScenarioError
            With each fault and its mend.
        """
        _, remarks = believed(type(self), self.plain())
        if remarks:
            raise ScenarioError(self.name, [Fault("", path_text(path), *words) for path, *words in remarks])

    def replace(self, values: dict[str, Any]) -> Self:
        """A scenario with some fields set, by path: ``{"defence.rule": "cheapest"}``.

        Raises
        ------
        ScenarioError
            With every path that names no field, and every fault of the result.
        """
        data = self.plain()
        faults = [fault for path, value in values.items() for fault in set_at(data, path, value)[1]]
        if faults:
            raise ScenarioError(self.name, faults)
        return scenario_of_data(type(self), data, self.name)
