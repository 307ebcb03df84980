"""The catalogue of effects and the control API's schemas: one table, and helpful refusals."""

import json
import runpy
from pathlib import Path

import pytest

from sandbox.domain.effect import (
    CALL_KINDS,
    DELIVERY_KINDS,
    EFFECTS,
    OAUTH_KINDS,
    RESULT_KINDS,
    STAGES,
    STATEMENT_KINDS,
    TLS_KINDS,
)
from sandbox.domain.effect_reply import Reply, changed
from sandbox.domain.effect_rules import default_times, stages_of
from sandbox.domain.effect_script import SILENT, script_of
from sandbox.domain.fault import AMOUNT_KEYS, MATCH_KEYS
from sandbox.web.control.table import ENDPOINTS
from tests.api.test_worlds import ask
from tests.support import run_sandbox

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "fault-schemas"))
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
FAULTS = "/default/faults"
NAME = "transfer.unable.name_mismatch"
WINDOW = {"from": "2026-11-16T10:00", "to": "2026-11-16T11:00"}
# The least that each kind needs.
LEAST = {
    "fixed_delay": {"delay_ms": 1},
    "uniform_delay": {"lower_ms": 0, "upper_ms": 1},
    "long_tail_delay": {"median_ms": 1},
    "ramp_delay": {"from_ms": 0, "to_ms": 1},
    "bandwidth": {"kb_per_s": 1},
    "dribble": {"total_ms": 1},
    "slow_headers": {"pause_ms": 1},
    "wait_then_close": {"after_ms": 1},
    "slow_close": {"delay_ms": 1},
    "schema_drift": {"changes": [{"pointer": "/a", "op": "drop"}]},
    "wrong_charset": {"encoding": "cp932"},
    "status": {"status": 503},
    "status_mix": {"choices": [{"weight": 1, "status": 503}]},
    "rate_limit": {"limit": 1},
    "punish_early_retry": {"retry_after_s": 1},
    "bad_compression": {"how": "corrupt"},
    "token_endpoint": {"answer": "server_error"},
    "authorize": {"answer": "server_error"},
    "tampered_token": {"token": "id_token", "how": "expired"},
    "stale_read": {"lag": "1h"},
    "missing_rows": {"last": 1},
    "late_rows": {"lag": "1h"},
    "redated_rows": {"last": 1, "days": 1},
    "duplicate_rows": {"last": 1},
    "clock_skew": {"skew_ms": 1_000},
    "tls": {"case": "expired"},
    "reject_later": {"reason": "transfer.failed.over_limit"},
    "partial_bulk": {"reason": "transfer.refund.no_such_account", "every_nth": 2},
}


def least(kind: str) -> dict:
    return {"kind": kind, **LEAST.get(kind, {})}


@pytest.mark.parametrize("name", SCRIPT["written"]())
def test_the_schemas_are_made_from_the_catalogue(name):
    file = ROOT / "schemas" / "control" / f"{name}.json"
    assert file.read_text(encoding="utf-8") == SCRIPT["written"]()[name]


def test_the_schema_of_a_match_has_every_key():
    match = SCRIPT["request"]()["properties"]["match"]["properties"]
    assert set(match) == {*MATCH_KEYS, *AMOUNT_KEYS}


def test_every_kind_is_carried_out_somewhere_and_strikes_at_known_stages():
    others = OAUTH_KINDS | STATEMENT_KINDS | RESULT_KINDS | DELIVERY_KINDS | TLS_KINDS
    assert set(EFFECTS) == CALL_KINDS | others
    for kind, each in EFFECTS.items():
        assert set(each.stages) <= set(STAGES), kind
        assert set(stages_of(least(kind))) <= set(each.stages), kind
        assert set(each.required) <= set(each.fields), kind


def test_every_effect_at_the_stage_of_the_reply_changes_something():
    reply = Reply(
        status=200,
        reason="OK",
        headers=(("Content-Type", "application/json"), ("Date", "Mon, 16 Nov 2026 01:00:00 GMT")),
        body='{"a":"１","transactions":[]}'.encode(),
    )
    for kind in CALL_KINDS | {"lost_cursor"}:
        if EFFECTS[kind].stages[0] in ("reply", "read"):
            effect = least(kind)
            is_other = changed(reply, effect) != reply
            assert is_other or script_of(effect, reply) or kind in SILENT, kind


def test_the_page_names_every_kind_with_its_number_and_parameters():
    rows = [line for line in PAGE.splitlines() if line.startswith("| F-")]
    for kind, each in EFFECTS.items():
        (row,) = [row for row in rows if f"`{kind}`" in row.split("|")[2]]
        assert each.number in row, kind
        for name in each.fields:
            assert f"`{name}`" in row, (kind, name)
    for key in (*MATCH_KEYS, *AMOUNT_KEYS):
        assert f"`{key}`" in PAGE, key


@pytest.mark.parametrize("kind", EFFECTS)
async def test_the_least_that_a_kind_needs_is_enough_and_is_needed(tmp_path, template, kind):
    async with run_sandbox(tmp_path, template=template, tls=str(int(kind == "tls"))) as running:
        await check_least(running, kind)


async def check_least(running, kind):
    beside = {"window": WINDOW} if kind in ("ramp_delay", "outage") else {}
    for stage in stages_of(least(kind)):
        rule = {"effect": least(kind), "stage": stage, **beside}
        status, shown = await ask(running, "POST", FAULTS, rule)
        assert status == 200, shown
        assert (shown["effect"], shown["stage"]) == (least(kind), stage)
        assert shown.get("window", {}) == beside.get("window", {})
    for name in EFFECTS[kind].required:
        effect = {key: value for key, value in least(kind).items() if key != name}
        status, problem = await ask(running, "POST", FAULTS, {"effect": effect, **beside})
        assert status == 422
        assert [error["field"] for error in problem["errors"]] == [f"effect.{name}"]
    effect = {**least(kind), "colour": "red"}
    status, problem = await ask(running, "POST", FAULTS, {"effect": effect, **beside})
    assert (status, "colour" in json.dumps(problem)) == (422, True)


@pytest.mark.parametrize(
    ("effect", "field"),
    [
        ({"kind": "fixed_delay", "delay_ms": 0}, "effect.delay_ms"),
        ({"kind": "fixed_delay", "delay_ms": 600_001}, "effect.delay_ms"),
        ({"kind": "fixed_delay", "delay_ms": "1"}, "effect.delay_ms"),
        ({"kind": "bandwidth", "kb_per_s": 0}, "effect.kb_per_s"),
        ({"kind": "dribble", "total_ms": 1, "chunks": 1}, "effect.chunks"),
        ({"kind": "truncated_body", "fraction": 1}, "effect.fraction"),
        ({"kind": "random_bytes", "bytes": 65_537}, "effect.bytes"),
        ({"kind": "status", "status": 199}, "effect.status"),
        ({"kind": "status", "status": 600}, "effect.status"),
        ({"kind": "maintenance_page", "status": 500}, "effect.status"),
        ({"kind": "redirect", "status": 304}, "effect.status"),
        ({"kind": "redirect", "location": "a\r\nb: c"}, "effect.location"),
        ({"kind": "bad_compression", "how": "swollen", "size_bytes": 2**40}, "effect.size_bytes"),
        ({"kind": "wrong_charset", "encoding": "rot13"}, "effect.encoding"),
        (
            {"kind": "schema_drift", "changes": [{"pointer": "a", "op": "drop"}]},
            "effect.changes.0.pointer",
        ),
        ({"kind": "schema_drift", "changes": []}, "effect.changes"),
        (
            {"kind": "status_mix", "choices": [{"weight": 0, "status": 500}]},
            "effect.choices.0.weight",
        ),
        ({"kind": "missing_rows", "rows": [0]}, "effect.rows.0"),
        ({"kind": "clock_skew", "skew_ms": 86_400_001}, "effect.skew_ms"),
        ({"kind": "meteor"}, "effect.kind"),
        ({}, "effect"),
        # What the schema cannot say.
        ({"kind": "uniform_delay", "lower_ms": 2, "upper_ms": 1}, "effect"),
        ({"kind": "long_tail_delay"}, "effect"),
        ({"kind": "long_tail_delay", "median_ms": 1, "p50_ms": 1}, "effect"),
        ({"kind": "long_tail_delay", "p50_ms": 1, "p95_ms": 2}, "effect"),
        ({"kind": "long_tail_delay", "p50_ms": 3, "p95_ms": 2, "p99_ms": 4}, "effect"),
        ({"kind": "ramp_delay", "from_ms": 0, "to_ms": 1}, "effect"),
        ({"kind": "outage"}, "effect"),
        ({"kind": "missing_rows"}, "effect"),
        ({"kind": "duplicate_rows", "rows": [1], "last": 1}, "effect"),
        ({"kind": "redirect", "hops": 1, "location": "https://a.example"}, "effect"),
        ({"kind": "stale_read", "lag": "soon"}, "effect"),
        ({"kind": "reject_later", "reason": "bad_mood"}, "effect.reason"),
        ({"kind": "reject_later", "reason": "transfer.delayed"}, "effect"),
        ({"kind": "reject_later", "reason": "transfer.failed.over_limit", "delay": "x"}, "effect"),
        ({"kind": "reject_later", "reason": "transfer.recall.refused", "delay": "1h"}, "effect"),
        ({"kind": "partial_bulk", "reason": NAME}, "effect"),
        ({"kind": "partial_bulk", "reason": NAME, "every_nth": 2, "items": ["1"]}, "effect"),
        ({"kind": "partial_bulk", "reason": NAME, "every_nth": 0}, "effect.every_nth"),
        ({"kind": "partial_bulk", "reason": NAME, "items": []}, "effect.items"),
        (
            {"kind": "partial_bulk", "reason": NAME, "beneficiary": {"branch_code": "001"}},
            "effect.beneficiary.bank_code",
        ),
        (
            {"kind": "partial_bulk", "reason": "transfer.failed.over_limit", "every_nth": 2},
            "effect.reason",
        ),
        ({"kind": "tls", "case": "bent"}, "effect.case"),
        ({"kind": "reset", "until": "midnight"}, "effect.until"),
    ],
)
async def test_a_parameter_that_cannot_be_is_named(running, effect, field):
    status, problem = await ask(running, "POST", FAULTS, {"effect": effect})
    assert status == 422
    assert field in [error["field"] for error in problem["errors"]], problem
    assert await ask(running, "GET", FAULTS) == (200, {"faults": []})


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"from": "soon"},
        {"from": "2026-11-16T10:00", "to": "2026-11-16T10:00"},
        {"daily": {"from": "25:00", "to": "06:00"}},
        {"daily": {"from": "06:00", "to": "06:00"}},
        {"daily": {"from": "06:00"}},
        {"weekdays": []},
        {"weekdays": ["someday"]},
        {"clock": "sundial"},
    ],
)
async def test_a_window_that_cannot_be_is_refused(running, window):
    rule = {"effect": {"kind": "reset"}, "window": window}
    status, problem = await ask(running, "POST", FAULTS, rule)
    assert (status, "window" in json.dumps(problem)) == (422, True)


def test_times_that_nobody_gave():
    assert default_times({"kind": "reset"}, None) == 2
    assert default_times({"kind": "empty_close"}, "DELETE") == 2
    assert default_times({"kind": "empty_close"}, "PATCH") is None
    assert default_times({"kind": "reset", "until": "client_error"}, None) is None
    assert default_times({"kind": "redirect", "hops": 4}, None) == 4
    assert default_times({"kind": "status", "status": 500}, "GET") is None


def test_the_control_api_has_these_resources():
    found = {(row.method, row.path.rpartition("{world}")[2]) for row in ENDPOINTS}
    paths = {"GET": ["", "/{id}"], "POST": ["", "/explain"], "DELETE": ["", "/{id}"]}
    for method, tails in paths.items():
        assert {(method, f"/faults{tail}") for tail in tails} <= found
