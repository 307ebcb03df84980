"""The main story over HTTP: consent, tokens, accounts, balance, statement, refresh, revoke."""

from tests.support import AGGREGATOR, basic


async def test_from_consent_to_revocation(running):
    tokens = await running.log_in("taro")
    (account_id,) = await running.account_ids(tokens["access_token"])

    status, balance, _ = await running.get(f"/accounts/{account_id}", tokens["access_token"])
    assert status == 200
    status, statement, _ = await running.get(
        f"/accounts/{account_id}/transactions", tokens["access_token"]
    )
    assert status == 200
    assert statement["transactions"][-1]["balance"] == balance["current_balance"]

    status, renewed, _ = await running.refresh(tokens["refresh_token"])
    assert status == 200
    async with running.http.post(
        f"{running.base}/oauth/revoke",
        data={"token": renewed["refresh_token"]},
        headers=basic(AGGREGATOR),
    ) as answer:
        assert (answer.status, await answer.json()) == (200, {})
    status, body, headers = await running.get("/accounts", renewed["access_token"])
    assert (status, body["error_code"]) == (401, "invalid_token")
    assert headers["X-Sandbox-Reason"] == "revoked_by_provider"
