"""Derive src/koepel/data/settlements/ukraine.csv from a GeoNames file of Ukraine's settlements.

    python scripts/derive_settlements.py ua_settlements_geonames_cities500_npm2023.csv

The file given has the columns name, latitude, longitude, oblast and population: GeoNames' ``cities500``
as it stood on npm in 2023, Ukraine only, without city districts. Every row is kept. The name is told
apart by its region where it recurs, the coordinates are rounded to 0.001 degree (about 100 m).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from koepel.countries import COLUMNS, distinct_names

SETTLEMENTS = Path(__file__).parents[1] / "src" / "koepel" / "data" / "settlements" / "ukraine.csv"


def main() -> None:
    """Write the derived file, the most populous place first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("geonames", type=Path, help="GeoNames settlements of Ukraine, CSV")
    with parser.parse_args().geonames.open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: (-int(row["population"]), row["name"], row["geonameid"]))
    places = [
        {
            "name": row["name"],
            "lat": f"{float(row['latitude']):.3f}",
            "lon": f"{float(row['longitude']):.3f}",
            "people": int(row["population"]),
            "region": row["oblast"],
        }
        for row in rows
    ]
    SETTLEMENTS.parent.mkdir(parents=True, exist_ok=True)
    with SETTLEMENTS.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        table.writeheader()
        for place, name in zip(places, distinct_names(places), strict=True):
            table.writerow(place | {"name": name})
    print(f"{SETTLEMENTS}: {len(places)} settlements, {sum(place['people'] for place in places):,} people")


if __name__ == "__main__":
    main()
