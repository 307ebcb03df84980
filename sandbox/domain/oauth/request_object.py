"""A signed authorization request (RFC 9101): the rules of its claims, and its parameters.

Judged by the world's clock, which may be far from the client's own.
"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.signed import moment_of
from sandbox.domain.time import HOUR, SECOND, Instant

TYPES = frozenset({"oauth-authz-req+jwt", "jwt"})  # RFC 9101 §10.8; "JWT" says nothing
_MAX_AGE_END = 10**9  # and no text of thousands of digits
AHEAD_MS = 10 * SECOND  # by which the client's clock may be ahead
OLDEST_MS = LIFETIME_MAX_MS = HOUR  # FAPI 2.0 Message Signing §5.3.1
# Of the JWT itself, and no parameters of the request (RFC 9101 §4).
_REGISTERED = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_NESTED = ("request", "request_uri")
# Those that the checks read. Of anything else, only texts are kept: nobody will ask for it.
_STRUCTURED = frozenset({"claims", "authorization_details", "registration"})
_READ = _STRUCTURED | {
    "acr_values",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "dpop_jkt",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
}


class NoParameter(ValueError):
    """A claim is nothing that a parameter could be. The text is ASCII."""


def refusal(
    claims: Mapping[str, Any], client_id: str, issuer: str, now: Instant, *, is_strict: bool
) -> str | None:
    """Return why a request, whose signature holds, does not count; None where it does.

    ``is_strict``: a window in time is asked for, as FAPI 2.0 does.
    """
    if claims.get("iss") != client_id:
        return "iss must be the client id"
    if claims.get("client_id") != client_id:  # RFC 9101 §5
        return "client_id must be inside, as it is outside"
    aud = claims.get("aud")
    if issuer not in (aud if isinstance(aud, list) else [aud]):
        return f"aud must be {issuer}"
    if any(name in claims for name in _NESTED):  # RFC 9101 §4
        return "request and request_uri must not be inside"
    return _time_refusal(claims, now, is_strict=is_strict)


def _time_refusal(claims: Mapping[str, Any], now: Instant, *, is_strict: bool) -> str | None:
    ends_at, begins_at = moment_of(claims.get("exp")), moment_of(claims.get("nbf"))
    clock = f"the bank's clock reads {now // SECOND}"
    if ends_at is None:
        return "exp is required, in seconds"
    if now >= ends_at:
        return f"it has expired: {clock}"
    if begins_at is None:
        return "nbf is required, in seconds" if is_strict or "nbf" in claims else None
    if begins_at > now + AHEAD_MS:
        return f"nbf lies ahead: {clock}"
    if is_strict and begins_at < now - OLDEST_MS:
        return f"nbf is more than an hour ago: {clock}"
    if is_strict and ends_at - begins_at > LIFETIME_MAX_MS:
        return "exp is more than an hour after nbf"
    return None


def parameters_in(claims: Mapping[str, Any]) -> Parameters:
    """Return the request's parameters; what is empty counts as absent, as in a query.

    Raises:
        NoParameter: a claim that is not what its parameter may be.
    """
    values = {
        name: text
        for name in sorted(_READ)
        if name in claims and (text := _text_of(name, claims[name]))
    }
    return Parameters(values, frozenset())


def _text_of(name: str, value: object) -> str:
    text = _spelled(name, value)
    if text is None:
        raise NoParameter(f"{name} must be a text")
    try:
        text.encode()
    except UnicodeEncodeError:  # half a pair of surrogates, which no query could bring
        raise NoParameter(f"{name} is no Unicode text") from None
    return text


def _spelled(name: str, value: object) -> str | None:
    """Return ``value`` as a query would spell it, or None where it would not."""
    if isinstance(value, str):
        return value
    if name == "max_age" and type(value) is int:
        return str(value) if abs(value) < _MAX_AGE_END else None
    if name in _STRUCTURED and isinstance(value, dict | list):
        return json.dumps(value)
    if name == "resource" and isinstance(value, list) and len(value) == 1:  # RFC 8707 §2.1
        return _spelled("", value[0])
    return None
