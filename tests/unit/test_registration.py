"""From metadata (RFC 7591) to a client and back; each objection, and each limit at its edge."""

import json

import pytest

from sandbox.domain.client import AUTH_METHODS, ClientOptions
from sandbox.domain.oauth.registration import (
    CLIENT_CHECKS,
    METADATA_CHECKS,
    OPTION_NAMES,
    REDIRECT_URI_MAX,
    RSA_MODULUS_MIN,
    InvalidClientMetadata,
    InvalidRedirectUri,
    Registrar,
    client_of,
    metadata_of,
    uses_secret,
)

REGISTRAR = Registrar(bank="tomato", scopes=frozenset({"accounts"}))
URI = "https://app.example/callback"
EC = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"}
JWKS = {"keys": [EC]}
BY_KEY = {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}
FAPI = {"security_profile": "fapi2", **BY_KEY}
TLS = {"token_endpoint_auth_method": "tls_client_auth"}
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
DN = {"tls_client_auth_subject_dn": "CN=app"}
PUBLIC = {"token_endpoint_auth_method": "none"}
NATIVE = {"application_type": "native"}


def registered(**metadata):
    return client_of({"redirect_uris": [URI], **metadata}, REGISTRAR, "app")


def rsa(bits):
    return {"kty": "RSA", "e": "AQAB", "n": "x" * (bits // 6 + (bits % 6 > 0))}


# What comes out


def test_little_said_makes_a_confidential_client_of_the_banks_own_kind():
    client = registered()
    assert (client.client_id, client.bank, client.status) == ("app", "tomato", "active")
    assert (client.auth_method, client.security_profile) == ("client_secret_basic", "bank")
    assert (client.provider_name, client.terms_url) == ("app", "")
    assert client.scopes == ("accounts",)
    assert client.functions == ("balances", "transactions")
    assert client.contractor_kinds == ("individual", "corporate")
    assert (client.pkce, client.auto_manual_mode) == ("optional", "auto")
    assert client.options == ClientOptions()
    assert uses_secret(client)


@pytest.mark.parametrize(
    ("metadata", "pkce"),
    [
        ({}, "optional"),
        ({"pkce": "off"}, "off"),
        (PUBLIC, "required"),
        ({**PUBLIC, "pkce": "optional"}, "optional"),
        ({"security_profile": "bcp"}, "required"),
        (FAPI, "required"),
    ],
)
def test_pkce_is_required_where_its_profile_or_the_lack_of_a_secret_says_so(metadata, pkce):
    assert registered(**metadata).pkce == pkce


def test_a_resource_server_gets_nothing_that_it_does_not_ask_for():
    client = client_of({"grant_types": [], "may_introspect": True}, REGISTRAR, "rs")
    assert (client.redirect_uris, client.scopes, client.functions) == ((), (), ())
    assert client.contractor_kinds == ()
    assert client.options.may_introspect
    assert metadata_of(client)["grant_types"] == metadata_of(client)["response_types"] == []


WHOLE = {
    "client_name": "架空　アプリ",
    "redirect_uris": [URI, "http://127.0.0.1/callback", "jp.example.app:/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": "openid accounts",
    "security_profile": "bcp",
    "registration_no": "第1号",
    "functions": ["balances"],
    "contractor_kinds": ["corporate"],
    "pkce": "required",
    "auto_manual_mode": "manual",
    "tos_uri": "https://app.example/terms",
    "application_type": "native",
    "dpop_bound_access_tokens": True,
    "dpop_nonce_required": True,
    "require_pushed_authorization_requests": True,
    "request_object_signing_alg": "ES256",
    "require_signed_request_object": True,
    "id_token_signed_response_alg": "PS256",
    "userinfo_signed_response_alg": "RS256",
    "token_endpoint_auth_signing_alg": "EdDSA",
    "access_token_format": "jwt",
    "access_token_lifetime_s": 60,
    "refresh_token_lifetime_s": 3600,
    "rotation": "grace",
    "rotation_grace_s": 30,
    "may_introspect": True,
    **BY_KEY,
}
WAYS = {
    "little": {"redirect_uris": [URI]},
    "whole": WHOLE,
    "mutual TLS": {
        "redirect_uris": [URI],
        **TLS,
        **DN,
        "tls_client_certificate_bound_access_tokens": True,
    },
    "a browser's": {"redirect_uris": [URI], **PUBLIC, "allowed_origins": ["https://app.example"]},
    "fapi2": {"redirect_uris": [URI], **FAPI},
    "a resource server": {"grant_types": []},
    **{
        name: {"redirect_uris": [URI], **TLS, name: "app.example"}
        for name in OPTION_NAMES
        if name.startswith("tls_client_auth_san")
    },
}


@pytest.mark.parametrize("metadata", WAYS.values(), ids=WAYS)
def test_what_is_told_makes_the_same_client_again(metadata):
    client = client_of(metadata, REGISTRAR, "app")
    told = metadata_of(client)
    assert client_of(told, REGISTRAR, "app") == client
    assert {name: told[name] for name in metadata if name != "grant_types"} == {
        name: value for name, value in metadata.items() if name != "grant_types"
    }
    assert json.loads(json.dumps(told)) == told


def test_every_option_of_a_client_has_a_name_in_the_metadata():
    named = {"jwks", *OPTION_NAMES.values()}
    assert named == set(ClientOptions.__dataclass_fields__)


# Redirect URIs

LONGEST = "https://app.example/" + "a" * (REDIRECT_URI_MAX - len("https://app.example/"))
GOOD_URIS = [
    URI,
    "https://app.example",
    "https://app.example:8443/cb?a=b",
    "http://localhost:8000/callback",
    "http://127.0.0.1/callback",
    "http://[::1]:9/callback",
    LONGEST,
]
BAD_URIS = [
    "",
    "callback",
    "/callback",
    "//app.example/callback",
    "https://",
    "https:///callback",
    "http://app.example/callback",
    "http://127.0.0.1.example/callback",
    "http://localhost.example/",
    "https://user@app.example/callback",
    "https://user:pw@app.example/callback",
    "https://app.example/callback#",
    "https://app.example/callback#top",
    "https://*.example/callback",
    "https://app.example/*",
    "https://app.example/a b",
    "https://app.example/a\n",
    "https://app.example/\\evil",
    "https://架空.example/",
    "https://app.example:99999/",
    "https://[::1/",
    "jp.example.app:/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    LONGEST + "a",
]


@pytest.mark.requirement("O-1", "O-3")
@pytest.mark.parametrize("uri", GOOD_URIS)
def test_a_sound_redirect_uri_is_taken_as_it_is(uri):
    assert registered(redirect_uris=[uri]).redirect_uris == (uri,)


@pytest.mark.requirement("O-1", "O-3")
@pytest.mark.parametrize("uri", BAD_URIS)
def test_no_other_redirect_uri_is(uri):
    with pytest.raises(InvalidRedirectUri) as refused:
        registered(redirect_uris=[URI, uri])
    assert refused.value.error == "invalid_redirect_uri"
    assert refused.value.description.isascii()


@pytest.mark.parametrize(
    ("uri", "is_good"),
    [
        ("jp.example.app:/callback", True),
        ("jp.example.app://callback", True),
        ("myapp:/callback", False),  # RFC 8252 §7.1: no dot
        ("javascript:alert(1)", False),
        ("http://app.example/callback", False),
    ],
)
def test_a_native_app_may_have_a_scheme_of_its_own(uri, is_good):
    if is_good:
        assert registered(**NATIVE, redirect_uris=[uri]).redirect_uris == (uri,)
    else:
        with pytest.raises(InvalidRedirectUri):
            registered(**NATIVE, redirect_uris=[uri])


def test_a_redirect_uri_given_twice_is_refused():
    with pytest.raises(InvalidRedirectUri, match="given twice"):
        registered(redirect_uris=[URI, URI])


# Everything else

REFUSED = {
    "jwks_uri": {"jwks_uri": "https://app.example/jwks"},
    "software_statement": {"software_statement": "x.y.z"},
    "encrypted ID tokens": {"id_token_encrypted_response_alg": "RSA-OAEP"},
    "encrypted userinfo": {"userinfo_encrypted_response_alg": "RSA-OAEP"},
    "encrypted request objects": {"request_object_encryption_alg": "RSA-OAEP"},
    "another grant type": {"grant_types": ["authorization_code", "client_credentials"]},
    "refresh tokens alone": {"grant_types": ["refresh_token"]},
    "implicit": {"response_types": ["code", "token"]},
    "no redirect URI": {"redirect_uris": []},
    "a redirect URI for nothing": {"grant_types": []},
    "a scope that the bank does not know": {"scope": "accounts transfers"},
    "a name that is none": {"client_name": "\u3000"},
    "a name that turns the page around": {"client_name": "\u202egnab"},
    "a name of two lines": {"client_name": "a\nb"},
    "a number that cannot be shown": {"registration_no": "\x00"},
    "a secret under fapi2": {"security_profile": "fapi2"},
    "a public client under fapi2": {"security_profile": "fapi2", **PUBLIC},
    "bcp without PKCE": {"security_profile": "bcp", "pkce": "off"},
    "bcp with optional PKCE": {"security_profile": "bcp", "pkce": "optional"},
    "fapi2 without PKCE": {**FAPI, "pkce": "off"},
    "mutual TLS without a name": TLS,
    "mutual TLS with two names": {**TLS, **DN, "tls_client_auth_san_dns": "app.example"},
    "a certificate's name for nothing": DN,
    "private_key_jwt without keys": {"token_endpoint_auth_method": "private_key_jwt"},
    "a self-signed certificate without keys": SELF_SIGNED,
    "a self-signed certificate without x5c": {**SELF_SIGNED, "jwks": JWKS},
    "signed request objects without keys": {"request_object_signing_alg": "ES256"},
    "required request objects without keys": {"require_signed_request_object": True},
    "two keys of one kid": {"jwks": {"keys": [EC, EC]}},
    "a short RSA key": {"jwks": {"keys": [rsa(2040)]}},
    "two bindings": {
        "dpop_bound_access_tokens": True,
        "tls_client_certificate_bound_access_tokens": True,
    },
    "a DPoP nonce without DPoP": {
        "dpop_nonce_required": True,
        "tls_client_certificate_bound_access_tokens": True,
    },
    "RS256 under fapi2": {**FAPI, "token_endpoint_auth_signing_alg": "RS256"},
    "RS256 of ID tokens under fapi2": {**FAPI, "id_token_signed_response_alg": "RS256"},
    "RS256 of request objects under fapi2": {**FAPI, "request_object_signing_alg": "RS256"},
    "an algorithm of assertions for a secret": {"token_endpoint_auth_signing_alg": "ES256"},
    "a grace without rotation": {"rotation_grace_s": 5},
    "a grace with strict rotation": {"rotation": "strict", "rotation_grace_s": 5},
    "origins of a confidential client": {"allowed_origins": ["https://app.example"]},
    "an origin with a path": {**PUBLIC, "allowed_origins": ["https://app.example/"]},
    "the origin null": {**PUBLIC, "allowed_origins": ["null"]},
    "an origin with its default port": {**PUBLIC, "allowed_origins": ["https://app.example:443"]},
}


@pytest.mark.parametrize("metadata", REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused_with_the_reason(metadata):
    with pytest.raises(InvalidClientMetadata) as refused:
        registered(**metadata)
    assert refused.value.error == "invalid_client_metadata"
    assert refused.value.description.isascii()


def test_every_check_objects_to_something():
    objected = set()
    for metadata in REFUSED.values():
        asked = {"redirect_uris": [URI], **metadata}
        first = next((check for check in METADATA_CHECKS if check(asked)), None)
        if first is None:
            client = Registrar(bank="tomato", scopes=frozenset({*asked.get("scope", "").split()}))
            objected |= objections(asked, client)
        else:
            objected.add(first)
    assert objected == {*METADATA_CHECKS, *CLIENT_CHECKS}


def objections(metadata, registrar):
    """Return the check that objects to a client, by leaving out one check at a time."""
    from sandbox.domain.oauth import registration

    client = registration._read(metadata, registrar, "app")
    return {check for check in CLIENT_CHECKS if check(client)}


@pytest.mark.parametrize(
    "metadata",
    [
        {"jwks": {"keys": [rsa(2048)]}},
        {"jwks": {"keys": [EC, {**EC, "kid": "2"}, {**EC, "kid": "3"}]}},
        {**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": ["MIIB"]}]}},
        {**FAPI, "token_endpoint_auth_signing_alg": "Ed25519"},
        {**FAPI, "rotation": "grace", "rotation_grace_s": 5},
        {**FAPI, **TLS, **DN},
        {"rotation": "none"},
        {"scope": ""},
        {"grant_types": ["authorization_code"]},
    ],
    ids=str,
)
def test_what_makes_sense_is_taken(metadata):
    assert registered(**metadata).status == "active"


def test_the_edge_of_an_rsa_key_is_at_2048_bits():
    assert len(rsa(2048)["n"]) == RSA_MODULUS_MIN
    assert len(rsa(2040)["n"]) < RSA_MODULUS_MIN


def test_every_method_of_authentication_can_be_registered():
    keys = {"jwks": {"keys": [{**EC, "x5c": ["MIIB"]}]}}
    for method in AUTH_METHODS:
        name = DN if method == "tls_client_auth" else {}
        assert registered(token_endpoint_auth_method=method, **keys, **name).auth_method == method
