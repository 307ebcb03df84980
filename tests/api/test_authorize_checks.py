"""The checks of an authorization request: their order, and where their errors go."""

from dataclasses import replace
from urllib.parse import quote, urlencode, urlsplit

import pytest

from sandbox.domain.oauth.authorize import REDIRECTED_CHECKS, SHOWN_CHECKS
from sandbox.storage import clients
from tests.browsing import browsing, request_query, send_bytes
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    BASE,
    CHALLENGE,
    NATIVE,
    REDIRECT_URI,
    answer_of,
)

EVERYTHING_WRONG = {
    "client_id": "nobody",
    "redirect_uri": "https://evil.example/",
    "request": "x",
    "response_mode": "fragment",
    "scope": "everything",
    "code_challenge_method": "plain",
    "nonce": "n" * 129,
}
# What is put right at each step, and which error showed until then, in the order of the checks.
SHOWN = [
    ("duplicate_parameter", {}),
    ("unknown_client", {"client_id": "sandbox-blocked"}),
    ("client_blocked", {"client_id": ACCOUNTING}),
    ("redirect_uri_mismatch", {"redirect_uri": REDIRECT_URI}),
]
REDIRECTED = [
    ("invalid_request", "request is not supported", {"request": None}),
    ("invalid_request", "response_type is required", {"response_type": "token"}),
    ("unsupported_response_type", "response_type", {"response_type": "code"}),
    ("invalid_request", "response_mode", {"response_mode": "query"}),
    ("invalid_request", "state is required", {"state": "s" * 129}),
    ("invalid_request", "state is longer", {"state": "s" * 128}),
    ("invalid_scope", "scope", {"scope": "accounts"}),
    ("invalid_request", "code_challenge_method without", {"code_challenge_method": None}),
    ("invalid_request", "code_challenge is required", {"code_challenge": "x" * 43}),
    ("invalid_request", "must be S256", {"code_challenge_method": "S256", "code_challenge": "x"}),
    ("invalid_request", "base64url", {"code_challenge": CHALLENGE}),
    ("invalid_request", "nonce", {"nonce": "n" * 128}),
]


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


def query_of(asked):
    return urlencode({name: value for name, value in asked.items() if value is not None})


@pytest.mark.requirement("O-2", "T-6", "T-17")
async def test_errors_come_in_the_order_of_the_checks_shown_first_then_redirected(browser):
    asked = dict(EVERYTHING_WRONG)
    twice = "&nonce=n"
    for code, fix in SHOWN:
        page = await browser.begin(query_of(asked) + twice)
        assert (page.status, page.location) == (400, "")
        assert code in page.text
        asked, twice = {**asked, **fix}, ""
    for error, description, fix in REDIRECTED:
        page = await browser.begin(query_of(asked))
        assert page.status == 302, description
        answer = answer_of(page.location)
        assert page.location.startswith(f"{REDIRECT_URI}?")
        assert answer["error"] == error
        assert description in answer["error_description"]
        assert answer.get("state") == asked.get("state")
        asked |= fix
    page = await browser.begin(query_of(asked))
    assert page.status == 302
    assert urlsplit(page.location).netloc == ""


async def test_no_check_was_forgotten_in_the_walk(running, browser):
    assert len(SHOWN) == len(SHOWN_CHECKS)
    # Three checks have two errors, PKCE has four; who serves nobody is shown below.
    assert len(REDIRECTED) + 1 == len(REDIRECTED_CHECKS) + 2 * 1 + 3
    async with running.bank.world.database.transaction() as db:
        await db.execute("UPDATE client SET contractor_kinds = '' WHERE client_id = $1", AGGREGATOR)
    page = await browser.begin()
    assert answer_of(page.location)["error"] == "unauthorized_client"


# O-1: what differs from a registered URI by next to nothing.
NEARLY = [
    "http://localhost:8000/callback/",
    "http://localhost:8000//callback",
    "http://localhost:8000/Callback",
    "http://LOCALHOST:8000/callback",
    "HTTP://localhost:8000/callback",
    "http://localhost:8000/callback?",
    "http://localhost:8000/callback?x=1",
    "http://localhost:8000/callback#",
    "http://localhost:8000/callback#x",
    "http://localhost:8001/callback",
    "http://localhost/callback",
    "http://localhost:08000/callback",
    "http://user@localhost:8000/callback",
    "http://localhost:8000@evil.example/callback",
    "http://localhost:8000/x/../callback",
    "http://localhost:8000/./callback",
    "http://localhost:8000/%63allback",
    "http://localhost:8000/callback%2F",
    "http://localhost:8000/callback%00",
    "http://localhost:8000/callback%0d%0aX: y",
    "http://localhost.:8000/callback",
    "http://localhost.evil.example:8000/callback",
    "https://localhost:8000/callback",
    "ftp://localhost:8000/callback",
    "//localhost:8000/callback",
    "/callback",
    " http://localhost:8000/callback",
    "http://localhost:8000/callback ",
    "http://localhost:8000/callback\n",
    "http://localhost:8000/call\tback",
    "http:\\\\localhost:8000\\callback",
    "https://aggregator.example/callback/..",
    "https://aggregator.example.evil.example/callback",
    "https://aggregator.example@evil.example/callback",
    "https://aggregator。example/callback",
    "http://127.0.0.1:8001/callback",
    "http://localhost:8000/callback http://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "urn:ietf:wg:oauth:2.0:oob",
    "\udcff",
    "x" * 257,
    "",
]


@pytest.mark.requirement("O-1", "O-3")
@pytest.mark.parametrize("redirect_uri", NEARLY)
async def test_a_redirect_uri_that_is_only_nearly_registered_is_shown_not_followed(
    browser, redirect_uri
):
    spelled = quote(redirect_uri.encode("utf-8", "surrogateescape"), safe="")
    page = await browser.begin(f"{request_query(redirect_uri=None)}&redirect_uri={spelled}")
    assert (page.status, page.location) == (400, "")
    assert "redirect_uri_mismatch" in page.text


@pytest.mark.requirement("O-1")
@pytest.mark.parametrize(
    ("redirect_uri", "is_known"),
    [
        ("http://127.0.0.1/callback", True),
        ("http://127.0.0.1:5000/callback", True),
        ("http://127.0.0.1:65535/callback", True),
        ("http://127.0.0.1:5000/callback/", False),
        ("http://127.0.0.1:5000/callback?x", False),
        ("http://127.0.0.1:5000/", False),
        ("http://127.0.0.1:/callback", False),
        ("http://127.0.0.1:05000/callback", False),
        ("http://127.0.0.1:99999/callback", False),
        ("http://127.0.0.1:0x50/callback", False),
        ("http://127.0.0.1:50 00/callback", False),
        ("http://127.0.0.2:5000/callback", False),
        ("http://localhost:5000/callback", False),
        ("http://[::1]:5000/callback", False),
        ("https://127.0.0.1:5000/callback", False),
        ("http://user@127.0.0.1:5000/callback", False),
        ("http://127.0.0.1:5000@evil.example/callback", False),
        ("http://127.0.0.1.evil.example/callback", False),
        ("http://127.0.0.1:5000\t/callback", False),
    ],
)
async def test_a_native_app_may_listen_on_any_port_of_its_loopback_address(
    browser, redirect_uri, is_known
):
    page = await browser.begin(
        client_id=NATIVE,
        redirect_uri=redirect_uri,
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
    )
    assert (page.status == 302) is is_known
    if is_known:
        await browser.follow()
        page = await browser.press("deny")
        assert page.location.startswith(f"{redirect_uri}?error=access_denied")


@pytest.mark.requirement("O-3")
@pytest.mark.parametrize(
    "name", ["return_to", "next", "url", "ui", "redirect", "continue", "RelayState", "post_logout"]
)
async def test_no_other_parameter_ever_becomes_a_location(browser, name):
    hostile = "https://evil.example/"
    for client_id in (AGGREGATOR, "nobody"):
        page = await browser.begin(request_query(client_id=client_id, **{name: hostile}))
        assert "evil" not in page.location
    await browser.begin(request_query(**{name: hostile}))
    page = await browser.follow()
    page = await browser.press("deny", (name, hostile), ("redirect_uri", hostile))
    assert page.location.startswith(f"{REDIRECT_URI}?")
    assert "evil" not in page.location


@pytest.mark.requirement("O-3")
@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "Referer", "Origin"])
async def test_no_header_ever_becomes_a_location(running, header):
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    host = "" if header == "Host" else "Host: 127.0.0.1\r\n"
    for changes in ({}, {"scope": None}):
        head = f"GET {BASE}/oauth/auth?{request_query(**changes)} HTTP/1.1\r\n{host}"
        status, head, _ = await send_bytes(running.url, f"{head}{header}: {value}\r\n\r\n".encode())
        assert status == 302
        assert b"evil" not in head


@pytest.mark.requirement("O-27")
@pytest.mark.parametrize(
    "name",
    [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "unheard_of",
        "%FF",
    ],
)
async def test_a_parameter_given_twice_is_shown_even_with_the_same_value(browser, name):
    for more in (f"&{name}=a&{name}=a", f"&{name}=a&{name}=b"):
        page = await browser.begin(request_query() + more)
        assert (page.status, page.location) == (400, "")
        assert "duplicate_parameter" in page.text


async def test_a_parameter_without_a_value_counts_as_left_out(browser):
    page = await browser.begin(request_query(scope=""))
    assert answer_of(page.location)["error_description"] == "scope is required"
    page = await browser.begin(request_query() + "&nonce=&nonce=")
    assert "error" not in answer_of(page.location)


async def register(running, client_id, redirect_uri):
    """Let the bank know one more provider, with an id and an address of any length."""
    async with running.bank.world.database.transaction() as db:
        known = await clients.find(db, "tomato", AGGREGATOR)
        other = replace(known, client_id=client_id, redirect_uris=(redirect_uri,))
        await clients.insert(db, [other])


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(("length", "is_good"), [(128, True), (129, False)])
async def test_a_client_id_of_128_characters_is_the_longest(running, browser, length, is_good):
    await register(running, "c" * length, REDIRECT_URI)
    page = await browser.begin(client_id="c" * length)
    assert (page.status == 302) is is_good
    assert is_good or "unknown_client" in page.text


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(("length", "is_good"), [(256, True), (257, False)])
async def test_a_redirect_uri_of_256_characters_is_the_longest(running, browser, length, is_good):
    redirect_uri = "https://long.example/".ljust(length, "x")
    await register(running, "long", redirect_uri)
    page = await browser.begin(client_id="long", redirect_uri=redirect_uri)
    assert (page.status == 302) is is_good
    assert is_good or "redirect_uri_mismatch" in page.text


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": " ".join(["accounts"] * 28)}, None),  # 251 characters
        ({"scope": " ".join(["accounts"] * 29)}, "invalid_scope"),  # 260
        ({"nonce": "n" * 128}, None),
        ({"nonce": "n" * 129}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "S256"}, None),
        ({"code_challenge": "x" * 44, "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_the_other_parameters_have_their_longest_value_too(browser, changes, error):
    page = await browser.begin(**changes)
    assert answer_of(page.location).get("error") == error


@pytest.mark.requirement("O-28")
async def test_sixty_four_parameters_are_the_most(browser):
    more = "".join(f"&field{number}=x" for number in range(59))
    assert (await browser.begin(request_query() + more)).status == 302
    page = await browser.begin(f"{request_query()}{more}&one=x")
    assert (page.status, page.location) == (400, "")
