"""Repeating calls: after a refusal, after a lost answer, too soon (C-1, C-2, C-4, C-5)."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime

from sandbox.domain.conduct.call import Call, gap_ms, waited_ms
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Finding, Groups, Words, place
from sandbox.domain.time import SECOND, instant_of

MAY_REPEAT = frozenset({401, 408, 425, 429})  # what to do about these is another matter
WANTS_REPEAT = frozenset({"use_dpop_nonce"})  # RFC 9449 §8: again, with the nonce


def _same(call: Call) -> tuple[object, ...]:
    """Return what makes a call the same request again."""
    return call.who, call.bank, call.method, call.path, call.traits.get("body")


def refused_again(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-1: the answer to the same request will be the same."""
    refused: dict[tuple[object, ...], Call] = {}
    groups = Groups()
    for call in calls:
        if call.is_page:
            continue
        if call.is_done and call.method != "GET":  # whatever stood in the way may be gone
            refused = {key: each for key, each in refused.items() if key[0] != call.who}
        key = (*_same(call), call.token)
        first = refused.get(key)
        if first is not None and call.follows(first) and _is_soon(first, call, facts):
            groups.add(key, first, call)
        if _is_final(call):
            refused[key] = call
        elif first is not None:
            del refused[key]
    yield from groups.findings(_said_refused)


def _is_final(call: Call) -> bool:
    is_refused = call.status is not None and 400 <= call.status < 500
    return is_refused and call.status not in MAY_REPEAT and call.error_code not in WANTS_REPEAT


def _is_soon(first: Call, call: Call, facts: Facts) -> bool:
    return gap_ms(first, call) < facts.limits.repeat_ms


def _said_refused(calls: list[Call]) -> Words:
    times, first = len(calls), calls[0]
    why = f"{first.status} {first.error_code or ''}".strip()
    return Words(
        f"{place(first)} は {why} で断られたのに、同じ内容で計{times}回送られました。",
        f"{place(first)} was refused with {why} and sent {times} times all the same.",
    )


def blind_repeats(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-2: whoever loses an answer asks first, or repeats under the same key."""
    for first, again in _after_loss(calls, facts):
        if not again.traits.get("key") or not first.traits.get("key"):
            yield Finding(
                calls=(first.id, again.id),
                what=Words(
                    f"{place(first)} の応答が失われた後、照会も冪等キーもなく再送されました。",
                    f"The answer to {place(first)} was lost, and it was sent again with neither "
                    "an inquiry nor an Idempotency-Key.",
                ),
            )


def _after_loss(calls: Sequence[Call], facts: Facts) -> Iterator[tuple[Call, Call]]:
    """Yield each write that was sent again after its answer was lost, unless asked about first."""
    lost: dict[tuple[object, ...], Call] = {}
    for call in calls:
        if facts.changes(call):
            key = _same(call)
            first = lost.pop(key, None)
            if first is not None and not _is_same_key(first, call):
                yield first, call
            if call.is_lost:
                lost[key] = first or call
        elif call.method == "GET" and call.is_done and facts.api_of(call) is not None:
            lost = {key: each for key, each in lost.items() if key[:2] != (call.who, call.bank)}


def _is_same_key(first: Call, call: Call) -> bool:
    key = first.traits.get("key")
    return key is not None and key == call.traits.get("key")


def careless_keys(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-4: a key stands for one call, and only while the bank remembers it."""
    for first, again in _after_loss(calls, facts):
        if again.traits.get("key") and first.traits.get("key"):
            yield Finding(
                calls=(first.id, again.id),
                what=Words(
                    f"{place(first)} の再送に、新しい冪等キーが使われました。",
                    f"{place(first)} was repeated under a fresh Idempotency-Key.",
                ),
            )
    used: dict[tuple[object, ...], Call] = {}
    for call in calls:
        key = call.traits.get("key")
        if key is None or not facts.changes(call):
            continue
        first = used.setdefault((call.who, call.bank, key), call)
        if call.error_code == "idempotency_conflict":
            yield Finding(
                calls=(first.id, call.id) if first is not call else (call.id,),
                what=Words(
                    f"{place(call)}: 1つの冪等キーが、異なる依頼に使われました。",
                    f"{place(call)}: one Idempotency-Key was used for different requests.",
                ),
            )
        elif first is not call and _is_over(first, call, facts):
            yield Finding(
                calls=(first.id, call.id),
                what=Words(
                    f"{place(call)}: 有効期間を過ぎた冪等キーが再び使われました。",
                    f"{place(call)}: an Idempotency-Key was used after the end of its lifetime.",
                ),
            )


def _is_over(first: Call, call: Call, facts: Facts) -> bool:
    lifetime_ms = facts.key_lifetime_ms.get(call.bank)
    return lifetime_ms is not None and call.at - first.at >= lifetime_ms


def early_calls(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-5: Retry-After is a promise to wait."""
    waiting: dict[tuple[object, ...], Call] = {}
    groups = Groups()
    for call in calls:
        if call.is_page:
            continue
        key = call.who, call.bank, call.operation, call.method
        told = waiting.get(key)
        if told is not None and call.follows(told) and _left_ms(told, call) > facts.limits.early_ms:
            groups.add((key, told.id), told, call)
        if call.traits.get("retry_after") is not None:
            waiting[key] = call
    yield from groups.findings(_said_early)


def _left_ms(told: Call, call: Call) -> int:
    """Return how much earlier a call came than the Retry-After of ``told`` lets it."""
    text = str(told.traits["retry_after"]).strip()
    if text.isascii() and text.isdigit():
        return int(text) * SECOND - waited_ms(told, call)
    with suppress(ValueError, TypeError):
        until = parsedate_to_datetime(text)
        moment = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
        return min(instant_of(moment) - told.at - waited_ms(told, call), 10**12)
    return 0  # no date that anybody could wait for


def _said_early(calls: list[Call]) -> Words:
    told, first = calls[0], calls[1]
    wait, early = told.traits["retry_after"], len(calls) - 1
    after_s = waited_ms(told, first) / SECOND
    return Words(
        f"{place(told)} は Retry-After: {wait} を告げましたが、{after_s:g}秒後に再び呼ばれました"
        f"(計{early}回)。",
        f"{place(told)} said Retry-After: {wait}, and was called again after {after_s:g} s "
        f"(calls: {early}).",
    )
