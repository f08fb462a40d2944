"""What should be asked for first, what does each billion buy, and how sure is that?

`ukraine-2025-06`: what was asked for in June 2025, with new money of different size on top of what the funders of the
scenario have. Each plan is fought by the simulator, and the plans are compared on the same luck. Every budget takes ten
minutes or more; ``--quick`` takes the small country in its place, and seconds.
docs/stories/ukraine-2025-06-procurement.md tells what came of it.

    python examples/what_to_ask_for_first.py [--quick] [--new-money-usd 0 1e9 3e9] [--months 36]
        [--runs 24] [--draws 2] [--seed 1]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

import koepel as kp
from koepel.outcome import figure

SOON = 6  # months: what is asked for in these counts as first


@dataclass(frozen=True)
class Setting:
    """How much is run.

    Attributes
    ----------
    budgets_usd
        New money, from the least to the most.
    """

    scenario: str
    months: int
    budgets_usd: tuple[float, ...]
    runs: int
    seconds: float
    draws: int


FULL = Setting("ukraine-2025-06", 36, (0.0, 1e9, 3e9), runs=24, seconds=60.0, draws=2)
QUICK = Setting("small-country", 6, (0.0, 2e7), runs=4, seconds=1.0, draws=0)


@dataclass(frozen=True)
class Answer:
    """A plan, and people exposed in each campaign with it. Shape (runs,)."""

    plan: kp.ProcurementPlan
    exposed: np.ndarray


def answer(scenario: kp.Scenario, budget_usd: float, setting: Setting, seed: int) -> Answer:
    """One plan, fought once more on the luck of its proof, so that plans can be compared run by run."""
    plan = kp.buy(
        scenario, budget_usd=budget_usd, months=setting.months, runs=setting.runs, seconds=setting.seconds, seed=seed,
        draws=setting.draws, progress=told,
    )  # fmt: skip
    print(plan.summary(), flush=True)
    told("fighting it again, for the comparison")
    fought = kp.campaign(plan.apply(scenario), days=plan.proof.days, runs=setting.runs, seed=plan.proof.seed)
    return Answer(plan, fought.by_month("exposed").sum(axis=1))


def first(answers: dict[float, Answer]) -> list[str]:
    """What each plan asks for in the first months, those things first that every plan asks for."""
    wanted = {usd: soon(one.plan) for usd, one in answers.items()}
    names = sorted({name for each in wanted.values() for name in each},
                   key=lambda name: (-sum(name in each for each in wanted.values()), name))  # fmt: skip
    head = "".join(f"{money(usd):>12s}" for usd in answers)
    lines = [f"asked for in the first {SOON} months, pieces, by new money{'':9s}{head}"]
    for name in names:
        lines.append(f"  {name[:56]:56s}" + "".join(f"{each.get(name, 0):12,d}" for each in wanted.values()))
    return lines


def soon(plan: kp.ProcurementPlan) -> dict[str, int]:
    """Pieces of each thing that is asked for in the first months."""
    found: dict[str, int] = {}
    for line in plan.lines:
        if line.month < SOON:
            found[line.name] = found.get(line.name, 0) + line.number
    return found


def each_billion(answers: dict[float, Answer]) -> list[str]:
    """People not exposed for each further billion, simulated on the same luck, and promised."""
    lines = ["people not exposed by each further billion of new money, from one budget to the next"]
    for (less, poorer), (more, richer) in pairwise(answers.items()):
        billions = (more - less) / 1e9
        simulated = figure((poorer.exposed - richer.exposed) / billions)
        promised = (poorer.plan.proof.promised_with - richer.plan.proof.promised_with) / billions
        lines.append(f"  {money(less)} to {money(more)}: simulated {simulated}, promised {promised:,.0f}")
    return lines


def money(usd: float) -> str:
    """Dollars, short."""
    return f"${usd / 1e9:g}bn" if usd >= 1e9 or usd == 0 else f"${usd / 1e6:g}M"


def told(step: str) -> None:
    """What is being done, and when."""
    print(f"[{time.strftime('%H:%M:%S')}] {step}", flush=True)


def main(words: list[str] | None = None) -> dict[float, Answer]:
    """Run, and print what came of it; what is finished is printed at once."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="the small country, in seconds")
    options.add_argument("--new-money-usd", type=float, nargs="+")
    options.add_argument("--months", type=int)
    options.add_argument("--runs", type=int)
    options.add_argument("--draws", type=int)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(words)
    asked = {"budgets_usd": chosen.new_money_usd and tuple(sorted(chosen.new_money_usd)), "months": chosen.months,
             "runs": chosen.runs, "draws": chosen.draws}  # fmt: skip
    setting = replace(QUICK if chosen.quick else FULL, **{name: x for name, x in asked.items() if x is not None})
    scenario = kp.Scenario.read(setting.scenario)
    print(f"{setting}, seed {chosen.seed}", flush=True)
    found: dict[float, Answer] = {}
    for usd in setting.budgets_usd:
        print(f"\n== {money(usd)} of new money ==", flush=True)
        found[usd] = answer(scenario, usd, setting, chosen.seed)
        print("people exposed with it, run by run:", " ".join(f"{x:.0f}" for x in found[usd].exposed), flush=True)
        if len(found) > 1:
            print("\n".join(["", *first(found), "", *each_billion(found)]), flush=True)
    return found


if __name__ == "__main__":
    main()
