"""Asking for consent: scopes, state, PKCE, redirect URIs, grants left behind.

C-9, C-12, C-13, C-14, C-15, C-25.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlencode

from sandbox.domain.conduct.call import Call, gap_ms
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Finding, Groups, Level, Words
from sandbox.domain.conduct.traits import query_of

# What the bank adds to a redirect URI (RFC 6749 §4.1.2, RFC 9207).
_ANSWER = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})


def _asked(calls: Sequence[Call]) -> list[Call]:
    """Return the authorization requests whose parameters can be seen: plain, or pushed."""
    return [
        call
        for call in calls
        if call.operation in ("authorize", "par")
        and not {"request_uri", "request"} & call.form.keys()
    ]


def _consents(calls: Sequence[Call]) -> dict[str, Call]:
    """Return the calls that sent a browser back with a code, by the code's mark."""
    found: dict[str, Call] = {}
    for call in calls:
        code = call.traits.get("code")
        if code is not None and "code" in dict(parse_qsl(query_of(call.location or ""))):
            found.setdefault(code, call)
    return found


def unused_scopes(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-9 (W-31): linkage goes only as far as the service needs it."""
    known = {scope for api in facts.apis.values() for scope in api.scopes}
    used: set[tuple[str, str]] = set()
    wanted: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        for scope in _scopes_of(call) & known:
            wanted[call.who, scope].append(call)
        api = facts.api_of(call)
        if api is not None:  # refused or not: the service needs it
            used |= {(call.who, scope) for scope in api.scopes}
    for (who, scope), found in wanted.items():
        if (who, scope) not in used:
            yield Finding(
                calls=tuple(call.id for call in found),
                what=Words(
                    f"{who} は {scope} を求めましたが、使っていません。",
                    f"{who} asked for {scope} and never used it.",
                ),
            )


def _scopes_of(call: Call) -> set[str]:
    """Return the scopes that a call asks for, or that its tokens turned out to have."""
    if call.operation in ("authorize", "par"):
        return set(call.form.get("scope", "").split())
    if call.is_exchange and call.is_done:
        return set(str(call.traits.get("scope") or "").split())
    return set()


def unchecked_state(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-12: whose callback it is, only ``state`` tells."""
    sent, groups = _asked(calls), Groups()
    for call in sent:
        if not call.traits.get("state"):
            groups.add(call.who, call)
    yield from groups.findings(
        lambda found: Words(
            f"state のない認可リクエストが{len(found)}回ありました。",
            f"{len(found)} authorization requests came without a state.",
        )
    )
    known: defaultdict[str, set[str]] = defaultdict(set)
    for call in sent:
        known[call.who].add(call.traits.get("state") or "")
    consents = _consents(calls)
    for call in calls:
        consent = consents.get(call.traits.get("code", "")) if call.is_exchange else None
        if consent is None or not known[consent.who]:
            continue
        if (consent.traits.get("returned_state") or "") not in known[consent.who]:
            yield Finding(
                calls=(consent.id, call.id),
                what=Words(
                    "改変された state のコールバックを受け取った後、トークンを請求しました。",
                    "A callback whose state had been altered was followed by a token request.",
                ),
            )


def weak_state(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-13: a state that can be guessed, or was seen before, tells nothing."""
    least = facts.limits.state_length
    short, reused = Groups(), Groups()
    answered: dict[tuple[str, str], Call] = {}
    for call in calls:
        back = call.traits.get("returned_state")
        if back is not None:
            answered.setdefault((call.who, back), call)
        if call not in (asked := _asked([call])) or not call.traits.get("state"):
            continue
        if call.traits.get("state_length", least) < least:
            short.add(call.who, *asked)
        if (first := answered.get((call.who, call.traits["state"]))) is not None:
            reused.add((call.who, call.traits["state"]), first, call)
    yield from short.findings(
        lambda found: Words(
            f"{least}文字より短い state が{len(found)}回使われました。",
            f"{len(found)} times the state had fewer than {least} characters.",
        )
    )
    yield from reused.findings(
        lambda found: Words(
            "すでに返された state が、次の認可リクエストでも使われました。",
            "A state that had come back already was used for another authorization request.",
        )
    )


def missing_pkce(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-14: a code is worth nothing to a thief without its verifier."""
    required, optional = Groups(), Groups()
    for call in _asked(calls):
        if not call.form.get("code_challenge"):
            is_required = call.who in facts.pkce_required
            (required if is_required else optional).add(call.who, call)
    yield from required.findings(
        lambda found: Words(
            f"PKCE が必須なのに、code_challenge のない認可リクエストが{len(found)}回ありました。",
            f"PKCE is required, and {len(found)} authorization requests had no code_challenge.",
        ),
        Level.ERROR,
    )
    yield from optional.findings(
        lambda found: Words(
            f"code_challenge のない認可リクエストが{len(found)}回ありました。",
            f"{len(found)} authorization requests had no code_challenge.",
        )
    )
    yield from _reused_verifiers(calls)


def _reused_verifiers(calls: Sequence[Call]) -> Iterator[Finding]:
    first_use: dict[tuple[str, str], Call] = {}
    groups = Groups()
    for call in calls:
        verifier = call.traits.get("verifier")
        if not call.is_exchange or verifier is None:
            continue
        first = first_use.setdefault((call.who, verifier), call)
        if first.traits.get("code") != call.traits.get("code"):
            groups.add((call.who, verifier), first, call)
    yield from groups.findings(
        lambda found: Words(
            f"同じ code_verifier が{len(found)}回使われました。",
            f"The same code_verifier was used {len(found)} times.",
        ),
        Level.ERROR,
    )


def other_redirect_uris(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-15: the code is fetched where it was sent."""
    consents = _consents(calls)
    for call in calls:
        said = call.form.get("redirect_uri") if call.is_exchange else None
        consent = consents.get(call.traits.get("code", ""))
        if said is None or consent is None or consent.location is None:
            continue
        if said != _redirect_uri(consent.location):
            yield Finding(
                calls=(consent.id, call.id),
                what=Words(
                    f"認可では {_redirect_uri(consent.location)}、トークン請求では {said} でした。",
                    f"It was {_redirect_uri(consent.location)} at authorize, and {said} at token.",
                ),
            )


def _redirect_uri(location: str) -> str:
    """Return an answer's address without the answer."""
    address, _, query = location.partition("#")[0].partition("?")
    own = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _ANSWER]
    return f"{address}?{urlencode(own)}" if own else address


def forgotten_grants(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-25: a retry leaves no live grant behind."""
    by_user: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for grant in facts.grants:
        by_user[grant.bank, grant.client_id, grant.user] += 1
    for (_, client_id, user), count in by_user.items():
        if count > facts.limits.grants:
            yield Finding(
                what=Words(
                    f"{client_id} に対する {user} の有効な許可が{count}件あります。",
                    f"{user} has {count} grants in force at {client_id}.",
                )
            )
    yield from _left_behind(calls, facts)


def _left_behind(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """Yield each consent whose code nobody exchanged before the same user consented again."""
    exchanged = {call.traits.get("code") for call in calls if call.is_exchange and call.is_done}
    waiting: dict[tuple[str, str, str | None], Call] = {}
    groups = Groups()
    for code, consent in _consents(calls).items():
        key = consent.who, consent.bank, consent.user or consent.contractor_id
        first = waiting.pop(key, None)
        if first is not None and gap_ms(first, consent) <= facts.limits.visit_ms:
            groups.add(key, first, consent)
        if code not in exchanged:
            waiting[key] = consent
    yield from groups.findings(
        lambda found: Words(
            f"コードを交換しないまま、同じ利用者の許可が{len(found)}件作られました。",
            f"The same user consented {len(found)} times, and the codes before were never "
            "exchanged.",
        )
    )
