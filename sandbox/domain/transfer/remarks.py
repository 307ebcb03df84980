"""Warnings (web21 §6.1): what may be meant so, but often is not. Pure functions over a draft."""

from collections.abc import Collection, Iterable, Iterator

from sandbox.domain.banks import BankMaster
from sandbox.domain.transfer.draft import Item
from sandbox.domain.transfer.finding import Code, Finding
from sandbox.domain.transfer.policy import TransferPolicy


def item_warnings(
    items: Iterable[Item], asked: Collection[Code], master: BankMaster, policy: TransferPolicy
) -> Iterator[Finding]:
    """Yield what is remarkable about the items, as far as it was asked for (2, 3 and 5)."""
    if Code.DUPLICATE_ITEM in asked:
        yield from _duplicates(items)
    if Code.NOT_IN_MASTER in asked:
        yield from _unknown_banks(items, master)
    if Code.LARGE_ITEM in asked:
        yield from _large_items(items, policy.large_item_yen)


def same_request() -> Finding:
    """Return the warning of a request that looks like one of the last days."""
    message = "口座・指定日・件数・金額が同じ依頼が既にあります"
    return Finding(code=Code.SAME_REQUEST, field="transactions", message=message)


def _duplicates(items: Iterable[Item]) -> Iterator[Finding]:
    """Two items that pay the same amount to the same account."""
    seen = set()
    for item in items:
        payment = (*item[1:5], item.transfer_amount)
        if payment in seen:
            message = "同じ口座・金額の明細があります"
            yield Finding(
                code=Code.DUPLICATE_ITEM,
                field="account_number",
                message=message,
                item_id=item.item_id,
            )
        seen.add(payment)


def _unknown_banks(items: Iterable[Item], master: BankMaster) -> Iterator[Finding]:
    for item in items:
        bank, branch = item.beneficiary_bank_code, item.beneficiary_branch_code
        if master.has_branch(bank, branch):
            continue
        is_known = master.has_bank(bank)
        yield Finding(
            code=Code.NOT_IN_MASTER,
            field="beneficiary_branch_code" if is_known else "beneficiary_bank_code",
            message="店舗マスタにありません" if is_known else "金融機関マスタにありません",
            item_id=item.item_id,
        )


def _large_items(items: Iterable[Item], limit_yen: int) -> Iterator[Finding]:
    for item in items:
        if item.transfer_amount > limit_yen:
            yield Finding(
                code=Code.LARGE_ITEM,
                field="transfer_amount",
                message=f"{limit_yen}円を超えています",
                item_id=item.item_id,
            )
