"""Compiled bounds for units in parts over places in layers, where some units are settled.

What is stopped is a concave function of the parts y, and at any y the linear programme over all placements in parts,
which is a sort by type, bounds every placement. The parts are brought up by Newton's method: between two looks at the
function, steps between pairs of columns (type, site) of one type climb its quadratic model over the few columns that
have parts, or whose slope is near that of the last unit of their type.
"""

from __future__ import annotations

import numpy as np

from koepel._kernel.compiled import inside

PAIR_STEPS = 8  # a column, between two looks
LEAST_PART = 1e-9
MIX_WIDTH = 2e-3  # of what is stopped: the difference that makes one pattern e times as heavy as another


@inside
def _copied(source, into):
    for k in range(len(source)):
        into[k] = source[k]


@inside
def _look(case, low, high, state):
    """Everything that follows from the parts, all open columns included; what is stopped by the mixture of patterns."""
    columns, weights = case[0], case[2]
    parts, calm, depth, through, slope, mix, stopped = state
    starts, cells, strength = columns
    total = 0.0
    for j in range(len(depth)):
        depth[j] = 0.0
    for i in range(len(parts)):
        if parts[i] > 0.0:
            for k in range(starts[i], starts[i + 1]):
                depth[cells[k]] += parts[i] * strength[k]
    for p in range(len(mix)):
        stopped[p] = 0.0
    for j in range(len(depth)):
        passing, mixed = calm[j] * np.exp(-depth[j]), 0.0
        for p in range(len(mix)):
            stopped[p] += weights[j, p] * (1.0 - passing)
            mixed += mix[p] * weights[j, p]
        through[j] = mixed * passing
        total += mixed * (1.0 - passing)
    for i in range(len(parts)):
        if high[i] > low[i]:
            worth = 0.0
            for k in range(starts[i], starts[i + 1]):
                worth += through[cells[k]] * strength[k]
            slope[i] = worth
    return total


@inside
def _next_best(before, first, end, low, high, slope):
    """The open column with the steepest slope after another one in that order (-1 for the first); -1 for none."""
    best = -1
    for i in range(first, end):
        if high[i] == low[i] or (best >= 0 and slope[i] <= slope[best]):
            continue
        if before < 0 or slope[i] < slope[before] or (slope[i] == slope[before] and i > before):
            best = i
    return best


@inside
def _ahead(case, low, high, state, edge):
    """How much more any placement in parts could give by the slopes; the slope of the last unit of each type."""
    counts, sites = case[4], case[3]
    parts, slope = state[0], state[4]
    total = 0.0
    for t in range(len(counts)):
        first, left = t * sites, counts[t]
        for i in range(first, first + sites):
            left -= low[i]
            total -= slope[i] * parts[i]
        edge[t], before = 0.0, -1
        while left > 0:
            i = _next_best(before, first, first + sites, low, high, slope)
            if i < 0:
                break
            edge[t], before = slope[i], i
            take = min(high[i] - low[i], left)
            total += slope[i] * take
            left -= take
        if left > 0:
            return -np.inf
    return total


@inside
def _bend(through, n, alive_rows, bend):
    """How the slopes of the columns that are alive fall with their parts: the second derivative, its sign turned."""
    starts, places, strength = alive_rows
    for p in range(n):
        for q in range(n):
            bend[p, q] = 0.0
    for j in range(len(through)):
        for k in range(starts[j], starts[j + 1]):
            p, of = places[k], through[j] * strength[k]
            for r in range(starts[j], k + 1):
                bend[p, places[r]] += of * strength[r]
    for p in range(n):
        for q in range(p):
            both = bend[p, q] + bend[q, p]
            bend[p, q] = both
            bend[q, p] = both


@inside
def _choose(n, alive, sites, types, room, moved, here):
    """The pair of columns of one type between whose slopes the difference is greatest; -1 for none."""
    up, down, most, p = -1, -1, 0.0, 0
    for t in range(types):
        best, worst = -1, -1
        while p < n and alive[p] < (t + 1) * sites:
            if moved[p] < room[p, 1] and (best < 0 or here[p] > here[best]):
                best = p
            if moved[p] > room[p, 0] and (worst < 0 or here[p] < here[worst]):
                worst = p
            p += 1
        if best >= 0 and worst >= 0 and here[best] - here[worst] > most:
            up, down, most = best, worst, here[best] - here[worst]
    return up, down, most


@inside
def _pair(up, down, length, n, bend, moved, here):
    """Move parts from one column to another; the slopes follow."""
    moved[up] += length
    moved[down] -= length
    for q in range(n):
        here[q] -= length * (bend[up, q] - bend[down, q])


@inside
def _walk(n, alive, sites, types, bend, room, moved, here, least, steps):
    """Steps between pairs of columns that bring a quadratic model up; by how much."""
    gain = 0.0
    for _ in range(steps):
        up, down, most = _choose(n, alive, sites, types, room, moved, here)
        if most <= least:
            break
        far_up, far_down = room[up, 1] - moved[up], moved[down] - room[down, 0]
        curve = max(bend[up, up] + bend[down, down] - 2.0 * bend[up, down], 1e-12)
        length = min(far_up, far_down, most / curve)
        gain += length * (most - 0.5 * length * curve)
        _pair(up, down, length, n, bend, moved, here)
        if length == far_up:
            moved[up] = room[up, 1]
        if length == far_down:
            moved[down] = room[down, 0]
    return gain


@inside
def _go(low, high, parts, n, alive, moved, share):
    """Change the parts by a share of the way."""
    for p in range(n):
        i = alive[p]
        parts[i] = min(max(parts[i] + share * moved[p], 0.0), float(high[i] - low[i]))
        if parts[i] < LEAST_PART:
            parts[i] = 0.0


@inside
def _model(case, low, high, state, work, reach):
    """The columns between which steps may go, their room, and how their slopes fall; how many."""
    rows, sites = case[1], case[3]
    parts, through, slope = state[0], state[3], state[4]
    alive, index, alive_rows, bend, room, moved, here, edge = work
    n = 0
    for i in range(len(parts)):
        index[i] = -1
        if n < len(bend) and (parts[i] > 0.0 or (high[i] > low[i] and slope[i] > edge[i // sites] - reach)):
            alive[n], index[i] = i, n
            room[n, 0], room[n, 1] = -parts[i], high[i] - low[i] - parts[i]
            n += 1
    starts, columns, strength = rows
    own_starts, own_places, own_strength = alive_rows
    m = 0
    for j in range(len(starts) - 1):
        own_starts[j] = m
        for k in range(starts[j], starts[j + 1]):
            if index[columns[k]] >= 0:
                own_places[m], own_strength[m] = index[columns[k]], strength[k]
                m += 1
    own_starts[len(starts) - 1] = m
    _bend(through, n, alive_rows, bend)
    _reset(n, alive, slope, moved, here)
    return n


@inside
def _reset(n, alive, slope, moved, here):
    """Nothing has moved yet."""
    for p in range(n):
        moved[p], here[p] = 0.0, slope[alive[p]]


@inside
def _stand_by(case, low, calm):
    """What passes the units that are settled."""
    starts, cells, strength = case[0]
    for j in range(len(calm)):
        calm[j] = 0.0
    for i in range(len(low)):
        if low[i] > 0:
            for k in range(starts[i], starts[i + 1]):
                calm[cells[k]] += low[i] * strength[k]
    for j in range(len(calm)):
        calm[j] = np.exp(-calm[j])


@inside
def _mixed(mix, stopped, width):
    """Give more to the patterns of which less is stopped; the least that is."""
    least, total = stopped[0], 0.0
    for p in range(len(mix)):
        least = min(least, stopped[p])
    for p in range(len(mix)):
        mix[p] = max(mix[p], 1e-6) * np.exp(-(stopped[p] - least) / width)
        total += mix[p]
    for p in range(len(mix)):
        mix[p] /= total
    return least


@inside
def _overshot(n, alive, slope, moved, began):
    """By what share of the way to come back, where the slope along it has turned; 0 where it has not."""
    ended = _along(n, alive, slope, moved)
    return began / (began - ended) - 1.0 if began > 0.0 and ended < -0.5 * began else 0.0


@inside
def _along(n, alive, slope, moved):
    """The slope along the way that the parts have moved."""
    total = 0.0
    for p in range(n):
        total += moved[p] * slope[alive[p]]
    return total


@inside
def _bound(case, low, high, state, work, target, near, rounds):
    """Bound what placements between two stop: the least found, or one that is at most the target; and the last one.

    With several patterns any mixture of them bounds the least; the mixture goes to those of which less is stopped.
    The slopes, edges and mixture left behind are those of the last bound.
    """
    alive, _, _, bend, room, moved, here, edge = work
    parts, calm, slope, mix, stopped = state[0], state[1], state[4], state[5], state[6]
    sites, types = case[3], len(case[4])
    best, last, n, began = np.inf, np.inf, 0, 0.0
    _stand_by(case, low, calm)
    for turn in range(rounds):
        value = _look(case, low, high, state)
        ahead = _ahead(case, low, high, state, edge)
        last = value + ahead
        best = min(best, last)
        if best <= target or turn == rounds - 1 or (len(mix) == 1 and ahead <= near):
            break
        back = _overshot(n, alive, slope, moved, began)
        if back < 0.0:
            _go(low, high, parts, n, alive, moved, back)
            began = 0.0
            continue
        if len(mix) > 1:
            if last - _mixed(mix, stopped, MIX_WIDTH * value) <= 2.0 * near:
                break
            _look(case, low, high, state)
            _ahead(case, low, high, state, edge)
        n = _model(case, low, high, state, work, ahead / len(alive) + near)
        _walk(n, alive, sites, types, bend, room, moved, here, 0.02 * ahead / n, PAIR_STEPS * n)
        began = _along(n, alive, slope, moved)
        _go(low, high, parts, n, alive, moved, 1.0)
    return best, last
