"""The page of a campaign: it says what the campaign's numbers say, and it is one quiet file like any other page."""

import base64
import hashlib
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from builders import SUPPLY, supplied
from pages import Reader

import koepel as kp
from koepel import supply
from koepel.campaign.luck import NEVER
from koepel.errors import UsageError
from koepel.nouns import Noun
from koepel.outcome import Figure, figure
from koepel.raid import Rhythm
from koepel.report import texts
from koepel.report.campaign import campaign_page, write_campaign
from koepel.report.campaign_answer import Fought, answer, first_to_run_dry, percent
from koepel.report.campaign_charts import calendar, came, fan, spent_bars
from koepel.report.campaign_tables import MONTHLY, crossed, lasts_table, money_table, rounds_table
from koepel.report.digits import number, shown, whole
from koepel.report.supply_figures import supply_figures, unit_types
from koepel.units import Interval

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NASTY = "</title><script>alert(1)</script>\"'&{x}"
SECTIONS = "answer months stocks nights dry lasts orders money rounds assumed limits reproduce".split()
BARE = "answer months nights assumed limits reproduce".split()


def words_of(text):
    return " ".join("".join(Reader(text).words).split())


def section(text, name):
    """The words of one section."""
    return words_of(re.search(rf'<section id="{name}">.*?</section>', text, re.DOTALL).group(0))


def mains(table):
    """The main texts of the cells of a table, row by row."""
    return {row["head"]: [cell["main"] for cell in row["cells"]] for row in table["rows"]}


@pytest.fixture(scope="module")
def full():
    """Sixty days with stocks, lines, donors, orders and funders."""
    scenario = supplied()
    found = kp.campaign(scenario, days=60, runs=16, seed=1)
    return Fought(found, scenario, texts())


@pytest.fixture(scope="module")
def text(full):
    return campaign_page(full.found, full.scenario)


@pytest.fixture(scope="module")
def bare():
    """A campaign with a day to begin on, and nothing else."""
    scenario = kp.Scenario.read("small-country").replace({"supply": {"begins": "2025-06-28"}})
    return Fought(kp.campaign(scenario, days=5, runs=4, seed=1), scenario, texts())


def test_the_page_is_one_small_well_formed_file(full, text, tmp_path):
    path = kp.write_campaign(full.found, full.scenario, tmp_path / "campaign.html")
    assert path.read_text(encoding="utf-8") == text
    assert path.stat().st_size < 1_500_000
    reader = Reader(text)
    assert reader.open == []
    assert [attrs["id"] for _, attrs in reader.elements if "id" in attrs] == SECTIONS
    links = [attrs["href"].removeprefix("#") for tag, attrs in reader.elements if tag == "a"]
    assert links == ["answer", *SECTIONS]
    with pytest.raises(UsageError, match="cannot be written"):
        write_campaign(full.found, full.scenario, tmp_path / "absent" / "campaign.html")


def test_nothing_is_fetched_and_nothing_runs(text):
    """No element loads a resource or runs code, and the policy of the page allows only its own style."""
    reader = Reader(text)
    tags = {tag for tag, _ in reader.elements}
    loading = "script link img iframe object embed form base use image foreignobject"
    assert not tags & set(loading.split())
    for tag, attrs in reader.elements:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style", "action") for name in attrs), tag
        assert attrs.get("href", "#").startswith("#")
    assert "@import" not in text and "url(" not in text and "http://" not in text and "https://" not in text
    policy = next(a["content"] for t, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_text_of_a_scenario_is_never_markup():
    """A name full of markup and braces shows as text wherever names stand."""
    names = {"own", "eu", "gulf", "consent", "mse line", "friend", "mse", "gift", "amr", "others", "p", "x", "EUR"}
    keep = {"status", "effector", "type", "kind", "source"}

    def nasty(value, key=""):
        if isinstance(value, dict):
            return {NASTY + k if k in names else k: nasty(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [nasty(one, key) for one in value]
        return NASTY + value if key not in keep and value in names else NASTY if key == "source" else value

    scenario = supplied().replace({"supply": nasty(SUPPLY), "notional": NASTY}).model_copy(update={"name": NASTY})
    found = replace(kp.campaign(scenario, days=20, runs=4), replay=NASTY)
    text = campaign_page(found, scenario)
    assert "<script" not in text
    reader = Reader(text)
    assert reader.open == []
    assert "".join(reader.words).count("<script>alert(1)</script>") > 40


def test_the_same_campaign_makes_the_same_bytes(full, text):
    """The time that a campaign took is not on the page, nor how many threads fought it."""
    assert campaign_page(replace(full.found, cpu_seconds=99.0, wall_seconds=98.7), full.scenario) == text
    assert campaign_page(kp.campaign(full.scenario, days=60, runs=16, seed=1, workers=1), full.scenario) == text


def test_the_answer_says_what_the_numbers_say(full, text):
    """Threats, leakers, people, what first runs dry, money by funder, and the balance, each with its interval."""
    said, told = section(text, "answer"), full.told
    for name in ("threats", "leaked", "exposed"):
        one = shown(figure(full.found.by_month(name).sum(axis=1)))
        assert one.mean in said and one.interval in said
    for name in ("own", "eu"):
        one = shown(Figure(**told["spent_usd"][name]), 1e-6)
        received = number(told["money_usd"][name]["received"] * 1e-6)
        assert f"{name} {one.mean} million USD ({one.interval}) of {received} million" in said
    dry = told["first_dry"]["amraam"]
    low, high = (percent(end) for end in dry["chance_interval"])
    assert f"AMRAAM (NASAMS): in {percent(first_to_run_dry(full.found)[1])} % of runs before anything else" in said
    assert f"run dry in {percent(dry['chance'])} % of runs (95 % interval {low} to {high})" in said
    assert full.date(dry["day"]["median"]) in said
    assert "Every round and every dollar is accounted for, in every run: the balance is 0." in said


def test_every_table_says_what_as_dict_says(full, text):
    told = full.told
    months = section(text, "months")
    for row in told["months"]:
        for name in MONTHLY:
            one = shown(Figure(**row[name]), 1e-6 if name.endswith("usd") else 1.0)
            assert one.mean in months and (one.same or one.interval in months), name
        for one in (*row["fired"].values(), *(x for x in row["leaked_by_class"].values() if x["mean"])):
            assert shown(Figure(**one)).mean in months
    dry = section(text, "dry")
    for one in told["first_dry"].values():
        assert all(percent(chance) in dry for chance in one["chance_by_month"].values())
        assert all(full.date(day) in dry for day in one["day"].values())
    lasts = mains(lasts_table(full))
    for name, days in told["days_of_supply"].items():
        assert lasts[full.labels[name]][1:] == ["over 60" if day is None else whole(day) for day in days.values()]
    orders = section(text, "orders")
    for name, one in told["orders"].items():
        assert name in orders and percent(one["chance_whole"]) in orders
        assert shown(Figure(**one["agreed"])).mean in orders and shown(Figure(**one["arrived"])).mean in orders
        assert all(full.date(one["day_whole"][key]) in orders for key in ("low", "median", "high") if one["day_whole"])


def test_the_books_balance_on_the_page(full):
    """Each row adds up to what its rounding allows, and says that nothing is off."""

    def read(cell):
        return float(cell.replace(",", ""))

    for name, row in mains(money_table(full)).items():
        received, *became, off = map(read, row)
        assert received == pytest.approx(sum(became), abs=0.021) and off == 0
        assert received == pytest.approx(full.told["money_usd"][name]["received"] * 1e-6, abs=0.006)
    for (name, told), row in zip(full.told["rounds"].items(), mains(rounds_table(full)).values(), strict=True):
        assert row[:-1] == [number(value, 0.1) for value in told.values()], name
        initial, produced, given, *became, off = map(read, row)
        assert initial + produced + given == pytest.approx(sum(became), abs=0.41) and off == 0


def test_what_is_off_is_said_first_of_all_not_hidden(full):
    off = full.found.rounds_off.copy()
    off[3, 1] = 2
    false = replace(full.found, rounds_off=off)
    text = campaign_page(false, full.scenario)
    assert "Not everything is accounted for: 2 rounds and 0 USD are off" in section(text, "answer")
    assert "the balance is 0" not in words_of(text)
    assert [row[-1] for row in mains(rounds_table(Fought(false, full.scenario, texts()))).values()] == ["0", "2"]


def test_what_runs_dry_first_is_counted_run_by_run(full):
    """In 3 of 4 runs b is dry before a; c had nothing from the first night on and runs no race."""
    dry = np.zeros((4, 6, 3), bool)
    dry[:, 4:, 0], dry[:3, 3:, 1], dry[:, :, 2] = True, True, True
    found = replace(full.found, followed=("a", "b", "c"), dry=dry, days=6, runs=4)
    assert first_to_run_dry(found) == ("b", 0.75, ["c"])
    assert first_to_run_dry(replace(found, dry=np.zeros_like(dry))) == (None, 0.0, [])


def test_what_never_runs_dry_is_said_with_the_doubt_that_so_many_runs_leave(full):
    """Of 16 runs none: the upper end of Wilson's interval is 3.84 / (16 + 3.84), 19 %."""
    never = Fought(replace(full.found, dry=np.zeros_like(full.found.dry)), full.scenario, texts())
    assert "in any of the 16 runs; with so many runs, a chance of up to 19 % may go unseen." in " ".join(answer(never))
    text = campaign_page(never.found, full.scenario)
    assert Reader(text).open == [] and "Does not run dry in any run." in words_of(text)


def test_the_fan_shows_quantiles_the_first_dry_day_and_what_came(full):
    one = fan(full, "amraam")
    held = full.found.held("amraam")
    top = float(np.quantile(held, 0.95, axis=0).max())
    scale = (170.0 - 26.0) / top  # from the foot to the top of the fan
    lows = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", one["median"])]
    assert lows == pytest.approx(170.0 - scale * np.median(held, axis=0), abs=0.06)
    last = [number(end, 1.0) for end in np.quantile(full.found.held("pac3-mse")[:, -1], (0.5, 0.05, 0.95))]
    assert "After the last night {} in the middle run, {} to {} in".format(*last) in fan(full, "pac3-mse")["caption"]
    day = full.told["first_dry"]["amraam"]["day"]["median"]
    assert one["dry"]["x"] == pytest.approx(50.0 + (day - 0.5) / 60 * 418.0, abs=0.06)
    assert full.date(day) in one["dry"]["text"]
    assert "mse" not in " ".join(mark["title"] for mark in one["orders"])
    done = full.found.done_day[:, full.found.orders.index("amr")]
    assert len(one["orders"]) == ((done < NEVER).mean() >= 0.5)


def test_what_came_in_is_what_the_ledger_says():
    """Where nothing is lost, all that came in by day is what was produced and given."""
    calm = {"stocks": [{"effector": "pac3-mse", "rounds": 30}, {"effector": "amraam", "rounds": 60}], "upkeep": []}
    donors = [{"name": "friend", "stock": {"amraam": 100}, "floor": 0}]
    scenario = supplied(**calm, donors=donors)
    found = kp.campaign(scenario, days=60, runs=8, seed=2)
    fought = Fought(found, scenario, texts())
    for e, name in enumerate(found.followed):
        ledger = found.rounds[:, e, 1] + found.rounds[:, e, 2]
        assert (came(fought, name).sum(axis=1) == ledger).all() and ledger.sum() > 0


def test_the_calendar_has_a_cell_for_each_date(full):
    one = calendar(full)
    cells = [cell for sheet in one["sheets"] for cell in sheet["cells"]]
    assert [sheet["name"] for sheet in one["sheets"]] == ["2025-06", "2025-07"] and len(cells) == 60
    mean = full.found.daily.mean(axis=0)
    assert cells[9]["title"] == f"2025-06-10: {mean[9, 0]:.0f} threats, {mean[9, 1]:.0f} leak"
    assert (cells[0]["x"], cells[0]["y"]) == (6 * 32, 0), "1 June 2025 was a Sunday"
    assert (cells[1]["x"], cells[1]["y"]) == (0, 32)
    assert (cells[30]["x"], cells[30]["y"]) == (32, 0), "1 July 2025 was a Tuesday"
    worst = int(mean[:, 1].argmax())
    assert full.date(worst + 1) in one["worst"] and one["gaps"] == ""


def test_a_replay_shows_recorded_numbers_and_warns_of_gaps(full):
    """The number of a date is that of the record, also where a ceasefire keeps raids away in some runs."""
    daily = np.zeros_like(full.found.daily)
    daily[:, :20, 0], daily[:, :20, 1] = 300, 40
    daily[:8, 5] = 0
    found = replace(full.found, replay="attacks.csv", daily=daily)
    text = campaign_page(found, full.scenario)
    assert "2025-06-06: 300 recorded threats, 20 leak" in words_of(text)
    assert "No raid is on record: 2025-06-21 to 2025-07-30 (40 nights)." in section(text, "nights")
    assert "--records attacks.csv" in section(text, "reproduce")
    assert texts()["campaign"]["limits"]["replay"] in section(text, "limits")
    assert "No season is given" not in words_of(text) and "Rhythm" not in section(text, "assumed")


def test_money_by_month_stands_funder_on_funder(full):
    """Bars of a month are as high as all that was spent in it; of many funders the smallest are taken together."""
    one = spent_bars(full)
    spent = full.found.spent.mean(axis=0).sum(axis=1)
    assert [entry["text"] for entry in one["legend"]] == ["eu", "own"]
    heights = {month: sum(bar["h"] for bar in one["bars"] if bar["title"].startswith(month)) for month in
               full.found.calendar.months}  # fmt: skip
    assert list(heights.values()) == pytest.approx(156.0 * spent / spent.max(), abs=0.3)
    many = replace(full.found, funders=tuple("abcdefghi"), spent=np.full((16, 2, 9), 1_000_000))
    shown_by = [entry["text"] for entry in spent_bars(Fought(many, full.scenario, texts()))["legend"]]
    assert shown_by == [*"abcdef", "other funders"]
    none = replace(full.found, spent=np.zeros_like(full.found.spent))
    assert texts()["campaign"]["money"]["none"] in section(campaign_page(none, full.scenario), "money")


def test_a_table_by_month_turns_where_it_would_be_too_wide():
    months = [f"2025-{m:02d}" for m in range(1, 13)]
    one = crossed("", ("Effector", "Month"), ["a", "b"], months, lambda k, m: f"{'ab'[k]}{m}")
    assert one["columns"] == ["Month", "a", "b"] and one["rows"][2] == {"head": "2025-03", "cells": ["a2", "b2"]}
    short = crossed("", ("Effector", "Month"), ["a", "b"], months[:3], lambda k, m: f"{'ab'[k]}{m}")
    assert short["columns"] == ["Effector", *months[:3]] and short["rows"][1]["cells"] == ["b0", "b1", "b2"]


def test_every_figure_of_the_supply_side_stands_with_its_source(full, text):
    rows = [row for part in supply_figures(full.scenario, texts(), drawn=True)["parts"] for row in part["rows"]]
    told = {f"{row['text']} {row['value']} {row['source']}" for row in rows}
    assert {
        "PAC-3 MSE: rounds 50 to 80 a made-up register",
        "AMRAAM (NASAMS): rounds 60 assumed",
        "mse line: from 2026-01-01: rounds a month 60 to 80 assumed",
        "mse line: recipient others: wish multiplied by this in a crisis 2 assumed",
        "mse line: joint with p: cost, USD 1,000,000 assumed",
        "mse: chance that it comes true (by its status: pledged) 0.6 to 0.9 assumed",
        "mse: share of the price paid when ordered 0.3 assumed",
        "friend: AMRAAM (NASAMS): rounds in stock 40 to 100 assumed",
        "EUR: USD for one unit 1.05 to 1.2 assumed",
        "mse line: price multiplied by this when the number made doubles 0.9 scenario",
    } <= told
    assert "gift: price" not in " ".join(told), "a gift has none"
    said = section(text, "assumed")
    assert all(f"{row['text']}{row['value']}{row['source']}" in said for row in rows)

    def intervals(noun):
        for name in type(noun).model_fields:
            value = getattr(noun, name)
            for one in value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Noun):
                    yield from intervals(one)
                elif isinstance(one, Interval):
                    yield one

    assert all(row["source"] for row in rows) and len(rows) >= len(list(intervals(full.scenario.supply))) - 3


def test_every_figure_of_every_noun_has_a_text():
    """Whatever a supply side may say, the page has words for it."""
    words = texts()["campaign"]["figures"]
    nouns = [
        one for one in vars(supply).values() if isinstance(one, type) and issubclass(one, Noun) and one is not Noun
    ]
    for noun in [*nouns, Rhythm]:
        for name, field in noun.model_fields.items():
            kind = str(field.annotation)
            if "dict" in kind:
                assert name in words["tables"], (noun, name)
            elif "tuple" not in kind and re.search(r"Interval|int|float|Share|Positive", kind):
                assert words[noun.__name__][name], (noun, name)


def test_fire_units_are_named_by_type_only():
    """A name of a fire unit may tell a place."""
    units = ("patriot-1", "gepard-1", "gepard-2")
    orders = [{"name": "battery", "day": "2025-06-02", "fire_units": units, "price": 9e8, "funder": "own",
               "spares": {"patriot": 2}}]  # fmt: skip
    fielding = [{"fire_units": ["patriot-1"], "needs": ["battery"], "crew_days": [10, 30]}]
    scenario = supplied(orders=orders, fielding=fielding)
    text = campaign_page(kp.campaign(scenario, days=5, runs=2), scenario)
    words = words_of(text)
    assert "patriot-1" not in text and "gepard-1" not in text
    assert unit_types(scenario, units) in section(text, "orders")
    assert "2 × Gepard" in words and "900 million USD" in words and "days that the crew trains" in words
    assert "2 sets of spares for Patriot" in words


def test_the_command_has_options_that_are_there(text, full):
    """The command line knows each option; a built-in scenario is named with what was set, any other is a file."""
    from typer.main import get_command

    from koepel.cli import app

    def command(page):
        return shlex.split(unescape(re.search("<pre><code>(.*?)</code></pre>", page, re.DOTALL).group(1)))

    known = {name for one in get_command(app).commands["campaign"].params for name in one.opts}
    later = kp.Scenario.read("small-country", set=["supply.begins=2025-06-28"])
    own, built_in = command(text), command(campaign_page(kp.campaign(later, days=2, runs=2), later))
    for words in (own, built_in):
        assert words[:2] == ["koepel", "campaign"] and {word for word in words if word.startswith("--")} <= known
    assert " ".join(own[2:]) == "FILE.yaml --days 60 --runs 16 --seed 1 --html campaign.html"
    assert " ".join(built_in[2:5]) == "small-country --set supply.begins=2025-06-28"
    assert full.found.digest in section(text, "reproduce")


def test_a_supply_side_of_nothing_makes_a_page_too(bare):
    """Sections that have nothing to show are left out, and the answer says why."""
    text = campaign_page(bare.found, bare.scenario)
    reader = Reader(text)
    assert reader.open == [] and [attrs["id"] for _, attrs in reader.elements if "id" in attrs] == BARE
    words, limits = words_of(text), texts()["campaign"]["limits"]
    assert "nan" not in words.lower().split() and "Spent" not in section(text, "months")
    said = section(text, "answer")
    assert texts()["campaign"]["answer"]["unfollowed"] in said and texts()["campaign"]["answer"]["unfunded"] in said
    for name in ("no_season", "no_growth", "no_persistence", "no_stocks", "no_orders", "no_upkeep"):
        assert limits[name] in section(text, "limits")
    for line in limits["always"]:
        assert line in section(text, "limits")


@pytest.mark.parametrize(
    "changes",
    [
        {"orders": [], "funders": []},
        {"stocks": []},
        {"stocks": [], "orders": [{"name": "radar", "day": "2025-06-02"}]},
        {"funders": [], "orders": [SUPPLY["orders"][1]], "lines": []},
        {"lines": [], "donors": [], "orders": [], "upkeep": [], "war": {"ceasefire_per_month": 1}},
    ],
)
@pytest.mark.parametrize("days, runs", [(1, 1), (3, 2)])
def test_parts_of_a_supply_side_make_a_page_too(changes, days, runs):
    """No orders, no stocks, no funders, no raids at all; a single day, a single run."""
    lines = changes.get("lines", [{**SUPPLY["lines"][0], "joint": []}])
    scenario = supplied(**{**changes, "lines": lines})
    text = campaign_page(kp.campaign(scenario, days=days, runs=runs), scenario)
    words = words_of(text)
    assert Reader(text).open == [] and not {"nan", "inf", "none,"} & set(words.lower().split())
    assert "1 days" not in words and "1 times" not in words


def test_a_campaign_of_ten_years_stays_small(full):
    """A cell for each of 3,660 dates, and thinned fans."""
    found, days = full.found, 3660
    wide = {name: np.resize(getattr(found, name), (2, days, *getattr(found, name).shape[2:])) for name in
            ("daily", "stock", "fired", "dry", "up", "raids")}  # fmt: skip
    months = len(replace(found, days=days).calendar.months)
    by_month = {name: np.resize(getattr(found, name), (2, months, getattr(found, name).shape[2])) for name in
                ("months", "spent")}  # fmt: skip
    rest = {name: getattr(found, name)[:2] for name in
            ("rounds", "usable", "rounds_off", "money", "money_off", "agreed", "arrived", "done_day")}  # fmt: skip
    text = campaign_page(replace(found, days=days, runs=2, **wide, **by_month, **rest), full.scenario)
    assert len(text.encode()) < 1_500_000
    assert text.count('class="day"') == days


def test_the_wrong_scenario_is_refused(full, bare):
    with pytest.raises(UsageError, match=r"the campaign is of scenario .* give the scenario that was fought"):
        campaign_page(full.found, bare.scenario)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in PATH: the page was not opened in a browser")
def test_a_browser_opens_the_page_from_disk(full, tmp_path):
    """Chromium shows the page from disk, reports no breach of its policy, and draws something."""
    path = write_campaign(full.found, full.scenario, tmp_path / "campaign.html")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    command = [CHROMIUM, *quiet, f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0"]
    image = tmp_path / "page.png"
    shot = [*command, f"--screenshot={image}", "--window-size=1280,2400", path.resolve().as_uri()]
    told = subprocess.run(shot, capture_output=True, text=True, timeout=120, check=True).stderr
    assert "Content Security Policy" not in told and "Refused" not in told
    assert image.stat().st_size > 100_000  # an empty sheet of this size takes about 10,000
