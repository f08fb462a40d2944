"""Circles on the ground with the grid that finds them, alarm zones, and where things fall."""

from __future__ import annotations

import math

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.grid import build_grid
from koepel._kernel.setup import Ground
from koepel.arrays.book import vectors
from koepel.arrays.defence import Circle
from koepel.geo import unit_vectors
from koepel.scenario import Scenario

CELL_DEGREES = 0.1


def _zone_name(settlement) -> str:
    """The region; where none is given, the square degree."""
    return settlement.region or f"{math.floor(settlement.at[0])}N {math.floor(settlement.at[1])}E"


def zones_of(scenario: Scenario) -> tuple[dict[str, int], np.ndarray]:
    """Alarm zones by name, and the zone of each place."""
    zones: dict[str, int] = {}
    of = [zones.setdefault(_zone_name(s), len(zones)) for s in scenario.settlements]
    by_name = {s.name: zone for s, zone in zip(scenario.settlements, of, strict=True)}
    of += [by_name[asset.settlement] for asset in scenario.assets]
    return zones, np.array(of, np.int64)


def ground_arrays(
    scenario, circles, zones, zone_of, places_xyz, earth_radius_m, raster: Ground | None = None
) -> Ground:
    """Circles with the grid that finds them, alarm zones, and the raster of people.

    Parameters
    ----------
    raster
        Ground of the same people, whose raster is taken over.
    """
    n = len(scenario.settlements)
    centres, radius = _zone_circles(scenario, len(zones), zone_of[:n], places_xyz[:n], earth_radius_m)
    first_zone = len(circles)
    for zone in range(len(zones)):
        circles.append(Circle(centres[zone], c.ZONE_SITE, zone, (zone, 0), 0.0))
    kinds: dict[tuple, int] = {}
    rows = [kinds.setdefault((circle.kind, *circle.of), len(kinds)) for circle in circles]
    xyz = np.array([circle.xyz for circle in circles], float).reshape(-1, 3)
    reach = np.array([circle.reach_m / earth_radius_m for circle in circles], float)
    return Ground(
        earth_radius_m=float(earth_radius_m),
        site_xyz=xyz,
        site_kind=np.array([circle.kind for circle in circles], np.int64),
        site_owner=np.array([circle.owner for circle in circles], np.int64),
        site_circle=np.array(rows, np.int64),
        first_zone=first_zone,
        circle_kind=np.array([key[0] for key in kinds], np.int64),
        circle_of=np.array([key[1:] for key in kinds], np.int64).reshape(-1, 2),
        zone_radius_m=radius,
        **_grid(xyz, reach),
        **(_raster(scenario, zone_of[:n], earth_radius_m) if raster is None else _raster_of(raster)),
    )


def _zone_circles(scenario, n_zones: int, zone_of, xyz, earth_radius_m) -> tuple[np.ndarray, np.ndarray]:
    """Centre of each zone's settlements, and the radius that holds them all."""
    centres, radius = np.zeros((n_zones, 3)), np.zeros(n_zones)
    for zone in range(n_zones):
        members = xyz[zone_of == zone]
        middle = members.mean(axis=0)
        centres[zone] = middle / np.linalg.norm(middle)
        chord = np.linalg.norm(members - centres[zone], axis=1).max()
        radius[zone] = max(scenario.people.zone_radius_m or chord * earth_radius_m, 5e3)
    return centres, radius


def _grid(xyz: np.ndarray, reach: np.ndarray) -> dict:
    """The grid of cubes over all circles: about 60 km a cube, and at most three million cubes."""
    if len(xyz):
        origin, far = (xyz - reach[:, None]).min(axis=0) - 0.02, (xyz + reach[:, None]).max(axis=0) + 0.02
        origin, far = np.maximum(origin, -1.02), np.minimum(far, 1.02)
    else:
        origin, far = np.zeros(3), np.full(3, 0.01)
    step = max(0.009, float(np.prod(far - origin) / 3e6) ** (1 / 3))
    dims = np.ceil((far - origin) / step).astype(np.int64)
    first, sites = build_grid(xyz, np.minimum(reach, 1.5), origin, step, dims)
    return {
        "grid_origin": origin,
        "grid_step": step,
        "grid_dims": dims,
        "grid_first": first.astype(np.int32),
        "grid_site": sites,
    }


def _raster(scenario: Scenario, zone_of: np.ndarray, earth_radius_m: float) -> dict:
    """People per square kilometre and the nearest zone, by cells of a tenth of a degree or a thousandth of the span."""
    if not len(zone_of):
        return {
            "fall_origin": np.zeros(2),
            "fall_step": 1.0,
            "fall_density": np.zeros((1, 1)),
            "fall_zone": np.full((1, 1), -1, np.int64),
        }
    from scipy.spatial import cKDTree

    at = np.array([s.at for s in scenario.settlements], float)
    west, width = _narrowest_span(at[:, 1])
    south, height = at[:, 0].min(), np.ptp(at[:, 0])
    step = max(CELL_DEGREES, (max(width, height) + 2) / 1000)
    origin = np.array([max(south - 1.0, -90.0), west - 1.0])
    shape = (int((height + 2) / step) + 1, int((width + 2) / step) + 1)
    lat = origin[0] + (np.arange(shape[0]) + 0.5) * step
    lon = origin[1] + (np.arange(shape[1]) + 0.5) * step
    area_km2 = (step * math.pi / 180 * earth_radius_m / 1e3) ** 2 * np.maximum(np.cos(np.radians(lat)), 1e-3)
    density = np.zeros(shape)
    cells = (
        ((at[:, 0] - origin[0]) / step).astype(int),
        (((at[:, 1] - origin[1]) % 360.0) / step).astype(int),
    )
    np.add.at(density, cells, [s.people for s in scenario.settlements])
    density /= area_km2[:, None]
    grid = unit_vectors(*(a.ravel() for a in np.meshgrid(np.minimum(lat, 90.0), lon, indexing="ij")))
    chord, nearest = cKDTree(vectors(at)).query(grid)
    zone = np.where(chord * earth_radius_m < 100e3, zone_of[nearest], -1).reshape(shape)
    return {"fall_origin": origin, "fall_step": step, "fall_density": density, "fall_zone": zone.astype(np.int64)}


def _raster_of(ground: Ground) -> dict:
    """The raster of people that another ground has."""
    return {name: getattr(ground, name) for name in ("fall_origin", "fall_step", "fall_density", "fall_zone")}


def _narrowest_span(longitudes: np.ndarray) -> tuple[float, float]:
    """West end and width, degrees, of the narrowest span that holds all longitudes (it may cross the date line)."""
    sorted_lon = np.sort(np.unique(longitudes % 360.0))
    gaps = np.diff(np.concatenate([sorted_lon, [sorted_lon[0] + 360.0]]))
    widest = int(np.argmax(gaps))
    return float(sorted_lon[(widest + 1) % len(sorted_lon)]), float(360.0 - gaps[widest])
