"""What every described thing shares: frozen, strict, with units by suffix and figures as intervals."""

from __future__ import annotations

import difflib
import math
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from koepel.units import CUSTOMARY, Interval, to_base

_FIGURE_SCHEMA = {
    "description": "a number, an interval [low, high], or {low, high, source}",
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        {
            "type": "object",
            "properties": {"low": {"type": "number"}, "high": {"type": "number"}, "source": {"type": "string"}},
            "required": ["low", "high"],
            "additionalProperties": False,
        },
    ],
}


def _number(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"found {value!r:.60}; give a finite number, or an interval as [low, high]")
    return number


def parse_interval(value: Any) -> Interval:
    """An interval from what a file holds: a number, ``[low, high]`` or ``{low, high, source}``.

    Raises
    ------
    ValueError
        With what was found and the mend.

    Examples
    --------
    >>> parse_interval([0.2, 0.5])
    Interval(low=0.2, high=0.5, source='assumed')
    """
    if isinstance(value, Interval):
        return value
    if isinstance(value, dict) and {"low", "high"} <= set(value) <= {"low", "high", "source"}:
        return Interval(_number(value["low"]), _number(value["high"]), str(value.get("source", "assumed")))
    if isinstance(value, list | tuple) and len(value) == 2:
        return Interval(_number(value[0]), _number(value[1]))
    number = _number(value)
    return Interval(number, number)


def plain_interval(interval: Interval) -> Any:
    """The shortest form of an interval that a file can hold; the inverse of `parse_interval`."""
    if interval.source != "assumed":
        return {"low": interval.low, "high": interval.high, "source": interval.source}
    return interval.low if interval.low == interval.high else [interval.low, interval.high]


Figure = Annotated[
    Interval,
    BeforeValidator(parse_interval),
    PlainSerializer(plain_interval),
    WithJsonSchema(_FIGURE_SCHEMA),
]


def _in_range(low: float, high: float):
    def check(interval: Interval) -> Interval:
        if interval.low < low or interval.high > high:
            limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of {low:g} or more"
            raise ValueError(f"found {interval}; give figures {limits}")
        return interval

    return check


ShareFigure = Annotated[Figure, AfterValidator(_in_range(0.0, 1.0))]
PositiveFigure = Annotated[Figure, AfterValidator(_in_range(0.0, math.inf))]


def parse_day(value: Any) -> date:
    """A day from what a file holds: a date, or ``YYYY-MM-DD``.

    Raises
    ------
    ValueError
        With what was found and the mend.

    Examples
    --------
    >>> parse_day("2025-06-30")
    datetime.date(2025, 6, 30)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or str(day) != value:
        raise ValueError(f"found {value!r:.40}; write the day as YYYY-MM-DD")
    return day


Day = Annotated[
    date,
    BeforeValidator(parse_day),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class Noun(BaseModel):
    """Base of everything a scenario file describes.

    A field may be given in the customary unit (``radius_km`` for ``radius_m``); an unknown field is a
    fault that names the nearest known one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _base_units(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        out = {}
        for key, value in data.items():
            base, factor = to_base(str(key))
            if key in cls.model_fields or base not in cls.model_fields:
                out[key] = value
            else:
                out[base] = _scaled(value, factor)
        return out


def _scaled(value: Any, factor: float) -> Any:
    """A number or interval times a factor; anything else is left for the field's own check."""
    try:
        interval = parse_interval(value)
    except ValueError:
        return value
    try:
        return interval.scaled(factor) if not isinstance(value, int | float) else value * factor
    except (ValueError, OverflowError):
        return math.inf


def customary_names(field: str) -> tuple[str, ...]:
    """The other names under which a file may give a field.

    Examples
    --------
    >>> customary_names("radius_m")
    ('radius_km',)
    """
    return tuple(
        field.removesuffix(inside) + suffix
        for suffix, (inside, _) in CUSTOMARY.items()
        if field.endswith(inside) and not (inside == "_m" and field.endswith("_per_m"))
    )


def nearest_word(word: str, known) -> str:
    """A hint at the word that was probably meant.

    Examples
    --------
    >>> nearest_word("patroit", ["patriot", "hawk"])
    "did you mean 'patriot'?"
    """
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1)
    return f"did you mean '{close[0]}'?" if close else "known: " + ", ".join(sorted(map(str, known))[:12])
