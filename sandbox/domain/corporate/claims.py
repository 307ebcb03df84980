"""What a bank with service contracts tells of a signed-in user: the user's own data and the firm's.

Name, kana and addresses are the fixtures'. Phone numbers and e-mail are nobody's: drawn from the
world's seed, at an example domain and in a range that is given to no one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from sandbox.domain.corporate.user import BankUser, Role
from sandbox.domain.oauth.personal import address_claim

Claims: TypeAlias = dict[str, Any]
# What userinfo tells beside ``sub``.
USER_CLAIMS = (
    *("user_name", "nickname", "zoneinfo", "locale", "phone_number", "email", "email_verified"),
    *("address", "option"),
)


class AdministratorClass(StrEnum):
    """管理者権限区分"""

    NONE = "0"
    ADMIN = "1"  # 管理専用ID
    DEPUTY_ADMIN = "2"  # 管理専用ID（副）
    SECURITY = "3"  # セキュリティ管理者


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmData:
    """The contractor's own data. Kana in half width."""

    name: str
    name_kana: str
    address: str
    address_kana: str
    phone: str


def user_claims(user: BankUser, firm: FirmData, *, email: str, phone: str) -> Claims:
    """Return what userinfo tells of a user (specs: web21 §3.5), but for ``sub``."""
    return {
        "user_name": user.name,
        "nickname": user.user_code,
        "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
        "phone_number": phone,
        "email": email,
        "email_verified": True,
        "address": address_claim(firm.address),
        "option": {
            "kigyo_kana": firm.name_kana,
            "kigyo_kanji": firm.name,
            "kigyo_kana_jusho": firm.address_kana,
            "kigyo_tel_no": firm.phone,
            "kanrisha_kengen_kbn": administrator_class(user).value,
            "riyo_login_id": user.user_id,
        },
    }


def administrator_class(user: BankUser) -> AdministratorClass:
    if user.role is Role.ADMIN:
        return AdministratorClass.ADMIN
    if user.role is Role.DEPUTY_ADMIN:
        return AdministratorClass.DEPUTY_ADMIN
    is_security = user.is_security_administrator
    return AdministratorClass.SECURITY if is_security else AdministratorClass.NONE
