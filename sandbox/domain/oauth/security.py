"""How strictly a client is treated: its security profile, sharpened by its own options.

``bank`` is what the bank's file says; ``bcp`` is RFC 9700 as it stands; ``fapi2`` is the FAPI 2.0
Security Profile (final). An option may ask for more than the profile, never for less.
"""

from dataclasses import dataclass

from sandbox.domain.client import TLS_METHODS, Client
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import SECOND

FAPI_ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519")
ALGORITHMS = (*FAPI_ALGORITHMS, "RS256")  # of clients; the bank itself signs with these too
FAPI_AUTH_METHODS = frozenset({"private_key_jwt", *TLS_METHODS})
CODE_LIFETIME_MAX_MS = 60 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRules:
    """What the authorization server demands of one client. Durations end in ``_ms``."""

    pkce: str  # optional, required, off
    par_only: bool
    needs_binding: bool  # tokens only with a DPoP proof or a client certificate
    dpop_only: bool  # … and of these the proof
    certificate_only: bool  # … or the certificate
    strict_audience: bool  # of assertions: the issuer, as one string
    strict_requests: bool  # request objects: no older, and good for no longer, than an hour
    algorithms: tuple[str, ...]
    rotation: str  # strict, grace, none
    rotation_grace_ms: int
    code_lifetime_ms: int
    access_token_lifetime_ms: int
    refresh_token_lifetime_ms: int


def rules_of(client: Client, policy: BankPolicy) -> SecurityRules:
    options, profile = client.options, client.security_profile
    is_fapi = profile == "fapi2"
    return SecurityRules(
        pkce="required" if profile in ("bcp", "fapi2") else client.pkce,
        par_only=is_fapi or options.par_required,
        needs_binding=is_fapi or options.dpop_bound or options.certificate_bound,
        dpop_only=options.dpop_bound,
        certificate_only=options.certificate_bound,
        strict_audience=is_fapi,
        strict_requests=is_fapi,
        algorithms=FAPI_ALGORITHMS if is_fapi else ALGORITHMS,
        rotation=_rotation(client, policy),
        rotation_grace_ms=options.rotation_grace_s * SECOND,
        code_lifetime_ms=min(policy.code_lifetime_ms, CODE_LIFETIME_MAX_MS)
        if is_fapi
        else policy.code_lifetime_ms,
        access_token_lifetime_ms=options.access_token_lifetime_s * SECOND
        or policy.access_token_lifetime_ms,
        refresh_token_lifetime_ms=options.refresh_token_lifetime_s * SECOND
        or policy.refresh_token_lifetime_ms,
    )


def _rotation(client: Client, policy: BankPolicy) -> str:
    if client.options.rotation:
        return client.options.rotation
    if client.security_profile == "fapi2":
        return "none"  # sender-constrained: rotating protects nothing, and loses tokens
    if client.security_profile == "bcp":
        return "strict"  # RFC 9700 §2.2.2
    return "strict" if policy.refresh_rotation else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The keys that a caller of the token endpoint has proven to hold."""

    dpop_jkt: str | None = None  # RFC 9449: SHA-256 thumbprint of the proof's key
    certificate: str | None = None  # RFC 8705: SHA-256 thumbprint of the certificate

    def holds(self, binding: str) -> bool:
        """Tell whether this caller holds the key that ``binding`` names."""
        return binding in (f"jkt:{self.dpop_jkt}", f"x5t:{self.certificate}")


NO_PROOF = Proof()


def binding_of(rules: SecurityRules, proof: Proof) -> str | None:
    """Return what new tokens are bound to; None for bearer tokens.

    A certificate alone binds only where the client asked for it: many clients show one to every
    server that wants to see it.
    """
    if proof.dpop_jkt is not None and not rules.certificate_only:
        return f"jkt:{proof.dpop_jkt}"
    if proof.certificate is not None and rules.needs_binding and not rules.dpop_only:
        return f"x5t:{proof.certificate}"
    return None


def has_fapi_method(client: Client) -> bool:
    return client.auth_method in FAPI_AUTH_METHODS
