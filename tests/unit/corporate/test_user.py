"""What each role may do: every combination of role and flags, for every act."""

import itertools
from dataclasses import replace

import pytest

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.user import Act, ActRefused, BankUser, Role

ALL = frozenset(Service)
PLAIN = BankUser(
    contractor_id="c1",
    user_id="user01",
    user_code="Z001",
    name="架空 太郎",
    role=Role.USER,
    is_security_administrator=False,
    has_service_right=False,
    rights=frozenset(),
)
# The least that makes each act possible; of several ways, any one will do.
NEEDED = {
    Act.NAME_SECURITY_ADMINISTRATOR: {"role": (Role.ADMIN, Role.DEPUTY_ADMIN)},
    Act.SET_RIGHTS: {"is_security_administrator": (True,)},
    Act.ISSUE_CLIENT: {"role": (Role.USER,), "has_service_right": (True,)},
    Act.REGISTER_CLIENT: {"role": (Role.USER,), "has_service_right": (True,)},
    Act.CONSENT: {"role": (Role.USER,), "has_service_right": (True,), "rights": (ALL,)},
    Act.WITHDRAW_OWN_CONSENT: {"role": (Role.USER,)},
    Act.WITHDRAW_ANY_CONSENT: (
        {"role": (Role.ADMIN, Role.DEPUTY_ADMIN)},
        {"is_security_administrator": (True,)},
    ),
    Act.READ_REQUESTS: {"role": (Role.USER,), "rights": (ALL,)},
    Act.MANAGE_REQUESTS: {"role": (Role.USER,), "rights": (ALL,)},
    Act.APPROVE_REQUESTS: {"role": (Role.USER,), "rights": (ALL,)},
}


@pytest.mark.requirement("W-34", "W-35", "W-36", "W-43")
@pytest.mark.parametrize(
    ("role", "security", "service", "rights", "act"),
    [*itertools.product(Role, [False, True], [False, True], [frozenset(), ALL], Act)],
)
def test_each_may_do_what_the_role_gives_and_nothing_else(role, security, service, rights, act):
    user = replace(
        PLAIN,
        role=role,
        is_security_administrator=security,
        has_service_right=service,
        rights=rights,
    )
    ways = NEEDED[act] if isinstance(NEEDED[act], tuple) else (NEEDED[act],)
    expected = any(
        all(getattr(user, name) in values for name, values in way.items()) for way in ways
    )
    assert user.may(act) is expected
    if not expected:
        with pytest.raises(ActRefused, match="user01"):
            user.check(act)


@pytest.mark.requirement("W-45", "W-46")
@pytest.mark.parametrize(
    ("granted", "contracted", "rights", "expected"),
    [
        (ALL, ALL, ALL, ALL),
        ({Service.REFERENCE}, ALL, ALL, {Service.REFERENCE}),
        (ALL, {Service.REFERENCE}, ALL, {Service.REFERENCE}),
        (ALL, ALL, {Service.UPDATE}, {Service.UPDATE}),
        ({Service.APPROVAL}, ALL, {Service.REFERENCE}, set()),
        (ALL, ALL, set(), set()),
    ],
)
def test_a_grant_allows_what_all_three_hold(granted, contracted, rights, expected):
    user = replace(PLAIN, has_service_right=True, rights=frozenset(rights))
    assert user.powers(granted, contracted) == expected


@pytest.mark.requirement("W-36")
def test_without_the_service_right_no_right_counts():
    assert replace(PLAIN, rights=ALL).powers(ALL, ALL) == frozenset()


@pytest.mark.parametrize(
    ("rights", "acts"),
    [
        ({Service.REFERENCE}, set()),
        ({Service.UPDATE}, {Act.READ_REQUESTS, Act.MANAGE_REQUESTS}),
        ({Service.APPROVAL}, {Act.READ_REQUESTS, Act.APPROVE_REQUESTS}),
    ],
)
def test_at_the_banks_pages_each_right_opens_its_own_acts(rights, acts):
    user = replace(PLAIN, rights=frozenset(rights))
    asked = (Act.READ_REQUESTS, Act.MANAGE_REQUESTS, Act.APPROVE_REQUESTS)
    assert {act for act in asked if user.may(act)} == acts
