"""What a settled request moves (資金決済): from the remitter to the bank, from there onwards.

The remitter is debited in one posting. What goes to accounts of the bank itself waits in
``CLEARING`` until it is credited there; what goes to others has left for ``INTERBANK``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from sandbox.domain.account import AccountState, AccountType
from sandbox.domain.banks import BankMaster
from sandbox.domain.ledger import Leg, Posting
from sandbox.domain.transfer.fee import Charge, FeeSchedule, charge
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.window import Kind

CLEARING, INTERBANK = "transfer_clearing", "interbank"
FEE_INCOME, CONSUMPTION_TAX = "fee_income", "consumption_tax"
REFUND = "振込資金返却"

# 取引内容 and 摘要 of the debit
_DEBITS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.TRANSFER: ("振込", "ﾌﾘｺﾐ"),
        Kind.BULK: ("総合振込", "ｿｳｺﾞｳﾌﾘｺﾐ"),
        Kind.PAYROLL: ("給与振込", "ｷﾕｳﾖﾌﾘｺﾐ"),
        Kind.BONUS: ("賞与振込", "ｼﾖｳﾖﾌﾘｺﾐ"),
    }
)
# 預金種目 of the files, as the books call it
ACCOUNT_TYPES: Mapping[str, AccountType] = MappingProxyType(
    {"01": AccountType.ORDINARY, "02": AccountType.CURRENT, "04": AccountType.SAVINGS}
)
_STATE_CODES: Mapping[AccountState, Code] = MappingProxyType(
    {
        AccountState.CLOSED: Code.ACCOUNT_CLOSED,
        AccountState.FROZEN: Code.ACCOUNT_RESTRICTED,
        AccountState.RESTRICTED: Code.ACCOUNT_RESTRICTED,
    }
)


def charge_of(
    schedule: FeeSchedule, amount_yen: int, *, is_own_bank: bool, beneficiary_pays: bool
) -> Charge | None:
    """Return what an item pays and costs; None where the fee would leave nothing of it."""
    try:
        return charge(
            schedule, amount_yen, is_own_bank=is_own_bank, beneficiary_pays=beneficiary_pays
        )
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a request takes from its account. ``own_yen`` and ``other_yen`` go on to the banks."""

    total_yen: int  # of the items, as they were ordered
    fees_yen: int
    own_yen: int
    other_yen: int
    beneficiary_pays: bool

    @property
    def debit_yen(self) -> int:
        """Return what the account has to cover."""
        return self.total_yen + (0 if self.beneficiary_pays else self.fees_yen)


class Tally(NamedTuple):
    """Items of one request that cost the same. ``bearing``: those worth more than their fee."""

    is_own_bank: bool
    fee_yen: int
    items: int
    amount_yen: int
    bearing: int


def bill_of(tallies: Iterable[Tally], *, beneficiary_pays: bool) -> Bill:
    """Return the bill of a whole request. What cannot bear its fee costs none."""
    amounts, paid, fees_yen = 0, {True: 0, False: 0}, 0
    for tally in tallies:
        charged = tally.fee_yen * (tally.bearing if beneficiary_pays else tally.items)
        amounts += tally.amount_yen
        paid[tally.is_own_bank] += tally.amount_yen - (charged if beneficiary_pays else 0)
        fees_yen += charged
    return Bill(
        total_yen=amounts,
        fees_yen=fees_yen,
        own_yen=paid[True],
        other_yen=paid[False],
        beneficiary_pays=beneficiary_pays,
    )


def debit_posting(account: int, kind: Kind, bill: Bill, day: date) -> Posting:
    """Return the posting that takes total and fees, each a line of its own."""
    content, abstract = _DEBITS[kind]
    legs = [_leg(account, -bill.total_yen, content, abstract, day)]
    if bill.fees_yen and not bill.beneficiary_pays:
        legs.append(_leg(account, -bill.fees_yen, "振込手数料", "ﾌﾘｺﾐﾃｽｳﾘﾖｳ", day))
    contra = {CLEARING: bill.own_yen, INTERBANK: bill.other_yen, FEE_INCOME: bill.fees_yen}
    return Posting(
        kind="transfer_debit",
        legs=tuple(legs),
        contra=tuple((code, yen) for code, yen in contra.items() if yen),
    )


def _leg(account: int, amount_yen: int, content: str, abstract: str, day: date) -> Leg:
    return Leg(
        account=account, amount_yen=amount_yen, content=content, abstract=abstract, value_on=day
    )


def credit_posting(credits: Iterable[tuple[int, int]], remitter_name: str, day: date) -> Posting:
    """Return the posting that credits (account, yen) of the bank's own."""
    legs = tuple(_leg(account, yen, "振込", remitter_name, day) for account, yen in credits)
    paid_yen = sum(leg.amount_yen for leg in legs)
    return Posting(kind="transfer_credit", legs=legs, contra=((CLEARING, -paid_yen),))


def refund_posting(account: int, refunds: Iterable[tuple[bool, int]], day: date) -> Posting:
    """Return the posting that gives (to the own bank, yen) items back, one line each."""
    sources = {True: 0, False: 0}
    legs = []
    for is_own, yen in refunds:
        sources[is_own] -= yen
        legs.append(_leg(account, yen, REFUND, REFUND, day))
    contra = ((CLEARING, sources[True]), (INTERBANK, sources[False]))
    return Posting(
        kind="transfer_refund",
        legs=tuple(legs),
        contra=tuple((code, yen) for code, yen in contra if yen),
    )


def recall_posting(account: int, beneficiary: int | None, yen: int, day: date) -> Posting:
    """Return the posting of an agreed recall; ``beneficiary``: an account of the own bank."""
    credit = _leg(account, yen, "組戻", "ｸﾐﾓﾄﾞｼ", day)
    if beneficiary is None:
        return Posting(kind="transfer_recall", legs=(credit,), contra=((INTERBANK, -yen),))
    debit = _leg(beneficiary, -yen, "組戻", "ｸﾐﾓﾄﾞｼ", day)
    return Posting(kind="transfer_recall", legs=(debit, credit))


def contract_fee_posting(account: int, fee_yen: int, tax_yen: int, day: date) -> Posting:
    """Return the posting of a month's contract fee and the tax on it (W-18, W-19)."""
    legs = [_leg(account, -fee_yen, "契約料", "ｹｲﾔｸﾘﾖｳ", day)]
    if tax_yen:
        legs.append(_leg(account, -tax_yen, "消費税", "ｼﾖｳﾋｾﾞｲ", day))
    contra = ((FEE_INCOME, fee_yen), (CONSUMPTION_TAX, tax_yen))
    return Posting(
        kind="contract_fee",
        legs=tuple(legs),
        contra=tuple((code, yen) for code, yen in contra if yen),
    )


def account_problem(state: AccountState) -> Code | None:
    """Return why an account in this state pays nothing, or None."""
    return _STATE_CODES.get(state)


class Payee(NamedTuple):
    """Where an item goes, as the books know it when it is paid.

    ``account``, ``state``: of the own bank's account of that number, if there is one.
    ``scripted``: why a test wants it to fail.
    """

    position: int
    bank_code: str
    branch_code: str
    amount_yen: int
    account: int | None
    state: str | None
    scripted: str | None


def unable_reason(payee: Payee, own_bank_code: str, master: BankMaster) -> str | None:
    """Return why an item cannot be paid (不能), or None."""
    if payee.scripted is not None:
        return payee.scripted
    if payee.bank_code == own_bank_code:
        if payee.account is None:
            return "no_such_account"
        # An order against its holder does not keep money out.
        is_shut = payee.state in (AccountState.CLOSED, AccountState.FROZEN)
        return f"account_{payee.state}" if is_shut else None
    if not master.has_bank(payee.bank_code):
        return "no_such_bank"
    has_branch = master.has_branch(payee.bank_code, payee.branch_code)
    return None if has_branch else "no_such_branch"
