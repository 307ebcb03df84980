"""The contractor's pages: every role at every page and act. What may not be done is not shown."""

import re

import pytest

from sandbox.domain.corporate.user import Act
from sandbox.web.web21.desk import ROWS
from tests.desk import DESK, Orders, visiting

# What each user of サンプル商事 may do, by the right and role of its persona.
MAY = {
    "shoji_admin": {Act.NAME_SECURITY_ADMINISTRATOR, Act.WITHDRAW_ANY_CONSENT},
    "shoji_deputy": {Act.NAME_SECURITY_ADMINISTRATOR, Act.WITHDRAW_ANY_CONSENT},
    "shoji_security": {Act.SET_RIGHTS, Act.WITHDRAW_ANY_CONSENT, Act.WITHDRAW_OWN_CONSENT},
    "shoji_maker": {
        Act.ISSUE_CLIENT,
        Act.REGISTER_CLIENT,
        Act.WITHDRAW_OWN_CONSENT,
        Act.READ_REQUESTS,
        Act.MANAGE_REQUESTS,
    },
    "shoji_checker": {
        Act.ISSUE_CLIENT,
        Act.REGISTER_CLIENT,
        Act.WITHDRAW_OWN_CONSENT,
        Act.READ_REQUESTS,
        Act.APPROVE_REQUESTS,
    },
    "shoji_viewer": {Act.ISSUE_CLIENT, Act.REGISTER_CLIENT, Act.WITHDRAW_OWN_CONSENT},
    "shoji_outsider": {Act.WITHDRAW_OWN_CONSENT},
}
DOORS = {
    "/contract": set(),
    "/users": {Act.NAME_SECURITY_ADMINISTRATOR, Act.SET_RIGHTS},
    "/client": {Act.ISSUE_CLIENT},
    "/consents": {Act.WITHDRAW_OWN_CONSENT, Act.WITHDRAW_ANY_CONSENT},
    "/requests": {Act.READ_REQUESTS},
}
# Who may press what at a request that waits for approval.
BUTTONS = {"shoji_maker": {"pull_back"}, "shoji_checker": {"approve", "return"}}
# What else is refused: for the role (403), or for the status of the request (409).
REFUSED = {
    "shoji_maker": {"approve": 403, "return": 403, "cancel_approval": 403, "delete": 409},
    "shoji_checker": {"pull_back": 403, "delete": 403, "cancel_approval": 409},
}
# The acts that each row asks for, written a second time.
ROWS_OPEN_TO = {
    ("GET", "/identity"): {Act.ISSUE_CLIENT},
    ("POST", "/identity"): {Act.ISSUE_CLIENT},
    ("GET", "/users"): DOORS["/users"],
    ("POST", "/users/{user_id}/administrator"): {Act.NAME_SECURITY_ADMINISTRATOR},
    ("GET", "/users/{user_id}"): {Act.SET_RIGHTS},
    ("POST", "/users/{user_id}"): {Act.SET_RIGHTS},
    ("GET", "/client"): {Act.ISSUE_CLIENT},
    ("POST", "/client/issue"): {Act.ISSUE_CLIENT},
    ("POST", "/client/register"): {Act.REGISTER_CLIENT},
    ("GET", "/consents"): DOORS["/consents"],
    ("POST", "/consents/{grant_id}/withdraw"): DOORS["/consents"],
    ("GET", "/requests"): {Act.READ_REQUESTS},
    ("GET", "/requests/{reference}"): {Act.READ_REQUESTS},
    ("POST", "/requests/{reference}"): {Act.APPROVE_REQUESTS, Act.MANAGE_REQUESTS},
    ("POST", "/requests/{reference}/items/{item_id}/recall"): {Act.MANAGE_REQUESTS},
}
EVERYBODYS = {("POST", "/sign-out"), ("GET", ""), ("GET", "/contract")}
BEFORE_SIGN_IN = {("GET", "/sign-in"), ("POST", "/sign-in")}
IDS = {"user_id": "ippan01", "grant_id": "nothing", "reference": "999", "item_id": "1"}


def test_every_row_is_accounted_for():
    rows = {(row.method, row.path) for row in ROWS}
    assert rows == {*ROWS_OPEN_TO, *EVERYBODYS, *BEFORE_SIGN_IN}
    assert {(row.method, row.path) for row in ROWS if row.is_public} == BEFORE_SIGN_IN


@pytest.mark.requirement("W-34", "W-35", "W-36")
@pytest.mark.parametrize("persona", MAY)
async def test_each_role_passes_its_own_rows_and_no_other(running, persona):
    async with visiting(running, persona) as visitor:
        for (method, path), acts in ROWS_OPEN_TO.items():
            filled = path.format(**IDS)
            send = visitor.load if method == "GET" else visitor.send
            page = await send(filled)
            is_let_in = page.status != 403
            assert is_let_in is bool(acts & MAY[persona]), (method, path, page.status)
            assert page.status < 500
            if not is_let_in:
                assert "この操作の権限がありません" in page.text


@pytest.mark.parametrize("persona", MAY)
async def test_the_menu_shows_the_pages_that_open(running, persona):
    async with visiting(running, persona) as visitor:
        shown = set(re.findall(rf'<li><a href="{DESK}(/\w+)"', visitor.page.text))
        assert shown == {path for path, acts in DOORS.items() if not acts or acts & MAY[persona]}


@pytest.mark.parametrize("persona", MAY)
async def test_no_page_offers_what_would_be_refused(running, persona):
    await Orders(running).register()
    async with visiting(running, persona) as visitor:
        seen, waiting = set(), {DESK}
        while waiting:
            path = waiting.pop()
            page = await visitor.load(path)
            seen.add(path)
            assert page.status in (200, 303), path
            for action in page.actions:
                pattern = pattern_of(action.removeprefix(DESK))
                assert ROWS_OPEN_TO[("POST", pattern)] & MAY[persona], action
            links = re.findall(rf'href="({DESK}[^"?]*)"', page.text)
            waiting |= set(links) - seen
        assert len(seen) >= 3


def pattern_of(path):
    """Return the row's path that an address belongs to."""
    for _, pattern in sorted(ROWS_OPEN_TO, key=lambda row: row[1].count("{")):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path):
            return pattern
    raise AssertionError(path)


@pytest.mark.parametrize("persona", BUTTONS)
async def test_a_request_has_the_buttons_of_the_role(running, persona):
    reference = await Orders(running).register()
    async with visiting(running, persona) as visitor:
        page = await visitor.load(f"/requests/{reference}")
        assert set(re.findall(r'name="decision" value="(\w+)"', page.text)) == BUTTONS[persona]
        for decision, status in REFUSED[persona].items():
            page = await visitor.send(f"/requests/{reference}", ("decision", decision))
            assert page.status == status, decision
    assert await Orders(running).status(reference) == "awaiting_approval"


async def test_a_right_taken_meanwhile_closes_the_page_at_once(running):
    async with visiting(running, "shoji_maker") as visitor:
        assert (await visitor.load("/requests")).status == 200
        corporate = running.sandbox.bank("web21").corporate
        contractor = "0000000000000000AG0000000001A001"
        await corporate.set_rights(
            contractor, "security01", "keiri01", has_service_right=True, rights=[]
        )
        assert (await visitor.load("/requests")).status == 403


async def test_an_unknown_button_does_nothing(running):
    reference = await Orders(running).register()
    async with visiting(running, "shoji_checker") as visitor:
        for decision in ("", "settle", "APPROVE"):
            page = await visitor.send(f"/requests/{reference}", ("decision", decision))
            assert page.status == 404
