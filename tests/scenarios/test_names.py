"""What a scenario names and is not there: banks, people, checks, fields, rules, calls, settings."""

import json

import jsonschema
import pytest

from sandbox.bank_settings import BANKS
from sandbox.scenarios.against_schema import LONGEST_SHOWN, shown
from sandbox.scenarios.bank_settings import OF_BANKS, differences, text_of, texts_of
from sandbox.scenarios.known import CHECK_IDS, ROWS, everybody, fields_of, people_of
from sandbox.scenarios.library import UnknownScenario, names
from sandbox.scenarios.library import text_of as file_text
from sandbox.scenarios.mistakes import ScenarioInvalid
from sandbox.scenarios.reading import read_scenario, schema
from sandbox.web.control.named import resources
from sandbox.web.control.table import ENDPOINTS
from sandbox.web.faults.known import known_calls
from sandbox.web.profiles import PROFILES

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\n"
APP = "timeline:\n  - app: {path: /x}\n"


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioInvalid) as caught:
        read_scenario(text, resources(), known_calls(PROFILES))
    return [str(each) for each in caught.value.mistakes]


def mistake(*steps: str, head: str = HEAD) -> str:
    """Return the one mistake, after its line, of a timeline of ``steps``."""
    (found,) = mistakes(head + "timeline:\n" + "".join(f"  - {step}\n" for step in steps))
    line = len(head.splitlines()) + 1 + len(steps)
    assert found.startswith(f"line {line}: "), found
    return found.partition(": ")[2]


# People and banks


@pytest.mark.parametrize("action", ["link", "rogue", "forge"])
def test_who_is_not_there_is_named_with_who_may_be_meant(action):
    more = ", kind: altered" * (action == "forge")
    said = mistake(f"{action}: {{persona: tarro, path: /x{more}}}")
    assert said.endswith("there is no persona at tomato, 'tarro'. Did you mean `taro`?")
    assert "there is no bank 'moon'. One of: tomato, web21." in mistake(
        f"{action}: {{persona: taro, path: /x, bank: moon{more}}}"
    )


def test_everybody_is_at_a_bank_of_their_own():
    assert "there is no persona at web21" in mistake("link: {persona: taro, path: /x, bank: web21}")
    good = f"{HEAD}timeline:\n  - link: {{persona: shoji_maker, path: /x, bank: web21}}\n"
    assert read_scenario(good).timeline


def test_who_was_left_out_of_the_world_is_not_there():
    head = f"{HEAD}personas: [hanako, shoji_maker]\n"
    assert "'taro'. One of: hanako." in mistake("link: {persona: taro, path: /x}", head=head)
    good = f"{head}timeline:\n  - link: {{persona: shoji_checker, path: /x, bank: web21}}\n"
    assert read_scenario(good).personas == ("hanako", "shoji_maker")


def test_a_world_of_nobody_that_there_is():
    (found,) = mistakes(f"{HEAD}personas: [taro, hanakko]\n{APP}")
    assert found == "line 4: personas.1: nobody is called 'hanakko'. Did you mean `hanako`?"


def test_the_people_are_those_of_the_banks():
    assert {"taro", "shoji_maker", "web21_shoji"} <= set(everybody())
    assert all(people_of(bank, None) for bank in BANKS)
    assert people_of("tomato", ()) == ()


def test_a_function_that_no_page_offers():
    said = mistake("link: {persona: taro, path: /x, functions: [balances, transactons]}")
    assert said.startswith("timeline.0.link.functions.1: there is no function 'transactons'.")
    assert said.endswith("Did you mean `transactions`?")


# Checks and fields


@pytest.mark.parametrize("place", ["allow", "expect"])
def test_a_check_that_there_is_not(place):
    (found,) = mistakes(f"{HEAD}conduct: {{{place}: [C-2, C-26]}}\n{APP}")
    assert found.startswith(f"line 4: conduct.{place}.1: there is no check 'C-26'. ")


@pytest.mark.parametrize("kind", ["findings", "none"])
def test_a_check_that_is_expected_and_not_there(kind):
    assert "there is no check 'C-0'" in mistake(f"expect: {{conduct: {{{kind}: [C-0]}}}}")


def test_there_are_25_checks():
    assert [f"C-{number}" for number in range(1, 26)] == list(CHECK_IDS)


@pytest.mark.parametrize(
    ("rows", "wrong", "right"),
    [
        ("journal", "operaton", "operation"),
        ("grants", "is_life", "is_live"),
        ("transfers", "stat", "status"),
    ],
)
def test_a_field_that_no_row_has_counts_nothing(rows, wrong, right):
    said = mistake(f"expect: {{{rows}: {{where: {{{wrong}: 1}}}}}}")
    assert said.startswith(f"timeline.0.expect.{rows}.where.{wrong}: there is no field of {rows}")
    assert said.endswith(f"Did you mean `{right}`?")
    assert right in fields_of(rows)


def test_every_kind_of_row_is_known():
    expected = schema()["$defs"]["step"]["properties"]["expect"]["properties"]
    assert {name for name, each in expected.items() if "where" in each["properties"]} == set(ROWS)


# Rules


RULE = "{name: r, rule: {effect: {kind: status, status: 503}}}"


def test_a_rule_s_name_is_taken_while_it_is_in_force():
    said = mistake(f"fault: {RULE}", f"fault: {RULE}")
    assert "a rule 'r' is in force already. Give it another name" in said
    steps = [f"fault: {RULE}", "unfault: {name: r}", f"fault: {RULE}", "unfault: {name: r}"]
    text = HEAD + "timeline:\n" + "".join(f"  - {step}\n" for step in steps)
    assert len(read_scenario(text).timeline) == 4
    assert "the rule 'r' is gone already" in mistake(*steps, "unfault: {name: r}")


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ("operation: tokn", "there is no operation 'tokn'. Did you mean `token`?"),
        (
            "bank: web21, operation: show_balance",
            "web21 has no operation 'show_balance'. It is of tomato.",
        ),
        ("bank: moon", "there is no bank 'moon'. One of: tomato, web21."),
        ("path: /acounts", "no call of a bank has a path like '/acounts'. Begin with"),
        ("function: balance", "there is no function 'balance'. Did you mean `balances`?"),
        ("kind: bulk", "this effect strikes calls, which have no kind."),
    ],
)
def test_a_rule_that_no_call_can_meet_is_named_with_its_line(match, said):
    rule = f"{{effect: {{kind: status, status: 503}}, match: {{{match}}}}}"
    found = mistake("app: {path: /x}", f"fault: {{name: r, rule: {rule}}}")
    key = match.rpartition(", ")[2].partition(":")[0]
    assert found.startswith(f"timeline.1.fault.rule.match.{key}: {said}")


def test_what_an_act_has_kept_may_be_matched():
    keep = "act: {path: bank/tomato/incidents, json: {kind: leak, persona: taro}, keep: {own: id}}"
    rule = "{effect: {kind: status, status: 503}, match: {address: '{own}', token: '{own}'}}"
    text = f"{HEAD}timeline:\n  - {keep}\n  - fault: {{name: r, rule: {rule}}}\n"
    assert read_scenario(text, (), known_calls(PROFILES)).timeline


def test_without_the_banks_calls_only_the_form_of_a_match_is_looked_at():
    rule = "{effect: {kind: status, status: 503}, match: {operation: tokn}}"
    assert read_scenario(f"{HEAD}timeline:\n  - fault: {{name: r, rule: {rule}}}\n").timeline


def test_a_rule_that_was_never_added():
    assert "no rule 'r' was added before" in mistake("unfault: {name: r}")
    said = mistake(f"fault: {RULE.replace('name: r', 'name: slow')}", "unfault: {name: slwo}")
    assert said.endswith("Did you mean `slow`?")


# Acts


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("path: nothing/here", "the bank has no 'nothing/here'. See docs/control.md."),
        ("path: clock/advanc", "the bank has no 'clock/advanc'. Did you mean `clock/advance`?"),
        ("path: grants", "'grants' takes no POST. It takes GET."),
        ("method: DELETE, path: clock", "'clock' takes no DELETE. It takes GET, PUT."),
        ("path: bank/moon/revoke", "there is no bank 'moon'. One of: tomato, web21."),
        ("path: bank/web21/revoke, json: {contractor: x}", "Did you mean `contractor_id`?"),
        ("path: tokens, json: {bank: tomato}", "`client_id` is missing. Add `client_id:`."),
        ("path: tokens", "`bank` is missing"),
        ("path: clock/advance, json: {by: 5}", "5 is no text. Put it in quotes."),
        ("path: 'grants/{grant}/revoke'", "nothing is kept as {grant}. Keep it in an act."),
    ],
)
def test_what_the_bank_would_refuse_is_named_before_the_run(act, said):
    found = mistakes(f"{HEAD}timeline:\n  - act: {{{act}}}\n")
    assert any(said in each and each.startswith("line 5: ") for each in found), found


def test_what_is_kept_may_be_named_afterwards_and_stands_for_anything():
    keep = "act: {method: GET, path: grants, keep: {grant: grants.0.grant_id}}"
    lag = 'act: {path: "grants/{grant}/revoke", json: {by: "{grant}", lag: "{grant}"}}'
    assert read_scenario(f"{HEAD}timeline:\n  - {keep}\n  - {lag}\n", resources()).timeline
    said = mistake(keep, "act: {path: 'grants/{gant}/revoke'}")
    assert said.endswith("nothing is kept as {gant}. Did you mean `grant`?")
    assert "nothing is kept" in mistake("act: {path: 'grants/{grant}/revoke', keep: {grunt: a}}")


def test_without_a_list_of_resources_no_call_is_looked_at():
    assert read_scenario(f"{HEAD}timeline:\n  - act: {{path: nothing/here}}\n").timeline


def test_the_resources_are_those_of_the_control_door():
    below = [row for row in ENDPOINTS if "/{world}/" in row.path]
    assert len(resources()) == len(below) > 60
    assert {"bank/{bank}/incidents", "grants/{id}/leak"} <= {each.path for each in resources()}
    (revoke,) = [each for each in resources() if each.path == "bank/{bank}/revoke"]
    assert revoke.is_at("bank/web21/revoke?x=1")
    assert not revoke.is_at("bank//revoke")
    assert not revoke.is_at("bank/web21/revoke/more")
    assert revoke.bank_of("bank/web21/revoke") == "web21"
    assert revoke.body is not None


@pytest.mark.parametrize("name", names())
def test_all_that_come_along_are_sound_by_them(name):
    assert read_scenario(file_text(name), resources(), known_calls(PROFILES)).name == name


# Settings


def test_settings_are_kept_as_the_environment_has_them():
    three = "{web21_last_grant_only: true, tomato_lock_after: 3, tomato_hours: regional}"
    assert read_scenario(f"{HEAD}settings: {three}\n{APP}").settings == {
        "web21_last_grant_only": "1",
        "tomato_lock_after": "3",
        "tomato_hours": "regional",
    }
    assert read_scenario(HEAD + APP).settings == {}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "web21_last_grant: 1",
            "no bank has a setting `web21_last_grant`. Did you mean `web21_last_grant_only`?",
        ),
        ("SANDBOX_WEB21_LAST_GRANT_ONLY: 1", "is the variable. Write `web21_last_grant_only:`."),
        ("port: 8080", "`port` is the server's own. Set it where the server is started."),
        ("seed: 5", "`seed` is the server's own"),
        ("control_token: x", "`control_token` is the server's own"),
        ("web21_last_grant_only: maybe", "'maybe' must be 1 or 0. 1: a user's new consent"),
        ("tomato_code_lifetime: soon", "'soon' is no length of time"),
        ("tomato_lock_after: -1", "-1 must be a whole number"),
        ("tomato_hours: ''", "'' is empty"),
        ("tomato_hours: [1]", "[1] is no text or whole number or true or false"),
        ("tomato_code_lifetime: 1.5", "1.5 is no text or whole number"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_with_its_line(setting, said):
    (found,) = mistakes(f"{HEAD}settings:\n  tomato_most_items: 5\n  {setting}\n{APP}")
    assert found.startswith("line 6: settings."), found
    assert said in found


def test_editors_complete_settings_by_name():
    found = schema()["properties"]["settings"]["properties"]
    assert set(found) == set(OF_BANKS)
    assert found["web21_last_grant_only"]["description"].endswith("Default: 0")
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        ({"tomato_lock_after": "3"}, {"tomato_lock_after": "3"}, []),
        ({"tomato_code_lifetime": "60s"}, {"tomato_code_lifetime": "1m"}, []),
        (
            {"tomato_lock_after": "3"},
            {"tomato_lock_after": "5"},
            ["tomato_lock_after is 5, and 3 in the scenario"],
        ),
        (
            {"tomato_registration_token": "x"},
            {},
            ["nobody can tell whether tomato_registration_token is as in the scenario"],
        ),
    ],
)
def test_what_a_server_has_otherwise_is_told(wanted, there, said):
    assert differences(wanted, there) == said


def test_values_become_texts():
    assert (text_of(True), text_of(False), text_of(7), text_of("10m")) == ("1", "0", "7", "10m")
    assert texts_of({"a": True}) == {"a": "1"}


# Files


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (
            "name: 題\n".encode("cp932"),
            1,
            "this is no UTF-8, but byte 0x91. Save the file as UTF-8.",
        ),
        (HEAD.encode() + "x: 題".encode("cp932"), 4, "this is no UTF-8"),
        ((HEAD + APP).encode("utf-16"), 1, "this is no UTF-8, but UTF-16"),
        (HEAD.encode() + b"#" + b"x" * 10_000_000, 1, "more than 256 KiB. Make several"),
        (b"", 1, "this is no scenario"),
    ],
)
def test_a_file_that_is_no_text_says_so_with_its_line(tmp_path, content, line, said):
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioInvalid) as caught:
        read_scenario(file_text(str(file)))
    (found,) = caught.value.mistakes
    assert (found.line, said in str(found)) == (line, True), found


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UnknownScenario, match="it is a folder"):
        file_text(str(tmp_path))
    with pytest.raises(UnknownScenario, match="it does not exist"):
        file_text(str(tmp_path / "none.yaml"))


# Words


def test_long_values_are_cut_in_messages():
    assert len(shown(["x" * 50] * 50)) == LONGEST_SHOWN + 1
    assert len(str(mistakes(HEAD + "timeline: x\nseed: " + "y" * 900 + "\n"))) < 400
