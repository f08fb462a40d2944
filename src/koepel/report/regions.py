"""Sums by region as a table, with regions too small to tell apart taken together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from koepel.countries import outline_of
from koepel.outcome import Outcomes
from koepel.projection import sheet_round
from koepel.report.country import LEAST_CELL_KM
from koepel.report.digits import mean_number, whole
from koepel.scenario import Scenario

LEAST_AREA_KM2 = LEAST_CELL_KM**2
NEAR_KM = 15.0  # ground farther than this from every settlement counts for no region
STEP_KM = 2.5
SMALL = "regions below 625 km2"  # the row of those taken together


def region_rows(outcomes: Outcomes, scenario: Scenario, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """People, impacts, debris and hours of alarm of each region, by the alphabet.

    A region smaller than a cell of 25 km, by the ground within 15 km that is nearest to its settlements, is added
    to the others of its kind.
    """
    table = zone_table(outcomes, scenario)
    return [
        _row(words["small_regions"] if name == SMALL else name, row.people, (row.alarm_h, row.impacts, row.debris))
        for name, row in zip(table.index, table.itertuples(index=False), strict=True)
    ]


def zone_means(outcomes: Outcomes, scenario: Scenario, words: Mapping[str, str]) -> dict[str, float]:
    """Impacts a night by region, by the alphabet; those too small to tell apart taken together at the end."""
    impacts = zone_table(outcomes, scenario)["impacts"]
    return {words["small_regions"] if name == SMALL else name: float(one) for name, one in impacts.items()}


def zone_table(outcomes: Outcomes, scenario: Scenario):
    """People and mean harm of a night by region, as a pandas table; those too small to tell apart taken together."""
    import pandas as pd

    names, people, fine = outcomes.zone_names, _people(outcomes, scenario), _too_small(outcomes, scenario)
    means = outcomes.zones / outcomes.runs
    rows = {names[z]: (people[z], *means[z]) for z in sorted(range(len(names)), key=lambda z: names[z]) if not fine[z]}
    if fine.any():
        weight = people[fine] if people[fine].sum() else np.ones(int(fine.sum()))
        alarm_h = float(np.average(means[fine, 0], weights=weight))
        rows[SMALL] = (people[fine].sum(), alarm_h, *means[fine, 1:].sum(axis=0))
    table = pd.DataFrame(list(rows.values()), columns=["people", "alarm_h", "impacts", "debris"], dtype=float)
    return table.set_index(pd.Index(list(rows), name="zone"))


def _row(name: str, people: float, sums) -> dict[str, Any]:
    alarm_h, impacts, debris = (float(value) for value in sums)
    cells = (whole(people), mean_number(impacts), mean_number(debris), mean_number(alarm_h))
    return {"head": name, "cells": [{"main": cell, "sub": ""} for cell in cells]}


def _zone_of_settlements(outcomes: Outcomes, scenario: Scenario) -> np.ndarray:
    """Row of each settlement's region. Shape (settlements,)."""
    rows = {name: row for row, name in enumerate(outcomes.zone_names)}
    return np.array([rows[zone_name(s)] for s in scenario.settlements], int)


def zone_name(settlement) -> str:
    """The region; where none is given, the square degree."""
    return settlement.region or f"{math.floor(settlement.at[0])}N {math.floor(settlement.at[1])}E"


def _people(outcomes: Outcomes, scenario: Scenario) -> np.ndarray:
    people = [s.people for s in scenario.settlements]
    return np.bincount(_zone_of_settlements(outcomes, scenario), people, minlength=len(outcomes.zone_names))


def _too_small(outcomes: Outcomes, scenario: Scenario) -> np.ndarray:
    """Which regions hold less ground than a cell. Those of a known outline never do. Shape (zones,)."""
    from scipy.spatial import cKDTree

    known = {region.name for region in outline_of(scenario)}
    n = len(outcomes.zone_names)
    if not scenario.settlements:
        return np.zeros(n, bool)
    km = sheet_round([s.at for s in scenario.settlements]).km([s.at for s in scenario.settlements])
    reach = np.arange(-math.ceil(NEAR_KM / STEP_KM), math.ceil(NEAR_KM / STEP_KM) + 1)
    disc = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    disc = disc[(disc**2).sum(axis=1) * STEP_KM**2 <= NEAR_KM**2]
    ground = np.unique((np.round(km / STEP_KM).astype(int)[:, None] + disc).reshape(-1, 2), axis=0)
    nearest = cKDTree(km).query(ground * STEP_KM)[1]
    cells = np.bincount(_zone_of_settlements(outcomes, scenario)[nearest], minlength=n)
    small = cells * STEP_KM**2 < LEAST_AREA_KM2
    return small & np.array([name not in known for name in outcomes.zone_names])
