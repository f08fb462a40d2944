"""The page of the map, driven in a real browser: Debian's Chromium, where it is installed.

And the unit tests of its parts, which run under Node. Each is skipped with a clear word where what it needs is missing.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

import koepel

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"
CHROMIUM = next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)
WAIT_MS = 180_000
COMPILING_S = 900  # the server may have to compile its kernels first, beside other work

pytestmark = pytest.mark.xdist_group("browser")  # one process, one server


def front_end():
    """frontend/build.py as a module."""
    spec = importlib.util.spec_from_file_location("koepel_frontend_build", FRONTEND / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_unit_tests():
    """None, or why they could not be run; a test that fails raises."""
    build = front_end()
    try:
        node, npm = build.node_and_npm()
        build.packages(node, npm, tests=True)
    except build.NotBuilt as error:
        return str(error)
    build.test()
    return None


def test_the_parts_of_the_page():
    """Types and unit tests of the TypeScript sources."""
    if missing := run_unit_tests():
        pytest.skip(f"npm's packages cannot be had: {missing[:200]}")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The map of the small country, served by the command itself; where to open it."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium here; on Debian: apt install chromium")
    if not (Path(koepel.__file__).parent / "app" / "static" / "main.js").is_file():
        pytest.skip("the page was not built; run 'python frontend/build.py' where npm's registry can be reached")
    folder = tmp_path_factory.mktemp("workspace")
    command = [sys.executable, "-m", "koepel", "map", "small-country", "--no-browser", "--runs", "100", "--seed", "7"]
    source = str(Path(koepel.__file__).parents[1])
    paths = os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])
    server = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    opened = None
    for line in server.stderr:
        if found := re.search(r"http://\S+", line):
            opened = found[0]
            break
    threading.Thread(target=server.stderr.read, daemon=True).start()  # or else a full pipe would stop the server
    assert opened, "the server said no address"
    wait_until_fought(opened)
    yield opened
    server.terminate()
    server.wait(10)


def wait_until_fought(opened):
    """Until the server has its first answer."""
    base, _, token = opened.partition("/#token=")
    request = urllib.request.Request(f"{base}/api/scene", headers={"X-Koepel-Token": token})
    until = time.monotonic() + COMPILING_S
    while time.monotonic() < until:
        with suppress(urllib.error.URLError):
            if json.loads(urllib.request.urlopen(request, timeout=60).read())["ready"]:
                return
        time.sleep(0.5)
    raise AssertionError("the first nights were never fought")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium here; on Debian: apt install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    """The page on a screen of 1280 by 800, with every change undone; anything asked of elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    opened = context.new_page()
    elsewhere, wrong = [], []
    opened.on("request", lambda request: asked(request.url, elsewhere))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    opened.goto(address)
    opened.wait_for_selector("table.answer", timeout=WAIT_MS)
    while not opened.locator("[data-key=undo]").is_disabled():
        settled(opened, lambda: opened.click("[data-key=undo]"))
    yield opened
    context.close()
    assert not elsewhere, f"asked of elsewhere: {elsewhere}"
    assert not wrong, wrong


def asked(url, elsewhere):
    """Keep a request that leaves loopback."""
    if not url.startswith(("http://127.0.0.1:", "data:")):
        elsewhere.append(url)


def settled(page, act):
    """Do something that is answered by new numbers, and wait for them."""
    with page.expect_response(re.compile(r"/api/(change|undo|redo)"), timeout=WAIT_MS):
        act()
    until(page, "!document.querySelector('.busy').textContent.includes('…')")


def until(page, script):
    """Wait until a script says true; playwright's own way evaluates text, which the page's policy forbids."""
    for _ in range(WAIT_MS // 100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {script}")


def change_of(page, measure):
    """The mean difference that the table shows; 0 where nothing was changed."""
    text = page.locator(f"tr[data-measure='{measure}'] .change .mean").text_content().replace("\u2212", "-")
    return 0.0 if text == "–" else float(text.replace(",", ""))


def cell(page, measure):
    """What the table shows now."""
    return page.locator(f"tr[data-measure='{measure}'] .now").text_content()


def drag(page, name, to):
    """Drag a fire unit over the map by the mouse, from where it is drawn to a share of the map's width and height."""
    page.select_option("[data-key=select]", f"fire_unit|{name}")
    box = page.locator(".map").bounding_box()
    x, y = page.evaluate("(name) => window.koepelMap.pixelOf(name)", f"fire_unit|{name}")
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + to[0] * box["width"], box["y"] + to[1] * box["height"], steps=8)
    page.mouse.up()


def test_a_fire_unit_that_is_dragged_away_changes_the_numbers_and_undo_restores_them(page):
    """Interceptors dragged into the far corner let more drones through; undo gives the very numbers back."""
    before = {name: cell(page, name) for name in ("leaked", "exposed", "leaked: drone")}
    with page.expect_response(lambda r: "/api/change" in r.url and '"settled":true' in (r.request.post_data or "")):
        drag(page, "interceptors-1", (0.06, 0.12))
    until(page, "document.querySelector('[data-key=undo]').textContent.includes('1')")
    assert change_of(page, "leaked: drone") > 0
    assert cell(page, "leaked: drone") != before["leaked: drone"]
    settled(page, lambda: page.click("[data-key=undo]"))
    assert {name: cell(page, name) for name in before} == before
    settled(page, lambda: page.click("[data-key=redo]"))
    assert change_of(page, "leaked: drone") > 0


def test_a_fire_unit_is_added_moved_by_keyboard_and_taken_away(page):
    """More guns at the capital let no more through; every step can be made without a mouse."""
    page.select_option("[data-key=add]", "fire_unit|nasams")
    page.locator("[data-key=add-begin]").press("Enter")
    settled(page, lambda: page.get_by_role("button", name="Put it in the middle of the map").press("Enter"))
    assert change_of(page, "leaked") < 0
    page.select_option("[data-key=select]", "fire_unit|nasams new 1")
    settled(page, lambda: page.get_by_role("button", name="north", exact=True).press("Enter"))
    assert page.evaluate("document.activeElement.dataset.key") == "move-north"  # the focus stays where it was
    settled(page, lambda: page.locator("[data-key=remove]").press("Enter"))
    assert change_of(page, "leaked") == 0


def test_a_fault_is_shown_at_its_field(page):
    """With what was found and the mend; nothing is changed."""
    page.select_option("[data-key=select]", "fire_unit|patriot-1")
    page.fill("[data-key='pac3-mse.ready']", "-1")
    page.fill("[data-key='pac3-mse.reserve']", "many")
    page.click("[data-key=rounds-apply]")
    ready = page.locator("[data-field='pac3-mse.ready']")
    ready.locator(".fault").filter(has_text="give 0 or more").wait_for()
    assert "many" in page.locator("[data-field='pac3-mse.reserve'] .fault").inner_text()
    invalid = page.locator("[data-key='pac3-mse.ready']")
    assert invalid.get_attribute("aria-invalid") == "true"
    assert invalid.get_attribute("aria-describedby") == ready.locator(".fault").get_attribute("id")
    assert page.locator("[data-key=undo]").is_disabled()
    page.fill("[data-key=save-name]", "../escaped.yaml")
    page.click("[data-key=save]")
    page.locator("[data-field=name] .fault").filter(has_text="plain name").wait_for()


def test_a_night_is_replayed(page):
    """The clock runs, threats are drawn and move, the log fills, and an event is gone to."""
    page.click("#view-replay")
    page.click("#night-bad")
    page.wait_for_selector("#play")
    begun = page.inner_text(".clock")
    first = canvas_digest(page)
    page.select_option("[aria-label=Speed]", "900")
    page.click("#play")
    until(page, "document.querySelectorAll('.log li').length > 5")
    page.click("#play")
    assert page.inner_text(".clock") != begun and canvas_digest(page) != first
    paused = page.inner_text(".clock")
    page.wait_for_timeout(300)
    assert page.inner_text(".clock") == paused
    event = page.locator(".log li").nth(3)
    when = event.locator(".when").inner_text()
    before = page.evaluate("window.koepelMap.centre()")
    event.locator("button").click()
    assert page.inner_text(".clock") == when
    until(page, f"String(window.koepelMap.centre()) !== {str(before)[1:-1].replace(', ', ',')!r}")


def test_a_span_of_the_time_line_is_played_over_and_over(page):
    """Chosen by dragging over it; the clock stays inside."""
    page.click("#view-replay")
    page.click("#night-typical")
    page.wait_for_selector("#play")
    box = page.locator(".counts").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    low, high = (float(page.locator(".timeline input").get_attribute(name)) for name in ("min", "max"))
    page.select_option("[aria-label=Speed]", "900")
    page.click("#play")
    for _ in range(8):
        page.wait_for_timeout(150)
        share = (float(page.locator(".timeline input").input_value()) - low) / (high - low)
        assert 0.38 <= share <= 0.52


def canvas_digest(page):
    """What is drawn on the replay's canvas, in short."""
    return hash(page.evaluate("document.querySelector('.replay-canvas').toDataURL()"))


def test_two_scenarios_side_by_side_and_a_campaign_that_survives_a_reload(page):
    """Maps are linked; long work is found again after a reload; what it gave is drawn."""
    page.click("#view-compare")
    page.fill("[data-field=runs] input", "32")
    page.click(".compare button[type=submit]")
    page.wait_for_selector(".maps .map", timeout=WAIT_MS)
    assert page.locator(".maps .map").count() == 2
    page.locator(".maps .ol-zoom-in").first.click()
    bars = "new Set([...document.querySelectorAll('.maps .ol-scale-line-inner')].map((bar) => bar.textContent)).size"
    until(page, f"{bars} === 1")
    page.click("#view-campaign")
    page.fill("[data-field=days] input", "20")
    page.fill("[data-field=runs] input", "64")
    page.click(".sheet button[type=submit]")
    page.wait_for_selector(".work")
    page.reload()
    page.wait_for_selector("svg .day", timeout=WAIT_MS)
    assert page.locator("svg .day").count() == 20
    assert page.locator(".fan-median").count() == 1
    page.fill("[data-field=days] input", "600")
    page.fill("[data-field=runs] input", "500")
    page.click(".sheet button[type=submit]")
    page.locator(".work button").click()
    page.locator(".work").filter(has_text="cancelled").wait_for(timeout=WAIT_MS)


def test_a_placement_is_computed_and_put_on_the_bench(page):
    """Its worth is told before; then it is one step of the bench."""
    page.click("#view-plan")
    page.fill("[data-field=moves] input", "1")
    page.fill("[data-field=seconds] input", "10")
    page.click("#place")
    page.wait_for_selector("#adopt", timeout=WAIT_MS)
    page.click("#adopt")
    page.wait_for_selector("table.answer", timeout=WAIT_MS)
    assert page.locator("[data-key=undo]").inner_text().endswith("(1)")


def test_text_from_a_file_is_text(page, address):
    """A name that looks like markup is shown as it is written."""
    assert page.evaluate("document.querySelectorAll('#app script, #app img, #app iframe').length") == 0
    page.evaluate("document.body.append(window.koepelMap.h('p', {id: 'probe'}, '<img src=x onerror=alert(1)>'))")
    assert page.inner_text("#probe") == "<img src=x onerror=alert(1)>"


def test_dutch_dark_and_small(browser, address):
    """The whole page in Dutch, dark, and on a tablet: nothing is wider than the screen."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="nl-NL", color_scheme="dark")
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("table.answer", timeout=WAIT_MS)
    assert page.get_attribute("html", "lang") == "nl" and page.get_attribute("html", "data-theme") == "dark"
    assert "doorgekomen" in page.inner_text("table.answer")
    for view in ("map", "replay", "compare", "campaign", "plan"):
        page.click(f"#view-{view}")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        boxes = "[...document.querySelectorAll('.panel, .player')]"
        assert page.evaluate(f"{boxes}.every((box) => box.scrollWidth <= box.clientWidth)"), view
    context.close()


def test_no_serious_fault_of_access(browser, address):
    """axe-core finds none in any view, light or dark."""
    axe = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file() and (missing := run_unit_tests()):
        pytest.skip(f"axe-core cannot be had: {missing[:200]}")
    source = axe.read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="en", color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("table.answer", timeout=WAIT_MS)
        for view in ("map", "replay", "compare", "campaign", "plan"):
            page.click(f"#view-{view}")
            if view == "replay":
                page.click("#night-bad")
                page.wait_for_selector("#play")
            page.wait_for_timeout(400)
            page.evaluate(source)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            told = [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in serious]
            assert not told, f"{scheme}, {view}: {told}"
        context.close()
