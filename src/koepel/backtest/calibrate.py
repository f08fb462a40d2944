"""A scenario with its intervals narrowed to what the recorded nights up to a date allow."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from koepel.backtest.particles import Cloud
from koepel.backtest.simulated import HISTORY_D, Fitted, fit_response, follow
from koepel.backtest.unknowns import Unknown
from koepel.errors import Fault, UsageError
from koepel.records import Records
from koepel.scenario import Scenario
from koepel.units import to_base

# Choosing particles hundreds of times lets a cloud wander in what the nights do not tell. Clouds on luck of their own
# wander apart, so together they are as wide as they should be.
CLOUDS, PARTICLES_EACH = 8, 1500
MOST_SEED = 10**12 - 1  # each day of a backtest has a million of seeds behind its own
IDENTIFIED = 0.7  # of its spread before; a family on which no night bears came out at 0.77
SECTIONS = {
    "observation": ("unreported", "decoys_counted", "fallen_counted"),
    "doubt": ("night_sd", "missiles_night_sd", "month_sd"),
}


@dataclass(frozen=True)
class Family:
    """What the nights say of one family of figures.

    Parameters
    ----------
    low, mean, high
        Its place in the prior intervals, 0 to 1: the 5 and 95 % quantiles, and the mean.
    spread
        Standard deviation behind the normal distribution function, of all clouds together; 1 before any night.
    """

    name: str
    classes: tuple[str, ...]
    figures: int
    low: float
    mean: float
    high: float
    spread: float

    @property
    def identified(self) -> bool:
        """Whether the nights narrowed it."""
        return self.spread < IDENTIFIED

    def as_dict(self) -> dict[str, Any]:
        """The numbers by name."""
        return {**self.__dict__, "classes": list(self.classes), "identified": self.identified}


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fitted scenario, and how it was fitted.

    Attributes
    ----------
    scenario
        With the fitted intervals, each with its provenance; figures that were not identified keep theirs.
    nights
        Recorded nights that were weighed.
    """

    scenario: Scenario
    families: tuple[Family, ...]
    until: date
    nights: int
    file: str
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """All but the scenario, ready for JSON."""
        return {
            "scenario": self.scenario.name,
            "records": self.file,
            "until": str(self.until),
            "nights": self.nights,
            "seed": self.seed,
            "families": [one.as_dict() for one in self.families],
            "not_identified": [one.name for one in self.families if not one.identified],
        }

    def summary(self) -> str:
        """The families for a human."""
        lines = [
            f"{self.scenario.name}: {self.nights} nights of {self.file}, seed {self.seed}",
            "place of each family in the intervals it had: 0 at their low ends, 1 at their high ends",
            "",
            *(
                f"{one.name:45s} {one.mean:.2f} ({one.low:.2f} to {one.high:.2f})"
                + ("" if one.identified else "  not identified by these nights")
                for one in self.families
            ),
        ]
        return "\n".join(lines)


def calibrate(
    scenario: Scenario, records: Records, until: date | str, *, seed: int = 0, workers: int | None = None
) -> Calibration:
    """Fit the uncertain parts of a scenario to the recorded nights up to a date.

    The prior is the scenario's own intervals. The places of the families are followed by a cloud of particles over the
    last 540 days (`koepel.backtest.particles`); the fitted interval of each figure holds the central nine tenths.

    Raises
    ------
    UsageError
        Where no recorded night lies in those days, or the scenario draws no raids.
    """
    last = day_of(until, "until")
    first = last - pd.Timedelta(days=HISTORY_D)
    rows = records.rows
    rows = rows[(rows.night >= first) & (rows.night <= last)]
    check_fittable(scenario, rows, str(last.date()), seed)
    fitted = fit_response(scenario, replace(records, rows=rows), seed=seed, workers=workers)
    families = families_after(fitted, last)
    narrowed = scenario.replace(dict(_changes(fitted, scenario, families, last.date())))
    return Calibration(narrowed, families, last.date(), rows.night.nunique(), records.file, seed)


def day_of(given: date | str, name: str) -> pd.Timestamp:
    """The day that a user gave: a date, or a text of the one form that is a day to everyone."""
    try:
        day = datetime.strptime(given, "%Y-%m-%d") if isinstance(given, str) else given
        return pd.Timestamp(day.year, day.month, day.day)
    except (ValueError, TypeError, AttributeError):
        raise UsageError("the dates", [Fault("", name, f"found {given!r}", "write it as YYYY-MM-DD")]) from None


def check_fittable(scenario: Scenario, rows: pd.DataFrame, until: str, seed: int) -> None:
    """Refuse what cannot be fitted, before the long work begins."""
    faults = []
    if not 0 <= seed <= MOST_SEED:
        faults.append(Fault("", "seed", f"found {seed}", f"give a whole number from 0 to {MOST_SEED:,}"))
    if scenario.pattern is None:
        faults.append(Fault("", "scenario", "it has no raid pattern", "give a scenario that draws its raids"))
    if rows.empty:
        mend = "choose a later date; 'koepel records FILE' prints the nights that there are"
        faults.append(Fault("", "until", f"no recorded night in the {HISTORY_D} days before {until}", mend))
    if faults:
        raise UsageError("the fit", faults)


def families_after(fitted: Fitted, last: pd.Timestamp) -> tuple[Family, ...]:
    """What the last 540 days up to a night say of each family: several clouds on luck of their own, put together."""

    def followed(turn: int) -> np.ndarray:
        cloud = Cloud(fitted.unknowns, particles=PARTICLES_EACH, seed=1000 * (fitted.seed + 1) + turn)
        follow(fitted, cloud, last - pd.Timedelta(days=HISTORY_D), last)
        return cloud.normal[cloud.drawn(PARTICLES_EACH)]

    _ = fitted.seen  # read before the threads start: else each of them reads it
    with ThreadPoolExecutor(fitted.workers) as pool:
        normal = np.concatenate(list(pool.map(followed, range(CLOUDS))))
    low, high = np.quantile(ndtr(normal), [0.05, 0.95], axis=0)
    mean, spread = ndtr(normal).mean(axis=0), normal.std(axis=0)
    return tuple(
        Family(one.name, one.classes, len(one.rows), *(float(x[k]) for x in (low, mean, high, spread)))
        for k, one in enumerate(fitted.unknowns)
    )


def _changes(
    fitted: Fitted, scenario: Scenario, families: tuple[Family, ...], until: date
) -> Iterator[tuple[str, Any]]:
    """Paths of the scenario and what to set there."""
    types: dict[str, dict[str, dict[str, Any]]] = scenario.types.model_dump()
    for unknown, family in zip(fitted.unknowns, families, strict=True):
        for row in (row for row in unknown.rows if family.identified and _written(fitted, scenario, int(row))):
            path, interval = _narrowed(fitted, unknown, family, int(row), until)
            if path[0] != "types":
                yield ".".join(path), interval
            elif path[2] in getattr(fitted.stage.catalogue, path[1]):
                own = types[path[1]].get(path[2], {})
                kept = {key: value for key, value in own.items() if to_base(key)[0] != path[3]}
                types[path[1]][path[2]] = kept | {path[3]: interval}
    yield "name", f"{scenario.name}, fitted to {until}"
    for table, own in types.items():
        if own:
            yield f"types.{table}", own


def _written(fitted: Fitted, scenario: Scenario, row: int) -> bool:
    """Whether a figure stands in the scenario: not that of a near part flown by types that are not its group's own.

    These only fly like the group, as its missiles in a bundle that counts in another class do; what the nights say
    of them is not said of the group.
    """
    figure = fitted.stage.arrays.figures[row]
    table, _, rest = figure.partition(".")
    if table != "near":
        return True
    flown = next(group.types for group in fitted.stage.groups if group.name == rest.rpartition(".")[0])
    own = {f"groups[{group.name}]": group.types for group in scenario.pattern.groups}
    return flown.keys() <= own[path_of(figure)[1]].keys()


def _narrowed(fitted: Fitted, unknown: Unknown, family: Family, row: int, until: date) -> tuple[tuple[str, ...], dict]:
    """Where a figure stands in the scenario, and its fitted interval with its provenance."""
    figures = fitted.stage.arrays.setup.figures
    low, high = float(figures.low[row]), float(figures.high[row])
    source = (
        f"fitted to {fitted.records.file or 'records'} until {until} as part of '{unknown.name}'; "
        f"before {low:.6g} to {high:.6g}"
    )
    interval = {"low": low + family.low * (high - low), "high": low + family.high * (high - low), "source": source}
    return path_of(fitted.stage.arrays.figures[row]), interval


def path_of(figure: str) -> tuple[str, ...]:
    """Where a figure of the flat vector stands in a scenario.

    Examples
    --------
    >>> path_of("effectors.gem-t.pk_cruise"), path_of("near.drones: shahed-136.share")
    (('types', 'effectors', 'gem-t', 'pk_cruise'), ('pattern', 'groups[drones]', 'near', 'share'))
    >>> path_of("general.unreported")
    ('observation', 'unreported')
    """
    table, *name, column = figure.split(".")
    if table == "near":
        return "pattern", f"groups[{'.'.join(name).rpartition(': ')[0]}]", "near", column
    if table == "general":
        return next(section for section, columns in SECTIONS.items() if column in columns), column
    return "types", table, ".".join(name), column
