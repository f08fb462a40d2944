"""What is wrong with a stochastic program: every fault, where it is, and the mend."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from koepel.errors import Fault

SLACK = 1e-9  # how far chances may add up to another number than 1


def graph_faults(graph) -> list[Fault]:
    """Every fault of a graph: programs, outcomes, states that do not fit, chances."""
    if not len(graph.stages) or not all(len(nodes) for nodes in graph.stages):
        return [Fault("", "stages", "found none, or a stage without nodes", "give at least one node to each stage")]
    found: list[Fault] = []
    for t, nodes in enumerate(graph.stages):
        for m, node in enumerate(nodes):
            where = f"stages[{t}][{m}]"
            found += _program(node.program, f"{where}.program")
            found += _outcomes(node, f"{where}.outcomes")
            states = len(node.program.state_in)
            if states != len(graph.start_state):
                text = f"{states} states, where the start state has {len(graph.start_state)}"
                found.append(Fault("", f"{where}.program.state_in", text, "give every stage the same states"))
    if not np.isfinite(graph.start_state).all():
        found.append(Fault("", "start_state", "not finite", "give numbers"))
    found += _chain(graph)
    return found


def _chain(graph) -> Iterator[Fault]:
    """Faults of chances between stages and of the floor."""
    nodes = [len(stage) for stage in graph.stages]
    yield from _chances(graph.start[None, :], (1, nodes[0]), "start")
    if len(graph.transition) != len(nodes) - 1:
        text = f"{len(graph.transition)} matrices for {len(nodes)} stages"
        yield Fault("", "transition", text, "give one between each two stages")
    for t, matrix in enumerate(graph.transition[: len(nodes) - 1]):
        yield from _chances(matrix, (nodes[t], nodes[t + 1]), f"transition[{t}]")
    if graph.floor.shape not in ((), (len(nodes) - 1,)) or not np.isfinite(graph.floor).all():
        yield Fault("", "floor", f"shape {graph.floor.shape}", "give one finite number, or one a stage but the last")


def _chances(matrix: np.ndarray, shape: tuple[int, int], where: str) -> Iterator[Fault]:
    """Faults of chances: shape, range, sums."""
    if matrix.shape != shape:
        yield Fault("", where, f"shape {matrix.shape}", f"give the shape {shape}")
    elif not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        yield Fault("", where, "a chance that is negative or no number", "give chances of 0 to 1")
    elif np.abs(matrix.sum(axis=1) - 1).max() > SLACK:
        worst = int(np.abs(matrix.sum(axis=1) - 1).argmax())
        yield Fault("", where, f"chances that add up to {matrix[worst].sum():g}", "make them add up to 1")


def _program(program, where: str) -> list[Fault]:
    """Faults of a program: lengths, order of bounds, states."""
    n, m = len(program.cost), len(program.row_low)
    found = []
    if program.rows.shape != (m, n):
        text = f"shape {program.rows.shape}, with {m} row bounds and {n} costs"
        found.append(Fault("", f"{where}.rows", text, "give the shape (rows, columns)"))
    lengths = (("row_high", m), ("low", n), ("high", n), ("whole", n), ("state_out", len(program.state_in)))
    for name, length in lengths:
        if getattr(program, name).shape != (length,):
            text = f"shape {getattr(program, name).shape}"
            found.append(Fault("", f"{where}.{name}", text, f"give the shape ({length},)"))
    for name in ("state_in", "state_out"):
        columns = getattr(program, name)
        if len(np.unique(columns)) != len(columns) or (len(columns) and not 0 <= columns.min() <= columns.max() < n):
            found.append(Fault("", f"{where}.{name}", "a column twice, or one that is not there", f"give 0 to {n - 1}"))
    if not (np.isfinite(program.cost).all() and np.isfinite(program.constant)):
        found.append(Fault("", f"{where}.cost", "a cost that is not finite", "give numbers"))
    if not np.isfinite(program.rows.data).all():
        found.append(Fault("", f"{where}.rows", "an entry that is not finite", "give numbers"))
    for low, high in (("row_low", "row_high"), ("low", "high")):
        if getattr(program, low).shape == getattr(program, high).shape:
            found += _bounds(getattr(program, low), getattr(program, high), f"{where}.{low}", np.arange(max(m, n)))
    return found


def _outcomes(node, where: str) -> list[Fault]:
    """Faults of outcomes: chances, indices, lengths, order of bounds."""
    if not len(node.outcomes):
        return [Fault("", where, "found none", "give one with chance 1")]
    n, m = len(node.program.cost), len(node.program.row_low)
    found = list(_chances(node.chances[None, :], (1, len(node.outcomes)), where))
    for k, outcome in enumerate(node.outcomes):
        for index, most, names in (
            ("rows", m, ("row_low", "row_high")), ("columns", n, ("low", "high")), ("priced", n, ("cost",)),
        ):  # fmt: skip
            place, at = f"{where}[{k}].{index}", getattr(outcome, index)
            if len(np.unique(at)) != len(at) or (len(at) and not 0 <= at.min() <= at.max() < most):
                found.append(Fault("", place, "one twice, or one that is not there", f"give 0 to {most - 1}"))
            values = [getattr(outcome, name) for name in names]
            if any(value.shape != at.shape for value in values):
                found.append(Fault("", place, f"{len(at)} changed", f"give as many of {' and '.join(names)}"))
            elif len(names) == 2:
                found += _bounds(*values, place, at)
            elif not np.isfinite(values[0]).all():
                found.append(Fault("", place, "a cost that is not finite", "give numbers"))
        if np.isin(outcome.columns, node.program.state_in).any():
            text = "bounds of a column that is fixed to the state that comes in"
            found.append(Fault("", f"{where}[{k}].columns", text, "change another column"))
    return found


def _bounds(low: np.ndarray, high: np.ndarray, where: str, names: np.ndarray) -> list[Fault]:
    """Faults of bounds: no numbers, low above high."""
    wrong = np.flatnonzero(~(low <= high) | (low == np.inf) | (high == -np.inf))
    if not len(wrong):
        return []
    i = wrong[0]
    text = f"bounds {low[i]:g} to {high[i]:g} at {names[i]}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    return [Fault("", where, text, "give a low that is at most the high")]
