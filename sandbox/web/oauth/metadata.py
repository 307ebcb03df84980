"""What the authorization server says of itself (RFC 8414). Nothing is listed that does not work."""

from typing import Any

from aiohttp import web

from sandbox.services.worlds import UnknownWorld
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.profile import Profile


def endpoints_of(issuer: str, profile: Profile) -> dict[str, str]:
    """Return the addresses of a bank's OAuth endpoints below ``issuer``."""
    base = f"{issuer}{profile.bases[0]}"
    return {
        "issuer": issuer,
        "api_base": base,
        "authorization_endpoint": f"{base}/oauth/auth",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "userinfo_endpoint": f"{base}{profile.userinfo_path}",
        "jwks_uri": f"{base}{profile.keys_path}",
    }


def metadata(issuer: str, profile: Profile) -> dict[str, Any]:
    addresses = endpoints_of(issuer, profile)
    del addresses["api_base"]
    return {
        **addresses,
        "scopes_supported": sorted(profile.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "revocation_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["ja", "en"],
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
        issuer = bank.world.issuer(self._profile.name)
        return json_response(metadata(issuer, self._profile), now=bank.world.now())
