"""What goes wrong in the OAuth flow because a tester asked for it (faults F-33, F-34)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.domain.fault import Facts, FaultRule
from sandbox.domain.oauth.errors import OAuthError
from sandbox.domain.oauth.mischief import harmed_answer
from sandbox.domain.secrets import token_hash
from sandbox.services.oauth.authorize import Allowed, AuthorizeService, Interaction
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
    found = await world.faults.strike({**facts, "class": "oauth"}, kinds)
    return None if found is None else found.rule


async def allow(
    service: AuthorizeService,
    world: World,
    interaction: Interaction,
    *,
    functions: tuple[str, ...],
    account_ids: tuple[str, ...],
) -> Allowed:
    """Consent, unless a rule says otherwise: then nothing is done, or its answer is harmed.

    Raises: as ``AuthorizeService.allow`` does.
    """
    rule = await strike(world, _facts(interaction), AUTHORIZE)
    if rule is not None and rule.stage == "before":
        return await _refused(service, interaction, rule)
    allowed = await service.allow(interaction, functions=functions, account_ids=account_ids)
    if rule is None:
        return allowed
    if rule.stage == "after_commit":
        refused = service.refusal(interaction.request, Mischief(rule.effect["answer"]))
        return replace(allowed, answer=refused, fault=rule.fault_id)
    harmed = await _harmed(world, allowed.answer.values, rule.effect["answer"])
    answer = replace(allowed.answer, values=harmed)
    return replace(allowed, answer=answer, fault=rule.fault_id)


def _facts(interaction: Interaction) -> Facts:
    assert interaction.contractor is not None
    return {
        "bank": interaction.client.bank,
        "operation": "authorize",
        "client_id": interaction.client.client_id,
        "contractor_id": interaction.contractor.contractor_id,
        "user": interaction.login,
        "scope": interaction.request.scope,
    }


async def _refused(service: AuthorizeService, interaction: Interaction, rule: FaultRule) -> Allowed:
    error = Mischief(rule.effect["answer"])
    if interaction.interaction_id is not None:
        await service.deny(interaction, error)
    return Allowed(
        answer=service.refusal(interaction.request, error),
        grant_id=None,
        fault=rule.fault_id,
    )


async def _harmed(world: World, answer: Mapping[str, str], how: str) -> dict[str, str]:
    """Return what the browser carries back, harmed as the rule says; its code may be worthless."""
    if how in ("code_expired", "code_spent"):
        code_hash, now = token_hash(answer["code"]), world.now()
        async with world.database.transaction() as db:
            if how == "code_spent":
                await grants.spend_code(db, code_hash, now)
            else:
                await grants.expire_code(db, code_hash, now)
    return harmed_answer(dict(answer), how)


def facts_of_token(bank: str, form: Mapping[str, Any], client_id: str | None) -> Facts:
    """Return what a rule may match of a call to the token endpoint."""
    return {
        "bank": bank,
        "operation": "token",
        "client_id": client_id,
        "grant_type": form.get("grant_type"),
        "scope": form.get("scope"),
    }
