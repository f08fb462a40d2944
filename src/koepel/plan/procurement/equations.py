"""Every equation of a procurement plan, one function each, for one stage and one regime.

``k`` is the `Market`, ``t`` the stage, ``r`` the regime; a column that ends in ``_in`` is what the stage before handed
on. docs/model.md tells them in the same order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from koepel.plan.procurement.market import Market
from koepel.plan.procurement.rows import Rows, word

INF = np.inf
BEND = 0.12  # step of the tangents of exp(-s): they stay within BEND**2 / 8 of it, as a share
DEEPEST = 6.0  # beyond this, a share exp(-6) that leaks counts as a straight line


def declare_columns(p: Rows, k: Market, t: int, r: int) -> None:
    """What is decided in a stage, and what it hands on."""
    pairs = lambda table, rows, columns: [f"{rows[i]}, {columns[j]}" for i, j in table]  # noqa: E731
    limited, bounded = offers_with_most(k), sources_with_end(k)
    p.carry("free", k.funders, k.free_musd)
    p.carry("way", [f"{k.destinations[d]}, {j + 1}" for d, j in k.under_way], 0.0)
    p.carry("queue", k.sources, 0.0)
    p.carry("left", [k.sources[s] for s in bounded], k.left[bounded])
    p.carry("offered", [k.offers[o] for o in limited], k.most[limited])
    p.carry("steps", k.expansions, k.steps)
    p.carry("agreed", [f"{k.expansions[x]}, {u}" for x, u in k.agreements], 0.0)
    p.carry("stock", k.arms, np.where(k.followed, k.stock, 0.0))
    p.carry("crewless", k.kinds, 0.0)
    p.carry("units", k.kinds, k.units)
    p.declare("order", k.offers, np.where(k.may_order[t], k.most_month, 0.0))
    p.declare("pay", pairs(k.buys, k.offers, k.funders), INF, k.thrift)
    p.declare("agree", k.expansions, np.where(k.may_agree[t] & (t < k.window), k.steps, 0.0))
    p.declare("share", pairs(k.shares, k.expansions, k.funders), INF, k.thrift)
    p.declare("comes", k.destinations)
    p.declare("made", k.sources, INF)
    p.declare("field", k.kinds, k.crews * k.length[t])
    p.declare("fires", k.arms)
    p.declare("supplied", k.arms)
    p.declare("leaks", k.classes, INF, k.bare[t, r] * k.length[t])


def budget(p: Rows, k: Market, t: int, r: int) -> None:
    """Nobody spends more than there is, and what is left is kept, or lapses."""
    keep = k.keeps[t].astype(float)
    spent = (1.0, p["pay"], k.buys[:, 1]), (1.0, p["share"], k.shares[:, 1])
    p.add("budget", k.funders, -INF, k.income_musd[t], *spent, (-1.0, p["free_in"]))
    kept = [(keep[rows], columns, rows) for _, columns, rows in spent]
    p.add(
        "keep",
        k.funders,
        keep * k.income_musd[t],
        keep * k.income_musd[t],
        (1.0, p["free_out"]),
        (-keep, p["free_in"]),
        *kept,
    )


def payment(p: Rows, k: Market, t: int, r: int) -> None:
    """What is ordered is paid for; the price is set aside when it is ordered."""
    priced = np.flatnonzero(k.price_musd.max(axis=0, initial=0) > 0)
    row = np.full(len(k.offers), -1)
    row[priced] = np.arange(len(priced))
    p.add("payment", [k.offers[o] for o in priced], 0.0, 0.0,
          (k.price_musd[t, priced], p["order"][priced]), (-1.0, p["pay"], row[k.buys[:, 0]]))  # fmt: skip


def share_payment(p: Rows, k: Market, t: int, r: int) -> None:
    """What is agreed on with partners is paid for at once."""
    costly = np.flatnonzero(k.cost_musd > 0)
    row = np.full(len(k.expansions), -1)
    row[costly] = np.arange(len(costly))
    p.add("share_payment", [k.expansions[x] for x in costly], 0.0, 0.0, (-1.0, p["share"], row[k.shares[:, 0]]),
          (k.cost_musd[costly], p["agree"][costly]))  # fmt: skip


def most_ordered(p: Rows, k: Market, t: int, r: int) -> None:
    """No more is ordered than there is of an offer."""
    of = offers_with_most(k)
    p.add("most_ordered", [k.offers[o] for o in of], 0.0, 0.0, (1.0, p["offered_out"]), (-1.0, p["offered_in"]),
          (1.0, p["order"][of]))  # fmt: skip


def arrival(p: Rows, k: Market, t: int, r: int) -> None:
    """What comes to its destination: what was under way, what is ordered and comes at once, what was ordered before."""
    horizon = int(k.length[t])
    way = k.under_way
    near = way[:, 1] < horizon
    at_once = k.arrives[:, 0]
    p.add("arrival", k.destinations, expected_due(k, t), expected_due(k, t), (1.0, p["comes"]),
          (-1.0, p["way_in"][near], way[near, 0]), (-at_once, p["order"], k.to))  # fmt: skip


def passage(p: Rows, k: Market, t: int, r: int) -> None:
    """What is under way comes a month nearer, and new orders join it."""
    way = k.under_way
    at = {(d, j): i for i, (d, j) in enumerate(way.tolist())}
    ahead = [(i, at[d, j + 1]) for (d, j), i in at.items() if (d, j + 1) in at]
    joins = [(at[k.to[o], j - 1], o, k.arrives[o, j]) for o, j in np.argwhere(k.arrives[:, 1:]) + [0, 1]]
    rows, orders, parts = zip(*joins, strict=True) if joins else ((), (), ())
    p.add("passage", [f"{k.destinations[d]}, {j + 1}" for d, j in way], 0.0, 0.0, (1.0, p["way_out"]),
          (-1.0, p["way_in"][[j for _, j in ahead]], [i for i, _ in ahead]),
          (-np.array(parts), p["order"][list(orders)], rows))  # fmt: skip


def queue(p: Rows, k: Market, t: int, r: int) -> None:
    """What is due at a source and has not been made waits."""
    p.add("queue", k.sources, 0.0, 0.0, (1.0, p["queue_out"]), (-1.0, p["queue_in"]), (-1.0, p["comes"][k.queue_at]),
          (1.0, p["made"]))  # fmt: skip


def capacity(p: Rows, k: Market, t: int, r: int) -> None:
    """A source makes no more for the nation than its part of the capacity, and what expansions have added by then."""
    rows, columns, more = [], [], []
    for i, (x, u) in enumerate(k.agreements):
        age = t - u
        if age >= 0:
            rows.append(k.line[x])
            columns.append(p["agreed_out"][i])
            more.append(-k.step[x] * k.ramp[x, min(age, k.ramp.shape[1] - 1)] * k.length[t])
    p.add("capacity", k.sources, -INF, k.capacity[t, r] * k.length[t], (1.0, p["made"]), (more, columns, rows))


def giving(p: Rows, k: Market, t: int, r: int) -> None:
    """A donor gives no more than what it has above its floor."""
    of = sources_with_end(k)
    p.add(
        "giving", [k.sources[s] for s in of], 0.0, 0.0, (1.0, p["left_out"]), (-1.0, p["left_in"]), (1.0, p["made"][of])
    )


def agreement(p: Rows, k: Market, t: int, r: int) -> None:
    """What is agreed on stays agreed on, and there are only so many steps."""
    now = np.flatnonzero(k.agreements[:, 1] == t)
    names = [f"{k.expansions[x]}, {u}" for x, u in k.agreements]
    p.add("agreement", names, 0.0, 0.0, (1.0, p["agreed_out"]), (-1.0, p["agreed_in"]),
          (-1.0, p["agree"][k.agreements[now, 0]], now))  # fmt: skip
    p.add("steps", k.expansions, 0.0, 0.0, (1.0, p["steps_out"]), (-1.0, p["steps_in"]), (1.0, p["agree"]))


def rounds(p: Rows, k: Market, t: int, r: int) -> None:
    """Rounds left are those that were there and came, less what is fired, less what goes out of life."""
    of = np.flatnonzero(k.followed)
    row = np.full(len(k.arms), -1)
    row[of] = np.arange(len(of))
    keep = 1.0 - np.minimum(k.lost[of] * k.length[t], 1.0)
    feeds, fed = k.feeds, np.flatnonzero(row[k.feeds] >= 0) if len(k.feeds) else np.zeros(0, int)
    into = row[feeds[fed]] if len(fed) else np.zeros(0, int)
    names = [k.arms[a] for a in of]
    p.add("rounds", names, 0.0, 0.0, (1.0, p["stock_out"][of]), (-keep, p["stock_in"][of]), (keep, p["fires"][of]),
          (-keep, p["comes"][k.direct_to][of]), (-keep[into] * k.usable[fed], p["made"][fed], into))  # fmt: skip


def firing(p: Rows, k: Market, t: int, r: int) -> None:
    """A fire unit that is supplied fires so many rounds in a month."""
    of = np.flatnonzero(k.followed)
    p.add("firing", [k.arms[a] for a in of], 0.0, 0.0, (1.0, p["fires"][of]),
          (-k.use[t, r, of] * k.length[t], p["supplied"][of]))  # fmt: skip


def serving(p: Rows, k: Market, t: int, r: int) -> None:
    """No more fire units are supplied than are in the field and in service."""
    arm, kind = np.nonzero(k.carries)
    there = -k.carries[arm, kind] * k.up[kind]
    p.add(
        "serving",
        k.arms,
        -INF,
        0.0,
        (1.0, p["supplied"]),
        (there, p["units_in"][kind], arm),
        (there, p["field"][kind], arm),
    )


def crews(p: Rows, k: Market, t: int, r: int) -> None:
    """A fire unit that has come is fielded when there is a crew."""
    p.add("crews", k.kinds, 0.0, 0.0, (1.0, p["crewless_out"]), (-1.0, p["crewless_in"]), (-1.0, p["comes"][k.unit_of]),
          (1.0, p["field"]))  # fmt: skip


def units(p: Rows, k: Market, t: int, r: int) -> None:
    """Fire units in the field, less those that are lost."""
    stay = (1.0 - k.wear) ** k.length[t]
    p.add("units", k.kinds, 0.0, 0.0, (1.0, p["units_out"]), (-stay, p["units_in"]), (-stay, p["field"]))


def leaking(p: Rows, k: Market, t: int, r: int) -> None:
    """The share that leaks is exp(-s) of what supplied fire units do, s; from below by tangents, as it is convex."""
    arms = np.arange(len(k.arms))
    for c, name in enumerate(k.classes):
        at = tangents(k, t, c)
        labels = [f"{name}, {j}" for j in range(len(at))]
        height = np.exp(-at)
        rows = np.repeat(np.arange(len(at)), len(arms))
        p.add(f"leaking_{word(name)}", labels, height * (1.0 + at), INF, (1.0, np.repeat(p["leaks"][c], len(at))),
              (np.outer(height, k.effect[t, c]), np.tile(p["supplied"][arms], len(at)), rows))  # fmt: skip


def harm(p: Rows, k: Market, t: int, r: int) -> None:
    """People exposed in the stage, as one column: what is limited, where money is what is saved."""
    p.declare("harm", ["all"])
    p.add("harm", ["all"], k.debris[t, r] * k.length[t], INF, (1.0, p["harm"]),
          (-k.bare[t, r] * k.length[t], p["leaks"], np.zeros(len(k.classes), int)))  # fmt: skip


EQUATIONS: tuple[Callable[[Rows, Market, int, int], None], ...] = (
    budget, payment, share_payment, most_ordered, arrival, passage, queue, capacity, giving, agreement, rounds, firing,
    serving, crews, units, leaking,
)  # fmt: skip


def tangents(k: Market, t: int, c: int) -> np.ndarray:
    """Points at which exp(-s) is touched: all that the fire units could do together, at most `DEEPEST`."""
    reach = k.units + k.due[:, k.unit_of].sum(axis=0) + k.doubtful[:, k.unit_of].sum(axis=0)
    bought = np.minimum(k.most, k.most_month * k.may_order.sum(axis=0))
    more = np.array([bought[k.to == d].sum() for d in k.unit_of])
    deepest = min(float(k.effect[t, c] @ (k.carries @ (reach + more))), DEEPEST)
    return np.arange(0.0, (deepest if np.isfinite(deepest) else DEEPEST) + BEND, BEND)


def expected_due(k: Market, t: int) -> np.ndarray:
    """What was ordered before and comes now, in the mean. Shape (D,)."""
    return k.due[t] + k.doubt[t] * k.doubtful[t]


def offers_with_most(k: Market) -> np.ndarray:
    """Offers of which there are only so many."""
    return np.flatnonzero(np.isfinite(k.most))


def sources_with_end(k: Market) -> np.ndarray:
    """Sources that have only so much to give: donors."""
    return np.flatnonzero(np.isfinite(k.left))
