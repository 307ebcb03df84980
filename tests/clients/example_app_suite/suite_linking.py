"""Linking an account, and losing the link."""

from urllib.parse import parse_qs, urlsplit


async def test_a_linked_account_shows_what_the_bank_holds(user, bank):
    assert await user.link("taro") == (200, {"linked": "u1"})
    status, shown = await user.sync()
    assert status == 200
    (account,) = shown["accounts"]
    (real,) = bank.accounts.list(persona="taro")
    assert account["account_id"] == real.account_id
    assert account["balance_yen"] == real.balance_yen
    assert account["name"] == bank.persona("taro").holder_name
    assert account["movements"] > 10


async def test_only_the_accounts_that_the_person_ticked_are_synced(user, bank):
    first, second, *_ = bank.accounts.list(persona="hanako")
    assert (await user.link("hanako", accounts=[first.account_id]))[0] == 200
    _, shown = await user.sync()
    assert [account["account_id"] for account in shown["accounts"]] == [first.account_id]
    assert second.account_id != first.account_id


async def test_a_company_links_as_a_person_does(user, bank):
    assert (await user.link("shoji"))[0] == 200
    _, shown = await user.sync()
    ledger = {each.account_id: each.balance_yen for each in bank.accounts.list(persona="shoji")}
    for account in shown["accounts"]:
        assert ledger[account["account_id"]] == account["balance_yen"]


async def test_the_request_carries_a_state_and_a_challenge(user, bank):
    address = await user.click_link()
    assert address.startswith(bank.authorization_endpoint)
    query = parse_qs(urlsplit(address).query)
    assert len(query["state"][0]) >= 16
    assert query["code_challenge_method"] == ["S256"]


async def test_a_foreign_state_links_nothing(user, bank):
    consent = bank.approve(await user.click_link())
    foreign = consent.redirect_to.replace(consent.state, "of-somebody-else")
    assert await user.come_back(foreign) == (400, {"error": "unknown state"})
    assert (await user.sync())[0] == 409
    assert bank.world.tokens.list() == []


async def test_a_state_is_good_for_one_return(user, bank):
    consent = bank.approve(await user.click_link())
    assert (await user.come_back(consent.redirect_to))[0] == 200
    assert (await user.come_back(consent.redirect_to))[0] == 400


async def test_an_answer_of_another_issuer_is_refused(user, bank):
    consent = bank.approve(await user.click_link())
    address = f"/callback?code={consent.code}&state={consent.state}&iss=https://other.example"
    assert await user.come_back(address) == (400, {"error": "another issuer"})


async def test_a_person_who_denies_is_not_linked(user):
    (state,) = parse_qs(urlsplit(await user.click_link()).query)["state"]
    answer = await user.come_back(f"/callback?error=access_denied&state={state}")
    assert answer == (403, {"error": "access_denied"})


async def test_disconnecting_ends_the_grant_at_the_bank(user, bank):
    await user.link()
    assert await user.post("/disconnect") == (200, {"disconnected": "u1"})
    (grant,) = bank.grants.list()
    assert (grant.is_live, grant.end_reason) == (False, "revoked_by_provider")
    assert [token.is_live for token in bank.world.tokens.list()] == [False, False]
    assert (await user.sync())[0] == 409


async def test_a_grant_that_the_bank_revokes_asks_for_a_new_consent(user, bank):
    await user.link()
    (grant,) = bank.grants.list()
    bank.grants.revoke(grant.grant_id)
    assert await user.sync() == (409, {"consent": "/link?user=u1"})
    assert (await user.link())[0] == 200
    assert (await user.sync())[0] == 200
