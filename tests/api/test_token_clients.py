"""Who may call the token and revocation endpoints, how, and with how much."""

import asyncio
import base64

import pytest

from sandbox.web.oauth import forms
from tests.api.test_terms_requirements import verdict
from tests.browsing import send_bytes
from tests.support import (
    ACCOUNTING,
    AGGREGATOR,
    BASE,
    MANUAL,
    NATIVE,
    REDIRECT_URI,
    basic,
    secret_of,
)

BLOCKED = "sandbox-blocked"
GRANT = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}
FORM = "application/x-www-form-urlencoded"


def posted(client_id, secret=None):
    return {"client_id": client_id, "client_secret": secret or secret_of(client_id)}


def b64(text):
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


async def post(running, form, headers=None, *, path="token"):
    async with running.http.post(
        f"{running.base}/oauth/{path}", data=form, headers=headers or {}
    ) as answer:
        return answer.status, await answer.json(), answer.headers


# (headers, form) → what the token endpoint says, once for the right and once for every other way.
PROVEN = (400, "invalid_grant")  # known, but the code is not
FAILED = (401, "invalid_client")
CONFUSED = (400, "invalid_request")
METHODS = {
    "basic client by basic": (basic(AGGREGATOR), {}, PROVEN),
    "basic client by basic, named in the form too": (
        basic(AGGREGATOR),
        {"client_id": AGGREGATOR},
        PROVEN,
    ),
    "basic client, percent-encoded": (
        b64(f"%73andbox-aggregator:{secret_of(AGGREGATOR)}"),
        {},
        PROVEN,
    ),
    "basic client, scheme in small letters": (
        {"Authorization": basic(AGGREGATOR)["Authorization"].replace("Basic", "basic")},
        {},
        PROVEN,
    ),
    "basic client by form": ({}, posted(AGGREGATOR), FAILED),
    "basic client by nothing": ({}, {"client_id": AGGREGATOR}, FAILED),
    "basic client, wrong secret": (basic(AGGREGATOR, "wrong"), {}, FAILED),
    "basic client, empty secret": (basic(AGGREGATOR, ""), {}, FAILED),
    "basic client, another's secret": (basic(AGGREGATOR, secret_of(MANUAL)), {}, FAILED),
    "basic client, both ways": (basic(AGGREGATOR), posted(AGGREGATOR), CONFUSED),
    "basic client, another id in the form": (basic(AGGREGATOR), {"client_id": MANUAL}, CONFUSED),
    "form client by form": ({}, posted(ACCOUNTING), PROVEN),
    "form client by basic": (basic(ACCOUNTING), {}, FAILED),
    "form client, wrong secret": ({}, posted(ACCOUNTING, "wrong"), FAILED),
    "form client by nothing": ({}, {"client_id": ACCOUNTING}, FAILED),
    "form client, both ways": (basic(ACCOUNTING), posted(ACCOUNTING), CONFUSED),
    "public client": ({}, {"client_id": NATIVE}, PROVEN),
    "public client with a secret": ({}, posted(NATIVE, "anything"), FAILED),
    "public client by basic": (basic(NATIVE, ""), {}, FAILED),
    "public client by basic with a secret": (basic(NATIVE, "x"), {}, FAILED),
    "blocked client": (basic(BLOCKED), {}, FAILED),
    "blocked client, wrong secret": (basic(BLOCKED, "wrong"), {}, FAILED),
    "unknown client by basic": (basic("nobody"), {}, FAILED),
    "unknown client by form": ({}, posted("nobody"), FAILED),
    "unknown client by nothing": ({}, {"client_id": "nobody"}, FAILED),
    "nobody at all": ({}, {}, FAILED),
    "a secret alone": ({}, {"client_secret": secret_of(AGGREGATOR)}, FAILED),
    "bearer": ({"Authorization": "Bearer x"}, {}, FAILED),
    "no base 64": ({"Authorization": "Basic ***"}, {}, FAILED),
    "no colon": (b64("sandbox-aggregator"), {}, FAILED),
    "no text": ({"Authorization": "Basic //8="}, {}, FAILED),
    "nothing behind basic": ({"Authorization": "Basic"}, {}, FAILED),
}


@pytest.mark.requirement("O-9", "O-10", "O-22")
@pytest.mark.parametrize(("headers", "form", "expected"), METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("path", ["token", "revoke"])
async def test_each_client_proves_itself_by_its_registered_method_alone(
    running, path, headers, form, expected
):
    fields = GRANT if path == "token" else {"token": "x"}
    status, body, said = await post(running, {**fields, **form}, headers, path=path)
    if path == "revoke" and expected == PROVEN:
        assert (status, body) == (200, {})
    else:
        assert (status, body["error"]) == expected
        assert body["error_description"].isascii()
    used_basic = "Authorization" in headers or "client_id" not in form
    challenged = expected == FAILED and used_basic
    assert said.get("WWW-Authenticate") == ('Basic realm="tomato"' if challenged else None)
    assert said["Cache-Control"] == "no-store"
    assert said["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.requirement("O-9", "O-24")
async def test_unknown_clients_and_wrong_secrets_are_refused_alike(running):
    answers = [
        await post(running, GRANT, headers)
        for headers in (basic("nobody"), basic(AGGREGATOR, "wrong"), basic(ACCOUNTING))
    ]
    assert len({(status, str(body)) for status, body, _ in answers}) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "AUTHORIZATION_CODE", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "code": "x"}, "invalid_request"),
    ],
)
async def test_incomplete_requests_are_refused_each_with_its_error(running, form, error):
    status, body, _ = await post(running, form, basic(AGGREGATOR))
    assert (status, body["error"]) == (400, error)


@pytest.mark.requirement("O-27")
@pytest.mark.parametrize("path", ["token", "revoke"])
@pytest.mark.parametrize(
    "name", ["grant_type", "code", "redirect_uri", "token", "client_id", "unheard_of"]
)
async def test_a_field_given_twice_is_an_invalid_request(running, path, name):
    form = [*GRANT.items(), ("token", "x"), (name, "x"), (name, "x")]
    status, body, _ = await post(running, form, basic(AGGREGATOR), path=path)
    assert (status, body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["token", "revoke"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
async def test_only_forms_are_read(running, path, content_type):
    headers = {**basic(AGGREGATOR), "Content-Type": content_type}
    status, body, _ = await post(running, "grant_type=refresh_token", headers, path=path)
    assert (status, body["error"]) == (400, "invalid_request")


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize(
    ("path", "form", "name"),
    [
        ("token", GRANT, "code"),
        ("token", GRANT, "redirect_uri"),
        ("token", {"grant_type": "refresh_token"}, "refresh_token"),
        ("token", {}, "grant_type"),
        ("revoke", {}, "token"),
    ],
)
async def test_each_field_has_its_longest_value(running, path, form, name):
    seen = []
    for length in (2_048, 2_049):
        _, body, _ = await post(running, {**form, name: "x" * length}, basic(AGGREGATOR), path=path)
        seen.append(body.get("error_description", ""))
    assert "too long" not in seen[0]
    assert seen[1] == f"{name} is too long"


@pytest.mark.requirement("O-28")
async def test_sixty_four_fields_are_the_most(running):
    more = {f"field{number}": "x" for number in range(61)}
    status, body, _ = await post(running, {**GRANT, **more}, basic(AGGREGATOR))
    assert (status, body["error"]) == (400, "invalid_grant")
    status, body, _ = await post(running, {**GRANT, **more, "one": "x"}, basic(AGGREGATOR))
    assert (status, body["error"]) == (400, "invalid_request")


def head_of(path, *lines):
    text = [f"POST {BASE}/oauth/{path} HTTP/1.1", "Host: x", f"Content-Type: {FORM}", *lines]
    return "\r\n".join([*text, "", ""]).encode()


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize("path", ["token", "revoke"])
async def test_ten_megabytes_are_refused_in_the_endpoints_shape(running, path):
    announced = head_of(path, "Content-Length: 10000000")
    size = 64 * 1024
    chunk = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
    chunked = head_of(path, "Transfer-Encoding: chunked") + chunk * 2
    for request in (announced, chunked):
        status, head, body = await send_bytes(running.url, request)
        assert status == 413
        assert b"application/json" in head
        assert b'"error":"invalid_request"' in body


@pytest.mark.requirement("O-28")
async def test_a_body_of_64_kibibytes_is_the_largest(running):
    for size, status in ((65_536, 400), (65_537, 413)):
        body = b"code=" + b"x" * (size - 5)
        request = head_of("token", f"Content-Length: {size}") + body
        found = await send_bytes(running.url, request)
        assert found[0] in ({400, 401} if status == 400 else {413})


@pytest.mark.requirement("O-28")
@pytest.mark.parametrize("path", ["token", "revoke"])
async def test_a_slow_body_is_given_up(running, path, monkeypatch):
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.05)
    request = head_of(path, "Content-Length: 100") + b"grant_type="
    status, _, body = await send_bytes(running.url, request)
    assert status == 400
    assert b"too slowly" in body


@pytest.mark.requirement("O-13")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
async def test_revoking_either_token_ends_the_family_at_once(running, kind, hint):
    tokens = await running.log_in("taro")
    form = {"token": tokens[kind]} | ({} if hint is None else {"token_type_hint": hint})
    for _ in range(2):
        status, body, headers = await post(running, form, basic(AGGREGATOR), path="revoke")
        assert (status, body) == (200, {})
        assert headers["Content-Type"].startswith("application/json")
    assert await verdict(running, tokens["access_token"]) == (401, "revoked_by_provider")
    status, body, headers = await running.refresh(tokens["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "revoked_by_provider"


@pytest.mark.requirement("O-13")
@pytest.mark.parametrize("token", ["unknown", "é", " ", "x" * 2_048])
async def test_revoking_an_unknown_token_is_fine(running, token):
    status, body, _ = await post(running, {"token": token}, basic(AGGREGATOR), path="revoke")
    assert (status, body) == (200, {})


@pytest.mark.requirement("O-13")
async def test_revoking_anothers_token_does_nothing_and_tells_nothing(running):
    tokens = await running.log_in("taro")
    for kind in ("access_token", "refresh_token"):
        form = {"token": tokens[kind]}
        assert (await post(running, form, basic(MANUAL), path="revoke"))[:2] == (200, {})
    assert await verdict(running, tokens["access_token"]) == (200, None)
    assert (await running.refresh(tokens["refresh_token"]))[0] == 200


@pytest.mark.requirement("O-13")
async def test_revoking_an_old_refresh_token_ends_the_family_too(running):
    old = await running.log_in("taro")
    _, new, _ = await running.refresh(old["refresh_token"])
    await post(running, {"token": old["refresh_token"]}, basic(AGGREGATOR), path="revoke")
    assert await verdict(running, new["access_token"]) == (401, "revoked_by_provider")


@pytest.mark.requirement("O-13")
async def test_a_refresh_that_races_a_revocation_leaves_nothing_alive(running):
    for _ in range(10):
        tokens = await running.log_in("taro")
        refreshed, revoked = await asyncio.gather(
            running.refresh(tokens["refresh_token"]),
            post(running, {"token": tokens["refresh_token"]}, basic(AGGREGATOR), path="revoke"),
        )
        assert revoked[0] == 200
        alive = refreshed[1].get("access_token", tokens["access_token"])
        assert (await verdict(running, alive))[0] == 401
