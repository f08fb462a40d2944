"""The examples run, and what they print is what the plans and the campaigns say."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def load(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_what_to_ask_for_first(capsys):
    """Each plan is fought on the luck of its own proof, and the printed figures follow from these campaigns."""
    example = load("what_to_ask_for_first")
    found = example.main(["--quick"])
    printed = capsys.readouterr().out
    (none, poorer), (some, richer) = found.items()
    assert (none, some) == example.QUICK.budgets_usd
    for one in (poorer, richer):
        assert one.plan.summary() in printed
        assert one.exposed.mean() == pytest.approx(one.plan.proof.with_plan.mean, rel=1e-12)
        assert one.plan.proof.without.mean == pytest.approx(poorer.plan.proof.without.mean, rel=1e-12)
    billions = (some - none) / 1e9
    told = re.search(r"simulated (\S+) \(.*?\), promised (\S+)", printed)
    spared = np.mean(poorer.exposed - richer.exposed) / billions
    assert float(told[1].replace(",", "")) == pytest.approx(spared, rel=1e-3)
    promised = (poorer.plan.proof.promised_with - richer.plan.proof.promised_with) / billions
    assert float(told[2].replace(",", "")) == pytest.approx(promised, rel=1e-3, abs=1)
    for name in {line.name for line in richer.plan.lines if line.month < example.SOON}:
        wanted = sum(line.number for line in richer.plan.lines if line.name == name and line.month < example.SOON)
        row = re.search(rf"^  {re.escape(name)} .*?([\d,]+)$", printed, re.MULTILINE)
        table = printed[printed.index("asked for in the first") :]
        row = re.search(rf"^  {re.escape(name)} .*?([\d,]+)$", table, re.MULTILINE)
        assert int(row[1].replace(",", "")) == wanted
