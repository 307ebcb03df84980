"""The firms of ``web21`` in a new world: rows, secrets, numbers, and who moves in."""

import sqlite3
from pathlib import Path

import pytest

from sandbox.domain.corporate.contract import Service
from sandbox.domain.secrets import secret_hash
from sandbox.services.export import export_rows
from sandbox.services.population import load_clients, load_people, load_personas, load_terms
from sandbox.services.seed import NUMBERS_PER_BANK, seed_world
from sandbox.storage import corporate
from sandbox.storage import world as worlds
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase
from sandbox.storage.world import WorldRow
from tests.direct import DENKI, FOODS, KOGYO, LOGI, SHOJI
from tests.lives import CALENDAR
from tests.seeding import STARTS_AT, VOCABULARY

FIRST = NUMBERS_PER_BANK + 1
USERS = [person for person in load_people("web21") if person.user is not None]


async def fill(database: SqliteDatabase, personas: frozenset[str] | None = None) -> None:
    row = WorldRow(
        name="test",
        tag="testtest",
        seed=7,
        starts_at=STARTS_AT,
        version=1,
        clock_mode="frozen",
        clock_at=STARTS_AT,
        clock_anchor=0,
        clock_rate=1.0,
        start_mode="frozen",
        start_rate=1.0,
        agenda_done_at=STARTS_AT,
    )
    async with database.transaction() as db:
        await worlds.insert(db, row, SCHEMA_VERSION)
        await seed_world(
            db,
            seed=7,
            starts_at=STARTS_AT,
            bank="web21",
            first_number=FIRST,
            population=0,
            calendar=CALENDAR,
            vocabulary=VOCABULARY,
            personas=personas,
        )


@pytest.fixture
async def database(tmp_path: Path):
    found = await SqliteDatabase.open(tmp_path / "firms.db")
    yield found
    await found.close()


async def column(database: SqliteDatabase, query: str) -> list[object]:
    return [row[0] for row in await database.fetch(query)]


async def test_every_firm_has_its_contract_its_users_and_its_remitters(database):
    await fill(database)
    for persona in load_personas("web21"):
        assert persona.firm is not None
        contract = await corporate.find_contract(database, persona.contractor_id)
        planned = persona.firm.contract
        assert (contract is None) == (planned is None)
        if contract is not None and planned is not None:
            assert contract.status == planned.status
            assert {service.value for service in contract.services} == set(planned.services)
            assert (contract.plan, contract.client_id) == (planned.plan, planned.client_id)
            assert contract.is_base_active == (persona.firm.base_state == "active")
        users = await corporate.list_users(database, persona.contractor_id)
        expected = sorted(user.user_code for user in persona.firm.users)
        assert [user.user_code for _, user in users] == expected
        held = f"SELECT account FROM account WHERE contractor_id = '{persona.contractor_id}'"
        for account in await column(database, held):
            remitters = await corporate.list_remitters(database, account)
            assert remitters == [("0000000001", persona.name_kana)]


@pytest.mark.requirement("W-3")
async def test_a_client_id_leads_to_its_contract_and_to_no_other(database):
    await fill(database)
    for contractor_id, number in ((SHOJI, 1), (LOGI, 2), (FOODS, 3), (DENKI, 4), (KOGYO, 5)):
        found = await corporate.find_contract_of_client(database, f"1000000{number}")
        assert found is not None
        assert found.contractor_id == contractor_id
    assert await corporate.find_contract_of_client(database, "10000006") is None


@pytest.mark.parametrize("person", USERS, ids=lambda person: person.key)
async def test_a_user_signs_in_with_two_secrets_of_which_only_hashes_are_kept(
    database, person, tmp_path
):
    await fill(database)
    fields, login = person.login.fields(), person.login.login
    row = await database.fetchrow(
        "SELECT l.secret_hash, l.second_factor_hash, u.user_id, u.persona FROM credential l "
        "JOIN bank_user u ON u.credential_id = l.credential_id WHERE l.login = $1",
        login,
    )
    assert row[0] == secret_hash(login, fields["password"])
    assert row[1] == secret_hash(login, fields["second_factor"])
    assert (row[2], row[3]) == (fields["user_id"], person.key)


async def test_numbers_are_the_banks_own_and_ids_have_thirteen_digits(database):
    await fill(database)
    for query in ("SELECT account FROM account", "SELECT credential_id FROM credential"):
        numbers = await column(database, query)
        assert all(FIRST <= number < FIRST + NUMBERS_PER_BANK for number in numbers)
        assert len(set(numbers)) == len(numbers)
    ids = await column(database, "SELECT account_id FROM account ORDER BY account")
    assert ids[0] == "0010110000010"
    assert {len(account_id) for account_id in ids} == {13}


async def test_the_fee_account_is_one_of_the_contractors_own(database):
    await fill(database)
    rows = await database.fetch(
        "SELECT s.contractor_id, a.contractor_id, a.account_type FROM service_contract s "
        "JOIN account a ON a.account = s.fee_account"
    )
    assert len(rows) == len([p for p in load_personas("web21") if p.firm and p.firm.contract])
    for owner, holder, account_type in rows:
        assert owner == holder
        assert account_type in ("ordinary", "current")  # W-23


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"shoji_viewer"}, {"web21_shoji"}),
        ({"web21_shoji"}, {"web21_shoji"}),
        ({"logi_maker", "kogyo_boss"}, {"web21_logi", "web21_kogyo"}),
        ({"taro"}, set()),
        (set(), set()),
    ],
)
async def test_a_firm_moves_in_whole_and_alone(database, chosen, expected):
    await fill(database, frozenset(chosen))
    assert set(await column(database, "SELECT persona FROM contractor")) == expected
    for query in ("SELECT contractor_id FROM bank_user", "SELECT parent_id FROM contract_link"):
        owners = set(await column(database, query))
        assert owners <= set(await column(database, "SELECT contractor_id FROM contractor"))


async def test_whoever_stays_away_changes_no_number(tmp_path):
    kept = []
    for name, personas in (("all", None), ("some", frozenset({"kogyo_boss"}))):
        database = await SqliteDatabase.open(tmp_path / f"{name}.db")
        await fill(database, personas)
        query = (
            "SELECT a.account, a.balance_yen, l.credential_id FROM account a "
            "JOIN credential l ON l.contractor_id = a.contractor_id "
            f"WHERE a.contractor_id = '{KOGYO}'"
        )
        kept.append(await database.fetch(query))
        await database.close()
    assert [tuple(row) for row in kept[0]] == [tuple(row) for row in kept[1]] != []


async def test_a_child_is_linked_only_where_both_live(database):
    await fill(database)
    assert await corporate.list_children(database, SHOJI) == [LOGI]
    assert await corporate.list_children(database, LOGI) == []


async def test_the_export_has_the_contracts_and_none_of_their_secrets(database):
    await fill(database)
    async with database.transaction() as db:
        await corporate.save_key(db, SHOJI, b"k" * 32)
    text = b"".join([chunk async for chunk in export_rows(database)]).decode()
    for table in ("bank_user", "service_contract", "contract_link", "remitter"):
        assert f'"table":"{table}"' in text
    for person in USERS:
        assert person.login.fields()["password"] not in text
    for word in ("second_factor", "encryption_key", "secret_hash", "kkkkkkkk"):
        assert word not in text


async def test_what_changes_of_a_user_and_a_contract_is_read_back(database):
    await fill(database)
    (credential_id, user), *_ = await corporate.list_users(database, KOGYO)
    contract = await corporate.find_contract(database, KOGYO)
    assert contract is not None
    fewer = contract.change([Service.REFERENCE])
    async with database.transaction() as db:
        await corporate.save_contract(db, fewer)
    assert await corporate.find_contract(database, KOGYO) == fewer
    assert await corporate.find_user(database, credential_id) == user
    assert await corporate.find_user(database, 1) is None
    assert await corporate.find_contract(database, "nobody") is None


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO contract_link VALUES ('{SHOJI}', '{SHOJI}')",
        f"INSERT INTO contract_link VALUES ('{SHOJI}', '{LOGI}')",
        "UPDATE service_contract SET status = 'lost'",
        "UPDATE service_contract SET plan = 'gold'",
        "UPDATE service_contract SET client_id = '10000001'",
        "UPDATE bank_user SET role = 'owner'",
        "UPDATE bank_user SET has_service_right = 2",
        "UPDATE bank_user SET user_code = 'Z001'",
        "UPDATE credential SET state = 'gone'",
        "UPDATE contractor SET contract_state = 'paused'",
    ],
)
async def test_the_tables_refuse_what_cannot_be(database, statement):
    await fill(database)
    with pytest.raises(sqlite3.IntegrityError):
        async with database.transaction() as db:
            await db.execute(statement)


def test_the_fixtures_hold_every_role_and_state():
    firms = [persona.firm for persona in load_personas("web21") if persona.firm]
    users = [user for firm in firms for user in firm.users]
    assert {user.role for user in users} == {"admin", "deputy_admin", "user"}
    assert any(user.is_security_administrator for user in users)
    contracts = [firm.contract for firm in firms if firm.contract is not None]
    assert len(contracts) == len(firms) - 1  # one has yet to apply
    assert {each.status for each in contracts} == {"applied", "active", "refused"}
    assert {each.plan for each in contracts} == {"expert", "debut", "light"}
    assert {each.approval_pattern for each in contracts} == {"single_approval", "double_approval"}
    assert {firm.base_state for firm in firms} == {"active", "suspended"}
    assert {client.status for client in load_clients("web21")} == {"issued", "active"}
    assert [terms.version for terms in load_terms("web21")] == ["1"]


def test_no_two_personas_share_a_name_or_a_log_in():
    people = [*load_people("tomato"), *USERS]
    for values in ([p.key for p in people], [p.login.login for p in people]):
        assert len(set(values)) == len(values)
