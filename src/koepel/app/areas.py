"""The areas by which risk is shown: the regions of a known outline, else cells of at least 25 km."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from koepel.countries import land_of, outline_of
from koepel.geo import EARTH_MEAN_RADIUS_M
from koepel.report.country import LEAST_CELL_KM
from koepel.scenario import Scenario

KM_PER_DEGREE = math.pi / 180 * EARTH_MEAN_RADIUS_M / 1e3
MOST_CELLS = 2500
_CODE = re.compile(r"[A-Z]{2}(\..+)?")


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas of a country, and which place lies in which.

    Attributes
    ----------
    names
        Of the regions; of a cell its row and column.
    rings
        Of each area, each ring (n, 2) longitude and latitude, degrees.
    of_place
        Area of each settlement and then of each asset, -1 for none. Shape (places,).
    cell_km
        Least width of a cell; None for regions.
    """

    names: tuple[str, ...]
    rings: tuple[tuple[np.ndarray, ...], ...]
    of_place: np.ndarray
    cell_km: float | None

    def sums(self, by_place: np.ndarray) -> np.ndarray:
        """Sums over the places of each area, along the last axis. Shape (..., areas)."""
        rows = by_place.reshape(-1, by_place.shape[-1])
        sums = np.zeros((len(rows), len(self.names)))
        row, place = np.nonzero(rows)  # few places are hit in a night
        row, place = (one[self.of_place[place] >= 0] for one in (row, place))
        np.add.at(sums, (row, self.of_place[place]), rows[row, place])
        return sums.reshape(*by_place.shape[:-1], len(self.names))


@lru_cache(maxsize=8)
def _cells(places: tuple[tuple[float, float], ...]) -> tuple:
    """Name and ring of every cell that holds a place, and the cell of each place."""
    at = np.array(places, float).reshape(-1, 2)
    grid = CellGrid.round(at)
    cells = grid.cell_of(at)
    kept, of_place = np.unique(cells, axis=0, return_inverse=True)
    return tuple(f"{row}-{col}" for row, col in kept), tuple((grid.ring(*cell),) for cell in kept), of_place.ravel()


@dataclass(frozen=True)
class CellGrid:
    """Cells of whole degrees' parts, nowhere narrower than `LEAST_CELL_KM`.

    Attributes
    ----------
    south, west, high, wide
        Corner of the first cell, and the size of a cell, degrees.
    """

    south: float
    west: float
    high: float
    wide: float

    @classmethod
    def round(cls, at: np.ndarray, margin_km: float = 0.0) -> CellGrid:
        """The grid for places; the cells grow where there would be too many."""
        low, high = at.min(axis=0), at.max(axis=0)
        narrowest = max(math.cos(math.radians(min(89.0, max(abs(low[0]), abs(high[0])) + margin_km / 100))), 0.02)
        span_km = (high - low) * KM_PER_DEGREE * [1.0, narrowest] + 2 * margin_km
        km = max(LEAST_CELL_KM, math.sqrt(float(np.prod(np.maximum(span_km, LEAST_CELL_KM))) / MOST_CELLS))
        tall, wide = km / KM_PER_DEGREE, km / KM_PER_DEGREE / narrowest
        margin = margin_km / KM_PER_DEGREE
        return cls(float(low[0]) - margin - tall / 2, float(low[1]) - margin / narrowest - wide / 2, tall, wide)

    def cell_of(self, at: np.ndarray) -> np.ndarray:
        """Row and column of places. Shape (n, 2)."""
        return np.floor((at - [self.south, self.west]) / [self.high, self.wide]).astype(int)

    def ring(self, row: int, col: int) -> np.ndarray:
        """The corners of a cell, longitude and latitude."""
        south, west = self.south + row * self.high, self.west + col * self.wide
        north, east = south + self.high, west + self.wide
        return np.array([[west, south], [east, south], [east, north], [west, north], [west, south]])

    def middles(self, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column, and middle, of every cell up to a corner. Shapes (n, 2), (n, 2)."""
        rows, cols = self.cell_of(high.reshape(1, 2))[0] + 1
        index = np.stack(np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij"), axis=-1).reshape(-1, 2)
        return index, (index + 0.5) * [self.high, self.wide] + [self.south, self.west]


def land_round(scenario: Scenario) -> list[list[list[float]]]:
    """The country's coast and borders, longitude and latitude, where most regions are codes of one, as ``NL.07``."""
    codes = Counter(place.region[:2] for place in scenario.settlements if _CODE.fullmatch(place.region))
    if not codes or codes.most_common(1)[0][1] < 0.5 * len(scenario.settlements):
        return []
    return [ring[:, ::-1].round(2).tolist() for ring in land_of(codes.most_common(1)[0][0])]


def areas_of(scenario: Scenario) -> Areas:
    """The areas of a scenario's country."""
    at = {settlement.name: settlement for settlement in scenario.settlements}
    every = [*scenario.settlements, *(at[asset.settlement] for asset in scenario.assets)]
    outline = outline_of(scenario)
    if outline:
        rows = {region.name: row for row, region in enumerate(outline)}
        of_place = np.array([rows.get(place.region, -1) for place in every], int)
        rings = tuple(tuple(ring[:, ::-1] for ring in region.rings) for region in outline)
        return Areas(tuple(rows), rings, of_place, None)
    if not every:
        return Areas((), (), np.zeros(0, int), LEAST_CELL_KM)
    names, rings, of_place = _cells(tuple(tuple(place.at) for place in every))
    return Areas(names, rings, of_place, LEAST_CELL_KM)
