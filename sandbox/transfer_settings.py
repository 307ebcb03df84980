"""The settings of transfers: (field of the policy, how it is read, default, help), one a row.

They are those of banks whose contractors send transfer requests.
"""

from collections.abc import Callable
from typing import Any

from sandbox.domain.moment import parse_time_of_day
from sandbox.setting_texts import (
    boolean,
    day_of_month,
    days,
    recall_answer,
    run_interval,
    some,
    totals,
    yen,
)

TRANSFER_SETTINGS: tuple[tuple[str, Callable[[str], Any], str, str], ...] = (
    ("most_items_expert", some, "20000", "Most items in one transfer request, plan expert"),
    ("most_items_debut", some, "30", "Most items in one transfer request, the other plans"),
    ("most_items_transfer", some, "10", "Most items of a request at /transfers, whatever the plan"),
    ("totals_mismatch", totals, "error", "What totals are that do not fit: error or warning"),
    ("large_item_yen", yen, "10000000", "Above how many yen an item is worth a warning"),
    ("same_request_days", days, "30", "For how many days a request like another is warned of"),
    ("beneficiary_pays", boolean, "0", "1: the transfer fee is taken off the amount"),
    (
        "strict_approval_cancel_type",
        boolean,
        "0",
        "1: approval_cancel sent for what is not approved yet is refused, and approves nothing",
    ),
    (
        "acceptance_interval_ms",
        run_interval,
        "10m",
        "How far apart the acceptance runs are, from midnight on, 1m to 24h",
    ),
    ("settlement_at", parse_time_of_day, "08:00", "When requests of the day are debited (Tokyo)"),
    (
        "settlement_retry_at",
        parse_time_of_day,
        "15:00",
        "When it is tried again where funds were short (Tokyo); not later: it is tried once",
    ),
    ("refund_at", parse_time_of_day, "08:00", "When what could not be paid comes back (Tokyo)"),
    (
        "recall_answer",
        recall_answer,
        "agreed",
        "What is said to a recall where nothing is scripted: agreed, refused, none",
    ),
    ("age_out_days", some, "70", "Days after its last act that a request is kept to be edited"),
    ("fee_day", day_of_month, "10", "Day of the month of the contract fee, 1 to 28"),
    ("fee_run_at", parse_time_of_day, "09:00", "When the contract fee is debited (Tokyo)"),
    ("most_requests", some, "500", "Most requests that a list answers"),
)
