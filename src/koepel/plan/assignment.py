"""Who shoots at what at one moment of a raid, with proof; and what a rule of fire loses against it.

The moment is that of one drawn night before its first shot: threats in the air that have a track, magazines that can
still meet them, kill probabilities of single rounds with the night's shocks. `ExactRule` solves it anew whenever
something has changed, inside the slow twin; `regret_of` judges the built-in rules by it on the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator, Philox

from koepel._kernel import columns as c
from koepel._kernel.patterns import greedy
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.errors import Fault, UsageError
from koepel.outcome import Figure, figure
from koepel.scenario import Scenario
from koepel.twin import at_dusk, fight_slowly
from koepel.twin.battle import Battle, Offer
from koepel.wta import Problem, Solution, solve
from koepel.wta.exact import DEFAULT_GAP

NEVER_FIRED = 1.0  # a floor that leaves nothing to fire


@dataclass(frozen=True, eq=False)
class AssignmentPlan:
    """Rounds given to threats, with what is proven of it.

    Attributes
    ----------
    threats, kinds
        Names of the threats, and of the kinds of round: a magazine as (fire unit, effector), or a number.
    solution
        See `koepel.wta.Solution`; values in US dollars where they come from a scenario.
    greedy_value
        What survives if each round in turn goes where it saves most.
    """

    source: str
    threats: tuple[str, ...]
    kinds: tuple[Any, ...]
    problem: Problem
    solution: Solution
    greedy_value: float
    at_s: float | None = None
    seed: int | None = None
    run: int | None = None

    @property
    def binds(self) -> tuple[tuple[Any, float], ...]:
        """Kinds of round of which one more would save something, and how much, the dearest first."""
        used = self.solution.assigned.sum(axis=1) >= self.problem.rounds
        dear = np.flatnonzero(used & (self.solution.prices > 1e-9 * max(self.solution.value, 1e-300)))
        order = dear[np.argsort(-self.solution.prices[dear], kind="stable")]
        return tuple((self.kinds[i], float(self.solution.prices[i])) for i in order)

    def fought(self, runs: int = 1000, *, seed: int = 1) -> Figure:
        """What survives when the rounds are fired, drawn shot by shot: beside the value that was promised."""
        luck = Generator(Philox(key=[seed, 0xA551]))
        kinds, threats = np.nonzero(self.solution.assigned)
        shots = self.solution.assigned[kinds, threats]
        passes = self.problem.kill[threats, kinds]
        left = np.empty(runs)
        for k in range(runs):
            alive = np.ones(len(self.problem.values), bool)
            alive[threats[luck.binomial(shots, passes) > 0]] = False
            left[k] = self.problem.values[alive].sum()
        return figure(left, paired=False)

    def apply(self, scenario: Scenario) -> ExactRule:
        """The rule that fires by this plan: solved anew on the slow twin whenever something has changed."""
        return ExactRule(scenario_arrays(scenario))

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain numbers."""
        told = self.solution.as_dict()
        told["shots"] = [[self._kind(i), self.threats[j], k] for i, j, k in told["shots"]]
        binds = [[*(kind if isinstance(kind, tuple) else (kind,)), price] for kind, price in self.binds[:20]]
        moment = {"at_s": self.at_s, "seed": self.seed, "run": self.run} if self.at_s is not None else {}
        return {
            "source": self.source, **moment, "threats": len(self.threats), "kinds": len(self.kinds),
            "greedy_value": self.greedy_value, **told, "binds": binds, "simulated": self.fought().as_dict(),
        }  # fmt: skip

    def _kind(self, i: int) -> Any:
        kind = self.kinds[i]
        return " ".join(kind) if isinstance(kind, tuple) else kind

    def summary(self) -> str:
        """The plan for a human."""
        one = self.solution
        proof = "proven optimal" if one.optimal else f"at most {100 * one.gap:.3g} % above the least"
        lines = [
            f"{self.source}: {len(self.threats)} threats, "
            f"{int(self.problem.rounds.sum())} rounds of {len(self.kinds)} kinds",
            f"value that survives   {one.value:,.9g}  ({proof}; bound {one.bound:,.9g})",
            f"simulated             {self.fought()}",
            f"greedy                {self.greedy_value:,.9g}  ({self._worse(self.greedy_value)})",
            f"{int(one.assigned.sum())} rounds assigned in {one.seconds:.2f} s of CPU, {one.patterns} patterns",
        ]
        if self.binds:
            lines += ["", "one more round would save about"]
            lines += [f"  {self._kind_name(kind):40s} {price:,.4g}" for kind, price in self.binds[:8]]
        return "\n".join(lines)

    def _worse(self, value: float) -> str:
        return (
            f"{100 * (value / self.solution.value - 1):.2f} % more" if self.solution.value > 0 else "nothing survives"
        )

    def _kind_name(self, kind: Any) -> str:
        return " ".join(kind) if isinstance(kind, tuple) else f"kind {kind}"


def assign(
    source: Problem | Scenario,
    *,
    at_s: float | None = None,
    gap: float = DEFAULT_GAP,
    seed: int = 1,
    run: int = 0,
    name: str = "",
    seconds: float | None = None,
) -> AssignmentPlan:
    """Assign rounds to threats so that least value survives.

    Parameters
    ----------
    source
        A problem, or a scenario, of which a moment is taken.
    at_s
        The moment: seconds on the scenario's clock.
    gap, seconds
        As `koepel.wta.solve` takes them.
    seed, run
        The night whose moment it is.

    Raises
    ------
    UsageError
        For a scenario without a moment, or one at which nobody is in the air.

    Examples
    --------
    >>> problem = Problem(np.array([10.0, 4.0]), np.array([[0.5], [0.5]]), np.array([2]))
    >>> plan = assign(problem)
    >>> plan.solution.value, plan.solution.assigned.tolist()
    (6.5, [[2, 0]])
    """
    moment: dict[str, Any] = {}
    if isinstance(source, Scenario):
        if at_s is None:
            raise UsageError("the plan", [Fault("", "at", "missing", "give the moment, as 02:30 or seconds")])
        problem, threats, kinds = moment_of(scenario_arrays(source), at_s, seed, run)
        name, moment = name or source.name, {"at_s": at_s, "seed": seed, "run": run}
        if not len(threats):
            found = f"no threat with a track is in the air at {at_s:g} s in run {run} of seed {seed}"
            raise UsageError("the plan", [Fault("", "at", found, "'koepel trace' tells when they fly")])
    else:
        problem = source
        threats = tuple(str(j) for j in range(len(problem.values)))
        kinds = tuple(range(len(problem.rounds)))
    solution = solve(problem, gap, seconds=seconds)
    by_kind = np.ascontiguousarray(np.minimum(problem.kill, 1 - 1e-15).T)
    assigned, _ = greedy(by_kind, problem.rounds.astype(np.int64), problem.values.astype(float))
    return AssignmentPlan(name or "the problem", threats, kinds, problem, solution, problem.value(assigned), **moment)


def moment_of(arrays: ScenarioArrays, at_s: float, seed: int, run: int):
    """A moment of one night as a problem, as if nobody had fired yet.

    Returns
    -------
    problem, threats, kinds
        Threats that are in the air and have been seen; magazines as (fire unit, effector).
    """
    dusk = at_dusk(arrays, seed, run)
    battle = Battle(_Still(), arrays, dusk.tonight, dusk.threats, dusk.encounters, dusk.units, dusk.magazines, None)
    problem, live = problem_of(battle, at_s)
    counts: dict[str, int] = {}
    names = []
    for threat in dusk.threats:
        kind = arrays.types[threat.type]
        counts[kind] = counts.get(kind, 0) + 1
        names.append(f"{kind} {counts[kind]}")
    return problem, tuple(names[j] for j in live), arrays.magazines


class _Still:
    """A clock that stands: nobody's course is run."""

    now = 0.0

    def process(self, course: Any) -> None:
        course.close()


def problem_of(battle: Battle, time_s: float) -> tuple[Problem, list[int]]:
    """What a battle has to decide at a moment, and the numbers of the threats in it.

    Rounds on their way lower the value of their threat by what they are expected to kill. A magazine may fire at a
    threat whose window with it has not closed, whether or not it is open yet.
    """
    live = [j for j, threat in enumerate(battle.threats) if _seen(threat, time_s)]
    row = {id(battle.threats[j]): k for k, j in enumerate(live)}
    values = np.array([_value(battle, battle.threats[j], time_s) for j in live])
    kill = np.zeros((len(live), len(battle.magazines)))
    for encounter in battle.encounters:
        k = row.get(id(encounter.threat))
        if k is None or encounter.close_s <= time_s:
            continue
        if encounter.in_flight:
            values[k] *= 1.0 - battle.kill_probability(encounter, encounter.in_flight)
        magazine = battle.magazines[encounter.magazine]
        kind = battle.believed(encounter.threat, time_s)
        if battle.setup.defence.floor[magazine.effector, kind] < NEVER_FIRED:
            kill[k, encounter.magazine] = max(kill[k, encounter.magazine], battle.kill_probability(encounter, 1))
    rounds = np.array([magazine.ready + magazine.reserve for magazine in battle.magazines], np.int64)
    return Problem(values, kill, rounds), live


def _seen(threat: Any, time_s: float) -> bool:
    """Is it in the air, and has it a track?"""
    return threat.fate is None and max(threat.start_s, threat.tracked_s) <= time_s < threat.over_s


def _value(battle: Battle, threat: Any, time_s: float) -> float:
    return float(battle.setup.defence.value_usd[battle.believed(threat, time_s)])


class ExactRule:
    """A rule for the slow twin: the exact assignment of all tracks, solved anew whenever something has changed.

    Each solution begins with the prices of the one before.
    """

    def __init__(self, arrays: ScenarioArrays, *, gap: float = 1e-6, seconds: float = 5.0):
        self.arrays, self.gap, self.seconds = arrays, gap, seconds
        self.row = {name: m for m, name in enumerate(arrays.magazines)}
        self.battle: Battle | None = None
        self.solved: tuple | None = None
        self.prices: np.ndarray | None = None
        self.wanted: dict[tuple[int, int], int] = {}

    def begin(self, battle: Battle) -> None:
        """See the night that it decides on."""
        self.battle, self.solved, self.prices = battle, None, None

    def __call__(self, offers: tuple[Offer, ...], time_s: float) -> Offer | None:
        """The offer that the assignment wants most, if it wants any."""
        state = (time_s, sum(magazine.fired for magazine in self.battle.magazines))
        if state != self.solved:
            self._solve(time_s)
            self.solved = state
        wanted = [one for one in offers if self.wanted.get((one.threat, self.row[one.fire_unit, one.effector]), 0) > 0]
        return max(wanted, key=lambda one: one.kill_probability) if wanted else None

    def _solve(self, time_s: float) -> None:
        problem, live = problem_of(self.battle, time_s)
        self.wanted = {}
        if not live:
            return
        found = solve(problem, self.gap, prices=self.prices, seconds=self.seconds)
        self.prices = found.prices
        for m, k in zip(*np.nonzero(found.assigned), strict=True):
            self.wanted[live[k], int(m)] = int(found.assigned[m, k])


@dataclass(frozen=True)
class Regret:
    """What rules of fire lose against the exact one, on the same luck.

    Attributes
    ----------
    exact
        Believed value of the threats that leaked under the exact rule, US dollars a night.
    more
        Rule -> how much more leaked under it.
    """

    scenario: str
    runs: int
    seed: int
    exact: Figure
    more: dict[str, Figure]

    def as_dict(self) -> dict[str, Any]:
        """The figures by name."""
        more = {name: one.as_dict() for name, one in self.more.items()}
        return {
            "scenario": self.scenario,
            "runs": self.runs,
            "seed": self.seed,
            "exact_usd": self.exact.as_dict(),
            "more_usd": more,
        }

    def summary(self) -> str:
        """The figures for a human."""
        lines = [
            f"{self.scenario}: {self.runs} nights on the slow twin, seed {self.seed}",
            "value that leaked, USD a night",
        ]
        lines.append(f"{'exact':16s} {self.exact}")
        return "\n".join([*lines, *(f"{name:16s} {one} more" for name, one in self.more.items())])


def regret_of(scenario: Scenario, runs: int = 20, *, seed: int = 1) -> Regret:
    """Fight the same nights on the slow twin under each built-in rule and under the exact one.

    A static assignment is not the best policy of a raid that is still coming, so a rule may lose less than nothing.
    """
    if not 2 <= runs <= 10_000:
        raise UsageError("the plan", [Fault("", "runs", f"found {runs}", "give a whole number from 2 to 10,000")])
    scenario.check()
    arrays = scenario_arrays(scenario)
    leaked = {"exact": [_leaked_usd(arrays, seed, run, ExactRule(arrays)) for run in range(runs)]}
    for number, name in enumerate(c.RULES):
        ruled = replace(arrays, setup=arrays.setup._replace(rules=arrays.setup.rules._replace(rule=number)))
        leaked[name] = [_leaked_usd(ruled, seed, run, None) for run in range(runs)]
    exact = np.array(leaked.pop("exact"))
    more = {name: figure(np.array(values) - exact) for name, values in leaked.items()}
    return Regret(scenario.name, runs, seed, figure(exact), more)


def _leaked_usd(arrays: ScenarioArrays, seed: int, run: int, rule: ExactRule | None) -> float:
    """Value of what leaked in one night, by what each threat truly is; decoys are worth nothing."""
    night = fight_slowly(arrays, seed, run, rule)
    kind_of = {name: int(arrays.setup.types.kind[t]) for t, name in enumerate(arrays.types)}
    kinds = [kind_of[threat.type] for threat in night.threats if threat.fate == "leaked"]
    return float(sum(arrays.setup.defence.value_usd[kind] for kind in kinds if kind != c.DECOY))
