"""The supply of a scenario: every fault between its fields, its days, and the way through a file and back."""

import json
import re
import typing
from datetime import date, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from koepel.errors import ScenarioError
from koepel.nouns import Noun
from koepel.raid import Rhythm
from koepel.scenario import Scenario, digest, schema
from koepel.scenario.fields import bare, is_noun
from koepel.scenario.source import parse_yaml
from koepel.supply import STATUS, Order, PledgeStatus, Supply
from koepel.units import Interval

HEAD = """\
format: koepel-scenario/1
name: x
raid: {threats: []}
defence:
  fire_units:
    - {name: p1, type: patriot, at: [50, 30]}
    - {name: p2, type: patriot, at: [50, 31]}
    - {name: g1, type: gepard, at: [50, 32]}
supply:
  begins: 2025-07-01
"""
LINE = "lines: [{name: L, effector: gem-t, rates: [{day: 2025-07-01, per_month: 10}]}]"


def faults(text: str) -> dict[str, tuple[str, str]]:
    """Field -> (line, found and mend) of every fault of a text."""
    with pytest.raises(ScenarioError) as error:
        Scenario.of_text(text)
    return {
        fault.field: (fault.where.rpartition(":")[2], f"{fault.found}; {fault.mend}") for fault in error.value.faults
    }


def supply(*lines: str) -> str:
    """A scenario with these lines in its supply."""
    return HEAD + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("orders: [{name: o, day: 2024-01-01}]",),  # contracted long before, and brings nothing: a radar
        ("orders: [{name: o, day: 2025-07-01, price: 5, status: delivered}]",),
        ("orders: [{name: o, day: 2025-07-01, effector: gem-t, rounds: [0, 5]}]",),
        ("orders: [{name: o, day: 2025-07-01, of: '', effector: '', funder: '', crisis: ''}]",),
        (LINE, "orders: [{name: o, day: 2025-07-01, of: L, effector: gem-t, rounds: 5}]"),
        ("donors: [{name: D, stock: {gem-t: 9}}]",
         "orders: [{name: o, day: 2025-07-01, of: D, effector: gem-t, rounds: 5}]"),
        ("funders: [{name: F, budget: 5, pays_for: [patriot, gem-t], opens: 2025-07-01, closes: 2025-07-01}]",
         "orders: [{name: o, day: 2025-07-01, price: 5, funder: F, fire_units: [p1], spares: {patriot: 2}}]"),
        ("funders: [{name: F, budget: 5}]", "orders: [{name: o, day: 2025-07-01, funder: F, spares: {patriot: 2}}]"),
        ("currencies: {USD: 1, EUR: 1.1}", "funders: [{name: F, budget: 5, currency: EUR}]"),
        ("gates: [{name: g, after: o}]",
         "orders: [{name: o, day: 2025-07-01}, {name: p, day: 2025-07-01, gates: [g]}]"),
        ("war: {until: 2025-07-01}",),
        ("fielding: [{fire_units: [p1]}, {fire_units: [p2]}]",),
    ],
)  # fmt: skip
def test_what_is_right(lines):
    Scenario.of_text(supply(*lines)).check()


@pytest.mark.parametrize(
    ("lines", "field", "words"),
    [
        # doubled and empty names
        *(
            (f"{section}: [{thing}, {thing}]", f"{section}[1].name", "'A' is there twice; give each its own name")
            for section, thing in {
                "lines": "{name: A, effector: gem-t, rates: [{day: 2025-07-01, per_month: 1}]}",
                "bottlenecks": "{name: A, rates: [{day: 2025-07-01, per_month: 1}]}",
                "donors": "{name: A, stock: {}}",
                "funders": "{name: A, budget: 1}",
                "orders": "{name: A, day: 2025-07-01}",
                "gates": "{name: A}",
                "crises": "{name: A, per_year: 1}",
            }.items()
        ),
        ("gates: [{name: ' '}]", "gates[0].name", "the name is empty; give it a name"),
        (
            LINE.replace("}]}]", "}], recipients: [{name: A, per_month: 1}, {name: A, per_month: 2}]}]"),
            "lines[0].recipients[1].name",
            "'A' is there twice; give each its own name",
        ),
        (
            "donors: [{name: D, stock: {}, recipients: [{name: '', per_month: 1}]}]",
            "donors[0].recipients[0].name",
            "the name is empty; give it a name",
        ),
        (
            "stocks: [{effector: gem-t, rounds: 5}, {effector: gem-t, rounds: 6}]",
            "stocks[1].effector",
            "'gem-t' is there twice; keep one of the two",
        ),
        (
            "rations: [{effector: gem-t, below: 5, policy: {}}, {effector: gem-t, below: 3, policy: {}}]",
            "rations[1].effector",
            "'gem-t' is there twice; keep one of the two",
        ),
        ("upkeep: [{type: hawk}, {type: hawk}]", "upkeep[1].type", "'hawk' is there twice; keep one of the two"),
        (
            [LINE, "donors: [{name: L, stock: {gem-t: 5}}]"],
            "donors[0].name",
            "a line is called 'L' too; give each its own name",
        ),
        # names of the catalogue
        ("stocks: [{effector: gemt, rounds: 5}]", "stocks[0].effector", "no effector 'gemt'; did you mean 'gem-t'?"),
        (LINE.replace("gem-t", "gemt"), "lines[0].effector", "no effector 'gemt'; did you mean 'gem-t'?"),
        (
            "orders: [{name: o, day: 2025-07-01, effector: gemt, rounds: 5}]",
            "orders[0].effector",
            "no effector 'gemt'; did you mean 'gem-t'?",
        ),
        ("donors: [{name: D, stock: {gemt: 5}}]", "donors[0].stock.gemt", "no effector 'gemt'; did you mean 'gem-t'?"),
        (
            "rations: [{effector: gemt, below: 5, policy: {}}]",
            "rations[0].effector",
            "no effector 'gemt'; did you mean 'gem-t'?",
        ),
        ("transport: {keep: {gemt: 5}}", "transport.keep.gemt", "no effector 'gemt'; did you mean 'gem-t'?"),
        ("upkeep: [{type: patroit}]", "upkeep[0].type", "no fire-unit type 'patroit'; did you mean 'patriot'?"),
        (
            "orders: [{name: o, day: 2025-07-01, spares: {patroit: 1}}]",
            "orders[0].spares.patroit",
            "no fire-unit type 'patroit'; did you mean 'patriot'?",
        ),
        (
            "funders: [{name: F, budget: 1, pays_for: [gem-t, patriot, patroit]}]",
            "funders[0].pays_for[2]",
            "no effector or fire-unit type 'patroit'; did you mean 'patriot'?",
        ),
        # offers
        ("offers: [{name: o}]", "offers[0].effector",
         "nothing is named; say what one piece is: an effector, or a fire-unit type"),
        ("offers: [{name: o, effector: gem-t, type: patriot}]", "offers[0].effector",
         "an effector and a fire-unit type are named; say what one piece is: an effector, or a fire-unit type"),
        ((LINE, "offers: [{name: o, type: patriot, of: L}]"), "offers[0].of",
         "lines and donors give rounds, not fire units; leave it out"),
        ((LINE, "offers: [{name: o, effector: hawk, of: L}]"), "offers[0].effector",
         "line 'L' does not make 'hawk'; it makes gem-t"),
        ("offers: [{name: o, effector: hawk, crew_days: 5}]", "offers[0].crew_days",
         "rounds need no crew; leave it out"),
        ("expansions: [{name: e, line: L, partner: P, per_month: 5}]", "expansions[0].line",
         "no line 'L'; add it to supply.lines"),
        ("training: [{type: patroit, crews_per_month: 1}]", "training[0].type",
         "no fire-unit type 'patroit'; did you mean 'patriot'?"),
        ("fading: [{effector: gemt, per_year: 0.1}]", "fading[0].effector",
         "no effector 'gemt'; did you mean 'gem-t'?"),
        # names of the scenario
        ("transport: {first: [p1, p3]}", "transport.first[1]", "no fire unit 'p3'; known: g1, p1, p2"),
        (
            "orders: [{name: o, day: 2025-07-01, fire_units: [gepard]}]",
            "orders[0].fire_units[0]",
            "no fire unit 'gepard'; known: g1, p1, p2",
        ),
        ("fielding: [{fire_units: [g1, g11]}]", "fielding[0].fire_units[1]", "no fire unit 'g11'; did you mean 'g1'?"),
        (
            "orders: [{name: o, day: 2025-07-01, of: L, effector: gem-t, rounds: 1}]",
            "orders[0].of",
            "no line or donor 'L'; add it to supply.lines or supply.donors",
        ),
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: M, effector: gem-t, rounds: 1}]"],
            "orders[0].of",
            "no line or donor 'M'; known: L",
        ),
        (
            "orders: [{name: o, day: 2025-07-01, funder: F}]",
            "orders[0].funder",
            "no funder 'F'; add it to supply.funders",
        ),
        (
            LINE.replace("}]}]", "}], joint: [{partner: P, day: 2025-07-01, per_month: 1, funder: F}]}]"),
            "lines[0].joint[0].funder",
            "no funder 'F'; add it to supply.funders",
        ),
        ("funders: [{name: F, budget: 1, currency: EUR}]", "funders[0].currency", "no currency 'EUR'; known: USD"),
        ("funders: [{name: F, budget: 1, currency: ''}]", "funders[0].currency", "no currency ''; known: USD"),
        (
            ["currencies: {EUR: 1.1}", "orders: [{name: o, day: 2025-07-01, currency: EURO}]"],
            "orders[0].currency",
            "no currency 'EURO'; did you mean 'EUR'?",
        ),
        (
            LINE.replace("}]}]", "}], crisis: C}]"),
            "lines[0].crisis",
            "no crisis 'C'; add it to supply.crises",
        ),
        ("donors: [{name: D, stock: {}, crisis: C}]", "donors[0].crisis", "no crisis 'C'; add it to supply.crises"),
        (
            "orders: [{name: o, day: 2025-07-01, crisis: C}]",
            "orders[0].crisis",
            "no crisis 'C'; add it to supply.crises",
        ),
        (
            ["gates: [{name: consent}]", "orders: [{name: o, day: 2025-07-01, gates: [consent, consnt]}]"],
            "orders[0].gates[1]",
            "no gate 'consnt'; did you mean 'consent'?",
        ),
        (
            LINE.replace("}]}]", "}], uses: [motors]}]"),
            "lines[0].uses[0]",
            "no bottleneck 'motors'; add it to supply.bottlenecks",
        ),
        ("gates: [{name: g, after: o}]", "gates[0].after", "no order 'o'; add it to supply.orders"),
        (
            "fielding: [{fire_units: [p1], needs: [o]}]",
            "fielding[0].needs[0]",
            "no order 'o'; add it to supply.orders",
        ),
        ("currencies: {USD: 1.1}", "currencies.USD", "USD needs no entry; take it out"),
        ("currencies: {EUR: 0}", "currencies.EUR", "it is worth nothing; give its US dollars"),
        # orders
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: L, effector: amraam, rounds: 1}]"],
            "orders[0].effector",
            "line 'L' does not make 'amraam'; it makes gem-t",
        ),
        (
            [
                "donors: [{name: D, stock: {gem-t: 5, pac3-mse: 0}}]",
                "orders: [{name: o, day: 2025-07-01, of: D, effector: amraam, rounds: 1}]",
            ],
            "orders[0].effector",
            "donor 'D' does not hold 'amraam'; it holds gem-t, pac3-mse",
        ),
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: L, rounds: 1}]"],
            "orders[0].effector",
            "no effector is named; say what is ordered",
        ),
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: L}]"],
            "orders[0].effector",
            "no effector is named; say what is ordered",
        ),
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: L, effector: gem-t}]"],
            "orders[0].rounds",
            "no rounds are ordered; give how many",
        ),
        (
            [LINE, "orders: [{name: o, day: 2025-07-01, of: L, effector: gem-t, rounds: 0}]"],
            "orders[0].rounds",
            "no rounds are ordered; give how many",
        ),
        (
            "orders: [{name: o, day: 2025-07-01, effector: gem-t}]",
            "orders[0].rounds",
            "no rounds are ordered; give how many",
        ),
        (
            "orders: [{name: o, day: 2025-07-01, rounds: [0, 1]}]",
            "orders[0].effector",
            "no effector is named; say what is ordered",
        ),
        # money
        (
            "orders: [{name: o, day: 2025-07-01, price: [0, 5], status: pledged}]",
            "orders[0].price",
            "a gift costs nothing; name a funder or leave the price out",
        ),
        (
            LINE.replace("}]}]", "}], joint: [{partner: P, day: 2025-07-01, per_month: 1, cost_musd: 1}]}]"),
            "lines[0].joint[0].cost_musd",
            "a cost without a funder; name a funder or leave the cost out",
        ),
        (
            LINE.replace("}]}]", "}], joint: [{partner: P, day: 2025-07-01, per_month: 1, cost_usd: 1}]}]"),
            "lines[0].joint[0].cost_usd",
            "a cost without a funder; name a funder or leave the cost out",
        ),
        (
            [
                "funders: [{name: F, budget: 1, pays_for: [amraam, hawk]}]",
                "orders: [{name: o, day: 2025-07-01, funder: F, effector: gem-t, rounds: 1, fire_units: [p1, p2],"
                " spares: {gepard: 1, hawk: 1}}]",
            ],
            "orders[0].funder",
            "'F' does not pay for 'gem-t', 'patriot', 'gepard'; it pays for amraam, hawk",
        ),
        (
            [
                "funders: [{name: F, budget: 1, pays_for: [amraam]}]",
                LINE.replace("}]}]", "}], joint: [{partner: P, day: 2025-07-01, per_month: 1, funder: F}]}]"),
            ],
            "lines[0].joint[0].funder",
            "'F' does not pay for 'gem-t'; it pays for amraam",
        ),
        # days
        (
            LINE.replace("}]}]", "}, {day: 2025-06-01, per_month: 1}]}]"),
            "lines[0].rates[1].day",
            "2025-06-01 is not after 2025-07-01; put the rates in order of their days",
        ),
        (
            "bottlenecks: [{name: b, rates: [{day: 2025-06-01, per_month: 1}, {day: 2025-06-01, per_month: 2}]}]",
            "bottlenecks[0].rates[1].day",
            "2025-06-01 is not after 2025-06-01; put the rates in order of their days",
        ),
        (
            "funders: [{name: F, budget: 1, opens: 2025-09-01, closes: 2025-08-31}]",
            "funders[0].closes",
            "2025-08-31 is before it opens; give 2025-09-01 or later",
        ),
        (
            "war: {until: 2025-06-30}",
            "war.until",
            "2025-06-30 is before the campaign begins; give 2025-07-01 or later",
        ),
        *(
            (f"war: {{until: {written}}}", "war.until", f"found {found}; write the day as YYYY-MM-DD")
            for written, found in {
                "2025-06-31": "'2025-06-31'",
                "'2025-06-31'": "'2025-06-31'",
                "2025-6-1": "'2025-6-1'",
                "20250601": "20250601",
                "'20250601'": "'20250601'",
                "2025-W23-7": "'2025-W23-7'",
                "2025-06-01T00:00:00": "'2025-06-01T00:00:00'",
                "soon": "'soon'",
                "[2025, 6, 1]": "[2025, 6, 1]",
            }.items()
        ),
        # fire units and gates
        (
            "fielding: [{fire_units: [p1, g1]}, {fire_units: [g1]}]",
            "fielding[1].fire_units[0]",
            "'g1' is fielded twice; keep one of the two",
        ),
        (
            "fielding: [{fire_units: [p1, p1]}]",
            "fielding[0].fire_units[1]",
            "'p1' is fielded twice; keep one of the two",
        ),
        (
            ["gates: [{name: g, after: o}]", "orders: [{name: o, day: 2025-07-01, gates: [g]}]"],
            "gates[0].after",
            "waits for order 'o', which waits for gate 'g'; let one of them wait no more",
        ),
        (
            [
                "gates: [{name: f}, {name: g, after: o}, {name: h, after: p}]",
                "orders: [{name: o, day: 2025-07-01, gates: [f, h]}, {name: p, day: 2025-07-01, gates: [g]}]",
            ],
            "gates[1].after",
            "waits for order 'o', which waits for gate 'h', which waits for order 'p', which waits for gate 'g';"
            " let one of them wait no more",
        ),
    ],
)  # fmt: skip
def test_one_fault(lines, field, words):
    """The one fault of a text, word for word."""
    found = faults(supply(*([lines] if isinstance(lines, str) else lines)))
    assert {field: words for field, (_, words) in found.items()} == {f"supply.{field}": words}


def test_every_fault_at_once_with_its_line():
    """Faults of single fields and faults between them, in the order of the file; one of each thing that is wrong."""
    text = HEAD.replace("2025-07-01", "2025-07-32")
    text += """\
  currencies:
    EUR: 1.1
  stocks:
    - {effector: gem-t, rounds: 5}
    - {effector: gem-t, rounds: -5}
    - {effector: 12, rounds: many}
  lines:
    - name: L
      effector: gem-t
      rates:
        - {day: 2025-07-01, per_month: 5}
        - {day: 2025-06-30, per_month: 5}
        - {day: 2025-06-31, per_month: 5}
      uses: [motors]
  donors:
    - {name: L, stock: {gem-t: 5}}
  orders:
    - {name: o, day: 2025-07-01, of: L, effector: amraam, rounds: 5, funder: G, gates: [g]}
    - name: p
      day: 2025-07-01
      rounds: 5
      price: 5
      currency: GBP
      status: promised
  gates:
    - {name: g, after: o}
  fielding: [{fire_units: [p1, p9]}, {fire_units: [p1]}]
  rations: [{effector: amraam, below: 5, policy: {dron: 1}}]
  war: 3
"""
    found = faults(text)
    assert found == {
        "supply.begins": ("10", "found '2025-07-32'; write the day as YYYY-MM-DD"),
        "supply.stocks[1].effector": ("15", "'gem-t' is there twice; keep one of the two"),
        "supply.stocks[1].rounds": ("15", "found -5; give figures of 0 or more"),
        "supply.stocks[2].effector": ("16", "found 12; give a word; put a number in quotes"),
        "supply.stocks[2].rounds": ("16", "found 'many'; give a finite number, or an interval as [low, high]"),
        "supply.lines[0].rates[1].day": (
            "22",
            "2025-06-30 is not after 2025-07-01; put the rates in order of their days",
        ),
        "supply.lines[0].rates[2].day": ("23", "found '2025-06-31'; write the day as YYYY-MM-DD"),
        "supply.lines[0].uses[0]": ("24", "no bottleneck 'motors'; add it to supply.bottlenecks"),
        "supply.donors[0].name": ("26", "a line is called 'L' too; give each its own name"),
        "supply.orders[0].effector": ("28", "line 'L' does not make 'amraam'; it makes gem-t"),
        "supply.orders[0].funder": ("28", "no funder 'G'; add it to supply.funders"),
        "supply.orders[1].effector": ("29", "no effector is named; say what is ordered"),
        "supply.orders[1].price": ("32", "a gift costs nothing; name a funder or leave the price out"),
        "supply.orders[1].currency": ("33", "no currency 'GBP'; known: EUR, USD"),
        "supply.orders[1].status": (
            "34",
            "found 'promised'; known: asked, considered, contracted, delivered, pledged",
        ),
        "supply.gates[0].after": (
            "36",
            "waits for order 'o', which waits for gate 'g'; let one of them wait no more",
        ),
        "supply.fielding[0].fire_units[1]": ("37", "no fire unit 'p9'; known: g1, p1, p2"),
        "supply.fielding[1].fire_units[0]": ("37", "'p1' is fielded twice; keep one of the two"),
        "supply.rations[0].policy.dron": ("38", "found 'dron'; did you mean 'drone'?"),
        "supply.war": ("39", "found 3; give a mapping"),
    }
    assert [int(line) for line, _ in found.values()] == sorted(int(line) for line, _ in found.values())


def test_what_is_unknown_is_told_once():
    """An effector that there is not: not also as one that the line does not make and the funder does not pay for."""
    order = Order(name="o", day=date(2025, 7, 1), of="L", effector="gemt", rounds=5, funder="F")
    scenario = Scenario.of_text(supply(LINE, "funders: [{name: F, budget: 1, pays_for: [gem-t]}]"))
    given = scenario.supply.model_copy(update={"orders": (order,)})
    with pytest.raises(ScenarioError) as error:
        scenario.model_copy(update={"supply": given}).check()
    assert list(map(str, error.value.faults)) == [
        "supply.orders[0].effector: no effector 'gemt'; did you mean 'gem-t'?"
    ]


def test_each_circle_is_told_once():
    """Two circles apart, and a gate that waits for one of them without being in it."""
    found = faults(
        supply(
            "gates: [{name: a, after: o}, {name: b, after: p}, {name: c, after: o}]",
            "orders: [{name: o, day: 2025-07-01, gates: [a]}, {name: p, day: 2025-07-01, gates: [b]}]",
        )
    )
    assert list(found) == ["supply.gates[0].after", "supply.gates[1].after"]


def test_a_long_chain_of_gates_is_no_circle():
    """Each of 3,000 orders waits for a gate that waits for the order before."""
    gates = ", ".join(f"{{name: g{i}, after: o{i - 1}}}" for i in range(1, 3000))
    orders = ", ".join(f"{{name: o{i}, day: 2025-07-01, gates: [{f'g{i}' if i else ''}]}}" for i in range(3000))
    Scenario.of_text(supply(f"gates: [{gates}]", f"orders: [{orders}]"))


FULL = """\
format: koepel-scenario/1
name: everything
pattern:
  rhythm:
    persistence: 0.4
    growth_per_year: {low: 1, high: 1.5, source: two years}
    grows_until: 2026-06-30
    by_month: {1: 0.8, 12: 1.25}
defence:
  fire_units:
    - {name: p1, type: patriot, at: [50, 30]}
    - {name: p2, type: patriot, at: [50, 31]}
    - {name: "on", type: gepard, at: [50, 32]}
supply:
  begins: 2025-07-01
  currencies: {EUR: {low: 1.05, high: 1.2, source: a bank}, "NO": 0.1}
  stocks:
    - {effector: gem-t, rounds: {low: 50, high: 90, source: a report}, usable: [0.8, 1], lost_per_year: 0.1}
    - {effector: pac3-mse, rounds: 40}
  transport: {delay_days: [2, 5], rounds_per_day: [5, 10], first: [p2, "on"], keep: {gem-t: 4}}
  lines:
    - name: L
      effector: gem-t
      rates: [{day: 2025-01-01, per_month: [10, 20]}, {day: '2026-01-01', per_month: 30}]
      uses: [motors]
      crisis: far away
      recipients: [{name: another, per_month: [5, 9], priority: 2, share: 3, in_crisis: [1, 4]}]
      priority: 3
      share: 0.5
      learning: 0.9
      made_before: 500
      joint:
        - partner: P
          day: 2025-09-01
          per_month: [5, 10]
          after_days: [100, 200]
          ramp_days: 90
          split: 0.6
          cost_musd: [10, 20]
          funder: ministry
          status: pledged
          chance: [0.4, 0.7]
          slip_days: [30, 60]
  bottlenecks: [{name: motors, rates: [{day: 2025-01-01, per_month: 60}]}]
  donors:
    - name: D
      stock: {gem-t: [50, 60], pac3-mse: 9}
      floor: [0.4, 0.6]
      crisis: far away
      crisis_floor: 0.9
      usable: [0.7, 1]
      recipients: [{name: another, per_month: 2}]
      priority: 2
      share: 2
  funders:
    - name: ministry
      budget: {low: 1e8, high: 2e8, source: a budget}
      per_month: 5e6
      currency: EUR
      opens: 2025-07-01
      closes: 2026-12-31
      pays_for: [gem-t, patriot]
  offers:
    - name: more of it
      of: L
      effector: gem-t
      opens: 2025-08-01
      lead_days: [200, 300]
      per_month: 30
      most: [100, 200]
      lot: 10
      price: 4e6
      currency: EUR
      paid_when_ordered: 0.2
      status: asked
      chance: [0.3, 0.6]
      slip_days: [50, 90]
      crisis: far away
      pace_in_crisis: 0.25
      gates: [consent]
    - {name: another battery, type: patriot, price: 1e9, crew_days: [100, 200]}
  expansions:
    - name: a second works
      line: L
      partner: Q
      per_month: [5, 10]
      most: 3
      opens: 2025-08-01
      after_days: [100, 200]
      ramp_days: 90
      split: 0.6
      cost_musd: [10, 20]
      status: pledged
      chance: [0.4, 0.7]
      slip_days: [30, 60]
  training: [{type: patriot, crews_per_month: 0.5}]
  fading: [{effector: gem-t, per_year: [0, 0.1]}]
  orders:
    - name: first
      day: 2025-05-01
      of: L
      effector: gem-t
      rounds: [40, 60]
      fire_units: [p2]
      spares: {patriot: 3}
      lead_days: [200, 300]
      per_month: 10
      price: 4e6
      currency: EUR
      funder: ministry
      paid_when_ordered: 0.2
      status: considered
      chance: [0.3, 0.6]
      slip_days: [50, 90]
      crisis: far away
      pace_in_crisis: 0.3
      gates: [consent]
    - {name: second, day: 2025-07-15, of: D, effector: pac3-mse, rounds: 4, status: asked}
  gates: [{name: consent, chance: [0.5, 0.9], opens: 2025-10-01, after: second, days: [10, 40]}]
  crises: [{name: far away, per_year: [0.5, 2], months: [1, 3]}]
  fielding: [{fire_units: [p2], needs: [first], crew_from: 2025-08-01, crew_days: [90, 120]}]
  upkeep:
    - type: patriot
      repair_days: [5, 9]
      spares: [10, 20]
      spares_per_month: 2
      without_spares: 0.3
      wear_rounds: 200
      lost_per_year: [0, 0.1]
  rations: [{effector: pac3-mse, below: 20, policy: {cruise: 0.5, drone: 1}}]
  war: {until: 2026-06-30, ceasefire_per_month: [0, 0.05], resume_per_month: 0.2}
  dry_share: 0.1
  slip_together: 0.7
"""


def nouns(root: type[Noun]) -> dict[str, type[Noun]]:
    """Every noun that stands inside one, by name."""
    found, open_ = {}, [root]
    while open_:
        noun = open_.pop()
        found[noun.__name__] = noun
        for field in noun.model_fields.values():
            inner = bare(field.annotation)
            inner = bare(typing.get_args(inner)[0]) if typing.get_origin(inner) is tuple else inner
            if is_noun(inner) and inner.__name__ not in found:
                open_.append(inner)
    return found


def given_fields(value) -> set[tuple[str, str]]:
    """Each noun with each of its fields that is not at its default, in a noun and all that stands in it."""
    found = set()
    if isinstance(value, Noun):
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            found |= ({(type(value).__name__, name)} if inner != field.default else set()) | given_fields(inner)
    elif isinstance(value, tuple):
        found = set().union(*map(given_fields, value)) if value else set()
    return found


def test_the_full_example_gives_every_field():
    """Else the trip there and back would prove less than it says."""
    every = {(name, field) for name, noun in nouns(Supply).items() for field in noun.model_fields}
    every |= {("Rhythm", field) for field in Rhythm.model_fields}
    scenario = Scenario.of_text(FULL)
    assert every - given_fields(scenario.supply) - given_fields(scenario.pattern.rhythm) == set()
    assert len(nouns(Supply)) == 21


@pytest.mark.parametrize("tables", [False, True])
def test_round_trip_of_every_noun(tmp_path, tables):
    scenario = Scenario.of_text(FULL)
    scenario.write(tmp_path / "a.yaml", tables=tables)
    again = Scenario.read(tmp_path / "a.yaml")
    assert again == scenario and digest(again) == digest(scenario)
    assert again.supply.begins == date(2025, 7, 1)
    assert again.supply.lines[0].rates[1].day == date(2026, 1, 1)
    assert again.supply.stocks[0].rounds == Interval(50, 90, "a report")
    assert again.supply.currencies["NO"] == Interval(0.1, 0.1)
    assert again.supply.lines[0].joint[0].cost_usd == Interval(10e6, 20e6)
    assert again.pattern.rhythm.by_month == {1: 0.8, 12: 1.25}
    text = (tmp_path / "a.yaml").read_text()
    assert "\n# rounds, fire units and money from a first day on, and what may hold them up\nsupply:\n" in text
    assert '  begins: "2025-07-01"\n' in text
    again.write(tmp_path / "b.yaml", tables=tables)
    assert (tmp_path / "b.yaml").read_text().replace("file: b-", "file: a-") == text


def test_the_schema_accepts_every_noun():
    """As a file writes it, as the program writes it; and it refuses what is wrong."""
    validator = jsonschema.Draft202012Validator(schema())
    for data in (parse_yaml(FULL, "x").data, json.loads(json.dumps(Scenario.of_text(FULL).plain()))):
        assert [error.message for error in validator.iter_errors(data)] == []
    for old, new in (
        ("begins: 2025-07-01", "begin: 2025-07-01"),
        ("status: pledged", "status: promised"),
        ("learning: 0.9", "learning: 1.9"),
        ("rounds: [40, 60]", "rounds: some"),
        ("begins: 2025-07-01", "begins: 20250701"),
    ):
        assert not validator.is_valid(parse_yaml(FULL.replace(old, new), "x").data), new


@pytest.mark.parametrize("kind", ["safe", "rt"])
def test_days_as_other_readers_give_them(kind):
    """YAML readers make dates and times of what looks like them; so does Python."""
    data = YAML(typ=kind, pure=True).load(FULL)
    assert isinstance(data["supply"]["begins"], date)
    assert Scenario.model_validate(data) == Scenario.of_text(FULL)
    stamp = YAML(typ=kind, pure=True).load("a: 2025-07-01 00:00:00")["a"]
    assert isinstance(stamp, datetime)
    data["supply"]["begins"] = stamp
    scenario = Scenario.model_validate(data)
    assert scenario == Scenario.of_text(FULL) and type(scenario.supply.begins) is date


def test_days_set_from_outside(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(FULL)
    scenario = Scenario.read(
        file,
        set=[
            "supply.war.until=2025-12-31",
            "supply.begins='2025-07-02'",
            "supply.orders[first].day=2025-07-03",
            "supply.lines[L].joint[0].cost_usd=5",
            "supply.gates[0].opens=",
        ],
    )
    assert scenario.supply.war.until == date(2025, 12, 31)
    assert scenario.supply.begins == date(2025, 7, 2)
    assert scenario.supply.orders[0].day == date(2025, 7, 3)
    assert scenario.supply.lines[0].joint[0].cost_usd == Interval(5, 5)
    assert scenario.supply.gates[0].opens is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "supply.war.until=2025-06-31",
            "--set: supply.war.until: found '2025-06-31'; write the day as YYYY-MM-DD",
        ),
        (
            "supply.war.until=2025-06-30",
            "--set: supply.war.until: 2025-06-30 is before the campaign begins; give 2025-07-01 or later",
        ),
        ("supply.war.untl=2025-12-31", "--set: supply.war.untl: unknown field; did you mean 'until'?"),
        (
            "supply.orders[frst].day=2025-12-31",
            "--set: supply.orders.frst: no entry 'frst' among 2; did you mean 'first'?",
        ),
        (
            "supply.orders[second].of=L",
            "supply.orders[1].effector: line 'L' does not make 'pac3-mse'; it makes gem-t",
        ),
        (
            "supply.orders[first].currency=EURO",
            "--set: supply.orders[0].currency: no currency 'EURO'; did you mean 'EUR'?",
        ),
        ("supply.begins=", "supply.begins: missing; add 'begins'"),
    ],
)
def test_settings_of_the_supply(tmp_path, setting, words):
    file = tmp_path / "a.yaml"
    file.write_text(FULL)
    with pytest.raises(ScenarioError) as error:
        Scenario.read(file, set=[setting])
    assert [line for line in str(error.value).splitlines() if words in line]


def test_replaced_with_days_and_nouns():
    scenario = Scenario.of_text(FULL)
    radar = Order(name="radar", day=date(2025, 8, 1))
    other = scenario.replace(
        {"supply.war.until": date(2025, 8, 1), "supply.orders": [*scenario.supply.orders, radar]},
    )
    assert other.supply.war.until == date(2025, 8, 1) and other.supply.orders[-1] == radar
    with pytest.raises(ScenarioError, match="2025-06-01 is before the campaign begins"):
        scenario.replace({"supply.war.until": date(2025, 6, 1)})


def test_what_an_order_is_worth_by_its_status():
    """Its own chance and slip go before those of its status, also where they are 0."""
    assert set(STATUS) == set(typing.get_args(PledgeStatus))
    order = Order(name="o", day=date(2025, 7, 1), status="asked")
    assert order.coming_true == STATUS["asked"]
    never = order.model_copy(update={"chance": Interval(0, 0), "slip_days": Interval(0, 0)})
    assert never.coming_true == (Interval(0, 0), Interval(0, 0))
    chances = [chance.middle for chance, _ in STATUS.values()]
    assert chances == sorted(chances)


@pytest.mark.parametrize(
    ("by_month", "field", "words"),
    [
        ("{13: 2}", "by_month.13", "found '13'; give 12 or less"),
        ("{0: 2}", "by_month.0", "found '0'; give 1 or more"),
        ("{June: 2}", "by_month.June", "found 'June'; give a whole number"),
        ("{6: -2}", "by_month.6", "found -2; give more than 0"),
        ("{6: true}", "by_month.6", "found true; give a number"),
    ],
)
def test_months_that_are_none(by_month, field, words):
    """The month is what is told, where the month is what is wrong."""
    found = faults(f"format: koepel-scenario/1\nname: x\npattern: {{rhythm: {{by_month: {by_month}}}}}\n")
    assert found == {f"pattern.rhythm.{field}": ("3", words)}


PAGE = Path(__file__).parents[1] / "docs/reference/supply.md"


def test_the_page_on_supply_tells_every_field():
    """Each section of the page holds a row for each field of its noun, and no other; each default is the one told."""
    told: dict[str, dict[str, str]] = {}
    noun = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ .*\(([A-Z]\w+)\)$", line):
            noun = heading[1]
        if row := re.match(r"\| `(\w+)` \| [^|]+ \| ([^|]+) \|.*\|$", line):
            told.setdefault(noun, {})[row[1]] = row[2].strip()
    assert {name: set(rows) for name, rows in told.items()} == {
        name: set(noun.model_fields) for name, noun in nouns(Supply).items()
    }
    for name, noun in nouns(Supply).items():
        for field, info in noun.model_fields.items():
            assert told[name][field] == default_text(info), f"{name}.{field}"


def test_the_page_on_supply_tells_what_a_status_stands_for():
    page = PAGE.read_text(encoding="utf-8")
    for status, (chance, slip) in STATUS.items():
        assert f"\n| `{status}` | {chance} | {slip} |\n" in page


def default_text(info) -> str:
    """A field's default as the page writes it."""
    value = info.default
    if info.is_required():
        return "needed"
    if isinstance(value, Noun):
        return "its own"
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, Interval):
        return f"{value.low:g}" if value.low == value.high else f"[{value.low:g}, {value.high:g}]"
    return f"`{value}`" if isinstance(value, str) else f"{value:g}"


def test_the_example_of_the_page_is_right():
    text = "\n".join(re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL))
    scenario = Scenario.of_text(text)
    assert scenario.supply.orders and scenario.supply.lines and scenario.supply.donors


FIELDS = ["name", "of", "effector", "pac3-mse", "patriot", "begins", "USD", "day", "keep", "first", "until", "rounds"]
FIELDS += sorted({field for noun in nouns(Supply).values() for field in noun.model_fields})
DAYS = st.sampled_from(["2025-07-01", "2024-01-01", "2025-02-30", date(2025, 3, 1)])
WORDS = st.sampled_from(FIELDS) | st.text(max_size=3) | st.floats() | st.integers() | st.booleans() | st.none() | DAYS
TREES = st.recursive(
    WORDS,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), parts, max_size=6),
    max_leaves=25,
)


@st.composite
def near_supplies(draw):
    """The full supply with a few parts of it replaced by anything at all."""
    tree = parse_yaml(FULL, "x").data["supply"]
    for _ in range(draw(st.integers(1, 4))):
        here = tree
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if not isinstance(here[key], dict | list) or draw(st.integers(0, 3)) == 0:
                here[key] = draw(TREES)
                break
            here = here[key]
    return tree


@settings(max_examples=150, deadline=None)
@given(near_supplies() | TREES)
def test_any_supply_gives_a_scenario_or_a_scenario_error(tree):
    """Wrong kinds anywhere end in faults and never in a traceback; what is believed has no fault left."""
    try:
        Scenario.of_text(FULL).replace({"supply": tree})
    except ScenarioError as error:
        assert error.faults
