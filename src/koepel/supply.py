"""Where rounds, fire units and money come from: stocks, lines, donors, orders, funders, and what may hold them up.

A figure that is not known is an interval, drawn once for each pair of runs. What may or may not come true (a pledge, a
consent, a crisis, a slip) is drawn anew in each run.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from koepel.defence import ThreatKind
from koepel.nouns import Day, Noun, PositiveFigure, ShareFigure
from koepel.raid import Positive, Share
from koepel.units import Interval

PledgeStatus = Literal["asked", "considered", "pledged", "contracted", "delivered"]
# chance that it comes true, and mean slip in days, where an order gives none; all assumed
STATUS: dict[str, tuple[Interval, Interval]] = {
    "asked": (Interval(0.05, 0.3), Interval(60, 240)),
    "considered": (Interval(0.2, 0.5), Interval(60, 180)),
    "pledged": (Interval(0.6, 0.9), Interval(30, 120)),
    "contracted": (Interval(0.9, 1.0), Interval(0, 90)),
    "delivered": (Interval(1.0, 1.0), Interval(0, 0)),
}


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


class Joint(Noun):
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


class Funder(Noun):
    """Who pays, how much, for what, until when.

    Parameters
    ----------
    budget
        Money when it opens, in its currency.
    per_month
        Money that comes in every month after that.
    pays_for
        Effectors and fire-unit types; all where none is named.
    """

    name: str
    budget: PositiveFigure
    per_month: PositiveFigure = Interval(0, 0)
    currency: str = "USD"
    opens: Day | None = None
    closes: Day | None = None
    pays_for: tuple[str, ...] = ()


class Order(Noun):
    """Something that was asked for: rounds, fire units, spares, or a thing that a fire unit waits for.

    Parameters
    ----------
    of
        A production line, or a donor; none where whoever makes it is not followed.
    day
        When it is made; with a price, when it is contracted as far as the funder's money goes.
    lead_days
        From then to the first delivery, if nothing slips.
    per_month
        The most rounds of it that are delivered in a month; no limit where none is given.
    spares
        Fire-unit type -> sets of spares.
    price
        Of one round, or, where no rounds are ordered, of all together, in its currency; nothing for a gift.
    paid_when_ordered
        Share of the price; the rest is paid with each delivery.
    status
        asked, considered, pledged, contracted or delivered.
    chance, slip_days
        Chance that it comes true, and mean slip; by the status where none is given.
    crisis, pace_in_crisis
        A crisis in which its clock goes slower, and how fast it then goes.
    gates
        Consents that must be given first.
    """

    name: str
    day: Day
    of: str = ""
    effector: str = ""
    rounds: PositiveFigure = Interval(0, 0)
    fire_units: tuple[str, ...] = ()
    spares: dict[str, Annotated[int, Field(ge=0)]] = {}
    lead_days: PositiveFigure = Interval(0, 0)
    per_month: PositiveFigure | None = None
    price: PositiveFigure = Interval(0, 0)
    currency: str = "USD"
    funder: str = ""
    paid_when_ordered: Share = 0.3
    status: PledgeStatus = "contracted"
    chance: ShareFigure | None = None
    slip_days: PositiveFigure | None = None
    crisis: str = ""
    pace_in_crisis: Share = 0.5
    gates: tuple[str, ...] = ()

    @property
    def coming_true(self) -> tuple[Interval, Interval]:
        """Chance, and mean slip in days."""
        chance, slip = STATUS[self.status]
        return self.chance or chance, self.slip_days or slip


class Gate(Noun):
    """A consent, a re-export licence or a backfill that orders wait for.

    Parameters
    ----------
    chance
        That it opens at all.
    opens
        Not before this day.
    after
        Order that must have been delivered whole first: the backfill.
    days
        From then to its opening.
    """

    name: str
    chance: ShareFigure = Interval(1.0, 1.0)
    opens: Day | None = None
    after: str = ""
    days: PositiveFigure = Interval(0, 0)


class Crisis(Noun):
    """Trouble elsewhere, that comes and goes.

    Parameters
    ----------
    per_year
        How often it begins, while it is quiet.
    months
        How long it lasts on average.
    """

    name: str
    per_year: PositiveFigure
    months: PositiveFigure = Interval(2, 6)


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


class Supply(Noun):
    """What stands behind a defence, from a first day on.

    Parameters
    ----------
    begins
        The first day of a campaign.
    currencies
        US dollars of the price year for one unit of a currency.
    dry_share
        An effector counts as dry while the depot and the fire units hold at most this share of what all magazines have
        ready when full: 0 for none at all. Above 0 it counts what is left at units where nobody comes for nothing.
    slip_together
        Correlation of the slips of all orders on one line or donor, behind a Gaussian copula.
    """

    begins: Day
    currencies: dict[str, PositiveFigure] = {}
    stocks: tuple[Stock, ...] = ()
    transport: Transport = Transport()
    lines: tuple[ProductionLine, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()
    donors: tuple[Donor, ...] = ()
    funders: tuple[Funder, ...] = ()
    orders: tuple[Order, ...] = ()
    gates: tuple[Gate, ...] = ()
    crises: tuple[Crisis, ...] = ()
    fielding: tuple[Fielding, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    rations: tuple[Ration, ...] = ()
    war: War = War()
    dry_share: Share = 0.0
    slip_together: Share = 0.5

    @property
    def to_field(self) -> tuple[Fielding, ...]:
        """All fire units that are still to come: a unit that is ordered and in no fielding needs its order alone."""
        named = {name for one in self.fielding for name in one.fire_units}
        alone = tuple(
            Fielding(fire_units=(name,), needs=(order.name,))
            for order in self.orders
            for name in order.fire_units
            if name not in named
        )
        return self.fielding + alone
