"""A scenario: a raid pattern (or one raid), a defence, the people, and the types they use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from koepel.catalogue import Catalogue
from koepel.countries import outline_of
from koepel.errors import Fault, ScenarioError
from koepel.nouns import Noun, plain_interval
from koepel.scenario.fields import FORMAT, ScenarioFields, Types
from koepel.scenario.override import override, set_at
from koepel.scenario.own_types import with_own_types
from koepel.scenario.read import believed, builtin_names, read_scenario, scenario_of_data, scenario_of_text
from koepel.scenario.schema import scenario_schema
from koepel.scenario.source import path_text
from koepel.scenario.starter import starter_text
from koepel.scenario.write import digest_of, write_scenario
from koepel.units import Interval

__all__ = [
    "FORMAT",
    "Scenario",
    "Types",
    "builtin_names",
    "digest",
    "override",
    "schema",
    "starter",
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
        faults = [fault for path, value in values.items() for fault in set_at(data, path, _plain(value))[1]]
        if faults:
            raise ScenarioError(self.name, faults)
        return scenario_of_data(type(self), data, self.name)

    def write(self, path: str | Path, *, tables: bool = False, overwrite: bool = False) -> None:
        """Write the scenario as commented YAML that reads back equal.

        Parameters
        ----------
        tables
            Put the long lists in CSV tables beside the file.
        overwrite
            Replace files that exist.

        Raises
        ------
        ScenarioError
            If the scenario has faults; nothing is written then.
        UsageError
            If a file exists, or cannot be written.
        """
        self.check()
        write_scenario(self.plain(), Path(path), tables=tables, overwrite=overwrite)


    def _repr_html_(self) -> str:
        """What a notebook shows: the scenario in a few numbers, and its settlements on a map."""
        from koepel import sketch

        return sketch.card(
            self.name,
            sketch.table(["", "number"], list(self._numbers())),
            sketch.country(
                [(one.name, one.at, one.people) for one in self.settlements],
                outline_of(self),
                label=f"settlements of {self.name}, the larger the more people",
            ),
            lead=self.about,
            note=self.notional,
        )

    def _numbers(self) -> Iterator[tuple[str, int | float | str]]:
        """How much there is of everything, the defence by type."""
        yield "settlements", len(self.settlements)
        yield "people", int(sum(one.people for one in self.settlements))
        yield "assets", len(self.assets)
        catalogue = self.catalogue()
        for table in ("sensors", "fire_units"):
            for name, number in Counter(one.type for one in getattr(self.defence, table)).items():
                yield getattr(catalogue, table)[name].label, number
        if self.raid is not None:
            yield "threats", len(self.raid.threats)
        for group in self.pattern.groups if self.pattern else ():
            fixed, about = group.count.fixed, f"about {group.count.median:g}"
            yield f"threats a night: {group.name}", about if fixed is None else fixed


def digest(scenario: ScenarioFields) -> str:
    """Sha256, in hex, of all that a scenario says; comments, tables and units of the file do not matter."""
    return digest_of(scenario.model_dump(mode="json"))


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file."""
    return scenario_schema()


def starter(country: str | None = None) -> str:
    """The text of a commented first scenario, of invented places or of a country's own settlements.

    Parameters
    ----------
    country
        Two letters of ISO 3166-1, as ``NL``.

    Raises
    ------
    UsageError
        If there is no such country.
    """
    return starter_text(country)


def _plain(value: Any) -> Any:
    """A noun, or a list of them, as plain data."""
    if isinstance(value, Noun):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Interval):
        return plain_interval(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value
