"""The soak in small: it passes on a sound server, and sees what it is there to see."""

import asyncio
import io
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import aiohttp
import pytest
from rich.console import Console
from rich.progress import Progress

from tests.bench.soak import __main__ as soak
from tests.bench.soak import verify
from tests.bench.soak.acts import Acts
from tests.bench.soak.door import MOST_A_SECOND, Answer, Door, Pace
from tests.bench.soak.health import Sample, growths, sample
from tests.bench.soak.operator import ABSTRACT, Operator
from tests.bench.soak.record import ACCESS, DAY, Grant, Order, Record, Span
from tests.process import Server

SHORT = soak.Options(minutes=1 / 3, share=0.9, percent=60.0, days=20)
QUIET = Progress(console=Console(file=io.StringIO()))
AT = Span(1_000.0, 1_002.0)
TOKENS = {"access_token": "a1", "refresh_token": "r1"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run of twenty seconds, with its files."""
    directory = tmp_path_factory.mktemp("soak")
    run = soak.Run(SHORT)
    asyncio.run(soak.soak(run, directory, QUIET))
    return run, directory


def test_twenty_seconds_lose_nothing(kept):
    run, _ = kept
    assert run.record.complaints == []
    assert run.said == ""
    assert [str(grown) for grown in run.grown() if not grown.is_fine] == []
    assert soak.report(run).endswith("\npassed")


def test_the_load_has_something_of_everything(kept):
    acts = kept[0].record.acts
    wanted = {"consents", "refreshes", "revocations", "reuses", "reads", "pages", "registrations"}
    wanted |= {"approved", "withdrawn", "days", "worlds", "restores", "faults", "looks"}
    assert {name for name in wanted if not acts[name]} == set()
    assert acts["days"] == SHORT.days


def books_after(kept, tmp_path, *statements):
    """Return the complaints about the file of the run, changed as if the server had done it."""
    run, directory = kept
    path = tmp_path / "default.db"
    shutil.copy(directory / "data" / "default.db", path)
    with closing(sqlite3.connect(path)) as sql:
        for statement in statements:
            assert sql.execute(statement).rowcount > 0
        sql.commit()
    found = replace(run.record, complaints=[], complained=0)
    verify.check_books(path, found)
    verify.check_rows(path, found)
    return found.complaints


LAST_LINE = f"(SELECT max(posting_id) FROM line WHERE abstract = '{ABSTRACT}')"
LOSSES = {
    "tokens have no row": "DELETE FROM token WHERE kind = 'refresh'",
    "do not add up": f"UPDATE line SET amount_yen = amount_yen + 1 WHERE posting_id = {LAST_LINE}",
    "not their lines": "UPDATE account SET balance_yen = balance_yen + 1 WHERE account = 1",
    "acknowledged": f"DELETE FROM line WHERE posting_id = {LAST_LINE}",
    "not all paid": "UPDATE transfer_item SET status = 'waiting' WHERE position = 1",
    "foreign keys": "DELETE FROM contractor WHERE persona = 'taro'",
}


def test_the_books_of_the_run_are_in_order(kept, tmp_path):
    assert books_after(kept, tmp_path) == []


@pytest.mark.parametrize("what", LOSSES)
def test_a_loss_in_the_file_is_seen(kept, tmp_path, what):
    assert what in "\n".join(books_after(kept, tmp_path, LOSSES[what]))


async def asked(directory, record, *, spoil=""):
    """Start the server on a file that lost something, and compare it with the record."""
    with closing(sqlite3.connect(directory / "data" / "default.db")) as sql:
        if spoil:
            assert sql.execute(spoil).rowcount > 0
        sql.commit()
    with soak.watching(directory) as server:
        async with soak.calling(server) as door:
            await verify.check_server(door, record)
    return record.complaints


GONE = {
    "token of Grant": "DELETE FROM token",
    "is gone": "DELETE FROM transfer_request",
    "is {": "UPDATE transfer_request SET total_yen = total_yen + 1",
}


@pytest.mark.parametrize("what", GONE)
async def test_a_loss_is_seen_by_asking_the_server(kept, tmp_path, what):
    run, directory = kept
    shutil.copytree(directory, tmp_path / "soak")
    grants = [grant for grant in run.record.grants if not grant.is_ended][-8:]
    record = Record(grants=grants, orders=run.record.orders[-8:], worlds=set(run.record.worlds))
    assert what in "\n".join(await asked(tmp_path / "soak", record, spoil=GONE[what]))


async def test_a_world_that_is_gone_is_missed(kept, tmp_path):
    shutil.copytree(kept[1], tmp_path / "soak")
    (tmp_path / "soak" / "data" / "kept0.db").unlink()
    record = Record(worlds={"kept0", "kept1"})
    assert await asked(tmp_path / "soak", record) == ["worlds that are gone: {'kept0'}"]


# What may be expected when


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-10, True), (-2, None), (0, None), (2, False), (10, False)]
)
def test_a_moment_between_two_bounds_may_be_either(seconds, expected):
    now = Span(AT.low + seconds, AT.low + seconds + 2)
    assert AT.is_ahead(now) is expected


def grant_of(bank="tomato"):
    return Grant.made("reader", bank, "c", TOKENS, AT)


@pytest.mark.parametrize(("bank", "days"), [("tomato", 30), ("web21", 90)])
def test_a_refresh_token_lives_as_long_as_its_bank_says(bank, days):
    grant, end = grant_of(bank), AT.high + days * DAY
    assert grant.alive("refresh", Span(end - 3, end - 2.5)) is True
    assert grant.alive("refresh", Span(end, end)) is False
    assert grant.alive("access", Span(AT.low + ACCESS - 2, AT.low + ACCESS - 1)) is True
    assert grant.alive("access", Span(AT.high + ACCESS, AT.high + ACCESS)) is False


@pytest.mark.parametrize(("bank", "ends_on_day"), [("tomato", 50), ("web21", 90)])
def test_a_refresh_begins_the_lifetime_again_where_the_bank_lets_it(bank, ends_on_day):
    grant, later = grant_of(bank), AT.after(20 * DAY)
    grant.renew("a2", "r2", later)
    assert grant.replaced == ("a1", "r1")
    assert grant.refresh_ends == AT.after(ends_on_day * DAY)
    grant.renew("a3", "r3", AT.after(80 * DAY))
    assert grant.refresh_ends == AT.after(90 * DAY), "no longer than the grant"


def test_what_was_ended_is_dead_at_once():
    grant = grant_of()
    grant.is_ended = True
    assert grant.alive("refresh", AT) is False


@pytest.mark.parametrize(
    ("stage", "before", "after"),
    [
        ("registered", {"awaiting_approval"}, {"expired", "deleted"}),
        ("approved", {"accepted", "reserved"}, {"settled"}),
    ],
)
def test_a_request_is_what_the_clock_has_made_of_it(stage, before, after):
    order = Order("1", 1_000, 1, stage)
    assert order.statuses(Span(10, 10), Span(5, 6)) == before
    assert order.statuses(Span(10, 10), Span(11, 12)) == after
    assert order.statuses(Span(10, 10), Span(9, 12)) == before | after


FOUND = {
    "status": "settled",
    "total_yen": 1_000,
    "item_count": 1,
    "cut_off_at": "2026-11-20T21:00:00+09:00",
    "designated_on": "2026-11-24",
}


@pytest.mark.parametrize(
    ("changes", "is_right"),
    [
        ({}, True),
        ({"total_yen": 1_001}, False),
        ({"item_count": 2}, False),
        ({"status": "accepted"}, False),
        ({"designated_on": "2027-11-24"}, False),  # settled before its day
    ],
)
def test_a_transfer_is_compared_in_all_that_was_acknowledged(changes, is_right):
    record, order = Record(), Order("1", 1_000, 1, "approved")
    now = Span(1_796_000_000, 1_796_000_002)  # 30 November 2026
    answer = Answer(200, {"transfer": {**FOUND, **changes}}, now)
    verify.record_order(record, order, answer, now)
    assert (record.complained == 0) is is_right


# Health


def course(*rss_mib, **ends):
    """Samples ten seconds apart; ``ends``: what the other quantities have come to at the end."""
    plain = {"handles": 20, "threads": 5, "tasks": 10}
    return [
        Sample(10.0 * n, rss, **(plain if n < len(rss_mib) - 3 else {**plain, **ends}))
        for n, rss in enumerate(rss_mib)
    ]


def fine(samples):
    return {grown.name: grown.is_fine for grown in growths(samples, warm_s=30, percent=5)}


def test_what_grows_before_the_warm_up_does_not_count():
    assert all(fine(course(10, 20, 30, *[100] * 12)).values())


def test_memory_may_grow_by_five_percent():
    assert fine(course(*[50] * 3, *[100] * 6, *[105] * 6))["rss_mib"]
    assert not fine(course(*[50] * 3, *[100] * 6, *[106] * 6))["rss_mib"]


@pytest.mark.parametrize(("name", "end"), [("handles", 29), ("threads", 12), ("tasks", 19)])
def test_handles_threads_and_tasks_may_not_pile_up(name, end):
    assert not fine(course(*[100] * 15, **{name: end}))[name]
    assert fine(course(*[100] * 15, **{name: end - 1}))[name]


def test_too_few_samples_are_no_pass():
    with pytest.raises(ValueError, match="4 samples after the warm-up are too few"):
        growths(course(*[100] * 7), warm_s=30, percent=5)


def test_the_server_tells_what_a_sample_holds(tmp_path):
    with soak.watching(tmp_path) as server:
        found = sample(server.process.pid, tmp_path / "tasks", 1.5)
    assert found.at_s == 1.5
    assert 30 < found.rss_mib < 300
    assert found.handles > 5
    assert found.threads >= 3
    assert found.tasks >= 2


def test_a_run_fails_by_a_complaint_a_word_and_a_growth(kept):
    run = kept[0]
    spoilt = Record()
    spoilt.complain("x" * 1_000)
    failed = (
        replace(run, record=spoilt),
        replace(run, said="Task exception was never retrieved"),
        replace(run, options=replace(SHORT, percent=-90.0)),
    )
    assert [one.is_fine for one in failed] == [False] * 3
    assert [soak.report(one).rpartition("\n")[2] for one in failed] == ["FAILED"] * 3
    assert "MORE THAN" in soak.report(failed[2])


# Load


def test_the_pace_keeps_to_its_share(monkeypatch):
    pace = Pace(pid=1, share=0.4)
    used = iter([9.0, 9.8, 10.6, 10.7, 10.8])
    monkeypatch.setattr("tests.bench.soak.door.spent_s", lambda _pid: next(used))
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    ticks = iter(range(1, 10))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))
    rates = []
    for _ in range(5):
        pace.adjust()
        rates.append(pace.rate)
    assert rates[0] == 40.0  # nothing to compare with yet
    assert rates[1] == pytest.approx(24.0)
    assert rates[1] > rates[2] < rates[3] < rates[4] < MOST_A_SECOND


def test_every_act_has_its_place_in_the_plan():
    acts = Acts(None, Record())  # type: ignore[arg-type]
    plan = acts.plan()
    names = [next(plan).__name__ for _ in range(51)]
    assert len(set(names)) == 12
    assert names.count("read_account") == 12
    assert names.count("revoke") == 1


async def test_a_refusal_of_a_live_token_is_complained_of(kept, tmp_path):
    """Somebody revokes a grant behind the record's back."""
    record = Record()
    with soak.watching(tmp_path) as server:
        async with soak.calling(server) as door:
            await Operator(door, record).prepare()
            acts = Acts(door, record)
            await acts.exchange()
            await door.control("POST", "/default/bank/tomato/revoke", all=True)
            await door.control("POST", "/default/bank/web21/revoke", all=True)
            await acts.introspect()
            await acts.consents.check(record.grants[0])
    assert "expected True" in "\n".join(record.complaints)


async def test_an_unreachable_server_ends_the_load(tmp_path):
    with soak.watching(tmp_path) as server:
        gone = Server(server.process, server.said)
        server.kill()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            await Door(http, gone).control("GET", "/default/clock")
