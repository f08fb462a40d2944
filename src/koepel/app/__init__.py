"""The map, in a browser: a small server on this machine's loopback, and the page that it serves.

`serving` opens the door, `guard` watches it, `routes` answers; `bench` holds the scenario that is changed, `edits` are
the changes; `areas`, `scene`, `coverage`, `answer`, `night`, `season` and `supply` say what the page draws; `jobs` does
the long work, `workspace` reads and writes scenario files; `bundle` finds the page, which is made in ``frontend/``.
"""

from koepel.app.serving import serve

__all__ = ["serve"]
