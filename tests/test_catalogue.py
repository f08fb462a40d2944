"""The catalogue: every figure in its limits and with a source; changes and new types checked all at once."""

from __future__ import annotations

import csv
import dataclasses
import pickle
import re

import pytest

from koepel import catalogue as catalogue_module
from koepel.catalogue import DATA, TABLES, changed, define, read_catalogue
from koepel.errors import ScenarioError
from koepel.units import Interval

CATALOGUE = read_catalogue()
TYPES = [kind for table in TABLES for kind in getattr(CATALOGUE, table).values()]
THREATS = (
    "shahed-136 geran-3 gerbera kh-101 kalibr iskander-k kh-59 kh-22 kinzhal zircon iskander-m kn-23"
    " s-300-ground oniks kh-31 kh-35"
)
EFFECTORS = (
    "pac3-mse gem-t aster-30 amraam iris-t-slm iris-t-sls hawk s-300p-missile buk-missile gepard-35mm"
    " skynex-35mm apkws mobile-group-fire interceptor-drone jammer fighter-missile"
)
FIRE_UNITS = (
    "patriot samp-t nasams iris-t-slm iris-t-sls hawk s-300p buk gepard skynex vampire mobile-fire-group"
    " interceptor-drone-team jammer-area fighter-patrol"
)
SENSORS = (
    "surveillance-radar gap-filler-radar fire-control-radar small-fire-control-radar acoustic-net observers"
    " airborne-radar"
)
UNITS = (  # the longer suffix first
    ("_per_min", "1/min"), ("_per_km", "1/km"), ("_km_h", "km/h"), ("_m_s", "m/s"), ("_musd", "million USD"),
    ("_kusd", "thousand USD"), ("_usd", "USD"), ("_km", "km"), ("_kg", "kg"), ("_min", "min"), ("_m", "m"),
    ("_s", "s"),
)  # fmt: skip
SOURCE = re.compile(r"(assumed\b|[PNSRDG] \S+)")
PUBLISHED = (  # figures that the open press gives: table, type, attribute
    *(("threats", "shahed-136", a) for a in ("speed_m_s", "reach_m", "warhead_kg", "price_usd")),
    *(("threats", "geran-3", a) for a in ("speed_m_s", "height_high_m", "price_usd")),
    *(
        ("threats", "gerbera", a)
        for a in ("speed_m_s", "height_high_m", "reach_m", "warhead_kg", "price_usd")
    ),
    *(("threats", "kh-101", a) for a in ("speed_m_s", "reach_m", "warhead_kg", "price_usd")),
    *(("threats", "kalibr", a) for a in ("reach_m", "price_usd")),
    *(("threats", "kh-59", a) for a in ("reach_m", "height_low_m", "height_high_m", "warhead_kg")),
    *(("threats", "kh-22", a) for a in ("speed_m_s", "reach_m", "warhead_kg", "price_usd")),
    *(("threats", "kinzhal", a) for a in ("speed_m_s", "reach_m", "warhead_kg")),
    *(("threats", "iskander-m", a) for a in ("speed_m_s", "reach_m", "warhead_kg", "price_usd")),
    *(("threats", "kn-23", a) for a in ("reach_m", "height_low_m", "warhead_kg", "fail_share")),
    *(("threats", "s-300-ground", a) for a in ("speed_m_s", "warhead_kg")),
    ("threats", "iskander-k", "reach_m"),
    ("threats", "zircon", "speed_m_s"),
    ("threats", "oniks", "price_usd"),
    *(("effectors", "pac3-mse", a) for a in ("range_max_m", "height_max_m", "price_usd")),
    *(("effectors", "gem-t", a) for a in ("range_max_m", "height_max_m", "price_usd")),
    *(("effectors", "aster-30", a) for a in ("range_max_m", "height_max_m", "price_usd")),
    *(("effectors", "amraam", a) for a in ("range_max_m", "height_max_m", "price_usd")),
    *(("effectors", "iris-t-slm", a) for a in ("range_max_m", "height_max_m")),
    *(("effectors", "skynex-35mm", a) for a in ("range_max_m", "price_usd")),
    *(("effectors", "interceptor-drone", a) for a in ("speed_m_s", "price_usd", "looks")),
    *(("effectors", name, "salvo") for name in ("s-300p-missile", "buk-missile")),
    ("effectors", "apkws", "price_usd"),
    *(("fire_units", "patriot", a) for a in ("price_usd", "crew", "availability", "rounds:gem-t")),
    *(("fire_units", name, "price_usd") for name in ("nasams", "iris-t-slm", "skynex", "vampire")),
    ("fire_units", "iris-t-slm", "rounds:iris-t-slm"),
    ("sensors", "fire-control-radar", "range_large_m"),
)


def fields(call, *arguments):
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    assert all(fault.where == "" and fault.found and fault.mend for fault in caught.value.faults)
    return [fault.field for fault in caught.value.faults]


def fault_of(call, *arguments):
    with pytest.raises(ScenarioError) as caught:
        call(*arguments)
    (fault,) = caught.value.faults
    return str(fault)


def entry(kind, name):
    name = re.sub(":.*", ":<effector>", name)
    return CATALOGUE.dictionary[kind.table][name]


@pytest.mark.parametrize(
    ("table", "names"), list(zip(TABLES, (THREATS, EFFECTORS, FIRE_UNITS, SENSORS), strict=True))
)
def test_the_types(table, names):
    """The catalogue holds these types, and each is found by its name."""
    assert list(getattr(CATALOGUE, table)) == names.split()
    for name in names.split():
        kind = CATALOGUE.lookup(table, name)
        assert (kind.name, kind.table) == (name, table)
        assert kind.label == kind.word("label")


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: f"{kind.table}-{kind.name}")
def test_every_figure_is_an_interval_in_its_limits_with_a_source(kind):
    """low <= high, inside the dictionary's limits, and a quality letter with a citation, or ``assumed``."""
    for name, figure in kind.figures.items():
        attribute = entry(kind, name)
        assert figure.low <= figure.high, name
        assert attribute.low * attribute.factor <= figure.low * (1 + 1e-9), name
        assert figure.high <= attribute.high * attribute.factor * (1 + 1e-9), name
        defined = attribute.kind == "flag" or kind.name == "jammer-area"
        assert SOURCE.match(figure.source) or (defined and figure.source == "definition"), name


def test_rows_of_the_files_carry_a_source():
    """Not even one row of a types file is silent on where it comes from."""
    for table in TABLES:
        with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert all(row["source"].strip() for row in rows)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: f"{kind.table}-{kind.name}")
def test_every_type_has_every_attribute(kind):
    """Nothing of the dictionary is missing in a type, and a type has nothing else."""
    names = {entry(kind, name).base for name in (*kind.figures, *kind.words)}
    assert names == set(CATALOGUE.dictionary[kind.table])


def test_every_unit_agrees_with_the_suffix():
    """An attribute's unit is the one that its name says; a share has none."""
    for table in TABLES:
        for attribute in CATALOGUE.dictionary[table].values():
            expected = next((unit for suffix, unit in UNITS if attribute.name.endswith(suffix)), "1")
            if attribute.kind in ("text", "flag", "count"):
                expected = attribute.kind
            assert attribute.unit == expected, attribute.name
            assert attribute.description


def test_defaults_keep_to_the_dictionary_and_have_a_source():
    """A default lies inside the limits and says where it comes from."""
    for table in TABLES:
        for attribute in CATALOGUE.dictionary[table].values():
            if isinstance(attribute.default, Interval):
                assert attribute.low <= attribute.default.low <= attribute.default.high <= attribute.high
                assert attribute.default.source in ("assumed", "definition"), attribute.name


@pytest.mark.parametrize(("table", "name", "attribute"), PUBLISHED)
def test_published_figures_carry_their_citation(table, name, attribute):
    """What the open press gives is cited with its quality, not assumed."""
    source = CATALOGUE.lookup(table, name).figure(attribute).source
    assert re.match(r"[PNSRDG] \S+\.\S+|G published envelope table", source), source


def test_no_kill_probability_is_known():
    """Every pk is zero, or an interval at least a tenth wide that is assumed and never reaches 1."""
    for kind in CATALOGUE.effectors.values():
        for name, figure in kind.figures.items():
            if name.startswith("pk_"):
                assert figure.source.startswith("assumed"), (kind.name, name)
                assert figure.high == 0 or figure.high - figure.low >= 0.1, (kind.name, name)
                assert figure.high < 1


def test_fire_units_name_what_exists():
    """Each has one or two effectors of the catalogue, a reserve for each, and a sensor or none."""
    for kind in CATALOGUE.fire_units.values():
        assert 1 <= len(kind.effectors) <= 2
        for effector in kind.effectors:
            assert effector in CATALOGUE.effectors
            assert kind.figure(f"reserve:{effector}").low >= 0
        assert kind.word("sensor") in ("none", *CATALOGUE.sensors)
    used = {effector for kind in CATALOGUE.fire_units.values() for effector in kind.effectors}
    assert used == set(CATALOGUE.effectors)


def test_only_footprints_meet_terminal_threats():
    """A pk against ballistic threats comes with a footprint on the ground, and the other way round."""
    for kind in CATALOGUE.effectors.values():
        able = kind.figure("footprint_along_m").high > 0
        assert able == (kind.figure("footprint_across_m").high > 0)
        assert able == (kind.figure("pk_ballistic").high > 0), kind.name
    for kind in CATALOGUE.threats.values():
        assert (kind.figure("terminal_only").middle == 1) == (kind.figure("terminal_s").low > 0), kind.name


def test_figures_that_an_analyst_expects():
    """Orders that hold whatever is drawn: MSE before GEM-T, drones slower than jets, decoys cheapest."""
    figure = {(k.name, a): f for k in TYPES if k.table != "fire_units" for a, f in k.figures.items()}
    assert figure["pac3-mse", "pk_ballistic"].middle > figure["gem-t", "pk_ballistic"].middle
    assert figure["pac3-mse", "footprint_along_m"].low > figure["gem-t", "footprint_along_m"].high
    assert figure["shahed-136", "speed_m_s"].high == pytest.approx(185 / 3.6)
    assert figure["shahed-136", "speed_m_s"].high < figure["geran-3", "speed_m_s"].low
    assert figure["gerbera", "price_usd"].high < figure["shahed-136", "price_usd"].low
    # an interceptor drone catches a Shahed whatever is drawn, and no jet drone
    drone = figure["interceptor-drone", "speed_m_s"]
    assert drone.low > 1.3 * figure["shahed-136", "speed_m_s"].high
    assert drone.high < 1.3 * figure["geran-3", "speed_m_s"].low
    assert figure["fighter-missile", "speed_m_s"].high < 1.3 * figure["kh-22", "speed_m_s"].low
    assert CATALOGUE.fire_units["fighter-patrol"].figure("moves").middle == 1


def test_figures_and_words_by_name():
    """Figures are in the units used inside; an unknown one names the nearest."""
    shahed = CATALOGUE.threats["shahed-136"]
    assert shahed.figure("price_usd") == Interval(20e3, 100e3, shahed.figure("price_usd").source)
    assert shahed.word("kind") == "drone"
    with pytest.raises(KeyError, match="did you mean 'speed_m_s'"):
        shahed.figure("speed_ms")


def test_unknown_types_name_the_nearest():
    """A type, a table and a name to print that do not exist are faults with a hint."""
    assert "did you mean 'pac3-mse'?" in fault_of(CATALOGUE.lookup, "effectors", "pac3-mes")
    assert "did you mean 'fire_units'?" in fault_of(CATALOGUE.lookup, "fire_unit", "patriot")
    assert "did you mean 'kalibr'?" in fault_of(CATALOGUE.table, "kalib")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, Interval(0.5, 0.5)),
        (1, Interval(1.0, 1.0)),
        ([0.2, 0.4], Interval(0.2, 0.4)),
        ({"low": 0.2, "high": 0.4, "source": "N example.org"}, Interval(0.2, 0.4, "N example.org")),
        (Interval(0.1, 0.2, "x"), Interval(0.1, 0.2, "x")),
    ],
)
def test_changed_takes_every_form_of_a_figure(value, expected):
    """A number, a pair, a mapping with a source, an interval; without a source it is assumed."""
    gun = CATALOGUE.effectors["gepard-35mm"]
    new = changed(gun, {"pk_drone": value})
    assert new.figure("pk_drone") == expected
    assert new.figure("pk_cruise") == gun.figure("pk_cruise")
    assert gun.figure("pk_drone") == CATALOGUE.effectors["gepard-35mm"].figure("pk_drone") != expected


def test_changed_takes_any_unit_flags_texts_and_rounds():
    """Base and customary units agree; a flag may be true; rounds of a new effector bring a reserve."""
    patriot = CATALOGUE.fire_units["patriot"]
    for changes in ({"price_musd": 500}, {"price_usd": 500e6}, {"price_kusd": 500_000}):
        assert changed(patriot, changes).figure("price_usd") == Interval(500e6, 500e6)
    new = changed(patriot, {"moves": True, "label": "Mine", "sensor": "observers", "rounds:x_km": 4})
    assert (new.figure("moves").low, new.label, new.word("sensor")) == (1, "Mine", "observers")
    assert new.effectors == ("pac3-mse", "gem-t", "x_km")
    assert new.figure("rounds:x_km") == Interval(4, 4)
    assert new.figure("reserve:x_km") == Interval(0, 0)


def test_changed_gives_every_fault_at_once():
    """Unknown attribute, out of range, not finite, wrong order, wrong word, twice, not whole: one error."""
    changes = {
        "sped_km_h": 100,
        "speed_km_h": 1e9,
        "speed_m_s": float("nan"),
        "fail_share": [0.5, 0.1],
        "high_share": {"low": 0.1, "hi": 0.2},
        "loudness": [0.1, 0.2, 0.3],
        "size": "huge",
        "class": 3,
        "terminal_only": 0.5,
        "warhead_kg": "fifty",
        "reach_km": 10**400,
        "price_kusd": True,
    }
    expected = sorted([*changes, "speed_m_s"])  # speed_m_s: given twice, and not a number
    assert sorted(fields(changed, CATALOGUE.threats["shahed-136"], changes)) == expected


@pytest.mark.parametrize(
    ("table", "name", "changes", "message"),
    [
        (
            "threats",
            "kalibr",
            {"speed_km": 1},
            "threats have no attribute 'speed_km'; did you mean 'speed_km_h'?",
        ),
        ("threats", "kalibr", {"speed_km_h": -1}, "found -1; give figures from 20 to 15000"),
        ("threats", "kalibr", {"speed_m_s": 5000}, "found 5000; give figures from 5.55556 to 4166.67"),
        ("threats", "kalibr", {"size": "big"}, "found 'big'; give one of small, medium, large"),
        ("threats", "kalibr", {"label": " "}, "found ' '; give a text"),
        ("effectors", "hawk", {"pk_drone": [0.5, 1.2]}, "found 0.5-1.2; give figures from 0 to 1"),
        ("effectors", "hawk", {"salvo": 1.5}, "found 1.5; give whole numbers"),
        ("effectors", "hawk", {"range_min_km": 90}, "found 90000; give what is nowhere above range_max_m"),
        ("fire_units", "hawk", {"moves": [0, 1]}, "found 0-1; give 1 or 0"),
        ("fire_units", "hawk", {"reserve:x": 3}, "there are no ready rounds beside it"),
        ("fire_units", "hawk", {"rounds:": 3}, "fire_units have no attribute 'rounds:'"),
    ],
)
def test_each_fault_says_what_and_the_mend(table, name, changes, message):
    """The field is the attribute as it was given."""
    fault = fault_of(changed, CATALOGUE.lookup(table, name), changes)
    assert fault.startswith(f"{next(iter(changes))}: ")
    assert message in fault


def test_define_a_new_type():
    """A new type from what has no default; the rest comes from the dictionary."""
    attributes = {a.name: 1 for a in CATALOGUE.dictionary["sensors"].values() if a.default is None}
    balloon = define(
        "sensors", "balloon", attributes | {"label": "Balloon", "kind": "airborne", "range_large_km": 9}
    )
    assert balloon.figure("range_large_m") == Interval(9000, 9000)
    assert balloon.figure("bad_weather_factor") == Interval(1, 1)
    assert balloon.label == "Balloon"
    assert set(balloon.figures) == set(CATALOGUE.sensors["observers"].figures)


def test_define_names_all_that_is_missing():
    """Every attribute without a default is a fault; one that is given wrongly is not missing too."""
    required = {a.name for a in CATALOGUE.dictionary["fire_units"].values() if a.default is None}
    assert set(fields(define, "fire_units", "mine", {})) == required
    found = fields(define, "fire_units", "mine", {"channels": -1, "rounds:x": "many", "colour": 1})
    assert set(found) == required - {"rounds:<effector>"} | {"rounds:x", "colour"}
    assert len(found) == len(set(found))
    assert fields(define, "ships", "mine", {}) == ["type"]


def test_faults_of_the_files_carry_their_lines(tmp_path, monkeypatch):
    """A wrong unit, a repeated row, a wrong figure and a missing attribute, each with file and line."""
    for name in (*TABLES, "dictionary"):
        (tmp_path / f"{name}.csv").write_bytes((DATA / f"{name}.csv").read_bytes())
    lines = (DATA / "sensors.csv").read_text(encoding="utf-8").splitlines()
    at = {line.split(",")[1]: n for n, line in enumerate(lines) if line.startswith("observers,")}
    lines[at["confirm_s"]] = "observers,confirm_s,5,20,min,assumed"
    lines[at["availability"]] = "observers,availability,2,,1,assumed"
    lines[at["range_small_km"]] = lines[at["range_medium_km"]]
    (tmp_path / "sensors.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(catalogue_module, "DATA", tmp_path)
    with pytest.raises(ScenarioError) as caught:
        catalogue_module._read_types("sensors")
    places = {(fault.where, fault.field) for fault in caught.value.faults}
    assert places == {
        (f"sensors.csv:{at['confirm_s'] + 1}", "confirm_s"),
        (f"sensors.csv:{at['availability'] + 1}", "availability"),
        (f"sensors.csv:{at['range_medium_km'] + 1}", "range_medium_km"),
        ("sensors.csv, observers", "range_small_km"),
    }


def test_printed_rows_are_those_of_the_files():
    """Every row of a types file is printed, in the unit of the file."""
    for table in TABLES:
        printed = {(row["type"], row["attribute"]): row for row in CATALOGUE.table(table)}
        with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                shown = printed[row["type"], row["attribute"]]
                if row["unit"] == "text":
                    assert shown["low"] == row["low"]
                else:
                    assert (shown["low"], shown["high"]) == (float(row["low"]), float(row["high"]))
                    assert shown["source"] == row["source"]
                assert shown["unit"] == row["unit"]
                assert shown["description"]
    assert {row["type"] for row in CATALOGUE.table("kalibr")} == {"kalibr"}
    assert len(CATALOGUE.table()) == sum(len(CATALOGUE.table(table)) for table in TABLES)


def test_read_once_and_sent_to_other_processes():
    """The catalogue is read once, and its types can be pickled."""
    assert read_catalogue() is CATALOGUE
    assert pickle.loads(pickle.dumps(CATALOGUE.threats["kalibr"])) == CATALOGUE.threats["kalibr"]


def test_defaults_are_turned_into_the_units_used_inside():
    """A default of 2 km in the dictionary is 2000 m in a type."""
    known = dict(CATALOGUE.dictionary["effectors"])
    known["range_min_m"] = dataclasses.replace(known["range_min_m"], default=Interval(2, 2))
    bare = dataclasses.replace(CATALOGUE.effectors["hawk"], figures={}, words={})
    given = {a.name: 3 for a in known.values() if a.default is None} | {"label": "x", "layer": "gun"}
    given |= {name: 0.5 for name in given if name.startswith("pk_")}
    assert catalogue_module._settled(bare, given, known).figure("range_min_m") == Interval(2000, 2000)
