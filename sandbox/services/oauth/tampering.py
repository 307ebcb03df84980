"""Signed tokens with something wrong in them, for clients that must find out."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.domain.effect_reply import Reply
from sandbox.services.oauth.keys import KeyService

_HOUR_S = 3_600
# What a claim becomes where the rule names none: a value that no check may let pass.
_WRONG = {"wrong_aud": "aud", "wrong_iss": "iss"}
_TIMES = ("iat", "exp", "nbf", "auth_time")


async def tampered(keys: KeyService, token: str, effect: Mapping[str, Any]) -> str:
    """Return ``token`` with what ``effect["how"]`` says done to it.

    A wrong or missing claim is signed by the bank's true key: only who reads it finds out. An
    opaque access token is no JWT, and comes back as it is.
    """
    if token.count(".") != 2:
        return token
    from sandbox.services.oauth import jose  # not before it is needed

    header, claims = jose.unverified_header(token), jose.unverified_claims(token)
    how = effect["how"]
    if how == "bad_signature":
        signed, _, signature = token.rpartition(".")
        return f"{signed}.{signature[::-1]}"
    if how == "wrong_alg":
        return f"{_part({**header, 'alg': 'none'})}.{token.split('.')[1]}."
    signer = await keys.signer(header["alg"])
    if how == "wrong_kid":
        return signer.sign_as(f"{header['kid']}-unknown", claims, typ=header["typ"])
    return signer.sign(_changed(claims, how, effect.get("claim")), typ=header["typ"])


def _changed(claims: dict[str, Any], how: str, claim: str | None) -> dict[str, Any]:
    if how == "missing_claim":
        gone = claim or "exp"
        return {name: value for name, value in claims.items() if name != gone}
    if how == "expired":
        lifetime_s = claims["exp"] - claims["iat"]
        exp = claims["iat"] - _HOUR_S
        return {**claims, "iat": exp - lifetime_s, "exp": exp}
    name = claim or _WRONG[how]
    return {**claims, name: f"{claims.get(name, '')}-of-another"}


def _part(value: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode("ascii")


async def skewed(keys: KeyService, reply: Reply, skew_ms: int) -> Reply:
    """Return a token answer whose signed tokens are dated by a clock that goes wrong (F-40)."""
    from sandbox.services.oauth import jose

    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    if not isinstance(body, dict):
        return reply
    for name in ("id_token", "access_token"):
        token = body.get(name)
        if isinstance(token, str) and token.count(".") == 2:
            header, claims = jose.unverified_header(token), jose.unverified_claims(token)
            moved = {each: claims[each] + skew_ms // 1000 for each in _TIMES if each in claims}
            signer = await keys.signer(header["alg"])
            body[name] = signer.sign({**claims, **moved}, typ=header["typ"])
    return replace(reply, body=json.dumps(body).encode())
