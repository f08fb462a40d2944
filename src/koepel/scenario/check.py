"""Faults between the fields of a scenario: names that lead nowhere, doubled names, weights of nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from koepel.geo import EARTH_MEAN_RADIUS_M, distance_m
from koepel.nouns import nearest_word
from koepel.scenario.check_supply import supply_remarks
from koepel.scenario.parts import Parts, unknown
from koepel.scenario.shape import Remark
from koepel.scenario.source import show

LONGEST_LEG_M = 9_000e3  # under a quarter of the globe, where a great circle is still told by its ends


def cross_remarks(parts: Parts) -> Iterator[Remark]:
    """Every fault between the fields of a scenario."""
    yield from _one_attack(parts)
    yield from _doubled_names(parts)
    yield from _assets(parts)
    yield from _types_of_things(parts)
    yield from _magazines(parts)
    yield from _rules_by_effector(parts)
    yield from _routes(parts)
    yield from _groups(parts)
    yield from supply_remarks(parts)


def _one_attack(parts: Parts) -> Iterator[Remark]:
    given = [key for key in ("raid", "pattern") if key in parts.data]
    if len(given) == 2:
        yield ("pattern",), "both 'raid' and 'pattern' are given", "keep one of the two"
    if not given:
        yield (
            (),
            "neither 'raid' nor 'pattern' is given",
            "add a pattern, or a raid ('raid: {threats: []}' for none)",
        )


def _doubled_names(parts: Parts) -> Iterator[Remark]:
    for path in (
        ("settlements",),
        ("assets",),
        ("defence", "sensors"),
        ("defence", "fire_units"),
        ("raid", "threats"),
        ("pattern", "launch_areas"),
        ("pattern", "groups"),
    ):
        yield from parts.doubled(*path)


def _assets(parts: Parts) -> Iterator[Remark]:
    settlements = parts.names("settlements")
    known = set(settlements)
    for here, asset in parts.entries("assets"):
        place = asset.get("settlement")
        if isinstance(place, str) and place not in known:
            mend = nearest_word(place, settlements) if settlements else "list the settlements first"
            yield (*here, "settlement"), f"no settlement {show(place)}", mend


def _types_of_things(parts: Parts) -> Iterator[Remark]:
    catalogue = parts.catalogue
    for path, kind, known in (
        (("defence", "sensors"), "sensor type", catalogue.sensors),
        (("defence", "fire_units"), "fire-unit type", catalogue.fire_units),
        (("raid", "threats"), "threat type", catalogue.threats),
    ):
        for here, entry in parts.entries(*path):
            yield from unknown((*here, "type"), entry.get("type"), kind, known)


def _magazines(parts: Parts) -> Iterator[Remark]:
    for here, unit in parts.entries("defence", "fire_units"):
        kind = parts.catalogue.fire_units.get(unit["type"]) if isinstance(unit.get("type"), str) else None
        for effector in parts.mapping(*here, "magazines"):
            path = (*here, "magazines", effector)
            if effector not in parts.catalogue.effectors:
                known = kind.effectors if kind else parts.catalogue.effectors
                yield path, f"no effector {show(effector)}", nearest_word(effector, known)
            elif kind and effector not in kind.effectors:
                yield (
                    path,
                    f"{kind.name} does not fire {show(effector)}",
                    "it fires " + ", ".join(kind.effectors),
                )


def _rules_by_effector(parts: Parts) -> Iterator[Remark]:
    for rule in ("policy", "doctrine"):
        for effector in parts.mapping("defence", rule):
            path = ("defence", rule, effector)
            yield from unknown(path, effector, "effector type", parts.catalogue.effectors)


def _routes(parts: Parts) -> Iterator[Remark]:
    """Legs that are too long; all legs of the raid are measured in one call."""
    paths, begins, ends = [], [], []
    for here, threat in parts.entries("raid", "threats"):
        route = threat.get("route")
        points = route if isinstance(route, list | tuple) else ()
        if all(_is_place(point) for point in points):
            paths += [(*here, "route", i) for i in range(1, len(points))]
            begins += points[:-1]
            ends += points[1:]
    if not paths:
        return
    for path, length_m in zip(paths, distance_m(begins, ends, EARTH_MEAN_RADIUS_M).tolist(), strict=True):
        if length_m > LONGEST_LEG_M:
            found = f"the leg to this point is {length_m / 1e3:.0f} km long"
            yield path, found, f"put points between, at most {LONGEST_LEG_M / 1e3:.0f} km apart"


def _is_place(point: Any) -> bool:
    return (
        isinstance(point, list | tuple)
        and len(point) == 2
        and all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) <= 360 for x in point)
    )


def _groups(parts: Parts) -> Iterator[Remark]:
    areas = parts.names("pattern", "launch_areas")
    regions = {entry.get("region") for _, entry in parts.entries("settlements")} - {None, ""}
    regions = {region for region in regions if isinstance(region, str)}
    for here, _ in parts.entries("pattern", "groups"):
        for threat in parts.mapping(*here, "types"):
            yield from unknown((*here, "types", threat), threat, "threat type", parts.catalogue.threats)
        for area in parts.mapping(*here, "launch"):
            yield from unknown((*here, "launch", area), area, "launch area", areas, "pattern.launch_areas")
        for region in parts.mapping(*here, "aim", "regions"):
            if region not in regions:
                mend = nearest_word(region, regions) if regions else "give settlements a region first"
                yield (*here, "aim", "regions", region), f"no settlement is in region {show(region)}", mend
        yield from _weights(parts, here)
        yield from _aim(parts, here)


def _weights(parts: Parts, here: tuple) -> Iterator[Remark]:
    """Weights of which none counts."""
    for field in ("types", "launch", "routes"):
        weights = parts.mapping(*here, field)
        values = [_figure(weights.get(k), 0.0) for k in weights if k != "detour"]
        if field == "routes":
            values.append(0.0 if "direct" in weights else 1.0)
        elif not weights:
            continue
        if math.fsum(abs(value) for value in values) == 0:
            yield (*here, field), "all weights are 0", "give at least one above 0"


def _aim(parts: Parts, here: tuple) -> Iterator[Remark]:
    """Whether there is something to aim at."""
    aim = parts.mapping(*here, "aim")
    share = _figure(aim.get("assets_share"), 0.0)
    if share > 0 and not parts.names("assets"):
        yield (*here, "aim", "assets_share"), "there are no assets", "add assets, or leave the share at 0"
    if share >= 1:
        return
    settlements = [place for _, place in parts.entries("settlements")]
    least = _figure(aim.get("least_people"), 0.0)
    power = _figure(aim.get("people_power"), 1.0)
    elsewhere = _figure(aim.get("elsewhere"), 1.0)
    regions = parts.mapping(*here, "aim", "regions")
    if not settlements:
        yield (*here, "aim"), "there are no settlements to aim at", "add settlements"
    elif not any(_figure(place.get("people"), 1.0) >= least for place in settlements):
        yield (*here, "aim", "least_people"), f"no settlement has {least:g} people", "lower it"
    elif not any(
        _figure(regions.get(place.get("region")), elsewhere) > 0
        and (power == 0 or _figure(place.get("people"), 1.0) > 0)
        for place in settlements
        if isinstance(place.get("region", ""), str) and _figure(place.get("people"), 1.0) >= least
    ):
        yield (
            (*here, "aim"),
            "every settlement has weight 0",
            "give a region, or 'elsewhere', a weight above 0",
        )


def _figure(value: Any, default: float) -> float:
    """A number; the default where there is none, or where it is another check's fault."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else default
