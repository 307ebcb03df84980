"""Users of a corporate contract (利用者ID), their roles, and what each role may do (W-34…W-46)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.corporate.contract import Service
from sandbox.domain.errors import BankError


class ActRefused(BankError):
    """この利用者には権限がない"""


class Role(StrEnum):
    ADMIN = "admin"  # 管理専用ID
    DEPUTY_ADMIN = "deputy_admin"  # 管理専用ID（副）
    USER = "user"


class Act(StrEnum):
    NAME_SECURITY_ADMINISTRATOR = "name_security_administrator"
    SET_RIGHTS = "set_rights"
    ISSUE_CLIENT = "issue_client"
    REGISTER_CLIENT = "register_client"
    CONSENT = "consent"
    WITHDRAW_OWN_CONSENT = "withdraw_own_consent"
    WITHDRAW_ANY_CONSENT = "withdraw_any_consent"
    READ_REQUESTS = "read_requests"
    MANAGE_REQUESTS = "manage_requests"  # pull back, delete, ask for a recall
    APPROVE_REQUESTS = "approve_requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankUser:
    contractor_id: str
    user_id: str
    user_code: str
    name: str
    role: Role
    is_security_administrator: bool
    has_service_right: bool
    rights: frozenset[Service]
    limit_per_transaction_yen: int | None = None
    limit_per_item_yen: int | None = None
    # Account ids: the contractor's own or its children's, whatever the right. None: all of the
    # contractor's own, and with the right to read also its children's.
    accounts: frozenset[str] | None = None

    @property
    def is_admin(self) -> bool:
        return self.role in (Role.ADMIN, Role.DEPUTY_ADMIN)

    @property
    def is_service_user(self) -> bool:
        """Tell whether this is a service user (サーバー接続サービス利用者ID)."""
        return self.has_service_right and self.role is Role.USER

    @property
    def page_powers(self) -> frozenset[Service]:
        """What this user may do at the bank's own pages: by the base contract, so neither the
        service right nor the services of the connection count (W-11: ③ is approved there)."""
        return self.rights if self.role is Role.USER else frozenset()

    def may(self, act: Act) -> bool:
        return _MAY[act](self)

    def check(self, act: Act) -> None:
        """Raise ``ActRefused`` where this user may not do it."""
        if not self.may(act):
            raise ActRefused(f"user {self.user_id} may not {act.replace('_', ' ')}")

    def powers(
        self, granted: Collection[Service], contracted: Collection[Service]
    ) -> frozenset[Service]:
        """Return what a grant of this user allows now: what was chosen, as far as the contract
        holds it and the user has the right at this moment (W-45, W-46)."""
        if not self.is_service_user:
            return frozenset()
        return frozenset(granted) & frozenset(contracted) & self.rights


_MAY: Mapping[Act, Callable[[BankUser], bool]] = MappingProxyType(
    {
        Act.NAME_SECURITY_ADMINISTRATOR: lambda user: user.is_admin,  # W-34
        Act.SET_RIGHTS: lambda user: user.is_security_administrator,  # W-35
        Act.ISSUE_CLIENT: lambda user: user.is_service_user,  # W-36, W-38
        Act.REGISTER_CLIENT: lambda user: user.is_service_user,  # W-40
        Act.CONSENT: lambda user: user.is_service_user and bool(user.rights),  # W-36, W-43
        Act.WITHDRAW_OWN_CONSENT: lambda user: user.role is Role.USER,  # W-55
        Act.WITHDRAW_ANY_CONSENT: lambda user: user.is_admin or user.is_security_administrator,
        Act.READ_REQUESTS: lambda user: bool(user.page_powers - {Service.REFERENCE}),
        Act.MANAGE_REQUESTS: lambda user: Service.UPDATE in user.page_powers,
        Act.APPROVE_REQUESTS: lambda user: Service.APPROVAL in user.page_powers,
    }
)
