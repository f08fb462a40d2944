"""What the page draws before anything is fought: the country, its people, the defence and the types there are."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from koepel._kernel import columns as c
from koepel.app.areas import Areas, land_round
from koepel.app.edits import GRID_DEG
from koepel.defence import ThreatKind
from koepel.report.country import is_invented
from koepel.scenario import Scenario

MOST_SETTLEMENTS = 3000


def scene(scenario: Scenario, areas: Areas) -> dict[str, Any]:
    """The scenario as the page needs it, as plain data; places are longitude and latitude.

    ``coordinates`` says whether the page may print where a fire unit stands: in invented countries alone.
    """
    catalogue = scenario.catalogue()
    invented = is_invented(scenario)
    return {
        "name": scenario.name,
        "about": scenario.about,
        "notional": scenario.notional,
        "coordinates": invented,
        "grid_deg": None if invented else GRID_DEG,
        "settlements": _settlements(scenario, areas),
        "areas": {
            "cell_km": areas.cell_km,
            "list": [
                {"name": name, "rings": [np.round(ring, 3).tolist() for ring in rings]}
                for name, rings in zip(areas.names, areas.rings, strict=True)
            ],
        },
        "land": land_round(scenario),
        "types": {
            "fire_units": _types(catalogue.fire_units, effectors=True),
            "sensors": _types(catalogue.sensors),
            "effectors": _types(catalogue.effectors),
        },
        "kinds": list(get_args(ThreatKind)),
        "classes": list(c.CLASSES),
        "rules": list(c.RULES),
        "flown": flown_types(scenario),
        "supply": scenario.supply is not None,
    }


def defence(scenario: Scenario) -> dict[str, Any]:
    """Fire units in service, sensors, rules and doctrine: all that a change may touch."""
    coming = {name for one in (scenario.supply.to_field if scenario.supply else ()) for name in one.fire_units}
    catalogue = scenario.catalogue()
    units = []
    for unit in scenario.defence.fire_units:
        if unit.name in coming:
            continue
        kind = catalogue.fire_units[unit.type]
        effectors = unit.magazines or dict.fromkeys(kind.effectors)
        units.append(
            {
                "kind": "fire_unit",
                "name": unit.name,
                "type": unit.type,
                "label": kind.label,
                "at": [unit.at[1], unit.at[0]],
                "magazines": [_magazine(name, given, kind) for name, given in effectors.items()],
                "layer": catalogue.effectors[next(iter(effectors))].word("layer") if effectors else "",
                "range_m": max([catalogue.effectors[e].figure("range_max_m").middle for e in effectors], default=0.0),
            }
        )
    sensors = [
        {
            "kind": "sensor",
            "name": sensor.name,
            "type": sensor.type,
            "label": catalogue.sensors[sensor.type].label,
            "at": [sensor.at[1], sensor.at[0]],
            "range_m": catalogue.sensors[sensor.type].figure("range_small_m").middle,
        }
        for sensor in scenario.defence.sensors
    ]
    return {
        "units": units,
        "sensors": sensors,
        "rule": scenario.defence.rule,
        "doctrine": _doctrine(scenario, catalogue, {m["effector"] for unit in units for m in unit["magazines"]}),
    }


def _magazine(effector: str, given, kind) -> dict[str, Any]:
    """Rounds as given, else what the type has on average."""
    told: dict[str, Any] = {"effector": effector, "given": {}, "typical": {}}
    for name, attribute in (("ready", f"rounds:{effector}"), ("reserve", f"reserve:{effector}")):
        value = getattr(given, name) if given is not None else None
        told["given"][name] = value
        told["typical"][name] = kind.figure(attribute).middle if attribute in kind.figures else 0.0
    return told


def _doctrine(scenario: Scenario, catalogue, effectors: set[str]) -> list[dict[str, Any]]:
    """Salvo, looks and share kept back of each effector of the defence against each kind of threat."""
    rows = []
    for name in sorted(effectors):
        figure = catalogue.effectors[name].figure
        for kind in get_args(ThreatKind):
            if figure(f"pk_{kind.replace('-', '_')}").high <= 0:
                continue
            steep = kind in ("ballistic", "supersonic")
            own = scenario.defence.doctrine.get(name, {}).get(kind)
            salvo = own.salvo if own else max(1, round(figure("salvo_terminal" if steep else "salvo").middle))
            looks = own.looks if own else round(figure("looks").middle)
            share = scenario.defence.policy.get(name, {}).get(kind, 0.0)
            rows.append({"effector": name, "threat": kind, "salvo": salvo, "looks": looks, "share": share})
    return rows


def flown_types(scenario: Scenario) -> list[dict[str, Any]]:
    """Threat types that may come, with their class and heights, metres."""
    from koepel.arrays import threat_types

    catalogue = scenario.catalogue()
    return [
        {
            "name": name,
            "label": catalogue.threats[name].label,
            "class": catalogue.threats[name].word("class"),
            "low_m": catalogue.threats[name].figure("height_low_m").middle,
            "high_m": catalogue.threats[name].figure("height_high_m").middle,
        }
        for name in threat_types(scenario)
    ]


def _settlements(scenario: Scenario, areas: Areas) -> list[dict[str, Any]]:
    order = sorted(range(len(scenario.settlements)), key=lambda i: -scenario.settlements[i].people)
    places = scenario.settlements
    return [
        {
            "name": places[i].name,
            "at": [round(places[i].at[1], 4), round(places[i].at[0], 4)],
            "people": places[i].people,
            "area": int(areas.of_place[i]),
        }
        for i in order[:MOST_SETTLEMENTS]
    ]


def _types(table, effectors: bool = False) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": kind.label} | ({"effectors": list(kind.effectors)} if effectors else {})
        for name, kind in table.items()
    ]
