"""Compiled loops: arrays in, arrays out. Imports nothing else of koepel.

One night in order of reading: `night` (the story), `raids` (who comes), `muster` and `meeting` (what they pass),
`picture` (what is seen of them), `sectors` (who meets nobody outside), `fight` (who fires and what it
kills), `tally` (what came of it).
`again` fights a night once more after something moved. `chance`, `sphere` and `grid` serve them; `columns` and
`setup` say what stands where in the arrays.
"""

import hashlib
import os
import pathlib


def _cache_folder() -> str:
    """The user's cache folder, one for each state of these sources.

    Numba renews a cached function when its own file changes, not when a function that it calls does;
    a folder named by the digest of all kernel sources cannot go stale. It also serves an install that
    cannot be written to.
    """
    sources = sorted(pathlib.Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    base = os.environ.get("KOEPEL_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "koepel"
    )
    return os.path.join(base, f"kernels-{digest}")


CACHE_FOLDER = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()
os.environ.setdefault("NUMBA_CACHE_DIR", CACHE_FOLDER)
