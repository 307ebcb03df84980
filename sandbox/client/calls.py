"""Every call of the control API as a function from its arguments to a ``Request``.

The faces (``blocking``, ``asynchronous``) take their methods, signatures and docstrings from here:
``world`` stands where a method has ``self``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from sandbox.client.answers import (
    Account,
    Advance,
    Bank,
    Client,
    Clock,
    Consent,
    Done,
    Grant,
    Page,
    Persona,
    Reset,
    Snapshot,
    Token,
    Tokens,
    WorldDescription,
    WorldSummary,
)
from sandbox.client.request import (
    PAGE_SIZE,
    SQLITE_TYPE,
    Request,
    encoded,
    given,
    one,
    page,
    path,
    raw,
)

BANK, SCOPE = "tomato", "accounts"
ClockSetting: TypeAlias = str | Mapping[str, Any]
When: TypeAlias = str | datetime


# Worlds


def list_worlds() -> Request[tuple[WorldSummary, ...]]:
    """List the worlds of the server, open or not."""
    return _get(path("worlds"), page("worlds", WorldSummary)).then(lambda found: found.items)


def create_world(
    name: str | None = None,
    *,
    seed: int | None = None,
    clock: ClockSetting | None = None,
    personas: Sequence[str] | None = None,
    from_snapshot: str | None = None,
) -> Request[WorldDescription]:
    """Make a world; without a name the server draws one.

    Args:
        seed: the same seed and clock give the same rows. Default: the server's.
        clock: ``real``, ``frozen:2026-12-01T09:00``, ``offset:91d``, ``scaled:60``, or a mapping
            of ``mode``, ``at`` and ``rate``. Default: real.
        personas: those that live in it. Default: all of the bank's.
        from_snapshot: a snapshot of the default world, or ``world/snapshot``; it brings its own
            seed, clock and personas.

    Raises:
        ProblemError: ``world-exists``, ``world-refused``, ``unknown-snapshot``.
    """
    fields = None if clock is None else clock_fields(clock)
    chosen = None if personas is None else list(personas)
    body = encoded(name=name, seed=seed, clock=fields, personas=chosen, from_snapshot=from_snapshot)
    return _post(path("worlds"), one(WorldDescription), body)


def delete_world(name: str) -> Request[Done]:
    """Delete a world with all that is in it. One that is gone already is no error."""
    return _delete(path("worlds", name))


def describe(world: str) -> Request[WorldDescription]:
    """Describe the world: seed, clock, and its banks with addresses, clients and personas."""
    return _get(path("worlds", world), one(WorldDescription))


def bank(world: str, name: str = BANK) -> Request[Bank]:
    """Return one bank of the world, or raise ``UnknownName``."""
    return describe(world).then(lambda found: found.bank(name))


def persona(world: str, name: str, *, bank: str = BANK) -> Request[Persona]:
    """Return a persona and what it types to sign in, or raise ``UnknownName``."""
    return describe(world).then(lambda found: found.bank(bank).persona(name))


def clients(world: str, *, bank: str = BANK) -> Request[tuple[Client, ...]]:
    """Return the clients of a bank: the ready ones with their secrets and private keys."""
    return describe(world).then(lambda found: found.bank(bank).clients)


def client(world: str, client_id: str, *, bank: str = BANK) -> Request[Client]:
    """Return a client, a ready one with its secret and keys, or raise ``UnknownName``."""
    return describe(world).then(lambda found: found.bank(bank).client(client_id))


# Consent, grants, tokens


def authorize(
    world: str,
    client_id: str,
    persona: str,
    *,
    scope: str = SCOPE,
    bank: str = BANK,
    redirect_uri: str | None = None,
    state: str | None = None,
    nonce: str | None = None,
    code_challenge: str | None = None,
    code_challenge_method: str | None = None,
    accounts: Sequence[str] | None = None,
    functions: Sequence[str] | None = None,
) -> Request[Consent]:
    """Let a persona consent without a browser.

    Args:
        redirect_uri: default: the client's first.
        accounts: account ids to tick. Default: all that are offered.
        functions: functions to tick. Default: all that the client may use.

    Raises:
        ProblemError: ``authorization-refused`` (``more["error"]`` is the OAuth code),
            ``unknown-persona``, ``sign-in-refused``, ``outside-service-hours``, ``nothing-chosen``.
    """
    body = encoded(
        bank=bank,
        client_id=client_id,
        persona=persona,
        scope=scope,
        redirect_uri=redirect_uri,
        state=state,
        nonce=nonce,
        code_challenge=code_challenge,
        code_challenge_method=code_challenge_method,
        accounts=None if accounts is None else list(accounts),
        functions=None if functions is None else list(functions),
    )
    return _post(path("worlds", world, "authorize"), one(Consent), body)


def approve(
    world: str,
    address: str,
    persona: str,
    *,
    bank: str = BANK,
    accounts: Sequence[str] | None = None,
    functions: Sequence[str] | None = None,
) -> Request[Consent]:
    """Do what a person would whom a provider has sent to ``address``: sign in and allow.

    ``address`` is the authorization request that the provider redirects to; the answer's
    ``redirect_to`` is where the bank sends the browser back.

    Raises:
        ValueError: the address asks for no code.
        ProblemError: as ``authorize`` does.
    """
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    if asked.get("response_type") != "code" or "client_id" not in asked:
        raise ValueError(f"{address!r} is no authorization request: no client asks for a code")
    fields = ("redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method")
    more = {name: asked[name] for name in fields if name in asked}
    return authorize(
        world,
        asked["client_id"],
        persona,
        scope=asked.get("scope", ""),
        bank=bank,
        accounts=accounts,
        functions=functions,
        **more,
    )


def mint_tokens(
    world: str,
    client_id: str,
    persona: str,
    *,
    scope: str = SCOPE,
    bank: str = BANK,
    dpop_jkt: str | None = None,
    x5t_s256: str | None = None,
) -> Request[Tokens]:
    """Let a persona consent and exchange the code: the tokens that the client would get.

    ``dpop_jkt``, ``x5t_s256``: thumbprint of the key or certificate that they are bound to.
    Raises ``ProblemError`` as ``authorize`` does.
    """
    asked = {"bank": bank, "client_id": client_id, "persona": persona, "scope": scope}
    body = encoded(**asked, dpop_jkt=dpop_jkt, x5t_s256=x5t_s256)
    return _post(path("worlds", world, "tokens"), one(Tokens), body)


def list_tokens(
    world: str, *, client_id: str | None = None, grant_id: str | None = None
) -> Request[Page[Token]]:
    """List tokens, by id; what they are is stored nowhere."""
    query = given(client_id=client_id, grant_id=grant_id)
    return _list(path("worlds", world, "tokens"), page("tokens", Token), query)


def expire_token(world: str, token_id: str) -> Request[Done]:
    """Let one token lapse now. Its grant lives on. Raises ``ProblemError`` unknown-subject."""
    return _post(path("worlds", world, "tokens", token_id, "expire"), one(Done))


def revoke_token(world: str, token_id: str) -> Request[Done]:
    """Revoke a token by the bank: its whole grant ends. Raises ``ProblemError``."""
    return _post(path("worlds", world, "tokens", token_id, "revoke"), one(Done))


def list_grants(
    world: str, *, client_id: str | None = None, persona: str | None = None
) -> Request[Page[Grant]]:
    """List grants, by id: whose, for which client, until when, why ended."""
    query = given(client_id=client_id, persona=persona)
    return _list(path("worlds", world, "grants"), page("grants", Grant), query)


def revoke_grant(
    world: str,
    grant_id: str,
    *,
    by: str | None = None,
    reason: str | None = None,
    lag: str | None = None,
) -> Request[Done]:
    """End a grant with both of its tokens.

    Args:
        by: ``bank`` (default), ``user`` or ``provider``.
        reason: such as ``password_changed``. Default: that of ``by``.
        lag: how long it goes on before it ends, such as ``90s``.

    Raises:
        ProblemError: ``unknown-subject``, ``invalid-request``.
    """
    body = encoded(by=by, reason=reason, lag=lag)
    return _post(path("worlds", world, "grants", grant_id, "revoke"), one(Done), body)


def expire_grant(world: str, grant_id: str) -> Request[Done]:
    """Let a grant lapse now, as if its time were over. Raises ``ProblemError``."""
    return _post(path("worlds", world, "grants", grant_id, "expire"), one(Done))


def list_accounts(
    world: str, *, bank: str | None = None, persona: str | None = None
) -> Request[Page[Account]]:
    """List accounts, by id, with what the ledger holds."""
    query = given(bank=bank, persona=persona)
    return _list(path("worlds", world, "accounts"), page("accounts", Account), query)


# Clock


def show_clock(world: str) -> Request[Clock]:
    """Return how the world's time passes, and what time it is."""
    return _get(path("worlds", world, "clock"), one(Clock))


def set_clock(world: str, clock: ClockSetting) -> Request[Clock]:
    """Let time pass in another way: see ``create`` for how a clock is written.

    Raises:
        ProblemError: ``invalid-clock``; time goes back only by a snapshot.
    """
    body = encoded(**clock_fields(clock))
    return Request(method="PUT", path=path("worlds", world, "clock"), read=one(Clock), content=body)


def advance_clock(world: str, by: str | None = None, *, to: When | None = None) -> Request[Advance]:
    """Move time forward and do all that falls due on the way, in order.

    A snapshot ``before-advance-…`` is taken first.

    Args:
        by: a length of time: ``91d``, ``2h30m``, ``PT45S``.
        to: an instant, or ``next_business_day 09:00``, ``next_month_end``, ``tomorrow``, ``18:00``.

    Raises:
        ProblemError: ``invalid-clock``, ``invalid-request`` (one of ``by`` and ``to``).
    """
    return _post(path("worlds", world, "clock", "advance"), one(Advance), encoded(by=by, to=to))


def clock_fields(clock: ClockSetting) -> dict[str, Any]:
    """Return a clock as the API takes it; whether it makes sense is the server's to say."""
    if not isinstance(clock, str):
        return dict(clock)
    if clock[:1].isdigit():
        return {"mode": "frozen", "at": clock}
    mode, _, rest = clock.partition(":")
    if mode != "scaled":
        return {"mode": mode} | given(at=rest or None)
    rate, _, at = rest.partition("@")
    return {"mode": mode, "rate": _number(rate)} | given(at=at or None)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no rate: a scaled clock is written scaled:60") from None


# Snapshots and resets


def take_snapshot(world: str, name: str) -> Request[Snapshot]:
    """Keep the world as it stands; a snapshot of the same name is replaced.

    Raises:
        ProblemError: ``snapshot-refused``: the name, or too many.
    """
    return _post(path("worlds", world, "snapshots"), one(Snapshot), encoded(name=name))


def list_snapshots(world: str) -> Request[tuple[Snapshot, ...]]:
    """List the world's snapshots, oldest first."""
    found = _get(path("worlds", world, "snapshots"), page("snapshots", Snapshot))
    return found.then(lambda listed: listed.items)


def restore_snapshot(world: str, name: str) -> Request[Clock]:
    """Bring back data, tokens, grants and clock together. Raises ``ProblemError``."""
    return _post(path("worlds", world, "snapshots", name, "restore"), one(Clock))


def download_snapshot(world: str, name: str) -> Request[bytes]:
    """Return the snapshot's file: a SQLite database of some megabytes. Raises ``ProblemError``."""
    return _get(path("worlds", world, "snapshots", name), raw)


def upload_snapshot(world: str, name: str, content: bytes | PathLike[str]) -> Request[Snapshot]:
    """Take in a snapshot, as bytes or as a file, that was downloaded here or elsewhere.

    Raises:
        ProblemError: ``snapshot-refused``: no world of this version.
    """
    return Request(
        method="PUT",
        path=path("worlds", world, "snapshots", name),
        read=one(Snapshot),
        content=content if isinstance(content, bytes) else Path(content).read_bytes(),
        content_type=SQLITE_TYPE,
    )


def delete_snapshot(world: str, name: str) -> Request[Done]:
    """Delete a snapshot. One that is gone already is no error."""
    return _delete(path("worlds", world, "snapshots", name))


def reset(world: str, what: str) -> Request[Reset]:
    """Set back exactly what is asked: ``data``, ``tokens``, ``clock``, … or ``all``.

    Raises:
        ProblemError: ``invalid-request``, naming what can be reset.
    """
    return _post(path("worlds", world, "reset"), one(Reset), encoded(what=what))


def _get(target: str, reader: Any) -> Request[Any]:
    return Request(method="GET", path=target, read=reader)


def _list(target: str, reader: Any, query: dict[str, Any]) -> Request[Any]:
    return Request(method="GET", path=target, read=reader, query={**query, "limit": str(PAGE_SIZE)})


def _post(target: str, reader: Any, content: bytes = b"{}") -> Request[Any]:
    return Request(method="POST", path=target, read=reader, content=content)


def _delete(target: str) -> Request[Done]:
    return Request(method="DELETE", path=target, read=one(Done))
