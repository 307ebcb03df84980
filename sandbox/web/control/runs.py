"""Scenarios that the control door plays itself: one at a time in a world, in the background.

A run calls the door at its own address, as anybody else would: it can do no more than its caller.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.domain.time import Instant, iso

if TYPE_CHECKING:
    from sandbox.scenarios.model import Scenario, StepOutcome, Verdict

Json = dict[str, Any]
log = logging.getLogger("sandbox.web")
MOST_KEPT = 100  # of all worlds together; the oldest that has ended goes first
MOST_RUNNING = 8
MOST_REPORTS = 20  # runs, the newest, whose reports are kept: each may be a megabyte
REACH_SECONDS = 10.0


class State(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"  # it could not go on: there is no verdict
    STOPPED = "stopped"


class RunRefused(Exception):
    """No run may begin now. The text says why."""


@dataclass(slots=True, kw_only=True)
class ScenarioRun:
    """``notes``: why this world is not the one that the scenario was written for.

    ``is_stepped``: after each step it waits until somebody says that it may go on.
    """

    run_id: str
    world: str
    scenario: "Scenario"
    against: str
    started_at: Instant  # machine time
    notes: tuple[str, ...] = ()
    is_stepped: bool = False
    is_waiting: bool = False
    state: State = State.RUNNING
    steps: list["StepOutcome"] = field(default_factory=list)
    verdict: Json | None = None
    reports: Mapping[str, bytes] = field(default_factory=dict)  # file name → contents
    problem: str | None = None
    task: "asyncio.Task[None] | None" = None
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self, outcome: "StepOutcome") -> None:
        self.steps.append(outcome)
        if self.is_stepped and len(self.steps) < len(self.scenario.timeline):
            self._go.clear()
            self.is_waiting = True
            await self._go.wait()
            self.is_waiting = False

    def go_on(self) -> None:
        """Take the next step.

        Raises:
            RunRefused: it waits for nobody.
        """
        if self.state is not State.RUNNING:
            raise RunRefused(f"the run has ended: {self.state.value}")
        if not self.is_stepped:
            raise RunRefused("the run goes on by itself: it was not started with `step`")
        if not self.is_waiting:
            raise RunRefused("the run is taking a step: wait until it is waiting")
        self.is_waiting = False
        self._go.set()

    def brief(self) -> Json:
        """Return what the list of runs says."""
        return {
            "id": self.run_id,
            "scenario": self.scenario.name,
            "title": {"ja": self.scenario.title.ja, "en": self.scenario.title.en},
            "against": self.against,
            "state": self.state.value,
            "started_at": iso(self.started_at),
            "steps_taken": len(self.steps),
            "steps_planned": len(self.scenario.timeline),
            "is_stepped": self.is_stepped,
            "is_waiting": self.is_waiting,
        }

    def shown(self) -> Json:
        """Return all of it: the steps so far, and the verdict once there is one."""
        found = self.brief() | {"notes": list(self.notes), "steps": _steps(self)}
        if self.verdict is not None:
            judged = ("passed", "problems", "findings")
            found["verdict"] = {name: self.verdict[name] for name in judged}
        return found if self.problem is None else found | {"problem": self.problem}


def _steps(run: ScenarioRun) -> list[Json]:
    from sandbox.scenarios.model import Verdict
    from sandbox.scenarios.reports import as_json

    steps: list[Json] = as_json(Verdict(scenario=run.scenario, steps=tuple(run.steps)))["steps"]
    return steps


class ScenarioRuns:
    """The runs of all worlds, those that have ended included."""

    def __init__(self) -> None:
        self._kept: dict[str, ScenarioRun] = {}

    def start(self, run: ScenarioRun, door_url: str, token: str | None) -> None:
        """Begin to play ``run`` over the door at ``door_url``.

        Raises:
            RunRefused: a run is under way in the world, or too many are in others.
        """
        going = [each for each in self._kept.values() if each.state is State.RUNNING]
        if any(each.world == run.world for each in going):
            raise RunRefused("a scenario runs in this world already: wait, or DELETE it")
        if len(going) >= MOST_RUNNING:
            raise RunRefused(f"{MOST_RUNNING} scenarios run in other worlds: wait for one to end")
        ended = [key for key, each in self._kept.items() if each.state is not State.RUNNING]
        for key in ended[: max(0, len(self._kept) + 1 - MOST_KEPT)]:
            del self._kept[key]
        self._kept[run.run_id] = run
        for old in [each for each in self._kept.values() if each.reports][:-MOST_REPORTS]:
            old.reports = {}
        run.task = asyncio.create_task(_watched(run, door_url, token))

    def list_of(self, world: str) -> list[ScenarioRun]:
        """Return the runs of a world, oldest first."""
        return [run for run in self._kept.values() if run.world == world]

    def find(self, world: str, run_id: str) -> ScenarioRun | None:
        run = self._kept.get(run_id)
        return run if run is not None and run.world == world else None

    async def forget(self, world: str) -> None:
        """End and forget a world's runs: it is deleted."""
        gone = self.list_of(world)
        await stop(gone)
        for run in gone:
            self._kept.pop(run.run_id, None)

    async def close(self) -> None:
        """End every run: the server ends."""
        await stop(self._kept.values())


async def stop(runs: Iterable[ScenarioRun]) -> None:
    """End runs where they are, and wait until they have; one that has ended stays as it was."""
    going = [run for run in runs if run.state is State.RUNNING and run.task is not None]
    for run in going:
        run.state = State.STOPPED
    tasks = [run.task for run in going if run.task is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _watched(run: ScenarioRun, door_url: str, token: str | None) -> None:
    from sandbox.client import ProblemError, Unreachable
    from sandbox.scenarios.app import AppUnreachable
    from sandbox.scenarios.reports import as_json, contents_of

    try:
        verdict = await _played(run, door_url, token)
    except (AppUnreachable, ProblemError, Unreachable, TimeoutError) as error:
        reason = str(error) or f"no app answers at {run.against} within {REACH_SECONDS:.0f} s"
        run.state, run.problem = State.BROKEN, reason
    except Exception:
        log.exception("scenario %s failed", run.scenario.name)
        run.state, run.problem = State.BROKEN, "see the server's log"
    else:
        run.verdict = as_json(verdict)
        run.notes = (*run.notes, *verdict.notes)
        run.reports = contents_of(verdict)
        run.state = State.PASSED if verdict.has_passed else State.FAILED
    finally:
        run.is_waiting = False


async def _played(run: ScenarioRun, door_url: str, token: str | None) -> "Verdict":
    from sandbox.client import AsyncSandbox
    from sandbox.scenarios.app import App
    from sandbox.scenarios.bank import Bank
    from sandbox.scenarios.running import Run

    async with App(run.against) as app, AsyncSandbox(door_url, token=token) as sandbox:
        async with asyncio.timeout(REACH_SECONDS):
            await app.reach()
        bank = Bank(sandbox, sandbox.world(run.world))
        return await Run(run.scenario, bank, app, tell=run.tell).play()
