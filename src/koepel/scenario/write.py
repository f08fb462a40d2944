"""Write a scenario as a commented YAML file, with its long lists inline or in tables beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from koepel.errors import Fault, UsageError
from koepel.scenario.beside import LAYOUTS, row_of
from koepel.scenario.fields import TABLES
from koepel.tables import write_table

WIDTH = 110
HEADINGS = {
    "types": "changes to the catalogue, and types of its own",
    "settlements": "people at a place; at: [latitude, longitude]",
    "assets": "worth defending: a kind at a settlement, with a value",
    "defence": "sensors and fire units, and the rules they fight by",
    "raid": "one raid, with every route",
    "pattern": "every night's raid is drawn from this",
    "weather": "how often the weather holds back eyes, guns and small drones",
    "doubt": "spread of the log odds of every kill, by level",
    "observation": "what stands between the outcome and a published record",
    "people": "how people are exposed and warned",
    "supply": "rounds, fire units and money from a first day on, and what may hold them up",
}
# in other words YAML may see a truth value or nothing
_READ_AS_OTHER = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_UNPRINTABLE = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def yaml_text(data: dict[str, Any]) -> str:
    """Plain data of a scenario as YAML: a heading for each section, a line for each small thing."""
    text = ""
    for key, value in data.items():
        text += f"\n# {HEADINGS[key]}\n" if key in HEADINGS else ""
        text += "\n".join(_entry(word(key), value, 0)) + "\n"
    return text


def _entry(head: str, value: Any, indent: int) -> Iterator[str]:
    """``head: value`` on one line where it fits, else over several; tables of things always a line each."""
    pad = " " * indent
    listed = isinstance(value, list) and any(isinstance(part, dict) for part in value)
    line = f"{pad}{head}: {_flow(value)}"
    if not value or not isinstance(value, dict | list) or (indent and not listed and len(line) <= WIDTH):
        yield line
        return
    yield f"{pad}{head}:"
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _entry(word(key), part, indent + 2)
        return
    for part in value:
        yield from _item(part, indent + 2)


def _item(value: Any, indent: int) -> Iterator[str]:
    """One entry of a list."""
    line = f"{' ' * indent}- {_flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, dict) or not value:
        yield line
        return
    lines = [line for key, part in value.items() for line in _entry(word(key), part, indent + 2)]
    yield f"{' ' * indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return word(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return json.dumps(value)


def word(text: str) -> str:
    """A text as YAML reads it back, in quotes where it must be.

    Examples
    --------
    >>> print(word("Alder City"), word("on"), word("a: b"))
    Alder City "on" "a: b"
    """
    plain = all(sign.isalnum() or sign in " _-/()'." for sign in text)
    if plain and text[:1].isalpha() and text[-1] != " " and text.lower() not in _READ_AS_OTHER:
        if not _UNPRINTABLE.search(text):
            return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\U{ord(found[0]):08x}", quoted)


def digest_of(plain: dict[str, Any]) -> str:
    """Sha256 of plain data, the same whatever the order of keys and the writing of numbers."""
    text = json.dumps(_canonical(plain), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def write_scenario(data: dict[str, Any], path: Path, *, tables: bool, overwrite: bool) -> None:
    """Write plain data to a file, and with ``tables`` its long lists beside it; each file in one step."""
    beside: dict[Path, list[dict[str, Any]]] = {}
    if tables:
        data = json.loads(json.dumps(data))
        beside = dict(_tables(data, path))
    files = [path, *beside]
    taken = [file for file in files if file.exists()]
    if taken and not overwrite:
        mend = "choose another name, or allow to overwrite it"
        raise UsageError(str(path), [Fault(str(file), "", "the file exists", mend) for file in taken])
    try:
        for file, rows in beside.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            write_table(file, rows, columns=columns)
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            draft.write_text(yaml_text(data), encoding="utf-8", newline="\n")
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        fault = Fault(str(path), "", f"cannot be written ({error.strerror})", "choose a folder you may write to")
        raise UsageError(str(path), [fault]) from None


def _tables(data: dict[str, Any], path: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The rows of each table by file; in the data a reference takes their place."""
    for steps in TABLES:
        parent = data
        for step in steps[:-1]:
            parent = parent.get(step, {})
        things = parent.get(steps[-1])
        if not things:
            continue
        rows = [_cells(thing) for thing in things]
        if [_read_back(row, steps[-1]) for row in rows] != things:
            continue  # a name with a line break or the like: the list stays inline
        stem = "" if path.stem == "scenario" else f"{path.stem}-"
        file = path.with_name(f"{stem}{steps[-1]}.csv")
        parent[steps[-1]] = {"file": file.name}
        yield file, rows


def _cells(thing: dict[str, Any]) -> dict[str, Any]:
    """One thing as the cells of its row."""
    cells: dict[str, Any] = {}
    for field, value in thing.items():
        if field == "at":
            cells |= {"lat": value[0], "lon": value[1]}
        elif field == "route":
            cells["route"] = "; ".join(f"{lat!r} {lon!r}" for lat, lon in value)
        elif field == "magazines":
            for effector, magazine in value.items():
                cells |= {f"{rounds}:{effector}": number for rounds, number in magazine.items()}
        else:
            cells[field] = json.dumps(value) if isinstance(value, dict | list) else value
    return cells


def _read_back(cells: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """What a reader will make of a row; None where a cell would not come back."""
    texts = {column: str(cell) for column, cell in cells.items()}
    if not all(text and text.isprintable() and text == text.strip() for text in (*texts, *texts.values())):
        return None
    return row_of(texts, LAYOUTS[kind], lambda *_: None)
