"""Scenario files: what is read, and how each kind of mistake is named with its line."""

import jsonschema
import pytest

from sandbox.scenarios.library import UnknownScenario, names, text_of
from sandbox.scenarios.mistakes import ScenarioInvalid
from sandbox.scenarios.reading import MAX_BYTES, read_scenario, schema

GOOD = """\
name: a_day
title: {ja: 一日, en: A day}
story: {ja: 一日の話, en: The story of a day}
seed: 7
clock: 2026-11-16T10:00:00+09:00
conduct: {expect: [C-2], allow: [C-9]}
timeline:
  - link: {persona: taro, path: "/link?user=taro"}
  - at: 10m
    fault:
      name: slow
      rule:
        match: {operation: token}
        effect: {kind: status, status: 503}
    say: {ja: 遅くなる, en: It gets slow}
  - unfault: {name: slow}
  - at: 1d
    act: {path: tokens, json: {client_id: a}}
  - expect:
      journal: {where: {status: 200}, at_least: 1}
"""


def mistakes(text):
    with pytest.raises(ScenarioInvalid) as caught:
        read_scenario(text)
    return caught.value.mistakes


def test_a_good_file_becomes_a_scenario():
    scenario = read_scenario(GOOD)
    assert (scenario.name, scenario.seed) == ("a_day", 7)
    assert scenario.clock == "2026-11-16T10:00:00+09:00"  # a text, as it was written
    assert (scenario.findings, scenario.allowed) == ({"C-2"}, {"C-9"})
    steps = [(step.line, step.at_ms, step.action) for step in scenario.timeline]
    assert steps == [
        (8, 0, "link"),
        (9, 600_000, "fault"),
        (16, 600_000, "unfault"),
        (17, 86_400_000, "act"),
        (19, 86_400_000, "expect"),
    ]
    assert scenario.timeline[1].title == "遅くなる"
    assert scenario.timeline[3].title == "POST tokens"


def test_the_published_schema_is_one_that_validators_take():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert "$ref" in schema()["$defs"]["step"]["properties"]["fault"]["properties"]["rule"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("name: a_day", "nam: a_day", 1, "there is no `nam` here. Did you mean `name`?"),
        ("name: a_day\n", "", 1, "`name` is missing. Add `name:`."),
        ("name: a_day", "name: A day", 1, "'A day' is not of the right form"),
        ("{ja: 一日, en: A day}", "{ja: 一日}", 2, "`en` is missing"),
        ("seed: 7", "seed: x", 4, "'x' is no whole number. Write a whole number."),
        ("2026-11-16T10", "2026-13-16T10", 5, "Write an instant such as 2026-11-16T10:00:00+09"),
        ("clock: 2026", "clock: soon2026", 5, "is not of the right form"),
        ("[C-2]", "[C2]", 6, "'C2' is not of the right form"),
        ("persona: taro", "persona: 12", 8, "12 is no text. Put it in quotes."),
        ("persona: taro, ", "", 8, "`persona` is missing"),
        ("at: 10m", "at: soon", 9, "Write a length such as 90s, 10m or 2d."),
        ("at: 1d", "at: 1m", 17, "1m is before the step above"),
        ("kind: status,", "kind: statuss,", 14, "Did you mean `status`?"),
        ("kind: status,", "kind: zzz,", 14, "'zzz' is not known here. One of: "),
        ("status: 503", "statsu: 503", 14, "there is no `statsu` here"),
        ("{name: slow}\n", "{name: slwo}\n", 16, "Did you mean `slow`?"),
        ("  - expect:", "  - app: {path: /x}\n    expect:", 19, "exactly one thing"),
        ("  - expect:", "  - say: {ja: a, en: b}\n  - expect:", 19, "exactly one thing"),
        ("at_least: 1", "at_lest: 1", 20, "Did you mean `at_least`?"),
        ("at_least: 1", "at_least: -1", 20, "-1 is less than 0"),
        ("timeline:", "timeline: []\nmore:", 7, "timeline: it is empty"),
    ],
)
def test_each_kind_of_mistake_is_named_with_its_line(old, new, line, said):
    assert GOOD.count(old) >= 1
    found = mistakes(GOOD.replace(old, new, 1))
    assert any(each.line == line and said in str(each) for each in found), found


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "this is no scenario"),
        ("- a\n", 1, "this is no scenario"),
        ("a: [1\nb: 2\n", 2, "expected"),
        ("a: b: c\n", 1, "mapping values are not allowed"),
        ("name: a\nname: b\n", 2, "twice"),
        ("\tname: a\n", 1, "cannot start any token"),
    ],
)
def test_what_is_no_scenario_says_so(text, line, said):
    (found,) = mistakes(text)
    assert (found.line, said in str(found)) == (line, True), found


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("window: {cron: 61 * * * *, duration: 1h}", 15, "window: cron: '61 * * * *': there is no"),
        ("window: {cron: 0 22 * * *}", 15, "window: cron and duration go together"),
        ("window: {from: soon}", 15, "window: 'soon' is no ISO 8601 time"),
        ("ttl: soon", 15, "ttl: 'soon' is no length of time"),
        ("stage: reply", 15, "stage: this effect strikes before or after_commit"),
        ("effect: {kind: outage}", 14, "effect: an outage needs a window"),
        ("effect: {kind: ramp_delay, from_ms: 0, to_ms: 9}", 14, "effect: a ramp needs a window"),
    ],
)
def test_a_rule_is_looked_into_before_the_run(more, line, said):
    effect = "effect: {kind: status, status: 503}"
    rule = more if more.startswith("effect") else f"{effect}\n        {more}"
    (found,) = mistakes(GOOD.replace(effect, rule))
    assert (found.line, found.place) == (line, f"timeline.1.fault.rule.{said.partition(':')[0]}")
    assert said.partition(": ")[2] in found.problem


def test_a_rule_by_cron_is_sound():
    window = "window: {cron: 0 22 * * fri, duration: 8h, day_types: [business_day]}"
    effect = "effect: {kind: status, status: 503}"
    text = GOOD.replace(effect, f"{effect}\n        {window}")
    rule = read_scenario(text).timeline[1].what["rule"]
    assert rule["window"]["cron"] == "0 22 * * fri"


def test_every_mistake_is_named_at_once_in_the_order_of_the_file():
    found = mistakes(GOOD.replace("seed: 7", "seed: x").replace("at_least: 1", "least: 1"))
    assert [each.line for each in found] == [4, 20]


def test_a_file_has_a_longest():
    padding = "# " + "x" * (MAX_BYTES - len(GOOD.encode()) - 3) + "\n"
    assert read_scenario(GOOD + padding).name == "a_day"
    (found,) = mistakes(GOOD + padding + "#")
    assert (found.problem, found.line) == ("more than 256 KiB", 1)


@pytest.mark.parametrize("name", names())
def test_those_that_come_along_are_sound_and_called_as_their_files(name):
    assert read_scenario(text_of(name)).name == name


def test_a_name_that_is_none():
    with pytest.raises(UnknownScenario, match="there is no scenario 'nothing'"):
        text_of("nothing")
    with pytest.raises(UnknownScenario, match=r"there is no file nothing\.yaml"):
        text_of("nothing.yaml")
