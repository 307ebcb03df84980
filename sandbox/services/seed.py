"""Fill a new world: who lives in it, and what has happened on their accounts so far.

The past is written in bulk, one posting per account and month with its contra legs summed. What
happens later goes through ``services.ledger``, movement by movement. Both come from the same
life, see ``sandbox.domain.life``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, groupby

import orjson

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.life import BUSY_LINES, Life, Movement, Story, busy_days, movements_between
from sandbox.domain.persona import Persona, PersonaAccount, ReadyClient, UserLogin
from sandbox.domain.secrets import secret_hash
from sandbox.domain.time import Instant, add_months, jst_date, midnight
from sandbox.services.calendar import calendar_around
from sandbox.services.firms import seed_firms
from sandbox.services.population import (
    generated,
    load_clients,
    load_personas,
    load_terms,
    story_of,
)
from sandbox.services.vocabulary import Vocabulary, vocabulary_of
from sandbox.storage import clients, seeding
from sandbox.storage import world as worlds
from sandbox.storage.database import Row, Transaction

HISTORY_MONTHS = 13  # as far as an inquiry looks back
POPULATION = 40
# Generated rows count from here, so that one more persona renumbers none of them.
_GENERATED_FROM = 1_000
NUMBERS_PER_BANK = 100_000  # each bank's accounts and credentials have a range of their own
_FLUSH_ROWS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedReport:
    """How much a new world holds."""

    contractors: int
    accounts: int
    lines: int
    clients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What every account's history is written from."""

    seed: int
    first: date
    last: date
    calendar: BankCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """Where an account's history leaves it."""

    balance_yen: int = 0
    previous_month_yen: int = 0
    last_seq: int = 0
    last_booked_at: Instant = 0


class _HistoryWriter:
    """Gathers postings with their legs, and writes them some thousand lines at a time."""

    def __init__(self, db: Transaction, posting_id: int) -> None:
        self._db = db
        self._posting_id = posting_id
        self._postings: list[Row] = []
        self._contra: list[Row] = []
        self._lines: list[Row] = []
        self.written = 0

    async def write(
        self, account: int, past: Iterable[list[Movement]], last: date, ending: _Ending
    ) -> _Ending:
        """Write the past after ``ending`` and return where they end; ``last`` ends the history."""
        this_month = (last + timedelta(days=1)).replace(day=1)
        for month, group in groupby(filter(None, past), _month_of):
            ending = self._write_month(account, chain.from_iterable(group), ending)
            if month < this_month:
                ending = _at_month_end(ending)
            if len(self._lines) >= _FLUSH_ROWS:
                await self.flush()
        return ending

    def _write_month(self, account: int, movements: Iterable[Movement], ending: _Ending) -> _Ending:
        balance_yen, seq, booked_at = ending.balance_yen, ending.last_seq, ending.last_booked_at
        contra: dict[str, int] = {}
        append, posting_id = self._lines.append, self._posting_id
        for booked_at, yen, content, abstract, gl_code, value_on, number, status in movements:
            balance_yen += yen
            seq += 1
            contra[gl_code] = contra.get(gl_code, 0) - yen
            append(
                (
                    account,
                    booked_at,
                    seq,
                    value_on.isoformat(),
                    yen,
                    balance_yen,
                    content,
                    abstract,
                    number,
                    status,
                    posting_id,
                )
            )
        self._postings.append((posting_id, booked_at, "history"))
        self._contra += [(posting_id, gl_code, yen) for gl_code, yen in contra.items()]
        self._posting_id += 1
        return _Ending(
            balance_yen=balance_yen,
            previous_month_yen=ending.previous_month_yen,
            last_seq=seq,
            last_booked_at=booked_at,
        )

    async def flush(self) -> None:
        await seeding.insert_history(self._db, self._postings, self._contra, self._lines)
        self.written += len(self._lines)
        self._postings, self._contra, self._lines = [], [], []


def _month_of(movements: list[Movement]) -> date:
    return jst_date(movements[0].booked_at).replace(day=1)


def _at_month_end(ending: _Ending) -> _Ending:
    return _Ending(
        balance_yen=ending.balance_yen,
        previous_month_yen=ending.balance_yen,
        last_seq=ending.last_seq,
        last_booked_at=ending.last_booked_at,
    )


def history_days(starts_at: Instant) -> tuple[date, date]:
    """Return the first and the last day of the past of a world that starts at ``starts_at``."""
    today = jst_date(starts_at)
    return add_months(today, -HISTORY_MONTHS), today - timedelta(days=1)


async def seed_world(
    db: Transaction,
    *,
    seed: int,
    starts_at: Instant,
    bank: str = "tomato",
    first_number: int = 1,
    population: int = POPULATION,
    calendar: BankCalendar | None = None,
    vocabulary: Vocabulary | None = None,
    personas: frozenset[str] | None = None,
    ready: Sequence[ReadyClient] | None = None,
) -> SeedReport:
    """Fill a world with one bank: contractors, accounts, history, providers and terms.

    ``first_number``: of its accounts and credentials, which are numbered through the whole world.
    ``population`` is how many contractors live around the personas. ``calendar`` must reach a
    month further back than the history; ``vocabulary`` defaults to Faker's of this seed.
    ``personas`` and ``ready`` None: all of the bank's.
    """
    first, last = history_days(starts_at)
    past = _Past(seed=seed, first=first, last=last, calendar=calendar or calendar_around(last))
    vocabulary = vocabulary or vocabulary_of(seed)
    # Whoever stays away leaves the own numbers free: nobody else changes.
    people = [
        (first_number + number, persona, story)
        for number, persona, story in _inhabitants(seed, bank, population, vocabulary)
        if persona.key is None or persona.lives_in(personas)
    ]
    await seeding.insert_contractors(db, [_contractor_row(bank, *person[1:]) for person in people])
    writer = _HistoryWriter(db, await seeding.next_posting_id(db))
    accounts = [
        await _account_row(writer, past, bank, number, persona, account, story)
        for first_number, persona, story in people
        for number, account in enumerate(persona.accounts, start=first_number)
    ]
    await writer.flush()
    await seeding.insert_accounts(db, accounts)
    await seeding.insert_credentials(
        db, [row for person in people for row in _credential_rows(bank, *person[:2])]
    )
    await seed_firms(db, [person[:2] for person in people])
    clients = await _seed_clients_and_terms(db, bank, ready)
    return SeedReport(
        contractors=len(people), accounts=len(accounts), lines=writer.written, clients=clients
    )


def _inhabitants(
    seed: int, bank: str, population: int, vocabulary: Vocabulary
) -> Iterator[tuple[int, Persona, Story]]:
    """Yield (number of the first account, contractor, story); each has its number to itself.

    Numbers count from 0 within the bank.
    """
    number = 0
    for persona in load_personas(bank):
        yield number, persona, story_of(seed, persona, vocabulary)
        number += max(len(persona.accounts), len(persona.people()))
    for index in range(population):
        persona = generated(seed, bank, index, vocabulary)
        yield _GENERATED_FROM + index, persona, story_of(seed, persona, vocabulary)


async def _account_row(
    writer: _HistoryWriter,
    past: _Past,
    bank: str,
    number: int,
    persona: Persona,
    account: PersonaAccount,
    story: Story,
) -> Row:
    """Write the account's history and return its own row."""
    life = story.lives[account.account_id]
    days = _days_of(past, life, account.overdraft_limit_yen)
    ending = await writer.write(number, days, past.last, _Ending())
    last_seq, last_booked_at = ending.last_seq, ending.last_booked_at
    if account.history == "on_demand":  # keeps the numbers free that its history will need
        last_seq, last_booked_at = BUSY_LINES, midnight(past.last + timedelta(days=1)) - 1
    return (
        number,
        account.account_id,
        bank,
        persona.contractor_id,
        account.branch_code,
        account.branch_name,
        account.account_type.value,
        account.account_number,
        persona.name,
        persona.name_kana,
        account.state.value,
        account.overdraft_limit_yen,
        account.history,
        ending.balance_yen,
        ending.balance_yen,  # nothing has happened on the starting day yet
        ending.previous_month_yen,
        last_seq,
        last_booked_at,
    )


def _days_of(past: _Past, life: Life, overdraft_limit_yen: int) -> Iterator[list[Movement]]:
    if life.opening_yen:
        opened_at = midnight(past.first)
        yield [Movement(opened_at, life.opening_yen, "繰越", "ｸﾘｺｼ", "carried_forward", past.first)]
    yield from movements_between(
        past.seed,
        life,
        past.first,
        past.last,
        past.calendar,
        balance_yen=life.opening_yen,
        overdraft_limit_yen=overdraft_limit_yen,
    )


def _contractor_row(bank: str, persona: Persona, story: Story) -> Row:
    return (
        persona.contractor_id,
        bank,
        persona.kind,
        persona.name,
        persona.name_kana,
        persona.address,
        persona.key,
        orjson.dumps(story.document()).decode(),
    )


def _credential_rows(bank: str, number: int, contractor: Persona) -> list[Row]:
    """Return the contractor's credentials, numbered from the first account on."""
    return [
        _credential_row(bank, number + index, person, number)
        for index, person in enumerate(contractor.people())
    ]


def _credential_row(bank: str, credential_id: int, person: Persona, first_account: int) -> Row:
    login, second = person.login.login, None
    if isinstance(person.login, UserLogin) and person.login.second_factor is not None:
        second = secret_hash(login, person.login.second_factor)
    return (
        credential_id,
        bank,
        login,
        person.contractor_id,
        first_account if person.kind == "individual" else None,
        secret_hash(login, person.login.secret),
        person.credential_state,
        second,
    )


async def _seed_clients_and_terms(
    db: Transaction, bank: str, ready: Sequence[ReadyClient] | None
) -> int:
    ready = load_clients(bank) if ready is None else ready
    await clients.insert(db, [client.registered(bank) for client in ready])
    terms: Sequence[Row] = [
        (bank, terms.version, terms.effective_on.isoformat()) for terms in load_terms(bank)
    ]
    await seeding.insert_terms(db, terms)
    return len(ready)


async def fill_on_demand(db: Transaction, account: int) -> int:
    """Write the history that was left out when the world was made; return how many lines.

    A second call finds nothing to do. The account's balances stay as they are, because the
    history ends each day where it began.
    """
    unwritten = await seeding.find_unwritten(db, account)
    world = await worlds.find(db)
    if unwritten is None or world is None:
        return 0
    account_id, opening_yen = unwritten
    first, last = history_days(world.starts_at)
    writer = _HistoryWriter(db, await seeding.next_posting_id(db))
    days = busy_days(world.seed, account_id, first, last)
    await writer.write(account, days, last, _Ending(balance_yen=opening_yen, last_seq=1))
    await writer.flush()
    await seeding.mark_written(db, account)
    return writer.written
