"""Where to put fire units: strengths against geometry by hand, rules obeyed, and the simulator's word."""

import json
import subprocess
import sys

import numpy as np
import pytest
from builders import EFFECTOR, FIRE_UNIT, SENSOR, SURE, THREAT, away

import koepel as kp
from koepel.arrays import scenario_arrays
from koepel.arrays.book import vectors
from koepel.geo import sphere_radius_m
from koepel.plan.placement import place
from koepel.plan.placement.cells import draw_cells
from koepel.plan.placement.problem import build_problem
from koepel.plan.placement.sites import candidate_sites
from koepel.plan.placement.strength import Strengths, arcs_inside
from koepel.plan.placement.trial import improve

TOWN = (50.0, 30.0)
FAR_AWAY = (50.0, 36.0)


def straight_raid(**changes) -> kp.Scenario:
    """One drone that flies 200 km due north to a town, over a country of four other places; one unit far from it."""
    south = away(TOWN, 180, 200e3)
    corners = [(48.0, 28.0), (48.0, 34.0), (51.0, 28.0), (51.0, 34.0)]
    settlements = [{"name": "town", "at": TOWN, "people": 1e6, "region": "middle"}]
    settlements += [{"name": f"corner {k}", "at": at, "people": 1e3, "region": "edge"} for k, at in enumerate(corners)]
    data = {
        "name": "straight",
        "notional": "All is invented.",
        "types": {
            "threats": {"drone": THREAT}, "effectors": {"shot": EFFECTOR | {"pk_drone": 0.5}},
            "fire_units": {"battery": FIRE_UNIT | {"rounds:shot": 10, "reserve:shot": 0}},
            "sensors": {"all": SENSOR | {"shared": 1, "share_delay_s": 0}},
        },
        "settlements": settlements,
        "defence": {
            "sensors": [{"name": "eye", "type": "all", "at": TOWN}],
            "fire_units": [{"name": "one", "type": "battery", "at": (48.0, 34.0)}],
        },
        "raid": {"threats": [{"name": "d", "type": "drone", "route": [south, list(TOWN)]}]},
        **SURE,
    }  # fmt: skip
    return kp.Scenario.model_validate(data | changes)


def strengths_of(scenario: kp.Scenario):
    """Strengths and cells of a scenario."""
    cells = draw_cells(scenario, seed=1)
    return Strengths(scenario_arrays(scenario), cells), cells


@pytest.fixture(scope="module")
def small():
    """small-country."""
    return kp.Scenario.read("small-country")


@pytest.fixture(scope="module")
def planned(small):
    """A plan for it, fought."""
    return place(small, grid_deg=0.125, gap=0.02, seconds=15, runs=1000)


def test_a_route_within_range_has_the_strength_of_its_shots():
    """A pk of a half, one look, one round: a route within range passes with a chance of a half."""
    strengths, cells = strengths_of(straight_raid())
    assert cells.weights.shape == (1, len(cells)) and cells.weights.sum() == pytest.approx(1.0)
    beside = [away(TOWN, 90, d) for d in (0.0, 15e3, 25e3)]  # within 20 km of slant range, within, beyond
    found = strengths.at("one", vectors(beside))[:, 0]
    assert found == pytest.approx([np.log(2), np.log(2), 0.0])


def test_looks_add_shots_while_there_is_time():
    """Two looks are three shots, where the envelope leaves time for them: 1 - 0.5^3."""
    types = straight_raid().types.model_dump()
    types["effectors"]["shot"]["looks"] = 2
    strengths, _ = strengths_of(straight_raid(types=types))
    # 5 m inside of 20 km of slant range the drone is in the envelope for some 900 m: 18 s, and a flight takes 10 s
    aside_m = (np.sqrt(20e3**2 - 500**2) - 5.0) * 6371e3 / sphere_radius_m(49.5)  # `away` has a sphere of its own
    edge = away(away(TOWN, 180, 60e3), 90, aside_m)
    found = strengths.at("one", vectors([TOWN, edge]))[:, 0]
    assert found == pytest.approx([3 * np.log(2), np.log(2)])


def test_what_is_not_up_not_seen_or_not_allowed_has_no_strength():
    """Availability counts; beyond every sensor, under a policy of 1, or above its ceiling a unit does nothing."""
    at = vectors([TOWN])
    types = straight_raid().types.model_dump()
    types["fire_units"]["battery"]["availability"] = 0.4
    half_up, _ = strengths_of(straight_raid(types=types))
    assert half_up.at("one", at)[0, 0] == pytest.approx(-np.log(1 - 0.4 * 0.5))
    defence = straight_raid().defence.model_dump()
    for change in ({"sensors": []}, {"policy": {"shot": {"drone": 1}}}):
        assert strengths_of(straight_raid(defence=defence | change))[0].at("one", at)[0, 0] == 0
    types["effectors"]["shot"]["height_max_m"] = 400.0
    assert strengths_of(straight_raid(types=types))[0].at("one", at)[0, 0] == 0


def test_low_routes_pass_under_the_horizon():
    """With antennas of 15 m, a drone at 100 m is met up to the horizon of some 57 km, whatever the range."""
    types = straight_raid().types.model_dump()
    types["effectors"]["shot"]["range_max_m"] = 150e3
    types["threats"]["drone"] |= {"height_low_m": 100, "height_high_m": 100}
    types["fire_units"]["battery"]["los_height_m"] = 15
    strengths, _ = strengths_of(straight_raid(types=types))
    found = strengths.at("one", vectors([away(TOWN, 90, 55e3), away(TOWN, 90, 59e3)]))[:, 0]
    assert (found > 0).tolist() == [True, False]


def test_ballistic_threats_are_met_in_the_footprint_alone():
    """The ellipse is set off along the approach: 30 km long from 10 km ahead, 20 km to each side."""
    types = straight_raid().types.model_dump()
    types["threats"]["drone"] |= {"kind": "ballistic", "class": "ballistic", "terminal_only": 1, "terminal_s": 60}
    types["effectors"]["shot"] |= {
        "footprint_along_m": 30e3, "footprint_across_m": 20e3, "footprint_offset_m": 10e3, "pk_ballistic": 0.5,
    }  # fmt: skip
    strengths, _ = strengths_of(straight_raid(types=types))
    # it comes from the south: the aim point is held from 40 km north of the site's own place to 20 km south of it
    bearings_and_metres = [(0, 39e3), (0, 41e3), (180, 19e3), (180, 21e3), (90, 15e3), (90, 22e3)]
    sites = vectors([away(TOWN, bearing, d) for bearing, d in bearings_and_metres])
    assert (strengths.at("one", sites)[:, 0] > 0).tolist() == [True, False, True, False, True, False]


def test_arcs_inside_circles_agree_with_small_steps():
    """The closed form is what a walk along each leg counts."""
    rng = np.random.default_rng(3)
    start = vectors(rng.uniform((48, 28), (52, 34), (20, 2)))
    toward = vectors(rng.uniform((48, 28), (52, 34), (20, 2)))
    dot = (start * toward).sum(axis=1, keepdims=True)
    ahead = (toward - dot * start) / np.sqrt(1 - dot**2)
    length = np.arccos(dot[:, 0])
    legs, cosine, sites = np.c_[start, ahead, length], np.cos(rng.uniform(0.005, 0.03, 20)), vectors([(50, 31)])
    s = (np.arange(20_000) + 0.5) / 20_000 * length[:, None]
    on = start[:, None] * np.cos(s)[..., None] + ahead[:, None] * np.sin(s)[..., None]
    walked = (on @ sites[0] >= cosine[:, None]).mean(axis=1) * length
    assert arcs_inside(legs, cosine, sites)[0] == pytest.approx(walked, abs=2e-5)


def test_a_unit_goes_to_where_all_threats_pass():
    """One unit, one route: the plan puts it where it meets the route, and the simulator agrees."""
    scenario = straight_raid()
    plan = place(scenario, runs=200)
    assert plan.today == 0 and plan.value == pytest.approx(0.5) and plan.optimal and plan.moves == ("one",)
    lon = plan.positions["one"][1]
    assert abs(lon - TOWN[1]) <= 0.5
    # 200 nights of one drone: half of them leak without the unit's shot; the standard error is 0.035
    assert plan.gains()["leaked"].mean == pytest.approx(-0.5, abs=0.12)


def test_the_default_grid_gives_a_nation_five_hundred_sites():
    """Of the grid alone, where units stand now not counted; forbidding regions leaves fewer."""
    scenario = kp.Scenario.read("ukraine-2025-06")
    sites = candidate_sites(scenario, scenario.defence.fire_units)
    assert len(sites) - len(set(sites.present.values())) >= 500


def test_sites_are_on_the_grid_within_the_hull_and_where_units_stand(small):
    """Multiples of the step, none outside the settlements, and each present place."""
    sites = candidate_sites(small, small.defence.fire_units, grid_deg=0.25)
    at = sites.at
    for unit in small.defence.fire_units:
        assert tuple(at[sites.present[unit.name]]) == unit.at
    grid = np.delete(at, list(sites.present.values()), axis=0)
    assert (grid / 0.25 == np.round(grid / 0.25)).all()
    settled = np.array([s.at for s in small.settlements])
    assert (grid >= settled.min(axis=0)).all() and (grid <= settled.max(axis=0)).all()


def test_plans_are_repeatable_and_within_their_bound(small, planned):
    """The same call, the same places; value and bound lie as they must; other routes tell nearly the same."""
    again = place(small, grid_deg=0.125, gap=0.02, seconds=15)
    assert again.positions == planned.positions and again.value == planned.value
    assert planned.today < planned.value <= planned.bound <= planned.value * 1.02
    assert planned.fresh == pytest.approx(planned.value, abs=0.03)


def test_the_simulator_sees_the_gain(planned):
    """On fresh seeds fewer people are exposed, with an interval that leaves no doubt; and less than was promised."""
    exposed = planned.gains()["exposed"]
    assert exposed.mean_high < 0
    assert planned.promised()["difference"] < 0
    assert planned.simulated.a.seed != planned.seed


def test_apply_moves_the_units_and_nothing_else(small, planned):
    """All else of the scenario is as it was, and a scenario without the units is refused."""
    after = planned.apply(small)
    assert planned.apply(after) == after
    for before, unit in zip(small.defence.fire_units, after.defence.fire_units, strict=True):
        assert unit.at == planned.positions[unit.name]
        assert unit.model_copy(update={"at": before.at}) == before
    back = {f"defence.fire_units[{unit.name}].at": list(unit.at) for unit in small.defence.fire_units}
    assert kp.digest(after.replace(back)) == kp.digest(small)
    with pytest.raises(kp.UsageError, match="no fire unit"):
        planned.apply(straight_raid())


def test_kept_units_stay_and_moves_are_limited(small):
    """What is kept, and what is not named, stays; no more move than may."""
    names = {unit.name for unit in small.defence.fire_units}
    plan = place(small, grid_deg=0.25, units=["nasams-1", "gepard-1", "gepard-2"], keep=["gepard-1"], gap=0.02)
    assert set(plan.positions) == {"nasams-1", "gepard-2"}
    assert plan.value >= plan.today
    limited = place(small, grid_deg=0.25, most_moves=1, gap=0.02)
    assert set(limited.positions) == names and len(limited.moves) <= 1
    assert limited.today <= limited.value
    assert any(word.startswith("moves") for word in limited.binds)
    still = place(small, grid_deg=0.25, most_moves=0)
    assert not still.moves and still.value == pytest.approx(still.today)


def test_forbidden_regions_and_spacing_are_obeyed(small):
    """No unit stands nearest to a settlement of a forbidden region, nor two sites nearer than they may."""
    plan = place(small, grid_deg=0.2, forbidden=["Coast"], spacing_m=30e3, gap=0.05, seconds=4)
    at = np.array(list(plan.positions.values()))
    settled, xyz = vectors([s.at for s in small.settlements]), vectors(at)
    regions = [small.settlements[k].region for k in (xyz @ settled.T).argmax(axis=1)]
    assert "Coast" not in regions
    used = vectors(np.unique(at, axis=0))
    apart_m = np.arccos(np.clip(used @ used.T, -1, 1)) * sphere_radius_m(51.0)
    assert apart_m[~np.eye(len(used), dtype=bool)].min() > 30e3 * 0.999


def test_what_cannot_be_done_is_refused_with_what_to_relax(small):
    """Infeasible is an answer that names the rule."""
    with pytest.raises(kp.PlanError, match=r"let it move, or allow the region"):
        place(small, keep=["nasams-1"], forbidden=["Coast"])
    with pytest.raises(kp.PlanError, match="may move"):
        place(small, most_moves=1, forbidden=["Coast"])
    with pytest.raises(kp.PlanError, match="raise most_moves, give a smaller spacing_m"):
        place(small, spacing_m=100e3, grid_deg=0.25, most_moves=3)
    with pytest.raises(kp.PlanError, match="none is left"):
        place(small, forbidden=["Coast", "Middle", "North"])
    with pytest.raises(kp.PlanError, match="none may move"):
        place(small, units=["nasams-1"], keep=["nasams-1"])
    for wrong in ({"units": ["nobody"]}, {"forbidden": ["Nowhere"]}, {"grid_deg": 0.0}, {"gap": 2.0}, {"seconds": 0}):
        with pytest.raises(kp.UsageError):
            place(small, **wrong)


def test_patterns_are_fixed_variations_of_how_often_groups_come(small):
    """As given, one class alone, each group more often; routes are the same in all, and weights are shares."""
    cells = draw_cells(small, seed=1, worst_case=True, nights=60)
    assert cells.patterns[:3] == ("as given", "drones only", "missiles only")
    assert {"more of drones", "more of cruise", "more of ballistic"} == set(cells.patterns[3:])
    assert cells.weights.sum(axis=1) == pytest.approx(1.0)
    missile = np.isin(cells.type, [1, 2, 3]) & (cells.weights[1] == 0)
    assert cells.weights[2][~missile].sum() == 0 and cells.weights[1][~missile].sum() == pytest.approx(1.0)


def test_thinned_cells_weigh_as_all_of_them(small):
    """Two hundred routes tell the share of missiles of some thousands of them."""
    every = draw_cells(small, seed=2, nights=100, most=10**6, worst_case=True)
    few = draw_cells(small, seed=2, nights=100, most=200, worst_case=True)
    assert len(few) <= 200 < len(every) and few.harm == every.harm
    shares = [one.weights[:, one.speed_rad > 1e-5].sum(axis=1) for one in (every, few)]
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_the_worst_case_has_its_price(small):
    """The plan for the worst pattern covers that pattern at least as well as the plan for the expected raid."""
    plan = place(small, grid_deg=0.25, worst_case=True, gap=0.02, seconds=20)
    assert plan.value == pytest.approx(min(one["plan"] for one in plan.by_pattern.values()))
    assert plan.price >= 0 and plan.value <= plan.bound
    assert "ignoring the worst case would cost" in plan.summary()


def test_moves_against_the_simulator_keep_to_the_rules(small):
    """Trial moves are counted, and only those that prove better change the plan."""
    rules = {"grid_deg": 0.25, "units": ["nasams-1", "gepard-1"], "most_moves": 2, "gap": 0.02}
    plan = place(small, improve_runs=64, improve_tries=6, **rules)
    plain = place(small, **rules)
    assert plan.improvement.tries <= 6
    if plan.improvement.accepted == 0:
        assert plan.positions == plain.positions
    else:
        assert plan.improvement.people < 0
    assert len(plan.moves) <= 2


def test_moves_against_the_simulator_better_a_poor_start(small):
    """From where the units stand now, some single moves prove better, and the nights they learned from say so."""
    problem = build_problem(small, None, (), (), seed=1, worst_case=False, grid_deg=0.25, spacing_m=0.0)
    at, learnt = improve(problem, problem.present, runs=200, tries=20, seed=3, most_moves=2)
    assert 1 <= learnt.accepted <= learnt.tries == 20 and learnt.people < 0
    assert 1 <= (at != problem.present).sum() <= 2


def test_a_magazine_serves_as_many_as_it_has_rounds_for():
    """Twenty drones at once and ten rounds: each is served with a chance of a half."""
    threats = [{"name": f"d{k}", "type": "drone", "route": [away(TOWN, 180, 200e3), list(TOWN)]} for k in range(20)]
    strengths, _ = strengths_of(straight_raid(raid={"threats": threats}))
    assert strengths.at("one", vectors([TOWN]))[0] == pytest.approx(-np.log(1 - 0.5 * 0.5))


def test_strengths_add_up_as_the_problem_says(small):
    """Moving no unit is worth what today is; fixed units count whoever may move."""
    options = {"seed": 1, "worst_case": False, "grid_deg": 0.5, "spacing_m": 0.0}
    every = build_problem(small, None, (), (), **options)
    one = build_problem(small, ["nasams-1"], (), (), **options)
    assert every.covered(every.present)[0] == pytest.approx(one.covered(one.present)[0])


def run(words, capsys):
    """Status and output of a command."""
    from koepel.cli import app

    with pytest.raises(SystemExit) as left:
        app(words)
    return left.value.code, capsys.readouterr()


def test_the_command_tells_and_writes_the_plan(tmp_path, capfd):
    """JSON alone on the standard output; the file holds the scenario with the plan in it."""
    out = tmp_path / "planned.yaml"
    words = ["plan", "place", "small-country", "--grid-deg", "0.25", "--gap", "0.02", "--runs", "40", "--moves", "3"]
    code, printed = run([*words, "--out", str(out), "--json"], capfd)
    told = json.loads(printed.out)
    assert code == 0 and set(told["simulated"]["differences"]) >= {"leaked", "exposed"}
    assert told["value"] <= told["bound"] and told["gap"] <= 0.02 and len(told["moves"]) <= 3
    written = kp.Scenario.read(out)
    assert {unit.name: list(unit.at) for unit in written.defence.fire_units} == told["positions"]


def test_the_solver_does_not_greet():
    """Nothing but the answer stands on the standard output."""
    source = "from koepel.covering.program import new_solver; new_solver(); new_solver().run()"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_commands_leave_with_the_status_of_their_fault(capsys):
    """3 where no plan is feasible, 2 for wrong usage; the text shows places of invented countries only."""
    words = ["plan", "place", "small-country", "--runs", "0"]
    code, printed = run([*words, "--keep", "nasams-1", "--forbidden", "Coast", "--json"], capsys)
    assert code == 3 and json.loads(printed.out)["error"]["kind"] == "PlanError"
    assert run([*words, "--units", "nobody"], capsys)[0] == 2
    assert run(["plan"], capsys)[0] == 2
    assert "patriot-1" in run([*words, "--gap", "0.05"], capsys)[1].out


def test_no_places_of_a_real_country_in_the_text(small, planned):
    """The summary of a country that is not invented has the gain, and no unit."""
    from dataclasses import replace

    text = replace(planned, places_invented=False).summary()
    assert "people exposed" in text and "patriot-1" not in text
