"""Sectors: threats and fire units that meet nobody outside. Each is fought by itself, in its own time.

Two sectors share no threat, no unit and no magazine, and every draw goes by name. So the order in which
they are fought changes nothing, and what one fight touches stays in the processor's cache however
large the country is. The same is why threats are mustered in order of place.
"""

from typing import NamedTuple

import numpy as np

from koepel._kernel.columns import CHEAPEST
from koepel._kernel.compiled import allocating, inside
from koepel._kernel.fight import fight
from koepel._kernel.order import link_by_threat, sort_by_time

BLOCKS = 16  # along each axis of the grid
AHEAD = 16  # threats read at once before they are mustered


class Sectors(NamedTuple):
    """Sector s: threats ``ends[first[s]:first[s + 1]]``, encounters ``opens[first_open[s]:first_open[s + 1]]``."""

    ends: np.ndarray  # threats by sector, and in it by the time they end by themselves
    first: np.ndarray  # (sectors + 1,)
    opens: np.ndarray  # encounters by sector, and in it by the time they open
    first_open: np.ndarray  # (sectors + 1,)


@inside
def block_of(ground, legs, k):
    """Number of the coarse block that a leg starts in; the nearest one where it starts outside the grid."""
    block = 0
    for axis in range(3):
        width = ground.grid_step * ground.grid_dims[axis] / BLOCKS
        block = block * BLOCKS + min(BLOCKS - 1, max(0, int((legs[k, axis] - ground.grid_origin[axis]) / width)))
    return block


@allocating
def by_place(ground, threats, legs):
    """Numbers of the threats in order of where they start, block by block."""
    order, after = np.empty(len(threats), np.int64), np.empty(len(threats), np.int64)
    head = np.empty(BLOCKS**3, np.int64)
    head[:] = -1
    for i in range(len(threats) - 1, -1, -1):
        block = block_of(ground, legs, threats[i].first)
        after[i] = head[block]
        head[block] = i
    n = 0
    for block in range(len(head)):
        i = head[block]
        while i >= 0:
            order[n] = i
            n += 1
            i = after[i]
    return order


@inside
def call_up(threats, legs, order, first, last):
    """Read a few threats and their legs ahead of use: fetched together, they wait for memory once, not each in turn."""
    read = 0.0
    for k in range(first, last):
        threat = threats[order[k]]
        read += threat.dead_s + threat.over_s + threat.tracked_s
    for k in range(first, last):
        for leg in range(threats[order[k]].first, threats[order[k]].last):
            read += legs[leg, 0] + legs[leg, 7]
    return read


@inside
def leader(led_by, unit):
    """The unit that stands for all that are tied to this one; on the way there, the chain is halved."""
    while led_by[unit] != unit:
        led_by[unit] = led_by[led_by[unit]]
        unit = led_by[unit]
    return unit


@inside
def tie(threat, encounters, first, last, magazine_unit, led_by):
    """Tie all units that meet one threat; its encounters are ``first`` to ``last - 1``."""
    threat.met, threat.met_end, threat.unit = first, last, -1
    for e in range(first, last):
        one = leader(led_by, magazine_unit[encounters[e].magazine])
        if threat.unit < 0:
            threat.unit = one
        led_by[one] = threat.unit


@allocating
def members(threats, led_by, whole):
    """Threats by sector, each in its old order; those that meet nobody come first. All in one if ``whole``."""
    sector, number = np.zeros(len(threats), np.int64), np.zeros(len(led_by), np.int64)
    sectors = 1
    for i in range(len(threats)):
        if threats[i].unit >= 0 and not whole:
            unit = leader(led_by, threats[i].unit)
            if number[unit] == 0:
                number[unit] = sectors
                sectors += 1
            sector[i] = number[unit]
    first, who = np.zeros(sectors + 2, np.int64), np.empty(len(threats), np.int64)
    for i in range(len(threats)):
        first[sector[i] + 2] += 1
    for s in range(2, sectors + 2):
        first[s] += first[s - 1]
    for i in range(len(threats)):
        who[first[sector[i] + 1]] = i
        first[sector[i] + 1] += 1
    return who, first[: sectors + 1]


@allocating
def encounters_of(threats, who):
    """Indices of the encounters of some threats, threat by threat."""
    n = 0
    for i in who:
        n += threats[i].met_end - threats[i].met
    which, n = np.empty(n, np.int64), 0
    for i in who:
        for e in range(threats[i].met, threats[i].met_end):
            which[n] = e
            n += 1
    return which


@allocating
def by_sector(threats, encounters, led_by, whole):
    """The `Sectors` of a night; a single one, with all in order of time, if ``whole``."""
    ends, first = members(threats, led_by, whole)
    opens, first_open = np.empty(len(encounters), np.int64), np.zeros(len(first), np.int64)
    for s in range(len(first) - 1):
        here = ends[first[s] : first[s + 1]]
        which = encounters_of(threats, here)
        order = sort_by_time(encounters["open_s"], encounters["magazine"], encounters["threat"], which)
        first_open[s + 1] = first_open[s] + len(order)
        for k in range(len(order)):
            opens[first_open[s] + k] = order[k]
        order = sort_by_time(threats["over_s"], threats["first"], threats["first"], here)
        for k in range(len(order)):
            here[k] = order[k]
    return Sectors(ends, first, opens, first_open)


@inside
def enter(encounters, opens, now):
    """Fill in the rows of one sector's encounters, in order of opening, as they stand before anything is fired."""
    for e in range(len(opens)):
        one, row = encounters[opens[e]], now[e]
        row.open_s, row.close_s, row.shared_s = one.open_s, one.close_s, one.shared_s
        row.threat, row.magazine, row.count = one.threat, one.magazine, one.count
        row.fired, row.told, row.salvo = 0, 0, 0
        row.next_threat, row.next_unit, row.later = -1, -1, -1


@allocating
def fight_sectors(sectors, encounters, night):
    """Fight sector by sector; the rows of all are entered in the same few."""
    for s in range(len(sectors.first) - 1):
        ends = sectors.ends[sectors.first[s] : sectors.first[s + 1]]
        opens = sectors.opens[sectors.first_open[s] : sectors.first_open[s + 1]]
        enter(encounters, opens, night.encounters)
        if night.doctrine.rule == CHEAPEST:
            link_by_threat(night.encounters, len(opens), night.threats)
        fight(ends, len(opens), night)


@inside
def most_encounters(sectors):
    """Encounters of the largest sector."""
    most = 0
    for s in range(len(sectors.first) - 1):
        most = max(most, sectors.first_open[s + 1] - sectors.first_open[s])
    return most
