"""What a world's export holds: every row in a stable order, without what is secret or passing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sandbox.storage.calendar import CALENDAR_TABLES
from sandbox.storage.database import Database, Row
from sandbox.storage.incidents import INCIDENT_TABLES


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
    "desk_session",
    "token",
    "used_assertion",
    "former_key",
    "signing_key",  # private keys never leave (O-31)
    "login_failure",
    "idempotency",
    "fault",
    "transfer_result",
    "event_address",  # with the secrets that sign
    "event_fact",
    "event",
    "delivery",
    "delivery_attempt",
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
        withheld=("secret_hash", "second_factor_hash"),
    ),
    ExportedTable(
        name="bank_user",
        columns=(
            "credential_id",
            "contractor_id",
            "user_id",
            "user_code",
            "name",
            "role",
            "is_security_administrator",
            "has_service_right",
            "rights",
            "limit_per_transaction_yen",
            "limit_per_item_yen",
            "persona",
            "accounts",
        ),
        order="credential_id",
    ),
    ExportedTable(
        name="service_contract",
        columns=(
            "contractor_id",
            "status",
            "services",
            "purpose",
            "form",
            "plan",
            "fee_account",
            "approval_pattern",
            "double_from_yen",
            "requester_may_approve",
            "client_id",
            "is_environment_blocked",
        ),
        order="contractor_id",
        withheld=("encryption_key",),
    ),
    ExportedTable(name="field_encryption", columns=("contractor_id",), order="contractor_id"),
    ExportedTable(
        name="contract_link", columns=("parent_id", "child_id"), order="parent_id, child_id"
    ),
    ExportedTable(
        name="remitter",
        columns=("account", "remitter_code", "remitter_name"),
        order="account, remitter_code",
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
    *(
        ExportedTable(name=name, columns=tuple(columns.split()), order=order)
        for name, columns, order in (*CALENDAR_TABLES, *INCIDENT_TABLES)
    ),
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
            "suspended_as",
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
    ExportedTable(
        name="transfer_request",
        columns=(
            "request",
            "bank",
            "contractor_id",
            "kind",
            "status",
            "transaction_no",
            "temporary_no",
            "bank_code",
            "account",
            "designated_on",
            "cut_off_at",
            "pattern",
            "first_approver",
            "second_approver",
            "approved_by",
            "item_count",
            "total_yen",
            "largest_item_yen",
            "beneficiary_pays",
            "requester",
            "registered_at",
            "last_act_at",
            "transaction_notes",
            "comment",
            "reason",
            "fees_yen",
            "kept",
        ),
        order="request",
    ),
    ExportedTable(
        name="transfer_item",
        columns=(
            "request",
            "position",
            "item_id",
            "bank_code",
            "branch_code",
            "account_type",
            "account_number",
            "beneficiary_name",
            "amount_yen",
            "kept",
            "status",
            "paid_yen",
            "fee_yen",
            "reason",
            "status_at",
        ),
        order="request, position",
    ),
    ExportedTable(
        name="transfer_act",
        columns=(
            "request",
            "number",
            "at",
            "user_code",
            "event",
            "status",
            "comment",
        ),
        order="request, number",
    ),
    ExportedTable(
        name="beneficiary_script",
        columns=(
            "bank_code",
            "branch_code",
            "account_number",
            "unable_reason",
            "recall_answer",
        ),
        order="bank_code, branch_code, account_number",
    ),
    ExportedTable(
        name="fee_schedule",
        columns=(
            "bank",
            "effective_on",
            "contract_yen",
        ),
        order="bank, effective_on",
    ),
    ExportedTable(
        name="fee_band",
        columns=(
            "bank",
            "effective_on",
            "from_yen",
            "own_bank_yen",
            "other_bank_yen",
        ),
        order="bank, effective_on, from_yen",
    ),
    ExportedTable(
        name="tax_rate",
        columns=(
            "effective_on",
            "percent",
        ),
        order="effective_on",
    ),
)


def scan(db: Database, table: ExportedTable) -> AsyncIterator[list[Row]]:
    """Yield the table's rows in batches, in the order of its key."""
    return db.scan(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {table.order}")
