"""Chance by counter: a draw depends on (seed, run, name, purpose, count) and on nothing else.

Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011),
section 3.3 and table 2. The key is made of seed and run; the counter of the 64-bit name of what draws,
the purpose of the draw and how many it made. No state: any thread may draw in any order.
"""

import math

import numpy as np

from koepel._kernel.compiled import inlined, lean

# what a draw is for; two purposes never share a number
STUDY, NIGHT, GROUP, ROUTE, TIME, SITE_UP, SITE_SHOCK, DETECT, LOSS, FALL, SHOT, LINGER, DEBRIS, REPORT, SUPPLY = (
    np.arange(15)  # numpy integers, see `compiled`
)

_MASK = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_11 = np.uint64(11)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_TO_UNIT = 2.0**-53


@lean
def philox(k0, k1, c0, c1, c2, c3):
    """Four 32-bit words for a key of two and a counter of four; all are uint64 holding 32 bits."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = (p1 >> _32) ^ c1 ^ k0
        c1 = p1 & _MASK
        c2 = (p0 >> _32) ^ c3 ^ k1
        c3 = p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@lean
def scrambled(x):
    """A number of 64 bits, well mixed (splitmix64)."""
    x = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@lean
def mixed(a, b):
    """One 64-bit word of two (the finaliser of splitmix64, applied to both in turn)."""
    z = np.uint64(a) + np.uint64(0x9E3779B97F4A7C15)
    for word in (np.uint64(0), np.uint64(b)):
        z = z ^ word
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return z


@lean
def two_uniforms(key, name, purpose, count):
    """Two independent draws on [0, 1) with 53 bits each."""
    a, b, c, d = philox(
        key & _MASK, key >> _32, name & _MASK, name >> _32, np.uint64(count) & _MASK, np.uint64(purpose)
    )
    first = ((a << _32) | b) >> _11
    second = ((c << _32) | d) >> _11
    return np.float64(first) * _TO_UNIT, np.float64(second) * _TO_UNIT


@lean
def uniform(key, name, purpose, count):
    """One draw on [0, 1)."""
    return two_uniforms(key, name, purpose, np.int64(count))[0]


@lean
def normal(key, name, purpose, count):
    """One standard normal draw (Box and Muller 1958)."""
    u, v = two_uniforms(key, name, purpose, np.int64(count))
    return math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(2.0 * math.pi * v)


@lean
def normal_cdf(x):
    """Probability that a standard normal is below x."""
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@lean
def normal_quantile(p):
    """Inverse of `normal_cdf`: Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _ratio(
            r,
            3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
            4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
            4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
            3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
        )  # fmt: skip
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        x = _ratio(
            r - 1.6,
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
            1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
            2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
            1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
        )  # fmt: skip
    else:
        x = _ratio(
            r - 5.0,
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
            5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
            1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
        )  # fmt: skip
    return x if q > 0 else -x


@lean
def _ratio(r, a0, a1, a2, a3, a4, a5, a6, a7, b1, b2, b3, b4, b5, b6, b7):
    """The rational function of degree 7 over 7 that AS 241 uses in each of its three ranges."""
    above = ((((((a7 * r + a6) * r + a5) * r + a4) * r + a3) * r + a2) * r + a1) * r + a0
    below = ((((((b7 * r + b6) * r + b5) * r + b4) * r + b3) * r + b2) * r + b1) * r + 1.0
    return above / below


@inlined
def shifted(pk, log_odds):
    """A probability after a shift of its log odds; 0 and 1 stay."""
    if pk <= 0.0 or pk >= 1.0 or log_odds == 0.0:
        return pk
    odds = pk / (1.0 - pk) * math.exp(log_odds)
    return odds / (1.0 + odds)
