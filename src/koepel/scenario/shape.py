"""Faults of single fields: unknown names, wrong kinds, figures out of range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError

from koepel.nouns import Noun, customary_names, nearest_word
from koepel.scenario.fields import bare, inside, is_noun, kind_at, known_keys
from koepel.scenario.source import show
from koepel.units import to_base

# path, what was found, the mend
Remark = tuple[tuple, str, str]

_GIVE = {
    "string_type": "give a word; put a number in quotes",
    "tuple_type": "give a list",
    "dict_type": "give a mapping",
    "model_type": "give a mapping",
    "model_attributes_type": "give a mapping",
    "finite_number": "give a finite number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "int_parsing_size": "give a smaller number",
    "int_from_float": "give a whole number",
    "bool_type": "give true or false",
    "bool_parsing": "give true or false",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "give {} or more"),
    "greater_than": ("gt", "give more than {}"),
    "less_than_equal": ("le", "give {} or less"),
    "less_than": ("lt", "give less than {}"),
}


def shape_remarks(data: Any, error: ValidationError | None, model: type[Noun]) -> Iterator[Remark]:
    """Every fault of a single field: those that pydantic found, and those it lets pass."""
    yield from _lenient(data, (), model)
    for entry in error.errors(include_url=False) if error else ():
        yield _remark(data, entry, model)


def _lenient(value: Any, path: tuple, kind: Any) -> Iterator[Remark]:
    """What pydantic would take for a number, and a field given in two units."""
    kind = bare(kind)
    if kind in (float, int) and isinstance(value, bool | str):
        yield path, f"found {show(value)}", "give a number" if kind is float else "give a whole number"
    elif kind is bool and not isinstance(value, bool):
        yield path, f"found {show(value)}", "give true or false"
    elif isinstance(value, dict) and kind is not Any:
        given: dict[str, str] = {}
        for key, part in value.items():
            base = to_base(key)[0] if is_noun(kind) and key not in kind.model_fields else key
            if base in given:
                yield (*path, key), f"the same as {given[base]!r}", "keep one of the two"
            given[base] = key
            yield from _lenient(part, (*path, key), inside(kind, key))
    elif isinstance(value, list | tuple) and kind is not Any:
        same = inside(kind, 0) if get_args(kind)[1:] == (Ellipsis,) else None
        for i, part in enumerate(value):
            if type(part) not in (float, int):  # the numbers of a long route need no second look
                yield from _lenient(part, (*path, i), same or inside(kind, i))


def _remark(data: Any, entry: Any, model: type[Noun]) -> Remark:
    """One of pydantic's errors in our words."""
    key_itself = entry["loc"][-1:] == ("[key]",)
    path, value = as_written(data, entry["loc"][:-1] if key_itself else entry["loc"])
    value = path[-1] if key_itself else value
    kind, context = entry["type"], entry.get("ctx", {})
    if kind == "missing":
        return _missing(data, path, model)
    if kind == "extra_forbidden":
        known = known_keys(kind_at(path[:-1], model))
        return (
            path,
            "unknown field",
            nearest_word(path[-1], known + [c for k in known for c in customary_names(k)]),
        )
    if kind == "literal_error":
        parent = kind_at(path[:-1] if key_itself else path, model)
        known = known_keys(parent) if key_itself else get_args(parent)
        return (
            path,
            f"found {show(value)}",
            nearest_word(value, known),
        )
    if kind in _BOUNDS and value == value:  # nan is beyond every bound
        key, words = _BOUNDS[kind]
        factor = to_base(str(path[-1]))[1] if entry["loc"][-1] != path[-1] else 1.0
        return path, f"found {show(value)}", words.format(f"{context[key] / factor:.6g}")
    if kind == "value_error":
        found, _, mend = str(context.get("error", entry["msg"])).partition("; ")
        return path, f"found {show(value)}" if found.startswith("found") else found, mend or "mend it"
    if kind in ("too_short", "too_long"):
        return path, f"found {context.get('actual_length')} entries", _length(kind, context)
    if kind in _BOUNDS:
        kind = "finite_number"
    return path, f"found {show(value)}", _GIVE.get(kind, entry["msg"])


def _missing(data: Any, path: tuple, model: type[Noun]) -> Remark:
    """A field that is not there, or the second half of a place."""
    if isinstance(path[-1], int):
        return path[:-1], f"found {show(as_written(data, path[:-1])[1])}", "give [latitude, longitude]"
    others = customary_names(path[-1])
    return path, "missing", f"add '{path[-1]}'" + (f" (or {', '.join(others)})" if others else "")


def _length(kind: str, context: dict) -> str:
    if kind == "too_short":
        return f"give {context['min_length']} or more"
    return f"give {context['max_length']} or fewer"


def as_written(data: Any, path: tuple) -> tuple[tuple, Any]:
    """A path with the field names that the file uses, and what stands there."""
    written: list = []
    for step in path:
        if isinstance(data, dict) and step not in data:
            step = next((name for name in customary_names(str(step)) if name in data), step)
        written.append(step)
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
    return tuple(written), data
