"""What the defender sees of one threat: detections, tracks, and the magazines it can then be engaged by."""

import math

from koepel._kernel.chance import DETECT, LOSS, mixed, uniform
from koepel._kernel.columns import (
    E_SOFT,
    G_MEMORY,
    JAMMER_SITE,
    MAGAZINE_SITE,
    S_CLASSIFY,
    S_CONFIRM,
    S_DELAY,
    S_HEIGHT_MAX,
    S_RATE,
    SENSOR_SITE,
    T_LOUD,
    T_SOFT,
    T_SPEED,
    ZONE_SITE,
)
from koepel._kernel.compiled import inside

FAR = 1e18


@inside
def detect(ground, defence, name, key, figures, height, sensors, general, up, window_site, window_time, n, seen,
           seen_by):  # fmt: skip
    """Tracks of one threat by each sensor: ``seen`` rows (start, end, start when shared), ``seen_by`` sensors.

    A sensor confirms a track some time after the threat came in, if it is still there; an acoustic net
    first needs a detection, which comes at a rate per metre flown. A track lives on for the memory after
    the threat went out.

    Returns
    -------
    tuple
        Number of tracks, and when the threat is first told for a decoy (FAR where never).
    """
    tracks, classified = 0, FAR
    for w in range(n):
        site = window_site[w, 0]
        if ground.site_kind[site] != SENSOR_SITE:
            continue
        sensor = ground.site_owner[site]
        if not up[sensor]:
            continue
        row = defence.sensor_row[sensor]
        start = window_time[w, 0] + sensors[row, S_CONFIRM]
        rate = sensors[row, S_RATE]
        if rate > 0.0:
            if defence.sensor_acoustic[row]:
                fade = 1.0 - height / sensors[row, S_HEIGHT_MAX]
                rate *= figures[T_LOUD] * max(fade, 0.0)
            u = uniform(key, mixed(name, defence.sensor_key[sensor]), DETECT, window_site[w, 1])
            start += -math.log(1.0 - u) / (rate * figures[T_SPEED]) if rate > 0.0 else FAR
        if start >= window_time[w, 1]:
            continue
        shared = defence.sensor_shared[row]
        seen[tracks, 0] = start
        seen[tracks, 1] = window_time[w, 1] + general[G_MEMORY]
        seen[tracks, 2] = start + sensors[row, S_DELAY] if shared else FAR
        seen_by[tracks] = sensor
        tracks += 1
        told = start + sensors[row, S_CLASSIFY]
        if defence.sensor_classifies[row] and told < window_time[w, 1]:
            classified = min(classified, told)
    return tracks, classified


@inside
def joined(spans, n):
    """Sort spans by start and join those that touch, in place. Returns how many are left."""
    for i in range(1, n):
        start, end = spans[i, 0], spans[i, 1]
        j = i - 1
        while j >= 0 and spans[j, 0] > start:
            spans[j + 1, 0], spans[j + 1, 1] = spans[j, 0], spans[j, 1]
            j -= 1
        spans[j + 1, 0], spans[j + 1, 1] = start, end
    kept = 0
    for i in range(n):
        if kept > 0 and spans[i, 0] <= spans[kept - 1, 1]:
            spans[kept - 1, 1] = max(spans[kept - 1, 1], spans[i, 1])
        else:
            spans[kept, 0], spans[kept, 1] = spans[i, 0], spans[i, 1]
            kept += 1
    return kept


@inside
def shared_spans(seen, tracks, spans):
    """When the shared picture holds the threat; joined spans."""
    n = 0
    for k in range(tracks):
        if seen[k, 2] < seen[k, 1]:
            spans[n, 0], spans[n, 1] = seen[k, 2], seen[k, 1]
            n += 1
    return joined(spans, n)


@inside
def unit_spans(seen, seen_by, tracks, own_sensor, shared, n_shared, spans):
    """When one fire unit knows of the threat: the shared picture and its own sensor."""
    for k in range(n_shared):
        spans[k, 0], spans[k, 1] = shared[k, 0], shared[k, 1]
    n = n_shared
    if own_sensor >= 0:
        for k in range(tracks):
            if seen_by[k] == own_sensor:
                spans[n, 0], spans[n, 1] = seen[k, 0], seen[k, 1]
                n += 1
        n = joined(spans, n)
    return n


@inside
def soft_kill_s(ground, defence, name, key, figures, effectors, shock, units, window_site, window_time, n):
    """When jamming makes the threat lose its way: the first of exponential times inside each area."""
    lost = FAR
    for w in range(n):
        site = window_site[w, 0]
        if ground.site_kind[site] != JAMMER_SITE:
            continue
        unit = ground.site_owner[site]
        if not units[unit].up:
            continue
        effector = ground.circle_of[ground.site_circle[site], 0]
        rate = effectors[effector, E_SOFT] * figures[T_SOFT] * math.exp(shock)
        u = uniform(key, mixed(name, defence.unit_key[unit]), LOSS, window_site[w, 1])
        when = window_time[w, 0] - math.log(1.0 - u) / rate
        if when < window_time[w, 1]:
            lost = min(lost, when)
    return lost


@inside
def add_encounter(encounters, made, threat, magazine, count, opens, closes, shared_s):
    """Fill in a fresh encounter."""
    one = encounters[made]
    one.threat, one.magazine, one.count = threat, magazine, count
    one.open_s, one.close_s, one.shared_s = opens, closes, shared_s


@inside
def open_encounters(ground, defence, plain, threat, units, seen, seen_by, tracks, shared, n_shared, spans,
                    window_site, window_time, n, encounters, made):  # fmt: skip
    """Add the encounters of one threat: when each magazine may fire at it, and from when others know.

    Under plain rules every window is an encounter. Else a window counts while the unit has a track, and
    from its reaction time after it got that track.

    Returns
    -------
    int
        Number of encounters; the caller leaves room for one of each window and track.
    """
    for w in range(n):
        site = window_site[w, 0]
        if ground.site_kind[site] != MAGAZINE_SITE:
            continue
        magazine = ground.site_owner[site]
        unit = defence.magazine_unit[magazine]
        if not units[unit].up:
            continue
        t_in, t_out = window_time[w, 0], window_time[w, 1]
        if plain:
            add_encounter(encounters, made, threat, magazine, window_site[w, 1] * 4096, t_in, t_out, FAR)
            made += 1
            continue
        known = unit_spans(seen, seen_by, tracks, defence.unit_sensor[unit], shared, n_shared, spans)
        for k in range(known):
            opens, closes = max(t_in, spans[k, 0] + units[unit].reaction_s), min(t_out, spans[k, 1])
            if opens >= closes:
                continue
            shared_s = FAR
            for m in range(n_shared):
                if shared[m, 1] > opens and shared[m, 0] < closes:
                    shared_s = min(shared_s, shared[m, 0])
            count = (window_site[w, 1] * 64 + k) * 4096  # no two windows of a pair share a draw
            add_encounter(encounters, made, threat, magazine, count, opens, closes, shared_s)
            made += 1
    return made


@inside
def open_alarms(ground, threat, shared, n_shared, window_site, window_time, n, alarms, made):
    """Add the alarms that one threat raises: zone by zone, while the shared picture holds it near."""
    for w in range(n):
        site = window_site[w, 0]
        if ground.site_kind[site] != ZONE_SITE:
            continue
        for k in range(n_shared):
            start, end = max(window_time[w, 0], shared[k, 0]), min(window_time[w, 1], shared[k, 1])
            if start < end:
                alarms[made].start_s, alarms[made].end_s = start, end
                alarms[made].threat, alarms[made].zone = threat, ground.site_owner[site]
                made += 1
    return made
