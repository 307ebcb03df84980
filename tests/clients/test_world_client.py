"""A client that knows a world's issuer and its own client id, and nothing of worlds."""

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from tests.support import AGGREGATOR, REDIRECT_URI, secret_of
from tests.walk import TARO, consent


def make_world(server, name):
    answer = requests.post(
        f"{server.control_url}/api/v1/worlds", json={"name": name, "seed": 9}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["banks"][0]["issuer"]


def tokens_from(server, issuer):
    """Configure Authlib with the issuer alone, and walk the real pages."""
    metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=10).json()
    assert metadata["issuer"] == issuer
    client = OAuth2Session(
        AGGREGATOR,
        secret_of(AGGREGATOR),
        scope="accounts",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    )
    verifier = generate_token(48)
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier
    )
    location = consent(server.data_url, address, TARO)
    client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=location,
        state=state,
        code_verifier=verifier,
    )
    return client, metadata


def test_an_unmodified_client_works_in_a_world_of_its_own(server):
    issuer = make_world(server, "clients-own")
    client, metadata = tokens_from(server, issuer)
    base = metadata["token_endpoint"].removesuffix("/oauth/token")
    assert base.startswith(f"{server.data_url}/w/clients-own/")

    (account,) = client.get(f"{base}/accounts").json()["accounts"]
    assert account["account_number"] == "1234567"
    client.refresh_token(metadata["token_endpoint"])
    assert client.get(f"{base}/accounts/{account['account_id']}").status_code == 200

    grants = f"{server.control_url}/api/v1/worlds/clients-own/grants"
    assert len(requests.get(grants, timeout=10).json()["grants"]) == 1
    elsewhere = f"{server.data_url}/w/default{base.split('/clients-own')[1]}/accounts"
    assert client.get(elsewhere).status_code == 401
