"""The commands, as a stranger types them."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import koepel as kp
from koepel.cli import app
from koepel.cli.answering import _document

COMMANDS = ("demo", "new", "check", "simulate", "trace", "compare", "records", "catalogue")
RECORDS = """\
time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,still_attacking,is_shahed
2024-05-01 20:00,2024-05-02 06:00,Shahed-136/131,Kursk oblast and Chauda,Ukraine,40,25,5,0,24
2024-05-01 20:00,2024-05-02 06:00,X-101/X-555,Caspian Sea,Ukraine,10,8,0,0,
2024-05-03 20:00,2024-05-04 06:00,Iskander-M,Voronezh oblast,Ukraine,2,0,0,0,
2024-05-04,2024-05-04,Lancet,,south,3,3,,,
"""
SMALL = Path(kp.__file__).parent / "data" / "scenarios" / "small-country" / "scenario.yaml"


def koepel(*args, status=0):
    """Run a command inside this process; the result, which never holds a traceback."""
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert "Traceback" not in result.output
    assert "mistake in koepel" not in result.output
    assert result.exit_code == status, result.output
    return result


def document(*args, status=0):
    """The one JSON document that a command prints; NaN and Infinity are no JSON."""
    result = koepel(*args, "--json", status=status)

    def refuse(word):
        raise AssertionError(f"{word} in JSON")

    return json.loads(result.stdout, parse_constant=refuse)


def faults(*args, status=1):
    """The faults that a command refuses its input with, as text; told alike with and without ``--json``."""
    spoken = koepel(*args, status=status)
    assert spoken.stdout == ""
    error = document(*args, status=status)["error"]
    assert set(error) == {"kind", "subject", "faults"} and error["faults"]
    for fault in error["faults"]:
        assert set(fault) == {"where", "field", "found", "mend"}
        assert fault["found"] and fault["mend"]
        assert fault["found"] in spoken.stderr and fault["mend"] in spoken.stderr
    return spoken.stderr


def process(*args, **options):
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "koepel", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(kp.__file__).parents[1])},
        **options,
    )


@pytest.fixture
def records_file(tmp_path):
    """Four published rows."""
    path = tmp_path / "attacks.csv"
    path.write_text(RECORDS)
    return path


@pytest.fixture
def scenario_file(tmp_path):
    """Writes a scenario: small-country with some text in place of another."""

    def write(old="", new="", name="mine.yaml"):
        text = SMALL.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / name
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


# --- every command answers


def test_help_names_every_command_and_status():
    """``koepel --help`` tells the commands, and what the statuses mean."""
    text = koepel("--help").stdout
    assert all(name in text for name in COMMANDS)
    assert "2 wrong usage" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command):
    """Each command explains itself and takes --json."""
    text = koepel(command, "--help").stdout
    assert "--json" in text
    if command in ("demo", "check", "simulate", "trace", "compare"):
        assert "--set" in text


def test_without_a_command_there_is_help():
    """``koepel`` alone is a question."""
    assert "Usage" in koepel().stdout


def test_version():
    """The version, alone and as a document."""
    assert koepel("--version").stdout == f"koepel {kp.__version__}\n"
    assert document("--version") == {"version": kp.__version__}


def test_help_is_quick():
    """Half a second of CPU at most; nothing heavy is imported."""
    code = "import sys; from koepel.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass\n"
    code += "import os; t = os.times()\nheavy = {'numpy', 'numba', 'pandas', 'pydantic'} & set(sys.modules)\n"
    code += "print(t.user + t.system, sorted(heavy))"
    env = {**os.environ, "PYTHONPATH": str(Path(kp.__file__).parents[1])}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout
    cpu_s, heavy = out.splitlines()[-1].split(" ", 1)
    assert heavy == "[]"
    assert float(cpu_s) < 0.5


def test_simulate_has_the_promised_keys():
    """The keys of the JSON, and the five numbers of each figure."""
    answer = document("simulate", "small-country", "--runs", 64)
    figure = {"mean", "mean_low", "mean_high", "low", "high"}
    assert answer["seed"] == 1 and answer["runs"] == 64
    assert set(answer["threats"]) == figure
    assert set(answer["fates"]) == {"killed", "lost", "fell", "leaked"}
    assert set(answer["by_class"]) == {"drone", "cruise", "ballistic", "supersonic", "other"}
    for row in (*answer["by_class"].values(), *answer["by_type"].values()):
        assert {"launched", "killed", "lost", "fell", "leaked", "neutralised_rate", "observed_neutralised"} <= set(row)
        assert all(set(one) == figure for one in row.values())
    assert set(answer["by_type"]) == {"shahed-136", "gerbera", "kh-101", "iskander-m"}
    assert set(answer["harm"]) == {"impacts", "debris"}
    assert {"attacker", "defender", "value_at_risk_averted"} <= set(answer["cost_usd"])
    assert set(answer["people"]) == {"exposed", "warning_minutes", "alarm_hours"}
    assert "amraam" in answer["rounds"]
    assert answer["cpu_seconds"] >= 0 and answer["wall_seconds"] >= 0
    assert answer["by_class"]["supersonic"]["neutralised_rate"]["mean"] is None  # none flew


def test_simulate_gives_what_the_python_call_gives():
    """The command is one call."""
    answer = document("simulate", "small-country", "--runs", 40, "--seed", 7, "--set", "defence.rule=first-able")
    scenario = kp.Scenario.read("small-country", set=["defence.rule=first-able"])
    called = kp.simulate(scenario, 40, seed=7).as_dict()
    for one in (answer, called):
        del one["cpu_seconds"], one["wall_seconds"]
    assert answer == json.loads(json.dumps(called))


@pytest.mark.parametrize("rules", ["full", "plain"])
def test_json_depends_on_scenario_seed_runs_and_options_only(rules):
    """Apart from the two times, two runs print the same text, whatever the number of workers."""
    texts = []
    for workers in (1, 2, 2):
        answer = document("simulate", "small-country", "--runs", 100, "--rules", rules, "--workers", workers)
        assert answer.pop("cpu_seconds") >= 0 and answer.pop("wall_seconds") >= 0
        texts.append(json.dumps(answer))
    assert len(set(texts)) == 1


def test_summary_tells_seed_and_counts_before_rates():
    """The seed stands in the answer; every class has its count before its share; no cost-exchange ratio."""
    text = koepel("simulate", "small-country", "--runs", 20, "--seed", 5).stdout
    assert "seed 5" in text.splitlines()[0]
    for name in ("drone", "cruise", "ballistic"):
        assert text.index(f"{name}: leaked") < text.index(f"{name}: share neutralised")
    assert "exchange" not in text


def test_json_holds_no_nan():
    """What is not a finite number is null, wherever it stands; scalars of numpy are plain numbers."""
    text = _document({"a": [math.nan, np.float64(math.inf), np.int64(3)], "b": {"c": (1.5, None, True)}})
    assert json.loads(text) == {"a": [None, None, 3], "b": {"c": [1.5, None, True]}}


def test_the_first_compilation_says_so_once(tmp_path, monkeypatch, caplog):
    """One line, before anything is compiled; nothing on stdout."""
    monkeypatch.setattr(import_module("koepel.simulate"), "CACHE_FOLDER", str(tmp_path))
    document("simulate", "small-country", "--runs", 4)
    assert ["compiles" in record.message for record in caplog.records] == [True]


def test_precision_stops_early_or_says_that_it_did_not(caplog):
    """With --precision the runs are the most."""
    assert document("simulate", "small-country", "--runs", 5000, "--precision", 0.2)["runs"] < 5000
    assert document("simulate", "small-country", "--runs", 64, "--precision", 0.0001)["runs"] == 64
    assert "not reached" in caplog.text


def test_trace_tells_one_run():
    """A trace tells the seed and each event; its threats are those that simulate counts."""
    text = koepel("trace", "small-country", "--run", 3, "--seed", 2).stdout
    assert "run 3, seed 2" in text.splitlines()[0]
    answer = document("trace", "small-country", "--run", 3, "--seed", 2)
    assert answer["run"] == 3 and answer["seed"] == 2
    fates = [threat["fate"] for threat in answer["threats"]]
    nights = kp.simulate(kp.Scenario.read("small-country"), 4, seed=2)
    assert [fates.count(fate) for fate in ("killed", "lost", "fell", "leaked")] == [
        int(nights.nights(fate)[3]) for fate in ("killed", "lost", "fell", "leaked")
    ]


def test_compare_takes_paired_differences():
    """A scenario less itself is nothing; ``--set-b`` changes the second only."""
    same = document("compare", "small-country", "small-country", "--runs", 40)
    assert same["seed"] == 1
    assert all(one["mean"] in (0, None) for one in same["differences"].values())
    less = document("compare", "small-country", "small-country", "--runs", 40, "--set-b", "defence.fire_units=[]")
    assert less["differences"]["leaked"]["mean"] > 0
    text = koepel("compare", "small-country", "small-country", "--runs", 40).stdout
    assert "seed 1" in text


def test_check_describes_a_good_scenario(scenario_file):
    """No fault, and enough facts to know that it is the right file."""
    text = koepel("check", scenario_file()).stdout
    assert "no fault" in text and "small-country" in text
    answer = document("check", "small-country")
    assert answer["faults"] == [] and answer["settlements"] == 7 and answer["fire_units"] == 7


def test_new_writes_a_scenario_that_has_no_fault(tmp_path):
    """A starter and a country; a file that exists is left alone."""
    path = tmp_path / "capital.yaml"
    assert "koepel check" in koepel("new", path).stdout
    koepel("check", path)
    before = path.read_text()
    assert "exists" in faults("new", path, status=2)
    assert path.read_text() == before
    assert document("new", path, "--force", "--country", "NL") == {"file": str(path), "country": "NL"}
    assert "Amsterdam" in path.read_text()
    koepel("simulate", path, "--runs", 4)


def test_records_prints_counts_before_rates_and_what_is_left_out(records_file):
    """Launched, neutralised, rate by class and month; and the rows that do not count, with the reason."""
    text = koepel("records", records_file).stdout
    header = next(line for line in text.splitlines() if line.startswith("threat_class"))
    assert header.index("launched") < header.index("neutralised") < header.index("rate")
    assert "75.0 %" in text and "2024-05" in text and "front-line drones" in text
    assert "not verified" in text
    answer = document("records", records_file)
    drones = next(row for row in answer["by_class"] if row["threat_class"] == "drone")
    assert (drones["launched"], drones["neutralised"], drones["rate"]) == (40, 30, 0.75)
    assert answer["left_out"][0]["rows"] == 1


def test_catalogue_prints_figures_units_sources_and_meaning():
    """A list of types; of one type every figure."""
    assert "shahed-136" in koepel("catalogue").stdout
    text = koepel("catalogue", "patriot").stdout
    assert "source:" in text and "channels" in text
    rows = document("catalogue", "threats")["rows"]
    assert {"type", "attribute", "low", "high", "unit", "source", "description"} == set(rows[0])
    assert all(row["source"] for row in rows)
    assert len(document("catalogue")["types"]) > 30


def test_demo_writes_its_page(tmp_path, monkeypatch):
    """The summary, and a self-contained page of at most 3 MB in the current folder."""
    if "ukraine-2025-06" not in kp.builtin_names():
        pytest.skip("the built-in scenario ukraine-2025-06 is not there")
    monkeypatch.chdir(tmp_path)
    text = koepel("demo", "--runs", 8).stdout
    assert "ukraine-2025-06" in text and "seed 1" in text and "koepel-demo.html" in text
    page = tmp_path / "koepel-demo.html"
    assert 10_000 < page.stat().st_size < 3_000_000
    assert document("demo", "--runs", 8)["page"] == "koepel-demo.html"


def test_html_writes_the_page(tmp_path):
    """``--html`` writes it; a file that is no page is not replaced."""
    page = tmp_path / "page.html"
    koepel("simulate", "small-country", "--runs", 8, "--html", page)
    koepel("simulate", "small-country", "--runs", 8, "--html", page)
    assert page.read_text().lstrip().lower().startswith("<!doctype html")
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    assert "no page" in faults("simulate", "small-country", "--html", other, status=2)
    assert other.read_text() == "mine"


# --- kept runs


def same(a, b):
    """Whether two outcomes are equal in every field."""
    for name in a.__dataclass_fields__:
        one, other = getattr(a, name), getattr(b, name)
        if hasattr(one, "shape"):
            assert (
                one.shape == other.shape
                and (one == other)[one == one].all()
                and (one != one).tolist() == (other != other).tolist()
            )
        else:
            assert one == other, name
    return True


def test_a_kept_run_reads_back_equal(tmp_path):
    """``--out`` keeps the scenario, the outcome and every night."""
    koepel("simulate", "small-country", "--runs", 40, "--out", tmp_path / "run")
    kept = kp.read_run(tmp_path / "run")
    again = kp.simulate(kp.Scenario.read(tmp_path / "run"), 40)
    koepel("check", tmp_path / "run")
    assert (kept.rows == again.rows)[kept.rows == kept.rows].all()
    assert kept.digest == again.digest
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"scenario.yaml", "outcome.json", "nights.npz", "places.csv", "zones.csv"} <= files
    scenario = kp.Scenario.read("small-country")
    outcomes = kp.with_recorded(kp.simulate(scenario, 7), {"night": "2024-05-02", "by_class": {}})
    assert same(kp.read_run(kp.write_run(outcomes, scenario, tmp_path / "other")), outcomes)


def test_a_kept_run_of_nothing_reads_back_equal(tmp_path):
    """No threat, no settlement, no defence."""
    scenario = kp.Scenario.of_text("format: koepel-scenario/1\nname: x\nraid: {threats: []}\n")
    outcomes = kp.simulate(scenario, 3)
    assert same(kp.read_run(kp.write_run(outcomes, scenario, tmp_path / "run")), outcomes)


def test_a_kept_run_is_not_overwritten_unless_asked(tmp_path):
    """And nothing but a kept run is ever replaced."""
    run = tmp_path / "run"
    koepel("simulate", "small-country", "--runs", 4, "--out", run)
    assert "a run is kept there" in faults("simulate", "small-country", "--out", run, status=2)
    koepel("simulate", "small-country", "--runs", 6, "--out", run, "--force")
    assert kp.read_run(run).runs == 6
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert "no kept run" in faults("simulate", "small-country", "--out", tmp_path / "mine", "--force", status=2)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["mine", "run"]  # no drafts are left behind


def test_a_damaged_run_is_a_clear_fault(tmp_path):
    """Not a traceback of numpy."""
    with pytest.raises(kp.UsageError, match="no kept run"):
        kp.read_run(tmp_path)
    run = tmp_path / "run"
    koepel("simulate", "small-country", "--runs", 4, "--out", run)
    (run / "nights.npz").write_bytes(b"PK nonsense")
    with pytest.raises(kp.ScenarioError, match="damaged"):
        kp.read_run(run)
    (run / "outcome.json").write_text("{")
    with pytest.raises(kp.ScenarioError, match="damaged"):
        kp.read_run(run)


# --- bad input


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("type: nasams", "type: nasmas", "did you mean 'nasams'?"),
        ("ready: 16", "ready: -16", "found -16"),
        ("ready: 16", "ready: .nan", "finite number"),
        ("people: 60000", "people: .nan", "finite"),
        ("people: 60000", "people: -1", "0 or more"),
        ("median: 40", "median: .inf", "finite"),
        ("at: [51.00, -30.35]", "at: [91.00, -30.35]", "90"),
        ("format: koepel-scenario/1", "format: koepel-scenario/99", "format"),
        ("defence:", "defense:", "did you mean 'defence'?"),
        ("rule: cheapest", "rule: [", "mine.yaml:"),
    ],
)
@pytest.mark.parametrize("command", ["check", "simulate", "trace"])
def test_faults_of_a_file_are_told(scenario_file, command, old, new, told):
    """Unknown type, negative rounds, NaN and their like: file, what was found, the mend."""
    text = faults(command, scenario_file(old, new))
    assert told in text and "mine.yaml:" in text


def test_all_faults_are_told_at_once(scenario_file):
    """Two faults, one answer."""
    path = scenario_file("type: nasams", "type: nasmas")
    path.write_text(path.read_text().replace("ready: 16", "ready: -16"))
    assert "2 problems" in faults("check", path)


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (["check", "nowhere.yaml"], 2, "no such file"),
        (["check", "."], 2, "folder"),
        (["check", ""], 2, "folder"),
        (["check", "small-cuontry"], 2, "did you mean 'small-country'?"),
        (["simulate"], 2, "SCENARIO"),
        (["simulate", "small-country", "--runs", "0"], 2, "from 1 to"),
        (["simulate", "small-country", "--runs", "-3"], 2, "from 1 to"),
        (["simulate", "small-country", "--runs", "many"], 2, "--runs"),
        (["simulate", "small-country", "--runs", "100000000000"], 2, "from 1 to"),
        (["simulate", "small-country", "--seed", "9" * 30], 2, "seed"),
        (["simulate", "small-country", "--workers", "0"], 2, "--workers"),
        (["simulate", "small-country", "--rules", "fair"], 2, "full or plain"),
        (["simulate", "small-country", "--precision", "nan"], 2, "between 0 and 1"),
        (["simulate", "small-country", "--precision", "0"], 2, "between 0 and 1"),
        (["simulate", "small-country", "--set", "defence.rule=fairest"], 1, "marginal-value"),
        (["simulate", "small-country", "--set", "defence.rules=cheapest"], 1, "did you mean 'rule'?"),
        (["simulate", "small-country", "--set", "nonsense"], 1, "path=value"),
        (["simulate", "small-country", "--set", "=3"], 1, "path=value"),
        (["simulate", "small-country", "--night", "2025-06-10"], 2, "belong together"),
        (["simulate", "small-country", "--night", "2025-06-10", "--records", "nowhere.csv"], 1, "no such file"),
        (["simulate", "small-country", "--out", "nowhere/run"], 2, "no folder"),
        (["simulate", "small-country", "--html", "nowhere/page.html"], 2, "no folder"),
        (["trace", "small-country", "--run", "-1"], 2, "run: found -1"),
        (["compare", "small-country"], 2, "'B'"),
        (["compare", "small-country", "nowhere.yaml"], 2, "no such file"),
        (["new", "nowhere/a.yaml"], 2, "no folder"),
        (["new", "."], 2, "folder"),
        (["new", "a.yaml", "--country", "XX"], 2, "ISO 3166"),
        (["records", "nowhere.csv"], 1, "no such file"),
        (["records", "."], 1, "folder"),
        (["catalogue", "patroit"], 1, "did you mean 'patriot'?"),
        (["raid"], 2, "raid"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_wrong_usage_is_told(args, status, told, tmp_path, monkeypatch):
    """A clear line, the right status, and the same as a document."""
    monkeypatch.chdir(tmp_path)
    assert told in faults(*args, status=status)
    assert not list(tmp_path.iterdir())


def test_binary_empty_and_unreadable_files(tmp_path):
    """What is no text is refused, by every command that reads."""
    binary = tmp_path / "noise.yaml"
    binary.write_bytes(bytes(range(256)) * 100)
    empty = tmp_path / "empty.yaml"
    empty.write_bytes(b"")
    for path in (binary, empty):
        for command in ("check", "simulate", "trace", "records"):
            faults(command, path)
    if os.geteuid() != 0:
        binary.chmod(0)
        assert "read" in faults("check", binary)


def test_no_permission_to_write(tmp_path):
    """A folder that cannot be written to is refused before the work begins."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    faults("new", tmp_path / "a.yaml", status=2)
    faults("simulate", "small-country", "--out", tmp_path / "run", status=2)


def test_unknown_night_names_the_nearest(records_file):
    """A night without a record: the nights before and after it."""
    told = faults("simulate", "small-country", "--night", "2024-05-03", "--records", records_file)
    assert "2024-05-02" in told and "2024-05-04" in told
    assert "YYYY-MM-DD" in faults("simulate", "small-country", "--night", "soon", "--records", records_file)


# --- strange scenarios that have a right answer

STRANGE = {
    "no raid": "raid: {threats: []}",
    "no defence": "raid: {threats: [{name: a, type: shahed-136, route: [[50, 30], [51, 31]]}]}",
    "a unit at the pole": """
defence: {fire_units: [{name: p, type: patriot, at: [90, 0]}]}
raid: {threats: [{name: a, type: kh-101, route: [[85, 0], [89.9, 180]]}]}""",
    "over the date line": """
settlements: [{name: Far, at: [52, 179.5], people: 5000}, {name: Farther, at: [52.1, -179.5], people: 5000}]
defence: {fire_units: [{name: p, type: nasams, at: [52, -179.9]}]}
raid: {threats: [{name: a, type: kh-101, route: [[52, 175], [52, -179.5]]}]}""",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_scenarios_have_a_right_answer(name, tmp_path):
    """Every threat has one fate, and nobody is killed by a defence that is not there."""
    path = tmp_path / "strange.yaml"
    path.write_text(f"format: koepel-scenario/1\nname: strange\n{STRANGE[name]}\n")
    koepel("simulate", path, "--runs", 20)
    koepel("trace", path)
    answer = document("simulate", path, "--runs", 20)
    launched = 0 if name == "no raid" else 1
    assert answer["threats"]["mean"] == launched
    assert sum(one["mean"] for one in answer["fates"].values()) == pytest.approx(launched)
    if name == "no defence":
        assert answer["fates"]["killed"]["mean"] == answer["fates"]["lost"]["mean"] == 0


# --- a process of its own


def test_json_is_all_that_stands_on_stdout(records_file):
    """Under --json one document on stdout, also when the records are replayed."""
    command = process(
        "simulate", "small-country", "--runs", 8, "--night", "2024-05-02", "--records", records_file, "--json"
    )
    out, err = command.communicate(timeout=300)
    assert command.returncode == 0, err
    recorded = json.loads(out)["recorded"]
    assert recorded["by_class"]["drone"] == {"launched": 40, "neutralised": 30, "undecided": 0, "replayed": 40}
    assert len(err.splitlines()) <= 1  # the first compilation says so


def test_errors_in_a_process(tmp_path):
    """Status 1 and 2, one clear message, nothing on stdout."""
    for args, status in ((["check", tmp_path / "x.yaml"], 2), (["simulate", "small-country", "--set", "a=1"], 1)):
        command = process(*args)
        out, err = command.communicate(timeout=60)
        assert (command.returncode, out) == (status, "")
        assert err.startswith("koepel: ") and "Traceback" not in err


def test_a_closed_pipe_is_no_fault():
    """``koepel catalogue --json | head``."""
    command = process("catalogue", "--json")
    command.stdout.readline()
    command.stdout.close()
    assert command.stderr.read() == ""
    assert command.wait(timeout=60) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_interruption_is_one_line():
    """Ctrl-C: status 130, one line."""
    command = process("simulate", "night-540", "--runs", 2_000_000)
    time.sleep(4)
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=120)
    assert command.returncode == 130
    assert err.splitlines()[-1] == "koepel: interrupted" and "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_one_line():
    """What cannot be written is told."""
    with open("/dev/full", "w") as full:
        env = {**os.environ, "PYTHONPATH": str(Path(kp.__file__).parents[1])}
        command = [sys.executable, "-m", "koepel", "catalogue"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "No space left" in done.stderr
