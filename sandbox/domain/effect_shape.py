"""How a kind of effect is described: its stages, and a JSON schema for each parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]
LONGEST_MS = 600_000


def whole(low: int, high: int, about: str) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "description": about}


def ms(about: str, low: int = 0) -> Schema:
    return whole(low, LONGEST_MS, about)


def number(low: float, high: float, about: str) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high, "description": about}


def one_of(values: tuple[Any, ...], about: str) -> Schema:
    return {"enum": list(values), "description": about}


def text(most: int, about: str) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": about}


def name(about: str) -> Schema:
    """Return the schema of what may name a field and a parameter of a query."""
    return {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,31}$", "description": about}


def group(fields: Mapping[str, Schema], required: tuple[str, ...]) -> Schema:
    shape = {"type": "object", "properties": dict(fields), "additionalProperties": False}
    return {**shape, "required": list(required)} if required else shape


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectKind:
    """``stages``: the first is meant where a rule names none. ``fields``: JSON schemas."""

    number: str  # of the catalogue
    title: str
    stages: tuple[str, ...]
    fields: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def schema(self, kind: str) -> Schema:
        """Return the JSON schema of an effect of this kind."""
        title = f"{self.title} ({self.number})"
        named = {"kind": {"const": kind}, **self.fields}
        return {"title": title, **group(named, ("kind", *self.required))}
