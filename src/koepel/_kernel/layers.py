"""Compiled search for places of units of several types: fill up, move one, let two change places, kick.

What is minimised is what gets through: of the patterns' passing weights the greatest, with a little of their mean
so that ties have a way down. With one pattern both are the same.
"""

from __future__ import annotations

import numpy as np

from koepel._kernel.chance import scrambled
from koepel._kernel.compiled import entry, inside


@inside
def _score(passing, blend):
    most, total = passing[0], 0.0
    for p in range(len(passing)):
        most = max(most, passing[p])
        total += passing[p]
    return (1.0 - blend) * most + blend * total / len(passing)


@inside
def _put(c, by, columns, weights, depth, survive, passing):
    """Add (by 1) or remove (by -1) a unit of a column."""
    starts, cells, strength = columns
    for k in range(starts[c], starts[c + 1]):
        j = cells[k]
        depth[j] += by * strength[k]
        new = np.exp(-max(depth[j], 0.0))
        for p in range(len(passing)):
            passing[p] += weights[j, p] * (new - survive[j])
        survive[j] = new


@inside
def _score_with(c, columns, kill, weights, survive, passing, scratch, blend):
    """The score with one unit more."""
    starts, cells, _ = columns
    for p in range(len(passing)):
        scratch[p] = passing[p]
    for k in range(starts[c], starts[c + 1]):
        j = cells[k]
        stopped = survive[j] * kill[k]
        for p in range(len(passing)):
            scratch[p] -= weights[j, p] * stopped
    return _score(scratch, blend)


@inside
def _stand(s, by, places, used, blocked):
    """A unit comes to a site (by 1) or leaves it (by -1)."""
    _, near_starts, near, _, _ = places
    before = used[s]
    used[s] += by
    if (by > 0 and before == 0) or (by < 0 and before == 1):
        for q in range(near_starts[s], near_starts[s + 1]):
            blocked[near[q]] += by


@inside
def _still(places, placed):
    """How many units stand where units stood before."""
    kept = places[3]
    total = 0
    for c in range(len(kept)):
        total += min(kept[c], placed[c])
    return total


@inside
def _best_site(
    t, sites, columns, kill, weights, survive, passing, scratch, blend, places, used, blocked, placed, still
):
    """The best column for one more unit of a type, and its score; -1 for none."""
    room, _, _, kept, least = places
    best, best_score = -1, np.inf
    for s in range(sites):
        c = t * sites + s
        if used[s] >= room[s] or blocked[s] > 0 or still + (1 if placed[c] < kept[c] else 0) < least:
            continue
        score = _score_with(c, columns, kill, weights, survive, passing, scratch, blend)
        if score < best_score:
            best, best_score = c, score
    return best, best_score


@inside
def _fill(left, sites, columns, kill, weights, depth, survive, passing, scratch, blend, places, used, blocked, placed):
    """Put the units that are left, best first; whether all found a place."""
    free = (places[0], places[1], places[2], places[3], -1)
    to_place = 0
    for t in range(len(left)):
        to_place += left[t]
    for _ in range(to_place):
        best, best_score, best_type = -1, np.inf, -1
        for t in range(len(left)):
            if left[t] > 0:
                c, score = _best_site(t, sites, columns, kill, weights, survive, passing, scratch, blend,
                                      free, used, blocked, placed, 0)  # fmt: skip
                if c >= 0 and score < best_score:
                    best, best_score, best_type = c, score, t
        if best < 0:
            return False
        placed[best] += 1
        left[best_type] -= 1
        _stand(best % sites, 1, places, used, blocked)
        _put(best, 1, columns, weights, depth, survive, passing)
    return _still(places, placed) >= places[4]


@inside
def _move_each(sites, columns, kill, weights, depth, survive, passing, scratch, blend, places, used, blocked, placed):
    """Move each unit to the best site for it; whether any moved."""
    moved = False
    for c in range(len(placed)):
        if placed[c] == 0:
            continue
        before = _score(passing, blend)
        placed[c] -= 1
        _stand(c % sites, -1, places, used, blocked)
        _put(c, -1, columns, weights, depth, survive, passing)
        still = _still(places, placed)
        to, score = _best_site(c // sites, sites, columns, kill, weights, survive, passing, scratch, blend,
                               places, used, blocked, placed, still)  # fmt: skip
        if to < 0 or not score < before - 1e-12 * (abs(before) + 1e-300):
            to = c
        moved |= to != c
        placed[to] += 1
        _stand(to % sites, 1, places, used, blocked)
        _put(to, 1, columns, weights, depth, survive, passing)
    return moved


@inside
def _change(a, b, c, d, columns, weights, depth, survive, passing, placed):
    """Units leave columns a and b for c and d."""
    _put(a, -1, columns, weights, depth, survive, passing)
    _put(b, -1, columns, weights, depth, survive, passing)
    _put(c, 1, columns, weights, depth, survive, passing)
    _put(d, 1, columns, weights, depth, survive, passing)
    placed[a] -= 1
    placed[b] -= 1
    placed[c] += 1
    placed[d] += 1


@inside
def _change_pairs(sites, columns, weights, depth, survive, passing, blend, places, placed):
    """Let two units of different types change places where that helps; whether any did."""
    changed, n = False, len(placed)
    for a in range(n):
        if placed[a] == 0:
            continue
        for b in range((a // sites + 1) * sites, n):
            if placed[a] == 0:
                break
            if placed[b] == 0 or a % sites == b % sites:
                continue
            before = _score(passing, blend)
            c, d = a // sites * sites + b % sites, b // sites * sites + a % sites
            _change(a, b, c, d, columns, weights, depth, survive, passing, placed)
            after = _score(passing, blend)
            if after < before - 1e-12 * (abs(before) + 1e-300) and _still(places, placed) >= places[4]:
                changed = True
            else:
                _change(c, d, a, b, columns, weights, depth, survive, passing, placed)
    return changed


@inside
def _kick(luck, sites, columns, weights, depth, survive, passing, places, used, blocked, placed):
    """Move one unit drawn at random to a site drawn at random, where both may be."""
    room, _, _, _, least = places
    for _ in range(50):
        luck = scrambled(luck)
        c = np.int64(luck % np.uint64(len(placed)))
        while placed[c] == 0:
            c = (c + 1) % len(placed)
        luck = scrambled(luck)
        s = np.int64(luck % np.uint64(sites))
        to = c // sites * sites + s
        _stand(c % sites, -1, places, used, blocked)
        placed[c] -= 1
        placed[to] += 1
        may = used[s] < room[s] and blocked[s] == 0 and _still(places, placed) >= least
        if not may:
            placed[to] -= 1
            placed[c] += 1
            _stand(c % sites, 1, places, used, blocked)
            continue
        _stand(s, 1, places, used, blocked)
        _put(c, -1, columns, weights, depth, survive, passing)
        _put(to, 1, columns, weights, depth, survive, passing)
        break
    return luck


@inside
def _set_up(sites, columns, weights, depth, survive, passing, places, used, blocked, placed):
    """Everything that follows from where units stand."""
    for s in range(sites):
        used[s] = 0
        blocked[s] = 0
    for p in range(len(passing)):
        passing[p] = 0.0
    for j in range(len(depth)):
        depth[j] = 0.0
        survive[j] = 1.0
        for p in range(len(passing)):
            passing[p] += weights[j, p]
    for c in range(len(placed)):
        for _ in range(placed[c]):
            _stand(c % sites, 1, places, used, blocked)
            _put(c, 1, columns, weights, depth, survive, passing)


@entry
def placed_by_swaps(columns, weights, places, given, left, sites, kicks, luck, blend):
    """Fill up, then move units and let pairs change places until nothing helps; kick, and again.

    Parameters are arrays: ``columns`` starts, cells and strengths of each column (type, site); ``weights`` of shape
    (cells, patterns); ``places`` the room of each site, its neighbours in conflict by starts and sites, the units that
    stood before, by column, and how many of them must still; ``given`` units by column; ``left`` units by type.

    Returns whether all found a place, and where units stand.
    """
    cells, patterns = weights.shape
    placed, left = given.copy(), left.copy()
    depth, survive, passing, scratch = np.zeros(cells), np.ones(cells), np.zeros(patterns), np.zeros(patterns)
    used, blocked = np.zeros(sites, np.int64), np.zeros(sites, np.int64)
    kill = 1.0 - np.exp(-columns[2])
    _set_up(sites, columns, weights, depth, survive, passing, places, used, blocked, placed)
    all_there = _fill(left, sites, columns, kill, weights, depth, survive, passing, scratch, blend,
                      places, used, blocked, placed)  # fmt: skip
    best, best_score = placed.copy(), np.inf
    if not all_there or placed.sum() == 0:
        return all_there, best
    for kick in range(kicks + 1):
        if kick > 0:
            for _ in range(1 + kick % 3):
                luck = _kick(luck, sites, columns, weights, depth, survive, passing, places, used, blocked, placed)
        helps = True
        while helps:
            helps = _move_each(sites, columns, kill, weights, depth, survive, passing, scratch, blend,
                               places, used, blocked, placed)  # fmt: skip
            if not helps:
                helps = _change_pairs(sites, columns, weights, depth, survive, passing, blend, places, placed)
        score = _score(passing, blend)
        if score < best_score - 1e-13 * abs(score):
            best_score = score
            best[:] = placed
        elif kick % 4 == 0:
            placed[:] = best
            _set_up(sites, columns, weights, depth, survive, passing, places, used, blocked, placed)
    return True, best
