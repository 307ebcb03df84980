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
    APPLY = "apply"  # for the first time, or again after a refusal or an end
    ACCEPT = "accept"
    REFUSE = "refuse"
    CHANGE = "change"  # of the services chosen, by a written request (W-29)
    TERMINATE = "terminate"


# From None: there is no service contract yet.
TRANSITIONS: Mapping[tuple[ContractStatus | None, ContractEvent], ContractStatus] = (
    MappingProxyType(
        {
            (None, ContractEvent.APPLY): ContractStatus.APPLIED,
            (ContractStatus.REFUSED, ContractEvent.APPLY): ContractStatus.APPLIED,
            (ContractStatus.TERMINATED, ContractEvent.APPLY): ContractStatus.APPLIED,
            (ContractStatus.APPLIED, ContractEvent.ACCEPT): ContractStatus.ACTIVE,
            (ContractStatus.APPLIED, ContractEvent.REFUSE): ContractStatus.REFUSED,
            (ContractStatus.ACTIVE, ContractEvent.CHANGE): ContractStatus.ACTIVE,
            (ContractStatus.ACTIVE, ContractEvent.TERMINATE): ContractStatus.TERMINATED,
        }
    )
)


def after(status: ContractStatus | None, event: ContractEvent) -> ContractStatus:
    """Return the status that ``event`` leads to; ``status`` None: there is no contract yet.

    Raises:
        IllegalTransition: the event cannot happen to a contract in this status.
    """
    following = TRANSITIONS.get((status, event))
    if following is None:
        was = "not applied for" if status is None else status.value
        raise IllegalTransition(f"{event} cannot happen to a contract that is {was}")
    return following


class ApplicationIncomplete(BankError):
    """申込内容の不備 (W-24)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """申込: every field is required, and has to say something."""

    services: tuple[str, ...]
    purpose: str
    form: str  # 利用形態
    plan: str = Plan.EXPERT

    def check(self) -> None:
        """Raise ``ApplicationIncomplete`` with the first field that is wrong."""
        known = {service.value for service in Service}
        if not self.services or len(set(self.services)) < len(self.services):
            raise ApplicationIncomplete("services: choose at least one, each once")
        if unknown := sorted(set(self.services) - known):
            raise ApplicationIncomplete(f"services: there is no {unknown[0]!r}")
        if self.plan not in {plan.value for plan in Plan}:
            raise ApplicationIncomplete(f"plan: there is no {self.plan!r}")
        for name, limit in (("purpose", PURPOSE_MAX), ("form", FORM_MAX)):
            text = getattr(self, name).strip()
            if not text or len(text) > limit:
                raise ApplicationIncomplete(f"{name}: write 1 to {limit} characters")

    def status_after(
        self, status: ContractStatus | None, *, is_base_active: bool
    ) -> ContractStatus:
        """Return what a contract in ``status`` becomes by this application.

        Raises:
            ApplicationIncomplete: a field says nothing (W-24).
            IllegalTransition: a contract is applied for or in force, or there is no base
                contract that it could stand on (W-1, W-27).
        """
        self.check()
        if not is_base_active:
            raise IllegalTransition("a service contract needs a base contract in force")
        return after(status, ContractEvent.APPLY)


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
    is_environment_blocked: bool = False  # the contractor's own line or setting is in the way

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
        return replace(self, status=after(self.status, event))
