"""The report in a real browser: opened from disk, no network, no WebGL; the nights play."""

import re
import shutil

import pytest

import koepel as kp
from koepel.report.kept import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no report was played")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in PATH: no report was played in a browser")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-webgl"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    small = kp.Scenario.read("small-country")
    other = small.replace({"defence.rule": "first-able"})
    for name, scenario in (("a", small), ("b", other)):
        kp.write_run(kp.simulate(scenario, 40, seed=3), scenario, folder / name)
    write_report(folder / "a", folder / "one.html")
    write_report([folder / "a", folder / "b"], folder / "two.html")
    return folder


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        with play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as opened:
            yield opened


@pytest.fixture
def shown(browser, reports):
    """Opens a page and gives it, with what it asked for and what went wrong."""
    opened = []

    def show(name, **options):
        context = browser.new_context(offline=True, **options)
        opened.append(context)
        page, asked, wrong = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto((reports / name).as_uri())
        return page, asked, wrong

    yield show
    for context in opened:
        context.close()


def test_it_opens_from_disk_and_asks_for_nothing(shown, reports):
    """One request, for the file itself; no breach of its policy; no WebGL to be had."""
    for name in ("one.html", "two.html"):
        page, asked, wrong = shown(name)
        assert asked == [(reports / name).as_uri()] and wrong == []
        assert page.evaluate("document.createElement('canvas').getContext('webgl')") is None


def test_a_night_plays_and_stops(shown):
    """Play moves the time, the counts and the cursor; pause holds them; the end of the night is its outcome."""
    page, _, wrong = shown("one.html")
    night = page.locator("#run-0")
    assert night.locator("canvas").count() == 1 and night.locator(".controls").is_visible()
    night.locator(".time").evaluate("one => { one.value = one.min; one.dispatchEvent(new Event('input')); }")
    first = night.locator(".now").get_attribute("transform")
    night.locator(".pace").select_option("1800")
    night.locator(".play").click()
    assert night.locator(".play").inner_text() == "Pause"
    for _ in range(100):  # the page's policy forbids what playwright would wait by
        page.wait_for_timeout(100)
        if night.locator(".hour").inner_text() > "00:10":
            break
    night.locator(".play").click()
    held = night.locator(".hour").inner_text()
    assert night.locator(".now").get_attribute("transform") != first
    page.wait_for_timeout(300)
    assert night.locator(".hour").inner_text() == held
    night.locator(".time").evaluate("one => { one.value = one.max; one.dispatchEvent(new Event('input')); }")
    counts = [int(one) for one in night.locator(".count").all_inner_texts()]
    caption = night.locator("p").first.inner_text()
    assert counts[:2] == [0, 0] and sum(counts[2:]) == int(re.search(r": (\d+) threats", caption)[1])
    assert "leaked" in night.locator(".log li").last.inner_text() or night.locator(".log li").count() == 6
    assert wrong == []


def test_the_picture_moves(shown):
    """What is drawn differs between two moments, in the light and in the dark."""
    for scheme in ("light", "dark"):
        page, _, _ = shown("one.html", color_scheme=scheme)
        drawn = []
        for share in (0.4, 0.6):
            page.locator("#run-1 .time").evaluate(
                "(one, share) => { one.value = +one.min + share * (one.max - one.min);"
                " one.dispatchEvent(new Event('input')); }",
                share,
            )
            drawn.append(page.locator("#run-1 canvas").evaluate("one => one.toDataURL().length"))
        assert drawn[0] != drawn[1] and min(drawn) > 3000


def test_the_chart_is_a_time_line(shown):
    """A press on the chart of a night goes to that moment; so do the keys of the slider."""
    page, _, _ = shown("one.html")
    chart = page.locator("#run-0 svg.chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    before = page.locator("#run-0 .hour").inner_text()
    page.mouse.click(box["x"] + 0.15 * box["width"], box["y"] + 0.5 * box["height"])
    pressed = page.locator("#run-0 .hour").inner_text()
    assert pressed < before
    page.locator("#run-0 .time").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#run-0 .hour").inner_text() >= pressed


def test_without_its_script_the_page_still_tells(browser, reports):
    """With scripts off the marks of every end are there, and no dead button."""
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / "one.html").as_uri())
    assert page.locator("#run-0 .marks").is_visible() and not page.locator("#run-0 .controls").is_visible()
    context.close()


def test_it_fits_a_small_screen(shown):
    """Nothing but the tables, which scroll by themselves, is wider than a telephone."""
    for name in ("one.html", "two.html"):
        page, _, _ = shown(name, viewport={"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
