"""What a corporate user may do at this moment, evaluated on every call (W-45, W-46).

What was asked and chosen is in the token's scope. The contract and the user's rights may have
changed since, both ways, so nothing of them is copied into a grant.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sandbox.domain.corporate.contract import ContractStatus, Service
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.errors import BankError


class ServiceNotContracted(BankError):
    """The contract does not hold this service (any more) (W-29)."""


class RightRemoved(BankError):
    """The user has lost the right since the grant (W-46)."""


class EnvironmentNotSupported(BankError):
    """利用環境の制約: the contractor's own settings or line prevent the use (W-15)."""


class ContractorMismatch(BankError):
    """The call names another client or contractor than its token's (W-3, W-30)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    contract_status: ContractStatus
    contracted: frozenset[Service]
    rights: frozenset[Service]  # none without the service right
    plan: Plan
    user_code: str = ""
    # What the user may approve at most; None: no limit.
    limit_per_transaction_yen: int | None = None
    limit_per_item_yen: int | None = None
    # Ids of the accounts that the user may use; None: all of the contract (see ``accounts``).
    accounts: frozenset[str] | None = None
    is_environment_blocked: bool = False

    @property
    def is_contract_active(self) -> bool:
        return self.contract_status is ContractStatus.ACTIVE

    def check(self, granted: Collection[Service]) -> None:
        """Refuse a call for which none of the ``granted`` services works now.

        Raises:
            EnvironmentNotSupported: nothing works from where the contractor calls.
            ServiceNotContracted: the contract holds none of them.
            RightRemoved: the user has no right to those that it holds.
        """
        if self.is_environment_blocked:
            raise EnvironmentNotSupported("the contractor's environment is not supported")
        contracted = self.contracted & frozenset(granted)
        if not contracted:
            raise ServiceNotContracted("the contract does not hold this service")
        if not contracted & self.rights:
            raise RightRemoved("the user no longer has the right")
