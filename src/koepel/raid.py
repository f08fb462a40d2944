"""The attack: one threat, a raid of recorded routes, and the pattern that raids are drawn from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from koepel.nouns import Day, Figure, Noun, PositiveFigure, ShareFigure
from koepel.units import Interval

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Place = Annotated[tuple[Latitude, Longitude], Field(description="[latitude, longitude] in degrees")]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=7 * 86400)]


class Threat(Noun):
    """One attacking air vehicle with a given route.

    Parameters
    ----------
    name
        Unique in the raid; its luck is drawn by this name.
    type
        A threat type of the catalogue or of the scenario's own types.
    start_s
        When it enters the first point of its route, seconds of the raid clock.
    route
        Two points or more; great-circle legs between them; the last is the aim point.
    """

    name: str
    type: str
    start_s: Seconds = 0.0
    route: Annotated[tuple[Place, ...], Field(min_length=2, max_length=50)]


class LaunchArea(Noun):
    """A region that threats come from: a place and a radius, as coarse as the published reports."""

    name: str
    at: Place
    radius_m: Annotated[float, Field(ge=0, le=500e3)] = 10e3


class Count(Noun):
    """How many threats a group holds in a night.

    With ``fixed``, that many. Else the group comes with probability ``chance`` and then holds a
    lognormal number with this median and spread, rounded, at least 1. Groups are correlated through
    one latent intensity of the night; ``loading`` is the correlation of this group with it (a
    Gaussian copula).

    Parameters
    ----------
    spread
        Standard deviation of the logarithm.
    most
        The largest number drawn.
    """

    fixed: Annotated[int, Field(ge=0, le=100_000)] | None = None
    chance: Share = 1.0
    median: Positive = 1.0
    spread: Annotated[float, Field(ge=0, le=3)] = 0.0
    loading: Annotated[float, Field(ge=-1, le=1)] = 0.0
    most: Annotated[int, Field(ge=1, le=100_000)] = 2000


class Aim(Noun):
    """Where a group strikes: weights over settlements and assets.

    The weight of a settlement is ``people ** people_power``, times the weight of its region (1 where
    none is given), times ``exp(-distance / reach_m)`` from the launch area where ``reach_m`` is given.
    ``assets_share`` of the group goes to the defended assets instead, by their value.

    Parameters
    ----------
    scatter_m
        How far from its aim a threat comes down.
    """

    people_power: Annotated[float, Field(ge=0, le=3)] = 1.0
    least_people: Annotated[float, Field(ge=0)] = 0.0
    reach_m: Positive | None = None
    regions: dict[str, Weight] = {}
    elsewhere: Weight = 1.0
    assets_share: Share = 0.0
    scatter_m: Annotated[float, Field(ge=0, le=200e3)] = 2e3


class Near(Noun):
    """The part of a group that strikes near, where the rest strikes deep; it may change with the size of the raid.

    Of a raid of size n, the threats of the group's class, the share that strikes near is
    ``share (n / size) ** size_power exp(night_sd z)``, at most 1, with a standard normal z that all groups of the
    class share in a night. With a power of 0 it does not go with the size; with -1 the number that strikes near is
    the same in every raid, and what a larger raid has more goes deep; above 0 it is the other way round.

    Parameters
    ----------
    aim
        Where these strike; the group's own aim says where the others do.
    share
        Share that strikes near in a raid of ``size``.
    size
        Size of a raid that ``share`` is given for: the threats of the class in a night.
    others_count_as
        How many threats of the class each threat of another class counts as, in the size of the raid.
    night_sd
        How much nights differ in it.
    aim_points
        How many aim points those that strike near have in a night, each struck from one launch area. Each threat has
        its own where none is given.
    """

    aim: Aim
    share: ShareFigure
    size: Positive = 100.0
    others_count_as: Weight = 0.0
    size_power: Figure = Interval(0.0, 0.0)
    night_sd: PositiveFigure = Interval(0.0, 0.0)
    aim_points: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Waves(Noun):
    """When a group comes: so many waves, so far apart, each spread over some time.

    With ``together``, the times are those of arrival rather than of launch.
    """

    count: Annotated[int, Field(ge=1, le=100)] = 1
    start_s: Seconds = 0.0
    every_s: Seconds = 3600.0
    spread_s: Seconds = 1800.0
    together: bool = False


class Routes(Noun):
    """Weights of the route families, and how far routes bend.

    ``direct`` is one great circle; ``dog_leg`` bends once near the middle; ``wandering`` bends at four
    points. ``detour`` is the largest sideways offset as a share of the distance.
    """

    direct: Weight = 1.0
    dog_leg: Weight = 0.0
    wandering: Weight = 0.0
    detour: Share = 0.15


class Group(Noun):
    """Threats that are launched for one purpose: a count, types, launch areas, aim points, times, routes.

    Parameters
    ----------
    types
        Weights of the threat types.
    launch
        Weights of the launch areas by name.
    near
        A part that strikes elsewhere, nearer to where it is launched.
    aim_points
        How many aim points the group has in a night, each struck from one launch area; its threats are dealt
        to them in turn. Each threat has its own where none is given.
    high_share
        Share that flies in the high band of its type; the type's own figure where none is given.
    """

    name: str
    types: Annotated[dict[str, Weight], Field(min_length=1)]
    count: Count
    launch: Annotated[dict[str, Weight], Field(min_length=1)]
    aim: Aim = Aim()
    near: Near | None = None
    aim_points: Annotated[int, Field(ge=1, le=100_000)] | None = None
    waves: Waves = Waves()
    routes: Routes = Routes()
    high_share: ShareFigure | None = None


class Rhythm(Noun):
    """How the nights of a campaign hang together; a night on its own knows nothing of it.

    Parameters
    ----------
    persistence
        Correlation, from one night to the next, of the intensity that ties the groups together.
    growth_per_year
        What the numbers are multiplied by in a year.
    grows_until
        The last day on which they grow; without end where none is given.
    by_month
        Month of the year, 1 to 12 -> what the numbers are multiplied by; 1 where none is given.
    """

    persistence: Annotated[float, Field(ge=0, lt=1)] = 0.0
    growth_per_year: PositiveFigure = Interval(1.0, 1.0)
    grows_until: Day | None = None
    by_month: dict[Annotated[int, Field(ge=1, le=12)], Positive] = {}


class RaidPattern(Noun):
    """The distribution that a night's raid is drawn from."""

    launch_areas: tuple[LaunchArea, ...] = ()
    groups: tuple[Group, ...] = ()
    rhythm: Rhythm = Rhythm()


class Raid(Noun):
    """A raid as it was: every threat with its route. ``lat lon`` points of a route are degrees."""

    threats: tuple[Threat, ...] = ()


RuleName = Literal["first-able", "cheapest", "marginal-value"]
