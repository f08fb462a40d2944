"""The static weapon-target assignment: published instances, brute force, families, and an independent checker."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koepel._kernel.patterns import greedy, improved, near_cheapest
from koepel.errors import KoepelError, UsageError
from koepel.wta import Problem, check, read_problem, solve

WTA = Path(os.environ.get("KOEPEL_DATA", "../shared")) / "wta"
# published bounds and values after two hours of CPLEX where there are any, else None; and our optimum
PUBLISHED = {
    "wta_50x100x1": (None, None, 1734.302278168),
    "wta_50x100x2": (None, None, 123.838458330),
    "wta_50x100x3": (None, 20.590016, 20.590016186),
    "wta_100x200x3": (14.5491, 14.579133, 14.579133173),
    "wta_150x300x3": (11.3838, 11.429016, 11.428722290),
    "wta_200x400x3": (10.5071, 10.577367, 10.576290854),
}
small = settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck))


def ahuja(kinds: int, threats: int, seed: int) -> Problem:
    """Ahuja, Kumar, Jha and Orlin, Operations Research 55 (2007): one round of each kind."""
    rng = np.random.default_rng(seed)
    return Problem(rng.uniform(25, 100, threats), rng.uniform(0.6, 0.9, (threats, kinds)), np.ones(kinds, np.int64))


def checked(problem: Problem, found) -> None:
    """The independent checker agrees."""
    assert check.faults(problem, found.assigned, found.value) == []
    assert check.relaxed_bound(problem, found.prices) <= found.price_bound * (1 + 1e-9)
    assert found.price_bound <= found.bound * (1 + 1e-9) <= found.value * (1 + 2e-9)


@pytest.mark.skipif(not WTA.is_dir(), reason="the published instances are not here; set KOEPEL_DATA")
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_instances_are_proven_optimal(name):
    problem = read_problem(WTA / f"{name}.txt")
    found = solve(problem)
    checked(problem, found)
    bound, value, ours = PUBLISHED[name]
    assert found.optimal and found.gap <= 1e-9
    assert found.value == pytest.approx(ours, abs=1e-8)
    if value is not None:
        assert found.value <= value + 1e-6
    if bound is not None:
        assert found.bound >= bound


def brute(problem: Problem) -> float:
    """The least of all assignments."""
    n = len(problem.values)
    ways = [
        [split for split in itertools.product(range(r + 1), repeat=n) if sum(split) <= r]
        for r in problem.rounds.tolist()
    ]
    return min(problem.value(np.array(choice)) for choice in itertools.product(*ways))


@st.composite
def tiny(draw) -> Problem:
    """A few kinds, threats and rounds, with zeros, ones and ties."""
    kinds, threats = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    probability = st.sampled_from([0.0, 0.3, 0.5, 0.5, 0.9, 1.0]) | st.floats(0, 1)
    kill = draw(st.lists(st.lists(probability, min_size=kinds, max_size=kinds), min_size=threats, max_size=threats))
    values = draw(
        st.lists(st.sampled_from([0.0, 1.0, 1.0, 7.0]) | st.floats(0, 100), min_size=threats, max_size=threats)
    )
    rounds = draw(st.lists(st.integers(0, 2), min_size=kinds, max_size=kinds))
    return Problem(np.array(values), np.array(kill), np.array(rounds, np.int64))


@small
@given(tiny())
def test_brute_force_agrees(problem):
    found = solve(problem)
    assert check.faults(problem, found.assigned, found.value, tolerance=1e-6) == [] or found.value < 1e-9
    assert found.value == pytest.approx(brute(problem), rel=1e-9, abs=1e-9)
    assert found.optimal


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_of_the_prices_is_that_of_a_plain_search(seed):
    rng = np.random.default_rng(seed)
    problem = Problem(rng.uniform(1, 50, 5), rng.uniform(0, 0.95, (5, 4)), rng.integers(0, 4, 4))
    found = solve(problem)
    assert found.price_bound == pytest.approx(check.whole_bound(problem, found.prices), rel=1e-9)
    assert found.optimal


@pytest.mark.parametrize("seed", range(20))
def test_all_patterns_below_a_ceiling_are_listed(seed):
    """Against every pattern there is; also those with a round that saves less than it costs."""
    rng = np.random.default_rng(seed)
    kill, prices, rounds = rng.uniform(0.1, 0.9, (1, 4)), rng.uniform(0.2, 4, 4), rng.integers(0, 3, 4)
    value, ceiling = 10.0, 9.0
    every = {}
    for numbers in itertools.product(*(range(r + 1) for r in rounds)):
        every[numbers] = value * np.prod((1 - kill[0]) ** numbers) + prices @ np.array(numbers)
    wanted = {numbers for numbers, cost in every.items() if cost <= ceiling}
    found, number = near_cheapest(-np.log1p(-kill), prices, rounds, np.array([value]), 0, ceiling, 1000, 16)
    ours = {tuple(np.bincount(row[row >= 0], minlength=4).tolist()) for row in found[:number]}
    assert len(ours) == number
    assert ours == wanted
    assert near_cheapest(-np.log1p(-kill), prices, rounds, np.array([value]), 0, ceiling, 1, 16)[1] == (
        2 if number > 1 else number
    )


@pytest.mark.parametrize("size", [(20, 20), (20, 40), (40, 80), (80, 80), (100, 200)])
def test_ahujas_instances_are_proven(size):
    for seed in range(3):
        problem = ahuja(*size, seed)
        found = solve(problem)
        checked(problem, found)
        assert found.optimal


def family(name: str, seed: int) -> Problem:
    """Harder ones than are published."""
    rng = np.random.default_rng(seed)
    m, n = 60, 120
    values = rng.uniform(25, 100, n)
    if name == "clustered":
        weapon, threat, base = rng.integers(8, size=m), rng.integers(8, size=n), rng.uniform(0.2, 0.9, (8, 8))
        kill = np.clip(base[threat][:, weapon] + rng.normal(0, 0.03, (n, m)), 0.05, 0.95)
    elif name == "correlated":
        kill = np.clip(
            rng.uniform(0.3, 0.9, m) * rng.uniform(0.5, 1, n)[:, None] + rng.normal(0, 0.02, (n, m)), 0.05, 0.95
        )
    else:
        kill = rng.uniform(0.3, 0.9, (n, m)) * (rng.random((n, m)) < 0.25)
    return Problem(values, kill, np.full(m, 2, np.int64))


@pytest.mark.parametrize("name", ["clustered", "correlated", "sparse"])
def test_harder_families_are_proven(name):
    problem = family(name, 1)
    found = solve(problem)
    checked(problem, found)
    assert found.optimal


def test_what_is_not_proven_is_not_called_optimal():
    """Many rounds of few kinds at few threats: stopped at once, the gap is told and holds."""
    rng = np.random.default_rng(1)
    problem = Problem(rng.uniform(25, 100, 30), rng.uniform(0.1, 0.5, (30, 10)), np.full(10, 30))
    found = solve(problem, seconds=0.0)
    assert not found.optimal
    assert found.gap > 1e-9
    assert check.faults(problem, found.assigned, found.value) == []
    assert found.bound <= solve(problem, seconds=3).value


def test_greedy_and_local_search_give_whole_assignments():
    problem = family("clustered", 2)
    kill = np.ascontiguousarray(problem.kill.T)
    assigned, left = greedy(kill, problem.rounds, problem.values)
    value = left.sum()
    assert check.faults(problem, assigned, value) == []
    # no single round does better elsewhere than the next one that greedy would have fired
    assert (assigned.sum(axis=1) == problem.rounds).all()
    improved(kill, assigned, left, 5)
    assert left.sum() < value
    assert check.faults(problem, assigned, left.sum()) == []
    assert solve(problem).value <= left.sum()


def test_warm_prices_give_the_same_answer():
    problem = ahuja(40, 60, 1)
    cold = solve(problem)
    warm = solve(problem, prices=cold.prices)
    assert warm.value == pytest.approx(cold.value, rel=1e-12)
    assert warm.passes < cold.passes


@pytest.mark.parametrize(
    ("values", "kill", "rounds", "word"),
    [([1.0], [[0.5, 0.5]], [1], "shape"), ([-1.0], [[0.5]], [1], "values"), ([1.0], [[1.5]], [1], "kill"),
     ([np.nan], [[0.5]], [1], "values"), ([1.0], [[0.5]], [-1], "rounds")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(values, kill, rounds, word):
    with pytest.raises(UsageError, match=word):
        Problem(np.array(values), np.array(kill), np.array(rounds))


@pytest.mark.parametrize(
    ("text", "word"),
    [("", ":1: found 'the end'"), ("2 2", ":1: found '2 2'"), ("1 1 1\nx\n", ":2: found 'x'"),
     ("1 1 1\n5\n3 0 0.5\n", ":3:"),
     ("1 1 1\n5\n0 0 1.5\n", ":3: found '0 0 1.5'"), ("1 1 1\n", ":2: found 'the end'"), ("0 1 1\n5\n", ":1:")],
)  # fmt: skip
def test_a_bad_file_says_on_which_line(tmp_path, text, word):
    (tmp_path / "w.txt").write_text(text)
    with pytest.raises(KoepelError) as told:
        read_problem(tmp_path / "w.txt")
    assert word in str(told.value)


def test_no_rounds_and_no_threats_worth_a_shot():
    none = Problem(np.array([3.0, 4.0]), np.zeros((2, 1)), np.array([5]))
    found = solve(none)
    assert (found.value, found.bound, found.optimal, found.assigned.sum()) == (7.0, 7.0, True, 0)
    assert solve(Problem(np.array([3.0]), np.array([[0.5]]), np.array([0]))).value == 3.0
