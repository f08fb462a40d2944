"""How the published nights hang together: from one to the next, over a year, by season and by day of the week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kruskal, norm, rankdata
from ukraine.nights import Fitted

from koepel.records import Records

NINE = ("2024-10-01", "2025-06-30")  # from here on nearly every night is recorded, and June is the last to be fitted
YEAR = ("2024-07-01", "2025-06-30")
SEASONS = ("2023-05", "2026-04")  # a centred mean of 12 months takes half a year at either end
HALF_DAYS = 30
GROWS_UNTIL = "2026-05-31"  # a year of records says nothing of what a second year would bring
ENOUGH = 15  # nights, for a month to count
WINTER = (12, 1, 2)
SHUFFLES, SERIES = 2000, 50


@dataclass(frozen=True)
class Found:
    """What goes into the scenario; see `koepel.raid.Rhythm`."""

    persistence: float
    growth_low: float
    growth_high: float

    def text(self) -> str:
        """As the scenario file writes it."""
        source = "D attack records: missiles from July 2024 on, drones from October 2024 on, both to June 2025"
        growth = f"{{low: {self.growth_low:g}, high: {self.growth_high:g}, source: '{source}'}}"
        return f"    persistence: {self.persistence:g}\n    growth_per_year: {growth}\n    grows_until: {GROWS_UNTIL}"


def launched(records: Records) -> pd.DataFrame:
    """Drones and missiles launched on every recorded night. A night of which nothing is recorded is not there."""
    nights = pd.DatetimeIndex(records.nights())
    table = pd.DataFrame({name: records.daily(name).launched for name in ("drone", "cruise", "ballistic")})
    table = table.reindex(nights).fillna(0.0)
    return pd.DataFrame({"drones": table.drone, "missiles": table.cruise + table.ballistic}).astype(float)


def scores(counts: pd.Series) -> pd.Series:
    """Normal scores of the counts, each against the median of the 60 days round it."""
    usual = counts.rolling(f"{2 * HALF_DAYS + 1}D", center=True).median()
    above = np.log1p(counts.to_numpy()) - np.log1p(usual.to_numpy())
    return pd.Series(norm.ppf((rankdata(above) - 0.5) / len(above)), index=counts.index)


def from_night_to_night(one: pd.Series) -> float:
    """Correlation of each night with the next, where both are recorded."""
    after = one.reindex(one.index + pd.Timedelta(days=1)).to_numpy()
    both = np.isfinite(after)
    return float(np.corrcoef(one.to_numpy()[both], after[both])[0, 1])


def found(records: Records, fitted: dict[str, Fitted]) -> Found:
    """Persistence of the latent intensity, and growth.

    The persistence, in steps of 0.05, is the one whose drawn nights show a correlation from night to night nearest to
    the recorded one, both measured alike. The numbers of drones and of missiles grew at different paces; the interval
    goes from the one to the other.
    """
    table = launched(records)
    drones, missiles = table.drones[slice(*NINE)], table.missiles[slice(*YEAR)]
    return Found(persistence(drones, fitted), round(yearly(missiles), 1), round(yearly(drones), 1))


def persistence(drones: pd.Series, fitted: dict[str, Fitted]) -> float:
    """The correlation of the intensity from which drawn nights are as alike as the recorded ones."""
    wanted = from_night_to_night(scores(drones))
    return min(np.round(np.arange(0, 0.6, 0.05), 2).tolist(), key=lambda rho: abs(_drawn(drones, fitted, rho) - wanted))


def _drawn(drones: pd.Series, fitted: dict[str, Fitted], rho: float) -> float:
    """Mean correlation from night to night of drawn series with the gaps of the recorded one."""
    rng = np.random.default_rng(20241001)
    days = (drones.index - drones.index[0]).days.to_numpy()
    alike = []
    for _ in range(SERIES):
        fresh = rng.standard_normal(days[-1] + 1)
        intensity = np.empty_like(fresh)
        intensity[0] = fresh[0]
        for k in range(1, len(fresh)):
            intensity[k] = rho * intensity[k - 1] + np.sqrt(1 - rho**2) * fresh[k]
        streams = (fitted[name].drawn(intensity, rng.standard_normal(len(fresh))) for name in ("first-drones",
                   "more-drones"))  # fmt: skip
        alike.append(from_night_to_night(scores(pd.Series(sum(streams)[days], index=drones.index))))
    return float(np.mean(alike))


def yearly(counts: pd.Series) -> float:
    """What the mean of a month is multiplied by in a year: a straight line through the logarithms, month by month."""
    monthly = counts.groupby(counts.index.to_period("M")).mean()
    return float(np.exp(12 * np.polyfit(np.arange(len(monthly)), np.log(monthly), 1)[0]))


def beside_its_year(counts: pd.Series) -> pd.Series:
    """Logarithm of the mean of each month, less that of the twelve months round it."""
    month = counts.index.to_period("M")
    monthly = counts.groupby(month).mean()[counts.groupby(month).size() >= ENOUGH]
    monthly = np.log(monthly).reindex(pd.period_range(*SEASONS, freq="M"))
    weight = np.array([0.5, *[1.0] * 11, 0.5])
    base = {}
    for k in range(6, len(monthly) - 6):
        around = monthly.iloc[k - 6 : k + 7].to_numpy()
        there = np.isfinite(around)
        base[monthly.index[k]] = np.average(around[there], weights=weight[there])
    return (monthly - pd.Series(base)).dropna()


def winter(beside: pd.Series) -> float:
    """Ratio of the months of winter to the others, both beside their year."""
    cold = beside.index.month.isin(WINTER)
    return float(np.exp(beside[cold].mean() - beside[~cold].mean()))


def year_to_year(beside: pd.Series) -> float:
    """Correlation of the months of one year with the same months of the next."""
    later = beside.reindex(beside.index + 12).to_numpy()
    both = np.isfinite(later)
    return float(np.corrcoef(beside.to_numpy()[both], later[both])[0, 1])


def _p(measure, whole: float, shuffled) -> float:
    """Share of shuffles that give as much, the recorded order counted as one."""
    drawn = [abs(measure(next(shuffled))) for _ in range(SHUFFLES)]
    return (1 + sum(one >= abs(whole) - 1e-12 for one in drawn)) / (1 + SHUFFLES)


def _shuffled(one: pd.Series, rng, weeks: np.ndarray | None = None):
    """The same values in another order, again and again; with weeks, each only within its own."""
    while True:
        key = rng.random(len(one))
        order = np.argsort(key) if weeks is None else np.lexsort((key, weeks))
        yield pd.Series(one.to_numpy()[order], index=one.index)


def by_weekday(one: pd.Series) -> float:
    """Kruskal and Wallis's measure of the seven days."""
    return float(kruskal(*(one[one.index.day_of_week == day].to_numpy() for day in range(7))).statistic)


def rhythm_facts(records: Records) -> pd.Series:
    """Every figure and test: one row a fact, p by permutation."""
    table = launched(records)
    rng = np.random.default_rng(2025)
    nine, later = table[slice(*NINE)], table["2025-07-01":]
    rows: dict[str, float] = {"nights from October 2024 to June 2025": len(nine)}
    for name, part in (("Oct 2024 to Jun 2025", nine.drones), ("from Jul 2025 on", later.drones)):
        one = scores(part)
        rows[f"drones, night to next, {name}"] = from_night_to_night(one)
        rows[f"... p, {name}"] = _p(from_night_to_night, from_night_to_night(one), _shuffled(one, rng))
    rows["growth a year, drones, Jul 2024 to Jun 2025"] = yearly(table.drones[slice(*YEAR)])
    rows["growth a year, drones, Oct 2024 to Jun 2025"] = yearly(nine.drones)
    rows["growth a year, missiles, Jul 2024 to Jun 2025"] = yearly(table.missiles[slice(*YEAR)])
    for name in ("drones", "missiles"):
        beside = beside_its_year(table[name])
        log_winter = np.log(winter(beside))
        rows[f"{name}: winter beside the rest ({len(beside)} months)"] = winter(beside)
        for first in (2023, 2024):
            cold = beside[pd.Period(f"{first}-12") : pd.Period(f"{first + 1}-02")]
            rows[f"... {name}, winter {first}/{first - 1999}"] = float(np.exp(cold.mean()))
        rows[f"... p, {name}, winter"] = _p(lambda one: np.log(winter(one)), log_winter, _shuffled(beside, rng))
        rows[f"{name}: months, year to year"] = year_to_year(beside)
        rows[f"... p, {name}, months"] = _p(year_to_year, year_to_year(beside), _shuffled(beside, rng))
    for name in ("drones", "missiles"):
        one = scores(nine[name])
        weeks = one.index.to_period("W").astype("int64").to_numpy()
        rows[f"p, {name}, day of the week"] = _p(by_weekday, by_weekday(one), _shuffled(one, rng, weeks))
        for day in (0, 6):
            rows[f"... {name}, mean score, {('Monday', 'Sunday')[day > 0]}"] = one[one.index.day_of_week == day].mean()
    return pd.Series(rows)
