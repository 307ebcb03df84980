"""The tester's bar on the contractor's pages: whom one can sign in as, and gone where strict."""

import re

import pytest

from sandbox.services.population import load_people
from sandbox.web.web21.desk.tester import IDENTITY_OUTCOMES, SIGN_IN_OUTCOMES
from tests.acting import act
from tests.desk import DESK, FORM, logins, visiting
from tests.journals import entries
from tests.support import run_sandbox

BAR = re.compile(r'<aside class="tester".*?</aside>', re.DOTALL)
BUTTON = re.compile(r'name="tester" value="([^"]+)"')
STYLE = re.compile(r'<link rel="stylesheet" href="/assets/sandbox.css[^>]*>')
PAGES = ("", "/contract", "/users", "/client", "/consents", "/requests")


@pytest.fixture
async def visitor(running):
    async with visiting(running) as found:
        yield found


def buttons(page):
    (bar,) = BAR.findall(page.text)
    return BUTTON.findall(bar)


async def pressed(visitor, where, outcome, **more):
    """Press a button of the bar on the page ``where`` that is shown now."""
    csrf = dict(visitor.page.fields(where))["csrf"]
    fields = {"csrf": csrf, "tester": outcome, **more}
    return await visitor.open(where, method="POST", data=fields, headers=FORM)


async def operations(running):
    return [entry["operation"] for entry in await entries(running)]


async def test_the_sign_in_page_offers_every_user_of_the_world(visitor):
    page = await visitor.open("/sign-in")
    people = [f"sign_in:{person.key}" for person in load_people("web21")]
    assert buttons(page) == [*people, *SIGN_IN_OUTCOMES]
    assert set(logins()) == {each.partition(":")[2] for each in people}


async def test_a_world_with_few_people_offers_those(running):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    async with running.http.post(url, json={"name": "few", "personas": ["shoji_maker"]}) as answer:
        assert answer.status == 200
    async with visiting(running, prefix="/w/few") as visitor:
        shown = buttons(await visitor.open("/sign-in"))
        assert shown[:-2]
        assert all(each.startswith("sign_in:shoji") for each in shown[:-2])
        page = await pressed(visitor, "/sign-in", "sign_in:shoji_maker")
        assert (page.status, page.path) == (200, f"/w/few{DESK}")
        assert 'class="desk-who"' in page.text
    async with running.http.post(url, json={"name": "none", "personas": ["taro"]}) as answer:
        assert answer.status == 200
    async with visiting(running, prefix="/w/none") as visitor:
        assert not BAR.search((await visitor.open("/sign-in")).text)


@pytest.mark.parametrize("persona", ["shoji_maker", "kigyou_admin"])
async def test_one_click_signs_somebody_in(running, visitor, persona):
    await visitor.open("/sign-in")
    page = await pressed(visitor, "/sign-in", f"sign_in:{persona}")
    assert (page.status, page.path) == (200, DESK)
    (person,) = [each for each in load_people("web21") if each.key == persona]
    assert person.person_name in page.text
    assert "tester_sign_in" in await operations(running)
    assert not BAR.search(page.text)  # who is signed in signs out first


async def test_a_changed_password_is_the_one_that_is_typed(running, visitor):
    await act(running, "web21", "change_password", persona="shoji_maker", secret="nova4321")
    await visitor.open("/sign-in")
    page = await pressed(visitor, "/sign-in", "sign_in:shoji_maker")
    assert (page.status, page.path) == (200, DESK)


async def test_a_wrong_password_is_counted_and_locks_the_login_not_the_address(running, visitor):
    await visitor.open("/sign-in")
    page = await pressed(visitor, "/sign-in", "wrong_secret", persona="shoji_maker")
    assert (page.status, "あと4回" in page.text) == (403, True)
    assert buttons(page)  # still there
    page = await pressed(visitor, "/sign-in", "lock", persona="shoji_maker")
    assert page.status == 403
    page = await visitor.sign_in("shoji_maker")
    assert page.status == 403  # locked, though right
    rows = await running.sandbox.world.database.fetch("SELECT login FROM login_failure")
    assert [row[0] for row in rows] == [
        next(p.login.login for p in load_people("web21") if p.key == "shoji_maker")
    ]
    assert (await visitor.sign_in("shoji_checker")).status == 200


async def test_the_identity_is_proven_with_one_click(running):
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.open("/client")
        assert page.path.endswith("/identity")
        assert buttons(page) == list(IDENTITY_OUTCOMES)
        page = await pressed(visitor, "/identity", "wrong_secret")
        assert (page.status, "あと4回" in page.text) == (403, True)
        page = await pressed(visitor, "/identity", "identify")
        assert (page.status, page.path.partition("?")[0]) == (200, f"{DESK}/client")
        assert {"tester_identify", "tester_wrong_secret"} <= set(await operations(running))


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("allow_all", {}),
        ("sign_in", {}),
        ("sign_in:nobody", {}),
        ("sign_in:taro", {}),
        ("wrong_secret", {"persona": "taro"}),
        ("identify", {"persona": "shoji_maker"}),
        ("", {}),
    ],
)
async def test_a_button_that_the_page_does_not_have_is_refused(running, visitor, outcome, more):
    await visitor.open("/sign-in")
    page = await pressed(visitor, "/sign-in", outcome, **more)
    assert page.status == 400
    assert await running.sandbox.world.database.fetch("SELECT * FROM desk_session") == []


async def test_two_buttons_at_once_and_a_missing_form_token_are_refused(running, visitor):
    await visitor.open("/sign-in")
    csrf = dict(visitor.page.fields("/sign-in"))["csrf"]
    twice = f"csrf={csrf}&tester=sign_in:shoji_maker&tester=lock"
    page = await visitor.load("/sign-in", method="POST", data=twice, headers=FORM)
    assert page.status == 400
    once = "tester=sign_in:shoji_maker"
    page = await visitor.load("/sign-in", method="POST", data=once, headers=FORM)
    assert page.status == 403
    assert await running.sandbox.world.database.fetch("SELECT * FROM desk_session") == []


async def test_the_other_pages_have_no_bar(running):
    async with visiting(running, "shoji_maker") as visitor:
        await visitor.identify("shoji_maker")
        for path in PAGES:
            assert not BAR.search((await visitor.load(path)).text), path


def bare(text):
    """Return a page without what is random in it."""
    return re.sub(r"[0-9a-f]{64}|localhost:\d+|127\.0\.0\.1:\d+", "…", text)


async def pages(directory, template, strict):
    directory.mkdir()
    async with (
        run_sandbox(directory, template=template, web21_strict_realism=strict) as running,
        visiting(running) as visitor,
    ):
        first = bare((await visitor.open("/sign-in")).text)
        await visitor.sign_in("shoji_maker")
        second = bare((await visitor.open("/client")).text)
        button = await visitor.send("/sign-in", ("tester", "sign_in:kigyou_admin"))
        return first, second, button


async def test_strict_realism_leaves_nothing_of_it_and_takes_no_button(tmp_path, template):
    *strict, answer = await pages(tmp_path / "strict", template, "1")
    *loose, _ = await pages(tmp_path / "loose", template, "0")
    for with_bar, without in zip(loose, strict, strict=True):
        assert BAR.search(with_bar)
        assert "tester" not in without
        assert STYLE.sub("", BAR.sub("", with_bar)).split() == without.split()
    assert answer.status == 400
