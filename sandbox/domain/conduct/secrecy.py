"""Keeping secrets, and tokens where they belong (C-11, C-21, C-24)."""

from collections.abc import Iterator, Sequence
from functools import partial

from sandbox.domain.api_class import ApiClass
from sandbox.domain.conduct.call import Call
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Finding, Groups, Words, place

_TOKENS = ("token", "refresh", "code", "new_token", "new_refresh")
_PLACES = {
    "query": Words("クエリ文字列", "the query string"),
    "path": Words("パス", "the path"),
    "referer": Words("Referer ヘッダー", "the Referer header"),
}


def shown_secrets(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-11 (W-41): addresses end up in logs."""
    known = {call.traits[name] for call in calls for name in _TOKENS if name in call.traits}
    groups: dict[str, Groups] = {name: Groups() for name in _PLACES}
    for call in calls:
        places = set(call.traits.get("leaks", ()))
        if known.intersection(call.traits.get("shown", ())):
            places.add("query")
        for where in places & groups.keys():
            groups[where].add((call.who, call.operation), call)
    for where, found in groups.items():
        yield from found.findings(partial(_said_shown, _PLACES[where]))


def _said_shown(where: Words, calls: list[Call]) -> Words:
    first, times = calls[0], len(calls)
    return Words(
        f"{place(first)}: {where.ja}にトークンなどの秘密が書かれていました(計{times}回)。",
        f"{place(first)}: a token or another secret stood in {where.en} (calls: {times}).",
    )


def stray_approval_tokens(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-21 (W-14): an approval token approves, and does nothing else."""
    approving = {
        scope
        for api in facts.apis.values()
        if api.api_class is ApiClass.APPROVAL
        for scope in api.scopes
    }
    groups = Groups()
    for call in calls:
        held = set(str(call.traits.get("scope") or "").split())
        api = facts.api_of(call)
        if api is not None and api.api_class is not ApiClass.APPROVAL and held & approving:
            groups.add((call.who, call.token, call.operation), call)
    yield from groups.findings(
        lambda found: Words(
            f"承認用トークンが {place(found[0])} に使われました(計{len(found)}回)。",
            f"An approval token was used for {place(found[0])} (calls: {len(found)}).",
        )
    )
    yield from _approved_by_requester(calls, facts)


def _approved_by_requester(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    filed: dict[str, Call] = {}
    for call in calls:
        api, operation = facts.api_of(call), call.operation or ""
        if api is None or not call.is_done or call.user is None:
            continue
        if operation.startswith("register_") and call.transaction_id is not None:
            filed[call.transaction_id] = call
        if operation.startswith("submit_"):
            first = filed.get(call.target.split("/")[-2])
            if first is not None and first.user == call.user:
                yield Finding(
                    calls=(first.id, call.id),
                    what=Words(
                        f"{call.user} が、自分で依頼した振込を承認しました。",
                        f"{call.user} approved a transfer that the same user had filed.",
                    ),
                )


def unchecked_certificates(calls: Sequence[Call], _facts: Facts) -> Iterator[Finding]:
    """C-24: nothing is ever sent to a server that cannot show who it is."""
    groups = Groups()
    for call in calls:
        drill = call.traits.get("tls_drill")
        if drill is not None and not call.is_handshake:
            groups.add((drill, call.who), call)
    yield from groups.findings(
        lambda found: Words(
            f"受け入れてはならない証明書({found[0].traits['tls_drill']})のサーバーに接続しました。",
            "It connected to a server whose certificate nobody may accept "
            f"({found[0].traits['tls_drill']}).",
        )
    )
