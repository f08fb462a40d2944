"""The solver of linear and whole-number programs, HiGHS, made ready without a word on the standard output."""

from __future__ import annotations


def quiet_solver():
    """A new HiGHS that says nothing and runs on one thread.

    All solvers of a process have the same number of threads, or later ones give up.

    Examples
    --------
    >>> solver = quiet_solver()
    >>> solver.getOptionValue("threads")[1]
    1
    """
    import highspy

    class Silent(highspy.Highs):
        """HiGHS that does not greet on the standard output when its callbacks are first enabled."""

        def enableCallbacks(self) -> None:
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()

    solver = Silent()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver
