"""What every client must find at the bank, however it asks."""

from typing import Any

from tests.process import Server

ORDINARY, CURRENT = "01", "02"


def check_reading(http: Any, server: Server, holder: str, base: str | None = None) -> str:
    """List the accounts and read the first one's balance; return its address."""
    base = base or server.base
    listed = http.get(f"{base}/accounts")
    assert listed.status_code == 200, listed.text
    first = listed.json()["accounts"][0]
    assert first["account_name"] == holder
    assert first["account_type_code"] in (ORDINARY, CURRENT)
    balance = http.get(f"{base}/accounts/{first['account_id']}")
    assert balance.status_code == 200, balance.text
    assert isinstance(balance.json()["current_balance"], int)
    return f"{base}/accounts/{first['account_id']}"


def check_statement(http: Any, account_address: str) -> None:
    """The statement ends in the balance that the account shows."""
    statement = http.get(f"{account_address}/transactions")
    assert statement.status_code == 200, statement.text
    body = statement.json()
    assert body["count"] == len(body["transactions"]) > 0
    balance = http.get(account_address).json()["current_balance"]
    assert body["transactions"][-1]["balance"] == balance


def check_refused(answer: Any, reason: str) -> None:
    """401 in the bank's own shape, with the standard's header and the sandbox's reason."""
    assert answer.status_code == 401, answer.text
    body = answer.json()
    assert set(body) == {"error_code", "error_message", "error_details"}
    assert body["error_code"] == "invalid_token"
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.headers["X-Sandbox-Reason"] == reason
