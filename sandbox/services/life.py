"""Life after the world's start: what a contractor's accounts do on one more day."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import orjson

from sandbox.domain.account import Account, AccountState
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.life import Movement, Story, movements_on, parse_story


@lru_cache(maxsize=512)
def story_from(text: str) -> Story:
    """Return the story kept in ``contractor.story`` (JSON)."""
    return parse_story(orjson.loads(text))


def life_of_day(
    seed: int, story: str, accounts: Iterable[Account], day: date, calendar: BankCalendar
) -> list[tuple[Account, Movement]]:
    """Return the movements of ``day`` in booking order, given the balances it starts with.

    The same as the history has for that day. Accounts that are not open stand still.
    """
    lives = story_from(story).lives
    lived = [
        (account, movement)
        for account in accounts
        if account.state is AccountState.OPEN and account.account_id in lives
        for movement in movements_on(
            seed,
            lives[account.account_id],
            day,
            calendar,
            balance_yen=account.balance_yen,
            overdraft_limit_yen=account.overdraft_limit_yen,
        )
    ]
    lived.sort(key=lambda pair: pair[1].booked_at)
    return lived
