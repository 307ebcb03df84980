"""A provider (接続事業者) as an OAuth client: what the bank registered for it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    client_id: str
    bank: str
    secret_hash: bytes | None  # None: a public client
    auth_method: str  # client_secret_basic, client_secret_post, none
    security_profile: str  # bank, bcp, fapi2
    provider_name: str
    registration_no: str
    terms_url: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    functions: tuple[str, ...]  # T-5
    contractor_kinds: tuple[str, ...]
    pkce: str  # optional, required, off
    auto_manual_mode: str  # auto, manual
    status: str  # active, blocked, ended

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    def knows_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare as strings (O-1); a public client's loopback address may vary its port.

        RFC 8252 §7.3: a native app listens on whatever port it gets.
        """
        if redirect_uri in self.redirect_uris:
            return True
        if self.auth_method != "none":
            return False
        bare = without_loopback_port(redirect_uri)
        return bare is not None and any(
            without_loopback_port(registered) == bare for registered in self.redirect_uris
        )


def without_loopback_port(uri: str) -> str | None:
    """Return a literal loopback ``http`` URI with its port cut out, or None for any other URI."""
    if not uri.startswith(("http://127.0.0.1", "http://[::1]")):
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    host = "[::1]" if parts.hostname == "::1" else parts.hostname
    # Whatever does not come back the same was not written plainly (userinfo, odd ports).
    if parts.netloc not in (host, f"{host}:{port}") or host not in LOOPBACK_HOSTS:
        return None
    return uri.replace(parts.netloc, str(host), 1)
