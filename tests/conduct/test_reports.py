"""The report in its formats: for programs, for CI systems, and as a page by itself."""

import asyncio
import json
import os
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sandbox.domain.conduct.checks import CHECKS
from sandbox.domain.conduct.verdict import judge
from sandbox.web.control import conduct_report
from sandbox.web.control.junit import junit
from tests.conduct.building import FACTS, Story
from tests.conduct.careless import declared, page, report, revoke
from tests.process import COMMAND, environment
from tests.support import AGGREGATOR, NATIVE


def careless():
    story = Story()
    for second in range(3):
        story.call(second, status=401, token="t1", reason="revoked_by_bank")
    story.authorize(5, state="m", state_length=3)
    return story


def suite_of(story):
    text = junit("w", judge(story.calls, FACTS))
    return ElementTree.fromstring(text.encode()).find("testsuite")


# The table


def test_there_is_a_check_for_each_number_in_its_order():
    assert [check.id for check in CHECKS] == [f"C-{number}" for number in range(1, 26)]
    errors = {check.id for check in CHECKS if check.level == "E"}
    warnings = {"C-9", "C-10", "C-13", "C-14", "C-17", "C-19", "C-22", "C-23", "C-25"}
    assert errors == {check.id for check in CHECKS} - warnings


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_says_what_it_is_and_what_to_do_in_both_languages(check):
    for words in (check.title, check.remedy):
        assert any(ord(letter) > 0x3000 for letter in words.ja)
        assert words.en.isascii() or "±" in words.en
    assert check.remedy.ja.endswith("。")
    assert check.remedy.en.endswith(".")


# JUnit


def test_junit_has_a_test_case_for_each_check():
    suite = suite_of(careless())
    cases = suite.findall("testcase")
    assert [case.get("name").split()[0] for case in cases] == [check.id for check in CHECKS]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("25", "1", "4")


def test_errors_fail_and_warnings_are_told():
    cases = {case.get("name").split()[0]: case for case in suite_of(careless())}
    failure = cases["C-8"].find("failure")
    assert failure.get("type") == "C-8"
    assert "calls: 1 2 3" in failure.text
    assert "throw the token away" in failure.text
    assert "state" in cases["C-13"].find("system-out").text
    assert cases["C-13"].find("failure") is None
    assert cases["C-3"].find("skipped").get("message") == "needs transfers"
    assert list(cases["C-1"]) == []


def test_what_xml_cannot_say_is_replaced():
    story = Story()
    for second in range(2):
        story.call(second, path="/\x00\x1b<&>\ud800\ufffe", status=404)
    failure = suite_of(story).find("testcase/failure")
    assert "/\ufffd\ufffd<&>\ufffd\ufffd" in failure.text


def test_the_verdict_is_failed_by_errors_alone():
    story = Story()
    assert not judge(story.calls, FACTS).is_failed
    story.authorize(5, state="m", state_length=3)
    assert not judge(story.calls, FACTS).is_failed
    assert judge(careless().calls, FACTS).is_failed


# Over the control API


@pytest.fixture
async def careless_client(running):
    token = (await running.log_in("taro"))["access_token"]
    await revoke(running)
    for _ in range(30):
        await running.get("/accounts", token)
    return running


async def test_json_names_check_level_calls_and_remedy(careless_client):
    told = await report(careless_client)
    (finding,) = (each for each in told["findings"] if each["id"] == "C-8")
    assert (finding["level"], finding["count"], len(finding["calls"])) == ("E", 30, 20)
    call = finding["calls"][0]
    assert (call["status"], call["client_id"], call["bank"]) == (401, AGGREGATOR, "tomato")
    assert told["errors"] == sum(each["level"] == "E" for each in told["findings"])
    assert told["dropped"] == 0


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 31),
        ({"client_id": AGGREGATOR}, 31),
        ({"client_id": NATIVE}, 0),
        ({"bank": "web21"}, 0),
        ({"persona": "hanako"}, 0),
        ({"since": "2026-11-17"}, 0),
        ({"until": "2026-11-16T10:00:00+09:00"}, 0),
    ],
)
async def test_a_report_is_about_the_calls_that_pass(careless_client, query, count):
    assert (await report(careless_client, **query))["calls"] == count


async def test_a_world_of_its_own_has_a_report_of_its_own(careless_client):
    worlds = f"{careless_client.sandbox.control_url}/api/v1/worlds"
    async with careless_client.http.post(worlds, json={"name": "other"}) as answer:
        assert answer.status == 200
    assert (await report(careless_client, "other"))["calls"] == 0


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"since": "yesterday"}])
async def test_what_is_no_report_is_refused(running, query):
    async with running.http.get(f"{running.control}/conduct", params=query) as answer:
        assert answer.status == 422
        assert next(iter(query)) in (await answer.json())["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"transfers": -1},
        {"transfers": "1"},
        {"unheard": 1},
        {"totals": [{"account_id": "1"}]},
        {"shown_as_paid": [1]},
    ],
    ids=json.dumps,
)
async def test_what_no_scenario_can_say_is_refused(running, body):
    async with running.http.post(f"{running.control}/conduct", json=body) as answer:
        assert answer.status == 422


async def test_nothing_declared_is_as_good_as_nothing_said(careless_client):
    told = await declared(careless_client)
    assert told == await report(careless_client)


async def test_junit_is_xml(careless_client):
    headers, text = await page(careless_client, "junit")
    assert headers["Content-Type"].startswith("application/xml")
    assert int(ElementTree.fromstring(text.encode()).find("testsuite").get("failures")) > 0


class Tags(HTMLParser):
    """What a page has, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "action")]


async def test_the_page_stands_by_itself(careless_client):
    headers, text = await page(careless_client, "html")
    found = Tags(text)
    assert found.loads == []
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert {"svg", "article", "table"} <= set(found.tags)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert 'lang="ja"' in text
    assert text.startswith("<!DOCTYPE html>")
    assert text.index("不合格") < text.index("Failed")


async def test_the_page_of_a_clean_run_says_so(running):
    _, text = await page(running, "html")
    assert "呼び出しがありません" in text
    await running.get("/accounts", "made-up")
    _, text = await page(running, "html")
    assert "合格：見つかった問題はありません" in text


async def test_what_clients_send_is_no_markup(running):
    nasty = "%3Cscript%3E"
    for _ in range(2):
        await running.http.get(f"{running.base}/{nasty}<b>")
    _, text = await page(running, "html")
    assert "/<b>" not in text
    assert "script" not in Tags(text).tags


# The page about it

PAGE = (Path(__file__).parents[2] / "docs" / "conduct.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_page_names_every_check_with_its_level_and_remedy(check):
    title, remedy = check.title, check.remedy
    words = f"{title.ja}<br>{title.en} | {remedy.ja}<br>{remedy.en}"
    assert f"| {check.id} | {check.level.value} | {words} |" in PAGE


async def test_the_commands_of_the_page_go_as_it_says(running, tmp_path):
    scripts = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert len(scripts) == 2  # the second judges what the first has left in the journal
    script = "\n".join(scripts).replace("http://127.0.0.1:8080", running.sandbox.data_url)
    process = await asyncio.create_subprocess_exec(
        "bash",
        *("-eu", "-o", "pipefail", "-c", script),
        cwd=tmp_path,
        env=environment(
            SANDBOX_CONTROL=running.sandbox.control_url,
            PATH=f"{Path(COMMAND).parent}:{os.environ['PATH']}",
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    first, code, second = output.decode().partition("exit code 1")
    assert code
    assert ("不合格 / failed" in first, "合格 / passed" in second) == (True, True)
    assert "C-11" in output.decode()
    files = {file.name for file in (tmp_path / "conduct-report").iterdir()}
    assert files == {"conduct.html", "conduct.json", "conduct.xml"}


async def test_the_declaration_of_the_page_is_one(running):
    (said,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert {each["id"] for each in (await declared(running, **json.loads(said)))["findings"]} == {
        "C-18",
        "C-23",
    }


@pytest.mark.parametrize("wanted", ["json", "junit", "html"])
async def test_a_report_is_written_beside_the_loop(running, monkeypatch, wanted):
    """Ten thousand calls are seconds of writing: the bank answers meanwhile."""
    writers = []
    for name in ("written", "junit", "timeline"):
        write = getattr(conduct_report, name)

        def noted(*given, write=write):
            writers.append(threading.current_thread())
            return write(*given)

        monkeypatch.setattr(conduct_report, name, noted)
    await running.log_in()
    async with running.http.get(f"{running.control}/conduct?format={wanted}") as answer:
        assert answer.status == 200
    assert writers
    assert threading.current_thread() not in writers
