"""A linear program that knows the names of its rows and columns, and can be read as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from koepel.sddp import StageProgram

TEXT_DIGITS = 9


@dataclass(eq=False)
class Rows:
    """A program under construction.

    Attributes
    ----------
    columns, rows
        Name of a block -> its columns or rows, one for each of its labels.
    start
        State before the first stage, in the order in which `carry` was called.
    """

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    row_names: list[str] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)
    state_in: list[int] = field(default_factory=list)
    state_out: list[int] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def declare(self, name: str, labels: Sequence[str], high=np.inf, cost=0.0, whole: bool = False) -> None:
        """Add one column of 0 or more for each label."""
        n = len(labels)
        at = np.arange(len(self.names), len(self.names) + n)
        self.columns[name] = at
        self.names += [f"{name}({word(label)})" for label in labels]
        self.low += [0.0] * n
        self.high += np.broadcast_to(np.asarray(high, float), n).tolist()
        self.cost += np.broadcast_to(np.asarray(cost, float), n).tolist()
        self.whole += at.tolist() if whole else []

    def carry(self, name: str, labels: Sequence[str], start) -> None:
        """Add a state: columns ``name_in`` and ``name_out``, and what it is before the first stage."""
        self.declare(f"{name}_in", labels)
        self.declare(f"{name}_out", labels)
        self.state_in += self.columns[f"{name}_in"].tolist()
        self.state_out += self.columns[f"{name}_out"].tolist()
        self.start += np.broadcast_to(np.asarray(start, float), len(labels)).tolist()

    def add(self, name: str, labels: Sequence[str], low, high, *terms: tuple) -> None:
        """Add one row low <= sum of terms <= high for each label.

        Parameters
        ----------
        terms
            ``(coefficients, columns)``, one for each row, or ``(coefficients, columns, rows)`` for those that come in
            other numbers; rows are counted within the block.
        """
        n, first = len(labels), len(self.row_names)
        self.rows[name] = np.arange(first, first + n)
        self.row_names += [f"{name}({word(label)})" for label in labels]
        self.row_low += np.broadcast_to(np.asarray(low, float), n).tolist()
        self.row_high += np.broadcast_to(np.asarray(high, float), n).tolist()
        for coefficients, columns, *rows in terms:
            columns = np.asarray(columns, int).ravel()
            at = np.asarray(rows[0], int).ravel() if rows else np.arange(len(columns))
            values = np.broadcast_to(np.asarray(coefficients, float).ravel(), len(columns))
            self.entries.append((at + first, columns, values))

    def matrix(self) -> sparse.csr_matrix:
        """The rows. Shape (rows, columns)."""
        shape = len(self.row_names), len(self.names)
        if not self.entries:
            return sparse.csr_matrix(shape)
        at, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        matrix = sparse.csr_matrix((values, (at, columns)), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def program(self, constant: float = 0.0) -> StageProgram:
        """As the solver takes it."""
        whole = np.zeros(len(self.names), bool)
        whole[self.whole] = True
        return StageProgram(
            cost=self.cost, rows=self.matrix(), row_low=self.row_low, row_high=self.row_high, low=self.low,
            high=self.high, state_in=self.state_in, state_out=self.state_out, whole=whole, constant=constant,
        )  # fmt: skip

    def text(self) -> str:
        """In the LP format; columns that stand in no row and cost nothing are left out."""
        matrix = self.matrix()
        used = sorted(set(matrix.indices.tolist()) | {j for j, price in enumerate(self.cost) if price})
        priced = [(self.cost[j], j) for j in used if self.cost[j]]
        lines = ["min", f" cost: {self._sum(priced)}", "st"]
        for i, name in enumerate(self.row_names):
            part = slice(matrix.indptr[i], matrix.indptr[i + 1])
            terms = self._sum(zip(matrix.data[part], matrix.indices[part], strict=True))
            lines += [f" {name}: {terms} {side}" for side in self._sides(i)]
        lines.append("bounds")
        lines += [f" {self.names[j]} <= {number(self.high[j])}" for j in used if np.isfinite(self.high[j])]
        whole = [self.names[j] for j in used if j in self.whole]
        return "\n".join([*lines, *(["general", f" {' '.join(whole)}"] if whole else []), "end", ""])

    def _sum(self, terms) -> str:
        told = " ".join(f"{'+' if value >= 0 else '-'} {number(abs(value))} {self.names[j]}" for value, j in terms)
        return told or "0"

    def _sides(self, i: int) -> list[str]:
        low, high = self.row_low[i], self.row_high[i]
        if low == high:
            return [f"= {number(low)}"]
        return [f"{sign} {number(x)}" for sign, x in ((">=", low), ("<=", high)) if np.isfinite(x)]


def number(value: float) -> str:
    """A number as text, short and the same everywhere."""
    return f"{value:.{TEXT_DIGITS}g}"


def word(label: str) -> str:
    """A label as the LP format allows it.

    Examples
    --------
    >>> word("GEM-T, Germany")
    'GEM_T_Germany'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "_", str(label)).strip("_")
