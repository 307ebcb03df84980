"""Answers that say something else: statuses, pages, redirects, fields, encodings, clocks."""

import gzip
import json
import zlib

import aiohttp
import pytest

from sandbox.services.oauth import jose
from tests.direct import Direct
from tests.support import REDIRECT_URI, bearer

CLOSED = {"window": {"daily": {"from": "22:00", "to": "11:00"}}}


async def raw_body(striker, path="/accounts"):
    """Return a body as it came, not decompressed."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(f"{striker.running.base}{path}", headers=bearer(striker.token)) as answer,
    ):
        return await answer.read(), answer.headers


# Statuses (F-20, F-21, F-24)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_parameter"),
        (401, "invalid_token"),
        (403, "function_not_available"),
        (404, "account_not_found"),
        (429, "too_many_requests"),
        (500, "internal_error"),
        (502, "internal_error"),
        (503, "service_unavailable"),
    ],
)
async def test_a_status_has_the_banks_shape_and_usual_code(striker, status, code):
    fault = await striker.add("status", status=status)
    found, body, headers = await striker.call()
    assert (found, body["error_code"], headers["X-Sandbox-Fault"]) == (status, code, fault)
    assert set(body) == {"error_code", "error_message", "error_details"}
    (entry,) = [each for each in await striker.journal() if each.get("fault") == fault]
    assert (entry["status"], entry["error_code"], entry["operation"]) == (
        status,
        code,
        "list_accounts",
    )


async def test_code_message_body_and_retry_after_are_as_asked_for(striker):
    more = {"code": "E-77", "message": "障害です", "retry_after_s": 30}
    await striker.add("status", {"times": 1}, status=503, **more)
    status, body, headers = await striker.call()
    assert (status, body["error_code"], body["error_message"]) == (503, "E-77", "障害です")
    assert headers["Retry-After"] == "30"
    await striker.add("status", {"times": 1}, status=200, body={"accounts": "none"})
    assert (await striker.call())[:2] == (200, {"accounts": "none"})


async def test_at_oauth_endpoints_a_status_has_oauths_shape(striker):
    await striker.add("status", {"match": {"operation": "token"}}, status=503)
    status, body, _ = await striker.running.token(grant_type="refresh_token", refresh_token="x")
    assert (status, body["error"]) == (503, "temporarily_unavailable")


async def test_at_the_other_bank_a_status_has_that_banks_shape(striker):
    direct = Direct(striker.running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    await striker.add("status", {"match": {"bank": "web21"}}, status=503)
    status, body, _ = await direct.get("/accounts", token)
    assert status == 503
    assert "error_code" in body
    assert await striker.statuses(1) == [200]


async def test_a_mix_draws_by_weight_and_the_same_way_again(striker):
    choices = [{"weight": 3, "status": 500}, {"weight": 1, "status": 503}]
    runs = []
    for _ in range(2):
        await striker.add("status_mix", {"seed": 4}, choices=choices)
        runs.append(await striker.statuses(40))
        await striker.clear()
    assert runs[0] == runs[1]
    assert 20 <= runs[0].count(500) <= 38
    assert runs[0].count(500) + runs[0].count(503) == 40


async def test_an_outage_tells_when_it_ends_and_is_over_then(striker):
    await striker.add("outage", {**CLOSED, "ttl": "0s"})
    status, _, headers = await striker.call()
    assert (status, headers["Retry-After"]) == (503, str(3600))
    await striker.running.advance("59m59s")
    assert (await striker.call())[2]["Retry-After"] == "1"
    await striker.running.advance("1s")
    assert (await striker.call())[0] != 503


# Pages and redirects (F-18, F-28)


async def test_a_maintenance_page_is_japanese_html_whatever_was_asked_for(striker):
    await striker.add("maintenance_page", {"times": 1})
    body, headers = await raw_body(striker)
    assert "ただいまメンテナンス中です".encode() in body
    assert headers["Content-Type"] == "text/html; charset=UTF-8"
    await striker.add("maintenance_page", status=200, template="<p>x", content_type="text/plain")
    body, headers = await raw_body(striker)
    assert (body, headers["Content-Type"]) == (b"<p>x", "text/plain")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_to_itself_or_away(striker, status):
    await striker.add("redirect", {"times": 1}, status=status)
    found, _, headers = await striker.call("/accounts?x=1")
    path = striker.url.removeprefix(striker.running.url)
    assert (found, headers["Location"]) == (status, f"{path}?x=1")
    await striker.add("redirect", status=status, location="https://other.example/x")
    assert (await striker.call())[2]["Location"] == "https://other.example/x"


async def test_hops_are_so_many_and_then_the_answer(striker):
    fault = await striker.add("redirect", hops=3)
    assert (await striker.show(fault))["times"] == 3
    assert await striker.statuses(5) == [302, 302, 302, 200, 200]


# Fields (F-17)


@pytest.mark.parametrize(
    ("op", "to", "expected"),
    [
        ("drop", None, "absent"),
        ("null", None, None),
        ("retype", None, ["account_name"]),
        ("rename", "name", "absent"),
        ("break", None, "\u0000?"),
        ("break", 12, 12),
        ("add", "x", "x"),
    ],
)
async def test_a_field_drifts_in_every_element_as_asked_for(striker, op, to, expected):
    _, before, _ = await striker.call()
    change = {"pointer": "/accounts/*/account_name", "op": op}
    await striker.add("schema_drift", changes=[change if to is None else {**change, "to": to}])
    status, body, _ = await striker.call()
    assert status == 200
    assert len(body["accounts"]) == len(before["accounts"]) > 0
    for was, now in zip(before["accounts"], body["accounts"], strict=True):
        wanted = [was["account_name"]] if op == "retype" else expected
        assert now.get("account_name", "absent") == wanted
        assert (now.get("name") == was["account_name"]) is (op == "rename")
        assert now["account_id"] == was["account_id"]


async def test_changes_follow_one_another_and_a_pointer_to_nothing_changes_nothing(striker):
    _, before, _ = await striker.call()
    changes = [
        {"pointer": "/accounts/0/branch_code", "op": "retype"},
        {"pointer": "/accounts/99", "op": "drop"},
        {"pointer": "/nowhere/at/all", "op": "null"},
        {"pointer": "/base_date", "op": "rename", "to": "a/b"},
        {"pointer": "/a~1b", "op": "break", "to": "2026"},
    ]
    await striker.add("schema_drift", changes=changes)
    _, body, _ = await striker.call()
    assert body["accounts"][0]["branch_code"] == int(before["accounts"][0]["branch_code"])
    assert body["a/b"] == "2026"
    assert "base_date" not in body
    assert len(body["accounts"]) == len(before["accounts"])


# Encodings (F-19, F-29)


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "iso2022_jp", "utf_16", "utf_8_sig"])
async def test_bytes_of_another_encoding_are_declared_as_utf_8(striker, encoding):
    before, _ = await raw_body(striker)
    await striker.add("wrong_charset", encoding=encoding)
    body, headers = await raw_body(striker)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert body != before
    assert json.loads(body.decode(encoding)) == json.loads(before)


async def test_bad_compression_is_bad_in_just_that(striker):
    before, _ = await raw_body(striker)
    found = {}
    for how in ("corrupt", "not_compressed", "cut_off", "swollen"):
        await striker.add("bad_compression", {"times": 1}, how=how)
        found[how], headers = await raw_body(striker)
        assert headers["Content-Encoding"] == "gzip"
    assert found["not_compressed"] == before
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(found["corrupt"])
    with pytest.raises(EOFError):
        gzip.decompress(found["cut_off"])
    large = gzip.decompress(found["swollen"])
    assert len(large) == 10 * 1024 * 1024 > 500 * len(found["swollen"])
    assert large.rstrip(b" ") == before


@pytest.mark.parametrize("size", [1024, 70_000])
async def test_a_swollen_body_is_as_large_as_asked_for(striker, size):
    before, _ = await raw_body(striker)
    await striker.add("bad_compression", how="swollen", size_bytes=size)
    assert len(gzip.decompress((await raw_body(striker))[0])) == max(size, len(before))


# Clocks (F-40)


@pytest.mark.parametrize(
    ("skew_ms", "date", "base_time"),
    [
        (300_000, "Mon, 16 Nov 2026 01:05:00 GMT", "10:05:00+09:00"),
        (-300_000, "Mon, 16 Nov 2026 00:55:00 GMT", "09:55:00+09:00"),
        (-39_600_000, "Sun, 15 Nov 2026 14:00:00 GMT", "23:00:00+09:00"),
    ],
)
async def test_the_banks_clock_is_ahead_or_behind(striker, skew_ms, date, base_time):
    await striker.add("clock_skew", {"times": 1}, skew_ms=skew_ms)
    _, body, headers = await striker.call()
    assert (headers["Date"], body["base_time"]) == (date, "10:00:00+09:00")
    await striker.add("clock_skew", skew_ms=skew_ms, on=["body"])
    _, body, headers = await striker.call()
    day = "2026-11-15" if skew_ms < -36_000_000 else "2026-11-16"
    assert headers["Date"] == "Mon, 16 Nov 2026 01:00:00 GMT"
    assert (body["base_date"], body["base_time"]) == (day, base_time)


async def test_signed_tokens_are_dated_by_the_wrong_clock_and_signed_all_the_same(striker):
    running = striker.running
    asked = {"client_id": "sandbox-openid", "scope": "openid accounts", "nonce": "n-1"}
    answer = await running.authorize(redirect_uri=REDIRECT_URI, **asked)
    await striker.add("clock_skew", skew_ms=600_000, on=["exp"])
    _, body, _ = await running.exchange(answer["code"], client="sandbox-openid")
    async with running.http.get(f"{running.base}/oauth/jwks") as keys:
        claims = jose.verify(body["id_token"], await keys.json(), ["ES256"]).claims
    now_s = running.sandbox.world.now() // 1000
    assert claims["iat"] == now_s + 600
    assert claims["exp"] - claims["iat"] > 0
