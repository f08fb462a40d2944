"""The ways in which the kernels are compiled.

``entry`` is what Python calls: cached on disk, and it lets other threads run. ``allocating`` may make
arrays. ``lean``, ``inside`` and ``inlined`` may not: numba then counts no references, and counting them
took half of a night's time, by an atomic operation for every array at nearly every call (more on several
threads, which share the scenario's arrays).

Only ``entry`` and ``lean`` can be called from Python; a call of another one ends the process. Numba makes
a way in for Python, and one for C, for every compiled function; taking a scenario's arrays apart there was
a third of the whole compilation.

A constant that is handed to a function is a numpy integer here, never a literal: numba compiles a function
anew for every literal that it is called with.
"""

from numba import njit

_NO_WAY_IN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

entry = njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
allocating = njit(error_model="numpy", **_NO_WAY_IN)
lean = njit(_nrt=False, error_model="numpy", no_cfunc_wrapper=True)
inside = njit(_nrt=False, error_model="numpy", **_NO_WAY_IN)
inlined = njit(_nrt=False, forceinline=True, error_model="numpy", **_NO_WAY_IN)
