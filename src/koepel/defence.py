"""What is defended and with what: settlements, assets, sensors, fire units, doctrine and policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from koepel.nouns import Noun, PositiveFigure, ShareFigure
from koepel.raid import Place, Positive, Share
from koepel.units import Interval

ThreatKind = Literal["drone", "jet-drone", "decoy", "cruise", "ballistic", "supersonic"]
Rounds = Annotated[int, Field(ge=0, le=1_000_000)]


class Settlement(Noun):
    """People at a place."""

    name: str
    at: Place
    people: Annotated[float, Field(ge=0, le=1e9)]
    region: str = ""


class DefendedAsset(Noun):
    """A thing worth defending: a kind at a settlement, never a named plant.

    Parameters
    ----------
    value_usd
        What its loss would cost, US dollars of the price year.
    """

    name: str
    kind: Literal["power", "heat", "water", "hospital", "industry", "airfield", "port", "rail", "government"]
    settlement: str
    value_usd: PositiveFigure


class Sensor(Noun):
    """What makes detections, at a place. The type says how far it sees."""

    name: str
    type: str
    at: Place


class Magazine(Noun):
    """Rounds of one effector at one fire unit.

    Parameters
    ----------
    ready
        Rounds ready to fire when the raid begins; the catalogue's figure where none is given.
    reserve
        Rounds on site that a reload takes from.
    """

    ready: Rounds | None = None
    reserve: Rounds | None = None


class FireUnit(Noun):
    """The smallest unit that can engage alone, at a place.

    Parameters
    ----------
    magazines
        By effector. Where none is given, those of the type.
    """

    name: str
    type: str
    at: Place
    magazines: dict[str, Magazine] = {}


class ShotDoctrine(Noun):
    """How one effector shoots at one kind of threat.

    Parameters
    ----------
    salvo
        Rounds fired before each look.
    looks
        Kill assessments that leave time to fire again: ``looks=1`` is shoot, look, shoot.
    """

    salvo: Annotated[int, Field(ge=1, le=100)] = 1
    looks: Annotated[int, Field(ge=0, le=100)] = 1


class Defence(Noun):
    """Sensors and fire units, and the rules they fight by.

    Parameters
    ----------
    rule
        Who fires: ``first-able``, ``cheapest`` that suffices, or ``marginal-value``.
    sufficient
        Under ``cheapest``, the kill probability of a salvo that suffices.
    policy
        Weapons policy, effector -> kind of threat -> share of the rounds that must remain for a shot to
        be allowed: 0 always allowed, 1 never.
    doctrine
        Effector -> kind of threat -> shot doctrine; the catalogue's salvo and looks where none is given.
    track_memory_s
        How long a track lives on after the last sensor lost the threat.
    track_linger_s
        How long a track lives on after its threat is dead; drawn anew for each threat.
    """

    rule: Literal["first-able", "cheapest", "marginal-value"] = "first-able"
    sufficient: Share = 0.6
    policy: dict[str, dict[ThreatKind, Share]] = {}
    doctrine: dict[str, dict[ThreatKind, ShotDoctrine]] = {}
    track_memory_s: PositiveFigure = Interval(60.0, 180.0)
    track_linger_s: PositiveFigure = Interval(5.0, 60.0)
    sensors: tuple[Sensor, ...] = ()
    fire_units: tuple[FireUnit, ...] = ()


class Weather(Noun):
    """How often a night's weather is bad enough to hold back eyes, guns and small drones."""

    bad_share: ShareFigure = Interval(0.2, 0.5)


class Doubt(Noun):
    """Spread of the log odds of every kill, by level; what each level shares is DESIGN'S four levels.

    ``study`` needs no figure: it is the width of the intervals themselves. The site-night level is the
    effector's own ``site_night_sd``.

    Parameters
    ----------
    month_sd, night_sd
        Shared by all threats of a class.
    missiles_night_sd
        In place of ``night_sd`` for cruise, ballistic and supersonic missiles, where it is given.
    """

    month_sd: PositiveFigure = Interval(0.0, 0.3)
    night_sd: PositiveFigure = Interval(0.15, 0.5)
    missiles_night_sd: PositiveFigure | None = None


class Observation(Noun):
    """What stands between the outcome and a published record.

    Parameters
    ----------
    unreported
        Chance that a leaker is reported as neutralised or not at all.
    decoys_counted
        Chance that a decoy that ran out its route is counted as neutralised.
    fallen_counted
        Chance that a threat that fell by itself is counted as neutralised.
    """

    unreported: ShareFigure = Interval(0.0, 0.15)
    decoys_counted: ShareFigure = Interval(0.5, 1.0)
    fallen_counted: ShareFigure = Interval(0.5, 1.0)


class People(Noun):
    """How people are exposed and warned.

    Parameters
    ----------
    density_per_km2
        People per square kilometre where an impact falls in a settlement.
    debris_share
        Chance that a killed or lost threat does harm where it falls.
    alarm_hold_s
        How long an alarm lasts after the last threat has gone.
    """

    density_per_km2: Annotated[
        PositiveFigure, Field(description="people per square kilometre in a settlement")
    ] = Interval(1500.0, 4500.0)
    debris_share: ShareFigure = Interval(0.015, 0.04)
    alarm_hold_s: PositiveFigure = Interval(300.0, 1200.0)
    zone_radius_m: Positive | None = None
