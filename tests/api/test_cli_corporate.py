"""``bank-sandbox contracts``, ``transfers``, ``accounts`` and ``revoke``, as people call them."""

import pytest

from tests.direct import HYAKKA, MAIN_ACCOUNT, SHOJI, UNYU
from tests.filed import Filing, item


@pytest.fixture
def filing(world, driven):
    return Filing(world, driven.data_url)


def test_contracts_are_listed_and_shown(run, ask):
    lines = run("contracts", "list").splitlines()
    headings = ["ID", "PERSONA", "STATUS", "SERVICES", "CLIENT", "STAGE"]
    assert lines[0].split() == headings
    assert any(SHOJI in line and line.endswith("ready") for line in map(str.rstrip, lines))
    (only,) = ask("contracts", "list", "--status", "none", "--bank", "web21")
    assert (only["contractor_id"], only["stage"]["name"]) == (HYAKKA, "no_contract")
    assert run("contracts", "list", "--bank", "tomato") == "No such contractors.\n"
    shown = run("contracts", "show", SHOJI)
    assert "Ready: users may give access grants." in shown
    assert "shoji_checker" in shown
    assert ask("contracts", "show", SHOJI)["fee_account"] == MAIN_ACCOUNT


def test_an_act_takes_its_fields_as_words(run, ask):
    said = run("contracts", "act", UNYU, "issue_client", "by=keiri01")
    assert said.splitlines()[0] == "Done: issue_client."
    assert "only now" in said
    rights = ["by=security01", "user_id=keiri01", "has_service_right=true", "rights=reference"]
    assert ask("contracts", "act", UNYU, "set_rights", *rights, "limit_per_item_yen=5") == {}
    (user,) = [u for u in ask("contracts", "show", UNYU)["users"] if u["user_id"] == "keiri01"]
    assert (user["rights"], user["limit_per_item_yen"]) == (["reference"], 5)
    applying = ["services=reference,update", "purpose=残高 照会", "form=直結"]
    assert run("contracts", "act", HYAKKA, "apply", *applying) == "Done: apply.\n"
    assert ask("contracts", "show", HYAKKA)["services"] == ["reference", "update"]
    assert run("contracts", "act", HYAKKA, "accept", "refused=update") == "Done: accept.\n"
    assert ask("contracts", "show", HYAKKA)["services"] == ["reference"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["contracts", "show", "nobody"], 1, "unknown-subject"),
        (["contracts", "list", "--status", "gone"], 1, "status must be one of none, applied"),
        (["contracts", "act", SHOJI, "accept"], 1, "illegal-status"),
        (["contracts", "act", SHOJI, "dissolve"], 1, "act:"),
        (["contracts", "act", SHOJI, "unlink", "child"], 2, "'child' is no NAME=VALUE"),
        (["contracts", "act", SHOJI, "unlink", "=x"], 2, "'=x' is no NAME=VALUE"),
        (["transfers", "show", "x"], 1, "bank-sandbox transfers list"),
        (["transfers", "list", "--kind", "gift"], 1, "kind must be one of transfer, bulk"),
        (["transfers", "set-fees", "--on", "2026-12-01", "--band", "1:2"], 2, "no fee band"),
        (["transfers", "set-fees", "--on", "2026-12-01", "--band", "1:x:2"], 2, "no fee band"),
        (["transfers", "set-fees", "--on", "2026-12-01"], 1, "invalid-request"),
        (["accounts", "post", "x", "5"], 1, "unknown-subject"),
        (["accounts", "close", "x"], 1, "unknown-subject"),
        (["revoke"], 1, "contractor_id"),
    ],
)
def test_a_refusal_says_what_and_what_to_do(run, words, code, said):
    assert said in run(*words, code=code)


def test_transfers_are_listed_shown_and_acted_on(run, ask, filing):
    assert run("transfers", "list") == "No transfer requests.\n"
    assert "--unable" in run("transfers", "script", "--help")
    assert run("transfers", "scripts").startswith("Nothing is scripted.")
    place = ["9999", "001", "0000003"]
    assert "are scripted" in run("transfers", "script", *place, "--unable", "name_differs")
    assert "name_differs" in run("transfers", "scripts")
    reference = filing.settled(item(1), item(2), item(3), item(4))
    line = run("transfers", "list", "--status", "settled").splitlines()[1]
    assert line.split()[:6] == [reference, "bulk", "settled", "2026-11-20", "4", "4000"]
    assert "asked back" in run("transfers", "ask-recall", reference, "1", "--by", "keiri01")
    assert ask("transfers", "ask-recall", reference, "2", "--by", "keiri01") == {}
    assert "agreed" in run("transfers", "answer-recall", reference, "1")
    assert "refused" in run("transfers", "answer-recall", reference, "2", "--refuse")
    assert "comes back" in run("transfers", "report-unable", reference, "4", "--reason", "gone")
    run("clock", "advance", "4d")
    shown = run("transfers", "show", reference)
    for word in ("recalled", "recall_failed", "name_differs", "gone", "settle"):
        assert word in shown
    assert len(ask("transfers", "show", reference)["items"]) == 4


def test_a_request_is_deleted(run, filing):
    reference = filing.register()
    assert "illegal-status" in run("transfers", "delete", reference, "--by", "keiri01", code=1)
    filing.pull_back(reference)
    assert "is deleted" in run("transfers", "delete", reference, "--by", "keiri01")


def test_fees_are_shown_and_changed(run, ask):
    assert "2000" in run("transfers", "fees")
    bands = ["--band", "1:0:440", "--band", "30000:110:660"]
    words = ["--on", "2026-12-01", "--contract-yen", "3000", *bands, "--tax", "12"]
    changed = run("transfers", "set-fees", *words)
    assert "30000" in changed
    fees = ask("transfers", "fees")
    assert [band["other_bank_yen"] for band in fees["schedules"][-1]["bands"]] == [440, 660]
    assert fees["tax_rates"][-1] == {"effective_on": "2026-12-01", "percent": 12}


def test_accounts_are_listed_booked_on_and_shut(run, ask):
    listed = ask("accounts", "list", "--bank", "web21", "--persona", "shoji_maker")
    (before,) = [each for each in listed if each["account_id"] == MAIN_ACCOUNT]
    booked = ask("accounts", "post", MAIN_ACCOUNT, "-500", "--bank", "web21")
    assert booked == {"balance_yen": before["balance_yen"] - 500}
    said = run("accounts", "post", MAIN_ACCOUNT, "500", "--abstract", "ﾓﾄﾞｼ", "--bank", "web21")
    assert said == f"Booked; the balance is {before['balance_yen']} yen.\n"
    for act, state in (
        ("freeze", "frozen"),
        ("restrict", "restricted"),
        ("close", "closed"),
        ("open", "open"),
    ):
        assert f"is {state}" in run("accounts", act, MAIN_ACCOUNT, "--bank", "web21")
        (now,) = [a for a in ask("accounts", "list") if a["account_id"] == MAIN_ACCOUNT]
        assert now["state"] == state
    assert "サンプル商事" in run("accounts", "list", "--persona", "shoji_maker")


def test_grants_are_revoked_as_widely_as_it_is_said(run, ask):
    for persona in ("taro", "hanako"):
        run("tokens", "mint", "--persona", persona)
    assert run("revoke", "--contractor", "persona-taro") == "1 grants have ended.\n"
    assert ask("revoke", "--all", "--reason", "superseded") == {"ended": 1}
    reasons = {each["persona"]: each["end_reason"] for each in ask("grants", "list")}
    assert reasons == {"taro": "revoked_by_bank", "hanako": "superseded"}
