"""The loads: what they send, what they count, and what they do not let pass."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.bench import __main__ as bench
from tests.bench import calls, orders, parts, worlds
from tests.bench.load import Load, Ratio, cpu_s, ratio


@contextmanager
def bare():
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare"], stdout=subprocess.PIPE
    ) as one:
        try:
            yield Load(pid=one.pid, url=one.stdout.readline().decode().strip() + "/x", headers={})
        finally:
            one.kill()


def test_cpu_of_a_process_is_that_of_all_its_threads():
    before, begun = cpu_s(os.getpid()), time.process_time()
    while time.process_time() < begun + 0.2:
        sum(range(1_000))
    assert 0.15 < cpu_s(os.getpid()) - before < 1.0


@pytest.mark.parametrize("connections", [1, 3, 50])
def test_each_request_is_sent_once_whatever_the_connections(few, connections):
    with bare() as plain:
        sent = replace(
            plain, connections=connections, bodies=lambda: ["a=1"] * 20, content_type="text/x"
        )
        assert sent.cpu_us(1) > 0
        assert sent._by_client(sent._requests()) == 20


def test_a_request_carries_what_the_load_says():
    one = Load(
        pid=1,
        url="http://127.0.0.1:1/a?b=c",
        headers={"X-One": "1"},
        bodies=lambda: ["{}"],
        content_type="application/json",
        proofs=lambda count: ["p"] * count,
    )
    (request,) = one._requests()
    assert request.startswith(
        b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX-One: 1\r\nDPoP: p\r\n"
    )
    assert request.endswith(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def test_another_status_than_the_expected_stops_the_measure(few):
    with bare() as plain, pytest.raises(AssertionError):
        replace(plain, status=401).cpu_us(1)


def test_the_first_round_of_a_ratio_only_warms_up(monkeypatch):
    taken = {"own": iter([99.0, 30.0, 40.0, 50.0]), "base": iter([1.0, 10.0, 10.0, 10.0])}
    monkeypatch.setattr(Load, "cpu_us", lambda self, _seconds: next(taken[self.url]))
    own, base = (Load(pid=1, url=name, headers={}) for name in ("own", "base"))
    found = ratio(own, base, rounds=3, seconds=1)
    assert found == Ratio(value=4.0, low=3.0, high=5.0, base_us=10.0, own_us=40.0)


@pytest.mark.parametrize(
    "prepare",
    [
        calls.balance,
        calls.page,
        calls.unauthorized,
        calls.exchange,
        calls.signed_exchange,
        calls.dpop_exchange,
        calls.dpop_balance,
        orders.register,
    ],
)
def test_each_call_of_the_table_can_be_measured(few, served, prepare):
    found = prepare(served)(1, 1)
    assert found.low == found.value == found.high > 0
    row = bench.of_call("call", "≤ 1.6", found)
    assert row.added == f"{found.own_us - found.base_us:+.0f} µs"


def test_no_two_transfers_of_a_load_are_alike():
    bodies = [orders.body(number) for number in range(50)]
    assert len(set(bodies)) == 50


def test_pages_are_measured_at_every_size_and_the_files_go(tmp_path, template):
    found = parts.page_growth(template, tmp_path, 1, (10_000, 20_000))
    assert list(found) == [10_000, 20_000]
    assert found[10_000] == (1.0, 1.0, 1.0)
    assert found[20_000][0] > 0.1
    assert [one.name for one in tmp_path.glob("*0000.db")] == []


def test_a_start_is_measured_in_wall_time_and_cpu(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "with_byte_code", lambda _directory: {})  # made in half a minute
    (middle, low, high), cpu_ms = parts.ready_ms(tmp_path, 1, is_cold=True)
    assert middle == low == high > 0
    assert cpu_ms > 50


def test_what_worlds_cost_is_measured_in_one_server(monkeypatch):
    monkeypatch.setattr(worlds, "ALIVE", 8)
    found = worlds.figures.__wrapped__(1)
    assert all(found[f"{act} cpu"][0] > 0 for act in ("new world", "snapshot", "restore"))
    assert found["alive"][0] > 20
    row = bench.of_world("new world, over HTTP", "≤ 10 ms", "ms", "new world", found)
    assert row.remark.endswith("ms of CPU")


def test_a_process_that_does_nothing_is_not_the_server(few):
    waiting = [sys.executable, "-c", "input()"]
    with bare() as plain, subprocess.Popen(waiting, stdin=subprocess.PIPE) as idle:
        time.sleep(0.5)
        with pytest.raises(AssertionError, match="used no CPU"):
            replace(plain, pid=idle.pid).cpu_us(1)
