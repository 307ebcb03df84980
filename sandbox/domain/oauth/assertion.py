"""A client's assertion of who it is (RFC 7523 §3, OpenID Connect Core §9): the rules of its claims.

Judged by the world's clock, which may be far from the client's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.domain.oauth.signed import is_name, moment_of
from sandbox.domain.time import HOUR, SECOND, Instant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# RFC 7523 asks for no type; its revision (draft-ietf-oauth-rfc7523bis) asks for the second.
TYPES = ("jwt", "client-authentication+jwt")
LATE_MS = 10 * SECOND  # by which the client's clock may be behind …
# … and ahead: FAPI 2.0 §5.3.2.1 asks to pass 10 s and to refuse what is more than 60 s ahead.
AHEAD_MS = 60 * SECOND
LIFETIME_MAX_MS = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom an assertion may be addressed to: the issuer, or one of ``addresses`` of its own.

    ``is_strict``: the issuer alone, as one text (FAPI 2.0 §5.3.2.1). Anything looser lets one
    server pass an assertion on to another.
    """

    issuer: str
    addresses: tuple[str, ...] = ()
    is_strict: bool = False

    def is_met_by(self, aud: object) -> bool:
        if self.is_strict:
            return aud == self.issuer
        named = aud if isinstance(aud, list) else [aud]
        return any(name in (self.issuer, *self.addresses) for name in named)


def refusal(
    claims: Mapping[str, Any], client_id: str, audience: Audience, now: Instant
) -> str | None:
    """Return why an assertion, whose signature holds, does not count; None where it does."""
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return "iss and sub must both be the client id"
    if not audience.is_met_by(claims.get("aud")):
        return f"aud must be {audience.issuer}{' as one text' if audience.is_strict else ''}"
    if not is_name(claims.get("jti")):
        return "jti is required"
    return _time_refusal(claims, now)


def _time_refusal(claims: Mapping[str, Any], now: Instant) -> str | None:
    expires_at = moment_of(claims.get("exp"))
    if expires_at is None:
        return "exp is required, in seconds"
    if now > expires_at + LATE_MS:
        return f"it has expired: the bank's clock reads {now // SECOND}"
    if expires_at > now + LIFETIME_MAX_MS + LATE_MS:
        return "exp is more than an hour ahead"
    for name in ("iat", "nbf"):
        begins_at = moment_of(claims.get(name))
        if begins_at is None and name in claims:
            return f"{name} must be in seconds"
        if begins_at is not None and begins_at > now + AHEAD_MS:
            return f"{name} lies ahead: the bank's clock reads {now // SECOND}"
    return None
