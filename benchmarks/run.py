"""Every speed that koepel promises, measured in one run beside a peer. Run by ``make bench``.

CPU seconds of this process and its threads; the best of several repetitions, since the machine may be
shared. The reference raid's peer comes from the folder ``benchmarks/peers`` beside the published data
(``KOEPEL_DATA``); without it the peer's rows are left out and said so.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from koepel._kernel.night import nights
from koepel._kernel.setup import ALONE, EVENT
from koepel.arrays import scenario_arrays
from koepel.campaign import campaign
from koepel.scenario import Scenario
from koepel.simulate import simulate

DATA = Path(os.environ.get("KOEPEL_DATA", "../shared"))


def best(repeats: int, work) -> float:
    """Least CPU seconds of several repetitions."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def night_ms(scenario: Scenario, rules: str, runs: int = 640) -> float:
    """CPU milliseconds a night, on one thread."""
    simulate(scenario, runs=32, rules=rules, workers=1)
    return min(simulate(scenario, runs=runs, rules=rules, workers=1).cpu_seconds / runs * 1e3 for _ in range(5))


def peer_ms(runs: int = 30) -> float | None:
    """CPU milliseconds of NIGHT-540 in SimPy, as the shared benchmark plays it."""
    folder = DATA / "benchmarks"
    if not (folder / "peers" / "bench_simpy.py").exists():
        return None
    sys.path[:0] = [str(folder), str(folder / "peers")]
    import bench_simpy
    import night540

    raid = night540.build(1)
    windows, impacts = bench_simpy.windows(raid)
    return best(3, lambda: [bench_simpy.run_simpy(raid, windows, impacts, seed) for seed in range(runs)]) / runs * 1e3


def tiled(scenario: Scenario, tiles: int) -> Scenario:
    """The same density over an area ``tiles`` times as wide and as high: copies of raid and defence side by side."""
    step = 9.0 if tiles > 1 else 0.0  # degrees, a little more than the 600 km box

    def moved(at, a, b):
        lat = (at[0] - 49.0) + (a - (tiles - 1) / 2) * 6.0
        return lat, (at[1] - 31.0) + (b - (tiles - 1) / 2) * step

    units, threats, places = [], [], []
    for a in range(tiles):
        for b in range(tiles):
            mark = f" {a}.{b}"
            for unit in scenario.defence.fire_units:
                units.append(unit.model_copy(update={"name": unit.name + mark, "at": moved(unit.at, a, b)}))
            for threat in scenario.raid.threats:
                route = tuple(moved(point, a, b) for point in threat.route)
                later_s = threat.start_s + 13.7 * (tiles * a + b)  # no two tiles in step
                change = {"name": threat.name + mark, "route": route, "start_s": later_s}
                threats.append(threat.model_copy(update=change))
            for place in scenario.settlements:
                places.append(place.model_copy(update={"name": place.name + mark, "at": moved(place.at, a, b)}))
    defence = scenario.defence.model_copy(update={"fire_units": tuple(units), "sensors": ()})
    raid = scenario.raid.model_copy(update={"threats": tuple(threats)})
    return scenario.model_copy(update={"defence": defence, "raid": raid, "settlements": tuple(places)})


def encounter_us(scenario: Scenario, runs: int) -> tuple[float, float]:
    """CPU microseconds for each pair of threat and site that meets (geometry and fight), and the pairs of a night."""
    arrays = scenario_arrays(scenario, plain=True)
    columns = len(arrays.types) * 5 + 2 * len(arrays.effectors) + 10
    places, zones = np.zeros((len(arrays.places), 4)), np.zeros((len(arrays.zones), 3))
    met = 0

    def work():
        nonlocal met
        for run in range(runs):  # one call a run: the geometry is solved anew in each
            met = nights(arrays.setup, 1, run, 1, ALONE, np.empty((1, columns)), places, zones, np.empty(0, EVENT))[3]

    return best(3, work) / runs / met * 1e6, met


def threads_ratio(scenario: Scenario, runs: int = 2000) -> float:
    """Wall time of one thread over that of two; the best of five pairs."""
    simulate(scenario, runs=64, workers=2)
    return max(
        simulate(scenario, runs=runs, workers=1).wall_seconds / simulate(scenario, runs=runs, workers=2).wall_seconds
        for _ in range(5)
    )


def campaign_ms(scenario: Scenario, days: int = 60, runs: int = 128) -> tuple[float, float]:
    """CPU milliseconds a night of a campaign, and the wall time of one thread over that of two (the best of three)."""
    campaign(scenario, 2, 2)
    one, two = ([campaign(scenario, days, runs, workers=n) for _ in range(3)] for n in (1, 2))
    ratio = max(a.wall_seconds / b.wall_seconds for a, b in zip(one, two, strict=True))
    return min(found.cpu_seconds for found in one) / days / runs * 1e3, ratio


def command(*words: str, env: dict | None = None) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak megabytes of a koepel command in a new process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = (
        "import resource, sys\nfrom koepel.cli import main\nsys.argv[0] = 'koepel'\n"
        "try: main()\nfinally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    ours = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}  # set by our own import
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env={**ours, **(env or {})}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start, int(done.stderr.split()[-1]) / 1024


def main() -> None:
    """Measure everything and print one table; with ``--json``, one document."""
    rows: list[tuple[str, float, str, str]] = []

    def tell(what: str, value: float, unit: str, bar: str) -> None:
        rows.append((what, value, unit, bar))
        if "--json" not in sys.argv:
            print(f"{what:58s} {value:10.3f} {unit:6s} {bar}", flush=True)

    if "--json" not in sys.argv:
        print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}", flush=True)
    night540 = Scenario.read("night-540")
    plain, simpy = night_ms(night540, "plain"), peer_ms()
    tell("NIGHT-540, plain rules, koepel", plain, "ms", "at most 0.3")
    if simpy is None:
        print(f"no peer: {DATA / 'benchmarks'} is not there", file=sys.stderr)
    else:
        tell("NIGHT-540, plain rules, SimPy, same run", simpy, "ms", "")
        tell("ratio SimPy / koepel", simpy / plain, "times", "at least 60")
    tell("NIGHT-540, full model, koepel", night_ms(night540, "full"), "ms", "")
    ukraine = Scenario.read("ukraine-2025-06")
    tell("ukraine-2025-06, full model, new raid each run", night_ms(ukraine, "full"), "ms", "at most 1.5")
    small, few = encounter_us(tiled(night540, 1), 50)
    large, many = encounter_us(tiled(night540, 10), 2)
    tell(f"CPU an encounter, 540 threats x 60 sites ({few} met)", small, "us", "")
    tell(f"CPU an encounter, 54,000 x 6,000 ({many} met)", large, "us", "")
    tell("growth an encounter", large / small, "times", "at most 1.5")
    tell("two threads against one, ukraine-2025-06", threads_ratio(ukraine), "times", "at least 1.8")
    night, ratio = campaign_ms(ukraine)
    tell("a night of a campaign, ukraine-2025-06", night, "ms", "3.2 for 365 x 1,000 in 10 minutes on two")
    tell("two threads against one, campaign", ratio, "times", "at least 1.8")
    tell("koepel --help", min(command("--help")[0] for _ in range(3)), "CPU s", "under 0.5")
    command("simulate", "small-country", "--runs", "10", "--json")
    wall = command("simulate", "small-country", "--runs", "1000", "--json")[1]
    tell("simulate small-country --runs 1000, new process", wall, "s", "under 5")
    with tempfile.TemporaryDirectory() as folder:
        wall = command("simulate", "small-country", "--runs", "10", "--json", env={"KOEPEL_CACHE": folder})[1]
        tell("first compilation ever", wall, "s", "under 60")
    memory = command("simulate", "small-country", "--runs", "100000", "--json")[2]
    tell("memory of 100,000 runs of small-country", memory, "MB", "under 1000")
    if "--json" in sys.argv:
        print(json.dumps([dict(zip(("what", "value", "unit", "bar"), row, strict=True)) for row in rows]))


if __name__ == "__main__":
    main()
