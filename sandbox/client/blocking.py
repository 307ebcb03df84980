"""The client for code that waits, with nothing but the standard library."""

import time
from collections.abc import Iterator, Sequence
from typing import Unpack

from sandbox.client import calls, journal, server
from sandbox.client.answers import JournalEntry
from sandbox.client.parts import Certificates, JournalOf, ScenariosOf, Sender, WorldOf, asked
from sandbox.client.request import TIMEOUT_S, Door
from sandbox.client.scenarios import RunTimeout, ScenarioRun, ScenarioStep, is_settled
from sandbox.client.transport import Transport

PAUSE_S = 0.2


class Journal(JournalOf[Transport]):
    """The calls at the bank door; secrets and tokens are masked in it."""

    def follow(
        self, *, after: int | None = None, pause_s: float = 0.5, **filters: Unpack[journal.Filters]
    ) -> Iterator[JournalEntry]:
        """Yield the entries after ``after``, and each new one as it comes, without an end."""
        while True:
            page = self.page(after=after, **filters)
            yield from page.items
            after = journal.last_seen(page, after)
            if page.next is None:
                time.sleep(pause_s)


class Scenarios(ScenariosOf[Transport]):
    """What comes along, and the runs that the server plays in this world."""

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


class World(WorldOf[Transport]):
    """One world of a server, by its name; that it exists shows with the first call."""

    def __init__(self, transport: Transport, world: str) -> None:
        super().__init__(transport, world)
        self.journal = Journal(transport, world)
        self.scenarios = Scenarios(transport, world)


class Worlds(Sender[Transport]):
    """The worlds of a server."""

    list = asked(calls.list_worlds)
    delete = asked(calls.delete_world)

    def create(
        self,
        name: str | None = None,
        *,
        seed: int | None = None,
        clock: calls.ClockSetting | None = None,
        personas: Sequence[str] | None = None,
        from_snapshot: str | None = None,
    ) -> World:
        """Make a world: see ``sandbox.client.calls.create_world``."""
        request = calls.create_world(
            name, seed=seed, clock=clock, personas=personas, from_snapshot=from_snapshot
        )
        return World(self._transport, self._transport.send(request).name)


class Sandbox(Sender[Transport]):
    """A running server, by the address of its control door.

    Args:
        url: default ``http://127.0.0.1:8081``.
        token: of a door that asks for one. Default: the variable ``SANDBOX_CONTROL_TOKEN``.
        timeout_s: how long one answer may take.

    Raises:
        ValueError: no http or https address.
    """

    settings = asked(server.show_settings)

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        door = Door.at(url, token)
        self.url = door.url
        super().__init__(Transport(door, timeout_s))
        self.worlds = Worlds(self._transport)
        self.certificates = Certificates(self._transport)

    def world(self, name: str = "default") -> World:
        """Return a world by its name, without asking whether it exists."""
        return World(self._transport, name)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between calls: ``with`` only frames the use."""
