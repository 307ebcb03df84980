"""The token, revocation and introspection endpoints (RFC 6749 §3.2, RFC 7009, RFC 7662)."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked, LinkageEnded, ServiceStopped
from sandbox.domain.client import Client
from sandbox.domain.errors import OutsideServiceHours, Reason
from sandbox.domain.oauth.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from sandbox.domain.oauth.mischief import TOKEN_ERRORS
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.security import Proof
from sandbox.services.bank import Bank
from sandbox.services.journal import Entry
from sandbox.services.oauth.client_auth import claimed_client
from sandbox.services.oauth.issuing import TokenPair
from sandbox.services.oauth.mischief import Mischief
from sandbox.services.worlds import UnknownWorld
from sandbox.web.closed import note, stopped_page, waiting
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.caller import authenticated, proof_of
from sandbox.web.oauth.forms import once_each, read_form
from sandbox.web.oauth.mischief import Spoilt, answer_with_faults
from sandbox.web.oauth.par import push
from sandbox.web.profile import Profile
from sandbox.web.reasons import HEADER, helped

log = logging.getLogger("sandbox.web")
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
FIELD_MAX = 2048
_TAGGED = ("code", "refresh_token", "token")  # these name their world


async def by_code(bank: Bank, client: Client, form: Parameters, proof: Proof) -> TokenPair:
    return await bank.tokens.exchange(
        client,
        _field(form, "code"),
        _field(form, "redirect_uri"),
        form.get("code_verifier"),
        proof,
    )


async def by_refresh_token(bank: Bank, client: Client, form: Parameters, proof: Proof) -> TokenPair:
    return await bank.tokens.refresh(
        client, _field(form, "refresh_token"), form.get("scope"), proof
    )


GRANT_TYPES: dict[str, Callable[[Bank, Client, Parameters, Proof], Awaitable[TokenPair]]] = {
    "authorization_code": by_code,
    "refresh_token": by_refresh_token,
}


class TokenEndpoints:
    """Answers in the RFC's shape, whatever happens: JSON with ``error``, never cached."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def token(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "token", self._issue_or_fault)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "revoke", self._revoke)

    async def par(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "par", push, status=201)

    async def introspect(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "introspect", self._introspect)

    async def _issue_or_fault(
        self, request: web.Request, bank: Bank, form: Parameters
    ) -> dict[str, Any]:
        if not bank.world.faults.rules:
            return await self._issue(request, bank, form)
        return await answer_with_faults(request, bank, form, self._issue)

    async def _issue(self, request: web.Request, bank: Bank, form: Parameters) -> dict[str, Any]:
        bank.check_open(ApiClass.OAUTH, "token")
        client = await authenticated(request, bank, form)
        bank.check_open_to(Asked(ApiClass.OAUTH, "token", client_id=client.client_id))
        grant_type = _field(form, "grant_type")
        if grant_type not in GRANT_TYPES:
            raise UnsupportedGrantType("grant_type must be authorization_code or refresh_token")
        proof = await proof_of(request, bank, client)
        pair = await GRANT_TYPES[grant_type](bank, client, form, proof)
        entry_of(request).holder = pair.holder
        return self._profile.token_answer(pair, client, bank.world.now())

    async def _revoke(self, request: web.Request, bank: Bank, form: Parameters) -> dict[str, Any]:
        client = await authenticated(request, bank, form)
        entry_of(request).holder = await bank.tokens.revoke(client, _field(form, "token"))
        return {}  # RFC 7009 §2.2: 200, also for a token that nobody knows

    async def _introspect(
        self, request: web.Request, bank: Bank, form: Parameters
    ) -> dict[str, Any]:
        client = await authenticated(request, bank, form)
        if client.is_public:
            raise InvalidClient("only a client that proves who it is may ask")  # O-14
        told, entry_of(request).holder = await bank.introspection.describe(
            client, _field(form, "token")
        )
        return told

    async def _answer(
        self,
        request: web.Request,
        operation: str,
        act: Callable[[web.Request, Bank, Parameters], Awaitable[dict[str, Any]]],
        *,
        status: int = 200,
    ) -> web.StreamResponse:
        entry = entry_of(request)
        entry.operation = operation
        try:
            form = await read_form(request)
            entry.client_id = claimed_client(request.headers.get("Authorization"), form)
            form = once_each(form)
            secret = next((form.values[name] for name in _TAGGED if name in form.values), None)
            bank = await self._front.bank(request, self._profile.name, token=secret)
            body = await act(request, bank, form)
            return _uncached(json_response(body, status=status, now=bank.world.now()))
        except Spoilt as spoilt:
            return spoilt.response(bank.world.now())
        except Mischief as error:
            refusal = self._refuse(entry, error, TOKEN_ERRORS[error.error])
        except OAuthError as error:
            refusal = self._refuse(entry, error)
        except LinkageEnded as error:
            ended = InvalidGrant if operation == "token" else UnauthorizedClient
            refusal = self._refuse(entry, ended(str(error), Reason.LINKAGE_ENDED))
            note(entry, error)
        except (OutsideServiceHours, ServiceStopped) as error:
            refusal = self._closed(request, entry, error)
        except web.HTTPRequestEntityTooLarge:
            refusal = self._refuse(entry, InvalidRequest("the body is too large"), 413)
        except UnknownWorld:
            refusal = self._refuse(entry, InvalidRequest("no such world"), 404)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            entry.error_code = "server_error"
            refusal = json_response({"error": "server_error"}, status=500)
        return helped(request, await self._front.dated(request, refusal))

    def _closed(
        self, request: web.Request, entry: Entry, error: OutsideServiceHours | ServiceStopped
    ) -> web.Response:
        refusal = self._refuse(entry, TemporarilyUnavailable(str(error).partition(":")[0]), 503)
        note(entry, error)
        if isinstance(error, ServiceStopped) and error.is_page:
            return stopped_page(self._front, self._profile.face, request, error)
        return waiting(refusal, error)

    def _refuse(self, entry: Entry, error: OAuthError, status: int = 400) -> web.Response:
        entry.error_code, entry.holder = error.error, error.holder
        entry.reason = None if error.reason is None else error.reason.value
        body = {"error": error.error, "error_description": error.description}
        headers = {}
        if isinstance(error, InvalidClient):
            status = 401  # O-10
            if error.used_basic:
                headers["WWW-Authenticate"] = f'Basic realm="{self._profile.name}"'
        if error.reason is not None and not self._profile.policy.strict_realism:
            headers[HEADER] = error.reason.value
        response = _uncached(json_response(body, status=status))
        response.headers.update(headers)
        return response


def _uncached(response: web.Response) -> web.Response:
    response.headers["Pragma"] = "no-cache"  # RFC 6749 §5.1, beside Cache-Control
    return response


def _field(form: Parameters, name: str) -> str:
    value = form.get(name)
    if value is None:
        raise InvalidRequest(f"{name} is required")
    if len(value) > FIELD_MAX:
        raise InvalidRequest(f"{name} is too long")
    return value
