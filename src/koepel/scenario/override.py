"""Single fields of a scenario set from outside: ``defence.rule=cheapest``."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from koepel.errors import Fault, ScenarioError
from koepel.nouns import customary_names, nearest_word
from koepel.scenario.fields import ScenarioFields, inside, known_keys
from koepel.scenario.source import parse_yaml, path_text
from koepel.units import to_base

_STEP = re.compile(r"\.?([^.\[\]=]+)|\[([^\[\]]*)\]")


def override(data: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """A scenario's plain data with some fields set.

    Parameters
    ----------
    data
        As a scenario file holds it, with its tables brought in.
    settings
        Each ``path=value``, the value in YAML. An entry of a list is named by its position, from 0, or by its
        name: ``pattern.groups[drones].count.median=300``.

    Raises
    ------
    ScenarioError
        With every setting that names no field.

    Examples
    --------
    >>> override({"name": "x"}, ["defence.rule=cheapest"])
    {'name': 'x', 'defence': {'rule': 'cheapest'}}
    """
    data = copy.deepcopy(data)
    faults: list[Fault] = []
    for setting in settings:
        faults += apply_setting(data, setting)[1]
    if faults:
        raise ScenarioError("the settings", faults)
    return data


def apply_setting(data: dict[str, Any], setting: str) -> tuple[tuple, list[Fault]]:
    """Apply one ``path=value`` to the data in place; the path it set, and its faults."""
    path, equals, text = setting.partition("=")
    if not equals or not path.strip():
        return (), [Fault("--set", "", f"found {setting!r:.80}", "write path=value")]
    parsed = parse_yaml(text, "--set") if text.strip() else None
    if parsed and parsed.faults:
        return (), [Fault("--set", path, fault.found, fault.mend) for fault in parsed.faults]
    return set_at(data, path.strip(), parsed.data if parsed else None)


def set_at(data: dict[str, Any], text: str, value: Any) -> tuple[tuple, list[Fault]]:
    """Put a value at a written path, in place; None takes the field away."""
    steps = split_path(text)
    if not steps:
        return (), [Fault("--set", text, "found no path", "write it as defence.fire_units[0].type")]
    path: tuple = ()
    here: Any = data
    kind: Any = ScenarioFields
    for i, step in enumerate(steps):
        found, problem = _step(here, kind, step)
        if problem:
            return path, [Fault("--set", path_text(path + (step,)), *problem)]
        path, kind = (*path, found), inside(kind, found)
        if i == len(steps) - 1:
            _put(here, found, value)
        elif isinstance(here, list):
            here = here[found]
        else:
            here = here.setdefault(_as_given(here, found), {})
    return path, []


def split_path(text: str) -> list[str]:
    """The steps of a written path; empty where it cannot be read.

    Examples
    --------
    >>> split_path("pattern.groups[drones].count.median")
    ['pattern', 'groups', 'drones', 'count', 'median']
    """
    steps, end = [], 0
    while end < len(text):
        match = _STEP.match(text, end)
        if not match:
            return []
        steps.append(match[1] if match[1] is not None else match[2])
        end = match.end()
    return steps


def _step(here: Any, kind: Any, step: str) -> tuple[Any, tuple[str, str] | None]:
    """The key or position that one step names, or what is wrong with it."""
    if isinstance(here, list | tuple):
        names = [entry.get("name") if isinstance(entry, dict) else None for entry in here]
        if step in names:
            return names.index(step), None
        if step.isdecimal() and int(step) < len(here):
            return int(step), None
        known = [name for name in names if isinstance(name, str)]
        mend = nearest_word(step, known) if known else f"give a position from 0 to {len(here) - 1}"
        return None, (f"no entry {step!r} among {len(here)}", mend if here else "the list is empty")
    if not isinstance(here, dict):
        return None, ("nothing stands inside a plain value", "end the path one step earlier")
    if inside(kind, step) is None:
        known = known_keys(kind)
        if not known:
            return None, ("no such field", "end the path one step earlier")
        return None, (
            "unknown field",
            nearest_word(step, known + [c for k in known for c in customary_names(k)]),
        )
    return step, None


def _as_given(here: dict, step: str) -> str:
    """The key under which the data already holds this field, in whatever unit."""
    if step in here:
        return step
    base = to_base(step)[0]
    return next((key for key in (base, *customary_names(base)) if key in here), step)


def _put(here: Any, step: Any, value: Any) -> None:
    if isinstance(here, dict):
        here.pop(_as_given(here, step), None)
        if value is not None:
            here[step] = value
    else:
        here[step] = value
