"""Who comes tonight: threats drawn from the pattern, with their routes as great-circle legs."""

import math

import numpy as np

from koepel._kernel.chance import GROUP, NIGHT, ROUTE, TIME, mixed, normal, normal_cdf, normal_quantile, uniform
from koepel._kernel.chance import two_uniforms as two
from koepel._kernel.columns import N_NIGHT_SD, N_POWER, N_SHARE, T_HIGH, T_HIGH_SHARE, T_LOW, T_SPEED
from koepel._kernel.compiled import inside, lean
from koepel._kernel.sphere import beside, cross, leg_between, point_on

MOST_LEGS = 6  # a wandering route bends four times
_AIM_POINT, _NEAR_POINT = np.uint64(1 << 40), np.uint64(1 << 41)  # aim points are numbered apart from threats
_INTENSITY = np.uint64(0x6E69676874000001)
_DEPTH = np.uint64(0x6465707468000001)  # how near all of a class strikes tonight


@inside
def pick(cumulative, u):
    """First index whose cumulative share exceeds u; the last one has share 1."""
    low, high = 0, len(cumulative) - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > u:
            high = middle
        else:
            low = middle + 1
    return low


@lean
def group_counts(pattern, key, counts):
    """Number of threats of each group tonight: lognormal, zero-inflated, tied by a Gaussian copula."""
    intensity = normal(key, _INTENSITY, GROUP, 0)
    for g in range(len(counts)):
        counts[g] = group_count(pattern, key, g, intensity, 1.0)


@lean
def group_count(pattern, key, g, intensity, scale):
    """Number of threats of one group on a night of this intensity, its median and its most scaled."""
    fixed, chance, median, spread, loading, most = pattern.count[g]
    if fixed >= 0:
        return int(fixed)
    own = normal(key, pattern.group_key[g], GROUP, 0)
    u = normal_cdf(loading * intensity + math.sqrt(1.0 - loading * loading) * own)
    if u < 1.0 - chance:
        return 0
    share = min(max((u - (1.0 - chance)) / chance, 1e-12), 1.0 - 1e-12)
    drawn = median * scale * math.exp(spread * normal_quantile(share))
    return int(min(max(1.0, math.floor(drawn + 0.5)), max(1.0, math.floor(most * scale + 0.5))))


@inside
def near_share(pattern, near, key, counts, g):
    """Share of a group that strikes near tonight, by the number of its class; see `koepel.raid.Near`."""
    if pattern.near_aim[g] < 0:
        return 0.0
    size = 0.0
    for other in range(len(counts)):
        same = pattern.group_class[other] == pattern.group_class[g]
        size += counts[other] * (1.0 if same else pattern.near_others[g])
    row = near[pattern.near_row[g]]
    shift = row[N_POWER] * math.log(max(size, 1.0) / pattern.near_size[g])
    shift += row[N_NIGHT_SD] * normal(key, _DEPTH, NIGHT, pattern.group_class[g])
    return min(1.0, row[N_SHARE] * math.exp(shift))


@inside
def aim_of(g, k, key, name, near, pattern):
    """Row of the aims, launch area and aim place of the k-th threat of a group.

    Where a group, or its near part, has few aim points, each point draws once for all its threats.
    """
    point = name
    if pattern.aim_points[g] > 0:
        point = mixed(pattern.group_key[g], _AIM_POINT + np.uint64(k % pattern.aim_points[g]))
    row = g
    if near > 0.0 and uniform(key, point, ROUTE, 5) < near:
        row = pattern.near_aim[g]
        if pattern.aim_points[row] > 0:
            point = mixed(pattern.group_key[g], _NEAR_POINT + np.uint64(k % pattern.aim_points[row]))
    _, u_launch = two(key, point, ROUTE, 0)
    area = pick(pattern.launch_cum[g], u_launch)
    u_aim, _ = two(key, point, ROUTE, 1)
    return row, area, pick(pattern.aim_cum[row, area], u_aim)


@inside
def bend(key, name, family, start, end, detour, points):
    """Fill in the points of a route and return how many: start, bends, end."""
    points[0, 0], points[0, 1], points[0, 2] = start
    bends = 0 if family == 0 else (1 if family == 1 else 4)
    if bends > 0:
        d, arc = leg_between(start, end)
        side = cross(start, d)
        for b in range(bends):
            across, along = two(key, name, ROUTE, 8 + b)
            s = arc * (b + 1 + 0.5 * (along - 0.5)) / (bends + 1)
            on = point_on(start, d, s)
            points[b + 1, 0], points[b + 1, 1], points[b + 1, 2] = point_on(
                on, side, arc * detour * (2.0 * across - 1.0)
            )
    points[bends + 1, 0], points[bends + 1, 1], points[bends + 1, 2] = end
    return bends + 2


@inside
def fly(points, n_points, legs, first):
    """Turn points into legs from index ``first`` on; return the index after the last, and the whole arc.

    A leg is p (3), d (3), its arc, and the arc flown before it. Legs without length are left out.
    """
    flown = 0.0
    for k in range(n_points - 1):
        a = (points[k, 0], points[k, 1], points[k, 2])
        d, arc = leg_between(a, (points[k + 1, 0], points[k + 1, 1], points[k + 1, 2]))
        if arc <= 0.0 and not (k == n_points - 2 and flown == 0.0):
            continue
        legs[first, 0], legs[first, 1], legs[first, 2] = a
        legs[first, 3], legs[first, 4], legs[first, 5] = d
        legs[first, 6] = arc
        legs[first, 7] = flown
        flown += arc
        first += 1
    return first, flown


@inside
def position(legs, first, last, s):
    """The unit vector after the arc s of a route whose legs are ``first`` to ``last - 1``."""
    k = first
    while k < last - 1 and legs[k + 1, 7] <= s:
        k += 1
    return point_on(
        (legs[k, 0], legs[k, 1], legs[k, 2]), (legs[k, 3], legs[k, 4], legs[k, 5]), min(s - legs[k, 7], legs[k, 6])
    )


@inside
def draw_threat(g, k, key, near, pattern, threats, groups, earth_radius_m, points):
    """Draw the k-th threat of group g.

    Its luck is named by group and number, so that a change of the defence, or of another group, leaves
    it as it was.

    Parameters
    ----------
    near
        Share of the group that strikes near tonight.

    Returns
    -------
    tuple
        name, type, high band or not, start time in seconds, aim place, number of points.
    """
    name = mixed(pattern.group_key[g], np.uint64(k))
    u_type, _ = two(key, name, ROUTE, 0)
    kind = pick(pattern.type_cum[g], u_type)
    _, u_family = two(key, name, ROUTE, 1)
    row, area, aim = aim_of(g, k, key, name, near, pattern)
    turn, reach = two(key, name, ROUTE, 2)
    centre = (pattern.area_xyz[area, 0], pattern.area_xyz[area, 1], pattern.area_xyz[area, 2])
    start = beside(centre, turn, reach, pattern.area_radius[area])
    turn, reach = two(key, name, ROUTE, 3)
    centre = (pattern.aim_xyz[aim, 0], pattern.aim_xyz[aim, 1], pattern.aim_xyz[aim, 2])
    end = beside(centre, turn, reach, pattern.aim_scatter[row])
    family = pick(pattern.family_cum[g], u_family)
    n_points = bend(key, name, family, start, end, pattern.detour[g], points)
    of_group = pattern.high_share_row[g]
    high_share = groups[of_group] if of_group >= 0 else threats[kind, T_HIGH_SHARE]
    high = uniform(key, name, ROUTE, 4) < high_share
    waves, first_s, every_s, spread_s, together = pattern.wave[g]
    u_wave, u_spread = two(key, name, TIME, 0)
    start_s = first_s + every_s * math.floor(u_wave * waves) + spread_s * u_spread
    if together > 0.0:
        _, arc = leg_between(start, end)
        start_s -= arc * earth_radius_m / threats[kind, T_SPEED]
    return name, kind, high, start_s, aim, n_points


@inside
def height_m(threats, kind, high):
    """Height band of a threat."""
    return threats[kind, T_HIGH] if high else threats[kind, T_LOW]
