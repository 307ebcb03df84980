"""JSON schemas of the wire, each compiled by jsonschema-rs with the first body it is for.

All of them take 20 ms, which is no time to spend before the bank answers at all; one takes a tenth
of one. They ship with the program, and a test compiles every one.
"""

from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import orjson

from sandbox.domain.errors import InvalidParameter

Problem = dict[str, str]
TOO_DEEP = "nested too deeply"


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
            {"field": _field(e), "problem": e.message[:200]}
            for error in errors
            for e in _causes(error)
        ]
        return sorted(found, key=lambda problem: (problem["field"], problem["problem"]))

    def _discreet(self, name: str) -> jsonschema_rs.Validator:
        """Return a validator that quotes nothing. Made for each error: they are few."""
        return jsonschema_rs.validator_for(self.text(name), validate_formats=True, mask="the value")


def _causes(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Return what breaks the one alternative that a body means, told by its constants."""
    kinds = jsonschema_rs.ValidationErrorKind
    if not isinstance(error.kind, kinds.OneOfNotValid):
        return [error]
    meant = [
        found
        for found in error.kind.context
        if not any(isinstance(each.kind, kinds.Constant) for each in found)
    ]
    return meant[0] if len(meant) == 1 else [error]


def _field(error: jsonschema_rs.ValidationError) -> str:
    """Return where a body breaks its schema. A field that is missing is named, not its parent."""
    kind = error.kind
    missing = (
        [kind.property] if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required) else []
    )
    return ".".join(str(step) for step in [*error.instance_path, *missing])
