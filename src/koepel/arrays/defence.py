"""Fire units, magazines and sensors as rows, and the circles round them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.setup import Defence
from koepel.arrays.book import Book, name_keys, vectors
from koepel.catalogue import Catalogue
from koepel.defence import FireUnit, Magazine
from koepel.scenario import Scenario
from koepel.units import Interval


@dataclass(frozen=True)
class Circle:
    """A circle round a site: what it belongs to, the row of its radius, and its largest reach."""

    xyz: np.ndarray
    kind: int
    owner: int
    of: tuple[int, int]
    reach_m: float


def _magazines_of(unit: FireUnit, catalogue: Catalogue) -> dict[str, Magazine]:
    return unit.magazines or {effector: Magazine() for effector in catalogue.fire_units[unit.type].effectors}


def _rounds(unit: FireUnit, effector: str, given: Magazine, catalogue: Catalogue):
    """Row name and figures of a magazine: the type's, or what the unit gives."""
    kind = catalogue.fire_units[unit.type]
    named = {"ready": given.ready, "reserve": given.reserve}

    def figure(column: str) -> Interval:
        if named[column] is not None:
            return Interval(named[column], named[column], "scenario")
        attribute = ("rounds:" if column == "ready" else "reserve:") + effector
        return kind.figure(attribute) if effector in kind.effectors else Interval(0, 0)

    marks = "".join(f" {key}={value}" for key, value in named.items() if value is not None)
    return f"{unit.type}:{effector}{marks}", figure


def defence_arrays(scenario: Scenario, catalogue: Catalogue, books: dict[str, Book]):
    """Fire units, magazines and sensors as rows, with their circles and names."""
    units, magazines, sensors, circles = [], [], [], []
    for sensor in scenario.defence.sensors:
        sensors.append((sensor.name, sensor.type, sensor.at))
    for u, unit in enumerate(scenario.defence.fire_units):
        kind = catalogue.fire_units[unit.type]
        row = books["units"].row(unit.type, kind.figure)
        own = -1
        if kind.word("sensor") not in ("", "none"):
            own = len(sensors)
            sensors.append((f"{unit.name}: sensor", kind.word("sensor"), unit.at))
        xyz, given = vectors([unit.at])[0], _magazines_of(unit, catalogue)
        units.append((unit.name, row, xyz, kind.figure("moves").middle > 0.5, own, len(given)))
        for effector, magazine in given.items():
            e = books["effectors"].row(effector, catalogue.effectors[effector].figure)
            jams = catalogue.effectors[effector].figure("soft_kill_per_s").high > 0
            m = books["magazines"].row(*_rounds(unit, effector, magazine, catalogue))
            site, owner = (c.JAMMER_SITE, u) if jams else (c.MAGAZINE_SITE, len(magazines))
            circles.append(Circle(xyz, site, owner, (e, row), _fire_reach_m(catalogue.effectors[effector])))
            magazines.append((u, m, e, unit.name, effector))
    for s, (_, name, at) in enumerate(sensors):
        row = books["sensors"].row(name, catalogue.sensors[name].figure)
        reach = max(catalogue.sensors[name].figure(f"range_{size}_m").high for size in c.SIZES)
        circles.append(Circle(vectors([at])[0], c.SENSOR_SITE, s, (row, 0), reach))
    names = {
        "units": tuple(unit[0] for unit in units),
        "magazines": tuple((m[3], m[4]) for m in magazines),
        "sensors": tuple(sensor[0] for sensor in sensors),
    }
    return _defence_rows(scenario, catalogue, books, units, magazines, sensors), circles, names


def _fire_reach_m(effector) -> float:
    figure = effector.figure
    footprint = figure("footprint_offset_m").high + max(
        figure("footprint_along_m").high, figure("footprint_across_m").high
    )
    return max(figure("range_max_m").high, footprint)


def _defence_rows(scenario, catalogue, books, units, magazines, sensors) -> Defence:
    def integers(values) -> np.ndarray:
        return np.array(list(values), np.int64)

    def flags(attribute: str) -> np.ndarray:
        rows = books["sensors"].rows
        return np.array([catalogue.sensors[name].figure(attribute).middle > 0.5 for name in rows], bool)

    salvo, looks, floor = _doctrine(scenario, catalogue, tuple(books["effectors"].rows))
    linger = scenario.defence.track_linger_s
    return Defence(
        unit_row=integers(unit[1] for unit in units),
        unit_xyz=np.array([unit[2] for unit in units], float).reshape(-1, 3),
        unit_key=name_keys(unit[0] for unit in units),
        unit_moves=np.array([unit[3] for unit in units], bool),
        unit_sensor=integers(unit[4] for unit in units),
        unit_magazines=integers(unit[5] for unit in units),
        magazine_unit=integers(m[0] for m in magazines),
        magazine_row=integers(m[1] for m in magazines),
        magazine_effector=integers(m[2] for m in magazines),
        magazine_key=name_keys(f"{m[3]}|{m[4]}" for m in magazines),
        sensor_row=integers(books["sensors"].rows[sensor[1]] for sensor in sensors),
        sensor_key=name_keys(f"sensor|{sensor[0]}" for sensor in sensors),
        sensor_shared=flags("shared"),
        sensor_acoustic=flags("acoustic"),
        sensor_classifies=flags("classifies"),
        salvo=salvo,
        looks=looks,
        floor=floor,
        value_usd=np.zeros(len(c.KINDS)),
        linger_s=np.array([linger.low, linger.high]),
    )


def _doctrine(scenario: Scenario, catalogue: Catalogue, effectors: tuple[str, ...]):
    """Salvo, looks and the share of rounds that must remain, each of shape (effectors, kinds)."""
    shape = (len(effectors), len(c.KINDS))
    salvo, looks, floor = np.ones(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
    for e, name in enumerate(effectors):
        figure = catalogue.effectors[name].figure
        for k, kind in enumerate(c.KINDS):
            steep = kind in ("ballistic", "supersonic")
            salvo[e, k] = round(figure("salvo_terminal" if steep else "salvo").middle)
            looks[e, k] = round(figure("looks").middle)
            doctrine = scenario.defence.doctrine.get(name, {}).get(kind)
            if doctrine is not None:
                salvo[e, k], looks[e, k] = doctrine.salvo, doctrine.looks
            floor[e, k] = scenario.defence.policy.get(name, {}).get(kind, 0.0)
    return np.maximum(salvo, 1), looks, floor
