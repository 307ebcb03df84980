"""A provider (接続事業者) as an OAuth client: what the bank registered for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]", "localhost"})
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
TLS_METHODS = frozenset({"tls_client_auth", "self_signed_tls_client_auth"})
AUTH_METHODS = (*sorted(SECRET_METHODS), "private_key_jwt", *sorted(TLS_METHODS), "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What a client asks beyond the columns of its table: RFC 7591 and 8705, 9101, 9126, 9449.

    What is left at its default is as the client's security profile and the bank decide.
    Durations are seconds.
    """

    application_type: str = "web"  # web, native
    jwks: str = ""  # its public keys: a JWK set as JSON text
    auth_signing_alg: str = ""  # of its assertions; empty: any that the profile allows
    tls_subject_dn: str = ""  # RFC 4514
    tls_san_dns: str = ""
    tls_san_uri: str = ""
    tls_san_ip: str = ""
    tls_san_email: str = ""
    certificate_bound: bool = False
    dpop_bound: bool = False
    dpop_nonce: bool = False  # its proofs must carry a nonce of the bank's
    par_required: bool = False
    request_object_alg: str = ""  # empty: it sends none
    request_object_required: bool = False
    id_token_alg: str = "ES256"
    userinfo_alg: str = ""  # empty: plain JSON
    token_format: str = "opaque"  # opaque, jwt (RFC 9068)
    rotation: str = ""  # strict, grace, none; empty: as the bank and the profile decide
    rotation_grace_s: int = 0
    access_token_lifetime_s: int = 0  # 0: the bank's
    refresh_token_lifetime_s: int = 0
    may_introspect: bool = False  # any token, not only its own
    origins: tuple[str, ...] = ()  # of its web pages (CORS)

    @classmethod
    def parse(cls, text: str) -> "ClientOptions":
        """Read what ``text`` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls.of(values)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ClientOptions":
        """Return the options of a JSON object that its schema has found sound."""
        if "origins" in values:
            values = {**values, "origins": tuple(values["origins"])}
        return cls(**values)

    def text(self) -> str:
        """Return the options as JSON: those that are not at their default."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps({n: v for n, v in said.items() if v != getattr(_DEFAULTS, n)})


_DEFAULTS = ClientOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    client_id: str
    bank: str
    secret_hash: bytes | None  # None: a public client
    auth_method: str  # one of AUTH_METHODS
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
    status: str  # issued, active, blocked, ended
    options: ClientOptions = _DEFAULTS
    registration_hash: bytes | None = None

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def is_issued(self) -> bool:
        """True while password and web server are still to be registered (W-40)."""
        return self.status == "issued"

    @property
    def is_public(self) -> bool:
        return self.auth_method == "none"

    def knows_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare as strings (O-1); a public client's loopback address may vary its port.

        RFC 8252 §7.3: a native app listens on whatever port it gets.
        """
        if redirect_uri in self.redirect_uris:
            return True
        if not self.is_public and self.options.application_type != "native":
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
