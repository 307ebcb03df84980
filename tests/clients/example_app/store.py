"""What the provider keeps of its users: tokens, accounts, transactions."""

import sqlite3
from typing import Any

SCHEMA = """
CREATE TABLE link (user TEXT PRIMARY KEY, access_token TEXT NOT NULL, refresh_token TEXT NOT NULL);
CREATE TABLE account (
    user TEXT NOT NULL, account_id TEXT NOT NULL, name TEXT NOT NULL, balance_yen INTEGER NOT NULL,
    synced_on TEXT NOT NULL, PRIMARY KEY (user, account_id)
);
CREATE TABLE movement (
    account_id TEXT NOT NULL, transaction_id TEXT NOT NULL, booked_on TEXT NOT NULL,
    amount_yen INTEGER NOT NULL, abstract TEXT NOT NULL, PRIMARY KEY (account_id, transaction_id)
);
"""


class Store:
    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def save_link(self, user: str, tokens: dict[str, Any]) -> None:
        values = user, tokens["access_token"], tokens["refresh_token"]
        self._db.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?)", values)

    def find_link(self, user: str) -> sqlite3.Row | None:
        return self._db.execute("SELECT * FROM link WHERE user = ?", (user,)).fetchone()

    def forget_link(self, user: str) -> None:
        self._db.execute("DELETE FROM link WHERE user = ?", (user,))

    def save_account(self, user: str, balance: dict[str, Any]) -> None:
        values = user, balance["account_id"], balance["account_name"], balance["current_balance"]
        self._db.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?)", (*values, balance["base_date"])
        )

    def list_accounts(self, user: str) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT a.*, (SELECT COUNT(*) FROM movement m WHERE m.account_id = a.account_id)"
            " AS movements FROM account a WHERE user = ? ORDER BY account_id",
            (user,),
        )
        return [dict(row) for row in rows]

    def synced_on(self, user: str, account_id: str) -> str | None:
        row = self._db.execute(
            "SELECT synced_on FROM account WHERE user = ? AND account_id = ?", (user, account_id)
        ).fetchone()
        return None if row is None else row["synced_on"]

    def save_movement(self, account_id: str, found: dict[str, Any]) -> None:
        """Keep a line of the statement once, however often it is read; a missing number is none."""
        if "amount" not in found:
            return
        sign = 1 if found["transaction_type"] == "1" else -1
        self._db.execute(
            "INSERT OR IGNORE INTO movement VALUES (?, ?, ?, ?, ?)",
            (
                account_id,
                found["transaction_id"],
                found["transaction_date"],
                sign * found["amount"],
                found["abstract"],
            ),
        )
