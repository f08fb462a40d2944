"""From what a policy orders in the mean to orders that can be signed: whole, in lots, paid by who has the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from koepel.plan.procurement.market import Market, uncommitted

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


def whole_orders(
    k: Market, wished: np.ndarray, paid: np.ndarray, agreed: np.ndarray, *, up: bool = False
) -> Orders:
    """Orders that follow a wish as closely as lots and purses let them, and never run ahead of it by more than a lot.

    Parameters
    ----------
    wished
        Pieces ordered in the mean. Shape (T, O).
    paid
        Millions spent in the mean, by pairs of `Market.buys`. Shape (T, pairs).
    agreed
        Steps of expansions; those that no purse is enough for are left out. Shape (T, X).
    up
        Order a lot as soon as any of it is wished for: what may not be exceeded is then kept to.
    """
    agreed, shared_by = afforded(k, agreed)
    number = nothing(k).number
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
            ahead = (1 - 1e-6) * k.lot[o] if up else EVEN * k.lot[o] if last or k.whole_offer[o] else 1e-6
            lots = _lots(k, t, o, along[o] - done[o] + ahead, k.most[o] - done[o])
            for f, some in _funded(k, t, o, lots, purse, credit[o]):
                number[t, o, f] += some
                done[o] += some
        purse = np.where(k.keeps[t], purse, 0.0)
    return Orders(number, agreed, shared_by)


def _lots(k: Market, t: int, o: int, open_: float, left: float) -> int:
    """Whole lots that are wished for and not yet ordered, as far as the offer goes."""
    if not k.may_order[t, o]:
        return 0
    return max(int(min(open_, k.most_month[o], left) / k.lot[o] + 1e-9), 0)


def _funded(k: Market, t: int, o: int, lots: int, purse: np.ndarray, credit: np.ndarray):
    """Who pays for how many pieces; those first whose money the plan meant for it."""
    price = k.price_musd[t, o] * k.lot[o]
    if lots and price == 0:
        yield len(k.funders), lots * k.lot[o]
        return
    for f in sorted(np.flatnonzero(k.may_pay[o]), key=lambda f: (-credit[f], f)):
        some = min(lots, max(int((purse[f] + 1e-9) / price), 0)) if price > 0 else 0
        if some:
            purse[f] -= some * price
            credit[f] -= some * price
            lots -= some
            yield f, some * k.lot[o]


def afforded(k: Market, agreed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps that one purse is enough for in their months, and whose it is: the fullest of those who may pay."""
    agreed, payer = agreed.copy(), np.full(len(k.expansions), -1)
    held = k.free_musd + np.cumsum(k.income_musd, axis=0)  # were nothing else bought, and nothing to lapse
    for x in np.flatnonzero(agreed.sum(axis=0) * k.cost_musd):
        cost = np.cumsum(agreed[:, x] * k.cost_musd[x])
        enough = [f for f in np.flatnonzero(k.may_share[x]) if (held[:, f] >= cost - 1e-9)[agreed[:, x] > 0].all()]
        if not enough:
            agreed[:, x] = 0.0
            continue
        payer[x] = max(enough, key=lambda f: held[-1, f])
        held[:, payer[x]] -= cost
    return agreed, payer


def reserved(k: Market, agreed: np.ndarray, payer: np.ndarray) -> Market:
    """The market with the money for what is agreed on laid aside, so that nothing else is bought with it."""
    income = k.income_musd.copy()
    for x, f in enumerate(payer):
        if f >= 0:
            income[:, f] -= agreed[:, x] * k.cost_musd[x]
    income[0] += k.free_musd
    free = np.apply_along_axis(uncommitted, 0, income)
    paid = np.where(k.cost_musd > 0, 1e-9, 0.0)  # a trace, so that the program keeps its shape
    return k.changed(free_musd=np.zeros_like(k.free_musd), income_musd=free, cost_musd=paid)
