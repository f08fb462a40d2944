"""Who fires at what, and what it kills: the night as SimPy processes.

A process each for a threat that runs its course, an encounter that opens, an engagement (flight, intercept,
look) and a reload. Times are kept exactly beside SimPy's clock, which adds up delays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from koepel._kernel import chance
from koepel._kernel import columns as c
from koepel._kernel.fight import FAR, flight_s
from koepel._kernel.setup import THREAT_NOW
from koepel.twin.draw import SlowThreat, joint_name
from koepel.twin.picture import Encounter, pk_against


@dataclass(eq=False)
class SlowUnit:
    """A fire unit: where it is, its free channels, and the encounters that wait for one."""

    place: tuple[float, float, float]
    figures: dict[str, float]
    free: int
    moves: bool
    waiting: list[Encounter] = field(default_factory=list)


@dataclass(eq=False)
class SlowMagazine:
    """Rounds of one effector at one unit."""

    key: int
    unit: int
    effector: int
    figures: dict[str, float]
    ready: int
    reserve: int
    factor: float  # of the weather, on every pk
    shock: float
    full: int = 0
    stock: int = 0
    reloading: bool = False
    fired: int = 0
    kills: int = 0

    def __post_init__(self):
        if not self.ready:  # what is only in reserve is loaded before dusk
            self.ready, self.reserve = self.reserve, 0
        self.full, self.stock = self.ready, self.ready + self.reserve


@dataclass(frozen=True, eq=False)
class Offer:
    """A salvo that could be fired now; what an assignment rule chooses among.

    Parameters
    ----------
    threat
        Number of the threat in the night.
    kind
        What the defender takes it for; a decoy looks like a drone until it is told apart.
    fire_unit, effector
        Names.
    value_usd
        What a threat of that kind is believed to threaten.
    shared
        Whether others hear of this shot.
    """

    threat: int
    kind: str
    fire_unit: str
    effector: str
    rounds: int
    kill_probability: float
    price_usd: float
    value_usd: float
    shared: bool

    @property
    def gain_usd(self) -> float:
        """Value that the salvo is expected to save, less its price."""
        return self.value_usd * self.kill_probability - self.price_usd


Rule = Callable[[tuple[Offer, ...], float], Offer | None]


class BuiltInRule:
    """The three rules of the compiled kernel, in their words.

    Among units that share the track of one threat, the first able fires; or the cheapest salvo that
    suffices, else the surest, unless a cheaper one that suffices is still to come; or the salvo of the
    greatest gain, if there is any. A unit with a free channel takes the first that waits; under marginal
    value the one of the greatest gain.
    """

    def __init__(self, rule: int, sufficient: float):
        self.rule, self.sufficient = rule, sufficient
        self.first, self.patient = rule == c.FIRST_ABLE, rule == c.CHEAPEST

    def begin(self, battle: Battle) -> None:
        """These rules judge by the offers alone."""

    def at_threat(self, offers: list[Offer], time_s: float) -> Offer | None:
        """Which unit engages one threat."""
        if self.rule == c.MARGINAL_VALUE:
            return self._greatest_gain(offers)
        if self.rule == c.FIRST_ABLE:
            return offers[0]
        enough = [offer for offer in offers if offer.kill_probability >= self.sufficient]
        if enough:
            return min(enough, key=lambda offer: offer.price_usd)
        return max(offers, key=lambda offer: offer.kill_probability)

    def holds(self, offer: Offer, to_come: list[Offer]) -> bool:
        """Is it better to wait for a cheaper salvo that suffices?"""
        enough = (other for other in to_come if other.kill_probability >= self.sufficient)
        return self.patient and any(other.price_usd < offer.price_usd for other in enough)

    def at_unit(self, offers: list[Offer], time_s: float) -> Offer | None:
        """Which threat one unit engages."""
        return self._greatest_gain(offers) if self.rule == c.MARGINAL_VALUE else offers[0]

    def _greatest_gain(self, offers: list[Offer]) -> Offer | None:
        best = max(offers, key=lambda offer: offer.gain_usd)
        return best if best.gain_usd > 0 else None


class OwnRule:
    """A user's rule, asked wherever one of the built-in rules would be.

    A rule that has a method ``begin`` is shown the whole night first, and may look at all of it at any time.
    """

    first = patient = False

    def __init__(self, rule: Rule):
        self.rule = rule

    def begin(self, battle: Battle) -> None:
        """Show the night to a rule that wants to see it."""
        if hasattr(self.rule, "begin"):
            self.rule.begin(battle)

    def holds(self, offer: Offer, to_come: list[Offer]) -> bool:
        """Never: what a user's rule takes is fired."""
        return False

    def at_threat(self, offers: list[Offer], time_s: float) -> Offer | None:
        """Which of the offers for one threat, or for one unit, is taken."""
        return self.rule(tuple(offers), time_s)

    at_unit = at_threat


class Battle:
    """One night under way."""

    def __init__(self, environment, arrays, tonight, threats, encounters, units, magazines, rule):
        self.environment, self.arrays, self.setup, self.tonight = environment, arrays, arrays.setup, tonight
        self.threats, self.encounters, self.units, self.magazines = threats, encounters, units, magazines
        self.rule, self.plain = rule, arrays.setup.rules.plain
        self.number = {id(threat): i for i, threat in enumerate(threats)}
        self.rows, self.legs = _rows_for_flight(threats)
        for threat in threats:
            environment.process(self.course(threat))
        # those of one threat that open together, when its track is shared, go in the order of the magazines
        for encounter in sorted(encounters, key=lambda e: (e.open_s, self.number[id(e.threat)], e.magazine)):
            environment.process(self.opening(encounter))

    def until(self, time_s: float):
        """The event of that moment."""
        return self.environment.timeout(max(0.0, time_s - self.environment.now))

    # processes

    def course(self, threat: SlowThreat):
        """A threat that nothing kills ends by impact, soft kill or failure."""
        yield self.until(threat.over_s)
        if threat.fate is None:
            self.end(threat, threat.over_s, threat.over_fate)

    def opening(self, encounter: Encounter):
        """A threat comes within reach: the magazine waits for a chance, and if it has one, the threat is served."""
        yield self.until(encounter.open_s)
        magazine = self.magazines[encounter.magazine]
        if self.gone(encounter, encounter.open_s):
            if self.rule.patient and not self.plain:  # somebody may have held its fire for this one
                self.serve_threat(encounter.threat, encounter.open_s)
            return
        self.units[magazine.unit].waiting.append(encounter)
        encounter.threat.waiting.append(encounter)
        n = self.rounds_now(encounter, encounter.open_s)
        if n and self.plain:
            self.fire(encounter, n, encounter.open_s)
        elif n or (self.rule.patient and not self.plain):
            self.serve_threat(encounter.threat, encounter.open_s)

    def engagement(self, encounter: Encounter, n: int, time_s: float):
        """A salvo flies and kills or not; then the look, after which the channel is free."""
        magazine, threat = self.magazines[encounter.magazine], encounter.threat
        unit = self.units[magazine.unit]
        time_s += self.duration_s(encounter, time_s)
        yield self.until(time_s)
        self.intercept(encounter, n, time_s)
        if unit.figures["assess_s"] > 0 and not self.plain:
            time_s += unit.figures["assess_s"]
            yield self.until(time_s)
        unit.free += 1
        encounter.in_flight = 0
        if encounter.told:
            encounter.told = False
            threat.engaged -= 1
        if magazine.ready == 0 and magazine.reserve > 0 and not magazine.reloading:
            self.environment.process(self.reload(magazine, time_s))
        if self.plain:
            again = self.rounds_now(encounter, time_s)
            if again:
                self.fire(encounter, again, time_s)
        elif threat.fate is None:
            self.serve_threat(threat, time_s)
        self.serve_unit(unit, time_s)

    def reload(self, magazine: SlowMagazine, time_s: float):
        """An empty magazine is filled from the reserve."""
        magazine.reloading = True
        unit = self.units[magazine.unit]
        time_s += unit.figures["reload_s"]
        yield self.until(time_s)
        moved = min(magazine.full, magazine.reserve)
        magazine.ready += moved
        magazine.reserve -= moved
        magazine.reloading = False
        self.serve_unit(unit, time_s)

    # what may be fired

    def gone(self, encounter: Encounter, time_s: float) -> bool:
        """Is there nothing more to fire at? The track is dead, the window closed, or the unit made the kill."""
        threat = encounter.threat
        own = threat.fate == c.KILLED and self.magazines[threat.by].unit == self.magazines[encounter.magazine].unit
        return time_s >= threat.dead_s or time_s > encounter.close_s or own

    def rounds_now(self, encounter: Encounter, time_s: float) -> int:
        """Rounds that a magazine could fire in this encounter now; 0 for none."""
        magazine, threat = self.magazines[encounter.magazine], encounter.threat
        unit = self.units[magazine.unit]
        if self.gone(encounter, time_s) or not unit.free or not magazine.ready or encounter.in_flight:
            return 0
        n = 1
        if not self.plain:
            n = self.salvo_allowed(encounter, time_s)
            looks = self.setup.defence.looks[magazine.effector, self.believed(threat, time_s)]
            coordinated = time_s >= encounter.shared_s and threat.engaged > 0
            if not n or encounter.salvos > looks or coordinated or self.own_rounds_fly(encounter):
                return 0
        return n if time_s + self.duration_s(encounter, time_s) <= encounter.close_s else 0

    def salvo_allowed(self, encounter: Encounter, time_s: float) -> int:
        """Rounds of a salvo that the magazine holds and the weapons policy leaves; 0 for none."""
        magazine, defence = self.magazines[encounter.magazine], self.setup.defence
        cell = magazine.effector, self.believed(encounter.threat, time_s)
        n = int(min(defence.salvo[cell], magazine.ready))
        kept_back = magazine.ready + magazine.reserve - n < defence.floor[cell] * magazine.stock
        return 0 if kept_back else n

    def own_rounds_fly(self, encounter: Encounter) -> bool:
        """Has another magazine of the same unit rounds in flight at the same threat?"""
        unit = self.magazines[encounter.magazine].unit
        others = (other for other in encounter.threat.waiting if other is not encounter)
        return any(other.in_flight and self.magazines[other.magazine].unit == unit for other in others)

    def believed(self, threat: SlowThreat, time_s: float) -> int:
        """What the defender takes a threat for."""
        return 0 if threat.kind == c.DECOY and time_s < threat.told_s else threat.kind

    def duration_s(self, encounter: Encounter, time_s: float) -> float:
        """From launch to intercept."""
        magazine = self.magazines[encounter.magazine]
        unit = self.units[magazine.unit]
        if self.plain:
            return unit.figures["cycle_s"]
        row = self.rows[self.number[id(encounter.threat)]]
        return flight_s(time_s, encounter.close_s, row, *unit.place, magazine.figures["speed_m_s"], self.legs,
                        self.setup.ground.earth_radius_m)  # fmt: skip

    def kill_probability(self, encounter: Encounter, n: int) -> float:
        """Of n rounds, with tonight's shocks and weather."""
        magazine = self.magazines[encounter.magazine]
        pk = pk_against(magazine.figures, encounter.threat.kind)
        if 0 < pk < 1:
            odds = pk / (1 - pk) * math.exp(encounter.threat.shock + magazine.shock)
            pk = odds / (1 + odds)
        return 1 - (1 - pk * magazine.factor) ** n

    def offer(self, encounter: Encounter, n: int, time_s: float) -> Offer:
        """A salvo as a rule sees it."""
        magazine, kind = self.magazines[encounter.magazine], self.believed(encounter.threat, time_s)
        return Offer(
            self.number[id(encounter.threat)], c.KINDS[kind], *self.arrays.magazines[encounter.magazine], n,
            self.kill_probability(encounter, n), n * magazine.figures["price_usd"],
            float(self.setup.defence.value_usd[kind]), time_s >= encounter.shared_s,
        )  # fmt: skip

    # who fires

    def serve_threat(self, threat: SlowThreat, time_s: float) -> None:
        """Decide who fires at one threat: units that do not share its track for themselves, the others by rule."""
        offers = {}
        for encounter in list(threat.waiting):
            n = self.rounds_now(encounter, time_s)
            if not n:
                continue
            offer = self.offer(encounter, n, time_s)
            if self.rule.first or not offer.shared:
                if self.rule.at_threat([offer], time_s) is offer:
                    self.fire(encounter, n, time_s)
            else:
                offers[offer] = encounter
        chosen = self.rule.at_threat(list(offers), time_s) if offers else None
        if (
            chosen is not None
            and self.rounds_now(offers[chosen], time_s) == chosen.rounds
            and not self.rule.holds(chosen, self.to_come(offers[chosen], time_s))
        ):
            self.fire(offers[chosen], chosen.rounds, time_s)

    def serve_unit(self, unit: SlowUnit, time_s: float) -> None:
        """Give a unit's free channels to those that wait for it."""
        while unit.free:
            offers = {}
            for encounter in unit.waiting:
                n = self.rounds_now(encounter, time_s)
                if n:
                    offer = self.offer(encounter, n, time_s)
                    if not (offer.shared and self.rule.holds(offer, self.to_come(encounter, time_s))):
                        offers[offer] = encounter
            chosen = self.rule.at_unit(list(offers), time_s) if offers else None
            if chosen is None:
                return
            self.fire(offers[chosen], chosen.rounds, time_s)

    def to_come(self, encounter: Encounter, time_s: float) -> list[Offer]:
        """Salvos of the shared picture at the same threat that open later, while this one could still follow."""
        latest_s = encounter.close_s - self.duration_s(encounter, time_s)
        offers = []
        for other in self.encounters:
            if other.threat is encounter.threat and time_s < other.open_s <= latest_s and other.shared_s < FAR:
                n = self.salvo_allowed(other, time_s)
                if n:
                    offers.append(self.offer(other, n, time_s))
        return offers

    def fire(self, encounter: Encounter, n: int, time_s: float) -> None:
        """Rounds leave; a channel is taken until the look; others hear of it where the track is shared."""
        magazine = self.magazines[encounter.magazine]
        self.units[magazine.unit].free -= 1
        magazine.ready -= n
        magazine.fired += n
        encounter.salvos += 1
        encounter.in_flight = n
        if not self.plain and time_s >= encounter.shared_s:
            encounter.told = True
            encounter.threat.engaged += 1
        self.environment.process(self.engagement(encounter, n, time_s))

    # what comes of it

    def intercept(self, encounter: Encounter, n: int, time_s: float) -> None:
        """A salvo arrives; rounds at a dead threat are wasted. A patrol is now where it met the threat."""
        threat, magazine = encounter.threat, self.magazines[encounter.magazine]
        unit = self.units[magazine.unit]
        if unit.moves and not self.plain:
            unit.place = place_at(threat, time_s)
        if threat.fate is not None:
            return
        name = joint_name(threat.name, magazine.key)
        u = self.tonight.luck.one(name, chance.SHOT, encounter.draws + encounter.salvos)
        if u < self.kill_probability(encounter, n):
            threat.by = encounter.magazine
            magazine.kills += 1
            self.end(threat, time_s, c.KILLED)

    def end(self, threat: SlowThreat, time_s: float, fate: int) -> None:
        """A threat ends; under full rules its track lives on for a while."""
        threat.fate, threat.end_s, threat.dead_s = fate, time_s, time_s
        if not self.plain:
            low_s, high_s = self.setup.defence.linger_s
            threat.dead_s += low_s + (high_s - low_s) * self.tonight.luck.one(threat.name, chance.LINGER)


def place_at(threat: SlowThreat, time_s: float) -> tuple[float, float, float]:
    """Where a threat is; at the end of its route once it is there."""
    from koepel._kernel.sphere import point_on

    flown = max(0.0, time_s - threat.start_s) * threat.speed_rad
    leg = [leg for leg in threat.legs if leg.before <= flown][-1]
    return point_on(leg.start, leg.ahead, min(flown - leg.before, leg.arc))


def _rows_for_flight(threats: list[SlowThreat]):
    """Threats and legs as the rows that `koepel._kernel.fight.flight_s` takes."""
    rows, legs = np.zeros(len(threats), THREAT_NOW), []
    for row, threat in zip(rows, threats, strict=True):
        row["start_s"], row["speed_rad"], row["height_m"] = threat.start_s, threat.speed_rad, threat.height_m
        row["first"] = len(legs)
        legs += [(*leg.start, *leg.ahead, leg.arc, leg.before) for leg in threat.legs]
        row["last"] = len(legs)
    return rows, np.array(legs, float).reshape(-1, 8)
