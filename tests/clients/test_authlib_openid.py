"""Authlib beyond plain OAuth: signed client assertions, introspection, ID tokens, userinfo.

The server's time is the machine's, because these checks look at the machine's clock.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import KeySet, import_key

from tests.process import Server, serving
from tests.support import REDIRECT_URI, answer_of, secret_of
from tests.walk import TARO, consent

OPENID, SIGNED = "sandbox-openid", "sandbox-jwt-auth"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--strict", clock=None) as running:
        yield running


@pytest.fixture(scope="module")
def endpoints(server) -> dict[str, Any]:
    found = requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10).json()
    assert found["issuer"] == server.issuer
    return found


def private_key(server, client_id):
    world = requests.get(server.control, timeout=10).json()
    shown = {client["client_id"]: client for client in world["banks"][0]["clients"]}
    (key,) = shown[client_id]["jwks"]["keys"]
    return import_key(key)


def log_in(server, endpoints, client, **asked):
    verifier, nonce = generate_token(48), generate_token(16)
    address, state = client.create_authorization_url(
        endpoints["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **asked
    )
    location = consent(server.data_url, address, TARO)
    assert answer_of(location)["state"] == state
    token = client.fetch_token(
        endpoints["token_endpoint"],
        authorization_response=location,
        state=state,
        code_verifier=verifier,
    )
    return token, nonce


@pytest.mark.requirement("O-9", "O-11", "O-13")
def test_a_client_that_signs_assertions(server, endpoints):
    with OAuth2Session(
        SIGNED,
        private_key(server, SIGNED),
        scope="accounts",
        redirect_uri=REDIRECT_URI,
        token_endpoint_auth_method=PrivateKeyJWT(endpoints["token_endpoint"], alg="ES256"),
        revocation_endpoint_auth_method=PrivateKeyJWT(endpoints["token_endpoint"], alg="ES256"),
        code_challenge_method="S256",
    ) as client:
        token, _ = log_in(server, endpoints, client)
        assert client.get(f"{server.base}/accounts").status_code == 200
        client.refresh_token(endpoints["token_endpoint"])
        assert client.token["access_token"] != token["access_token"]
        revoked = client.revoke_token(
            endpoints["revocation_endpoint"], token=client.token["refresh_token"]
        )
        assert revoked.status_code == 200
        assert client.get(f"{server.base}/accounts").status_code == 401


@pytest.mark.requirement("O-14", "O-21", "O-30")
def test_an_openid_client_reads_who_signed_in(server, endpoints):
    with OAuth2Session(
        OPENID,
        secret_of(OPENID),
        scope="openid profile email address phone accounts",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    ) as client:
        token, nonce = log_in(server, endpoints, client)
        keys = KeySet.import_key_set(requests.get(endpoints["jwks_uri"], timeout=10).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (server.issuer, OPENID, nonce)
        told = client.get(endpoints["userinfo_endpoint"]).json()
        assert told["sub"] == claims["sub"]
        assert told["name"] == "架空 太郎"
        assert {"email", "address", "phone_number"} <= set(told)
        active = client.introspect_token(
            endpoints["introspection_endpoint"], token=token["access_token"]
        )
        assert (active.json()["active"], active.json()["sub"]) == (True, claims["sub"])
        client.revoke_token(endpoints["revocation_endpoint"], token=token["access_token"])
        ended = client.introspect_token(
            endpoints["introspection_endpoint"], token=token["access_token"]
        )
        assert ended.json() == {"active": False}
