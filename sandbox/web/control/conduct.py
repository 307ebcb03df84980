"""``…/conduct``: how the clients behaved. What makes the report is imported with the first one."""

from aiohttp import web

from sandbox.web.control.endpoint import ControlCall, Json

FILTERS = ("bank", "client_id", "contractor_id", "persona", "since", "until")


async def show_conduct(call: ControlCall) -> Json | web.StreamResponse:
    """Judge the calls in the journal (C-1 to C-25). ``format``: ``json``, ``junit`` or ``html``."""
    from sandbox.web.control.conduct_report import answer, declared_of

    return await answer(call, declared_of({}))


async def judge_conduct(call: ControlCall) -> Json | web.StreamResponse:
    """Judge the calls in the journal by what a scenario says of the app as well.

    ``transfers``: how many it wanted. ``shown_as_paid``: what the app shows as paid. ``totals``:
    what it makes of an account's lines. ``expect``, ``allow``: checks whose findings fail nobody;
    the first have to be there. ``judged``: what was found while it ran.
    """
    from sandbox.web.control.conduct_report import judged_by

    return await judged_by(call)
