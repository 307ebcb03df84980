"""Which web origins a client has: as browsers write them (RFC 6454), of public clients only."""

from dataclasses import replace

import pytest

from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.oauth.origins import origin_of, origins_of

PUBLIC = Client(
    client_id="spa",
    bank="tomato",
    secret_hash=None,
    auth_method="none",
    security_profile="bank",
    provider_name="架空",
    registration_no="1",
    terms_url="https://spa.example/terms",
    redirect_uris=("https://spa.example/cb", "https://spa.example/other", "com.example.app:/cb"),
    scopes=("accounts",),
    functions=("balances",),
    contractor_kinds=("individual",),
    pkce="required",
    auto_manual_mode="auto",
    status="active",
)


@pytest.mark.requirement("O-35")
@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://App.Example/cb?x=1#y", "https://app.example"),
        ("https://app.example:443/cb", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://localhost:5173/", "http://localhost:5173"),
        ("http://localhost:80/", "http://localhost"),
        ("https://localhost:80/", "https://localhost:80"),
        ("http://127.0.0.1/callback", "http://127.0.0.1"),
        ("http://[::1]:9000/cb", "http://[::1]:9000"),
        ("https://user@app.example/cb", "https://app.example"),
        ("com.example.app:/cb", None),
        ("file:///etc/passwd", None),
        ("https:///cb", None),
        ("https://app.example:port/cb", None),
        ("http://[::1/cb", None),
        ("null", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(uri: str, origin: str | None) -> None:
    assert origin_of(uri) == origin


@pytest.mark.requirement("O-35")
def test_a_public_clients_origins_are_its_redirect_uris_and_those_registered() -> None:
    assert origins_of(PUBLIC) == {"https://spa.example"}
    options = ClientOptions(origins=("https://dev.example:3000",))
    both = {"https://spa.example", "https://dev.example:3000"}
    assert origins_of(replace(PUBLIC, options=options)) == both


@pytest.mark.requirement("O-35")
@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
def test_a_confidential_client_has_none(method: str) -> None:
    options = ClientOptions(origins=("https://dev.example",))
    assert origins_of(replace(PUBLIC, auth_method=method, options=options)) == frozenset()
