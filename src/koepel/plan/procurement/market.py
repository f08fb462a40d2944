"""All that a procurement plan decides on, as arrays; read off a scenario by `reading`, or made up for a test.

Time goes in stages of a month; a last stage, longer, stands for the months after the horizon, in which nothing more is
ordered: what it would do there is what stock left over is worth. Rounds, fire units and what could be ordered are:

    arm          what fires: an effector whose rounds are followed, or a fire-unit type whose rounds are not
    kind         a type of fire unit
    source       a production line, or what one donor holds of one effector
    destination  where a piece goes when its time has come: the queue at a source, then the arms, then the kinds
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True, eq=False, kw_only=True)
class Market:
    """A procurement problem. T stages, R regimes, A arms, K kinds, S sources, O offers, F funders, X expansions.

    Attributes
    ----------
    months, length
        Names of the stages, and how many months each lasts. Shape (T,).
    window
        Stages in which expansions can be agreed on, and fire units are whole.
    regimes, start, moves
        What the world may be like, which of them it is at first, and chances from month to month. Shape (R, R).
    bare, debris
        Thousands of people exposed in a month by leakers of a class if no arm were there, and by what falls in any
        case. Shapes (T, R, C), (T, R).
    swing, swing_chance
        How much of ``bare`` comes in a month, by class, and how likely that is. Shapes (N, C), (N,).
    effect
        Fall of the log of the share that leaks, by one supplied fire unit. Shape (T, C, A).
    use
        Rounds that one supplied fire unit fires in a month; 0 where rounds are not followed. Shape (T, R, A).
    followed, stock, lost
        Whether rounds of an arm run out; how many there are; share lost in a month. Shape (A,).
    units, wear, up, crews
        Fire units in the field, share lost in a month, share of nights in service, crews trained in a month.
        Shape (K,).
    carries
        Supplied fire units that an arm has in one unit of a kind: 1 or 0. Shape (A, K).
    to, arrives
        Destination of an offer; share of what is ordered that has come so many months later, all of it adding up to the
        chance that it comes true. Shapes (O,), (O, depth).
    price_musd, may_order, may_pay
        Of one piece, when, and by whom. Shapes (T, O), (T, O), (O, F).
    most_month, most, lot, whole_offer
        The most ordered in a month and in all, the least at once, and whether pieces are whole. Shape (O,).
    due, doubtful, doubt
        What was ordered before and comes to its destination: surely, and if the pledges of that month hold, which they
        do with chance ``doubt``. Shapes (T, D), (T, D), (T,).
    feeds, usable, capacity, left
        Arm that a source gives rounds of, the share that can be fired, rounds that the nation can get in a month, and
        all that there is to give. Shapes (S,), (S,), (T, R, S), (S,).
    free_musd, income_musd, keeps
        Money of a funder at first, what comes in, and whether what is left can be spent later.
        Shapes (F,), (T, F), (T, F).
    line, step, ramp, cost_musd, steps, may_agree, may_share
        Source that an expansion adds to, rounds a month of one step, share of it that is there so many months after,
        price of a step, how many there are, when, and who may pay. Shapes (X,), (X,), (X, depth), (X,), (X,), (T, X),
        (X, F).
    thrift
        Thousands of people exposed that a million dollars left unspent counts for: so little that it only breaks ties.
    """

    months: tuple[str, ...]
    length: np.ndarray
    window: int
    regimes: tuple[str, ...]
    start: int
    moves: np.ndarray
    classes: tuple[str, ...]
    bare: np.ndarray
    debris: np.ndarray
    swing: np.ndarray
    swing_chance: np.ndarray
    effect: np.ndarray
    use: np.ndarray
    arms: tuple[str, ...]
    followed: np.ndarray
    stock: np.ndarray
    lost: np.ndarray
    kinds: tuple[str, ...]
    units: np.ndarray
    wear: np.ndarray
    up: np.ndarray
    crews: np.ndarray
    carries: np.ndarray
    offers: tuple[str, ...]
    to: np.ndarray
    arrives: np.ndarray
    price_musd: np.ndarray
    may_order: np.ndarray
    may_pay: np.ndarray
    most_month: np.ndarray
    most: np.ndarray
    lot: np.ndarray
    whole_offer: np.ndarray
    due: np.ndarray
    doubtful: np.ndarray
    doubt: np.ndarray
    sources: tuple[str, ...]
    feeds: np.ndarray
    usable: np.ndarray
    capacity: np.ndarray
    left: np.ndarray
    funders: tuple[str, ...]
    free_musd: np.ndarray
    income_musd: np.ndarray
    keeps: np.ndarray
    expansions: tuple[str, ...]
    line: np.ndarray
    step: np.ndarray
    ramp: np.ndarray
    cost_musd: np.ndarray
    steps: np.ndarray
    may_agree: np.ndarray
    may_share: np.ndarray
    thrift: float

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where pieces go when their time has come. D of them."""
        return (*(f"at {name}" for name in self.sources), *self.arms, *self.kinds)

    @property
    def queue_at(self) -> np.ndarray:
        """Destinations that are queues at sources. Shape (S,)."""
        return np.arange(len(self.sources))

    @property
    def direct_to(self) -> np.ndarray:
        """Destinations that are arms. Shape (A,)."""
        return len(self.sources) + np.arange(len(self.arms))

    @property
    def unit_of(self) -> np.ndarray:
        """Destinations that are kinds of fire units. Shape (K,)."""
        return len(self.sources) + len(self.arms) + np.arange(len(self.kinds))

    @property
    def depth(self) -> np.ndarray:
        """Months that pieces for a destination can be under way; 0 where nothing can be. Shape (D,)."""
        deep = np.zeros(len(self.destinations), int)
        for o, to in enumerate(self.to):
            later = np.flatnonzero(self.arrives[o, 1:])
            deep[to] = max(deep[to], later[-1] + 1 if len(later) else 0)
        return deep

    @property
    def under_way(self) -> np.ndarray:
        """Pairs of destination and months left, all that can be under way. Shape (n, 2)."""
        pairs = [(d, j) for d, deep in enumerate(self.depth) for j in range(deep)]
        return np.array(pairs, int).reshape(-1, 2)

    @property
    def buys(self) -> np.ndarray:
        """Pairs of offer and funder who may pay for it. Shape (n, 2)."""
        return np.argwhere(self.may_pay & (self.price_musd.max(axis=0, initial=0) > 0)[:, None])

    @property
    def shares(self) -> np.ndarray:
        """Pairs of expansion and funder who may pay for it. Shape (n, 2)."""
        return np.argwhere(self.may_share & (self.cost_musd > 0)[:, None])

    @property
    def agreements(self) -> np.ndarray:
        """Pairs of expansion and stage in which it can be agreed on. Shape (n, 2)."""
        return np.argwhere(self.may_agree.T[:, : self.window])

    def changed(self, **values) -> Market:
        """The same market with other values."""
        return replace(self, **values)

    def same(self, other: Market) -> bool:
        """Whether two markets have the same shapes, so that the state of one fits the other."""
        return all(
            np.shape(getattr(self, one.name)) == np.shape(getattr(other, one.name)) for one in fields(self)
        ) and np.array_equal(self.under_way, other.under_way)


def uncommitted(flow: np.ndarray) -> np.ndarray:
    """What comes in month by month that nothing later will need, of what comes in less what must go. Shape (T,)."""
    least_later = np.minimum.accumulate(np.cumsum(flow)[::-1])[::-1]
    return np.diff(np.maximum.accumulate(np.maximum(least_later, 0.0)), prepend=0.0)
