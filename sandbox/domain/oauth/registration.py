"""Client registration (RFC 7591): from a client's metadata to the client, and back.

Rule: types and sizes are the schema's (``schemas/control/client_metadata.json``). What makes sense
together is decided here: ``METADATA_CHECKS`` before there is a client, ``CLIENT_CHECKS`` on it, in
this order, and the first objection is the answer.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from sandbox.domain.client import LOOPBACK_HOSTS, SECRET_METHODS, Client, ClientOptions
from sandbox.domain.oauth.errors import OAuthError
from sandbox.domain.oauth.openid import IDENTITY_SCOPES
from sandbox.domain.oauth.origins import origin_of
from sandbox.domain.oauth.security import (
    ALGORITHMS,
    FAPI_ALGORITHMS,
    FAPI_AUTH_METHODS,
    has_fapi_method,
)

Metadata: TypeAlias = Mapping[str, Any]

REDIRECT_URI_MAX = 256
RSA_MODULUS_MIN = 342  # base64url characters of 2048 bits
FUNCTIONS = ("balances", "transactions")
CONTRACTOR_KINDS = ("individual", "corporate")
GRANT_TYPES = ("authorization_code", "refresh_token")
UNREGISTERED = "未登録"  # shown where a client has no 登録番号
_URI = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]+")

# How RFC 7591, 8705, 9101, 9126, 9449 and OpenID name what is kept in ``ClientOptions``. The last
# group is the sandbox's own.
OPTION_NAMES = {
    "application_type": "application_type",
    "token_endpoint_auth_signing_alg": "auth_signing_alg",
    "tls_client_auth_subject_dn": "tls_subject_dn",
    "tls_client_auth_san_dns": "tls_san_dns",
    "tls_client_auth_san_uri": "tls_san_uri",
    "tls_client_auth_san_ip": "tls_san_ip",
    "tls_client_auth_san_email": "tls_san_email",
    "tls_client_certificate_bound_access_tokens": "certificate_bound",
    "dpop_bound_access_tokens": "dpop_bound",
    "require_pushed_authorization_requests": "par_required",
    "request_object_signing_alg": "request_object_alg",
    "require_signed_request_object": "request_object_required",
    "id_token_signed_response_alg": "id_token_alg",
    "userinfo_signed_response_alg": "userinfo_alg",
    "dpop_nonce_required": "dpop_nonce",
    "access_token_format": "token_format",
    "access_token_lifetime_s": "access_token_lifetime_s",
    "refresh_token_lifetime_s": "refresh_token_lifetime_s",
    "rotation": "rotation",
    "rotation_grace_s": "rotation_grace_s",
    "may_introspect": "may_introspect",
    "allowed_origins": "origins",
}
# Answered also where they are at their default: what a client has to know about itself.
_ALWAYS_TOLD = frozenset({"application_type", "id_token_alg", "token_format", "dpop_bound"})
_REFUSED = {
    "jwks_uri": "jwks_uri is not supported, since the bank fetches nothing: send the keys as jwks",
    "software_statement": "software_statement is not supported: send the metadata themselves",
    "id_token_encrypted_response_alg": "encrypted ID tokens are not supported",
    "userinfo_encrypted_response_alg": "encrypted userinfo is not supported",
    "request_object_encryption_alg": "encrypted request objects are not supported",
}


class InvalidRedirectUri(OAuthError):
    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    error = "invalid_client_metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """The bank that registers. ``scopes``: its own; those of OpenID are for who asks for them."""

    bank: str
    scopes: frozenset[str]


def client_of(metadata: Metadata, registrar: Registrar, client_id: str) -> Client:
    """Return the client that ``metadata`` describe, without a secret.

    Raises:
        InvalidRedirectUri, InvalidClientMetadata: saying what to mend.
    """
    for check in METADATA_CHECKS:
        if objection := check(metadata):
            raise InvalidClientMetadata(objection)
    client = _read(metadata, registrar, client_id)
    object_to = redirect_uri_objection(client)
    if objection := next(filter(None, map(object_to, client.redirect_uris)), None):
        raise InvalidRedirectUri(objection)
    if unknown := set(client.scopes) - registrar.scopes - IDENTITY_SCOPES:
        raise InvalidClientMetadata(f"the bank knows no scope {' '.join(sorted(unknown))}")
    for look in CLIENT_CHECKS:
        if objection := look(client):
            raise InvalidClientMetadata(objection)
    return client


def _read(metadata: Metadata, registrar: Registrar, client_id: str) -> Client:
    is_resource_server = metadata.get("grant_types") == []
    profile = metadata.get("security_profile", "bank")
    method = metadata.get("token_endpoint_auth_method", "client_secret_basic")
    is_relaxed = profile == "bank" and method != "none"
    scope = metadata.get("scope")
    return Client(
        client_id=client_id,
        bank=registrar.bank,
        secret_hash=None,
        auth_method=method,
        security_profile=profile,
        provider_name=metadata.get("client_name", client_id),
        registration_no=metadata.get("registration_no", UNREGISTERED),
        terms_url=metadata.get("tos_uri", ""),
        redirect_uris=tuple(metadata.get("redirect_uris", ())),
        scopes=_scopes(scope, () if is_resource_server else tuple(sorted(registrar.scopes))),
        functions=tuple(metadata.get("functions", () if is_resource_server else FUNCTIONS)),
        contractor_kinds=tuple(
            metadata.get("contractor_kinds", () if is_resource_server else CONTRACTOR_KINDS)
        ),
        pkce=metadata.get("pkce", "optional" if is_relaxed else "required"),
        auto_manual_mode=metadata.get("auto_manual_mode", "auto"),
        status=metadata.get("status", "active"),
        options=_options(metadata),
    )


def _scopes(scope: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    return default if scope is None else tuple(dict.fromkeys(scope.split()))


def _options(metadata: Metadata) -> ClientOptions:
    values = {field: metadata[name] for name, field in OPTION_NAMES.items() if name in metadata}
    if "jwks" in metadata:
        values["jwks"] = json.dumps(metadata["jwks"], separators=(",", ":"))
    return ClientOptions.of(values)


def metadata_of(client: Client) -> dict[str, Any]:
    """Return the metadata of a client. Registered again, they make the same client."""
    has_flow = bool(client.redirect_uris)
    told: dict[str, Any] = {
        "client_name": client.provider_name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(GRANT_TYPES) if has_flow else [],
        "response_types": ["code"] if has_flow else [],
        "scope": " ".join(client.scopes),
        "token_endpoint_auth_method": client.auth_method,
        "security_profile": client.security_profile,
        "registration_no": client.registration_no,
        "functions": list(client.functions),
        "contractor_kinds": list(client.contractor_kinds),
        "pkce": client.pkce,
        "auto_manual_mode": client.auto_manual_mode,
    }
    if client.terms_url:
        told["tos_uri"] = client.terms_url
    if client.options.jwks:
        told["jwks"] = json.loads(client.options.jwks)
    return told | _told_options(client.options)


def _told_options(options: ClientOptions) -> dict[str, Any]:
    default = ClientOptions()
    said = {name: getattr(options, field) for name, field in OPTION_NAMES.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in said.items()
        if OPTION_NAMES[name] in _ALWAYS_TOLD or value != getattr(default, OPTION_NAMES[name])
    }


# Before there is a client


def nothing_unsupported(metadata: Metadata) -> str | None:
    return next((why for name, why in _REFUSED.items() if name in metadata), None)


def grant_types_known(metadata: Metadata) -> str | None:
    grants = metadata.get("grant_types", ["authorization_code"])
    if grants and (not set(grants) <= set(GRANT_TYPES) or "authorization_code" not in grants):
        return "grant_types must be authorization_code, with or without refresh_token"
    if grants and metadata.get("response_types", ["code"]) != ["code"]:
        return "response_types must be code alone"
    return None


def redirect_uris_given(metadata: Metadata) -> str | None:
    has_any = bool(metadata.get("redirect_uris"))
    if metadata.get("grant_types") == []:
        return "redirect_uris without a grant type that redirects" if has_any else None
    return None if has_any else "redirect_uris is required (a resource server: grant_types [])"


METADATA_CHECKS: tuple[Callable[[Metadata], str | None], ...] = (
    nothing_unsupported,
    grant_types_known,
    redirect_uris_given,
)


# Redirect URIs


def redirect_uri_objection(client: Client) -> Callable[[str], str | None]:
    """Return the check of one redirect URI of ``client``, which gives the objection to it."""
    is_native = client.options.application_type == "native"

    def objection(uri: str) -> str | None:
        if len(uri) > REDIRECT_URI_MAX:
            return f"a redirect URI is longer than {REDIRECT_URI_MAX} characters"
        if client.redirect_uris.count(uri) > 1:
            return "a redirect URI is given twice"
        problem = _uri_problem(uri, is_native=is_native)
        return problem and f"redirect URI {uri!a}: {problem}"

    return objection


def _uri_problem(uri: str, *, is_native: bool) -> str | None:
    if "#" in uri:
        return "it must have no fragment"  # RFC 6749 §3.1.2
    if "*" in uri:
        return "there are no wildcards: register each address"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no URI"
    if not _URI.fullmatch(uri) or not parts.scheme:
        return "it is no absolute URI"
    if parts.scheme in ("http", "https"):
        if not host or "@" in parts.netloc:
            return "it must name a host, and no user"
        is_loopback = f"[{host}]" in LOOPBACK_HOSTS or host in LOOPBACK_HOSTS
        return None if parts.scheme == "https" or is_loopback else "http is for loopback alone"
    if not is_native:
        return "it must begin with https:// (other schemes: application_type native)"
    # RFC 8252 §7.1: a scheme of one's own is a domain name in reverse
    return None if "." in parts.scheme else "a private scheme must contain a dot"


# On the client


def name_printable(client: Client) -> str | None:
    shown = (client.provider_name, client.registration_no)
    if not all(text.replace("\u3000", " ").isprintable() and text.strip() for text in shown):
        return "client_name and registration_no must be printable"
    return None


def profile_allows_method(client: Client) -> str | None:
    if client.security_profile == "fapi2" and not has_fapi_method(client):
        return f"under fapi2 a client authenticates by {', '.join(sorted(FAPI_AUTH_METHODS))}"
    return None


def profile_allows_pkce(client: Client) -> str | None:
    if client.security_profile != "bank" and client.pkce != "required":
        return f"under {client.security_profile} pkce is required"
    return None


def keys_given(client: Client) -> str | None:
    needs_keys = client.auth_method in ("private_key_jwt", "self_signed_tls_client_auth")
    signs = client.options.request_object_alg or client.options.request_object_required
    if (needs_keys or signs) and not client.options.jwks:
        why = client.auth_method if needs_keys else "a signed request object"
        return f"jwks is required for {why}"
    return None


def keys_strong(client: Client) -> str | None:
    """Objections to what the key set says of itself; whether it is sound is asked elsewhere."""
    if not client.options.jwks:
        return None
    keys = json.loads(client.options.jwks)["keys"]
    kids = [key["kid"] for key in keys if "kid" in key]
    if len(kids) != len(set(kids)):
        return "jwks: a kid is given twice"
    if any(key.get("kty") == "RSA" and len(str(key.get("n"))) < RSA_MODULUS_MIN for key in keys):
        return "jwks: an RSA key has less than 2048 bits"
    needs_certificate = client.auth_method == "self_signed_tls_client_auth"
    if needs_certificate and not all(key.get("x5c") for key in keys):
        return "jwks: self_signed_tls_client_auth needs the certificate of each key as x5c"
    return None


def certificate_named(client: Client) -> str | None:
    options = client.options
    names = (
        options.tls_subject_dn,
        options.tls_san_dns,
        options.tls_san_uri,
        options.tls_san_ip,
        options.tls_san_email,
    )
    given = sum(map(bool, names))
    if client.auth_method == "tls_client_auth" and given != 1:
        return "tls_client_auth needs exactly one tls_client_auth_ name"  # RFC 8705 §2.1.2
    if client.auth_method != "tls_client_auth" and given:
        return "tls_client_auth_ names are for tls_client_auth alone"
    return None


def bound_to_one_key(client: Client) -> str | None:
    if client.options.dpop_bound and client.options.certificate_bound:
        return "a token is bound to a DPoP key or to a certificate, not to both"
    if client.options.dpop_nonce and client.options.certificate_bound:
        return "dpop_nonce_required is for DPoP"
    return None


def algorithms_allowed(client: Client) -> str | None:
    options = client.options
    allowed = FAPI_ALGORITHMS if client.security_profile == "fapi2" else ALGORITHMS
    asked = {
        options.auth_signing_alg,
        options.request_object_alg,
        options.id_token_alg,
        options.userinfo_alg,
    }
    if asked - {"", *allowed}:
        return f"algorithms under {client.security_profile}: {', '.join(allowed)}"
    if options.auth_signing_alg and client.auth_method != "private_key_jwt":
        return "token_endpoint_auth_signing_alg is for private_key_jwt alone"
    return None


def rotation_sound(client: Client) -> str | None:
    if client.options.rotation_grace_s and client.options.rotation != "grace":
        return "rotation_grace_s is for rotation grace"
    return None


def origins_sound(client: Client) -> str | None:
    origins = client.options.origins
    if origins and not client.is_public:
        return "allowed_origins are for public clients: a secret does not belong in a browser"
    if any(origin_of(origin) != origin for origin in origins):
        return "allowed_origins must be web origins, such as https://app.example"
    return None


CLIENT_CHECKS: tuple[Callable[[Client], str | None], ...] = (
    name_printable,
    profile_allows_method,
    profile_allows_pkce,
    certificate_named,
    keys_given,
    keys_strong,
    bound_to_one_key,
    algorithms_allowed,
    rotation_sound,
    origins_sound,
)


def uses_secret(client: Client) -> bool:
    return client.auth_method in SECRET_METHODS
