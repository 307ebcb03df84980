"""Transfers of one bank in one world: the services, made together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.services.transfers.acting import Desk
from sandbox.services.transfers.afterwards import AfterwardsService
from sandbox.services.transfers.approval import ApprovalService
from sandbox.services.transfers.charges import ChargeService
from sandbox.services.transfers.inquiry import InquiryService
from sandbox.services.transfers.register import RegisterService
from sandbox.services.transfers.retreat import RetreatService
from sandbox.services.world import World

if TYPE_CHECKING:
    from sandbox.services.transfers.files import FileService


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    desk: Desk
    register: RegisterService
    inquiry: InquiryService
    approval: ApprovalService
    retreat: RetreatService
    afterwards: AfterwardsService
    charges: ChargeService

    @property
    def files(self) -> "FileService":
        """Requests as files. Imported with the first: the format takes 15 ms, a call nothing."""
        from sandbox.services.transfers.files import FileService

        return FileService(self.desk, self.register, self.inquiry)


def make_transfers(world: World, bank: str, bank_code: str) -> Transfers:
    """Return the services of a bank; ``bank_code``: its own, four digits."""
    desk = Desk(world=world, bank=bank, bank_code=bank_code)
    register, inquiry = RegisterService(desk), InquiryService(desk)
    return Transfers(
        desk=desk,
        register=register,
        inquiry=inquiry,
        approval=ApprovalService(desk),
        retreat=RetreatService(desk),
        afterwards=AfterwardsService(desk),
        charges=ChargeService(desk),
    )
