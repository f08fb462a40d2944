"""Kept runs and campaigns told on one page, HTML or PDF: one alone, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from koepel.campaign import Campaign, read_campaign
from koepel.errors import Fault, KoepelError, UsageError
from koepel.outcome import Outcomes
from koepel.report import page, save
from koepel.report.beside import beside_page
from koepel.report.campaign import campaign_page
from koepel.report.campaigns_beside import campaigns_beside_page
from koepel.report.pdf import check_pdf, write_pdf
from koepel.report.tracks import typical_and_bad
from koepel.scenario import Scenario, digest
from koepel.simulate import trace
from koepel.study import read_run

__all__ = ["Kept", "read_kept", "write_report"]

CAMPAIGN, RUN = "campaign.json", "outcome.json"
ENDINGS = (".html", ".htm", ".pdf")
Kept = tuple[str, Outcomes | Campaign, Scenario]  # name of the folder, what came, the scenario that was fought


def write_report(runs: str | Path | Sequence[str | Path], path: str | Path) -> Path:
    """Tell kept runs on one page that opens from disk, and return its path.

    One run: the question, the answer, the map, a typical and a bad night to play, the tables, what was assumed, how
    to reproduce it. Several: each beside the first, on the same luck where their seeds are the same.

    Parameters
    ----------
    runs
        Folders that ``koepel simulate --out`` or ``koepel campaign --keep`` wrote; several of one kind.
    path
        A file that ends in ``.html`` or, with the extra ``pdf``, in ``.pdf``.

    Raises
    ------
    UsageError
        If a folder holds nothing that was kept, they are of different kinds or cannot be compared, or the file cannot
        be written.
    """
    path = Path(path)
    check_ending(path)
    folders = [runs] if isinstance(runs, str | Path) else list(runs)
    text = _page(read_kept(folders))
    return write_pdf(text, path) if path.suffix.lower() == ".pdf" else save(text, path)


def check_ending(path: Path) -> None:
    """Refuse a report of a kind that cannot be written, before the long work begins.

    Raises
    ------
    UsageError
        For another ending than .html and .pdf, and for a PDF where nothing can write it.
    """
    if path.suffix.lower() not in ENDINGS:
        fault = Fault(str(path), "", f"found the ending {path.suffix!r}", "give a name that ends in .html or .pdf")
        raise UsageError("the report", [fault])
    if path.suffix.lower() == ".pdf":
        check_pdf()


def read_kept(folders: Sequence[str | Path]) -> list[Kept]:
    """What is kept in each folder, all of one kind.

    Raises
    ------
    UsageError
        With every folder that cannot be read.
    """
    found: list[Kept] = []
    faults: list[Fault] = []
    for folder in map(Path, folders):
        try:
            found.append(_kept(folder))
        except KoepelError as error:
            faults += error.faults or [Fault(str(folder), "", *_halves(str(error)))]
    if not folders:
        faults.append(Fault("", "", "no run is given", "give folders that 'koepel simulate --out' wrote"))
    kinds = {isinstance(one, Campaign) for _, one, _ in found}
    if len(kinds) > 1:
        faults.append(Fault("", "", "nights and campaigns are given together", "give runs of one kind"))
    if faults:
        raise UsageError("the runs", faults)
    return found


def is_kept(folder: str | Path) -> bool:
    """Whether a folder holds a kept run or campaign."""
    try:
        return any((Path(folder) / mark).is_file() for mark in (CAMPAIGN, RUN))
    except (OSError, ValueError):
        return False


def _halves(text: str) -> tuple[str, str]:
    said, _, mend = text.partition("; ")
    return said, mend or "make it again"


def _kept(folder: Path) -> Kept:
    read = read_campaign if (folder / CAMPAIGN).is_file() else read_run if (folder / RUN).is_file() else None
    if read is not None:
        found, scenario = read(folder), Scenario.read(folder)
        if found.digest != digest(scenario):
            told = f"its scenario has the digest {digest(scenario)[:12]}, and {found.digest[:12]} was fought"
            mend = "its scenario.yaml was changed, or koepel knows other fields now: fight it again"
            raise UsageError(str(folder), [Fault(str(folder), "", told, mend)])
        return folder.resolve().name, found, scenario
    mend = "give a folder that 'koepel simulate --out' or 'koepel campaign --keep' wrote"
    found = "no kept run or campaign" if folder.is_dir() else "there is no such folder"
    raise UsageError(str(folder), [Fault(str(folder), "", found, mend)])


def _page(kept: Sequence[Kept]) -> str:
    _, first, scenario = kept[0]
    if len(kept) > 1:
        return campaigns_beside_page(kept) if isinstance(first, Campaign) else beside_page(kept)
    if isinstance(first, Campaign):
        return campaign_page(first, scenario)
    runs = [trace(scenario, run, seed=first.seed, rules=first.rules) for run in typical_and_bad(first)]
    return page(first, scenario, played=runs)
