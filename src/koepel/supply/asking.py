"""What is asked for, what could be, who pays, and what it waits for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from koepel.nouns import Day, Noun, PositiveFigure, ShareFigure
from koepel.raid import Share
from koepel.supply.pledges import Pledge, PledgeStatus
from koepel.units import Interval


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


class Order(Pledge, Noun):
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


class Offer(Pledge, Noun):
    """Something that could be asked for and is not: a procurement plan chooses from it, a campaign knows nothing of it.

    Parameters
    ----------
    of
        A production line, or a donor; none where whoever makes it is not followed.
    effector, type
        What one piece is: a round of an effector, or a fire unit of a type.
    opens
        The first day on which it can be ordered.
    lead_days
        From the order to the first delivery, if nothing slips.
    per_month, most
        How many can be ordered in a month, and in all; no limit where none is given.
    lot
        The smallest number that is sold at once.
    price
        Of one piece, in its currency; nothing for a gift.
    crew_days
        Until a crew can serve the fire unit; it trains while the order runs.
    """

    name: str
    of: str = ""
    effector: str = ""
    type: str = ""
    opens: Day | None = None
    lead_days: PositiveFigure = Interval(0, 0)
    per_month: PositiveFigure | None = None
    most: PositiveFigure | None = None
    lot: Annotated[int, Field(ge=1)] = 1
    price: PositiveFigure = Interval(0, 0)
    currency: str = "USD"
    paid_when_ordered: Share = 0.3
    status: PledgeStatus = "contracted"
    chance: ShareFigure | None = None
    slip_days: PositiveFigure | None = None
    crew_days: PositiveFigure = Interval(0, 0)
    crisis: str = ""
    pace_in_crisis: Share = 0.5
    gates: tuple[str, ...] = ()


class Expansion(Pledge, Noun):
    """Capacity that could be added to a line together with a partner: a joint production that nobody has agreed on yet.

    Parameters
    ----------
    line
        The production line that it adds to.
    per_month
        Rounds that one step adds at its full rate.
    most
        How many steps there are; each is agreed on whole, or not.
    opens
        The first day on which it can be agreed on.
    after_days, ramp_days, split, cost_usd
        Of one step, as of a joint production.
    """

    name: str
    line: str
    partner: str
    per_month: PositiveFigure
    most: Annotated[int, Field(ge=1, le=20)] = 1
    opens: Day | None = None
    after_days: PositiveFigure = Interval(0, 0)
    ramp_days: PositiveFigure = Interval(0, 0)
    split: ShareFigure = Interval(0.5, 0.5)
    cost_usd: PositiveFigure = Interval(0, 0)
    status: PledgeStatus = "contracted"
    chance: ShareFigure | None = None
    slip_days: PositiveFigure | None = None
