"""Assignments of a moment, the rule that solves them inside the twin, and the command."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from builders import against_all, one_site
from test_cli import document, koepel

from koepel.arrays import scenario_arrays
from koepel.errors import UsageError
from koepel.plan.assignment import ExactRule, assign, moment_of, regret_of
from koepel.scenario import Scenario
from koepel.twin import fight_slowly
from koepel.wta import Problem, check

FILE = "2 2 1\n10\n4\n0 0 0.5\n0 1 0.5\n1 0 0.5\n1 1 0.5\n"


def test_a_moment_holds_those_in_the_air_that_have_a_track():
    """Three threats 100 s apart at 50 m/s on 100 km, a site of 20 km in the middle."""
    scenario = one_site(3, ready=4, reserve=3, effector=against_all(0.6), unit={"channels": 5})
    arrays = scenario_arrays(scenario)
    problem, threats, kinds = moment_of(arrays, 101.0, 1, 0)
    assert threats == ("t 1", "t 2")
    assert kinds == (("u", "e"),)
    assert problem.rounds.tolist() == [7]
    assert problem.kill == pytest.approx(0.6)
    assert (problem.values == 1e6).all()
    late, none, _ = moment_of(arrays, 2090.0, 1, 0)  # the first has landed, the others have left the site behind
    assert none == ("t 2", "t 3")
    assert late.kill.tolist() == [[0.0], [0.0]]


def test_a_policy_that_never_fires_has_nothing_to_assign():
    scenario = one_site(2, defence={"policy": {"e": {"drone": 1}}})
    assert (moment_of(scenario_arrays(scenario), 150.0, 1, 0)[0].kill == 0).all()


def test_the_plan_of_a_moment_is_sound_and_told():
    plan = assign(one_site(4, ready=5, effector=against_all(0.5)), at_s=350.0)
    assert check.faults(plan.problem, plan.solution.assigned, plan.solution.value) == []
    assert plan.solution.value == pytest.approx(1e6 * (3 * 0.5 + 0.25))
    assert plan.binds == ((("u", "e"), pytest.approx(0.25e6, rel=0.6)),)
    fought = plan.fought(4000, seed=3)
    assert fought.mean_low <= plan.solution.value <= fought.mean_high
    told = json.loads(json.dumps(plan.as_dict()))
    assert told["optimal"] is True and told["at_s"] == 350.0 and told["gap"] <= 1e-9
    assert sum(shot[2] for shot in told["shots"]) == 5
    assert "proven optimal" in plan.summary()


def test_no_moment_no_plan():
    with pytest.raises(UsageError, match="give the moment"):
        assign(one_site(2))
    with pytest.raises(UsageError, match="is in the air"):
        assign(one_site(2), at_s=1e6)


def test_rounds_go_where_they_save_most():
    """Two rounds, and two threats of which one is worth twenty times the other: both go to that one."""
    problem = Problem(np.array([20.0, 1.0]), np.array([[0.5], [0.5]]), np.array([2]))
    assert assign(problem).solution.assigned.tolist() == [[2, 0]]


def test_the_exact_rule_keeps_its_rounds_and_fights_whole_nights():
    arrays = scenario_arrays(Scenario.read("small-country"))
    night = fight_slowly(arrays, 3, 0, ExactRule(arrays))
    assert all(fired + left == stock for fired, left, stock in zip(night.fired, night.left, night.stock, strict=True))
    assert sum(night.fired) > 0
    again = fight_slowly(arrays, 3, 0, ExactRule(arrays))
    assert night.fired == again.fired


def test_with_one_sure_shot_each_the_rule_kills_all():
    scenario = one_site(3, ready=3, effector=against_all(1), unit={"channels": 3})
    arrays = scenario_arrays(scenario)
    night = fight_slowly(arrays, 1, 0, ExactRule(arrays))
    assert [threat.fate for threat in night.threats] == ["killed"] * 3
    assert sum(night.fired) == 3


def test_regret_is_told_with_its_interval():
    found = regret_of(one_site(3, ready=2, effector=against_all(1), unit={"channels": 3}), 4)
    assert found.exact.mean == 1e6  # two rounds, three threats
    assert all(one.mean == 0 for one in found.more.values())
    assert set(found.as_dict()["more_usd"]) == {"first-able", "cheapest", "marginal-value"}
    with pytest.raises(UsageError, match="2 to 10,000"):
        regret_of(one_site(1), 1)


def test_the_command_on_a_file(tmp_path):
    (tmp_path / "w.txt").write_text(FILE)
    told = document("plan", "assign", tmp_path / "w.txt")
    assert {"value", "bound", "gap", "optimal", "seconds"} <= set(told)
    assert (told["value"], told["optimal"]) == (6.5, True)
    assert "value that survives" in koepel("plan", "assign", tmp_path / "w.txt", "--gap", "0.01").stdout
    assert "is no scenario" in koepel("plan", "assign", tmp_path / "w.txt", "--at", "1:00", status=2).stderr
    assert "found 2.0" in koepel("plan", "assign", tmp_path / "w.txt", "--gap", "2", status=2).stderr
    assert "no such file" in koepel("plan", "assign", tmp_path / "none.txt", status=2).stderr.lower()


def test_the_command_on_a_moment():
    told = document("plan", "assign", "small-country", "--at", "03:00")
    assert told["at_s"] == 10800.0 and told["optimal"]
    assert "give the moment" in koepel("plan", "assign", "small-country", status=2).stderr
    assert "give seconds" in koepel("plan", "assign", "small-country", "--at", "noon", status=2).stderr


def test_nothing_but_the_document_is_printed(tmp_path):
    """The solver greets on the standard output of its process; not here."""
    (tmp_path / "w.txt").write_text(FILE)
    words = [sys.executable, "-m", "koepel", "plan", "assign", str(tmp_path / "w.txt"), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["value"] == 6.5
