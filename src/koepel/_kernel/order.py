"""In order of time: sorting what is known beforehand, and a heap for what comes up."""

import numpy as np

from koepel._kernel.compiled import allocating, inlined, inside


@allocating
def sort_by_time(times, rank, among, which):
    """The indices ``which`` in order of their times: a bucket each on average, then insertion; linear time.

    Equal times keep their order, but where ``among`` is equal too they go by ``rank``: one threat's
    encounters that open together, when its track is shared, open in the order of the magazines and not in
    the order in which they were found.
    """
    n = len(which)
    order, keys = np.empty(n, np.int64), np.empty(n)
    if n == 0:
        return order
    low = high = times[which[0]]
    for k in range(n):
        low, high = min(low, times[which[k]]), max(high, times[which[k]])
    scale = (n - 1) / (high - low) if high > low else 0.0
    first = np.zeros(n + 1, np.int64)
    for k in range(n):
        first[int((times[which[k]] - low) * scale) + 1] += 1
    for b in range(n):
        first[b + 1] += first[b]
    for k in range(n):
        bucket = int((times[which[k]] - low) * scale)
        order[first[bucket]], keys[first[bucket]] = which[k], times[which[k]]
        first[bucket] += 1
    for a in range(1, n):
        one, key = order[a], keys[a]
        b = a - 1
        while b >= 0 and (
            keys[b] > key or (keys[b] == key and among[order[b]] == among[one] and rank[order[b]] > rank[one])
        ):
            order[b + 1], keys[b + 1] = order[b], keys[b]
            b -= 1
        order[b + 1], keys[b + 1] = one, key
    return order


@inside
def link_by_threat(encounters, n, threats):
    """Chain the encounters of each threat in order of opening; the first n rows."""
    for e in range(n - 1, -1, -1):
        encounters[e].later = threats[encounters[e].threat].head
        threats[encounters[e].threat].head = e
    for e in range(n):
        threats[encounters[e].threat].head = -1


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
