"""What only a scenario can say: how much was wanted, and what the app shows (C-3, C-18, C-23)."""

from collections.abc import Callable, Iterator, Sequence

from sandbox.domain.conduct.call import Call
from sandbox.domain.conduct.facts import BookLine, Facts, Total
from sandbox.domain.conduct.finding import Finding, Words


def doubled_transfers(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-3: money goes out once."""
    wanted, filed = facts.declared.transfers, facts.filed
    if wanted is None or len(filed) <= wanted:
        return
    ids = {each.transaction_id for each in filed}
    sending = tuple(
        call.id
        for call in calls
        if (call.operation or "").startswith("register_")
        and (call.transaction_id in ids or (call.is_lost and facts.changes(call)))
    )
    yield Finding(
        calls=sending,
        what=Words(
            f"シナリオが求めた振込は{wanted}件ですが、銀行には{len(filed)}件あります。",
            f"The scenario wanted {wanted} transfers, and the bank has {len(filed)}.",
        ),
    )


def paid_too_early(calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-18: accepted is not paid."""
    paid = {each.transaction_id for each in facts.filed if each.is_paid}
    for transaction_id in sorted(facts.declared.shown_as_paid - paid):
        told = tuple(call.id for call in calls if transaction_id in (call.response_body or ""))
        yield Finding(
            calls=told,
            what=Words(
                f"アプリは {transaction_id} を支払済みと表示しましたが、銀行では未処理です。",
                f"The app shows {transaction_id} as paid, and the bank has not paid it.",
            ),
        )


def wrong_totals(_calls: Sequence[Call], facts: Facts) -> Iterator[Finding]:
    """C-23: 勘定日 is not 起算日, and a deposit is no withdrawal."""
    for total in facts.declared.totals:
        lines = facts.lines.get(total.account_id, ())
        right = _net(lines, total, lambda line: line.booked_on)
        if total.net_yen != right:
            why = _why(lines, total, right)
            period = f"{total.date_from}–{total.date_to}"
            yield Finding(
                what=Words(
                    f"{total.account_id} ({period}): アプリの合計 {total.net_yen:,}円、"
                    f"正しくは {right:,}円。{why.ja}",
                    f"{total.account_id} ({period}): the app says ¥{total.net_yen:,}, the books "
                    f"say ¥{right:,}. {why.en}",
                )
            )


def _net(lines: Sequence[BookLine], total: Total, day: Callable[[BookLine], str]) -> int:
    return sum(line.yen for line in lines if total.date_from <= day(line) <= total.date_to)


def _why(lines: Sequence[BookLine], total: Total, right: int) -> Words:
    within = [line for line in lines if total.date_from <= line.booked_on <= total.date_to]
    if total.net_yen == _net(lines, total, lambda line: line.value_on):
        return Words("起算日で集計しています。", "It goes by the value date.")
    if total.net_yen in (-right, sum(abs(line.yen) for line in within)):
        return Words("入金と出金の符号が誤っています。", "The sign of deposits is wrong.")
    return Words("", "")
