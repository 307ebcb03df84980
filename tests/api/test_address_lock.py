"""Failures are counted for the address that they come from, too (O-24), and staff may unlock."""

import re

import pytest

from sandbox.domain.contractor import SignIn
from sandbox.services.sign_in import SignInRefused, address_key
from tests.browsing import browsing
from tests.support import run_sandbox

HERE = "127.0.0.1"


@pytest.fixture
async def running(tmp_path, template):
    """A bank that locks an address after seven failures, and a login after five."""
    settings = {"tomato_address_lock_after": "7"}
    async with run_sandbox(tmp_path, template=template, **settings) as found:
        yield found


async def fail(running, times, *, login="unknown", address=HERE):
    """Fail to sign in; returns the last refusal."""
    for number in range(times):
        typed = SignIn(kind="individual", login=f"card:001:{login}{number}", secret="0000")
        with pytest.raises(SignInRefused) as refused:
            await running.bank.sign_in.check(typed, address=address)
    return refused.value


async def signs_in(running, persona="taro"):
    async with browsing(running) as browser:
        await browser.open()
        return (await browser.sign_in(persona)).status == 200


async def unlock(running, bank="tomato", **body):
    async with running.http.post(f"{running.control}/bank/{bank}/unlock", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.requirement("O-24")
async def test_an_address_is_locked_after_its_failures_whatever_the_login(running):
    assert (await fail(running, 6)).code == "wrong"
    assert await signs_in(running)
    assert (await fail(running, 1)).code == "locked"
    for persona in ("taro", "hanako", "shoji"):
        assert not await signs_in(running, persona)


@pytest.mark.requirement("O-24")
async def test_another_address_goes_on(running):
    assert (await fail(running, 7, address="192.0.2.1")).code == "locked"
    assert await signs_in(running)
    assert (await fail(running, 1, address="192.0.2.2")).code == "wrong"


@pytest.mark.requirement("O-24")
async def test_no_address_counts_for_none(running):
    assert (await fail(running, 20, address=None)).code == "wrong"


@pytest.mark.requirement("O-24")
async def test_attempts_left_are_those_of_whoever_locks_first(running):
    assert [(await fail(running, 1)).attempts_left for _ in range(2)] == [4, 3]
    assert (await fail(running, 4, login="x")).attempts_left == 1


@pytest.mark.requirement("O-24")
async def test_a_success_does_not_wipe_the_address_clean(running):
    await fail(running, 6)
    assert await signs_in(running)
    assert (await fail(running, 1)).code == "locked"


@pytest.mark.requirement("O-24")
@pytest.mark.parametrize(("by", "opens"), [("59m59s", False), ("1h", True)])
async def test_a_locked_address_opens_again_with_time(running, by, opens):
    await fail(running, 7)
    await running.advance(by)
    assert await signs_in(running) is opens


@pytest.mark.requirement("O-24")
async def test_an_hour_without_failures_forgets_them(running):
    await fail(running, 6)
    await running.advance("1h")
    assert (await fail(running, 6, login="later")).code == "wrong"


@pytest.mark.requirement("O-24")
@pytest.mark.parametrize(("setting", "is_locked"), [("0", False), ("50", True), ("51", False)])
async def test_the_lock_of_addresses_is_a_setting(tmp_path, template, setting, is_locked):
    directory = tmp_path / "own"
    directory.mkdir()
    settings = {"tomato_address_lock_after": setting}
    async with run_sandbox(directory, template=template, **settings) as found:
        assert ((await fail(found, 50)).code == "locked") is is_locked
        assert await signs_in(found) is not is_locked


async def test_by_default_an_address_has_fifty(tmp_path, template):
    directory = tmp_path / "default"
    directory.mkdir()
    async with run_sandbox(directory, template=template) as found:
        assert (await fail(found, 49)).code == "wrong"
        assert (await fail(found, 1, login="last")).code == "locked"


def bare(text, *words):
    for word in words:
        text = text.replace(word, "…")
    return re.sub(r"[0-9a-f]{64}|oauth/auth/[\w-]+", "…", text)


@pytest.mark.requirement("O-24")
async def test_a_locked_address_answers_known_and_unknown_alike(running):
    await fail(running, 7)
    seen = set()
    for number in ("1234567", "7654321"):
        for pin in ("1234", "0000"):
            async with browsing(running) as browser:
                await browser.open()
                page = await browser.sign_in("taro", account_number=number, pin=pin)
                seen.add((page.status, bare(page.text, number)))
    ((status, text),) = seen
    assert status == 403
    assert "一時的に止めています" in text


@pytest.mark.requirement("O-24")
async def test_the_control_door_unlocks_an_address(running):
    await fail(running, 7)
    assert await unlock(running, address=HERE) == (200, {})
    assert await signs_in(running)


@pytest.mark.requirement("O-24")
async def test_the_control_door_unlocks_a_login(running):
    async with browsing(running) as browser:
        for _ in range(5):
            await browser.open()
            await browser.sign_in("taro", pin="0000")
    assert not await signs_in(running)
    assert await unlock(running, login="card:002:2345678") == (200, {})
    assert not await signs_in(running)
    assert await unlock(running, login="card:001:1234567") == (200, {})
    assert await signs_in(running)
    assert await unlock(running, login="card:001:1234567", address="::1") == (200, {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"login": ""}, 422),
        ({"login": "x" * 300}, 200),
        ({"login": "x" * 301}, 422),
        ({"address": "localhost"}, 422),
        ({"address": "1" * 65}, 422),
        ({"address": HERE, "more": 1}, 422),
        ({"address": "2001:db8::1"}, 200),
    ],
)
async def test_unlocking_wants_a_login_or_an_address(running, body, status):
    assert (await unlock(running, **body))[0] == status


async def test_unlocking_wants_a_bank(running):
    status, problem = await unlock(running, bank="nobody", address=HERE)
    assert (status, problem["type"]) == (404, "urn:bank-sandbox:problem:unknown-bank")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("127.0.0.1", "address:127.0.0.1"),
        ("::ffff:127.0.0.1", "address:127.0.0.1"),
        ("2001:DB8:0::1", "address:2001:db8::1"),
    ],
)
def test_one_address_has_one_key(address, key):
    assert address_key(address) == key


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:80", "card:001:1234567"])
def test_what_is_no_address_has_no_key(address):
    with pytest.raises(ValueError, match="address"):
        address_key(address)
