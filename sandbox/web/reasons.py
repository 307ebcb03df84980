"""``/reasons``: what ``X-Sandbox-Reason`` means, what to do about it, and how to see it happen."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from sandbox.domain.errors import Reason
from sandbox.domain.policy import BankPolicy
from sandbox.web.front import SERVER, Front
from sandbox.web.noting import ENTRY
from sandbox.web.pages import BankFace, Page, page_response
from sandbox.web.profile import Profile
from sandbox.web.wording import keep_language, language_of

HEADER: Final = "X-Sandbox-Reason"
PATH: Final = "/reasons"
FACE = BankFace(name_ja="銀行APIサンドボックス", name_en="Bank API Sandbox")

_CLIENT = "sandbox-aggregator"
_BASIC = f"-u {_CLIENT}:{_CLIENT}-secret"
_MINT = "bank-sandbox tokens mint{world} | awk"
_ACCESS = f"TOKEN=$({_MINT} '/^access_token/ {{{{print $2}}}}')"
_REFRESH = f"TOKEN=$({_MINT} '/^refresh_token/ {{{{print $2}}}}')"
_OTHERS = _ACCESS.replace(
    "{world}", "{world} --bank web21 --client 10000001 --persona shoji_maker --scope web21.ref"
)
_GRANT = (
    f"GRANT=$(bank-sandbox grants list{{world}} --client {_CLIENT} --persona taro"
    " | awk '$2 == \"yes\" {{print $1}}')"
)
_CODE = "CODE=$(bank-sandbox authorize{world} | awk '/^code/ {{print $2}}')"
_ASK = 'curl -si {base}/accounts -H "Authorization: Bearer $TOKEN"'
_POST = f"curl -si {_BASIC} {{base}}/oauth"
_ASK_REFRESH = f"{_POST}/token -d grant_type=refresh_token -d refresh_token=$TOKEN"
_EXCHANGE = (
    f"{_POST}/token -d grant_type=authorization_code -d code=$CODE"
    " -d redirect_uri=http://localhost:8000/callback"
)
_IN_THE_FORM = (
    f"curl -si {{base}}/oauth/token -d client_id={_CLIENT} -d client_secret={_CLIENT}-secret"
    " -d grant_type=refresh_token -d refresh_token=any"
)
_REVOKE = "bank-sandbox grants revoke $GRANT{world}"
_ACT = "bank-sandbox acts do"
_NEW_TERMS = "bank-sandbox terms publish 99 --reconsent{world}"
_ADVANCE = "bank-sandbox clock advance {%s}{world}"


def _ended(act: str) -> tuple[str, ...]:
    return (_ACCESS, _GRANT, act, _ASK)


# Each ends in the call whose answer names the reason. The tests run them as they stand.
STEPS: Final[Mapping[Reason, tuple[str, ...]]] = {
    Reason.ACCESS_EXPIRED: (_ACCESS, _ADVANCE % "access", _ASK),
    Reason.REFRESH_EXPIRED: (_REFRESH, _ADVANCE % "refresh", _ASK_REFRESH),
    Reason.REFRESH_REUSED: (_REFRESH, _ASK_REFRESH, _ASK_REFRESH),
    Reason.CODE_REPLAYED: (_CODE, _EXCHANGE, _EXCHANGE),
    Reason.GRANT_EXPIRED: _ended("bank-sandbox grants expire $GRANT{world}"),
    Reason.REVOKED_BY_PROVIDER: (_ACCESS, f"{_POST}/revoke -d token=$TOKEN", _ASK),
    Reason.REVOKED_BY_USER: _ended(f"{_REVOKE} --by user"),
    Reason.REVOKED_BY_BANK: _ended(_REVOKE),
    Reason.SUPERSEDED: (_ACCESS, "bank-sandbox authorize{world}", _ASK),
    Reason.PASSWORD_CHANGED: _ended(f"{_REVOKE} --by user --reason password_changed"),
    Reason.CERTIFICATE_CHANGED: _ended(f"{_ACT} change_certificate persona=taro{{world}}"),
    Reason.ID_SHARED: _ended(f"{_ACT} share_id persona=taro client_id=sandbox-manual{{world}}"),
    Reason.CARD_LOST: _ended(f"{_REVOKE} --by user --reason card_lost"),
    Reason.CONTRACT_ENDED: _ended(f"{_REVOKE} --reason contract_ended"),
    Reason.CLIENT_BLOCKED: _ended(f"{_REVOKE} --reason client_blocked"),
    Reason.RIGHT_REMOVED_BY_ADMIN: _ended(f"{_REVOKE} --reason right_removed_by_admin"),
    Reason.LINKAGE_ENDED: _ended(f"{_REVOKE} --reason linkage_ended"),
    Reason.BANK_MERGED: _ended(f"{_REVOKE} --reason bank_merged"),
    Reason.BANK_REASONS: _ended(f"{_REVOKE} --reason bank_reasons"),
    Reason.TERMS_PENDING: (_ACCESS, _NEW_TERMS, _ASK),
    Reason.GRANT_FROZEN: _ended("bank-sandbox acts report leak --grant $GRANT{world}"),
    Reason.FOREIGN_TOKEN: (_ACCESS, f'{_ASK} -H "X-Client-Id: sandbox-manual"'),
    Reason.KEY_NOT_PROVEN: (_ACCESS, _ASK.replace("Bearer", "DPoP")),
    Reason.NO_TOKEN: ("curl -si {base}/accounts",),
    Reason.REFRESH_TOKEN_SENT: (_REFRESH, _ASK),
    Reason.OTHER_BANK: (_OTHERS, _ASK),
    Reason.CLIENT_AUTH_METHOD: (_IN_THE_FORM,),
    Reason.UNKNOWN: ('curl -si {base}/accounts -H "Authorization: Bearer made-up"',),
}


def steps(reason: Reason, *, base: str, world: str | None, policy: BankPolicy) -> list[str]:
    """Return the lines for a shell that end in an answer with this reason.

    ``base`` is the address of the bank's APIs; ``world`` None: the default one.
    """
    values = {
        "base": base,
        "world": "" if world is None else f" --world {world}",
        "access": f"{policy.access_token_lifetime_ms // 1000}s",
        "refresh": f"{policy.refresh_token_lifetime_ms // 1000}s",
    }
    return [step.format(**values) for step in STEPS[reason]]


def helped(request: web.Request, response: web.Response) -> web.Response:
    """Let an answer that names its reason link to the page about it (RFC 8288)."""
    reason, world = response.headers.get(HEADER), request[ENTRY].world
    if reason is not None and world is not None:
        address = f"{world.base_url()}{world.prefix}{PATH}/{reason}"
        response.headers["Link"] = f'<{address}>; rel="help"'
    return response


class ReasonPages:
    """``profile``: the bank that the examples call."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.index), web.get(f"{PATH}/{{reason}}", self.show)]

    async def index(self, request: web.Request) -> web.Response:
        reasons = [reason.value for reason in Reason]
        return self._answer(request, "reasons.html", page_url=request.path, reasons=reasons)

    async def show(self, request: web.Request) -> web.Response:
        name = request.match_info["reason"]
        if name not in {reason.value for reason in Reason}:
            return self._not_found(request)
        world = request.match_info.get("world")
        prefix = "" if world is None else f"/w/{world}"
        told = steps(
            Reason(name),
            base=f"{self._front.worlds.base_url()}{prefix}{self._profile.base}",
            world=world,
            policy=self._profile.policy,
        )
        return self._answer(request, "reason.html", page_url=request.path, reason=name, steps=told)

    def _answer(self, request: web.Request, template: str, **context: object) -> web.Response:
        world = request.match_info.get("world")
        if world is not None and world not in self._front.worlds.names():
            return self._not_found(request)
        index_url = PATH if world is None else f"/w/{world}{PATH}"
        html = self._front.pages.render(
            template,
            language_of(request),
            bank=FACE,
            header=HEADER,
            index_url=index_url,
            **context,
        )
        return self._sent(request, html)

    def _not_found(self, request: web.Request) -> web.Response:
        language = language_of(request)
        context = {"bank": FACE, "status": 404, "code": "not_found", "details": {}}
        html = self._front.pages.render("error.html", language, **context)
        return self._sent(request, html, status=404)

    def _sent(self, request: web.Request, html: Page, *, status: int = 200) -> web.Response:
        response = page_response(html, status=status)
        response.headers["Server"] = SERVER
        keep_language(request, response)
        return response
