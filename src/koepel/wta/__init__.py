"""Who shoots at what, once: the static weapon-target assignment, solved with proof. Arrays in, arrays out.

Rounds of several kinds are given to threats so that the value that survives is least: minimise sum_j v_j prod_i
(1 - p_ji)^x_ij with sum_j x_ij <= r_i (Manne, Operations Research 6, 1958). `exact.solve` proves its answer by pattern
generation; `check` recomputes it another way.
"""

from koepel.wta.exact import Solution, solve
from koepel.wta.problem import Problem, read_problem

__all__ = ["Problem", "Solution", "read_problem", "solve"]
