"""What can be known of a call before anything is done for it. Nothing here refuses or answers."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.effect import BALANCE_KINDS, CALL_KINDS, STATEMENT_KINDS
from sandbox.domain.errors import BankError
from sandbox.domain.fault import AMOUNT_KEYS, NOWHERE, PAGES
from sandbox.domain.oauth.parameters import Parameters, TooManyFields, parse_parameters
from sandbox.domain.secrets import token_hash
from sandbox.services.fault_facts import branch_code, day_type, hour_phase, wanted_of
from sandbox.services.inspection import TOKEN_ID_BYTES
from sandbox.services.oauth.client_auth import claimed_client
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.worlds import UnknownWorld
from sandbox.web.bodies import body_bytes
from sandbox.web.front import SCHEMES, WORLD_HEADER, Front
from sandbox.web.noting import entry_of
from sandbox.web.oauth.forms import BODY_MAX_BYTES, BODY_SECONDS

if TYPE_CHECKING:
    from sandbox.web.profile import Profile

log = logging.getLogger("sandbox.web")
Facts = dict[str, str | int | None]
FORM = "application/x-www-form-urlencoded"
_TAGGED = ("code", "refresh_token", "token")
_HOLDER = frozenset({"client_id", "contractor_id", "user", "signed_in", "grant_id", "scope"})
_BODY = frozenset({*AMOUNT_KEYS, "beneficiary_bank", "branch_code"})
_KINDS = {
    name: CALL_KINDS | kinds
    for names, kinds in (
        (("show_balance", "show_account_balance"), BALANCE_KINDS),
        (("list_transactions", "list_account_transactions", "list_deposits"), STATEMENT_KINDS),
    )
    for name in names
}
_OAUTH = {
    "/oauth/auth": "authorize",
    "/oauth/auth/{interaction}": "authorize",
    "/oauth/par": "par",
    "/oauth/token": "token",
    "/oauth/revoke": "revoke",
    "/oauth/introspect": "introspect",
    "/oauth/register": "register",
    "/oauth/register/{client_id}": "register",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a path of a bank is for."""

    name: str
    api_class: ApiClass
    function: str | None = None
    names_caller: bool = False
    has_body: bool = False


def operations_of(profile: "Profile") -> dict[tuple[str, str], Operation]:
    """Return every operation of a bank by method and path as the router has it; "": any method."""
    found: dict[tuple[str, str], Operation] = {}
    tails = {**_OAUTH, profile.keys_path: "jwks", profile.userinfo_path: "userinfo"}
    for base in profile.bases:
        for row in profile.endpoints:
            found[row.method, f"/{profile.name}{base}{row.path}"] = Operation(
                name=row.operation,
                api_class=row.api_class,
                function=row.function,
                names_caller=row.names_caller,
                has_body=row.body_schema is not None,
            )
        for tail, name in tails.items():
            operation = Operation(name=name, api_class=ApiClass.OAUTH)
            found["", f"/{profile.name}{base}{tail}"] = operation
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """A call as fault rules see it. ``kinds``: the effects that can strike it."""

    world: World
    facts: Facts
    kinds: frozenset[str] = CALL_KINDS


class Peek:
    """Looks at the calls of one bank."""

    def __init__(self, front: Front, profile: "Profile") -> None:
        self._front = front
        self._bank = profile.name
        self._operations = operations_of(profile)

    async def look(self, request: web.Request) -> Known | None:
        """Return what is known of a call; None where its world has no rules."""
        try:
            return await self._look(request)
        except ConnectionError:
            raise
        except Exception:  # a call that nobody can tell anything of is left to its handler
            log.exception("%s %s cannot be asked about", request.method, request.path)
            return None

    async def _look(self, request: web.Request) -> Known | None:
        operation = self._operation(request)
        form = await _form_of(request) if operation and _is_oauth(operation) else None
        token = _token_of(request)
        world = await self._world(request, operation, form, token)
        if world is None or not world.faults.rules:
            return None
        wanted = wanted_of(world.faults.rules)
        facts = self._plain(request, operation, form)
        if token is not None and wanted & _HOLDER:
            facts |= await self._of_token(world, token, wanted)
        if operation is not None and operation.has_body and wanted & _BODY:
            facts |= _of_body(await _json_of(request))
        if "token" in wanted:
            facts["token"] = _token_id(token, form)
        facts["day_type"], facts["hour_phase"] = day_type(world), hour_phase(world)
        account_id = facts["account_id"]
        if "branch_code" in wanted and isinstance(account_id, str):
            facts["branch_code"] = await branch_code(world, account_id)
        return Known(world, facts, _KINDS.get(str(facts["operation"]), CALL_KINDS))

    def _operation(self, request: web.Request) -> Operation | None:
        resource = request.match_info.route.resource
        path = "" if resource is None else resource.canonical
        found = self._operations.get((request.method, path))
        return found or self._operations.get(("", path))

    def _plain(
        self, request: web.Request, operation: Operation | None, form: Parameters | None
    ) -> Facts:
        asked: Mapping[str, Any] = request.query if form is None else form.values
        client_id = asked.get("client_id")
        if form is not None:
            client_id = claimed_client(request.headers.get("Authorization"), form)
        return {
            "bank": self._bank,
            "operation": None if operation is None else operation.name,
            "class": None if operation is None else operation.api_class.value,
            "function": None if operation is None else operation.function,
            "method": request.method,
            "path": request.path,
            "address": request.remote,
            "client_id": client_id,
            "grant_type": asked.get("grant_type"),
            "scope": asked.get("scope"),
            "account_id": request.match_info.get("account_id"),
        }

    async def _world(
        self,
        request: web.Request,
        operation: Operation | None,
        form: Parameters | None,
        token: str | None,
    ) -> World | None:
        """Return the world that the call will find, by the order of ``Front.find_world``."""
        worlds, name = self._front.worlds, request.match_info.get("world")
        secret = token
        if form is not None:
            secret = next((form.values[each] for each in _TAGGED if each in form.values), None)
        if name is None and secret is not None:
            name = worlds.name_of_token(secret)
        if name is None and operation is not None:
            client_id = await _caller_of(request, operation, form)
            name = None if client_id is None else worlds.client_index.only_world_of(client_id)
        if name is None:
            name = request.headers.get(WORLD_HEADER, DEFAULT_WORLD)
        try:
            return worlds.running.get(name) or await worlds.open(name)
        except UnknownWorld:
            return None

    async def _of_token(self, world: World, token: str, wanted: Collection[str]) -> Facts:
        bank = self._front.worlds.bank(world, self._bank)
        access = await bank.access.look_up(token)
        if access is None:
            return {}
        standing, found = access.standing, Facts()
        if "signed_in" in wanted:
            is_there = await bank.double_logins.is_signed_in(standing.credential_id)
            found["signed_in"] = PAGES if is_there else NOWHERE
        return found | {
            "client_id": standing.client_id,
            "contractor_id": standing.contractor_id,
            "user": standing.login,
            "grant_id": standing.grant_id,
            "scope": " ".join(access.scope),
        }


def _token_id(token: str | None, form: Parameters | None) -> str | None:
    """Return the id of the token that a call shows, in its header or its form."""
    fields = () if form is None else (form.get("refresh_token"), form.get("token"))
    shown = next((each for each in (token, *fields) if each), None)
    return None if shown is None else token_hash(shown)[:TOKEN_ID_BYTES].hex()


def _is_oauth(operation: Operation) -> bool:
    return operation.api_class is ApiClass.OAUTH


def _token_of(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() in SCHEMES else None


async def _caller_of(
    request: web.Request, operation: Operation, form: Parameters | None
) -> str | None:
    if form is not None:
        return claimed_client(request.headers.get("Authorization"), form)
    if not (operation.names_caller or _is_oauth(operation)):
        return None
    found = request.query.get("client_id")
    if found is None and operation.has_body:
        body = await _json_of(request)
        found = body.get("client_id") if isinstance(body.get("client_id"), str) else None
    return found


async def _form_of(request: web.Request) -> Parameters | None:
    """Return the fields of a form; reading it again costs nothing."""
    length = request.content_length
    if request.content_type != FORM or length is None or length > BODY_MAX_BYTES:
        return None
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
        return parse_parameters(body.decode("utf-8", "replace"), errors="replace")
    except (TimeoutError, TooManyFields, web.RequestPayloadError, web.HTTPException):
        return None


async def _json_of(request: web.Request) -> dict[str, Any]:
    """Return a JSON body, which is kept for the handler; empty where it is none."""
    entry = entry_of(request)
    if request.content_type != "application/json":
        return {}
    with suppress(BankError, web.HTTPException, orjson.JSONDecodeError):
        if entry.peeked is None:
            entry.peeked = await body_bytes(request)
        body = orjson.loads(entry.peeked)
        return body if isinstance(body, dict) else {}
    return {}


def _of_body(body: dict[str, Any]) -> Facts:
    """Return what is asked for in all, and the banks that it goes to, joined by spaces."""
    data = body.get("fixed_request_data")
    data = data if isinstance(data, dict) else body
    items = data.get("transactions")
    rows = [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []
    amounts = [str(row.get("transfer_amount")) for row in rows]
    banks = sorted({str(row.get("beneficiary_bank_code")) for row in rows})
    branch = data.get("remitting_branch_code")
    return {
        "amount_yen": sum(int(each) for each in amounts if each.isdecimal()) if rows else None,
        "beneficiary_bank": " ".join(banks) or None,
        "branch_code": branch if isinstance(branch, str) else None,
    }
