"""Rounds of the nation: in its depot, on the way, and at its fire units; whole ones, and every one accounted for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from koepel.campaign.luck import YEAR_D, Luck
from koepel.supply import Stock, Transport

NOT_FOLLOWED = -1


def dealt(number: np.ndarray, needs: np.ndarray) -> np.ndarray:
    """Deal whole rounds in proportion to needs; all of them, and to nobody more than it needs.

    Parameters
    ----------
    number
        At most the sum of the needs. Shape (runs,), int.
    needs
        Shape (runs, sites), int.

    Examples
    --------
    >>> dealt(np.array([5]), np.array([[2, 0, 6]]))
    array([[1, 0, 4]])
    """
    along = np.cumsum(needs, axis=1)
    upto = along * number[:, None] // np.maximum(along[:, -1:], 1)
    return np.diff(upto, axis=1, prepend=0)


class Depot:
    """Rounds of the followed effectors.

    Attributes
    ----------
    depot
        Shape (runs, effectors).
    usable
        What was there at first and can be fired. Shape (runs, effectors).
    site, moving
        At each magazine, and on the way to it. Shape (runs, magazines).
    ledger
        Rounds by what became of them, and where they came from. Shape (runs, effectors) each.
    """

    def __init__(self, effectors: Sequence[str], magazines: Sequence[tuple[str, str]], stocks: Sequence[Stock],
                 transport: Transport, most: np.ndarray, luck: Luck):  # fmt: skip
        runs, n = luck.runs, len(effectors)
        self.row, self.most, self.transport = {name: e for e, name in enumerate(effectors)}, most, transport
        self.of = [np.array([m for m, (_, name) in enumerate(magazines) if name == one], int) for one in effectors]
        self.first = np.array([unit in transport.first for unit, _ in magazines], bool)
        self.depot = np.zeros((runs, n), np.int64)
        self.ledger = {key: np.zeros((runs, n), np.int64) for key in ("initial", "produced", "given", "fired", "lost")}
        self.leak, self.spoilt = np.zeros((runs, n)), np.zeros((runs, n))
        self.usable = np.zeros((runs, n), np.int64)
        self.site, self.moving = np.zeros(most.shape, np.int64), np.zeros(most.shape, np.int64)
        self.delay = luck.whole("transport.delay_days", transport.delay_days)
        self.ring = np.zeros((int(self.delay.max(initial=0)) + 1, *most.shape), np.int64)
        limit = transport.rounds_per_day
        self.limit = None if limit is None else luck.whole("transport.rounds_per_day", limit)
        self.keep = np.array([transport.keep.get(name, 0) for name in effectors], np.int64)
        for stock in stocks:
            e, name = self.row[stock.effector], f"stocks.{stock.effector}"
            held = luck.whole(f"{name}.rounds", stock.rounds)
            good = np.floor(held * luck.figure(f"{name}.usable", stock.usable)).astype(np.int64)
            self.depot[:, e], self.ledger["initial"][:, e], self.ledger["lost"][:, e] = good, held, held - good
            self.usable[:, e] = good
            self.leak[:, e] = luck.figure(f"{name}.lost_per_year", stock.lost_per_year) / YEAR_D

    def fill(self, present: np.ndarray) -> None:
        """Before the first night: what there is stands at the fire units, as far as there is room.

        Parameters
        ----------
        present
            Magazines whose fire unit is there. Shape (runs, magazines).
        """
        for e, of in enumerate(self.of):
            self.site[:, of] += self._sent(e, of, present, self.depot[:, e])

    def arrive(self, effector: str, number: np.ndarray, came: str) -> None:
        """Rounds that come into the depot; ``came`` is ``produced`` or ``given``."""
        e = self.row[effector]
        self.depot[:, e] += number
        self.ledger[came][:, e] += number

    def write_off(self, effector: str, number: np.ndarray) -> None:
        """Rounds in the depot that turn out to be of no use."""
        e = self.row[effector]
        self.depot[:, e] -= number
        self.ledger["lost"][:, e] += number

    def step(self, day: int, present: np.ndarray) -> None:
        """What ages in the depot, what reaches the fire units, and what leaves for them."""
        self.spoilt += self.depot * self.leak
        aged = np.minimum(np.floor(self.spoilt).astype(np.int64), self.depot)
        self.spoilt -= aged
        self.depot -= aged
        self.ledger["lost"] += aged
        now = day % len(self.ring)
        arrived, self.ring[now] = self.ring[now].copy(), 0
        self.moving -= arrived
        self.site += np.where(present, arrived, 0)
        for e, of in enumerate(self.of):
            self.depot[:, e] += np.where(present, 0, arrived)[:, of].sum(axis=1)  # back from where nobody is left
            free = np.maximum(self.depot[:, e] - self.keep[e], 0)
            self._send(
                day, of, self._sent(e, of, present, free if self.limit is None else np.minimum(free, self.limit))
            )

    def _sent(self, e: int, of: np.ndarray, present: np.ndarray, most: np.ndarray) -> np.ndarray:
        """Take out of the depot what the fire units miss, first ones first. Shape (runs, magazines of the effector)."""
        missing = np.maximum(self.most[:, of] - self.site[:, of] - self.moving[:, of], 0) * present[:, of]
        sent = np.zeros_like(missing)
        for tier in (self.first[of], ~self.first[of]):
            needs = missing * tier
            sent += dealt(np.minimum(needs.sum(axis=1), most - sent.sum(axis=1)), needs)
        self.depot[:, e] -= sent.sum(axis=1)
        return sent

    def _send(self, day: int, of: np.ndarray, sent: np.ndarray) -> None:
        """Put rounds on their way; without a delay they are there at once."""
        runs, there = np.arange(len(sent))[:, None], (self.delay == 0)[:, None]
        self.site[:, of] += np.where(there, sent, 0)
        travelling = np.where(there, 0, sent)
        self.moving[:, of] += travelling
        self.ring[(day + self.delay)[:, None] % len(self.ring), runs, of[None, :]] += travelling

    def fire(self, fired: np.ndarray) -> None:
        """Rounds fired in the night, by magazine."""
        for e, of in enumerate(self.of):
            self.site[:, of] -= fired[:, of]
            self.ledger["fired"][:, e] += fired[:, of].sum(axis=1)

    def lose(self, lost: np.ndarray) -> None:
        """Rounds at fire units that are lost. ``lost`` has the shape (runs, magazines), bool."""
        for e, of in enumerate(self.of):
            self.ledger["lost"][:, e] += np.where(lost[:, of], self.site[:, of], 0).sum(axis=1)
        self.site[lost] = 0

    def tonight(self) -> np.ndarray:
        """Rounds at each magazine at dusk, ``NOT_FOLLOWED`` where they are not followed. Shape (runs, magazines)."""
        rounds = np.full(self.site.shape, NOT_FOLLOWED, np.int64)
        for of in self.of:
            rounds[:, of] = self.site[:, of]
        return rounds

    def holdings(self) -> np.ndarray:
        """Rounds in the depot, at the fire units and on the way. Shape (runs, effectors, 3)."""
        at_site = [self.site[:, of].sum(axis=1) for of in self.of]
        on_way = [self.moving[:, of].sum(axis=1) for of in self.of]
        return (
            np.stack([self.depot.T, np.array(at_site), np.array(on_way)]).transpose(2, 1, 0)
            if self.of
            else (np.zeros((len(self.depot), 0, 3), np.int64))
        )

    def held(self) -> np.ndarray:
        """Rounds in the depot and at the fire units: what can be fired tonight or tomorrow. Shape (runs, effectors)."""
        return self.holdings()[:, :, :2].sum(axis=2)

    def imbalance_rounds(self) -> np.ndarray:
        """Rounds that cannot be accounted for. Shape (runs, effectors)."""
        book = self.ledger
        return (
            book["initial"]
            + book["produced"]
            + book["given"]
            - book["fired"]
            - book["lost"]
            - (self.holdings().sum(axis=2))
        )
