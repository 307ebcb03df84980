"""What time does to a link: lapsing tokens, new movements, going back."""

import pytest


def movements(shown):
    return sum(account["movements"] for account in shown["accounts"])


async def test_a_lapsed_access_token_is_refreshed_without_a_word(user, bank):
    await user.link()
    bank.clock.advance("31m")
    assert (await user.sync())[0] == 200
    kinds = [token.kind for token in bank.world.tokens.list() if token.is_live]
    assert sorted(kinds) == ["access", "refresh"]
    assert len(bank.world.tokens.list()) == 4


async def test_after_ninety_one_days_the_user_is_asked_again(user, bank):
    await user.link()
    events = bank.clock.advance("91d").events
    assert "posting" in {event.kind for event in events}
    assert list(events) == sorted(events, key=lambda event: event.at)
    assert await user.sync() == (409, {"consent": "/link?user=u1"})
    await user.link()
    assert (await user.sync())[0] == 200


async def test_each_movement_is_kept_once_however_often_one_syncs(user, bank):
    await user.link()
    _, first = await user.sync()
    _, again = await user.sync()
    assert movements(again) == movements(first)
    before = sum(account.lines for account in bank.accounts.list(persona="taro"))
    bank.clock.advance("20d")
    _, later = await user.sync()
    after = sum(account.lines for account in bank.accounts.list(persona="taro"))
    assert movements(later) - movements(first) == after - before > 0


async def test_a_world_goes_back_and_the_link_lives_on(user, bank):
    await user.link()
    bank.snapshot()
    at = bank.clock.get().now
    bank.clock.advance("91d")
    assert bank.restore().now == at
    assert (await user.sync())[0] == 200


@pytest.mark.bank_world(seed=7, clock="frozen:2027-01-04T10:00")
async def test_the_marker_says_how_the_world_begins(user, bank):
    world = await bank.aio.describe()
    assert (world.seed, f"{world.clock.now:%Y-%m-%d %H:%M}") == (7, "2027-01-04 10:00")
    assert (await user.link())[0] == 200


@pytest.mark.parametrize("number", range(4))
async def test_no_test_sees_what_another_did(user, bank, number):
    assert bank.grants.list() == []
    assert f"{bank.clock.get().now:%Y-%m-%d %H:%M}" == "2026-12-01 10:00"
    (account,) = bank.accounts.list(persona="taro")
    assert account.account_id.endswith("12345670001")
    await user.link()
    bank.clock.advance(f"{number + 1}d")


async def test_what_the_application_called_stands_in_the_journal(user, bank):
    await user.link()
    await user.sync()
    operations = [(entry.operation, entry.status) for entry in bank.journal.list()]
    called = ["token", "list_accounts", "show_balance", "list_transactions"]
    assert operations == [(operation, 200) for operation in called]
