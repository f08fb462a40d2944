"""Compiled loops of the maximal covering: points told apart by their sites, swaps of sites, prices of points."""

from __future__ import annotations

import numpy as np

from koepel._kernel.chance import scrambled
from koepel._kernel.compiled import entry, inside


@entry
def signatures(starts, points, n_points):
    """Two hashes of the set of sites that cover each point, and its size. Shapes (n_points,)."""
    first, second = np.zeros(n_points, np.uint64), np.zeros(n_points, np.uint64)
    degree = np.zeros(n_points, np.int32)
    for s in range(len(starts) - 1):
        a, b = scrambled(2 * s), scrambled(2 * s + 1)
        for k in range(starts[s], starts[s + 1]):
            j = points[k]
            first[j] += a
            second[j] += b
            degree[j] += 1
    return first, second, degree


@inside
def _put(s, by, starts, groups, g_starts, g_sites, weights, count, gain):
    """Add (by 1) or remove (by -1) a site; ``gain`` is the weight that each site would newly cover."""
    for k in range(starts[s], starts[s + 1]):
        g = groups[k]
        before = count[g]
        count[g] += by
        if (by > 0 and before == 0) or (by < 0 and before == 1):
            for q in range(g_starts[g], g_starts[g + 1]):
                gain[g_sites[q]] -= by * weights[g]


@inside
def _best_in(gain, chosen):
    best = -1
    for s in range(len(gain)):
        if not chosen[s] and (best < 0 or gain[s] > gain[best]):
            best = s
    return best


@entry
def chosen_by_swaps(starts, groups, g_starts, g_sites, weights, chosen, fixed, number, kicks):
    """Fill up greedily to ``number``, then swap one site for the best other while that covers more.

    ``kicks`` times a few sites are dropped at random, filled up and swapped again; the best is kept.
    Returns the sites, bool, and the weight they cover.
    """
    n, m = len(chosen), len(weights)
    count, gain = np.zeros(m, np.int64), np.zeros(n)
    for s in range(n):
        for k in range(starts[s], starts[s + 1]):
            gain[s] += weights[groups[k]]
    now, used, value = chosen.copy(), 0, 0.0
    for s in range(n):
        if now[s]:
            value += gain[s]
            used += 1
            _put(s, 1, starts, groups, g_starts, g_sites, weights, count, gain)
    best, best_value, luck = now.copy(), -1.0, np.uint64(1)
    for kick in range(kicks + 1):
        if kick > 0:
            for _ in range(2 + kick % 4):
                luck = scrambled(luck)
                s = np.int64(luck % np.uint64(n))
                if now[s] and not fixed[s]:
                    now[s] = False
                    used -= 1
                    _put(s, -1, starts, groups, g_starts, g_sites, weights, count, gain)
                    value -= gain[s]
        while used < number:
            s = _best_in(gain, now)
            value += gain[s]
            now[s] = True
            used += 1
            _put(s, 1, starts, groups, g_starts, g_sites, weights, count, gain)
        better = True
        while better:
            better = False
            for out in range(n):
                if not now[out] or fixed[out]:
                    continue
                _put(out, -1, starts, groups, g_starts, g_sites, weights, count, gain)
                now[out] = False
                loss = gain[out]
                s = _best_in(gain, now)
                if not gain[s] > loss + 1e-12 * (value + 1e-300):
                    s = out
                else:
                    better = True
                    value += gain[s] - loss
                now[s] = True
                _put(s, 1, starts, groups, g_starts, g_sites, weights, count, gain)
        if value > best_value * (1 + 1e-13):
            best_value = value
            best[:] = now
        elif kick % 8 == 0 and kick > 0:  # back to the best
            for s in range(n):
                if now[s] and not best[s]:
                    now[s] = False
                    _put(s, -1, starts, groups, g_starts, g_sites, weights, count, gain)
            for s in range(n):
                if best[s] and not now[s]:
                    now[s] = True
                    _put(s, 1, starts, groups, g_starts, g_sites, weights, count, gain)
            value = best_value
    return best, best_value


@inside
def _sums(starts, groups, price, sums):
    for s in range(len(starts) - 1):
        total = 0.0
        for k in range(starts[s], starts[s + 1]):
            total += price[groups[k]]
        sums[s] = total


@entry
def priced(starts, groups, weights, fixed, number, value, rounds, aim):
    """Least bound by prices of points: sum_g (w_g - u_g) + the ``number`` dearest sites, by subgradients.

    Returns the bound and the worth of each site at the best prices (sums of prices of what it covers).
    """
    n, m = len(starts) - 1, len(weights)
    price, sums, best_sums = np.empty(m), np.empty(n), np.zeros(n)
    degree = np.zeros(m, np.int64)
    for k in range(len(groups)):
        degree[groups[k]] += 1
    for g in range(m):
        price[g] = weights[g] / max(1, degree[g])
    best, step, stale = np.inf, 1.0, 0
    cover, direction = np.zeros(m, np.int64), np.zeros(m)
    for _ in range(rounds):
        _sums(starts, groups, price, sums)
        order = np.argsort(-(sums + np.where(fixed, 1e300, 0.0)))
        cover[:] = 0
        bound = 0.0
        for r in range(number):
            s = order[r]
            bound += sums[s]
            for k in range(starts[s], starts[s + 1]):
                cover[groups[k]] += 1
        for g in range(m):
            bound += weights[g] - price[g]
        if bound < best:
            stale = 0 if bound < best * (1 - 1e-5) else stale + 1
            best = bound
            best_sums[:] = sums
        else:
            stale += 1
        if stale > 15:
            stale = 0
            step *= 0.6
        norm = 0.0
        for g in range(m):  # bound falls along 1[price < w] - cover
            slope = (1.0 if price[g] < weights[g] else 0.0) - cover[g]
            direction[g] = 0.7 * slope + 0.3 * direction[g]
            norm += direction[g] * direction[g]
        if best - value <= aim * value or norm == 0.0 or step < 1e-4:
            break
        length = step * max(bound - value, 1e-9 * value) / norm
        for g in range(m):
            price[g] = min(max(price[g] + length * direction[g], 0.0), weights[g])
    return best, best_sums
