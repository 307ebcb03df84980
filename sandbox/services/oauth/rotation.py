"""Signing keys over time (鍵の更新): by the agenda, by command, and out of the key set at last.

A key signs, then is only published, until the last token that it signed has ended; then it is
deleted (O-31). Its successor is made when the next signature or key set is asked for: making an
RSA key takes longer than a transaction may.
"""

from typing import Any

from sandbox.domain.oauth.security import rules_of
from sandbox.domain.oauth.signing_key import SigningKey
from sandbox.domain.time import Instant
from sandbox.services.world import World
from sandbox.storage import clients, grants, keys
from sandbox.storage import world as world_rows
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.world import AgendaItem

ROTATION, WITHDRAWAL = "key_rotation", "key_withdrawal"
PRIORITY = 2  # after the day's own runs
Event = dict[str, Any]


async def plan(world: World, db: Transaction) -> None:
    """Put on the agenda what becomes of each key. What stands there already stays as it is.

    Called wherever keys or the agenda changed without each other: a new key, another setting
    after a restart, an agenda that was set back.
    """
    items = [item for key in await keys.list_all(db) if (item := _item(world, key)) is not None]
    await world_rows.add_agenda_once(db, items)
    world.next_due_at = await world_rows.next_due_at(db)


def _item(world: World, key: SigningKey) -> AgendaItem | None:
    if key.published_until is not None:
        return _at(key.published_until, WITHDRAWAL, key.kid)
    interval = _interval_ms(world, key)
    return _at(key.created_at + interval, ROTATION, key.kid) if interval else None


def _at(due_at: Instant, kind: str, kid: str) -> AgendaItem:
    return AgendaItem(due_at=due_at, priority=PRIORITY, kind=kind, subject=kid, detail={})


def _interval_ms(world: World, key: SigningKey) -> int:
    policy = world.policies.get(key.bank)
    return 0 if policy is None else policy.key_rotation_ms


async def run_rotation(world: World, db: Transaction, item: AgendaItem) -> list[Event]:
    """鍵の更新: a key that has signed for as long as the bank lets it signs no more."""
    key = await keys.find(db, item.subject)
    if key is None or key.retired_at is not None:
        return []  # a command was quicker
    interval = _interval_ms(world, key)
    if not interval:
        return []  # switched off since
    if key.created_at + interval > item.due_at:  # the interval has grown since
        await plan(world, db)
        return []
    return [await retire(world, db, key, item.due_at)]


async def run_withdrawal(_world: World, db: Transaction, item: AgendaItem) -> list[Event]:
    """鍵の公開終了: nothing that the key signed still lives."""
    key = await keys.find(db, item.subject)
    if key is None:
        return []
    await keys.delete(db, key.kid)
    return [{"kind": "key_withdrawn", "subject": key.kid, "bank": key.bank, "alg": key.alg}]


async def retire(world: World, db: Transaction, key: SigningKey, now: Instant) -> Event:
    """Let ``key`` sign no more, and return what the clock's events say of it."""
    until = await _ends_at(world, db, key.bank, now)
    await keys.retire(db, key.kid, now, until)
    await world_rows.add_agenda_once(db, [_at(until, WITHDRAWAL, key.kid)])
    return {"kind": "key_retired", "subject": key.kid, "bank": key.bank, "alg": key.alg}


async def _ends_at(world: World, db: Reader, bank: str, now: Instant) -> Instant:
    """Return when whatever ``bank`` has signed by ``now`` has ended.

    By the lifetimes as they are, and by the tokens, which may be of longer ones.
    """
    policy = world.policies[bank]
    longest = policy.access_token_lifetime_ms
    for client in await clients.list_of_bank(db, bank):
        longest = max(longest, rules_of(client, policy).access_token_lifetime_ms)
    last = await grants.last_access_expiry(db, bank)
    return max(now + longest, last or now)
