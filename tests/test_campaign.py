"""Campaigns: nights against stocks, the same bits again, kept and resumed, compared, and as a stranger types them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from builders import against_all, one_site
from test_cli import RECORDS, document, koepel

import koepel as kp
from koepel.campaign import CHUNK, Season, plan_of
from koepel.campaign.luck import NEVER

BEGINS = "2025-06-01"
FOUR = 4.0  # standard errors
STOCKS = [{"effector": "pac3-mse", "rounds": [60, 90]}, {"effector": "amraam", "rounds": 60}]
ORDER = {"name": "more", "day": "2025-06-04", "effector": "amraam", "rounds": 30, "price": 1e6, "funder": "own",
         "status": "delivered", "lead_days": 3}  # fmt: skip
SUPPLY = {"begins": BEGINS, "stocks": STOCKS, "orders": [ORDER], "funders": [{"name": "own", "budget": 5e7}]}


def small(**supply) -> kp.Scenario:
    """small-country with a supply side."""
    return kp.Scenario.read("small-country").replace({"supply": SUPPLY | supply})


def bits(found) -> str:
    """A digest of every array of a campaign."""
    arrays = [getattr(found, one.name) for one in fields(found)]
    return hashlib.sha256(b"".join(x.tobytes() for x in arrays if isinstance(x, np.ndarray))).hexdigest()


# Nights


def steady(rounds: int, ready: int = 1000, **more) -> kp.Scenario:
    """Ten threats a night, each shot at once and killed."""
    return one_site(
        10, ready=ready, effector=against_all(1) | {"range_max_m": 5000}, unit={"channels": 100},
        supply={"begins": BEGINS, "stocks": [{"effector": "e", "rounds": rounds}],
                "transport": {"delay_days": 0}, **more},
    )  # fmt: skip


def test_real_nights_of_constant_demand_empty_the_stock_on_the_day():
    found = kp.campaign(steady(95), days=14, runs=3)
    assert (found.first_dry("e") == 10).all()
    nearly = kp.campaign(steady(95, dry_share=0.05), days=14, runs=3)
    assert (nearly.first_dry("e") == 5).all(), "with 45 left of 1,000 that would be ready"
    assert (found.days_of_supply("e") == 10).all()
    assert (found.fired[:, :, 0] == [10] * 9 + [5] + [0] * 4).all()
    assert (found.daily[:, :, 1] == [0] * 9 + [5] + [10] * 4).all()
    told = found.as_dict()
    assert told["first_dry"]["e"]["chance"] == 1
    assert told["first_dry"]["e"]["day"]["median"] == 10
    assert told["months"][0]["leaked"]["mean"] == 45
    assert told["balance"] == {"rounds": 0, "usd": 0}


def test_an_effector_fades_as_the_other_side_adapts():
    """Every threat gets one shot that kills for certain on the first night, and then less and less."""
    days = 200
    found = kp.campaign(steady(1_000_000, fading=[{"effector": "e", "per_year": 0.9}]), days=days, runs=24)
    left = 0.1 ** (np.arange(days) / 365.25)
    shots = found.fired[:, :, 0].astype(float)
    killed = 10 - found.daily[:, :, 1]
    spread = np.sqrt((shots * left * (1 - left)).sum())
    assert killed.sum() == pytest.approx((shots * left).sum(), abs=FOUR * spread)
    assert found.daily[:, 0, 1].sum() == 0 and found.daily[:, -20:, 1].mean() > 2
    assert kp.campaign(steady(1_000_000), days=20, runs=2).daily[:, :, 1].sum() == 0


def test_a_layer_is_dry_when_all_of_it_is():
    found = kp.campaign(small(stocks=[STOCKS[0], {"effector": "amraam", "rounds": 5}], orders=[]), days=25, runs=8)
    both = np.maximum(found.first_dry("pac3-mse"), found.first_dry("amraam"))
    assert (found.layer_dry("missile") >= both).all()
    assert (found.first_dry("amraam") < NEVER).all() and found.layers == ("missile", "missile")
    chances = found.as_dict()["layer_dry"]["missile"]["chance_by_month"]
    assert chances["2025-06"] == pytest.approx((found.layer_dry("missile") < NEVER).mean())


def test_days_of_supply_know_nothing_of_what_comes_later():
    """Rounds that come, and spoil, after the first ones are gone do not count; nor does a longer campaign."""
    late = {"name": "late", "day": "2025-06-08", "effector": "e", "rounds": 500, "status": "delivered"}
    scenario = steady(0).replace({
        "supply": {"begins": BEGINS, "transport": {"delay_days": 0}, "orders": [late],
                   "stocks": [{"effector": "e", "rounds": 51, "usable": 0.8, "lost_per_year": 0.9}]},
    })  # fmt: skip
    for days in (12, 60):
        assert (kp.campaign(scenario, days=days, runs=2).days_of_supply("e") == 4).all()


def test_a_magazine_that_is_filled_every_day_fights_as_if_it_were_not_followed():
    """With rounds without end and no delay the answer is that of a campaign without stocks, bit for bit."""
    plain = kp.Scenario.read("small-country").replace({"supply": {"begins": BEGINS}})
    endless = [{"effector": name, "rounds": 10**6} for name in ("pac3-mse", "amraam", "gem-t", "interceptor-drone")]
    followed = plain.replace({"supply": {"begins": BEGINS, "stocks": endless, "transport": {"delay_days": 0}}})
    a, b = (kp.campaign(one, days=6, runs=8, seed=3) for one in (plain, followed))
    assert (a.months == b.months).all() and (a.daily == b.daily).all()
    assert not b.dry.any()


def test_nights_of_a_campaign_are_like_nights_on_their_own():
    """Without stocks or rhythm, leakers a night agree in the mean within four standard errors."""
    scenario = kp.Scenario.read("small-country").replace({"supply": {"begins": BEGINS}})
    found, alone = kp.campaign(scenario, days=20, runs=100), kp.simulate(scenario, 2000)
    ours, theirs = found.daily[:, :, 1].mean(axis=1), alone.nights("leaked").reshape(-1, 2).mean(axis=1)
    pairs = ours.reshape(-1, 2).mean(axis=1)
    error = np.hypot(pairs.std(ddof=1) / np.sqrt(len(pairs)), theirs.std(ddof=1) / np.sqrt(len(theirs)))
    assert abs(ours.mean() - theirs.mean()) < FOUR * error
    assert found.daily[:, :, 0].std() > 0


def test_no_two_nights_are_the_same_and_pairs_share_their_study():
    found = kp.campaign(small(), days=5, runs=4, seed=2)
    threats = found.daily[:, :, 0].ravel()
    assert len(np.unique(threats)) > 10
    initial = found.rounds[:, 0, 0]
    assert initial[0] == initial[1] and initial[2] == initial[3] and initial[0] != initial[2]


def test_rations_keep_rounds_for_what_matters():
    never = steady(95, rations=[{"effector": "e", "below": 96, "policy": {"drone": 1}}])
    found = kp.campaign(never, days=3, runs=2)
    assert (found.fired == 0).all()
    later = steady(95, rations=[{"effector": "e", "below": 80, "policy": {"drone": 1}}])
    assert (kp.campaign(later, days=5, runs=2).fired[:, :, 0] == [10, 10, 0, 0, 0]).all()


def test_a_unit_that_is_not_fielded_neither_fights_nor_sees():
    base = one_site(5, effector=against_all(1) | {"range_max_m": 5000}, unit={"channels": 100})
    order = {"name": "b", "day": "2025-06-04", "fire_units": ["u"], "status": "delivered"}
    supply = {"begins": BEGINS, "orders": [order], "fielding": [{"fire_units": ["u"], "needs": ["b"]}]}
    scenario = base.replace({"supply": supply})
    found = kp.campaign(scenario, days=6, runs=2)
    assert (found.daily[:, :, 1] == [5, 5, 5, 0, 0, 0]).all()
    assert kp.simulate(scenario, 2).nights("leaked").tolist() == [5, 5], "nor in a night on its own"
    assert kp.simulate(base, 2).nights("leaked").tolist() == [0, 0]


def test_raids_keep_a_rhythm():
    """Persistence of the intensity, growth in a year, and a factor for a month."""
    scenario = kp.Scenario.read("small-country")
    one = scenario.pattern.groups[0].model_copy(
        update={"count": scenario.pattern.groups[0].count.model_copy(
            update={"fixed": None, "chance": 1.0, "median": 1000.0, "spread": 0.5, "loading": 1.0, "most": 100_000})}
    )  # fmt: skip
    quiet = scenario.replace({
        "defence.fire_units": [], "defence.sensors": [], "supply": {"begins": BEGINS},
        "pattern.groups": [one.model_dump(mode="json")],
        "pattern.rhythm": {"persistence": 0.8, "growth_per_year": 4, "by_month": {"7": 3}},
    })  # fmt: skip
    plan = plan_of(quiet, 365, 1)
    season, logs = Season(plan, 0, 200), []
    for day in range(365):
        logs.append(np.log(season.numbers(day)[:, 0]))
    logs = (np.array(logs).T - np.log(1000)) / 0.5
    days = np.arange(365)
    july = (days >= 30) & (days < 61)
    trend = np.log(4) * days / 365.25 + np.log(3) * july
    error = np.sqrt((1 + 0.8) / (1 - 0.8) / 200)  # of a day's mean it is 1 / sqrt(200); of all days far less
    assert np.abs((0.5 * logs.mean(axis=0) - trend).mean()) < 0.5 * FOUR * error / np.sqrt(365)
    centred = logs - trend / 0.5
    lag = (centred[:, 1:] * centred[:, :-1]).mean() / (centred**2).mean()
    assert lag == pytest.approx(0.8, abs=FOUR * 0.6 / np.sqrt(200 * 365))


# The same bits


def test_the_same_bits_on_any_number_of_workers_and_runs():
    runs = 2 * CHUNK + 3
    one, two, eight = (kp.campaign(small(), days=4, runs=runs, seed=5, workers=w) for w in (1, 2, 8))
    assert bits(one) == bits(two) == bits(eight)
    fewer = kp.campaign(small(), days=4, runs=5, seed=5)
    assert (fewer.months == one.months[:5]).all() and (fewer.stock == one.stock[:5]).all()
    other = kp.campaign(small(), days=4, runs=runs, seed=6)
    assert bits(other) != bits(one)


def test_an_order_that_is_left_out_leaves_all_other_luck_as_it_was():
    scenario = small()
    with_, without = kp.campaign(scenario, 8, 8), kp.campaign(kp.without_order(scenario, "more"), 8, 8)
    assert (with_.daily[:, :, 0] == without.daily[:, :, 0]).all()
    assert (with_.stock[:, :3] == without.stock[:, :3]).all()
    told = kp.compare_campaigns(without, with_)
    assert told.differences["threats"].mean == 0
    assert told.differences["fired: amraam"].mean > 0
    assert told.differences["leaked"].mean < 0
    assert (without.arrived == 0).all() and (with_.arrived == 30).all()
    assert "spent, USD: own" in told.summary()


# Kept and resumed


SLOW = """
import sys, time
import koepel as kp
from koepel.campaign import season
before = season.Season.night
def night(self, day):
    time.sleep(0.01)
    return before(self, day)
season.Season.night = night
scenario = kp.Scenario.read(sys.argv[1])
kp.campaign(scenario, days=6, runs=192, seed=7, keep=sys.argv[2], workers=2)
"""


def test_killed_at_any_moment_it_goes_on_and_gives_the_same_answer(tmp_path):
    """Killed three times at odd moments; then resumed, with less to do, to the same bits."""
    scenario, folder = small(), tmp_path / "kept"
    scenario.write(tmp_path / "s.yaml")
    whole = kp.campaign(scenario, days=6, runs=192, seed=7)
    for parts in (1, 2, 4):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path / "s.yaml"), str(folder)])
        until = time.monotonic() + 60
        while len(list(folder.glob("runs-*.npz"))) < parts and time.monotonic() < until and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = sorted(folder.glob("runs-*.npz"))
    assert 4 <= len(kept) < 6
    with pytest.raises(kp.UsageError, match="parts are missing"):
        kp.read_campaign(folder)
    times = [path.stat().st_mtime_ns for path in kept]
    kept[0].write_bytes(kept[0].read_bytes()[:100])  # a disk that lied: this part is fought again
    resumed = kp.campaign(scenario, days=6, runs=192, seed=7, keep=folder)
    assert bits(resumed) == bits(whole) == bits(kp.read_campaign(folder))
    assert [path.stat().st_mtime_ns for path in kept[1:]] == times[1:], "what was there was not fought anew"
    assert kp.read_campaign(folder).as_dict()["months"] == whole.as_dict()["months"]
    assert kp.Scenario.read(folder / "scenario.yaml") == scenario


def test_a_folder_of_another_campaign_is_refused(tmp_path):
    kp.campaign(small(), 2, 2, keep=tmp_path / "kept")
    for change, word in (({"seed": 2}, "seed"), ({"days": 3}, "days"), ({"runs": 3}, "runs")):
        with pytest.raises(kp.UsageError, match=word):
            kp.campaign(small(), **{"days": 2, "runs": 2, "keep": tmp_path / "kept", **change})
    with pytest.raises(kp.UsageError, match="digest"):
        kp.campaign(small(dry_share=0.1), 2, 2, keep=tmp_path / "kept")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("mine")
    with pytest.raises(kp.UsageError, match="holds no kept campaign"):
        kp.campaign(small(), 2, 2, keep=tmp_path / "own")
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["letter.txt"]
    with pytest.raises(kp.UsageError, match="there is no campaign"):
        kp.read_campaign(tmp_path)


# Replay


def test_recorded_raids_are_replayed_on_their_dates(tmp_path):
    (tmp_path / "r.csv").write_text(RECORDS)
    records = kp.read_records(tmp_path / "r.csv")
    scenario = kp.Scenario.read("small-country").replace({"supply": {"begins": "2024-04-30"}})
    found = kp.campaign(scenario, days=6, runs=3, replay=records)
    assert (found.daily[:, :, 0] == [0, 0, 50, 0, 2, 0]).all()  # counted on the night that they ended
    with pytest.raises(kp.UsageError, match="no recorded night"):
        kp.campaign(scenario, days=1, runs=3, replay=records)


@pytest.mark.skipif(not (Path(os.environ.get("KOEPEL_DATA", "../shared")) / "data/attacks").is_dir(),
                    reason="the published records are not here; set KOEPEL_DATA")  # fmt: skip
def test_a_recorded_june_is_flown_whole():
    """Every counted threat of June 2025 that the scenario can fly, on its own date."""
    file = Path(os.environ.get("KOEPEL_DATA", "../shared")) / "data/attacks/missile_attacks_daily.csv"
    records = kp.read_records(file)
    scenario = kp.Scenario.read("ukraine-2025-06")
    found = kp.campaign(scenario, days=30, runs=2, replay=records)
    drones = records.daily("drone").loc["2025-06-01":"2025-06-30"].launched
    ours = found.daily[0, :, 0]
    assert (ours[drones.index.day - 1] >= drones).all()
    june = slice("2025-06-01", "2025-06-30")
    launched = sum(records.daily(name).loc[june].launched.sum() for name in ("drone", "cruise", "ballistic"))
    assert launched <= ours.sum() <= 1.02 * launched  # anti-ship and other missiles come on top


# As a stranger types it


@pytest.fixture
def file(tmp_path) -> Path:
    small().write(tmp_path / "war.yaml")
    return tmp_path / "war.yaml"


def test_the_command_and_the_call_give_the_same_answer(file, tmp_path):
    told = document("campaign", file, "--days", 5, "--runs", 6, "--seed", 4, "--keep", tmp_path / "kept")
    same = json.loads(json.dumps(kp.campaign(small(), 5, 6, seed=4).as_dict()))
    for clock in ("cpu_seconds", "wall_seconds"):
        del told[clock], same[clock]
    assert told == same
    assert {"leaked", "exposed", "spent_usd", "damage_usd"} <= set(told["months"][0])
    assert set(told["stock"]) == {"pac3-mse", "amraam"} == set(told["first_dry"])
    assert set(told["spent_usd"]) == {"own"}
    assert set(told["layer_dry"]) == {"missile"}
    assert told["balance"] == {"rounds": 0, "usd": 0}


def test_the_text_says_what_ran_dry(file):
    text = koepel("campaign", file, "--days", 5, "--runs", 4).stdout
    assert "amraam" in text and "% of runs" in text and "largest imbalance in any run: 0 rounds, 0 USD" in text


def test_with_an_order_and_without_it(file):
    told = document("campaign", file, "--days", 14, "--runs", 4, "--without", "more")
    assert told["without"]["order"] == "more"
    assert told["without"]["differences"]["threats"]["mean"] == 0
    assert told["without"]["differences"]["fired: amraam"]["mean"] > 0
    refused = koepel("campaign", file, "--without", "mor", status=2)
    assert "did you mean 'more'?" in refused.stderr


def test_campaigns_are_compared(file, tmp_path):
    told = document("compare", file, file, "--days", 4, "--runs", 4, "--set-b", "supply.stocks[1].rounds=5")
    assert told["differences"]["fired: amraam"]["mean"] < 0
    for name, runs in (("a", 4), ("b", 4), ("c", 5)):
        koepel("campaign", file, "--days", 3, "--runs", runs, "--keep", tmp_path / name)
    kept = document("compare", tmp_path / "a", tmp_path / "b")
    assert kept["differences"]["leaked"]["mean"] == 0
    assert "runs: found 4 and 5" in koepel("compare", tmp_path / "a", tmp_path / "c", status=2).stderr


def test_what_makes_no_sense_is_told_at_once():
    refused = koepel("campaign", "night-540", "--days", 0, "--runs", 0, status=2).stderr
    assert "days: found 0" in refused and "runs: found 0" in refused and "supply.begins=YYYY-MM-DD" in refused
    assert "--set supply.begins" in refused


def test_never_is_told_as_nothing():
    found = kp.campaign(small(), 2, 2)
    assert (found.first_dry("pac3-mse") == NEVER).all()
    told = found.as_dict()
    assert told["first_dry"]["pac3-mse"]["day"] is None
    assert told["days_of_supply"]["pac3-mse"]["median"] is None


def test_the_radar_of_a_unit_that_is_not_there_sees_nothing():
    """A gun without a radar shoots at what the other unit's radar shows; before that one is fielded, at nothing."""
    base = one_site(5, effector=against_all(1) | {"range_max_m": 5000}, unit={"channels": 100}, sensor={"shared": 1})
    blind = base.types.fire_units["u"] | {"sensor": "none"}
    place = list(base.defence.fire_units[0].at)
    units = [
        {"name": "radar", "type": "u", "at": place, "magazines": {"e": {"ready": 0, "reserve": 0}}},
        {"name": "gun", "type": "blind", "at": place, "magazines": {"e": {"ready": 50}}},
    ]
    order = {"name": "b", "day": "2025-06-03", "fire_units": ["radar"], "status": "delivered"}
    scenario = base.replace({
        "types.fire_units.blind": blind, "defence.fire_units": units, "supply": {"begins": BEGINS, "orders": [order]},
    })  # fmt: skip
    assert (kp.campaign(scenario, days=4, runs=2).daily[:, :, 1] == [5, 5, 0, 0]).all()
