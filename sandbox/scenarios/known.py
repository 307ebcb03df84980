"""What a scenario may name: banks and personas, checks, fields of rows, and the control API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from sandbox.bank_settings import BANKS
from sandbox.domain.conduct.checks import CHECKS
from sandbox.domain.oauth.registration import FUNCTIONS
from sandbox.domain.persona import Persona
from sandbox.resources import data_root
from sandbox.services.population import load_people, load_personas

CHECK_IDS = tuple(check.id for check in CHECKS)
# What is ticked on a bank's page, where it offers a choice.
TICKED: Mapping[str, Sequence[str]] = {"tomato": FUNCTIONS}
ROWS = ("journal", "grants", "transfers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of the control API below a world. ``body``: the schema of what it takes."""

    method: str
    path: str  # bank/{bank}/revoke
    body: Mapping[str, Any] | None

    def is_at(self, path: str) -> bool:
        mine, given = self.path.split("/"), path.partition("?")[0].split("/")
        return len(mine) == len(given) and all(
            (part.startswith("{") and bool(said)) or part == said
            for part, said in zip(mine, given, strict=True)
        )

    def bank_of(self, path: str) -> str | None:
        """Return the bank that a path names, if this resource is one of a bank."""
        named = dict(zip(self.path.split("/"), path.partition("?")[0].split("/"), strict=True))
        return named.get("{bank}")


@cache
def fields_of(rows: str) -> tuple[str, ...]:
    """Return the fields that a row of the journal, of grants or of transfers may have."""
    file = data_root().joinpath("schemas", "control", f"{rows}.json")
    schema = orjson.loads(file.read_bytes())
    return tuple(schema["properties"][rows]["items"]["properties"])


def everybody() -> tuple[str, ...]:
    """Return every name by which a world may be told who lives in it."""
    found = (each.key for bank in BANKS for each in (*load_personas(bank), *load_people(bank)))
    return tuple(dict.fromkeys(key for key in found if key is not None))


def people_of(bank: str, chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return who can sign in at a bank, in a world with the personas that were ``chosen``."""
    here = None if chosen is None else frozenset(chosen)
    return tuple(_key(each) for each in load_people(bank) if each.lives_in(here))


def _key(persona: Persona) -> str:
    assert persona.key is not None  # nobody of the generated population signs in
    return persona.key
