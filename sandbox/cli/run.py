"""``bank-sandbox run`` and ``scenarios``: a scenario against an app under test, with a verdict."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sandbox.cli.options import CONTROL, EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_USAGE, Control, fail

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.scenarios.bank import Bank
    from sandbox.scenarios.model import Scenario, StepOutcome, Verdict

scenarios = typer.Typer(help="Scenarios: what comes along, and checks.", no_args_is_help=True)
# The ports of a server of the run's own, or a server that runs and the name of a world on it.
Where: TypeAlias = tuple[int, int] | tuple[str, str]
WATCH_SECONDS = 0.5
APP_URL = "http://127.0.0.1:8000"


@scenarios.command("list")
def list_scenarios() -> None:
    """List the scenarios that come along."""
    from sandbox.cli.output import print_table
    from sandbox.scenarios.library import names

    found = [_read(name) for name in names()]
    print_table(["NAME", "TITLE", ""], [[s.name, s.title.ja, s.title.en] for s in found])


@scenarios.command("check")
def check(files: Annotated[list[str], typer.Argument(help="Files or names")]) -> None:
    """Say what is wrong with scenarios, line by line. Exit code 2 where anything is."""
    for name in files:
        scenario = _read(name)
        typer.echo(f"{name}: {len(scenario.timeline)} steps, nothing wrong.")


@scenarios.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from sandbox.scenarios.reading import schema

    typer.echo(json.dumps(schema(), ensure_ascii=False, indent=2))


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

    By itself it starts a bank of its own on the usual ports, so that an app that knows the bank
    needs no other address. With --control it makes a world of its own on that server instead, for
    an app that calls the bank under /w/NAME.
    """
    if watch and not Path(scenario).is_file():
        fail(EXIT_USAGE, f"--watch wants a file, and {scenario} is none")
    seen = _stamp(scenario)
    found = _read(scenario)
    where = (control, world) if control else (port, control_port)
    verdict = _play(found, against, where, is_stepped=step)
    _finish(verdict, report)
    with suppress(KeyboardInterrupt):
        while watch:
            seen, found = _changed(scenario, seen, found)
            verdict = _play(found, against, where, is_stepped=step)
            _finish(verdict, report)
    raise typer.Exit(0 if verdict.has_passed else EXIT_REFUSED)


def _read(name: str) -> "Scenario":
    """Return a scenario, or end the command with every mistake of its file."""
    from sandbox.scenarios.library import UnknownScenario, text_of
    from sandbox.scenarios.reading import ScenarioInvalid, read_scenario

    try:
        return read_scenario(text_of(name))
    except UnknownScenario as error:
        fail(EXIT_USAGE, str(error), "See them all: bank-sandbox scenarios list")
    except ScenarioInvalid as error:
        fail(EXIT_USAGE, "\n".join(f"{name}: {mistake}" for mistake in error.mistakes))
    except (OSError, UnicodeDecodeError) as error:
        fail(EXIT_USAGE, f"{name} cannot be read: {error}")


def _stamp(name: str) -> int:
    """Return what changes when the file does; 0 while there is none, as between two saves."""
    try:
        return Path(name).stat().st_mtime_ns
    except OSError:
        return 0


def _changed(name: str, seen: int, kept: "Scenario") -> tuple[int, "Scenario"]:
    """Wait for an edit, and return what the file is then; after a bad one, go on waiting."""
    from sandbox.scenarios.library import text_of
    from sandbox.scenarios.reading import ScenarioInvalid, read_scenario

    typer.echo(f"Watching {name}; Ctrl+C ends.")
    while True:
        now = _stamp(name)
        if now in (0, seen):
            time.sleep(WATCH_SECONDS)
            continue
        seen = now
        try:
            return seen, read_scenario(text_of(name))
        except (ScenarioInvalid, OSError, UnicodeDecodeError) as error:
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
            async with _bank(scenario, where) as bank:
                with _progress(scenario, is_stepped) as progress:
                    return await Run(scenario, bank, app, tell=progress.tell).play()

    try:
        return asyncio.run(play())
    except Unreachable as error:
        fail(EXIT_UNREACHABLE, str(error))
    except AppUnreachable as error:
        fail(EXIT_UNREACHABLE, str(error), "Start the app, or say where it is: --against URL")
    except ProblemError as error:
        fail(EXIT_REFUSED, str(error))
    except (SettingInvalid, OSError) as error:  # ports that are taken, above all
        fail(EXIT_USAGE, str(error))


@asynccontextmanager
async def _bank(scenario: "Scenario", where: Where) -> AsyncIterator["Bank"]:
    """Give a new world to the block: of a server of its own, or of one that runs already."""
    first, second = where
    if isinstance(first, str):
        async with _world(scenario, first, str(second)) as bank:
            yield bank
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
        }
        async with running(read_settings(flags)) as server:
            from sandbox.client import AsyncSandbox
            from sandbox.scenarios.bank import Bank

            async with AsyncSandbox(server.control_url) as sandbox:
                yield Bank(sandbox, sandbox.world())


@asynccontextmanager
async def _world(scenario: "Scenario", control: str, name: str) -> AsyncIterator["Bank"]:
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
            yield Bank(sandbox, world)
        finally:
            await sandbox.worlds.delete(world.name)


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
        import asyncio

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
            await asyncio.to_thread(self._bar.console.input, "    Enter: next ")


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
    typer.echo("合格 passed" if verdict.has_passed else "不合格 failed")
    if report:
        try:
            for path in write(verdict, Path(report)):
                typer.echo(f"  {path}")
        except OSError as error:
            fail(EXIT_USAGE, f"the reports cannot be written: {error}")
