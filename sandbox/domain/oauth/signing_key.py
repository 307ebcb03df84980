"""A key that a bank signs with (署名鍵): ID tokens, userinfo and access tokens that are JWTs."""

from dataclasses import dataclass, field

from sandbox.domain.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """``retired_at`` None: it signs. ``published_until``: when it leaves the key set.

    The private half is read to sign, and never told.
    """

    kid: str
    bank: str
    alg: str
    private_jwk: str = field(repr=False)  # JSON
    created_at: Instant
    retired_at: Instant | None = None
    published_until: Instant | None = None
