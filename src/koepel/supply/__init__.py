"""Where rounds, fire units and money come from: stocks, lines, donors, orders, funders, and what may hold them up.

A figure that is not known is an interval, drawn once for each pair of runs. What may or may not come true (a pledge, a
consent, a crisis, a slip) is drawn anew in each run.
"""

from __future__ import annotations

from koepel.nouns import Day, Noun, PositiveFigure
from koepel.raid import Share
from koepel.supply.asking import Crisis, Expansion, Funder, Gate, Offer, Order
from koepel.supply.fielding import Fading, Fielding, Ration, Training, Upkeep, War
from koepel.supply.pledges import STATUS, PledgeStatus
from koepel.supply.sources import Bottleneck, Donor, Joint, ProductionLine, Rate, Recipient, Stock, Transport

__all__ = [
    "Bottleneck", "Crisis", "Donor", "Expansion", "Fading", "Fielding", "Funder", "Gate", "Joint", "Offer", "Order",
    "PledgeStatus", "ProductionLine", "Rate", "Ration", "Recipient", "STATUS", "Stock", "Supply", "Training",
    "Transport", "Upkeep", "War",
]  # fmt: skip


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
    offers: tuple[Offer, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    gates: tuple[Gate, ...] = ()
    crises: tuple[Crisis, ...] = ()
    fielding: tuple[Fielding, ...] = ()
    training: tuple[Training, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    fading: tuple[Fading, ...] = ()
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
