"""What chance decides before the night is fought, drawn again: figures, services, shocks and the raid."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from koepel._kernel import chance, sphere
from koepel._kernel import columns as c
from koepel._kernel.night import _MONTH, _NIGHT, _STUDY_SALT, _WEATHER
from koepel._kernel.raids import _AIM_POINT, _DEPTH, _INTENSITY, _NEAR_POINT

BENDS = (0, 1, 4)  # of the route families direct, dog-leg and wandering
TABLES = {
    "threats": c.THREAT,
    "effectors": c.EFFECTOR,
    "units": c.UNIT,
    "magazines": c.MAGAZINE,
    "sensors": c.SENSOR,
    "general": c.GENERAL,
    "groups": ("high_share",),
    "near": c.NEAR,
}


class Luck:
    """Draws under one key: each by the name of what draws, its purpose, and how many it made."""

    def __init__(self, key: int):
        self.key = np.uint64(key)

    def two(self, name: int, purpose: int, count: int = 0) -> tuple[float, float]:
        """Two uniform draws."""
        return chance.two_uniforms(self.key, np.uint64(name), purpose, count)

    def one(self, name: int, purpose: int, count: int = 0) -> float:
        """One uniform draw."""
        return self.two(name, purpose, count)[0]

    def normal(self, name: int, purpose: int, count: int = 0) -> float:
        """A standard normal draw."""
        return chance.normal(self.key, np.uint64(name), purpose, count)


def joint_name(a: int, b: int) -> int:
    """The name of a pair."""
    return chance.mixed(np.uint64(a), np.uint64(b))


def luck_of_run(seed: int, run: int) -> Luck:
    """What is drawn anew in every run."""
    return Luck(joint_name(seed, run))


def luck_of_study(seed: int, run: int) -> Luck:
    """What runs 2k and 2k + 1 share."""
    return Luck(joint_name(joint_name(seed, _STUDY_SALT), run // 2))


@dataclass(eq=False)
class Leg:
    """A great-circle leg: start and tangent (unit vectors), its arc, and the arc flown before it."""

    start: tuple[float, float, float]
    ahead: tuple[float, float, float]
    arc: float
    before: float


@dataclass(eq=False)
class SlowThreat:
    """One threat of the night: where it flies, and what becomes of it."""

    name: int
    type: int
    kind: int
    terminal: bool
    high: bool
    start_s: float
    aim: int
    legs: list[Leg]
    speed_rad: float
    height_m: float
    hardness: float
    shock: float = 0.0
    over_s: float = math.inf  # when it ends by itself
    over_fate: int = c.LEAKED
    told_s: float = math.inf
    tracked_s: float = math.inf
    fate: int | None = None
    end_s: float = math.inf
    dead_s: float = math.inf  # until when its track lives on
    by: int | None = None
    engaged: int = 0  # salvos under way that others know of
    waiting: list = field(default_factory=list)

    @property
    def arc(self) -> float:
        """The whole way, radians."""
        return self.legs[-1].before + self.legs[-1].arc

    @property
    def impact_s(self) -> float:
        """When it reaches its aim."""
        return self.start_s + self.arc / self.speed_rad


@dataclass(eq=False)
class Tonight:
    """One night's figures by table, row and column; its weather and its shocks."""

    figures: dict[str, list[dict[str, float]]]
    bad_weather: bool
    shocks: list[float]
    luck: Luck

    def __getattr__(self, table: str) -> list[dict[str, float]]:
        return self.figures[table]


def draw_night(setup, seed: int, run: int) -> Tonight:
    """Figures from their intervals (or their middles), weather, and the shocks that a class shares."""
    luck, study = luck_of_run(seed, run), luck_of_study(seed, run)
    rows = setup.figures
    values = []
    for low, high, key in zip(rows.low.tolist(), rows.high.tolist(), rows.key, strict=True):
        drawn = setup.rules.doubt and not setup.rules.plain and high > low
        values.append(low + (high - low) * (study.one(key, chance.STUDY) if drawn else 0.5))
    figures = {}
    for at, (table, names) in enumerate(TABLES.items()):
        block = values[rows.at[at] : rows.at[at + 1]]
        starts = range(0, len(block), len(names))
        figures[table] = [dict(zip(names, block[k : k + len(names)], strict=True)) for k in starts]
    general = figures["general"][0]
    bad = not setup.rules.plain and luck.one(_WEATHER, chance.NIGHT) < general["bad_share"]
    shocks = [0.0] * len(c.CLASSES)
    if not setup.rules.plain:
        for k in range(len(shocks)):
            night_sd = general["night_sd"]
            if c.MISSILES[k] and general["missiles_night_sd"] >= 0:
                night_sd = general["missiles_night_sd"]
            month, night = (luck.normal(level, chance.NIGHT, k) for level in (_MONTH, _NIGHT))
            shocks[k] = general["month_sd"] * month + night_sd * night
    return Tonight(figures, bool(bad), shocks, luck)


def draw_raid(setup, tonight: Tonight) -> list[SlowThreat]:
    """Threats with given routes first, then group by group."""
    pattern, threats = setup.pattern, []
    for f in range(len(pattern.fixed_type)):
        points = pattern.fixed_xyz[pattern.fixed_first[f] : pattern.fixed_first[f + 1]]
        legs = legs_through([tuple(map(float, point)) for point in points])
        name, kind, aim = int(pattern.fixed_key[f]), int(pattern.fixed_type[f]), int(pattern.fixed_aim[f])
        threats.append(_threat(setup, tonight, name, kind, False, float(pattern.fixed_start_s[f]), aim, legs))
    counts = group_counts(pattern, tonight.luck)
    for group, count in enumerate(counts):
        near = near_share(pattern, tonight, counts, group)
        threats += [_draw_threat(setup, tonight, group, number, near) for number in range(count)]
    return threats


def near_share(pattern, tonight: Tonight, counts: list[int], group: int) -> float:
    """Share of a group that strikes near; its logarithm is linear in that of the raid's size, and shaken."""
    if pattern.near_aim[group] < 0:
        return 0.0
    same_class = pattern.group_class == pattern.group_class[group]
    weights = [1.0 if same else float(pattern.near_others[group]) for same in same_class]
    size = max(sum(count * weight for count, weight in zip(counts, weights, strict=True)), 1.0)
    figures = tonight.near[pattern.near_row[group]]
    shift = figures["size_power"] * math.log(size / pattern.near_size[group])
    shake = tonight.luck.normal(_DEPTH, chance.NIGHT, int(pattern.group_class[group]))
    return min(1.0, figures["share"] * math.exp(shift + figures["night_sd"] * shake))


def group_counts(pattern, luck: Luck) -> list[int]:
    """How many threats each group holds tonight."""
    intensity = luck.normal(_INTENSITY, chance.GROUP)
    counts = []
    for key, (fixed, comes, median, spread, loading, most) in zip(pattern.group_key, pattern.count, strict=True):
        own = luck.normal(key, chance.GROUP)
        u = chance.normal_cdf(loading * intensity + math.sqrt(1 - loading**2) * own)
        if fixed >= 0:
            counts.append(int(fixed))
        elif u < 1 - comes:
            counts.append(0)
        else:
            share = min(max((u - (1 - comes)) / comes, 1e-12), 1 - 1e-12)
            drawn = math.floor(median * math.exp(spread * chance.normal_quantile(share)) + 0.5)
            counts.append(int(min(max(drawn, 1), most)))
    return counts


def _aims(pattern, luck: Luck, group: int, number: int, name: int, near: float) -> tuple[int, int, int]:
    """Row of the aims, launch area and aim place; threats that share an aim point share both."""
    points = int(pattern.aim_points[group])
    drawn_by = joint_name(pattern.group_key[group], int(_AIM_POINT) + number % points) if points else name
    strikes_near = near > 0 and luck.one(drawn_by, chance.ROUTE, 5) < near
    row = int(pattern.near_aim[group]) if strikes_near else group
    if strikes_near and pattern.aim_points[row]:
        drawn_by = joint_name(pattern.group_key[group], int(_NEAR_POINT) + number % int(pattern.aim_points[row]))
    area = picked(pattern.launch_cum[group], luck.two(drawn_by, chance.ROUTE, 0)[1])
    return row, area, picked(pattern.aim_cum[row, area], luck.two(drawn_by, chance.ROUTE, 1)[0])


def _draw_threat(setup, tonight: Tonight, group: int, number: int, near: float) -> SlowThreat:
    pattern, luck = setup.pattern, tonight.luck
    name = joint_name(pattern.group_key[group], number)
    kind = picked(pattern.type_cum[group], luck.two(name, chance.ROUTE, 0)[0])
    aims, area, aim = _aims(pattern, luck, group, number, name, near)
    family = picked(pattern.family_cum[group], luck.two(name, chance.ROUTE, 1)[1])
    launch = tuple(map(float, pattern.area_xyz[area]))
    place = tuple(map(float, pattern.aim_xyz[aim]))
    start = sphere.beside(launch, *luck.two(name, chance.ROUTE, 2), float(pattern.area_radius[area]))
    end = sphere.beside(place, *luck.two(name, chance.ROUTE, 3), float(pattern.aim_scatter[aims]))
    points = [start, *_bends(luck, name, BENDS[family], start, end, float(pattern.detour[group])), end]
    row = pattern.high_share_row[group]
    share = tonight.groups[row]["high_share"] if row >= 0 else tonight.threats[kind]["high_share"]
    high = luck.one(name, chance.ROUTE, 4) < share
    waves, first_s, every_s, spread_s, together = map(float, pattern.wave[group])
    u_wave, u_spread = luck.two(name, chance.TIME)
    start_s = first_s + every_s * math.floor(u_wave * waves) + spread_s * u_spread
    legs = legs_through(points)
    if together:  # then that was the time of arrival
        whole_arc = legs[-1].before + legs[-1].arc
        start_s -= whole_arc * setup.ground.earth_radius_m / tonight.threats[kind]["speed_m_s"]
    return _threat(setup, tonight, name, kind, high, start_s, aim, legs)


def picked(cumulative, u: float) -> int:
    """The first index whose cumulative share is above u."""
    above = np.flatnonzero(np.asarray(cumulative) > u)
    return int(above[0]) if len(above) else len(cumulative) - 1


def _bends(luck: Luck, name: int, n: int, start, end, detour: float) -> list[tuple]:
    """Points that a route bends at: some way along the straight one, and off to its side."""
    ahead, arc = sphere.leg_between(start, end)
    left = sphere.cross(start, ahead)
    bends = []
    for k in range(n):
        across, along = luck.two(name, chance.ROUTE, 8 + k)
        on = sphere.point_on(start, ahead, arc * (k + 1 + 0.5 * (along - 0.5)) / (n + 1))
        bends.append(sphere.point_on(on, left, arc * detour * (2 * across - 1)))
    return bends


def legs_through(points: list[tuple]) -> list[Leg]:
    """Great-circle legs from point to point; one without length stays only where there is no other."""
    legs, flown = [], 0.0
    for a, b in pairwise(points):
        ahead, arc = sphere.leg_between(a, b)
        last = b is points[-1]
        if arc > 0 or (last and not legs):
            legs.append(Leg(a, ahead, arc, flown))
            flown += arc
    return legs


def _threat(setup, tonight, name, kind, high, start_s, aim, legs) -> SlowThreat:
    figures, terminal = tonight.threats[kind], bool(setup.types.terminal[kind])
    threat = SlowThreat(
        name=name, type=kind, kind=int(setup.types.kind[kind]), terminal=terminal, high=bool(high), start_s=start_s,
        aim=aim, legs=legs, speed_rad=figures["speed_m_s"] / setup.ground.earth_radius_m,
        height_m=0.0 if terminal else figures["height_high_m" if high else "height_low_m"],
        hardness=figures["hardness"],
    )  # fmt: skip
    threat.over_s = threat.impact_s
    if not setup.rules.plain:
        threat.shock = tonight.shocks[setup.types.group[kind]] - threat.hardness
    return threat
