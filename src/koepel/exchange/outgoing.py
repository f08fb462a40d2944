"""Write a scenario or a kept run for other tools, in the format that the ending of the file names."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from koepel.campaign import Campaign
from koepel.errors import Fault, UsageError
from koepel.exchange.clock import epoch_of
from koepel.exchange.czml import czml_text
from koepel.exchange.features import Feature, harm_of, places_of, tracks_out
from koepel.exchange.geojson import geojson_text
from koepel.exchange.kml import kml_text
from koepel.nouns import nearest_word
from koepel.outcome import Outcomes
from koepel.report import check_fought, version
from koepel.report.country import is_invented
from koepel.report.regions import zone_table
from koepel.report.tracks import typical_and_bad
from koepel.scenario import Scenario, digest
from koepel.simulate import Trace
from koepel.study import check_file

MAPS = (".geojson", ".kml", ".czml")
MOVING = (".kml", ".czml")  # formats that play tracks in time
TABLES = (".csv", ".parquet")
FORMATS = (*MAPS, *TABLES)
OF_NIGHTS = ("measure", "class", "type", "effector", "zone", "night")


def export(
    scenario: Scenario,
    path: str | Path,
    *,
    outcomes: Outcomes | Campaign | None = None,
    trace: Trace | None = None,
    table: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a scenario's places, and what came of it, for another tool; return the path.

    ``.geojson``, ``.kml`` and ``.czml`` hold the places, with outcomes the mean harm of a night by region or cell, and
    with a trace where its threats were by the clock. ``.csv`` and ``.parquet`` hold one table: of outcomes the one
    that is named, else the places.

    Parameters
    ----------
    outcomes
        What came of this scenario: nights, or for a table a campaign.
    trace
        One run of it.
    table
        ``measure`` (where none is named), ``class``, ``type``, ``effector``, ``zone`` or ``night``; of a campaign
        ``month`` (where none is named), ``stock``, ``order``, ``effector`` or ``funder``.

    Raises
    ------
    UsageError
        For an ending, a table or outcomes that do not fit, and for a file that exists or cannot be written.
    """
    path = Path(path)
    check_format(path, table)
    check_file(path, overwrite=overwrite)
    if outcomes is not None:
        check_fought("outcomes are", outcomes, scenario)
    if path.suffix.lower() in TABLES:
        return _write(path, _table_bytes(_frame(scenario, outcomes, table), path.suffix.lower()))
    if isinstance(outcomes, Campaign):
        _refuse(path, "a campaign goes out as a table", "give a name that ends in .csv or .parquet")
    features = places_of(scenario)
    features += harm_of(outcomes, scenario) if outcomes is not None else []
    features += tracks_out(trace, scenario) if trace is not None else []
    return _write(path, _map_text(path.suffix.lower(), features, scenario, outcomes, trace).encode("utf-8"))


def run_to_show(outcomes: Outcomes | Campaign, run: int | None, ending: str) -> int | None:
    """Whose tracks go along: the run that is asked for; where none is, in KML and CZML the typical one."""
    if run is not None or ending not in MOVING or isinstance(outcomes, Campaign):
        return run
    return typical_and_bad(outcomes)[0]


def check_format(path: Path, table: str | None) -> None:
    """Refuse a file that no format belongs to, before the long work begins.

    Raises
    ------
    UsageError
        With the endings that are known.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        _refuse(path, f"found the ending {path.suffix!r}", f"give a name that ends in {', '.join(FORMATS)}")
    if table is not None and ending not in TABLES:
        _refuse(path, f"a table was asked for in {ending}", "give a name that ends in .csv or .parquet")
    if ending == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            found, mend = "Parquet needs pyarrow, which is not installed", "pip install 'koepel[parquet]', or give .csv"
            _refuse(path, found, mend)


def left_out(scenario: Scenario) -> str:
    """What no format holds of a scenario, in words; nothing of an invented country."""
    units = scenario.defence.fire_units or scenario.defence.sensors
    return "" if is_invented(scenario) or not units else "places of fire units and sensors"


def _refuse(path: Path, found: str, mend: str) -> None:
    raise UsageError("the export", [Fault(str(path), "", found, mend)]) from None


def _map_text(
    ending: str, features: list[Feature], scenario: Scenario, outcomes: Outcomes | None, trace: Trace | None
) -> str:
    night = (outcomes.recorded or {}).get("night") if outcomes is not None else None
    epoch, clock = epoch_of(night)
    told: dict[str, Any] = {"scenario": scenario.name, "digest": digest(scenario), "koepel": version()}
    told |= {"notional": scenario.notional} if scenario.notional else {}
    if outcomes is not None:
        told |= {"runs": outcomes.runs, "seed": outcomes.seed, "rules": outcomes.rules}
    if trace is not None:
        told |= {"run": trace.run, "seed": trace.seed, "dates": clock}
    told |= {"left_out": left_out(scenario)} if left_out(scenario) else {}
    if ending == ".geojson":
        return geojson_text(features, told)
    return kml_text(features, told, epoch) if ending == ".kml" else czml_text(features, told, epoch)


def _frame(scenario: Scenario, outcomes: Outcomes | Campaign | None, table: str | None):
    """The table to write, as pandas has it."""
    if outcomes is None:
        if table is not None:
            mend = "leave --table out: a scenario has its places"
            _refuse(Path(scenario.name), f"found the table {table!r}", mend)
        return places_table(scenario)
    if isinstance(outcomes, Campaign):
        return outcomes.table(table or "month")
    table = table or "measure"
    if table not in OF_NIGHTS:
        _refuse(Path(scenario.name), f"found the table {table!r}", nearest_word(table, OF_NIGHTS))
    return zone_table(outcomes, scenario) if table == "zone" else outcomes.table(table)


def places_table(scenario: Scenario):
    """One row a place, as a pandas table: ``feature``, ``name``, ``lat``, ``lon`` and what is said of it."""
    import pandas as pd

    rows = [
        {"feature": one.what, "name": one.name, "lat": one.parts[0][0, 0], "lon": one.parts[0][0, 1], **one.facts}
        for one in places_of(scenario)
    ]
    table = pd.DataFrame(rows, columns=None if rows else ["feature", "name", "lat", "lon"]).set_index("feature")
    if "value_usd" in table:  # a number or an interval: text in every row, as a column has one kind
        table["value_usd"] = table["value_usd"].map(lambda value: value if value != value else str(value))
    return table


def _table_bytes(frame, ending: str) -> bytes:
    if ending == ".csv":
        return frame.to_csv(lineterminator="\n", float_format="%.15g").encode("utf-8")
    buffer = io.BytesIO()
    frame.reset_index().to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        _refuse(path, f"it cannot be written ({error.strerror})", "choose a folder you may write to")
    return path
