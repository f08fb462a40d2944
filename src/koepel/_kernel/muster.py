"""What comes of a raid before a shot is fired: threats meet the circles on their way."""

import numpy as np

from koepel._kernel.chance import FALL, two_uniforms
from koepel._kernel.columns import FELL, LOST, T_FAIL, T_HARD
from koepel._kernel.compiled import allocating, inside
from koepel._kernel.fight import FAR
from koepel._kernel.meeting import meet, meet_terminal
from koepel._kernel.picture import detect, open_alarms, open_encounters, shared_spans, soft_kill_s
from koepel._kernel.raids import position
from koepel._kernel.sectors import AHEAD, call_up, tie
from koepel._kernel.setup import ALARM_NOW, ENCOUNTER
from koepel._kernel.sphere import leg_between


@allocating
def grown(rows, used, more):
    """The same rows in an array with room for ``more`` after the ``used`` ones."""
    if used + more <= len(rows):
        return rows
    larger = np.empty(2 * (used + more), rows.dtype)
    for i in range(used):
        larger[i] = rows[i]
    return larger


@inside
def way_back(legs, first, last):
    """Aim point, and the direction from it back along the last leg."""
    k = last - 1
    start = (legs[k, 0], legs[k, 1], legs[k, 2])
    aim = position(legs, first, last, legs[k, 7] + legs[k, 6])
    behind, _ = leg_between(aim, start)
    return aim, behind


@allocating
def muster(ground, defence, types, plain, key, figures, threats, legs, table, units, sensor_up, shocks, led_by,
           order):  # fmt: skip
    """Meet threats, in some order, with the circles on their way: tracks, encounters, alarms, an end of their own.

    Units that nobody of these ties are left alone in ``led_by``.
    """
    threat_figures, effectors = figures.threats, figures.effectors
    n_sites = len(ground.site_kind)
    stamp, latest = np.empty(n_sites, np.int64), np.empty(n_sites, np.int64)
    stamp[:] = latest[:] = -1
    found = np.empty(n_sites + 1, np.int64)
    room = 2 * n_sites * most_legs(threats) + 4
    window_site, window_time = np.empty((room, 2), np.int32), np.empty((room, 2))
    seen, seen_by = np.empty((room, 3)), np.empty(room, np.int32)
    shared, spans = np.empty((room, 2)), np.empty((room, 2))
    made = raised = tag = np.int64(0)  # not the literal 0, for which all that follows would compile twice
    encounters, alarms = np.empty(1024 + 4 * len(threats), ENCOUNTER), np.empty(1024, ALARM_NOW)
    for u in range(len(units)):
        led_by[u] = u
    for k in range(len(order)):
        if k % AHEAD == 0:
            window_time[0, 0] = call_up(threats, legs, order, k, min(k + AHEAD, len(order)))
        i = order[k]
        threat = threats[i]
        kind = threat.type
        threat.shock = 0.0
        n, tag = meet(ground, plain, legs, threat.first, threat.last, threat.start_s, threat.speed_rad, table,
                      2 * kind + threat.high, stamp, tag, latest, found, window_site, window_time)  # fmt: skip
        if plain:
            tracks = n_shared = np.int64(0)
            encounters, had = grown(encounters, made, n), made
            made = open_encounters(ground, defence, plain, i, units, seen, seen_by, tracks, shared, n_shared, spans,
                                   window_site, window_time, n, encounters, made)  # fmt: skip
            tie(threat, encounters, had, made, defence.magazine_unit, led_by)
            continue
        threat.shock = shocks[types.group[kind]] - threat_figures[kind, T_HARD]
        if types.terminal[kind]:
            aim, behind = way_back(legs, threat.first, threat.last)
            n = meet_terminal(ground, defence.magazine_effector, effectors, threat_figures, kind, threat.kind,
                              aim, behind, threat.impact_s, window_site, window_time, n)  # fmt: skip
        tracks, threat.told_s = detect(ground, defence, threat.name, key, threat_figures[kind], threat.height_m,
                                       figures.sensors, figures.general, sensor_up, window_site, window_time, n, seen,
                                       seen_by)  # fmt: skip
        ends_by_itself(ground, defence, key, threat, threat_figures[kind], effectors, shocks[types.group[kind]], units,
                       window_site, window_time, n)  # fmt: skip
        n_shared = shared_spans(seen, tracks, shared)
        threat.tracked_s = shared[0, 0] if n_shared > 0 else FAR
        encounters, had = grown(encounters, made, n * (n_shared + tracks + 1)), made
        made = open_encounters(ground, defence, plain, i, units, seen, seen_by, tracks, shared, n_shared, spans,
                               window_site, window_time, n, encounters, made)  # fmt: skip
        tie(threat, encounters, had, made, defence.magazine_unit, led_by)
        alarms = grown(alarms, raised, n * (n_shared + 1))
        raised = open_alarms(ground, i, shared, n_shared, window_site, window_time, n, alarms, raised)
    return encounters[:made], alarms[:raised]


@inside
def most_legs(threats):
    """The longest route, in legs."""
    most = 1
    for i in range(len(threats)):
        most = max(most, threats[i].last - threats[i].first)
    return most


@inside
def ends_by_itself(ground, defence, key, threat, figures, effectors, shock, units, window_site, window_time, n):
    """Soft kill or failure before impact, whichever comes first."""
    lost_s = soft_kill_s(ground, defence, threat.name, key, figures, effectors, shock, units, window_site,
                         window_time, n)  # fmt: skip
    if lost_s < threat.over_s:
        threat.over_s, threat.over_fate = lost_s, LOST
    fails, when = two_uniforms(key, threat.name, FALL, 0)
    fell_s = threat.start_s + when * (threat.impact_s - threat.start_s)
    if fails < figures[T_FAIL] and fell_s < threat.over_s:
        threat.over_s, threat.over_fate = fell_s, FELL
