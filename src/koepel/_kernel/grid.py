"""Which circles may a point of a route lie in? A grid of cubes over the unit sphere.

Cubes know no pole and no date line. Each circle is listed in every cube that holds a point within its
radius plus half a step, so that looking up points one step apart along a leg misses none.
"""

import math

import numpy as np

from koepel._kernel.compiled import allocating, entry, inside


@allocating
def _count_or_fill(xyz, reach, origin, step, dims, first, sites):
    """Walk the cubes that each circle touches; fill the circle in where there is room, and count."""
    half_diagonal = 0.5 * math.sqrt(3.0) * step
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    for site in range(len(xyz)):
        if reach[site] <= 0.0:
            continue
        around = 2.0 * math.sin(0.5 * min(reach[site], math.pi)) + 0.5 * step + half_diagonal
        for axis in range(3):
            low[axis] = max(0, int(math.floor((xyz[site, axis] - around - origin[axis]) / step)))
            high[axis] = min(dims[axis] - 1, int(math.floor((xyz[site, axis] + around - origin[axis]) / step)))
        for a in range(low[0], high[0] + 1):
            x = origin[0] + (a + 0.5) * step - xyz[site, 0]
            for b in range(low[1], high[1] + 1):
                y = origin[1] + (b + 0.5) * step - xyz[site, 1]
                for c in range(low[2], high[2] + 1):
                    z = origin[2] + (c + 0.5) * step - xyz[site, 2]
                    if x * x + y * y + z * z > around * around:
                        continue
                    cell = (a * dims[1] + b) * dims[2] + c
                    if len(sites) > 0:
                        sites[first[cell]] = site
                    first[cell] += 1


@entry
def build_grid(xyz, reach, origin, step, dims):
    """List the circles of each cube.

    Parameters
    ----------
    xyz
        Centres, shape (n, 3).
    reach
        Largest angular radius of each circle, radians; 0 for none.

    Returns
    -------
    first
        Shape (cells + 1,): the circles of cube k are ``sites[first[k]:first[k + 1]]``.
    sites
        Indices of circles.
    """
    cells = dims[0] * dims[1] * dims[2]
    count = np.zeros(cells + 1, np.int64)
    nothing = np.zeros(0, np.int32)
    _count_or_fill(xyz, reach, origin, step, dims, count, nothing)
    first = np.zeros(cells + 1, np.int64)
    for cell in range(cells):
        first[cell + 1] = first[cell] + count[cell]
        count[cell] = first[cell]
    sites = np.empty(first[cells], np.int32)
    _count_or_fill(xyz, reach, origin, step, dims, count, sites)
    return first, sites


@inside
def cell_of(point, origin, step, dims):
    """The cube that holds a point, -1 outside the grid."""
    a = int(math.floor((point[0] - origin[0]) / step))
    b = int(math.floor((point[1] - origin[1]) / step))
    c = int(math.floor((point[2] - origin[2]) / step))
    if a < 0 or b < 0 or c < 0 or a >= dims[0] or b >= dims[1] or c >= dims[2]:
        return -1
    return (a * dims[1] + b) * dims[2] + c
