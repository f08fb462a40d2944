"""How long the map takes to answer when a fire unit is dragged: over HTTP, with everything the page is told.

    python benchmarks/map.py [--scenario ukraine-2025-06] [--runs 200] [--moves 100]

Bar: 300 ms at the 95 % quantile, 200 runs, two cores, ukraine-2025-06. The page draws after that.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import uvicorn

from koepel.app.bench import Bench
from koepel.app.guard import Guard
from koepel.app.routes import Desk, application
from koepel.app.workspace import Workspace
from koepel.scenario import Scenario

PORT = 8799
BAR_MS = 300.0


def served(desk: Desk) -> uvicorn.Server:
    """The server, in a thread of its own."""
    guarded = Guard(application(desk, {}), PORT, "token")
    server = uvicorn.Server(uvicorn.Config(guarded, port=PORT, log_level="warning", lifespan="off", ws="none"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server


def main() -> None:
    """Move fire units at random, half a degree or so, and time each answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="ukraine-2025-06")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--moves", type=int, default=100)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    with TemporaryDirectory() as folder:
        desk = Desk(Bench(given.runs, 1), Workspace(Path(folder)))
        desk.bench.open(Scenario.read(given.scenario), given.scenario)
        server, connection = served(desk), http.client.HTTPConnection("127.0.0.1", PORT)
        units = desk.bench.state()["defence"]["units"]
        took, cpu = [], []
        for move in range(given.moves + 3):
            unit = units[int(rng.integers(len(units)))]
            lat, lon = unit["at"][1] + rng.integers(-2, 3) * 0.5, unit["at"][0] + rng.integers(-2, 3) * 0.5
            edit = {"op": "move", "kind": "fire_unit", "name": unit["name"], "at": [lat, lon]}
            body = json.dumps({"edits": [edit], "settled": bool(move % 4 == 0)})
            started, spent = time.perf_counter(), time.process_time()
            connection.request("POST", "/api/change", body, {"X-Koepel-Token": "token"})
            answer = json.loads(connection.getresponse().read())
            if move >= 3:
                took.append(1e3 * (time.perf_counter() - started))
                cpu.append(1e3 * (time.process_time() - spent))
            assert "answer" in answer, answer
        server.should_exit = True
    low, half, high = np.quantile(took, [0.05, 0.5, 0.95])
    met = "met" if high <= BAR_MS else "missed"
    print(f"{given.scenario}, {given.runs} runs, {given.moves} moves, {os.cpu_count()} cores")
    least, spent, most = np.quantile(cpu, [0.05, 0.5, 0.95])
    print(f"CPU of all threads: {spent:.0f} ms (5 to 95 %: {least:.0f} to {most:.0f})")
    print(f"answer after a move, over HTTP: {half:.0f} ms (5 to 95 %: {low:.0f} to {high:.0f}); bar {BAR_MS:g}: {met}")


if __name__ == "__main__":
    main()
