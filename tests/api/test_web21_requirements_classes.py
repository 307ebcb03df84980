"""``web21``: each class of token at each API, as the terms divide them (W-4, W-10…W-14).

The table below says it again, apart from the code: what a class opens is answered, and everything
else is refused with ``insufficient_scope``, whatever the call would have done.
"""

from dataclasses import dataclass

import pytest

from sandbox.web.web21 import ENDPOINTS
from tests.direct import MAIN_ACCOUNT, Direct
from tests.journals import entries
from tests.ordering import APPROVAL, NO_CHECKS, Orders, request_data
from tests.support import bearer

REF, UPD, APPR = "web21.ref", "web21.upd", "web21.appr"
REFERENCE = {
    ("GET", "/corporations"): {REF, UPD},
    ("GET", "/users"): {REF, UPD},
    ("GET", "/accounts"): {REF},
    ("GET", "/accounts/{account_id}"): {REF},
    ("GET", "/accounts/{account_id}/transactions"): {REF},
    ("GET", "/accounts/{account_id}/deposits"): {REF},
}
FAMILY = {
    ("POST", ""): {UPD},
    ("GET", "/list"): {UPD},
    ("POST", "/fees"): {UPD},
    ("GET", "/{transaction_id}"): {UPD},
    ("POST", "/{transaction_id}/submissions"): {APPR},
    ("POST", "/{transaction_id}/withdrawal"): {UPD},
    ("POST", "/{transaction_id}/deletion"): {UPD},
    ("POST", "/{transaction_id}/return"): {APPR},
}
FAMILIES = {"transfer": "/transfers", "bulk": "/bulk_transfers", "payroll": "/payroll_transfers"}
OPENS = REFERENCE | {
    (method, path + tail): classes
    for path in FAMILIES.values()
    for (method, tail), classes in FAMILY.items()
}
ROWS = [(row.method, row.path) for row in ENDPOINTS]
# What was asked for, who allows it, and which classes the token is of.
TOKENS = {
    REF: ("shoji_maker", {REF}),
    UPD: ("shoji_maker", {UPD}),
    f"{REF} {UPD}": ("shoji_maker", {REF, UPD}),
    APPR: ("shoji_checker", {APPR}),
    f"openid {REF}": ("shoji_maker", {REF}),
    f"openid {APPR}": ("shoji_checker", {APPR}),
}


@dataclass
class Sender:
    """Sends the call of a row as it is meant to be, with whichever token."""

    direct: Direct
    maker: Orders
    checker: Orders

    async def send(self, method: str, path: str, token: str) -> tuple[int, dict, str | None]:
        """Return status, body, and the id of the request that the call was about."""
        kind = next((k for k, base in FAMILIES.items() if path.startswith(base)), "bulk")
        reference = await self._request(kind, path) if "{transaction_id}" in path else None
        place = path.format(account_id=MAIN_ACCOUNT, transaction_id=reference)
        identity = {
            "client_id": self.direct.client_id,
            "contractor_id": self.direct.contractor_id,
        }
        url, http = f"{self.direct.base}{place}", self.direct.running.http
        body = {**identity, **self._body(kind, path)} if method == "POST" else None
        query = {} if method == "POST" else identity
        async with http.request(
            method, url, params=query, json=body, headers=bearer(token)
        ) as answer:
            return answer.status, await answer.json(), reference

    async def _request(self, kind: str, path: str) -> str:
        """Bring a request to where the row's act is possible."""
        maker = Orders(self.direct, self.maker.token, kind)
        reference = (await maker.register())["transaction_id"]
        if path.endswith("/deletion"):
            assert (await maker.act(reference, "withdrawal"))[0] == 200
        return reference

    def _body(self, kind: str, path: str) -> dict:
        if path in FAMILIES.values():
            data = request_data(kind=kind)
            return {"warning_check_type": NO_CHECKS, "fixed_request_data": data}
        if path.endswith("/fees"):
            one = {"item_id": "1", "beneficiary_bank_code": "9999", "transfer_amount": 1}
            return {"effort_date": "11-24", "transactions": [one]}
        return {}

    async def status(self, path: str, reference: str) -> str:
        kind = next(k for k, base in FAMILIES.items() if path.startswith(base))
        return (await Orders(self.direct, self.maker.token, kind).detail(reference))[
            "transaction_status"
        ]


@pytest.fixture
async def sender(running):
    direct = Direct(running)
    maker = await Orders.of(direct)
    return Sender(direct, maker, await Orders.of(direct, "shoji_checker", APPROVAL))


def test_the_table_here_is_of_the_apis_that_there_are():
    assert sorted(ROWS) == sorted(OPENS)


@pytest.mark.requirement("W-4", "W-10", "W-11", "W-12", "W-13", "W-14", "W-32")
@pytest.mark.parametrize("scope", TOKENS)
async def test_each_class_of_token_at_each_api(sender, scope):
    persona, classes = TOKENS[scope]
    more = {"nonce": "n"} if "openid" in scope else {}
    token = (await sender.direct.log_in(persona, scope, **more))["access_token"]
    for method, path in ROWS:
        status, body, reference = await sender.send(method, path, token)
        if OPENS[method, path] & classes:
            assert status == 200, (method, path, body)
            continue
        assert (status, body["error_code"]) == (403, "insufficient_scope"), (method, path)
        if reference is not None:  # and nothing has happened to it
            expected = "20" if path.endswith("/deletion") else "10"
            assert await sender.status(path, reference) == expected


@pytest.mark.requirement("W-11", "W-32")
async def test_what_is_refused_for_its_class_leaves_no_request_behind(sender):
    reader = await Orders.of(sender.direct, scope=REF)
    for token in (reader.token, sender.checker.token):
        for kind, path in FAMILIES.items():
            status, body, _ = await Orders(sender.direct, token, kind).try_register()
            assert (status, body["error_code"]) == (403, "insufficient_scope")
            _, listed, _ = await sender.direct.get(f"{path}/list", sender.maker.token)
            assert listed["count"] == 0


@pytest.mark.requirement("W-14")
async def test_an_approval_token_used_elsewhere_can_be_seen_in_the_journal(running, sender):
    await sender.direct.get("/accounts", sender.checker.token)
    made = await entries(running)
    (call,) = [each for each in made if each["operation"] == "list_contract_accounts"]
    assert (call["status"], call["error_code"], call["user"]) == (
        403,
        "insufficient_scope",
        "user:0009000001:buchou01",
    )


@pytest.mark.requirement("W-13")
@pytest.mark.parametrize("scope", [f"{UPD} {APPR}", f"{REF} {APPR}", f"{REF} {UPD} {APPR}"])
async def test_approval_is_asked_for_alone(sender, scope):
    answer = await sender.direct.redirected(scope=scope)
    assert answer["error"] == "invalid_scope"


@pytest.mark.requirement("W-13")
async def test_one_user_with_both_rights_has_two_pairs_of_tokens(sender):
    """Approval tokens are a grant of their own: the end of one leaves the other."""
    direct = sender.direct
    await direct.desk.set_rights(
        direct.contractor_id,
        "security01",
        "buchou01",
        has_service_right=True,
        rights=["reference", "update", "approval"],
    )
    both = await direct.log_in("shoji_checker", f"{REF} {UPD}")
    approver = await direct.log_in("shoji_checker", APPR)
    assert approver["scope"] == APPR
    await direct.post("/oauth/revoke", token=both["refresh_token"])
    assert await direct.verdict(both["access_token"]) == (401, "revoked_by_provider")
    reference = (await sender.maker.register())["transaction_id"]
    status, body = await Orders(direct, approver["access_token"]).act(reference, "submissions")
    assert (status, body["transaction_status"]) == (200, "30")
