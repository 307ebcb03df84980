"""``…/bank/{bank}``: what the bank's staff do (行員の操作)."""

from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem


async def unlock(call: ControlCall) -> Json:
    """Let a locked login, or all logins from a locked address, try again."""
    bank = await bank_of(call, call.request.match_info["bank"])
    try:
        await bank.sign_in.unlock(login=call.body.get("login"), address=call.body.get("address"))
    except ValueError as error:
        raise Problem(422, "invalid-request", f"address: {error}") from error
    return {}
