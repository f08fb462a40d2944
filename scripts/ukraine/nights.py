"""The published nights as a table, and the counts of the raid pattern fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from koepel.records import Records

JUNE = ("2025-06-01", "2025-06-30")
QUARTER = ("2025-04-01", "2025-06-30")
KNOT = 119  # the first 119 drones of a night are the short stream, each further one the deep stream
MANY = 5  # nights with fewer ballistic missiles and with so many or more are two groups
LARGE, SMALL = 300, 165  # drones a night
TYPES = ("kh-101", "kalibr", "iskander-k", "kh-59", "iskander-m", "kinzhal", "kh-22", "oniks", "kh-31")
CRUISE, BALLISTIC = ("kh-101", "kalibr", "iskander-k", "kh-59"), ("few-ballistic", "many-ballistic", "kinzhal")
DRAWS = 20_000


def nightly(records: Records, period: tuple[str, str]) -> pd.DataFrame:
    """Launched on each recorded night: drones, missiles by type.

    A bundle that cannot be split goes to its types in proportion to what the quarter records of each alone.
    Nights of which nothing is recorded are unknown, not quiet, and are left out.
    """
    alone = records.by_type(*QUARTER).set_index("threat_type").launched
    rows = {}
    for night in (one for one in records.nights() if period[0] <= str(one) <= period[1]):
        one = records.night(night)
        row = dict.fromkeys(("drones", *TYPES), 0.0)
        counts = {kind: float(n) for kind, n in one.counts.items()}
        for types, launched in one.bundles.items():
            whole = sum(alone[kind] for kind in types)
            for kind in types:
                counts[kind] = counts.get(kind, 0.0) + launched * alone[kind] / whole
        for kind, n in counts.items():
            kind = "drones" if kind in ("shahed-136", "geran-3") else kind
            if kind in row:
                row[kind] += n
        rows[pd.Timestamp(night)] = row
    return _with_groups(pd.DataFrame.from_dict(rows, orient="index"))


def _with_groups(table: pd.DataFrame) -> pd.DataFrame:
    table["first-drones"] = table.drones.clip(upper=KNOT)
    table["more-drones"] = (table.drones - KNOT).clip(lower=0)
    table["few-ballistic"] = table["iskander-m"].where(table["iskander-m"] < MANY, 0)
    table["many-ballistic"] = table["iskander-m"].where(table["iskander-m"] >= MANY, 0)
    table["anti-ship"] = table["kh-22"] + table["oniks"] + table["kh-31"]
    return table


@dataclass(frozen=True)
class Fitted:
    """Count of one group: see `koepel.raid.Count`."""

    chance: float
    median: float
    spread: float
    loading: float
    most: int

    def text(self) -> str:
        """As the scenario file writes it."""
        return (
            f"{{chance: {self.chance:g}, median: {self.median:g}, spread: {self.spread:g}, "
            f"loading: {self.loading:g}, most: {self.most}}}"
        )

    def drawn(self, intensity: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Numbers for given normal draws; what the kernel does."""
        u = norm.cdf(self.loading * intensity + np.sqrt(1 - self.loading**2) * own)
        share = np.clip((u - (1 - self.chance)) / self.chance, 1e-12, 1 - 1e-12)
        number = np.floor(self.median * np.exp(self.spread * norm.ppf(share)) + 0.5)
        return np.where(u < 1 - self.chance, 0, np.clip(number, 1, self.most))


def fit(june: pd.DataFrame, quarter: pd.DataFrame) -> dict[str, Fitted]:
    """The count of every group.

    Chance and mean of each group are June's, and so are the shape of the two drone streams and what goes
    together; the spread of the missile groups is the quarter's. The deep stream is the intensity of the night
    (loading 0.95); the loading of the short stream gives June's rank correlation of the two; that of a missile
    group comes nearest to June's shares of nights with it, at 300 drones or more and below 165. Iskander-K and the
    few ballistic missiles come last: theirs bring the whole class nearest to its two shares.
    """
    rng = np.random.default_rng(20250601)
    intensity = rng.standard_normal(DRAWS)
    own = {name: rng.standard_normal(DRAWS) for name in GROUPS}

    def drawn(name: str, one: Fitted) -> np.ndarray:
        return one.drawn(intensity, own[name])

    made, numbers = {}, {}
    spread = _spread_by_quantiles(june["more-drones"], intensity, own["more-drones"])
    made["more-drones"] = _amount(june["more-drones"], spread, 0.95, intensity, own["more-drones"])
    deep = pd.Series(drawn("more-drones", made["more-drones"]))
    spread = _spread_by_quantiles(june["first-drones"], intensity, own["first-drones"])
    together = june["first-drones"].corr(june["more-drones"], method="spearman")
    made["first-drones"] = _nearest(
        lambda load: _amount(june["first-drones"], spread, load, intensity, own["first-drones"]),
        lambda one: abs(pd.Series(drawn("first-drones", one)).corr(deep, method="spearman") - together),
    )
    drones = deep.to_numpy() + drawn("first-drones", made["first-drones"])
    for name in (*(one for one in GROUPS[2:] if one not in LAST), *LAST):
        beside = [one for one in LAST.get(name, ()) if one != name]
        wanted = _shares(june[[name, *beside]].sum(axis=1).to_numpy(), june.drones.to_numpy())
        others = sum((numbers[one] for one in beside), np.zeros(DRAWS))
        spread = _spread(quarter[name])
        made[name] = _nearest(
            lambda load, name=name, spread=spread: _amount(june[name], spread, load, intensity, own[name]),
            lambda one, name=name, others=others, wanted=wanted: float(
                np.square(_shares(others + drawn(name, one), drones) - wanted).sum()
            ),
        )
        numbers[name] = drawn(name, made[name])
    return {name: made[name] for name in GROUPS}


GROUPS = ("first-drones", "more-drones", *CRUISE, *BALLISTIC, "anti-ship")
LAST = {"iskander-k": CRUISE, "few-ballistic": BALLISTIC}


def _shares(group: np.ndarray, drones: np.ndarray) -> np.ndarray:
    """Share of the large nights and of the small ones on which the group comes."""
    return np.array([(group[drones >= LARGE] > 0).mean(), (group[drones < SMALL] > 0).mean()])


def _nearest(make, far) -> Fitted:
    """The loading, in steps of 0.05, that is least far from what is wanted."""
    return min((make(load) for load in np.round(np.arange(0.0, 1.0, 0.05), 2)), key=far)


def _spread(counts: pd.Series) -> float:
    return round(float(np.log(counts[counts > 0]).std(ddof=1)), 2)


def _spread_by_quantiles(counts: pd.Series, intensity, own) -> float:
    """The spread whose drawn quantiles come nearest to the recorded numbers, in steps of 0.05."""
    some = np.sort(counts[counts > 0].to_numpy())
    at = (np.arange(len(some)) + 0.5) / len(some)

    def far(spread: float) -> float:
        drawn = _amount(counts, spread, 0.0, intensity, own).drawn(intensity, own)
        return float(np.square(np.quantile(drawn[drawn > 0], at) - some).sum())

    return min(np.round(np.arange(0.2, 1.2, 0.05), 2).tolist(), key=far)


def _amount(june: pd.Series, spread: float, load: float, intensity, own) -> Fitted:
    """Chance and mean of June; the most is the largest of June."""
    chance = round(float((june > 0).mean()), 3)
    most, mean = int(np.ceil(june.max())), float(june[june > 0].mean())
    low, high = 0.2 * mean, 5.0 * mean
    for _ in range(30):  # the median whose drawn mean, rounded and cut at the most, is June's
        median = 0.5 * (low + high)
        drawn = Fitted(chance, median, spread, load, most).drawn(intensity, own)
        low, high = (median, high) if drawn[drawn > 0].mean() < mean else (low, median)
    return Fitted(chance, float(f"{median:.3g}"), spread, float(load), most)


def facts(table: pd.DataFrame) -> pd.DataFrame:
    """What a pattern must show of a table of nights: one row a fact."""
    d = table.drones
    rows = {"drones: mean": d.mean(), "drones: sd": d.std()}
    rows |= {f"drones: {q:.0%} quantile": d.quantile(q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
    rows["drones: variance / mean"] = d.var() / d.mean()
    for label, members in (("cruise", CRUISE), ("ballistic", BALLISTIC), ("anti-ship", ("anti-ship",))):
        number = table[list(members)].sum(axis=1)
        rows |= {
            f"{label}: share of nights": (number > 0).mean(),
            f"{label}: mean of a night with any": number[number > 0].mean(),
            f"{label}: share of nights of {LARGE} drones or more": (number[d >= LARGE] > 0).mean(),
            f"{label}: share of nights below {SMALL}": (number[d < SMALL] > 0).mean(),
            f"{label}: correlation with drones": number.corr(d),
        }
    return pd.Series(rows)


def drawn_nights(fitted: dict[str, Fitted], number: int = 5000) -> pd.DataFrame:
    """Nights drawn from the fitted counts, on other luck than the fit."""
    rng = np.random.default_rng(5000)
    intensity = rng.standard_normal(number)
    table = pd.DataFrame({name: one.drawn(intensity, rng.standard_normal(number)) for name, one in fitted.items()})
    table["drones"] = table["first-drones"] + table["more-drones"]
    return table
