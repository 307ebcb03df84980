"""Signed authorization requests (RFC 9101): whose, for whom, for how long, and nothing beside."""

import json
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

import pytest

from sandbox.services.oauth.requests import REQUEST_URI_PREFIX
from tests.browsing import browsing
from tests.pushing import (
    OPENID_SCOPES,
    asked,
    assertion,
    claims,
    key,
    key_set,
    push_form,
    register,
    signed,
)
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, answer_of

SIGNER, STRICT = "signer", "strict-signer"
HOUR = 3600


@pytest.fixture
async def browser(running):
    options = {"jwks": key_set(), "request_object_alg": "ES256"}
    await register(running, SIGNER, options=options, scopes=("accounts", *OPENID_SCOPES))
    await register(
        running,
        STRICT,
        options=options,
        security_profile="fapi2",
        auth_method="private_key_jwt",
        secret_hash=None,
    )
    async with browsing(running) as found:
        yield found


def outer(client_id, token, **beside):
    return {"client_id": client_id, "request": token, **beside}


async def answer_at_authorize(browser, token, **beside):
    """Return the OAuth error of a request object at authorize, or None where it is taken."""
    query = urlencode(outer(SIGNER, token, redirect_uri=REDIRECT_URI, **beside))
    return answer_of((await browser.begin(query)).location).get("error")


async def answer_at_par(running, client_id, token, **beside):
    form = outer(client_id, token, **beside)
    if client_id == STRICT:
        form |= assertion(running, STRICT)
    status, body, _ = await push_form(running, form, client=None if client_id == STRICT else SIGNER)
    assert (status == 201) is ("request_uri" in body), body
    return body.get("error"), body.get("error_description", "")


# (what is wrong, claims that differ, is it good enough for the bank's profile, and for fapi2).
# Instants are seconds from now.
CLAIMS = [
    ("nothing", {}, True, True),
    ("another issuer", {"iss": "other"}, False, False),
    ("no issuer", {"iss": None}, False, False),
    ("another client", {"client_id": AGGREGATOR}, False, False),
    ("no client", {"client_id": None}, False, False),
    ("for another server", {"aud": "https://other.example"}, False, False),
    ("for nobody", {"aud": None}, False, False),
    ("for several", {"aud": ["ISSUER", "https://other.example"]}, True, True),
    ("for an odd thing", {"aud": {"x": 1}}, False, False),
    ("a request within", {"request": "x"}, False, False),
    ("a request_uri within", {"request_uri": "urn:x"}, False, False),
    ("no end", {"exp": None}, False, False),
    ("an odd end", {"exp": "soon"}, False, False),
    ("an endless end", {"exp": 1e400}, False, False),
    ("a true end", {"exp": True}, False, False),
    ("it has ended", {"exp": 0}, False, False),
    ("it ends in a second", {"exp": 1}, True, True),
    ("no beginning", {"nbf": None}, True, False),
    ("an odd beginning", {"nbf": "now"}, False, False),
    ("it begins in 10 s", {"nbf": 10}, True, True),
    ("it begins in 11 s", {"nbf": 11}, False, False),
    ("it began an hour ago", {"nbf": -HOUR, "exp": 0.5}, True, False),  # longer than an hour
    ("it began 60 minutes ago", {"nbf": -HOUR + 1, "exp": 1}, True, True),
    ("it began longer ago", {"nbf": -HOUR - 1, "exp": 1}, True, False),
    ("it lasts an hour", {"exp": HOUR}, True, True),
    ("it lasts longer", {"exp": HOUR + 1}, True, False),
    ("a number for a text", {"state": 5}, False, False),
    ("a list for a text", {"scope": ["accounts"]}, False, False),
    ("nothing for a text", {"nonce": "NULL"}, False, False),
    ("half a letter", {"state": "\ud800"}, False, False),
    ("an unheard-of claim", {"colour": {"red": 1}}, True, True),
    ("a number that may be one", {"max_age": 60}, True, True),
    ("a number that is too long", {"max_age": 10**20}, False, False),
]


def said_of(running, client_id, changes):
    now = running.bank.world.now() // 1000
    said = claims(running, client_id)
    for name, value in changes.items():
        if value is None:
            del said[name]
        elif name in ("exp", "nbf") and type(value) in (int, float):
            said[name] = value if value > 1e300 else now + value
        else:
            said[name] = None if value == "NULL" else value
    if isinstance(said.get("aud"), list):
        said["aud"][0] = running.bank.world.issuer("tomato")
    return said


@pytest.mark.requirement("O-20")
@pytest.mark.parametrize(("what", "changes", "is_good", "is_strictly_good"), CLAIMS)
async def test_what_a_request_object_must_say(
    running, browser, what, changes, is_good, is_strictly_good
):
    token = signed(said_of(running, SIGNER, changes))
    expected = None if is_good else "invalid_request_object"
    assert await answer_at_authorize(browser, token) == expected, what
    assert (await answer_at_par(running, SIGNER, token))[0] == expected
    token = signed(said_of(running, STRICT, changes))
    error, description = await answer_at_par(running, STRICT, token)
    assert error == (None if is_strictly_good else "invalid_request_object"), what
    assert description.isascii()


def unsigned(said):
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, said))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def tampered(token):
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"


@pytest.mark.requirement("O-20")
async def test_who_may_have_signed_it_and_how(running, browser):
    said = claims(running, SIGNER)
    foreign = key("ES256", "foreign")
    cases = {
        "as registered": (signed(said), None),
        "with its own type": (signed(said, typ="oauth-authz-req+jwt"), None),
        "with its type in full": (signed(said, typ="application/oauth-authz-req+jwt"), None),
        "as another kind of token": (signed(said, typ="at+jwt"), "typ"),
        "as a proof": (signed(said, typ="dpop+jwt"), "typ"),
        "by another key": (signed(said, by=foreign), "no registered key"),
        "by another key of that name": (signed(said, by=foreign, kid="k1"), "no registered"),
        "by another algorithm": (signed(said, by=key("EdDSA", "k2"), alg="EdDSA"), "algorithm"),
        "by nobody": (unsigned(said), "algorithm"),
        "before it was changed": (tampered(signed(said)), ""),
        "not at all": ("x", "not a signed JWT"),
        "as an encrypted one": ("a.b.c.d.e", "not a signed JWT"),
        "too long": (signed({**said, "x": "x" * 20_000}), "too long"),
    }
    for how, (token, why) in cases.items():
        error, description = await answer_at_par(running, SIGNER, token)
        assert error == (None if why is None else "invalid_request_object"), how
        assert (why or "") in description, how
        if len(token) < 20_000:
            assert await answer_at_authorize(browser, token) == error, how


@pytest.mark.requirement("O-20")
async def test_a_client_that_registered_no_algorithm_sends_none(running, browser):
    token = signed(claims(running, AGGREGATOR))
    _, body, _ = await push_form(running, outer(AGGREGATOR, token), client=AGGREGATOR)
    assert body["error"] == "request_not_supported"
    query = urlencode(outer(AGGREGATOR, token, redirect_uri=REDIRECT_URI))
    page = await browser.begin(query)
    assert answer_of(page.location)["error"] == "request_not_supported"


@pytest.mark.requirement("O-20")
async def test_an_algorithm_beyond_the_profile_is_not_taken_even_if_registered(running):
    rsa = key("RS256", "rsa")
    options = {"jwks": key_set(key(), rsa), "request_object_alg": "RS256"}
    for profile, error in [("bcp", None), ("fapi2", "invalid_request_object")]:
        await register(
            running,
            STRICT,
            options=options,
            security_profile=profile,
            auth_method="private_key_jwt",
            secret_hash=None,
        )
        token = signed(claims(running, STRICT), by=rsa, alg="RS256")
        assert (await answer_at_par(running, STRICT, token))[0] == error


@pytest.mark.requirement("O-20", "O-3")
async def test_only_what_is_signed_counts(running, browser):
    said = claims(running, SIGNER, state="inside", nonce=None)
    beside = {
        "state": "outside",
        "scope": "everything",
        "response_type": "token",
        "nonce": "n" * 500,
        "redirect_uri": "https://evil.example/",
        "prompt": "none",
    }
    page = await browser.open(urlencode(outer(SIGNER, signed(said), **beside)))
    assert page.status == 200
    page = await browser.press("deny")
    assert page.location.startswith(f"{REDIRECT_URI}?")
    assert answer_of(page.location)["state"] == "inside"
    # What is only outside is not there at all.
    del said["scope"]
    page = await browser.begin(urlencode(outer(SIGNER, signed(said), scope="accounts", state="o")))
    assert answer_of(page.location)["error_description"] == "scope is required"
    assert answer_of(page.location)["state"] == "inside"


@pytest.mark.requirement("O-2", "O-3", "O-20")
async def test_a_bad_object_is_redirected_only_where_a_known_address_stands_beside_it(browser):
    for beside, is_shown in [
        ({}, True),
        ({"redirect_uri": "https://evil.example/"}, True),
        ({"redirect_uri": REDIRECT_URI}, False),
    ]:
        page = await browser.begin(urlencode(outer(SIGNER, "x.y.z", **beside)))
        assert (page.status == 400) is is_shown
        assert (page.location == "") is is_shown
        assert is_shown is ("request_object" in page.text)


@pytest.mark.requirement("O-3", "O-20")
async def test_an_unregistered_address_inside_is_shown_and_not_followed(running, browser):
    said = claims(running, SIGNER, redirect_uri="https://evil.example/")
    page = await browser.begin(urlencode(outer(SIGNER, signed(said), redirect_uri=REDIRECT_URI)))
    assert (page.status, page.location) == (400, "")
    assert "redirect_uri_mismatch" in page.text


@pytest.mark.requirement("O-20")
async def test_request_and_request_uri_do_not_go_together(running, browser):
    token = signed(claims(running, SIGNER))
    both = {"request_uri": "https://client.example/r"}
    assert await answer_at_authorize(browser, token, **both) in (
        "request_uri_not_supported",
        "invalid_request_object",
    )
    ours = {"request_uri": f"{REQUEST_URI_PREFIX}{'x' * 51}"}
    for beside in (both, ours):
        error, _ = await answer_at_par(running, SIGNER, token, **beside)
        assert error == "invalid_request_object"


@pytest.mark.requirement("O-20")
async def test_a_client_that_must_sign_gets_nowhere_without(running, browser):
    options = {"jwks": key_set(), "request_object_alg": "ES256", "request_object_required": True}
    await register(running, SIGNER, options=options)
    page = await browser.begin(client_id=SIGNER)
    assert answer_of(page.location)["error"] == "invalid_request"
    status, body, _ = await push_form(running, asked(SIGNER), client=SIGNER)
    assert (status, body["error"]) == (400, "invalid_request")
    token = signed(claims(running, SIGNER))
    assert await answer_at_authorize(browser, token) is None
    status, body, _ = await push_form(running, outer(SIGNER, token), client=SIGNER)
    assert status == 201
    handle = urlencode({"client_id": SIGNER, "request_uri": body["request_uri"]})
    assert (await browser.open(handle)).status == 200
    answer = await running.authorize(client_id=SIGNER, redirect_uri=REDIRECT_URI)
    assert answer["status"] == 200  # the control door stands in for the client


async def test_structured_parameters_are_objects_inside(running, browser):
    said = claims(
        running,
        SIGNER,
        scope="openid",
        claims={"id_token": {"name": None}},
        max_age=300,
        resource=[f"{running.bank.world.issuer('tomato')}/parasol/v1/banks/0566"],
        code_challenge=CHALLENGE,
    )
    assert await answer_at_authorize(browser, signed(said)) is None
    for changes, error in [
        ({"claims": {"id_token": []}}, None),
        ({"claims": {"id_token": 5}}, "invalid_request"),
        ({"claims": []}, "invalid_request"),
        ({"authorization_details": [{"type": "x"}]}, "invalid_authorization_details"),
        ({"registration": {"x": 1}}, "registration_not_supported"),
        ({"resource": ["https://other.example"]}, "invalid_target"),
        ({"resource": ["a", "b"]}, "invalid_request_object"),
        ({"resource": [5]}, "invalid_request_object"),
    ]:
        assert await answer_at_authorize(browser, signed({**said, **changes})) == error, changes
