"""``response_mode=form_post``: the browser posts the answer to the client (O-7, O-8, O-23)."""

import asyncio
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.storage import clients
from tests.acting import sent
from tests.browsing import browsing, request_query
from tests.direct import BASE as WEB21
from tests.direct import Direct
from tests.journals import entries
from tests.support import AGGREGATOR, BASE, NATIVE, REDIRECT_URI, basic, run_sandbox

HOSTILE = "\"'><script>alert(1)</script>&amp;状態"


class Posting(HTMLParser):
    """The one form of a page: where it goes, its fields, and what scripts the page has."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.fields, self.scripts = [], {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            self.forms.append((found["method"], found["action"]))
        elif tag == "input":
            assert found["name"] not in self.fields
            self.fields[found["name"]] = found["value"]
        elif tag == "script":
            self.scripts.append(found["src"])


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


def posted(page):
    """Return what a page makes the browser post, to the client's own address."""
    assert (page.status, page.location) == (200, "")
    form = Posting(page.text)
    assert form.forms == [("post", REDIRECT_URI)]
    return form.fields


async def allowed(browser, **changes):
    await browser.open(response_mode="form_post", **changes)
    await browser.sign_in("taro")
    return await browser.press("allow")


async def test_the_code_is_posted_and_can_be_exchanged(running, browser):
    fields = posted(await allowed(browser))
    assert set(fields) == {"code", "state", "iss"}
    assert fields["state"] == "tab-1"
    assert fields["iss"] == running.bank.world.issuer("tomato")
    status, _, _ = await running.exchange(fields["code"])
    assert status == 200


async def test_a_refusal_is_posted(browser):
    await browser.open(response_mode="form_post")
    fields = posted(await browser.press("deny"))
    assert fields["error"] == "access_denied"
    assert set(fields) == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
        ({"nonce": "n" * 129}, "invalid_request"),
    ],
)
async def test_errors_without_a_page_are_posted_too(browser, changes, error):
    fields = posted(await browser.begin(response_mode="form_post", **changes))
    assert (fields["error"], fields["state"]) == (error, "tab-1")


async def test_a_closed_bank_says_so_by_the_form(running, browser):
    body = {"bank": "tomato", "kind": "outage", "classes": ["oauth"]}
    status, answer = await sent(running, "POST", "/maintenance", **body)
    assert status == 200, answer
    fields = posted(await browser.begin(response_mode="form_post"))
    assert fields["error"] == "temporarily_unavailable"


async def test_what_may_only_be_shown_is_shown(browser):
    page = await browser.begin(response_mode="form_post", redirect_uri="https://evil.example/")
    assert (page.status, "evil.example" in str(Posting(page.text).forms)) == (400, False)


@pytest.mark.requirement("O-8")
@pytest.mark.parametrize("state", [HOSTILE, "漢字 %41+&=", "x" * 128, "😀\u2028\u0085", " "])
async def test_the_state_comes_back_as_it_was_and_does_no_harm(browser, state):
    page = await browser.begin(response_mode="form_post", state=state, scope="everything")
    fields = posted(page)
    assert fields["state"] == state
    assert len(Posting(page.text).scripts) == 1


@pytest.mark.requirement("O-8")
@pytest.mark.parametrize("state", ["a\nb", "a\rb", "a\tb", "a\x00b", "a\x7fb"])
async def test_a_state_that_a_form_would_change_is_refused_in_the_query(browser, state):
    page = await browser.begin(response_mode="form_post", state=state)
    assert page.status == 302
    answer = dict(parse_qsl(urlsplit(page.location).query, keep_blank_values=True))
    assert (answer["error"], answer["state"]) == ("invalid_request", state)


async def test_a_state_that_is_no_text_is_refused_in_the_query(browser):
    query = request_query(response_mode="form_post", state="STATE").replace("STATE", "%ff")
    page = await browser.begin(query)
    assert (page.status, "error=invalid_request" in page.location) == (302, True)
    assert "state=%FF" in page.location


async def test_an_app_is_not_posted_to(running, browser):
    async with running.bank.world.database.transaction() as db:
        model = await clients.find(db, "tomato", NATIVE)
        from dataclasses import replace

        await clients.save(db, replace(model, redirect_uris=("com.example.app:/back",)))
    changes = {"client_id": NATIVE, "redirect_uri": "com.example.app:/back"}
    page = await browser.begin(response_mode="form_post", **changes)
    assert page.status == 302
    assert page.location.startswith("com.example.app:/back?error=invalid_request")


@pytest.mark.requirement("O-23")
async def test_the_page_is_kept_framed_and_scripted_by_nobody_else(running, browser):
    page = await allowed(browser)
    headers = page.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self' http:"
    (script,) = Posting(page.text).scripts
    async with running.http.get(f"{running.url}{script}") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/javascript"
        assert "document.forms[0].submit()" in await answer.text()
    assert "<script>" not in page.text
    assert " on" not in "".join(part.split(">")[0] for part in page.text.split("<form")[1:])


async def test_every_other_page_goes_without_a_script(browser):
    await browser.open(response_mode="form_post")
    for page in (browser.page, await browser.sign_in("taro")):
        assert "script-src 'none'" in page.headers["Content-Security-Policy"]
        assert Posting(page.text.replace("<input", "<span")).scripts == []


async def test_a_double_click_gets_the_same_page_and_a_later_one_nothing(running, browser):
    await browser.open(response_mode="form_post")
    await browser.sign_in("taro")
    consent = browser.page
    first = await browser.press("allow")
    browser.page = consent
    again = await browser.press("allow")
    assert posted(again) == posted(first)
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    browser.page = consent
    assert (await browser.press("allow", ("function", "x"))).status == 400
    assert (await browser.visit(consent.url)).status == 400
    rows = await running.bank.world.database.fetch("SELECT grant_id FROM access_grant")
    assert len(rows) == 1


async def test_two_clicks_at_once_make_one_grant(running, browser):
    await browser.open(response_mode="form_post")
    await browser.sign_in("taro")
    form = browser.page.form
    data = [*form.fields, *form.boxes, ("decision", "allow")]

    async def click():
        url = f"{running.url}{form.action}"
        async with browser.http.post(url, data=data, allow_redirects=False) as answer:
            return Posting(await answer.text()).fields.get("code")

    codes = await asyncio.gather(click(), click())
    assert codes[0] == codes[1] is not None


@pytest.mark.requirement("O-29")
async def test_the_journal_tells_of_the_answer_and_not_of_the_code(running, browser):
    code = posted(await allowed(browser))["code"]
    (entry,) = [each for each in await entries(running) if each["operation"] == "consent"]
    assert entry["status"] == 200
    assert entry["location"].startswith(f"{REDIRECT_URI}?code=***&state=")
    assert code not in str(await entries(running))
    await browser.begin(response_mode="form_post", scope="everything")
    *_, last = await entries(running)
    assert last["error_code"] == "invalid_scope"


async def test_a_pushed_request_and_the_testers_bar_answer_by_the_form(running, browser):
    form = dict(parse_qsl(request_query(response_mode="form_post")))
    async with running.http.post(
        f"{running.base}/oauth/par", data=form, headers=basic(AGGREGATOR)
    ) as answer:
        pushed = (await answer.json())["request_uri"]
    await browser.visit(f"{BASE}/oauth/auth?client_id={AGGREGATOR}&request_uri={pushed}")
    await browser.follow()
    assert "code" in posted(await browser.test("allow_all", ("persona", "taro")))
    await browser.open(response_mode="form_post")
    fields = posted(await browser.test("server_error"))
    assert fields["error"] == "server_error"


async def test_a_fault_harms_the_form_as_it_harms_an_address(running, browser):
    body = {"effect": {"kind": "authorize", "answer": "state_changed"}, "stage": "reply"}
    status, answer = await sent(running, "POST", "/faults", **body)
    assert status == 200, answer
    fields = posted(await allowed(browser))
    assert fields["state"] != "tab-1"
    assert "code" in fields


async def test_the_other_bank_posts_too_and_the_control_door_answers_an_address(running):
    direct = Direct(running)
    asked = {"client_id": direct.client_id, "scope": "web21.ref", "response_mode": "form_post"}
    async with browsing(running) as browser:
        page = await browser.visit(f"{WEB21}/oauth/auth?{request_query(**asked, prompt='none')}")
        fields = posted(page)
        assert (fields["error"], fields["state"]) == ("login_required", "tab-1")
    body = {"bank": "web21", "persona": "shoji_maker", "client_id": direct.client_id}
    status, answer = await sent(running, "POST", "/authorize", **body, scope="web21.ref")
    assert status == 200, answer
    assert answer["redirect_to"].startswith(f"{REDIRECT_URI}?code=")


async def test_an_older_interaction_without_a_mode_goes_on(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running, browsing(running) as browser:
        await browser.open()
        async with running.bank.world.database.transaction() as db:
            await db.execute(
                "UPDATE interaction SET request = json_remove(request, '$.response_mode')"
            )
        await browser.sign_in("taro")
        assert (await browser.press("allow")).location.startswith(f"{REDIRECT_URI}?code=")


async def test_metadata_lists_it(running):
    for bank in ("tomato", "web21"):
        url = f"{running.url}/{bank}/.well-known/oauth-authorization-server"
        async with running.http.get(url) as answer:
            assert (await answer.json())["response_modes_supported"] == ["query", "form_post"]
