"""``web21`` with field encryption on: what travels sealed, both ways, and the life of the key."""

import json
import sqlite3
from base64 import b64decode

import pytest

from sandbox.resources import data_root
from sandbox.services.export import export_rows
from sandbox.web.web21.sealed import FieldSealing as SealingAtTheDoor
from tests.direct import CLIENTS, DENKI, FOODS, KOGYO, LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.sealing import FIELDS, act, rotated, switched_on, texts_in
from tests.support import run_sandbox

READS = {
    "/corporations": set(),
    "/users": {"account_number", "remitter_name"},
    "/accounts": {"account_number", "contact_name"},
    f"/accounts/{MAIN_ACCOUNT}": {"account_number", "contact_name"},
    f"/accounts/{MAIN_ACCOUNT}/transactions": {"account_number", "contact_name", "abstract"},
    f"/accounts/{MAIN_ACCOUNT}/deposits": {"account_number", "contact_name", "abstract"},
}


@pytest.fixture
def direct(running):
    return Direct(running)


@pytest.fixture
async def token(direct):
    return (await direct.log_in("shoji_maker"))["access_token"]


async def read(direct, token, path=f"/accounts/{MAIN_ACCOUNT}"):
    status, body, _ = await direct.get(path, token)
    assert status == 200, body
    return body


def names_in(body):
    if isinstance(body, dict):
        inner = set().union(*(names_in(each) for each in body.values()))
        return inner | (set(body) & FIELDS)
    return set().union(*(names_in(each) for each in body)) if isinstance(body, list) else set()


@pytest.mark.requirement("W-39")
@pytest.mark.parametrize("path", READS)
async def test_listed_fields_cannot_be_read_without_the_key_and_all_else_can(direct, token, path):
    clear = await read(direct, token, path)
    key = await switched_on(direct)
    sealed = await read(direct, token, path)
    assert key.opened(sealed) == clear
    assert names_in(sealed) == READS[path]
    hidden = texts_in(clear)
    assert bool(hidden) is bool(READS[path])
    assert not hidden & texts_in(sealed)
    if not READS[path]:
        assert sealed == clear


async def test_nobody_has_it_on_at_first(running):
    for contractor_id in CLIENTS:
        assert await running.sandbox.bank("web21").encryption.find(contractor_id) is None


async def test_it_is_on_for_one_client_alone_and_until_it_is_switched_off(running, direct, token):
    key = await switched_on(direct)
    kogyo = Direct(running, KOGYO)
    other = (await kogyo.log_in("kogyo_boss"))["access_token"]
    assert (await read(kogyo, other, "/accounts/0020110004010"))["account_number"] == "1000401"
    assert await act(running, SHOJI, act="set_encryption", enabled=False) == (200, {})
    assert (await read(direct, token))["account_number"] == "1000001"
    assert await act(running, SHOJI, act="set_encryption", enabled=True) == (200, {})
    assert key.opened(await read(direct, token))["account_number"] == "1000001"


async def test_a_parent_reads_its_childrens_accounts_by_its_own_key(running, direct, token):
    theirs = await switched_on(Direct(running, LOGI))
    clear = await read(direct, token, "/accounts")  # the parent has it off, whatever the child does
    assert "contact_name" in clear["accounts"][0]
    ours = await switched_on(direct)
    assert ours.opened(await read(direct, token, "/accounts")) == clear
    assert len({account["contact_name"] for account in clear["accounts"]}) == 2
    assert ours.text != theirs.text


@pytest.mark.requirement("W-39")
async def test_a_new_key_is_in_force_with_the_next_answer(direct, token):
    first = await switched_on(direct)
    second = await rotated(direct)
    assert first.text != second.text
    assert {len(b64decode(key.text)) for key in (first, second)} == {32}
    assert second.opened(await read(direct, token))["account_number"] == "1000001"


async def test_no_nonce_is_used_twice_not_even_in_a_world_that_went_back(running, direct, token):
    key = await switched_on(direct)
    snapshots = f"{running.control}/snapshots"
    async with running.http.post(snapshots, json={"name": "before"}) as answer:
        assert answer.status == 200
    path = f"/accounts/{MAIN_ACCOUNT}/transactions"
    for _ in range(3):
        for _ in range(3):
            key.opened(await read(direct, token, path))
        async with running.http.post(f"{snapshots}/before/restore", json={}) as answer:
            assert answer.status == 200  # the key of then, and the nonces of nowhere
    assert len(key.nonces) > 100
    assert len(set(key.nonces)) == len(key.nonces)


async def test_worlds_of_one_seed_share_neither_key_nor_nonce(running, direct):
    keys, nonces = set(), set()
    for name in ("one", "two"):
        url = f"{running.sandbox.control_url}/api/v1/worlds"
        async with running.http.post(url, json={"name": name, "seed": 7}) as answer:
            assert answer.status in (200, 201)
        bank = running.sandbox.worlds.bank(await running.sandbox.worlds.open(name), "web21")
        keys.add(await bank.encryption.switch(SHOJI, is_on=True))
        ring = await bank.encryption.find(SHOJI)
        body = await bank.encryption.seal(ring, {"abstract": "x"})
        nonces.add(body["abstract"][:16])
    assert len(keys) == len(nonces) == 2


@pytest.mark.parametrize(
    ("contractor", "bank", "body", "status", "slug"),
    [
        ("nobody", "web21", {"act": "rotate_key"}, 404, "unknown-subject"),
        ("nobody", "web21", {"act": "set_encryption", "enabled": True}, 404, "unknown-subject"),
        ("persona-shoji", "tomato", {"act": "rotate_key"}, 404, "unknown-subject"),
        (FOODS, "web21", {"act": "set_encryption"}, 422, "invalid-request"),
        (FOODS, "web21", {"act": "set_encryption", "enabled": "yes"}, 422, "invalid-request"),
    ],
)
async def test_acts_that_cannot_be_done_are_problems(running, contractor, bank, body, status, slug):
    found, problem = await act(running, contractor, bank, **body)
    assert (found, problem["type"].rpartition(":")[2]) == (status, slug)


async def without_client(running):
    async with running.sandbox.world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", DENKI
        )


@pytest.mark.requirement("W-38", "W-39")
async def test_a_key_comes_with_the_client_and_is_told_once(running):
    await without_client(running)
    for body in ({"act": "rotate_key"}, {"act": "set_encryption", "enabled": True}):
        status, problem = await act(running, DENKI, **body)
        assert (status, problem["type"].rpartition(":")[2]) == (409, "illegal-status")
    status, issued = await act(running, DENKI, act="issue_client", by="keiri01")
    assert (status, len(b64decode(issued["encryption_key"]))) == (200, 32)
    assert await act(running, DENKI, act="set_encryption", enabled=True) == (200, {})
    ring = await running.sandbox.bank("web21").encryption.find(DENKI)
    assert ring.present == b64decode(issued["encryption_key"])


async def test_the_key_outlives_a_restart_and_is_in_no_export(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        direct = Direct(running)
        token = (await direct.log_in("shoji_maker"))["access_token"]
        former, key = await switched_on(direct), await rotated(direct)
        rows = b"".join([part async for part in export_rows(running.sandbox.world.database)])
    assert b'"table":"field_encryption"' in rows
    for each in (former, key):
        for written in (each.text, b64decode(each.text).hex()):
            assert written.encode() not in rows
    async with run_sandbox(tmp_path) as running:
        direct = Direct(running)
        assert key.opened(await read(direct, token))["account_number"] == "1000001"


async def test_a_snapshot_keeps_the_key_and_a_reset_takes_it_back(running, direct, token):
    key = await switched_on(direct)
    async with running.http.post(f"{running.control}/snapshots", json={"name": "on"}) as answer:
        assert answer.status == 200
    await rotated(direct)
    async with running.http.post(f"{running.control}/reset", json={"what": "data"}) as answer:
        assert answer.status == 200
    assert (await read(direct, token))["account_number"] == "1000001"
    assert await running.sandbox.world.database.fetch("SELECT * FROM former_key") == []
    async with running.http.post(f"{running.control}/snapshots/on/restore", json={}) as answer:
        assert answer.status == 200
    assert key.opened(await read(direct, token))["account_number"] == "1000001"


async def test_only_the_newest_former_keys_are_kept(running, direct):
    first = await switched_on(direct)
    keys = [first, *[await rotated(direct) for _ in range(6)]]
    ring = await running.sandbox.bank("web21").encryption.find(SHOJI)
    known = [b64decode(key.text) for key in keys]
    assert ring.present == known[-1]
    assert [each.key for each in ring.former] == known[-2:-7:-1]


@pytest.mark.requirement("W-38", "W-39", "T-16")
async def test_no_key_is_in_the_journal_the_lists_or_a_page(running, direct, token, caplog):
    keys = [await switched_on(direct), await rotated(direct)]
    await read(direct, token)
    await running.sandbox.world.journal.flush()
    world = f"{running.sandbox.control_url}/api/v1/worlds/default"
    texts = [caplog.text]
    for path in ("", "/journal", "/journal/export.har", "/clients", "/accounts", "/grants"):
        async with running.http.get(f"{world}{path}") as answer:
            assert answer.status == 200, path
            texts.append(await answer.text())
    with sqlite3.connect(running.sandbox.directory / "default.db") as connection:
        texts += [str(row) for row in connection.execute("SELECT * FROM journal")]
    connection.close()
    for key in keys:
        assert all(key.text not in text for text in texts)


# Of names and account numbers, what stays clear: docs/encryption.md says why.
CLEAR = {
    "account",
    "account_branch_number",
    "remitting_account_number",
    "bank_name_kana",
    "beneficiary_bank_name",
    "beneficiary_branch_name",
    "branch_name",
    "branch_name_kanji",
    "remitting_bank_name",
    "remitting_bank_branch_name",
    "transaction_status_name",
    "user_name",
}


def properties_of(schema):
    if isinstance(schema, dict):
        inner = set().union(*map(properties_of, schema.values()))
        return inner | set(schema.get("properties", ()))
    return set().union(*map(properties_of, schema)) if isinstance(schema, list) else set()


def test_of_every_name_and_number_on_the_wire_it_is_known_whether_it_is_sealed():
    schemas = data_root().joinpath("schemas", "web21")
    found = set().union(
        *(properties_of(json.loads(file.read_text("utf-8"))) for file in schemas.iterdir())
    )
    doubtful = {
        name
        for name in found
        if name in ("account", "abstract") or name.endswith(("_number", "_name", "name_kana"))
    }
    doubtful -= {"item_number", "employee_number", "clearing_house_number"}
    doubtful |= {name for name in found if name.endswith("name_kanji")}
    assert doubtful - CLEAR == FIELDS
    assert doubtful >= CLEAR
    assert SealingAtTheDoor.fields.names == FIELDS
