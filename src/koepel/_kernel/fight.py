"""One sector by the clock: encounters open, fire units engage by rule, rounds fly, threats end.

Four kinds of event, in this order where times are equal: an intercept, the end of an assessment (a channel
is free), the end of a reload, the end of a threat (by impact, soft kill or failure), the opening of an
encounter. Intercepts, assessments and reloads wait in a heap; the other two are sorted beforehand.
"""

import math

import numpy as np

from koepel._kernel.chance import LINGER, SHOT, mixed, shifted, uniform
from koepel._kernel.columns import CHEAPEST, DECOY, FIRST_ABLE, KILLED, MARGINAL_VALUE
from koepel._kernel.compiled import inlined, inside, lean
from koepel._kernel.order import pop, push
from koepel._kernel.raids import position

FAR = 1e18
INTERCEPT, ASSESSED, RELOADED = np.arange(3)
WAITS, PASSED = 0, -1  # answers of `able` that are not a number of rounds
NONE = np.int64(-1)
FIRED, KILL, MISS, WASTED, FULL_AGAIN, ENDED = np.arange(6)  # what a line of the log tells; ENDED + fate

@inlined
def add_event(time, kind, index, night):
    """Put an event into the heap; ``counters[0]`` is how many wait there."""
    push(night.heap_time, night.heap_code, night.counters[0], time, kind * 2**40 + index)
    night.counters[0] += 1


@inlined
def note(time, what, threat, magazine, number, night):
    """Write a line of the log, where one is kept; ``counters[1]`` is how many it has."""
    line = night.counters[1]
    if line < len(night.log):
        night.log[line].time_s, night.log[line].what, night.log[line].threat = time, what, threat
        night.log[line].magazine, night.log[line].number = magazine, number
        night.counters[1] = line + 1


@lean
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
def duration_s(e, time, night):
    """From launch to intercept; under plain rules a fixed cycle."""
    magazine = night.magazines[night.encounters[e].magazine]
    unit = night.units[magazine.unit]
    if night.doctrine.plain:
        return unit.cycle_s
    threat = night.threats[night.encounters[e].threat]
    return flight_s(
        time, night.encounters[e].close_s, threat, unit.x, unit.y, unit.z, magazine.speed_m_s, night.legs,
        night.doctrine.earth_radius_m,
    )  # fmt: skip


@inlined
def salvo_kill(n, threat, magazine, night):
    """Kill probability of n independent rounds, with the night's shocks and weather: 1 - (1 - pk)^n."""
    pk = shifted(night.doctrine.pk[magazine.effector, threat.kind], threat.shock + magazine.shock) * magazine.weather
    return 1.0 - (1.0 - pk) ** n


@inlined
def believed(threat, time):
    """Kind that the defender takes a track for: a decoy looks like a drone until it is told apart."""
    return 0 if threat.kind == DECOY and time < threat.told_s else threat.kind


@inlined
def same_unit_fires(e, night):
    """Has another magazine of the same unit rounds in flight at the same threat?"""
    unit = night.magazines[night.encounters[e].magazine].unit
    other = night.threats[night.encounters[e].threat].head
    while other >= 0:
        encounter = night.encounters[other]
        if other != e and encounter.salvo > 0 and night.magazines[encounter.magazine].unit == unit:
            return True
        other = encounter.next_threat
    return False


@inlined
def able(e, time, night):
    """Rounds that an encounter could fire now; WAITS where it may later, PASSED where it never will again.

    It may fire while the track lives, before the window closes, with a channel and rounds, with a look
    left, if the policy leaves enough rounds, if nobody it hears of is firing at the same track, and if the
    rounds arrive before the threat leaves.
    """
    encounter = night.encounters[e]
    threat = night.threats[encounter.threat]
    if time >= threat.dead_s or time > encounter.close_s:
        return PASSED
    magazine = night.magazines[encounter.magazine]
    unit = night.units[magazine.unit]
    if threat.fate == KILLED and night.magazines[threat.by].unit == magazine.unit:
        return PASSED  # a unit knows its own kills
    n = 1
    if night.doctrine.plain:
        if unit.free <= 0 or magazine.ready <= 0 or encounter.salvo > 0:
            return WAITS
    else:
        kind = believed(threat, time)
        if encounter.fired > night.doctrine.looks[magazine.effector, kind]:  # a decoy told apart may have a look left
            return WAITS if threat.kind == DECOY and time < threat.told_s else PASSED
        if unit.free <= 0 or magazine.ready <= 0 or encounter.salvo > 0:
            return WAITS
        if time >= encounter.shared_s and threat.engaged > 0:
            return WAITS
        n = rounds_allowed(magazine, kind, night.doctrine)
        if n == 0 or (unit.several and same_unit_fires(e, night)):
            return WAITS
    encounter.arrives_s = time + duration_s(e, time, night)
    late = WAITS if unit.moves and not night.doctrine.plain else PASSED  # a patrol may come nearer
    return n if encounter.arrives_s <= encounter.close_s else late


@inlined
def fire(e, n, time, night):
    """Fire n rounds: a channel is taken until the look, and others are told where the track is shared.

    `able` has just said when they will arrive.
    """
    encounter = night.encounters[e]
    magazine = night.magazines[encounter.magazine]
    night.units[magazine.unit].free -= 1
    magazine.ready -= n
    magazine.fired += n
    encounter.fired += 1
    encounter.salvo = n
    if not night.doctrine.plain and time >= encounter.shared_s:
        night.threats[encounter.threat].engaged += 1
        encounter.told = 1
    add_event(encounter.arrives_s, INTERCEPT, e, night)
    note(time, FIRED, encounter.threat, encounter.magazine, n, night)


@inlined
def marginal_usd(e, n, time, night):
    """Value that a salvo is expected to save, less its price; the value goes by what the track looks like."""
    threat, magazine = night.threats[night.encounters[e].threat], night.magazines[night.encounters[e].magazine]
    saved = night.doctrine.value_usd[believed(threat, time)] * salvo_kill(n, threat, magazine, night)
    return saved - n * magazine.price_usd


@inlined
def merit(e, n, time, night):
    """What the rules that compare rank by: the cheapest salvo that suffices, else the surest; or the value."""
    if night.doctrine.rule == MARGINAL_VALUE:
        return marginal_usd(e, n, time, night)
    threat, magazine = night.threats[night.encounters[e].threat], night.magazines[night.encounters[e].magazine]
    chance = salvo_kill(n, threat, magazine, night)
    # between -1 and 0 by price where it suffices, between -2 and -1 by chance where it does not
    return -1e-12 * n * magazine.price_usd if chance >= night.doctrine.sufficient else chance - 2.0


@inlined
def rounds_allowed(magazine, kind, doctrine):
    """Rounds of a salvo at a kind of threat that the magazine holds and the policy leaves; 0 for none."""
    n = min(doctrine.salvo[magazine.effector, kind], magazine.ready)
    left = magazine.ready + magazine.reserve - n
    return n if left >= doctrine.floor[magazine.effector, kind] * magazine.stock else 0


@inlined
def cheaper_to_come(e, n, time, night):
    """Will a cheaper salvo that suffices have its turn while this encounter could still fire after it?

    What is to come is known from the track's course, taken as known; only encounters of the shared
    picture count, and only those whose magazine could fire as it stands now.
    """
    encounter = night.encounters[e]
    threat, price = night.threats[encounter.threat], n * night.magazines[encounter.magazine].price_usd
    latest = encounter.close_s - (encounter.arrives_s - time)
    s = encounter.later
    while s >= 0 and night.encounters[s].open_s <= latest:
        other = night.magazines[night.encounters[s].magazine]
        if night.encounters[s].open_s > time and night.encounters[s].shared_s < FAR:
            rounds = rounds_allowed(other, believed(threat, time), night.doctrine)
            if rounds > 0 and rounds * other.price_usd < price:
                if salvo_kill(rounds, threat, other, night) >= night.doctrine.sufficient:
                    return True
        s = night.encounters[s].later
    return False


@inlined
def drop_from_threat(e, before, night):
    """Take an encounter out of its threat's queue."""
    threat, after = night.encounters[e].threat, night.encounters[e].next_threat
    if before < 0:
        night.threats[threat].head = after
    else:
        night.encounters[before].next_threat = after
    if after < 0:
        night.threats[threat].tail = before


@inlined
def drop_from_unit(e, before, unit, night):
    """Take an encounter out of its unit's queue."""
    after = night.encounters[e].next_unit
    if before < 0:
        night.units[unit].head = after
    else:
        night.encounters[before].next_unit = after
    if after < 0:
        night.units[unit].tail = before


@inlined
def serve_threat(i, time, night):
    """Decide who fires at one threat, among its open encounters in the order in which they opened.

    A unit that does not share the track decides for itself. Among those that do, the first able fires,
    or the best by `merit`; under ``cheapest`` it holds its fire while a cheaper salvo that suffices is still
    to come, under marginal value where the value does not cover the price.
    """
    best, best_merit, best_n = NONE, -FAR, 0
    before, e = NONE, np.int64(night.threats[i].head)
    while e >= 0:
        n = able(e, time, night)
        after = np.int64(night.encounters[e].next_threat)
        if n == PASSED and night.encounters[e].salvo == 0:
            drop_from_threat(e, before, night)
        else:
            before = e
        if n > 0:
            worth = 1.0
            if night.doctrine.rule != FIRST_ABLE:
                worth = merit(e, n, time, night)
            held = night.doctrine.rule == MARGINAL_VALUE and worth <= 0.0
            if not held and (night.doctrine.rule == FIRST_ABLE or time < night.encounters[e].shared_s):
                fire(e, n, time, night)
            elif not held and worth > best_merit:
                best, best_merit, best_n = e, worth, n
        e = after
    if best >= 0 and able(best, time, night) == best_n:
        if night.doctrine.rule != CHEAPEST or not cheaper_to_come(best, best_n, time, night):
            fire(best, best_n, time, night)


@inlined
def serve_unit(u, time, night):
    """Give the free channels of one unit to the encounters that wait for it: in order, or by marginal value."""
    by_value = night.doctrine.rule == MARGINAL_VALUE
    while night.units[u].free > 0:
        best, best_worth, best_n = NONE, 0.0, 0
        before, e = NONE, np.int64(night.units[u].head)
        while e >= 0 and (by_value or best < 0):
            n = able(e, time, night)
            after = np.int64(night.encounters[e].next_unit)
            if n == PASSED:
                drop_from_unit(e, before, u, night)
            else:
                before = e
            if n > 0 and night.doctrine.rule == CHEAPEST and time >= night.encounters[e].shared_s:
                n = 0 if cheaper_to_come(e, n, time, night) else n
            if n > 0:
                worth = marginal_usd(e, n, time, night) if by_value else 1.0
                if worth > best_worth:
                    best, best_worth, best_n = e, worth, n
            e = after
        if best < 0:
            return
        fire(best, best_n, time, night)


@inlined
def opens(e, time, night):
    """An encounter opens: it joins the queues of its unit and its threat, and its threat is served."""
    n = able(e, time, night)
    if n == PASSED:
        if night.doctrine.rule == CHEAPEST:  # somebody may have held its fire for this one
            serve_threat(night.encounters[e].threat, time, night)
        return
    i, u = night.encounters[e].threat, night.magazines[night.encounters[e].magazine].unit
    if night.units[u].tail < 0:
        night.units[u].head = e
    else:
        night.encounters[night.units[u].tail].next_unit = e
    night.units[u].tail = e
    if night.doctrine.plain:
        if n > 0:
            fire(e, n, time, night)
        return
    if night.threats[i].tail < 0:
        night.threats[i].head = e
    else:
        night.encounters[night.threats[i].tail].next_threat = e
    night.threats[i].tail = e
    if n > 0 or night.doctrine.rule == CHEAPEST:
        serve_threat(i, time, night)


@inlined
def dies(i, time, fate, night):
    """A threat ends; its track may live on for a while, drawn for each threat."""
    night.threats[i].fate = fate
    night.threats[i].end_s = time
    linger = 0.0
    if not night.doctrine.plain:
        u = uniform(night.doctrine.key, night.threats[i].name, LINGER, 0)
        linger = night.doctrine.linger_low_s + (night.doctrine.linger_high_s - night.doctrine.linger_low_s) * u
    night.threats[i].dead_s = time + linger


@inlined
def intercepts(e, time, night):
    """A salvo arrives: it kills or not; rounds at a dead threat are wasted."""
    i, m = night.encounters[e].threat, night.encounters[e].magazine
    u = night.magazines[m].unit
    if night.units[u].moves and not night.doctrine.plain:
        s = max(time - night.threats[i].start_s, 0.0) * night.threats[i].speed_rad
        at = position(night.legs, night.threats[i].first, night.threats[i].last, s)
        night.units[u].x, night.units[u].y, night.units[u].z = at
    if night.threats[i].fate >= 0:
        note(time, WASTED, i, m, night.encounters[e].salvo, night)
        return
    name = mixed(night.threats[i].name, night.magazines[m].key)
    chance = salvo_kill(night.encounters[e].salvo, night.threats[i], night.magazines[m], night)
    if uniform(night.doctrine.key, name, SHOT, night.encounters[e].count + night.encounters[e].fired) < chance:
        dies(i, time, KILLED, night)
        night.threats[i].by = m
        night.magazines[m].kills += 1
        note(time, KILL, i, m, night.encounters[e].salvo, night)
    else:
        note(time, MISS, i, m, night.encounters[e].salvo, night)


@inlined
def assessed(e, time, night):
    """The look after a salvo: the channel is free, a reload may begin; after a miss the threat is served first."""
    i, m = night.encounters[e].threat, night.encounters[e].magazine
    u = night.magazines[m].unit
    night.units[u].free += 1
    night.encounters[e].salvo = 0
    if night.encounters[e].told:
        night.encounters[e].told = 0
        night.threats[i].engaged -= 1
    if night.magazines[m].ready == 0 and night.magazines[m].reserve > 0 and not night.magazines[m].reloading:
        night.magazines[m].reloading = 1
        add_event(time + night.units[u].reload_s, RELOADED, m, night)
    if night.doctrine.plain:
        n = able(e, time, night)
        if n > 0:
            fire(e, n, time, night)
    elif night.threats[i].fate < 0:
        serve_threat(i, time, night)
    serve_unit(u, time, night)


@inlined
def reloaded(m, time, night):
    """A reload ends: the magazine is full again, or the reserve empty."""
    moved = min(night.magazines[m].reserve, night.magazines[m].full)
    night.magazines[m].ready += moved
    night.magazines[m].reserve -= moved
    night.magazines[m].reloading = 0
    note(time, FULL_AGAIN, NONE, m, moved, night)
    serve_unit(night.magazines[m].unit, time, night)


@inside
def fight(ends, n, night):
    """Fight one sector by the clock; fates, times and rounds are left in the rows.

    Parameters
    ----------
    ends
        Threats sorted by the time they end by themselves.
    n
        Number of encounters, in order of opening.
    night
        See `koepel._kernel.setup.Night`.
    """
    opened = ended = np.int64(0)
    while True:
        time_open = night.encounters[opened].open_s if opened < n else FAR
        time_end = night.threats[ends[ended]].over_s if ended < len(ends) else FAR
        if night.counters[0] > 0 and night.heap_time[0] <= min(time_open, time_end):
            time, code = night.heap_time[0], night.heap_code[0]
            pop(night.heap_time, night.heap_code, night.counters[0])
            night.counters[0] -= 1
            kind, index = code >> 40, code & (2**40 - 1)
            if kind == RELOADED:
                reloaded(index, time, night)
                continue
            look = kind == ASSESSED
            if kind == INTERCEPT:
                intercepts(index, time, night)
                assess_s = night.units[night.magazines[night.encounters[index].magazine].unit].assess_s
                if night.doctrine.plain or assess_s <= 0.0:
                    look = True
                else:
                    add_event(time + assess_s, ASSESSED, index, night)
            if look:
                assessed(index, time, night)
        elif ended < len(ends) and time_end <= time_open:
            i = ends[ended]
            if night.threats[i].fate < 0:
                dies(i, time_end, night.threats[i].over_fate, night)
                note(time_end, ENDED + night.threats[i].fate, i, NONE, 0, night)
            ended += 1
        elif opened < n:
            opens(opened, time_open, night)
            opened += 1
        else:
            return
