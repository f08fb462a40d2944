"""Stochastic programs: training against the whole tree on random small graphs, cuts against the truth, laws, faults."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import chain, pairwise, product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel.errors import PlanError, UsageError
from koepel.sddp import (
    Graph,
    Limit,
    Node,
    Outcome,
    StageProgram,
    averages,
    extensive,
    paired,
    perfect_information,
    policy_of_averages,
    train,
)
from koepel.sddp.passes import Working
from koepel.sddp.program import HeldProgram

small = settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=list(HealthCheck))
few = settings(small, max_examples=10)
INF = np.inf
CLOSE = 1e-6  # what the solver's tolerances of 1e-7 come to over a few stages of costs near 10


def shop(luck, items, *, limit=None, whole=False):
    """A shop's program: stock in and out, orders, sales that meet demand or leave it unmet, money for orders.

    Columns: stock in, stock out, order, sold, unmet for each item; rows: balance of each item, demand of each, money.
    """
    zero, one = np.zeros((items, items)), np.eye(items)
    balance = np.hstack([-one, one, -one, one, zero])
    served = np.hstack([zero, zero, zero, luck.uniform(0.5, 1.0, (items, items)) * one, one])
    money = np.concatenate([np.zeros(2 * items), luck.uniform(0.5, 2.0, items), np.zeros(2 * items)])
    cost = np.concatenate([
        luck.uniform(-0.1, 0.3, items), luck.uniform(0, 0.2, items), luck.uniform(0.5, 2.0, items),
        luck.uniform(0, 0.1, items), luck.uniform(1.0, 9.0, items),
    ])  # fmt: skip
    high = np.concatenate([[INF] * items, luck.uniform(3, 8, items), [INF] * (3 * items)])
    return StageProgram(
        cost=cost, rows=np.vstack([balance, served, money]), low=np.zeros(5 * items), high=high,
        row_low=np.concatenate([np.zeros(items), np.ones(items), [-INF]]),
        row_high=np.concatenate([np.zeros(items), np.full(items, INF), [limit or luck.uniform(1, 6)]]),
        state_in=np.arange(items), state_out=np.arange(items, 2 * items),
        whole=np.repeat([False, False, whole, False, False], items), constant=luck.uniform(-1, 1),
    )  # fmt: skip


def outcomes(luck, items, number):
    """Draws of demand, money, room and prices."""
    chances = luck.dirichlet(np.ones(number))
    found = []
    for chance in chances:
        wanted = luck.uniform(0, 5, items)
        rows, low, high = np.arange(items, 2 * items), wanted, np.full(items, INF)
        if luck.uniform() < 0.5:
            rows, low, high = np.append(rows, 2 * items), np.append(low, -INF), np.append(high, luck.uniform(0, 6))
        changes = {"rows": rows, "row_low": low, "row_high": high}
        if luck.uniform() < 0.4:
            changes |= {"columns": [items], "low": [0.0], "high": [luck.uniform(1, 6)]}
        if luck.uniform() < 0.4:
            changes |= {"priced": [2 * items, 4 * items], "cost": luck.uniform(1, 5, 2)}
        found.append(Outcome(chance=chance, **changes))
    return found


def shops(seed, *, stages, nodes, draws, items, whole=False):
    """A random graph of shops; a Markov node has its own program. No state costs more than -3 a stage: the floor."""
    luck = np.random.default_rng(seed)
    sizes = [1, *[nodes] * (stages - 1)]
    layout = [
        [Node(shop(luck, items, whole=whole), outcomes(luck, items, draws if t else 1)) for _ in range(size)]
        for t, size in enumerate(sizes)
    ]
    transition = [luck.dirichlet(np.ones(b), a) for a, b in pairwise(sizes)]
    for matrix in transition:
        if nodes > 1 and luck.uniform() < 0.3:
            matrix[0] = np.eye(nodes)[0]  # a node that can not be reached from another
    return Graph(stages=layout, transition=transition, start_state=luck.uniform(0, 3, items), floor=-3.0 * stages * 3)


@st.composite
def graphs(draw, whole=False):
    """A few stages, nodes, outcomes and items."""
    sizes = {"stages": draw(st.integers(2, 4)), "nodes": draw(st.integers(1, 3)), "draws": draw(st.integers(1, 3))}
    return shops(draw(st.integers(0, 2**32 - 1)), items=draw(st.integers(1, 3)), whole=whole, **sizes)


def all_paths(tree):
    """Nodes and outcomes of every leaf's path. Shape (leaves, stages) each."""
    nodes, draws, at = [], [], np.arange(len(tree.path_chances))
    for level in reversed(tree.levels):
        nodes.append(level.node[at])
        draws.append(level.outcome[at])
        at = level.parent[at]
    return np.array(nodes[::-1]).T, np.array(draws[::-1]).T


def rest_of(graph, t, m, state):
    """The graph after a stage, from a node and a state."""
    return Graph(
        stages=graph.stages[t + 1 :], transition=graph.transition[t + 1 :], start_state=state,
        floor=graph.floor[t + 1 :], start=graph.transition[t][m],
    )  # fmt: skip


@small
@given(graphs())
def test_training_comes_to_the_whole_tree(graph):
    """The bound never passes the tree's value, reaches it, and the policy's cost over all paths is it too."""
    tree = extensive(graph)
    size = 1 + abs(tree.value)
    for iterations in (1, 3):
        assert train(graph, iterations=iterations, seed=1).bound <= tree.value + CLOSE * size
    policy = train(graph, iterations=60, paths=2, seed=1)
    assert (np.diff(policy.bounds) >= 0).all()
    assert policy.bound == pytest.approx(tree.value, abs=1e-3 * size)
    assert policy.bound <= tree.value + CLOSE * size
    costs = Working(graph, policy.cuts).forward(*all_paths(tree))[0].sum(axis=1)
    assert tree.value - CLOSE * size <= tree.path_chances @ costs <= tree.value + 0.01 * size


@few
@given(graphs(), st.integers(0, 2**32 - 1))
def test_no_cut_passes_the_truth(graph, seed):
    """At any state whatever, what the cuts say is at most the tree's value from there on; nor is the floor above it."""
    policy = train(graph, iterations=6, seed=2)
    luck = np.random.default_rng(seed)
    for t in range(len(graph.stages) - 1):
        for m in range(len(graph.stages[t])):
            for state in luck.uniform(0, 9, (2, len(graph.start_state))):
                truth = extensive(rest_of(graph, t, m, state)).value
                said = policy.cuts[t][m].values(state[None]).max()
                assert said <= truth + CLOSE * (1 + abs(truth))
                assert graph.floor[t] <= truth


@small
@given(graphs(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-6, 0.1]))
def test_bound_is_true_for_any_duals(graph, seed, noise):
    """Duals that are off make a bound that is lower, never one that is wrong, where columns have bounds."""
    luck = np.random.default_rng(seed)
    node = graph.stages[1][0]
    bounded = replace(node.program, high=np.where(np.isinf(node.program.high), 50.0, node.program.high))
    held = HeldProgram(Node(bounded, node.outcomes), "here", None)
    items = len(graph.start_state)
    for k in range(len(node.outcomes)):
        answer = held.solve(luck.uniform(0, 4, items), k)
        duals = answer.row_duals + noise * luck.normal(size=len(answer.row_duals))
        height, slope, _ = held._bound(held.cases[k], answer.columns, 0.0, duals)
        assert np.isfinite(height)
        for state in luck.uniform(0, 4, (3, items)):
            other = held.solve(state, k)
            assert height + slope @ state <= other.cost + CLOSE * (1 + abs(other.cost))
        if noise == 0.0:
            assert answer.height + answer.slope @ answer.columns[:items] == pytest.approx(answer.cost, abs=1e-6)


@few
@given(graphs())
def test_luck_is_nothing_in_the_mean(graph):
    """Over all paths, with their chances, luck adds nothing, whatever the cuts; a good policy has little spread."""
    tree = extensive(graph)
    paths = all_paths(tree)
    for iterations in (1, 60):
        policy = train(graph, iterations=iterations, paths=2, seed=4)
        working = Working(graph, policy.cuts)
        costs, after, _ = working.forward(*paths)
        luck = working.luck(*paths, after)
        assert tree.path_chances @ luck == pytest.approx(0.0, abs=1e-6 * (1 + np.abs(luck).max()))
    calm = costs.sum(axis=1) - luck
    assert calm.std() <= 0.05 * costs.sum(axis=1).std() + 1e-3 * (1 + abs(tree.value))
    assert (calm >= policy.bound - CLOSE * (1 + abs(policy.bound))).all()


@few
@given(graphs())
def test_worth_has_its_order(graph):
    """Known costs no more than the policy on every path; averages no less in the mean over many."""
    policy = train(graph, iterations=60, paths=2, seed=5)
    mine, known = policy.simulate(60, 9), perfect_information(graph, 60, 9)
    assert (mine.nodes == known.nodes).all() and (mine.outcomes == known.outcomes).all()
    assert (known.costs <= mine.costs + CLOSE * (1 + np.abs(mine.costs))).all()
    blind = policy_of_averages(graph, iterations=15, seed=5)
    tree = extensive(graph)
    costs = Working(graph, blind.cuts).forward(*all_paths(tree))[0].sum(axis=1)
    assert tree.path_chances @ costs >= tree.value - CLOSE * (1 + abs(tree.value))


def test_averages_by_hand():
    """Row bounds, costs and constants are weighted by the chance to be there; an endless bound stays endless."""
    graph = shops(3, stages=3, nodes=2, draws=2, items=2)
    mean = averages(graph)
    chances = graph.node_chances()
    for t, stage in enumerate(graph.stages):
        got = mean.stages[t][0].program
        expected_low, expected_constant = 0.0, 0.0
        for node, chance in zip(stage, chances[t], strict=True):
            expected_constant += chance * node.program.constant
            for outcome in node.outcomes:
                low = node.program.row_low.copy()
                low[outcome.rows] = outcome.row_low
                expected_low = expected_low + chance * outcome.chance * low[2:4]
        assert got.row_low[2:4] == pytest.approx(expected_low)
        assert got.row_low[4] == -INF and got.constant == pytest.approx(expected_constant)
    assert mean.certain and not graph.certain
    policy = train(mean, iterations=200, gap=1e-9)
    assert policy.stopped == "gap"
    assert policy.bound == pytest.approx(extensive(mean).value, rel=1e-8)


def test_same_seed_same_bits():
    """Training and simulation are repeated to the bit; the first paths do not depend on how many are asked for."""
    graph = shops(11, stages=4, nodes=3, draws=3, items=3)
    one, two = (train(graph, iterations=25, seed=7) for _ in range(2))
    assert (one.bounds == two.bounds).all()
    for own, other in zip(chain(*one.cuts), chain(*two.cuts), strict=True):
        assert (own.slopes == other.slopes).all() and (own.heights == other.heights).all()
    many, fewer = one.simulate(30, 3, [0, 4]), two.simulate(12, 3, [0, 4])
    assert (many.costs[:12] == fewer.costs).all() and (many.columns[:12] == fewer.columns).all()
    assert (one.simulate(30, 3).costs == many.costs).all()
    assert (pickle.loads(pickle.dumps(one)).simulate(30, 3).costs == many.costs).all()
    other = train(graph, iterations=25, seed=8)
    assert (other.bounds != one.bounds).any()
    assert (one.simulate(30, 4).costs != many.costs).any()


def test_paths_follow_the_chances():
    """Nodes and outcomes are drawn as often as their chances say; costs and columns are those of the path."""
    graph = shops(5, stages=3, nodes=2, draws=3, items=2)
    policy = train(graph, iterations=5)
    got = policy.simulate(1500, 1, columns=np.arange(10))
    for t, chance in enumerate(graph.node_chances()):
        # three standard errors of a share are at most 1.5 / sqrt(1500) = 0.039
        assert np.bincount(got.nodes[:, t], minlength=len(chance)) / 1500 == pytest.approx(chance, abs=0.039)
    there = got.nodes[:, 2] == 0
    shares = np.bincount(got.outcomes[there, 2], minlength=3) / there.sum()
    assert shares == pytest.approx(graph.stages[2][0].chances, abs=1.5 / np.sqrt(there.sum()))
    assert (got.columns[:, 1, 0:2] == got.columns[:, 0, 2:4]).all()  # what goes out comes in
    path = 17
    cost = 0.0
    for t in range(3):
        node = graph.stages[t][got.nodes[path, t]]
        prices = node.program.cost.copy()
        outcome = node.outcomes[got.outcomes[path, t]]
        prices[outcome.priced] = outcome.cost
        cost += prices @ got.columns[path, t] + node.program.constant
    assert got.costs[path] == pytest.approx(cost)
    assert got.costs == pytest.approx(got.stage_costs.sum(axis=1))


def test_state_duals_are_marginal_values():
    """One more of a state at the start changes the tree's value by the dual, between its left and right slope."""
    graph = shops(21, stages=3, nodes=2, draws=2, items=2)
    first = train(graph, iterations=80, paths=2).first()
    step = 1e-3
    for i in range(2):
        moved = [replace(graph, start_state=graph.start_state + d * np.eye(2)[i]) for d in (-step, 0, step)]
        at = [extensive(near).value for near in moved]
        left, right = (at[1] - at[0]) / step, (at[2] - at[1]) / step
        assert min(left, right) - 1e-3 <= first.state_duals[i] <= max(left, right) + 1e-3
    assert first.row_duals.shape == (5,) and first.columns.shape == (10,)


@few
@given(graphs(), st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.0, 0.3, 1.0]))
def test_cvar_in_the_tree(graph, alpha, weight):
    """The objective is the mix of its own paths' costs, and no worse in it than the plan for the mean."""
    plain, mixed = extensive(graph), extensive(graph, cvar=(alpha, weight))
    size = 1 + abs(plain.value)
    mix = (1 - weight) * mixed.expected + weight * mixed.cvar(alpha)
    assert mixed.value == pytest.approx(mix, abs=CLOSE * size)
    assert mixed.value <= (1 - weight) * plain.expected + weight * plain.cvar(alpha) + CLOSE * size
    assert mixed.expected >= plain.value - CLOSE * size
    if alpha == 0.0 or weight == 0.0:
        assert mixed.value == pytest.approx(plain.value, abs=CLOSE * size)


def test_cvar_by_hand():
    """Four paths of like chance: the worst quarter is the dearest, the worst half the mean of two."""
    own = StageProgram(cost=[1.0], rows=np.zeros((0, 1)), row_low=[], row_high=[], low=[0], high=[9], state_in=[],
                       state_out=[])  # fmt: skip
    draws = [Outcome(chance=0.25, columns=[0], low=[x], high=[x]) for x in (1.0, 2.0, 4.0, 8.0)]
    tree = extensive(Graph(stages=[[Node(own, draws)]], transition=[], start_state=[], floor=0.0))
    assert [tree.cvar(alpha) for alpha in (0.0, 0.5, 0.75, 0.9)] == pytest.approx([3.75, 6.0, 8.0, 8.0])


def test_limit_on_what_is_expected():
    """Expected unmet demand keeps to its limit, at a price that is the dual; no limit below what can be had."""
    graph = shops(8, stages=3, nodes=2, draws=2, items=2)
    weights = [np.repeat([0, 0, 0, 0, 1.0], 2)] * 3
    plain = extensive(graph)

    def unmet(tree):
        return sum(
            chance * columns @ weights[0]
            for level, stage in zip(tree.levels, tree.columns, strict=True)
            for chance, columns in zip(level.chance, stage, strict=True)
        )

    least = extensive(
        replace(graph, stages=[[Node(replace(node.program, cost=np.repeat([0, 0, 0, 0, 1.0], 2)),
                                     [replace(o, priced=[], cost=[]) for o in node.outcomes]) for node in stage]
                               for stage in graph.stages])
    )  # fmt: skip
    floor = unmet(least)
    middle = (unmet(plain) + floor) / 2
    assert floor < unmet(plain) - 0.1, "nothing to limit"
    tree, nearer = (extensive(graph, limits=[Limit(weights, most)]) for most in (middle, middle - 1e-3))
    assert unmet(tree) == pytest.approx(middle, abs=1e-6)
    assert tree.value > plain.value + 1e-3 and tree.limit_duals[0] < 0
    assert (nearer.value - tree.value) / 1e-3 >= -tree.limit_duals[0] - 1e-3
    assert tree.bound <= tree.value and tree.gap < 1e-6
    with pytest.raises(PlanError, match="infeasible"):
        extensive(graph, limits=[Limit(weights, floor - 0.1)])


@few
@given(st.integers(0, 2**32 - 1))
def test_whole_columns(seed):
    """The tree keeps whole what must be whole and equals trying all; training bounds it from below."""
    graph = shops(seed, stages=2, nodes=1, draws=2, items=2, whole=True)
    tree = extensive(graph, gap=1e-7)
    for stage in tree.columns:
        for columns in stage:
            assert columns[4:6] == pytest.approx(np.round(columns[4:6]), abs=1e-6)
    best = INF
    for orders in product(range(9), repeat=2):
        first = graph.stages[0][0]
        fixed = replace(first.program, low=np.concatenate([np.zeros(4), orders, np.zeros(4)]),
                        high=np.concatenate([first.program.high[:4], orders, [INF] * 4]))  # fmt: skip
        try:
            value = extensive(replace(graph, stages=[[Node(fixed, first.outcomes)], graph.stages[1]]), gap=1e-7).value
        except PlanError:
            continue
        best = min(best, value)
    assert tree.value == pytest.approx(best, abs=1e-5)
    assert tree.bound <= tree.value + 1e-9 and tree.gap <= 1e-6
    assert train(graph, iterations=20).bound <= tree.value + CLOSE * (1 + abs(tree.value))


def test_selection_forgets_no_cut_that_counts():
    """After selection the cuts held are at every visited state as high as all cuts ever made; most went."""
    graph = shops(31, stages=4, nodes=3, draws=2, items=3)
    working = Working(graph)
    from koepel.sddp.chance import drawn_paths
    from koepel.sddp.program import Cuts

    for iteration in range(1, 41):
        working.backward(working.forward(*drawn_paths(graph, 1, iteration, 1))[1])
        if iteration % 10 == 0:
            working.select()
    for t in range(3):
        for pool in working.pools[t]:
            every = Cuts(pool.slopes, pool.heights).values(working.visited[t])
            assert pool.cuts().values(working.visited[t]).max(axis=1) == pytest.approx(every.max(axis=1), abs=1e-9)
    assert sum(len(pool.held) for pool in working.pools[1]) < 0.8 * sum(len(pool.heights) for pool in working.pools[1])


def test_stops():
    """By the gap, by seconds, by iterations; a policy keeps as many bounds as it made."""
    graph = shops(41, stages=3, nodes=2, draws=2, items=2)
    assert train(graph, iterations=3).stopped == "iterations"
    assert len(train(graph, iterations=3).bounds) == 3
    assert train(graph, iterations=500, seconds=0.0).stopped == "seconds"
    near = train(graph, iterations=500, gap=0.02)
    assert near.stopped == "gap" and len(near.bounds) < 500
    assert extensive(graph).value - near.bound <= 0.02 * abs(near.bound)


def test_paired_difference():
    """The difference on the same luck is far surer than two means apart; unlike numbers of paths are refused."""
    graph = shops(51, stages=3, nodes=2, draws=3, items=2)
    poor, good = train(graph, iterations=2), train(graph, iterations=60)
    one, other = poor.simulate(200, 1), good.simulate(200, 1)
    mean, (low, high) = paired(one, other)
    assert mean == pytest.approx(one.mean - other.mean)
    assert high - low < (one.interval[1] - one.interval[0])
    calm = good.simulate(50, 2, steady=True)
    assert calm.interval[1] - calm.interval[0] < 0.2 * (other.interval[1] - other.interval[0])
    assert calm.interval[0] - 1e-6 <= extensive(graph).value * (1 + 1e-4) + 1e-3
    with pytest.raises(UsageError, match="200 and 50"):
        paired(other, good.simulate(50, 1))


def test_no_recourse_is_told():
    """A state without a decision names the stage, the node and the mend; so does a gain without limit."""
    take = StageProgram(cost=[0, -1.0], rows=[[1.0, 1.0]], row_low=[-INF], row_high=[9], low=[0, 0], high=[9, 5],
                        state_in=[0], state_out=[1])  # fmt: skip
    need = StageProgram(cost=[0.0], rows=[[1.0]], row_low=[-INF], row_high=[2.0], low=[0], high=[9], state_in=[0],
                        state_out=[0])  # fmt: skip
    graph = Graph(stages=[[Node(take)], [Node(need)]], transition=[[[1.0]]], start_state=[0.0], floor=0.0)
    with pytest.raises(PlanError, match=r"stages\[1\]\[0\], outcome 0.*infeasible.*pays for what is unmet"):
        train(graph)
    endless = replace(take, high=[9, INF], row_high=[INF])
    with pytest.raises(PlanError, match=r"stages\[0\]\[0\]"):
        train(replace(graph, stages=[[Node(endless)], [Node(need)]]))


def test_all_faults_at_once():
    """Every fault of a graph is told, with its place."""
    good = shops(1, stages=2, nodes=1, draws=1, items=2)
    wrong = replace(good.stages[0][0].program, low=np.full(10, 7.0), state_out=[0, 0], row_high=np.zeros(3))
    draws = [
        Outcome(chance=0.5, rows=[99], row_low=[0], row_high=[1]),
        Outcome(chance=0.2, columns=[0], low=[3], high=[]),
    ]
    with pytest.raises(UsageError) as told:
        Graph(stages=[[Node(wrong)], [Node(good.stages[1][0].program, draws)]], transition=[[[0.9]], [[1.0]]],
              start_state=[0.0], floor=[INF])  # fmt: skip
    text = str(told.value)
    for word in (
        "program.low: bounds 7 to", "state_out", "row_high: shape (3,)", "outcomes[0].rows", "outcomes[1].columns",
        "chances that add up to 0.7", "2 states", "2 matrices for 2 stages", "add up to 0.9", "floor",
    ):  # fmt: skip
        assert word in text, word
    with pytest.raises(UsageError, match="stages"):
        Graph(stages=[], transition=[], start_state=[], floor=0.0)
    with pytest.raises(UsageError, match=r"(?s)iterations.*seed"):
        train(good, iterations=0, seed=-1)
    with pytest.raises(UsageError, match="cvar"):
        extensive(good, cvar=(1.0, 2.0), limits=[Limit([np.zeros(3)], 1.0)])
    with pytest.raises(UsageError, match="columns"):
        train(good, iterations=1).simulate(2, columns=[99])
    other = replace(good.stages[1][0].program, row_high=np.full(5, INF))
    with pytest.raises(UsageError, match="endless only at times"):
        averages(replace(good, stages=[good.stages[0], [good.stages[1][0], Node(other)]], transition=[[[0.5, 0.5]]]))
