"""The three ways in which the kernels are compiled.

``entry`` is what Python calls: cached on disk, and it lets other threads run. ``allocating`` may make
arrays. ``lean`` and ``inlined`` may not: numba then counts no references, and counting them took half
of a night's time, by an atomic operation for every array at nearly every call (more on several threads,
which share the scenario's arrays).
"""

from numba import njit

entry = njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
allocating = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
lean = njit(_nrt=False, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = njit(_nrt=False, forceinline=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
