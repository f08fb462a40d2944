"""What a notebook shows of each thing: tables and maps as HTML, every text only text, and no place of a real unit."""

import numpy as np
import pandas as pd
import pytest
from pages import Reader

import koepel as kp
from koepel import sketch
from koepel.countries import Region, outline_of

NASTY = "<img src=x onerror=alert(1)>&\"'"
UKRAINE = """
format: koepel-scenario/1
name: notebook-test
settlements: {builtin: ukraine, least_people: 20000}
defence:
  fire_units:
    - {name: secret-unit, type: gepard, at: [50.1717, 30.2323]}
pattern:
  launch_areas: [{name: east, at: [52.0, 36.5], radius_km: 50}]
  groups:
    - {name: drones, types: {shahed-136: 1}, count: {fixed: 20}, launch: {east: 1}}
"""


@pytest.fixture(scope="module")
def small():
    return kp.Scenario.read("small-country")


@pytest.fixture(scope="module")
def things(small):
    """One of each thing that shows itself."""
    other = small.replace({"defence.rule": "first-able"})
    winter, less = (kp.campaign(one, 20, 8) for one in (small, other))
    return {
        "scenario": small,
        "outcomes": kp.simulate(small, 20, seed=3),
        "comparison": kp.compare(small, other, 20, seed=3),
        "campaign": winter,
        "campaigns": kp.compare_campaigns(winter, less),
        "plan": kp.place(small, grid_deg=0.25, seconds=20, gap=0.2),
    }


@pytest.mark.parametrize("name", ["scenario", "outcomes", "comparison", "campaign", "campaigns", "plan"])
def test_each_thing_shows_itself(things, name):
    """Well-formed, a table at least, and nothing that runs or is fetched."""
    html = things[name]._repr_html_()
    reader = Reader(html)
    assert reader.open == [] and "<table" in html and "nan" not in "".join(reader.words)
    for tag, attrs in reader.elements:
        assert tag not in ("script", "link", "img", "iframe", "style")
        assert not any(key.startswith("on") or key in ("src", "href") for key in attrs)
    assert len(html) < 200_000


def test_figures_are_those_of_the_answer(things):
    """The mean of what leaks, of the difference, and of the first month stand there."""
    leaked = sketch.text(things["outcomes"].figure("leaked").mean)
    assert f"<td {sketch.CELL}>{leaked}</td>" in things["outcomes"]._repr_html_()
    difference = things["comparison"].differences["defender_usd"]
    assert sketch.text(difference.mean) in things["comparison"]._repr_html_()
    months = things["campaign"].by_month("leaked").mean(axis=0)
    assert sketch.text(float(months[0])) in things["campaign"]._repr_html_()
    assert "Alder City: 900,000" in things["scenario"]._repr_html_()


def test_text_of_a_file_is_never_markup(small):
    settlements = tuple(s.model_copy(update={"name": NASTY + s.name, "region": NASTY}) for s in small.settlements)
    nasty = small.model_copy(
        update={"name": NASTY, "about": NASTY, "notional": NASTY, "settlements": settlements, "assets": ()}
    )
    for html in (nasty._repr_html_(), sketch.table([NASTY], [(NASTY, NASTY)], NASTY), sketch.line([1.0], NASTY)):
        assert "<img" not in html and Reader(html).open == []
    region = Region(NASTY, outline_of(kp.Scenario.of_text(UKRAINE))[0].parts)
    assert "<img" not in sketch.country([(NASTY, (50.0, 30.0), 1.0)], [region], {NASTY: 1.0}, NASTY)


def test_maps_of_a_real_country_show_no_unit():
    """The outline and its 27 regions, darker where more falls; the unit is counted, and neither named nor drawn."""
    scenario = kp.Scenario.of_text(UKRAINE)
    outcomes = kp.simulate(scenario, 10)
    for html in (scenario._repr_html_(), outcomes._repr_html_()):
        assert html.count("<path") == 27 and "secret" not in html and "50.17" not in html
    assert "Gepard" in scenario._repr_html_()
    worst = outcomes.table("zone")["impacts"].idxmax()
    region = next(part for part in outcomes._repr_html_().split("<path")[1:] if f"<title>{worst}:" in part)
    assert 'fill-opacity="0.84"' in region


def test_empty_things_show_themselves():
    bare = kp.Scenario.of_text("{format: koepel-scenario/1, name: bare, raid: {threats: []}}")
    assert Reader(bare._repr_html_()).open == []
    assert Reader(kp.simulate(bare, 2)._repr_html_()).open == []
    assert Reader(kp.compare(bare, bare, 2)._repr_html_()).open == []


def test_tables_are_pandas(things):
    """Comparisons and campaigns as tables, equal to the figures they are made of."""
    table = things["comparison"].table()
    assert isinstance(table, pd.DataFrame)
    assert np.allclose(table["b"] - table["a"], table["difference"], equal_nan=True)
    assert np.allclose(things["campaigns"].table().eval("b - a - difference"), 0, atol=1e-6)
    outcomes = things["outcomes"]
    assert outcomes.table("night")["impacts"].mean() == pytest.approx(outcomes.figure("impacts").mean)
    assert outcomes.table("class")["launched"].sum() == pytest.approx(outcomes.figure("threats").mean)
    assert outcomes.table("measure").loc["leaked", "mean_high"] == outcomes.figure("leaked").mean_high


def test_a_notebook_would_show_them(things):
    """IPython's own display takes the HTML of each, where it is installed."""
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed: no cell was shown")
    shown = formatters.HTMLFormatter()
    for thing in things.values():
        assert shown(thing).startswith("<div>")
