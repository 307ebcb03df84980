"""The checks of an authorization request: their order, and where their errors go."""

from urllib.parse import quote, urlencode, urlsplit

import pytest

from sandbox.domain.oauth import contracted
from sandbox.domain.oauth.authorize import REDIRECTED_CHECKS, SHOWN_CHECKS
from sandbox.services.oauth.requests import REQUEST_URI_PREFIX
from tests.browsing import browsing, request_query, send_bytes
from tests.pushing import push_form, register
from tests.support import (
    AGGREGATOR,
    BASE,
    CHALLENGE,
    NATIVE,
    REDIRECT_URI,
    answer_of,
)

WALKER = "walker"
OPTIONS, KINDS = "options", "contractor_kinds"  # of the walker itself, and not of its request
NO_SUCH_ACR = '{"id_token":{"acr":{"essential":true,"value":"gold"}}}'
EVERYTHING_WRONG = {
    "client_id": "nobody",
    "redirect_uri": "https://evil.example/",
    "request_uri": f"{REQUEST_URI_PREFIX}none",
    "request": "x",
    "registration": "{}",
    "response_mode": "fragment",
    "code_challenge_method": "plain",
    "dpop_jkt": "x",
    "nonce": "n" * 129,
    "prompt": "none login",
    "max_age": "-1",
    "login_hint": "h" * 129,
    "id_token_hint": "x",
    "claims": "[]",
    "authorization_details": "[]",
    "resource": "https://evil.example/",
    OPTIONS: {"par_required": True, "request_object_required": True},
    KINDS: (),
}
# What is put right at each step, and which error showed until then, in the order of the checks.
SHOWN = [
    ("no_parameter_twice", "duplicate_parameter", {}),
    ("client_known", "unknown_client", {"client_id": "sandbox-blocked"}),
    ("client_not_blocked", "client_blocked", {"client_id": WALKER}),
    ("request_uri_good", "request_uri_unknown", {"request_uri": "https://evil.example/r"}),
    ("request_object_or_redirect_uri", "request_object", {"request": None}),
    (
        "redirect_uri_registered",
        "redirect_uri_mismatch",
        {"redirect_uri": REDIRECT_URI, "request": "x"},
    ),
]
REDIRECTED = [
    (
        "pushed_where_required",
        "invalid_request",
        "must push",
        {OPTIONS: {"request_object_required": True}},
    ),
    (
        "no_foreign_request_uri",
        "request_uri_not_supported",
        "from the PAR endpoint",
        {"request_uri": None},
    ),
    ("request_object_sound", "request_not_supported", "registered no", {"request": None}),
    ("request_object_sound", "invalid_request", "must sign", {OPTIONS: {}}),
    ("no_registration", "registration_not_supported", "registration", {"registration": None}),
    ("response_type_code", "invalid_request", "is required", {"response_type": "token"}),
    ("response_type_code", "unsupported_response_type", "code", {"response_type": "code"}),
    ("response_mode_known", "invalid_request", "response_mode", {"response_mode": "query"}),
    ("state_given", "invalid_request", "state is required", {"state": "s" * 129}),
    ("state_given", "invalid_request", "state is longer", {"state": "s" * 128}),
    ("scope_allowed", "invalid_request", "scope is required", {"scope": "everything"}),
    ("scope_allowed", "invalid_scope", "knows no such", {"scope": "accounts phone"}),
    ("scope_allowed", "invalid_scope", "may not ask", {"scope": "accounts email"}),
    ("scope_allowed", "invalid_scope", "go with openid", {"scope": "accounts openid email"}),
    ("response_type_allowed", "unauthorized_client", "serves no", {KINDS: ("individual",)}),
    ("pkce_sound", "invalid_request", "method without", {"code_challenge_method": None}),
    ("pkce_sound", "invalid_request", "is required", {"code_challenge": "x" * 43}),
    (
        "pkce_sound",
        "invalid_request",
        "must be S256",
        {"code_challenge_method": "S256", "code_challenge": "x"},
    ),
    ("pkce_sound", "invalid_request", "code_challenge is not", {"code_challenge": CHALLENGE}),
    ("dpop_key_sound", "invalid_request", "dpop_jkt is not", {"dpop_jkt": "x" * 43}),
    ("nonce_sound", "invalid_request", "nonce is longer", {"nonce": "n" * 128}),
    ("prompt_sound", "invalid_request", "prompt none stands alone", {"prompt": "later"}),
    ("prompt_sound", "invalid_request", "prompt must be", {"prompt": "consent login"}),
    ("max_age_sound", "invalid_request", "max_age", {"max_age": "999999999"}),
    ("hints_short", "invalid_request", "login_hint is longer", {"login_hint": "h" * 128}),
    ("id_token_hint_ours", "invalid_request", "id_token_hint", {"id_token_hint": None}),
    ("claims_sound", "invalid_request", "claims must be", {"claims": NO_SUCH_ACR}),
    ("acr_reachable", "unmet_authentication_requirements", "single-factor", {"claims": "{}"}),
    (
        "no_authorization_details",
        "invalid_authorization_details",
        "no type",
        {"authorization_details": None},
    ),
    ("resource_is_ours", "invalid_target", "resource", {"resource": None}),
]
# At the PAR endpoint pushing is what the client does, and it cannot push what it pushed.
PUSHED = {"pushed_where_required": None, "no_foreign_request_uri": "invalid_request"}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


async def as_asked(running, wanted):
    """Change the walker as the step wants it; return the request itself."""
    await register(
        running,
        WALKER,
        pkce="required",
        scopes=("accounts", "openid", "email"),
        options=wanted[OPTIONS],
        contractor_kinds=wanted[KINDS],
    )
    return {n: v for n, v in wanted.items() if n not in (OPTIONS, KINDS) and v is not None}


@pytest.mark.requirement("O-2", "O-6", "O-7", "T-6", "T-17")
async def test_errors_come_in_the_order_of_the_checks_shown_first_then_redirected(running, browser):
    wanted, twice = dict(EVERYTHING_WRONG), "&nonce=n"
    for _, code, fix in SHOWN:
        page = await browser.begin(urlencode(await as_asked(running, wanted)) + twice)
        assert (page.status, page.location) == (400, "")
        assert code in page.text
        wanted, twice = {**wanted, **fix}, ""
    for _, error, description, fix in REDIRECTED:
        page = await browser.begin(urlencode(await as_asked(running, wanted)))
        assert page.status == 302, description
        answer = answer_of(page.location)
        assert page.location.startswith(f"{REDIRECT_URI}?")
        assert (answer["error"], answer["iss"]) == (error, running.bank.world.issuer("tomato"))
        assert description in answer["error_description"]
        assert answer.get("state") == wanted.get("state")
        wanted |= fix
    page = await browser.begin(urlencode(await as_asked(running, wanted)))
    assert page.status == 302
    assert urlsplit(page.location).netloc == ""


@pytest.mark.requirement("O-2", "O-19", "O-27")
async def test_a_push_passes_the_same_checks_in_the_same_order_and_is_never_redirected(running):
    wanted = {**EVERYTHING_WRONG, "client_id": WALKER, "request": None}
    steps = [(None, "invalid_request", "redirect_uri", {"redirect_uri": REDIRECT_URI})]
    steps[0][-1]["request"] = "x"
    for check, error, description, fix in [*steps, *REDIRECTED]:
        form = await as_asked(running, wanted)
        error = PUSHED.get(check, error)
        if error is not None:
            status, body, headers = await push_form(running, form, client=WALKER)
            assert (status, body["error"]) == (400, error), (check, body)
            assert check in PUSHED or description in body["error_description"]
            assert "Location" not in headers
            assert headers["Cache-Control"] == "no-store"
        wanted |= fix
    form = await as_asked(running, wanted)
    status, body, _ = await push_form(running, form, client=WALKER)
    assert status == 201, body
    status, body, _ = await push_form(running, [*form.items(), ("nonce", "n")], client=WALKER)
    assert (status, body["error"]) == (400, "invalid_request")


def test_no_check_was_forgotten_in_the_walk():
    assert [name for name, *_ in SHOWN] == names_of(SHOWN_CHECKS)
    walked = dict.fromkeys(name for name, *_ in REDIRECTED)
    assert list(walked) == names_of(REDIRECTED_CHECKS)


def names_of(checks):
    """Those of contracts pass here; they are walked in test_web21_authorize."""
    return [check.__name__ for check in checks if check.__module__ != contracted.__name__]


@pytest.mark.requirement("O-6")
async def test_a_nonce_is_required_where_openid_has_no_pkce_to_protect_it(running, browser):
    await register(running, WALKER, pkce="off", scopes=("accounts", "openid"))
    for scope, nonce, error in [
        ("openid", None, "invalid_request"),
        ("openid", "n", None),
        ("accounts", None, None),
    ]:
        page = await browser.begin(client_id=WALKER, scope=scope, nonce=nonce)
        assert answer_of(page.location).get("error") == error


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


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(("length", "is_good"), [(128, True), (129, False)])
async def test_a_client_id_of_128_characters_is_the_longest(running, browser, length, is_good):
    await register(running, "c" * length)
    page = await browser.begin(client_id="c" * length)
    assert (page.status == 302) is is_good
    assert is_good or "unknown_client" in page.text


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(("length", "is_good"), [(256, True), (257, False)])
async def test_a_redirect_uri_of_256_characters_is_the_longest(running, browser, length, is_good):
    redirect_uri = "https://long.example/".ljust(length, "x")
    await register(running, "long", redirect_uris=(redirect_uri,))
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
