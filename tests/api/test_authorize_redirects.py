"""What a redirect back to the provider carries: ``iss`` always, ``state`` byte for byte."""

from urllib.parse import quote_from_bytes, unquote_to_bytes, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.web.bank_door import WELL_KNOWN
from tests.browsing import browsing, request_query
from tests.pushing import asked, register
from tests.support import REDIRECT_URI, answer_of, run_sandbox


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def issuer_of(running):
    async with running.http.get(f"{running.url}/tomato{WELL_KNOWN}") as answer:
        return (await answer.json())["issuer"]


ERRORS = [
    {"response_type": None},
    {"response_type": "token"},
    {"response_mode": "fragment"},
    {"state": None},
    {"scope": None},
    {"scope": "openid"},
    {"request_uri": "urn:x"},
    {"request": "x"},
    {"code_challenge": "short", "code_challenge_method": "S256"},
    {"code_challenge": "x" * 43},
    {"nonce": "n" * 129},
]


@pytest.mark.requirement("O-7")
@pytest.mark.parametrize("changes", ERRORS)
async def test_every_error_that_is_redirected_names_the_issuer(running, browser, changes):
    page = await browser.begin(**changes)
    answer = answer_of(page.location)
    assert (page.status, answer["iss"]) == (302, await issuer_of(running))
    assert answer["error_description"].isascii()
    assert "code" not in answer
    assert answer.get("state") == changes.get("state", "tab-1")


@pytest.mark.requirement("O-7")
async def test_success_and_refusal_name_the_issuer(running, browser):
    issuer = await issuer_of(running)
    answer = answer_of(await browser.consent())
    assert set(answer) == {"code", "state", "iss"}
    assert answer["iss"] == issuer
    await browser.open()
    for persona in (None, "taro"):
        if persona is not None:
            await browser.open()
            await browser.sign_in(persona)
        page = await browser.press("deny")
        denied = answer_of(page.location)
        assert (denied["error"], denied["iss"]) == ("access_denied", issuer)
        assert "code" not in denied


@pytest.mark.requirement("O-7")
async def test_closed_hours_name_the_issuer(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_hours="regional") as running:
        await running.advance("13h55m")
        async with browsing(running) as browser:
            page = await browser.begin()
            assert answer_of(page.location)["iss"] == await issuer_of(running)


@pytest.mark.requirement("O-7")
async def test_the_issuer_is_what_the_base_url_says(tmp_path, template):
    async with run_sandbox(
        tmp_path, template=template, base_url="https://bank.example/x/"
    ) as running:
        assert await issuer_of(running) == "https://bank.example/x/tomato"
        async with browsing(running) as browser:
            page = await browser.begin(scope=None)
            assert answer_of(page.location)["iss"] == "https://bank.example/x/tomato"


def state_of(location):
    """Return the bytes of the state that a Location carries."""
    fields = dict(part.partition("=")[::2] for part in urlsplit(location).query.split("&"))
    return unquote_to_bytes(fields["state"].replace("+", " "))


states = st.binary(min_size=1, max_size=128) | st.text(min_size=1, max_size=32).map(
    lambda text: text.encode("utf-8", "replace")
)


@pytest.mark.requirement("O-8")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(state=states)
@example(state=b"\x00")
@example(state=b"+ %2B&=#")
@example(state=b"\r\nX-Injected: 1")
@example(state="架空😀".encode())
@example(state=b"\xff\xfe\x80")
@example(state=b"\xed\xa0\x80")
@example(state=b"s" * 128)
async def test_the_state_comes_back_byte_for_byte(running, state):
    spelled = quote_from_bytes(state, safe="")
    query = f"{request_query(state=None)}&state={spelled}"
    async with browsing(running) as browser:
        # At once, in an error's redirect …
        page = await browser.begin(query.replace("scope=accounts", "scope=x"))
        assert state_of(page.location) == state
        assert "X-Injected" not in page.headers
        # … and after having been kept over the pages.
        await browser.open(query)
        page = await browser.press("deny")
        assert state_of(page.location) == state


@pytest.mark.requirement("O-8")
@pytest.mark.parametrize("state", [b"plain", b"+ %2B&=#", "架空😀".encode(), b"\xff\x80"])
async def test_the_state_comes_back_with_the_code_too(browser, state):
    await browser.open(f"{request_query(state=None)}&state={quote_from_bytes(state, safe='')}")
    await browser.sign_in()
    page = await browser.press("allow")
    assert state_of(page.location) == state
    assert answer_of(page.location)["code"]


@pytest.mark.requirement("O-8", "O-28")
@pytest.mark.parametrize(
    ("state", "is_good"),
    [
        ("s" * 128, True),
        ("s" * 129, False),
        ("é" * 64, True),
        ("é" * 64 + "s", False),
        ("😀" * 32, True),
        ("😀" * 33, False),
    ],
)
async def test_a_state_of_128_bytes_is_the_longest(browser, state, is_good):
    page = await browser.begin(state=state)
    answer = answer_of(page.location)
    assert ("error" not in answer) is is_good
    assert is_good or answer["error"] == "invalid_request"


@pytest.mark.requirement("O-6", "O-8", "O-28")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": "s" * 2048}, None),
        ({"state": "s" * 2049}, "state is longer than 2048 bytes"),
        ({"state": "é" * 1024}, None),
        ({"state": "😀" * 512 + "s"}, "state is longer than 2048 bytes"),
        ({"state": None}, None),
        ({"code_challenge": None, "code_challenge_method": None}, "code_challenge is required"),
    ],
)
async def test_the_best_practice_wants_pkce_and_leaves_the_state_free(
    running, browser, changes, error
):
    await register(running, "strict", security_profile="bcp", pkce="off")
    page = await browser.begin(urlencode(asked("strict", **changes)))
    if error is None:
        await browser.follow()
        page = await browser.press("deny")
        assert answer_of(page.location)["error"] == "access_denied"
    else:
        assert error in answer_of(page.location)["error_description"]
    assert answer_of(page.location).get("state") == changes.get("state", "tab-1")


@pytest.mark.requirement("O-22")
async def test_after_a_form_the_browser_is_sent_on_by_303_alone(browser):
    await browser.open()
    form = browser.page.form
    login = [("branch_code", "001"), ("account_number", "1234567"), ("pin", "1234")]
    page = await browser.press("sign_in", *login)
    assert page.status == 303
    await browser.follow()
    page = await browser.press("allow")
    assert page.status == 303
    assert page.location.startswith(f"{REDIRECT_URI}?")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    await browser.open()
    assert browser.page.form.action != form.action
    assert (await browser.press("deny")).status == 303
