"""Authlib's OAuth 2.0 session, unmodified, against a server in another process."""

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from tests.clients.judge import check_reading, check_refused, check_statement
from tests.support import ACCOUNTING, AGGREGATOR, NATIVE, REDIRECT_URI, answer_of, secret_of
from tests.walk import SHOJI, TARO, consent


def metadata_of(server):
    answer = requests.get(
        f"{server.data_url}/.well-known/oauth-authorization-server/tomato", timeout=10
    )
    assert answer.json()["issuer"] == server.issuer
    return answer.json()


def session(server, client_id, *, redirect_uri=REDIRECT_URI, method="client_secret_basic"):
    return OAuth2Session(
        client_id,
        None if method == "none" else secret_of(client_id),
        scope="accounts",
        redirect_uri=redirect_uri,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        code_challenge_method="S256",
    )


def log_in(client, server, typed):
    """Walk from the authorization request to the tokens, with PKCE and a state."""
    endpoints, verifier = metadata_of(server), generate_token(48)
    address, state = client.create_authorization_url(
        endpoints["authorization_endpoint"], code_verifier=verifier
    )
    location = consent(server.data_url, address, typed)
    assert location.startswith(f"{client.redirect_uri}?")
    assert answer_of(location)["state"] == state
    assert answer_of(location)["iss"] == server.issuer
    return client.fetch_token(
        endpoints["token_endpoint"],
        authorization_response=location,
        state=state,
        code_verifier=verifier,
    )


def check_renewal(client, server, address):
    """Refresh: the new token opens the door, the old one no longer does."""
    old = dict(client.token)
    client.refresh_token(metadata_of(server)["token_endpoint"])
    assert client.token["access_token"] != old["access_token"]
    assert client.token["refresh_token"] != old["refresh_token"]
    assert client.get(address).status_code == 200
    refused = requests.get(
        address, headers={"Authorization": f"Bearer {old['access_token']}"}, timeout=10
    )
    check_refused(refused, "access_expired")


def check_revocation(client, server, address, hint="refresh_token"):
    answer = client.revoke_token(
        metadata_of(server)["revocation_endpoint"], token=client.token[hint], token_type_hint=hint
    )
    assert (answer.status_code, answer.json()) == (200, {})
    check_refused(client.get(address), "revoked_by_provider")


@pytest.mark.requirement("T-10", "T-13", "T-23", "O-7", "O-12", "O-13")
def test_a_confidential_client_with_basic_authentication(server):
    with session(server, AGGREGATOR) as client:
        token = log_in(client, server, TARO)
        assert (token["token_type"], token["scope"]) == ("Bearer", "accounts")
        address = check_reading(client, server, "架空 太郎")
        check_statement(client, address)
        check_renewal(client, server, address)
        check_revocation(client, server, address)


@pytest.mark.requirement("T-1", "T-5", "O-9")
def test_a_confidential_client_with_its_secret_in_the_form(server):
    base = f"{server.issuer}/bizsol/v1/banks/0566"
    with session(server, ACCOUNTING, method="client_secret_post") as client:
        log_in(client, server, SHOJI)
        address = check_reading(client, server, "サンプル商事株式会社", base)
        refused = client.get(f"{address}/transactions")
        assert refused.status_code == 403
        assert refused.json()["error_code"] == "function_not_available"
        check_renewal(client, server, address)
        check_revocation(client, server, address, hint="access_token")


@pytest.mark.requirement("T-17", "O-1", "O-6")
def test_a_public_native_client_on_whatever_port_it_got(server):
    redirect_uri = "http://127.0.0.1:50505/callback"
    with session(server, NATIVE, redirect_uri=redirect_uri, method="none") as client:
        log_in(client, server, TARO)
        address = check_reading(client, server, "架空 太郎")
        check_statement(client, address)
        check_renewal(client, server, address)
        check_revocation(client, server, address)


@pytest.mark.requirement("T-17", "O-6")
def test_a_code_is_worth_nothing_without_the_verifier_behind_it(server):
    from authlib.integrations.base_client import OAuthError

    with session(server, AGGREGATOR) as client:
        endpoints = metadata_of(server)
        address, state = client.create_authorization_url(
            endpoints["authorization_endpoint"], code_verifier=generate_token(48)
        )
        location = consent(server.data_url, address, TARO)
        with pytest.raises(OAuthError, match="code_verifier") as refused:
            client.fetch_token(
                endpoints["token_endpoint"],
                authorization_response=location,
                state=state,
                code_verifier=generate_token(48),
            )
        assert refused.value.error == "invalid_grant"
