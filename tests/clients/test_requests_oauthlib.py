"""requests-oauthlib, unmodified, against a server in another process."""

import pytest
import requests
from oauthlib.oauth2 import InvalidGrantError, WebApplicationClient
from requests_oauthlib import OAuth2Session

from tests.clients.judge import check_reading, check_refused, check_statement
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    NATIVE,
    REDIRECT_URI,
    answer_of,
    basic,
    bearer,
    secret_of,
)
from tests.walk import SHOJI, TARO, Browser, consent


@pytest.fixture(autouse=True)
def plain_http(monkeypatch):
    """The library refuses http without this, also on the loopback interface."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def session(client_id, redirect_uri=REDIRECT_URI):
    return OAuth2Session(client_id, redirect_uri=redirect_uri, scope=["accounts"], pkce="S256")


def log_in(client, server, typed, **how):
    address, state = client.authorization_url(f"{server.base}/oauth/auth")
    location = consent(server.data_url, address, typed)
    assert answer_of(location)["state"] == state
    return client.fetch_token(f"{server.base}/oauth/token", authorization_response=location, **how)


def revoke(server, token, client_id):
    answer = requests.post(
        f"{server.base}/oauth/revoke", data={"token": token}, headers=basic(client_id), timeout=10
    )
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.requirement("T-10", "T-13", "T-23", "O-12", "O-13")
def test_a_confidential_client_with_basic_authentication(server):
    secret = secret_of(AGGREGATOR)
    with session(AGGREGATOR) as client:
        token = log_in(client, server, TARO, client_secret=secret, include_client_id=False)
        address = check_reading(client, server, "架空 太郎")
        check_statement(client, address)

        renewed = client.refresh_token(f"{server.base}/oauth/token", auth=(AGGREGATOR, secret))
        assert renewed["refresh_token"] != token["refresh_token"]
        assert client.get(address).status_code == 200
        check_refused(
            requests.get(address, headers=bearer(token["access_token"]), timeout=10),
            "access_expired",
        )

        revoke(server, renewed["refresh_token"], AGGREGATOR)
        check_refused(client.get(address), "revoked_by_provider")
        with pytest.raises(InvalidGrantError):
            client.refresh_token(f"{server.base}/oauth/token", auth=(AGGREGATOR, secret))


@pytest.mark.requirement("T-1", "O-9")
def test_a_confidential_client_with_its_secret_in_the_form(server):
    how = {"client_id": ACCOUNTING, "client_secret": secret_of(ACCOUNTING)}
    with session(ACCOUNTING) as client:
        log_in(client, server, SHOJI, include_client_id=True, client_secret=how["client_secret"])
        address = check_reading(client, server, "サンプル商事株式会社")
        renewed = client.refresh_token(f"{server.base}/oauth/token", **how)
        answer = requests.post(
            f"{server.base}/oauth/revoke",
            data={"token": renewed["access_token"], **how},
            timeout=10,
        )
        assert answer.status_code == 200
        check_refused(client.get(address), "revoked_by_provider")


@pytest.mark.requirement("T-17", "O-1")
def test_a_public_native_client_on_whatever_port_it_got(server):
    redirect_uri = "http://127.0.0.1:61234/callback"
    with session(NATIVE, redirect_uri) as client:
        log_in(client, server, TARO, include_client_id=True)
        address = check_reading(client, server, "架空 太郎")
        check_statement(client, address)
        renewed = client.refresh_token(f"{server.base}/oauth/token", client_id=NATIVE)
        assert client.get(address).status_code == 200
        answer = requests.post(
            f"{server.base}/oauth/revoke",
            data={"token": renewed["refresh_token"], "client_id": NATIVE},
            timeout=10,
        )
        assert answer.status_code == 200
        check_refused(client.get(address), "revoked_by_provider")


@pytest.mark.requirement("O-26")
def test_what_the_person_did_not_tick_is_not_granted(server):
    with session(AGGREGATOR) as client, requests.Session() as http:
        address, _ = client.authorization_url(f"{server.base}/oauth/auth")
        browser = Browser(http=http, bank_url=server.data_url)
        page = browser.sign_in(address, TARO)
        account = "00000000000000000010112345670001"
        ticked = [("function", "balances"), ("account", account)]
        location = browser.press(page, "allow", ticked=ticked).headers["Location"]
        client.fetch_token(
            f"{server.base}/oauth/token",
            authorization_response=location,
            client_secret=secret_of(AGGREGATOR),
            include_client_id=False,
        )
        assert client.get(f"{server.base}/accounts/{account}").status_code == 200
        refused = client.get(f"{server.base}/accounts/{account}/transactions")
        assert refused.json()["error_code"] == "function_not_available"


@pytest.mark.requirement("O-8")
def test_a_person_who_denies_sends_the_client_home_with_an_error(server):
    with session(AGGREGATOR) as client, requests.Session() as http:
        address, state = client.authorization_url(f"{server.base}/oauth/auth")
        browser = Browser(http=http, bank_url=server.data_url)
        page = browser.sign_in(address, TARO)
        location = browser.press(page, "deny").headers["Location"]
        assert location.startswith(REDIRECT_URI)
        assert answer_of(location)["error"] == "access_denied"
        assert answer_of(location)["state"] == state
        assert isinstance(client._client, WebApplicationClient)
