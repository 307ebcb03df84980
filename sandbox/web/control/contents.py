"""``…/grants``, ``…/tokens``, ``…/accounts``: what is really there, and taking it away."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sandbox.domain.errors import Reason
from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.domain.oauth.security import Proof
from sandbox.services.inspection import InspectionService
from sandbox.services.oauth import headless
from sandbox.services.oauth.leaking import NothingToLeak, leak
from sandbox.services.staff import UnknownSubject
from sandbox.web.control.consent import authorization_request, bank_of, problem_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import filter_of, listed, page_of
from sandbox.web.control.problem import Problem
from sandbox.web.control.staff import lag_of

Act: TypeAlias = Callable[[InspectionService, str], Awaitable[None]]


async def _inspection(call: ControlCall) -> InspectionService:
    return InspectionService(await call.world())


async def list_grants(call: ControlCall) -> Json:
    """List grants (アクセス許可): whose, for which client, since and until when, why ended."""
    page = page_of(call.request)
    found = await (await _inspection(call)).list_grants(
        client_id=filter_of(call.request, "client_id"),
        persona=filter_of(call.request, "persona"),
        after=page.after,
        limit=page.limit,
    )
    return listed("grants", found, page, "grant_id")


async def revoke_grant(call: ControlCall) -> Json:
    """End a grant with both tokens, by the bank, the user or the provider."""
    reason, lag_ms = call.body.get("reason"), lag_of(call.body)
    await _act(
        call,
        lambda inspection, subject: inspection.revoke_grant(
            subject,
            by=call.body.get("by", "bank"),
            reason=None if reason is None else Reason(reason),
            lag_ms=lag_ms,
        ),
    )
    return {}


async def expire_grant(call: ControlCall) -> Json:
    """Let a grant lapse now, as if its time were over."""
    await _act(call, lambda inspection, subject: inspection.expire_grant(subject))
    return {}


async def leak_token(call: ControlCall) -> Json:
    """Leak a grant's access token: a twin of it, as somebody has it who must not."""
    world, grant_id = await call.world(), call.request.match_info["id"]
    banks = [await bank_of(call, name) for name in call.controls.profiles]
    try:
        found = await leak(banks, grant_id)
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"there is no {grant_id!r} in this world") from error
    except NothingToLeak as error:
        raise Problem(409, "refused", str(error)) from error
    return {
        "access_token": found.access_token,
        "scope": found.scope,
        "expires_in": (found.expires_at - world.now()) // 1000,
        "is_bound": found.is_bound,
    }


async def list_tokens(call: ControlCall) -> Json:
    """List tokens by id; what they are is stored nowhere."""
    page = page_of(call.request)
    inspection = await _inspection(call)
    try:
        found = await inspection.list_tokens(
            client_id=filter_of(call.request, "client_id"),
            grant_id=filter_of(call.request, "grant_id"),
            after=page.after,
            limit=page.limit,
        )
    except UnknownSubject as error:
        raise Problem(422, "invalid-request", "after is the id of no token") from error
    return listed("tokens", found, page, "id")


async def mint_tokens(call: ControlCall) -> Json:
    """Consent as a persona and answer the tokens that the client would get."""
    bank = await bank_of(call, call.body["bank"])
    parameters = parse_parameters(await authorization_request(call, bank))
    try:
        key = Proof(dpop_jkt=call.body.get("dpop_jkt"), certificate=call.body.get("x5t_s256"))
        pair = await headless.mint(bank, parameters, call.body["persona"], key)
    except Exception as error:
        raise problem_of(error, call.body) from error
    answer = {
        "access_token": pair.access_token,
        "token_type": pair.token_type,
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "refresh_token_expires_in": pair.refresh_token_expires_in,
        "scope": pair.scope,
    }
    return answer if pair.id_token is None else {**answer, "id_token": pair.id_token}


async def expire_token(call: ControlCall) -> Json:
    """Let one token lapse now."""
    await _act(call, lambda inspection, subject: inspection.expire_token(subject))
    return {}


async def revoke_token(call: ControlCall) -> Json:
    """Revoke a token by the bank: its whole grant ends."""
    await _act(call, lambda inspection, subject: inspection.revoke_token(subject))
    return {}


async def list_accounts(call: ControlCall) -> Json:
    """List accounts with what the ledger holds: for assertions."""
    page = page_of(call.request)
    found = await (await _inspection(call)).list_accounts(
        bank=filter_of(call.request, "bank"),
        persona=filter_of(call.request, "persona"),
        after=page.after,
        limit=page.limit,
    )
    return listed("accounts", found, page, "account_id")


async def _act(call: ControlCall, act: Act) -> None:
    """Do something to the grant or token that the path names."""
    subject = call.request.match_info["id"]
    try:
        await act(await _inspection(call), subject)
    except UnknownSubject:
        raise Problem(404, "unknown-subject", f"there is no {subject!r} in this world") from None
