"""From what a policy orders in the mean to orders that can be signed: whole, in lots, paid by who has the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.plan.procurement.market import Market

EVEN = 0.5  # a last lot is ordered where at least so much of it is wished for


@dataclass(frozen=True, eq=False)
class Orders:
    """What is asked for, of whom, in which month, with whose money.

    Attributes
    ----------
    number
        Pieces. Shape (T, O, F + 1); the last funder is nobody, for gifts.
    agreed
        Steps of expansions. Shape (T, X).
    shared_by
        Funder of each expansion, -1 for none. Shape (X,).
    """

    number: np.ndarray
    agreed: np.ndarray
    shared_by: np.ndarray

    @property
    def ordered(self) -> np.ndarray:
        """Pieces of each offer. Shape (T, O)."""
        return self.number.sum(axis=2)

    def spent_musd(self, k: Market) -> np.ndarray:
        """Money set aside, by stage and funder. Shape (T, F)."""
        spent = np.einsum("tof,to->tf", self.number[:, :, :-1], k.price_musd)
        for x, f in enumerate(self.shared_by):
            if f >= 0:
                spent[:, f] += self.agreed[:, x] * k.cost_musd[x]
        return spent


def nothing(k: Market) -> Orders:
    """No orders at all."""
    T, X = len(k.months), len(k.expansions)
    number = np.zeros((T, len(k.offers), len(k.funders) + 1))
    return Orders(number, np.zeros((T, X)), np.full(X, -1))


def whole_orders(k: Market, wished: np.ndarray, paid: np.ndarray, agreed: np.ndarray) -> Orders:
    """Orders that follow a wish as closely as lots and purses let them, and never run ahead of it by more than a lot.

    Parameters
    ----------
    wished
        Pieces ordered in the mean. Shape (T, O).
    paid
        Millions spent in the mean, by pairs of `Market.buys`. Shape (T, pairs).
    agreed
        Steps of expansions. Shape (T, X).
    """
    found = nothing(k)
    number, shared_by = found.number, _sharers(k, agreed)
    purse, along, done = k.free_musd.astype(float).copy(), np.zeros(len(k.offers)), np.zeros(len(k.offers))
    credit = np.zeros((len(k.offers), len(k.funders)))
    for t in range(len(k.months) - 1):
        purse += k.income_musd[t]
        for x, f in enumerate(shared_by):
            if f >= 0:
                purse[f] -= agreed[t, x] * k.cost_musd[x]
        np.add.at(credit, (k.buys[:, 0], k.buys[:, 1]), paid[t])
        along += wished[t]
        last = t == len(k.months) - 2
        for o in np.argsort(-(along - done) * k.price_musd[t], kind="stable"):
            lots = _lots(k, t, o, along[o] - done[o], k.most[o] - done[o], last)
            for f, some in _funded(k, t, o, lots, purse, credit[o]):
                number[t, o, f] += some
                done[o] += some
        purse = np.where(k.keeps[t], purse, 0.0)
    return Orders(number, agreed, shared_by)


def _lots(k: Market, t: int, o: int, open_: float, left: float, last: bool) -> int:
    """Whole lots that are wished for and not yet ordered, as far as the offer goes."""
    if not k.may_order[t, o]:
        return 0
    lot = k.lot[o]
    room = min(open_ + (EVEN * lot if last or k.whole_offer[o] else 1e-6), k.most_month[o], left)
    return max(int(room / lot + 1e-9), 0)


def _funded(k: Market, t: int, o: int, lots: int, purse: np.ndarray, credit: np.ndarray):
    """Who pays for how many pieces; those first whose money the plan meant for it."""
    price = k.price_musd[t, o] * k.lot[o]
    if lots and price == 0:
        yield len(k.funders), lots * k.lot[o]
        return
    for f in sorted(np.flatnonzero(k.may_pay[o]), key=lambda f: (-credit[f], f)):
        some = min(lots, int((purse[f] + 1e-9) / price)) if price > 0 else 0
        if some:
            purse[f] -= some * price
            credit[f] -= some * price
            lots -= some
            yield f, some * k.lot[o]


def _sharers(k: Market, agreed: np.ndarray) -> np.ndarray:
    """Who pays for each expansion: of those who may, whoever has the most money by then."""
    payer = np.full(len(k.expansions), -1)
    left = k.free_musd + k.income_musd[: k.window].sum(axis=0)
    for x in np.flatnonzero(agreed.sum(axis=0) * k.cost_musd):
        allowed = np.flatnonzero(k.may_share[x])
        if len(allowed):
            payer[x] = allowed[left[allowed].argmax()]
            left[payer[x]] -= agreed[:, x].sum() * k.cost_musd[x]
    return payer
