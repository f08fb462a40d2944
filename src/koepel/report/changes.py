"""What one scenario says otherwise than another, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from koepel.report.country import is_invented
from koepel.scenario import Scenario

LEFT_OUT = ("format", "name", "about", "notional")
MOST_CHANGES = 40
LONGEST = 60  # letters of a value


def changes(a: Scenario, b: Scenario, words: Mapping[str, str]) -> dict[str, Any]:
    """A table of what differs, at most `MOST_CHANGES` rows, and how many more there are.

    Where a fire unit or sensor stands is told for invented countries only; of any other, that it moved.
    """
    told = list(_differing(a.model_dump(mode="json"), b.model_dump(mode="json"), ""))
    told = [(path, one, other) for path, one, other in told if path.split(".")[0] not in LEFT_OUT]
    hidden = not (is_invented(a) and is_invented(b))
    rows = []
    for path, one, other in told[:MOST_CHANGES]:
        secret = hidden and path.endswith(".at") and path.startswith("defence.")
        shown = (words["place"], words["moved"]) if secret else (_text(one, hidden, words), _text(other, hidden, words))
        rows.append({"head": path, "cells": [{"main": part, "sub": ""} for part in shown]})
    more = words["more"].format(n=len(told) - MOST_CHANGES) if len(told) > MOST_CHANGES else ""
    return {"rows": rows, "more": more}


def _differing(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of each part that differs; things of a list are told apart by name."""
    if one == other:
        return
    one, other = _by_name(one), _by_name(other)
    if not (isinstance(one, dict) and isinstance(other, dict)):
        yield path, one, other
        return
    for key in dict.fromkeys((*one, *other)):
        yield from _differing(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))


def _by_name(value: Any) -> Any:
    """A list of named things as a mapping; any other value as it is."""
    if isinstance(value, list | tuple) and value and all(isinstance(part, dict) and "name" in part for part in value):
        return {part["name"]: {key: x for key, x in part.items() if key != "name"} for part in value}
    return value


def _text(value: Any, hidden: bool, words: Mapping[str, str]) -> str:
    if value is None:
        return words["absent"]
    if isinstance(value, dict):
        shown = {key: part for key, part in value.items() if not (hidden and key == "at")}
        text = ", ".join(f"{key}: {part}" for key, part in shown.items()) or words["there"]
    else:
        text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
