"""A scenario: a raid pattern (or one raid), a defence, the people, and the types they use."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from koepel.defence import Defence, DefendedAsset, Doubt, Observation, People, Settlement, Weather
from koepel.nouns import Noun
from koepel.raid import Raid, RaidPattern

FORMAT = "koepel-scenario/1"


class Types(Noun):
    """Changes to the catalogue, or new types: type -> attribute -> figure or word."""

    threats: dict[str, dict[str, Any]] = {}
    effectors: dict[str, dict[str, Any]] = {}
    fire_units: dict[str, dict[str, Any]] = {}
    sensors: dict[str, dict[str, Any]] = {}


class Scenario(Noun):
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
