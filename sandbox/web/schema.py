"""JSON schemas of the wire, compiled once at start-up by jsonschema-rs."""

from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import orjson

from sandbox.domain.errors import InvalidParameter

Problem = dict[str, str]


class ReplyInvalid(Exception):
    """Our own body breaks its schema. Ours to mend: 500, and a failing test."""


class SchemaStore:
    """The schemas below ``root``, by their path without ``.json``: ``tomato/balance``.

    A broken schema stops the server at start-up, not a caller later.
    """

    def __init__(self, root: Traversable, folders: tuple[str, ...]) -> None:
        self._texts: dict[str, dict[str, Any]] = {}
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        for folder in folders:
            self._load(root.joinpath(folder), folder)

    def _load(self, folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.name.endswith(".json"):
                name = f"{prefix}/{entry.name.removesuffix('.json')}"
                self._texts[name] = orjson.loads(entry.read_bytes())
                self._validators[name] = jsonschema_rs.validator_for(
                    self._texts[name], validate_formats=True
                )

    @property
    def names(self) -> set[str]:
        return set(self._texts)

    def text(self, name: str) -> dict[str, Any]:
        """Return a schema as it was written, for the OpenAPI document."""
        return self._texts[name]

    def check_request(self, name: str, body: Any) -> None:
        """Raise ``InvalidParameter`` naming every field that breaks the schema."""
        if not self._validators[name].is_valid(body):
            raise InvalidParameter("the request breaks its schema", self.problems(name, body))

    def check_reply(self, name: str, body: Any) -> None:
        """Raise ``ReplyInvalid`` where our own answer breaks its schema."""
        if problems := self.problems(name, body):
            raise ReplyInvalid(f"{name}: {problems}")

    def problems(self, name: str, body: Any) -> list[Problem]:
        """Return each (field, problem), sorted; empty where ``body`` is sound."""
        found = [
            {"field": _field(e), "problem": e.message[:200]}
            for e in self._validators[name].iter_errors(body)
        ]
        return sorted(found, key=lambda problem: (problem["field"], problem["problem"]))


def _field(error: jsonschema_rs.ValidationError) -> str:
    """Return where a body breaks its schema. A field that is missing is named, not its parent."""
    kind = error.kind
    missing = (
        [kind.property] if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required) else []
    )
    return ".".join(str(step) for step in [*error.instance_path, *missing])
