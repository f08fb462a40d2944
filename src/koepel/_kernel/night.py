"""One night, from the draw of its raid to the count of what came of it; and many nights by the seed."""

import math

import numpy as np

from koepel._kernel.chance import NIGHT, SITE_SHOCK, SITE_UP, STUDY, mixed, normal, uniform
from koepel._kernel.columns import (
    CLASSES,
    E_PK,
    E_PRICE,
    E_SITE_SD,
    E_SPEED,
    E_WEATHER,
    EFFECTOR,
    G_BAD,
    G_MISSILES_SD,
    G_MONTH_SD,
    G_NIGHT_SD,
    KINDS,
    LEAKED,
    M_READY,
    M_RESERVE,
    MAGAZINE,
    MISSILES,
    NEAR,
    S_UP,
    SENSOR,
    T_SPEED,
    THREAT,
    U_ASSESS,
    U_CHANNELS,
    U_CYCLE,
    U_REACTION,
    U_RELOAD,
    U_UP,
    UNIT,
)
from koepel._kernel.compiled import allocating, entry, inside
from koepel._kernel.fading import fade
from koepel._kernel.fight import FAR
from koepel._kernel.meeting import radii
from koepel._kernel.muster import muster
from koepel._kernel.raids import MOST_LEGS, draw_threat, fly, group_counts, height_m, near_share
from koepel._kernel.sectors import Sectors, by_place, by_sector, fight_sectors, most_encounters
from koepel._kernel.setup import (
    ABSENT,
    ALARM_NOW,
    DRAWN,
    ENCOUNTER,
    ENCOUNTER_NOW,
    MAGAZINE_NOW,
    THREAT_NOW,
    UNIT_NOW,
    UP,
    Doctrine,
    Night,
    Tonight,
)
from koepel._kernel.sphere import leg_between
from koepel._kernel.tally import tally

_STUDY_SALT = np.uint64(0x7374756479000001)
_MONTH, _NIGHT, _WEATHER = np.uint64(1), np.uint64(2), np.uint64(3)
_MONTHS = np.uint64(1 << 40)  # months of a campaign are numbered apart from its nights


@inside
def run_key(seed, run):
    """Key of all that is drawn anew in every run."""
    return mixed(np.uint64(seed), np.uint64(run))


@inside
def night_keys(seed, run, standing):
    """Keys of what is drawn anew every night, and of what a month shares; a night on its own is its own month."""
    key = run_key(seed, run)
    if standing.day < 0:
        return key, key
    return mixed(key, np.uint64(standing.day)), mixed(key, _MONTHS + np.uint64(standing.month))


@allocating
def study_figures(figures, seed, run, doubt):
    """Every uncertain figure: uniform on its interval, the same for runs 2k and 2k + 1; or its middle."""
    values = np.empty(len(figures.low))
    key = mixed(mixed(np.uint64(seed), _STUDY_SALT), np.uint64(run // 2))
    for q in range(len(values)):
        u = 0.5
        if doubt and figures.high[q] > figures.low[q]:
            u = uniform(key, figures.key[q], STUDY, 0)
        values[q] = figures.low[q] + (figures.high[q] - figures.low[q]) * u
    return values


@allocating
def block(values, at, which, columns):
    """One table of figures."""
    figures = values[at[which] : at[which + 1]]
    return figures.reshape(len(figures) // columns, columns)


@allocating
def tables(values, at):
    """Tonight's figures by block."""
    return Tonight(
        block(values, at, 0, len(THREAT)),
        block(values, at, 1, len(EFFECTOR)),
        block(values, at, 2, len(UNIT)),
        block(values, at, 3, len(MAGAZINE)),
        block(values, at, 4, len(SENSOR)),
        values[at[5] : at[6]],
        values[at[6] : at[7]],
        block(values, at, 7, len(NEAR)),
    )


@allocating
def doctrine_of(defence, rules, earth_radius_m, key, pk, standing, r):
    """What all events of the fight read."""
    floor = standing.floor[r] if standing.day >= 0 else defence.floor
    return Doctrine(pk, defence.salvo, defence.looks, floor, defence.value_usd, key, rules.rule, rules.plain,
                    rules.sufficient, earth_radius_m, defence.linger_s[0], defence.linger_s[1])  # fmt: skip


@inside
def sensors_up(key, defence, sensors, up):
    """Which sensors are in service tonight."""
    for s in range(len(up)):
        up[s] = uniform(key, defence.sensor_key[s], SITE_UP, 0) < sensors[defence.sensor_row[s], S_UP]


@inside
def class_shocks(key, month_key, general, plain, shocks):
    """Log odds that all threats of a class share tonight: the month's shock and the night's."""
    for c in range(len(shocks)):
        shocks[c] = 0.0
        if not plain:
            own = MISSILES[c] and general[G_MISSILES_SD] >= 0.0
            night_sd = general[G_MISSILES_SD] if own else general[G_NIGHT_SD]
            shocks[c] = general[G_MONTH_SD] * normal(month_key, _MONTH, NIGHT, c)
            shocks[c] += night_sd * normal(key, _NIGHT, NIGHT, c)


@inside
def stand_to(key, defence, rules, figures, bad_weather, units, magazines):
    """Fire units and magazines at dusk: which are up, how well each does tonight, channels and rounds."""
    for u in range(len(units)):
        row = figures.units[defence.unit_row[u]]
        unit = units[u]
        unit.x, unit.y, unit.z = defence.unit_xyz[u, 0], defence.unit_xyz[u, 1], defence.unit_xyz[u, 2]
        unit.reaction_s, unit.assess_s = row[U_REACTION], row[U_ASSESS]
        unit.reload_s, unit.cycle_s = row[U_RELOAD], row[U_CYCLE]
        unit.free = int(math.floor(row[U_CHANNELS] + 0.5))
        unit.head, unit.tail, unit.moves = -1, -1, defence.unit_moves[u]
        unit.up = rules.plain or uniform(key, defence.unit_key[u], SITE_UP, 0) < row[U_UP]
        unit.several = defence.unit_magazines[u] > 1
    for m in range(len(magazines)):
        row = figures.magazines[defence.magazine_row[m]]
        e = defence.magazine_effector[m]
        one = magazines[m]
        one.key, one.unit, one.effector = defence.magazine_key[m], defence.magazine_unit[m], e
        one.speed_m_s, one.price_usd = figures.effectors[e, E_SPEED], figures.effectors[e, E_PRICE]
        one.weather = figures.effectors[e, E_WEATHER] if bad_weather else 1.0
        one.shock = 0.0 if rules.plain else figures.effectors[e, E_SITE_SD] * normal(key, one.key, SITE_SHOCK, 0)
        one.ready = int(math.floor(row[M_READY] + 0.5))
        one.full = one.ready
        one.reserve = 0 if rules.plain else int(math.floor(row[M_RESERVE] + 0.5))
        if one.ready == 0:  # what is only in reserve is loaded before dusk
            one.ready, one.reserve = one.reserve, 0
            one.full = one.ready
        one.stock = one.ready + one.reserve
        one.reloading, one.fired, one.kills = 0, 0, 0


@inside
def take_over(standing, r, defence, units, magazines, sensor_up):
    """What the campaign has left: which units are there and up, and how many rounds stand at each."""
    if standing.day < 0:
        return
    for u in range(len(units)):
        state = standing.up[r, u]
        if state != DRAWN:
            units[u].up = state == UP
        if state == ABSENT and defence.unit_sensor[u] >= 0:
            sensor_up[defence.unit_sensor[u]] = False
    for m in range(len(magazines)):
        one, rounds = magazines[m], standing.rounds[r, m]
        if rounds >= 0:
            one.ready, one.stock = min(rounds, one.full), rounds
            one.reserve = rounds - one.ready


@inside
def who_comes(pattern, standing, r, key, counts):
    """Number of threats of each group: what the campaign says, else drawn."""
    if standing.day < 0:
        group_counts(pattern, key, counts)
        return
    for g in range(len(counts)):
        counts[g] = standing.counts[r, g]


@inside
def hand_back(standing, r, magazines):
    """What each magazine fired, for the campaign."""
    if standing.day >= 0:
        for m in range(len(magazines)):
            standing.fired[r, m] = magazines[m].fired


@allocating
def assemble(pattern, types, earth_radius_m, key, figures, counts):
    """All threats of tonight with their legs: fixed ones first, then group by group."""
    n_fixed = len(pattern.fixed_type)
    n = n_fixed
    for g in range(len(counts)):
        n += counts[g]
    threats = np.zeros(n, THREAT_NOW)
    legs = np.empty((len(pattern.fixed_xyz) + MOST_LEGS * (n - n_fixed) + 1, 8))
    points = np.empty((MOST_LEGS, 3))
    first, i = 0, 0
    for f in range(n_fixed):
        a, b = pattern.fixed_first[f], pattern.fixed_first[f + 1]
        after, arc = fly(pattern.fixed_xyz[a:b], b - a, legs, first)
        enlist(threats, i, pattern.fixed_key[f], pattern.fixed_type[f], False, pattern.fixed_start_s[f],
               pattern.fixed_aim[f], first, after, arc, types, figures.threats, earth_radius_m)  # fmt: skip
        first, i = after, i + 1
    for g in range(len(counts)):
        near = near_share(pattern, figures.near, key, counts, g)
        for k in range(counts[g]):
            name, kind, high, start_s, aim, n_points = draw_threat(
                g, k, key, near, pattern, figures.threats, figures.groups, earth_radius_m, points
            )
            after, arc = fly(points, n_points, legs, first)
            if pattern.wave[g, 4] > 0.0:  # arrive together: the whole way counts, with its bends
                _, straight = leg_between((points[0, 0], points[0, 1], points[0, 2]),
                    (points[n_points - 1, 0], points[n_points - 1, 1], points[n_points - 1, 2]))  # fmt: skip
                start_s -= (arc - straight) * earth_radius_m / figures.threats[kind, T_SPEED]
            enlist(threats, i, name, kind, high, start_s, aim, first, after, arc, types, figures.threats,
                   earth_radius_m)  # fmt: skip
            first, i = after, i + 1
    return threats, legs


@inside
def enlist(threats, i, name, kind, high, start_s, aim, first, last, arc, types, figures, earth_radius_m):
    """Fill in the row of one threat."""
    threat = threats[i]
    threat.name, threat.type, threat.kind = name, kind, types.kind[kind]
    threat.high, threat.start_s, threat.aim, threat.first, threat.last = high, start_s, aim, first, last
    threat.speed_rad = figures[kind, T_SPEED] / earth_radius_m
    threat.height_m = 0.0 if types.terminal[kind] else height_m(figures, kind, high)
    threat.impact_s = start_s + arc / threat.speed_rad
    threat.over_s, threat.over_fate = threat.impact_s, LEAKED
    threat.fate, threat.by, threat.engaged, threat.head, threat.tail = -1, -1, 0, -1, -1
    threat.end_s = threat.dead_s = threat.told_s = threat.tracked_s = FAR


@allocating
def keep_memory():
    """Take a large block and let it go, untouched; glibc then keeps what nights free, up to twice as much.

    Else it hands the arrays of a large night back to the system, which gives them out anew page by page, at a
    quarter of that night's time. That a freed block moves the threshold is told in mallopt(3); other
    allocators do not notice.
    """
    return len(np.empty(31 * 2**20, np.uint8))


@allocating
def fight_out(setup, key, figures, bad_weather, standing, r, units, magazines, threats, legs, encounters, alarms,
              sectors, rows, pk, counters, log, out, places, zones):  # fmt: skip
    """Fight what was mustered, sector by sector, and count what came of it.

    Parameters
    ----------
    rows
        Room for the encounters of the largest sector.
    pk, counters
        Filled in: the night's kill probabilities, shape (E, kinds); and see `koepel._kernel.setup.Night`.
    """
    for e in range(len(pk)):
        for k in range(len(KINDS)):
            pk[e, k] = figures.effectors[e, E_PK + k]
    waiting = len(magazines) + 8
    for u in range(len(units)):
        waiting += units[u].free
    heap_time, heap_code = np.empty(waiting), np.empty(waiting, np.int64)
    counters[:] = 0
    doctrine = doctrine_of(setup.defence, setup.rules, setup.ground.earth_radius_m, key, pk, standing, r)
    fight_sectors(sectors, encounters, Night(rows, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                                             counters, log))  # fmt: skip
    tally(setup.ground, setup.pattern, setup.types, key, bad_weather, figures, threats, legs, magazines, alarms, out,
          places, zones)  # fmt: skip


@entry
def nights(setup, seed, first_run, n_runs, standing, out, places, zones, log):
    """Fight runs ``first_run`` to ``first_run + n_runs - 1``; one row of ``out`` each.

    Parameters
    ----------
    standing
        What a campaign brings to this night; else ``ALONE``.
    out
        Filled in, shape (n_runs, columns); see `koepel._kernel.tally`.
    places, zones
        Sums over these runs are added, shapes (A, 4) and (Z, 3).
    log
        Events of the last run, where it has room.

    Returns
    -------
    tuple
        Threats and legs of the last run, the number of lines in the log, and the encounters of all runs.
    """
    keep_memory()
    n_units, n_magazines = len(setup.defence.unit_row), len(setup.defence.magazine_unit)
    units, magazines = np.zeros(n_units, UNIT_NOW), np.zeros(n_magazines, MAGAZINE_NOW)
    table = np.empty((len(setup.ground.circle_kind), 2 * len(setup.types.kind), 2))
    shocks, counts = np.zeros(len(CLASSES)), np.zeros(len(setup.pattern.group_key), np.int64)
    sensor_up, counters, met = np.zeros(len(setup.defence.sensor_row), np.bool_), np.zeros(2, np.int64), 0
    fixed = setup.rules.plain and len(counts) == 0  # every run meets the same circles at the same times
    fresh_threats, encounters, alarms = np.zeros(0, THREAT_NOW), np.zeros(0, ENCOUNTER), np.zeros(0, ALARM_NOW)
    rows, threats, legs = np.zeros(0, ENCOUNTER_NOW), fresh_threats, np.empty((0, 8))
    led_by, nobody = np.empty(n_units, np.int64), np.zeros(1, np.int64)
    sectors = Sectors(nobody, nobody, nobody, nobody)
    pk = np.empty((len(setup.defence.salvo), len(KINDS)))
    for r in range(n_runs):
        key, month_key = night_keys(seed, first_run + r, standing)
        if standing.day >= 0 and not standing.raided[r]:
            out[r, :], standing.fired[r, :] = 0.0, 0
            continue
        values = study_figures(setup.figures, seed, first_run + r, setup.rules.doubt and not setup.rules.plain)
        figures = tables(values, setup.figures.at)
        fade(standing, r, figures.effectors)
        bad_weather = not setup.rules.plain and uniform(key, _WEATHER, NIGHT, 0) < figures.general[G_BAD]
        class_shocks(key, month_key, figures.general, setup.rules.plain, shocks)
        stand_to(key, setup.defence, setup.rules, figures, bad_weather, units, magazines)
        sensors_up(key, setup.defence, figures.sensors, sensor_up)
        take_over(standing, r, setup.defence, units, magazines, sensor_up)
        if r == 0 or not fixed:
            radii(setup.ground, setup.types, setup.defence.sensor_acoustic, setup.rules.plain, bad_weather,
                  figures.threats, figures.effectors, figures.units, figures.sensors, table)  # fmt: skip
            who_comes(setup.pattern, standing, r, key, counts)
            fresh_threats, legs = assemble(setup.pattern, setup.types, setup.ground.earth_radius_m, key, figures,
                                           counts)  # fmt: skip
            order = by_place(setup.ground, fresh_threats, legs)
            encounters, alarms = muster(setup.ground, setup.defence, setup.types, setup.rules.plain, key, figures,
                                   fresh_threats, legs, table, units, sensor_up, shocks, led_by, order)  # fmt: skip
            sectors = by_sector(fresh_threats, encounters, led_by, len(log) > 0)
            rows = np.empty(most_encounters(sectors), ENCOUNTER_NOW)
        threats = fresh_threats.copy() if fixed and r < n_runs - 1 else fresh_threats
        lines = log if r == n_runs - 1 else log[:0]
        fight_out(setup, key, figures, bad_weather, standing, r, units, magazines, threats, legs, encounters, alarms,
                  sectors, rows, pk, counters, lines, out[r], places, zones)  # fmt: skip
        hand_back(standing, r, magazines)
        met += len(encounters)
    return threats, legs, counters[1], met
