"""Bundles the page of the map while the package is built; the work is in frontend/build.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MapPage(BuildHookInterface):
    """Puts the bundled page into src/koepel/app/static, and so into a wheel and an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        """Bundle; where that is not possible say so, and go on: the rest of koepel works without its map."""
        file = Path(self.root) / "frontend" / "build.py"
        if not file.is_file():  # built from a source distribution that holds the page ready
            return
        spec = importlib.util.spec_from_file_location("koepel_frontend_build", file)
        frontend = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(frontend)
        try:
            frontend.bundle()
        except frontend.NotBuilt as error:
            self.app.display_warning(f"the page of 'koepel map' was not built: {error}")
            self.app.display_warning("koepel works without it; run 'python frontend/build.py' later, then 'koepel map'")
