"""The login that a world tells of its personas is the one that works now."""

from dataclasses import replace

import pytest

from sandbox.cli.banner import banner
from sandbox.services.told import MOST, Told
from tests.acting import act, sent
from tests.browsing import browsing
from tests.support import run_sandbox

PUBLISHED = {"branch_code": "001", "account_number": "1234567", "pin": "1234"}


async def told(running, bank, persona):
    """Return (login, unknown fields) of a persona as the world's description tells them."""
    async with running.http.get(running.control) as answer:
        described = await answer.json()
    (found,) = [each for each in described["banks"] if each["name"] == bank]
    (person,) = [each for each in found["personas"] if each["name"] == persona]
    return person["login"], person.get("login_unknown")


async def test_a_world_tells_the_published_login_until_it_is_changed(running):
    assert await told(running, "tomato", "taro") == (PUBLISHED, None)
    await act(running, "tomato", "change_password", persona="hanako", secret="8642")
    assert await told(running, "tomato", "taro") == (PUBLISHED, None)


@pytest.mark.parametrize("name", ["change_password", "reissue_card"])
async def test_a_world_tells_the_new_pin(running, name):
    await act(running, "tomato", name, persona="taro", secret="8642")
    assert await told(running, "tomato", "taro") == (PUBLISHED | {"pin": "8642"}, None)


async def test_a_world_tells_a_users_new_password_and_second_factor(running):
    before, _ = await told(running, "web21", "shoji_maker")
    await act(running, "web21", "change_password", persona="shoji_maker", secret="nova4321")
    await act(running, "web21", "change_certificate", persona="shoji_maker", second_factor="246810")
    changed = {"password": "nova4321", "second_factor": "246810"}
    assert await told(running, "web21", "shoji_maker") == (before | changed, None)
    others, unknown = await told(running, "web21", "shoji_viewer")
    assert (others["password"] != "nova4321", unknown) == (True, None)


async def test_what_nobody_knows_is_named_and_not_told(running):
    await act(running, "tomato", "change_password", persona="taro")
    login = {name: value for name, value in PUBLISHED.items() if name != "pin"}
    assert await told(running, "tomato", "taro") == (login, ["pin"])
    await act(running, "tomato", "change_password", persona="taro", secret="1234")
    assert await told(running, "tomato", "taro") == (PUBLISHED, None)


async def test_a_snapshot_tells_what_was_true_then_and_a_reset_what_was_published(running):
    await act(running, "tomato", "change_password", persona="taro", secret="8642")
    await sent(running, "POST", "/snapshots", name="then")
    await act(running, "tomato", "change_password", persona="taro", secret="9753")
    await sent(running, "POST", "/snapshots/then/restore")
    assert (await told(running, "tomato", "taro"))[0]["pin"] == "8642"
    await sent(running, "POST", "/reset", what="data")
    assert await told(running, "tomato", "taro") == (PUBLISHED, None)


async def test_no_file_holds_the_new_secret_so_that_a_restart_forgets_it(tmp_path, template):
    secret = "unforgettable-77"
    async with run_sandbox(tmp_path, template=template) as running:
        await act(running, "web21", "change_password", persona="shoji_maker", secret=secret)
        assert (await told(running, "web21", "shoji_maker"))[0]["password"] == secret
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    async with run_sandbox(tmp_path) as running:
        login, unknown = await told(running, "web21", "shoji_maker")
        assert unknown == ["password"]
        assert "password" not in login


@pytest.mark.parametrize("is_temporary", [True, False])
async def test_what_serve_prints_of_kept_data_says_that_logins_are_the_first_ones(
    running, is_temporary
):
    told = banner(replace(running.sandbox, is_temporary=is_temporary), has_token=False)
    assert ("personas, with their first PINs and passwords" in told) is not is_temporary
    assert "pin=1234" in told


async def test_after_a_merger_the_card_that_is_told_still_signs_in(running):
    await act(running, "tomato", "merge_branch", branch_code="001", into="777")
    assert await told(running, "tomato", "taro") == (PUBLISHED, None)
    async with browsing(running) as browser:
        await browser.open()
        assert 'name="account"' in (await browser.sign_in("taro")).text


async def test_the_dashboard_shows_the_new_pin_and_marks_an_unknown_one(running):
    await act(running, "tomato", "change_password", persona="taro", secret="8642")
    await act(running, "tomato", "change_password", persona="hanako")
    dashboard = f"{running.sandbox.control_url}/worlds/default"
    async with running.http.get(dashboard) as answer:
        page = await answer.text()
    assert "<code>pin=8642</code>" in page
    assert "<code>pin=?</code>" in page
    assert "<code>pin=1234</code>" not in page


@pytest.mark.parametrize("pin", ["8642", "0000", "9999"])
async def test_the_testers_bar_types_the_new_pin_and_a_wrong_one_that_is_wrong(running, pin):
    await act(running, "tomato", "change_password", persona="taro", secret=pin)
    async with browsing(running) as browser:
        await browser.open()
        page = await browser.test("wrong_secret", ("persona", "taro"))
        assert 'name="account"' not in page.text
        assert 'name="pin"' in page.text
        await browser.test("sign_in:taro")
        assert 'name="account"' in (await browser.follow()).text


async def test_the_testers_bar_cannot_type_what_nobody_knows(running):
    await act(running, "tomato", "change_password", persona="taro")
    async with browsing(running) as browser:
        await browser.open()
        assert 'name="pin"' in (await browser.test("sign_in:taro")).text


def test_as_many_secrets_are_remembered_as_may_be_and_the_oldest_go_first():
    told = Told()
    for number in range(MOST):
        told.keep(b"%d" % number, str(number))
    told.keep(b"0", "0")  # again: it is now the newest
    assert told.find(b"1") == "1"
    told.keep(b"more", "more")
    assert told.find(b"1") is None
    assert (told.find(b"0"), told.find(b"2"), told.find(b"more")) == ("0", "2", "more")
