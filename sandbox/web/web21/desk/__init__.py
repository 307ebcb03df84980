"""The contractor's own pages (契約者ページ): every page and act, and who it is open to."""

from aiohttp import web

from sandbox.domain.corporate.user import Act
from sandbox.web.front import Front
from sandbox.web.profile import Profile
from sandbox.web.web21.desk import client, consents, requests, sign_in, start, users
from sandbox.web.web21.desk.door import ROOT, Door, Row
from sandbox.web.web21.desk.visit import DOORS

_ISSUES, _REGISTERS = (Act.ISSUE_CLIENT,), (Act.REGISTER_CLIENT,)
_USERS, _CONSENTS = DOORS["users"][1], DOORS["consents"][1]
_REQUEST = "/requests/{reference}"

ROWS = (
    Row("GET", "/sign-in", sign_in.show_sign_in, is_public=True),
    Row("POST", "/sign-in", sign_in.sign_in, is_public=True),
    Row("POST", "/sign-out", sign_in.sign_out),
    Row("GET", "/identity", sign_in.show_identity, _ISSUES),
    Row("POST", "/identity", sign_in.identify, _ISSUES),
    Row("GET", "", start.show_start),
    Row("GET", "/contract", start.show_contract),
    Row("GET", "/users", users.list_users, _USERS),
    Row(
        "POST",
        "/users/{user_id}/administrator",
        users.name_administrator,
        (Act.NAME_SECURITY_ADMINISTRATOR,),
    ),
    Row("GET", "/users/{user_id}", users.show_user, (Act.SET_RIGHTS,)),
    Row("POST", "/users/{user_id}", users.set_rights, (Act.SET_RIGHTS,)),
    Row("GET", "/client", client.show_client, _ISSUES, needs_identity=True),
    Row("POST", "/client/issue", client.issue, _ISSUES, needs_identity=True),
    Row("POST", "/client/register", client.register, _REGISTERS, needs_identity=True),
    Row("GET", "/consents", consents.list_consents, _CONSENTS),
    Row("POST", "/consents/{grant_id}/withdraw", consents.withdraw, _CONSENTS),
    Row("GET", "/requests", requests.list_requests, (Act.READ_REQUESTS,)),
    Row("GET", _REQUEST, requests.show_request, (Act.READ_REQUESTS,)),
    Row("POST", _REQUEST, requests.act, (Act.APPROVE_REQUESTS, Act.MANAGE_REQUESTS)),
    Row(
        "POST",
        f"{_REQUEST}/items/{{item_id}}/recall",
        requests.ask_recall,
        (Act.MANAGE_REQUESTS,),
    ),
)


def desk_routes(front: Front, profile: Profile, base: str) -> list[web.RouteDef]:
    """Return the routes below ``base``; what none of them answers is refused with a page too."""
    door = Door(front, profile)
    found = []
    for row in ROWS:
        add = web.get if row.method == "GET" else web.post
        found.append(add(f"{base}{ROOT}{row.path}", door.handler(row)))
    for rest in ("", "/{rest:.*}"):
        found.append(web.route("*", f"{base}{ROOT}{rest}", door.refuse))
    return found
