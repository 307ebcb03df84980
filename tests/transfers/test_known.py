"""What is remembered from one request to the next, and what makes it be read again."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from sandbox.domain.corporate.powers import ServiceNotContracted
from sandbox.domain.errors import AccountRestricted
from sandbox.domain.time import jst_date
from sandbox.domain.transfer.fee import FeeBand, FeeSchedule
from sandbox.domain.transfer.finding import Code, DraftRefused
from sandbox.domain.transfer.request import Result
from sandbox.services.transfers.known import Known
from tests.transfers.world import MAKER, STRANGER, draft, item

ODD = item(2, beneficiary_branch_code="777")
CHECK_MASTER = "0010000000"
THIRTY_ONE = draft(*(item(number) for number in range(1, 32)))
# What changes; the request that comes after it; what becomes of that one.
CHANGES = {
    "the remitter is gone": (
        "DELETE FROM remitter WHERE account = 1",
        draft(),
        Code.UNKNOWN_REMITTER,
    ),
    "a smaller plan": (
        "UPDATE service_contract SET plan = 'debut' WHERE contractor_id = 'shoji'",
        THIRTY_ONE,
        Code.TOO_MANY_ITEMS,
    ),
    "the approver may approve no more": (
        "UPDATE bank_user SET rights = 'reference' WHERE user_code = 'Z101'",
        draft(first_approver_code="Z101"),
        Code.INVALID_PARAMETER,
    ),
    "the account is closed": (
        "UPDATE account SET state = 'closed' WHERE account = 1",
        draft(),
        Code.ACCOUNT_NOT_FOUND,
    ),
    "the account is another's": (
        "UPDATE account SET contractor_id = 'logi' WHERE account = 1",
        draft(),
        Code.ACCOUNT_NOT_FOUND,
    ),
    "the account is frozen": (
        "UPDATE account SET state = 'frozen' WHERE account = 1",
        draft(),
        AccountRestricted,
    ),
    "the contract is gone": (
        "DELETE FROM service_contract WHERE contractor_id = 'shoji'",
        draft(),
        ServiceNotContracted,
    ),
    "two must approve": (
        "UPDATE service_contract SET double_from_yen = 1 WHERE contractor_id = 'shoji'",
        draft(),
        "awaiting_first_approval",
    ),
}


@contextmanager
def traced(connection):
    """Yield the statements that a connection runs meanwhile."""
    statements = []
    connection.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        connection.set_trace_callback(None)


async def fate(small, what):
    """Return what becomes of a request: a status, the first error, or the refusal."""
    try:
        return (await small.registered(what)).status
    except DraftRefused as refused:
        return refused.code
    except (AccountRestricted, ServiceNotContracted) as refused:
        return type(refused)


@pytest.mark.requirement("W-17", "W-46")
@pytest.mark.parametrize(("sql", "what", "expected"), CHANGES.values(), ids=CHANGES)
async def test_a_change_holds_for_the_very_next_request(small, sql, what, expected):
    assert await fate(small, what) == "awaiting_approval"
    await small.run_sql(sql)
    assert await fate(small, what) == expected


@pytest.mark.parametrize("kind", ["registered", "saved", "replaced", "refused"])
async def test_after_a_request_the_next_one_reads_nothing_of_it_again(small, kind):
    saved = (await small.register(draft(ODD), check=CHECK_MASTER)).request
    await small.registered(draft())
    if kind == "registered":
        await small.registered(draft())
    elif kind == "saved":
        assert (await small.register(draft(ODD), check=CHECK_MASTER)).result is Result.WARNING
    elif kind == "replaced":
        await small.register(draft(), replaces=saved.reference)
    else:
        assert await fate(small, draft(remitter_name="ｱ")) is Code.UNKNOWN_REMITTER
    database = small.world.database
    with traced(database._reader.direct) as read, traced(database._writer.direct) as run:
        await small.registered(draft())
    assert read == []
    assert [each for each in run if each.lstrip().startswith("SELECT")] == []


async def test_any_other_commit_makes_it_be_read_again(small):
    await small.registered(draft())
    await small.post(5, 1)
    with traced(small.world.database._reader.direct) as read:
        await small.registered(draft())
    for table in ("service_contract", "bank_user", "account", "remitter", "fee_schedule"):
        assert any(f"FROM {table}" in each for each in read), table


async def test_a_request_that_is_rolled_back_leaves_nothing_of_itself(small):
    async def fail(_db, _outcome):
        raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            await small.register(draft(), keep=fail)
    assert (await small.registered(draft())).transaction_id == "261116000000001"


async def test_each_caller_has_the_accounts_of_its_own(small):
    known = Known(small.transfers.desk)
    limited = replace(MAKER, accounts=frozenset({f"{2:013}"}))
    numbers = [
        [each.account for each in (await known.contract(who)).accounts]
        for who in (MAKER, limited, STRANGER, MAKER)
    ]
    assert numbers == [[1, 2], [2], [4], [1, 2]]
    assert await known.contract(limited) is await known.contract(limited)


async def test_new_fees_are_read_at_once(small):
    known = Known(small.transfers.desk)
    before = await known.schedules()
    assert await known.schedules() is before
    band = FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=1)
    schedule = FeeSchedule(effective_on=jst_date(small.now), bands=(band,), contract_yen=1)
    await small.transfers.charges.set_schedule(schedule)
    assert await known.schedules() == (*before, schedule)


async def test_an_account_that_is_not_there_is_looked_for_each_time(small):
    known, database = Known(small.transfers.desk), small.world.database
    assert await known.account(database, 99) is None
    found = await known.account(database, 1)
    assert found == await small.account(1)
    assert await known.account(database, 1) is found
    await small.run_sql("UPDATE account SET account = 99 WHERE account = 9")
    assert (await known.account(database, 99)).account == 99
