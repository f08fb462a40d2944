"""From a scenario to a market: response, futures, money, lines, lead times, and what was ordered before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import koepel as kp
from koepel._kernel import columns as c
from koepel.campaign import plan_of
from koepel.campaign.luck import MONTH_D, Calendar, Luck
from koepel.campaign.orders import Orders
from koepel.campaign.sources import Lines
from koepel.errors import UsageError
from koepel.plan.procurement.building import cheaper, lag_months, market_of
from koepel.plan.procurement.futures import RUNS, draw_futures, monthly_threats
from koepel.plan.procurement.reading import Reading, order_months
from koepel.plan.procurement.response import Nights, Response, arms_of, fight_nights, fit_response, resampled
from koepel.plan.procurement.sites import with_offered

FOUR = 4.0  # standard errors
C = len(c.CLASSES)
BEGINS = "2025-06-01"
RATES = [{"day": "2025-01-01", "per_month": 20}]
LINE = {"name": "works", "effector": "pac3-mse", "rates": RATES, "crisis": "far",
        "recipients": [{"name": "others", "per_month": 15, "in_crisis": 2}]}  # fmt: skip
OFFER = {
    "name": "more",
    "of": "works",
    "effector": "pac3-mse",
    "price": 4e6,
    "lead_days": 91.3125,
    "slip_days": 0,
    "chance": 0.8,
}
SUPPLY = {
    "begins": BEGINS, "stocks": [{"effector": "pac3-mse", "rounds": [40, 60]}], "lines": [LINE], "offers": [OFFER],
    "crises": [{"name": "far", "per_year": 1, "months": 3}],
    "funders": [{"name": "own", "budget": 1e8, "per_month": 1e7}],
}  # fmt: skip


def country(**supply) -> kp.Scenario:
    """small-country with a supply side."""
    return kp.Scenario.read("small-country").replace({"supply": SUPPLY | supply})


def reading(scenario: kp.Scenario, months: int = 6, **more) -> Reading:
    """With a response that nobody fitted."""
    arms = arms_of(scenario, plan_of(scenario, 1, 1).effectors)
    A = len(arms)
    response = Response(np.full(C, -0.1), np.zeros(C), np.full(C, 10.0), np.full((C, A), 0.2), np.full(C, 50.0),
                        np.zeros(C),
                        np.full((A, C), 0.01), np.full(C, 0.5))  # fmt: skip
    units = {"patriot": 1.0}
    return Reading(scenario, months, 3.0, arms, draw_futures(scenario, months, 1), response, units, **more)


# The response


def planted(n: int, seed: int = 3) -> tuple[Nights, np.ndarray, np.ndarray]:
    """Nights drawn from the formula itself."""
    draw = np.random.Generator(np.random.Philox(key=[seed, 9]))
    threats = draw.poisson(np.array([60.0, 8.0, 0, 0, 0]), (n, C))
    supplied = draw.integers(0, 5, (n, 3)).astype(float)
    effect = np.array([[0.3, 0.05, 0.0], [0.0, 0.25, 0.1], [0] * 3, [0] * 3, [0] * 3])
    chance = np.exp(-0.2 - supplied @ effect.T)
    leaked = draw.binomial(threats, np.minimum(chance, 1.0))
    exposed = leaked @ np.array([100.0, 900.0, 0, 0, 0]) + threats @ np.array([2.0, 0, 0, 0, 0])
    fired = draw.poisson(supplied * (threats @ np.array([0.1, 0.4, 0, 0, 0]))[:, None]).astype(float)
    return Nights(threats.astype(float), leaked.astype(float), exposed, supplied, fired), effect, chance


def test_the_fit_finds_what_was_planted():
    """Within a few hundredths with 20,000 nights, whose binomial spread is some thousandths."""
    nights, effect, _ = planted(20_000)
    found = fit_response(nights)
    assert np.abs(found.effect[0] - effect[0]).max() < 0.01
    assert np.abs(found.effect[1] - effect[1]).max() < 0.03
    assert found.base[:2] == pytest.approx([-0.2, -0.2], abs=0.05)
    assert found.people[:2] == pytest.approx([100, 900], rel=0.01) and found.debris[0] == pytest.approx(2, rel=0.05)
    assert found.use[:, :2] == pytest.approx(np.tile([0.1, 0.4], (3, 1)), abs=0.02)
    assert found.skill[0] > 0.8 and np.isnan(found.skill[2])


def test_nothing_is_explained_where_there_is_nothing_to_explain():
    nights, _, _ = planted(4_000)
    shuffled = replace(nights, supplied=nights.supplied[::-1].copy())
    assert abs(fit_response(shuffled).skill[0]) < 0.05


def test_fits_drawn_again_spread_as_the_fit_is_unsure():
    nights, effect, _ = planted(3_000)
    drawn = np.array([resampled(nights, d, 1).effect[0] for d in range(12)])
    assert 1e-4 < drawn[:, 0].std() < 0.03
    assert np.abs(drawn[:, 0].mean() - effect[0, 0]) < 0.03
    assert np.array_equal(resampled(nights, 3, 1).effect, resampled(nights, 3, 1).effect)


def test_what_is_not_there_does_nothing():
    """Fire units and rounds that are taken away fire nothing; more of them let less through."""
    scenario = kp.Scenario.read("small-country")
    followed = plan_of(scenario, 1, 1).effectors
    arms = arms_of(scenario, followed)
    assert arms["pac3-mse"] == ("patriot",) and arms["gepard"] == ("gepard",)
    nights = fight_nights(scenario, arms, followed, 1, 1024)
    assert (nights.fired[nights.supplied == 0] == 0).all()
    many = nights.supplied.sum(axis=1)
    share = nights.leaked[:, 0] / nights.threats[:, 0]
    assert share[many >= 5].mean() < 0.7 * share[many <= 1].mean()
    again = fight_nights(scenario, arms, followed, 1, 1024)
    assert np.array_equal(nights.leaked, again.leaked)


# Futures


def test_regimes_keep_to_what_the_file_says():
    war = {"ceasefire_per_month": 0.1, "resume_per_month": 0.25}
    futures = draw_futures(country(war=war), 8, 1)
    assert futures.moves.sum(axis=1) == pytest.approx(1.0)
    assert futures.crisis_name == "far" and futures.crisis.any() and not futures.crisis.all()
    off = ~futures.fights
    assert futures.threats[:, off].sum() == 0 and (futures.threats[:, futures.fights].sum(axis=2) > 0).all()
    assert futures.moves[futures.start][off].sum() == pytest.approx(0.1)
    assert futures.moves[np.flatnonzero(off)[0]][futures.fights].sum() == pytest.approx(0.25)
    end = draw_futures(country(war=war), 8, 1, until_end=True)
    assert end.moves[np.flatnonzero(~end.fights)[0]][end.fights].sum() == 0


def test_threats_are_those_that_a_campaign_draws():
    """Mean over regimes, by how often strong months come, against the threats of a campaign of the same length."""
    scenario = country()
    drawn = monthly_threats(scenario, 3, 1).mean(axis=0).sum(axis=0)
    fought = kp.campaign(scenario, days=91, runs=32, seed=5)
    seen = fought.by_month("threats").sum(axis=1)
    assert drawn.sum() == pytest.approx(seen.mean(), abs=FOUR * seen.std() / np.sqrt(32) + 0.02 * seen.mean())
    assert len(monthly_threats(scenario, 3, 1)) == RUNS


def test_raids_end_when_the_file_says_so():
    futures = draw_futures(country(war={"until": "2025-08-15"}), 6, 1)
    whole = futures.threats[0].sum()
    assert futures.threats[2].sum() == pytest.approx(0.47 * whole, rel=0.15) and futures.threats[3:].sum() == 0


# Money


def test_money_of_orders_made_before_is_theirs():
    """Of 100 million, and 10 a month after, 40 go in August; so 60 are free at once, and 10 a month later on."""
    order = {"name": "before", "day": "2025-08-05", "effector": "pac3-mse", "rounds": 10, "price": 4e6, "funder": "own",
             "chance": 1, "slip_days": 0}  # fmt: skip
    free, income, keeps = reading(country(orders=[order])).purses()
    assert free == pytest.approx(0) and keeps.all()
    assert income[:, 0] == pytest.approx([80, 0, 0, 10, 10, 10, 0])
    assert np.cumsum(income[:, 0])[2] == pytest.approx(100 + 20 - 40)


def test_a_funder_opens_and_closes():
    funder = {
        "name": "own",
        "budget": 1e8,
        "per_month": 1e7,
        "opens": "2025-08-03",
        "closes": "2025-10-15",
        "currency": "EUR",
    }
    _, income, keeps = reading(country(funders=[funder], currencies={"EUR": 1.1})).purses()
    assert income[:, 0] == pytest.approx([0, 0, 0, 110, 11, 0, 0])
    assert keeps[:, 0].tolist() == [True, True, True, True, False, False, True]


# Lines, lead times, orders


def test_the_nation_gets_what_a_campaign_would_give_it():
    """Its part of a line with and without a crisis, were its wish endless."""
    scenario = country()
    market = market_of(reading(scenario), window=2)
    luck, calendar = Luck(1, 0, 2), Calendar(scenario.supply.begins, 40)
    lines = Lines(scenario.supply.lines, (), calendar, luck)
    for crisis in (False, True):
        purses = None
        lines.step(0, purses)
        given = sum(
            lines.give("works", np.full(2, 1000), {"far": np.full(2, crisis), "": np.zeros(2, bool)})
            for _ in range(3000)
        )
        there = market.capacity[0, np.flatnonzero(reading(scenario).futures.crisis == crisis)[0], 0]
        assert given[0] / 3000 * MONTH_D == pytest.approx(there, rel=0.01)


def test_lead_times_are_those_of_orders():
    """Three months after an order made on any day of a month, and a slip that is exponential."""
    scenario = country()
    lag = lag_months(reading(scenario), scenario.supply.offers[0])
    assert lag.sum() == pytest.approx(0.8) and lag[:3].sum() == 0 and lag[3] == pytest.approx(0.8, abs=0.02)
    slow = country(offers=[OFFER | {"slip_days": 61}])
    late = lag_months(reading(slow), slow.supply.offers[0])
    mean = late @ np.arange(len(late)) / late.sum()
    assert mean == pytest.approx(3 + 61 / MONTH_D, abs=0.25) and late.sum() == pytest.approx(0.8)
    unit = {"name": "unit", "type": "patriot", "price": 1e9, "lead_days": 30, "crew_days": 121.75, "chance": 1}
    crew = country(offers=[unit | {"slip_days": 0}])
    assert lag_months(reading(crew), crew.supply.offers[0])[:4].sum() == 0


def test_orders_made_before_come_as_a_campaign_delivers_them():
    """Mean arrivals by month, of an order with a lead time, a pace and a chance, against many drawn ones."""
    order = {"name": "before", "day": BEGINS, "effector": "pac3-mse", "rounds": 30, "lead_days": 50, "per_month": 10,
             "chance": 0.6, "slip_days": 0}  # fmt: skip
    scenario = country(orders=[order])
    due, chance = order_months(reading(scenario), scenario.supply.orders[0])
    assert chance == 0.6 and due.sum() == 30 and due[1:4].tolist() == [10, 10, 10]
    luck, calendar = Luck(1, 0, 4000), Calendar(scenario.supply.begins, 200)
    orders = Orders(scenario.supply.orders, calendar, luck, 0.5)
    assert orders.true.mean() == pytest.approx(0.6, abs=FOUR * 0.5 / np.sqrt(4000))
    market = market_of(reading(scenario), window=2)
    came = (
        market.due[:, len(market.sources) :].sum()
        + (market.doubt[:, None] * market.doubtful[:, len(market.sources) :]).sum()
    )
    assert came == pytest.approx(30 * 0.6)


def test_learning_makes_later_rounds_cheaper():
    learned = country(lines=[LINE | {"learning": 0.8, "made_before": 60}])
    factor = cheaper(reading(learned), "works")
    assert (np.diff(factor) < 0).all() and factor[0] == pytest.approx((1 + 10 / 60) ** np.log2(0.8), rel=1e-6)
    assert (cheaper(reading(learned, made={"works": np.full(7, 10.0)}), "works") < factor).all()
    assert (cheaper(reading(country()), "works") == 1).all()


def test_readings_of_doubtful_figures():
    scenario = country(offers=[OFFER | {"price": [3e6, 5e6]}])
    prices = [market_of(reading(scenario, draw=d), window=2).price_musd[0, 0] for d in range(8)]
    assert prices[0] == 4.0 and len(set(prices)) == 8 and min(prices) >= 3 and max(prices) <= 5
    assert market_of(reading(scenario, draw=3), window=2).price_musd[0, 0] == prices[3]


def test_what_is_offered_and_cannot_be_planned_for_is_told_at_once():
    offers = [{"name": "a", "effector": "hawk", "price": 1e6}, {"name": "b", "type": "hawk"}]
    with pytest.raises(UsageError) as error:
        market_of(reading(country(offers=offers)), window=2)
    assert [fault.field for fault in error.value.faults] == ["supply.offers[0].effector", "supply.offers[1].type"]
    with pytest.raises(UsageError, match="there are none"):
        market_of(reading(country(offers=[])), window=2)


# Fire units that could come


def test_new_fire_units_stand_where_they_avert_most():
    scenario = kp.Scenario.read("small-country")
    added = with_offered(scenario, 1)
    names = [name for all_ in added.names.values() for name in all_]
    assert added.names["nasams"] == ("nasams new 1", "nasams new 2") and len(added.names["interceptor-drone-team"]) == 4
    there = {unit.name: unit for unit in added.scenario.defence.fire_units}
    assert (
        set(names) <= set(there)
        and added.scenario.defence.fire_units[: len(scenario.defence.fire_units)] == scenario.defence.fire_units
    )
    assert all((2 * np.array(there[name].at) % 1 == 0).all() for name in names), "places are of the half-degree grid"
    assert with_offered(scenario, 1).scenario == added.scenario


def test_what_is_ordered_comes_in_the_tail_too():
    """An order that is due four months after the horizon still counts where the tail is six months long."""
    order = {"name": "late", "day": BEGINS, "effector": "pac3-mse", "rounds": 30, "lead_days": 300, "chance": 1,
             "slip_days": 0}  # fmt: skip
    scenario = country(orders=[order])
    read = reading(scenario)
    assert order_months(replace(read, tail_months=6.0), scenario.supply.orders[0])[0][-1] == 30
    assert order_months(replace(read, tail_months=2.0), scenario.supply.orders[0])[0].sum() == 0


def test_a_war_that_is_over_has_no_tail():
    over = draw_futures(country(war={"until": "2025-06-15"}), 1, 1, tail_months=6.0)
    assert over.threats.sum() > 0 and over.after.sum() == 0
    half = draw_futures(country(war={"until": "2025-09-30"}), 1, 1, tail_months=6.0)
    whole = draw_futures(country(), 1, 1, tail_months=6.0)
    assert half.after.sum() == pytest.approx(whole.after.sum() * 3 / 6, rel=0.02)


def test_bottlenecks_hold_expansions_too():
    expansion = {"name": "X", "line": "works", "partner": "P", "per_month": 60, "split": 1, "chance": 1, "most": 2}
    narrow = {"name": "motors", "rates": [{"day": "2025-01-01", "per_month": 30}]}
    more = {"bottlenecks": [narrow], "expansions": [expansion]}
    free, held = (
        market_of(reading(country(lines=[LINE | {"uses": uses}], **more)), window=2) for uses in ([], ["motors"])
    )
    assert free.step[0] == 60 and held.step[0] == pytest.approx((30 - 20) / 2)


def test_fire_units_of_one_type_are_not_sold_twice():
    offers = [{"name": name, "type": "patriot"} for name in ("a", "b")]
    assert market_of(reading(country(offers=offers)), window=2).most.sum() == 10
    with pytest.raises(UsageError, match="500 at once"):
        market_of(reading(country(offers=[OFFER | {"lot": 500, "per_month": [200, 400]}])), window=2)


def test_nothing_opens_before_its_day():
    late = market_of(reading(country(offers=[OFFER | {"opens": "2025-07-28"}])), window=2)
    assert late.may_order[:, 0].tolist() == [False, False, True, True, True, True, False]
    closed = {"name": "own", "budget": 1e8, "closes": "2025-05-05"}
    assert reading(country(funders=[closed])).purses()[1].sum() == 0
