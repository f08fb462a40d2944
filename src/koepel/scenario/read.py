"""Read a scenario file: the text, its tables, the settings, and every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from koepel.errors import Fault, ScenarioError, UsageError
from koepel.nouns import nearest_word
from koepel.scenario.beside import bring_in_tables
from koepel.scenario.check import cross_remarks
from koepel.scenario.fields import FORMAT, ScenarioFields
from koepel.scenario.override import apply_setting
from koepel.scenario.own_types import with_own_types
from koepel.scenario.parts import Parts
from koepel.scenario.shape import Remark, shape_remarks
from koepel.scenario.source import Source, parse_yaml, path_text, read_text, show

MOST_FAULTS = 200
_PLACE = re.compile(r"(.*):(?: feature )?([0-9]{1,9})")
AnyScenario = TypeVar("AnyScenario", bound=ScenarioFields)


def builtin_names() -> list[str]:
    """The scenarios that are part of koepel.

    Examples
    --------
    >>> "small-country" in builtin_names()
    True
    """
    folder = resources.files("koepel") / "data" / "scenarios"
    return sorted(item.name for item in folder.iterdir() if (item / "scenario.yaml").is_file())


def read_scenario(model: type[AnyScenario], path_or_name: str | Path, settings: Iterable[str]) -> AnyScenario:
    """The scenario of a file or a built-in name, with some fields set."""
    path = _find(path_or_name)
    text, faults = read_text(path)
    if faults:
        raise ScenarioError(str(path_or_name), faults)
    file = f"{path.parent.name}/{path.name}" if str(path_or_name) in builtin_names() else path.name
    source = parse_yaml(text, file)
    return believe(model, source, str(path_or_name), path.parent, settings)


def scenario_of_text(model: type[AnyScenario], text: str, subject: str = "the text") -> AnyScenario:
    """The scenario that a YAML text holds, without tables beside it."""
    return believe(model, parse_yaml(text, subject), subject, None, ())


def scenario_of_data(model: type[AnyScenario], data: dict[str, Any], subject: str) -> AnyScenario:
    """The scenario that plain data holds."""
    return believe(model, Source(data), subject, None, ())


def _find(path_or_name: str | Path) -> Path:
    """The file that a path or a built-in name means; a file goes before a name."""
    path = Path(path_or_name)
    try:
        if path.is_dir() and (path / "scenario.yaml").is_file():
            return path / "scenario.yaml"
        if path.is_file():
            return path
        there = path.exists()
    except (OSError, ValueError):
        there = False
    name, known = str(path_or_name), builtin_names()
    if name in known:
        return Path(str(resources.files("koepel") / "data" / "scenarios" / name / "scenario.yaml"))
    found = "this is a folder without scenario.yaml" if there else "no such file, and no such built-in scenario"
    fault = Fault(show(name), "", found, f"built-in scenarios: {nearest_word(name, known)}")
    raise UsageError(show(name), [fault])


def believe(
    model: type[AnyScenario], source: Source, subject: str, folder: Path | None, settings: Iterable[str]
) -> AnyScenario:
    """The scenario that a source holds, or every fault it has."""
    if not source.faults and not isinstance(source.data, dict):
        source.fault((), f"found {show(source.data)}", "give a mapping: 'format: ...', 'name: ...'")
    if not isinstance(source.data, dict):
        raise ScenarioError(subject, source.faults)
    if wrong := _format_fault(source):
        raise ScenarioError(subject, [wrong])
    bring_in_tables(source, folder)
    for setting in settings:
        path, faults = apply_setting(source.data, setting)
        source.faults += faults
        source.lines[path or ("--set",)] = "--set"
    scenario, remarks = believed(model, source.data, linked=not source.unread)
    source.faults += [Fault(source.where(path), path_text(path), found, mend) for path, found, mend in remarks]
    if source.faults or scenario is None:
        raise ScenarioError(subject, _in_order(source.faults))
    return scenario


def _format_fault(source: Source) -> Fault | None:
    """A file of another kind or of a newer koepel is not looked at further."""
    found = source.data.get("format")
    if found == FORMAT:
        return None
    where, mend = source.where(("format",)), f"write 'format: {FORMAT}'"
    if found is None:
        return Fault(where, "format", "missing", mend + " at the top")
    kind, _, version = str(found).partition("/")
    if kind == FORMAT.partition("/")[0] and version.isdecimal() and int(version[:9]) > int(FORMAT.partition("/")[2]):
        return Fault(where, "format", f"{show(found)} is of a newer koepel", "update koepel")
    return Fault(where, "format", f"found {show(found)}", mend)


def believed(
    model: type[AnyScenario], data: dict[str, Any], *, linked: bool = True
) -> tuple[AnyScenario | None, list[Remark]]:
    """The scenario that plain data describes, if it is one, and all that is wrong with it.

    Parameters
    ----------
    linked
        Whether to look between the fields too: of no use where a table is missing.
    """
    scenario, error = None, None
    try:
        scenario = model.model_validate(data)
    except ValidationError as caught:
        error = caught
    remarks = list(shape_remarks(data, error, model))
    catalogue, own = with_own_types(data.get("types"))
    remarks += own
    if linked:
        remarks += cross_remarks(Parts(data, catalogue))
    return scenario, remarks


def _in_order(faults: Sequence[Fault]) -> list[Fault]:
    """Faults by file and line, each field once; past the first 200 only how many there are."""
    first: dict[tuple, Fault] = {}
    for fault in faults:
        key = (fault.where, fault.field) if fault.field else (fault.where, fault.found)
        first.setdefault(key, fault)
    faults = sorted(first.values(), key=_line)
    if len(faults) <= MOST_FAULTS:
        return faults
    more = Fault("", "", f"{len(faults) - MOST_FAULTS} more faults", "mend these first")
    return [*faults[:MOST_FAULTS], more]


def _line(fault: Fault) -> tuple[str, int]:
    """File and line, or the number of a feature."""
    found = _PLACE.fullmatch(fault.where)
    return (found[1], int(found[2])) if found else (fault.where, 0)
