"""The token endpoint under fault rules (F-33): refused, lost after the work, or harmed."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.domain.fault import FaultRule
from sandbox.domain.oauth.mischief import TOKEN_ERRORS, harmed_token_answer
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.time import Instant
from sandbox.services.bank import Bank
from sandbox.services.oauth.mischief import TOKEN, Mischief, facts_of_token, strike
from sandbox.services.oauth.tampering import tampered
from sandbox.web.front import json_response
from sandbox.web.noting import entry_of

Json = dict[str, Any]
Act = Callable[[web.Request, Bank, Parameters], Awaitable[Json]]


class Spoilt(Exception):
    """The answer is no JSON: it breaks off in the middle."""

    def __init__(self, body: Json) -> None:
        super().__init__("spoilt")
        self._body = body

    def response(self, now: Instant) -> web.Response:
        response = json_response(self._body, now=now)
        text = orjson.dumps(self._body)
        response.body = text[: len(text) // 2]
        return response


async def answer_with_faults(request: web.Request, bank: Bank, form: Parameters, act: Act) -> Json:
    """Answer a token request as the rule says that strikes it, or as ever.

    Raises:
        Mischief: the rule wants an error; at ``after_commit`` the tokens have been made.
        Spoilt: it wants broken JSON.
    """
    entry = entry_of(request)
    facts = facts_of_token(bank.name, form.values, entry.client_id)
    facts = {**facts, "method": request.method, "path": request.path}
    rule = await strike(bank.world, facts, TOKEN)
    if rule is None:
        return await act(request, bank, form)
    entry.fault, entry.rule = rule.fault_id, rule
    answer = str(rule.effect.get("answer"))
    if answer in TOKEN_ERRORS and rule.stage == "before":
        raise Mischief(answer)
    body = await act(request, bank, form)
    if answer in TOKEN_ERRORS:
        raise Mischief(answer)
    return await _harmed(bank, body, rule)


async def _harmed(bank: Bank, body: Json, rule: FaultRule) -> Json:
    effect = rule.effect
    if effect["kind"] == "tampered_token":
        token = body.get(effect["token"])
        if token is None:  # no such token was asked for
            return body
        return {**body, effect["token"]: await tampered(bank.keys, token, effect)}
    if effect["answer"] == "broken_json":
        raise Spoilt(body)
    return harmed_token_answer(body, effect["answer"])
