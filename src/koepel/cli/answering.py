"""How a command answers: its answer printed once, its faults told, and the status on leaving."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from koepel.errors import Fault, KoepelError, PlanError, UsageError

DONE, FAULT, WRONG_USAGE, NO_PLAN = 0, 1, 2, 3
OWN_FAULT, INTERRUPTED, PIPE_CLOSED = 70, 130, 141  # the customary ones
WrongWords = typer.BadParameter.__mro__[2]  # what typer raises for a command line that it cannot read


@dataclass(frozen=True)
class Answer:
    """What a command prints: a document for a machine, a text for a human."""

    document: dict[str, Any]
    text: str

    def as_dict(self) -> dict[str, Any]:
        """The document."""
        return self.document

    def summary(self) -> str:
        """The text."""
        return self.text


class Commands(TyperGroup):
    """Runs a command, prints its answer or its faults, and leaves with the right status."""

    def main(self, args=None, prog_name=None, *, standalone_mode=True, **extra):
        """As the command line calls it. Raises `SystemExit`, always."""
        args = (sys.argv[1:] if args is None else list(args)) or ["--help"]

        def run() -> Any:
            return super(Commands, self).main(args, prog_name or "koepel", standalone_mode=False, **extra)

        raise SystemExit(_answered(run, as_json="--json" in args))


def _answered(run: Callable[[], Any], *, as_json: bool) -> int:
    """The status on leaving, after the answer or its faults are printed."""
    try:
        answer = run()
        if isinstance(answer, int):  # typer's own way to leave: help, or an interruption
            return answer if answer != INTERRUPTED else _interrupted()
        if answer is None:
            return DONE
        return _put(_document(answer.as_dict()) if as_json else visible(answer.summary()), DONE)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except WrongWords as error:
        return _refused(_wrong_words(error), WRONG_USAGE, as_json)
    except KoepelError as error:
        status = {UsageError: WRONG_USAGE, PlanError: NO_PLAN}.get(type(error), FAULT)
        return _refused(error, status, as_json)
    except MemoryError:
        return _refused(UsageError("runs: there is not enough memory; give fewer"), FAULT, as_json)
    except OSError as error:
        fault = Fault(str(error.filename or ""), "", error.strerror or str(error), "check the name and your rights")
        return _refused(UsageError("files", [fault]), FAULT, as_json)
    except Exception as error:
        if os.environ.get("KOEPEL_TRACEBACK"):
            raise
        mend = "this is a mistake in koepel: please report it, with what KOEPEL_TRACEBACK=1 shows"
        return _refused(KoepelError("koepel itself", [Fault("", "", repr(error), mend)]), OWN_FAULT, as_json)


def _interrupted() -> int:
    print("koepel: interrupted", file=sys.stderr)
    return INTERRUPTED


def _wrong_words(error: Any) -> UsageError:
    """What typer says of a command line, in the form of our own faults."""
    context = getattr(error, "ctx", None)
    mend = f"'{context.command_path if context else 'koepel'} --help' tells the usage"
    return UsageError("the command line", [Fault("", "", error.format_message().rstrip("."), mend)])


def _refused(error: KoepelError, status: int, as_json: bool) -> int:
    """Print what is wrong, and say with which status to leave."""
    if not as_json:
        print(f"koepel: {visible(str(error))}", file=sys.stderr)
        return status
    subject, faults = error.subject, error.faults
    if not faults:  # a single fault, told in one line
        found, _, mend = subject.partition("; ")
        subject, faults = "the call", (Fault("", "", found, mend),)
    told = [{name: getattr(fault, name) for name in Fault.__slots__} for fault in faults]
    return _put(_document({"error": {"kind": type(error).__name__, "subject": subject, "faults": told}}), status)


def _put(text: str, status: int) -> int:
    """Print to the standard output, and say with which status to leave."""
    try:
        print(text, flush=True)
        return status
    except OSError as error:
        # what is still in the buffer must not fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        print(f"koepel: the output cannot be written ({error.strerror})", file=sys.stderr)
        return FAULT


def _document(answer: dict[str, Any]) -> str:
    """One JSON document; as JSON demands, in UTF-8 whatever the terminal speaks."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    return json.dumps(_plain(answer), indent=2, allow_nan=False, ensure_ascii=False)


def visible(text: str) -> str:
    """A text without signs that steer a terminal, or that it cannot show."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def _plain(value: Any) -> Any:
    """A value that JSON can hold: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
