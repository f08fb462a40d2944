r"""How much each kind of fire unit would do at each site against each drawn route.

The strength of a unit is -log of the chance that the threat passes it alive, so that strengths add up over units:

.. math:: P(\text{through}) = \prod_u (1 - p_u) = e^{-\sum_u s_u}

p is the kill chance of the whole engagement: the unit is up, the threat is seen, there is time in the envelope for so
many salvos, and one of their rounds kills. It is the mean over a few draws of the effector's reach and kill probability
from their intervals, so that no site is good only where the middle of a footprint ends; all other figures are middles.
A magazine serves as many threats as it has rounds for that the policy lets it fire, of those of the same class that are
expected to pass in the night that the route is from. Channels, reloads, the order of arrival and what others kill
are left out: the simulator has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays
from koepel.geo import radar_horizon_m
from koepel.plan.placement.cells import Cells, middles

MOST_KILL = 0.98  # no unit is surer than that; assumed
NEVER = 2.0  # no cosine reaches it
SLICE = 128  # sites looked at together
DRAWS = 4
# where in its interval each figure of an effector is in each draw: a Latin square of fixed orders
ORDERS = {c.E_RANGE_MAX: (0, 1, 2, 3), c.E_HEIGHT_MAX: (1, 3, 0, 2), c.E_ALONG: (2, 0, 3, 1), c.E_ACROSS: (3, 2, 1, 0),
          c.E_OFFSET: (1, 0, 3, 2)} | {c.E_PK + k: (2, 3, 0, 1) for k in range(len(c.KINDS))}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Effector:
    """One effector of a kind of unit, against all cells.

    Attributes
    ----------
    figures
        As drawn, columns as in `koepel._kernel.columns.EFFECTOR`.
    pk
        Of one round, by cell; 0 where the policy never lets it fire. Shape (cells,).
    salvo, looks
        By cell. Shape (cells,).
    rounds
        That the unit has, reserve included.
    usable
        That the policy lets it fire, by cell. Shape (cells,).
    """

    figures: np.ndarray
    pk: np.ndarray
    salvo: np.ndarray
    looks: np.ndarray
    rounds: float
    usable: np.ndarray


class Strengths:
    """Strengths of the fire units of a scenario at any sites against given cells.

    Parameters
    ----------
    arrays
        Of the scenario, with all its fire units.
    cells
        Drawn from the same scenario, so that the rows of threat types agree.
    """

    def __init__(self, arrays: ScenarioArrays, cells: Cells):
        self.arrays, self.cells = arrays, cells
        self.threats, _, self.units, self.magazines, self.sensors, general, *_ = middles(arrays)
        self.effectors = drawn_effectors(arrays)
        self.earth_radius_m = arrays.setup.ground.earth_radius_m
        self.bad_share = float(general[0, c.G_BAD])
        types = arrays.setup.types
        self.kind, self.terminal = types.kind[cells.type], types.terminal[cells.type]
        self.group = types.group[cells.type]
        self.of_cell = self.threats[cells.type]
        self.size = types.size[cells.type]
        self.leg_cell = np.repeat(np.arange(len(cells)), np.diff(np.append(cells.first, len(cells.legs))))
        self.aim, self.behind = _aims(cells)

    def at(self, unit: str, sites_xyz: np.ndarray) -> np.ndarray:
        """Strength of a unit like this one at each site against each cell. Shape (sites, cells)."""
        parts = [self._slice(unit, sites_xyz[k : k + SLICE]) for k in range(0, len(sites_xyz), SLICE)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.cells)))

    def _slice(self, unit: str, sites_xyz: np.ndarray) -> np.ndarray:
        u = self.arrays.units.index(unit)
        figures = self.units[self.arrays.setup.defence.unit_row[u]]
        own_reach_m, own_up = self._own_sight(u)
        seen = self._seen(sites_xyz)
        killed = np.zeros((len(sites_xyz), len(self.cells)))
        for effectors in self.effectors:
            passes = np.ones_like(killed)
            for effector in self._effectors(u, effectors):
                if effector.figures[c.E_SOFT] > 0:
                    passes *= 1.0 - self._jammed(effector, figures, sites_xyz)
                    continue
                told = self._killed(effector, figures, sites_xyz, None) * seen
                if own_up > 0:
                    told = np.maximum(told, own_up * self._killed(effector, figures, sites_xyz, own_reach_m))
                passes *= 1.0 - told
            killed += (1.0 - passes) / len(self.effectors)
        return -np.log1p(-np.minimum(figures[c.U_UP] * killed, MOST_KILL))

    def _effectors(self, u: int, figures: np.ndarray) -> list[Effector]:
        defence, found = self.arrays.setup.defence, []
        for m in np.flatnonzero(defence.magazine_unit == u):
            e = defence.magazine_effector[m]
            allowed = defence.floor[e][self.kind] < 1.0
            rounds = float(self.magazines[defence.magazine_row[m]].sum())
            found.append(
                Effector(
                    figures=figures[e],
                    pk=figures[e, c.E_PK + self.kind] * allowed,
                    salvo=defence.salvo[e][self.kind],
                    looks=defence.looks[e][self.kind],
                    rounds=rounds,
                    usable=np.maximum(rounds * (1.0 - defence.floor[e][self.kind]), 1e-9),
                )
            )
        return found

    def _killed(self, effector: Effector, unit: np.ndarray, sites_xyz: np.ndarray, sight_m) -> np.ndarray:
        """Kill chance of a unit that is up, within what it sees. Shape (sites, cells)."""
        window_s = self._window_s(effector, unit, sites_xyz, sight_m)
        site, cell = np.nonzero(window_s > 0)
        e = effector.figures
        flight_s = 0.5 * np.where(self.terminal[cell], e[c.E_ALONG], e[c.E_RANGE_MAX]) / max(e[c.E_SPEED], 1.0)
        spare_s = window_s[site, cell] - unit[c.U_REACTION] - flight_s
        looks = np.minimum(np.floor(spare_s / (flight_s + unit[c.U_ASSESS] + 1e-9)), effector.looks[cell])
        shots = np.where(spare_s >= 0, np.minimum(effector.salvo[cell] * (looks + 1), effector.rounds), 0.0)
        clear, bad = (1.0 - (1.0 - effector.pk[cell] * factor) ** shots for factor in (1.0, e[c.E_WEATHER]))
        killed = np.zeros_like(window_s)
        killed[site, cell] = (1.0 - self.bad_share) * clear + self.bad_share * bad
        killed[site, cell] *= self._served(effector, window_s > 0)[site, cell]
        return killed

    def _served(self, effector: Effector, passes: np.ndarray) -> np.ndarray:
        """Share of the threats that the rounds are enough for, with as many as pass in such a night. Shape as given.

        A threat takes salvos until one kills or no look is left: (1 - (1 - p)^(looks + 1)) / p of them on average.
        """
        salvo_kill = np.maximum(1.0 - (1.0 - effector.pk) ** effector.salvo, 1e-9)
        each = effector.salvo * (1.0 - (1.0 - salvo_kill) ** (effector.looks + 1)) / salvo_kill
        load = np.zeros(passes.shape)
        for group in np.unique(self.group):
            own = self.group == group
            share = passes[:, own] @ self.cells.numbers[own] / self.cells.numbers[own].sum()
            load[:, own] = share[:, None] * self.cells.company[own]
        return 1.0 / np.maximum(load * each / effector.usable, 1.0)

    def _window_s(self, effector: Effector, unit: np.ndarray, sites_xyz: np.ndarray, sight_m) -> np.ndarray:
        """Seconds that each cell is inside the envelope. Shape (sites, cells)."""
        e, height = effector.figures, self.cells.height_m
        able = (effector.pk > 0) & (e[c.E_SPEED] >= e[c.E_RATIO] * self.of_cell[:, c.T_SPEED])
        level = able & ~self.terminal & (height >= e[c.E_HEIGHT_MIN]) & (height <= e[c.E_HEIGHT_MAX])
        horizon_m = radar_horizon_m(unit[c.U_LOS], height, radius_m=self.earth_radius_m)
        outer_m = np.where(level, np.minimum(_on_ground(e[c.E_RANGE_MAX], height), horizon_m), 0.0)
        inner_m = np.where(level, _on_ground(e[c.E_RANGE_MIN], height), 0.0)
        if sight_m is not None:
            outer_m = np.minimum(outer_m, sight_m)
        window_s = self._seconds_inside(outer_m, sites_xyz) - self._seconds_inside(inner_m, sites_xyz)
        steep = np.flatnonzero(able & self.terminal)
        if len(steep) and e[c.E_ALONG] > 0 and e[c.E_ACROSS] > 0:
            held = _in_footprint(self.aim[steep], self.behind[steep], sites_xyz, e, self.earth_radius_m)
            window_s[:, steep] = held * self.of_cell[steep, c.T_TERMINAL]
        return window_s

    def _jammed(self, effector: Effector, unit: np.ndarray, sites_xyz: np.ndarray) -> np.ndarray:
        """Chance to lose its way in the area of a jammer that is up. Shape (sites, cells)."""
        e, height = effector.figures, self.cells.height_m
        rate = e[c.E_SOFT] * self.of_cell[:, c.T_SOFT]
        able = (rate > 0) & ~self.terminal & (height >= e[c.E_HEIGHT_MIN]) & (height <= e[c.E_HEIGHT_MAX])
        horizon_m = radar_horizon_m(unit[c.U_LOS], height, radius_m=self.earth_radius_m)
        reach_m = np.where(able, np.minimum(_on_ground(e[c.E_RANGE_MAX], height), horizon_m), 0.0)
        return 1.0 - np.exp(-rate * self._seconds_inside(reach_m, sites_xyz))

    def _seconds_inside(self, reach_m: np.ndarray, sites_xyz: np.ndarray) -> np.ndarray:
        """Seconds that each cell flies within a ground radius of its own round each site. Shape (sites, cells)."""
        inside = np.zeros((len(sites_xyz), len(self.cells)))
        used = np.flatnonzero(reach_m[self.leg_cell] > 0)
        if len(used):
            legs, cell = self.cells.legs[used], self.leg_cell[used]
            cosine = np.cos(np.minimum(reach_m / self.earth_radius_m, 1.5))[cell]
            arcs = arcs_inside(legs, cosine, sites_xyz)
            starts = np.flatnonzero(np.diff(cell, prepend=-1))
            inside[:, cell[starts]] = np.add.reduceat(arcs, starts, axis=1) / self.cells.speed_rad[cell[starts]]
        return inside

    def _own_sight(self, u: int) -> tuple[np.ndarray, float]:
        """Ground radius of the unit's own sensor by cell, and its availability; 0 where it has none."""
        own = self.arrays.setup.defence.unit_sensor[u]
        if own < 0:
            return np.zeros(len(self.cells)), 0.0
        row = self.arrays.setup.defence.sensor_row[own]
        return self._sight_m(row), float(self.sensors[row, c.S_UP])

    def _sight_m(self, row: int) -> np.ndarray:
        """Ground radius within which a type of sensor sees each cell. Shape (cells,)."""
        s, height = self.sensors[row], self.cells.height_m
        acoustic = self.arrays.setup.defence.sensor_acoustic[row]
        sees = ((height <= s[c.S_HEIGHT_MAX]) | self.terminal) & ~(acoustic & (self.of_cell[:, c.T_LOUD] <= 0))
        horizon_m = radar_horizon_m(s[c.S_ANTENNA], height, radius_m=self.earth_radius_m)
        return np.where(sees, np.minimum(_on_ground(s[c.S_RANGE + self.size], height), horizon_m), 0.0)

    def _seen(self, sites_xyz: np.ndarray) -> np.ndarray:
        """Chance that the sensors that stand alone see a threat over each site. Shape (sites, cells)."""
        ground, defence = self.arrays.setup.ground, self.arrays.setup.defence
        unseen = np.ones((len(sites_xyz), len(self.cells)))
        sights = {row: self._sight_m(row) for row in np.unique(defence.sensor_row)}
        for site in np.flatnonzero(ground.site_kind == c.SENSOR_SITE):
            sensor = ground.site_owner[site]
            row = defence.sensor_row[sensor]
            if sensor in defence.unit_sensor or not defence.sensor_shared[row]:
                continue
            away_m = np.arccos(np.clip(sites_xyz @ ground.site_xyz[site], -1, 1)) * self.earth_radius_m
            unseen *= 1.0 - self.sensors[row, c.S_UP] * (away_m[:, None] <= sights[row])
        return 1.0 - unseen


def drawn_effectors(arrays: ScenarioArrays) -> list[np.ndarray]:
    """Tables of the effectors' figures, one for each draw: middles, but for those in `ORDERS`."""
    figures, middle = arrays.setup.figures, middles(arrays)[1]
    span = slice(figures.at[1], figures.at[2])
    low, high = (end[span].reshape(middle.shape) for end in (figures.low, figures.high))
    tables = []
    for draw in range(DRAWS):
        table = middle.copy()
        for column, order in ORDERS.items():
            table[:, column] = low[:, column] + (order[draw] + 0.5) / DRAWS * (high - low)[:, column]
        tables.append(table)
    return tables


def arcs_inside(legs: np.ndarray, cosine: np.ndarray, sites_xyz: np.ndarray) -> np.ndarray:
    """Arc of each leg within a circle round each site, in closed form; see `koepel._kernel.sphere`.

    Parameters
    ----------
    legs
        Start, tangent and arc of each. Shape (legs, 7) or wider.
    cosine
        Of the circle's angular radius, for each leg. Shape (legs,).
    sites_xyz
        Shape (sites, 3).

    Returns
    -------
    ndarray
        Radians. Shape (sites, legs).

    Examples
    --------
    A leg of 0.2 along the equator through the middle of a circle of radius 0.05:

    >>> leg = np.array([[1.0, 0, 0, 0, 1.0, 0, 0.2]])
    >>> site = np.array([[np.cos(0.1), np.sin(0.1), 0.0]])
    >>> arcs_inside(leg, np.cos([0.05]), site).round(9).tolist()
    [[0.1]]
    """
    along, ahead = sites_xyz @ legs[:, :3].T, sites_xyz @ legs[:, 3:6].T
    most_squared = along * along + ahead * ahead
    site, leg = np.nonzero(most_squared > cosine * cosine)
    middle = np.arctan2(ahead[site, leg], along[site, leg])
    half = np.arctan2(np.sqrt(most_squared[site, leg] - cosine[leg] ** 2), cosine[leg])
    arcs = np.zeros_like(along)
    arcs[site, leg] = np.maximum(np.minimum(legs[leg, 6], middle + half) - np.maximum(0.0, middle - half), 0.0)
    return arcs


def _on_ground(slant_m, height_m: np.ndarray) -> np.ndarray:
    """Ground radius within a slant range at a height; 0 where the threat flies over it."""
    return np.sqrt(np.maximum(np.square(slant_m) - np.square(height_m), 0.0))


def _aims(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Aim point of each cell, and the direction from it back along the last leg. Shapes (cells, 3)."""
    last = cells.legs[cells.last]
    cosine, sine = np.cos(last[:, 6:7]), np.sin(last[:, 6:7])
    return last[:, :3] * cosine + last[:, 3:6] * sine, last[:, :3] * sine - last[:, 3:6] * cosine


def _in_footprint(aim, behind, sites_xyz, effector: np.ndarray, earth_radius_m: float) -> np.ndarray:
    """Whether each aim point lies in the ellipse of each site; see `koepel._kernel.meeting.in_footprint`.

    Returns
    -------
    ndarray
        Shape (sites, aims), bool.
    """
    dot = sites_xyz @ aim.T
    toward = aim[None] - dot[..., None] * sites_xyz[:, None]
    size = np.linalg.norm(toward, axis=-1)
    reach_m = np.arctan2(size, dot) * earth_radius_m
    toward /= np.maximum(size, 1e-15)[..., None]
    side = np.cross(sites_xyz[:, None], behind[None])
    x = reach_m * np.einsum("sax,ax->sa", toward, behind) - effector[c.E_OFFSET]
    y = reach_m * (toward * side).sum(axis=-1)
    return (x / effector[c.E_ALONG]) ** 2 + (y / effector[c.E_ACROSS]) ** 2 <= 1.0
