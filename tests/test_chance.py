"""Chance by counter: known answers, uniformity, independence, and numbers that nothing shares.

Tolerances are five standard errors of what is tested, so that a right generator fails once in two million.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from koepel._kernel import chance
from koepel.arrays.book import name_key, name_keys

PURPOSES = range(chance.STUDY, chance.REPORT + 1)
N = 20_000
FIVE = 5.0
settings.register_profile("chance", deadline=None, derandomize=True)


def words(key, counter) -> list[int]:
    return list(chance.philox(*map(np.uint64, key), *map(np.uint64, counter)))


def uniforms(key=1, name=2, purpose=chance.SHOT, counts=range(N)) -> np.ndarray:
    draws = [chance.two_uniforms(np.uint64(key), np.uint64(name), purpose, count) for count in counts]
    return np.array(draws)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_known_answers(counter, key, answer):
    """kat_vectors of Random123 1.14, philox4x32 10."""
    assert words(key, counter) == list(answer)


def test_uniforms_are_made_of_the_words_in_order():
    key, name, purpose, count = 0x299F31D0A4093822, 0x85A308D3243F6A88, 0x03707344, 0x13198A2E
    a, b, c, d = 0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1
    expected = (((a << 32 | b) >> 11) / 2**53, ((c << 32 | d) >> 11) / 2**53)
    assert chance.two_uniforms(np.uint64(key), np.uint64(name), purpose, count) == expected
    assert chance.uniform(np.uint64(key), np.uint64(name), purpose, count) == expected[0]


@pytest.mark.parametrize("vary", ["counts", "names", "keys", "seeds and runs"])
def test_draws_are_uniform_whatever_varies(vary):
    if vary == "counts":
        draws = uniforms()
    elif vary == "names":
        draws = np.array([chance.two_uniforms(np.uint64(1), np.uint64(n), chance.SHOT, 0) for n in range(N)])
    elif vary == "keys":
        draws = np.array([chance.two_uniforms(np.uint64(k), np.uint64(7), chance.SHOT, 0) for k in range(N)])
    else:
        keys = [chance.mixed(np.uint64(k // 200), np.uint64(k % 200)) for k in range(N)]
        draws = np.array([chance.two_uniforms(np.uint64(k), np.uint64(7), chance.SHOT, 0) for k in keys])
    assert ((draws >= 0) & (draws < 1)).all()
    for column in draws.T:
        assert abs(column.mean() - 0.5) < FIVE / math.sqrt(12 * N)
        assert abs(column.var() - 1 / 12) < FIVE * math.sqrt(1 / 180 / N)
        counts = np.histogram(column, 64, (0, 1))[0]
        assert stats.chisquare(counts).pvalue > 1e-6
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < FIVE / math.sqrt(N)
    assert abs(np.corrcoef(draws.T)[0, 1]) < FIVE / math.sqrt(N)
    assert len(np.unique(draws)) == 2 * N


def test_pairs_fill_the_square():
    draws = uniforms()
    counts = np.histogram2d(draws[:, 0], draws[:, 1], 16, ((0, 1), (0, 1)))[0]
    assert stats.chisquare(counts.ravel()).pvalue > 1e-6


def test_normal_draws_are_standard_normal():
    draws = np.array([chance.normal(np.uint64(3), np.uint64(4), chance.NIGHT, count) for count in range(N)])
    assert abs(draws.mean()) < FIVE / math.sqrt(N)
    assert abs(draws.var() - 1) < FIVE * math.sqrt(2 / N)
    assert stats.kstest(draws, "norm").pvalue > 1e-6


@settings(settings.get_profile("chance"), max_examples=300)
@given(st.floats(1e-300, 1, exclude_max=True))
def test_normal_quantile_is_that_of_scipy(p):
    assert chance.normal_quantile(p) == pytest.approx(special.ndtri(p), rel=1e-14, abs=1e-16)


@settings(settings.get_profile("chance"), max_examples=200)
@given(st.floats(-8, 8))
def test_normal_cdf_is_that_of_scipy_and_undone_by_the_quantile(x):
    assert chance.normal_cdf(x) == pytest.approx(special.ndtr(x), rel=1e-13)
    if x < 5:  # beyond, the upper tail is lost to rounding near 1
        assert chance.normal_quantile(chance.normal_cdf(x)) == pytest.approx(x, abs=1e-9)


def test_purposes_names_counts_and_runs_never_share_a_number():
    assert len(set(PURPOSES)) == len(PURPOSES) == 14
    drawn = {
        chance.two_uniforms(chance_key, np.uint64(name), purpose, count)
        for chance_key in [np.uint64(chance.mixed(np.uint64(1), np.uint64(run))) for run in range(5)]
        for name in [*range(5), *name_keys(["patriot north", "patriot south", "u|e", "u"]).tolist()]
        for purpose in PURPOSES
        for count in [*range(8), 4096, 64 * 4096, 2**31 - 1]
    }
    assert len(drawn) == 5 * 9 * 14 * 11


def test_mixed_is_injective_in_each_word_and_not_symmetric():
    one = {chance.mixed(np.uint64(k), np.uint64(5)) for k in range(N)}
    other = {chance.mixed(np.uint64(5), np.uint64(k)) for k in range(N)}
    assert len(one) == len(other) == N
    assert len(one & other) == 1  # where both words are 5
    bits = np.array([[word >> b & 1 for b in range(64)] for word in other])
    assert np.abs(bits.mean(axis=0) - 0.5).max() < FIVE * 0.5 / math.sqrt(N)


@settings(settings.get_profile("chance"), max_examples=100)
@given(st.lists(st.text(max_size=30), unique=True, min_size=2, max_size=50))
def test_names_have_keys_of_their_own(names):
    keys = [name_key(name) for name in names]
    assert len(set(keys)) == len(names)
    assert keys == [name_key(name) for name in names]
    assert all(0 <= key < 2**64 for key in keys)
