"""What is bought when, by whom, from whom: a plan of purchases, as a scenario's supply side has it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from koepel.scenario import Scenario
from koepel.supply import Order, Supply
from koepel.units import Interval


def purchases(scenario: Scenario) -> dict[str, Any]:
    """Orders, stocks, lines, donors and funders as plain data; empty where there is no supply side.

    A purchase plan of another origin is shown the same way: give the scenario with its orders in it.
    """
    supply = scenario.supply
    if supply is None:
        return {"begins": None, "orders": [], "stocks": [], "lines": [], "donors": [], "funders": []}
    return {
        "begins": str(supply.begins),
        "orders": [_order(order, supply) for order in sorted(supply.orders, key=lambda order: order.day)],
        "stocks": [
            {"effector": stock.effector, "rounds": _pair(stock.rounds), "usable": _pair(stock.usable)}
            for stock in supply.stocks
        ],
        "lines": [
            {
                "name": line.name,
                "effector": line.effector,
                "rates": [{"day": str(rate.day), "per_month": _pair(rate.per_month)} for rate in line.rates],
                "others": [other.name for other in line.recipients],
            }
            for line in supply.lines
        ],
        "donors": [{"name": donor.name, "effectors": list(donor.stock)} for donor in supply.donors],
        "funders": [
            {
                "name": funder.name,
                "budget": _pair(funder.budget),
                "per_month": _pair(funder.per_month),
                "currency": funder.currency,
                "opens": str(funder.opens) if funder.opens else None,
                "closes": str(funder.closes) if funder.closes else None,
            }
            for funder in supply.funders
        ],
    }


def _order(order: Order, supply: Supply) -> dict[str, Any]:
    """An order with the days on which its deliveries begin and end if nothing holds it up."""
    chance, slip = order.coming_true
    first = (order.day + timedelta(days=order.lead_days.low), order.day + timedelta(days=order.lead_days.high))
    months = order.rounds.middle / order.per_month.middle if order.per_month and order.per_month.middle > 0 else 0.0
    return {
        "name": order.name,
        "what": order.effector or ", ".join(order.fire_units or order.spares),
        "rounds": _pair(order.rounds),
        "fire_units": len(order.fire_units),
        "from": order.of,
        "by": order.funder,
        "price": _pair(order.price),
        "currency": order.currency,
        "cost_usd": _cost_usd(order, supply),
        "day": str(order.day),
        "first": [str(day) for day in first],
        "last": str(_later(first[1], months)),
        "status": order.status,
        "chance": _pair(chance),
        "slip_days": _pair(slip),
        "gates": list(order.gates),
    }


def _cost_usd(order: Order, supply: Supply) -> list[float] | None:
    """The whole price in US dollars, from the lowest to the highest; None for a gift."""
    if order.price.high <= 0:
        return None
    rate = Interval(1.0, 1.0) if order.currency == "USD" else supply.currencies[order.currency]
    number = order.rounds if order.rounds.high > 0 else Interval(1.0, 1.0)
    return [order.price.low * rate.low * number.low, order.price.high * rate.high * number.high]


def _later(day: date, months: float) -> date:
    return day + timedelta(days=min(months, 240) * 30.4)


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
