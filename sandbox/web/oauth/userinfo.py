"""The userinfo endpoint (OpenID Connect Core §5.3): who the contractor behind a token is."""

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.corporate.powers import ContractorMismatch
from sandbox.domain.errors import InsufficientScope, InvalidParameter
from sandbox.domain.oauth.errors import InvalidRequest
from sandbox.domain.oauth.openid import OPENID
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.caller import presented_token, token_access
from sandbox.web.oauth.forms import once_each, read_form
from sandbox.web.profile import Profile


class UserinfoEndpoint:
    """An API of the bank's like the others, with its errors; but it takes a POST too."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def get(self, request: web.Request) -> web.StreamResponse:
        return await self._tell(request, None)

    async def post(self, request: web.Request) -> web.StreamResponse:
        return await self._tell(request, await _token_of_body(request))

    async def _tell(self, request: web.Request, form_token: str | None) -> web.StreamResponse:
        entry_of(request).operation = "userinfo"
        token, is_dpop = presented_token(request)
        if form_token is not None:  # RFC 6750 §2.2
            token, is_dpop = form_token, False
        bank = await self._front.bank(request, self._profile.name, token=token)
        bank.check_open(ApiClass.OAUTH, "userinfo")
        access = await token_access(request, bank, token, is_dpop)
        if OPENID not in access.scope:
            raise InsufficientScope(OPENID)
        if bank.facts.has_contracts:
            _check_subject(request, bank.identity.subject(access.standing.contractor_id))
        told = await bank.identity.userinfo(access)
        response = json_response(told, now=bank.world.now())
        if isinstance(told, str):
            response.body = told.encode("ascii")
            response.headers["Content-Type"] = "application/jwt"
        return response


def _check_subject(request: web.Request, subject: str) -> None:
    """Refuse a call that names somebody else than the token's (Core §5.3.2); it may name nobody.

    Raises:
        InvalidParameter: named twice.
        ContractorMismatch: another's.
    """
    named = request.query.getall("sub", [])
    if len(named) > 1:
        raise InvalidParameter("sub was given twice", [{"field": "sub", "problem": "given twice"}])
    if named and named[0] != subject:
        raise ContractorMismatch("sub is not the token's")


async def _token_of_body(request: web.Request) -> str | None:
    """Return the ``access_token`` of a form; None where the header is all there is.

    Raises:
        InvalidParameter: a broken form, or a second token in the header (O-15).
    """
    if not request.can_read_body or request.content_length == 0:
        return None
    try:
        token = once_each(await read_form(request)).get("access_token")
    except InvalidRequest as error:
        raise InvalidParameter(error.description) from error
    if token is not None and "Authorization" in request.headers:
        raise InvalidParameter("two access tokens at once")
    return token
