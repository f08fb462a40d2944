"""What becomes of fire units, how rounds are rationed, and how long the raids go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from koepel.defence import ThreatKind
from koepel.nouns import Day, Noun, PositiveFigure, ShareFigure
from koepel.raid import Share
from koepel.units import Interval


class Fielding(Noun):
    """Fire units that are not there yet. Each counts from the latest of what it needs.

    Parameters
    ----------
    needs
        Orders that must have been delivered whole: the fire unit itself, its radar, its spares.
    crew_from, crew_days
        When the crew begins its training, and how long that takes.
    """

    fire_units: Annotated[tuple[str, ...], Field(min_length=1)]
    needs: tuple[str, ...] = ()
    crew_from: Day | None = None
    crew_days: PositiveFigure = Interval(0, 0)


class Upkeep(Noun):
    """How fire units of one type fail, are repaired and are lost.

    While there are spares, a unit is up as often as the catalogue's availability says.

    Parameters
    ----------
    repair_days
        Mean time that a unit is down.
    spares, spares_per_month
        Sets in stock, and new ones a month; each repair takes one. No limit where no stock is given.
    without_spares
        Pace of repairs when there are none left.
    wear_rounds
        Mean number of rounds after which firing alone brings a unit down.
    lost_per_year
        Chance that a unit is lost in a year, with the rounds it holds.
    """

    type: str
    repair_days: PositiveFigure = Interval(3, 15)
    spares: PositiveFigure | None = None
    spares_per_month: PositiveFigure = Interval(0, 0)
    without_spares: ShareFigure = Interval(0.1, 0.5)
    wear_rounds: PositiveFigure | None = None
    lost_per_year: ShareFigure = Interval(0.0, 0.0)


class Training(Noun):
    """How many crews of a type of fire unit finish their training in a month; a procurement plan keeps to it."""

    type: str
    crews_per_month: PositiveFigure


class Fading(Noun):
    """An effector that does less and less as the other side adapts to it.

    Parameters
    ----------
    per_year
        Share of its kill probability that goes in a year of the campaign.
    """

    effector: str
    per_year: ShareFigure


class Ration(Noun):
    """Weapons policy when an effector runs low.

    Parameters
    ----------
    below
        Rounds in the depot and at the fire units together.
    policy
        Kind of threat -> share of a magazine's rounds that must remain for a shot to be allowed; 1 never.
    """

    effector: str
    below: Annotated[int, Field(ge=0)]
    policy: dict[ThreatKind, Share]


class War(Noun):
    """How long the raids go on.

    Parameters
    ----------
    until
        The last day of raids; none where they do not end by a date.
    ceasefire_per_month, resume_per_month
        Chance in a month that they stop, and that they begin again.
    """

    until: Day | None = None
    ceasefire_per_month: ShareFigure = Interval(0.0, 0.0)
    resume_per_month: ShareFigure = Interval(0.0, 0.0)
