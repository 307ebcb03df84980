"""What the authorization server says of itself is true, and it is all."""

from urllib.parse import urlsplit

import pytest

from sandbox.services.population import load_clients
from sandbox.web.bank_door import WELL_KNOWN
from sandbox.web.tomato import PROFILE
from tests.browsing import browsing
from tests.support import ACCOUNTING, AGGREGATOR, NATIVE, answer_of, basic, run_sandbox, secret_of

PROOFS = {
    "client_secret_basic": (basic(AGGREGATOR), {}),
    "client_secret_post": ({}, {"client_id": ACCOUNTING, "client_secret": secret_of(ACCOUNTING)}),
    "none": ({}, {"client_id": NATIVE}),
}


async def fetch(running, path):
    async with running.http.get(f"{running.url}{path}") as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.fixture
async def metadata(running):
    return await fetch(running, f"{WELL_KNOWN}/tomato")


@pytest.mark.requirement("O-30")
async def test_both_places_say_the_same(running, metadata):
    assert await fetch(running, f"/tomato{WELL_KNOWN}") == metadata


@pytest.mark.requirement("O-30", "O-7")
async def test_the_issuer_is_where_the_metadata_are(running, metadata):
    parts = urlsplit(metadata["issuer"])
    assert f"{parts.scheme}://{parts.netloc}" == running.url
    assert await fetch(running, f"{WELL_KNOWN}{parts.path}") == metadata
    async with browsing(running) as browser:
        assert answer_of(await browser.consent())["iss"] == metadata["issuer"]
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.requirement("O-30")
async def test_every_endpoint_is_there(running, metadata):
    async with running.http.get(metadata["authorization_endpoint"]) as answer:
        assert answer.status == 400
        assert "unknown_client" in await answer.text()
    for name, form, expected in (
        ("token_endpoint", {"grant_type": "authorization_code"}, 400),
        ("revocation_endpoint", {"token": "x"}, 200),
    ):
        async with running.http.post(
            metadata[name], data=form, headers=basic(AGGREGATOR)
        ) as answer:
            assert answer.status == expected
    endpoints = {name for name in metadata if name.endswith("_endpoint")}
    assert endpoints == {"authorization_endpoint", "token_endpoint", "revocation_endpoint"}


@pytest.mark.requirement("O-30", "O-9")
@pytest.mark.parametrize("endpoint", ["token", "revocation"])
async def test_every_method_of_client_authentication_works(running, metadata, endpoint):
    listed = metadata[f"{endpoint}_endpoint_auth_methods_supported"]
    assert set(listed) == set(PROOFS) == {c.auth_method for c in load_clients("tomato")}
    for method in listed:
        headers, form = PROOFS[method]
        fields = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", **form}
        async with running.http.post(
            metadata[f"{endpoint}_endpoint"], data=fields, headers=headers
        ) as answer:
            body = await answer.json()
            assert body == {} or body["error"] == "invalid_grant"


@pytest.mark.requirement("O-30")
async def test_what_is_listed_is_taken_and_what_is_not_is_refused(running, metadata):
    assert set(metadata["scopes_supported"]) == PROFILE.scopes
    challenge = {"code_challenge": "x" * 43}
    listed = [
        *({"scope": each} for each in metadata["scopes_supported"]),
        *({"response_type": each} for each in metadata["response_types_supported"]),
        *({"response_mode": each} for each in metadata["response_modes_supported"]),
        *(
            {**challenge, "code_challenge_method": each}
            for each in metadata["code_challenge_methods_supported"]
        ),
    ]
    unlisted = [
        {"scope": "openid"},
        {"response_type": "token"},
        {"response_type": "code token"},
        {"response_mode": "fragment"},
        {"response_mode": "form_post"},
        {**challenge, "code_challenge_method": "plain"},
        {"request": "x"},
        {"request_uri": "urn:x"},
    ]
    async with browsing(running) as browser:
        for changes in listed:
            assert "error" not in answer_of((await browser.begin(**changes)).location)
        for changes in unlisted:
            assert "error" in answer_of((await browser.begin(**changes)).location)


@pytest.mark.requirement("O-30")
async def test_every_grant_type_works_and_no_other(running, metadata):
    tokens = await running.log_in("taro")
    worked = {"authorization_code"}
    if (await running.refresh(tokens["refresh_token"]))[0] == 200:
        worked.add("refresh_token")
    assert set(metadata["grant_types_supported"]) == worked
    for other in ("client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        _, body, _ = await running.token(grant_type=other)
        assert body["error"] == "unsupported_grant_type"


@pytest.mark.requirement("O-30")
async def test_pages_speak_the_listed_languages(running, metadata):
    async with browsing(running) as browser:
        for language in metadata["ui_locales_supported"]:
            await browser.open()
            page = await browser.visit(f"{browser.page.url}?lang={language}")
            assert page.headers["Content-Language"] == language
            assert f'<html lang="{language}">' in page.text


@pytest.mark.requirement("O-30")
async def test_the_metadata_follow_the_public_address(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, base_url="https://bank.example") as running:
        found = await fetch(running, f"{WELL_KNOWN}/tomato")
        assert found["issuer"] == "https://bank.example/tomato"
        for name, value in found.items():
            assert not name.endswith("_endpoint") or value.startswith("https://bank.example/")
