"""What goes wrong in the OAuth flow because a tester asked for it (faults F-33, F-34)."""

from collections.abc import Mapping
from typing import Any

from sandbox.domain.fault import Facts, FaultRule
from sandbox.domain.oauth.errors import OAuthError
from sandbox.domain.oauth.mischief import harmed_answer
from sandbox.domain.secrets import token_hash
from sandbox.services.world import World
from sandbox.storage import grants

AUTHORIZE = frozenset({"authorize"})
TOKEN = frozenset({"token_endpoint", "tampered_token"})
DESCRIPTION = "a fault rule of the sandbox asked for this answer"


class Mischief(OAuthError):
    """An OAuth error that nothing but a fault rule caused."""

    def __init__(self, error: str) -> None:
        super().__init__(DESCRIPTION)
        self.error = error


async def strike(world: World, facts: Facts, kinds: frozenset[str]) -> FaultRule | None:
    """Return the rule that strikes an OAuth call."""
    return await world.faults.strike({**facts, "class": "oauth"}, kinds)


async def carried_back(
    world: World, values: Mapping[str, str], effect: Mapping[str, Any]
) -> dict[str, str]:
    """Return what the browser carries back, harmed as the rule says; its code may be worthless."""
    answer = effect["answer"]
    if answer in ("code_expired", "code_spent"):
        code_hash, now = token_hash(values["code"]), world.now()
        async with world.database.transaction() as db:
            if answer == "code_spent":
                await grants.spend_code(db, code_hash, now)
            else:
                await grants.expire_code(db, code_hash, now)
    return harmed_answer(dict(values), answer)
