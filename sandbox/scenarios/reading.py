"""A scenario's file: read, held against its schema, and each mistake named with its line."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import orjson

from sandbox.domain.duration import parse_duration
from sandbox.domain.fault_match import KnownCall
from sandbox.domain.meant import meant
from sandbox.domain.moment import parse_instant
from sandbox.resources import data_root
from sandbox.scenarios.against_schema import mistakes_against
from sandbox.scenarios.bank_settings import mistakes_of_settings, schema_of_settings, texts_of
from sandbox.scenarios.known import CHECK_IDS, Resource, everybody
from sandbox.scenarios.library import MAX_BYTES, TOO_LONG
from sandbox.scenarios.mistakes import Mistake, ScenarioInvalid
from sandbox.scenarios.model import ACTIONS, Scenario, Step, Text
from sandbox.scenarios.timeline import Timeline
from sandbox.scenarios.yaml_text import Document, parse

FAULT = "fault_request"
START = "2026-11-16T10:00:00+09:00"  # a Monday morning, far from any month's edge


@cache
def schema() -> dict[str, Any]:
    """Return the published JSON Schema of a scenario, in one piece for editors."""
    schemas = data_root().joinpath("schemas")
    found: dict[str, Any] = orjson.loads(schemas.joinpath("scenario", "scenario.json").read_bytes())
    rule: dict[str, Any] = orjson.loads(schemas.joinpath("control", f"{FAULT}.json").read_bytes())
    rule.pop("$schema", None)
    found["$defs"][FAULT] = _moved(rule)
    found["properties"]["settings"] = schema_of_settings()
    return found


def _moved(value: Any) -> Any:
    """Return a schema whose references lead to where it now is."""
    if isinstance(value, dict):
        return {
            name: each.replace("#/", f"#/$defs/{FAULT}/", 1)
            if name == "$ref" and isinstance(each, str)
            else _moved(each)
            for name, each in value.items()
        }
    return [_moved(each) for each in value] if isinstance(value, list) else value


def read_scenario(
    text: str, resources: Sequence[Resource] = (), calls: Sequence[KnownCall] = ()
) -> Scenario:
    """Return the scenario that ``text`` is.

    ``resources``: of the control API, to hold acts against; none: their paths and bodies are not
    looked at. ``calls``: of the banks, to hold the matches of fault rules against; none: nor is
    what they name.

    Raises:
        ScenarioInvalid: with every mistake, each with its line and what to write instead.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ScenarioInvalid([TOO_LONG])
    document = parse(text)
    if not isinstance(document.value, dict):
        remedy = "Begin with `name:`, `title:`, `timeline:`."
        raise ScenarioInvalid([Mistake(1, "", "this is no scenario", remedy)])
    mistakes = [*mistakes_against(schema(), document, document.value)]
    if not mistakes:
        mistakes = [*_name_mistakes(document), *Timeline(document, resources, calls).mistakes()]
    if mistakes:
        raise ScenarioInvalid(mistakes)
    return _scenario(document)


def _name_mistakes(document: Document) -> Iterator[Mistake]:
    """Name what no schema says of the fields above the timeline."""
    found = document.value
    try:
        parse_instant(found.get("clock", START))
    except ValueError as error:
        remedy = f"Write an instant such as {START}."
        yield Mistake(document.line_of(["clock"]), "clock", str(error), remedy)
    for number, name in enumerate(found.get("personas", ())):
        if name not in everybody():
            line, place = document.line_of(["personas", number]), f"personas.{number}"
            yield Mistake(line, place, f"nobody is called {name!r}", meant(name, everybody()))
    for kind, checks in found.get("conduct", {}).items():
        for number, check in enumerate(checks):
            if check not in CHECK_IDS:
                line = document.line_of(["conduct", kind, number])
                problem, remedy = f"there is no check {check!r}", meant(check, CHECK_IDS)
                yield Mistake(line, f"conduct.{kind}.{number}", problem, remedy)
    yield from mistakes_of_settings(document)


def _scenario(document: Document) -> Scenario:
    found = document.value
    conduct = found.get("conduct", {})
    personas = found.get("personas")
    return Scenario(
        name=found["name"],
        title=Text(**found["title"]),
        story=Text(**found["story"]),
        seed=found.get("seed", 1),
        clock=found.get("clock", START),
        personas=None if personas is None else tuple(personas),
        settings=texts_of(found.get("settings", {})),
        timeline=tuple(_steps(document)),
        findings=frozenset(conduct.get("expect", ())),
        allowed=frozenset(conduct.get("allow", ())),
    )


def _steps(document: Document) -> Iterator[Step]:
    at_ms = 0
    for number, step in enumerate(document.value["timeline"]):
        at_ms = parse_duration(step["at"]) if "at" in step else at_ms
        action = next(name for name in ACTIONS if name in step)
        say = step.get("say")
        yield Step(
            at_ms=at_ms,
            line=document.line_of(["timeline", number]),
            action=action,
            what=step[action],
            say=None if say is None else Text(**say),
        )
