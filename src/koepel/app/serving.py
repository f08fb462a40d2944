"""The server on loopback, and the browser that opens its address."""

from __future__ import annotations

import secrets
import socket
import threading
from pathlib import Path

from koepel.app.bench import Bench
from koepel.app.bundle import bundle
from koepel.app.guard import Guard
from koepel.app.routes import Desk, application
from koepel.app.workspace import Workspace
from koepel.errors import Fault, UsageError
from koepel.scenario import Scenario

HOST = "127.0.0.1"
DEFAULT_RUNS = 200
MOST_RUNS = 2000


def serve(
    scenario: Scenario,
    *,
    workspace: str | Path = ".",
    runs: int = DEFAULT_RUNS,
    seed: int = 1,
    port: int = 0,
    workers: int | None = None,
    open_browser: bool = True,
    told=print,
) -> None:
    """Serve the map on this machine until it is interrupted.

    Parameters
    ----------
    scenario
        What the map begins with.
    workspace
        Folder whose scenario files may be opened and written; nothing else can be.
    runs
        Nights that every change is fought on.
    port
        Of loopback; a free one where it is 0.
    told
        Called with the address to open.

    Raises
    ------
    UsageError
        If the page was not built, the folder does not exist or the port is taken.
    """
    import uvicorn

    files = bundle()
    folder = Path(workspace)
    if not folder.is_dir():
        raise _refused("workspace", f"there is no folder {folder}", "give a folder that exists")
    if not 2 <= runs <= MOST_RUNS:
        raise _refused("runs", f"found {runs}", f"give a whole number from 2 to {MOST_RUNS:,}")
    desk = Desk(Bench(runs, seed, workers), Workspace(folder))
    door = _door(port)
    port, token = door.getsockname()[1], secrets.token_urlsafe(24)
    address = f"http://{HOST}:{port}/#token={token}"
    guarded = Guard(application(desk, files), port, token)
    config = uvicorn.Config(guarded, log_level="warning", lifespan="off", timeout_graceful_shutdown=1, ws="none")
    desk.open(scenario.name, scenario)
    told(address)
    if open_browser:
        threading.Timer(0.5, _open, (address,)).start()
    try:
        uvicorn.Server(config).run(sockets=[door])
    except KeyboardInterrupt:  # the way to end it
        pass
    finally:
        desk.jobs.close()


def _open(address: str) -> None:
    import webbrowser

    webbrowser.open(address)


def _door(port: int) -> socket.socket:
    """A socket that listens on loopback alone."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
    except (OSError, OverflowError):
        door.close()
        raise _refused("port", f"port {port} cannot be had", "give another one, or 0 for any") from None
    return door


def _refused(name: str, found: str, mend: str) -> UsageError:
    return UsageError("the map", [Fault("", name, found, mend)])
