"""The catalogue as a scenario's own types change it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from koepel.catalogue import TABLES, Catalogue, CatalogueType, changed, define, read_catalogue
from koepel.errors import ScenarioError
from koepel.nouns import nearest_word
from koepel.scenario.shape import Remark
from koepel.units import Interval

NO_SENSOR = "none"


def with_own_types(given: Any) -> tuple[Catalogue, list[Remark]]:
    """The catalogue with a scenario's types in it, and what is wrong with them.

    A type of a known name changes that type; any other name defines a new one. The attribute ``source`` of a
    type is the source of each of its figures that names none.

    Parameters
    ----------
    given
        Table -> type -> attribute -> figure or word.
    """
    catalogue, remarks = read_catalogue(), []
    tables = {}
    for table in TABLES:
        types = dict(getattr(catalogue, table))
        for name, attributes in _mapping(_mapping(given).get(table)).items():
            if isinstance(attributes, dict):
                types[name], faults = _one_type(table, str(name), attributes, types.get(name))
                remarks += faults
        tables[table] = types
    catalogue = dataclasses.replace(catalogue, **tables)
    return catalogue, remarks + _links(given, catalogue)


def _one_type(
    table: str, name: str, attributes: dict[str, Any], known: CatalogueType | None
) -> tuple[CatalogueType, list[Remark]]:
    """A type changed or defined; where it cannot be, as much of it as other checks look at."""
    sourced = _sourced(attributes)
    try:
        return (changed(known, sourced) if known else define(table, name, sourced)), []
    except ScenarioError as error:
        remarks = [(("types", table, name, fault.field), fault.found, fault.mend) for fault in error.faults]
        rounds = {key: Interval(0, 0) for key in attributes if str(key).startswith("rounds:")}
        return known or CatalogueType(name, table, name, rounds, {}), remarks


def _sourced(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes with the type's source given to each figure that has none."""
    if "source" not in attributes:
        return attributes
    source = str(attributes["source"])
    out: dict[str, Any] = {}
    for key, value in attributes.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = {"low": value, "high": value, "source": source}
        elif isinstance(value, list | tuple) and len(value) == 2:
            value = {"low": value[0], "high": value[1], "source": source}
        elif isinstance(value, dict) and "source" not in value:
            value = value | {"source": source}
        if key != "source":
            out[key] = value
    return out


def _links(given: Any, catalogue: Catalogue) -> list[Remark]:
    """What the scenario's own fire units name and nobody defines."""
    remarks: list[Remark] = []
    for name in _mapping(_mapping(given).get("fire_units")):
        kind, path = catalogue.fire_units.get(name), ("types", "fire_units", name)
        for effector in kind.effectors if kind else ():
            if effector not in catalogue.effectors:
                mend = nearest_word(effector, catalogue.effectors)
                remarks.append(((*path, f"rounds:{effector}"), f"no effector {effector!r}", mend))
        sensor = kind.words.get("sensor", NO_SENSOR) if kind else NO_SENSOR
        if sensor != NO_SENSOR and sensor not in catalogue.sensors:
            remarks.append(((*path, "sensor"), f"no sensor type {sensor!r}", nearest_word(sensor, catalogue.sensors)))
    return remarks


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
