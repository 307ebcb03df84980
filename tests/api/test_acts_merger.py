"""A branch that merges into another: new codes, numbers and ids; consents end (faults §3)."""

import pytest

from tests.acting import Tomato, Web21, act, journalled, refused, sent
from tests.support import run_sandbox

SIDES = {"tomato": Tomato, "web21": Web21}


@pytest.fixture(params=SIDES)
def side(running, request):
    return SIDES[request.param](running)


async def accounts_of(running, persona):
    _, found = await sent(running, "GET", f"/accounts?persona={persona}")
    return {each["account_id"]: each for each in found["accounts"]}


async def merge(running, bank, **body):
    return await act(running, bank, "merge_branch", branch_code="001", into="777", **body)


async def test_accounts_get_new_ids_and_the_old_ones_open_nothing(running, side):
    before = await accounts_of(running, side.persona)
    token = (await side.log_in())["access_token"]

    done = await merge(running, side.bank, branch_name="統合支店")

    moved = {each["old_id"]: each["new_id"] for each in done["moved"]}
    after = await accounts_of(running, side.persona)
    for old_id, account in before.items():
        if account["branch_code"] != "001":
            assert after[old_id] == account
            continue
        now = after[moved[old_id]]
        assert len(moved[old_id]) == len(old_id)
        assert moved[old_id] != old_id
        for kept in ("balance_yen", "account_number", "lines", "state", "holder_name"):
            assert now[kept] == account[kept], kept
        assert now["branch_code"] == "777"
    assert done["ended"] >= 1
    assert await side.verdict(token) == (401, "bank_merged")
    (entry,) = await journalled(running, "merge_branch")
    assert entry["bank"] == side.bank


async def test_a_new_consent_shows_the_new_place_and_not_the_old(running):
    side = Tomato(running)
    old_ids = await running.account_ids((await side.log_in())["access_token"])
    done = await merge(running, "tomato", branch_name="統合支店")
    token = (await side.log_in())["access_token"]
    new_ids = await running.account_ids(token)
    assert set(new_ids).isdisjoint(old_ids)
    assert set(new_ids) <= {each["new_id"] for each in done["moved"]}
    _, body, _ = await running.get("/accounts", token)
    assert {(each["branch_code"], each["branch_name"]) for each in body["accounts"]} == {
        ("777", "統合支店")
    }
    for old_id in old_ids:
        status, body, _ = await running.get(f"/accounts/{old_id}", token)
        assert (status, body["error_code"]) == (404, "account_not_found")
    for new_id in new_ids:
        assert (await running.get(f"/accounts/{new_id}", token))[0] == 200


async def test_life_goes_on_at_the_new_place(running):
    done = await merge(running, "tomato")
    ids = {each["new_id"] for each in done["moved"]}
    found = await running.advance("40d")
    booked = {each["subject"] for each in found["events"] if each["kind"] == "posting"}
    assert booked & ids
    assert not booked & {each["old_id"] for each in done["moved"]}


async def test_a_history_that_is_written_when_first_asked_for_is_the_same_after_the_move(running):
    async def first_lines():
        token = (await Tomato(running).log_in("heavy"))["access_token"]
        (account_id, *_) = await running.account_ids(token)
        days = "?date_from=2026-11-02&date_to=2026-11-02"
        status, body, _ = await running.get(f"/accounts/{account_id}/transactions{days}", token)
        assert status == 200, body
        return [(each["amount"], each["balance"]) for each in body["transactions"]]

    await sent(running, "POST", "/snapshots", name="before")
    unmoved = await first_lines()
    await sent(running, "POST", "/snapshots/before/restore")
    await act(running, "tomato", "merge_branch", branch_code="030", into="777")
    assert await first_lines() == unmoved
    assert unmoved


async def test_a_number_that_is_taken_is_replaced_by_the_next_free_one(running):
    async with running.sandbox.world.database.transaction() as db:
        await db.execute(
            "UPDATE account SET account_number = '1234567' WHERE account = "
            "(SELECT account FROM account WHERE bank = 'tomato' AND branch_code = '002' LIMIT 1)"
        )
    body = {"branch_code": "001", "into": "002"}
    done = await act(running, "tomato", "merge_branch", **body)
    numbers = [each["account_number"] for each in done["moved"]]
    assert "1234567" not in numbers
    assert "1234568" in numbers
    assert len(set(numbers)) == len(numbers)


async def test_other_branches_grants_live_on(running):
    side = Tomato(running)
    token = (await side.log_in("hanako"))["access_token"]
    _, found = await sent(running, "GET", "/accounts?persona=hanako")
    assert "001" not in {each["branch_code"] for each in found["accounts"]}
    await merge(running, "tomato")
    assert await side.verdict(token) == (200, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"branch_code": "001", "into": "001"}, (409, "illegal-status")),
        ({"branch_code": "998", "into": "001"}, (404, "unknown-subject")),
        ({"branch_code": "01", "into": "001"}, (422, "invalid-request")),
        ({"branch_code": "001"}, (422, "invalid-request")),
        ({"branch_code": "001", "into": "002", "persona": "taro"}, (422, "invalid-request")),
    ],
)
async def test_a_merger_that_cannot_be_changes_nothing(running, body, expected):
    before = await accounts_of(running, "taro")
    assert (await refused(running, "tomato", "merge_branch", **body))[:2] == expected
    assert await accounts_of(running, "taro") == before


async def test_a_user_who_is_bound_to_single_accounts_stays_bound_to_them(running):
    (own, *_) = [
        account_id
        for account_id, each in (await accounts_of(running, "shoji_maker")).items()
        if each["branch_code"] == "001"
    ]
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE bank_user SET accounts = $1 WHERE persona = 'shoji_maker'", own)
    done = await merge(running, "web21")
    side = Web21(running)
    token = (await side.log_in())["access_token"]
    _, body, _ = await side.get("/accounts", token)
    moved = {each["old_id"]: each["new_id"] for each in done["moved"]}
    assert moved[own] in str(body)
    assert own not in str(body)


async def test_a_restart_keeps_the_merger_and_a_snapshot_takes_it_back(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        before = await accounts_of(running, "taro")
        await sent(running, "POST", "/snapshots", name="before")
        await merge(running, "tomato")
        after = await accounts_of(running, "taro")
    async with run_sandbox(tmp_path) as running:
        assert await accounts_of(running, "taro") == after != before
        await sent(running, "POST", "/snapshots/before/restore")
        assert await accounts_of(running, "taro") == before
