"""The night by the clock: encounters open, fire units engage by rule, rounds fly, threats end.

Four kinds of event, in this order where times are equal: an intercept, the end of an assessment (a channel
is free), the end of a reload, the end of a threat (by impact, soft kill or failure), the opening of an
encounter. Intercepts, assessments and reloads wait in a heap; the other two are sorted beforehand.
"""

import math

import numpy as np
from koepel._kernel.compiled import allocating, inlined, lean

from koepel._kernel.chance import LINGER, SHOT, mixed, uniform
from koepel._kernel.columns import DECOY, FIRST_ABLE, KILLED, MARGINAL_VALUE
from koepel._kernel.raids import position

FAR = 1e18
INTERCEPT, ASSESSED, RELOADED = range(3)
WAITS, PASSED = 0, -1  # answers of `able` that are not a number of rounds
FIRED, KILL, MISS, WASTED, FULL_AGAIN, ENDED = range(6)  # what a line of the log tells; ENDED + fate

@allocating
def sort_by_time(times, rank, among):
    """Indices that sort times: a bucket each on average, then insertion; linear time.

    Equal times keep their order, but where ``among`` is equal too they go by ``rank``: one threat's
    encounters that open together, when its track is shared, open in the order of the magazines and not in
    the order in which they were found.
    """
    n = len(times)
    order = np.empty(n, np.int64)
    if n == 0:
        return order
    low, high = times[0], times[0]
    for i in range(n):
        low, high = min(low, times[i]), max(high, times[i])
    scale = (n - 1) / (high - low) if high > low else 0.0
    first = np.zeros(n + 1, np.int64)
    for i in range(n):
        first[int((times[i] - low) * scale) + 1] += 1
    for b in range(n):
        first[b + 1] += first[b]
    for i in range(n):
        bucket = int((times[i] - low) * scale)
        order[first[bucket]] = i
        first[bucket] += 1
    for a in range(1, n):
        one = order[a]
        b = a - 1
        while b >= 0 and (
            times[order[b]] > times[one]
            or (times[order[b]] == times[one] and among[order[b]] == among[one] and rank[order[b]] > rank[one])
        ):
            order[b + 1] = order[b]
            b -= 1
        order[b + 1] = one
    return order


@inlined
def push(heap_time, heap_code, n, time, code):
    """Add to a binary heap ordered by time, then code."""
    at = n
    while at > 0:
        up = (at - 1) >> 1
        if heap_time[up] < time or (heap_time[up] == time and heap_code[up] <= code):
            break
        heap_time[at], heap_code[at] = heap_time[up], heap_code[up]
        at = up
    heap_time[at], heap_code[at] = time, code


@inlined
def pop(heap_time, heap_code, n):
    """Take the first off a heap of n; it must be read before."""
    time, code = heap_time[n - 1], heap_code[n - 1]
    at, last = 0, n - 1
    while True:
        down = 2 * at + 1
        if down >= last:
            break
        other = down + 1
        if other < last and (
            heap_time[other] < heap_time[down]
            or (heap_time[other] == heap_time[down] and heap_code[other] < heap_code[down])
        ):
            down = other
        if time < heap_time[down] or (time == heap_time[down] and code <= heap_code[down]):
            break
        heap_time[at], heap_code[at] = heap_time[down], heap_code[down]
        at = down
    heap_time[at], heap_code[at] = time, code


@inlined
def add_event(heap_time, heap_code, counters, time, kind, index):
    """Put an event into the heap; ``counters[0]`` is how many wait there."""
    push(heap_time, heap_code, counters[0], time, kind * 2**40 + index)
    counters[0] += 1


@inlined
def note(log, counters, time, what, threat, magazine, number):
    """Write a line of the log, where one is kept; ``counters[1]`` is how many it has."""
    line = counters[1]
    if line < len(log):
        log[line].time_s, log[line].what, log[line].threat = time, what, threat
        log[line].magazine, log[line].number = magazine, number
        counters[1] = line + 1


@inlined
def short_of(flight, time, threat, x, y, z, speed_m_s, legs, earth_radius_m):
    """Metres that an interceptor is short of the threat after a time of flight; negative when it was there before."""
    s = max(time + flight - threat.start_s, 0.0) * threat.speed_rad
    there = position(legs, threat.first, threat.last, s)
    squared = (there[0] - x) ** 2 + (there[1] - y) ** 2 + (there[2] - z) ** 2
    return math.sqrt(squared * earth_radius_m**2 + threat.height_m**2) - speed_m_s * flight


@lean
def flight_s(time, latest, threat, x, y, z, speed_m_s, legs, earth_radius_m):
    """Time of flight to where the threat will be; FAR where it cannot be met by the latest time.

    The interceptor flies straight at its mean speed over the slant distance of a flat earth. The root is
    bracketed by nothing and by the latest time, and closed in on by the Illinois form of regula falsi
    (Dowell and Jarratt, BIT 11, 1971) to a metre.
    """
    low, high = 0.0, latest - time
    gap_low = short_of(low, time, threat, x, y, z, speed_m_s, legs, earth_radius_m)
    gap_high = short_of(high, time, threat, x, y, z, speed_m_s, legs, earth_radius_m)
    if gap_high > 0.0:
        return FAR
    side = 0
    for _ in range(40):
        flight = (low * gap_high - high * gap_low) / (gap_high - gap_low) if gap_high != gap_low else high
        gap = short_of(flight, time, threat, x, y, z, speed_m_s, legs, earth_radius_m)
        if abs(gap) <= 1.0:
            return flight
        if gap > 0.0:
            low, gap_low = flight, gap
            if side > 0:
                gap_high *= 0.5
            side = 1
        else:
            high, gap_high = flight, gap
            if side < 0:
                gap_low *= 0.5
            side = -1
    return high


@inlined
def duration_s(e, time, encounters, threats, units, magazines, legs, doctrine):
    """From launch to intercept; under plain rules a fixed cycle."""
    magazine = magazines[encounters[e].magazine]
    unit = units[magazine.unit]
    if doctrine.plain:
        return unit.cycle_s
    threat = threats[encounters[e].threat]
    return flight_s(time, encounters[e].close_s, threat, unit.x, unit.y, unit.z, magazine.speed_m_s, legs,
                    doctrine.earth_radius_m)  # fmt: skip


@inlined
def shifted(pk, log_odds):
    """A probability after a shift of its log odds; 0 and 1 stay."""
    if pk <= 0.0 or pk >= 1.0 or log_odds == 0.0:
        return pk
    odds = pk / (1.0 - pk) * math.exp(log_odds)
    return odds / (1.0 + odds)


@inlined
def salvo_kill(n, threat, magazine, doctrine):
    """Kill probability of n independent rounds, with the night's shocks and weather: 1 - (1 - pk)^n."""
    pk = shifted(doctrine.pk[magazine.effector, threat.kind], threat.shock + magazine.shock) * magazine.weather
    return 1.0 - (1.0 - pk) ** n


@inlined
def believed(threat, time):
    """Kind that the defender takes a track for: a decoy looks like a drone until it is told apart."""
    return 0 if threat.kind == DECOY and time < threat.told_s else threat.kind


@inlined
def same_unit_fires(e, encounters, threats, magazines):
    """Has another magazine of the same unit rounds in flight at the same threat?"""
    unit = magazines[encounters[e].magazine].unit
    other = threats[encounters[e].threat].head
    while other >= 0:
        if other != e and encounters[other].salvo > 0 and magazines[encounters[other].magazine].unit == unit:
            return True
        other = encounters[other].next_threat
    return False


@inlined
def able(e, time, encounters, threats, units, magazines, legs, doctrine):
    """Rounds that an encounter could fire now; WAITS where it may later, PASSED where it never will again.

    It may fire while the track lives, before the window closes, with a channel and rounds, with a look
    left, if the policy leaves enough rounds, if nobody it hears of is firing at the same track, and if the
    rounds arrive before the threat leaves.
    """
    encounter = encounters[e]
    threat = threats[encounter.threat]
    if time >= threat.dead_s or time > encounter.close_s:
        return PASSED
    magazine = magazines[encounter.magazine]
    unit = units[magazine.unit]
    if threat.fate == KILLED and magazines[threat.by].unit == magazine.unit:
        return PASSED  # a unit knows its own kills
    n = 1
    if doctrine.plain:
        if unit.free <= 0 or magazine.ready <= 0 or encounter.salvo > 0:
            return WAITS
    else:
        kind = believed(threat, time)
        if encounter.fired > doctrine.looks[magazine.effector, kind]:
            return PASSED
        if unit.free <= 0 or magazine.ready <= 0 or encounter.salvo > 0:
            return WAITS
        if time >= encounter.shared_s and threat.engaged > 0:
            return WAITS
        n = min(doctrine.salvo[magazine.effector, kind], magazine.ready)
        left = magazine.ready + magazine.reserve - n
        if left < doctrine.floor[magazine.effector, kind] * magazine.stock:
            return WAITS
        if unit.several and same_unit_fires(e, encounters, threats, magazines):
            return WAITS
    arrives = time + duration_s(e, time, encounters, threats, units, magazines, legs, doctrine)
    return n if arrives <= encounter.close_s else PASSED


@inlined
def fire(e, n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """Fire n rounds: a channel is taken until the look, and others are told where the track is shared."""
    magazine = magazines[encounters[e].magazine]
    units[magazine.unit].free -= 1
    magazines[encounters[e].magazine].ready -= n
    magazines[encounters[e].magazine].fired += n
    encounters[e].fired += 1
    encounters[e].salvo = n
    if not doctrine.plain and time >= encounters[e].shared_s:
        threats[encounters[e].threat].engaged += 1
        encounters[e].told = 1
    arrives = time + duration_s(e, time, encounters, threats, units, magazines, legs, doctrine)
    add_event(heap_time, heap_code, counters, arrives, INTERCEPT, e)
    note(log, counters, time, FIRED, encounters[e].threat, encounters[e].magazine, n)


@inlined
def marginal_usd(e, n, time, encounters, threats, magazines, doctrine):
    """Value that a salvo is expected to save, less its price; the value goes by what the track looks like."""
    threat, magazine = threats[encounters[e].threat], magazines[encounters[e].magazine]
    saved = doctrine.value_usd[believed(threat, time)] * salvo_kill(n, threat, magazine, doctrine)
    return saved - n * magazine.price_usd


@inlined
def merit(e, n, time, encounters, threats, magazines, doctrine):
    """What the rules that compare rank by: the cheapest salvo that suffices, else the surest; or the value."""
    if doctrine.rule == MARGINAL_VALUE:
        return marginal_usd(e, n, time, encounters, threats, magazines, doctrine)
    threat, magazine = threats[encounters[e].threat], magazines[encounters[e].magazine]
    chance = salvo_kill(n, threat, magazine, doctrine)
    return -n * magazine.price_usd if chance >= doctrine.sufficient else chance - 1e15


@inlined
def drop_from_threat(e, before, encounters, threats):
    """Take an encounter out of its threat's queue."""
    threat, after = encounters[e].threat, encounters[e].next_threat
    if before < 0:
        threats[threat].head = after
    else:
        encounters[before].next_threat = after
    if after < 0:
        threats[threat].tail = before


@inlined
def drop_from_unit(e, before, unit, encounters, units):
    """Take an encounter out of its unit's queue."""
    after = encounters[e].next_unit
    if before < 0:
        units[unit].head = after
    else:
        encounters[before].next_unit = after
    if after < 0:
        units[unit].tail = before


@inlined
def serve_threat(i, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """Decide who fires at one threat, among its open encounters in the order in which they opened.

    A unit that does not share the track decides for itself. Among those that do, the first able fires,
    or the best by `merit`; under marginal value nobody fires where the value does not cover the price.
    """
    best, best_merit, best_n = -1, -FAR, 0
    before, e = -1, threats[i].head
    while e >= 0:
        n = able(e, time, encounters, threats, units, magazines, legs, doctrine)
        after = encounters[e].next_threat
        if n == PASSED and encounters[e].salvo == 0:
            drop_from_threat(e, before, encounters, threats)
        else:
            before = e
        if n > 0:
            worth = 1.0
            if doctrine.rule != FIRST_ABLE:
                worth = merit(e, n, time, encounters, threats, magazines, doctrine)
            held = doctrine.rule == MARGINAL_VALUE and worth <= 0.0
            if not held and (doctrine.rule == FIRST_ABLE or time < encounters[e].shared_s):
                fire(e, n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                     counters, log)  # fmt: skip
            elif not held and worth > best_merit:
                best, best_merit, best_n = e, worth, n
        e = after
    if best >= 0 and able(best, time, encounters, threats, units, magazines, legs, doctrine) == best_n:
        fire(best, best_n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
             counters, log)  # fmt: skip


@inlined
def serve_unit(u, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """Give the free channels of one unit to the encounters that wait for it: in order, or by marginal value."""
    by_value = doctrine.rule == MARGINAL_VALUE
    while units[u].free > 0:
        best, best_worth, best_n = -1, 0.0, 0
        before, e = -1, units[u].head
        while e >= 0 and (by_value or best < 0):
            n = able(e, time, encounters, threats, units, magazines, legs, doctrine)
            after = encounters[e].next_unit
            if n == PASSED:
                drop_from_unit(e, before, u, encounters, units)
            else:
                before = e
            if n > 0:
                worth = marginal_usd(e, n, time, encounters, threats, magazines, doctrine) if by_value else 1.0
                if worth > best_worth:
                    best, best_worth, best_n = e, worth, n
            e = after
        if best < 0:
            return
        fire(best, best_n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
             counters, log)  # fmt: skip


@inlined
def opens(e, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """An encounter opens: it joins the queues of its unit and its threat, and its threat is served."""
    n = able(e, time, encounters, threats, units, magazines, legs, doctrine)
    if n == PASSED:
        return
    i, u = encounters[e].threat, magazines[encounters[e].magazine].unit
    if units[u].tail < 0:
        units[u].head = e
    else:
        encounters[units[u].tail].next_unit = e
    units[u].tail = e
    if doctrine.plain:
        if n > 0:
            fire(e, n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                 counters, log)  # fmt: skip
        return
    if threats[i].tail < 0:
        threats[i].head = e
    else:
        encounters[threats[i].tail].next_threat = e
    threats[i].tail = e
    if n > 0:
        serve_threat(i, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters,
                     log)  # fmt: skip


@inlined
def dies(i, time, fate, threats, doctrine):
    """A threat ends; its track may live on for a while, drawn for each threat."""
    threats[i].fate = fate
    threats[i].end_s = time
    linger = 0.0
    if not doctrine.plain:
        u = uniform(doctrine.key, threats[i].name, LINGER, 0)
        linger = doctrine.linger_low_s + (doctrine.linger_high_s - doctrine.linger_low_s) * u
    threats[i].dead_s = time + linger


@inlined
def intercepts(e, time, encounters, threats, units, magazines, legs, doctrine, counters, log):
    """A salvo arrives: it kills or not; rounds at a dead threat are wasted."""
    i, m = encounters[e].threat, encounters[e].magazine
    u = magazines[m].unit
    if units[u].moves and not doctrine.plain:
        s = max(time - threats[i].start_s, 0.0) * threats[i].speed_rad
        units[u].x, units[u].y, units[u].z = position(legs, threats[i].first, threats[i].last, s)
    if threats[i].fate >= 0:
        note(log, counters, time, WASTED, i, m, encounters[e].salvo)
        return
    name = mixed(threats[i].name, magazines[m].key)
    chance = salvo_kill(encounters[e].salvo, threats[i], magazines[m], doctrine)
    if uniform(doctrine.key, name, SHOT, encounters[e].count + encounters[e].fired) < chance:
        dies(i, time, KILLED, threats, doctrine)
        threats[i].by = m
        magazines[m].kills += 1
        note(log, counters, time, KILL, i, m, encounters[e].salvo)
    else:
        note(log, counters, time, MISS, i, m, encounters[e].salvo)


@inlined
def assessed(e, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """The look after a salvo: the channel is free, a reload may begin; after a miss the threat is served first."""
    i, m = encounters[e].threat, encounters[e].magazine
    u = magazines[m].unit
    units[u].free += 1
    encounters[e].salvo = 0
    if encounters[e].told:
        encounters[e].told = 0
        threats[i].engaged -= 1
    if magazines[m].ready == 0 and magazines[m].reserve > 0 and not magazines[m].reloading:
        magazines[m].reloading = 1
        add_event(heap_time, heap_code, counters, time + units[u].reload_s, RELOADED, m)
    if doctrine.plain:
        n = able(e, time, encounters, threats, units, magazines, legs, doctrine)
        if n > 0:
            fire(e, n, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                 counters, log)  # fmt: skip
    elif threats[i].fate < 0:
        serve_threat(i, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters,
                     log)  # fmt: skip
    serve_unit(u, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log)


@inlined
def reloaded(m, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """A reload ends: the magazine is full again, or the reserve empty."""
    moved = min(magazines[m].reserve, magazines[m].full)
    magazines[m].ready += moved
    magazines[m].reserve -= moved
    magazines[m].reloading = 0
    note(log, counters, time, FULL_AGAIN, -1, m, moved)
    serve_unit(magazines[m].unit, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
               counters, log)  # fmt: skip


@lean
def fight(encounters, order, threats, ends, units, magazines, legs, doctrine, heap_time, heap_code, counters, log):
    """Fight one night by the clock; fates, times and rounds are left in the rows.

    Parameters
    ----------
    order
        Encounters sorted by opening time.
    ends
        Threats sorted by the time they end by themselves.
    heap_time, heap_code
        Room for one event of each channel and each magazine.
    """
    opened, ended = 0, 0
    while True:
        time_open = encounters[order[opened]].open_s if opened < len(order) else FAR
        time_end = threats[ends[ended]].over_s if ended < len(ends) else FAR
        if counters[0] > 0 and heap_time[0] <= min(time_open, time_end):
            time, code = heap_time[0], heap_code[0]
            pop(heap_time, heap_code, counters[0])
            counters[0] -= 1
            kind, index = code >> 40, code & (2**40 - 1)
            if kind == RELOADED:
                reloaded(index, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                         counters, log)  # fmt: skip
                continue
            look = kind == ASSESSED
            if kind == INTERCEPT:
                intercepts(index, time, encounters, threats, units, magazines, legs, doctrine, counters, log)
                assess_s = units[magazines[encounters[index].magazine].unit].assess_s
                if doctrine.plain or assess_s <= 0.0:
                    look = True
                else:
                    add_event(heap_time, heap_code, counters, time + assess_s, ASSESSED, index)
            if look:
                assessed(index, time, encounters, threats, units, magazines, legs, doctrine, heap_time, heap_code,
                         counters, log)  # fmt: skip
        elif ended < len(ends) and time_end <= time_open:
            i = ends[ended]
            if threats[i].fate < 0:
                dies(i, time_end, threats[i].over_fate, threats, doctrine)
                note(log, counters, time_end, ENDED + threats[i].fate, i, -1, 0)
            ended += 1
        elif opened < len(order):
            opens(order[opened], time_open, encounters, threats, units, magazines, legs, doctrine, heap_time,
                  heap_code, counters, log)  # fmt: skip
            opened += 1
        else:
            return
