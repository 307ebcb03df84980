"""What the bank's staff do about log-ins, grants and accounts, as calls of the control API."""

from datetime import date

from sandbox.client.answers import Done
from sandbox.client.corporate import Booked, Revoked
from sandbox.client.request import Request, encoded, one, path

BANK = "tomato"


def unlock(
    world: str, *, login: str | None = None, address: str | None = None, bank: str = BANK
) -> Request[Done]:
    """Let a locked login, or all logins from a locked address, try again.

    Args:
        login: as the journal shows it: ``card:001:1234567``, ``user:0566000001:tanaka``.
        address: IPv4 or IPv6.

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request`` (at least one of the two).
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "unlock"),
        read=one(Done),
        content=encoded(login=login, address=address),
    )


def revoke(
    world: str,
    *,
    token_id: str | None = None,
    grant_id: str | None = None,
    client_id: str | None = None,
    contractor_id: str | None = None,
    user_id: str | None = None,
    everybody: bool = False,
    reason: str | None = None,
    lag: str | None = None,
    bank: str = BANK,
) -> Request[Revoked]:
    """End grants early, by the bank: of one token or grant, a client, a contractor, or of all.

    Args:
        user_id: with ``contractor_id``: that user's alone.
        everybody: all grants of the bank.
        reason: default ``revoked_by_bank``.
        lag: how long they still go on, such as ``90s``.

    Raises:
        ProblemError: ``unknown-subject``, ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "revoke"),
        read=one(Revoked),
        content=encoded(
            token_id=token_id,
            grant_id=grant_id,
            client_id=client_id,
            contractor_id=contractor_id,
            user_id=user_id,
            all=True if everybody else None,
            reason=reason,
            lag=lag,
        ),
    )


def act_on_contractor(
    world: str, contractor_id: str, act: str, *, lag: str | None = None, bank: str = BANK
) -> Request[Done]:
    """``suspend``, ``resume`` or ``end`` a base contract, or ``lose_credentials``.

    Args:
        lag: with ``lose_credentials``: how long the grants still go on, such as ``90s``.

    Raises:
        ProblemError: ``unknown-subject``, ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "contractors", contractor_id),
        read=one(Done),
        content=encoded(act=act, lag=lag),
    )


def set_account_state(world: str, account_id: str, act: str, *, bank: str = BANK) -> Request[Done]:
    """``freeze``, ``restrict``, ``close`` or ``open`` an account.

    Raises:
        ProblemError: ``unknown-subject``, ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "accounts", account_id),
        read=one(Done),
        content=encoded(act=act),
    )


def post_entry(
    world: str,
    account_id: str,
    amount_yen: int,
    abstract: str,
    *,
    content: str | None = None,
    value_on: date | str | None = None,
    bank: str = BANK,
) -> Request[Booked]:
    """Book a line on an account; deposits are above 0.

    Args:
        abstract: 摘要; kana of any width, kept in half width.
        content: 取引内容. Default: 入金 or 出金.
        value_on: 起算日. Default: today.

    Raises:
        ProblemError: ``unknown-subject``, ``illegal-status``, ``insufficient-funds``,
            ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "accounts", account_id),
        read=one(Booked),
        content=encoded(
            act="post",
            amount_yen=amount_yen,
            abstract=abstract,
            content=content,
            value_on=value_on,
        ),
    )
