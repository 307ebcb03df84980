"""``bank-sandbox conduct``: how the clients behaved, for people, for programs and for CI."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.options import (
    CONTROL,
    EXIT_REFUSED,
    EXIT_USAGE,
    WORLD,
    AsJson,
    Control,
    OnlyClient,
    OnlyPersona,
    WorldName,
    asking_world,
    fail,
)
from sandbox.cli.output import print_table

if TYPE_CHECKING:
    from sandbox.client.conduct import Conduct, Filters

FILES = {"html": "conduct.html", "json": "conduct.json", "junit": "conduct.xml"}
FORMATS = ("table", *FILES)
HEADINGS = ("ID", "LEVEL", "CALLS", "見つかったこと・直し方 / WHAT WAS FOUND, AND WHAT TO DO")
CALLS_SHOWN = 8


def conduct(
    format: Annotated[
        str, typer.Option("--format", help="What is printed: table, json, junit, html")
    ] = "table",
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write all three reports there as well"),
    ] = None,
    declared: Annotated[
        Path | None,
        typer.Option(
            "--declared",
            metavar="FILE",
            help="JSON: transfers, shown_as_paid, totals of the app; checks to expect and allow",
        ),
    ] = None,
    bank: Annotated[str | None, typer.Option(help="Only calls of this bank")] = None,
    client: OnlyClient = None,
    persona: OnlyPersona = None,
    since: Annotated[str | None, typer.Option(help="World time, as in 2026-12-01T09:00")] = None,
    until: Annotated[str | None, typer.Option(help="World time, itself not within")] = None,
    world: WorldName = WORLD,
    control: Control = CONTROL,
    as_json: AsJson = False,
) -> None:
    """Judge how the clients behaved. Exit code 1 with a finding of level E that nobody expected."""
    if format not in FORMATS:
        fail(EXIT_USAGE, f"--format: one of {', '.join(FORMATS)}")
    format = "json" if as_json else format
    said = _declared(declared)
    filters: Filters = {"bank": bank, "client_id": client, "persona": persona}
    filters |= {"since": since, "until": until}
    with asking_world(control, world) as found:
        answer = found.conduct.judge(**said, **filters)
        contents = {
            kind: found.conduct.report(kind, declared=said, **filters)
            for kind in FILES
            if kind == format or report is not None
        }
        if report is not None:
            _write(report, contents)
    if format == "table":
        _print(answer, report)
    else:
        typer.echo(contents[format].decode().rstrip("\n"))
    if answer.errors or answer.missing:
        raise typer.Exit(EXIT_REFUSED)


def _declared(file: Path | None) -> Mapping[str, Any]:
    if file is None:
        return {}
    known = ("transfers", "shown_as_paid", "totals", "expect", "allow")
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        fail(EXIT_USAGE, f"--declared: {error}")
    if not isinstance(said, dict) or not set(said) <= set(known):
        fail(EXIT_USAGE, f"--declared: an object with any of {', '.join(known)}")
    return said


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in contents.items():
        folder.joinpath(FILES[kind]).write_bytes(content)


def _print(answer: "Conduct", report: Path | None) -> None:
    rows = [_row(finding) for finding in sorted(answer.findings, key=lambda each: each["level"])]
    if rows:
        print_table(HEADINGS, rows)
    typer.echo(_summary(answer))
    if report is not None:
        typer.echo(f"{report / FILES['html']}")


def _row(finding: Mapping[str, Any]) -> list[str]:
    numbers = [str(call["id"]) for call in finding["calls"][:CALLS_SHOWN]]
    more = ["…"] if finding["count"] > len(numbers) else []
    what, remedy = finding["what"], finding["remedy"]
    return [
        finding["id"],
        " ".join([finding["level"], *([finding["wanted"]] if "wanted" in finding else [])]),
        " ".join([*numbers, *more]) or "–",
        f"{what['ja']}\n{what['en']}\n→ {remedy['ja']}\n→ {remedy['en']}\n",
    ]


def _summary(answer: "Conduct") -> str:
    if not answer.calls:
        return "呼び出しがありません。 / No calls. Make one: bank-sandbox login --headless"
    counted = f"{answer.calls} calls, {answer.errors} errors, {answer.warnings} warnings"
    missing = f"; not found: {', '.join(answer.missing)}" if answer.missing else ""
    verdict = "不合格 / failed" if answer.errors or missing else "合格 / passed"
    return f"{verdict}: {counted}{missing}"
