"""Geometry on the sphere: against the WGS84 geodesic, round trips, poles, the date line, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koepel.geo import (
    EARTH_MEAN_RADIUS_M,
    EARTH_SEMI_MAJOR_AXIS_M,
    EARTH_SEMI_MINOR_AXIS_M,
    destination,
    distance_m,
    initial_bearing_degrees,
    lat_lon,
    nearest,
    radar_horizon_m,
    sphere_radius_m,
    unit_vectors,
)

points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
R = EARTH_MEAN_RADIUS_M


def off_degrees(found, wanted):
    """Largest angle between two bearings; 359.9 and 0.1 are 0.2 apart."""
    return np.abs((np.asarray(found) - wanted + 180.0) % 360.0 - 180.0).max()


@pytest.mark.parametrize("middle_lat", [0.0, 50.0, 70.0, -50.0])
@pytest.mark.parametrize("apart_m", [1e3, 1e5, 5e5, 1e6])
def test_distance_agrees_with_the_geodesic(middle_lat, apart_m):
    """Within 0.5 % at any azimuth, for a pair whose middle lies at the scenario's middle latitude."""
    pyproj = pytest.importorskip("pyproj", reason="pyproj is the referee; pip install koepel[dev]")
    geod = pyproj.Geod(ellps="WGS84")
    azimuth = np.arange(0.0, 360.0, 5.0)
    lat, lon, half = np.full(72, middle_lat), np.full(72, 30.0), np.full(72, apart_m / 2)
    lon_a, lat_a, _ = geod.fwd(lon, lat, azimuth, half)
    lon_b, lat_b, _ = geod.fwd(lon, lat, azimuth + 180.0, half)
    _, _, true_m = geod.inv(lon_a, lat_a, lon_b, lat_b)
    found_m = distance_m(np.c_[lat_a, lon_a], np.c_[lat_b, lon_b], sphere_radius_m(middle_lat))
    assert np.abs(found_m / true_m - 1).max() < 0.005


def test_radius_at_the_equator_and_the_pole():
    """There M N = b^2 (a(1-e^2) a = b^2), and both radii are a^2 / b at the pole."""
    assert sphere_radius_m(0.0) == pytest.approx(EARTH_SEMI_MINOR_AXIS_M, rel=1e-12)
    assert sphere_radius_m([90.0, -90.0]) == pytest.approx(
        EARTH_SEMI_MAJOR_AXIS_M**2 / EARTH_SEMI_MINOR_AXIS_M, rel=1e-12
    )


def test_distance_keeps_its_digits():
    """A millimetre apart and a millimetre from the antipode are both told, to a hundredth of a millimetre."""
    step = np.degrees(1e-3 / R)
    assert distance_m((0.0, 0.0), (step, 0.0), R) == pytest.approx(1e-3, rel=1e-9)
    assert np.pi * R - distance_m((0.0, 0.0), (0.0, 180.0 - step), R) == pytest.approx(1e-3, abs=1e-5)


def test_date_line():
    """One degree over the date line is one degree, and not 359."""
    assert distance_m((10.0, 179.5), (10.0, -179.5), R) == pytest.approx(
        distance_m((10.0, 0.0), (10.0, 1.0), R), rel=1e-9
    )
    assert destination(0.0, 179.5, 90.0, np.radians(1.0) * R, radius_m=R) == pytest.approx(
        [0.0, -179.5], abs=1e-9
    )
    assert initial_bearing_degrees((0.0, -179.5), (0.0, 179.5)) == pytest.approx(270.0)


def test_poles():
    """The pole is one point whatever its longitude; a course over it comes down on the other side."""
    assert distance_m((90.0, 10.0), (90.0, -120.0), R) == pytest.approx(0.0, abs=1e-8)
    over = destination(80.0, 20.0, 0.0, np.radians(20.0) * R, radius_m=R)
    assert over == pytest.approx([80.0, -160.0], abs=1e-9)
    # from the north pole, south along its own meridian is bearing 180
    assert destination(90.0, 20.0, 180.0, np.radians(30.0) * R, radius_m=R) == pytest.approx(
        [60.0, 20.0], abs=1e-9
    )
    assert initial_bearing_degrees((90.0, 20.0), (60.0, 20.0)) == pytest.approx(180.0)
    assert off_degrees(initial_bearing_degrees((-90.0, 20.0), (60.0, 20.0)), 0.0) == pytest.approx(
        0.0, abs=1e-9
    )


def test_bearings_of_the_four_winds():
    """North, east, south and west of a point on the equator."""
    around = np.array([(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])
    bearing = initial_bearing_degrees((0.0, 0.0), around)
    assert off_degrees(bearing, [0.0, 90.0, 180.0, 270.0]) == pytest.approx(0.0, abs=1e-9)


def test_radar_horizon():
    """A drone at 100 m from a mast of 15 m: 2 k R = 2 * 4/3 * 6,371,009 m = 16,989,357 m;
    sqrt(16,989,357 * 15) = 15,964 m; sqrt(16,989,357 * 100) = 41,218 m; together 57,182 m."""
    assert radar_horizon_m(15.0, 100.0) == pytest.approx(57_182, abs=1)
    assert radar_horizon_m(0.0, np.array([-5.0, 0.0])) == pytest.approx([0.0, 0.0])
    # the exact tangent length along the ground of a sphere of 4/3 R, R' arccos(R' / (R' + h)), is near
    large = 4 / 3 * R
    exact = sum(large * np.arccos(large / (large + h)) for h in (15.0, 10_000.0))
    assert radar_horizon_m(15.0, 10_000.0) == pytest.approx(exact, rel=1e-3)


def test_shapes_follow_the_arguments():
    """Numbers give one point; many start points and one distance give many."""
    assert unit_vectors(50.0, 30.0).shape == (3,)
    assert unit_vectors([50.0, 51.0], 30.0).shape == (2, 3)
    assert destination([50.0, 51.0], [30.0, 31.0], 45.0, 1e5, radius_m=R).shape == (2, 2)
    assert destination(50.0, 30.0, np.arange(0.0, 360.0, 90.0), 1e5, radius_m=R).shape == (4, 2)
    assert distance_m(np.zeros((5, 1, 2)), np.zeros((7, 2)), R).shape == (5, 7)
    assert destination(50, 30, 0, 100_000, radius_m=6_371_000).shape == (2,)
    assert nearest([(0.0, 0.0)], (1.0, 1.0)).shape == ()


def test_nearest_is_the_least_distance():
    """The tree agrees with the distance to every point, poles and date line included."""
    rng = np.random.default_rng(7)
    places = np.c_[np.degrees(np.arcsin(rng.uniform(-1, 1, 300))), rng.uniform(-180, 180, 300)]
    queries = np.vstack([places[:50] + 0.5, [(89.9, 0.0), (-89.9, 77.0), (0.0, 180.0), (0.0, -180.0)]])
    apart = distance_m(queries[:, None], places, R)
    chosen = apart[np.arange(len(queries)), nearest(places, queries)]
    assert chosen == pytest.approx(apart.min(axis=1), rel=1e-9)


@given(a=points, bearing=st.floats(0, 360), apart_m=st.floats(1.0, 1.9e7))
def test_destination_and_back(a, bearing, apart_m):
    """The way out has the length asked for, and the bearing and length found lead to the same point."""
    b = destination(*a, bearing, apart_m, radius_m=R)
    assert distance_m(a, b, R) == pytest.approx(apart_m, abs=1e-6, rel=1e-9)
    assert 0.0 <= initial_bearing_degrees(a, b) < 360.0
    again = destination(*a, initial_bearing_degrees(a, b), apart_m, radius_m=R)
    assert distance_m(b, again, R) == pytest.approx(0.0, abs=1e-2)


@given(a=points, b=points)
def test_distance_is_symmetric(a, b):
    """There and back are equal to the bit, and a point is at no distance from itself."""
    assert distance_m(a, b, R) == distance_m(b, a, R)
    assert distance_m(a, a, R) == 0.0


@given(a=points, b=points, c=points)
def test_triangle(a, b, c):
    """No detour is shorter, up to rounding (a micrometre)."""
    assert distance_m(a, c, R) <= distance_m(a, b, R) + distance_m(b, c, R) + 1e-6


@given(a=points)
def test_vectors_and_back(a):
    """A point is where its vector says it is; the vector has length 1; longitude stays within half a turn."""
    vector = unit_vectors(*a)
    back = lat_lon(3.0 * vector)
    assert np.linalg.norm(vector) == pytest.approx(1.0, rel=1e-12)
    assert distance_m(a, back, R) == pytest.approx(0.0, abs=1e-6)
    assert -180.0 <= back[1] < 180.0
