"""A campaign as the page draws it: a calendar of nights, fans of stocks, and what arrives when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from koepel.app.supply import purchases
from koepel.campaign import Campaign
from koepel.scenario import Scenario

FAN = (0.05, 0.25, 0.5, 0.75, 0.95)


def season(found: Campaign, scenario: Scenario) -> dict[str, Any]:
    """Nights, stocks and orders day by day, as plain numbers.

    Stocks are rounds in the depot and at the fire units after each night, at the quantiles of `FAN`.
    """
    days = [str(found.begins + timedelta(days=day)) for day in range(found.days)]
    table = found.as_dict()
    return {
        "scenario": found.scenario,
        "begins": str(found.begins),
        "days": days,
        "runs": found.runs,
        "seed": found.seed,
        "threats": found.daily[:, :, 0].mean(axis=0).round(2).tolist(),
        "leaked": found.daily[:, :, 1].mean(axis=0).round(3).tolist(),
        "leaked_range": np.quantile(found.daily[:, :, 1], [0.05, 0.95], axis=0).round(1).tolist(),
        "fan": list(FAN),
        "stocks": {name: np.quantile(found.held(name), FAN, axis=0).round(1).tolist() for name in found.followed},
        "dry": {name: found.dry[:, :, e].mean(axis=0).round(4).tolist() for e, name in enumerate(found.followed)},
        "first_dry": {name: table["first_dry"][name]["chance"] for name in found.followed},
        "months": [
            {name: row[name] for name in ("month", "threats", "leaked", "exposed", "spent_usd")}
            for row in table["months"]
        ],
        "orders": table["orders"],
        "spent_usd": table["spent_usd"],
        "purchases": purchases(scenario),
    }
