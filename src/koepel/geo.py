r"""Geometry on the sphere, in plain numpy, for use outside the compiled loops.

The Earth is a sphere whose radius is taken at the scenario's middle latitude: :func:`sphere_radius_m`.
Distances then agree with the WGS84 geodesic within 0.5 % for up to 1,000 km round that latitude.

Latitudes and longitudes are degrees, north and east positive; bearings are degrees clockwise from north;
distances and heights are metres. A point is an array whose last axis is (latitude, longitude).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# WGS84: NIMA TR8350.2, third edition, table 3.1; the mean radius is (2a + b) / 3 of IUGG
EARTH_SEMI_MAJOR_AXIS_M = 6_378_137.0
EARTH_FLATTENING = 1 / 298.257223563
EARTH_SEMI_MINOR_AXIS_M = EARTH_SEMI_MAJOR_AXIS_M * (1 - EARTH_FLATTENING)
EARTH_ECCENTRICITY_SQUARED = EARTH_FLATTENING * (2 - EARTH_FLATTENING)
EARTH_MEAN_RADIUS_M = (2 * EARTH_SEMI_MAJOR_AXIS_M + EARTH_SEMI_MINOR_AXIS_M) / 3

# Standard refraction bends a ray as if the Earth's radius were 4/3 of the true one: Federal Standard 1037C
REFRACTION_FACTOR = 4 / 3


def sphere_radius_m(lat_degrees: ArrayLike) -> np.ndarray:
    r"""Radius of the sphere that fits the WGS84 ellipsoid best round a latitude.

    The root of the product of the two principal radii of curvature (the Gaussian radius):

    .. math::

        R = \sqrt{M N}, \quad N = \frac{a}{\sqrt{1 - e^2 \sin^2 \phi}}, \quad
        M = \frac{a (1 - e^2)}{(1 - e^2 \sin^2 \phi)^{3/2}}

    Parameters
    ----------
    lat_degrees
        Geodetic latitude, -90 to 90. Any shape.

    Returns
    -------
    ndarray
        Metres, 6,356,752 (equator) to 6,399,594 (poles). Shape of ``lat_degrees``.

    References
    ----------
    J. P. Snyder, Map Projections - A Working Manual, USGS Professional Paper 1395 (1987), equations 4-18
    and 4-20 (the two principal radii).

    Examples
    --------
    >>> round(float(sphere_radius_m(50.0)))
    6381823
    """
    sin_lat = np.sin(np.radians(lat_degrees))
    return EARTH_SEMI_MINOR_AXIS_M / (1 - EARTH_ECCENTRICITY_SQUARED * sin_lat**2)


def unit_vectors(lat_degrees: ArrayLike, lon_degrees: ArrayLike) -> np.ndarray:
    """Points of the unit sphere: x to (0, 0), y to (0, 90 east), z to the north pole.

    Parameters
    ----------
    lat_degrees
        -90 to 90. Shape (n,), or a number.
    lon_degrees
        Any turn. Broadcasts with ``lat_degrees``.

    Returns
    -------
    ndarray
        Shape (n, 3); (3,) for two numbers.

    Examples
    --------
    >>> unit_vectors([0.0, 90.0], [0.0, 0.0]).round(12).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    lat_rad, lon_rad = np.radians(lat_degrees), np.radians(lon_degrees)
    z = np.sin(lat_rad) + 0 * lon_rad
    return np.stack([np.cos(lat_rad) * np.cos(lon_rad), np.cos(lat_rad) * np.sin(lon_rad), z], axis=-1)


def lat_lon(vectors: ArrayLike) -> np.ndarray:
    """Latitude and longitude of vectors of any length above zero.

    Parameters
    ----------
    vectors
        Shape (..., 3).

    Returns
    -------
    ndarray
        Degrees; latitude -90 to 90, longitude from -180, to 180 left out. Shape (..., 2).

    Examples
    --------
    >>> lat_lon(unit_vectors(50.0, 190.0)).round(9).tolist()
    [50.0, -170.0]
    """
    x, y, z = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    lat = np.degrees(np.arctan2(z, np.hypot(x, y)))
    return np.stack([lat, _half_turn(np.degrees(np.arctan2(y, x)))], axis=-1)


def distance_m(a: ArrayLike, b: ArrayLike, radius_m: ArrayLike) -> np.ndarray:
    r"""Great-circle distance, sound from a millimetre to the antipode.

    The angle between unit vectors by the halves of their chord and of their sum, which loses no
    digits at short distance (as the arc cosine does) nor near the antipode (as the haversine does):

    .. math:: d = 2 R \arctan \frac{|a - b|}{|a + b|}

    Parameters
    ----------
    a, b
        Points in degrees. Shapes (..., 2) that broadcast.
    radius_m
        The sphere's radius, from :func:`sphere_radius_m`.

    Returns
    -------
    ndarray
        Metres, 0 to half a turn. Shape of ``a`` and ``b`` without the last axis.

    References
    ----------
    W. Kahan, How Futile are Mindless Assessments of Roundoff in Floating-Point Computation? (2006),
    section 12.

    Examples
    --------
    Kyiv to Lviv:

    >>> kyiv, lviv = (50.455, 30.524), (49.838, 24.023)
    >>> round(float(distance_m(kyiv, lviv, sphere_radius_m(50.0))) / 1e3, 1)
    468.9
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    p, q = unit_vectors(a[..., 0], a[..., 1]), unit_vectors(b[..., 0], b[..., 1])
    return 2 * radius_m * np.arctan2(np.linalg.norm(p - q, axis=-1), np.linalg.norm(p + q, axis=-1))


def destination(
    lat_degrees: ArrayLike,
    lon_degrees: ArrayLike,
    bearing_degrees: ArrayLike,
    distance_m: ArrayLike,
    *,
    radius_m: ArrayLike,
) -> np.ndarray:
    """The point reached along a great circle.

    Parameters
    ----------
    lat_degrees, lon_degrees
        Where it starts. From a pole, the bearing counts from the meridian ``lon_degrees``.
    bearing_degrees
        The course at the start, clockwise from north; any turn.
    distance_m
        How far; below 0 it goes backwards.
    radius_m
        The sphere's radius, from :func:`sphere_radius_m`.

    Returns
    -------
    ndarray
        Latitude and longitude in degrees. The shape that the arguments broadcast to, and a last axis of 2.

    Examples
    --------
    A quarter turn of a sphere of one kilometre, due east from the equator:

    >>> destination(0.0, 170.0, 90.0, 500 * np.pi, radius_m=1e3).round(9).tolist()
    [0.0, -100.0]
    """
    start, north, east = _local_axes(lat_degrees, lon_degrees)
    bearing_rad = np.radians(np.asarray(bearing_degrees, dtype=float))[..., None]
    angle_rad = np.asarray(distance_m / np.asarray(radius_m, dtype=float))[..., None]
    course = np.cos(bearing_rad) * north + np.sin(bearing_rad) * east
    return lat_lon(np.cos(angle_rad) * start + np.sin(angle_rad) * course)


def initial_bearing_degrees(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """The course at ``a`` of the great circle from ``a`` to ``b``.

    Parameters
    ----------
    a, b
        Points in degrees. Shapes (..., 2) that broadcast. At a pole the bearing counts from the meridian
        of ``a``.

    Returns
    -------
    ndarray
        Degrees clockwise from north, from 0, to 360 left out. 0 where both points are the same; without
        meaning at the antipode.

    Examples
    --------
    >>> float(initial_bearing_degrees((0.0, 179.0), (0.0, -179.0)))
    90.0
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    start, north, east = _local_axes(a[..., 0], a[..., 1])
    ahead = unit_vectors(b[..., 0], b[..., 1]) - start  # the difference keeps the digits of short distances
    bearing = np.degrees(np.arctan2((ahead * east).sum(axis=-1), (ahead * north).sum(axis=-1)))
    return bearing % 360 % 360  # the first turns a hair below 0 into 360 itself


def radar_horizon_m(
    antenna_height_m: ArrayLike, threat_height_m: ArrayLike, *, radius_m: ArrayLike = EARTH_MEAN_RADIUS_M
) -> np.ndarray:
    r"""Ground distance at which a threat sinks below the radar horizon of smooth ground.

    .. math:: d = \sqrt{2 k R h_a} + \sqrt{2 k R h_t}, \quad k = 4/3

    Assumes standard refraction, no terrain and heights far below the Earth's radius.

    Parameters
    ----------
    antenna_height_m, threat_height_m
        Above the ground, 0 or more; a lower one counts as 0. Shapes that broadcast.
    radius_m
        The sphere's radius.

    Returns
    -------
    ndarray
        Metres. The shape that the heights broadcast to.

    References
    ----------
    US Federal Standard 1037C (1996), "effective Earth radius": 4/3 of the true one for the standard
    atmosphere. The sum is that of the two tangents from the heights to the sphere so enlarged.

    Examples
    --------
    A drone at 100 m seen from a mast of 15 m:

    >>> round(float(radar_horizon_m(15.0, 100.0)) / 1e3, 1)
    57.2
    """
    reach = 2 * REFRACTION_FACTOR * np.asarray(radius_m, dtype=float)
    antenna, threat = np.maximum(antenna_height_m, 0.0), np.maximum(threat_height_m, 0.0)
    return np.sqrt(reach * antenna) + np.sqrt(reach * threat)


def nearest(points: ArrayLike, queries: ArrayLike) -> np.ndarray:
    """Position of the point nearest to each query, over the date line and the poles too.

    Parameters
    ----------
    points
        Degrees. Shape (n, 2), n at least 1.
    queries
        Degrees. Shape (m, 2), or (2,) for one.

    Returns
    -------
    ndarray
        Positions in ``points``. Shape (m,), or () for one query.

    Examples
    --------
    >>> nearest([(50.0, 30.0), (0.0, 179.0)], [(0.0, -179.0), (51.0, 31.0)]).tolist()
    [1, 0]
    """
    from scipy.spatial import cKDTree  # a slow import, and few callers need it

    points, queries = np.asarray(points, dtype=float), np.asarray(queries, dtype=float)
    tree = cKDTree(unit_vectors(points[..., 0], points[..., 1]))  # the chord grows with the arc
    return np.asarray(tree.query(unit_vectors(queries[..., 0], queries[..., 1]))[1])


def _local_axes(lat_degrees: ArrayLike, lon_degrees: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors up, north and east at each place. Shapes (..., 3)."""
    lat, lon = np.broadcast_arrays(np.asarray(lat_degrees, dtype=float), np.asarray(lon_degrees, dtype=float))
    north = unit_vectors(lat + 90.0, lon)  # a quarter turn up the meridian; true at the poles as well
    return unit_vectors(lat, lon), north, unit_vectors(np.zeros_like(lat), lon + 90.0)


def _half_turn(lon_degrees: np.ndarray) -> np.ndarray:
    """Longitude from -180, to 180 left out."""
    return (lon_degrees + 180.0) % 360.0 - 180.0
