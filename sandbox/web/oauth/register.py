"""Dynamic client registration and its management (RFC 7591, RFC 7592): an option of the bank's.

Where it is off there are no routes, and the bank answers as to any path that it does not know.
"""

import asyncio
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any

import orjson
from aiohttp import web

from sandbox.domain.client import Client
from sandbox.domain.errors import Reason
from sandbox.domain.oauth.errors import InvalidRequest, OAuthError
from sandbox.domain.oauth.registration import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    metadata_of,
)
from sandbox.services.bank import Bank
from sandbox.services.journal import Entry
from sandbox.services.oauth.registration import Registered, TooManyClients
from sandbox.services.worlds import UnknownWorld
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.forms import BODY_SECONDS
from sandbox.web.profile import Profile

PATH = "/oauth/register"
SCHEMA = "control/client_metadata"
# What the bank alone decides. A client that names it is let pass, as with any unknown metadata.
_BANKS_OWN = (
    "bank",
    "client_id",
    "client_secret",
    "may_introspect",
    "notification_secret",
    "notification_url",
    "status",
)
# What the bank decides when it lets a client in, or later: no client changes it by itself.
_DECIDED = (
    "functions",
    "contractor_kinds",
    "security_profile",
    "pkce",
    "auto_manual_mode",
    "registration_no",
    "may_introspect",
)
# RFC 7592 §2.2: what a client must not send back.
_NEVER_SENT_BACK = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
_PRIVATE = {"d", "k", "p", "q"}  # members of a JWK that no bank should see (RFC 7518)
Json = dict[str, Any]
Act = Callable[[web.Request, Bank], Awaitable[web.Response]]


def registration_endpoint(issuer: str, profile: Profile) -> str | None:
    """Return where clients register themselves at the bank of ``issuer``; None: nowhere."""
    is_on = profile.policy.dynamic_registration != "off"
    return f"{issuer}{profile.bases[0]}{PATH}" if is_on else None


class TokenRefused(Exception):
    """No token, or one that does not manage this client. ``was_given``: there was one."""

    def __init__(self, *, was_given: bool) -> None:
        super().__init__("the token is missing, or not good for this")
        self.was_given = was_given


class ClientBlocked(Exception):
    """The client may not look at its own registration now (RFC 7592 §2.1: 403)."""


class RegisterEndpoints:
    """Answers in the RFC's shape: JSON with ``error``, never cached."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    def routes(self, base: str) -> list[web.RouteDef]:
        """Return the routes below ``base``; none where registration is off."""
        if self._profile.policy.dynamic_registration == "off":
            return []
        one = f"{base}{PATH}/{{client_id}}"
        return [
            web.post(f"{base}{PATH}", self.register),
            web.get(one, self.show, allow_head=False),
            web.put(one, self.update),
            web.delete(one, self.end),
        ]

    async def register(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._register)

    async def show(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._show)

    async def update(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._update)

    async def end(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self._end)

    async def _register(self, request: web.Request, bank: Bank) -> web.Response:
        if self._profile.policy.dynamic_registration == "token":
            _check_initial(_bearer(request), self._profile.policy.registration_token or "")
        metadata = self._sound(await _json_object(request))
        made = await bank.registration.register(metadata, is_managed=True)
        entry_of(request).client_id = made.client.client_id
        return json_response(self._told(bank, made), status=201, now=bank.world.now())

    async def _show(self, request: web.Request, bank: Bank) -> web.Response:
        client, token = await _managed(request, bank)
        found = Registered(client=client, registration_token=token)
        return json_response(self._told(bank, found), now=bank.world.now())

    async def _update(self, request: web.Request, bank: Bank) -> web.Response:
        """Replace the registration (RFC 7592 §2.2): what is left out goes back to the default."""
        client, token = await _managed(request, bank)
        body = await _json_object(request)
        if unwanted := [name for name in _NEVER_SENT_BACK if name in body]:
            raise InvalidRequest(f"{unwanted[0]} must not be sent back")
        if body.get("client_id") != client.client_id:
            raise InvalidRequest("client_id must be the client's own")
        if "client_secret" in body and not bank.registration.is_secret(
            client, body["client_secret"]
        ):
            raise InvalidRequest("client_secret must be the client's own")
        changed = await bank.registration.update(
            client.client_id, self._sound(body) | _decided(client)
        )
        told = Registered(
            client=changed.client,
            client_secret=changed.client_secret,
            registration_token=token,
        )
        return json_response(self._told(bank, told), now=bank.world.now())

    async def _end(self, request: web.Request, bank: Bank) -> web.Response:
        client, _ = await _managed(request, bank)
        await bank.registration.end(client.client_id, Reason.REVOKED_BY_PROVIDER)
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    def _told(self, bank: Bank, registered: Registered) -> Json:
        """Return what the client is told of itself (RFC 7591 §3.2.1, RFC 7592 §3)."""
        client, issuer = registered.client, bank.world.issuer(bank.name)
        told: Json = {"client_id": client.client_id}
        if registered.client_secret is not None:
            told |= {"client_secret": registered.client_secret, "client_secret_expires_at": 0}
        managed = {
            "registration_access_token": registered.registration_token,
            "registration_client_uri": (
                f"{issuer}{self._profile.bases[0]}{PATH}/{client.client_id}"
            ),
        }
        return {**told, **managed, **metadata_of(client)}

    def _sound(self, body: Json) -> Json:
        """Return the metadata that the bank knows; the others are let pass (RFC 7591 §2).

        Raises:
            InvalidRedirectUri, InvalidClientMetadata: of a wrong type or size.
        """
        schemas = self._front.schemas
        known = set(schemas.text(SCHEMA)["properties"]) - set(_BANKS_OWN)
        metadata = {name: value for name, value in body.items() if name in known}
        if problems := schemas.problems(SCHEMA, metadata):
            field = problems[0]["field"]
            text = f"{field}: {problems[0]['problem']}"
            text = text.encode("ascii", "backslashreplace").decode()
            is_uri = field.startswith("redirect_uris")
            raise InvalidRedirectUri(text) if is_uri else InvalidClientMetadata(text)
        return metadata

    async def _answer(self, request: web.Request, act: Act) -> web.StreamResponse:
        entry = entry_of(request)
        entry.operation = "register"
        entry.client_id = request.match_info.get("client_id")
        try:
            bank = await self._front.bank(request, self._profile.name, token=_bearer(request))
            return await act(request, bank)
        except OAuthError as error:
            refusal = _refusal(entry, 400, error.error, error.description)
        except TokenRefused as error:
            refusal = _refusal(entry, 401, "invalid_token", str(error))
            challenge = 'Bearer error="invalid_token"' if error.was_given else "Bearer"
            refusal.headers["WWW-Authenticate"] = challenge
        except ClientBlocked as error:
            refusal = _refusal(entry, 403, "access_denied", str(error))
        except TooManyClients as error:
            refusal = _refusal(entry, 503, "temporarily_unavailable", str(error))
        except web.HTTPRequestEntityTooLarge:
            refusal = _refusal(entry, 413, "invalid_request", "the body is too large")
        except UnknownWorld:
            refusal = _refusal(entry, 404, "invalid_request", "no such world")
        return await self._front.dated(request, refusal)


def _refusal(entry: Entry, status: int, error: str, description: str) -> web.Response:
    entry.error_code = error
    return json_response({"error": error, "error_description": description}, status=status)


def _check_initial(token: str | None, wanted: str) -> None:
    """Refuse a registration without the initial access token (RFC 7591 §3)."""
    given = (token or "").encode("utf-8", "surrogateescape")
    if not compare_digest(given, wanted.encode()):
        raise TokenRefused(was_given=token is not None)


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def _decided(client: Client) -> Json:
    """Return the metadata that stay as they are, whatever the client asks for."""
    told = metadata_of(client)
    kept = {name: told[name] for name in _DECIDED if name in told}
    return {"may_introspect": client.options.may_introspect, **kept}


async def _managed(request: web.Request, bank: Bank) -> tuple[Client, str]:
    """Return the client of the path and the token that manages it.

    Raises:
        TokenRefused: another token, or no such client (any more): both look alike.
        ClientBlocked: the bank has blocked it.
    """
    token = _bearer(request)
    if token is None:
        raise TokenRefused(was_given=False)
    client = await bank.registration.managed_by(request.match_info["client_id"], token)
    if client is None:
        raise TokenRefused(was_given=True)
    if not client.is_active:
        raise ClientBlocked("the bank has blocked the client")
    return client, token


async def _json_object(request: web.Request) -> Json:
    """Return the body.

    Raises:
        InvalidClientMetadata: it is no JSON object, or came too slowly or badly encoded.
        HTTPRequestEntityTooLarge: more than the door takes.
    """
    if request.content_type != "application/json":
        raise InvalidClientMetadata("the body must be application/json")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            text = await request.read()
    except TimeoutError:
        raise InvalidClientMetadata("the body came too slowly") from None
    except web.RequestPayloadError:
        raise InvalidClientMetadata("the body is not encoded as it says") from None
    entry = entry_of(request)
    entry.request_type, entry.request_body = request.content_type, text
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidClientMetadata("the body is not JSON") from None
    if not isinstance(body, dict):
        raise InvalidClientMetadata("the body must be a JSON object")
    if _PRIVATE & _members_of_keys(body):
        entry.request_body = None  # sent by mistake, and refused: the journal must not have it
    return body


def _members_of_keys(body: Json) -> set[str]:
    jwks = body.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    listed = keys if isinstance(keys, list) else []
    return {name for key in listed if isinstance(key, dict) for name in key}
