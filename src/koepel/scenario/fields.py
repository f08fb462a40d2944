"""The fields of a scenario, and how to find the one that a path names."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field

from koepel.defence import Defence, DefendedAsset, Doubt, Observation, People, Settlement, Weather
from koepel.nouns import Noun
from koepel.raid import Raid, RaidPattern
from koepel.supply import Supply
from koepel.units import to_base

FORMAT = "koepel-scenario/1"


class Types(Noun):
    """Changes to the catalogue, or new types: type -> attribute -> figure or word."""

    threats: dict[str, dict[str, Any]] = {}
    effectors: dict[str, dict[str, Any]] = {}
    fire_units: dict[str, dict[str, Any]] = {}
    sensors: dict[str, dict[str, Any]] = {}


class ScenarioFields(Noun):
    """One situation to study.

    Parameters
    ----------
    raid
        A fixed raid. Give this or ``pattern``.
    pattern
        The distribution that raids are drawn from.
    """

    format: Literal["koepel-scenario/1"] = FORMAT
    name: str
    about: str = ""
    notional: str = ""
    price_year: Annotated[int, Field(ge=1990, le=2100)] = 2025
    types: Types = Types()
    settlements: tuple[Settlement, ...] = ()
    assets: tuple[DefendedAsset, ...] = ()
    defence: Defence = Defence()
    raid: Raid | None = None
    pattern: RaidPattern | None = None
    weather: Weather = Weather()
    doubt: Doubt = Doubt()
    observation: Observation = Observation()
    people: People = People()
    supply: Supply | None = None


# the long lists that may stand in a table beside the file
TABLES = (
    ("settlements",),
    ("assets",),
    ("defence", "sensors"),
    ("defence", "fire_units"),
    ("raid", "threats"),
)


def bare(annotation: Any) -> Any:
    """An annotation without ``Annotated`` and without ``| None``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            parts = [part for part in get_args(annotation) if part is not type(None)]
            if len(parts) != 1:
                return annotation
            annotation = parts[0]
        else:
            return annotation


def is_noun(annotation: Any) -> bool:
    """Whether this is one of the described things."""
    return isinstance(annotation, type) and issubclass(annotation, Noun)


def inside(annotation: Any, step: str | int) -> Any:
    """What may stand under a key or at a position; None where nothing may."""
    annotation = bare(annotation)
    if is_noun(annotation):
        if step not in annotation.model_fields:
            step = to_base(str(step))[0]
        found = annotation.model_fields.get(step)
        return bare(found.annotation) if found else None
    if annotation is Any:
        return Any
    parts = get_args(annotation)
    if get_origin(annotation) is dict and isinstance(step, str):
        keys = bare(parts[0])
        fits = get_origin(keys) is not typing.Literal or step in get_args(keys)
        return bare(parts[1]) if fits else None
    if get_origin(annotation) is tuple and isinstance(step, int):
        if len(parts) == 2 and parts[1] is Ellipsis:
            return bare(parts[0])
        return bare(parts[step]) if 0 <= step < len(parts) else None
    return None


def known_keys(annotation: Any) -> list[str]:
    """The keys that a mapping of this kind may have; empty where any word will do."""
    annotation = bare(annotation)
    if is_noun(annotation):
        return list(annotation.model_fields)
    if get_origin(annotation) is dict:
        keys = bare(get_args(annotation)[0])
        return list(get_args(keys)) if get_origin(keys) is typing.Literal else []
    return []


def kind_at(path: tuple, root: type[Noun] = ScenarioFields) -> Any:
    """The annotation of the field that a path names; None where there is no such field.

    Examples
    --------
    >>> kind_at(("pattern", "groups", 0, "waves", "together"))
    <class 'bool'>
    """
    found: Any = root
    for step in path:
        found = inside(found, step)
        if found is None:
            return None
    return found
