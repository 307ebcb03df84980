"""A scenario's file: read, held against its schema, and each mistake named with its line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError

from sandbox.domain.duration import parse_duration
from sandbox.domain.moment import parse_instant
from sandbox.resources import data_root
from sandbox.scenarios.model import ACTIONS, Json, Scenario, Step, Text

FAULT = "fault_request"
START = "2026-11-16T10:00:00+09:00"  # a Monday morning, far from any month's edge
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mistake:
    """``line`` counts from 1; ``remedy``: what to write instead."""

    line: int
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"line {self.line}: {place}{self.problem}. {self.remedy}"


class ScenarioInvalid(Exception):
    """Every mistake of a file, in its order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: each.line))
        super().__init__("\n".join(map(str, self.mistakes)))


class _Constructor(RoundTripConstructor):
    """Reads instants as they are written: whoever needs one parses it."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


@cache
def schema() -> dict[str, Any]:
    """Return the published JSON Schema of a scenario, in one piece for editors."""
    schemas = data_root().joinpath("schemas")
    found: dict[str, Any] = orjson.loads(schemas.joinpath("scenario", "scenario.json").read_bytes())
    rule: dict[str, Any] = orjson.loads(schemas.joinpath("control", f"{FAULT}.json").read_bytes())
    rule.pop("$schema", None)
    found["$defs"][FAULT] = _moved(rule)
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


def read_scenario(text: str) -> Scenario:
    """Return the scenario that ``text`` is.

    Raises:
        ScenarioInvalid: with every mistake, each with its line and what to write instead.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ScenarioInvalid([Mistake(1, "", f"more than {MAX_BYTES} bytes", "Make it shorter.")])
    document = _parsed(text)
    mistakes = [*_schema_mistakes(document)]
    if not mistakes:
        mistakes = [*_clock_mistakes(document), *_timeline_mistakes(document)]
    if mistakes:
        raise ScenarioInvalid(mistakes)
    return _scenario(document)


def _parsed(text: str) -> Any:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    try:
        document = yaml.load(text)
    except DuplicateKeyError as error:
        mark = error.problem_mark
        raise ScenarioInvalid(
            [Mistake(mark.line + 1, "", "this key is there twice", "Keep one of the two.")]
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        problem = str(error.problem or "this is no YAML")
        remedy = "Mind the indentation, and quote texts with a colon."
        raise ScenarioInvalid([Mistake(line, "", problem, remedy)]) from None
    if not isinstance(document, Mapping):
        remedy = "Begin with `name:`, `title:`, `timeline:`."
        raise ScenarioInvalid([Mistake(1, "", "this is no scenario", remedy)])
    return document


# Mistakes


def _schema_mistakes(document: Any) -> Iterator[Mistake]:
    for error in Draft202012Validator(schema()).iter_errors(document):
        yield _closest(document, error)


def _closest(document: Any, error: ValidationError) -> Mistake:
    """Return the mistake: of several ways to be right, in the one that came closest."""
    if not error.context:
        return _mistake(document, error)
    kinds = [_kind_of(each) for each in error.validator_value]
    if all(kinds) and isinstance(error.instance, Mapping) and "kind" in error.instance:
        kind = error.instance["kind"]
        if kind not in kinds:
            path = [*error.absolute_path, "kind"]
            place = ".".join(map(str, path))
            line = line_of(document, path)
            return Mistake(line, place, f"{kind!r} is not known here", _meant(str(kind), kinds))
        own = kinds.index(kind)
        return _closest(
            document, next(each for each in error.context if each.schema_path[0] == own)
        )
    return _closest(document, max(error.context, key=lambda each: len(each.absolute_path)))


def _kind_of(branch: Json) -> str:
    """Return the ``kind`` that one of several ways is for, if it is for one."""
    return str(branch.get("properties", {}).get("kind", {}).get("const", ""))


def _mistake(document: Any, error: ValidationError) -> Mistake:
    path = list(error.absolute_path)
    place = ".".join(map(str, path))
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = [*error.schema.get("properties", ())]
            unknown = next(name for name in value if name not in known)
            line = line_of(document, [*path, unknown])
            return Mistake(line, place, f"there is no `{unknown}` here", _meant(unknown, known))
        case "required":
            missing = next(name for name in rule if name not in value)
            return Mistake(
                line_of(document, path), place, f"`{missing}` is missing", f"Add `{missing}:`."
            )
        case "enum" | "const":
            known = [*map(str, rule if isinstance(rule, list) else [rule])]
            problem, remedy = f"{value!r} is not known here", _meant(str(value), known)
        case "type":
            problem = f"{value!r} is no {_kind(rule)}"
            remedy = "Put it in quotes." if rule == "string" else f"Write a {_kind(rule)}."
        case "pattern":
            problem = f"{value!r} is not of the right form"
            remedy = error.schema.get("description", f"It has to match {rule}.")
        case _:
            problem, remedy = error.message[:200], error.schema.get("description", "See the docs.")
    return Mistake(line_of(document, path), place, problem, remedy)


def _kind(rule: Any) -> str:
    names = {"string": "text", "integer": "whole number", "object": "mapping", "array": "list"}
    kinds = rule if isinstance(rule, list) else [rule]
    return " or ".join(names.get(each, str(each)) for each in kinds)


def _meant(given: str, known: Sequence[str]) -> str:
    close = get_close_matches(given, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"One of: {', '.join(known)}." if known else "Take it away."


def _clock_mistakes(document: Any) -> Iterator[Mistake]:
    try:
        parse_instant(document.get("clock", START))
    except ValueError as error:
        remedy = f"Write an instant such as {START}."
        yield Mistake(line_of(document, ["clock"]), "clock", str(error), remedy)


def _timeline_mistakes(document: Any) -> Iterator[Mistake]:
    """Name what no schema says: one action a step, times that go forward, names that are there."""
    last_ms, rules = 0, set()
    for number, step in enumerate(document["timeline"]):
        place, line = f"timeline.{number}", line_of(document, ["timeline", number])
        actions = [name for name in ACTIONS if name in step]
        if len(actions) != 1:
            remedy = f"Write one of: {', '.join(ACTIONS)}."
            yield Mistake(line, place, "a step does exactly one thing", remedy)
            continue
        at_ms, mistake = _time_of(document, number, step, last_ms)
        if mistake is not None:
            yield mistake
        last_ms = at_ms
        what = step[actions[0]]
        if actions == ["fault"]:
            rules.add(what["name"])
        elif actions == ["unfault"] and what["name"] not in rules:
            remedy = _meant(what["name"], sorted(rules))
            yield Mistake(line, place, f"no rule {what['name']!r} was added before", remedy)


def _time_of(document: Any, number: int, step: Json, last_ms: int) -> tuple[int, Mistake | None]:
    """Return when a step is, and what is wrong with that."""
    if "at" not in step:
        return last_ms, None
    line, place = line_of(document, ["timeline", number, "at"]), f"timeline.{number}.at"
    try:
        at_ms = parse_duration(step["at"])
    except ValueError as error:
        return last_ms, Mistake(line, place, str(error), "Write a length such as 90s, 10m or 2d.")
    if at_ms < last_ms:
        problem = f"{step['at']} is before the step above"
        return last_ms, Mistake(line, place, problem, "Put the steps in the order of their times.")
    return at_ms, None


def line_of(document: Any, path: Sequence[str | int]) -> int:
    """Return the line, from 1, on which the deepest part of ``path`` that is there begins."""
    line, here = 0, document
    for part in path:
        marks = getattr(here, "lc", None)
        places = None if marks is None else marks.data
        if not isinstance(here, Mapping | Sequence) or places is None or part not in places:
            break
        line = places[part][0]
        here = here[part]  # type: ignore[index]
    return line + 1


# From the document to the value


def _scenario(document: Any) -> Scenario:
    found = plain(document)
    conduct = found.get("conduct", {})
    personas = found.get("personas")
    return Scenario(
        name=found["name"],
        title=Text(**found["title"]),
        story=Text(**found["story"]),
        seed=found.get("seed", 1),
        clock=found.get("clock", START),
        personas=None if personas is None else tuple(personas),
        timeline=tuple(_steps(document, found["timeline"])),
        findings=frozenset(conduct.get("expect", ())),
        allowed=frozenset(conduct.get("allow", ())),
    )


def _steps(document: Any, timeline: Sequence[Json]) -> Iterator[Step]:
    at_ms = 0
    for number, step in enumerate(timeline):
        at_ms = parse_duration(step["at"]) if "at" in step else at_ms
        action = next(name for name in ACTIONS if name in step)
        say = step.get("say")
        yield Step(
            at_ms=at_ms,
            line=line_of(document, ["timeline", number]),
            action=action,
            what=step[action],
            say=None if say is None else Text(**say),
        )


def plain(value: Any) -> Any:
    """Return a document as JSON knows it, without what only YAML knows of it."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    return int(value) if isinstance(value, int) else float(value)
