"""Changes of a defence, one at a time: each is looked at where it is made, and gives a new scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from koepel.defence import FireUnit, Sensor
from koepel.errors import Fault, ScenarioError
from koepel.nouns import nearest_word
from koepel.report.country import is_invented
from koepel.scenario import FORMAT, Scenario
from koepel.scenario.read import believed
from koepel.scenario.source import path_text

GRID_DEG = 0.5  # where the country is a real one, nothing is put finer than this
KINDS = {"fire_unit": ("fire_units", FireUnit), "sensor": ("sensors", Sensor)}


@dataclass
class _Refused(Exception):
    field: str
    found: str
    mend: str


def edited(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    """The scenario after one change of its defence.

    Parameters
    ----------
    edit
        ``op`` and what it needs: ``move`` (kind, name, at), ``add`` (kind, type, at), ``remove`` (kind, name),
        ``rounds`` (name, magazines), ``doctrine`` (effector, threat, salvo, looks), ``policy`` (effector, threat,
        share), ``rule`` (rule).

    Raises
    ------
    ScenarioError
        With every fault; ``field`` is the name of the field of the form.

    Examples
    --------
    >>> small = Scenario.read("small-country")
    >>> edited(small, {"op": "rule", "rule": "first-able"}).defence.rule
    'first-able'
    """
    if not isinstance(edit, dict) or edit.get("op") not in _OPS:
        found = edit.get("op") if isinstance(edit, dict) else edit
        raise _error([Fault("", "op", f"found {found!r:.60}", f"give one of {', '.join(_OPS)}")])
    try:
        changed = _OPS[edit["op"]](scenario, edit)
    except _Refused as refused:
        raise _error([Fault("", refused.field, refused.found, refused.mend)]) from None
    return changed


def snapped(scenario: Scenario, at: Any) -> tuple[float, float]:
    """Where something may be put: as asked in an invented country, else on the grid of half degrees."""
    if not isinstance(at, list | tuple) or len(at) != 2 or not all(isinstance(x, int | float) for x in at):
        raise _Refused("at", f"found {at!r:.60}", "give a latitude and a longitude in degrees")
    step = 1e-4 if is_invented(scenario) else GRID_DEG
    lat, lon = (round(round(float(x) / step) * step, 4) for x in at)
    return lat, lon


def _error(faults: list[Fault]) -> ScenarioError:
    return ScenarioError("the change", faults)


def _move(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    things, thing = _found(scenario, edit)
    plain = _plain(thing) | {"at": list(snapped(scenario, edit.get("at")))}
    return _with(scenario, edit["kind"], [_checked(scenario, edit["kind"], plain) if t is thing else t for t in things])


def _add(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    things = _things(scenario, edit)
    kind, type_ = edit["kind"], edit.get("type")
    known = getattr(scenario.catalogue(), KINDS[kind][0])
    if type_ not in known:
        raise _Refused("type", f"no type {type_!r:.60}", nearest_word(str(type_), known))
    taken = {thing.name for thing in (*scenario.defence.fire_units, *scenario.defence.sensors)}
    name = next(name for n in range(1, len(taken) + 2) if (name := f"{type_} new {n}") not in taken)
    plain = {"name": name, "type": type_, "at": list(snapped(scenario, edit.get("at")))}
    return _with(scenario, kind, [*things, _checked(scenario, kind, plain)])


def _remove(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    things, thing = _found(scenario, edit)
    changed = _with(scenario, edit["kind"], [t for t in things if t is not thing])
    supply = changed.supply
    if supply is not None and thing.name in supply.transport.first:
        first = tuple(name for name in supply.transport.first if name != thing.name)
        transport = supply.transport.model_copy(update={"first": first})
        changed = changed.model_copy(update={"supply": supply.model_copy(update={"transport": transport})})
    return changed


def _rounds(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    edit = edit | {"kind": "fire_unit"}
    things, thing = _found(scenario, edit)
    plain = _plain(thing) | {"magazines": edit.get("magazines")}
    return _with(scenario, "fire_unit", [_checked(scenario, "fire_unit", plain) if t is thing else t for t in things])


def _doctrine(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    given = {"salvo": edit.get("salvo"), "looks": edit.get("looks")}
    return _by_kind(scenario, edit, "doctrine", given)


def _policy(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    return _by_kind(scenario, edit, "policy", edit.get("share"))


def _rule(scenario: Scenario, edit: dict[str, Any]) -> Scenario:
    return _defence(scenario, {"rule": edit.get("rule")})


_OPS: dict[str, Callable[[Scenario, dict[str, Any]], Scenario]] = {
    "move": _move, "add": _add, "remove": _remove, "rounds": _rounds, "doctrine": _doctrine, "policy": _policy,
    "rule": _rule,
}  # fmt: skip


def _by_kind(scenario: Scenario, edit: dict[str, Any], field: str, value: Any) -> Scenario:
    """Put a value under an effector and a kind of threat."""
    plain = scenario.defence.model_dump(mode="json", include={field})[field]
    effector, threat = edit.get("effector"), edit.get("threat")
    if not isinstance(effector, str) or not isinstance(threat, str):
        raise _Refused("effector", "found no effector and kind of threat", "choose both")
    plain.setdefault(effector, {})[threat] = value
    return _defence(scenario, {field: plain})


def _defence(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """The scenario with some fields of its defence changed, after a look at these alone."""
    data = {"format": FORMAT, "name": "the change", "types": _types(scenario), "defence": changes}
    small, remarks = believed(Scenario, data)
    _raise(remarks)
    return scenario.model_copy(
        update={"defence": scenario.defence.model_copy(update={name: getattr(small.defence, name) for name in changes})}
    )


def _checked(scenario: Scenario, kind: str, plain: dict[str, Any]) -> Any:
    """One fire unit or sensor from plain data, after a look at it alone: the rest of the scenario is as it was."""
    field = KINDS[kind][0]
    data = {"format": FORMAT, "name": "the change", "types": _types(scenario), "defence": {field: [plain]}}
    small, remarks = believed(Scenario, data)
    _raise(remarks)
    return getattr(small.defence, field)[0]


def _raise(remarks: list) -> None:
    """Raise what concerns the defence; that the small scenario has no raid and no people is no fault of the change."""
    faults = [
        Fault("", path_text(_of_form(path)), found, mend)
        for path, found, mend in remarks
        if len(path) > 1 and path[0] == "defence"
    ]
    if faults:
        raise _error(faults)


def _of_form(path: tuple) -> tuple:
    """The part of a path that the form knows: without the section, and without the one thing that is looked at."""
    lists = [field for field, _ in KINDS.values()]
    return path[3:] if path[1] in lists and len(path) > 3 else path[1:]


def _types(scenario: Scenario) -> dict[str, Any]:
    return scenario.types.model_dump(mode="json", exclude_defaults=True)


def _plain(thing: FireUnit | Sensor) -> dict[str, Any]:
    return thing.model_dump(mode="json", exclude_defaults=True)


def _things(scenario: Scenario, edit: dict[str, Any]) -> list:
    if edit.get("kind") not in KINDS:
        raise _Refused("kind", f"found {edit.get('kind')!r:.60}", f"give {' or '.join(KINDS)}")
    return list(getattr(scenario.defence, KINDS[edit["kind"]][0]))


def _found(scenario: Scenario, edit: dict[str, Any]) -> tuple[list, Any]:
    things = _things(scenario, edit)
    thing = next((t for t in things if t.name == edit.get("name")), None)
    if thing is None:
        names = [t.name for t in things]
        raise _Refused("name", f"no {edit['kind'].replace('_', ' ')} {edit.get('name')!r:.60}",
                       nearest_word(str(edit.get("name")), names) if names else "there is none")  # fmt: skip
    return things, thing


def _with(scenario: Scenario, kind: str, things: list) -> Scenario:
    defence = scenario.defence.model_copy(update={KINDS[kind][0]: tuple(things)})
    return scenario.model_copy(update={"defence": defence})
