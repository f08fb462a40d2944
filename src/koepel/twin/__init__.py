"""A slow, readable twin of one night, written with SimPy processes and plain objects.

The compiled kernel is fast and hard to read; this is the same model written a second time from its rules in
words, and the two must agree draw for draw. It also runs a user's own assignment rule, a Python callable.

`draw` draws the figures and the raid, `picture` finds what each threat passes and who sees it, `battle`
fights. Only scalar functions are shared with the kernel: chance by counter, the sphere, and the time of
flight, each tested by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from koepel._kernel import chance
from koepel._kernel import columns as c
from koepel.arrays import ScenarioArrays
from koepel.errors import UsageError
from koepel.twin.battle import Battle, BuiltInRule, Offer, OwnRule, Rule, SlowMagazine, SlowUnit
from koepel.twin.draw import SlowThreat, Tonight, draw_night, draw_raid
from koepel.twin.picture import (
    Encounter,
    alarms_of,
    encounters_of,
    ends_by_itself,
    joined,
    shared_picture,
    tracks_of,
    windows_of,
)

__all__ = ["Dusk", "Offer", "Rule", "SlowFate", "SlowNight", "at_dusk", "fight_slowly"]


@dataclass(frozen=True)
class SlowFate:
    """How one threat ended.

    Parameters
    ----------
    by
        Number of the magazine that killed it.
    tracked_s
        When the shared picture first held it.
    tracks
        Sensor, start and end of each track of it.
    """

    type: str
    fate: str
    end_s: float
    by: int | None
    tracked_s: float
    tracks: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class SlowNight:
    """One night as the twin fought it.

    Parameters
    ----------
    threats
        In the order of the kernel: given routes, then group by group.
    ready, stock, fired, left, kills
        Rounds ready at dusk, those and the reserve, fired, and left; and threats killed, by magazine.
    alarms
        Start and end of each alarm, by zone.
    attacker_usd, defender_usd
        What the threats and the rounds fired cost, at tonight's prices.
    """

    threats: tuple[SlowFate, ...]
    ready: tuple[int, ...]
    stock: tuple[int, ...]
    fired: tuple[int, ...]
    left: tuple[int, ...]
    kills: tuple[int, ...]
    alarms: tuple[tuple[tuple[float, float], ...], ...]
    attacker_usd: float
    defender_usd: float
    n_encounters: int


def fight_slowly(arrays: ScenarioArrays, seed: int, run: int, rule: Rule | None = None) -> SlowNight:
    """Fight one run slowly.

    Parameters
    ----------
    rule
        Your own assignment rule in place of the scenario's. It is called with all salvos that could be fired
        at one threat by units that share its track, or by one unit that has a free channel, and with the
        time; it returns one of them, or ``None`` to hold fire. A unit that does not share the track asks it
        for its own salvo alone. Under plain rules no rule is asked.

    Raises
    ------
    UsageError
        Where SimPy is not installed.

    Examples
    --------
    >>> from koepel.arrays import scenario_arrays
    >>> from koepel.scenario import Scenario
    >>> arrays = scenario_arrays(Scenario.read("small-country"))
    >>> def surest(offers, time_s):
    ...     return max(offers, key=lambda offer: offer.kill_probability)
    >>> night = fight_slowly(arrays, seed=1, run=0, rule=surest)
    >>> all(fired + left == stock for fired, left, stock in zip(night.fired, night.left, night.stock))
    True
    """
    simpy = _simpy()
    dusk = at_dusk(arrays, seed, run)
    first_s = min([t.over_s for t in dusk.threats] + [e.open_s for e in dusk.encounters], default=0.0)
    environment = simpy.Environment(initial_time=first_s)
    chosen = OwnRule(rule) if rule else BuiltInRule(arrays.setup.rules.rule, arrays.setup.rules.sufficient)
    battle = Battle(
        environment, arrays, dusk.tonight, dusk.threats, dusk.encounters, dusk.units, dusk.magazines, chosen
    )  # fmt: skip
    chosen.begin(battle)
    environment.run()
    return _told(arrays, dusk)


@dataclass(frozen=True, eq=False)
class Dusk:
    """A night before its first shot: who comes, what is seen of them, who could meet them, and with what.

    Parameters
    ----------
    alarms
        Threat, zone, start and end of each.
    """

    tonight: Tonight
    threats: list[SlowThreat]
    tracks: list
    encounters: list[Encounter]
    alarms: list[tuple]
    units: list[SlowUnit]
    magazines: list[SlowMagazine]


def at_dusk(arrays: ScenarioArrays, seed: int, run: int) -> Dusk:
    """Draw one run, and all that does not depend on who fires."""
    setup = arrays.setup
    tonight = draw_night(setup, seed, run)
    units, unit_up = _units(setup, tonight)
    magazines = _magazines(setup, tonight)
    sensor_up = [
        tonight.luck.one(key, chance.SITE_UP) < tonight.sensors[row]["availability"]
        for key, row in zip(setup.defence.sensor_key, setup.defence.sensor_row, strict=True)
    ]
    threats = draw_raid(setup, tonight)
    encounters, alarms, tracks = [], [], []
    for threat in threats:
        windows = windows_of(threat, setup, tonight)
        tracks.append([] if setup.rules.plain else tracks_of(threat, windows, setup, tonight, sensor_up))
        shared = shared_picture(tracks[-1])
        if not setup.rules.plain:
            ends_by_itself(threat, windows, setup, tonight, unit_up)
            threat.tracked_s = shared[0][0] if shared else threat.tracked_s
        encounters += encounters_of(threat, windows, tracks[-1], shared, setup, tonight, unit_up)
        alarms += [(threat, *alarm) for alarm in alarms_of(windows, shared, setup)]
    return Dusk(tonight, threats, tracks, encounters, alarms, units, magazines)


def _simpy():
    try:
        import simpy
    except ImportError:
        raise UsageError("the slow twin needs SimPy: pip install 'koepel[twin]'") from None
    return simpy


def _units(setup, tonight: Tonight) -> tuple[list[SlowUnit], list[bool]]:
    """Fire units at dusk, and which of them are in service."""
    defence, units, up = setup.defence, [], []
    for u, row in enumerate(defence.unit_row):
        figures = tonight.units[row]
        place = tuple(map(float, defence.unit_xyz[u]))
        units.append(SlowUnit(place, figures, _whole(figures["channels"]), bool(defence.unit_moves[u])))
        in_service = tonight.luck.one(defence.unit_key[u], chance.SITE_UP) < figures["availability"]
        up.append(setup.rules.plain or in_service)
    return units, up


def _magazines(setup, tonight: Tonight) -> list[SlowMagazine]:
    """Magazines at dusk: rounds, and how well each does tonight."""
    defence, plain, magazines = setup.defence, setup.rules.plain, []
    for m, row in enumerate(defence.magazine_row):
        rounds, effector = tonight.magazines[row], int(defence.magazine_effector[m])
        figures = tonight.effectors[effector]
        key = int(defence.magazine_key[m])
        shock = 0.0 if plain else figures["site_night_sd"] * tonight.luck.normal(key, chance.SITE_SHOCK)
        ready, reserve = _whole(rounds["ready"]), 0 if plain else _whole(rounds["reserve"])
        if not ready:  # what is only in reserve is loaded before dusk
            ready, reserve = reserve, 0
        factor = figures["bad_weather_factor"] if tonight.bad_weather else 1.0
        unit = int(defence.magazine_unit[m])
        magazines.append(SlowMagazine(key, unit, effector, figures, ready, reserve, factor, shock))
    return magazines


def _whole(figure: float) -> int:
    """A drawn count, to the nearest whole."""
    return int(figure + 0.5)


def _told(arrays: ScenarioArrays, dusk: Dusk) -> SlowNight:
    tonight, threats, magazines = dusk.tonight, dusk.threats, dusk.magazines
    hold_s = tonight.general[0]["alarm_hold_s"]
    by_zone = [[] for _ in arrays.zones]
    for threat, zone, start_s, end_s in dusk.alarms:
        if min(end_s, threat.end_s) > start_s:
            by_zone[zone].append((start_s, min(end_s, threat.end_s) + hold_s))
    fates = []
    for t, own in zip(threats, dusk.tracks, strict=True):
        spans = tuple((track.sensor, track.start_s, track.end_s) for track in own)
        fates.append(SlowFate(arrays.types[t.type], c.FATES[t.fate], t.end_s, t.by, t.tracked_s, spans))
    return SlowNight(
        threats=tuple(fates),
        ready=tuple(m.full for m in magazines),
        stock=tuple(m.stock for m in magazines),
        fired=tuple(m.fired for m in magazines),
        left=tuple(m.ready + m.reserve for m in magazines),
        kills=tuple(m.kills for m in magazines),
        alarms=tuple(tuple(joined(spans)) for spans in by_zone),
        attacker_usd=sum(tonight.threats[t.type]["price_usd"] for t in threats),
        defender_usd=sum(m.fired * m.figures["price_usd"] for m in magazines),
        n_encounters=len(dusk.encounters),
    )
