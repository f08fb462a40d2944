"""The map's server: what it answers, and what it refuses."""

import json
import time

import pytest
from starlette.testclient import TestClient

import koepel
from koepel.app.areas import areas_of
from koepel.app.bench import Bench
from koepel.app.bundle import bundle
from koepel.app.coverage import coverage
from koepel.app.edits import edited
from koepel.app.guard import MOST_BYTES, Guard
from koepel.app.jobs import Jobs
from koepel.app.night import night
from koepel.app.routes import Desk, application
from koepel.app.supply import purchases
from koepel.app.workspace import Workspace
from koepel.errors import ScenarioError, UsageError
from koepel.report.country import LEAST_CELL_KM
from koepel.scenario import Scenario

PORT, TOKEN = 8123, "the-token"
ORIGIN = f"http://127.0.0.1:{PORT}"
RUNS = 60


@pytest.fixture(scope="module")
def small():
    return Scenario.read("small-country")


@pytest.fixture(scope="module")
def opened(small, tmp_path_factory):
    """A desk with the small country on its bench, in a workspace of its own."""
    desk = Desk(Bench(RUNS, 7), Workspace(tmp_path_factory.mktemp("workspace")))
    desk.bench.open(small, "small-country")
    return desk


@pytest.fixture
def desk(opened):
    """The same desk with every change undone."""
    while opened.bench.state()["undo"]:
        opened.bench.undo()
    return opened


@pytest.fixture
def client(desk):
    files = {"/": (b"<!doctype html>", "text/html")}
    return TestClient(
        Guard(application(desk, files), PORT, TOKEN), base_url=ORIGIN, headers={"X-Koepel-Token": TOKEN}
    )


def moved(client, name, at, settled=True):
    edit = {"op": "move", "kind": "fire_unit", "name": name, "at": at}
    return client.post("/api/change", json={"edits": [edit], "settled": settled})


def finished(desk, job):
    """A job when it is over."""
    until = time.monotonic() + 120
    while not desk.jobs.job(job["number"]).over:
        assert time.monotonic() < until
        time.sleep(0.05)
    return desk.jobs.job(job["number"])


# ------------------------------------------------------------------ what it answers


def test_the_scene_says_all_that_is_drawn(client, small):
    """Settlements, areas, units in service, types, and the answer of the start."""
    scene = client.get("/api/scene").json()
    assert scene["ready"] and scene["name"] == "small-country" and scene["coordinates"]
    assert len(scene["settlements"]) == len(small.settlements)
    assert {unit["name"] for unit in scene["defence"]["units"]} == {unit.name for unit in small.defence.fire_units}
    fresh = koepel.simulate(small, RUNS, seed=7)
    assert scene["answer"]["measures"]["leaked"]["now"] == fresh.figure("leaked").as_dict()
    impacts = sum(area["impacts"] for area in scene["answer"]["areas"])
    assert impacts == pytest.approx(fresh.nights("impacts").mean())


def test_a_unit_that_is_taken_away_lets_more_through_and_undo_brings_it_back(client):
    """Differences have the right sign; undo, redo and undo again give the very answers back."""
    start = client.get("/api/scene").json()["answer"]
    for name in ("nasams-1", "interceptors-1"):
        edit = {"op": "remove", "kind": "fire_unit", "name": name}
        less = client.post("/api/change", json={"edits": [edit], "settled": True}).json()
    change = less["answer"]["measures"]["leaked"]["difference"]
    assert change["mean_low"] > 0 and less["undo"] == 2
    client.post("/api/undo", json={})
    back = client.post("/api/undo", json={}).json()
    assert back["answer"] == start and back["redo"] == 2
    client.post("/api/redo", json={})
    assert client.post("/api/redo", json={}).json()["answer"] == less["answer"]


def test_what_is_dragged_is_answered_but_not_kept(client):
    """Only a settled change can be undone."""
    seen = moved(client, "gepard-1", [51.4, -30.9], settled=False).json()
    assert seen["undo"] == 0 and seen["answer"]["changed"]
    assert client.get("/api/scene").json()["answer"]["changed"] is False


def test_a_change_after_undo_takes_the_place_of_what_was_undone(client):
    """There is one line of steps, no tree."""
    start = client.get("/api/scene").json()["answer"]
    moved(client, "gepard-1", [51.4, -30.9])
    client.post("/api/undo", json={})
    assert moved(client, "gepard-2", [51.4, -30.9]).json()["redo"] == 0
    assert client.post("/api/undo", json={}).json()["answer"] == start


def test_more_rounds_and_more_salvos_are_felt(client):
    """Fewer rounds let more through; rounds and doctrine show themselves in the defence."""
    edit = {"op": "rounds", "name": "interceptors-1", "magazines": {"interceptor-drone": {"ready": 0, "reserve": 0}}}
    told = client.post("/api/change", json={"edits": [edit], "settled": True}).json()
    assert told["answer"]["measures"]["leaked"]["difference"]["mean"] > 0
    unit = next(one for one in told["defence"]["units"] if one["name"] == "interceptors-1")
    assert unit["magazines"][0]["given"] == {"ready": 0, "reserve": 0}
    edit = {"op": "doctrine", "effector": "pac3-mse", "threat": "ballistic", "salvo": 4, "looks": 0}
    told = client.post("/api/change", json={"edits": [edit], "settled": True}).json()
    row = next(r for r in told["defence"]["doctrine"] if (r["effector"], r["threat"]) == ("pac3-mse", "ballistic"))
    assert (row["salvo"], row["looks"]) == (4, 0)


def test_a_real_country_gets_places_on_its_grid_only():
    """Nothing is put finer than half a degree, whatever the page asks."""
    ukraine = Scenario.read("ukraine-2025-06")
    name = ukraine.defence.fire_units[0].name
    edit = {"op": "move", "kind": "fire_unit", "name": name, "at": [50.333, 30.777]}
    assert edited(ukraine, edit).defence.fire_units[0].at == (50.5, 31.0)
    assert len(areas_of(ukraine).names) == 27 and areas_of(ukraine).cell_km is None


def test_cells_are_nowhere_narrower_than_25_km(small):
    """At their polar edge, too."""
    import numpy as np

    from koepel.geo import distance_m

    areas = areas_of(small)
    assert areas.cell_km == LEAST_CELL_KM
    for (ring,) in areas.rings:
        corners = np.asarray(ring)[:, ::-1]
        sides = [distance_m(corners[i], corners[i + 1], 6371e3) for i in range(4)]
        assert min(sides) > 24.9e3  # the sphere of the report is 6,371 km; that of a scenario differs by 0.3 %


def mobile_groups(scenario):
    """Fire units that have no sensor of their own."""
    catalogue = scenario.catalogue()
    none = [u for u in scenario.defence.fire_units if catalogue.fire_units[u.type].word("sensor") in ("", "none")]
    assert none
    return tuple(none)


def test_coverage_grows_with_the_units_and_ends_at_their_ceiling(small):
    """A cell at a gun can be engaged at 1 km and not at 20; no fire units, no cells engaged."""
    every = [unit.name for unit in small.defence.fire_units]
    low = coverage(small, every, "shahed-136", 1000.0)
    guns = coverage(small, ["gepard-1", "gepard-2"], "shahed-136", 20_000.0)
    nobody = coverage(small, [], "shahed-136", 1000.0)
    assert low["most"] >= 2 and guns["most"] == 0 and nobody["most"] == 0
    assert coverage(small, ["nasams-1"], "shahed-136", 10_000.0)["most"] == 1
    assert coverage(small, ["nasams-1"], "shahed-136", 25_000.0)["most"] == 0  # its range is longer, its ceiling is not
    blind = small.model_copy(
        update={"defence": small.defence.model_copy(update={"sensors": (), "fire_units": mobile_groups(small)})}
    )
    told = coverage(blind, every, "shahed-136", 300.0)
    assert told["cells"] and told["most"] == 0  # in range, but nobody sees it
    fewer = coverage(small, every[:2], "shahed-136", 1000.0)
    assert sum(c["units"] for c in fewer["cells"]) < sum(c["units"] for c in low["cells"])
    with pytest.raises(UsageError, match="height"):
        coverage(small, every, "shahed-136", -1.0)


def test_a_night_is_told_as_it_was_fought(small):
    """Fates and counts are those of the run; every shot ends after it began; leakers end on their routes' ends."""
    told = night(small, 3, 7)
    fresh = koepel.simulate(small, 4, seed=7)
    leaked = [threat for threat in told["threats"] if threat["fate"] == "leaked"]
    assert len(leaked) == fresh.nights("leaked")[3] and told["counts"]["leaked"][-1] == len(leaked)
    assert all(threat["end_s"] == threat["impact_s"] for threat in leaked)
    assert told["counts"]["airborne"][-1] == 0 and max(told["counts"]["airborne"]) > 5
    assert told["shots"] and all(shot["from_s"] <= shot["to_s"] for shot in told["shots"])
    kills = sum(shot["what"] == "killed" for shot in told["shots"])
    assert kills == sum(threat["fate"] == "killed" for threat in told["threats"])
    outlived = [t for t in told["threats"] if t["fate"] == "killed"]
    assert all(5.0 <= t["track_ends_s"] - t["end_s"] <= 60.0 for t in outlived)


def test_purchases_say_when_by_whom_and_from_whom():
    """Orders in the order of their days, with whole costs; nothing where there is no supply side."""
    ukraine = Scenario.read("ukraine-2025-06")
    told = purchases(ukraine)
    assert [one["day"] for one in told["orders"]] == sorted(one["day"] for one in told["orders"])
    order = next(one for one in ukraine.supply.orders if one.price.high > 0 and one.rounds.high > 0)
    row = next(one for one in told["orders"] if one["name"] == order.name)
    rate = ukraine.supply.currencies.get(order.currency)
    assert row["cost_usd"][1] == pytest.approx(order.price.high * order.rounds.high * (rate.high if rate else 1.0))
    assert purchases(Scenario.read("night-540"))["orders"] == []


def test_a_campaign_is_long_work_with_progress_and_a_result(client, desk):
    """Its numbers are those of `koepel.campaign`; its last word is told to whoever follows it."""
    job = client.post("/api/campaign", json={"days": 5, "runs": 4}).json()
    assert finished(desk, job).state == "done"
    told = client.get("/api/job", params={"number": job["number"]}).json()["result"]
    fresh = koepel.campaign(Scenario.read("small-country"), 5, 4, seed=7)
    assert told["leaked"] == pytest.approx(fresh.daily[:, :, 1].mean(axis=0), abs=1e-3)
    lines = client.get("/api/events", params={"number": job["number"]}).text.strip().split("\n\n")
    assert json.loads(lines[-1].removeprefix("data: "))["state"] == "done"


def test_a_comparison_is_paired(client, desk, small):
    """What is on the bench less another scenario: as `koepel.compare` has it."""
    client.post("/api/change", json={"edits": [{"op": "rule", "rule": "first-able"}], "settled": True})
    job = client.post("/api/compare", json={"with": "start", "runs": 40}).json()
    told = finished(desk, job)
    fresh = koepel.compare(small, small.replace({"defence.rule": "first-able"}), 40, seed=7)
    assert told.result["answer"]["measures"]["leaked"]["difference"] == fresh.differences["leaked"].as_dict()


def test_a_computed_placement_goes_to_the_bench_as_one_step(client, desk):
    """Without places in what is told; the units that move are those of the plan; one undo takes all of it back."""
    start = client.get("/api/scene").json()["answer"]
    job = client.post("/api/place", json={"moves": 2, "seconds": 20}).json()
    told = finished(desk, job).result
    assert 1 <= len(told["moves"]) <= 2 and told["today"] < told["value"] <= told["bound"] and "positions" not in told
    before = {unit["name"]: unit["at"] for unit in client.get("/api/scene").json()["defence"]["units"]}
    after = client.post("/api/adopt", json={"key": told["key"]}).json()
    moved = {unit["name"] for unit in after["defence"]["units"] if unit["at"] != before[unit["name"]]}
    assert moved == set(told["moves"]) and after["undo"] == 1
    assert client.post("/api/undo", json={}).json()["answer"] == start
    assert client.post("/api/adopt", json={"key": 1}).status_code == 422


def test_a_placement_of_a_real_country_is_told_by_its_gain_alone(tmp_path):
    """Neither which units move nor where to, and it does not go to the bench."""
    from koepel.app.proposal import proposal

    small = Scenario.read("small-country")
    real = small.replace({"name": "somewhere"})  # by its name no longer the invented country that ships
    plan = koepel.place(real, grid_deg=0.5, most_moves=1, seconds=5.0)
    assert plan.moves and proposal(plan, real)["moves"] == [] and proposal(plan, real)["n_moves"] == 1
    assert not {"positions", "binds", "by_pattern"} & set(proposal(plan, real))
    desk = Desk(Bench(4, 7), Workspace(tmp_path))
    desk.bench.open(real, "somewhere")
    desk.plans[5] = plan
    with pytest.raises(UsageError, match="real country"):
        desk.post_adopt({"key": 5})
    assert desk.bench.state()["undo"] == 0


def test_long_work_stops_when_asked_and_lives_on_without_the_page():
    """At the next word of progress; a job that waits never begins."""
    jobs, ran, stopped = Jobs(), [], []

    def slow(progress):
        try:
            for done in range(1000):
                progress(done, 1000)
                time.sleep(0.01)
        finally:
            stopped.append(done)

    first = jobs.begin("test", "first", slow)
    second = jobs.begin("test", "second", lambda progress: ran.append(1))
    jobs.cancel(second.number)
    jobs.cancel(first.number)
    third = jobs.begin("test", "third", lambda progress: ran.append(3))
    until = time.monotonic() + 10
    while not third.over and time.monotonic() < until:
        time.sleep(0.01)
    assert (first.state, second.state, third.state, ran) == ("cancelled", "cancelled", "done", [3])
    assert stopped and stopped[0] < 999
    assert [job.title for job in jobs.every()] == ["first", "second", "third"]
    jobs.close()


def test_a_mistake_in_long_work_is_told(client, desk):
    """Never a traceback, always a word."""
    jobs = Jobs()
    job = jobs.begin("test", "broken", lambda progress: 1 / 0)
    until = time.monotonic() + 10
    while not job.over and time.monotonic() < until:
        time.sleep(0.01)
    assert job.state == "failed" and "ZeroDivisionError" in job.error["faults"][0]["found"]
    jobs.close()


# ------------------------------------------------------------------ what it refuses


FOREIGN = ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "", f"[::1]:{PORT}"]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(client, host):
    """A name of a stranger's that leads to loopback gets nothing, not even the page."""
    for path in ("/", "/api/scene"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421 and "settlements" not in answer.text


def test_its_own_names_are_not_refused(client):
    """By number and as localhost."""
    assert client.get("/", headers={"Host": f"localhost:{PORT}"}).status_code == 200
    assert client.get("/").status_code == 200


POSTS = sorted(name.removeprefix("post_") for name in dir(Desk) if name.startswith("post_"))
GETS = sorted(name.removeprefix("get_") for name in dir(Desk) if name.startswith("get_"))


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1]])
def test_nothing_changes_and_nothing_is_told_without_the_token(client, desk, token):
    """Every call below /api, changing or not; the page itself holds no secret."""
    for path in POSTS:
        assert client.post(f"/api/{path}", json={}, headers={"X-Koepel-Token": token}).status_code == 403, path
    for path in [*GETS, "events"]:
        assert client.get(f"/api/{path}", headers={"X-Koepel-Token": token}).status_code == 403, path
    assert client.post("/", headers={"X-Koepel-Token": token}).status_code == 403
    assert "change" in POSTS and "save" in POSTS and len(POSTS) >= 8


def test_a_page_of_another_origin_is_refused(client):
    """Though it may have guessed the token."""
    assert client.post("/api/undo", json={}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/undo", json={}, headers={"Origin": ORIGIN}).status_code == 200
    assert "access-control-allow-origin" not in client.get("/api/scene", headers={"Origin": ORIGIN}).headers


def test_a_body_that_is_too_long_is_refused(client):
    """By what its header says, and by what comes if the header says nothing."""
    assert client.post("/api/change", content=b"x" * (MOST_BYTES + 1)).status_code == 413

    def pieces():
        for _ in range(MOST_BYTES // 50_000 + 2):
            yield b"x" * 50_000

    assert client.post("/api/change", content=pieces()).status_code == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b'{"edits": 3}', b"[" * 100_000])
def test_a_body_that_makes_no_sense_is_told_so(client, body):
    """With what was found and the mend, and no traceback."""
    answer = client.post("/api/change", content=body)
    assert answer.status_code == 422 and answer.json()["error"]["faults"][0]["mend"]


def test_a_fault_says_at_which_field(client):
    """Each at its own, all at once; nothing is changed."""
    edit = {"op": "rounds", "name": "patriot-1", "magazines": {"pac3-mse": {"ready": -1, "reserve": 2.5}}}
    faults = client.post("/api/change", json={"edits": [edit], "settled": True}).json()["error"]["faults"]
    assert [fault["field"] for fault in faults] == ["magazines.pac3-mse.ready", "magazines.pac3-mse.reserve"]
    assert [fault["mend"] for fault in faults] == ["give 0 or more", "give a whole number"]
    assert client.get("/api/scene").json()["undo"] == 0


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "move", "kind": "fire_unit", "name": "nobody", "at": [51, -30]},
        {"op": "move", "kind": "settlement", "name": "Norbury", "at": [51, -30]},
        {"op": "move", "kind": "fire_unit", "name": "patriot-1", "at": "here"},
        {"op": "move", "kind": "fire_unit", "name": "patriot-1", "at": [91, -30]},
        {"op": "add", "kind": "fire_unit", "type": "death-star", "at": [51, -30]},
        {"op": "doctrine", "effector": "pac3-mse", "threat": "ballistic", "salvo": 0, "looks": 1},
        {"op": "doctrine", "effector": ["x"], "threat": {}, "salvo": 1},
        {"op": "policy", "effector": "pac3-mse", "threat": "drone", "share": 2},
        {"op": "rule", "rule": "random"},
        {"op": "__class__"},
        {},
        None,
    ],
)
def test_a_change_that_makes_no_sense_is_refused(small, edit):
    """With the field and the mend."""
    with pytest.raises(ScenarioError) as caught:
        edited(small, edit)
    assert all(fault.mend for fault in caught.value.faults)


OUTSIDE = [
    "../outside.yaml", "/etc/passwd", "/tmp/x.yaml", "a/b.yaml", "..", ".hidden.yaml", "x.txt", "x.yaml\0", "link.yaml",
    "x" * 300 + ".yaml", "", None, 7, "C:\\x.yaml", "sub.yaml",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_no_path_outside_the_workspace_is_read_or_written(client, desk, tmp_path, small, name):
    """By no name, no way up, and no link that leads out; folders are no files."""
    folder = desk.workspace.folder
    outside = tmp_path / "outside.yaml"
    small.write(outside)
    before = outside.read_text()
    link = folder / "link.yaml"
    if not link.is_symlink():
        link.symlink_to(outside)
    (folder / "sub.yaml").mkdir(exist_ok=True)
    answer = client.post("/api/save", json={"name": name, "overwrite": True})
    assert answer.status_code == 422 and answer.json()["error"]["faults"][0]["field"] == "name"
    assert client.post("/api/open", json={"name": name}).status_code == 422
    assert client.post("/api/compare", json={"with": name, "runs": 4}).status_code == 422
    assert outside.read_text() == before
    assert "link.yaml" not in client.get("/api/files").json()["files"]
    link.unlink()


def test_what_is_saved_reads_back(client, desk):
    """A changed scenario is a file like any other; a file that exists is not replaced unasked."""
    moved(client, "gepard-1", [51.2, -30.5])
    assert client.post("/api/save", json={"name": "mine.yaml"}).json() == {"saved": "mine.yaml"}
    read = Scenario.read(desk.workspace.folder / "mine.yaml")
    assert next(u for u in read.defence.fire_units if u.name == "gepard-1").at == (51.2, -30.5)
    again = client.post("/api/save", json={"name": "mine.yaml"})
    assert again.status_code == 422 and "exists" in again.json()["error"]["faults"][0]["found"]
    assert client.post("/api/save", json={"name": "mine.yaml", "overwrite": True}).status_code == 200
    assert "mine.yaml" in client.get("/api/files").json()["files"]


def test_a_scenario_of_a_stranger_cannot_run_code(client, desk, tmp_path):
    """Tags of YAML that make objects are faults, and nothing happens."""
    mark = tmp_path / "mark"
    text = f"format: koepel-scenario/1\nname: !!python/object/apply:os.system ['touch {mark}']\n"
    (desk.workspace.folder / "strange.yaml").write_text(text)
    answer = client.post("/api/open", json={"name": "strange.yaml"})
    assert answer.status_code == 422 and not mark.exists()
    (desk.workspace.folder / "strange.yaml").unlink()


def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_that_is_written_into_it(client):
    """The policy that the browser is given: own scripts and styles alone, and no framing."""
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == "'self'" and rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self'" and rules["frame-ancestors"] == "'none'" and "unsafe" not in policy
    headers = client.get("/api/scene").headers
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"


def test_the_page_never_makes_markup_of_text():
    """No source of the page uses what turns text into elements."""
    from pathlib import Path

    sources = list((Path(__file__).parents[1] / "frontend" / "src").glob("*.ts"))
    assert len(sources) > 8
    for file in sources:
        text = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"):
            assert word not in text, f"{file.name}: {word}"


def test_a_page_that_was_not_built_is_told_with_the_mend(tmp_path):
    """What is missing, and what to do."""
    with pytest.raises(UsageError, match=r"index\.html, main\.js.*frontend/build\.py"):
        bundle(tmp_path)


def test_the_command_tells_its_address_answers_there_and_ends_when_interrupted(tmp_path):
    """As one JSON document; an interruption is the way to end it, and no fault."""
    import os
    import signal
    import subprocess
    import sys
    import urllib.error
    import urllib.request
    from pathlib import Path

    if not (Path(koepel.__file__).parent / "app" / "static" / "main.js").is_file():
        pytest.skip("the page was not built; run 'python frontend/build.py' where npm's registry can be reached")
    paths = os.pathsep.join([str(Path(koepel.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "koepel", "map", "small-country", "--no-browser", "--json", "--runs", "4"]
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    address, _, token = json.loads(server.stdout.readline())["address"].partition("#token=")
    assert address.startswith("http://127.0.0.1:") and len(token) >= 32
    request = urllib.request.Request(f"{address}api/files", headers={"X-Koepel-Token": token})
    for _ in range(600):  # it may take a moment before the first answer
        try:
            told = json.loads(urllib.request.urlopen(request).read())
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    assert "small-country" in told["builtin"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{address}api/files")
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 0 and server.stdout.read() == ""


def test_the_server_listens_on_loopback_alone():
    """And a port that is taken is told."""
    from koepel.app.serving import _door

    door = _door(0)
    assert door.getsockname()[0] == "127.0.0.1"
    door.listen()
    with pytest.raises(UsageError, match="cannot be had"):
        _door(door.getsockname()[1])
    door.close()
