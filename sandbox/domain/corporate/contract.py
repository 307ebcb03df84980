"""The contract on the server connection (サーバー接続サービス契約), from application to its end.

It stands on a base contract (corporate internet banking): without that it can neither begin nor
go on (W-1, W-27, W-60).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.corporate.plan import Plan
from sandbox.domain.errors import BankError, IllegalTransition
from sandbox.domain.transfer.approval import ApprovalRule, Pattern

PURPOSE_MAX, FORM_MAX = 200, 100


class Service(StrEnum):
    """What a contractor can choose (②, ③, ④ of the terms)."""

    REFERENCE = "reference"
    UPDATE = "update"  # without approval
    APPROVAL = "approval"


class ContractStatus(StrEnum):
    APPLIED = "applied"
    ACTIVE = "active"
    REFUSED = "refused"
    TERMINATED = "terminated"


class ContractEvent(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    CHANGE = "change"  # of the services chosen, by a written request (W-29)
    TERMINATE = "terminate"


TRANSITIONS: Mapping[tuple[ContractStatus, ContractEvent], ContractStatus] = MappingProxyType(
    {
        (ContractStatus.APPLIED, ContractEvent.ACCEPT): ContractStatus.ACTIVE,
        (ContractStatus.APPLIED, ContractEvent.REFUSE): ContractStatus.REFUSED,
        (ContractStatus.ACTIVE, ContractEvent.CHANGE): ContractStatus.ACTIVE,
        (ContractStatus.ACTIVE, ContractEvent.TERMINATE): ContractStatus.TERMINATED,
    }
)


class ApplicationIncomplete(BankError):
    """申込内容の不備 (W-24)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """申込: every field is required, and has to say something."""

    services: tuple[str, ...]
    purpose: str
    form: str  # 利用形態

    def check(self) -> None:
        """Raise ``ApplicationIncomplete`` with the first field that is wrong."""
        known = {service.value for service in Service}
        if not self.services or len(set(self.services)) < len(self.services):
            raise ApplicationIncomplete("services: choose at least one, each once")
        if unknown := sorted(set(self.services) - known):
            raise ApplicationIncomplete(f"services: there is no {unknown[0]!r}")
        for name, limit in (("purpose", PURPOSE_MAX), ("form", FORM_MAX)):
            text = getattr(self, name).strip()
            if not text or len(text) > limit:
                raise ApplicationIncomplete(f"{name}: write 1 to {limit} characters")


_ONE_APPROVER = ApprovalRule(pattern=Pattern.SINGLE, double_from_yen=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContract:
    contractor_id: str
    status: ContractStatus
    services: frozenset[Service]
    is_base_active: bool  # the base contract's state, which is kept with the contractor
    plan: Plan = Plan.EXPERT
    approval: ApprovalRule = _ONE_APPROVER
    client_id: str | None = None  # None: not issued yet

    @property
    def is_in_force(self) -> bool:
        return self.status is ContractStatus.ACTIVE and self.is_base_active

    def offers(self, service: Service) -> bool:
        return self.is_in_force and service in self.services

    def accept(self, refused: Collection[Service] = ()) -> "ServiceContract":
        """Return the contract after the bank's yes, to all services or all but some (W-26)."""
        left = self.services - frozenset(refused)
        if not left:
            return self._after(ContractEvent.REFUSE)
        return replace(self._after(ContractEvent.ACCEPT), services=left)

    def refuse(self) -> "ServiceContract":
        return self._after(ContractEvent.REFUSE)

    def change(self, services: Collection[Service]) -> "ServiceContract":
        """Return the contract with other services; none at all is a termination."""
        if not services:
            raise ApplicationIncomplete("services: to give up all of them, terminate the contract")
        return replace(self._after(ContractEvent.CHANGE), services=frozenset(services))

    def terminate(self) -> "ServiceContract":
        return self._after(ContractEvent.TERMINATE)

    def _after(self, event: ContractEvent) -> "ServiceContract":
        following = TRANSITIONS.get((self.status, event))
        if following is None:
            raise IllegalTransition(f"{event} cannot happen to a contract that is {self.status}")
        return replace(self, status=following)
