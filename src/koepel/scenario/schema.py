"""The JSON Schema of a scenario file, from the nouns themselves."""

from __future__ import annotations

import copy
from typing import Any

from koepel.nouns import customary_names
from koepel.scenario.fields import TABLES, ScenarioFields
from koepel.units import to_base

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_FILE = {
    "title": "A table beside the scenario file",
    "type": "object",
    "properties": {"file": {"type": "string", "pattern": r"\.(csv|geojson)$"}},
    "required": ["file"],
    "additionalProperties": False,
}
_SETTLEMENTS = {
    "title": "A table of settlements: beside the scenario file, or built in",
    "type": "object",
    "properties": {
        "file": {"type": "string", "pattern": r"\.(csv|geojson)$"},
        "builtin": {"type": "string"},
        "least_people": {"type": "number", "description": "leave out smaller settlements"},
    },
    "oneOf": [{"required": ["file"]}, {"required": ["builtin"]}],
    "additionalProperties": False,
}


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every scenario file keeps to.

    It knows the customary units as well as the base ones, and the tables beside a file. What stands between
    fields (a type that exists, a name that is unique) only `Scenario.read` can tell.
    """
    schema = ScenarioFields.model_json_schema()
    definitions = schema["$defs"]
    for definition in (schema, *definitions.values()):
        _allow_customary(definition)
    for path in TABLES:
        _allow_table(definitions, schema, path)
    definitions["Table"], definitions["SettlementTable"] = _FILE, _SETTLEMENTS
    schema["required"] = ["format", "name"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "koepel scenario",
        "description": "One situation to study with koepel.",
    } | {key: value for key, value in schema.items() if key not in ("title", "description")}


def _allow_customary(definition: dict[str, Any]) -> None:
    """Let a field be given in each of its units."""
    properties = definition.get("properties", {})
    for field in list(properties):
        for name in customary_names(field):
            properties[name] = _in_unit(properties[field], to_base(name)[1]) | {"description": f"or as '{field}'"}
        names = (field, *customary_names(field))
        if len(names) > 1 and field in definition.get("required", ()):
            definition["required"].remove(field)
            any_of = {"anyOf": [{"required": [name]} for name in names]}
            definition.setdefault("allOf", []).append(any_of)


def _in_unit(field: dict[str, Any], factor: float) -> dict[str, Any]:
    """The schema of a field in another unit: its limits scaled, its default left to the base name."""
    field = copy.deepcopy(field)
    for part in (field, *field.get("anyOf", ())):
        part.pop("default", None)
        part.pop("title", None)
        for bound in _BOUNDS:
            if bound in part:
                part[bound] = float(f"{part[bound] / factor:.12g}")
    return field


def _allow_table(definitions: dict[str, Any], schema: dict[str, Any], path: tuple[str, ...]) -> None:
    """Let a long list stand in a table."""
    holder = schema if len(path) == 1 else definitions[path[0].capitalize()]
    field = holder["properties"][path[-1]]
    table = "SettlementTable" if path[-1] == "settlements" else "Table"
    listed = {key: field.pop(key) for key in ("type", "items") if key in field}
    field["anyOf"] = [listed, {"$ref": f"#/$defs/{table}"}]
