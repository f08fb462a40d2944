"""Patterns of fire at one threat: the cheapest at given prices of rounds, and all that are nearly as cheap.

A pattern a costs v exp(-sum a_i L_i) + sum u_i a_i: what survives of the value v, and the prices u of the rounds; L is
the log-kill -log(1 - p) of one round. Rounds are taken in order of price for log-kill. What those from the k-th on can
still do is bounded from below by taking them in parts (a knapsack with a convex objective), which is exact but for the
last round.
"""

import math

import numpy as np

from koepel._kernel.compiled import allocating, entry, inside

MOST_DEEP = 512  # rounds at one threat


@inside
def least(cost, value, k, n, ratio, price, whole, cap):
    """A bound from below on a pattern that costs so much so far and leaves so much, with rounds from k on in parts."""
    while k < n and value > ratio[k]:
        after = value * whole[k]
        if after < ratio[k]:
            return cost + ratio[k] * (1.0 + math.log(value / ratio[k]))
        cost += cap[k] * price[k]
        value = after
        k += 1
    return cost + value


@allocating
def envelope(pass_, price):
    """The lines price + pass * s that are lowest for some s above 0, and from which s on each is; as s grows.

    With so much of the value left, one more round of the best kind leaves the height of the lowest line.
    """
    order = np.argsort(price)
    lines, since = np.empty(len(price), np.int64), np.empty(len(price))
    n = 0
    for i in order:
        begins = 0.0
        while n > 0:
            last = lines[n - 1]
            if pass_[i] >= pass_[last]:
                begins = -1.0  # never below the one before, which costs no more
                break
            begins = (price[i] - price[last]) / (pass_[last] - pass_[i])
            if begins > since[n - 1]:
                break
            n -= 1
            begins = 0.0
        if begins >= 0.0:
            lines[n], since[n] = i, begins
            n += 1
    return lines[:n], since[:n]


@inside
def one_more(value, pass_, price, lines, since):
    """What one more round of the best kind leaves to pay: the height of the lowest line."""
    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if since[middle] <= value:
            low = middle
        else:
            high = middle - 1
    i = lines[low]
    return price[i] + pass_[i] * value


@inside
def two_more(value, least_ratio, least_log_kill):
    """A bound from below on what two rounds or more leave to pay, at the least price for log-kill."""
    kill = 2.0 * least_log_kill
    if least_ratio > 0.0 and value > least_ratio:
        kill = max(kill, math.log(value / least_ratio))
    return least_ratio * kill + value * math.exp(-kill)


@allocating
def laid_out(log_kill, prices, rounds, value, ceiling):
    """Rounds of which some pattern at this threat that costs at most a ceiling may be made.

    A pattern with a round of kind i costs at least u_i and what follows for the rest from the least price for
    log-kill of all, without end: r (1 + log(s / r)) where s > r survives, else s.

    Returns
    -------
    chosen
        Their kinds, in order of price for log-kill.
    table
        Price for log-kill, price, share that survives, log-kill, how many, what survives all of them.
    """
    m, n, least_ratio = len(prices), 0, np.inf
    for i in range(m):
        if log_kill[i] > 0.0 and rounds[i] > 0:
            least_ratio = min(least_ratio, prices[i] / log_kill[i])
    rows, keys = np.empty(m, np.int64), np.empty(m)
    log_value = math.log(max(value, 1e-300))
    log_ratio = math.log(max(least_ratio, 1e-300))
    for i in range(m):
        if log_kill[i] <= 0.0 or rounds[i] <= 0:
            continue
        over = log_value - log_kill[i] - log_ratio  # of what survives this round over the least price, the logarithm
        rest = least_ratio * (1.0 + over) if over > 0.0 and least_ratio > 0.0 else 0.0
        if prices[i] + rest <= ceiling:
            rows[n], keys[n] = i, prices[i] / log_kill[i]
            n += 1
    order = np.argsort(keys[:n])
    table, chosen = np.empty((6, n)), np.empty(n, np.int64)
    for k in range(n):
        i = rows[order[k]]
        chosen[k] = i
        table[0, k], table[1, k] = keys[order[k]], prices[i]
        table[2, k] = math.exp(-log_kill[i])
        table[3, k], table[4, k] = log_kill[i], rounds[i]
        table[5, k] = math.exp(-log_kill[i] * rounds[i])
    return chosen, table


@allocating
def cheapest(log_kill, prices, rounds, value, most_looks):
    """The cheapest pattern at one threat: its cost, its rounds as rows, how many, and whether it is proven."""
    ceiling = value
    for i in range(len(prices)):  # the best single round, if it is better than none
        if log_kill[i] > 0.0 and rounds[i] > 0 and prices[i] < ceiling:
            ceiling = min(ceiling, prices[i] + value * math.exp(-log_kill[i]))
    chosen, table = laid_out(log_kill, prices, rounds, value, ceiling)
    ratio, price, pass_, cap, whole = table[0], table[1], table[2], table[4], table[5]
    n = len(chosen)
    lines, since = envelope(pass_, price)
    least_log_kill = table[3].min() if n > 0 else 0.0
    best, best_deep = value, 0
    best_rows = np.empty(MOST_DEEP, np.int64)
    at = np.empty(MOST_DEEP + 1, np.int64)  # next round to try at each depth
    costs, values = np.empty(MOST_DEEP + 1), np.empty(MOST_DEEP + 1)
    taken, used = np.empty(MOST_DEEP + 1, np.int64), np.zeros(n, np.int64)
    deep, looks = 0, 0
    at[0], costs[0], values[0], taken[0] = 0, 0.0, value, -1
    while deep >= 0:
        k = at[deep]
        looks += 1
        if looks > most_looks:
            return best, best_rows, best_deep, False
        if k >= n or deep >= MOST_DEEP - 1 or least(
            costs[deep], values[deep], k, n, ratio, price, whole, cap
        ) >= best - 1e-13 * value:
            if deep > 0:
                used[taken[deep]] -= 1
            deep -= 1
            continue
        at[deep] = k + 1
        if used[k] >= cap[k]:
            continue
        cost, left = costs[deep] + price[k], values[deep] * pass_[k]
        used[k] += 1
        deep += 1
        at[deep], costs[deep], values[deep], taken[deep] = k, cost, left, k
        if cost + left < best:
            best, best_deep = cost + left, deep
            for d in range(1, deep + 1):
                best_rows[d - 1] = chosen[taken[d]]
        follows = min(one_more(left, pass_, price, lines, since), two_more(left, ratio[k], least_log_kill))
        if cost + follows >= best - 1e-13 * value:  # nothing that follows is better
            used[k] -= 1
            deep -= 1
    return best, best_rows, best_deep, True


@entry
def price_all(log_kill, prices, rounds, values, which, most_looks, cost, deep, rows, proven):
    """The cheapest pattern at each of some threats.

    Parameters
    ----------
    log_kill
        -log(1 - p) of one round. Shape (threats, kinds of round).
    which
        Threats to look at.
    cost, deep, proven
        Filled in for these: cost of the pattern, its number of rounds, whether it is the cheapest. Shape (threats,).
    rows
        Its rounds, as many as find room. Shape (threats, most).
    """
    for j in which:
        cost[j], found, deep[j], proven[j] = cheapest(log_kill[j], prices, rounds, values[j], most_looks)
        if deep[j] > rows.shape[1]:
            proven[j] = False
        for d in range(min(deep[j], rows.shape[1])):
            rows[j, d] = found[d]


@entry
def near_cheapest(log_kill, prices, rounds, values, j, ceiling, room, most_deep):
    """Every pattern at one threat that costs at most a ceiling.

    Returns
    -------
    found
        Rows of the rounds of each, -1 where there are fewer. Shape (number, most_deep).
    number
        How many; ``room + 1`` where there are more than find room.
    """
    value = values[j]
    chosen, table = laid_out(log_kill[j], prices, rounds, value, ceiling)
    ratio, price, pass_, cap, whole = table[0], table[1], table[2], table[4], table[5]
    n, number = len(chosen), 0
    lines, since = envelope(pass_, price)
    least_log_kill = table[3].min() if n > 0 else 0.0
    found = np.empty((room, most_deep), np.int32)
    at = np.empty(MOST_DEEP + 1, np.int64)
    costs, values_ = np.empty(MOST_DEEP + 1), np.empty(MOST_DEEP + 1)
    taken, used = np.empty(MOST_DEEP + 1, np.int64), np.zeros(n, np.int64)
    deep = 0
    at[0], costs[0], values_[0], taken[0] = 0, 0.0, value, -1
    if value <= ceiling:
        found[0, :] = -1
        number = 1
    while deep >= 0:
        k = at[deep]
        if k >= n or least(costs[deep], values_[deep], k, n, ratio, price, whole, cap) > ceiling:
            if deep > 0:
                used[taken[deep]] -= 1
            deep -= 1
            continue
        at[deep] = k + 1
        if used[k] >= cap[k]:
            continue
        cost, left = costs[deep] + price[k], values_[deep] * pass_[k]
        if deep >= most_deep:
            return found, room + 1
        used[k] += 1
        deep += 1
        at[deep], costs[deep], values_[deep], taken[deep] = k, cost, left, k
        if cost + left <= ceiling:
            if number >= room:
                return found, room + 1
            for d in range(most_deep):
                found[number, d] = chosen[taken[d + 1]] if d < deep else -1
            number += 1
        follows = min(one_more(left, pass_, price, lines, since), two_more(left, ratio[k], least_log_kill))
        if cost + follows > ceiling:
            used[k] -= 1
            deep -= 1
    return found, number


@entry
def greedy(kill, rounds, values):
    """Assign round by round to the threat where it saves most; a kind's best threat is looked for anew when stale.

    Parameters
    ----------
    kill
        Kill probability of one round. Shape (kinds, threats).

    Returns
    -------
    assigned
        Rounds of each kind at each threat. Shape (kinds, threats).
    left
        What survives of each value. Shape (threats,).
    """
    m, n = len(rounds), len(values)
    left = values.copy()
    free = rounds.copy()
    assigned = np.zeros((m, n), np.int32)
    best, gain = np.full(m, -1, np.int64), np.zeros(m)
    for i in range(m):
        best[i], gain[i] = best_threat(kill[i], left)
    for _ in range(free.sum()):
        while True:
            top = -1
            for i in range(m):
                if free[i] > 0 and (top < 0 or gain[i] > gain[top]):
                    top = i
            if left[best[top]] * kill[top, best[top]] >= gain[top]:
                break
            best[top], gain[top] = best_threat(kill[top], left)  # somebody shot there since
        if gain[top] <= 0.0:
            break
        j = best[top]
        assigned[top, j] += 1
        left[j] *= 1.0 - kill[top, j]
        free[top] -= 1
        best[top], gain[top] = best_threat(kill[top], left)
    return assigned, left


@inside
def best_threat(kill, left):
    """Where one more round of a kind saves most, and how much."""
    best, gain = 0, -1.0
    for j in range(len(left)):
        saved = left[j] * kill[j]
        if saved > gain:
            best, gain = j, saved
    return best, gain


@entry
def improved(kill, assigned, left, most_rounds):
    """Move single rounds, and exchange two, as long as something is saved; changes both arrays.

    Parameters
    ----------
    kill, assigned, left
        As `greedy` takes and gives them.
    most_rounds
        Passes at most.

    Returns
    -------
    int
        Moves made.
    """
    m, n = assigned.shape
    moves = 0
    for _ in range(most_rounds):
        before = moves
        for i in range(m):
            for j in range(n):
                if assigned[i, j] > 0:
                    moves += moved(kill, assigned, left, i, j)
        for i in range(m):
            for j in range(n):
                if assigned[i, j] > 0:
                    moves += exchanged(kill, assigned, left, i, j)
        if moves == before:
            break
    return moves


@inside
def moved(kill, assigned, left, i, j):
    """Move one round of kind i from threat j to where it saves more."""
    without = left[j] / (1.0 - kill[i, j])
    loss = without - left[j]
    best, gain = -1, loss * (1.0 + 1e-12)
    for k in range(len(left)):
        saved = left[k] * kill[i, k]
        if k != j and saved > gain:
            best, gain = k, saved
    if best < 0:
        return 0
    assigned[i, j] -= 1
    assigned[i, best] += 1
    left[j] = without
    left[best] *= 1.0 - kill[i, best]
    return 1


@inside
def exchanged(kill, assigned, left, i, j):
    """Exchange one round of kind i at threat j for the round at another threat with which most is saved."""
    m, n = assigned.shape
    best_a, best_k, gain = -1, -1, 1e-12 * left[j]
    for k in range(n):
        if k == j:
            continue
        for a in range(m):
            if assigned[a, k] == 0 or a == i:
                continue
            here = left[j] / (1.0 - kill[i, j]) * (1.0 - kill[a, j])
            there = left[k] / (1.0 - kill[a, k]) * (1.0 - kill[i, k])
            saved = left[j] + left[k] - here - there
            if saved > gain:
                best_a, best_k, gain = a, k, saved
    if best_a < 0:
        return 0
    a, k = best_a, best_k
    left[j] *= (1.0 - kill[a, j]) / (1.0 - kill[i, j])
    left[k] *= (1.0 - kill[i, k]) / (1.0 - kill[a, k])
    assigned[i, j] -= 1
    assigned[a, j] += 1
    assigned[a, k] -= 1
    assigned[i, k] += 1
    return 1


@entry
def marginal(kill, left):
    """What one more round of each kind would save at best. Shape (kinds,)."""
    best = np.zeros(kill.shape[1])
    for j in range(len(left)):
        for i in range(len(best)):
            best[i] = max(best[i], left[j] * kill[j, i])
    return best


@entry
def best_singles(log_kill, prices, rounds, values, most, found):
    """Kinds of which a single round is cheapest at each threat, best first; -1 where there are fewer.

    Parameters
    ----------
    found
        Filled in, shape (threats, most).
    """
    m = len(prices)
    costs = np.empty(most)
    for j in range(len(values)):
        n = 0
        for i in range(m):
            if log_kill[j, i] <= 0.0 or rounds[i] <= 0:
                continue
            cost = prices[i] + values[j] * math.exp(-log_kill[j, i])
            if n == most and cost >= costs[n - 1]:
                continue
            k = min(n, most - 1)
            while k > 0 and costs[k - 1] > cost:
                costs[k], found[j, k] = costs[k - 1], found[j, k - 1]
                k -= 1
            costs[k], found[j, k] = cost, i
            n = min(n + 1, most)
        for k in range(n, most):
            found[j, k] = -1
