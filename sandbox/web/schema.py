"""JSON schemas of the wire, each compiled by jsonschema-rs with the first body it is for.

All of them take 20 ms, which is no time to spend before the bank answers at all; one takes a tenth
of one. They ship with the program, and a test compiles every one.
"""

from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import orjson

from sandbox.domain.errors import InvalidParameter
from sandbox.domain.meant import meant

Problem = dict[str, str]
KINDS = jsonschema_rs.ValidationErrorKind
TOO_DEEP = "nested too deeply"
IS_NONE = " is not one of "
LONGEST, MOST_NAMED = 200, 1_000


class ReplyInvalid(Exception):
    """Our own body breaks its schema. Ours to mend: 500, and a failing test."""


class SchemaStore:
    """The schemas below ``root``, by their path without ``.json``: ``tomato/balance``.

    Raises ``KeyError`` for a name that has no file.
    """

    def __init__(self, root: Traversable, folders: tuple[str, ...]) -> None:
        self._files = {
            f"{folder}/{file.name.removesuffix('.json')}": file
            for folder in folders
            for file in root.joinpath(folder).iterdir()
            if file.name.endswith(".json")
        }
        self._texts: dict[str, dict[str, Any]] = {}
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    @property
    def names(self) -> set[str]:
        return set(self._files)

    def text(self, name: str) -> dict[str, Any]:
        """Return a schema as it was written, for the OpenAPI document."""
        if name not in self._texts:
            self._texts[name] = orjson.loads(self._files[name].read_bytes())
        return self._texts[name]

    def _validator(self, name: str) -> jsonschema_rs.Validator:
        if name not in self._validators:
            self._validators[name] = jsonschema_rs.validator_for(
                self.text(name), validate_formats=True
            )
        return self._validators[name]

    def check_request(self, name: str, body: Any, *, hides_values: bool = False) -> None:
        """Raise ``InvalidParameter`` naming every field that breaks the schema."""
        if not self._is_valid(name, body):
            problems = self.problems(name, body, hides_values=hides_values)
            raise InvalidParameter("the request breaks its schema", problems)

    def _is_valid(self, name: str, body: Any) -> bool:
        try:
            return self._validator(name).is_valid(body)
        except ValueError:  # the validator follows only so many levels
            return False

    def check_reply(self, name: str, body: Any) -> None:
        """Raise ``ReplyInvalid`` where our own answer breaks its schema."""
        if problems := self.problems(name, body):
            raise ReplyInvalid(f"{name}: {problems}")

    def problems(self, name: str, body: Any, *, hides_values: bool = False) -> list[Problem]:
        """Return each (field, problem), sorted; empty where ``body`` is sound.

        ``hides_values``: no problem quotes what stands in the body.
        """
        validator = self._discreet(name) if hides_values else self._validator(name)
        try:
            errors = list(validator.iter_errors(body))
        except ValueError:
            return [{"field": "", "problem": TOO_DEEP}]
        found = [
            problem for error in errors for problem in _problems(error, hides_values=hides_values)
        ]
        return sorted(found, key=lambda problem: (problem["field"], problem["problem"]))

    def _discreet(self, name: str) -> jsonschema_rs.Validator:
        """Return a validator that quotes nothing. Made for each error: they are few."""
        return jsonschema_rs.validator_for(self.text(name), validate_formats=True, mask="the value")


def _problems(error: jsonschema_rs.ValidationError, *, hides_values: bool) -> list[Problem]:
    """Return what to mend: of alternatives, in the one that is meant, or which there are."""
    if isinstance(error.kind, KINDS.AnyOf):
        missing = [_missing(found) for found in error.kind.context]
        if all(missing):
            return [{"field": _field(error), "problem": f"give {', or '.join(missing)}"}]
    if isinstance(error.kind, KINDS.OneOfNotValid):
        told = [_constants(found) for found in error.kind.context]
        if all(told):
            choice = _choice([each[0] for each in told], hides_values=hides_values)
            return [{"field": _field(told[0][0]), "problem": choice}]
        if told.count([]) == 1:  # a body tells by its constants which one it means
            return [_told(each) for each in error.kind.context[told.index([])]]
    return [_told(error)]


def _told(error: jsonschema_rs.ValidationError) -> Problem:
    message = error.message[:LONGEST]
    if isinstance(error.kind, KINDS.Enum):  # the library names two and counts the rest
        before = error.message.partition(IS_NONE)[0]
        options = ", ".join(orjson.dumps(each).decode() for each in error.kind.options)
        message = f"{before[:LONGEST]}{IS_NONE}{options[:MOST_NAMED]}"
    return {"field": _field(error), "problem": message}


def _missing(errors: list[jsonschema_rs.ValidationError]) -> str:
    """Return the fields that are missing, if that is all that is wrong, else nothing."""
    names = [each.kind.property for each in errors if isinstance(each.kind, KINDS.Required)]
    return " and ".join(names) if len(names) == len(errors) else ""


def _constants(errors: list[jsonschema_rs.ValidationError]) -> list[jsonschema_rs.ValidationError]:
    return [each for each in errors if isinstance(each.kind, KINDS.Constant)]


def _choice(errors: list[jsonschema_rs.ValidationError], *, hides_values: bool) -> str:
    """Return what there is in place of a value that is no alternative's constant."""
    given = errors[0].instance
    known = [
        str(each.kind.expected_value) for each in errors if isinstance(each.kind, KINDS.Constant)
    ]
    if hides_values or not isinstance(given, str):
        return meant("", known)
    return f'"{given[:60]}" is none of them. {meant(given, known)}'


def _field(error: jsonschema_rs.ValidationError) -> str:
    """Return where a body breaks its schema. A field that is missing is named, not its parent."""
    kind = error.kind
    missing = [kind.property] if isinstance(kind, KINDS.Required) else []
    return ".".join(str(step) for step in [*error.instance_path, *missing])
