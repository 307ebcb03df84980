"""Transfers of one bank in one world: the services, made together."""

from dataclasses import dataclass

from sandbox.services.transfers.acting import Desk
from sandbox.services.transfers.afterwards import AfterwardsService
from sandbox.services.transfers.approval import ApprovalService
from sandbox.services.transfers.charges import ChargeService
from sandbox.services.transfers.files import FileService
from sandbox.services.transfers.inquiry import InquiryService
from sandbox.services.transfers.register import RegisterService
from sandbox.services.transfers.retreat import RetreatService
from sandbox.services.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    register: RegisterService
    inquiry: InquiryService
    approval: ApprovalService
    retreat: RetreatService
    afterwards: AfterwardsService
    charges: ChargeService
    files: FileService


def make_transfers(world: World, bank: str, bank_code: str) -> Transfers:
    """Return the services of a bank; ``bank_code``: its own, four digits."""
    desk = Desk(world=world, bank=bank, bank_code=bank_code)
    register, inquiry = RegisterService(desk), InquiryService(desk)
    return Transfers(
        register=register,
        inquiry=inquiry,
        approval=ApprovalService(desk),
        retreat=RetreatService(desk),
        afterwards=AfterwardsService(desk),
        charges=ChargeService(desk),
        files=FileService(desk, register, inquiry),
    )
