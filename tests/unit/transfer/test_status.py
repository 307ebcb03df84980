"""The whole state table of a transfer request, and of its items."""

import itertools

import pytest

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.transfer.status import (
    APPROVED,
    AWAITING,
    EDITABLE,
    ITEM_TRANSITIONS,
    TRANSITIONS,
    Event,
    ItemEvent,
    ItemStatus,
    Status,
    after,
    item_after,
)

S, E = Status, Event
# What each event may happen to, and what it leads to: said again, apart from the code.
LEGAL = {
    E.SAVE: {None: S.SAVED, S.SAVED: S.SAVED},
    E.REGISTER: dict.fromkeys(
        [None, S.SAVED, S.PULLED_BACK, S.RETURNED, S.APPROVAL_CANCELLED, S.FAILED],
        S.AWAITING_APPROVAL,
    ),
    E.REGISTER_DOUBLE: dict.fromkeys(
        [None, S.SAVED, S.PULLED_BACK, S.RETURNED, S.APPROVAL_CANCELLED, S.FAILED],
        S.AWAITING_FIRST_APPROVAL,
    ),
    E.APPROVE_FIRST: {S.AWAITING_FIRST_APPROVAL: S.AWAITING_FINAL_APPROVAL},
    E.APPROVE: dict.fromkeys([S.AWAITING_APPROVAL, S.AWAITING_FINAL_APPROVAL], S.ACCEPTED),
    E.FAIL_CHECK: dict.fromkeys([S.AWAITING_APPROVAL, S.AWAITING_FINAL_APPROVAL], S.FAILED),
    E.PULL_BACK: dict.fromkeys(AWAITING, S.PULLED_BACK),
    E.RETURN: dict.fromkeys(AWAITING, S.RETURNED),
    E.CANCEL_APPROVAL: dict.fromkeys([S.ACCEPTED, S.RESERVED], S.APPROVAL_CANCELLED),
    E.RESERVE: {S.ACCEPTED: S.RESERVED},
    E.PASS_CUT_OFF: dict.fromkeys(AWAITING, S.EXPIRED),
    E.SETTLE: dict.fromkeys([S.ACCEPTED, S.RESERVED], S.SETTLED),
    E.FAIL_FUNDS: dict.fromkeys([S.ACCEPTED, S.RESERVED], S.FAILED),
    E.DELETE: dict.fromkeys(EDITABLE, S.DELETED),
    E.AGE_OUT: dict.fromkeys([*EDITABLE, S.EXPIRED], S.DELETED),
}


@pytest.mark.parametrize(("status", "event"), [*itertools.product([None, *Status], Event)])
def test_every_pair_is_as_the_table_says_or_illegal(status, event):
    expected = LEGAL[event].get(status)
    if expected is None:
        with pytest.raises(IllegalTransition, match=str(event)):
            after(status, event)
    else:
        assert after(status, event) is expected


def test_no_request_gets_stuck_before_its_end():
    ends = {Status.SETTLED, Status.DELETED}
    for status in set(Status) - ends:
        reached, fresh = {status}, {status}
        while fresh:
            fresh = {TRANSITIONS[key] for key in TRANSITIONS if key[0] in fresh} - reached
            reached |= fresh
        assert reached & ends, status


def test_nothing_happens_to_what_has_ended():
    assert not [key for key in TRANSITIONS if key[0] in (Status.SETTLED, Status.DELETED)]


def test_no_status_is_two_things_at_once():
    assert not EDITABLE & AWAITING
    assert not APPROVED & (EDITABLE | AWAITING)


ITEMS = {
    (ItemStatus.WAITING, ItemEvent.PAY): ItemStatus.PAID,
    (ItemStatus.WAITING, ItemEvent.FIND_UNABLE): ItemStatus.REFUNDED,
    (ItemStatus.PAID, ItemEvent.FIND_UNABLE): ItemStatus.REFUNDED,
    (ItemStatus.PAID, ItemEvent.ASK_RECALL): ItemStatus.RECALL_IN_PROCESS,
    (ItemStatus.RECALL_IN_PROCESS, ItemEvent.AGREE_RECALL): ItemStatus.RECALLED,
    (ItemStatus.RECALL_IN_PROCESS, ItemEvent.REFUSE_RECALL): ItemStatus.RECALL_FAILED,
}


@pytest.mark.parametrize(("status", "event"), [*itertools.product(ItemStatus, ItemEvent)])
def test_every_pair_of_an_item_is_as_the_table_says_or_illegal(status, event):
    expected = ITEMS.get((status, event))
    if expected is None:
        with pytest.raises(IllegalTransition, match=str(event)):
            item_after(status, event)
    else:
        assert item_after(status, event) is expected
    assert len(ITEM_TRANSITIONS) == len(ITEMS)
