"""The page of a backtest: what its words say follows from the scores, and it is one quiet file like any other page."""

import base64
import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pages import Reader
from scipy.stats import betabinom, binom

from koepel.backtest import Backtest, Prediction
from koepel.backtest.calibrate import Family
from koepel.backtest.facts import Fact
from koepel.backtest.scores import Difference
from koepel.backtest.spatial import LABELS, WEAKNESS, RankCorrelation, SpatialCheck
from koepel.backtest.validation import Validation
from koepel.errors import UsageError
from koepel.report import texts
from koepel.report.validation import validation_page, write_validation
from koepel.report.validation_charts import by_month, central, fan, pit, reliability, sparkline
from koepel.report.verdict import judge, leaning, margin, verdict, width

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NASTY = "</title><script>alert(1)</script>\"'&{x}"
FIRST, LAST = pd.Timestamp("2025-08-01"), pd.Timestamp("2025-10-31")
SECTIONS = "question answer scores fans pit rates months facts families spatial limits reproduce".split()


def words_of(text):
    return " ".join("".join(Reader(text).words).split())


def predicted(kind, days, n, rate, correlation, came):
    """Beta-binomial forecasts around a rate by day."""
    pmfs = []
    for size, p in zip(n, np.broadcast_to(rate, len(n)), strict=True):
        k, strength = np.arange(size + 1), 1 / correlation - 1
        pmf = betabinom.pmf(k, size, p * strength, (1 - p) * strength)
        pmfs.append(pmf / pmf.sum())
    return Prediction(kind, days, n, came, tuple(pmfs))


def made_up(kind, days, sizes, true_rate, seed):
    """A class on some days: a simulator that knows the rate by size, and baselines that are off by more and more."""
    luck = np.random.default_rng(seed)
    n = luck.integers(*sizes, size=len(days))
    share = luck.beta(true_rate * 19, (1 - true_rate) * 19, size=len(days))
    came = luck.binomial(n, share)
    off = {"koepel": 0.0, "rate_90d": -0.08, "regression": -0.12, "two_streams": 0.05}
    if kind != "drone":
        del off["two_streams"]
    return {(name, kind): predicted(kind, days, n, true_rate + by, 0.05, came) for name, by in off.items()}


def spatial():
    """A check with every correlation, and a standing alarm."""
    ranks = {name: RankCorrelation(0.5, 0.31, 0.68, 30) for name in LABELS} | {
        "impacts_east": RankCorrelation(None, None, None, 22)
    }
    oblasts = pd.DataFrame(
        {"predicted_h": [5.12, 3.0], "recorded_h": [24.0, 2.5], "standing": [True, False]},
        index=pd.Index(["Kharkiv", "Cherkasy"], name="oblast"),
    )
    nights = (date(2025, 8, 1), date(2025, 10, 31))
    return SpatialCheck("made-up", "ab" * 32, nights, 32, 1, ranks, oblasts, pd.DataFrame(), {"Luhansk": "why"}, 0.021)


@pytest.fixture(scope="module")
def full():
    """A backtest of three months and three classes, with everything in it."""
    nights = pd.date_range(FIRST, LAST)
    predictions = made_up("drone", nights, (20, 400), 0.8, 1)
    predictions |= made_up("cruise", nights[::5], (2, 30), 0.7, 2)
    predictions |= made_up("ballistic", nights[::4], (1, 9), 0.4, 3)
    walk = np.clip(0.5 + np.cumsum(np.random.default_rng(4).normal(0, 0.03, (len(nights), 2)), axis=0), 0, 1)
    names = ["short-range fire against drone", "shock of a night"]
    return Validation(
        scenario="made-up",
        digest="ab" * 32,
        records="attacks.csv",
        first=FIRST,
        last=LAST,
        seed=7,
        found=Backtest(predictions),
        without_s300=Backtest(made_up("ballistic", nights[::7], (1, 6), 0.5, 5)),
        families=(
            Family(names[0], ("drone",), 30, 0.21, 0.34, 0.47, 0.4),
            Family(names[1], ("drone", "cruise", "ballistic"), 1, 0.06, 0.52, 0.95, 0.97),
        ),
        drift=pd.DataFrame(walk, index=nights, columns=names),
        facts=(
            Fact("drones neutralised, raids of 20 to 110", 23, 81.2, 79.9),
            Fact("kh-59 neutralised", 0, None, None),
        ),
        spatial=spatial(),
        cpu_seconds=1.0,
        wall_seconds=2.0,
    )


@pytest.fixture(scope="module")
def text(full):
    return validation_page(full)


@pytest.fixture
def bare(full):
    """A backtest that predicted nothing."""
    nothing = {"found": Backtest({}), "without_s300": None, "families": (), "drift": pd.DataFrame(), "facts": ()}
    return replace(full, spatial=None, **nothing)


def test_the_page_is_one_small_well_formed_file(full, text, tmp_path):
    path = write_validation(full, tmp_path / "validation.html")
    assert path.read_text(encoding="utf-8") == text
    assert path.stat().st_size < 1_000_000
    reader = Reader(text)
    assert reader.open == []
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert ids == SECTIONS
    links = [attrs["href"].removeprefix("#") for tag, attrs in reader.elements if tag == "a"]
    assert set(links) == set(SECTIONS)
    with pytest.raises(UsageError, match="cannot be written"):
        write_validation(full, tmp_path / "absent" / "validation.html")


def test_nothing_is_fetched_and_nothing_runs(text):
    """No element loads a resource or runs code, and the policy of the page allows only its own style."""
    reader = Reader(text)
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "use",
        "image",
        "foreignobject",
    }
    for tag, attrs in reader.elements:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style", "action") for name in attrs), tag
        assert attrs.get("href", "#").startswith("#")
    assert "@import" not in text and "url(" not in text and "http://" not in text and "https://" not in text
    policy = next(a["content"] for t, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_text_of_a_backtest_is_never_markup(full):
    """A name full of markup and braces shows as text wherever names stand."""
    check = full.spatial
    index = check.oblasts.index.map(lambda name: NASTY + name).rename("oblast")
    nasty = replace(
        full,
        scenario=NASTY,
        records=NASTY,
        digest=NASTY,
        found=Backtest(
            {
                (NASTY if name == "regression" else name, kind): one
                for (name, kind), one in full.found.predictions.items()
            }
        ),
        families=tuple(replace(one, name=NASTY, classes=(NASTY,)) for one in full.families),
        drift=full.drift.iloc[:, :1].set_axis([NASTY], axis=1),
        facts=tuple(replace(one, what=NASTY, unit=NASTY) for one in full.facts),
        spatial=replace(check, oblasts=check.oblasts.set_index(index), left_out={NASTY: NASTY}),
    )
    text = validation_page(nasty)
    assert "<script" not in text
    reader = Reader(text)
    assert reader.open == []
    assert "".join(reader.words).count("<script>alert(1)</script>") > 10


def test_the_same_backtest_makes_the_same_bytes(full, text):
    """The time that a backtest took is not on the page."""
    assert validation_page(replace(full, cpu_seconds=99.0, wall_seconds=98.7)) == text


def test_the_main_figures_are_there(full, text):
    """CRPS, coverage, difference and verdict of each class, facts, families, limits, and how to reproduce it."""
    words = words_of(text)
    for name in ("drone", "cruise", "ballistic"):
        label, one = texts()["classes"][name], judge(full.found, name, "")
        assert f"{label}: {one.scores.n} days" in words
        crps = [f"{x:.{2 if x < 10 else 1}f}" for x in (one.scores.crps, one.beside[one.best].crps)]
        assert f"mean CRPS {crps[0]} against {crps[1]}, {one.scores.n} days" in words
        for level in (50, 90):
            assert f"{100 * getattr(one.scores, f'coverage_{level}_mean'):.0f}" in words
    limits = texts()["validation"]["limits"]
    facts = (
        full.digest,
        full.records,
        "--seed 7",
        "81.2 %",
        "short-range fire against drone",
        "not identified",
        "0.21 to 0.47",
    )
    for fact in (
        *facts,
        *limits["records"],
        *limits["assumed"],
        *limits["failures"],
        *WEAKNESS,
        *(label.strip() for label in LABELS.values()),
    ):
        assert " ".join(fact.split()) in words, fact
    assert "bundles that hold S-300" in words and "+0.31 to +0.68" in words
    assert text.index(WEAKNESS[0]) < text.index("+0.31 to +0.68")


def test_the_command_has_options_that_are_there(full, text):
    """The command line knows each option; names with blanks are quoted; sirens are named only where they were used."""
    import shlex
    from html import unescape

    from typer.main import get_command

    from koepel.cli import app

    command = shlex.split(unescape(re.search("<pre><code>(.*?)</code></pre>", text, re.DOTALL).group(1)))
    known = {name for one in get_command(app).commands[command[1]].params for name in one.opts}
    assert {word for word in command if word.startswith("--")} <= known
    assert command[:3] == ["koepel", "backtest", "attacks.csv"] and "--sirens" in command
    other = validation_page(replace(full, scenario="made up", spatial=None))
    assert "--scenario 'made up' --seed 7 --report" in words_of(other)


@pytest.mark.parametrize("kind", ["drone", "cruise", "ballistic"])
def test_a_class_without_days_is_named_and_left_out(full, kind):
    kept = {key: one for key, one in full.found.predictions.items() if key[1] != kind}
    text = validation_page(replace(full, found=Backtest(kept), without_s300=None, spatial=None))
    words = words_of(text)
    assert Reader(text).open == [] and "nan" not in words.lower().split()
    assert f"no day was predicted: {texts()['classes'][kind]}." in words
    assert "bundles that hold S-300" not in words and texts()["validation"]["spatial"]["missing"] in words


def test_a_backtest_of_nothing_makes_a_page_too(bare):
    text = validation_page(bare)
    assert Reader(text).open == [] and texts()["validation"]["answer"]["nothing"] in words_of(text)
    assert "<svg" not in text


@pytest.mark.parametrize("keep", [1, 2])
def test_a_day_or_two_make_a_page_too(full, keep):
    """Nothing is called better or worse for lack of doubt."""
    few = {
        key: Prediction(one.threat_class, one.days[:keep], one.launched[:keep], one.neutralised[:keep], one.pmfs[:keep])
        for key, one in full.found.predictions.items()
    }
    text = validation_page(replace(full, found=Backtest(few), last=FIRST + pd.Timedelta(days=9)))
    words = words_of(text)
    assert Reader(text).open == [] and "nan" not in words.lower()
    assert "too few days to say" in words and "as they should" not in words and 'class="better"' not in text


def test_without_baselines_nothing_is_compared(full):
    ours = {key: one for key, one in full.found.predictions.items() if key[0] == "koepel"}
    text = validation_page(replace(full, found=Backtest(ours)))
    assert Reader(text).open == [] and "not compared" in words_of(text)
    assert 'class="better"' not in text and 'class="worse"' not in text and ": better (" not in text


def test_a_verdict_follows_the_larger_standard_error():
    """Half of the interval of 100 days is 1.98 standard errors."""
    assert margin(100, 1.0) == pytest.approx(1.9842, abs=1e-4)
    assert verdict(Difference(100, -1.0, 0.4, 0.45, 4)) == "better"
    assert verdict(Difference(100, -1.0, 0.4, 0.51, 4)) == "same"
    assert verdict(Difference(100, -1.0, 0.51, 0.4, 4)) == "same"
    assert verdict(Difference(100, 1.0, 0.4, 0.45, 4)) == "worse"
    assert (
        verdict(Difference(9, -1.0, 0.01, 0.01, 1)) == "few"
        and verdict(Difference(10, -1.0, 0.01, 0.01, 1)) == "better"
    )
    assert verdict(Difference(1, -1.0, None, None, 0)) == verdict(Difference(0, None, None, None, 0)) == "few"
    assert [leaning(bias, 1.0, 100) for bias in (2.1, -2.1, 1.9)] == ["high", "low", "none"]
    assert leaning(5.0, None, 1) == "few"


def test_the_best_baseline_is_that_of_the_same_days(full):
    """A baseline that predicted one easy day only is compared on that day, and the simulator with it."""
    predictions = dict(full.found.predictions)
    other = predictions["rate_90d", "drone"]
    predictions["rate_90d", "drone"] = replace(
        other,
        days=other.days[3:9],
        launched=other.launched[3:9],
        neutralised=other.neutralised[3:9],
        pmfs=other.pmfs[3:9],
    )
    one = judge(Backtest(predictions), "drone", "")
    assert {scores.n for scores in one.beside.values()} == {6} and one.scores.n == 92
    ours = full.found.predictions["koepel", "drone"].crps()[3:9]
    assert one.beside["koepel"].crps == pytest.approx(ours.mean())
    least = min(("rate_90d", "regression", "two_streams"), key=lambda name: one.beside[name].crps)
    assert one.best == least
    theirs = full.found.predictions[least, "drone"].crps()[3:9]
    assert one.difference(least).mean == pytest.approx((ours - theirs).mean())


def test_coverage_is_judged_by_its_own_chance(full):
    """Of 100 days, 40 to 60 lie in a true 50 % interval and 84 to 96 in a true 90 % interval."""
    scores = replace(judge(full.found, "drone", "").scores, n=100)

    def said(c50, c90):
        return width(replace(scores, coverage_50_mean=c50, coverage_90_mean=c90))

    assert said(0.45, 0.88) == "right" and said(0.39, 0.9) == "narrow" and said(0.5, 0.97) == "wide"
    assert said(0.39, 0.97) == "uneven"
    assert width(replace(scores, n=9)) == "few"


def test_central_intervals_are_those_of_the_quantiles():
    pmf = binom.pmf(np.arange(21), 20, 0.7)
    for level in (0.5, 0.9):
        assert central(pmf, level) == tuple(int(end) for end in binom.interval(level, 20, 0.7))
    assert central(np.array([0.0, 1.0]), 0.9) == (1, 1)


def test_the_fan_counts_what_falls_outside(full):
    """Marks outside are those beyond the 90 % interval; leakers are drawn upside down from the number neutralised."""
    for name in ("drone", "ballistic"):
        one = judge(full.found, name, "x")
        picture = fan(one, FIRST, LAST, texts()["validation"]["fan"])
        ends = [central(pmf, 0.9) for pmf in one.ours.pmfs]
        outside = sum(not low <= y <= high for (low, high), y in zip(ends, one.ours.neutralised))
        assert sum(day["mark"]["kind"] != "in" for day in picture["days"]) == outside
        assert f"on {outside} of them" in picture["caption"]
        for day in picture["days"]:
            outer, inner = day["bars"]
            assert outer["y"] <= inner["y"] + 1.01 and picture["top"] - 1.01 <= outer["y"]
            assert outer["y"] + outer["h"] <= picture["base"] + 1.01
            assert picture["left"] <= outer["x"] and outer["x"] + outer["w"] <= picture["right"]
        assert [tick["text"] for tick in picture["x_ticks"]] == ["2025-08", "2025-09", "2025-10"]


def test_pit_rates_and_months_are_those_of_the_scores(full):
    one, words = judge(full.found, "drone", "x"), texts()["validation"]
    heights = [bar["h"] for bar in pit(one, words["pit"])["bars"]]
    assert np.argsort(heights, kind="stable").tolist() == np.argsort(one.scores.pit, kind="stable").tolist()
    points = reliability(one, words["rates"])["points"]
    assert len(points) == 4 and all(point["high"] <= point["y"] <= point["low"] for point in points)
    table = by_month(one)
    assert table.index.tolist() == ["2025-08", "2025-09", "2025-10"] and table["days"].tolist() == [31, 30, 31]
    assert (table["koepel"] * table["days"]).sum() / 92 == pytest.approx(one.scores.crps)


def test_a_path_needs_two_days():
    assert sparkline(pd.Series([0.5])) == ""
    assert sparkline(pd.Series([0.0, 1.0])) == "M1.0 23.0L119.0 1.0"
    assert sparkline(pd.Series(np.linspace(0, 1, 5000))).count("L") == 119


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in PATH: the page was not opened in a browser")
def test_a_browser_opens_the_page_from_disk(full, tmp_path):
    """Chromium shows the page from disk without WebGL, and reports no breach of its policy."""
    path = write_validation(full, tmp_path / "validation.html")
    quiet = ["--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += [
        "--disable-background-networking",
        "--disable-component-update",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    command = [CHROMIUM, "--headless", "--no-sandbox", *quiet, "--dump-dom", "--enable-logging=stderr", "--v=0"]
    dom = subprocess.run([*command, path.resolve().as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert "made-up" in dom.stdout and dom.stdout.count("<svg") >= 12
    assert "Content Security Policy" not in dom.stderr and "Refused" not in dom.stderr
