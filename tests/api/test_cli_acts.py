"""``bank-sandbox acts``, ``calendar``, ``maintenance``, ``notices``, ``terms``, as people do."""

import json

from tests.direct import SHOJI
from tests.support import AGGREGATOR


def test_acts_end_grants_and_say_how_many(run, ask, world):
    world.tokens.mint(AGGREGATOR, "taro")
    said = run("acts", "do", "change_password", "persona=taro", "secret=8642")
    assert said == "1 grants have ended.\n"
    assert ask("acts", "do", "lose_card", "persona=taro") == {"ended": 0}
    said = run("acts", "do", "require_consent")
    assert said == "0 grants are suspended.\n"
    assert run("acts", "do", "agree", "persona=taro") == "0 grants work again.\n"
    moved = run("acts", "do", "merge_branch", "branch_code=001", "into=777")
    assert "00000000000000000010112345670001 is now 00000000000000007770112345670001" in moved


def test_an_act_with_a_lag_says_when(run):
    said = run("acts", "do", "lose_card", "persona=hanako", "lag=90s")
    assert said == "0 grants end after 90s.\n"
    assert run("acts", "do", "require_consent", "lag=2h") == "Grants are suspended after 2h.\n"


def test_what_an_act_does_not_take_is_said_in_words(run):
    assert "'persona' is no NAME=VALUE" in run("acts", "do", "lose_card", "persona", code=2)
    said = run("acts", "do", "lose_card", "persona=nobody", code=1)
    assert "this bank knows no nobody" in said
    assert "lag: agree ends no grant" in run(
        "acts", "do", "agree", "persona=taro", "lag=1s", code=1
    )


def test_an_incident_from_its_report_to_its_end(run, ask, world):
    assert run("acts", "incidents").startswith("No incidents.")
    world.tokens.mint(AGGREGATOR, "taro")
    said = run("acts", "report", "leak", "--client", AGGREGATOR, "--deadline", "48h")
    assert f"leak, open. {AGGREGATOR} reports until 2026-11-18T10:00:00+09:00." in said
    (incident,) = ask("acts", "incidents")
    found = incident["id"]
    assert run("acts", "disclosures") == "Nothing was disclosed.\n"
    (grant,) = world.grants.list()
    run("acts", "disclose", found, grant.contractor_id, "氏名", "口座番号")
    (told,) = ask("acts", "disclosures", "--contractor", grant.contractor_id)
    assert told["detail"]["what"] == ["氏名", "口座番号"]
    assert run("acts", "rotate", found).startswith("client_secret  ")
    assert "takes no close" in run("acts", "close", found, code=1)
    assert ask("acts", "answer", found, "替えました")["status"] == "reported"
    assert ask("acts", "close", found, "--release")["status"] == "closed"
    assert world.grants.list()[0].is_live


def test_hours_are_set_and_shown(run, ask):
    lines = run("calendar", "show").splitlines()
    assert lines[0].split() == ["BANK", "CLASS", "OPEN", "HOURS"]
    table = json.dumps({"every": ["09:00-12:00"]})
    hours = ["--hours", table, "--class", "update", "--bank", "web21", "--announce", "now"]
    run("calendar", "set", *hours, "--from", "tomorrow 00:00")
    found = ask("calendar", "show")
    (web21,) = [each for each in found["banks"] if each["bank"] == "web21"]
    (update,) = [each for each in web21["hours"] if each["class"] == "update"]
    assert update["coming"][0]["hours"] == {"every": ["09:00-12:00"]}
    assert "service hours" in ask("notices", "list")[0]["title"]["en"]
    said = run("calendar", "set", "--holiday", "2026-11-20=true")
    assert "holidays  2026-11-20=yes" in said
    assert "is no holiday" in run("calendar", "set", "--holiday", "2026-11-20", code=2)
    closed = ask("calendar", "set", "--hours", "closed")
    assert not any(each["is_open"] for each in closed["banks"][0]["hours"])
    opened = ask("calendar", "set", "--hours", "null")
    assert all(each["is_open"] for each in opened["banks"][0]["hours"])


def test_stops_are_added_listed_and_taken_away(run, ask):
    assert run("maintenance", "list") == "Nothing is stopped.\n"
    begin = ["--from", "tomorrow 01:00", "--for", "4h", "--overrun", "30m", "--announce", "now"]
    assert "maintenance of tomato." in run("maintenance", "add", *begin)
    function = ["--kind", "outage", "--function", "balances", "--cause", "disaster"]
    outage = ask("maintenance", "add", *function)
    assert (outage["functions"], outage["cause"], outage["holds"]) == (
        ["balances"],
        "disaster",
        True,
    )
    assert len(ask("maintenance", "list")) == 2
    assert "is gone" in run("maintenance", "rm", outage["id"])
    assert [each["kind"] for each in ask("maintenance", "list")] == ["maintenance"]
    assert "has an end" in run("maintenance", "add", code=1)


def test_notices_are_published_and_taken_down(run, ask):
    assert run("notices", "list") == "No notices.\n"
    run("notices", "publish", "お知らせ", "A notice", "--at", "tomorrow 09:00", "--bank", "web21")
    (notice,) = ask("notices", "list")
    assert (notice["bank"], notice["is_published"]) == ("web21", False)
    run("notices", "rm", notice["id"])
    assert ask("notices", "list") == []


def test_terms_are_published_objected_to_and_enforced(run, ask, world):
    assert run("terms", "publish", "2.0").strip() == "Terms 2.0 hold from 2026-11-16."
    assert [each["version"] for each in ask("terms", "list") if each["in_force"]] == ["2.0"]
    later = ["--effective", "2026-12-01", "--objection-until", "2026-11-24", "--bank", "web21"]
    assert ask("terms", "publish", "9", *later)["effective_on"] == "2026-12-01"
    run("terms", "object", "9", SHOJI)
    answers = {each["contractor_id"]: each["answer"] for each in ask("terms", "objections", "9")}
    assert answers[SHOJI] == "objected"
    assert "has ended" in run("terms", "terminate", "9", SHOJI)
    assert world.contracts.get(SHOJI).status == "terminated"
    soon = ["--objection-until", "2026-11-17", "--bank", "web21"]
    assert "at least seven days" in run("terms", "publish", "10", *soon, code=1)
    assert run("terms", "objections", "2.0", "--bank", "tomato") == (
        "These terms ask no contractor.\n"
    )
