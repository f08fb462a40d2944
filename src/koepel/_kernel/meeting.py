"""What a threat passes on its way: windows in time over circles round sites, from closed forms."""

import math

import numpy as np

from koepel._kernel.columns import (
    E_ACROSS,
    E_ALONG,
    E_HEIGHT_MAX,
    E_HEIGHT_MIN,
    E_OFFSET,
    E_PK,
    E_RANGE_MAX,
    E_RANGE_MIN,
    E_RATIO,
    E_SOFT,
    E_SPEED,
    JAMMER_SITE,
    MAGAZINE_SITE,
    S_ANTENNA,
    S_HEIGHT_MAX,
    S_RANGE,
    S_WEATHER,
    SENSOR_SITE,
    T_LEAD,
    T_LOUD,
    T_SOFT,
    T_SPEED,
    T_TERMINAL,
    U_LOS,
)
from koepel._kernel.compiled import inside, lean
from koepel._kernel.grid import cell_of
from koepel._kernel.raids import height_m
from koepel._kernel.sphere import cross, dot, horizon_m, leg_between, passage, turned

NEVER = 2.0  # no cosine reaches it
CLOSE = 1e-11  # cosines that differ by less are not told apart by a quick look


@inside
def ground_cos(slant_m, height, horizon, earth_radius_m):
    """Cosine of the angular ground radius within a slant range and a horizon; NEVER where there is none."""
    if slant_m <= height:
        return NEVER
    ground = min(math.sqrt(slant_m * slant_m - height * height), horizon)
    return math.cos(min(ground / earth_radius_m, 1.5)) if ground > 0.0 else NEVER


@inside
def fire_radius(e, los_height_m, threat, height, kind, terminal, plain, earth_radius_m):
    """Cosines of the outer and inner radius within which a magazine can engage a type of threat.

    Parameters
    ----------
    e, threat
        Figures of the effector and of the threat type.
    """
    jams = e[E_SOFT] > 0.0
    able = threat[T_SOFT] > 0.0 if jams else e[E_PK + kind] > 0.0
    if not able:
        return NEVER, NEVER
    if plain:
        return (NEVER if jams else math.cos(e[E_RANGE_MAX] / earth_radius_m)), NEVER
    slow = e[E_SPEED] < e[E_RATIO] * threat[T_SPEED]
    if terminal or slow or height < e[E_HEIGHT_MIN] or height > e[E_HEIGHT_MAX]:
        return NEVER, NEVER
    horizon = horizon_m(los_height_m, height, earth_radius_m)
    return (
        ground_cos(e[E_RANGE_MAX], height, horizon, earth_radius_m),
        ground_cos(e[E_RANGE_MIN], height, 1e12, earth_radius_m),
    )


@inside
def sight_radius(s, threat, height, size, terminal, acoustic, bad_weather, earth_radius_m):
    """Cosine of the radius within which a sensor sees a type of threat.

    A terminal-only threat comes down through every height, so a sensor's ceiling does not hide it.
    """
    if (height > s[S_HEIGHT_MAX] and not terminal) or (acoustic and threat[T_LOUD] <= 0.0):
        return NEVER
    reach = s[S_RANGE + size] * (s[S_WEATHER] if bad_weather else 1.0)
    return ground_cos(reach, height, horizon_m(s[S_ANTENNA], height, earth_radius_m), earth_radius_m)


@inside
def radii(ground, types, acoustic, plain, bad_weather, threats, effectors, units, sensors, table):
    """Fill in the table of radii: shape (circles, types * 2 bands, 2), cosines of outer and inner radius."""
    earth = ground.earth_radius_m
    for c in range(len(ground.circle_kind)):
        a, b = ground.circle_of[c]
        for q in range(table.shape[1]):
            t, high = q // 2, q % 2 == 1
            height = height_m(threats, t, high)
            outer = inner = NEVER
            if ground.circle_kind[c] in (MAGAZINE_SITE, JAMMER_SITE):
                outer, inner = fire_radius(
                    effectors[a], units[b, U_LOS], threats[t], height, types.kind[t], types.terminal[t], plain, earth
                )
            elif not plain and ground.circle_kind[c] == SENSOR_SITE:
                outer = sight_radius(
                    sensors[a], threats[t], height, types.size[t], types.terminal[t], acoustic[a], bad_weather, earth
                )
            elif not plain:
                lead = threats[t, T_LEAD] * threats[t, T_SPEED]
                outer = math.cos(min((ground.zone_radius_m[a] + lead) / earth, 1.5))
            table[c, q, 0], table[c, q, 1] = outer, inner


@inside
def add_window(site, t_in, t_out, latest, window_site, window_time, n):
    """Add a window, or stretch the site's latest one where the two touch. Returns the number of windows.

    Each window is numbered among those of its own threat and site, so that what is drawn in it does not
    depend on what else the threat meets.
    """
    if t_out <= t_in:
        return n
    before = latest[site]
    nth = 0
    if 0 <= before < n and window_site[before, 0] == site:
        if t_in <= window_time[before, 1] + 1e-6:
            window_time[before, 1] = t_out
            return n
        nth = window_site[before, 1] + 1
    latest[site] = n
    window_site[n, 0], window_site[n, 1] = site, nth
    window_time[n, 0], window_time[n, 1] = t_in, t_out
    return n + 1


@inside
def list_sites(ground, p, d, length, stamp, tag, found):
    """Fill in the sites that the grid lists along a leg, each once. Returns how many.

    Whether a site is new cannot be foretold, so nothing here branches on it: each is written down, and the
    next writes over it where it was known.
    """
    n = 0
    steps = int(length / ground.grid_step) + 1
    turn_cos, turn_sin = math.cos(length / steps), math.sin(length / steps)
    point, ahead = p, d
    for i in range(steps + 1):
        if i > 0:
            point, ahead = turned(point, ahead, turn_cos, turn_sin)
        cell = cell_of(point, ground.grid_origin, ground.grid_step, ground.grid_dims)
        if cell < 0:
            continue
        for at in range(ground.grid_first[cell], ground.grid_first[cell + 1]):
            site = ground.grid_site[at]
            found[n] = site
            n += stamp[site] != tag
            stamp[site] = tag
    return n


@inside
def keep_passed(ground, p, d, length, table, q, found, n):
    """Keep those of n sites whose circle the leg may pass; four of five go, for a few products each.

    A leg that starts and ends outside a circle passes it only if it comes nearer first and goes away at
    last. `CLOSE` is far more than the rounding of `passage`, so nothing goes that `passage` would find.
    """
    kept = 0
    end_cos, end_sin = math.cos(length), math.sin(length)
    for k in range(n):
        site = found[k]
        x, y, z = ground.site_xyz[site, 0], ground.site_xyz[site, 1], ground.site_xyz[site, 2]
        outer = table[ground.site_circle[site], q, 0]
        along = x * p[0] + y * p[1] + z * p[2]
        ahead = x * d[0] + y * d[1] + z * d[2]
        outside = (along < outer - CLOSE) & (along * end_cos + ahead * end_sin < outer - CLOSE)
        away = (ahead <= 0.0) | (ahead * end_cos >= along * end_sin)
        found[kept] = site
        kept += (along * along + ahead * ahead > outer * outer) & ~(outside & away)
    return kept


@inside
def pass_over(ground, site, p, d, length, t_leg, speed_rad, table, q, latest, window_site, window_time, n):
    """Add the windows of one leg over one circle; two where an inner circle is left out."""
    outer, inner = table[ground.site_circle[site], q]
    c = (ground.site_xyz[site, 0], ground.site_xyz[site, 1], ground.site_xyz[site, 2])
    s_in, s_out = passage(p, d, length, c, outer)
    if s_out <= s_in:
        return n
    hole_in, hole_out = passage(p, d, length, c, inner) if inner != NEVER else (0.0, -1.0)
    t_in, t_out = t_leg + s_in / speed_rad, t_leg + s_out / speed_rad
    if hole_out > hole_in:
        n = add_window(site, t_in, t_leg + hole_in / speed_rad, latest, window_site, window_time, n)
        t_in = t_leg + hole_out / speed_rad
    return add_window(site, t_in, t_out, latest, window_site, window_time, n)


@inside
def meet(ground, plain, legs, first, last, start_s, speed_rad, table, q, stamp, tag, latest, found,
         window_site, window_time):  # fmt: skip
    """Windows of one threat over all circles near its route.

    Points one step apart along each leg are looked up in the grid; each circle found is then solved in
    closed form, once a leg. Windows of neighbouring legs over one circle join. Alarm zones are few and wide
    and are all tried.

    Parameters
    ----------
    table
        Radii, see `radii`.
    q
        Which column of the table this threat has: type * 2 + band.
    stamp, tag
        ``stamp[site]`` is the tag of the last leg that looked at the site.
    latest
        Latest window of each site.
    found
        Room for every site and one more.
    window_site, window_time
        Filled in: site and number of the window among the site's, and from when to when; room for two
        windows of each site on each leg.

    Returns
    -------
    tuple
        Number of windows, and the next tag.
    """
    n = np.int64(0)
    for k in range(first, last):
        p = (legs[k, 0], legs[k, 1], legs[k, 2])
        d = (legs[k, 3], legs[k, 4], legs[k, 5])
        t_leg = start_s + legs[k, 7] / speed_rad
        listed = list_sites(ground, p, d, legs[k, 6], stamp, tag, found)
        if not plain:
            for site in range(ground.first_zone, len(ground.site_kind)):
                found[listed] = site
                listed += 1
        for at in range(keep_passed(ground, p, d, legs[k, 6], table, q, found, listed)):
            n = pass_over(ground, found[at], p, d, legs[k, 6], t_leg, speed_rad, table, q, latest, window_site,
                          window_time, n)  # fmt: skip
        tag += 1
    return n, tag


@lean
def in_footprint(aim, behind, centre, along_m, across_m, offset_m, earth_radius_m):
    """Does the aim point lie in the ellipse that a magazine covers against steep threats?

    The ellipse is set off from the site toward where the threat comes from.

    Parameters
    ----------
    behind
        Unit vector from the aim point back along the approach.
    """
    if along_m <= 0.0 or across_m <= 0.0:
        return False
    d, arc = leg_between(centre, aim)
    reach = arc * earth_radius_m
    x = reach * dot(d, behind) - offset_m
    y = reach * dot(d, cross(centre, behind))
    return (x / along_m) ** 2 + (y / across_m) ** 2 <= 1.0


@inside
def meet_terminal(ground, effector_of, effectors, threats, t, kind, aim, behind, impact_s, window_site, window_time,
                  n):  # fmt: skip
    """Windows of a terminal-only threat: the last seconds before impact, where a footprint holds its aim point."""
    cell = cell_of(aim, ground.grid_origin, ground.grid_step, ground.grid_dims)
    if cell < 0:
        return n
    for at in range(ground.grid_first[cell], ground.grid_first[cell + 1]):
        site = ground.grid_site[at]
        if ground.site_kind[site] != MAGAZINE_SITE:
            continue
        e = effectors[effector_of[ground.site_owner[site]]]
        if e[E_PK + kind] <= 0.0 or e[E_SPEED] < e[E_RATIO] * threats[t, T_SPEED]:
            continue
        centre = (ground.site_xyz[site, 0], ground.site_xyz[site, 1], ground.site_xyz[site, 2])
        if in_footprint(aim, behind, centre, e[E_ALONG], e[E_ACROSS], e[E_OFFSET], ground.earth_radius_m):
            window_site[n, 0], window_site[n, 1] = site, 0
            window_time[n, 0], window_time[n, 1] = impact_s - threats[t, T_TERMINAL], impact_s
            n += 1
    return n
