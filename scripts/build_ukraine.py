"""Build the scenario ukraine-2025-06: counts, placements by a crude rule, and a raid pattern fitted to records.

    python scripts/build_ukraine.py --records missile_attacks_daily.csv

Writes scenario.yaml, fire_units.csv and sensors.csv beside each other; the same records give the same bytes.
Prints what the pattern gives beside what was recorded, and how nights hang together. The parts are in scripts/ukraine/:
counts, placement, nights (the fit), pattern, rhythm and supply.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import pandas as pd
from ukraine.counts import FIRE_UNITS, SENSORS
from ukraine.nights import JUNE, QUARTER, drawn_nights, facts, fit, nightly
from ukraine.pattern import areas_text, groups_text
from ukraine.placement import placed
from ukraine.rhythm import found, rhythm_facts

from koepel.records import read_records
from koepel.tables import write_table

DATA = Path(__file__).parents[1] / "src" / "koepel" / "data"
PARTS = Path(__file__).parent / "ukraine"
TODAY = date(2026, 8, 1)  # only the embargo of 30 days reads it; fixed, so that the answer does not depend on the day


def main() -> None:
    """Read the records, fit, place and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", required=True, help="CSV file of published attacks")
    parser.add_argument("--out", type=Path, default=DATA / "scenarios" / "ukraine-2025-06", help="folder to write")
    given = parser.parse_args()
    records = read_records(given.records, today=TODAY)
    june, quarter = nightly(records, JUNE), nightly(records, QUARTER)
    fitted = fit(june, quarter)
    places = pd.read_csv(DATA / "settlements" / "ukraine.csv")
    given.out.mkdir(parents=True, exist_ok=True)
    for name, counts in (("fire_units.csv", FIRE_UNITS), ("sensors.csv", SENSORS)):
        rows = [dict(zip(("name", "type", "lat", "lon"), row, strict=True)) for row in placed(counts, places)]
        write_table(given.out / name, rows)
    text = (PARTS / "template.yaml").read_text(encoding="utf-8")
    for mark, part in (
        ("counts", counts_text()),
        ("rhythm", found(records, fitted).text()),
        ("areas", areas_text()),
        ("groups", groups_text(records, fitted)),
        ("supply", (PARTS / "supply.yaml").read_text(encoding="utf-8")),
    ):
        text = text.replace(f"@{mark}@", part)
    (given.out / "scenario.yaml").write_text(text, encoding="utf-8")
    table = {"June": facts(june), "April to June": facts(quarter), "drawn": facts(drawn_nights(fitted))}
    print(pd.DataFrame(table).round(2).to_string())
    print(rhythm_facts(records).round(3).to_string())


def counts_text() -> str:
    """The counts as a comment."""
    return "\n".join(f"# {one.number:6d}  {one.type:23s} {one.source}" for one in (*FIRE_UNITS, *SENSORS))


if __name__ == "__main__":
    main()
