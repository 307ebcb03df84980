"""What hostile pages try, and what the bank's own pages ask the browser to refuse."""

import html

import pytest

from tests.browser.support import count_grants

NOT_OURS = "画面の確認ができませんでした"
OVER = "この手続きは続けられません"


async def fields_of(person) -> dict[str, str]:
    entries = await person.page.evaluate(
        "[...new FormData(document.querySelector('form')).entries()]"
    )
    return dict(entries)


def form_page(action: str, fields: dict[str, str]) -> str:
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<!DOCTYPE html><form method="post" action="{html.escape(action)}">{inputs}'
        "<button>win a prize</button></form>"
    )


@pytest.mark.requirement("O-23")
@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_without_the_pages_own_token_nothing_is_decided(person, token, decision):
    await person.reach_consent("taro")
    await person.page.evaluate(
        "token => { const field = document.querySelector('[name=csrf]');"
        "if (token === null) field.remove(); else field.value = token }",
        token,
    )
    await person.press(decision)
    await person.page_says(403, NOT_OURS, "次にしていただくこと", "手続きを始め直して")
    assert (await count_grants(person.running), person.provider.calls) == (0, [])
    await person.page.goto(person.page.url)
    assert "code" in await person.allow()


@pytest.mark.requirement("O-23")
async def test_the_token_of_the_sign_in_page_does_not_serve_for_the_consent(person):
    await person.begin()
    old = (await fields_of(person))["csrf"]
    await person.sign_in("taro")
    await person.page.evaluate(
        "token => { document.querySelector('[name=csrf]').value = token }", old
    )
    await person.press("allow")
    await person.page_says(403, NOT_OURS)
    assert await count_grants(person.running) == 0


@pytest.mark.requirement("O-23")
async def test_a_form_on_another_site_is_sent_without_the_cookie(person):
    """Even with the right token, which no other site can know."""
    await person.reach_consent("taro")
    fields = {**await fields_of(person), "decision": "allow"}
    person.provider.pages["/prize"] = form_page(person.page.url, fields)
    evil = await person.another_tab()
    await evil.page.goto(person.provider.site("/prize"))
    async with evil.page.expect_navigation():
        await evil.page.click("button")
    await evil.page_says(400, OVER)
    assert (await count_grants(person.running), person.provider.calls) == (0, [])


@pytest.mark.requirement("O-23")
@pytest.mark.parametrize("page", ["sign_in", "consent", "refusal", "error"])
async def test_no_other_origin_can_frame_a_page(person, page):
    await person.begin("nobody" if page == "error" else "sandbox-aggregator")
    if page in ("consent", "refusal"):
        await person.sign_in({"consent": "taro", "refusal": "lapsed"}[page])
    # 127.0.0.1 of another port is the same site: the cookie would be sent into the frame.
    own = f"http://127.0.0.1:{person.provider.port}"
    person.provider.pages["/frames"] = (
        f'<!DOCTYPE html><iframe src="{html.escape(person.page.url)}"></iframe>'
        f'<iframe src="{own}/harmless"></iframe>'
    )
    evil = await person.another_tab()
    await evil.page.goto(f"{own}/frames")
    blocked, shown = evil.page.frames[1:]
    assert blocked.url == "chrome-error://chromewebdata/"
    assert await shown.locator("p").inner_text() == "ok"
    assert any("frame" in complaint.lower() for complaint in evil.complaints)


@pytest.mark.requirement("O-23")
@pytest.mark.parametrize("context_options", [{"locale": "ja-JP"}, {"locale": "en-US"}])
async def test_the_browser_finds_nothing_to_refuse_on_the_banks_own_pages(person):
    await person.begin()
    await person.sign_in("taro", pin="0000")
    await person.sign_in("lapsed")
    await person.begin("nobody")
    await person.begin()
    await person.sign_in("taro")
    await person.allow()
    # The only complaints are of the statuses that were asked for: 400 once, 403 twice.
    unasked = [each for each in person.complaints if "status of 40" not in each]
    assert unasked == []
    elsewhere = [
        url
        for url in person.asked_for
        if not url.startswith((person.running.url, person.provider.site("/"), "data:"))
    ]
    assert elsewhere == []


@pytest.mark.requirement("O-23")
async def test_a_script_in_a_page_would_not_run(person):
    await person.begin()
    await person.page.evaluate(
        "const script = document.createElement('script');"
        "script.textContent = 'document.title = \"planted\"';"
        "document.body.append(script)"
    )
    assert await person.page.title() != "planted"
    assert any("Content Security Policy" in each for each in person.complaints)


async def test_the_style_sheet_is_applied_and_kept(person):
    await person.begin()
    button = person.page.locator("button.primary")
    style = "e => getComputedStyle(e).backgroundColor"
    assert await button.evaluate(style) == "rgb(10, 106, 108)"
    assert await person.page.evaluate("document.styleSheets[0].cssRules.length") > 50
    sheets = {url for url in person.asked_for if "/assets/" in url}
    assert len(sheets) == 2  # the bank's, and that of the tester's bar
    for sheet in sheets:
        answer = await person.context.request.get(sheet)
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.requirement("O-23")
async def test_the_provider_does_not_learn_the_banks_addresses(person):
    referrers = []
    person.page.on(
        "request",
        lambda request: (
            referrers.append(request.headers.get("referer")) if "/callback" in request.url else None
        ),
    )
    await person.reach_consent("taro")
    await person.allow()
    assert referrers
    assert set(referrers) == {None}


@pytest.mark.requirement("O-23")
async def test_no_page_stays_in_the_cache(person):
    kept = []
    person.page.on(
        "response",
        lambda answer: (
            kept.append((answer.url, answer.headers.get("cache-control")))
            if "/oauth/auth" in answer.url
            else None
        ),
    )
    await person.begin()
    await person.sign_in("taro", pin="0000")
    await person.sign_in("taro")
    await person.press("allow")
    assert len(kept) == 6
    assert {control for _, control in kept} == {"no-store"}
