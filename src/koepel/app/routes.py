"""What the page may ask, and what it gets."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from koepel.app.answer import answer, plain
from koepel.app.areas import areas_of
from koepel.app.bench import Bench
from koepel.app.coverage import coverage
from koepel.app.jobs import Job, Jobs, told
from koepel.app.night import night
from koepel.app.proposal import moves_of, proposal, proposed
from koepel.app.scene import scene
from koepel.app.season import season
from koepel.app.supply import purchases
from koepel.app.workspace import Workspace
from koepel.errors import Fault, KoepelError, UsageError
from koepel.plan.placement import PlacementPlan
from koepel.report.country import is_invented
from koepel.scenario import Scenario

MOST_RUNS, MOST_DAYS, MOST_CAMPAIGNS = 5000, 730, 500
MOST_MOVES, MOST_SECONDS = 40, 300
LOOKS_EVERY_S = 0.2


@dataclass(frozen=True)
class Desk:
    """Everything that the answers are made of."""

    bench: Bench
    workspace: Workspace
    jobs: Jobs = field(default_factory=Jobs)
    plans: dict[int, PlacementPlan] = field(default_factory=dict)

    def open(self, name: str, scenario: Scenario) -> Job:
        """Fight a scenario and put it on the bench, as long work."""

        def work(progress) -> dict[str, Any]:
            self.bench.open(scenario, name, progress)
            night(scenario, 0, self.bench.seed)  # so that nobody who replays a night waits for its kernel
            return {"name": name}

        return self.jobs.begin("open", name, work)

    # what is looked at

    def get_scene(self, _: dict) -> Any:
        """The country, the defence and the answer; or that it is still being fought."""
        waiting = [job.as_dict() for job in self.jobs.every() if job.kind == "open"]
        if not self.bench.ready:
            return {"ready": False, "opening": waiting[-1] if waiting else None}
        return {"ready": True, **self.bench.scene()}

    def get_files(self, _: dict) -> Any:
        """Scenarios that can be opened."""
        return self.workspace.names()

    def get_night(self, asked: dict) -> Any:
        """One run, to be replayed."""
        return plain(night(self.bench.scenario, _whole(asked, "run", 0, 9_999_999), self.bench.seed))

    def get_coverage(self, asked: dict) -> Any:
        """Where a threat could be engaged."""
        names = [unit["name"] for unit in self.bench.state()["defence"]["units"]]
        height_m = _number(asked, "height_m", 0.0, 40_000.0)
        return plain(coverage(self.bench.scenario, names, str(asked.get("threat", "")), height_m))

    def get_purchases(self, _: dict) -> Any:
        """What is bought when, by whom, from whom."""
        return plain(purchases(self.bench.scenario))

    def get_jobs(self, _: dict) -> Any:
        """All long work, the oldest first."""
        return {"jobs": [job.as_dict() for job in self.jobs.every()]}

    def get_job(self, asked: dict) -> Any:
        """One piece of long work, with its result."""
        job = self.jobs.job(_whole(asked, "number", 0, 10**9))
        return job.as_dict() | {"result": job.result}

    # what changes something

    def post_change(self, asked: dict) -> Any:
        """Change the defence."""
        return self.bench.change(asked.get("edits"), settled=asked.get("settled") is True)

    def post_undo(self, _: dict) -> Any:
        """One step back."""
        return self.bench.undo()

    def post_redo(self, _: dict) -> Any:
        """One step forth."""
        return self.bench.redo()

    def post_save(self, asked: dict) -> Any:
        """Write the scenario as it is now into the workspace."""
        name = asked.get("name")
        if not isinstance(name, str):
            raise _refused("name", "found no name", "give the name of a file that ends in .yaml")
        scenario = self.bench.scenario
        label = name.rsplit(".", 1)[0]
        if scenario is not self.bench.start:
            scenario = scenario.model_copy(update={"name": label})
        return {"saved": self.workspace.write(scenario, name, overwrite=asked.get("overwrite") is True)}

    def post_open(self, asked: dict) -> Any:
        """Put another scenario on the bench."""
        name = str(asked.get("name", ""))
        scenario = self.workspace.read(name)
        scenario.check()
        return self.open(name, scenario).as_dict()

    def post_compare(self, asked: dict) -> Any:
        """Fight what is on the bench and another scenario on the same luck, as long work."""
        runs = _whole(asked, "runs", 2, MOST_RUNS)
        name, here = str(asked.get("with", "")), self.bench.scenario
        other = self.bench.start if name == "start" else self.workspace.read(name)
        other.check()
        return self._begin("compare", f"{here.name} / {name}", _comparison(other, here, runs, self.bench.seed))

    def post_campaign(self, asked: dict) -> Any:
        """Fight a campaign of the scenario as it is now, as long work."""
        days, runs = _whole(asked, "days", 1, MOST_DAYS), _whole(asked, "runs", 2, MOST_CAMPAIGNS)
        scenario, seed = self.bench.scenario, self.bench.seed
        if scenario.supply is None:
            raise _refused("scenario", "it has no supply side", "add one; at least 'supply: {begins: YYYY-MM-DD}'")

        def work(progress) -> dict[str, Any]:
            from koepel.campaign import campaign

            return plain(season(campaign(scenario, days, runs, seed=seed, progress=progress), scenario))

        return self._begin("campaign", f"{scenario.name}, {days} d x {runs}", work)

    def post_place(self, asked: dict) -> Any:
        """Compute a placement of the scenario as it is now, as long work."""
        most_moves, seconds = _whole(asked, "moves", 1, MOST_MOVES), _whole(asked, "seconds", 1, MOST_SECONDS)
        scenario, seed, key = self.bench.scenario, self.bench.seed, secrets.randbits(30)

        def work(progress) -> dict[str, Any]:
            plan = proposed(scenario, most_moves=most_moves, seconds=float(seconds), seed=seed)
            progress(1, 1)
            self.plans[key] = plan
            return plain(proposal(plan, scenario)) | {"key": key}

        return self._begin("place", scenario.name, work)

    def post_adopt(self, asked: dict) -> Any:
        """Put a computed placement on the bench, as one step."""
        plan = self.plans.get(_whole(asked, "key", 0, 2**30))
        if plan is None:
            raise _refused("key", "no such placement", "compute it again")
        if not is_invented(self.bench.scenario):
            mend = "the map tells its gain alone; 'koepel plan place --out FILE' writes it for you"
            raise _refused("key", "this is a placement of a real country", mend)
        return self.bench.change(moves_of(plan), settled=True)

    def post_cancel(self, asked: dict) -> Any:
        """Stop long work."""
        return self.jobs.cancel(_whole(asked, "number", 0, 10**9)).as_dict()

    def _begin(self, kind: str, title: str, work: Callable) -> dict[str, Any]:
        return self.jobs.begin(kind, title, work).as_dict()


def _comparison(first: Scenario, second: Scenario, runs: int, seed: int) -> Callable:
    """Long work that fights two scenarios on the same luck; the differences are second less first."""

    def work(progress) -> dict[str, Any]:
        from koepel.rehearsal import Rehearsal

        rehearsal = Rehearsal(first, runs, seed=seed, progress=lambda done, asked: progress(done, 2 * asked))
        try:
            now = rehearsal.fight(second, lambda done, asked: progress(asked + done, 2 * asked))
            areas = areas_of(first)
            if first.settlements != second.settlements:
                raise _refused("with", "the two have other settlements", "compare scenarios of one country")
            sides = [_side(one, rehearsal, nights) for one, nights in ((first, rehearsal.start), (second, now))]
            return plain({"a": sides[0], "b": sides[1], "answer": answer(rehearsal, now, areas)})
        finally:
            rehearsal.close()

    return work


def _side(scenario: Scenario, rehearsal, nights) -> dict[str, Any]:
    from koepel.app.scene import defence

    areas = areas_of(scenario)
    own = answer(rehearsal, nights, areas)
    return {"scene": scene(scenario, areas), "defence": defence(scenario), "areas": own["areas"]}


def _refused(name: str, found: str, mend: str) -> UsageError:
    return UsageError("the request", [Fault("", name, found, mend)])


def _whole(asked: dict, name: str, low: int, high: int) -> int:
    value = asked.get(name)
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _refused(name, f"found {value!s:.40}", f"give a whole number from {low:,} to {high:,}")
    return value


def _number(asked: dict, name: str, low: float, high: float) -> float:
    try:
        value = float(asked.get(name, ""))
    except (TypeError, ValueError):
        value = float("nan")
    if not low <= value <= high:
        raise _refused(name, f"found {asked.get(name)!s:.40}", f"give a number from {low:g} to {high:g}")
    return value


def application(desk: Desk, files: dict[str, tuple[bytes, str]]):
    """The server's application, without its guard."""
    from starlette.applications import Starlette
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    def answered(status: int, value: Any) -> Response:
        return Response(json.dumps(value, allow_nan=False), status, media_type="application/json")

    def endpoint(act: Callable[[dict], Any], *, changes: bool):
        async def handle(request) -> Response:
            try:
                asked = _asked(await request.body()) if changes else dict(request.query_params)
                return answered(200, await asyncio.to_thread(act, asked))
            except KoepelError as error:
                return answered(422, {"error": told(error)})

        return handle

    async def events(request) -> Response:
        try:
            job = desk.jobs.job(_whole(dict(request.query_params), "number", 0, 10**9))
        except KoepelError as error:
            return answered(422, {"error": told(error)})
        return StreamingResponse(_told_as_it_goes(job), media_type="text/event-stream")

    def page(content: bytes, media: str):
        async def handle(_) -> Response:
            return Response(content, media_type=media)

        return handle

    routes = [Route(address, page(*file)) for address, file in files.items()]
    routes.append(Route("/api/events", events))
    for name in dir(desk):
        verb, _, path = name.partition("_")
        if verb in ("get", "post") and path:
            method, act = verb.upper(), getattr(desk, name)
            routes.append(Route(f"/api/{path}", endpoint(act, changes=verb == "post"), methods=[method]))
    return Starlette(routes=routes)


def _asked(body: bytes) -> dict[str, Any]:
    """What the body of a changing call says: an object of JSON."""
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise _refused("", "the body is no JSON object", "send {...}")
    return asked


async def _told_as_it_goes(job: Job) -> AsyncIterator[str]:
    """Server-sent events: the state of a job whenever it changes, until it is over."""
    last = None
    while True:
        now = job.as_dict()
        if now != last:
            yield f"data: {json.dumps(now)}\n\n"
            last = now
        if job.over:
            return
        await asyncio.sleep(LOOKS_EVERY_S)
