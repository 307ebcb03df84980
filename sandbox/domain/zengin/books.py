"""Statement lines of the books as records of the 200-byte files (zengin §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sandbox.domain.account import Account, AccountType, Line, LineStatus, Period
from sandbox.domain.banks import BankMaster
from sandbox.domain.kana import TextClass, to_half_width_kana
from sandbox.domain.time import Instant, jst_date
from sandbox.domain.zengin.notices import IncomingTransfer, Notice
from sandbox.domain.zengin.statements import (
    Direction,
    Statement,
    StatementLine,
    TransactionKind,
)

ACCOUNT_TYPES: Mapping[AccountType, str] = MappingProxyType(
    {
        AccountType.ORDINARY: "1",
        AccountType.CURRENT: "2",
        AccountType.SAVINGS: "4",
        AccountType.TIME: "6",
    }
)
# 取引内容 → 取引区分; what is not here is 18, other.
KINDS: Mapping[str, TransactionKind] = MappingProxyType(
    {
        "現金": TransactionKind.CASH,
        "ATM": TransactionKind.CASH,
        "振込": TransactionKind.TRANSFER,
        "総合振込": TransactionKind.TRANSFER,
        "給与振込": TransactionKind.TRANSFER,
        "賞与振込": TransactionKind.TRANSFER,
        "給与": TransactionKind.TRANSFER,
        "賞与": TransactionKind.TRANSFER,
        "振込資金返却": TransactionKind.TRANSFER,
        "他店券入金": TransactionKind.OTHER_BANK_CHECK,
        "小切手": TransactionKind.CLEARING,
        "口座振替": TransactionKind.BOOK_TRANSFER,
        "振替": TransactionKind.BOOK_TRANSFER,
        "取消": TransactionKind.CORRECTION,
        "訂正入金": TransactionKind.CORRECTION,
    }
)
# Incoming transfers: their abstract is the remitter's name.
INCOMING = frozenset({"振込", "給与", "賞与"})
# Abstracts that the books have in kanji. A file takes half-width kana alone.
KANA_OF: Mapping[str, str] = MappingProxyType({"振込資金返却": "ﾌﾘｺﾐｼｷﾝﾍﾝｷﾔｸ"})
_CHECK, _NO_BILL = "1", "0"
_OTHER_BANK_CHECK = "他店券入金"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPeriod:
    """What a file tells of one account. ``opening_yen``: the balance before the first line."""

    account: Account
    bank_code: str
    period: Period
    opening_yen: int
    lines: Sequence[Line]
    at: Instant


def abstract_of(text: str) -> str:
    """Return an abstract of the books in half-width kana, uncut."""
    return KANA_OF.get(text) or to_half_width_kana(text, TextClass.ABSTRACT)


def is_incoming(line: Line) -> bool:
    """Tell whether a line is an incoming transfer, one that was taken back included."""
    return line.content in INCOMING and line.amount_yen > 0


def statement_of(found: AccountPeriod, master: BankMaster) -> Statement:
    """Return the lines as a statement. A missing number (欠番) has no amount, and no record."""
    shown = [line for line in found.lines if line.status != LineStatus.MISSING_NUMBER]
    bank_name, branch_name = _names(found, master)
    account = found.account
    return Statement(
        created_date=jst_date(found.at),
        posting_date_from=found.period.first,
        posting_date_to=found.period.last,
        bank_code=found.bank_code,
        bank_name=bank_name,
        branch_code=account.branch_code,
        branch_name=branch_name,
        account_type=ACCOUNT_TYPES[account.account_type],
        account_number=account.account_number.zfill(10),
        account_name=account.holder_name_kana,
        opening_balance=found.opening_yen,
        lines=tuple(_line(number, line) for number, line in enumerate(shown, start=1)),
    )


def notice_of(found: AccountPeriod, master: BankMaster) -> Notice:
    """Return the incoming transfers among the lines as a notice."""
    incoming = filter(is_incoming, found.lines)
    bank_name, branch_name = _names(found, master)
    account = found.account
    return Notice(
        created_date=jst_date(found.at),
        posting_date_from=found.period.first,
        posting_date_to=found.period.last,
        bank_code=found.bank_code,
        bank_name=bank_name,
        branch_code=account.branch_code,
        branch_name=branch_name,
        account_type=ACCOUNT_TYPES[account.account_type],
        account_number=account.account_number,
        account_name=account.holder_name_kana,
        transfers=tuple(_transfer(number, line) for number, line in enumerate(incoming, start=1)),
    )


def _names(found: AccountPeriod, master: BankMaster) -> tuple[str, str]:
    """Return the bank's and the branch's names in kana, as far as the master has them."""
    bank = master.find_bank(found.bank_code)
    branch = master.find_branch(found.bank_code, found.account.branch_code)
    return bank.name_kana if bank else "", branch.name_kana if branch else ""


def _line(number: int, line: Line) -> StatementLine:
    is_deposit, yen = line.amount_yen > 0, abs(line.amount_yen)
    is_check = line.content in ("小切手", _OTHER_BANK_CHECK)
    return StatementLine(
        inquiry_number=f"{number:08}",
        posting_date=jst_date(line.booked_at),
        value_date=date.fromisoformat(line.value_on),
        direction=Direction.DEPOSIT if is_deposit else Direction.WITHDRAWAL,
        transaction_kind=_kind(line),
        amount=yen,
        other_bank_checks=yen if line.content == _OTHER_BANK_CHECK else 0,
        bill_type=_CHECK if is_check else _NO_BILL,
        remitter_name=line.abstract if is_incoming(line) else "",
        abstract=abstract_of(line.abstract),
    )


def _kind(line: Line) -> str:
    if line.status == LineStatus.CANCELLED:
        return TransactionKind.CORRECTION
    return KINDS.get(line.content, TransactionKind.OTHER)


def _transfer(number: int, line: Line) -> IncomingTransfer:
    return IncomingTransfer(
        inquiry_number=f"{number:06}",
        posting_date=jst_date(line.booked_at),
        value_date=date.fromisoformat(line.value_on),
        amount=line.amount_yen,
        remitter_name=line.abstract,
        is_cancelled=line.status == LineStatus.CANCELLED,
    )
