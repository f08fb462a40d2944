"""The page: one file, no network, nothing injected, the same bytes, and no place of a real fire unit."""

import base64
import hashlib
import importlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pages import Reader

from koepel.countries import outline_of
from koepel.errors import UsageError
from koepel.outcome import Figure
from koepel.projection import project_km, sheet_round
from koepel.raid import Count, Group, LaunchArea, Raid, RaidPattern
from koepel.report import page, texts, write_page
from koepel.report.country import LEAST_CELL_KM, _cell_areas, is_invented
from koepel.report.digits import shown
from koepel.report.regions import region_rows
from koepel.scenario import Scenario

simulation = importlib.import_module("koepel.simulate")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NASTY = "</title><script>alert(1)</script>\"'&"

DRONES = RaidPattern(
    launch_areas=(LaunchArea(name="sea", at=(53.0, -28.0)),),
    groups=(Group(name="drones", types={"shahed-136": 1}, count=Count(fixed=5), launch={"sea": 1}),),
)

UKRAINE = """
format: koepel-scenario/1
name: page-test
settlements: {builtin: ukraine}
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

REGIONS = """
format: koepel-scenario/1
name: fine-regions
settlements:
  - {name: A, at: [50.00, 10.00], people: 1000, region: street one}
  - {name: B, at: [50.02, 10.02], people: 3000, region: street two}
  - {name: C, at: [51.00, 12.00], people: 5000, region: wide}
pattern:
  launch_areas: [{name: sea, at: [54.0, 10.0], radius_km: 50}]
  groups:
    - {name: drones, types: {shahed-136: 1}, count: {fixed: 20}, launch: {sea: 1}}
"""


@pytest.fixture(scope="module")
def small():
    scenario = Scenario.read("small-country")
    outcomes = simulation.simulate(scenario, 40, seed=3)
    return scenario, outcomes, page(outcomes, scenario)


@pytest.fixture(scope="module")
def ukraine():
    scenario = Scenario.of_text(UKRAINE)
    outcomes = simulation.simulate(scenario, 20)
    return scenario, outcomes, page(outcomes, scenario)


def test_the_page_is_one_small_well_formed_file(small, tmp_path):
    scenario, outcomes, text = small
    path = write_page(outcomes, scenario, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == text
    assert path.stat().st_size < 3_000_000
    reader = Reader(text)
    assert reader.open == []
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", ["small", "ukraine"])
def test_nothing_is_fetched_and_nothing_runs(case, request):
    """No element loads a resource or runs code, and the policy of the page allows only its own style."""
    text = request.getfixturevalue(case)[2]
    reader = Reader(text)
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "use", "image"}
    for tag, attrs in reader.elements:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style", "action") for name in attrs), tag
        assert attrs.get("href", "#").startswith("#")
    assert "@import" not in text and not re.search(r"url\((?!#)", text)
    policy = next(a["content"] for t, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "http" not in policy


def test_text_of_a_file_is_never_markup(small):
    """A name full of markup shows as text wherever names stand."""
    scenario = small[0]
    settlements = tuple(s.model_copy(update={"name": NASTY + s.name, "region": NASTY}) for s in scenario.settlements)
    assets = tuple(a.model_copy(update={"settlement": NASTY + a.settlement}) for a in scenario.assets)
    nasty = scenario.model_copy(
        update={
            "name": NASTY,
            "about": NASTY,
            "notional": NASTY,
            "settlements": settlements,
            "assets": assets,
            "pattern": DRONES,
        }
    )
    outcomes = simulation.simulate(nasty, 4)
    recorded = {"night": NASTY, "by_class": {"drone": {"launched": 5, "neutralised": 4}}}
    recorded["left_out"] = [{"type": NASTY, "launched": 2, "why": NASTY}]
    outcomes = simulation.with_recorded(outcomes, recorded)
    text = page(outcomes, nasty, comparison=simulation.compare(nasty, nasty, 4))
    assert "<script" not in text
    reader = Reader(text)
    assert reader.open == []
    assert "".join(reader.words).count("<script>alert(1)</script>") > 10


def test_the_same_input_makes_the_same_bytes(small):
    """Neither the clock nor the time that a study took is on the page."""
    scenario, outcomes, text = small
    assert page(replace(outcomes, cpu_seconds=99.0, wall_seconds=98.7), scenario) == text
    assert page(simulation.simulate(scenario, 40, seed=3, workers=1), scenario) == text


def test_the_main_figures_are_there(small):
    """Every main figure of the outcome stands on the page, and the cost-exchange ratio only beside its parts."""
    _, outcomes, text = small
    words = " ".join("".join(Reader(text).words).split())
    answer = outcomes.as_dict()
    harm = [answer["threats"], *answer["fates"].values(), *answer["harm"].values(), *answer["people"].values()]
    harm += [*answer["rounds"].values(), *answer["kills"].values()]
    for one in harm:
        assert shown(Figure(**one)).mean in words
    for one in answer["cost_usd"].values():
        assert shown(Figure(**one), 1e-6).mean in words
    for name, fates in answer["by_class"].items():
        if fates["launched"]["mean"]:
            assert texts()["classes"][name] in words
            assert shown(Figure(**fates["neutralised_rate"]), 100).mean in words
    for fact in (
        outcomes.digest,
        f"--seed {outcomes.seed}",
        f"--runs {outcomes.runs}",
        "koepel simulate small-country",
    ):
        assert fact in words
    before, after = text.split('<section id="money">')
    assert "ost-exchange" not in before and "ost-exchange" not in after.split("</section>", 1)[1]


def test_units_are_drawn_for_invented_countries_only(small, ukraine):
    """Not for another country, and not for real places that call themselves small-country."""
    assert is_invented(small[0]) and 'class="unit"' in small[2] and "patriot-1" in small[2]
    assert not is_invented(ukraine[0])
    false = ukraine[0].model_copy(update={"name": "small-country", "notional": small[0].notional})
    assert not is_invented(false)
    for text in (ukraine[2], page(simulation.simulate(false, 4), false)):
        assert "secret" not in text and 'class="unit"' not in text and 'class="sensor"' not in text
        for coordinate in ("50.17", "30.23", "49.81", "31.41"):
            assert coordinate not in text
    scenario = ukraine[0]
    sheet = sheet_round([ring for region in outline_of(scenario) for ring in region.rings[0]])
    for x, y in sheet.on([scenario.defence.fire_units[0].at, scenario.defence.sensors[0].at]).round(1):
        assert f'"{x}" cy="{y}"' not in ukraine[2] and f"({x} {y})" not in ukraine[2]


def test_harm_is_no_finer_than_policy_allows(small, ukraine):
    """Regions of Ukraine by the alphabet, all 27 drawn; elsewhere cells of 25 km or more; no settlement's own risk."""
    scenario, outcomes, text = ukraine
    rows = [row["head"] for row in region_rows(outcomes, scenario, texts()["map"])]
    assert len(outline_of(scenario)) == 27
    assert rows == sorted(rows) and set(rows) == set(outcomes.zone_names)
    assert len(re.findall(r'<path class="k\d"', text)) == 27
    sheet = sheet_round([s.at for s in small[0].settlements], 18.0)
    areas = _cell_areas(small[1], small[0], sheet)
    assert float(areas["cell_km"]) >= LEAST_CELL_KM
    assert sum(area["impacts"] for area in areas["areas"]) == pytest.approx(small[1].places[:, 0].sum() / 40)
    wide = re.search(r"h([\d.]+)v", areas["areas"][0]["d"]).group(1)
    assert float(wide) / sheet.scale == pytest.approx(LEAST_CELL_KM, rel=0.01)


def test_small_regions_are_taken_together():
    """Regions of a few square kilometres would tell the risk of a place: they are one row."""
    scenario = Scenario.of_text(REGIONS)
    outcomes = simulation.simulate(scenario, 10)
    rows = region_rows(outcomes, scenario, texts()["map"])
    assert [row["head"] for row in rows] == ["wide", texts()["map"]["small_regions"]]
    assert rows[1]["cells"][0]["main"] == "4,000"


def test_trace_comparison_record_and_plain_rules_have_their_sections(small):
    scenario, _, text = small
    for section in ("clock", "comparison", "recorded"):
        assert f'id="{section}"' not in text
    outcomes = simulation.simulate(scenario, 6, rules="plain")
    recorded = {"night": "2025-06-10", "by_class": {"drone": {"launched": 315, "neutralised": 277, "replayed": 315}}}
    other = scenario.replace({"defence.rule": "first-able"})
    full = page(
        simulation.with_recorded(outcomes, recorded),
        scenario,
        trace=simulation.trace(scenario, 2, rules="plain"),
        comparison=simulation.compare(other, scenario, 6, rules="plain"),
    )
    for section in ("clock", "comparison", "recorded"):
        assert f'id="{section}"' in full
    assert "315" in full and "277" in full and "--night 2025-06-10" in full and "--rules plain" in full
    assert texts()["nights"]["doubt_none"] in full


@pytest.mark.parametrize(
    "changes",
    [
        {"settlements": (), "assets": (), "pattern": None, "raid": Raid()},
        {"pattern": None, "raid": Raid()},
        {"assets": (), "pattern": DRONES},
    ],
)
def test_empty_parts_make_a_page_too(small, changes):
    """No people, no raid, no assets; one night; no fire units."""
    bare = small[0].model_copy(update=changes)
    bare = bare.model_copy(update={"defence": type(bare.defence)()})
    text = page(simulation.simulate(bare, 1), bare, trace=simulation.trace(bare))
    assert Reader(text).open == [] and "nan" not in "".join(Reader(text).words)


def test_the_wrong_scenario_is_refused(small, ukraine, tmp_path):
    with pytest.raises(UsageError, match="give the scenario that was fought"):
        page(small[1], ukraine[0])
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(small[1], small[0], tmp_path / "absent" / "page.html")


def test_projection_keeps_areas():
    """A cell of a tenth of a degree has the area of the sphere, in the middle and 500 km off."""
    for lat, lon in ((50.0, 30.0), (47.0, 36.0), (50.0, -179.95)):
        corners = [(lat, lon), (lat, lon + 0.1), (lat + 0.1, lon + 0.1), (lat + 0.1, lon)]
        km = project_km(corners, (50.0, 30.0 if lon > 0 else 179.0))
        x, y = km.T
        area = 0.5 * abs((x * (list(y[1:]) + [y[0]]) - y * (list(x[1:]) + [x[0]])).sum())
        assert area == pytest.approx(_spherical_km2(lat, 0.1), rel=1e-3)


def _spherical_km2(lat, step):
    import math

    bands = math.sin(math.radians(lat + step)) - math.sin(math.radians(lat))
    return 6371.009**2 * bands * math.radians(step)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in PATH: the page was not opened in a browser")
def test_a_browser_opens_the_page_from_disk(small, tmp_path):
    """Chromium shows the page from disk without WebGL, reports no breach of its policy, and draws something."""
    scenario, outcomes, _ = small
    path = write_page(outcomes, scenario, tmp_path / "page.html")
    dom = _chromium(path, tmp_path, "--dump-dom", "--enable-logging=stderr", "--v=0")
    assert "small-country" in dom.stdout and dom.stdout.count("<svg") >= 3
    assert "Content Security Policy" not in dom.stderr and "Refused" not in dom.stderr
    image = tmp_path / "page.png"
    _chromium(path, tmp_path, f"--screenshot={image}", "--window-size=1280,2400")
    assert image.stat().st_size > 100_000  # an empty sheet of this size takes about 10,000


def _chromium(path: Path, folder: Path, *options: str) -> subprocess.CompletedProcess:
    quiet = ["--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'profile'}"]
    command = [CHROMIUM, "--headless", "--no-sandbox", *quiet, *options, path.resolve().as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
