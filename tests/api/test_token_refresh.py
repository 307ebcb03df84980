"""Refreshing: rotation, reuse, scope, races, the user's presence."""

import asyncio
from collections import Counter

import pytest

from tests.api.test_terms_requirements import verdict
from tests.support import MANUAL, run_sandbox


@pytest.mark.requirement("O-12")
async def test_a_refresh_replaces_both_tokens(running):
    old = await running.log_in("taro")
    status, new, headers = await running.refresh(old["refresh_token"])
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert set(new) == set(old)
    assert new["access_token"] != old["access_token"]
    assert new["refresh_token"] != old["refresh_token"]
    assert await verdict(running, new["access_token"]) == (200, None)
    assert (await verdict(running, old["access_token"]))[0] == 401


@pytest.mark.requirement("O-12")
async def test_a_refresh_token_used_again_ends_the_family(running):
    old = await running.log_in("taro")
    _, new, _ = await running.refresh(old["refresh_token"])
    status, body, headers = await running.refresh(old["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert headers["X-Sandbox-Reason"] == "refresh_reused"
    assert await verdict(running, new["access_token"]) == (401, "refresh_reused")
    status, body, _ = await running.refresh(new["refresh_token"])
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("O-12")
async def test_reuse_ends_the_family_however_old_the_token_is(running):
    first = await running.log_in("taro")
    tokens = first
    for _ in range(3):
        await running.advance("1d")
        _, tokens, _ = await running.refresh(tokens["refresh_token"])
    assert (await running.refresh(first["refresh_token"]))[0] == 400
    assert await verdict(running, tokens["access_token"]) == (401, "refresh_reused")


@pytest.mark.requirement("O-12", "T-11")
async def test_a_refresh_token_is_bound_to_its_client(running):
    tokens = await running.log_in("taro")
    status, body, _ = await running.refresh(tokens["refresh_token"], client=MANUAL)
    assert (status, body["error"]) == (400, "invalid_grant")
    _, new, _ = await running.refresh(tokens["refresh_token"])
    # Not even a spent one does harm in other hands.
    await running.refresh(tokens["refresh_token"], client=MANUAL)
    assert await verdict(running, new["access_token"]) == (200, None)


@pytest.mark.requirement("O-12")
@pytest.mark.parametrize(
    ("scope", "is_good"),
    [
        ("accounts", True),
        ("accounts accounts", True),
        ("accounts openid", False),
        ("openid", False),
        ("ACCOUNTS", False),
        (" ", False),
        ("é", False),
        ("x" * 3_000, False),
    ],
)
async def test_a_refresh_never_widens_the_scope(running, scope, is_good):
    tokens = await running.log_in("taro")
    status, body, _ = await running.refresh(tokens["refresh_token"], scope=scope)
    assert status == (200 if is_good else 400)
    if is_good:
        assert set(body["scope"].split()) == {"accounts"}
        assert await verdict(running, body["access_token"]) == (200, None)
    else:
        assert body["error"] == "invalid_scope"
        # Refused, and nothing was spent.
        assert (await running.refresh(tokens["refresh_token"]))[0] == 200


@pytest.mark.requirement("O-12")
async def test_a_narrow_refresh_leaves_the_scope_of_the_next_one_be(running):
    """RFC 6749 §6: the new refresh token's scope is that of the one it replaces."""
    client, wide = "sandbox-openid", "openid accounts profile"
    tokens = await running.log_in(client_id=client, scope=wide)
    for scope in ("openid", "openid " * 20 + "openid"):  # named once, however often it was
        status, narrow, _ = await running.refresh(
            tokens["refresh_token"], scope=scope, client=client
        )
        assert (status, narrow["scope"]) == (200, "openid")
        assert (await running.get("/accounts", narrow["access_token"]))[0] == 403
        status, tokens, _ = await running.refresh(narrow["refresh_token"], client=client)
        assert (status, tokens["scope"]) == (200, wide)
        assert (await running.get("/accounts", tokens["access_token"]))[0] == 200


@pytest.mark.requirement("O-12")
async def test_an_access_token_does_not_refresh(running):
    tokens = await running.log_in("taro")
    status, body, _ = await running.refresh(tokens["access_token"])
    assert (status, body["error"]) == (400, "invalid_grant")
    assert await verdict(running, tokens["access_token"]) == (200, None)


@pytest.mark.requirement("O-12")
async def test_of_a_hundred_refreshes_at_once_one_wins_and_then_nobody(running):
    tokens = await running.log_in("taro")
    answers = await asyncio.gather(*(running.refresh(tokens["refresh_token"]) for _ in range(100)))
    assert Counter(status for status, _, _ in answers) == {200: 1, 400: 99}
    (won,) = [body for status, body, _ in answers if status == 200]
    assert await verdict(running, won["access_token"]) == (401, "refresh_reused")
    status, _, headers = await running.refresh(won["refresh_token"])
    assert (status, headers["X-Sandbox-Reason"]) == (400, "refresh_reused")


async def test_without_rotation_the_refresh_token_stays(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_refresh_rotation="0") as running:
        tokens = await running.log_in("taro")
        seen = [tokens["access_token"]]
        for _ in range(3):
            status, new, _ = await running.refresh(tokens["refresh_token"])
            assert (status, new["refresh_token"]) == (200, tokens["refresh_token"])
            assert (await verdict(running, seen[-1]))[0] == 401
            seen.append(new["access_token"])
        assert await verdict(running, seen[-1]) == (200, None)
        assert len(set(seen)) == 4


@pytest.mark.parametrize(("sliding", "status"), [("1", 200), ("0", 400)])
@pytest.mark.parametrize("rotation", ["1", "0"])
async def test_sliding_decides_whether_a_refresh_prolongs(
    tmp_path, template, sliding, rotation, status
):
    async with run_sandbox(
        tmp_path,
        template=template,
        tomato_refresh_sliding=sliding,
        tomato_refresh_rotation=rotation,
        tomato_refresh_token_lifetime="2h",
    ) as running:
        tokens = await running.log_in("taro")
        await running.advance("1h")
        _, tokens, _ = await running.refresh(tokens["refresh_token"])
        assert tokens["refresh_token_expires_in"] == (7_200 if sliding == "1" else 3_600)
        await running.advance("1h")
        found, _, headers = await running.refresh(tokens["refresh_token"])
        assert found == status
        assert status == 200 or headers["X-Sandbox-Reason"] == "refresh_expired"


@pytest.mark.requirement("T-17")
@pytest.mark.parametrize(("by", "status"), [("0s", 200), ("10m", 200), ("10m1s", 400)])
async def test_in_manual_mode_a_refresh_needs_the_user_nearby(running, by, status):
    tokens = await running.log_in("taro", client_id=MANUAL)
    assert tokens["auto_manual_mode"] == "manual"
    await running.advance(by)
    found, body, _ = await running.refresh(tokens["refresh_token"], client=MANUAL)
    assert found == status
    assert status == 200 or body["error"] == "invalid_grant"


async def test_a_refresh_does_not_count_as_the_users_presence(running):
    tokens = await running.log_in("taro", client_id=MANUAL)
    await running.advance("9m")
    status, tokens, _ = await running.refresh(tokens["refresh_token"], client=MANUAL)
    assert status == 200
    await running.advance("2m")
    assert (await running.refresh(tokens["refresh_token"], client=MANUAL))[0] == 400
    # The access token lives on, and a new consent starts the window again.
    assert await verdict(running, tokens["access_token"]) == (200, None)
    again = await running.log_in("taro", client_id=MANUAL)
    assert (await running.refresh(again["refresh_token"], client=MANUAL))[0] == 200


async def test_the_manual_window_is_a_setting(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tomato_manual_window="1h") as running:
        tokens = await running.log_in("taro", client_id=MANUAL)
        await running.advance("1h")
        status, tokens, _ = await running.refresh(tokens["refresh_token"], client=MANUAL)
        assert status == 200
        await running.advance("1s")
        assert (await running.refresh(tokens["refresh_token"], client=MANUAL))[0] == 400
