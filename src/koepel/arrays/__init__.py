"""The one bridge from objects to arrays: a scenario becomes the `Setup` that the kernels read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.setup import Figures, Rules, Setup, Types
from koepel.arrays.book import Book, name_keys, vectors
from koepel.arrays.defence import defence_arrays
from koepel.arrays.ground import ground_arrays, zones_of
from koepel.arrays.pattern import fixed_threats, pattern_arrays, pattern_rows
from koepel.catalogue import Catalogue
from koepel.geo import lat_lon, sphere_radius_m
from koepel.scenario import Scenario
from koepel.units import Interval

NOT_GIVEN = Interval(-1.0, -1.0)  # a figure that another one stands in for


@dataclass(frozen=True, eq=False)
class ScenarioArrays:
    """A scenario as read-only arrays, and the names of their rows.

    Attributes
    ----------
    setup
        What the kernels read.
    types, effectors, magazines, sensors, zones, places
        Names of the rows; a magazine is (fire unit, effector). Places are settlements, then assets.
    threats
        Names of the threats with given routes.
    figures
        Names of the uncertain figures, in the order of the flat vector.
    """

    setup: Setup
    types: tuple[str, ...]
    threats: tuple[str, ...]
    effectors: tuple[str, ...]
    units: tuple[str, ...]
    magazines: tuple[tuple[str, str], ...]
    sensors: tuple[str, ...]
    zones: tuple[str, ...]
    places: tuple[str, ...]
    figures: tuple[str, ...]


def scenario_arrays(
    scenario: Scenario,
    *,
    plain: bool = False,
    doubt: bool = True,
    fielded: bool = False,
    like: tuple[Scenario, ScenarioArrays] | None = None,
) -> ScenarioArrays:
    """Translate a checked scenario.

    Parameters
    ----------
    plain
        Plain rules: no sensors, sharing, soft kill, reload or horizon; see `koepel.simulate.simulate`.
    doubt
        Draw the figures from their intervals; else use their middles.
    fielded
        With the fire units that the supply side has still to field; a night on its own has them not.
    like
        A scenario that may differ in its defence alone, and its arrays under the same rules: the raids and the people
        are taken from there, which is most of the work. The answer is the same with it and without.
    """
    if not fielded:
        scenario = _in_service(scenario)
    catalogue = scenario.catalogue()
    books = {
        "threats": Book(c.THREAT, "threats"),
        "effectors": Book(c.EFFECTOR, "effectors"),
        "units": Book(c.UNIT, "fire_units"),
        "magazines": Book(c.MAGAZINE, "magazines"),
        "sensors": Book(c.SENSOR, "sensors"),
        "general": Book(c.GENERAL, "general"),
        "groups": Book(("high_share",), "groups"),
        "near": Book(c.NEAR, "near"),
    }
    for name in threat_types(scenario):
        books["threats"].row(name, catalogue.threats[name].figure)
    _general(books["general"], scenario)
    zones, zone_of = zones_of(scenario)
    places_xyz = vectors([s.at for s in scenario.settlements] + _asset_places(scenario))
    earth_radius_m = sphere_radius_m(_middle_latitude(scenario))
    defence, circles, names = defence_arrays(scenario, catalogue, books)
    types = _types(books["threats"], catalogue)
    shared = _shared(scenario, earth_radius_m, like)
    if shared is None:
        pattern = pattern_arrays(scenario, books, types.group, places_xyz, zone_of, earth_radius_m)
    else:
        pattern = shared.pattern
        pattern_rows(scenario, books)
    raster = shared.ground if shared else None
    ground = ground_arrays(scenario, circles, zones, zone_of, places_xyz, earth_radius_m, raster)
    defence = defence._replace(value_usd=_values(types, books["threats"]))
    rules = Rules(c.RULES.index(scenario.defence.rule), scenario.defence.sufficient, plain, doubt)
    setup = Setup(_figures(books), types, defence, ground, pattern, rules)
    return ScenarioArrays(
        setup=setup,
        types=tuple(books["threats"].rows),
        threats=tuple(threat.name for threat in fixed_threats(scenario)),
        effectors=tuple(books["effectors"].rows),
        zones=tuple(zones),
        places=tuple(s.name for s in scenario.settlements) + tuple(a.name for a in scenario.assets),
        figures=tuple(name for book in books.values() for name in book.names),
        **names,
    )


def _shared(
    scenario: Scenario, earth_radius_m: float, like: tuple[Scenario, ScenarioArrays] | None
) -> Setup | None:
    """The arrays of another scenario, if raids and people are the very same and lie on a sphere of the same size."""
    if like is None or like[1].setup.ground.earth_radius_m != earth_radius_m:
        return None
    names = ("types", "settlements", "assets", "raid", "pattern")
    return like[1].setup if all(getattr(scenario, name) is getattr(like[0], name) for name in names) else None


def _in_service(scenario: Scenario) -> Scenario:
    """The scenario without the fire units that are not there yet."""
    fielding = scenario.supply.to_field if scenario.supply else ()
    coming = {name for one in fielding for name in one.fire_units}
    if not coming:
        return scenario
    there = tuple(unit for unit in scenario.defence.fire_units if unit.name not in coming)
    return scenario.model_copy(update={"defence": scenario.defence.model_copy(update={"fire_units": there})})


def threat_types(scenario: Scenario) -> tuple[str, ...]:
    """Names of the threat types that may come, in order of first mention."""
    if scenario.raid is not None:
        return tuple(dict.fromkeys(threat.type for threat in scenario.raid.threats))
    groups = scenario.pattern.groups if scenario.pattern else ()
    return tuple(dict.fromkeys(name for group in groups for name in group.types))


def _figures(books: dict[str, Book]) -> Figures:
    sizes = [len(book.figures) for book in books.values()]
    every = [figure for book in books.values() for figure in book.figures]
    names = [name for book in books.values() for name in book.names]
    return Figures(
        np.array([figure.low for figure in every], float),
        np.array([figure.high for figure in every], float),
        name_keys(names),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )


def _general(book: Book, scenario: Scenario) -> None:
    sections = (scenario.weather, scenario.doubt, scenario.observation, scenario.people, scenario.defence)

    def figure(column: str) -> Interval:
        given = next(getattr(section, column) for section in sections if hasattr(section, column))
        return NOT_GIVEN if given is None else given

    book.row("", figure)


def _types(book: Book, catalogue: Catalogue) -> Types:
    every = [catalogue.threats[name] for name in book.rows]
    return Types(
        np.array([c.CLASSES.index(t.word("class")) for t in every], np.int64),
        np.array([c.KINDS.index(t.word("kind")) for t in every], np.int64),
        np.array([c.SIZES.index(t.word("size")) for t in every], np.int64),
        np.array([t.figure("terminal_only").middle > 0.5 for t in every], bool),
    )


def _values(types: Types, book: Book) -> np.ndarray:
    """What a track of each kind is believed to threaten: the largest expected damage among its types."""
    value = np.zeros(len(c.KINDS))
    at = c.THREAT.index("damage_usd")
    for row, kind in enumerate(types.kind):
        value[kind] = max(value[kind], book.figures[row * len(c.THREAT) + at].middle)
    return value


def _asset_places(scenario: Scenario) -> list:
    at = {settlement.name: settlement.at for settlement in scenario.settlements}
    return [at[asset.settlement] for asset in scenario.assets]


def _middle_latitude(scenario: Scenario) -> float:
    """Middle of all latitudes that the scenario names; the sphere's radius is that of this latitude."""
    latitudes = [s.at[0] for s in scenario.settlements]
    latitudes += [u.at[0] for u in (*scenario.defence.fire_units, *scenario.defence.sensors)]
    if scenario.raid is not None:
        latitudes += [point[0] for threat in scenario.raid.threats for point in threat.route]
    if scenario.pattern is not None:
        latitudes += [area.at[0] for area in scenario.pattern.launch_areas]
    return 0.5 * (min(latitudes) + max(latitudes)) if latitudes else 0.0


def place_lat_lon(arrays: ScenarioArrays) -> np.ndarray:
    """Latitude and longitude of each place, degrees. Shape (places, 2)."""
    return lat_lon(arrays.setup.pattern.aim_xyz)
