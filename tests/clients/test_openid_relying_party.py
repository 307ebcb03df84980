"""A relying party that knows the issuer's address alone: discovery, log-in, ID token, userinfo."""

from email.utils import parsedate_to_datetime

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken

from tests.jwts import OPENID, RESOURCE_SERVER, header_of, verified
from tests.support import REDIRECT_URI, secret_of
from tests.walk import SHOJI, TARO, consent

SCOPE = "openid profile email accounts"


def discovered(server):
    answer = requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10)
    found = answer.json()
    assert found["issuer"] == server.issuer
    return found


def session(client_id, scope=SCOPE):
    return OAuth2Session(
        client_id,
        secret_of(client_id),
        scope=scope,
        redirect_uri=REDIRECT_URI,
        token_endpoint_auth_method="client_secret_basic",
        code_challenge_method="S256",
    )


def log_in(client, server, found, typed):
    nonce, verifier = generate_token(20), generate_token(48)
    address, state = client.create_authorization_url(
        found["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    token = client.fetch_token(
        found["token_endpoint"],
        authorization_response=consent(server.data_url, address, typed),
        state=state,
        code_verifier=verifier,
    )
    return token, nonce


def identity(found, token, nonce):
    """Check the ID token as the standard tells a relying party to; return its claims."""
    answer = requests.get(found["jwks_uri"], timeout=10)
    claims, header = verified(token["id_token"], answer.json()), header_of(token["id_token"])
    assert header["alg"] in found["id_token_signing_alg_values_supported"]
    options = {"iss": {"value": found["issuer"]}, "aud": {"value": OPENID}}
    params = {"client_id": OPENID, "access_token": token["access_token"], "nonce": nonce}
    checked = CodeIDToken(claims, header, options, params)
    now = parsedate_to_datetime(answer.headers["Date"])  # the world's, not this machine's
    checked.validate(now=int(now.timestamp()), leeway=0)
    return claims


@pytest.mark.requirement("O-21", "O-30")
@pytest.mark.parametrize(
    ("typed", "name"), [(TARO, "架空 太郎"), (SHOJI, "サンプル商事株式会社")], ids=["taro", "shoji"]
)
def test_a_relying_party_learns_who_logged_in(server, typed, name):
    found = discovered(server)
    with session(OPENID) as client:
        token, nonce = log_in(client, server, found, typed)
        claims = identity(found, token, nonce)
        told = client.get(found["userinfo_endpoint"]).json()
        assert (told["sub"], told["name"]) == (claims["sub"], name)
        assert told["email"].endswith("@example.com")
        client.refresh_token(found["token_endpoint"])
        again = identity(found, client.token, None)
        assert (again["sub"], again["auth_time"]) == (claims["sub"], claims["auth_time"])
        assert client.get(f"{server.issuer}/parasol/v1/banks/0566/accounts").status_code == 200


@pytest.mark.requirement("O-14")
def test_a_resource_server_asks_whose_token_it_was_given(server):
    found = discovered(server)
    with session(OPENID) as client, session(RESOURCE_SERVER) as resource:
        token, _ = log_in(client, server, found, TARO)
        address = found["introspection_endpoint"]
        told = resource.introspect_token(address, token=token["access_token"]).json()
        assert (told["active"], told["client_id"], told["iss"]) == (True, OPENID, server.issuer)
        for other in (token["refresh_token"], token["id_token"]):
            assert resource.introspect_token(address, token=other).json() == {"active": False}
        client.revoke_token(found["revocation_endpoint"], token=token["refresh_token"])
        told = resource.introspect_token(address, token=token["access_token"]).json()
        assert told == {"active": False}
