"""From degrees to a sheet of paper: equal areas, true scale in the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from koepel.geo import EARTH_MEAN_RADIUS_M, lat_lon, unit_vectors

WIDTH = 960.0  # of a picture, in its own units
LEAST_HEIGHT, MOST_HEIGHT = 420.0, 860.0
LEAST_SPAN_KM = 80.0
RADIUS_KM = EARTH_MEAN_RADIUS_M / 1e3


@dataclass(frozen=True)
class Sheet:
    """A rectangle of the Lambert azimuthal equal-area projection.

    Attributes
    ----------
    middle
        Latitude and longitude where the projection touches the sphere, degrees.
    west_km, north_km
        The upper left corner.
    scale
        Units of the picture for each kilometre.
    height
        Of the picture, in its own units; the width is `WIDTH`.
    """

    middle: tuple[float, float]
    west_km: float
    north_km: float
    scale: float
    height: float

    def km(self, points: ArrayLike) -> np.ndarray:
        """East and north of the middle, kilometres. Shapes (n, 2), (n, 2)."""
        return project_km(points, self.middle)

    def on(self, points: ArrayLike) -> np.ndarray:
        """Right and down on the picture. ``points`` are degrees. Shapes (n, 2), (n, 2)."""
        return self.of_km(self.km(points))

    def of_km(self, km: ArrayLike) -> np.ndarray:
        """Right and down on the picture, of kilometres. Shapes (n, 2), (n, 2)."""
        km = np.asarray(km, float).reshape(-1, 2)
        return np.column_stack([km[:, 0] - self.west_km, self.north_km - km[:, 1]]) * self.scale


def project_km(points: ArrayLike, middle: tuple[float, float]) -> np.ndarray:
    """The Lambert azimuthal equal-area projection of degrees. Shapes (n, 2), (n, 2).

    References
    ----------
    J. P. Snyder, Map Projections - A Working Manual, USGS Professional Paper 1395 (1987), equations 22-4,
    22-5 and 24-2.

    Examples
    --------
    >>> project_km([(50.0, 31.0)], (50.0, 30.0)).round(1).tolist()
    [[71.5, 0.5]]
    """
    points = np.asarray(points, float).reshape(-1, 2)
    lat, lon = np.radians(points[:, 0]), np.radians(points[:, 1] - middle[1])
    lat0 = math.radians(middle[0])
    near = 1 + math.sin(lat0) * np.sin(lat) + math.cos(lat0) * np.cos(lat) * np.cos(lon)
    k = RADIUS_KM * np.sqrt(2 / np.maximum(near, 1e-6))
    east = k * np.cos(lat) * np.sin(lon)
    north = k * (math.cos(lat0) * np.sin(lat) - math.sin(lat0) * np.cos(lat) * np.cos(lon))
    return np.column_stack([east, north])


def unproject_km(km: ArrayLike, middle: tuple[float, float]) -> np.ndarray:
    """Degrees of points on the Lambert azimuthal equal-area projection; the inverse of `project_km`.

    Shapes (n, 2), (n, 2).

    References
    ----------
    J. P. Snyder, Map Projections - A Working Manual, USGS Professional Paper 1395 (1987), equations 20-14, 20-15,
    20-18 and 24-16.

    Examples
    --------
    >>> unproject_km(project_km([(51.3, 29.1)], (50.0, 30.0)), (50.0, 30.0)).round(9).tolist()
    [[51.3, 29.1]]
    """
    east, north = np.asarray(km, float).reshape(-1, 2).T
    lat0 = math.radians(middle[0])
    rho = np.hypot(east, north)
    c = 2 * np.arcsin(np.clip(rho / (2 * RADIUS_KM), 0.0, 1.0))
    share = np.where(rho > 0, north / np.where(rho > 0, rho, 1.0), 0.0)
    lat = np.arcsin(np.clip(np.cos(c) * math.sin(lat0) + share * np.sin(c) * math.cos(lat0), -1.0, 1.0))
    lon = np.arctan2(east * np.sin(c), rho * math.cos(lat0) * np.cos(c) - north * math.sin(lat0) * np.sin(c))
    return np.column_stack([np.degrees(lat), (np.degrees(lon) + middle[1] + 180) % 360 - 180])


def sheet_round(points: ArrayLike, margin_km: float = 0.0) -> Sheet:
    """The sheet that holds all points, with room round them.

    Parameters
    ----------
    points
        Degrees. Shape (n, 2).
    margin_km
        Room beyond the outermost points, besides four per cent of the span.
    """
    points = np.asarray(points, float).reshape(-1, 2)
    middle = _middle(points)
    km = project_km(points, middle) if len(points) else np.zeros((1, 2))
    low, high = km.min(axis=0), km.max(axis=0)
    centre = (low + high) / 2
    width, height = np.maximum((high - low) * 1.08 + 2 * margin_km, LEAST_SPAN_KM)
    width = max(width, height * WIDTH / MOST_HEIGHT)
    height = max(height, width * LEAST_HEIGHT / WIDTH)
    scale = WIDTH / width
    return Sheet(middle, centre[0] - width / 2, centre[1] + height / 2, scale, round(height * scale, 1))


def _middle(points: np.ndarray) -> tuple[float, float]:
    """Middle of the span of points, the same over the date line."""
    total = unit_vectors(points[:, 0], points[:, 1]).sum(axis=0) if len(points) else np.zeros(3)
    if np.linalg.norm(total) < 1e-9:
        return 0.0, 0.0
    lat, lon = lat_lon(total).tolist()
    km = project_km(points, (lat, lon))
    east, north = (km.min(axis=0) + km.max(axis=0)) / 2
    lat = min(90.0, max(-90.0, lat + math.degrees(north / RADIUS_KM)))
    turn = east / RADIUS_KM / max(math.cos(math.radians(lat)), 0.02)
    return round(lat, 3), round((lon + math.degrees(turn) + 180) % 360 - 180, 3)


def graticule(sheet: Sheet) -> list[dict]:
    """Meridians and parallels that cross the sheet: a path, and a label where it meets the lower or left edge."""
    corners = _corners(sheet)
    step = _graticule_step(sheet)
    lat0, lon0 = sheet.middle
    reach = math.degrees(corners / RADIUS_KM) * 1.2 + step
    lats = np.arange(math.ceil((lat0 - reach) / step), (lat0 + reach) / step) * step
    lats = lats[np.abs(lats) < 90]
    wide = min(180.0, reach / max(math.cos(math.radians(min(abs(lat0) + reach, 89.0))), 0.02))
    lons = np.arange(math.ceil((lon0 - wide) / step), (lon0 + wide) / step) * step
    along_lat = np.linspace(max(lat0 - reach, -90), min(lat0 + reach, 90), 90)
    along_lon = np.linspace(lon0 - wide, lon0 + wide, 180)
    lines = []
    for lon in lons:
        turned = (lon + 180) % 360 - 180
        at = sheet.on(np.column_stack([along_lat, np.full(90, lon)]))
        lines.append(_line(at, sheet, f"{abs(turned):g}° {'W' if turned < 0 else 'E'}", down=True))
    for lat in lats:
        at = sheet.on(np.column_stack([np.full(180, lat), along_lon]))
        lines.append(_line(at, sheet, f"{abs(lat):g}° {'S' if lat < 0 else 'N'}", down=False))
    return [line for line in lines if line["d"]]


def path(points: np.ndarray, closed: bool = False) -> str:
    """An SVG path of points on the picture, to a tenth."""
    if not len(points):
        return ""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")


def _corners(sheet: Sheet) -> float:
    """Distance of the farthest corner from the middle, kilometres."""
    east = max(abs(sheet.west_km), abs(sheet.west_km + WIDTH / sheet.scale))
    north = max(abs(sheet.north_km), abs(sheet.north_km - sheet.height / sheet.scale))
    return min(math.hypot(east, north), 2 * RADIUS_KM)


def _graticule_step(sheet: Sheet) -> float:
    """Degrees between lines: about six parallels or fewer."""
    span = math.degrees(sheet.height / sheet.scale / RADIUS_KM)
    return next((step for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0) if span / step <= 6), 20.0)


def _line(at: np.ndarray, sheet: Sheet, label: str, *, down: bool) -> dict:
    """One line of the graticule, cut near the sheet, with its label at the edge."""
    inside = (np.abs(at[:, 0] - WIDTH / 2) < WIDTH) & (np.abs(at[:, 1] - sheet.height / 2) < sheet.height)
    at = at[inside]
    edge, axis, other = (sheet.height, 1, 0) if down else (0.0, 0, 1)
    where = None
    for a, b in pairwise(at):
        if (a[axis] - edge) * (b[axis] - edge) <= 0 and a[axis] != b[axis]:
            share = (edge - a[axis]) / (b[axis] - a[axis])
            where = float(a[other] + share * (b[other] - a[other]))
    most = WIDTH if down else sheet.height
    if where is None or not 40 < where < most - 40:
        return {"d": path(at), "label": "", "x": 0, "y": 0}
    x, y = (where, sheet.height - 6) if down else (6, where - 4)
    return {"d": path(at), "label": label, "x": round(x, 1), "y": round(y, 1)}
