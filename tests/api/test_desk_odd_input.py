"""The contractor's pages: nothing that anybody sends makes them fail."""

import pytest

from sandbox.web.web21.desk import ROWS
from tests.desk import FORM, visiting

ODD = ("%00", "%F0%28", "é", "..%2f..", "%2e%2e", "x" * 3000, "'--", "<b>", "％", "%E2%80%AE")
NAMES = ("user_id", "grant_id", "reference", "item_id")
FIELDS = (
    "decision=%F0%28",
    "decision=approve&decision=return",
    "comment=%00%F0",
    "right=%F0&service_right=%00",
    "per_item=%F0%28&per_transaction=" + "9" * 500,
    "account=%00&limited=1",
    "client_password=%F0%28&client_password_again=%F0%28&web_server=%F0%28",
    "web_server=https://%5B&client_password=Himitsu-no-1&client_password_again=Himitsu-no-1",
    "contractor_id=%00&user_id=%F0&password=%F0%28&second_factor=%00",
    "=&&&=x&%",
    "&".join(["a=1"] * 70),
)
EVERYBODY = ("shoji_admin", "shoji_security", "shoji_maker", "shoji_checker")


@pytest.mark.parametrize("persona", EVERYBODY)
async def test_no_address_makes_a_page_fail(running, persona):
    async with visiting(running, persona) as visitor:
        for row in ROWS:
            if row.method == "GET":
                for odd in ODD:
                    path = row.path.format(**dict.fromkeys(NAMES, odd))
                    page = await visitor.load(
                        f"{path}?before={odd}&from={odd}&list={odd}&note={odd}"
                    )
                    assert page.status < 500, (path, page.status)


@pytest.mark.parametrize("persona", EVERYBODY)
async def test_no_form_makes_an_act_fail(running, persona):
    async with visiting(running, persona) as visitor:
        if persona in ("shoji_maker", "shoji_checker"):
            await visitor.identify(persona)
        start = await visitor.load("")
        token = dict(start.fields("/sign-out"))["csrf"]
        for row in ROWS:
            if row.method == "POST" and not row.path.startswith("/sign-out"):
                path = row.path.format(**dict.fromkeys(NAMES, "keiri01"))
                for fields in FIELDS:
                    body = f"csrf={token}&{fields}"
                    page = await visitor.load(path, method="POST", data=body, headers=FORM)
                    assert page.status < 500, (path, fields)


@pytest.mark.parametrize("cookie", ["", "é", "\udcff", "x" * 3000, '"', ";;"])
async def test_no_cookie_makes_a_page_fail(running, cookie):
    async with visiting(running) as visitor:
        headers = {"Cookie": f"desk_session={cookie}"}
        for path in ("", "/sign-in"):
            page = await visitor.load(path, headers=headers)
            assert page.status in (200, 303)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, "{}", 400),
        ({"Content-Type": "text/plain"}, "csrf=x", 400),
        (FORM, "csrf=" + "x" * 70_000, 413),
    ],
)
async def test_only_forms_of_a_decent_size_are_read(running, headers, body, status):
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.load("/sign-out", method="POST", data=body, headers=headers)
        assert (page.status, "<h1>" in page.text) == (status, True)


async def test_a_note_is_one_of_the_banks_own(running):
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.open("?note=%3Cscript%3Epaid%3C/script%3E")
        assert 'role="status"' not in page.text
        assert "<script" not in page.text
