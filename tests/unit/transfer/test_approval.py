"""Approval: how many, by whom, and up to which amount."""

import pytest

from sandbox.domain.transfer.approval import (
    ApprovalRule,
    Approver,
    NotDesignatedApprover,
    Pattern,
    Signatures,
    effective,
)
from sandbox.domain.transfer.status import Event, Status

SINGLE, DOUBLE = Pattern.SINGLE, Pattern.DOUBLE


@pytest.mark.parametrize(
    ("own", "threshold", "asked", "total", "expected"),
    [
        (SINGLE, None, None, 10**12, SINGLE),
        (SINGLE, 10_000_000, None, 9_999_999, SINGLE),
        (SINGLE, 10_000_000, None, 10_000_000, DOUBLE),
        (SINGLE, 10_000_000, SINGLE, 10_000_000, DOUBLE),
        (SINGLE, None, DOUBLE, 1, DOUBLE),
        (DOUBLE, None, SINGLE, 1, DOUBLE),
    ],
)
def test_a_request_may_ask_for_more_eyes_and_never_for_fewer(
    own, threshold, asked, total, expected
):
    rule = ApprovalRule(pattern=own, double_from_yen=threshold)
    assert rule.pattern_of(asked, total) is expected


@pytest.mark.parametrize(
    ("total", "item", "expected"),
    [
        (1_000, 500, None),
        (1_001, 500, "credit_upper_limit_per_transaction"),
        (1_000, 501, "credit_upper_limit_per_item"),
        (1_001, 501, "credit_upper_limit_per_transaction"),
    ],
)
def test_an_approver_stops_at_the_own_limits(total, item, expected):
    approver = Approver(user_code="Z001", limit_per_transaction_yen=1_000, limit_per_item_yen=500)
    assert approver.exceeded(total, item) == expected


def test_an_approver_without_limits_approves_anything():
    free = Approver(user_code="Z001", limit_per_transaction_yen=None, limit_per_item_yen=None)
    assert free.exceeded(10**12, 10**10) is None


def signatures(first=None, second=None, approved=()):
    return Signatures(
        requester="Z001", first_approver=first, second_approver=second, approved_by=approved
    )


FIRST, FINAL, ONLY = (
    Status.AWAITING_FIRST_APPROVAL,
    Status.AWAITING_FINAL_APPROVAL,
    Status.AWAITING_APPROVAL,
)


@pytest.mark.parametrize(
    ("signed", "status", "user", "event"),
    [
        (signatures(), ONLY, "Z002", Event.APPROVE),
        (signatures(), FIRST, "Z002", Event.APPROVE_FIRST),
        (signatures(approved=("Z002",)), FINAL, "Z003", Event.APPROVE),
        (signatures("Z002", "Z003"), FIRST, "Z002", Event.APPROVE_FIRST),
        (signatures("Z002", "Z003", ("Z002",)), FINAL, "Z003", Event.APPROVE),
        (signatures("Z002"), ONLY, "Z002", Event.APPROVE),
    ],
)
def test_who_may_approve_does(signed, status, user, event):
    assert signed.check(status, user, requester_may_approve=False) is event


@pytest.mark.parametrize(
    ("signed", "status", "user", "why"),
    [
        (signatures(), ONLY, "Z001", "requester"),
        (signatures("Z001"), ONLY, "Z001", "requester"),
        (signatures(approved=("Z002",)), FINAL, "Z002", "twice"),
        (signatures("Z002", "Z003"), FIRST, "Z003", "designated"),
        (signatures("Z002", "Z003", ("Z002",)), FINAL, "Z004", "designated"),
        (signatures("Z002"), ONLY, "Z003", "designated"),
    ],
)
def test_who_may_not_is_told_why(signed, status, user, why):
    with pytest.raises(NotDesignatedApprover, match=why):
        signed.check(status, user, requester_may_approve=False)


def test_a_bank_may_let_the_requester_approve():
    assert signatures().check(ONLY, "Z001", requester_may_approve=True) is Event.APPROVE


def test_a_designated_approver_may_return_and_where_none_is_anyone():
    assert signatures().may_return("Z009")
    assert signatures("Z002", "Z003").may_return("Z003")
    assert not signatures("Z002").may_return("Z003")


@pytest.mark.requirement("W-45", "W-46")
@pytest.mark.parametrize(
    ("services", "rights", "expected"),
    [
        (["ref", "upd"], ["ref"], {"ref"}),
        (["ref"], ["ref", "upd"], {"ref"}),
        (["appr"], ["ref"], set()),
        (["ref", "upd"], ["upd", "ref"], {"ref", "upd"}),
    ],
)
def test_a_token_does_what_was_granted_as_far_as_the_user_may_today(services, rights, expected):
    assert effective(services, rights) == expected
