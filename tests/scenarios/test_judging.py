"""What a scenario's steps expect of the conduct reaches the reports that the run leaves behind."""

from xml.etree import ElementTree

import pytest

from sandbox.scenarios.judging import Judged, conduct_problems, expected_of
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.reports import as_json
from tests.scenarios.drilling import played, shown

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
# An address that is not the app's: C-15, which is of level E.
OTHER_ADDRESS = (
    '  - link: {persona: taro, path: "/link?user=taro",'
    ' change: {redirect_uri: "https://aggregator.example/callback"}}\n'
)
ASKED = "  - expect: {conduct: {findings: [C-15]}}\n"
TOTAL = "{account_id: 'x', date_from: '2026-11-01', date_to: '2026-11-02', net_yen: 5}"


async def run(running, steps, head=HEAD):
    return (await played(running.sandbox.control_url, read_scenario(head + steps), "careful"))[0]


def cases(verdict):
    """Return the cases of ``conduct.xml`` by their check."""
    suite = ElementTree.fromstring(verdict.reports["conduct.xml"]).find("testsuite")
    return {case.get("name").split()[0]: case for case in suite}


async def test_what_a_step_expected_fails_nobody_and_is_shown_so(running):
    verdict = await run(running, OTHER_ADDRESS + ASKED)
    assert verdict.has_passed, shown(verdict)
    told = {each["id"]: each.get("wanted") for each in as_json(verdict)["findings"]}
    assert told["C-15"] == "expected"
    case = cases(verdict)["C-15"]
    assert case.find("failure") is None
    assert case.find("system-out").text.startswith("expected")
    page = verdict.reports["conduct.html"].decode()
    assert "シナリオは合格です。" in page
    assert "期待どおり" in page
    assert "不合格" not in page


async def test_what_nobody_expected_fails(running):
    verdict = await run(running, OTHER_ADDRESS)
    assert verdict.problems == ("conduct: C-15 found something",)
    assert cases(verdict)["C-15"].find("failure") is not None


async def test_what_a_step_expected_and_did_not_happen_fails_in_every_report(running):
    verdict = await run(running, "  - expect: {conduct: {findings: [C-2]}}\n")
    assert verdict.problems == ("conduct: C-2 should have found something",)
    assert "C-2 found nothing" in (verdict.steps[0].problem or "")
    assert cases(verdict)["C-2"].find("failure").get("message") == "expected to find something"
    assert "C-2。" in verdict.reports["conduct.html"].decode()


async def test_what_the_file_expects_is_missing_in_every_report(running):
    head = HEAD.replace("timeline", "conduct: {expect: [C-15]}\ntimeline")
    verdict = await run(running, "  - expect: {grants: {count: 0}}\n", head)
    assert verdict.problems == ("conduct: C-15 should have found something",)
    assert cases(verdict)["C-15"].find("failure") is not None
    verdict = await run(running, OTHER_ADDRESS, head)
    assert verdict.has_passed, shown(verdict)


@pytest.mark.parametrize(
    ("wanted", "has_passed"), [("findings: [C-23]", True), ("none: [C-1]", True)]
)
async def test_what_was_declared_reaches_the_last_report(running, wanted, has_passed):
    steps = f"  - expect: {{conduct: {{declared: {{totals: [{TOTAL}]}}, {wanted}}}}}\n"
    verdict = await run(running, steps)
    assert verdict.has_passed is has_passed, shown(verdict)
    (finding,) = verdict.findings
    assert finding["id"] == "C-23"
    assert finding.get("wanted") == ("expected" if "C-23" in wanted else None)
    assert "x (2026-11-01–2026-11-02): the app says ¥5" in finding["what"]["en"]
    assert cases(verdict)["C-23"].find("system-out") is not None
    assert "the app says ¥5" in verdict.reports["conduct.html"].decode()


async def test_what_was_declared_and_right_is_clean_and_what_was_not_is_not_asked(running):
    steps = "  - expect: {conduct: {declared: {transfers: 0}, none: [C-3]}}\n"
    verdict = await run(running, steps)
    assert verdict.has_passed, shown(verdict)
    assert list(cases(verdict)["C-3"]) == []
    assert [each.tag for each in cases(verdict)["C-18"]] == ["skipped"]


# By itself


def report(*findings, asked=("C-3",)):
    return {
        "checks": [
            {"id": name, "verdict": "found" if name in asked else "not_asked"}
            for name in ("C-3", "C-5", "C-18")
        ],
        "findings": [
            {"id": name, "what": {"ja": text, "en": text}, "calls": [{"id": n} for n in range(30)]}
            for name, text in findings
        ],
    }


def test_findings_of_several_steps_are_kept_once_each():
    judged = Judged()
    judged.note(report(("C-3", "a"), ("C-5", "b")))
    judged.note(report(("C-3", "a"), ("C-3", "c")))
    judged.note(report())
    (told,) = judged.told()
    assert told["id"] == "C-3"
    assert [each["what"]["en"] for each in told["findings"]] == ["a", "c"]
    assert told["findings"][0]["calls"] == list(range(20))


def test_of_other_checks_only_what_was_expected_is_kept():
    judged = Judged()
    judged.note(report(("C-5", "b"), asked=()), {"C-5"})
    assert [each["id"] for each in judged.told()] == ["C-5"]


def test_what_the_report_takes_is_not_exceeded():
    judged = Judged()
    judged.note(report(*(("C-3", f"{n} " + "x" * 3_000) for n in range(120))))
    (told,) = judged.told()
    assert len(told["findings"]) == 100
    assert max(len(each["what"]["ja"]) for each in told["findings"]) == 2_000


def test_what_a_scenario_expects_is_said_above_or_in_a_step():
    head = HEAD.replace("timeline", "conduct: {expect: [C-1], allow: [C-9]}\ntimeline")
    found = read_scenario(head + ASKED + "  - expect: {conduct: {none: [C-3]}}\n")
    assert expected_of(found) == {"C-1", "C-15"}


def test_problems_are_unexpected_errors_and_what_is_missing():
    told = {
        "findings": [
            {"id": "C-2", "level": "E"},
            {"id": "C-1", "level": "E"},
            {"id": "C-5", "level": "E", "wanted": "allowed"},
            {"id": "C-9", "level": "W"},
        ],
        "missing": ["C-8"],
    }
    assert conduct_problems(told) == [
        "conduct: C-1 found something",
        "conduct: C-2 found something",
        "conduct: C-8 should have found something",
    ]
