"""Where each threat of one run was, and when: from its route, at the even speed of the raid model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from koepel.geo import lat_lon, unit_vectors
from koepel.outcome import Outcomes
from koepel.simulate import Trace


@dataclass(frozen=True, eq=False)
class Track:
    """One threat of one run.

    Attributes
    ----------
    tracked_s
        When the shared picture first held it; None if it never did.
    points
        Latitude and longitude of its route from start to aim point, degrees. Shape (n, 2).
    """

    name: str
    type: str
    fate: str
    start_s: float
    impact_s: float
    end_s: float
    tracked_s: float | None
    points: np.ndarray

    def at(self, times_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Latitude and longitude at some times, held at the ends of the route. Shapes (n,), (n, 2).

        Examples
        --------
        >>> import numpy as np
        >>> one = Track("a", "kh-101", "leaked", 0.0, 100.0, 100.0, None, np.array([[0.0, 0.0], [0.0, 2.0]]))
        >>> one.at([50.0]).round(6).tolist()
        [[0.0, 1.0]]
        """
        corners = unit_vectors(self.points[:, 0], self.points[:, 1])
        arcs = np.arccos(np.clip((corners[1:] * corners[:-1]).sum(axis=1), -1.0, 1.0))
        before = np.concatenate([[0.0], np.cumsum(arcs)])
        share = (np.asarray(times_s, float) - self.start_s) / max(self.impact_s - self.start_s, 1e-9)
        gone = np.clip(share, 0.0, 1.0) * before[-1]
        leg = np.clip(np.searchsorted(before, gone, side="right") - 1, 0, max(len(arcs) - 1, 0))
        if not len(arcs):
            return np.repeat(self.points[:1], len(gone), axis=0)
        arc, into = np.maximum(arcs[leg], 1e-12), gone - before[leg]
        a, b = np.sin(arc - into) / np.sin(arc), np.sin(into) / np.sin(arc)
        return np.asarray(lat_lon(a[:, None] * corners[leg] + b[:, None] * corners[leg + 1])).reshape(-1, 2)

    def times(self, step_s: float) -> np.ndarray:
        """Moments from its start to its end, at most a step apart, the ends among them."""
        n = max(int(np.ceil((self.end_s - self.start_s) / step_s)), 1)
        return np.linspace(self.start_s, self.end_s, n + 1)


def tracks_of(trace: Trace) -> tuple[Track, ...]:
    """The track of every threat of a run, in the order of the trace."""
    same = ("name", "type", "fate", "start_s", "impact_s", "end_s", "tracked_s")
    told = [({key: one[key] for key in same}, np.array(one["route"], float)) for one in trace.threats]
    return tuple(Track(**facts, points=points) for facts, points in told)


def span_s(tracks: Sequence[Track]) -> tuple[float, float]:
    """From the first start to the last end of a raid; 0 to 0 of an empty one."""
    return min((one.start_s for one in tracks), default=0.0), max((one.end_s for one in tracks), default=0.0)


def typical_and_bad(outcomes: Outcomes) -> tuple[int, ...]:
    """The run in the middle of all, and one that only a run in twenty is as bad as.

    Runs are ordered by the mean of their ranks in threats that leak and in people exposed; the typical one is
    nearest to the middle of that order, the bad one nearest to 95 % of it. One number where both are the same run.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> leaked = np.arange(101.0)
    >>> typical_and_bad(SimpleNamespace(nights=lambda measure: leaked))
    (50, 95)
    """
    from scipy.stats import rankdata

    ranks = [rankdata(outcomes.nights(name)) - 1 for name in ("leaked", "exposed")]
    share = np.mean(ranks, axis=0) / max(len(ranks[0]) - 1, 1)
    chosen = (int(np.abs(share - 0.5).argmin()), int(np.abs(share - 0.95).argmin()))
    return tuple(dict.fromkeys(chosen))
