"""A night fought again after fire units or sensors have moved: only those threats are met anew that pass them.

Who comes, and by what way, is drawn by name and does not hang on the defence. A threat that passes none of the
moved circles, neither where they were nor where they are, meets what it met before, to the bit.
"""

import math

import numpy as np

from koepel._kernel.chance import NIGHT, uniform
from koepel._kernel.columns import CLASSES, G_BAD, KINDS, LEAKED
from koepel._kernel.compiled import allocating, entry, inside
from koepel._kernel.fight import FAR
from koepel._kernel.meeting import CLOSE, radii
from koepel._kernel.muster import muster
from koepel._kernel.night import (
    _WEATHER,
    assemble,
    class_shocks,
    fight_out,
    keep_memory,
    night_keys,
    sensors_up,
    stand_to,
    study_figures,
    tables,
)
from koepel._kernel.raids import group_counts
from koepel._kernel.sectors import by_place, by_sector, most_encounters, tie
from koepel._kernel.setup import ALARM_NOW, ENCOUNTER, ENCOUNTER_NOW, EVENT, MAGAZINE_NOW, UNIT_NOW


@inside
def may_pass(legs, first, last, x, y, z, outer):
    """Might a route come within a circle? Never no where it does: see `koepel._kernel.meeting.keep_passed`."""
    for k in range(first, last):
        along = x * legs[k, 0] + y * legs[k, 1] + z * legs[k, 2]
        ahead = x * legs[k, 3] + y * legs[k, 4] + z * legs[k, 5]
        end_cos, end_sin = math.cos(legs[k, 6]), math.sin(legs[k, 6])
        outside = (along < outer - CLOSE) & (along * end_cos + ahead * end_sin < outer - CLOSE)
        away = (ahead <= 0.0) | (ahead * end_cos >= along * end_sin)
        if (along * along + ahead * ahead > outer * outer - CLOSE) & ~(outside & away):
            return True
    return False


@inside
def is_touched(threat, legs, ground, types, table, moved, before):
    """Might a threat meet a moved site, where it was or where it is? One that comes down steeply always might."""
    if types.terminal[threat.type]:
        return True
    for k in range(len(moved)):
        site = moved[k]
        outer = table[ground.site_circle[site], 2 * threat.type + threat.high, 0]
        if outer > 1.0:  # beyond every cosine: it cannot be met at all
            continue
        if may_pass(legs, threat.first, threat.last, before[k, 0], before[k, 1], before[k, 2], outer):
            return True
        if may_pass(legs, threat.first, threat.last, ground.site_xyz[site, 0], ground.site_xyz[site, 1],
                    ground.site_xyz[site, 2], outer):  # fmt: skip
            return True
    return False


@allocating
def sorted_out(threats, legs, ground, types, table, moved, before):
    """Which threats are touched; they are made as they were before they were mustered. Shape (threats,)."""
    touched = np.zeros(len(threats), np.bool_)
    for i in range(len(threats)):
        threat = threats[i]
        if is_touched(threat, legs, ground, types, table, moved, before):
            touched[i] = True
            threat.over_s, threat.over_fate = threat.impact_s, LEAKED
            threat.told_s = threat.tracked_s = FAR
    return touched


@allocating
def joined_on(threats, touched, defence, led_by, encounters, alarms, kept_encounters, kept_alarms):
    """What was mustered anew, and after it all that was kept of the threats that are not touched."""
    n = len(encounters)
    for i in range(len(threats)):
        if not touched[i]:
            n += threats[i].met_end - threats[i].met
    every = np.empty(n, ENCOUNTER)
    for e in range(len(encounters)):
        every[e] = encounters[e]
    n = np.int64(len(encounters))
    for i in range(len(threats)):
        if not touched[i]:
            had = n
            for e in range(threats[i].met, threats[i].met_end):
                every[n] = kept_encounters[e]
                n += 1
            tie(threats[i], every, had, n, defence.magazine_unit, led_by)
    raised = np.empty(len(alarms) + len(kept_alarms), ALARM_NOW)
    for a in range(len(alarms)):
        raised[a] = alarms[a]
    n = np.int64(len(alarms))
    for a in range(len(kept_alarms)):
        if not touched[kept_alarms[a].threat]:
            raised[n] = kept_alarms[a]
            n += 1
    return every, raised[:n]


@entry
def night_again(setup, seed, run, standing, kept, moved, before, out, places, zones):
    """Fight one run; anew only where something moved.

    Parameters
    ----------
    standing
        ``ALONE``.
    kept
        What this function gave back for the same run before the move: threats, legs, encounters, alarms. Without
        legs all is mustered from the beginning.
    moved, before
        Sites that stand elsewhere now, and where they stood. Shapes (n,), (n, 3).
    out, places, zones
        As for `koepel._kernel.night.nights`, for one run.

    Returns
    -------
    tuple
        Threats as they ended; and what to keep: threats as mustered, legs, encounters, alarms.
    """
    keep_memory()
    defence, ground, plain = setup.defence, setup.ground, setup.rules.plain
    units, magazines = np.zeros(len(defence.unit_row), UNIT_NOW), np.zeros(len(defence.magazine_unit), MAGAZINE_NOW)
    table = np.empty((len(ground.circle_kind), 2 * len(setup.types.kind), 2))
    shocks, counts = np.zeros(len(CLASSES)), np.zeros(len(setup.pattern.group_key), np.int64)
    sensor_up, led_by = np.zeros(len(defence.sensor_row), np.bool_), np.empty(len(units), np.int64)
    key, month_key = night_keys(seed, run, standing)
    figures = tables(study_figures(setup.figures, seed, run, setup.rules.doubt and not plain), setup.figures.at)
    bad_weather = not plain and uniform(key, _WEATHER, NIGHT, 0) < figures.general[G_BAD]
    class_shocks(key, month_key, figures.general, plain, shocks)
    stand_to(key, defence, setup.rules, figures, bad_weather, units, magazines)
    sensors_up(key, defence, figures.sensors, sensor_up)
    radii(ground, setup.types, defence.sensor_acoustic, plain, bad_weather, figures.threats, figures.effectors,
          figures.units, figures.sensors, table)  # fmt: skip
    kept_threats, legs, kept_encounters, kept_alarms = kept
    if len(legs) == 0:
        group_counts(setup.pattern, key, counts)
        threats, legs = assemble(setup.pattern, setup.types, ground.earth_radius_m, key, figures, counts)
        touched = np.ones(len(threats), np.bool_)
        order = by_place(ground, threats, legs)
    else:
        threats = kept_threats.copy()
        touched = sorted_out(threats, legs, ground, setup.types, table, moved, before)
        order = np.flatnonzero(touched)
    encounters, alarms = muster(ground, defence, setup.types, plain, key, figures, threats, legs, table, units,
                                sensor_up, shocks, led_by, order)  # fmt: skip
    encounters, alarms = joined_on(threats, touched, defence, led_by, encounters, alarms, kept_encounters, kept_alarms)
    mustered = threats.copy()
    sectors = by_sector(threats, encounters, led_by, False)
    rows, counters = np.empty(most_encounters(sectors), ENCOUNTER_NOW), np.zeros(2, np.int64)
    pk, log = np.empty((len(defence.salvo), len(KINDS))), np.empty(0, EVENT)
    fight_out(setup, key, figures, bad_weather, standing, 0, units, magazines, threats, legs, encounters, alarms,
              sectors, rows, pk, counters, log, out, places, zones)  # fmt: skip
    return threats, mustered, legs, encounters, alarms
