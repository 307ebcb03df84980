"""What the authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0).

Nothing is listed that does not work, and what works is listed (O-30). How strict the bank is with
one client stands in that client's registration.
"""

from typing import Any

from aiohttp import web

from sandbox.domain.client import AUTH_METHODS, TLS_METHODS
from sandbox.domain.corporate.claims import USER_CLAIMS
from sandbox.domain.oauth.authorize import RESPONSE_MODES
from sandbox.domain.oauth.openid import IDENTITY_SCOPES, LANGUAGES, PROMPTS
from sandbox.domain.oauth.personal import ACR, CLAIMS
from sandbox.domain.oauth.security import ALGORITHMS
from sandbox.services.world import World
from sandbox.services.worlds import UnknownWorld
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.register import registration_endpoint
from sandbox.web.oauth.token import GRANT_TYPES
from sandbox.web.profile import Profile

# Where a client may show a certificate (RFC 8705 §5).
_ALIASED = (
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "userinfo_endpoint",
)


def endpoints_of(issuer: str, profile: Profile) -> dict[str, str]:
    """Return the addresses of a bank's OAuth endpoints below ``issuer``."""
    base = f"{issuer}{profile.bases[0]}"
    return {
        "issuer": issuer,
        "api_base": base,
        "authorization_endpoint": f"{base}/oauth/auth",
        "pushed_authorization_request_endpoint": f"{base}/oauth/par",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "userinfo_endpoint": f"{base}{profile.userinfo_path}",
        "jwks_uri": f"{base}{profile.keys_path}",
    }


def metadata(world: World, profile: Profile) -> dict[str, Any]:
    issuer = world.issuer(profile.name)
    addresses = endpoints_of(issuer, profile)
    del addresses["api_base"]
    if (register := registration_endpoint(issuer, profile)) is not None:
        addresses["registration_endpoint"] = register
    return {
        **addresses,
        **_authorization(profile),
        **_authentication(has_tls=world.tls_base_url() is not None),
        **_OPENID,
        "claims_supported": list(_claims(profile)),
        **_mutual_tls(world, addresses),
    }


def _authorization(profile: Profile) -> dict[str, Any]:
    return {
        "scopes_supported": sorted(profile.scopes | IDENTITY_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": list(LANGUAGES),
        "request_parameter_supported": True,
        # The bank fetches nothing: a request_uri comes from its PAR endpoint.
        "request_uri_parameter_supported": False,
        "request_object_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }


def _authentication(*, has_tls: bool) -> dict[str, Any]:
    methods = [method for method in AUTH_METHODS if has_tls or method not in TLS_METHODS]
    proving = [method for method in methods if method != "none"]
    found: dict[str, Any] = {}
    # O-14: who asks about tokens proves who it is.
    for endpoint, taken in (
        ("token", methods),
        ("revocation", methods),
        ("introspection", proving),
    ):
        found[f"{endpoint}_endpoint_auth_methods_supported"] = taken
        found[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = list(ALGORITHMS)
    return found


_OPENID: dict[str, Any] = {
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": list(ALGORITHMS),
    "userinfo_signing_alg_values_supported": list(ALGORITHMS),
    "acr_values_supported": [ACR],
    "claim_types_supported": ["normal"],
    "claims_locales_supported": ["ja-JP", "ja-Kana-JP"],
    "claims_parameter_supported": True,
}


def _claims(profile: Profile) -> dict[str, None]:
    """Return what the bank tells of a person, each name once and in order."""
    return dict.fromkeys((*CLAIMS, *(USER_CLAIMS if profile.services else ())))


def _mutual_tls(world: World, addresses: dict[str, str]) -> dict[str, Any]:
    """Return where a client may show a certificate; nothing while TLS is off."""
    plain, over_tls = world.base_url(), world.tls_base_url()
    if over_tls is None:
        return {}
    return {
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": {
            name: over_tls + addresses[name].removeprefix(plain) for name in _ALIASED
        },
    }


class MetadataEndpoint:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def show_alone(self, request: web.Request) -> web.StreamResponse:
        """Answer outside the bank's own application, where nobody else words an error."""
        try:
            return await self.show(request)
        except UnknownWorld:
            return json_response({"error": "invalid_request"}, status=404)

    async def show(self, request: web.Request) -> web.StreamResponse:
        entry_of(request).operation = "metadata"
        bank = await self._front.bank(request, self._profile.name)
        return json_response(metadata(bank.world, self._profile), now=bank.world.now())
