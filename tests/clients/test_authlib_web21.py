"""Authlib's OAuth 2.0 session, unmodified, as the web server of a firm that is linked directly.

One consent to read and to send transfers, a separate one to approve them; each with its tokens.
"""

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.direct import BASE, CLIENTS, SHOJI, password_of
from tests.ordering import NO_CHECKS, item, request_data
from tests.support import REDIRECT_URI, answer_of
from tests.walk import Browser, FormReader

CLIENT_ID = CLIENTS[SHOJI]
MAKER = {
    "contractor_id": "0009000001",
    "user_id": "keiri01",
    "password": "shoji-maker-pass-1",
    "second_factor": "100001",
}
CHECKER = {
    "contractor_id": "0009000001",
    "user_id": "buchou01",
    "password": "shoji-checker-pass-1",
    "second_factor": "100101",
}
IDENTITY = {"client_id": CLIENT_ID, "contractor_id": SHOJI}


class Link:
    """One consent of one user, and the session that holds its tokens."""

    def __init__(self, server, scope):
        self.server = server
        self.base = f"{server.data_url}{BASE}"
        self.metadata = requests.get(
            f"{server.data_url}/.well-known/oauth-authorization-server/web21", timeout=10
        ).json()
        self.session = OAuth2Session(
            CLIENT_ID,
            password_of(CLIENT_ID),
            scope=scope,
            redirect_uri=REDIRECT_URI,
            token_endpoint_auth_method="client_secret_basic",
            revocation_endpoint_auth_method="client_secret_basic",
            code_challenge_method="S256",
        )

    def log_in(self, typed):
        """Walk the pages as the user and fetch the tokens."""
        verifier = "v" * 48
        address, state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier
        )
        with requests.Session() as http:
            browser = Browser(http=http, bank_url=self.server.data_url)
            page = browser.sign_in(address, typed)
            form, *_ = FormReader(page.text).forms
            location = browser.press(page, "allow", ticked=form.boxes).headers["Location"]
        assert answer_of(location)["state"] == state
        assert answer_of(location)["iss"] == self.metadata["issuer"]
        return self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=location,
            state=state,
            code_verifier=verifier,
        )

    def get(self, path):
        answer = self.session.get(f"{self.base}{path}", params=IDENTITY)
        return answer.status_code, answer.json()

    def post(self, path, **body):
        answer = self.session.post(f"{self.base}{path}", json={**IDENTITY, **body})
        return answer.status_code, answer.json()

    def refresh(self):
        self.session.refresh_token(self.metadata["token_endpoint"])

    def revoke(self):
        return self.session.revoke_token(
            self.metadata["revocation_endpoint"],
            token=self.session.token["refresh_token"],
            token_type_hint="refresh_token",
        )


@pytest.fixture
def updating(server):
    link = Link(server, "web21.ref web21.upd")
    with link.session:
        yield link


@pytest.fixture
def approving(server):
    link = Link(server, "web21.appr")
    with link.session:
        yield link


@pytest.mark.requirement("W-10", "W-11", "W-12", "W-13", "W-42", "W-43", "W-47", "O-7", "O-12")
def test_a_firm_reads_registers_and_approves_with_two_consents(updating, approving):
    token = updating.log_in(MAKER)
    assert (token["scope"], token["contractor_id"]) == ("web21.ref web21.upd", SHOJI)
    status, listed = updating.get("/accounts")
    assert (status, listed["accounts"][0]["contact_name"]) == (200, "サンプル商事株式会社")
    data = request_data(item(1), item(2))
    status, made = updating.post(
        "/bulk_transfers", warning_check_type=NO_CHECKS, fixed_request_data=data
    )
    assert (status, made["transaction_status_name"]) == (200, "承認待ち")
    request = f"/bulk_transfers/{made['transaction_id']}"
    status, refused = updating.post(f"{request}/submissions")
    assert (status, refused["error_code"]) == (403, "insufficient_scope")

    assert approving.log_in(CHECKER)["scope"] == "web21.appr"
    status, approved = approving.post(f"{request}/submissions", comment="確認しました")
    assert (status, approved["transaction_status_name"]) == (200, "受付済み")
    assert [each["transfer_amount"] for each in approved["beneficiary_info"]] == [10_001, 10_002]
    status, refused = approving.get("/accounts")
    assert (status, refused["error_code"]) == (403, "insufficient_scope")

    updating.refresh()
    status, shown = updating.get(request)
    assert (status, shown["transaction_status"]) == (200, "30")


@pytest.mark.requirement("W-44", "W-55", "W-57", "O-13")
def test_the_end_of_one_consent_leaves_the_other(updating, approving):
    updating.log_in(MAKER)
    approving.log_in(CHECKER)
    assert updating.revoke().status_code == 200
    status, refused = updating.get("/accounts")
    assert (status, refused["error_code"]) == (401, "invalid_token")
    status, refused = approving.post("/bulk_transfers/261116000000999/submissions")
    assert (status, refused["error_code"]) == (404, "transaction_not_found")
