"""A transfer request as it is sent in (振込依頼データ), before anything is checked.

Names are the published ones, so that a finding names what the sender wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.domain.transfer.window import Kind

AMOUNT_MAX, TOTAL_MAX = 9_999_999_999, 999_999_999_999  # as many digits as the files have


class Item(NamedTuple):
    """One payment. A named tuple: a request holds up to twenty thousand of them.

    From ``new_code`` on, the bank only keeps what it is told.
    """

    item_id: str
    beneficiary_bank_code: str
    beneficiary_branch_code: str
    account_type_code: str
    account_number: str
    beneficiary_name: str
    transfer_amount: int  # yen
    new_code: str = "0"
    beneficiary_bank_name: str = ""
    beneficiary_branch_name: str = ""
    clearing_house_number: str = ""
    customer_code1: str = ""
    customer_code2: str = ""
    edi_info: str = ""
    edi_xml: tuple[str, ...] = ()
    transfer_designated_type: str = ""
    identification: str = ""
    employee_number: str = ""
    department_code: str = ""
    dummy: str = ""


# How many of an item's fields decide where the money goes.
DECISIVE = Item._fields.index("new_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """``effort_date``: MM-DD. Totals None: not sent. Empty text: absent.

    ``sent_file``: of a draft that came as a file, how it was written (JSON, see ``file``).
    """

    kind: Kind
    remitter_code: str
    remitter_name: str
    effort_date: str
    remitting_bank_code: str
    remitting_branch_code: str
    remitting_account_type_code: str
    remitting_account_number: str
    items: tuple[Item, ...]
    total_count: int | None = None
    total_amount: int | None = None
    transaction_notes: str = ""
    remitting_bank_name: str = ""
    remitting_bank_branch_name: str = ""
    dummy_header: str = ""
    dummy_trailer: str = ""
    extension_edi_utilization_flag: bool = False
    approval_pattern_type: str = ""
    first_approver_code: str = ""
    second_approver_code: str = ""
    comment: str = ""
    sent_file: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total_yen(self) -> int:
        return sum(item.transfer_amount for item in self.items)


# What of a request the bank only keeps, to show it again.
KEPT = (
    "remitter_code",
    "remitter_name",
    "remitting_branch_code",
    "remitting_account_type_code",
    "remitting_account_number",
    "remitting_bank_name",
    "remitting_bank_branch_name",
    "dummy_header",
    "dummy_trailer",
    "extension_edi_utilization_flag",
    "approval_pattern_type",
    "sent_file",
)
