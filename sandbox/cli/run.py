"""``bank-sandbox run``: a scenario against an app under test, with a verdict."""

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sandbox.cli.options import CONTROL, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_USAGE, Control, fail

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.client import AsyncSandbox
    from sandbox.scenarios.bank import Bank
    from sandbox.scenarios.model import Scenario, StepOutcome, Verdict

# The ports of a server of the run's own, or a server that runs and the name of a world on it.
Where: TypeAlias = tuple[int, int] | tuple[str, str]
WATCH_SECONDS = 0.5
APP_URL = "http://127.0.0.1:8000"
EXIT_STOPPED = 130  # as shells have it of what Ctrl+C has ended


class _NoVerdict(Exception):
    """A run could not be played to its end. ``code``: that the command ends with."""

    def __init__(self, code: int, reason: str, next_step: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.next_step = next_step


def run(
    scenario: Annotated[str, typer.Argument(help="A file, or the name of one that comes along")],
    against: Annotated[str, typer.Option(help="Address of the app under test")] = APP_URL,
    report: Annotated[str, typer.Option(help="Folder for the reports")] = "",
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter after each step")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again when the file changes")] = False,
    port: Annotated[int, typer.Option(help="Port of the bank door of the run's own server")] = 8080,
    control_port: Annotated[int, typer.Option(help="Port of its control door")] = 8081,
    control: Control = CONTROL,
    world: Annotated[
        str, typer.Option(metavar="NAME", help="With --control: what its new world is called")
    ] = "",
) -> None:
    """Run a scenario against an app. Exit code 0 where it passes, 1 where it does not.

    2: the scenario, its file or the ports are no good. 3: the app or the server does not answer.
    130: Ctrl+C.

    By itself it starts a bank of its own on the usual ports, so that an app that knows the bank
    needs no other address. With --control it makes a world of its own on that server instead, for
    an app that calls the bank under /w/NAME.
    """
    if watch and not Path(scenario).is_file():
        fail(EXIT_USAGE, f"--watch wants a file, and {scenario} is none")
    seen = _stamp(scenario)
    found = read(scenario)
    if report:
        _make_folder(report)
    where = (control, world) if control else (port, control_port)
    code = _run_once(found, against, where, report, is_stepped=step, is_watched=watch)
    with suppress(KeyboardInterrupt):
        while watch:
            seen, found = _changed(scenario, seen, found)
            code = _run_once(found, against, where, report, is_stepped=step, is_watched=True)
    raise typer.Exit(code)


def _run_once(
    scenario: "Scenario",
    against: str,
    where: Where,
    report: str,
    *,
    is_stepped: bool,
    is_watched: bool,
) -> int:
    """Play a scenario, say the verdict, and return the exit code; ended where there is none.

    ``is_watched``: whatever stands in the way is said, and the next edit is waited for.
    """
    try:
        verdict = _play(scenario, against, where, is_stepped=is_stepped)
    except KeyboardInterrupt:
        fail(EXIT_STOPPED, f"{scenario.name} was stopped: there is no verdict")
    except _NoVerdict as error:
        if not is_watched:
            fail(error.code, str(error), error.next_step)
        typer.echo(f"bank-sandbox: {error}\n  {error.next_step or ''}".rstrip(), err=True)
        return error.code
    _finish(verdict, report)
    return 0 if verdict.has_passed else EXIT_REFUSED


def read(name: str) -> "Scenario":
    """Return a scenario, or end the command with every mistake of its file."""
    from sandbox.scenarios.library import UnknownScenario
    from sandbox.scenarios.mistakes import ScenarioInvalid

    try:
        return _read(name)
    except UnknownScenario as error:
        fail(EXIT_USAGE, str(error), "See them all: bank-sandbox scenarios list")
    except ScenarioInvalid as error:
        fail(EXIT_USAGE, "\n".join(f"{name}: {mistake}" for mistake in error.mistakes))
    except OSError as error:
        fail(EXIT_USAGE, f"{name} cannot be read: {error}")


def _read(name: str) -> "Scenario":
    from sandbox.scenarios.library import text_of
    from sandbox.scenarios.reading import read_scenario
    from sandbox.web.control.named import resources
    from sandbox.web.faults.known import known_calls
    from sandbox.web.profiles import PROFILES

    return read_scenario(text_of(name), resources(), known_calls(PROFILES))


def _make_folder(name: str) -> None:
    """Make the folder of the reports before anything runs, or end the command."""
    try:
        Path(name).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        fail(EXIT_USAGE, f"--report {name}: this is a file, or lies in one: name a folder")
    except OSError as error:
        fail(EXIT_USAGE, f"--report {name}: this can be no folder: {error.strerror}")


def _stamp(name: str) -> int:
    """Return what changes when the file does; 0 while there is none, as between two saves."""
    try:
        return Path(name).stat().st_mtime_ns
    except OSError:
        return 0


def _changed(name: str, seen: int, kept: "Scenario") -> tuple[int, "Scenario"]:
    """Wait for an edit, and return what the file is then; after a bad one, go on waiting."""
    from sandbox.scenarios.library import UnknownScenario
    from sandbox.scenarios.mistakes import ScenarioInvalid

    typer.echo(f"Watching {name}; Ctrl+C ends.")
    while True:
        now = _stamp(name)
        if now in (0, seen):
            time.sleep(WATCH_SECONDS)
            continue
        seen = now
        try:
            return seen, _read(name)
        except (ScenarioInvalid, UnknownScenario, OSError) as error:
            typer.echo(f"{error}\nThe edit is not taken; {kept.name} stays as it was.", err=True)


def _play(scenario: "Scenario", against: str, where: Where, *, is_stepped: bool) -> "Verdict":
    import asyncio

    from sandbox.client import ProblemError, Unreachable
    from sandbox.scenarios.app import App, AppUnreachable
    from sandbox.settings import SettingInvalid

    async def play() -> "Verdict":
        from sandbox.scenarios.running import Run

        async with App(against) as app:
            await app.reach()
            async with _bank(scenario, where) as (bank, notes):
                with _progress(scenario, is_stepped) as progress:
                    run = Run(scenario, bank, app, tell=progress.tell, notes=notes)
                    return await run.play()

    try:
        return asyncio.run(play())
    except Unreachable as error:
        raise _NoVerdict(EXIT_UNREACHABLE, str(error)) from error
    except AppUnreachable as error:
        remedy = "Start the app, or say where it is: --against URL"
        raise _NoVerdict(EXIT_UNREACHABLE, str(error), remedy) from error
    except ProblemError as error:
        raise _NoVerdict(EXIT_REFUSED, str(error)) from error
    except (SettingInvalid, OSError, ValueError) as error:  # ports that are taken, above all
        raise _NoVerdict(EXIT_USAGE, str(error)) from error


@asynccontextmanager
async def _bank(scenario: "Scenario", where: Where) -> AsyncIterator[tuple["Bank", list[str]]]:
    """Give a new world to the block: of a server of its own, or of one that runs already.

    And in words where that world cannot be as the scenario says.
    """
    first, second = where
    if isinstance(first, str):
        async with _world(scenario, first, str(second)) as found:
            yield found
        return
    import tempfile

    from sandbox.app import running
    from sandbox.settings import read_settings

    with tempfile.TemporaryDirectory(prefix="bank-sandbox-run-") as data:
        flags = {
            "port": str(first),
            "control_port": str(second),
            "data": data,
            "seed": str(scenario.seed),
            "clock": f"frozen:{scenario.clock}",
            **scenario.settings,
        }
        async with running(read_settings(flags)) as server:
            from sandbox.client import AsyncSandbox
            from sandbox.scenarios.bank import Bank

            async with AsyncSandbox(server.control_url) as sandbox:
                yield Bank(sandbox, sandbox.world()), []


@asynccontextmanager
async def _world(
    scenario: "Scenario", control: str, name: str
) -> AsyncIterator[tuple["Bank", list[str]]]:
    from sandbox.client import AsyncSandbox
    from sandbox.scenarios.bank import Bank

    async with AsyncSandbox(control) as sandbox:
        world = await sandbox.worlds.create(
            name or None,
            seed=scenario.seed,
            clock=f"frozen:{scenario.clock}",
            personas=scenario.personas,
        )
        typer.echo(f"World {world.name}: the app has to call {(await world.describe()).base_url}")
        try:
            notes = await _differences(sandbox, scenario)
            for note in notes:
                typer.echo(f"  ! {note}", err=True)
            yield Bank(sandbox, world), notes
        finally:
            await sandbox.worlds.delete(world.name)


async def _differences(sandbox: "AsyncSandbox", scenario: "Scenario") -> list[str]:
    """Return where the server's settings, which no run changes, are not the scenario's."""
    from sandbox.scenarios.bank_settings import differences

    return differences(scenario.settings, await sandbox.settings()) if scenario.settings else []


class _Progress:
    """A line for each step as it is taken, and after it a pause where one was asked for."""

    def __init__(self, console: "Console", scenario: "Scenario", is_stepped: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(scenario.title.ja, total=len(scenario.timeline))
        self._is_stepped = is_stepped

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    async def tell(self, outcome: "StepOutcome") -> None:
        from rich.text import Text

        mark, style = ("✓", "green") if outcome.is_ok else ("✗", "red")
        line = Text.assemble(
            (mark, style), f" {outcome.at[:19]} {outcome.step.action:7} {outcome.step.title}"
        )
        self._bar.console.print(line)
        if outcome.problem is not None:
            self._bar.console.print(Text(f"    {outcome.problem}", style="red"))
        self._bar.advance(self._task)
        if self._is_stepped:
            self._is_stepped = await _enter(self._bar.console)


async def _enter(console: "Console") -> bool:
    """Wait for Enter; False: nobody can press it, and there is no more waiting.

    In a thread that nobody waits for, and past Python's own buffer, whose lock it would hold at
    the end: Ctrl+C ends the run at once.
    """
    import asyncio
    from threading import Thread

    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    is_open = True

    def ask() -> None:
        nonlocal is_open
        is_open = _line_comes()
        with suppress(RuntimeError):  # the loop is closed: the run was stopped meanwhile
            loop.call_soon_threadsafe(pressed.set)

    console.print("    Enter: next ", end="")
    Thread(target=ask, daemon=True).start()
    await pressed.wait()
    if not is_open:
        console.print("    there is nobody to press Enter: it goes on by itself")
    return is_open


def _line_comes() -> bool:
    """Wait for a line on standard input; False: it ended before one came."""
    try:
        byte = b" "
        while byte not in (b"", b"\n"):
            byte = os.read(sys.stdin.fileno(), 1)
    except (OSError, ValueError, AttributeError):  # closed, or there is none
        return False
    return byte == b"\n"


def _progress(scenario: "Scenario", is_stepped: bool) -> _Progress:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{scenario.title.ja} / {scenario.title.en}")
    console.print(f"  {scenario.story.ja}\n  {scenario.story.en}")
    return _Progress(console, scenario, is_stepped)


def _finish(verdict: "Verdict", report: str) -> None:
    """Say the verdict, and write the reports where they are wanted."""
    from sandbox.scenarios.reports import write

    for finding in verdict.findings:
        typer.echo(f"  {finding['level']} {finding['id']} {finding['title']['ja']}")
    for problem in verdict.problems:
        typer.echo(f"  ✗ {problem}")
    for note in verdict.notes:
        typer.echo(f"  ! {note}")
    typer.echo("合格 passed" if verdict.has_passed else "不合格 failed")
    if report:
        try:
            for path in write(verdict, Path(report)):
                typer.echo(f"  {path}")
        except OSError as error:
            fail(EXIT_USAGE, f"the reports cannot be written: {error}")
