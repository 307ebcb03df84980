"""Userinfo of ``web21``: whose data it is, that it is nobody's, and who may ask."""

import re

import pytest

from tests.direct import LOGI, Direct
from tests.support import bearer

SHOJI_SUB = "0009AG0000000001A001"
OPTION = {
    "kigyo_kana": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
    "kigyo_kanji": "サンプル商事株式会社",
    "kigyo_kana_jusho": "ｶｸｳｹﾝﾐﾎﾝｼﾁﾕｳｵｳ1-1-1",
    "kanrisha_kengen_kbn": "0",
    "riyo_login_id": "keiri01",
}


async def told(direct, token, query=""):
    url = f"{direct.base}/userinfo{query}"
    async with direct.running.http.get(url, headers=bearer(token)) as answer:
        return answer.status, await answer.json()


async def token_of(direct, persona="shoji_maker", scope="openid web21.ref"):
    return (await direct.log_in(persona, scope, nonce="n"))["access_token"]


async def test_a_user_is_told_with_the_firm_and_nothing_is_anybodys(running):
    direct = Direct(running)
    status, body = await told(direct, await token_of(direct))
    assert status == 200
    option = body.pop("option")
    phones = [body.pop("phone_number"), option.pop("kigyo_tel_no")]
    assert option == OPTION
    assert re.fullmatch(r"user\d{8}@example\.com", body.pop("email"))
    assert all(re.fullmatch(r"\+81 (90|50)-0\d{3}-\d{4}", phone) for phone in phones)
    assert phones[0] != phones[1]
    assert body == {
        "sub": SHOJI_SUB,
        "user_name": "架空 太郎",
        "nickname": "Z001",
        "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
        "email_verified": True,
        "address": {
            "formatted": "架空県見本市中央1-1-1",
            "region": "架空県",
            "locality": "見本市",
            "street_address": "中央1-1-1",
            "country": "JP",
        },
    }


async def test_two_users_of_a_firm_share_the_firms_data_alone(running):
    direct = Direct(running)
    _, maker = await told(direct, await token_of(direct))
    _, checker = await told(direct, await token_of(direct, "shoji_checker"))
    assert maker["option"]["kigyo_tel_no"] == checker["option"]["kigyo_tel_no"]
    assert maker["sub"] == checker["sub"]  # the contractor's
    for name in ("user_name", "phone_number", "email"):
        assert maker[name] != checker[name]
    assert checker["option"]["riyo_login_id"] == "buchou01"


async def test_asking_twice_tells_the_same(running):
    direct = Direct(running)
    token = await token_of(direct)
    assert await told(direct, token) == await told(direct, token)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (200, None)),
        (f"?sub={SHOJI_SUB}", (200, None)),
        (f"?sub={SHOJI_SUB.lower()}", (403, "contractor_mismatch")),
        ("?sub=0009AG0000000001A002", (403, "contractor_mismatch")),
        ("?sub=", (403, "contractor_mismatch")),
        (f"?sub={SHOJI_SUB}&sub={SHOJI_SUB}", (400, "invalid_parameter")),
    ],
)
async def test_who_is_named_must_be_the_tokens(running, query, expected):
    direct = Direct(running)
    status, body = await told(direct, await token_of(direct), query)
    assert (status, body.get("error_code")) == expected


async def test_without_openid_nobody_is_told(running):
    direct = Direct(running)
    status, body = await told(direct, await token_of(direct, scope="web21.ref"))
    assert (status, body["error_code"]) == (403, "insufficient_scope")


async def test_another_firms_token_tells_of_that_firm(running):
    logi = Direct(running, LOGI)
    _, body = await told(logi, await token_of(logi, "logi_maker"))
    assert body["sub"] != SHOJI_SUB
    assert body["option"]["kigyo_kanji"] == "サンプル物流株式会社"


async def test_the_metadata_name_what_is_told(running):
    direct = Direct(running)
    _, body = await told(direct, await token_of(direct))
    address = f"{running.url}/web21/.well-known/openid-configuration"
    async with running.http.get(address) as answer:
        supported = (await answer.json())["claims_supported"]
    assert set(body) <= set(supported)
    assert len(set(supported)) == len(supported)
