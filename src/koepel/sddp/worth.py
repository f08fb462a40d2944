"""What it is worth to plan under doubt: against knowing everything, and against planning for averages."""

from __future__ import annotations

import time

import numpy as np

from koepel.errors import Fault, UsageError
from koepel.sddp.chance import SIMULATED, drawn_paths
from koepel.sddp.extensive import Assembly, loaded, path_levels, run_in_parts
from koepel.sddp.graph import Graph, Node, StageProgram
from koepel.sddp.passes import Working
from koepel.sddp.policy import Policy, Simulated
from koepel.sddp.program import cases
from koepel.sddp.training import SELECT_EVERY


def perfect_information(graph: Graph, paths: int, seed: int = 0) -> Simulated:
    """The cost of each path when all of it is known from the start, in parts where columns must be whole.

    The paths are those of `Policy.simulate` with the same seed: the paired difference of the two is the expected value
    of perfect information. Its columns are not kept.

    Raises
    ------
    PlanError
        Where a path has no decision, or no cheapest one.
    """
    nodes, outcomes = drawn_paths(graph, seed, SIMULATED, paths)
    stage_costs, basis = np.zeros(nodes.shape), None
    for p in range(paths):
        assembly = Assembly(graph, path_levels(nodes[p], outcomes[p]))
        solver = loaded(assembly)
        if basis is not None and (len(basis.col_status), len(basis.row_status)) == (
            assembly.n_columns, assembly.n_rows,
        ):  # fmt: skip
            solver.setBasis(basis)
        run_in_parts(solver, assembly.n_columns)
        basis = solver.getBasis()
        stage_costs[p] = np.concatenate(assembly.costs_of(np.array(solver.getSolution().col_value)))
    return Simulated(stage_costs.sum(axis=1), stage_costs, np.empty((*nodes.shape, 0)), nodes, outcomes)


def averages(graph: Graph) -> Graph:
    """The graph with each stage's nodes and outcomes replaced by their average, as seen from the start.

    The floor is kept: it must hold for the averages too.

    Raises
    ------
    UsageError
        Where nodes of a stage have programs of different shape, or bounds that are not everywhere finite or endless.
    """
    stages, faults = [], []
    for t, (stage, chances) in enumerate(zip(graph.stages, graph.node_chances(), strict=True)):
        first = stage[0].program
        alike = all(
            node.program.rows.shape == first.rows.shape
            and (node.program.state_in == first.state_in).all()
            and (node.program.state_out == first.state_out).all()
            for node in stage
        )
        if not alike:
            fault = Fault("", f"stages[{t}]", "nodes of different shape", "give all the same rows, columns and states")
            faults.append(fault)
            continue
        program = _average(stage, chances)
        if program is None:
            mend = "give them bounds that are always finite or never"
            faults.append(Fault("", f"stages[{t}]", "bounds that are endless only at times", mend))
        else:
            stages.append([Node(program)])
    if faults:
        raise UsageError("the averages", faults)
    once = [np.ones((1, 1))] * (len(stages) - 1)
    return Graph(stages=stages, transition=once, start_state=graph.start_state, floor=graph.floor)


def _average(stage, chances: np.ndarray) -> StageProgram | None:
    """The average program of a stage; none where a bound is endless only at times."""
    weights, held = [], []
    for node, chance in zip(stage, chances, strict=True):
        weights += [chance * own for own in node.chances]
        held += cases(node)
    use = [(weight, case) for weight, case in zip(weights, held, strict=True) if weight > 0]
    fields = {}
    for name in ("cost", "row_low", "row_high", "low", "high"):
        values = np.array([getattr(case, name) for _, case in use])
        if not (np.isinf(values) == np.isinf(values[0])).all():
            return None
        endless = np.isinf(values[0])
        mean = np.array([weight for weight, _ in use]) @ np.where(endless, 0.0, values)
        fields[name] = np.where(endless, values[0], mean)
    rows = sum(chance * node.program.rows for node, chance in zip(stage, chances, strict=True))
    constant = sum(chance * node.program.constant for node, chance in zip(stage, chances, strict=True))
    first = stage[0].program
    return StageProgram(
        rows=rows, state_in=first.state_in, state_out=first.state_out, whole=first.whole, constant=constant, **fields
    )


def policy_of_averages(graph: Graph, *, iterations: int = 100, seconds: float = np.inf, seed: int = 0) -> Policy:
    """A policy that sees each stage as it comes and plans as if all later ones were average (rolling mean values).

    Its cuts are of `averages`, made along the average path and where drawn paths of the true graph lead, so that it is
    not blamed for states that it never looked at. The paired difference of its simulated cost to that of a trained
    policy is the value of the stochastic solution.

    Returns
    -------
    A policy in the true graph, of which no bound is known (minus infinity).

    Raises
    ------
    PlanError
        Where the average program has no decision from a state of the true graph, or the other way round: recourse is
        then not complete, and the value of the stochastic solution is without limit.
    """
    began = time.perf_counter()
    mean, true = Working(averages(graph)), Working(graph)
    true.visited = mean.visited
    stages = len(graph.stages)
    straight = np.zeros((1, stages), int)
    for iteration in range(1, iterations + 1):
        _, own, _ = mean.forward(straight, straight)
        _, met, _ = true.forward(*drawn_paths(graph, seed, iteration, 1))
        known = [len(pools[0].heights) for pools in mean.pools]
        mean.backward([np.vstack(both) for both in zip(own, met, strict=True)])
        for t in range(stages - 1):
            pool = mean.pools[t][0]
            for m in range(len(graph.stages[t])):
                true.add(t, m, pool.slopes[known[t] :], pool.heights[known[t] :])
        if iteration % SELECT_EVERY == 0:
            mean.select()
            true.select()
        if time.perf_counter() - began > seconds:
            break
    return Policy(graph, true.cuts(), np.array([-np.inf]), "iterations", true.bases_now())
