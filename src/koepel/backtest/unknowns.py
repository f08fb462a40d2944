"""What is fitted to the recorded nights: families of uncertain figures, each moved within its own intervals.

The place of a family in the intervals of its figures, 0 at the low ends and 1 at the high ends, is one unknown. Before
any night is seen it is uniform. So the prior is the scenario's own intervals and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from koepel._kernel.columns import CLASSES
from koepel._kernel.setup import Figures
from koepel.stage import Stage

SHORT_RANGE, MISSILES = ("gun", "team", "drone"), ("missile", "fighter")
KINDS = {"drone": ("drone", "jet_drone", "decoy"), "cruise": ("cruise",), "ballistic": ("ballistic",)}
ALL = tuple(KINDS)


@dataclass(frozen=True, eq=False)
class Unknown:
    """One family of figures.

    Attributes
    ----------
    classes
        Threat classes whose nights it moves.
    rows
        Rows of its figures in the flat vector of figures.
    days
        How long it stays where it was: its correlation over t days is exp(-t / days).
    """

    name: str
    classes: tuple[str, ...]
    rows: np.ndarray
    days: float


# How long a family stays where it was, days: where raids go changes soonest. Of some twenty pairs tried, none did
# better by more than chance on July to December 2023 and October 2024 to July 2025 together.
AIMS_D, REST_D = 150.0, 2000.0


def unknowns_of(stage: Stage) -> tuple[Unknown, ...]:
    """All families of a stage that have at least one figure with an interval."""
    at = {name: row for row, name in enumerate(stage.arrays.figures)}
    figures, found = stage.arrays.setup.figures, []
    for name, classes, days, members in _families(stage):
        rows = np.array([at[one] for one in members if one in at], np.int64)
        rows = rows[figures.high[rows] > figures.low[rows]]
        if len(rows):
            found.append(Unknown(name, classes, rows, days))
    return tuple(found)


def _families(stage: Stage) -> Iterator[tuple[str, tuple[str, ...], float, list[str]]]:
    """Name, classes, days and names of the figures of each family."""
    catalogue = stage.catalogue
    layer = {name: catalogue.effectors[name].word("layer") for name in stage.arrays.effectors}
    for threat_class, kinds in KINDS.items():
        for family, layers in (("short-range fire", SHORT_RANGE), ("missiles", MISSILES)):
            inside = [name for name in layer if layer[name] in layers]
            pk = [f"effectors.{name}.pk_{kind}" for name in inside for kind in kinds]
            yield f"{family} against {threat_class}", (threat_class,), REST_D, pk
    every = stage.arrays.figures
    yield "soft kill", ("drone",), REST_D, [name for name in every if name.endswith(".soft_kill_per_s")]
    yield "hearing", ("drone",), REST_D, [f"sensors.{name}.detect_per_m" for name in catalogue.sensors]
    catching = [name for name, unit in catalogue.fire_units.items() if _only_of_layer(unit, layer, "drone")]
    yield "interceptor drones in service", ("drone",), REST_D, [f"fire_units.{name}.availability" for name in catching]
    drones = [name for name in stage.arrays.types if catalogue_class(stage, name) == "drone"]
    yield "drones flying high", ("drone",), REST_D, [f"threats.{name}.high_share" for name in drones]
    for name in stage.arrays.types:
        if catalogue_class(stage, name) == "cruise":
            yield f"hardness of {name}", ("cruise",), REST_D, [f"threats.{name}.hardness"]
    missiles = [name for name in stage.arrays.types if catalogue_class(stage, name) in ("cruise", "ballistic")]
    failing = [f"threats.{name}.fail_share" for name in missiles]
    yield "missiles that fall by themselves", ("cruise", "ballistic"), REST_D, failing
    steep = [name for name, kind in catalogue.fire_units.items() if _stops_ballistic(catalogue, kind)]
    yield "ballistic defence in service", ("ballistic",), REST_D, [f"fire_units.{name}.availability" for name in steep]
    sides = ("footprint_along_m", "footprint_across_m", "footprint_offset_m")
    footprints = [f"effectors.{name}.{side}" for name in layer for side in sides]
    yield "footprints against ballistic", ("ballistic",), REST_D, footprints
    for (name, threat_class), groups in _aimed_alike(stage).items():
        for column, what, days in (
            ("share", "", AIMS_D),
            ("night_sd", ", by night", AIMS_D),
            ("size_power", ", by size", REST_D),
        ):
            yield f"{name} aimed near{what}", (threat_class,), days, [f"near.{group}.{column}" for group in groups]
    yield "decoys and fallen counted as neutralised", ALL, REST_D, ["general.decoys_counted", "general.fallen_counted"]
    yield "leakers not reported", ALL, REST_D, ["general.unreported"]
    yield "shock of a night, drones", ("drone",), REST_D, ["general.night_sd"]
    yield "shock of a night, missiles", ("cruise", "ballistic"), REST_D, ["general.missiles_night_sd"]


def _aimed_alike(stage: Stage) -> dict[tuple[str, str], list[str]]:
    """Groups whose share aimed near is one unknown: all drones, all ballistic missiles, each type of cruise missile."""
    alike: dict[tuple[str, str], list[str]] = {}
    for group, threat_class in zip(stage.groups, stage.class_of_group, strict=True):
        if group.near is not None and threat_class in KINDS:
            name = next(iter(group.types)) if threat_class == "cruise" else threat_class
            alike.setdefault((name, threat_class), []).append(group.name)
    return alike


def catalogue_class(stage: Stage, name: str) -> str:
    """Reporting class of a threat type of the stage."""
    return CLASSES[stage.class_of_type[stage.arrays.types.index(name)]]


def _stops_ballistic(catalogue, fire_unit) -> bool:
    return any(catalogue.effectors[name].figure("pk_ballistic").high > 0 for name in fire_unit.effectors)


def _only_of_layer(fire_unit, layer: dict[str, str], wanted: str) -> bool:
    return {layer.get(name) for name in fire_unit.effectors} == {wanted}


def figures_at(figures: Figures, unknowns: Sequence[Unknown], place: np.ndarray) -> Figures:
    """The figures with each family at a place in its intervals, and all others in the middle of theirs.

    What is not known is the same in every night: drawn anew for each, it would pass for what nights differ in.

    Parameters
    ----------
    place
        0 to 1. Shape (unknowns,).
    """
    values = 0.5 * (figures.low + figures.high)
    for unknown, share in zip(unknowns, place, strict=True):
        low, high = figures.low[unknown.rows], figures.high[unknown.rows]
        values[unknown.rows] = low + share * (high - low)
    return figures._replace(low=values, high=values.copy())
