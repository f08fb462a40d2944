"""Build the scenario ukraine-2025-06: published counts, a crude placement rule, a raid pattern fitted to records.

    python scripts/build_ukraine.py --records missile_attacks_daily.csv

Writes scenario.yaml, fire_units.csv and sensors.csv into the package. Run twice, it writes the same bytes.

Placements are notional: units of each kind go in turn to the settlement with the most people per unit of
that kind so far (D'Hondt), or to squares of a grid in order of the people near them, and are then snapped
to half a degree. Nobody's real position went into them.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from koepel.geo import distance_m, sphere_radius_m
from koepel.records import read_records

DATA = Path(__file__).parents[1] / "src" / "koepel" / "data"
FOLDER = DATA / "scenarios" / "ukraine-2025-06"
LEFT_OUT = ("Crimea", "Sevastopol", "Luhansk", "Donetsk")  # crudely: where no unit is placed
# kind of unit, how many, placement rule, where the number comes from
COUNTS = (
    ("patriot", 7, "people", "6 working of 8, May 2025 (NYT via pravda.com.ua 2025-05-04); 7 the middle"),
    ("samp-t", 2, "people", "assumed"),
    ("s-300p", 12, "people", "assumed; about 50 batteries in 2022, losses and scarce rounds since"),
    ("iris-t-slm", 7, "people", "7 in July 2025 (news-pravda.com 2025-07-25)"),
    ("nasams", 8, "people", "assumed"),
    ("hawk", 5, "people", "assumed"),
    ("buk", 8, "people", "assumed"),
    ("iris-t-sls", 4, "people", "assumed"),
    ("skynex", 2, "people", "2 (mediafax.ro; 182 M EUR for two)"),
    ("gepard", 30, "people", "over 60 delivered by July 2025 (news-pravda.com); half of them at towns, assumed"),
    ("vampire", 14, "people", "14 sets (Wired)"),
    ("mobile-fire-group", 120, "grid", "assumed; 'thousands of staff' as areas of several teams each"),
    ("interceptor-drone-team", 6, "people", "assumed; few in June 2025"),
    ("jammer-area", 50, "grid", "assumed"),
    ("fighter-patrol", 4, "people", "assumed"),
)  # fmt: skip
SENSORS = (
    ("surveillance-radar", 16, "grid", "assumed"),
    ("acoustic-net", 50, "grid", "assumed; each stands for a stretch of the net"),
)
# launch areas named in the records, at half a degree and tens of kilometres
AREAS = {
    "Primorsko-Akhtarsk": (46.0, 38.0, 20), "Chauda, Crimea": (45.0, 36.0, 20), "Hvardiiske, Crimea": (45.0, 34.0, 20),
    "Kursk oblast": (51.5, 36.0, 60), "Bryansk oblast": (53.0, 33.5, 60), "Oryol oblast": (53.0, 36.0, 60),
    "Millerovo": (49.0, 40.5, 20), "Shatalovo": (54.5, 32.5, 20), "Black Sea": (44.0, 33.0, 80),
    "Caspian Sea": (44.0, 49.0, 100), "Saratov oblast": (51.5, 46.0, 100), "Voronezh oblast": (51.0, 40.0, 80),
    "Rostov oblast": (47.5, 40.5, 80), "Tambov oblast": (52.5, 41.5, 80), "Crimea": (45.5, 34.0, 60),
    "Zaporizhzhia oblast": (47.0, 35.5, 40), "Ryazan oblast": (54.5, 40.0, 80),
}  # fmt: skip
# how missiles go with the night's drones, chosen so that large drone raids bring missiles as the records say
LOADING = {"kh-101": 0.95, "kalibr": 0.95, "iskander-k": 0.85, "kh-59": 0.5, "iskander-m": 0.6, "kinzhal": 0.8}
NEAR_KNOT, NEAR_SLOPE = 60.0, 0.2  # of a night's drones: the first 60 and a fifth of the rest strike near the border
DRONES = {"shahed-136": 0.62, "gerbera": 0.38}  # strike share 58-67 % in the records of July 2025 to May 2026
# group: threat type, launch areas, arrival and aim, where the records name no single type
GROUPS = (
    ("kh-101", "Kh-101", {"Saratov oblast": 2, "Caspian Sea": 1}, 4e5),
    ("kalibr", "Kalibr", {"Black Sea": 1}, None),
    ("iskander-k", "Iskander-K", {"Kursk oblast": 2, "Voronezh oblast": 1, "Crimea": 1}, None),
    ("kh-59", "Kh-59 and Kh-69", {"Kursk oblast": 1, "Zaporizhzhia oblast": 1, "Black Sea": 1}, None),
    ("iskander-m", "Iskander-M and KN-23", {"Voronezh oblast": 2, "Bryansk oblast": 1, "Rostov oblast": 1}, None),
    ("kinzhal", "Kinzhal", {"Tambov oblast": 2, "Ryazan oblast": 1}, None),
)  # fmt: skip


def main() -> None:
    """Read the records and write the scenario."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", required=True)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder to write into")
    asked = parser.parse_args()
    records = read_records(asked.records)
    places = pd.read_csv(DATA / "settlements" / "ukraine.csv")
    asked.to.mkdir(exist_ok=True)
    held = places[~places.region.isin(LEFT_OUT)]
    write(asked.to / "fire_units.csv", placed(COUNTS, held))
    write(asked.to / "sensors.csv", placed(SENSORS, held))
    (asked.to / "scenario.yaml").write_text(scenario_text(records), encoding="utf-8")


def write(path: Path, rows: list[tuple]) -> None:
    """A table of named places."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("name", "type", "lat", "lon"))
        table.writerows(rows)


def placed(counts, held: pd.DataFrame) -> list[tuple]:
    """Name, type, latitude and longitude of every unit."""
    rows = []
    for kind, n, rule, _ in counts:
        at = by_people(held, n) if rule == "people" else by_grid(held, n)
        rows += [(f"{kind} {k + 1}", kind, *half_degree(lat, lon)) for k, (lat, lon) in enumerate(at)]
    return rows


def half_degree(lat: float, lon: float) -> tuple[float, float]:
    """Snapped to half a degree."""
    return round(lat * 2) / 2, round(lon * 2) / 2


def by_people(held: pd.DataFrame, n: int) -> list[tuple[float, float]]:
    """Units one by one to the place with the most people per unit already there, itself included (D'Hondt)."""
    units, people, at = np.ones(len(held)), held.people.to_numpy(float), []
    for _ in range(n):
        place = int(np.argmax(people / units))
        units[place] += 1
        at.append((held.lat.iloc[place], held.lon.iloc[place]))
    return at


def by_grid(held: pd.DataFrame, n: int) -> list[tuple[float, float]]:
    """Squares of a degree and a half, in order of the people within 75 km of their middle; each once, then again."""
    radius = float(sphere_radius_m(48.5))
    town = held[["lat", "lon"]].to_numpy()
    squares = []
    for lat in np.arange(45.5, 53.0, 0.5):
        for lon in np.arange(22.5, 40.5, 1.0):
            away = distance_m(town, np.array([[lat, lon]]), radius)
            near = held.people.to_numpy()[away < 75e3].sum()
            if near > 20_000:
                squares.append((near * (0.4 if lon < 27 else 1.0), lat, lon))
    squares.sort(reverse=True)
    spread, taken = [], 0
    step = max(1, len(squares) // n)
    for k in range(n):
        spread.append(squares[(k * step + taken) % len(squares)][1:])
    return spread


def scenario_text(records) -> str:
    """The YAML of the scenario, with its comments."""
    june = nightly(records, "2025-06-01", "2025-06-30")
    counts = "\n".join(f"#   {n:3d} {kind:24s} {source}" for kind, n, _, source in (*COUNTS, *SENSORS))
    areas = "\n".join(
        f"    - {{name: '{name}', at: [{lat}, {lon}], radius_km: {radius}}}"
        for name, (lat, lon, radius) in AREAS.items()
    )
    return TEMPLATE.format(counts=counts, areas=areas, groups="".join(group_texts(records, june)))


def nightly(records, first: str, last: str) -> pd.DataFrame:
    """Launched by type on every night of a period; a bundle is shared among its types evenly."""
    table = pd.DataFrame(0.0, index=pd.date_range(first, last), columns=["drones", *(g[0] for g in GROUPS)])
    for night in [n for n in records.nights() if first <= str(n) <= last]:
        one = records.night(night)
        counts = dict(one.counts)
        for types, launched in one.bundles.items():
            for name in types:
                counts[name] = counts.get(name, 0) + launched / len(types)
        stamp = pd.Timestamp(night)
        for name, launched in counts.items():
            if name in ("shahed-136", "geran-3"):
                table.loc[stamp, "drones"] += launched
            elif name in table.columns:
                table.loc[stamp, name] += launched
    return table


def lognormal(values: pd.Series) -> tuple[float, float, float]:
    """Chance, median and spread of the logarithm of a count that may be zero."""
    some = values[values >= 0.5]
    return len(some) / len(values), float(np.exp(np.log(some).mean())), float(np.log(some).std(ddof=1))


def group_texts(records, june: pd.DataFrame) -> list[str]:
    """One entry for each group of the pattern, fitted to the nights of June."""
    near = june.drones.clip(upper=NEAR_KNOT) + NEAR_SLOPE * (june.drones - NEAR_KNOT).clip(lower=0)
    launch = drone_places(records)
    texts = []
    for name, values, share in (("near drones", near, "near"), ("deep drones", june.drones - near, "deep")):
        chance, median, spread = lognormal(values)
        texts.append(DRONE_GROUP[share].format(
            name=name, types=flow(DRONES), count=count_text(chance, median, spread, 0.95, values), launch=flow(launch)
        ))  # fmt: skip
    for kind, label, places, least in GROUPS:
        chance, median, spread = lognormal(june[kind])
        if not np.isfinite(spread):
            spread = 0.5
        texts.append(MISSILE_GROUP.format(
            name=label, kind=kind, launch=flow(places),
            count=count_text(chance, median, spread, LOADING[kind], june[kind]),
            aim=f"people_power: 1, least_people: {least or 1e5:.0f}, scatter_km: 3", recorded=f"{june[kind].sum():.0f}",
        ))  # fmt: skip
    return texts


def count_text(chance: float, median: float, spread: float, load: float, values: pd.Series) -> str:
    """Count of a group, with the median such that the mean drawn is the recorded one; the cap is 1.3 of the most."""
    mean, most = values[values >= 0.5].mean(), int(math.ceil(1.3 * values.max()))
    spread = min(spread, 1.1)  # wider ones meet the cap too often
    quantiles = np.exp(spread * norm.ppf((np.arange(2000) + 0.5) / 2000))
    median = brentq(lambda m: np.clip(np.round(m * quantiles), 1, most).mean() - mean, 0.1, most)
    return f"{{chance: {chance:.2f}, median: {median:.3g}, spread: {spread:.2f}, loading: {load}, most: {most}}}"


def drone_places(records) -> dict[str, float]:
    """How often the June waves name each launch place."""
    rows = records.rows
    rows = rows[(rows.threat_class == "drone") & (rows.night >= "2025-06-01") & (rows.night <= "2025-06-30")]
    named = pd.Series([place for places in rows.launch_places for place in places]).value_counts()
    return {place: int(count) for place, count in named.items() if place in AREAS}


def flow(weights: dict[str, float]) -> str:
    """A mapping in one line."""
    return "{" + ", ".join(f"'{name}': {weight}" for name, weight in weights.items()) + "}"


TEMPLATE = """\
# Ukraine, June 2025. Built by scripts/build_ukraine.py; change that and run it again.
# Counts of systems are published where a source stands, else assumed. Every placement is notional: computed
# by a crude rule and snapped to half a degree. No kill probability was fitted to the recorded nights.
#
{counts}
format: koepel-scenario/1
name: ukraine-2025-06
about: June 2025 - published or assumed counts of systems, raids drawn from a pattern fitted to the records.
notional: Placements follow a stated crude rule and are snapped to half a degree; none is a real position.

settlements: {{builtin: ukraine}}     # GeoNames, CC BY 4.0

types:
  fire_units:
    mobile-fire-group: {{sensor: none}}   # they are told where to look by the net
  effectors:                            # a jammer area stands for several jammers; its figures are assumed
    jammer: {{range_max_km: [18, 30], soft_kill_per_min: [0.06, 0.25]}}

defence:
  rule: cheapest
  sufficient: 0.4
  policy:                             # share of the rounds kept back; 1 never fires
    pac3-mse: {{drone: 1, jet-drone: 1, decoy: 1, cruise: 0.6}}
    gem-t: {{drone: 1, jet-drone: 0.8, decoy: 1, cruise: 0.4}}
    aster-30: {{drone: 1, jet-drone: 0.8, decoy: 1, cruise: 0.4}}
    s-300p-missile: {{drone: 0.7, jet-drone: 0.5, decoy: 1}}
    amraam: {{drone: 0.5, jet-drone: 0.3, decoy: 1}}
    iris-t-slm: {{drone: 0.5, jet-drone: 0.3, decoy: 1}}
    hawk: {{drone: 0.4, decoy: 1}}
    buk-missile: {{drone: 0.5, decoy: 1}}
    fighter-missile: {{drone: 0.3, decoy: 1}}
  sensors: {{file: sensors.csv}}
  fire_units: {{file: fire_units.csv}}

pattern:                              # fitted to the nights of June 2025
  launch_areas:
{areas}
  groups:
{groups}"""
DRONE_GROUP = {
    "near": """\
    - name: {name}                   # every night, mostly the border regions
      types: {types}
      count: {count}
      launch: {launch}
      aim:
        people_power: 0.7
        reach_km: 100
        scatter_km: 6
        regions: {{Crimea: 0, Sevastopol: 0, Luhansk: 0, Donetsk: 0.2}}
      waves: {{count: 3, every_h: 2.5, spread_h: 2.5}}
      routes: {{direct: 1, dog_leg: 2, wandering: 1, detour: 0.2}}
""",
    "deep": """\
    - name: {name}                   # large nights, through several layers
      types: {types}
      count: {count}
      launch: {launch}
      aim: {{people_power: 0.9, scatter_km: 4, regions: {{Crimea: 0, Sevastopol: 0, Luhansk: 0, Donetsk: 0.2}}}}
      waves: {{count: 3, every_h: 2, spread_h: 2}}
      routes: {{direct: 1, dog_leg: 3, wandering: 3, detour: 0.25}}
""",
}
MISSILE_GROUP = """\
    - name: {name}                   # {recorded} recorded in June 2025
      types: {{{kind}: 1}}
      count: {count}
      launch: {launch}
      aim: {{{aim}, regions: {{Crimea: 0, Sevastopol: 0, Luhansk: 0, Donetsk: 0.2}}}}
      waves: {{start_h: 7, spread_h: 1.5, together: true}}
      routes: {{direct: 2, dog_leg: 1, wandering: 1, detour: 0.15}}
"""

if __name__ == "__main__":
    main()
