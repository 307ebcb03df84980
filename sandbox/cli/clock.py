"""``bank-sandbox clock`` and ``reset``: the world's time, and setting a world back."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.options import (
    CONTROL,
    EXIT_USAGE,
    WORLD,
    AsJson,
    Control,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_json, print_one, print_rows, shown

if TYPE_CHECKING:
    from sandbox.client.answers import Clock, Event

app = typer.Typer(help="The world's clock: real, frozen, offset or scaled.", no_args_is_help=True)

EVENT_COLUMNS = {"AT": "at", "EVENT": "kind", "SUBJECT": "subject"}
# Life goes on: thousands of lines in a month, among which nobody would find the one lapsed grant.
EVERYDAY = ("posting", "closing_run")
MOST_EVERYDAY = 10  # of each


@app.command("show")
def show(world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False) -> None:
    """Show how the world's time passes, and what time it is."""
    with asking_world(control, world) as found:
        clock = found.clock.get()
        print_one(clock, _line(world, clock), as_json=as_json)


@app.command("set")
def set_clock(
    clock: Annotated[
        str,
        typer.Argument(help="real, frozen, frozen:2026-12-01T09:00, offset:91d, scaled:60"),
    ],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let time pass in another way. It goes back only by a snapshot."""
    with asking_world(control, world) as found:
        answer = found.clock.set(clock)
        if as_json:
            print_json(answer)
        else:
            typer.echo(_line(world, answer))
            _print_events(answer.events or ())


@app.command("advance")
def advance(
    by: Annotated[str | None, typer.Argument(help="A length of time: 91d, 2h30m")] = None,
    to: Annotated[
        str | None,
        typer.Option(help='An instant, or "next_business_day 09:00", next_month_end, 18:00'),
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Move time forward and do all that falls due on the way. A snapshot is taken first."""
    if (by is None) == (to is None):
        fail(EXIT_USAGE, "say how far, as in `clock advance 91d`, or --to when; one of the two")
    with asking_world(control, world) as found:
        answer = found.clock.advance(by, to=to)
        if as_json:
            print_json(answer)
        else:
            typer.echo(f"World {world}: now {shown(answer.now)}, {len(answer.events)} events.")
            _print_events(answer.events)


def _line(world: str, clock: "Clock") -> str:
    rate = "" if clock.rate is None else f" {clock.rate:g} times"
    return f"World {world}: clock {clock.mode}{rate}, now {shown(clock.now)}."


def _print_events(events: "Sequence[Event]") -> None:
    """Print what fell due; of the everyday, where it is more than a few lines, how often it did."""
    counts = Counter(event.kind for event in events)
    left_out = [kind for kind in EVERYDAY if counts[kind] > MOST_EVERYDAY]
    listed = [event for event in events if event.kind not in left_out]
    if listed:
        print_rows(listed, EVENT_COLUMNS, as_json=False, nothing="")
    if left_out:
        counted = ", ".join(f"{kind} {counts[kind]}" for kind in left_out)
        typer.echo(f"Not listed: {counted}. With --json: all.")


def reset(
    what: Annotated[str, typer.Argument(help="data, tokens, journal, faults, clock or all")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Set back exactly what is asked, and nothing else."""
    with asking_world(control, world) as found:
        answer = found.reset(what)
        text = f"World {world}: {what} set back; now {shown(answer.clock.now)}."
        print_one(answer, text, as_json=as_json)
