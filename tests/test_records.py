"""Published records: every trap of the real file on a tiny one, then the known figures of the real file."""

from __future__ import annotations

import doctest
import gzip
import importlib.util
import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import koepel.records.cleaning
import koepel.records.models
import koepel.records.reading
from koepel.errors import RecordsError, UsageError
from koepel.records import CLASSES, OUTSIDE_CATALOGUE, read_records
from koepel.records.models import CLASS_OF_TYPE, TYPES, threat_class

HEADER = (
    "time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,still_attacking,is_shahed,"
    "turbojet,launched_details,launch_place_details"
)
TODAY = date(2026, 7, 1)
SHARED = Path(__file__).parents[1] / os.environ.get("KOEPEL_DATA", "../shared")
ATTACKS = SHARED / "data" / "attacks" / "missile_attacks_daily.csv"
BASELINE = SHARED / "benchmarks" / "backtest_baseline.py"


def line(model="Shahed-136/131", launched=10, destroyed=8, end="2025-06-10 09:00", **more):
    """One row of a file; what is not given is blank."""
    row = {
        "time_start": more.pop("start", "2025-06-09 20:00"),
        "time_end": end,
        "model": model,
        "launched": launched,
        "destroyed": destroyed,
        "target": "Ukraine",
        **more,
    }
    return ",".join('"{}"'.format(str(row.get(name, ""))) for name in HEADER.split(","))


@pytest.fixture
def write(tmp_path):
    """Writes a file of records; returns its path."""

    def _write(*lines, header=HEADER):
        path = tmp_path / "attacks.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return _write


@pytest.fixture
def read(write):
    return lambda *lines: read_records(write(*lines), today=TODAY)


def only(records):
    """The single row that counts."""
    assert len(records.rows) == 1
    return records.rows.iloc[0]


# --- the traps ---------------------------------------------------------------------------------


def test_neutralised_is_the_sum_before_and_after_the_change_of_reporting(read):
    """Trap 1: until July 2025 destroyed and lost apart, later both in one column."""
    records = read(
        line(launched=315, destroyed=213, not_reach_goal=64),
        line(launched=100, destroyed=80, not_reach_goal=0, end="2025-09-10 09:00"),
    )
    assert records.rows.neutralised.tolist() == [277, 80]


def test_neutralised_is_at_most_launched(read):
    """The night of 2024-12-28 lists 15 destroyed and 11 lost of 16."""
    row = only(read(line(launched=16, destroyed=15, not_reach_goal=11)))
    assert (row.neutralised, row.destroyed, row.not_reach_goal) == (16, 15, 11)


def test_a_drone_row_is_the_whole_wave_and_strike_a_count_in_it(read):
    """Trap 2."""
    records = read(line(launched=200, destroyed=150, is_shahed=130))
    assert records.night("2025-06-10").counts == {"shahed-136": 200}
    assert records.night("2025-06-10").strike == 130
    assert records.daily("drone").strike.tolist() == [130]


def test_strike_of_a_night_is_blank_when_one_wave_does_not_give_it(read):
    """Half a sum over a whole number launched would look like a low share."""
    records = read(line(is_shahed=6), line(end="2025-06-10 18:00"))
    assert records.daily("drone").strike.isna().all()
    assert records.night("2025-06-10").strike is None


def test_published_jets_are_told_apart_within_their_wave(read):
    night = read(line(launched=108, destroyed=82, turbojet=4)).night("2025-06-10")
    assert night.counts == {"shahed-136": 104, "geran-3": 4}
    assert night.recorded["drone"]["launched"] == 108


def test_a_wave_of_jets_alone(read):
    assert read(line(launched=10, turbojet=10)).night("2025-06-10").counts == {"geran-3": 10}


def test_a_bundle_is_split_where_the_detail_adds_up(read):
    """Trap 3."""
    night = read(
        line(
            "X-101/X-555 and Kalibr",
            62,
            55,
            launched_details="{'X-101/X-555': 50, 'Kalibr': 12}",
            launch_place_details="{'X-101/X-555': 'Volgograd oblast and Caspian Sea', 'Kalibr': 'Black Sea'}",
        )
    ).night("2025-06-10")
    assert night.counts == {"kh-101": 50, "kalibr": 12}
    assert night.bundles == {}
    assert night.launch_places == {"kh-101": ("Volgograd oblast", "Caspian Sea"), "kalibr": ("Black Sea",)}


@pytest.mark.parametrize(
    "detail",
    [
        "",
        "{'X-101/X-555': 50, 'Kalibr': 11}",  # one short
        "{'X-101/X-555': 50, 'Kalibr': NaN}",
        "{'X-101/X-555': 50, 'X-22': 12}",  # not of this bundle
        "{'X-101/X-555': -1, 'Kalibr': 63}",
        "{'X-101/X-555': 50.5, 'Kalibr': 11.5}",
        "{'X-101/X-555': [], 'Kalibr': 62}",
        "[1, 2]",
        "__import__('os')",
        "{" * 5000,
        "not a dict",
    ],
)
def test_a_bundle_that_cannot_be_split_is_kept_as_one(read, detail):
    night = read(line("X-101/X-555 and Kalibr", 62, 55, launched_details=detail, launch_place="Black Sea")).night(
        "2025-06-10"
    )
    assert night.counts == {}
    assert night.bundles == {("kh-101", "kalibr"): 62}
    assert night.launched == 62
    assert night.launch_places == {"kh-101+kalibr": ("Black Sea",)}
    assert night.recorded["cruise"]["launched"] == 62


@pytest.mark.parametrize(
    ("model", "types", "name"),
    [
        ("Shahed-136/131 and Lancet", ("shahed-136", "lancet"), "drone"),
        ("X-101/X-555 and Kalibr and X-22", ("kh-101", "kalibr", "kh-22"), "other"),
        ("X-22 and X-31P", ("kh-22", "kh-31"), "other"),
        ("X-22 and X-32", ("kh-22",), "supersonic"),
        ("P-800 Oniks", ("oniks",), "supersonic"),
        ("X-59 and X-35", ("kh-59", "kh-35"), "cruise"),
        ("Iskander-M and Iskander-K", ("iskander-m", "iskander-k"), "ballistic"),
        ("C-300/C-400 and Iskander-M", ("s-300-ground", "iskander-m"), "ballistic"),
        ("X-47 Kinzhal", ("kinzhal",), "ballistic"),
        ("C-300", ("s-300-ground",), "other"),
        ("Ballistic Missile", ("iskander-m",), "other"),
    ],
)
def test_types_and_class_of_a_model(read, model, types, name):
    row = only(read(line(model)))
    assert (row.threat_type, row.threat_class, row.bundle) == ("+".join(types), name, len(types) > 1)


def test_every_type_is_named_once_and_classed():
    """A type with a class must be one that a model can have; drones are one type in the records."""
    assert set(CLASS_OF_TYPE) <= set(TYPES.values())
    assert set(CLASS_OF_TYPE.values()) <= set(CLASSES)
    assert OUTSIDE_CATALOGUE <= set(TYPES.values())


def test_kill_totals_are_left_out_and_counted(read):
    """Trap 4."""
    records = read(
        line(),
        line("Unknown UAV", 59, 59),
        line("Orlan-10 and ZALA", 3, 3),
        line("Lancet", 5, 5),
        line("Молнія and Lancet", 8, 8),
    )
    assert only(records).model == "Shahed-136/131"
    left = records.left_out.set_index("reason")
    assert left.rows.tolist() == [2, 2]
    assert left.launched.tolist() == [13, 62]
    assert left.index.str.startswith("kill totals").all()


def test_undisclosed_is_not_zero(read):
    """Trap 6: the raid of 2025-02-01 has no destroyed figure."""
    records = read(line("Kalibr", 8, ""), line("Kalibr", "", 3), line("Kalibr", 8, 0))
    assert only(records).neutralised == 0
    assert records.left_out.to_dict("records") == [
        {"reason": "figures not disclosed", "rows": 2, "launched": 8, "destroyed": 3}
    ]


def test_a_night_is_the_date_of_its_end_and_may_hold_several_waves(read):
    """Trap 7."""
    records = read(
        line(launched=339, end="2026-04-01 08:00", start="2026-03-31 18:00"),
        line(launched=361, end="2026-04-01 18:00", start="2026-04-01 08:00"),
    )
    assert records.nights() == [date(2026, 4, 1)]
    night = records.night(date(2026, 4, 1))
    assert night.counts == {"shahed-136": 700}
    assert night.waves == (
        ("shahed-136", datetime(2026, 3, 31, 18), datetime(2026, 4, 1, 8), 339),
        ("shahed-136", datetime(2026, 4, 1, 8), datetime(2026, 4, 1, 18), 361),
    )


@pytest.mark.parametrize("end", ["2023-05-16 3:30", "2023-05-16", " 2023-05-16 03:30 ", "2023-05-16T03:30:00"])
def test_times_as_the_file_writes_them(read, end):
    assert only(read(line(end=end, start="2023-05-16"))).night == pd.Timestamp("2023-05-16")


def test_launch_places_are_a_list_whose_names_may_hold_commas(read):
    """Trap 8."""
    row = only(read(line(launch_place="Chauda, Crimea and Kursk oblast and and Shatalovo")))
    assert row.launch_places == ("Chauda, Crimea", "Kursk oblast", "Shatalovo")


def test_cyrillic_names_are_known_and_a_new_model_is_named(read):
    """Trap 9: nothing disappears silently."""
    records = read(line(), line("Картограф", 1, 1), line("Фенікс", 1, 1), line("Brand-new and Kalibr", 7, 1), line(""))
    reasons = set(records.left_out.reason)
    assert "model not known to koepel: Brand-new and Kalibr" in reasons
    assert "no model given" in reasons
    assert len(reasons) == 4


def test_regional_reports_since_august_2025_are_left_out(read):
    """Trap 10: drones only; a missile row that names a region is a report of its own."""
    records = read(
        line(launched=6, destroyed=6, end="2025-07-31", target="south"),
        line(launched=31, destroyed=31, end="2025-08-01", target="west"),
        line(launched=50, destroyed=40, end="2025-08-01"),
        line(launched=20, destroyed=10, end="2025-08-01", target=""),
        line("Kalibr", 25, 25, end="2026-03-14 06:00", target="Kyiv oblast"),
    )
    assert records.rows.launched.tolist() == [6, 50, 20, 25]
    assert records.left_out.launched.tolist() == [31]
    assert records.left_out.reason[0].startswith("regional sub-reports")


def test_undecided_are_neither_neutralised_nor_leaked(read):
    """Trap 11: of 100, 80 neutralised and 10 still flying: 10 leaked, 80 of 90 neutralised."""
    records = read(line(launched=100, destroyed=80, still_attacking=10))
    month = records.by_month().iloc[0]
    assert (month.month, month.nights, month.undecided, month.leaked) == ("2025-06", 1, 10, 10)
    assert month.rate == pytest.approx(80 / 90)


def test_undecided_are_at_most_what_is_left(read):
    assert only(read(line(launched=10, destroyed=8, still_attacking=5))).still_attacking == 2


def test_rate_is_blank_when_nothing_is_decided(read):
    records = read(line(launched=2, destroyed=0, still_attacking=2))
    assert records.by_month().rate.isna().all()
    assert records.as_dict()["by_month"][0]["rate"] is None


def test_ballistic_with_and_without_s300_bundles(read):
    """Trap 12."""
    records = read(line("C-400 and Iskander-M", 10, 5), line("Iskander-M", 4, 1), line("C-300", 9, 0))
    assert records.daily("ballistic").launched.tolist() == [14]
    assert records.daily("ballistic", with_s300_bundles=False).launched.tolist() == [4]
    table = records.table().set_index("threat_class")
    assert table.launched.to_dict() == {"ballistic": 14, "other": 9, "ballistic, without S-300/S-400 bundles": 4}


def test_without_pure_rows_there_is_no_second_ballistic_line(read):
    assert read(line("C-400 and Iskander-M", 10, 5)).table().threat_class.tolist() == ["ballistic"]


@pytest.mark.parametrize(("age_d", "kept"), [(29, 0), (30, 1), (31, 1), (-1, 0)])
def test_nothing_younger_than_thirty_days(write, age_d, kept):
    records = read_records(write(line(end=str(TODAY - timedelta(days=age_d)))), today=TODAY)
    assert len(records.rows) == kept
    assert records.left_out.reason.tolist() == ["younger than 30 days"] * (1 - kept)


def test_without_a_date_the_machine_s_own_is_taken(write):
    records = read_records(write(line(end=str(date.today()))))
    assert records.rows.empty
    assert records.nights() == []
    assert records.table().empty
    assert records.by_month().empty
    assert records.daily("drone").empty
    json.dumps(records.as_dict())
    with pytest.raises(RecordsError, match="no night of this file counts"):
        records.night("2025-06-10")


# --- asking ------------------------------------------------------------------------------------


def test_an_unknown_night_names_the_nearest(read):
    records = read(line(), line(end="2025-06-14"), line(end="2025-06-20"))
    with pytest.raises(RecordsError, match="2025-06-10 and 2025-06-14; gaps are expected"):
        records.night("2025-06-12")
    with pytest.raises(RecordsError, match="nights are 2025-06-20;"):
        records.night("2026-01-01")


@pytest.mark.parametrize("night", ["soon", "", "2025-13-40", None, 5, True, float("nan"), [1]])
def test_a_night_that_is_no_date(read, night):
    with pytest.raises(RecordsError, match="write it as YYYY-MM-DD"):
        read(line()).night(night)


def test_an_unknown_class(read):
    with pytest.raises(UsageError, match="drone, cruise, ballistic, supersonic, other"):
        read(line()).daily("ufo")


def test_by_type_counts_pure_rows_between_two_nights(read):
    records = read(
        line("Kalibr", 10, 5, end="2025-06-01"),
        line("Kalibr", 20, 15, end="2025-06-02"),
        line("Kalibr and X-101/X-555", 30, 30, end="2025-06-02"),
        line("Kalibr", 40, 35, end="2025-06-03"),
    )
    assert records.by_type("2025-06-02", date(2025, 6, 2)).launched.tolist() == [20]
    assert records.by_type().launched.tolist() == [70]


def test_a_night_and_the_records_go_into_json(read):
    records = read(line(launched=20, is_shahed=12, turbojet=3), line("Kalibr and X-22", 5, 1))
    night = json.loads(json.dumps(records.night("2025-06-10").as_dict()))
    assert night["bundles"] == [{"types": ["kalibr", "kh-22"], "launched": 5}]
    assert night["waves"][0]["start"] == "2025-06-09 20:00"
    whole = json.loads(json.dumps(records.as_dict()))
    assert whole["by_class"][0]["launched"] == 20
    assert "one belligerent" in whole["caveat"]


def test_columns_that_newer_files_added_may_be_missing(write):
    path = write("2025-06-09,2025-06-10,Kalibr,,Ukraine,5,4,,,", header=HEADER.split(",turbojet")[0])
    assert only(read_records(str(path), today=TODAY)).neutralised == 4


# --- faults ------------------------------------------------------------------------------------


def faults(path):
    with pytest.raises(RecordsError) as caught:
        read_records(path, today=TODAY)
    return caught.value.faults


def test_a_missing_file_and_a_folder(tmp_path):
    assert "no such file" in faults(tmp_path / "nothing.csv")[0].found
    assert "folder" in faults(tmp_path)[0].found
    assert "cannot be read" in faults(tmp_path / ("x" * 5000))[0].found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"PK\x03\x04\x00\x00", "binary"),
        (gzip.compress(HEADER.encode() * 9), "binary|UTF-8"),
        ("é,model\n".encode("latin-1"), "not UTF-8"),
        (HEADER.encode("utf-16"), "binary"),
        (b"a" * 100_000, "no end of line"),
        (b"just a letter\nto you\n", "no column time_start, time_end, model"),
        (HEADER.replace(",", ";").encode() + b"\n", "no column"),
        (HEADER.encode() + b"\n", "column names and no row"),
        (HEADER.encode() + b"\n\n\n", "column names and no row"),
        (b"a,b\n1,2\n1,2,3\n", "not a CSV file .*line 3"),
        (b"a,b\n1,2,3\n1,2,3\n", "more fields than"),
        (b'a,b\n"1,2\n3,4\n', "not a CSV file"),
    ],
)
def test_what_is_no_file_of_records(tmp_path, content, found):
    path = tmp_path / "attacks.csv"
    path.write_bytes(content)
    (fault,) = faults(path)
    assert pd.Series([fault.found]).str.contains(found).all(), fault.found
    assert str(path) in fault.where


def test_missing_columns_are_all_named(write):
    (fault,) = faults(write("x", header=HEADER.replace("launched,", "").replace("is_shahed,", "")))
    assert "no column launched, is_shahed;" in fault.found


def test_all_faulty_values_are_listed_with_their_line(write):
    path = write(
        line(end="yesterday"),
        line(launched="many"),
        "",
        line(destroyed=-1, not_reach_goal=1.5),
        line(start=""),
        line(launched="inf", turbojet=1e9),
    )
    told = [(fault.where, fault.field, fault.found) for fault in faults(path)]
    assert told == [
        ("attacks.csv:2", "time_end", "found 'yesterday'"),
        ("attacks.csv:3", "launched", "found 'many'"),
        ("attacks.csv:5", "destroyed", "found '-1'"),
        ("attacks.csv:5", "not_reach_goal", "found '1.5'"),
        ("attacks.csv:6", "time_start", "found nothing"),
        ("attacks.csv:7", "launched", "found 'inf'"),
        ("attacks.csv:7", "turbojet", "found '1000000000.0'"),
    ]


def test_lines_are_right_below_a_value_with_line_breaks(write):
    """The collection itself has details on several lines."""
    path = write(line(launch_place_details="{\n 'Kalibr': 'x'\n}"), line(launched="many"))
    assert faults(path)[0].where == "attacks.csv:5"


def test_a_long_list_of_faults_is_cut(write):
    told = faults(write(*[line(launched="x")] * 50))
    assert len(told) == 21
    assert told[-1].found == "30 more like these"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.booleans())
@example(b'"', True)
@example(b"\r\r,", True)
def test_no_content_ends_in_a_traceback(tmp_path, content, with_header):
    path = tmp_path / "attacks.csv"
    path.write_bytes(HEADER.encode() + b"\n" + content if with_header else content)
    try:
        read_records(path, today=TODAY)
    except RecordsError as error:
        assert error.faults


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*TYPES, "Unknown UAV", "New", "Kalibr and X-22"]),
            st.integers(0, 50),
            st.integers(0, 60),
            st.integers(0, 60),
            st.integers(0, 60),
            st.integers(1, 28),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_row_and_every_threat_is_accounted_for(write, rows):
    """Rows kept and left out are all rows; launched = neutralised + leaked + undecided; nights = classes."""
    path = write(
        *(
            line(model, n, killed, not_reach_goal=lost, still_attacking=flying, end=f"2025-06-{day:02}")
            for model, n, killed, lost, flying, day in rows
        )
    )
    records = read_records(path, today=TODAY)
    assert len(records.rows) + records.left_out.rows.sum() == len(rows)
    months = records.by_month()
    assert (months.leaked >= 0).all()
    assert (months.launched == months.neutralised + months.undecided + months.leaked).all()
    assert months.launched.sum() + records.left_out.launched.sum() == sum(row[1] for row in rows)
    assert sum(records.night(n).launched for n in records.nights()) == months.launched.sum()
    assert sum(records.daily(name).launched.sum() for name in CLASSES) == months.launched.sum()


@pytest.mark.parametrize("module", ["cleaning", "models", "reading"])
def test_examples_in_docstrings(module):
    result = doctest.testmod(getattr(koepel.records, module))
    assert result.attempted and not result.failed


# --- the real file -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    if not ATTACKS.is_file():
        pytest.skip(f"the published records are not at {ATTACKS}; set KOEPEL_DATA to the folder that holds data/")
    return read_records(ATTACKS, today=TODAY)


def test_real_rows_are_all_accounted_for(real):
    """2,179 rows count of 3,519; none has a model that koepel does not know."""
    left = real.left_out.set_index("reason").rows
    assert len(real.rows) + left.sum() == 3519
    assert left.to_dict() == {
        "kill totals of reconnaissance and unknown drones: no launched figure": 1062,
        "kill totals of front-line drones (Lancet, Molniya, ...): no launched figure": 256,
        "regional sub-reports of a drone wave since August 2025": 13,
        "figures not disclosed": 9,
    }


def test_front_line_rows_have_no_denominator(real):
    """Why Lancet rows are left out: not one of them reports more launched than destroyed."""
    left = real.left_out.set_index("reason").filter(like="front-line", axis=0)
    assert (left.launched == left.destroyed).all()


def test_the_night_of_10_june_2025(real):
    """Agrees with the press in every figure."""
    night = real.night("2025-06-10")
    assert night.counts == {"shahed-136": 315, "iskander-m": 2, "iskander-k": 5}
    assert night.recorded["drone"] == {
        "launched": 315,
        "neutralised": 277,
        "destroyed": 213,
        "not_reach_goal": 64,
        "undecided": 0,
    }
    assert night.recorded["ballistic"]["neutralised"] == 2
    assert night.recorded["cruise"]["neutralised"] == 5


def test_a_night_that_was_taken_out(real):
    with pytest.raises(RecordsError, match="2025-07-08 and 2025-07-10"):
        real.night("2025-07-09")


def test_six_bundles_can_be_split(real):
    split = real.rows[real.rows.split.map(len) > 0]
    assert len(split) == 6
    assert split.bundle.all()
    assert [sum(parts.values()) for parts in split.split] == split.launched.tolist()


def test_undecided_drones_since_december_2025(real):
    days = real.daily("drone")
    assert days.undecided["2025-12-01":].sum() == 449
    assert days.strike.notna().sum() > 190


def test_s300_bundles_since_january_2026(real):
    """14 rows, 187 missiles, 46 % killed; 9 % in the rows without S-300/S-400."""
    rows = real.rows[(real.rows.night >= "2026-01-01") & (real.rows.threat_class == "ballistic")]
    bundles, pure = rows[rows.s300_bundle], rows[~rows.s300_bundle]
    assert (len(bundles), bundles.launched.sum()) == (14, 187)
    assert bundles.neutralised.sum() / bundles.launched.sum() == pytest.approx(0.46, abs=0.005)
    assert pure.neutralised.sum() / pure.launched.sum() == pytest.approx(0.09, abs=0.005)


def test_drone_rate_rises_with_the_size_of_the_wave(real):
    """About 75, 80, 82, 91 % by quarter of waves sorted by size, since August 2025, undecided as not neutralised.

    A quarter is one of wave sizes, not of the year: by calendar quarter the rates are 82 to 89 %.
    """
    drones = real.rows[(real.rows.threat_class == "drone") & (real.rows.night >= "2025-08-01")]
    sums = drones.groupby(pd.qcut(drones.launched, 4, labels=False))[["launched", "neutralised"]].sum()
    assert (sums.neutralised / sums.launched).tolist() == pytest.approx([0.75, 0.80, 0.82, 0.91], abs=0.006)


def test_drone_rate_fell_with_size_in_the_second_half_of_2023(real):
    """85.5 and about 78.2 %: waves on all of Ukraine below their median of 18 drones, and from it up."""
    rows = real.rows[(real.rows.threat_class == "drone") & (real.rows.target == "Ukraine")]
    waves = rows[rows.night.between("2023-07-01", "2023-12-31")]
    small = waves.launched < waves.launched.median()
    rates = [waves[part].neutralised.sum() / waves[part].launched.sum() for part in (small, ~small)]
    assert rates == pytest.approx([0.855, 0.782], abs=0.003)


def test_cruise_rates_by_type(real):
    """Kh-101 91, Kalibr 76, Iskander-K 73 %: pure rows since August 2025.

    Kh-59/69 is 58 % in the 26 missiles of rows 'X-59/X-69' alone, 59 % with rows of one of the two.
    """
    rates = real.by_type("2025-08-01").set_index("threat_type").rate
    assert rates[["kh-101", "kalibr", "iskander-k", "kh-59"]].tolist() == pytest.approx(
        [0.91, 0.76, 0.73, 0.59], abs=0.005
    )
    mixed = real.rows[(real.rows.model == "X-59/X-69") & (real.rows.night >= "2025-08-01")]
    assert mixed.neutralised.sum() / mixed.launched.sum() == pytest.approx(0.58, abs=0.005)


@pytest.fixture(scope="module")
def baseline_code():
    if not BASELINE.is_file() or importlib.util.find_spec("scipy") is None:
        pytest.skip(f"the baseline is not at {BASELINE}, or scipy is not installed")
    spec = importlib.util.spec_from_file_location("backtest_baseline", BASELINE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def baseline(real, baseline_code):
    days = baseline_code.daily(ATTACKS)
    return {name: days[days.threat_class == name].set_index("day")[["launched", "neutralised"]] for name in CLASSES}


@pytest.mark.parametrize("name", ["cruise", "ballistic"])
def test_missiles_equal_the_baseline_day_by_day(real, baseline, name):
    ours = real.daily(name)[["launched", "neutralised"]]
    assert ours.index.equals(pd.DatetimeIndex(baseline[name].index))
    assert np.array_equal(ours.to_numpy(), baseline[name].to_numpy())


def test_drones_differ_from_the_baseline_by_the_regional_sub_reports_alone(real, baseline):
    """13 rows on 13 days, 188 launched and 188 neutralised: the baseline keeps them, trap 10 drops them."""
    ours = real.daily("drone")[["launched", "neutralised"]]
    difference = baseline["drone"] - ours
    assert ours.index.equals(pd.DatetimeIndex(baseline["drone"].index))
    differing = difference[(difference != 0).any(axis=1)]
    assert len(differing) == 13
    assert differing.index.min() >= pd.Timestamp("2025-08-01")
    assert differing.sum().tolist() == [188, 188]


def test_class_of_every_model_is_that_of_the_baseline(real, baseline_code):
    """Where the baseline has no class ours is supersonic or other."""
    for model in real.rows.model.unique():
        theirs = baseline_code.threat_class(model)
        assert threat_class(model) == theirs or (theirs is None and threat_class(model) in ("supersonic", "other"))
