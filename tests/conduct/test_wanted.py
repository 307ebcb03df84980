"""What a scenario expects and allows, in the report: it fails nobody, and what is missing does."""

from xml.etree import ElementTree

import pytest

from sandbox.domain.conduct.checks import CHECKS, OF_DECLARED
from sandbox.domain.conduct.finding import Finding, Words
from sandbox.domain.conduct.verdict import Verdict, judge, wanted_of
from sandbox.web.control.junit import junit
from tests.conduct.building import FACTS, Story
from tests.conduct.careless import declared, page
from tests.support import Running

PAID = Finding(what=Words("支払済みと表示", "shown as paid"), calls=(1,))


def careless() -> Story:
    """C-8 of level E, C-13 of level W."""
    story = Story()
    for second in range(3):
        story.call(second, status=401, token="t1", reason="revoked_by_bank")
    story.authorize(5, state="m", state_length=3)
    return story


def seen(*, expected=(), allowed=(), judged=None):
    report = judge(careless().calls, FACTS)
    return wanted_of(report, judged=judged or {}, expected=expected, allowed=allowed)


def case_of(report, name):
    suite = ElementTree.fromstring(junit("w", report).encode()).find("testsuite")
    (case,) = [each for each in suite if each.get("name").split()[0] == name]
    return suite, case


def test_without_a_word_a_finding_of_level_e_fails():
    report = seen()
    assert (report.errors, report.missing, report.is_failed) == (1, (), True)


@pytest.mark.parametrize("how", ["expected", "allowed"])
def test_what_is_expected_or_allowed_fails_nobody_and_is_shown(how):
    report = seen(**{how: ["C-8"]})
    assert (report.errors, report.is_failed) == (0, False)
    suite, case = case_of(report, "C-8")
    assert (suite.get("failures"), case.find("failure")) == ("0", None)
    text = case.find("system-out").text
    assert text.startswith(f"{how}\n\n")
    assert "calls: " in text


def test_what_was_expected_and_did_not_happen_fails():
    report = seen(expected=["C-8", "C-2"])
    assert (report.errors, report.missing, report.is_failed) == (0, ("C-2",), True)
    suite, case = case_of(report, "C-2")
    assert suite.get("failures") == "1"
    assert case.find("failure").get("message") == "expected to find something"


def test_a_check_that_was_not_asked_is_missing_too():
    report = seen(expected=["C-3"], allowed=["C-8"])
    suite, case = case_of(report, "C-3")
    assert report.missing == ("C-3",)
    assert [each.tag for each in case] == ["failure"]
    assert suite.get("failures") == "1"


def test_what_is_allowed_need_not_happen():
    assert not seen(allowed=["C-8", "C-2"]).is_failed


def test_an_expected_warning_is_no_failure_and_is_needed():
    assert not seen(expected=["C-13"], allowed=["C-8"]).is_failed
    assert seen(expected=["C-22"], allowed=["C-8"]).missing == ("C-22",)


def verdict_of(report, name):
    (found,) = [each for each in report.checked if each.check.id == name]
    return found.verdict, found.findings


@pytest.mark.parametrize("name", OF_DECLARED)
def test_what_was_found_on_the_way_stands_at_the_end(name):
    assert verdict_of(seen(), name) == (Verdict.NOT_ASKED, ())
    assert verdict_of(seen(judged={name: [PAID]}), name) == (Verdict.FOUND, (PAID,))
    assert verdict_of(seen(judged={name: []}), name) == (Verdict.CLEAN, ())


def test_what_a_check_still_finds_is_not_told_twice():
    before = verdict_of(seen(), "C-8")
    assert verdict_of(seen(judged={"C-8": [PAID]}), "C-8") == before
    assert verdict_of(seen(judged={"C-2": [PAID]}), "C-2") == (Verdict.FOUND, (PAID,))


def test_the_checks_that_need_a_word_are_those():
    needing = {check.id for check in CHECKS if check.needs}
    assert set(OF_DECLARED) == needing - {"C-24"} == {"C-3", "C-18", "C-23"}


# Over the control door


async def url_with_token(running: Running) -> None:
    """C-11: a secret in an address."""
    address = f"{running.base}/accounts?access_token={'x' * 43}"
    async with running.http.get(address) as answer:
        assert answer.status in (400, 401)


async def test_the_report_says_what_was_wanted_and_what_is_missing(running):
    await url_with_token(running)
    plain = await declared(running)
    assert (plain["errors"], plain["missing"]) == (1, [])
    told = await declared(running, expect=["C-11"], allow=["C-2"])
    assert (told["errors"], told["missing"]) == (0, [])
    assert [(each["id"], each["wanted"]) for each in told["findings"]] == [("C-11", "expected")]
    wanted = {each["id"]: each["wanted"] for each in told["checks"] if "wanted" in each}
    assert wanted == {"C-11": "expected", "C-2": "allowed"}
    told = await declared(running, expect=["C-11", "C-3"])
    assert told["missing"] == ["C-3"]
    judged = [{"id": "C-3", "findings": [{"what": {"ja": "二", "en": "two"}, "calls": [1]}]}]
    told = await declared(running, expect=["C-11", "C-3"], judged=judged)
    assert (told["errors"], told["missing"]) == (0, [])
    assert told["findings"][0]["what"] == {"ja": "二", "en": "two"}
    assert [call["id"] for call in told["findings"][0]["calls"]] == [1]


async def test_a_call_that_is_not_in_the_journal_is_not_shown(running):
    judged = [{"id": "C-3", "findings": [{"what": {"ja": "二", "en": "two"}, "calls": [99]}]}]
    told = await declared(running, judged=judged)
    assert (told["errors"], told["findings"][0]["calls"]) == (1, [])


@pytest.mark.parametrize("field", ["expect", "allow", "judged"])
async def test_a_check_that_there_is_not_is_refused(running, field):
    given = ["C-11", "C-99"]
    if field == "judged":
        given = [{"id": name, "findings": []} for name in given]
    address = f"{running.control}/conduct"
    async with running.http.post(address, json={field: given}) as answer:
        assert answer.status == 422
        (error,) = (await answer.json())["errors"]
    assert error["field"] == f"{field}.1"
    assert error["problem"].startswith("there is no check 'C-99'. Did you mean `C-9`?")


async def page_of(running: Running, **said):
    address = f"{running.control}/conduct"
    async with running.http.post(address, json=said, params={"format": "html"}) as answer:
        return await answer.text()


async def test_the_page_shows_what_was_wanted_and_what_is_missing(running):
    await url_with_token(running)
    _, plain = await page(running, "html")
    assert "不合格" in plain
    text = await page_of(running, expect=["C-11"])
    assert "不合格" not in text
    assert "Passed: what was found was expected or allowed." in text
    assert 'C-11 E</span><span class="tag clean">期待どおり' in text
    assert "許容" in await page_of(running, allow=["C-11"])
    text = await page_of(running, expect=["C-11", "C-2"])
    assert "C-2。" in text
    assert "Passed" not in text
    assert 'class="tag E">見つからず' in text


async def test_words_that_are_told_are_shown_as_words(running):
    what = {"ja": "<b>x</b>", "en": "<script>"}
    text = await page_of(running, judged=[{"id": "C-3", "findings": [{"what": what, "calls": []}]}])
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
