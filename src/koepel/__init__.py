"""koepel plans the air defence of a nation. The story, module by module:

    scenario     what is studied: raid pattern, defence, people; read, check, change, write
    raid         who comes: threats, raids, and the patterns that raids are drawn from
    defence      with what they are met: settlements, sensors, fire units, shot doctrine, policy
    supply       where rounds, fire units and money come from, and what may hold them up
    records      published records of real raids, cleaned
    replay       a scenario under the raid of one recorded night
    simulate     one raid by the clock; many by the seed
    comparison   two answers side by side, on the same luck
    outcome      what came of it: fates, leakers, people, rounds and money, with intervals
    study        many runs, kept in a folder
    campaign     night after night against stocks that run down
    stage        any recorded night, fought by its counts
    backtest     how well it foretells: fitted on the past, scored on the nights that followed
    plan         what to decide: who shoots at what, where to put it
    rehearsal    the same nights fought again after a change of the defence
    report       one page that tells all of it
    exchange     to other tools and from them: places, harm and tracks
    app          the map, in a browser
    cli          the same from a terminal
    catalogue    the types of threats, effectors, fire units and sensors, with sources
    wta          who shoots at what, once: solved with proof, arrays only
    covering     where to stand: sites that cover most, units in layers that stop most; arrays only
    sddp         decisions stage after stage while chance unfolds: stochastic programs with a bound; arrays only
    countries    settlements and outlines of countries

Under the story: `units`, `errors`, `geo`, `projection`, `sketch`, `tables`, `nouns`, `solver`, `arrays` (the one
bridge to the compiled `_kernel`), and `twin`, the slow and readable form of the kernel. ``import koepel`` loads none
of them: each comes with the first name that is asked of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_HOMES = {
    "scenario": ("Scenario", "builtin_names", "digest"),
    "raid": ("Threat", "Raid", "RaidPattern", "LaunchArea", "Group", "Count"),
    "defence": ("Defence", "Settlement", "DefendedAsset", "Sensor", "FireUnit", "Magazine", "ShotDoctrine"),
    "supply": ("Supply",),
    "units": ("Interval",),
    "catalogue": ("read_catalogue",),
    "records": ("read_records",),
    "replay": ("replay", "recorded_figures"),
    "simulate": ("simulate", "compare", "trace", "with_recorded"),
    "outcome": ("Outcomes", "Figure"),
    "study": ("write_run", "read_run"),
    "campaign": ("campaign", "read_campaign", "without_order"),
    "campaign.comparison": ("compare_campaigns",),
    "backtest.calibrate": ("calibrate",),
    "backtest.validation": ("validate",),
    "backtest.spatial": ("spatial_check",),
    "plan.assignment": ("assign", "regret_of"),
    "plan.placement": ("place",),
    "plan.procurement": ("buy",),
    "report": ("write_page",),
    "report.validation": ("write_validation",),
    "report.campaign": ("write_campaign",),
    "errors": ("KoepelError", "ScenarioError", "RecordsError", "UsageError", "PlanError"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*_HOME_OF, "__version__"]


def __getattr__(name: str) -> Any:
    """A public name, from the module that it lives in; loaded when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("koepel")
        except PackageNotFoundError:  # run from its sources
            return "unknown"
    if name not in _HOME_OF:
        raise AttributeError(f"module 'koepel' has no attribute {name!r}")
    found = getattr(import_module(f"koepel.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package, in which the function ``simulate`` goes before the module of the same name.

    Python binds a module to its package whenever anyone imports it; ``koepel.simulate`` would then be the
    one or the other, depending on what ran before.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOME_OF and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
