"""Compiled work at one node of a branch and bound over places of units in layers.

A node is the least and the most units of each column (type, site). It is bounded (`envelope`), columns that cannot
matter are settled, and the column to branch on is the one whose two sides, bounded in turn, come down most.
"""

from __future__ import annotations

import numpy as np

from koepel._kernel.compiled import entry, inside
from koepel._kernel.envelope import _bound, _copied, _model, _pair, _reset, _walk

WHOLE = 1e-6
ROUNDS, SIDE_ROUNDS = 12, 6
MODEL_STEPS = 40
SETTLINGS = 3
MOST_ALIVE = 400
TRIES = 30


@inside
def _spread(case, low, high):
    """What room and counts leave open; whether anything is left."""
    sites, counts, room = case[3], case[4], case[5]
    for s in range(sites):
        left = room[s]
        for t in range(len(counts)):
            left -= low[t * sites + s]
        if left < 0:
            return False
        for t in range(len(counts)):
            high[t * sites + s] = min(high[t * sites + s], low[t * sites + s] + left)
    for t in range(len(counts)):
        left, most = counts[t], 0
        for i in range(t * sites, (t + 1) * sites):
            left -= low[i]
        for i in range(t * sites, (t + 1) * sites):
            high[i] = min(high[i], low[i] + max(left, 0))
            most += high[i]
        if left < 0 or most < counts[t]:
            return False
    return True


@inside
def _fit(case, low, high, parts):
    """Bring the open parts between their ends, and their sums to what is left of each type."""
    sites, counts = case[3], case[4]
    for t in range(len(counts)):
        first, wanted, here, there = t * sites, float(counts[t]), 0.0, 0.0
        for i in range(first, first + sites):
            wanted -= low[i]
            parts[i] = min(max(parts[i], 0.0), float(high[i] - low[i]))
            here += parts[i]
            if parts[i] > 0.0:
                there += high[i] - low[i] - parts[i]
        if here > wanted:
            for i in range(first, first + sites):
                parts[i] *= wanted / here
        elif here < wanted:
            share = min((wanted - here) / there, 1.0) if there > 0.0 else 0.0
            open_still = 0.0
            for i in range(first, first + sites):
                if parts[i] > 0.0:
                    parts[i] += share * (high[i] - low[i] - parts[i])
                open_still += high[i] - low[i] - parts[i]
            missing = wanted - here - share * there
            if missing > 1e-12 and open_still > 0.0:
                share = min(missing / open_still, 1.0)
                for i in range(first, first + sites):
                    parts[i] += share * (high[i] - low[i] - parts[i])


@inside
def _settle(low, high, slope, edge, sites, slack, parts):
    """Units that any placement better than the target has, or has not, by the slopes of the last look."""
    settled = 0
    for i in range(len(low)):
        width = high[i] - low[i]
        if width == 0:
            continue
        off = slope[i] - edge[i // sites]
        if abs(off) * width <= slack:
            continue
        steps = np.int64(np.floor(slack / abs(off)))
        settled += 1
        if off < 0:
            high[i] = low[i] + steps
            parts[i] = min(parts[i], float(steps))
        else:
            low[i] = high[i] - steps
            parts[i] = max(parts[i] - (width - steps), 0.0)
    return settled


@inside
def _candidates(parts, chosen):
    """The columns with the most broken parts; if there are none, one that is open."""
    n = 0
    for i in range(len(parts)):
        off = abs(parts[i] - np.rint(parts[i]))
        if off < WHOLE:
            continue
        at = min(n, len(chosen))
        while at > 0 and off > abs(parts[chosen[at - 1]] - np.rint(parts[chosen[at - 1]])):
            if at < len(chosen):
                chosen[at] = chosen[at - 1]
            at -= 1
        if at < len(chosen):
            chosen[at] = i
            n = min(n + 1, len(chosen))
    return n


@inside
def _any_open(low, high, parts):
    """An open column, one with units if there is; -1 for none."""
    found = -1
    for i in range(len(low)):
        if high[i] > low[i] and (found < 0 or parts[i] > parts[found]):
            found = i
    return found


@inside
def _side(case, low, high, parts, column, up, side_low, side_high, state, work, target, near, limit):
    """Bound one side of a branching; its parts are left in the state."""
    own = state[0]
    _copied(low, side_low)
    _copied(high, side_high)
    _copied(parts, own)
    cut = np.int64(np.floor(parts[column] + WHOLE))
    if not up and cut == high[column] - low[column]:
        cut -= 1
    if up:
        side_low[column] = low[column] + cut + (1 if cut < high[column] - low[column] else 0)
        own[column] = 0.0
    else:
        side_high[column] = low[column] + cut
    if not _spread(case, side_low, side_high):
        return -np.inf
    _fit(case, side_low, side_high, own)
    return min(_bound(case, side_low, side_high, state, work, target, near, SIDE_ROUNDS)[0], limit)


@inside
def _forced(p, shift, n, case, state, work):
    """What the model loses where a column's parts change so much, and the others make the best of it."""
    alive, _, _, bend, room, moved, here, _ = work
    sites, types, slope = case[3], len(case[4]), state[4]
    _reset(n, alive, slope, moved, here)
    gain, left = 0.0, shift
    while abs(left) > 1e-9:
        other = -1
        for q in range(n):
            far = moved[q] - room[q, 0] if left > 0 else room[q, 1] - moved[q]
            if q == p or alive[q] // sites != alive[p] // sites or far <= 1e-12:
                continue
            if other < 0 or (here[q] < here[other] if left > 0 else here[q] > here[other]):
                other = q
        if other < 0:
            return gain
        far = moved[other] - room[other, 0] if left > 0 else room[other, 1] - moved[other]
        length = min(far, abs(left), 0.2) if left > 0 else max(-far, left, -0.2)
        curve = bend[p, p] + bend[other, other] - 2.0 * bend[p, other]
        gain += length * (here[p] - here[other]) - 0.5 * length * length * curve
        _pair(p, other, length, n, bend, moved, here)
        left -= length
    before_low, before_high = room[p, 0], room[p, 1]
    room[p, 0] = moved[p]
    room[p, 1] = moved[p]
    gain += _walk(n, alive, sites, types, bend, room, moved, here, 1e-3 * abs(slope[alive[p]]), MODEL_STEPS)
    room[p, 0], room[p, 1] = before_low, before_high
    return gain


@inside
def _branch_on(case, low, high, state, work, chosen, n_chosen, near, slack):
    """The candidate whose two sides come down most by the model."""
    parts, index = state[0], work[1]
    n = _model(case, low, high, state, work, near)
    best, best_score = chosen[0], -1.0
    for k in range(n_chosen):
        p = index[chosen[k]]
        if p < 0:
            continue
        part = parts[chosen[k]]
        fall_down = -_forced(p, np.floor(part) - part, n, case, state, work)
        fall_up = -_forced(p, np.ceil(part) - part, n, case, state, work)
        score = min(max(fall_down, 1e-6 * slack), slack) * min(max(fall_up, 1e-6 * slack), slack)
        if score > best_score:
            best, best_score = chosen[k], score
    return best


@inside
def _settled_bound(case, low, high, state, work, target, near):
    """Bound a node and settle its columns by turns."""
    bound = np.inf
    for _ in range(SETTLINGS):
        if not _spread(case, low, high):
            return -np.inf
        _fit(case, low, high, state[0])
        found, last = _bound(case, low, high, state, work, target, near, ROUNDS)
        bound = min(bound, found)
        slack = last - target + 1e-10 * abs(target)
        if bound <= target or _settle(low, high, state[4], work[7], case[3], slack, state[0]) == 0:
            break
    return bound


@entry
def branched(columns, rows, weights, sites, counts, room, low, high, parts, mix, target, near):
    """Bound a node, and divide it in two where it may hold a placement better than the target.

    Parameters
    ----------
    columns
        Starts, cells and strengths of each column (type, site).
    rows
        Starts, columns and strengths of each cell.
    weights
        Shape (cells, patterns).
    low, high
        Least and most units of each column.
    parts, mix
        Of the open units, and of the patterns, from where to begin.
    near
        How near to the best by parts a bound has to be.

    Returns
    -------
    bound
        No placement of the node stops more, unless no more than the target.
    low, parts
        Units that are settled, and the others in parts.
    sides
        Least and most units, parts, bounds and mixtures of both sides; a bound of minus infinity for none.
    """
    n, (cells, patterns) = len(parts), weights.shape
    case = (columns, rows, weights, sites, counts, room)
    state = (
        parts.astype(np.float64), np.zeros(cells), np.zeros(cells), np.zeros(cells), np.zeros(n), mix.copy(),
        np.zeros(patterns),
    )  # fmt: skip
    entries, most = len(rows[1]), min(n, MOST_ALIVE)
    work = (
        np.zeros(n, np.int64), np.zeros(n, np.int64),
        (np.zeros(cells + 1, np.int64), np.zeros(entries, np.int64), np.zeros(entries)),
        np.zeros((most, most)), np.zeros((most, 2)), np.zeros(most), np.zeros(most), np.zeros(len(counts)),
    )  # fmt: skip
    low, high = low.astype(np.int64), high.astype(np.int64)
    lows, highs, sides = np.zeros((2, n), np.int64), np.zeros((2, n), np.int64), np.zeros((2, n))
    bounds, mixes = np.full(2, -np.inf), np.zeros((2, patterns))
    bound = _settled_bound(case, low, high, state, work, target, near)
    middle, own_mix = state[0].copy(), state[5].copy()
    if bound > target:
        chosen = np.zeros(TRIES, np.int64)
        n_chosen = _candidates(middle, chosen)
        column = _any_open(low, high, middle)
        if n_chosen > 0:
            column = _branch_on(case, low, high, state, work, chosen, n_chosen, near, bound - target)
        for up in range(2 if column >= 0 else 0):
            state[5][:] = own_mix
            bounds[up] = _side(case, low, high, middle, column, up == 1, lows[up], highs[up], state, work, target,
                               near, bound)  # fmt: skip
            sides[up] = state[0]
            mixes[up] = state[5]
    return bound, low, middle, (lows, highs, sides, bounds, mixes)
