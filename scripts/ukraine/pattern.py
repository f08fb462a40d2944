"""Who is launched from where, at what, when and how: the groups of the raid pattern."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ukraine.nights import JUNE, QUARTER, Fitted

from koepel.records import Records

# Areas that the records name, snapped to half a degree: latitude, longitude, radius in kilometres.
AREAS = {
    "Kursk oblast": (51.5, 36.0, 40),
    "Bryansk oblast": (53.0, 34.0, 40),
    "Oryol oblast": (53.0, 36.0, 40),
    "Shatalovo": (54.5, 32.5, 20),
    "Millerovo": (49.0, 40.5, 20),
    "Primorsko-Akhtarsk": (46.0, 38.0, 20),
    "Chauda, Crimea": (45.0, 36.0, 20),
    "Hvardiiske, Crimea": (45.0, 34.0, 20),
    "Crimea": (45.0, 34.5, 50),
    "Belgorod oblast": (50.5, 37.0, 30),
    "Voronezh oblast": (51.5, 39.5, 60),
    "Rostov oblast": (47.5, 39.5, 60),
    "Zaporizhzhia oblast": (47.0, 36.5, 30),
    "Saratov oblast": (51.5, 46.0, 100),
    "Caspian Sea": (43.0, 49.5, 100),
    "Black Sea": (43.5, 34.0, 80),
    "Tambov oblast": (52.5, 41.5, 60),
    "Astrakhan oblast": (46.5, 48.0, 60),
    "Ryazan oblast": (54.5, 39.5, 60),
}
SAME = {"Taganrog": "Rostov oblast", "Yeysk": "Rostov oblast", "Dzhankoi, Crimea": "Crimea",
        "Caspian Sea, Saratov oblast,": "Saratov oblast", "Zaporizhzhia oblast, Prymorsk": "Zaporizhzhia oblast",
        "Donetsk oblast": "Rostov oblast"}  # fmt: skip
NOT_HELD = "Crimea: 0, Sevastopol: 0, Luhansk: 0.02"
# Oblasts at the border with Russia or at the front: what is aimed deep seldom strikes them.
FRONT = "Donetsk: 0, Kharkiv: 0.1, Kherson: 0.1, Sumy: 0.1, Chernihiv: 0.1, Zaporizhzhia: 0.1"
DRONE_TYPES = "{shahed-136: 0.62, gerbera: 0.38}"
# Where each kind strikes: deep, and near or small. How many do the one and how many the other, how that goes with the
# size of the raid, and how much nights differ in it, is left open by wide intervals; calibration closes them.
SPLIT = "share: [0.05, 0.95], size_power: [-1.2, 0.8]"
SPLIT_BALLISTIC = "share: [0.05, 0.95], size_power: [-2.5, 0.5]"
DEEP_DRONES = (
    "{people_power: 1.2, least_people: 20000, reach_km: 500, scatter_km: 4, regions: {" + NOT_HELD + ", " + FRONT
    + ", Kyiv City: 1.5, Khmelnytskyi: 2}}"
)  # fmt: skip
NEAR_DRONES = (
    "{size: 100, others_count_as: 3, " + SPLIT + ", night_sd: [0.1, 1], aim_points: 5, "
    + "aim: {people_power: 0.5, reach_km: 40, scatter_km: 6, regions: {" + NOT_HELD
    + ", Donetsk: 0.7}}}"
)  # fmt: skip
CITIES = (
    "{people_power: 1.2, least_people: 100000, scatter_km: 3, regions: {" + NOT_HELD + ", " + FRONT + "}}"
)  # fmt: skip
DEEP_BALLISTIC = (
    "{people_power: 1.2, least_people: 200000, reach_km: 200, scatter_km: 3, regions: {" + NOT_HELD
    + ", Donetsk: 0.1, Kyiv City: 3}}"
)  # fmt: skip
NEAR_BALLISTIC = (
    "{size: 5, " + SPLIT_BALLISTIC + ", night_sd: [0.1, 2.5], "
    + "aim: {people_power: 0.6, least_people: 10000, reach_km: 80, scatter_km: 2, regions: {"
    + NOT_HELD + ", Donetsk: 0.3}}}"
)  # fmt: skip


def split_cruise(aim: str) -> str:
    """Cruise missiles that do not strike the great cities."""
    return "{size: 10, " + SPLIT + ", night_sd: [0.1, 2.5], aim: " + aim + "}"


@dataclass(frozen=True)
class Purpose:
    """What the records do not number: aims, times and routes of a group. All assumed."""

    about: str
    types: str
    launch: tuple[str, ...]
    aim: str
    waves: str
    routes: str
    near: str = ""
    aim_points: int | None = None


PURPOSES = {
    "first-drones": Purpose(
        "the first 119 drones of a night",
        DRONE_TYPES,
        ("shahed-136",),
        DEEP_DRONES,
        "{count: 4, every_h: 2.25, spread_h: 2.25}",
        "{direct: 1, dog_leg: 3, wandering: 1, detour: 0.2}",
        NEAR_DRONES,
    ),
    "more-drones": Purpose(
        "each further drone",
        DRONE_TYPES,
        ("shahed-136",),
        DEEP_DRONES,
        "{count: 4, every_h: 2.25, spread_h: 2.25}",
        "{direct: 1, dog_leg: 3, wandering: 1, detour: 0.2}",
        NEAR_DRONES,
    ),
    "kh-101": Purpose(
        "from bombers, arriving within an hour before dawn",
        "{kh-101: 1}",
        ("kh-101",),
        CITIES,
        "{start_h: 7.5, spread_min: 60, together: true}",
        "{direct: 0, dog_leg: 2, wandering: 1, detour: 0.2}",
        split_cruise(
            "{people_power: 0.7, least_people: 30000, scatter_km: 3, regions: {" + NOT_HELD
            + ", Donetsk: 0, Kharkiv: 0.2, Khmelnytskyi: 2}}"
        ),
        5,
    ),
    "kalibr": Purpose(
        "from the Black Sea",
        "{kalibr: 1}",
        ("kalibr",),
        CITIES,
        "{start_h: 7, spread_min: 60, together: true}",
        "{direct: 1, dog_leg: 2, wandering: 1, detour: 0.15}",
        split_cruise(
            "{people_power: 0.7, least_people: 30000, reach_km: 400, scatter_km: 3, regions: {" + NOT_HELD
            + ", Donetsk: 0}}"
        ),
        3,
    ),
    "iskander-k": Purpose(
        "cruise missiles from land",
        "{iskander-k: 1}",
        ("iskander-k",),
        CITIES,
        "{start_h: 6, spread_min: 90, together: true}",
        "{direct: 2, dog_leg: 2, wandering: 0, detour: 0.15}",
        split_cruise(
            "{people_power: 0.7, least_people: 30000, reach_km: 200, scatter_km: 3, regions: {" + NOT_HELD
            + ", Donetsk: 0.3}}"
        ),
        2,
    ),
    "kh-59": Purpose(
        "short-legged, from aircraft: border and south",
        "{kh-59: 1}",
        ("kh-59",),
        CITIES,
        "{count: 2, start_h: 2, every_h: 4, spread_h: 1, together: true}",
        "{direct: 2, dog_leg: 1, detour: 0.1}",
        split_cruise(
            "{people_power: 0.7, least_people: 10000, reach_km: 60, scatter_km: 3, regions: {" + NOT_HELD
            + ", Donetsk: 0.3}}"
        ),
        2,
    ),
    "few-ballistic": Purpose(
        "Iskander-M or KN-23 on nights of fewer than five",
        "{iskander-m: 1}",
        ("iskander-m",),
        DEEP_BALLISTIC,
        "{count: 3, every_h: 4, spread_h: 2, together: true}",
        "{direct: 1}",
        NEAR_BALLISTIC,
        1,
    ),
    "many-ballistic": Purpose(
        "nights of five and more",
        "{iskander-m: 1}",
        ("iskander-m",),
        DEEP_BALLISTIC,
        "{count: 2, start_h: 5, every_h: 2, spread_min: 30, together: true}",
        "{direct: 1}",
        NEAR_BALLISTIC,
        1,
    ),
    "kinzhal": Purpose(
        "from fighters, with the large raids",
        "{kinzhal: 1}",
        ("kinzhal",),
        "{people_power: 0.7, least_people: 30000, scatter_km: 3, regions: {" + NOT_HELD
        + ", Donetsk: 0, Kharkiv: 0.2, Khmelnytskyi: 3, Kyiv City: 1.5}}",
        "{start_h: 7, spread_min: 30, together: true}",
        "{direct: 1}",
        aim_points=1,
    ),
    "anti-ship": Purpose(
        "Kh-31, Kh-22/32 and Oniks from the sea",
        "{kh-31: 0.6, kh-22: 0.18, oniks: 0.22}",
        ("kh-22", "oniks", "kh-31"),
        "{people_power: 0.7, least_people: 10000, reach_km: 60, scatter_km: 3, regions: {" + NOT_HELD + "}}",
        "{count: 2, start_h: 1, every_h: 4, spread_h: 2, together: true}",
        "{direct: 1}",
    ),
}  # fmt: skip


def launches(records: Records, kinds: tuple[str, ...]) -> dict[str, int]:
    """How many rows name each launch area: of June for drones, of the quarter for missiles. Bundles count whole."""
    first, last = JUNE if "shahed-136" in kinds else QUARTER
    rows = records.rows
    rows = rows[(rows.night >= first) & (rows.night <= last) & rows.threat_type.isin(kinds)]
    named = Counter(SAME.get(place, place) for places in rows.launch_places for place in places)
    return {place: named[place] for place in AREAS if named[place]}


def areas_text() -> str:
    """The launch areas as the scenario file holds them."""
    rows = (f"    - {{name: {_word(n)}, at: [{a}, {o}], radius_km: {r}}}" for n, (a, o, r) in AREAS.items())
    return "\n".join(rows)


def groups_text(records: Records, fitted: dict[str, Fitted]) -> str:
    """The groups as the scenario file holds them."""
    return "\n".join(_group(name, one, fitted[name], launches(records, one.launch)) for name, one in PURPOSES.items())


def _group(name: str, purpose: Purpose, count: Fitted, launch: dict[str, int]) -> str:
    places = ", ".join(f"{_word(place)}: {number}" for place, number in launch.items())
    return f"""\
    - name: {name}  # {purpose.about}
      types: {purpose.types}
      count: {count.text()}
      launch: {{{places}}}
      aim: {purpose.aim}
      waves: {purpose.waves}
      routes: {purpose.routes}{_more(purpose)}"""


def _more(purpose: Purpose) -> str:
    """What only some groups have."""
    near = f"\n      near: {purpose.near}" if purpose.near else ""
    return near + (f"\n      aim_points: {purpose.aim_points}" if purpose.aim_points else "")


def _word(name: str) -> str:
    return f"'{name}'" if "," in name else name
