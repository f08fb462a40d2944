"""Simple cases against theory, and the geometry against independent sums.

Tolerances are derived: five standard errors where chance is left, stated bounds where a sphere stands for an
ellipsoid.
"""

import importlib
import math
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from builders import EFFECTOR, FIRE_UNIT, THREAT, KernelNight, against_all, away, fight_once, one_site
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numba import njit
from pyproj import Geod, Transformer
from scipy import stats
from scipy.optimize import brentq

from koepel._kernel import sphere
from koepel._kernel.chance import mixed
from koepel._kernel.fight import FAR, flight_s, short_of
from koepel._kernel.meeting import in_footprint, keep_passed
from koepel._kernel.raids import group_counts
from koepel._kernel.setup import THREAT_NOW
from koepel.arrays import scenario_arrays
from koepel.geo import radar_horizon_m, sphere_radius_m, unit_vectors
from koepel.scenario import Scenario
from koepel.simulate import simulate

FIVE = 5.0
GEOD = Geod(ellps="WGS84")
FIRES = 0
exact = settings(deadline=None, derandomize=True, max_examples=100, suppress_health_check=list(HealthCheck))
bearings, latitudes = st.floats(0, 360), st.sampled_from([0.0, 50.0, 70.0])


def vector(lat_lon) -> tuple:
    return tuple(unit_vectors(*lat_lon).tolist())


# Shots


def one_shot_each(n: int, pk: float, plain: bool) -> Scenario:
    """Enough channels and rounds; under plain rules only one fire cycle fits into the window of 40 s."""
    return one_site(
        n, ready=10_000, start_s=[0.1 * k for k in range(n)], unit={"channels": 1000, "cycle_s": 30},
        effector=against_all(pk) | {"range_max_m": 1000}, threat={"height_low_m": 0, "height_high_m": 0},
    )  # fmt: skip


@pytest.mark.parametrize("rules", ["plain", "full"])
@pytest.mark.parametrize("pk", [0.2, 0.7])
def test_leakers_are_binomial(rules, pk):
    n, runs = 40, 4000
    outcomes = simulate(one_shot_each(n, pk, rules == "plain"), runs, seed=3, rules=rules)
    leaked = outcomes.nights("leaked").astype(int)
    assert (outcomes.rounds("e") == n).all()
    law = stats.binom(n, 1 - pk)
    low, high = (int(law.ppf(q)) for q in (0.005, 0.995))
    bins = np.concatenate([[-1], np.arange(low, high), [n]])
    expected = np.diff(law.cdf(bins)) * runs
    assert stats.chisquare(np.histogram(leaked, bins + 0.5)[0], expected).pvalue > 1e-6


@pytest.mark.parametrize("salvo", [1, 2, 5])
@pytest.mark.parametrize("looks", [0, 2])
def test_a_salvo_kills_by_the_formula(salvo, looks):
    pk, n, runs = 0.15, 40, 500
    scenario = one_site(
        n, ready=100_000, unit={"channels": 1000}, effector=against_all(pk) | {"salvo": salvo, "looks": looks}
    )
    killed = simulate(scenario, runs, seed=4).nights("killed").mean() / n
    theory = 1 - (1 - pk) ** (salvo * (looks + 1))
    assert abs(killed - theory) < FIVE * math.sqrt(theory * (1 - theory) / (n * runs))


@pytest.mark.parametrize(("channels", "load"), [(1, 0.5), (3, 2.0), (6, 8.0)])
def test_blocked_threats_are_erlangs_share(channels, load):
    """Poisson arrivals, a fire cycle as long as the window: who finds no channel free on entry is lost.

    The share lost depends on the cycle's mean only (Erlang's loss formula, of 1917, for any service time).
    Its standard error is that of the means of batches of 250 threats.
    """
    window_s = 40.0
    n = min(20_000, int(500_000 * load / window_s))  # within the seven days that a raid may last
    starts = np.cumsum(np.random.default_rng(5).exponential(window_s / load, n))
    scenario = one_site(
        start_s=starts.tolist(), ready=n, length_m=20e3, unit={"channels": channels, "cycle_s": window_s - 1e-3},
        effector=against_all(1) | {"range_max_m": 1000},
    )  # fmt: skip
    lost = fight_once(scenario, plain=True).threats["fate"] == 3
    terms = np.cumprod([1.0, *(load / k for k in range(1, channels + 1))])
    batches = lost[n % 250 :].reshape(-1, 250).mean(axis=1)
    assert abs(batches.mean() - terms[-1] / terms.sum()) < FIVE * batches.std(ddof=1) / math.sqrt(len(batches))


# Geometry


def geodesic_passage(start, end, centre, radius_m) -> tuple[float, float]:
    """Metres flown along the geodesic from start to end at which it enters and leaves the circle."""
    azimuth, _, length_m = GEOD.inv(start[1], start[0], end[1], end[0])

    def outside(s: float) -> float:
        lon, lat, _ = GEOD.fwd(start[1], start[0], azimuth, s)
        return GEOD.inv(lon, lat, centre[1], centre[0])[2] - radius_m

    way = np.linspace(0, length_m, 400)
    nearest = way[int(np.argmin([outside(s) for s in way]))]
    return brentq(outside, 0, nearest, xtol=1e-3), brentq(outside, nearest, length_m, xtol=1e-3)


def geodesic_route(latitude, bearing, miss_m, before_m, after_m):
    """Two points whose geodesic passes the centre at a distance, and the centre."""
    centre = (latitude, 30.0)
    lon, lat, _ = GEOD.fwd(centre[1], centre[0], bearing + 90, miss_m)
    start, end = (GEOD.fwd(lon, lat, bearing + turn, s) for turn, s in ((180, before_m), (0, after_m)))
    return (start[1], start[0]), (end[1], end[0]), centre


@exact
@given(latitudes, bearings, st.floats(-0.7, 0.7), st.floats(1e3, 150e3), st.floats(4, 10))
def test_passages_agree_with_the_geodesic(latitude, bearing, miss, radius_m, radii_before):
    """Within 0.5 % of the distance flown, in any direction; grazing passes left out.

    The sphere's distances are right within 0.34 % (north to south at the equator), and so is the way to the
    circle's middle; its radius is exact. So the bound holds for entries after three quarters of that way.
    """
    before_m = min(radii_before * radius_m, 600e3)
    start, end, centre = geodesic_route(latitude, bearing, miss * radius_m, before_m, 1.5 * radius_m)
    earth_m = float(sphere_radius_m(latitude))
    ahead, arc = sphere.leg_between(vector(start), vector(end))
    s_in, s_out = sphere.passage(vector(start), ahead, arc, vector(centre), math.cos(radius_m / earth_m))
    g_in, g_out = geodesic_passage(start, end, centre, radius_m)
    assert s_in * earth_m == pytest.approx(g_in, rel=0.005)
    assert s_out * earth_m == pytest.approx(g_out, rel=0.005)


@settings(exact, max_examples=40)
@given(latitudes, bearings, st.floats(-0.7, 0.7), st.floats(30e3, 100e3))
def test_windows_agree_with_the_geodesic_through_the_whole_bridge(latitude, bearing, miss, radius_m):
    """Under plain rules a unit fires from the entry on, once a second until a second before the exit."""
    start, end, centre = geodesic_route(latitude, bearing, miss * radius_m, 400e3, 200e3)
    scenario = one_site(
        ready=100_000, centre=centre, threat={"speed_m_s": 100}, unit={"cycle_s": 1},
        effector=against_all(1e-12) | {"range_max_m": radius_m}, raid={"threats": [
            {"name": "t", "type": "t", "route": [start, end]}]},
    )  # fmt: skip
    fired_s = fight_once(scenario, plain=True).log["time_s"][:-1:2]
    g_in, g_out = geodesic_passage(start, end, centre, radius_m)
    assert fired_s[0] * 100 == pytest.approx(g_in, rel=0.005)
    assert (fired_s[-1] + 1.5) * 100 == pytest.approx(g_out, rel=0.005, abs=60)


class Circles(NamedTuple):
    """As much of `koepel._kernel.setup.Ground` as a quick look reads."""

    site_xyz: np.ndarray
    site_circle: np.ndarray


@njit
def kept_and_passed(ground, p, d, length, table, kept):
    """Whether each circle outlives the quick look, and whether the closed form finds a passage."""
    passed = np.zeros(len(kept), np.bool_)
    found = np.arange(len(kept) + 1)
    for k in range(keep_passed(ground, p, d, length, table, 0, found, len(kept))):
        kept[found[k]] = True
    for site in range(len(kept)):
        c = (ground.site_xyz[site, 0], ground.site_xyz[site, 1], ground.site_xyz[site, 2])
        s_in, s_out = sphere.passage(p, d, length, c, table[site, 0, 0])
        passed[site] = s_out > s_in
    return passed


def test_the_quick_look_drops_no_circle_that_is_passed():
    """Random legs and circles, a third of them touching the start, the end or the line to a rounding error."""
    rng = np.random.default_rng(3)
    n, met, looked = 2700, 0, 0
    for _ in range(40):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        p, d, length = turn[0], turn[1], rng.uniform(0, 0.3)
        xyz = p + rng.normal(size=(n, 3)) * 0.2
        xyz /= np.linalg.norm(xyz, axis=1)[:, None]
        along, ahead = xyz @ p, xyz @ d
        touching = [along, along * math.cos(length) + ahead * math.sin(length), np.hypot(along, ahead)]
        cosines = np.cos(rng.uniform(0.01, 0.2, n))
        for k, cosine in enumerate(touching):
            some = slice(k * n // 9, (k + 1) * n // 9)
            cosines[some] = cosine[some] + rng.choice([-1e-12, -1e-16, 0, 1e-16, 1e-12], n // 9)
        table = np.stack([cosines, np.full(n, 2.0)], axis=1)[:, None, :].copy()
        kept = np.zeros(n, bool)
        passed = kept_and_passed(Circles(xyz, np.arange(n)), tuple(p), tuple(d), length, table, kept)
        assert not (passed & ~kept).any()
        met, looked = met + passed.sum(), looked + kept.sum()
    assert met > 10_000 and looked < 1.5 * met


def test_a_passage_over_the_middle_is_twice_the_radius():
    p, d = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    s_in, s_out = sphere.passage(p, d, 0.5, (math.cos(0.2), math.sin(0.2), 0.0), math.cos(0.05))
    assert (s_in, s_out) == (pytest.approx(0.15, abs=1e-13), pytest.approx(0.25, abs=1e-13))


@exact
@given(st.floats(0.01, 1.5), st.floats(-1.5, 1.5), st.floats(0.001, 0.2), st.floats(-0.3, 0.3))
def test_passages_solve_their_equation(length, along, radius, aside):
    """At a crossing inside the leg the distance to the centre is the radius, to 1e-9 of it or better."""
    p, d = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    on = sphere.point_on(p, d, along)
    centre = sphere.point_on(on, (0.0, 0.0, 1.0), aside)
    assume(abs(abs(aside) - radius) > 1e-3 * radius)
    s_in, s_out = sphere.passage(p, d, length, centre, math.cos(radius))
    for s in (s_in, s_out):
        if 0 < s < length and s_out > s_in:
            assert sphere.arc_between(sphere.point_on(p, d, s), centre) == pytest.approx(radius, rel=1e-6, abs=1e-10)
    way = np.linspace(0, length, 300)
    inside = np.array([sphere.arc_between(sphere.point_on(p, d, s), centre) < radius for s in way])
    clear = (np.abs(way - s_in) > 1e-9) & (np.abs(way - s_out) > 1e-9)
    assert (inside == ((way > s_in) & (way < s_out)))[clear].all()


@exact
@given(st.floats(0, 20e3), st.floats(0, 20e3), st.floats(-90, 90))
def test_the_radar_horizon_is_that_of_four_thirds_of_the_earth(antenna_m, threat_m, latitude):
    earth_m = float(sphere_radius_m(latitude))
    horizon = sphere.horizon_m(antenna_m, threat_m, earth_m)
    assert horizon == pytest.approx(float(radar_horizon_m(antenna_m, threat_m, radius_m=earth_m)), rel=1e-9)
    bent_m = 4 / 3 * earth_m
    arcs = sum(math.acos(bent_m / (bent_m + height)) for height in (antenna_m, threat_m))
    assert horizon == pytest.approx(arcs * bent_m, rel=2e-3, abs=1.0)


def straight_flight(length_m: float, earth_m: float, speed_m_s: float, height_m: float):
    """A threat over the equator from longitude 0 eastward, as the kernel's rows."""
    rows = np.zeros(1, THREAT_NOW)
    rows["speed_rad"], rows["height_m"], rows["last"] = speed_m_s / earth_m, height_m, 1
    return rows[0], np.array([[1.0, 0, 0, 0, 1.0, 0, length_m / earth_m, 0]])


@exact
@given(st.floats(10, 800), st.floats(10, 1500), st.floats(0, 150e3), st.floats(-40e3, 40e3), st.floats(0, 12e3),
       st.floats(0, 500), st.floats(10, 2000))  # fmt: skip
def test_time_of_flight_is_that_of_brentq(threat_m_s, own_m_s, along_m, aside_m, height_m, time_s, later_s):
    """A faster interceptor meets its threat once; the bound of a metre is then one in time, by how much it closes.

    A slower one may be outrun; where it is behind at the end of the window it is held not to meet at all.
    """
    earth_m = 6371e3
    threat, legs = straight_flight(1000e3, earth_m, threat_m_s, height_m)
    x, y, z = sphere.point_on(
        sphere.point_on((1.0, 0, 0), (0, 1.0, 0), along_m / earth_m), (0, 0, 1.0), aside_m / earth_m
    )
    latest = time_s + later_s

    def gap(flight: float) -> float:
        return short_of(flight, time_s, threat, x, y, z, own_m_s, legs, earth_m)

    answer = flight_s(time_s, latest, threat, x, y, z, own_m_s, legs, earth_m)
    assert (answer >= FAR) == (gap(later_s) > 0)
    if answer < FAR:
        assert 0 <= answer <= later_s
        assert abs(gap(answer)) <= 1.0
        if own_m_s > 1.01 * threat_m_s and gap(0.0) > 0:
            root = brentq(gap, 0, later_s, xtol=1e-9)
            assert abs(answer - root) <= 1.001 / (own_m_s - threat_m_s) + 1e-6


@exact
@given(
    latitudes, bearings, bearings, st.floats(0, 90e3), st.floats(5e3, 60e3), st.floats(5e3, 60e3), st.floats(0, 30e3)
)
def test_the_footprint_is_an_ellipse_on_the_ground(latitude, toward, approach, away_m, along_m, across_m, offset_m):
    """Brute force: the site drawn on a local map round the aim point, turned to the approach."""
    site = (latitude, 30.0)
    lon, lat, _ = GEOD.fwd(site[1], site[0], toward, away_m)
    local = Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84", always_xy=True)
    east, north = (-v for v in local.transform(site[1], site[0]))  # from the site to the aim
    turn = math.radians(approach)  # the threat comes from there
    x = east * math.sin(turn) + north * math.cos(turn) - offset_m
    y = east * math.cos(turn) - north * math.sin(turn)
    depth = (x / along_m) ** 2 + (y / across_m) ** 2
    assume(abs(depth - 1) > 0.02)
    aim = vector((lat, lon))
    behind, _ = sphere.leg_between(aim, vector(GEOD.fwd(lon, lat, approach, 50e3)[1::-1]))
    earth_m = float(sphere_radius_m(latitude))
    assert in_footprint(aim, behind, vector(site), along_m, across_m, offset_m, earth_m) == (depth < 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_grid_finds_every_circle(seed):
    """Random legs and circles all over the globe, poles and date line too, against all circles tried one by one."""
    rng = np.random.default_rng(seed)
    n_sites, n_threats = 120, 300
    spread = (90, 8, 3, 1)[seed]  # degrees about a middle that is near the pole or the date line
    middle = ((0, 0), (89, 0), (10, 180), (50, 30))[seed]

    def place() -> list[float]:
        if seed == 0:
            return [math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180)]
        return away(middle, rng.uniform(0, 360), spread * 111e3 * math.sqrt(rng.random()))

    ranges = {"a": 3e3, "b": 50e3, "c": 700e3}
    sites = [(place(), rng.choice(list(ranges))) for _ in range(n_sites)]
    ends = [(place(), away(place(), rng.uniform(0, 360), rng.uniform(0, 500e3))) for _ in range(n_threats)]
    scenario = Scenario.model_validate({
        "name": "globe",
        "types": {
            "threats": {"t": THREAT},
            "effectors": {name: EFFECTOR | {"range_max_m": range_m} for name, range_m in ranges.items()},
            "fire_units": {name: FIRE_UNIT | {f"rounds:{name}": 1} for name in ranges},
        },
        "defence": {"fire_units": [{"name": f"u{k}", "type": t, "at": at} for k, (at, t) in enumerate(sites)]},
        "raid": {"threats": [{"name": f"t{k}", "type": "t", "route": route} for k, route in enumerate(ends)]},
    })  # fmt: skip
    arrays = scenario_arrays(scenario, plain=True)
    earth_m = arrays.setup.ground.earth_radius_m
    centres, radius = unit_vectors(*np.transpose([at for at, _ in sites])), np.array([ranges[t] for _, t in sites])
    met = 0
    for start, end in ends:
        a, b = unit_vectors(*start), unit_vectors(*end)
        normal = np.cross(a, b) / np.linalg.norm(np.cross(a, b))
        along = np.arctan2(centres @ np.cross(normal, a), centres @ a)
        arc = math.atan2(np.linalg.norm(np.cross(a, b)), a @ b)
        beside = np.abs(np.arcsin(np.clip(centres @ normal, -1, 1)))
        to_ends = np.minimum(*(2 * np.arcsin(np.linalg.norm(centres - p, axis=1) / 2) for p in (a, b)))
        met += int((np.where((along > 0) & (along < arc), beside, to_ends) < radius / earth_m).sum())
    assert KernelNight(arrays).n_encounters == met > 100


# Raids drawn from a pattern


def drawn(groups: list[dict], settlements=({"name": "a", "at": [50, 30], "people": 1e5},), **more) -> Scenario:
    """A pattern of groups from one launch point, and no defence."""
    base = {"types": {"t": 1}, "launch": {"l": 1}, "aim": {"scatter_m": 0}}
    area = {"name": "l", "at": [50, 35], "radius_m": 0}
    pattern = {
        "launch_areas": [area],
        "groups": [base | {"name": f"g{k}"} | group for k, group in enumerate(groups)],
    }
    data = {"name": "drawn", "types": {"threats": {"t": THREAT}}, "settlements": list(settlements), "pattern": pattern}
    return Scenario.model_validate(data | more)


def test_counts_of_groups_follow_the_copula():
    """Chance, median and spread of each group, and the correlation of two by the product of their loadings."""
    n, comes, median, spread = 20_000, 0.7, 400.0, 0.5
    counts = [
        {"count": {"chance": comes, "median": median, "spread": spread, "loading": 0.8, "most": 100_000}},
        {"count": {"chance": 1, "median": median, "spread": spread, "loading": -0.6, "most": 100_000}},
        {"count": {"chance": 1, "median": median, "spread": spread, "loading": 0.8, "most": 100_000}},
        {"count": {"fixed": 7}},
        {"count": {"chance": 1, "median": 5, "spread": 2, "most": 9}},
    ]
    pattern = scenario_arrays(drawn(counts)).setup.pattern
    table = np.zeros((n, len(counts)), np.int64)
    for run in range(n):
        group_counts(pattern, np.uint64(mixed(np.uint64(1), np.uint64(run))), table[run])
    came = table[:, 0] > 0
    assert abs(came.mean() - comes) < FIVE * math.sqrt(comes * (1 - comes) / n)
    for column in (table[came, 0], table[:, 1]):
        logs = np.log(column)
        assert abs(np.median(logs) - math.log(median)) < FIVE * spread * math.sqrt(math.pi / 2 / len(logs))
        assert abs(logs.std() - spread) < FIVE * spread / math.sqrt(2 * len(logs))
    correlation = np.corrcoef(np.log(table[:, 1]), np.log(table[:, 2]))[0, 1]
    assert abs(correlation - -0.48) < FIVE * (1 - 0.48**2) / math.sqrt(n)
    assert (table[:, 3] == 7).all()
    assert table[:, 4].min() == 1 and table[:, 4].max() == 9


def test_aim_points_follow_their_weights():
    """People to a power, by region, by distance from the launch area; assets by value."""
    places = [("a", 1e6, "x", 30.0), ("b", 2.5e5, "x", 31.0), ("c", 4e4, "y", 33.0), ("d", 10.0, "x", 30.5)]
    settlements = [{"name": n, "people": p, "region": r, "at": [50.0, lon]} for n, p, r, lon in places]
    assets = [
        {"name": f"port {k}", "kind": "port", "settlement": "b", "value_usd": v} for k, v in enumerate((1e6, 3e6))
    ]
    aim = {"people_power": 0.5, "regions": {"y": 2.0}, "reach_m": 200e3, "least_people": 100, "assets_share": 0.3,
           "scatter_m": 0}  # fmt: skip
    group = {"count": {"fixed": 20}, "aim": aim}
    scenario = drawn([group], settlements, assets=assets)
    away_m = [GEOD.inv(35.0, 50.0, lon, 50.0)[2] for *_, lon in places]
    weights = [math.sqrt(p) * (2 if r == "y" else 1) * math.exp(-s / 200e3) for (_, p, r, _), s in zip(places, away_m)]
    weights[3] = 0.0  # too few people
    shares = [0.7 * w / sum(weights) for w in weights] + [0.3 / 4, 0.3 * 3 / 4]
    impacts = simulate(scenario, 1000, seed=2, workers=1).places[:, 0]
    assert impacts[3] == 0
    total = impacts.sum()
    for place, share in zip(impacts, shares):
        assert abs(place - share * total) <= FIVE * math.sqrt(share * (1 - share) * total) + 0.005 * share * total


# The reference raid, fought by other programs


def peers():
    """The benchmark's own raid and its two event-driven programs; skipped where the files are not there."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("KOEPEL_DATA", root.parent / "shared")) / "benchmarks"
    if not (folder / "peers" / "bench_simpy.py").exists():
        pytest.skip(f"no peers/bench_simpy.py in {folder}; set KOEPEL_DATA to the folder that holds benchmarks")
    before = list(sys.path)
    sys.path[:0] = [str(folder), str(folder / "peers")]
    try:
        return importlib.import_module("night540"), importlib.import_module("bench_simpy")
    finally:
        sys.path[:] = before


def test_night_540_agrees_with_its_peers_under_plain_rules():
    """Means over nights agree within five standard errors of the difference, and a third of a percent for the plane
    map that the peers fly over."""
    night540, bench = peers()
    raid = night540.build(1)
    windows, impact_s = bench.windows(raid)
    ours = simulate(Scenario.read("night-540"), 1000, seed=1, rules="plain")
    own = {"killed": ours.nights("killed"), "leaked": ours.nights("leaked"),
           "shots": sum(ours.rounds(name) for name in ours.effectors)}  # fmt: skip
    for program, n in ((bench.run_heap, 150), (bench.run_simpy, 40)):
        nights = [program(raid, windows, impact_s, seed) for seed in range(n)]
        for measure, values in own.items():
            theirs = np.array([night[measure] for night in nights], float)
            error = math.sqrt(values.var(ddof=1) / len(values) + theirs.var(ddof=1) / n)
            assert abs(values.mean() - theirs.mean()) < FIVE * error + 0.0033 * theirs.mean(), (program, measure)
