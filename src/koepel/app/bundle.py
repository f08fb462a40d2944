"""The page as it was bundled when the package was built."""

from __future__ import annotations

from pathlib import Path

from koepel.errors import Fault, UsageError

FOLDER = Path(__file__).parent / "static"
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/main.js": ("main.js", "text/javascript; charset=utf-8"),
    "/main.css": ("main.css", "text/css; charset=utf-8"),
    "/licences.txt": ("licences.txt", "text/plain; charset=utf-8"),
}


def bundle(folder: Path = FOLDER) -> dict[str, tuple[bytes, str]]:
    """What to serve at each address: bytes and media type.

    Raises
    ------
    UsageError
        If the page was not bundled when the package was built, with the mend.
    """
    missing = [name for name, _ in FILES.values() if not (folder / name).is_file()]
    if missing:
        found = f"the page of the map was not built: {', '.join(missing)} missing from {folder}"
        mend = (
            "where npm's registry can be reached, run 'python frontend/build.py' in the sources "
            "or install koepel again; a wheel of koepel holds it ready"
        )
        raise UsageError("the map", [Fault("", "", found, mend)])
    return {address: ((folder / name).read_bytes(), media) for address, (name, media) in FILES.items()}
