"""How far a contractor is: every stage, what stands before what, and words for each."""

import itertools

import pytest

from sandbox.domain.corporate.contract import ContractStatus
from sandbox.domain.corporate.stage import STAGE_TEXTS, Stage, stage_of
from sandbox.domain.corporate.user import BankUser, Role

ACTIVE = ContractStatus.ACTIVE


def user(*, security=False, service=False, role=Role.USER):
    return BankUser(
        contractor_id="c1",
        user_id="u1",
        user_code="Z001",
        name="架空 太郎",
        role=role,
        is_security_administrator=security,
        has_service_right=service,
        rights=frozenset(),
    )


NAMED, SERVING = user(security=True), user(service=True)


@pytest.mark.parametrize(
    ("base", "status", "users", "client", "expected"),
    [
        ("active", None, [], None, Stage.NO_CONTRACT),
        ("active", ContractStatus.APPLIED, [NAMED], "active", Stage.APPLIED),
        ("active", ContractStatus.REFUSED, [], None, Stage.REFUSED),
        ("active", ContractStatus.TERMINATED, [SERVING], "active", Stage.TERMINATED),
        ("active", ACTIVE, [user()], None, Stage.NO_SECURITY_ADMINISTRATOR),
        ("active", ACTIVE, [NAMED], None, Stage.NO_RIGHTS),
        ("active", ACTIVE, [NAMED, SERVING], None, Stage.NOT_ISSUED),
        ("active", ACTIVE, [SERVING], None, Stage.NOT_ISSUED),
        ("active", ACTIVE, [user(service=True, role=Role.ADMIN), NAMED], None, Stage.NO_RIGHTS),
        ("active", ACTIVE, [SERVING], "issued", Stage.ISSUED),
        ("active", ACTIVE, [SERVING], "active", Stage.READY),
        ("active", ACTIVE, [], "active", Stage.READY),
    ],
)
def test_each_stage_names_what_is_missing_next(base, status, users, client, expected):
    assert stage_of(base, status, users, client) is expected


@pytest.mark.requirement("W-27", "W-60")
@pytest.mark.parametrize(
    ("base", "status", "client"),
    [*itertools.product(["suspended", "ended"], [None, *ContractStatus], [None, "active"])],
)
def test_without_the_base_contract_nothing_else_counts(base, status, client):
    assert stage_of(base, status, [NAMED, SERVING], client) is Stage(f"base_{base}")


def test_every_stage_is_said_in_both_languages():
    assert set(STAGE_TEXTS) == set(Stage)
    for ja, en in STAGE_TEXTS.values():
        assert not ja.isascii()
        assert en.isascii()
        assert ja.endswith("。")
        assert en.endswith(".")
