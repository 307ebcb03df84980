"""``bank-sandbox scenarios``: what comes along, checks, and runs that a server plays."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import (
    CONTROL,
    EXIT_REFUSED,
    EXIT_USAGE,
    WORLD,
    AsJson,
    Control,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_one, print_rows, print_table
from sandbox.cli.run import APP_URL, read

if TYPE_CHECKING:
    from sandbox.client import World
    from sandbox.client.scenarios import ScenarioRun, ScenarioStep

scenarios = typer.Typer(
    help="Scenarios: what comes along, checks, and runs on a server.", no_args_is_help=True
)
COLUMNS = {"ID": "id", "STATE": "state", "SCENARIO": "scenario", "STEPS": "steps_taken"}
COLUMNS |= {"OF": "steps_planned", "WAITING": "is_waiting", "AGAINST": "against"}
NO_RUNS = "No runs. Start one: bank-sandbox scenarios start NAME --against URL"
RunId = Annotated[str, typer.Argument(metavar="ID", help="As `scenarios runs` shows it")]


@scenarios.command("list")
def list_scenarios() -> None:
    """List the scenarios that come along."""
    from sandbox.scenarios.library import names

    found = [read(name) for name in names()]
    print_table(["NAME", "TITLE", ""], [[s.name, s.title.ja, s.title.en] for s in found])


@scenarios.command("show")
def show_scenario(name: Annotated[str, typer.Argument(help="One that comes along")]) -> None:
    """Print a scenario's text, to copy and change: scenarios show d01_standard_flow > mine.yaml"""
    from sandbox.scenarios.library import text_of

    read(name)
    typer.echo(text_of(name).rstrip("\n"))


@scenarios.command("check")
def check(files: Annotated[list[str], typer.Argument(help="Files or names")]) -> None:
    """Say what is wrong with scenarios, line by line. Exit code 2 where anything is."""
    for name in files:
        scenario = read(name)
        typer.echo(f"{name}: {len(scenario.timeline)} steps, nothing wrong.")


@scenarios.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from sandbox.scenarios.reading import schema

    typer.echo(json.dumps(schema(), ensure_ascii=False, indent=2))


@scenarios.command("runs")
def list_runs(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List the runs that a server has played in a world."""
    with asking_world(control, world) as found:
        print_rows(found.scenarios.list(), COLUMNS, as_json=as_json, nothing=NO_RUNS)


@scenarios.command("start")
def start(
    scenario: Annotated[str, typer.Argument(help="A file, or the name of one that comes along")],
    against: Annotated[str, typer.Option(help="Address of the app under test")] = APP_URL,
    step: Annotated[
        bool, typer.Option("--step", help="Wait after each step for `scenarios step`")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Tell the steps, and end with the verdict's exit code")
    ] = False,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let a server play a scenario in a world as it stands, in the background."""
    if step and follow:
        fail(EXIT_USAGE, "--follow would wait for a step that nobody takes: leave out one of them")
    read(scenario)
    file = Path(scenario)
    with asking_world(control, world) as found:
        what = file if file.is_file() else scenario
        run = found.scenarios.start(what, against, step=step)
        if follow:
            _follow(found, run.id)
            run = found.scenarios.get(run.id)
        text = _told(run) if follow else f"Run {run.id} of {run.scenario} has begun."
        print_one(run, "\n".join([text, *(f"  ! {note}" for note in run.notes)]), as_json=as_json)
    if follow:
        _exit_with(run)


@scenarios.command("follow")
def follow_run(
    run_id: RunId, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Tell the steps of a run until it is over. Exit code 1 where it has not passed."""
    with asking_world(control, world) as found:
        _follow(found, run_id)
        run = found.scenarios.get(run_id)
        print_one(run, _told(run), as_json=as_json)
    _exit_with(run)


@scenarios.command("step")
def take_step(
    run_id: RunId, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Let a run take its next step, and tell how it went."""
    with asking_world(control, world) as found:
        run = found.scenarios.step(run_id)
        last = "" if not run.steps else _line(run.steps[-1])
        print_one(run, f"{last}\n{_told(run)}".strip("\n"), as_json=as_json)


@scenarios.command("stop")
def stop_run(
    run_id: RunId, world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """Stop a run where it is."""
    with asking_world(control, world) as found:
        run = found.scenarios.stop(run_id)
        print_one(run, _told(run), as_json=as_json)


@scenarios.command("report")
def save_report(
    run_id: RunId,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Save the reports of a run that has ended, as `run --report` does."""
    from sandbox.client.scenarios import REPORTS

    with asking_world(control, world) as found:
        contents = {name: found.scenarios.report(run_id, kind) for kind, name in REPORTS.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            folder.joinpath(name).write_bytes(content)
    except OSError as error:
        fail(EXIT_USAGE, f"the reports cannot be written: {error}")
    files = [str(folder / name) for name in contents]
    print_one({"files": files}, "\n".join(f"  {file}" for file in files), as_json=as_json)


def _follow(world: "World", run_id: str) -> None:
    for step in world.scenarios.follow(run_id):
        typer.echo(_line(step), err=True)


def _line(step: "ScenarioStep") -> str:
    mark = "✓" if step.passed else "✗"
    line = f"{mark} {step.at[:19]} {step.action:7} {step.title}"
    return line if step.problem is None else f"{line}\n    {step.problem}"


def _told(run: "ScenarioRun") -> str:
    """Return how a run stands, in a line, and what is wrong below it."""
    wrong = [] if run.problem is None else [run.problem]
    if run.verdict is not None:
        wrong += [str(problem) for problem in run.verdict["problems"]]
    where = "waiting" if run.is_waiting else run.state
    line = f"Run {run.id} of {run.scenario}: {where}, {run.steps_taken} of {run.steps_planned}"
    return "\n".join([f"{line} steps.", *(f"  ✗ {each}" for each in wrong)])


def _exit_with(run: "ScenarioRun") -> None:
    if not run.has_passed:
        raise typer.Exit(EXIT_REFUSED)
