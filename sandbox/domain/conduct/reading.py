"""Reading data: when, how often, to the end, and in the right types.

C-10, C-16, C-17, C-19, C-22.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from sandbox.domain.conduct.call import Call, gap_ms
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Finding, Groups, Words, place
from sandbox.domain.time import MINUTE, jst_day

_HAS_NEXT = re.compile(r'"has_next"\s*:\s*true')
# Codes and numbers of things: never calculated with, and leading zeros count.
_NUMBER_IN_CODE = re.compile(
    r'"(\w*(?:_code[12]?|_number|_id|_code_number|_type|_division))"\s*:\s*-?\d'
)


def untimely_calls(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-10: the bank said when it is open, and does not like to be polled."""
    closed = Groups()
    for call in calls:
        if not call.is_page and facts.is_closed(call):
            closed.add(call.who, call)
    yield from closed.findings(
        lambda found: Words(
            f"案内済みの取扱時間外・停止中に{len(found)}回呼ばれました。",
            f"{len(found)} calls at times that had been announced as closed.",
        )
    )
    yield from _polling(calls, facts)
    yield from _unattended(calls, facts)


def _polling(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    recent: defaultdict[object, list[Call]] = defaultdict(list)
    groups, most = Groups(), facts.limits.polls
    for call in calls:
        if call.method != "GET" or facts.api_of(call) is None:
            continue
        key = call.who, call.token, call.bank, call.path
        kept = [each for each in recent[key][-most:] if gap_ms(each, call) < MINUTE]
        recent[key] = [*kept, call]
        if len(recent[key]) > most:
            groups.add(key, *recent[key])
    yield from groups.findings(
        lambda found: Words(
            f"{place(found[0])}: 1分間に{most}回を超えて照会されました。",
            f"{place(found[0])}: asked for more than {most} times within a minute.",
        )
    )


def _unattended(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """Yield the grants and days with more updates than a bank expects without a person."""
    limits, groups = facts.limits, Groups()
    days: defaultdict[tuple[str, str, str], list[Call]] = defaultdict(list)
    last: dict[tuple[str, str], Call] = {}
    seen: dict[str, Call] = {}
    for call in calls:
        if (call.is_page and call.grant_id is not None) or call.is_exchange:
            seen[call.who] = call
        if facts.api_of(call) is None or call.method != "GET" or call.grant_id is None:
            continue
        key = call.who, call.grant_id
        before, person = last.get(key), seen.get(call.who)
        last[key] = call
        is_new = before is None or gap_ms(before, call) > limits.visit_ms
        if is_new and (person is None or gap_ms(person, call) > limits.visit_ms):
            days[(*key, jst_day(call.at))].append(call)
    for day, found in days.items():
        if len(found) > limits.unattended:
            groups.add(day, *found)
    yield from groups.findings(
        lambda found: Words(
            f"{jst_day(found[0].at)}: 利用者のいない更新が1日に{len(found)}回ありました"
            f"(目安は{limits.unattended}回まで)。",
            f"{jst_day(found[0].at)}: {len(found)} updates in a day without a person "
            f"(more than {limits.unattended}).",
        )
    )


def unread_pages(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-16: what is announced is fetched, and each page once."""
    open_: dict[tuple[object, ...], Call] = {}
    asked: defaultdict[tuple[object, ...], list[Call]] = defaultdict(list)
    for call in calls:
        if facts.api_of(call) is None or call.method != "GET" or not call.is_done:
            continue
        key = call.who, call.grant_id, call.bank, call.target
        announced = _HAS_NEXT.search(call.response_body or "") is not None
        before = open_.pop(key, None)
        if announced:
            open_[key] = call
            asked[(*key, call.path)].append(call)
        elif before is not None and before.path == call.path:
            asked.pop((*key, call.path), None)  # the books have changed, there is nothing more
    for call in open_.values():
        same = asked[call.who, call.grant_id, call.bank, call.target, call.path]
        if len(same) <= facts.limits.pages:
            yield Finding(
                calls=(call.id,),
                what=Words(
                    f"{place(call)}: 続きがあると答えましたが、照会されていません。",
                    f"{place(call)}: said that there is more, and nobody asked for it.",
                ),
            )
    for found in asked.values():
        if len(found) > facts.limits.pages:
            yield Finding(
                calls=tuple(call.id for call in found),
                what=Words(
                    f"{place(found[0])}: 同じページが{len(found)}回照会されました。",
                    f"{place(found[0])}: the same page was asked for {len(found)} times.",
                ),
            )


def _broke_off(
    calls: Sequence[Call], is_struck: Callable[[Call], bool], said: Words
) -> Iterator[Finding]:
    """Yield each client that had called before it met something harmless, and never did again."""
    by_client: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if not call.is_page:
            by_client[call.who].append(call)
    for found in by_client.values():
        if len(found) > 1 and is_struck(found[-1]):
            yield Finding(calls=(found[-1].id,), what=said)


def broken_by_extra_field(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-17: banks add fields without a new version."""
    said = Words(
        "知らない項目が1つ増えた応答の後、呼び出しが途絶えました。",
        "The client broke off after an answer that had one unknown field more.",
    )
    yield from _broke_off(
        calls, lambda call: "add" in call.traits.get("effect", {}).get("ops", ()), said
    )


def broken_by_skew(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-19: clocks differ by a minute."""
    said = Words(
        "銀行の時計が1分以内ずれた応答の後、呼び出しが途絶えました。",
        "The client broke off after an answer of a bank whose clock was off by a minute at most.",
    )

    def is_struck(call: Call) -> bool:
        skew_ms = call.traits.get("effect", {}).get("skew_ms")
        return skew_ms is not None and 0 < abs(skew_ms) <= facts.limits.skew_ms

    yield from _broke_off(calls, is_struck, said)


def numbers_for_codes(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-22: 0009 is no 9."""
    groups = Groups()
    for call in calls:
        if facts.api_of(call) is not None and _named(call):
            groups.add((call.who, call.operation), call)
    yield from groups.findings(
        lambda found: Words(
            f"{place(found[0])}: コード項目が JSON の数値で送られました"
            f"({', '.join(_named(found[0]))})。",
            f"{place(found[0])}: a code was sent as a JSON number ({', '.join(_named(found[0]))}).",
        )
    )


def _named(call: Call) -> list[str]:
    return sorted(set(_NUMBER_IN_CODE.findall(call.request_body or "")))
