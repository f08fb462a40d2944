"""Where to stand: sites that cover most, and units in layers that stop most; solved with proof. Arrays in, arrays out.

`maximal` is the maximal covering location problem (Church and ReVelle 1974). `layered` places units of several types,
each with a chance to be passed by what flies over a cell, in the expected case or in the worst over patterns of raids.
`check` recomputes both another way.
"""

from koepel.covering.depth import Layered, layered, stopped
from koepel.covering.sites import Covered, maximal

__all__ = ["Covered", "Layered", "layered", "maximal", "stopped"]
