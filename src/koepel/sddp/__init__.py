"""Decisions stage after stage while chance unfolds: multistage stochastic linear programs. Arrays in, arrays out.

A `Graph` has stages; a stage has Markov nodes; a node has a `StageProgram` and the `Outcome` draws that change it. At
each stage the node is drawn given the node before, then the outcome; both are seen before the program is solved. What
one stage hands to the next is its state: the columns `state_out` here are the columns `state_in` there.

    program = StageProgram(cost=..., rows=A, row_low=..., row_high=..., low=..., high=...,
                           state_in=[0], state_out=[1], whole=..., constant=0.0)   # whole and constant may be left out
    node = Node(program, [Outcome(chance=0.5, rows=[2], row_low=[5.0], row_high=[5.0]), Outcome(chance=0.5)])
    graph = Graph(stages=[[node], [node, other]], transition=[[[0.3, 0.7]]], start_state=[0.0], floor=0.0)

    policy = train(graph, iterations=100, seconds=60, seed=1, gap=0.01)
    policy.bound                    what no policy stays under in the mean (policy.bounds: after each iteration)
    policy.first()                  First: columns, cost, state_duals, row_duals of the first stage
    policy.simulate(200, 7, columns=[0, 3])    Simulated: costs (paths,), columns (paths, stages, 2), mean, interval
    paired(simulated_a, simulated_b)           the mean difference on the same luck, with its interval
    extensive(graph, gap=1e-4, cvar=(0.9, 0.5), limits=[Limit(weights, most)])    the whole tree as one program
    perfect_information(graph, 200, 7)         Simulated: every path solved with all of it known
    policy_of_averages(graph, iterations=..., seconds=..., seed=1)   Policy that plans for averages, in the true graph

`floor` is the caller's word that the cost still to come never falls below it, after any stage; a floor that is too
high makes the bound untrue. Programs must be feasible from every state that earlier stages can hand on (relatively
complete recourse): give each requirement a column that pays for what is unmet. `train` solves whole columns in parts:
its bound holds for whole numbers too, its decisions are not whole; `extensive` keeps them whole. Scaling is the
caller's: costs and states between 1e-3 and 1e6 do well.
"""

from koepel.sddp.extensive import Extensive, Limit, extensive
from koepel.sddp.graph import Graph, Node, Outcome, StageProgram
from koepel.sddp.policy import First, Policy, Simulated, paired
from koepel.sddp.training import train
from koepel.sddp.worth import averages, perfect_information, policy_of_averages

__all__ = [
    "Extensive", "First", "Graph", "Limit", "Node", "Outcome", "Policy", "Simulated", "StageProgram",
    "averages", "extensive", "paired", "perfect_information", "policy_of_averages", "train",
]  # fmt: skip
