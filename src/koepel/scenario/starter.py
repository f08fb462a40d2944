"""The text of a first scenario, for `koepel new`: invented places, or a country's own settlements."""

from __future__ import annotations

from typing import Any

import numpy as np

from koepel.errors import Fault, UsageError
from koepel.geo import EARTH_MEAN_RADIUS_M, destination, distance_m, lat_lon, unit_vectors
from koepel.scenario.write import word

MOST_SETTLEMENTS = 400  # more make a file that nobody reads
MOST_REACH_M = 2_500e3
BEYOND_M = 150e3
INVENTED = [
    {"name": "First City", "lat": 51.0, "lon": -30.4, "people": 900_000, "region": "Middle"},
    {"name": "Second City", "lat": 50.9, "lon": -29.4, "people": 350_000, "region": "Coast"},
    {"name": "Third City", "lat": 51.6, "lon": -30.9, "people": 220_000, "region": "North"},
    {"name": "Fourth Town", "lat": 51.2, "lon": -29.5, "people": 90_000, "region": "Coast"},
]
# position among the largest settlements, for sensors and for fire units; assumed
SENSORS = ((0, "surveillance-radar"), (1, "surveillance-radar"), (0, "acoustic-net"))
FIRE_UNITS = (
    (0, "patriot"),
    (1, "nasams"),
    (0, "gepard"),
    (2, "mobile-fire-group"),
    (3, "interceptor-drone-team"),
    (0, "jammer-area"),
)

TEXT = """\
# A scenario of koepel. Change what you like; 'koepel check FILE' tells every fault with its line.
# A figure may be a number, an interval [low, high], or {{low: 1, high: 2, source: where it is from}}.
# A name ends in its unit: radius_m may also be given as radius_km, start_s as start_min or start_h.
format: koepel-scenario/1
name: {name}
about: {about}
notional: Placements and raid are notional, by a crude rule; they are nobody's real positions or plans.

# People at a place. A long list may stand in a table beside this file: settlements: {{file: settlements.csv}}
settlements:
{settlements}

# Worth defending: a kind at a settlement, never a named plant.
assets:
  - {{name: power, kind: power, settlement: {largest}, value_musd: [200, 600]}}

# Notional: each sensor and fire unit stands in the middle of one of the largest settlements.
# 'koepel catalogue' lists the types.
defence:
  rule: cheapest                # first-able, cheapest (that suffices) or marginal-value
  policy:                       # share of the rounds kept back: 0 always allowed to fire, 1 never
    pac3-mse: {{drone: 1, jet-drone: 1, decoy: 1, cruise: 0.5}}
  sensors:
{sensors}
  fire_units:                   # magazines: {{EFFECTOR: {{ready: 4, reserve: 8}}}} replace the type's own
{fire_units}

# Every night's raid is drawn from this. The launch areas lie {beyond} km beyond the farthest settlement,
# one on each side and all alike, because the rule knows nothing: put your own in their place.
pattern:
  launch_areas:
{areas}
  groups:
    - name: drones
      types: {{shahed-136: 0.6, gerbera: 0.4}}
      count: {{median: 60, spread: 0.5, loading: 0.7}}      # a lognormal number, about 60
      launch: {launch}
      waves: {{count: 2, every_h: 1, spread_min: 30}}
      routes: {{direct: 1, dog_leg: 2, wandering: 1}}
    - name: cruise
      types: {{kh-101: 1}}
      count: {{median: 6, spread: 0.5, chance: 0.5, loading: 0.5}}   # on half the nights
      launch: {launch}
      aim: {{assets_share: 0.5}}
      waves: {{start_h: 2, spread_min: 10, together: true}}
    - name: ballistic
      types: {{iskander-m: 1}}
      count: {{median: 2, spread: 0.5, chance: 0.3, loading: 0.3}}
      launch: {launch}
      waves: {{start_h: 2, spread_min: 10}}
"""


def starter_text(country: str | None) -> str:
    """A commented scenario that reads without fault.

    Parameters
    ----------
    country
        Two letters of ISO 3166-1; invented places where none is given.
    """
    places, least = _settlements_of(country) if country else (INVENTED, 0)
    largest = sorted(places, key=lambda place: -place["people"])
    lat_lons = np.array([[place["lat"], place["lon"]] for place in places])
    areas = _areas(lat_lons)
    code = country.strip().upper() if country else ""
    about = f"Settlements of {code} with {least} people and more (GeoNames, CC BY 4.0), under a notional raid."
    return TEXT.format(
        name=f"{code.lower()}-notional" if country else "starter",
        about=about if country else "An invented country under a notional raid.",
        settlements=_rows(places, 2, "people", "region"),
        largest=word(largest[0]["name"]),
        sensors=_rows(_placed(SENSORS, largest), 4, "type"),
        fire_units=_rows(_placed(FIRE_UNITS, largest), 4, "type"),
        beyond=f"{BEYOND_M / 1e3:.0f}",
        areas=_rows(areas, 4, "radius_km"),
        launch="{" + ", ".join(f"{area['name']}: 1" for area in areas) + "}",
    )


def _settlements_of(country: str) -> tuple[list[dict[str, Any]], int]:
    """A country's settlements of some size, not too many and not none, and that size."""
    from koepel.countries import settlements_of

    places, least = [], 0
    for least in (15_000, 5_000, 1_000, 500):
        places = settlements_of(country, least)
        if len(places) >= 4:
            break
    if not places:
        fault = Fault("", "country", f"no settlements of {country!r} are known", "give another country")
        raise UsageError("the call", [fault])
    while len(places) > MOST_SETTLEMENTS:
        least += 5_000 if least < 50_000 else 50_000
        places = [place for place in places if place["people"] >= least]
    return places, least


def _placed(kinds: tuple, largest: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each thing in the middle of one of the largest settlements; of the very largest where they are few."""
    made = []
    for number, (rank, kind) in enumerate(kinds, 1):
        home = largest[rank if rank < len(largest) else 0]
        made.append({"name": f"{kind}-{number}", "type": kind, "lat": home["lat"], "lon": home["lon"]})
    return made


def _areas(places: np.ndarray) -> list[dict[str, Any]]:
    """A launch area on each side, beyond the farthest settlement. ``places`` has shape (n, 2), degrees."""
    middle = lat_lon(unit_vectors(places[:, 0], places[:, 1]).mean(axis=0))
    farthest_m = float(np.max(distance_m(middle, places, EARTH_MEAN_RADIUS_M)))
    away_m = min(farthest_m, MOST_REACH_M) + BEYOND_M
    made = []
    for side, bearing in (("north", 0.0), ("east", 90.0), ("south", 180.0), ("west", 270.0)):
        lat, lon = np.ravel(destination(*middle, bearing, away_m, radius_m=EARTH_MEAN_RADIUS_M))
        made.append({"name": side, "lat": round(float(lat), 2), "lon": round(float(lon), 2), "radius_km": 40})
    return made


def _rows(things: list[dict[str, Any]], indent: int, *fields: str) -> str:
    """A line for each thing with its place."""
    lines = []
    for thing in things:
        words = [f"name: {word(thing['name'])}", f"at: [{thing['lat']}, {thing['lon']}]"]
        for field in fields:
            value = thing[field]
            words.append(f"{field}: {word(value) if isinstance(value, str) else value}")
        lines.append(" " * indent + "- {" + ", ".join(words) + "}")
    return "\n".join(lines)
