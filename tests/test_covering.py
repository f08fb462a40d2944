"""Covering and layered placement: brute force on small cases, laws, sizes, and what is said where no plan is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

from koepel._kernel.branching import branched
from koepel.covering import check, layered, maximal, stopped
from koepel.covering.branch import Tree
from koepel.covering.layers import read_layers
from koepel.covering.places import read_places
from koepel.covering.points import merged
from koepel.covering.relaxed import Relaxed, relax
from koepel.errors import PlanError, UsageError

small = settings(deadline=None, derandomize=True, max_examples=120, suppress_health_check=list(HealthCheck))
few = settings(small, max_examples=40)
EXACT = 1e-6


def circles(sites: int, points: int, radius: float, seed: int = 1):
    """Sites and points at random in a box, and the points' weights."""
    rng = np.random.default_rng(seed)
    near = cdist(rng.random((sites, 2)), rng.random((points, 2))) < radius
    return sparse.csr_matrix(near), rng.integers(1, 100, points).astype(float)


@st.composite
def coverings(draw):
    """A few sites and points, some of a kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sites, points = draw(st.integers(1, 7)), draw(st.integers(0, 12))
    near = rng.random((sites, points)) < draw(st.sampled_from([0.1, 0.3, 0.6]))
    weights = rng.integers(0, 5, points).astype(float) if draw(st.booleans()) else rng.random(points)
    number = draw(st.integers(0, sites))
    fixed = rng.permutation(sites)[: draw(st.integers(0, number))].tolist()
    return near, weights, number, fixed


@st.composite
def placements(draw):
    """A few units, sites and cells, with all that a placement may have to keep to."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    types, sites, cells, patterns = (draw(st.integers(1, most)) for most in (2, 5, 6, 3))
    strength = rng.exponential(1.0, (types, sites, cells)) * (rng.random((types, sites, cells)) < 0.6)
    weights = rng.random((patterns, cells)) + 0.01
    counts = rng.integers(0, 3, types)
    asked = {"per_site": draw(st.sampled_from([1, 2])), "worst_case": draw(st.booleans())}
    pairs = [(a, b) for a in range(sites) for b in range(a)]
    if draw(st.booleans()):
        asked["conflicts"] = [pair for pair in pairs if rng.random() < 0.3]
    if draw(st.booleans()):
        asked["kept"] = (rng.random((types, sites)) < 0.3).astype(int)
        if draw(st.booleans()):
            asked["most_moves"] = draw(st.integers(0, 2))
    if not asked["worst_case"] and draw(st.booleans()):
        asked["chances"] = rng.dirichlet(np.ones(patterns))
    return strength, weights, counts, asked


@small
@given(coverings())
def test_maximal_equals_brute_force(case):
    """No choice of sites covers more; matrix and lists of points say the same."""
    near, weights, number, fixed = case
    rows = [np.flatnonzero(row) for row in near]
    found = maximal(sparse.csr_matrix(near), weights, number, fixed=fixed)
    assert check.covered_faults(rows, weights, number, found, fixed=fixed) == []
    best = check.best_covering(rows, weights, number, fixed=fixed)
    assert found.optimal and found.value >= best * (1 - EXACT) and found.bound >= best * (1 - 1e-9)
    assert (maximal(rows, weights, number, fixed=fixed).chosen == found.chosen).all()


@small
@given(placements())
def test_layered_equals_brute_force(case):
    """No placement that is allowed stops more; where none is allowed, that is said."""
    strength, weights, counts, asked = case
    best = check.best_layered(strength, weights, counts, **dict(asked))
    if best is None:
        with pytest.raises(PlanError, match="problem"):
            layered(strength, weights, counts, **asked)
        return
    found = layered(strength, weights, counts, gap=1e-5, **asked)
    assert check.layered_faults(strength, weights, counts, found, **asked) == []
    assert found.optimal and found.value >= best * (1 - 1.1e-5) and found.bound >= best * (1 - 1e-9)
    assert np.allclose(found.by_pattern, check.stopped_shares(strength, weights, found.placed))


def nodes(layers, places, value, gap):
    """The nodes of a tree one by one, with the target that each was bounded against, and its two sides."""
    mix = np.full(len(layers.weights), 1.0 / len(layers.weights))
    low, high, parts = first_node(places)
    tree, left = Tree(layers, places, Relaxed(np.inf, parts, mix, [])), [(low, high, parts, mix)]
    while left:
        low, high, parts, mix = left.pop()
        bound, _, _, sides = branched(*tree.case, low, high, parts, mix, value, gap * value)
        rest = [side for side in zip(*sides, strict=True) if side[3] > -np.inf]
        yield (low, high), bound, rest
        left += [(*side[:3], side[4]) for side in rest if side[3] > value]


def first_node(places):
    """The least and the most units of each column, and as many parts of each type as there are units."""
    low = places.kept.ravel()
    high = np.minimum(places.room[None, :], places.counts[:, None]).ravel()
    return low, high, np.repeat(places.counts / places.kept.shape[1], places.kept.shape[1])


@small
@given(placements(), st.floats(0.0, 1.0))
def test_no_bound_of_a_node_is_below_what_its_placements_stop(case, part):
    """Whatever a node or one of its sides holds stops no more than its bound, and nothing above the target is lost."""
    strength, weights, counts, asked = case
    asked = {name: value for name, value in asked.items() if name in ("per_site", "worst_case")}
    every = [p for p in check.placements(*strength.shape[:2], counts, per_site=asked["per_site"])]
    read = read_layers(strength, weights, None, asked["worst_case"])
    if not every or not read.depth.nnz:
        return
    places = read_places(*strength.shape[:2], counts, asked["per_site"], (), None, None)
    flat = np.array([p.ravel() for p in every])
    values = np.array([read.value(p) for p in flat])
    target = part * values.max()  # low ones make deep trees
    within = lambda low, high: ((flat >= low) & (flat <= high)).all(axis=1)  # noqa: E731
    for (low, high), bound, rest in nodes(read, places, target, 1e-6):
        mine = within(low, high)
        assert max(bound, target) * (1 + 1e-9) >= values[mine].max(initial=0.0)
        divided = np.zeros(len(flat), bool)
        for side_low, side_high, _, side_bound, _ in rest:
            theirs = within(side_low, side_high)
            assert max(side_bound, target) * (1 + 1e-9) >= values[theirs].max(initial=0.0)
            divided |= theirs
        lost = mine & ~divided & (values > target * (1 + 1e-9))
        assert bound <= target or values[lost].max(initial=0.0) <= target * (1 + 1e-9) or is_one(flat[lost])


def is_one(placed) -> bool:
    """Whether a node was a single placement, which is not divided."""
    return len(placed) == 1


def test_branching_closes_what_the_first_bound_leaves_open():
    """Proven to a thousandth where units in parts are some per cent too good, and whoever checks agrees."""
    strength, weights = layers(3, 30, 100, 1)
    found = layered(strength, weights, [2, 2, 2], gap=1e-3, seconds=60)
    assert found.optimal and check.layered_faults(strength, weights, [2, 2, 2], found) == []
    read = read_layers(strength, weights, None, False)
    places = read_places(3, 30, [2, 2, 2], 1, (), None, None)
    loose = relax(read, places, found.placed.ravel(), gap=1e-5, end=np.inf, value=0.0).bound * read.scale
    assert loose > found.bound * 1.005


@few
@given(placements())
def test_the_price_of_the_expected_case_is_not_negative(case):
    """In its worst pattern, the best placement for the expected case stops no more than the one for the worst."""
    strength, weights, counts, asked = case
    asked = {name: value for name, value in asked.items() if name not in ("worst_case", "chances")}
    if check.best_layered(strength, weights, counts, **dict(asked)) is None:
        return
    worst = layered(strength, weights, counts, worst_case=True, gap=1e-6, **asked)
    expected = layered(strength, weights, counts, gap=1e-6, **asked)
    assert expected.by_pattern.min() <= worst.bound * (1 + 1e-9)
    assert worst.value == pytest.approx(stopped(strength, weights, worst.placed).min(), rel=1e-9)


@few
@given(placements(), st.integers(0, 10))
def test_more_is_never_worse(case, which):
    """One unit more, one conflict fewer, one move more: the bound does not fall below the value before."""
    strength, weights, counts, asked = case
    asked.pop("kept", None), asked.pop("most_moves", None)
    if check.best_layered(strength, weights, counts, **dict(asked)) is None:
        return
    before = layered(strength, weights, counts, gap=1e-6, **asked)
    free = layered(strength, weights, counts, gap=1e-6, **{**asked, "conflicts": ()})
    assert free.bound >= before.value * (1 - 1e-9)
    more = counts.copy()
    more[which % len(counts)] += 1
    if check.best_layered(strength, weights, more, **dict(asked)) is not None:
        assert layered(strength, weights, more, gap=1e-6, **asked).bound >= before.value * (1 - 1e-9)


def test_more_sites_cover_more():
    """And of the last site the least: the marginal value falls as sites are added, up to the gaps."""
    covers, weights = circles(30, 2000, 0.15)
    values = [maximal(covers, weights, k).value for k in range(0, 12)]
    assert (np.diff(values) >= 0).all() and values[0] == 0.0


def test_points_of_the_same_sites_are_one():
    """As many groups as there are different columns; the weight is kept."""
    covers, weights = circles(12, 3000, 0.2)
    points = merged(covers, weights)
    columns = {column.tobytes() for column in covers.toarray().T if column.any()}
    assert len(points.weights) == len(columns)
    assert points.weights.sum() == weights[np.asarray(covers.sum(axis=0)).ravel() > 0].sum()


def test_cells_that_no_unit_tells_apart_are_one():
    """A cell cut in two, and one that nobody reaches, change nothing."""
    rng = np.random.default_rng(3)
    strength, weights = rng.random((2, 5, 4)), rng.random((2, 4)) + 0.1
    whole = layered(strength, weights, [1, 2])
    cut = np.concatenate([strength, strength[:, :, :1], np.zeros((2, 5, 1))], axis=2)
    halves = np.concatenate([weights, weights[:, :1] / 2, np.ones((2, 1))], axis=1)
    halves[:, 0] /= 2
    assert layered(cut, halves, [1, 2]).value == pytest.approx(whole.value)


def test_sparse_and_dense_say_the_same():
    """Strengths may be a sparse matrix for each type."""
    rng = np.random.default_rng(4)
    strength = rng.random((3, 6, 9)) * (rng.random((3, 6, 9)) < 0.4)
    dense = layered(strength, np.ones(9), [1, 1, 2])
    thin = layered([sparse.csr_matrix(part) for part in strength], np.ones(9), [1, 1, 2])
    assert (dense.placed == thin.placed).all() and dense.value == thin.value


@pytest.mark.parametrize("scale", [2.0**-40, 2.0**40])
def test_tiny_and_huge_weights_make_the_same_plan(scale):
    """A solver's tolerances are absolute; the answer does not depend on the unit of the weights."""
    covers, weights = circles(30, 500, 0.15)
    plain, other = maximal(covers, weights, 6), maximal(covers, weights * scale, 6)
    assert (plain.chosen == other.chosen).all() and other.value == plain.value * scale
    strength, weights = layers(2, 12, 30, 2)
    plain, other = layered(strength, weights, [2, 2]), layered(strength, weights * scale, [2, 2])
    assert (plain.placed == other.placed).all() and other.bound == pytest.approx(plain.bound * scale)


def test_the_same_again():
    """One problem, one answer."""
    strength, weights = layers(2, 20, 60, 2)
    first, second = (layered(strength, weights, [2, 3], worst_case=True) for _ in range(2))
    assert (first.placed == second.placed).all() and first.bound == second.bound


def layers(types: int, sites: int, cells: int, patterns: int, seed: int = 1):
    """Units whose strength falls with the distance, in a box."""
    rng = np.random.default_rng(seed)
    distance = cdist(rng.random((sites, 2)), rng.random((cells, 2)))
    reach = 0.15 + 0.2 * np.arange(types)[:, None, None] / types
    most = 1.5 - np.arange(types)[:, None, None] / types
    strength = np.where(distance < reach, most * (1 - (distance / reach) ** 2), 0.0)
    return strength, rng.uniform(0.1, 1.0, (patterns, cells))


def test_a_hundred_sites_and_many_points():
    """Optimal, in about a second."""
    covers, weights = circles(100, 30_000, 0.1)
    found = maximal(covers, weights, 10, seconds=20)
    assert found.optimal and found.seconds < 10
    assert check.covered_faults(covers, weights, 10, found) == []


@pytest.mark.parametrize("worst_case", [False, True])
def test_layers_of_some_size(worst_case):
    """Near the bound in seconds, within the time given, and whoever checks agrees."""
    strength, weights = layers(3, 30, 100, 3)
    asked = {"worst_case": worst_case, "conflicts": [(0, 1), (1, 2), (0, 2), (5, 9)]}
    found = layered(strength, weights, [2, 2, 3], seconds=2, gap=1e-2, **asked)
    assert check.layered_faults(strength, weights, [2, 2, 3], found, **asked) == []
    assert found.gap < 0.05 and found.seconds < 10


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: maximal([[0], [1]], [1.0, 1.0], 3), PlanError, "choose at most 2"),
        (lambda: maximal([[0], [1]], [1.0, 1.0], 1, fixed=[0, 1]), PlanError, "fix fewer"),
        (lambda: maximal([[0], [1]], [1.0, 1.0], 1, fixed=[7]), UsageError, "sites from 0 to 1"),
        (lambda: maximal([[0], [2]], [1.0, 1.0], 1), UsageError, "a weight for every point"),
        (lambda: maximal([[0], [1]], [1.0, -1.0], 1), UsageError, "finite numbers of 0 or more"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones(3), [3]), PlanError, "raise per_site"),
        (lambda: layered(np.ones((1, 3, 3)), np.ones(3), [2], kept=[[1, 1, 1]]), PlanError, "raise counts"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones(3), [2], kept=[[2, 0]]), PlanError, "raise per_site"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones(3), [2], kept=[[1, 1]], conflicts=[(0, 1)]),
         PlanError, "drop the conflict"),
        (lambda: layered(np.ones((1, 3, 3)), np.ones(3), [2], conflicts=[(0, 1), (1, 2), (0, 2)]),
         PlanError, "of which 1 can stand without a conflict; place 1 fewer"),
        (lambda: layered(np.ones((1, 3, 3)), np.ones(3), [2], kept=[[0, 1, 0]], conflicts=[(0, 1), (1, 2)]),
         PlanError, "the units that stay leave no place for the others; give most_moves"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones(4), [1]), UsageError, "(patterns, cells)"),
        (lambda: layered(-np.ones((1, 2, 3)), np.ones(3), [1]), UsageError, "numbers from 0"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones((2, 3)), [1], chances=[1.0, 1.0]), UsageError, "sum to 1"),
        (lambda: layered(np.ones((1, 2, 3)), np.ones(3), [1.5]), UsageError, "whole numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_mend(call, error, text):
    """Faults of the call and plans that cannot be, each with what to do."""
    with pytest.raises(error) as raised:
        call()
    assert text in str(raised.value)
