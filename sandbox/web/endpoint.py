"""One API of a bank: where it is, who may call it, what goes in and what comes out.

The tables of ``Endpoint`` drive routing, authorization, validation and the OpenAPI document.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked
from sandbox.domain.corporate.powers import ContractorMismatch
from sandbox.domain.errors import FunctionNotAvailable, InsufficientScope, InvalidParameter
from sandbox.domain.oauth.parameters import TooManyFields, parse_parameters
from sandbox.services.aside import aside
from sandbox.services.bank import Bank
from sandbox.services.oauth.access import Access
from sandbox.web.bodies import NOTHING_SENT, Sent, read_body, wants_file
from sandbox.web.call import Answer, Call, FileAnswer, Json, Sealing
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.caller import presented_token, token_access
from sandbox.web.once import answered_once, size_of

CLIENT_ID, CONTRACTOR_ID = "client_id", "contractor_id"


def _check_caller(named: Json, access: Access) -> None:
    """Refuse a call in another's name than its token's (W-3, W-30)."""
    standing = access.standing
    if (named[CLIENT_ID], named[CONTRACTOR_ID]) != (standing.client_id, standing.contractor_id):
        raise ContractorMismatch("client_id or contractor_id is not the token's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A row of a bank's table.

    ``scope``: any one of them will do, where there are several (joined by spaces). ``function``
    None: any of the bank's functions will do (T-5). ``names_caller``: the call repeats the client
    id and the contractor id of the token: in its body where it has one, else in its query.
    ``request_schema`` is the query's, ``file_schema`` that of a call that brings a file.
    """

    method: str
    path: str
    answer: Answer
    title: str
    scope: str
    reply_schema: str
    function: str | None = None
    request_schema: str | None = None
    body_schema: str | None = None
    file_schema: str | None = None  # None: the body is JSON and nothing else
    file_answer: FileAnswer | None = None  # for callers who ask for a text
    names_caller: bool = False
    name: str = ""  # of the operation, where the answer's own is that of others too
    wants_fresh_log_in: bool = False  # where the bank's policy asks for one (O-32)
    api_class: ApiClass = ApiClass.REFERENCE

    @property
    def operation(self) -> str:
        return self.name or self.answer.__name__

    def handler(
        self, front: Front, bank_name: str, sealing: Sealing | None = None
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return the aiohttp handler of this row behind ``front``."""
        operation = self.operation

        async def handle(request: web.Request) -> web.Response:
            entry = entry_of(request)
            entry.operation = operation
            token, is_dpop = presented_token(request)
            sent = NOTHING_SENT
            if self.body_schema is not None and token is not None:
                sent = await read_body(request, takes_file=self.file_schema is not None)
            if self.names_caller:  # it finds the world, where the token has no room for that
                entry.client_id = request.query.get(CLIENT_ID) or sent.named(CLIENT_ID)
            bank = await front.bank(request, bank_name, token=token)
            has_rules = bank.rules is not None
            if has_rules:
                bank.check_open(self.api_class, operation, self.function)
            access = await token_access(request, bank, token, is_dpop)
            asked = self._asked(request, access) if has_rules else None
            if asked is not None:
                bank.check_open_to(asked)
            self._check_allowed(bank, access)
            if bank.policy.double_login:
                await bank.double_logins.check(access.standing.credential_id)
            if sent.problem is not None:
                raise sent.problem
            if self.body_schema is None:
                call = self._of_query(request, bank, access, front)
            else:
                call = await self._checked(request, bank, access, front, sealing, sent)
            if self.file_answer is not None and wants_file(request):
                if sealing is not None:
                    await sealing.check_file(call, "Accept")
                return await self.file_answer(call)
            if self.body_schema is None:
                return await self._finished(call, front, sealing, asked, await self.answer(call))
            finish = partial(self._finished, call, front, sealing, asked)
            return await answered_once(call, self.answer, finish)

        return handle

    async def _finished(
        self, call: Call, front: Front, sealing: Sealing | None, asked: Asked | None, body: Json
    ) -> web.Response:
        """Return an answer as it goes out."""
        if front.is_strict:
            await aside(size_of(call), front.schemas.check_reply, self.reply_schema, body)
        if asked is not None:
            body = call.bank.narrowed(asked, body)
        if sealing is not None:
            body = await sealing.sealed(call, body)
        entry_of(call.request).is_plain = True
        return json_response(body, now=call.bank.world.now())

    def _asked(self, request: web.Request, access: Access) -> Asked:
        """Return what stops of single clients, contractors or accounts may ask of a call."""
        return Asked(
            api_class=self.api_class,
            operation=self.operation,
            function=self.function,
            client_id=access.standing.client_id,
            contractor_id=access.standing.contractor_id,
            account_id=request.match_info.get("account_id"),
        )

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

    def _of_query(self, request: web.Request, bank: Bank, access: Access, front: Front) -> Call:
        """Return a call without a body, its query checked.

        Raises:
            InvalidParameter, ContractorMismatch: as their names say.
        """
        schema = self.request_schema
        query = _query(request, front, schema) if schema is not None else {}
        if self.names_caller:
            _check_caller(query, access)
        return Call(request, bank, access, query)

    async def _checked(
        self,
        request: web.Request,
        bank: Bank,
        access: Access,
        front: Front,
        sealing: Sealing | None,
        sent: Sent,
    ) -> Call:
        """Return the call with what it brings, checked by its schemas.

        Raises:
            InvalidParameter, ContractorMismatch: as their names say.
        """
        schema = self.request_schema if sent.file is None else self.file_schema
        query = _query(request, front, schema) if schema else {}
        call = Call(request, bank, access, query, file=sent.file)
        if sent.file is not None:
            if self.names_caller:
                _check_caller(query, access)
            if sealing is not None:
                await sealing.check_file(call, "Content-Type")
            return call
        body = sent.body
        if sealing is not None and isinstance(body, dict):
            body = await sealing.opened(call, body)
        assert self.body_schema is not None  # whoever has none reads no body
        # What was opened is not told again in clear, by way of an error.
        check = partial(front.schemas.check_request, hides_values=body is not sent.body)
        if sent.is_long:
            await asyncio.to_thread(check, self.body_schema, body)
        else:
            check(self.body_schema, body)
        if self.names_caller:
            _check_caller(body, access)
        return replace(call, body=body)


def _query(request: web.Request, front: Front, schema: str) -> dict[str, str]:
    """Return the checked query. Unknown names are let pass, as the bank does."""
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
    front.schemas.check_request(schema, parameters.values)
    return parameters.values
