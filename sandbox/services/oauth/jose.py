"""Signing and checking of JSON web tokens. Import it late: joserfc costs a tenth of a second.

One door to the library, so that the rules hold everywhere: an allow list of algorithms for every
check, never ``none``, no key fetched from where a token points to.
"""

import json
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

# "EdDSA" is the name that clients in the field still use (RFC 9864 prefers Ed25519).
warnings.filterwarnings("ignore", category=SecurityWarning)

TOKEN_MAX = 16 * 1024
RSA_BITS = 2048
_CURVES = {"ES256": "P-256", "ES384": "P-384"}
_KINDS = {"ES": "EC", "PS": "RSA", "RS": "RSA", "Ed": "OKP"}
Json = dict[str, Any]


class JoseRefused(Exception):
    """The token, or a key, is not sound. The text is ASCII and may be told to the client."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature holds. Its claims are still the signer's own words."""

    header: Json
    claims: Json


def verify(token: str, jwks: str | Mapping[str, Any], algorithms: Collection[str]) -> Verified:
    """Check a signature against a JWK set.

    Raises:
        JoseRefused: no JWT, an algorithm that is not allowed, no such key, a bad signature.
    """
    if len(token) > TOKEN_MAX:
        raise JoseRefused("the token is too long")
    header = unverified_header(token)
    if header.get("alg") not in algorithms:
        raise JoseRefused("the algorithm is not allowed")
    if header.get("crit"):
        raise JoseRefused("unknown critical header")
    keys = _suitable(json.loads(jwks) if isinstance(jwks, str) else jwks, header)
    for key in keys:
        try:
            imported = import_key(key)
            if not _is_strong(imported):
                continue
            checked = jwt.decode(token, imported, registry=_registry(header["alg"]))
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue
        return Verified(checked.header, checked.claims)
    raise JoseRefused("no registered key verifies the signature")


class _Registry(JWSRegistry):
    """joserfc's own limit of 512 bytes is too low for a header that holds an RSA key."""

    max_header_length = TOKEN_MAX


@lru_cache(maxsize=16)
def _registry(alg: str) -> _Registry:
    """Return what lets ``alg`` alone pass. Headers that nobody knows are ignored (RFC 7515 §4)."""
    return _Registry(algorithms=[alg], strict_check_header=False)


def _suitable(jwks: Mapping[str, Any], header: Json) -> list[Json]:
    """Return the keys that may have signed: of the right kind, by ``kid`` if both say one."""
    kind = _KINDS[header["alg"][:2]]
    kid = header.get("kid")
    return [
        {name: value for name, value in key.items() if name not in ("alg", "use", "key_ops")}
        for key in jwks.get("keys", ())
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and (kid is None or key.get("kid") in (None, kid))
    ]


def _is_strong(key: Key) -> bool:
    """Tell whether a key is one that FAPI 2.0 §5.4.2 lets sign; EdDSA is that of Ed25519 there."""
    if isinstance(key, RSAKey):
        return key.raw_value.key_size >= RSA_BITS
    return not isinstance(key, OKPKey) or key.curve_name == "Ed25519"


def unverified_header(token: str) -> Json:
    """Return what a token says of itself, proven or not.

    Raises:
        JoseRefused: it is no JWT.
    """
    return _part(token, 0)


def unverified_claims(token: str) -> Json:
    """Return a token's claims, proven or not.

    Raises:
        JoseRefused: it is no JWT.
    """
    return _part(token, 1)


def _part(token: str, index: int) -> Json:
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise JoseRefused("not a signed JWT")
    padded = parts[index] + "=" * (-len(parts[index]) % 4)
    try:
        value = json.loads(urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        raise JoseRefused("not a signed JWT") from None
    if not isinstance(value, dict):
        raise JoseRefused("not a signed JWT")
    return value


def sign(claims: Json, private_jwk: str | Mapping[str, Any], *, alg: str, typ: str = "JWT") -> str:
    """Return a compact JWT signed with ``private_jwk``; its ``kid`` goes into the header."""
    key = _imported(private_jwk if isinstance(private_jwk, str) else json.dumps(private_jwk))
    header = {"alg": alg, "typ": typ, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[alg])


@lru_cache(maxsize=64)
def _imported(jwk: str) -> Key:
    """Return a key of ours. Reading an RSA key costs a hundred times what signing with it does."""
    return import_key(json.loads(jwk))


def new_key(alg: str, kid: str) -> Json:
    """Return a fresh private JWK for ``alg``."""
    key: RSAKey | OKPKey | ECKey
    if alg.startswith(("RS", "PS")):
        key = RSAKey.generate_key(RSA_BITS)
    elif alg in ("EdDSA", "Ed25519"):
        key = OKPKey.generate_key("Ed25519")
    else:
        key = ECKey.generate_key(_CURVES[alg])
    return {**key.as_dict(private=True), "kid": kid, "use": "sig", "alg": alg}


def public_of(private_jwk: str) -> Json:
    """Return the public half of a key of ours, with what says how it is used."""
    return _imported(private_jwk).as_dict(private=False)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a key (RFC 7638), base64url.

    Raises:
        JoseRefused: it is no key.
    """
    try:
        return import_key(dict(jwk)).thumbprint()
    except (JoseError, ValueError, TypeError, KeyError):
        raise JoseRefused("not a JWK") from None


def public_der(jwk: Mapping[str, Any]) -> bytes:
    """Return a public key as certificates hold it (SubjectPublicKeyInfo).

    Raises:
        JoseRefused: it is no key.
    """
    try:
        key = import_key(dict(jwk))
        if not isinstance(key, OctKey):
            return key.as_der(private=False)
    except (JoseError, ValueError, TypeError, KeyError):
        raise JoseRefused("not a JWK") from None
    raise JoseRefused("not a public key")


def check_key_set(jwks: Mapping[str, Any]) -> None:
    """Refuse a JWK set that is none, or that holds a private or symmetric key.

    Raises:
        JoseRefused: saying which.
    """
    try:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
    except (JoseError, ValueError, TypeError, KeyError):
        raise JoseRefused("not a JWK set") from None
    if not keys:
        raise JoseRefused("the JWK set is empty")
    if any(key.key_type == "oct" or key.is_private for key in keys):
        raise JoseRefused("the JWK set holds a key that is not public")
