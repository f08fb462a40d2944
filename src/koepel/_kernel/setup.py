"""The arrays that one study's kernels read: fixed while runs come and go.

Built in one place (`koepel.arrays`). Angles are radians, places are unit vectors, times seconds,
distances metres, money US dollars. Counts of rows: T threat types, E effectors, U fire units,
M magazines, S sensors, Z alarm zones, A aim places, G groups, L launch areas, N circles on the ground.
"""

from typing import NamedTuple

import numpy as np


class Figures(NamedTuple):
    """Uncertain figures, in one flat vector; each block is a table of rows by columns (`columns`)."""

    low: np.ndarray  # (n_figures,)
    high: np.ndarray  # (n_figures,)
    key: np.ndarray  # (n_figures,) uint64, the hash of the figure's name
    at: np.ndarray  # (9,) int64: first index of threat, effector, unit, magazine, sensor, general, group, near, end


class Types(NamedTuple):
    """What a threat type is, apart from its figures."""

    group: np.ndarray  # (T,) reporting class, index into columns.CLASSES
    kind: np.ndarray  # (T,) index into columns.KINDS
    size: np.ndarray  # (T,) index into columns.SIZES
    terminal: np.ndarray  # (T,) bool: engageable only in its last phase


class Defence(NamedTuple):
    """Fire units, magazines and sensors."""

    unit_row: np.ndarray  # (U,) row in the block of unit figures
    unit_xyz: np.ndarray  # (U, 3)
    unit_key: np.ndarray  # (U,) uint64
    unit_moves: np.ndarray  # (U,) bool
    unit_sensor: np.ndarray  # (U,) index of its own sensor, -1 for none
    unit_magazines: np.ndarray  # (U,) number of magazines
    magazine_unit: np.ndarray  # (M,)
    magazine_row: np.ndarray  # (M,) row in the block of magazine figures
    magazine_effector: np.ndarray  # (M,)
    magazine_key: np.ndarray  # (M,) uint64
    sensor_row: np.ndarray  # (S,) row in the block of sensor figures
    sensor_key: np.ndarray  # (S,) uint64
    sensor_shared: np.ndarray  # (sensor rows,) bool
    sensor_acoustic: np.ndarray  # (sensor rows,) bool
    sensor_classifies: np.ndarray  # (sensor rows,) bool
    salvo: np.ndarray  # (E, kinds) int
    looks: np.ndarray  # (E, kinds) int
    floor: np.ndarray  # (E, kinds) share of the rounds that must remain; 1 never fires
    value_usd: np.ndarray  # (kinds,) what a track of this kind is believed to threaten
    linger_s: np.ndarray  # (2,) low and high of the time a dead threat's track lives on


class Ground(NamedTuple):
    """Circles round sites, found through a grid of cubes; zones, people, and where things fall."""

    earth_radius_m: float
    site_xyz: np.ndarray  # (N, 3)
    site_kind: np.ndarray  # (N,)
    site_owner: np.ndarray  # (N,) magazine, sensor, fire unit of a jammer, or zone
    site_circle: np.ndarray  # (N,) row of the table of radii
    first_zone: int  # sites from here on are alarm zones, and stand in no cube of the grid
    circle_kind: np.ndarray  # (C,)
    circle_of: np.ndarray  # (C, 2) effector and unit row, or sensor row, or zone
    zone_radius_m: np.ndarray  # (Z,)
    grid_origin: np.ndarray  # (3,)
    grid_step: float
    grid_dims: np.ndarray  # (3,)
    grid_first: np.ndarray  # (cells + 1,)
    grid_site: np.ndarray
    fall_origin: np.ndarray  # (2,) degrees latitude and longitude of the raster's first cell
    fall_step: float  # degrees
    fall_density: np.ndarray  # (rows, cols) people per square kilometre
    fall_zone: np.ndarray  # (rows, cols) zone, -1 for none


class Pattern(NamedTuple):
    """Who may come: groups with launch areas and aim places, or a list of threats with routes."""

    group_key: np.ndarray  # (G,) uint64
    count: np.ndarray  # (G, 6): fixed (-1 where drawn), chance, median, spread, loading, most
    type_cum: np.ndarray  # (G, T) cumulative shares
    launch_cum: np.ndarray  # (G, L)
    area_xyz: np.ndarray  # (L, 3)
    area_radius: np.ndarray  # (L,) radians
    aim_cum: np.ndarray  # (G + near parts, L, A) cumulative weights
    aim_scatter: np.ndarray  # (G + near parts,) radians
    aim_points: np.ndarray  # (G + near parts,) aim points a night, 0 where each threat has its own
    near_aim: np.ndarray  # (G,) row of the near part's aims, -1 for none
    near_row: np.ndarray  # (G,) row in the block of near figures
    near_size: np.ndarray  # (G,) size of the raid that the near share is given for
    near_others: np.ndarray  # (G,) how much a threat of another class counts in that size
    group_class: np.ndarray  # (G,) reporting class of most of the group
    wave: np.ndarray  # (G, 5): count, start_s, every_s, spread_s, together
    family_cum: np.ndarray  # (G, 3): direct, dog-leg, wandering
    detour: np.ndarray  # (G,)
    high_share_row: np.ndarray  # (G,) row in the block of group figures, -1 for the type's own
    fixed_type: np.ndarray  # (F,) threats with given routes
    fixed_key: np.ndarray  # (F,) uint64
    fixed_start_s: np.ndarray  # (F,)
    fixed_aim: np.ndarray  # (F,) aim place, -1 for none
    fixed_first: np.ndarray  # (F + 1,) first point of each route
    fixed_xyz: np.ndarray  # (points, 3)
    aim_xyz: np.ndarray  # (A, 3)
    aim_people: np.ndarray  # (A,)
    aim_value_usd: np.ndarray  # (A,) -1 where it is a settlement
    aim_zone: np.ndarray  # (A,)


class Rules(NamedTuple):
    """How the night is fought."""

    rule: int  # index into columns.RULES
    sufficient: float
    plain: bool
    doubt: bool  # draw the figures from their intervals; else their middles


class Setup(NamedTuple):
    """Everything a night needs besides seed and run."""

    figures: Figures
    types: Types
    defence: Defence
    ground: Ground
    pattern: Pattern
    rules: Rules


class Standing(NamedTuple):
    """What a campaign brings to one of its nights, run by run. On its own a night has ``day`` -1, and all is empty."""

    day: int  # since the campaign began
    month: int  # since the campaign began
    raided: np.ndarray  # (runs,) bool
    counts: np.ndarray  # (runs, G) how many of each group come
    rounds: np.ndarray  # (runs, M) on site at dusk, -1 where the figures say
    up: np.ndarray  # (runs, U) ABSENT, DOWN, UP, or DRAWN as on any night
    floor: np.ndarray  # (runs, E, kinds) share of the rounds that must remain
    pk_left: np.ndarray  # (runs, E) what is left of kill probabilities
    fired: np.ndarray  # (runs, M) filled in


ABSENT, DOWN, UP, DRAWN = np.arange(4)

ALONE = Standing(
    -1,
    0,
    np.empty(0, np.bool_),
    np.empty((0, 0), np.int64),
    np.empty((0, 0), np.int64),
    np.empty((0, 0), np.int64),
    np.empty((0, 0, 0)),
    np.empty((0, 0)),
    np.empty((0, 0), np.int64),
)

# The state of one night, as rows: a compiled function that takes a few arrays of rows is called faster,
# and keeps what it touches closer together, than one that takes fifty arrays.

ENCOUNTER = np.dtype(
    [
        ("open_s", "f8"), ("close_s", "f8"), ("shared_s", "f8"),  # from shared_s on, others know of a shot
        ("threat", "i4"), ("magazine", "i4"), ("count", "i4"),  # count: first draw of this pair's shots
    ],
    align=True,
)  # fmt: skip

ENCOUNTER_NOW = np.dtype(
    [
        ("open_s", "f8"), ("close_s", "f8"), ("shared_s", "f8"),
        ("arrives_s", "f8"),  # when rounds fired at the moment last looked at would arrive
        ("threat", "i4"), ("magazine", "i4"), ("count", "i4"),
        ("fired", "i2"), ("told", "i2"), ("salvo", "i4"),  # salvos so far; others told; rounds in flight
        ("next_threat", "i4"), ("next_unit", "i4"),  # the next in the queue of the same threat, the same unit
        ("later", "i4"),  # the next encounter of the same threat to open
    ],
    align=True,
)  # fmt: skip

THREAT_NOW = np.dtype(
    [  # what every look at a threat reads stands first, in one line of the processor's cache
        ("dead_s", "f8"),  # until when its track lives on
        ("told_s", "f8"),  # when a decoy is told apart
        ("shock", "f8"),  # log odds added to every shot at it
        ("fate", "i4"), ("by", "i4"), ("engaged", "i4"), ("head", "i4"), ("tail", "i4"), ("kind", "i4"),
        ("first", "i4"), ("last", "i4"),  # its legs
        ("name", "u8"), ("start_s", "f8"), ("speed_rad", "f8"), ("height_m", "f8"), ("impact_s", "f8"),
        ("over_s", "f8"),  # when it ends by itself: impact, soft kill or failure
        ("end_s", "f8"),  # when it ended
        ("type", "i4"), ("aim", "i4"), ("high", "i4"), ("over_fate", "i4"),
        ("tracked_s", "f8"),  # when the shared picture first held it
        ("met", "i4"), ("met_end", "i4"),  # its encounters as mustered
        ("unit", "i4"),  # one that meets it, -1 for none
    ],
    align=True,
)  # fmt: skip

UNIT_NOW = np.dtype(
    [
        ("x", "f8"), ("y", "f8"), ("z", "f8"), ("reaction_s", "f8"), ("assess_s", "f8"), ("reload_s", "f8"),
        ("cycle_s", "f8"), ("free", "i4"), ("head", "i4"), ("tail", "i4"), ("moves", "i4"), ("up", "i4"),
        ("several", "i4"),  # has more than one magazine
    ],
    align=True,
)  # fmt: skip

MAGAZINE_NOW = np.dtype(
    [
        ("key", "u8"), ("shock", "f8"), ("speed_m_s", "f8"), ("price_usd", "f8"), ("weather", "f8"),
        ("unit", "i4"), ("effector", "i4"), ("full", "i4"), ("ready", "i4"), ("reserve", "i4"), ("stock", "i4"),
        ("reloading", "i4"), ("fired", "i4"), ("kills", "i4"),
    ],
    align=True,
)  # fmt: skip

EVENT = np.dtype([("time_s", "f8"), ("what", "i4"), ("threat", "i4"), ("magazine", "i4"), ("number", "i4")], align=True)


class Doctrine(NamedTuple):
    """How effectors shoot at kinds of threat, tonight; and the few numbers that all events read."""

    pk: np.ndarray  # (E, kinds)
    salvo: np.ndarray  # (E, kinds)
    looks: np.ndarray  # (E, kinds)
    floor: np.ndarray  # (E, kinds)
    value_usd: np.ndarray  # (kinds,)
    key: int  # uint64, of seed and run
    rule: int
    plain: bool
    sufficient: float
    earth_radius_m: float
    linger_low_s: float
    linger_high_s: float

ALARM_NOW = np.dtype([("start_s", "f8"), ("end_s", "f8"), ("threat", "i4"), ("zone", "i4")], align=True)


class Night(NamedTuple):
    """All that a fight reads and changes: rows of this night, and a heap of what is under way."""

    encounters: np.ndarray  # ENCOUNTER_NOW, of the sector that is fought
    threats: np.ndarray  # THREAT_NOW
    units: np.ndarray  # UNIT_NOW
    magazines: np.ndarray  # MAGAZINE_NOW
    legs: np.ndarray  # (n, 8): start, tangent, arc, arc flown before; radians
    doctrine: Doctrine
    heap_time: np.ndarray  # room for one event of each channel and each magazine
    heap_code: np.ndarray
    counters: np.ndarray  # (2,): events in the heap, lines in the log
    log: np.ndarray  # EVENT


class Tonight(NamedTuple):
    """Figures as drawn for one night's study, block by block; columns as in `columns`."""

    threats: np.ndarray
    effectors: np.ndarray
    units: np.ndarray
    magazines: np.ndarray
    sensors: np.ndarray
    general: np.ndarray
    groups: np.ndarray
    near: np.ndarray
