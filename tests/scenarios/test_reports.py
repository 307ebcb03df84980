"""What a run leaves behind, for programs and for CI."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from sandbox.scenarios.model import Scenario, Step, StepOutcome, Text, Verdict
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.reports import as_json, as_junit, for_page, write
from tests.scenarios.drilling import played

AT = "2026-11-16T10:00:00+09:00"
STEPS = (
    Step(at_ms=0, line=5, action="app", what={"path": "/sync"}, say=Text(ja="同期", en="A sync")),
    Step(at_ms=0, line=6, action="callback", what={"change": {"state": "x"}}),
    Step(at_ms=9, line=7, action="forge", what={"kind": "invented", "path": "/accounts"}),
)
SCENARIO = Scenario(
    name="mine",
    title=Text(ja="題", en="A title"),
    story=Text(ja="話", en="A story"),
    seed=7,
    clock=AT,
    personas=None,
    timeline=STEPS,
)
PASSED = Verdict(scenario=SCENARIO, steps=tuple(StepOutcome(step=each, at=AT) for each in STEPS))


def failing(*problems: str | None, conduct: tuple[str, ...] = ()) -> Verdict:
    steps = tuple(
        StepOutcome(step=step, at=AT, problem=problem)
        for step, problem in zip(STEPS, problems, strict=True)
    )
    return replace(PASSED, steps=steps, problems=conduct)


@pytest.mark.parametrize(
    ("verdict", "has_passed", "failures"),
    [
        (PASSED, True, 0),
        (failing(None, "no", None), False, 1),
        (failing("no", "no", "no"), False, 3),
        (failing(None, None, None, conduct=("conduct: C-1", "conduct: C-2")), False, 1),
        (failing("no", None, None, conduct=("conduct: C-1",)), False, 2),
    ],
)
def test_both_reports_say_what_the_verdict_says(verdict, has_passed, failures):
    assert verdict.has_passed is has_passed
    assert as_json(verdict)["passed"] is has_passed
    suite = ElementTree.fromstring(as_junit(verdict))
    counted = suite.get("tests"), suite.get("failures")
    assert counted == ("4", str(failures))
    assert len(suite.findall("testcase/failure")) == failures


def test_each_step_is_a_case_with_its_line_and_its_title():
    suite = ElementTree.fromstring(as_junit(PASSED))
    names = [case.get("name") for case in suite]
    assert names == [
        "line 5: 同期",
        "line 6: callback state",
        "line 7: invented: /accounts",
        "conduct",
    ]


def test_what_xml_cannot_write_is_left_out():
    suite = ElementTree.fromstring(as_junit(failing("a\x00b\x1fc\td<&>", None, None)))
    (failure,) = suite.findall("testcase/failure")
    assert failure.get("message") == "abc\td<&>"


def test_the_verdict_for_programs_has_every_step():
    told = as_json(failing("no", None, None))
    assert (told["scenario"], told["seed"]) == ("mine", 7)
    assert [step["passed"] for step in told["steps"]] == [False, True, True]
    assert told["steps"][0] == {
        "at": AT,
        "line": 5,
        "action": "app",
        "title": "同期",
        "passed": False,
        "problem": "no",
    }


def test_reports_are_written_into_a_folder_that_is_made(tmp_path):
    verdict = replace(PASSED, reports={"conduct.html": b"<html>"})
    written = write(verdict, tmp_path / "a" / "b")
    assert [file.name for file in written] == ["run.json", "run.xml", "conduct.html"]
    assert json.loads(written[0].read_bytes()) == as_json(verdict)
    assert written[2].read_bytes() == b"<html>"
    assert write(PASSED, tmp_path / "a" / "b")  # again: over the ones that are there


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    tmp_path.joinpath("file").write_text("x")
    with pytest.raises(OSError, match="file"):
        write(PASSED, tmp_path / "file")


TIMELINE = """\
  - at: 1m
    app: {method: GET, path: /log, status: 200}
    say: {ja: ログが<読める>, en: The log can be read}
  - at: 2m
    app: {method: GET, path: "/status?user=taro", answer: {state: linked}}
  - fault: {name: idle, rule: {match: {client_id: nobody}, effect: {kind: status, status: 503}}}
"""


async def test_the_page_tells_what_went_wrong_and_when(running):
    """Somebody who has never seen the scenario reads its story, and each step with its time."""
    head = "name: a\ntitle: {ja: 題, en: Title}\nstory: {ja: 話の筋, en: What happens}\ntimeline:\n"
    verdict, _ = await played(
        running.sandbox.control_url, read_scenario(head + TIMELINE), "careful"
    )
    page = verdict.reports["conduct.html"].decode()
    for text in (
        "話の筋",
        "What happens",
        "シナリオは不合格：期待どおりでない手順が1件あります。",
        "The scenario failed: 1 steps went otherwise.",
        "ログが&lt;読める&gt;",
        "The log can be read",
        "2026-11-16 10:02:00",
        "state of the app&#39;s answer is &#39;not_linked&#39;, not &#39;linked&#39;",
        "the rule idle has not struck once",
    ):
        assert text in page, text
    rows = page.partition('<table class="steps">')[2].partition("</table>")[0].split("<tr")[2:]
    assert [("✓" in row, 'class="bad"' in row) for row in rows] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    scenario = read_scenario(head + TIMELINE.partition("  - at: 2m")[0])
    good, _ = await played(running.sandbox.control_url, scenario, "careful")
    assert "シナリオは合格です。" in good.reports["conduct.html"].decode()


async def test_a_report_without_a_run_shows_none(running):
    async with running.http.get(f"{running.control}/conduct?format=html") as answer:
        assert 'class="steps"' not in await answer.text()


def test_long_words_are_cut_for_the_page_and_kept_in_the_files():
    text = Text(ja="長" * 3000, en="l" * 3000)
    step = Step(at_ms=0, line=1, action="app", what={"path": "/x"}, say=text)
    outcome = StepOutcome(step=step, at="2026-11-16T10:00:00+09:00", problem="p" * 1000)
    verdict = Verdict(scenario=replace(SCENARIO, story=text), steps=(outcome,))
    shown = for_page(verdict)
    assert len(shown["story"]["ja"]) == len(shown["steps"][0]["title"]["en"]) == 2000
    assert len(shown["steps"][0]["problem"]) == 400
    assert len(as_json(verdict)["steps"][0]["problem"]) == 1000
