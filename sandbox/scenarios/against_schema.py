"""A document held against a JSON Schema, each mistake in words and with its line."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sandbox.domain.meant import meant
from sandbox.scenarios.mistakes import Mistake
from sandbox.scenarios.model import Json
from sandbox.scenarios.yaml_text import Document

Path = tuple[str | int, ...]
KINDS = {"string": "text", "integer": "whole number", "object": "mapping", "array": "list"}
KINDS |= {"boolean": "true or false", "null": "null", "number": "number"}
LONGEST_SHOWN = 60
# What is too few, too many, too small or too large: by its rule's name.
BOUNDS = {
    "minItems": "fewer than {} entries",
    "maxItems": "more than {} entries",
    "minProperties": "fewer than {} fields",
    "maxProperties": "more than {} fields",
    "minLength": "shorter than {} characters",
    "maxLength": "longer than {} characters",
    "minimum": "less than {}",
    "maximum": "more than {}",
    "exclusiveMinimum": "not more than {}",
    "exclusiveMaximum": "not less than {}",
}


def mistakes_against(
    schema: Json, document: Document, value: Any, path: Path = ()
) -> Iterator[Mistake]:
    """Yield what of ``value``, which stands at ``path`` of ``document``, a schema does not allow.

    What later steps fill in, ``{name}``, may become anything.
    """
    for error in Draft202012Validator(schema).iter_errors(value):
        if not (isinstance(error.instance, str) and "{" in error.instance):
            yield _closest(document, error, path)


def _closest(document: Document, error: ValidationError, before: Path) -> Mistake:
    """Return the mistake: of several ways to be right, in the one that came closest."""
    if not error.context:
        return _mistake(document, error, (*before, *error.absolute_path))
    kinds = [_kind_of(each) for each in error.validator_value]
    if all(kinds) and isinstance(error.instance, dict) and "kind" in error.instance:
        kind = error.instance["kind"]
        if kind not in kinds:
            path = (*before, *error.absolute_path, "kind")
            problem = f"{shown(kind)} is not known here"
            return Mistake(document.line_of(path), place(path), problem, meant(str(kind), kinds))
        own = kinds.index(kind)
        of_kind = [each for each in error.context if each.schema_path[0] == own]
        return _closest(document, of_kind[0], before)
    deepest = max(error.context, key=lambda each: len(each.absolute_path))
    return _closest(document, deepest, before)


def _kind_of(branch: Json) -> str:
    """Return the ``kind`` that one of several ways is for, if it is for one."""
    return str(branch.get("properties", {}).get("kind", {}).get("const", ""))


def _mistake(document: Document, error: ValidationError, path: Path) -> Mistake:
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = [*error.schema.get("properties", ())]
            unknown = next(name for name in value if name not in known)
            line = document.line_of((*path, unknown))
            problem = f"there is no `{unknown}` here"
            return Mistake(line, place(path), problem, meant(unknown, known))
        case "required":
            missing = next(name for name in rule if name not in value)
            problem, remedy = f"`{missing}` is missing", f"Add `{missing}:`."
        case "enum" | "const":
            rules = rule if isinstance(rule, list) else [rule]
            known = [each if isinstance(each, str) else json.dumps(each) for each in rules]
            problem, remedy = f"{shown(value)} is not known here", meant(str(value), known)
        case "type":
            problem = f"{shown(value)} is no {kind_of(rule)}"
            is_number = rule == "string" and isinstance(value, int | float)
            remedy = "Put it in quotes." if is_number else f"Write a {kind_of(rule)}."
        case "minItems" | "minProperties" | "minLength" if rule == 1:
            problem, remedy = "it is empty", _told(error)
        case bound if bound in BOUNDS:
            is_size = isinstance(value, list | dict | str)
            what = "" if is_size else f"{shown(value)} is "
            problem = f"{what}{BOUNDS[str(bound)].format(rule)}"
            remedy = _told(error)
        case "pattern":
            problem, remedy = f"{shown(value)} is not of the right form", _told(error)
        case _:
            problem, remedy = error.message[:200], _told(error)
    return Mistake(document.line_of(path), place(path), problem, remedy)


def _told(error: ValidationError) -> str:
    """Return what the schema says of the place: what belongs there."""
    text = str(error.schema.get("description", "See docs/scenarios.md"))
    return text if text.endswith(".") else f"{text}."


def kind_of(rule: str | Sequence[str]) -> str:
    kinds = [rule] if isinstance(rule, str) else rule
    return " or ".join(KINDS.get(each, each) for each in kinds)


def place(path: Path) -> str:
    return ".".join(map(str, path))


def shown(value: Any) -> str:
    """Return a value as a message may hold it."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
