"""Made-up procurement problems, from a few rows to the size of a country's."""

from __future__ import annotations

import numpy as np

from koepel.plan.procurement.market import Market


def made_up(
    *, months: int = 6, arms: int = 2, kinds: int = 2, offers: int = 3, funders: int = 2, sources: int = 2,
    expansions: int = 1, regimes: int = 2, classes: int = 2, depth: int = 4, window: int = 2, tail: float = 3.0,
    seed: int = 1, orders_before: bool = True,
) -> Market:  # fmt: skip
    """A market of a given size, with figures drawn at random."""
    draw = np.random.Generator(np.random.Philox(key=[seed, 77]))
    T, A, K, F, S, X, R, C = months + 1, arms, kinds, funders, sources, expansions, regimes, classes
    length = np.ones(T)
    length[-1] = tail
    moves = np.full((R, R), 0.1 / max(R - 1, 1))
    np.fill_diagonal(moves, 1.0 if R == 1 else 0.9)
    strength = np.linspace(1.0, 1.8, R)[:, None]
    bare = draw.uniform(20, 60, C) * strength * (1.0 + 0.02 * np.arange(T))[:, None, None]
    feeds = np.arange(S) % A
    to = np.concatenate([np.arange(offers) % (S + A), []]).astype(int)
    whole = np.zeros(offers, bool)
    for o in range(0, offers, 4):  # some offers are of fire units
        to[o], whole[o] = S + A + (o // 4) % K, True
    arrives = np.zeros((offers, depth + 1))
    for o in range(offers):
        lead = draw.integers(0, depth)
        arrives[o, lead : lead + 2] = np.array([0.6, 0.3]) if lead + 1 <= depth else 0.9
    price = np.where(whole, draw.uniform(30, 60, offers), draw.uniform(0.2, 2.0, offers))
    may_pay = draw.uniform(size=(offers, F)) < 0.5
    may_pay[np.arange(offers), np.arange(offers) % F] = True
    carries = np.zeros((A, K))
    carries[np.arange(A), np.arange(A) % K] = 1.0
    D = S + A + K
    due, doubtful = np.zeros((T, D)), np.zeros((T, D))
    if orders_before:
        due[1:4, :S] = draw.uniform(2, 6, (min(3, T - 1), S))
        doubtful[2:4, S : S + A] = draw.uniform(2, 6, (min(2, T - 2), A))
    may_order = np.ones((T, offers), bool)
    may_order[-1] = False
    may_agree = np.ones((T, X), bool)
    may_agree[-1] = False
    use = draw.uniform(2.0, 5.0, A) * strength
    return Market(
        months=(*(f"month {t}" for t in range(months)), "after"), length=length, window=min(window, months),
        regimes=tuple(f"regime {r}" for r in range(R)), start=0, moves=moves,
        classes=tuple(f"class {c}" for c in range(C)), bare=bare, debris=np.full((T, R), 0.5),
        swing=np.array([[0.7] * C, [1.3] * C]), swing_chance=np.array([0.5, 0.5]),
        effect=np.tile(draw.uniform(0.02, 0.2, (C, A)), (T, 1, 1)), use=np.tile(use, (T, 1, 1)),
        arms=tuple(f"arm {a}" for a in range(A)), followed=np.ones(A, bool), stock=draw.uniform(10, 30, A),
        lost=np.full(A, 0.01), kinds=tuple(f"kind {n}" for n in range(K)), units=draw.integers(1, 5, K).astype(float),
        wear=np.full(K, 0.005), up=np.full(K, 0.8), crews=np.full(K, 1.0), carries=carries,
        offers=tuple(f"offer {o}" for o in range(offers)), to=to, arrives=arrives,
        price_musd=np.tile(price, (T, 1)), may_order=may_order, may_pay=may_pay,
        most_month=np.where(whole, 1.0, 40.0),
        most=np.where(np.arange(offers) % 3 == 1, 60.0, np.inf),
        lot=np.ones(offers),
        whole_offer=whole, due=due, doubtful=doubtful, doubt=np.full(T, 0.6),
        sources=tuple(f"source {s}" for s in range(S)), feeds=feeds, usable=np.full(S, 0.95),
        capacity=np.tile(draw.uniform(5, 15, S) * np.linspace(1.0, 0.5, R)[:, None], (T, 1, 1)),
        left=np.where(np.arange(S) % 2 == 1, 50.0, np.inf),
        funders=tuple(f"funder {f}" for f in range(F)), free_musd=draw.uniform(10, 30, F),
        income_musd=np.where(np.arange(T)[:, None] < months, draw.uniform(3, 10, F), 0.0),
        keeps=np.ones((T, F), bool), expansions=tuple(f"expansion {x}" for x in range(X)),
        line=np.zeros(X, int), step=np.full(X, 5.0),
        ramp=np.tile(np.clip(np.arange(depth + 1) / 3 - 0.3, 0, 1), (X, 1)),
        cost_musd=np.full(X, 8.0), steps=np.full(X, 2.0), may_agree=may_agree, may_share=np.ones((X, F), bool),
        thrift=1e-6,
    )  # fmt: skip
