"""Kept runs on one page: alone with two nights to play, side by side, as HTML and as PDF."""

import base64
import hashlib
import json
import re
import sys
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
from pages import Reader
from typer.testing import CliRunner

import koepel as kp
from koepel.cli import app
from koepel.errors import UsageError
from koepel.geo import distance_m
from koepel.outcome import figure
from koepel.report.beside import beside_page
from koepel.report.country import cell_side_km, sheet_of
from koepel.report.kept import read_kept, write_report
from koepel.report.tracks import tracks_of, typical_and_bad

simulation = import_module("koepel.comparison")
NASTY = "</script><script>alert(1)</script>{x}\u2028<b>"
UKRAINE = """
format: koepel-scenario/1
name: kept-test
settlements: {builtin: ukraine, least_people: 20000}
defence:
  sensors:
    - {name: secret-radar, type: surveillance-radar, at: [49.8181, 31.4142]}
  fire_units:
    - {name: secret-unit, type: gepard, at: [50.1717, 30.2323]}
pattern:
  launch_areas: [{name: east, at: [52.0, 36.5], radius_km: 50}]
  groups:
    - {name: drones, types: {shahed-136: 1}, count: {fixed: 30}, launch: {east: 1}}
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Kept runs: a, b by another rule on the same luck, c on other luck, one of Ukraine; and two campaigns."""
    folder = tmp_path_factory.mktemp("kept")
    small = kp.Scenario.read("small-country")
    other = small.replace({"defence.rule": "first-able"})
    ukraine = kp.Scenario.of_text(UKRAINE)
    for name, scenario, seed in (("a", small, 3), ("b", other, 3), ("c", small, 4), ("ukraine", ukraine, 1)):
        kp.write_run(kp.simulate(scenario, 60, seed=seed), scenario, folder / name)
    kp.campaign(small, 20, 8, keep=folder / "winter")
    kp.campaign(other, 20, 8, keep=folder / "other-winter")
    return folder


@pytest.fixture(scope="module")
def pages(kept):
    """Every kind of page, as text."""
    told = {"one": ["a"], "ukraine": ["ukraine"], "beside": ["a", "b", "c"], "campaign": ["winter"]}
    told["campaigns"] = ["winter", "other-winter"]
    for name, folders in told.items():
        write_report([kept / one for one in folders], kept / f"{name}.html")
    return {name: (kept / f"{name}.html").read_text(encoding="utf-8") for name in told}


def played(text):
    """The data of each run that is to be played."""
    return [json.loads(part) for part in re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)]


@pytest.mark.parametrize("name", ["one", "ukraine", "beside", "campaign", "campaigns"])
def test_pages_ask_nothing_and_run_only_their_own_script(pages, name):
    """The policy names the style and the one script by their hashes; nothing else can load or run."""
    text = pages[name]
    assert len(text.encode()) < 3_000_000
    reader = Reader(text)
    assert reader.open == []
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "form", "base", "image"}
    for tag, attrs in reader.elements:
        assert not any(key.startswith("on") or key in ("src", "srcset", "style", "action") for key in attrs), tag
        assert attrs.get("href", "#").startswith("#")
    policy = next(a["content"] for _, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == (name in ("one", "ukraine"))
    for kind, parts in (("style", re.findall("<style>(.*?)</style>", text, re.DOTALL)), ("script", scripts)):
        for part in parts:
            digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy


def test_the_script_of_the_page_reaches_for_nothing():
    """No request, no evaluation, no markup from text: the script itself, besides what its policy forbids."""
    code = (import_module("importlib.resources").files("koepel.report") / "templates/playback.js").read_text()
    asking = ("fetch", "XMLHttp", "WebSocket", "http")
    for word in (*asking, "eval(", "Function(", "innerHTML", "outerHTML", "document.write"):
        assert word not in code, word


def test_the_typical_and_the_bad_run_are_that():
    """By ranks: the middle, and one in twenty; a study of one run has one."""
    outcomes = kp.simulate(kp.Scenario.read("small-country"), 200, seed=5)
    typical, bad = typical_and_bad(outcomes)
    leaked, exposed = outcomes.nights("leaked"), outcomes.nights("exposed")
    for values in (leaked, exposed):
        assert np.quantile(values, 0.2) <= values[typical] <= np.quantile(values, 0.8)
        assert values[bad] >= np.quantile(values, 0.75)
    assert typical_and_bad(kp.simulate(kp.Scenario.read("small-country"), 1)) == (0,)


def test_what_is_played_is_the_run_itself(pages, kept):
    """Counts at the end equal the outcome's own night; paths end where threats ended; shots are those of the trace."""
    _, outcomes, scenario = read_kept([kept / "a"])[0]
    for run, told in zip(typical_and_bad(outcomes), played(pages["one"]), strict=True):
        trace = kp.trace(scenario, run, seed=outcomes.seed)
        last = [row[-1] for row in told["counts"]]
        assert last[:2] == [0, 0]
        assert last[2:] == [int(outcomes.nights(fate)[run]) for fate in ("killed", "lost", "fell", "leaked")]
        assert len(told["shots"]) == sum(event["event"] == "fires" for event in trace.events)
        sheet = sheet_of(scenario)
        for one, threat in zip(told["threats"], trace.threats, strict=True):
            assert one["line"][-3] == pytest.approx(threat["end_s"], abs=0.06)
            if threat["fate"] == "leaked":
                assert one["line"][-2:] == pytest.approx(sheet.on([threat["route"][-1]])[0].tolist(), abs=0.2)


def test_under_plain_rules_every_threat_is_known_of():
    """There are no sensors then, so none is drawn as if nobody saw it."""
    from koepel.report import page

    small = kp.Scenario.read("small-country")
    outcomes = kp.simulate(small, 4, rules="plain")
    (told,) = played(page(outcomes, small, played=[kp.trace(small, 0, rules="plain")]))
    assert all(one["seen"] == one["line"][0] or one["seen"] <= one["line"][0] + 0.1 for one in told["threats"])


def test_tracks_keep_an_even_speed():
    """Equal times are equal ways along every leg, so a place in time is the raid model's own."""
    trace = kp.trace(kp.Scenario.read("small-country"), 3)
    bent = [one for one in tracks_of(trace) if len(one.points) > 2]
    assert bent
    for one in bent:
        times = np.linspace(one.start_s, one.impact_s, 2001)
        at = one.at(times)
        steps = np.array([distance_m(a, b, 6.371e6) for a, b in pairwise(at)])
        # a chord across a corner is shorter than the way round it: one step in each corner
        assert np.quantile(steps, 0.99) == pytest.approx(np.quantile(steps, 0.02), rel=1e-3)
        assert at[0] == pytest.approx(one.points[0]) and at[-1] == pytest.approx(one.points[-1])


def test_no_path_and_no_unit_of_a_real_country(pages, kept):
    """Threats only by cells of 25 km or more; no shot, no log, no place of a unit; marks at the middle of cells."""
    scenario = read_kept([kept / "ukraine"])[0][2]
    sheet = sheet_of(scenario)
    side = cell_side_km(sheet)
    assert side >= 25
    for told in played(pages["ukraine"]):
        assert not {"threats", "units", "shots", "log"} & set(told)
        middles = np.array(told["cells"]) / sheet.scale / side
        corner = sheet.of_km([0.0, 0.0])[0] / sheet.scale / side
        assert np.allclose((middles - corner) % 1, 0.5, atol=0.02)
    for word in ("secret", "50.17", "30.23", "49.81", "31.41"):
        assert word not in pages["ukraine"]


def test_cells_count_every_threat_once(pages, kept):
    """At every moment the cells hold as many as are in the air; every end is told once."""
    for told in played(pages["ukraine"]):
        for frame, aloft in zip(told["frames"], told["counts"][0], strict=True):
            assert sum(frame[2::3]) == aloft
        assert len(told["ends"]) == 30


def test_text_of_a_file_is_never_markup_nor_script(kept, tmp_path):
    """A threat type, a unit and a name full of markup stay text, in the data of the script too."""
    small = kp.Scenario.read("small-country")
    units = tuple(one.model_copy(update={"name": NASTY + one.name}) for one in small.defence.fire_units)
    defence = small.defence.model_copy(update={"fire_units": units})
    nasty = small.model_copy(update={"defence": defence, "about": NASTY})
    outcomes = kp.simulate(nasty, 6)
    from koepel.report import page

    text = page(outcomes, nasty, played=[kp.trace(nasty, 0)])
    assert "<script>alert" not in text and "<b>" not in text and "\u2028<b" not in text
    assert Reader(text).open == []
    assert any(NASTY.replace("\u2028", "\u2028") in line for _, line in played(text)[0]["log"])
    other = replace(outcomes, scenario=NASTY)
    text = beside_page([(NASTY, other, nasty), (NASTY, other, nasty)])
    assert "<script" not in text and "<b>" not in text and Reader(text).open == []


def test_side_by_side_is_paired_where_the_luck_is_the_same(pages, kept):
    """b less a night by night; c less a as two separate means, with the wider interval."""
    a, b, c = (one for _, one, _ in read_kept([kept / name for name in "abc"]))
    pair, apart = simulation.comparison_of(a, b), simulation.comparison_of(a, c)
    assert pair.same_luck and not apart.same_luck
    assert pair.differences["leaked"] == figure(b.nights("leaked") - a.nights("leaked"))
    assert pair.differences == kp.compare(
        kp.Scenario.read("small-country"),
        kp.Scenario.read("small-country").replace({"defence.rule": "first-able"}),
        60,
        seed=3,
    ).differences
    one, (low, high) = apart.differences["leaked"], np.array([a.figure("leaked"), c.figure("leaked")], object)
    half = np.hypot(low.mean_high - low.mean, high.mean_high - high.mean)
    assert one.mean == pytest.approx(high.mean - low.mean) and one.mean_high - one.mean == pytest.approx(half)
    assert one.low is None
    words = " ".join("".join(Reader(pages["beside"]).words).split())
    assert "60 nights are compared one by one" in words and "fought on other seeds" in words
    assert "defence.rule" in words and "first-able" in words
    assert f"{a.digest}" in words and "koepel report a b c --to page.html" in words


def test_campaigns_side_by_side(pages, kept):
    """Paired differences over the whole campaign, and the commands that make it again."""
    words = " ".join("".join(Reader(pages["campaigns"]).words).split())
    assert "koepel campaign small-country --days 20 --runs 8 --seed 1 --keep winter" in words
    assert "koepel report winter other-winter --to page.html" in words and "first-able" in words


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["absent"], "no such folder"),
        (["."], "no kept run"),
        (["a", "winter"], "given together"),
        ([], "no run is given"),
        (["absent", "."], "no such folder"),
    ],
)
def test_what_cannot_be_told_is_refused(kept, tmp_path, folders, found):
    with pytest.raises(UsageError, match=found):
        write_report([kept / one for one in folders], tmp_path / "x.html")
    with pytest.raises(UsageError, match=r"ends in \.html or \.pdf"):
        write_report([kept / "a"], tmp_path / "x.docx")


def test_a_scenario_that_was_changed_afterwards_is_refused(tmp_path):
    """What was fought and what the folder says must be one."""
    small = kp.Scenario.read("small-country")
    folder = kp.write_run(kp.simulate(small, 4), small, tmp_path / "run")
    file = folder / "scenario.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("cheapest", "first-able"), encoding="utf-8")
    with pytest.raises(UsageError, match="fight it again"):
        write_report(folder, tmp_path / "x.html")


def test_the_command(kept, tmp_path):
    """It writes the page, says how large it is, and does not replace a file unasked."""
    page = tmp_path / "x.html"
    told = CliRunner().invoke(app, ["report", str(kept / "a"), str(kept / "b"), "--to", str(page), "--json"])
    assert told.exit_code == 0 and json.loads(told.stdout) == {"file": str(page), "bytes": page.stat().st_size}
    told = CliRunner().invoke(app, ["report", str(kept / "a"), "--to", str(page)])
    assert told.exit_code == 2 and "the file exists" in told.stderr
    told = CliRunner().invoke(app, ["report", str(tmp_path), "--to", str(page), "--force"])
    assert told.exit_code == 2 and "no kept run" in told.stderr and "Traceback" not in told.output


def test_other_rules_cannot_be_compared(kept):
    small = kp.Scenario.read("small-country")
    with pytest.raises(UsageError, match="by the same"):
        simulation.comparison_of(kp.simulate(small, 4), kp.simulate(small, 4, rules="plain"))


def test_a_pdf_needs_its_library(monkeypatch, kept, tmp_path):
    """Where WeasyPrint is absent, or finds no Pango, the message says what to install."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(UsageError, match=r"pip install 'koepel\[pdf\]'"):
        write_report([kept / "a"], tmp_path / "x.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["one", "beside", "campaign", "campaigns"])
def test_pages_as_pdf(pages, kept, tmp_path, name):
    """A PDF of several pages, whose pictures carry their colours, the same bytes each time, without the script."""
    from koepel.report.pdf import write_pdf

    _skip_without_pdf()

    path = write_pdf(pages[name], tmp_path / "x.pdf")
    data = path.read_bytes()
    assert data.startswith(b"%PDF") and 10_000 < len(data) < 3_000_000
    if name == "campaigns":
        assert write_pdf(pages[name], tmp_path / "y.pdf").read_bytes() == data


@pytest.mark.parametrize("name", ["one", "ukraine", "beside", "campaign", "campaigns"])
def test_pictures_on_paper_carry_their_style(pages, name):
    """Each part has its light colours in it; a land that is drawn once is in every picture; no script is left."""
    from koepel.report.pdf import _with_styled_pictures

    _skip_without_pdf()
    styled = _with_styled_pictures(pages[name])
    assert '"counts"' not in styled and "<use" not in styled
    assert "var(--" not in re.sub("<style>.*?</style>", "", styled, flags=re.DOTALL)
    if name in ("one", "ukraine"):
        assert re.search(r'<path[^>]*class="k5"[^>]*style="[^"]*fill: #123570', styled)
        assert len(re.findall('<path[^>]*class="land"', styled)) == (2 if name == "ukraine" else 0)


def _skip_without_pdf():
    from koepel.report.pdf import check_pdf

    try:
        check_pdf()
    except UsageError as error:
        pytest.skip(f"no PDF was written: {error}")
