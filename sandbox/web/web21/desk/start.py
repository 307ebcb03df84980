"""What the user can do next, and what the contract says."""

from collections.abc import Collection

from aiohttp import web

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.onboarding import TAKEN_BY, Step
from sandbox.domain.corporate.user import Act
from sandbox.web.web21.desk.visit import Visit

# Where each step is taken; a consent begins at the contractor's own web server.
PLACES = {
    Step.SECURITY_ADMINISTRATOR: "/users",
    Step.RIGHTS: "/users",
    Step.CLIENT: "/client",
    Step.WEB_SERVER: "/client",
}


async def show_start(visit: Visit) -> web.Response:
    """How far the contractor has come, and the steps that are this user's."""
    firm = await visit.people.firm(visit.contractor_id)
    progress = firm.progress
    step = progress.next_step
    act = None if step is None else TAKEN_BY[step]
    waiting = 0
    if visit.user.may(Act.READ_REQUESTS):
        waiting = await visit.requests.count_waiting(visit.user)
    place = None if step is None else PLACES.get(step)
    return visit.page(
        "start",
        here="start",
        steps=[(each.value, progress.is_done(each)) for each in Step],
        step=None if step is None else step.value,
        is_mine=act is not None and visit.user.may(act),
        place=None if place is None else f"{visit.root}{place}",
        waiting=waiting,
        can_approve=visit.user.may(Act.APPROVE_REQUESTS),
        state="none" if firm.contract is None else firm.contract.status.value,
    )


async def show_contract(visit: Visit) -> web.Response:
    """申込と契約: everything is applied for and changed in writing, at the bank (W-24, W-29)."""
    firm = await visit.people.firm(visit.contractor_id)
    return visit.page(
        "contract",
        here="contract",
        contract=firm.contract,
        services=[] if firm.contract is None else _in_order(firm.contract.services),
        application=firm.application,
        accounts=firm.accounts,
        children=firm.children,
    )


def _in_order(services: Collection[Service]) -> list[str]:
    return [service.value for service in Service if service in services]
