"""One API of a bank: where it is, who may call it, what goes in and what comes out.

The tables of ``Endpoint`` drive routing, authorization, validation and the OpenAPI document.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

from sandbox.domain.corporate.powers import ContractorMismatch
from sandbox.domain.errors import (
    FunctionNotAvailable,
    InsufficientScope,
    InvalidParameter,
)
from sandbox.domain.oauth.parameters import TooManyFields, parse_parameters
from sandbox.services.bank import Bank
from sandbox.services.oauth.access import Access
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.caller import presented_token, token_access

Json: TypeAlias = dict[str, Any]
CLIENT_ID, CONTRACTOR_ID = "client_id", "contractor_id"


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized call: what a handler may look at."""

    request: web.Request
    bank: Bank
    access: Access
    query: dict[str, str]


def _check_caller(query: dict[str, str], access: Access) -> None:
    """Refuse a call in another's name than its token's (W-3, W-30)."""
    standing = access.standing
    named = query[CLIENT_ID], query[CONTRACTOR_ID]
    if named != (standing.client_id, standing.contractor_id):
        raise ContractorMismatch("client_id or contractor_id is not the token's")


Answer: TypeAlias = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A row of a bank's table.

    ``scope``: any one of them will do, where there are several (joined by spaces). ``function``
    None: any of the bank's functions will do (T-5). ``names_caller``: the query repeats the client
    id and the contractor id of the token.
    """

    method: str
    path: str
    answer: Answer
    title: str
    scope: str
    reply_schema: str
    function: str | None = None
    request_schema: str | None = None
    names_caller: bool = False
    wants_fresh_log_in: bool = False  # where the bank's policy asks for one (O-32)

    def handler(
        self, front: Front, bank_name: str
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return the aiohttp handler of this row behind ``front``."""

        async def handle(request: web.Request) -> web.Response:
            entry = entry_of(request)
            entry.operation = self.answer.__name__
            if self.names_caller:  # it finds the world, where the token has no room for that
                entry.client_id = request.query.get(CLIENT_ID)
            token, is_dpop = presented_token(request)
            bank = await front.bank(request, bank_name, token=token)
            bank.check_hours()
            access = await token_access(request, bank, token, is_dpop)
            self._check_allowed(bank, access)
            query = self._query(request, front) if self.request_schema else {}
            if self.names_caller:
                _check_caller(query, access)
            body = await self.answer(Call(request, bank, access, query))
            if front.is_strict:
                front.schemas.check_reply(self.reply_schema, body)
            entry.is_plain = True
            return json_response(body, now=bank.world.now())

        return handle

    def _check_allowed(self, bank: Bank, access: Access) -> None:
        """Refuse a call too many, a scope too few, a function that is not for this provider."""
        bank.limiter.count(access.standing.client_id, access.standing.contractor_id)
        held = [scope for scope in self.scope.split() if scope in access.scope]
        if not held:
            raise InsufficientScope(self.scope)
        if access.standing.powers is not None:
            access.standing.powers.check([bank.facts.services[scope] for scope in held])
        if self.function is not None and not access.standing.may_use(self.function):
            raise FunctionNotAvailable(f"{self.function} may not be used by this provider")
        if self.wants_fresh_log_in and bank.policy.step_up_max_age_ms:
            bank.check_log_in(access.standing.authenticated_at)

    def _query(self, request: web.Request, front: Front) -> dict[str, str]:
        """Return the checked query. Unknown names are let pass, as the bank does."""
        assert self.request_schema is not None
        try:
            parameters = parse_parameters(request.rel_url.raw_query_string, errors="replace")
        except TooManyFields as error:
            raise InvalidParameter("too many query parameters") from error
        if parameters.duplicated:
            names = sorted(parameters.duplicated)
            raise InvalidParameter(
                "a query parameter was given twice",
                [{"field": name, "problem": "given twice"} for name in names],
            )
        front.schemas.check_request(self.request_schema, parameters.values)
        return parameters.values
