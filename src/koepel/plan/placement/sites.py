"""Where fire units may stand: points of a grid among the settlements, and where units stand now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from koepel.arrays.book import vectors
from koepel.defence import FireUnit
from koepel.errors import PlanError, UsageError
from koepel.geo import nearest
from koepel.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Sites:
    """Candidate sites.

    Attributes
    ----------
    at
        Latitude and longitude, degrees. Shape (n, 2).
    allowed
        Whether a unit may be put there: not in a forbidden region. Shape (n,).
    present
        Site of each fire unit today, by its name.
    conflicts
        Pairs of sites that stand too near each other to be used both. Shape (pairs, 2).
    """

    at: np.ndarray
    allowed: np.ndarray
    present: dict[str, int]
    conflicts: np.ndarray

    def __len__(self) -> int:
        return len(self.at)

    @property
    def xyz(self) -> np.ndarray:
        """Unit vectors. Shape (n, 3)."""
        return vectors(self.at)


def candidate_sites(
    scenario: Scenario,
    units: Iterable[FireUnit],
    *,
    grid_deg: float = 0.4,
    spacing_m: float = 0.0,
    forbidden: Iterable[str] = (),
    given: Iterable[tuple[float, float]] | None = None,
    radius_m: float = 6.371e6,
) -> Sites:
    """The sites of a scenario.

    Parameters
    ----------
    units
        Fire units whose present places are sites as well.
    grid_deg
        Step of the grid in latitude and in longitude; its points are whole multiples of it.
    spacing_m
        Sites that are used are at least so far apart; several units may share one.
    forbidden
        Regions of settlements; a site belongs to the region of the nearest settlement.
    given
        Latitude and longitude of the sites, in place of the grid.
    radius_m
        The sphere's radius.

    Raises
    ------
    UsageError
        For a grid, a spacing or a region that makes no sense.
    PlanError
        If no site is left.

    Examples
    --------
    >>> scenario = Scenario.read("small-country")
    >>> sites = candidate_sites(scenario, scenario.defence.fire_units, grid_deg=0.25, forbidden=["North"])
    >>> len(sites), int(sites.allowed.sum())
    (28, 21)
    """
    units, forbidden = tuple(units), tuple(forbidden)
    regions = sorted({s.region for s in scenario.settlements if s.region})
    if not 0.02 <= grid_deg <= 5:
        raise UsageError(f"grid_deg: found {grid_deg}; give 0.02 to 5 degrees")
    if not 0 <= spacing_m <= 1e6:
        raise UsageError(f"spacing_m: found {spacing_m}; give 0 to 1,000,000 metres")
    for region in forbidden:
        if region not in regions:
            raise UsageError(f"forbidden: no region {region!r}; the regions are {', '.join(regions) or 'none'}")
    settled = np.array([s.at for s in scenario.settlements], float).reshape(-1, 2)
    points = _grid(settled, grid_deg) if given is None else _given(given)
    at, present = _with_present(points, units)
    allowed = np.ones(len(at), bool)
    if forbidden and len(at):
        of = np.array([s.region for s in scenario.settlements])[nearest(settled, at)]
        allowed = ~np.isin(of, forbidden)
    if not allowed.any():
        raise PlanError("sites: none is left; give a smaller grid_deg, or forbid fewer regions")
    return Sites(at, allowed, present, _too_near(at, spacing_m / radius_m))


def _given(sites: Iterable[tuple[float, float]]) -> np.ndarray:
    """Sites that were named, each once. Shape (n, 2)."""
    points = np.array(list(sites), float).reshape(-1, 2)
    beyond = ~(np.abs(points) <= (90.0, 180.0)).all(axis=1)
    if beyond.any():
        found = points[beyond][0].tolist()
        raise UsageError(f"sites: found {found}; give latitude -90 to 90 and longitude -180 to 180 degrees")
    return np.array(list(dict.fromkeys(map(tuple, points.tolist()))), float).reshape(-1, 2)


def _grid(settled: np.ndarray, step: float) -> np.ndarray:
    """Points of the grid within the hull of the settlements. Shape (n, 2)."""
    from scipy.spatial import Delaunay, QhullError

    if len(settled) < 3:
        return np.empty((0, 2))
    try:
        hull = Delaunay(settled)
    except QhullError:  # all on one line
        return np.empty((0, 2))
    low, high = np.ceil(settled.min(axis=0) / step - 1e-9), np.floor(settled.max(axis=0) / step + 1e-9)
    axes = [np.arange(a, b + 0.5) * step for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2).round(9)
    return points[hull.find_simplex(points) >= 0]


def _with_present(grid: np.ndarray, units: tuple[FireUnit, ...]) -> tuple[np.ndarray, dict[str, int]]:
    """Points of the grid, then the present places that are none of them; and the site of each unit."""
    row = {tuple(point): k for k, point in enumerate(grid.tolist())}
    present = {unit.name: row.setdefault((float(unit.at[0]), float(unit.at[1])), len(row)) for unit in units}
    return np.array(list(row), float).reshape(-1, 2), present


def _too_near(at: np.ndarray, arc: float) -> np.ndarray:
    """Pairs of sites nearer than an arc. Shape (pairs, 2)."""
    from scipy.spatial import cKDTree

    if arc <= 0 or len(at) < 2:
        return np.empty((0, 2), np.int64)
    chord = 2 * np.sin(min(arc, np.pi) / 2)
    return np.sort(cKDTree(vectors(at)).query_pairs(chord * (1 - 1e-9), output_type="ndarray"), axis=1)
