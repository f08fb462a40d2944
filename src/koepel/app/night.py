"""One night as it is replayed: routes and tracks, shots, fates, and how many were in the air."""

from __future__ import annotations

from typing import Any

import numpy as np

from koepel.scenario import Scenario
from koepel.simulate import trace

BINS = 240
ENDS = {"kills": "killed", "misses": "missed", "wastes": "wasted"}


def night(scenario: Scenario, run: int, seed: int) -> dict[str, Any]:
    """A run as the page replays it; places are longitude and latitude, times seconds of the raid clock.

    The model's tracks are where their threats are. They differ from the truth in when they begin, in that a decoy is
    taken for a drone until it is told apart, and in that a track lives on for a while after its threat is dead.
    """
    told = trace(scenario, run, seed=seed)
    catalogue = scenario.catalogue()
    row = {threat["name"]: i for i, threat in enumerate(told.threats)}
    threats = [
        {
            "name": threat["name"],
            "type": threat["type"],
            "label": catalogue.threats[threat["type"]].label,
            "class": catalogue.threats[threat["type"]].word("class"),
            "decoy": catalogue.threats[threat["type"]].word("kind") == "decoy",
            "route": [[round(lon, 4), round(lat, 4)] for lat, lon in threat["route"]],
            **{name: threat[name] for name in ("start_s", "impact_s", "end_s", "tracked_s", "told_apart_s")},
            "track_ends_s": threat["track_ends_s"],
            "fate": threat["fate"],
            "by": threat["by"],
            "aim": threat["aim"],
        }
        for threat in told.threats
    ]
    events = [
        {
            "time_s": round(event["time_s"], 2),
            "event": event["event"],
            "threat": row.get(event["threat"], -1),
            "fire_unit": event["fire_unit"],
            "effector": event["effector"],
            "rounds": event["rounds"],
        }
        for event in told.events
    ]
    begin = min([t["start_s"] for t in threats], default=0.0)
    end = max([t["end_s"] for t in threats], default=1.0)
    shots = _shots(events)
    return {
        "run": run,
        "seed": seed,
        "begin_s": begin,
        "end_s": end + 60.0,
        "threats": threats,
        "events": events,
        "shots": shots,
        "counts": _counts(threats, shots, begin, end + 60.0),
    }


def _shots(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each salvo from its firing to what came of it."""
    under_way: dict[tuple, dict[str, Any]] = {}
    shots = []
    for event in events:
        key = event["threat"], event["fire_unit"], event["effector"]
        if event["event"] == "fires":
            under_way[key] = event
        elif event["event"] in ENDS and key in under_way:
            fired = under_way.pop(key)
            shots.append(
                {
                    "threat": event["threat"],
                    "fire_unit": event["fire_unit"],
                    "effector": event["effector"],
                    "rounds": fired["rounds"],
                    "from_s": fired["time_s"],
                    "to_s": event["time_s"],
                    "what": ENDS[event["event"]],
                }
            )
    return shots


def _counts(threats, shots, begin: float, end: float) -> dict[str, list]:
    """How many are in the air, under fire, and have leaked, at evenly spaced moments."""
    times = np.linspace(begin, end, BINS)

    def within(first, last) -> np.ndarray:
        first, last = np.sort(first), np.sort(last)
        return np.searchsorted(first, times, "right") - np.searchsorted(last, times, "right")

    leaked = [t["end_s"] for t in threats if t["fate"] == "leaked"]
    return {
        "time_s": np.round(times, 1).tolist(),
        "airborne": within([t["start_s"] for t in threats], [t["end_s"] for t in threats]).tolist(),
        "engaged": within([s["from_s"] for s in shots], [s["to_s"] for s in shots]).tolist(),
        "leaked": within(leaked, []).tolist(),
    }
