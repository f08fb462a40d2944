"""Units by suffix, and figures that are intervals.

A name with a dimension ends in its unit. Files may use the customary unit of the field
(``range_km``, ``speed_km_h``, ``delay_min``); everything inside uses one unit for each dimension:
metres, seconds, metres per second, US dollars of the scenario's price year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# customary suffix -> (suffix used inside, factor); the longer suffix is tried first
CUSTOMARY = {
    "_km_h": ("_m_s", 1 / 3.6),
    "_per_km": ("_per_m", 1e-3),
    "_per_min": ("_per_s", 1 / 60),
    "_musd": ("_usd", 1e6),
    "_kusd": ("_usd", 1e3),
    "_km": ("_m", 1e3),
    "_min": ("_s", 60.0),
    "_h": ("_s", 3600.0),
}


def to_base(name: str) -> tuple[str, float]:
    """The name with the unit used inside, and the factor that turns a value into it.

    Examples
    --------
    >>> to_base("range_km")
    ('range_m', 1000.0)
    >>> to_base("channels")
    ('channels', 1.0)
    """
    for suffix, (inside, factor) in CUSTOMARY.items():
        if name.endswith(suffix):
            return name[: -len(suffix)] + inside, factor
    return name, 1.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure that is known only to lie between two values.

    A study draws it uniformly between ``low`` and ``high``, once for each pair of runs.

    Parameters
    ----------
    low, high
        The ends, ``low <= high``, in the unit that the field's name carries.
    source
        Where the figure comes from, or ``assumed``.
    """

    low: float
    high: float
    source: str = "assumed"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError(f"found [{self.low}, {self.high}]; give two finite numbers")
        if self.low > self.high:
            raise ValueError(f"found [{self.low}, {self.high}]; give the low end first")

    @property
    def middle(self) -> float:
        """The middle of the interval."""
        return 0.5 * (self.low + self.high)

    def scaled(self, factor: float) -> Interval:
        """The same figure in another unit."""
        return Interval(self.low * factor, self.high * factor, self.source)

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g}-{self.high:g}"
