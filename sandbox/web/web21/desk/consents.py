"""Access grants (アクセス許可): the own ones, or for administrators all of them (W-55)."""

from aiohttp import web

from sandbox.domain.corporate.user import Act
from sandbox.domain.time import jst, jst_date
from sandbox.web.web21.desk.visit import Visit


async def list_consents(visit: Visit) -> web.Response:
    found = await visit.people.consents(visit.contractor_id, visit.user)
    return visit.page(
        "consents",
        here="consents",
        grants=[
            {
                "id": grant.grant_id,
                "client_id": grant.client_id,
                "user": f"{grant.user_name}（{grant.user_id}）",
                "services": grant.functions,
                "since": jst(grant.granted_at),
                "until": jst_date(grant.expires_at),
            }
            for grant in found
        ],
        shows_all=visit.user.may(Act.WITHDRAW_ANY_CONSENT),
    )


async def withdraw(visit: Visit) -> web.Response:
    """End a grant with all its tokens."""
    await visit.people.withdraw(visit.contractor_id, visit.user, visit.named("grant_id"))
    return visit.go("/consents", note="withdrawn")
