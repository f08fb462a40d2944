"""The equations of a procurement: golden files, exact cases, laws, and the policy against the whole tree."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markets import made_up

from koepel.plan.procurement.equations import BEND, EQUATIONS, declare_columns, harm, tangents
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.ordering import afforded, nothing, reserved, whole_orders
from koepel.plan.procurement.rows import Rows
from koepel.plan.procurement.solving import promise, solve, solve_tree, whole_steps, with_steps
from koepel.plan.procurement.stages import policy_graph, stage_rows, tree
from koepel.plan.procurement.worth import earliest, marginals, trained
from koepel.sddp import extensive, train
from koepel.solver import quiet_solver

GOLDEN = Path(__file__).parent / "golden" / "procurement"
laws = settings(deadline=None, derandomize=True, max_examples=15, suppress_health_check=list(HealthCheck))
TINY = dict(months=3, arms=2, kinds=1, offers=3, funders=2, sources=1, expansions=1, regimes=1, classes=1, depth=2)


def text_of(equation) -> str:
    """One equation of a tiny market in its second month, in the LP format."""
    k, p = made_up(**TINY), Rows()
    k = k.changed(effect=np.full_like(k.effect, 0.02))
    declare_columns(p, k, 1, 0)
    p.cost = [0.0] * len(p.cost)
    equation(p, k, 1, 0)
    return p.text()


@pytest.mark.parametrize("equation", [*EQUATIONS, harm], ids=lambda equation: equation.__name__)
def test_every_equation_is_as_it_was_reviewed(equation):
    """A golden file for each; on a change, read the difference, and then run this file to write them anew."""
    path = GOLDEN / f"{equation.__name__}.lp"
    assert path.exists(), f"{equation.__name__} has no golden file"
    assert text_of(equation) == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.lp")} == {equation.__name__ for equation in (*EQUATIONS, harm)}


def test_a_stage_as_text_is_the_program_that_is_solved(tmp_path):
    """HiGHS reads the text and finds the same optimum as from the arrays."""
    k = made_up(months=3, regimes=1)
    p = stage_rows(k, 1, 0)
    start = np.array(p.start)
    for column, value in zip(p.state_in, start, strict=True):
        p.low[column] = p.high[column] = float(value)
    text = p.text().replace("bounds\n", "bounds\n" + "".join(f" {p.names[j]} >= {p.low[j]!r}\n" for j in p.state_in))
    (tmp_path / "stage.lp").write_text(text)
    solver = quiet_solver()
    solver.readModel(str(tmp_path / "stage.lp"))
    solver.run()
    program = p.program()
    last = k.changed(months=k.months)
    answer = extensive(_one_stage(program, start))
    assert solver.getInfo().objective_function_value == pytest.approx(answer.value, rel=1e-6)
    assert last.same(k)


def _one_stage(program, start):
    from koepel.sddp import Graph, Node

    return Graph(stages=[[Node(program)]], transition=[], start_state=start, floor=0.0)


# Exact cases


def alone(**more) -> Market:
    """One arm, one kind, one funder, one offer of rounds that come at once, one regime; two months and a short tail."""
    k = made_up(months=2, arms=1, kinds=1, offers=1, funders=1, sources=0, expansions=0, regimes=1, classes=1, depth=1,
                orders_before=False)  # fmt: skip
    T = len(k.months)
    plain = dict(
        length=np.array([1.0, 1.0, 1e-6]), bare=np.full((T, 1, 1), 100.0), debris=np.zeros((T, 1)),
        swing=np.ones((1, 1)),
        swing_chance=np.ones(1), effect=np.full((T, 1, 1), 0.5), use=np.full((T, 1, 1), 10.0), stock=np.zeros(1),
        lost=np.zeros(1), units=np.array([2.0]), wear=np.zeros(1), up=np.ones(1), crews=np.full(1, 9.0),
        to=np.array([0]), arrives=np.array([[1.0, 0.0]]), price_musd=np.full((T, 1), 1.0), most_month=np.array([99.0]),
        most=np.array([np.inf]), lot=np.ones(1), whole_offer=np.zeros(1, bool), may_pay=np.ones((1, 1), bool),
        free_musd=np.array([10.0]), income_musd=np.zeros((T, 1)), thrift=0.0,
    )  # fmt: skip
    return k.changed(**{**plain, **more})


def test_ten_rounds_are_best_spent_half_in_each_month():
    """Each month y = rounds / 10 units are supplied and exp(-y / 2) leaks: convex, so the rounds are shared alike."""
    k = alone()
    found = train(policy_graph(k), iterations=80)
    exact = 2 * 100 * np.exp(-0.25)
    assert exact * (1 - BEND**2 / 8) - 1e-6 <= found.bound <= exact + 1e-6
    assert promise(k, whole_orders(k, np.array([[10.0], [0], [0]]), np.zeros((3, 1)), np.zeros((3, 0))), 1, 1,
                   np.full(1, 1.0)).exposed[0] == pytest.approx(100 * (np.exp(-0.5) + 1), rel=BEND**2 / 8)  # fmt: skip


def test_money_that_expires_before_anything_is_on_offer_is_worth_nothing():
    may = np.array([[False], [True], [False]])
    kept, lost = alone(may_order=may), alone(may_order=may, keeps=np.zeros((3, 1), bool))
    assert train(policy_graph(kept), iterations=60).bound < 199.0
    assert train(policy_graph(lost), iterations=60).bound == pytest.approx(200.0, rel=1e-6)


def test_a_fire_unit_that_no_crew_serves_does_nothing():
    """A kind of which no crew is trained, and one with crews: only the second is of use."""
    more = dict(to=np.array([1]), whole_offer=np.ones(1, bool), most_month=np.ones(1), stock=np.array([1e3]))
    idle, served = (alone(**more, crews=np.array([crews])) for crews in (0.0, 1.0))
    two = 2 * 100 * np.exp(-1.0)
    assert train(policy_graph(idle), iterations=60).bound == pytest.approx(two, rel=2e-3)
    assert train(policy_graph(served), iterations=60).bound < 0.8 * two


def test_a_fading_arm_is_worth_less_later():
    effect = np.array([0.5, 0.25, 0.25])[:, None, None]
    found = train(policy_graph(alone(effect=effect, stock=np.array([1e3]))), iterations=40).bound
    assert found == pytest.approx(100 * (np.exp(-1.0) + np.exp(-0.5)), rel=2e-3)


def test_the_least_cost_undoes_the_least_harm():
    """What the least harm with a budget comes to costs no more than that budget, and no less where more money helps."""
    k = made_up(months=4, expansions=0)
    least = solve_tree(k, seconds=30, whole=False)
    cost = solve_tree(k, seconds=30, most_harm=least.expected * 1.0001, whole=False)
    assert cost.value <= least.cost_musd * 1.001
    dearer = solve_tree(k, seconds=30, most_harm=least.expected * 1.02, whole=False)
    assert dearer.value < cost.value


def test_care_lowers_the_worst_and_not_the_mean():
    k = made_up(months=4, regimes=3, expansions=0)
    plain, careful = (solve_tree(k, seconds=30, careful=weight, whole=False) for weight in (0.0, 0.9))
    assert careful.worst <= plain.worst + 1e-6 and careful.expected >= plain.expected - 1e-6


def test_whole_steps_are_the_best_of_all_that_there_are():
    """Every number of steps in every month of the window, one by one."""
    k = made_up(months=4, expansions=1, window=2)
    k = k.changed(ramp=np.ones_like(k.ramp), free_musd=k.free_musd + 30)
    columns = stage_rows(k, 0, k.start)["agree"]
    found = whole_steps(k, 30)

    def value(steps) -> float:
        agreed = np.zeros((len(k.months), 1))
        agreed[:2, 0] = steps
        return extensive(with_steps_of(k, columns, agreed)).value

    every = {steps: value(steps) for steps in product(range(3), repeat=2) if sum(steps) <= 2}
    best = min(every.values())
    assert value(tuple(found[:2, 0].astype(int))) <= best * 1.005
    assert max(every.values()) > best * 1.0001, "else the choice would not matter"


def with_steps_of(k, columns, agreed):
    """The tree with the steps given."""
    from koepel.plan.procurement.stages import fixed

    return fixed(tree(k, (k.window,)), columns, agreed)


# The policy, its bound, and laws


@pytest.mark.parametrize("seed", [1, 2])
def test_the_policy_agrees_with_the_whole_tree(seed):
    k = made_up(months=3, arms=2, offers=3, regimes=2, depth=2, seed=seed)
    graph = policy_graph(k)
    whole, policy = extensive(graph).value, train(graph, iterations=150)
    assert policy.bound <= whole * (1 + 1e-9)
    assert policy.bound == pytest.approx(whole, rel=2e-3)
    simulated = policy.simulate(60, 3, steady=True)
    assert simulated.interval[0] <= whole * 1.003


def test_the_bound_holds_for_whole_steps_and_the_gap_is_told():
    k = made_up(months=5)
    found = solve(k, iterations=80, seconds=60, gap=0.01, seed=1)
    assert found.bound <= found.value_high and found.gap < 0.03
    assert np.array_equal(found.agreed, np.round(found.agreed))
    decided = extensive(with_steps(tree(k, (2,)), k, found.agreed)).value
    assert decided >= extensive(tree(k, (2,))).value - 1e-6


@laws
@given(st.integers(1, 10_000), st.floats(1.1, 3.0))
def test_more_of_anything_never_does_harm(seed, factor):
    k = made_up(months=2, arms=2, offers=3, regimes=2, depth=2, expansions=0, seed=seed)
    before = extensive(tree(k, (1,))).value
    for what in ("free_musd", "stock", "units", "capacity"):
        assert extensive(tree(k.changed(**{what: getattr(k, what) * factor}), (1,))).value <= before + 1e-6
    assert extensive(tree(k.changed(price_musd=k.price_musd * factor), (1,))).value >= before - 1e-6


@laws
@given(st.integers(1, 10_000))
def test_orders_are_whole_and_paid_for(seed):
    """In lots, ahead of the wish by a lot at most, by funders who may pay and have the money, when it may be."""
    k = made_up(months=6, offers=5, funders=3, seed=seed, expansions=0)
    draw = np.random.Generator(np.random.Philox(key=[seed, 5]))
    T = len(k.months)
    k = k.changed(lot=draw.integers(1, 6, 5).astype(float), keeps=draw.uniform(size=(T, 3)) < 0.8,
                  may_order=k.may_order & (draw.uniform(size=(T, 5)) < 0.8))  # fmt: skip
    wished = draw.uniform(0, 6, (T, 5)) * k.may_order
    found = whole_orders(k, wished, draw.uniform(0, 5, (T, len(k.buys))), np.zeros((T, 0)))
    number = found.number
    assert (found.ordered.sum(axis=0) <= k.most).all() and (found.ordered <= k.most_month).all()
    assert (number % k.lot[None, :, None] == 0).all() and (number[~k.may_order] == 0).all()
    assert (number[:, :, :-1][:, ~k.may_pay] == 0).all()
    ahead = np.cumsum(found.ordered, axis=0) - np.cumsum(wished, axis=0)
    assert (ahead <= np.maximum(k.lot / 2, 0.5) + 1e-6).all()
    purse, spent = k.free_musd.copy(), found.spent_musd(k)
    for t in range(T):
        purse = purse + k.income_musd[t] - spent[t]
        assert (purse >= -1e-6).all()
        purse = np.where(k.keeps[t], purse, 0.0)


def test_an_expansion_is_paid_by_a_purse_that_is_full_enough():
    """Of two purses of 40 and 35 neither is enough for 60: it is left out, and nobody owes anything."""
    k = made_up(months=3, funders=2, expansions=1)
    none = np.zeros_like(k.income_musd)
    k = k.changed(free_musd=np.array([40.0, 35.0]), income_musd=none, cost_musd=np.array([60.0]))
    agreed = np.zeros((len(k.months), 1))
    agreed[0] = 1.0
    dear = whole_orders(k, np.full((4, 3), 5.0), np.zeros((4, len(k.buys))), agreed)
    assert dear.agreed.sum() == 0 and (dear.number >= 0).all()
    k = k.changed(cost_musd=np.array([38.0]))
    cheap = whole_orders(k, np.full((4, 3), 5.0), np.zeros((4, len(k.buys))), agreed)
    assert cheap.agreed.sum() == 1 and cheap.shared_by[0] == 0
    assert cheap.spent_musd(k)[:, 0].sum() <= 40 + 1e-9


def test_money_for_steps_agreed_on_later_is_laid_aside():
    k = made_up(months=3, funders=1, expansions=1, window=3)
    k = k.changed(free_musd=np.array([30.0]), income_musd=np.zeros_like(k.income_musd), cost_musd=np.array([25.0]))
    agreed = np.zeros((len(k.months), 1))
    agreed[2] = 1.0
    left = reserved(k, *afforded(k, agreed))
    assert left.free_musd[0] + left.income_musd[:, 0].sum() == pytest.approx(5.0)
    policy = train(with_steps(policy_graph(left), left, agreed), iterations=20)
    assert policy.simulate(20, 1).mean > 0


def test_marginal_values_are_slopes_of_the_value():
    """More of a thing spares no more than its marginal value, and less of it costs no less: the value is convex."""
    k = made_up(months=3, arms=2, offers=3, regimes=2, depth=2, expansions=0)
    [policy] = trained([k], 60, 1)
    told = {one.what: one.value / 1e3 for one in marginals([k], [policy])}
    value = extensive(policy_graph(k)).value
    for a, arm in enumerate(k.arms):
        more, less = (
            extensive(policy_graph(k.changed(stock=k.stock + sign * np.eye(2)[a]))).value for sign in (1.0, -1.0)
        )
        slope = told[f"100 rounds now: {arm}"] / 100
        assert value - more <= slope + 2e-3 * value and less - value >= slope - 2e-3 * value
        assert slope >= -1e-9
    more = extensive(policy_graph(k.changed(units=k.units + np.eye(2)[0]))).value
    assert value - more <= told["a fire unit in service now: kind 0"] + 2e-3 * value


def test_the_first_month_in_which_money_can_matter():
    k = alone(arrives=np.array([[0.0, 0.05, 0.45, 0.5]]), may_order=np.ones((3, 1), bool))
    assert earliest(k) == {"offer 0": "after the horizon"}
    assert earliest(alone()) == {"offer 0": "month 0"}
    late = alone(may_order=np.array([[False], [True], [False]]))
    assert earliest(late) == {"offer 0": "month 1"}


def test_nobody_waits_for_a_source_that_is_taken():
    """A queue of rounds ordered before uses a line up; new orders matter from when it has room."""
    k = made_up(months=6, arms=1, kinds=1, offers=2, sources=1, expansions=0, regimes=1, orders_before=False)
    due = np.zeros_like(k.due)
    due[0, 0] = 25.0
    k = k.changed(due=due, capacity=np.full_like(k.capacity, 10.0), to=np.array([2, 0]), left=np.array([np.inf]),
                  arrives=np.tile([1.0] + [0.0] * 4, (2, 1)))  # fmt: skip
    assert earliest(k)["offer 1"] == "month 2"


def test_tangents_stay_near_the_curve():
    k = made_up()
    at = tangents(k, 0, 0)
    s = np.linspace(0, at[-1], 400)
    below = (np.exp(-at) * (1 + at) - np.exp(-at) * s[:, None]).max(axis=1)
    assert (below <= np.exp(-s) + 1e-12).all() and (below >= np.exp(-s) * (1 - 1.05 * BEND**2 / 8)).all()


def test_no_orders_is_a_plan():
    k = made_up()
    assert promise(k, nothing(k), 20, 1, np.ones(2)).exposed.mean() > 0
    assert nothing(k).spent_musd(k).sum() == 0


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for one in (*EQUATIONS, harm):
        (GOLDEN / f"{one.__name__}.lp").write_text(text_of(one), encoding="utf-8")
