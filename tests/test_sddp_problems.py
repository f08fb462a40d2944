"""Published problems: SDDP and the extensive form come to the values that SDDP.jl's examples are tested for.

Problems and values: odow/SDDP.jl, docs/src/examples (MPL-2.0): FAST hydro-thermal, quickstart and production,
generation expansion, asset management. Here they are typed in as words and numbers.
"""

from __future__ import annotations

import numpy as np
import pytest

from koepel.sddp import (
    Graph,
    Node,
    Outcome,
    StageProgram,
    extensive,
    paired,
    perfect_information,
    policy_of_averages,
    train,
)
from koepel.sddp.passes import Working

INF = np.inf


def program(names, states, *, cost, rows, most=(), floors=()):
    """A program from rows written as ``{column: entry}, low, high``; columns are 0 or more but for what is said."""
    at = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for i, (entries, _, _) in enumerate(rows):
        for name, entry in entries.items():
            matrix[i, at[name]] = entry
    low, high = np.zeros(len(names)), np.full(len(names), INF)
    for name, value in dict(most).items():
        high[at[name]] = value
    for name, value in dict(floors).items():
        low[at[name]] = value
    return StageProgram(
        cost=[dict(cost).get(name, 0.0) for name in names], rows=matrix, low=low, high=high,
        row_low=[row[1] for row in rows], row_high=[row[2] for row in rows],
        state_in=[at[pair[0]] for pair in states], state_out=[at[pair[1]] for pair in states],
    )  # fmt: skip


def chain(nodes, start, floor):
    """A graph with one node a stage."""
    once = [[[1.0]]] * (len(nodes) - 1)
    return Graph(stages=[[node] for node in nodes], transition=once, start_state=start, floor=floor)


def hydro():
    """A reservoir and a thermal plant: x_out <= x_in - y + rain."""
    own = program(
        ["in", "out", "y", "p"], [("in", "out")], cost={"p": 5.0}, most={"out": 8.0},
        rows=[({"p": 1, "y": 1}, 6, INF), ({"out": 1, "in": -1, "y": 1}, -INF, 6)],
    )  # fmt: skip
    rain = [Outcome(chance=0.5, rows=[1], row_low=[-INF], row_high=[r]) for r in (2.0, 10.0)]
    return chain([Node(own), Node(own, rain)], [0.0], 0.0)


def quickstart():
    """Buy at 1, sell at 2 as many as are wanted."""
    buy = program(["in", "out"], [("in", "out")], cost={"out": 1.0}, rows=[])
    sell = program(
        ["in", "s"], [("in", "in")], cost={"s": -2.0},
        rows=[({"s": 1, "in": -1}, -INF, 0), ({"s": 1}, -INF, 2)],
    )  # fmt: skip
    wanted = [Outcome(chance=0.5, rows=[1], row_low=[-INF], row_high=[d]) for d in (2.0, 3.0)]
    return chain([Node(buy), Node(sell, wanted)], [0.0], -10.0)


def production():
    """Two products over three stages; what is bought is sold a stage later or lost."""
    own = program(
        ["in1", "in2", "out1", "out2", "s1", "s2"], [("in1", "out1"), ("in2", "out2")],
        cost={"out1": 0.2, "out2": 0.7, "s1": -2.33, "s2": -2.54},
        rows=[({"s1": 1, "in1": -1}, -INF, 0), ({"s2": 1, "in2": -1}, -INF, 0), ({"s1": 1, "s2": 1}, -INF, 0)],
    )  # fmt: skip
    wanted = [Outcome(chance=0.5, rows=[2], row_low=[-INF], row_high=[d]) for d in (2.0, 10.0)]
    return chain([Node(own), Node(own, wanted), Node(own, wanted)], [0.0, 0.0], -100.0)


def expansion(stages, price):
    """Louveaux and Birge's plants, load modes, and demand that is not met at a price."""
    plants, modes = range(4), range(3)
    invest, run = (16.0, 5.0, 32.0, 2.0), (25.0, 80.0, 6.5, 160.0)
    hours = np.array([8760.0, 7000.0, 1500.0]) / 8760.0
    names = [f"{kind}{i}" for kind in ("in", "out", "v") for i in plants]
    names += [f"y{i}{j}" for i in plants for j in modes] + ["unmet"]
    rows = [({f"out{i}": 1, f"in{i}": -1, f"v{i}": -1}, 0, 0) for i in plants]
    rows += [({**{f"y{i}{j}": 1 for j in modes}, f"in{i}": -1}, -INF, 0) for i in plants]
    rows += [({**{f"y{i}{j}": 1 for i in plants}, "unmet": 1}, 0, INF) for j in modes]
    cost = {f"v{i}": invest[i] for i in plants} | {"unmet": price}
    cost |= {f"y{i}{j}": run[i] * hours[j] for i in plants for j in modes}
    states = [(f"in{i}", f"out{i}") for i in plants]
    own = program(names, states, cost=cost, rows=rows)
    last = program(names, states, cost=cost, rows=rows, most={f"v{i}": 0.0 for i in plants})
    wanted = [
        Outcome(chance=chance, rows=[8, 9, 10], row_low=np.diff(curve), row_high=[INF] * 3)
        for chance, curve in ((0.9, (0, 3919, 7329, 10315)), (0.1, (0, 7086, 9004, 11169)))
    ]
    middle = [Node(own, wanted)] * (stages - 2)
    return chain([Node(own), *middle, Node(last, wanted)], [0.0] * 4, 0.0)


def assets():
    """Birge and Louveaux's savings: good years and bad, 55 to begin with, 80 wanted in the end."""
    states = [("s_in", "s_out"), ("b_in", "b_out")]
    names = ["s_in", "b_in", "s_out", "b_out"]
    first = program(names, states, cost={}, rows=[({"s_out": 1, "b_out": 1}, 55, 55)])
    middle, last = [], []
    for stocks, bonds in ((1.25, 1.14), (1.06, 1.12)):
        earned = {"s_in": -stocks, "b_in": -bonds}
        middle.append(Node(program(names, states, cost={}, rows=[({"s_out": 1, "b_out": 1, **earned}, 0, 0)])))
        last.append(Node(program(
            [*names, "over", "short"], states, cost={"over": -1.0, "short": 4.0},
            most={"s_out": 0.0, "b_out": 0.0}, rows=[({"over": -1, "short": 1, "s_in": stocks, "b_in": bonds}, 80, 80)],
        )))  # fmt: skip
    half = np.full((2, 2), 0.5)
    stages, transition = [[Node(first)], middle, middle, last], [half[:1], half, half]
    return Graph(stages=stages, transition=transition, start_state=[0.0, 0.0], floor=-1000.0)


# the value, how far it may be off (rounding of the published digits), iterations that suffice
PROBLEMS = {
    "hydro": (hydro, 10.0, 1e-6, 10),
    "quickstart": (quickstart, -2.0, 1e-6, 10),
    "production": (production, -23.96, 0.01, 30),
    "expansion, two stages": (lambda: expansion(2, 1e6), 340315.52, 0.01, 250),
    "expansion, three stages": (lambda: expansion(3, 1e5), 406712.49, 0.1, 250),
    "assets": (assets, 1.514, 1e-4, 30),
}
every = pytest.mark.parametrize("name", PROBLEMS)


@pytest.fixture(scope="module")
def trained():
    """Each problem's graph and policy, trained once."""
    return {
        name: (make(), train(make(), iterations=iterations, seed=3))
        for name, (make, _, _, iterations) in PROBLEMS.items()
    }


@every
def test_bound_is_the_published_value(name, trained):
    """Training ends at the value, from below all the way."""
    _, value, tolerance, _ = PROBLEMS[name]
    graph, policy = trained[name]
    assert policy.bound == pytest.approx(value, abs=tolerance)
    assert (np.diff(policy.bounds) >= 0).all()
    assert Working(graph).first_bound() < value - 1, "solved before it began: nothing is tested"


@every
def test_tree_has_the_published_value(name, trained):
    """So does the whole tree, and its paths' costs add up to it."""
    _, value, tolerance, _ = PROBLEMS[name]
    graph, policy = trained[name]
    tree = extensive(graph)
    assert tree.value == pytest.approx(value, abs=tolerance)
    assert tree.bound <= tree.value and tree.gap < 1e-6
    assert tree.path_chances.sum() == pytest.approx(1.0)
    assert tree.expected == pytest.approx(tree.value, rel=1e-9, abs=1e-9)
    assert policy.bound <= tree.value + 1e-6 * abs(tree.value)


@every
def test_simulated_cost_is_the_bound(name, trained):
    """Followed along fresh paths the policy costs what its bound says, within the doubt of the mean."""
    _, policy = trained[name]
    low, high = policy.simulate(400, 11).interval
    # 400 paths, three standard errors: 0.3 % of honest policies fail, and this seed is fixed
    half = 1.53 * (high - low) / 2 + 1e-6 * abs(policy.bound)
    assert (low + high) / 2 == pytest.approx(policy.bound, abs=half)


@every
def test_knowing_is_best_and_averages_are_not(name, trained):
    """Everything known costs no more than the policy on any path; planning for averages costs no less in the mean."""
    graph, policy = trained[name]
    mine, known = policy.simulate(200, 5), perfect_information(graph, 200, 5)
    assert (known.costs <= mine.costs + 1e-6 * (1 + np.abs(mine.costs))).all()
    blind = policy_of_averages(graph, iterations=20, seed=3)
    assert blind.bound == -INF
    loss, (_, high) = paired(blind.simulate(200, 5), mine)
    assert high >= -1e-6 * (1 + abs(policy.bound)), loss


def test_worth_of_quickstart_by_hand():
    """Averages buy 2.5 and gain 2 x min(2.5, d) - 2.5, 2 in the mean; knowing all gains d, 2.5 in the mean."""
    graph = quickstart()
    policy, blind = train(graph, iterations=10), policy_of_averages(graph, iterations=10)
    mine, known, theirs = policy.simulate(400, 1), perfect_information(graph, 400, 1), blind.simulate(400, 1)
    high = (known.outcomes[:, 1] == 1).mean()
    assert known.mean == pytest.approx(-(2 + high))
    assert blind.first().columns[1] == pytest.approx(2.5)
    assert theirs.mean == pytest.approx(2.5 - 4 - high)
    assert -2.5 <= mine.mean <= -1.5
