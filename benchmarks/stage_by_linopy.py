"""The equations of one stage of a procurement plan, built here and built with linopy: CPU, and the same optimum.

linopy is no part of koepel: ``pip install linopy``, then ``python benchmarks/stage_by_linopy.py``.
docs/design/013-procurement.md quotes it.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from markets import made_up

from koepel.plan.procurement.equations import expected_due, tangents
from koepel.plan.procurement.market import Market
from koepel.plan.procurement.stages import stage_rows

SIZES = {
    "as the tests have it": {},
    "36 months, 30 offers, 8 funders, 12 sources": {
        "months": 36, "arms": 12, "kinds": 8, "offers": 30, "funders": 8, "sources": 12, "expansions": 4, "regimes": 4,
        "classes": 4, "depth": 24, "window": 6,
    },
}  # fmt: skip
TIMES = 5


def by_linopy(k: Market, t: int, r: int):
    """The stage in the way of linopy: variables over named axes, incidence as masks and matrices."""
    import linopy
    import pandas as pd
    import xarray as xr

    m = linopy.Model()
    axis = {
        "funder": k.funders, "offer": k.offers, "destination": k.destinations, "source": k.sources, "arm": k.arms,
        "kind": k.kinds, "expansion": k.expansions, "class": k.classes,
        "left": range(max(int(k.depth.max(initial=0)), 1)), "agreed": range(k.window),
    }  # fmt: skip
    index = {name: pd.Index(list(labels), name=name) for name, labels in axis.items()}

    def given(values, *axes):
        return xr.DataArray(np.asarray(values, float), [index[one] for one in axes])

    def variable(name, *axes, mask=None, upper=np.inf):
        mask = None if mask is None else xr.DataArray(np.asarray(mask, bool), [index[one] for one in axes])
        upper = given(np.broadcast_to(upper, [len(index[one]) for one in axes]), *axes)
        return m.add_variables(lower=0.0, upper=upper, coords=[index[one] for one in axes], name=name, mask=mask)

    def part(variable, positions, name):
        """Some of the destinations, called as what they are."""
        return variable.isel(destination=positions).rename(destination=name).assign_coords({name: index[name]})

    def incidence(rows, columns, row_axis, column_axis, value=1.0):
        table = np.zeros((len(index[row_axis]), len(index[column_axis])))
        table[rows, columns] = value
        return given(table, row_axis, column_axis)

    near = np.arange(len(index["left"]))
    under = near[None, :] < k.depth[:, None]
    agreements = k.may_agree.T[:, : k.window]
    some, ended = np.isfinite(k.most), np.isfinite(k.left)
    carried = {}
    for name, axes, mask in (
        ("free", ("funder",), None), ("way", ("destination", "left"), under), ("queue", ("source",), None),
        ("left_to_give", ("source",), ended), ("offered", ("offer",), some), ("steps", ("expansion",), None),
        ("agreed", ("expansion", "agreed"), agreements), ("stock", ("arm",), None), ("crewless", ("kind",), None),
        ("units", ("kind",), None),
    ):  # fmt: skip
        for side in ("in", "out"):
            carried[f"{name}_{side}"] = variable(f"{name}_{side}", *axes, mask=mask)
    v = carried
    order = variable("order", "offer", upper=np.where(k.may_order[t], k.most_month, 0.0))
    priced = k.price_musd.max(axis=0) > 0
    pay = variable("pay", "offer", "funder", mask=k.may_pay & priced[:, None])
    agree = variable("agree", "expansion", upper=np.where(k.may_agree[t] & (t < k.window), k.steps, 0.0))
    share = variable("share", "expansion", "funder", mask=k.may_share & (k.cost_musd > 0)[:, None])
    comes, made = variable("comes", "destination"), variable("made", "source")
    field = variable("field", "kind", upper=k.crews * k.length[t])
    fires, supplied, leaks = variable("fires", "arm"), variable("supplied", "arm"), variable("leaks", "class")

    spent = pay.sum("offer") + share.sum("expansion")
    income, keeps = given(k.income_musd[t], "funder"), given(k.keeps[t], "funder")
    m.add_constraints(spent - v["free_in"] <= income, name="budget")
    m.add_constraints(v["free_out"] - keeps * v["free_in"] + keeps * spent == keeps * income, name="keep")
    m.add_constraints(given(k.price_musd[t], "offer") * order - pay.sum("funder") == 0, name="payment",
                      mask=xr.DataArray(priced, [index["offer"]]))  # fmt: skip
    m.add_constraints(given(k.cost_musd, "expansion") * agree - share.sum("funder") == 0, name="share_payment",
                      mask=xr.DataArray(k.cost_musd > 0, [index["expansion"]]))  # fmt: skip
    m.add_constraints(v["offered_out"] - v["offered_in"] + order == 0, name="most_ordered",
                      mask=xr.DataArray(some, [index["offer"]]))  # fmt: skip
    now = incidence(np.arange(len(k.to)), k.to, "offer", "destination", k.arrives[:, 0])
    horizon = given(near < k.length[t], "left")
    m.add_constraints(comes - (horizon * v["way_in"]).sum("left") - (now * order).sum("offer")
                      == given(expected_due(k, t), "destination"), name="arrival")  # fmt: skip
    later = np.zeros((len(k.to), len(k.destinations), len(near)))
    for o, d in enumerate(k.to):
        deep = min(k.arrives.shape[1] - 1, len(near))
        later[o, d, :deep] = k.arrives[o, 1 : deep + 1]
    joins = (given(later, "offer", "destination", "left") * order).sum("offer")
    m.add_constraints(v["way_out"] - v["way_in"].shift(left=-1) - joins == 0, name="passage",
                      mask=xr.DataArray(under, [index["destination"], index["left"]]))  # fmt: skip
    at_source, direct, unit_of = (
        part(comes, at, name) for at, name in ((k.queue_at, "source"), (k.direct_to, "arm"), (k.unit_of, "kind"))
    )
    m.add_constraints(v["queue_out"] - v["queue_in"] - at_source + made == 0, name="queue")
    more = np.zeros((len(k.sources), len(k.expansions), k.window))
    for x, u in k.agreements:
        if t >= u:
            more[k.line[x], x, u] = k.step[x] * k.ramp[x, min(t - u, k.ramp.shape[1] - 1)] * k.length[t]
    added = (given(more, "source", "expansion", "agreed") * v["agreed_out"]).sum(["expansion", "agreed"])
    m.add_constraints(made - added <= given(k.capacity[t, r] * k.length[t], "source"), name="capacity")  # fmt: skip
    m.add_constraints(v["left_to_give_out"] - v["left_to_give_in"] + made == 0, name="giving",
                      mask=xr.DataArray(ended, [index["source"]]))  # fmt: skip
    this = given(np.arange(k.window) == t, "agreed")
    m.add_constraints(v["agreed_out"] - v["agreed_in"] - this * agree == 0, name="agreement",
                      mask=xr.DataArray(agreements, [index["expansion"], index["agreed"]]))  # fmt: skip
    m.add_constraints(v["steps_out"] - v["steps_in"] + agree == 0, name="steps")
    keep = given(1.0 - np.minimum(k.lost * k.length[t], 1.0), "arm")
    fed = incidence(np.arange(len(k.sources)), k.feeds, "source", "arm", k.usable)
    followed = xr.DataArray(k.followed, [index["arm"]])
    m.add_constraints(v["stock_out"] - keep * v["stock_in"] + keep * fires - keep * direct
                      - keep * (fed * made).sum("source") == 0, name="rounds", mask=followed)  # fmt: skip
    m.add_constraints(fires - given(k.use[t, r] * k.length[t], "arm") * supplied == 0, name="firing", mask=followed)
    there = given(k.carries * k.up, "arm", "kind")
    m.add_constraints(supplied - (there * v["units_in"]).sum("kind") - (there * field).sum("kind") <= 0, name="serving")
    m.add_constraints(v["crewless_out"] - v["crewless_in"] - unit_of + field == 0, name="crews")
    stay = given((1.0 - k.wear) ** k.length[t], "kind")
    m.add_constraints(v["units_out"] - stay * v["units_in"] - stay * field == 0, name="units")
    for c, name in enumerate(k.classes):
        at = tangents(k, t, c)
        touch = pd.Index(range(len(at)), name=f"tangent {name}")
        height = xr.DataArray(np.exp(-at), [touch])
        effect = height * given(k.effect[t, c], "arm")
        m.add_constraints(leaks.isel({"class": c}) + (effect * supplied).sum("arm") >= height * (1.0 + at),
                          name=f"leaking {name}")  # fmt: skip
    bare = given(k.bare[t, r] * k.length[t], "class")
    m.add_objective((bare * leaks).sum() + k.thrift * (pay.sum() + share.sum()))
    return m, v


def least(cost, matrix, row_low, row_high, low, high) -> float:
    """The optimum of a program, by HiGHS through scipy, the same way for both."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    return float(milp(cost, constraints=LinearConstraint(matrix, row_low, row_high), bounds=Bounds(low, high)).fun)


def best_of(build) -> float:
    """Seconds, the least of some times."""
    taken = []
    for _ in range(TIMES):
        started = time.process_time()
        build()
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    """Both ways, at both sizes."""
    warnings.filterwarnings("ignore", message="Variable .* has absent slots")
    for name, size in SIZES.items():
        k = made_up(**size)
        p = stage_rows(k, 1, 0)
        own, states = p.program(), dict(zip((p.names[j] for j in p.state_in), p.start, strict=True))
        low, high = np.array(own.low, float), np.array(own.high, float)
        low[own.state_in] = high[own.state_in] = p.start
        ours = least(own.cost, own.rows, own.row_low, own.row_high, low, high)
        m, v = by_linopy(k, 1, 0)
        theirs = m.matrices
        low, high = theirs.lb.copy(), theirs.ub.copy()
        position = {label: i for i, label in enumerate(theirs.vlabels)}
        order = ("free", "way", "queue", "left_to_give", "offered", "steps", "agreed", "stock", "crewless", "units")
        labels = np.concatenate([v[f"{one}_in"].labels.values.ravel() for one in order])
        for label, value in zip(labels[labels >= 0], states.values(), strict=True):
            low[position[label]] = high[position[label]] = value
        equal = np.where(theirs.sense == "<", -np.inf, theirs.b), np.where(theirs.sense == ">", np.inf, theirs.b)
        other = least(theirs.c, theirs.A, *equal, low, high)
        assert abs(ours - other) <= 1e-6 * max(abs(ours), 1.0), (ours, other)
        seconds = best_of(lambda k=k: stage_rows(k, 1, 0).program())
        slower = best_of(lambda k=k: by_linopy(k, 1, 0)[0].matrices.A)
        print(f"{name}: {own.rows.shape[0]} rows x {own.rows.shape[1]} columns, {own.rows.nnz} entries; optimum"
              f" {ours:.6g} by both; koepel {1e3 * seconds:.1f} ms, linopy {1e3 * slower:.0f} ms of CPU")  # fmt: skip


if __name__ == "__main__":
    main()
