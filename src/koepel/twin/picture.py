"""What each threat passes and who sees it: windows, tracks, soft kill, encounters and alarms, drawn again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from koepel._kernel import chance, sphere
from koepel._kernel import columns as c
from koepel.twin.draw import SlowThreat, Tonight, joint_name

NEARLY = 1e-6  # windows that are this close in time are one


@dataclass(eq=False)
class Window:
    """A time in which one threat is inside the circle of one site; numbered among those of the two."""

    site: int
    number: int
    start_s: float
    end_s: float


@dataclass(eq=False)
class Track:
    """What one sensor holds of a threat; from ``shared_s`` on all know of it."""

    sensor: int
    start_s: float
    end_s: float
    shared_s: float


@dataclass(eq=False)
class Encounter:
    """A time in which one magazine may fire at one threat; from ``shared_s`` on others hear of it."""

    threat: SlowThreat
    magazine: int
    draws: int  # number of its first draw
    open_s: float
    close_s: float
    shared_s: float
    salvos: int = 0
    in_flight: int = 0
    told: bool = False


def windows_of(threat: SlowThreat, setup, tonight: Tonight) -> list[Window]:
    """Every window of one threat: each leg against each site's circle, then the footprints."""
    ground, windows, latest = setup.ground, [], {}

    def add(site: int, start_s: float, end_s: float) -> None:
        if end_s <= start_s:
            return
        if site in latest and start_s <= latest[site].end_s + NEARLY:
            latest[site].end_s = end_s
            return
        number = latest[site].number + 1 if site in latest else 0
        latest[site] = Window(site, number, start_s, end_s)
        windows.append(latest[site])

    for leg in threat.legs:
        for site in range(len(ground.site_kind)):
            for s_in, s_out in _inside(leg, threat, site, setup, tonight):
                t = threat.start_s + leg.before / threat.speed_rad
                add(site, t + s_in / threat.speed_rad, t + s_out / threat.speed_rad)
    if threat.terminal and not setup.rules.plain:
        for site in _footprints(threat, setup, tonight):
            start_s = threat.impact_s - tonight.threats[threat.type]["terminal_s"]
            windows.append(Window(site, 0, start_s, threat.impact_s))
    return windows


def _inside(leg, threat, site: int, setup, tonight) -> list[tuple[float, float]]:
    """Arcs of a leg inside a site's circle, less the hole in its middle."""
    outer_rad, inner_rad = circle_rad(threat, site, setup, tonight)
    if outer_rad is None:
        return []
    centre = tuple(map(float, setup.ground.site_xyz[site]))
    s_in, s_out = sphere.passage(leg.start, leg.ahead, leg.arc, centre, math.cos(outer_rad))
    if s_out <= s_in:
        return []
    if inner_rad is not None:
        hole_in, hole_out = sphere.passage(leg.start, leg.ahead, leg.arc, centre, math.cos(inner_rad))
        if hole_out > hole_in:
            return [(s_in, hole_in), (hole_out, s_out)]
    return [(s_in, s_out)]


def circle_rad(threat, site: int, setup, tonight) -> tuple[float | None, float | None]:
    """Outer and inner angular radius of one site against one threat; None where there is none."""
    ground, plain = setup.ground, setup.rules.plain
    a, b = ground.circle_of[ground.site_circle[site]]
    figures, kind = tonight.threats[threat.type], ground.site_kind[site]
    if kind in (c.MAGAZINE_SITE, c.JAMMER_SITE):
        return _fire_rad(tonight.effectors[a], tonight.units[b], threat, figures, plain, ground.earth_radius_m)
    if plain:
        return None, None
    if kind == c.SENSOR_SITE:
        return _sight_rad(tonight.sensors[a], a, threat, figures, setup, tonight), None
    lead_m = figures["alarm_lead_s"] * figures["speed_m_s"]
    return min((ground.zone_radius_m[a] + lead_m) / ground.earth_radius_m, 1.5), None


def _band_height_m(threat, figures) -> float:
    return figures["height_high_m" if threat.high else "height_low_m"]


def _ground_rad(slant_m: float, height_m: float, horizon_m: float, earth_radius_m: float) -> float | None:
    if slant_m <= height_m:
        return None
    ground_m = min(math.sqrt(slant_m**2 - height_m**2), horizon_m)
    return min(ground_m / earth_radius_m, 1.5) if ground_m > 0 else None


def pk_against(effector, kind: int) -> float:
    """Kill probability of one round against a kind."""
    return effector["pk_" + c.KINDS[kind].replace("-", "_")]


def _fire_rad(effector, unit, threat, figures, plain: bool, earth_radius_m: float):
    jams = effector["soft_kill_per_s"] > 0
    if not (figures["soft_kill"] > 0 if jams else pk_against(effector, threat.kind) > 0):
        return None, None
    if plain:
        return (None if jams else effector["range_max_m"] / earth_radius_m), None
    height_m = _band_height_m(threat, figures)
    too_slow = effector["speed_m_s"] < effector["min_speed_ratio"] * figures["speed_m_s"]
    in_band = effector["height_min_m"] <= height_m <= effector["height_max_m"]
    if threat.terminal or too_slow or not in_band:
        return None, None
    horizon = sphere.horizon_m(unit["los_height_m"], height_m, earth_radius_m)
    outer = _ground_rad(effector["range_max_m"], height_m, horizon, earth_radius_m)
    return outer, _ground_rad(effector["range_min_m"], height_m, math.inf, earth_radius_m)


def _sight_rad(sensor, row: int, threat, figures, setup, tonight) -> float | None:
    height_m = _band_height_m(threat, figures)
    deaf = setup.defence.sensor_acoustic[row] and figures["loudness"] <= 0
    too_high = height_m > sensor["height_max_m"] and not threat.terminal  # those come down through every height
    if too_high or deaf:
        return None
    reach_m = sensor[f"range_{c.SIZES[setup.types.size[threat.type]]}_m"]
    if tonight.bad_weather:
        reach_m *= sensor["bad_weather_factor"]
    earth = setup.ground.earth_radius_m
    return _ground_rad(reach_m, height_m, sphere.horizon_m(sensor["antenna_height_m"], height_m, earth), earth)


def _footprints(threat, setup, tonight) -> list[int]:
    """Magazines whose footprint against steep threats holds this one's aim point."""
    ground, last = setup.ground, threat.legs[-1]
    aim = sphere.point_on(last.start, last.ahead, last.arc)
    behind, _ = sphere.leg_between(aim, last.start)
    speed_m_s, found = tonight.threats[threat.type]["speed_m_s"], []
    for site in range(len(ground.site_kind)):
        if ground.site_kind[site] != c.MAGAZINE_SITE:
            continue
        effector = tonight.effectors[setup.defence.magazine_effector[ground.site_owner[site]]]
        if pk_against(effector, threat.kind) <= 0 or effector["speed_m_s"] < effector["min_speed_ratio"] * speed_m_s:
            continue
        centre = tuple(map(float, ground.site_xyz[site]))
        if in_ellipse(effector, centre, aim, behind, ground.earth_radius_m):
            found.append(site)
    return found


def in_ellipse(effector, centre, aim, behind, earth_radius_m: float) -> bool:
    """Does the ellipse round the site, set off toward where the threat comes from, hold its aim point?"""
    along_m, across_m = effector["footprint_along_m"], effector["footprint_across_m"]
    if along_m <= 0 or across_m <= 0:
        return False
    ahead, arc = sphere.leg_between(centre, aim)
    x = arc * earth_radius_m * sphere.dot(ahead, behind) - effector["footprint_offset_m"]
    y = arc * earth_radius_m * sphere.dot(ahead, sphere.cross(centre, behind))
    return (x / along_m) ** 2 + (y / across_m) ** 2 <= 1


def tracks_of(threat, windows, setup, tonight, sensor_up) -> list[Track]:
    """Tracks of one threat by each sensor in service; also when it is told for a decoy."""
    defence, tracks = setup.defence, []
    for window in windows:
        if setup.ground.site_kind[window.site] != c.SENSOR_SITE:
            continue
        sensor = int(setup.ground.site_owner[window.site])
        row = defence.sensor_row[sensor]
        figures = tonight.sensors[row]
        if not sensor_up[sensor]:
            continue
        start_s = window.start_s + figures["confirm_s"]
        if figures["detect_per_m"] > 0:
            start_s += _wait_s(threat, sensor, window, figures, setup, tonight)
        if start_s >= window.end_s:
            continue
        shared_s = start_s + figures["share_delay_s"] if defence.sensor_shared[row] else math.inf
        memory_s = tonight.general[0]["track_memory_s"]
        tracks.append(Track(sensor, start_s, window.end_s + memory_s, shared_s))
        told_s = start_s + figures["classify_s"]
        if defence.sensor_classifies[row] and told_s < window.end_s:
            threat.told_s = min(threat.told_s, told_s)
    return tracks


def _wait_s(threat, sensor: int, window: Window, figures, setup, tonight) -> float:
    """Time until a sensor that detects by chance does so: exponential in the way flown."""
    per_m, threat_figures = figures["detect_per_m"], tonight.threats[threat.type]
    if setup.defence.sensor_acoustic[setup.defence.sensor_row[sensor]]:
        per_m *= threat_figures["loudness"] * max(0.0, 1 - threat.height_m / figures["height_max_m"])
    if per_m <= 0:
        return math.inf
    name = joint_name(threat.name, setup.defence.sensor_key[sensor])
    u = tonight.luck.one(name, chance.DETECT, window.number)
    return -math.log(1 - u) / (per_m * threat_figures["speed_m_s"])


def joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order of time, those that touch made one."""
    out = []
    for start_s, end_s in sorted(spans):
        if out and start_s <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end_s))
        else:
            out.append((start_s, end_s))
    return out


def shared_picture(tracks: list[Track]) -> list[tuple[float, float]]:
    """When the picture that all share holds the threat."""
    return joined([(track.shared_s, track.end_s) for track in tracks if track.shared_s < track.end_s])


def ends_by_itself(threat, windows, setup, tonight, unit_up) -> None:
    """Impact, soft kill or failure: whichever comes first."""
    luck, ground = tonight.luck, setup.ground
    for window in windows:
        unit = int(ground.site_owner[window.site])
        if ground.site_kind[window.site] != c.JAMMER_SITE or not unit_up[unit]:
            continue
        jammer = tonight.effectors[ground.circle_of[ground.site_circle[window.site]][0]]
        shock = tonight.shocks[setup.types.group[threat.type]]
        per_s = jammer["soft_kill_per_s"] * tonight.threats[threat.type]["soft_kill"] * math.exp(shock)
        u = luck.one(joint_name(threat.name, setup.defence.unit_key[unit]), chance.LOSS, window.number)
        lost_s = window.start_s - math.log(1 - u) / per_s
        if lost_s < window.end_s and lost_s < threat.over_s:
            threat.over_s, threat.over_fate = lost_s, c.LOST
    fails, when = luck.two(threat.name, chance.FALL)
    fell_s = threat.start_s + when * (threat.impact_s - threat.start_s)
    if fails < tonight.threats[threat.type]["fail_share"] and fell_s < threat.over_s:
        threat.over_s, threat.over_fate = fell_s, c.FELL


def encounters_of(threat, windows, tracks, shared, setup, tonight, unit_up) -> list[Encounter]:
    """When each magazine may fire at one threat: in its window, while its unit knows, after its reaction."""
    defence, ground, out = setup.defence, setup.ground, []
    for window in windows:
        if ground.site_kind[window.site] != c.MAGAZINE_SITE:
            continue
        magazine = int(ground.site_owner[window.site])
        unit = int(defence.magazine_unit[magazine])
        if not unit_up[unit]:
            continue
        if setup.rules.plain:
            out.append(Encounter(threat, magazine, window.number * 4096, window.start_s, window.end_s, math.inf))
            continue
        own = [(t.start_s, t.end_s) for t in tracks if t.sensor == defence.unit_sensor[unit]]
        reaction_s = tonight.units[defence.unit_row[unit]]["reaction_s"]
        for k, (start_s, end_s) in enumerate(joined(shared + own)):
            open_s, close_s = max(window.start_s, start_s + reaction_s), min(window.end_s, end_s)
            if open_s < close_s:
                heard = [a for a, b in shared if b > open_s and a < close_s]
                draws = (window.number * 64 + k) * 4096
                out.append(Encounter(threat, magazine, draws, open_s, close_s, min(heard, default=math.inf)))
    return out


def alarms_of(windows, shared, setup) -> list[tuple[int, float, float]]:
    """Zone, start and end of each alarm that a threat raises: while the shared picture holds it near."""
    out = []
    for window in windows:
        if setup.ground.site_kind[window.site] == c.ZONE_SITE:
            for start_s, end_s in shared:
                start_s, end_s = max(window.start_s, start_s), min(window.end_s, end_s)
                if start_s < end_s:
                    out.append((int(setup.ground.site_owner[window.site]), start_s, end_s))
    return out
