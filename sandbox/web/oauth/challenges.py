"""``WWW-Authenticate``: what a call should have brought (RFC 6750 §3, 9449 §7.1, 9470 §3)."""

from typing import TypeAlias

from aiohttp import web

from sandbox.domain.errors import InsufficientScope, KeyNotProven, StepUpNeeded, TokenRejected
from sandbox.domain.oauth.security import ALGORITHMS
from sandbox.web.oauth.caller import NO_TOKEN

Challenged: TypeAlias = TokenRejected | InsufficientScope | StepUpNeeded
_ALGORITHMS = f'algs="{" ".join(ALGORITHMS)}"'


def challenge(request: web.Request, error: Challenged) -> str:
    """Return the challenge for ``error``, in the scheme that the call came with.

    What is wrong with a proof is told: it is the caller's own. Of the token nothing is (O-16).
    """
    if isinstance(error, KeyNotProven):
        said = "" if error.error == "invalid_token" else f'error_description="{error}"'
        return _challenge(error.error, said, is_dpop=error.wants_proof)
    if str(error) == NO_TOKEN:
        return f"Bearer, DPoP {_ALGORITHMS}"  # no error: nothing was wrong yet (RFC 6750 §3.1)
    is_dpop = request.headers.get("Authorization", "")[:5].lower() == "dpop "
    if isinstance(error, StepUpNeeded):
        more = f'error_description="a more recent log-in is required", max_age="{error.max_age_s}"'
        return _challenge("insufficient_user_authentication", more, is_dpop=is_dpop)
    if isinstance(error, TokenRejected):
        return _challenge("invalid_token", is_dpop=is_dpop)
    return _challenge("insufficient_scope", f'scope="{error}"', is_dpop=is_dpop)


def _challenge(error: str, more: str = "", *, is_dpop: bool) -> str:
    said = ", ".join(filter(None, (f'error="{error}"', more, _ALGORITHMS if is_dpop else "")))
    return f"{'DPoP' if is_dpop else 'Bearer'} {said}"
