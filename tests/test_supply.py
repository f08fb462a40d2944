"""Rounds, money, orders, lines, donors and fire units between the nights: exact cases, laws, statistics.

A season whose nights fire a given number of rounds stands in for the kernel, so that thousands of days cost little.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from builders import one_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel.campaign import plan_of
from koepel.campaign.depots import dealt
from koepel.campaign.luck import MONTH_D, NEVER, Calendar, Luck
from koepel.campaign.orders import slip_days
from koepel.campaign.season import Season
from koepel.campaign.sources import shared_out
from koepel.campaign.troubles import Crises
from koepel.scenario import Scenario
from koepel.simulate import n_columns
from koepel.supply import Crisis
from koepel.units import Interval

BEGINS = "2025-06-01"
FOUR = 4.0  # standard errors
laws = settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=list(HealthCheck))
whole = settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=list(HealthCheck))


def on(day: int) -> str:
    """The date of a day of the campaign, counted from 0."""
    return str(date.fromisoformat(BEGINS) + timedelta(days=day))


def site(supply: dict, *, ready: int = 20, units: int = 1, available: float = 1.0, reserve: int = 0) -> Scenario:
    """Fire units that hold rounds of effector e, with a supply side that begins on `BEGINS`; nobody comes."""
    scenario = one_site(0, unit={"availability": available})
    magazines = {"e": {"ready": ready, "reserve": reserve}}
    fire_units = [{"name": f"u{k}", "type": "u", "at": [50.0, 30.0 + k], "magazines": magazines} for k in range(units)]
    return scenario.replace({"supply": {"begins": BEGINS, **supply}, "defence.fire_units": fire_units})


class Demand(Season):
    """A season that fires a given number of rounds a night, if they are there; first come, first served."""

    def __init__(self, scenario: Scenario, days: int, demand, runs: int = 4, seed: int = 1):
        super().__init__(plan_of(scenario, days, seed), 0, runs)
        self.demand = demand

    def night(self, day: int):
        wanted = self.demand(day) if callable(self.demand) else self.demand
        there = np.maximum(self.depot.tonight(), 0) * self._present()
        along = np.minimum(np.cumsum(there, axis=1), wanted)
        return np.zeros((self.luck.runs, n_columns(self.plan.arrays))), np.diff(along, axis=1, prepend=0)


def first_dry(told: dict) -> np.ndarray:
    """Day, counted from 1, after whose night the only effector was dry."""
    dry = told["dry"][:, :, 0]
    return np.where(dry.any(axis=1), dry.argmax(axis=1) + 1, NEVER)


# Stocks and transport


def test_constant_demand_empties_on_the_day_that_arithmetic_says():
    """100 rounds at 7 a night: after 14 nights 2 are left, and after the 15th none."""
    told = Demand(site({"stocks": [{"effector": "e", "rounds": 100}], "transport": {"delay_days": 0}}), 40, 7).run()
    left = np.maximum(100 - 7 * np.arange(1, 41), 0)
    assert (told["stock"][:, :, 0, :2].sum(axis=2) == left).all()
    assert (first_dry(told) == 15).all()
    assert (told["rounds"][:, 0, 3] == 100).all()


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_what_leaves_the_depot_arrives_after_its_delay(delay):
    """A site of 10 is emptied as soon as it is full: sent the next morning, d days on the way."""
    supply = {"stocks": [{"effector": "e", "rounds": 1000}], "transport": {"delay_days": delay}}
    told = Demand(site(supply, ready=10), 30, 10).run()
    fired = told["fired"][:, :, 0]
    assert (fired == np.where(np.arange(30) % (delay + 1) == 0, 10, 0)).all()


def test_transport_carries_so_many_a_day_and_no_more():
    supply = {
        "stocks": [{"effector": "e", "rounds": 1000}],
        "transport": {"delay_days": 0, "rounds_per_day": 3, "keep": {"e": 900}},
    }
    told = Demand(site(supply, ready=50), 60, 1000).run()
    fired = told["fired"][0, :, 0]
    assert fired[0] == 50
    assert (fired[1:17] == 3).all()
    assert fired.sum() == 100, "what is kept stays in the depot"


def test_first_ones_are_filled_first():
    supply = {
        "stocks": [{"effector": "e", "rounds": 30}],
        "transport": {"delay_days": 0, "first": ["u2"]},
    }
    season = Demand(site(supply, units=3), 1, 0)
    season.run()
    assert (season.depot.site == [5, 5, 20]).all()


@laws
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=5), st.floats(0, 1))
def test_rounds_are_dealt_whole_and_to_nobody_more_than_it_needs(needs, share):
    needs = np.array(needs)
    number = np.floor(needs.sum(axis=1) * share).astype(int)
    given_ = dealt(number, needs)
    assert (given_.sum(axis=1) == number).all()
    assert ((given_ >= 0) & (given_ <= needs)).all()


def test_rounds_spoil_in_the_depot_by_the_year():
    supply = {"stocks": [{"effector": "e", "rounds": 10_020, "lost_per_year": 0.2, "usable": 1}]}
    told = Demand(site(supply), 365, 0).run()
    # a share of what is left each day: the solution of x' = -x / 5
    assert told["rounds"][0, 0, 4] == pytest.approx(10_000 * (1 - np.exp(-0.2 * 365 / 365.25)), rel=1e-3)


def test_what_cannot_be_fired_is_written_off_at_once():
    told = Demand(site({"stocks": [{"effector": "e", "rounds": 101, "usable": 0.5}]}), 1, 0).run()
    assert (told["rounds"][:, 0, 0] == 101).all()
    assert (told["rounds"][:, 0, 4] == 51).all()
    assert (told["rounds_off"] == 0).all()


# Lines, donors and who else wants them


def line(rates, *, orders: dict | None = None, **more) -> dict:
    """A supply side with one line and one large order on it."""
    order = {"name": "big", "day": BEGINS, "of": "line", "effector": "e", "rounds": 100_000, "status": "delivered"}
    return {
        "lines": [{"name": "line", "effector": "e", "rates": rates, **more}],
        "orders": [order | (orders or {})],
    }


def test_a_ramp_delivers_the_area_under_its_curve():
    """From 30 to 90 a month over 200 days and level after: the trapezium, and the rectangle."""
    supply = line([{"day": BEGINS, "per_month": 30}, {"day": on(200), "per_month": 90}])
    told = Demand(site(supply), 300, 0).run()
    area = (200 * 60 + 100 * 90) / MONTH_D
    assert (told["arrived"][:, 0] == int(area)).all()
    half = Demand(site(supply), 100, 0).run()["arrived"][0, 0]
    assert half == int(100 * 45 / MONTH_D)


def test_a_joint_production_adds_its_part_after_its_delay():
    """A line that makes 30 a month for others who want all; the partner adds 60, half of it ours, after 50 days."""
    joint = {"partner": "p", "day": BEGINS, "per_month": 60, "after_days": 50, "ramp_days": 40, "split": 0.5,
             "status": "delivered", "cost_usd": 7_000_000, "funder": "own"}  # fmt: skip
    others = [{"name": "others", "per_month": 10_000, "priority": 0}]
    supply = line([{"day": BEGINS, "per_month": 30}], recipients=others, joint=[joint])
    supply["funders"] = [{"name": "own", "budget": 10_000_000}]
    told = Demand(site(supply), 200, 0).run()
    assert (told["arrived"][:, 0] == int((20 + 110) * 30 / MONTH_D)).all()
    assert (told["money"][:, 0, 1] == 7_000_000).all()
    supply["funders"] = [{"name": "own", "budget": 6_999_999}]
    told = Demand(site(supply), 200, 0).run()
    assert (told["arrived"] == 0).all(), "nobody builds what is not paid for"
    assert (told["money"][:, 0, 1] == 0).all()


def test_lines_share_a_bottleneck():
    """Two lines of 60 and 30 a month need 90 motors; there are 45, so each makes half."""
    supply = line([{"day": BEGINS, "per_month": 60}], uses=["motors"])
    supply["lines"].append(
        {"name": "other", "effector": "e", "rates": [{"day": BEGINS, "per_month": 30}], "uses": ["motors"]}
    )
    supply["bottlenecks"] = [{"name": "motors", "rates": [{"day": BEGINS, "per_month": 45}]}]
    assert (Demand(site(supply), 365, 0).run()["arrived"][:, 0] == int(365 * 30 / MONTH_D)).all()


@pytest.mark.parametrize(
    ("priority", "share", "per_month"),
    [(1, 1.0, 30.0), (1, 3.0, 45.0), (0, 1.0, 60.0), (2, 1.0, 10.0)],
    ids=["equal", "by share", "before", "after"],
)
def test_a_line_is_shared_by_priority_and_share(priority, share, per_month):
    """60 a month, and another recipient of priority 1 who wants 50."""
    others = [{"name": "other", "per_month": 50}]
    supply = line([{"day": BEGINS, "per_month": 60}], recipients=others, priority=priority, share=share)
    assert Demand(site(supply), 200, 0).run()["arrived"][0, 0] == int(200 * per_month / MONTH_D + 1e-6)


@laws
@given(
    st.lists(st.floats(0, 100), min_size=4, max_size=4), st.floats(0, 300),
    st.lists(st.integers(0, 2), min_size=4, max_size=4), st.lists(st.floats(0.1, 5), min_size=4, max_size=4),
)  # fmt: skip
def test_an_output_is_shared_out_whole_and_by_rank(wants, output, priority, share):
    wants, priority, share = np.array([wants]), np.array(priority), np.array(share)
    given_ = shared_out(np.array([output]), wants, priority, share)[0]
    assert given_.sum() == pytest.approx(min(output, wants.sum()), abs=1e-6)
    assert (given_ <= wants[0] + 1e-9).all()
    for k in range(4):
        if given_[k] < wants[0, k] - 1e-6:  # who is not served leaves nothing to those behind, and no more to equals
            assert given_[priority > priority[k]].sum() == pytest.approx(0, abs=1e-6)
            equals = (priority == priority[k]) & (given_ < wants[0] - 1e-6)
            assert given_[equals] / share[equals] == pytest.approx(given_[k] / share[k], abs=1e-6)


def test_a_donor_gives_at_once_down_to_its_floor():
    gift = {"name": "gift", "day": on(5), "of": "friend", "effector": "e", "rounds": 80, "status": "delivered"}
    supply = {"donors": [{"name": "friend", "stock": {"e": 100}, "floor": 0.4, "usable": 0.75}], "orders": [gift]}
    told = Demand(site(supply), 10, 0).run()
    assert (told["arrived"][:, 0] == 60).all()
    assert (told["rounds"][:, 0, 2] == 60).all()
    assert (told["rounds"][:, 0, 4] == 15).all(), "a quarter of it cannot be fired"
    assert (told["stock"][:, 4].sum(axis=(1, 2)) == 0).all()
    assert (told["stock"][:, 5].sum(axis=(1, 2)) == 45).all()


def test_a_donor_keeps_all_while_its_crisis_lasts_and_others_draw_too():
    gift = {"name": "gift", "day": BEGINS, "of": "friend", "effector": "e", "rounds": 80, "status": "delivered"}
    donor = {"name": "friend", "stock": {"e": 100}, "floor": 0.0, "crisis": "war elsewhere", "crisis_floor": 1.0}
    crisis = {"name": "war elsewhere", "per_year": 1e9, "months": 1e9}
    supply = {"donors": [donor], "orders": [gift], "crises": [crisis]}
    assert (Demand(site(supply), 10, 0).run()["arrived"] == 0).all()
    supply["crises"][0]["per_year"] = 0
    assert (Demand(site(supply), 10, 0).run()["arrived"] == 80).all()
    donor["recipients"] = [{"name": "x", "per_month": 10 * MONTH_D, "priority": 0}]
    gift["day"] = on(4)  # four days of ten before, and the fifth
    assert (Demand(site(supply), 10, 0).run()["arrived"] == 50).all()


def test_learning_makes_later_orders_cheaper():
    """80 % at each doubling: ten times the rounds at the old price level cost 0.8 ** log2(2) after as many again."""
    supply = line([{"day": BEGINS, "per_month": 10 * MONTH_D}], learning=0.8, made_before=1000)
    supply["orders"].append({"name": "late", "day": on(100), "of": "line", "effector": "e", "rounds": 1, "price": 1e6,
                             "funder": "own", "status": "contracted", "chance": 1, "slip_days": 0})  # fmt: skip
    supply["funders"] = [{"name": "own", "budget": 1e9}]
    season = Demand(site(supply), 101, 0)
    season.run()
    # 100 days of ten are made when the order is placed on the 101st morning
    assert (season.orders.price_usd[:, 1] == 800_000).all()


# Orders and money


def paid(**order) -> dict:
    """One order with a price, from a maker who is not followed."""
    base = {"name": "o", "day": BEGINS, "effector": "e", "rounds": 10, "price": 3e6, "funder": "own",
            "status": "contracted", "chance": 1, "slip_days": 0}  # fmt: skip
    return {"funders": [{"name": "own", "budget": 100e6}], "orders": [base | order]}


def test_an_order_is_paid_as_agreed():
    """30 % when ordered on day 2; delivered ten days later at one a day, each with its part of the rest."""
    told = Demand(site(paid(day=on(2), lead_days=10, per_month=MONTH_D)), 30, 0).run()
    assert (told["arrived"] == 10).all()
    assert (told["done_day"] == 21).all()
    assert (told["spent"].sum(axis=(1, 2)) == 30_000_000).all()
    early = Demand(site(paid(day=on(2), lead_days=10, per_month=MONTH_D)), 12, 0).run()
    assert (early["spent"].sum(axis=(1, 2)) == 9_000_000).all()
    assert (early["money"][:, 0] == [100e6, 9e6, 21e6, 0, 70e6]).all()
    third = Demand(site(paid(day=on(2), lead_days=10, per_month=MONTH_D)), 15, 0).run()
    assert (third["arrived"] == 3).all()
    assert (third["spent"].sum(axis=(1, 2)) == 9_000_000 + 3 * 2_100_000).all()


def test_a_funder_orders_what_its_money_is_enough_for():
    told = Demand(site(paid(rounds=50)), 5, 0).run()
    assert (told["agreed"] == 33).all()
    assert (told["money"][:, 0, 1] == 99_000_000).all()


def test_money_comes_by_the_month_and_lapses():
    supply = paid(day=on(40), rounds=100)
    supply["funders"] = [
        {"name": "own", "budget": 10, "per_month": 3e6, "currency": "EUR", "opens": on(5), "closes": on(70)}
    ]
    supply["currencies"] = {"EUR": 2}
    told = Demand(site(supply), 100, 0).run()
    # a month after day 5 and two months: 6 and 12 million dollars, of which the first buys two rounds on day 40
    assert (told["money"][:, 0] == [12_000_020, 6_000_000, 0, 6_000_020, 0]).all()
    assert (told["agreed"] == 2).all()


def test_an_order_waits_for_money():
    supply = paid(rounds=1, day=BEGINS)
    supply["funders"] = [{"name": "own", "budget": 0, "per_month": 1e6}]
    season = Demand(site(supply), 100, 0)
    season.run()
    assert (season.orders.done_day == 92).all(), "the third month begins after 91.3 days"


def test_status_gives_chance_and_slip():
    runs = 4000
    supply = {"orders": [{"name": "o", "day": BEGINS, "effector": "e", "rounds": 5, "status": "pledged"}]}
    orders = Demand(site(supply), 1, 0, runs=runs).orders
    share = orders.true.mean()
    # chance uniform on 0.6 to 0.9, shared by two runs
    assert abs(share - 0.75) < FOUR * np.sqrt(0.25 * 0.75 / runs + 2 * 0.3**2 / 12 / runs)
    mean, sd = 75.0, np.sqrt(2 * 75.0**2)  # exponential slips round a mean of 30 to 120 days
    assert abs(orders.left_d.mean() - mean) < FOUR * sd * np.sqrt(2 / runs)


def test_slips_at_one_source_go_together_and_elsewhere_do_not():
    luck, mean = Luck(3, 0, 20_000), Interval(10, 10)
    a, b, elsewhere = (slip_days(luck, *names, mean, 0.5) for names in (("a", "line"), ("b", "line"), ("c", "donor")))
    assert a.mean() == pytest.approx(10, abs=FOUR * 10 / np.sqrt(20_000))
    # Spearman's rho of a Gaussian copula: 6 / pi asin(r / 2)
    rank = np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1]
    assert rank == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=FOUR / np.sqrt(20_000))
    assert abs(np.corrcoef(a, elsewhere)[0, 1]) < FOUR / np.sqrt(20_000)


def test_a_clock_goes_slower_in_a_crisis():
    crisis = {"name": "c", "per_year": 1e9, "months": 1e9}  # begins on the first day and does not end
    order = {"name": "o", "day": BEGINS, "effector": "e", "rounds": 5, "lead_days": 20, "status": "delivered",
             "crisis": "c", "pace_in_crisis": 0.5}  # fmt: skip
    told = Demand(site({"orders": [order], "crises": [crisis]}), 60, 0).run()
    assert (told["done_day"] == 40).all()


def test_an_order_waits_for_its_gates_and_a_gate_for_its_backfill():
    backfill = {"name": "backfill", "day": BEGINS, "lead_days": 10, "status": "delivered"}
    order = {"name": "o", "day": on(3), "effector": "e", "rounds": 5, "lead_days": 4, "status": "delivered",
             "gates": ["licence", "backfilled"]}  # fmt: skip
    gates = [{"name": "licence", "opens": on(8)}, {"name": "backfilled", "after": "backfill", "days": 6}]
    told = Demand(site({"orders": [backfill, order], "gates": gates}), 60, 0).run()
    # delivered on day 10, so open on day 16 (seen on its morning), and four days of lead
    assert (told["done_day"][:, 1] == 20).all()
    gates[0]["chance"] = 0
    told = Demand(site({"orders": [backfill, order], "gates": gates}), 60, 0).run()
    assert (told["done_day"][:, 1] == NEVER).all()


def test_crises_come_as_often_and_last_as_long_as_said():
    """The share of days in crisis of a two-state chain; its correlation time gives the standard error."""
    runs, days = 500, 2000
    crises = Crises([Crisis(name="c", per_year=2, months=3)], Luck(5, 0, runs))
    share = np.zeros(runs)
    for day in range(days):
        crises.step(day)
        share += crises.on["c"] / days
    begin, end = 1 - np.exp(-2 / 365.25), 1 / (3 * MONTH_D)
    p, memory = begin / (begin + end), 1 / (begin + end)
    start_up = p * memory / days  # it begins quiet
    error = np.sqrt(2 * p * (1 - p) * memory / days / runs)
    assert abs(share.mean() - p + start_up) < FOUR * error


# Fire units


def test_a_fire_unit_counts_from_the_latest_of_what_it_needs():
    orders = [
        {"name": "battery", "day": BEGINS, "fire_units": ["u1"], "lead_days": 12, "status": "delivered"},
        {"name": "radar", "day": BEGINS, "lead_days": 20, "status": "delivered"},
    ]
    fielding = [{"fire_units": ["u1"], "needs": ["battery", "radar"], "crew_from": on(2), "crew_days": 9}]
    supply = {"orders": orders, "fielding": fielding, "stocks": [{"effector": "e", "rounds": 100}]}
    told = Demand(site(supply, units=2), 40, 0).run()
    assert (told["up"][:, :20] == 1).all()
    assert (told["up"][:, 20:] == 2).all()
    fielding[0]["crew_days"] = 30
    assert (Demand(site(supply, units=2), 40, 0).run()["up"][0] == np.where(np.arange(40) < 32, 1, 2)).all()


@pytest.mark.parametrize(("available", "repair_days"), [(0.7, 10), (0.2, 1)], ids=["slow", "fails every day"])
def test_units_are_up_as_often_as_their_availability_says(available, repair_days):
    days, runs = 600, 40
    supply = {"upkeep": [{"type": "u", "repair_days": repair_days}]}
    season = Demand(site(supply, units=10, available=available), days, 0, runs=runs)
    up = np.zeros((runs, 10))
    for day in range(days):
        season.dawn(day)
        up += season.units.up / days
    memory = max(repair_days * available, 1)  # days, of a chain with repair r and failure r (1 - A) / A
    error = np.sqrt(2 * available * (1 - available) * memory / days / up.size)
    assert abs(up.mean() - available) < FOUR * error


def test_without_spares_units_stay_down():
    supply = {"upkeep": [{"type": "u", "repair_days": 5, "spares": 3, "without_spares": 0.0}]}
    season = Demand(site(supply, units=4, available=0.5), 400, 0, runs=8)
    repairs = np.zeros(8, int)
    for day in range(400):
        before = season.units.up.copy()
        season.dawn(day)
        repairs += (season.units.up & ~before).sum(axis=1)
    assert (repairs >= 3).all() and (repairs <= 3 + 3).all(), "the last set may serve units mended on one day"
    assert not season.units.up.any()


def test_spares_that_are_ordered_repair_again():
    upkeep = [{"type": "u", "repair_days": 5, "spares": 0, "without_spares": 0.0}]
    order = {"name": "s", "day": on(100), "spares": {"u": 1000}, "status": "delivered"}
    season = Demand(site({"upkeep": upkeep, "orders": [order]}, units=4, available=0.5), 400, 0, runs=8)
    for day in range(100):
        season.dawn(day)
    assert not season.units.up.any()
    for day in range(100, 160):
        season.dawn(day)
    assert season.units.up.any()


def test_firing_wears_units_down():
    upkeep = [{"type": "u", "repair_days": 1e6, "wear_rounds": 100}]
    supply = {"upkeep": upkeep, "stocks": [{"effector": "e", "rounds": 10**6}], "transport": {"delay_days": 0}}
    season = Demand(site(supply, units=1, ready=100), 1, 100, runs=4000)
    season.run()
    season.dawn(1)
    assert abs(season.units.up.mean() - np.exp(-1)) < FOUR * np.sqrt(np.exp(-1) * (1 - np.exp(-1)) / 4000)


def test_what_is_lost_is_lost_with_its_rounds():
    supply = {"upkeep": [{"type": "u", "lost_per_year": 0.5}], "stocks": [{"effector": "e", "rounds": 40}]}
    told = Demand(site(supply, units=2), 365, 0, runs=2000).run()
    lost = 2 - told["up"][:, -1]
    chance = 1 - 0.5 ** (365 / 365.25)
    assert abs(lost.mean() / 2 - chance) < FOUR * np.sqrt(chance * (1 - chance) / 4000)
    assert (told["rounds"][:, 0, 4] == 20 * lost).all()


# The war


def test_raids_stop_by_a_date_or_by_chance():
    plan = plan_of(one_site(0, supply={"begins": BEGINS, "war": {"until": on(9)}}), 20, 1)
    assert (Season(plan, 0, 2).run()["raids"] == (np.arange(20) < 10)).all()
    supply = {"begins": BEGINS, "war": {"ceasefire_per_month": 0.3}}
    on_ = Season(plan_of(one_site(0, supply=supply), 61, 1), 0, 3000).run()["raids"]
    chance = 0.7 ** (61 / MONTH_D)
    assert abs(on_[:, -1].mean() - chance) < FOUR * np.sqrt(chance * (1 - chance) / 3000)
    assert (np.diff(on_.astype(int), axis=1) <= 0).all(), "and do not begin again where nobody says so"


# Books that balance


@st.composite
def networks(draw) -> Scenario:
    """A supply side with several of everything, at random."""
    number = st.integers(0, 200)

    def interval(low: float, high: float):
        return sorted((draw(st.floats(low, high)), draw(st.floats(low, high))))

    def day() -> str:
        return on(draw(st.integers(-60, 60)))

    rates = [{"day": on(-100), "per_month": interval(0, 90)}, {"day": on(50), "per_month": interval(0, 90)}]
    joint = {"partner": "p", "day": day(), "per_month": interval(0, 50), "after_days": interval(0, 30),
             "split": interval(0, 1), "cost_usd": interval(0, 5e6), "funder": "b", "status": "pledged"}  # fmt: skip
    others = [
        {"name": name, "per_month": interval(0, 60), "priority": draw(st.integers(0, 2)), "in_crisis": interval(1, 3)}
        for name in ("x", "y")
    ]
    orders = []
    for k in range(draw(st.integers(1, 6))):
        source = draw(st.sampled_from(["", "line", "friend"]))
        price = {} if source == "friend" else {
            "price": interval(0, 5e6), "currency": draw(st.sampled_from(["USD", "EUR"])),
            "funder": draw(st.sampled_from("ab")), "paid_when_ordered": draw(st.floats(0, 1)),
        }  # fmt: skip
        orders.append({
            "name": f"o{k}", "day": day(), "of": source, "effector": "e", "rounds": interval(1, 150),
            "lead_days": interval(0, 40), "per_month": draw(st.none() | st.floats(1, 90)), "crisis": "c",
            "status": draw(st.sampled_from(["asked", "considered", "pledged", "contracted", "delivered"])),
            "gates": draw(st.sampled_from([[], ["g"]])), "pace_in_crisis": draw(st.floats(0, 1)),
        } | price)  # fmt: skip
    supply = {
        "stocks": [{"effector": "e", "rounds": interval(0, 300), "usable": interval(0, 1),
                    "lost_per_year": interval(0, 1)}],
        "transport": {"delay_days": interval(0, 6), "rounds_per_day": draw(st.none() | st.floats(0, 30)),
                      "first": draw(st.sampled_from([[], ["u1"]])), "keep": {"e": draw(st.integers(0, 20))}},
        "lines": [{"name": "line", "effector": "e", "rates": rates, "uses": ["motors"], "crisis": "c", "joint": [joint],
                   "recipients": others, "learning": draw(st.floats(0.6, 1))}],
        "bottlenecks": [{"name": "motors", "rates": [{"day": BEGINS, "per_month": interval(0, 90)}]}],
        "donors": [{"name": "friend", "stock": {"e": interval(0, 300)}, "floor": interval(0, 1), "crisis": "c",
                    "usable": interval(0, 1), "recipients": others}],
        "funders": [{"name": "a", "budget": interval(0, 5e8), "per_month": interval(0, 1e7),
                     "closes": on(draw(number))},
                    {"name": "b", "budget": interval(0, 5e8), "currency": "EUR", "opens": day()}],
        "currencies": {"EUR": interval(0.5, 2)},
        "crises": [{"name": "c", "per_year": interval(0, 20), "months": interval(0.1, 3)}],
        "gates": [{"name": "g", "chance": interval(0, 1), "days": interval(0, 30)}],
        "orders": [*orders, {"name": "battery", "day": day(), "fire_units": ["u2"], "price": 1e7, "funder": "a"}],
        "fielding": [{"fire_units": ["u2"], "needs": ["battery"]}],
        "upkeep": [{"type": "u", "lost_per_year": interval(0, 0.9), "spares": draw(st.none() | st.integers(0, 5)),
                    "wear_rounds": draw(st.none() | st.floats(1, 300))}],
    }  # fmt: skip
    return site(supply, units=3, available=draw(st.floats(0.1, 1)), ready=draw(st.integers(1, 30)), reserve=5)


@whole
@given(networks(), st.integers(0, 40), st.integers(0, 2**40))
def test_every_round_and_every_dollar_is_accounted_for(scenario, demand, seed):
    """On every day, in every run: to the unit, nothing below zero, no budget overdrawn, no order overpaid."""
    season = Demand(scenario, 90, demand, seed=seed)
    season.depot.fill(season._present())
    for day in range(90):
        season.dawn(day)
        _, fired = season.night(day)
        season.dusk(fired)
        depot, purses, orders = season.depot, season.purses, season.orders
        assert (depot.imbalance_rounds() == 0).all()
        assert (depot.depot >= 0).all() and (depot.site >= 0).all() and (depot.moving >= 0).all()
        assert (depot.ring.sum(axis=0) == depot.moving).all()
        assert (purses.imbalance_usd() == 0).all() and (season._unpaid() == 0).all()
        assert (purses.free >= 0).all() and (purses.promised >= 0).all() and (purses.spent <= purses.received).all()
        assert (orders.arrived <= orders.agreed).all() and (orders.agreed <= orders.wanted).all()
        assert (orders.paid_usd <= orders.agreed * orders.price_usd).all()
        whole_ = orders.done_day <= day
        assert (orders.paid_usd == orders.agreed * orders.price_usd)[whole_].all()
        assert (purses.promised == _owed(season)).all()
        for donor, had in season.donors.had.items():
            assert (season.donors.stock[donor] >= -1e-6).all() and (season.donors.stock[donor] <= had + 1e-6).all()
    came = depot.ledger["produced"] + depot.ledger["given"]
    rounds = [o for o, one in enumerate(orders.orders) if one.effector]
    assert (came[:, 0] == orders.arrived[:, rounds].sum(axis=1)).all()


def _owed(season: Season) -> np.ndarray:
    """What is still to be paid for what was agreed on. Shape (runs, funders)."""
    owed = np.zeros_like(season.purses.free)
    for o, one in enumerate(season.orders.orders):
        if one.funder and one.status != "delivered":
            left = season.orders.agreed[:, o] * season.orders.price_usd[:, o] - season.orders.paid_usd[:, o]
            owed[:, season.purses.row[one.funder]] += left
    return owed


def test_a_calendar_counts_days_and_months():
    calendar = Calendar(date(2025, 11, 30), 40)
    assert calendar.months == ("2025-11", "2025-12", "2026-01")
    assert [calendar.month_of(day) for day in (0, 1, 31, 32)] == [0, 1, 1, 2]
    assert calendar.day_of(date(2025, 11, 20)) == -10


def test_others_want_more_in_a_crisis():
    """60 a month; another one of equal rank wants 20, and three times as much in a crisis that does not end."""
    others = [{"name": "other", "per_month": 20, "in_crisis": 3}]
    supply = line([{"day": BEGINS, "per_month": 60}], recipients=others, crisis="c")
    supply["crises"] = [{"name": "c", "per_year": 0, "months": 1e9}]
    assert Demand(site(supply), 200, 0).run()["arrived"][0, 0] == int(200 * 40 / MONTH_D)
    supply["crises"][0]["per_year"] = 1e9
    assert Demand(site(supply), 200, 0).run()["arrived"][0, 0] == int(200 * 30 / MONTH_D)


def test_rounds_on_their_way_to_a_unit_that_is_lost_come_back():
    supply = {"stocks": [{"effector": "e", "rounds": 100}], "transport": {"delay_days": 3}}
    season = Demand(site(supply, units=2), 1, 0, runs=2)
    season.depot.site[:], season.depot.depot[:] = 0, 100
    season.dawn(0)
    assert (season.depot.moving == 20).all() and (season.depot.depot == 60).all()
    season.units.lost[:, 1] = True
    for day in range(1, 4):
        season.dawn(day)
    assert (season.depot.site == [20, 0]).all() and (season.depot.moving == 0).all()
    assert (season.depot.depot == 80).all() and (season.depot.imbalance_rounds() == 0).all()


def test_the_clock_of_an_order_that_was_made_before_has_run_since():
    order = {"name": "o", "day": on(-25), "effector": "e", "rounds": 5, "lead_days": 30, "status": "delivered"}
    assert (Demand(site({"orders": [order]}), 20, 0).run()["done_day"] == 5).all()
