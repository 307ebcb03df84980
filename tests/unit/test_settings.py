"""Settings: flags before variables before defaults; and the document says what the code says."""

import runpy
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest

from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import DAY, MINUTE
from sandbox.domain.transfer.policy import RecallAnswer, Totals, TransferPolicy
from sandbox.settings import SETTINGS, SettingInvalid, read_settings
from sandbox.transfer_settings import TRANSFER_SETTINGS

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "settings-table"))
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_document_holds_the_table_of_the_code():
    assert SCRIPT["rewritten"](DOCUMENT) == DOCUMENT, "run scripts/settings-table --write"
    for setting in SETTINGS:
        assert f"`{setting.env}`" in DOCUMENT


@pytest.mark.parametrize("spoilt", ["| `8080` |", "SANDBOX_DATA", "--print-json"])
def test_a_table_that_differs_is_seen(spoilt):
    assert spoilt in DOCUMENT
    assert SCRIPT["rewritten"](DOCUMENT.replace(spoilt, "?")) != DOCUMENT.replace(spoilt, "?")


def test_names_flags_and_variables_are_each_used_once():
    for names in (
        [setting.name for setting in SETTINGS],
        [setting.env for setting in SETTINGS],
        [setting.flag for setting in SETTINGS if setting.flag],
    ):
        assert len(set(names)) == len(names)


def test_a_flag_beats_a_variable_and_a_variable_the_default():
    environ = {"SANDBOX_PORT": "2", "SANDBOX_CONTROL_PORT": "3"}
    read = read_settings({"port": "1"}, environ)
    assert (read["port"], read["control_port"], read["seed"]) == (1, 3, 1)


def test_an_empty_text_is_not_set():
    empty = {setting.env: "" for setting in SETTINGS}
    given, untold = read_settings({}, empty).values, read_settings({}, {}).values
    assert {**given, "clock": None} == {**untold, "clock": None}
    assert read_settings({"port": ""}, {"SANDBOX_PORT": "2"})["port"] == 8080


def test_a_variable_that_no_setting_reads_is_told():
    environ = {"SANDBOX_PROT": "1", "SANDBOX_PORT": "1", "PORT": "1"}
    assert read_settings({}, environ).unknown == ("SANDBOX_PROT",)


def test_a_banks_settings_make_its_policy():
    default = BankPolicy()
    assert read_settings({}, {}).policy("tomato", default) == default
    changed = read_settings({}, {"SANDBOX_TOMATO_LOCK_AFTER": "3"}).policy("tomato", default)
    assert changed.lock_after == 3
    assert read_settings({}, {"SANDBOX_TOMATO_LOCK_AFTER": "3"}).policy("other", default) == default


@pytest.mark.parametrize(
    ("field", "tomato", "web21"),
    [
        ("refresh_token_lifetime", 30 * DAY, 90 * DAY),
        ("refresh_sliding", True, False),
        ("one_grant_per_provider", True, False),
        ("last_grant_only", False, False),
        ("most_items", 9_999, 999),
        ("rate_limit_per_minute", 30, 60),
        ("lock_after", 5, 5),
    ],
)
def test_each_bank_has_its_own_default_and_its_own_variable(field, tomato, web21):
    read = read_settings({}, {})
    assert (read[f"tomato_{field}"], read[f"web21_{field}"]) == (tomato, web21)
    text = "7s" if field.endswith("lifetime") else {int: "7", bool: "1"}[type(web21)]
    changed = read_settings({}, {f"SANDBOX_WEB21_{field.upper()}": text})
    assert changed[f"tomato_{field}"] == tomato
    assert changed[f"web21_{field}"] != web21


@pytest.mark.parametrize("field", ["manual_window", "dynamic_registration", "look_back_months"])
def test_a_bank_has_no_setting_of_what_it_does_not_have(field):
    assert f"tomato_{field}" in read_settings({}, {}).values
    assert read_settings({}, {f"SANDBOX_WEB21_{field.upper()}": "1"}).unknown


@pytest.mark.parametrize("text", ["1", "TRUE", "yes", "On"])
def test_switches_are_on(text):
    assert read_settings({}, {"SANDBOX_STRICT": text})["strict"] is True


@pytest.mark.parametrize("text", ["0", "False", "no", "OFF"])
def test_switches_are_off(text):
    read = read_settings({}, {"SANDBOX_TOMATO_REFRESH_SLIDING": text})
    assert read["tomato_refresh_sliding"] is False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "-1"),
        ("port", "65536"),
        ("port", "８０"),
        ("seed", "1.5"),
        ("seed", str(2**63)),
        ("base_url", "ftp://x"),
        ("base_url", "http://x y"),
        ("base_url", "http://x/#y"),
        ("strict", "2"),
        ("clock", "sundial"),
        ("tomato_hours", "sometimes"),
        ("tomato_lock_after", "1000001"),
        ("tomato_code_lifetime", "-60s"),
        ("tomato_closing_run_at", "24:00"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_name_it_came_by(name, text):
    (setting,) = [setting for setting in SETTINGS if setting.name == name]
    with pytest.raises(SettingInvalid) as refused:
        read_settings({}, {setting.env: text})
    assert str(refused.value).startswith(f"{setting.env}={text!r}: ")
    with pytest.raises(SettingInvalid) as refused:
        read_settings({name: text}, {setting.env: "never read"})
    assert str(refused.value).startswith(f"{setting.flag or name}={text!r}: ")


TRANSFERS = [row[0] for row in TRANSFER_SETTINGS]
TRANSFER_POLICY = [each.name for each in fields(TransferPolicy)]


def test_every_rule_of_transfers_is_a_setting_of_the_bank_that_has_them():
    read = read_settings({}, {})
    for name in TRANSFER_POLICY:
        setting = name.removesuffix("_ms")
        assert read[f"web21_{setting}"] == getattr(TransferPolicy(), name), name
        assert f"tomato_{setting}" not in read.values
    assert set(TRANSFERS) <= set(TRANSFER_POLICY)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("most_items_expert", "1", 1),
        ("most_items_expert", "1000000", 1_000_000),
        ("totals_mismatch", "warning", Totals.WARNING),
        ("large_item_yen", "0", 0),
        ("large_item_yen", "9999999999", 9_999_999_999),
        ("same_request_days", "0", 0),
        ("same_request_days", "3660", 3_660),
        ("acceptance_interval", "1m", MINUTE),
        ("acceptance_interval", "24h", DAY),
        ("settlement_at", "23:59", time(23, 59)),
        ("recall_answer", "none", RecallAnswer.NONE),
        ("age_out_days", "1", 1),
        ("fee_day", "1", 1),
        ("fee_day", "28", 28),
    ],
)
def test_the_ends_of_each_range_are_taken(name, text, value):
    changed = read_settings({}, {f"SANDBOX_WEB21_{name.upper()}": text})
    policy = changed.policy("web21", BankPolicy())
    field = name if hasattr(policy, name) else f"{name}_ms"
    assert getattr(policy, field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("most_items_debut", "0"),
        ("most_items_transfer", "-1"),
        ("most_items_expert", "1000001"),
        ("most_requests", "all"),
        ("totals_mismatch", "ignore"),
        ("totals_mismatch", "ERROR"),
        ("large_item_yen", "10000000000"),
        ("large_item_yen", "1" * 5_000),
        ("large_item_yen", "１"),
        ("same_request_days", "3661"),
        ("beneficiary_pays", "maybe"),
        ("acceptance_interval", "59s"),
        ("acceptance_interval", "24h1s"),
        ("settlement_at", "24:00"),
        ("settlement_retry_at", "8"),
        ("recall_answer", "perhaps"),
        ("age_out_days", "0"),
        ("fee_day", "0"),
        ("fee_day", "29"),
    ],
)
def test_beyond_each_range_the_message_says_what_would_do(name, text):
    with pytest.raises(SettingInvalid, match=r"must be|is no|HH:MM") as refused:
        read_settings({}, {f"SANDBOX_WEB21_{name.upper()}": text})
    assert str(refused.value).startswith(f"SANDBOX_WEB21_{name.upper()}={text!r}: ")
