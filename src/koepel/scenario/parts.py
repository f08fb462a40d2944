"""A scenario's plain data, right or wrong, as the checks between its fields read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from koepel.catalogue import Catalogue
from koepel.nouns import nearest_word
from koepel.scenario.shape import Remark
from koepel.scenario.source import show


@dataclass(frozen=True)
class Parts:
    """A scenario's plain data, right or wrong, with the catalogue as its own types change it.

    The readers below give only what has the right kind: a wrong kind is another check's fault.
    """

    data: dict[str, Any]
    catalogue: Catalogue

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at a path; empty where there is none."""
        found = self._at(path)
        return found if isinstance(found, dict) else {}

    def entries(self, *path: str | int) -> Iterator[tuple[tuple, dict[str, Any]]]:
        """Each mapping of the list at a path, with its own path."""
        found = self._at(path)
        for i, entry in enumerate(found if isinstance(found, list | tuple) else ()):
            if isinstance(entry, dict):
                yield (*path, i), entry

    def names(self, *path: str | int) -> list[str]:
        """The names in the list at a path."""
        return [entry["name"] for _, entry in self.entries(*path) if isinstance(entry.get("name"), str)]

    def doubled(self, *path: str | int, by: str = "name", mend: str = "give each its own name") -> Iterator[Remark]:
        """Entries of the list at a path that are called as one before them, or by an empty name."""
        seen: set[str] = set()
        for here, entry in self.entries(*path):
            name = entry.get(by)
            if isinstance(name, str) and name in seen:
                yield (*here, by), f"{show(name)} is there twice", mend
            elif isinstance(name, str):
                if by == "name" and not name.strip():
                    yield (*here, by), "the name is empty", "give it a name"
                seen.add(name)

    def _at(self, path: tuple) -> Any:
        found: Any = self.data
        for step in path:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list | tuple) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found


def unknown(path: tuple, name: Any, kind: str, known: Collection[str], place: str = "") -> Iterator[Remark]:
    """The fault of a name that nothing of its kind has.

    Parameters
    ----------
    place
        The list that it would have to stand in, for when there is nothing of the kind.
    """
    if isinstance(name, str) and name not in known:
        yield path, f"no {kind} {show(name)}", nearest_word(name, known) if known else f"add it to {place}"
