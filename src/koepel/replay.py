"""One recorded night as a scenario: what was launched is fixed, the rest is drawn as the scenario draws it.

A record gives counts by type, coarse launch places and a window of time; routes and aim points it does not.
Each type of the night is therefore drawn like the scenario's own groups of that type (else of its class):
their aims, routes, heights and shape of waves, with the recorded number, places and window in place of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

from koepel.catalogue import DATA, Catalogue, CatalogueType
from koepel.errors import Fault, UsageError
from koepel.geo import EARTH_MEAN_RADIUS_M, distance_m
from koepel.raid import Aim, Count, Group, LaunchArea, RaidPattern, Waves
from koepel.records import CLASSES, Night
from koepel.scenario import Scenario
from koepel.tables import read_table

SOURCE = "claim of one belligerent, unverified"
DRONE_WAVE, JETS, DECOY = "shahed-136", "geran-3", "gerbera"
# strike drones were 58-67 % of the waves that give them; used where the scenario has no drones of its own
STRIKE_SHARE = 0.62
LONGEST_WINDOW_S = 2 * 86400.0


@dataclass(frozen=True)
class Part:
    """What a record says of one type, or of the drone wave.

    Parameters
    ----------
    types
        Types that it may hold, with weights for a scenario that has no group of them.
    key
        Its name in the record's launch places and waves.
    counts_as
        Class under which the record counts it, where it came in a bundle.
    """

    types: dict[str, float]
    launched: int
    key: str
    counts_as: str | None = None


@dataclass(frozen=True)
class Window:
    """When a published wave came, seconds after the first of the night."""

    launched: int
    start_s: float
    length_s: float


def replay(scenario: Scenario, night: Night) -> Scenario:
    """The scenario under the raid of a recorded night.

    Counts by type are as recorded, exactly. A drone wave is split into strike drones and decoys by the
    record where it says so, else by the scenario's own shares; a bundle by the scenario's own expectation.
    Where several groups of the scenario fly a type, the recorded number is dealt out as on a night on which
    every group stands at the same quantile of its own law. Launch places are the recorded ones that are
    known and within reach. Drones fill the published window; missiles keep the shape of their waves in it.

    Raises
    ------
    UsageError
        If none of what was launched is in the catalogue, or no launch place is known for some of it.

    Examples
    --------
    >>> from datetime import date
    >>> from koepel.scenario import Scenario
    >>> night = Night(date(2025, 6, 10), {"shahed-136": 315}, {}, {}, {}, ())
    >>> raid = replay(Scenario.read("small-country"), night)
    >>> sum(group.count.fixed for group in raid.pattern.groups)
    315
    """
    parts, _ = parts_of(scenario, night)
    if not parts:
        raise _unusable(night, "nothing that was launched is in the catalogue")
    catalogue = scenario.catalogue()
    areas = {area.name: area for area in scenario.pattern.launch_areas} if scenario.pattern else {}
    groups: list[Group] = []
    for part in parts:
        places = _places(scenario, part, night, catalogue, areas)
        areas |= {place.name: place for place in places}
        groups += _groups(scenario, part, night, [place.name for place in places], catalogue)
    distinct = tuple(group.model_copy(update={"name": name}) for name, group in zip(distinct_names(groups), groups))
    pattern = RaidPattern(launch_areas=tuple(areas.values()), groups=distinct)
    changes = {"name": f"{scenario.name}, night of {night.date}", "raid": None, "pattern": pattern}
    return scenario.replace(changes | types_in_bundles(scenario, parts, catalogue))


def recorded_figures(scenario: Scenario, night: Night) -> dict[str, Any]:
    """What the record says of a night, to stand beside the outcome of its replay.

    Returns
    -------
    dict
        ``night``, ``source``; ``by_class`` with launched, neutralised, undecided, and how many are replayed;
        ``left_out``, what is not replayed and why; ``launch_places_unknown``.
    """
    parts, left_out = parts_of(scenario, night)
    catalogue = scenario.catalogue()
    replayed = dict.fromkeys(CLASSES, 0)
    for part in parts:
        replayed[part.counts_as or class_of(part, catalogue)] += part.launched
    by_class = {}
    for name in CLASSES:
        figures = night.recorded.get(name, {})
        by_class[name] = {key: figures.get(key, 0) for key in ("launched", "neutralised", "undecided")}
        by_class[name]["replayed"] = replayed[name]
    named = dict.fromkeys(place for places in night.launch_places.values() for place in places)
    return {
        "night": str(night.date),
        "source": SOURCE,
        "by_class": by_class,
        "left_out": left_out,
        "launch_places_unknown": [place for place in named if launch_place(place) is None],
    }


@lru_cache(maxsize=1)
def _launch_places() -> dict[str, LaunchArea]:
    """Launch areas by every name that records give them, in small letters."""
    columns = {"name": str, "lat": float, "lon": float, "radius_m": float, "source": str}
    places = {}
    for row in read_table(DATA / "launch_places.csv", required=columns, optional={"aliases": str}):
        area = LaunchArea(name=row["name"], at=(row["lat"], row["lon"]), radius_m=row["radius_m"])
        for name in (row["name"], *(row["aliases"] or "").split("|")):
            places[name.lower()] = area
    return places


def launch_place(name: str) -> LaunchArea | None:
    """The launch area that a record names; None where it is not known.

    Of ``Hvardiiske, Crimea`` the first part that is known counts.

    Examples
    --------
    >>> launch_place("Saratov oblast, Engels-2").name, launch_place("south-east")
    ('Saratov oblast', None)
    """
    known = _launch_places()
    words = [name, *name.split(",")]
    found = (known.get(word.strip().removeprefix("and ").lower()) for word in words)
    return next((area for area in found if area), None)


def _unusable(night: Night, found: str) -> UsageError:
    mend = "choose another night, or a scenario with a raid pattern of its own"
    return UsageError(f"the night of {night.date}", [Fault("", "night", found, mend)])


def class_of(part: Part, catalogue: Catalogue) -> str:
    """Reporting class of the types of a part."""
    return catalogue.threats[next(iter(part.types))].word("class")


def parts_of(scenario: Scenario, night: Night) -> tuple[list[Part], list[dict[str, Any]]]:
    """What can be replayed, and what is left out."""
    catalogue = scenario.catalogue()
    expected = _expected(scenario)
    parts, left_out = [], []
    for kind, launched in night.counts.items():
        if kind not in catalogue.threats:
            left_out.append({"type": kind, "launched": launched, "why": "no type of the catalogue"})
        elif kind == DRONE_WAVE:
            parts += _drones(night, launched, expected, catalogue)
        else:
            parts += _one_type(night, kind, launched, catalogue)
    for types, launched in night.bundles.items():
        known = [kind for kind in types if kind in catalogue.threats]
        key = "+".join(types)
        for kind in (kind for kind in types if kind not in known):
            told = None if known else launched  # the bundle says how many it holds, not how many of each
            left_out.append({"type": kind, "launched": told, "why": f"no type of the catalogue; part of {key}"})
        weights = [expected.get(kind, 0.0) for kind in known]
        weights = weights if all(weights) else [1.0] * len(known)
        counts_as = _class_of_bundle(known, catalogue)
        for kind, number in zip(known, _dealt(launched, weights), strict=True):
            parts.append(Part({kind: 1.0}, number, key, counts_as))
    return [part for part in parts if part.launched > 0], left_out


def _one_type(night: Night, kind: str, launched: int, catalogue: Catalogue) -> Iterator[Part]:
    """One type: what came alone, and what a bundle told apart, which counts in the bundle's class."""
    bundles = [types for types, *_ in night.waves if "+" in types and kind in types.split("+")]
    alone = sum(number for types, _, _, number in night.waves if types == kind) if bundles else launched
    alone = min(alone, launched)
    yield Part({kind: 1.0}, alone, kind)
    if launched > alone:
        yield Part({kind: 1.0}, launched - alone, kind, _class_of_bundle(bundles[0].split("+"), catalogue))


def _class_of_bundle(types: list[str], catalogue: Catalogue) -> str:
    """The class under which records count a bundle: see docs/how-to/records.md."""
    classes = {catalogue.threats[kind].word("class") for kind in types if kind in catalogue.threats}
    for name in ("drone", "ballistic"):
        if name in classes:
            return name
    if "supersonic" in classes:
        return "supersonic" if len(classes) == 1 else "other"
    return "cruise" if "cruise" in classes else "other"


def _drones(night: Night, launched: int, expected: dict[str, float], catalogue: Catalogue) -> Iterator[Part]:
    """The drone wave: strike drones and decoys apart where the record says how many."""
    jets = night.counts.get(JETS, 0)
    own = {
        kind: number
        for kind, number in expected.items()
        if catalogue.threats[kind].word("class") == "drone" and not (jets and kind == JETS)
    }
    if night.strike is None:
        yield Part(own or {DRONE_WAVE: STRIKE_SHARE, DECOY: 1 - STRIKE_SHARE}, launched, DRONE_WAVE)
        return
    strike = min(max(night.strike - jets, 0), launched)
    decoys = {kind: number for kind, number in own.items() if catalogue.threats[kind].word("kind") == "decoy"}
    drones = {kind: number for kind, number in own.items() if kind not in decoys}
    yield Part(drones or {DRONE_WAVE: 1.0}, strike, DRONE_WAVE)
    yield Part(decoys or {DECOY: 1.0}, launched - strike, DRONE_WAVE)


def _number(count: Count, quantile: float) -> float:
    """How many a group holds on a night at some quantile of its law; not rounded."""
    if count.fixed is not None:
        return float(count.fixed)
    if quantile <= 1 - count.chance:
        return 0.0
    share = min(max((quantile - (1 - count.chance)) / count.chance, 1e-9), 1 - 1e-9)
    return min(count.median * math.exp(count.spread * NormalDist().inv_cdf(share)), count.most)


def _expected(scenario: Scenario) -> dict[str, float]:
    """Expected number a night of each type that the scenario's pattern flies."""
    expected: dict[str, float] = {}
    for group in scenario.pattern.groups if scenario.pattern else ():
        count, total = group.count, sum(group.types.values())
        mean = count.chance * count.median * math.exp(count.spread**2 / 2) if count.fixed is None else count.fixed
        for kind, weight in group.types.items():
            expected[kind] = expected.get(kind, 0.0) + mean * weight / total
    return {kind: number for kind, number in expected.items() if number > 0}


def _dealt(total: int, weights: list[float]) -> list[int]:
    """A total dealt out by weights in whole numbers: largest remainders first.

    Examples
    --------
    >>> _dealt(10, [1.0, 1.0, 1.0])
    [4, 3, 3]
    """
    if not sum(weights):
        weights = [1.0] * len(weights)
    exact = [total * weight / sum(weights) for weight in weights]
    whole = [math.floor(number) for number in exact]
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole


def shared_out(launched: int, groups: list[Group], shares: list[float]) -> list[int]:
    """The number dealt out to groups as on a night on which all stand at the same quantile of their laws.

    Parameters
    ----------
    shares
        Share of each group that counts, 0 to 1.
    """

    def numbers(quantile: float) -> list[float]:
        return [_number(group.count, quantile) * share for group, share in zip(groups, shares, strict=True)]

    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sum(numbers(middle)) < launched else (low, middle)
    return _dealt(launched, numbers(high))


def models_of(scenario: Scenario, part: Part, catalogue: Catalogue) -> tuple[list[Group], list[dict[str, float]]]:
    """The scenario's groups that a part is drawn like, and the types that each then flies."""
    groups = scenario.pattern.groups if scenario.pattern else ()
    flown = [{kind: w for kind, w in group.types.items() if kind in part.types and w > 0} for group in groups]
    models = [(group, types) for group, types in zip(groups, flown, strict=True) if types]
    if not models:
        wanted = part.counts_as or class_of(part, catalogue)
        same = [g for g in groups if any(catalogue.threats[kind].word("class") == wanted for kind in g.types)]
        same = [group.model_copy(update={"types": part.types}) for group in same]
        models = [(group, part.types) for group in same or [_bare(scenario, part, catalogue)]]
    return [group for group, _ in models], [types for _, types in models]


def _bare(scenario: Scenario, part: Part, catalogue: Catalogue) -> Group:
    """A group for a type whose class the scenario does not fly: from any area in reach, or else the nearest."""
    reach_m = _reach_m(part, catalogue)
    areas = scenario.pattern.launch_areas if scenario.pattern else ()
    away_m = {area.name: _nearest_m(scenario, area) for area in areas}
    near = [name for name, distance in away_m.items() if distance <= reach_m] or sorted(away_m, key=away_m.get)[:1]
    aim = Aim(reach_m=reach_m / 2)
    return Group(
        name=part.key, types=part.types, count=Count(fixed=0), aim=aim, launch=dict.fromkeys(near or [""], 1.0)
    )


def _groups(scenario: Scenario, part: Part, night: Night, places: list[str], catalogue: Catalogue) -> Iterator[Group]:
    """Groups of fixed numbers that fly one part: one for each window and each group that it is drawn like."""
    models, flown = models_of(scenario, part, catalogue)
    shares = [sum(types.values()) / sum(group.types.values()) for group, types in zip(models, flown, strict=True)]
    windows = _windows(night, part)
    of_window = _dealt(part.launched, [window.launched for window in windows])
    for window, launched in zip(windows, of_window, strict=True):
        numbers = shared_out(launched, models, shares)
        for model, types, number in zip(models, flown, numbers, strict=True):
            if not number:
                continue
            if not places and "" in model.launch:
                raise _unusable(night, f"no launch place is known for {part.key!r}")
            named = {renamed(kind, part, catalogue): weight for kind, weight in types.items()}
            yield model.model_copy(
                update={
                    "name": f"{model.name}: {', '.join(named)}",
                    "types": named,
                    "count": Count(fixed=number),
                    "launch": dict.fromkeys(places, 1.0) if places else model.launch,
                    "waves": _waves(model.waves, window, fill="drone" == class_of(part, catalogue)),
                }
            )


def distinct_names(groups: list[Group]) -> Iterator[str]:
    """Names of the groups, each once: the luck of a group is drawn by its name."""
    count: dict[str, int] = {}
    for group in groups:
        count[group.name] = count.get(group.name, 0) + 1
        yield group.name if count[group.name] == 1 else f"{group.name} ({count[group.name]})"


def _windows(night: Night, part: Part) -> list[Window]:
    """The published waves in which a part came; one without length where none is published."""
    first = min((start for _, start, _, _ in night.waves), default=None)
    key = DRONE_WAVE if part.key == JETS and not any(kind == JETS for kind, *_ in night.waves) else part.key
    waves = [wave for wave in night.waves if wave[0] == key]
    waves = waves or [wave for wave in night.waves if key in wave[0].split("+")]
    windows = []
    for _, start, end, launched in waves:
        start_s = min((start - first).total_seconds(), LONGEST_WINDOW_S)
        length_s = min(max((end - start).total_seconds(), 0.0), LONGEST_WINDOW_S)
        windows.append(Window(launched, start_s, length_s))
    return windows or [Window(part.launched, 0.0, 0.0)]


def _waves(own: Waves, window: Window, *, fill: bool) -> Waves:
    """A group's waves, fitted into the published window; as they are where no length is published.

    Parameters
    ----------
    fill
        Stretch them over the whole window; else they are only shortened where they do not fit.
    """
    if not window.length_s:
        return own
    span_s = (own.count - 1) * own.every_s + own.spread_s
    if fill and not span_s:
        return Waves(start_s=window.start_s, spread_s=window.length_s, together=own.together)
    factor = window.length_s / span_s if span_s else 1.0
    factor = factor if fill else min(factor, 1.0)
    late_s = 0.0 if fill else min(own.start_s, window.length_s - factor * span_s)
    every_s, spread_s = factor * own.every_s, factor * own.spread_s
    timed = {"start_s": window.start_s + late_s, "every_s": every_s, "spread_s": spread_s}
    return own.model_copy(update=timed)


def _places(
    scenario: Scenario, part: Part, night: Night, catalogue: Catalogue, areas: dict[str, LaunchArea]
) -> list[LaunchArea]:
    """The recorded launch places of a part that are known and near enough for its types."""
    names = [*night.launch_places.get(part.key, ())]
    if part.key == JETS:
        names = names or [*night.launch_places.get(DRONE_WAVE, ())]
    for kind in part.types if "+" in part.key else ():
        names += night.launch_places.get(kind, ())
    found = {area.name: areas.get(area.name, area) for area in map(launch_place, names) if area}
    return [area for area in found.values() if _nearest_m(scenario, area) <= _reach_m(part, catalogue)]


def _reach_m(part: Part, catalogue: Catalogue) -> float:
    return max(catalogue.threats[kind].figure("reach_m").high for kind in part.types)


def _nearest_m(scenario: Scenario, area: LaunchArea) -> float:
    """Distance from the rim of an area to the nearest settlement; 0 where there is none, or it lies inside."""
    settled = [settlement.at for settlement in scenario.settlements]
    if not settled:
        return 0.0
    return max(float(distance_m(area.at, settled, EARTH_MEAN_RADIUS_M).min()) - area.radius_m, 0.0)


def renamed(kind: str, part: Part, catalogue: Catalogue) -> str:
    """The type, or its twin that counts in the class of the bundle it came in."""
    differs = part.counts_as not in (None, catalogue.threats[kind].word("class"))
    return f"{kind}-in-{part.counts_as}-bundle" if differs else kind


def types_in_bundles(scenario: Scenario, parts: list[Part], catalogue: Catalogue) -> dict[str, Any]:
    """Twins of types that records count in the class of their bundle, for `Scenario.replace`."""
    twins = {}
    for part in parts:
        for kind in part.types:
            name = renamed(kind, part, catalogue)
            if name != kind:
                twins[name] = _twin(catalogue.threats[kind], str(part.counts_as))
    return {"types.threats": scenario.types.threats | twins} if twins else {}


def _twin(kind: CatalogueType, counts_as: str) -> dict[str, Any]:
    """All attributes of a type, with another reporting class."""
    figures = {
        name: {"low": figure.low, "high": figure.high, "source": figure.source} for name, figure in kind.figures.items()
    }
    return {**kind.words, **figures, "class": counts_as}
