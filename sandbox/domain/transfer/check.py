"""Whether a draft can be registered: every error at once, and what else is worth a look.

Pure: a draft and what it is held to go in, a ``Checked`` comes out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from sandbox.domain.banks import BankMaster
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.kana import TextClass
from sandbox.domain.time import Instant, jst_date
from sandbox.domain.transfer.approval import Pattern
from sandbox.domain.transfer.contract import RemittingAccount, TransferContract
from sandbox.domain.transfer.draft import TOTAL_MAX, Draft, Item
from sandbox.domain.transfer.fee import FeeSchedule, in_force
from sandbox.domain.transfer.fields import (
    NAME_BYTES,
    REMITTER_NAME_BYTES,
    header_findings,
    invalid,
    item_findings,
    name_class,
    named,
)
from sandbox.domain.transfer.finding import MOST_FINDINGS, Code, Finding
from sandbox.domain.transfer.policy import Totals, TransferPolicy
from sandbox.domain.transfer.settlement import charge_of
from sandbox.domain.transfer.window import WINDOWS, DateOutOfWindow, NotBusinessDay, nearest

_PATTERNS = {pattern.value: pattern for pattern in Pattern}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a draft is held to, at one moment. ``requester``: the sender's user code."""

    contract: TransferContract
    policy: TransferPolicy
    calendar: BankCalendar
    master: BankMaster
    schedules: tuple[FeeSchedule, ...]
    requester: str
    now: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft that has no errors, with its names as the wire takes them.

    ``converted``: one finding for each name that was changed; ``totals``: where totals that do
    not fit are no error.
    """

    draft: Draft
    account: RemittingAccount
    designated_on: date
    pattern: Pattern
    converted: tuple[Finding, ...]
    totals: tuple[Finding, ...]
    total_yen: int


def check(draft: Draft, held_to: Circumstances) -> Checked | tuple[Finding, ...]:
    """Return the draft ready for registration, or the errors that refuse it."""
    total_yen = draft.total_yen  # of up to twenty thousand items: once is enough
    cleaned, converted, errors = _named(draft)
    errors = [*header_findings(draft), *errors]
    errors += _item_errors(draft, held_to, total_yen)
    account, more = _account(cleaned, held_to.contract)
    errors += more
    designated_on, wrong_day = _designated(draft, held_to)
    if wrong_day is not None:
        errors.append(wrong_day)
    pattern = held_to.contract.rule.pattern_of(_asked_pattern(draft), total_yen)
    errors += _approvers(draft, held_to, pattern)
    totals = tuple(_totals(draft, total_yen))
    if held_to.policy.totals_mismatch is Totals.ERROR:
        errors, totals = [*errors, *totals], ()
    if designated_on is not None and not errors:
        errors += _eaten_by_fee(draft, held_to, designated_on)
    if errors or account is None or designated_on is None:
        return tuple(errors[:MOST_FINDINGS])
    return Checked(
        draft=cleaned,
        account=account,
        designated_on=designated_on,
        pattern=pattern,
        converted=tuple(converted),
        totals=totals,
        total_yen=total_yen,
    )


# Names


def _named(draft: Draft) -> tuple[Draft, list[Finding], list[Finding]]:
    """Return the draft with its names converted, (warnings) of that, and (errors)."""
    warnings: list[Finding] = []
    errors: list[Finding] = []
    text_class = name_class(draft.kind)
    items = list(draft.items)
    for place, item in enumerate(items):
        name = named(item.beneficiary_name, text_class, NAME_BYTES)
        if name is None:
            errors.append(_bad_name("beneficiary_name", NAME_BYTES, item.item_id))
        elif name != item.beneficiary_name:
            items[place] = item._replace(beneficiary_name=name)
            warnings.append(_converted("beneficiary_name", name, item.item_id))
        if len(errors) >= MOST_FINDINGS:
            break
    # Whoever pays is a firm also where the paid are people: the contract decides on the name.
    remitter = named(draft.remitter_name, TextClass.PARTY_NAME, REMITTER_NAME_BYTES)
    if remitter is None:
        errors.insert(0, _bad_name("remitter_name", REMITTER_NAME_BYTES))
        remitter = ""
    elif remitter != draft.remitter_name:
        warnings.insert(0, _converted("remitter_name", remitter))
    if warnings or errors:
        draft = replace(draft, remitter_name=remitter, items=tuple(items))
    return draft, warnings, errors


def _bad_name(field: str, most_bytes: int, item_id: str | None = None) -> Finding:
    message = f"使用できない文字があるか、1から{most_bytes}バイトではありません"
    return invalid(field, message, item_id)


def _converted(field: str, name: str, item_id: str | None = None) -> Finding:
    message = f"「{name}」に変換しました"
    return Finding(code=Code.CONVERTED, field=field, message=message, item_id=item_id)


# Items


def _item_errors(draft: Draft, held_to: Circumstances, total_yen: int) -> list[Finding]:
    if not draft.items:
        return [invalid("transactions", "明細がありません")]
    most = held_to.policy.most_items_of(held_to.contract.plan, draft.kind)
    if len(draft.items) > most:
        message = f"明細は{most}件までです"
        return [Finding(code=Code.TOO_MANY_ITEMS, field="transactions", message=message)]
    found: list[Finding] = []
    with_edi = draft.extension_edi_utilization_flag
    for item in draft.items:
        found.extend(item_findings(item, draft.kind, with_edi=with_edi))
        if len(found) >= MOST_FINDINGS:
            return found
    found += _repeated_ids(draft.items)
    if total_yen > TOTAL_MAX:
        found.append(invalid("total_amount", f"合計金額は{TOTAL_MAX}円までです"))
    return found


def _repeated_ids(items: tuple[Item, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for item in items:
        number = item.item_id.lstrip("0")
        if number in seen:
            yield invalid("item_id", "明細番号が重複しています", item.item_id)
        seen.add(number)


def _totals(draft: Draft, total_yen: int) -> Iterator[Finding]:
    sums = {"total_count": len(draft.items), "total_amount": total_yen}
    for field, expected in sums.items():
        if getattr(draft, field) not in (None, expected):
            message = f"明細の合計（{expected}）と一致しません"
            yield Finding(code=Code.TOTALS_MISMATCH, field=field, message=message)


def _eaten_by_fee(draft: Draft, held_to: Circumstances, designated_on: date) -> Iterator[Finding]:
    """An item that the fee would leave nothing of (先方負担)."""
    contract = held_to.contract
    if not contract.beneficiary_pays:
        return
    schedule = in_force(held_to.schedules, designated_on)
    for item in draft.items:
        is_own = item.beneficiary_bank_code == contract.bank_code
        if (
            charge_of(schedule, item.transfer_amount, is_own_bank=is_own, beneficiary_pays=True)
            is None
        ):
            yield invalid("transfer_amount", "振込手数料を差し引けません", item.item_id)


# Account, day and approvers


def _account(
    draft: Draft, contract: TransferContract
) -> tuple[RemittingAccount | None, list[Finding]]:
    """Return the account that pays; it and the remitter must be of the contract."""
    if draft.remitting_bank_code != contract.bank_code:
        return None, [invalid("remitting_bank_code", "当行の金融機関コードではありません")]
    named = (
        draft.remitting_branch_code,
        draft.remitting_account_type_code,
        draft.remitting_account_number,
    )
    for account in contract.accounts:
        if (account.branch_code, account.account_type_code, account.account_number) == named:
            break
    else:
        field, message = "remitting_account_number", "ご契約の口座ではありません"
        return None, [Finding(code=Code.ACCOUNT_NOT_FOUND, field=field, message=message)]
    if (draft.remitter_code, draft.remitter_name) in account.remitters:
        return account, []
    field, message = "remitter_code", "この口座の振込依頼人ではありません"
    return account, [Finding(code=Code.UNKNOWN_REMITTER, field=field, message=message)]


def _designated(draft: Draft, held_to: Circumstances) -> tuple[date | None, Finding | None]:
    """Return the designated day, or what is wrong with it."""
    try:
        day = nearest(draft.effort_date, jst_date(held_to.now))
    except ValueError:
        return None, invalid("effort_date", "存在しない日付です")
    field = "effort_date"
    try:
        WINDOWS[draft.kind].check(held_to.calendar, day, held_to.now)
    except NotBusinessDay:
        code, message = Code.NOT_BUSINESS_DAY, f"{day}は銀行営業日ではありません"
    except (DateOutOfWindow, CalendarHorizon):
        code, message = Code.DATE_OUT_OF_WINDOW, f"{day}は受付期間外です"
    else:
        return day, None
    return None, Finding(code=code, field=field, message=message)


def _asked_pattern(draft: Draft) -> Pattern | None:
    return _PATTERNS.get(draft.approval_pattern_type)


def _approvers(draft: Draft, held_to: Circumstances, pattern: Pattern) -> Iterator[Finding]:
    """Name what is wrong with who shall approve: nobody is asked in vain."""
    if draft.approval_pattern_type and _asked_pattern(draft) is None:
        yield invalid("approval_pattern_type", "指定できない承認パターンです")
    rule = held_to.contract.rule
    if draft.second_approver_code and pattern is not Pattern.DOUBLE:
        yield invalid("second_approver_code", "ダブル承認のときだけ指定できます")
    elif draft.second_approver_code and draft.second_approver_code == draft.first_approver_code:
        yield invalid("second_approver_code", "一次承認者と異なる承認者を指定してください")
    for field in ("first_approver_code", "second_approver_code"):
        code = getattr(draft, field)
        if code and code not in held_to.contract.approvers:
            yield invalid(field, "承認権限のある利用者ではありません")
        elif code and code == held_to.requester and not rule.requester_may_approve:
            yield invalid(field, "依頼者は承認できません")
