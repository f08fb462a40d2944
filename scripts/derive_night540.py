"""Write the built-in scenario night-540 from the reference raid of the benchmarks.

    python scripts/derive_night540.py FOLDER

``FOLDER`` holds ``night540.py``, whose ``build()`` draws the raid (synthetic places, seed 1). The threats
keep their order, and their routes to 1e-7 degrees.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path

OUT = Path(__file__).parents[1] / "src/koepel/data/scenarios/night-540"
PEOPLE = [
    1_000_000,
    800_000,
    600_000,
    500_000,
    400_000,
    300_000,
    250_000,
    200_000,
]  # then 100,000 each; invented
SOURCE = "NIGHT-540 reference raid, synthetic"

HEAD = """\
# The reference raid NIGHT-540, written by scripts/derive_night540.py. Synthetic: no real place or system.
# 600 x 600 km with 24 cities; 500 drones in four waves, 30 cruise missiles and 10 ballistic threats in
# eight hours; 60 sites with 2,928 rounds. On this raid koepel is compared with other programs, under plain
# rules. Speeds, ranges, rounds, pk, channels and cycles are those of the reference; people, prices, heights
# and whatever else only the full model needs are invented round figures.
format: koepel-scenario/1
name: night-540
about: Reference raid of 540 threats against 60 sites, to compare programs and rules.
notional: Every place and figure is synthetic; the cities have invented numbers of people.

"""

THREAT = """\
    {name}-540:
      source: {source}
      label: {name} of NIGHT-540
      class: {name}
      kind: {name}
      size: {size}
      speed_km_h: {km_h}
      height_low_m: {height_m}
      height_high_m: {height_m}
      high_share: 0
      loudness: {loudness}
      terminal_only: {terminal}
      terminal_s: {terminal_s}
      warhead_kg: {warhead_kg}
      price_kusd: {price_kusd}
      reach_km: {reach_km}
      fail_share: 0
      soft_kill: 0
      hardness: 0
      exposure_radius_m: 100
      debris_radius_m: 30
      damage_musd: 1
      alarm_lead_min: 10
"""
THREATS = [
    dict(name="drone", size="small", km_h=185, height_m=500, loudness=1, terminal=0, terminal_s=0,
         warhead_kg=50, price_kusd=50, reach_km=2000),
    dict(name="cruise", size="medium", km_h=800, height_m=500, loudness=0, terminal=0, terminal_s=0,
         warhead_kg=400, price_kusd=1000, reach_km=4000),
    dict(name="ballistic", size="large", km_h=5400, height_m=20000, loudness=0, terminal=1, terminal_s=60,
         warhead_kg=500, price_kusd=3000, reach_km=1000),
]  # fmt: skip

EFFECTOR = """\
    {name}-540:
      source: {source}
      label: {name} of NIGHT-540
      layer: {layer}
      range_min_km: 0
      range_max_km: {range_km}
      height_min_m: 0
      height_max_km: 25
      footprint_along_km: {footprint_km}
      footprint_across_km: {footprint_km}
      footprint_offset_km: 0
      speed_m_s: {speed_m_s}
      min_speed_ratio: 0
      price_kusd: {price_kusd}
      pk_drone: {pk}
      pk_jet_drone: {pk}
      pk_decoy: {pk}
      pk_cruise: {pk}
      pk_ballistic: {pk_ballistic}
      pk_supersonic: 0
      bad_weather_factor: 1
      salvo: 1
      salvo_terminal: 1
      looks: 100
      soft_kill_per_min: 0
      site_night_sd: 0
"""
UNIT = """\
    {name}-540:
      source: {source}
      label: {name} site of NIGHT-540
      rounds:{name}-540: {rounds}
      reserve:{name}-540: 0
      channels: {channels}
      reaction_s: {reaction_s}
      assess_s: {assess_s}
      reload_min: 60
      cycle_s: {cycle_s}
      availability: 1
      los_height_m: 20
      sensor: none
      moves: 0
      price_musd: {price_musd}
      crew: {crew}
"""
# in the full model reaction and assessment take half the fixed cycle each
SITES = {
    "long": dict(layer="missile", footprint_km=50, price_kusd=4000, pk_ballistic=0.8, price_musd=400, crew=80),
    "medium": dict(layer="missile", footprint_km=0, price_kusd=1000, pk_ballistic=0, price_musd=150, crew=40),
    "short": dict(layer="gun", footprint_km=0, price_kusd=1, pk_ballistic=0, price_musd=5, crew=6),
}
RADAR = f"""\
    radar-540:
      source: {SOURCE}
      label: radar of NIGHT-540
      kind: radar
      range_small_km: 200
      range_medium_km: 200
      range_large_km: 200
      height_max_km: 30
      antenna_height_m: 20
      confirm_s: 10
      shared: 1
      share_delay_s: 5
      availability: 1
      detect_per_km: 0
      acoustic: 0
      classifies: 0
      classify_s: 0
      bad_weather_factor: 1
"""


def reference(folder: Path) -> dict:
    """The raid as the benchmark draws it."""
    spec = importlib.util.spec_from_file_location("night540", folder / "night540.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {"ll": _places(module), **module.build()}


def _places(module) -> list[tuple[float, float]]:
    """The cities in degrees; the benchmark gives them in kilometres from 49 N 31 E."""
    spots = []
    for x, y in module.build()["cities"]:
        dlat, dlon = module.km2deg(49.0, x, y)
        spots.append((49.0 + dlat, 31.0 + dlon))
    return spots


def place(lat_lon: tuple[float, float]) -> str:
    """A place in degrees, to about a centimetre."""
    return f"{lat_lon[0]:.7f} {lat_lon[1]:.7f}"


def types_text(sites: list[dict]) -> str:
    """The types of the raid: threats, effectors, fire units and the radar."""
    kinds = {site["kind"]: site for site in reversed(sites)}
    effectors, units = "", ""
    for name, words in SITES.items():
        site = kinds[name]
        effectors += EFFECTOR.format(
            name=name,
            source=SOURCE,
            range_km=site["rng"],
            pk=site["pk"],
            speed_m_s=round(site["kmh"] / 3.6),
            **words,
        )
        units += UNIT.format(
            name=name, source=SOURCE, rounds=site["rounds"], channels=site["ch"], cycle_s=site["cycle"],
            reaction_s=site["cycle"] / 2, assess_s=site["cycle"] / 2, **words,
        )  # fmt: skip
    threats = "".join(THREAT.format(source=SOURCE, **words) for words in THREATS)
    return f"types:\n  threats:\n{threats}  effectors:\n{effectors}  fire_units:\n{units}  sensors:\n{RADAR}\n"


def scenario_text(raid: dict) -> str:
    """The scenario file, but for its two tables."""
    text = HEAD + types_text(raid["sites"]) + "settlements:\n"
    for i, spot in enumerate(raid["ll"]):
        people = PEOPLE[i] if i < len(PEOPLE) else 100_000
        at = place(spot).replace(" ", ", ")
        text += f"  - {{name: city-{i + 1:02d}, at: [{at}], people: {people}, region: box}}\n"
    text += "\ndefence:\n  rule: first-able\n  sensors:\n"
    for radar in raid["radars"]:
        at = place(radar["ll"]).replace(" ", ", ")
        text += f"    - {{name: radar-{radar['id'] + 1:02d}, type: radar-540, at: [{at}]}}\n"
    return text + "  fire_units: {file: fire_units.csv}\n\nraid:\n  threats: {file: threats.csv}\n"


def write_tables(raid: dict) -> None:
    """The fire units and the threats as CSV."""
    with (OUT / "fire_units.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "type", "lat", "lon"])
        for site in raid["sites"]:
            rows.writerow([f"{site['kind']}-{site['id'] + 1:02d}", f"{site['kind']}-540", *place(site["ll"]).split()])
    with (OUT / "threats.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "type", "start_s", "route"])
        for threat in raid["threats"]:
            route = "; ".join(place(point) for point in threat["ll"])
            rows.writerow([f"{threat['cls']}-{threat['id'] + 1:03d}", f"{threat['cls']}-540", threat["t0"], route])


def main(folder: str) -> None:
    raid = reference(Path(folder))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "scenario.yaml").write_text(scenario_text(raid), encoding="utf-8")
    write_tables(raid)


if __name__ == "__main__":
    main(sys.argv[1])
