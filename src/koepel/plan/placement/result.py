"""A placement as it is handed over: where each unit goes, what that is worth, how sure it is, and what binds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from koepel.errors import UsageError
from koepel.outcome import Figure
from koepel.plan.placement.trial import Improvement, gains, moved
from koepel.scenario import Scenario
from koepel.simulate import Comparison, compare

Position = tuple[float, float]
INVENTED = "invented"  # what the notional line of a scenario says whose places may be printed


@dataclass(frozen=True)
class PlacementPlan:
    """Where to put fire units.

    Shares are of the harm of all drawn routes; where the worst case was asked for, value, bound and gap are those of
    the pattern that is covered worst.

    Attributes
    ----------
    positions
        Latitude and longitude of each unit that might move, by its name.
    moves
        Names of those that do.
    value, bound, gap
        Share of the harm that coverage averts, before any move against the simulator; what no placement on these sites
        exceeds; and how far that is above the value, as a share of it.
    optimal
        Whether the gap is as small as was asked for.
    today, fresh
        Share averted where the units stand now; and by the plan on other drawn routes.
    by_pattern
        Share averted by pattern: ``plan`` and ``today``.
    price
        Worst case of the plan for the expected raid less that of this one, where the worst case was asked for: what
        ignoring it would cost.
    binds
        What holds the value down, in words.
    one_more
        Share that one more unit of each kind would add, at its best site.
    improvement
        Moves of single units against the simulator, where asked for.
    simulated
        The plan less today, fought on the same luck and fresh seeds; None until `fought`.
    """

    scenario: str
    digest: str
    seed: int
    worst_case: bool
    positions: dict[str, Position]
    moves: tuple[str, ...]
    value: float
    bound: float
    gap: float
    optimal: bool
    today: float
    fresh: float
    by_pattern: dict[str, dict[str, float]]
    one_more: dict[str, float]
    harm: float
    n_units: int
    n_sites: int
    n_cells: int
    seconds: float
    places_invented: bool
    price: float | None = None
    binds: tuple[str, ...] = ()
    improvement: Improvement | None = None
    simulated: Comparison | None = field(default=None, repr=False)

    def apply(self, scenario: Scenario) -> Scenario:
        """The scenario with its fire units where the plan puts them, and nothing else changed.

        Raises
        ------
        UsageError
            If it lacks a unit of the plan.
        """
        lacking = sorted(set(self.positions) - {unit.name for unit in scenario.defence.fire_units})
        if lacking:
            raise UsageError(f"the plan: {scenario.name} has no fire unit {lacking[0]!r}; give the scenario it is of")
        return moved(scenario, {name: self.positions[name] for name in self.moves})

    def fight(self, scenario: Scenario, runs: int = 1000, *, seed: int, **options) -> Comparison:
        """The scenario with the plan less the scenario as it is, on the same luck; see `koepel.simulate.compare`."""
        return compare(scenario, self.apply(scenario), runs, seed=seed, **options)

    def gains(self) -> dict[str, Figure]:
        """Leakers, people exposed, impacts and defender's cost a night: plan less today, as simulated."""
        return gains(self.simulated) if self.simulated else {}

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain data, positions included."""
        plain = ("scenario", "digest", "seed", "worst_case", "value", "bound", "gap", "optimal", "today",
                 "fresh", "by_pattern", "price", "one_more", "harm", "n_units", "n_sites", "n_cells",
                 "seconds")  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "moves": list(self.moves),
            "binds": list(self.binds),
            "positions": {name: list(at) for name, at in self.positions.items()},
            "improvement": self.improvement.as_dict() if self.improvement else None,
            "promised": self.promised(),
            "simulated": self._simulated(),
        }

    def promised(self) -> dict[str, float]:
        """People exposed in a night by coverage alone: today, with the plan, and the difference."""
        plan = self.by_pattern[next(iter(self.by_pattern))]["plan"]
        today, planned = (self.harm * (1 - share) for share in (self.today, plan))
        return {"today": today, "plan": planned, "difference": planned - today}

    def _simulated(self) -> dict[str, Any] | None:
        if self.simulated is None:
            return None
        a, b = self.simulated.a, self.simulated.b
        return {
            "seed": a.seed,
            "runs": a.runs,
            "today": {name: a.figure(name).as_dict() for name in ("leaked", "exposed")},
            "plan": {name: b.figure(name).as_dict() for name in ("leaked", "exposed")},
            "differences": {name: one.as_dict() for name, one in self.gains().items()},
        }

    def summary(self) -> str:
        """The plan for a human; places only where the scenario says that they are invented."""
        scope = "in the worst of the patterns" if self.worst_case else "as the raids are expected"
        lines = [
            f"{self.scenario}: {self.n_units} fire units on {self.n_sites} sites, {self.n_cells:,} drawn routes",
            f"{len(self.moves)} units move; harm averted {scope}: {_share(self.value)} of it",
            f"no placement averts more than {_share(self.bound)} (gap {_share(self.gap)})"
            + ("" if self.optimal else ", more than was asked for"),
            f"as expected: {_share(self.today)} today, {_share(self._expected())} with the plan, "
            f"{_share(self.fresh)} on other routes",
        ]
        lines += self._worst_lines() + self._improvement_lines() + self._simulated_lines()
        lines += [f"binds: {word}" for word in self.binds]
        if self.places_invented:
            lines += ["", *(f"  {name:24s} {at[0]:9.3f} {at[1]:9.3f}" for name, at in self.positions.items())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows: the plan's worth, what binds, and places only where they are invented."""
        from koepel import sketch

        rows = [
            ("harm averted today", _share(self.today)),
            ("harm averted by the plan", _share(self._expected())),
            ("on other drawn routes", _share(self.fresh)),
            ("no placement averts more than", _share(self.bound)),
            ("units that move", len(self.moves)),
        ]
        rows += [(f"{name.replace('_', ' ')}, plan less today, fought", str(one)) for name, one in self.gains().items()]
        places = []
        if self.places_invented:
            moved = set(self.moves)
            told = [(name, *at, "moves" if name in moved else "stays") for name, at in self.positions.items()]
            places = [
                sketch.table(["fire unit", "latitude", "longitude", ""], told),
                sketch.country([(name, at, 0.0) for name, at in self.positions.items()], label="where fire units go"),
            ]
        lead = f"{self.n_units} fire units on {self.n_sites} sites"
        note = f"Binds: {'; '.join(self.binds)}" if self.binds else ""
        return sketch.card(self.scenario, sketch.table(["", ""], rows), *places, lead=lead, note=note)

    def _expected(self) -> float:
        return next(iter(self.by_pattern.values()))["plan"]

    def _worst_lines(self) -> list[str]:
        if len(self.by_pattern) < 2:
            return []
        worst = min(self.by_pattern, key=lambda name: self.by_pattern[name]["plan"])
        name = f", {worst}" if self.places_invented else ""
        found = f"in the worst of {len(self.by_pattern)} patterns{name}: {_share(self.by_pattern[worst]['plan'])}"
        return [found if self.price is None else f"{found}; ignoring the worst case would cost {_share(self.price)}"]

    def _improvement_lines(self) -> list[str]:
        if self.improvement is None:
            return []
        tried = self.improvement
        return [
            f"of {tried.tries} single moves fought on {tried.runs} nights, {tried.accepted} proved better and are made"
        ]

    def _simulated_lines(self) -> list[str]:
        if self.simulated is None:
            return []
        shown = {"leaked": "leakers", "exposed": "people exposed"}
        lines = [f"fought on {self.simulated.a.runs:,} nights of fresh seeds, a night with the plan less one without:"]
        lines += [f"  {word:16s} {self.gains()[name]}" for name, word in shown.items()]
        return [*lines, f"  {'promised':16s} {self.promised()['difference']:,.4g} people exposed, by coverage alone"]


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"
