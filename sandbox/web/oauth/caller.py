"""Who calls, and what key they hold: the same three questions at every endpoint of OAuth's.

``authenticated`` asks which client it is (RFC 6749 §2.3), ``proof_of`` which keys it proves to
hold (RFC 9449, RFC 8705), ``token_access`` what its access token opens (RFC 6750, RFC 9449).
"""

from typing import NoReturn

from aiohttp import web

from sandbox.domain.certificate import Validity
from sandbox.domain.client import Client
from sandbox.domain.errors import (
    InvalidParameter,
    KeyNotProven,
    Reason,
    TokenRejected,
)
from sandbox.domain.masking import is_secret
from sandbox.domain.oauth.dpop import ProvenCall
from sandbox.domain.oauth.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.security import Proof, rules_of
from sandbox.services.bank import Bank
from sandbox.services.oauth.access import NOT_LIVE, Access
from sandbox.services.oauth.client_auth import Shown
from sandbox.web.front import SCHEMES
from sandbox.web.noting import entry_of
from sandbox.web.peer import client_certificate

CLIENT_HEADER = "X-Client-Id"
NO_TOKEN = "no access token was presented"
DPOP = "DPoP"


# At the authorization server


async def authenticated(request: web.Request, bank: Bank, form: Parameters) -> Client:
    """Return the client that the call proves to come from.

    Raises:
        InvalidRequest: two methods at once, or a secret in the query.
        InvalidClient: unknown, not proven, or by another method than the registered one.
    """
    if request.rel_url.raw_query_string and any(is_secret(name) for name in request.query):
        raise InvalidRequest("a secret in the query string")  # RFC 6749 §2.3.1
    headers = request.headers.getall("Authorization", ())
    if len(headers) > 1:
        raise InvalidRequest("two Authorization headers")

    def addresses() -> tuple[str, ...]:
        urls = own_addresses_of(request, bank)
        return (*urls, *(f"{url.rpartition('/')[0]}/token" for url in urls))

    shown = Shown(
        authorization=headers[0] if headers else None,
        certificate=client_certificate(request),
        addresses=addresses,
    )
    return await bank.client_auth.authenticate(shown, form)


async def proof_of(request: web.Request, bank: Bank, client: Client) -> Proof:
    """Return the keys that ``client``'s call proves to hold; it need not hold any.

    Raises:
        InvalidDpopProof: a DPoP proof that proves nothing.
        UseDpopNonce: it lacks the bank's nonce; the answer hands it out.
    """
    return Proof(
        dpop_jkt=_proven_key(request, bank, client) if DPOP in request.headers else None,
        certificate=_current_certificate(request, bank),
    )


# At what the tokens open


async def token_access(
    request: web.Request, bank: Bank, token: str | None, is_dpop: bool
) -> Access:
    """Return what ``token`` opens, proven to be the caller's own. Its scope is for the API to ask.

    ``token`` and ``is_dpop`` are those of ``presented_token``.

    Raises:
        TokenRejected: none presented, or not (any more) good for anything.
        KeyNotProven: it is bound to a key that the call does not prove to hold.
    """
    if token is None:
        raise TokenRejected(Reason.NO_TOKEN, NO_TOKEN)
    entry = entry_of(request)
    entry.presented_by = request.headers.get(CLIENT_HEADER)
    access = await bank.access.check(token, entry.presented_by)
    entry.holder = access.standing
    if is_dpop or access.binding is not None:
        await _check_binding(request, bank, access, token if is_dpop else None)
    return access


def presented_token(request: web.Request) -> tuple[str | None, bool]:
    """Return the token of the ``Authorization`` header, and whether it came with ``DPoP``.

    Never one from elsewhere (O-15).

    Raises:
        InvalidParameter: a token in the query string, where proxies and logs would keep it.
    """
    if request.rel_url.raw_query_string and "access_token" in request.query:
        raise InvalidParameter(
            "a token in the query string", [{"field": "access_token", "problem": "not in the URL"}]
        )
    headers = request.headers.getall("Authorization", ())
    if not headers:
        return None, False
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1:
        raise InvalidParameter("two Authorization headers")
    scheme = scheme.lower()
    return (token.strip() or None) if scheme in SCHEMES else None, scheme == "dpop"


async def _check_binding(
    request: web.Request, bank: Bank, access: Access, dpop_token: str | None
) -> None:
    """Refuse a bound token without its key, and a token with the other one's scheme.

    RFC 9449 §7.1, §7.2; RFC 8705 §3.
    """
    kind, _, thumbprint = (access.binding or "").partition(":")
    if kind == "x5t" and dpop_token is None:
        if _current_certificate(request, bank) == thumbprint:
            return
        raise KeyNotProven("invalid_token", NOT_LIVE, access.standing, wants_proof=False)
    if kind != "jkt" or dpop_token is None:
        _refuse(access, "invalid_token", "a bound token goes with DPoP, another one with Bearer")
    client = await bank.client_auth.registered(access.standing.client_id)
    try:
        proven = _proven_key(request, bank, client, dpop_token)
    except (InvalidDpopProof, UseDpopNonce) as error:
        _refuse(access, error.error, error.description)
    if proven != thumbprint:
        _refuse(access, "invalid_token", "the access token is bound to another key")


def _refuse(access: Access, error: str, message: str) -> NoReturn:
    raise KeyNotProven(error, message, access.standing, wants_proof=True) from None


# Keys


def addresses_of(request: web.Request, bank: Bank) -> tuple[str, ...]:
    """Return the addresses that this call may have been sent to: the public one, and over TLS.

    Not the ``Host`` header's: whoever writes the call writes that.
    """
    return _at(bank, request.rel_url.raw_path)


def own_addresses_of(request: web.Request, bank: Bank) -> tuple[str, ...]:
    """Return the addresses of what is called that this world alone has.

    A call may come without the world's prefix. An assertion addressed like that would be good in
    each world that knows the client, once in every one of them (O-11).
    """
    path = request.rel_url.raw_path
    return _at(bank, path if path.startswith("/w/") else bank.world.prefix + path)


def _at(bank: Bank, path: str) -> tuple[str, ...]:
    bases = (bank.world.base_url(), bank.world.tls_base_url())
    return tuple(f"{base}{path}" for base in bases if base is not None)


def _proven_key(
    request: web.Request, bank: Bank, client: Client, access_token: str | None = None
) -> str:
    """Return the thumbprint of the key that the call's DPoP proof proves its sender to hold.

    A client that must bring nonces gets the next one with every answer (RFC 9449 §8.2).
    """
    proofs = request.headers.getall(DPOP, ())
    nonces: tuple[str, ...] = ()
    if client.options.dpop_nonce:
        nonces = bank.proofs.nonces()
        entry_of(request).dpop_nonce = nonces[0]
    if len(proofs) != 1:
        raise InvalidDpopProof("exactly one DPoP header is required")
    call = ProvenCall(
        method=request.method,
        urls=addresses_of(request, bank),
        access_token=access_token,
        nonces=nonces,
    )
    return bank.proofs.check(proofs[0], call, rules_of(client, bank.policy).algorithms)


def _current_certificate(request: web.Request, bank: Bank) -> str | None:
    """Return the thumbprint of the connection's certificate, if the world's time is within its."""
    certificate = client_certificate(request)
    if certificate is None or certificate.validity(bank.world.now()) != Validity.CURRENT:
        return None
    return certificate.thumbprint
