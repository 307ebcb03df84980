"""Effects as functions: waits from draws, bytes from answers, fields from pointers."""

import json
from random import Random
from statistics import quantiles

import pytest

from sandbox.domain.effect_reply import Reply, changed
from sandbox.domain.effect_script import BREATH_MS, End, head_of, script_of, whole
from sandbox.domain.effect_timing import delay_ms
from sandbox.domain.fault_window import Window
from sandbox.domain.moment import parse_instant

BODY = {"rows": [{"yen": 1, "name": "a"}, {"yen": 2, "name": "b"}], "at": "2026-11-16T10:00:00Z"}
REPLY = Reply(
    status=200,
    reason="OK",
    headers=(("Content-Type", "application/json"), ("Date", "Mon, 16 Nov 2026 01:00:00 GMT")),
    body=json.dumps(BODY).encode(),
)


def waits(effect, count=2_000):
    draws = Random(1)
    return [delay_ms(effect, None, draws, 0) for _ in range(count)]


# Waits


def test_a_uniform_delay_stays_within_its_limits_and_reaches_both():
    found = waits({"kind": "uniform_delay", "lower_ms": 3, "upper_ms": 6})
    assert set(found) == {3, 4, 5, 6}


def test_percentiles_are_those_asked_for():
    effect = {"kind": "long_tail_delay", "p50_ms": 100, "p95_ms": 500, "p99_ms": 2000}
    cuts = quantiles(waits(effect, 20_000), n=100)
    assert cuts[49] == pytest.approx(100, rel=0.05)
    assert cuts[94] == pytest.approx(500, rel=0.2)
    assert cuts[98] == pytest.approx(2000, rel=0.2)


def test_a_log_normal_tail_has_its_median_and_its_end():
    effect = {"kind": "long_tail_delay", "median_ms": 100, "sigma": 1, "max_ms": 900}
    found = waits(effect, 10_000)
    assert quantiles(found, n=2)[0] == pytest.approx(100, rel=0.06)
    assert max(found) == 900
    assert set(waits({**effect, "sigma": 0})) == {100}


@pytest.mark.parametrize(("at", "expected"), [("10:00", 100), ("10:30", 50), ("11:00", 0)])
def test_a_ramp_may_fall(at, expected):
    window = Window.of({"from": "2026-11-16T10:00", "to": "2026-11-16T11:00"})
    effect = {"kind": "ramp_delay", "from_ms": 100, "to_ms": 0}
    now = parse_instant(f"2026-11-16T{at}")
    assert delay_ms(effect, window, Random(1), now) == expected


# Bytes


def sent(effect) -> bytes:
    script = script_of(effect, REPLY)
    assert script is not None
    return b"".join(step.data for step in script.steps)


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "bandwidth", "kb_per_s": 0.1},
        {"kind": "bandwidth", "kb_per_s": 100_000},
        {"kind": "dribble", "chunks": 2, "total_ms": 10},
        {"kind": "dribble", "chunks": 1000, "total_ms": 10},
        {"kind": "slow_headers", "pause_ms": 5},
    ],
)
def test_what_is_only_slow_sends_every_byte(effect):
    assert sent(effect) == whole(REPLY)


def test_the_bytes_of_a_cap_take_as_long_as_the_cap_says():
    for rate in (0.1, 1, 7.5, 64):
        script = script_of({"kind": "bandwidth", "kb_per_s": rate}, REPLY)
        total_s = sum(step.pause_ms for step in script.steps) / 1000
        assert total_s == pytest.approx(len(whole(REPLY)) / 1024 / rate, rel=0.4, abs=0.1)


def test_drops_share_the_time():
    script = script_of({"kind": "dribble", "chunks": 5, "total_ms": 400}, REPLY)
    assert [step.pause_ms for step in script.steps] == [0, 100, 100, 100, 100]


def test_a_reset_takes_a_breath_first_and_a_close_does_not_reset():
    script = script_of({"kind": "reset"}, REPLY)
    assert (script.end, script.steps[-1].pause_ms) == (End.RESET, BREATH_MS)
    assert script_of({"kind": "truncated_body"}, REPLY).end is End.CLOSE


@pytest.mark.parametrize("body", [b"", b"x"])
def test_the_shortest_bodies_break_off_too(body):
    reply = Reply(status=200, reason="OK", headers=(), body=body)
    script = script_of({"kind": "truncated_body", "fraction": 0.99}, reply)
    assert b"".join(step.data for step in script.steps).endswith(b"\r\n\r\n")


def test_a_head_says_that_the_connection_ends():
    head = head_of(REPLY, Content_Length="3").decode()
    assert head.startswith("HTTP/1.1 200 OK\r\nConnection: close\r\n")
    assert head.endswith("Content-Length: 3\r\n\r\n")


# Fields


def drifted(*changes) -> dict:
    return json.loads(changed(REPLY, {"kind": "schema_drift", "changes": list(changes)}).body)


@pytest.mark.parametrize(
    ("pointer", "op", "expected"),
    [
        ("/rows/0", "drop", [{"yen": 2, "name": "b"}]),
        ("/rows/*", "drop", []),
        ("/rows/1/yen", "drop", [{"yen": 1, "name": "a"}, {"name": "b"}]),
        ("/rows/2", "drop", BODY["rows"]),
        ("/rows/x", "null", BODY["rows"]),
        ("/rows/*", "null", [None, None]),
        ("/rows/0/yen", "retype", [{"yen": "1", "name": "a"}, BODY["rows"][1]]),
        ("/rows", "retype", {"0": BODY["rows"][0], "1": BODY["rows"][1]}),
        ("/rows/0/yen", "break", [{"yen": -(10**15), "name": "a"}, BODY["rows"][1]]),
        ("/rows/0/yen/deeper", "drop", BODY["rows"]),
        ("/rows/0", "rename", BODY["rows"]),  # an element of a list has no name
    ],
)
def test_a_pointer_finds_what_it_names_and_nothing_else(pointer, op, expected):
    assert drifted({"pointer": pointer, "op": op})["rows"] == expected


def test_a_renamed_field_has_a_name_and_an_added_one_may_be_null():
    found = drifted({"pointer": "/at", "op": "rename"}, {"pointer": "/new", "op": "add"})
    assert set(found) == {"rows", "at_new", "new"}
    assert found["new"] is None


def test_a_broken_text_is_a_text_and_a_retyped_number_a_text():
    found = drifted({"pointer": "/at", "op": "break"})
    assert isinstance(found["at"], str)
    assert found["at"] != BODY["at"]


@pytest.mark.parametrize("body", [b"", b"<p>", b"\xff\xfe", b"3", b"[]", b'"2026-99-99T00:00:00Z"'])
def test_no_body_makes_an_effect_stumble(body):
    reply = Reply(status=200, reason="OK", headers=(), body=body)
    for effect in (
        {"kind": "schema_drift", "changes": [{"pointer": "/a/*/b", "op": "drop"}]},
        {"kind": "clock_skew", "skew_ms": 1000, "on": ["date", "body"]},
        {"kind": "lost_cursor"},
        {"kind": "wrong_charset", "encoding": "iso2022_jp"},
        {"kind": "bad_compression", "how": "corrupt"},
    ):
        assert changed(reply, effect).status == 200


def test_time_stamps_move_wherever_they_stand():
    effect = {"kind": "clock_skew", "skew_ms": -60_000, "on": ["date", "body"]}
    found = changed(REPLY, effect)
    assert json.loads(found.body)["at"] == "2026-11-16T09:59:00+00:00"
    assert found.header("date") == "Mon, 16 Nov 2026 00:59:00 GMT"
    assert json.loads(found.body)["rows"] == BODY["rows"]
