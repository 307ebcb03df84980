"""Tokens: refreshing them, and letting go of dead ones (C-6, C-7, C-8, C-20)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sandbox.domain.conduct.call import Call, gap_ms
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Finding, Groups, Words, place
from sandbox.domain.errors import Reason

# Why a grant is over for good; a token that only lapsed is refreshed.
ENDED = frozenset(Reason) - {
    Reason.ACCESS_EXPIRED,
    Reason.REFRESH_EXPIRED,
    Reason.FOREIGN_TOKEN,
    Reason.KEY_NOT_PROVEN,
    Reason.NO_TOKEN,
    Reason.REFRESH_TOKEN_SENT,
    Reason.OTHER_BANK,
    Reason.CLIENT_AUTH_METHOD,
    Reason.UNKNOWN,
}


def refresh_storms(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-6: one refresh a need."""
    limits = facts.limits
    recent: defaultdict[object, list[Call]] = defaultdict(list)
    groups = Groups()
    for call in calls:
        if not call.is_refresh:
            continue
        key = call.who, call.grant_id or call.traits.get("refresh")
        last = recent[key][-limits.refreshes :]
        kept = [each for each in last if gap_ms(each, call) <= limits.refresh_window_ms]
        recent[key] = [*kept, call]
        if len(recent[key]) > limits.refreshes:
            groups.add(key, *recent[key])
    window_s = limits.refresh_window_ms // 1000
    yield from groups.findings(
        lambda found: Words(
            f"1つの許可に対し、{window_s}秒以内に{limits.refreshes}回を超えるリフレッシュが"
            f"ありました(計{len(found)}回)。",
            f"One grant was refreshed more than {limits.refreshes} times within {window_s} s "
            f"(calls: {len(found)}).",
        )
    )


def racing_refreshes(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-7: a refresh token is used by one worker, and once."""
    used: defaultdict[object, list[Call]] = defaultdict(list)
    racing, stale = Groups(), Groups()
    for call in calls:
        mark = call.traits.get("refresh")
        if not call.is_refresh or mark is None:
            continue
        for first in used[mark]:
            if not call.follows(first):
                racing.add(mark, first, call)
            elif _has_rotated(first, mark):
                stale.add(mark, first, call)
        used[mark].append(call)
    yield from racing.findings(
        lambda found: Words(
            f"同じリフレッシュトークンが同時に{len(found)}回使われました。",
            f"{len(found)} refreshes with the same token were under way at once.",
        )
    )
    yield from stale.findings(
        lambda found: Words(
            f"交換済みのリフレッシュトークンが再び使われました(計{len(found) - 1}回)。",
            "A refresh token was used again after it had been exchanged "
            f"(calls: {len(found) - 1}).",
        )
    )


def _has_rotated(first: Call, mark: str) -> bool:
    """Tell whether the client knows the next token: after a lost answer the old one is right."""
    if first.status != 200 or first.traits.get("effect") is not None:
        return False
    return first.traits.get("new_refresh") not in (None, mark)


def revoked_tokens(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-8: after 401 for good, a token is thrown away."""
    told: dict[str, Call] = {}
    groups = Groups()
    for call in calls:
        token = call.token
        if token is None or call.operation in ("token", "revoke"):
            continue
        first = told.get(token)
        if first is not None and call.follows(first):
            groups.add(token, first, call)
        elif first is None and call.status == 401 and call.reason in ENDED:
            told[token] = call
    yield from groups.findings(
        lambda found: Words(
            f"取り消し({found[0].reason})を 401 で知らされた後も、同じトークンで"
            f"{len(found) - 1}回呼ばれました。",
            f"A 401 told that the token is revoked ({found[0].reason}), and it was used "
            f"{len(found) - 1} times more.",
        )
    )


def dead_ends(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-20: what is closed or ended stays so, however often it is asked for."""
    accounts: defaultdict[object, list[Call]] = defaultdict(list)
    grants: defaultdict[object, list[Call]] = defaultdict(list)
    for call in calls:
        if call.error_code == "account_not_found":
            accounts[call.who, call.bank, call.target].append(call)
        is_refused = call.status == 401 or call.error_code == "invalid_grant"
        if is_refused and call.reason in ENDED and call.grant_id is not None:
            grants[call.who, call.grant_id].append(call)
    most = facts.limits.dead_calls
    for found in accounts.values():
        if len(found) > most:
            yield Finding(
                calls=tuple(call.id for call in found),
                what=Words(
                    f"{place(found[0])}: 口座なしと答えた後も、計{len(found)}回照会されました。",
                    f"{place(found[0])}: asked {len(found)} times for an account that is not "
                    "there.",
                ),
            )
    for found in grants.values():
        if len(found) > most:
            yield Finding(
                calls=tuple(call.id for call in found),
                what=Words(
                    f"終了した許可({found[0].reason})で、計{len(found)}回呼ばれました。",
                    f"{len(found)} calls under a grant that has ended ({found[0].reason}).",
                ),
            )
