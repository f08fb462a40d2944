"""What came of a night: fates, rounds, money, harm, people, warning. One row of numbers a night.

The row holds, for each threat type, the columns of `columns.PER_TYPE`; for each effector the rounds fired
and the threats killed; then `columns.SCALARS`.
"""

import math

import numpy as np

from koepel._kernel.chance import DEBRIS, REPORT, two_uniforms, uniform
from koepel._kernel.columns import (
    DECOY,
    E_PRICE,
    FELL,
    G_DEBRIS,
    G_DECOYS,
    G_DENSITY,
    G_FALLEN,
    G_HOLD,
    G_UNREPORTED,
    KILLED,
    LEAKED,
    LOST,
    O_ALARM,
    O_ATTACKER,
    O_AVERTED,
    O_DAMAGE,
    O_DEBRIS,
    O_DEFENDER,
    O_EXPOSED,
    O_IMPACTS,
    O_WARNING,
    O_WEATHER,
    PER_TYPE,
    T_DAMAGE,
    T_DEBRIS,
    T_EXPOSURE,
    T_PRICE,
)
from koepel._kernel.compiled import allocating, inside
from koepel._kernel.picture import joined
from koepel._kernel.raids import position

_DEGREES = 180.0 / math.pi


@allocating
def sound_alarms(alarms, threats, hold_s, n_zones):
    """Join the alarms of each zone, cut at the death of the threat that raised them.

    Returns
    -------
    first, last
        Spans of zone z are ``first[z]`` to ``last[z] - 1``. Shape (zones,).
    spans
        Start and end, seconds, in order of time.
    """
    first = np.zeros(n_zones + 1, np.int64)
    for a in range(len(alarms)):
        first[alarms[a].zone + 1] += 1
    for z in range(n_zones):
        first[z + 1] += first[z]
    spans = np.empty((len(alarms), 2))
    last = first[:n_zones].copy()
    for a in range(len(alarms)):
        end, z = min(alarms[a].end_s, threats[alarms[a].threat].end_s), alarms[a].zone
        if end > alarms[a].start_s:
            spans[last[z], 0], spans[last[z], 1] = alarms[a].start_s, end + hold_s
            last[z] += 1
    for z in range(n_zones):
        last[z] = first[z] + joined(spans[first[z] : last[z]], last[z] - first[z])
    return first, last, spans


@inside
def warned_s(spans, time):
    """How long the alarm had lasted at a moment; 0 without an alarm."""
    for k in range(len(spans)):
        if spans[k, 0] <= time <= spans[k, 1]:
            return time - spans[k, 0]
    return 0.0


@inside
def observed(u, fate, kind, general):
    """Would the record count this threat as neutralised? u is one uniform draw."""
    if fate in (KILLED, LOST):
        return True
    if fate == FELL:
        return u < general[G_FALLEN]
    return u < (general[G_DECOYS] if kind == DECOY else general[G_UNREPORTED])


@inside
def fall_cell(ground, threat, legs):
    """Row and column of the raster where a threat fell; (-1, -1) outside it."""
    s = max(threat.end_s - threat.start_s, 0.0) * threat.speed_rad
    x, y, z = position(legs, threat.first, threat.last, s)
    lat, lon = math.asin(min(1.0, max(-1.0, z))) * _DEGREES, math.atan2(y, x) * _DEGREES
    row = int(math.floor((lat - ground.fall_origin[0]) / ground.fall_step))
    col = int(math.floor(((lon - ground.fall_origin[1]) % 360.0) / ground.fall_step))
    if row < 0 or col < 0 or row >= ground.fall_density.shape[0] or col >= ground.fall_density.shape[1]:
        return -1, -1
    return row, col


@inside
def impact(pattern, threat, figures, general, first, last, spans, row, places, zones):
    """A leaker at its aim: damage, people exposed, and the warning they had. Returns people and their warning."""
    aim = threat.aim
    row[O_IMPACTS] += 1
    row[O_DAMAGE] += damage_usd(pattern, aim, figures)
    if aim < 0:
        return 0.0, 0.0
    reach_km = figures[T_EXPOSURE] / 1000.0
    exposed = min(pattern.aim_people[aim], general[G_DENSITY] * math.pi * reach_km * reach_km)
    zone = pattern.aim_zone[aim]
    warning_s = 0.0
    if zone >= 0:
        warning_s = warned_s(spans[first[zone] : last[zone]], threat.end_s)
        zones[zone, 1] += 1
    places[aim, 0] += 1
    places[aim, 1] += exposed
    places[aim, 2] += warning_s / 60.0
    return exposed, warning_s / 60.0


@inside
def damage_usd(pattern, aim, figures):
    """Expected damage of one impact; an asset cannot lose more than it is worth."""
    value = pattern.aim_value_usd[aim] if aim >= 0 else -1.0
    return figures[T_DAMAGE] if value < 0.0 else min(value, figures[T_DAMAGE])


@allocating
def tally(ground, pattern, types, key, bad_weather, tonight, threats, legs, magazines, alarms, row, places, zones):
    """Fill in one night's row, and add to the sums of places and zones."""
    effectors, general = tonight.effectors, tonight.general
    n_types, n_effectors = len(types.kind), len(effectors)
    row[:] = 0.0
    scalars = row[n_types * len(PER_TYPE) + 2 * n_effectors :]
    first, last, spans = sound_alarms(alarms, threats, general[G_HOLD], len(ground.zone_radius_m))
    warning = impacts_warned = 0.0
    for i in range(len(threats)):
        threat = threats[i]
        figures = tonight.threats[threat.type]
        cell = threat.type * len(PER_TYPE)
        row[cell + threat.fate] += 1
        u = uniform(key, threat.name, REPORT, 0)
        row[cell + LEAKED + 1] += observed(u, threat.fate, threat.kind, general)
        scalars[O_ATTACKER] += figures[T_PRICE]
        if threat.fate == LEAKED:
            if threat.kind != DECOY:
                exposed, minutes = impact(pattern, threat, figures, general, first, last, spans, scalars, places, zones)
                scalars[O_EXPOSED] += exposed
                warning += minutes
                impacts_warned += 1.0 if threat.aim >= 0 else 0.0
            continue
        if threat.fate == FELL:
            continue
        scalars[O_AVERTED] += damage_usd(pattern, threat.aim, figures)
        harm, _ = two_uniforms(key, threat.name, DEBRIS, 0)
        if harm < general[G_DEBRIS]:
            scalars[O_DEBRIS] += 1
            scalars[O_EXPOSED] += debris(ground, threat, legs, figures, zones)
    scalars[O_WARNING] = warning / impacts_warned if impacts_warned > 0.0 else math.nan
    scalars[O_WEATHER] = bad_weather
    scalars[O_ALARM] = alarm_hours(pattern, first, last, spans, zones)
    at = n_types * len(PER_TYPE)
    for m in range(len(magazines)):
        e = magazines[m].effector
        row[at + e] += magazines[m].fired
        row[at + n_effectors + e] += magazines[m].kills
        scalars[O_DEFENDER] += magazines[m].fired * effectors[e, E_PRICE]


@inside
def debris(ground, threat, legs, figures, zones):
    """People exposed where a fallen threat does harm."""
    r, c = fall_cell(ground, threat, legs)
    if r < 0:
        return 0.0
    zone = ground.fall_zone[r, c]
    if zone >= 0:
        zones[zone, 2] += 1
    reach_km = figures[T_DEBRIS] / 1000.0
    return ground.fall_density[r, c] * math.pi * reach_km * reach_km


@allocating
def alarm_hours(pattern, first, last, spans, zones):
    """Hours of alarm of the average person; the hours of each zone are added to ``zones``."""
    hours = np.zeros(len(zones))
    for z in range(len(zones)):
        for k in range(first[z], last[z]):
            hours[z] += (spans[k, 1] - spans[k, 0]) / 3600.0
        zones[z, 0] += hours[z]
    people = under = 0.0
    for a in range(len(pattern.aim_people)):
        zone = pattern.aim_zone[a]
        if zone >= 0 and pattern.aim_value_usd[a] < 0.0:
            people += pattern.aim_people[a]
            under += pattern.aim_people[a] * hours[zone]
    return under / people if people > 0.0 else 0.0
