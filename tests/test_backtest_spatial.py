"""The weak check of where it strikes: sirens with known hours, names that all map, and ranks with known answers."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import koepel as kp
from koepel.backtest.spatial import (
    LABELS,
    LEFT_OUT,
    NAMES,
    OBLAST_OF_SIREN,
    REPORT_OF_OBLAST,
    WEAKNESS,
    alarm_hours,
    impact_shares,
    predicted_alarms,
    rank_correlation,
    rank_correlation_within,
    spatial_check,
)
from koepel.countries import settlements_of
from koepel.errors import RecordsError, UsageError

SHARED = Path(__file__).parents[1] / os.environ.get("KOEPEL_DATA", "../shared")
ATTACKS = SHARED / "data" / "attacks" / "missile_attacks_daily.csv"
SIRENS = SHARED / "data" / "sirens" / "alerts_events_oblast_20220315_20260620.parquet"
OFFICIAL = SHARED / "data" / "sirens" / "official_data_en.1366c7b1.csv.gz"
EXPLOSIONS = SHARED / "data" / "validation" / "oblast_alert_explosion_stats_20260531.json"
real = pytest.mark.skipif(not EXPLOSIONS.exists(), reason=f"no reports at {EXPLOSIONS}; set KOEPEL_DATA")

KYIV, LVIV, SUMY = "Kyiv City", "Lvivska oblast", "Sumska oblast"


def write_sirens(path, *alerts):
    """A file of alerts: region, start and end in UTC."""
    pd.DataFrame(alerts, columns=["region", "started_at", "finished_at"]).to_csv(path, index=False)
    return path


def write_explosions(path, **reports):
    """A file of reports: a number by slug, or a number and whether there is artillery."""
    regions = {}
    for at, (slug, told) in enumerate(reports.items()):
        number, artillery = told if isinstance(told, tuple) else (told, False)
        regions[f"UA-{at}"] = {"slug": slug, "explosionReports": number} | (
            {"artilleryThreats": 5} if artillery else {}
        )
    path.write_text(json.dumps({"regions": regions}), encoding="utf-8")
    return path


# --- sirens ------------------------------------------------------------------------------------


def test_alerts_that_overlap_touch_or_lie_within_are_one(tmp_path):
    """18:00 to 21:00 and 22:00 to 22:30 UTC: 3.5 hours, whatever the order; another oblast counts for itself."""
    path = write_sirens(
        tmp_path / "sirens.csv",
        (LVIV, "2025-06-01 22:00", "2025-06-01 22:30"),
        (LVIV, "2025-06-01 20:00", "2025-06-01 21:00"),
        (LVIV, "2025-06-01 18:00", "2025-06-01 20:00"),
        (SUMY, "2025-06-01 18:30", "2025-06-01 19:30"),
        (LVIV, "2025-06-01 18:10", "2025-06-01 18:20"),
        (LVIV, "2025-06-01 18:15", "2025-06-01 19:00"),
    )
    hours = alarm_hours(path)
    assert hours.index.tolist() == [pd.Timestamp("2025-06-02")]
    assert hours.loc["2025-06-02"].to_dict() == pytest.approx({"Lviv": 3.5, "Sumy": 1.0})


def test_a_night_ends_at_noon_in_kyiv(tmp_path):
    """Noon is 09:00 UTC in summer: an alert from 08:00 to 10:00 is an hour of that day's night and one of the next."""
    path = write_sirens(
        tmp_path / "sirens.csv",
        (SUMY, "2025-06-10 08:00", "2025-06-10 10:00"),
        (SUMY, "2025-06-13T09:00:00Z", "2025-06-13 12:30:00+03:00"),  # the same moment is written in many ways
    )
    sumy = alarm_hours(path).Sumy
    assert sumy.index.equals(pd.date_range("2025-06-10", "2025-06-14", name="night"))
    assert sumy.tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0, 0.5])


def test_nights_on_which_the_clocks_change(tmp_path):
    """Under alarm without end: 23 hours to noon of 2025-03-30, 25 to noon of 2025-10-26, 24 in all others."""
    path = write_sirens(tmp_path / "sirens.csv", (SUMY, "2025-03-28 10:00", "2025-10-27 10:00"))
    sumy = alarm_hours(path).Sumy
    assert sumy.iloc[1:-1].round(9).value_counts().to_dict() == {24.0: len(sumy) - 4, 23.0: 1, 25.0: 1}
    assert (sumy["2025-03-30"], sumy["2025-10-26"]) == (pytest.approx(23.0), pytest.approx(25.0))


def test_hours_are_those_of_a_count_by_minutes(tmp_path):
    """Random alerts of whole minutes against a line of minutes, on and off."""
    rng = np.random.default_rng(3)
    start = rng.integers(0, 6 * 1440, 60)
    length = np.where(rng.random(60) < 0.1, rng.integers(1, 3000, 60), rng.integers(0, 90, 60))
    origin = pd.Timestamp("2025-10-23 09:00")  # noon in Kyiv, until the clocks change on the 26th
    on = np.zeros(9 * 1440, bool)
    for first, n in zip(start, length, strict=True):
        on[first : first + n] = True
    times = [(origin + pd.Timedelta(minutes=a), origin + pd.Timedelta(minutes=a + n)) for a, n in zip(start, length)]
    hours = alarm_hours(write_sirens(tmp_path / "sirens.csv", *((LVIV, *both) for both in times))).Lviv
    noons = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8]) * 1440 + np.array([0, 0, 0, 60, 60, 60, 60, 60, 60])
    expected = [on[a:b].sum() / 60 for a, b in pairwise(noons)]
    assert hours.tolist() == pytest.approx(expected[: len(hours)])
    assert sum(expected[len(hours) :]) == 0


def test_permanent_alarms_are_left_out(tmp_path):
    """Luhansk is known and dropped; a file of nothing else holds no alert."""
    luhansk = ("Luhanska oblast", "2025-06-01 18:00", "2025-06-02 18:00")
    path = write_sirens(tmp_path / "sirens.csv", luhansk, (LVIV, "2025-06-01 18:00", "2025-06-01 19:00"))
    assert alarm_hours(path).columns.tolist() == ["Lviv"]
    with pytest.raises(RecordsError, match="of 1 alerts"):
        alarm_hours(write_sirens(tmp_path / "luhansk.csv", luhansk))


def test_parquet_is_read_like_csv(tmp_path):
    """The published file holds times with their zone."""
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    alerts = [
        (LVIV, "2025-06-01 18:00:00", "2025-06-01 20:15:00"),
        (SUMY, "2025-06-02 18:00:00", "2025-06-02 20:00:00"),
    ]
    csv = write_sirens(tmp_path / "sirens.csv", *alerts)
    table = pd.read_csv(csv)
    for name in ("started_at", "finished_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    table.to_parquet(tmp_path / "sirens.parquet")
    pd.testing.assert_frame_equal(alarm_hours(tmp_path / "sirens.parquet"), alarm_hours(csv))


def test_without_pyarrow_the_mend_is_named(tmp_path, monkeypatch):
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match="pip install pyarrow, or give the table as CSV"):
        alarm_hours(tmp_path / "sirens.parquet")


@pytest.mark.parametrize(
    ("alert", "field", "found"),
    [
        (("Lviv", "2025-06-01 18:00", "2025-06-01 19:00"), "region", "found 'Lviv'"),
        ((LVIV, "2025-06-01 18:00", "2025-06-01 17:00"), "finished_at", "of 1 alerts 1 have"),
        ((LVIV, "2025-06-01 18:00", ""), "finished_at", "of 1 alerts 1 have"),
        ((LVIV, "at dusk", "2025-06-01 17:00"), "finished_at", "of 1 alerts 1 have"),
    ],
)
def test_faulty_alerts(tmp_path, alert, field, found):
    with pytest.raises(RecordsError) as told:
        alarm_hours(write_sirens(tmp_path / "sirens.csv", alert))
    (fault,) = told.value.faults
    assert (fault.field, fault.where) == (field, str(tmp_path / "sirens.csv"))
    assert found in fault.found


@pytest.mark.parametrize("text", ["", "region,started_at\nLviv,2025-06-01\n", "region,started_at,finished_at\n"])
def test_what_is_no_file_of_sirens(tmp_path, text):
    path = tmp_path / "sirens.csv"
    path.write_text(text)
    with pytest.raises(RecordsError):
        alarm_hours(path)
    with pytest.raises(RecordsError):
        alarm_hours(tmp_path / "nowhere.csv")


# --- explosion reports -------------------------------------------------------------------------


def test_shares_with_kyiv_as_one_and_crimea_left_out(tmp_path):
    """Of 20 impacts that are compared 5 + 3 fell on both parts of Kyiv; of 100 reports 10 came from there."""
    path = write_explosions(tmp_path / "reports.json", kyiv=10, sumy=(90, True), crimea=500, lviv=7)
    impacts = pd.Series({"Sumy": 12.0, "Kyiv City": 5.0, "Kyiv Oblast": 3.0, "Crimea": 80.0, "Luhansk": 9.0})
    shares = impact_shares(impacts, path)
    assert shares.predicted_share.to_dict() == pytest.approx({"kyiv": 0.4, "sumy": 0.6})
    assert shares.reported_share.to_dict() == pytest.approx({"kyiv": 0.1, "sumy": 0.9})
    assert shares.artillery.to_dict() == {"kyiv": False, "sumy": True}


@pytest.mark.parametrize(
    ("reports", "found"),
    [({"kyiv": 1}, "no explosion reports of sumy"), ({"kyiv": 1, "sumy": 2, "kiev": 3}, "found kiev")],
)
def test_reports_that_lack_or_are_not_known(tmp_path, reports, found):
    with pytest.raises(RecordsError, match=found):
        impact_shares(pd.Series({"Sumy": 1.0, "Kyiv City": 1.0}), write_explosions(tmp_path / "r.json", **reports))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"regions": {"UA-1": 3}}', '{"regions": {"UA-1": {}}}'])
def test_what_is_no_file_of_reports(tmp_path, text):
    (tmp_path / "reports.json").write_text(text)
    with pytest.raises(RecordsError, match="give JSON as"):
        impact_shares(pd.Series({"Sumy": 1.0}), tmp_path / "reports.json")


# --- names -------------------------------------------------------------------------------------


def test_every_region_of_the_settlements_has_names():
    """27 regions, three of them left out and said why."""
    regions = {place["region"] for place in settlements_of("UA", least_people=0)}
    assert regions == set(REPORT_OF_OBLAST) == set(OBLAST_OF_SIREN.values())
    assert len(NAMES) == len(regions) == 27
    assert set(LEFT_OUT) < regions and all(LEFT_OUT.values())


@real
def test_every_name_of_the_reports_maps():
    """25 entries: Kyiv is one, Crimea and Sevastopol are one; without Luhansk and Crimea all have a number."""
    entries = {one["slug"]: one for one in json.loads(EXPLOSIONS.read_text("utf-8"))["regions"].values()}
    assert set(entries) == set(REPORT_OF_OBLAST.values())
    compared = {report for name, report in REPORT_OF_OBLAST.items() if name not in LEFT_OUT}
    assert compared == set(entries) - {"crimea", "luhansk"}
    assert all("explosionReports" in entries[slug] for slug in compared)


@real
def test_the_report_of_kyiv_covers_city_and_oblast():
    """4,914 alarms to May 2026; the sirens have 2,077 of the city and 2,794 of the oblast, 4,871, to June."""
    entries = {one["slug"]: one for one in json.loads(EXPLOSIONS.read_text("utf-8"))["regions"].values()}
    assert entries["kyiv"]["alarms"] == pytest.approx(2077 + 2794, rel=0.02)


@real
def test_every_name_of_the_official_sirens_maps():
    """The file after which the alerts are named; one row has a raion in the column of oblasts."""
    names = set(pd.read_csv(OFFICIAL, usecols=["oblast"]).oblast) - {"Lubenskyi raion"}
    assert names <= set(OBLAST_OF_SIREN)
    assert {name for name, siren, _ in NAMES if siren not in names} == {"Crimea", "Sevastopol"}


@pytest.fixture(scope="module")
def heard():
    """Hours of the published sirens."""
    if not SIRENS.exists():
        pytest.skip(f"no sirens at {SIRENS}; set KOEPEL_DATA")
    pytest.importorskip("pyarrow", reason="the sirens are a Parquet file, and pyarrow is not installed")
    return alarm_hours(SIRENS)


def test_published_sirens(heard):
    """24 oblasts from 2022-03-16 to 2026-06-20; Kharkiv's one alert of 604 days fills its nights."""
    assert set(heard.columns) == set(REPORT_OF_OBLAST) - set(LEFT_OUT)
    assert [str(night.date()) for night in heard.index[[0, -1]]] == ["2022-03-16", "2026-06-20"]
    assert heard.max().max() <= 25 + 1e-9 and heard.min().min() >= -1e-9
    assert heard.Kharkiv["2024-05-14":"2026-01-05"].min() == pytest.approx(23.0)


def test_hours_of_alarm_rise_with_the_drones_launched(heard):
    """The yardstick: Spearman 0.65 to 0.76, as published, by period; 0.64 and 0.75 here."""
    launched = kp.read_records(ATTACKS, today=date(2026, 7, 1)).daily("drone").launched
    for first, last, known in (("2024-10-01", "2025-11-30", 0.64), ("2025-12-01", "2026-04-30", 0.75)):
        nights = launched[first:last]
        rho = rank_correlation(nights.to_numpy(), heard.loc[nights.index].sum(axis=1).to_numpy())
        assert rho == pytest.approx(known, abs=0.01)


# --- ranks -------------------------------------------------------------------------------------


def test_ranks_are_those_of_scipy():
    """With many equals, and the sign."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 40), rng.integers(0, 5, 40)
    assert rank_correlation(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(x, np.ones(40)))


def test_within_rows_what_whole_rows_differ_in_does_not_count():
    """Two nights in the same order, one ten times as loud; then one of the two reversed."""
    x = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    assert rank_correlation_within(x, -x[::-1]) == pytest.approx(-1.0)
    assert rank_correlation_within(x, np.array([[5.0, 6.0, 7.0], [0.1, 0.2, 0.3]])) == pytest.approx(1.0)
    assert rank_correlation_within(x, np.array([[5.0, 6.0, 7.0], [0.3, 0.2, 0.1]])) == pytest.approx(0.0)


# --- the whole check ---------------------------------------------------------------------------

PLACES = {"Sumy": (50.9, 34.8), "Poltava": (49.6, 34.5), "Kyiv City": (50.45, 30.5), "Lviv": (49.8, 24.0)}
SIREN_OF = {name: siren for name, siren, _ in NAMES}
NIGHTS = [date(2025, 6, day) for day in (2, 3, 5, 8, 13, 21)]


@pytest.fixture(scope="module")
def scenario():
    """Four places in four oblasts, a fifth in Luhansk, and drones from Kursk."""
    places = [f"{{name: {name} 1, at: {list(at)}, people: 300000, region: {name}}}" for name, at in PLACES.items()]
    return kp.Scenario.of_text(
        f"""
format: koepel-scenario/1
name: four oblasts
settlements: [{", ".join(places)}, {{name: far, at: [49.0, 39.0], people: 5000, region: Luhansk}}]
defence:
  sensors: [{{name: ear, type: surveillance-radar, at: [50.5, 33.0]}}]
pattern:
  launch_areas: [{{name: Kursk oblast, at: [51.7, 36.2], radius_km: 20}}]
  groups:
    - name: drones
      types: {{shahed-136: 1}}
      count: {{median: 40, spread: 0.5}}
      launch: {{Kursk oblast: 1}}
      waves: {{count: 3, every_h: 1, spread_h: 1}}
"""
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Six nights of 20, 40, ... drones; the last wave ends at one in the afternoon."""
    path = tmp_path_factory.mktemp("records") / "attacks.csv"
    rows = ["time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,still_attacking,is_shahed"]
    for at, night in enumerate(NIGHTS):
        end = "13:00" if night == NIGHTS[-1] else "05:00"
        rows.append(f"{night} 01:00,{night} {end},Shahed-136/131,Kursk oblast,Ukraine,{20 * at + 20},9,0,,")
    path.write_text("\n".join(rows) + "\n")
    return kp.read_records(path, today=date(2026, 7, 1))


@pytest.fixture(scope="module")
def predicted(scenario, records):
    return predicted_alarms(scenario, records, NIGHTS, runs=4, seed=5)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    path = tmp_path_factory.mktemp("reports") / "reports.json"
    return write_explosions(path, sumy=(900, True), poltava=300, kyiv=200, lviv=10, luhansk=0)


def sounded(path, hours, *, before=()):
    """A file of sirens that sound for the given hours from 13:00 in Kyiv on the eve of each night."""
    alerts = [*before]
    for (night, oblast), length_h in hours.items():
        start = pd.Timestamp(night) - pd.Timedelta(days=1) + pd.Timedelta(hours=10)
        if oblast not in LEFT_OUT:
            alerts.append((SIREN_OF[oblast], start, start + pd.Timedelta(hours=length_h)))
    return write_sirens(path, *alerts)


def checked(scenario, records, sirens, reports, **more):
    more = {"runs": 4, "seed": 5, "nights": 6} | more
    return spatial_check(scenario, records, sirens, reports, "2025-06-01", "2025-06-30", **more)


def test_predicted_hours_are_those_of_the_replay(scenario, records, predicted):
    """One row for each night and region; more drones raise more alarm; the far west hears less than the border."""
    assert predicted.index.names == ["night", "oblast"]
    assert len(predicted) == len(NIGHTS) * 5
    hours = predicted.alarm_h.unstack("oblast")
    assert hours["Sumy"].mean() > hours["Lviv"].mean()
    again = predicted_alarms(scenario, records, NIGHTS[2:3], runs=4, seed=5)
    pd.testing.assert_frame_equal(again, predicted.loc[[pd.Timestamp(NIGHTS[2])]])  # whatever nights stand beside it


def test_sirens_as_predicted_are_a_perfect_rank(scenario, records, predicted, reports, tmp_path):
    """And sirens turned upside down the worst."""
    hours = predicted.alarm_h.clip(upper=20.0)
    alike = checked(scenario, records, sounded(tmp_path / "alike.csv", hours), reports)
    turned = checked(scenario, records, sounded(tmp_path / "turned.csv", 20.0 - hours), reports)
    for name, n in (("night_totals", 6), ("oblast_means", 4), ("within_nights", 24)):
        assert (alike.correlations[name].rho, alike.correlations[name].n) == (pytest.approx(1.0), n)
        assert turned.correlations[name].rho == pytest.approx(-1.0)
    assert alike.oblasts.predicted_h.to_numpy() == pytest.approx(alike.oblasts.recorded_h.to_numpy())
    gain = alike.correlations["night_totals_gain"]
    assert gain.rho == pytest.approx(1.0 - alike.correlations["night_totals_drones"].rho)
    assert "oblast_means_before" not in alike.correlations  # the file begins with the first night


def test_what_stands_beside_knows_what_it_says_and_no_more(scenario, records, predicted, reports, tmp_path):
    """Drones alone, the east alone, impacts and impacts away from the guns: as scipy has them from the tables."""
    hours = predicted.alarm_h.clip(upper=20.0).where(predicted.index.get_level_values("oblast") != "Sumy", 2.0)
    check = checked(scenario, records, sounded(tmp_path / "s.csv", hours), reports)
    rho = {name: one.rho for name, one in check.correlations.items()}
    totals = hours.drop("Luhansk", level="oblast").groupby("night").sum()
    assert rho["night_totals_drones"] == pytest.approx(spearmanr([20, 40, 60, 80, 100, 120], totals).statistic)
    longitudes = [PLACES[name][1] for name in check.oblasts.index]
    assert rho["oblast_means_east"] == pytest.approx(spearmanr(longitudes, check.oblasts.recorded_h).statistic)
    shares = check.reports
    assert rho["impacts"] == pytest.approx(spearmanr(shares.predicted_share, shares.reported_share).statistic)
    assert rho["impacts_east"] == pytest.approx(1.0)  # Lviv, Kyiv, Poltava, Sumy: 10, 200, 300, 900 reports
    away = shares[~shares.artillery]
    assert away.index.tolist() == ["kyiv", "lviv", "poltava"]
    assert check.correlations["impacts_away"].n == 3
    assert rho["impacts_away"] == pytest.approx(spearmanr(away.predicted_share, away.reported_share).statistic)


def test_a_standing_alarm_tells_nothing(scenario, records, predicted, reports, tmp_path):
    """Poltava sounds all the time: left out of the ranks, shown in the table; the nights before are known then."""
    always = (SIREN_OF["Poltava"], "2025-03-01 00:00", "2025-06-20 23:00")
    hours = predicted.alarm_h.clip(upper=20.0)
    check = checked(scenario, records, sounded(tmp_path / "s.csv", hours, before=[always]), reports)
    assert check.oblasts.index[check.oblasts.standing].tolist() == ["Poltava"]
    assert check.correlations["oblast_means"].n == 3
    assert check.correlations["night_totals"].rho == pytest.approx(1.0)
    assert check.correlations["oblast_means_before"].rho is None  # nothing but Poltava sounded before
    assert "standing alarm, left out: Poltava" in check.summary()
    assert check.left_out == {"Luhansk": LEFT_OUT["Luhansk"]}


def test_an_answer_is_repeatable_and_plain(scenario, records, predicted, reports, tmp_path):
    """One seed, one answer; another seed, another; both can be written as JSON without NaN."""
    sirens = sounded(tmp_path / "s.csv", predicted.alarm_h.clip(upper=20.0))
    first, again = (checked(scenario, records, sirens, reports).as_dict() for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)
    other = checked(scenario, records, sirens, reports, seed=6).as_dict()
    assert [row["predicted_h"] for row in other["oblasts"]] != [row["predicted_h"] for row in first["oblasts"]]
    assert set(first["correlations"]) <= set(LABELS)
    assert set(first["correlations"]["impacts"]) == {"rho", "low", "high", "n"}
    assert first["nights"] == [str(night) for night in NIGHTS]
    assert first["late_share"] == pytest.approx(120 / 420)  # the last of 20 + 40 + ... + 120 drones


def test_the_summary_says_how_weak_it_is(scenario, records, predicted, reports, tmp_path):
    check = checked(scenario, records, sounded(tmp_path / "s.csv", predicted.alarm_h.clip(upper=20.0)), reports)
    told = check.summary()
    assert "WEAK EVIDENCE" in told and "seed 5" in told
    assert all(line in told for line in WEAKNESS)
    assert all(LABELS[name] in told for name in check.correlations)
    with pytest.raises(dataclasses.FrozenInstanceError):
        check.runs = 3


def test_nights_are_sampled_evenly(scenario, records, predicted, reports, tmp_path):
    """Of six the first, the third or fourth, and the last."""
    sirens = sounded(tmp_path / "s.csv", predicted.alarm_h.clip(upper=20.0))
    nights = checked(scenario, records, sirens, reports, nights=3, runs=2).nights
    assert nights in ((NIGHTS[0], NIGHTS[2], NIGHTS[5]), (NIGHTS[0], NIGHTS[3], NIGHTS[5]))


def test_what_cannot_be_checked(scenario, records, reports, tmp_path):
    """Another country, and a period without nights."""
    sirens = write_sirens(tmp_path / "s.csv", (KYIV, "2025-06-01 10:00", "2025-06-30 10:00"))
    with pytest.raises(UsageError, match="name each settlement's oblast"):
        checked(kp.Scenario.read("small-country"), records, sirens, reports)
    with pytest.raises(UsageError, match="0 nights with drones and sirens from 2024-01-01"):
        spatial_check(scenario, records, sirens, reports, "2024-01-01", "2024-01-31")
    with pytest.raises(UsageError, match="from: found 'soon'"):
        spatial_check(scenario, records, sirens, reports, "soon", "2024-01-31")


def test_oblasts_that_the_file_lacks_are_said(scenario, records, reports, tmp_path):
    """A file of Kyiv and Sumy alone."""
    alerts = [
        (name, f"2025-06-{day:02} 18:00", f"2025-06-{day:02} 2{day % 3}:00")
        for day in range(1, 29)
        for name in (KYIV, SUMY)
    ]
    check = checked(scenario, records, write_sirens(tmp_path / "s.csv", *alerts), reports, runs=2)
    assert {name for name, why in check.left_out.items() if why == "not in the file of sirens"} == {"Lviv", "Poltava"}
    assert len(check.reports) == 4


def test_the_scenario_of_ukraine(heard):
    """Four nights, few runs: what is compared and what is left out, not how well it fits."""
    records = kp.read_records(ATTACKS, today=date(2026, 7, 1))
    scenario = kp.Scenario.read("ukraine-2025-06")
    check = spatial_check(scenario, records, SIRENS, EXPLOSIONS, "2025-08-01", "2025-11-30", nights=4, runs=2)
    assert set(check.oblasts.index[check.oblasts.standing]) == {"Dnipropetrovsk", "Donetsk", "Kharkiv"}
    assert check.left_out == LEFT_OUT
    assert set(check.correlations) == set(LABELS)
    assert (len(check.oblasts), len(check.reports)) == (24, 23)
    json.dumps(check.as_dict(), allow_nan=False)
