"""The solver of linear and whole-number programs, HiGHS, made ready without a word on the standard output."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache


def quiet_solver():
    """A new HiGHS that says nothing and runs on one thread.

    All solvers of a process have the same number of threads, or later ones give up.

    Examples
    --------
    >>> solver = quiet_solver()
    >>> solver.getOptionValue("threads")[1]
    1
    """
    _greeted()
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


@lru_cache(maxsize=1)
def _greeted() -> None:
    """Let HiGHS greet nobody: the first of a process prints two lines, which would stand in a JSON answer."""
    import highspy

    sys.stdout.flush()
    try:
        libc, kept = ctypes.CDLL(None), os.dup(1)
    except (OSError, TypeError):  # a system without a C library by that name: the greeting stays
        highspy.Highs()
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        libc.fflush(None)
        os.dup2(nowhere, 1)
        highspy.Highs()
        libc.fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)
