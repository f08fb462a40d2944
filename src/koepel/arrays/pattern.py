"""The raid pattern, or the raid with given routes, as arrays."""

from __future__ import annotations

import numpy as np

from koepel._kernel.setup import Pattern
from koepel.arrays.book import Book, name_keys, vectors
from koepel.raid import Threat
from koepel.scenario import Scenario

NEAR_PLACE_M = 30e3  # a given route that ends this near a place is aimed at it


def _cumulative(weights: np.ndarray) -> np.ndarray:
    """Cumulative shares along the last axis; rows that sum to zero stay zero."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.cumsum(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0), axis=-1)


def pattern_arrays(scenario: Scenario, books, classes, places_xyz, zone_of, earth_radius_m: float) -> Pattern:
    """Groups, launch areas and aim places; or threats with their routes.

    Parameters
    ----------
    classes
        Reporting class of each threat type. Shape (T,).
    """
    areas = scenario.pattern.launch_areas if scenario.pattern else ()
    groups = scenario.pattern.groups if scenario.pattern else ()
    types = list(books["threats"].rows)
    area_names = [area.name for area in areas]
    area_xyz = vectors([area.at for area in areas])
    people = np.array([s.people for s in scenario.settlements] + [0.0] * len(scenario.assets), float)
    value = np.array([-1.0] * len(scenario.settlements) + [a.value_usd.middle for a in scenario.assets], float)
    nearer = [g for g, group in enumerate(groups) if group.near is not None]
    aimed = [(group, group.aim) for group in groups] + [(groups[g], groups[g].near.aim) for g in nearer]
    aims = np.zeros((len(aimed), len(areas), len(people)))
    for row, (group, aim) in enumerate(aimed):
        for name in group.launch:
            area = area_names.index(name)
            aims[row, area] = _aim_weights(scenario, aim, places_xyz, area_xyz[area], value, earth_radius_m)
    types_of = _weights([group.types for group in groups], types)
    return Pattern(
        group_key=name_keys(group.name for group in groups),
        count=np.array([_count_row(group.count) for group in groups], float).reshape(-1, 6),
        type_cum=_cumulative(types_of),
        launch_cum=_cumulative(_weights([group.launch for group in groups], area_names)),
        area_xyz=area_xyz,
        area_radius=np.array([area.radius_m / earth_radius_m for area in areas], float),
        aim_cum=_cumulative(aims),
        aim_scatter=np.array([aim.scatter_m / earth_radius_m for _, aim in aimed], float),
        aim_points=np.array([one.aim_points or 0 for one in (*groups, *(groups[g].near for g in nearer))], np.int64),
        near_aim=np.array([len(groups) + nearer.index(g) if g in nearer else -1 for g in range(len(groups))], np.int64),
        near_row=np.array([_near_row(group, books["near"]) for group in groups], np.int64),
        near_size=np.array([group.near.size if group.near else 1.0 for group in groups], float),
        near_others=np.array([group.near.others_count_as if group.near else 0.0 for group in groups], float),
        group_class=np.array([classes[row.argmax()] for row in types_of], np.int64),
        wave=np.array([_wave_row(group.waves) for group in groups], float).reshape(-1, 5),
        family_cum=_cumulative(
            np.array([[r.routes.direct, r.routes.dog_leg, r.routes.wandering] for r in groups], float).reshape(-1, 3)
        ),
        detour=np.array([group.routes.detour for group in groups], float),
        high_share_row=np.array([_high_share_row(group, books["groups"]) for group in groups], np.int64),
        aim_xyz=places_xyz,
        aim_people=people,
        aim_value_usd=value,
        aim_zone=zone_of,
        **_fixed_raid(scenario, types, places_xyz, earth_radius_m),
    )


def pattern_rows(scenario: Scenario, books) -> None:
    """Collect the uncertain figures of the groups, as `pattern_arrays` does on its way."""
    for group in scenario.pattern.groups if scenario.pattern else ():
        _near_row(group, books["near"])
        _high_share_row(group, books["groups"])


def _weights(maps: list[dict[str, float]], names: list[str]) -> np.ndarray:
    table = [[weights.get(name, 0.0) for name in names] for weights in maps]
    return np.array(table, float).reshape(len(maps), len(names))


def _count_row(count) -> tuple[float, ...]:
    fixed = -1.0 if count.fixed is None else float(count.fixed)
    return fixed, count.chance, count.median, count.spread, count.loading, float(count.most)


def _wave_row(waves) -> tuple[float, ...]:
    return float(waves.count), waves.start_s, waves.every_s, waves.spread_s, float(waves.together)


def _high_share_row(group, book: Book) -> int:
    return -1 if group.high_share is None else book.row(group.name, lambda _: group.high_share)


def _near_row(group, book: Book) -> int:
    return -1 if group.near is None else book.row(group.name, lambda column: getattr(group.near, column))


def _aim_weights(scenario, aim, places_xyz, area_xyz, value, earth_radius_m) -> np.ndarray:
    """Weights of all places for one group from one launch area; see `koepel.raid.Aim`."""
    n = len(scenario.settlements)
    weights = np.zeros(len(value))
    if n:
        people = np.array([s.people for s in scenario.settlements], float)
        region = np.array([aim.regions.get(s.region, aim.elsewhere) for s in scenario.settlements], float)
        weights[:n] = np.where(people >= aim.least_people, people**aim.people_power * region, 0.0)
        if aim.reach_m is not None:
            away_m = np.arccos(np.clip(places_xyz[:n] @ area_xyz, -1, 1)) * earth_radius_m
            weights[:n] *= np.exp(-(away_m - away_m.min()) / aim.reach_m)
        weights[:n] /= weights[:n].sum() or 1.0
    if len(value) > n and aim.assets_share > 0:
        weights[:n] *= 1 - aim.assets_share
        weights[n:] = value[n:] / value[n:].sum() * aim.assets_share
    return weights


def fixed_threats(scenario: Scenario) -> tuple[Threat, ...]:
    """Threats with given routes, in order of their start: what happens at one time lies together."""
    return tuple(sorted(scenario.raid.threats, key=lambda threat: threat.start_s)) if scenario.raid else ()


def _fixed_raid(scenario: Scenario, types: list[str], places_xyz: np.ndarray, earth_radius_m: float) -> dict:
    """Arrays of the threats with given routes."""
    threats = fixed_threats(scenario)
    sizes = [len(threat.route) for threat in threats]
    points = vectors([point for threat in threats for point in threat.route])
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    aims = np.full(len(threats), -1, np.int64)
    if len(threats) and len(places_xyz):
        from scipy.spatial import cKDTree

        chord, nearest = cKDTree(places_xyz).query(points[first[1:] - 1])
        aims = np.where(chord * earth_radius_m <= NEAR_PLACE_M, nearest, -1).astype(np.int64)
    return {
        "fixed_type": np.array([types.index(threat.type) for threat in threats], np.int64),
        "fixed_key": name_keys(threat.name for threat in threats),
        "fixed_start_s": np.array([threat.start_s for threat in threats], float),
        "fixed_aim": aims,
        "fixed_first": first,
        "fixed_xyz": points,
    }
