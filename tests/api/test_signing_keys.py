"""The bank's signing keys: made when needed, rotated by command and by clock, never told (O-31)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.storage.export import EXPORTED_TABLES, scan
from tests.jwts import JWT_TOKENS, OPENID, header_of, is_verified, key_set, log_in, set_options
from tests.support import ACCOUNTING, AGGREGATOR, run_sandbox

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519", "RS256")


async def control(running, method, path, **body):
    async with running.http.request(method, f"{running.control}/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def rotate(running, **body):
    status, answer = await control(running, "POST", "keys/rotate", bank="tomato", **body)
    assert status == 200, answer
    return answer["keys"]


async def listed(running):
    status, answer = await control(running, "GET", "keys")
    assert status == 200
    return answer["keys"]


async def kids(running):
    return [key["kid"] for key in (await key_set(running))["keys"]]


def kinds(advanced):
    return [
        (event["kind"], event["subject"]) for event in advanced["events"] if "key" in event["kind"]
    ]


async def test_no_key_is_made_before_it_is_needed(running):
    await running.log_in("taro")
    assert await listed(running) == []
    (key,) = (await key_set(running))["keys"]
    (shown,) = await listed(running)
    assert (shown["kid"], shown["alg"], shown["is_signing"]) == (key["kid"], "ES256", True)


@pytest.mark.requirement("O-35")
async def test_the_key_set_may_be_kept_for_a_minute(running):
    async with running.http.get(f"{running.base}/oauth/jwks") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Date"].startswith("Mon, 16 Nov 2026")


@pytest.mark.requirement("O-31")
@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_only_public_halves_are_published(running, alg):
    await rotate(running, alg=alg)
    keys = {key["alg"]: key for key in (await key_set(running))["keys"]}
    assert set(keys) == {"ES256", alg}
    for key in keys.values():
        assert not PRIVATE & set(key)
        assert key["use"] == "sig"


async def test_what_clients_are_registered_for_is_published_before_it_signs(running):
    await set_options(running, OPENID, id_token_alg="RS256", userinfo_alg="EdDSA")
    await set_options(running, ACCOUNTING, id_token_alg="PS256")  # but has no openid
    jwks = await key_set(running)
    assert {key["alg"] for key in jwks["keys"]} == {"ES256", "RS256", "EdDSA"}
    tokens = await log_in(running)
    assert await key_set(running) == jwks
    assert is_verified(tokens["id_token"], jwks)


@pytest.mark.requirement("O-31")
async def test_a_command_rotates_and_old_tokens_stay_good_until_they_end(running):
    old = (await log_in(running, "accounts", client_id=JWT_TOKENS))["access_token"]
    await running.advance("10m")
    before, after = await rotate(running)
    assert (before["is_signing"], after["is_signing"]) == (False, True)
    assert before["kid"] != after["kid"]
    assert before["retired_at"] == after["created_at"]
    assert await kids(running) == [before["kid"], after["kid"]]
    new = await log_in(running, persona="hanako")
    assert header_of(new["id_token"])["kid"] == after["kid"]
    jwks = await key_set(running)
    assert is_verified(old, jwks)
    assert is_verified(new["id_token"], jwks)
    assert (await running.get("/accounts", old))[0] == 200

    # The old token has 20 minutes to live, one made just before the rotation 30.
    assert kinds(await running.advance("29m59s")) == []
    assert await kids(running) == [before["kid"], after["kid"]]
    assert kinds(await running.advance("1s")) == [("key_withdrawn", before["kid"])]
    assert await kids(running) == [after["kid"]]
    assert [key["kid"] for key in await listed(running)] == [after["kid"]]
    assert not is_verified(old, await key_set(running))


@pytest.mark.requirement("O-31")
async def test_a_key_stays_for_the_longest_lifetime_of_any_client(running):
    await set_options(running, AGGREGATOR, access_token_lifetime_s=7200)
    await key_set(running)
    before, _ = await rotate(running)
    assert before["retired_at"] == "2026-11-16T10:00:00+09:00"
    assert before["published_until"] == "2026-11-16T12:00:00+09:00"


@pytest.mark.requirement("O-31")
async def test_a_key_stays_for_tokens_of_a_lifetime_that_is_no_more(running):
    await set_options(running, JWT_TOKENS, token_format="jwt", access_token_lifetime_s=7200)
    await log_in(running, "accounts", client_id=JWT_TOKENS)
    await set_options(running, JWT_TOKENS, token_format="jwt")
    before, _ = await rotate(running)
    assert before["published_until"] == "2026-11-16T12:00:00+09:00"


async def test_one_algorithm_alone_is_rotated(running):
    await rotate(running, alg="EdDSA")
    first = {key["alg"]: key["kid"] for key in (await key_set(running))["keys"]}
    await rotate(running, alg="EdDSA")
    signing = {key["alg"]: key["kid"] for key in await listed(running) if key["is_signing"]}
    assert signing["ES256"] == first["ES256"]
    assert signing["EdDSA"] != first["EdDSA"]
    await rotate(running)
    again = {key["alg"]: key["kid"] for key in await listed(running) if key["is_signing"]}
    assert set(again) == {"ES256", "EdDSA"}
    assert not set(again.values()) & set(signing.values())


async def test_each_key_has_a_name_of_its_own(running):
    for _ in range(5):
        await rotate(running)
    found = await kids(running)
    assert len(set(found)) == len(found) == 5


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"bank": "nowhere"}, 404, "unknown-bank"),
        ({"bank": "tomato", "alg": "none"}, 422, "invalid-request"),
        ({"bank": "tomato", "alg": "HS256"}, 422, "invalid-request"),
        ({"alg": "ES256"}, 422, "invalid-request"),
        ({"bank": "tomato", "more": 1}, 422, "invalid-request"),
    ],
)
async def test_a_wrong_rotation_is_refused(running, body, status, slug):
    found, problem = await control(running, "POST", "keys/rotate", **body)
    assert (found, problem["type"].rpartition(":")[2]) == (status, slug)
    assert await listed(running) == []


# By the clock


@pytest.mark.requirement("O-31", "O-33")
async def test_the_clock_rotates(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_key_rotation="7d") as running:
        tokens = await log_in(running)
        (first,) = await kids(running)
        assert kinds(await running.advance("6d23h59m59s")) == []
        advanced = await running.advance("1s")
        assert kinds(advanced) == [("key_retired", first)]
        (event,) = [event for event in advanced["events"] if event["kind"] == "key_retired"]
        assert (event["bank"], event["alg"]) == ("tomato", "ES256")
        assert event["at"] == "2026-11-23T10:00:00+09:00"
        assert len(await kids(running)) == 2  # the successor is there before it signs
        assert (await kids(running))[0] == first
        assert is_verified(tokens["id_token"], await key_set(running))
        assert kinds(await running.advance("30m")) == [("key_withdrawn", first)]
        (second,) = await kids(running)
        assert kinds(await running.advance("6d23h30m")) == [("key_retired", second)]


@pytest.mark.requirement("O-31")
async def test_a_long_way_leaves_no_key_behind(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_key_rotation="7d") as running:
        (first,) = await kids(running)
        advanced = await running.advance("60d")
        assert kinds(advanced) == [("key_retired", first), ("key_withdrawn", first)]
        assert await listed(running) == []
        (second,) = await kids(running)
        assert second != first


async def test_a_rotation_by_command_starts_the_interval_anew(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_key_rotation="7d") as running:
        await key_set(running)
        await running.advance("6d")
        first, second = await rotate(running)
        assert kinds(await running.advance("6d")) == [("key_withdrawn", first["kid"])]
        assert kinds(await running.advance("1d")) == [("key_retired", second["kid"])]


@pytest.mark.parametrize(
    ("before", "after", "due"),
    [("0s", "7d", 7), ("20d", "7d", 7), ("7d", "20d", 20), ("7d", "0s", 0)],
)
async def test_the_setting_may_change_over_a_restart(tmp_path, template, before, after, due):
    directory = tmp_path / "data"
    directory.mkdir()
    async with run_sandbox(directory, template=template, tomato_key_rotation=before) as running:
        (kid,) = await kids(running)
    async with run_sandbox(directory, tomato_key_rotation=after) as running:
        advanced = await running.advance("25d")
        retired = [e["at"] for e in advanced["events"] if e["kind"] == "key_retired"]
        assert retired == (
            [f"2026-{'11-23' if due == 7 else '12-06'}T10:00:00+09:00"] if due else []
        )
        assert (kid in await kids(running)) == (due == 0)


@pytest.mark.parametrize("what", ["data", "tokens", "clock", "journal"])
async def test_a_reset_leaves_the_keys_and_what_becomes_of_them(tmp_path, template, what):
    async with run_sandbox(tmp_path, template=template, tomato_key_rotation="7d") as running:
        await key_set(running)
        before = await rotate(running)
        status, _ = await control(running, "POST", "reset", what=what)
        assert status == 200
        assert await listed(running) == before
        old, new = (key["kid"] for key in before)
        expected = [("key_withdrawn", old), ("key_retired", new)]
        assert kinds(await running.advance("7d")) == expected


async def test_a_world_as_it_was_made_has_no_keys(running):
    await rotate(running)
    await control(running, "POST", "reset", what="all")
    assert await listed(running) == []
    tokens = await log_in(running)
    assert is_verified(tokens["id_token"], await key_set(running))


# What must not get out


def secrets_of(rows):
    return [value for (jwk,) in rows for name, value in json.loads(jwk).items() if name in PRIVATE]


@pytest.mark.requirement("O-31", "O-29")
async def test_private_keys_and_signed_tokens_are_nowhere(tmp_path, template, caplog):
    async with run_sandbox(tmp_path, template=template, access_log="1") as running:
        for alg in ALGORITHMS:
            await rotate(running, alg=alg)
        await set_options(running, OPENID, userinfo_alg="ES256")
        openid, jwt = await log_in(running), await log_in(running, "accounts", client_id=JWT_TOKENS)
        async with running.http.get(
            f"{running.base}/oauth/userinfo",
            headers={"Authorization": f"Bearer {openid['access_token']}"},
        ) as answer:
            signed = await answer.text()
        await running.get("/accounts", jwt["access_token"])
        await running.get(f"/accounts/{jwt['access_token']}", "x")  # a client's mistake
        rows = await running.sandbox.world.database.fetch("SELECT private_jwk FROM signing_key")
        secrets = secrets_of(rows)
        assert len(secrets) >= len(ALGORITHMS)
        secrets += [openid["id_token"], jwt["access_token"], signed]
        secrets += [token.rpartition(".")[2] for token in secrets[-3:]]
        shown = [json.dumps(await key_set(running)), json.dumps(await listed(running)), caplog.text]
        for path in ("journal", "journal/export.har", "tokens", "grants", ""):
            url = f"{running.control}/{path}".rstrip("/")
            async with running.http.get(
                url, params={"limit": "1000"} if path == "journal" else None
            ) as answer:
                assert answer.status == 200
                shown.append(await answer.text())
        exported = [str(row) async for row in export_of(running)]
        await running.sandbox.world.journal.flush()
        kept = await running.sandbox.world.database.fetch("SELECT entries FROM journal")
    for secret in secrets:
        assert all(secret not in text for text in (*shown, *exported))
        assert all(secret.encode() not in bytes(blob) for (blob,) in kept)


async def export_of(running):
    for table in EXPORTED_TABLES:
        async for batch in scan(running.sandbox.world.database, table):
            for row in batch:
                yield row


LAZY = """
import asyncio, pathlib, sys
from tests.support import run_sandbox

async def main():
    async with run_sandbox(pathlib.Path(sys.argv[1])) as running:
        tokens = await running.log_in("taro")
        await running.refresh(tokens["refresh_token"])
        await running.get("/accounts", "eyJhbGciOiJFUzI1NiJ9.e30.x")
        print([name for name in ("joserfc", "cryptography") if name in sys.modules])
        await running.http.get(f"{running.base}/oauth/jwks")
        print([name for name in ("joserfc", "cryptography") if name in sys.modules])

asyncio.run(main())
"""


def test_who_signs_nothing_imports_nothing_for_it(tmp_path):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", LAZY, str(tmp_path)]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.splitlines() == ["[]", "['joserfc', 'cryptography']"]
