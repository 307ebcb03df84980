"""``/reasons``: every reason explained, in both languages, with lines for a shell that show it."""

import asyncio
import os
import re
import sys
from html import unescape
from pathlib import Path

import pytest

from sandbox.domain.errors import Reason
from sandbox.domain.policy import BankPolicy
from sandbox.web.reasons import STEPS, steps
from tests.browsing import browsing
from tests.support import BASE, run_sandbox, secret_of

STEP = re.compile(r"<span>(.*)\n</span>")
PARTS = {
    "ja": ("何が起きたか", "接続事業者にとっての意味", "どうすればよいか", "再現する"),
    "en": ("What happened", "What it means for the provider", "What to do", "Reproduce it"),
}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


@pytest.mark.parametrize("language", PARTS)
@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_has_its_page(browser, reason, language):
    page = await browser.visit(f"/reasons/{reason}?lang={language}")
    assert page.status == 200
    assert f'<html lang="{language}">' in page.text
    assert f"X-Sandbox-Reason: {reason}" in page.text
    for part in PARTS[language]:
        assert part in page.text
    paragraphs = re.findall(r"<h2>[^<]+</h2>\s*<p>([^<]+)</p>", page.text)
    assert len({text for text in paragraphs if text.strip()}) == 3


def test_every_reason_can_be_reproduced():
    assert set(STEPS) == set(Reason)


async def shell(running, lines):
    """Run lines as a person with the command installed does; return what they print."""
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-eu",
        "-c",
        "\n".join(lines),
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "SANDBOX_CONTROL": running.sandbox.control_url,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.mark.parametrize("reason", Reason)
async def test_the_lines_of_a_page_do_what_it_says(running, browser, reason):
    page = await browser.visit(f"/reasons/{reason}")
    output = await shell(running, [unescape(step) for step in STEP.findall(page.text)])
    assert f"X-Sandbox-Reason: {reason}\n" in output.replace("\r", "")


async def test_the_lines_of_a_world_are_of_that_world(running, browser):
    url = running.control.removesuffix("/default")
    async with running.http.post(url, json={"name": "green"}) as answer:
        assert answer.status == 200
    page = await browser.visit("/w/green/reasons/revoked_by_user")
    output = await shell(running, [unescape(step) for step in STEP.findall(page.text)])
    assert "X-Sandbox-Reason: revoked_by_user" in output
    assert f'Link: <{running.url}/w/green/reasons/revoked_by_user>; rel="help"' in output
    assert 'href="/w/green/reasons?lang=ja"' in page.text


def test_waiting_is_as_long_as_the_policy_says():
    policy = BankPolicy(access_token_lifetime_ms=90_000)
    told = steps(Reason.ACCESS_EXPIRED, base="http://x/api", world="green", policy=policy)
    assert "bank-sandbox clock advance 90s --world green" in told


@pytest.mark.parametrize("language", PARTS)
async def test_the_index_leads_to_every_page(browser, language):
    page = await browser.visit(f"/reasons?lang={language}")
    links = [unescape(href) for href in re.findall(r'href="(/reasons/[^"]+)"', page.text)]
    assert links == [f"/reasons/{reason}?lang={language}" for reason in Reason]


@pytest.mark.parametrize(
    "path",
    ["/reasons/none", "/reasons/ACCESS_EXPIRED", "/w/nobody/reasons", "/w/nobody/reasons/unknown"],
)
async def test_what_is_not_there_is_a_page_that_says_so(browser, path):
    page = await browser.visit(path)
    assert page.status == 404
    assert "ページが見つかりません" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_a_chosen_language_is_kept(browser):
    await browser.visit("/reasons?lang=en")
    assert '<html lang="en">' in (await browser.visit("/reasons/unknown")).text


# The way there: RFC 8288


async def refused_call(running, base=BASE):
    async with running.http.get(f"{running.url}{base}/accounts") as answer:
        return answer.status, answer.headers


async def refused_exchange(running):
    status, _, headers = await running.refresh("not-a-token")
    return status, headers


@pytest.mark.parametrize(
    ("call", "status", "reason"),
    [(refused_call, 401, "no_token"), (refused_exchange, 400, "unknown")],
)
async def test_a_reason_comes_with_the_address_of_its_page(running, browser, call, status, reason):
    found, headers = await call(running)
    assert (found, headers["X-Sandbox-Reason"]) == (status, reason)
    assert headers["Link"] == f'<{running.url}/reasons/{reason}>; rel="help"'
    assert (await browser.visit(f"/reasons/{reason}")).status == 200


async def test_the_address_is_the_one_that_clients_know(tmp_path, template):
    settings = {"base_url": "https://bank.example/sandbox"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        _, headers = await refused_call(running)
        assert headers["Link"] == '<https://bank.example/sandbox/reasons/no_token>; rel="help"'


async def test_an_answer_without_a_reason_has_no_link(running):
    tokens = await running.log_in()
    _, _, headers = await running.get("/accounts", tokens["access_token"])
    assert "Link" not in headers
    async with running.http.post(f"{running.base}/oauth/token", data={"a": "b"}) as answer:
        assert (answer.status, "Link" in answer.headers) == (401, False)


@pytest.mark.parametrize("path", ["/reasons", "/reasons/unknown", "/w/default/reasons/unknown"])
async def test_strict_realism_has_neither_page_nor_link(tmp_path, template, path):
    settings = {"tomato_strict_realism": "1", "web21_strict_realism": "1"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        for call in (refused_call, refused_exchange):
            _, headers = await call(running)
            assert "Link" not in headers
        async with running.http.get(f"{running.url}{path}") as answer:
            assert answer.status == 404


def test_the_examples_use_a_secret_that_is_the_clients():
    lines = " ".join(STEPS[Reason.REFRESH_REUSED])
    assert f"-u sandbox-aggregator:{secret_of('sandbox-aggregator')} " in lines
