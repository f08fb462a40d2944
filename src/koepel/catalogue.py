"""The types of threats, effectors, fire units and sensors: figures with their intervals and sources.

All of it is data. ``data/dictionary.csv`` says which attributes a type has, in which unit, with which default
and between which limits; the four tables beside it hold the types. A scenario may change a type or define
one of its own; both pass the same checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from numbers import Real
from typing import Any

from koepel.errors import Fault, ScenarioError
from koepel.tables import nearest_name, parse_number, read_table
from koepel.units import Interval, to_base

DATA = resources.files("koepel") / "data"
TABLES = ("threats", "effectors", "fire_units", "sensors")
PRINTED = ("type", "attribute", "low", "high", "unit", "source", "description")
PER_EFFECTOR = "<effector>"  # rounds:<effector> stands for rounds:pac3-mse and its like
IN_ORDER = (  # the first of each pair is nowhere above the second
    ("height_low_m", "height_high_m"),
    ("range_min_m", "range_max_m"),
    ("height_min_m", "height_max_m"),
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One line of the data dictionary.

    Parameters
    ----------
    name
        In the unit that files use, as ``speed_km_h``.
    base, factor
        Its name in the unit used inside, as ``speed_m_s``, and what turns a value of a file into that unit.
    kind
        ``number``, ``count`` (whole numbers), ``flag`` (0 or 1) or ``text``.
    low, high
        Limits of the value, in the unit that files use.
    words
        The words that a text may be; empty where any will do.
    default
        None where every type must give the attribute. An interval in the unit that files use, or a text.
    """

    name: str
    base: str
    factor: float
    kind: str
    unit: str
    default: Interval | str | None
    low: float
    high: float
    words: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class CatalogueType:
    """One type: what is known of every piece of it.

    Parameters
    ----------
    figures
        Attribute -> interval, in the units used inside; defaults filled in.
    words
        Attribute -> text.
    """

    name: str
    table: str
    label: str
    figures: Mapping[str, Interval]
    words: Mapping[str, str]

    def figure(self, attribute: str) -> Interval:
        """A figure by its name in the unit used inside, as ``speed_m_s``.

        Examples
        --------
        >>> str(read_catalogue().lookup("effectors", "interceptor-drone").figure("min_speed_ratio"))
        '1.3'
        """
        return self._known(self.figures, attribute)

    def word(self, attribute: str) -> str:
        """A text, as ``kind``."""
        return self._known(self.words, attribute)

    @property
    def effectors(self) -> tuple[str, ...]:
        """Names of the effectors that a fire unit of this type has rounds of.

        Examples
        --------
        >>> read_catalogue().lookup("fire_units", "patriot").effectors
        ('pac3-mse', 'gem-t')
        """
        return tuple(name.removeprefix("rounds:") for name in self.figures if name.startswith("rounds:"))

    def _known(self, values: Mapping[str, Any], attribute: str) -> Any:
        if attribute not in values:
            raise KeyError(f"{self.name!r} has no {attribute!r}; {nearest_name(attribute, values)}")
        return values[attribute]


@dataclass(frozen=True)
class Catalogue:
    """All types by table and name, and the dictionary that they keep to.

    Parameters
    ----------
    dictionary
        Table -> attribute, in the unit used inside -> its line of the dictionary.
    """

    threats: Mapping[str, CatalogueType]
    effectors: Mapping[str, CatalogueType]
    fire_units: Mapping[str, CatalogueType]
    sensors: Mapping[str, CatalogueType]
    dictionary: Mapping[str, Mapping[str, Attribute]] = field(repr=False)

    def lookup(self, table: str, name: str) -> CatalogueType:
        """The type of this name.

        Raises
        ------
        ScenarioError
            If there is none, with the nearest name.
        """
        types = getattr(self, _table(table))
        if name not in types:
            raise _unknown(f"there is no type {name!r} among the {table}", name, types)
        return types[name]

    def table(self, name: str | None = None) -> list[dict[str, Any]]:
        """Every figure and text as a row, in the units that files use.

        Parameters
        ----------
        name
            One of the four tables, or a type; everything where none is given.
        """
        every = [kind for table in TABLES for kind in getattr(self, table).values()]
        chosen = [kind for kind in every if name in (None, kind.table, kind.name)]
        if not chosen:
            raise _unknown(f"there is no table or type {name!r}", name, [*TABLES, *(k.name for k in every)])
        return [row for kind in chosen for row in _printed(kind, self.dictionary[kind.table])]


def changed(kind: CatalogueType, changes: Mapping[str, Any]) -> CatalogueType:
    """The same type with some attributes changed.

    Parameters
    ----------
    changes
        Attribute, in the unit inside or a customary one -> a number, ``[low, high]``,
        ``{low, high, source}`` or a text.

    Raises
    ------
    ScenarioError
        With every fault; its ``field`` is the attribute, as given.

    Examples
    --------
    >>> shahed = read_catalogue().lookup("threats", "shahed-136")
    >>> changed(shahed, {"speed_km_h": [180, 360]}).figure("speed_m_s").high
    100.0
    """
    return _settled(kind, changes, _dictionary()[kind.table])


def define(table: str, name: str, attributes: Mapping[str, Any]) -> CatalogueType:
    """A new type. What it does not give is the dictionary's default; what has no default must be given.

    Raises
    ------
    ScenarioError
        With every fault; its ``field`` is the attribute, as given.
    """
    return _settled(CatalogueType(name, _table(table), name, {}, {}), attributes, _dictionary()[table])


@lru_cache(maxsize=1)
def read_catalogue() -> Catalogue:
    """The catalogue that comes with koepel; read once."""
    return Catalogue(**{table: _read_types(table) for table in TABLES}, dictionary=_dictionary())


def _read_types(table: str) -> dict[str, CatalogueType]:
    """The types of one file; its faults carry its lines."""
    columns = dict.fromkeys(("type", "attribute", "low", "unit", "source"), str)
    rows = read_table(DATA / f"{table}.csv", required=columns, optional={"high": str})
    known, lines = _dictionary()[table], {}
    given: dict[str, dict[str, Any]] = {}
    types, faults = {}, []
    for row in rows:
        attributes, name = given.setdefault(row["type"], {}), row["attribute"]
        if (row["type"], name) in lines:
            faults.append(Fault(row.where, name, "it stands there twice", "leave one of them out"))
        attribute = known.get(_inside(name)[0])
        if attribute is not None and row["unit"] != attribute.unit:
            found = f"found the unit {row['unit']!r}"
            faults.append(Fault(row.where, name, found, f"give it in {attribute.unit}"))
        attributes[name], lines[row["type"], name] = _read_value(row), row.where
    for name, attributes in given.items():
        try:
            types[name] = define(table, name, attributes)
        except ScenarioError as error:
            here = f"{table}.csv, {name}"
            faults += [replace(f, where=lines.get((name, f.field), here)) for f in error.faults]
    if faults:
        raise ScenarioError(f"{table}.csv", faults)
    return types


def _read_value(row) -> Any:
    """What a row of a types file holds: a text, or low, high and source."""
    if row["unit"] == "text":
        return row["low"]
    try:
        low, high = parse_number(row["low"]), parse_number(row["high"] or "")
    except ValueError:
        return f"{row['low']}, {row['high'] or ''}"  # left for the attribute's own check to refuse
    return {"low": low, "high": high, "source": row["source"]}


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, dict[str, Attribute]]:
    """Table -> attribute, in the unit used inside -> its line of the dictionary."""
    columns = dict.fromkeys(("table", "attribute", "kind", "unit", "description"), str)
    more = dict.fromkeys(("default", "low", "high", "source"), str)
    dictionary: dict[str, dict[str, Attribute]] = {table: {} for table in TABLES}
    for row in read_table(DATA / "dictionary.csv", required=columns, optional=more):
        base, factor = _inside(row["attribute"])
        text = row["kind"] == "text"
        attribute = Attribute(
            name=row["attribute"],
            base=base,
            factor=factor,
            kind=row["kind"],
            unit=row["unit"],
            default=row["default"] if text else _default(row["default"], row["source"]),
            low=-math.inf if text else parse_number(row["low"]),
            high=math.inf if text else parse_number(row["high"]),
            words=tuple((row["low"] or "").split("|")) if text and row["low"] else (),
            description=row["description"],
        )
        dictionary[row["table"]][base] = attribute
    return dictionary


def _default(text: str | None, source: str | None) -> Interval | None:
    """``0.1`` or ``0.1..0.3`` as an interval; None where it is empty."""
    if not text:
        return None
    low, _, high = text.partition("..")
    return Interval(parse_number(low), parse_number(high or low), source or "")


def _table(name: str) -> str:
    if name not in TABLES:
        raise _unknown(f"there is no table {name!r}", name, TABLES)
    return name


def _unknown(found: str, name: Any, known) -> ScenarioError:
    return ScenarioError("the catalogue", [Fault("", "type", found, nearest_name(name, known))])


def _inside(name: str) -> tuple[str, float]:
    """The entry of the dictionary that an attribute belongs to, and the factor into the unit used inside."""
    prefix, colon, effector = name.partition(":")
    return (f"{prefix}:{PER_EFFECTOR}", 1.0) if colon and effector else to_base(name)


def _settled(kind: CatalogueType, given: Mapping[str, Any], known: Mapping[str, Attribute]) -> CatalogueType:
    """A type with the given attributes in place and defaults filled in; raises with every fault."""
    figures, words = dict(kind.figures), dict(kind.words)
    faults, seen = [], set()
    for name, value in given.items():
        entry, factor = _inside(str(name))
        if entry not in known:
            mend = nearest_name(name, [attribute.name for attribute in known.values()])
            faults.append(Fault("", str(name), f"{kind.table} have no attribute {name!r}", mend))
            continue
        inside = entry if PER_EFFECTOR not in entry else str(name)
        if inside in seen:
            faults.append(Fault("", str(name), "it is given twice, in two units", "leave one of them out"))
        seen.add(inside)
        try:
            if known[entry].kind == "text":
                words[inside] = _text(value, known[entry])
            else:
                figures[inside] = _figure(value, known[entry], factor)
        except ValueError as error:
            found, mend = str(error).rsplit("; ", 1)
            faults.append(Fault("", str(name), found, mend))
    faults += _fill(figures, words, known, seen)
    faults += _disorder(figures, known)
    if faults:
        raise ScenarioError(f"{kind.table} {kind.name!r}", faults)
    return CatalogueType(kind.name, kind.table, words["label"], figures, words)


def _fill(figures: dict, words: dict, known: Mapping[str, Attribute], seen: set[str]) -> Iterator[Fault]:
    """Put in the defaults; a fault for each attribute that has none and is missing."""
    for entry, attribute in known.items():
        if PER_EFFECTOR in entry:
            prefix = entry.removesuffix(PER_EFFECTOR)
            present = any(name.startswith(prefix) for name in (*figures, *seen)) or attribute.default
            for name in [name for name in figures if name.startswith("rounds:") and attribute.default]:
                figures.setdefault(prefix + name.removeprefix("rounds:"), attribute.default)
        else:
            values = words if attribute.kind == "text" else figures
            if entry not in values and attribute.default is not None:
                scaled = attribute.kind != "text"
                values[entry] = attribute.default.scaled(attribute.factor) if scaled else attribute.default
            present = entry in values or entry in seen
        if not present:
            yield Fault("", attribute.name, "it is missing", f"give it: {attribute.description}")


def _disorder(figures: Mapping[str, Interval], known: Mapping[str, Attribute]) -> Iterator[Fault]:
    """A fault for each pair of figures that stand the wrong way round."""
    for least, most in IN_ORDER:
        if least in figures and most in figures:
            first, second = figures[least], figures[most]
            if first.low > second.low or first.high > second.high:
                mend = f"give what is nowhere above {most}, which is {second}"
                yield Fault("", known[least].name, f"found {first}", mend)
    for name in figures:
        if name.startswith("reserve:") and name.replace("reserve:", "rounds:") not in figures:
            yield Fault("", name, "there are no ready rounds beside it", "give rounds of this effector too")


def _text(value: Any, attribute: Attribute) -> str:
    """A word that the dictionary allows."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"found {value!r}; give a text")
    if attribute.words and value not in attribute.words:
        raise ValueError(f"found {value!r}; give one of {', '.join(attribute.words)}")
    return value


def _figure(value: Any, attribute: Attribute, factor: float) -> Interval:
    """An interval in the unit used inside, from what a scenario or a table gives."""
    given = _interval(value, attribute)
    inside = given.scaled(factor)
    low, high = attribute.low * attribute.factor, attribute.high * attribute.factor
    slack = 1e-9 * max(abs(low), abs(high))
    if inside.low < low - slack or inside.high > high + slack:
        raise ValueError(f"found {given}; give figures from {low / factor:g} to {high / factor:g}")
    if attribute.kind in ("count", "flag") and not (inside.low.is_integer() and inside.high.is_integer()):
        raise ValueError(f"found {given}; give whole numbers")
    if attribute.kind == "flag" and inside.low != inside.high:
        raise ValueError(f"found {given}; give 1 or 0")
    return inside


def _interval(value: Any, attribute: Attribute) -> Interval:
    """An interval from a number, a pair, a mapping or an interval; a flag may be true or false."""
    if isinstance(value, Interval):
        return value
    if isinstance(value, bool) and attribute.kind == "flag":
        return Interval(float(value), float(value))
    if isinstance(value, Mapping):
        if not {"low", "high"} <= set(value) <= {"low", "high", "source"}:
            raise ValueError(f"found {dict(value)!r}; give low, high and, if there is one, source")
        return Interval(_finite(value["low"]), _finite(value["high"]), str(value.get("source") or "assumed"))
    if isinstance(value, list | tuple) and len(value) == 2:
        return Interval(_finite(value[0]), _finite(value[1]))
    return Interval(_finite(value), _finite(value))


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not abs(value) < 1e300:
        raise ValueError(f"found {value!r}; give a finite number or an interval as [low, high]")
    return float(value)


def _printed(kind: CatalogueType, known: Mapping[str, Attribute]) -> Iterator[dict[str, Any]]:
    """Rows of one type in the units that files use."""
    for name, value in (kind.words | kind.figures).items():
        attribute = known[_inside(name)[0]]
        low, high, source = value, None, "definition"
        if isinstance(value, Interval):
            low, high = (float(f"{end / attribute.factor:.10g}") for end in (value.low, value.high))
            source = value.source
        shown = name if ":" in name else attribute.name
        cells = (kind.name, shown, low, high, attribute.unit, source, attribute.description)
        yield dict(zip(PRINTED, cells, strict=True))
