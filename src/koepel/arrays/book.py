"""Names as 64-bit keys, and the uncertain figures as they are collected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from koepel.geo import unit_vectors
from koepel.units import Interval


def name_key(name: str) -> int:
    """The 64-bit name under which something draws its luck.

    Examples
    --------
    >>> name_key("patriot north") == name_key("patriot north")
    True
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def name_keys(names) -> np.ndarray:
    """Keys of several names. Shape (n,), uint64."""
    return np.array([name_key(name) for name in names], np.uint64)


@dataclass
class Book:
    """Uncertain figures as they are collected: rows of one block, each named once."""

    columns: tuple[str, ...]
    prefix: str
    rows: dict[str, int] = field(default_factory=dict)
    figures: list[Interval] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def row(self, name: str, figure) -> int:
        """Row of a name; ``figure(column)`` gives its intervals when it is new."""
        if name not in self.rows:
            self.rows[name] = len(self.rows)
            for column in self.columns:
                self.figures.append(figure(column))
                self.names.append(f"{self.prefix}.{name}.{column}" if name else f"{self.prefix}.{column}")
        return self.rows[name]


def vectors(places) -> np.ndarray:
    """Unit vectors of places given as latitude and longitude. Shape (n, 3)."""
    places = np.array(places, float).reshape(-1, 2)
    return np.ascontiguousarray(unit_vectors(places[:, 0], places[:, 1]))
