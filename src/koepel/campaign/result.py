"""What came of a campaign: by month, by stock, by funder, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from koepel._kernel import columns as c
from koepel.campaign.luck import NEVER, Calendar
from koepel.campaign.season import DAILY, LEDGER, MONEY
from koepel.outcome import Figure, figure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = ("threats", "leaked", "exposed", "damage_usd", "impacts", "raids")


@dataclass(frozen=True, eq=False)
class Campaign:
    """What came of many runs of one campaign.

    Attributes
    ----------
    layers
        Layer of each followed effector.
    months
        Sums of the nights' rows by month, see `koepel.outcome.Outcomes.rows`. Shape (runs, months, columns).
    daily
        Threats and leakers of each night. Shape (runs, days, 2).
    stock
        Rounds in the depot, at the fire units and on the way, after each night. Shape (runs, days, followed, 3).
    fired
        Rounds fired in each night. Shape (runs, days, followed).
    dry
        Whether an effector had run dry after a night. Shape (runs, days, followed).
    up
        Fire units in the field. Shape (runs, days).
    raids
        Whether raids went on. Shape (runs, days).
    rounds, money
        Where every round and every dollar went. Shapes (runs, followed, 8) and (runs, funders, 5).
    usable
        Rounds at the beginning that can be fired. Shape (runs, followed).
    rounds_off, money_off
        What cannot be accounted for; 0. Shapes (runs, followed) and (runs, funders).
    spent
        By month. Shape (runs, months, funders).
    agreed, arrived, done_day
        How much of each order was agreed on and arrived, and the day on which all of it had. Shape (runs, orders).
    """

    scenario: str
    digest: str
    begins: date
    days: int
    runs: int
    seed: int
    replay: str | None
    types: tuple[str, ...]
    classes: tuple[str, ...]
    effectors: tuple[str, ...]
    followed: tuple[str, ...]
    layers: tuple[str, ...]
    funders: tuple[str, ...]
    orders: tuple[str, ...]
    months: np.ndarray
    daily: np.ndarray
    stock: np.ndarray
    fired: np.ndarray
    dry: np.ndarray
    up: np.ndarray
    raids: np.ndarray
    rounds: np.ndarray
    usable: np.ndarray
    rounds_off: np.ndarray
    money: np.ndarray
    money_off: np.ndarray
    spent: np.ndarray
    agreed: np.ndarray
    arrived: np.ndarray
    done_day: np.ndarray
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    @property
    def calendar(self) -> Calendar:
        """Its days."""
        return Calendar(self.begins, self.days)

    @cached_property
    def month_of_day(self) -> np.ndarray:
        """Month of each day. Shape (days,)."""
        return np.array([self.calendar.month_of(day) for day in range(self.days)])

    def by_month(self, measure: str) -> np.ndarray:
        """One measure of `SHOWN`, summed over each month. Shape (runs, months)."""
        if measure in DAILY:
            return self._summed(self.daily[:, :, DAILY.index(measure)])
        if measure == "raids":
            return self._summed(self.daily[:, :, 0] > 0)
        column = {"damage_usd": "leaked_usd"}.get(measure, measure)
        return self.months[:, :, self.months.shape[2] - len(c.SCALARS) + c.SCALARS.index(column)]

    def _summed(self, daily: np.ndarray) -> np.ndarray:
        """Daily numbers summed over each month. Shape (runs, months)."""
        return np.stack([daily[:, self.month_of_day == m].sum(axis=1) for m in range(self.months.shape[1])], axis=1)

    def leaked_of_class(self, name: str) -> np.ndarray:
        """Leakers of one reporting class by month. Shape (runs, months)."""
        wide = len(self.types) * len(c.PER_TYPE)
        by_type = self.months[:, :, :wide].reshape(*self.months.shape[:2], len(self.types), len(c.PER_TYPE))
        return by_type[:, :, [k == name for k in self.classes], c.LEAKED].sum(axis=2)

    def fired_by_month(self, effector: str) -> np.ndarray:
        """Rounds of a followed effector fired in each month. Shape (runs, months)."""
        return self._summed(self.fired[:, :, self.followed.index(effector)])

    def spent_by(self, funder: str) -> np.ndarray:
        """US dollars that a funder spent in each month. Shape (runs, months)."""
        return self.spent[:, :, self.funders.index(funder)]

    def held(self, effector: str) -> np.ndarray:
        """Rounds in the depot and at the fire units after each night. Shape (runs, days)."""
        return self.stock[:, :, self.followed.index(effector), :2].sum(axis=2)

    def first_dry(self, effector: str) -> np.ndarray:
        """Day, from 1, after whose night an effector first was dry; ``NEVER`` where it was not. Shape (runs,)."""
        dry = self.dry[:, :, self.followed.index(effector)]
        return np.where(dry.any(axis=1), dry.argmax(axis=1) + 1, NEVER)

    def layer_dry(self, layer: str) -> np.ndarray:
        """Day, from 1, after whose night every followed effector of a layer was dry; ``NEVER``. Shape (runs,)."""
        of = [e for e, name in enumerate(self.layers) if name == layer]
        dry = self.dry[:, :, of].all(axis=2)
        return np.where(dry.any(axis=1), dry.argmax(axis=1) + 1, NEVER)

    def days_of_supply(self, effector: str) -> np.ndarray:
        """Nights after which as much had been fired as could be at first; ``NEVER`` for more. Shape (runs,)."""
        e = self.followed.index(effector)
        enough = np.cumsum(self.fired[:, :, e], axis=1) >= np.maximum(self.usable[:, e], 1)[:, None]
        return np.where(enough.any(axis=1), enough.argmax(axis=1) + 1, NEVER)

    @property
    def balance(self) -> dict[str, int]:
        """The largest imbalance of rounds and of money in any run."""
        return {
            "rounds": int(np.abs(self.rounds_off).max(initial=0)),
            "usd": int(np.abs(self.money_off).max(initial=0)),
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers; what ``--json`` prints."""
        return {
            "scenario": self.scenario,
            "digest": self.digest,
            "begins": str(self.begins),
            "days": self.days,
            "runs": self.runs,
            "seed": self.seed,
            "replay": self.replay,
            "months": self._months(),
            "stock": {name: self._stock(name) for name in self.followed},
            "first_dry": {name: self._first_dry(self.first_dry(name)) for name in self.followed},
            "layer_dry": {name: self._first_dry(self.layer_dry(name)) for name in dict.fromkeys(self.layers)},
            "days_of_supply": {name: _day_quantiles(self.days_of_supply(name)) for name in self.followed},
            "spent_usd": {name: figure(self.spent_by(name).sum(axis=1)).as_dict() for name in self.funders},
            "money_usd": {
                name: {key: float(self.money[:, f, k].mean()) for k, key in enumerate(MONEY)}
                for f, name in enumerate(self.funders)
            },
            "rounds": {
                name: {key: float(self.rounds[:, e, k].mean()) for k, key in enumerate(LEDGER)}
                for e, name in enumerate(self.followed)
            },
            "orders": {name: self._order(o) for o, name in enumerate(self.orders)},
            "balance": self.balance,
            "cpu_seconds": self.cpu_seconds,
            "wall_seconds": self.wall_seconds,
        }  # fmt: skip

    def _months(self) -> list[dict[str, Any]]:
        told = []
        for m, name in enumerate(self.calendar.months):
            row: dict[str, Any] = {"month": name, "days": int((self.month_of_day == m).sum())}
            row |= {what: figure(self.by_month(what)[:, m]).as_dict() for what in SHOWN}
            row["leaked_by_class"] = {kind: figure(self.leaked_of_class(kind)[:, m]).as_dict() for kind in c.CLASSES}
            row["spent_usd"] = figure(self.spent[:, m].sum(axis=1)).as_dict()
            row["spent_usd_by_funder"] = {
                funder: figure(self.spent[:, m, f]).as_dict() for f, funder in enumerate(self.funders)
            }
            row["fired"] = {name: figure(self.fired_by_month(name)[:, m]).as_dict() for name in self.followed}
            told.append(row)
        return told

    def _stock(self, name: str) -> list[dict[str, Any]]:
        """Rounds at the end of each month."""
        held, last = self.held(name), [np.flatnonzero(self.month_of_day == m)[-1] for m in range(self.months.shape[1])]
        return [
            {"month": month, **figure(held[:, day]).as_dict(), "quantiles": _quantiles(held[:, day])}
            for month, day in zip(self.calendar.months, last, strict=True)
        ]

    def _first_dry(self, first: np.ndarray) -> dict[str, Any]:
        last = [int(np.flatnonzero(self.month_of_day == m)[-1]) for m in range(self.months.shape[1])]
        by_end = [float((first <= day + 1).mean()) for day in last]
        chance = float((first < NEVER).mean())
        return {
            "chance": chance,
            "chance_interval": _share_interval(first < NEVER),
            "day": _day_quantiles(first[first < NEVER]) if chance else None,
            "chance_by_month": dict(zip(self.calendar.months, by_end, strict=True)),
        }

    def _order(self, o: int) -> dict[str, Any]:
        done = self.done_day[:, o]
        return {
            "agreed": figure(self.agreed[:, o]).as_dict(),
            "arrived": figure(self.arrived[:, o]).as_dict(),
            "chance_whole": float((done < self.days).mean()),
            "day_whole": _day_quantiles(done[done < self.days] + 1) if (done < self.days).any() else None,
        }

    def summary(self) -> str:
        """A page for a human."""
        lines = [
            f"{self.scenario}: {self.days} days from {self.begins}, {self.runs:,} runs, seed {self.seed}"
            + (f", raids of {self.replay}" if self.replay else ""),
            "mean of all runs (95 % interval of the mean) [95 % of runs]",
            "",
        ]
        for what in ("threats", "leaked", "exposed", "damage_usd"):
            lines.append(_line(what.replace("_", " "), figure(self.by_month(what).sum(axis=1))))
        lines += [
            "",
            f"{'month':10s}{'raids':>8s}{'threats':>10s}{'leaked':>10s}{'exposed':>12s}{'spent, million USD':>20s}",
        ]
        for m, name in enumerate(self.calendar.months):
            means = [self.by_month(what)[:, m].mean() for what in ("raids", "threats", "leaked", "exposed")]
            spent = self.spent[:, m].sum(axis=1).mean() / 1e6
            lines.append(f"{name:10s}{means[0]:8.1f}{means[1]:10,.0f}{means[2]:10,.0f}{means[3]:12,.0f}{spent:20,.1f}")
        if self.followed:
            lines += ["", f"{'rounds':22s}{'begin':>9s}{'came':>9s}{'fired':>9s}{'end':>9s}  runs dry"]
        lines += [self._rounds_line(e, name) for e, name in enumerate(self.followed)]
        lines += ["", *(_line(f"spent by {name}, USD", figure(self.spent[:, :, f].sum(axis=1)))
                        for f, name in enumerate(self.funders))]  # fmt: skip
        lines.append(f"largest imbalance in any run: {self.balance['rounds']} rounds, {self.balance['usd']} USD")
        return "\n".join(lines)

    def _rounds_line(self, e: int, name: str) -> str:
        mean = dict(zip(LEDGER, self.rounds[:, e].mean(axis=0), strict=True))
        told, first = self._first_dry(self.first_dry(name)), ""
        if told["day"]:
            first = (
                f", first on day {told['day']['median']:.0f} ({told['day']['low']:.0f} to {told['day']['high']:.0f})"
            )
        end = mean["depot"] + mean["site"] + mean["on_way"]
        came = mean["produced"] + mean["given"]
        numbers = f"{mean['initial']:9,.0f}{came:9,.0f}{mean['fired']:9,.0f}{end:9,.0f}"
        return f"{name:22s}{numbers}  in {100 * told['chance']:.0f} % of runs{first}"

    def table(self, what: str = "month"):
        """The answer as a pandas table: means over the runs, but for ``stock`` and ``order``.

        Parameters
        ----------
        what
            ``month``: one row a month. ``stock``: for each day and effector the quantiles of `QUANTILES`. ``order``:
            how much was agreed on and arrived, and the share of runs in which all of it did. ``effector``: where every
            round went. ``funder``: where every dollar went.

        Raises
        ------
        UsageError
            When ``what`` is none of these.
        """
        import pandas as pd

        from koepel.errors import Fault, UsageError

        if what == "month":
            columns = {name: self.by_month(name).mean(axis=0) for name in SHOWN}
            columns["spent_usd"] = self.spent.sum(axis=2).mean(axis=0)
            return pd.DataFrame(columns, index=pd.Index(self.calendar.months, name="month"))
        if what == "stock":
            levels = [np.quantile(self.held(name), QUANTILES, axis=0).T for name in self.followed]
            days = [self.calendar.date_of(day).isoformat() for day in range(self.days)]
            index = pd.MultiIndex.from_product([self.followed, days], names=["effector", "date"])
            values = np.array(levels).reshape(-1, len(QUANTILES))
            return pd.DataFrame(values, index=index, columns=[f"q{100 * q:g}" for q in QUANTILES])
        if what == "order":
            whole = (self.done_day < self.days).mean(axis=0)
            columns = {"agreed": self.agreed.mean(axis=0), "arrived": self.arrived.mean(axis=0), "share_whole": whole}
            return pd.DataFrame(columns, index=pd.Index(self.orders, name=what))
        if what == "effector":
            index = pd.Index(self.followed, name=what)
            return pd.DataFrame(self.rounds.mean(axis=0), index=index, columns=list(LEDGER))
        if what == "funder":
            return pd.DataFrame(self.money.mean(axis=0), index=pd.Index(self.funders, name=what), columns=list(MONEY))
        mend = "give month, stock, order, effector or funder"
        raise UsageError(f"table {what!r}: {mend}", [Fault("", "table", f"found {what!r}", mend)])

    def _repr_html_(self) -> str:
        """What a notebook shows: months, and of each effector what is left over time and how often it runs dry."""
        from koepel import sketch

        heads = [name.replace("_", " ") for name in self.table().columns]
        months = [(name, *map(float, row)) for name, row in self.table().iterrows()]
        stocks = [
            (name, float(np.median(self.held(name)[:, -1])), f"{100 * (self.first_dry(name) < NEVER).mean():.0f} %")
            for name in self.followed
        ]
        lines = "".join(
            f"<figure style='display:inline-block;margin:4px 12px 4px 0'>"
            f"{sketch.line(np.median(self.held(name), axis=0), f'{name}: rounds over time')}"
            f"<figcaption>{escape(name)}</figcaption></figure>"
            for name in self.followed
        )
        replay = f", raids of {self.replay}" if self.replay else ""
        return sketch.card(
            self.scenario,
            sketch.table(["month", *heads], months, "mean of all runs"),
            sketch.table(["effector", "rounds at the end, median", "runs dry"], stocks) if stocks else "",
            f"<div>{lines}</div>" if lines else "",
            lead=f"{self.days} days from {self.begins}, {self.runs:,} runs, seed {self.seed}{replay}",
        )


def _quantiles(values: np.ndarray) -> dict[str, float]:
    return {f"{100 * q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)}


def _day_quantiles(days: np.ndarray) -> dict[str, float | None]:
    """Quantiles of days; None for one that lies beyond the campaign."""
    names = {"low": 0.025, "q10": 0.1, "median": 0.5, "q90": 0.9, "high": 0.975}
    values = {name: float(np.quantile(days, q, method="inverted_cdf")) for name, q in names.items()}
    return {name: value if value < NEVER else None for name, value in values.items()}


def _share_interval(happened: np.ndarray) -> list[float]:
    """95 % interval of a share: Wilson, Journal of the American Statistical Association 22 (1927)."""
    n, p, z = len(happened), float(happened.mean()), 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [float(max(middle - half, 0.0)), float(min(middle + half, 1.0))]


def _line(label: str, one: Figure) -> str:
    return f"{label:34s} {one}" + ("" if one.low is None else f"  [{one.low:,.4g} to {one.high:,.4g}]")
