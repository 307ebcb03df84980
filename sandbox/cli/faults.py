"""``bank-sandbox faults``: what goes wrong on request."""

import json
from typing import TYPE_CHECKING, Annotated, Any

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
    named_value,
)
from sandbox.cli.output import print_json, print_one, print_rows, print_table

if TYPE_CHECKING:
    from sandbox.client.faults import Fault

app = typer.Typer(
    help="Fault rules: which calls go wrong, how and how often.", no_args_is_help=True
)

COLUMNS = {"ID": "id", "KIND": "kind", "EFFECT": "effect", "STAGE": "stage", "MATCH": "match"}
COLUMNS |= {"TIMES": "times", "SEEN": "seen", "STRUCK": "struck", "ENDS": "ends_at"}
NO_RULES = "No rules. Add one: bank-sandbox faults add status --set status=503 --times 1"
Pairs = list[str]
Match = Annotated[
    Pairs | None, typer.Option("--match", metavar="NAME=VALUE", help="Only such calls")
]


@app.command("kinds")
def kinds(as_json: AsJson = False) -> None:
    """List what can go wrong. Asks no server."""
    from sandbox.domain.effect import EFFECTS

    if as_json:
        print_json([{"kind": kind, **each.schema(kind)} for kind, each in EFFECTS.items()])
        return
    rows = [
        [each.number, kind, " ".join(each.stages), " ".join(each.fields), each.title]
        for kind, each in EFFECTS.items()
    ]
    print_table(["NO", "KIND", "STAGES", "PARAMETERS", "WHAT"], rows)


@app.command("list")
def list_faults(
    world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False
) -> None:
    """List the rules in the order in which a call asks them."""
    with asking_world(control, world) as found:
        print_rows(found.faults.list(), COLUMNS, as_json=as_json, nothing=NO_RULES)


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(help="What goes wrong; see `faults kinds`")],
    parameters: Annotated[
        Pairs | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the effect; JSON or text"),
    ] = None,
    match: Match = None,
    stage: Annotated[
        str | None, typer.Option(help="before, after_commit, reply, read, connection, result")
    ] = None,
    times: Annotated[int | None, typer.Option(help="Strikes in all")] = None,
    skip: Annotated[int | None, typer.Option(help="Matching calls let pass first")] = None,
    every: Annotated[int | None, typer.Option(help="Then one in so many")] = None,
    probability: Annotated[float | None, typer.Option(help="Of a matching call, 0 to 1")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the rule's own draws")] = None,
    window: Annotated[
        str | None, typer.Option(help='JSON: {"daily": {"from": "22:00", "to": "06:00"}}')
    ] = None,
    ttl: Annotated[str | None, typer.Option(help="Ends by itself: 30s, 2h; 0s: never")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Let calls go wrong from now on."""
    rule: dict[str, Any] = {"stage": stage, "times": times, "skip": skip, "every": every}
    rule |= {"probability": probability, "seed": seed, "ttl": ttl}
    with asking_world(control, world) as found:
        effect = {"kind": kind, **_pairs("--set", parameters)}
        hours = None if window is None else _value("--window", window, is_json=True)
        answer = found.faults.add(effect, _pairs("--match", match), window=hours, **rule)
        print_one(answer, _line(answer), as_json=as_json)


@app.command("rm")
def remove(
    fault_id: Annotated[str, typer.Argument(metavar="ID", help="See `faults list`")],
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Take a rule away. Calls that hang on it go on at once."""
    with asking_world(control, world) as found:
        print_one(found.faults.remove(fault_id), f"Rule {fault_id} is gone.", as_json=as_json)


@app.command("clear")
def clear(world: WorldName = WORLD, control: Control = CONTROL, as_json: AsJson = False) -> None:
    """Take every rule away."""
    with asking_world(control, world) as found:
        print_one(found.faults.clear(), f"World {world} has no rules now.", as_json=as_json)


@app.command("explain")
def explain(
    match: Annotated[
        Pairs | None, typer.Argument(metavar="NAME=VALUE...", help="Facts of the call")
    ] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Tell which rule would strike such a call, and why the others would not."""
    with asking_world(control, world) as found:
        verdicts = found.faults.explain(**_pairs("a fact", match))
        columns = {"ID": "id", "STRIKES": "strikes", "WHY NOT": "why_not"}
        print_rows(verdicts, columns, as_json=as_json, nothing=NO_RULES)


def _pairs(option: str, given: Pairs | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in given or ():
        name, value = named_value(each)
        is_text = option != "--set" and not name.endswith("_yen")
        found[name] = value if is_text else _value(option, value)
    return found


def _value(option: str, text: str, *, is_json: bool = False) -> Any:
    """Return JSON as what it means; other text, and codes with leading zeros, as they are."""
    try:
        return json.loads(text)
    except ValueError as error:
        if is_json:
            fail(EXIT_USAGE, f"{option}: no JSON: {error}")
        return text


def _line(fault: "Fault") -> str:
    times = "" if fault.times is None else f", {fault.times} times"
    where = "" if fault.url is None else f" at {fault.url}"
    return f"Rule {fault.id}: {fault.kind} at stage {fault.stage}{where}{times}."
