"""Userinfo (OpenID Connect Core §5.3): who is told what of whom, and by which token."""

import pytest

from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.domain.oauth.personal import address_claim, subject_of
from sandbox.services.oauth import headless
from tests.jwts import ALL_SCOPES, OPENID, header_of, key_set, log_in, set_options, verified
from tests.support import answer_of, bearer, run_sandbox

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TARO = {
    "sub": subject_of("0566", "persona-taro"),
    "name": "架空 太郎",
    "family_name": "架空",
    "given_name": "太郎",
    "name#ja-Kana-JP": "カクウ タロウ",
    "family_name#ja-Kana-JP": "カクウ",
    "given_name#ja-Kana-JP": "タロウ",
    "zoneinfo": "Asia/Tokyo",
    "locale": "ja-JP",
    "address": {
        "formatted": "架空県見本市中央1-2-3",
        "region": "架空県",
        "locality": "見本市",
        "street_address": "中央1-2-3",
        "country": "JP",
    },
    "email_verified": True,
    "phone_number_verified": True,
}
PROFILE = {name for name in TARO if not name.startswith(("address", "email", "phone"))}
BY_SCOPE = {
    "openid": {"sub"},
    "openid profile": PROFILE,
    "openid email": {"sub", "email", "email_verified"},
    "openid address": {"sub", "address"},
    "openid phone": {"sub", "phone_number", "phone_number_verified"},
}


async def userinfo(running, token=None, method="GET", data=None, **headers):
    named = {**(bearer(token) if token else {}), **headers}
    async with running.http.request(
        method, f"{running.base}/oauth/userinfo", data=data, headers=named
    ) as answer:
        text = await answer.text()
        if answer.content_type == "application/jwt":
            return answer.status, text, answer.headers
        return answer.status, await answer.json(), answer.headers


async def test_all_that_there_is_about_a_person(running):
    token = (await log_in(running))["access_token"]
    status, told, headers = await userinfo(running, token)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    email, phone = told.pop("email"), told.pop("phone_number")
    assert told == TARO
    assert email.endswith("@example.com")
    assert phone.startswith("+81 90-0")


async def test_a_firm_has_one_name_and_its_user_a_name_to_sign_in_with(running):
    token = (await log_in(running, persona="shoji"))["access_token"]
    _, told, _ = await userinfo(running, token)
    assert told["name"] == "サンプル商事株式会社"
    assert told["preferred_username"] == "tanaka"
    assert "family_name" not in told
    assert told["phone_number"].startswith("+81 50-0")


@pytest.mark.parametrize(("scope", "names"), BY_SCOPE.items())
async def test_each_scope_tells_its_claims(running, scope, names):
    token = (await log_in(running, f"{scope} accounts"))["access_token"]
    _, told, _ = await userinfo(running, token)
    assert set(told) == names


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ('{"userinfo":{"email":null,"name":{"essential":true}}}', {"email", "name"}),
        ('{"userinfo":{"sub":null,"nothing":null,"picture":null}}', set()),
        ('{"id_token":{"email":null}}', set()),
    ],
)
async def test_single_claims_are_told_where_they_were_asked_for(running, claims, names):
    query = (
        f"response_type=code&client_id={OPENID}&scope=openid+accounts&state=s"
        f"&redirect_uri=http://localhost:8000/callback&claims={claims}"
    )
    consented = await headless.consent(
        running.bank, parse_parameters(query), "taro", account_ids=None, functions=None
    )
    code = answer_of(consented.redirect_to)["code"]
    _, tokens, _ = await running.exchange(code, client=OPENID)
    _, told, _ = await userinfo(running, tokens["access_token"])
    assert set(told) == {"sub"} | names


async def test_phone_and_mail_are_the_seeds(tmp_path, template):
    async def contact(name, seed):
        directory = tmp_path / name
        directory.mkdir()
        async with run_sandbox(directory, seed=seed) as running:
            tokens = [await log_in(running, persona=who) for who in ("taro", "hanako")]
            told = [(await userinfo(running, each["access_token"]))[1] for each in tokens]
            return [(each["email"], each["phone_number"]) for each in told]

    first = await contact("a", "5")
    assert await contact("b", "5") == first
    assert not set(await contact("c", "6")) & set(first)
    assert len(set(first)) == 2


@pytest.mark.requirement("O-21")
async def test_the_subject_is_the_id_tokens(running):
    tokens = await log_in(running)
    claims = verified(tokens["id_token"], await key_set(running))
    _, told, _ = await userinfo(running, tokens["access_token"])
    assert told["sub"] == claims["sub"] == TARO["sub"]


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "RS256"])
async def test_a_client_may_have_it_signed(running, alg):
    await set_options(running, OPENID, userinfo_alg=alg)
    token = (await log_in(running, f"{ALL_SCOPES} accounts"))["access_token"]
    status, signed, headers = await userinfo(running, token)
    assert (status, headers["Content-Type"]) == (200, "application/jwt")
    assert header_of(signed)["alg"] == alg
    told = verified(signed, await key_set(running))
    assert (told["iss"], told["aud"]) == (f"{running.url}/tomato", OPENID)
    assert told["name"] == "架空 太郎"
    assert (await running.get("/accounts", signed))[0] == 401


# By which token


async def test_a_post_brings_the_token_in_the_header_or_in_the_body(running):
    token = (await log_in(running))["access_token"]
    _, expected, _ = await userinfo(running, token)
    for how in (
        {"token": token},
        {"token": token, "data": b"", **FORM},
        {"data": {"access_token": token}},
        {"token": token, "data": {"x": "y"}},
    ):
        assert (await userinfo(running, method="POST", **how))[:2] == (200, expected)


@pytest.mark.requirement("O-15")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_wrong_token_is_told_so_and_nothing_more(running, method):
    await running.log_in("taro")
    openid = await log_in(running)
    for token in ("x", openid["refresh_token"], openid["id_token"], "eyJ.x.y"):
        for how in ({"token": token}, {"data": {"access_token": token}, "method": "POST"}):
            status, body, headers = await userinfo(running, **{"method": method, **how})
            assert (status, body["error_code"]) == (401, "invalid_token")
            assert headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
            assert "sub" not in body


async def test_without_a_token_there_is_no_error_code(running):
    for method in ("GET", "POST"):
        status, _, headers = await userinfo(running, method=method)
        assert status == 401
        assert "error=" not in headers["WWW-Authenticate"]


async def test_a_token_without_openid_is_not_enough(running):
    token = (await running.log_in("taro"))["access_token"]
    for how in ({"token": token}, {"data": {"access_token": token}, "method": "POST"}):
        status, _, headers = await userinfo(running, **how)
        assert status == 403
        assert headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="openid"'


@pytest.mark.requirement("O-15", "O-28")
async def test_two_tokens_or_a_broken_form_are_refused(running):
    token = (await log_in(running))["access_token"]
    post = {"method": "POST"}
    for how in (
        {"token": token, "data": {"access_token": token}, **post},
        {"data": [("access_token", token), ("access_token", token)], **post},
        {"data": b"{}", "Content-Type": "application/json", **post},
    ):
        status, body, _ = await userinfo(running, **how)
        assert (status, body["error_code"]) == (400, "invalid_parameter"), how
    async with running.http.get(
        f"{running.base}/oauth/userinfo", params={"access_token": token}
    ) as answer:
        assert answer.status == 400
    big = {"data": {"access_token": "x" * 70_000}, **post}
    assert (await userinfo(running, **big))[0] == 413


@pytest.mark.requirement("O-34")
@pytest.mark.parametrize("binding", ["jkt:abc", "x5t:abc"])
async def test_a_bound_token_is_no_bearer_token_here_either(running, binding):
    token = (await log_in(running))["access_token"]
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE token SET binding = $1", binding)
    for how in ({"token": token}, {"data": {"access_token": token}, "method": "POST"}):
        assert (await userinfo(running, **how))[0] == 401


@pytest.mark.requirement("O-33", "O-34")
async def test_the_grants_end_ends_it(running):
    tokens = await log_in(running)
    grant = await running.sandbox.world.database.fetchrow("SELECT grant_id FROM access_grant")
    await running.staff.revoke_grant(grant[0])
    assert (await userinfo(running, tokens["access_token"]))[0] == 401


async def test_other_methods_are_none(running):
    for method in ("PUT", "DELETE", "HEAD"):
        async with running.http.request(method, f"{running.base}/oauth/userinfo") as answer:
            assert answer.status == 405


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("東京都千代田区見本1-2", ("東京都", "千代田区", "見本1-2")),
        ("京都府京都市左京区見本町3", ("京都府", "京都市左京区", "見本町3")),
        ("神奈川県横浜市中区架空1", ("神奈川県", "横浜市中区", "架空1")),
        ("北海道虻田郡見本町字架空2", ("北海道", "虻田郡見本町", "字架空2")),
        ("どこでもない所", (None, None, "どこでもない所")),
        ("架空県見本市", ("架空県", "見本市", None)),
    ],
)
def test_an_address_is_taken_apart_where_it_can_be(address, parts):
    claim = address_claim(address)
    names = ("region", "locality", "street_address")
    assert tuple(claim.get(name) for name in names) == parts
    assert (claim["formatted"], claim["country"]) == (address, "JP")
