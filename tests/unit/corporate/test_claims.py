"""What is told of a corporate user: which class of administrator the user is."""

from dataclasses import replace

import pytest

from sandbox.domain.corporate.claims import USER_CLAIMS, FirmData, administrator_class, user_claims
from sandbox.domain.corporate.user import BankUser, Role

USER = BankUser(
    contractor_id="c1",
    user_id="user01",
    user_code="Z001",
    name="架空 太郎",
    role=Role.USER,
    is_security_administrator=False,
    has_service_right=True,
    rights=frozenset(),
)
FIRM = FirmData(name="架空", name_kana="ｶｸｳ", address="どこか", address_kana="ﾄﾞｺｶ", phone="+81 50")


@pytest.mark.parametrize(
    ("role", "is_security", "expected"),
    [
        (Role.USER, False, "0"),
        (Role.ADMIN, False, "1"),
        (Role.ADMIN, True, "1"),
        (Role.DEPUTY_ADMIN, True, "2"),
        (Role.USER, True, "3"),
    ],
)
def test_the_class_of_administrator_is_the_highest(role, is_security, expected):
    user = replace(USER, role=role, is_security_administrator=is_security)
    assert administrator_class(user) == expected
    claims = user_claims(user, FIRM, email="user@example.com", phone="+81 90")
    assert claims["option"]["kanrisha_kengen_kbn"] == expected
    assert tuple(claims) == USER_CLAIMS


def test_an_address_that_cannot_be_taken_apart_stays_whole():
    claims = user_claims(USER, FIRM, email="user@example.com", phone="+81 90")
    assert claims["address"] == {"formatted": "どこか", "street_address": "どこか", "country": "JP"}
    assert claims["option"]["kigyo_kana_jusho"] == "ﾄﾞｺｶ"
