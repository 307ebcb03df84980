"""What the provider keeps of its users: links, tokens, accounts, transactions."""

import sqlite3
from typing import Any

SCHEMA = """
CREATE TABLE link (
    user TEXT PRIMARY KEY, access_token TEXT, refresh_token TEXT, scope TEXT NOT NULL,
    linked_at TEXT NOT NULL, renewed_at TEXT NOT NULL, missing TEXT NOT NULL DEFAULT ''
);
-- Why a user has to consent again; told once.
CREATE TABLE loss (user TEXT PRIMARY KEY, why TEXT NOT NULL);
CREATE TABLE message (user TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE account (
    user TEXT NOT NULL, account_id TEXT NOT NULL, name TEXT NOT NULL, balance_yen INTEGER NOT NULL,
    synced_on TEXT, PRIMARY KEY (user, account_id)
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
        """Keep the tokens of a new consent."""
        at = tokens["at"]
        values = user, tokens["access_token"], tokens.get("refresh_token"), tokens["scope"], at, at
        self._db.execute("DELETE FROM loss WHERE user = ?", (user,))
        self._db.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?, ?, '')", values)

    def renew_link(self, user: str, tokens: dict[str, Any]) -> None:
        """Keep refreshed tokens; without a new refresh token, the old one goes on (RFC 6749 §6)."""
        self._db.execute(
            "UPDATE link SET access_token = ?, refresh_token = COALESCE(?, refresh_token),"
            " renewed_at = ? WHERE user = ?",
            (tokens["access_token"], tokens.get("refresh_token"), tokens["at"], user),
        )

    def drop_access_token(self, user: str) -> None:
        """Throw a token away that the bank has refused, whatever comes of the next one."""
        self._db.execute("UPDATE link SET access_token = NULL WHERE user = ?", (user,))

    def note_missing(self, user: str, missing: list[str]) -> None:
        """Keep which functions the user has not allowed, or the bank has taken away."""
        self._db.execute("UPDATE link SET missing = ? WHERE user = ?", (",".join(missing), user))

    def find_link(self, user: str) -> sqlite3.Row | None:
        return self._db.execute("SELECT * FROM link WHERE user = ?", (user,)).fetchone()

    def forget_link(self, user: str, why: str = "") -> None:
        """Throw the tokens away; with a reason, the user has to consent again and is told once."""
        self._db.execute("DELETE FROM link WHERE user = ?", (user,))
        if why and self.why_lost(user) is None:
            self._db.execute("INSERT INTO loss VALUES (?, ?)", (user, why))
            self.write_message(user, why)

    def write_message(self, user: str, text: str) -> None:
        self._db.execute("INSERT INTO message VALUES (?, ?)", (user, text))

    def why_lost(self, user: str) -> str | None:
        row = self._db.execute("SELECT why FROM loss WHERE user = ?", (user,)).fetchone()
        return None if row is None else row["why"]

    def count_messages(self, user: str) -> int:
        found = self._db.execute("SELECT COUNT(*) AS n FROM message WHERE user = ?", (user,))
        return int(found.fetchone()["n"])

    def save_account(self, user: str, balance: dict[str, Any], synced_on: str | None) -> None:
        """Keep a balance. ``synced_on``: the day up to which its lines have been read."""
        values = user, balance["account_id"], balance["account_name"], balance["current_balance"]
        self._db.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?)", (*values, synced_on)
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
