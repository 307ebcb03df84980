"""The life of a transfer request (振込依頼) and of its items, as tables (specs: web21 §6).

Every pair that a table does not hold is illegal. Names are the same for every bank; each bank has
its own codes for them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.errors import IllegalTransition


class Status(StrEnum):
    SAVED = "saved"  # 保存中
    AWAITING_APPROVAL = "awaiting_approval"  # 承認待ち
    AWAITING_FIRST_APPROVAL = "awaiting_first_approval"  # 一次承認待ち
    AWAITING_FINAL_APPROVAL = "awaiting_final_approval"  # 最終承認待ち
    PULLED_BACK = "pulled_back"  # 引戻済み
    RETURNED = "returned"  # 差戻済み
    APPROVAL_CANCELLED = "approval_cancelled"  # 承認取消済み
    ACCEPTED = "accepted"  # 受付済み
    RESERVED = "reserved"  # 予約中
    SETTLED = "settled"  # 処理済み
    FAILED = "failed"  # エラー
    EXPIRED = "expired"  # 期限切れ
    DELETED = "deleted"  # 削除済み


class Event(StrEnum):
    SAVE = "save"  # sent with warnings that nobody has accepted yet
    REGISTER = "register"  # for single approval
    REGISTER_DOUBLE = "register_double"  # for double approval
    APPROVE_FIRST = "approve_first"
    APPROVE = "approve"
    FAIL_CHECK = "fail_check"  # the approval found a limit exceeded, or an account closed
    PULL_BACK = "pull_back"
    RETURN = "return"
    CANCEL_APPROVAL = "cancel_approval"
    RESERVE = "reserve"  # the acceptance run, for a date to come
    PASS_CUT_OFF = "pass_cut_off"
    SETTLE = "settle"
    FAIL_FUNDS = "fail_funds"
    DELETE = "delete"
    AGE_OUT = "age_out"  # 70 days after the last act


EDITABLE = frozenset(
    {
        Status.SAVED,
        Status.PULLED_BACK,
        Status.RETURNED,
        Status.APPROVAL_CANCELLED,
        Status.FAILED,
    }
)
AWAITING = frozenset(
    {
        Status.AWAITING_APPROVAL,
        Status.AWAITING_FIRST_APPROVAL,
        Status.AWAITING_FINAL_APPROVAL,
    }
)
AWAITING_LAST = AWAITING - {Status.AWAITING_FIRST_APPROVAL}
APPROVED = frozenset({Status.ACCEPTED, Status.RESERVED})


def _each(
    states: frozenset[Status], event: Event, after: Status
) -> dict[tuple[Status | None, Event], Status]:
    return {(status, event): after for status in states}


TRANSITIONS: Mapping[tuple[Status | None, Event], Status] = MappingProxyType(
    {
        (None, Event.SAVE): Status.SAVED,
        (None, Event.REGISTER): Status.AWAITING_APPROVAL,
        (None, Event.REGISTER_DOUBLE): Status.AWAITING_FIRST_APPROVAL,
        (Status.SAVED, Event.SAVE): Status.SAVED,
        **_each(EDITABLE, Event.REGISTER, Status.AWAITING_APPROVAL),
        **_each(EDITABLE, Event.REGISTER_DOUBLE, Status.AWAITING_FIRST_APPROVAL),
        (Status.AWAITING_FIRST_APPROVAL, Event.APPROVE_FIRST): Status.AWAITING_FINAL_APPROVAL,
        **_each(AWAITING_LAST, Event.APPROVE, Status.ACCEPTED),
        **_each(AWAITING_LAST, Event.FAIL_CHECK, Status.FAILED),
        **_each(AWAITING, Event.PULL_BACK, Status.PULLED_BACK),
        **_each(AWAITING, Event.RETURN, Status.RETURNED),
        **_each(AWAITING, Event.PASS_CUT_OFF, Status.EXPIRED),
        (Status.ACCEPTED, Event.RESERVE): Status.RESERVED,
        **_each(APPROVED, Event.CANCEL_APPROVAL, Status.APPROVAL_CANCELLED),
        **_each(APPROVED, Event.SETTLE, Status.SETTLED),
        **_each(APPROVED, Event.FAIL_FUNDS, Status.FAILED),
        **_each(EDITABLE, Event.DELETE, Status.DELETED),
        **_each(EDITABLE | {Status.EXPIRED}, Event.AGE_OUT, Status.DELETED),
    }
)


def after(status: Status | None, event: Event) -> Status:
    """Return the status that ``event`` leads to; ``status`` None: there is no request yet.

    Raises:
        IllegalTransition: the event cannot happen to a request in this status.
    """
    following = TRANSITIONS.get((status, event))
    if following is None:
        raise IllegalTransition(
            f"{event} cannot happen to a request that is {status or 'not made'}"
        )
    return following


class ItemStatus(StrEnum):
    """One payment of a request, once the request is on its way."""

    WAITING = "waiting"
    PAID = "paid"
    REFUNDED = "refunded"  # 不能・資金返却: the beneficiary's bank could not pay
    RECALL_IN_PROCESS = "recall_in_process"  # 組戻手続中
    RECALLED = "recalled"  # 組戻済み
    RECALL_FAILED = "recall_failed"  # 組戻不成立


class ItemEvent(StrEnum):
    PAY = "pay"
    FIND_UNABLE = "find_unable"
    ASK_RECALL = "ask_recall"
    AGREE_RECALL = "agree_recall"
    REFUSE_RECALL = "refuse_recall"


ITEM_TRANSITIONS: Mapping[tuple[ItemStatus, ItemEvent], ItemStatus] = MappingProxyType(
    {
        (ItemStatus.WAITING, ItemEvent.PAY): ItemStatus.PAID,
        (ItemStatus.WAITING, ItemEvent.FIND_UNABLE): ItemStatus.REFUNDED,
        (ItemStatus.PAID, ItemEvent.FIND_UNABLE): ItemStatus.REFUNDED,
        (ItemStatus.PAID, ItemEvent.ASK_RECALL): ItemStatus.RECALL_IN_PROCESS,
        (ItemStatus.RECALL_IN_PROCESS, ItemEvent.AGREE_RECALL): ItemStatus.RECALLED,
        (ItemStatus.RECALL_IN_PROCESS, ItemEvent.REFUSE_RECALL): ItemStatus.RECALL_FAILED,
    }
)


def item_after(status: ItemStatus, event: ItemEvent) -> ItemStatus:
    """Return the status of an item after ``event``.

    Raises:
        IllegalTransition: the event cannot happen to an item in this status.
    """
    following = ITEM_TRANSITIONS.get((status, event))
    if following is None:
        raise IllegalTransition(f"{event} cannot happen to an item that is {status}")
    return following
