"""What the published models are called in koepel, and which class they count in."""

from __future__ import annotations

# published model -> threat type; a type that is not in OUTSIDE_CATALOGUE is one of the catalogue
TYPES = {
    "Shahed-136/131": "shahed-136",  # the whole one-way wave: strike drones, jets and decoys
    "X-101/X-555": "kh-101",
    "Kalibr": "kalibr",
    "Iskander-K": "iskander-k",
    "X-59": "kh-59",
    "X-59MK2": "kh-59",
    "X-69": "kh-59",
    "X-59/X-69": "kh-59",
    "X-22": "kh-22",
    "X-32": "kh-22",
    "X-47 Kinzhal": "kinzhal",
    "3M22 Zircon": "zircon",
    "Iskander-M": "iskander-m",
    "KN-23": "iskander-m",
    "Iskander-M/KN-23": "iskander-m",
    "Ballistic Missile": "iskander-m",  # not named in the source; the likeliest type is taken
    "C-300": "s-300-ground",
    "C-400": "s-300-ground",
    "C-300/C-400": "s-300-ground",
    "P-800 Oniks": "oniks",
    "X-31": "kh-31",
    "X-31P": "kh-31",
    "X-31PD": "kh-31",
    "X-35": "kh-35",
    "Lancet": "lancet",
    "Banderol": "banderol",
    "GBU": "glide-bomb",
    "Aerial Bomb": "glide-bomb",
    "Intercontinental Ballistic Missile": "intercontinental",
    "Unknown Missile": "unknown-missile",
}
OUTSIDE_CATALOGUE = frozenset({"lancet", "banderol", "glide-bomb", "intercontinental", "unknown-missile"})

# Rows of these count what was shot down, never what was launched: launched = destroyed.
RECONNAISSANCE = frozenset(
    {
        "Unknown UAV",
        "Reconnaissance UAV",
        "Orlan-10",
        "Orlan-30",
        "ZALA",
        "Supercam",
        "Merlin-VR",
        "Eleron",
        "Forpost",
        "Granat-4",
        "Mohajer-6",
        "Orion",
        "Картограф",
    }
)
FRONT_LINE = frozenset({"Lancet", "Kub", "Молнія", "Привет-82", "Фенікс"})

CLASSES = ("drone", "cruise", "ballistic", "supersonic", "other")
CLASS_OF_TYPE = {
    "shahed-136": "drone",
    "kh-101": "cruise",
    "kalibr": "cruise",
    "iskander-k": "cruise",
    "kh-59": "cruise",
    "iskander-m": "ballistic",
    "kinzhal": "ballistic",
    "kh-22": "supersonic",
    "zircon": "supersonic",
    "oniks": "supersonic",
}


def parts(model: str) -> list[str]:
    """The models that one published row bundles.

    Examples
    --------
    >>> parts("X-101/X-555 and Kalibr")
    ['X-101/X-555', 'Kalibr']
    """
    return [part.strip() for part in model.split(" and ")]


def threat_types(model: str) -> tuple[str, ...]:
    """The threat types of a published model, each once; empty where koepel does not know a part.

    Examples
    --------
    >>> threat_types("C-300/C-400 and Iskander-M")
    ('s-300-ground', 'iskander-m')
    >>> threat_types("X-22 and X-32")
    ('kh-22',)
    """
    types = [TYPES.get(part) for part in parts(model)]
    return () if None in types else tuple(dict.fromkeys(types))


def threat_class(model: str) -> str:
    """The class in which a row of this model counts.

    A bundle with a drone wave is drone; else one with a named ballistic missile is ballistic; else one
    with a cruise missile and nothing supersonic is cruise; a mixture of supersonic and others is other.

    Examples
    --------
    >>> threat_class("C-400 and Iskander-M"), threat_class("C-400"), threat_class("X-59 and X-35")
    ('ballistic', 'other', 'cruise')
    """
    if model == "Ballistic Missile":  # unnamed: kept out of the rates of named ballistic missiles
        return "other"
    classes = {CLASS_OF_TYPE.get(kind, "other") for kind in threat_types(model)}
    for name in ("drone", "ballistic"):
        if name in classes:
            return name
    if "supersonic" in classes:
        return "supersonic" if len(classes) == 1 else "other"
    return "cruise" if "cruise" in classes else "other"


def kill_total(model: str) -> str:
    """Why rows of this model are only kill totals; empty where they are not."""
    names = set(parts(model))
    if names <= RECONNAISSANCE:
        return "kill totals of reconnaissance and unknown drones: no launched figure"
    if names <= RECONNAISSANCE | FRONT_LINE:
        return "kill totals of front-line drones (Lancet, Molniya, ...): no launched figure"
    return ""
