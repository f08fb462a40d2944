"""Faults in what stands behind a defence: names that lead nowhere, days out of order, prices that nobody pays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from koepel.nouns import customary_names, parse_day, parse_interval
from koepel.scenario.parts import Parts, unknown
from koepel.scenario.shape import Remark
from koepel.scenario.source import show

DOLLAR = "USD"
_NAMED = ("lines", "bottlenecks", "donors", "funders", "orders", "offers", "expansions", "gates", "crises")
_ONCE = (
    *(("stocks", "effector"), ("rations", "effector"), ("fading", "effector")),
    *(("upkeep", "type"), ("training", "type")),
)
# list, field, what it names; the field is a word, a list of words, or a mapping by words
_NAMES = (
    ("stocks", "effector", "effector"),
    ("transport", "keep", "effector"),
    ("transport", "first", "fire unit"),
    ("lines", "effector", "effector"),
    ("lines", "uses", "bottleneck"),
    ("donors", "stock", "effector"),
    ("funders", "currency", "currency"),
    ("funders", "pays_for", "effector or fire-unit type"),
    ("orders", "currency", "currency"),
    ("orders", "fire_units", "fire unit"),
    ("orders", "spares", "fire-unit type"),
    ("orders", "gates", "gate"),
    ("offers", "currency", "currency"),
    ("offers", "gates", "gate"),
    ("expansions", "line", "line"),
    ("training", "type", "fire-unit type"),
    ("fading", "effector", "effector"),
    ("fielding", "fire_units", "fire unit"),
    ("fielding", "needs", "order"),
    ("upkeep", "type", "fire-unit type"),
    ("rations", "effector", "effector"),
)
# the same, where an empty word stands for none
_NAMES_OR_NONE = (
    ("lines", "crisis", "crisis"),
    ("joint", "funder", "funder"),
    ("donors", "crisis", "crisis"),
    ("orders", "of", "line or donor"),
    ("orders", "effector", "effector"),
    ("orders", "funder", "funder"),
    ("orders", "crisis", "crisis"),
    ("offers", "of", "line or donor"),
    ("offers", "effector", "effector"),
    ("offers", "type", "fire-unit type"),
    ("offers", "crisis", "crisis"),
    ("gates", "after", "order"),
)


def supply_remarks(parts: Parts) -> Iterator[Remark]:
    """Every fault between the fields of the supply, and between them and the rest of a scenario."""
    yield from _doubled(parts)
    yield from _links(parts)
    yield from _currencies(parts)
    yield from _orders(parts)
    yield from _payments(parts)
    yield from _days(parts)
    yield from _fielded_twice(parts)
    yield from _circles(parts)


def _doubled(parts: Parts) -> Iterator[Remark]:
    """Names that two things have, or that are empty."""
    for section in _NAMED:
        yield from parts.doubled("supply", section)
    for section in ("lines", "donors"):
        for here, _ in parts.entries("supply", section):
            yield from parts.doubled(*here, "recipients")
    for section, field in _ONCE:
        yield from parts.doubled("supply", section, by=field, mend="keep one of the two")
    lines = set(parts.names("supply", "lines"))
    for here, donor in parts.entries("supply", "donors"):
        name = donor.get("name")
        if isinstance(name, str) and name in lines:
            yield (*here, "name"), f"a line is called {show(name)} too", "give each its own name"


def _links(parts: Parts) -> Iterator[Remark]:
    """Names that lead nowhere."""
    known = _known(parts)
    for names, needed in ((_NAMES, True), (_NAMES_OR_NONE, False)):
        for section, field, kind in names:
            for here, thing in _things(parts, section):
                for path, word in _words((*here, field), thing.get(field)):
                    if word or needed:
                        yield from unknown(path, word, kind, *known[kind])


def _known(parts: Parts) -> dict[str, tuple[Collection[str], str]]:
    """Kind of thing -> the names that there are, and the list that they stand in."""

    def named(*path: str) -> tuple[Collection[str], str]:
        return dict.fromkeys(parts.names(*path)), ".".join(path)

    catalogue, (lines, place), (donors, _) = parts.catalogue, named("supply", "lines"), named("supply", "donors")
    return {
        "effector": (catalogue.effectors, "types.effectors"),
        "fire-unit type": (catalogue.fire_units, "types.fire_units"),
        "effector or fire-unit type": ({**catalogue.effectors, **catalogue.fire_units}, "types"),
        "fire unit": named("defence", "fire_units"),
        "bottleneck": named("supply", "bottlenecks"),
        "crisis": named("supply", "crises"),
        "currency": ({DOLLAR, *map(str, parts.mapping("supply", "currencies"))}, "supply.currencies"),
        "funder": named("supply", "funders"),
        "gate": named("supply", "gates"),
        "line": (lines, place),
        "line or donor": (lines | donors, f"{place} or supply.donors"),
        "order": named("supply", "orders"),
    }


def _things(parts: Parts, section: str) -> Iterator[tuple[tuple, dict[str, Any]]]:
    """Each thing of a section with its path: an entry of its list, or the one there is."""
    if section == "transport":
        yield ("supply", section), parts.mapping("supply", section)
    elif section == "joint":
        for here, _ in parts.entries("supply", "lines"):
            yield from parts.entries(*here, section)
    else:
        yield from parts.entries("supply", section)


def _words(path: tuple, value: Any) -> Iterator[tuple[tuple, str]]:
    """Each word of a field with its path: the field itself, an entry of its list, a key of its mapping."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, key), key) for key in value if isinstance(key, str))
    elif isinstance(value, list | tuple):
        yield from (((*path, i), word) for i, word in enumerate(value) if isinstance(word, str))


def _list(value: Any) -> list[str]:
    return [word for _, word in _words((), value)]


def _currencies(parts: Parts) -> Iterator[Remark]:
    """Currencies that are worth nothing, and a dollar that is worth more or less than one."""
    for currency, worth in parts.mapping("supply", "currencies").items():
        path = ("supply", "currencies", currency)
        if currency == DOLLAR and not _is(1, worth):
            yield path, f"{DOLLAR} needs no entry", "take it out"
        elif _is(0, worth):
            yield path, "it is worth nothing", "give its US dollars"


def _orders(parts: Parts) -> Iterator[Remark]:
    """Orders that say half of what they bring, and those that whoever they are of does not have."""
    makes = {line.get("name"): line.get("effector") for _, line in _named(parts, "lines")}
    holds = {donor.get("name"): _list(donor.get("stock")) for _, donor in _named(parts, "donors")}
    for here, order in _asked(parts):
        of, effector = order.get("of"), order.get("effector")
        if here[1] == "offers":
            yield from _one_thing(here, order)
        elif _is(0, effector):
            if not (_is(0, of) and _is(0, order.get("rounds"))):
                yield (*here, "effector"), "no effector is named", "say what is ordered"
        elif _is(0, order.get("rounds")):
            yield (*here, "rounds"), "no rounds are ordered", "give how many"
        if not (isinstance(of, str) and isinstance(effector, str) and effector in parts.catalogue.effectors):
            continue
        if of in makes:
            if isinstance(makes[of], str) and makes[of] != effector:
                yield (*here, "effector"), f"line {show(of)} does not make {show(effector)}", f"it makes {makes[of]}"
        elif of in holds and effector not in holds[of]:
            mend = f"it holds {', '.join(holds[of]) or 'nothing'}"
            yield (*here, "effector"), f"donor {show(of)} does not hold {show(effector)}", mend


def _asked(parts: Parts) -> Iterator[tuple[tuple, dict[str, Any]]]:
    """Orders, and offers."""
    for section in ("orders", "offers"):
        yield from parts.entries("supply", section)


def _one_thing(here: tuple, offer: dict[str, Any]) -> Iterator[Remark]:
    """Offers of nothing, or of two things; of rounds or fire units in numbers that make no sense."""
    rounds, units = not _is(0, offer.get("effector")), not _is(0, offer.get("type"))
    if rounds == units:
        found = "an effector and a fire-unit type are named" if rounds else "nothing is named"
        yield (*here, "effector"), found, "say what one piece is: an effector, or a fire-unit type"
    if units and not _is(0, offer.get("of")):
        yield (*here, "of"), "lines and donors give rounds, not fire units", "leave it out"
    if rounds and not _is(0, offer.get("crew_days")):
        yield (*here, "crew_days"), "rounds need no crew", "leave it out"


def _named(parts: Parts, section: str) -> Iterator[tuple[tuple, dict[str, Any]]]:
    """The things of a section that have a name; of two with one name the first."""
    seen: set[str] = set()
    for here, thing in parts.entries("supply", section):
        name = thing.get("name")
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield here, thing


def _payments(parts: Parts) -> Iterator[Remark]:
    """What nobody pays, and what a funder is asked to pay and does not pay for."""
    types = dict(_types_by_name(parts))
    for here, order in parts.entries("supply", "orders"):
        if _is(0, order.get("funder")) and not _is(0, order.get("price")) and order.get("status") != "delivered":
            yield (*here, "price"), "a gift costs nothing", "name a funder or leave the price out"
        units = [types.get(name) for name in _list(order.get("fire_units"))]
        yield from _unpaid(parts, here, order, [order.get("effector"), *units, *_list(order.get("spares"))])
    for here, line in parts.entries("supply", "lines"):
        for inside, joint in parts.entries(*here, "joint"):
            for field in ("cost_usd", *customary_names("cost_usd")):
                if _is(0, joint.get("funder")) and not _is(0, joint.get(field)):
                    yield (*inside, field), "a cost without a funder", "name a funder or leave the cost out"
            yield from _unpaid(parts, inside, joint, [line.get("effector")])


def _types_by_name(parts: Parts) -> Iterator[tuple[str, Any]]:
    for _, unit in parts.entries("defence", "fire_units"):
        if isinstance(unit.get("name"), str):
            yield unit["name"], unit.get("type")


def _unpaid(parts: Parts, here: tuple, asking: dict[str, Any], brings: list[Any]) -> Iterator[Remark]:
    """What a funder who pays for some things only is asked to pay besides."""
    name, catalogue = asking.get("funder"), parts.catalogue
    paid = next((_list(funder.get("pays_for")) for _, funder in _named(parts, "funders") if funder["name"] == name), [])
    wrong = dict.fromkeys(
        show(kind)
        for kind in brings
        if isinstance(kind, str) and kind not in paid and (kind in catalogue.effectors or kind in catalogue.fire_units)
    )
    if paid and wrong:
        yield (*here, "funder"), f"{show(name)} does not pay for {', '.join(wrong)}", f"it pays for {', '.join(paid)}"


def _days(parts: Parts) -> Iterator[Remark]:
    """Days that come before those that they should follow."""
    for section in ("lines", "bottlenecks"):
        for here, _ in parts.entries("supply", section):
            days = [((*path, "day"), _day(rate.get("day"))) for path, rate in parts.entries(*here, "rates")]
            for (_, before), (path, day) in pairwise(days):
                if before and day and day <= before:
                    yield path, f"{day} is not after {before}", "put the rates in order of their days"
    for here, funder in parts.entries("supply", "funders"):
        opens, closes = _day(funder.get("opens")), _day(funder.get("closes"))
        if opens and closes and closes < opens:
            yield (*here, "closes"), f"{closes} is before it opens", f"give {opens} or later"
    begins, until = _day(parts.mapping("supply").get("begins")), _day(parts.mapping("supply", "war").get("until"))
    if begins and until and until < begins:
        yield ("supply", "war", "until"), f"{until} is before the campaign begins", f"give {begins} or later"


def _fielded_twice(parts: Parts) -> Iterator[Remark]:
    seen: set[str] = set()
    for here, fielding in parts.entries("supply", "fielding"):
        for path, unit in _words((*here, "fire_units"), fielding.get("fire_units")):
            if unit in seen:
                yield path, f"{show(unit)} is fielded twice", "keep one of the two"
            seen.add(unit)


def _circles(parts: Parts) -> Iterator[Remark]:
    """Gates that wait for orders that wait for the same gates: each circle once, at its first gate in the file."""
    waits: dict[tuple[str, str], list[tuple[str, str]]] = {}
    where = {}
    for here, gate in _named(parts, "gates"):
        after = gate.get("after")
        where["gate", gate["name"]] = (*here, "after")
        waits["gate", gate["name"]] = [("order", after)] if isinstance(after, str) else []
    for _, order in _named(parts, "orders"):
        waits["order", order["name"]] = [("gate", gate) for gate in _list(order.get("gates"))]
    place = {thing: i for i, thing in enumerate(where)}
    while circle := _circle(waits):
        first = min((thing for thing in circle if thing in place), key=place.__getitem__)
        start = circle.index(first)
        told = [f"{kind} {show(name)}" for kind, name in (*circle[start:], *circle[:start], first)][1:]
        yield where[first], f"waits for {', which waits for '.join(told)}", "let one of them wait no more"
        waits = {thing: others for thing, others in waits.items() if thing not in circle}


def _circle(waits: dict[tuple[str, str], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """One circle of things, each waiting for the next; empty where there is none."""
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        return error.args[1][:0:-1]  # graphlib tells it from what is waited for, with the first again at the end
    return []


def _day(value: Any) -> date | None:
    """A day; none where there is none, or where it is another check's fault."""
    try:
        return parse_day(value)
    except ValueError:
        return None


def _is(number: float, value: Any) -> bool:
    """Whether a figure surely is this number, where nothing and an empty word count as 0."""
    if value is None or value == "":
        return number == 0
    try:
        figure = parse_interval(value)
    except ValueError:
        return False
    return figure.low == figure.high == number
