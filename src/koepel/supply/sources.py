"""Where rounds come from: what is held, what is made, and what is given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from koepel.nouns import Day, Noun, PositiveFigure, ShareFigure
from koepel.raid import Positive
from koepel.supply.pledges import Pledge, PledgeStatus
from koepel.units import Interval


class Stock(Noun):
    """Rounds of one effector that the nation holds when the campaign begins, in its depot and at its fire units.

    They go to the fire units first, as far as there is room. An effector without a stock, and that nobody delivers, is
    not followed: its magazines are full every night.

    Parameters
    ----------
    usable
        Share that can be fired; the rest is written off.
    lost_per_year
        Share of what lies in the depot that goes out of life in a year.
    """

    effector: str
    rounds: PositiveFigure
    usable: ShareFigure = Interval(1.0, 1.0)
    lost_per_year: ShareFigure = Interval(0.0, 0.0)


class Transport(Noun):
    """From the depot to the fire units, every day, in proportion to what each misses.

    Parameters
    ----------
    delay_days
        Days on the way, rounded to whole ones.
    rounds_per_day
        The most rounds of one effector that leave the depot in a day; no limit where none is given.
    first
        Fire units that are filled before all others.
    keep
        Effector -> rounds that stay in the depot.
    """

    delay_days: PositiveFigure = Interval(1, 3)
    rounds_per_day: PositiveFigure | None = None
    first: tuple[str, ...] = ()
    keep: dict[str, Annotated[int, Field(ge=0)]] = {}


class Recipient(Noun):
    """Somebody else who draws on the same line or donor.

    Parameters
    ----------
    per_month
        Rounds wanted.
    priority
        Served before all with a larger number; the nation's own number is that of the line.
    share
        Weight among those of one priority.
    in_crisis
        What its wish is multiplied by while the crisis of the line lasts.
    """

    name: str
    per_month: PositiveFigure
    priority: Annotated[int, Field(ge=0, le=100)] = 1
    share: Positive = 1.0
    in_crisis: PositiveFigure = Interval(1.0, 1.0)


class Rate(Noun):
    """What is made in a month, from a day on. Between two of these the rate goes in a straight line."""

    day: Day
    per_month: PositiveFigure


class Joint(Pledge, Noun):
    """A partner's money and sites raise a line's capacity; what they add is split by agreement.

    Parameters
    ----------
    day
        When it is agreed, and paid for.
    after_days
        Until the first round of it.
    ramp_days
        From then to its full rate.
    split
        Share of the added output that is the nation's, if it has orders for it.
    cost_usd, funder
        What the nation's side pays, and who.
    """

    partner: str
    day: Day
    per_month: PositiveFigure
    after_days: PositiveFigure = Interval(0, 0)
    ramp_days: PositiveFigure = Interval(0, 0)
    split: ShareFigure = Interval(0.5, 0.5)
    cost_usd: PositiveFigure = Interval(0, 0)
    funder: str = ""
    status: PledgeStatus = "contracted"
    chance: ShareFigure | None = None
    slip_days: PositiveFigure | None = None


class ProductionLine(Noun):
    """What makes rounds of one effector, for several.

    Parameters
    ----------
    rates
        In order of their days; before the first and after the last the rate stays.
    uses
        Bottlenecks that every round goes through.
    priority, share
        The nation's own, among the recipients.
    learning
        What the price is multiplied by whenever the number ever made doubles (Wright, Journal of the Aeronautical
        Sciences 3, 1936).
    made_before
        Rounds ever made before the campaign begins.
    """

    name: str
    effector: str
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]
    uses: tuple[str, ...] = ()
    crisis: str = ""
    recipients: tuple[Recipient, ...] = ()
    priority: Annotated[int, Field(ge=0, le=100)] = 1
    share: Positive = 1.0
    learning: Annotated[float, Field(gt=0, le=1)] = 1.0
    made_before: Positive = 1000.0
    joint: tuple[Joint, ...] = ()


class Bottleneck(Noun):
    """What several lines share, as motors or seekers: rounds a month that it is enough for."""

    name: str
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]


class Donor(Noun):
    """A stock that may be given from at once, down to a floor.

    Parameters
    ----------
    stock
        Effector -> rounds.
    floor, crisis_floor
        Share of it that is kept, on quiet days and while the crisis lasts.
    usable
        Share of what is given that can be fired.
    """

    name: str
    stock: dict[str, PositiveFigure]
    floor: ShareFigure = Interval(0.5, 0.8)
    crisis: str = ""
    crisis_floor: ShareFigure = Interval(1.0, 1.0)
    usable: ShareFigure = Interval(1.0, 1.0)
    recipients: tuple[Recipient, ...] = ()
    priority: Annotated[int, Field(ge=0, le=100)] = 1
    share: Positive = 1.0
