"""Long work: one after the other, with its progress told, and stopped when asked.

A job lives in the server, so a page that is loaded anew finds it again.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from koepel.errors import Fault, KoepelError, UsageError

MOST_KEPT = 12
MOST_WAITING = 4
Progress = Callable[[int, int], None]


class Cancelled(Exception):
    """Raised inside a job at its next word of progress after somebody stopped it."""


@dataclass
class Job:
    """One piece of long work.

    Attributes
    ----------
    state
        ``waiting``, ``running``, ``done``, ``cancelled`` or ``failed``.
    done, asked
        How far it is.
    result
        What it gave, as plain data.
    error
        What was wrong, as a request's error is told.
    """

    number: int
    kind: str
    title: str
    state: str = "waiting"
    done: int = 0
    asked: int = 0
    result: Any = None
    error: dict[str, Any] | None = None
    started: float = field(default_factory=time.time)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "cancelled", "failed")

    def as_dict(self) -> dict[str, Any]:
        """What the page is told of it, without the result."""
        plain = ("number", "kind", "title", "state", "done", "asked", "error")
        return {name: getattr(self, name) for name in plain}


class Jobs:
    """All jobs of one server."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="koepel-job")
        # nobody waits for long work to see a map
        self._opening = ThreadPoolExecutor(1, thread_name_prefix="koepel-open")
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def begin(self, kind: str, title: str, work: Callable[[Progress], Any]) -> Job:
        """Put work in the queue; ``work`` is called with what it should tell its progress to.

        Raises
        ------
        UsageError
            If too many wait.
        """
        with self._lock:
            if sum(not job.over for job in self._jobs.values()) > MOST_WAITING:
                fault = Fault("", "", "too much long work is waiting", "wait for some of it, or cancel it")
                raise UsageError("long work", [fault])
            job = Job(next(self._numbers), kind, title)
            self._jobs[job.number] = job
            over = [number for number, one in self._jobs.items() if one.over]
            for number in over[: max(0, len(self._jobs) - MOST_KEPT)]:
                del self._jobs[number]
        (self._opening if kind == "open" else self._pool).submit(self._run, job, work)
        return job

    def every(self) -> list[Job]:
        """All that are kept, in order."""
        with self._lock:
            return list(self._jobs.values())

    def job(self, number: int) -> Job:
        """One of them.

        Raises
        ------
        UsageError
            If there is none of that number.
        """
        with self._lock:
            if number not in self._jobs:
                raise UsageError("long work", [Fault("", "number", f"no job {number}", "begin it again")])
            return self._jobs[number]

    def cancel(self, number: int) -> Job:
        """Stop a job: nothing more comes of it, and what it is in the midst of ends at its next word of progress."""
        job = self.job(number)
        job.stop.set()
        if not job.over:
            job.state = "cancelled"
        return job

    def close(self) -> None:
        """Stop everything."""
        for job in self.every():
            job.stop.set()
        for pool in (self._pool, self._opening):
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Progress], Any]) -> None:
        if job.stop.is_set():
            job.state = "cancelled"
            return
        job.state = "running"

        def progress(done: int, asked: int) -> None:
            job.done, job.asked = int(done), int(asked)
            if job.stop.is_set():
                raise Cancelled

        try:
            result = work(progress)
            if not job.stop.is_set():
                job.result, job.state = result, "done"
        except Cancelled:
            job.state = "cancelled"
        except KoepelError as error:
            job.error, job.state = told(error), "failed"
        except Exception as error:
            fault = Fault("", "", repr(error)[:300], "this is a mistake in koepel: please report it")
            job.error, job.state = told(KoepelError("koepel itself", [fault])), "failed"


def told(error: KoepelError) -> dict[str, Any]:
    """An error as the page reads it: the subject, and every fault with its field and mend."""
    faults = error.faults
    subject = error.subject
    if not faults:
        subject, (found, _, mend) = "the call", subject.partition("; ")
        faults = (Fault("", "", found, mend),)
    return {
        "kind": type(error).__name__,
        "subject": subject,
        "faults": [{name: getattr(fault, name) for name in Fault.__slots__} for fault in faults],
    }
