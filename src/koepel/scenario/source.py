"""A YAML text as plain data that remembers on which line each part stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from koepel.errors import Fault

MOST_BYTES = 5_000_000  # pure Python reads about 0.2 MB a second
MOST_PARTS = 1_000_000  # after aliases are followed, so that a small file cannot fill the memory
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_TAG + kind for kind in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "merge")}


def path_text(path: tuple) -> str:
    """A path as a user writes it.

    Examples
    --------
    >>> path_text(("defence", "fire_units", 3, "type"))
    'defence.fire_units[3].type'
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text


def show(value: Any) -> str:
    """A value, short enough for a message."""
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass
class Source:
    """What a scenario file holds, before anything is believed.

    Attributes
    ----------
    data
        Mappings, lists, words and numbers.
    lines
        Path of each part -> ``file:line``.
    faults
        What was wrong with the text itself and with its tables.
    unread
        The lists whose table could not be read.
    """

    data: Any = None
    lines: dict[tuple, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: list[tuple] = field(default_factory=list)

    def where(self, path: tuple) -> str:
        """File and line of a part, or of the nearest part round it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return ""

    def fault(self, path: tuple, found: str, mend: str) -> None:
        """Note one fault at a part."""
        self.faults.append(Fault(self.where(path), path_text(path), found, mend))


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> tuple[str, list[Fault]]:
    """The text of a file; where it cannot be had, an empty text and the fault."""

    def refused(found: str, mend: str) -> tuple[str, list[Fault]]:
        return "", [Fault(path.name, "", found, mend)]

    try:
        size = path.stat().st_size
        if size > most_bytes:
            found = f"the file has {size / 1e6:.0f} MB, more than {most_bytes / 1e6:.0f} MB"
            return refused(found, "move its long lists to CSV tables beside the file")
        raw = path.read_bytes()
    except OSError as error:
        return refused(f"the file cannot be read ({error.strerror})", "check its name and its rights")
    if b"\0" in raw:
        return refused("the file is binary", "give a text in YAML")
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fault = Fault(f"{path.name}:{line}", "", "the text is not UTF-8", "save the file as UTF-8")
        return "", [fault]


def parse_yaml(text: str, file: str) -> Source:
    """The text as plain data, safely: no tags, no doubled keys, no endless aliases."""
    source = Source()
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        source.faults.append(Fault(file, "", "the text is nested too deep", "write it flatter"))
        return source
    except (YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # the parser itself fails in several ways on texts that are no YAML
        source.faults.append(_broken(error, text, file))
        return source
    if node is None:
        source.faults.append(Fault(file, "", "the file is empty", "start with 'koepel new FILE'"))
        return source
    _Reader(source, file).read(node)
    return source


def _broken(error: Exception, text: str, file: str) -> Fault:
    """Where a text stops being YAML: the line, and the line of what was begun and not ended."""
    mend = "mend the YAML here or just above"
    if isinstance(error, MarkedYAMLError):
        mark, begun = error.problem_mark or error.context_mark, error.context_mark
        found = f"broken YAML: {error.problem or error.context}"
        if mark and begun and begun.line < mark.line:
            found += f", {error.context} that begins in line {begun.line + 1}"
        return Fault(f"{file}:{mark.line + 1}" if mark else file, "", found, mend)
    if isinstance(error, ReaderError):
        line = text[: error.position].count("\n") + 1
        return Fault(f"{file}:{line}", "", "broken YAML: a character that no text has", "take it out")
    found = " ".join(str(error).split())[:120]
    return Fault(file, "", f"broken YAML: {found}", "give a text in YAML")


class _TooMuch(Exception):
    """The aliases of a text blow it up, or it holds itself."""


class _Reader:
    """Turns the nodes of one text into plain data, noting lines and faults."""

    def __init__(self, source: Source, file: str):
        self.source, self.file = source, file
        self.parts = 0
        self.above: list[int] = []  # the nodes that the present one stands in

    def read(self, node: Node) -> None:
        try:
            self.source.data = self.plain(node, ())
        except _TooMuch as error:
            self.source.data = None
            found, where = error.args
            self.source.faults.append(Fault(where, "", found, "write it out without aliases"))
        except RecursionError:
            self.source.data = None
            self.source.faults.append(Fault(self.file, "", "the text is nested too deep", "write it flatter"))

    def where(self, node: Node) -> str:
        return f"{self.file}:{node.start_mark.line + 1}"

    def plain(self, node: Node, path: tuple) -> Any:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise _TooMuch(f"the text has more than {MOST_PARTS} parts", self.where(node))
        if id(node) in self.above:
            raise _TooMuch("an alias holds itself", self.where(node))
        self.source.lines.setdefault(path, self.where(node))
        if node.tag not in _PLAIN_TAGS:
            tag = str(node.tag).replace(_TAG, "!!")
            self.source.fault(path, f"found the tag {tag}", "write plain words, numbers, lists and mappings")
            return None
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        self.above.append(id(node))
        if isinstance(node, MappingNode):
            value = self.mapping(node, path)
        else:
            value = [self.plain(part, (*path, i)) for i, part in enumerate(node.value)]
        self.above.pop()
        return value

    def mapping(self, node: MappingNode, path: tuple) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                found, mend = "a key is itself a list or mapping", "give a word as the key"
                self.source.faults.append(Fault(self.where(key_node), path_text(path), found, mend))
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key_node.tag == _TAG + "merge":
                merged |= self.merged(value_node, here)
                continue
            if key in data:
                first = self.source.where(here)
                fault = Fault(self.where(key_node), path_text(here), f"given twice, first at {first}", "keep one")
                self.source.faults.append(fault)
                continue
            self.source.lines[here] = self.where(key_node)
            value = self.plain(value_node, here)
            if value is not None:  # a key with nothing behind it says nothing
                data[key] = value
        return merged | data

    def merged(self, node: Node, path: tuple) -> dict[str, Any]:
        """What ``<<: *other`` brings in: the fields of the other mapping."""
        value = self.plain(node, path)
        if isinstance(value, dict):
            return value
        self.source.fault(path, "'<<' needs a mapping", "name one mapping, as '<<: *other'")
        return {}

    def scalar(self, node: ScalarNode, path: tuple) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return text.lower() in ("true", "yes", "on", "y")
            if kind == "int":
                return _integer(text)
            if kind == "float":
                return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        return text


def _integer(text: str) -> int | float:
    """A whole number; beyond 64 bits as a float, which the fields' own limits then refuse."""
    if len(text) > 60:
        return float("inf")
    digits = text.replace("_", "")
    try:
        number = int(digits, 0)
    except ValueError:
        number = int(digits)
    return number if abs(number) < 2**63 else float(number)
