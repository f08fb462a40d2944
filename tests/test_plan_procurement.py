"""A procurement from end to end: decided, put into the scenario, fought on fresh seeds; and as a stranger types it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_cli import document, faults, koepel

import koepel as kp
from koepel.campaign.luck import MONTH_D
from koepel.errors import PlanError, UsageError
from koepel.plan.procurement import months_of_war

QUICK = dict(months=5, seconds=300, seed=1)


@pytest.fixture(scope="module")
def small():
    return kp.Scenario.read("small-country")


@pytest.fixture(scope="module")
def plan(small):
    return kp.buy(small, budget_usd=5e7, runs=16, draws=2, **QUICK)


def test_the_promise_is_kept_on_fresh_seeds(plan):
    """The story: fewer people exposed, as simulated, by about what was promised."""
    assert plan.gap < 0.01 and plan.bound <= plan.value_high
    proof = plan.proof
    assert proof.difference.mean_high < 0, "the plan does good beyond doubt"
    assert proof.without.mean_low <= proof.promised_without <= proof.without.mean_high
    assert proof.promised == pytest.approx(
        proof.difference.mean, abs=2.5 * (proof.difference.mean_high - proof.difference.mean)
    )
    told = json.dumps(plan.as_dict(), allow_nan=False)
    assert len(told) > 1000 and "difference" in plan.summary()


def test_the_same_plan_again(small, plan):
    again = kp.buy(small, budget_usd=5e7, runs=16, **QUICK)
    assert again.lines == plan.lines and again.value == plan.value and again.proof == plan.proof


def test_what_is_asked_for_stands_in_the_scenario(small, plan):
    """Orders with a funder who has the money, expansions as joint production, fire units with crews; it balances."""
    planned = plan.apply(small)
    planned.check()
    new = planned.supply.orders[len(small.supply.orders) :]
    rounds = sum(one.number for one in plan.lines if one.name == "more drones")
    assert sum(one.rounds.middle for one in new if one.effector == "interceptor-drone") == rounds
    units = [one for one in plan.lines if one.name in ("a drone team", "a NASAMS battery")]
    assert len(planned.defence.fire_units) - len(small.defence.fire_units) == sum(one.number for one in units)
    assert {unit.name for unit in planned.defence.fire_units} >= {name for one in new for name in one.fire_units}
    assert planned.supply.funders[-1].name == "new money" and planned.supply.funders[-1].budget.middle == 5e7
    fought = kp.campaign(planned, days=round(5 * MONTH_D), runs=8, seed=3)
    assert fought.balance == {"rounds": 0, "usd": 0}
    agreed = fought.agreed[:, len(small.supply.orders) :]
    assert (agreed > 0).any(axis=0).all(), "every order is contracted in some run"
    assert kp.compare_campaigns(kp.campaign(small, days=20, runs=2), kp.campaign(planned, days=20, runs=2)).differences


def test_nobody_spends_what_there_is_not(small, plan):
    income = {"treasury": 125e6 + 4 * 6e6, "friends": 60e6, "new money": 5e7}
    for name, spent in plan.spent_usd.items():
        assert 0 < spent <= income[name] + 1
    assert sum(plan.spent_usd.values()) == pytest.approx(sum(one.cost_usd for one in plan.lines))
    assert sum(plan.paid_usd) <= sum(plan.spent_usd.values()) + 1
    assert plan.paid_usd[0] > 0.29 * sum(one.cost_usd for one in plan.lines if one.month == 0)


def test_marginal_values_have_a_range(plan):
    told = {one.what: one for one in plan.marginals}
    rounds = told["100 rounds now: pac3-mse"]
    assert 0 < rounds.low <= rounds.value <= rounds.high or rounds.low <= rounds.high
    assert rounds.low < rounds.high, "figures are doubtful"
    assert told["a million dollars now: new money"].value > 0
    assert plan.earliest["more drones"] < plan.earliest["a NASAMS battery"]
    assert plan.binds and plan.tails


def test_more_money_never_exposes_more(small):
    """Values of the same model with and without new money, by their bounds."""
    poor, rich = (kp.buy(small, budget_usd=usd, runs=0, **QUICK) for usd in (0.0, 2e8))
    assert rich.bound < poor.value
    frontier = kp.buy(small, runs=0, frontier=True, months=4, seconds=100).frontier
    assert [one.budget for one in frontier] == sorted(one.budget for one in frontier)
    assert np.all(np.diff([one.exposed for one in frontier]) <= 1e-6)
    assert all(one.worst >= one.exposed for one in frontier)


def test_the_least_cost_of_a_harm(small):
    rich = kp.buy(small, runs=0, months=4, seconds=100)
    modest = kp.buy(small, runs=0, months=4, seconds=100, harm_at_most=rich.value * 1.01)
    assert modest.objective == "least cost" and 0 <= modest.value < sum(rich.spent_usd.values())
    with pytest.raises(PlanError, match=r"harm_at_most.*allow"):
        kp.buy(small, runs=0, months=4, seconds=100, harm_at_most=1000)


def test_planning_under_doubt_is_worth_something(small):
    found = kp.buy(small, runs=0, months=4, seconds=100, doubt_paths=12).doubt
    assert found.stochastic.mean > -1 and found.perfect.mean > -1
    assert found.perfect.mean_high >= 0 and found.stochastic.mean_high >= 0


def test_until_the_end_of_the_war(small):
    lasting = small.replace({"supply.war": {"ceasefire_per_month": 0.3, "resume_per_month": 0.5}})
    assert months_of_war(lasting) == 9 and months_of_war(small) == 60
    found = kp.buy(lasting, until_end_of_war=True, runs=0, seconds=100)
    assert len(found.months) == 9


def test_faults_are_told_at_once(small):
    with pytest.raises(UsageError) as error:
        kp.buy(small, budget_usd=-1, months=0, careful=2, gap=3, tail_months=0)
    assert [fault.field for fault in error.value.faults] == ["budget_usd", "months", "careful", "tail_months", "gap"]
    with pytest.raises(UsageError, match="one of the two"):
        kp.buy(small, careful=0.5, harm_at_most=1e6)
    with pytest.raises(UsageError, match="has none"):
        kp.buy(kp.Scenario.read("night-540"))


def test_the_command(tmp_path):
    args = ("plan", "buy", "small-country", "--horizon-months", 3, "--runs", 8, "--seconds", 100)
    told = document(*args, "--budget-usd", "1e7")
    assert told["objective"] == "least harm" and told["proof"]["runs"] == 8
    assert {"value", "bound", "gap", "lines", "earliest", "binds", "proof"} <= set(told)
    out = tmp_path / "planned.yaml"
    assert "next: koepel compare" in koepel(*args, "--out", out).output
    koepel("check", out)
    assert koepel(*args, "--out", out, status=2).output
    assert "months: found 99; give 1 to 60" in faults("plan", "buy", "small-country", "--horizon-months", 99, status=2)
    told = faults("plan", "buy", "small-country", "--horizon-months", 3, "--runs", 0, "--harm-at-most", 10, status=3)
    assert "harm_at_most: found 10; with all the money there is" in told
