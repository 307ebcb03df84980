"""The calls of scenarios: what comes along, checks, and runs that the server plays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sandbox.client.answers import WHEN, Json, of
from sandbox.client.request import Request, encoded, one, path, raw

RUNNING = "running"
REPORTS = {
    "html": "conduct.html",
    "conduct": "conduct.xml",
    "json": "run.json",
    "junit": "run.xml",
}


class RunTimeout(TimeoutError):
    """A run goes on, or waits for a step, longer than somebody wanted to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStep:
    """A step that was taken. ``at``: world time. ``problem`` None: all was as it should be."""

    at: str
    line: int
    action: str
    title: str
    passed: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRun:
    """A run in a world. ``state``: running, passed, failed, broken or stopped.

    ``verdict`` has ``passed``, ``problems`` and ``findings`` once there is one. ``notes``: where
    the world is not as the scenario begins. ``problem``: why a broken run could not go on.
    """

    id: str
    scenario: str
    title: Json
    against: str
    state: str
    started_at: datetime = field(metadata=WHEN)
    steps_taken: int
    steps_planned: int
    is_stepped: bool = False
    is_waiting: bool = False
    notes: Sequence[str] = ()
    steps: tuple[ScenarioStep, ...] = field(default=(), metadata=of(ScenarioStep))
    verdict: Json | None = None
    problem: str | None = None

    @property
    def is_over(self) -> bool:
        return self.state != RUNNING

    @property
    def has_passed(self) -> bool:
        return self.state == "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTold:
    """What a scenario is about. ``text``: its YAML, of one that comes along.

    ``notes``: where the world is not as the scenario begins.
    """

    name: str
    title: Json
    story: Json
    seed: int
    clock: str
    settings: Json
    steps_planned: int
    notes: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    scenarios: tuple[ScenarioRun, ...] = field(metadata=of(ScenarioRun))
    library: Sequence[str]


def list_runs(world: str) -> Request[tuple[ScenarioRun, ...]]:
    """List the runs of the world, oldest first."""
    return _listed(world).then(lambda found: found.scenarios)


def library(world: str) -> Request[tuple[str, ...]]:
    """List the names of the scenarios that come along."""
    return _listed(world).then(lambda found: tuple(found.library))


def read(world: str, name: str) -> Request[ScenarioTold]:
    """Read a scenario that comes along: its story and its text. Raises ``ProblemError``."""
    return Request(method="GET", path=_path(world, "library", name), read=one(ScenarioTold))


def check(world: str, scenario: str | Path) -> Request[ScenarioTold]:
    """Say what a scenario is, or what is wrong with it; nothing runs.

    Args:
        scenario: a name, a text of YAML, or the path of a file.

    Raises:
        ProblemError: ``invalid-scenario`` with the ``line`` and ``remedy`` of each mistake in its
            ``errors``; ``unknown-scenario``.
        OSError: the file cannot be read.
    """
    body = encoded(scenario=_text(scenario))
    return Request(method="POST", path=_path(world, "check"), read=one(ScenarioTold), content=body)


def start(
    world: str, scenario: str | Path, against: str, *, step: bool = False
) -> Request[ScenarioRun]:
    """Play a scenario in the background, in the world as it stands.

    Args:
        scenario: a name, a text of YAML, or the path of a file.
        against: address of the app under test.
        step: it waits after each step, for ``step``.

    Raises:
        ProblemError: ``invalid-scenario``, ``unknown-scenario``; ``refused``: one runs already.
        OSError: the file cannot be read.
    """
    body = encoded(scenario=_text(scenario), against=against, step=step or None)
    return Request(method="POST", path=_path(world), read=one(ScenarioRun), content=body)


def show(world: str, run_id: str) -> Request[ScenarioRun]:
    """Show a run: its state, the steps so far, the verdict. Raises ``ProblemError``."""
    return Request(method="GET", path=_path(world, run_id), read=one(ScenarioRun))


def go_on(world: str, run_id: str) -> Request[ScenarioRun]:
    """Let a run that waits take its next step; ``refused`` where it waits for nobody."""
    return Request(
        method="POST", path=_path(world, run_id, "step"), read=one(ScenarioRun), content=b"{}"
    )


def stop(world: str, run_id: str) -> Request[ScenarioRun]:
    """Stop a run where it is; one that has ended stays as it was."""
    return Request(method="DELETE", path=_path(world, run_id), read=one(ScenarioRun))


def report(world: str, run_id: str, kind: str) -> Request[bytes]:
    """Return a report of a run that has ended.

    Args:
        kind: ``html`` (how the app behaved, with a picture), ``conduct`` (the same as JUnit XML),
            ``json`` (every step, and the verdict) or ``junit`` (a test case for each step).

    Raises:
        ValueError: no such kind.
        ProblemError: ``refused``: there is none, or none any more; ``unknown-scenario``.
    """
    if kind not in REPORTS:
        raise ValueError(f"{kind!r} is none of {', '.join(REPORTS)}")
    return Request(method="GET", path=_path(world, run_id, "reports", REPORTS[kind]), read=raw)


def is_settled(run: ScenarioRun) -> bool:
    """Tell whether a run does nothing more unless somebody says so."""
    return run.is_over or run.is_waiting


def _text(scenario: str | Path) -> str:
    return scenario.read_text(encoding="utf-8") if isinstance(scenario, Path) else scenario


def _listed(world: str) -> Request[_Listed]:
    return Request(method="GET", path=_path(world), read=one(_Listed))


def _path(world: str, *parts: str) -> str:
    return path("worlds", world, "scenarios", *parts)
