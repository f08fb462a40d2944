"""Numbers as a reader wants them: few digits, as many as the interval bears, thousands apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

from koepel.outcome import Figure

NONE = "–"
MINUS = "−"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as text; an empty text where there is no interval."""

    mean: str
    interval: str
    low: str
    high: str

    @property
    def nights(self) -> str:
        """The range that holds 95 % of nights."""
        return f"{self.low} to {self.high}" if self.low else ""

    @property
    def same(self) -> bool:
        """Whether all nights show the same."""
        return self.interval == f"{self.mean} to {self.mean}" and self.low == self.high != ""


def number(value: float | None, step: float | None = None) -> str:
    """A number with two or three significant digits, or rounded to a multiple of a power of ten.

    Parameters
    ----------
    step
        A power of ten.

    Examples
    --------
    >>> number(1234567.0), number(0.04321), number(59.4), number(-3.26), number(479.83, 0.1)
    ('1,230,000', '0.043', '59', '−3.3', '479.8')
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    if step is None and abs(value) < 100 and float(value).is_integer():
        step = 1.0
    if step is None:
        digits = 3 if abs(value) >= 100 else 2
        step = 10.0 ** (_magnitude(value) - digits + 1)
    places = max(0, -round(math.log10(step)))
    rounded = round(math.floor(abs(value) / step + 0.5) * step, places)
    sign = MINUS if value < 0 and rounded else ""
    return f"{sign}{rounded:,.{places}f}"


def mean_number(value: float) -> str:
    """A mean that has no interval: two digits, and nothing beyond a hundredth.

    Examples
    --------
    >>> mean_number(12.4), mean_number(0.123), mean_number(0.002)
    ('12', '0.12', '< 0.01')
    """
    if 0 < value < 0.005:
        return "< 0.01"
    return number(value, 0.01 if 0 < value < 1 else None)


def shown(figure: Figure, scale: float = 1.0, *, signed: bool = False) -> Shown:
    """A figure, rounded alike to the digits that its interval bears: two to four of the mean.

    Parameters
    ----------
    scale
        Each number is multiplied by this first.
    signed
        Whether the figure may lie below 0, as a difference may; else its interval is cut there.

    Examples
    --------
    >>> shown(Figure(1731.9, 1411.2, 2052.6, 300.0, 4000.0))
    Shown(mean='1,700', interval='1,400 to 2,100', low='300', high='4,000')
    """
    if figure.mean is None:
        return Shown(NONE, "", "", "")
    mean = figure.mean * scale
    low, high = ("" if end is None else number(end * scale) for end in (figure.low, figure.high))
    if figure.mean_low is None:
        return Shown(number(mean), "", low, high)
    ends = figure.mean_low * scale, figure.mean_high * scale
    ends = ends if signed else (max(ends[0], 0.0), ends[1])
    step = _step(mean, 0.5 * (ends[1] - ends[0]))
    return Shown(number(mean, step), f"{number(ends[0], step)} to {number(ends[1], step)}", low, high)


def whole(count: float) -> str:
    """A count, every digit.

    Examples
    --------
    >>> whole(2851)
    '2,851'
    """
    return f"{count:,.0f}"


def nice(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above a value.

    Examples
    --------
    >>> nice(0.37), nice(180.0)
    (0.2, 100.0)
    """
    power = 10.0 ** _magnitude(value)
    return next(round(m * power, 12) for m in (5, 2, 1) if m * power <= value * (1 + 1e-9))


def number_beside(value: float, difference: float | None) -> str:
    """One of two values with as many digits as it takes to see their difference.

    Examples
    --------
    >>> number_beside(17.62, 0.33), number_beside(1117.2, 2.7), number_beside(48.0, 0.0)
    ('17.6', '1,117', '48')
    """
    if not difference or not math.isfinite(difference) or not value:
        return number(value)
    digits = 2 if abs(value) >= 100 else 1
    return number(value, 10.0 ** min(max(_magnitude(difference), -4), _magnitude(value) - digits))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)) + 1e-12)


def _step(mean: float, half_width: float) -> float:
    """The power of ten that a mean and the ends of its interval are rounded to."""
    if half_width <= 1e-9 * max(1.0, abs(mean)):
        whole_number = abs(mean - round(mean)) < 1e-9 and mean
        return 1.0 if whole_number else 10.0 ** (_magnitude(mean) - 2 if mean else 0)
    step = _magnitude(half_width)
    if mean:
        step = max(min(step, _magnitude(mean) - 1), _magnitude(mean) - 3, -4)
    return 10.0**step
