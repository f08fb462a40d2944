"""Great-circle legs and circles on the unit sphere, in closed form.

A leg starts at the unit vector p and runs along the unit tangent d; after the arc s it is at
p cos(s) + d sin(s). A circle of angular radius r round the unit vector c holds it while

    (c.p) cos(s) + (c.d) sin(s) = M cos(s - phi) >= cos(r),   M = |(c.p, c.d)|,  phi = atan2(c.d, c.p),

so s runs from phi - delta to phi + delta with delta = acos(cos(r) / M), and there is no passage when
M < cos(r). No time step enters.
"""

import math

from koepel._kernel.compiled import lean


@lean
def angle(y, x):
    """Angle of the point (x, y) from the x axis; half the price of the library's for the small ones that abound.

    Up to tan = 0.2 the series of the arc tangent to the 15th power; what is left out is below 1e-13.
    """
    if not (x > 0.0 and abs(y) < 0.2 * x):
        return math.atan2(y, x)
    t = y / x
    q = t * t
    return t * (1 - q * (1 / 3 - q * (1 / 5 - q * (1 / 7 - q * (1 / 9 - q * (1 / 11 - q * (1 / 13 - q / 15)))))))


@lean
def passage(p, d, length, c, cos_radius):
    """Arcs at which a leg enters and leaves a circle; the second is smaller where it never does.

    Parameters
    ----------
    p, d
        Start and tangent of the leg, unit vectors as tuples of three.
    length
        Arc of the leg, radians, at most a quarter of a circle.
    c
        Centre of the circle, unit vector.
    cos_radius
        Cosine of the angular radius; the radius is below a quarter of a circle.
    """
    along = c[0] * p[0] + c[1] * p[1] + c[2] * p[2]
    ahead = c[0] * d[0] + c[1] * d[1] + c[2] * d[2]
    most_squared = along * along + ahead * ahead
    if most_squared <= cos_radius * cos_radius:
        return 0.0, -1.0
    nearest = angle(ahead, along)
    half = angle(math.sqrt(most_squared - cos_radius * cos_radius), cos_radius)
    return max(0.0, nearest - half), min(length, nearest + half)


@lean
def point_on(p, d, s):
    """The unit vector after the arc s of a leg."""
    cs, sn = math.cos(s), math.sin(s)
    return p[0] * cs + d[0] * sn, p[1] * cs + d[1] * sn, p[2] * cs + d[2] * sn


@lean
def turned(p, d, cos_step, sin_step):
    """The next of equally spaced points on a great circle, and the tangent there."""
    return (
        (p[0] * cos_step + d[0] * sin_step, p[1] * cos_step + d[1] * sin_step, p[2] * cos_step + d[2] * sin_step),
        (d[0] * cos_step - p[0] * sin_step, d[1] * cos_step - p[1] * sin_step, d[2] * cos_step - p[2] * sin_step),
    )


@lean
def arc_between(a, b):
    """Angle between two unit vectors, radians; exact for near points (half-chord form)."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z)))


@lean
def leg_between(a, b):
    """Tangent at a toward b, and the arc; the tangent is arbitrary where the points coincide."""
    dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    x, y, z = b[0] - dot * a[0], b[1] - dot * a[1], b[2] - dot * a[2]
    size = math.sqrt(x * x + y * y + z * z)
    if size < 1e-12:
        return east_of(a), 0.0
    return (x / size, y / size, z / size), arc_between(a, b)


@lean
def east_of(a):
    """Unit tangent pointing east at a; at a pole, along longitude 90."""
    size = math.sqrt(a[0] * a[0] + a[1] * a[1])
    if size < 1e-12:
        return 0.0, 1.0, 0.0
    return -a[1] / size, a[0] / size, 0.0


@lean
def cross(a, b):
    """Vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@lean
def dot(a, b):
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@lean
def beside(a, share_east, share_north, radius):
    """A point within the angular radius of a: uniform on the disc for two uniform draws."""
    east = east_of(a)
    north = cross(a, east)
    turn, reach = 2.0 * math.pi * share_east, radius * math.sqrt(share_north)
    e, n = math.cos(turn), math.sin(turn)
    d = (e * east[0] + n * north[0], e * east[1] + n * north[1], e * east[2] + n * north[2])
    return point_on(a, d, reach)


@lean
def horizon_m(antenna_height_m, threat_height_m, earth_radius_m):
    """Radar horizon over a smooth earth of 4/3 its radius, metres (Skolnik, Radar Handbook, ch. 2)."""
    effective = 2.0 * 4.0 / 3.0 * earth_radius_m
    return math.sqrt(effective * max(antenna_height_m, 0.0)) + math.sqrt(effective * max(threat_height_m, 0.0))
