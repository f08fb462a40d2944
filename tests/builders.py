"""Scenarios for tests: plain ones whose answer is known, and random ones that hold everything at once.

Random places, times and figures are continuous, so that no two events fall on the same moment by chance.
"""

import math
import random

import numpy as np
from hypothesis import strategies as st

from koepel._kernel import columns as c
from koepel._kernel.night import nights
from koepel._kernel.setup import ALONE, EVENT
from koepel.arrays import ScenarioArrays, scenario_arrays
from koepel.scenario import Scenario

THREAT = {
    "source": "test", "label": "test threat", "class": "drone", "kind": "drone", "size": "small", "speed_m_s": 50,
    "height_low_m": 500, "height_high_m": 500, "high_share": 0, "loudness": 1, "terminal_only": 0, "terminal_s": 0,
    "warhead_kg": 50, "price_usd": 50e3, "reach_km": 20e3, "fail_share": 0, "soft_kill": 0, "hardness": 0,
    "exposure_radius_m": 100, "debris_radius_m": 30, "damage_usd": 1e6, "alarm_lead_s": 600,
}  # fmt: skip
EFFECTOR = {
    "source": "test", "label": "test effector", "layer": "missile", "range_max_m": 20e3, "height_max_m": 20e3,
    "speed_m_s": 1000, "price_usd": 100e3, "pk_drone": 0.5, "pk_jet_drone": 0.5, "pk_decoy": 0.5, "pk_cruise": 0.5,
    "pk_ballistic": 0.5, "pk_supersonic": 0.5, "salvo": 1, "salvo_terminal": 1, "looks": 0, "soft_kill_per_s": 0,
    "site_night_sd": 0, "min_speed_ratio": 0, "bad_weather_factor": 1,
}  # fmt: skip
FIRE_UNIT = {
    "source": "test", "label": "test unit", "channels": 1, "reaction_s": 0, "assess_s": 0, "reload_s": 600,
    "cycle_s": 10, "availability": 1, "los_height_m": 1000, "moves": 0, "price_usd": 1e6, "crew": 1,
}  # fmt: skip
SENSOR = {
    "source": "test", "label": "test sensor", "kind": "radar", "range_small_m": 300e3, "range_medium_m": 300e3,
    "range_large_m": 300e3, "height_max_m": 100e3, "antenna_height_m": 10e3, "confirm_s": 0, "availability": 1,
}  # fmt: skip
SURE = {  # nothing but the shots is left to chance
    "weather": {"bad_share": 0},
    "doubt": {"month_sd": 0, "night_sd": 0},
}
PER_KIND = tuple(name for name in c.EFFECTOR if name.startswith("pk_"))


def against_all(pk: float) -> dict[str, float]:
    """The same kill probability against every kind."""
    return dict.fromkeys(PER_KIND, pk)


def away(place, bearing_degrees: float, distance_m: float) -> list[float]:
    """Latitude and longitude of the point so far away, on a sphere of 6,371 km."""
    lat, lon = map(math.radians, place)
    arc, bearing = distance_m / 6371e3, math.radians(bearing_degrees)
    z = math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(bearing)
    east = math.sin(bearing) * math.sin(arc) * math.cos(lat)
    lon += math.atan2(east, math.cos(arc) - math.sin(lat) * z)
    return [math.degrees(math.asin(max(-1.0, min(1.0, z)))), (math.degrees(lon) + 180) % 360 - 180]


def one_site(n_threats=1, *, ready=1000, reserve=0, centre=(50.0, 30.0), start_s=None, threat=(), effector=(), unit=(),
             sensor=(), length_m=100e3, rule="first-able", **more) -> Scenario:  # fmt: skip
    """Threats in single file over one fire unit that sees and shoots all round; figures without doubt."""
    route = [away(centre, 270, length_m / 2), away(centre, 90, length_m / 2)]
    starts = start_s if start_s is not None else [100.0 * i for i in range(n_threats)]
    data = {
        "name": "one site",
        "types": {
            "threats": {"t": THREAT | dict(threat)},
            "effectors": {"e": EFFECTOR | dict(effector)},
            "fire_units": {"u": FIRE_UNIT | {"rounds:e": 1, "sensor": "s"} | dict(unit)},
            "sensors": {"s": SENSOR | dict(sensor)},
        },
        "defence": {
            "rule": rule,
            "track_linger_s": [0, 0],
            "fire_units": [
                {"name": "u", "type": "u", "at": centre, "magazines": {"e": {"ready": ready, "reserve": reserve}}}
            ],
        },
        "raid": {
            "threats": [{"name": f"t{i}", "type": "t", "start_s": s, "route": route} for i, s in enumerate(starts)]
        },
    }
    for key, value in more.items():
        data[key] = data[key] | value if key in data else value
    return Scenario.model_validate(SURE | data)


# A supply side with some of everything

SUPPLY = {
    "begins": "2025-06-01",
    "stocks": [
        {"effector": "pac3-mse", "rounds": {"low": 50, "high": 80, "source": "a made-up register"}},
        {"effector": "amraam", "rounds": 60, "usable": 0.9, "lost_per_year": 0.2},
    ],
    "transport": {"delay_days": [0, 4], "rounds_per_day": 20},
    "funders": [
        {"name": "own", "budget": 50e6, "per_month": 5e6},
        {"name": "eu", "budget": [20e6, 40e6], "currency": "EUR"},
    ],
    "currencies": {"EUR": [1.05, 1.2]},
    "crises": [{"name": "gulf", "per_year": 2}],
    "gates": [{"name": "consent", "chance": [0.5, 1], "days": [5, 20]}],
    "lines": [
        {
            "name": "mse line", "effector": "pac3-mse", "crisis": "gulf", "learning": 0.9,
            "rates": [{"day": "2025-01-01", "per_month": 50}, {"day": "2026-01-01", "per_month": [60, 80]}],
            "recipients": [{"name": "others", "per_month": 60, "in_crisis": 2}],
            "joint": [{"partner": "p", "day": "2025-06-10", "per_month": 10, "cost_usd": 1e6, "funder": "own"}],
        }
    ],
    "donors": [
        {"name": "friend", "stock": {"amraam": [40, 100]}, "usable": 0.8,
         "recipients": [{"name": "x", "per_month": 10}]}
    ],
    "orders": [
        {"name": "mse", "day": "2025-06-05", "of": "mse line", "effector": "pac3-mse", "rounds": 20,
         "status": "pledged", "lead_days": [10, 30], "per_month": 6, "price": 4.2e6, "funder": "own", "crisis": "gulf"},
        {"name": "gift", "day": "2025-06-01", "of": "friend", "effector": "amraam", "rounds": 30, "status": "asked",
         "gates": ["consent"]},
        {"name": "amr", "day": "2025-06-15", "effector": "amraam", "rounds": 25, "price": 1e6, "currency": "EUR",
         "funder": "eu"},
    ],
    "upkeep": [{"type": "patriot", "repair_days": 8, "spares": 2, "lost_per_year": 0.2, "wear_rounds": 100}],
    "rations": [{"effector": "amraam", "below": 20, "policy": {"drone": 1}}],
    "war": {"ceasefire_per_month": 0.1, "resume_per_month": 0.3},
}  # fmt: skip


def supplied(**changes) -> Scenario:
    """small-country with a supply side that has some of everything."""
    return Scenario.read("small-country").replace({"supply": SUPPLY | changes})


# Random scenarios

CENTRES = {
    "middle": (48.0, 31.0),
    "equator": (0.3, -60.0),
    "north pole": (89.95, 20.0),
    "south pole": (-89.7, 100.0),
    "date line": (64.0, 179.95),
}
CATALOGUE_UNITS = (
    "patriot", "samp-t", "nasams", "iris-t-slm", "hawk", "buk", "gepard", "vampire", "mobile-fire-group",
    "interceptor-drone-team", "jammer-area", "fighter-patrol",
)  # fmt: skip
CATALOGUE_THREATS = ("shahed-136", "geran-3", "gerbera", "kh-101", "kalibr", "iskander-m", "kinzhal", "kh-22")


def random_scenario(
    seed: int, rule: str = "first-able", where: str = "middle", fixed: bool = False, depth: bool = True
) -> Scenario:
    """A scenario with several of everything: own and catalogue types, sensors, units, policy, doctrine, raid."""
    rng = random.Random(seed)
    centre = CENTRES[where]

    def place(most_m: float) -> list[float]:
        return away(centre, rng.uniform(0, 360), most_m * rng.random())

    types = _random_types(rng)
    cities = [place(90e3) for _ in range(rng.randint(1, 6))]
    effectors = [*types["effectors"], "gem-t", "amraam", "gepard-35mm", "interceptor-drone", "mobile-group-fire"]
    data = {
        "name": f"random {seed}",
        "types": types,
        "settlements": [
            {"name": f"city {k}", "at": at, "people": rng.uniform(1e3, 1e6), "region": "ab"[k % 2]}
            for k, at in enumerate(cities)
        ],
        "assets": [{"name": "port", "kind": "port", "settlement": "city 0", "value_usd": [1e6, 5e8]}],
        "defence": {
            "rule": rule,
            "sufficient": rng.uniform(0.2, 0.9),
            "policy": _sparse(rng, effectors, lambda: rng.choice([1.0, rng.uniform(0, 0.9)])),
            "doctrine": _sparse(rng, effectors, lambda: {"salvo": rng.randint(1, 4), "looks": rng.randint(0, 3)}),
            "track_linger_s": [rng.uniform(0, 20), rng.uniform(20, 300)],
            "track_memory_s": [rng.uniform(0, 20), rng.uniform(20, 200)],
            "sensors": _random_sensors(rng, types, place),
            "fire_units": _random_units(rng, types, place),
        },
        "weather": {"bad_share": [0.2, 0.8]},
        "doubt": {"month_sd": [0, 0.3], "night_sd": [0.1, 0.6]} | ({"missiles_night_sd": [0.2, 1]} if seed % 2 else {}),
    }
    kinds = [*types["threats"], *rng.sample(CATALOGUE_THREATS, 4)]
    if fixed:
        data["raid"] = {"threats": [_random_threat(rng, i, kinds, cities, place) for i in range(rng.randint(1, 40))]}
    else:
        data["pattern"] = _random_pattern(rng, kinds, centre, depth)
    return Scenario.model_validate(data)


def scenarios(**fixed):
    """Strategy of random scenarios; the arguments hold a choice of `random_scenario` fixed."""
    choices = {
        "seed": st.integers(0, 2**32),
        "rule": st.sampled_from(c.RULES),
        "where": st.sampled_from(sorted(CENTRES)),
        "fixed": st.booleans(),
    }
    return st.builds(random_scenario, **choices | {name: st.just(value) for name, value in fixed.items()})


def _around(rng, value: float) -> list[float]:
    """An interval about a figure."""
    return [value * rng.uniform(0.7, 1.0), value * rng.uniform(1.0, 1.3)]


def _random_types(rng) -> dict:
    kinds = {"slow": "drone", "bait": "decoy", "fast": "cruise", "steep": "ballistic"}
    threats = {}
    for name, kind in kinds.items():
        steep = kind == "ballistic"
        speed = {"drone": 50, "decoy": 50, "cruise": 230, "ballistic": 1500}[kind]
        low = rng.uniform(30, 1500)
        threats[name] = THREAT | {
            "class": {"decoy": "drone"}.get(kind, kind), "kind": kind, "size": rng.choice(c.SIZES),
            "speed_m_s": _around(rng, speed), "height_low_m": low, "height_high_m": low + rng.uniform(0, 3000),
            "high_share": [0, 0.6], "loudness": [0, 1], "terminal_only": int(steep),
            "terminal_s": _around(rng, 60) if steep else 0, "fail_share": [0, 0.2], "hardness": [-0.5, 0.5],
            "soft_kill": 0 if steep else [0.2, 1], "alarm_lead_s": _around(rng, 600), "damage_usd": [1e5, 5e6],
        }  # fmt: skip
    effectors = {}
    for name in ("long", "short"):
        far = name == "long"
        pk = {key: rng.choice([0, [0.1, 0.9], [0.4, 1.0]]) for key in PER_KIND}
        effectors[name] = EFFECTOR | pk | {
            "range_min_m": [0, rng.uniform(100, 3000)], "range_max_m": _around(rng, 80e3 if far else 15e3),
            "height_min_m": [0, 100], "height_max_m": _around(rng, 15e3 if far else 3e3), "speed_m_s": [300, 1500],
            "footprint_along_m": _around(rng, 60e3), "footprint_across_m": _around(rng, 40e3),
            "footprint_offset_m": _around(rng, 10e3), "price_usd": _around(rng, 2e6 if far else 1e4),
            "salvo": rng.randint(1, 3), "salvo_terminal": rng.randint(1, 3), "looks": rng.randint(0, 3),
            "bad_weather_factor": [0.3, 1], "site_night_sd": [0, 1], "min_speed_ratio": rng.choice([0, 1.3]),
        }  # fmt: skip
    effectors["noise"] = EFFECTOR | against_all(0) | {
        "layer": "jammer", "soft_kill_per_s": [1e-4, 3e-3], "range_max_m": _around(rng, 30e3),
    }  # fmt: skip
    units = {
        "jammer": FIRE_UNIT | _random_unit(rng) | {"rounds:noise": 0},
        "battery": FIRE_UNIT | _random_unit(rng) | {"rounds:long": [2, 12], "reserve:long": [0, 12], "sensor": "own"},
        "both": FIRE_UNIT | _random_unit(rng) | {"rounds:long": [0, 6], "rounds:short": 9, "reserve:short": 9},
        "patrol": FIRE_UNIT | _random_unit(rng) | {"rounds:short": [2, 6], "reserve:short": 6, "moves": 1},
    }
    sensors = {
        "own": SENSOR | {"shared": rng.randint(0, 1), "range_small_m": [30e3, 90e3], "share_delay_s": [0, 120],
                         "availability": [0.6, 1], "confirm_s": _around(rng, 10), "bad_weather_factor": [0.6, 1],
                         "antenna_height_m": 15},
        "wide": SENSOR | {"classifies": 1, "classify_s": [20, 600], "confirm_s": _around(rng, 20),
                          "share_delay_s": _around(rng, 20), "availability": [0.7, 1], "antenna_height_m": 40},
        "ears": SENSOR | {"kind": "acoustic", "acoustic": 1, "detect_per_m": [1e-4, 1e-3],
                          "range_small_m": [20e3, 50e3],
                          "height_max_m": _around(rng, 3e3), "share_delay_s": [0, 60]},
    }  # fmt: skip
    return {"threats": threats, "effectors": effectors, "fire_units": units, "sensors": sensors}


def _random_unit(rng) -> dict:
    return {
        "channels": [1, rng.randint(1, 6)], "reaction_s": _around(rng, 20), "los_height_m": [5, 1000],
        "assess_s": rng.choice([0, _around(rng, 15)]), "reload_s": _around(rng, 400), "cycle_s": _around(rng, 25),
        "availability": [0.6, 1],
    }  # fmt: skip


def _sparse(rng, effectors, value) -> dict:
    """Effector -> kind -> value, for some of them."""
    table = {name: {kind: value() for kind in c.KINDS if rng.random() < 0.3} for name in effectors}
    return {name: row for name, row in table.items() if row and rng.random() < 0.6}


def _random_sensors(rng, types, place) -> list[dict]:
    kinds = [*types["sensors"], "surveillance-radar", "acoustic-net", "observers", "airborne-radar"]
    return [{"name": f"s{k}", "type": rng.choice(kinds), "at": place(200e3)} for k in range(rng.randint(1, 8))]


def _random_units(rng, types, place) -> list[dict]:
    units = []
    for k in range(rng.randint(1, 14)):
        kind = rng.choice([*types["fire_units"], *types["fire_units"], *rng.sample(CATALOGUE_UNITS, 5)])
        units.append({"name": f"u{k}", "type": kind, "at": place(80e3)})
    return units


def _random_threat(rng, number, kinds, cities, place) -> dict:
    route = [away(place(100e3), rng.uniform(0, 360), rng.uniform(200e3, 500e3))]
    route += [place(250e3) for _ in range(rng.randint(0, 3))]
    route.append(away(rng.choice(cities), rng.uniform(0, 360), rng.uniform(0, 20e3)))
    return {"name": f"t{number}", "type": rng.choice(kinds), "start_s": rng.uniform(0, 3600), "route": route}


def _random_pattern(rng, kinds, centre, depth: bool) -> dict:
    areas = [
        {"name": f"area {k}", "at": away(centre, rng.uniform(0, 360), rng.uniform(200e3, 600e3)), "radius_m": 30e3}
        for k in range(rng.randint(1, 3))
    ]
    groups = []
    for k in range(rng.randint(1, 4)):
        count = {"fixed": rng.randint(0, 15)} if rng.random() < 0.3 else {
            "chance": rng.uniform(0.5, 1), "median": rng.uniform(1, 15), "spread": rng.uniform(0, 0.8),
            "loading": rng.uniform(-1, 1), "most": 40,
        }  # fmt: skip
        groups.append({
            "name": f"group {k}", "types": {name: rng.uniform(0.1, 1) for name in rng.sample(kinds, rng.randint(1, 4))},
            "count": count, "launch": {a["name"]: rng.uniform(0.1, 1) for a in areas},
            "aim": {"scatter_m": rng.uniform(0, 20e3), "reach_m": rng.choice([None, 100e3]),
                    "people_power": rng.random(), "regions": {"a": rng.uniform(0.1, 3)},
                    "assets_share": rng.choice([0, 0.4])},
            "waves": {"count": rng.randint(1, 3), "start_s": rng.uniform(0, 3600), "every_s": rng.uniform(100, 3600),
                      "spread_s": rng.uniform(60, 1800), "together": rng.random() < 0.5},
            "routes": {"direct": 1, "dog_leg": rng.random(), "wandering": rng.random(), "detour": rng.uniform(0, 0.4)},
        } | ({"high_share": [0, rng.random()]} if rng.random() < 0.5 else {}))  # fmt: skip
        groups[-1] |= _random_depth(rng, k) if depth else {}
    return {"launch_areas": areas, "groups": groups}


def _random_depth(rng, number: int) -> dict:
    """A near part and shared aim points, on luck of their own so that older nights stay as they were."""
    own = random.Random(f"{rng.getstate()[1][0]} {number}")
    depth = {}
    if own.random() < 0.5:
        share = own.random()
        depth["near"] = {
            "aim": {"reach_m": 50e3, "scatter_m": own.uniform(0, 20e3), "people_power": 0.3},
            "share": [0.5 * share, share], "size": own.uniform(1, 30), "size_power": [-1.5, own.uniform(-1, 1.5)],
            "night_sd": [0, 1], "aim_points": own.choice([None, 2]),
            "others_count_as": own.choice([0, 2.5]),
        }  # fmt: skip
    if own.random() < 0.3:
        depth["aim_points"] = own.randint(1, 4)
    return depth


# The kernel's own account of one night


class KernelNight:
    """One night of the compiled kernel, with its log.

    Attributes
    ----------
    threats
        Rows of `koepel._kernel.setup.THREAT_NOW`.
    row, zones
        The night's row of numbers, and the hours of alarm by zone.
    fired
        Rounds fired, by magazine.
    """

    def __init__(self, arrays: ScenarioArrays, seed: int = 1, run: int = 0, room: int = 1 << 16):
        columns = len(arrays.types) * len(c.PER_TYPE) + 2 * len(arrays.effectors) + len(c.SCALARS)
        rows = np.empty((1, columns))
        places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
        log = np.zeros(room, EVENT)
        told = nights(arrays.setup, seed, run, 1, ALONE, rows, places, zones, log)
        self.threats, self.legs, lines, self.n_encounters = told
        assert lines < room or room == 0
        self.row, self.alarm_hours, self.log = rows[0], zones[:, 0], log[:lines]
        fires = self.log[self.log["what"] == 0]
        self.fired = np.bincount(fires["magazine"], fires["number"], len(arrays.magazines)).astype(int)

    def scalar(self, name: str) -> float:
        """One of `columns.SCALARS`."""
        return float(self.row[len(self.row) - len(c.SCALARS) + c.SCALARS.index(name)])

    def events(self, what: int) -> int:
        """How many lines of the log tell this."""
        return int((self.log["what"] == what).sum())


def fight_once(scenario: Scenario, seed: int = 1, run: int = 0, *, plain: bool = False) -> KernelNight:
    """One night of the compiled kernel."""
    return KernelNight(scenario_arrays(scenario, plain=plain), seed, run)
