"""A policy at work: forward along a path with the cuts there are, backward to make better ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from koepel.sddp.graph import Graph
from koepel.sddp.program import Basis, Cuts, HeldProgram


@dataclass(eq=False)
class Pool:
    """All cuts of one node, and which of them its program holds, row by row."""

    slopes: np.ndarray
    heights: np.ndarray
    held: np.ndarray = field(default_factory=lambda: np.empty(0, int))

    def cuts(self) -> Cuts:
        """Those that are held."""
        return Cuts(self.slopes[self.held], self.heights[self.held])


class Working:
    """The programs of a graph in HiGHS, made when first solved, and the cuts on them."""

    def __init__(
        self, graph: Graph, cuts: list[list[Cuts]] | None = None, bases: list[list[Basis | None]] | None = None
    ):
        self.graph, self.bases = graph, bases
        states = len(graph.start_state)
        self.pools = [[Pool(np.empty((0, states)), np.empty(0)) for _ in nodes] for nodes in graph.stages]
        self.programs: dict[tuple[int, int], HeldProgram] = {}
        self.visited: list[np.ndarray] = [np.empty((0, states)) for _ in graph.stages]
        for t, stage in enumerate(cuts or []):
            for m, own in enumerate(stage):
                self.pools[t][m] = Pool(own.slopes, own.heights, np.arange(len(own.heights)))

    def program(self, stage: int, node: int) -> HeldProgram:
        """The program of a node; a new one starts from the basis of one like it."""
        if (stage, node) not in self.programs:
            last = stage == len(self.graph.stages) - 1
            made = HeldProgram(
                self.graph.stages[stage][node], f"stages[{stage}][{node}]", None if last else self.graph.floor[stage]
            )
            cuts = self.pools[stage][node].cuts()
            made.add(cuts.slopes, cuts.heights)
            self._begin(made, stage, node)
            self.programs[stage, node] = made
        return self.programs[stage, node]

    def _begin(self, made: HeldProgram, stage: int, node: int) -> None:
        """Give a new program a basis to start from."""
        if self.bases is not None:
            if self.bases[stage][node] is not None:
                made.begin_at(self.bases[stage][node])
            return
        like = [(stage, m) for m in range(len(self.graph.stages[stage]))] + [(stage - 1, node), (stage - 1, 0)]
        for key in like:
            other = self.programs.get(key)
            if other is None or len(other.heights) or len(made.heights):
                continue
            same = (other.rows, other.columns, other.floor is None) == (made.rows, made.columns, made.floor is None)
            basis = other.basis() if same else None
            if basis is not None:
                made.begin_at(basis)
                return

    def bases_now(self) -> list[list[Basis | None]]:
        """The basis of each node's program, none where it was never solved."""
        return [
            [self.programs[t, m].basis() if (t, m) in self.programs else None for m in range(len(nodes))]
            for t, nodes in enumerate(self.graph.stages)
        ]

    def cuts(self) -> list[list[Cuts]]:
        """The cuts held, by stage and node."""
        return [[pool.cuts() for pool in stage] for stage in self.pools]

    def first_bound(self) -> float:
        """What no policy stays under in the mean, by the programs of the first stage."""
        total, state = 0.0, self.graph.start_state
        for m, node in enumerate(self.graph.stages[0]):
            for k, chance in enumerate(node.chances):
                if self.graph.start[m] * chance > 0:
                    answer = self.program(0, m).solve(state, k)
                    total += self.graph.start[m] * chance * (answer.height + answer.slope @ state)
        return total

    def forward(
        self, nodes: np.ndarray, outcomes: np.ndarray, asked: np.ndarray | None = None
    ) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """Walk along paths, stage by stage.

        Parameters
        ----------
        nodes, outcomes
            Where chance goes. Shape (paths, stages).
        asked
            Columns to keep. Shape (stages, asked).

        Returns
        -------
        costs
            Shape (paths, stages).
        after
            States that go out of each stage, each of shape (paths, states).
        kept
            Shape (paths, stages, asked).
        """
        paths, stages = nodes.shape
        asked = np.empty((stages, 0), int) if asked is None else asked
        costs, kept, after = np.zeros((paths, stages)), np.zeros((paths, stages, asked.shape[1])), []
        states = np.tile(self.graph.start_state, (paths, 1))
        for t in range(stages):
            states = states.copy()
            for p in range(paths):
                program = self.program(t, nodes[p, t])
                answer = program.solve(states[p], outcomes[p, t])
                costs[p, t], kept[p, t] = answer.cost, answer.columns[asked[t]]
                states[p] = program.state_after(answer, outcomes[p, t])
            after.append(states)
        return costs, after, kept

    def luck(self, nodes: np.ndarray, outcomes: np.ndarray, after: list[np.ndarray]) -> np.ndarray:
        """What luck added to the cost of each path: value met less value expected, summed over stages.

        The value of a program, with its cuts, from a state that is already there: its mean over nodes and outcomes is
        worked out by solving all of them, so that luck is nothing in the mean whatever the cuts are worth. Of shape
        (paths,).
        """
        paths, stages = nodes.shape
        added = np.zeros(paths)
        states = np.tile(self.graph.start_state, (paths, 1))
        for t in range(stages):
            for p in range(paths):
                chances = self.graph.start if t == 0 else self.graph.transition[t - 1][nodes[p, t - 1]]
                for m in np.flatnonzero(chances):
                    program = self.program(t, m)
                    for k, chance in enumerate(self.graph.stages[t][m].chances):
                        met = (m, k) == (nodes[p, t], outcomes[p, t])
                        answer = program.solve(states[p], k)
                        added[p] += (met - chances[m] * chance) * (answer.cost + answer.to_go)
            states = after[t]
        return added

    def backward(self, after: list[np.ndarray]) -> None:
        """Make cuts at states that go out of each stage, last stage first; each serves every node of the stage."""
        for t in range(len(self.graph.stages) - 1, 0, -1):
            states = np.unique(after[t - 1], axis=0)
            self.visited[t - 1] = np.vstack([self.visited[t - 1], states])
            chances = self.graph.transition[t - 1]
            slopes, heights = self._expected(t, states, np.flatnonzero(chances.max(axis=0)))
            for m, chance in enumerate(chances):
                self.add(t - 1, m, np.tensordot(chance, slopes, 1), chance @ heights)

    def _expected(self, t: int, states: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slope and height of the expected value of each node of a stage at states that come in."""
        slopes = np.zeros((len(self.graph.stages[t]), *states.shape))
        heights = np.zeros(slopes.shape[:2])
        for m in nodes:
            program = self.program(t, m)
            for p, state in enumerate(states):
                for k, chance in enumerate(self.graph.stages[t][m].chances):
                    answer = program.solve(state, k)
                    slopes[m, p] += chance * answer.slope
                    heights[m, p] += chance * answer.height
        return slopes, heights

    def add(self, t: int, m: int, slopes: np.ndarray, heights: np.ndarray) -> None:
        """Add cuts to a node's pool and, where it has one, to its program."""
        pool = self.pools[t][m]
        number = len(pool.heights)
        pool.slopes, pool.heights = np.vstack([pool.slopes, slopes]), np.append(pool.heights, heights)
        pool.held = np.append(pool.held, np.arange(number, number + len(heights)))
        if (t, m) in self.programs:
            self.programs[t, m].add(slopes, heights)

    def select(self) -> None:
        """Hold only cuts that are the highest at a state once visited (level one dominance); nothing is forgotten."""
        for (t, m), program in self.programs.items():
            pool = self.pools[t][m]
            if not len(pool.heights):
                continue
            best = np.zeros(len(pool.heights), bool)
            best[Cuts(pool.slopes, pool.heights).values(self.visited[t]).argmax(axis=1)] = True
            gone = program.drop(~best[pool.held])
            pool.held = pool.held[~gone]
            back = np.setdiff1d(np.flatnonzero(best), pool.held)
            program.add(pool.slopes[back], pool.heights[back])
            pool.held = np.append(pool.held, back)
