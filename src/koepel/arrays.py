"""The one bridge from objects to arrays: a scenario becomes the `Setup` that the kernels read."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np

from koepel._kernel import columns as c
from koepel._kernel.grid import build_grid
from koepel._kernel.setup import Defence, Figures, Ground, Pattern, Rules, Setup, Types
from koepel.catalogue import Catalogue
from koepel.defence import FireUnit, Magazine
from koepel.geo import lat_lon, sphere_radius_m, unit_vectors
from koepel.scenario import Scenario
from koepel.units import Interval

CELL_DEGREES = 0.1
NEAR_PLACE_M = 30e3  # a given route that ends this near a place is aimed at it


def name_key(name: str) -> int:
    """The 64-bit name under which something draws its luck.

    Examples
    --------
    >>> name_key("patriot north") == name_key("patriot north")
    True
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def name_keys(names) -> np.ndarray:
    """Keys of several names. Shape (n,), uint64."""
    return np.array([name_key(name) for name in names], np.uint64)


@dataclass(frozen=True, eq=False)
class ScenarioArrays:
    """A scenario as read-only arrays, and the names of their rows.

    Attributes
    ----------
    setup
        What the kernels read.
    types, effectors, magazines, sensors, zones, places
        Names of the rows; a magazine is (fire unit, effector). Places are settlements, then assets.
    figures
        Names of the uncertain figures, in the order of the flat vector.
    """

    setup: Setup
    types: tuple[str, ...]
    effectors: tuple[str, ...]
    units: tuple[str, ...]
    magazines: tuple[tuple[str, str], ...]
    sensors: tuple[str, ...]
    zones: tuple[str, ...]
    places: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass
class _Book:
    """Uncertain figures as they are collected: rows of one block, each named once."""

    columns: tuple[str, ...]
    prefix: str
    rows: dict[str, int] = field(default_factory=dict)
    figures: list[Interval] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def row(self, name: str, figure) -> int:
        """Row of a name; ``figure(column)`` gives its intervals when it is new."""
        if name not in self.rows:
            self.rows[name] = len(self.rows)
            for column in self.columns:
                self.figures.append(figure(column))
                self.names.append(f"{self.prefix}.{name}.{column}" if name else f"{self.prefix}.{column}")
        return self.rows[name]


@dataclass(frozen=True)
class _Circle:
    """A circle round a site: what it belongs to, the row of its radius, and its largest reach."""

    xyz: np.ndarray
    kind: int
    owner: int
    of: tuple[int, int]
    reach_m: float


def scenario_arrays(scenario: Scenario, *, plain: bool = False, doubt: bool = True) -> ScenarioArrays:
    """Translate a checked scenario.

    Parameters
    ----------
    plain
        Plain rules: no sensors, sharing, soft kill, reload or horizon; see `koepel.simulate.simulate`.
    doubt
        Draw the figures from their intervals; else use their middles.
    """
    catalogue = scenario.catalogue()
    books = {
        "threats": _Book(c.THREAT, "threats"),
        "effectors": _Book(c.EFFECTOR, "effectors"),
        "units": _Book(c.UNIT, "fire_units"),
        "magazines": _Book(c.MAGAZINE, "magazines"),
        "sensors": _Book(c.SENSOR, "sensors"),
        "general": _Book(c.GENERAL, "general"),
        "groups": _Book(("high_share",), "groups"),
    }
    for name in threat_types(scenario):
        books["threats"].row(name, catalogue.threats[name].figure)
    _general(books["general"], scenario)
    zones, zone_of = _zones(scenario)
    places_xyz = _vectors([s.at for s in scenario.settlements] + _asset_places(scenario))
    earth_radius_m = sphere_radius_m(_middle_latitude(scenario))
    defence, circles, names = _defence(scenario, catalogue, books)
    pattern = _pattern(scenario, books, places_xyz, zone_of, earth_radius_m)
    types = _types(books["threats"], catalogue)
    ground = _ground(scenario, circles, books["threats"], zones, zone_of, places_xyz, earth_radius_m)
    defence = defence._replace(value_usd=_values(types, books["threats"]))
    rules = Rules(c.RULES.index(scenario.defence.rule), scenario.defence.sufficient, plain, doubt)
    setup = Setup(_figures(books), types, defence, ground, pattern, rules)
    return ScenarioArrays(
        setup=setup,
        types=tuple(books["threats"].rows),
        effectors=tuple(books["effectors"].rows),
        zones=tuple(zones),
        places=tuple(s.name for s in scenario.settlements) + tuple(a.name for a in scenario.assets),
        figures=tuple(name for book in books.values() for name in book.names),
        **names,
    )


def threat_types(scenario: Scenario) -> tuple[str, ...]:
    """Names of the threat types that may come, in order of first mention."""
    if scenario.raid is not None:
        return tuple(dict.fromkeys(threat.type for threat in scenario.raid.threats))
    groups = scenario.pattern.groups if scenario.pattern else ()
    return tuple(dict.fromkeys(name for group in groups for name in group.types))


def _figures(books: dict[str, _Book]) -> Figures:
    sizes = [len(book.figures) for book in books.values()]
    every = [figure for book in books.values() for figure in book.figures]
    names = [name for book in books.values() for name in book.names]
    return Figures(
        np.array([figure.low for figure in every], float),
        np.array([figure.high for figure in every], float),
        name_keys(names),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )


def _general(book: _Book, scenario: Scenario) -> None:
    sections = (scenario.weather, scenario.doubt, scenario.observation, scenario.people, scenario.defence)

    def figure(column: str) -> Interval:
        return next(getattr(section, column) for section in sections if hasattr(section, column))

    book.row("", figure)


def _types(book: _Book, catalogue: Catalogue) -> Types:
    every = [catalogue.threats[name] for name in book.rows]
    return Types(
        np.array([c.CLASSES.index(t.word("class")) for t in every], np.int64),
        np.array([c.KINDS.index(t.word("kind")) for t in every], np.int64),
        np.array([c.SIZES.index(t.word("size")) for t in every], np.int64),
        np.array([t.figure("terminal_only").middle > 0.5 for t in every], bool),
    )


def _values(types: Types, book: _Book) -> np.ndarray:
    """What a track of each kind is believed to threaten: the largest expected damage among its types."""
    value = np.zeros(len(c.KINDS))
    at = c.THREAT.index("damage_usd")
    for row, kind in enumerate(types.kind):
        value[kind] = max(value[kind], book.figures[row * len(c.THREAT) + at].middle)
    return value


def _vectors(places) -> np.ndarray:
    places = np.array(places, float).reshape(-1, 2)
    return np.ascontiguousarray(unit_vectors(places[:, 0], places[:, 1]))


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


def _zone_name(settlement) -> str:
    """The region; where none is given, the square degree."""
    return settlement.region or f"{math.floor(settlement.at[0])}N {math.floor(settlement.at[1])}E"


def _zones(scenario: Scenario) -> tuple[dict[str, int], np.ndarray]:
    """Alarm zones by name, and the zone of each place."""
    zones: dict[str, int] = {}
    of = [zones.setdefault(_zone_name(s), len(zones)) for s in scenario.settlements]
    by_name = {s.name: zone for s, zone in zip(scenario.settlements, of, strict=True)}
    of += [by_name[asset.settlement] for asset in scenario.assets]
    return zones, np.array(of, np.int64)


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


def _defence(scenario: Scenario, catalogue: Catalogue, books: dict[str, _Book]):
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
        xyz, given = _vectors([unit.at])[0], _magazines_of(unit, catalogue)
        units.append((unit.name, row, xyz, kind.figure("moves").middle > 0.5, own, len(given)))
        for effector, magazine in given.items():
            e = books["effectors"].row(effector, catalogue.effectors[effector].figure)
            jams = catalogue.effectors[effector].figure("soft_kill_per_s").high > 0
            m = books["magazines"].row(*_rounds(unit, effector, magazine, catalogue))
            site, owner = (c.JAMMER_SITE, u) if jams else (c.MAGAZINE_SITE, len(magazines))
            circles.append(_Circle(xyz, site, owner, (e, row), _fire_reach_m(catalogue.effectors[effector])))
            magazines.append((u, m, e, unit.name, effector))
    for s, (_, name, at) in enumerate(sensors):
        row = books["sensors"].row(name, catalogue.sensors[name].figure)
        reach = max(catalogue.sensors[name].figure(f"range_{size}_m").high for size in c.SIZES)
        circles.append(_Circle(_vectors([at])[0], c.SENSOR_SITE, s, (row, 0), reach))
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
        sensor_key=name_keys(sensor[0] for sensor in sensors),
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


def _cumulative(weights: np.ndarray) -> np.ndarray:
    """Cumulative shares along the last axis; rows that sum to zero stay zero."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.cumsum(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0), axis=-1)


def _pattern(scenario: Scenario, books, places_xyz: np.ndarray, zone_of: np.ndarray, earth_radius_m: float) -> Pattern:
    areas = scenario.pattern.launch_areas if scenario.pattern else ()
    groups = scenario.pattern.groups if scenario.pattern else ()
    types = list(books["threats"].rows)
    area_names = [area.name for area in areas]
    area_xyz = _vectors([area.at for area in areas])
    people = np.array([s.people for s in scenario.settlements] + [0.0] * len(scenario.assets), float)
    value = np.array([-1.0] * len(scenario.settlements) + [a.value_usd.middle for a in scenario.assets], float)
    aims = np.zeros((len(groups), len(areas), len(people)))
    for g, group in enumerate(groups):
        for name in group.launch:
            area = area_names.index(name)
            aims[g, area] = _aim_weights(scenario, group.aim, places_xyz, area_xyz[area], value, earth_radius_m)
    return Pattern(
        group_key=name_keys(group.name for group in groups),
        count=np.array([_count_row(group.count) for group in groups], float).reshape(-1, 6),
        type_cum=_cumulative(_weights([group.types for group in groups], types)),
        launch_cum=_cumulative(_weights([group.launch for group in groups], area_names)),
        area_xyz=area_xyz,
        area_radius=np.array([area.radius_m / earth_radius_m for area in areas], float),
        aim_cum=_cumulative(aims),
        aim_scatter=np.array([group.aim.scatter_m / earth_radius_m for group in groups], float),
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


def _weights(maps: list[dict[str, float]], names: list[str]) -> np.ndarray:
    table = [[weights.get(name, 0.0) for name in names] for weights in maps]
    return np.array(table, float).reshape(len(maps), len(names))


def _count_row(count) -> tuple[float, ...]:
    fixed = -1.0 if count.fixed is None else float(count.fixed)
    return fixed, count.chance, count.median, count.spread, count.loading, float(count.most)


def _wave_row(waves) -> tuple[float, ...]:
    return float(waves.count), waves.start_s, waves.every_s, waves.spread_s, float(waves.together)


def _high_share_row(group, book: _Book) -> int:
    return -1 if group.high_share is None else book.row(group.name, lambda _: group.high_share)


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


def _fixed_raid(scenario: Scenario, types: list[str], places_xyz: np.ndarray, earth_radius_m: float) -> dict:
    """Arrays of the threats with given routes."""
    threats = scenario.raid.threats if scenario.raid else ()
    sizes = [len(threat.route) for threat in threats]
    points = _vectors([point for threat in threats for point in threat.route])
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


def _ground(scenario, circles, threats: _Book, zones, zone_of, places_xyz, earth_radius_m) -> Ground:
    n = len(scenario.settlements)
    centres, radius = _zone_circles(scenario, len(zones), zone_of[:n], places_xyz[:n], earth_radius_m)
    lead_m = _longest_lead_m(threats)
    for zone in range(len(zones)):
        circles.append(_Circle(centres[zone], c.ZONE_SITE, zone, (zone, 0), radius[zone] + lead_m))
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
        circle_kind=np.array([key[0] for key in kinds], np.int64),
        circle_of=np.array([key[1:] for key in kinds], np.int64).reshape(-1, 2),
        zone_radius_m=radius,
        **_grid(xyz, reach),
        **_raster(scenario, zone_of[:n], earth_radius_m),
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


def _longest_lead_m(threats: _Book) -> float:
    columns, figures = len(c.THREAT), threats.figures
    lead, speed = c.THREAT.index("alarm_lead_s"), c.THREAT.index("speed_m_s")
    rows = range(len(threats.rows))
    return max((figures[r * columns + lead].high * figures[r * columns + speed].high for r in rows), default=0.0)


def _grid(xyz: np.ndarray, reach: np.ndarray) -> dict:
    """The grid of cubes over all circles: about 60 km a cube, and at most a million cubes."""
    if len(xyz):
        origin, far = (xyz - reach[:, None]).min(axis=0) - 0.02, (xyz + reach[:, None]).max(axis=0) + 0.02
        origin, far = np.maximum(origin, -1.02), np.minimum(far, 1.02)
    else:
        origin, far = np.zeros(3), np.full(3, 0.01)
    step = max(0.009, float(np.prod(far - origin) / 1e6) ** (1 / 3))
    dims = np.ceil((far - origin) / step).astype(np.int64)
    first, sites = build_grid(xyz, np.minimum(reach, 1.5), origin, step, dims)
    return {
        "grid_origin": origin,
        "grid_step": step,
        "grid_dims": dims,
        "grid_first": first,
        "grid_site": sites.astype(np.int64),
    }


def _raster(scenario: Scenario, zone_of: np.ndarray, earth_radius_m: float) -> dict:
    """People per square kilometre and the nearest zone, by cells of a tenth of a degree (or a thousandth of the span)."""
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
    chord, nearest = cKDTree(_vectors(at)).query(grid)
    zone = np.where(chord * earth_radius_m < 100e3, zone_of[nearest], -1).reshape(shape)
    return {"fall_origin": origin, "fall_step": step, "fall_density": density, "fall_zone": zone.astype(np.int64)}


def _narrowest_span(longitudes: np.ndarray) -> tuple[float, float]:
    """West end and width, degrees, of the narrowest span that holds all longitudes (it may cross the date line)."""
    sorted_lon = np.sort(np.unique(longitudes % 360.0))
    gaps = np.diff(np.concatenate([sorted_lon, [sorted_lon[0] + 360.0]]))
    widest = int(np.argmax(gaps))
    return float(sorted_lon[(widest + 1) % len(sorted_lon)]), float(360.0 - gaps[widest])


def place_lat_lon(arrays: ScenarioArrays) -> np.ndarray:
    """Latitude and longitude of each place, degrees. Shape (places, 2)."""
    return lat_lon(arrays.setup.pattern.aim_xyz)
