"""Where systems stand: two crude rules, both snapped to half a degree. Every place they give is notional."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pandas as pd
from ukraine.counts import Count

from koepel.geo import distance_m, sphere_radius_m

NO_PLACEMENT = ("Crimea", "Sevastopol", "Luhansk", "Donetsk")  # crude: parts of Donetsk are held, parts of others not
RADIUS_M = float(sphere_radius_m(48.5))
NEAR_M = 75e3
WEST_OF, WEST_WEIGHT = 27.0, 0.5  # thinner in the west
MOST_M = 40e3  # a grid point counts where a settlement is this near


def held(places: pd.DataFrame) -> pd.DataFrame:
    """Settlements of the oblasts in which systems are placed."""
    return places[~places.region.isin(NO_PLACEMENT)].reset_index(drop=True)


def half_degree(value):
    """Snapped to half a degree."""
    return np.round(np.asarray(value, float) * 2) / 2


def placed(counts: tuple[Count, ...], places: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Name, type, latitude and longitude of every system."""
    rows: list[tuple[str, str, float, float]] = []
    for layer in dict.fromkeys(count.layer for count in counts):
        ours = [count for count in counts if count.layer == layer]
        rule, _, reach_km = layer.partition(":")
        if reach_km:
            for count in ours:
                rows += _named(count, by_grid(places, count.number, 1e3 * float(reach_km), rule == "even"))
        else:
            spots = iter(by_people(held(places), sum(count.number for count in ours)))
            for count in ours:
                rows += _named(count, islice(spots, count.number))
    return rows


def _named(count: Count, spots) -> list[tuple[str, str, float, float]]:
    return [
        (f"{count.type} {k}", count.type, float(lat), float(lon)) for k, (lat, lon) in enumerate(spots, count.first)
    ]


def by_people(towns: pd.DataFrame, number: int) -> list[tuple[float, float]]:
    """One after the other to the settlement with the most people for each system there, itself counted (D'Hondt)."""
    people, systems, spots = towns.people.to_numpy(float), np.ones(len(towns)), []
    for _ in range(number):
        at = int(np.argmax(people / systems))
        systems[at] += 1
        spots.append((half_degree(towns.lat[at]), half_degree(towns.lon[at])))
    return spots


def by_grid(places: pd.DataFrame, number: int, reach_m: float, even: bool) -> list[tuple[float, float]]:
    """One after the other to the half-degree point with the largest weight for each system near it, itself counted.

    The weight is the square root of the people within 75 km, half of that west of 27 E; with ``even`` it is 1, and
    half west of 27 E. A system counts fully at its own point and less with distance, nothing from twice
    ``reach_m`` on. A point takes no two of a type before all have one.
    """
    points, weight = _grid(places, even)
    away_m = distance_m(points[:, None, :], points[None, :, :], RADIUS_M)
    near, taken, spots = np.ones(len(points)), np.zeros(len(points)), []
    for _ in range(number):
        at = int(np.argmax(np.where(taken == taken.min(), weight / near, -1.0)))
        near += np.maximum(0.0, 1.0 - away_m[at] / (2.0 * reach_m))
        taken[at] += 1
        spots.append(tuple(points[at]))
    return spots


def _grid(places: pd.DataFrame, even: bool) -> tuple[np.ndarray, np.ndarray]:
    """Half-degree points of the held country and their weights; a point belongs to the settlement nearest to it."""
    lat, lon = np.meshgrid(np.arange(44.0, 53.0, 0.5), np.arange(22.0, 40.5, 0.5), indexing="ij")
    points = np.column_stack([lat.ravel(), lon.ravel()])
    away_m = distance_m(points[:, None, :], places[["lat", "lon"]].to_numpy()[None, :, :], RADIUS_M)
    nearest = away_m.argmin(axis=1)
    ours = (away_m.min(axis=1) < MOST_M) & ~places.region.isin(NO_PLACEMENT).to_numpy()[nearest]
    people = (away_m < NEAR_M) @ places.people.to_numpy(float)
    weight = (np.ones(len(points)) if even else np.sqrt(people)) * np.where(points[:, 1] < WEST_OF, WEST_WEIGHT, 1.0)
    return points[ours], weight[ours]
