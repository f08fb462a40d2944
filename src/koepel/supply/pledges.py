"""How sure a thing is that was asked for."""

from __future__ import annotations

from typing import Literal

from koepel.units import Interval

PledgeStatus = Literal["asked", "considered", "pledged", "contracted", "delivered"]
# chance that it comes true, and mean slip in days, where an order gives none; all assumed
STATUS: dict[str, tuple[Interval, Interval]] = {
    "asked": (Interval(0.05, 0.3), Interval(60, 240)),
    "considered": (Interval(0.2, 0.5), Interval(60, 180)),
    "pledged": (Interval(0.6, 0.9), Interval(30, 120)),
    "contracted": (Interval(0.9, 1.0), Interval(0, 90)),
    "delivered": (Interval(1.0, 1.0), Interval(0, 0)),
}


class Pledge:
    """What may or may not come true: it has a status, and may have a chance and a mean slip of its own."""

    @property
    def coming_true(self) -> tuple[Interval, Interval]:
        """Chance, and mean slip in days."""
        chance, slip = STATUS[self.status]
        return self.chance or chance, self.slip_days or slip
