"""Scenarios of one world, for code that blocks."""

import time
from collections.abc import Iterator

from sandbox.client import scenarios
from sandbox.client.blocking_parts import Part, sent
from sandbox.client.scenarios import RunTimeout, ScenarioRun, ScenarioStep, is_settled

PAUSE_S = 0.2


class Scenarios(Part):
    """What comes along, and the runs that the server plays in this world."""

    library = sent(scenarios.library)
    read = sent(scenarios.read)
    check = sent(scenarios.check)
    start = sent(scenarios.start)
    get = sent(scenarios.show)
    go_on = sent(scenarios.go_on)
    stop = sent(scenarios.stop)
    report = sent(scenarios.report)
    list = sent(scenarios.list_runs)

    def wait(
        self, run_id: str, *, timeout_s: float = 600.0, pause_s: float = PAUSE_S
    ) -> ScenarioRun:
        """Return a run once it is over, or waits for a step.

        Raises:
            RunTimeout: neither, after ``timeout_s``.
            ProblemError: there is no such run.
        """
        waited_s = 0.0
        while True:
            run = self.get(run_id)
            if is_settled(run):
                return run
            if waited_s >= timeout_s:
                raise RunTimeout(f"run {run_id} is still under way after {timeout_s:g} s")
            time.sleep(pause_s)
            waited_s += pause_s

    def step(self, run_id: str, *, timeout_s: float = 600.0) -> ScenarioRun:
        """Let a run take its next step, and return it once it waits again or is over."""
        self.go_on(run_id)
        return self.wait(run_id, timeout_s=timeout_s)

    def follow(self, run_id: str, *, pause_s: float = PAUSE_S) -> Iterator[ScenarioStep]:
        """Yield the steps of a run, those to come as they are taken, until it is over."""
        told = 0
        while True:
            run = self.get(run_id)
            yield from run.steps[told:]
            told = len(run.steps)
            if run.is_over:
                return
            time.sleep(pause_s)
