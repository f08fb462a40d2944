"""A procurement as it is handed over: what to ask for, when, with whose money, what that is worth, how sure it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from koepel.plan.procurement.sites import Additions
from koepel.plan.procurement.trial import Line, Proof, applied
from koepel.plan.procurement.worth import Doubt, Marginal
from koepel.scenario import Scenario
from koepel.supply import Funder

SHOWN = 12  # lines of a list in a summary


@dataclass(frozen=True)
class Point:
    """One point of a frontier: budgets times a factor, and what comes of it. People over the horizon and its tail."""

    budget: float
    spent_usd: float
    exposed: float
    worst: float


@dataclass(frozen=True, eq=False)
class ProcurementPlan:
    """What to acquire.

    Attributes
    ----------
    objective
        ``least harm``, ``careful`` or ``least cost``.
    months
        The horizon, month by month.
    lines
        Everything that is asked for.
    value, bound, gap
        What the model promises of its policy, which decides anew each month: people exposed over the horizon and its
        tail, or, for the least cost, dollars; what no plan stays under; and how far that is off, as a share.
    value_low, value_high
        The 95 % interval of the value; none on a tree.
    deliveries
        Expected pieces by month, of each arm and kind of fire unit; new orders only.
    spent_usd, paid_usd
        Set aside, by funder; and what is paid, by month.
    earliest
        First month in which money spent now can matter, by offer.
    marginals
        What one more of something would be worth.
    skill
        Part of the deviance between unseen nights that the response explains, by class.
    proof
        Simulated and promised; None where no campaigns were fought.
    frontier
        Harm at other budgets, where asked for.
    tails
        Money spent in the mean with other worths of what is left over: months of tail -> dollars.
    """

    scenario: str
    digest: str
    seed: int
    objective: str
    begins: str
    months: tuple[str, ...]
    tail_months: float
    lines: tuple[Line, ...]
    value: float
    bound: float
    gap: float
    value_low: float | None
    value_high: float | None
    deliveries: dict[str, list[float]]
    spent_usd: dict[str, float]
    paid_usd: list[float]
    earliest: dict[str, str]
    skill: dict[str, float]
    seconds: float
    binds: tuple[str, ...] = ()
    marginals: tuple[Marginal, ...] = ()
    proof: Proof | None = None
    frontier: tuple[Point, ...] = ()
    tails: dict[float, float] = field(default_factory=dict)
    doubt: Doubt | None = None
    _additions: Additions | None = field(default=None, repr=False)
    _extra: Funder | None = field(default=None, repr=False)

    def apply(self, scenario: Scenario) -> Scenario:
        """The scenario with everything asked for: orders, joint production, fire units and their crews."""
        return applied(scenario, self.lines, self._additions or Additions(scenario, {}), self._extra)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers; what ``--json`` prints."""
        doubt = self.doubt and {name: getattr(self.doubt, name).as_dict() for name in ("stochastic", "perfect")}
        plain = ("scenario", "digest", "seed", "objective", "begins", "tail_months", "value", "bound", "gap",
                 "value_low", "value_high", "deliveries", "spent_usd", "paid_usd", "earliest", "skill",
                 "seconds")  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "months": list(self.months),
            "lines": [asdict(one) | {"month": self.months[one.month]} for one in self.lines],
            "binds": list(self.binds),
            "marginals": [asdict(one) for one in self.marginals],
            "frontier": [asdict(one) for one in self.frontier],
            "tails": {f"{months:g}": usd for months, usd in self.tails.items()},
            "doubt": doubt,
            "proof": None if self.proof is None else self.proof.as_dict(),
        }  # fmt: skip

    def summary(self) -> str:
        """The plan for a human."""
        return "\n".join([*self._head(), "", *self._asked(), *self._simulated(), *self._worth(), *self._more()])

    def _head(self) -> list[str]:
        money = self.objective == "least cost"
        told = _usd if money else _people
        interval = "" if self.value_low is None else f" ({told(self.value_low)} to {told(self.value_high)})"
        what = "cost" if money else "people exposed"
        after = f"{self.tail_months:g} months after the horizon included"
        return [
            f"{self.scenario}: what to acquire in {len(self.months)} months from {self.begins}, for {self.objective}",
            f"{what} by the model, {after}: {told(self.value)}{interval}",
            f"no plan stays under {told(self.bound)} (gap {100 * self.gap:.2f} %)",
        ]

    def _asked(self) -> list[str]:
        totals: dict[str, list] = {}
        for one in self.lines:
            row = totals.setdefault(one.name, [0, 0.0, one.month, one.month, set()])
            row[0], row[1], row[3] = row[0] + one.number, row[1] + one.cost_usd, one.month
            row[4].add(one.funder or "a gift")
        if not totals:
            return ["nothing is asked for"]
        lines = ["what to ask for                            number      cost  from     to       paid by"]
        for name, (number, cost, first, last, who) in sorted(totals.items(), key=lambda pair: (-pair[1][1], pair[0])):
            when = f"{self.months[first]}  {self.months[last]}"
            lines.append(f"  {name[:38]:38s} {number:8,d} {_usd(cost):>9s}  {when}  {', '.join(sorted(who))}")
        return lines

    def _simulated(self) -> list[str]:
        if self.proof is None:
            return []
        p = self.proof
        return [
            "",
            f"fought in {p.runs:,} campaigns of {p.days:,} days on fresh seeds, people exposed:",
            f"  without the plan    {p.without}    promised {_people(p.promised_without)}",
            f"  with the plan       {p.with_plan}    promised {_people(p.promised_with)}",
            f"  difference          {p.difference}    promised {_people(p.promised)}"
            + ("" if p.difference_inside else ", outside the interval"),
        ]

    def _worth(self) -> list[str]:
        best = sorted((one for one in self.marginals if one.value > 0), key=lambda one: -one.value)[:SHOWN]
        head = ["", "worth most, in people not exposed (range over readings of the doubtful figures):"] if best else []
        return [*head, *(f"  {one.what[:52]:52s} {one}" for one in best)]

    def _more(self) -> list[str]:
        lines = ["", "new money can first matter in:"]
        lines += [f"  {name[:52]:52s} {month}" for name, month in self.earliest.items()]
        lines += [f"binds: {word}" for word in self.binds]
        if self.frontier:
            lines += ["", "budgets times   spent   people exposed   in the worst tenth"]
            lines += [
                f"  {one.budget:9.2f} {_usd(one.spent_usd):>9s} {one.exposed:15,.0f} {one.worst:18,.0f}"
                for one in self.frontier
            ]
        if self.tails:
            spent = ", ".join(f"{months:g} months {_usd(usd)}" for months, usd in self.tails.items())
            lines += ["", f"what is left over serves on for so many months, and so much is then spent: {spent}"]
        if self.doubt:
            lines += [
                f"planning as if all were average costs {self.doubt.stochastic} people",
                f"knowing everything beforehand would spare {self.doubt.perfect} people",
            ]
        return lines


def _people(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _usd(value: float) -> str:
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"${value / size:,.4g}{unit}"
    return f"${value:,.0f}"
