"""What a world's export holds: every row in a stable order, without what is secret or passing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sandbox.storage.database import Database, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTable:
    """``columns`` go out, in this order; ``withheld`` never do."""

    name: str
    columns: tuple[str, ...]
    order: str  # the primary key
    withheld: tuple[str, ...] = ()


# Sessions, codes and tokens, the counters around the log-in, and what happened at the door.
WITHHELD_TABLES = (
    "interaction",
    "authorization_code",
    "pushed_request",
    "session",
    "token",
    "used_assertion",
    "signing_key",  # private keys never leave (O-31)
    "login_failure",
    "fault",
    "journal",
    "journal_state",
)

EXPORTED_TABLES = (
    ExportedTable(
        name="world",
        columns=("schema_version", "seed", "starts_at"),
        order="id",
        # Its name and where its clock stands: two worlds of one seed may differ in them.
        withheld=(
            "id",
            "name",
            "tag",
            "version",
            "clock_mode",
            "clock_at",
            "clock_anchor",
            "clock_rate",
            "agenda_done_at",
            "start_mode",
            "start_rate",
            "personas",
        ),
    ),
    ExportedTable(
        name="agenda",
        columns=("due_at", "priority", "kind", "subject", "detail"),
        order="due_at, priority, kind, subject",
    ),
    ExportedTable(
        name="contractor",
        columns=(
            "contractor_id",
            "bank",
            "kind",
            "name",
            "name_kana",
            "address",
            "persona",
            "story",
            "contract_state",
        ),
        order="contractor_id",
    ),
    ExportedTable(
        name="account",
        columns=(
            "account",
            "account_id",
            "bank",
            "contractor_id",
            "branch_code",
            "branch_name",
            "account_type",
            "account_number",
            "holder_name",
            "holder_name_kana",
            "state",
            "overdraft_limit_yen",
            "held_yen",
            "balance_yen",
            "previous_day_yen",
            "previous_month_yen",
            "last_seq",
            "last_booked_at",
            "history",
        ),
        order="account",
    ),
    ExportedTable(
        name="credential",
        columns=("credential_id", "bank", "login", "contractor_id", "account", "state"),
        order="credential_id",
        withheld=("secret_hash",),
    ),
    ExportedTable(
        name="client",
        columns=(
            "client_id",
            "bank",
            "auth_method",
            "security_profile",
            "provider_name",
            "registration_no",
            "terms_url",
            "redirect_uris",
            "scopes",
            "functions",
            "contractor_kinds",
            "pkce",
            "auto_manual_mode",
            "status",
            "options",
        ),
        order="client_id",
        withheld=("secret_hash", "registration_hash"),
    ),
    ExportedTable(name="terms", columns=("bank", "version", "effective_on"), order="bank, version"),
    ExportedTable(
        name="access_grant",
        columns=(
            "grant_id",
            "bank",
            "client_id",
            "contractor_id",
            "credential_id",
            "scope",
            "functions",
            "terms_version",
            "granted_at",
            "present_at",
            "expires_at",
            "ended_at",
            "end_reason",
            "authenticated_at",
            "detail",
        ),
        order="grant_id",
    ),
    ExportedTable(name="grant_account", columns=("grant_id", "account"), order="grant_id, account"),
    ExportedTable(
        name="posting",
        columns=("posting_id", "booked_at", "kind", "reverses"),
        order="posting_id",
    ),
    ExportedTable(
        name="contra",
        columns=("posting_id", "gl_code", "amount_yen"),
        order="posting_id, gl_code",
    ),
    ExportedTable(
        name="line",
        columns=(
            "account",
            "booked_at",
            "seq",
            "value_on",
            "amount_yen",
            "balance_after_yen",
            "content",
            "abstract",
            "customer_number",
            "status",
            "posting_id",
        ),
        order="account, booked_at, seq",
    ),
)


def scan(db: Database, table: ExportedTable) -> AsyncIterator[list[Row]]:
    """Yield the table's rows in batches, in the order of its key."""
    return db.scan(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {table.order}")
