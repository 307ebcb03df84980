"""From application to first token (利用開始までの流れ): the steps, in order, and who takes each.

Rule: a step is open only once all before it are done (specs: web21 §2).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import ServiceContract
from sandbox.domain.corporate.user import Act, BankUser


class Step(StrEnum):
    CONTRACT = "contract"  # the bank accepts the application (W-25)
    SECURITY_ADMINISTRATOR = "security_administrator"  # W-34
    RIGHTS = "rights"  # W-35
    CLIENT = "client"  # W-37, W-38
    WEB_SERVER = "web_server"  # W-40
    CONSENT = "consent"  # W-42, W-43


# Who takes a step; the first one is the bank's.
TAKEN_BY: Mapping[Step, Act | None] = MappingProxyType(
    {
        Step.CONTRACT: None,
        Step.SECURITY_ADMINISTRATOR: Act.NAME_SECURITY_ADMINISTRATOR,
        Step.RIGHTS: Act.SET_RIGHTS,
        Step.CLIENT: Act.ISSUE_CLIENT,
        Step.WEB_SERVER: Act.REGISTER_CLIENT,
        Step.CONSENT: Act.CONSENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a contractor has come. ``client`` None: not issued."""

    contract: ServiceContract | None
    users: Collection[BankUser]
    client: Client | None
    live_grants: int

    def is_done(self, step: Step) -> bool:
        has_rights = any(user.is_service_user and user.rights for user in self.users)
        is_administered = any(user.is_security_administrator for user in self.users)
        return {
            Step.CONTRACT: self.contract is not None and self.contract.is_in_force,
            # Whoever gave the rights may have been taken back since.
            Step.SECURITY_ADMINISTRATOR: has_rights or is_administered,
            Step.RIGHTS: has_rights,
            Step.CLIENT: self.client is not None,
            Step.WEB_SERVER: self.client is not None and self.client.status == "active",
            Step.CONSENT: self.live_grants > 0,
        }[step]

    @property
    def next_step(self) -> Step | None:
        """Return the first step that is not done, or None once all are."""
        return next((step for step in Step if not self.is_done(step)), None)
