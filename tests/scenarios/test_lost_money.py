"""A lost answer, seen from a plain HTTP client (F-35), and ten thousand tokens revoked at once."""

from typing import Any

import aiohttp
import pytest

from sandbox.domain.secrets import token_hash
from sandbox.domain.time import DAY
from sandbox.storage import grants
from tests.direct import BANK, Direct
from tests.ordering import APPROVAL, Orders, item
from tests.support import Running

YEN = 123_457
LOST = {
    "match": {"operation": "register_bulk_transfer"},
    "effect": {"kind": "lost_answer", "how": "empty_close"},
    "times": 1,
}


async def control(running: Running, method: str, path: str, body: Any = None) -> Any:
    url = f"{running.control}/{path}"
    async with running.http.request(method, url, json=body) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def times_debited(running: Running, direct: Direct) -> int:
    """Approve all there is, go on to its day, and return how often the amount left the account."""
    approver = await Orders.of(direct, "shoji_checker", APPROVAL)
    for each in (await control(running, "GET", "transfers"))["transfers"]:
        assert (await approver.act(each["reference"], "submissions"))[0] == 200
    await control(running, "POST", "clock/advance", {"by": "8d"})
    reader = (await direct.log_in("shoji_viewer"))["access_token"]
    path = "/accounts/0010110000010/transactions"
    _, statement, _ = await direct.get(path, reader)
    return sum(row.get("withdrawal_amount") == YEN for row in statement["transactions"])


@pytest.mark.parametrize(
    ("first", "again", "moved", "found"),
    [
        ("k-1", "k-1", 1, set()),
        (None, None, 2, {"C-2", "C-3"}),
        ("k-1", None, 2, {"C-2", "C-3"}),
        ("k-1", "k-2", 2, {"C-3", "C-4"}),
    ],
)
async def test_a_lost_answer_moves_the_money_once_for_those_who_repeat_under_the_same_key(
    running, first, again, moved, found
):
    direct = Direct(running)
    orders = await Orders.of(direct)
    await control(running, "POST", "faults", LOST)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await orders.try_register(item(transfer_amount=YEN), headers=_key(first))
    assert await requests(running) == 1  # the client saw an error, and it is done

    status, _, headers = await orders.try_register(item(transfer_amount=YEN), headers=_key(again))
    assert (status, headers.get("Idempotency-Replayed")) == (200, "true" if moved == 1 else None)
    assert await requests(running) == moved

    report = await control(running, "POST", "conduct", {"transfers": 1})
    errors = {each["id"] for each in report["findings"] if each["level"] == "E"}
    assert errors == found
    assert await times_debited(running, direct) == moved


def _key(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}


async def requests(running: Running) -> int:
    return len((await control(running, "GET", "transfers"))["transfers"])


async def test_a_lost_answer_that_is_asked_about_is_no_blind_repeat(running):
    orders = await Orders.of(Direct(running))
    await control(running, "POST", "faults", LOST)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await orders.try_register(item(transfer_amount=YEN))
    status, body, _ = await orders.direct.get("/bulk_transfers/list", orders.token)
    assert (status, len(body["transaction_list_info"])) == (200, 1)
    report = await control(running, "POST", "conduct", {"transfers": 1})
    assert not [each for each in report["findings"] if each["level"] == "E"]


# A storm

MANY = 10_000


async def mint_many(running: Running, like: str) -> list[str]:
    """Write ``MANY`` grants as that of an access token, and return their access tokens."""
    world, tokens = running.sandbox.world, [f"{number:032x}" for number in range(MANY)]
    now, until = world.now(), world.now() + 30 * DAY
    async with world.database.transaction() as db:
        columns = "bank, client_id, contractor_id, credential_id, scope, terms_version, detail"
        (grant,) = await db.fetch(
            f"SELECT {columns} FROM access_grant WHERE grant_id = "
            "(SELECT grant_id FROM token WHERE token_hash = $1)",
            token_hash(like),
        )
        for token in tokens:
            await grants.insert_grant(
                db,
                **dict(zip(columns.split(", "), grant, strict=True)),
                grant_id=f"storm-{token}",
                functions=(),
                now=now,
                expires_at=until,
                authenticated_at=now,
                accounts=(),
            )
        await grants.insert_tokens(
            db,
            [
                (token_hash(token), "access", f"storm-{token}", "web21.ref", now, until, None, None)
                for token in tokens
            ],
        )
    return tokens


@pytest.mark.requirement("W-58")
async def test_ten_thousand_tokens_are_revoked_at_once(running):
    direct = Direct(running)
    own = (await direct.log_in("shoji_viewer"))["access_token"]
    some = (await mint_many(running, own))[:: MANY // 20]
    assert {await direct.verdict(token) for token in some} == {(200, None)}

    answer = await control(running, "POST", f"bank/{BANK}/revoke", {"all": True})
    assert answer == {"ended": MANY + 1}
    verdicts = {await direct.verdict(token) for token in (own, *some)}
    assert verdicts == {(401, "revoked_by_bank")}
    assert await control(running, "POST", f"bank/{BANK}/revoke", {"all": True}) == {"ended": 0}
    # A new consent is as good as before.
    assert await direct.verdict((await direct.log_in("shoji_viewer"))["access_token"]) == (
        200,
        None,
    )
