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

from koepel.countries import distinct_names

SETTLEMENTS = Path(__file__).parents[1] / "src" / "koepel" / "data" / "settlements" / "ukraine.csv"


def main() -> None:
    """Write the derived file, the most populous place first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("geonames", type=Path, help="GeoNames settlements of Ukraine, CSV")
    with parser.parse_args().geonames.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    rows.sort(key=lambda row: (-int(row["population"]), row["name"], row["geonameid"]))
    names = distinct_names([row["name"] for row in rows], [row["oblast"] for row in rows])
    SETTLEMENTS.parent.mkdir(parents=True, exist_ok=True)
    with SETTLEMENTS.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(["name", "lat", "lon", "people", "region"])
        for name, row in zip(names, rows, strict=True):
            lat, lon = (f"{float(row[column]):.3f}" for column in ("latitude", "longitude"))
            table.writerow([name, lat, lon, int(row["population"]), row["oblast"]])
    print(f"{SETTLEMENTS}: {len(rows)} settlements, {sum(int(row['population']) for row in rows):,} people")


if __name__ == "__main__":
    main()
