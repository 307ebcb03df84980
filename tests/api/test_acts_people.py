"""What people do that ends grants: passwords, certificates, cards, ids (faults §3)."""

import pytest

from tests.acting import OTHER_CLIENT, Tomato, Web21, act, journalled, refused, sent
from tests.direct import LOGI, SHOJI, Direct
from tests.support import run_sandbox

BANKS = {"tomato": Tomato, "web21": Web21}
ENDING = {
    "change_password": "password_changed",
    "change_certificate": "certificate_changed",
    "lose_card": "card_lost",
    "lapse_card": "card_lost",
}


@pytest.fixture(params=BANKS)
def side(running, request):
    return BANKS[request.param](running)


@pytest.mark.parametrize(("name", "reason"), ENDING.items())
async def test_an_act_of_a_person_ends_the_family_and_nobody_elses(running, side, name, reason):
    tokens = await side.log_in()
    other = await side.log_in("hanako" if side.bank == "tomato" else "shoji_viewer")
    assert await side.verdict(tokens["access_token"]) == (200, None)

    assert await act(running, side.bank, name, persona=side.persona) == {"ended": 1}

    assert await side.verdict(tokens["access_token"]) == (401, reason)
    assert (await side.refresh(tokens["refresh_token"]))[:2] == (400, "invalid_grant")
    assert await side.verdict(other["access_token"]) == (200, None)
    assert await act(running, side.bank, name, persona=side.persona) == {"ended": 0}


async def test_the_journal_tells_of_the_act_and_masks_what_is_secret(running, side):
    await act(running, side.bank, "change_password", persona=side.persona, secret="2580")
    (entry,) = await journalled(running, "change_password")
    assert (entry["bank"], entry["status"], entry["method"]) == (side.bank, 200, "POST")
    assert '"secret":"***"' in entry["request_body"]
    assert "2580" not in str(entry)


async def test_a_refused_act_is_in_no_journal(running):
    await refused(running, "tomato", "change_password", persona="nobody")
    assert await journalled(running, "change_password") == []


async def test_the_new_pin_is_the_one_that_signs_in(running):
    await act(running, "tomato", "change_password", persona="taro", secret="8642")
    bank = running.bank
    for pin, expected in (("1234", "wrong"), ("8642", None)):
        assert await _signed_in(bank, "card:001:1234567", pin) == expected
    await act(running, "tomato", "change_password", persona="taro")
    assert await _signed_in(bank, "card:001:1234567", "8642") == "wrong"


async def _signed_in(bank, login, secret, second=""):
    from sandbox.domain.contractor import SignIn
    from sandbox.services.sign_in import SignInRefused

    try:
        kind = login.partition(":")[0]
        typed = SignIn(kind=kind, login=login, secret=secret, second_factor=second)
        await bank.sign_in.check(typed)
    except SignInRefused as error:
        return error.code
    return None


@pytest.mark.parametrize("secret", ["123", "12345", "abcd", "１２３４", ""])
async def test_a_pin_has_four_digits(running, secret):
    answer = await refused(running, "tomato", "change_password", persona="taro", secret=secret)
    assert answer[:2] == (422, "invalid-request")


@pytest.mark.parametrize(("secret", "status"), [("abc", 422), ("abcd", 200), ("x" * 64, 200)])
async def test_a_password_is_neither_short_nor_long(running, secret, status):
    body = {"act": "change_password", "persona": "shoji_maker", "secret": secret}
    found, _ = await sent(running, "POST", "/bank/web21/acts", **body)
    assert found == status


async def test_a_new_device_brings_another_second_factor(running):
    body = {"persona": "shoji_maker", "second_factor": "246810"}
    await act(running, "web21", "change_certificate", **body)
    async with running.sandbox.world.database.transaction() as db:
        row = await db.fetchrow(
            "SELECT l.login FROM credential l JOIN bank_user u USING (credential_id) "
            "WHERE u.persona = 'shoji_maker'"
        )
    from sandbox.services.population import load_people

    secret = next(p for p in load_people("web21") if p.key == "shoji_maker").login.secret
    bank = running.sandbox.bank("web21")
    assert await _signed_in(bank, row[0], secret, "246810") is None
    assert await _signed_in(bank, row[0], secret, "135791") == "wrong"


async def test_who_has_no_second_factor_gets_none(running):
    answer = await refused(
        running, "tomato", "change_certificate", persona="taro", second_factor="1"
    )
    assert answer[:2] == (409, "illegal-status")


async def test_one_id_registered_elsewhere_ends_the_older_families(running):
    older = await running.log_in("taro")
    newer = await running.log_in("taro", client_id=OTHER_CLIENT)
    done = await act(running, "tomato", "share_id", persona="taro", client_id=OTHER_CLIENT)
    assert done == {"ended": 1}
    side = Tomato(running)
    assert await side.verdict(older["access_token"]) == (401, "id_shared")
    assert await side.verdict(newer["access_token"]) == (200, None)


async def test_a_card_that_is_issued_again_brings_no_grant_back(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    await act(running, "tomato", "lose_card", persona="taro")
    assert (await running.authorize("taro"))["status"] == 403
    await act(running, "tomato", "reissue_card", persona="taro", secret="1357")
    assert await side.verdict(token) == (401, "card_lost")
    assert await side.verdict((await side.log_in())["access_token"]) == (200, None)
    assert await _signed_in(running.bank, "card:001:1234567", "1234") == "wrong"


async def test_a_holders_death_freezes_the_accounts_and_leaves_the_grant(running):
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    (account_id, *_) = await running.account_ids(token)
    assert await act(running, "tomato", "report_death", persona="taro") == {"ended": 0}
    status, body, _ = await running.get(f"/accounts/{account_id}", token)
    assert (status, body["error_code"]) == (403, "account_restricted"), body
    assert await side.verdict(token) == (200, None)
    answer = await refused(running, "web21", "report_death", persona="shoji_maker")
    assert answer[:2] == (409, "illegal-status")


async def test_a_user_of_a_contractor_is_named_by_both_ids(running):
    maker, viewer = Direct(running), Direct(running)
    tokens = {
        name: (await maker.log_in(name))["access_token"] for name in ("shoji_maker", "shoji_viewer")
    }
    named = {"contractor_id": SHOJI, "user_id": "etsuran01"}
    assert await act(running, "web21", "change_password", **named) == {"ended": 1}
    assert await maker.verdict(tokens["shoji_maker"]) == (200, None)
    assert await viewer.verdict(tokens["shoji_viewer"]) == (401, "password_changed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"persona": "taro", "contractor_id": "x"}, 422),
        ({"user_id": "x"}, 422),
        ({"persona": "taro", "branch_code": "001"}, 422),
        ({"persona": "shoji_maker"}, 404),
        ({"contractor_id": SHOJI}, 404),
        ({"contractor_id": "nobody"}, 404),
    ],
)
async def test_an_act_that_names_nobody_or_too_much_says_so(running, body, status):
    found = await refused(running, "tomato", "change_password", **body)
    assert found[0] == status


async def test_a_user_of_another_contractor_is_not_found(running):
    named = {"contractor_id": LOGI, "user_id": "etsuran01"}
    answer = await refused(running, "web21", "change_password", **named)
    assert answer[:2] == (404, "unknown-subject")


async def test_the_shared_id_needs_a_client_that_the_bank_has(running):
    answer = await refused(running, "tomato", "share_id", persona="taro", client_id="nobody")
    assert answer[:2] == (404, "unknown-client")
    answer = await refused(running, "tomato", "share_id", persona="taro")
    assert answer == (422, "invalid-request", "client_id: share_id needs it")


@pytest.mark.parametrize("reason", ["bank_reasons", "bank_merged", "certificate_changed"])
async def test_the_bank_may_give_any_of_the_reasons(running, side, reason):
    token = (await side.log_in())["access_token"]
    body = {"all": True, "reason": reason}
    assert await sent(running, "POST", f"/bank/{side.bank}/revoke", **body) == (200, {"ended": 1})
    assert await side.verdict(token) == (401, reason)


async def test_a_snapshot_takes_the_act_back_and_a_restart_does_not(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        side = Tomato(running)
        token = (await side.log_in())["access_token"]
        await sent(running, "POST", "/snapshots", name="before")
        await act(running, "tomato", "change_password", persona="taro", secret="9753")
    async with run_sandbox(tmp_path) as running:
        side = Tomato(running)
        assert await side.verdict(token) == (401, "password_changed")
        status, _ = await sent(running, "POST", "/snapshots/before/restore")
        assert status == 200
        assert await side.verdict(token) == (200, None)
        assert await _signed_in(running.bank, "card:001:1234567", "1234") is None
